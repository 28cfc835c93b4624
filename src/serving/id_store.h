/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/serving only: lists of ids that come and go, by sizes of powers of two.
 *
 * Why:  prompts are of any length and an arena gives nothing back: lists that were given back serve
 *       the next of their size.
 */
#ifndef MUSTER_SERVING_ID_STORE_H
#define MUSTER_SERVING_ID_STORE_H

#include "base/arena.h"

#include <stdint.h>

enum { MU_ID_SIZES = 33 };

typedef struct mu_id_store {
    mu_arena *arena;
    uint64_t *spare[MU_ID_SIZES]; /* linked through their first word */
} mu_id_store;

/** Least power of two that is `count` or more: the size of its list. */
uint32_t mu_id_size(uint32_t count);

/** A list of 2^size ids; NULL when memory is out. */
uint64_t *mu_id_take(mu_id_store *store, uint32_t size);
void mu_id_give(mu_id_store *store, uint64_t *list, uint32_t size);

#endif
