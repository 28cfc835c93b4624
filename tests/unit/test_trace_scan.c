/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the hand-written scanners of traces read what slower, trusted ones read, and refuse what
 *         those refuse.
 * Method: numbers against strtod, days against counting them, JSON objects and damaged ones against
 *         jansson; by seeded random draws, and the edges by hand.
 */
#include "base/random.h"
#include "io/trace_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t drawn; /* of the random stream */

static uint32_t draw(uint32_t below)
{
    return (uint32_t)(mu_random_bits(20231116, 7, drawn++) % below);
}

static mu_scan scan_of(const char *text, bool json)
{
    return (mu_scan){.line = text, .at = text, .end = text + strlen(text), .json = json};
}

static void assert_number(const char *text)
{
    mu_scan scan = scan_of(text, false);
    double got = NAN;
    double wanted = strtod(text, NULL);
    if (!mu_scan_number(&scan, &got) || memcmp(&got, &wanted, sizeof got) != 0 ||
        scan.at != scan.end) {
        fail_msg("%s: %.17g, expected %.17g", text, got, wanted);
    }
}

/* Short ones and ones of more digits than a double has. */
static void draw_number(char text[80])
{
    uint32_t before = 1 + draw(draw(2) == 0 ? 5 : 24);
    uint32_t behind = draw(2) == 0 ? 0 : 1 + draw(draw(2) == 0 ? 6 : 24);
    int length = sprintf(text, "%s", draw(4) == 0 ? "-" : "");
    for (uint32_t k = 0; k < before + behind; k++) {
        length += sprintf(text + length, "%s%u", k == before ? "." : "", draw(10));
    }
    if (draw(3) == 0) {
        (void)sprintf(text + length, "%c%s%u", draw(2) == 0 ? 'e' : 'E', draw(2) == 0 ? "-" : "+",
                      draw(draw(2) == 0 ? 30 : 330));
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const edges[] = {"0",
                                        "-0",
                                        "0.0",
                                        "9007199254740993",
                                        "1e22",
                                        "1e23",
                                        "1e-22",
                                        "1e23",
                                        "123456789012345678901",
                                        "0.1e-5",
                                        "1e400",
                                        "4.9e-324",
                                        "2.2250738585072011e-308",
                                        "1e-400",
                                        "0e999999999999",
                                        "1e99999999999999999999",
                                        "9007199254740992.00000000000000000001"};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        assert_number(edges[i]);
    }
    for (int i = 0; i < 200000; i++) {
        char text[80];
        draw_number(text);
        assert_number(text);
    }
}

static void test_not_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "-",   "+1",  ".5", "5.",  "1e",   "1e+",
                                      "e5", "--1", "nan", "x",  "-.5", "1.e5", "\xB2"};
    double number = 0.0;
    uint64_t whole = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_scan scan = scan_of(bad[i], false);
        assert_false(mu_scan_number(&scan, &number));
        assert_true(scan.at == scan.line && scan.expected != NULL);
        assert_false(mu_scan_whole(&scan, "a whole", &whole));
        assert_string_equal(scan.expected, "a whole");
    }
    mu_scan padded = scan_of("01", true);
    assert_false(mu_scan_number(&padded, &number));
    assert_false(mu_scan_whole(&padded, "a whole", &whole));
    padded.json = false;
    assert_true(mu_scan_whole(&padded, "a whole", &whole));
    assert_int_equal(whole, 1);
}

static void test_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
        bool ok;
    } cases[] = {{"0", 0, true},
                 {"1.000", 1, true},
                 {"12e2", 1200, true},
                 {"1200e-2", 12, true},
                 {"9007199254740992.0", UINT64_C(1) << 53, true},
                 {"9999999999999999999", 9999999999999999999U, true},
                 {"18446744073709551615", UINT64_MAX, true},
                 {"18446744073709551616", 0, false},
                 {"1e16", 0, false},
                 {"-1", 0, false},
                 {"0.5", 0, false},
                 {"99999999999999999999999", 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_scan scan = scan_of(cases[i].text, true);
        uint64_t value = 0;
        assert_true(mu_scan_whole(&scan, "", &value) == cases[i].ok);
        assert_true(!cases[i].ok || (value == cases[i].value && scan.at == scan.end));
    }
}

/* Every day of two centuries, counted one by one. */
static void test_days(void **state)
{
    (void)state;
    static const int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = 0;
    for (int year = 1970; year < 2200; year++) {
        for (int month = 1; month <= 12; month++) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            int last = days_in[month - 1] + (month == 2 && leap ? 1 : 0);
            for (int day = 1; day <= last + 1; day++) {
                char text[64];
                mu_moment moment = {0};
                (void)sprintf(text, "%04d-%02d-%02d 00:00:01", year, month, day);
                mu_scan scan = scan_of(text, false);
                assert_true(mu_scan_moment(&scan, &moment) == (day <= last));
                assert_true(day > last || moment.ticks == (86400 * days + 1) * 1000000000);
                days += day <= last ? 1 : 0;
            }
        }
    }
}

