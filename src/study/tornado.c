/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensitivity of an answer to its uncertain inputs.
 *
 * What:  1. the draws, and the answer with each input alone at its ends, its low and its high;
 *        2. shares of variance by least squares of the draws on the curves of the heaviest inputs;
 *        3. the draws anew with each of the heaviest held at its best.
 * Terms: curve = the answer with an input alone at a value, between five such answers straight over
 *        the value. share = b cov(curve, y) /
 *        var(y), b the coefficient of the curve (Pratt's measure: shares sum to R^2).
 * Bound: CURVES curves at most, and at most one for 8 draws, so that luck explains little.
 */
#include "study/tornado.h"

#include "study/draws.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES = 32, DRAWS_A_CURVE = 8, ENDS = 4, LOW = 1, HIGH = 2 };

/* Where an input is held alone: the ends of what is ever drawn, low and high. */
static const double end_at[ENDS] = {0.01, 0.05, 0.95, 0.99};

/* One uncertain input. */
typedef struct input {
    uint32_t dimension;
    double low; /* the answer */
    double high;
    double weight; /* how far it moves the answer, over the width of the interval */
    double share;
} input;

typedef struct asking {
    const mu_draw_plan *plan;
    mu_tornado_ask *ask;
    const void *context;
    mu_arena **arena; /* [threads] */
    uint64_t draws;
    uint32_t inputs;
    uint32_t worths; /* rows whose worth is measured */
    double *drawn;   /* [draws] */
    double *point;
    double *alone;     /* [inputs][ENDS] */
    const input *held; /* [rows] of the third pass */
    double *known;     /* [rows][draws] */
} asking;

/* `dimension` < inputs is held at the quantile. */
static mu_status ask_held(const asking *a, uint32_t dimension, double quantile, uint64_t index,
                          uint32_t worker, double *out, mu_error *err)
{
    mu_arena *arena = a->arena[worker];
    mu_arena_mark mark = mu_arena_here(arena);
    mu_draw_plan *view = mu_draw_plan_hold(a->plan, dimension, quantile, arena);
    mu_draw draw = {.plan = view, .index = (uint32_t)index};
    mu_status status = view != NULL ? a->ask(a->context, draw, arena, out, err)
                                    : mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    mu_arena_back(arena, mark);
    if (status == MU_OK && !isfinite(*out)) {
        return mu_fail(err, MU_E_INPUT, "no finite answer with %s at an end of its range",
                       mu_draw_plan_name(a->plan, dimension));
    }
    return status;
}

static mu_status ask_plain(const asking *a, uint64_t index, uint32_t worker, double *out,
                           mu_error *err)
{
    /* Plans are open to joining only before they are frozen. */
    mu_draw draw = {.plan = (mu_draw_plan *)a->plan, .index = (uint32_t)index};
    mu_arena_mark mark = mu_arena_here(a->arena[worker]);
    mu_status status = a->ask(a->context, draw, a->arena[worker], out, err);
    mu_arena_back(a->arena[worker], mark);
    if (status == MU_OK && !isfinite(*out)) {
        return mu_fail(err, MU_E_INPUT, "draw %llu has no finite answer",
                       (unsigned long long)index);
    }
    return status;
}

/* First the point, then the draws, then each input alone at both ends. */
static mu_status first_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    if (job <= a->draws) {
        return ask_plain(a, job, worker, job == 0 ? a->point : &a->drawn[job - 1], err);
    }
    uint64_t i = job - a->draws - 1;
    int end = i % 2 == 0 ? 0 : ENDS - 1;
    double *out = &a->alone[i / 2 * ENDS + (uint64_t)end];
    return ask_held(a, (uint32_t)(i / 2), end_at[end], 0, worker, out, err);
}

/* Inputs that do nothing at their ends do nothing between them. */
static mu_status inner_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    double *alone = &a->alone[job / 2 * ENDS];
    int k = job % 2 == 0 ? LOW : HIGH;
    if (alone[0] == *a->point && alone[ENDS - 1] == *a->point) {
        alone[k] = *a->point;
        return MU_OK;
    }
    return ask_held(a, (uint32_t)(job / 2), end_at[k], 0, worker, &alone[k], err);
}

static mu_status second_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    uint32_t dimension = a->held[job / a->draws].dimension;
    return ask_held(a, dimension, 0.5, job % a->draws + 1, worker, &a->known[job], err);
}

static double mean_of(const double x[], uint64_t count)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < count; i++) {
        sum += x[i];
    }
    return sum / (double)count;
}

