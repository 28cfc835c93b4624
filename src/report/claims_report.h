/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims as a list, as CSV, as JSON, and one in full with its working.
 */
#ifndef MUSTER_REPORT_CLAIMS_REPORT_H
#define MUSTER_REPORT_CLAIMS_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/claims.h"

/** Claim by claim: verdict, id and answer, then statement and reason; a count at the end. */
mu_status mu_claims_print(const mu_page *page, const mu_claim_answer claims[], uint32_t count,
                          mu_error *err) MU_MUST_CHECK;

/** One claim in full: every term with its formula, every fact with range, grade and source. */
mu_status mu_claim_print(const mu_page *page, const mu_catalog *catalog,
                         const mu_claim_answer *claim, mu_error *err) MU_MUST_CHECK;

/** id,text,who,date,value,low,high,unit,verdict,reason */
mu_status mu_claims_csv(const mu_page *page, const mu_claim_answer claims[], uint32_t count,
                        mu_error *err) MU_MUST_CHECK;

/** {"claims": [..], "summary": {..}}, owned. @param[in] working  with terms and facts */
json_t *mu_claims_json(const mu_catalog *catalog, const mu_claim_answer claims[], uint32_t count,
                       bool working);

#endif
