/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/study only: the space of deployments, its evaluation, and the joining of roles.
 *
 * What:  a shape is one way to cut one instance of a role; it is compiled once and evaluated at
 * many batch sizes, each giving an offer: chips, requests/s, latency. Offers of prefill and decode
 *        are joined into deployments by closed form.
 */
#ifndef MUSTER_STUDY_SEARCH_H
#define MUSTER_STUDY_SEARCH_H

#include "study/answer.h"

/* What a shape is for. */
typedef enum mu_shape_use { MU_SHAPE_PREFILL, MU_SHAPE_DECODE, MU_SHAPE_SERVE } mu_shape_use;

typedef struct mu_cut_shape {
    mu_shape_use use;
    mu_parallel parallel;
} mu_cut_shape;

/* One instance of a shape at one batch. */
typedef struct mu_offer {
    uint32_t shape;
    bool chunked;
    double batch; /* sequences (decode, serve) or token budget (prefill) per DP group */
    double batch_tokens;
    double chips;          /* of one instance */
    double requests_per_s; /* of one instance */
    double latency_s;      /* prefill: TTFT without queueing; decode: TPOT; serve: TPOT */
    double ttft_s;         /* serve only */
} mu_offer;

typedef struct mu_space {
    mu_cut_shape *shape;
    uint32_t shape_count;
    mu_offer *offer; /* all offers of all shapes, in shape order; arena */
    uint64_t offer_count;
    uint64_t role_evaluations; /* steps evaluated */
    double
        least_missing_bytes; /* over shapes that don't fit: how near the nearest came, per rank */
    double least_tpot_s;     /* fastest anything gets */
    double least_ttft_s;
    double least_chips; /* smallest instance that fits */
} mu_space;

/* A deployment in the making: offers joined, with how many instances of each. */
typedef struct mu_join {
    int64_t prefill; /* offer index, -1 = aggregated */
    int64_t decode;  /* offer index; -1 = nothing found */
    uint32_t prefill_instances;
    uint32_t decode_instances;
    double chips;
    double requests_per_s;
    double tpot_s;
} mu_join;

/** Formats of a scenario on a chip: said ones, else the model's own or the nearest the chip
 * multiplies. */
mu_precision mu_precision_choose(const mu_scenario *scenario, const mu_model *model,
                                 const mu_machine *machine);

/** Machines of both roles in one draw. */
mu_status mu_question_machines(const mu_question *question, mu_draw draw, mu_machine *prefill,
                               mu_machine *decode, mu_error *err) MU_MUST_CHECK;

/** Site of a question for its point machines. */
mu_site mu_question_site(const mu_question *question);

/** True when the scenario spells a deployment out: ranks or batch of any role. */
bool mu_scenario_is_explicit(const mu_scenario *scenario);

/** Whether these latencies keep the scenario's SLO (true when there is none). */
bool mu_scenario_holds(const mu_scenario *scenario, double ttft_s, double tpot_s);

/** The deployment a scenario spells out, unsaid degrees defaulted. MU_E_INPUT: contradictory. */
mu_status mu_deployment_from_wish(const mu_question *question, mu_deployment *out,
                                  mu_error *err) MU_MUST_CHECK;

/** Ranks of the widest tier inside a supernode. */
double mu_scale_up_ranks(const mu_fabric *fabric);

/** How this question's engine brings tokens of DP groups to the experts of a cut. */
bool mu_cut_gathers(const mu_question *question, const mu_parallel *parallel);

/** Fills acceptance, batch_tokens and chunking of a role from wish or defaults. */
void mu_role_defaults(const mu_question *question, const mu_role_wish *wish, mu_role *role);

/** All shapes with at most max_ranks ranks an instance. */
mu_status mu_space_enumerate(const mu_question *question, double max_ranks, mu_arena *arena,
                             mu_space *out, mu_error *err) MU_MUST_CHECK;

