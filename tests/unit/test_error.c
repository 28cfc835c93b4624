/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the first message of a failure survives, on one line, with its place.
 * Method: each part of the record by hand, then the edges: NULL, too long, control characters.
 */
#include "base/error.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void first_message_stays(void **state)
{
    (void)state;
    mu_error err = {0};
    assert_int_equal(mu_fail_at(&err, MU_E_INPUT, "a.yaml", 3, 7, "tp: %d", 5), MU_E_INPUT);
    assert_int_equal(mu_fail(&err, MU_E_MEMORY, "later"), MU_E_MEMORY);
    assert_int_equal(err.status, MU_E_INPUT);
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 7);
    assert_string_equal(err.file, "a.yaml");
    assert_string_equal(err.text, "tp: 5");
}

static void null_record(void **state)
{
    (void)state;
    assert_int_equal(mu_fail(NULL, MU_E_USAGE, "x"), MU_E_USAGE);
    assert_int_equal(mu_fail_at(NULL, MU_E_SYSTEM, NULL, 0, 0, "x"), MU_E_SYSTEM);
}

static void one_line(void **state)
{
    (void)state;
    mu_error err = {0};
    (void)mu_fail_at(&err, MU_E_INPUT, "a\nb", 1, 1, "found \"%s\"", "x\n\t\x1b[31m\x7f");
    assert_string_equal(err.text, "found \"x???[31m?\"");
    assert_string_equal(err.file, "a?b");
}

static void long_text_is_cut(void **state)
{
    (void)state;
    char many[2 * MU_ERROR_TEXT_MAX];
    memset(many, 'x', sizeof many);
    many[sizeof many - 1] = '\0';
    mu_error err = {0};
    (void)mu_fail_at(&err, MU_E_INPUT, many, 1, 1, "%s", many);
    assert_int_equal(strlen(err.text), MU_ERROR_TEXT_MAX - 1);
    assert_int_equal(strlen(err.file), MU_ERROR_FILE_MAX - 1);
}

static void check_format(const char *file, uint32_t line, uint32_t column, const char *expected)
{
    mu_error err = {0};
    char out[64];
    (void)mu_fail_at(&err, MU_E_INPUT, file, line, column, "bad");
    int length = mu_error_format(&err, out, sizeof out);
    assert_string_equal(out, expected);
    assert_int_equal(length, (int)strlen(expected));
}

static void format_of_known_parts(void **state)
{
    (void)state;
    check_format("f.json", 2, 9, "f.json:2:9: bad");
    check_format("f.json", 2, 0, "f.json:2: bad");
    check_format("f.json", 0, 0, "f.json: bad");
    check_format(NULL, 4, 1, "line 4:1: bad");
    check_format("", 0, 0, "bad");
}

static void format_is_cut(void **state)
{
    (void)state;
    mu_error err = {0};
    char out[5];
    (void)mu_fail(&err, MU_E_INPUT, "abcdefgh");
    assert_int_equal(mu_error_format(&err, out, sizeof out), 8);
    assert_string_equal(out, "abcd");
}

static void texts_and_exit_codes(void **state)
{
    (void)state;
    assert_string_equal(mu_status_text(MU_E_INPUT), "bad input");
    assert_string_equal(mu_status_text((mu_status)99), "unknown status");
    assert_int_equal(mu_status_exit_code(MU_OK), 0);
    assert_int_equal(mu_status_exit_code(MU_NO), 1);
    assert_int_equal(mu_status_exit_code(MU_E_USAGE), 2);
    assert_int_equal(mu_status_exit_code(MU_E_INPUT), 3);
    assert_int_equal(mu_status_exit_code(MU_E_MEMORY), 4);
    assert_int_equal(mu_status_exit_code(MU_E_CANCELLED), 4);
    assert_int_equal(mu_status_exit_code((mu_status)99), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_message_stays),
        cmocka_unit_test(null_record),
        cmocka_unit_test(one_line),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(format_of_known_parts),
        cmocka_unit_test(format_is_cut),
        cmocka_unit_test(texts_and_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
