/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks documents against the schema: every key known, every value of its type, every reference
 * there.
 *
 * Why:   run by the build over the compiled-in documents and at start-up over the user's own, so
 *        that readers need not doubt what they read.
 * Bound: as many levels as the longest pattern of the schema has parts.
 */
#include "catalog/internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COUNT_MAX = 1000000000, LIST_MAX = 64, LEVELS_MAX = 8 };

typedef struct checker {
    const mu_catalog *catalog;
    const mu_entry *entry;
    mu_error *err;
    char path[MU_PATH_MAX];
} checker;

static const mu_doc *doc_of(const checker *c)
{
    return &c->entry->entity.doc;
}

static mu_status fail_at(const checker *c, const mu_node *node, const char *message)
{
    return mu_node_fail(doc_of(c), node, c->err, "%s: %s", c->path, message);
}

/* Appends a name to the path. */
static mu_status push_name(checker *c, const mu_node *node, const char *name)
{
    size_t length = strlen(c->path);
    if (strchr(name, '.') != NULL) {
        return mu_node_fail(doc_of(c), node, c->err, "\"%.80s\": a name here has no dot", name);
    }
    if (length + strlen(name) + 2 > sizeof c->path) {
        return mu_node_fail(doc_of(c), node, c->err, "\"%.60s...\": too long a name", name);
    }
    (void)snprintf(c->path + length, sizeof c->path - length, "%s%s", length == 0 ? "" : ".", name);
    return MU_OK;
}

static mu_status unknown_key(const checker *c, const mu_node *node)
{
    char nearest[MU_PATH_MAX];
    if (mu_schema_nearest(c->entry->entity.kind, c->path, nearest)) {
        return mu_node_fail(doc_of(c), node, c->err, "unknown key \"%.80s\"; did you mean \"%s\"?",
                            node->key, nearest);
    }
    return mu_node_fail(doc_of(c), node, c->err, "unknown key \"%.80s\" (%s of a %s)", node->key,
                        c->path, mu_entity_kind_text(c->entry->entity.kind));
}

static mu_status check_source(const checker *c, const mu_node *node, const char *id)
{
    if (mu_catalog_source(c->catalog, id) != NULL) {
        return MU_OK;
    }
    const char *nearest = NULL;
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < c->catalog->source_count; i++) {
        uint32_t distance = mu_text_distance(id, c->catalog->sources[i].id);
        if (distance < best) {
            best = distance;
            nearest = c->catalog->sources[i].id;
        }
    }
    if (nearest != NULL && best <= 2 + strlen(id) / 4) {
        return mu_node_fail(doc_of(c), node, c->err,
                            "%s: unknown source \"%.60s\"; did you mean "
                            "\"%s\"?",
                            c->path, id, nearest);
    }
    return mu_node_fail(doc_of(c), node, c->err,
                        "%s: unknown source \"%.60s\" (none of the %u in "
                        "the list of sources)",
                        c->path, id, c->catalog->source_count);
}

/* A key that stands for a chip names one. */
static mu_status check_chip_key(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    char id[MU_PATH_MAX];
    const mu_entity *chip = NULL;
    mu_error inner = {0};
    if (mu_schema_part(item, c->path, "<chip>", id) &&
        mu_catalog_find(c->catalog, MU_ENTITY_CHIP, id, &chip, &inner) != MU_OK) {
        return fail_at(c, node, inner.text);
    }
    return MU_OK;
}

static mu_status check_fact(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    const mu_fact_place place = {.item = item,
                                 .path = c->path,
                                 .entity = &c->entry->entity,
                                 .node = node,
                                 .catalog = c->catalog};
    mu_fact fact;
    mu_status status = mu_fact_read(&place, &fact, c->err);
    if (status == MU_OK) {
        status = check_chip_key(c, item, node);
    }
    if (status != MU_OK) {
        return status;
    }
    if (item->type == MU_VALUE_FACT && item->dimension == MU_DIM_FRACTION &&
        fact.range.high > 1.0) {
        return mu_node_fail(doc_of(c), node, c->err,
                            "%s: expected a fraction of at most 1 (100 %%), found %g", c->path,
                            fact.range.high);
    }
    const mu_node *source = mu_node_get(node, "source");
    return check_source(c, source != NULL ? source : node, fact.source);
}

