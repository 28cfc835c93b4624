/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least squares: knobs of one family to the rows of one family.
 *
 * What:  minimises sum of pseudo-Huber(log(predicted / measured)) over the rows plus a weak pull of
 *        every knob to its prior.
 * Terms: x = knob as the logit of its place between its limits, so that no step leaves them.
 */
#ifndef MUSTER_CALIBRATE_FIT_H
#define MUSTER_CALIBRATE_FIT_H

#include "base/arena.h"
#include "calibrate/family.h"
#include "calibrate/samples.h"

enum { MU_FIT_KNOBS_MAX = 96 };

/* How well a fit went. */
typedef struct mu_fit_quality {
    double cost; /* what was minimised, of one row on average */
    double
        doubt[MU_FIT_KNOBS_MAX]; /* how wide a knob still is over how wide its prior is: 0 .. 1 */
} mu_fit_quality;

typedef struct mu_regression {
    const mu_sample *sample;
    const uint32_t *row; /* [rows] places in sample */
    uint32_t rows;
    const mu_knob *const *knob; /* [knobs] */
    const uint64_t *groups;     /* [knobs] bits of the sample groups that a knob has a say in */
    uint32_t knobs;             /* at most MU_FIT_KNOBS_MAX */
    uint32_t steps;             /* at most so many slopes are taken */
    double noise; /* residual of a row that weighs as much as a knob one standard deviation off */
    mu_pool *pool;
    mu_arena *arena;
} mu_regression;

/** Predicted times of rows [rows], a row a slot, over the threads of the pool. */
mu_status mu_fit_predict(const mu_regression *fit, const mu_specimen *subject, double predicted_s[],
                         mu_error *err) MU_MUST_CHECK;

/**
 * Moves the knobs of a subject to where they explain the rows best.
 *
 * @param[in,out] subject  where to start, and what came out; other parameters are left alone
 * @retval MU_E_MEMORY
 * Deterministic for any number of threads. Cost: steps * rows * (knobs + 1) predictions.
 * Source: Levenberg-Marquardt as in MINPACK (More, Garbow, Hillstrom 1980), from cminpack.
 */
mu_status mu_fit_run(const mu_regression *fit, mu_specimen *subject, mu_fit_quality *quality,
                     mu_error *err) MU_MUST_CHECK;

#endif
