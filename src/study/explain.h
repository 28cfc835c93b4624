/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer hangs on: tornado tables of predictions and matches, by metric.
 */
#ifndef MUSTER_STUDY_EXPLAIN_H
#define MUSTER_STUDY_EXPLAIN_H

#include "study/cost.h"
#include "study/simulate.h"
#include "study/supply.h"
#include "study/tornado.h"

/* What of an answer is explained. */
typedef struct mu_explain_wish {
    const char *metric; /* "output_tokens_per_s"; of a match also "chips"; NULL = the usual one */
    uint32_t rows;      /* of the table, at most; 0 = as usual */
} mu_explain_wish;

typedef struct mu_explanation {
    char metric[40];
    mu_dimension dimension;    /* of the answer */
    const mu_catalog *catalog; /* that its inputs come from, borrowed */
    const mu_entity *engine;   /* NULL = none */
    mu_tornado tornado;
} mu_explanation;

/**
 * Which of names[0..count) is wanted; `usual` when none is.
 * @retval MU_E_USAGE  none of that name; the nearest is named, or all
 */
mu_status mu_explain_metric(const char *const names[], uint32_t count, const char *wanted,
                            uint32_t usual, uint32_t *out, mu_error *err) MU_MUST_CHECK;

/** Names what `out` explains and where its inputs come from; the tornado is filled apart. */
void mu_explanation_name(const char *metric, const mu_catalog *catalog, const mu_entity *engine,
                         mu_explanation *out);

/**
 * The tornado of `out` from a plan with every input joined, which is frozen: `ask` answers in one
 * draw.
 * @retval MU_E_INPUT  as mu_tornado_make()
 */
mu_status mu_explain_inputs(mu_draw_plan *plan, double draws, const mu_explain_wish *wish,
                            mu_tornado_ask *ask, const void *context, mu_work *work,
                            mu_explanation *out, mu_error *err) MU_MUST_CHECK;

/** MU_E_USAGE when so many draws, or those of a scenario, are too few to explain. */
mu_status mu_explain_check_draws(double samples, mu_error *err) MU_MUST_CHECK;
mu_status mu_explain_check(const mu_scenario *scenario, mu_error *err) MU_MUST_CHECK;

/** How a metric is read, by the unit that its name carries. */
mu_dimension mu_explain_dimension(const char *metric);

/** Names of what is reported of a service, in the order of mu_service_metrics(); static. */
const char *const *mu_explain_metrics(uint32_t *count);

/**
 * The draws of a prediction, explained; `prediction` must be of the question, or of one that
 * differs in formats only.
 * @retval MU_E_USAGE  no metric of that name (nearest named), or fewer draws than it takes
 */
mu_status mu_explain_prediction(const mu_question *question, const mu_prediction *prediction,
                                const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                                mu_error *err) MU_MUST_CHECK;

/**
 * mu_match_search() with what its answer hangs on: `chips` of the matched side by default, else
 * power_ratio, cost_ratio or a metric's, matched over reference at equal work.
 */
mu_status mu_match_explain(const mu_question *left, const mu_question *right,
                           const mu_explain_wish *wish, mu_work *work, mu_match *out,
                           mu_explanation *explanation, mu_error *err) MU_MUST_CHECK;

/**
 * What a bill hangs on: `used_chip_hour_usd` by default, of a deployment `million_output_usd`; also
 * million_input_usd, chip_hour_usd, capital_usd, year_usd.
 * @param[in] answer  of this question
 */
mu_status mu_cost_explain(const mu_cost_question *question, const mu_cost_answer *answer,
                          const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                          mu_error *err) MU_MUST_CHECK;

/**
 * mu_simulate_question() with what a figure hangs on, one of those that have an interval
 * ("ttft_s.p99", "goodput_requests_per_s", ..). Of all inputs a run of
 * the first 200 requests says which move anything; the 32 heaviest are looked at, and as many draws
 * tell what they are worth as 1000 runs and 8 million requests allow in all, 32 at least.
 * @retval MU_E_USAGE  no metric of that name, fewer draws than it takes
 * @retval MU_E_INPUT  an overload: it has no interval to explain
 */
mu_status mu_simulate_explain(const mu_question *question, const mu_sim_source *source,
                              const mu_sim_watch *watch, const mu_explain_wish *wish, mu_work *work,
                              mu_simulation *out, mu_explanation *explanation,
                              mu_error *err) MU_MUST_CHECK;

/**
 * What a supply hangs on: `chips` until the end by default, or chips_a_month at the end.
 * @param[in] answer  of this question, with a line
 */
mu_status mu_supply_explain(const mu_supply_question *question, const mu_supply_answer *answer,
                            const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                            mu_error *err) MU_MUST_CHECK;

#endif
