/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one fact: a number with range, unit, grade and source, or a text with grade and source.
 *
 * Terms: best is the median, low and high bound the 90 % range; both default to best. With a range
 *        but no best, the best is its geometric mean, which only a grade of C or D may claim.
 */
#include "catalog/internal.h"
#include "catalog/money.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double value_max = 1e30;

static const char *const fact_keys[] = {"best",   "low",  "high", "unit", "grade",
                                        "source", "note", "text", "date"};
enum { FACT_KEY_COUNT = sizeof fact_keys / sizeof fact_keys[0] };

/* The key of the fact, else (for parameters) that of its entity. */
static const mu_node *said(const mu_fact_place *place, const char *key)
{
    const mu_node *node = mu_node_get(place->node, key);
    if (node == NULL && place->item->type == MU_VALUE_PARAM) {
        node = mu_node_get(place->entity->doc.root, key);
    }
    return node;
}

static mu_status read_text(const mu_fact_place *place, const char *key, const char **out,
                           mu_error *err)
{
    *out = "";
    const mu_node *node = said(place, key);
    if (node == NULL || node->kind == MU_NODE_NULL) {
        return MU_OK;
    }
    return mu_node_text(&place->entity->doc, node, place->path, out, err);
}

static mu_status read_grade(const mu_fact_place *place, char *out, mu_error *err)
{
    const char *text = "";
    mu_status status = read_text(place, "grade", &text, err);
    if (status != MU_OK) {
        return status;
    }
    if (strlen(text) != 1 || text[0] < 'A' || text[0] > 'D') {
        const mu_node *node = said(place, "grade");
        return mu_node_fail(&place->entity->doc, node != NULL ? node : place->node, err,
                            "%s: expected grade: A, B, C or D, found %s%.40s", place->path,
                            text[0] == '\0' ? "none" : "", text);
    }
    *out = text[0];
    return MU_OK;
}

/* Grade, source, note: who says so. */
static mu_status read_origin(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    mu_status status = read_grade(place, &out->grade, err);
    if (status == MU_OK) {
        status = read_text(place, "source", &out->source, err);
    }
    if (status == MU_OK) {
        status = read_text(place, "note", &out->note, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (out->source[0] == '\0') {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: a fact needs a source: (an id of the list of sources)",
                            place->path);
    }
    if (out->grade == 'D' && out->note[0] == '\0') {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: grade D (our own estimate) needs a note: with the reasoning",
                            place->path);
    }
    return MU_OK;
}

static mu_status read_number(const mu_fact_place *place, const mu_node *node, double *out,
                             mu_error *err)
{
    bool may_be_negative = place->item->type != MU_VALUE_FACT;
    double low = may_be_negative ? -value_max : 0.0;
    return mu_node_number(&place->entity->doc, node, place->path, low, value_max, out, err);
}

/* No best, but a range: its middle, which is a guess and must be graded as one. */
static mu_status read_middle(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    const mu_node *low = mu_node_get(place->node, "low");
    const mu_node *high = mu_node_get(place->node, "high");
    if (low == NULL || high == NULL) {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: expected best:, or both low: and high:", place->path);
    }
    if (out->grade != 'C' && out->grade != 'D') {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: a range without best: cannot have grade %c (only C or D)",
                            place->path, out->grade);
    }
    mu_status status = read_number(place, low, &out->range.low, err);
    if (status == MU_OK) {
        status = read_number(place, high, &out->range.high, err);
    }
    if (status == MU_OK) {
        double a = out->range.low;
        double b = out->range.high;
        double middle = a > 0.0 && b > 0.0 ? sqrt(a) * sqrt(b) : 0.5 * (a + b);
        out->range.best = fmin(fmax(middle, a), b);
    }
    return status;
}

static mu_status read_range(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    const mu_node *best = mu_node_get(place->node, "best");
    mu_status status;
    if (best == NULL) {
        status = read_middle(place, out, err);
    } else {
        const mu_node *low = mu_node_get(place->node, "low");
        const mu_node *high = mu_node_get(place->node, "high");
        status = read_number(place, best, &out->range.best, err);
        out->range.low = out->range.best;
        out->range.high = out->range.best;
        if (status == MU_OK && low != NULL) {
            status = read_number(place, low, &out->range.low, err);
        }
        if (status == MU_OK && high != NULL) {
            status = read_number(place, high, &out->range.high, err);
        }
    }
    if (status != MU_OK) {
        return status;
    }
    if (!(out->range.low <= out->range.best && out->range.best <= out->range.high)) {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: expected low <= best <= high, found %g, %g, %g", place->path,
                            out->range.low, out->range.best, out->range.high);
    }
    return MU_OK;
}

static bool needs_unit(mu_dimension dimension)
{
    return dimension != MU_DIM_NONE && dimension != MU_DIM_COUNT && dimension != MU_DIM_FRACTION;
}

