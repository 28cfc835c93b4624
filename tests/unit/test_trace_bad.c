/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   what is wrong with a trace is told in one line, with its place; nothing of it gets
 *         through.
 * Method: one fault a file.
 */
#include "trace_helper.h"

#include <sys/stat.h>

typedef struct bad_file {
    const char *text;
    uint32_t line, column;
    const char *message;
} bad_file;

static void assert_refused(const char *name, const bad_file bad[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        reading r = read_text(name, bad[i].text);
        mu_status status = r.open != MU_OK ? r.open : r.take;
        if (status != MU_E_INPUT || r.err.line != bad[i].line || r.err.column != bad[i].column ||
            strcmp(r.err.text, bad[i].message) != 0 || strstr(r.err.file, name) == NULL) {
            fail_msg("file %zu: %s: %u:%u: %s; expected %u:%u: %s", i, mu_status_text(status),
                     r.err.line, r.err.column, r.err.text, bad[i].line, bad[i].column,
                     bad[i].message);
        }
    }
}

#define HEAD "arrival,input,output\n"
#define A_TIME "a time: a number of 0 or more, or a date such as 2023-11-16 18:15:46.68"
#define A_DATE "a date such as 2023-11-16 18:15:46.68"
#define AN_INPUT "expected 1 to 16777216 input tokens, found "

static void test_bad_csv(void **state)
{
    (void)state;
    static const bad_file bad[] = {
        {"", 0, 0, "is empty: expected a heading and rows, or an object a line"},
        {"\n\r\n# x\n", 0, 0, "is empty: expected a heading and rows, or an object a line"},
        {HEAD, 0, 0, "expected requests, found only a heading"},
        {"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n1,m,2,0,2,x\n", 0,
         0, "expected requests, found only 1 that had failed"},
        {"TIMESTAMP,ContxtTokens,GeneratedTokens\n", 1, 11,
         "expected a column of input tokens such as \"ContextTokens\", found \"ContxtTokens\""},
        {"a,input,output\n", 1, 15,
         "expected a column of arrival times such as \"arrival_s\", found the end of the line"},
        {"\x80\xFF,\x01\n", 1, 4,
         "expected a column of arrival times such as \"arrival_s\", found the end of the line"},
        {"arrival,input,output,input\n", 1, 22, "expected each column once, found \"input\""},
        {HEAD "1,2,3\n2,3\n", 3, 4,
         "expected as many cells as the heading has, found the end of the "
         "line"},
        {HEAD "1,2,3\n2,3,4,5\n", 3, 6, "expected as many cells as the heading has, found \",\""},
        {HEAD "1,2,3\n2,", 3, 3, AN_INPUT "the end of the line"},
        {HEAD "1,,3\n", 2, 3, AN_INPUT "\",\""},
        {HEAD "1,x,3\n", 2, 3, AN_INPUT "\"x\""},
        {HEAD "1,12x,3\n", 2, 3, AN_INPUT "\"12x\""},
        {HEAD "1,0,3\n", 2, 3, AN_INPUT "\"0\""},
        {HEAD "1,-5,3\n", 2, 3, AN_INPUT "\"-5\""},
        {HEAD "1,2.5,3\n", 2, 3, AN_INPUT "\"2.5\""},
        {HEAD "1,nan,3\n", 2, 3, AN_INPUT "\"nan\""},
        {HEAD "1,16777217,3\n", 2, 3, AN_INPUT "\"16777217\""},
        {HEAD "1,99999999999999999999999,3\n", 2, 3, AN_INPUT "\"99999999999999999999999\""},
        {HEAD "1,1,4e9\n", 2, 5, "expected 1 to 16777216 output tokens, found \"4e9\""},
        {HEAD "1,1,0\n", 2, 5, "expected 1 to 16777216 output tokens, found \"0\""},
        {HEAD "\"1\",\"1,1\n", 2, 6, AN_INPUT "\"1\""},
        {"arrival,x,input,output\n1,\"a,1,1\n", 2, 3,
         "expected a quote that ends on its line, found \"\"a\""},
        {"arrival,x,input,output\n1,\"\xC3\xA9\"b,1,1\n", 2, 6,
         "expected a comma or the end of the line, found \"b\""},
        {HEAD "-1,1,1\n", 2, 1, "expected " A_TIME ", found \"-1\""},
        {HEAD "1e19,1,1\n", 2, 1, "expected " A_TIME ", found \"1e19\""},
        {HEAD "inf,1,1\n", 2, 1, "expected " A_TIME ", found \"inf\""},
        {HEAD ",1,1\n", 2, 1, "expected " A_TIME ", found \",\""},
        {HEAD "2023-13-01 00:00:00,1,1\n", 2, 1,
         "expected " A_TIME ", found \"2023-13-01 00:00:00\""},
        {HEAD "1,1,1\n2023-12-01 00:00:00,1,1\n", 3, 1,
         "expected a number, as in the rows before, found \"2023-12-01 00:00:00\""},
        {HEAD "2023-12-01 00:00:00,1,1\n7,1,1\n", 3, 1,
         "expected a date, as in the rows before, found \"7\""},
        {"arrival,input,output,tenant\n1,1,1,8\n", 2, 7, "expected a tenant, 0 to 7, found \"8\""},
        {HEAD "1,\xFF\xFE,3\n", 2, 3, AN_INPUT "\"?\?\""},
    };
    assert_refused("bad.csv", bad, sizeof bad / sizeof bad[0]);
}

