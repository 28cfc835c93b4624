/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of the step-cost table on one thread, as ratios over the compiled step in the same run.
 *
 * What:  warm time of a call where contexts and batches wander as in a simulation (best of several
 *        rounds, each of other batches), and the time that filling itself takes in the
 *        first round.
 * Terms: decode = steps without prompts; the others have one prompt beside the decodes each:
 *        same = all alike, fresh = of random lengths, cached = of random lengths behind random
 *        prefixes, so that no two are alike; lanes = DP groups priced in a call.
 */
#include "bench.h"

#include "base/random.h"
#include "catalog/builtin.h"
#include "schedule/step_table.h"
#include "study/option.h"
#include "study/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20000, ROUNDS = 5, LANES_MAX = 32 };

typedef enum traffic { DECODE, SAME, FRESH, CACHED } traffic;

typedef struct deployment {
    const char *system;
    const char *model;
    mu_parallel parallel;
    double decodes; /* of a lane */
} deployment;

typedef struct rig {
    mu_question q;
    mu_program program;
    mu_compiled *compiled;
    mu_arena *arena;
} rig;

static void set_up(const mu_catalog *catalog, const deployment *d, rig *r)
{
    mu_error err = {0};
    mu_scenario s;
    mu_scenario_init(&s);
    (void)snprintf(s.system, sizeof s.system, "%s", d->system);
    (void)snprintf(s.model, sizeof s.model, "%s", d->model);
    s.samples = 0.0;
    if (mu_question_make(catalog, &s, NULL, NULL, &r->q, &err) != MU_OK ||
        mu_parallel_check(&r->q.model, &d->parallel, &err) != MU_OK) {
        stop(err.text);
    }
    memset(&r->program, 0, sizeof r->program);
    mu_program_build(&r->q.model, &d->parallel, &r->q.precision, &r->program);
    r->arena = mu_arena_create(0);
    mu_cost_book *book = mu_cost_book_create(r->arena, MU_BOOK_LARGE);
    mu_cost_book_reset(book, &r->q.machine);
    r->compiled = mu_compile(&r->program, &r->q.machine, book, r->arena);
}

/* Step i: sequences wander within a quarter, contexts grow until requests end. */
static void make_batches(const deployment *d, traffic what, uint32_t lanes, uint64_t seed,
                         mu_batch *out)
{
    for (uint32_t i = 0; i < STEPS * lanes; i++) {
        double u = mu_random_uniform(seed, 1, i / 16);
        double v = mu_random_uniform(seed, 2, i);
        double sequences = (double)(uint32_t)(d->decodes * (0.75 + 0.25 * u));
        double mean = 4096.0 + (double)(i / lanes % 1000);
        mu_batch *b = &out[i];
        *b = (mu_batch){.decode_sequences = sequences,
                        .decode_context = (double)(uint64_t)(sequences * mean)};
        if (what != DECODE) {
            double w = mu_random_uniform(seed, 3, i);
            double fresh = what == SAME ? 2048.0 : (double)(uint32_t)(64.0 + 4000.0 * v);
            double cached = what == CACHED ? (double)(uint32_t)(8000.0 * w) : 0.0;
            b->prefill_sequences = 1.0;
            b->prefill_tokens = fresh;
            b->prefill_pairs = fresh * (cached + 0.5 * fresh);
            b->prefill_context = cached + fresh;
        }
    }
}

static double table_s(mu_step_table *table, const mu_batch *batch, uint32_t lanes, double *sum_s)
{
    double start_s = now_s();
    mu_step_cost cost;
    for (uint32_t i = 0; i < STEPS; i++) {
        mu_step_table_cost(table, &batch[(size_t)i * lanes], lanes, 0.0, &cost);
        *sum_s += cost.time_s;
    }
    return (now_s() - start_s) / STEPS;
}

static double compiled_s(const rig *r, const mu_batch *batch, uint32_t lanes, double *sum_s)
{
    double start_s = now_s();
    for (uint32_t i = 0; i < STEPS; i++) {
        const mu_batch *b = &batch[(size_t)i * lanes];
        mu_load load = {.decode_sequences = b->decode_sequences,
                        .decode_context = b->decode_context,
                        .prefill_sequences = b->prefill_sequences,
                        .prefill_tokens = b->prefill_tokens,
                        .prefill_cached = b->prefill_context - b->prefill_tokens};
        *sum_s += mu_compiled_time(r->compiled, &load);
    }
    return (now_s() - start_s) / STEPS;
}

static void bench(const mu_catalog *catalog, const deployment *d, traffic what, uint32_t lanes)
{
    static const char *const texts[] = {"decode", "same", "fresh", "cached"};
    static rig r;
    set_up(catalog, d, &r);
    mu_batch *batch = calloc((size_t)STEPS * lanes, sizeof *batch);
    mu_step_table *table = mu_step_table_create(&r.program, &r.q.machine, 512, 8192, r.arena);
    if (batch == NULL || table == NULL) {
        exit(1);
    }
    make_batches(d, what, lanes, 0, batch);
    double sum_s = 0.0;
    double cold_s = table_s(table, batch, lanes, &sum_s) * STEPS;
    double warm_s = 1.0;
    double slow_s = 1.0;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        make_batches(d, what, lanes, i, batch);
        double took_s = table_s(table, batch, lanes, &sum_s);
        warm_s = took_s < warm_s ? took_s : warm_s;
        took_s = compiled_s(&r, batch, lanes, &sum_s);
        slow_s = took_s < slow_s ? took_s : slow_s;
    }
    (void)printf("%-16s %-18s %-6s %2u lanes: %6.0f ns a step; compiled, one lane %5.0f ns, "
                 "ratio %5.1f a lane; first %d steps fill in %5.1f ms (mean step %.1f ms)\n",
                 d->system, d->model, texts[what], lanes, warm_s * 1e9, slow_s * 1e9,
                 slow_s * lanes / warm_s, STEPS, (cold_s - warm_s * STEPS) * 1e3,
                 sum_s / (STEPS * (2 * ROUNDS + 1)) * 1e3);
    free(batch);
    mu_arena_free(r.arena);
}

int main(void)
{
    static const deployment dense = {
        "hgx-h100",
        "llama-3.1-70b",
        {.tp = 8, .pp = 1, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 1, .microbatches = 1},
        64};
    static const deployment experts = {
        "gb200-nvl72",
        "deepseek-r1",
        {.tp = 1, .pp = 1, .cp = 1, .dp = 32, .ep = 32, .moe_tp = 1, .microbatches = 1, .mtp = 1},
        64};
    mu_error err = {0};
    mu_arena *arena = mu_arena_create(0);
    mu_catalog *catalog = NULL;
    if (mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                          &catalog, &err) != MU_OK) {
        stop(err.text);
    }
    static const traffic all[] = {DECODE, SAME, FRESH, CACHED};
    for (int i = 0; i < 4; i++) {
        bench(catalog, &dense, all[i], 1);
        bench(catalog, &experts, all[i], 1);
        bench(catalog, &experts, all[i], LANES_MAX);
    }
    mu_arena_free(arena);
    return 0;
}
