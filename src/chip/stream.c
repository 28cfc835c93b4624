/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that stream through memory once: norms, activation functions, quantising, gathers,
 * sampling.
 *
 * What:  launches plus bytes over achieved bandwidth; what was just written and fits is read from
 *        L2.
 * Bound: bytes over nominal bandwidth where they exceed L2.
 */
#include "chip/chip.h"

#include "chip/path.h"

#include <assert.h>

mu_kernel_cost mu_chip_stream(const mu_chip *chip, const mu_stream *shape)
{
    assert(chip->memory_bandwidth > 0 && shape->kind < MU_STREAM_KIND_COUNT);
    const mu_chip_params *p = &chip->params;
    double efficiency = shape->kind == MU_STREAM_QUANTISE ? p->stream_quantise_efficiency
                                                          : p->stream_bandwidth_efficiency;
    double bytes = shape->read_bytes + shape->write_bytes;
    double cold = mu_path_cold_bytes(bytes, p->gemm_resident, chip->l2_bytes);
    double rate = chip->memory_bandwidth * efficiency;
    double move_s = cold / rate + (bytes - cold) / (rate * p->stream_l2_speed);
    mu_kernel_cost cost = {.launch_s = shape->kernels * p->stream_launch_us * 1e-6,
                           .bytes = bytes,
                           .dtype = MU_DTYPE_BF16};
    double floor_s = bytes > chip->l2_bytes ? bytes / chip->memory_bandwidth : 0;
    cost.time_s = cost.launch_s + (move_s > floor_s ? move_s : floor_s);
    cost.bound = cost.launch_s > move_s ? MU_BOUND_LAUNCH : MU_BOUND_MEMORY;
    return cost;
}
