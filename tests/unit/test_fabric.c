/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   collectives cost what the formulas say, and never less than physics allows.
 * Method: values worked by hand on a tier whose parameters are round numbers, then properties over
 *         seeded random tiers, groups and sizes, and the edges of the domain.
 */
#include "base/random.h"
#include "fabric/fabric.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

/* 8 ranks at 100 GB/s, ideal but for 10 us a kernel and 1 us a step. */
static mu_tier plain_tier(double span)
{
    mu_tier tier = {.name = "plain", .kind = MU_TIER_SWITCH, .span = span, .bandwidth = 100e9};
    tier.launch_s = 10e-6;
    tier.latency_s = 1e-6;
    tier.efficiency = 1.0;
    tier.peer_efficiency = 1.0;
    tier.switch_efficiency = 1.0;
    tier.dispatch_efficiency = 1.0;
    tier.dispatch_direct_efficiency = 1.0;
    tier.contention = 1.0;
    return tier;
}

static mu_fabric plain_fabric(void)
{
    mu_fabric fabric = {.tier_count = 1, .tier = {plain_tier(8.0)}};
    return fabric;
}

static double time_of(const mu_fabric *fabric, mu_collective what, uint64_t ranks, double bytes)
{
    return mu_fabric_collective(fabric, what, (mu_group){ranks, 1}, bytes).time_s;
}

static void by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    /* ring of 8: 14 steps, 14/8 * 1 GB / 100 GB/s = 17.5 ms */
    near(time_of(&fabric, MU_ALL_REDUCE, 8, 1e9), 10e-6 + 14e-6 + 17.5e-3, 1e-9);
    near(time_of(&fabric, MU_ALL_GATHER, 8, 1e9), 10e-6 + 7e-6 + 8.75e-3, 1e-9);
    near(time_of(&fabric, MU_REDUCE_SCATTER, 4, 1e9), 10e-6 + 3e-6 + 7.5e-3, 1e-9);
    near(time_of(&fabric, MU_BROADCAST, 8, 1e9), 10e-6 + 7e-6 + 10e-3, 1e-9);
    near(time_of(&fabric, MU_ALL_TO_ALL, 8, 1e9), 10e-6 + 2e-6 + 8.75e-3, 1e-9);
    near(time_of(&fabric, MU_POINT_TO_POINT, 2, 1e9), 10e-6 + 2e-6 + 10e-3, 1e-9);
}

static void in_switch_by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    fabric.tier[0].in_network_reduction = true;
    mu_transfer got = mu_fabric_collective(&fabric, MU_ALL_REDUCE, (mu_group){8, 1}, 1e9);
    /* 16 steps; each rank sends its buffer once and an eighth of the sum: 9/8 of 10 ms */
    near(got.time_s, 10e-6 + 16e-6 + 11.25e-3, 1e-9);
    assert_int_equal(got.algorithm, MU_ALGORITHM_SWITCH);
}

static void one_shot_for_small(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    fabric.tier[0].direct_launch_s = 3e-6;
    mu_transfer small = mu_fabric_collective(&fabric, MU_ALL_REDUCE, (mu_group){8, 1}, 1e5);
    assert_int_equal(small.algorithm, MU_ALGORITHM_DIRECT);
    near(small.time_s, 3e-6 + 7.0 * 1e5 / 100e9, 1e-12);
    mu_transfer large = mu_fabric_collective(&fabric, MU_ALL_REDUCE, (mu_group){8, 1}, 1e8);
    assert_int_equal(large.algorithm, MU_ALGORITHM_RING);
}

static void protocols_by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    mu_tier *tier = &fabric.tier[0];
    tier->short_share = 0.1;
    tier->middle_share = 0.5;
    tier->middle_s = 5e-6;
    tier->long_s = 20e-6;
    tier->half_bytes = 1e9; /* of no effect where protocols are told apart */
    /* 7 steps; 7/8 of the bytes at 10, 50 and 100 GB/s; latency and data hide each other */
    near(time_of(&fabric, MU_ALL_GATHER, 8, 8e4), 10e-6 + sqrt(49.0 + 49.0) * 1e-6, 1e-12);
    near(time_of(&fabric, MU_ALL_GATHER, 8, 8e5), 15e-6 + sqrt(49.0 + 196.0) * 1e-6, 1e-12);
    near(time_of(&fabric, MU_ALL_GATHER, 8, 8e8), 37e-6 + 7e-3, 1e-12);
    tier->middle_share = 0.0;
    near(time_of(&fabric, MU_ALL_GATHER, 8, 8e5), 37e-6 + 7e-6, 1e-12);
    /* switches: 16 steps, the pipeline is filled four times as slowly; 9/8 of the bytes */
    tier->in_network_reduction = true;
    near(time_of(&fabric, MU_ALL_REDUCE, 8, 8e8), 10e-6 + 16e-6 + 80e-6 + 9e-3, 1e-12);
    /* all-to-all of a library: 7 MB sent, of 1 MB lost to filling nearly all */
    tier->peer_fill_bytes = 1e6;
    near(time_of(&fabric, MU_ALL_TO_ALL, 8, 8e6), 12e-6 + 70e-6 + 10e-6 * 7.0 / 7.45, 1e-12);
}

