/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan put to the test: its deployments under the scenario's traffic, request by request.
 *
 * What:  the best deployment and some of the Pareto front are simulated (points only) and set
 *        beside what the steady state said of them.
 * Terms: steady = the plan's own point answer; too hopeful = beaten by what was simulated by more
 *        than a tenth; keeps the SLO = its means do, as the plan holds them; share = of requests.
 * Bound: one run each: a plan near its limit may do otherwise under another seed. Plans of the
 *        front that the steady state itself calls overloaded are left out.
 */
#ifndef MUSTER_STUDY_VERIFY_H
#define MUSTER_STUDY_VERIFY_H

#include "study/simulate.h"

enum { MU_VERIFIED_MAX = 8 };

/* X(NAME, words), from good to bad */
#define MU_VERDICT_LIST(X)                                                                         \
    X(HOLDS, "holds")                                                                              \
    X(HOPEFUL, "too hopeful")                                                                      \
    X(BREAKS, "breaks the SLO")                                                                    \
    X(UNSTABLE, "unstable")                                                                        \
    X(UNFIT, "does not fit")

typedef enum mu_verdict {
#define X(name, words) MU_VERDICT_##name,
    MU_VERDICT_LIST(X)
#undef X
} mu_verdict;

/* One deployment, planned and simulated; figures are 0 where nothing could be served. */
typedef struct mu_verified {
    bool best;                   /* the plan's best, which may be of the front, too */
    int32_t front;               /* place in the Pareto front from 0; -1 = not there */
    const mu_prediction *steady; /* borrowed from the plan */
    mu_sim_percentiles ttft_s, tpot_s;
    double e2e_s, wait_s; /* means; wait: from arrival to the first step */
    double output_tokens_per_s, requests_per_s;
    double requests_per_s_per_chip;
    double batch; /* sequences of a decode step in a DP group, mean */
    uint64_t arrived, rejected, preemptions;
    bool stable;
    bool keeps_slo;   /* stable, nothing turned away, means within the SLO (true without one) */
    double slo_share; /* of the requests; 1 without an SLO */
    mu_verdict verdict;
    char why[512];     /* what was too hopeful, in words; "" = nothing */
    char traffic[256]; /* what arrived, in words */
} mu_verified;

typedef struct mu_verification {
    uint32_t count;
    mu_verified verified[MU_VERIFIED_MAX]; /* the best first, then the front in its order */
    int32_t keeper; /* of those that keep the SLO, the one of most requests/s a chip; -1 = none */
} mu_verification;

/**
 * Lets the search go by what arrives: mean lengths and rate of what a source begins with become the
 * scenario's and the question's, an endless stream.
 * @param[in,out] scenario  of the question
 * @retval MU_E_INPUT  of the source, or lengths that the model has no positions for
 */
mu_status mu_question_follow(const mu_sim_source *source, mu_arena *arena, mu_scenario *scenario,
                             mu_question *question, mu_error *err) MU_MUST_CHECK;

/**
 * Simulates the deployments of a plan under the question's traffic, one a thread.
 * @param[in] plan    of this question; must outlive `out`
 * @param[in] source  where requests come from; NULL = made as the scenario says
 * @retval MU_E_INPUT   traffic or engine that cannot be simulated
 * @retval MU_E_MEMORY
 */
mu_status mu_plan_verify(const mu_question *question, const mu_plan *plan,
                         const mu_sim_source *source, mu_work *work, mu_verification *out,
                         mu_error *err) MU_MUST_CHECK;

/** "breaks the SLO"; static. */
const char *mu_verdict_text(mu_verdict verdict);

#endif
