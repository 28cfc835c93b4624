/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions: an arena and a pool each, gone when the answer stands.
 */
#include "api/handle.h"

#include "base/text.h"
#include "io/question_load.h"
#include "report/answer_json.h"
#include "report/simulate_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One question being answered. */
typedef struct asking {
    const mu_catalog *catalog;
    mu_work work;
    mu_scenario scenario;
    mu_scenario other_scenario;
    mu_question question;
    mu_question other;
    mu_prediction prediction;
    mu_plan plan;
    mu_match match;
    mu_simulation simulation;
    json_t *json;
} asking;

typedef mu_status answer_verb(asking *a, mu_error *err);

static mu_status predict(asking *a, mu_error *err)
{
    mu_status status = mu_predict(&a->question, &a->work, &a->prediction, err);
    if (status == MU_OK) {
        a->json = mu_prediction_json(&a->question, &a->prediction);
    }
    return status;
}

static double now_s(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static mu_status plan(asking *a, mu_error *err)
{
    double start_s = now_s();
    mu_status status = mu_plan_search(&a->question, &a->work, &a->plan, err);
    if (status == MU_OK) {
        a->json = mu_plan_json(&a->question, &a->plan, now_s() - start_s);
    }
    return status;
}

static mu_status match(asking *a, mu_error *err)
{
    if (a->scenario.with_count != 1) {
        return mu_fail(err, MU_E_USAGE, "match: expected one id in option \"with\", found %u",
                       a->scenario.with_count);
    }
    a->other_scenario = a->scenario;
    a->other_scenario.chips = 0.0;
    (void)snprintf(a->other_scenario.system, sizeof a->other_scenario.system, "%s",
                   a->scenario.with[0]);
    mu_status status =
        mu_question_load(a->catalog, &a->other_scenario, a->work.arena, &a->other, err);
    if (status == MU_OK) {
        status = mu_match_search(&a->question, &a->other, &a->work, &a->match, err);
    }
    if (status == MU_OK) {
        a->json = mu_match_json(&a->question, &a->other, &a->match);
    }
    return status;
}

static mu_status simulate(asking *a, mu_error *err)
{
    double start_s = now_s();
    mu_sim_source trace;
    const mu_sim_source *source = NULL;
    a->scenario.warning_count = 0; /* they are of what a steady state leaves out */
    mu_status status = mu_question_trace(&a->question, a->work.arena, &trace, &source, err);
    if (status == MU_OK) {
        status = mu_simulate_question(&a->question, source, NULL, &a->work, &a->simulation, err);
    }
    if (status == MU_OK) {
        a->json = mu_simulation_json(&a->question, &a->simulation, now_s() - start_s);
    }
    return status;
}

static answer_verb *verb_of(const char *name, mu_error *err)
{
    static const char *const names[] = {"predict", "plan", "match", "simulate"};
    static answer_verb *const verbs[] = {predict, plan, match, simulate};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            return verbs[i];
        }
    }
    const char *near = mu_text_nearest(name, names, sizeof names / sizeof names[0]);
    (void)mu_fail(err, MU_E_USAGE,
                  "expected predict, plan, match or simulate, found \"%.64s\"%s%s%s", name,
                  near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                  near != NULL ? "\"?" : "");
    return NULL;
}

static mu_status begin(asking *a, mu_arena *arena, bool steady, mu_error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double threads = a->scenario.threads > 0.0 ? a->scenario.threads : (double)cores;
    threads = threads < 1.0 ? 1.0 : threads;
    threads = threads > MU_POOL_THREADS_MAX ? MU_POOL_THREADS_MAX : threads;
    mu_status status = mu_scenario_settle(&a->scenario, err);
    if (status == MU_OK && steady) {
        status = mu_scenario_check_steady(&a->scenario, err);
    }
    if (status == MU_OK) {
        status = mu_question_load(a->catalog, &a->scenario, arena, &a->question, err);
    }
    if (status != MU_OK) {
        return status;
    }
    a->work.arena = arena;
    a->work.pool = mu_pool_create((uint32_t)threads);
    return a->work.pool != NULL ? MU_OK : mu_fail(err, MU_E_SYSTEM, "cannot start threads");
}

static mu_status ask(const muster_scenario *scenario, mu_arena *arena, answer_verb *verb,
                     muster_answer **out, mu_error *err)
{
    asking *a = MU_NEW(arena, asking, 1);
    if (a == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    a->catalog = scenario->context->catalog;
    a->scenario = scenario->scenario;
    mu_status status = begin(a, arena, verb != simulate, err);
    if (status == MU_OK) {
        status = verb(a, err);
    }
    mu_pool_free(a->work.pool);
    return status == MU_OK ? mu_api_answer(scenario->context, a->json, out, err) : status;
}

muster_status muster_ask(const muster_scenario *scenario, const char *verb, muster_answer **out)
{
    muster_context *context = scenario->context;
    mu_error *err = mu_api_begin(context);
    answer_verb *run = verb_of(verb, err);
    if (run == NULL) {
        return mu_api_end(context, MU_E_USAGE);
    }
    if (context->catalog == NULL) {
        return mu_api_end(context, mu_fail(err, MU_E_USAGE, "the context has no catalogue"));
    }
    mu_arena *arena = mu_arena_create(0);
    mu_status status = arena != NULL ? ask(scenario, arena, run, out, err)
                                     : mu_fail(err, MU_E_MEMORY, "out of memory");
    mu_arena_free(arena);
    return mu_api_end(context, status);
}