static void mesh_and_bus(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    fabric.tier[0].kind = MU_TIER_MESH;
    /* two of eight use one of seven links: 1 GB at 100/7 GB/s */
    near(time_of(&fabric, MU_ALL_GATHER, 2, 2e9), 11e-6 + 0.07, 1e-9);
    fabric.tier[0].kind = MU_TIER_BUS;
    /* four share what two had: 3/4 * 2 GB at 50 GB/s */
    near(time_of(&fabric, MU_ALL_GATHER, 4, 2e9), 13e-6 + 0.03, 1e-9);
}

static void hierarchy_by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = {.tier_count = 2, .tier = {plain_tier(8.0), plain_tier(1024.0)}};
    fabric.tier[1].bandwidth = 10e9;
    mu_transfer got = mu_fabric_collective(&fabric, MU_ALL_REDUCE, (mu_group){32, 1}, 8e9);
    /* inside: 14/8 * 8 GB at 100 GB/s = 140 ms; across: 2 * 3/4 * 1 GB at 10 GB/s = 150 ms;
     * 14 + 4 steps (trees across); the tiers work on chunks in turn */
    double want = 10e-6 + 18e-6 + sqrt(0.14 * 0.14 + 0.15 * 0.15);
    near(got.time_s, want, 1e-9);
    assert_int_equal(got.algorithm, MU_ALGORITHM_HIERARCHICAL);
    assert_int_equal(got.tier, 1);
    /* every eighth rank: one a server, only the outer tier */
    got = mu_fabric_collective(&fabric, MU_ALL_REDUCE, (mu_group){4, 8}, 8e9);
    near(got.time_s, 10e-6 + 4e-6 + 1.2, 1e-9);
    /* neighbours meet inside, ranks eight apart outside */
    assert_int_equal(mu_fabric_collective(&fabric, MU_POINT_TO_POINT, (mu_group){2, 1}, 1e6).tier,
                     0);
    assert_int_equal(mu_fabric_collective(&fabric, MU_POINT_TO_POINT, (mu_group){2, 8}, 1e6).tier,
                     1);
}

static double draw(uint64_t seed, uint64_t stream, double low, double high)
{
    return low * pow(high / low, mu_random_uniform(seed, stream, 0));
}

/* A random fabric of one or two tiers within the limits of its parameters. */
static mu_fabric random_fabric(uint64_t seed)
{
    size_t count = 0;
    const mu_tier_param_spec *specs = mu_tier_param_specs(&count);
    mu_fabric fabric = {.tier_count = 1 + (uint32_t)(mu_random_bits(seed, 1, 0) % 2)};
    for (uint32_t i = 0; i < fabric.tier_count; i++) {
        mu_tier *tier = &fabric.tier[i];
        tier->kind = (mu_tier_kind)(mu_random_bits(seed, 2, i) % 3);
        tier->span = i == 0 ? 8.0 : 4096.0;
        tier->bandwidth = draw(seed, 10 + i, 1e9, 2e12);
        tier->in_network_reduction = mu_random_bits(seed, 3, i) % 2 == 0;
        for (size_t k = 0; k < count; k++) {
            mu_range prior = i == 0 ? specs[k].prior : specs[k].prior_scale_out;
            double value = mu_range_at(prior, mu_random_uniform(seed, 20 + i, k));
            value = fmin(fmax(value, specs[k].min), specs[k].max);
            memcpy((char *)tier + specs[k].offset, &value, sizeof value);
        }
        if (mu_random_bits(seed, 7, i) % 2 == 0) {
            tier->short_share = draw(seed, 30 + i, 0.003, 0.9);
            tier->middle_share = mu_random_bits(seed, 8, i) % 2 == 0 ? 0.0 : 0.4;
            tier->middle_s = draw(seed, 40 + i, 1e-7, 1e-5);
            tier->long_s = draw(seed, 50 + i, 1e-6, 1e-4);
            tier->peer_fill_bytes = draw(seed, 60 + i, 1e3, 1e7);
        }
    }
    return fabric;
}

