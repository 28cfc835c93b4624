/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving in steady state: closed forms on top of step times.
 *
 * What:  a deployment (aggregated, or prefill and decode apart) under a workload of equal requests:
 *        TTFT, TPOT, throughput, memory.
 * Terms: concurrency = requests in flight over the whole deployment; alpha = tokens a decode step
 *        yields a sequence (1 + accepted drafts).
 * Bound: means only, no queueing beyond the closed loop's own first wave; the request-level
 * simulator answers percentiles.
 */
#ifndef MUSTER_SERVING_STEADY_H
#define MUSTER_SERVING_STEADY_H

#include "schedule/step.h"

enum { MU_DRAFTS_MAX = 8 };

/* One role of a deployment. */
typedef struct mu_role {
    uint32_t instances;
    mu_parallel parallel; /* of one instance */
    double batch;         /* sequences in decode at once, per DP group; 0 = from the concurrency */
    double batch_tokens;  /* tokens of one prefill or mixed step, per DP group */
    double acceptance[MU_DRAFTS_MAX]; /* by position; the first mtp of them count */
    bool chunked_prefill;
} mu_role;

typedef struct mu_deployment {
    bool disaggregated;
    mu_role prefill; /* the one role when aggregated is `decode` */
    mu_role decode;
} mu_deployment;

typedef struct mu_workload {
    double input; /* tokens a request */
    double output;
    double prefix_hit;  /* share of input tokens found in the prefix cache, 0..1 */
    double concurrency; /* 0 = as many as memory, batch and SLO allow */
    double rate;        /* requests that arrive [1/s]; 0 = a closed loop of `concurrency` */
    double requests;    /* in all, of one length, all there at the start; 0 = no end */
    bool ample_prefill; /* prefill instances are not what was said but as many as decode needs */
    double tpot_slo_s;  /* bounds the batch where concurrency and batch are free; 0 = none */
} mu_workload;

typedef enum mu_fit {
    MU_FIT_OK,
    MU_FIT_WEIGHTS, /* weights alone exceed the memory */
    MU_FIT_KV,      /* no room for one sequence a group */
    MU_FIT_BATCH    /* the batch asked for does not fit */
} mu_fit;

typedef struct mu_memory {
    double weights_bytes;
    double kv_bytes;
    double activations_bytes;
    double capacity_bytes;
} mu_memory;

/* What one role does. */
typedef struct mu_role_answer {
    mu_fit fit;
    mu_step step; /* a representative step */
    double step_s;
    double tokens_per_s;          /* prefill: input tokens; decode: output tokens, the whole role */
    double tokens_per_s_per_chip; /* of the role's own chips */
    double batch;                 /* sequences (decode) or tokens (prefill) per DP group */
    double chips;
    mu_memory memory;         /* of one rank */
    double missing_bytes;     /* by how much it does not fit, per rank */
    double power_w_per_rank;  /* silicon, while stepping */
    double memory_w_per_rank; /* of it for memory traffic */
} mu_role_answer;

typedef struct mu_service {
    bool fits;
    bool waiting;    /* the loop holds more than there are places for: some wait */
    bool overloaded; /* more requests arrive than it can serve */
    mu_role_answer prefill;
    mu_role_answer decode;
    double ttft_s;
    double tpot_s;
    double output_tokens_per_s;
    double total_tokens_per_s;
    double requests_per_s;
    double concurrency;
    double prefill_capacity; /* requests/s each role could do by itself */
    double decode_capacity;
    double chips;
    mu_power power;   /* of the chips in use, by part */
    double power_w;   /* what their racks draw: chips, hosts, network; without the hall */
    double price_usd; /* capital of the chips in use with their share; 0 = unknown */
    double energy_per_output_token_j;
    mu_bound bound; /* what limits the role that limits the whole */
} mu_service;

/* Everything a service question stands on; programs and compiled steps are made once a deployment.
 */
typedef struct mu_site {
    const mu_model *model;
    const mu_machine *prefill_machine;
    const mu_machine *decode_machine;
    mu_precision precision;
    mu_workload workload;
} mu_site;

