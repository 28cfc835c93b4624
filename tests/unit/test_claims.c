/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a claim's answer is that of its question, its verdict that of its interval, and the
 *         shipped ones cover every statement of the articles and every published row.
 * Method: claims written here, worked out by hand; all shipped ones; verdicts with 1, 2 and 8
 *         threads; overlays that do not parse.
 */
#include "recipe_helper.h"

#include "catalog/date.h"
#include "study/claims.h"
#include "study/cost.h"
#include "study/supply.h"

#include <math.h>
#include <stdlib.h>

enum { ARTICLE_STATEMENTS = 32, FEW = 24 };

static mu_status check_on(const mu_catalog *catalog, const char *id, double samples, mu_pool *pool,
                          mu_claim_answer *out, mu_error *err)
{
    const mu_entity *claim = NULL;
    mu_work work = {.arena = t.arena, .pool = pool};
    mu_claim_book *book = mu_claim_book_create(t.arena);
    assert_non_null(book);
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CLAIM, id, &claim, err);
    return status == MU_OK ? mu_claim_check(catalog, claim, samples, 1.0, book, &work, out, err)
                           : status;
}

/* The answer of one claim `c` in a list of its own. */
static mu_claim_answer own(const char *body, double samples)
{
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    mu_claim_answer out = {0};
    const char *yaml = mu_arena_printf(t.arena, "claims:\n  - id: c\n    name: C\n%s", body);
    if (catalog_with(yaml, &catalog, &err) != MU_OK ||
        check_on(catalog, "c", samples, t.pool, &out, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return out;
}

static void test_point(void **state)
{
    (void)state;
    mu_claim_answer a = own("    question: fact cloudmatrix-384 chips / fact gb200-nvl72 chips\n"
                            "    holds: {from: 5.25, to: 5.35}\n",
                            64);
    assert_true(a.answered);
    assert_int_equal(a.verdict, MU_CLAIM_HOLDS);
    assert_true(fabs(a.answer.value - 384.0 / 72.0) < 1e-12);
    assert_true(a.answer.low == a.answer.high);
    assert_int_equal(a.input_count, 3);
}

/* The interval of one fact is its range; the same fact twice is one draw. */
static void test_interval(void **state)
{
    (void)state;
    static const char facts[] =
        "    facts:\n"
        "      a: {best: 10, low: 5, high: 20, grade: D, source: muster-estimate, note: n}\n";
    mu_claim_answer a =
        own(mu_arena_printf(t.arena, "%s    question: a\n    holds: {above: 4}\n", facts), 1024);
    assert_true(fabs(a.answer.low - 5.0) < 0.1 && fabs(a.answer.high - 20.0) < 0.3);
    assert_int_equal(a.verdict, MU_CLAIM_HOLDS);
    a = own(mu_arena_printf(t.arena, "%s    question: a / a\n    holds: {from: 1, to: 1}\n", facts),
            64);
    assert_true(a.answer.low == 1.0 && a.answer.high == 1.0);
    a = own(mu_arena_printf(t.arena,
                            "%s    terms: {b: 2 * a}\n    question: b - a - a\n"
                            "    holds: {above: 0}\n",
                            facts),
            64);
    assert_true(a.answer.value == 0.0);
    assert_int_equal(a.verdict, MU_CLAIM_FAILS);
    a = own(mu_arena_printf(t.arena, "%s    question: a\n    holds: {below: 10}\n", facts), 64);
    assert_int_equal(a.verdict, MU_CLAIM_OPEN);
    assert_non_null(strstr(a.reason, "straddles"));
}

static void test_judge(void **state)
{
    (void)state;
    const mu_condition above = {.has_low = true, .low_open = true, .low = 1.0};
    const mu_condition within = {.has_low = true, .has_high = true, .low = 1.0, .high = 2.0};
    const struct {
        const mu_condition *condition;
        mu_quantity answer;
        mu_claim_verdict verdict;
    } cases[] = {
        {&above, {2, 1.5, 3}, MU_CLAIM_HOLDS},   {&above, {1, 1, 1}, MU_CLAIM_FAILS},
        {&above, {1.5, 1, 2}, MU_CLAIM_OPEN},    {&above, {0.5, 0.2, 1}, MU_CLAIM_FAILS},
        {&within, {1, 1, 1}, MU_CLAIM_HOLDS},    {&within, {2, 2, 2}, MU_CLAIM_HOLDS},
        {&within, {1.5, 1, 2}, MU_CLAIM_HOLDS},  {&within, {1.5, 0.9, 2}, MU_CLAIM_OPEN},
        {&within, {3, 2.1, 4}, MU_CLAIM_FAILS},  {&within, {3, 2, 4}, MU_CLAIM_OPEN},
        {&within, {0, -1, 0.9}, MU_CLAIM_FAILS}, {&within, {1.5, 0, 9}, MU_CLAIM_OPEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mu_condition_judge(cases[i].condition, cases[i].answer), cases[i].verdict);
    }
}

/* A term that asks the engine answers what the engine answers. */
static void test_engine(void **state)
{
    (void)state;
    static const char body[] =
        "    terms:\n      speed:\n        predict: {model: llama-3.1-8b, system: hgx-h100, "
        "deployment: {mode: aggregated, serve: {tp: 1, batch: 32}}}\n"
        "        metric: output_tokens_per_s_per_chip\n"
        "    question: speed\n    holds: {above: 0}\n";
    const char *const flags[] = {"model", "llama-3.1-8b", "system", "hgx-h100", "tp",
                                 "1",     "batch",        "32",     NULL};
    mu_scenario s = scenario_of(flags);
    mu_question q;
    mu_prediction p;
    mu_error err = {0};
    s.samples = 64.0;
    s.seed = 1.0;
    assert_int_equal(mu_scenario_settle(&s, &err), MU_OK);
    assert_int_equal(mu_question_make(t.catalog, &s, NULL, t.arena, &q, &err), MU_OK);
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_OK);
    mu_claim_answer a = own(body, 64);
    assert_true(fabs(a.answer.value / p.output_tokens_per_s_per_chip.value - 1.0) < 1e-12);
    assert_true(fabs(a.answer.low / p.output_tokens_per_s_per_chip.low - 1.0) < 1e-12);
    assert_true(fabs(a.answer.high / p.output_tokens_per_s_per_chip.high - 1.0) < 1e-12);
}

/* Where the engine answers no, its reason is the claim's. */
static void test_no(void **state)
{
    (void)state;
    mu_claim_answer a =
        own("    terms: {a: {predict: {model: llama-3.1-405b, system: l40s-server}, "
            "metric: ttft_s}}\n    question: a\n    holds: {above: 0}\n",
            4);
    assert_false(a.answered);
    assert_int_equal(a.verdict, MU_CLAIM_OPEN);
    assert_int_equal(a.input_count, 0);
    assert_non_null(strstr(a.reason, "the engine answers no: "));
    assert_true(strlen(a.reason) > 40);
}

/* A term of cost is a figure of the bill: its facts are those of expressions, its ends its own. */
static void test_cost(void **state)
{
    (void)state;
    static const char body[] =
        "    terms:\n      hour:\n        cost: {system: hgx-h100, cost: {region: us, rent: "
        "world-market}}\n        metric: chip_hour_usd\n"
        "      rent: {cost: {system: hgx-h100, cost: {region: us, rent: world-market}}, metric: "
        "rent_usd}\n    question: %s\n    holds: {above: 0}\n";
    mu_scenario s = SCENARIO("system", "hgx-h100", "region", "us", "rent", "world-market");
    mu_cost_question q;
    mu_cost_answer *bill = MU_NEW(t.arena, mu_cost_answer, 1);
    mu_error err = {0};
    assert_non_null(bill);
    s.samples = 256.0;
    s.seed = 1.0;
    assert_int_equal(mu_cost_question_make(t.catalog, &s, NULL, &q, &err), MU_OK);
    assert_int_equal(mu_cost_answer_question(&q, &t.work, bill, &err), MU_OK);
    mu_claim_answer a = own(mu_arena_printf(t.arena, body, "hour"), 256);
    assert_true(a.answer.value == bill->chip_hour_total.value);
    assert_true(a.answer.low == bill->chip_hour_total.low);
    assert_true(a.answer.high == bill->chip_hour_total.high);
    /* One price, however it is named: no draw is left. */
    a = own(mu_arena_printf(t.arena, body, "rent / fact world-market rental.h100-sxm"), 64);
    assert_true(a.answer.low == 1.0 && a.answer.high == 1.0);
}

/* What a deployment's tokens cost is what `cost` says; a break-even that is none is endless. */
static void test_cost_of_tokens(void **state)
{
    (void)state;
    mu_claim_answer a =
        own("    terms:\n      usd:\n        cost: {model: llama-3.1-8b, system: hgx-h100, "
            "deployment: {mode: aggregated, serve: {tp: 1, batch: 32}}}\n"
            "        metric: million_output_usd\n"
            "    question: usd\n    holds: {above: 0}\n",
            16);
    mu_scenario s =
        SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "batch", "32");
    mu_error err = {0};
    mu_cost_question q;
    mu_cost_answer *bill = MU_NEW(t.arena, mu_cost_answer, 1);
    assert_non_null(bill);
    mu_question served = question_of(&s);
    assert_int_equal(mu_cost_question_make(t.catalog, &s, &served, &q, &err), MU_OK);
    assert_int_equal(mu_cost_answer_question(&q, &t.work, bill, &err), MU_OK);
    assert_true(a.answer.value == bill->owned_tokens.million_output.value);
    assert_true(a.answer.low < a.answer.value && a.answer.value < a.answer.high);
    a = own("    terms: {months: {cost: {system: hgx-h100, cost: {rent: 0.01USD/h}}, metric: "
            "break_even_months}}\n    question: months <= 60\n    holds: {below: 0.5}\n",
            16);
    assert_int_equal(a.verdict, MU_CLAIM_HOLDS);
}

