/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/schedule only: sums over one block, and how overlap turns them into time. */
#ifndef MUSTER_SCHEDULE_TALLY_H
#define MUSTER_SCHEDULE_TALLY_H

#include "schedule/lower.h"
#include "schedule/step.h"

/* One pass over a block's operators (one micro-batch, one layer). */
typedef struct mu_block_tally {
    double compute_s;
    double comm_s;
    double exchange_s; /* part of comm_s that shared experts may hide */
    double shared_s;   /* part of compute_s that may hide it */
    double flop;
    double bytes;
    double activity_j;
    double part_s[MU_PART_COUNT];
    double bound_s[MU_BOUND_COUNT];
} mu_block_tally;

static inline bool mu_op_is_comm(const mu_op *op)
{
    return op->kind == MU_OP_COLLECTIVE || op->kind == MU_OP_EXCHANGE;
}

/* The four sums that decide time. */
static inline void mu_block_tally_time(mu_block_tally *tally, const mu_op *op,
                                       const mu_op_cost *cost)
{
    if (mu_op_is_comm(op)) {
        tally->comm_s += cost->time_s;
        tally->exchange_s += op->kind == MU_OP_EXCHANGE ? cost->time_s : 0.0;
    } else {
        tally->compute_s += cost->time_s;
        tally->shared_s += op->overlaps ? cost->time_s : 0.0;
    }
}

/** The rest of a tally. */
void mu_block_tally_detail(mu_block_tally *tally, const mu_op *op, const mu_op_cost *cost);

/** Time of one pass of a block of `batches` micro-batches that hide each other, or of one that
 * can't. */
double mu_block_tally_elapsed(const mu_block_tally *tally, double batches, bool overlap,
                              double overlap_efficiency, double *hidden_s);

/** Adds `repeat` passes of a block to a step. */
void mu_block_tally_add(const mu_block_tally *tally, double batches, bool overlap, double repeat,
                        double overlap_efficiency, mu_step *step);

/** Host time, the engine's unexplained factor, and energy from activity and idle draw. */
void mu_block_tally_finish(const mu_machine *machine, const mu_load *load, double activity_j,
                           mu_step *step);

/** Busiest over mean expert rank for this load: what was asked, else the engine's for the phase. */
double mu_load_imbalance(const mu_program *program, const mu_machine *machine, const mu_load *load);

/** The load of one of `batches` equal micro-batches. */
mu_load mu_load_split(const mu_load *load, double batches);

/** Load of a draft pass: prompts pass once in `mtp` passes. */
mu_load mu_load_draft(const mu_load *load, double mtp);

#endif
