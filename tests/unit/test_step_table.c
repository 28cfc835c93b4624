/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the step-cost table says what the compiled step says, and what follows from it for lanes.
 * Method: against mu_compiled_time() and mu_compiled_step() on seeded batches of deployments of all
 *         kinds of attention and cuts: to 1e-9 where nothing is rounded nor interpolated, else
 *         within 0.5 % (1 % of work and energy). Properties of lanes, imbalance and contexts. Two
 *         tables filled in other orders, one of them too small, say the same bits.
 */
#include "base/random.h"
#include "schedule/step_table.h"
#include "twin_helper.h"

#include <math.h>

typedef struct sample {
    const char *system;
    const char *model;
    mu_parallel parallel;
    const char *network;
} sample;

#define CUT(tp_, pp_, cp_, dp_, ep_, moe_tp_, micro_, mtp_)                                        \
    {                                                                                              \
        .tp = (tp_), .pp = (pp_), .cp = (cp_), .dp = (dp_), .ep = (ep_), .moe_tp = (moe_tp_),      \
        .microbatches = (micro_), .mtp = (mtp_)                                                    \
    }

static const sample samples[] = {
    {"hgx-h100", "llama-3.1-70b", CUT(8, 1, 1, 1, 1, 1, 1, 0), "closed"},
    {"hgx-h100", "llama-3.1-70b", CUT(2, 4, 1, 1, 1, 1, 2, 0), "closed"},
    {"hgx-h800", "deepseek-v3", CUT(1, 1, 1, 32, 32, 1, 2, 2), "closed"},
    {"cloudmatrix-384", "deepseek-r1", CUT(2, 2, 1, 16, 32, 1, 1, 1), "closed"},
    {"gb200-nvl72", "deepseek-r1", CUT(1, 1, 1, 32, 32, 1, 1, 0), "closed"},
    {"gb200-nvl72", "deepseek-v3.2", CUT(4, 1, 2, 1, 8, 1, 1, 0), "closed"},
    {"hgx-b200", "gpt-oss-120b", CUT(4, 1, 1, 1, 1, 4, 1, 0), "closed"},
    {"hgx-h100", "qwen3-next-80b-a3b", CUT(2, 1, 1, 4, 8, 1, 2, 0), "closed"},
    {"gb200-nvl72", "deepseek-v4-pro", CUT(1, 1, 1, 16, 16, 1, 2, 1), "closed"},
    {"hgx-h100", "qwen3-235b-a22b", CUT(2, 1, 1, 4, 1, 8, 1, 0), "closed"},
    {"atlas-950-superpod", "deepseek-v3", CUT(2, 2, 1, 16, 32, 1, 2, 1), "flow"},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

/* One deployment, its compiled step and its table. */
typedef struct rig {
    mu_question q;
    mu_program program;
    mu_compiled *compiled;
    mu_step_table *table;
    mu_arena *arena; /* of this one */
} rig;

static rig r;

static mu_step_table *new_table(double max_sequences, double max_tokens)
{
    mu_step_table *table =
        mu_step_table_create(&r.program, &r.q.machine, max_sequences, max_tokens, r.arena);
    assert_non_null(table);
    return table;
}

static void build_with(const sample *s, double imbalance)
{
    mu_scenario scenario = SCENARIO("system", s->system, "model", s->model, "network", s->network);
    mu_parallel parallel = s->parallel;
    mu_error err = {0};
    parallel.imbalance = imbalance;
    mu_arena_free(r.arena);
    r.arena = mu_arena_create(0);
    r.q = question_of(&scenario);
    if (mu_parallel_check(&r.q.model, &parallel, &err) != MU_OK) {
        fail_msg("%s on %s: %s", s->model, s->system, err.text);
    }
    memset(&r.program, 0, sizeof r.program);
    mu_program_build(&r.q.model, &parallel, &r.q.precision, &r.program);
    mu_cost_book *book = mu_cost_book_create(r.arena, MU_BOOK_LARGE);
    assert_non_null(book);
    mu_cost_book_reset(book, &r.q.machine);
    r.compiled = mu_compile(&r.program, &r.q.machine, book, r.arena);
    assert_non_null(r.compiled);
    r.table = new_table(1024.0, 32768.0);
}

static void build(const sample *s)
{
    build_with(s, 0.0);
}

/* Equal prompts, equal contexts. */
static mu_batch batch_of(double decodes, double context_each, double prompts, double fresh_each,
                         double cached_each)
{
    return (mu_batch){.decode_sequences = decodes,
                      .decode_context = decodes * context_each,
                      .prefill_sequences = prompts,
                      .prefill_tokens = prompts * fresh_each,
                      .prefill_pairs = prompts * fresh_each * (cached_each + 0.5 * fresh_each),
                      .prefill_context = prompts * (cached_each + fresh_each)};
}

/* What the compiled step says of a batch: a round of all stages. */
static mu_step compiled_round(const mu_batch *b, double *time_s)
{
    double stages = r.program.parallel.pp;
    mu_load load = {.prefill_sequences = b->prefill_sequences / stages,
                    .prefill_tokens = b->prefill_tokens / stages,
                    .decode_sequences = b->decode_sequences / stages,
                    .decode_context = b->decode_context / stages};
    if (b->prefill_tokens > 0.0) {
        load.prefill_cached = (b->prefill_context - b->prefill_tokens) / b->prefill_sequences;
    }
    mu_step step;
    mu_compiled_step(r.compiled, &load, &step);
    *time_s = mu_compiled_time(r.compiled, &load) * stages;
    step.time_s *= stages;
    step.flop *= stages;
    step.bytes *= stages;
    step.energy_j *= stages;
    return step;
}

static mu_step_cost cost_of(const mu_batch lane[], uint32_t lanes)
{
    mu_step_cost cost;
    mu_step_table_cost(r.table, lane, lanes, 0.0, &cost);
    return cost;
}

static double off(double got, double want)
{
    return want == got ? 0.0 : fabs(got - want) / fabs(want);
}

/* How far a batch's cost is off: of time, and the worst of work, traffic and energy. */
static void compare(const mu_batch *b, double *time_off, double *rest_off)
{
    double time_s = 0.0;
    mu_step step = compiled_round(b, &time_s);
    mu_step_cost cost = cost_of(b, 1);
    *time_off = off(cost.time_s, time_s);
    *rest_off = fmax(off(cost.flop, step.flop),
                     fmax(off(cost.bytes, step.bytes), off(cost.energy_j, step.energy_j)));
}

static void decode_is_exact_at_nodes(void **state)
{
    (void)state;
    static const double sequences[] = {1, 2, 3, 7, 24, 64, 100, 257, 511, 1000, 2048};
    static const double contexts[] = {16, 128, 1024, 1152, 1920, 4096, 5120, 32768, 114688};
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
            for (size_t k = 0; k < sizeof contexts / sizeof contexts[0]; k++) {
                double time_off;
                double rest_off;
                mu_batch b = batch_of(sequences[i], contexts[k], 0, 0, 0);
                compare(&b, &time_off, &rest_off);
                assert_true(time_off <= 1e-9);
                assert_true(rest_off <= 1e-9);
            }
        }
    }
}

