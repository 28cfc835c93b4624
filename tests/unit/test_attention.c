/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   attention costs what its formula says, keeps its bounds, and stays near measured chips.
 * Method: values worked by hand on a chip of round numbers; properties on seeded random chips and
 *         shapes; measured tables of two chips against parameters fitted to them.
 */
#include "base/random.h"
#include "chip_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES = 4000 };

/* Relative to the expected value. */
static void assert_near(double value, double expected, double tolerance)
{
    assert_true(fabs(value - expected) <= tolerance * fabs(expected));
}

static bool grows(double before, double after)
{
    return after >= before * (1.0 - 1e-12);
}

static double uniform(uint64_t stream, uint64_t index)
{
    return mu_random_uniform(7, stream, index);
}

static double log_uniform(double low, double high, uint64_t stream, uint64_t index)
{
    return low * pow(high / low, uniform(stream, index));
}

/* Any plausible chip with parameters anywhere in their prior; every third without FP8. */
static mu_chip random_chip(uint64_t index)
{
    mu_chip chip = gpu();
    double scale = exp(3.0 * (uniform(0, index) - 0.5));
    chip.peak_flops[MU_DTYPE_BF16] *= scale;
    chip.peak_flops[MU_DTYPE_FP8] *= index % 3 == 0 ? 0.0 : scale;
    chip.vector_flops *= scale;
    chip.memory_bandwidth *= exp(2.0 * (uniform(1, index) - 0.5));
    chip.cores = floor(8.0 + 200.0 * uniform(2, index));
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        double low = specs[i].prior.low;
        double value = low + uniform(100 + i, index) * (specs[i].prior.high - low);
        memcpy((char *)&chip.params + specs[i].offset, &value, sizeof value);
    }
    return chip;
}

static mu_attention_prefill random_prefill(uint64_t index)
{
    static const uint32_t dims[] = {64, 128, 192, 256};
    uint32_t kv_heads = 1U << (index % 5);
    bool mla = index % 7 == 0;
    uint32_t heads = kv_heads * (mla ? 1U : 1U + (uint32_t)(index % 9));
    uint32_t dim = dims[index % 4];
    return (mu_attention_prefill){
        .sequences = log_uniform(1.0, 64.0, 10, index),
        .new_tokens = log_uniform(1.0, 40000.0, 11, index),
        .cached_tokens = index % 3 == 0 ? log_uniform(1.0, 40000.0, 12, index) : 0.0,
        .heads = heads,
        .kv_heads = kv_heads,
        .qk_dim = mla ? 192 : dim,
        .v_dim = mla ? 128 : dim,
        .window = index % 4 == 0 ? 1024 : 0,
        .compute = index % 11 == 0 ? MU_DTYPE_FP8 : MU_DTYPE_BF16,
        .kv = index % 2 == 0 ? MU_DTYPE_BF16 : MU_DTYPE_FP8,
        .mla = mla,
        .warm = index % 5 == 0,
    };
}

static mu_attention_decode random_decode(uint64_t index)
{
    bool mla = index % 3 == 0;
    uint32_t kv_heads = mla ? 1 : 1U << (index % 6);
    double sequences = log_uniform(1.0, 2000.0, 20, index);
    return (mu_attention_decode){
        .sequences = sequences,
        .context_sum = sequences * log_uniform(1.0, 200000.0, 21, index),
        .query_tokens = 1.0 + (double)(index % 3),
        .heads = mla ? 1U << (index % 8) : kv_heads * (1U + (uint32_t)(index % 40)),
        .kv_heads = kv_heads,
        .qk_dim = mla ? 576 : 128,
        .v_dim = mla ? 512 : 128,
        .compute = MU_DTYPE_BF16,
        .kv = index % 2 == 0 ? MU_DTYPE_BF16 : MU_DTYPE_FP8,
        .mla = mla,
        .warm = index % 5 == 0,
    };
}

/* One core, 1 TFLOP/s, 1 GB/s, no softmax: every term by hand. */
static mu_chip small_chip(void)
{
    mu_chip chip = {.memory_bandwidth = 1e9, .cores = 1, .clock_hz = 1e9, .tdp_w = 1};
    chip.peak_flops[MU_DTYPE_BF16] = 1e12;
    memset(&chip.params, 0, sizeof chip.params);
    chip.params.prefill_efficiency = 0.5;
    chip.params.prefill_launch_us = 10.0;
    chip.params.prefill_passes = 1.0;
    chip.params.prefill_kv_passes = 2.0;
    chip.params.attention_l2_gain = 2.0;
    chip.params.decode_bandwidth_efficiency = 0.5;
    chip.params.decode_tile_share = 0.25;
    chip.params.decode_launch_us = 10.0;
    chip.params.decode_item_us = 1.0;
    chip.params.decode_combine_us = 4.0;
    chip.params.decode_split_tokens = 1024.0;
    chip.params.decode_split_fill = 1.0;
    chip.params.decode_group_max = 8.0;
    return chip;
}