/** Evaluates every shape at every batch: fills offers that fit the memory and the SLO. */
mu_status mu_space_evaluate(const mu_question *question, mu_work *work, mu_space *space,
                            mu_error *err) MU_MUST_CHECK;

/** Chips of the smallest instance that holds the model and one sequence; HUGE_VAL when none does.
 */
double mu_space_least_chips(const mu_question *question, const mu_space *space);

/** Most requests/s with at most `chips`. Ties go to fewer chips. O(prefill sizes x decode offers).
 */
mu_join mu_join_most(const mu_question *question, const mu_space *space, double chips,
                     uint64_t *joined);

/**
 * Most requests/s of a closed loop of the workload's concurrency with at most `chips`: each shape
 * with all the instances that fit is answered in full at that load, the fastest that keeps the SLO
 * wins.
 */
mu_status mu_join_loop(const mu_question *question, mu_work *work, const mu_space *space,
                       double chips, mu_join *best, uint64_t *joined, mu_error *err) MU_MUST_CHECK;

/** Best deployment around one decode or serve offer; requests_per_s 0 and decode -1 when there is
 * none. */
mu_join mu_join_around(const mu_question *question, const mu_space *space, int64_t offer,
                       double chips, uint64_t *joined);

/** Fewest chips (up to most_chips) that do requests_per_s. decode = -1 when none does. */
mu_join mu_join_fewest(const mu_question *question, const mu_space *space, double requests_per_s,
                       double most_chips, uint64_t *joined);

/** Best requests/s per chip for each TPOT with at most `chips`: the Pareto front, lowest TPOT
 * first. */
mu_status mu_join_front(const mu_question *question, const mu_space *space, double chips,
                        mu_arena *arena, mu_join **out, uint32_t *count,
                        mu_error *err) MU_MUST_CHECK;

/** The deployment of a join. */
mu_deployment mu_join_deployment(const mu_question *question, const mu_space *space,
                                 const mu_join *join);

/** Most requests/s of a question's plan; 0 when nothing keeps the SLO. Scratch is given back. */
mu_status mu_plan_rate(const mu_question *question, mu_work *work, double *requests_per_s,
                       mu_error *err) MU_MUST_CHECK;

/** The question in the formats that serve most, where the scenario has them searched; else itself.
 */
mu_status mu_formats_best(const mu_question *question, mu_work *work, const mu_question **out,
                          mu_error *err) MU_MUST_CHECK;

enum { MU_ALTERNATIVES_MAX = 6 };

/* Deployments an operator would choose among, the one found first. */
typedef struct mu_alternatives {
    uint32_t count;
    mu_deployment deployment[MU_ALTERNATIVES_MAX];
} mu_alternatives;

/** The found join and some of the front at its chips, evenly spread. */
mu_status mu_alternatives_find(const mu_question *question, const mu_space *space,
                               const mu_join *found, mu_arena *arena, mu_alternatives *out,
                               mu_error *err) MU_MUST_CHECK;

/** mu_plan_search() without the front, with alternatives unless NULL. Scratch is given back. */
mu_status mu_plan_best(const mu_question *asked, mu_work *work, mu_plan *out,
                       mu_alternatives *alternatives, mu_error *err) MU_MUST_CHECK;

/** MU_E_INPUT: it takes more chips than were asked for, or than there can be. */
mu_status mu_deployment_check(const mu_question *question, const mu_service *point,
                              mu_error *err) MU_MUST_CHECK;

/** MU_NO with what a deployment that does not fit lacks, and how many chips would do. */
mu_status mu_refuse_memory(const mu_question *question, mu_work *work, const mu_service *point,
                           mu_error *err) MU_MUST_CHECK;

/** Answers one deployment with intervals over the question's draws (points only when samples is 0).
 */
mu_status mu_prediction_make(const mu_question *question, const mu_deployment *deployment,
                             mu_work *work, mu_prediction *out, mu_error *err) MU_MUST_CHECK;

#endif
