/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine profiles by cminpack: every trial answers all cases anew.
 *
 * Terms: x = logit of the place of a parameter, or of its logarithm, between its limits.
 *        Residual = pseudo-Huber root of predicted / measured - 1, the error that is reported,
 *        times the weight of its measure: runs ten times slower than foreseen do not rule.
 */
#include "calibrate/engine.h"

#include "calibrate/spread.h"

#include <cminpack.h>

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    MEASURES = MU_ENGINE_MEASURES,
    TRIALS_MAX = 400,
    TRIALS_FOLD = 4
}; /* TRIALS_FOLD: besides one a parameter */

/* Of TPOT, TTFT and pace: what a rate leaves a token, its inverse. */
enum { TPOT, TTFT, PACE };
static const double weights[MEASURES] = {1.0, 0.5, 1.0};
static const double huber[MEASURES] = {0.15, 0.30, 0.15};
static const double pull = 0.05;       /* residual of a parameter by one of x from where it began */
static const double slope_step = 0.02; /* of x */

/* Kernels of a model are hardly faster than the same in a benchmark's loop. */
/* clang-format off */
#define KNOB(field, least, most, sort) \
    {#field, offsetof(mu_engine, field), least, most, MU_ENGINE_##sort}
static const mu_engine_knob knobs[] = {
    KNOB(host_step, 1e-5, 2e-2, TIME),
    KNOB(host_per_sequence, 1e-8, 2e-4, TIME),
    KNOB(kernel_slack, 0.85, 2.0, FACTOR),
    KNOB(work_8bit, 0.5, 2.5, FACTOR),
    KNOB(work_block, 0.5, 2.5, FACTOR),
    KNOB(work_4bit, 0.5, 2.5, FACTOR),
    KNOB(work_experts, 0.5, 2.5, FACTOR),
    KNOB(fixed_8bit, 1e-8, 3e-5, TIME),
    KNOB(fixed_block, 1e-8, 3e-5, TIME),
    KNOB(fixed_4bit, 1e-8, 3e-5, TIME),
    KNOB(fixed_experts, 1e-8, 1e-4, TIME),
    KNOB(network_slack, 0.5, 3.0, FACTOR),
    KNOB(launch_share, 0.02, 1.0, SHARE),
    KNOB(request_overhead, 1e-4, 0.5, TIME),
    KNOB(request_overhead_apart, 1e-3, 2.0, TIME),
    KNOB(ttft_steps, 0.05, 60.0, FACTOR),
    KNOB(ttft_steps_dp, 0.05, 200.0, FACTOR),
    KNOB(wave_share, 1e-3, 1.0, FACTOR),
    KNOB(wave_share_apart, 1e-3, 1.0, FACTOR),
    KNOB(expert_spread, 0.2, 1.0, SHARE),
    KNOB(draft_acceptance, 0.3, 0.97, SHARE),
};
/* What a request waits for besides its steps: only a run request by request tells. */
static const mu_engine_knob knobs_over_time[] = {
    KNOB(arrival, 1e-4, 1.0, TIME),
    KNOB(arrival_apart, 1e-3, 2.0, TIME),
    KNOB(front_request, 1e-5, 5e-2, TIME),
    KNOB(front_token, 1e-9, 2e-5, TIME),
    KNOB(lag_steps, 0.01, 30.0, FACTOR),
    KNOB(eager_op, 1e-7, 5e-4, TIME),
};
/* clang-format on */
enum { KNOBS_MAX = MU_ENGINE_KNOBS_MAX };

/* Cases of one engine that say a TPOT, a TTFT or a rate. */
typedef struct trial {
    const mu_catalog *catalog;
    const mu_case *item; /* [count] */
    uint32_t count;
    mu_work *work;
    mu_error *err;
    mu_status status;
    mu_engine start;
    bool simulate;
    const mu_engine_knob *knob; /* [knobs] */
    int knobs;
    uint32_t fitted;   /* the first ones of the cases: those marked fit */
    double *predicted; /* [count * MEASURES] 0 = none */
    double *measured;
    const uint8_t *fold; /* [count]; cases of `left_out` count nothing */
    uint8_t left_out;
} trial;

enum { NO_FOLD = 255, HELD_OUT = 254 };

static double value_of(const mu_engine *engine, const mu_engine_knob *knob)
{
    double value;
    memcpy(&value, (const char *)engine + knob->offset, sizeof value);
    return fmin(fmax(value, knob->least * 1.001), knob->most * 0.999);
}

/* Place between the limits, 0 to 1: of shares as they are, of others of their logarithms. */
static double to_x(const mu_engine_knob *knob, double value)
{
    bool share = knob->sort == MU_ENGINE_SHARE;
    double place = share ? (value - knob->least) / (knob->most - knob->least)
                         : log(value / knob->least) / log(knob->most / knob->least);
    return log(place / (1.0 - place));
}

static double from_x(const mu_engine_knob *knob, double x)
{
    double place = 1.0 / (1.0 + exp(-x));
    return knob->sort == MU_ENGINE_SHARE ? knob->least + (knob->most - knob->least) * place
                                         : knob->least * pow(knob->most / knob->least, place);
}

static mu_engine engine_at(const trial *t, const double *x)
{
    mu_engine engine = t->start;
    engine.step_factor = 1.0;
    engine.ttft_factor = 1.0;
    engine.ttft_factor_apart = 1.0;
    for (int k = 0; k < t->knobs; k++) {
        double value = from_x(&t->knob[k], x[k]);
        memcpy((char *)&engine + t->knob[k].offset, &value, sizeof value);
    }
    return engine;
}

static int measure_index(mu_measure_kind kind)
{
    switch (kind) {
    case MU_MEASURE_TPOT_MEAN:
        return TPOT;
    case MU_MEASURE_TTFT_MEAN:
        return TTFT;
    case MU_MEASURE_OUTPUT_RATE:
    case MU_MEASURE_OUTPUT_RATE_CHIP:
        return PACE;
    default:
        return -1;
    }
}

/* The first cases under an engine. */
static mu_status answer(trial *t, const mu_engine *engine, uint32_t count)
{
    mu_validation v;
    mu_validate_options options = {
        .samples = 0, .seed = 1, .simulate = t->simulate, .engine = engine};
    mu_arena_mark mark = mu_arena_here(t->work->arena);
    mu_status status = mu_validate(t->catalog, t->item, count, &options, t->work, &v, t->err);
    for (uint32_t i = 0; status == MU_OK && i < v.outcome_count; i++) {
        const mu_outcome *outcome = &v.outcome[i];
        int m = measure_index(outcome->kind);
        if (m >= 0) {
            uint32_t at = outcome->case_index * MEASURES + (uint32_t)m;
            double predicted = outcome->answered ? outcome->predicted.value : 0.0;
            t->predicted[at] = m == PACE && predicted > 0.0 ? 1.0 / predicted : predicted;
            t->measured[at] = m == PACE ? 1.0 / outcome->measured : outcome->measured;
        }
    }
    mu_arena_back(t->work->arena, mark);
    return status;
}

static bool counts(const trial *t, uint32_t at)
{
    uint8_t fold = t->fold[at / MEASURES];
    return fold != HELD_OUT && fold != t->left_out && t->predicted[at] > 0.0 &&
           t->measured[at] > 0.0;
}

static int residuals(void *context, int m, int n, const double *x, double *out, int iflag)
{
    trial *t = context;
    mu_engine engine = engine_at(t, x);
    (void)iflag;
    t->status = answer(t, &engine, t->fitted);
    uint32_t rows = t->fitted * MEASURES;
    assert(m == (int)rows + n);
    for (uint32_t i = 0; i < rows; i++) {
        int measure = (int)(i % MEASURES);
        out[i] = counts(t, i)
                     ? weights[measure] *
                           mu_huber_root(t->predicted[i] / t->measured[i] - 1.0, huber[measure])
                     : 0.0;
    }
    for (int k = 0; k < n; k++) {
        out[rows + (uint32_t)k] =
            pull * (x[k] - to_x(&t->knob[k], value_of(&t->start, &t->knob[k])));
    }
    return t->status == MU_OK ? 0 : -1;
}

/* Moves x[knobs] to where the cases are explained best. */
static mu_status minimise(trial *t, int trials, double *x)
{
    size_t n = (size_t)t->knobs;
    int m = (int)(t->fitted * MEASURES) + t->knobs;
    mu_arena_mark mark = mu_arena_here(t->work->arena);
    double *fvec = MU_NEW(t->work->arena, double, (size_t)m);
    double *fjac = MU_NEW(t->work->arena, double, (size_t)m *n);
    double *more = MU_NEW(t->work->arena, double, (size_t)m + 5 * n);
    int pivot[KNOBS_MAX];
    int nfev = 0;
    if (fvec == NULL || fjac == NULL || more == NULL) {
        return mu_fail(t->err, MU_E_MEMORY, "no memory to fit %u cases", t->count);
    }
    double *spare[5]; /* qtf, then scratch: the last as long as the residuals */
    for (size_t i = 0; i < 5; i++) {
        spare[i] = more + (i + 1) * n;
    }
    (void)lmdif(residuals, t, m, t->knobs, x, fvec, 1e-4, 1e-3, 0.0, trials,
                slope_step * slope_step, more, 1, 1.0, 0, &nfev, fjac, m, pivot, spare[0], spare[1],
                spare[2], spare[3], spare[4]);
    mu_arena_back(t->work->arena, mark);
    return t->status;
}

static mu_row_errors errors_of(const trial *t, int measure, bool held_out, mu_arena *arena)
{
    mu_arena_mark mark = mu_arena_here(arena);
    double *predicted = MU_NEW(arena, double, (size_t)3 * t->count);
    uint32_t n = 0;
    if (predicted == NULL) {
        return (mu_row_errors){0};
    }
    double *measured = predicted + t->count;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t at = i * MEASURES + (uint32_t)measure;
        if ((t->fold[i] == HELD_OUT) == held_out && t->predicted[at] > 0.0 &&
            t->measured[at] > 0.0) {
            predicted[n] = t->predicted[at];
            measured[n++] = t->measured[at];
        }
    }
    mu_row_errors errors = mu_row_errors_of(predicted, measured, n, measured + t->count);
    mu_arena_back(arena, mark);
    return errors;
}

