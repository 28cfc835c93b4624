/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surfaces of calibrations, read from their documents once.
 *
 * Bound: knots -100 .. 100, values -10000 .. 10000 thousandths; sizes as in base/surface.h.
 */
#include "catalog/surfaces.h"

#include "base/text.h"
#include "catalog/internal.h"

#include <assert.h>
#include <string.h>

static const double knot_most = 100.0;
static const int32_t value_most = 10000;

enum { NAME_MAX_BYTES = 64 };

static const mu_coordinates coordinates_gemm = {
    {"m", "waves", "n", "k", "bits"}, 5, 2, 1, {{0, 2, 3}}};
static const mu_coordinates coordinates_batched = {{"m", "n", "k", "batch"}, 4, 1, 1, {{0, 1, 3}}};
static const mu_coordinates coordinates_moe = {
    {"tokens", "rows", "hidden", "intermediate", "experts", "share", "bits"}, 7, 2, 0, {{0}}};
static const mu_coordinates coordinates_prefill = {
    {"sequences", "tokens", "heads", "group", "dim", "window", "cached"}, 7, 2, 1, {{0, 1, 4}}};
static const mu_coordinates coordinates_decode = {
    {"items", "context", "reach", "group", "dim"}, 5, 3, 2, {{0, 1, 3}, {0, 1, 4}}};
static const mu_coordinates coordinates_mla_prefill = {
    {"sequences", "tokens", "heads", "cached"}, 4, 2, 1, {{0, 1, 2}}};
static const mu_coordinates coordinates_mla_decode = {
    {"sequences", "context", "heads"}, 3, 2, 1, {{0, 1, 2}}};
static const mu_coordinates coordinates_linear = {
    {"sequences", "tokens", "heads", "keys"}, 4, 2, 1, {{0, 1, 2}}};

static const struct {
    const char *text;
    const mu_coordinates *coordinates;
} kinds[MU_SURFACE_KIND_COUNT] = {
#define X(name, text, family) {text, &coordinates_##family},
    MU_SURFACE_KIND_LIST(X)
#undef X
};

static const char *const kind_texts[MU_SURFACE_KIND_COUNT] = {
#define X(name, text, family) text,
    MU_SURFACE_KIND_LIST(X)
#undef X
};

const mu_coordinates *mu_surface_coordinates(mu_surface_kind kind)
{
    assert((unsigned)kind < MU_SURFACE_KIND_COUNT);
    return kinds[kind].coordinates;
}

const char *mu_surface_text(mu_surface_kind kind)
{
    assert((unsigned)kind < MU_SURFACE_KIND_COUNT);
    return kinds[kind].text;
}

bool mu_surface_parse(const char *text, mu_surface_kind *out)
{
    for (int i = 0; i < MU_SURFACE_KIND_COUNT; i++) {
        if (strcmp(kinds[i].text, text) == 0) {
            *out = (mu_surface_kind)i;
            return true;
        }
    }
    return false;
}

/* One surface under way. */
typedef struct reader {
    const mu_doc *doc;
    const char *name;
    const mu_coordinates *coordinates;
    mu_surface *surface;
    float *value; /* [MU_SURFACE_VALUES_MAX] */
    mu_error *err;
} reader;

static mu_status unknown_key(const mu_doc *doc, const mu_node *node, const char *what,
                             const char *const known[], uint32_t count, mu_error *err)
{
    const char *nearest = mu_text_nearest(node->key, known, count);
    if (nearest != NULL) {
        return mu_node_fail(doc, node, err, "surfaces: unknown %s \"%.60s\"; did you mean \"%s\"?",
                            what, node->key, nearest);
    }
    return mu_node_fail(doc, node, err, "surfaces: unknown %s \"%.60s\"", what, node->key);
}

