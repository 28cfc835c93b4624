/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: the two kinds of questions of a validation, and what is loaded once for
   all. */
#ifndef MUSTER_STUDY_VALIDATE_PARTS_H
#define MUSTER_STUDY_VALIDATE_PARTS_H

#include "base/draw.h"
#include "study/op_margin.h"
#include "study/recipe.h"
#include "study/server.h"
#include "study/validate.h"

enum { MU_TARGET_WHY_MAX = 256 };

/* A chip or system of operator questions in every draw. */
typedef struct mu_op_target {
    const char *name;
    bool on_system;
    char why[MU_TARGET_WHY_MAX]; /* "" = loaded */
    mu_chip *chip;               /* [samples + 1] */
    mu_chip *facts;              /* [samples + 1] the same, parameters at their best; chips only */
    mu_fabric *fabric;           /* [samples + 1]; systems only */
    mu_op_margins margins;
} mu_op_target;

/* System, engine and chips of deployments, in every draw. */
typedef struct mu_machine_set {
    mu_scenario scenario; /* of the first case that has them, as sold */
    mu_question question;
    bool loaded;
    mu_draw_plan *plan;
    mu_machine *machine; /* [samples + 1][2]: prefill, decode */
} mu_machine_set;

/* Loads of expert ranks take a millisecond to draw, and tables ask for few of them often. */
enum { MU_LOAD_SLOTS = 4096 };

typedef struct mu_load_slot {
    double key[5]; /* tokens, experts, topk, ranks, spread; tokens 0 = empty */
    mu_moe_load load;
} mu_load_slot;

/* Memory of one thread. */
typedef struct mu_validate_worker {
    mu_load_slot *load; /* [MU_LOAD_SLOTS] */
    mu_arena *scratch;
    mu_arena *texts; /* what is kept until all are done */
    mu_pool *pool;   /* of one thread, for searches within a case */
} mu_validate_worker;

typedef struct mu_validate_run {
    const mu_catalog *catalog;
    const mu_case *cases;
    uint32_t case_count;
    mu_validate_options options;
    mu_arena *arena;
    mu_op_target *target;
    uint32_t target_count;
    mu_recipe_book recipes;
    mu_server_book servers;
    mu_machine_set **set;
    uint32_t set_count;
    uint32_t *source; /* [case_count] target or set of a case; UINT32_MAX = none */
    uint32_t *first;  /* [case_count] its first outcome */
    mu_outcome *outcome;
    mu_validate_worker *worker;
} mu_validate_run;

/** Finds or adds the target of an operator case; reads it in every draw. */
mu_status mu_op_target_find(mu_validate_run *run, uint32_t case_index, mu_error *err) MU_MUST_CHECK;

/** Answers the outcomes of an operator case. */
void mu_op_case_answer(const mu_validate_run *run, uint32_t case_index, uint32_t worker);

/** Finds or adds the machines of a deployment case. Cases that cannot be read find none. */
mu_status mu_machine_set_find(mu_validate_run *run, uint32_t case_index,
                              mu_error *err) MU_MUST_CHECK;

/** Answers the outcomes of a deployment case. Only a lack of memory is a failure. */
mu_status mu_service_case_answer(const mu_validate_run *run, uint32_t case_index, uint32_t worker,
                                 mu_error *err) MU_MUST_CHECK;

/**
 * Changes a role of a measured deployment to what engines run, where they do not run what it says;
 * NULL when nothing was changed, else what was (static).
 */
const char *mu_case_reread_cut(const mu_question *question, mu_role_wish *wish);

/**
 * The same for an aggregated role whose batch the requests in flight fill a whole number of times,
 * two or more: the batch is that of one of so many groups or instances.
 */
const char *mu_case_reread_batch(const mu_question *question, mu_role_wish *wish);

/**
 * Spreads a role over the supernode, or one of two roles over half of it: eight tensor ranks a
 * group. Returns what was done (static).
 */
const char *mu_case_spread_cut(const mu_question *question, bool one_of_two, mu_role_wish *wish);

/* A measured deployment to be run request by request. */
typedef struct mu_case_run {
    const mu_question *question;
    const mu_recipe_traffic *traffic; /* what its suite sends; NULL = not known */
    const mu_serving_wish *serving;   /* how its server was told to schedule */
    const mu_deployment *deployment;
    const mu_service *steady;   /* what the steady state says of it */
    const mu_machine *machines; /* [2] [0] prefills, [1] decodes or serves */
} mu_case_run;

/**
 * Runs it: its measures over what stands in out; those that a simulation has none of are left.
 * @retval MU_NO  no request of it could ever be admitted
 */
mu_status mu_case_simulate(const mu_case_run *run, mu_work *work, double out[MU_MEASURE_COUNT],
                           mu_error *err) MU_MUST_CHECK;

/** Marks all outcomes of a case unanswered; `why` must live until the run ends. */
void mu_case_refuse(const mu_validate_run *run, uint32_t case_index, const char *why);

#endif
