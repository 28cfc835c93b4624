/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb simulate: a question's deployment under its traffic, with intervals.
 *
 * What:  the point run, and the same traffic on machines of every draw.
 */
#ifndef MUSTER_STUDY_SIMULATE_H
#define MUSTER_STUDY_SIMULATE_H

#include "serving/simulate.h"
#include "study/answer.h"

/* Percentiles of one latency [s]. */
typedef struct mu_sim_percentiles {
    mu_quantity mean, p50, p90, p95, p99, max;
} mu_sim_percentiles;

typedef struct mu_simulation {
    char system[MU_ID_MAX];
    char model[MU_ID_MAX];
    mu_precision precision;
    mu_deployment deployment;
    mu_sim_config config; /* of the point run; observers are NULL */
    mu_sim_answer point;
    mu_service steady; /* what the steady state says of the same deployment and load */
    mu_sim_percentiles ttft_s, tpot_s, itl_s, e2e_s;
    mu_quantity requests_per_s, output_tokens_per_s, total_tokens_per_s;
    mu_quantity output_tokens_per_s_per_chip;
    mu_quantity goodput_requests_per_s; /* those that kept the SLO */
    mu_quantity power_w, energy_per_output_token_j;
    mu_power_answer power;
    mu_quantity prefill_mfu, decode_mfu; /* flop over peak of the role's ranks, 0..1; the one role's
                                            is decode's */
    mu_quantity prefill_mbu, decode_mbu; /* bytes over memory bandwidth, 0..1 */
    double prefill_network_share, decode_network_share; /* of busy time */
    double chips;
    uint32_t samples;  /* draws behind the intervals */
    char traffic[256]; /* what arrived, in words */
    uint32_t warning_count;
    char warning[8][192];
} mu_simulation;

/* A source of requests that can be had anew: each draw reads the same traffic. */
typedef struct mu_sim_source {
    void *context;
    /* Opens the traffic from its start; belongs to the arena, close() ends it. */
    mu_status (*open)(void *context, mu_arena *arena, mu_traffic *out, mu_error *err);
    void (*close)(void *context, mu_traffic *traffic); /* may be NULL */
} mu_sim_source;

/* Observers of the point run. */
typedef struct mu_sim_watch {
    void *context;
    void (*on_step)(void *observer, const mu_sim_event *step);
    void (*on_request)(void *observer, const mu_sim_record *request);
} mu_sim_watch;

/**
 * Simulates the question's deployment (the best one where the scenario leaves it to us).
 * @param[in] source  where requests come from; NULL = made as the scenario says
 * @param[in] watch   NULL = nobody looks
 * @retval MU_NO  the deployment doesn't fit, or no request could ever be admitted
 */
mu_status mu_simulate_question(const mu_question *question, const mu_sim_source *source,
                               const mu_sim_watch *watch, mu_work *work, mu_simulation *out,
                               mu_error *err) MU_MUST_CHECK;

/**
 * The point run of one deployment alone.
 * @param[in] machines  [2] as mu_question_machines() draws them; NULL = the question's own
 */
mu_status mu_simulate_deployment(const mu_question *question, const mu_deployment *deployment,
                                 const mu_machine machines[2], const mu_sim_source *source,
                                 const mu_sim_watch *watch, mu_work *work, mu_simulation *out,
                                 mu_error *err) MU_MUST_CHECK;

/** Share of the requests answered or turned away that kept the SLO, 0..1. */
double mu_simulation_good_share(const mu_simulation *simulation);

#endif
