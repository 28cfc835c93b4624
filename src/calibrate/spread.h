/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of predictions, and how wide a fitted parameter is.
 */
#ifndef MUSTER_CALIBRATE_SPREAD_H
#define MUSTER_CALIBRATE_SPREAD_H

#include "calibrate/calibrate.h"
#include "calibrate/fit.h"

/** Errors of count rows; sorts `scratch` [count]. */
mu_row_errors mu_row_errors_of(const double predicted_s[], const double measured_s[],
                               uint32_t count, double scratch[]);

/** Quantile of values[0..count), sorted ascending, between neighbours; count > 0. */
double mu_quantile_of(const double sorted[], uint32_t count, double u);

/**
 * Residual whose square is the pseudo-Huber loss of r: as r up to about `delta`, as the root of |r|
 * far beyond, so that odd rows do not rule.
 */
double mu_huber_root(double r, double delta);

/** Ascending. */
void mu_sort_numbers(double values[], uint32_t count);

/** Standard error of a parameter from refits that each left a fold out (jackknife), in x. */
double mu_fold_error(const double folds[MU_FOLDS]);

/**
 * Spread of every knob [x], one for all, that makes nine in ten measurements lie in the 90 % range
 * of their predictions when the knobs of `fit` are drawn at random and nothing else is.
 *
 * @param[in] fit  rows to look at, knobs with a say in them
 * @retval MU_E_MEMORY
 */
mu_status mu_residual_spread(const mu_regression *fit, const mu_specimen *subject, double *out,
                             mu_error *err) MU_MUST_CHECK;

#endif
