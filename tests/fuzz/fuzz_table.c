/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a table of measured operators: rows that can be asked, warnings, or one message.
 * The first byte picks the table's name, and so its layout; the rest is the text.
 */
#include "ask_op.h"

#include "io/op_figures.h"
#include "io/op_table.h"

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[256];

static void remove_folder(void)
{
    (void)rmdir(folder);
}

/* A folder of this run's own. */
static void make_folder(void)
{
    const char *place = getenv("TMPDIR");
    if (folder[0] != '\0') {
        return;
    }
    (void)snprintf(folder, sizeof folder, "%s/muster-fuzz-XXXXXX", place != NULL ? place : ".");
    if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0) {
        abort();
    }
}

static void check(const char *path, bool figures, mu_arena *arena)
{
    mu_case_list list = {.arena = arena};
    mu_op_warnings warnings = {.count = 0};
    mu_error err = {0};
    mu_status status = figures
                           ? mu_op_figures_read(path, the_twin()->catalog, &list, &warnings, &err)
                           : mu_op_table_read(path, "h100", &list, &warnings, &err);
    if (status != MU_OK && (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)) {
        abort();
    }
    for (uint32_t i = 0; i < list.count && status == MU_OK; i++) {
        if (!(list.item[i].measure[0].value > 0.0)) {
            abort();
        }
        ask(&list.item[i], arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "gemm",        "moe",     "context_attention",    "generation_attention",
        "context_mla", "nccl",    "wideep_deepep_normal", "wideep_deepep_ll",
        "mla_bmm",     "hccl",    "mha-decode-32-8-128",  "grouped_gemm-a",
        "gdn",         "figures", "computescale",         "own"};
    enum { NAMES = sizeof names / sizeof names[0] };
    if (size == 0) {
        return 0;
    }
    make_folder();
    const char *name = names[data[0] % NAMES];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.csv", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data + 1, 1, size - 1, file) != size - 1 || fclose(file) != 0) {
        abort();
    }
    mu_arena *arena = mu_arena_create(0);
    if (arena != NULL) {
        check(path, strcmp(name, "figures") == 0, arena);
    }
    mu_arena_free(arena);
    (void)unlink(path);
    return 0;
}
