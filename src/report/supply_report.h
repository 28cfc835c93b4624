/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many chips can be made: for people, for programs, as a picture.
 */
#ifndef MUSTER_REPORT_SUPPLY_REPORT_H
#define MUSTER_REPORT_SUPPLY_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/supply.h"

/* What is reported of one chip. */
typedef struct mu_supply_picture {
    const mu_supply_question *question;
    const mu_supply_answer *answer;
    const mu_supply_service *service; /* NULL = no model was named */
} mu_supply_picture;

/** Die, processes, lines, months (quarters where there are many), sums, then notes. */
mu_status mu_supply_print(const mu_page *page, const mu_supply_picture *p,
                          mu_error *err) MU_MUST_CHECK;

/** The same as an object of named quantities (docs/supply.md), owned; NULL when memory is out. */
json_t *mu_supply_json(const mu_supply_picture *p);

/** A row a month. */
mu_status mu_supply_csv(const mu_page *page, const mu_supply_picture *p,
                        mu_error *err) MU_MUST_CHECK;

/** Chips a month with their interval and what binds, and below them the sum. */
mu_status mu_supply_svg(const mu_supply_picture *p, FILE *out, mu_error *err) MU_MUST_CHECK;

#endif
