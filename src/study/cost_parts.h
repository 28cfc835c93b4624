/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what enters a bill, in one draw. */
#ifndef MUSTER_STUDY_COST_PARTS_H
#define MUSTER_STUDY_COST_PARTS_H

#include "base/draw.h"
#include "study/cost.h"

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

#endif
