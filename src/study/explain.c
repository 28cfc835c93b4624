/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tornado tables of predictions.
 *
 * What:  the metric by name, the draw plan of the prediction, and the prediction as a function of
 *        a draw.
 */
#include "study/explain.h"

#include "base/text.h"
#include "study/draws.h"
#include "study/metrics.h"

#include <stdio.h>
#include <string.h>

/* Fewer make no table worth reading. */
static const double draws_least = 32.0;

static const char *const metric_names[MU_SERVICE_METRICS] = {
#define X(field, expression) #field,
    MU_SERVICE_METRIC_LIST(X)
#undef X
};

const char *const *mu_explain_metrics(uint32_t *count)
{
    *count = MU_SERVICE_METRICS;
    return metric_names;
}

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t e = strlen(end);
    return n >= e && strcmp(name + n - e, end) == 0;
}

mu_dimension mu_explain_dimension(const char *metric)
{
    static const char power[] = "power.";
    metric += strncmp(metric, power, sizeof power - 1) == 0 ? sizeof power - 1 : 0;
    if (strchr(metric, '.') != NULL) {
        return MU_DIM_TIME; /* "ttft_s.p99" */
    }
    if (strstr(metric, "_per_s") != NULL) {
        return MU_DIM_NONE;
    }
    return ends(metric, "_usd") ? MU_DIM_MONEY
           : ends(metric, "_s") ? MU_DIM_TIME
           : ends(metric, "_w") ? MU_DIM_POWER
           : ends(metric, "_j") ? MU_DIM_ENERGY
                                : MU_DIM_NONE;
}

mu_status mu_explain_metric(const char *const names[], uint32_t count, const char *wanted,
                            uint32_t usual, uint32_t *out, mu_error *err)
{
    *out = usual;
    for (uint32_t i = 0; i < count && wanted != NULL; i++) {
        if (strcmp(names[i], wanted) == 0) {
            *out = i;
            return MU_OK;
        }
    }
    if (wanted == NULL) {
        return MU_OK;
    }
    const char *near = mu_text_nearest(wanted, names, count);
    if (near != NULL) {
        return mu_fail(err, MU_E_USAGE,
                       "--explain-of: unknown metric \"%.64s\"; did you mean \"%s\"?", wanted,
                       near);
    }
    char all[MU_ERROR_TEXT_MAX] = "";
    for (uint32_t i = 0; i < count; i++) {
        size_t length = strlen(all);
        (void)snprintf(all + length, sizeof all - length, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return mu_fail(err, MU_E_USAGE, "--explain-of: unknown metric \"%.64s\"; expected one of %s",
                   wanted, all);
}

void mu_explanation_name(const char *metric, const mu_catalog *catalog, const mu_entity *engine,
                         mu_explanation *out)
{
    (void)snprintf(out->metric, sizeof out->metric, "%s", metric);
    out->dimension = mu_explain_dimension(metric);
    out->catalog = catalog;
    out->engine = engine;
}

mu_status mu_explain_check_draws(double samples, mu_error *err)
{
    if (samples >= draws_least) {
        return MU_OK;
    }
    return mu_fail(err, MU_E_USAGE, "--explain: expected --uncertainty of %.0f draws or more",
                   draws_least);
}

mu_status mu_explain_check(const mu_scenario *scenario, mu_error *err)
{
    return mu_explain_check_draws(scenario->samples, err);
}

mu_status mu_explain_inputs(mu_draw_plan *plan, double draws, const mu_explain_wish *wish,
                            mu_tornado_ask *ask, const void *context, mu_work *work,
                            mu_explanation *out, mu_error *err)
{
    mu_draw_plan_freeze(plan);
    mu_tornado_wish of = {
        .plan = plan, .draws = (uint64_t)draws, .rows = wish->rows, .ask = ask, .context = context};
    return mu_tornado_make(&of, work, &out->tornado, err);
}

/* A prediction as a function of a draw. */
typedef struct asked {
    const mu_question *question;
    const mu_deployment *deployment;
    uint32_t metric;
} asked;

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    const asked *a = context;
    mu_service service = {0};
    mu_status status = mu_draws_answer(a->question, a->deployment, draw, arena, &service, err);
    if (status == MU_OK) {
        double value[MU_SERVICE_METRICS];
        mu_service_metrics(&service, value);
        *out = value[a->metric];
    }
    return status;
}

mu_status mu_explain_prediction(const mu_question *question, const mu_prediction *prediction,
                                const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                                mu_error *err)
{
    mu_question in_its_formats = *question;
    in_its_formats.precision = prediction->precision;
    asked a = {.question = &in_its_formats, .deployment = &prediction->deployment};
    mu_status status = mu_explain_metric(metric_names, MU_SERVICE_METRICS, wish->metric,
                                         MU_METRIC_output_tokens_per_s, &a.metric, err);
    if (status == MU_OK) {
        status = mu_explain_check(question->scenario, err);
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_draw_plan *plan = NULL;
    if (status == MU_OK) {
        status = mu_draws_open(&in_its_formats, work->arena, &plan, err);
    }
    if (status == MU_OK) {
        status =
            mu_explain_inputs(plan, question->scenario->samples, wish, ask, &a, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        mu_explanation_name(metric_names[a.metric], question->catalog, question->engine, out);
    }
    return status;
}
