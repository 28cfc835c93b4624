/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and spreads.
 *
 * Terms: x = knob as its logit between its limits; residual = log(measured / predicted).
 */
#include "calibrate/spread.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double slope_step = 0.01;
static const double spread_max = 1.5; /* of x: a factor of 4.5 each way is no calibration */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double mu_huber_root(double r, double delta)
{
    double ratio = r / delta;
    /* sqrt(1 + t) - 1 without cancellation */
    double t = ratio * ratio;
    double bent = t / (sqrt(1.0 + t) + 1.0);
    return copysign(delta * sqrt(2.0 * bent), r);
}

void mu_sort_numbers(double values[], uint32_t count)
{
    if (count > 0) {
        qsort(values, count, sizeof values[0], by_size);
    }
}

double mu_quantile_of(const double sorted[], uint32_t count, double u)
{
    assert(count > 0 && u >= 0.0 && u <= 1.0);
    double place = u * (double)(count - 1);
    uint32_t low = (uint32_t)place;
    uint32_t high = low + 1 < count ? low + 1 : low;
    double share = place - (double)low;
    return sorted[low] + share * (sorted[high] - sorted[low]);
}

mu_row_errors mu_row_errors_of(const double predicted_s[], const double measured_s[],
                               uint32_t count, double scratch[])
{
    mu_row_errors errors = {.n = count};
    if (count == 0) {
        return errors;
    }
    for (uint32_t i = 0; i < count; i++) {
        double error = (predicted_s[i] - measured_s[i]) / measured_s[i];
        scratch[i] = fabs(error);
        errors.mape += fabs(error) / count;
        errors.bias += error / count;
    }
    qsort(scratch, count, sizeof scratch[0], by_size);
    errors.median = mu_quantile_of(scratch, count, 0.5);
    errors.p90 = mu_quantile_of(scratch, count, 0.9);
    return errors;
}

double mu_fold_error(const double folds[MU_FOLDS])
{
    double mean = 0.0;
    double squares = 0.0;
    for (int i = 0; i < MU_FOLDS; i++) {
        mean += folds[i] / MU_FOLDS;
    }
    for (int i = 0; i < MU_FOLDS; i++) {
        squares += (folds[i] - mean) * (folds[i] - mean);
    }
    return sqrt(squares * (MU_FOLDS - 1) / MU_FOLDS);
}

/* Adds the squared slope of one knob to each row. */
static mu_status add_slope(const mu_regression *fit, uint32_t k, const mu_specimen *subject,
                           const double base_s[], double moved_s[], double squares[], mu_error *err)
{
    mu_specimen moved = *subject;
    double x = mu_knob_to_x(fit->knob[k], mu_knob_get(fit->knob[k], subject));
    mu_knob_set(fit->knob[k], &moved, mu_knob_from_x(fit->knob[k], x + slope_step));
    mu_status status = mu_fit_predict(fit, &moved, moved_s, err);
    for (uint32_t i = 0; i < fit->rows && status == MU_OK; i++) {
        double slope = log(moved_s[i] / base_s[i]) / slope_step;
        squares[i] += slope * slope;
    }
    return status;
}

mu_status mu_residual_spread(const mu_regression *fit, const mu_specimen *subject, double *out,
                             mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(fit->arena);
    double *base_s = MU_NEW(fit->arena, double, fit->rows);
    double *moved_s = MU_NEW(fit->arena, double, fit->rows);
    double *squares = MU_NEW(fit->arena, double, fit->rows);
    if (base_s == NULL || moved_s == NULL || squares == NULL) {
        mu_arena_back(fit->arena, mark);
        return mu_fail(err, MU_E_MEMORY, "no memory for the spread of %u rows", fit->rows);
    }
    mu_status status = mu_fit_predict(fit, subject, base_s, err);
    for (uint32_t k = 0; k < fit->knobs && status == MU_OK; k++) {
        status = add_slope(fit, k, subject, base_s, moved_s, squares, err);
    }
    for (uint32_t i = 0; i < fit->rows && status == MU_OK; i++) {
        double measured_s = fit->sample[fit->row[i]].measured_s;
        double one = fmax(sqrt(squares[i]), 1e-6);
        base_s[i] = fabs(log(measured_s / base_s[i])) / (MU_Z95 * one);
    }
    if (status == MU_OK && fit->rows > 0) {
        qsort(base_s, fit->rows, sizeof base_s[0], by_size);
        *out = fmin(mu_quantile_of(base_s, fit->rows, 0.9), spread_max);
    }
    mu_arena_back(fit->arena, mark);
    return status;
}
