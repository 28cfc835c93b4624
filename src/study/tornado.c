/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensitivity of an answer to its uncertain inputs.
 *
 * What:  1. the draws, and the answer with each input alone at its ends, its low and its high;
 *        2. shares of variance by least squares of the draws on the curves of the heaviest inputs;
 *        3. the draws anew with each of the heaviest held at its best.
 *        Where the answer has a short form, that is asked first, and only the inputs that move it
 *        most go on to 1.
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
    const mu_tornado_wish *wish;
    mu_tornado_ask *ask; /* that of the pass: the answer, or its short form */
    mu_arena **arena;    /* [threads] */
    uint64_t draws;
    uint64_t worth_draws;
    uint32_t inputs;
    double *drawn;   /* [draws] */
    uint32_t *index; /* [draws] of the plan */
    double *point;
    double *alone;          /* [inputs][ENDS] */
    const uint32_t *looked; /* [looks] inputs of the pass over ends */
    uint32_t looks;
    const input *held; /* [rows] of the third pass */
    double *known;     /* [rows][worth_draws] */
} asking;

static bool usable(const asking *a, double answer)
{
    return isfinite(answer) || (a->wish->may_lack && isnan(answer));
}

/* `dimension` < inputs is held at the quantile. */
static mu_status ask_held(const asking *a, uint32_t dimension, double quantile, uint64_t index,
                          uint32_t worker, double *out, mu_error *err)
{
    mu_arena *arena = a->arena[worker];
    mu_arena_mark mark = mu_arena_here(arena);
    mu_draw_plan *view = mu_draw_plan_hold(a->plan, dimension, quantile, arena);
    mu_draw draw = {.plan = view, .index = (uint32_t)index};
    mu_status status = view != NULL ? a->ask(a->wish->context, draw, arena, out, err)
                                    : mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    mu_arena_back(arena, mark);
    if (status == MU_OK && !usable(a, *out)) {
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
    mu_status status = a->ask(a->wish->context, draw, a->arena[worker], out, err);
    mu_arena_back(a->arena[worker], mark);
    if (status == MU_OK && !usable(a, *out)) {
        return mu_fail(err, MU_E_INPUT, "draw %llu has no finite answer",
                       (unsigned long long)index);
    }
    return status;
}

/* First the point, then the draws that are not known. */
static mu_status first_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    return ask_plain(a, job, worker, job == 0 ? a->point : &a->drawn[job - 1], err);
}

/* Each input that is looked at, alone at both outer ends. */
static mu_status outer_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    uint32_t dimension = a->looked[job / 2];
    int end = job % 2 == 0 ? 0 : ENDS - 1;
    double *out = &a->alone[(uint64_t)dimension * ENDS + (uint64_t)end];
    return ask_held(a, dimension, end_at[end], 0, worker, out, err);
}

/* Inputs that do nothing at their ends do nothing between them. */
static mu_status inner_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    uint32_t dimension = a->looked[job / 2];
    double *alone = &a->alone[(uint64_t)dimension * ENDS];
    int k = job % 2 == 0 ? LOW : HIGH;
    if (alone[0] == *a->point && alone[ENDS - 1] == *a->point) {
        alone[k] = *a->point;
        return MU_OK;
    }
    return ask_held(a, dimension, end_at[k], 0, worker, &alone[k], err);
}

static mu_status second_pass(void *context, uint64_t job, uint32_t worker, mu_error *err)
{
    const asking *a = context;
    uint32_t dimension = a->held[job / a->worth_draws].dimension;
    uint32_t index = a->index[job % a->worth_draws];
    return ask_held(a, dimension, 0.5, index, worker, &a->known[job], err);
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
    for (int k = 1; k <= MIDDLE; k++) { /* flat where there is no answer */
        y[MIDDLE + k] = isnan(y[MIDDLE + k]) ? y[MIDDLE + k - 1] : y[MIDDLE + k];
        y[MIDDLE - k] = isnan(y[MIDDLE - k]) ? y[MIDDLE - k + 1] : y[MIDDLE - k];
    }
    for (uint64_t i = 0; i < a->draws; i++) {
        double u = mu_draw_plan_quantile(a->plan, dimension, a->index[i]);
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

/* Of the first draws, where `also` has an answer, too; `column` is scratch of [worth_draws]. */
static double width_of_first(const asking *a, const double value[], const double also[],
                             double *column)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < a->worth_draws; i++) {
        if (!isnan(value[i]) && !isnan(also[i])) {
            column[count++] = value[i];
        }
    }
    mu_quantity q = mu_quantity_of(*a->point, column, count);
    return width_of(&q);
}

