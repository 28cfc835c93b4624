/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb simulate: finds the deployment, runs the traffic, sets it beside the steady state.
 */
#include "study/simulate.h"

#include "study/explain.h"
#include "study/sim_metrics.h"
#include "study/sim_parts.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mu_sim_warn(mu_simulation *out, const char *format, ...)
{
    if (out->warning_count == sizeof out->warning / sizeof out->warning[0]) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->warning[out->warning_count++], sizeof out->warning[0], format, args);
    va_end(args);
}

mu_status mu_sim_begin(const mu_question *asked, const mu_sim_source *source, mu_work *work,
                       mu_sim_study *s, mu_error *err)
{
    *s = (mu_sim_study){
        .asked = asked, .question = *asked, .scenario = *asked->scenario, .source = source};
    if (source == NULL && asked->scenario->trace[0] != '\0') {
        return mu_fail(err, MU_E_INPUT, "workload.trace: %.128s was not opened",
                       asked->scenario->trace);
    }
    mu_sim_means means = mu_sim_means_said(asked);
    mu_status status = source != NULL ? mu_sim_means_seen(source, work->arena, &means, err) : MU_OK;
    s->scenario.samples = 0.0;
    s->question.scenario = &s->scenario;
    s->question.workload.input = means.input;
    s->question.workload.output = means.output;
    s->question.workload.prefix_hit = means.prefix_hit;
    s->question.workload.rate = means.rate;
    s->question.workload.requests = 0.0;
    return status;
}

/* As predict finds it: spelled out, else the best. */
static mu_status find_deployment(mu_sim_study *s, mu_work *work, mu_deployment *out, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_service point;
    if (!mu_scenario_is_explicit(&s->scenario)) {
        mu_plan *plan = MU_NEW(work->arena, mu_plan, 1);
        mu_status status = plan != NULL ? mu_plan_best(&s->question, work, plan, NULL, err)
                                        : mu_fail(err, MU_E_MEMORY, "no memory for a plan");
        if (status == MU_OK) {
            *out = plan->best.deployment;
        }
        mu_arena_back(work->arena, mark);
        return status;
    }
    mu_site site = mu_question_site(&s->question);
    mu_status status = mu_deployment_from_wish(&s->question, out, err);
    if (status == MU_OK) {
        status = mu_service_answer(&site, out, work->arena, &point, err);
    }
    if (status == MU_OK) {
        status = mu_deployment_check(&s->question, &point, err);
    }
    if (status == MU_OK &&
        (point.decode.fit == MU_FIT_WEIGHTS || point.prefill.fit == MU_FIT_WEIGHTS)) {
        status = mu_refuse_memory(&s->question, work, &point, err);
    }
    return status;
}

/* Clients of a closed loop that leaves their number open: what the deployment holds. */
static mu_status find_concurrency(mu_sim_study *s, const mu_deployment *deployment, mu_work *work,
                                  mu_error *err)
{
    const mu_workload *w = &s->question.workload;
    if (s->source != NULL || w->rate > 0.0 || w->concurrency > 0.0) {
        return MU_OK;
    }
    mu_service held;
    mu_site site = mu_question_site(&s->question);
    mu_status status = mu_service_answer(&site, deployment, work->arena, &held, err);
    s->concurrency = status == MU_OK ? fmin(fmax(round(held.concurrency), 1.0), 1e7) : 0.0;
    return status;
}

/* Made traffic as a source. */
static mu_status open_made(void *context, mu_arena *arena, mu_traffic *out, mu_error *err)
{
    return mu_traffic_make(context, arena, out, err);
}

