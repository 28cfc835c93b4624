/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   quantities are read in the unit they were written in, and anything doubtful is refused.
 * Method: tables of texts with values worked by hand; print and read back; the limits.
 */
#include "base/random.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct good {
    const char *text;
    mu_dimension dimension;
    double value;
};

static void reads(void **state)
{
    (void)state;
    static const struct good cases[] = {
        {"50ms", MU_DIM_TIME, 0.05},
        {"2 us", MU_DIM_TIME, 2e-6},
        {"2 \xc2\xb5s", MU_DIM_TIME, 2e-6},
        {"-3 ns", MU_DIM_TIME, -3e-9},
        {"1.5 h", MU_DIM_TIME, 5400.0},
        {"3 days", MU_DIM_TIME, 259200.0},
        {"0s", MU_DIM_TIME, 0.0},
        {"128 GB", MU_DIM_BYTES, 128e9},
        {"64 GiB", MU_DIM_BYTES, 68719476736.0},
        {"8 Mb", MU_DIM_BYTES, 1e6},
        {"7 bytes", MU_DIM_BYTES, 7.0},
        {"3.2 TB/s", MU_DIM_BYTE_RATE, 3.2e12},
        {"400 Gb/s", MU_DIM_BYTE_RATE, 50e9},
        {"400Gbps", MU_DIM_BYTE_RATE, 50e9},
        {"1 GB/ms", MU_DIM_BYTE_RATE, 1e12},
        {"1 GiB / s", MU_DIM_BYTE_RATE, 1073741824.0},
        {"752 TFLOP/s", MU_DIM_FLOP_RATE, 752e12},
        {"752 TFLOPS", MU_DIM_FLOP_RATE, 752e12},
        {"1.6 POPS", MU_DIM_FLOP_RATE, 1.6e15},
        {"4 TOP/s", MU_DIM_FLOP_RATE, 4e12},
        {"752e12 flop/s", MU_DIM_FLOP_RATE, 752e12},
        {"3 ZFLOP", MU_DIM_FLOP, 3e21},
        {"559 kW", MU_DIM_POWER, 559e3},
        {"3 kWh", MU_DIM_ENERGY, 1.08e7},
        {"0.6 pJ", MU_DIM_ENERGY, 6e-13},
        {"1.8 GHz", MU_DIM_FREQUENCY, 1.8e9},
        {"814 mm2", MU_DIM_AREA, 814.0},
        {"8.2 M USD", MU_DIM_MONEY, 8200000.0},
        {"25 kUSD", MU_DIM_MONEY, 25000.0},
        {"1.5 billion USD", MU_DIM_MONEY, 1.5e9},
        {"2.3 USD/h", MU_DIM_MONEY_RATE, 2.3},
        {"0.01 USD/s", MU_DIM_MONEY_RATE, 36.0},
        {"0.08 USD/kWh", MU_DIM_ENERGY_PRICE, 0.08},
        {"80$/MWh", MU_DIM_ENERGY_PRICE, 0.08},
        {"1 USD/J", MU_DIM_ENERGY_PRICE, 3.6e6},
        {"100/s", MU_DIM_RATE, 100.0},
        {"6 1/min", MU_DIM_RATE, 0.1},
        {"5 req/s", MU_DIM_RATE, 5.0},
        {"1943 tokens/s", MU_DIM_TOKEN_RATE, 1943.0},
        {"1.94 ktok/s", MU_DIM_TOKEN_RATE, 1940.0},
        {"70 %", MU_DIM_FRACTION, 0.7},
        {"0.7", MU_DIM_FRACTION, 0.7},
        {"384", MU_DIM_COUNT, 384.0},
        {"-1e-3", MU_DIM_NONE, -0.001},
        {"1e30", MU_DIM_NONE, 1e30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = NAN;
        mu_error err = {0};
        mu_status status = mu_unit_parse(cases[i].text, cases[i].dimension, "x", &value, &err);
        if (status != MU_OK || !(fabs(value - cases[i].value) <= 1e-15 * fabs(cases[i].value))) {
            fail_msg("%s: %s, read %.17g", cases[i].text, err.text, value);
        }
    }
}

/* A decimal scale is exact: the double nearest to the number as written. */
static void decimal_scales_are_exact(void **state)
{
    (void)state;
    double value = 0.0;
    assert_int_equal(mu_unit_parse("8.2 M USD", MU_DIM_MONEY, "x", &value, NULL), MU_OK);
    assert_true(value == 8200000.0);
    assert_int_equal(mu_unit_parse("70 %", MU_DIM_FRACTION, "x", &value, NULL), MU_OK);
    assert_true(value == 0.7);
    assert_int_equal(mu_unit_read("1.1e1", "TB/s", MU_DIM_BYTE_RATE, "x", &value, NULL), MU_OK);
    assert_true(value == 11e12);
}

struct bad {
    const char *text;
    mu_dimension dimension;
    const char *message;
};

static void refuses_and_says_why(void **state)
{
    (void)state;
    static const struct bad cases[] = {
        {"752", MU_DIM_FLOP_RATE,
         "x: expected a compute rate such as 752 TFLOP/s, found a number without a unit"},
        {"3 TB", MU_DIM_BYTE_RATE,
         "x: expected a bandwidth such as 3.2 TB/s, found the unit \"TB\" of a size such as 128 "
         "GB"},
        {"3 gb/s", MU_DIM_BYTE_RATE,
         "x: expected a bandwidth such as 3.2 TB/s, found the unknown unit \"gb/s\"; did you mean "
         "\"GB/s\"?"},
        {"fast", MU_DIM_TIME, "x: expected a time such as 50ms, found \"fast\""},
        {"", MU_DIM_TIME, "x: expected a time such as 50ms, found \"\""},
        {"5 GB", MU_DIM_COUNT,
         "x: expected a count such as 384, found the unit \"GB\" of a size such as 128 GB"},
        {"1", MU_DIM_TEXT, "x: text has no unit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 7.0;
        mu_error err = {0};
        assert_int_equal(mu_unit_parse(cases[i].text, cases[i].dimension, "x", &value, &err),
                         MU_E_INPUT);
        assert_string_equal(err.text, cases[i].message);
        assert_true(value == 7.0);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct good cases[] = {
        {"nan s", MU_DIM_TIME, 0},
        {"inf s", MU_DIM_TIME, 0},
        {"0x3 s", MU_DIM_TIME, 0},
        {"1e31 s", MU_DIM_TIME, 0},
        {"1e-31 s", MU_DIM_TIME, 0},
        {"1e25 TB", MU_DIM_BYTES, 0},
        {"1e-25 ns", MU_DIM_TIME, 0},
        {"1e400 s", MU_DIM_TIME, 0},
        {"5 Ms", MU_DIM_TIME, 0},
        {"5 mB", MU_DIM_BYTES, 0},
        {"5 GHz/s", MU_DIM_RATE, 0},
        {"5 s/s", MU_DIM_RATE, 0},
        {"5 GB/", MU_DIM_BYTE_RATE, 0},
        {"5 GB/GB", MU_DIM_RATE, 0},
        {"5 W/s", MU_DIM_POWER, 0},
        {"5 %", MU_DIM_COUNT, 0},
        {"5 k", MU_DIM_COUNT, 0},
        {" 5 s", MU_DIM_TIME, 0},
        {"5s5", MU_DIM_TIME, 0},
        {"--5 s", MU_DIM_TIME, 0},
        {"5 KiKiB", MU_DIM_BYTES, 0},
        {"5 GB/s/s", MU_DIM_BYTE_RATE, 0},
        {"5 tokens", MU_DIM_TOKEN_RATE, 0},
        {"5 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", MU_DIM_TIME, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 7.0;
        mu_error err = {0};
        if (mu_unit_parse(cases[i].text, cases[i].dimension, "x", &value, &err) != MU_E_INPUT) {
            fail_msg("%s was read as %g", cases[i].text, value);
        }
        assert_true(value == 7.0);
        assert_true(err.text[0] != '\0');
    }
}

static void scales(void **state)
{
    (void)state;
    double scale = 0.0;
    assert_int_equal(mu_unit_scale("TB/s", MU_DIM_BYTE_RATE, "x", &scale, NULL), MU_OK);
    assert_true(scale == 1e12);
    assert_int_equal(mu_unit_scale("", MU_DIM_NONE, "x", &scale, NULL), MU_OK);
    assert_true(scale == 1.0);
    assert_int_equal(mu_unit_scale("", MU_DIM_BYTES, "x", &scale, NULL), MU_E_INPUT);
    assert_int_equal(mu_unit_scale("1e5", MU_DIM_BYTES, "x", &scale, NULL), MU_E_INPUT);
}

static void prints(void **state)
{
    (void)state;
    static const struct good cases[] = {
        {"3.20 TB/s", MU_DIM_BYTE_RATE, 3.2e12},
        {"49.4 ms", MU_DIM_TIME, 0.0494},
        {"1.00 s", MU_DIM_TIME, 0.99999},
        {"1.00 us", MU_DIM_TIME, 9.999e-7},
        {"120 s", MU_DIM_TIME, 119.9},
        {"3.33 min", MU_DIM_TIME, 200.0},
        {"27.8 h", MU_DIM_TIME, 1e5},
        {"-3.20 ms", MU_DIM_TIME, -0.0032},
        {"0 s", MU_DIM_TIME, 0.0},
        {"1.94 k", MU_DIM_NONE, 1943.0},
        {"384", MU_DIM_COUNT, 384.0},
        {"1.94 k tokens/s", MU_DIM_TOKEN_RATE, 1943.0},
        {"70.0 %", MU_DIM_FRACTION, 0.7},
        {"8.20 M USD", MU_DIM_MONEY, 8.2e6},
        {"1.50 B USD", MU_DIM_MONEY, 1.5e9},
        {"752 TFLOP/s", MU_DIM_FLOP_RATE, 752e12},
        {"559 kW", MU_DIM_POWER, 559e3},
        {"814 mm2", MU_DIM_AREA, 814.0},
        {"2.30 USD/h", MU_DIM_MONEY_RATE, 2.3},
        {"-", MU_DIM_TIME, (double)INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        mu_unit_print(cases[i].value, cases[i].dimension, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
    char cut[4];
    mu_unit_print(3.2e12, MU_DIM_BYTE_RATE, cut, sizeof cut);
    assert_string_equal(cut, "3.2");
}

static void check_print_then_read(double value, mu_dimension dimension)
{
    double back = 0.0;
    char text[64];
    mu_error err = {0};
    mu_unit_print(value, dimension, text, sizeof text);
    if (mu_unit_parse(text, dimension, "x", &back, &err) != MU_OK) {
        fail_msg("%g printed as \"%s\": %s", value, text, err.text);
    }
    assert_true(fabs(back - value) <= 0.00501 * value);
}

/* What is printed reads back to three digits, for every dimension that has a unit. */
static void print_then_read(void **state)
{
    (void)state;
    for (int d = MU_DIM_TIME; d <= MU_DIM_TOKEN_RATE; d++) {
        for (uint64_t i = 0; i < 200; i++) {
            double value = exp((mu_random_uniform(1, (uint64_t)d, i) - 0.3) * 40.0);
            check_print_then_read(value, (mu_dimension)d);
        }
    }
}

static void si_and_hint(void **state)
{
    (void)state;
    assert_string_equal(mu_unit_si(MU_DIM_BYTE_RATE), "B/s");
    assert_string_equal(mu_unit_hint(MU_DIM_TIME), "a time such as 50ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(decimal_scales_are_exact),
        cmocka_unit_test(refuses_and_says_why),
        cmocka_unit_test(refuses),
        cmocka_unit_test(scales),
        cmocka_unit_test(prints),
        cmocka_unit_test(print_then_read),
        cmocka_unit_test(si_and_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