/* Decode, prefill or both, over decades; every seventh of them tiny. */
static mu_batch random_batch(uint64_t index)
{
    double u = mu_random_uniform(2, 1, index);
    double v = mu_random_uniform(2, 2, index);
    double w = mu_random_uniform(2, 3, index);
    double x = mu_random_uniform(2, 4, index);
    double prompts = index % 3 == 0 ? 0.0 : 1.0 + floor(4.0 * x * x);
    double fresh = floor((index % 7 == 0 ? 1.0 : 16.0) * pow(1024.0, u));
    double cached = index % 2 == 0 ? floor(pow(60000.0, w)) : 0.0;
    double decodes = index % 3 == 1 ? 0.0 : floor(pow(1024.0, v));
    mu_batch b = batch_of(decodes, 0, prompts, fresh, cached);
    b.decode_context = floor(decodes * 16.0 * pow(8192.0, w));
    return b;
}

static void random_batches_are_close(void **state)
{
    (void)state;
    double worst_time = 0.0;
    double worst_rest = 0.0;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        double most_time = 0.0;
        double most_rest = 0.0;
        for (uint64_t i = 0; i < 600; i++) {
            double time_off;
            double rest_off;
            mu_batch b = random_batch(i);
            compare(&b, &time_off, &rest_off);
            most_time = fmax(most_time, time_off);
            most_rest = fmax(most_rest, rest_off);
        }
        print_message("%-16s %-20s time %.4f %%, the rest %.4f %%\n", samples[s].system,
                      samples[s].model, 100.0 * most_time, 100.0 * most_rest);
        worst_time = fmax(worst_time, most_time);
        worst_rest = fmax(worst_rest, most_rest);
    }
    assert_true(worst_time <= 0.005);
    assert_true(worst_rest <= 0.01);
}

