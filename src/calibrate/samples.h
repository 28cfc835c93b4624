/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured rows as calibration takes them: thinned to a bound, without duplicates, in an order of
 * their own.
 *
 * Terms: group = rows of one operator, format and cache format; held out = not fitted on, by
 *        mu_case_is_fit(); fold = fifth of the fitted rows that cross-validation leaves out.
 * Bound: at most MU_SAMPLES_MAX rows are kept, those of the smallest hashes, so that neither the
 *        order of rows nor of files changes an answer.
 */
#ifndef MUSTER_CALIBRATE_SAMPLES_H
#define MUSTER_CALIBRATE_SAMPLES_H

#include "base/pool.h"
#include "study/op_case.h"

enum { MU_SAMPLES_MAX = 131072, MU_SAMPLE_GROUPS_MAX = 64, MU_FOLDS = 5 };

typedef struct mu_sample {
    mu_op_question question;
    mu_moe_load load;
    double measured_s;
    uint64_t hash; /* of the question */
    uint8_t fold;  /* 0 .. MU_FOLDS-1 */
    uint8_t group;
    bool held_out;
} mu_sample;

typedef struct mu_sample_group {
    mu_op_case_kind kind;
    const char *dtype;
    mu_dtype kv;
    uint32_t rows;
    uint32_t held_out;
} mu_sample_group;

/* What calibration knows of its rows; belongs to the arena. */
typedef struct mu_samples {
    mu_arena *arena;
    mu_sample *row; /* [count] in order of hash, once finished */
    uint32_t count;
    uint32_t capacity;
    uint64_t hash_limit; /* rows with a larger hash are passed over */
    uint64_t seen;
    uint32_t duplicates;      /* rows that asked what another had asked: their median stays */
    mu_op_question duplicate; /* one of them */
    uint32_t group_count;
    mu_sample_group group[MU_SAMPLE_GROUPS_MAX];
} mu_samples;

void mu_samples_begin(mu_arena *arena, mu_samples *out);

/**
 * Takes one row. Texts of the question must live as long as the samples.
 * @param[in] measured_s  > 0
 * @retval MU_E_MEMORY
 */
mu_status mu_samples_add(mu_samples *samples, const mu_op_question *question, double measured_s,
                         mu_error *err) MU_MUST_CHECK;

/**
 * Orders rows, merges duplicates, assigns folds and groups, and finds the loads of experts.
 * @retval MU_E_INPUT   more than MU_SAMPLE_GROUPS_MAX groups
 * @retval MU_E_MEMORY
 * Cost: O(rows log rows); half a millisecond for each distinct load of experts.
 */
mu_status mu_samples_finish(mu_samples *samples, mu_pool *pool, mu_error *err) MU_MUST_CHECK;

#endif
