/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   percentiles from counts are those of the values, to the width of a bucket.
 * Method: against the sorted values, of several distributions; edges of the range; merging.
 */
#include "base/histogram.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 20001 };

static const double LEAST = 0x1p-24;
static const double MOST = 0x1p26;
static const double WIDTH = 0.004; /* what a percentile is off at most */

static mu_histogram histogram;
static double value[N];

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Counts value[] and sorts it. */
static void count_all(void)
{
    memset(&histogram, 0, sizeof histogram);
    for (int i = 0; i < N; i++) {
        mu_histogram_add(&histogram, value[i], 1);
    }
    qsort(value, N, sizeof value[0], rising);
    assert_int_equal(histogram.n, N);
}

/* Every rank's value within the bound; whole ranks, so that sorting leaves no doubt. */
static void check_ranks(void)
{
    double last = 0.0;
    for (int rank = 0; rank < N; rank += 7) {
        double found = mu_histogram_quantile(&histogram, rank / (N - 1.0));
        assert_true(fabs(found - value[rank]) <= WIDTH * value[rank]);
        assert_true(found >= last);
        last = found;
    }
}

static void percentiles_are_near(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        value[i] = exp(2.0 * mu_random_normal(1, 0, i)) * 0.05;
    }
    count_all();
    check_ranks();
    for (uint64_t i = 0; i < N; i++) { /* within a bucket, and at its very ends */
        value[i] = i % 2 == 0 ? 1.0 : nextafter(1.0 + 1.0 / 128.0, 0.0);
    }
    count_all();
    check_ranks();
    for (uint64_t i = 0; i < N; i++) { /* all the range */
        value[i] = LEAST * exp2(49.99 * mu_random_uniform(2, 0, i));
    }
    count_all();
    check_ranks();
}

static void equal_values_have_one_percentile(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    mu_histogram_add(&histogram, 0.0123, 1000000);
    double p50 = mu_histogram_quantile(&histogram, 0.5);
    assert_true(fabs(p50 / 0.0123 - 1.0) <= WIDTH);
    assert_true(mu_histogram_quantile(&histogram, 0.0) == p50);
    assert_true(mu_histogram_quantile(&histogram, 1.0) == p50);
}

static void shares_are_near(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        value[i] = -log(mu_random_uniform(3, 0, i));
    }
    count_all();
    for (double x = 0.01; x < 10.0; x *= 1.37) {
        double low = 0.0;
        double high = 0.0;
        for (int i = 0; i < N; i++) {
            low += value[i] <= x;
            high += value[i] <= x * (1.0 + 1.0 / 128.0);
        }
        double share = mu_histogram_share(&histogram, x) * N;
        assert_true(share >= low - 1e-6 && share <= high + 1e-6);
    }
    assert_true(mu_histogram_share(&histogram, 1e9) == 1.0);
    assert_true(mu_histogram_share(&histogram, 0.0) == 0.0);
    assert_true(mu_histogram_share(&histogram, -1.0) == 0.0);
}

static void edges(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    assert_true(mu_histogram_quantile(&histogram, 0.5) == 0.0);
    assert_true(mu_histogram_share(&histogram, 1.0) == 0.0);
    mu_histogram_add(&histogram, 0.0, 1);
    mu_histogram_add(&histogram, -0.0, 1);
    mu_histogram_add(&histogram, nextafter(LEAST, 0.0), 1);
    assert_int_equal(histogram.zero, 3);
    assert_true(mu_histogram_quantile(&histogram, 1.0) == 0.0);
    assert_true(mu_histogram_share(&histogram, 0.0) == 1.0);
    mu_histogram_add(&histogram, LEAST, 1);
    assert_int_equal(histogram.zero, 3);
    assert_true(fabs(mu_histogram_quantile(&histogram, 1.0) / LEAST - 1.0) <= WIDTH);
    mu_histogram_add(&histogram, 1e300, 1);
    mu_histogram_add(&histogram, INFINITY, 1);
    mu_histogram_add(&histogram, nextafter(MOST, 0.0), 2);
    assert_int_equal(histogram.n, 8);
    assert_true(fabs(mu_histogram_quantile(&histogram, 1.0) / MOST - 1.0) <= WIDTH);
    assert_true(mu_histogram_share(&histogram, 1.0) == 0.5);
    mu_histogram_add(&histogram, 1.0, 0);
    assert_int_equal(histogram.n, 8);
}

/* Parts counted apart and merged either way are the whole. */
static void merging_is_counting(void **state)
{
    (void)state;
    static mu_histogram whole;
    static mu_histogram part[3];
    static mu_histogram merged[2];
    memset(part, 0, sizeof part);
    memset(merged, 0, sizeof merged);
    memset(&whole, 0, sizeof whole);
    for (uint64_t i = 0; i < N; i++) {
        double x = i % 100 == 0 ? 0.0 : exp(mu_random_normal(4, 0, i));
        mu_histogram_add(&part[i % 3], x, 1 + i % 5);
        mu_histogram_add(&whole, x, 1 + i % 5);
    }
    for (int i = 0; i < 3; i++) {
        mu_histogram_merge(&merged[0], &part[i]);
        mu_histogram_merge(&merged[1], &part[2 - i]);
    }
    assert_memory_equal(&merged[0], &whole, sizeof whole);
    assert_memory_equal(&merged[1], &whole, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_near), cmocka_unit_test(equal_values_have_one_percentile),
        cmocka_unit_test(shares_are_near),      cmocka_unit_test(edges),
        cmocka_unit_test(merging_is_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
