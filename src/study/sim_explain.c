/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulation's figures hang on.
 *
 * What:  the draws of the intervals, then a tornado over them; its short form is a run of the first
 *        requests alone.
 * Terms: a run serves all requests once.
 * Bound: so many runs and so many requests in all, whatever is asked; beyond them fewer draws say
 *        what an input is worth.
 */
#include "study/sim_metrics.h"
#include "study/sim_parts.h"

#include <math.h>

enum { SHORT_REQUESTS = 200, WORTH_DRAWS_LEAST = 32, LOOKED = 32, ENDS = 4 };

static const double runs_most = 1000.0;
static const double requests_most = 8e6;

static const char *const names[MU_SIM_METRICS] = {
#define X(field, expression) #field,
    MU_SIM_METRIC_LIST(X)
#undef X
};

/* What such traffic is served for: to keep the SLO, to make nobody wait, or to do much. */
static const char *usual_name(const mu_question *q)
{
    const mu_scenario *s = q->scenario;
    if (s->ttft_s > 0.0 || s->tpot_s > 0.0 || s->e2e_s > 0.0) {
        return "goodput_requests_per_s";
    }
    return s->rate > 0.0 || s->trace[0] != '\0' ? "ttft_s.p99" : "output_tokens_per_s";
}

mu_status mu_sim_explained_metric(const mu_question *question, const mu_explain_wish *wish,
                                  uint32_t *out, mu_error *err)
{
    const char *wanted = wish->metric != NULL ? wish->metric : usual_name(question);
    return mu_explain_metric(names, MU_SIM_METRICS, wanted, 0, out, err);
}

/* The first requests of a source. */
typedef struct beginning {
    const mu_sim_source *all;
} beginning;

/* Such traffic under way. */
typedef struct first_ones {
    mu_traffic traffic;
    uint64_t left;
} first_ones;

static bool peek_first(void *context, double *arrival_s)
{
    first_ones *f = context;
    return f->left > 0 && f->traffic.peek(f->traffic.context, arrival_s);
}

static mu_status take_first(void *context, mu_request *out, mu_error *err)
{
    first_ones *f = context;
    f->left--;
    return f->traffic.take(f->traffic.context, out, err);
}

static void end_first(void *context, uint32_t client, double time_s)
{
    first_ones *f = context;
    f->traffic.ended(f->traffic.context, client, time_s);
}

static mu_status open_first(void *context, mu_arena *arena, mu_traffic *out, mu_error *err)
{
    const beginning *b = context;
    first_ones *f = MU_NEW(arena, first_ones, 1);
    if (f == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for traffic");
    }
    mu_status status = b->all->open(b->all->context, arena, &f->traffic, err);
    f->left = SHORT_REQUESTS;
    *out = (mu_traffic){.context = f,
                        .peek = peek_first,
                        .take = take_first,
                        .ended = f->traffic.ended != NULL ? end_first : NULL};
    return status;
}

static void close_first(void *context, mu_traffic *traffic)
{
    const beginning *b = context;
    first_ones *f = traffic->context;
    if (b->all->close != NULL) {
        b->all->close(b->all->context, &f->traffic);
    }
}

/* A figure as a function of a draw. */
typedef struct asked {
    const mu_sim_study *study;
    const mu_simulation *point;
    mu_sim_source source; /* all requests */
    mu_sim_source first;  /* the first ones */
    uint32_t metric;
} asked;

static mu_status ask_of(const asked *a, const mu_sim_source *source, mu_draw draw, mu_arena *arena,
                        double *out, mu_error *err)
{
    double value[MU_SIM_METRICS];
    mu_error why = {0};
    mu_status status = mu_sim_in_draw(a->study, a->point, source, draw, arena, value, &why);
    if (status == MU_OK || status == MU_NO) { /* the memory holds no request: no figure */
        *out = status == MU_OK ? value[a->metric] : (double)NAN;
        return MU_OK;
    }
    *err = why;
    return status;
}

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    const asked *a = context;
    return ask_of(a, &a->source, draw, arena, out, err);
}

