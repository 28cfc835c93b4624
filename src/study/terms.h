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

#include "base/draw.h"
#include "study/answer.h"
#include "study/cost.h"
#include "study/supply.h"

typedef enum mu_rule {
    MU_RULE_GIVEN,   /* no children: what `words` say */
    MU_RULE_SUM,     /* factor * sum of the children */
    MU_RULE_PRODUCT, /* factor * product of the children */
    MU_RULE_FORMULA  /* what `words` say of the children */
} mu_rule;

/* What moves a term. */
typedef struct mu_pull {
    const char *input; /* as draws know it */
    mu_range range;
    double elasticity;
} mu_pull;

enum { MU_PULLS_MAX = 32, MU_TERM_INPUTS_MAX = 3 };

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
    uint32_t end;         /* of its subtree: the first term behind it */
    uint32_t inputs;      /* that move it, of which those here move it most */
    const mu_pull *input; /* [min(inputs, MU_TERM_INPUTS_MAX)] strongest first */
} mu_term;

typedef struct mu_terms {
    const mu_term *term; /* [count]; arena, as all texts */
    uint32_t count;
    uint32_t chosen;            /* the term whose pulls follow */
    uint32_t pulls;             /* strongest first; at most MU_PULLS_MAX */
    mu_pull pull[MU_PULLS_MAX]; /* 0.001 and more */
    uint32_t inputs;            /* tried */
    const mu_catalog *catalog;  /* that inputs come from, borrowed */
    const mu_entity *engine;    /* NULL = none */
} mu_terms;

/* The terms of an answer in one draw: `term` and `count` of `out`, in the arena. */
typedef mu_status mu_terms_grow(const void *context, mu_draw draw, mu_arena *arena, mu_terms *out,
                                mu_error *err);

/**
 * Terms of an answer at its point, and what moves each, one of them above all.
 *
 * @param[in]     wanted  path or name of a term; NULL = the first
 * @param[in,out] plan    open, points taken (mu_draw_plan_take_points()); frozen after. Names that
 *                        `grow` asks for while it uses scratch have joined already
 * @param[in,out] out     `catalog` and `engine` are set already
 * @retval MU_E_USAGE     no term of that name; the nearest is named
 * Cost: one tree for every fact and parameter.
 */
mu_status mu_terms_find(mu_terms_grow *grow, const void *context, mu_draw_plan *plan,
                        const char *wanted, mu_work *work, mu_terms *out,
                        mu_error *err) MU_MUST_CHECK;

/**
 * Terms of a match: the ratios at equal work, then both sides (`reference`, `matched`).
 * @param[in] match  of these two, reached
 */
mu_status mu_terms_match(const mu_question *reference, const mu_question *other,
                         const mu_match *match, const char *wanted, mu_work *work, mu_terms *out,
                         mu_error *err) MU_MUST_CHECK;

/**
 * Terms of a bill in USD: an hour of use, a year, capital; with a rent what it leaves and from when
 * on owning is cheaper; with a deployment what its tokens cost.
 * @param[in] answer  of this question
 */
mu_status mu_terms_cost(const mu_cost_question *question, const mu_cost_answer *answer,
                        const char *wanted, mu_work *work, mu_terms *out,
                        mu_error *err) MU_MUST_CHECK;

/**
 * Terms of a supply: chips by year, the last month's parts by line, dies and yields.
 * @param[in] answer  of this question, with a line
 */
mu_status mu_terms_supply(const mu_supply_question *question, const mu_supply_answer *answer,
                          const char *wanted, mu_work *work, mu_terms *out,
                          mu_error *err) MU_MUST_CHECK;

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
