/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a plan is simulated as it is, and the words on it say what the figures do.
 * Method: a load with slack holds; bursts, a load beyond the plan's and a deployment without room
 *         do not, by construction; figures against the simulator asked directly; threads bit by
 *         bit.
 */
#include "study/verify.h"
#include "twin_helper.h"

#include <math.h>

#define HERE                                                                                       \
    "system", "hgx-h20", "model", "qwen3-30b-a3b", "input", "2048", "output", "256", "tpot",       \
        "20ms", "ttft", "3s"

static mu_plan planned(const mu_question *q)
{
    mu_plan plan;
    mu_error err = {0};
    if (mu_plan_search(q, &t.work, &plan, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return plan;
}

static mu_verification verified(const mu_question *q, const mu_plan *plan)
{
    mu_verification found;
    mu_error err = {0};
    if (mu_plan_verify(q, plan, NULL, &t.work, &found, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return found;
}

/* What holds of any verification. */
static void check(const mu_question *q, const mu_plan *plan, const mu_verification *found)
{
    int32_t last = -1;
    assert_true(found->count >= 1 && found->count <= MU_VERIFIED_MAX);
    assert_true(found->verified[0].best && found->verified[0].steady == &plan->best);
    for (uint32_t i = 0; i < found->count; i++) {
        const mu_verified *v = &found->verified[i];
        double ttft_s = v->ttft_s.mean.value;
        double tpot_s = v->tpot_s.mean.value;
        bool within = ttft_s <= q->scenario->ttft_s && tpot_s <= q->scenario->tpot_s;
        assert_true(v->keeps_slo == (v->arrived > 0 && v->stable && v->rejected == 0 && within));
        assert_true((v->verdict == MU_VERDICT_HOLDS) == (v->why[0] == '\0'));
        assert_true(v->slo_share >= 0.0 && v->slo_share <= 1.0);
        if (i > 0) {
            assert_true(!v->best && v->front > last && v->front != found->verified[0].front);
            assert_true(v->steady == &plan->pareto[v->front] && !v->steady->point.overloaded);
            last = v->front;
        }
        if (v->keeps_slo) {
            assert_true(found->keeper >= 0);
            const mu_verified *keeper = &found->verified[found->keeper];
            assert_true(keeper->keeps_slo);
            assert_true(keeper->requests_per_s_per_chip >= v->requests_per_s_per_chip);
        }
    }
}

static void with_slack(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "rate", "20/s");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_true(found.keeper >= 0);
    const mu_verified *roomy = &found.verified[found.count - 1]; /* of the front's far end */
    assert_true(roomy->verdict == MU_VERDICT_HOLDS);
    assert_true(roomy->stable && roomy->slo_share > 0.95);
    assert_int_equal(roomy->arrived, 10000);
    assert_string_equal(mu_verdict_text(roomy->verdict), "holds");
}

/* The same load in bursts: queues that no steady state knows. */
static void bursts(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "rate", "20/s", "arrival", "gamma", "burstiness", "0.05");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    const mu_verified *best = &found.verified[0];
    assert_true(best->verdict == MU_VERDICT_BREAKS && !best->keeps_slo);
    assert_true(best->ttft_s.mean.value > s.ttft_s && best->slo_share < 0.9);
    assert_non_null(strstr(best->why, "TTFT"));
    assert_non_null(strstr(best->why, "beyond the SLO"));
    assert_true(found.keeper > 0); /* one of the front on more chips keeps it */
    assert_true(found.verified[found.keeper].steady->point.chips > best->steady->point.chips);
}

/* More than was planned for: the queue grows. */
static void overload(void **state)
{
    (void)state;
    mu_scenario planned_for = SCENARIO(HERE, "rate", "10/s");
    mu_scenario s = SCENARIO(HERE, "rate", "60/s", "requests", "20000");
    mu_question asked = question_of(&planned_for);
    mu_question q = question_of(&s);
    mu_plan plan = planned(&asked);
    plan.pareto_count = 0;
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_int_equal(found.count, 1);
    assert_true(found.verified[0].verdict == MU_VERDICT_UNSTABLE);
    assert_non_null(strstr(found.verified[0].why, "keeps growing"));
    assert_int_equal(found.keeper, -1);
}

/* A deployment without room for a cache, and requests of which some are too long for it. */
static void no_room(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tpot", "1s", "ttft",
                             "99s", "rate", "1/s", "requests", "100");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    plan.pareto_count = 0;
    mu_role *role = &plan.best.deployment.decode;
    *role = (mu_role){.instances = 1, .parallel = role->parallel, .batch_tokens = 2048.0};
    role->parallel.tp = 1;
    plan.best.deployment.disaggregated = false;
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_true(found.verified[0].verdict == MU_VERDICT_UNFIT);
    assert_non_null(strstr(found.verified[0].why, "no room for a cache"));
    assert_true(found.verified[0].arrived == 0 && found.keeper == -1);

    mu_scenario wide = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tpot", "1s",
                                "ttft", "99s", "rate", "0.1/s", "requests", "200", "input", "20000",
                                "input-sigma", "20000", "output", "64");
    q = question_of(&wide);
    role->parallel.tp = 2;
    found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_true(found.verified[0].rejected > 0 && found.verified[0].rejected < 200);
    assert_true(found.verified[0].verdict >= MU_VERDICT_UNFIT);
    assert_non_null(strstr(found.verified[0].why, "more cache than there is"));
}

