/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scenario of an answer as JSON, everything said: fed back, it asks for exactly this
 * deployment.
 */
#ifndef MUSTER_REPORT_SCENARIO_JSON_H
#define MUSTER_REPORT_SCENARIO_JSON_H

#include "report/json.h"
#include "study/answer.h"

/** Owned; NULL when memory is out. */
json_t *mu_scenario_json(const mu_question *question, const mu_prediction *prediction);

#endif
