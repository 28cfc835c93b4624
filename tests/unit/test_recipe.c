/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a measured case is set up as the published recipe it is a row of says, and only then.
 * Method: recipes written here over the built-in catalogue; cases with every sort of label; the
 *         answer held against that of a case that spells the same deployment out.
 */
#include "recipe_helper.h"

#include "study/recipe.h"
#include "study/validate.h"

#include <stdlib.h>

static const char recipe_yaml[] =
    "kind: recipe\nid: bench-one\nname: one\nsource: inferencex-configs\nsuites: [bench]\n"
    "models: [deepseek-r1, deepseek-v3]\nundrafted: [deepseek-v3]\nsystems: [hgx-h200]\n"
    "engine: trtllm\nweights: fp8\nruns:\n"
    "  - {input: 1024, output: 1024, drafts: 3, concurrency: [8, 16], prefill: {workers: 1, tp: 8, "
    "ep: 8, dp_attention: true}, decode: {workers: 2, tp: 8, ep: 8, dp_attention: false}}\n"
    "  - {input: 1024, output: 1024, drafts: 0, concurrency: [16, 32], prefill: {workers: 1, tp: "
    "8, "
    "ep: 8, dp_attention: true}, decode: {workers: 3, tp: 8, ep: 8, dp_attention: false}}\n"
    "  - {input: 1024, output: 1024, drafts: 1, concurrency: [8], until: \"2025-12-31\", serve: "
    "{tp: 8, ep: 8, dp_attention: true}}\n"
    "  - {input: 1024, output: 1024, drafts: 2, concurrency: [8], from: \"2026-01-01\", "
    "engine_versions: [\"1.2\"], serve: {tp: 8, ep: 8}}\n"
    "  - {input: 1024, output: 1024, drafts: 0, concurrency: [64], serve: {tp: 2, ep: 2}}\n"
    "  - {input: 1024, output: 1024, drafts: 0, concurrency: [64], serve: {tp: 2}}\n"
    "  - {input: 1024, output: 1024, drafts: 0, concurrency: [64], serve: {tp: 4}}\n";

static mu_catalog *catalog(void)
{
    mu_catalog *out = NULL;
    mu_error err = {0};
    if (catalog_with(recipe_yaml, &out, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return out;
}

/* A case of suite `bench`: its model, date, concurrency and deployment. */
static mu_case row(const char *model, const char *date, int concurrency, const char *deployment)
{
    return case_of(mu_arena_printf(
        t.arena,
        "[{\"id\": \"a\", \"source\": \"bench\", \"engine_version\": \"1.2\", \"date\": \"%s\", "
        "\"scenario\": {\"model\": \"%s\", \"system\": \"hgx-h200\", \"engine\": \"trtllm\", "
        "\"precision\": {\"weights\": \"fp8\"}, \"workload\": {\"input\": 1024, \"output\": 1024, "
        "\"concurrency\": %d}, \"deployment\": %s}, \"measured\": {\"tpot_mean_s\": 0.01}}]",
        date, model, concurrency, deployment));
}

static const char apart[] = "{\"mode\": \"disaggregated\", \"prefill\": {\"tp\": 8, \"ep\": 8}, "
                            "\"decode\": {\"tp\": 8, \"ep\": 4}}";

static uint32_t matches(const mu_case *c, const mu_recipe_run *out[MU_RECIPE_MATCHES_MAX])
{
    mu_catalog *with = catalog();
    mu_recipe_book *book = MU_NEW(t.arena, mu_recipe_book, 1);
    mu_scenario *s = MU_NEW(t.arena, mu_scenario, 1);
    mu_question *q = MU_NEW(t.arena, mu_question, 1);
    mu_error err = {0};
    mu_scenario_init(s);
    if (mu_recipe_book_read(with, t.arena, book, &err) != MU_OK ||
        mu_scenario_read(&c->scenario, s, &err) != MU_OK ||
        mu_question_make(with, s, NULL, t.arena, q, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return mu_recipe_match(book, with, c, q, s, out);
}

static void test_one_run(void **state)
{
    (void)state;
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    mu_case c = row("deepseek-r1", "2026-01-02", 8, apart);
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->drafts == 3.0 && run[0]->decode.workers == 2.0);
    c = row("deepseek-r1", "2026-01-02", 32, apart);
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->drafts == 0.0 && run[0]->decode.workers == 3.0);
}

static void test_several_and_none(void **state)
{
    (void)state;
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    mu_case c = row("deepseek-r1", "", 16, apart);
    assert_int_equal(matches(&c, run), 2);
    c = row("deepseek-r1", "", 17, apart);
    assert_int_equal(matches(&c, run), 0);
    c = row("deepseek-v3", "", 16, apart); /* its rows are those without drafts */
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->drafts == 0.0);
    c = row("deepseek-r1", "", 16,
            "{\"mode\": \"disaggregated\", \"prefill\": {\"tp\": 4}, \"decode\": {\"tp\": 8}}");
    assert_int_equal(matches(&c, run), 0);
    c.source = "another";
    assert_int_equal(matches(&c, run), 0);
}

static void test_counted_workers(void **state)
{
    (void)state;
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    const char *deployment = "{\"mode\": \"disaggregated\", \"prefill\": {\"dp\": 8, \"ep\": 8, "
                             "\"instances\": 1}, \"decode\": {\"tp\": 8, \"ep\": 8, \"batch\": 5, "
                             "\"instances\": 3}}";
    mu_case c = row("deepseek-r1", "", 16, deployment);
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->decode.workers == 3.0);
}

