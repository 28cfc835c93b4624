/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bills: for people, for programs.
 */
#ifndef MUSTER_REPORT_COST_REPORT_H
#define MUSTER_REPORT_COST_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/cost.h"

/** Capital, a year, a chip-hour, tokens where there are any, renting, then what it stands on. */
mu_status mu_cost_print(const mu_page *page, const mu_cost_question *question,
                        const mu_cost_answer *answer, mu_error *err) MU_MUST_CHECK;

/** The same as an object of named quantities (docs/json.md), owned; NULL when memory is out. */
json_t *mu_cost_json(const mu_cost_question *question, const mu_cost_answer *answer);

/**
 * system,section,item,value,low,high,unit: every `total` is the sum of the items before it in its
 * section, to the last bit.
 */
mu_status mu_cost_csv(const mu_page *page, const mu_cost_question *question,
                      const mu_cost_answer *answer, mu_error *err) MU_MUST_CHECK;

#endif
