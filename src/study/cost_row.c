/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One draw of a bill as a row of numbers.
 */
#include "study/cost_parts.h"
#include "study/draws.h"

#include <math.h>
#include <string.h>

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

static void measure_tokens(const mu_cost_question *q, const mu_deployment *deployment,
                           const mu_cost_draw *d, const mu_bill *bill, double *row)
{
    const mu_workload *w = &q->served->workload;
    const mu_service *s = &d->service;
    row[MU_AT_SHARE] = input_share(q, deployment, s);
    mu_token_cost cost = mu_cost_tokens(bill->used_chip_hour_usd * s->chips, s->requests_per_s,
                                        w->input, w->output, row[MU_AT_SHARE]);
    put_tokens(&cost, row + MU_AT_OWNED);
    cost = mu_cost_tokens(d->rent_usd * s->chips, s->requests_per_s, w->input, w->output,
                          row[MU_AT_SHARE]);
    put_tokens(&cost, row + MU_AT_RENTED);
    mu_service_metrics(s, row + MU_AT_METRIC);
    row[MU_AT_KEPT] = mu_scenario_holds(q->scenario, s->ttft_s, s->tpot_s);
}

static void measure_rent(const mu_cost_draw *d, const mu_bill *bill, double *row)
{
    row[MU_AT_RENT] = d->rent_usd;
    if (d->rent_usd > 0.0) {
        row[MU_AT_USE] = mu_cost_break_even_use(&d->input, d->rent_usd);
        row[MU_AT_MONTHS] = mu_cost_break_even_months(&d->input, d->rent_usd);
        row[MU_AT_MARGIN] = mu_cost_margin(d->rent_usd, bill->used_chip_hour_usd);
    }
}

static void measure(const mu_cost_question *q, const mu_deployment *deployment,
                    const mu_cost_draw *d, double *row)
{
    mu_bill bill;
    mu_cost_bill(&d->input, &bill);
    memcpy(row + MU_AT_CAPITAL, bill.capital_usd, sizeof bill.capital_usd);
    row[MU_AT_CAPITAL_TOTAL] = bill.capital_total_usd;
    row[MU_AT_CAPITAL_CHIP] = bill.capital_total_usd / d->input.chips;
    memcpy(row + MU_AT_YEAR, bill.year_usd, sizeof bill.year_usd);
    row[MU_AT_YEAR_TOTAL] = bill.year_total_usd;
    memcpy(row + MU_AT_HOUR, bill.chip_hour_usd, sizeof bill.chip_hour_usd);
    row[MU_AT_HOUR_TOTAL] = bill.chip_hour_total_usd;
    row[MU_AT_HOUR_USED] = bill.used_chip_hour_usd;
    row[MU_AT_LOAD] = d->input.load_w;
    row[MU_AT_PLANNED] = d->input.planned_w;
    memcpy(row + MU_AT_TERM, d->term, sizeof d->term);
    measure_rent(d, &bill, row);
    if (deployment != NULL) {
        measure_tokens(q, deployment, d, &bill, row);
    }
}

mu_status mu_cost_row(const mu_cost_question *q, const mu_deployment *deployment, mu_draw draw,
                      mu_arena *arena, double row[MU_AT_COUNT], mu_error *err)
{
    mu_service service = {0};
    mu_cost_draw d;
    mu_status status = MU_OK;
    if (deployment != NULL) {
        status = mu_draws_answer(q->served, deployment, draw, arena, &service, err);
    }
    if (status == MU_OK) {
        status = mu_cost_draw_make(q, deployment != NULL ? &service : NULL, draw, &d, err);
    }
    if (status == MU_OK) {
        measure(q, deployment, &d, row);
    }
    return status;
}

mu_status mu_cost_plan(const mu_cost_question *q, mu_arena *arena, mu_draw_plan **out,
                       mu_error *err)
{
    if (q->served != NULL) {
        return mu_draws_open(q->served, arena, out, err);
    }
    *out = mu_draw_plan_create(arena, (uint64_t)q->scenario->seed);
    return *out != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for the draws");
}
