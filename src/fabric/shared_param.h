/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parameter that no tier owns: of calibrations found by their id (failure rates, congestion).
 */
#ifndef MUSTER_FABRIC_SHARED_PARAM_H
#define MUSTER_FABRIC_SHARED_PARAM_H

#include "base/draw.h"
#include "catalog/catalog.h"

/* Where a parameter is looked for, and what it may be. */
typedef struct mu_shared_param {
    const char *name; /* under params. */
    double min;
    double max;
} mu_shared_param;

/**
 * Value in one draw out of the first of two calibrations that has it; drawn under
 * "calibration/<id>/<name>".
 *
 * @param[in] own     id of a calibration that need not exist; NULL = none
 * @param[in] common  id of the calibration that has to have the parameter where `own` has not
 * @retval MU_E_INPUT  neither has it, or a bound of its range lies outside min .. max
 */
mu_status mu_shared_param_read(const mu_catalog *catalog, const char *own, const char *common,
                               const mu_shared_param *param, mu_draw draw, double *out,
                               mu_error *err) MU_MUST_CHECK;

/**
 * Refuses parameters of a calibration that are none of specs[0..count).
 *
 * @param[in] id  of a calibration that need not exist
 * @retval MU_E_INPUT  file, line and the nearest known name
 */
mu_status mu_shared_param_check(const mu_catalog *catalog, const char *id,
                                const mu_shared_param *specs, size_t count,
                                mu_error *err) MU_MUST_CHECK;

#endif