/* What can be made is what `supply` says can be made. */
static void test_supply(void **state)
{
    (void)state;
    const mu_entity *chip = NULL;
    mu_supply_question q;
    mu_supply_words words = {.from = "2026-01", .by = "2026-12"};
    mu_supply_answer *made = MU_NEW(t.arena, mu_supply_answer, 1);
    mu_error err = {0};
    assert_non_null(made);
    assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_CHIP, "ascend-910c", &chip, &err), MU_OK);
    assert_int_equal(mu_supply_question_make(t.catalog, chip, &words, 0.0, t.arena, &q, &err),
                     MU_OK);
    q.samples = 256.0;
    q.seed = 1.0;
    assert_int_equal(mu_supply_answer_question(&q, t.arena, made, &err), MU_OK);
    mu_claim_answer a =
        own("    terms: {a: {supply: {chip: ascend-910c, from: 2026-01, by: 2026-12}, metric: "
            "made}}\n    question: a / 2\n    holds: {above: 0}\n",
            256);
    assert_true(fabs(a.answer.value * 2.0 / made->total.value - 1.0) < 1e-12);
    assert_true(fabs(a.answer.low * 2.0 / made->total.low - 1.0) < 0.05);
    assert_true(fabs(a.answer.high * 2.0 / made->total.high - 1.0) < 0.05);
}

