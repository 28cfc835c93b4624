/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many chips can be made: for people, for programs, as a picture.
 */
#ifndef MUSTER_REPORT_SUPPLY_REPORT_H
#define MUSTER_REPORT_SUPPLY_REPORT_H

#include "report/answer_table.h"
#include "report/format.h"
#include "report/json.h"
#include "study/supply_fab.h"

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

/** Lines by date, chips on them, and both with and without the foundry. */
mu_status mu_fab_print(const mu_page *page, const mu_fab_answer *answer, bool draws,
                       mu_error *err) MU_MUST_CHECK;

/** The same as an object of named quantities (docs/supply.md), owned; NULL when memory is out. */
json_t *mu_fab_json(const mu_fab_answer *answer);

/** A row a line and date. */
mu_status mu_fab_csv(const mu_page *page, const mu_fab_answer *answer, mu_error *err) MU_MUST_CHECK;

/** "1,234 [900, 1,500]": whole numbers. */
void mu_supply_whole(mu_quantity quantity, char out[MU_CELL_MAX]);

/** Chips a month with their interval and what binds, and below them the sum. */
mu_status mu_supply_svg(const mu_supply_picture *p, FILE *out, mu_error *err) MU_MUST_CHECK;

#endif
