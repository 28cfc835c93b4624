/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill with intervals: the point, then every draw, of the deployment and of the money.
 *
 * What:  a row of numbers a draw; columns become quantities.
 * Terms: a sheet holds the rows, the point first.
 * Bound: totals of the point are sums of its items; those of an interval are of the draws, whose
 *        items need not be at their ends together.
 */
#include "study/cost_parts.h"
#include "study/draws.h"
#include "study/explain.h"
#include "study/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    AT_CAPITAL = 0,
    AT_CAPITAL_TOTAL = AT_CAPITAL + MU_CAPITAL_COUNT,
    AT_CAPITAL_CHIP,
    AT_YEAR,
    AT_YEAR_TOTAL = AT_YEAR + MU_YEAR_COUNT,
    AT_HOUR,
    AT_HOUR_TOTAL = AT_HOUR + MU_YEAR_COUNT,
    AT_HOUR_USED,
    AT_LOAD,
    AT_PLANNED,
    AT_TERM,
    AT_RENT = AT_TERM + MU_TERM_COUNT,
    AT_USE,
    AT_MONTHS,
    AT_MARGIN,
    AT_SHARE,
    AT_OWNED,
    AT_RENTED = AT_OWNED + 3,
    AT_METRIC = AT_RENTED + 3,
    AT_KEPT = AT_METRIC + MU_SERVICE_METRICS,
    COLUMNS
};

typedef struct sheet {
    const mu_cost_question *q;
    const mu_deployment *deployment; /* NULL = the system alone */
    mu_draw_plan *plan;
    mu_arena **arena; /* [threads] */
    uint64_t samples;
    double *row;    /* [samples + 1][COLUMNS] */
    double *column; /* [samples] */
} sheet;

static void put_tokens(const mu_token_cost *cost, double out[3])
{
    out[0] = cost->million_input_usd;
    out[1] = cost->million_output_usd;
    out[2] = cost->request_usd;
}

/* Time that new input tokens take of the whole; apart, chips that stand for it. */
static double input_share(const mu_cost_question *q, const mu_deployment *d, const mu_service *s)
{
    if (d->disaggregated) {
        return mu_cost_input_share(s->prefill.chips, s->decode.chips);
    }
    const mu_workload *w = &q->served->workload;
    double fresh = s->requests_per_s * w->input * (1.0 - w->prefix_hit);
    double prefill = fmin(fresh / s->prefill.tokens_per_s, 1.0);
    return mu_cost_input_share(prefill, 1.0 - prefill);
}

static void measure_tokens(const sheet *h, const mu_cost_draw *d, const mu_bill *bill, double *row)
{
    const mu_workload *w = &h->q->served->workload;
    const mu_service *s = &d->service;
    row[AT_SHARE] = input_share(h->q, h->deployment, s);
    mu_token_cost cost = mu_cost_tokens(bill->used_chip_hour_usd * s->chips, s->requests_per_s,
                                        w->input, w->output, row[AT_SHARE]);
    put_tokens(&cost, row + AT_OWNED);
    cost = mu_cost_tokens(d->rent_usd * s->chips, s->requests_per_s, w->input, w->output,
                          row[AT_SHARE]);
    put_tokens(&cost, row + AT_RENTED);
    mu_service_metrics(s, row + AT_METRIC);
    row[AT_KEPT] = mu_scenario_holds(h->q->scenario, s->ttft_s, s->tpot_s);
}

static void measure_rent(const mu_cost_draw *d, const mu_bill *bill, double *row)
{
    row[AT_RENT] = d->rent_usd;
    if (d->rent_usd > 0.0) {
        row[AT_USE] = mu_cost_break_even_use(&d->input, d->rent_usd);
        row[AT_MONTHS] = mu_cost_break_even_months(&d->input, d->rent_usd);
        row[AT_MARGIN] = mu_cost_margin(d->rent_usd, bill->used_chip_hour_usd);
    }
}

