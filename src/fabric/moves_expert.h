/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ranks send to one another when tokens choose experts, some more than others.
 *
 * Terms: expert e of all sits on rank e * ranks / experts. The k-th most popular expert is chosen
 *        as 1/k^skew (Zipf); which one that is is drawn once, for all ranks.
 * Bound: tokens are drawn one by one, at most MU_EXPERT_SAMPLES of all ranks (but 16 a rank), and
 *        stand for the rest; expert groups (group-limited routing) are not known.
 */
#ifndef MUSTER_FABRIC_MOVES_EXPERT_H
#define MUSTER_FABRIC_MOVES_EXPERT_H

#include "fabric/moves.h"

enum { MU_EXPERT_SAMPLES = 1048576, MU_EXPERTS_MAX = 65536, MU_EXPERT_TOPK_MAX = 256 };

typedef struct mu_expert_traffic {
    uint32_t ranks;
    uint32_t experts;   /* in all, 1 .. MU_EXPERTS_MAX */
    uint32_t topk;      /* experts a token goes to, 1 .. experts, MU_EXPERT_TOPK_MAX */
    double tokens;      /* per rank, 0 .. 1e9 */
    double token_bytes; /* of one token on the wire, 0 .. 1e9 */
    double skew;        /* 0: all experts alike; 0 .. 10 */
    uint64_t seed;
    bool once;      /* a token goes once to a rank, however many of its experts are there */
    uint32_t inner; /* with `once`, groups of so many ranks (dividing ranks): a token crosses once
                       to a group, to the rank at its own place, which hands it on (DeepEP's normal
                       kernels); 0 or 1: straight to every rank */
    bool combine;   /* the way back: what came goes the way it came */
} mu_expert_traffic;

typedef struct mu_expert_bytes {
    uint32_t ranks;
    double *bytes;    /* [ranks * ranks] from * ranks + to; the diagonal stays on its rank */
    double imbalance; /* tokens (or copies) for experts of the busiest rank over the mean, >= 1 */
} mu_expert_bytes;

/**
 * Bytes of one dispatch or combine. The same question gives the same bytes on any machine of one
 * architecture, on any thread.
 *
 * @param[out] out  in the arena; for mu_moves_of_matrix()
 * @retval MU_E_INPUT   a number out of range
 * @retval MU_E_MEMORY
 * Cost: about 20 ns a drawn expert; 8 bytes a pair of ranks.
 */
mu_status mu_expert_traffic_bytes(mu_arena *arena, const mu_expert_traffic *traffic,
                                  mu_expert_bytes *out, mu_error *err) MU_MUST_CHECK;

#endif
