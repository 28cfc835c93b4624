/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   bills of the catalogue's systems tie out as printed, tokens get dearer with power,
 *         owners' published costs are met, draws are those of the prediction, bytes don't hang on
 *         threads.
 * Method: the CSV read back and added up; the same question at rising prices; published figures of
 *         nine chips; mu_predict() of the same scenario; 1, 2 and 8 threads.
 */
#include "report/cost_report.h"
#include "twin_helper.h"

#include <math.h>
#include <stdlib.h>

static mu_cost_answer *answer_of(const mu_scenario *s, mu_cost_question *q, mu_work *work)
{
    mu_error err = {0};
    mu_question *served = NULL;
    mu_cost_answer *a = MU_NEW(t.arena, mu_cost_answer, 1);
    assert_non_null(a);
    if (s->model[0] != '\0') {
        served = MU_NEW(t.arena, mu_question, 1);
        assert_non_null(served);
        *served = question_of(s);
    }
    if (mu_cost_question_make(t.catalog, s, served, q, &err) != MU_OK ||
        mu_cost_answer_question(q, work, a, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return a;
}

/* The CSV; owned. */
static char *csv_of(const mu_scenario *s, mu_work *work)
{
    mu_cost_question q;
    mu_cost_answer *a = answer_of(s, &q, work);
    char *text = NULL;
    size_t length = 0;
    mu_error err = {0};
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    mu_page page = {.out = out, .arena = t.arena};
    assert_int_equal(mu_cost_csv(&page, &q, a, &err), MU_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Adds the items of each section as read; a total must be their sum to the last bit. */
static uint32_t totals_tie(char *text)
{
    char section[64] = "";
    double sum = 0.0;
    uint32_t totals = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char name[64];
        char item[64];
        char value[64];
        if (sscanf(line, "%*[^,],%63[^,],%63[^,],%63[^,]", name, item, value) != 3) {
            fail_msg("not a row: %s", line);
        }
        if (strcmp(name, section) != 0) {
            memcpy(section, name, sizeof section);
            sum = 0.0;
        }
        if (strcmp(item, "total") == 0) {
            assert_true(strtod(value, NULL) == sum);
            totals++;
        }
        sum += strtod(value, NULL);
    }
    return totals;
}

static void every_system_ties_out_as_printed(void **state)
{
    (void)state;
    static const char *const regions[] = {"world", "us", "eu", "cn-north", "cn-west", "me", "kr"};
    uint32_t count = mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM);
    assert_true(count >= 30);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *system = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i);
        mu_scenario s = SCENARIO("system", system->id, "region", regions[i % 7]);
        mu_cost_question q;
        mu_cost_answer a;
        mu_error err = {0};
        assert_int_equal(mu_cost_question_make(t.catalog, &s, NULL, &q, &err), MU_OK);
        if (mu_cost_answer_question(&q, &t.work, &a, &err) != MU_OK) {
            assert_non_null(strstr(err.text, "has a price")); /* nobody knows one */
            continue;
        }
        double parts = 0.0;
        for (int k = 0; k < MU_SYSTEM_PARTS; k++) {
            parts += a.capital[k].value;
        }
        assert_true(parts > 0.0 && parts <= a.capital_total.value);
        char *text = csv_of(&s, &t.work);
        assert_int_equal(totals_tie(text), 3);
        free(text);
    }
}

static void dearer_power_never_makes_cheaper_tokens(void **state)
{
    (void)state;
    static const char *const prices[] = {"0.01USD/kWh", "0.05USD/kWh", "0.2USD/kWh", "2USD/kWh"};
    double input = 0.0;
    double output = 0.0;
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch",
                                 "32", "electricity", prices[i]);
        mu_cost_question q;
        mu_cost_answer *a = answer_of(&s, &q, &t.work);
        assert_true(a->owned_tokens.million_input.value > input);
        assert_true(a->owned_tokens.million_output.value > output);
        input = a->owned_tokens.million_input.value;
        output = a->owned_tokens.million_output.value;
    }
}

/* A request is its tokens; the deployment's hour is its requests. */
static void tokens_add_up_to_the_chips_hour(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "cloudmatrix-384", "model", "deepseek-r1", "tpot", "50ms");
    mu_cost_question q;
    mu_cost_answer *a = answer_of(&s, &q, &t.work);
    const mu_token_prices *usd = &a->owned_tokens;
    double request = (usd->million_input.value * s.input + usd->million_output.value * s.output);
    assert_near(request / 1e6, usd->request.value, 1e-12);
    double hour = usd->request.value * a->prediction.point.requests_per_s * 3600.0;
    assert_near(hour, a->used_chip_hour.value * a->chips, 1e-12);
    assert_near(a->rented_tokens.request.value / usd->request.value,
                a->rent.price.value / a->used_chip_hour.value, 1e-12);
    assert_near(a->capital_per_chip.value * a->chips, a->capital_total.value, 1e-12);
}