#define ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3}\n"

static void test_bad_jsonl(void **state)
{
    (void)state;
    static const bad_file bad[] = {
        {"[{\"timestamp\":1,\"input_length\":2,\"output_length\":3}]", 1, 1,
         "expected a CSV heading, or an object a line, found \"[{\""},
        {"{", 1, 2, "expected a key in quotes, found the end of the line"},
        {"{}", 1, 3,
         "expected a key of arrival times such as \"arrival_s\", found the end of the line"},
        {"{\"timestmp\":1,\"input\":2,\"output\":3}", 1, 3,
         "expected a key of arrival times such as \"timestamp\", found \"timestmp\""},
        {ROW "{\"timestamp\":1,\"input_length\":2}\n", 2, 33,
         "expected a key of output tokens as in the first object, found the end of the line"},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"outp", 2, 38,
         "expected a text that ends with a quote, without control codes, found the end of the "
         "line"},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3", 2, 50,
         "expected a comma or the end of the object, found the end of the line"},
        {ROW "[1]\n", 2, 1, "expected an object, found \"[1\""},
        {ROW ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3} x", 3, 52,
         "expected one object a line, found \"x\""},
        {ROW "{\"timestamp\":1,\"timestamp\":1,\"input_length\":2,\"output_length\":3}", 2, 17,
         "expected each key once, found \"timestamp\""},
        {ROW "{\"timestamp\":\"1\",\"input_length\":2,\"output_length\":3}", 2, 14,
         "expected " A_TIME ", found \"\"1\"\""},
        {ROW "{\"timestamp\":2026-01-01 00:00:00,\"input_length\":2,\"output_length\":3}", 2, 14,
         "expected " A_TIME ", found \"2026-01-01 00:00:00\""},
        {ROW "{\"timestamp\":1,\"input_length\":null,\"output_length\":3}", 2, 31,
         AN_INPUT "\"null\""},
        {ROW "{\"timestamp\":1,\"input_length\":02,\"output_length\":3}", 2, 31, AN_INPUT "\"02\""},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3,\"x\":01}", 2, 55,
         "expected a number, found \"01\""},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3,\"x\":tru}", 2, 55,
         "expected a JSON value, found \"tru\""},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3,\"x\":\"\\ud800\"}", 2, 56,
         "expected an escape of JSON, found \"\\ud800\""},
        {ROW "{\"timestamp\":1,\"input_length\":2,\"output_length\":3,\"x\":\"\xC0\xAF\"}", 2, 55,
         "expected a text in UTF-8, found \"\"?\?\"\""},
    };
    assert_refused("bad.jsonl", bad, sizeof bad / sizeof bad[0]);
