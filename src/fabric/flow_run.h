/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves on wires: a collective, flow by flow, on a topology.
 *
 * What:  routes every message, shares the links, lets ranks go on as their messages come.
 * Why:   says what the closed form cannot: links that are shared, broken or unevenly loaded.
 * Bound: nominal wires: what protocols and software leave of them is the caller's `efficiency`.
 *        Patterns that are the same from every rank are worked out for one rank on links taken
 *        together by kind (`collapse`); a test holds this equal to the plain run.
 */
#ifndef MUSTER_FABRIC_FLOW_RUN_H
#define MUSTER_FABRIC_FLOW_RUN_H

#include "fabric/moves.h"
#include "fabric/route.h"

/* Other traffic: flows that go on from before the start until after the end. */
typedef struct mu_background {
    uint32_t from; /* rank of the topology */
    uint32_t to;
    double weight; /* flows side by side, > 0 */
} mu_background;

typedef enum mu_collapse {
    MU_COLLAPSE_AUTO, /* where it is exact; else flow by flow */
    MU_COLLAPSE_NEVER,
    MU_COLLAPSE_ALWAYS /* MU_NO where it is not exact */
} mu_collapse;

typedef struct mu_flow_job {
    const mu_moves *moves;
    const uint32_t *place; /* [moves ranks] rank of the topology; NULL: r sits at r */
    uint32_t copies;       /* this many of the same, copy i placed at place + i * moves ranks (or
                              i * ranks + r); all start together; 1 or more */
} mu_flow_job;

typedef struct mu_flow_setup {
    const mu_topology *topology;
    mu_routing routing;
    bool striped;
    mu_collapse collapse;
    double efficiency[MU_NETWORKS_MAX]; /* share of a network's link rate that data gets, (0, 1] */
    double message_s;                   /* before a message enters the wires, besides latency */
    const mu_background *background;
    uint32_t background_count;
    uint64_t flows_max; /* refuse more flows in all than this; 0 = 2^32 */
} mu_flow_setup;

typedef struct mu_flow_result {
    double time_s;  /* until the last message is through */
    double first_s; /* until the first rank is done */
    bool collapsed;
    uint64_t messages;
    uint64_t batches;
    double wire_bytes;                     /* over all links */
    double *carried;                       /* [topology links] bytes; NULL when collapsed */
    double kind_carried_max[MU_KINDS_MAX]; /* bytes of the busiest link of a kind */
    double kind_carried[MU_KINDS_MAX];     /* of all its links */
    double bound_s; /* no routing can be faster: bytes through the tightest of rank, domain cut */
    size_t memory_bytes;
} mu_flow_result;

/**
 * Runs a job to its end.
 *
 * @retval MU_NO       a pair of ranks that no way joins, a dead member, a link that never frees
 * @retval MU_E_INPUT  places that repeat, are out of range or skip; too many flows
 */
mu_status mu_flow_run(mu_arena *arena, const mu_flow_setup *setup, const mu_flow_job *job,
                      mu_flow_result *out, mu_error *err) MU_MUST_CHECK;

#endif
