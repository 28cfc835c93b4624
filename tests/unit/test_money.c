/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   money of every currency of the catalogue is read by one table of rates, and bills tie out
 *         as printed, for people and for programs, in each of them.
 * Method: amounts worked out by hand from the rates; facts in other money in an overlay; the table
 *         and the JSON of every system read back and added up in whole steps.
 */
#include "recipe_helper.h"

#include "catalog/money.h"
#include "report/cost_report.h"
#include "report/money.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

static const char *const currencies[] = {"usd", "cny", "eur", "krw"};

static double rate_of(const char *name)
{
    mu_currency c;
    mu_error err = {0};
    if (mu_currency_find(t.catalog, name, "money", &c, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return c.usd;
}

static void amounts_in_any_currency(void **state)
{
    (void)state;
    double cny = rate_of("cny");
    double eur = rate_of("EUR");
    const struct {
        const char *text;
        mu_dimension dimension;
        double usd;
    } rows[] = {{"0.6CNY/kWh", MU_DIM_ENERGY_PRICE, 0.6 * cny},
                {"600 rmb / MWh", MU_DIM_ENERGY_PRICE, 0.6 * cny},
                {"2.5EUR/h", MU_DIM_MONEY_RATE, 2.5 * eur},
                {"24 eur/day", MU_DIM_MONEY_RATE, eur},
                {"3 MRMB", MU_DIM_MONEY, 3e6 * cny},
                {"3 million yuan", MU_DIM_MONEY, 3e6 * cny},
                {"8 trillion KRW", MU_DIM_MONEY, 8e12 * rate_of("krw")},
                {"12kusd", MU_DIM_MONEY, 12e3},
                {"1e3$", MU_DIM_MONEY, 1e3},
                {"-4 CNY", MU_DIM_MONEY, -4.0 * cny}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double usd = 0.0;
        mu_error err = {0};
        if (mu_money_parse(t.catalog, rows[i].text, rows[i].dimension, "x", &usd, &err) != MU_OK) {
            fail_msg("%s: %s", rows[i].text, err.text);
        }
        assert_true(fabs(usd / rows[i].usd - 1.0) < 1e-12);
    }
}

static void what_is_no_money_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mu_dimension dimension;
        const char *says;
    } rows[] = {
        {"0.6CNX/kWh", MU_DIM_ENERGY_PRICE, "did you mean \"CNY\"?"},
        {"3 ERU/h", MU_DIM_MONEY_RATE, "no currency \"ERU\" in the catalogue, which has CNY, EUR"},
        {"3 MXXL", MU_DIM_MONEY, "no currency \"MXXL\""},
        {"0.6CNY/h", MU_DIM_ENERGY_PRICE, "a price such as 0.08 USD/kWh"},
        {"3 uCNY", MU_DIM_MONEY, "found the unit \" uCNY\""},
        {"3", MU_DIM_MONEY, "a number without a unit"},
        {"CNY", MU_DIM_MONEY, "found \"CNY\""},
        {"3 W", MU_DIM_MONEY, "of a power"},
        {"1e40 CNY", MU_DIM_MONEY, "beyond 1e30"},
        {"3 CNY", MU_DIM_TIME, "a time such as 50ms"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double usd = 7.0;
        mu_error err = {0};
        assert_int_equal(
            mu_money_parse(t.catalog, rows[i].text, rows[i].dimension, "x", &usd, &err),
            MU_E_INPUT);
        if (strstr(err.text, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].text, err.text);
        }
        assert_true(usd == 7.0);
    }
}

