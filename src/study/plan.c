/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict and plan: one deployment, or the best of all, and what stands in the way when there is
 * none.
 */
#include "study/search.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double ranks(const mu_question *question, double chips)
{
    return chips * question->machine.ranks_per_chip;
}

/* What doesn't fit, by how much, and how many chips would do. */
static mu_status refuse_memory(const mu_question *question, mu_work *work, double missing_bytes,
                               double chips, mu_error *err)
{
    mu_space space;
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_status status = mu_space_enumerate(question, ranks(question, question->machine.chips_max),
                                          work->arena, &space, err);
    if (status != MU_OK) {
        return status;
    }
    double least = mu_space_least_chips(question, &space);
    mu_arena_back(work->arena, mark);
    char missing[32];
    char size[32];
    mu_unit_print(missing_bytes, MU_DIM_BYTES, missing, sizeof missing);
    mu_unit_print(question->machine.chip.memory_capacity, MU_DIM_BYTES, size, sizeof size);
    if (isinf(least)) {
        return mu_fail(err, MU_NO,
                       "%s does not fit on %s: %s a rank (of %s) are missing, and no count up to "
                       "%.0f chips holds it",
                       question->model.id, question->system->id, missing, size,
                       question->machine.chips_max);
    }
    if (ceil(least) <= chips) {
        return mu_fail(err, MU_NO,
                       "%s does not fit on %.6g chips of %s as deployed: %s a rank (of %s) are "
                       "missing; another cut holds it on %.6g chips",
                       question->model.id, chips, question->system->id, missing, size, ceil(least));
    }
    return mu_fail(
        err, MU_NO,
        "%s does not fit on %.6g chips of %s as deployed: %s a rank (of %s) are missing; "
        "the smallest count that holds it is %.6g chips",
        question->model.id, chips, question->system->id, missing, size, ceil(least));
}

static void print_limit(char *out, size_t size, const char *what, double got_s, double slo_s)
{
    char got[32];
    char slo[32];
    mu_unit_print(got_s, MU_DIM_TIME, got, sizeof got);
    mu_unit_print(slo_s, MU_DIM_TIME, slo, sizeof slo);
    (void)snprintf(out, size, "the fastest %s is %s, the SLO %s", what, got, slo);
}

/* Why nothing was found: memory, or which part of the SLO. */
static mu_status refuse_plan(const mu_question *question, mu_work *work, const mu_space *space,
                             mu_error *err)
{
    const mu_scenario *s = question->scenario;
    if (space->shape_count == 0) {
        return mu_fail(err, MU_NO,
                       "no way to cut %s over %.0f chips of %s with the degrees asked for",
                       question->model.id, question->machine.chips, question->system->id);
    }
    if (isinf(space->least_chips)) {
        return refuse_memory(question, work, space->least_missing_bytes, question->machine.chips,
                             err);
    }
    char why[128] = "both roles together take more chips than there are";
    uint64_t joined = 0;
    mu_join most = mu_join_most(question, space, question->machine.chips, &joined);
    if (most.decode >= 0) {
        return mu_fail(err, MU_NO,
                       "overload: %.4g requests/s arrive, %.0f chips of %s serve %.4g at most",
                       question->workload.rate, question->machine.chips, question->system->id,
                       most.requests_per_s);
    }
    if (s->tpot_s > 0.0 && space->least_tpot_s > s->tpot_s) {
        print_limit(why, sizeof why, "TPOT", space->least_tpot_s, s->tpot_s);
    } else if (s->ttft_s > 0.0 && space->least_ttft_s > s->ttft_s) {
        print_limit(why, sizeof why, "TTFT", space->least_ttft_s, s->ttft_s);
    } else if (s->e2e_s > 0.0) {
        double least_s = space->least_ttft_s + (s->output - 1.0) * space->least_tpot_s;
        print_limit(why, sizeof why, "request", least_s, s->e2e_s);
    }
    return mu_fail(err, MU_NO, "no deployment of %s on %.0f chips of %s keeps the SLO: %s",
                   question->model.id, question->machine.chips, question->system->id, why);
}

mu_status mu_deployment_check(const mu_question *question, const mu_service *point, mu_error *err)
{
    if (point->chips > question->machine.chips_max) {
        return mu_fail(err, MU_E_INPUT, "deployment: takes %.6g chips, %s grows to %.0f",
                       point->chips, question->system->id, question->machine.chips_max);
    }
    if (question->scenario->chips > 0.0 && point->chips > question->machine.chips) {
        return mu_fail(err, MU_E_INPUT,
                       "deployment: takes %.6g chips, more than the %.0f asked for", point->chips,
                       question->machine.chips);
    }
    return MU_OK;
}

mu_status mu_refuse_memory(const mu_question *question, mu_work *work, const mu_service *point,
                           mu_error *err)
{
    bool prefill = point->decode.fit == MU_FIT_OK;
    const mu_role_answer *role = prefill ? &point->prefill : &point->decode;
    return refuse_memory(question, work, role->missing_bytes, point->chips, err);
}

