/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the cost of a dense product is the stated formula, keeps its bounds, and stays near
 * measured chips. Method: values worked by hand on round-number chips; properties on seeded random
 * chips and shapes; the measured tables of two chips against the untuned prior.
 */
#include "base/random.h"
#include "chip/path.h"
#include "chip_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHAPES = 4000 };

/* H100-like; parameters at the prior. */
static mu_chip big_chip(void)
{
    mu_chip chip = gpu();
    chip.vector_flops = 60e12;
    chip.peak_flops[MU_DTYPE_INT8] = 1979e12;
    return chip;
}

/* Any plausible chip with parameters anywhere in their prior. */
static mu_chip random_chip(uint64_t index)
{
    mu_chip chip = big_chip();
    double scale = exp(3 * (mu_random_uniform(1, 0, index) - 0.5));
    chip.memory_bandwidth *= exp(2 * (mu_random_uniform(1, 1, index) - 0.5));
    chip.l2_bytes *= exp(3 * (mu_random_uniform(1, 2, index) - 0.5));
    chip.cores = floor(8 + 200 * mu_random_uniform(1, 3, index));
    for (int i = 0; i < MU_DTYPE_COUNT; i++) {
        chip.peak_flops[i] *= scale;
    }
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        double u = mu_random_uniform(1, 10 + i, index);
        double low = specs[i].prior.low;
        double value = low + u * (specs[i].prior.high - low);
        *(double *)((char *)&chip.params + specs[i].offset) = value;
    }
    return chip;
}

static double log_uniform(double low, double high, uint64_t stream, uint64_t index)
{
    return low * pow(high / low, mu_random_uniform(2, stream, index));
}

static mu_gemm random_shape(uint64_t index)
{
    static const mu_dtype kinds[][2] = {
        {MU_DTYPE_BF16, MU_DTYPE_BF16},           {MU_DTYPE_FP8, MU_DTYPE_FP8},
        {MU_DTYPE_FP8_BLOCK, MU_DTYPE_FP8_BLOCK}, {MU_DTYPE_INT8, MU_DTYPE_INT8},
        {MU_DTYPE_BF16, MU_DTYPE_INT4},           {MU_DTYPE_FP4, MU_DTYPE_FP4}};
    const mu_dtype *kind = kinds[index % 6];
    return (mu_gemm){.m = log_uniform(1, 40000, 0, index),
                     .n = (uint32_t)log_uniform(16, 70000, 1, index),
                     .k = (uint32_t)log_uniform(16, 70000, 2, index),
                     .batch = index % 5 == 0 ? 16 : 1,
                     .activations = kind[0],
                     .weights = kind[1],
                     .quantised_input = index % 2 == 0,
                     .reuse_bytes = index % 3 == 0 ? log_uniform(1e6, 1e9, 3, index) : 0};
}

static double time_of(const mu_chip *chip, const mu_gemm *shape)
{
    return mu_chip_gemm(chip, shape).time_s;
}

static void assert_near(double got, double wanted, double relative)
{
    if (!(fabs(got - wanted) <= relative * fabs(wanted))) {
        fail_msg("got %.9g, wanted %.9g", got, wanted);
    }
}

/* One core at 1 Tflop/s, memory at 1 TB/s, nothing else in the way. */
static mu_tile_rates plain_rates(void)
{
    return (mu_tile_rates){.cores = 1,
                           .core_flops = 1e12,
                           .core_bytes = 1e18,
                           .memory_bandwidth = 1e12,
                           .l2_bytes = 1e12,
                           .split_s = 1};
}

static void tile_by_hand(void **state)
{
    (void)state;
    mu_tile_rates rates = plain_rates();
    mu_tile_work work = {128, 128, 1000, 1, 2, 2, 1e6, false};
    /* 2 * 128 * 128 * 1000 / 1e12 = 32.768 us; memory's 1 us hides behind it */
    assert_near(mu_tile_cost(&rates, &work).time_s, 32.768e-6, 1e-12);
    work.memory_bytes = 100e6;
    assert_near(mu_tile_cost(&rates, &work).time_s, 100e-6, 1e-12);
    rates.softness = 0.5; /* 100 us + 0.5 * 32.768^2 / 100 us */
    assert_near(mu_tile_cost(&rates, &work).time_s, 105.3687e-6, 1e-6);
}

