/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses by two stacks (operators pending, steps done), so that no bracket costs a call.
 *
 * Terms: level = how tightly an operator binds; a mark is an open bracket on the operator stack,
 *        with the function it belongs to and the arguments seen.
 */
#include "study/expression.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_WORD, TOKEN_TEXT, TOKEN_SIGN } token_kind;

typedef struct token {
    token_kind kind;
    uint32_t offset;
    char text[MU_EXPRESSION_WORD_MAX];
} token;

/* An operator that waits for its right side; level 0 = an open bracket. */
typedef struct pending {
    mu_step_kind kind;
    int level;
    bool function;
    uint32_t offset;
} pending;

typedef struct parser {
    const char *text;
    uint32_t at;
    const mu_operand_table *operands;
    mu_expression *out;
    pending stack[MU_EXPRESSION_DEPTH_MAX];
    uint32_t depth;
    uint32_t offset; /* of the fault */
    mu_error *err;
} parser;

static const struct {
    const char *sign;
    mu_step_kind kind;
    int level;
} binaries[] = {
    {">=", MU_STEP_AT_LEAST, 2}, {"<=", MU_STEP_AT_MOST, 2}, {">", MU_STEP_ABOVE, 2},
    {"<", MU_STEP_BELOW, 2},     {"+", MU_STEP_ADD, 3},      {"-", MU_STEP_SUBTRACT, 3},
    {"*", MU_STEP_MULTIPLY, 4},  {"/", MU_STEP_DIVIDE, 4},
};
enum { BINARIES = sizeof binaries / sizeof binaries[0], FOLD_LEVEL = 1, NEGATE_LEVEL = 5 };

static const char word_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "_.-";

static mu_status wrong(parser *p, uint32_t offset, const char *expected, const token *found)
{
    p->offset = offset;
    if (found->kind == TOKEN_END) {
        return mu_fail(p->err, MU_E_INPUT, "expected %s, found the end of the expression",
                       expected);
    }
    return mu_fail(p->err, MU_E_INPUT, "expected %s, found \"%.40s\"", expected, found->text);
}

static mu_status too_long(parser *p, uint32_t offset)
{
    p->offset = offset;
    return mu_fail(p->err, MU_E_INPUT,
                   "expected an expression of at most %d steps, %d brackets deep, words up to %d "
                   "letters",
                   MU_EXPRESSION_STEPS_MAX, MU_EXPRESSION_DEPTH_MAX, MU_EXPRESSION_WORD_MAX - 1);
}

/* Length of a number: digits, a point, an exponent. */
static size_t number_length(const char *s)
{
    size_t n = strspn(s, "0123456789.");
    if (s[n] == 'e' || s[n] == 'E') {
        size_t sign = s[n + 1] == '-' || s[n + 1] == '+' ? 1 : 0;
        size_t digits = strspn(s + n + 1 + sign, "0123456789");
        n += digits > 0 ? 1 + sign + digits : 0;
    }
    return n;
}

static size_t sign_length(const char *s)
{
    return (s[0] == '>' || s[0] == '<') && s[1] == '=' ? 2 : 1;
}

static token_kind kind_at(const char *s, bool as_word)
{
    if (s[0] == '\0') {
        return TOKEN_END;
    }
    if (s[0] == '"') {
        return TOKEN_TEXT;
    }
    if (!as_word && strchr("0123456789.", s[0]) != NULL) {
        return TOKEN_NUMBER;
    }
    return s[0] != '-' && strchr(word_bytes, s[0]) != NULL ? TOKEN_WORD : TOKEN_SIGN;
}

/* The next token; `as_word`: ids may begin with a digit. */
static mu_status next(parser *p, bool as_word, token *out)
{
    p->at += (uint32_t)strspn(p->text + p->at, " \t\r\n");
    const char *s = p->text + p->at;
    *out = (token){.kind = kind_at(s, as_word), .offset = p->at};
    size_t skip = out->kind == TOKEN_TEXT ? 1 : 0;
    size_t length = 0;
    switch (out->kind) {
    case TOKEN_END:
        break;
    case TOKEN_NUMBER:
        length = number_length(s);
        break;
    case TOKEN_WORD:
        length = strspn(s, word_bytes);
        break;
    case TOKEN_TEXT:
        length = strcspn(s + 1, "\"");
        break;
    case TOKEN_SIGN:
        length = sign_length(s);
        break;
    }
    if (length >= sizeof out->text) {
        return too_long(p, p->at);
    }
    memcpy(out->text, s + skip, length);
    out->text[length] = '\0';
    if (skip == 1 && s[1 + length] == '\0') {
        p->offset = p->at;
        return mu_fail(p->err, MU_E_INPUT, "a text that begins here has no closing \"");
    }
    p->at += (uint32_t)(length + 2 * skip);
    return MU_OK;
}

