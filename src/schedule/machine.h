/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine: one rank's chip, the fabric between ranks and the engine that drives them, in one
 * draw.
 */
#ifndef MUSTER_SCHEDULE_MACHINE_H
#define MUSTER_SCHEDULE_MACHINE_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "chip/chip.h"
#include "fabric/fabric.h"
#include "schedule/power.h"

/* X(field, dimension, prior_best, prior_low, prior_high, doc): what an engine adds to the kernels.
 */
#define MU_ENGINE_PARAM_LIST(X)                                                                    \
    X(host_step, TIME, 1.0e-3, 0.4e-3, 3.0e-3, "host time of a step that the chip waits for")      \
    X(host_per_sequence, TIME, 6e-6, 2e-6, 2e-5, "the same, for each sequence in the batch")       \
    X(launch_gap, TIME, 4e-7, 1e-7, 1.2e-6, "idle between two kernels inside a captured graph")    \
    X(kernel_slack, NONE, 1.06, 0.9, 1.2, "work of a kernel in a model over that in a benchmark")  \
    X(work_8bit, NONE, 1.0, 0.9, 1.15, "the same again of products in FP8 and INT8")               \
    X(work_block, NONE, 1.0, 0.9, 1.15, "the same again of products in FP8 with block scales")     \
    X(work_4bit, NONE, 1.0, 0.85, 1.15, "the same again of products in FP4")                       \
    X(work_experts, NONE, 1.0, 0.85, 1.15, "the same again of products of experts")                \
    X(fixed_8bit, TIME, 5e-7, 1e-7, 3e-6, "fixed time of a product in 8 bits besides: quantising") \
    X(fixed_block, TIME, 5e-7, 1e-7, 3e-6, "the same with block scales")                           \
    X(fixed_4bit, TIME, 5e-7, 1e-7, 3e-6, "the same in 4 bits")                                    \
    X(fixed_experts, TIME, 1e-6, 1e-7, 1e-5, "the same of a layer's experts: sorting tokens")      \
    X(network_slack, NONE, 1.0, 0.85, 1.3,                                                         \
      "time of a transfer in a model over that in a benchmark")                                    \
    X(launch_share, FRACTION, 0.8, 0.4, 1.0,                                                       \
      "of a kernel's fixed time that a captured graph leaves")                                     \
    X(overlap_efficiency, FRACTION, 0.75, 0.5, 0.95, "of the overlap that dependencies allow")     \
    X(output_reserved, FRACTION, 0.5, 0.5, 1.0, "of a request's output that holds cache, mean")    \
    X(watermark, FRACTION, 0.0, 0.0, 0.0, "of the cache's blocks that an admission leaves free")   \
    X(memory_utilisation, FRACTION, 0.9, 0.85, 0.94, "of device memory for weights and KV")        \
    X(request_overhead, TIME, 15e-3, 5e-3, 40e-3, "per request before the first step")             \
    X(request_overhead_apart, TIME, 0.1, 0.02, 0.4,                                                \
      "the same where prefill and decode are apart: routing and hand-over besides")                \
    X(ttft_steps, NONE, 4.0, 0.5, 9.0,                                                             \
      "steps that pass between arrival and first token besides the prompt's own")                  \
    X(ttft_steps_dp, NONE, 20.0, 2.0, 80.0,                                                        \
      "the same where attention is cut by data: groups wait for each other's prompts")             \
    X(arrival, TIME, 5e-3, 1e-3, 50e-3, "between a client and the queue, request by request")      \
    X(arrival_apart, TIME, 50e-3, 5e-3, 300e-3, "the same where prefill and decode are apart")     \
    X(front_request, TIME, 1e-3, 1e-4, 10e-3,                                                      \
      "of the front end for a request, one after the other: parsing, tokenising")                  \
    X(front_token, TIME, 1e-6, 1e-7, 5e-6, "the same for each token of a prompt")                  \
    X(lag_steps, NONE, 2.0, 0.0, 4.0,                                                              \
      "steps between the one that makes a token and its client seeing it; request by request")     \
    X(wave_share, FRACTION, 0.1, 0.02, 0.35,                                                       \
      "of a closed loop's prompts, how many a new one waits behind")                               \
    X(wave_share_apart, FRACTION, 0.1, 0.02, 0.35, "the same where prefill and decode are apart")  \
    X(step_factor, NONE, 1.0, 0.75, 1.35,                                                          \
      "measured over predicted step: what the terms leave unexplained")                            \
    X(ttft_factor, NONE, 1.0, 0.5, 2.0, "the same of TTFT")                                        \
    X(ttft_factor_apart, NONE, 1.0, 0.35, 3.5, "the same where prefill and decode are apart")      \
    X(eager_op, TIME, 10e-6, 1e-6, 60e-6,                                                          \
      "of the host to launch an operator of a step with prompts: no graph was captured of it")     \
    X(expert_spread, FRACTION, 0.8, 0.4, 1.0,                                                      \
      "tokens of uniform routing that hit as many experts")                                        \
    X(draft_acceptance, FRACTION, 0.7, 0.6, 0.88, "chance that a first drafted token is taken")    \
    X(imbalance_prefill, NONE, 1.15, 1.05, 1.35, "busiest expert rank over mean, prefill")         \
    X(imbalance_decode, NONE, 1.25, 1.05, 1.6, "busiest expert rank over mean, decode")

