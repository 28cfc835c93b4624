/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the option registry.
 *
 * What:  a static table; each row names a field of mu_scenario, its scenario key, flag, dimension
 *        and limits.
 * Terms: path = dotted scenario key; a role is prefill, decode or serve.
 * Bound: limits are generous sanity limits of a scenario, not of what a system can do.
 */
#include "serving/simulate.h"
#include "study/option.h"

#include <assert.h>
#include <string.h>

#define NAMES(path_, flag_, value_, doc_) .path = path_, .flag = flag_, .value = value_, .doc = doc_
#define NUMERIC(type_, dimension_, field, low_, high_, initial_)                                   \
    .type = MU_OPTION_##type_, .dimension = MU_DIM_##dimension_,                                   \
    .offset = offsetof(mu_scenario, field), .low = low_, .high = high_, .initial = initial_

#define NUMBER(path, flag, dimension, field, low, high, initial, value, doc)                       \
    NAMES(path, flag, value, doc), NUMERIC(NUMBER, dimension, field, low, high, initial)
#define AUTO(path, flag, dimension, field, low, high, initial, value, doc)                         \
    NAMES(path, flag, value, doc), NUMERIC(AUTO, dimension, field, low, high, initial)
#define OFF(path, flag, dimension, field, low, high, initial, value, doc)                          \
    NAMES(path, flag, value, doc), NUMERIC(OFF, dimension, field, low, high, initial)
#define NUMBERS(path, flag, dimension, field, low, high, value, doc)                               \
    NAMES(path, flag, value, doc), NUMERIC(NUMBERS, dimension, field, low, high, 0)
#define WORD(path, flag, type_, field, value, doc)                                                 \
    NAMES(path, flag, value, doc), .type = MU_OPTION_##type_, .dimension = MU_DIM_TEXT,            \
                                   .offset = offsetof(mu_scenario, field)
#define MONEY(path, flag, dimension, field, low, high, value, doc)                                 \
    NAMES(path, flag, value, doc), NUMERIC(MONEY, dimension, field, low, high, 0)
#define CHOICE(path, flag, list, field, value, doc)                                                \
    WORD(path, flag, CHOICE, field, value, doc), .word = list,                                     \
                                                 .words = sizeof(list) / sizeof(*(list))
/* Only what lets requests arrive over time looks at it. */
#define OVER_TIME .over_time = true
/* Only what counts money looks at it. */
#define OF_COST .of_cost = true

static const char *const mode_words[] = {"auto", "aggregated", "disaggregated"};

#define X(name, word, doc) word,
static const char *const policy_words[] = {"auto", MU_POLICY_LIST(X)};
static const char *const order_words[] = {MU_ORDER_LIST(X)};
static const char *const router_words[] = {MU_ROUTER_LIST(X)};
#undef X
#define X(name, word) word,
static const char *const arrival_words[] = {MU_ARRIVAL_WISH_LIST(X)};
static const char *const network_words[] = {MU_NETWORK_WISH_LIST(X)};
#undef X