static void take_errors(const trial *t, mu_row_errors out[MEASURES][2])
{
    for (int m = 0; m < MEASURES; m++) {
        for (int held = 0; held < 2; held++) {
            out[m][held] = errors_of(t, m, held == 1, t->work->arena);
        }
    }
}

/* Prefill and decode on ranks of their own, as the case says it. */
static bool is_apart(const mu_case *c)
{
    return mu_node_path(c->scenario.root, "deployment.decode") != NULL;
}

typedef enum rest_sort { REST_ALL, REST_TOGETHER, REST_APART } rest_sort;

/*
 * The shortest range that holds nine in ten of sorted numbers, and 1: runs that took many times as
 * long as foreseen would stretch one with equal tails over all.
 */
static mu_range shortest_range(const double sorted[], uint32_t n)
{
    static const double held = 0.9;
    enum { STEPS = 20 };
    mu_range best = {1.0, 0.0, HUGE_VAL};
    for (int i = 0; i <= STEPS; i++) {
        double from = (1.0 - held) * i / STEPS;
        double low = fmin(mu_quantile_of(sorted, n, from), 1.0);
        double high = fmax(mu_quantile_of(sorted, n, from + held), 1.0);
        if (high - low < best.high - best.low) {
            best.low = low;
            best.high = high;
        }
    }
    return best;
}

