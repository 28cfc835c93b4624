/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   terms tie out: children make their parents by the rule that is named, and the steps,
 *         rates, power and memory are those of the prediction. What moves a term is right where it
 *         can be told by hand. Method: dense and sparse models, one role and two, micro-batches,
 *         drafts, a pipeline, shared wires; step_factor moves a step one to one, host_step by its
 *         own part of the step.
 */
#include "study/explain.h"
#include "study/terms.h"
#include "twin_helper.h"

#include <math.h>

static mu_terms terms_of(const mu_scenario *s, const char *wanted, mu_prediction *prediction)
{
    mu_question *q = MU_NEW(t.arena, mu_question, 1);
    mu_terms terms = {.count = 0};
    mu_error err = {0};
    *q = question_of(s);
    if (mu_predict(q, &t.work, prediction, &err) != MU_OK ||
        mu_terms_make(q, prediction, wanted, &t.work, &terms, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return terms;
}

static const mu_term *term_at(const mu_terms *terms, const char *path)
{
    for (uint32_t i = 0; i < terms->count; i++) {
        if (strcmp(terms->term[i].path, path) == 0) {
            return &terms->term[i];
        }
    }
    fail_msg("no term %s", path);
    return terms->term;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static void tie_out(const mu_terms *terms)
{
    uint32_t checked = 0;
    for (uint32_t i = 0; i < terms->count; i++) {
        const mu_term *term = &terms->term[i];
        if (!near(mu_term_made(terms, i), term->value)) {
            fail_msg("%s: %.17g of its parts, %.17g itself", term->path, mu_term_made(terms, i),
                     term->value);
        }
        assert_true(term->end > i && term->end <= terms->count);
        bool whole = term->rule == MU_RULE_SUM || term->rule == MU_RULE_PRODUCT;
        assert_true(!whole || term->end > i + 1);
        checked += whole ? 1 : 0;
    }
    assert_true(checked > 20);
}

static void tied_to(const mu_terms *terms, const mu_prediction *p)
{
    const mu_service *s = &p->point;
    assert_true(near(term_at(terms, "decode_step")->value, s->decode.step_s));
    assert_true(near(term_at(terms, "prefill_step")->value, s->prefill.step_s));
    assert_true(near(term_at(terms, "output_tokens_per_s")->value, s->output_tokens_per_s));
    assert_true(near(term_at(terms, "tpot_s")->value, s->tpot_s));
    assert_true(near(term_at(terms, "ttft_s")->value, s->ttft_s));
    assert_true(near(term_at(terms, "power_w")->value, s->power_w));
    const mu_memory *m = &s->decode.memory;
    assert_true(near(term_at(terms, "decode_memory")->value,
                     m->weights_bytes + m->kv_bytes + m->activations_bytes));
}

static void sums_tie_out(void **state)
{
    (void)state;
    static const char *const asked[][24] = {
        {"system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32"},
        {"system", "hgx-h100", "model", "llama-3.1-70b", "tp", "8", "batch", "16"},
        {"system", "hgx-h100", "model", "llama-3.1-70b", "tp", "2", "pp", "2", "batch", "16"},
        {"system", "cloudmatrix-384", "model", "deepseek-r1", "tpot", "50ms"},
        {"system",
         "cloudmatrix-384",
         "model",
         "deepseek-r1",
         "mode",
         "disaggregated",
         "prefill-dp",
         "32",
         "prefill-ep",
         "32",
         "decode-dp",
         "64",
         "decode-ep",
         "64",
         "decode-batch",
         "32",
         "decode-microbatches",
         "2",
         "decode-mtp",
         "2"},
        {"system", "cloudmatrix-384", "model", "deepseek-r1", "tpot", "50ms", "network", "flow"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        mu_prediction p;
        mu_scenario s = scenario_of(asked[i]);
        mu_terms terms = terms_of(&s, NULL, &p);
        tie_out(&terms);
        tied_to(&terms, &p);
    }
}

static const mu_pull *pull_of(const mu_terms *terms, const char *input)
{
    static const mu_pull none = {.elasticity = NAN};
    for (uint32_t i = 0; i < terms->pulls; i++) {
        if (strcmp(terms->pull[i].input, input) == 0) {
            return &terms->pull[i];
        }
    }
    fail_msg("%s does not pull", input);
    return &none;
}

static const char *chosen_path(const mu_terms *terms)
{
    return terms->term == NULL ? "" : terms->term[terms->chosen].path;
}

static void pulls_are_right(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32");
    mu_prediction p;
    mu_terms terms = terms_of(&s, "decode_step", &p);
    assert_string_equal(chosen_path(&terms), "decode_step");
    assert_true(fabs(pull_of(&terms, "engine/vllm/step_factor")->elasticity - 1.0) < 1e-9);
    const mu_term *step = term_at(&terms, "decode_step");
    const mu_term *sequences = term_at(&terms, "decode_step.host.sequences");
    double share = sequences->value * step->factor / step->value;
    /* Small pulls are left out: this one of 0.03 % is looked for on its own. */
    terms = terms_of(&s, "decode_step.host", &p);
    double own = pull_of(&terms, "engine/vllm/host_per_sequence")->elasticity;
    double host = term_at(&terms, "decode_step.host")->value;
    assert_true(fabs(own - sequences->value / host) < 1e-9);
    assert_true(share > 0.0 && share < 0.01);
    assert_true(terms.pulls == 2); /* host_step and host_per_sequence */
}

static void facts_without_doubt_pull_too(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32");
    mu_prediction p;
    mu_terms terms = terms_of(&s, "attention_decode", &p);
    const mu_pull *bandwidth = pull_of(&terms, "chip/h100-sxm/memory.bandwidth");
    assert_true(bandwidth->range.low == bandwidth->range.high);
    assert_true(bandwidth->elasticity < -0.9 && bandwidth->elasticity > -1.1);
    assert_string_equal(chosen_path(&terms), "decode_step.layers.attention_decode");
}

static mu_terms bill_terms(const mu_scenario *s, const char *wanted, mu_cost_answer *answer)
{
    mu_cost_question *q = MU_NEW(t.arena, mu_cost_question, 1);
    mu_question *served = NULL;
    mu_terms terms = {.count = 0};
    mu_error err = {0};
    if (s->model[0] != '\0') {
        served = MU_NEW(t.arena, mu_question, 1);
        *served = question_of(s);
    }
    if (mu_cost_question_make(t.catalog, s, served, q, &err) != MU_OK ||
        mu_cost_answer_question(q, &t.work, answer, &err) != MU_OK ||
        mu_terms_cost(q, answer, wanted, &t.work, &terms, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return terms;
}

/* The bill's terms are the bill's; each knows what moves it, and who says so. */
static void bills_tie_out(void **state)
{
    (void)state;
    mu_scenario asked[] = {
        SCENARIO("system", "gb200-nvl72", "region", "us", "rent", "4USD/h"),
        SCENARIO("system", "cloudmatrix-384", "region", "cn-west", "electricity", "0.4CNY/kWh"),
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32")};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        mu_cost_answer *a = MU_NEW(t.arena, mu_cost_answer, 1);
        mu_terms terms = bill_terms(&asked[i], NULL, a);
        for (uint32_t k = 0; k < terms.count; k++) {
            assert_true(near(mu_term_made(&terms, k), terms.term[k].value));
        }
        assert_true(near(term_at(&terms, "capital_usd")->value, a->capital_total.value));
        assert_true(near(term_at(&terms, "year_usd")->value, a->year_total.value));
        assert_true(near(term_at(&terms, "used_chip_hour_usd")->value, a->used_chip_hour.value));
        const mu_term *power = term_at(&terms, "year_usd.electricity");
        assert_true(near(power->value, a->year[MU_YEAR_ELECTRICITY].value));
        assert_true(power->inputs >= 3);
        if (a->served) {
            assert_true(near(term_at(&terms, "million_output_usd")->value,
                             a->owned_tokens.million_output.value));
            assert_true(near(term_at(&terms, "request_usd")->value, a->owned_tokens.request.value));
        }
    }
    mu_cost_answer *a = MU_NEW(t.arena, mu_cost_answer, 1);
    mu_terms terms = bill_terms(&asked[1], "price", a);
    assert_string_equal(chosen_path(&terms), "year_usd.electricity.price");
    assert_int_equal(terms.pulls, 1);
    assert_string_equal(terms.pull[0].input, "said/electricity.price");
    assert_true(fabs(terms.pull[0].elasticity - 1.0) < 1e-9);
}

/* A price of one side moves what a match costs one to one; every row says what it is worth. */
static void matches_hang_on_both_sides(void **state)
{
    (void)state;
    mu_scenario left = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tpot", "50ms",
                                "uncertainty", "64");
    mu_scenario right = left;
    (void)snprintf(right.system, sizeof right.system, "hgx-h20");
    mu_question a = question_of(&left);
    mu_question b = question_of(&right);
    mu_match *match = MU_NEW(t.arena, mu_match, 1);
    mu_explanation *why = MU_NEW(t.arena, mu_explanation, 1);
    mu_explain_wish wish = {.metric = "cost_ratio", .rows = 8};
    mu_error err = {0};
    uint32_t prices = 0;
    if (mu_match_explain(&a, &b, &wish, &t.work, match, why, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    for (uint32_t i = 0; i < why->tornado.rows; i++) {
        const mu_tornado_row *row = &why->tornado.row[i];
        bool matched = strcmp(row->name, "system/hgx-h20/price") == 0;
        bool reference = strcmp(row->name, "system/hgx-h100/price") == 0;
        bool measured = !isnan(row->worth);
        assert_true(measured);
        if (matched || reference) {
            double moved = matched ? row->high / row->low : row->low / row->high;
            assert_true(near(moved, row->range.high / row->range.low));
            prices++;
        }
    }
    assert_int_equal(why->tornado.rows, 8);
    assert_int_equal(prices, 2);
}

/* Years sum up to what is made, lines to what comes, and good dies are gross ones that yield. */
static void supplies_tie_out(void **state)
{
    (void)state;
    static const char *const chips[] = {"ascend-910c", "h100-sxm", "mlu590"};
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        const mu_entity *chip = NULL;
        mu_supply_words words = {.by = "2026-12"};
        mu_supply_question q;
        mu_supply_answer *a = MU_NEW(t.arena, mu_supply_answer, 1);
        mu_terms terms = {.count = 0};
        mu_error err = {0};
        assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_CHIP, chips[i], &chip, &err), MU_OK);
        if (mu_supply_question_make(t.catalog, chip, &words, 0.0, t.arena, &q, &err) != MU_OK ||
            mu_supply_answer_question(&q, t.arena, a, &err) != MU_OK ||
            mu_terms_supply(&q, a, "chips_a_month", &t.work, &terms, &err) != MU_OK) {
            fail_msg("%s: %s", chips[i], err.text);
        }
        for (uint32_t k = 0; k < terms.count; k++) {
            assert_true(near(mu_term_made(&terms, k), terms.term[k].value));
        }
        assert_true(near(term_at(&terms, "chips")->value, a->total.value));
        assert_true(near(term_at(&terms, "chips_a_month")->value, a->rate.value));
        assert_true(terms.pulls >= 2);
    }
}

/* Both sides stand below the ratios; what is in one alone moves the ratio as it moves the side. */
static void matches_tie_out(void **state)
{
    (void)state;
    mu_scenario left = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tpot", "50ms");
    mu_scenario right = SCENARIO("system", "hgx-h20", "model", "llama-3.1-8b", "tpot", "50ms");
    mu_question a = question_of(&left);
    mu_question b = question_of(&right);
    mu_match *match = MU_NEW(t.arena, mu_match, 1);
    mu_terms terms = {.count = 0};
    mu_error err = {0};
    assert_int_equal(mu_match_search(&a, &b, &t.work, match, &err), MU_OK);
    assert_int_equal(mu_terms_match(&a, &b, match, "matched.tpot_s", &t.work, &terms, &err), MU_OK);
    tie_out(&terms);
    const mu_service *reference = &match->reference.point;
    const mu_service *matched = &match->matched.point;
    double rate = matched->requests_per_s / reference->requests_per_s;
    assert_true(
        near(term_at(&terms, "chips_ratio")->value, matched->chips / reference->chips / rate));
    assert_true(
        near(term_at(&terms, "power_ratio")->value, matched->power_w / reference->power_w / rate));
    assert_true(near(term_at(&terms, "reference.decode_step")->value, reference->decode.step_s));
    assert_true(near(term_at(&terms, "matched.ttft_s")->value, matched->ttft_s));
    assert_string_equal(chosen_path(&terms), "matched.tpot_s");
}

static void unknown_terms(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32");
    mu_question q = question_of(&s);
    mu_prediction p;
    mu_terms terms;
    mu_error err = {0};
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_OK);
    assert_int_equal(mu_terms_make(&q, &p, "decode_stp", &t.work, &terms, &err), MU_E_USAGE);
    assert_non_null(strstr(err.text, "did you mean \"decode_step\"?"));
    mu_error far = {0};
    assert_int_equal(mu_terms_make(&q, &p, "xyzzy", &t.work, &terms, &far), MU_E_USAGE);
    assert_non_null(strstr(far.text, "no term \"xyzzy\""));
}

static void threads_change_nothing(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h20", "model", "llama-3.1-8b", "tp", "1", "batch", "8");
    mu_prediction p;
    mu_terms two = terms_of(&s, "tpot_s", &p);
    mu_pool *usual = t.work.pool;
    for (uint32_t threads = 1; threads <= 8; threads *= 8) {
        t.work.pool = mu_pool_create(threads);
        mu_terms other = terms_of(&s, "tpot_s", &p);
        mu_pool_free(t.work.pool);
        assert_int_equal(two.pulls, other.pulls);
        for (uint32_t i = 0; i < two.pulls; i++) {
            assert_string_equal(two.pull[i].input, other.pull[i].input);
            assert_true(two.pull[i].elasticity == other.pull[i].elasticity);
        }
    }
    t.work.pool = usual;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_tie_out),
        cmocka_unit_test(pulls_are_right),
        cmocka_unit_test(facts_without_doubt_pull_too),
        cmocka_unit_test(bills_tie_out),
        cmocka_unit_test(matches_tie_out),
        cmocka_unit_test(matches_hang_on_both_sides),
        cmocka_unit_test(supplies_tie_out),
        cmocka_unit_test(unknown_terms),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
