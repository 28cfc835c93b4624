/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a claim that ask what owning or renting costs: {cost: <scenario>, metric: figure}.
 *
 * What:  the scenario has system, cost and, for tokens, model and workload; figures are those of
 *        study/cost.h.
 * Bound: drawn with the facts: a price that stands in an expression and in a bill is one price. A
 *        deployment stays the same in every draw, as that of a prediction does.
 */
#include "study/claim_parts.h"
#include "study/option.h"

#include <string.h>

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
}

static mu_status read_scenario(const mu_claim *claim, const mu_node *map, mu_claim_cost *out,
                               mu_error *err)
{
    static const char *const keys[] = {"cost", "metric"};
    const mu_doc inner = {.file = claim->entity->doc.file, .root = mu_node_get(map, "cost")};
    mu_status status = mu_node_known_keys(&claim->entity->doc, map, keys, 2, err);
    if (status != MU_OK) {
        return status;
    }
    mu_scenario_init(&out->scenario);
    status = mu_scenario_read(&inner, &out->scenario, err);
    out->scenario.samples = 0.0;
    out->scenario.seed = claim->seed;
    return status;
}

static mu_status make_served(const mu_claim *claim, mu_claim_cost *out, mu_error *err)
{
    mu_scenario *s = &out->scenario;
    mu_status status = mu_scenario_settle(s, err);
    if (status == MU_OK) {
        status = mu_scenario_check_steady(s, err);
    }
    out->served = MU_NEW(claim->arena, mu_question, 1);
    if (status == MU_OK && out->served == NULL) {
        status = no_memory(err);
    }
    if (status == MU_OK) {
        status = mu_question_make(claim->catalog, s, NULL, claim->arena, out->served, err);
    }
    return status == MU_OK ? mu_question_check_length(out->served, err) : status;
}

static mu_status make_question(const mu_claim *claim, mu_claim_cost *out, mu_error *err)
{
    if (out->scenario.system[0] == '\0') {
        return mu_fail(err, MU_E_INPUT, "expected system: in the scenario");
    }
    mu_status status = out->scenario.model[0] != '\0' ? make_served(claim, out, err) : MU_OK;
    return status == MU_OK ? mu_cost_question_make(claim->catalog, &out->scenario, out->served,
                                                   &out->question, err)
                           : status;
}

static mu_status read_figure(const mu_claim *claim, const mu_node *map, mu_claim_cost *out,
                             mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    const mu_node *node = mu_node_get(map, "metric");
    const char *word = "";
    mu_error inner = {0};
    if (node == NULL) {
        return mu_node_fail(doc, map, err, "expected metric: (%s, ..) beside the question",
                            mu_cost_figure_name(0));
    }
    mu_status status = mu_node_text(doc, node, "metric", &word, err);
    if (status == MU_OK &&
        mu_cost_figure_find(&out->question, word, &out->figure, &inner) != MU_OK) {
        status = mu_node_fail(doc, node, err, "metric: %s", inner.text);
    }
    return status;
}

/* "chip_hour_usd of hgx-h100 in us" */
static const char *formula_of(const mu_claim *claim, const mu_claim_cost *cost)
{
    const mu_cost_question *q = &cost->question;
    return mu_arena_printf(claim->arena, "%s of cost %s in %s%s%s",
                           mu_cost_figure_name(cost->figure), q->system->id, q->region->id,
                           cost->served != NULL ? ", " : "",
                           cost->served != NULL ? cost->scenario.model : "");
}

static mu_status read_all(mu_claim *claim, const mu_node *node, const char *name,
                          mu_claim_cost *cost, mu_error *err)
{
    mu_error inner = {0};
    mu_status status = read_scenario(claim, node, cost, err);
    if (status != MU_OK) {
        return status;
    }
    status = make_question(claim, cost, &inner);
    if (status == MU_OK) {
        return read_figure(claim, node, cost, err);
    }
    if (inner.line > 0) {
        *err = inner;
        return status;
    }
    return mu_node_fail(&claim->entity->doc, node, err, "claim \"%s\", %s: %s", claim->entity->id,
                        name, inner.text);
}

mu_status mu_claim_cost_read(mu_claim *claim, const mu_node *node, const char *name, mu_error *err)
{
    mu_claim_cost *cost = MU_NEW(claim->arena, mu_claim_cost, 1);
    if (cost == NULL) {
        return no_memory(err);
    }
    mu_status status = read_all(claim, node, name, cost, err);
    if (status != MU_OK) {
        return status;
    }
    mu_claim_operand operand = {.cost = cost};
    mu_claim_input input = {.kind = MU_INPUT_ENGINE,
                            .name = name,
                            .formula = formula_of(claim, cost),
                            .unit = mu_cost_figure_unit(cost->figure),
                            .source = "",
                            .note = "",
                            .grade = '-',
                            .scale = 1.0};
    return input.formula == NULL ? no_memory(err)
                                 : mu_claim_add(claim, &input, &operand, node, err);
}

mu_status mu_claim_cost_ask(mu_claim *claim, uint32_t index, mu_work *work, mu_error *err)
{
    mu_claim_cost *cost = claim->operand[index].cost;
    const mu_prediction *found = NULL;
    if (cost->served == NULL) {
        return MU_OK;
    }
    mu_status status = mu_claim_predict(claim, cost->served, work, &found, err);
    if (status == MU_OK) {
        cost->deployment = found->deployment;
        cost->served->precision = found->precision;
    }
    return status;
}