static void test_dates_and_versions(void **state)
{
    (void)state;
    static const char plain[] = "{\"serve\": {\"tp\": 8, \"ep\": 8}}";
    static const char product[] = "{\"serve\": {\"tp\": 64, \"ep\": 8, \"moe_tp\": 8}}";
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    mu_case c = row("deepseek-r1", "2025-12-31", 8, plain);
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->drafts == 1.0);
    c = row("deepseek-r1", "2026-01-01", 8, product);
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->drafts == 2.0);
    c.engine_version = "1.3";
    assert_int_equal(matches(&c, run), 0);
}

/* Two ranks printed as their square are not the four of another run. */
static void test_squared_labels(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double tp, ep;
    } known[] = {
        {"{\"serve\": {\"tp\": 4, \"ep\": 2, \"moe_tp\": 2}}", 2.0, 2.0},
        {"{\"serve\": {\"tp\": 2, \"dp\": 2, \"ep\": 4}}", 2.0, 2.0},
        {"{\"serve\": {\"tp\": 2, \"ep\": 2}}", 2.0, 2.0},
        {"{\"serve\": {\"tp\": 2, \"moe_tp\": 2}}", 2.0, 1.0},
        {"{\"serve\": {\"tp\": 4, \"moe_tp\": 4}}", 4.0, 1.0},
        {"{\"serve\": {\"tp\": 4, \"dp\": 4, \"ep\": 16}}", 4.0, 1.0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
        mu_case c = row("deepseek-r1", "", 64, known[i].label);
        assert_int_equal(matches(&c, run), 1);
        assert_true(run[0]->serve.tp == known[i].tp && run[0]->serve.ep == known[i].ep);
    }
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    mu_case c = row("deepseek-r1", "", 64, "{\"serve\": {\"tp\": 8}}");
    assert_int_equal(matches(&c, run), 0);
}

static void test_labels_of_all_ranks(void **state)
{
    (void)state;
    const mu_recipe_run *run[MU_RECIPE_MATCHES_MAX];
    mu_case c = row("deepseek-r1", "", 8,
                    "{\"mode\": \"disaggregated\", \"prefill\": {\"tp\": 24}, \"decode\": {\"tp\": "
                    "24}}");
    assert_int_equal(matches(&c, run), 1);
    assert_true(run[0]->decode.workers == 2.0);
    c = row("deepseek-r1", "2026-02-02", 32, "{\"serve\": {\"tp\": 32}}");
    assert_int_equal(matches(&c, run), 1);
    mu_scenario s;
    mu_scenario_init(&s);
    s.serve.given = true;
    mu_recipe_apply(run[0], &s);
    assert_true(!s.serve.given && s.prefill.given && s.decode.given);
    assert_int_equal(s.mode, MU_MODE_DISAGGREGATED);
    assert_true(s.prefill.dp == 8.0 && s.decode.tp == 8.0 && s.decode.instances == 3.0);
}

