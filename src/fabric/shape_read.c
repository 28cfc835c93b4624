/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of networks: keys read by the table of shape_keys.def, then completed and checked.
 */
#include "fabric/shape_read.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 32, SWITCHES_MAX = 1000000000 };
enum {
    SWITCH = 1U << MU_SHAPE_SWITCH,
    CLOS = 1U << MU_SHAPE_CLOS,
    MESH = 1U << MU_SHAPE_MESH,
    TORUS = 1U << MU_SHAPE_TORUS,
    DRAGONFLY = 1U << MU_SHAPE_DRAGONFLY,
    ALL = ~0U
};

/* Shapes that have parameters come before the explicit list. */
enum { SHAPE_WORDS = MU_SHAPE_LINKS };

/* How far given shares may miss 1: they may be drawn from ranges. */
static const double share_slack = 0.1;

typedef enum field_type {
    TYPE_WHOLE,  /* uint32_t */
    TYPE_REAL,   /* double */
    TYPE_OPTICAL /* bool, of "copper" or "optical" */
} field_type;

typedef struct key_spec {
    const char *name;
    size_t offset;
    field_type type;
    uint32_t most;
    uint32_t shapes;
    mu_dimension dimension;
    double low;
    double high;
} key_spec;

static const key_spec keys[] = {
#define X(NAME, key, field, type, most, shapes, dimension, low, high)                              \
    {#key, offsetof(mu_shape_params, field), TYPE_##type, most, shapes, MU_DIM_##dimension, low,   \
     high},
#include "fabric/shape_keys.def"
#undef X
};

/* Reading of one map. */
typedef struct reader {
    const mu_value_reader *values;
    mu_shape_params *out;
    mu_error *err;
} reader;

static mu_status read_word(const reader *r, const mu_node *node, const char *path, bool *optical)
{
    const char *word = "";
    mu_status status = r->values->word(r->values->context, node, path, &word, r->err);
    if (status != MU_OK) {
        return status;
    }
    if (strcmp(word, "copper") != 0 && strcmp(word, "optical") != 0) {
        return mu_node_fail(r->out->doc, node, r->err,
                            "%s: expected \"copper\" or \"optical\", found \"%.40s\"", path, word);
    }
    *optical = word[0] == 'o';
    return MU_OK;
}

static mu_status read_number(const reader *r, const key_spec *key, const mu_node *node,
                             const char *path, double *out)
{
    double value = 0.0;
    bool whole = key->type == TYPE_WHOLE;
    mu_status status =
        r->values->number(r->values->context, node, path, key->dimension, whole, &value, r->err);
    if (status != MU_OK) {
        return status;
    }
    value = whole ? round(value) : value;
    if (!(value >= key->low && value <= key->high)) {
        return mu_node_fail(r->out->doc, node, r->err, "%s: expected %g to %g%s%s, found %g", path,
                            key->low, key->high, mu_unit_si(key->dimension)[0] == '\0' ? "" : " ",
                            mu_unit_si(key->dimension), value);
    }
    *out = value;
    return MU_OK;
}

/* Value number i under a key into its field. */
static mu_status read_value(const reader *r, const key_spec *key, const mu_node *node, uint32_t i)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, key->most > 1 ? "%s.%u" : "%s", key->name, i);
    char *field = (char *)r->out + key->offset;
    if (key->type == TYPE_OPTICAL) {
        return read_word(r, node, path, (bool *)field + i);
    }
    double value = 0.0;
    mu_status status = read_number(r, key, node, path, &value);
    if (status == MU_OK && key->type == TYPE_WHOLE) {
        ((uint32_t *)(void *)field)[i] = (uint32_t)value;
    } else if (status == MU_OK) {
        ((double *)(void *)field)[i] = value;
    }
    return status;
}

