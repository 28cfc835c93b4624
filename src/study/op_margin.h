/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Margins: how far measured times of an operator lie from predicted ones, as rows of tables showed.
 *
 * What:  calibrations hold, under `margins`, factors that put nine in ten measurements between
 *        predicted * low and predicted * high, one in twenty beyond either end. Short calls miss
 *        otherwise than long ones, so factors are of steps of predicted time.
 *
 *            margins:
 *              of: h100-sxm
 *              gemm_bf16: {rows: 5564, steps: [[9.1e-06, 0.87, 1.12], [4.0e-05, 0.9, 1.1]]}
 *
 *        A step is [predicted up to, low, high]; the last one holds beyond. Where no row spoke
 *        the draws do, and `widen: [low, high]` of MU_MARGINS_PRIOR stretches their either half, in
 *        the logarithm, as far as chips left out of the priors needed.
 * Terms: key = operator, format and, where it is not bf16, cache format; of collectives, whose
 *        times hang on bytes alone, only the operator. own = measured on the very chip or system
 *        that asks. Others borrow: their margin goes with the doubt about their own facts.
 * Why:   draws of parameters say how well a fit is known, not how well it fits.
 * Bound: of one operator asked alone. In steps and services the draws act, and the engine's own
 *        calibrated term.
 */
#ifndef MUSTER_STUDY_OP_MARGIN_H
#define MUSTER_STUDY_OP_MARGIN_H

#include "base/interval.h"
#include "catalog/catalog.h"
#include "study/op_case.h"

enum { MU_MARGIN_STEPS_MAX = 8, MU_MARGIN_KEY_MAX = 64, MU_MARGINS_MAX = 256 };

/* Where a chip that nobody measured finds its margins. */
#define MU_MARGINS_PRIOR "margins-prior"

typedef struct mu_margin_step {
    double to_s; /* of predicted times up to this */
    double low;  /* over predicted, above 0, at most 1 */
    double high; /* at least 1 */
} mu_margin_step;

typedef struct mu_op_margin {
    char key[MU_MARGIN_KEY_MAX];
    bool own;
    uint32_t rows; /* that say so */
    uint32_t step_count;
    mu_margin_step step[MU_MARGIN_STEPS_MAX]; /* ascending */
} mu_op_margin;

typedef struct mu_op_margins {
    double widen_low; /* of the lower half of a drawn interval; 1 = as drawn */
    double widen_high;
    uint32_t count;
    const mu_op_margin *item; /* [count] those that go before others first */
} mu_op_margins;

/** "gemm_bf16", "generation_attention_bf16_kv_fp8", "all_reduce". */
void mu_op_margin_key(const mu_op_question *question, char out[MU_MARGIN_KEY_MAX]);

/**
 * Margins of the calibrations of a chip or system, less those that the catalogue's priors leave
 * out, then those of MU_MARGINS_PRIOR.
 *
 * @param[out] out  belongs to the arena
 * @retval MU_E_INPUT   an unknown operator or format, steps that do not ascend, factors that do not
 *                      hold 1, more than MU_MARGINS_MAX: named with file, line and column
 * @retval MU_E_MEMORY
 */
mu_status mu_op_margins_read(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                             mu_op_margins *out, mu_error *err) MU_MUST_CHECK;

/** The margin of a question, or NULL. */
const mu_op_margin *mu_op_margin_find(const mu_op_margins *margins, const mu_op_question *question);

/** The step that a predicted time [s] falls into. */
mu_margin_step mu_op_margin_at(const mu_op_margin *margin, double predicted_s);

#endif