/* Without rate and concurrency each plan has the clients it holds, and the front is sampled. */
static void loops(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE);
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_int_equal(found.count, MU_VERIFIED_MAX);
    for (uint32_t i = 0; i < found.count; i++) {
        const mu_verified *v = &found.verified[i];
        double clients = round(v->steady->point.concurrency);
        assert_int_equal(v->arrived, (uint64_t)fmax(10.0 * clients, 200.0));
        assert_near(v->tpot_s.mean.value, v->steady->tpot_s.value, 0.1);
    }
}

/* A plan's figures are those of the simulator asked about its deployment. */
static void as_simulated(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "concurrency", "64");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    for (uint32_t i = 0; i < found.count; i += 3) {
        const mu_verified *v = &found.verified[i];
        mu_simulation r;
        mu_error err = {0};
        assert_int_equal(
            mu_simulate_deployment(&q, &v->steady->deployment, NULL, NULL, NULL, &t.work, &r, &err),
            MU_OK);
        assert_memory_equal(&v->ttft_s, &r.ttft_s, sizeof r.ttft_s);
        assert_memory_equal(&v->tpot_s, &r.tpot_s, sizeof r.tpot_s);
        assert_true(v->output_tokens_per_s == r.output_tokens_per_s.value);
        assert_string_equal(v->traffic, r.traffic);
    }
}

static void any_number_of_threads(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "rate", "20/s", "arrival", "gamma", "burstiness", "0.05");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    mu_verification one = verified(&q, &plan);
    static const uint32_t threads[] = {1, 8};
    for (size_t k = 0; k < 2; k++) {
        mu_work work = {.arena = t.arena, .pool = mu_pool_create(threads[k])};
        mu_verification many;
        mu_error err = {0};
        assert_int_equal(mu_plan_verify(&q, &plan, NULL, &work, &many, &err), MU_OK);
        mu_pool_free(work.pool);
        assert_true(many.count == one.count && many.keeper == one.keeper);
        for (uint32_t i = 0; i < one.count; i++) {
            const mu_verified *a = &one.verified[i];
            const mu_verified *b = &many.verified[i];
            assert_memory_equal(&a->ttft_s, &b->ttft_s, sizeof a->ttft_s);
            assert_memory_equal(&a->tpot_s, &b->tpot_s, sizeof a->tpot_s);
            assert_true(a->requests_per_s == b->requests_per_s && a->slo_share == b->slo_share);
            assert_true(a->front == b->front && a->preemptions == b->preemptions);
            assert_string_equal(a->why, b->why);
        }
    }
}

/* Formats that the search chose are those that are simulated. */
static void searched_formats(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "concurrency", "32", "search-precision", "yes");
    mu_question q = question_of(&s);
    mu_plan plan = planned(&q);
    assert_true(plan.best.precision.weights != q.precision.weights);
    mu_verification found = verified(&q, &plan);
    check(&q, &plan, &found);
    assert_near(found.verified[0].tpot_s.mean.value, plan.best.tpot_s.value, 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_slack),
        cmocka_unit_test(bursts),
        cmocka_unit_test(overload),
        cmocka_unit_test(no_room),
        cmocka_unit_test(loops),
        cmocka_unit_test(as_simulated),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(searched_formats),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
