/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is odd about measured rows, in words.
 */
#ifndef MUSTER_CALIBRATE_WARN_H
#define MUSTER_CALIBRATE_WARN_H

#include "calibrate/calibrate.h"

/** Too few rows of a family to fit it. MU_E_MEMORY. */
mu_status mu_warn_few(mu_calibration *out, const char *family, uint32_t rows, uint32_t fit_rows,
                      mu_arena *arena, mu_error *err) MU_MUST_CHECK;

/**
 * Duplicates; operators of which all or some times are about 1000 or a million times off, which
 * hints at another unit; rows that are far off what the others say, by name.
 *
 * @param[in] before_s  [rows] predicted before the fit; 0 = not predicted
 * @param[in] after_s   [rows] and after it
 * @retval MU_E_MEMORY
 */
mu_status mu_warn_odd_rows(mu_calibration *out, const mu_samples *samples, const double before_s[],
                           const double after_s[], mu_arena *arena, mu_error *err) MU_MUST_CHECK;

#endif
