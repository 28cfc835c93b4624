/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the compiled step is the plain one; step time is physical.
 * Method: two methods against each other on seeded loads and deployments; properties (faster parts
 * are never slower, twice every rate is half the time, never beyond the roofline, parts sum to the
 * whole).
 */
#include "base/random.h"
#include "schedule/step.h"
#include "twin_helper.h"

#include <math.h>

static mu_program program;

typedef struct sample {
    const char *system;
    const char *model;
    mu_parallel parallel;
} sample;

static const sample samples[] = {
    {"hgx-h100",
     "llama-3.1-70b",
     {.tp = 8, .pp = 1, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 1, .microbatches = 1}},
    {"hgx-h100",
     "llama-3.1-70b",
     {.tp = 2, .pp = 4, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 1, .microbatches = 2}},
    {"hgx-h800",
     "deepseek-v3",
     {.tp = 1, .pp = 1, .cp = 1, .dp = 32, .ep = 32, .moe_tp = 1, .microbatches = 2, .mtp = 2}},
    {"cloudmatrix-384",
     "deepseek-r1",
     {.tp = 2, .pp = 3, .cp = 1, .dp = 16, .ep = 32, .moe_tp = 1, .microbatches = 1, .mtp = 1}},
    {"gb200-nvl72",
     "deepseek-v3.2",
     {.tp = 4, .pp = 1, .cp = 2, .dp = 1, .ep = 8, .moe_tp = 1, .microbatches = 1}},
    {"hgx-b200",
     "gpt-oss-120b",
     {.tp = 4, .pp = 1, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 4, .microbatches = 1}},
    {"hgx-h100",
     "qwen3-next-80b-a3b",
     {.tp = 2, .pp = 1, .cp = 1, .dp = 4, .ep = 8, .moe_tp = 1, .microbatches = 2}},
    {"gb200-nvl72",
     "deepseek-v4-pro",
     {.tp = 1, .pp = 1, .cp = 1, .dp = 16, .ep = 16, .moe_tp = 1, .microbatches = 2, .mtp = 1}},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

static mu_question build(const sample *s)
{
    mu_scenario scenario = SCENARIO("system", s->system, "model", s->model);
    mu_question q = question_of(&scenario);
    mu_error err = {0};
    if (mu_parallel_check(&q.model, &s->parallel, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    mu_program_build(&q.model, &s->parallel, &q.precision, &program);
    return q;
}

/* Prefill only, decode only or both, over decades. */
static mu_load random_load(uint64_t index)
{
    double u = mu_random_uniform(1, 1, index);
    double v = mu_random_uniform(1, 2, index);
    mu_load load = {0};
    if (index % 3 != 0) {
        load.prefill_sequences = 1.0 + floor(4.0 * v);
        load.prefill_tokens = floor(64.0 * pow(400.0, u)) * load.prefill_sequences;
        load.prefill_cached = index % 2 == 0 ? 1000.0 * v : 0.0;
    }
    if (index % 3 != 1) {
        load.decode_sequences = floor(pow(512.0, v)) + (index % 5 == 0 ? 0.5 : 0.0);
        load.decode_context = load.decode_sequences * (16.0 + 20000.0 * u);
    }
    return load;
}

static void compiled_equals_plain(void **state)
{
    (void)state;
    mu_cost_book *book = mu_cost_book_create(t.arena, MU_BOOK_SMALL);
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        mu_cost_book_reset(book, &q.machine);
        mu_compiled *compiled = mu_compile(&program, &q.machine, book, t.arena);
        assert_non_null(compiled);
        for (uint64_t i = 0; i < 60; i++) {
            mu_load load = random_load(i);
            mu_step plain;
            mu_step step;
            mu_step_plain(&program, &q.machine, &load, &plain);
            mu_compiled_step(compiled, &load, &step);
            assert_near(step.time_s, plain.time_s, 1e-9);
            assert_near(mu_compiled_time(compiled, &load), plain.time_s, 1e-9);
            assert_near(step.energy_j, plain.energy_j, 1e-9);
            assert_near(step.flop, plain.flop, 1e-9);
            assert_near(step.bytes, plain.bytes, 1e-9);
            for (unsigned p = 0; p < MU_PART_COUNT; p++) {
                assert_near(step.part_s[p], plain.part_s[p], 1e-9);
            }
        }
    }
}

static void parts_sum_to_the_time(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        for (uint64_t i = 0; i < 30; i++) {
            mu_load load = random_load(i);
            mu_step step;
            mu_step_plain(&program, &q.machine, &load, &step);
            double parts = 0.0;
            double bounds = 0.0;
            for (unsigned p = 0; p < MU_PART_COUNT; p++) {
                assert_true(step.part_s[p] >= 0.0);
                parts += step.part_s[p];
            }
            for (unsigned b = 0; b < MU_BOUND_COUNT; b++) {
                bounds += step.bound_s[b];
            }
            assert_near(parts, step.time_s, 1e-9);
            assert_near(bounds, step.time_s, 1e-9);
        }
    }
}

/* Time is never less than the matrix work at peak, nor the energy beyond TDP or below idle. */
static void never_beyond_the_roofline(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        double peak = 0.0;
        for (unsigned d = 0; d < MU_DTYPE_COUNT; d++) {
            peak = fmax(peak, q.machine.chip.peak_flops[d]);
        }
        for (uint64_t i = 0; i < 30; i++) {
            mu_load load = random_load(i);
            mu_step step;
            mu_step_plain(&program, &q.machine, &load, &step);
            assert_true(step.time_s * peak >= step.flop * (1.0 - 1e-12));
            assert_true(step.energy_j <= q.machine.chip.tdp_w * step.time_s * (1.0 + 1e-12));
            assert_true(step.energy_j >= q.machine.chip.idle_w * step.time_s * (1.0 - 1e-12));
        }
    }
}

