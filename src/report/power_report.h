/* SPDX-License-Identifier: Apache-2.0 */
/* Watts by part, as the answers of several verbs show them. */
#ifndef MUSTER_REPORT_POWER_REPORT_H
#define MUSTER_REPORT_POWER_REPORT_H

#include "report/json.h"
#include "report/table.h"
#include "study/answer.h"

/** The object `power` of docs/json.md, owned; NULL when memory is out. */
json_t *mu_power_json(const mu_power_answer *power);

/** Rows under "Power": parts with their share of what the racks draw, then the whole. */
void mu_power_rows(mu_table *table, const mu_power_answer *power, mu_quantity inside_w);

#endif
