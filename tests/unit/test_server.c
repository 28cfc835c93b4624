/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a measured case is told to run as the published server it was a row of, and only then.
 * Method: servers written here over the built-in catalogue; which one a case finds, and what its
 *         scenario then says, against figures worked out by hand.
 */
#include "recipe_helper.h"

#include "study/server.h"

#include <math.h>

#define RECIPE                                                                                     \
    "kind: recipe\nid: bench-servers\nname: one\nsource: inferencex-scripts\nsuites: [bench]\n"    \
    "models: [deepseek-r1]\nsystems: [hgx-h200]\nengine: trtllm\nweights: fp8\nservers:\n"

/* Told apart by their batch. */
static const char servers_yaml[] =
    RECIPE "  - {until: \"2025-12-31\", max_running: 1}\n"
           "  - {input: 2048, max_running: 2}\n"
           "  - {concurrency_least: 64, concurrency_most: 128, ranks: 8, max_running: 3}\n"
           "  - {concurrency_least: 64, concurrency_most: 128, ranks: 4, max_running: 4}\n"
           "  - {dp_attention: true, running_over_concurrency: 1, batch_tokens_plus: 64, "
           "poll_steps: 30, dp_timeout_steps: 60, batch_wait_steps: 20, batch_wait_share: 0.9}\n"
           "  - {drafts: 3, max_running: 6, prefix_cache: false}\n"
           "  - {drafts: 2, running_over_concurrency: 1, running_short: 1}\n"
           "  - {apart: true, workers: 2, max_running: 7, prefill_max_running: 8, "
           "prefill_batch_tokens: 16896}\n";

static mu_case row(const char *date, int input, int concurrency, const char *deployment)
{
    return case_of(mu_arena_printf(
        t.arena,
        "[{\"id\": \"a\", \"source\": \"bench\", \"date\": \"%s\", \"scenario\": {\"model\": "
        "\"deepseek-r1\", \"system\": \"hgx-h200\", \"engine\": \"trtllm\", \"precision\": "
        "{\"weights\": \"fp8\"}, \"workload\": {\"input\": %d, \"output\": 1024, "
        "\"concurrency\": %d}, \"deployment\": %s}, \"measured\": {\"tpot_mean_s\": 0.01}}]",
        date, input, concurrency, deployment));
}