/* A unit of any dimension; one that nobody knows is kept as written and scales nothing. */
static void free_unit(const char *unit, mu_fact *out, double *scale)
{
    static const mu_dimension tried[] = {
        MU_DIM_TIME,  MU_DIM_BYTES,      MU_DIM_BYTE_RATE, MU_DIM_FLOP,       MU_DIM_FLOP_RATE,
        MU_DIM_POWER, MU_DIM_ENERGY,     MU_DIM_FREQUENCY, MU_DIM_AREA,       MU_DIM_MONEY,
        MU_DIM_RATE,  MU_DIM_TOKEN_RATE, MU_DIM_FRACTION,  MU_DIM_MONEY_RATE, MU_DIM_ENERGY_PRICE};
    out->dimension = MU_DIM_NONE;
    *scale = 1.0;
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        if (mu_unit_scale(unit, tried[i], "", scale, NULL) == MU_OK) {
            out->dimension = tried[i];
            return;
        }
    }
}

static mu_status read_unit(const mu_fact_place *place, mu_fact *out, double *scale, mu_error *err)
{
    const mu_doc *doc = &place->entity->doc;
    const mu_node *node = mu_node_get(place->node, "unit");
    *scale = 1.0;
    out->unit = "";
    if (node == NULL) {
        if (needs_unit(out->dimension)) {
            return mu_node_fail(doc, place->node, err, "%s: expected unit: of %s", place->path,
                                mu_unit_hint(out->dimension));
        }
        return MU_OK;
    }
    mu_status status = mu_node_text(doc, node, place->path, &out->unit, err);
    if (status != MU_OK) {
        return status;
    }
    if (place->item->type == MU_VALUE_PARAM) {
        return mu_node_fail(doc, node, err, "%s: the name of a parameter carries its unit",
                            place->path);
    }
    if (place->item->type == MU_VALUE_FREE_FACT) {
        free_unit(out->unit, out, scale);
        return MU_OK;
    }
    mu_error inner = {0};
    /* What a currency is worth is said in USD. */
    bool plain = place->entity->kind == MU_ENTITY_CURRENCY;
    status = plain ? mu_unit_scale(out->unit, out->dimension, place->path, scale, &inner)
                   : mu_money_scale(place->catalog, out->unit, out->dimension, place->path, scale,
                                    &inner);
    return status == MU_OK ? MU_OK : mu_node_fail(doc, node, err, "%s", inner.text);
}

static mu_status read_quantity(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    if (mu_node_get(place->node, "text") != NULL) {
        return mu_node_fail(&place->entity->doc, mu_node_get(place->node, "text"), err,
                            "%s: expected best: with %s, found text:", place->path,
                            mu_unit_hint(out->dimension));
    }
    double scale = 1.0;
    mu_status status = read_range(place, out, err);
    if (status == MU_OK) {
        status = read_unit(place, out, &scale, err);
    }
    if (status == MU_OK) {
        out->range.best *= scale;
        out->range.low *= scale;
        out->range.high *= scale;
    }
    return status;
}

static mu_status read_words(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    const mu_node *node = mu_node_get(place->node, "text");
    if (node == NULL || mu_node_get(place->node, "best") != NULL) {
        return mu_node_fail(&place->entity->doc, place->node, err,
                            "%s: expected text: with grade: and source:, and no number",
                            place->path);
    }
    return mu_node_text(&place->entity->doc, node, place->path, &out->text, err);
}

static mu_dimension item_dimension(const mu_schema_item *item)
{
    if (item->type == MU_VALUE_DATE) {
        return MU_DIM_TEXT;
    }
    return item->type == MU_VALUE_FACT ? item->dimension : MU_DIM_NONE;
}

mu_status mu_fact_read(const mu_fact_place *place, mu_fact *out, mu_error *err)
{
    assert(place->node != NULL && place->item != NULL);
    mu_fact fact = {.path = place->path,
                    .dimension = item_dimension(place->item),
                    .entity = place->entity->id,
                    .unit = ""};
    const mu_doc *doc = &place->entity->doc;
    if (place->node->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, place->node, err,
                            "%s: expected a fact {best: .., unit: .., grade: .., source: ..}",
                            place->path);
    }
    mu_status status = mu_node_known_keys(doc, place->node, fact_keys, FACT_KEY_COUNT, err);
    if (status == MU_OK) {
        status = read_origin(place, &fact, err);
    }
    if (status == MU_OK) {
        bool words = fact.dimension == MU_DIM_TEXT || (place->item->type == MU_VALUE_FREE_FACT &&
                                                       mu_node_get(place->node, "text") != NULL);
        if (words) {
            fact.dimension = MU_DIM_TEXT;
        }
        status = words ? read_words(place, &fact, err) : read_quantity(place, &fact, err);
    }
    if (status == MU_OK) {
        *out = fact;
    }
    return status;
}