static double answer_of(const mu_catalog *with, const mu_case *c, const char **note)
{
    mu_validate_options options = {.samples = 0, .seed = 1};
    mu_validation v = {0};
    mu_error err = {0};
    if (mu_validate(with, c, 1, &options, &t.work, &v, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(v.outcome[0].answered);
    *note = v.outcome[0].note;
    return v.outcome[0].predicted.value;
}

static void test_answered_as_spelled_out(void **state)
{
    (void)state;
    const char *note = NULL;
    mu_catalog *with = catalog();
    mu_case c = row("deepseek-r1", "", 8, apart);
    double by_recipe = answer_of(with, &c, &note);
    assert_string_equal(note, "set up as its published recipe says");
    mu_case spelled =
        row("deepseek-r1", "", 8,
            "{\"mode\": \"disaggregated\", \"prefill\": {\"dp\": 8, \"ep\": 8, \"instances\": 1}, "
            "\"decode\": {\"tp\": 8, \"ep\": 8, \"instances\": 2, \"batch\": 4, \"mtp\": 3}}");
    spelled.source = "";
    double by_word = answer_of(t.catalog, &spelled, &note);
    assert_true(by_recipe > 0.97 * by_word && by_recipe < 1.03 * by_word);
}

/* Of two ways the faster is off by less from the other, as a share of what was measured. */
static void test_between_two_ways(void **state)
{
    (void)state;
    const char *note = NULL;
    mu_catalog *with = catalog();
    mu_case c = row("deepseek-r1", "", 16, apart);
    double both = answer_of(with, &c, &note);
    assert_string_equal(note, "set up as one of several published recipes says");
    mu_case plain = row("deepseek-v3", "", 16, apart);
    double slow = answer_of(with, &plain, &note);
    assert_true(both < slow && both > 0.3 * slow);
}

static void test_built_in_recipes(void **state)
{
    (void)state;
    mu_recipe_book book;
    mu_error err = {0};
    if (mu_recipe_book_read(t.catalog, t.arena, &book, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(book.count > 500);
    for (uint32_t i = 0; i < book.count; i++) {
        assert_true(book.run[i].drafts <= 8.0);
    }
}

static void refuse(const char *from, const char *to, const char *said)
{
    const char *at = strstr(recipe_yaml, from);
    assert_non_null(at);
    const char *yaml = mu_arena_printf(t.arena, "%.*s%s%s", (int)(at - recipe_yaml), recipe_yaml,
                                       to, at + strlen(from));
    mu_catalog *with = NULL;
    mu_recipe_book book;
    mu_error err = {0};
    mu_status status = catalog_with(yaml, &with, &err);
    status = status == MU_OK ? mu_recipe_book_read(with, t.arena, &book, &err) : status;
    assert_int_equal(status, MU_E_INPUT);
    if (strstr(err.text, said) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", said, err.text);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    refuse("drafts: 3", "draft: 3", "drafts");
    refuse("concurrency: [8, 16]", "concurrency: []", "concurrency");
    refuse("concurrency: [8, 16]", "concurrency: 8", "concurrency");
    refuse("workers: 1", "worker: 1", "workers");
    refuse("workers: 1", "workers: -1", "workers");
    refuse("input: 1024, ", "", "input");
    refuse("prefill: {workers: 1", "serve: {workers: 1", "serve");
    refuse("models: [deepseek-r1", "models: [deepseek-r9", "deepseek-r9");
    refuse("kind: recipe", "kind: receipt", "recipe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_run, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_several_and_none, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_counted_workers, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_dates_and_versions, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_squared_labels, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_labels_of_all_ranks, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_answered_as_spelled_out, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_between_two_ways, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_built_in_recipes, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_refuses, twin_open, twin_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