typedef void improve(mu_machine *machine);

static void more_bandwidth(mu_machine *m)
{
    m->chip.memory_bandwidth *= 1.3;
}

static void more_compute(mu_machine *m)
{
    for (unsigned d = 0; d < MU_DTYPE_COUNT; d++) {
        m->chip.peak_flops[d] *= 1.3;
    }
    m->chip.vector_flops *= 1.3;
}

static void more_wire(mu_machine *m)
{
    for (uint32_t i = 0; i < m->fabric.tier_count; i++) {
        m->fabric.tier[i].bandwidth *= 1.3;
    }
}

static void more_of_all(mu_machine *m)
{
    m->chip.memory_bandwidth *= 2.0;
    m->chip.vector_flops *= 2.0;
    m->chip.clock_hz *= 2.0;
    for (unsigned d = 0; d < MU_DTYPE_COUNT; d++) {
        m->chip.peak_flops[d] *= 2.0;
    }
    for (uint32_t i = 0; i < m->fabric.tier_count; i++) {
        m->fabric.tier[i].bandwidth *= 2.0;
    }
}

static void better_is_never_slower(void **state)
{
    (void)state;
    improve *const ways[] = {more_bandwidth, more_compute, more_wire};
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            mu_machine better = q.machine;
            ways[w](&better);
            for (uint64_t i = 0; i < 30; i++) {
                mu_load load = random_load(i);
                mu_step before;
                mu_step after;
                mu_step_plain(&program, &q.machine, &load, &before);
                mu_step_plain(&program, &better, &load, &after);
                assert_true(after.time_s <= before.time_s * (1.0 + 1e-9));
            }
        }
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void halve(void *base, size_t offset)
{
    double *value = (double *)(void *)((char *)base + offset);
    *value *= 0.5;
}

/* Every rate twice, every fixed time half. */
static mu_machine twice_as_fast(const mu_machine *machine)
{
    mu_machine fast = *machine;
    more_of_all(&fast);
    size_t count = 0;
    const mu_param_spec *chip = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        if (ends_with(chip[i].name, "_us") || ends_with(chip[i].name, "_ns")) {
            halve(&fast.chip.params, chip[i].offset);
        }
    }
    const mu_tier_param_spec *tier = mu_tier_param_specs(&count);
    for (uint32_t k = 0; k < fast.fabric.tier_count; k++) {
        for (size_t i = 0; i < count; i++) {
            if (ends_with(tier[i].name, "_s")) {
                halve(&fast.fabric.tier[k], tier[i].offset);
            }
        }
    }
    fast.engine.host_step *= 0.5;
    fast.engine.host_per_sequence *= 0.5;
    fast.engine.launch_gap *= 0.5;
    fast.engine.fixed_8bit *= 0.5;
    fast.engine.fixed_block *= 0.5;
    fast.engine.fixed_4bit *= 0.5;
    fast.engine.fixed_experts *= 0.5;
    return fast;
}