static mu_status ask_shortly(const void *context, mu_draw draw, mu_arena *arena, double *out,
                             mu_error *err)
{
    const asked *a = context;
    return ask_of(a, &a->first, draw, arena, out, err);
}

/* Draws that say what each of so many rows is worth, within what may be asked. */
static uint64_t worth_draws(const mu_simulation *point, uint64_t draws, uint32_t rows)
{
    double most = fmin(runs_most, requests_most / fmax((double)point->point.arrived, 1.0));
    double left = most - (double)draws - 1.0 - LOOKED * ENDS;
    double each = floor(left / (rows > 0 ? rows : MU_TORNADO_ROWS));
    return (uint64_t)fmin(fmax(each, WORTH_DRAWS_LEAST), (double)draws);
}

static mu_status explain(asked *a, const mu_explain_wish *wish, const double *values, mu_work *work,
                         mu_explanation *out, mu_error *err)
{
    uint64_t draws = mu_sim_samples(a->study, a->point);
    beginning all = {.all = &a->source};
    mu_draw_plan *plan = NULL;
    double *drawn = MU_NEW(work->arena, double, draws);
    mu_status status = drawn != NULL ? mu_sim_make_source(a->study, work->arena, &a->source, err)
                                     : mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    if (status == MU_OK) {
        status = mu_draws_open(a->study->asked, work->arena, &plan, err);
    }
    if (status != MU_OK) {
        return status;
    }
    for (uint64_t i = 0; i < draws; i++) {
        drawn[i] = values[i * MU_SIM_METRICS + a->metric];
    }
    mu_draw_plan_freeze(plan);
    a->first = (mu_sim_source){.context = &all, .open = open_first, .close = close_first};
    bool worthwhile = a->point->point.arrived > SHORT_REQUESTS;
    mu_tornado_wish of = {.plan = plan,
                          .draws = draws,
                          .drawn = drawn,
                          .worth_draws = worth_draws(a->point, draws, wish->rows),
                          .rows = wish->rows,
                          .may_lack = true,
                          .ask = ask,
                          .screen = worthwhile ? ask_shortly : NULL,
                          .context = a};
    return mu_tornado_make(&of, work, &out->tornado, err);
}

/* Every draw counts; those that serve nothing have no figure. */
static mu_status check(const mu_sim_study *study, const mu_simulation *point, mu_error *err)
{
    if (!point->point.stable) {
        return mu_fail(err, MU_E_INPUT,
                       "--explain: overloaded, %.4g requests/s arrive and %.4g/s are served: an "
                       "overload has no interval to explain",
                       point->point.arrived_per_s, point->point.ended_per_s);
    }
    uint64_t draws = mu_sim_samples(study, point);
    if ((double)draws < study->asked->scenario->samples && draws < WORTH_DRAWS_LEAST) {
        return mu_fail(
            err, MU_E_INPUT,
            "--explain: %llu requests leave room for %llu draws, %d are needed: expected "
            "fewer --requests",
            (unsigned long long)point->point.arrived, (unsigned long long)draws, WORTH_DRAWS_LEAST);
    }
    return mu_explain_check(study->asked->scenario, err);
}

mu_status mu_sim_explain_draws(const mu_sim_study *study, const mu_explain_wish *wish,
                               uint32_t metric, mu_work *work, mu_simulation *out,
                               mu_explanation *explanation, mu_error *err)
{
    asked a = {.study = study, .point = out, .metric = metric};
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_status status = check(study, out, err);
    uint64_t draws = mu_sim_samples(study, out);
    double *values = MU_NEW(work->arena, double, draws *MU_SIM_METRICS + 1);
    if (status == MU_OK && values == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    if (status == MU_OK) {
        status = mu_sim_add_intervals(study, work, values, out, err);
    }
    if (status == MU_OK && out->samples < WORTH_DRAWS_LEAST) {
        status = mu_fail(err, MU_NO, "--explain: in %llu of %llu draws the memory holds no request",
                         (unsigned long long)(draws - out->samples), (unsigned long long)draws);
    }
    if (status == MU_OK) {
        status = explain(&a, wish, values, work, explanation, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        const mu_question *q = study->asked;
        mu_explanation_name(names[metric], q->catalog, q->engine, explanation);
    }
    return status;
}
