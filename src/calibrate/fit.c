/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least squares by cminpack, rows over threads.
 *
 * What:  residuals and their slopes by forward differences; a knob's slope is taken only on rows of
 *        groups that it has a say in.
 * Why:   tables have thousands of rows and a prediction costs part of a microsecond, so that slopes
 *        are cheap and second-order steps beat any search without them.
 * Terms: residual of a row = sign(r) sqrt(2 d^2 (sqrt(1 + (r/d)^2) - 1)), r = log(predicted /
 *        measured): squares near 0, |r| far out, so that odd rows do not rule.
 */
#include "calibrate/fit.h"

#include "calibrate/spread.h"

#include <cminpack.h>

#include <assert.h>
#include <math.h>
#include <string.h>

static const double huber = 0.10; /* r beyond which a row counts less */
static const double steep = 4.0;  /* of x: beyond, the logit is flat next to its upper limit */
static const double far = 4.0; /* of x: a range that ends at a limit goes this far from its best */
static const double slope_step = 0.01; /* of x */
static const double ftol = 1e-5;

enum { CHUNK = 64 };

/* One evaluation: the point and what each knob's step makes of it. */
typedef struct evaluation {
    const mu_regression *fit;
    const mu_specimen *base;
    const mu_specimen *moved; /* [knobs]; NULL = residuals only */
    double *residual;         /* [rows] */
    double *slope;            /* [knobs * stride] by column */
    size_t stride;
} evaluation;

typedef struct problem {
    const mu_regression *fit;
    mu_specimen subject; /* knobs as in the last point */
    mu_specimen *moved;  /* [knobs] */
    double centre[MU_FIT_KNOBS_MAX];
    double weight[MU_FIT_KNOBS_MAX];
    mu_error *err;
    mu_status status;
} problem;

static double residual_of(const mu_sample *sample, const mu_specimen *subject)
{
    double predicted =
        mu_op_time(&sample->question, &sample->load, &subject->chip, &subject->fabric);
    return mu_huber_root(log(fmax(predicted, 1e-30) / sample->measured_s), huber);
}

static mu_status evaluate_row(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const evaluation *e = context;
    (void)worker;
    (void)err;
    const mu_sample *sample = &e->fit->sample[e->fit->row[index]];
    if (e->moved == NULL) {
        e->residual[index] = residual_of(sample, e->base);
        return MU_OK;
    }
    double here = e->residual[index];
    for (uint32_t k = 0; k < e->fit->knobs; k++) {
        double *slope = &e->slope[k * e->stride + index];
        bool has_say = (e->fit->groups[k] >> sample->group & 1) != 0;
        *slope = has_say ? (residual_of(sample, &e->moved[k]) - here) / slope_step : 0.0;
    }
    return MU_OK;
}

/* Slopes are taken at the point whose residuals were asked for last, as lmder() does. */
static int evaluate(void *context, int m, int n, const double *x, double *fvec, double *fjac,
                    int ldfjac, int iflag)
{
    problem *p = context;
    const mu_regression *fit = p->fit;
    uint32_t rows = fit->rows;
    assert(m == (int)(rows + fit->knobs) && n == (int)fit->knobs);
    for (uint32_t k = 0; k < fit->knobs; k++) {
        mu_knob_set(fit->knob[k], &p->subject, mu_knob_from_x(fit->knob[k], x[k]));
    }
    evaluation e = {
        .fit = fit, .base = &p->subject, .residual = fvec, .slope = fjac, .stride = (size_t)ldfjac};
    if (iflag == 2) {
        for (uint32_t k = 0; k < fit->knobs; k++) {
            p->moved[k] = p->subject;
            mu_knob_set(fit->knob[k], &p->moved[k],
                        mu_knob_from_x(fit->knob[k], x[k] + slope_step));
            memset(fjac + k * e.stride + rows, 0, fit->knobs * sizeof *fjac);
            fjac[k * e.stride + rows + k] = p->weight[k];
        }
        e.moved = p->moved;
    } else {
        for (uint32_t k = 0; k < fit->knobs; k++) {
            fvec[rows + k] = p->weight[k] * (x[k] - p->centre[k]);
        }
    }
    p->status = mu_pool_run(fit->pool, rows, CHUNK, evaluate_row, &e, NULL, NULL, p->err);
    (void)m;
    (void)n;
    return p->status == MU_OK ? 0 : -1;
}

/* Prior in x: its best, and a residual of `noise` one standard deviation off. */
static void set_pull(problem *p, uint32_t k)
{
    const mu_knob *knob = p->fit->knob[k];
    double best = fmin(mu_knob_to_x(knob, knob->prior.best), steep);
    double low = fmax(mu_knob_to_x(knob, knob->prior.low), best - far);
    double high = fmin(mu_knob_to_x(knob, knob->prior.high), best + far);
    double spread = fmax((high - low) / (2.0 * MU_Z95), 0.1);
    p->centre[k] = best;
    p->weight[k] = p->fit->noise / spread;
}

