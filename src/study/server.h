/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the servers of published benchmark runs were launched: limits, budgets, intervals.
 *
 * Why:   result rows leave out what decides their queues: how many requests may run at once, how
 *        many tokens a step takes, how often a scheduler looks at what arrived.
 * Bound: only measured cases are read so, never a scenario of a user.
 */
#ifndef MUSTER_STUDY_SERVER_H
#define MUSTER_STUDY_SERVER_H

#include "study/answer.h"
#include "study/case.h"
#include "study/recipe.h"

/* One entry of `servers`; what was not said is < 0, "" for days. */
typedef struct mu_server {
    const mu_entity *recipe;
    mu_recipe_days days;
    double input, output, concurrency_least, concurrency_most, drafts;
    double ranks;        /* of one worker of the main role: the one that decodes */
    double workers;      /* of that role */
    double apart;        /* 1 prefill and decode are apart, else they are one role */
    double dp_attention; /* 1, 0 */
    double max_running;  /* sequences */
    double prefill_max_running, prefill_batch_tokens; /* of a prefill role apart */
    double running_over_concurrency;
    double running_short; /* of that many, slots that stay empty */
    double batch_tokens;
    double batch_tokens_plus; /* over what runs and one prompt */
    double memory_utilisation;
    double poll_steps;
    double stream_interval; /* tokens */
    double lag_steps;
    double dp_timeout_steps, dp_batching_steps;
    double batch_wait_steps, batch_wait_share;
    double cold_first_s, cold_full_s;
    double chunked_prefill, prefix_cache, kv_fp8; /* 1, 0 */
} mu_server;

typedef struct mu_server_book {
    const mu_server *server; /* [count], by recipe and place in its list */
    uint32_t count;
} mu_server_book;

/**
 * All servers of the catalogue's recipes; they belong to the arena.
 * @retval MU_E_INPUT  an unknown key, a number out of range
 */
mu_status mu_server_book_read(const mu_catalog *catalog, mu_arena *arena, mu_server_book *out,
                              mu_error *err) MU_MUST_CHECK;

/** The first that a case's run was launched as; NULL = not known. O(servers). */
const mu_server *mu_server_find(const mu_server_book *book, const mu_catalog *catalog,
                                const mu_case *c, const mu_question *question,
                                const mu_scenario *scenario);

/** Writes what a server was told into the scenario of a case: roles and scheduling. */
void mu_server_apply(const mu_server *server, const mu_question *question, mu_scenario *scenario);

#endif
