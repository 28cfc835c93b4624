/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   quantiles hit best, low and high, and intervals hold their value.
 * Method: by hand, then properties over random ranges.
 */
#include "base/interval.h"
#include "base/random.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near(double x, double y, double tolerance)
{
    assert_true(fabs(x - y) <= tolerance * fmax(fabs(y), 1e-300));
}

static void stated_quantiles(void **state)
{
    (void)state;
    mu_range skewed = {.best = 700.0, .low = 600.0, .high = 1000.0};
    assert_true(mu_range_at(skewed, 0.5) == 700.0);
    near(mu_range_at(skewed, 0.05), 600.0, 1e-12);
    near(mu_range_at(skewed, 0.95), 1000.0, 1e-12);
    mu_range zero_low = {.best = 0.1, .low = 0.0, .high = 0.3};
    assert_true(mu_range_at(zero_low, 0.5) == 0.1);
    assert_true(fabs(mu_range_at(zero_low, 0.05)) < 1e-15);
    near(mu_range_at(zero_low, 0.95), 0.3, 1e-12);
}

static void log_normal_by_hand(void **state)
{
    (void)state;
    /* z(0.75) / z(0.95) = 0.6744898 / 1.6448536 = 0.4100607; 100 * 2^0.4100607 = 132.8742 */
    mu_range range = {.best = 100.0, .low = 50.0, .high = 200.0};
    near(mu_range_at(range, 0.75), 132.8742, 1e-6);
    near(mu_range_at(range, 0.25) * mu_range_at(range, 0.75), 1e4, 1e-12);
}

static void tails_stop(void **state)
{
    (void)state;
    mu_range range = {.best = 1.0, .low = 0.5, .high = 3.0};
    assert_true(mu_range_at(range, 0.0) == mu_range_at(range, 0.01));
    assert_true(mu_range_at(range, 1.0) == mu_range_at(range, 0.99));
    assert_true(mu_range_at(range, 0.0) > 0.0);
}

static void rises_in_u(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300; i++) {
        double low = mu_random_normal(3, 0, i) * 10.0;
        double best = low + mu_random_uniform(3, 1, i) * 5.0;
        double high = best + mu_random_uniform(3, 2, i) * 5.0;
        mu_range range = {.best = best, .low = low, .high = high};
        double last = mu_range_at(range, 0.0);
        for (int step = 1; step <= 50; step++) {
            double x = mu_range_at(range, step / 50.0);
            assert_true(isfinite(x) && x >= last);
            last = x;
        }
    }
}

static void points(void **state)
{
    (void)state;
    assert_true(mu_range_at(mu_range_point(-4.5), 0.9) == -4.5);
    mu_quantity quantity = mu_quantity_of(3.0, NULL, 0);
    assert_true(quantity.value == 3.0 && quantity.low == 3.0 && quantity.high == 3.0);
}

static void percentiles_by_hand(void **state)
{
    (void)state;
    double draws[21];
    for (int i = 0; i < 21; i++) {
        draws[i] = (double)((i * 8) % 21); /* 0 .. 20 out of order */
    }
    mu_quantity quantity = mu_quantity_of(10.0, draws, 21);
    near(quantity.low, 1.0, 1e-12);
    near(quantity.high, 19.0, 1e-12);
    for (int i = 0; i < 21; i++) {
        assert_true(draws[i] == (double)i);
    }
}

static void holds_its_value(void **state)
{
    (void)state;
    double draws[3] = {5.0, 6.0, 7.0};
    mu_quantity above = mu_quantity_of(9.0, draws, 3);
    assert_true(above.high == 9.0 && above.low < 6.0);
    mu_quantity below = mu_quantity_of(1.0, draws, 3);
    assert_true(below.low == 1.0 && below.high > 6.0);
    double one[1] = {4.0};
    mu_quantity single = mu_quantity_of(4.0, one, 1);
    assert_true(single.low == 4.0 && single.high == 4.0);
    double endless[2] = {(double)INFINITY, (double)INFINITY};
    assert_true(mu_quantity_of(1.0, endless, 2).low == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stated_quantiles), cmocka_unit_test(log_normal_by_hand),
        cmocka_unit_test(tails_stop),       cmocka_unit_test(rises_in_u),
        cmocka_unit_test(points),           cmocka_unit_test(percentiles_by_hand),
        cmocka_unit_test(holds_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