static mu_status read_axis(reader *r, const mu_node *node)
{
    uint8_t place = 0;
    while (place < r->coordinates->count && strcmp(node->key, r->coordinates->name[place]) != 0) {
        place++;
    }
    if (place == r->coordinates->count) {
        return unknown_key(r->doc, node, "coordinate", r->coordinates->name, place, r->err);
    }
    if (node->kind != MU_NODE_LIST || node->count < 2 || node->count > MU_SURFACE_KNOTS_MAX) {
        return mu_node_fail(r->doc, node, r->err, "%s.knots.%s: expected a list of 2 to %d numbers",
                            r->name, node->key, MU_SURFACE_KNOTS_MAX);
    }
    mu_surface_axis *axis = &r->surface->axis[r->surface->axes++];
    axis->coordinate = place;
    axis->knots = (uint8_t)node->count;
    for (uint32_t i = 0; i < node->count; i++) {
        double knot = 0.0;
        mu_status status =
            mu_node_number(r->doc, &node->child[i], "knots", -knot_most, knot_most, &knot, r->err);
        if (status != MU_OK) {
            return status;
        }
        axis->knot[i] = (float)knot;
        if (i > 0 && !(axis->knot[i] > axis->knot[i - 1])) {
            return mu_node_fail(r->doc, &node->child[i], r->err,
                                "%s.knots.%s: expected knots in ascending order", r->name,
                                node->key);
        }
    }
    return MU_OK;
}

static mu_status read_knots(reader *r, const mu_node *node)
{
    if (node == NULL || node->kind != MU_NODE_MAP || node->count == 0 ||
        node->count > MU_SURFACE_AXES_MAX) {
        return mu_node_fail(r->doc, node, r->err,
                            "%s: expected knots: a map of 1 to %d coordinates", r->name,
                            MU_SURFACE_AXES_MAX);
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < node->count && status == MU_OK; i++) {
        status = read_axis(r, &node->child[i]);
    }
    return status;
}

static mu_status read_over(const reader *r, const mu_node *term, mu_surface_term *out)
{
    const mu_node *over = mu_node_get(term, "over");
    if (over == NULL || over->kind != MU_NODE_LIST || over->count == 0 ||
        over->count > MU_SURFACE_OVER_MAX) {
        return mu_node_fail(r->doc, over != NULL ? over : term, r->err,
                            "%s.terms: expected over: a list of 1 to %d coordinates", r->name,
                            MU_SURFACE_OVER_MAX);
    }
    for (uint32_t i = 0; i < over->count; i++) {
        const char *name = "";
        mu_status status = mu_node_text(r->doc, &over->child[i], "over", &name, r->err);
        if (status != MU_OK) {
            return status;
        }
        uint8_t axis = 0;
        while (axis < r->surface->axes &&
               strcmp(name, r->coordinates->name[r->surface->axis[axis].coordinate]) != 0) {
            axis++;
        }
        if (axis == r->surface->axes) {
            return mu_node_fail(r->doc, &over->child[i], r->err, "%s.terms: \"%.60s\" has no knots",
                                r->name, name);
        }
        out->axis[out->axes++] = axis;
    }
    return MU_OK;
}

/* The next whole number of a text; NULL when there is none. */
static const char *next_value(const char *text, int32_t *out)
{
    while (*text == ' ' || *text == '\n') {
        text++;
    }
    bool negative = *text == '-';
    text += negative ? 1 : 0;
    const char *first = text;
    int32_t value = 0;
    while (*text >= '0' && *text <= '9' && value <= value_most) {
        value = 10 * value + (*text++ - '0');
    }
    if (text == first || value > value_most || (*text != ' ' && *text != '\n' && *text != '\0')) {
        return NULL;
    }
    *out = negative ? -value : value;
    return text;
}

static mu_status read_values(const reader *r, const mu_node *term, mu_surface_term *out)
{
    mu_surface *surface = r->surface;
    uint32_t size = mu_surface_term_size(surface, out);
    const mu_node *node = mu_node_get(term, "values");
    const char *text = NULL;
    if (node == NULL) {
        return mu_node_fail(r->doc, term, r->err, "%s.terms: expected values", r->name);
    }
    mu_status status = mu_node_text(r->doc, node, "values", &text, r->err);
    if (status != MU_OK) {
        return status;
    }
    if (surface->values + size > MU_SURFACE_VALUES_MAX) {
        return mu_node_fail(r->doc, node, r->err, "%s: more than %d values", r->name,
                            MU_SURFACE_VALUES_MAX);
    }
    out->first = surface->values;
    for (uint32_t i = 0; i < size; i++) {
        int32_t value = 0;
        text = next_value(text, &value);
        if (text == NULL) {
            return mu_node_fail(r->doc, node, r->err,
                                "%s.terms: expected %u whole numbers from %d to %d in one text, "
                                "found %u",
                                r->name, size, -value_most, value_most, i);
        }
        r->value[surface->values++] = (float)value * 1e-3F;
    }
    if (text[strspn(text, " \n")] != '\0') {
        return mu_node_fail(r->doc, node, r->err, "%s.terms: expected %u values, found more",
                            r->name, size);
    }
    return MU_OK;
}

