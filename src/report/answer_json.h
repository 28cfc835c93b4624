/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as JSON: the contract other programs rely on (keys are added, never renamed;
 * docs/json.md).
 *
 * Every function returns an owned object, or NULL when memory is out.
 */
#ifndef MUSTER_REPORT_ANSWER_JSON_H
#define MUSTER_REPORT_ANSWER_JSON_H

#include "report/json.h"
#include "study/answer.h"

/** predict: the scenario (with the deployment that was answered, so that it can be asked again). */
json_t *mu_prediction_json(const mu_question *question, const mu_prediction *prediction);

/** plan; `seconds` of wall clock the search took. */
json_t *mu_plan_json(const mu_question *question, const mu_plan *plan, double seconds);

/** match; `other` is the question of the matched side. */
json_t *mu_match_json(const mu_question *reference, const mu_question *other,
                      const mu_match *match);

/** What is to be said with an answer: of the scenario, of the model, and the answer's `own`. */
json_t *mu_json_warnings(const mu_question *question, const char own[][192], uint32_t count);

#endif