static void centre(double x[], uint64_t count)
{
    double mean = mean_of(x, count);
    for (uint64_t i = 0; i < count; i++) {
        x[i] -= mean;
    }
}

static double dot(const double a[], const double b[], uint64_t count)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Straight between knots of x, which do not fall; flat beyond. */
static double between(const double x[], const double y[], int knots, double at)
{
    int k = 1;
    while (k < knots - 1 && at > x[k]) {
        k++;
    }
    double span = x[k] - x[k - 1];
    double part = span > 0.0 ? fmin(fmax((at - x[k - 1]) / span, 0.0), 1.0) : 1.0;
    return y[k - 1] + part * (y[k] - y[k - 1]);
}

/* Centred curve of an input over the draws. */
static void curve_of(const asking *a, uint32_t dimension, double out[])
{
    enum { MIDDLE = ENDS / 2, KNOTS = ENDS + 1 };
    mu_range range = mu_draw_plan_range(a->plan, dimension);
    double x[KNOTS];
    double y[KNOTS];
    for (int k = 0; k < KNOTS; k++) {
        int end = k < MIDDLE ? k : k - 1;
        x[k] = k == MIDDLE ? range.best : mu_range_at(range, end_at[end]);
        y[k] = k == MIDDLE ? *a->point : a->alone[ENDS * dimension + (uint32_t)end];
    }
    for (uint64_t i = 0; i < a->draws; i++) {
        double u = mu_draw_plan_quantile(a->plan, dimension, (uint32_t)i + 1);
        out[i] = between(x, y, KNOTS, mu_range_at(range, u));
    }
    centre(out, a->draws);
}

/* Heaviest first; ties in the order of the plan. */
static int heavier(const void *a, const void *b)
{
    const input *x = a;
    const input *y = b;
    if (x->weight != y->weight) {
        return x->weight > y->weight ? -1 : 1;
    }
    return x->dimension < y->dimension ? -1 : x->dimension > y->dimension;
}

/* All inputs that move the answer, heaviest first. */
static uint32_t weigh(const asking *a, double width, input out[])
{
    uint32_t moving = 0;
    double point = *a->point;
    for (uint32_t d = 0; d < a->inputs; d++) {
        const double *alone = a->alone + (size_t)d * ENDS;
        input in = {.dimension = d, .low = alone[LOW], .high = alone[HIGH]};
        double least = fmin(point, fmin(in.low, in.high));
        double most = fmax(point, fmax(in.low, in.high));
        bool moves = most > least || alone[0] != point || alone[ENDS - 1] != point;
        in.weight = width > 0.0 ? (most - least) / width : 0.0;
        if (moves) {
            out[moving++] = in;
        }
    }
    qsort(out, moving, sizeof out[0], heavier);
    return moving;
}

/* Solves the normal equations in place, columns that say nothing new left at 0. */
static void solve(double matrix[CURVES][CURVES + 1], uint32_t n, double x[])
{
    double diagonal[CURVES];
    for (uint32_t i = 0; i < n; i++) {
        diagonal[i] = matrix[i][i];
    }
    for (uint32_t i = 0; i < n; i++) {
        bool said = !(matrix[i][i] > 1e-9 * diagonal[i]);
        for (uint32_t k = i + 1; k < n && !said; k++) {
            double f = matrix[k][i] / matrix[i][i];
            for (uint32_t j = i; j <= n; j++) {
                matrix[k][j] -= f * matrix[i][j];
            }
        }
        matrix[i][i] = said ? 0.0 : matrix[i][i];
    }
    for (uint32_t i = n; i-- > 0;) {
        double rest = matrix[i][n];
        for (uint32_t j = i + 1; j < n; j++) {
            rest -= matrix[i][j] * x[j];
        }
        x[i] = matrix[i][i] > 0.0 ? rest / matrix[i][i] : 0.0;
    }
}

/* Shares of the first `count` inputs; `curve` is scratch of [count][draws]. */
static void share_out(const asking *a, const double y[], input in[], uint32_t count, double *curve)
{
    double matrix[CURVES][CURVES + 1];
    double right[CURVES];
    double b[CURVES];
    double squares = dot(y, y, a->draws);
    for (uint32_t i = 0; i < count; i++) {
        curve_of(a, in[i].dimension, curve + i * a->draws);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            matrix[i][j] = dot(curve + i * a->draws, curve + j * a->draws, a->draws);
        }
        right[i] = dot(curve + i * a->draws, y, a->draws);
        matrix[i][count] = right[i];
    }
    solve(matrix, count, b);
    for (uint32_t i = 0; i < count; i++) {
        in[i].share = squares > 0.0 ? b[i] * right[i] / squares : 0.0;
        in[i].weight = fmax(in[i].weight, sqrt(fmax(in[i].share, 0.0)));
    }
    qsort(in, count, sizeof in[0], heavier);
}

