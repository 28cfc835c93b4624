/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Margins from rows: split conformal, a tail at a time.
 */
#ifndef MUSTER_CALIBRATE_MARGIN_H
#define MUSTER_CALIBRATE_MARGIN_H

#include "calibrate/samples.h"
#include "study/op_margin.h"

/* One row: what was predicted, and measured over that. */
typedef struct mu_miss {
    double predicted_s;
    double ratio;
} mu_miss;

/**
 * Steps of one margin: as many of equal numbers of rows as leave 60 each, at most
 * MU_MARGIN_STEPS_MAX. The factors of a step of n rows are its ordered ratios at 0.05 and 0.95 of
 * n + 1, so that a new row of the same kind falls beyond either with a chance of one in twenty;
 * they hold 1.
 *
 * @param[in,out] miss  [count] count > 0; is sorted
 * Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005), inductive
 * conformal prediction; one-sided quantiles as in Romano, Patterson, Candes, NeurIPS 2019.
 */
void mu_margin_fit(mu_miss miss[], uint32_t count, mu_op_margin *out);

/**
 * Margins of all keys among the rows. A key with fewer than 20 rows to fit on takes those of the
 * other formats of its operator, too, then those of its family; where that is not enough there is
 * no margin.
 *
 * @param[in]  predicted_s  [samples] best without having seen the row; 0 = not predicted
 * @param[out] out          [MU_MARGINS_MAX]
 * @param[out] count        number written, in order of the groups of the samples
 * @retval MU_E_MEMORY
 */
mu_status mu_margins_of(const mu_samples *samples, const double predicted_s[], mu_arena *arena,
                        mu_op_margin out[MU_MARGINS_MAX], uint32_t *count,
                        mu_error *err) MU_MUST_CHECK;

#endif
