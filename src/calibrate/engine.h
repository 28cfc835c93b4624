/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine profiles from measured deployments: what an engine adds to the kernels.
 *
 * What:  minimises pseudo-Huber losses of predicted / measured - 1 of TPOT, TTFT and the time a
 *        token takes at a rate of output tokens, over the cases
 *        marked fit, plus a weak pull of every parameter to its prior; then refits without a fifth
 *        of the cases each for the spread.
 * Bound: steps and closed loops, or runs request by request, as mu_validate() answers them;
 *        percentiles are passed over.
 */
#ifndef MUSTER_CALIBRATE_ENGINE_H
#define MUSTER_CALIBRATE_ENGINE_H

#include "calibrate/calibrate.h"
#include "schedule/machine.h"
#include "study/validate.h"

enum { MU_ENGINE_KNOBS_MAX = 24, MU_ENGINE_CASES_MIN = 16, MU_ENGINE_MEASURES = 3 };

/* How a parameter moves between its limits: times and factors by their logarithm. */
typedef enum mu_engine_sort { MU_ENGINE_TIME, MU_ENGINE_FACTOR, MU_ENGINE_SHARE } mu_engine_sort;

/* One parameter: SI, between limits > 0. */
typedef struct mu_engine_knob {
    const char *name;
    size_t offset; /* in mu_engine */
    double least, most;
    mu_engine_sort sort;
} mu_engine_knob;

typedef struct mu_engine_found {
    mu_engine engine; /* as fitted */
    uint32_t knob_count;
    const mu_engine_knob *knob;
    double before[MU_ENGINE_KNOBS_MAX];
    mu_range range[MU_ENGINE_KNOBS_MAX]; /* low = high where no case moves it */
    uint32_t cases;                      /* fitted on */
    bool simulated;     /* runs request by request; what is left has no parameters then */
    mu_range step_rest; /* measured over predicted TPOT and 1/rate of nine in ten cases; best = 1 */
    mu_range ttft_rest; /* the same of TTFT; prefill and decode together */
    mu_range ttft_rest_apart; /* and apart */
    mu_row_errors before_error[MU_ENGINE_MEASURES]
                              [2]; /* [TPOT, TTFT, 1/rate][fitted on, held out] */
    mu_row_errors after_error[MU_ENGINE_MEASURES][2];
} mu_engine_found;

/**
 * @param[in] cases   [count] deployments of this engine, fit or not; others are passed over
 * @param[in] engine  id of the engine in the catalogue, where the search starts
 * @param[in] simulate  fits what requests wait for besides their steps, to runs request by request;
 *                    else all that a steady state depends on
 * @retval MU_E_INPUT  an unknown engine; fewer than MU_ENGINE_CASES_MIN cases marked fit
 * The same bytes for any number of threads. Cost: some hundred answers of every case.
 */
mu_status mu_engine_calibrate(const mu_catalog *catalog, const mu_case cases[], uint32_t count,
                              const char *engine, bool simulate, mu_work *work,
                              mu_engine_found *out, mu_error *err) MU_MUST_CHECK;

#endif
