/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often parts of a system break, out of the catalogue.
 *
 * Bound: constant rates: no infant mortality, no wear, no failures in common (power, cooling). A
 *        cable that flaps for seconds and comes back counts where it stops a job.
 * Source: data/calibration/fault-rates.yaml.
 */
#ifndef MUSTER_FABRIC_RELIABILITY_H
#define MUSTER_FABRIC_RELIABILITY_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "fabric/faults.h"

/**
 * Failure rates and times to mend in one draw: of calibration "<system>-faults" where there is one
 * and it says, else of "fault-rates". `chip` is of a whole chip with its share of the host: where
 * ranks are dies, one rank has that over the dies of a chip.
 *
 * @param[in] system  an entity of kind system of this catalogue; NULL: what holds for all
 * @retval MU_E_INPUT  a rate outside 0 .. 1 an hour, a time outside 0 .. 1e5 h, a parameter that is
 *                     none, "fault-rates" missing or short of one
 */
mu_status mu_reliability_from_catalog(const mu_catalog *catalog, const mu_entity *system,
                                      mu_draw draw, mu_fault_rates *out,
                                      mu_error *err) MU_MUST_CHECK;

#endif
