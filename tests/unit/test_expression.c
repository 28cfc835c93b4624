/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   expressions mean what arithmetic means, and what is wrong is named at its place.
 * Method: values worked out by hand; every operator against C's own on drawn numbers; texts that
 *         break off, nest too deep or say nonsense.
 */
#include "study/expression.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char seen[400];
static const mu_operand_rule rules[] = {{"fact", 2}, {"says", 3}};

/* Names x, y and z are operands 0 to 2; `fact A B` is 3; `says A B "c"` is 4. */
static mu_status resolve(void *context, const mu_operand_words *words, uint32_t *index,
                         uint32_t *wrong, mu_error *err)
{
    (void)context;
    *wrong = 0;
    if (words->count == 1 && words->word[0][1] == '\0' && words->word[0][0] >= 'x') {
        *index = (uint32_t)(words->word[0][0] - 'x');
        return MU_OK;
    }
    if (words->count >= 3) {
        *index = words->count;
        *wrong = 1;
        (void)snprintf(seen, sizeof seen, "%s|%s|%s", words->word[1], words->word[2],
                       words->count > 3 ? words->word[3] : "");
        return strcmp(words->word[1], "nothing") == 0 ? mu_fail(err, MU_E_INPUT, "no such thing")
                                                      : MU_OK;
    }
    return mu_fail(err, MU_E_INPUT, "no \"%s\"", words->word[0]);
}

static const mu_operand_table table = {.rule = rules, .count = 2, .resolve = resolve};

static double value_of(const char *text)
{
    static const double operand[] = {2.0, 3.0, 7.0, 11.0, 13.0};
    mu_expression e;
    uint32_t offset = 0;
    mu_error err = {0};
    if (mu_expression_parse(text, &table, &e, &offset, &err) != MU_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return mu_expression_value(&e, operand);
}

static void test_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"1", 1.0},
        {"2 + 3 * 4", 14.0},
        {"(2 + 3) * 4", 20.0},
        {"20 - 5 - 3", 12.0},
        {"64 / 4 / 2", 8.0},
        {"-2 * 3", -6.0},
        {"2 * -3", -6.0},
        {"- - 4", 4.0},
        {"-(1 + 2)", -3.0},
        {"1.5e3 + .5", 1500.5},
        {"x + y * z", 23.0},
        {"fact cloudmatrix-384 peak.bf16 / x", 5.5},
        {"says 910c note \"two words\" + 1", 14.0},
        {"min(4, 3)", 3.0},
        {"max(1, 2, 3) * 2", 6.0},
        {"min(max(x, y), z - 5, 9)", 2.0},
        {"max(x)", 2.0},
        {"3 > 2", 1.0},
        {"3 < 2", 0.0},
        {"2 >= 2", 1.0},
        {"2 <= 1", 0.0},
        {"(3 > 2) + (1 > 2) + (x <= 2)", 2.0},
        {"1 + 1 > 1", 1.0},
        {"min(1 > 2, 5)", 0.0},
        {"max(1, 2 > 1)", 1.0},
        {"((((1))))", 1.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(fabs(value_of(cases[i].text) - cases[i].value) < 1e-12);
    }
}

static void test_words(void **state)
{
    (void)state;
    (void)value_of("fact 910c die.area");
    assert_string_equal(seen, "910c|die.area|");
    (void)value_of("says a-b c_d \"e (f) - g\"");
    assert_string_equal(seen, "a-b|c_d|e (f) - g");
}

static void refused(const char *text, uint32_t at, const char *part)
{
    mu_expression e;
    uint32_t offset = 999;
    mu_error err = {0};
    assert_int_equal(mu_expression_parse(text, &table, &e, &offset, &err), MU_E_INPUT);
    if (offset != at || strstr(err.text, part) == NULL) {
        fail_msg("%s: at %u: %s", text, offset, err.text);
    }
}

static void test_bad(void **state)
{
    (void)state;
    refused("", 0, "the end");
    refused("1 +", 3, "the end");
    refused("1 2", 2, "operator");
    refused("* 2", 0, "a number, a name or (");
    refused("(1", 0, "not closed");
    refused("1)", 1, "operator");
    refused("x, y", 1, "operator");
    refused("(x, y)", 2, "operator");
    refused("min x", 4, "(");
    refused("min()", 4, "a number");
    refused("min(1,)", 6, "a number");
    refused("abc + 1", 0, "abc");
    refused("fact nothing b", 5, "no such thing");
    refused("fact a", 6, "the end");
    refused("fact a )", 7, "a name");
    refused("says a b \"c", 9, "closing");
    refused("1 $ 2", 2, "operator");
    refused("1.2.3", 0, "a number");
}

static void test_limits(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '(', sizeof text);
    text[sizeof text - 1] = '\0';
    refused(text, MU_EXPRESSION_DEPTH_MAX, "brackets deep");
    memset(text, 'a', sizeof text - 1);
    refused(text, 0, "letters");
    size_t length = 0;
    for (int i = 0; i < MU_EXPRESSION_STEPS_MAX; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s1", i == 0 ? "" : "+");
    }
    mu_expression e;
    uint32_t offset = 0;
    mu_error err = {0};
    assert_int_equal(mu_expression_parse(text, &table, &e, &offset, &err), MU_E_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
