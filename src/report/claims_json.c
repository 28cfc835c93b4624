/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims as JSON.
 */
#include "report/claims_report.h"

#include <string.h>

static json_t *condition(const mu_condition *c)
{
    mu_json json = mu_json_begin();
    if (c->has_low) {
        mu_json_put(&json, c->low_open ? "above" : "from", mu_json_number(c->low));
    }
    if (c->has_high) {
        mu_json_put(&json, c->high_open ? "below" : "to", mu_json_number(c->high));
    }
    return mu_json_done(&json);
}

static const char *kind_text(mu_claim_input_kind kind)
{
    static const char *const text[] = {"fact", "date", "text", "expression", "engine"};
    return text[kind];
}

static json_t *input(const mu_catalog *catalog, const mu_claim_input *in, const char *unit)
{
    const mu_source *source = mu_catalog_source(catalog, in->source);
    char grade[2] = {in->grade, '\0'};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "name", mu_json_text(in->name));
    mu_json_put(&json, "kind", mu_json_text(kind_text(in->kind)));
    mu_json_put(&json, "value", mu_json_quantity(in->value, unit));
    if (in->formula[0] != '\0') {
        mu_json_put(&json, "formula", mu_json_text(in->formula));
    }
    if (in->command != NULL) {
        mu_json_put(&json, "command", mu_json_text(in->command));
    }
    if (in->kind == MU_INPUT_FACT || in->kind == MU_INPUT_DATE) {
        mu_quantity range = {in->range.best, in->range.low, in->range.high};
        mu_json_put(&json, "range", mu_json_quantity(range, unit));
        mu_json_put(&json, "times", mu_json_number(in->scale));
    }
    if (in->text != NULL) {
        mu_json_put(&json, "text", mu_json_text(in->text));
    }
    if (in->grade != '-') {
        mu_json_put(&json, "grade", mu_json_text(grade));
    }
    if (source != NULL) {
        mu_json_put(&json, "source", mu_json_text(source->id));
        mu_json_put(&json, "url", mu_json_text(source->url));
    }
    if (in->note[0] != '\0') {
        mu_json_put(&json, "note", mu_json_text(in->note));
    }
    return mu_json_done(&json);
}

/* A list in the making; NULL once memory is out. */
static void append(json_t **list, json_t *item)
{
    if (*list == NULL || json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *working(const mu_catalog *catalog, const mu_claim_answer *claim)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < claim->input_count; i++) {
        bool last = i + 1 == claim->input_count;
        append(&list, input(catalog, &claim->input[i], last ? claim->unit : claim->input[i].unit));
    }
    return list;
}

static json_t *sources(const mu_catalog *catalog, const mu_claim_answer *claim)
{
    const mu_node *ids = mu_catalog_node(catalog, claim->entity, "sources", NULL);
    json_t *list = json_array();
    for (uint32_t i = 0; ids != NULL && i < ids->count; i++) {
        append(&list, mu_json_text(ids->child[i].text));
    }
    return list;
}

static json_t *one(const mu_catalog *catalog, const mu_claim_answer *claim, bool with_working)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(claim->entity->id));
    mu_json_put(&json, "text", mu_json_text(claim->text));
    mu_json_put(&json, "who", mu_json_text(claim->who));
    mu_json_put(&json, "date", mu_json_text(claim->date));
    mu_json_put(&json, "verdict", mu_json_text(mu_claim_verdict_text(claim->verdict)));
    mu_json_put(&json, "answer",
                claim->answered ? mu_json_quantity(claim->answer, claim->unit) : json_null());
    mu_json_put(&json, "reason", mu_json_text(claim->reason));
    mu_json_put(&json, "sources", sources(catalog, claim));
    if (claim->answered) {
        mu_json_put(&json, "holds", condition(&claim->condition));
    }
    if (with_working) {
        mu_json_put(&json, "working", working(catalog, claim));
    }
    return mu_json_done(&json);
}

json_t *mu_claims_json(const mu_catalog *catalog, const mu_claim_answer claims[], uint32_t count,
                       bool with_working)
{
    static const mu_claim_verdict verdicts[] = {MU_CLAIM_HOLDS, MU_CLAIM_FAILS, MU_CLAIM_OPEN};
    json_t *list = json_array();
    uint32_t counts[3] = {0, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        counts[claims[i].verdict]++;
        append(&list, one(catalog, &claims[i], with_working));
    }
    mu_json summary = mu_json_begin();
    for (int v = 0; v < 3; v++) {
        mu_json_put(&summary, mu_claim_verdict_text(verdicts[v]),
                    json_integer((json_int_t)counts[verdicts[v]]));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "claims", list);
    mu_json_put(&json, "summary", mu_json_done(&summary));
    return mu_json_done(&json);
}