/* Measured over predicted of nine in ten cases fitted on; 1 when there are none. */
static mu_range rest_of(const trial *t, bool steps, rest_sort sort)
{
    mu_arena_mark mark = mu_arena_here(t->work->arena);
    double *ratio = MU_NEW(t->work->arena, double, (size_t)t->count *MEASURES);
    uint32_t n = 0;
    for (uint32_t at = 0; ratio != NULL && at < t->count * MEASURES; at++) {
        bool apart = is_apart(&t->item[at / MEASURES]);
        bool of_sort = sort == REST_ALL || apart == (sort == REST_APART);
        if (of_sort && (at % MEASURES != TTFT) == steps && counts(t, at)) {
            ratio[n++] = t->measured[at] / t->predicted[at];
        }
    }
    mu_range range = {1.0, 1.0, 1.0};
    if (n > 0) {
        mu_sort_numbers(ratio, n);
        range = shortest_range(ratio, n);
    }
    mu_arena_back(t->work->arena, mark);
    return range;
}

static mu_status fit(trial *t, mu_engine_found *out)
{
    double best[KNOBS_MAX] = {0};
    double folds[KNOBS_MAX][MU_FOLDS] = {{0}};
    for (int k = 0; k < t->knobs; k++) {
        best[k] = to_x(&t->knob[k], value_of(&t->start, &t->knob[k]));
        out->before[k] = value_of(&t->start, &t->knob[k]);
    }
    mu_status status = answer(t, &t->start, t->count);
    if (status == MU_OK) {
        take_errors(t, out->before_error);
        status = minimise(t, TRIALS_MAX, best);
    }
    for (uint8_t f = 0; f < MU_FOLDS && status == MU_OK; f++) {
        double x[KNOBS_MAX] = {0};
        memcpy(x, best, (size_t)t->knobs * sizeof *x);
        t->left_out = f;
        status = minimise(t, t->knobs + TRIALS_FOLD, x); /* it begins beside its end */
        for (int k = 0; k < t->knobs; k++) {
            folds[k][f] = x[k];
        }
    }
    t->left_out = NO_FOLD;
    out->engine = engine_at(t, best);
    status = status == MU_OK ? answer(t, &out->engine, t->count) : status;
    if (status != MU_OK) {
        return status;
    }
    take_errors(t, out->after_error);
    out->step_rest = rest_of(t, true, REST_ALL);
    out->ttft_rest = rest_of(t, false, REST_TOGETHER);
    out->ttft_rest_apart = rest_of(t, false, REST_APART);
    for (int k = 0; k < t->knobs; k++) {
        double wide = MU_Z95 * mu_fold_error(folds[k]);
        out->range[k] = (mu_range){.best = from_x(&t->knob[k], best[k]),
                                   .low = from_x(&t->knob[k], best[k] - wide),
                                   .high = from_x(&t->knob[k], best[k] + wide)};
    }
    return MU_OK;
}

