/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Margins of single operators, from the catalogue.
 */
#include "study/op_margin.h"

#include "chip/prior.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const double factor_least = 1e-3;
static const double factor_most = 1e3;
static const double time_most_s = 1e6;
static const double widen_least = 0.5;
static const double widen_most = 5.0;

typedef struct reader {
    const mu_doc *doc;
    bool own;
    mu_op_margin *item; /* [MU_MARGINS_MAX] */
    uint32_t count;
    double widen[2]; /* low, high */
    mu_error *err;
} reader;

void mu_op_margin_key(const mu_op_question *question, char out[MU_MARGIN_KEY_MAX])
{
    const char *kind = mu_op_case_text(question->kind);
    if (mu_op_case_on_system(question->kind)) {
        (void)snprintf(out, MU_MARGIN_KEY_MAX, "%s", kind);
        return;
    }
    bool cache = question->kv != MU_DTYPE_BF16;
    (void)snprintf(out, MU_MARGIN_KEY_MAX, "%s_%.20s%s%s", kind, question->dtype,
                   cache ? "_kv_" : "", cache ? mu_dtype_text(question->kv) : "");
}

/* Whether some question has this key. */
static bool is_key(const char *key)
{
    for (int i = 0; i < MU_OP_CASE_COUNT; i++) {
        char format[MU_MARGIN_KEY_MAX];
        char again[MU_MARGIN_KEY_MAX];
        mu_op_question q = mu_op_question_make((mu_op_case_kind)i);
        const char *kind = mu_op_case_text(q.kind);
        size_t length = strlen(kind);
        if (strncmp(key, kind, length) != 0 || (key[length] != '\0' && key[length] != '_')) {
            continue;
        }
        (void)snprintf(format, sizeof format, "%s", key[length] == '_' ? key + length + 1 : "bf16");
        char *cache = strstr(format, "_kv_");
        bool known = true;
        if (cache != NULL) {
            *cache = '\0';
            known = mu_dtype_parse(cache + 4, &q.kv);
        }
        known = known && mu_op_question_format(&q, format);
        mu_op_margin_key(&q, again);
        if (known && strcmp(again, key) == 0) {
            return true;
        }
    }
    return false;
}

static mu_status read_step(const reader *r, const mu_node *node, mu_margin_step *out)
{
    if (node->kind != MU_NODE_LIST || node->count != 3) {
        return mu_node_fail(r->doc, node, r->err, "expected [predicted up to, low, high]");
    }
    mu_status status = mu_node_number(r->doc, &node->child[0], "predicted time", 0.0, time_most_s,
                                      &out->to_s, r->err);
    if (status == MU_OK) {
        status =
            mu_node_number(r->doc, &node->child[1], "low", factor_least, 1.0, &out->low, r->err);
    }
    if (status == MU_OK) {
        status =
            mu_node_number(r->doc, &node->child[2], "high", 1.0, factor_most, &out->high, r->err);
    }
    return status;
}

static mu_status read_margin(reader *r, const mu_node *node)
{
    static const char *const keys[] = {"rows", "steps"};
    mu_op_margin *margin = &r->item[r->count];
    const mu_node *rows = mu_node_get(node, "rows");
    const mu_node *steps = mu_node_get(node, "steps");
    uint64_t count = 0;
    if (strlen(node->key) >= sizeof margin->key || !is_key(node->key)) {
        return mu_node_fail(r->doc, node, r->err, "margins: no operator and format \"%.60s\"",
                            node->key);
    }
    if (rows == NULL || steps == NULL || steps->kind != MU_NODE_LIST || steps->count == 0 ||
        steps->count > MU_MARGIN_STEPS_MAX) {
        return mu_node_fail(r->doc, node, r->err, "margins: expected rows and 1 to %d steps",
                            MU_MARGIN_STEPS_MAX);
    }
    mu_status status = mu_node_known_keys(r->doc, node, keys, 2, r->err);
    if (status == MU_OK) {
        status = mu_node_count(r->doc, rows, "rows", 1, UINT32_MAX, &count, r->err);
    }
    *margin = (mu_op_margin){.own = r->own, .rows = (uint32_t)count, .step_count = steps->count};
    (void)snprintf(margin->key, sizeof margin->key, "%s", node->key);
    for (uint32_t i = 0; i < steps->count && status == MU_OK; i++) {
        status = read_step(r, &steps->child[i], &margin->step[i]);
        if (status == MU_OK && i > 0 && !(margin->step[i].to_s > margin->step[i - 1].to_s)) {
            status = mu_node_fail(r->doc, &steps->child[i], r->err,
                                  "margins: steps must ascend in predicted time");
        }
    }
    r->count += status == MU_OK ? 1 : 0;
    return status;
}

