/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by fuzz targets: what was read as an operator question is asked of a chip and network. */
#ifndef MUSTER_TESTS_FUZZ_ASK_OP_H
#define MUSTER_TESTS_FUZZ_ASK_OP_H

#include "catalog/builtin.h"
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"
#include "io/case_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct twin {
    mu_catalog *catalog;
    mu_chip chip;
    mu_fabric fabric;
} twin;

/* An H100 and its server; made once, lives as long as the program. */
static inline const twin *the_twin(void)
{
    static twin made;
    static mu_arena *arena;
    const mu_draw point = {NULL, 0};
    const mu_entity *chip = NULL;
    const mu_entity *system = NULL;
    uint32_t ranks = 0;
    if (arena != NULL) {
        return &made;
    }
    arena = mu_arena_create(0);
    if (arena == NULL ||
        mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                          &made.catalog, NULL) != MU_OK ||
        mu_catalog_find(made.catalog, MU_ENTITY_CHIP, "h100", &chip, NULL) != MU_OK ||
        mu_catalog_find(made.catalog, MU_ENTITY_SYSTEM, "hgx-h100", &system, NULL) != MU_OK ||
        mu_chip_from_catalog(made.catalog, chip, point, &made.chip, &ranks, NULL) != MU_OK ||
        mu_fabric_from_catalog(made.catalog, system, point, ranks, &made.fabric, NULL) != MU_OK) {
        abort();
    }
    return &made;
}

/* A question without fault has a key and a finite time that is not negative. */
static inline void ask(const mu_case *c, mu_arena *arena)
{
    const twin *t = the_twin();
    if (c->op == NULL || c->fault != NULL) {
        return;
    }
    mu_moe_load load = mu_op_load(c->op);
    double time_s = mu_op_time(c->op, &load, &t->chip, &t->fabric);
    if (!isfinite(time_s) || time_s < 0.0 || mu_op_key(c->op, arena) == NULL) {
        abort();
    }
}

#endif