static void test_moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ticks;
        double part;
        bool dated;
    } good[] = {{"0", 0, 0.0, false},
                {"12.25", 12, 0.25, false},
                {"1700158546680590000", 1700158546680590000, 0.0, false},
                {"007", 7, 0.0, false},
                {"1e3", 1000, 0.0, false},
                {"2.5e0", 2, 0.5, false},
                {"0.0000000000000000000000000001", 0, 1e-28, false},
                {"1970-01-01 00:00:00", 0, 0.0, true},
                {"1970-01-01T00:00:00.1", 100000000, 0.0, true},
                {"1970-01-01 00:00:60.000000009Z", 60000000009, 0.0, true},
                {"1970-01-02 05:30:00+05:30", 86400000000000, 0.0, true},
                {"1970-01-01 00:00:00-01", 3600000000000, 0.0, true},
                {"1970-01-01 00:00:00-0130", 5400000000000, 0.0, true}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        mu_scan scan = scan_of(good[i].text, false);
        mu_moment m = {0};
        if (!mu_scan_moment(&scan, &m) || scan.at != scan.end || m.ticks != good[i].ticks ||
            m.part != good[i].part || m.dated != good[i].dated) {
            fail_msg("%s: %lld + %g", good[i].text, (long long)m.ticks, m.part);
        }
    }
    static const char *const bad[] = {
        "",
        "-1",
        "1e19",
        "99999999999999999999",
        "1969-12-31 23:59:59",
        "2200-01-01 00:00:00",
        "2023-02-29 00:00:00",
        "2023-00-10 00:00:00",
        "2023-1-1 00:00:00",
        "2023-11-16",
        "2023-11-16 ",
        "2023-11-16 24:00:00",
        "2023-11-16 00:60:00",
        "2023-11-16 00:00:61",
        "2023-11-16 00:00",
        "2023-11-16 00:00:00.1234567890",
        "2023-11-16 00:00:00+1",
        "2023-11-16 00:00:00+24:00",
        "2023-11-16 00:00:00+01:60",
        "2023/11/16 00:00:00",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_scan scan = scan_of(bad[i], false);
        mu_moment m = {0};
        if (mu_scan_moment(&scan, &m) && scan.at == scan.end) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static bool is_skipped(const char *text)
{
    mu_scan scan = scan_of(text, true);
    return mu_scan_json_skip(&scan) && scan.at == scan.end;
}

enum { TEXT_MAX = 65536 };

typedef struct writer {
    char text[TEXT_MAX];
    size_t length;
} writer;

static void put(writer *w, const char *text)
{
    size_t length = strlen(text);
    assert_true(w->length + length < TEXT_MAX);
    memcpy(w->text + w->length, text, length + 1);
    w->length += length;
}

static void put_one(writer *w, const char *const choice[], uint32_t count)
{
    put(w, choice[draw(count)]);
}
#define PUT_ONE(w, choice) put_one(w, choice, sizeof(choice) / sizeof(choice)[0])

static void test_depth(void **state)
{
    (void)state;
    static writer w;
    for (int depth = 1; depth <= 80; depth++) {
        w.length = 0;
        for (int i = 0; i < depth; i++) {
            put(&w, i % 2 == 0 ? "[" : "{\"k\":");
        }
        put(&w, "0");
        for (int i = depth - 1; i >= 0; i--) {
            put(&w, i % 2 == 0 ? "]" : "}");
        }
        assert_true(is_skipped(w.text) == (depth <= MU_JSON_DEPTH_MAX));
        w.text[w.length - 1] = '}';
        assert_false(is_skipped(w.text));
    }
}

static void put_space(writer *w)
{
    static const char *const space[] = {"", "", "", " ", "\t", "  ", "\r"};
    PUT_ONE(w, space);
}

static void put_string(writer *w)
{
    static const char *const part[] = {
        "a",   "timestamp",        "\\\"",           "\\\\", "\\/", "\\u0041",
        "\\n", "\xC3\xA9",         "\\uD83D\\uDE00", " ",    "{",   "]",
        ",",   "\xF0\x9F\x98\x80", "\\uffff"};
    put(w, "\"");
    for (uint32_t i = draw(5); i > 0; i--) {
        PUT_ONE(w, part);
    }
    put(w, "\"");
}

/* Any value without brackets. */
static void put_scalar(writer *w)
{
    static const char *const value[] = {"0",     "-0",   "17",   "-3.25",
                                        "1e5",   "2E-3", "true", "null",
                                        "false", "0.5",  "1e+2", "12345678901234567"};
    if (draw(3) == 0) {
        put_string(w);
    } else {
        PUT_ONE(w, value);
    }
}

/* A key that no other has: jansson would take the last of two. */
static void put_key(writer *w)
{
    char number[16];
    put_space(w);
    put_string(w);
    w->length--; /* the quote */
    (void)sprintf(number, "%u\"", (unsigned)(drawn % 1000000));
    put(w, number);
    put_space(w);
    put(w, ":");
    put_space(w);
}

/* An element of a list or an object. */
static void put_sibling(writer *w, bool object)
{
    if (object && draw(3) == 0) {
        put(w, "\"input_length\":");
    } else if (object) {
        put_key(w);
    }
    put_space(w);
    put_scalar(w);
    put_space(w);
}

/* Any value, nested up to 12 deep, with siblings before and behind on every level. */
static void put_value(writer *w)
{
    static const char *const empty[] = {"[]", "{}", "[ ]", "{\t}"};
    bool object[12];
    uint32_t depth = draw(3) == 0 ? draw(13) : 0;
    put_space(w);
    for (uint32_t i = 0; i < depth; i++) {
        object[i] = draw(2) == 0;
        put(w, object[i] ? "{" : "[");
        if (draw(2) == 0) {
            put_sibling(w, object[i]);
            put(w, ",");
        }
        if (object[i]) {
            put_key(w);
        }
        put_space(w);
    }
    if (draw(5) == 0) {
        PUT_ONE(w, empty);
    } else {
        put_scalar(w);
    }
    while (depth > 0) {
        depth--;
        put_space(w);
        if (draw(2) == 0) {
            put(w, ",");
            put_sibling(w, object[depth]);
        }
        put(w, object[depth] ? "}" : "]");
    }
}

static void put_known(writer *w, int which)
{
    static const char *const whole[] = {"1",    "512", "16777216", "4096", "7.0",
                                        "12e2", "0",   "-1",       "2.5",  "9007199254740993"};
    static const char *const time[] = {"0",   "27",     "3536999", "61.114",
                                       "1e3", "12.000", "-1",      "1e18"};
    static const char *const key[] = {"timestamp", "input_length", "output_length", "hash_ids"};
    put(w, "\"");
    put(w, key[which]);
    put(w, "\"");
    put_space(w);
    put(w, ":");
    put_space(w);
    if (which == 0) {
        PUT_ONE(w, time);
    } else if (which < 3) {
        PUT_ONE(w, whole);
    } else {
        put(w, "[");
        for (uint32_t i = draw(8); i > 0; i--) {
            char id[32];
            put_space(w);
            (void)sprintf(id, "%u", draw(200000));
            put(w, draw(50) == 0 ? "1.5" : id);
            put_space(w);
            put(w, i > 1 ? "," : "");
        }
        put(w, "]");
    }
}

/* An object with the four keys (rarely without one) in any order among others. */
static void put_object(writer *w)
{
    int order[4] = {0, 1, 2, 3};
    for (uint32_t i = 3; i > 0; i--) {
        uint32_t k = draw(i + 1);
        int kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    w->length = 0;
    put_space(w);
    put(w, "{");
    bool first = true;
    for (int i = 0; i < 4; i++) {
        for (uint32_t others = draw(3); others > 0; others--) {
            put(w, first ? "" : ",");
            put_key(w);
            put_value(w);
            first = false;
        }
        if (draw(60) > 0) {
            put_space(w);
            put(w, first ? "" : ",");
            put_space(w);
            put_known(w, order[i]);
            put_space(w);
            first = false;
        }
    }
    put(w, "}");
    put_space(w);
}

/* Changes or drops a byte or two, or cuts the text; half of the time at a mark of JSON. */
static void damage(writer *w)
{
    static const char marks[] = "{}[]\",:\\";
    static const char bytes[] = "0123456789.eE+-truefalsn \t\x01\x7f\x80\xc3\xff";
    for (uint32_t i = 1 + draw(2); i > 0 && w->length > 1; i--) {
        size_t place = draw((uint32_t)w->length);
        bool mark = draw(2) == 0;
        place += mark ? strcspn(w->text + place, marks) : 0;
        place = place < w->length ? place : w->length - 1;
        switch (draw(3)) {
        case 0:
            if (mark) {
                w->text[place] = marks[draw(sizeof marks - 1)];
            } else {
                w->text[place] = bytes[draw(sizeof bytes - 1)];
            }
            break;
        case 1:
            memmove(w->text + place, w->text + place + 1, w->length - place);
            w->length--;
            break;
        default:
            w->length = place > 0 ? place : 1;
            w->text[w->length] = '\0';
            break;
        }
    }
}

/* A whole number of 0 or more, as mu_scan_whole() takes them. */
static bool whole_of(const json_t *value, uint64_t *out)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : -1.0;
    bool ok = real >= 0.0 && real <= 0x1p53 && real == floor(real);
    *out = ok ? (uint64_t)real : 0;
    return ok;
}

/* Whether a row is what jansson read; false also where it should have been refused. */
static bool is_row(const json_t *object, const mu_trace_row *row)
{
    uint64_t number = 0;
    double time = json_number_value(json_object_get(object, "timestamp"));
    if (fabs((double)row->arrival.ticks + row->arrival.part - time) > 1e-15 * time ||
        !whole_of(json_object_get(object, "input_length"), &number) ||
        number != row->number[MU_TRACE_INPUT] ||
        !whole_of(json_object_get(object, "output_length"), &number) ||
        number != row->number[MU_TRACE_OUTPUT]) {
        return false;
    }
    const json_t *ids = json_object_get(object, "hash_ids");
    if (json_array_size(ids) != row->block_count) {
        return false;
    }
    for (size_t i = 0; i < row->block_count; i++) {
        if (!whole_of(json_array_get(ids, i), &number) || number != row->block[i]) {
            return false;
        }
    }
    return true;
}

/* Whether a row of these values must be taken. */
static bool is_takable(const json_t *object)
{
    uint64_t number = 0;
    const json_t *time = json_object_get(object, "timestamp");
    const json_t *ids = json_object_get(object, "hash_ids");
    bool ok = json_is_number(time) && json_number_value(time) >= 0.0 &&
              json_number_value(time) <= 1e18 &&
              whole_of(json_object_get(object, "input_length"), &number) &&
              whole_of(json_object_get(object, "output_length"), &number) &&
              (ids == NULL || json_is_array(ids));
    for (size_t i = 0; i < json_array_size(ids); i++) {
        ok = ok && whole_of(json_array_get(ids, i), &number);
    }
    return ok;
}

/* What jansson cannot judge: numbers beyond its integers, keys twice (it takes the last). */
static bool is_beyond_jansson(const char *text, size_t length, const json_error_t *error)
{
    json_error_t again;
    json_t *once = json_loadb(text, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &again);
    bool twice = once == NULL && json_error_code(&again) == json_error_duplicate_key;
    json_decref(once);
    return twice || json_error_code(error) == json_error_numeric_overflow ||
           strstr(text, "\\u0000") != NULL;
}

typedef struct tally {
    uint32_t taken, refused, unjudged;
} tally;

static void compare(const mu_trace_plan *plan, const writer *w, mu_trace_row *row, tally *sum)
{
    json_error_t error = {.text = ""};
    json_t *object = json_loadb(w->text, w->length, JSON_ALLOW_NUL, &error);
    mu_scan scan = scan_of(w->text, true);
    bool ours = mu_trace_row_json(plan, &scan, row);
    if (!ours) {
        assert_non_null(scan.expected);
        assert_true(scan.at >= scan.line && scan.at <= scan.end);
    }
    bool theirs = object != NULL && json_is_object(object) && is_takable(object);
    if (is_beyond_jansson(w->text, w->length, &error)) {
        sum->unjudged++;
    } else if (ours != theirs || (ours && !is_row(object, row))) {
        fail_msg("ours %d (%s at %d), jansson %d (%s): %s", ours,
                 ours || scan.expected == NULL ? "" : scan.expected, (int)(scan.at - scan.line),
                 theirs, error.text, w->text);
    } else {
        sum->taken += ours ? 1 : 0;
        sum->refused += ours ? 0 : 1;
    }
    json_decref(object);
}

static void test_against_jansson(void **state)
{
    (void)state;
    static const char first[] =
        "{\"timestamp\":0,\"input_length\":1,\"output_length\":1,\"hash_ids\":[0]}";
    static writer w;
    static mu_trace_plan plan;
    enum { OBJECTS = 30000 };
    mu_trace_row row = {.block = NULL};
    mu_scan scan = scan_of(first, true);
    tally whole = {0};
    tally damaged = {0};
    assert_true(mu_trace_plan_json(&scan, &plan));
    for (int i = 0; i < OBJECTS; i++) {
        put_object(&w);
        compare(&plan, &w, &row, &whole);
        damage(&w);
        compare(&plan, &w, &row, &damaged);
    }
    free(row.block);
    /* both outcomes are common in both, so that neither side agrees by saying always the same */
    assert_true(whole.taken > OBJECTS / 4 && whole.refused > OBJECTS / 20);
    assert_true(damaged.taken > OBJECTS / 50 && damaged.refused > OBJECTS / 2);
    assert_true(whole.unjudged + damaged.unjudged < OBJECTS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),         cmocka_unit_test(test_not_numbers),
        cmocka_unit_test(test_whole),           cmocka_unit_test(test_days),
        cmocka_unit_test(test_moments),         cmocka_unit_test(test_depth),
        cmocka_unit_test(test_against_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
