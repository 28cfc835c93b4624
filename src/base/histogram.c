/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include <assert.h>
#include <math.h>

/* Buckets of equal ratio over 15 decades: each 0.54 % wide. */
static const double lowest = 1e-7;
static const double decades = 15.0;

static uint32_t bucket_of(double value)
{
    double at = log10(value / lowest) * (MU_HISTOGRAM_BUCKETS / decades);
    return at < MU_HISTOGRAM_BUCKETS ? (uint32_t)at : MU_HISTOGRAM_BUCKETS - 1;
}

/* Value at a share of the way through a bucket. */
static double value_at(uint32_t bucket, double share)
{
    return lowest * pow(10.0, (bucket + share) * (decades / MU_HISTOGRAM_BUCKETS));
}

void mu_histogram_add(mu_histogram *h, double value, uint64_t times)
{
    assert(value >= 0.0);
    h->n += times;
    if (value < lowest) {
        h->zero += times;
    } else {
        h->bucket[bucket_of(value)] += times;
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
    if (h->n == 0) {
        return 0.0;
    }
    double rank = q * (double)(h->n - 1) + 0.5;
    double below = (double)h->zero;
    if (rank < below) {
        return 0.0;
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < MU_HISTOGRAM_BUCKETS; i++) {
        double here = (double)h->bucket[i];
        if (here > 0.0 && rank < below + here) {
            return value_at(i, (rank - below) / here);
        }
        below += here;
        last = here > 0.0 ? i : last;
    }
    return value_at(last, 1.0);
}

double mu_histogram_share(const mu_histogram *h, double value)
{
    if (h->n == 0 || value < 0.0) {
        return 0.0;
    }
    uint64_t below = h->zero;
    if (value >= lowest) {
        uint32_t at = bucket_of(value);
        for (uint32_t i = 0; i <= at; i++) {
            below += h->bucket[i];
        }
    }
    return (double)below / (double)h->n;
}
