/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   plan finds the best of its space, match the fewest chips, intervals hold the point; the
 * same bytes for any number of threads. Method: brute force against the joins, monotonic properties
 * in chips and SLO, thread counts 1, 2, 8.
 */
#include "study/search.h"
#include "twin_helper.h"

#include <math.h>

static mu_plan plan(const mu_scenario *scenario, mu_work *work)
{
    mu_question q = question_of(scenario);
    mu_plan p;
    mu_error err = {0};
    if (mu_plan_search(&q, work, &p, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return p;
}

static void more_chips_never_do_less(void **state)
{
    (void)state;
    const char *const counts[] = {"16", "24", "32", "48", "72", "96", "144", "200", "256", "384"};
    double rate = 0.0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        mu_scenario s = SCENARIO("system", "cloudmatrix-384", "model", "deepseek-r1", "tpot",
                                 "50ms", "chips", counts[i]);
        mu_plan p = plan(&s, &t.work);
        assert_true(p.best.point.requests_per_s >= rate * (1.0 - 1e-9));
        assert_true(p.best.point.chips <= s.chips);
        rate = p.best.point.requests_per_s;
    }
}

static void a_looser_slo_never_does_less(void **state)
{
    (void)state;
    const char *const slos[] = {"20ms", "30ms", "50ms", "80ms", "200ms"};
    double rate = 0.0;
    for (size_t i = 0; i < sizeof slos / sizeof slos[0]; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tpot", slos[i]);
        mu_plan p = plan(&s, &t.work);
        assert_true(p.best.point.requests_per_s >= rate * (1.0 - 1e-9));
        assert_true(p.best.point.tpot_s <= s.tpot_s * (1.0 + 1e-9));
        rate = p.best.point.requests_per_s;
    }
}

/* No point of the front is beaten by another one in both respects, and none beats the best in work.
 */
static void the_front_is_a_front(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "gb200-nvl72", "model", "deepseek-r1", "tpot", "50ms");
    mu_plan p = plan(&s, &t.work);
    assert_true(p.pareto_count >= 3);
    for (uint32_t i = 1; i < p.pareto_count; i++) {
        assert_true(p.pareto[i].tpot_s.value > p.pareto[i - 1].tpot_s.value * (1.0 - 1e-6));
        assert_true(p.pareto[i].output_tokens_per_s_per_chip.value >=
                    p.pareto[i - 1].output_tokens_per_s_per_chip.value * 0.98);
        assert_true(p.pareto[i].point.requests_per_s <= p.best.point.requests_per_s * (1.0 + 1e-6));
    }
    assert_true(p.candidates > 1000 && p.evaluated == p.candidates && p.role_evaluations > 1000);
}

/* Every pair and every split, the long way round. */
static double brute_force(const mu_space *space, double chips)
{
    double best = 0.0;
    for (uint64_t d = 0; d < space->offer_count; d++) {
        const mu_offer *decode = &space->offer[d];
        mu_shape_use use = space->shape[decode->shape].use;
        if (use == MU_SHAPE_SERVE) {
            best = fmax(best, floor(chips / decode->chips) * decode->requests_per_s);
        }
        for (uint64_t f = 0; use == MU_SHAPE_DECODE && f < space->offer_count; f++) {
            const mu_offer *prefill = &space->offer[f];
            if (space->shape[prefill->shape].use != MU_SHAPE_PREFILL) {
                continue;
            }
            for (double n = 1.0; n * decode->chips < chips; n += 1.0) {
                double m = floor((chips - n * decode->chips) / prefill->chips);
                best = fmax(best, fmin(n * decode->requests_per_s, m * prefill->requests_per_s));
            }
        }
    }
    return best;
}

