/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families of operators and the parameters they can tell of.
 */
#include "calibrate/family.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define KIND(name) (1ULL << MU_OP_CASE_##name)

static const double edge = 1e-7; /* nearest that the place of a value comes to its bounds */

static const mu_family families[] = {
    {"streams", "stream_", KIND(QUANTISE) | KIND(STREAM), false},
    {"products", "gemm_", KIND(GEMM), false},
    {"absorbed products", "", KIND(MLA_PRE) | KIND(MLA_POST), false},
    {"experts", "moe_", KIND(MOE) | KIND(GROUPED), false},
    {"attention", "attention_ prefill_ decode_ mla_",
     KIND(PREFILL) | KIND(DECODE) | KIND(MLA_PREFILL) | KIND(MLA_DECODE), false},
    {"indexer", "indexer_", KIND(INDEXER_PREFILL) | KIND(INDEXER_DECODE), false},
    {"sparse attention", "sparse_", KIND(SPARSE_PREFILL) | KIND(SPARSE_DECODE), false},
    {"linear attention", "linear_", KIND(LINEAR_PREFILL) | KIND(LINEAR_DECODE), false},
    {"collectives",
     "launch_ latency_ message_ efficiency peer_ switch_ half_ short_ middle_ long_ rendezvous_ "
     "own_ contention",
     KIND(ALL_REDUCE) | KIND(REDUCE_SCATTER) | KIND(ALL_GATHER) | KIND(BROADCAST) |
         KIND(ALL_TO_ALL) | KIND(SEND),
     true},
    {"one-shot", "direct_", KIND(CUSTOM_ALL_REDUCE), true},
    {"exchange", "dispatch_", KIND(DISPATCH) | KIND(COMBINE) | KIND(DISPATCH_LL) | KIND(COMBINE_LL),
     true},
};

enum { FAMILIES = sizeof families / sizeof families[0] };

const mu_family *mu_families(uint32_t *count)
{
    *count = FAMILIES;
    return families;
}

static bool has_prefix(const char *prefixes, const char *name)
{
    while (*prefixes != '\0') {
        size_t length = strcspn(prefixes, " ");
        if (strncmp(prefixes, name, length) == 0) {
            return true;
        }
        prefixes += length;
        prefixes += strspn(prefixes, " ");
    }
    return false;
}

/* FAMILIES when none has it. */
static uint8_t family_of(const char *name, bool on_system)
{
    uint8_t i = 0;
    while (i < FAMILIES &&
           (families[i].on_system != on_system || !has_prefix(families[i].prefixes, name))) {
        i++;
    }
    return i;
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Operators a parameter is of, where its family has several sorts of them. */
static uint64_t owners_of(const char *name, uint8_t family)
{
    static const struct {
        const char *prefix;
        uint64_t kinds;
    } sorts[] = {{"prefill_", KIND(PREFILL)},
                 {"decode_", KIND(DECODE)},
                 {"mla_prefill_", KIND(MLA_PREFILL)},
                 {"mla_decode_", KIND(MLA_DECODE)}};
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (has_prefix(sorts[i].prefix, name)) {
            return sorts[i].kinds;
        }
    }
    return families[family].kinds;
}

/* Rows of a tile and the like: steps, not slopes. */
static bool is_size(const char *name)
{
    return strcmp(name, "decode_group_max") == 0 || strcmp(name, "mla_decode_rows") == 0;
}

uint32_t mu_chip_knobs(const mu_chip_prior *prior, const mu_chip_traits *traits,
                       mu_knob out[MU_KNOBS_MAX])
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t family = family_of(specs[i].name, false);
        if (family == FAMILIES) {
            continue;
        }
        assert(found < MU_KNOBS_MAX);
        mu_knob *knob = &out[found++];
        *knob = (mu_knob){.offset = offsetof(mu_specimen, chip.params) + specs[i].offset,
                          .prior = prior != NULL ? mu_chip_prior_range(prior, i, traits)
                                                 : specs[i].prior,
                          .min = specs[i].min,
                          .max = specs[i].max,
                          .owners = owners_of(specs[i].name, family),
                          .family = family,
                          .unexplained = ends_in(specs[i].name, "_time"),
                          .fixed = is_size(specs[i].name)};
        (void)snprintf(knob->name, sizeof knob->name, "%s", specs[i].name);
    }
    return found;
}

static mu_range around(mu_range prior, double now)
{
    if (now > 0.0 && !(prior.high > 0.0)) {
        return (mu_range){now, 0.5 * now, 2.0 * now}; /* others do without it */
    }
    if (!(now > 0.0) || !(prior.low > 0.0)) {
        return (mu_range){now, fmin(now, prior.low), fmax(now, prior.high)};
    }
    return (mu_range){now, now * prior.low / prior.best, now * prior.high / prior.best};
}

uint32_t mu_fabric_knobs(const mu_fabric *fabric, mu_knob out[MU_KNOBS_MAX])
{
    size_t count = 0;
    const mu_tier_param_spec *specs = mu_tier_param_specs(&count);
    uint32_t found = 0;
    for (uint32_t t = 0; t < fabric->tier_count; t++) {
        for (size_t i = 0; i < count; i++) {
            uint8_t family = family_of(specs[i].name, true);
            assert(family < FAMILIES && found < MU_KNOBS_MAX);
            mu_knob *knob = &out[found++];
            const char *place = (const char *)&fabric->tier[t] + specs[i].offset;
            double now = *(const double *)(const void *)place;
            *knob = (mu_knob){.offset = offsetof(mu_specimen, fabric.tier) + t * sizeof(mu_tier) +
                                        specs[i].offset,
                              .prior = around(specs[i].prior, now),
                              .min = specs[i].min,
                              .max = specs[i].max,
                              .owners = families[family].kinds,
                              .family = family,
                              .fixed = !(now > 0.0) && !(specs[i].prior.high > 0.0)};
            (void)snprintf(knob->name, sizeof knob->name, "%s_%s", fabric->tier[t].name,
                           specs[i].name);
        }
    }
    return found;
}

double mu_knob_get(const mu_knob *knob, const mu_specimen *subject)
{
    const char *place = (const char *)subject + knob->offset;
    return *(const double *)(const void *)place;
}

void mu_knob_set(const mu_knob *knob, mu_specimen *subject, double value)
{
    char *place = (char *)subject + knob->offset;
    *(double *)(void *)place = value;
}

double mu_knob_to_x(const mu_knob *knob, double value)
{
    double share = (value - knob->min) / (knob->max - knob->min);
    share = fmin(fmax(share, edge), 1.0 - edge);
    return log(share / (1.0 - share));
}

double mu_knob_from_x(const mu_knob *knob, double x)
{
    double share = 1.0 / (1.0 + exp(-x));
    return knob->min + (knob->max - knob->min) * share;
}
