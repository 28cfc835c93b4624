/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scenario: the one input of every verb, as it was asked. Resolving ids happens later
 * (question.h).
 *
 * Every field that a user can set is a row of the option registry (option.h), which knows its key,
 * flag, dimension, limits and words.
 */
#ifndef MUSTER_STUDY_SCENARIO_H
#define MUSTER_STUDY_SCENARIO_H

#include "base/dtype.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MU_ID_MAX = 256,
    MU_NUMBERS_MAX = 8,
    MU_WITH_MAX = 16,
    MU_SCENARIO_WARNINGS_MAX = 4,
    MU_SCENARIO_WARNING_TEXT_MAX = 192
};

typedef enum mu_mode { MU_MODE_AUTO, MU_MODE_AGGREGATED, MU_MODE_DISAGGREGATED } mu_mode;

/* Numbers by position. */
typedef struct mu_numbers {
    double value[MU_NUMBERS_MAX];
    uint32_t count; /* 0 = not said */
} mu_numbers;

/* X(NAME, word): how requests arrive. */
#define MU_ARRIVAL_WISH_LIST(X)                                                                    \
    X(AUTO, "auto")                                                                                \
    X(CLOSED, "closed")                                                                            \
    X(POISSON, "poisson")                                                                          \
    X(GAMMA, "gamma")                                                                              \
    X(CONSTANT, "constant")                                                                        \
    X(TRACE, "trace")

typedef enum mu_arrival_wish {
#define X(name, word) MU_ARRIVE_##name,
    MU_ARRIVAL_WISH_LIST(X)
#undef X
} mu_arrival_wish;

/* X(NAME, word): what transfers of an instance do to each other. */
#define MU_NETWORK_WISH_LIST(X)                                                                    \
    X(CLOSED, "closed")                                                                            \
    X(FLOW, "flow")

typedef enum mu_network_wish {
#define X(name, word) MU_NETWORK_##name,
    MU_NETWORK_WISH_LIST(X)
#undef X
} mu_network_wish;

/* How lengths lie around their mean; not said: all the same. */
typedef struct mu_length_wish {
    double sigma;              /* deviation [tokens]; log-normal */
    char histogram[MU_ID_MAX]; /* file; then it says the mean, too */
} mu_length_wish;

/* How the engine schedules and what happens to instances; 0 (-1 where 0 means something) = not
   said. */
typedef struct mu_serving_wish {
    int policy; /* 0 = the engine's, else mu_policy + 1 */
    int order;  /* mu_order */
    int router; /* mu_router_rule */
    double block_tokens;
    double poll_steps, stream_first;
    double lag_steps; /* -1 = the engine's */
    double dp_timeout_steps, dp_batching_steps;
    double batch_wait_steps, batch_wait_share;
    double cold_first_s, cold_full_s;
    int prefix_cache; /* -1 = as the engine */
    double watermark; /* -1 = the engine's */
    int swap;         /* 1 = to the host */
    double queue_most;
    double autoscale_most, autoscale_high, autoscale_low;
    double startup_s, mtbf_s, repair_s;
    double expert_skew, expert_spread, expert_period_s;
} mu_serving_wish;

/* What owning and renting cost; 0 (-1 where 0 means something) = not said: the region's facts. */
typedef struct mu_cost_wish {
    char region[MU_ID_MAX];
    char rent[MU_ID_MAX];        /* "", "auto", a cloud's id or a price */
    char electricity[MU_ID_MAX]; /* a price in any currency, as written; "" = the region's */
    double pue;
    double years;
    double residual; /* -1 = not said */
    double capital;  /* cost of capital, a year; -1 = not said */
    double utilisation;
    char price[MU_ID_MAX];    /* of the system as sold, as written; "" = the catalogue's */
    char currency[MU_ID_MAX]; /* that amounts are shown in; "" = USD */
} mu_cost_wish;

/* What of a role was said; 0 (or < 0 where 0 means something) = not said, the search or profile
   decides. */
typedef struct mu_role_wish {
    bool given;
    double instances, tp, pp, cp, dp, ep, moe_tp;
    double redundant_experts; /* -1 = not said */
    double imbalance;
    double batch;
    double batch_tokens;
    double microbatches;
    double mtp; /* -1 = not said */
    mu_numbers acceptance;
    int chunked_prefill;  /* -1 = not said */
    char chip[MU_ID_MAX]; /* "" = the system's */
} mu_role_wish;

