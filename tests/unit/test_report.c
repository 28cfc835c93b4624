/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   tables, CSV, JSON and numbers come out as people and programs expect them, byte for byte.
 * Method: small tables and trees with the expected text by hand: wide characters, quotes, numbers
 * at the edge of 17 digits, what JSON has no number for, a stream that fails.
 */
#include "report/format.h"
#include "report/json.h"
#include "report/table.h"
#include "report/wrap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT};

static mu_table *sample(mu_arena *arena)
{
    static const char *const headings[] = {"id", "rate", "note"};
    static const char *const first[] = {"a", "12", "x"};
    static const char *const second[] = {"\xe6\x98\x87\xe8\x85\xbe", "3", "say \"hi\", now"};
    static const char *const third[] = {"caf\xc3\xa9", NULL, NULL};
    mu_table *table = mu_table_create(arena, 3, headings, aligns);
    assert_non_null(table);
    mu_table_row(table, first);
    mu_table_section(table, "Part");
    mu_table_row(table, second);
    mu_table_row(table, third);
    return table;
}

/* Text a table prints; owned. */
static char *printed(const mu_table *table, bool csv, bool colour)
{
    char *text = NULL;
    size_t length = 0;
    mu_error err = {0};
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    mu_status status =
        csv ? mu_table_csv(table, out, &err) : mu_table_print(table, out, colour, &err);
    assert_int_equal(status, MU_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void table_text(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_table *table = sample(arena);
    char *text = printed(table, false, false);
    assert_string_equal(text, "id    rate  note\n"
                              "a       12  x\n"
                              "\nPart\n"
                              "\xe6\x98\x87\xe8\x85\xbe     3  say \"hi\", now\n"
                              "caf\xc3\xa9\n");
    assert_int_equal(mu_table_rows(table), 3);
    free(text);
    text = printed(table, false, true);
    assert_int_equal(strncmp(text, "\x1b[1mid", 6), 0);
    assert_non_null(strstr(text, "\x1b[1mPart\x1b[0m\n"));
    free(text);
    mu_arena_free(arena);
}

static void table_csv(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    char *text = printed(sample(arena), true, false);
    assert_string_equal(text, "id,rate,note\n"
                              "a,12,x\n"
                              "\xe6\x98\x87\xe8\x85\xbe,3,\"say \"\"hi\"\", now\"\n"
                              "caf\xc3\xa9,,\n");
    free(text);
    mu_arena_free(arena);
}

static void table_out_of_memory(void **state)
{
    (void)state;
    static const char *const headings[] = {"", "", ""};
    char wide[1024];
    mu_error err = {0};
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    const char *const row[] = {wide, wide, wide};
    mu_arena *arena = mu_arena_create(1 << 16);
    mu_table *table = mu_table_create(arena, 3, headings, aligns);
    assert_non_null(table);
    for (int i = 0; i < 1000; i++) {
        mu_table_row(table, row);
    }
    assert_int_equal(mu_table_print(table, stdout, false, &err), MU_E_MEMORY);
    mu_arena_free(arena);
}

static void table_full_disk(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        skip();
    }
    mu_arena *arena = mu_arena_create(0);
    mu_error err = {0};
    assert_int_equal(mu_table_print(sample(arena), full, false, &err), MU_E_SYSTEM);
    assert_non_null(strstr(err.text, "cannot write"));
    fclose(full);
    mu_arena_free(arena);
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(mu_text_width("abc"), 3);
    assert_int_equal(mu_text_width("\xe6\x98\x87"), 2); /* wide */
    assert_int_equal(mu_text_width("e\xcc\x81"), 1);    /* combining accent */
    assert_int_equal(mu_text_width("\xff\xfe"), 2);     /* broken bytes stand for themselves */
    assert_int_equal(mu_text_width("\xe6"), 1);         /* cut short */
}

static char *dumped(json_t *json)
{
    char *text = NULL;
    mu_error err = {0};
    assert_int_equal(mu_json_dump(json, &text, &err), MU_OK);
    json_decref(json);
    return text;
}

static void json_numbers(void **state)
{
    (void)state;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "z", mu_json_number(0.1));
    mu_json_put(&json, "a", mu_json_number(1.0 / 3.0));
    mu_json_put(&json, "big", mu_json_number(1e300));
    mu_json_put(&json, "nan", mu_json_number((double)NAN));
    mu_json_put(&json, "inf", mu_json_number((double)INFINITY));
    mu_json_put(&json, "n", json_integer(256));
    char *text = dumped(mu_json_done(&json));
    assert_string_equal(text, "{\"z\": 0.1, \"a\": 0.3333333333333333, \"big\": 1e+300, "
                              "\"nan\": null, \"inf\": null, \"n\": 256}\n");
    free(text);
}

