/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what is reported of a simulation with an interval, as an array. */
#ifndef MUSTER_STUDY_SIM_METRICS_H
#define MUSTER_STUDY_SIM_METRICS_H

#include "study/power.h"
#include "study/simulate.h"

/* Shares of a role's peaks. */
typedef struct mu_sim_use {
    double mfu, mbu, network_share;
} mu_sim_use;

/* A run and what it ran on. */
typedef struct mu_sim_run {
    const mu_sim_answer *answer;
    const mu_sim_config *config;
    const mu_machine *machines; /* [2] */
    mu_precision precision;
    double chips;
    double ttft_factor; /* this draw's over the point's */
} mu_sim_run;

/* X(field of mu_simulation, expression of a mu_sim_view *v and its answer *a) */
#define MU_SIM_LATENCY_LIST(X, name, factor)                                                       \
    X(name.mean, a->name.mean *(factor))                                                           \
    X(name.p50, a->name.p50 *(factor))                                                             \
    X(name.p90, a->name.p90 *(factor))                                                             \
    X(name.p95, a->name.p95 *(factor))                                                             \
    X(name.p99, a->name.p99 *(factor))                                                             \
    X(name.max, a->name.max *(factor))

#define MU_SIM_METRIC_LIST(X)                                                                      \
    MU_SIM_LATENCY_LIST(X, ttft_s, v->run->ttft_factor)                                            \
    MU_SIM_LATENCY_LIST(X, tpot_s, 1.0)                                                            \
    MU_SIM_LATENCY_LIST(X, itl_s, 1.0)                                                             \
    MU_SIM_LATENCY_LIST(X, e2e_s, 1.0)                                                             \
    X(requests_per_s, a->ended_per_s)                                                              \
    X(output_tokens_per_s, v->output_tokens_per_s)                                                 \
    X(total_tokens_per_s, v->total_tokens_per_s)                                                   \
    X(output_tokens_per_s_per_chip, v->output_tokens_per_s / v->chips)                             \
    X(goodput_requests_per_s, v->goodput_requests_per_s)                                           \
    X(power_w, v->power_w)                                                                         \
    X(energy_per_output_token_j, v->energy_per_output_token_j)                                     \
    MU_POWER_METRIC_LIST(X, &v->power, v->output_tokens_per_s)                                     \
    X(prefill_mfu, v->prefill.mfu)                                                                 \
    X(decode_mfu, v->decode.mfu)                                                                   \
    X(prefill_mbu, v->prefill.mbu)                                                                 \
    X(decode_mbu, v->decode.mbu)

#define MU_SIM_COUNT(field, expression) +1
enum { MU_SIM_METRICS = 0 MU_SIM_METRIC_LIST(MU_SIM_COUNT) };
#undef MU_SIM_COUNT

/** All of them, in list order; finite whatever happened. */
void mu_sim_metrics(const mu_sim_run *run, double out[MU_SIM_METRICS]);

/** Where a simulation keeps the i-th. */
mu_quantity *mu_sim_metric(mu_simulation *simulation, uint32_t i);

/** Of one role, over the time that its instances were in service. */
mu_sim_use mu_sim_role_use(const mu_sim_role_answer *role, const mu_machine *machine,
                           const mu_precision *precision);

#endif
