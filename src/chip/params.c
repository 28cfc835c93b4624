/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of calibration parameters, made from the .def files.
 */
#include "chip/params.h"

/* The order of the fields of mu_chip_params, which a formatter must not sort. */
/* clang-format off */
static const mu_param_spec specs[] = {
#define X(field, best, low, high, min, max, doc)                                                   \
    {#field, offsetof(mu_chip_params, field), {best, low, high}, min, max, doc},
#include "chip/gemm_params.def"
#include "chip/attention_params.def"
#include "chip/stream_params.def"
#undef X
};

const mu_param_spec *mu_chip_param_specs(size_t *count)
{
    *count = sizeof(specs) / sizeof(specs[0]);
    return specs;
}

void mu_chip_params_default(mu_chip_params *out)
{
#define X(field, best, low, high, min, max, doc) out->field = (best);
#include "chip/gemm_params.def"
#include "chip/attention_params.def"
#include "chip/stream_params.def"
#undef X
}
/* clang-format on */
