/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deployment under traffic, request by request and engine step by engine step.
 *
 * What:  instances of a role take requests from a router, run steps whose batches a scheduling
 *        policy puts together, and hold caches in blocks. The cost of a step comes from outside.
 * Terms: instance = one copy of a role; lane = one DP group of it, with a queue, a cache and a
 *        batch of its own; lanes of an instance step together. waiting = arrived, no cache yet;
 *        running = holds cache: first prefilling, then decoding.
 * Time:  requests arrive, steps end, steps begin: of what happens at one moment, steps end first
 *        (by instance), then requests arrive (by number), then free instances begin (by instance).
 * Bound: a request is known by lengths, not by text; what a step yields is known when it ends.
 */
#ifndef MUSTER_SERVING_SIMULATE_H
#define MUSTER_SERVING_SIMULATE_H

#include "base/histogram.h"
#include "base/pool.h"
#include "schedule/step_table.h"
#include "serving/traffic.h"

/* X(NAME, word, doc): how an engine puts a step together. */
#define MU_POLICY_LIST(X)                                                                          \
    X(VLLM, "vllm",                                                                                \
      "one budget of tokens: decodes first, then chunks of prompts; evicts the last")              \
    X(SGLANG, "sglang",                                                                            \
      "prompts before decodes, in steps of their own; guesses what they will hold")                \
    X(TRTLLM, "trtllm", "prompts join decodes; admits only what can never be evicted")             \
    X(TRTLLM_MAX, "trtllm-max", "the same, admits what fits now and evicts the last")              \
    X(MINDIE, "mindie", "whole prompts before decodes, in steps of their own")

typedef enum mu_policy {
#define X(name, word, doc) MU_POLICY_##name,
    MU_POLICY_LIST(X)
#undef X
        MU_POLICY_COUNT
} mu_policy;

#define MU_ORDER_LIST(X)                                                                           \
    X(FCFS, "fcfs", "first come, first served")                                                    \
    X(PRIORITY, "priority", "lower tenants first")                                                 \
    X(SHORTEST, "shortest", "shortest prompts first")

typedef enum mu_order {
#define X(name, word, doc) MU_ORDER_##name,
    MU_ORDER_LIST(X)
#undef X
        MU_ORDER_COUNT
} mu_order;

#define MU_ROUTER_LIST(X)                                                                          \
    X(ROUND_ROBIN, "round-robin", "one after the other")                                           \
    X(LEAST_LOADED, "least-loaded", "fewest requests in hand")                                     \
    X(PREFIX, "prefix", "longest cached prefix, unless that instance is crowded")                  \
    X(POWER_OF_TWO, "power-of-two", "the less loaded of two at random")

typedef enum mu_router_rule {
#define X(name, word, doc) MU_ROUTER_##name,
    MU_ROUTER_LIST(X)
#undef X
        MU_ROUTER_COUNT
} mu_router_rule;

/* Cost of one step: as mu_step_table_cost(). `worker` is the thread that asks (0 .. threads - 1).
 */
typedef void mu_step_pricer(void *context, uint32_t worker, const mu_batch lane[], uint32_t lanes,
                            double imbalance, mu_step_cost *out);

/* One role: how many instances, and how each works. */
typedef struct mu_sim_role {
    uint32_t instances; /* at the start */
    uint32_t lanes;     /* DP groups of an instance */
    mu_policy policy;
    mu_order order;
    uint32_t max_sequences;  /* running at once in a lane */
    uint32_t max_tokens;     /* of a step of a lane, drafts included */
    bool chunked;            /* prompts may be cut over steps */
    bool prefix_cache;       /* blocks outlive their requests until room is needed */
    uint32_t block_tokens;   /* tokens a cache block holds, 1 .. 65536 */
    uint64_t blocks;         /* cache blocks of a lane */
    uint32_t fixed_blocks;   /* blocks a request takes whatever its length (states, windows) */
    double watermark;        /* share of the blocks that admitting leaves free */
    bool swap;               /* evicted caches go to the host, else they are computed again */
    double swap_s_per_block; /* to move a block between device and host */
    uint32_t mtp;            /* draft tokens of a decode step */
    double acceptance[8];    /* chance that each is accepted, once those before it are */
    uint32_t poll_steps;     /* decode steps between two looks at what arrived; 0, 1 = every step */
    uint32_t stream_first;   /* token whose chunk is the first a client sees; 0, 1 = the first */
    uint32_t
        dp_timeout_steps; /* steps that lanes hold prompts back until all have some; 0 = none */
    uint32_t dp_batching_steps; /* and then, for more of them */
    uint32_t batch_wait_steps;  /* decode steps that prompts of a single lane wait for more of them;
                                   0 = none */
    double batch_wait_share;    /* of max_tokens: a step with as many is not held back */
    double cold_first_s; /* that the first step with prompts takes longer: kernels are compiled */
    double cold_full_s;  /* that the first step of max_tokens does */
    double lag_steps;    /* steps between the one that makes a token and its client seeing it */
    double request_s;    /* per request before its first step may begin: gateway, network */
    double front_s; /* of an instance's front end, for one request after the other: tokenising */
    double front_s_per_token; /* the same for each token of a prompt */
    double ranks;             /* of one instance, for energy */
    mu_step_pricer *price;
    void *price_context;
} mu_sim_role;

/* Instances that come and go. */
typedef struct mu_sim_fleet {
    uint32_t most;   /* instances autoscaling may run; 0 = as many as at the start, always */
    double high;     /* requests in hand a running instance, above which one more starts */
    double low;      /* below which one is let go once it is empty */
    double start_s;  /* until a started one takes requests */
    double mtbf_s;   /* mean time between failures of an instance; 0 = none fail */
    double repair_s; /* until a failed one is back, empty */
} mu_sim_fleet;