/** Expected tokens a step: 1 + sum over drafts of the product of acceptances. */
double mu_role_yield(const mu_role *role);

/** Ranks of a whole role: instances x tp x pp x cp x dp. */
double mu_role_ranks(const mu_role *role);

/* One role made ready: its program compiled for its machine. Borrowed parts live in the caller's
 * arena. */
typedef struct mu_role_site {
    const mu_site *site;
    const mu_machine *machine;
    const mu_role *role;
    mu_compiled *compiled;
    mu_footprint footprint;
} mu_role_site;

/** What the steps below carry: of `at` site, role and machine are looked at. */
mu_load mu_prefill_load(const mu_role_site *at);
mu_load mu_decode_load(const mu_role_site *at, double batch);

/** Step of prefilling only: whole prompts up to the role's batch_tokens, else chunks of one. */
void mu_prefill_answer(const mu_role_site *at, mu_role_answer *out);

/** Time of one decode step of `batch` sequences a DP group, contexts half grown; hot in searches
 * [s]. */
double mu_decode_time(const mu_role_site *at, double batch);

/** The same in full. */
void mu_decode_answer(const mu_role_site *at, double batch, mu_role_answer *out);

/** Bytes of a rank that are left for caches beside steps of so many tokens; below 0: missing. */
double mu_cache_room(const mu_machine *machine, const mu_footprint *footprint, double step_tokens);

/** Time to move a rank's part of a cache to the ranks that decode, the next instance along [s]. */
double mu_handover_time(const mu_machine *machine, const mu_parallel *parallel, double bytes);

/** By how much shared wires stretch it, >= 1; 1 on a machine without contention. */
double mu_handover_factor(const mu_machine *machine, const mu_parallel *parallel);

/** Tokens of cache a request holds, mean over its life as the engine reserves them. */
double mu_held_tokens(const mu_role_site *at);

/** Largest batch a DP group has memory for; 0 when the weights leave no room for one sequence. */
double mu_batch_limit(const mu_role_site *at);

/* One operating point of a role in its loop: means, without waiting for a free place. */
typedef struct mu_loop_point {
    double batch;          /* sequences (decode) or tokens (prefill) per DP group */
    double requests_per_s; /* of the whole role */
    double ttft_s;         /* prefill and aggregated, but for other prompts in front */
    double crowd_s; /* prefill: TTFT that full load adds: half a step of waiting, full batches */
    double wave_s;  /* TTFT that each request of a closed loop adds: prompts come in waves */
    double tpot_s;  /* decode and aggregated */
    bool full;      /* every place is taken and more requests wait for one */
} mu_loop_point;

/** Prompts in one prefill step of a DP group. */
double mu_prefill_prompts(const mu_role_site *at);

/** Prefill role: requests/s it can take, TTFT with the hand-over of the cache to decode ranks. */
mu_loop_point mu_prefill_point(const mu_role_site *at);

/** Decode role with `batch` sequences in each DP group. */
mu_loop_point mu_decode_point(const mu_role_site *at, double batch);

/**
 * One role for both, `batch` sequences decoding in each DP group while prompts ride along:
 *
 *     X = B / (R s(B) + B P),  TPOT = s / (yield (1 - X P)),  R = decode rounds a request.
 */
mu_loop_point mu_aggregated_point(const mu_role_site *at, double batch);

/** Decode rounds a request takes: (output - 1) / yield; the first token comes with the prefill. */
double mu_decode_rounds(const mu_role_site *at);

/** Requests/s of the same chips, were they split over the roles as evenly as fractions allow. */
double mu_service_balanced(const mu_service *service);

/**
 * A whole deployment. Scratch comes from the arena and is given back.
 * @retval MU_E_MEMORY the arena is full
 * @retval MU_E_INPUT  a degree contradicts (mu_parallel_check())
 */
mu_status mu_service_answer(const mu_site *site, const mu_deployment *deployment, mu_arena *arena,
                            mu_service *out, mu_error *err) MU_MUST_CHECK;

#endif