static void waves_by_hand(void **state)
{
    (void)state;
    mu_tile_rates rates = plain_rates();
    rates.cores = 4;
    rates.step_s = 65.536e-9; /* any tile costs at least what 128 x 256 does, so that one is best */
    rates.wave = 1;
    mu_tile_work work = {128, 5 * 256, 1000, 1, 2, 2, 0, false};
    assert_near(mu_tile_cost(&rates, &work).time_s, 2 * 65.536e-6, 1e-9); /* 5 tiles, 4 cores */
    rates.wave = 0;
    assert_near(mu_tile_cost(&rates, &work).time_s, 1.25 * 65.536e-6, 1e-9);
    rates.wave = 1;
    rates.fill = 100;
    assert_near(mu_tile_cost(&rates, &work).time_s, 2 * 1.1 * 65.536e-6, 1e-9);
    work.n = 256; /* one tile: four cores can share its K loop when summing up is free */
    rates.fill = 0;
    rates.split_s = 0;
    rates.memory_bandwidth = 1e30;
    assert_near(mu_tile_cost(&rates, &work).time_s, 65.536e-6 / 4, 1e-9);
}

static void cold_bytes_by_hand(void **state)
{
    (void)state;
    assert_near(mu_path_cold_bytes(50e6, 1, 50e6), 25e6, 1e-12); /* exactly the room: half of it */
    assert_near(mu_path_cold_bytes(100e6, 1, 50e6), 100e6 * 16 / 17, 1e-12);
    assert_near(mu_path_cold_bytes(7, 0, 50e6), 7, 0); /* no room at all */
    assert_true(mu_path_cold_bytes(0, 1, 50e6) == 0);
}

/* Half is lost where all that is touched fills the share; 1.1^32 = 21.1 to one a tenth beyond. */
static void missed_by_hand(void **state)
{
    (void)state;
    mu_chip chip = {.l2_bytes = 100e6};
    assert_near(mu_path_missed(&chip, 80e6, 0.8), 0.5, 1e-12);
    assert_near(mu_path_missed(&chip, 88e6, 0.8), 1 - 1 / (1 + pow(1.1, 32)), 1e-12);
    assert_true(mu_path_missed(&chip, 40e6, 0.8) < 1e-9);
    assert_near(mu_path_missed(&chip, 1e12, 0.8), 1, 0);
    assert_near(mu_path_missed(&chip, 0, 0.8), 1, 0);
    assert_near(mu_path_missed(&chip, 1, 0), 1, 0);
    chip.l2_partitions = 2; /* a line is kept in one and a half places */
    assert_near(mu_path_missed(&chip, 100e6, 1.5), 0.5, 1e-12);
}

static void paths(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_BF16, MU_DTYPE_BF16), MU_DTYPE_BF16);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_BF16, MU_DTYPE_INT4), MU_DTYPE_BF16);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_FP8, MU_DTYPE_FP8_BLOCK), MU_DTYPE_FP8_BLOCK);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_FP8, MU_DTYPE_FP4), MU_DTYPE_FP8);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_INT8, MU_DTYPE_INT4), MU_DTYPE_INT8);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_FP8, MU_DTYPE_INT8), MU_DTYPE_BF16);
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_FP4, MU_DTYPE_FP4), MU_DTYPE_BF16);
    chip.peak_flops[MU_DTYPE_FP8] = 0; /* as on A100 or 910C: never to int8 */
    assert_int_equal(mu_chip_path(&chip, MU_DTYPE_FP8, MU_DTYPE_FP8), MU_DTYPE_BF16);
    mu_path path = mu_path_of(&chip, MU_DTYPE_FP8, MU_DTYPE_FP8);
    assert_true(path.weight_only && !path.quantises);
    assert_near(path.b_bytes, 1, 1e-12);
    assert_near(path.a_bytes, 2, 1e-12);
}

/* Every term by hand: 10 us launch, 1e9 bytes at 1 TB/s, 5 us of quantising 1000 x 1e6 elements' 3
 * bytes. */