enum { LANES = 32, TRIES = 200 };

/* Lanes that do the same take as long as one of them. */
static void equal_lanes_are_one(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        for (uint64_t i = 0; i < TRIES; i++) {
            mu_batch lane[LANES];
            for (int k = 0; k < LANES; k++) {
                lane[k] = random_batch(i);
            }
            mu_step_cost one = cost_of(lane, 1);
            mu_step_cost all = cost_of(lane, LANES);
            assert_near(all.time_s, one.time_s, 1e-12);
            assert_near(all.network_s, one.network_s, 1e-12);
            assert_near(all.flop, one.flop, 1e-12);
            assert_near(all.bytes, one.bytes, 1e-12);
            assert_near(all.energy_j, one.energy_j, 1e-12);
        }
    }
}

static mu_batch scaled(const mu_batch *b, double by)
{
    return (mu_batch){b->decode_sequences * by, b->decode_context * by, b->prefill_sequences * by,
                      b->prefill_tokens * by,   b->prefill_pairs * by,  b->prefill_context * by};
}

/* One busy lane among idle ones: no slower than if all were busy, no faster than the same work
 * spread evenly. Kernels jump where their shapes change: a hundredth. */
static void lanes_wait_for_the_slowest(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        for (uint64_t i = 0; i < TRIES; i++) {
            mu_batch busy = random_batch(i);
            busy.decode_sequences *= 8.0;
            busy.decode_context *= 8.0;
            mu_batch alone[8] = {{0}};
            mu_batch all[8];
            mu_batch even[8];
            alone[i % 8] = busy;
            for (int k = 0; k < 8; k++) {
                all[k] = busy;
                even[k] = scaled(&busy, 1.0 / 8.0);
            }
            mu_step_cost one = cost_of(alone, 8);
            mu_step_cost eight = cost_of(all, 8);
            mu_step_cost spread = cost_of(even, 8);
            assert_true(one.time_s <= eight.time_s * 1.01);
            assert_true(one.time_s >= spread.time_s * 0.99);
            assert_true(one.flop <= eight.flop && one.energy_j <= eight.energy_j * 1.01);
        }
    }
}

/* Without experts lanes meet in nothing: the slowest counts. */
static void lanes_of_a_dense_model_are_apart(void **state)
{
    (void)state;
    build(&samples[0]);
    for (uint64_t i = 0; i < TRIES; i++) {
        mu_batch lane[3] = {random_batch(i), random_batch(i + 1000), random_batch(i + 2000)};
        double slowest_s = 0.0;
        double flop = 0.0;
        double bytes = 0.0;
        for (int k = 0; k < 3; k++) {
            mu_step_cost own = cost_of(&lane[k], 1);
            slowest_s = fmax(slowest_s, own.time_s);
            flop += own.flop / 3.0;
            bytes += own.bytes / 3.0;
        }
        mu_step_cost cost = cost_of(lane, 3);
        assert_near(cost.time_s, slowest_s, 1e-12);
        assert_near(cost.flop, flop, 1e-12);
        assert_near(cost.bytes, bytes, 1e-12);
    }
}

/* A passed imbalance is what the program could have been built with. */
static void passed_imbalance_is_the_programs(void **state)
{
    (void)state;
    static const double imbalances[] = {1.0, 1.1, 1.303, 1.75, 3.1};
    enum { N = sizeof imbalances / sizeof imbalances[0] };
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_step_cost passed[N][TRIES];
        build(&samples[s]);
        for (size_t k = 0; k < N; k++) {
            for (uint64_t i = 0; i < TRIES; i++) {
                mu_batch b = random_batch(i);
                mu_step_table_cost(r.table, &b, 1, imbalances[k], &passed[k][i]);
                assert_true(k == 0 || passed[k][i].time_s >= passed[k - 1][i].time_s * 0.999);
            }
        }
        for (size_t k = 0; k < N; k++) {
            build_with(&samples[s], imbalances[k]);
            for (uint64_t i = 0; i < TRIES; i++) {
                mu_batch b = random_batch(i);
                double time_s = 0.0;
                (void)compiled_round(&b, &time_s);
                assert_near(passed[k][i].time_s, time_s, 0.005);
            }
        }
    }
}

