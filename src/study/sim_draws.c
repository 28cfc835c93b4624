/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals of a simulation: the same requests on machines of every draw.
 *
 * Terms: draw = as in predict.c.
 * Bound: a run of few requests says little of a 99th percentile, and intervals don't tell: they are
 *        of facts and parameters, with the same luck of arrivals.
 */
#include "study/sim_metrics.h"
#include "study/sim_parts.h"

#include <math.h>

/* Requests that all draws together simulate at most. */
static const double drawn_requests = 4e6;

static double ttft_factor(const mu_machine machines[2], bool disaggregated)
{
    return disaggregated ? machines[0].engine.ttft_factor_apart : machines[1].engine.ttft_factor;
}

/* Draws under way. */
typedef struct drawing {
    const mu_sim_study *study;
    const mu_simulation *point;
    const mu_sim_source *source;
    mu_draw_plan *plan;
    mu_arena **arena; /* [threads] */
    double *value;    /* [samples][MU_SIM_METRICS] */
    bool *lost;       /* [samples] nothing could be admitted */
    uint64_t samples;
} drawing;

static void measure(const mu_sim_study *study, const mu_simulation *point, const mu_sim_single *r,
                    double *value)
{
    const mu_question *q = study->asked;
    const mu_machine best[2] = {q->prefill_machine, q->machine};
    bool apart = r->deployment->disaggregated;
    mu_sim_run drawn = {.answer = &r->answer,
                        .config = &r->config,
                        .machines = r->machines,
                        .precision = point->precision,
                        .chips = point->chips,
                        .ttft_factor = ttft_factor(r->machines, apart) / ttft_factor(best, apart)};
    mu_sim_metrics(&drawn, value);
}

mu_status mu_sim_in_draw(const mu_sim_study *study, const mu_simulation *point,
                         const mu_sim_source *source, mu_draw draw, mu_arena *arena, double *value,
                         mu_error *err)
{
    const mu_question *q = study->asked;
    mu_arena_mark mark = mu_arena_here(arena);
    mu_machine *machines = MU_NEW(arena, mu_machine, 2);
    mu_status status = machines != NULL
                           ? mu_question_machines(q, draw, &machines[0], &machines[1], err)
                           : mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    if (status == MU_OK) {
        mu_deployment drawn = mu_draws_deployment(q, &point->deployment, machines);
        mu_sim_single r = {.study = study,
                           .deployment = &drawn,
                           .machines = machines,
                           .source = source,
                           .home = {.arena = arena, .table = &arena, .workers = 1}};
        status = mu_sim_run_once(&r, err);
        if (status == MU_OK) {
            measure(study, point, &r, value);
        }
    }
    mu_arena_back(arena, mark);
    return status;
}

static mu_status draw_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const drawing *d = context;
    mu_error why = {0};
    mu_draw draw = {.plan = d->plan, .index = (uint32_t)index + 1};
    mu_status status = mu_sim_in_draw(d->study, d->point, d->source, draw, d->arena[worker],
                                      d->value + index * MU_SIM_METRICS, &why);
    d->lost[index] = status == MU_NO;
    for (uint32_t m = 0; m < MU_SIM_METRICS && status == MU_NO; m++) {
        d->value[index * MU_SIM_METRICS + m] = (double)NAN;
    }
    if (status != MU_OK && status != MU_NO) {
        *err = why;
        return status;
    }
    return MU_OK;
}

/* `column` is scratch of [samples]. */
static void fill_intervals(const drawing *d, double *column, mu_simulation *out)
{
    for (uint32_t m = 0; m < MU_SIM_METRICS; m++) {
        mu_quantity *q = mu_sim_metric(out, m);
        out->samples = 0;
        for (uint64_t i = 0; i < d->samples; i++) {
            if (!d->lost[i]) {
                column[out->samples++] = d->value[i * MU_SIM_METRICS + m];
            }
        }
        *q = mu_quantity_of(q->value, column, out->samples);
    }
    if (out->samples < d->samples) {
        mu_sim_warn(out, "in %llu of %llu draws the memory holds no request at all",
                    (unsigned long long)(d->samples - out->samples),
                    (unsigned long long)d->samples);
    }
}

static mu_status draw_all(drawing *d, mu_work *work, mu_simulation *out, mu_error *err)
{
    if (d->value == NULL) {
        d->value = MU_NEW(work->arena, double, MU_SIM_METRICS * d->samples);
    }
    d->lost = MU_NEW(work->arena, bool, d->samples);
    double *column = MU_NEW(work->arena, double, d->samples);
    if (d->value == NULL || d->lost == NULL || column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = mu_work_arenas(work, &d->arena, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, d->samples, 1, draw_one, d, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, d->arena);
    }
    if (status == MU_OK) {
        fill_intervals(d, column, out);
    }
    return status;
}

uint64_t mu_sim_samples(const mu_sim_study *study, const mu_simulation *point)
{
    double most = floor(drawn_requests / fmax((double)point->point.arrived, 1.0));
    return (uint64_t)fmin(study->asked->scenario->samples, most);
}

mu_status mu_sim_add_intervals(const mu_sim_study *s, mu_work *work, double *values,
                               mu_simulation *out, mu_error *err)
{
    mu_sim_source source;
    drawing d = {.study = s, .point = out, .source = &source, .samples = mu_sim_samples(s, out)};
    d.value = values;
    if (d.samples == 0 || !out->point.stable) {
        return MU_OK;
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_status status = mu_sim_make_source(s, work->arena, &source, err);
    if (status == MU_OK) {
        status = mu_draws_open(s->asked, work->arena, &d.plan, err);
    }
    if (status == MU_OK) {
        mu_draw_plan_freeze(d.plan);
        status = draw_all(&d, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    return status;
}