static void test_prefill_by_hand(void **state)
{
    (void)state;
    mu_chip chip = small_chip();
    mu_attention_prefill shape = {.sequences = 1,
                                  .new_tokens = 4,
                                  .heads = 2,
                                  .kv_heads = 1,
                                  .qk_dim = 8,
                                  .v_dim = 8,
                                  .compute = MU_DTYPE_BF16,
                                  .kv = MU_DTYPE_BF16};
    mu_kernel_cost cost = mu_chip_attention_prefill(&chip, &shape);
    /* 1 + 2 + 3 + 4 pairs, 2 heads, 2 x 16 flop each */
    assert_near(cost.flop, 640.0, 1e-9);
    /* queries and outputs 4 x 2 x 16 x 2 B, keys and values 4 x 16 x 2 B */
    assert_near(cost.bytes, 256.0 + 128.0, 1e-9);
    /* longest block: 128 rows x 4 keys x 64 ps; memory: 256 + 2 x 128 B at 1 GB/s */
    double expected = 10e-6 + 128.0 * 4.0 * 64e-12 + 512e-9;
    assert_near(cost.time_s, expected, 1e-9);
    assert_int_equal(cost.bound, MU_BOUND_LAUNCH);

    shape.cached_tokens = 6;
    shape.window = 5;
    cost = mu_chip_attention_prefill(&chip, &shape);
    assert_near(cost.flop, 2.0 * 20.0 * 32.0, 1e-9); /* 4 queries see 5 keys each */
}

static void test_causal_pairs_meet_window(void **state)
{
    (void)state;
    mu_chip chip = small_chip();
    mu_attention_prefill shape = {.sequences = 1,
                                  .new_tokens = 100,
                                  .heads = 1,
                                  .kv_heads = 1,
                                  .qk_dim = 1,
                                  .v_dim = 1,
                                  .compute = MU_DTYPE_BF16,
                                  .kv = MU_DTYPE_BF16};
    for (uint32_t cached = 0; cached < 60; cached += 7) {
        for (uint32_t window = 1; window < 200; window += 13) {
            double pairs = 0.0;
            for (uint32_t i = 1; i <= 100; i++) {
                pairs += cached + i < window ? cached + i : window;
            }
            shape.cached_tokens = cached;
            shape.window = window;
            mu_kernel_cost cost = mu_chip_attention_prefill(&chip, &shape);
            assert_near(cost.flop, 4.0 * pairs, 1e-6);
        }
    }
}

static void test_decode_by_hand(void **state)
{
    (void)state;
    mu_chip chip = small_chip();
    mu_attention_decode shape = {.sequences = 2,
                                 .context_sum = 4096,
                                 .query_tokens = 1,
                                 .heads = 4,
                                 .kv_heads = 1,
                                 .qk_dim = 128,
                                 .v_dim = 128,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16};
    mu_kernel_cost cost = mu_chip_attention_decode(&chip, &shape);
    double cache = 4096.0 * 256.0 * 2.0;
    double io = 2.0 * 4.0 * 256.0 * 2.0;
    assert_near(cost.bytes, cache + io, 1e-6);
    assert_near(cost.flop, 2.0 * 4096.0 * 4.0 * 256.0, 1e-6);
    /* one tile of rows; two items of 1 us on one core; contexts of 2 splits */
    double memory = cache / 0.5e9;
    double compute = 0.25 * cache / 1e9; /* more than 8 x 4096 x 256 flop at 0.5 TFLOP/s */
    double both = pow(pow(memory, 4.0) + pow(compute, 4.0), 0.25);
    double work = cbrt(pow(both, 3.0) + pow(2e-6, 3.0));
    double combine = 4e-6 * 16.0 / 17.0;
    assert_near(cost.time_s, 10e-6 + io / 1e9 + work + combine, 1e-9);
    assert_int_equal(cost.bound, MU_BOUND_MEMORY);
}

