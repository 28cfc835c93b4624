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

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct sheet {
    const mu_cost_question *q;
    const mu_deployment *deployment; /* NULL = the system alone */
    mu_draw_plan *plan;
    mu_arena **arena; /* [threads] */
    uint64_t samples;
    double *row;    /* [samples + 1][MU_AT_COUNT] */
    double *column; /* [samples] */
} sheet;

static mu_status draw_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const sheet *h = context;
    mu_draw draw = {.plan = h->plan, .index = (uint32_t)index + 1};
    return mu_cost_row(h->q, h->deployment, draw, h->arena[worker],
                       h->row + (index + 1) * MU_AT_COUNT, err);
}

static mu_quantity column_of(const sheet *h, uint32_t at)
{
    for (uint64_t i = 0; i < h->samples; i++) {
        h->column[i] = h->row[(i + 1) * MU_AT_COUNT + at];
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
        finite += isfinite(h->row[i * MU_AT_COUNT + at]) ? 1.0 : 0.0;
    }
    return finite / (double)h->samples;
}

static mu_token_prices tokens_of(const sheet *h, uint32_t at)
{
    return (mu_token_prices){column_of(h, at), column_of(h, at + 1), column_of(h, at + 2)};
}

static void fill_bill(const sheet *h, mu_cost_answer *out)
{
    for (uint32_t i = 0; i < MU_CAPITAL_COUNT; i++) {
        out->capital[i] = column_of(h, MU_AT_CAPITAL + i);
    }
    for (uint32_t i = 0; i < MU_YEAR_COUNT; i++) {
        out->year[i] = column_of(h, MU_AT_YEAR + i);
        out->chip_hour[i] = column_of(h, MU_AT_HOUR + i);
    }
    out->capital_total = column_of(h, MU_AT_CAPITAL_TOTAL);
    out->capital_per_chip = column_of(h, MU_AT_CAPITAL_CHIP);
    out->year_total = column_of(h, MU_AT_YEAR_TOTAL);
    out->chip_hour_total = column_of(h, MU_AT_HOUR_TOTAL);
    out->used_chip_hour = column_of(h, MU_AT_HOUR_USED);
    out->load_w = column_of(h, MU_AT_LOAD);
    out->planned_w = column_of(h, MU_AT_PLANNED);
    for (uint32_t i = 0; i < MU_TERM_COUNT; i++) {
        out->term[i].quantity = column_of(h, MU_AT_TERM + i);
    }
}

static void fill_rent(const sheet *h, mu_cost_answer *out)
{
    out->rented = h->q->has_rent;
    if (out->rented) {
        out->rent = (mu_cost_rent){.price = column_of(h, MU_AT_RENT),
                                   .use = column_of(h, MU_AT_USE),
                                   .months = column_of(h, MU_AT_MONTHS),
                                   .use_share = finite_share(h, MU_AT_USE),
                                   .months_share = finite_share(h, MU_AT_MONTHS),
                                   .margin = column_of(h, MU_AT_MARGIN)};
    }
}

static void fill_served(const sheet *h, mu_cost_answer *out)
{
    out->served = true;
    out->input_share = column_of(h, MU_AT_SHARE);
    out->owned_tokens = tokens_of(h, MU_AT_OWNED);
    out->rented_tokens = tokens_of(h, MU_AT_RENTED);
    for (uint32_t m = 0; m < MU_SERVICE_METRICS; m++) {
        *mu_prediction_metric(&out->prediction, m) = column_of(h, MU_AT_METRIC + m);
    }
    double kept = 0.0;
    for (uint64_t i = 1; i <= h->samples; i++) {
        kept += h->row[i * MU_AT_COUNT + MU_AT_KEPT];
    }
    out->prediction.slo_share = h->samples > 0 ? kept / (double)h->samples : h->row[MU_AT_KEPT];
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

static mu_status run(sheet *h, mu_work *work, mu_error *err)
{
    h->row = MU_NEW(work->arena, double, (h->samples + 1) * MU_AT_COUNT);
    h->column = MU_NEW(work->arena, double, h->samples + 1);
    if (h->row == NULL || h->column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = mu_cost_plan(h->q, work->arena, &h->plan, err);
    if (status == MU_OK) {
        mu_draw point = {.plan = h->plan}; /* row 0, whatever the plan */
        status = mu_cost_row(h->q, h->deployment, point, work->arena, h->row, err);
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
            question->price_usd > 0.0 ||
            mu_catalog_node(question->catalog, question->system, "price", NULL) != NULL;
        fill_bill(&h, out);
        fill_rent(&h, out);
        fill_notes(question, out);
    }
    if (status == MU_OK && question->served != NULL) {
        fill_served(&h, out);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        mu_cost_show(question->shown.usd, out);
    }
    return status;
}