static void measure(const sheet *h, const mu_cost_draw *d, double *row)
{
    mu_bill bill;
    mu_cost_bill(&d->input, &bill);
    memcpy(row + AT_CAPITAL, bill.capital_usd, sizeof bill.capital_usd);
    row[AT_CAPITAL_TOTAL] = bill.capital_total_usd;
    row[AT_CAPITAL_CHIP] = bill.capital_total_usd / d->input.chips;
    memcpy(row + AT_YEAR, bill.year_usd, sizeof bill.year_usd);
    row[AT_YEAR_TOTAL] = bill.year_total_usd;
    memcpy(row + AT_HOUR, bill.chip_hour_usd, sizeof bill.chip_hour_usd);
    row[AT_HOUR_TOTAL] = bill.chip_hour_total_usd;
    row[AT_HOUR_USED] = bill.used_chip_hour_usd;
    row[AT_LOAD] = d->input.load_w;
    row[AT_PLANNED] = d->input.planned_w;
    memcpy(row + AT_TERM, d->term, sizeof d->term);
    measure_rent(d, &bill, row);
    if (h->deployment != NULL) {
        measure_tokens(h, d, &bill, row);
    }
}

static mu_status draw_row(const sheet *h, mu_draw draw, mu_arena *arena, double row[COLUMNS],
                          mu_error *err)
{
    mu_service service = {0};
    mu_cost_draw d;
    mu_status status = MU_OK;
    if (h->deployment != NULL) {
        status = mu_draws_answer(h->q->served, h->deployment, draw, arena, &service, err);
    }
    if (status == MU_OK) {
        status = mu_cost_draw_make(h->q, h->deployment != NULL ? &service : NULL, draw, &d, err);
    }
    if (status == MU_OK) {
        measure(h, &d, row);
    }
    return status;
}

static mu_status draw_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const sheet *h = context;
    mu_draw draw = {.plan = h->plan, .index = (uint32_t)index + 1};
    return draw_row(h, draw, h->arena[worker], h->row + (index + 1) * COLUMNS, err);
}

static mu_quantity column_of(const sheet *h, uint32_t at)
{
    for (uint64_t i = 0; i < h->samples; i++) {
        h->column[i] = h->row[(i + 1) * COLUMNS + at];
    }
    return mu_quantity_of(h->row[at], h->column, h->samples);
}

/* Share of draws, or of the point where there are none, in which a column is finite. */
static double finite_share(const sheet *h, uint32_t at)
{
    if (h->samples == 0) {
        return isfinite(h->row[at]) ? 1.0 : 0.0;
    }
    double finite = 0.0;
    for (uint64_t i = 1; i <= h->samples; i++) {
        finite += isfinite(h->row[i * COLUMNS + at]) ? 1.0 : 0.0;
    }
    return finite / (double)h->samples;
}

static mu_tokens_usd tokens_of(const sheet *h, uint32_t at)
{
    return (mu_tokens_usd){column_of(h, at), column_of(h, at + 1), column_of(h, at + 2)};
}

static void fill_bill(const sheet *h, mu_cost_answer *out)
{
    for (uint32_t i = 0; i < MU_CAPITAL_COUNT; i++) {
        out->capital_usd[i] = column_of(h, AT_CAPITAL + i);
    }
    for (uint32_t i = 0; i < MU_YEAR_COUNT; i++) {
        out->year_usd[i] = column_of(h, AT_YEAR + i);
        out->chip_hour_usd[i] = column_of(h, AT_HOUR + i);
    }
    out->capital_total_usd = column_of(h, AT_CAPITAL_TOTAL);
    out->capital_per_chip_usd = column_of(h, AT_CAPITAL_CHIP);
    out->year_total_usd = column_of(h, AT_YEAR_TOTAL);
    out->chip_hour_total_usd = column_of(h, AT_HOUR_TOTAL);
    out->used_chip_hour_usd = column_of(h, AT_HOUR_USED);
    out->load_w = column_of(h, AT_LOAD);
    out->planned_w = column_of(h, AT_PLANNED);
    for (uint32_t i = 0; i < MU_TERM_COUNT; i++) {
        out->term[i].quantity = column_of(h, AT_TERM + i);
    }
}

static void fill_rent(const sheet *h, mu_cost_answer *out)
{
    out->rented = h->q->has_rent;
    if (out->rented) {
        out->rent = (mu_cost_rent){.rent_usd = column_of(h, AT_RENT),
                                   .use = column_of(h, AT_USE),
                                   .months = column_of(h, AT_MONTHS),
                                   .use_share = finite_share(h, AT_USE),
                                   .months_share = finite_share(h, AT_MONTHS),
                                   .margin = column_of(h, AT_MARGIN)};
    }
}

