/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of the gated delta net: short convolution, then chunked prefill or one recurrent step.
 *
 * Prefill: state updates at what the cores reach, never faster than streaming the operands.
 * Decode:  every sequence reads and writes its state once; bandwidth binds.
 * Terms:   state = value_heads x key_dim x value_dim numbers a sequence, kept in 16 bits by the
 *          kernels that were measured.
 * Bound:   never below bytes / bandwidth and flop / peak; grows with tokens, sequences, heads and
 *          dimensions.
 */
#include "chip/chip.h"

#include <assert.h>
#include <math.h>

static const double seconds_per_us = 1e-6;
static const double element_bytes = 2.0;
static const double update_flop = 6.0; /* decay, read-out and rank-one update of a state number */

mu_kernel_cost mu_chip_linear_attention(const mu_chip *chip, const mu_linear_attention *shape)
{
    assert(chip->memory_bandwidth > 0.0 && chip->cores > 0.0);
    const mu_chip_params *p = &chip->params;
    mu_kernel_cost cost = {.dtype = MU_DTYPE_BF16};
    if (shape->tokens <= 0.0) {
        return cost;
    }
    double keys = (double)shape->key_heads * (double)shape->key_dim;
    double values = (double)shape->value_heads * (double)shape->value_dim;
    double state = values * (double)shape->key_dim;
    double conv = (2.0 * keys + values) * (shape->prefill ? 1.0 : (double)shape->conv);
    double token_bytes = (2.0 * conv + 2.0 * keys + 2.0 * values) * element_bytes;
    double states = 2.0 * shape->sequences * state * element_bytes;
    cost.flop = update_flop * shape->tokens * state;
    cost.bytes = shape->tokens * token_bytes + states;
    double peak = fmax(chip->peak_flops[MU_DTYPE_BF16], chip->peak_flops[MU_DTYPE_FP16]);
    peak = peak > 0.0 ? peak : fmax(chip->vector_flops, 1.0);
    double stream_s = cost.bytes / chip->memory_bandwidth;
    double core_s = 0.0;
    double sequence_s = 0.0;
    double memory_s = stream_s;
    if (shape->prefill) {
        cost.launch_s = p->linear_prefill_launch_us * seconds_per_us;
        core_s = shape->tokens * state / (chip->cores * fmax(chip->clock_hz, 1.0) * p->linear_rate);
        sequence_s = shape->sequences * p->linear_sequence_us * seconds_per_us;
    } else {
        cost.launch_s = p->linear_decode_launch_us * seconds_per_us;
        memory_s = stream_s / p->linear_decode_efficiency;
    }
    double work_s = sqrt(core_s * core_s + memory_s * memory_s) + sequence_s;
    const mu_shape_place place = mu_linear_place(shape);
    double factor = mu_place_factor(chip, &place);
    cost.time_s = fmax(factor * (cost.launch_s + work_s), fmax(stream_s, cost.flop / peak));
    cost.launch_s *= factor;
    cost.bound = core_s > memory_s ? MU_BOUND_COMPUTE : MU_BOUND_MEMORY;
    if (2.0 * cost.launch_s > cost.time_s) {
        cost.bound = MU_BOUND_LAUNCH;
    }
    return cost;
}
