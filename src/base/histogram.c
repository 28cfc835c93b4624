/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts in buckets.
 *
 * Why:  the leading bits of a number are its bucket, so that counting one takes no logarithm.
 * Bound: a percentile is the middle of its bucket: equal values have equal percentiles.
 */
#include "base/histogram.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MANTISSA_BITS = 52, PART_BITS = 7, PARTS = 1 << PART_BITS, BIAS = 1023, LEAST = -24 };

/* Octave and part of it are the leading bits of the number itself; a zero has no sign. */
static int64_t position(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return (int64_t)(bits >> (MANTISSA_BITS - PART_BITS)) - (int64_t)(BIAS + LEAST) * PARTS;
}

/* Middle of a bucket: as near as can be to a value that may lie anywhere in it. */
static double value_at(uint32_t bucket)
{
    double part = (bucket % PARTS + 0.5) / PARTS;
    return ldexp(1.0 + part, (int)(bucket / PARTS) + LEAST);
}

void mu_histogram_add(mu_histogram *h, double value, uint64_t times)
{
    assert(value >= 0.0);
    h->n += times;
    int64_t at = position(value);
    if (at < 0) {
        h->zero += times;
    } else {
        h->bucket[at < MU_HISTOGRAM_BUCKETS ? at : MU_HISTOGRAM_BUCKETS - 1] += times;
    }
}

void mu_histogram_merge(mu_histogram *h, const mu_histogram *from)
{
    h->n += from->n;
    h->zero += from->zero;
    for (uint32_t i = 0; i < MU_HISTOGRAM_BUCKETS; i++) {
        h->bucket[i] += from->bucket[i];
    }
}

double mu_histogram_quantile(const mu_histogram *h, double q)
{
    assert(q >= 0.0 && q <= 1.0);
    double rank = q * ((double)h->n - 1.0) + 0.5;
    double below = (double)h->zero;
    if (h->n == 0 || rank < below) {
        return 0.0;
    }
    uint32_t at = 0;
    while (at < MU_HISTOGRAM_BUCKETS - 1 && rank >= below + (double)h->bucket[at]) {
        below += (double)h->bucket[at++];
    }
    return value_at(at);
}

double mu_histogram_share(const mu_histogram *h, double value)
{
    int64_t at = position(value);
    if (h->n == 0 || value < 0.0) {
        return 0.0;
    }
    uint64_t below = h->zero;
    for (int64_t i = 0; i <= at && i < MU_HISTOGRAM_BUCKETS; i++) {
        below += h->bucket[i];
    }
    return (double)below / (double)h->n;
}
