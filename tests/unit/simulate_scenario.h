/* SPDX-License-Identifier: Apache-2.0 */
/* Random small deployments under random small traffic, for tests of the simulator. */
#ifndef MUSTER_TESTS_SIMULATE_SCENARIO_H
#define MUSTER_TESTS_SIMULATE_SCENARIO_H

#include "simulate_helper.h"
#include "simulate_reference.h"

/* What may occur; each level adds to those before. */
typedef enum scenario_level {
    SCENARIO_PLAIN,         /* one lane, vLLM's policy, room enough */
    SCENARIO_POLICIES,      /* all policies and orders, whole prompts */
    SCENARIO_TIGHT,         /* too few blocks: preemption, swap, watermark, fixed blocks */
    SCENARIO_PREFIX,        /* prefix cache */
    SCENARIO_LANES,         /* lanes, instances, routers */
    SCENARIO_CLOSED,        /* closed loop, drafts, tenants, requests too large */
    SCENARIO_DISAGGREGATED, /* prefill and decode apart */
    SCENARIO_FLEET,         /* failures, scaling */
    SCENARIO_HABITS,        /* of engines: polls, first chunks of streams, lanes in step */
    SCENARIO_LEVELS
} scenario_level;

typedef struct scenario {
    mu_sim_config config;
    formula cost[2]; /* prefill, decode */
    list_traffic list;
    mu_request request[REF_REQUESTS];
    uint64_t id[REF_REQUESTS][REF_IDS];
} scenario;

/** The n-th of a level. It points into itself: don't copy. */
void scenario_draw(scenario *out, scenario_level level, uint64_t n);

/** One line that says what it is. */
void scenario_text(const scenario *s, char *out, size_t size);

#endif
