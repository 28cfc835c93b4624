/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer is made of: a tree of terms, each with its value, its rule and its formula, and
 * the inputs that move it.
 *
 * Terms: rule = how the children make the value: their sum or product, times `factor`;
 *        or a formula of them that the words tell. An input's pull on a term is its elasticity: by
 *        how many per cent the term moves when the input alone grows by one per cent, measured.
 * Bound: the point answer; intervals are of explain.h.
 */
#ifndef MUSTER_STUDY_TERMS_H
#define MUSTER_STUDY_TERMS_H

#include "study/answer.h"

typedef enum mu_rule {
    MU_RULE_GIVEN,   /* no children: what `words` say */
    MU_RULE_SUM,     /* factor * sum of the children */
    MU_RULE_PRODUCT, /* factor * product of the children */
    MU_RULE_FORMULA  /* what `words` say of the children */
} mu_rule;

/* Preorder: a term's children follow it, one level deeper. */
typedef struct mu_term {
    const char *name; /* of its own: "qkv_proj" */
    const char *path; /* with its ancestors': "decode_step.layers.qkv_proj" */
    double value;     /* SI */
    mu_dimension dimension;
    mu_rule rule;
    double factor;
    const char *words; /* formula, shape, what binds; "" = none */
    uint32_t depth;
    uint32_t end; /* of its subtree: the first term behind it */
} mu_term;

/* What moves a term. */
typedef struct mu_pull {
    const char *input; /* as draws know it */
    mu_range range;
    double elasticity;
} mu_pull;

enum { MU_PULLS_MAX = 32 };

typedef struct mu_terms {
    const mu_term *term; /* [count]; arena, as all texts */
    uint32_t count;
    uint32_t chosen;            /* the term whose pulls follow */
    uint32_t pulls;             /* strongest first; at most MU_PULLS_MAX */
    mu_pull pull[MU_PULLS_MAX]; /* 0.001 and more */
    uint32_t inputs;            /* tried */
} mu_terms;

/**
 * Terms of a prediction at its point, and what moves one of them.
 *
 * @param[in] wanted  path or name of a term; NULL = the root
 * @retval MU_E_USAGE  no term of that name; the nearest is named
 * Cost: one answer and one tree for every fact and parameter: about a tenth of a second.
 */
mu_status mu_terms_make(const mu_question *question, const mu_prediction *prediction,
                        const char *wanted, mu_work *work, mu_terms *out,
                        mu_error *err) MU_MUST_CHECK;

/** Value that a term's children make by its rule; its own where it has no rule to check. */
double mu_term_made(const mu_terms *terms, uint32_t index);

const char *mu_rule_text(mu_rule rule);

#endif