mu_status mu_predict(const mu_question *question, mu_work *work, mu_prediction *out, mu_error *err)
{
    if (!mu_scenario_is_explicit(question->scenario)) {
        mu_plan plan;
        mu_status status = mu_plan_best(question, work, &plan, NULL, err);
        if (status == MU_OK) {
            *out = plan.best;
        }
        return status;
    }
    mu_deployment deployment;
    mu_status status = mu_deployment_from_wish(question, &deployment, err);
    if (status != MU_OK) {
        return status;
    }
    mu_prediction prediction;
    status = mu_prediction_make(question, &deployment, work, &prediction, err);
    if (status != MU_OK) {
        return status;
    }
    const mu_service *point = &prediction.point;
    status = mu_deployment_check(question, point, err);
    if (status != MU_OK) {
        return status;
    }
    if (point->overloaded) {
        return mu_fail(err, MU_NO,
                       "overload: %.4g requests/s arrive, the deployment serves %.4g at most",
                       question->workload.rate, point->requests_per_s);
    }
    if (!point->fits) {
        return mu_refuse_memory(question, work, point, err);
    }
    *out = prediction;
    return MU_OK;
}

static mu_status search(const mu_question *question, mu_work *work, mu_space *space, mu_join *best,
                        mu_plan *out, mu_error *err)
{
    double chips = question->machine.chips;
    mu_status status =
        mu_space_enumerate(question, ranks(question, chips), work->arena, space, err);
    if (status == MU_OK) {
        status = mu_space_evaluate(question, work, space, err);
    }
    if (status != MU_OK) {
        return status;
    }
    uint64_t joined = 0;
    double rate = question->workload.rate;
    if (rate > 0.0) {
        *best = mu_join_fewest(question, space, rate, chips, &joined);
    } else if (question->workload.concurrency > 0.0) {
        status = mu_join_loop(question, work, space, chips, best, &joined, err);
    } else {
        *best = mu_join_most(question, space, chips, &joined);
    }
    if (status != MU_OK) {
        return status;
    }
    out->candidates = joined;
    out->evaluated = joined;
    out->role_evaluations = space->role_evaluations;
    return best->decode >= 0 ? MU_OK : refuse_plan(question, work, space, err);
}

mu_status mu_plan_rate(const mu_question *question, mu_work *work, double *requests_per_s,
                       mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_space space;
    mu_join best;
    mu_plan plan;
    mu_error ignored = {0};
    mu_status status = search(question, work, &space, &best, &plan, &ignored);
    *requests_per_s = status == MU_OK ? best.requests_per_s / best.chips : 0.0;
    mu_arena_back(work->arena, mark);
    return status == MU_OK || status == MU_NO ? MU_OK : mu_fail(err, status, "%s", ignored.text);
}

mu_status mu_alternatives_find(const mu_question *question, const mu_space *space,
                               const mu_join *found, mu_arena *arena, mu_alternatives *out,
                               mu_error *err)
{
    mu_join *front = NULL;
    uint32_t count = 0;
    mu_status status = mu_join_front(question, space, found->chips, arena, &front, &count, err);
    if (status != MU_OK) {
        return status;
    }
    out->deployment[0] = mu_join_deployment(question, space, found);
    out->count = 1;
    uint32_t step = count / (MU_ALTERNATIVES_MAX - 1) + 1;
    for (uint32_t i = 0; i < count && out->count < MU_ALTERNATIVES_MAX; i += step) {
        out->deployment[out->count++] = mu_join_deployment(question, space, &front[i]);
    }
    return MU_OK;
}

/* The search in the formats that serve best, which the question found then has. */
static mu_status search_formats(const mu_question *asked, mu_work *work,
                                const mu_question **question, mu_space *space, mu_join *best,
                                mu_plan *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    mu_status status = mu_formats_best(asked, work, question, err);
    return status == MU_OK ? search(*question, work, space, best, out, err) : status;
}

mu_status mu_plan_best(const mu_question *asked, mu_work *work, mu_plan *out,
                       mu_alternatives *alternatives, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_space space;
    mu_join best;
    const mu_question *question = asked;
    mu_status status = search_formats(asked, work, &question, &space, &best, out, err);
    if (status == MU_OK && alternatives != NULL) {
        status = mu_alternatives_find(question, &space, &best, work->arena, alternatives, err);
    }
    if (status == MU_OK) {
        mu_deployment deployment = mu_join_deployment(question, &space, &best);
        status = mu_prediction_make(question, &deployment, work, &out->best, err);
    }
    mu_arena_back(work->arena, mark);
    return status;
}

mu_status mu_plan_search(const mu_question *asked, mu_work *work, mu_plan *out, mu_error *err)
{
    mu_space space;
    mu_join best;
    mu_join *front = NULL;
    const mu_question *question = asked;
    mu_status status = search_formats(asked, work, &question, &space, &best, out, err);
    if (status == MU_OK) {
        mu_deployment deployment = mu_join_deployment(question, &space, &best);
        status = mu_prediction_make(question, &deployment, work, &out->best, err);
    }
    if (status == MU_OK) {
        status = mu_join_front(question, &space, question->machine.chips, work->arena, &front,
                               &out->pareto_count, err);
    }
    if (status == MU_OK) {
        out->pareto = MU_NEW(work->arena, mu_prediction, out->pareto_count + 1);
        status = out->pareto != NULL ? MU_OK
                                     : mu_fail(err, MU_E_MEMORY, "no memory for the Pareto front");
    }
    for (uint32_t i = 0; status == MU_OK && i < out->pareto_count; i++) {
        mu_deployment deployment = mu_join_deployment(question, &space, &front[i]);
        status = mu_prediction_make(question, &deployment, work, &out->pareto[i], err);
    }
    return status;
}