static void fill_served(const sheet *h, mu_cost_answer *out)
{
    out->served = true;
    out->input_share = column_of(h, AT_SHARE);
    out->owned_tokens = tokens_of(h, AT_OWNED);
    out->rented_tokens = tokens_of(h, AT_RENTED);
    for (uint32_t m = 0; m < MU_SERVICE_METRICS; m++) {
        *mu_prediction_metric(&out->prediction, m) = column_of(h, AT_METRIC + m);
    }
    double kept = 0.0;
    for (uint64_t i = 1; i <= h->samples; i++) {
        kept += h->row[i * COLUMNS + AT_KEPT];
    }
    out->prediction.slo_share = h->samples > 0 ? kept / (double)h->samples : h->row[AT_KEPT];
}

static void note(mu_cost_answer *out, const char *text)
{
    assert(out->note_count < MU_COST_NOTES_MAX);
    (void)snprintf(out->note[out->note_count++], sizeof out->note[0], "%s", text);
}

static void fill_notes(const mu_cost_question *q, mu_cost_answer *out)
{
    char text[192];
    if (q->server && out->whole_price) {
        note(out, "the price is of a server: racks and the network between servers come on top");
    }
    if (!out->whole_price) {
        (void)snprintf(text, sizeof text,
                       "%.64s has no price as a whole: chips, hosts, network and racks are added",
                       q->system->id);
        note(out, text);
    }
    if (q->subsidised) {
        (void)snprintf(text, sizeof text, "%.64s pays part of the power of chips of %.64s",
                       q->region->id, q->chip->vendor);
        note(out, text);
    }
    if (q->rent_from >= 0 && (uint32_t)q->rent_from >= q->local_offers) {
        (void)snprintf(text, sizeof text, "%.64s is no cloud of %.64s",
                       q->offer[q->rent_from].cloud->id, q->region->id);
        note(out, text);
    }
    if (q->served != NULL && q->scenario->prefill.chip[0] != '\0') {
        note(out, "prefill chips of another kind cost what the system's do");
    }
    if (q->rent_from >= 0 && q->offer[q->rent_from].grade == 'D') {
        (void)snprintf(text, sizeof text, "the rent of %.64s is a bracket, not a quote",
                       q->offer[q->rent_from].cloud->id);
        note(out, text);
    }
}

static mu_status fill_terms(const mu_cost_question *q, mu_cost_answer *out, mu_error *err)
{
    mu_status status = MU_OK;
    for (int i = 0; i < MU_TERM_COUNT && status == MU_OK; i++) {
        mu_range range;
        status = mu_cost_term_read(q, i, &out->term[i], &range, err);
    }
    return status;
}

/* The deployment at the point: as said, or the best. */
static mu_status predict(const mu_cost_question *q, mu_work *work, mu_cost_answer *out,
                         mu_error *err)
{
    mu_scenario *scenario = MU_NEW(work->arena, mu_scenario, 1);
    mu_question *point = MU_NEW(work->arena, mu_question, 1);
    if (scenario == NULL || point == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a deployment");
    }
    *scenario = *q->scenario;
    scenario->samples = 0.0;
    *point = *q->served;
    point->scenario = scenario;
    mu_status status = mu_predict(point, work, &out->prediction, err);
    if (status == MU_OK && !(out->prediction.point.requests_per_s > 0.0)) {
        status = mu_fail(err, MU_NO, "the deployment serves nothing");
    }
    return status;
}

static mu_status open_plan(sheet *h, mu_work *work, mu_error *err)
{
    if (h->q->served != NULL) {
        return mu_draws_open(h->q->served, work->arena, &h->plan, err);
    }
    h->plan = mu_draw_plan_create(work->arena, (uint64_t)h->q->scenario->seed);
    return h->plan != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for the draws");
}

