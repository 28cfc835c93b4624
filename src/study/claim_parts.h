/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: a claim as it was read, between its reader and its evaluation. */
#ifndef MUSTER_STUDY_CLAIM_PARTS_H
#define MUSTER_STUDY_CLAIM_PARTS_H

#include "study/claims.h"
#include "study/cost.h"
#include "study/explain.h"
#include "study/expression.h"
#include "study/supply_fab.h"

enum { MU_CLAIM_INPUTS_MAX = 48 };

enum { MU_CLAIM_BOOK_MAX = 64 };

/* One answer: of a match, else of a prediction. */
typedef struct mu_claim_entry {
    mu_scenario scenario; /* without its place in a file */
    mu_match *match;
    mu_prediction *prediction;
} mu_claim_entry;

enum { MU_CLAIM_SUPPLY_WORDS = 4 };

/* Answers to one question of supply, in the order of its kind's words. */
typedef struct mu_claim_made {
    const mu_entity *entity; /* chip or foundry */
    double from, by, samples, seed;
    mu_quantity word[MU_CLAIM_SUPPLY_WORDS];
} mu_claim_made;

struct mu_claim_book {
    uint32_t count;
    mu_claim_entry *entry[MU_CLAIM_BOOK_MAX]; /* the first so many are kept */
    uint32_t made_count;
    mu_claim_made made[MU_CLAIM_BOOK_MAX]; /* as well */
};

/* What is behind an engine term. */
typedef struct mu_claim_engine {
    mu_question question[2]; /* [1] of a match: what --with names */
    mu_scenario scenario[2];
    bool is_match;
    uint32_t metric; /* of predict: index in MU_SERVICE_METRIC_LIST; of match: in its words */
    mu_deployment deployment;
    double point; /* of predict */
} mu_claim_engine;

/* What can be made of a chip, or what a foundry changes. */
typedef struct mu_claim_supply {
    mu_supply_question question;
    const mu_entity *entity;
    uint32_t metric; /* in the words of its kind */
    bool ratio;      /* the answer has no unit */
} mu_claim_supply;

/* What owning or renting costs. */
typedef struct mu_claim_cost {
    mu_scenario scenario;
    mu_question *served; /* NULL = the system alone */
    mu_cost_question question;
    mu_deployment deployment;
    uint32_t figure;
} mu_claim_cost;

/* Operand i: how to get its value in a draw. */
typedef struct mu_claim_operand {
    const char *draw_name;     /* facts, matches */
    mu_expression *expression; /* terms */
    mu_claim_engine *engine;
    mu_claim_supply *supply;
    mu_claim_cost *cost; /* engine terms */
} mu_claim_operand;

typedef struct mu_claim {
    const mu_catalog *catalog;
    const mu_entity *entity;
    mu_arena *arena;
    mu_claim_book *book;
    double samples;
    double seed;
    mu_explain_wish explain;     /* metric: a term; NULL = the answer */
    mu_explanation *explanation; /* NULL = none is wanted */
    bool has_question;
    mu_condition condition;
    const char *because;
    const char *open; /* NULL: facts can tell */
    uint32_t count;
    mu_claim_input input[MU_CLAIM_INPUTS_MAX];
    mu_claim_operand operand[MU_CLAIM_INPUTS_MAX];
} mu_claim;

/** Everything but the answers; questions to the engine are made, not asked. */
mu_status mu_claim_read(mu_claim *claim, mu_error *err) MU_MUST_CHECK;

/**
 * Every operand in one draw; value [count].
 * @param[in] held  the plan may hold an input at a value: predictions are made anew in draw 0, too
 */
mu_status mu_claim_evaluate(const mu_claim *claim, mu_draw draw, bool held, mu_arena *arena,
                            double *value, mu_error *err) MU_MUST_CHECK;

/**
 * What the term that is to be explained hangs on.
 * @retval MU_E_USAGE  no such term, or too few draws
 */
mu_status mu_claim_explain_term(const mu_claim *claim, const mu_draw_plan *plan, mu_work *work,
                                mu_explanation *out, mu_error *err) MU_MUST_CHECK;

/** Asks the engine, or the book. MU_NO: the engine answers no. */
mu_status mu_claim_engine_ask(mu_claim *claim, uint32_t index, mu_work *work,
                              mu_error *err) MU_MUST_CHECK;

/** The next operand; `node` says where it stands. MU_E_INPUT: too many. */
mu_status mu_claim_add(mu_claim *claim, const mu_claim_input *input,
                       const mu_claim_operand *operand, const mu_node *node,
                       mu_error *err) MU_MUST_CHECK;

/** The command line that asks a term of the engine; NULL where there is none. Of the arena. */
const char *mu_claim_command(const mu_node *term, mu_arena *arena);

/** Reads {supply: {..}, metric: ..} into the next operand. */
mu_status mu_claim_supply_read(mu_claim *claim, const mu_node *node, const char *name,
                               mu_error *err) MU_MUST_CHECK;

/** Its interval. MU_NO: nobody is known to make it. */
mu_status mu_claim_supply_ask(mu_claim *claim, uint32_t index, mu_arena *arena,
                              mu_error *err) MU_MUST_CHECK;

/** Reads {cost: <scenario>, metric: ..} into the next operand. */
mu_status mu_claim_cost_read(mu_claim *claim, const mu_node *node, const char *name,
                             mu_error *err) MU_MUST_CHECK;

/** Its deployment, where something is served. MU_NO: the engine answers no. */
mu_status mu_claim_cost_ask(mu_claim *claim, uint32_t index, mu_work *work,
                            mu_error *err) MU_MUST_CHECK;

/** The point of a prediction of this scenario, from the book where it stands there. */
mu_status mu_claim_predict(mu_claim *claim, const mu_question *question, mu_work *work,
                           const mu_prediction **out, mu_error *err) MU_MUST_CHECK;

/** Reads an engine term ({match: {..}, metric: ..}) into the next operand. */
mu_status mu_claim_engine_read(mu_claim *claim, const mu_node *node, const char *name,
                               mu_error *err) MU_MUST_CHECK;

#endif