/* Bytes a rank must at least send, over the bandwidth of all its tiers together. */
static double bound_s(const mu_fabric *fabric, mu_collective what, double ranks, double bytes)
{
    double bandwidth = 0.0;
    bool in_switch = false;
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        bandwidth = fmax(bandwidth, fabric->tier[i].bandwidth);
        in_switch = in_switch || fabric->tier[i].in_network_reduction;
    }
    double times = what == MU_ALL_REDUCE && !in_switch ? 2.0 : 1.0;
    return times * (ranks - 1.0) / ranks * bytes / bandwidth;
}

static void properties(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        mu_fabric fabric = random_fabric(seed);
        mu_collective what = (mu_collective)(mu_random_bits(seed, 4, 0) % MU_POINT_TO_POINT);
        uint64_t ranks = 2 + mu_random_bits(seed, 5, 0) % 63;
        double bytes = draw(seed, 6, 1.0, 1e12);
        double time_s = time_of(&fabric, what, ranks, bytes);
        assert_true(isfinite(time_s) && time_s > 0.0);
        if (what != MU_BROADCAST || fabric.tier_count == 1) {
            assert_true(time_s >= bound_s(&fabric, what, (double)ranks, bytes) * (1.0 - 1e-12));
        }
        assert_true(time_of(&fabric, what, ranks, bytes * 1.5) >= time_s);
        mu_fabric wider = fabric;
        for (uint32_t i = 0; i < wider.tier_count; i++) {
            wider.tier[i].bandwidth *= 1.3;
        }
        assert_true(time_of(&wider, what, ranks, bytes) <= time_s);
    }
}

static void two_equal_tiers_are_no_better_than_one(void **state)
{
    (void)state;
    for (uint64_t servers = 2; servers <= 16; servers++) {
        mu_fabric nested = {.tier_count = 2, .tier = {plain_tier(8.0), plain_tier(1024.0)}};
        uint64_t ranks = servers * 8;
        double flat_s = 2.0 * (double)(ranks - 1) / (double)ranks * 1e10 / 100e9;
        assert_true(time_of(&nested, MU_ALL_REDUCE, ranks, 1e10) >= flat_s);
    }
}

static void edges(void **state)
{
    (void)state;
    mu_fabric fabric = {.tier_count = 2, .tier = {{.span = 8.0}, {.span = 131072.0}}};
    for (uint32_t i = 0; i < 2; i++) {
        fabric.tier[i].bandwidth = i == 0 ? 450e9 : 50e9;
        mu_tier_set_priors(&fabric.tier[i], i == 1);
    }
    const double sizes[] = {0.0, 1.0, 1e18};
    for (mu_collective what = 0; what < MU_COLLECTIVE_COUNT; what++) {
        near(time_of(&fabric, what, 1, 1e9), 0.0, 0.0);
        for (uint32_t i = 0; i < 3; i++) {
            double near_s = time_of(&fabric, what, 2, sizes[i]);
            double far_s = time_of(&fabric, what, 131072, sizes[i]);
            assert_true(isfinite(near_s) && near_s > 0.0);
            assert_true(isfinite(far_s) && far_s >= near_s);
        }
        assert_true(strlen(mu_collective_text(what)) > 0);
    }
}

static void specs_cover_the_tier(void **state)
{
    (void)state;
    size_t count = 0;
    const mu_tier_param_spec *specs = mu_tier_param_specs(&count);
    assert_true(count >= 10);
    for (size_t i = 0; i < count; i++) {
        assert_true(specs[i].offset + sizeof(double) <= sizeof(mu_tier));
        const mu_range ranges[] = {specs[i].prior, specs[i].prior_scale_out};
        for (int k = 0; k < 2; k++) {
            assert_true(specs[i].min <= ranges[k].low && ranges[k].low <= ranges[k].best);
            assert_true(ranges[k].best <= ranges[k].high && ranges[k].high <= specs[i].max);
        }
    }
    for (mu_algorithm a = 0; a < MU_ALGORITHM_COUNT; a++) {
        assert_true(strlen(mu_algorithm_text(a)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(in_switch_by_hand),
        cmocka_unit_test(one_shot_for_small),
        cmocka_unit_test(protocols_by_hand),
        cmocka_unit_test(mesh_and_bus),
        cmocka_unit_test(hierarchy_by_hand),
        cmocka_unit_test(properties),
        cmocka_unit_test(two_equal_tiers_are_no_better_than_one),
        cmocka_unit_test(edges),
        cmocka_unit_test(specs_cover_the_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
