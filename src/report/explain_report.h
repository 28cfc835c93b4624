/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations of answers: what they hang on, and what they are made of.
 */
#ifndef MUSTER_REPORT_EXPLAIN_REPORT_H
#define MUSTER_REPORT_EXPLAIN_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/explain.h"
#include "study/terms.h"

/** The tornado table with sources and grades, then what is left over. */
mu_status mu_explanation_print(const mu_page *page, const mu_explanation *explanation,
                               mu_error *err) MU_MUST_CHECK;

/** input,low,best,high,unit,answer_at_low,answer_at_high,variance_share,narrower,grade,source */
mu_status mu_explanation_csv(const mu_page *page, const mu_explanation *explanation,
                             mu_error *err) MU_MUST_CHECK;

/** An answer's object with key `explain` (docs/json.md), owned; NULL when memory is out. */
json_t *mu_explained_json(json_t *answer, const mu_explanation *explanation);

/* Which terms are shown. */
typedef struct mu_terms_view {
    bool one;       /* only the chosen one and what is below it */
    uint32_t depth; /* levels; 1 .. 16 */
} mu_terms_view;

/** The tree, indented, then what moves the chosen term. */
mu_status mu_terms_print(const mu_page *page, const mu_terms *terms, const mu_terms_view *view,
                         mu_error *err) MU_MUST_CHECK;

/** term,value,unit,rule,factor,words,input,pull,grade,source: that which moves it most */
mu_status mu_terms_csv(const mu_page *page, const mu_terms *terms, const mu_terms_view *view,
                       mu_error *err) MU_MUST_CHECK;

/** Owned; NULL when memory is out. */
json_t *mu_terms_json(const mu_terms *terms, const mu_terms_view *view);

#endif
