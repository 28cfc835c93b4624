/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uncertain numbers.
 *
 * What:  quantile of a range, interval of draws.
 * Why:   facts are stated as best, low and high; most are ratios at heart (positive, skewed), hence
 *        the split log-normal where low is positive.
 * Terms: low and high are the 5th and 95th percentile, 1.645 standard deviations from the median.
 * Bound: tails stop at 1 % and 99 %, so that no draw is absurd.
 */
#include "base/interval.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

mu_range mu_range_point(double value)
{
    return (mu_range){.best = value, .low = value, .high = value};
}

double mu_range_at(mu_range range, double u)
{
    assert(range.low <= range.best && range.best <= range.high);
    assert(u >= 0.0 && u <= 1.0);
    if (u == 0.5 || range.low == range.high) {
        return range.best;
    }
    double z = mu_normal_quantile(fmin(fmax(u, 0.01), 0.99)) / MU_Z95;
    double bound = z < 0.0 ? range.low : range.high;
    double share = fabs(z);
    if (range.low > 0.0) {
        return range.best * pow(bound / range.best, share);
    }
    return range.best + (bound - range.best) * share;
}

mu_quantity mu_quantity_point(double value)
{
    return (mu_quantity){.value = value, .low = value, .high = value};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the two nearest of sorted draws. */
static double percentile(const double draws[], size_t count, double share)
{
    double place = share * (double)(count - 1);
    size_t below = (size_t)place;
    size_t above = below + 1 < count ? below + 1 : below;
    double part = place - (double)below;
    if (part == 0.0 || draws[below] == draws[above]) {
        return draws[below]; /* also keeps infinity times zero out */
    }
    return draws[below] * (1.0 - part) + draws[above] * part;
}

mu_quantity mu_quantity_of(double value, double draws[], size_t count)
{
    if (count == 0) {
        return mu_quantity_point(value);
    }
    for (size_t i = 0; i < count; i++) {
        assert(!isnan(draws[i]));
    }
    qsort(draws, count, sizeof draws[0], compare);
    return (mu_quantity){.value = value,
                         .low = fmin(value, percentile(draws, count, 0.05)),
                         .high = fmax(value, percentile(draws, count, 0.95))};
}