/* A fact may be stated in the money it was quoted in. */
static void facts_in_other_money(void **state)
{
    (void)state;
    static const char yaml[] =
        "kind: cloud\nid: mine\nname: Mine\nrental:\n"
        "  h20: {best: 7, low: 6, high: 9, unit: CNY/h, grade: C, source: muster-estimate}\n";
    static const char bad[] = "kind: cloud\nid: mine\nname: Mine\nrental:\n"
                              "  h20: {best: 7, unit: CNZ/h, grade: C, source: muster-estimate}\n";
    mu_catalog *catalog = NULL;
    const mu_entity *cloud = NULL;
    mu_fact fact;
    mu_error err = {0};
    assert_int_equal(catalog_with(yaml, &catalog, &err), MU_OK);
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CLOUD, "mine", &cloud, &err), MU_OK);
    assert_int_equal(mu_catalog_fact(catalog, cloud, "rental.h20", true, &fact, &err), MU_OK);
    assert_true(fabs(fact.range.best / (7.0 * rate_of("cny")) - 1.0) < 1e-12);
    assert_true(fabs(fact.range.high / (9.0 * rate_of("cny")) - 1.0) < 1e-12);
    assert_int_equal(catalog_with(bad, &catalog, &err), MU_E_INPUT);
    assert_int_equal(err.line, 5);
    assert_non_null(strstr(err.text, "did you mean \"CNY\"?"));
}

/* A wafer paid in yuan makes dies that cost as much as one paid in dollars. */
static void wafers_in_other_money(void **state)
{
    (void)state;
    static const char yaml[] =
        "kind: process\nid: smic-n2\nname: Own\ninherits: tsmc-n7\nfacts:\n"
        "  wafer_price: {best: 70000, unit: RMB, grade: C, source: muster-estimate}\n";
    mu_catalog *catalog = NULL;
    const mu_entity *process = NULL;
    mu_fact fact;
    mu_error err = {0};
    assert_int_equal(catalog_with(yaml, &catalog, &err), MU_OK);
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_PROCESS, "smic-n2", &process, &err), MU_OK);
    assert_int_equal(mu_catalog_fact(catalog, process, "facts.wafer_price", true, &fact, &err),
                     MU_OK);
    assert_true(fabs(fact.range.best / (70000.0 * rate_of("cny")) - 1.0) < 1e-12);
}

static void parts_are_whole_steps_of_the_whole(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double part[MU_MONEY_PARTS_MAX];
        double steps[MU_MONEY_PARTS_MAX];
        double whole = 0.0;
        double sum = 0.0;
        int count = 1 + round % MU_MONEY_PARTS_MAX;
        for (int i = 0; i < count; i++) {
            part[i] = exp(20.0 * mu_random_uniform(11, (uint64_t)round, (uint64_t)i) - 8.0);
            whole += part[i];
        }
        double step = whole / exp(12.0 * mu_random_uniform(12, (uint64_t)round, 0));
        double total = mu_money_apportion(part, count, whole, step, steps);
        for (int i = 0; i < count; i++) {
            assert_true(fabs(steps[i] - part[i] / step) <= 1.0 + 1e-9);
            sum += steps[i];
        }
        assert_true(sum == total && fabs(total - whole / step) <= 0.5 + 1e-6);
    }
}

static bool asked(const mu_scenario *s, mu_cost_question *q, mu_cost_answer *a)
{
    mu_error err = {0};
    assert_int_equal(mu_cost_question_make(t.catalog, s, NULL, q, &err), MU_OK);
    if (mu_cost_answer_question(q, &t.work, a, &err) != MU_OK) {
        assert_non_null(strstr(err.text, "has a price")); /* nobody knows one */
        return false;
    }
    return true;
}

/* A printed amount in steps of 1e-12 of its unit, so that sums are exact; 0: none stands there. */
static long long printed(const char *line, char unit[16])
{
    const char *number = line + strcspn(line, "0123456789");
    const char *gap = strstr(line, "  ");
    long long whole = 0;
    long long part = 0;
    int length = 0;
    char fraction[16] = "";
    number = gap != NULL ? gap + strspn(gap, " ") : number;
    if (sscanf(number, "%lld.%15[0-9]%n", &whole, fraction, &length) < 1) {
        fail_msg("no amount: %s", line);
    }
    length = length > 0 ? length : (int)strspn(number, "0123456789");
    for (int i = 0, more = 1; i < 12; i++) {
        more = more && fraction[i] != '\0';
        part = 10 * part + (more ? fraction[i] - '0' : 0);
    }
    assert_int_equal(sscanf(number + length, " %15[^[\n]", unit), 1);
    unit[strcspn(unit, "UCEK")] = '\0'; /* what stands before the code */
    return whole * 1000000000000LL + part;
}