static mu_status read_key(const reader *r, const key_spec *key, const mu_node *node)
{
    mu_shape_params *out = r->out;
    if ((key->shapes >> (uint32_t)out->spec.shape & 1U) == 0) {
        return mu_node_fail(out->doc, node, r->err, "a %s has no \"%s\"",
                            mu_shape_text(out->spec.shape), key->name);
    }
    uint32_t *given = &out->given[key - keys];
    if (key->most == 1) {
        *given = 1;
        return read_value(r, key, node, 0);
    }
    if (node->kind != MU_NODE_LIST || node->count == 0 || node->count > key->most) {
        return mu_node_fail(out->doc, node, r->err, "%s: expected a list [..] of 1 to %u values",
                            key->name, key->most);
    }
    *given = node->count;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < node->count && status == MU_OK; i++) {
        status = read_value(r, key, &node->child[i], i);
    }
    return status;
}

static mu_status read_shape(const reader *r, const mu_node *map)
{
    const mu_node *node = mu_node_get(map, "shape");
    const mu_doc *doc = r->out->doc;
    if (node == NULL) {
        return mu_node_fail(doc, map, r->err,
                            "a network needs a shape: switch, clos, mesh, torus, dragonfly or bus");
    }
    const char *word = "";
    mu_status status = mu_node_text(doc, node, "shape", &word, r->err);
    if (status != MU_OK) {
        return status;
    }
    const char *words[SHAPE_WORDS];
    for (int i = 0; i < SHAPE_WORDS; i++) {
        words[i] = mu_shape_text((mu_shape)i);
        if (strcmp(word, words[i]) == 0) {
            r->out->spec.shape = (mu_shape)i;
            return MU_OK;
        }
    }
    const char *nearest = mu_text_nearest(word, words, SHAPE_WORDS);
    return mu_node_fail(doc, node, r->err, "unknown shape \"%.40s\"; %s%s%s", word,
                        nearest != NULL ? "did you mean \"" : "expected ",
                        nearest != NULL ? nearest : "switch, clos, mesh, torus, dragonfly or bus",
                        nearest != NULL ? "\"?" : "");
}

mu_status mu_shape_read(const mu_doc *doc, const mu_node *map, const mu_value_reader *values,
                        mu_shape_params *out, mu_error *err)
{
    assert(doc != NULL && map != NULL && values != NULL && out != NULL);
    mu_shape_params params = {.doc = doc, .node = map, .spec = {.planes = 1}};
    const reader r = {.values = values, .out = &params, .err = err};
    mu_status status = read_shape(&r, map);
    for (uint32_t i = 0; i < MU_SHAPE_KEY_COUNT && status == MU_OK; i++) {
        const mu_node *node = mu_node_get(map, keys[i].name);
        if (node != NULL && node->kind != MU_NODE_NULL) {
            status = read_key(&r, &keys[i], node);
        }
    }
    if (status == MU_OK) {
        *out = params;
    }
    return status;
}

/* Fitting */

static mu_status fail_key(const mu_shape_params *p, mu_shape_key key, mu_error *err,
                          const char *text)
{
    const mu_node *node = mu_node_get(p->node, keys[key].name);
    return mu_node_fail(p->doc, node != NULL ? node : p->node, err, "network \"%s\": %s: %s",
                        p->spec.name, keys[key].name, text);
}

/* Product of counts; no more than 1e54. */
static double product(const uint32_t *counts, uint32_t count)
{
    double total = 1.0;
    for (uint32_t i = 0; i < count; i++) {
        total *= counts[i];
    }
    return total;
}

static mu_status fail_span(const mu_shape_params *p, mu_shape_key key, double joined, mu_error *err)
{
    char text[96];
    (void)snprintf(text, sizeof text, "these join %.0f ranks, but a domain has %.0f", joined,
                   (double)p->spec.span);
    return fail_key(p, key, err, text);
}

/* Weight of a dimension: of a mesh its cables, of a torus 1; nothing where there is one rank. */
static double weight_of(const mu_network_spec *spec, uint32_t d)
{
    if (spec->dim[d] == 1) {
        return 0.0;
    }
    return spec->shape == MU_SHAPE_MESH ? spec->dim[d] - 1.0 : 1.0;
}