static const char *command_of(const char *term)
{
    mu_claim_answer a =
        own(mu_arena_printf(
                t.arena, "    terms:\n      a: %s\n    question: a\n    holds: {above: 0}\n", term),
            0);
    for (uint32_t i = 0; i < a.input_count; i++) {
        if (strcmp(a.input[i].name, "a") == 0) {
            return a.input[i].command;
        }
    }
    fail_msg("no term a");
    return NULL;
}

/* A term of the engine says how to ask it oneself; an expression does not. */
static void test_command(void **state)
{
    (void)state;
    assert_string_equal(
        command_of("{predict: {model: llama-3.1-8b, system: {id: hgx-h100, chips: 2}, slo: {tpot: "
                   "50ms}, deployment: {mode: aggregated, serve: {tp: 1, batch: 32}}}, metric: "
                   "ttft_s}"),
        "muster predict --model llama-3.1-8b --system hgx-h100 --chips 2 --tpot 50ms --mode "
        "aggregated --tp 1 --batch 32");
    assert_string_equal(
        command_of("{match: {model: llama-3.1-8b, system: {id: hgx-h100, chips: 2}, with: "
                   "[hgx-h200]}, metric: ratio}"),
        "muster match hgx-h100 --model llama-3.1-8b --with hgx-h200 --chips 2");
    assert_string_equal(command_of("{supply: {by: 2026-12, foundry: smic}, metric: year}"),
                        "muster supply smic --by 2026-12");
    assert_string_equal(
        command_of("{cost: {system: hgx-h100, cost: {region: us}}, metric: year_usd}"),
        "muster cost hgx-h100 --region us");
    assert_null(command_of("1 + 1"));
}

