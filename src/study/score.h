/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well predictions met measurements: errors and their summaries.
 *
 * Terms: error = (predicted - measured) / measured; coverage = share of measurements inside the 90
 * % interval.
 */
#ifndef MUSTER_STUDY_SCORE_H
#define MUSTER_STUDY_SCORE_H

#include "base/arena.h"
#include "study/case.h"

/* One measure of one case, answered or not. */
typedef struct mu_outcome {
    uint32_t case_index;
    mu_measure_kind kind;
    double measured;
    mu_quantity predicted;
    bool answered;
    bool tight;         /* by our count it does not fit the memory; answered as if it did */
    const char *note;   /* how the case was read where not to the letter; else NULL; static */
    const char *server; /* id of the recipe that says how its server was launched; else NULL */
    const char *why;    /* where it was not answered; else NULL */
} mu_outcome;

/* Fractions; 0 when n is 0. */
typedef struct mu_score {
    uint64_t n; /* answered */
    uint64_t unanswered;
    double mape;       /* mean of |error| */
    double median;     /* of |error| */
    double p90;        /* of |error| */
    double coverage90; /* NaN without intervals */
    double bias;       /* mean of error */
    double width;      /* mean of (high - low) / predicted; NaN without intervals */
    uint64_t slips;    /* answered, but off by a factor that looks like a unit */
    uint32_t slip;     /* the first outcome of them */
    uint64_t near;     /* answered within a factor of three */
} mu_score;

/* The rows that were not fitted on, and those that were, apart. */
typedef struct mu_score_group {
    const char *name; /* "" = all */
    mu_score held_out;
    mu_score fitted;
} mu_score_group;

static inline double mu_outcome_error(const mu_outcome *outcome)
{
    return (outcome->predicted.value - outcome->measured) / outcome->measured;
}

/**
 * Power of ten, 3 or 6 either way, that a time is off by within a factor of five, as when seconds
 * are taken for milliseconds; 0 when it is not. Positive where the prediction is the larger.
 */
int mu_unit_slip(double predicted, double measured);

/**
 * All outcomes together (group 0) and by group, in order of name: operators as chip/op/dtype, the
 * rest as measure, and measure/system/ID, /engine/, /model/, /mode/, /source/.
 *
 * @param[in]  intervals  whether predictions carry any
 * @param[out] out        [count]; belongs to the arena, as do the names
 * @retval MU_E_MEMORY
 * Cost: O(outcomes log outcomes).
 */
mu_status mu_score_groups(const mu_case cases[], const mu_outcome outcomes[], uint32_t count,
                          bool intervals, mu_arena *arena, mu_score_group **out,
                          uint32_t *out_count, mu_error *err) MU_MUST_CHECK;

#endif
