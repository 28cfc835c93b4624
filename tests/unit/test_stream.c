/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   streams and energy follow their formulas and limits.
 * Method: values worked by hand; properties on seeded random streams.
 */
#include "base/random.h"
#include "chip/chip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static mu_chip plain_chip(void)
{
    mu_chip chip = {.vector_flops = 60e12,
                    .memory_bandwidth = 1e12,
                    .memory_capacity = 80e9,
                    .l2_bytes = 1e6,
                    .cores = 100,
                    .clock_hz = 1.5e9,
                    .tdp_w = 600,
                    .idle_w = 100};
    chip.peak_flops[MU_DTYPE_BF16] = 400e12;
    mu_chip_params_default(&chip.params);
    chip.params.stream_launch_us = 2;
    chip.params.stream_bandwidth_efficiency = 0.5;
    chip.params.stream_quantise_efficiency = 0.25;
    chip.params.stream_l2_speed = 2;
    chip.params.gemm_resident = 1;
    chip.params.energy_active_share = 0.1;
    chip.params.energy_matrix_share = 0.8;
    chip.params.energy_memory_share = 0.4;
    return chip;
}

static void assert_near(double got, double wanted, double relative)
{
    if (!(fabs(got - wanted) <= relative * fabs(wanted))) {
        fail_msg("got %.9g, wanted %.9g", got, wanted);
    }
}

static void stream_by_hand(void **state)
{
    (void)state;
    mu_chip chip = plain_chip();
    mu_stream stream = {MU_STREAM_NORM, 6e8, 4e8, 3}; /* 3 launches, 1e9 bytes at 0.5e12 B/s */
    mu_kernel_cost cost = mu_chip_stream(&chip, &stream);
    assert_near(cost.time_s, 6e-6 + 2e-3, 1e-9);
    assert_near(cost.launch_s, 6e-6, 1e-12);
    assert_near(cost.bytes, 1e9, 1e-12);
    assert_int_equal(cost.bound, MU_BOUND_MEMORY);
    stream.kind = MU_STREAM_QUANTISE;
    assert_near(mu_chip_stream(&chip, &stream).time_s, 6e-6 + 4e-3, 1e-9);
    stream = (mu_stream){MU_STREAM_COPY, 1e6, 0,
                         1}; /* as large as L2: half of it from there, at twice the speed */
    assert_near(mu_chip_stream(&chip, &stream).time_s, 2e-6 + 1e-6 + 0.5e-6, 1e-9);
    stream = (mu_stream){MU_STREAM_COPY, 0, 0, 1};
    assert_near(mu_chip_stream(&chip, &stream).time_s, 2e-6, 1e-12);
    assert_int_equal(mu_chip_stream(&chip, &stream).bound, MU_BOUND_LAUNCH);
}

static void stream_properties(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        mu_chip chip = plain_chip();
        mu_stream stream = {(mu_stream_kind)(i % MU_STREAM_KIND_COUNT),
                            pow(10, 10 * mu_random_uniform(1, 0, i)),
                            pow(10, 10 * mu_random_uniform(1, 1, i)), 1 + (double)(i % 4)};
        mu_kernel_cost cost = mu_chip_stream(&chip, &stream);
        assert_true(cost.bytes <= chip.l2_bytes ||
                    cost.time_s >= cost.bytes / chip.memory_bandwidth);
        mu_stream more = stream;
        more.read_bytes *= 1.5;
        assert_true(mu_chip_stream(&chip, &more).time_s >= cost.time_s);
        chip.memory_bandwidth *= 1.5;
        assert_true(mu_chip_stream(&chip, &stream).time_s <= cost.time_s);
    }
}

static void energy_by_hand(void **state)
{
    (void)state;
    mu_chip chip = plain_chip();
    mu_kernel_cost cost = {.time_s = 1, .dtype = MU_DTYPE_BF16};
    assert_near(mu_chip_working(&chip), 150, 1e-12); /* 100 + 500 * 0.1 */
    assert_near(mu_chip_energy(&chip, &cost), 150, 1e-12);
    cost.flop = 200e12; /* half the peak: + 500 * 0.8 / 2 */
    assert_near(mu_chip_energy(&chip, &cost), 350, 1e-12);
    cost.bytes = 0.5e12; /* and half the bandwidth: + 500 * 0.4 / 2 */
    assert_near(mu_chip_energy(&chip, &cost), 450, 1e-12);
    cost.flop = 400e12;
    cost.bytes = 1e12; /* 150 + 500 * 1.2 is more than the limit */
    assert_near(mu_chip_energy(&chip, &cost), 600, 1e-12);
    /* 2 s of 100 W while the host is busy, 3 s of 150 W, 40 J of work; never above 600 W */
    assert_near(mu_chip_step_energy(&chip, 5, 2, 40), 690, 1e-12);
    assert_near(mu_chip_step_energy(&chip, 5, 2, 4e4), 3000, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_by_hand),
        cmocka_unit_test(stream_properties),
        cmocka_unit_test(energy_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
