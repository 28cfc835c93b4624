/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   margins are the quantiles they say, hold nine in ten of rows like those they come from,
 *         are read as written or refused with their place, and make the interval of an operator.
 * Method: ratios worked by hand, seeded draws, small calibrations over the compiled-in catalogue.
 */
#include "twin_helper.h"

#include "base/random.h"
#include "calibrate/margin.h"
#include "io/doc_read.h"
#include "study/op_margin.h"
#include "study/validate.h"

#include <math.h>

static mu_op_margin fit(const double predicted_s[], const double ratio[], uint32_t count)
{
    mu_op_margin margin = {.step_count = 0};
    mu_miss *miss = MU_NEW(t.arena, mu_miss, count);
    for (uint32_t i = 0; i < count; i++) {
        miss[i] = (mu_miss){predicted_s[i], ratio[i]};
    }
    mu_margin_fit(miss, count, &margin);
    return margin;
}

/* Of 39 rows the second from either end: (39 + 1) * 0.05 = 2. Of 19 the very ends. */
static void test_quantiles_by_hand(void **state)
{
    (void)state;
    double predicted_s[39];
    double ratio[39];
    for (int i = 0; i < 39; i++) {
        predicted_s[i] = 1e-6 * (i + 1);
        ratio[i] = 0.81 + 0.01 * ((i * 7) % 39); /* 0.81 .. 1.19, shuffled */
    }
    mu_op_margin m = fit(predicted_s, ratio, 39);
    assert_int_equal(m.step_count, 1);
    assert_int_equal(m.rows, 39);
    assert_near(m.step[0].low, 0.82, 1e-12);
    assert_near(m.step[0].high, 1.18, 1e-12);
    assert_near(m.step[0].to_s, 39e-6, 1e-15);
    const double all_above[19] = {1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0,
                                  2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9};
    m = fit(predicted_s, all_above, 19);
    assert_near(m.step[0].low, 1.0, 0.0); /* an interval holds its value */
    assert_near(m.step[0].high, 2.9, 1e-12);
}

/* 60 rows a step, at most eight; equal predictions are not torn apart. */
static void test_steps(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    static double predicted_s[ROWS];
    static double ratio[ROWS];
    for (int i = 0; i < ROWS; i++) {
        predicted_s[i] = i < 500 ? 5e-6 : 1e-5 * pow(1.01, i);
        ratio[i] = i < 500 ? 1.0 + 0.001 * (i % 100) : 1.0;
    }
    mu_op_margin m = fit(predicted_s, ratio, 119);
    assert_int_equal(m.step_count, 1);
    m = fit(predicted_s, ratio, ROWS);
    assert_int_equal(m.step_count, 5); /* four of eight hold nothing but equals: one step */
    assert_near(m.step[0].to_s, 5e-6, 0.0);
    assert_true(m.step[0].high > 1.09);
    assert_near(m.step[1].high, 1.0, 0.0);
    for (uint32_t i = 1; i < m.step_count; i++) {
        assert_true(m.step[i].to_s > m.step[i - 1].to_s);
    }
    assert_near(mu_op_margin_at(&m, 4e-6).high, m.step[0].high, 0.0);
    assert_near(mu_op_margin_at(&m, 6e-6).high, 1.0, 0.0);
    assert_near(mu_op_margin_at(&m, 1e3).high, 1.0, 0.0); /* the last holds beyond */
}

/* Rows of the same kind: 88 to 92 in a hundred fall inside, about as many beyond either end. */
static void test_holds_nine_in_ten(void **state)
{
    (void)state;
    enum { ROWS = 4000 };
    static double predicted_s[2 * ROWS];
    static double ratio[2 * ROWS];
    for (uint32_t i = 0; i < 2 * ROWS; i++) {
        double size = mu_random_uniform(3, i, 0);
        double u = mu_random_uniform(3, i, 1);
        predicted_s[i] = 1e-6 * exp(8.0 * size);
        ratio[i] = exp((0.05 + 0.3 * (1.0 - size)) * (log(u / (1.0 - u)) + 0.4));
    }
    mu_op_margin m = fit(predicted_s, ratio, ROWS);
    assert_int_equal(m.step_count, MU_MARGIN_STEPS_MAX);
    uint32_t below = 0;
    uint32_t above = 0;
    for (uint32_t i = ROWS; i < 2 * ROWS; i++) {
        mu_margin_step step = mu_op_margin_at(&m, predicted_s[i]);
        below += ratio[i] < step.low ? 1 : 0;
        above += ratio[i] > step.high ? 1 : 0;
    }
    assert_in_range(below, ROWS / 25, ROWS * 3 / 50);
    assert_in_range(above, ROWS / 25, ROWS * 3 / 50);
    assert_true(m.step[0].high > 1.5 * m.step[MU_MARGIN_STEPS_MAX - 1].high);
}

