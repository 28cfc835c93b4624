/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   calibration finds the parameters that made the rows, leaves alone what they cannot tell
 *         of, and says so; the same answer for any order of rows and number of threads.
 * Method: rows made by the model itself with other parameters and seeded noise; the statistics by
 *         hand; measured tables of a 910C die, where they are at hand.
 */
#include "base/random.h"
#include "calibrate/calibrate.h"
#include "calibrate/spread.h"
#include "io/op_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 600 };

static mu_specimen plain_subject(void)
{
    mu_specimen subject = {.chip = {.vector_flops = 60e12,
                                    .memory_bandwidth = 3.35e12,
                                    .memory_capacity = 80e9,
                                    .l2_bytes = 50e6,
                                    .cores = 132,
                                    .clock_hz = 1.83e9,
                                    .tdp_w = 700,
                                    .idle_w = 90}};
    subject.chip.peak_flops[MU_DTYPE_BF16] = 989e12;
    subject.chip.peak_flops[MU_DTYPE_FP8] = 1979e12;
    mu_chip_params_default(&subject.chip.params);
    return subject;
}

/* The chip that the rows are "measured" on. */
static mu_specimen true_subject(void)
{
    mu_specimen subject = plain_subject();
    subject.chip.params.gemm_bf16_efficiency = 0.7;
    subject.chip.params.gemm_bf16_launch_us = 8.0;
    subject.chip.params.gemm_bf16_bandwidth = 0.75;
    return subject;
}

static mu_op_question random_product(uint64_t index)
{
    mu_op_question q = mu_op_question_make(MU_OP_CASE_GEMM);
    q.target = "chip";
    const double low[3] = {1.0, 512.0, 512.0};
    const double high[3] = {8192.0, 16384.0, 16384.0};
    for (int i = 0; i < 3; i++) {
        double u = mu_random_uniform(3, (uint64_t)i, index);
        q.number[MU_OP_FIELD_M + i] = floor(low[i] * pow(high[i] / low[i], u));
    }
    return q;
}

/* Products of a module in narrow formats are work, too: its output alone takes peak's time. */
static void modules_count_their_products(void **state)
{
    (void)state;
    mu_specimen subject = plain_subject();
    subject.chip.peak_flops[MU_DTYPE_FP8_BLOCK] = 1979e12;
    mu_op_question q = mu_op_question_make(MU_OP_CASE_SPARSE_PREFILL);
    q.target = "chip";
    q.number[MU_OP_FIELD_BATCH] = 1.0;
    q.number[MU_OP_FIELD_NEW] = 16384.0;
    q.number[MU_OP_FIELD_CACHED] = 0.0;
    q.number[MU_OP_FIELD_HEADS] = 128.0;
    q.number[MU_OP_FIELD_HIDDEN] = 7168.0;
    q.number[MU_OP_FIELD_Q_LORA] = 1536.0;
    q.number[MU_OP_FIELD_HEAD_DIM] = 192.0;
    q.number[MU_OP_FIELD_V_DIM] = 128.0;
    q.number[MU_OP_FIELD_INDEX_HEADS] = 64.0;
    q.number[MU_OP_FIELD_TOPK] = 2048.0;
    const mu_dtype formats[] = {MU_DTYPE_FP8, MU_DTYPE_FP8_BLOCK};
    mu_moe_load load = {0.0, 0.0};
    double output = 2.0 * 16384.0 * 128.0 * 128.0 * 7168.0;
    q.weights = q.activations = MU_DTYPE_BF16;
    double wide_s = mu_op_time(&q, &load, &subject.chip, &subject.fabric);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        mu_specimen faster = subject;
        q.weights = q.activations = formats[i];
        double time_s = mu_op_time(&q, &load, &subject.chip, &subject.fabric);
        faster.chip.peak_flops[formats[i]] *= 1e6;
        double without_s = mu_op_time(&q, &load, &faster.chip, &faster.fabric);
        assert_true(time_s < wide_s);
        assert_true(time_s - without_s > 0.99 * output / subject.chip.peak_flops[formats[i]]);
    }
}

