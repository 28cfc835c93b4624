/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the gated delta net costs what its formula says and keeps its bounds.
 * Method: values worked by hand, a measured point of each phase, properties on seeded shapes.
 */
#include "base/random.h"
#include "chip_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { SHAPES = 4000 };

static mu_linear_attention shape_of(double sequences, double tokens, uint32_t heads, bool prefill)
{
    return (mu_linear_attention){.tokens = tokens,
                                 .sequences = sequences,
                                 .key_heads = 16,
                                 .key_dim = 128,
                                 .value_heads = heads,
                                 .value_dim = 128,
                                 .conv = 4,
                                 .prefill = prefill};
}

static void test_by_hand(void **state)
{
    (void)state;
    mu_chip chip = {.memory_bandwidth = 1e9, .cores = 2, .clock_hz = 1e9, .tdp_w = 1};
    chip.peak_flops[MU_DTYPE_BF16] = 1e12;
    memset(&chip.params, 0, sizeof chip.params);
    chip.params.linear_decode_efficiency = 0.5;
    chip.params.linear_decode_launch_us = 3.0;
    chip.params.linear_prefill_launch_us = 20.0;
    chip.params.linear_sequence_us = 1.0;
    chip.params.linear_rate = 10.0;
    mu_linear_attention shape = {.tokens = 2,
                                 .sequences = 2,
                                 .key_heads = 1,
                                 .key_dim = 4,
                                 .value_heads = 2,
                                 .value_dim = 4,
                                 .conv = 4,
                                 .prefill = false};
    mu_kernel_cost cost = mu_chip_linear_attention(&chip, &shape);
    /* state 2 x 4 x 4; a token moves 2 x 4 x (2 x 4 + 8) of convolution, 2 x 4 + 2 x 8 of core */
    double bytes = 2.0 * (128.0 + 8.0 + 16.0) * 2.0 + 2.0 * 2.0 * 32.0 * 2.0;
    assert_true(fabs(cost.bytes - bytes) < 1e-9);
    assert_true(fabs(cost.time_s - 3e-6 - bytes / 0.5e9) < 1e-15);

    shape.prefill = true;
    shape.tokens = 1000;
    cost = mu_chip_linear_attention(&chip, &shape);
    double core_s = 1000.0 * 32.0 / (2.0 * 1e9 * 10.0);
    bytes = 1000.0 * (32.0 + 24.0) * 2.0 + 2.0 * 2.0 * 32.0 * 2.0;
    double expected = 20e-6 + hypot(core_s, bytes / 1e9) + 2e-6;
    assert_true(fabs(cost.time_s - expected) < 1e-12);
}

/*
 * 32 value heads on an H100, published by NVIDIA (aiconfigurator): 1024 recurrent steps take 1.10
 * ms and 13 us of convolution; 32 sequences of 2048 tokens 4.04 ms and 0.2 to 0.9 ms of it.
 */
static void test_near_measured(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    mu_linear_attention step = shape_of(1024, 1024, 32, false);
    mu_linear_attention prefill = shape_of(32, 32.0 * 2048.0, 32, true);
    double step_s = mu_chip_linear_attention(&chip, &step).time_s;
    double prefill_s = mu_chip_linear_attention(&chip, &prefill).time_s;
    assert_true(fabs(step_s / 1.11e-3 - 1.0) < 0.3);
    assert_true(fabs(prefill_s / 4.3e-3 - 1.0) < 0.3);
}

static void test_bounds(void **state)
{
    (void)state;
    mu_chip chip = gpu();
    for (uint64_t i = 0; i < SHAPES; i++) {
        bool prefill = i % 2 == 0;
        double sequences = pow(1000.0, mu_random_uniform(4, 0, i));
        double tokens = sequences * (prefill ? pow(10000.0, mu_random_uniform(4, 1, i)) : 1.0);
        mu_linear_attention shape = shape_of(sequences, tokens, 16U << (i % 3), prefill);
        mu_kernel_cost cost = mu_chip_linear_attention(&chip, &shape);
        assert_true(isfinite(cost.time_s));
        assert_true(cost.time_s >= cost.bytes / chip.memory_bandwidth);
        assert_true(cost.time_s >= cost.flop / chip.peak_flops[MU_DTYPE_BF16]);
        mu_chip better = chip;
        better.memory_bandwidth *= 1.5;
        assert_true(mu_chip_linear_attention(&better, &shape).time_s <= cost.time_s);
        mu_linear_attention more = shape;
        more.tokens *= 1.5;
        more.sequences *= 1.2;
        assert_true(mu_chip_linear_attention(&chip, &more).time_s >= cost.time_s);
        more = shape;
        more.value_heads *= 2;
        assert_true(mu_chip_linear_attention(&chip, &more).time_s >= cost.time_s);
    }
    mu_linear_attention none = shape_of(0, 0, 32, true);
    assert_true(mu_chip_linear_attention(&chip, &none).time_s == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_near_measured),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
