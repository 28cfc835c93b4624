/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the cost of a mixture-of-experts layer keeps its bounds, and loads of experts are counted
 * right. Method: values worked by hand, properties on seeded random layers.
 */
#include "base/random.h"
#include "chip_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

enum { LAYERS = 3000 };

static mu_chip big_chip(void)
{
    mu_chip chip = gpu();
    chip.vector_flops = 60e12;
    return chip;
}

static void assert_near(double got, double wanted, double relative)
{
    if (!(fabs(got - wanted) <= relative * fabs(wanted))) {
        fail_msg("got %.9g, wanted %.9g", got, wanted);
    }
}

static double log_uniform(double low, double high, uint64_t stream, uint64_t index)
{
    return low * pow(high / low, mu_random_uniform(5, stream, index));
}

static mu_moe random_layer(uint64_t index)
{
    static const mu_dtype kinds[][2] = {{MU_DTYPE_BF16, MU_DTYPE_BF16},
                                        {MU_DTYPE_FP8_BLOCK, MU_DTYPE_FP8_BLOCK},
                                        {MU_DTYPE_BF16, MU_DTYPE_FP4},
                                        {MU_DTYPE_FP8, MU_DTYPE_FP4}};
    const mu_dtype *kind = kinds[index % 4];
    uint32_t local = (uint32_t)log_uniform(1, 256, 1, index);
    return (mu_moe){.pairs = log_uniform(0.1, 1e5, 0, index),
                    .active_experts = 1 + (local - 1) * mu_random_uniform(5, 9, index),
                    .local_experts = local,
                    .hidden = (uint32_t)log_uniform(512, 8192, 2, index),
                    .intermediate = (uint32_t)log_uniform(64, 16384, 3, index),
                    .imbalance = 1 + mu_random_uniform(5, 4, index),
                    .gated = index % 3 != 0,
                    .activations = kind[0],
                    .weights = kind[1],
                    .tokens = index % 2 ? 0 : 64,
                    .warm = index % 5 == 0};
}

static void active_experts_by_hand(void **state)
{
    (void)state;
    assert_near(mu_moe_active_experts(1, 8, 2, 8), 2, 1e-12);
    assert_near(mu_moe_active_experts(2, 8, 2, 8), 8 * (1 - 0.75 * 0.75), 1e-12);
    assert_near(mu_moe_active_experts(1, 8, 8, 4), 4, 1e-12);
    assert_near(mu_moe_active_experts(1e9, 256, 8, 32), 32, 1e-9);
    assert_true(mu_moe_active_experts(0, 256, 8, 32) == 0);
    assert_near(mu_moe_active_experts(1e-6, 256, 8, 256), -256e-6 * log1p(-1.0 / 32), 1e-5);
}

static void power_law_loads(void **state)
{
    (void)state;
    mu_moe_load even = mu_moe_power_law(256, 64, 4, 8, 0);
    assert_near(even.pairs, 128, 1e-12);
    assert_near(even.active_experts, 8, 1e-12);
    mu_moe_load skewed = mu_moe_power_law(256, 64, 4, 8, 1.2);
    assert_true(skewed.pairs > 1.3 * even.pairs && skewed.pairs < 8 * even.pairs);
    assert_true(skewed.active_experts > 1 && skewed.active_experts <= 8);
    mu_moe_load again = mu_moe_power_law(256, 64, 4, 8, 1.2);
    assert_true(again.pairs == skewed.pairs);
    mu_moe_load whole = mu_moe_power_law(4096, 256, 8, 1, 1.01); /* one rank holds every pair */
    assert_true(whole.pairs <= 4096 * 8 * (1 + 1e-12) && whole.pairs > 0.9 * 4096 * 8);
}

/* Everything but the weights' way from memory is free: launch and 3 * hidden * width bytes an
 * expert. */