static void gemm_by_hand(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    chip.memory_bandwidth = 1e12;
    chip.l2_bytes = 1;
    mu_chip_params *p = &chip.params;
    p->gemm_fp8_bandwidth = 1;
    p->gemm_fp8_launch_us = 10;
    p->gemm_fp8_write = 0;
    p->gemm_fp8_quantise_us = 5;
    p->gemm_fp8_quantise_bandwidth = 0.5;
    p->gemm_quantise_row_ns = 0;
    p->gemm_quantise_spread_us = 0;
    p->gemm_fp8_softness = 0;
    p->gemm_fp8_ramp_us = 0;
    p->gemm_miss = 0;
    mu_gemm shape = {.m = 1,
                     .n = 30000,
                     .k = 30000,
                     .activations = MU_DTYPE_FP8,
                     .weights = MU_DTYPE_FP8,
                     .quantised_input = true};
    double bytes = 30000.0 * 30000 + 30000 + 2 * 30000;
    mu_kernel_cost cost = mu_chip_gemm(&chip, &shape);
    assert_near(cost.time_s, 10e-6 + bytes / 1e12, 1e-9);
    assert_near(cost.launch_s, 10e-6, 1e-12);
    assert_near(cost.flop, 1.8e9, 1e-12);
    assert_near(cost.bytes, bytes, 1e-12);
    assert_int_equal(cost.bound, MU_BOUND_MEMORY);
    assert_int_equal(cost.dtype, MU_DTYPE_FP8);
    shape.quantised_input = false;
    cost = mu_chip_gemm(&chip, &shape);
    assert_near(cost.time_s, 15e-6 + bytes / 1e12 + 3 * 30000 / 0.5e12, 1e-9);
}

static void bounds_named(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    mu_gemm shape = {
        .m = 8192, .n = 8192, .k = 8192, .activations = MU_DTYPE_BF16, .weights = MU_DTYPE_BF16};
    assert_int_equal(mu_chip_gemm(&chip, &shape).bound, MU_BOUND_COMPUTE);
    shape.m = 1;
    assert_int_equal(mu_chip_gemm(&chip, &shape).bound, MU_BOUND_MEMORY);
    shape.n = 16;
    shape.k = 16;
    assert_int_equal(mu_chip_gemm(&chip, &shape).bound, MU_BOUND_LAUNCH);
}

static void never_beats_roofline(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_gemm shape = random_shape(i);
        mu_kernel_cost cost = mu_chip_gemm(&chip, &shape);
        mu_path path = mu_path_of(&chip, shape.activations, shape.weights);
        assert_true(isfinite(cost.time_s));
        assert_true(cost.time_s >= cost.flop / path.peak_flops);
        assert_true(cost.bytes <= chip.l2_bytes ||
                    cost.time_s >= cost.bytes / chip.memory_bandwidth);
        assert_true(cost.time_s >= cost.launch_s);
    }
}

static void grows_with_work(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_gemm shape = random_shape(i);
        double base = time_of(&chip, &shape) * (1 - 1e-12);
        double step = 1 + 2 * mu_random_uniform(3, 0, i);
        mu_gemm more = shape;
        more.m = shape.m * step;
        assert_true(time_of(&chip, &more) >= base);
        more = shape;
        more.n = (uint32_t)(shape.n * step) + 1;
        assert_true(time_of(&chip, &more) >= base);
        more = shape;
        more.k = (uint32_t)(shape.k * step) + 1;
        assert_true(time_of(&chip, &more) >= base);
        more = shape;
        more.batch = shape.batch + 1;
        assert_true(time_of(&chip, &more) >= base);
    }
}

static void better_chip_is_never_slower(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_gemm shape = random_shape(i);
        double base = time_of(&chip, &shape) * (1 + 1e-12);
        double gain = 1 + 3 * mu_random_uniform(4, 0, i);
        mu_chip better = chip;
        better.memory_bandwidth *= gain;
        assert_true(time_of(&better, &shape) <= base);
        better = chip;
        better.memory_capacity *= gain;
        assert_true(time_of(&better, &shape) <= base);
        better = chip;
        better.l2_bytes *= gain;
        assert_true(time_of(&better, &shape) <= base);
        better = chip;
        for (int j = 0; j < MU_DTYPE_COUNT; j++) {
            better.peak_flops[j] *= gain;
        }
        assert_true(time_of(&better, &shape) <= base);
    }
}

