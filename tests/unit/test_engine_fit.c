/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   an engine's profile is found again from deployments that it answered, the same for any
 *         number of threads.
 * Method: cases whose measurements are muster's own answers under another engine; the fit starts at
 *         the built-in one and is held against cases it has not seen.
 */
#include "twin_helper.h"

#include "calibrate/engine.h"
#include "io/case_read.h"
#include "io/doc_read.h"

#include <math.h>

enum { CASES = 24, HELD_OUT = 8 };

/* Every third case is held out. */
static mu_case_list questions(void)
{
    static const int concurrency[] = {1, 16, 128};
    static const int input[] = {512, 2048};
    static const int output[] = {128, 1024};
    char *json = MU_NEW(t.arena, char, CASES * 512);
    size_t used = 1;
    assert_non_null(json);
    json[0] = '[';
    for (int i = 0; i < CASES; i++) {
        used += (size_t)sprintf(
            json + used,
            "%s{\"id\": \"%d\", \"fit\": %s, \"scenario\": {\"model\": \"llama-3.1-8b\", "
            "\"system\": \"hgx-h200\", \"engine\": \"vllm\", \"workload\": {\"input\": %d, "
            "\"output\": %d, \"concurrency\": %d}, \"deployment\": {\"serve\": {\"tp\": %d}}}, "
            "\"measured\": {\"tpot_mean_s\": 1, \"ttft_mean_s\": 1}}",
            i > 0 ? "," : "", i, i % 9 % 3 == i / 9 ? "false" : "true", input[i / 3 % 2],
            output[i / 6 % 2], concurrency[i % 3], i < CASES / 2 ? 1 : 2);
    }
    memcpy(json + used, "]", 2);
    mu_case_list list = {.arena = t.arena};
    mu_doc *doc = MU_NEW(t.arena, mu_doc, 1);
    mu_error err = {0};
    if (mu_doc_read_text(t.arena, json, strlen(json), "c.json", MU_DOC_JSON, doc, &err) != MU_OK ||
        mu_cases_from_doc(doc, &list, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(list.count, CASES);
    return list;
}

static mu_engine vllm(void)
{
    mu_engine engine = {0};
    mu_draw point = {0};
    mu_error err = {0};
    if (mu_engine_load(t.catalog, "vllm", point, &engine, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return engine;
}

/* What the cases would measure on an engine. */
static void measure(mu_case_list *list, const mu_engine *engine)
{
    mu_validate_options options = {.samples = 0, .seed = 1, .engine = engine};
    mu_validation v = {0};
    mu_error err = {0};
    if (mu_validate(t.catalog, list->item, list->count, &options, &t.work, &v, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    mu_measure *measures = MU_NEW(t.arena, mu_measure, v.outcome_count);
    assert_non_null(measures);
    for (uint32_t i = 0; i < v.outcome_count; i++) {
        assert_true(v.outcome[i].answered);
        measures[i] = (mu_measure){v.outcome[i].kind, v.outcome[i].predicted.value};
    }
    for (uint32_t i = 0; i < list->count; i++) {
        list->item[i].measure = &measures[(size_t)2 * i];
    }
}

static mu_engine_found fitted(const mu_case_list *list, uint32_t threads)
{
    mu_engine_found found;
    mu_error err = {0};
    mu_pool *pool = mu_pool_create(threads);
    mu_work work = {.arena = t.arena, .pool = pool};
    mu_status status =
        mu_engine_calibrate(t.catalog, list->item, list->count, "vllm", false, &work, &found, &err);
    mu_pool_free(pool);
    if (status != MU_OK) {
        fail_msg("%s", err.text);
    }
    return found;
}

static mu_engine another_engine(void)
{
    mu_engine engine = vllm();
    engine.step_factor = 1.0;
    engine.ttft_factor = 1.0;
    engine.ttft_factor_apart = 1.0;
    engine.kernel_slack *= 1.2;
    engine.host_step = 2e-3;
    engine.request_overhead *= 3.0;
    return engine;
}

static void test_finds_it_again(void **state)
{
    (void)state;
    mu_case_list list = questions();
    mu_engine truth = another_engine();
    measure(&list, &truth);
    mu_engine_found found = fitted(&list, 2);
    assert_int_equal(found.cases, CASES - HELD_OUT);
    for (int m = 0; m < 2; m++) {
        const mu_row_errors *held = &found.after_error[m][1];
        assert_int_equal(held->n, HELD_OUT);
        assert_true(found.before_error[m][1].mape > 0.1);
        assert_true(held->mape < 0.03);
    }
    assert_near(found.engine.kernel_slack, truth.kernel_slack, 0.1);
    assert_near(found.engine.host_step, truth.host_step, 0.25);
    for (uint32_t k = 0; k < found.knob_count; k++) {
        assert_true(found.range[k].low <= found.range[k].best);
        assert_true(found.range[k].best <= found.range[k].high);
        assert_true(found.range[k].low >= found.knob[k].least);
        assert_true(found.range[k].high <= found.knob[k].most);
    }
    mu_engine_found alone = fitted(&list, 1);
    assert_memory_equal(&found.engine, &alone.engine, sizeof found.engine);
    assert_memory_equal(found.range, alone.range, found.knob_count * sizeof found.range[0]);
}

static void test_too_few(void **state)
{
    (void)state;
    mu_case_list list = questions();
    mu_engine_found found;
    mu_error err = {0};
    assert_int_equal(
        mu_engine_calibrate(t.catalog, list.item, 12, "vllm", false, &t.work, &found, &err),
        MU_E_INPUT);
    assert_non_null(strstr(err.text, "engine vllm marked fit: 8;"));
    memset(&err, 0, sizeof err);
    assert_int_equal(
        mu_engine_calibrate(t.catalog, list.item, 12, "vlm", false, &t.work, &found, &err),
        MU_E_INPUT);
    assert_non_null(strstr(err.text, "vllm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finds_it_again, twin_open, twin_close),
        cmocka_unit_test_setup_teardown(test_too_few, twin_open, twin_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
