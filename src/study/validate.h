/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation: every case predicted, held against what was measured, and the errors summed up.
 *
 * Terms: target = the chip or system of an operator question, loaded once in every draw.
 * Bound: in steady state means, no percentiles; request by request those too. A deployment that was
 *        measured did run: where it does not fit the memory by our count it is answered as if it
 *        did, and says so. Training is not answered.
 */
#ifndef MUSTER_STUDY_VALIDATE_H
#define MUSTER_STUDY_VALIDATE_H

#include "study/answer.h"
#include "study/case.h"
#include "study/score.h"

enum { MU_VALIDATE_SAMPLES_MAX = 4096 };

typedef struct mu_validation {
    const mu_case *cases;
    uint32_t case_count;
    mu_outcome *outcome; /* [outcome_count] in case order, measures in the order of the case */
    uint32_t outcome_count;
    bool intervals;
    const char *left_out; /* what taught the priors nothing, in words; NULL = all was used */
    const char *const *left_out_id; /* [left_out_count] calibrations */
    uint32_t left_out_count;
    mu_score_group *group; /* [group_count]; 0 is all together */
    uint32_t group_count;
    const char *const *warning; /* [warning_count] what the reader should know of the input */
    uint32_t warning_count;
} mu_validation;

typedef struct mu_validate_options {
    uint32_t samples; /* draws for intervals, at most MU_VALIDATE_SAMPLES_MAX; 0 = points only */
    uint64_t seed;
    bool simulate; /* deployments run request by request; intervals are those of the steady state
                      around them */
    const mu_engine *engine; /* runs all deployments instead of the engines they name, with samples
                                0; NULL = as named */
} mu_validate_options;

/**
 * Answers all cases over the threads of the pool; the same bytes for any number of threads.
 *
 * @param[in]  cases  [count]; borrowed by the result
 * @param[out] out    belongs to work->arena
 * @retval MU_E_MEMORY     the arena is full
 * @retval MU_E_CANCELLED  progress said so
 * Groups whose predictions are all far off by a factor that looks like a unit are warned of.
 * A case that cannot be answered is no failure: its outcomes say why.
 * Cost: about a millisecond a deployment and draw, a microsecond an operator and draw.
 */
mu_status mu_validate(const mu_catalog *catalog, const mu_case cases[], uint32_t count,
                      const mu_validate_options *options, mu_work *work, mu_validation *out,
                      mu_error *err) MU_MUST_CHECK;

#endif
