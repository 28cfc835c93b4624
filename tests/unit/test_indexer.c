/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the indexer of sparse attention costs what its formula says and keeps its bounds.
 * Method: values worked by hand; properties on seeded random shapes; the measured score tables.
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

static mu_indexer random_shape(uint64_t index)
{
    double queries = pow(20000.0, mu_random_uniform(3, 0, index));
    double context = 1.0 + pow(100000.0, mu_random_uniform(3, 1, index));
    double shared = 1.0 + floor(queries * mu_random_uniform(3, 2, index) / 2.0);
    return (mu_indexer){.query_tokens = queries,
                        .score_pairs = queries * context,
                        .context_sum = queries * context / shared,
                        .heads = 64,
                        .dim = 128,
                        .topk = 2048,
                        .compute = index % 2 == 0 ? MU_DTYPE_FP8 : MU_DTYPE_BF16};
}

static void test_by_hand(void **state)
{
    (void)state;
    mu_chip chip = {.memory_bandwidth = 1e9, .cores = 1, .clock_hz = 1e9, .tdp_w = 1};
    chip.peak_flops[MU_DTYPE_BF16] = 1e12;
    memset(&chip.params, 0, sizeof chip.params);
    chip.params.indexer_efficiency = 0.5;
    chip.params.indexer_launch_us = 10.0;
    chip.params.indexer_topk_passes = 2.0;
    chip.params.decode_bandwidth_efficiency = 0.5;
    /* 4 query tokens over one context of 1000: 128 rows of 32 heads, no padding */
    mu_indexer shape = {.query_tokens = 4,
                        .score_pairs = 4000,
                        .context_sum = 1000,
                        .heads = 32,
                        .dim = 16,
                        .topk = 64,
                        .compute = MU_DTYPE_BF16};
    mu_kernel_cost cost = mu_chip_indexer(&chip, &shape);
    double keys = 1000.0 * (16.0 * 2.0 + 4.0) + 4.0 * 32.0 * 16.0 * 2.0;
    double scores = 4000.0 * 4.0;
    assert_true(fabs(cost.flop - 4000.0 * 2.0 * 32.0 * 16.0) < 1e-6);
    assert_true(fabs(cost.bytes - keys - scores) < 1e-6);
    double compute_s = cost.flop / 0.5e12;
    double memory_s = keys / 0.5e9;
    double expected = 10e-6 + hypot(compute_s, memory_s) + 2.0 * scores / 0.5e9;
    assert_true(fabs(cost.time_s - expected) < 1e-12);

    /* one query token alone fills a quarter of the tile */
    shape.query_tokens = 1;
    shape.score_pairs = 1000;
    double padded_s = 4.0 * 1000.0 * 2.0 * 32.0 * 16.0 / 0.5e12;
    memory_s = (1000.0 * 36.0 + 1024.0) / 0.5e9;
    expected = 10e-6 + hypot(padded_s, memory_s) + 2.0 * 4000.0 / 0.5e9;
    assert_true(fabs(mu_chip_indexer(&chip, &shape).time_s - expected) < 1e-12);
}

static void test_bounds(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    for (uint64_t i = 0; i < SHAPES; i++) {
        mu_indexer shape = random_shape(i);
        mu_kernel_cost cost = mu_chip_indexer(&chip, &shape);
        assert_true(isfinite(cost.time_s));
        assert_true(cost.time_s >= cost.flop / chip.peak_flops[cost.dtype]);
        assert_true(cost.time_s >= cost.bytes / chip.memory_bandwidth);
        mu_chip better = chip;
        better.memory_bandwidth *= 1.5;
        assert_true(mu_chip_indexer(&better, &shape).time_s <= cost.time_s);
        better = chip;
        better.peak_flops[MU_DTYPE_BF16] *= 1.5;
        better.peak_flops[MU_DTYPE_FP8] *= 1.5;
        assert_true(mu_chip_indexer(&better, &shape).time_s <= cost.time_s);
        mu_indexer more = shape;
        more.score_pairs *= 1.3;
        more.context_sum *= 1.3;
        assert_true(mu_chip_indexer(&chip, &more).time_s >= cost.time_s);
    }
    mu_indexer none = {.query_tokens = 0, .heads = 64, .dim = 128, .compute = MU_DTYPE_FP8};
    assert_true(mu_chip_indexer(&chip, &none).time_s == 0.0);
}

static FILE *open_table(const char *name)
{
    const char *folder = getenv("MUSTER_TABLES");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/ops/h800/%s", folder == NULL ? "../shared/data" : folder,
                   name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "SKIPPED: no table %s (set MUSTER_TABLES)\n", path);
    }
    return file;
}

static void test_decode_scores_table(void **state)
{
    (void)state;
    FILE *file = open_table("dsa-decode-logits-64-128.csv");
    if (file == NULL) {
        return;
    }
    mu_chip chip = gpu();
    chip.params.indexer_launch_us = 6.0; /* the table holds the scores alone, without top-k */
    char line[256];
    double sum = 0.0;
    int rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        double b = 0.0;
        double next = 0.0;
        double context = 0.0;
        double us = 0.0;
        if (sscanf(line, "%lf,%lf,%lf,%lf", &b, &next, &context, &us) != 4) {
            continue;
        }
        mu_indexer shape = {.query_tokens = b * next,
                            .score_pairs = b * next * context,
                            .context_sum = b * context,
                            .heads = 64,
                            .dim = 128,
                            .topk = 2048,
                            .compute = MU_DTYPE_FP8};
        sum += fabs(mu_chip_indexer(&chip, &shape).time_s / (us * 1e-6) - 1.0);
        rows++;
    }
    (void)fclose(file);
    assert_int_equal(rows, 16);
    print_message("mean error of the prior: %.3f\n", sum / rows);
    assert_true(sum / rows < 0.20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_decode_scores_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
