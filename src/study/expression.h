/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions over named operands: arithmetic as text, compiled once, evaluated in every draw.
 *
 * Grammar: numbers, + - * /, comparisons (> < >= <=; 1 where it holds, else 0), parentheses,
 *        min(a, b, ..), max(a, b, ..), and operands: a word that `operands` lists, with so many
 *        words or "texts" behind it (`fact h20 memory.capacity`), or any other word, a name.
 *        Words hold letters, digits, '_', '.' and '-': a minus sign wants space before and behind.
 * Bound: MU_EXPRESSION_STEPS_MAX steps, MU_EXPRESSION_DEPTH_MAX brackets and signs pending.
 */
#ifndef MUSTER_STUDY_EXPRESSION_H
#define MUSTER_STUDY_EXPRESSION_H

#include "base/error.h"

#include <stdint.h>

enum {
    MU_EXPRESSION_STEPS_MAX = 128,
    MU_EXPRESSION_DEPTH_MAX = 32,
    MU_EXPRESSION_WORDS_MAX = 4,
    MU_EXPRESSION_WORD_MAX = 96
};

typedef enum mu_step_kind {
    MU_STEP_NUMBER,  /* pushes `number` */
    MU_STEP_OPERAND, /* pushes operand `index` */
    MU_STEP_NEGATE,
    MU_STEP_ADD,
    MU_STEP_SUBTRACT,
    MU_STEP_MULTIPLY,
    MU_STEP_DIVIDE,
    MU_STEP_ABOVE,
    MU_STEP_BELOW,
    MU_STEP_AT_LEAST,
    MU_STEP_AT_MOST,
    MU_STEP_MIN,
    MU_STEP_MAX
} mu_step_kind;

typedef struct mu_expression_step {
    mu_step_kind kind;
    uint32_t index;
    double number;
} mu_expression_step;

/* Compiled: steps of a stack machine. */
typedef struct mu_expression {
    uint32_t count;
    mu_expression_step step[MU_EXPRESSION_STEPS_MAX];
} mu_expression;

/* An operand as written: word[0] is its keyword, or a plain name. */
typedef struct mu_operand_words {
    uint32_t count;
    char word[MU_EXPRESSION_WORDS_MAX][MU_EXPRESSION_WORD_MAX];
    uint32_t offset[MU_EXPRESSION_WORDS_MAX]; /* [bytes] in the text */
} mu_operand_words;

/* A keyword and how many words follow it. */
typedef struct mu_operand_rule {
    const char *keyword;
    uint32_t words;
} mu_operand_rule;

/* Who knows the operands. */
typedef struct mu_operand_table {
    const mu_operand_rule *rule; /* [count] */
    uint32_t count;
    /* Gives the operand a number; a refusal names the word that is wrong by its place in `words`.
     */
    mu_status (*resolve)(void *context, const mu_operand_words *words, uint32_t *index,
                         uint32_t *wrong, mu_error *err);
    void *context;
} mu_operand_table;

/**
 * @param[out] offset  where in the text it fails [bytes]
 * @retval MU_E_INPUT  what was expected, what was found; or a refusal of resolve()
 */
mu_status mu_expression_parse(const char *text, const mu_operand_table *operands,
                              mu_expression *out, uint32_t *offset, mu_error *err) MU_MUST_CHECK;

/** The value; operand[i] is what operand i is in this draw. Not finite after a division by 0. */
double mu_expression_value(const mu_expression *expression, const double operand[]);

#endif