/* clang-format off */
/* The rows of one role: `key` is its scenario prefix, `dash` its flag prefix. */
#define ROLE(role, key, dash)                                                                      \
    {NUMBER(key "instances", dash "instances", COUNT, role.instances, 0, 1e6, 0, "N",              \
           "copies of this role")},                                                                \
    {NUMBER(key "tp", dash "tp", COUNT, role.tp, 0, 1e6, 0, "N", "tensor-parallel degree")},       \
    {NUMBER(key "pp", dash "pp", COUNT, role.pp, 0, 1e4, 0, "N", "pipeline stages")},              \
    {NUMBER(key "cp", dash "cp", COUNT, role.cp, 0, 1e6, 0, "N", "context-parallel degree")},      \
    {NUMBER(key "dp", dash "dp", COUNT, role.dp, 0, 1e6, 0, "N",                                   \
           "data-parallel attention groups")},                                                     \
    {NUMBER(key "ep", dash "ep", COUNT, role.ep, 0, 1e6, 0, "N", "expert-parallel degree")},       \
    {NUMBER(key "moe_tp", dash "moe-tp", COUNT, role.moe_tp, 0, 1e6, 0, "N",                       \
           "tensor-parallel degree inside an expert")},                                            \
    {NUMBER(key "redundant_experts", dash "redundant-experts", COUNT, role.redundant_experts, 0,   \
           1e6, -1, "N", "extra expert copies in the whole EP group")},                            \
    {NUMBER(key "imbalance", dash "imbalance", NONE, role.imbalance, 1, 1e3, 0, "X",               \
           "busiest expert rank over the mean")},                                                  \
    {NUMBER(key "batch", dash "batch", COUNT, role.batch, 0, 1e7, 0, "N",                          \
           "sequences in decode at once, per DP group")},                                          \
    {NUMBER(key "batch_tokens", dash "batch-tokens", COUNT, role.batch_tokens, 0, 1e8, 0, "N",     \
           "tokens of one prefill step, per DP group")},                                           \
    {NUMBER(key "microbatches", dash "microbatches", COUNT, role.microbatches, 0, 2, 0, "N",       \
           "2 = two batches overlap compute and communication")},                                  \
    {NUMBER(key "mtp", dash "mtp", COUNT, role.mtp, 0, MU_NUMBERS_MAX, -1, "N",                 \
           "draft tokens a decode step")},                                                         \
    {NUMBERS(key "acceptance", dash "acceptance", FRACTION, role.acceptance, 0, 1, "P[,P...]",     \
             "probability that a draft is accepted, or a list by position")},                      \
    {WORD(key "chunked_prefill", dash "chunked-prefill", SWITCH, role.chunked_prefill, "yes|no",   \
         "prefill chunks share steps with decode")},                                               \
    {WORD(key "chip", dash "chip", TEXT, role.chip, "CHIP",                                        \
         "chip of this role, where it is not the system's")}