static mu_status fit_shares(mu_shape_params *p, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    uint32_t given = p->given[MU_SHAPE_KEY_SHARES];
    if (given != 0 && given != spec->dims) {
        return fail_key(p, MU_SHAPE_KEY_SHARES, err, "expected as many as there are dims");
    }
    double sum = 0.0;
    for (uint32_t d = 0; d < spec->dims; d++) {
        if (given == 0) {
            spec->dim_share[d] = weight_of(spec, d);
        } else if (!(spec->dim_share[d] > 0.0) && spec->dim[d] > 1) {
            return fail_key(p, MU_SHAPE_KEY_SHARES, err, "expected each above zero");
        }
        sum += spec->dim_share[d];
    }
    if (given != 0 && !(fabs(sum - 1.0) <= share_slack)) {
        return fail_key(p, MU_SHAPE_KEY_SHARES, err, "expected a sum of 1");
    }
    for (uint32_t d = 0; d < spec->dims && sum > 0.0; d++) {
        spec->dim_share[d] /= sum;
    }
    return MU_OK;
}

static mu_status fit_grid(mu_shape_params *p, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    spec->dims = p->given[MU_SHAPE_KEY_DIMS];
    if (spec->dims == 0) {
        spec->dims = 1;
        spec->dim[0] = (uint32_t)spec->span;
    }
    double joined = product(spec->dim, spec->dims);
    if (joined != (double)spec->span) {
        return fail_span(p, MU_SHAPE_KEY_DIMS, joined, err);
    }
    return fit_shares(p, err);
}

/* Tapers are 1 where nobody says, and cables beyond those listed are like the last. */
static void fill_lists(mu_shape_params *p)
{
    for (uint32_t i = 0; i < MU_DIMS_MAX; i++) {
        if (!(p->spec.taper[i] >= 1.0)) {
            p->spec.taper[i] = 1.0;
        }
    }
    uint32_t cables = p->given[MU_SHAPE_KEY_CABLES];
    for (uint32_t i = cables; cables > 0 && i <= MU_DIMS_MAX; i++) {
        p->spec.optical[i] = p->spec.optical[cables - 1];
    }
}

/* Ports down of a switch below the top; a multiple of `unit` if they can be, else a divisor. */
static uint32_t ports_down(uint32_t radix, double taper, uint32_t unit)
{
    uint32_t ports = (uint32_t)floor(radix * (taper / (1.0 + taper)) + 1e-9);
    ports = ports == 0 ? 1 : ports;
    if (ports >= unit) {
        return ports - ports % unit;
    }
    while (unit % ports != 0) {
        ports--;
    }
    return ports;
}