static mu_status emit(parser *p, mu_step_kind kind, uint32_t index, double number, uint32_t offset)
{
    if (p->out->count == MU_EXPRESSION_STEPS_MAX) {
        return too_long(p, offset);
    }
    p->out->step[p->out->count++] =
        (mu_expression_step){.kind = kind, .index = index, .number = number};
    return MU_OK;
}

static mu_status push(parser *p, pending what)
{
    if (p->depth == MU_EXPRESSION_DEPTH_MAX) {
        return too_long(p, what.offset);
    }
    p->stack[p->depth++] = what;
    return MU_OK;
}

/* Emits what waits and binds at least as tightly. */
static mu_status settle(parser *p, int level)
{
    mu_status status = MU_OK;
    while (status == MU_OK && p->depth > 0 && p->stack[p->depth - 1].level >= level) {
        const pending *top = &p->stack[--p->depth];
        status = emit(p, top->kind, 0, 0.0, top->offset);
    }
    return status;
}

static mu_status operand(parser *p, const token *first)
{
    mu_operand_words words = {.count = 1};
    uint32_t index = 0;
    uint32_t blamed = 0;
    uint32_t follow = 0;
    for (uint32_t i = 0; i < p->operands->count; i++) {
        if (strcmp(p->operands->rule[i].keyword, first->text) == 0) {
            follow = p->operands->rule[i].words;
        }
    }
    assert(follow < MU_EXPRESSION_WORDS_MAX);
    memcpy(words.word[0], first->text, sizeof first->text);
    words.offset[0] = first->offset;
    for (uint32_t i = 1; i <= follow; i++) {
        token t;
        mu_status status = next(p, true, &t);
        if (status == MU_OK && t.kind != TOKEN_WORD && t.kind != TOKEN_TEXT) {
            status = wrong(p, t.offset, "a name or \"text\" that goes with the word before", &t);
        }
        if (status != MU_OK) {
            return status;
        }
        memcpy(words.word[i], t.text, sizeof t.text);
        words.offset[i] = t.offset;
        words.count++;
    }
    mu_status status = p->operands->resolve(p->operands->context, &words, &index, &blamed, p->err);
    if (status != MU_OK) {
        p->offset = words.offset[blamed < words.count ? blamed : 0];
        return status;
    }
    return emit(p, MU_STEP_OPERAND, index, 0.0, first->offset);
}

/* min( or max( */
static mu_status function(parser *p, const token *name)
{
    token open;
    mu_step_kind kind = strcmp(name->text, "min") == 0 ? MU_STEP_MIN : MU_STEP_MAX;
    mu_status status = next(p, false, &open);
    if (status == MU_OK && strcmp(open.text, "(") != 0) {
        status = wrong(p, open.offset, "( behind min or max", &open);
    }
    return status != MU_OK
               ? status
               : push(p, (pending){.kind = kind, .function = true, .offset = name->offset});
}

/* Something that has a value; *done when it is whole, not when a bracket or sign opened. */
static mu_status value(parser *p, const token *t, bool *done)
{
    double number = 0.0;
    *done = true;
    if (t->kind == TOKEN_NUMBER && mu_text_number(t->text, &number)) {
        return emit(p, MU_STEP_NUMBER, 0, number, t->offset);
    }
    if (t->kind == TOKEN_WORD && (strcmp(t->text, "min") == 0 || strcmp(t->text, "max") == 0)) {
        *done = false;
        return function(p, t);
    }
    if (t->kind == TOKEN_WORD) {
        return operand(p, t);
    }
    *done = false;
    if (t->kind == TOKEN_SIGN && t->text[0] == '-') {
        return push(p, (pending){MU_STEP_NEGATE, NEGATE_LEVEL, false, t->offset});
    }
    if (t->kind == TOKEN_SIGN && t->text[0] == '(') {
        return push(p, (pending){.offset = t->offset});
    }
    return wrong(p, t->offset, "a number, a name or (", t);
}

