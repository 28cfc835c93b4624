/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A claim in all draws: every input in its order, the question last, then the verdict.
 *
 * Why:   one plan for facts and machines, so that a fact of an expression and the same fact behind
 *        a prediction are one fact.
 * Bound: a match is drawn from its own interval (split log-normal), apart from the facts.
 */
#include "study/claim_parts.h"
#include "study/draws.h"
#include "study/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *mu_claim_verdict_text(mu_claim_verdict verdict)
{
    static const char *const text[] = {"holds", "fails", "open"};
    return text[verdict];
}

static bool inside(const mu_condition *c, double x)
{
    bool low = !c->has_low || (c->low_open ? x > c->low : x >= c->low);
    bool high = !c->has_high || (c->high_open ? x < c->high : x <= c->high);
    return low && high;
}

mu_claim_verdict mu_condition_judge(const mu_condition *c, mu_quantity answer)
{
    if (inside(c, answer.low) && inside(c, answer.high)) {
        return MU_CLAIM_HOLDS;
    }
    bool under = c->has_low && (c->low_open ? answer.high <= c->low : answer.high < c->low);
    bool over = c->has_high && (c->high_open ? answer.low >= c->high : answer.low > c->high);
    return under || over ? MU_CLAIM_FAILS : MU_CLAIM_OPEN;
}

void mu_condition_text(const mu_condition *c, char out[64])
{
    char low[32] = "";
    char high[32] = "";
    if (c->has_low) {
        (void)snprintf(low, sizeof low, "%s %.9g", c->low_open ? "above" : "from", c->low);
    }
    if (c->has_high) {
        (void)snprintf(high, sizeof high, "%s %.9g",
                       c->high_open                 ? "below"
                       : c->has_low && !c->low_open ? "to"
                                                    : "up to",
                       c->high);
    }
    (void)snprintf(out, 64, "%s%s%s", low, low[0] != '\0' && high[0] != '\0' ? " " : "", high);
}

mu_claim_book *mu_claim_book_create(mu_arena *arena)
{
    return MU_NEW(arena, mu_claim_book, 1);
}

/* All draws of a claim under way. */
typedef struct drawing {
    const mu_claim *claim;
    mu_draw_plan *plan;
    double *value; /* [samples][inputs] */
    mu_arena **arena;
} drawing;

static mu_status predicted(const mu_claim_engine *engine, mu_draw draw, bool held, mu_arena *arena,
                           double *out, mu_error *err)
{
    mu_service service = {0};
    double metric[MU_SERVICE_METRICS];
    if (draw.index == 0 && !held) {
        *out = engine->point;
        return MU_OK;
    }
    mu_status status =
        mu_draws_answer(&engine->question[0], &engine->deployment, draw, arena, &service, err);
    if (status == MU_OK) {
        mu_service_metrics(&service, metric);
        *out = metric[engine->metric];
    }
    return status;
}

static mu_status priced(const mu_claim_cost *cost, mu_draw draw, mu_arena *arena, double *out,
                        mu_error *err)
{
    const mu_deployment *served = cost->served != NULL ? &cost->deployment : NULL;
    return mu_cost_figure(&cost->question, served, cost->figure, draw, arena, out, err);
}

mu_status mu_claim_evaluate(const mu_claim *claim, mu_draw draw, bool held, mu_arena *arena,
                            double *value, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < claim->count && status == MU_OK; i++) {
        const mu_claim_input *input = &claim->input[i];
        const mu_claim_operand *operand = &claim->operand[i];
        if (operand->expression != NULL) {
            value[i] = mu_expression_value(operand->expression, value);
        } else if (operand->engine != NULL && !operand->engine->is_match) {
            status = predicted(operand->engine, draw, held, arena, &value[i], err);
        } else if (operand->cost != NULL) {
            status = priced(operand->cost, draw, arena, &value[i], err);
        } else if (input->kind == MU_INPUT_DATE) { /* no day before the first or behind the last */
            double years = mu_draw_value(draw, operand->draw_name, input->range);
            value[i] = fmin(fmax(years, input->range.low), input->range.high);
        } else if (operand->draw_name != NULL) {
            value[i] = input->scale * mu_draw_value(draw, operand->draw_name, input->range);
        } else {
            value[i] = input->range.best;
        }
        bool never = operand->cost != NULL && value[i] > 0.0; /* no break-even: endless */
        if (status == MU_OK && !isfinite(value[i]) && !never) {
            return mu_node_fail(&claim->entity->doc, claim->entity->doc.root, err,
                                "claim \"%s\": %s is not a finite number (a division by 0?)",
                                claim->entity->id, input->name);
        }
    }
    return status;
}