static uint32_t ports_up(uint32_t down, double taper)
{
    double ports = round(down / taper);
    return ports < 1.0 ? 1 : (uint32_t)ports;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* What is left of `unit` to divide by once `by` is a factor. */
static uint32_t without(uint32_t unit, uint32_t by)
{
    uint32_t a = unit;
    uint32_t b = by;
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return unit / a;
}

/*
 * Levels above the leaves; `below`: switches, or groups of them, that are to be joined. The leaves
 * of all stay a multiple of the rails.
 */
static mu_status add_levels(mu_shape_params *p, uint64_t below, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    uint32_t cables_up = ports_up(spec->down[0], spec->taper[0]);
    uint32_t unit = spec->rails > 1 ? spec->rails : 1;
    uint32_t level = 0;
    for (; below > 1; level++) {
        if (level + 1 == MU_DIMS_MAX) {
            return fail_key(p, MU_SHAPE_KEY_RADIX, err, "too few ports to join this many ranks");
        }
        below = divide_up(below, unit) * unit;
        bool top = below <= p->radix;
        double taper = spec->taper[level + 1];
        uint32_t down = top ? (uint32_t)below : ports_down(p->radix, taper, unit);
        uint64_t ports = top ? p->radix : down;
        spec->down[level + 1] = down;
        spec->up[level] = (uint32_t)divide_up((uint64_t)down * cables_up, ports);
        spec->bundle[level] = (double)cables_up / spec->up[level];
        cables_up = ports_up(down, taper);
        unit = without(unit, down);
        below = top ? 1 : down == 1 ? UINT64_MAX / 2 : divide_up(below, down);
    }
    spec->levels = level + 1;
    return MU_OK;
}

static mu_status fit_radix(mu_shape_params *p, uint64_t ranks, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    if (p->given[MU_SHAPE_KEY_DOWN] > 1 || p->given[MU_SHAPE_KEY_UP] > 0) {
        return fail_key(p, MU_SHAPE_KEY_RADIX, err,
                        "it sets the levels; besides it, down may only say the ranks under a leaf");
    }
    if (p->given[MU_SHAPE_KEY_DOWN] == 0) {
        spec->down[0] = ports_down(p->radix, spec->taper[0], 1);
    }
    if ((uint64_t)spec->down[0] + ports_up(spec->down[0], spec->taper[0]) > p->radix) {
        return fail_key(p, MU_SHAPE_KEY_RADIX, err,
                        "a leaf has too few ports for its ranks and its cables up");
    }
    uint64_t rails = spec->rails > 1 ? spec->rails : 1;
    uint64_t leaves = divide_up(ranks, spec->down[0] * rails) * rails;
    mu_status status = add_levels(p, leaves, err);
    spec->span = (uint64_t)product(spec->down, spec->levels);
    return status;
}

static mu_status fit_levels(mu_shape_params *p, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    spec->levels = p->given[MU_SHAPE_KEY_DOWN];
    if (spec->levels == 0) {
        return mu_node_fail(
            p->doc, p->node, err,
            "network \"%s\": a clos needs down: and up: by level, or a radix:", spec->name);
    }
    if (p->given[MU_SHAPE_KEY_UP] != spec->levels - 1) {
        return fail_key(p, MU_SHAPE_KEY_UP, err,
                        "expected one fewer than in down (the top has none)");
    }
    double joined = product(spec->down, spec->levels);
    return joined != (double)spec->span ? fail_span(p, MU_SHAPE_KEY_DOWN, joined, err) : MU_OK;
}

static mu_status fit_dragonfly(mu_shape_params *p, mu_error *err)
{
    mu_network_spec *spec = &p->spec;
    spec->levels = 1;
    if (p->given[MU_SHAPE_KEY_GLOBAL_SHARE] == 0) {
        spec->global_share = 1.0;
    }
    if (p->given[MU_SHAPE_KEY_GROUPS] == 0 || p->given[MU_SHAPE_KEY_DOWN] != 1 ||
        p->given[MU_SHAPE_KEY_UP] == 0 || p->given[MU_SHAPE_KEY_UP] > 2) {
        return mu_node_fail(p->doc, p->node, err,
                            "network \"%s\": a dragonfly needs groups:, down: [ranks under a leaf] "
                            "and up: [spines of a group, cables of a spine to other groups]",
                            spec->name);
    }
    uint64_t unit = (uint64_t)spec->groups * spec->down[0];
    if (spec->span % unit != 0) {
        return fail_key(p, MU_SHAPE_KEY_GROUPS, err,
                        "the ranks of a domain do not divide by groups times down");
    }
    uint64_t others = (uint64_t)spec->groups - 1;
    uint64_t out = spec->up[1] == 0 ? others : spec->up[1];
    if (out > others || (others > 0 && out * spec->up[0] % others != 0)) {
        return fail_key(p, MU_SHAPE_KEY_UP, err,
                        "expected cables of a spine to other groups that reach all alike: at most "
                        "one to each, and those of all spines a multiple of groups less one");
    }
    return MU_OK;
}

mu_status mu_shape_fit(mu_shape_params *p, uint64_t ranks, mu_error *err)
{
    assert(p != NULL && p->spec.span > 0 && p->spec.span <= SWITCHES_MAX);
    fill_lists(p);
    switch (p->spec.shape) {
    case MU_SHAPE_CLOS:
        return p->radix > 0 ? fit_radix(p, ranks, err) : fit_levels(p, err);
    case MU_SHAPE_MESH:
    case MU_SHAPE_TORUS:
        return fit_grid(p, err);
    case MU_SHAPE_DRAGONFLY:
        return fit_dragonfly(p, err);
    default:
        return MU_OK;
    }
}