static const mu_option options[] = {
    {WORD("model", "model", TEXT, model, "MODEL", "model id, or the path of a config.json")},
    {WORD("system.id", "system", TEXT, system, "SYSTEM", "system id")},
    {AUTO("system.chips", "chips", COUNT, chips, 1, 1e7, 0, "N", "chips in use; auto = as sold")},
    {WORD("with", "with", LIST, with, "ID[,ID...]", "systems or chips to hold against it")},
    {WORD("engine", "engine", TEXT, engine, "ENGINE", "serving engine: its overhead profile")},
    {CHOICE("network", "network", network_words, network, "WORD",
            "closed: every group on links of its own; flow: on real wires, shared with all that "
            "its instance sends at once")},
    {OFF("network_background", "network-background", FRACTION, network_background, 0, 0.95, 0,
         "SHARE", "share of the scale-out links that other jobs take; with --network flow")},
    {WORD("precision.weights", "weights", DTYPE, weights, "DTYPE", "format of the linear layers")},
    {WORD("precision.activations", "activations", DTYPE, activations, "DTYPE",
         "format of the linear layers' inputs")},
    {WORD("precision.kv", "kv", DTYPE, kv, "DTYPE", "format of the KV cache")},
    {WORD("precision.experts", "experts", DTYPE, experts, "DTYPE",
         "format of the routed experts, where it differs")},
    {WORD("precision.search", "search-precision", SWITCH, search_precision, "yes|no",
         "plan also tries every narrower format the chip multiplies")},
    {NUMBER("workload.input", "input", COUNT, input, 1, 1e7, 4096, "N", "input tokens a request")},
    {NUMBER("workload.output", "output", COUNT, output, 1, 1e7, 1024, "N",
           "output tokens a request")},
    {AUTO("workload.concurrency", "concurrency", COUNT, concurrency, 1, 1e8, 0, "N",
         "requests in flight; auto = as many as memory and the SLO allow")},
    {NUMBER("workload.rate", "rate", RATE, rate, 1e-6, 1e9, 0, "RATE",
           "requests that arrive, such as 100/s")},
    {NUMBER("workload.requests", "requests", COUNT, requests, 1, 1e9, 0, "N",
           "requests in all: endless unless said, and without a rate all there at the start; "
           "simulate serves 10 a client, 10,000 of a rate, all of a trace unless said")},
    {NUMBER("workload.prefix_hit", "prefix-hit", FRACTION, prefix_hit, 0, 0.999, 0, "SHARE",
           "share of the input found in the prefix cache")},
    {OVER_TIME, NUMBER("workload.input_sigma", "input-sigma", NONE, input_length.sigma, 0, 1e7, 0,
           "N", "deviation of the input tokens: log-normal around their mean")},
    {OVER_TIME, NUMBER("workload.output_sigma", "output-sigma", NONE, output_length.sigma, 0, 1e7,
           0, "N", "the same of the output tokens")},
    {OVER_TIME, WORD("workload.input_histogram", "input-histogram", TEXT, input_length.histogram,
         "FILE", "input tokens as measured: CSV with columns tokens and weight")},
    {OVER_TIME, WORD("workload.output_histogram", "output-histogram", TEXT,
         output_length.histogram, "FILE", "output tokens as measured: CSV with the same columns")},
    {OVER_TIME, NUMBER("workload.length_ratio", "length-ratio", FRACTION, length_ratio, 1e-6, 1, 1,
           "SHARE", "lengths evenly between this share of input and output and all of it")},
    {OVER_TIME, CHOICE("workload.arrival", "arrival", arrival_words, arrival, "WORD",
            "closed, poisson, gamma, constant or trace; auto = by trace, rate or neither")},
    {OVER_TIME, WORD("workload.trace", "trace", TEXT, trace, "FILE",
         "requests as recorded: Azure or BurstGPT CSV, Mooncake JSON lines")},
    {OVER_TIME, NUMBER("workload.trace_speed", "trace-speed", NONE, trace_speed, 1e-6, 1e6, 1, "X",
           "the trace runs this much faster than it was recorded")},
    {OVER_TIME, NUMBER("workload.burstiness", "burstiness", NONE, burstiness, 0.01, 100, 1, "X",
           "shape of gamma arrivals: 1 = Poisson, less = bursts, more = regular")},
    {OVER_TIME, NUMBER("workload.diurnal", "diurnal", FRACTION, diurnal, 0, 0.99, 0, "SHARE",
           "swing of the rate around its mean")},
    {OVER_TIME, NUMBER("workload.diurnal_period", "diurnal-period", TIME, diurnal_s, 1e-3, 1e9,
           86400, "TIME", "period of the swing")},
    {OVER_TIME, NUMBER("workload.ramp", "ramp", TIME, ramp_s, 0, 1e6, 0, "TIME",
           "clients of a closed loop start evenly over this time; else all at once")},
    {OVER_TIME, NUMBER("workload.turns", "turns", COUNT, turns, 1, 1000, 1, "N",
           "requests of a session, each with all that was said before in front")},
    {OVER_TIME, NUMBER("workload.think", "think", TIME, think_s, 0, 1e6, 0, "TIME",
           "mean pause of a session between an answer and its next request")},
    {OVER_TIME, NUMBER("workload.shared_prefix", "shared-prefix", COUNT, shared_prefix, 0, 1e7, 0,
           "N", "tokens in front of the input that all requests of a tenant have in common")},
    {OVER_TIME, NUMBERS("workload.tenants", "tenants", NONE, tenants, 0, 1e6, "X[,X...]",
            "shares of the tenants in the requests; the first goes first under priorities")},
    {NUMBER("slo.ttft", "ttft", TIME, ttft_s, 1e-6, 1e6, 0, "TIME", "longest time to first token")},
    {NUMBER("slo.tpot", "tpot", TIME, tpot_s, 1e-6, 1e6, 0, "TIME",
           "longest time per output token")},
    {NUMBER("slo.e2e", "e2e", TIME, e2e_s, 1e-6, 1e6, 0, "TIME",
           "longest time of a whole request")},
    {OVER_TIME, CHOICE("serving.policy", "policy", policy_words, serving.policy, "WORD",
            "how steps are put together: vllm, sglang, trtllm, trtllm-max, mindie; auto = the "
            "engine's")},
    {OVER_TIME, CHOICE("serving.order", "order", order_words, serving.order, "WORD",
            "who waits first in line: fcfs, priority (of tenants) or shortest (prompt)")},
    {OVER_TIME, CHOICE("serving.router", "router", router_words, serving.router, "WORD",
            "which instance: round-robin, least-loaded, prefix or power-of-two")},
    {OVER_TIME, NUMBER("serving.block_tokens", "block-tokens", COUNT, serving.block_tokens, 1,
           65536, 0, "N", "tokens of a cache block; the engine's unless said")},
    {OVER_TIME, WORD("serving.prefix_cache", "prefix-cache", SWITCH, serving.prefix_cache, "yes|no",
         "caches outlive their requests; as the engine unless said")},
    {OVER_TIME, NUMBER("serving.watermark", "watermark", FRACTION, serving.watermark, 0, 0.9, -1,
           "SHARE", "of the cache blocks that admitting leaves free; the engine's unless said")},
    {OVER_TIME, WORD("serving.swap", "swap", SWITCH, serving.swap, "yes|no",
         "evicted caches go to the host and back, else they are computed again")},
    {OVER_TIME, NUMBER("serving.queue_most", "queue-most", COUNT, serving.queue_most, 1, 1e9, 0,
           "N", "requests waiting at which it gives up as overloaded")},
    {OVER_TIME, NUMBER("serving.poll_steps", "poll-steps", COUNT, serving.poll_steps, 1, 1e6, 1,
           "N", "decode steps between two looks at what arrived")},
    {OVER_TIME, NUMBER("serving.stream_first", "stream-first", COUNT, serving.stream_first, 1, 1e6,
           1, "N", "token with which a client sees the first ones")},
    {OVER_TIME, NUMBER("serving.lag_steps", "lag-steps", NONE, serving.lag_steps, 0, 100, -1, "N",
           "decode steps until a client sees a token that was made; the engine's unless said")},
    {OVER_TIME, NUMBER("serving.dp_timeout_steps", "dp-timeout-steps", COUNT,
           serving.dp_timeout_steps, 0, 1e6, 0, "N",
           "steps that DP groups hold prompts back until all have some; 0 = none")},
    {OVER_TIME, NUMBER("serving.dp_batching_steps", "dp-batching-steps", COUNT,
           serving.dp_batching_steps, 0, 1e6, 0, "N", "and then, to gather more of them")},
    {OVER_TIME, NUMBER("serving.batch_wait_steps", "batch-wait-steps", COUNT,
           serving.batch_wait_steps, 0, 1e6, 0, "N",
           "decode steps that a single DP group holds prompts back to gather more; 0 = none")},
    {OVER_TIME, NUMBER("serving.batch_wait_share", "batch-wait-share", FRACTION,
           serving.batch_wait_share, 0, 1, 1, "SHARE",
           "of the tokens of a step: as many are not held back")},
    {OVER_TIME, NUMBER("serving.cold_first", "cold-first", TIME, serving.cold_first_s, 0, 1e6, 0,
           "TIME", "that an instance's first step with prompts takes longer: kernels compile")},
    {OVER_TIME, NUMBER("serving.cold_full", "cold-full", TIME, serving.cold_full_s, 0, 1e6, 0,
           "TIME", "that its first full step takes longer")},
    {OVER_TIME, NUMBER("serving.autoscale_most", "autoscale-most", COUNT, serving.autoscale_most,
           1, 1e6, 0, "N", "instances that may come to run; as deployed unless said")},
    {OVER_TIME, NUMBER("serving.autoscale_high", "autoscale-high", NONE, serving.autoscale_high, 0,
           1e7, 64, "X", "requests in hand of an instance above which one more starts")},
    {OVER_TIME, NUMBER("serving.autoscale_low", "autoscale-low", NONE, serving.autoscale_low, 0,
           1e7, 16, "X", "requests in hand of an instance below which one is let go")},
    {OVER_TIME, NUMBER("serving.startup", "startup", TIME, serving.startup_s, 0, 1e6, 60, "TIME",
           "until a started instance takes requests")},
    {OVER_TIME, NUMBER("serving.mtbf", "mtbf", TIME, serving.mtbf_s, 1e-3, 1e12, 0, "TIME",
           "mean time between failures of an instance; none fail unless said")},
    {OVER_TIME, NUMBER("serving.repair", "repair", TIME, serving.repair_s, 0, 1e9, 300, "TIME",
           "until a failed instance is back")},
    {OVER_TIME, NUMBER("serving.expert_skew", "expert-skew", NONE, serving.expert_skew, 1, 1e3, 0,
           "X", "mean of the busiest expert rank over the mean; as priced unless said")},
    {OVER_TIME, NUMBER("serving.expert_spread", "expert-spread", NONE, serving.expert_spread, 0, 5,
           0, "X", "deviation of its logarithm from one period to the next")},
    {OVER_TIME, NUMBER("serving.expert_period", "expert-period", TIME, serving.expert_period_s,
           1e-3, 1e9, 60, "TIME", "how long a popularity of experts lasts")},
    {OF_COST, WORD("cost.region", "region", TEXT, cost.region, "REGION",
         "where the chips stand: prices of power, staff and space; world unless said")},
    {OF_COST, WORD("cost.rent", "rent", TEXT, cost.rent, "WHAT",
         "what renting costs: a price such as 2.3USD/h or 16CNY/h, a cloud, or auto = one "
         "of the region")},
    {OF_COST, MONEY("cost.electricity", "electricity", ENERGY_PRICE, cost.electricity, 1e-6, 100,
         "PRICE", "such as 0.08USD/kWh or 0.6CNY/kWh, before any subsidy; auto = the region's")},
    {OF_COST, AUTO("cost.pue", "pue", NONE, cost.pue, 1, 10, 0, "X",
         "power of the hall over that of the equipment; auto = the region's, else the system's")},
    {OF_COST, AUTO("cost.years", "years", NONE, cost.years, 0.1, 100, 0, "N",
         "until the system is replaced; auto = the region's")},
    {OF_COST, NUMBER("cost.residual", "residual", FRACTION, cost.residual, 0, 1, -1, "SHARE",
           "of the system's price that it then fetches")},
    {OF_COST, NUMBER("cost.capital", "cost-of-capital", FRACTION, cost.capital, 0, 1, -1, "SHARE",
           "interest a year, such as 9%")},
    {OF_COST, AUTO("cost.utilisation", "utilisation", FRACTION, cost.utilisation, 1e-4, 1, 0,
         "SHARE", "of the hours that are used; auto = the region's")},
    {OF_COST, MONEY("cost.price", "price", MONEY, cost.price, 1, 1e12, "PRICE",
         "of the system as sold, such as 3MUSD or 20MCNY; auto = the catalogue's")},
    {OF_COST, WORD("cost.currency", "currency", TEXT, cost.currency, "CURRENCY",
         "what amounts are shown in, at its rate in the catalogue; USD unless said")},
    {OFF("uncertainty.samples", "uncertainty", COUNT, samples, 1, 65536, 256, "N",
        "draws for the 90 % intervals; off = points only")},
    {NUMBER("uncertainty.seed", "seed", COUNT, seed, 0, 9007199254740992.0, 1, "N",
           "seed of the draws")},
    {AUTO("threads", "threads", COUNT, threads, 1, 256, 0, "N",
         "threads; auto = all cores; never changes an answer")},
    {CHOICE("deployment.mode", "mode", mode_words, mode, "MODE",
            "auto, aggregated or disaggregated")},
    ROLE(serve, "deployment.serve.", ""),
    ROLE(prefill, "deployment.prefill.", "prefill-"),
    ROLE(decode, "deployment.decode.", "decode-"),
};
/* clang-format on */

const mu_option *mu_options(size_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

const mu_option *mu_option_by_flag(const char *flag)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].flag != NULL && strcmp(options[i].flag, flag) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const mu_option *mu_option_by_path(const char *path)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].path, path) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const char *mu_mode_text(mu_mode mode)
{
    assert((size_t)mode < sizeof mode_words / sizeof mode_words[0]);
    return mode_words[mode];
}
