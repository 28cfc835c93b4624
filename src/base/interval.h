/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uncertain numbers: a range to draw from, and an interval that came out.
 */
#ifndef MUSTER_BASE_INTERVAL_H
#define MUSTER_BASE_INTERVAL_H

#include <stddef.h>

/* Standard deviations between the median of a normal distribution and its 95th percentile. */
#define MU_Z95 1.6448536269514722

/* What is known of an input: best (median), bounds of its 90 % range; low <= best <= high */
typedef struct mu_range {
    double best;
    double low;
    double high;
} mu_range;

/* What is answered: a value and its 90 % interval, low <= value <= high. */
typedef struct mu_quantity {
    double value;
    double low;
    double high;
} mu_quantity;

/** A range without doubt. */
mu_range mu_range_point(double value);

/**
 * Quantile of a range: u = 0.5 gives best, 0.05 low, 0.95 high, in between and beyond by a split
 * log-normal (low > 0) or split normal; the tails stop at u = 0.01 and 0.99. Monotonic in u.
 *
 * @param[in] u  0 .. 1
 */
double mu_range_at(mu_range range, double u);

/** A quantity without doubt. */
mu_quantity mu_quantity_point(double value);

/**
 * 5th and 95th percentile of draws[0..count) around a value; widened if need be so that it holds
 * the value. Sorts draws in place. count 0 gives the point. NaN draws are an error of ours
 * (asserted).
 */
mu_quantity mu_quantity_of(double value, double draws[], size_t count);

#endif