static void test_keys(void **state)
{
    (void)state;
    char key[MU_MARGIN_KEY_MAX];
    mu_op_question q = mu_op_question_make(MU_OP_CASE_DECODE);
    mu_op_margin_key(&q, key);
    assert_string_equal(key, "generation_attention_bf16");
    q.kv = MU_DTYPE_FP8;
    mu_op_margin_key(&q, key);
    assert_string_equal(key, "generation_attention_bf16_kv_fp8");
    q = mu_op_question_make(MU_OP_CASE_ALL_REDUCE);
    q.dtype = "fp16";
    mu_op_margin_key(&q, key);
    assert_string_equal(key, "all_reduce");
}

/* The compiled-in catalogue with one calibration more. */
static mu_catalog *with(const char *text)
{
    mu_doc *docs = MU_NEW(t.arena, mu_doc, mu_builtin_doc_count + (size_t)1);
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof docs[0]);
    if (mu_doc_read_text(t.arena, text, strlen(text), "own.yaml", MU_DOC_YAML,
                         &docs[mu_builtin_doc_count], &err) != MU_OK ||
        mu_catalog_create(t.arena, docs, mu_builtin_doc_count + 1, mu_builtin_doc_count, &catalog,
                          &err) != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return catalog;
}

static mu_status read_of(const mu_catalog *catalog, const char *chip, mu_op_margins *out,
                         mu_error *err)
{
    const mu_entity *entity = NULL;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CHIP, chip, &entity, err), MU_OK);
    return mu_op_margins_read(catalog, entity, t.arena, out, err);
}

#define HEAD                                                                                       \
    "kind: calibration\nid: own\nname: Own\nsource: own-measurements\ngrade: A\nchips: [h100]\n"   \
    "margins:\n"

static void test_bad_margins_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *margins;
        const char *said;
    } bad[] = {
        {"  gemm_bf16: {rows: 9, steps: [[1, 0.9, 1.1]]}\n", "under `of`"},
        {"  of: h100-sxm\n  gem_bf16: {rows: 9, steps: [[1, 0.9, 1.1]]}\n", "gem_bf16"},
        {"  of: h100-sxm\n  gemm_bf99: {rows: 9, steps: [[1, 0.9, 1.1]]}\n", "gemm_bf99"},
        {"  of: h100-sxm\n  all_reduce_bf16: {rows: 9, steps: [[1, 0.9, 1.1]]}\n", "all_reduce_"},
        {"  of: h100-sxm\n  gemm_bf16: {steps: [[1, 0.9, 1.1]]}\n", "rows and 1 to 8 steps"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: []}\n", "rows and 1 to 8 steps"},
        {"  of: h100-sxm\n  gemm_bf16: 7\n", "rows and 1 to 8 steps"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: [[1, 0.9]]}\n", "predicted up to"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: [[1, 1.2, 1.4]]}\n", "low"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: [[1, 0.9, 0.95]]}\n", "high"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: [[1, 0.9, nan]]}\n", "high"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, steps: [[1, 0.9, 1], [1, 0.9, 1]]}\n", "ascend"},
        {"  of: h100-sxm\n  gemm_bf16: {rows: 9, stepz: 1, steps: [[1, 0.9, 1.1]]}\n", "stepz"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_op_margins margins;
        mu_error err = {0};
        mu_catalog *catalog = with(mu_arena_printf(t.arena, HEAD "%s", bad[i].margins));
        assert_int_equal(read_of(catalog, "h100", &margins, &err), MU_E_INPUT);
        if (strstr(err.text, bad[i].said) == NULL || err.line < 7) {
            fail_msg("%u: %s, expected %s", err.line, err.text, bad[i].said);
        }
    }
}

/* All that are compiled in can be read; a chip's own go before those it borrows. */
static void test_every_margin_is_read(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (int kind = MU_ENTITY_CHIP; kind <= MU_ENTITY_SYSTEM; kind++) {
        for (uint32_t i = 0; i < mu_catalog_count(t.catalog, (mu_entity_kind)kind); i++) {
            mu_op_margins margins;
            mu_error err = {0};
            const mu_entity *entity = mu_catalog_at(t.catalog, (mu_entity_kind)kind, i);
            if (mu_op_margins_read(t.catalog, entity, t.arena, &margins, &err) != MU_OK) {
                fail_msg("%s: %s:%u: %s", entity->id, err.file, err.line, err.text);
            }
            found += margins.count;
        }
    }
    assert_true(found > 100);
}

