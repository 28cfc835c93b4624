/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   random numbers are the published generators and never change.
 * Method: known-answer vectors of Random123, Sobol points of scipy, edges,
 * properties.
 */
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Random123 1.14, tests/kat_vectors, "philox4x32 10": first two output words.
 */
static void philox_known_answers(void **state)
{
    (void)state;
    assert_int_equal(mu_random_bits(0, 0, 0), UINT64_C(0xe169c58d6627e8d5));
    assert_int_equal(mu_random_bits(UINT64_MAX, UINT64_MAX, UINT64_MAX),
                     UINT64_C(0x41c83b0e408f276d));
    assert_int_equal(mu_random_bits(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e),
                                    UINT64_C(0x85a308d3243f6a88)),
                     UINT64_C(0x94fdccebd16cfe09));
}

static void uniform_stays_inside(void **state)
{
    (void)state;
    double sum = 0.0;
    for (uint64_t i = 0; i < 100000; i++) {
        double u = mu_random_uniform(7, 3, i);
        assert_true(u > 0.0 && u < 1.0);
        sum += u;
    }
    /* standard error of the mean: 0.2887 / sqrt(1e5) = 0.0009; five of them */
    assert_true(fabs(sum / 100000.0 - 0.5) < 0.0046);
}

static void normal_moments(void **state)
{
    (void)state;
    double sum = 0.0;
    double square = 0.0;
    for (uint64_t i = 0; i < 100000; i++) {
        double x = mu_random_normal(1, 2, i);
        sum += x;
        square += x * x;
    }
    assert_true(fabs(sum / 100000.0) < 0.016);
    assert_true(fabs(square / 100000.0 - 1.0) < 0.023);
}

/* Values of scipy.special.ndtri. */
static void quantile_reference(void **state)
{
    static const double pairs[][2] = {
        {1e-300, -37.0470962993612},       {1e-12, -7.034483825301131},
        {0.0001, -3.7190164854556804},     {0.01, -2.3263478740408408},
        {0.02425, -1.972961051311885},     {0.05, -1.6448536269514729},
        {0.25, -0.6744897501960817},       {0.4999, -0.0002506628300880075},
        {0.75, 0.6744897501960817},        {0.95, 1.6448536269514722},
        {0.975, 1.959963984540054},        {0.999, 3.090232306167813},
        {0.9999999999, 6.361340889697422},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        double x = mu_normal_quantile(pairs[i][0]);
        assert_true(fabs(x - pairs[i][1]) <= 1.2e-9 * fabs(pairs[i][1]));
    }
    assert_true(mu_normal_quantile(0.5) == 0.0);
}

static void quantile_rises(void **state)
{
    (void)state;
    double last = mu_normal_quantile(1e-6);
    for (int i = 1; i < 20000; i++) {
        double x = mu_normal_quantile(1e-6 + (double)i * (1.0 - 2e-6) / 20000.0);
        assert_true(x > last);
        last = x;
    }
}

/* scipy.stats.qmc.Sobol(d=64, scramble=False, bits=32): numerators over 2^32.
 */
static void sobol_reference(void **state)
{
    static const struct {
        uint32_t dimension;
        uint32_t index;
        uint32_t numerator;
    } points[] = {
        {0, 1, 2147483648U},     {0, 2, 3221225472U},     {0, 5, 3758096384U},
        {1, 3, 3221225472U},     {2, 7, 1610612736U},     {3, 100, 3120562176U},
        {5, 9, 3489660928U},     {9, 1000, 297795584U},   {13, 4095, 2232418304U},
        {20, 77, 637534208U},    {31, 2048, 2085617664U}, {33, 255, 2936012800U},
        {40, 3001, 3658481664U}, {50, 513, 532676608U},   {62, 1234, 2086666240U},
        {63, 4095, 2377121792U},
    };
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        /* The shift is unknown here; it is that of point 0, whose unshifted value
     * is 0. */
        double origin = mu_sobol(99, points[i].dimension, 0);
        double x = mu_sobol(99, points[i].dimension, points[i].index);
        uint32_t shift = (uint32_t)(origin * 0x1p32 - 0.5);
        uint32_t shifted = (uint32_t)(x * 0x1p32 - 0.5);
        assert_int_equal(shifted ^ shift, points[i].numerator);
    }
}

/* The first 2^k points have exactly one in each of 2^k equal intervals, shifted
 * or not. */
static void sobol_fills_evenly(void **state)
{
    (void)state;
    for (uint32_t dimension = 0; dimension < MU_SOBOL_DIMENSIONS; dimension++) {
        unsigned char seen[256] = {0};
        for (uint32_t i = 0; i < 256; i++) {
            double x = mu_sobol(5, dimension, i);
            assert_true(x > 0.0 && x < 1.0);
            seen[(size_t)(x * 256.0)]++;
        }
        for (size_t i = 0; i < 256; i++) {
            assert_int_equal(seen[i], 1);
        }
    }
}

static void sobol_edges(void **state)
{
    (void)state;
    double last = mu_sobol(0, MU_SOBOL_DIMENSIONS - 1, UINT32_MAX);
    assert_true(last > 0.0 && last < 1.0);
    assert_true(mu_sobol(4, MU_SOBOL_DIMENSIONS, 17) ==
                mu_random_uniform(4, MU_SOBOL_DIMENSIONS, 17));
    assert_true(mu_sobol(1, 3, 9) != mu_sobol(2, 3, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers), cmocka_unit_test(uniform_stays_inside),
        cmocka_unit_test(normal_moments),       cmocka_unit_test(quantile_reference),
        cmocka_unit_test(quantile_rises),       cmocka_unit_test(sobol_reference),
        cmocka_unit_test(sobol_fills_evenly),   cmocka_unit_test(sobol_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
