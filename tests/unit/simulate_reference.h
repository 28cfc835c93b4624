/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator told plainly: what mu_simulate() has to do, for tests.
 *
 * What:  the same steps and requests as src/serving/simulate.h promises, worked out with arrays and
 *        loops over everything at every step: no sum is kept, no list is kept in order.
 * Bound: a few dozen requests; loads on experts are even (no skew).
 */
#ifndef MUSTER_TESTS_SIMULATE_REFERENCE_H
#define MUSTER_TESTS_SIMULATE_REFERENCE_H

#include "serving/simulate.h"

enum {
    REF_REQUESTS = 128, /* of a run */
    REF_IDS = 64,       /* block ids of a request */
    REF_UNITS = 128,    /* cached in a lane at once */
    REF_INSTANCES = 6,  /* of a role */
    REF_LANES = 4,
    REF_STEPS = 1 << 12 /* of a run; more is a run that doesn't end */
};

/* What happened. Roles: [0] prefill, [1] decode or the one role. */
typedef struct ref_run {
    bool ran_away;      /* the run didn't end within REF_STEPS */
    mu_sim_event *step; /* [steps] as they ended; arena */
    uint32_t steps;
    mu_sim_record *record; /* [records] as they ended; arena */
    uint32_t records;
    uint64_t arrived, rejected, retried, preemptions[2];
    uint64_t given_up; /* of `rejected`: failed too often */
    uint64_t prompt_tokens[2], cached_tokens[2];
    double first_arrival_s;
    uint64_t itl_n; /* gaps between tokens of one request */
    double itl_sum_s, itl_max_s;
    uint64_t evicted;      /* units that left a cache to make room */
    uint64_t swapped;      /* caches that went to the host */
    uint32_t started, off; /* instances that scaling started, let go */
} ref_run;

/** Runs the traffic to its end. The answer belongs to the arena. */
void reference_run(const mu_sim_config *config, const mu_traffic *traffic, mu_arena *arena,
                   ref_run *out);

#endif
