/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/schedule only: one operator of a program on a machine. */
#ifndef MUSTER_SCHEDULE_LOWER_H
#define MUSTER_SCHEDULE_LOWER_H

#include "base/arena.h"
#include "program/program.h"
#include "schedule/machine.h"

typedef struct mu_op_cost {
    double time_s;   /* engine's slack and launch gap included */
    double launch_s; /* part of time_s that does not shrink with the work */
    double flop;
    double bytes;
    double activity_j; /* energy above idle */
    mu_bound bound;
} mu_op_cost;

/** Whether the cost depends on the rows alone (else on sequences and contexts too). */
bool mu_lower_is_row_op(const mu_op *op);

/**
 * Cost of a row operator; rows > 0 on this rank. imbalance >= 1 applies to experts.
 * @param[in] fabric  as the operator finds it: the machine's, or of mu_lower_fabric()
 */
void mu_lower_rows(const mu_op *op, const mu_machine *machine, const mu_fabric *fabric, double rows,
                   double imbalance, mu_op_cost *out);

/**
 * The fabric as the operators of a program find it among all that their instance sends, for each
 * operator; the machine's own where wires are not shared.
 * @param[out] fabric  [op_count]; belongs to the arena or the machine
 * @return false when out of memory
 */
bool mu_lower_fabrics(const mu_program *program, const mu_machine *machine, mu_arena *arena,
                      const mu_fabric *fabric[]);

/** The same for one operator: `own` is filled where it is not the machine's. */
const mu_fabric *mu_lower_fabric(const mu_program *program, const mu_machine *machine,
                                 const mu_op *op, mu_fabric *own);

struct mu_op_detail;

/** What mu_lower_rows() and mu_lower_attention() make of an operator under a load, in detail. */
void mu_lower_detail(const mu_program *program, const mu_op *op, const mu_machine *machine,
                     const mu_load *load, double imbalance, struct mu_op_detail *out);

/** Cost of an attention-like operator under a load; zero when the load has none of its phase. */
void mu_lower_attention(const mu_op *op, const mu_machine *machine, const mu_load *load, double mtp,
                        mu_op_cost *out);

#endif
