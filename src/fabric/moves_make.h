/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the makers of moves share: the question, and one maker a family of patterns.
 */
#ifndef MUSTER_FABRIC_MOVES_MAKE_H
#define MUSTER_FABRIC_MOVES_MAKE_H

#include "fabric/moves.h"

/* A question that has been checked: the pattern can do it, inner divides ranks, ranks >= 2. */
typedef struct mu_moves_ask {
    mu_collective what;
    mu_pattern pattern;
    uint32_t ranks;
    uint32_t inner; /* ranks of an inner group, 1 .. ranks */
    double bytes;
} mu_moves_ask;

/* Ring (but broadcast), halving, direct, pairwise, hierarchical and switch: waves in phases. */
mu_status mu_moves_phases(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out,
                          mu_error *err) MU_MUST_CHECK;

/* Rings over all rails at once: waves. */
void mu_moves_rails(const mu_moves_ask *ask, mu_moves *out);

/* Double binary tree: a list in chunks. */
mu_status mu_moves_tree(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out,
                        mu_error *err) MU_MUST_CHECK;

/* Broadcast handed on from rank to rank: a list in chunks. */
mu_status mu_moves_chain(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out,
                         mu_error *err) MU_MUST_CHECK;

#endif