mu_status mu_sim_run_once(mu_sim_single *r, mu_error *err)
{
    mu_traffic traffic = {0};
    mu_status status = mu_sim_configure(&r->study->question, r->deployment, r->machines, &r->home,
                                        &r->config, err);
    if (status != MU_OK) {
        return status;
    }
    if (r->watch != NULL) {
        r->config.observer = r->watch->context;
        r->config.on_step = r->watch->on_step;
        r->config.on_request = r->watch->on_request;
    }
    status = r->source->open(r->source->context, r->home.arena, &traffic, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_simulate(&r->config, &traffic, r->pool, r->home.arena, &r->answer, err);
    if (r->source->close != NULL) {
        r->source->close(r->source->context, &traffic);
    }
    return status;
}

/* Where requests come from: what the caller has, else made as the scenario says. */
mu_status mu_sim_make_source(const mu_sim_study *s, mu_arena *arena, mu_sim_source *out,
                             mu_error *err)
{
    if (s->source != NULL) {
        *out = *s->source;
        return MU_OK;
    }
    mu_traffic_wish *wish = MU_NEW(arena, mu_traffic_wish, 1);
    if (wish == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for traffic");
    }
    uint32_t block_tokens = mu_sim_prefix_cache(s->asked) ? mu_sim_block_tokens(s->asked) : 0;
    *out = (mu_sim_source){.context = wish, .open = open_made};
    return mu_sim_wish(s->asked, s->concurrency, block_tokens, arena, wish, err);
}

/* What the steady state says of what arrived. */
static mu_status add_steady(const mu_sim_study *s, mu_work *work, mu_simulation *out, mu_error *err)
{
    const mu_sim_answer *a = &out->point;
    const mu_sim_role_answer *role = out->config.disaggregated ? &a->prefill : &a->decode;
    mu_site site = mu_question_site(&s->question);
    mu_workload *w = &site.workload;
    if (a->ended > 0) {
        w->input = (double)a->input_tokens / (double)a->ended;
        w->output = (double)a->output_tokens / (double)a->ended;
    }
    if (role->prompt_tokens > 0) {
        w->prefix_hit = fmin((double)role->cached_tokens / (double)role->prompt_tokens, 0.999);
    }
    bool closed = s->source == NULL && w->rate <= 0.0;
    w->concurrency = w->concurrency > 0.0 ? w->concurrency : s->concurrency;
    w->rate = closed ? 0.0 : a->arrived_per_s;
    return mu_service_answer(&site, &out->deployment, work->arena, &out->steady, err);
}

static double chips_of(const mu_deployment *d, const mu_machine machines[2])
{
    double chips = mu_role_ranks(&d->decode) / machines[1].ranks_per_chip;
    return d->disaggregated ? chips + mu_role_ranks(&d->prefill) / machines[0].ranks_per_chip
                            : chips;
}

static void fill_points(const mu_sim_single *r, mu_simulation *out)
{
    double value[MU_SIM_METRICS];
    mu_sim_run point = {.answer = &out->point,
                        .config = &r->config,
                        .machines = r->machines,
                        .precision = out->precision,
                        .chips = out->chips,
                        .ttft_factor = 1.0};
    mu_sim_metrics(&point, value);
    for (uint32_t m = 0; m < MU_SIM_METRICS; m++) {
        *mu_sim_metric(out, m) = mu_quantity_point(value[m]);
    }
    out->decode_network_share =
        mu_sim_role_use(&out->point.decode, &r->machines[1], &out->precision).network_share;
    out->prefill_network_share =
        mu_sim_role_use(&out->point.prefill, &r->machines[0], &out->precision).network_share;
}

static void add_warnings(const mu_question *q, mu_simulation *out)
{
    const mu_sim_answer *a = &out->point;
    if (!a->stable) {
        mu_sim_warn(out,
                    "overloaded: %.4g requests/s arrive, %.4g/s are served, and the queue kept "
                    "growing; latencies hang on when the run ends",
                    a->arrived_per_s, a->ended_per_s);
    }
    if (a->rejected > 0) {
        mu_sim_warn(out, "%llu of %llu requests need more cache than there is and were turned away",
                    (unsigned long long)a->rejected, (unsigned long long)a->arrived);
    }
    if (out->deployment.decode.parallel.mtp > 0 && q->model.mtp_layers == 0) {
        mu_sim_warn(out, "%.64s brings no draft layers: drafts cost a layer of its own kind",
                    q->model.id);
    }
    for (uint32_t i = 0; i < q->model.warning_count; i++) {
        mu_sim_warn(out, "%s", q->model.warning[i]);
    }
    mu_sim_warn_idle(q, &out->deployment, out);
}

static mu_status run_point(mu_sim_study *s, const mu_deployment *deployment,
                           const mu_machine machines[2], const mu_sim_watch *watch, mu_work *work,
                           mu_arena *const *tables, mu_simulation *out, mu_error *err)
{
    const mu_question *q = s->asked;
    mu_sim_source source;
    mu_sim_single r = {
        .study = s,
        .deployment = deployment,
        .machines = machines,
        .source = &source,
        .watch = watch,
        .pool = work->pool,
        .home = {.arena = work->arena, .table = tables, .workers = mu_pool_threads(work->pool)}};
    mu_status status = find_concurrency(s, deployment, work, err);
    if (status == MU_OK) {
        status = mu_sim_make_source(s, work->arena, &source, err);
    }
    if (status == MU_OK) {
        status = mu_sim_run_once(&r, err);
    }
    if (status != MU_OK) {
        return status;
    }
    memset(out, 0, sizeof *out);
    (void)snprintf(out->system, sizeof out->system, "%s", q->system->id);
    (void)snprintf(out->model, sizeof out->model, "%s", q->model.id);
    out->precision = q->precision;
    out->deployment = *deployment;
    out->chips = chips_of(deployment, machines);
    out->point = r.answer;
    fill_points(&r, out);
    out->config = r.config;
    out->config.observer = NULL;
    out->config.on_step = NULL;
    out->config.on_request = NULL;
    mu_sim_traffic_words(q, &out->point, s->concurrency, out->traffic, sizeof out->traffic);
    add_warnings(q, out);
    return add_steady(s, work, out, err);
}

/* The tables of the point run are gone afterwards. */
static void forget_prices(mu_sim_config *config)
{
    config->prefill.price = NULL;
    config->prefill.price_context = NULL;
    config->decode.price = NULL;
    config->decode.price_context = NULL;
}

static mu_status simulate_point(mu_sim_study *s, const mu_deployment *deployment,
                                const mu_machine machines[2], const mu_sim_watch *watch,
                                mu_work *work, mu_simulation *out, mu_error *err)
{
    mu_arena **tables = NULL;
    mu_status status = mu_work_arenas(work, &tables, err);
    if (status != MU_OK) {
        return status;
    }
    status = run_point(s, deployment, machines, watch, work, tables, out, err);
    mu_work_arenas_free(work, tables);
    if (status == MU_OK) {
        forget_prices(&out->config);
    }
    return status;
}

mu_status mu_simulate_deployment(const mu_question *question, const mu_deployment *deployment,
                                 const mu_machine machines[2], const mu_sim_source *source,
                                 const mu_sim_watch *watch, mu_work *work, mu_simulation *out,
                                 mu_error *err)
{
    const mu_machine own[2] = {question->prefill_machine, question->machine};
    mu_sim_study s;
    mu_status status = mu_sim_begin(question, source, work, &s, err);
    return status == MU_OK ? simulate_point(&s, deployment, machines != NULL ? machines : own,
                                            watch, work, out, err)
                           : status;
}

/* The point run of what is asked for, or of the best. */
static mu_status simulate_found(mu_sim_study *s, const mu_sim_watch *watch, mu_work *work,
                                mu_simulation *out, mu_error *err)
{
    const mu_machine machines[2] = {s->asked->prefill_machine, s->asked->machine};
    mu_deployment deployment;
    mu_status status = find_deployment(s, work, &deployment, err);
    return status == MU_OK ? simulate_point(s, &deployment, machines, watch, work, out, err)
                           : status;
}

mu_status mu_simulate_question(const mu_question *question, const mu_sim_source *source,
                               const mu_sim_watch *watch, mu_work *work, mu_simulation *out,
                               mu_error *err)
{
    mu_sim_study s;
    mu_status status = mu_sim_begin(question, source, work, &s, err);
    if (status == MU_OK) {
        status = simulate_found(&s, watch, work, out, err);
    }
    return status == MU_OK ? mu_sim_add_intervals(&s, work, NULL, out, err) : status;
}

mu_status mu_simulate_explain(const mu_question *question, const mu_sim_source *source,
                              const mu_sim_watch *watch, const mu_explain_wish *wish, mu_work *work,
                              mu_simulation *out, mu_explanation *explanation, mu_error *err)
{
    mu_sim_study s;
    uint32_t metric = 0;
    mu_status status = mu_sim_explained_metric(question, wish, &metric, err);
    if (status == MU_OK) {
        status = mu_sim_begin(question, source, work, &s, err);
    }
    if (status == MU_OK) {
        status = simulate_found(&s, watch, work, out, err);
    }
    return status == MU_OK ? mu_sim_explain_draws(&s, wish, metric, work, out, explanation, err)
                           : status;
}

double mu_simulation_good_share(const mu_simulation *s)
{
    double all = (double)s->point.ended + (double)s->point.rejected;
    return all > 0.0 ? (double)s->point.good / all : 0.0;
}
