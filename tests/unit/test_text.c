/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   near names are found, numbers are read and written exactly, in any locale.
 * Method: by hand, round trips of random bit patterns, strtod as the oracle, a comma locale.
 */
#include "base/random.h"
#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void distances(void **state)
{
    (void)state;
    assert_int_equal(mu_text_distance("", ""), 0);
    assert_int_equal(mu_text_distance("", "abc"), 3);
    assert_int_equal(mu_text_distance("kitten", "sitting"), 3);
    assert_int_equal(mu_text_distance("ab", "ba"), 1);
    assert_int_equal(mu_text_distance("Hidden_Size", "hidden-size"), 0);
    char a[300];
    char b[300];
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    a[299] = '\0';
    b[299] = '\0';
    assert_int_equal(mu_text_distance(a, b), 128);
}

static void distance_is_symmetric(void **state)
{
    (void)state;
    char words[40][8];
    for (size_t i = 0; i < 40; i++) {
        size_t length = (size_t)(mu_random_bits(1, i, 99) % 8);
        for (size_t j = 0; j < length; j++) {
            words[i][j] = (char)('a' + (int)(mu_random_bits(1, i, j) % 3));
        }
        words[i][length] = '\0';
    }
    for (size_t i = 0; i < 40; i++) {
        for (size_t j = 0; j < 40; j++) {
            uint32_t distance = mu_text_distance(words[i], words[j]);
            assert_int_equal(distance, mu_text_distance(words[j], words[i]));
            assert_true((distance == 0) == (strcmp(words[i], words[j]) == 0));
        }
    }
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"ascend-910b", "ascend-910c", "h20", "h200", "mlu590"};
    assert_string_equal(mu_text_nearest("ascend910c", names, 5), "ascend-910c");
    assert_string_equal(mu_text_nearest("H2000", names, 5), "h200");
    assert_null(mu_text_nearest("kunlun-p800", names, 5));
    assert_null(mu_text_nearest("", names, 5));
    assert_null(mu_text_nearest("h20", names, 0));
}

static void check_number(const char *text, double expected)
{
    double value = -7.0;
    assert_true(mu_text_number(text, &value));
    assert_true(value == expected);
}

static void numbers(void **state)
{
    (void)state;
    check_number("0", 0.0);
    check_number("-0.0", 0.0);
    check_number("12", 12.0);
    check_number("+1.5e3", 1500.0);
    check_number(".5", 0.5);
    check_number("5.", 5.0);
    check_number("752e12", 752e12);
    check_number("0.1", 0.1);
    check_number("9007199254740993", 9007199254740992.0);
    check_number("1.7976931348623157e308", 1.7976931348623157e308);
    check_number("4.9e-324", 4.9e-324);
    check_number("1e-99999999999", 0.0);
    check_number("123456789012345678901234567890", 123456789012345678901234567890.0);
}

static void not_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      " 1",  "1 ", "nan",   "inf", "-inf",  "0x10",
                                      "1e",    "1e+", ".",  "+",     "-",   "1,5",   "1_0",
                                      "1e309", "--1", "e5", "1.2.3", "1f",  "NaN(1)"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = -7.0;
        assert_false(mu_text_number(bad[i], &value));
        assert_true(value == -7.0);
    }
    char many[200];
    memset(many, '1', sizeof many);
    many[199] = '\0';
    double value = 0.0;
    assert_false(mu_text_number(many, &value));
}

/* Any double of random bits. */
static double any_double(uint64_t index)
{
    uint64_t bits = mu_random_bits(11, 0, index);
    double x;
    memcpy(&x, &bits, sizeof x);
    return isfinite(x) ? x : 1.0;
}

static void exact_round_trip(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        double x = any_double(i);
        double back = 0.0;
        char text[32];
        mu_text_exact(x, text);
        assert_true(mu_text_number(text, &back));
        assert_true(back == x);
    }
}

static void numbers_agree_with_strtod(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        char text[64];
        double value = 0.0;
        int64_t digits = (int64_t)(mu_random_bits(12, 1, i) >> (mu_random_bits(12, 2, i) % 60));
        int exponent = (int)(mu_random_bits(12, 3, i) % 80) - 40;
        (void)snprintf(text, sizeof text, "%lld.%04de%d", (long long)digits,
                       (int)(mu_random_bits(12, 4, i) % 10000), exponent);
        assert_true(mu_text_number(text, &value));
        assert_true(value == strtod(text, NULL));
    }
}

static void exact_by_hand(void **state)
{
    (void)state;
    char text[32];
    mu_text_exact(0.1, text);
    assert_string_equal(text, "0.1");
    mu_text_exact(1.0 / 3.0, text);
    assert_string_equal(text, "0.3333333333333333");
    mu_text_exact(0.1 + 0.2, text);
    assert_string_equal(text, "0.30000000000000004");
    mu_text_exact(-1943.0, text);
    assert_string_equal(text, "-1943");
    mu_text_exact((double)INFINITY, text);
    assert_string_equal(text, "null");
}

/* A program that links the library may have set a locale with a decimal comma. */
static void comma_locale(void **state)
{
    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL &&
        setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL) {
        skip();
    }
    char text[32];
    mu_text_exact(1234.5678, text);
    double value = 0.0;
    bool read = mu_text_number("1.7976931348623157e308", &value);
    (void)setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "1234.5678");
    assert_true(read && value == 1.7976931348623157e308);
}

static void hashes(void **state)
{
    (void)state;
    /* Published FNV-1a vectors. */
    assert_true(mu_text_hash("") == UINT64_C(0xcbf29ce484222325));
    assert_true(mu_text_hash("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(mu_text_hash("foobar") == UINT64_C(0x85944171f73967e8));
}

static void joins_as_snprintf(void **state)
{
    (void)state;
    static const char *const parts[] = {"chip/", "h100", "", "/", "peak.bf16"};
    for (size_t size = 1; size < 24; size++) {
        char joined[24];
        char printed[24];
        memset(joined, 'x', sizeof joined);
        memset(printed, 'x', sizeof printed);
        mu_text_join(joined, size, parts, 5);
        (void)snprintf(printed, size, "%s%s%s%s%s", parts[0], parts[1], parts[2], parts[3],
                       parts[4]);
        assert_string_equal(joined, printed);
        assert_int_equal(joined[size], 'x');
    }
    char none[2] = "x";
    mu_text_join(none, sizeof none, parts, 0);
    assert_string_equal(none, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(distance_is_symmetric),
        cmocka_unit_test(nearest),
        cmocka_unit_test(numbers),
        cmocka_unit_test(not_numbers),
        cmocka_unit_test(exact_round_trip),
        cmocka_unit_test(numbers_agree_with_strtod),
        cmocka_unit_test(exact_by_hand),
        cmocka_unit_test(comma_locale),
        cmocka_unit_test(hashes),
        cmocka_unit_test(joins_as_snprintf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