/* The third pass, and rows of what it found; `column` is scratch of [draws]. */
static mu_status hold_each(asking *a, mu_work *work, const input in[], double *column,
                           mu_tornado *out, mu_error *err)
{
    a->held = in;
    mu_status status = mu_pool_run(work->pool, out->rows * a->worth_draws, 0, second_pass, a,
                                   work->progress, work->progress_context, err);
    for (uint32_t i = 0; status == MU_OK && i < out->rows; i++) {
        mu_tornado_row *row = &out->row[i];
        const double *known = a->known + i * a->worth_draws;
        row->range = mu_draw_plan_range(a->plan, in[i].dimension);
        row->low = in[i].low;
        row->high = in[i].high;
        row->share = in[i].share;
        double width = width_of_first(a, a->drawn, known, column);
        row->worth =
            width > 0.0 ? 1.0 - width_of_first(a, known, a->drawn, column) / width : (double)NAN;
        (void)snprintf(row->name, sizeof row->name, "%s",
                       mu_draw_plan_name(a->plan, in[i].dimension));
    }
    out->answers += out->rows * a->worth_draws;
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

/* An input by how far it moves the short answer. */
typedef struct look {
    uint32_t dimension;
    double moved;
} look;

static int farther(const void *a, const void *b)
{
    const look *x = a;
    const look *y = b;
    if (x->moved != y->moved) {
        return x->moved > y->moved ? -1 : 1;
    }
    return x->dimension < y->dimension ? -1 : x->dimension > y->dimension;
}

/* Those that move the short answer most are looked at: into looked[CURVES]. */
static mu_status look_shortly(asking *a, mu_work *work, uint32_t *looked, mu_tornado *out,
                              mu_error *err)
{
    look *all = MU_NEW(work->arena, look, a->inputs + 1);
    if (all == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    a->ask = a->wish->screen;
    mu_status status = mu_pool_run(work->pool, 1, 0, first_pass, a, NULL, NULL, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, 2 * (uint64_t)a->inputs, 0, outer_pass, a, work->progress,
                             work->progress_context, err);
    }
    for (uint32_t d = 0; status == MU_OK && d < a->inputs; d++) {
        const double *alone = &a->alone[(uint64_t)d * ENDS];
        double moved = fmax(fabs(alone[0] - *a->point), fabs(alone[ENDS - 1] - *a->point));
        bool lacks = isnan(alone[0]) || isnan(alone[ENDS - 1]);
        moved = lacks ? INFINITY : moved;
        all[d] = (look){d, moved};
        out->moving += moved > 0.0;
    }
    qsort(all, a->inputs, sizeof *all, farther);
    a->looks = out->moving < CURVES ? out->moving : (uint32_t)CURVES;
    for (uint32_t i = 0; i < a->looks; i++) {
        looked[i] = all[i].dimension;
    }
    a->ask = a->wish->ask;
    out->short_answers = 1 + 2 * (uint64_t)a->inputs;
    return status;
}

/* The point, the draws, and inputs alone at their ends; those not looked at do nothing. */
static mu_status ask_all(asking *a, mu_work *work, mu_tornado *out, mu_error *err)
{
    uint32_t *looked = MU_NEW(work->arena, uint32_t, (uint64_t)a->inputs + CURVES);
    if (looked == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    a->looked = looked;
    a->looks = a->inputs;
    for (uint32_t d = 0; d < a->inputs; d++) {
        looked[d] = d;
    }
    mu_status status = a->wish->screen != NULL ? look_shortly(a, work, looked, out, err) : MU_OK;
    uint64_t asked = a->wish->drawn != NULL ? 0 : a->draws;
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, 1 + asked, 0, first_pass, a, work->progress,
                             work->progress_context, err);
    }
    for (uint64_t i = 0; status == MU_OK && i < (uint64_t)a->inputs * ENDS; i++) {
        a->alone[i] = *a->point;
    }
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, 2 * (uint64_t)a->looks, 0, outer_pass, a, work->progress,
                             work->progress_context, err);
    }
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, 2 * (uint64_t)a->looks, 0, inner_pass, a, work->progress,
                             work->progress_context, err);
    }
    out->answers = 1 + asked + 2 * (uint64_t)a->looks;
    return status;
}