/* Where a scenario file says something that only the catalogue or the model can judge. */
typedef enum mu_scenario_topic {
    MU_TOPIC_MODEL,
    MU_TOPIC_SYSTEM,
    MU_TOPIC_ENGINE,
    MU_TOPIC_DEPLOYMENT,
    MU_TOPIC_TRACE,
    MU_TOPIC_REGION,
    MU_TOPIC_RENT,
    MU_TOPIC_ELECTRICITY,
    MU_TOPIC_PRICE,
    MU_TOPIC_CURRENCY,
    MU_TOPIC_COUNT
} mu_scenario_topic;

typedef struct mu_place {
    uint32_t line; /* from 1; 0 = not said in a file */
    uint32_t column;
} mu_place;

typedef struct mu_scenario {
    mu_place place[MU_TOPIC_COUNT];
    char file[MU_ID_MAX];  /* where it was read from, for messages; "" = flags only */
    char model[MU_ID_MAX]; /* catalogue id or path of a config.json */
    char system[MU_ID_MAX];
    char with[MU_WITH_MAX][MU_ID_MAX]; /* match --with, compare's list */
    uint32_t with_count;
    int network;                           /* mu_network_wish */
    double chips;                          /* 0 = the system as sold */
    char engine[MU_ID_MAX];                /* "" = the system's usual one */
    double network_background;             /* share of the scale-out links that others take */
    int weights, activations, kv, experts; /* mu_dtype, -1 = chosen by what the chip runs best */
    int search_precision;                  /* 1 = plan tries narrower formats where none was said */
    mu_mode mode;
    mu_role_wish prefill;
    mu_role_wish decode;
    mu_role_wish serve;
    double input; /* tokens */
    double output;
    double concurrency; /* 0 = auto */
    double rate;        /* requests/s, 0 = not said */
    double requests;    /* in all, 0 = no end */
    double prefix_hit;
    mu_length_wish input_length, output_length;
    double length_ratio; /* lengths evenly from this share to all */
    char trace[MU_ID_MAX];
    double trace_speed;
    double burstiness;
    double diurnal, diurnal_s;
    double ramp_s;
    double turns, think_s;
    double shared_prefix; /* tokens in front of the input */
    mu_numbers tenants;   /* shares */
    mu_serving_wish serving;
    double ttft_s; /* SLO, 0 = none */
    double tpot_s;
    double e2e_s;
    mu_cost_wish cost;
    double samples; /* draws; 0 = uncertainty off */
    double seed;
    double threads;         /* 0 = all cores; never changes an answer */
    int arrival;            /* how requests come: mu_arrival_wish */
    uint32_t warning_count; /* what was read but is answered more coarsely than asked */
    char warning[MU_SCENARIO_WARNINGS_MAX][MU_SCENARIO_WARNING_TEXT_MAX];
} mu_scenario;

/** The role whose steps a client waits for: the one role, else decode. */
const mu_role_wish *mu_scenario_main_role(const mu_scenario *scenario);

/** Which topic a scenario key belongs to; false for the others. */
bool mu_scenario_topic_of(const char *path, mu_scenario_topic *out);

/** Gives a failure that knows no place the place where the scenario's file speaks of the topic. */
void mu_scenario_blame(const mu_scenario *scenario, mu_scenario_topic topic, mu_error *err);

/** Everything unsaid, with the defaults of the option registry. */
void mu_scenario_init(mu_scenario *scenario);

/**
 * Once file and flags are in: an unsaid mode follows from the roles given (serve: aggregated;
 * prefill or decode: disaggregated).
 * @retval MU_E_INPUT  roles of both modes, or roles of the other mode than the one asked for;
 *                     arrivals that contradict rate, concurrency or trace;
 *                     autoscale_low above autoscale_high; a background on a closed network
 */
mu_status mu_scenario_settle(mu_scenario *scenario, mu_error *err) MU_MUST_CHECK;

/** How requests arrive: as said, else by the trace, the rate, or in a closed loop; never AUTO. */
mu_arrival_wish mu_scenario_arrival(const mu_scenario *scenario);

/**
 * Whether means of a steady state can answer it.
 * @retval MU_E_INPUT  it names a trace; at its place in the file
 */
mu_status mu_scenario_check_steady(const mu_scenario *scenario, mu_error *err) MU_MUST_CHECK;

/**
 * Keeps a remark for the reader of the answer; beyond MU_SCENARIO_WARNINGS_MAX they are dropped.
 */
void mu_scenario_warn(mu_scenario *scenario, const char *format, ...) MU_PRINTF(2, 3);

#endif
