/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads facts by date.
 */
#include "economics/ramp_catalog.h"

#include "catalog/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DRAW_NAME_MAX = 320 };

/* What is inherited has one luck for all who inherit it. */
static void name_of(const mu_ramp_from *from, char out[DRAW_NAME_MAX])
{
    const mu_entity *by = from->entity;
    (void)mu_catalog_node(from->catalog, from->entity, from->path, &by);
    (void)snprintf(out, DRAW_NAME_MAX, "%s/%.100s/%.192s", mu_entity_kind_text(from->entity->kind),
                   by->id, from->path);
}

static mu_status bad(const mu_ramp_from *from, const mu_node *node, mu_error *err, const char *what,
                     const char *found)
{
    const mu_entity *by = from->entity;
    (void)mu_catalog_node(from->catalog, from->entity, from->path, &by);
    return mu_node_fail(&by->doc, node, err, "%s: %s: expected %s, found %.60s", by->id, from->path,
                        what, found);
}

/* The node at the path, or at the longest beginning of it that there is; NULL when none. */
static const mu_node *nearest_node(const mu_ramp_from *from, const mu_entity **by)
{
    char path[MU_RAMP_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", from->path);
    for (;;) {
        const mu_node *node = mu_catalog_node(from->catalog, from->entity, path, by);
        char *dot = strrchr(path, '.');
        if (node != NULL || dot == NULL) {
            return node;
        }
        *dot = '\0';
    }
}

mu_status mu_ramp_refuse(const mu_ramp_from *from, mu_error *err, const char *format, ...)
{
    char text[MU_ERROR_TEXT_MAX];
    const mu_entity *by = from->entity;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const mu_node *node = nearest_node(from, &by);
    return node != NULL ? mu_node_fail(&by->doc, node, err, "%s", text)
                        : mu_fail(err, MU_E_INPUT, "%s", text);
}

static mu_status bad_value(const mu_ramp_from *from, const mu_node *node, double high,
                           const mu_range *range, mu_error *err)
{
    char what[64];
    char found[64];
    (void)snprintf(what, sizeof what, "at most %g", high);
    (void)snprintf(found, sizeof found, "%g", range->high);
    return bad(from, node, err, what, found);
}

mu_status mu_ramp_from_catalog(const mu_ramp_from *from, double high, mu_ramp *out, mu_error *err)
{
    char name[DRAW_NAME_MAX];
    char path[MU_RAMP_PATH_MAX + 16];
    mu_ramp ramp = {0};
    const mu_node *map = mu_catalog_node(from->catalog, from->entity, from->path, NULL);
    name_of(from, name);
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const mu_node *node = &map->child[i];
        mu_months date;
        mu_fact fact;
        if (node->key == NULL || !mu_months_parse(node->key, &date)) {
            return bad(from, node, err, "a date such as 2026-06",
                       node->key != NULL ? node->key : "a list");
        }
        if (ramp.count == MU_RAMP_POINTS_MAX) {
            return bad(from, node, err, "at most 16 dates", "more");
        }
        if (ramp.count > 0 && date.first <= ramp.month[ramp.count - 1]) {
            return bad(from, node, err, "dates that rise", node->key);
        }
        (void)snprintf(path, sizeof path, "%s.%s", from->path, node->key);
        mu_status status = mu_catalog_fact(from->catalog, from->entity, path, true, &fact, err);
        if (status != MU_OK) {
            return status;
        }
        if (fact.range.high > high) {
            return bad_value(from, node, high, &fact.range, err);
        }
        ramp.month[ramp.count] = date.first;
        ramp.value[ramp.count++] = mu_draw_value(from->draw, name, fact.range);
    }
    /* the tails of a range reach beyond its bounds */
    for (uint32_t i = 0; i < ramp.count; i++) {
        ramp.value[i] = ramp.value[i] > high ? high : ramp.value[i];
        ramp.value[i] = ramp.value[i] < 0.0 ? 0.0 : ramp.value[i];
    }
    *out = ramp;
    return MU_OK;
}

mu_status mu_value_from_catalog(const mu_ramp_from *from, double missing, double high, double *out,
                                mu_error *err)
{
    char name[DRAW_NAME_MAX];
    mu_fact fact;
    mu_status status = mu_catalog_fact(from->catalog, from->entity, from->path, false, &fact, err);
    if (status != MU_OK) {
        return status;
    }
    if (fact.path == NULL) {
        *out = missing;
        return MU_OK;
    }
    if (fact.range.high > high) {
        return bad_value(from, mu_catalog_node(from->catalog, from->entity, from->path, NULL), high,
                         &fact.range, err);
    }
    name_of(from, name);
    double value = mu_draw_value(from->draw, name, fact.range);
    *out = value > high ? high : (value < 0.0 ? 0.0 : value);
    return MU_OK;
}

mu_status mu_count_from_catalog(const mu_ramp_from *from, double *out, mu_error *err)
{
    const mu_entity *by = from->entity;
    const mu_node *node = mu_catalog_node(from->catalog, from->entity, from->path, &by);
    uint64_t count = 0;
    mu_status status = MU_OK;
    if (node != NULL && node->kind != MU_NODE_NULL) {
        status = mu_node_count(&by->doc, node, from->path, 1, 1000000, &count, err);
    }
    if (status == MU_OK) {
        *out = (double)count;
    }
    return status;
}
