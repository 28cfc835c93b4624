/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves on wires: a collective, flow by flow, on a topology.
 *
 * What:  routes every message, shares the links, lets ranks go on as their messages come.
 * Why:   says what the closed form cannot: links that are shared, broken or unevenly loaded.
 * Bound: nominal wires: what protocols and software leave of them is the caller's `efficiency`.
 *        Waves that all ranks begin and end together are worked out once however often they come;
 *        where all ranks do the same on a whole, regular network, one rank or one leaf stands for
 *        all. A test holds all that equal to the plain run.
 */
#ifndef MUSTER_FABRIC_FLOW_RUN_H
#define MUSTER_FABRIC_FLOW_RUN_H

#include "fabric/congestion.h"
#include "fabric/moves.h"
#include "fabric/route.h"

/* Other traffic: flows that go on from before the start until after the end. */
typedef struct mu_background {
    uint32_t from; /* rank of the topology */
    uint32_t to;
    double weight; /* flows side by side, > 0 */
} mu_background;

typedef enum mu_collapse {
    MU_COLLAPSE_AUTO,  /* whatever is exact */
    MU_COLLAPSE_WAVES, /* waves that all ranks begin and end together are worked out once */
    MU_COLLAPSE_NEVER  /* message by message */
} mu_collapse;

typedef struct mu_flow_job {
    const mu_moves *moves;
    const uint32_t *place; /* [copies * ranks] rank of the topology; NULL: in order */
    uint32_t copies;       /* this many of the same at once, each with places of its own: rank r of
                              copy i sits at place[i * ranks + r]; 1 or more */
} mu_flow_job;

typedef struct mu_flow_setup {
    const mu_topology *topology;
    mu_routing routing;
    bool striped;
    uint64_t seed; /* of hashes that choose paths */
    mu_collapse collapse;
    double efficiency[MU_NETWORKS_MAX]; /* share of a network's link rate that data gets, (0, 1] */
    double message_s;                   /* before a message enters the wires, besides latency */
    const mu_congestion *congestion[MU_NETWORKS_MAX]; /* what it costs on a network's links; NULL:
                                                         nothing. Loads are those of what is sent
                                                         first. */
    const mu_background *background;
    uint32_t background_count;
    uint64_t flows_max; /* refuse to follow more messages one by one; 0 = 2^30, minutes */
} mu_flow_setup;

/* Which of the ways to work it out was taken. */
typedef enum mu_flow_method {
    MU_FLOW_PLAIN,   /* message by message */
    MU_FLOW_FOLDED,  /* the same for a part of the ranks that stands for all */
    MU_FLOW_WAVES,   /* wave by wave */
    MU_FLOW_SYMMETRY /* one rank for all that are alike */
} mu_flow_method;

typedef struct mu_flow_result {
    double time_s;  /* until the last message is through */
    double first_s; /* until the first rank is done */
    mu_flow_method method;
    uint64_t messages; /* of the job */
    uint64_t flows;    /* simulated for it */
    uint64_t batches;
    double *carried;                   /* [topology links] bytes; NULL where only kinds are known */
    double kind_carried[MU_KINDS_MAX]; /* bytes over all links of a kind */
    double kind_carried_max[MU_KINDS_MAX]; /* over the busiest link of a kind */
    double bound_s; /* no routing is faster: bytes of the busiest rank through its own cables */
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