static mu_status explained(const mu_catalog *catalog, const mu_entity *claim, double samples,
                           const char *of, mu_claim_answer *out, mu_explanation *explanation,
                           mu_error *err)
{
    const mu_claim_wish wish = {samples, 1.0, {.metric = of}, explanation};
    return mu_claim_explain(catalog, claim, &wish, mu_claim_book_create(t.arena), &t.work, out,
                            err);
}

/* What an answer hangs on: the wider fact more; a prediction moves with its machine; a term by its
 * name; an answer there is none of is not explained. */
static void test_explain(void **state)
{
    (void)state;
    static const char yaml[] =
        "claims:\n  - id: c\n    name: C\n    facts:\n"
        "      a: {best: 10, low: 5, high: 20, grade: D, source: muster-estimate, note: n}\n"
        "      b: {best: 10, low: 9.9, high: 10.1, grade: C, source: muster-estimate, note: n}\n"
        "    terms:\n      speed:\n        predict: {model: llama-3.1-8b, system: hgx-h100, "
        "deployment: {mode: aggregated, serve: {tp: 1, batch: 32}}}\n"
        "        metric: tpot_s\n"
        "    question: a / b + 0 * speed\n    holds: {above: 4}\n"
        "  - id: none\n    name: N\n    open: nobody knows\n";
    mu_catalog *catalog = NULL;
    const mu_entity *claim = NULL;
    mu_claim_answer out = {0};
    mu_explanation *e = MU_NEW(t.arena, mu_explanation, 1);
    mu_error err = {0};
    assert_non_null(e);
    assert_int_equal(catalog_with(yaml, &catalog, &err), MU_OK);
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CLAIM, "c", &claim, &err), MU_OK);
    assert_int_equal(explained(catalog, claim, 64, NULL, &out, e, &err), MU_OK);
    assert_string_equal(e->tornado.row[0].name, "claim/c/facts.a");
    assert_string_equal(e->tornado.row[1].name, "claim/c/facts.b");
    assert_int_equal(e->tornado.moving, 2);
    assert_true(fabs(e->tornado.row[0].low - 0.5) < 1e-9 && e->tornado.row[0].share > 0.9);
    assert_true(e->tornado.answer.low == out.answer.low);
    assert_int_equal(explained(catalog, claim, 64, "speed", &out, e, &err), MU_OK);
    assert_true(e->tornado.moving > 3 && e->dimension == MU_DIM_TIME);
    assert_true(e->tornado.row[0].low != e->tornado.row[0].high);
    assert_int_equal(explained(catalog, claim, 64, "sped", &out, e, &err), MU_E_USAGE);
    err = (mu_error){0};
    assert_int_equal(explained(catalog, claim, 4, NULL, &out, e, &err), MU_E_USAGE);
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CLAIM, "none", &claim, &err), MU_OK);
    assert_int_equal(explained(catalog, claim, 64, NULL, &out, e, &err), MU_NO);
}

