/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `plan --verify` shows: plans beside their simulations.
 */
#ifndef MUSTER_REPORT_VERIFY_REPORT_H
#define MUSTER_REPORT_VERIFY_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/verify.h"

/** A line a plan, what was too hopeful in words, and which plan to take when the best fails. */
mu_status mu_verification_print(const mu_page *page, const mu_question *question,
                                const mu_verification *found, mu_error *err) MU_MUST_CHECK;

/**
 * The plan's JSON with keys `verified` and `verified_best` (docs/json.md), owned; NULL when memory
 * is out.
 * @param[in] found  NULL = none; then it is the plan's JSON as it is
 */
json_t *mu_verified_plan_json(const mu_question *question, const mu_plan *plan,
                              const mu_verification *found, double seconds);

#endif
