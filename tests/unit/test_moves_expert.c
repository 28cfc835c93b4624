/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   what ranks send when tokens choose experts is what the choice implies.
 * Method: sums that hold whatever is drawn, expectations in closed form, and how skew acts.
 */
#include "fabric/moves_expert.h"

#include "fabric/fabric.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const mu_expert_traffic PLAIN = {
    .ranks = 16, .experts = 256, .topk = 8, .tokens = 4096, .token_bytes = 7168.0, .seed = 1};

static mu_expert_bytes bytes_of(mu_arena *arena, const mu_expert_traffic *traffic)
{
    mu_expert_bytes out;
    mu_error err = {0};
    if (mu_expert_traffic_bytes(arena, traffic, &out, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return out;
}

static double row_sum(const mu_expert_bytes *b, uint32_t from)
{
    double sum = 0.0;
    for (uint32_t to = 0; to < b->ranks; to++) {
        sum += b->bytes[from * b->ranks + to];
    }
    return sum;
}

static void within(double got, double want, double share)
{
    if (!(fabs(got - want) <= share * fabs(want))) {
        fail_msg("got %.17g, want %.17g within %g", got, want, share);
    }
}

/* Every copy of every token goes somewhere, whatever the skew, drawn in full or in part. */
static void all_copies_are_sent(void **state)
{
    (void)state;
    const double skew[] = {0.0, 0.5, 1.0, 10.0};
    const double tokens[] = {0.0, 1.0, 100.5, 1e8};
    for (uint32_t i = 0; i < 16; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_expert_traffic traffic = PLAIN;
        traffic.ranks = 4;
        traffic.experts = 12;
        traffic.skew = skew[i % 4];
        traffic.tokens = tokens[i / 4];
        if (traffic.tokens > 1e6) {
            traffic.ranks = 1 << 11; /* 512 tokens stand for a rank's */
            traffic.topk = 2;
        }
        mu_expert_bytes b = bytes_of(arena, &traffic);
        for (uint32_t r = 0; r < b.ranks; r += 1 + b.ranks / 8) {
            within(row_sum(&b, r), traffic.tokens * traffic.topk * 7168.0, 1e-9);
        }
        mu_arena_free(arena);
    }
}

/* With every expert chosen nothing is left to chance. */
static void all_experts_by_hand(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = {.ranks = 3,
                                 .experts = 6,
                                 .topk = 6,
                                 .tokens = 10.0,
                                 .token_bytes = 5.0,
                                 .skew = 2.0,
                                 .seed = 9};
    mu_expert_bytes b = bytes_of(arena, &traffic);
    traffic.once = true;
    mu_expert_bytes once = bytes_of(arena, &traffic);
    for (uint32_t i = 0; i < 9; i++) {
        within(b.bytes[i], 100.0, 1e-12);
        within(once.bytes[i], 50.0, 1e-12);
    }
    within(b.imbalance, 1.0, 1e-12);
    mu_arena_free(arena);
}

/* Without skew, a token reaches as many ranks as the closed form says. */
static void once_as_closed_form(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = PLAIN;
    traffic.once = true;
    mu_expert_bytes b = bytes_of(arena, &traffic);
    double want = 4096.0 * 7168.0 * mu_exchange_domains(16.0, 256.0, 8.0);
    for (uint32_t r = 0; r < b.ranks; r++) {
        within(row_sum(&b, r), want, 0.02);
    }
    within(b.imbalance, 1.0, 0.02);
    mu_arena_free(arena);
}

/* In groups: a token crosses as often as it has groups, and is handed on inside to all its other
 * ranks there; both as the closed form of the exchange has it. */
static void groups_forward_as_closed_form(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = PLAIN;
    traffic.once = true;
    mu_expert_bytes straight = bytes_of(arena, &traffic);
    traffic.inner = 4;
    mu_expert_bytes b = bytes_of(arena, &traffic);
    double across = 0.0;
    double inside = 0.0;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t from = i / 16;
        uint32_t to = i % 16;
        across += from / 4 != to / 4 ? b.bytes[i] : 0.0;
        inside += from / 4 == to / 4 ? b.bytes[i] : 0.0;
        assert_true(from / 4 == to / 4 || from % 4 == to % 4 || b.bytes[i] == 0.0);
    }
    double tokens = 16.0 * 4096.0 * 7168.0;
    within(across, tokens * mu_exchange_domains(4.0, 256.0, 8.0) * 3.0 / 4.0, 0.01);
    /* every copy for a rank but those for the relay itself comes from inside */
    double copies = mu_exchange_domains(16.0, 256.0, 8.0);
    within(inside, tokens * copies * (1.0 / 4.0 + 3.0 / 4.0 * 3.0 / 4.0), 0.01);
    assert_true(b.imbalance == straight.imbalance);
    mu_arena_free(arena);
}

/* One expert a token: shares are those of the Zipf law, summed by rank; the busiest holds the most
 * popular. */
static void zipf_by_formula(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = PLAIN;
    traffic.ranks = 8;
    traffic.experts = 8;
    traffic.topk = 1;
    traffic.tokens = 32768.0;
    traffic.skew = 1.0;
    mu_expert_bytes b = bytes_of(arena, &traffic);
    double harmonic = 0.0;
    for (uint32_t k = 1; k <= 8; k++) {
        harmonic += 1.0 / k;
    }
    within(b.imbalance, 8.0 / harmonic, 0.02);
    mu_arena_free(arena);
}

static void skew_loads_ranks_unevenly(void **state)
{
    (void)state;
    double last = 1.0;
    for (int i = 0; i <= 4; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_expert_traffic traffic = PLAIN;
        traffic.tokens = 512.0;
        traffic.skew = 0.4 * i;
        mu_expert_bytes b = bytes_of(arena, &traffic);
        assert_true(b.imbalance > last);
        last = b.imbalance;
        mu_arena_free(arena);
    }
}

static void combine_is_the_way_back(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = PLAIN;
    traffic.skew = 0.7;
    mu_expert_bytes there = bytes_of(arena, &traffic);
    traffic.combine = true;
    mu_expert_bytes back = bytes_of(arena, &traffic);
    for (uint32_t i = 0; i < 16 * 16; i++) {
        assert_true(there.bytes[i] == back.bytes[i % 16 * 16 + i / 16]);
    }
    assert_true(there.imbalance == back.imbalance);
    mu_arena_free(arena);
}

static void seeds_repeat(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_expert_traffic traffic = PLAIN;
    traffic.skew = 0.7;
    mu_expert_bytes one = bytes_of(arena, &traffic);
    mu_expert_bytes same = bytes_of(arena, &traffic);
    traffic.seed = 2;
    mu_expert_bytes other = bytes_of(arena, &traffic);
    assert_memory_equal(one.bytes, same.bytes, 256 * sizeof(double));
    assert_memory_not_equal(one.bytes, other.bytes, 256 * sizeof(double));
    mu_arena_free(arena);
}

static void refused(mu_expert_traffic traffic, const char *text)
{
    mu_arena *arena = mu_arena_create(0);
    mu_expert_bytes out;
    mu_error err = {0};
    assert_int_equal(mu_expert_traffic_bytes(arena, &traffic, &out, &err), MU_E_INPUT);
    if (strstr(err.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
    }
    mu_arena_free(arena);
}

static void bad_numbers_are_named(void **state)
{
    (void)state;
    mu_expert_traffic bad = PLAIN;
    bad.ranks = 0;
    refused(bad, "1 rank or more");
    bad = PLAIN;
    bad.experts = 0;
    refused(bad, "experts: expected 1 to 65536, found 0");
    bad = PLAIN;
    bad.topk = 257;
    refused(bad, "expected 1 to 256, found 257");
    bad = PLAIN;
    bad.tokens = -1.0;
    refused(bad, "tokens: expected 0 to 1e+09, found -1");
    bad = PLAIN;
    bad.token_bytes = (double)NAN;
    refused(bad, "bytes of a token");
    bad = PLAIN;
    bad.inner = 5;
    refused(bad, "divides 16 ranks, found 5");
    bad = PLAIN;
    bad.skew = (double)INFINITY;
    refused(bad, "skew: expected 0 to 10, found inf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_copies_are_sent),     cmocka_unit_test(all_experts_by_hand),
        cmocka_unit_test(once_as_closed_form),     cmocka_unit_test(groups_forward_as_closed_form),
        cmocka_unit_test(zipf_by_formula),         cmocka_unit_test(skew_loads_ranks_unevenly),
        cmocka_unit_test(combine_is_the_way_back), cmocka_unit_test(seeds_repeat),
        cmocka_unit_test(bad_numbers_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