/* Every shipped claim is answered, every statement of the articles is among them once. */
static void test_shipped(void **state)
{
    (void)state;
    uint32_t count = mu_catalog_count(t.catalog, MU_ENTITY_CLAIM);
    bool seen[ARTICLE_STATEMENTS + 1] = {false};
    mu_claim_book *book = mu_claim_book_create(t.arena);
    assert_true(count >= ARTICLE_STATEMENTS);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *claim = mu_catalog_at(t.catalog, MU_ENTITY_CLAIM, i);
        const char *number = mu_catalog_text(t.catalog, claim, "number");
        mu_claim_answer a = {0};
        mu_error err = {0};
        if (mu_claim_check(t.catalog, claim, FEW, 1.0, book, &t.work, &a, &err) != MU_OK) {
            fail_msg("%s: %s", claim->id, err.text);
        }
        assert_true(a.reason[0] != '\0' && strchr(a.reason, '\n') == NULL);
        assert_true(a.who[0] != '\0' && a.date[0] != '\0');
        assert_true(strncmp(a.reason, "the engine answers no", 21) != 0);
        assert_true(a.answered || a.verdict == MU_CLAIM_OPEN);
        assert_non_null(mu_catalog_node(t.catalog, claim, "sources", NULL));
        int n = number == NULL ? 0 : atoi(number);
        assert_true(n >= 0 && n <= ARTICLE_STATEMENTS && (n == 0 || !seen[n]));
        seen[n] = true;
    }
    for (int n = 1; n <= ARTICLE_STATEMENTS; n++) {
        assert_true(seen[n]);
    }
}