static bool is_of(const mu_case *c, const char *engine)
{
    const mu_node *node = c->verb == MU_CASE_PREDICT && c->fault == NULL
                              ? mu_node_get(c->scenario.root, "engine")
                              : NULL;
    bool wanted = false;
    for (uint32_t i = 0; i < c->measure_count; i++) {
        wanted |= measure_index(c->measure[i].kind) >= 0;
    }
    return wanted && node != NULL && node->text != NULL && strcmp(node->text, engine) == 0;
}

/* Cases of the engine, those marked fit first, in folds by their order. */
static mu_status select_cases(trial *t, const mu_case cases[], uint32_t count, const char *engine)
{
    mu_case *item = MU_NEW(t->work->arena, mu_case, (size_t)count + 1);
    uint8_t *fold = MU_NEW(t->work->arena, uint8_t, (size_t)count + 1);
    t->predicted = MU_NEW(t->work->arena, double, MEASURES *(size_t)count + 1);
    t->measured = MU_NEW(t->work->arena, double, MEASURES *(size_t)count + 1);
    if (item == NULL || fold == NULL || t->predicted == NULL || t->measured == NULL) {
        return mu_fail(t->err, MU_E_MEMORY, "no memory for %u cases", count);
    }
    for (int held_out = 0; held_out < 2; held_out++) {
        for (uint32_t i = 0; i < count; i++) {
            if (is_of(&cases[i], engine) && cases[i].fit == (held_out == 0)) {
                fold[t->count] = held_out ? (uint8_t)HELD_OUT : (uint8_t)(t->fitted++ % MU_FOLDS);
                item[t->count++] = cases[i];
            }
        }
    }
    t->item = item;
    t->fold = fold;
    return MU_OK;
}

mu_status mu_engine_calibrate(const mu_catalog *catalog, const mu_case cases[], uint32_t count,
                              const char *engine, bool simulate, mu_work *work,
                              mu_engine_found *out, mu_error *err)
{
    trial t = {.catalog = catalog,
               .work = work,
               .err = err,
               .left_out = NO_FOLD,
               .simulate = simulate,
               .knob = simulate ? knobs_over_time : knobs,
               .knobs = (int)(simulate ? sizeof knobs_over_time / sizeof *knobs_over_time
                                       : sizeof knobs / sizeof *knobs)};
    mu_draw point = {0};
    mu_status status = mu_engine_load(catalog, engine, point, &t.start, err);
    if (status == MU_OK) {
        status = select_cases(&t, cases, count, engine);
    }
    if (status == MU_OK && t.fitted < MU_ENGINE_CASES_MIN) {
        return mu_fail(err, MU_E_INPUT, "cases of engine %s marked fit: %u; at least %d are needed",
                       engine, t.fitted, MU_ENGINE_CASES_MIN);
    }
    *out = (mu_engine_found){
        .knob_count = (uint32_t)t.knobs, .knob = t.knob, .cases = t.fitted, .simulated = simulate};
    return status == MU_OK ? fit(&t, out) : status;
}