#define IDS "{\"timestamp\":1,\"input_length\":2,\"output_length\":3,\"hash_ids\":"
    static const bad_file ids[] = {
        {IDS "[1]}\n" IDS "[1,]}", 2, 65,
         "expected a list of block ids, each 0 or more, found \"]\""},
        {IDS "[1]}\n" IDS "7}", 2, 62, "expected a list of block ids, each 0 or more, found \"7\""},
        {IDS "[1]}\n" IDS "[-1]}", 2, 63,
         "expected a list of block ids, each 0 or more, found \"-1\""},
        {IDS "[1]}\n" IDS "[18446744073709551616]}", 2, 63,
         "expected a list of block ids, each 0 or more, found \"18446744073709551616\""},
        {IDS "[1]}\n" IDS "[1 2]}", 2, 65, "expected a comma or the end of the list, found \"2\""},
        {IDS "[1]}\n" IDS "[1, 2", 2, 67,
         "expected a comma or the end of the list, found the end of the line"},
    };
    assert_refused("ids.jsonl", ids, sizeof ids / sizeof ids[0]);
}

static void test_bad_files(void **state)
{
    (void)state;
    reading r = read_options(&(mu_trace_options){.path = path_of("none.csv"), .speed = 1.0});
    assert_int_equal(r.open, MU_E_INPUT);
    assert_non_null(strstr(r.err.text, "cannot be opened"));
    r = read_options(&(mu_trace_options){.path = folder, .speed = 1.0});
    assert_int_equal(r.open, MU_E_INPUT);
    assert_string_equal(r.err.text, "is a directory, expected a trace");
    const char *pipe = path_of("pipe.csv");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    r = read_options(&(mu_trace_options){.path = pipe, .speed = 1.0});
    assert_int_equal(unlink(pipe), 0);
    assert_int_equal(r.open, MU_E_INPUT);
    assert_string_equal(r.err.text, "is no plain file: a trace is read more than once");

    static const char with_nul[] = HEAD "1,1,1\n2,\0,1\n";
    r = read_bytes("nul.csv", with_nul, sizeof with_nul - 1);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.take, MU_E_INPUT);
    assert_int_equal(r.err.line, 3);
    assert_int_equal(r.err.column, 3);
    assert_string_equal(r.err.text, "a NUL byte: is this a trace?");

    r = read_text("x.csv", "\x1F\x8B\x08 and so on");
    assert_string_equal(r.err.text, "is compressed by gzip: expected text, or .zst");
    r = read_text("x.csv", "\x28\xB5\x2F\xFD and so on");
    assert_string_equal(r.err.text, "is compressed by zstd: expected a name that ends in .zst");
    r = read_text("x.csv.zst", HEAD "1,1,1\n");
    assert_non_null(strstr(r.err.text, "cannot be unpacked"));
}

/* 30,000 block ids for one request, then a line beyond the bound. */
static void test_long_lines(void **state)
{
    (void)state;
    enum { IDS_COUNT = 30000, TOKENS = IDS_COUNT * 512 };
    size_t room = (size_t)2 * MU_TRACE_LINE_MAX;
    char *text = malloc(room);
    assert_non_null(text);
    int length = snprintf(text, room,
                          "{\"timestamp\":0,\"input_length\":%d,\"output_length\":1,"
                          "\"hash_ids\":[1000000",
                          TOKENS);
    for (int i = 1; i < IDS_COUNT; i++) {
        length += snprintf(text + length, 64, ", %d", 1000000 + i);
    }
    length += snprintf(text + length, 64, "]}\n");
    size_t first = (size_t)length;
    memset(text + first, ' ', (size_t)MU_TRACE_LINE_MAX + 1);
    reading r = read_bytes("long.jsonl", text, first + MU_TRACE_LINE_MAX + 1);
    free(text);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.request[0].block_count, IDS_COUNT);
    assert_true(r.id[0][15] == 1000015);
    assert_int_equal(r.take, MU_E_INPUT);
    assert_int_equal(r.err.line, 2);
    assert_string_equal(r.err.text, "a line longer than 16777216 bytes: is this a trace?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_csv),
        cmocka_unit_test(test_bad_jsonl),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