static void joins_equal_brute_force(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tpot", "40ms");
    mu_question q = question_of(&s);
    const double counts[] = {5, 8, 13, 24, 64};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        mu_space space;
        mu_error err = {0};
        uint64_t joined = 0;
        assert_int_equal(mu_space_enumerate(&q, counts[i], t.arena, &space, &err), MU_OK);
        assert_int_equal(mu_space_evaluate(&q, &t.work, &space, &err), MU_OK);
        mu_join join = mu_join_most(&q, &space, counts[i], &joined);
        assert_near(join.requests_per_s, brute_force(&space, counts[i]), 1e-9);
        assert_true(join.chips <= counts[i]);
        mu_join back = mu_join_fewest(&q, &space, join.requests_per_s, counts[i], &joined);
        assert_true(back.decode >= 0 && back.chips <= join.chips);
        assert_true(back.requests_per_s >= join.requests_per_s * (1.0 - 1e-9));
    }
}

static mu_match match(mu_pool *pool, const char *samples)
{
    mu_scenario a = SCENARIO("system", "gb200-nvl72", "model", "deepseek-r1", "tpot", "50ms",
                             "uncertainty", samples);
    mu_scenario b = a;
    (void)snprintf(b.system, sizeof b.system, "ascend-910c");
    mu_question reference = question_of(&a);
    mu_question other = question_of(&b);
    mu_work work = {.arena = t.arena, .pool = pool};
    static mu_match m; /* large */
    mu_error err = {0};
    if (mu_match_search(&reference, &other, &work, &m, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

static void a_match_reaches_the_reference(void **state)
{
    (void)state;
    mu_match m = match(t.pool, "64");
    assert_true(m.reached);
    assert_true(m.matched.point.requests_per_s >= m.reference.point.requests_per_s * (1.0 - 1e-3));
    assert_near(m.ratio.value, m.matched.point.chips / m.reference.point.chips, 1e-9);
    const mu_quantity *const q[] = {&m.chips,          &m.ratio,
                                    &m.power_ratio,    &m.cost_ratio,
                                    &m.matched.tpot_s, &m.reference.output_tokens_per_s};
    for (size_t i = 0; i < sizeof q / sizeof q[0]; i++) {
        assert_true(q[i]->low <= q[i]->value && q[i]->value <= q[i]->high);
        assert_true(q[i]->low < q[i]->high && q[i]->low > 0.0);
    }
    assert_non_null(strstr(m.sentence, "90 % interval"));
}

static void a_system_equals_itself(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "cloudmatrix-384", "model", "deepseek-r1", "tpot", "50ms",
                             "uncertainty", "32");
    mu_question q = question_of(&s);
    static mu_match m;
    mu_error err = {0};
    assert_int_equal(mu_match_search(&q, &q, &t.work, &m, &err), MU_OK);
    assert_true(m.ratio.value <= 1.0 && m.ratio.value > 0.9);
    /* All luck is shared: only the split may differ. */
    assert_true(m.ratio.high / m.ratio.low < 1.15);
}

/* Every number that is reported with an interval, bit by bit (structs have padding). */
static void assert_same_prediction(const mu_prediction *a, const mu_prediction *b)
{
    const size_t first = offsetof(mu_prediction, ttft_s);
    const size_t last = offsetof(mu_prediction, slo_share);
    assert_memory_equal((const char *)a + first, (const char *)b + first, last - first);
    assert_string_equal(a->system, b->system);
    assert_true(a->point.requests_per_s == b->point.requests_per_s);
    assert_true(a->slo_share == b->slo_share);
}

static void same_bytes_for_any_threads(void **state)
{
    (void)state;
    static mu_match want;
    static mu_match got;
    const uint32_t threads[] = {1, 2, 8};
    for (size_t i = 0; i < 3; i++) {
        mu_pool *pool = mu_pool_create(threads[i]);
        got = match(pool, "32");
        mu_pool_free(pool);
        if (i == 0) {
            want = got;
        }
        assert_same_prediction(&got.reference, &want.reference);
        assert_same_prediction(&got.matched, &want.matched);
        assert_memory_equal(&got.chips, &want.chips, sizeof got.chips);
        assert_memory_equal(&got.ratio, &want.ratio, sizeof got.ratio);
        assert_memory_equal(&got.power_ratio, &want.power_ratio, sizeof got.power_ratio);
        assert_string_equal(got.sentence, want.sentence);
    }
}

static void what_cannot_be_says_why(void **state)
{
    (void)state;
    mu_error err = {0};
    mu_plan p;
    mu_scenario fast = SCENARIO("system", "hgx-h20", "model", "llama-3.1-70b", "tpot", "100us");
    mu_question q = question_of(&fast);
    assert_int_equal(mu_plan_search(&q, &t.work, &p, &err), MU_NO);
    assert_non_null(strstr(err.text, "the fastest TPOT is"));
    mu_scenario big = SCENARIO("system", "hgx-h100", "model", "kimi-k2", "chips", "8");
    memset(&err, 0, sizeof err);
    q = question_of(&big);
    assert_int_equal(mu_plan_search(&q, &t.work, &p, &err), MU_NO);
    assert_non_null(strstr(err.text, "smallest count that holds it"));
}

/* A cluster of 131,072 chips is answered like one of 128: instances are counted, not walked. */
static void large_systems_are_answered(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tpot", "50ms", "chips", "131072");
    mu_plan p = plan(&s, &t.work);
    assert_true(p.best.point.chips > 100000.0);
}

/* All-to-all kernels want more ranks than experts a token picks (8), all in one scale-up domain. */
static void engines_gather_or_dispatch(void **state)
{
    (void)state;
    static const struct {
        const char *engine, *system;
        uint32_t ep, moe_tp;
        bool gathers;
    } rows[] = {
        {"trtllm", "hgx-b200", 8, 1, true},      {"trtllm", "gb200-nvl72", 8, 1, true},
        {"trtllm", "gb200-nvl72", 16, 1, false}, {"trtllm", "hgx-h100", 16, 1, true},
        {"trtllm", "gb200-nvl72", 1, 16, true},  {"sglang", "hgx-b200", 8, 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mu_scenario s = scenario_of((const char *const[]){
            "model", "deepseek-r1", "system", rows[i].system, "engine", rows[i].engine, NULL});
        mu_question q = question_of(&s);
        uint32_t ranks = rows[i].ep * rows[i].moe_tp;
        mu_parallel p = {
            .tp = 1, .pp = 1, .cp = 1, .dp = ranks, .ep = rows[i].ep, .moe_tp = rows[i].moe_tp};
        assert_int_equal(mu_cut_gathers(&q, &p), rows[i].gathers);
    }
}

/* A format said for the weights means what checkpoints of that name hold. */
static void formats_as_checkpoints_have_them(void **state)
{
    (void)state;
    static const struct {
        const char *model, *said;
        mu_dtype weights, experts;
    } rows[] = {
        {"deepseek-r1", "fp4", MU_DTYPE_BF16, MU_DTYPE_FP4},
        {"deepseek-r1", "fp8", MU_DTYPE_FP8_BLOCK, MU_DTYPE_FP8_BLOCK},
        {"qwen3.5-397b-a17b", "fp8", MU_DTYPE_FP8_BLOCK, MU_DTYPE_FP8_BLOCK},
        {"gpt-oss-120b", "fp4", MU_DTYPE_BF16, MU_DTYPE_FP4},
        {"llama-3.1-70b", "fp4", MU_DTYPE_FP4, MU_DTYPE_FP4},
        {"llama-3.1-70b", "fp8", MU_DTYPE_FP8, MU_DTYPE_FP8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mu_scenario s = scenario_of((const char *const[]){
            "model", rows[i].model, "system", "hgx-b200", "weights", rows[i].said, NULL});
        mu_question q = question_of(&s);
        assert_int_equal(q.precision.weights, rows[i].weights);
        assert_int_equal(q.precision.experts, rows[i].experts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_gather_or_dispatch),
        cmocka_unit_test(formats_as_checkpoints_have_them),
        cmocka_unit_test(more_chips_never_do_less),
        cmocka_unit_test(a_looser_slo_never_does_less),
        cmocka_unit_test(the_front_is_a_front),
        cmocka_unit_test(joins_equal_brute_force),
        cmocka_unit_test(a_match_reaches_the_reference),
        cmocka_unit_test(a_system_equals_itself),
        cmocka_unit_test(same_bytes_for_any_threads),
        cmocka_unit_test(what_cannot_be_says_why),
        cmocka_unit_test(large_systems_are_answered),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