static void test_decode_is_linear_in_context(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    mu_attention_decode shape = {.sequences = 64,
                                 .context_sum = 64.0 * 65536.0,
                                 .query_tokens = 1,
                                 .heads = 32,
                                 .kv_heads = 8,
                                 .qk_dim = 128,
                                 .v_dim = 128,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16};
    double once = mu_chip_attention_decode(&chip, &shape).time_s;
    shape.context_sum *= 2.0;
    double twice = mu_chip_attention_decode(&chip, &shape).time_s;
    shape.context_sum *= 2.0;
    double four = mu_chip_attention_decode(&chip, &shape).time_s;
    assert_near((four - twice) / (twice - once), 2.0, 0.01);
}

/* A cache of 8 bits takes half the time where bandwidth binds. */
static void test_narrow_cache(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    mu_attention_decode shape = {.sequences = 64,
                                 .context_sum = 64.0 * 65536.0,
                                 .query_tokens = 1,
                                 .heads = 16,
                                 .kv_heads = 8,
                                 .qk_dim = 128,
                                 .v_dim = 128,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16};
    mu_kernel_cost wide = mu_chip_attention_decode(&chip, &shape);
    shape.kv = MU_DTYPE_FP8;
    mu_kernel_cost narrow = mu_chip_attention_decode(&chip, &shape);
    assert_near(narrow.bytes / wide.bytes, 0.5, 0.001);
    assert_true(narrow.time_s < 0.6 * wide.time_s);
}

static void test_warm_is_never_slower(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_decode decode = random_decode(i);
        mu_attention_prefill prefill = random_prefill(i);
        decode.warm = false;
        prefill.warm = false;
        double cold_decode = mu_chip_attention_decode(&chip, &decode).time_s;
        double cold_prefill = mu_chip_attention_prefill(&chip, &prefill).time_s;
        decode.warm = true;
        prefill.warm = true;
        assert_true(grows(mu_chip_attention_decode(&chip, &decode).time_s, cold_decode));
        assert_true(grows(mu_chip_attention_prefill(&chip, &prefill).time_s, cold_prefill));
    }
}

/* A cache of keys alone: not slower than twice the bytes, not faster than half of them. */
static void test_aliased_lies_between(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_decode decode = random_decode(i);
        decode.mla = false;
        decode.qk_dim = decode.v_dim = 128;
        decode.warm = false;
        double whole = mu_chip_attention_decode(&chip, &decode).time_s;
        decode.aliased = true;
        mu_kernel_cost cost = mu_chip_attention_decode(&chip, &decode);
        assert_true(grows(cost.time_s, whole));
        double keys = decode.context_sum * decode.kv_heads * 128.0 * mu_dtype_bytes(decode.kv);
        assert_true(cost.time_s * (1.0 + 1e-9) > keys / chip.memory_bandwidth);
        assert_true(cost.bytes > keys && cost.bytes < 2.0 * keys + cost.flop);
    }
}

static void check_roofline(const mu_chip *chip, const mu_kernel_cost *cost)
{
    assert_true(isfinite(cost->time_s) && cost->time_s > 0.0);
    assert_true(cost->launch_s >= 0.0 && cost->launch_s <= cost->time_s);
    assert_true(chip->peak_flops[cost->dtype] > 0.0);
    assert_true(cost->time_s >= cost->flop / chip->peak_flops[cost->dtype]);
    assert_true(cost->time_s >= cost->bytes / chip->memory_bandwidth);
    assert_true(cost->bound < MU_BOUND_COUNT);
}

static void test_never_beyond_roofline(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_prefill prefill = random_prefill(i);
        mu_attention_decode decode = random_decode(i);
        mu_kernel_cost a = mu_chip_attention_prefill(&chip, &prefill);
        mu_kernel_cost b = mu_chip_attention_decode(&chip, &decode);
        check_roofline(&chip, &a);
        check_roofline(&chip, &b);
    }
}

static void test_prefill_grows(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_prefill shape = random_prefill(i);
        double before = mu_chip_attention_prefill(&chip, &shape).time_s;
        mu_attention_prefill more = shape;
        switch (i % 4) {
        case 0:
            more.new_tokens *= 1.0 + uniform(30, i);
            break;
        case 1:
            more.cached_tokens += 1.0 + 1000.0 * uniform(30, i);
            break;
        case 2:
            more.sequences *= 1.0 + uniform(30, i);
            break;
        default:
            more.heads += more.kv_heads;
            more.kv_heads += more.mla ? more.kv_heads : 0;
            break;
        }
        assert_true(grows(before, mu_chip_attention_prefill(&chip, &more).time_s));
    }
}