static mu_status read_widen(reader *r, const mu_node *node)
{
    if (node->kind != MU_NODE_LIST || node->count != 2) {
        return mu_node_fail(r->doc, node, r->err, "widen: expected [low, high]");
    }
    mu_status status = MU_OK;
    for (int i = 0; i < 2 && status == MU_OK; i++) {
        status = mu_node_number(r->doc, &node->child[i], "widen", widen_least, widen_most,
                                &r->widen[i], r->err);
    }
    return status;
}

/* The margins of one calibration. */
static mu_status read_map(reader *r, const mu_entity *calibration, const mu_entity *asked)
{
    const mu_node *map = mu_node_get(calibration->doc.root, "margins");
    const char *of = "";
    if (map == NULL) {
        return MU_OK;
    }
    r->doc = &calibration->doc;
    const mu_node *whose = mu_node_get(map, "of");
    if (whose == NULL) {
        return mu_node_fail(r->doc, map, r->err, "margins: expected the chip or system under `of`");
    }
    mu_status status = mu_node_text(r->doc, whose, "of", &of, r->err);
    r->own = strcmp(of, asked->id) == 0;
    for (uint32_t i = 0; i < map->count && status == MU_OK; i++) {
        if (&map->child[i] == whose) {
            continue;
        }
        if (strcmp(map->child[i].key, "widen") == 0) {
            status = read_widen(r, &map->child[i]);
            continue;
        }
        status = r->count < MU_MARGINS_MAX ? read_margin(r, &map->child[i])
                                           : mu_node_fail(r->doc, &map->child[i], r->err,
                                                          "more than %d margins", MU_MARGINS_MAX);
    }
    return status;
}

mu_status mu_op_margins_read(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                             mu_op_margins *out, mu_error *err)
{
    mu_references list;
    reader r = {
        .item = MU_NEW(arena, mu_op_margin, MU_MARGINS_MAX), .widen = {1.0, 1.0}, .err = err};
    if (r.item == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the margins of %s", entity->id);
    }
    mu_status status = mu_catalog_calibrations(catalog, entity, &list, err);
    const mu_chip_prior *learned = mu_catalog_prior(catalog);
    for (uint32_t i = list.count; i > 0 && status == MU_OK; i--) {
        if (learned == NULL || !mu_chip_prior_leaves_out(learned, list.entity[i - 1])) {
            status = read_map(&r, list.entity[i - 1], entity);
        }
    }
    const mu_entity *prior = NULL;
    mu_error absent = {0};
    if (status == MU_OK && mu_catalog_find(catalog, MU_ENTITY_CALIBRATION, MU_MARGINS_PRIOR, &prior,
                                           &absent) == MU_OK) {
        status = read_map(&r, prior, entity);
    }
    if (status == MU_OK) {
        *out = (mu_op_margins){
            .widen_low = r.widen[0], .widen_high = r.widen[1], .count = r.count, .item = r.item};
    }
    return status;
}

const mu_op_margin *mu_op_margin_find(const mu_op_margins *margins, const mu_op_question *question)
{
    char key[MU_MARGIN_KEY_MAX];
    mu_op_margin_key(question, key);
    for (uint32_t i = 0; i < margins->count; i++) {
        if (strcmp(margins->item[i].key, key) == 0) {
            return &margins->item[i];
        }
    }
    return NULL;
}

mu_margin_step mu_op_margin_at(const mu_op_margin *margin, double predicted_s)
{
    assert(margin->step_count > 0);
    uint32_t i = 0;
    while (i + 1 < margin->step_count && predicted_s > margin->step[i].to_s) {
        i++;
    }
    return margin->step[i];
}