static mu_status run(sheet *h, mu_work *work, mu_error *err)
{
    h->row = MU_NEW(work->arena, double, (h->samples + 1) * COLUMNS);
    h->column = MU_NEW(work->arena, double, h->samples + 1);
    if (h->row == NULL || h->column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = open_plan(h, work, err);
    if (status == MU_OK) {
        mu_draw point = {.plan = h->plan}; /* row 0, whatever the plan */
        status = draw_row(h, point, work->arena, h->row, err);
    }
    if (status != MU_OK || h->samples == 0) {
        return status;
    }
    mu_draw_plan_freeze(h->plan);
    status = mu_work_arenas(work, &h->arena, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, h->samples, 0, draw_one, h, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, h->arena);
    }
    return status;
}

mu_status mu_cost_answer_question(const mu_cost_question *question, mu_work *work,
                                  mu_cost_answer *out, mu_error *err)
{
    sheet h = {.q = question, .samples = (uint64_t)question->scenario->samples};
    memset(out, 0, sizeof *out);
    mu_status status = fill_terms(question, out, err);
    if (status == MU_OK && question->served != NULL) {
        status = predict(question, work, out, err);
        h.deployment = &out->prediction.deployment;
    }
    if (status != MU_OK) {
        return status;
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    status = run(&h, work, err);
    if (status == MU_OK) {
        out->chips = question->served != NULL ? out->prediction.point.chips : question->chips;
        out->whole_price =
            question->scenario->cost.price_usd > 0.0 ||
            mu_catalog_node(question->catalog, question->system, "price", NULL) != NULL;
        fill_bill(&h, out);
        fill_rent(&h, out);
        fill_notes(question, out);
    }
    if (status == MU_OK && question->served != NULL) {
        fill_served(&h, out);
    }
    mu_arena_back(work->arena, mark);
    return status;
}

/* A figure of a bill as a function of a draw. */
typedef struct figure {
    const sheet *sheet;
    uint32_t at; /* column */
} figure;

static mu_status ask_figure(const void *context, mu_draw draw, mu_arena *arena, double *out,
                            mu_error *err)
{
    const figure *f = context;
    double row[COLUMNS] = {0};
    mu_status status = draw_row(f->sheet, draw, arena, row, err);
    if (status == MU_OK) {
        *out = row[f->at];
    }
    return status;
}

static mu_status choose_figure(const mu_cost_question *q, const mu_explain_wish *wish,
                               const char **name, uint32_t *column, mu_error *err)
{
    static const char *const names[] = {"used_chip_hour_usd", "chip_hour_usd",
                                        "capital_usd",        "year_usd",
                                        "million_input_usd",  "million_output_usd"};
    static const uint32_t columns[] = {AT_HOUR_USED,  AT_HOUR_TOTAL, AT_CAPITAL_TOTAL,
                                       AT_YEAR_TOTAL, AT_OWNED,      AT_OWNED + 1};
    uint32_t count = sizeof names / sizeof names[0];
    uint32_t known = q->served != NULL ? count : count - 2;
    uint32_t which = 0;
    mu_status status = mu_explain_metric(names, known, wish->metric,
                                         q->served != NULL ? count - 1 : 0, &which, err);
    *name = names[which];
    *column = columns[which];
    return status;
}

mu_status mu_cost_explain(const mu_cost_question *question, const mu_cost_answer *answer,
                          const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                          mu_error *err)
{
    const mu_question *served = question->served;
    const char *name = NULL;
    sheet h = {.q = question, .samples = (uint64_t)question->scenario->samples};
    figure f = {.sheet = &h};
    double row[COLUMNS] = {0};
    mu_status status = choose_figure(question, wish, &name, &f.at, err);
    if (status == MU_OK) {
        status = mu_explain_check(question->scenario, err);
    }
    h.deployment = served != NULL ? &answer->prediction.deployment : NULL;
    mu_arena_mark mark = mu_arena_here(work->arena);
    if (status == MU_OK) {
        status = open_plan(&h, work, err);
    }
    if (status == MU_OK) {
        mu_draw point = {.plan = h.plan}; /* joins the names of prices */
        status = draw_row(&h, point, work->arena, row, err);
    }
    if (status == MU_OK) {
        mu_draw_plan_freeze(h.plan);
        status = mu_tornado_make(h.plan, h.samples, MU_TORNADO_ROWS, ask_figure, &f, work,
                                 &out->tornado, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        mu_explanation_name(name, question->catalog, served != NULL ? served->engine : NULL, out);
    }
    return status;
}
