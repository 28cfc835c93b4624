/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a claim of the catalogue: its terms, its question, and where it holds.
 *
 * Why:   a claim is data. What its expressions may name is decided here: facts, dates and texts of
 *        the catalogue, its own facts, and terms that stand before.
 * Bound: MU_CLAIM_INPUTS_MAX inputs and terms together.
 */
#include "study/claim_parts.h"

#include "base/text.h"
#include "catalog/date.h"
#include "catalog/schema.h"

#include <string.h>

static const mu_operand_rule rules[] = {{"fact", 2}, {"total", 2}, {"date", 1}, {"says", 3}};
enum { RULES = sizeof rules / sizeof rules[0] };

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
}

static mu_status add(mu_claim *claim, const mu_claim_input *input, const mu_claim_operand *operand,
                     uint32_t *index, mu_error *err)
{
    if (claim->count == MU_CLAIM_INPUTS_MAX) {
        return mu_fail(err, MU_E_INPUT, "more than %d inputs and terms", MU_CLAIM_INPUTS_MAX);
    }
    *index = claim->count;
    claim->input[claim->count] = *input;
    claim->operand[claim->count] = *operand;
    claim->count++;
    return MU_OK;
}

mu_status mu_claim_add(mu_claim *claim, const mu_claim_input *input,
                       const mu_claim_operand *operand, const mu_node *node, mu_error *err)
{
    uint32_t index = 0;
    mu_error inner = {0};
    mu_status status = add(claim, input, operand, &index, &inner);
    return status == MU_OK ? MU_OK : mu_node_fail(&claim->entity->doc, node, err, "%s", inner.text);
}

/* The words as they were written; NULL when memory is out. */
static const char *spelt(mu_claim *claim, const mu_operand_words *words)
{
    const char *last = words->count > 3 ? words->word[3] : "";
    const char *quote = words->count > 3 ? "\"" : "";
    return mu_arena_printf(claim->arena, "%s%s%s%s%s%s%s%s%s", words->word[0],
                           words->count > 1 ? " " : "", words->count > 1 ? words->word[1] : "",
                           words->count > 2 ? " " : "", words->count > 2 ? words->word[2] : "",
                           words->count > 3 ? " " : "", quote, last, quote);
}

