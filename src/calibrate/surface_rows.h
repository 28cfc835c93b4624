/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured rows as surfaces take them.
 */
#ifndef MUSTER_CALIBRATE_SURFACE_ROWS_H
#define MUSTER_CALIBRATE_SURFACE_ROWS_H

#include "calibrate/family.h"
#include "calibrate/samples.h"
#include "calibrate/surface_fit.h"

enum { MU_SURFACE_ROWS_MAX = 16384 };

/** Kind of surface that each sample lies on [count]; MU_SURFACE_KIND_COUNT where there is none. */
void mu_surface_kinds_of(const mu_samples *samples, const mu_specimen *subject, uint8_t kind[]);

/* Which rows to take. */
typedef struct mu_surface_choice {
    mu_surface_kind wanted;
    const uint8_t *kind; /* [samples] as mu_surface_kinds_of() said */
    uint64_t groups;     /* bits of the sample groups */
} mu_surface_choice;

/**
 * Rows of one kind that may be fitted on, with what the subject predicts of each and of twice its
 * work.
 *
 * @param[out] place  [MU_SURFACE_ROWS_MAX] of each row among the samples
 * @param[out] out    belongs to the arena
 * @retval MU_E_MEMORY
 */
mu_status mu_surface_rows_of(const mu_samples *samples, const mu_specimen *subject,
                             const mu_surface_choice *choice, mu_arena *arena, uint32_t place[],
                             mu_surface_rows *out, mu_error *err) MU_MUST_CHECK;

#endif