/* Measured surfaces have dents; without them more work takes longer. */
static void more_context_is_never_faster(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        memset(r.q.machine.chip.surface, 0, sizeof r.q.machine.chip.surface);
        for (double sequences = 1.0; sequences <= 512.0; sequences *= 2.0) {
            double last_s = 0.0;
            for (double mean = 1.0; mean < 60000.0; mean *= 1.013) {
                mu_batch b = batch_of(sequences, mean, 0, 0, 0);
                double time_s = cost_of(&b, 1).time_s;
                assert_true(time_s >= last_s * (1.0 - 1e-12));
                last_s = time_s;
            }
        }
    }
}

/* What was asked before, and what was forgotten since, changes no bit. */
static void order_does_not_matter(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        mu_step_table *small = new_table(1.0, 1.0);
        mu_step_cost first[TRIES];
        enum { ASKED = 20 * TRIES };
        for (uint64_t i = 0; i < ASKED; i++) {
            mu_batch lane[2] = {random_batch(i), random_batch(i + 1)};
            mu_step_cost cost;
            mu_step_table_cost(r.table, lane, 2, 0.0, &cost);
            if (i < TRIES) {
                first[i] = cost;
            }
        }
        for (uint64_t i = ASKED; i-- > 0;) {
            mu_batch lane[2] = {random_batch(i), random_batch(i + 1)};
            mu_step_cost cost;
            mu_step_table_cost(small, lane, 2, 0.0, &cost);
            assert_true(i >= TRIES || memcmp(&cost, &first[i], sizeof cost) == 0);
        }
    }
}

/* Where compute never hides behind communication, what is left of communication is its parts. */
static void network_is_communication_unhidden(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        build(&samples[s]);
        bool serial = r.program.parallel.microbatches == 1 && r.program.parallel.dp == 1;
        for (uint64_t i = 0; i < TRIES; i++) {
            mu_batch b = random_batch(i);
            double time_s = 0.0;
            mu_step step = compiled_round(&b, &time_s);
            double parts_s = step.part_s[MU_PART_TENSOR_COMM] + step.part_s[MU_PART_EXPERT_COMM] +
                             step.part_s[MU_PART_PIPELINE_COMM];
            parts_s *= r.program.parallel.pp;
            mu_step_cost cost = cost_of(&b, 1);
            assert_true(cost.network_s >= 0.0 && cost.network_s <= cost.time_s);
            assert_true(cost.network_s <= parts_s * 1.005);
            assert_true(!serial || cost.network_s >= parts_s * 0.995);
        }
    }
}

/* Prompts of different lengths: as one step with as many prompts, tokens and pairs. */
static void unlike_prompts_keep_their_pairs(void **state)
{
    (void)state;
    build(&samples[0]);
    mu_batch b = {.prefill_sequences = 2.0,
                  .prefill_tokens = 100.0 + 3000.0,
                  .prefill_pairs = 100.0 * 50.0 + 3000.0 * (2000.0 + 1500.0),
                  .prefill_context = 100.0 + 5000.0};
    double cached = b.prefill_pairs / 3100.0 - 0.5 * 1550.0;
    mu_load load = {.prefill_sequences = 2.0, .prefill_tokens = 3100.0, .prefill_cached = cached};
    mu_step_cost cost = cost_of(&b, 1);
    assert_near(cost.time_s, mu_compiled_time(r.compiled, &load), 1e-9);
    mu_batch shorter = b;
    shorter.prefill_pairs = 0.0; /* less than as many tokens without any cache have */
    mu_batch bare = batch_of(0, 0, 2, 1550, 0);
    assert_near(cost_of(&shorter, 1).time_s, cost_of(&bare, 1).time_s, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_is_exact_at_nodes),
        cmocka_unit_test(random_batches_are_close),
        cmocka_unit_test(equal_lanes_are_one),
        cmocka_unit_test(lanes_wait_for_the_slowest),
        cmocka_unit_test(lanes_of_a_dense_model_are_apart),
        cmocka_unit_test(passed_imbalance_is_the_programs),
        cmocka_unit_test(more_context_is_never_faster),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(network_is_communication_unhidden),
        cmocka_unit_test(unlike_prompts_keep_their_pairs),
    };
    int failed = cmocka_run_group_tests(tests, twin_open, twin_close);
    mu_arena_free(r.arena);
    return failed;
}
