/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the simulator at its limits: overload, requests that never fit, memory, traffic that
 *         fails, experts whose popularity drifts.
 * Method: traffic beyond what is served, arenas that end early, what the price is asked for.
 */
#include "simulate_stream.h"

#include <sys/resource.h>

static void overload_ends_and_says_so(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    formula cost = {.base_s = 1.0};
    stream s = {.count = UINT64_MAX, .rate = 2.0, .tenants = 1};
    s.input_low = s.input_high = 100;
    s.output_low = s.output_high = 1;
    mu_sim_config c = {.decode = server(&cost), .queue_most = 5000};
    mu_sim_answer a = simulate(&c, &s, NULL, arena);
    assert_false(a.stable);
    assert_true(a.arrived > 5000 && a.arrived < 20000);
    assert_true(a.ended > 0 && a.ended < a.arrived);
    s.count = 20000;
    s.rate = 1.3;
    c.queue_most = 0;
    a = simulate(&c, &s, NULL, arena);
    assert_false(a.stable);
    assert_int_equal(a.ended, s.count);
    s.rate = 0.8;
    a = simulate(&c, &s, NULL, arena);
    assert_true(a.stable);
    mu_arena_free(arena);
}

static void what_never_fits_is_turned_away(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    formula cost = {.base_s = 1.0};
    stream s = {.count = 10, .rate = 1.0, .tenants = 1, .too_long_every = 1};
    s.input_low = s.input_high = 100;
    s.output_low = s.output_high = 1;
    mu_sim_config c = {.decode = server(&cost)};
    mu_sim_answer a;
    mu_error err = {0};
    mu_traffic traffic = stream_open(&s);
    assert_int_equal(mu_simulate(&c, &traffic, NULL, arena, &a, &err), MU_NO);
    assert_true(strlen(err.text) > 0);
    s.too_long_every = 3;
    a = simulate(&c, &s, NULL, arena);
    assert_int_equal(a.rejected, 4);
    assert_int_equal(a.ended, 6);
    /* The largest that fits: to the block. */
    s.too_long_every = 0;
    s.input_low = s.input_high = (1 << 16) - 1;
    a = simulate(&c, &s, NULL, arena);
    assert_int_equal(a.ended, 10);
    s.output_low = s.output_high = 2;
    traffic = stream_open(&s);
    err = (mu_error){0};
    assert_int_equal(mu_simulate(&c, &traffic, NULL, arena, &a, &err), MU_NO);
    mu_arena_free(arena);
}

static long resident_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Thirty times the requests take no more memory: requests in hand count, not those ever seen. */
static void memory_is_by_requests_in_hand(void **state)
{
    (void)state;
    long kib[2];
    size_t bytes[2];
    static const uint64_t count[2] = {10000, 300000};
    for (uint32_t k = 0; k < 2; k++) {
        mu_arena *arena = mu_arena_create(0);
        formula cost = {.base_s = 0.01};
        stream s = {.count = count[k], .rate = 400.0, .tenants = 1};
        s.input_low = s.input_high = 100;
        s.output_low = s.output_high = 4;
        mu_sim_config c = {.decode = server(&cost)};
        c.decode.max_sequences = 64;
        c.decode.max_tokens = 4096;
        simulate(&c, &s, NULL, arena);
        bytes[k] = mu_arena_used(arena);
        kib[k] = resident_kib();
        mu_arena_free(arena);
    }
    assert_true(bytes[1] <= bytes[0] + 65536);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory */
    assert_true(kib[1] <= kib[0] + 2048);
#endif
}

