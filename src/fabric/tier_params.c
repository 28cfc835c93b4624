/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of tier parameters for catalogue, calibration and documentation; names for reports.
 *
 * Why: one list (tier_params.def) gives fields, specifications and priors, so that they cannot
 *      drift apart.
 */
#include "fabric/fabric.h"

#include <assert.h>

static const mu_tier_param_spec SPECS[] = {
#define X(field, best, low, high, out_best, out_low, out_high, min, max, doc)                      \
    {#field, offsetof(mu_tier, field), {best, low, high}, {out_best, out_low, out_high}, min, max, \
     doc},
#include "fabric/tier_params.def"
#undef X
};

const mu_tier_param_spec *mu_tier_param_specs(size_t *count)
{
    *count = sizeof SPECS / sizeof SPECS[0];
    return SPECS;
}

void mu_tier_set_priors(mu_tier *tier, bool scale_out)
{
    for (size_t i = 0; i < sizeof SPECS / sizeof SPECS[0]; i++) {
        const mu_range *prior = scale_out ? &SPECS[i].prior_scale_out : &SPECS[i].prior;
        *(double *)(void *)((char *)tier + SPECS[i].offset) = prior->best;
    }
}

const char *mu_algorithm_text(mu_algorithm algorithm)
{
    static const char *const TEXT[MU_ALGORITHM_COUNT] = {
        "none", "direct", "ring", "tree", "halving-doubling", "in-switch", "hierarchical"};
    assert(algorithm < MU_ALGORITHM_COUNT);
    return TEXT[algorithm];
}

const char *mu_collective_text(mu_collective collective)
{
    static const char *const TEXT[MU_COLLECTIVE_COUNT] = {
        "all-reduce", "reduce-scatter", "all-gather", "broadcast", "all-to-all", "point-to-point"};
    assert(collective < MU_COLLECTIVE_COUNT);
    return TEXT[collective];
}
