/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration parameters of a chip: plain doubles with a name, a prior and limits.
 *
 * Each family keeps its list in a .def file, X(field, prior_best, prior_low, prior_high, min, max,
 * doc): the prior is what a chip nobody measured takes where no calibration of another chip teaches
 * one (chip/prior.h). Names and fields are the same word, so that data/calibration YAML, `muster
 * calibrate` and the code speak of the same thing.
 */
#ifndef MUSTER_CHIP_PARAMS_H
#define MUSTER_CHIP_PARAMS_H

#include "base/interval.h"

#include <stddef.h>

typedef struct mu_chip_params {
#define X(field, best, low, high, min, max, doc) double field;
/* The order is that of params.c. */
/* clang-format off */
#include "chip/gemm_params.def"
#include "chip/attention_params.def"
#include "chip/stream_params.def"
/* clang-format on */
#undef X
} mu_chip_params;

typedef struct mu_param_spec {
    const char *name;
    size_t offset; /* of the double in mu_chip_params */
    mu_range prior;
    double min;
    double max;
    const char *doc;
} mu_param_spec;

/** All parameters in a fixed order; static. */
const mu_param_spec *mu_chip_param_specs(size_t *count);

/** Every parameter at the best of its .def row. */
void mu_chip_params_default(mu_chip_params *out);

#endif
