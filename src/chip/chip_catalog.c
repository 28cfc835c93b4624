/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a mu_chip out of the catalogue.
 *
 * Terms: extensive facts (peaks, bandwidth, memory, cores, power) are of the whole chip and split
 *        evenly over its ranks; the clock is not.
 */
#include "chip/chip_catalog.h"

#include "base/text.h"
#include "chip/prior.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RANKS_MAX = 64, NAME_MAX_BYTES = 256 };

static const double MATURITY_LEAST = 0.1;

typedef struct reader {
    const mu_catalog *catalog;
    const mu_entity *chip;
    mu_draw draw;
    mu_error *err;
} reader;

static mu_status read_fact(const reader *r, const char *path, bool required, double *out)
{
    mu_fact fact;
    mu_status status = mu_catalog_fact(r->catalog, r->chip, path, required, &fact, r->err);
    if (status != MU_OK || fact.path == NULL) {
        return status;
    }
    char name[NAME_MAX_BYTES];
    mu_text_join(name, sizeof name, (const char *const[]){"chip/", fact.entity, "/", path}, 4);
    *out = mu_draw_value(r->draw, name, fact.range);
    return MU_OK;
}

static mu_status read_peaks(const reader *r, mu_chip *out)
{
    double *peak = out->peak_flops;
    for (int d = 0; d < MU_DTYPE_COUNT; d++) {
        char path[32];
        (void)snprintf(path, sizeof path, "peak.%s", mu_dtype_text((mu_dtype)d));
        mu_status status = read_fact(r, path, false, &peak[d]);
        if (status != MU_OK) {
            return status;
        }
    }
    if (peak[MU_DTYPE_BF16] <= 0.0) {
        peak[MU_DTYPE_BF16] = peak[MU_DTYPE_FP16];
    }
    if (peak[MU_DTYPE_FP16] <= 0.0) {
        peak[MU_DTYPE_FP16] = peak[MU_DTYPE_BF16];
    }
    if (peak[MU_DTYPE_FP8_BLOCK] <= 0.0) {
        peak[MU_DTYPE_FP8_BLOCK] = peak[MU_DTYPE_FP8];
    }
    if (peak[MU_DTYPE_BF16] <= 0.0) {
        return mu_node_fail(&r->chip->doc, r->chip->doc.root, r->err,
                            "chip \"%s\" does not say its peak.bf16 or peak.fp16", r->chip->id);
    }
    return MU_OK;
}

static mu_status read_facts(const reader *r, mu_chip *out)
{
    const struct {
        const char *path;
        double *field;
    } needed[] = {
        {"peak.vector", &out->vector_flops},
        {"memory.bandwidth", &out->memory_bandwidth},
        {"memory.capacity", &out->memory_capacity},
        {"l2", &out->l2_bytes},
        {"cores", &out->cores},
        {"clock", &out->clock_hz},
        {"power.tdp", &out->tdp_w},
        {"power.idle", &out->idle_w},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        mu_status status = read_fact(r, needed[i].path, true, needed[i].field);
        if (status != MU_OK) {
            return status;
        }
        if (!(*needed[i].field > 0.0)) {
            return mu_node_fail(&r->chip->doc, r->chip->doc.root, r->err,
                                "chip \"%s\": expected %s above zero", r->chip->id, needed[i].path);
        }
    }
    out->idle_w = fmin(out->idle_w, out->tdp_w);
    mu_status status = read_fact(r, "l2_partitions", false, &out->l2_partitions);
    out->l2_partitions = fmax(out->l2_partitions, 1.0);
    return status == MU_OK ? read_peaks(r, out) : status;
}

static void split_over_ranks(mu_chip *out, double ranks)
{
    for (int d = 0; d < MU_DTYPE_COUNT; d++) {
        out->peak_flops[d] /= ranks;
    }
    out->vector_flops /= ranks;
    out->memory_bandwidth /= ranks;
    out->memory_capacity /= ranks;
    out->l2_bytes /= ranks;
    out->cores /= ranks;
    out->tdp_w /= ranks;
    out->idle_w /= ranks;
}

static bool is_parameter(const char *key)
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, specs[i].name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *nearest_parameter(const char *key)
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    const char *nearest = "";
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t distance = mu_text_distance(key, specs[i].name);
        nearest = distance < best ? specs[i].name : nearest;
        best = distance < best ? distance : best;
    }
    return nearest;
}

/* Names that no parameter bears are mistakes of the calibration file. */
static mu_status check_names(const reader *r, const mu_entity *calibration)
{
    const mu_node *params = mu_catalog_node(r->catalog, calibration, "params", NULL);
    for (uint32_t i = 0; params != NULL && i < params->count; i++) {
        const char *key = params->child[i].key;
        if (!is_parameter(key)) {
            return mu_node_fail(&calibration->doc, &params->child[i], r->err,
                                "unknown parameter \"%.60s\" of a chip (nearest: \"%s\")", key,
                                nearest_parameter(key));
        }
    }
    return MU_OK;
}