/* Whatever memory there is: an answer, or a clear no. */
static void memory_that_ends_is_told(void **state)
{
    (void)state;
    bool failed = false;
    bool worked = false;
    for (size_t limit = 1024; limit < (size_t)1 << 24; limit += limit / 4) {
        mu_arena *arena = mu_arena_create(limit);
        formula cost = {.base_s = 0.01};
        stream s = {.count = 500, .rate = 400.0, .tenants = 1};
        s.input_low = s.input_high = 100;
        s.output_low = s.output_high = 4;
        mu_sim_config c = {.decode = server(&cost)};
        c.decode.prefix_cache = true;
        mu_sim_answer a;
        mu_error err = {0};
        mu_traffic traffic = stream_open(&s);
        mu_status status = mu_simulate(&c, &traffic, NULL, arena, &a, &err);
        assert_true(status == MU_OK || status == MU_E_MEMORY);
        assert_true(status == MU_OK || strlen(err.text) > 0);
        assert_true(status == MU_E_MEMORY || a.ended == 500);
        failed = failed || status == MU_E_MEMORY;
        worked = worked || status == MU_OK;
        mu_arena_free(arena);
    }
    assert_true(failed && worked);
}

static mu_status take_fails(void *context, mu_request *out, mu_error *err)
{
    stream *s = context;
    if (s->next == 7) {
        return mu_fail_at(err, MU_E_INPUT, "trace.csv", 8, 3, "a number was expected");
    }
    return stream_take(context, out, err);
}

static void traffic_that_fails_is_told(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    formula cost = {.base_s = 1.0};
    stream s = {.count = 20, .rate = 1.0, .tenants = 1};
    s.input_low = s.input_high = 100;
    s.output_low = s.output_high = 4;
    mu_sim_config c = {.decode = server(&cost)};
    mu_sim_answer a;
    mu_error err = {0};
    mu_traffic traffic = stream_open(&s);
    traffic.take = take_fails;
    assert_int_equal(mu_simulate(&c, &traffic, NULL, arena, &a, &err), MU_E_INPUT);
    assert_int_equal(err.line, 8);
    assert_string_equal(err.text, "a number was expected");
    mu_arena_free(arena);
}

/* What a price was asked for. */
typedef struct asked {
    double now_s; /* each step takes a second */
    double imbalance, sum;
    uint32_t steps, periods;
    bool steady; /* within a period */
} asked;

enum { PERIOD = 10 };

static void price_and_note(void *context, uint32_t worker, const mu_batch lane[], uint32_t lanes,
                           double imbalance, mu_step_cost *out)
{
    (void)worker;
    (void)lane;
    (void)lanes;
    asked *seen = context;
    if (seen->steps % PERIOD == 0) {
        seen->imbalance = imbalance;
        seen->sum += imbalance;
        seen->periods++;
    }
    seen->steady = seen->steady && imbalance == seen->imbalance;
    seen->steps++;
    *out = (mu_step_cost){.time_s = 1.0};
}

/* A popularity lasts its period, then another is drawn around the mean. */
static void hot_experts_drift(void **state)
{
    (void)state;
    for (int skewed = 0; skewed < 2; skewed++) {
        mu_arena *arena = mu_arena_create(0);
        asked seen = {.steady = true};
        stream s = {.count = 1, .rate = 1.0, .tenants = 1};
        s.input_low = s.input_high = 10;
        s.output_low = s.output_high = 20000;
        mu_sim_config c = {.decode = server(NULL), .seed = 5};
        c.decode.price = price_and_note;
        c.decode.price_context = &seen;
        if (skewed) {
            c.skew = (mu_sim_skew){.imbalance = 2.0, .spread = 0.1, .period_s = PERIOD};
        }
        (void)simulate(&c, &s, NULL, arena);
        assert_true(seen.steady);
        assert_int_equal(seen.steps, 20000);
        double mean = seen.sum / seen.periods;
        double error = 0.1 * 2.0 / sqrt(seen.periods);
        assert_true(skewed ? fabs(mean - 2.0) < 4.0 * error : mean == 0.0);
        mu_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_by_requests_in_hand),
        cmocka_unit_test(memory_that_ends_is_told),
        cmocka_unit_test(overload_ends_and_says_so),
        cmocka_unit_test(what_never_fits_is_turned_away),
        cmocka_unit_test(traffic_that_fails_is_told),
        cmocka_unit_test(hot_experts_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