static void specs_are_sound(void **state)
{
    (void)state;
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    assert_int_equal(count * sizeof(double), sizeof(mu_chip_params));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(specs[i].offset, i * sizeof(double));
        assert_true(specs[i].min <= specs[i].prior.low);
        assert_true(specs[i].prior.low <= specs[i].prior.best);
        assert_true(specs[i].prior.best <= specs[i].prior.high);
        assert_true(specs[i].prior.high <= specs[i].max);
        assert_true(specs[i].doc[0] != '\0');
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Opens a table or says loudly that it is not there. */
static FILE *open_table(const char *name)
{
    const char *folder = getenv("MUSTER_TABLES");
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/ops/%s", folder ? folder : "../shared/data", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        (void)fprintf(stderr, "SKIPPED: no table %s (set MUSTER_TABLES)\n", path);
        skip();
    }
    return file;
}

enum { ROWS_MAX = 4096 };

/* Median of |predicted / measured - 1|; rows that `row` cannot read are passed over. */
static double table_median(FILE *file, const mu_chip *chip,
                           bool (*row)(const char *, mu_gemm *, double *))
{
    static double error[ROWS_MAX];
    size_t count = 0;
    char line[512];
    while (fgets(line, sizeof(line), file) && count < ROWS_MAX) {
        mu_gemm shape = {0};
        double latency_us = 0;
        if (row(line, &shape, &latency_us)) {
            error[count++] = fabs(time_of(chip, &shape) * 1e6 / latency_us - 1);
        }
    }
    (void)fclose(file);
    assert_true(count > 50);
    qsort(error, count, sizeof(error[0]), compare);
    return error[count / 2];
}

static bool ascend_row(const char *line, mu_gemm *shape, double *latency_us)
{
    unsigned m = 0;
    shape->activations = MU_DTYPE_BF16;
    shape->weights = MU_DTYPE_BF16;
    int got = sscanf(line, "bf16,%u,%u,%u,%lf", &m, &shape->n, &shape->k, latency_us);
    shape->m = m;
    return got == 4;
}

static void prior_is_near_ascend_table(void **state)
{
    (void)state;
    FILE *file = open_table("910b/gemm.csv");
    mu_chip chip = big_chip();
    chip.memory_bandwidth = 1.6e12;
    chip.l2_bytes = 192e6;
    chip.cores = 24;
    chip.peak_flops[MU_DTYPE_BF16] = 376e12;
    double median = table_median(file, &chip, ascend_row);
    (void)fprintf(stderr, "910C die, BF16, untuned prior: median error %.1f %%\n", 100 * median);
    assert_true(median < 0.28);
}

static bool h800_row(const char *line, mu_gemm *shape, double *latency_us)
{
    unsigned m = 0;
    shape->activations = MU_DTYPE_FP8_BLOCK;
    shape->weights = MU_DTYPE_FP8_BLOCK;
    shape->quantised_input = true;
    int got = sscanf(line, "%u,%u,%u,%lf", &m, &shape->k, &shape->n, latency_us);
    shape->m = m;
    return got == 4;
}

static void prior_is_near_h800_table(void **state)
{
    (void)state;
    FILE *file = open_table("h800/gemm-data.csv");
    mu_chip chip = big_chip();
    double median = table_median(file, &chip, h800_row);
    (void)fprintf(stderr, "H800, FP8 blocks, untuned prior: median error %.1f %%\n", 100 * median);
    assert_true(median < 0.14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tile_by_hand),
        cmocka_unit_test(waves_by_hand),
        cmocka_unit_test(cold_bytes_by_hand),
        cmocka_unit_test(missed_by_hand),
        cmocka_unit_test(paths),
        cmocka_unit_test(gemm_by_hand),
        cmocka_unit_test(bounds_named),
        cmocka_unit_test(never_beats_roofline),
        cmocka_unit_test(grows_with_work),
        cmocka_unit_test(better_chip_is_never_slower),
        cmocka_unit_test(specs_are_sound),
        cmocka_unit_test(prior_is_near_ascend_table),
        cmocka_unit_test(prior_is_near_h800_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