static mu_status draw_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const drawing *d = context;
    mu_draw draw = {.plan = d->plan, .index = (uint32_t)index + 1};
    return mu_claim_evaluate(d->claim, draw, false, d->arena[worker],
                             d->value + index * d->claim->count, err);
}

/* Names of all machines join the plan before the facts do; then it is closed. */
static mu_status open_plan(mu_claim *claim, mu_work *work, double *point, mu_draw_plan **out,
                           mu_error *err)
{
    mu_draw_plan *plan = mu_draw_plan_create(work->arena, (uint64_t)claim->seed);
    mu_status status = plan == NULL ? mu_fail(err, MU_E_MEMORY, "no memory for the draws") : MU_OK;
    for (uint32_t i = 0; i < claim->count && status == MU_OK; i++) {
        const mu_claim_engine *engine = claim->operand[i].engine;
        const mu_claim_cost *cost = claim->operand[i].cost;
        if (engine != NULL && !engine->is_match) {
            status = mu_draws_join(&engine->question[0], plan, err);
        } else if (cost != NULL && cost->served != NULL) {
            status = mu_draws_join(cost->served, plan, err);
        }
    }
    if (status == MU_OK) {
        mu_draw draw = {.plan = plan, .index = 0};
        status = mu_claim_evaluate(claim, draw, false, work->arena, point, err);
    }
    if (status == MU_OK) {
        mu_draw_plan_freeze(plan);
        *out = plan;
    }
    return status;
}

static void fill_values(mu_claim *claim, const double *value, const double *point, double *column)
{
    uint64_t samples = (uint64_t)claim->samples;
    for (uint32_t i = 0; i < claim->count; i++) {
        for (uint64_t d = 0; d < samples; d++) {
            column[d] = value[d * claim->count + i];
        }
        claim->input[i].value = mu_quantity_of(point[i], column, samples);
    }
}