/* The same words again are the same input. */
static bool known(const mu_claim *claim, const char *name, uint32_t *index)
{
    for (uint32_t i = 0; i < claim->count; i++) {
        if (strcmp(claim->input[i].name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* A plain count ("chips") is a number without doubt. */
static mu_status read_count(const mu_claim *claim, const mu_entity *entity, const char *path,
                            mu_fact *out, mu_error *err)
{
    const mu_entity *owner = entity;
    const mu_node *node = mu_catalog_node(claim->catalog, entity, path, &owner);
    double value = 0.0;
    if (node == NULL) {
        return mu_fail(err, MU_E_INPUT, "\"%s\" does not say its %s", entity->id, path);
    }
    mu_status status = mu_node_number(&owner->doc, node, path, 0.0, 1e18, &value, err);
    *out = (mu_fact){.path = path,
                     .dimension = MU_DIM_COUNT,
                     .range = mu_range_point(value),
                     .grade = '-',
                     .source = "",
                     .note = "",
                     .entity = owner->id,
                     .unit = ""};
    return status;
}

static mu_status read_number(const mu_claim *claim, const mu_entity *entity, const char *path,
                             mu_fact *out, mu_error *err)
{
    char near[MU_PATH_MAX];
    const mu_schema_item *item = mu_schema_find(entity->kind, path);
    if (item == NULL && mu_schema_nearest(entity->kind, path, near)) {
        return mu_fail(err, MU_E_INPUT, "a %s has no \"%.60s\"; did you mean \"%s\"?",
                       mu_entity_kind_text(entity->kind), path, near);
    }
    if (item != NULL && item->type == MU_VALUE_COUNT) {
        return read_count(claim, entity, path, out, err);
    }
    mu_status status = mu_catalog_fact(claim->catalog, entity, path, true, out, err);
    if (status == MU_OK && out->text != NULL) {
        return mu_fail(err, MU_E_INPUT, "%s of \"%s\" is a text: ask `says %s %s \"..\"`", path,
                       entity->id, entity->id, path);
    }
    return status;
}

/* `fact` and `total`: a number of the catalogue, of a system's chips so many times. */
static mu_status add_fact(mu_claim *claim, const mu_entity *entity, const char *name,
                          const char *path, double scale, uint32_t *index, mu_error *err)
{
    mu_fact fact = {0};
    const char *kept = mu_arena_text(claim->arena, path, strlen(path));
    if (kept == NULL) {
        return no_memory(err);
    }
    mu_status status = read_number(claim, entity, kept, &fact, err);
    if (status != MU_OK) {
        return status;
    }
    bool free_unit = fact.dimension == MU_DIM_NONE && fact.unit != NULL && fact.unit[0] != '\0';
    mu_claim_operand operand = {.draw_name = mu_arena_printf(claim->arena, "%s/%s/%s",
                                                             mu_entity_kind_text(entity->kind),
                                                             fact.entity, kept)};
    mu_claim_input input = {.kind = MU_INPUT_FACT,
                            .name = name,
                            .formula = "",
                            .unit = free_unit ? fact.unit : mu_unit_si(fact.dimension),
                            .source = fact.source,
                            .note = fact.note,
                            .grade = fact.grade,
                            .range = fact.range,
                            .scale = scale};
    return operand.draw_name == NULL ? no_memory(err) : add(claim, &input, &operand, index, err);
}

static mu_status add_total(mu_claim *claim, const mu_entity *entity, const char *name,
                           const char *path, uint32_t *index, uint32_t *wrong, mu_error *err)
{
    const mu_entity *chip = NULL;
    mu_fact chips = {0};
    const char *id = mu_catalog_text(claim->catalog, entity, "chip");
    *wrong = 1;
    if (entity->kind != MU_ENTITY_SYSTEM || id == NULL) {
        return mu_fail(err, MU_E_INPUT, "expected a system of chips behind `total`, found \"%s\"",
                       entity->id);
    }
    mu_status status = mu_catalog_find(claim->catalog, MU_ENTITY_CHIP, id, &chip, err);
    if (status == MU_OK) {
        status = read_count(claim, entity, "chips", &chips, err);
    }
    *wrong = 2;
    return status == MU_OK ? add_fact(claim, chip, name, path, chips.range.best, index, err)
                           : status;
}

static mu_status add_date(mu_claim *claim, const mu_entity *entity, const char *name,
                          uint32_t *index, mu_error *err)
{
    mu_launch launch;
    mu_status status = mu_catalog_launch(claim->catalog, entity, &launch, err);
    if (status == MU_OK && launch.text == NULL) {
        status = mu_fail(err, MU_E_INPUT, "\"%s\" does not say when it was launched", entity->id);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_claim_operand operand = {.draw_name = mu_arena_printf(claim->arena, "%s/%s/launched",
                                                             mu_entity_kind_text(entity->kind),
                                                             launch.entity)};
    mu_claim_input input = {.kind = MU_INPUT_DATE,
                            .name = name,
                            .formula = "",
                            .unit = "year",
                            .source = launch.source,
                            .note = launch.note,
                            .text = launch.text,
                            .grade = launch.grade,
                            .range = launch.years,
                            .scale = 1.0};
    return operand.draw_name == NULL ? no_memory(err) : add(claim, &input, &operand, index, err);
}

static mu_status add_says(mu_claim *claim, const mu_entity *entity, const char *name,
                          const mu_operand_words *words, uint32_t *index, mu_error *err)
{
    const mu_entity *owner = entity;
    const mu_node *node = mu_catalog_node(claim->catalog, entity, words->word[2], &owner);
    const mu_node *grade = mu_node_get(node, "grade");
    const mu_node *source = mu_node_get(node, "source");
    const mu_node *note = mu_node_get(node, "note");
    const char *text = mu_catalog_text(claim->catalog, entity, words->word[2]);
    if (text == NULL) {
        return mu_fail(err, MU_E_INPUT, "\"%s\" has no text \"%s\"", entity->id, words->word[2]);
    }
    double there = strstr(text, words->word[3]) != NULL ? 1.0 : 0.0;
    mu_claim_operand operand = {0};
    mu_claim_input input = {.kind = MU_INPUT_TEXT,
                            .name = name,
                            .formula = "",
                            .unit = "",
                            .source = source != NULL && source->text != NULL ? source->text : "",
                            .note = note != NULL && note->text != NULL ? note->text : "",
                            .text = text,
                            .grade = '-',
                            .range = mu_range_point(there),
                            .scale = 1.0};
    if (grade != NULL && grade->text != NULL) {
        input.grade = grade->text[0];
    }
    if (grade != NULL && grade->text != NULL) {
        input.grade = grade->text[0];
    }
    return add(claim, &input, &operand, index, err);
}

/* A bare word: a term that stands before, or a fact of the claim's own. */
static mu_status add_name(mu_claim *claim, const char *word, uint32_t *index, mu_error *err)
{
    const char *names[MU_CLAIM_INPUTS_MAX + 64];
    size_t count = 0;
    const mu_node *own = mu_node_get(claim->entity->doc.root, "facts");
    for (uint32_t i = 0; own != NULL && i < own->count && i < 64; i++) {
        names[count++] = own->child[i].key;
        if (strcmp(own->child[i].key, word) == 0) {
            const char *path = mu_arena_printf(claim->arena, "facts.%s", word);
            return path == NULL
                       ? no_memory(err)
                       : add_fact(claim, claim->entity, own->child[i].key, path, 1.0, index, err);
        }
    }
    for (uint32_t i = 0; i < claim->count; i++) {
        names[count++] = claim->input[i].name;
    }
    for (size_t i = 0; i < RULES; i++) {
        names[count++] = rules[i].keyword;
    }
    const char *near = mu_text_nearest(word, names, count);
    return mu_fail(err, MU_E_INPUT, "\"%s\" is no term or fact of this claim before here%s%s%s",
                   word, near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                   near == NULL ? "" : "\"?");
}

static mu_status resolve(void *context, const mu_operand_words *words, uint32_t *index,
                         uint32_t *wrong, mu_error *err)
{
    mu_claim *claim = context;
    const mu_entity *entity = NULL;
    const char *name = spelt(claim, words);
    *wrong = 0;
    if (name == NULL) {
        return no_memory(err);
    }
    if (known(claim, name, index)) {
        return MU_OK;
    }
    if (words->count == 1) {
        return add_name(claim, name, index, err);
    }
    *wrong = 1;
    mu_status status = mu_catalog_find_any(claim->catalog, words->word[1], &entity, err);
    if (status != MU_OK || words->count == 2) {
        return status != MU_OK ? status : add_date(claim, entity, name, index, err);
    }
    *wrong = 2;
    if (words->count == 4) {
        return add_says(claim, entity, name, words, index, err);
    }
    return words->word[0][0] == 'f'
               ? add_fact(claim, entity, name, words->word[2], 1.0, index, err)
               : add_total(claim, entity, name, words->word[2], index, wrong, err);
}

/* An expression becomes the next operand. */
static mu_status read_expression(mu_claim *claim, const mu_node *node, const char *name,
                                 mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    const char *text = "";
    const mu_operand_table table = {
        .rule = rules, .count = RULES, .resolve = resolve, .context = claim};
    mu_claim_operand operand = {.expression = MU_NEW(claim->arena, mu_expression, 1)};
    uint32_t offset = 0;
    uint32_t index = 0;
    mu_error inner = {0};
    if (operand.expression == NULL) {
        return no_memory(err);
    }
    mu_status status = mu_node_text(doc, node, name, &text, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_expression_parse(text, &table, operand.expression, &offset, &inner);
    mu_claim_input input = {.kind = MU_INPUT_TERM,
                            .name = name,
                            .formula = text,
                            .unit = "",
                            .source = "",
                            .note = "",
                            .grade = '-',
                            .scale = 1.0};
    if (status == MU_OK) {
        status = add(claim, &input, &operand, &index, &inner);
    }
    if (status == MU_OK) {
        return MU_OK;
    }
    /* A node of a map stands where its key does: `key: "text"`. */
    uint32_t before = node->key != NULL ? (uint32_t)strlen(node->key) + 2 : 0;
    before += node->kind == MU_NODE_STRING ? 1 : 0;
    return mu_fail_at(err, status, doc->file, node->line, node->column + before + offset,
                      "claim \"%s\", %s: %s", claim->entity->id, name, inner.text);
}

static mu_status read_terms(mu_claim *claim, mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    const mu_node *terms = mu_node_get(doc->root, "terms");
    mu_status status = MU_OK;
    if (terms != NULL && terms->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, terms, err, "terms: expected a map of named terms");
    }
    for (uint32_t i = 0; terms != NULL && i < terms->count && status == MU_OK; i++) {
        const mu_node *node = &terms->child[i];
        uint32_t other = 0;
        if (known(claim, node->key, &other)) {
            return mu_node_fail(doc, node, err, "two terms are called \"%.60s\"", node->key);
        }
        if (node->kind != MU_NODE_MAP) {
            status = read_expression(claim, node, node->key, err);
        } else if (mu_node_get(node, "supply") != NULL) {
            status = mu_claim_supply_read(claim, node, node->key, err);
        } else if (mu_node_get(node, "cost") != NULL) {
            status = mu_claim_cost_read(claim, node, node->key, err);
        } else {
            status = mu_claim_engine_read(claim, node, node->key, err);
        }
        if (status == MU_OK && node->kind == MU_NODE_MAP) {
            claim->input[claim->count - 1].command = mu_claim_command(node, claim->arena);
        }
    }
    return status;
}

static mu_status read_bound(const mu_doc *doc, const mu_node *map, const char *const keys[2],
                            bool *has, bool *is_open, double *out, mu_error *err)
{
    const mu_node *open = mu_node_get(map, keys[0]);
    const mu_node *closed = mu_node_get(map, keys[1]);
    if (open != NULL && closed != NULL) {
        return mu_node_fail(doc, closed, err, "expected %s: or %s:, found both", keys[0], keys[1]);
    }
    const mu_node *node = open != NULL ? open : closed;
    *has = node != NULL;
    *is_open = open != NULL;
    return node == NULL
               ? MU_OK
               : mu_node_number(doc, node, open != NULL ? keys[0] : keys[1], -1e30, 1e30, out, err);
}

static mu_status read_condition(const mu_claim *claim, const mu_node *map, mu_condition *out,
                                mu_error *err)
{
    static const char *const keys[] = {"above", "from", "below", "to"};
    const mu_doc *doc = &claim->entity->doc;
    if (map == NULL || map->kind != MU_NODE_MAP || map->count == 0) {
        return mu_node_fail(doc, map != NULL ? map : doc->root, err,
                            "claim \"%s\": expected holds: {above: or from:, below: or to:} beside "
                            "its question",
                            claim->entity->id);
    }
    mu_status status = mu_node_known_keys(doc, map, keys, 4, err);
    if (status == MU_OK) {
        status = read_bound(doc, map, keys, &out->has_low, &out->low_open, &out->low, err);
    }
    if (status == MU_OK) {
        status = read_bound(doc, map, keys + 2, &out->has_high, &out->high_open, &out->high, err);
    }
    if (status == MU_OK && out->has_low && out->has_high && out->low > out->high) {
        status = mu_node_fail(doc, map, err, "holds: expected the lower bound first");
    }
    return status;
}

mu_status mu_claim_read(mu_claim *claim, mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    const mu_node *question = mu_node_get(doc->root, "question");
    const char *because = mu_catalog_text(claim->catalog, claim->entity, "because");
    claim->because = because != NULL ? because : "";
    claim->open = mu_catalog_text(claim->catalog, claim->entity, "open");
    claim->has_question = question != NULL;
    if (question == NULL && claim->open == NULL) {
        return mu_node_fail(doc, doc->root, err,
                            "claim \"%s\": expected a question:, or open: with the reason why "
                            "there is none",
                            claim->entity->id);
    }
    mu_status status = read_terms(claim, err);
    if (status != MU_OK || question == NULL) {
        return status;
    }
    status = read_condition(claim, mu_node_get(doc->root, "holds"), &claim->condition, err);
    return status == MU_OK ? read_expression(claim, question, "answer", err) : status;
}
