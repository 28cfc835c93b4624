/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One deployment with its intervals: the point, then every draw of facts and parameters.
 *
 * Terms: a draw loads the machine anew with each uncertain fact at a quantile of its own (Sobol
 *        points), then answers the same deployment. Draw 0 is the point.
 * Bound: the interval speaks of facts and parameters; what the model leaves out is not in it.
 */
#include "study/draws.h"
#include "study/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

mu_status mu_draws_open(const mu_question *question, mu_arena *arena, mu_draw_plan **out,
                        mu_error *err)
{
    const mu_scenario *s = question->scenario;
    mu_draw_plan *plan = mu_draw_plan_create(arena, (uint64_t)s->seed);
    if (plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    *out = plan;
    return mu_draws_join(question, plan, err);
}

mu_status mu_draws_join(const mu_question *question, mu_draw_plan *plan, mu_error *err)
{
    mu_machine machines[2];
    mu_draw point = {.plan = plan, .index = 0};
    return mu_question_machines(question, point, &machines[0], &machines[1], err);
}

/* Deployments are made at the point; chances that were not said are the engine's, drawn with it. */
static void scale_acceptance(mu_role *role, double factor)
{
    for (uint32_t i = 0; i < MU_DRAFTS_MAX; i++) {
        role->acceptance[i] = fmin(role->acceptance[i] * factor, 1.0);
    }
}

static bool acceptance_said(const mu_scenario *s)
{
    return s->serve.acceptance.count > 0 || s->decode.acceptance.count > 0;
}

mu_deployment mu_draws_deployment(const mu_question *question, const mu_deployment *deployment,
                                  const mu_machine machines[2])
{
    mu_deployment drawn = *deployment;
    if (!acceptance_said(question->scenario)) {
        scale_acceptance(&drawn.decode, machines[1].engine.draft_acceptance /
                                            question->machine.engine.draft_acceptance);
    }
    return drawn;
}

mu_status mu_draws_answer_on(const mu_question *question, const mu_deployment *deployment,
                             const mu_machine machines[2], mu_arena *arena, mu_service *out,
                             mu_error *err)
{
    mu_site site = mu_question_site(question);
    site.prefill_machine = &machines[0];
    site.decode_machine = &machines[1];
    mu_deployment drawn = mu_draws_deployment(question, deployment, machines);
    return mu_service_answer(&site, &drawn, arena, out, err);
}

mu_status mu_draws_answer(const mu_question *question, const mu_deployment *deployment,
                          mu_draw draw, mu_arena *arena, mu_service *out, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(arena);
    mu_machine *machines = MU_NEW(arena, mu_machine, 2);
    if (machines == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    }
    mu_status status = mu_question_machines(question, draw, &machines[0], &machines[1], err);
    if (status == MU_OK) {
        status = mu_draws_answer_on(question, deployment, machines, arena, out, err);
    }
    mu_arena_back(arena, mark);
    return status;
}

typedef struct drawing {
    const mu_question *question;
    const mu_deployment *deployment;
    mu_draw_plan *plan;
    double *value; /* [samples][MU_SERVICE_METRICS] */
    uint64_t samples;
    double *kept;     /* [samples] 1 where the SLO holds */
    mu_arena **arena; /* [threads] */
} drawing;

/* Every fact has two-ended limits, so this is a gap in them; better said than averaged. */
static mu_status check_finite(const drawing *d, uint64_t index, mu_error *err)
{
    const double *value = d->value + index * MU_SERVICE_METRICS;
    for (int m = 0; m < MU_SERVICE_METRICS; m++) {
        if (!isfinite(value[m])) {
            return mu_fail(err, MU_E_INPUT, "draw %llu of %s has no finite answer",
                           (unsigned long long)index + 1, d->question->system->id);
        }
    }
    return MU_OK;
}

static mu_status draw_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const drawing *d = context;
    mu_service service = {0};
    mu_draw draw = {.plan = d->plan, .index = (uint32_t)index + 1};
    mu_status status =
        mu_draws_answer(d->question, d->deployment, draw, d->arena[worker], &service, err);
    if (status == MU_OK) {
        mu_service_metrics(&service, d->value + index * MU_SERVICE_METRICS);
        status = check_finite(d, index, err);
    }
    if (status == MU_OK) {
        d->kept[index] = mu_scenario_holds(d->question->scenario, service.ttft_s, service.tpot_s);
    }
    return status;
}

static void fill_points(mu_prediction *out)
{
    double value[MU_SERVICE_METRICS];
    mu_service_metrics(&out->point, value);
    for (uint32_t m = 0; m < MU_SERVICE_METRICS; m++) {
        *mu_prediction_metric(out, m) = mu_quantity_point(value[m]);
    }
}

void mu_metric_draws(const double *value, uint64_t samples, uint32_t metric, double out[])
{
    for (uint64_t i = 0; i < samples; i++) {
        out[i] = value[i * MU_SERVICE_METRICS + metric];
    }
}

/* `column` is scratch of [samples]. */
static void fill_intervals(const drawing *d, double *column, mu_prediction *out)
{
    for (uint32_t m = 0; m < MU_SERVICE_METRICS; m++) {
        mu_quantity *q = mu_prediction_metric(out, m);
        mu_metric_draws(d->value, d->samples, m, column);
        *q = mu_quantity_of(q->value, column, d->samples);
    }
    double kept = 0.0;
    for (uint64_t i = 0; i < d->samples; i++) {
        kept += d->kept[i];
    }
    out->slo_share = kept / (double)d->samples;
}