/* What the case's scenario says once its server was found; whether one was. */
static bool launched(const mu_case *c, mu_scenario *s)
{
    mu_catalog *with = NULL;
    mu_server_book book = {0};
    mu_question *q = MU_NEW(t.arena, mu_question, 1);
    mu_error err = {0};
    mu_scenario_init(s);
    if (catalog_with(servers_yaml, &with, &err) != MU_OK ||
        mu_server_book_read(with, t.arena, &book, &err) != MU_OK ||
        mu_scenario_read(&c->scenario, s, &err) != MU_OK ||
        mu_question_make(with, s, NULL, t.arena, q, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    const mu_server *server = mu_server_find(&book, with, c, q, s);
    if (server != NULL) {
        mu_server_apply(server, q, s);
    }
    return server != NULL;
}

/* Sequences at once that an aggregated case is launched with; 0 = by no server. */
static double running(const char *date, int input, int concurrency, const char *deployment)
{
    mu_scenario s;
    mu_case c = row(date, input, concurrency, deployment);
    return launched(&c, &s) ? s.serve.batch : 0.0;
}

static void test_conditions(void **state)
{
    (void)state;
    static const char eight[] = "{\"serve\": {\"tp\": 8}}";
    static const char four[] = "{\"serve\": {\"tp\": 4}}";
    assert_true(running("2025-12-31", 1024, 64, eight) == 1.0);
    assert_true(running("2026-01-01", 2048, 64, eight) == 2.0);
    assert_true(running("2026-01-01", 1024, 64, eight) == 3.0);
    assert_true(running("2026-01-01", 1024, 128, four) == 4.0);
    assert_true(running("", 1024, 128, four) == 4.0); /* no day: not one with days */
    assert_true(running("2026-01-01", 1024, 63, eight) == 0.0);
    assert_true(running("2026-01-01", 1024, 129, eight) == 0.0);
    assert_true(running("2026-01-01", 1024, 4, "{\"serve\": {\"tp\": 8, \"mtp\": 3}}") == 6.0);
    assert_true(running("2026-01-01", 1024, 4, "{\"serve\": {\"tp\": 8, \"mtp\": 1}}") == 0.0);
    assert_true(running("2026-01-01", 1024, 4, "{\"serve\": {\"tp\": 8, \"mtp\": 2}}") == 3.0);
    assert_true(running("2026-01-01", 1024, 1, "{\"serve\": {\"tp\": 8, \"mtp\": 2}}") == 1.0);
}

/* 33 in flight over 8 ranks are 5 a rank; 5 + 1000 + 64 tokens round up to 1088. */
static void test_computed_limits(void **state)
{
    (void)state;
    mu_scenario s;
    mu_case c = row("", 1000, 33, "{\"serve\": {\"dp\": 8, \"ep\": 8}}");
    assert_true(launched(&c, &s));
    assert_true(s.serve.batch == 5.0 && s.serve.batch_tokens == 1088.0);
    assert_true(s.serving.poll_steps == 30.0 && s.serving.dp_timeout_steps == 60.0);
    assert_true(s.serving.batch_wait_steps == 20.0 && s.serving.batch_wait_share == 0.9);
}

static void test_apart(void **state)
{
    (void)state;
    mu_scenario s;
    mu_case c = row("", 1024, 9,
                    "{\"mode\": \"disaggregated\", \"prefill\": {\"tp\": 4}, \"decode\": "
                    "{\"tp\": 2, \"instances\": 2}}");
    assert_true(launched(&c, &s));
    assert_true(s.decode.batch == 7.0);
    assert_true(s.prefill.batch == 8.0 && s.prefill.batch_tokens == 16896.0);
    c = row("", 1024, 9,
            "{\"mode\": \"disaggregated\", \"prefill\": {\"tp\": 4}, \"decode\": {\"tp\": 2, "
            "\"instances\": 3}}");
    assert_false(launched(&c, &s));
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        RECIPE "  - {runing: 3}\n",
        RECIPE "  - {max_running: 0}\n",
        RECIPE "  - {memory_utilisation: 2}\n",
        RECIPE "  - {apart: maybe}\n",
        RECIPE "  - 3\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mu_catalog *with = NULL;
        mu_server_book book = {0};
        mu_error err = {0};
        assert_int_equal(catalog_with(wrong[i], &with, &err), MU_OK);
        assert_int_equal(mu_server_book_read(with, t.arena, &book, &err), MU_E_INPUT);
        assert_string_equal(err.file, "r.yaml");
        assert_int_equal(err.line, 11);
    }
}

/* Days are such, and an entry says something. */
static void test_built_in(void **state)
{
    (void)state;
    mu_server_book book = {0};
    mu_error err = {0};
    if (mu_server_book_read(t.catalog, t.arena, &book, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(book.count > 100);
    for (uint32_t i = 0; i < book.count; i++) {
        const mu_server *s = &book.server[i];
        assert_true(s->days.from[0] == '\0' || strlen(s->days.from) == 10);
        assert_true(s->days.until[0] == '\0' || strlen(s->days.until) == 10);
        assert_true(s->days.until[0] == '\0' || strcmp(s->days.from, s->days.until) <= 0);
        assert_true(s->concurrency_most < 0.0 || s->concurrency_most >= s->concurrency_least);
        assert_true(s->apart > 0.0 || (s->prefill_batch_tokens < 0.0 && s->workers < 0.0));
        assert_true(fmax(s->memory_utilisation, s->stream_interval) > 0.0 ||
                    fmax(s->max_running, s->batch_tokens) > 0.0 || s->running_short > 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_computed_limits),
        cmocka_unit_test(test_apart),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_built_in),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
