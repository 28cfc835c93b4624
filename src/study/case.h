/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case: a question somebody measured the answer of.
 *
 * Terms: a measure is one number of a case (TPOT, TTFT, ...); fit = the case was, or may be, used
 * to fit parameters, so it says nothing about how well the twin predicts.
 */
#ifndef MUSTER_STUDY_CASE_H
#define MUSTER_STUDY_CASE_H

#include "base/doc.h"
#include "study/op_case.h"

/* X(NAME, word): what may stand under `measured`. */
#define MU_MEASURE_LIST(X)                                                                         \
    X(TTFT_MEAN, "ttft_mean_s")                                                                    \
    X(TTFT_P50, "ttft_p50_s")                                                                      \
    X(TTFT_P99, "ttft_p99_s")                                                                      \
    X(TPOT_MEAN, "tpot_mean_s")                                                                    \
    X(TPOT_P50, "tpot_p50_s")                                                                      \
    X(TPOT_P99, "tpot_p99_s")                                                                      \
    X(E2E_MEAN, "e2e_mean_s")                                                                      \
    X(OUTPUT_RATE, "output_tokens_per_s")                                                          \
    X(TOTAL_RATE, "total_tokens_per_s")                                                            \
    X(REQUEST_RATE, "requests_per_s")                                                              \
    X(OUTPUT_RATE_CHIP, "output_tokens_per_s_per_chip")                                            \
    X(TOTAL_RATE_CHIP, "total_tokens_per_s_per_chip")                                              \
    X(PREFILL_RATE_CHIP, "prefill_tokens_per_s_per_chip")                                          \
    X(DECODE_RATE_CHIP, "decode_tokens_per_s_per_chip")                                            \
    X(STEP, "step_s")                                                                              \
    X(RATE_CHIP, "tokens_per_s_per_chip")                                                          \
    X(MODEL_FLOPS_CHIP, "model_flops_per_s_per_chip")                                              \
    X(MFU, "mfu")                                                                                  \
    X(POWER, "power_w")                                                                            \
    X(POWER_LIMIT, "power_limit_w")                                                                \
    X(POWER_RATED, "power_rated_w")                                                                \
    X(CHIPS_POWER, "chips_power_w")                                                                \
    X(UNIT_POWER, "unit_power_w")                                                                  \
    X(UNIT_LIMIT, "unit_limit_w")                                                                  \
    X(UNIT_RATED, "unit_rated_w")                                                                  \
    X(LATENCY, "latency_s")                                                                        \
    X(BUS_BANDWIDTH, "bus_bandwidth_bytes_per_s")

typedef enum mu_measure_kind {
#define X(name, word) MU_MEASURE_##name,
    MU_MEASURE_LIST(X)
#undef X
        MU_MEASURE_COUNT
} mu_measure_kind;

const char *mu_measure_text(mu_measure_kind kind);

typedef struct mu_measure {
    mu_measure_kind kind;
    double value; /* SI, > 0 */
} mu_measure;

typedef enum mu_case_verb { MU_CASE_PREDICT, MU_CASE_OP, MU_CASE_OTHER } mu_case_verb;

/* All borrowed; texts are "" where nothing was said. */
typedef struct mu_case {
    const char *id;
    const char *source;
    const char *engine_version;
    const char *date; /* of the measurement, YYYY-MM-DD */
    bool fit;
    mu_case_verb verb;
    bool simulate;            /* of PREDICT: request by request, whatever the others are */
    mu_doc scenario;          /* of PREDICT: the root is the scenario */
    const mu_op_question *op; /* of OP */
    const char *fault;        /* why it cannot be answered, known from reading; NULL = none */
    uint32_t measure_count;
    const mu_measure *measure;
} mu_case;

/**
 * Whether a row of an operator table belongs to the seven in ten that may be fitted on: by a hash
 * of its key, so that whoever fits and whoever validates agree, whatever the order and number of
 * rows.
 *
 * @param[in] key  canonical text of the question (mu_op_key()); its first word, what was asked of,
 *                 does not count
 */
bool mu_case_is_fit(const char *key);

#endif