/* Combining a token's first copies takes a time of its own, whatever the link (exchange.c). */
static bool exchanges(const mu_program *p)
{
    for (uint32_t i = 0; i < p->op_count; i++) {
        if (p->op[i].kind == MU_OP_EXCHANGE) {
            return true;
        }
    }
    return false;
}

static void twice_the_rates_is_half_the_time(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        q.machine.chip.params.gemm_droop = 0.0; /* power answers in its own time, about a ms */
        mu_machine fast = twice_as_fast(&q.machine);
        double tolerance = exchanges(&program) ? 0.1 : 1e-9;
        for (uint64_t i = 0; i < 30; i++) {
            mu_load load = random_load(i);
            mu_step before;
            mu_step after;
            mu_step_plain(&program, &q.machine, &load, &before);
            mu_step_plain(&program, &fast, &load, &after);
            assert_near(after.time_s, 0.5 * before.time_s, tolerance);
        }
    }
}

/* One long decode step, worked from the outside: weights and cache once through memory. */
static void decode_reads_weights_and_cache(void **state)
{
    (void)state;
    mu_question q = build(&samples[0]);
    mu_load load = {.decode_sequences = 64, .decode_context = 64.0 * 8192.0};
    mu_step step;
    mu_step_plain(&program, &q.machine, &load, &step);
    double weights =
        2.0 * (70553706496.0 - 128256.0 * 8192.0) / 8.0; /* the input table is looked up */
    double cache = 64.0 * 8192.0 * 327680.0 / 8.0;
    assert_true(step.bytes >= weights + cache);
    assert_true(step.bytes <= 1.1 * (weights + cache));
    assert_true(step.time_s * q.machine.chip.memory_bandwidth >= weights + cache);
}

static void more_work_takes_longer(void **state)
{
    (void)state;
    for (size_t s = 0; s < SAMPLES; s++) {
        mu_question q = build(&samples[s]);
        double last_s = 0.0;
        for (double batch = 1.0; batch <= 4096.0; batch *= 2.0) {
            mu_load load = {.decode_sequences = batch, .decode_context = batch * 4096.0};
            mu_step step;
            mu_step_plain(&program, &q.machine, &load, &step);
            assert_true(step.time_s >= last_s * 0.97);
            last_s = step.time_s;
        }
    }
}

static void two_batches_hide_communication(void **state)
{
    (void)state;
    sample s = samples[2];
    mu_load load = {.decode_sequences = 128, .decode_context = 128.0 * 4096.0};
    mu_question q = build(&s);
    q.machine.engine.overlap_efficiency = 1.0;
    mu_step overlapped;
    mu_step_plain(&program, &q.machine, &load, &overlapped);
    q.machine.engine.overlap_efficiency = 0.0;
    mu_step serial;
    mu_step_plain(&program, &q.machine, &load, &serial);
    assert_true(overlapped.time_s < serial.time_s);
    double comm_s = serial.part_s[MU_PART_EXPERT_COMM] + serial.part_s[MU_PART_TENSOR_COMM];
    assert_true(serial.time_s - overlapped.time_s <= comm_s * (1.0 + 1e-9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_equals_plain),
        cmocka_unit_test(parts_sum_to_the_time),
        cmocka_unit_test(never_beyond_the_roofline),
        cmocka_unit_test(better_is_never_slower),
        cmocka_unit_test(twice_the_rates_is_half_the_time),
        cmocka_unit_test(decode_reads_weights_and_cache),
        cmocka_unit_test(more_work_takes_longer),
        cmocka_unit_test(two_batches_hide_communication),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
