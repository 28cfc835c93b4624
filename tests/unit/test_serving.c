/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   steady-state serving keeps its own books: Little's law, conservation, memory, SLO.
 * Method: identities worked from the outside on deployments of several kinds, monotonic properties.
 */
#include "study/search.h"
#include "twin_helper.h"

#include <math.h>

static mu_prediction predict(const mu_scenario *scenario)
{
    mu_question q = question_of(scenario);
    mu_prediction p;
    mu_error err = {0};
    if (mu_predict(&q, &t.work, &p, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return p;
}

/* Requests in flight = rate x time in the system. */
static void littles_law_holds(void **state)
{
    (void)state;
    const char *const flight[] = {"1", "7", "64", "300", "2000"};
    for (size_t i = 0; i < sizeof flight / sizeof flight[0]; i++) {
        mu_scenario s =
            SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "4", "instances", "2",
                     "concurrency", flight[i], "input", "2000", "output", "500");
        mu_service a = predict(&s).point;
        double inside_s = a.ttft_s + 499.0 * a.tpot_s;
        assert_near(a.requests_per_s * inside_s, s.concurrency, 1e-3);
        assert_near(a.output_tokens_per_s, a.requests_per_s * 500.0, 1e-12);
        assert_near(a.total_tokens_per_s, a.requests_per_s * 2500.0, 1e-12);
    }
}

static void more_in_flight_is_more_work_and_more_waiting(void **state)
{
    (void)state;
    double rate = 0.0;
    double tpot_s = 0.0;
    double ttft_s = 0.0;
    const char *const flight[] = {"1", "2", "4", "16", "64", "256", "1024", "4096"};
    for (size_t i = 0; i < sizeof flight / sizeof flight[0]; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1",
                                 "concurrency", flight[i]);
        mu_service a = predict(&s).point;
        assert_true(a.requests_per_s >= rate * (1.0 - 1e-6));
        assert_true(a.tpot_s >= tpot_s * (1.0 - 1e-6));
        assert_true(a.ttft_s >= ttft_s * 0.98);
        rate = a.requests_per_s;
        tpot_s = a.tpot_s;
        ttft_s = a.ttft_s;
    }
}

/* Prefill sends what decode takes: neither does more than it could. */
static void roles_are_joined(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "cloudmatrix-384", "model", "deepseek-r1", "mode", "disaggregated",
                 "prefill-instances", "4", "prefill-dp", "32", "prefill-ep", "32", "decode-dp",
                 "160", "decode-ep", "160", "decode-mtp", "1", "tpot", "50ms");
    mu_service a = predict(&s).point;
    assert_true(a.requests_per_s <= a.prefill_capacity * (1.0 + 1e-6));
    assert_true(a.requests_per_s <= a.decode_capacity * (1.0 + 1e-6));
    assert_near(a.chips, (4.0 * 32.0 + 160.0) / 2.0, 1e-12);
    assert_true(a.tpot_s <= 0.05 * (1.0 + 1e-9));
    assert_true(mu_service_balanced(&a) >= a.requests_per_s * (1.0 - 1e-9));
}

static void two_instances_do_twice_the_work(void **state)
{
    (void)state;
    mu_scenario one =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32");
    mu_scenario two = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch",
                               "32", "instances", "2");
    mu_service a = predict(&one).point;
    mu_service b = predict(&two).point;
    assert_near(b.requests_per_s, 2.0 * a.requests_per_s, 1e-9);
    assert_near(b.power_w, 2.0 * a.power_w, 1e-9);
    assert_near(b.tpot_s, a.tpot_s, 1e-9);
}

static void drafts_yield_what_they_are_accepted(void **state)
{
    (void)state;
    mu_role role = {.parallel = {.mtp = 2}, .acceptance = {0.8, 0.5}};
    assert_near(mu_role_yield(&role), 1.0 + 0.8 + 0.4, 1e-12);
    role.parallel.mtp = 0;
    assert_near(mu_role_yield(&role), 1.0, 0.0);
}

/* Memory of the answer is weights + cache of the batch + scratch, and stays inside. */
static void memory_is_kept(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "4", "input",
                             "8000", "output", "1000", "concurrency", "100000");
    mu_prediction p = predict(&s);
    const mu_memory *m = &p.point.decode.memory;
    double used = m->weights_bytes + m->kv_bytes + m->activations_bytes;
    assert_true(used <= m->capacity_bytes);
    assert_true(p.headroom_bytes >= 0.0);
    /* Half of the output is held on average. */
    assert_near(m->kv_bytes, p.point.decode.batch * 8500.0 * 327680.0 / 4.0, 1e-6);
}

static void a_prefix_hit_saves_prefill(void **state)
{
    (void)state;
    mu_scenario cold = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "8", "batch",
                                "16", "input", "8000");
    mu_scenario warm = cold;
    warm.prefix_hit = 0.75;
    mu_service a = predict(&cold).point;
    mu_service b = predict(&warm).point;
    assert_true(b.ttft_s < a.ttft_s);
    assert_true(b.requests_per_s > a.requests_per_s);
}

/* Nobody waits between tokens of an answer that has one: TPOT is that of a step, and plans hold. */
static void answers_of_one_token_have_no_gaps(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "input",
                             "1000", "output", "1", "concurrency", "100");
    mu_service a = predict(&s).point;
    assert_true(a.tpot_s > 0.0 && a.tpot_s <= a.decode.step_s * (1.0 + 1e-9));
    assert_near(a.requests_per_s * a.ttft_s, 100.0, 1e-3);
    s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "chips", "1", "input", "1000",
                 "output", "1", "tpot", "50ms");
    assert_true(predict(&s).point.requests_per_s > 1.0);
}

