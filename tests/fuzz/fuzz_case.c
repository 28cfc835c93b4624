/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of cases: cases that hang together or one message; operators among them have
 * a time.
 */
#include "ask_op.h"

#include "io/doc_read.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_case(const mu_case *c, mu_arena *arena)
{
    if (c->id == NULL || c->measure == NULL || c->measure_count == 0) {
        abort();
    }
    if (c->verb == MU_CASE_PREDICT && c->scenario.root == NULL) {
        abort();
    }
    ask(c, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return 0;
    }
    mu_case_list list = {.arena = arena};
    mu_doc doc = {0};
    mu_error err = {0};
    mu_status status =
        mu_doc_read_text(arena, (const char *)data, size, "fuzz", MU_DOC_JSON, &doc, &err);
    if (status == MU_OK) {
        status = mu_cases_from_doc(&doc, &list, &err);
    }
    if (status != MU_OK && (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)) {
        abort();
    }
    for (uint32_t i = 0; i < list.count && status == MU_OK; i++) {
        check_case(&list.item[i], arena);
    }
    mu_arena_free(arena);
    return 0;
}
