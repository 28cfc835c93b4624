/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tests of the operators: a chip of the class of an H100, parameters at the prior. */
#ifndef MUSTER_TESTS_CHIP_HELPER_H
#define MUSTER_TESTS_CHIP_HELPER_H

#include "chip/chip.h"

static inline mu_chip gpu(void)
{
    mu_chip chip = {.vector_flops = 66.9e12,
                    .memory_bandwidth = 3.35e12,
                    .memory_capacity = 80e9,
                    .l2_bytes = 50e6,
                    .cores = 132,
                    .clock_hz = 1.83e9,
                    .tdp_w = 700,
                    .idle_w = 90};
    chip.peak_flops[MU_DTYPE_BF16] = 989e12;
    chip.peak_flops[MU_DTYPE_FP8] = 1979e12;
    mu_chip_params_default(&chip.params);
    return chip;
}

#endif