/* Range of a parameter: from the last calibration that has it, else its prior. */
static mu_status read_param(const reader *r, const mu_references *list, size_t index,
                            const mu_chip_traits *traits, double *out)
{
    size_t count = 0;
    const mu_param_spec *spec = &mu_chip_param_specs(&count)[index];
    const mu_chip_prior *prior = mu_catalog_prior(r->catalog);
    char name[NAME_MAX_BYTES];
    char path[NAME_MAX_BYTES];
    mu_text_join(name, sizeof name, (const char *const[]){"prior/", spec->name}, 2);
    mu_text_join(path, sizeof path, (const char *const[]){"params.", spec->name}, 2);
    mu_fact fact = {.path = NULL};
    for (uint32_t i = list->count; i > 0 && fact.path == NULL; i--) {
        mu_status status =
            mu_catalog_fact(r->catalog, list->entity[i - 1], path, false, &fact, r->err);
        if (status != MU_OK) {
            return status;
        }
    }
    mu_range range = fact.range;
    if (fact.path == NULL) {
        range = prior != NULL ? mu_chip_prior_range(prior, index, traits) : spec->prior;
    } else {
        mu_text_join(name, sizeof name,
                     (const char *const[]){"calibration/", fact.entity, "/", spec->name}, 4);
        range = prior != NULL
                    ? mu_chip_prior_carry(prior, index, fact.entity, range, r->chip, traits)
                    : range;
    }
    *out = fmin(fmax(mu_draw_value(r->draw, name, range), spec->min), spec->max);
    return MU_OK;
}

/* Of each kind that of the last calibration which has it. */
static void take_surfaces(const mu_references *list, mu_chip *out)
{
    for (uint32_t i = list->count; i > 0; i--) {
        for (int kind = 0; kind < MU_SURFACE_KIND_COUNT; kind++) {
            if (out->surface[kind] == NULL) {
                out->surface[kind] =
                    mu_calibration_surface(list->entity[i - 1], (mu_surface_kind)kind);
            }
        }
    }
}

/* Calibrations of the chip, less those that the priors leave out. */
static mu_status find_calibrations(const reader *r, mu_references *list)
{
    mu_status status = mu_catalog_calibrations(r->catalog, r->chip, list, r->err);
    const mu_chip_prior *prior = mu_catalog_prior(r->catalog);
    uint32_t kept = 0;
    for (uint32_t i = 0; status == MU_OK && i < list->count; i++) {
        if (r->draw.index == 0) {
            status = check_names(r, list->entity[i]);
        }
        if (prior == NULL || !mu_chip_prior_leaves_out(prior, list->entity[i])) {
            list->entity[kept++] = list->entity[i];
        }
    }
    list->count = kept;
    return status;
}

/* Software that does not say its maturity is taken as mature. */
static mu_status read_traits(const reader *r, const mu_chip *chip, mu_chip_traits *out)
{
    double maturity = 1.0;
    mu_status status = read_fact(r, "software.maturity", false, &maturity);
    *out = mu_chip_traits_of(chip, fmax(maturity, MATURITY_LEAST));
    return status;
}

static mu_status read_params(const reader *r, mu_chip *chip)
{
    mu_references list = {.count = 0};
    mu_chip_traits traits;
    mu_status status = find_calibrations(r, &list);
    if (status == MU_OK) {
        status = read_traits(r, chip, &traits);
    }
    if (status == MU_OK) {
        take_surfaces(&list, chip);
    }
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count && status == MU_OK; i++) {
        double *field = (double *)(void *)((char *)&chip->params + specs[i].offset);
        status = read_param(r, &list, i, &traits, field);
    }
    return status;
}

mu_status mu_chip_traits_read(const mu_catalog *catalog, const mu_entity *chip, mu_chip_traits *out,
                              mu_error *err)
{
    const reader r = {.catalog = catalog, .chip = chip, .err = err};
    mu_chip facts = {.vector_flops = 0.0};
    mu_status status = read_facts(&r, &facts);
    return status == MU_OK ? read_traits(&r, &facts, out) : status;
}

mu_status mu_chip_ranks(const mu_catalog *catalog, const mu_entity *chip, uint32_t *out,
                        mu_error *err)
{
    const mu_entity *stated_by = chip;
    const mu_node *node = mu_catalog_node(catalog, chip, "ranks_per_chip", &stated_by);
    uint64_t ranks = 1;
    if (node != NULL) {
        mu_status status =
            mu_node_count(&stated_by->doc, node, "ranks_per_chip", 1, RANKS_MAX, &ranks, err);
        if (status != MU_OK) {
            return status;
        }
    }
    *out = (uint32_t)ranks;
    return MU_OK;
}

mu_status mu_chip_from_catalog(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                               mu_chip *out, uint32_t *ranks_per_chip, mu_error *err)
{
    assert(chip != NULL && chip->kind == MU_ENTITY_CHIP);
    assert(out != NULL && ranks_per_chip != NULL);
    const reader r = {.catalog = catalog, .chip = chip, .draw = draw, .err = err};
    mu_chip result = {.vector_flops = 0.0};
    uint32_t ranks = 1;
    mu_status status = mu_chip_ranks(catalog, chip, &ranks, err);
    if (status == MU_OK) {
        status = read_facts(&r, &result);
    }
    if (status == MU_OK) {
        status = read_params(&r, &result);
    }
    if (status != MU_OK) {
        return status;
    }
    split_over_ranks(&result, (double)ranks);
    *out = result;
    *ranks_per_chip = ranks;
    return MU_OK;
}
