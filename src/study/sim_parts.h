/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/study only: what a simulation is made of.
 *
 * Terms: worker = a thread that prices steps; each has tables of its own, in an arena of its own.
 */
#ifndef MUSTER_STUDY_SIM_PARTS_H
#define MUSTER_STUDY_SIM_PARTS_H

#include "study/draws.h"
#include "study/explain.h"
#include "study/simulate.h"

/* Means of what arrives. */
typedef struct mu_sim_means {
    double input, output; /* tokens */
    double prefix_hit;    /* share of the input that others said before */
    double rate;          /* requests per second; 0 = a closed loop */
} mu_sim_means;

/** Means of made traffic, of the question's workload, its sessions and shared prefixes. */
mu_sim_means mu_sim_means_said(const mu_question *question);

/**
 * Means of what a source begins with.
 * @retval MU_E_INPUT  of the source
 */
mu_status mu_sim_means_seen(const mu_sim_source *source, mu_arena *arena, mu_sim_means *out,
                            mu_error *err) MU_MUST_CHECK;

/** Whether made requests have anything in common, so that their blocks need names. */
bool mu_sim_shares_prefixes(const mu_question *question);

/**
 * What arrives, as the scenario says.
 * @param[in] concurrency   clients of a closed loop, where the scenario leaves them open
 * @param[in] block_tokens  of a cache block; 0 = caches don't outlive requests
 * @param[in] arena         lists of lengths live in it
 * @retval MU_E_INPUT  lengths said twice, tenants without shares
 */
mu_status mu_sim_wish(const mu_question *question, double concurrency, uint32_t block_tokens,
                      mu_arena *arena, mu_traffic_wish *out, mu_error *err) MU_MUST_CHECK;

/** What arrived, in words; `requests` as counted. */
void mu_sim_traffic_words(const mu_question *question, const mu_sim_answer *answer,
                          double concurrency, char *out, size_t size);

/** Whether caches outlive their requests: as said, as prefix_hit needs, else as the engine. */
bool mu_sim_prefix_cache(const mu_question *question);

/** Tokens of a cache block: as said, else the engine's. */
uint32_t mu_sim_block_tokens(const mu_question *question);

/* Where a configuration's parts live. */
typedef struct mu_sim_home {
    mu_arena *arena;
    mu_arena *const *table; /* [workers] one for the step tables of each worker */
    uint32_t workers;
} mu_sim_home;

/**
 * The simulator's configuration of a deployment on these machines: [0] prefills, [1] decodes or
 * serves. Programs and step tables live where `home` says.
 * @retval MU_NO        weights and scratch leave no room for a cache: the message has how much
 * @retval MU_E_INPUT   degrees that contradict, an engine of unknown policy
 * @retval MU_E_MEMORY
 */
mu_status mu_sim_configure(const mu_question *question, const mu_deployment *deployment,
                           const mu_machine machines[2], const mu_sim_home *home,
                           mu_sim_config *out, mu_error *err) MU_MUST_CHECK;

/* A question with the means of what arrives, and where it comes from. */
typedef struct mu_sim_study {
    const mu_question *asked;
    mu_question question;
    mu_scenario scenario; /* without draws: for what is found on the way */
    const mu_sim_source *source;
    double concurrency; /* of a closed loop that leaves it open */
} mu_sim_study;

/* One run: what it is given, and what it gives. */
typedef struct mu_sim_single {
    const mu_sim_study *study;
    const mu_deployment *deployment;
    const mu_machine *machines; /* [2] */
    const mu_sim_source *source;
    const mu_sim_watch *watch; /* NULL = nobody looks */
    mu_pool *pool;             /* NULL = on this thread */
    mu_sim_home home;
    mu_sim_config config;
    mu_sim_answer answer;
} mu_sim_single;

/** Where requests come from: what the caller has, else made as the scenario says. */
mu_status mu_sim_make_source(const mu_sim_study *study, mu_arena *arena, mu_sim_source *out,
                             mu_error *err) MU_MUST_CHECK;

/** Configures and runs; the answer lives in home.arena. */
mu_status mu_sim_run_once(mu_sim_single *r, mu_error *err) MU_MUST_CHECK;

/** Keeps a remark for the reader; beyond the room for them they are dropped. */
void mu_sim_warn(mu_simulation *out, const char *format, ...) MU_PRINTF(2, 3);

/** One remark for each reason why keys that the scenario says change nothing. */
void mu_sim_warn_idle(const mu_question *question, const mu_deployment *deployment,
                      mu_simulation *out);

/**
 * The deployment's study: the means of what arrives, and who asked.
 * @retval MU_E_INPUT  a trace that was not opened
 */
mu_status mu_sim_begin(const mu_question *asked, const mu_sim_source *source, mu_work *work,
                       mu_sim_study *s, mu_error *err) MU_MUST_CHECK;

/**
 * What is reported, with the machines of one draw.
 * @param[in]  point    the deployment and its figures at the point
 * @param[out] value    [MU_SIM_METRICS] in the order of sim_metrics.h
 * @retval MU_NO        nothing could be admitted
 */
mu_status mu_sim_in_draw(const mu_sim_study *study, const mu_simulation *point,
                         const mu_sim_source *source, mu_draw draw, mu_arena *arena, double *value,
                         mu_error *err) MU_MUST_CHECK;

/** Draws that so many requests a run allow of those that were asked for. */
uint64_t mu_sim_samples(const mu_sim_study *study, const mu_simulation *point);

/**
 * Draws the question's samples, as many as its requests allow, around a point that stands.
 * @param[out] values  [mu_sim_samples()][MU_SIM_METRICS] all draws, NAN where nothing is
 *                     served; NULL = not wanted
 */
mu_status mu_sim_add_intervals(const mu_sim_study *study, mu_work *work, double *values,
                               mu_simulation *out, mu_error *err) MU_MUST_CHECK;

/**
 * Which of what is reported is explained; unless said goodput where there is an SLO, ttft_s.p99 of
 * open traffic, output_tokens_per_s of a closed loop.
 */
mu_status mu_sim_explained_metric(const mu_question *question, const mu_explain_wish *wish,
                                  uint32_t *out, mu_error *err) MU_MUST_CHECK;

/** As mu_sim_add_intervals(), and what one of the figures hangs on. */
mu_status mu_sim_explain_draws(const mu_sim_study *study, const mu_explain_wish *wish,
                               uint32_t metric, mu_work *work, mu_simulation *out,
                               mu_explanation *explanation, mu_error *err) MU_MUST_CHECK;

#endif
