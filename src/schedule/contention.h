/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shared wires make of the closed form: factors on its tiers, remembered by pattern.
 *
 * What:  factor = time of a traffic on the real topology, all groups of an instance at once and the
 *        scale-out links shared with others, over its time on links of the tiers alone. It
 *        stretches what a transfer has on the wires and leaves launches, steps and messages be.
 * Why:   the closed form is calibrated; a factor keeps that, and where nothing is shared it is
 *        exactly 1.
 * Terms: a pattern = kind of traffic, tier, group, instance. Tens of them cover a search.
 * Bound: >= 1. On a switch, and on levels of switches with as much bandwidth up as down over which
 *        messages are sprayed, no rank is in another's way: their factor is known. Bandwidths of
 *        draw 0: the same factors hold in all draws. Instances sit side by side from rank 0
 *        on and all do the same; on the outermost tier an instance is by itself, but for
 *        `background`.
 */
#ifndef MUSTER_SCHEDULE_CONTENTION_H
#define MUSTER_SCHEDULE_CONTENTION_H

#include "base/arena.h"
#include "fabric/congestion.h"
#include "fabric/rush.h"

typedef struct mu_contention mu_contention;

typedef struct mu_contention_setup {
    const mu_fabric *fabric;        /* draw 0 */
    const mu_network_spec *network; /* [network_count] real wires, innermost first */
    uint32_t network_count;
    uint64_t busy;         /* ranks in use: instances alike lie side by side up to here */
    uint64_t ranks;        /* that instances take as a rule; more are fine, but slower */
    double scale_up_ranks; /* networks of wider domains are scale-out */
    double background;     /* share of the scale-out links that others take, [0, 1) */
    mu_routing routing;
    const mu_congestion *congestion; /* of full links between supernodes; NULL = none */
    bool plain;                      /* work out what is known without; a test holds both equal */
} mu_contention_setup;

typedef struct mu_contention_stats {
    uint64_t asked;    /* factors looked up */
    uint64_t patterns; /* worked out */
    double largest;    /* factor; 1 when none is above */
} mu_contention_stats;

/**
 * Belongs to the arena; copies what the setup points to. Thread-safe from then on.
 *
 * @retval MU_E_INPUT  networks that cannot be built
 */
mu_status mu_contention_create(mu_arena *arena, const mu_contention_setup *setup,
                               mu_contention **out, mu_error *err) MU_MUST_CHECK;

/**
 * Factor of a kind of traffic on a tier, for groups that fill an instance of so many ranks; 1 where
 * the group does not cross the tier. A pattern asked for by several threads at once is worked out
 * once; the answer does not depend on who asks first.
 *
 * @retval MU_E_MEMORY
 *
 * Cost: a look-up (0.1 us), or mu_rush_time() twice for a new pattern.
 */
mu_status mu_contention_factor(mu_contention *contention, mu_rush_kind kind, uint32_t tier,
                               mu_group group, uint64_t instance, double *factor,
                               mu_error *err) MU_MUST_CHECK;

/* What groups alike of an instance send. */
typedef struct mu_crowd {
    uint32_t kinds;    /* bits 1 << mu_rush_kind; at most one of chain, pairs and hand-over,
                          which share a parameter */
    mu_group group;    /* as mu_rush has it */
    uint64_t instance; /* ranks */
} mu_crowd;

/**
 * The fabric as a crowd finds it: efficiencies by kind of traffic over the factors.
 *
 * @param[in]  fabric   any draw of the fabric that the contention was made for
 * @param[out] largest  factor of all; 1: *out is *fabric
 */
mu_status mu_contention_fabric(mu_contention *contention, const mu_fabric *fabric,
                               const mu_crowd *crowd, mu_fabric *out, double *largest,
                               mu_error *err) MU_MUST_CHECK;

mu_contention_stats mu_contention_seen(mu_contention *contention);

#endif
