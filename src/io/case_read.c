/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases from documents.
 *
 * What:  one pass over the list; scenarios are copied without what says nothing.
 */
#include "io/case_read.h"

#include "base/text.h"
#include "io/doc_read.h"

#include <string.h>

enum { CASES_FIRST = 256 };

static const double measure_low = 1e-12;
static const double measure_high = 1e24;

mu_status mu_case_list_add(mu_case_list *list, const mu_case *item, mu_error *err)
{
    if (list->take != NULL) {
        list->count++;
        return list->take(list->context, item, err);
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? CASES_FIRST : 2 * list->capacity;
        mu_case *grown = MU_NEW(list->arena, mu_case, capacity);
        if (grown == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for %u cases", capacity);
        }
        if (list->count > 0) {
            memcpy(grown, list->item, list->count * sizeof *grown);
        }
        list->item = grown;
        list->capacity = capacity;
    }
    list->item[list->count++] = *item;
    return MU_OK;
}

/* Text under a key; "" when it is absent or null. */
static mu_status optional_text(const mu_doc *doc, const mu_node *map, const char *key,
                               const char **out, mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    *out = "";
    if (node == NULL || node->kind == MU_NODE_NULL) {
        return MU_OK;
    }
    return mu_node_text(doc, node, key, out, err);
}

static bool says_nothing(const mu_node *parent, const mu_node *node)
{
    bool zero_chips = node->kind == MU_NODE_SCALAR && strcmp(node->text, "0") == 0 &&
                      strcmp(node->key, "chips") == 0 && parent->key != NULL &&
                      strcmp(parent->key, "system") == 0;
    return node->kind == MU_NODE_NULL || zero_chips;
}

/* A map without the children that say nothing. Their own maps are still shared. NULL: no memory. */
static mu_node *copy_map(mu_arena *arena, const mu_node *map, mu_node *out)
{
    mu_node *child = MU_NEW(arena, mu_node, map->count);
    if (child == NULL) {
        return NULL;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        if (!says_nothing(map, &map->child[i])) {
            child[kept++] = map->child[i];
        }
    }
    *out = *map;
    out->child = child;
    out->count = kept;
    return child;
}

/* Three levels deep, as scenarios are. */
static const mu_node *copy_scenario(mu_arena *arena, const mu_node *map)
{
    mu_node *root = MU_NEW(arena, mu_node, 1);
    mu_node *top = root != NULL ? copy_map(arena, map, root) : NULL;
    bool ok = top != NULL;
    for (uint32_t i = 0; ok && i < root->count; i++) {
        if (top[i].kind != MU_NODE_MAP) {
            continue;
        }
        mu_node *middle = copy_map(arena, &top[i], &top[i]);
        ok = middle != NULL;
        for (uint32_t k = 0; ok && k < top[i].count; k++) {
            if (middle[k].kind == MU_NODE_MAP) {
                ok = copy_map(arena, &middle[k], &middle[k]) != NULL;
            }
        }
    }
    return ok ? root : NULL;
}

