/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that share links: weighted max-min fairness, solved anew only where something changed.
 *
 * Terms: a flow has a route (links, and the share of its bytes that crosses each), bytes, a weight
 *        and a tag of the caller's. Its rate is weight * level, the level being that of its
 *        bottleneck: a full link on which no flow has a higher level. A flow of weight n and n
 *        times the bytes stands for n identical flows. Time is told in whole ticks (1 ps unless
 *        asked otherwise); events of one tick are one batch, in order of tags. What a moment has
 *        beyond its tick is kept, so that ends that are equal stay equal.
 * Bound: an event costs what it changes. Flows with the same bottleneck share one clock, so that a
 *        change of its level touches no flow's finish time.
 * Source: max-min fairness: Bertsekas & Gallager, Data Networks, 6.5; virtual clocks: Parekh &
 *        Gallager, IEEE/ACM Trans. Networking 1 (1993).
 */
#ifndef MUSTER_FABRIC_FLOW_H
#define MUSTER_FABRIC_FLOW_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mu_flows mu_flows;

typedef struct mu_flow {
    const uint32_t *link; /* [hops], each at most once */
    const double *share;  /* [hops] > 0; NULL = 1 each */
    uint32_t hops;        /* 0: takes only its delay */
    double bytes;         /* >= 0, all of weight's flows together */
    double weight;        /* > 0 */
    int64_t delay;        /* ticks until it joins the others on its links, >= 0 */
    uint64_t tag;
} mu_flow;

typedef struct mu_flow_stats {
    uint64_t started;
    uint64_t finished;
    uint64_t batches; /* moments at which anything started or ended */
    uint64_t solved;  /* levels of links worked out */
    uint64_t active;
    size_t memory_bytes;
} mu_flow_stats;

/**
 * @param[in] links      how many
 * @param[in] capacity   [links] >= 0 [B/s]; copied. A flow on a link of 0 never ends.
 * @param[in] tick_s     1e-12, or more where 2^63 ps (106 days) are too few
 * @param[in] expected   flows at once, to size tables by; more are taken
 */
mu_status mu_flows_create(uint32_t links, const double *capacity, double tick_s, uint32_t expected,
                          mu_flows **out, mu_error *err) MU_MUST_CHECK;
void mu_flows_free(mu_flows *flows);

/** Starts a flow now, or `delay` ticks from now. The route is copied. */
mu_status mu_flows_start(mu_flows *flows, const mu_flow *flow, mu_error *err) MU_MUST_CHECK;

/**
 * Goes on to the next moment at which flows end, and gives their tags in ascending order.
 *
 * @param[out] tags   borrowed until the next call of this function
 * @param[out] count  0: no flow is left
 * @retval MU_NO  flows are left that never end (a link without bandwidth); err says how many
 * @retval MU_E_INPUT  an end lies beyond the last tick
 */
mu_status mu_flows_next(mu_flows *flows, const uint64_t **tags, uint64_t *count,
                        mu_error *err) MU_MUST_CHECK;

/** Ticks since the start. */
int64_t mu_flows_now(const mu_flows *flows);

/** Bytes that ended flows carried over each link. [links]; borrowed. */
const double *mu_flows_carried(const mu_flows *flows);

/** Rate that flows took of a link when time last went on [B/s]. */
double mu_flows_used(const mu_flows *flows, uint32_t link);

/** From now on, before any start, keeps the weight of flows on each link or on the way to it.
 * [links], borrowed; NULL when memory is out. */
const double *mu_flows_watch(mu_flows *flows, mu_error *err);

mu_flow_stats mu_flows_stats(const mu_flows *flows);

/** Empties it: no flows, time 0, carried 0; keeps memory and capacities. */
void mu_flows_reset(mu_flows *flows);

#endif