/* Requests in all come in waves: as many as there is room for, then what is left over. */
static void the_last_wave_costs(void **state)
{
    (void)state;
    mu_scenario endless = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "8",
                                   "batch", "64", "input", "500", "output", "500");
    mu_scenario half = endless;
    half.serve.batch = 32.0;
    mu_scenario full = endless;
    full.requests = 128.0;
    mu_scenario over = endless;
    over.requests = 96.0;
    mu_scenario few = endless;
    few.requests = 32.0;
    mu_scenario stream = endless;
    stream.rate = 2.0;
    stream.serve.batch = 50.0;
    mu_scenario ends = stream;
    ends.requests = 50.0;
    mu_service open = predict(&stream).point;
    mu_scenario fewer = endless;
    fewer.serve.batch = 0.5 * open.decode.batch;
    double last_s = open.ttft_s + 499.0 * predict(&fewer).point.decode.step_s;
    assert_near(predict(&ends).point.requests_per_s, 50.0 / (25.0 + last_s), 1e-9);
    double x = predict(&endless).point.requests_per_s;
    /* More than it can take: no worse than all at once. */
    mu_scenario flood = full;
    flood.rate = 1e4;
    assert_near(predict(&flood).point.requests_per_s, x, 1e-9);
    double x_half = predict(&half).point.requests_per_s;
    assert_near(predict(&full).point.requests_per_s, x, 1e-9);
    assert_near(predict(&few).point.requests_per_s, x_half, 1e-9);
    assert_near(predict(&over).point.requests_per_s, 96.0 / (64.0 / x + 32.0 / x_half), 1e-9);
}

static double prefill_attention_s(const char *engine, const char *model, const char *input)
{
    mu_scenario s =
        SCENARIO("system", "hgx-b200", "engine", engine, "model", model, "mode", "disaggregated",
                 "prefill-tp", "8", "decode-tp", "8", "input", input, "output", "100");
    return predict(&s).point.prefill.step.part_s[MU_PART_ATTENTION];
}

/* Attention that reads at most 2048 tokens is the dense one up to there, where engines say so. */
static void sparse_attention_begins_beyond_its_reach(void **state)
{
    (void)state;
    double dense = prefill_attention_s("sglang", "deepseek-v3.1", "2048");
    assert_near(prefill_attention_s("sglang", "deepseek-v3.2", "2048"), dense, 1e-9);
    assert_true(prefill_attention_s("sglang", "deepseek-v3.2", "4096") > dense);
    double gathered = prefill_attention_s("trtllm", "deepseek-v3.2", "2048");
    assert_true(gathered > 1.5 * prefill_attention_s("trtllm", "deepseek-v3.1", "2048"));
}

/* Blackwell Ultra keeps INT8 at a crawl: weights of eight bits meet BF16 there. */
static void a_slow_format_is_for_weights_only(void **state)
{
    (void)state;
    mu_scenario slow =
        SCENARIO("system", "gb300-nvl72", "model", "llama-3.1-70b", "weights", "int8");
    mu_scenario fast = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "weights", "int8");
    assert_int_equal(question_of(&slow).precision.activations, MU_DTYPE_BF16);
    assert_int_equal(question_of(&fast).precision.activations, MU_DTYPE_INT8);
}

static void too_big_says_how_much(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "deepseek-r1", "tp", "8");
    mu_question q = question_of(&s);
    mu_prediction p;
    mu_error err = {0};
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_NO);
    assert_non_null(strstr(err.text, "GB a rank"));
    assert_non_null(strstr(err.text, "the smallest count that holds it is"));
}

/* What arrives is served, until it can't be; waiting grows on the way there. */
static void a_rate_is_kept(void **state)
{
    (void)state;
    const char *const rates[] = {"0.1/s", "1/s", "2/s", "4/s"};
    double ttft_s = 0.0;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "8", "rate",
                                 rates[i], "input", "1000", "output", "200");
        mu_service a = predict(&s).point;
        assert_near(a.requests_per_s, s.rate, 1e-9);
        assert_near(a.concurrency, s.rate * (a.ttft_s + 199.0 * a.tpot_s), 1e-6);
        assert_true(a.ttft_s >= ttft_s);
        ttft_s = a.ttft_s;
    }
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "8", "rate", "500/s");
    mu_question q = question_of(&s);
    mu_prediction p;
    mu_error err = {0};
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_NO);
    assert_non_null(strstr(err.text, "overload"));
}

static void more_chips_than_there_are_is_refused(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "chips", "8",
                             "instances", "16", "tp", "1");
    mu_question q = question_of(&s);
    mu_prediction p;
    mu_error err = {0};
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "takes 16 chips, more than the 8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(littles_law_holds),
        cmocka_unit_test(more_in_flight_is_more_work_and_more_waiting),
        cmocka_unit_test(roles_are_joined),
        cmocka_unit_test(two_instances_do_twice_the_work),
        cmocka_unit_test(drafts_yield_what_they_are_accepted),
        cmocka_unit_test(memory_is_kept),
        cmocka_unit_test(a_prefix_hit_saves_prefill),
        cmocka_unit_test(answers_of_one_token_have_no_gaps),
        cmocka_unit_test(the_last_wave_costs),
        cmocka_unit_test(sparse_attention_begins_beyond_its_reach),
        cmocka_unit_test(a_slow_format_is_for_weights_only),
        cmocka_unit_test(too_big_says_how_much),
        cmocka_unit_test(a_rate_is_kept),
        cmocka_unit_test(more_chips_than_there_are_is_refused),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
