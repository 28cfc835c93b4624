/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roadmaps as table, CSV, JSON and picture; dates of a match as JSON.
 */
#ifndef MUSTER_REPORT_ROADMAP_REPORT_H
#define MUSTER_REPORT_ROADMAP_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/available.h"
#include "study/roadmap.h"

typedef struct mu_roadmap {
    const char *vendor;
    const mu_scenario *scenario;   /* what they are held to */
    const mu_milestone *milestone; /* [count] by launch */
    uint32_t count;
} mu_roadmap;

mu_status mu_roadmap_print(const mu_page *page, const mu_roadmap *roadmap,
                           mu_error *err) MU_MUST_CHECK;

/** id,kind,name,launched,launched_from,launched_to,grade,chips, then value, low, high of each */
mu_status mu_roadmap_csv(const mu_page *page, const mu_roadmap *roadmap,
                         mu_error *err) MU_MUST_CHECK;

/** Owned. */
json_t *mu_roadmap_json(const mu_roadmap *roadmap);

/** Tokens/s a chip over time, intervals as bars; what serves nothing stands below the axis. */
mu_status mu_roadmap_svg(FILE *out, const mu_roadmap *roadmap, mu_error *err) MU_MUST_CHECK;

/** {"chip", "launched", "grade", "in_doubt", "made" or "why"}; owned. */
json_t *mu_available_json(const mu_available *available);

#endif