static void test_decode_grows(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_decode shape = random_decode(i);
        double before = mu_chip_attention_decode(&chip, &shape).time_s;
        mu_attention_decode more = shape;
        double factor = 1.0 + uniform(31, i);
        switch (i % 4) {
        case 0:
            more.context_sum *= factor;
            break;
        case 1:
            more.sequences *= factor;
            more.context_sum *= factor;
            break;
        case 2:
            more.query_tokens += 1.0;
            break;
        default:
            more.qk_dim += 64;
            break;
        }
        assert_true(grows(before, mu_chip_attention_decode(&chip, &more).time_s));
    }
}

static void test_better_chip_is_never_slower(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_chip chip = random_chip(i);
        mu_attention_prefill prefill = random_prefill(i);
        mu_attention_decode decode = random_decode(i);
        double a = mu_chip_attention_prefill(&chip, &prefill).time_s;
        double b = mu_chip_attention_decode(&chip, &decode).time_s;
        mu_chip better = chip;
        double factor = 1.0 + uniform(32, i);
        switch (i % 4) {
        case 0:
            better.memory_bandwidth *= factor;
            break;
        case 1:
            better.peak_flops[MU_DTYPE_BF16] *= factor;
            better.peak_flops[MU_DTYPE_FP8] *= factor;
            break;
        case 2:
            better.vector_flops *= factor;
            break;
        default:
            better.l2_bytes *= factor;
            break;
        }
        assert_true(grows(mu_chip_attention_prefill(&better, &prefill).time_s, a));
        assert_true(grows(mu_chip_attention_decode(&better, &decode).time_s, b));
    }
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    mu_attention_prefill prefill = {.sequences = 0, .new_tokens = 5, .heads = 1, .kv_heads = 1};
    mu_attention_decode decode = {.sequences = 0, .query_tokens = 1, .heads = 1, .kv_heads = 1};
    assert_true(mu_chip_attention_prefill(&chip, &prefill).time_s == 0.0);
    assert_true(mu_chip_attention_decode(&chip, &decode).time_s == 0.0);
}

static void test_head_groups(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    chip.params.decode_group_max = 32.0;
    mu_attention_decode shape = {.sequences = 64,
                                 .context_sum = 64.0 * 4096.0,
                                 .query_tokens = 1,
                                 .heads = 32,
                                 .kv_heads = 1,
                                 .qk_dim = 128,
                                 .v_dim = 128,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16};
    double shared = mu_chip_attention_decode(&chip, &shape).time_s;
    shape.heads = 33; /* past the largest group the cache is read once a query head */
    assert_true(mu_chip_attention_decode(&chip, &shape).time_s > 2.0 * shared);
}

/* Mean absolute error of a table; fewer than 10 rows read is a failure of the test. */
typedef double row_error(const mu_chip *chip, const char *line);

static double table_error(const mu_chip *chip, const char *name, row_error *error)
{
    const char *folder = getenv("MUSTER_TABLES");
    char path[512];
    folder = folder == NULL ? "../shared/data" : folder;
    (void)snprintf(path, sizeof path, "%s/ops/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "SKIPPED: no table %s (set MUSTER_TABLES)\n", path);
        return -1.0;
    }
    char line[512];
    double sum = 0.0;
    int rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        double e = error(chip, line);
        if (e >= 0.0) {
            sum += e;
            rows++;
        }
    }
    (void)fclose(file);
    assert_true(rows >= 10);
    return sum / rows;
}

static double prefill_row(const mu_chip *chip, const char *line)
{
    double b = 0.0;
    double n = 0.0;
    double us = 0.0;
    unsigned heads = 0;
    unsigned kv = 0;
    unsigned dim = 0;
    if (sscanf(line, "%lf,%lf,%u,%u,%u,%lf", &b, &n, &heads, &kv, &dim, &us) != 6) {
        return -1.0;
    }
    mu_attention_prefill shape = {.sequences = b,
                                  .new_tokens = n,
                                  .heads = heads,
                                  .kv_heads = kv == 0 ? heads : kv,
                                  .qk_dim = dim,
                                  .v_dim = dim,
                                  .compute = MU_DTYPE_BF16,
                                  .kv = MU_DTYPE_BF16,
                                  .warm = true};
    return fabs(mu_chip_attention_prefill(chip, &shape).time_s / (us * 1e-6) - 1.0);
}

static double decode_row(const mu_chip *chip, const char *line)
{
    double b = 0.0;
    double n = 0.0;
    double us = 0.0;
    unsigned heads = 0;
    unsigned kv = 0;
    unsigned dim = 0;
    if (sscanf(line, "%lf,%lf,%u,%u,%u,%lf", &b, &n, &heads, &kv, &dim, &us) != 6) {
        return -1.0;
    }
    mu_attention_decode shape = {.sequences = b,
                                 .context_sum = b * n,
                                 .query_tokens = 1,
                                 .heads = heads,
                                 .kv_heads = kv == 0 ? heads : kv,
                                 .qk_dim = dim,
                                 .v_dim = dim,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16,
                                 .warm = true};
    return fabs(mu_chip_attention_decode(chip, &shape).time_s / (us * 1e-6) - 1.0);
}