static mu_status check_reference(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    const char *name = "";
    mu_status status = mu_node_text(doc_of(c), node, c->path, &name, c->err);
    if (status != MU_OK) {
        return status;
    }
    const mu_entity *found = NULL;
    mu_error inner = {0};
    if (mu_catalog_find(c->catalog, item->target, name, &found, &inner) != MU_OK) {
        return fail_at(c, node, inner.text);
    }
    return MU_OK;
}

static mu_status check_list(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    uint32_t max = item->type == MU_VALUE_REFS ? MU_REFERENCES_MAX : LIST_MAX;
    if (node->kind != MU_NODE_LIST || node->count > max) {
        return mu_node_fail(doc_of(c), node, c->err, "%s: expected a list [..] of at most %u names",
                            c->path, max);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const char *text = "";
        const mu_node *child = &node->child[i];
        mu_status status = item->type == MU_VALUE_REFS
                               ? check_reference(c, item, child)
                               : mu_node_text(doc_of(c), child, c->path, &text, c->err);
        if (status == MU_OK && item->type == MU_VALUE_SOURCES) {
            status = check_source(c, child, text);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static mu_status check_text(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    const char *text = "";
    mu_status status = mu_node_text(doc_of(c), node, c->path, &text, c->err);
    if (status == MU_OK && item->type == MU_VALUE_SOURCE) {
        status = check_source(c, node, text);
    }
    return status;
}

/* Values that hold no other keys of the schema. */
static mu_status check_leaf(const checker *c, const mu_schema_item *item, const mu_node *node)
{
    uint64_t count = 0;
    bool flag = false;
    switch (item->type) {
    case MU_VALUE_FACT:
    case MU_VALUE_FREE_FACT:
    case MU_VALUE_PARAM:
        return check_fact(c, item, node);
    case MU_VALUE_DATE:
        return node->kind == MU_NODE_MAP ? check_fact(c, item, node) : check_text(c, item, node);
    case MU_VALUE_TEXT:
    case MU_VALUE_SOURCE:
        return check_text(c, item, node);
    case MU_VALUE_COUNT:
        return mu_node_count(doc_of(c), node, c->path, 1, COUNT_MAX, &count, c->err);
    case MU_VALUE_BOOL:
        return mu_node_bool(doc_of(c), node, c->path, &flag, c->err);
    case MU_VALUE_TEXTS:
    case MU_VALUE_SOURCES:
    case MU_VALUE_REFS:
        return check_list(c, item, node);
    case MU_VALUE_REF:
        return check_reference(c, item, node);
    case MU_VALUE_NAMED:
    case MU_VALUE_ITEMS:
    case MU_VALUE_FREE:
        break;
    }
    return MU_OK;
}

/* A list of maps, each under its own name. */
static mu_status check_named(const checker *c, const mu_node *list)
{
    if (list->kind != MU_NODE_LIST || list->count > LIST_MAX) {
        return fail_at(c, list, "expected a list of at most 64 maps, each with a name:");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const mu_node *name = mu_node_get(&list->child[i], "name");
        if (name == NULL || name->text == NULL) {
            return fail_at(c, &list->child[i], "expected a map with a name:");
        }
        for (uint32_t k = 0; k < i; k++) {
            const mu_node *other = mu_node_get(&list->child[k], "name");
            if (strcmp(other->text, name->text) == 0) {
                return fail_at(c, name, "two items have this name");
            }
        }
    }
    return MU_OK;
}

/* A list of values, each under its number. */
static mu_status check_items(const checker *c, const mu_node *list)
{
    return list->kind == MU_NODE_LIST && list->count > 0 && list->count <= LIST_MAX
               ? MU_OK
               : fail_at(c, list, "expected a list [..] of 1 to 64 values");
}

static bool holds_others(const mu_schema_item *item)
{
    return item->type == MU_VALUE_NAMED || item->type == MU_VALUE_ITEMS;
}

/* The value under the key that c->path ends in; *below is set when its children are to be checked.
 */
static mu_status check_value(const checker *c, const mu_node *node, bool *below)
{
    mu_entity_kind kind = c->entry->entity.kind;
    const mu_schema_item *item = mu_schema_find(kind, c->path);
    *below = item == NULL || holds_others(item);
    if (item != NULL && node->kind == MU_NODE_NULL) {
        *below = false;
        return c->entry->parent != NULL ? MU_OK : fail_at(c, node, "expected a value, found none");
    }
    if (item != NULL && holds_others(item)) {
        return item->type == MU_VALUE_NAMED ? check_named(c, node) : check_items(c, node);
    }
    if (item != NULL) {
        return check_leaf(c, item, node);
    }
    if (!mu_schema_is_prefix(kind, c->path)) {
        return unknown_key(c, node);
    }
    return node->kind == MU_NODE_MAP ? MU_OK : fail_at(c, node, "expected a map of keys below it");
}

/* A map or list whose children are being checked. */
typedef struct level {
    const mu_node *node;
    uint32_t next;
    size_t path_length; /* of its own path */
} level;

/* One child of the innermost level; opens a level of its own where there is more below. */
static mu_status check_child(checker *c, level levels[LEVELS_MAX], uint32_t *depth)
{
    level *top = &levels[*depth - 1];
    char number[16];
    (void)snprintf(number, sizeof number, "%u", top->next);
    const mu_node *node = &top->node->child[top->next++];
    c->path[top->path_length] = '\0';
    const mu_schema_item *list = mu_schema_find(c->entry->entity.kind, c->path);
    bool numbered = list != NULL && list->type == MU_VALUE_ITEMS;
    bool named = top->node->kind == MU_NODE_LIST && !numbered;
    bool below = named;
    mu_status status = push_name(c, node,
                                 numbered ? number
                                 : named  ? mu_node_get(node, "name")->text
                                          : node->key);
    if (status == MU_OK && !named) {
        status = check_value(c, node, &below);
    }
    if (status == MU_OK && below) {
        assert(*depth < LEVELS_MAX);
        levels[(*depth)++] = (level){.node = node, .path_length = strlen(c->path)};
    }
    return status;
}

mu_status mu_entry_check(const mu_catalog *catalog, const mu_entry *entry, mu_error *err)
{
    assert(entry != NULL);
    checker c = {.catalog = catalog, .entry = entry, .err = err};
    level levels[LEVELS_MAX] = {{.node = entry->entity.doc.root}};
    uint32_t depth = 1;
    mu_status status = MU_OK;
    while (depth > 0 && status == MU_OK) {
        if (levels[depth - 1].next == levels[depth - 1].node->count) {
            depth--;
        } else {
            status = check_child(&c, levels, &depth);
        }
    }
    return status;
}

mu_status mu_sources_check(const mu_doc *doc, mu_error *err)
{
    static const char *const root_keys[] = {"sources"};
    static const char *const keys[] = {"id", "title", "date", "url", "note"};
    mu_status status = mu_node_known_keys(doc, doc->root, root_keys, 1, err);
    const mu_node *list = mu_node_get(doc->root, "sources");
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        const mu_node *item = &list->child[i];
        if (item->kind != MU_NODE_MAP) {
            return mu_node_fail(doc, item, err, "expected a source {id, title, date, url}");
        }
        status = mu_node_known_keys(doc, item, keys, sizeof keys / sizeof keys[0], err);
        for (uint32_t k = 0; k < i && status == MU_OK; k++) {
            if (strcmp(mu_node_get(&list->child[k], "id")->text, mu_node_get(item, "id")->text) ==
                0) {
                status = mu_node_fail(doc, item, err, "this source id stands twice");
            }
        }
    }
    return status;
}

mu_status mu_claims_check(const mu_doc *doc, mu_error *err)
{
    static const char *const root_keys[] = {"claims"};
    mu_status status = mu_node_known_keys(doc, doc->root, root_keys, 1, err);
    const mu_node *list = mu_node_get(doc->root, "claims");
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        const mu_node *id = mu_node_get(&list->child[i], "id");
        for (uint32_t k = 0; k < i && status == MU_OK; k++) {
            if (strcmp(mu_node_get(&list->child[k], "id")->text, id->text) == 0) {
                status = mu_node_fail(doc, id, err, "this claim id stands twice");
            }
        }
    }
    return status;
}