static void json_shape(void **state)
{
    (void)state;
    mu_quantity quantity = {2.0, 1.0, 3.0};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "q", mu_json_quantity(quantity, "s"));
    mu_json_put(&json, "t", mu_json_text("a\"b\n\xc3\xa9"));
    mu_json_put(&json, "bad", mu_json_text("a\xff"));
    mu_json_put(&json, "empty", json_object());
    char *text = dumped(mu_json_done(&json));
    assert_string_equal(text, "{\n"
                              "  \"q\": {\"value\": 2, \"low\": 1, \"high\": 3, \"unit\": \"s\"},\n"
                              "  \"t\": \"a\\\"b\\n\xc3\xa9\",\n"
                              "  \"bad\": \"a?\",\n"
                              "  \"empty\": {}\n"
                              "}\n");
    free(text);
}

static void json_failure(void **state)
{
    (void)state;
    mu_json json = mu_json_begin();
    mu_error err = {0};
    mu_json_put(&json, "a", NULL);
    mu_json_put(&json, "b", json_integer(1));
    assert_null(mu_json_done(&json));
    assert_int_equal(mu_json_print(NULL, stdout, &err), MU_E_MEMORY);
}

static void counts(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {12, "12"},
        {999, "999"},
        {1000, "1,000"},
        {12288, "12,288"},
        {1e6, "1,000,000"},
        {671026419200.0, "671,026,419,200"},
        {37.18, "37.2"},
        {1234.6, "1,235"},
        {-1500, "-1,500"},
        {(double)NAN, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MU_CELL_MAX];
        mu_format_count(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void quantities(void **state)
{
    (void)state;
    char text[MU_CELL_MAX];
    mu_quantity quantity = {1940.0, 1610.0, 2220.0};
    mu_format_quantity(quantity, MU_DIM_NONE, text);
    assert_string_equal(text, "1.94 k [1.61 k, 2.22 k]");
    mu_format_quantity(mu_quantity_point(0.0494), MU_DIM_TIME, text);
    assert_string_equal(text, "49.4 ms");
    mu_format_ratio(mu_quantity_point(0.0), text);
    assert_string_equal(text, "-");
    quantity = (mu_quantity){4.21, 3.9, 4.6};
    mu_format_ratio(quantity, text);
    assert_string_equal(text, "4.21 [3.90, 4.60]");
}

static void cuts(void **state)
{
    (void)state;
    char text[MU_CELL_MAX];
    mu_role role = {.instances = 6};
    role.parallel = (mu_parallel){.tp = 1, .pp = 1, .cp = 1, .dp = 32, .ep = 32, .moe_tp = 1};
    mu_format_cut(&role, text);
    assert_string_equal(text, "6 x (DP 32, EP 32)");
    role.parallel.dp = 1;
    role.parallel.ep = 1;
    mu_format_cut(&role, text);
    assert_string_equal(text, "6 x (1 rank)");
}

static void wrapping(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    static const char word[] = "ninechars ";
    char words[30 * (sizeof word - 1) + 1] = "";
    for (size_t i = 0; i < 30; i++) {
        memcpy(words + i * (sizeof word - 1), word, sizeof word);
    }
    FILE *out = open_memstream(&text, &length);
    mu_wrap(out, words, 4, 0);
    assert_int_equal(fclose(out), 0);
    char *line = strtok(text, "\n");
    int lines = 0;
    for (; line != NULL; line = strtok(NULL, "\n"), lines++) {
        assert_true(strlen(line) <= MU_WRAP_WIDTH);
        assert_true(lines == 0 || strncmp(line, "    ninechars", 13) == 0);
    }
    assert_int_equal(lines, 4);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_text),
        cmocka_unit_test(table_csv),
        cmocka_unit_test(table_out_of_memory),
        cmocka_unit_test(table_full_disk),
        cmocka_unit_test(widths),
        cmocka_unit_test(json_numbers),
        cmocka_unit_test(json_shape),
        cmocka_unit_test(json_failure),
        cmocka_unit_test(counts),
        cmocka_unit_test(quantities),
        cmocka_unit_test(cuts),
        cmocka_unit_test(wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
