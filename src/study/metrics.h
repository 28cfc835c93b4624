/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what is reported of a service with an interval, as an array. */
#ifndef MUSTER_STUDY_METRICS_H
#define MUSTER_STUDY_METRICS_H

#include "study/answer.h"
#include "study/power.h"

/* X(field of mu_prediction, expression of a mu_service *s): those with a number of their own */
#define MU_SERVICE_NAMED_LIST(X)                                                                   \
    X(ttft_s, s->ttft_s)                                                                           \
    X(tpot_s, s->tpot_s)                                                                           \
    X(prefill_step_s, s->prefill.step_s)                                                           \
    X(prefill_tokens_per_s, s->prefill.tokens_per_s)                                               \
    X(prefill_tokens_per_s_per_chip, s->prefill.tokens_per_s_per_chip)                             \
    X(decode_step_s, s->decode.step_s)                                                             \
    X(decode_tokens_per_s, s->decode.tokens_per_s)                                                 \
    X(decode_tokens_per_s_per_chip, s->decode.tokens_per_s_per_chip)                               \
    X(output_tokens_per_s, s->output_tokens_per_s)                                                 \
    X(total_tokens_per_s, s->total_tokens_per_s)                                                   \
    X(requests_per_s, s->requests_per_s)                                                           \
    X(output_tokens_per_s_per_chip, s->output_tokens_per_s / s->chips)                             \
    X(power_w, s->power_w)                                                                         \
    X(energy_per_output_token_j, s->energy_per_output_token_j)

#define MU_SERVICE_METRIC_LIST(X)                                                                  \
    MU_SERVICE_NAMED_LIST(X)                                                                       \
    MU_POWER_METRIC_LIST(X, &s->power, s->output_tokens_per_s)

enum {
#define X(field, expression) MU_METRIC_##field,
    MU_SERVICE_NAMED_LIST(X)
#undef X
};

#define MU_SERVICE_COUNT(field, expression) +1
enum { MU_SERVICE_METRICS = 0 MU_SERVICE_METRIC_LIST(MU_SERVICE_COUNT) };
#undef MU_SERVICE_COUNT

/** All of them, in list order. */
void mu_service_metrics(const mu_service *s, double out[MU_SERVICE_METRICS]);

/** Where a prediction keeps the i-th. */
mu_quantity *mu_prediction_metric(mu_prediction *prediction, uint32_t i);

#endif