/* Lines of "Capital" and "A year" add up to their totals; the number of totals. */
static int sections_tie(char *text)
{
    int totals = 0;
    long long sum = 0;
    bool counts = false;
    char *rest = NULL;
    char before[16] = "";
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char unit[16];
        if (strstr(line, "  ") == NULL) {
            counts = strcmp(line, "Capital") == 0 || strcmp(line, "A year") == 0;
            sum = 0;
            before[0] = '\0';
        } else if (counts && strncmp(line, "total ", 6) == 0) {
            assert_true(printed(line, unit) == sum);
            assert_string_equal(unit, before);
            totals++;
            counts = false;
        } else if (counts) {
            sum += printed(line, unit);
            memcpy(before, unit, sizeof before);
        }
    }
    return totals;
}

static void tables_tie_out_as_printed(void **state)
{
    (void)state;
    uint32_t count = mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *system = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i);
        mu_scenario s = SCENARIO("system", system->id, "currency", currencies[i % 4]);
        mu_cost_question q;
        mu_cost_answer a;
        mu_error err = {0};
        char *text = NULL;
        size_t length = 0;
        if (!asked(&s, &q, &a)) {
            continue;
        }
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        mu_page page = {.out = out, .arena = t.arena};
        assert_int_equal(mu_cost_print(&page, &q, &a, &err), MU_OK);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(sections_tie(text), 2);
        free(text);
    }
}

static double value_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(json_object_get(object, key), "value"));
}

/* Items in their order, to the last bit. */
static void check_object(json_t *object, const char *code)
{
    const char *key = "";
    json_t *item = NULL;
    double sum = 0.0;
    assert_non_null(object);
    json_object_foreach(object, key, item)
    {
        assert_non_null(strstr(json_string_value(json_object_get(item, "unit")), code));
        if (strcmp(key, "total") == 0) {
            break;
        }
        sum += value_of(object, key);
    }
    assert_true(sum > 0.0 && sum == value_of(object, "total"));
}

static void json_ties_out_in_every_currency(void **state)
{
    (void)state;
    static const char *const codes[] = {"USD", "CNY", "EUR", "KRW"};
    double in_usd = 0.0;
    for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++) {
        mu_scenario s = SCENARIO("system", "cloudmatrix-384", "currency", currencies[i]);
        mu_cost_question q;
        mu_cost_answer a;
        char key[3][32];
        static const char *const of[] = {"capital", "year", "chip_hour"};
        assert_true(asked(&s, &q, &a));
        json_t *json = mu_cost_json(&q, &a);
        for (int k = 0; k < 3; k++) {
            (void)snprintf(key[k], sizeof key[k], "%s_%s", of[k], currencies[i]);
            check_object(json_object_get(json, key[k]), codes[i]);
        }
        double total = value_of(json_object_get(json, key[0]), "total");
        in_usd = i == 0 ? total : in_usd;
        assert_true(fabs(total * rate_of(currencies[i]) / in_usd - 1.0) < 1e-12);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_in_any_currency),
        cmocka_unit_test(what_is_no_money_is_named),
        cmocka_unit_test(facts_in_other_money),
        cmocka_unit_test(wafers_in_other_money),
        cmocka_unit_test(parts_are_whole_steps_of_the_whole),
        cmocka_unit_test(tables_tie_out_as_printed),
        cmocka_unit_test(json_ties_out_in_every_currency),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
