/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From operator costs to time: overlap, host, energy.
 *
 * What:  T = C + N - e * hideable, where C is compute, N communication. Two micro-batches can hide
 *        min(C, N); one can hide its shared experts behind the expert exchange.
 * Bound: e <= 1, so T >= max(C, N) always.
 */
#include "schedule/tally.h"

#include <assert.h>

void mu_block_tally_detail(mu_block_tally *tally, const mu_op *op, const mu_op_cost *cost)
{
    tally->flop += cost->flop;
    tally->bytes += cost->bytes;
    tally->activity_j += cost->activity_j;
    tally->part_s[op->part] += cost->time_s;
    tally->bound_s[MU_BOUND_LAUNCH] += cost->launch_s;
    tally->bound_s[cost->bound] += cost->time_s - cost->launch_s;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

double mu_block_tally_elapsed(const mu_block_tally *tally, double batches, bool overlap,
                              double overlap_efficiency, double *hidden_s)
{
    double hideable = overlap && batches > 1.0 ? smaller(tally->compute_s, tally->comm_s)
                                               : smaller(tally->shared_s, tally->exchange_s);
    *hidden_s = overlap_efficiency * hideable * batches;
    return (tally->compute_s + tally->comm_s) * batches - *hidden_s;
}

static bool is_comm_part(unsigned part)
{
    return part == MU_PART_TENSOR_COMM || part == MU_PART_EXPERT_COMM ||
           part == MU_PART_PIPELINE_COMM;
}

/* Overlapped time is taken off the shorter side, so that the parts sum to the time. */
void mu_block_tally_add(const mu_block_tally *tally, double batches, bool overlap, double repeat,
                        double overlap_efficiency, mu_step *step)
{
    double hidden_s = 0.0;
    double time_s = mu_block_tally_elapsed(tally, batches, overlap, overlap_efficiency, &hidden_s);
    assert(time_s >= 0.0);
    double serial_s = (tally->compute_s + tally->comm_s) * batches;
    bool off_comm = tally->comm_s <= tally->compute_s;
    double side_s = (off_comm ? tally->comm_s : tally->compute_s) * batches;
    double kept = side_s > 0.0 ? 1.0 - hidden_s / side_s : 1.0;
    double times = batches * repeat;
    for (unsigned p = 0; p < MU_PART_COUNT; p++) {
        step->part_s[p] += tally->part_s[p] * times * (is_comm_part(p) == off_comm ? kept : 1.0);
    }
    for (unsigned b = 0; b < MU_BOUND_COUNT; b++) {
        step->bound_s[b] += tally->bound_s[b] * times * (serial_s > 0.0 ? time_s / serial_s : 1.0);
    }
    step->time_s += time_s * repeat;
    step->flop += tally->flop * times;
    step->bytes += tally->bytes * times;
}

static void scale_time(mu_step *step, double factor)
{
    step->time_s *= factor;
    for (unsigned p = 0; p < MU_PART_COUNT; p++) {
        step->part_s[p] *= factor;
    }
    for (unsigned b = 0; b < MU_BOUND_COUNT; b++) {
        step->bound_s[b] *= factor;
    }
}

void mu_block_tally_finish(const mu_machine *machine, const mu_load *load, double activity_j,
                           mu_step *step)
{
    const mu_engine *engine = &machine->engine;
    double host_s = engine->host_step +
                    engine->host_per_sequence * (load->decode_sequences + load->prefill_sequences);
    step->part_s[MU_PART_HOST] += host_s;
    step->bound_s[MU_BOUND_HOST] += host_s;
    step->time_s += host_s;
    scale_time(step, engine->step_factor);
    step->energy_j =
        mu_chip_step_energy(&machine->chip, step->time_s, host_s * engine->step_factor, activity_j);
}

double mu_load_imbalance(const mu_program *program, const mu_machine *machine, const mu_load *load)
{
    if (program->parallel.ep == 1) {
        return 1.0;
    }
    if (program->parallel.imbalance >= 1.0) {
        return program->parallel.imbalance;
    }
    double decode = load->decode_sequences * (1.0 + program->parallel.mtp);
    double imbalance = load->prefill_tokens > decode ? machine->engine.imbalance_prefill
                                                     : machine->engine.imbalance_decode;
    return imbalance >= 1.0 ? imbalance : 1.0;
}

mu_load mu_load_split(const mu_load *load, double batches)
{
    mu_load part = *load;
    part.prefill_sequences /= batches;
    part.prefill_tokens /= batches;
    part.decode_sequences /= batches;
    part.decode_context /= batches;
    return part;
}

mu_load mu_load_draft(const mu_load *load, double mtp)
{
    mu_load draft = *load;
    if (mtp > 0.0) {
        draft.prefill_sequences /= mtp;
        draft.prefill_tokens /= mtp;
    }
    return draft;
}
