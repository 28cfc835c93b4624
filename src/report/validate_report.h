/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validation as error tables, JSON and CSV.
 */
#ifndef MUSTER_REPORT_VALIDATE_REPORT_H
#define MUSTER_REPORT_VALIDATE_REPORT_H

#include "report/answer_table.h"
#include "study/validate.h"

/** Error tables: all, then by group; held out and fitted apart; then what was not answered, by
   reason. */
mu_status mu_validation_print(const mu_page *page, const mu_validation *validation,
                              mu_error *err) MU_MUST_CHECK;

/** id,metric,measured,predicted,low,high,error,fit,why: a line an outcome. */
mu_status mu_validation_csv(const mu_page *page, const mu_validation *validation,
                            mu_error *err) MU_MUST_CHECK;

/**
 * One object: cases, summary, fit_summary, groups, fit_groups, left_out, warnings. Printed case by
 * case, so that memory does not grow with the number of cases.
 */
mu_status mu_validation_json(FILE *out, const mu_validation *validation,
                             mu_error *err) MU_MUST_CHECK;

#endif