static double width_of(const mu_quantity *q)
{
    return q->high - q->low;
}

/* The third pass, and rows of what it found. */
static mu_status hold_each(asking *a, mu_work *work, const input in[], mu_tornado *out,
                           mu_error *err)
{
    a->held = in;
    uint32_t known = out->rows < a->worths ? out->rows : a->worths;
    double width = width_of(&out->answer);
    mu_status status = mu_pool_run(work->pool, known * a->draws, 0, second_pass, a, work->progress,
                                   work->progress_context, err);
    for (uint32_t i = 0; status == MU_OK && i < out->rows; i++) {
        mu_tornado_row *row = &out->row[i];
        row->range = mu_draw_plan_range(a->plan, in[i].dimension);
        row->low = in[i].low;
        row->high = in[i].high;
        row->share = in[i].share;
        row->worth = NAN;
        if (i < known && width > 0.0) {
            mu_quantity q = mu_quantity_of(out->answer.value, a->known + i * a->draws, a->draws);
            row->worth = 1.0 - width_of(&q) / width;
        }
        (void)snprintf(row->name, sizeof row->name, "%s",
                       mu_draw_plan_name(a->plan, in[i].dimension));
    }
    return status;
}

static void sum_up(const input in[], uint32_t curves, mu_tornado *out)
{
    double all = 0.0;
    for (uint32_t i = 0; i < curves; i++) {
        all += in[i].share;
        out->others += i >= out->rows ? in[i].share : 0.0;
    }
    out->joint = 1.0 - all;
}

static mu_status answer(asking *a, mu_work *work, mu_tornado *out, mu_error *err)
{
    uint64_t ends = 2 * (uint64_t)a->inputs;
    mu_status status = mu_pool_run(work->pool, 1 + a->draws + ends, 0, first_pass, a,
                                   work->progress, work->progress_context, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, ends, 0, inner_pass, a, work->progress,
                             work->progress_context, err);
    }
    if (status != MU_OK) {
        return status;
    }
    input *in = MU_NEW(work->arena, input, a->inputs + 1);
    double *y = MU_NEW(work->arena, double, a->draws);
    double *curve = MU_NEW(work->arena, double, CURVES * a->draws);
    a->known = MU_NEW(work->arena, double, MU_TORNADO_ROWS * a->draws);
    if (in == NULL || y == NULL || curve == NULL || a->known == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    memcpy(y, a->drawn, a->draws * sizeof y[0]);
    out->answer = mu_quantity_of(*a->point, a->drawn, a->draws);
    out->draws = a->draws;
    out->inputs = a->inputs;
    centre(y, a->draws);
    out->moving = weigh(a, width_of(&out->answer), in);
    uint64_t most = a->draws / DRAWS_A_CURVE < CURVES ? a->draws / DRAWS_A_CURVE : CURVES;
    uint32_t curves = out->moving < most ? out->moving : (uint32_t)most;
    share_out(a, y, in, curves, curve);
    out->rows = curves < MU_TORNADO_ROWS ? curves : MU_TORNADO_ROWS;
    sum_up(in, curves, out);
    return hold_each(a, work, in, out, err);
}

mu_status mu_tornado_make(const mu_draw_plan *plan, uint64_t draws, uint32_t worths,
                          mu_tornado_ask *ask, const void *context, mu_work *work, mu_tornado *out,
                          mu_error *err)
{
    assert(draws >= DRAWS_A_CURVE);
    asking a = {.plan = plan,
                .ask = ask,
                .context = context,
                .draws = draws,
                .worths = worths,
                .inputs = mu_draw_plan_count(plan)};
    mu_tornado found = {.rows = 0};
    mu_arena_mark mark = mu_arena_here(work->arena);
    a.drawn = MU_NEW(work->arena, double, draws);
    a.point = MU_NEW(work->arena, double, 1);
    a.alone = MU_NEW(work->arena, double, ENDS *(uint64_t)a.inputs + 1);
    if (a.drawn == NULL || a.point == NULL || a.alone == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    mu_status status = mu_work_arenas(work, &a.arena, err);
    if (status == MU_OK) {
        status = answer(&a, work, &found, err);
        mu_work_arenas_free(work, a.arena);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        *out = found;
    }
    return status;
}
