/* SPDX-License-Identifier: Apache-2.0 */
/* Long random traffic that nobody stores, and one server for it; for tests of the simulator. */
#ifndef MUSTER_TESTS_SIMULATE_STREAM_H
#define MUSTER_TESTS_SIMULATE_STREAM_H

#include "simulate_helper.h"

#include "base/random.h"

enum { UNITS = 24, UNIT_TOKENS = 16, FAMILIES = 12 };

/* Poisson arrivals; lengths even between low and high, odd numbers in `every` of tenant 1. */
typedef struct stream {
    uint64_t seed, count, next;
    double rate, next_s;
    uint32_t input_low, input_high, output_low, output_high;
    uint32_t tenants;
    uint32_t too_long_every; /* every so many asks for too much; 0 = none does */
    double probe_s;          /* one more request, so long after the last; 0 = none */
    uint64_t id[UNITS];      /* of the last one taken */
} stream;

static inline double draw(const stream *s, uint64_t k, uint64_t what)
{
    return mu_random_uniform(s->seed, what, k);
}

static inline uint32_t between(double u, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(u * (double)(high - low + 1));
}

static inline bool stream_peek(void *context, double *arrival_s)
{
    const stream *s = context;
    *arrival_s = s->next_s;
    return s->next < s->count;
}

/* Prompts of a family begin alike. */
static inline void set_ids(stream *s, uint64_t k, mu_request *out)
{
    uint64_t family = between(draw(s, k, 5), 1, FAMILIES);
    uint32_t shared = between(draw(s, k, 6), 0, UNITS - 1);
    uint32_t count = (out->input + out->output) / UNIT_TOKENS;
    out->block_tokens = UNIT_TOKENS;
    out->block_count = count < UNITS ? count : UNITS;
    out->block = s->id;
    for (uint32_t u = 0; u < UNITS; u++) {
        s->id[u] = u < shared ? family * UNITS + u : (k + FAMILIES + 1) * UNITS + u;
    }
}

static inline mu_status stream_take(void *context, mu_request *out, mu_error *err)
{
    (void)err;
    stream *s = context;
    uint64_t k = s->next++;
    *out = (mu_request){.arrival_s = s->next_s,
                        .input = between(draw(s, k, 1), s->input_low, s->input_high),
                        .output = between(draw(s, k, 2), s->output_low, s->output_high),
                        .tenant = between(draw(s, k, 3), 0, s->tenants - 1)};
    if (s->too_long_every > 0 && k % s->too_long_every == 0) {
        out->input = 1U << 20;
    }
    set_ids(s, k, out);
    s->next_s += -log(draw(s, k, 4)) / s->rate;
    if (s->probe_s > 0.0 && s->next + 1 == s->count) {
        s->next_s += s->probe_s;
    }
    return MU_OK;
}

static inline mu_traffic stream_open(stream *s)
{
    s->next = 0;
    s->next_s = 0.0;
    return (mu_traffic){.context = s, .peek = stream_peek, .take = stream_take};
}

/* One lane that serves one request after another. */
static inline mu_sim_role server(formula *cost)
{
    return (mu_sim_role){.instances = 1,
                         .lanes = 1,
                         .policy = MU_POLICY_VLLM,
                         .max_sequences = 1,
                         .max_tokens = 1 << 20,
                         .chunked = true,
                         .block_tokens = 16,
                         .blocks = 1 << 12,
                         .ranks = 1.0,
                         .price = formula_price,
                         .price_context = cost};
}

static inline mu_sim_answer simulate(const mu_sim_config *config, stream *s, mu_pool *pool,
                                     mu_arena *arena)
{
    mu_sim_answer answer;
    mu_error err = {0};
    mu_traffic traffic = stream_open(s);
    if (mu_simulate(config, &traffic, pool, arena, &answer, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return answer;
}

#endif