/* Draws that have an answer, in their order. */
static mu_status keep_answered(asking *a, mu_tornado *out, mu_error *err)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < a->draws; i++) {
        if (!isnan(a->drawn[i])) {
            a->index[kept] = a->index[i];
            a->drawn[kept++] = a->drawn[i];
        }
    }
    out->lost = a->draws - kept;
    a->draws = kept;
    a->worth_draws = a->worth_draws < kept ? a->worth_draws : kept;
    return kept >= DRAWS_A_CURVE && !isnan(*a->point)
               ? MU_OK
               : mu_fail(err, MU_E_INPUT, "%llu draws have no answer: too few are left to explain",
                         (unsigned long long)out->lost);
}

static mu_status answer(asking *a, mu_work *work, mu_tornado *out, mu_error *err)
{
    mu_status status = ask_all(a, work, out, err);
    if (status == MU_OK) {
        status = keep_answered(a, out, err);
    }
    if (status != MU_OK) {
        return status;
    }
    uint32_t wanted = a->wish->rows > 0 ? a->wish->rows : (uint32_t)MU_TORNADO_ROWS;
    input *in = MU_NEW(work->arena, input, a->inputs + 1);
    double *y = MU_NEW(work->arena, double, a->draws);
    double *curve = MU_NEW(work->arena, double, CURVES * a->draws);
    a->known = MU_NEW(work->arena, double, wanted * a->worth_draws);
    if (in == NULL || y == NULL || curve == NULL || a->known == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    memcpy(y, a->drawn, a->draws * sizeof y[0]);
    out->answer = mu_quantity_of(*a->point, y, a->draws);
    memcpy(y, a->drawn, a->draws * sizeof y[0]);
    out->draws = a->draws;
    out->worth_draws = a->worth_draws;
    out->inputs = a->inputs;
    centre(y, a->draws);
    uint32_t moving = weigh(a, width_of(&out->answer), in);
    out->moving = a->wish->screen != NULL ? out->moving : moving;
    out->answers += 2 * (uint64_t)moving;
    uint64_t most = a->draws / DRAWS_A_CURVE < CURVES ? a->draws / DRAWS_A_CURVE : CURVES;
    uint32_t curves = moving < most ? moving : (uint32_t)most;
    share_out(a, y, in, curves, curve);
    out->rows = curves < wanted ? curves : wanted;
    sum_up(in, curves, out);
    return hold_each(a, work, in, y, out, err);
}

mu_status mu_tornado_make(const mu_tornado_wish *wish, mu_work *work, mu_tornado *out,
                          mu_error *err)
{
    assert(wish->draws >= DRAWS_A_CURVE && wish->rows <= MU_TORNADO_ROWS_MAX);
    uint64_t worth_draws = wish->worth_draws > 0 ? wish->worth_draws : wish->draws;
    asking a = {.plan = wish->plan,
                .wish = wish,
                .ask = wish->ask,
                .draws = wish->draws,
                .worth_draws = worth_draws < wish->draws ? worth_draws : wish->draws,
                .inputs = mu_draw_plan_count(wish->plan)};
    mu_tornado found = {.rows = 0};
    mu_arena_mark mark = mu_arena_here(work->arena);
    a.drawn = MU_NEW(work->arena, double, a.draws);
    a.index = MU_NEW(work->arena, uint32_t, a.draws);
    a.point = MU_NEW(work->arena, double, 1);
    a.alone = MU_NEW(work->arena, double, ENDS *(uint64_t)a.inputs + 1);
    if (a.drawn == NULL || a.index == NULL || a.point == NULL || a.alone == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a tornado");
    }
    for (uint64_t i = 0; i < a.draws; i++) {
        a.index[i] = (uint32_t)i + 1;
    }
    if (wish->drawn != NULL) {
        memcpy(a.drawn, wish->drawn, a.draws * sizeof *a.drawn);
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
