/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration: parameters of a chip or network from measured rows, with their spread.
 *
 * What:  families of operators are fitted one after another to the rows that may be fitted on;
 *        errors are told on the rows held out.
 * Terms: a parameter without a say in the rows is left as it was; one with doubt
 *        above MU_DOUBT_MAX is kept near its prior by the prior alone. Ranges are 90 %.
 * Bound: a family with fewer than MU_FIT_ROWS_MIN rows to fit on is left alone.
 */
#ifndef MUSTER_CALIBRATE_CALIBRATE_H
#define MUSTER_CALIBRATE_CALIBRATE_H

#include "calibrate/family.h"
#include "calibrate/margin.h"
#include "calibrate/samples.h"
#include "calibrate/surface_fit.h"
#include "study/answer.h"

enum { MU_FIT_ROWS_MIN = 8, MU_CALIBRATE_WARNINGS_MAX = 96 };

#define MU_DOUBT_MAX 0.9

/* Errors of a set of rows: fractions, (predicted - measured) / measured. */
typedef struct mu_row_errors {
    uint32_t n;
    double mape;
    double median; /* of |error| */
    double p90;    /* of |error| */
    double bias;   /* mean of error */
} mu_row_errors;

typedef enum mu_knob_fate {
    MU_KNOB_UNTOUCHED, /* of operators without rows */
    MU_KNOB_FITTED,
    MU_KNOB_WIDTH,     /* range of what is left unexplained: found, not fitted */
    MU_KNOB_NO_SAY,    /* no prediction of a row moves with it */
    MU_KNOB_LITTLE_SAY /* predictions of rows hardly move with it, or it is a size of kernels */
} mu_knob_fate;

typedef struct mu_knob_result {
    mu_knob knob;
    mu_knob_fate fate;
    double before;
    double doubt;   /* FITTED only: its spread over that of its prior; near 1 the prior decides */
    mu_range range; /* FITTED and WIDTH only */
} mu_knob_result;

typedef struct mu_group_result {
    const mu_sample_group *group;
    bool fitted;            /* its family was */
    mu_row_errors before;   /* rows held out */
    mu_row_errors after;    /* the same rows */
    mu_row_errors left_out; /* rows fitted on, each predicted by the fold that left it out */
} mu_group_result;

typedef struct mu_calibration {
    mu_specimen subject; /* as fitted */
    uint32_t knob_count;
    mu_knob_result *knob; /* [knob_count] */
    uint32_t group_count;
    mu_group_result *group; /* [group_count] as in the samples */
    uint32_t surface_count;
    mu_surface_result surface[MU_SURFACE_KIND_COUNT]; /* [surface_count] of dense tables */
    uint32_t margin_count;
    mu_op_margin *margin; /* [margin_count] of the parameters as fitted */
    uint64_t rows;        /* of operators that can be calibrated, fitted on or held out */
    uint32_t warning_count;
    const char *warning[MU_CALIBRATE_WARNINGS_MAX];
} mu_calibration;

/**
 * Fits what the rows can determine.
 *
 * @param[in]  start  present calibration, or priors
 * @param[in]  knobs  [count] all that may be fitted, of mu_chip_knobs() or mu_fabric_knobs(); with
 *                    0 the parameters stay as they are: only errors and margins are found
 * @param[out] out    belongs to work->arena
 * @retval MU_E_INPUT  no row, or too few of every operator
 * @retval MU_E_MEMORY
 * @retval MU_E_CANCELLED
 * The same bytes for any number of threads. Cost: see mu_fit_run(); six fits a family.
 */
mu_status mu_calibrate(const mu_samples *samples, const mu_specimen *start, const mu_knob knobs[],
                       uint32_t count, mu_work *work, mu_calibration *out,
                       mu_error *err) MU_MUST_CHECK;

#endif