/* Hyperscalers' cost of ownership as InferenceX uses it: docs/cost.md has the table. */
static void owners_costs_are_met(void **state)
{
    (void)state;
    static const struct {
        const char *system, *chip;
        double within; /* of the published figure, at the point */
    } rows[] = {{"hgx-h100", "h100-sxm", 0.20}, {"hgx-h200", "h200-sxm", 0.20},
                {"hgx-b200", "b200-sxm", 0.20}, {"hgx-b300", "b300-sxm", 0.20},
                {"mi300x-8", "mi300x", 0.20},   {"mi325x-8", "mi325x", 0.20},
                {"mi355x-8", "mi355x", 0.20},   {"gb200-nvl72", "gb200", 0.25},
                {"gb300-nvl72", "gb300", 0.25}};
    const mu_entity *owner = NULL;
    mu_error err = {0};
    assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_CLOUD, "owner-cost", &owner, &err), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[64];
        mu_fact fact;
        (void)snprintf(path, sizeof path, "owner_cost.%s", rows[i].chip);
        assert_int_equal(mu_catalog_fact(t.catalog, owner, path, true, &fact, &err), MU_OK);
        mu_scenario s = SCENARIO("system", rows[i].system, "region", "us");
        mu_cost_question q;
        mu_cost_answer *a = answer_of(&s, &q, &t.work);
        assert_near(a->chip_hour_total.value, fact.range.best, rows[i].within);
    }
}

static void draws_are_those_of_the_prediction(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch",
                             "32", "uncertainty", "64");
    mu_cost_question q;
    mu_cost_answer *a = answer_of(&s, &q, &t.work);
    mu_question asked = question_of(&s);
    mu_prediction p;
    mu_error err = {0};
    assert_int_equal(mu_predict(&asked, &t.work, &p, &err), MU_OK);
    assert_memory_equal(&a->prediction.requests_per_s, &p.requests_per_s, sizeof(mu_quantity));
    assert_memory_equal(&a->prediction.power_w, &p.power_w, sizeof(mu_quantity));
    assert_memory_equal(&a->prediction.tpot_s, &p.tpot_s, sizeof(mu_quantity));
    assert_true(a->prediction.slo_share == p.slo_share);
    assert_true(a->owned_tokens.request.low < a->owned_tokens.request.value);
    assert_true(a->owned_tokens.request.high > a->owned_tokens.request.value);
}

static void threads_change_no_byte(void **state)
{
    (void)state;
    char *first = NULL;
    const uint32_t threads[] = {1, 2, 8};
    for (size_t i = 0; i < 3; i++) {
        mu_work work = {.arena = t.arena, .pool = mu_pool_create(threads[i])};
        mu_scenario s = SCENARIO("system", "hgx-h20", "model", "llama-3.1-8b", "tp", "1", "batch",
                                 "32", "uncertainty", "48", "region", "cn-north");
        char *text = csv_of(&s, &work);
        mu_pool_free(work.pool);
        if (first != NULL) {
            assert_string_equal(text, first);
            free(text);
        } else {
            first = text;
        }
    }
    free(first);
}

/* Domestic chips pay less for power in the west, others don't. */
static void the_subsidy_is_for_domestic_chips(void **state)
{
    (void)state;
    const char *const systems[] = {"atlas-900-a2", "hgx-h20"};
    for (int i = 0; i < 2; i++) {
        mu_scenario s = SCENARIO("system", systems[i], "region", "cn-west");
        mu_cost_question q;
        mu_cost_answer *a = answer_of(&s, &q, &t.work);
        double mean_w = a->term[MU_TERM_utilisation].quantity.value * a->load_w.value;
        assert_true(q.subsidised == (i == 0));
        assert_true(a->year[MU_YEAR_ELECTRICITY].value > 0.0);
        assert_true((a->term[MU_TERM_subsidy].quantity.value > 0.0) == (i == 0));
        double full = mean_w * a->term[MU_TERM_pue].quantity.value / 1e3 * MU_HOURS_PER_YEAR *
                      a->term[MU_TERM_electricity].quantity.value;
        assert_true(a->year[MU_YEAR_ELECTRICITY].value >
                    full * (1.0 - a->term[MU_TERM_subsidy].quantity.value));
    }
}

/* 100 yuan an hour are as many dollars as the dated rate says. */
static void rents_in_other_money(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double usd;
    } rows[] = {{"2.5USD/h", 2.5},
                {"10CNY/h", 10 / 6.9858},
                {"10 rmb/h", 10 / 6.9858},
                {"2000 KRW/h", 2000.0 / 20782 * 100 / 6.9858},
                {"2 EUR/hour", 2 * 8.2755 / 6.9858}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "rent", rows[i].text);
        mu_cost_question q;
        mu_error err = {0};
        assert_int_equal(mu_cost_question_make(t.catalog, &s, NULL, &q, &err), MU_OK);
        assert_near(q.rent_usd, rows[i].usd, 1e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_system_ties_out_as_printed),
        cmocka_unit_test(dearer_power_never_makes_cheaper_tokens),
        cmocka_unit_test(tokens_add_up_to_the_chips_hour),
        cmocka_unit_test(owners_costs_are_met),
        cmocka_unit_test(draws_are_those_of_the_prediction),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(the_subsidy_is_for_domestic_chips),
        cmocka_unit_test(rents_in_other_money),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
