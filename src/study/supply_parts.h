/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: how an answer on supply is put together. */
#ifndef MUSTER_STUDY_SUPPLY_PARTS_H
#define MUSTER_STUDY_SUPPLY_PARTS_H

#include "study/supply.h"

/* Values of all draws, the point first: cell m * (samples + 1) + i is month m of draw i. */
typedef struct mu_supply_sheet {
    uint32_t months; /* run */
    uint32_t skip;   /* of them, before chips are counted */
    uint64_t samples;
    double *chips;
    double *total;
    unsigned char *binds;
    double *when;           /* [samples + 1] */
    double *package_yield;  /* [samples + 1] */
    double *brought;        /* [samples + 1][MU_SUPPLY_SOURCES_MAX] */
    double *column;         /* scratch */
    mu_supply_month *month; /* of one draw */
} mu_supply_sheet;

/** The chip's die in every process of the catalogue whose yield is known, the chip's own first.
 *
 * @param[in,out] memo  [samples + 1] of the draws
 */
mu_status mu_supply_dies(const mu_supply_question *question, mu_draw_plan *draws,
                         mu_gross_memo *memo, mu_arena *arena, mu_supply_answer *out,
                         mu_error *err) MU_MUST_CHECK;

/** Keeps a remark; beyond MU_SUPPLY_WARNINGS_MAX they are dropped. */
void mu_supply_warn(mu_supply_answer *answer, const char *text);

#endif