/* Weights of all of L2 are one copy and stay; those of two thirds of it are two, and none stays. */
static void copies_of_l2(void **state)
{
    (void)state;
    mu_specimen subject = plain_subject();
    double l2 = subject.chip.l2_bytes = 96.0 * 1048576.0;
    subject.chip.l2_partitions = 1.0;
    mu_op_question q = mu_op_question_make(MU_OP_CASE_GEMM);
    q.copies = MU_COPIES_OF_L2;
    q.number[MU_OP_FIELD_M] = 1.0;
    q.number[MU_OP_FIELD_N] = 4096.0;
    q.number[MU_OP_FIELD_K] = l2 / 2.0 / 4096.0;
    subject.chip.params.gemm_warm = 1.1;
    mu_moe_load load = {0.0, 0.0};
    double whole_s = mu_op_time(&q, &load, &subject.chip, &subject.fabric);
    q.copies = 0.0;
    double flushed_s = mu_op_time(&q, &load, &subject.chip, &subject.fabric);
    assert_true(flushed_s > 1.05 * whole_s);
    q.copies = MU_COPIES_OF_L2;
    q.number[MU_OP_FIELD_K] *= 2.0 / 3.0;
    double less_s = mu_op_time(&q, &load, &subject.chip, &subject.fabric);
    q.copies = 0.0;
    assert_true(less_s > 0.99 * mu_op_time(&q, &load, &subject.chip, &subject.fabric));
}

static double measure(const mu_op_question *q, const mu_specimen *subject, uint64_t index)
{
    mu_moe_load load = {0.0, 0.0};
    double noise = 1.0 + 0.04 * (mu_random_uniform(4, 0, index) - 0.5);
    return noise * mu_op_time(q, &load, &subject->chip, &subject->fabric);
}

/* Rows in any order: `first` is added to the index, modulo their number. */
static void fill(mu_samples *samples, mu_arena *arena, uint32_t rows, uint32_t first)
{
    mu_error err = {0};
    mu_specimen subject = true_subject();
    mu_samples_begin(arena, samples);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t index = (i + first) % rows;
        mu_op_question q = random_product(index);
        double time_s = measure(&q, &subject, index);
        assert_int_equal(mu_samples_add(samples, &q, time_s, &err), MU_OK);
    }
}

typedef struct outcome {
    mu_arena *arena;
    mu_samples samples;
    mu_calibration found;
    mu_error err;
} outcome;

static mu_status run(outcome *o, uint32_t threads)
{
    mu_pool *pool = mu_pool_create(threads);
    mu_knob *knobs = MU_NEW(o->arena, mu_knob, MU_KNOBS_MAX);
    assert_true(pool != NULL && knobs != NULL);
    mu_work work = {.arena = o->arena, .pool = pool};
    mu_specimen start = plain_subject();
    mu_status status = mu_samples_finish(&o->samples, pool, &o->err);
    if (status == MU_OK) {
        status = mu_calibrate(&o->samples, &start, knobs, mu_chip_knobs(NULL, NULL, knobs), &work,
                              &o->found, &o->err);
    }
    mu_pool_free(pool);
    return status;
}

