/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a network file: a plan that can be built, or one message; what is built hangs
 * together.
 */
#include "io/doc_read.h"
#include "io/topology_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20 };

static void check_message(mu_status status, const mu_error *err)
{
    bool one_line = err->text[0] != '\0' && strchr(err->text, '\n') == NULL;
    if (status != MU_OK && !one_line) {
        abort();
    }
}

static void check_built(const mu_topology *t, uint32_t ranks)
{
    if (t->ranks != ranks || t->vertices < ranks || t->out_first[t->vertices] != t->links) {
        abort();
    }
    for (uint32_t i = 0; i < t->links; i++) {
        bool ends = t->from[i] < t->vertices && t->to[i] < t->vertices && t->from[i] != t->to[i];
        if (!ends || !(t->bandwidth[i] > 0.0) || !(t->latency_s[i] >= 0.0)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena *arena = mu_arena_create(MEMORY);
    if (arena == NULL) {
        return 0;
    }
    mu_doc doc = {0};
    mu_error err = {0};
    mu_topology_plan plan;
    mu_topology built;
    mu_status status =
        mu_doc_read_text(arena, (const char *)data, size, "fuzz", MU_DOC_YAML, &doc, &err);
    if (status == MU_OK) {
        status = mu_topology_plan_from_doc(arena, &doc, &plan, &err);
    }
    if (status == MU_OK) {
        status = mu_topology_plan_build(arena, &plan, &built, &err);
        if (status == MU_OK) {
            check_built(&built, plan.ranks);
        }
    }
    check_message(status, &err);
    mu_arena_free(arena);
    return 0;
}