static mu_status read_measure(const mu_doc *doc, const mu_node *node, mu_measure *out,
                              mu_error *err)
{
    const char *words[MU_MEASURE_COUNT];
    for (int i = 0; i < MU_MEASURE_COUNT; i++) {
        words[i] = mu_measure_text((mu_measure_kind)i);
        if (strcmp(words[i], node->key) == 0) {
            out->kind = (mu_measure_kind)i;
            return mu_node_number(doc, node, node->key, measure_low, measure_high, &out->value,
                                  err);
        }
    }
    const char *near = mu_text_nearest(node->key, words, MU_MEASURE_COUNT);
    return mu_node_fail(doc, node, err, "measured: unknown measure \"%.64s\"%s%s%s", node->key,
                        near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
}

static mu_status read_measures(const mu_doc *doc, const mu_node *map, mu_arena *arena, mu_case *out,
                               mu_error *err)
{
    const mu_node *node = mu_node_get(map, "measured");
    if (node == NULL || node->kind != MU_NODE_MAP || node->count == 0) {
        return mu_node_fail(doc, node != NULL ? node : map, err,
                            "%.64s: expected at least one measure under `measured`", out->id);
    }
    mu_measure *measure = MU_NEW(arena, mu_measure, node->count);
    if (measure == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < node->count && status == MU_OK; i++) {
        if (node->child[i].kind != MU_NODE_NULL) {
            status = read_measure(doc, &node->child[i], &measure[out->measure_count++], err);
        }
    }
    out->measure = measure;
    return status;
}

/* An operator question that cannot be asked is kept with what is wrong. */
static mu_status read_operator(const mu_doc *doc, const mu_node *scenario, mu_arena *arena,
                               mu_case *out, mu_error *err)
{
    mu_op_question *question = MU_NEW(arena, mu_op_question, 1);
    if (question == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    mu_error local = {0};
    if (mu_op_question_read(doc, scenario, question, &local) != MU_OK) {
        out->fault = mu_arena_text(arena, local.text, strlen(local.text));
        return out->fault != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    out->op = question;
    out->fault = mu_op_question_fault(question, arena);
    return MU_OK;
}

/* `verb` decides; without one an operator question tells itself by its `op`. */
static mu_case_verb verb_of(const char *verb, const mu_node *scenario)
{
    if (verb[0] == '\0') {
        return mu_node_get(scenario, "op") != NULL ? MU_CASE_OP : MU_CASE_PREDICT;
    }
    if (strcmp(verb, "op") == 0) {
        return MU_CASE_OP;
    }
    return strcmp(verb, "predict") == 0 || strcmp(verb, "simulate") == 0 ? MU_CASE_PREDICT
                                                                         : MU_CASE_OTHER;
}

static mu_status read_question(const mu_doc *doc, const mu_node *map, mu_arena *arena, mu_case *out,
                               mu_error *err)
{
    const char *verb = "";
    mu_status status = optional_text(doc, map, "verb", &verb, err);
    const mu_node *scenario = mu_node_get(map, "scenario");
    if (status == MU_OK && (scenario == NULL || scenario->kind != MU_NODE_MAP)) {
        status = mu_node_fail(doc, scenario != NULL ? scenario : map, err,
                              "%.64s: expected a map under `scenario`", out->id);
    }
    if (status != MU_OK) {
        return status;
    }
    out->verb = verb_of(verb, scenario);
    out->simulate = strcmp(verb, "simulate") == 0;
    if (out->verb == MU_CASE_OP) {
        return read_operator(doc, scenario, arena, out, err);
    }
    out->scenario = (mu_doc){.file = doc->file, .root = copy_scenario(arena, scenario)};
    return out->scenario.root != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a case");
}

static mu_status read_case(const mu_doc *doc, const mu_node *map, mu_case_list *list, mu_error *err)
{
    mu_case c = {0};
    const mu_node *id = map->kind == MU_NODE_MAP ? mu_node_get(map, "id") : NULL;
    if (id == NULL) {
        return mu_node_fail(doc, map, err, "expected a case: a map with id, scenario and measured");
    }
    mu_status status = mu_node_text(doc, id, "id", &c.id, err);
    if (status == MU_OK) {
        status = optional_text(doc, map, "source", &c.source, err);
    }
    if (status == MU_OK) {
        status = optional_text(doc, map, "engine_version", &c.engine_version, err);
    }
    if (status == MU_OK) {
        status = optional_text(doc, map, "date", &c.date, err);
    }
    const mu_node *fit = mu_node_get(map, "fit");
    if (status == MU_OK && fit != NULL && fit->kind != MU_NODE_NULL) {
        status = mu_node_bool(doc, fit, "fit", &c.fit, err);
    }
    if (status == MU_OK) {
        status = read_measures(doc, map, list->arena, &c, err);
    }
    if (status == MU_OK) {
        status = read_question(doc, map, list->arena, &c, err);
    }
    return status == MU_OK ? mu_case_list_add(list, &c, err) : status;
}

mu_status mu_cases_from_doc(const mu_doc *doc, mu_case_list *list, mu_error *err)
{
    const mu_node *root = doc->root;
    const mu_node *wrapped = root->kind == MU_NODE_MAP ? mu_node_get(root, "cases") : NULL;
    root = wrapped != NULL ? wrapped : root;
    if (root->kind == MU_NODE_MAP) {
        return read_case(doc, root, list, err);
    }
    if (root->kind != MU_NODE_LIST || root->count == 0) {
        return mu_node_fail(doc, root, err, "expected a list of cases");
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < root->count && status == MU_OK; i++) {
        status = read_case(doc, &root->child[i], list, err);
    }
    return status;
}

mu_status mu_cases_read(const char *path, mu_case_list *list, mu_error *err)
{
    mu_doc doc;
    mu_status status = mu_doc_read_file(list->arena, path, &doc, err);
    return status == MU_OK ? mu_cases_from_doc(&doc, list, err) : status;
}
