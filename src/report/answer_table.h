/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as tables: for people (aligned text) and for programs that like columns (CSV).
 *
 * All write to a stream the caller owns and fail only with MU_E_MEMORY or MU_E_SYSTEM. Cells are
 * kept in the caller's arena.
 */
#ifndef MUSTER_REPORT_ANSWER_TABLE_H
#define MUSTER_REPORT_ANSWER_TABLE_H

#include "report/table.h"
#include "study/verify.h"

/* How a text answer is written. */
typedef struct mu_page {
    FILE *out;
    mu_arena *arena;
    bool colour;
} mu_page;

/** What is to be said below an answer: of the scenario, of the model, and the answer's `own`. */
void mu_page_notes(const mu_page *page, const mu_question *question, const char own[][192],
                   uint32_t count);

/** One deployment in full. */
mu_status mu_prediction_print(const mu_page *page, const mu_question *question,
                              const mu_prediction *prediction, mu_error *err) MU_MUST_CHECK;

/** metric,value,low,high,unit */
mu_status mu_prediction_csv(const mu_page *page, const mu_prediction *prediction,
                            mu_error *err) MU_MUST_CHECK;

/** The best deployment in full, then the Pareto front, a line each. */
mu_status mu_plan_print(const mu_page *page, const mu_question *question, const mu_plan *plan,
                        mu_error *err) MU_MUST_CHECK;

/**
 * A line a deployment of the front; the best one first, marked.
 * @param[in] found  NULL = none; else columns of what was simulated, empty where nothing was
 */
mu_status mu_plan_csv(const mu_page *page, const mu_plan *plan, const mu_verification *found,
                      mu_error *err) MU_MUST_CHECK;

/** Reference and matched side by side with ratios, then the sentence. */
mu_status mu_match_print(const mu_page *page, const mu_question *reference,
                         const mu_question *other, const mu_match *match,
                         mu_error *err) MU_MUST_CHECK;

/** metric,reference,reference_low,reference_high,matched,matched_low,matched_high,unit */
mu_status mu_match_csv(const mu_page *page, const mu_match *match, mu_error *err) MU_MUST_CHECK;

/**
 * Several systems at their best, a column each; a NULL answer is a system that cannot, with why.
 */
mu_status mu_compare_print(const mu_page *page, const mu_prediction *const answers[],
                           const char *const names[], uint32_t count, mu_error *err) MU_MUST_CHECK;

/** metric,system,value,low,high,unit */
mu_status mu_compare_csv(const mu_page *page, const mu_prediction *const answers[],
                         const char *const names[], uint32_t count, mu_error *err) MU_MUST_CHECK;

#endif
