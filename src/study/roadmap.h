/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vendor's chips and systems in the order of their launch, each with what it is worth: peaks, and
 * what one chip of it serves of a reference workload at its best.
 */
#ifndef MUSTER_STUDY_ROADMAP_H
#define MUSTER_STUDY_ROADMAP_H

#include "catalog/date.h"
#include "study/answer.h"

/* The workload where none is said. */
#define MU_ROADMAP_MODEL "llama-3.1-70b"
#define MU_ROADMAP_TPOT_S 0.05

/* A chip, or a system of chips; rates of a system are those of the whole. */
typedef struct mu_milestone {
    const mu_entity *entity;
    mu_launch launch;       /* text NULL: not said */
    double chips;           /* 1 of a chip */
    mu_quantity bf16;       /* [flop/s]; 0 = none */
    mu_quantity bits8;      /* FP8 or INT8, the faster [flop/s]; 0 = none */
    mu_quantity memory;     /* [B] */
    mu_quantity bandwidth;  /* [B/s] */
    bool answered;          /* serves the workload */
    char system[MU_ID_MAX]; /* it is answered on */
    mu_quantity tokens_per_s_per_chip;
    mu_quantity tokens_per_s_per_w; /* over the power of the chips in use */
    char why[256];                  /* not answered */
} mu_milestone;

/**
 * What a vendor has: its name, or the first word of it, without regard to case.
 *
 * @param[out] out     in order of launch, those that say none last; belongs to the arena
 * @retval MU_E_INPUT  nobody of that name (the nearest is named)
 */
mu_status mu_roadmap_find(const mu_catalog *catalog, const char *vendor, mu_arena *arena,
                          mu_milestone **out, uint32_t *count, mu_error *err) MU_MUST_CHECK;

/**
 * Fills one milestone. What cannot serve the workload says why.
 *
 * @param[in] scenario  workload and SLO; its system is not looked at
 */
mu_status mu_roadmap_answer(const mu_catalog *catalog, const mu_scenario *scenario, mu_work *work,
                            mu_milestone *milestone, mu_error *err) MU_MUST_CHECK;

#endif
