/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   MoE dispatch and combine send what routing makes them send, no more and no less.
 * Method: expectations against counting by hand and drawing at random, values worked by hand, then
 *         properties over seeded random exchanges.
 */
#include "base/random.h"
#include "fabric/fabric.h"

#include <math.h>

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

/* Servers of 8 at 100 GB/s inside and 10 GB/s across, no fixed costs but 10 us a kernel. */
static mu_fabric plain_fabric(void)
{
    mu_fabric fabric = {.tier_count = 2};
    for (uint32_t i = 0; i < 2; i++) {
        mu_tier *tier = &fabric.tier[i];
        tier->span = i == 0 ? 8.0 : 4096.0;
        tier->bandwidth = i == 0 ? 100e9 : 10e9;
        tier->dispatch_efficiency = 1.0;
        tier->dispatch_direct_efficiency = 1.0;
        tier->dispatch_launch_s = 10e-6;
    }
    return fabric;
}

static mu_exchange plain_exchange(uint64_t ranks)
{
    mu_exchange exchange = {
        .group = {ranks, 1},
        .tokens = 1000.0,
        .topk = 8.0,
        .experts_per_rank = 256.0 / (double)ranks,
        .token_bytes = 1e4,
        .imbalance = 1.0,
        .low_latency = true,
    };
    return exchange;
}

/* Mean number of domains hit, by drawing topk different experts. */
static double drawn_domains(uint32_t domains, uint32_t experts, uint32_t topk)
{
    enum { DRAWS = 20000 };
    uint64_t hits = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t chosen[4] = {0};
        uint64_t hit[4] = {0};
        uint32_t have = 0;
        for (uint64_t k = 0; have < topk; k++) {
            uint64_t e = mu_random_bits(7, i, k) % experts;
            if ((chosen[e / 64] >> (e % 64) & 1U) != 0) {
                continue;
            }
            chosen[e / 64] |= (uint64_t)1 << (e % 64);
            uint64_t d = e * domains / experts;
            hits += (hit[d / 64] >> (d % 64) & 1U) == 0;
            hit[d / 64] |= (uint64_t)1 << (d % 64);
            have++;
        }
    }
    return (double)hits / DRAWS;
}

static void domains_hit(void **state)
{
    (void)state;
    /* 2 of 4 experts over 2 domains of 2: both in one with chance 1/3, so 5/3 */
    near(mu_exchange_domains(2.0, 4.0, 2.0), 5.0 / 3.0, 1e-12);
    near(mu_exchange_domains(1.0, 256.0, 8.0), 1.0, 0.0);
    near(mu_exchange_domains(8.0, 8.0, 8.0), 8.0, 1e-9);
    near(mu_exchange_domains(64.0, 256.0, 0.0), 0.0, 0.0);
    const uint32_t domains[] = {2, 8, 32, 256};
    for (int i = 0; i < 4; i++) {
        double want = drawn_domains(domains[i], 256, 8);
        double got = mu_exchange_domains((double)domains[i], 256.0, 8.0);
        assert_true(fabs(got / want - 1.0) < 0.01);
    }
}

static void low_latency_by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    /* 8 ranks: 1000 * 8 copies * 10 kB, 7/8 of them leave: 70 MB at 100 GB/s = 0.7 ms */
    mu_exchange exchange = plain_exchange(8);
    mu_transfer got = mu_fabric_exchange(&fabric, &exchange);
    near(got.time_s, 10e-6 + 0.7e-3, 1e-9);
    near(got.wire_bytes, 70e6, 1.0);
    /* 16 ranks: 7/16 inside (35 MB, 0.35 ms), 8/16 across (40 MB, 4 ms) */
    exchange = plain_exchange(16);
    got = mu_fabric_exchange(&fabric, &exchange);
    near(got.time_s, 10e-6 + hypot(0.35e-3, 4e-3), 1e-9);
    assert_int_equal(got.tier, 1);
    exchange.imbalance = 2.0;
    near(mu_fabric_exchange(&fabric, &exchange).time_s, 10e-6 + 2.0 * hypot(0.35e-3, 4e-3), 1e-9);
}

