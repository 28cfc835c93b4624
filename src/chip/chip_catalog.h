/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalogue chip as the numbers of one rank.
 */
#ifndef MUSTER_CHIP_CHIP_CATALOG_H
#define MUSTER_CHIP_CHIP_CATALOG_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "chip/chip.h"

/**
 * Facts of a chip in one draw, divided over its ranks, with the parameters of its calibrations (in
 * the order listed, later ones win) over the priors: those the catalogue keeps
 * (mu_catalog_prior()), else those of the .def rows.
 *
 * Draws are named "chip/<id>/<path>", "calibration/<id>/<name>" and "prior/<name>", <id> being the
 * entity that states the number, so that chips that inherit it share its luck. Formats without a
 * peak of their own: bf16 and fp16 stand in for each other, fp8_block runs at fp8's peak; others
 * are 0.
 *
 * @param[in]  chip            an entity of kind chip of this catalogue
 * @param[out] ranks_per_chip  1 or more
 * @retval MU_E_INPUT  a fact that every chip needs is missing, neither bf16 nor fp16 has a peak, a
 *                     calibration names an unknown parameter
 * Cost: some 100 us.
 */
mu_status mu_chip_from_catalog(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                               mu_chip *out, uint32_t *ranks_per_chip, mu_error *err) MU_MUST_CHECK;

/** Devices that software sees in one chip (1 unless the chip says otherwise). */
mu_status mu_chip_ranks(const mu_catalog *catalog, const mu_entity *chip, uint32_t *out,
                        mu_error *err) MU_MUST_CHECK;

#endif