mu_status mu_work_arenas(mu_work *work, mu_arena ***out, mu_error *err)
{
    uint32_t threads = mu_pool_threads(work->pool);
    mu_arena **arenas = MU_NEW(work->arena, mu_arena *, threads);
    if (arenas == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the threads");
    }
    for (uint32_t t = 0; t < threads; t++) {
        arenas[t] = mu_arena_create(0);
        if (arenas[t] == NULL) {
            mu_work_arenas_free(work, arenas);
            return mu_fail(err, MU_E_MEMORY, "no memory for the threads");
        }
    }
    *out = arenas;
    return MU_OK;
}

void mu_work_arenas_free(const mu_work *work, mu_arena **arenas)
{
    for (uint32_t t = 0; t < mu_pool_threads(work->pool); t++) {
        mu_arena_free(arenas[t]);
    }
}

static mu_status add_intervals(const mu_question *question, mu_work *work, mu_draw_plan *plan,
                               mu_prediction *out, mu_error *err)
{
    drawing d = {.question = question,
                 .deployment = &out->deployment,
                 .plan = plan,
                 .samples = (uint64_t)question->scenario->samples};
    mu_arena_mark mark = mu_arena_here(work->arena);
    d.value = MU_NEW(work->arena, double, MU_SERVICE_METRICS *d.samples);
    d.kept = MU_NEW(work->arena, double, d.samples);
    double *column = MU_NEW(work->arena, double, d.samples);
    if (d.value == NULL || d.kept == NULL || column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = mu_work_arenas(work, &d.arena, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, d.samples, 0, draw_one, &d, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, d.arena);
    }
    if (status == MU_OK) {
        fill_intervals(&d, column, out);
    }
    mu_arena_back(work->arena, mark);
    return status;
}

static double left_bytes(const mu_role_answer *role, const mu_machine *machine)
{
    const mu_memory *m = &role->memory;
    double taken = m->weights_bytes + m->activations_bytes;
    return mu_machine_room(machine, taken) - taken - m->kv_bytes;
}

static void add_warning(mu_prediction *out, const char *text)
{
    if (out->warning_count < sizeof out->warning / sizeof out->warning[0]) {
        (void)snprintf(out->warning[out->warning_count++], sizeof out->warning[0], "%s", text);
    }
}

static void fill_names(const mu_question *q, mu_prediction *out)
{
    (void)snprintf(out->system, sizeof out->system, "%s", q->system->id);
    (void)snprintf(out->model, sizeof out->model, "%s", q->model.id);
    out->precision = q->precision;
    for (uint32_t i = 0; i < q->model.warning_count; i++) {
        add_warning(out, q->model.warning[i]);
    }
    if (out->deployment.decode.parallel.mtp > 0 && q->model.mtp_layers == 0) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "%.64s brings no draft layers: drafts cost a layer of its own kind",
                       q->model.id);
        add_warning(out, text);
    }
    const mu_memory *m = &out->point.decode.memory;
    if (out->deployment.decode.batch > out->point.decode.batch * 1.0001 && m->kv_bytes > 0.0) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "decode holds %.4g sequences a DP group, not the %.0f asked for",
                       out->point.decode.batch, out->deployment.decode.batch);
        add_warning(out, text);
    }
}

static void fill_role_sharing(const mu_question *q, const mu_parallel *parallel,
                              const mu_machine *machine, mu_program *scratch, int role,
                              mu_sharing *out)
{
    mu_program_build(&q->model, parallel, &q->precision, scratch);
    out->count[role] = mu_step_shared(scratch, machine, out->wire[role]);
}

static mu_status fill_sharing(const mu_question *q, mu_work *work, mu_prediction *out,
                              mu_error *err)
{
    const mu_deployment *d = &out->deployment;
    if (q->contention[1] == NULL) {
        return MU_OK;
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_program *scratch = MU_NEW(work->arena, mu_program, 1);
    if (scratch == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a deployment");
    }
    fill_role_sharing(q, &d->decode.parallel, &q->machine, scratch, 1, &out->sharing);
    if (d->disaggregated) {
        fill_role_sharing(q, &d->prefill.parallel, &q->prefill_machine, scratch, 0, &out->sharing);
        double factor = mu_handover_factor(&q->prefill_machine, &d->prefill.parallel);
        out->sharing.handover = factor > 1.0 ? factor : 0.0;
    }
    mu_arena_back(work->arena, mark);
    return MU_OK;
}

mu_status mu_prediction_make(const mu_question *question, const mu_deployment *deployment,
                             mu_work *work, mu_prediction *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    out->deployment = *deployment;
    mu_site site = mu_question_site(question);
    mu_status status = mu_service_answer(&site, deployment, work->arena, &out->point, err);
    if (status != MU_OK) {
        return status;
    }
    fill_points(out);
    out->slo_share =
        mu_scenario_holds(question->scenario, out->point.ttft_s, out->point.tpot_s) ? 1.0 : 0.0;
    fill_names(question, out);
    status = fill_sharing(question, work, out, err);
    if (status != MU_OK) {
        return status;
    }
    out->cost_usd = out->point.price_usd;
    out->headroom_bytes = left_bytes(&out->point.decode, &question->machine);
    if (deployment->disaggregated) {
        out->headroom_bytes =
            fmin(out->headroom_bytes, left_bytes(&out->point.prefill, &question->prefill_machine));
    }
    if (question->scenario->samples < 1.0 || !out->point.fits) {
        return MU_OK;
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_draw_plan *plan = NULL;
    status = mu_draws_open(question, work->arena, &plan, err);
    if (status == MU_OK) {
        mu_draw_plan_freeze(plan);
        status = add_intervals(question, work, plan, out, err);
    }
    mu_arena_back(work->arena, mark);
    return status;
}