static void normal_by_hand(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    mu_exchange exchange = plain_exchange(16);
    exchange.low_latency = false;
    /* across: each token once to the other server if it has an expert there; inside: to every rank
     * hit but for the one it arrives at */
    double servers = mu_exchange_domains(2.0, 256.0, 8.0);
    double ranks = mu_exchange_domains(16.0, 256.0, 8.0);
    double across_s = 1000.0 * 1e4 * servers / 2.0 / 10e9;
    double inside_s = 1000.0 * 1e4 * ranks * 7.0 / 8.0 / 100e9;
    mu_transfer got = mu_fabric_exchange(&fabric, &exchange);
    near(got.time_s, 10e-6 + hypot(across_s, inside_s), 1e-9);
    assert_int_equal(got.algorithm, MU_ALGORITHM_HIERARCHICAL);
}

static void groups_limit_what_leaves(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    mu_exchange exchange = plain_exchange(64);
    exchange.low_latency = false;
    double any_s = mu_fabric_exchange(&fabric, &exchange).time_s;
    exchange.groups_topk = 4.0;
    mu_transfer four = mu_fabric_exchange(&fabric, &exchange);
    assert_true(four.time_s < any_s);
    /* at most 4 of 8 servers, one eighth of the time one's own */
    assert_true(four.wire_bytes <= 1000.0 * 1e4 * (4.0 * 7.0 / 8.0 + 8.0));
    exchange.groups_topk = 8.0;
    near(mu_fabric_exchange(&fabric, &exchange).time_s, any_s, 1e-12);
}

static mu_exchange random_exchange(uint64_t seed)
{
    mu_exchange exchange = {
        .group = {2 + mu_random_bits(seed, 1, 0) % 400, 1},
        .tokens = 1.0 + 8192.0 * mu_random_uniform(seed, 2, 0),
        .topk = 1.0 + (double)(mu_random_bits(seed, 3, 0) % 16),
        .experts_per_rank = 1.0 + (double)(mu_random_bits(seed, 4, 0) % 32),
        .token_bytes = 1000.0 + 20000.0 * mu_random_uniform(seed, 5, 0),
        .groups_topk = (double)(mu_random_bits(seed, 6, 0) % 5),
        .imbalance = 1.0 + mu_random_uniform(seed, 7, 0),
        .low_latency = mu_random_bits(seed, 8, 0) % 2 == 0,
        .combine = mu_random_bits(seed, 9, 0) % 2 == 0,
    };
    return exchange;
}

static void properties(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    mu_tier_set_priors(&fabric.tier[0], false);
    mu_tier_set_priors(&fabric.tier[1], true);
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        mu_exchange exchange = random_exchange(seed);
        mu_transfer got = mu_fabric_exchange(&fabric, &exchange);
        assert_true(isfinite(got.time_s) && got.time_s > got.launch_s);
        double copies = exchange.tokens * exchange.topk * exchange.token_bytes * exchange.imbalance;
        /* low latency: no more than every copy; normal: no copy crosses two tiers more than once */
        assert_true(got.wire_bytes <= 2.0 * copies);
        assert_true(!exchange.low_latency || got.wire_bytes < copies);
        mu_exchange more = exchange;
        more.tokens *= 1.5;
        assert_true(mu_fabric_exchange(&fabric, &more).time_s > got.time_s);
        more = exchange;
        more.topk += 1.0;
        assert_true(mu_fabric_exchange(&fabric, &more).time_s >= got.time_s);
        mu_fabric wider = fabric;
        wider.tier[0].bandwidth *= 1.3;
        wider.tier[1].bandwidth *= 1.3;
        assert_true(mu_fabric_exchange(&wider, &exchange).time_s <= got.time_s);
    }
}

static void edges(void **state)
{
    (void)state;
    mu_fabric fabric = plain_fabric();
    mu_exchange exchange = plain_exchange(1);
    near(mu_fabric_exchange(&fabric, &exchange).time_s, 0.0, 0.0);
    exchange = plain_exchange(131072);
    exchange.tokens = 0.0;
    near(mu_fabric_exchange(&fabric, &exchange).time_s, 10e-6, 1e-12);
    exchange.tokens = 1e12;
    exchange.low_latency = false;
    assert_true(isfinite(mu_fabric_exchange(&fabric, &exchange).time_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_hit),    cmocka_unit_test(low_latency_by_hand),
        cmocka_unit_test(normal_by_hand), cmocka_unit_test(groups_limit_what_leaves),
        cmocka_unit_test(properties),     cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