static void weights_by_hand(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    chip.memory_bandwidth = 1e12;
    mu_chip_params *p = &chip.params;
    p->gemm_bf16_softness = 0;
    p->gemm_bf16_ramp_us = 0;
    p->gemm_miss = 0;
    p->gemm_bf16_bandwidth = 0.5;
    p->moe_bandwidth_efficiency = 1;
    p->moe_bf16_launch_us = 20;
    p->moe_bf16_pair_bytes = 0;
    p->moe_bf16_token_bytes = 0;
    p->moe_bf16_token_us = 0;
    mu_moe layer = {.pairs = 64,
                    .active_experts = 64,
                    .local_experts = 64,
                    .hidden = 4096,
                    .intermediate = 2048,
                    .imbalance = 1,
                    .gated = true,
                    .activations = MU_DTYPE_BF16,
                    .weights = MU_DTYPE_BF16};
    double weights = 64.0 * 3 * 4096 * 2048 * 2;
    double passed = 64.0 * 2 * (4096 + 4096 + 2048 + 4096); /* in and out of both products */
    mu_kernel_cost cost = mu_chip_moe(&chip, &layer);
    assert_near(cost.time_s, 20e-6 + (weights + passed) / 0.5e12, 1e-9);
    assert_near(cost.flop, 2.0 * 64 * 3 * 4096 * 2048, 1e-12);
    assert_int_equal(cost.bound, MU_BOUND_MEMORY);
    layer.pairs = 0;
    assert_near(mu_chip_moe(&chip, &layer).time_s, 20e-6, 1e-12);
    assert_int_equal(mu_chip_moe(&chip, &layer).bound, MU_BOUND_LAUNCH);
}

static void keeps_roofline(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    for (uint64_t i = 0; i < LAYERS; i++) {
        mu_moe layer = random_layer(i);
        mu_kernel_cost cost = mu_chip_moe(&chip, &layer);
        assert_true(isfinite(cost.time_s) && cost.time_s >= cost.launch_s);
        assert_true(
            cost.time_s >=
            cost.flop /
                chip.peak_flops[cost.dtype == MU_DTYPE_BF16 ? MU_DTYPE_BF16 : MU_DTYPE_FP8]);
        double active = fmin(layer.active_experts, layer.pairs * layer.imbalance);
        double weights = active * layer.hidden * layer.intermediate * (layer.gated ? 3 : 2) *
                         mu_dtype_bytes(layer.weights);
        assert_true(weights <= chip.l2_bytes || cost.time_s >= weights / chip.memory_bandwidth);
    }
}

static void grows_with_work(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    for (uint64_t i = 0; i < LAYERS; i++) {
        mu_moe layer = random_layer(i);
        double base = mu_chip_moe(&chip, &layer).time_s * (1 - 1e-12);
        double step = 1 + mu_random_uniform(6, 0, i);
        mu_moe more = layer;
        more.pairs *= step;
        assert_true(mu_chip_moe(&chip, &more).time_s >= base);
        more = layer;
        more.imbalance *= step;
        assert_true(mu_chip_moe(&chip, &more).time_s >= base);
        more = layer;
        more.hidden = (uint32_t)(layer.hidden * step) + 1;
        assert_true(mu_chip_moe(&chip, &more).time_s >= base);
        more = layer;
        more.intermediate = (uint32_t)(layer.intermediate * step) + 1;
        assert_true(mu_chip_moe(&chip, &more).time_s >= base);
    }
}

static void better_chip_is_never_slower(void **state)
{
    (void)state;
    mu_chip chip = big_chip();
    for (uint64_t i = 0; i < LAYERS; i++) {
        mu_moe layer = random_layer(i);
        double base = mu_chip_moe(&chip, &layer).time_s * (1 + 1e-12);
        double gain = 1 + 3 * mu_random_uniform(7, 0, i);
        mu_chip better = chip;
        better.memory_bandwidth *= gain;
        assert_true(mu_chip_moe(&better, &layer).time_s <= base);
        better = chip;
        better.peak_flops[MU_DTYPE_BF16] *= gain;
        better.peak_flops[MU_DTYPE_FP8] *= gain;
        assert_true(mu_chip_moe(&better, &layer).time_s <= base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(active_experts_by_hand), cmocka_unit_test(power_law_loads),
        cmocka_unit_test(weights_by_hand),        cmocka_unit_test(keeps_roofline),
        cmocka_unit_test(grows_with_work),        cmocka_unit_test(better_chip_is_never_slower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
