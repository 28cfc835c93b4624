/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that share links, worked out the plain way: to hold src/fabric/flow.h against.
 *
 * What:  weighted max-min rates by progressive filling, from scratch at every event, in seconds.
 * Terms: a flow joins its links `wait_ps` after its start; it starts at 0, or when the flow that
 *        it is `after` has ended. Its rate is weight * level; share[i] of it crosses link[i].
 * Bound: O(events * fillings * flows * hops); for small cases.
 */
#ifndef MUSTER_TESTS_FLOW_REFERENCE_H
#define MUSTER_TESTS_FLOW_REFERENCE_H

#include <stdint.h>

enum { CASE_LINKS = 64, CASE_FLOWS = 256, CASE_HOPS = 8, CASE_FIRST = -1 };

typedef struct case_flow {
    uint32_t link[CASE_HOPS];
    double share[CASE_HOPS];
    uint32_t hops;
    int32_t after; /* index of an earlier flow, or CASE_FIRST */
    int64_t wait_ps;
    double bytes;
    double weight;
} case_flow;

typedef struct flow_case {
    uint32_t links;
    uint32_t flows;
    double capacity[CASE_LINKS];
    double latency_s[CASE_LINKS]; /* for SimGrid; here it counts in wait_ps and weight only */
    case_flow flow[CASE_FLOWS];
} flow_case;

/** When each flow ends [s], from the start; INFINITY: never. */
void reference_finish(const flow_case *c, double finish_s[CASE_FLOWS]);

#endif