/* A closing bracket or a comma: what is inside is whole. */
static mu_status bracket(parser *p, const token *t, bool *done)
{
    mu_status status = settle(p, FOLD_LEVEL);
    if (status != MU_OK) {
        return status;
    }
    const pending *open = p->depth > 0 ? &p->stack[p->depth - 1] : NULL;
    bool comma = t->text[0] == ',';
    if (open == NULL || (comma && !open->function)) {
        return wrong(p, t->offset, "an operator or the end", t);
    }
    *done = !comma;
    if (comma) { /* the argument before it and the one behind it become one */
        return push(p, (pending){open->kind, FOLD_LEVEL, false, t->offset});
    }
    p->depth--;
    return MU_OK;
}

/* What joins one value to the next; *done when a value is still whole behind it. */
static mu_status joint(parser *p, const token *t, bool *done)
{
    *done = false;
    if (t->kind == TOKEN_SIGN && (t->text[0] == ')' || t->text[0] == ',')) {
        return bracket(p, t, done);
    }
    for (size_t i = 0; t->kind == TOKEN_SIGN && i < BINARIES; i++) {
        if (strcmp(binaries[i].sign, t->text) == 0) {
            mu_status status = settle(p, binaries[i].level);
            pending waits = {binaries[i].kind, binaries[i].level, false, t->offset};
            return status == MU_OK ? push(p, waits) : status;
        }
    }
    return wrong(p, t->offset, "an operator (+ - * / > < >= <=) or the end", t);
}

static mu_status finish(parser *p)
{
    mu_status status = settle(p, FOLD_LEVEL);
    if (status == MU_OK && p->depth > 0) {
        p->offset = p->stack[p->depth - 1].offset;
        status = mu_fail(p->err, MU_E_INPUT, "this bracket is not closed");
    }
    return status;
}

static mu_status parse(parser *p)
{
    bool done = false; /* a whole value stands before */
    for (;;) {
        token t;
        mu_status status = next(p, false, &t);
        if (status == MU_OK && done && t.kind == TOKEN_END) {
            return finish(p);
        }
        if (status == MU_OK) {
            status = done ? joint(p, &t, &done) : value(p, &t, &done);
        }
        if (status != MU_OK) {
            return status;
        }
    }
}

mu_status mu_expression_parse(const char *text, const mu_operand_table *operands,
                              mu_expression *out, uint32_t *offset, mu_error *err)
{
    assert(text != NULL && operands != NULL && out != NULL && offset != NULL);
    parser p = {.text = text, .operands = operands, .out = out, .err = err};
    out->count = 0;
    mu_status status = parse(&p);
    *offset = p.offset;
    return status;
}

static double combine(mu_step_kind kind, double a, double b)
{
    switch (kind) {
    case MU_STEP_ADD:
        return a + b;
    case MU_STEP_SUBTRACT:
        return a - b;
    case MU_STEP_MULTIPLY:
        return a * b;
    case MU_STEP_DIVIDE:
        return b != 0.0 ? a / b : NAN; /* callers take what is not finite for an error */
    case MU_STEP_ABOVE:
        return a > b ? 1.0 : 0.0;
    case MU_STEP_BELOW:
        return a < b ? 1.0 : 0.0;
    case MU_STEP_AT_LEAST:
        return a >= b ? 1.0 : 0.0;
    case MU_STEP_AT_MOST:
        return a <= b ? 1.0 : 0.0;
    case MU_STEP_MIN:
        return fmin(a, b);
    default:
        assert(kind == MU_STEP_MAX);
        return fmax(a, b);
    }
}

double mu_expression_value(const mu_expression *expression, const double operand[])
{
    double stack[MU_EXPRESSION_STEPS_MAX] = {0.0};
    uint32_t top = 0;
    assert(expression->count > 0);
    for (uint32_t i = 0; i < expression->count; i++) {
        const mu_expression_step *step = &expression->step[i];
        if (step->kind == MU_STEP_NUMBER) {
            stack[top++] = step->number;
        } else if (step->kind == MU_STEP_OPERAND) {
            stack[top++] = operand[step->index];
        } else if (step->kind == MU_STEP_NEGATE) {
            stack[top - 1] = -stack[top - 1];
        } else {
            top--;
            stack[top - 1] = combine(step->kind, stack[top - 1], stack[top]);
        }
    }
    assert(top == 1);
    return stack[0];
}
