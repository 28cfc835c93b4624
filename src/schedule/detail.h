/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step in detail: what each operator costs and why; the same numbers as mu_step_plain(), kept.
 */
#ifndef MUSTER_SCHEDULE_DETAIL_H
#define MUSTER_SCHEDULE_DETAIL_H

#include "chip/tile.h"
#include "schedule/lower.h"
#include "schedule/step.h"

typedef struct mu_op_detail {
    const mu_op *op;
    bool idle;             /* the load has nothing for it */
    bool transfers;        /* `transfer` is set, else `kernel` */
    bool shared;           /* wires are shared: its fabric is not the machine's */
    double rows;           /* of row operators */
    mu_kernel_cost kernel; /* on the chip, before the engine */
    mu_transfer transfer;  /* on the fabric, before the engine */
    double work;           /* the engine's factor on a kernel's work */
    double fixed_s;        /* the engine's fixed time besides */
    mu_op_cost cost;       /* with the engine */
} mu_op_detail;

/* elapsed_s = (sum of operators) * batches - hidden_s; the step has `repeat` of it. */
typedef struct mu_block_detail {
    const mu_block *block;
    double batches;
    const mu_op_detail *op; /* [block->count] */
    double hidden_s;
    double elapsed_s;
} mu_block_detail;

/* time_s = step_factor * (sum of repeat * elapsed_s + host_s) */
typedef struct mu_step_detail {
    uint32_t block_count;
    mu_block_detail block[MU_BLOCKS_MAX];
    double host_s;
    double step_factor;
    double time_s;
} mu_step_detail;

/** Borrows the program; operators lie in the arena. false when out of memory. */
bool mu_step_detail_make(const mu_program *program, const mu_machine *machine, const mu_load *load,
                         mu_arena *arena, mu_step_detail *out);

/** How the chip cuts a product into tiles; MU_OP_GEMM only, rows > 0. */
mu_tile_time mu_op_tiles(const mu_op *op, const mu_machine *machine, double rows);

#endif