static mu_status read_terms(reader *r, const mu_node *node)
{
    if (node == NULL || node->kind != MU_NODE_LIST || node->count == 0 ||
        node->count > MU_SURFACE_TERMS_MAX) {
        return mu_node_fail(r->doc, node, r->err, "%s: expected terms: a list of 1 to %d maps",
                            r->name, MU_SURFACE_TERMS_MAX);
    }
    static const char *const keys[] = {"over", "values"};
    for (uint32_t i = 0; i < node->count; i++) {
        const mu_node *item = &node->child[i];
        mu_surface_term *term = &r->surface->term[r->surface->terms++];
        if (item->kind != MU_NODE_MAP) {
            return mu_node_fail(r->doc, item, r->err, "%s.terms: expected {over:, values:}",
                                r->name);
        }
        mu_status status = mu_node_known_keys(r->doc, item, keys, 2, r->err);
        if (status == MU_OK) {
            status = read_over(r, item, term);
        }
        if (status == MU_OK) {
            status = read_values(r, item, term);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static mu_status read_surface(mu_arena *arena, reader *r, const mu_node *node,
                              const mu_surface **out)
{
    static const char *const keys[] = {"knots", "terms"};
    if (node->kind == MU_NODE_SCALAR && strcmp(node->text, "none") == 0) {
        *out = &mu_surface_none;
        return MU_OK;
    }
    if (node->kind != MU_NODE_MAP) {
        return mu_node_fail(r->doc, node, r->err, "surfaces.%s: expected {knots:, terms:} or none",
                            r->name);
    }
    mu_status status = mu_node_known_keys(r->doc, node, keys, 2, r->err);
    if (status != MU_OK) {
        return status;
    }
    r->surface = MU_NEW(arena, mu_surface, 1);
    if (r->surface == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory for a surface");
    }
    status = read_knots(r, mu_node_get(node, "knots"));
    if (status == MU_OK) {
        status = read_terms(r, mu_node_get(node, "terms"));
    }
    float *kept = status == MU_OK ? MU_NEW(arena, float, r->surface->values) : NULL;
    if (status == MU_OK && kept == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory for a surface");
    }
    if (status == MU_OK) {
        memcpy(kept, r->value, r->surface->values * sizeof *kept);
        r->surface->value = kept;
        *out = r->surface;
    }
    return status;
}

mu_status mu_entry_surfaces(mu_entry *entry, mu_arena *arena, mu_error *err)
{
    const mu_doc *doc = &entry->entity.doc;
    const mu_node *map = mu_node_get(doc->root, "surfaces");
    if (entry->entity.kind != MU_ENTITY_CALIBRATION || map == NULL) {
        return MU_OK;
    }
    if (map->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, map, err, "surfaces: expected a map of surfaces by kind");
    }
    entry->surface = MU_NEW(arena, const mu_surface *, MU_SURFACE_KIND_COUNT);
    if (entry->surface == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for surfaces");
    }
    float value[MU_SURFACE_VALUES_MAX];
    for (uint32_t i = 0; i < map->count; i++) {
        const mu_node *node = &map->child[i];
        mu_surface_kind kind = MU_SURFACE_GEMM_BF16;
        if (!mu_surface_parse(node->key, &kind)) {
            return unknown_key(doc, node, "kind", kind_texts, MU_SURFACE_KIND_COUNT, err);
        }
        reader r = {.doc = doc,
                    .name = node->key,
                    .coordinates = mu_surface_coordinates(kind),
                    .value = value,
                    .err = err};
        mu_status status = read_surface(arena, &r, node, &entry->surface[kind]);
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

const mu_surface *mu_calibration_surface(const mu_entity *calibration, mu_surface_kind kind)
{
    assert(calibration->kind == MU_ENTITY_CALIBRATION && (unsigned)kind < MU_SURFACE_KIND_COUNT);
    const mu_entry *entry = (const mu_entry *)calibration;
    return entry->surface != NULL ? entry->surface[kind] : NULL;
}
