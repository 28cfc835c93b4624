/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and answers of the verbs predict, plan, compare and match.
 */
#ifndef MUSTER_STUDY_ANSWER_H
#define MUSTER_STUDY_ANSWER_H

#include "base/pool.h"
#include "catalog/catalog.h"
#include "serving/steady.h"
#include "serving/traffic.h"
#include "study/scenario.h"

/* A scenario whose ids are resolved: what is asked of which machine. */
typedef struct mu_question {
    const mu_catalog *catalog;
    const mu_scenario *scenario;
    mu_model model;
    mu_precision precision;
    mu_workload workload;
    mu_machine machine;           /* the point draw */
    mu_machine prefill_machine;   /* the same unless a role names another chip */
    mu_contention *contention[2]; /* of prefill_machine and machine in all draws; NULL: closed */
    mu_length measured_input;     /* of histograms; count 0 = none named, or not read */
    mu_length measured_output;
    const mu_entity *system;
    const mu_entity *chip;
    const mu_entity *engine;
} mu_question;

/* What runs the work: threads and progress, which is optional. */
typedef struct mu_work {
    mu_arena *arena;
    mu_pool *pool;
    mu_progress *progress;
    void *progress_context;
} mu_work;

/* What shared wires do to a deployment: nothing on a closed network. */
typedef struct mu_sharing {
    uint32_t count[2]; /* [0] prefill where it is apart, [1] decode or the one role */
    mu_shared_wire wire[2][MU_SHARED_WIRES_MAX];
    double handover; /* factor; 0 = none, or on links of its own */
} mu_sharing;

/* Watts by part: the point's sum to power_w, with the hall's to total_w; their intervals do not. */
typedef struct mu_power_answer {
#define X(name, field, words) mu_quantity field;
    MU_POWER_PART_LIST(X)
#undef X
    mu_quantity total_w;   /* with the hall */
    mu_quantity limit_w;   /* of the racks, were every chip at its limit */
    mu_quantity rated_w;   /* the same, every part at its own: what their feed must carry */
    mu_quantity outside_w; /* of links and optics: beside the servers or racks as sold */
    mu_quantity rack_w;    /* a rack full of the role that draws most; 0 = racks are not known */
    mu_quantity total_energy_per_output_token_j;
    mu_quantity output_tokens_per_s_per_kw; /* kW of power_w: without the hall */
} mu_power_answer;

/* A predicted deployment: the point and the 90 % intervals of what is reported. */
typedef struct mu_prediction {
    char system[MU_ID_MAX];
    char model[MU_ID_MAX];
    mu_precision precision;
    mu_deployment deployment;
    mu_service point;
    mu_quantity ttft_s, tpot_s;
    mu_quantity prefill_step_s, prefill_tokens_per_s, prefill_tokens_per_s_per_chip;
    mu_quantity decode_step_s, decode_tokens_per_s, decode_tokens_per_s_per_chip;
    mu_quantity output_tokens_per_s, total_tokens_per_s, requests_per_s;
    mu_quantity output_tokens_per_s_per_chip;
    mu_quantity power_w, energy_per_output_token_j;
    mu_power_answer power;
    double slo_share;      /* share of draws that keep the SLO; 1 or 0 with uncertainty off */
    double cost_usd;       /* capital of the chips in use; 0 = unknown */
    double headroom_bytes; /* memory left on the fullest rank */
    mu_sharing sharing;
    uint32_t warning_count;
    char warning[4][192];
} mu_prediction;

typedef struct mu_plan {
    mu_prediction best;
    uint64_t candidates;       /* deployments the search space holds */
    uint64_t role_evaluations; /* steps evaluated for them: each shape at each batch */
    uint64_t evaluated;        /* deployments evaluated in full */
    uint32_t pareto_count;
    mu_prediction *pareto; /* [pareto_count] tokens/s per chip against TPOT, fastest first; arena */
} mu_plan;

typedef struct mu_match {
    mu_prediction reference; /* the reference at its best under the SLO */
    mu_prediction matched;   /* the smallest count of the other that reaches it */
    bool reached;
    mu_quantity chips; /* how many it takes */
    mu_quantity ratio; /* matched chips over reference chips */
    mu_quantity power_ratio;
    mu_quantity cost_ratio;       /* 0 when a price is not known */
    mu_quantity throughput_ratio; /* matched over reference, as deployed */
    mu_prediction
        metric_ratios; /* its quantities are matched over reference; nothing else is set */
    char bottleneck[128];
    char sentence[768]; /* the answer in plain words */
} mu_match;

/**
 * Resolves ids, chooses the precision a chip runs best where none was said.
 * @param[in] arena  factors of a shared network live in it; NULL where the scenario has none
 */
mu_status mu_question_make(const mu_catalog *catalog, const mu_scenario *scenario,
                           const mu_doc *model_config, mu_arena *arena, mu_question *out,
                           mu_error *err) MU_MUST_CHECK;

/**
 * The same on machines that were loaded before for a question of this system, engine and chips,
 * whose contention is not looked at: [0] prefills, [1] decodes or serves; NULL = loads them.
 */
mu_status mu_question_make_on(const mu_catalog *catalog, const mu_scenario *scenario,
                              const mu_doc *model_config, const mu_machine machines[2],
                              mu_arena *arena, mu_question *out, mu_error *err) MU_MUST_CHECK;

/**
 * Whether the model has positions for input and output. Benchmarks with random tokens run past
 * them, so what was measured is answered without it.
 */
mu_status mu_question_check_length(const mu_question *question, mu_error *err) MU_MUST_CHECK;

/** One explicit deployment (or the best one when the scenario leaves it to us). MU_NO: it doesn't
 * fit. */
mu_status mu_predict(const mu_question *question, mu_work *work, mu_prediction *out,
                     mu_error *err) MU_MUST_CHECK;

/** The best deployment under the SLO, and the Pareto front. MU_NO: none; the message says what is
 * in the way. */
mu_status mu_plan_search(const mu_question *asked, mu_work *work, mu_plan *out,
                         mu_error *err) MU_MUST_CHECK;

/** How many of `right` it takes to do what `left` does at the same SLO. */
mu_status mu_match_search(const mu_question *left, const mu_question *right, mu_work *work,
                          mu_match *out, mu_error *err) MU_MUST_CHECK;

#endif
