/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what the verb fabric is put together from. */
#ifndef MUSTER_STUDY_FABRIC_PARTS_H
#define MUSTER_STUDY_FABRIC_PARTS_H

#include "base/draw.h"
#include "study/fabric.h"

/* A question on its way to an answer. */
typedef struct mu_net_study {
    const mu_net_question *q;
    mu_work *work;
    mu_draw_plan *plan; /* frozen once the point is answered; NULL = points only */
    uint32_t spec_count;
    mu_network_spec spec[MU_NETWORKS_MAX]; /* point */
    mu_fabric fabric;                      /* tiers of the point */
    mu_topology whole;                     /* before anything broke */
    mu_topology topology;
    mu_topology wires; /* that flows run on: planes alike are one where that changes nothing */
    bool merged;       /* wires has fewer planes than topology */
    mu_survey survey;
    mu_survey whole_survey; /* only where something broke */
    bool plainly;     /* everyone to everyone, where another algorithm proved too much to follow */
    double imbalance; /* of the drawn choice of experts: busiest rank over mean */
} mu_net_study;

/** Networks of the question in a draw; of a file's cables there is one without doubt. */
mu_status mu_net_specs(const mu_net_question *q, mu_draw draw, mu_network_spec *out,
                       uint32_t *count, mu_error *err) MU_MUST_CHECK;

/**
 * Bandwidth and latency of every kind of links in a draw, by those of the networks.
 *
 * @param[out] bandwidth  [kinds of s->topology] of an unbroken link
 * @param[out] latency_s  [kinds]; may be NULL
 */
void mu_net_kinds(const mu_net_study *s, const mu_network_spec *drawn, double *bandwidth,
                  double *latency_s);

/**
 * Builds `wires`. Over equal planes a message is striped, so that they carry alike and one with all
 * of their bandwidth stands for them; not where parts are broken or paths hashed.
 */
mu_status mu_net_merge_planes(mu_net_study *s, mu_error *err) MU_MUST_CHECK;

/** Bytes on the links of `topology` from those on `wires`. [links] both. */
void mu_net_spread_planes(const mu_net_study *s, const double *merged, double *out);

/** Planes that one link of a kind of `wires` stands for. */
uint32_t mu_net_planes(const mu_net_study *s, uint32_t kind);

/** Fills networks, kinds, figures and availability with their intervals. */
mu_status mu_net_describe(mu_net_study *s, mu_net_answer *out, mu_error *err) MU_MUST_CHECK;

/** Failure rates of a system's parts in a draw; `out` may be NULL, then only draws are named. */
mu_status mu_net_rates(const mu_net_question *q, mu_draw draw, mu_fault_rates *out,
                       mu_error *err) MU_MUST_CHECK;

/** Rows of rates with their ranges and where they come from; returns how many. */
uint32_t mu_net_rate_rows(const mu_net_question *q, mu_net_figure out[8]);

/** What the broken parts took away. */
mu_status mu_net_losses(mu_net_study *s, mu_net_answer *out, mu_error *err) MU_MUST_CHECK;

/**
 * What the job's ranks send, in the arena.
 *
 * @param[in]  closed  what the closed form does, for algorithms that were not chosen
 * @param[out] words   the algorithm in words
 */
mu_status mu_net_moves(mu_net_study *s, const mu_transfer *closed, mu_moves *out,
                       char words[MU_NET_WORDS_MAX], mu_error *err) MU_MUST_CHECK;

/**
 * Least time in which any routing could do the moves: what every rank sends and gets over its own
 * links of a network, and what crosses the narrowest cut of each. Of jobs with very many messages
 * only some ranks' injection counts.
 *
 * @param[in]  place  [members] of the first copy; NULL = in order from 0 on
 * @param[out] by     what binds, in words
 */
mu_status mu_net_bound(const mu_net_study *s, const mu_moves *moves, const uint32_t *place,
                       uint32_t copies, double *bound_s, char by[64], mu_error *err) MU_MUST_CHECK;

/** A shallow copy whose links are faster by kind. Broken ones stay so. [kinds] `faster`. */
mu_status mu_net_faster(const mu_topology *t, mu_arena *arena, const double *faster,
                        mu_topology *out, mu_error *err) MU_MUST_CHECK;

/** A shallow copy without latency. */
mu_status mu_net_without_latency(const mu_topology *t, mu_arena *arena, mu_topology *out,
                                 mu_error *err) MU_MUST_CHECK;

/**
 * What the networks would be if no link but a rank's own were shared: as the tiers have it, or of a
 * file's networks a switch; without latency.
 */
mu_status mu_net_lone(const mu_net_study *s, const mu_fabric *fabric, mu_topology *out,
                      mu_error *err) MU_MUST_CHECK;

/** Fills the hottest links, where `carried` and `kind_carried_max` stand. */
void mu_net_find_hot(const mu_net_study *s, const double *kind_carried, mu_net_traffic *out);

/** Runs the job on the wires. MU_NO: it lost a member, or a pair that nothing joins. */
mu_status mu_net_run(mu_net_study *s, mu_net_answer *out, mu_error *err) MU_MUST_CHECK;

/** Keeps a remark for the reader; beyond four they are dropped. */
void mu_net_warn(mu_net_answer *out, const char *format, ...) MU_PRINTF(2, 3);

#endif
