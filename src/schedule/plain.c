/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain schedule: every operator of every layer, nothing remembered. The oracle of compiled.c.
 */
#include "schedule/tally.h"

#include <math.h>
#include <string.h>

static void op_cost(const mu_program *program, const mu_machine *machine, const mu_op *op,
                    const mu_load *load, mu_op_cost *out)
{
    double mtp = op->draft ? 0.0 : program->parallel.mtp;
    mu_load own = op->draft ? mu_load_draft(load, program->parallel.mtp) : *load;
    if (!mu_lower_is_row_op(op)) {
        mu_lower_attention(op, machine, &own, mtp, out);
        return;
    }
    double rows = mu_load_rows(&own, op->scope, mtp) * op->row_scale;
    if (rows > 0.0) {
        mu_fabric shared;
        const mu_fabric *fabric = mu_lower_fabric(program, machine, op, &shared);
        mu_lower_rows(op, machine, fabric, rows, mu_load_imbalance(program, machine, load), out);
    } else {
        memset(out, 0, sizeof *out);
    }
}

static mu_block_tally block_tally(const mu_program *program, const mu_machine *machine,
                                  const mu_block *block, const mu_load *load)
{
    mu_block_tally tally = {0};
    for (uint32_t i = block->first; i < block->first + block->count; i++) {
        mu_op_cost cost;
        op_cost(program, machine, &program->op[i], load, &cost);
        mu_block_tally_time(&tally, &program->op[i], &cost);
        mu_block_tally_detail(&tally, &program->op[i], &cost);
    }
    return tally;
}

void mu_step_plain(const mu_program *program, const mu_machine *machine, const mu_load *load,
                   mu_step *out)
{
    memset(out, 0, sizeof *out);
    double activity_j = 0.0;
    for (uint32_t i = 0; i < program->block_count; i++) {
        const mu_block *block = &program->block[i];
        double batches = block->overlap ? program->parallel.microbatches : 1.0;
        mu_load part = mu_load_split(load, batches);
        /* A stage may hold a fraction of a kind of layer: the last pass counts in part. */
        for (double left = block->repeat; left > 0.0; left -= 1.0) {
            double share = fmin(left, 1.0);
            mu_block_tally tally = block_tally(program, machine, block, &part);
            mu_block_tally_add(&tally, batches, block->overlap, share,
                               machine->engine.overlap_efficiency, out);
            activity_j += tally.activity_j * batches * share;
        }
    }
    mu_block_tally_finish(machine, load, activity_j, out);
}
