/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts by date out of the catalogue, in one draw.
 */
#ifndef MUSTER_ECONOMICS_RAMP_CATALOG_H
#define MUSTER_ECONOMICS_RAMP_CATALOG_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "economics/ramp.h"

enum { MU_RAMP_PATH_MAX = 192 };

#define MU_MONTH_S (31557600.0 / 12.0)

/* Where facts stand. */
typedef struct mu_ramp_from {
    const mu_catalog *catalog;
    const mu_entity *entity;
    const char *path;
    mu_draw draw;
} mu_ramp_from;

/**
 * The map of facts by date at a path; count 0 when there is none. The whole ramp draws under one
 * name, "foundry/smic/lines.advanced.monthly".
 *
 * @param[in]  high   no value is above
 * @retval MU_E_INPUT a key that is no date, dates that do not rise, too many, a value out of bounds
 */
mu_status mu_ramp_from_catalog(const mu_ramp_from *from, double high, mu_ramp *out,
                               mu_error *err) MU_MUST_CHECK;

/** One fact; `missing` where there is none. MU_E_INPUT: below 0 or above `high`. */
mu_status mu_value_from_catalog(const mu_ramp_from *from, double missing, double high, double *out,
                                mu_error *err) MU_MUST_CHECK;

/**
 * MU_E_INPUT in words of its own, at the place of the path, or of what it lies in; without a place
 * where nothing of it is there.
 */
mu_status mu_ramp_refuse(const mu_ramp_from *from, mu_error *err, const char *format, ...)
    MU_PRINTF(3, 4);

/** A plain count (no fact); 0 where there is none. */
mu_status mu_count_from_catalog(const mu_ramp_from *from, double *out, mu_error *err) MU_MUST_CHECK;

#endif