typedef struct scratch {
    double *x;
    double *fvec;
    double *fjac;
    double *more; /* diag, qtf, wa1, wa2, wa3 [knobs] each, then wa4 [rows] */
    int *pivot;
} scratch;

static bool make_scratch(mu_arena *arena, uint32_t rows, uint32_t knobs, scratch *out)
{
    out->x = MU_NEW(arena, double, knobs);
    out->fvec = MU_NEW(arena, double, rows);
    out->fjac = MU_NEW(arena, double, (size_t)rows *knobs);
    out->more = MU_NEW(arena, double, (size_t)5 * knobs + rows);
    out->pivot = MU_NEW(arena, int, knobs);
    return out->x != NULL && out->fvec != NULL && out->fjac != NULL && out->more != NULL &&
           out->pivot != NULL;
}

/* Standard error of each knob over its prior's, `noise` being that of a residual. */
static void find_doubt(const problem *p, scratch *s, int rows, double doubt[])
{
    int n = (int)p->fit->knobs;
    covar(n, s->fjac, rows, s->pivot, 1e-12, s->more);
    for (int k = 0; k < n; k++) {
        double variance = s->fjac[(size_t)k * (size_t)rows + (size_t)k];
        double share = sqrt(fmax(variance, 0.0)) * p->weight[k];
        doubt[k] = share < 1.0 ? share : 1.0;
    }
}

static mu_status minimise(problem *p, mu_specimen *subject, mu_fit_quality *quality)
{
    const mu_regression *fit = p->fit;
    uint32_t rows = fit->rows + fit->knobs;
    scratch s;
    p->moved = MU_NEW(fit->arena, mu_specimen, fit->knobs);
    if (p->moved == NULL || !make_scratch(fit->arena, rows, fit->knobs, &s)) {
        return mu_fail(p->err, MU_E_MEMORY, "no memory to fit %u parameters to %u rows", fit->knobs,
                       fit->rows);
    }
    for (uint32_t k = 0; k < fit->knobs; k++) {
        set_pull(p, k);
        /* Not where the logit is flat: there nothing would ever move. */
        double x = mu_knob_to_x(fit->knob[k], mu_knob_get(fit->knob[k], subject));
        s.x[k] = fmin(fmax(x, p->centre[k] - 2.0 * far), steep);
    }
    size_t n = fit->knobs;
    int nfev = 0;
    int njev = 0;
    double *work = s.more + n;
    (void)lmder(evaluate, p, (int)rows, (int)n, s.x, s.fvec, s.fjac, (int)rows, ftol, 1e-5, 0.0,
                (int)fit->steps, s.more, 1, 1.0, 0, &nfev, &njev, s.pivot, work, work + n,
                work + 2 * n, work + 3 * n, work + 4 * n);
    if (p->status == MU_OK) {
        for (uint32_t k = 0; k < fit->knobs; k++) {
            mu_knob_set(fit->knob[k], subject, mu_knob_from_x(fit->knob[k], s.x[k]));
        }
        double norm = enorm((int)rows, s.fvec);
        quality->cost = norm * norm / fit->rows;
        find_doubt(p, &s, (int)rows, quality->doubt);
    }
    return p->status;
}

mu_status mu_fit_run(const mu_regression *fit, mu_specimen *subject, mu_fit_quality *quality,
                     mu_error *err)
{
    assert(fit->noise > 0.0);
    assert(fit->knobs > 0 && fit->knobs <= MU_FIT_KNOBS_MAX && fit->rows > 0);
    problem p = {.fit = fit, .subject = *subject, .err = err, .status = MU_OK};
    mu_arena_mark mark = mu_arena_here(fit->arena);
    mu_status status = minimise(&p, subject, quality);
    mu_arena_back(fit->arena, mark);
    return status;
}

typedef struct prediction {
    const mu_regression *fit;
    const mu_specimen *subject;
    double *predicted_s;
} prediction;

static mu_status predict_row(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const prediction *p = context;
    (void)worker;
    (void)err;
    const mu_sample *sample = &p->fit->sample[p->fit->row[index]];
    p->predicted_s[index] =
        mu_op_time(&sample->question, &sample->load, &p->subject->chip, &p->subject->fabric);
    return MU_OK;
}

mu_status mu_fit_predict(const mu_regression *fit, const mu_specimen *subject, double predicted_s[],
                         mu_error *err)
{
    prediction p = {.fit = fit, .subject = subject};
    p.predicted_s = predicted_s;
    return mu_pool_run(fit->pool, fit->rows, CHUNK, predict_row, &p, NULL, NULL, err);
}
