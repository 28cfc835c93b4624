/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what enters a bill, in one draw, and its figures. */
#ifndef MUSTER_STUDY_COST_PARTS_H
#define MUSTER_STUDY_COST_PARTS_H

#include "base/draw.h"
#include "study/cost.h"
#include "study/metrics.h"

/* Where a figure stands in the row of a draw. */
enum {
    MU_AT_CAPITAL = 0,
    MU_AT_CAPITAL_TOTAL = MU_AT_CAPITAL + MU_CAPITAL_COUNT,
    MU_AT_CAPITAL_CHIP,
    MU_AT_YEAR,
    MU_AT_YEAR_TOTAL = MU_AT_YEAR + MU_YEAR_COUNT,
    MU_AT_HOUR,
    MU_AT_HOUR_TOTAL = MU_AT_HOUR + MU_YEAR_COUNT,
    MU_AT_HOUR_USED,
    MU_AT_LOAD,
    MU_AT_PLANNED,
    MU_AT_TERM,
    MU_AT_RENT = MU_AT_TERM + MU_TERM_COUNT,
    MU_AT_USE,
    MU_AT_MONTHS,
    MU_AT_MARGIN,
    MU_AT_SHARE, /* from here on of a deployment */
    MU_AT_OWNED,
    MU_AT_RENTED = MU_AT_OWNED + 3,
    MU_AT_METRIC = MU_AT_RENTED + 3,
    MU_AT_KEPT = MU_AT_METRIC + MU_SERVICE_METRICS,
    MU_AT_COUNT
};

/* Everything of a draw that a bill stands on. */
typedef struct mu_cost_draw {
    double term[MU_TERM_COUNT];
    mu_cost_input input;
    double rent_usd;    /* 0 = none */
    bool whole_price;   /* the system has a price as a whole */
    mu_service service; /* with a deployment */
} mu_cost_draw;

/** What a term is: fact of the region or what was said; `out` without its interval. */
mu_status mu_cost_term_read(const mu_cost_question *q, int term, mu_cost_term *out, mu_range *range,
                            mu_error *err) MU_MUST_CHECK;

/**
 * Facts in one draw made into a checked input; names join an open plan.
 * @param[in] service  what the deployment does in this draw; NULL = the system alone
 */
mu_status mu_cost_draw_make(const mu_cost_question *q, const mu_service *service, mu_draw draw,
                            mu_cost_draw *out, mu_error *err) MU_MUST_CHECK;

/**
 * All figures of one draw; names join an open plan.
 * @param[in]  deployment  of the question's `served`; NULL = the system alone
 * @param[out] row         what has no meaning without deployment or rent is untouched
 */
mu_status mu_cost_row(const mu_cost_question *q, const mu_deployment *deployment, mu_draw draw,
                      mu_arena *arena, double row[MU_AT_COUNT], mu_error *err) MU_MUST_CHECK;

/** An open plan with the names of what is served; those of prices join with the first row. */
mu_status mu_cost_plan(const mu_cost_question *q, mu_arena *arena, mu_draw_plan **out,
                       mu_error *err) MU_MUST_CHECK;

/** Turns an answer in USD into one of a currency of which one is worth so many. */
void mu_cost_show(double usd, mu_cost_answer *out);

#endif
