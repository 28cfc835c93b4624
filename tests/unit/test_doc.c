/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   values are read as written or refused with their place; outputs are untouched on failure.
 * Method: one static document with every kind of node, read rightly and wrongly.
 */
#include "base/doc.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const mu_node bandwidth[] = {
    {.kind = MU_NODE_SCALAR, .line = 3, .column = 10, .key = "best", .text = "3.2"},
    {.kind = MU_NODE_STRING, .line = 4, .column = 10, .key = "unit", .text = "TB/s"},
};
static const mu_node memory[] = {
    {.kind = MU_NODE_MAP,
     .line = 2,
     .column = 3,
     .key = "bandwidth",
     .count = 2,
     .child = bandwidth},
};
static const mu_node children[] = {
    {.kind = MU_NODE_MAP, .line = 1, .column = 1, .key = "memory", .count = 1, .child = memory},
    {.kind = MU_NODE_SCALAR, .line = 5, .column = 8, .key = "dies", .text = "2"},
    {.kind = MU_NODE_SCALAR, .line = 6, .column = 8, .key = "big", .text = "18446744073709551615"},
    {.kind = MU_NODE_SCALAR, .line = 7, .column = 8, .key = "tied", .text = "true"},
    {.kind = MU_NODE_LIST, .line = 8, .column = 8, .key = "list"},
    {.kind = MU_NODE_NULL, .line = 9, .column = 8, .key = "none"},
    {.kind = MU_NODE_STRING, .line = 10, .column = 8, .key = "quoted", .text = "2"},
};
static const mu_node root = {
    .kind = MU_NODE_MAP, .line = 1, .column = 1, .count = 7, .child = children};
static const mu_doc doc = {.file = "chip.yaml", .root = &root};

static const mu_node *node(const char *key)
{
    const mu_node *found = mu_node_get(&root, key);
    assert_non_null(found);
    return found;
}

static void look_up(void **state)
{
    (void)state;
    assert_ptr_equal(mu_node_path(&root, "memory.bandwidth.best"), &bandwidth[0]);
    assert_ptr_equal(mu_node_path(&root, "memory"), &children[0]);
    assert_null(mu_node_path(&root, "memory.band"));
    assert_null(mu_node_path(&root, "memory.bandwidth.best.more"));
    assert_null(mu_node_path(&root, ""));
    assert_null(mu_node_path(NULL, "x"));
    assert_null(mu_node_get(&root, "die"));
    assert_null(mu_node_get(NULL, "dies"));
    assert_null(mu_node_get(&children[4], "dies"));
}

static void numbers(void **state)
{
    (void)state;
    double value = -1.0;
    mu_error err = {0};
    assert_int_equal(mu_node_number(&doc, &bandwidth[0], "best", 0, 10, &value, &err), MU_OK);
    assert_true(value == 3.2);
    assert_int_equal(mu_node_number(&doc, &bandwidth[0], "best", 0, 3, &value, &err), MU_E_INPUT);
    assert_true(value == 3.2);
    assert_string_equal(err.text, "best: expected a number from 0 to 3, found \"3.2\"");
    assert_string_equal(err.file, "chip.yaml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 10);
}

static void check_no_number(const char *key, const char *message)
{
    double value = -1.0;
    mu_error err = {0};
    assert_int_equal(mu_node_number(&doc, node(key), "x", 0, 10, &value, &err), MU_E_INPUT);
    assert_string_equal(err.text, message);
    assert_true(value == -1.0);
}

static void not_numbers(void **state)
{
    (void)state;
    check_no_number("quoted", "x: expected a number, found the text \"2\"");
    check_no_number("list", "x: expected a number, found a list");
    check_no_number("memory", "x: expected a number, found a map");
    check_no_number("none", "x: expected a number, found nothing");
    check_no_number("tied", "x: expected a number, found \"true\"");
}

static mu_status count_of(const char *text, uint64_t high, uint64_t *out)
{
    const mu_node one = {.kind = MU_NODE_SCALAR, .line = 1, .column = 1, .text = text};
    mu_error err = {0};
    return mu_node_count(&doc, &one, "n", 1, high, out, &err);
}

static void counts(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_int_equal(count_of("18446744073709551615", UINT64_MAX, &value), MU_OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(count_of("1e6", 2000000, &value), MU_OK);
    assert_int_equal(value, 1000000);
    assert_int_equal(count_of("4096.0", 5000, &value), MU_OK);
    assert_int_equal(value, 4096);
}

static void not_counts(void **state)
{
    (void)state;
    static const char *const bad[] = {"18446744073709551616",
                                      "1e300",
                                      "2.5",
                                      "-1",
                                      "0",
                                      "",
                                      "1 ",
                                      "0x10",
                                      "1e12",
                                      "nan",
                                      "inf",
                                      "true"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t value = 7;
        assert_int_equal(count_of(bad[i], 1000000, &value), MU_E_INPUT);
        assert_int_equal(value, 7);
    }
}

static void bools_and_texts(void **state)
{
    (void)state;
    bool value = false;
    const char *text = NULL;
    mu_error err = {0};
    assert_int_equal(mu_node_bool(&doc, node("tied"), "tied", &value, &err), MU_OK);
    assert_true(value);
    assert_int_equal(mu_node_bool(&doc, node("dies"), "dies", &value, &err), MU_E_INPUT);
    assert_string_equal(err.text, "dies: expected true or false, found \"2\"");
    err = (mu_error){0};
    assert_int_equal(mu_node_text(&doc, node("quoted"), "q", &text, &err), MU_OK);
    assert_string_equal(text, "2");
    assert_int_equal(mu_node_text(&doc, node("list"), "l", &text, &err), MU_E_INPUT);
    assert_string_equal(text, "2");
}

static void unknown_keys(void **state)
{
    (void)state;
    static const char *const known[] = {"memory", "dies", "big", "tied", "list", "none"};
    static const char *const near_miss[] = {"memory", "dies", "big",   "tied",
                                            "list",   "none", "quoted"};
    mu_error err = {0};
    assert_int_equal(mu_node_known_keys(&doc, &root, near_miss, 7, &err), MU_OK);
    assert_int_equal(mu_node_known_keys(&doc, &root, known, 6, &err), MU_E_INPUT);
    assert_string_equal(err.text, "unknown key \"quoted\"");
    assert_int_equal(err.line, 10);
    static const char *const other[] = {"memorie"};
    err = (mu_error){0};
    assert_int_equal(mu_node_known_keys(&doc, &root, other, 1, &err), MU_E_INPUT);
    assert_string_equal(err.text, "unknown key \"memory\"; did you mean \"memorie\"?");
}

static void fail_without_place(void **state)
{
    (void)state;
    mu_error err = {0};
    assert_int_equal(mu_node_fail(&doc, NULL, &err, "no %s", "root"), MU_E_INPUT);
    assert_string_equal(err.text, "no root");
    assert_int_equal(err.line, 0);
    assert_int_equal(mu_node_fail(NULL, NULL, NULL, "x"), MU_E_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_up),      cmocka_unit_test(numbers),
        cmocka_unit_test(not_numbers),  cmocka_unit_test(counts),
        cmocka_unit_test(not_counts),   cmocka_unit_test(bools_and_texts),
        cmocka_unit_test(unknown_keys), cmocka_unit_test(fail_without_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