/* Prefill to decode. */
typedef struct mu_sim_transfer {
    double latency_s;
    double bytes_per_token;
    double bytes_per_request;   /* whatever its length */
    double send_bytes_per_s;    /* of a prefill instance, shared by what it sends */
    double receive_bytes_per_s; /* of a decode instance, shared by what it receives */
} mu_sim_transfer;

/* Popularity of experts: hotter ones load their ranks more, and which are hot drifts. */
typedef struct mu_sim_skew {
    double imbalance; /* mean of busiest rank over the mean; 0 = as priced without it */
    double spread;    /* deviation of its logarithm from one period to the next */
    double period_s;  /* how long a popularity lasts */
} mu_sim_skew;

typedef struct mu_sim_event mu_sim_event;
typedef struct mu_sim_record mu_sim_record;

typedef struct mu_sim_config {
    bool disaggregated;
    mu_sim_role prefill; /* disaggregated only */
    mu_sim_role decode;  /* the one role when not */
    mu_router_rule router;
    mu_sim_fleet fleet; /* of the role that takes requests */
    mu_sim_transfer transfer;
    mu_sim_skew skew;
    double ttft_slo_s, tpot_slo_s, e2e_slo_s; /* 0 = none; what keeps all of them is good */
    uint64_t queue_most; /* requests waiting at which it gives up as overloaded; 0 = 1 << 22 */
    uint64_t seed;
    /* Called for each step and each request that ended; either may be NULL. */
    void *observer;
    void (*on_step)(void *observer, const mu_sim_event *step);
    void (*on_request)(void *observer, const mu_sim_record *request);
} mu_sim_config;

/* A step of one instance. */
struct mu_sim_event {
    bool prefill_role; /* disaggregated: which of the two roles */
    uint32_t instance;
    double start_s, end_s;
    double decode_sequences, prefill_sequences, prefill_tokens; /* of all lanes */
    uint64_t waiting, running;
    double cache_share; /* of the blocks in use, all lanes */
};

/* A request that ended. */
struct mu_sim_record {
    uint64_t number; /* in order of arrival, from 0 */
    uint32_t instance, tenant;
    uint32_t input, output, cached; /* cached: tokens of the prompt found in the prefix cache */
    uint32_t preempted, retried;    /* times */
    double arrival_s, start_s;      /* start: its first step began */
    double first_token_s, end_s;
    bool good; /* kept the SLO */
};

typedef struct mu_sim_latency {
    uint64_t n;
    double mean, max;
    double p50, p90, p95, p99;
    const mu_histogram *histogram; /* arena */
} mu_sim_latency;

/* What one role did. */
typedef struct mu_sim_role_answer {
    uint64_t steps;
    double busy_s;           /* steps' time, all instances */
    double available_s;      /* instances' time in service */
    double decode_sequences; /* mean of a step that decodes, all lanes */
    double decode_sequences_max;
    double prefill_tokens;       /* mean of a step that prefills, all lanes */
    double waiting, waiting_max; /* requests; mean over time and instances, most at a step */
    double cache_share, cache_share_max; /* of the blocks; mean over busy time */
    uint64_t preemptions;
    uint64_t prompt_tokens, cached_tokens;   /* asked for, found in the prefix cache */
    double flop, bytes, network_s, energy_j; /* sums over steps; of one rank, network_s of time */
} mu_sim_role_answer;

enum { MU_SIM_BINS = 256 };

/* A stretch of time. */
typedef struct mu_sim_bin {
    uint64_t arrived, ended, output_tokens;
    uint64_t ttft_n;
    double ttft_sum_s, ttft_max_s;
    double waiting_sum; /* requests waiting, summed over the steps that began here */
    double running_sum;
    uint64_t steps;
} mu_sim_bin;

typedef struct mu_sim_answer {
    uint64_t arrived, ended, rejected, retried;
    uint64_t input_tokens, output_tokens; /* of those that ended */
    uint64_t steps;
    double duration_s; /* from the first arrival to the last end */
    mu_sim_latency ttft_s, tpot_s, itl_s, e2e_s, wait_s;
    uint64_t good;        /* requests that kept the SLO; all that ended where there is none */
    double in_flight;     /* mean over time: area under requests in hand over duration */
    double sojourn_s;     /* sum of end - arrival over those that ended */
    bool stable;          /* false: the queue kept growing, or hit its limit */
    double arrived_per_s; /* over the time in which requests arrived */
    double ended_per_s;   /* over duration */
    mu_sim_role_answer prefill, decode;
    uint32_t tenants;
    mu_sim_latency tenant_ttft_s[MU_TENANTS_MAX], tenant_tpot_s[MU_TENANTS_MAX];
    double bin_s; /* width of a bin */
    uint32_t bin_count;
    const mu_sim_bin *bin; /* [bin_count] from time 0; arena */
    uint32_t instances_most;
} mu_sim_answer;

/**
 * Runs the traffic to its end.
 *
 * Cost: a fraction of a microsecond a step, not counting its price; memory by requests in hand.
 * Same configuration and traffic: same bits, whatever the threads.
 * @param[in] pool  may be NULL; more than one thread helps where instances are independent: open
 *                  traffic, round robin, nothing that comes or goes, no observers
 * @retval MU_NO        no request could ever be admitted: the message says by how much
 * @retval MU_E_INPUT   from the traffic
 * @retval MU_E_MEMORY
 */
mu_status mu_simulate(const mu_sim_config *config, const mu_traffic *traffic, mu_pool *pool,
                      mu_arena *arena, mu_sim_answer *out, mu_error *err) MU_MUST_CHECK;

const char *mu_policy_text(mu_policy policy);
const char *mu_order_text(mu_order order);
const char *mu_router_text(mu_router_rule router);

#endif
