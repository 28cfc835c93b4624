/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/schedule only: vectors remembered by key, in bounded memory.
 *
 * What:  sets of eight ways (a cache line of keys); what is asked for and not there takes the place
 *        of an older one.
 * Bound: a vector must follow from its key alone: then answers don't depend on what was forgotten.
 */
#ifndef MUSTER_SCHEDULE_MEMO_H
#define MUSTER_SCHEDULE_MEMO_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MU_MEMO_WAYS = 8 };

typedef struct mu_memo {
    uint32_t shift;  /* hash bits that don't count */
    uint32_t turn;   /* way that is given up next */
    uint32_t stride; /* doubles a vector */
    uint64_t *key;   /* [sets * ways]; 0 = empty */
    double *value;   /* [sets * ways][stride] */
} mu_memo;

/** Room for 2^bits sets, 1 <= bits <= 24; false when out of memory. */
static inline bool mu_memo_create(mu_memo *memo, uint32_t bits, uint32_t stride, mu_arena *arena)
{
    size_t slots = (size_t)MU_MEMO_WAYS << bits;
    memo->shift = 64 - bits;
    memo->turn = 0;
    memo->stride = stride;
    memo->key = MU_NEW(arena, uint64_t, slots);
    memo->value = memo->key == NULL ? NULL : MU_NEW(arena, double, slots *stride);
    return memo->value != NULL;
}

/**
 * The vector of a key; where *fresh is set it is not there yet: the caller writes it.
 * @param[in] key  not 0
 */
static inline double *mu_memo_find(mu_memo *memo, uint64_t key, bool *fresh)
{
    uint64_t set = (key * UINT64_C(0x9e3779b97f4a7c15)) >> memo->shift;
    uint64_t *way = memo->key + set * MU_MEMO_WAYS;
    double *value = memo->value + set * MU_MEMO_WAYS * memo->stride;
    *fresh = false;
    for (uint32_t i = 0; i < MU_MEMO_WAYS; i++) {
        if (way[i] == key) {
            return value + (size_t)i * memo->stride;
        }
    }
    *fresh = true;
    uint32_t take = 0;
    while (take < MU_MEMO_WAYS && way[take] != 0) {
        take++;
    }
    if (take == MU_MEMO_WAYS) {
        take = memo->turn++ % MU_MEMO_WAYS;
    }
    way[take] = key;
    return value + (size_t)take * memo->stride;
}

/* Bits of a number, for keys. */
static inline uint64_t mu_memo_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* MurmurHash3's finaliser: every bit of a key moves every bit of what comes out. */
static inline uint64_t mu_memo_mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static inline double mu_memo_number(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
