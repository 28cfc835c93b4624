/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step in detail.
 *
 * What:  walks the program as plain.c does and keeps what it finds. A test holds both equal.
 */
#include "schedule/detail.h"

#include "schedule/tally.h"

#include <string.h>

static void fill_block(const mu_program *program, const mu_machine *machine, const mu_load *load,
                       mu_op_detail op[], mu_block_detail *out)
{
    const mu_block *block = out->block;
    mu_load part = mu_load_split(load, out->batches);
    double imbalance = mu_load_imbalance(program, machine, &part);
    mu_block_tally tally = {0};
    for (uint32_t i = 0; i < block->count; i++) {
        mu_lower_detail(program, &program->op[block->first + i], machine, &part, imbalance, &op[i]);
        mu_block_tally_time(&tally, op[i].op, &op[i].cost);
    }
    out->op = op;
    out->elapsed_s = mu_block_tally_elapsed(&tally, out->batches, block->overlap,
                                            machine->engine.overlap_efficiency, &out->hidden_s);
}

bool mu_step_detail_make(const mu_program *program, const mu_machine *machine, const mu_load *load,
                         mu_arena *arena, mu_step_detail *out)
{
    memset(out, 0, sizeof *out);
    mu_op_detail *op = MU_NEW(arena, mu_op_detail, program->op_count + 1);
    if (op == NULL) {
        return false;
    }
    const mu_engine *engine = &machine->engine;
    double sum_s = 0.0;
    out->block_count = program->block_count;
    for (uint32_t i = 0; i < program->block_count; i++) {
        mu_block_detail *b = &out->block[i];
        b->block = &program->block[i];
        b->batches = b->block->overlap ? program->parallel.microbatches : 1.0;
        fill_block(program, machine, load, op + b->block->first, b);
        sum_s += b->block->repeat * b->elapsed_s;
    }
    out->host_s = engine->host_step +
                  engine->host_per_sequence * (load->decode_sequences + load->prefill_sequences);
    out->step_factor = engine->step_factor;
    out->time_s = out->step_factor * (sum_s + out->host_s);
    return true;
}
