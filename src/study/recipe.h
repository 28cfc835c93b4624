/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipes: how published benchmark runs were set up, where their result rows leave it unsaid.
 *
 * Why:   result tables name a model, a system, lengths and a concurrency; how many prefill and
 *        decode workers stood behind it, and how many tokens were drafted, stands in the
 *        configuration of the benchmark (data/recipes, with its source).
 * Terms: a run is one line of such a configuration; a worker is an instance of a role.
 * Bound: only measured cases are read so, never a scenario of a user.
 */
#ifndef MUSTER_STUDY_RECIPE_H
#define MUSTER_STUDY_RECIPE_H

#include "study/answer.h"
#include "study/case.h"

enum { MU_RECIPE_CONCURRENCIES_MAX = 32, MU_RECIPE_MATCHES_MAX = 4 };

typedef struct mu_recipe_role {
    bool given;
    double workers; /* 0 = not said */
    double tp;      /* ranks of one worker and stage, whichever way attention is cut over them */
    double pp;
    double ep;
    bool dp_attention; /* attention by data over the ranks, not by tensors */
} mu_recipe_role;

/* First and last day of something, YYYY-MM-DD; "" = open. */
typedef struct mu_recipe_days {
    const char *from;
    const char *until;
} mu_recipe_days;

typedef struct mu_recipe_run {
    const mu_entity *recipe;
    double input; /* tokens */
    double output;
    uint32_t concurrency_count;
    double concurrency[MU_RECIPE_CONCURRENCIES_MAX];
    double drafts;                  /* tokens drafted a step */
    mu_recipe_days days;            /* that it was run so */
    const mu_node *engine_versions; /* list of texts; NULL = any */
    mu_recipe_role serve, prefill, decode;
} mu_recipe_run;

/* What a suite of benchmarks sends, whatever it runs on. */
typedef struct mu_recipe_traffic {
    const mu_entity *recipe;
    double length_ratio;        /* lengths are even from this share of the nominal to all of it */
    double requests_per_client; /* 0 = not known */
} mu_recipe_traffic;

typedef struct mu_recipe_book {
    const mu_recipe_run *run; /* [count], by recipe */
    uint32_t count;
    const mu_recipe_traffic *traffic; /* [traffic_count] */
    uint32_t traffic_count;
} mu_recipe_book;

/**
 * All runs of the catalogue's recipes; they belong to the arena.
 * @retval MU_E_INPUT  an unknown key, a degree that is none, a run without roles or concurrency
 */
mu_status mu_recipe_book_read(const mu_catalog *catalog, mu_arena *arena, mu_recipe_book *out,
                              mu_error *err) MU_MUST_CHECK;

/**
 * Runs that a case may be a row of: same suite, model, system, engine, format, lengths and
 * concurrency, of its date and engine version, no role cut over other ranks than the case says; of
 * its number of workers where the case counts them. Of these, the ones whose degrees agree best
 * with what the case says. Runs that would be answered alike count once.
 * @param[in] scenario  the case's, as it was read
 * @return how many, at most MU_RECIPE_MATCHES_MAX; 0 when none or more than that
 * Cost: O(runs).
 */
uint32_t mu_recipe_match(const mu_recipe_book *book, const mu_catalog *catalog, const mu_case *c,
                         const mu_question *question, const mu_scenario *scenario,
                         const mu_recipe_run *out[MU_RECIPE_MATCHES_MAX]);

/** `from` and `until` of a map; MU_E_INPUT: not texts. */
mu_status mu_recipe_days_read(const mu_doc *doc, const mu_node *map, mu_recipe_days *out,
                              mu_error *err) MU_MUST_CHECK;

/** Whether a day, not "", lies in them. */
bool mu_recipe_days_hold(const mu_recipe_days *days, const char *day);

/** Whether a case is of a recipe's suite, model, system, engine, format and days. */
bool mu_recipe_is_of(const mu_catalog *catalog, const mu_entity *recipe, const mu_case *c,
                     const mu_question *question, const mu_scenario *scenario);

/** The traffic of the suite that a case is of, with its model and engine; NULL = nothing known. */
const mu_recipe_traffic *mu_recipe_traffic_of(const mu_recipe_book *book, const mu_catalog *catalog,
                                              const mu_case *c, const mu_question *question);

/** Writes the roles of a run into the scenario of a case, and its mode. */
void mu_recipe_apply(const mu_recipe_run *run, mu_scenario *scenario);

#endif
