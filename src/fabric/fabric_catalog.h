/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalogue system's network as tiers between ranks.
 */
#ifndef MUSTER_FABRIC_FABRIC_CATALOG_H
#define MUSTER_FABRIC_FABRIC_CATALOG_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "fabric/fabric.h"

/**
 * Tiers of a system in one draw, innermost first: per-rank bandwidth, spans in ranks. With more
 * than one rank in a chip, a tier "die-to-die" from the chip's links.die comes first.
 *
 * A parameter comes from, last wins: its prior (inside a supernode or between them), a fact of
 * the tier itself, the system's calibrations in order. In a calibration it is named
 * <tier>_<field>, <tier> being the tier's name, or `die`, `scale_up`, `scale_out` for every tier
 * of that sort. Draws are named "system/<id>/<path>", "chip/<id>/<path>",
 * "calibration/<id>/<name>" and "prior/tier_<field>" or "prior/tier_out_<field>".
 *
 * @param[in] system          an entity of kind system of this catalogue
 * @param[in] ranks_per_chip  1 or more
 * @retval MU_E_INPUT  no tiers, more than MU_TIERS_MAX, unknown kind, spans that do not grow, a
 *                     missing bandwidth, a calibration that names no tier or parameter
 */
mu_status mu_fabric_from_catalog(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                                 uint32_t ranks_per_chip, mu_fabric *out,
                                 mu_error *err) MU_MUST_CHECK;

/**
 * A fact of a chip or system in one draw, named "<kind>/<id of who states it>/<path>"; *out stays
 * as it is when the fact is missing and not required.
 *
 * @retval MU_E_INPUT  as mu_catalog_fact()
 */
mu_status mu_fabric_fact(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                         bool required, mu_draw draw, double *out, mu_error *err) MU_MUST_CHECK;

#endif