static const mu_knob_result *result(const outcome *o, const char *name)
{
    for (uint32_t i = 0; i < o->found.knob_count; i++) {
        if (strcmp(o->found.knob[i].knob.name, name) == 0) {
            return &o->found.knob[i];
        }
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static void finds_what_made_the_rows(void **state)
{
    (void)state;
    outcome o = {.arena = mu_arena_create(0)};
    fill(&o.samples, o.arena, ROWS, 0);
    assert_int_equal(run(&o, 2), MU_OK);
    const mu_group_result *group = &o.found.group[0];
    assert_int_equal(o.found.group_count, 1);
    assert_true(group->fitted && group->before.mape > 0.15);
    assert_true(group->after.mape < 0.015); /* the noise is 1 % on average */
    assert_true(group->left_out.mape < 0.02);
    assert_true(group->after.n + group->left_out.n == ROWS);
    const mu_knob_result *launch = result(&o, "gemm_bf16_launch_us");
    assert_int_equal(launch->fate, MU_KNOB_FITTED);
    assert_true(fabs(launch->range.best / 8.0 - 1.0) < 0.1);
    assert_true(fabs(result(&o, "gemm_bf16_efficiency")->range.best / 0.7 - 1.0) < 0.1);
    assert_true(fabs(result(&o, "gemm_bf16_bandwidth")->range.best / 0.75 - 1.0) < 0.1);
    for (uint32_t i = 0; i < o.found.knob_count; i++) {
        const mu_knob_result *k = &o.found.knob[i];
        if (k->fate == MU_KNOB_FITTED || k->fate == MU_KNOB_WIDTH) {
            assert_true(k->range.low <= k->range.best && k->range.best <= k->range.high);
            assert_true(k->range.low >= k->knob.min && k->range.high <= k->knob.max);
        }
    }
    const mu_knob_result *width = result(&o, "gemm_bf16_time");
    assert_int_equal(width->fate, MU_KNOB_WIDTH);
    assert_true(width->range.best == 1.0 && width->range.low > 0.95 && width->range.high < 1.05);
    mu_arena_free(o.arena);
}

static void leaves_alone_what_rows_cannot_tell(void **state)
{
    (void)state;
    outcome o = {.arena = mu_arena_create(0)};
    fill(&o.samples, o.arena, ROWS, 0);
    assert_int_equal(run(&o, 1), MU_OK);
    assert_int_equal(result(&o, "gemm_fp8_launch_us")->fate, MU_KNOB_NO_SAY);
    assert_int_equal(result(&o, "moe_bf16_launch_us")->fate, MU_KNOB_UNTOUCHED);
    const mu_chip_params before = plain_subject().chip.params;
    const mu_chip_params *after = &o.found.subject.chip.params;
    assert_true(after->gemm_fp8_launch_us == before.gemm_fp8_launch_us);
    assert_true(after->moe_bf16_launch_us == before.moe_bf16_launch_us);
    assert_true(after->decode_launch_us == before.decode_launch_us);
    mu_arena_free(o.arena);
}

static void same_for_any_threads_and_order(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 8, 2};
    static const uint32_t first[] = {0, 0, 0, 217};
    mu_chip_params params[4];
    for (int i = 0; i < 4; i++) {
        outcome o = {.arena = mu_arena_create(0)};
        fill(&o.samples, o.arena, 200, first[i] % 200);
        assert_int_equal(run(&o, threads[i]), MU_OK);
        params[i] = o.found.subject.chip.params;
        assert_memory_equal(&params[i], &params[0], sizeof params[0]);
        mu_arena_free(o.arena);
    }
}

static void duplicates_become_their_median(void **state)
{
    (void)state;
    mu_error err = {0};
    outcome o = {.arena = mu_arena_create(0)};
    fill(&o.samples, o.arena, 50, 0);
    mu_op_question q = random_product(7);
    mu_specimen subject = true_subject();
    double honest_s = measure(&q, &subject, 7);
    assert_int_equal(mu_samples_add(&o.samples, &q, 100.0 * honest_s, &err), MU_OK);
    assert_int_equal(mu_samples_add(&o.samples, &q, 0.99 * honest_s, &err), MU_OK);
    assert_int_equal(run(&o, 1), MU_OK);
    assert_int_equal(o.samples.count, 50);
    assert_int_equal(o.samples.duplicates, 2);
    assert_int_equal(o.found.warning_count, 1);
    assert_non_null(strstr(o.found.warning[0], "median"));
    for (uint32_t i = 0; i < o.samples.count; i++) {
        const mu_sample *row = &o.samples.row[i];
        if (memcmp(row->question.number, q.number, sizeof q.number) == 0) {
            assert_true(row->measured_s == honest_s);
        }
    }
    mu_arena_free(o.arena);
}

static void odd_rows_do_not_rule(void **state)
{
    (void)state;
    mu_error err = {0};
    outcome o = {.arena = mu_arena_create(0)};
    fill(&o.samples, o.arena, ROWS, 0);
    for (uint64_t i = ROWS; i < ROWS + 12; i++) { /* 2 %, in another unit */
        mu_op_question q = random_product(i);
        mu_specimen subject = true_subject();
        assert_int_equal(mu_samples_add(&o.samples, &q, 1000.0 * measure(&q, &subject, i), &err),
                         MU_OK);
    }
    assert_int_equal(run(&o, 2), MU_OK);
    assert_true(fabs(result(&o, "gemm_bf16_efficiency")->range.best / 0.7 - 1.0) < 0.1);
    assert_true(o.found.group[0].after.median < 0.02);
    assert_int_equal(o.found.warning_count, 1);
    assert_non_null(strstr(o.found.warning[0], "are units mixed"));
    mu_arena_free(o.arena);
}

static void another_unit_is_doubted(void **state)
{
    (void)state;
    mu_error err = {0};
    outcome o = {.arena = mu_arena_create(0)};
    mu_specimen subject = true_subject();
    mu_samples_begin(o.arena, &o.samples);
    for (uint64_t i = 0; i < 60; i++) {
        mu_op_question q = random_product(i);
        assert_int_equal(mu_samples_add(&o.samples, &q, 1000.0 * measure(&q, &subject, i), &err),
                         MU_OK);
    }
    assert_int_equal(run(&o, 1), MU_OK);
    assert_int_equal(o.found.warning_count, 1);
    assert_non_null(strstr(o.found.warning[0], "1000 times longer"));
    mu_arena_free(o.arena);
}

static void too_few_rows(void **state)
{
    (void)state;
    for (uint32_t rows = 0; rows <= 4; rows += 2) {
        outcome o = {.arena = mu_arena_create(0)};
        if (rows > 0) {
            fill(&o.samples, o.arena, rows, 0);
        } else {
            mu_samples_begin(o.arena, &o.samples);
        }
        assert_int_equal(run(&o, 1), MU_E_INPUT);
        assert_non_null(strstr(o.err.text, "nothing to calibrate"));
        mu_arena_free(o.arena);
    }
}

static void rows_are_bounded(void **state)
{
    (void)state;
    mu_error err = {0};
    mu_arena *arena = mu_arena_create(0);
    mu_samples samples;
    mu_samples_begin(arena, &samples);
    mu_op_question q = mu_op_question_make(MU_OP_CASE_GEMM);
    q.number[MU_OP_FIELD_N] = 64.0;
    q.number[MU_OP_FIELD_K] = 64.0;
    for (uint32_t i = 0; i < 3 * MU_SAMPLES_MAX; i++) {
        q.number[MU_OP_FIELD_M] = i + 1.0;
        assert_int_equal(mu_samples_add(&samples, &q, 1e-6, &err), MU_OK);
        assert_true(samples.count <= MU_SAMPLES_MAX);
    }
    assert_true(samples.seen == 3 * MU_SAMPLES_MAX && samples.count > MU_SAMPLES_MAX / 4);
    mu_arena_free(arena);
}

static void memory_runs_out(void **state)
{
    (void)state;
    bool done = false;
    for (size_t limit = 100000; limit < 40000000 && !done; limit += limit / 3) {
        outcome o = {.arena = mu_arena_create(limit)};
        mu_error err = {0};
        mu_status status = MU_OK;
        mu_specimen subject = true_subject();
        mu_samples_begin(o.arena, &o.samples);
        for (uint64_t i = 0; i < 100 && status == MU_OK; i++) {
            mu_op_question q = random_product(i);
            status = mu_samples_add(&o.samples, &q, measure(&q, &subject, i), &err);
        }
        if (status == MU_OK && limit > 500000) {
            status = run(&o, 1);
        }
        assert_true(status == MU_OK || status == MU_E_MEMORY);
        done = status == MU_OK && limit > 500000;
        mu_arena_free(o.arena);
    }
    assert_true(done);
}

static void statistics_by_hand(void **state)
{
    (void)state;
    const double sorted[] = {1.0, 2.0, 4.0, 8.0, 16.0};
    assert_true(mu_quantile_of(sorted, 5, 0.5) == 4.0);
    assert_true(mu_quantile_of(sorted, 5, 0.9) == 8.0 + 0.6 * 8.0);
    assert_true(mu_quantile_of(sorted, 1, 0.9) == 1.0);
    const double folds[MU_FOLDS] = {1.0, 2.0, 3.0, 4.0, 5.0};
    assert_true(fabs(mu_fold_error(folds) - sqrt(8.0)) < 1e-12); /* 10 * 4 / 5 */
    const double predicted[] = {1.1, 1.8, 3.0};
    const double measured[] = {1.0, 2.0, 2.0};
    double scratch[3];
    mu_row_errors e = mu_row_errors_of(predicted, measured, 3, scratch);
    assert_true(fabs(e.mape - 0.7 / 3.0) < 1e-12 && fabs(e.bias - 0.5 / 3.0) < 1e-12);
    assert_true(fabs(e.median - 0.1) < 1e-12 && fabs(e.p90 - (0.1 + 0.8 * 0.4)) < 1e-12);
    assert_int_equal(mu_row_errors_of(predicted, measured, 0, scratch).n, 0);
}

static void knobs_stay_within_bounds(void **state)
{
    (void)state;
    mu_knob *knobs = calloc(MU_KNOBS_MAX, sizeof *knobs);
    uint32_t count = mu_chip_knobs(NULL, NULL, knobs);
    assert_true(count > 100);
    for (uint32_t i = 0; i < count; i++) {
        const mu_knob *k = &knobs[i];
        for (double x = -40.0; x <= 40.0; x += 0.5) {
            double value = mu_knob_from_x(k, x);
            assert_true(value >= k->min && value <= k->max);
        }
        double best = k->prior.best;
        double back = mu_knob_from_x(k, mu_knob_to_x(k, best));
        assert_true(fabs(back - best) <= 1e-6 * (k->max - k->min));
    }
    mu_fabric fabric = {.tier_count = 2};
    (void)snprintf(fabric.tier[0].name, sizeof fabric.tier[0].name, "one");
    (void)snprintf(fabric.tier[1].name, sizeof fabric.tier[1].name, "two");
    mu_tier_set_priors(&fabric.tier[0], false);
    mu_tier_set_priors(&fabric.tier[1], true);
    size_t specs = 0;
    (void)mu_tier_param_specs(&specs);
    assert_int_equal(mu_fabric_knobs(&fabric, knobs), 2 * specs); /* each is of some family */
    assert_string_equal(knobs[0].name, "one_launch_s");
    assert_string_equal(knobs[specs].name, "two_launch_s");
    free(knobs);
}

/* From the priors alone, on tables that nobody made for this. */
static void measured_die(void **state)
{
    (void)state;
    const char *tables = getenv("MUSTER_TABLES");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/ops/910b/gemm.csv",
                   tables != NULL ? tables : "../shared/data");
    FILE *there = fopen(path, "r");
    if (there == NULL) {
        fprintf(stderr, "SKIPPED: no tables at %s\n", path);
        skip();
    }
    (void)fclose(there);
    outcome o = {.arena = mu_arena_create(0)};
    mu_op_warnings warnings = {.count = 0};
    mu_case_list list = {.arena = o.arena};
    assert_int_equal(mu_op_table_read(path, "ascend-910c", &list, &warnings, &o.err), MU_OK);
    mu_samples_begin(o.arena, &o.samples);
    for (uint32_t i = 0; i < list.count; i++) {
        assert_int_equal(
            mu_samples_add(&o.samples, list.item[i].op, list.item[i].measure[0].value, &o.err),
            MU_OK);
    }
    assert_int_equal(run(&o, 2), MU_OK); /* of an H100's size: the fit must bridge that, too */
    for (uint32_t g = 0; g < o.found.group_count; g++) {
        assert_true(o.found.group[g].after.mape < 0.7 * o.found.group[g].before.mape);
    }
    mu_arena_free(o.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_count_their_products),
        cmocka_unit_test(copies_of_l2),
        cmocka_unit_test(finds_what_made_the_rows),
        cmocka_unit_test(leaves_alone_what_rows_cannot_tell),
        cmocka_unit_test(same_for_any_threads_and_order),
        cmocka_unit_test(duplicates_become_their_median),
        cmocka_unit_test(odd_rows_do_not_rule),
        cmocka_unit_test(another_unit_is_doubted),
        cmocka_unit_test(too_few_rows),
        cmocka_unit_test(rows_are_bounded),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(statistics_by_hand),
        cmocka_unit_test(knobs_stay_within_bounds),
        cmocka_unit_test(measured_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
