/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a histogram of lengths is read as it stands, and nothing else is taken for one.
 * Method: a file by hand, one with more rows than the reader begins with, and faulty ones with the
 *         line and the words of their refusal.
 */
#include "io/length_read.h"
#include "trace_helper.h"

static mu_status read_lengths(const char *text, mu_length *out, mu_error *err)
{
    memset(err, 0, sizeof *err);
    const char *path = write_bytes("lengths.csv", text, strlen(text));
    mu_status status = mu_length_read(path, arena, out, err);
    assert_int_equal(unlink(path), 0);
    return status;
}

static void as_it_stands(void **state)
{
    (void)state;
    mu_length l;
    mu_error err;
    assert_int_equal(read_lengths("weight,tokens\r\n3,100\r\n1,500\r\n0,9\r\n", &l, &err), MU_OK);
    assert_int_equal(l.kind, MU_LENGTH_EMPIRICAL);
    assert_int_equal(l.count, 3);
    assert_true(l.mean == 200.0);
    assert_true(l.value[0] == 100.0 && l.value[1] == 500.0 && l.weight[1] == 1.0);
}

static void many_rows(void **state)
{
    (void)state;
    static char text[64 << 10];
    size_t used = (size_t)snprintf(text, sizeof text, "tokens,weight\n");
    for (int i = 1; i <= 1000; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,1\n", i);
    }
    mu_length l;
    mu_error err;
    assert_int_equal(read_lengths(text, &l, &err), MU_OK);
    assert_int_equal(l.count, 1000);
    assert_true(l.mean == 500.5 && l.value[999] == 1000.0);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        uint32_t line;
    } bad[] = {
        {"tokens\n5\n", "weight is missing", 1},
        {"tokens,weight\n1.5,1\n", "whole number of tokens", 2},
        {"tokens,weight\n7,1\n0,1\n", "whole number of tokens", 3},
        {"tokens,weight\n99999999,1\n", "whole number of tokens", 2},
        {"tokens,weight\n5,-1\n", "weight of 0 or more", 2},
        {"tokens,weight\n5,nan\n", "weight of 0 or more", 2},
        {"tokens,weight\n5,0\n", "weight above 0", 0},
        {"tokens,weight\n", "weight above 0", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_length l;
        mu_error err;
        assert_int_equal(read_lengths(bad[i].text, &l, &err), MU_E_INPUT);
        assert_non_null(strstr(err.text, bad[i].message));
        assert_int_equal(err.line, bad[i].line);
        assert_non_null(strstr(err.file, "lengths.csv"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_stands),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