static mu_status draw_all(mu_claim *claim, mu_work *work, mu_error *err)
{
    uint64_t samples = (uint64_t)claim->samples;
    drawing d = {.claim = claim, .value = MU_NEW(work->arena, double, samples * claim->count + 1)};
    double *column = MU_NEW(work->arena, double, samples + 1);
    double *point = MU_NEW(work->arena, double, claim->count);
    if (d.value == NULL || column == NULL || point == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = open_plan(claim, work, point, &d.plan, err);
    if (status == MU_OK) {
        status = mu_work_arenas(work, &d.arena, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_pool_run(work->pool, samples, 0, draw_one, &d, work->progress,
                         work->progress_context, err);
    mu_work_arenas_free(work, d.arena);
    if (status == MU_OK) {
        fill_values(claim, d.value, point, column);
    }
    if (status == MU_OK && claim->explanation != NULL) {
        status = mu_claim_explain_term(claim, d.plan, work, claim->explanation, err);
    }
    return status;
}

static void give_reason(const mu_claim *claim, mu_claim_answer *out)
{
    static const char *const where[] = {"lies inside", "lies outside", "straddles"};
    char condition[64];
    if (claim->open != NULL) {
        (void)snprintf(out->reason, sizeof out->reason, "%s", claim->open);
    }
    if (claim->open != NULL || !out->answered) {
        return; /* the engine's own reason stands there already */
    }
    if (strcmp(out->unit, MU_CLAIM_YES) == 0 && claim->because[0] != '\0') {
        (void)snprintf(out->reason, sizeof out->reason, "%s", claim->because);
        return;
    }
    mu_condition_text(&claim->condition, condition);
    (void)snprintf(out->reason, sizeof out->reason, "%s \"%s\"%s%s", where[out->verdict], condition,
                   claim->because[0] != '\0' ? ": " : "", claim->because);
}

static mu_status judge(mu_claim *claim, mu_work *work, mu_claim_answer *out, mu_error *err)
{
    mu_error inner = {0};
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < claim->count && status == MU_OK; i++) {
        if (claim->operand[i].engine != NULL) {
            status = mu_claim_engine_ask(claim, i, work, &inner);
        } else if (claim->operand[i].cost != NULL) {
            status = mu_claim_cost_ask(claim, i, work, &inner);
        } else if (claim->operand[i].supply != NULL) {
            status = mu_claim_supply_ask(claim, i, work->arena, &inner);
        }
    }
    if (status == MU_NO) {
        (void)snprintf(out->reason, sizeof out->reason, "the engine answers no: %.360s",
                       inner.text);
        return MU_OK;
    }
    if (status != MU_OK) {
        *err = inner;
        return status;
    }
    status = draw_all(claim, work, err);
    if (status == MU_OK) {
        out->answered = true;
        out->answer = claim->input[claim->count - 1].value;
        out->verdict = claim->open != NULL ? MU_CLAIM_OPEN
                                           : mu_condition_judge(&claim->condition, out->answer);
    }
    return status;
}

static const char *text_of(const mu_catalog *catalog, const mu_entity *entity, const char *path)
{
    const char *text = mu_catalog_text(catalog, entity, path);
    return text != NULL ? text : "";
}

static mu_status check(mu_claim *claim, mu_work *work, mu_claim_answer *out, mu_error *err)
{
    const mu_catalog *catalog = claim->catalog;
    const mu_entity *entity = claim->entity;
    mu_claim_answer answer = {.entity = entity,
                              .text = entity->name,
                              .who = text_of(catalog, entity, "who"),
                              .date = text_of(catalog, entity, "date"),
                              .unit = text_of(catalog, entity, "unit"),
                              .verdict = MU_CLAIM_OPEN};
    mu_status status = mu_claim_read(claim, err);
    if (status == MU_OK && claim->has_question) {
        status = judge(claim, work, &answer, err);
    }
    if (status != MU_OK) {
        return status;
    }
    give_reason(claim, &answer);
    answer.condition = claim->condition;
    answer.input_count = answer.answered ? claim->count : 0;
    answer.input = claim->input;
    *out = answer;
    return MU_OK;
}

mu_status mu_claim_check(const mu_catalog *catalog, const mu_entity *entity, double samples,
                         double seed, mu_claim_book *book, mu_work *work, mu_claim_answer *out,
                         mu_error *err)
{
    const mu_claim_wish wish = {.samples = samples, .seed = seed};
    return mu_claim_explain(catalog, entity, &wish, book, work, out, err);
}

mu_status mu_claim_explain(const mu_catalog *catalog, const mu_entity *entity,
                           const mu_claim_wish *wish, mu_claim_book *book, mu_work *work,
                           mu_claim_answer *out, mu_error *err)
{
    mu_claim *claim = MU_NEW(work->arena, mu_claim, 1);
    if (claim == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    *claim = (mu_claim){.catalog = catalog,
                        .entity = entity,
                        .arena = work->arena,
                        .book = book,
                        .samples = wish->samples,
                        .seed = wish->seed,
                        .explain = wish->explain,
                        .explanation = wish->explanation};
    mu_status status = check(claim, work, out, err);
    return status == MU_OK && wish->explanation != NULL && !out->answered
               ? mu_fail(err, MU_NO, "%s has no answer to explain: %.300s", entity->id, out->reason)
               : status;
}
