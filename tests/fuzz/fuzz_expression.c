/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an expression and as a date: a value, or one message at a place inside the text.
 */
#include "catalog/date.h"
#include "study/expression.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096, OPERANDS = 5 };

static const mu_operand_rule rules[] = {{"fact", 2}, {"date", 1}, {"says", 3}};

/* Whatever is named exists, but for what begins with n. */
static mu_status resolve(void *context, const mu_operand_words *words, uint32_t *index,
                         uint32_t *wrong, mu_error *err)
{
    (void)context;
    *wrong = words->count - 1;
    *index = words->count % OPERANDS;
    return words->word[words->count - 1][0] == 'n' ? mu_fail(err, MU_E_INPUT, "no such thing")
                                                   : MU_OK;
}

static void check_date(const char *text)
{
    mu_range range = {0};
    mu_error err = {0};
    if (mu_date_parse(text, &range, &err) == MU_OK
            ? !(range.low <= range.best && range.best <= range.high && range.low >= 1900.0)
            : err.text[0] == '\0') {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const double operand[OPERANDS] = {1.0, -2.0, 0.0, 1e9, 0.5};
    static const mu_operand_table table = {.rule = rules, .count = 3, .resolve = resolve};
    static mu_expression expression;
    char text[TEXT_MAX + 1];
    uint32_t offset = 0;
    mu_error err = {0};
    size = size < TEXT_MAX ? size : TEXT_MAX;
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    check_date(text);
    mu_status status = mu_expression_parse(text, &table, &expression, &offset, &err);
    if (status == MU_OK) {
        (void)mu_expression_value(&expression, operand);
    } else if (status != MU_E_INPUT || err.text[0] == '\0' || offset > strlen(text)) {
        abort();
    }
    return 0;
}