static mu_quantity gemm_time(const mu_catalog *catalog, const char *chip, mu_measure_kind kind)
{
    mu_op_question q = mu_op_question_make(MU_OP_CASE_GEMM);
    q.target = chip;
    q.number[MU_OP_FIELD_M] = 64.0;
    q.number[MU_OP_FIELD_N] = 6144.0;
    q.number[MU_OP_FIELD_K] = 2048.0;
    if (kind == MU_MEASURE_BUS_BANDWIDTH) {
        q = mu_op_question_make(MU_OP_CASE_ALL_REDUCE);
        q.target = chip;
        q.number[MU_OP_FIELD_RANKS] = 8.0;
        q.number[MU_OP_FIELD_BYTES] = 1e9;
    }
    const mu_measure measure = {kind, 1.0};
    const mu_case item = {
        .id = "a", .verb = MU_CASE_OP, .op = &q, .measure_count = 1, .measure = &measure};
    const mu_validate_options options = {.samples = 64, .seed = 1};
    mu_validation v = {0};
    mu_error err = {0};
    if (mu_validate(catalog, &item, 1, &options, &t.work, &v, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(v.outcome[0].answered);
    return v.outcome[0].predicted;
}

/* Own margins are the interval; borrowed ones only widen what the facts leave open. */
static void test_interval_of_an_operator(void **state)
{
    (void)state;
    mu_catalog *own =
        with(HEAD "  of: h100-sxm\n"
                  "  gemm_bf16: {rows: 99, steps: [[1e-6, 0.1, 9], [1, 0.8, 1.5]]}\n");
    mu_quantity q = gemm_time(own, "h100", MU_MEASURE_LATENCY);
    assert_near(q.low / q.value, 0.8, 1e-12);
    assert_near(q.high / q.value, 1.5, 1e-12);

    mu_catalog *other = with("kind: calibration\nid: own\nname: Own\nsource: own-measurements\n"
                             "grade: A\nchips: [mtt-s5000]\nmargins:\n  of: h100-sxm\n"
                             "  gemm_bf16: {rows: 99, steps: [[1, 0.8, 1.5]]}\n");
    q = gemm_time(other, "mtt-s5000", MU_MEASURE_LATENCY);
    assert_true(q.low / q.value < 0.8 - 1e-6);
    assert_true(q.high / q.value > 1.5 + 1e-6);
}

/* Drawn intervals are stretched by what the prior's margins say, each half by its own. */
static void test_widened(void **state)
{
    (void)state;
#define PRIOR                                                                                      \
    "kind: calibration\nid: margins-prior\nname: Own\nsource: own-measurements\ngrade: A\n"        \
    "margins:\n  of: nobody\n  widen: "
    mu_quantity drawn = gemm_time(with(PRIOR "[1, 1]\n"), "mtt-s5000", MU_MEASURE_LATENCY);
    mu_quantity wide = gemm_time(with(PRIOR "[1, 2]\n"), "mtt-s5000", MU_MEASURE_LATENCY);
    assert_near(wide.low, drawn.low, 1e-12);
    assert_near(wide.high / wide.value, pow(drawn.high / drawn.value, 2.0), 1e-9);
    static const char *const bad[] = {"[1]\n", "2\n", "[0, 1]\n", "[1, nan]\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_op_margins margins;
        mu_error err = {0};
        mu_catalog *catalog = with(mu_arena_printf(t.arena, PRIOR "%s", bad[i]));
        assert_int_equal(read_of(catalog, "h100", &margins, &err), MU_E_INPUT);
        assert_non_null(strstr(err.text, "widen"));
    }
}

/* A margin of times turns round for a bandwidth. */
static void test_bandwidth(void **state)
{
    (void)state;
    mu_catalog *own = with("kind: calibration\nid: own\nname: Own\nsource: own-measurements\n"
                           "grade: A\nsystems: [hgx-h100]\nmargins:\n  of: hgx-h100\n"
                           "  all_reduce: {rows: 99, steps: [[1, 0.8, 2]]}\n");
    mu_quantity q = gemm_time(own, "hgx-h100", MU_MEASURE_BUS_BANDWIDTH);
    assert_near(q.low / q.value, 0.5, 1e-12);
    assert_near(q.high / q.value, 1.25, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_by_hand),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_holds_nine_in_ten),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_bad_margins_are_named),
        cmocka_unit_test(test_every_margin_is_read),
        cmocka_unit_test(test_interval_of_an_operator),
        cmocka_unit_test(test_bandwidth),
        cmocka_unit_test(test_widened),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