static double mla_row(const mu_chip *chip, const char *line)
{
    double b = 0.0;
    double n = 0.0;
    double us = 0.0;
    if (sscanf(line, "bf16,bf16,%lf,%lf,%lf", &b, &n, &us) != 3) {
        return -1.0;
    }
    mu_attention_decode shape = {.sequences = b,
                                 .context_sum = b * n,
                                 .query_tokens = 1,
                                 .heads = 128,
                                 .kv_heads = 1,
                                 .qk_dim = 576,
                                 .v_dim = 512,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16,
                                 .mla = true,
                                 .warm = true};
    return fabs(mu_chip_attention_decode(chip, &shape).time_s / (us * 1e-6) - 1.0);
}

/* The prior alone, with launch times that were measured, must come near a die of another maker. */
static void test_ascend_tables(void **state)
{
    (void)state;
    mu_chip die = {.vector_flops = 11e12,
                   .memory_bandwidth = 1.6e12,
                   .memory_capacity = 64e9,
                   .l2_bytes = 192e6,
                   .cores = 24,
                   .clock_hz = 1.8e9,
                   .tdp_w = 350,
                   .idle_w = 50};
    die.peak_flops[MU_DTYPE_BF16] = 376e12;
    mu_chip_params_default(&die.params);
    die.params.prefill_launch_us = 44.0;
    die.params.decode_launch_us = 50.0;
    die.params.decode_single_launch_us = 48.0;
    double prefill = table_error(&die, "910b/context_attention.csv", prefill_row);
    double decode = table_error(&die, "910b/generation_attention.csv", decode_row);
    print_message("mean error of the prior: prefill %.3f, decode %.3f\n", prefill, decode);
    assert_true(prefill < 0.20);
    assert_true(decode < 0.25);
}

static void test_mla_table(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    double mla = table_error(&chip, "h800/mla-decode-128-512-64.csv", mla_row);
    print_message("mean error of the prior: MLA decode %.3f\n", mla);
    assert_true(mla < 0.15);
}

/* Kernels of sparse attention that walk through empty picks cost the same for short contexts. */
static void sparse_walks_through_empty_picks(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    mu_attention_decode shape = {.sequences = 4096.0,
                                 .context_sum = 4096.0 * 128.0,
                                 .query_tokens = 1.0,
                                 .heads = 64,
                                 .kv_heads = 1,
                                 .qk_dim = 576,
                                 .v_dim = 512,
                                 .compute = MU_DTYPE_BF16,
                                 .kv = MU_DTYPE_BF16,
                                 .mla = true};
    chip.params.sparse_rate = 1.0;
    double dense_s = mu_chip_attention_decode(&chip, &shape).time_s;
    shape.picked = 2048;
    chip.params.sparse_padding = 0.0;
    assert_true(mu_chip_attention_decode(&chip, &shape).time_s == dense_s);
    chip.params.sparse_padding = 1.0;
    double padded_s = mu_chip_attention_decode(&chip, &shape).time_s;
    assert_true(padded_s > 2.0 * dense_s);
    shape.context_sum = 4096.0 * 2048.0;
    double full_s = mu_chip_attention_decode(&chip, &shape).time_s;
    assert_true(fabs(padded_s / full_s - 1.0) < 0.02);
    chip.params.sparse_padding = 0.0;
    assert_true(mu_chip_attention_decode(&chip, &shape).time_s == full_s);
    chip.params.sparse_rate = 0.25;
    assert_true(mu_chip_attention_decode(&chip, &shape).time_s > 2.0 * full_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefill_by_hand),
        cmocka_unit_test(test_causal_pairs_meet_window),
        cmocka_unit_test(test_decode_by_hand),
        cmocka_unit_test(test_decode_is_linear_in_context),
        cmocka_unit_test(test_narrow_cache),
        cmocka_unit_test(test_warm_is_never_slower),
        cmocka_unit_test(test_aliased_lies_between),
        cmocka_unit_test(test_never_beyond_roofline),
        cmocka_unit_test(test_prefill_grows),
        cmocka_unit_test(test_decode_grows),
        cmocka_unit_test(test_better_chip_is_never_slower),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_head_groups),
        cmocka_unit_test(test_ascend_tables),
        cmocka_unit_test(test_mla_table),
        cmocka_unit_test(sparse_walks_through_empty_picks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
