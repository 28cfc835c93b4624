/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of positive values in narrow buckets: percentiles of any number of values in constant
 * memory.
 *
 * What:  128 buckets of equal width an octave, over 50 octaves.
 * Bound: a percentile is within 0.4 % of the value at that rank; values below 2^-24 count as zero,
 *        above 2^26 as that. Counts are whole, so that merging in any order gives the same.
 */
#ifndef MUSTER_BASE_HISTOGRAM_H
#define MUSTER_BASE_HISTOGRAM_H

#include <stdint.h>

enum { MU_HISTOGRAM_BUCKETS = 50 * 128 };

typedef struct mu_histogram {
    uint64_t n;
    uint64_t zero;
    uint64_t bucket[MU_HISTOGRAM_BUCKETS];
} mu_histogram;

/** Counts `times` values of this size; value >= 0. */
void mu_histogram_add(mu_histogram *h, double value, uint64_t times);

/** Adds all counts of `from`. */
void mu_histogram_merge(mu_histogram *h, const mu_histogram *from);

/** Value at share q (0..1) of the values in order; 0 when there are none. */
double mu_histogram_quantile(const mu_histogram *h, double q);

/** Share of the values that are at most `value`, 0..1, to a bucket; 0 when there are none. */
double mu_histogram_share(const mu_histogram *h, double value);

#endif