/* "Entity/field" among the rows of some claim. */
static bool is_covered(const char *row)
{
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_CLAIM); i++) {
        const mu_entity *claim = mu_catalog_at(t.catalog, MU_ENTITY_CLAIM, i);
        const mu_node *rows = mu_catalog_node(t.catalog, claim, "rows", NULL);
        for (uint32_t k = 0; rows != NULL && k < rows->count; k++) {
            if (strcmp(rows->child[k].text, row) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Every published row of kind claim is some claim's. */
static void test_rows(void **state)
{
    (void)state;
    const char *tables = getenv("MUSTER_TABLES");
    char path[1024];
    char line[4096];
    uint32_t found = 0;
    (void)snprintf(path, sizeof path, "%s/catalog.csv", tables != NULL ? tables : "../shared/data");
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        print_message("SKIPPED: no %s\n", path);
        skip();
    }
    while (file != NULL && fgets(line, (int)sizeof line, file) != NULL) {
        char *kind = strchr(line, ',');
        char *field = kind == NULL ? NULL : strchr(kind + 1, ',');
        char *end = field == NULL ? NULL : strchr(field + 1, ',');
        if (end == NULL || strncmp(kind, ",claim,", 7) != 0) {
            continue;
        }
        *kind = '\0';
        *end = '\0';
        const char *row = mu_arena_printf(t.arena, "%s/%s", line, field + 1);
        if (row == NULL || !is_covered(row)) {
            (void)fclose(file);
            fail_msg("no claim has the row %s", row);
        }
        found++;
    }
    assert_true(found > 60);
    (void)fclose(file);
}

static void test_threads(void **state)
{
    (void)state;
    static const char *const ids[] = {"three-fabs-triple", "metax-faster-some-tasks",
                                      "tianchi-token-gain"};
    static const uint32_t threads[] = {1, 2, 8};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        mu_claim_answer first = {0};
        for (size_t k = 0; k < 3; k++) {
            mu_claim_answer a = {0};
            mu_error err = {0};
            mu_pool *pool = mu_pool_create(threads[k]);
            assert_non_null(pool);
            assert_int_equal(check_on(t.catalog, ids[i], FEW, pool, &a, &err), MU_OK);
            mu_pool_free(pool);
            first = k == 0 ? a : first;
            assert_memory_equal(&a.answer, &first.answer, sizeof a.answer);
            assert_int_equal(a.verdict, first.verdict);
        }
    }
}

/* Refused at line:column with these words. */
static void refused(const char *body, uint32_t line, uint32_t column, const char *part)
{
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    mu_claim_answer out = {0};
    const char *yaml = mu_arena_printf(t.arena, "claims:\n  - id: c\n    name: C\n%s", body);
    mu_status status = catalog_with(yaml, &catalog, &err);
    if (status == MU_OK) {
        status = check_on(catalog, "c", 4, t.pool, &out, &err);
    }
    if (status != MU_E_INPUT || err.line != line || err.column != column ||
        strstr(err.text, part) == NULL || strcmp(err.file, "r.yaml") != 0) {
        fail_msg("%s: %d %s:%u:%u %s", body, status, err.file, err.line, err.column, err.text);
    }
}

#define HOLDS "    holds: {above: 1}\n"

static void test_bad(void **state)
{
    (void)state;
    refused("    question: 1 + * 2\n" HOLDS, 4, 19, "a number, a name");
    refused("    question: \"1 + * 2\"\n" HOLDS, 4, 20, "a number, a name");
    refused("    question: fact h21 memory.capacity\n" HOLDS, 4, 20, "did you mean \"h20\"");
    refused("    question: fact h20 memory.capacty\n" HOLDS, 4, 24, "did you mean \"capacity\"");
    refused("    question: fact h20 memory.type\n" HOLDS, 4, 24, "is a text");
    refused("    question: total h20 peak.bf16\n" HOLDS, 4, 21, "expected a system");
    refused("    question: says h20 vendr \"x\"\n" HOLDS, 4, 24, "no text");
    refused("    terms: {speed: 3}\n    question: sped\n" HOLDS, 5, 15, "did you mean \"speed\"");
    refused("    question: 1 / 0\n" HOLDS, 2, 5, "not a finite number");
    refused("    question: 1\n", 2, 5, "expected holds:");
    refused("    question: 1\n    holds: {abov: 1}\n", 5, 13, "did you mean \"above\"");
    refused("    question: 1\n    holds: {above: 1, from: 1}\n", 5, 23, "found both");
    refused("    question: 1\n    holds: {from: 2, to: 1}\n", 5, 5, "lower bound first");
    refused("    because: x\n", 2, 5, "expected a question:");
    refused("    qestion: 1\n", 4, 5, "did you mean \"question\"");
    refused("    sources: [nowhere-at-all]\n", 4, 15, "unknown source");
    refused("    terms:\n      a: {predict: {model: llama-3.1-8b}, metric: ttft_s}\n"
            "    question: a\n" HOLDS,
            5, 7, "expected model: and system:");
    refused("    terms:\n      a: {predict: {model: llama-3.1-8b, system: hgx-h100}, metric: "
            "ttft}\n    question: a\n" HOLDS,
            5, 61, "did you mean \"ttft_s\"");
    refused("    terms:\n      a: {cost: {system: hgx-h100}, metric: chip_hour}\n    question: "
            "a\n" HOLDS,
            5, 37, "did you mean \"chip_hour_usd\"");
    refused("    terms:\n      a: {cost: {system: hgx-h100}, metric: million_input_usd}\n"
            "    question: a\n" HOLDS,
            5, 37, "expected a model to serve");
    refused(
        "    terms:\n      a: {cost: {system: hgx-h100, cost: {rent: 2CNX/h}}, metric: rent_usd}\n"
        "    question: a\n" HOLDS,
        5, 43, "did you mean \"CNY\"");
    refused("    terms:\n      a: {match: {model: llama-3.1-8b, system: hgx-h100}, metric: chips}\n"
            "    question: a\n" HOLDS,
            5, 7, "with:");
    refused(
        "    terms:\n      a: {supply: {chip: ascend-910x}, metric: made}\n    question: a\n" HOLDS,
        5, 11, "supply: unknown chip");
    refused("    terms:\n      a: {supply: {chip: ascend-910c, by: 2020-01}, metric: made}\n"
            "    question: a\n" HOLDS,
            5, 11, "before the launch");
    refused(
        "    terms:\n      a: {supply: {chip: ascend-910c}, metric: mad}\n    question: a\n" HOLDS,
        5, 7, "expected metric: made");
    refused("    terms:\n      a: {supply: {by: 2026}, metric: made}\n    question: a\n" HOLDS, 5,
            11, "expected chip: or foundry:");
    refused("  - id: c\n    name: again\n", 4, 5, "stands twice");
    refused("other: 1\n", 4, 1, "unknown key");
}

/* A claim of one's own goes before the shipped one of its name. */
static void test_overlay(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    mu_claim_answer a = {0};
    uint32_t before = mu_catalog_count(t.catalog, MU_ENTITY_CLAIM);
    static const char yaml[] = "claims:\n  - id: ascend-power\n    name: mine\n    question: 7\n"
                               "    holds: {below: 3}\n";
    assert_int_equal(catalog_with(yaml, &catalog, &err), MU_OK);
    assert_int_equal(mu_catalog_count(catalog, MU_ENTITY_CLAIM), before);
    assert_int_equal(check_on(catalog, "ascend-power", 8, t.pool, &a, &err), MU_OK);
    assert_string_equal(a.text, "mine");
    assert_int_equal(a.verdict, MU_CLAIM_FAILS);
    assert_int_equal(check_on(catalog, "ascend-powr", 8, t.pool, &a, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "did you mean \"ascend-power\""));
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double low, high;
    } good[] = {
        {"2027", 2027, 2028},
        {"2026H1", 2026, 2026.5},
        {"2026H2", 2026.5, 2027},
        {"2026Q3", 2026.5, 2026.75},
        {"2027-06", 2027 + 5.0 / 12, 2027.5},
        {"2027-07-01", 2027.5, 2027.5},
        {"2024-02-29", 2024 + 1.0 / 12 + 28.0 / 29 / 12, 0},
    };
    static const char *const bad[] = {"",         "27",     "2027-13",    "2027-00", "2027H3",
                                      "2027Q0",   "2027-6", "2026-02-29", "1899",    "2200",
                                      "2027-06x", "2027Hx", "20270601",   "-027",    "2027-06-31"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        mu_range r = {0};
        mu_error err = {0};
        double high = good[i].high > 0.0 ? good[i].high : good[i].low;
        assert_int_equal(mu_date_parse(good[i].text, &r, &err), MU_OK);
        assert_true(fabs(r.low - good[i].low) < 1e-9 && fabs(r.high - high) < 1e-9);
        assert_true(r.low <= r.best && r.best <= r.high);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_range r = {0};
        mu_error err = {0};
        assert_int_equal(mu_date_parse(bad[i], &r, &err), MU_E_INPUT);
    }
    char text[16];
    mu_date_print(2027 + 5.0 / 12, text);
    assert_string_equal(text, "2027-06");
    mu_date_print(2026.999, text);
    assert_string_equal(text, "2026-12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval), cmocka_unit_test(test_judge),
        cmocka_unit_test(test_engine),   cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_threads),  cmocka_unit_test(test_bad),
        cmocka_unit_test(test_overlay),  cmocka_unit_test(test_dates),
        cmocka_unit_test(test_point),    cmocka_unit_test(test_supply),
        cmocka_unit_test(test_explain),  cmocka_unit_test(test_command),
        cmocka_unit_test(test_cost),     cmocka_unit_test(test_cost_of_tokens),
        cmocka_unit_test(test_no),       cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