enum { MU_POLICY_WORD_MAX = 24 };

typedef struct mu_engine {
#define X(field, dimension, best, low, high, doc) double field;
    MU_ENGINE_PARAM_LIST(X)
#undef X
    bool chunked_prefill;
    double max_batch_tokens; /* default budget of a prefill or mixed step, per DP group */
    bool memory_of_rest;     /* memory_utilisation is of what weights and buffers leave */
    bool first_chunk_full;   /* a stream shows its first token when its first chunk is full */
    bool gathers_tokens;     /* of DP groups to experts, where few ranks hold those; deploy.c */
    bool gathers_always;     /* sparse prefill picks its entries however short the context */
    bool kv_follows_weights; /* an FP8 or FP4 model keeps its cache in FP8 */
    double max_batch;        /* sequences a DP group */
    double block_tokens;     /* tokens that one block of the cache holds */
    bool prefix_cache;       /* blocks outlive their requests for others with their prefix */
    char policy[MU_POLICY_WORD_MAX]; /* how it puts steps together; serving/simulate.h */
    double drafts_disaggregated;     /* draft tokens of a decode role that leaves them unsaid */
} mu_engine;

typedef struct mu_contention mu_contention; /* schedule/contention.h */

struct mu_machine {
    mu_chip chip;
    mu_fabric fabric;
    mu_contention *contention; /* factors of shared wires; NULL: every group has links of its own */
    mu_engine engine;
    uint32_t ranks_per_chip;
    double chips;              /* as asked for */
    double chips_max;          /* how far such a system may grow */
    double host_w_per_chip;    /* hosts, fans, conversion */
    double network_w_per_chip; /* links, switches, optics */
    mu_power_split power;      /* how those two divide, and what the hall adds */
    double price_usd_per_chip; /* system price over its chips; 0 = unknown */
};

/* Which machine. NULL or "" = the system's own chip, its usual engine; chips 0 = as sold. */
typedef struct mu_machine_name {
    const char *system;
    const char *chip;
    const char *engine;
    uint64_t chips;
} mu_machine_name;

/**
 * Reads chip, fabric, engine and overheads of a catalogue system in one draw.
 *
 * @retval MU_E_INPUT  unknown ids, a missing fact, more chips than the system may grow to
 */
mu_status mu_machine_load(const mu_catalog *catalog, const mu_machine_name *name, mu_draw draw,
                          mu_machine *out, mu_error *err) MU_MUST_CHECK;

/** An engine's profile in one draw; MU_E_INPUT: an unknown id, a parameter of the wrong unit. */
mu_status mu_engine_load(const mu_catalog *catalog, const char *id, mu_draw draw, mu_engine *out,
                         mu_error *err) MU_MUST_CHECK;

/**
 * Bytes of a rank that the engine fills, weights and buffers included, where those take
 * `taken_bytes`: a share of the device's memory, or all of them and a share of the rest.
 */
double mu_machine_room(const mu_machine *machine, double taken_bytes);

/** Id of the engine a system is usually run with: its `engine:` key, else vllm. Borrowed. */
const char *mu_machine_usual_engine(const mu_catalog *catalog, const mu_entity *system);

#endif
