/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a mu_fabric out of the catalogue.
 *
 * Terms: facts of a tier are per chip in one direction and split evenly over the chip's ranks;
 *        those of the die-to-die tier are per die.
 */
#include "fabric/fabric_catalog.h"

#include "base/text.h"
#include "catalog/schema.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 256 };

typedef struct reader {
    const mu_catalog *catalog;
    const mu_entity *system;
    const mu_entity *chip;
    mu_references calibrations;
    mu_draw draw;
    uint32_t ranks_per_chip;
    double supernode_chips; /* tiers spanning more are scale-out unless they say otherwise */
    mu_error *err;
} reader;

/* A tier under way. */
typedef struct tier_reader {
    mu_tier *tier;
    const char *sort; /* "die", "scale_up", "scale_out" */
} tier_reader;

static const char *const sorts[] = {"die", "scale_up", "scale_out"};

mu_status mu_fabric_fact(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                         bool required, mu_draw draw, double *out, mu_error *err)
{
    assert(entity != NULL && path != NULL && out != NULL);
    mu_fact fact;
    mu_status status = mu_catalog_fact(catalog, entity, path, required, &fact, err);
    if (status != MU_OK || fact.path == NULL) {
        return status;
    }
    char name[NAME_BYTES];
    mu_text_join(
        name, sizeof name,
        (const char *const[]){mu_entity_kind_text(entity->kind), "/", fact.entity, "/", path}, 5);
    *out = mu_draw_value(draw, name, fact.range);
    return MU_OK;
}

static mu_status read_fact(const reader *r, const mu_entity *entity, const char *path,
                           bool required, double *out)
{
    return mu_fabric_fact(r->catalog, entity, path, required, r->draw, out, r->err);
}

/* <prefix>_<field> of the last calibration that has it. */
static mu_status find_param(const reader *r, const char *prefix, const char *field, mu_fact *out)
{
    char path[NAME_BYTES];
    mu_text_join(path, sizeof path, (const char *const[]){"params.", prefix, "_", field}, 4);
    out->path = NULL;
    mu_status status = MU_OK;
    for (uint32_t i = r->calibrations.count; i > 0 && status == MU_OK && out->path == NULL; i--) {
        status =
            mu_catalog_fact(r->catalog, r->calibrations.entity[i - 1], path, false, out, r->err);
    }
    return status;
}

/* What a tier (or the chip, of its die link) states of a parameter as a fact. */
static mu_status find_stated(const reader *r, const tier_reader *t, const char *field, mu_fact *out,
                             const mu_entity **entity)
{
    static const char *const keys[][2] = {
        {"latency_s", "latency"},     {"message_s", "message"},
        {"efficiency", "efficiency"}, {"half_bytes", "half_bytes"},
        {"launch_s", "launch"},       {"dispatch_efficiency", "dispatch_efficiency"},
    };
    out->path = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i][0], field) != 0) {
            continue;
        }
        static const char die_latency[] = "links.die.latency";
        if (strcmp(t->sort, "die") == 0) {
            *entity = r->chip;
            return i == 0 ? mu_catalog_fact(r->catalog, r->chip, die_latency, false, out, r->err)
                          : MU_OK;
        }
        char path[NAME_BYTES];
        (void)snprintf(path, sizeof path, "tiers.%s.%s", t->tier->name, keys[i][1]);
        *entity = r->system;
        return mu_catalog_fact(r->catalog, r->system, path, false, out, r->err);
    }
    return MU_OK;
}

/* Range and draw name of a parameter by falling authority; a tier's own name before its sort. */
static mu_status choose_param(const reader *r, const tier_reader *t, const mu_tier_param_spec *spec,
                              mu_range *range, char name[NAME_BYTES])
{
    const char *const prefixes[] = {t->tier->name, t->sort};
    mu_fact fact = {.path = NULL};
    for (int i = 0; i < 2; i++) {
        mu_status status = find_param(r, prefixes[i], spec->name, &fact);
        if (status != MU_OK) {
            return status;
        }
        if (fact.path != NULL) {
            *range = fact.range;
            (void)snprintf(name, NAME_BYTES, "calibration/%s/%s_%s", fact.entity, prefixes[i],
                           spec->name);
            return MU_OK;
        }
    }
    const mu_entity *entity = NULL;
    mu_status status = find_stated(r, t, spec->name, &fact, &entity);
    if (status == MU_OK && fact.path != NULL) {
        *range = fact.range;
        (void)snprintf(name, NAME_BYTES, "%s/%s/%s_%s",
                       entity->kind == MU_ENTITY_CHIP ? "chip" : "system", fact.entity,
                       t->tier->name, spec->name);
        return MU_OK;
    }
    *range = t->tier->scale_out ? spec->prior_scale_out : spec->prior;
    (void)snprintf(name, NAME_BYTES, "prior/tier_%s%s", t->tier->scale_out ? "out_" : "",
                   spec->name);
    return status;
}

static mu_status read_param(const reader *r, const tier_reader *t, const mu_tier_param_spec *spec)
{
    char name[NAME_BYTES];
    mu_range range;
    mu_status status = choose_param(r, t, spec, &range, name);
    if (status != MU_OK) {
        return status;
    }
    double value = mu_draw_value(r->draw, name, range);
    double *field = (double *)(void *)((char *)t->tier + spec->offset);
    *field = fmin(fmax(value, spec->min), spec->max);
    return MU_OK;
}

static mu_status read_params(const reader *r, const tier_reader *t)
{
    size_t count = 0;
    const mu_tier_param_spec *specs = mu_tier_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        mu_status status = read_param(r, t, &specs[i]);
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static mu_status read_kind(const reader *r, const mu_entity *system, const mu_node *node,
                           mu_tier *tier)
{
    static const char *const texts[] = {"switch", "mesh", "bus"};
    tier->kind = MU_TIER_SWITCH;
    if (node == NULL) {
        return MU_OK;
    }
    for (int i = 0; i < 3; i++) {
        if (node->text != NULL && strcmp(node->text, texts[i]) == 0) {
            tier->kind = (mu_tier_kind)i;
            return MU_OK;
        }
    }
    return mu_node_fail(&system->doc, node, r->err,
                        "tier \"%s\": expected kind: switch, mesh or bus", tier->name);
}

static const mu_node *tier_node(const reader *r, const mu_tier *tier, const char *key,
                                const mu_entity **stated_by)
{
    char path[NAME_BYTES];
    (void)snprintf(path, sizeof path, "tiers.%s.%s", tier->name, key);
    *stated_by = r->system;
    return mu_catalog_node(r->catalog, r->system, path, stated_by);
}

/* What a tier says in plain words: kind, span, flags. */
static mu_status read_plain(const reader *r, tier_reader *t)
{
    const mu_entity *stated_by = NULL;
    const mu_node *node = tier_node(r, t->tier, "kind", &stated_by);
    mu_status status = read_kind(r, stated_by, node, t->tier);
    if (status != MU_OK) {
        return status;
    }
    uint64_t span = 0;
    node = tier_node(r, t->tier, "span", &stated_by);
    if (node == NULL) {
        return mu_node_fail(&stated_by->doc, stated_by->doc.root, r->err,
                            "tier \"%s\" needs span: (chips in one domain)", t->tier->name);
    }
    status = mu_node_count(&stated_by->doc, node, "span", 1, 1000000000, &span, r->err);
    t->tier->span = (double)span * r->ranks_per_chip;
    t->tier->scale_out = (double)span > r->supernode_chips;
    node = tier_node(r, t->tier, "scale_out", &stated_by);
    if (status == MU_OK && node != NULL) {
        status = mu_node_bool(&stated_by->doc, node, "scale_out", &t->tier->scale_out, r->err);
    }
    node = tier_node(r, t->tier, "in_network_reduction", &stated_by);
    if (status == MU_OK && node != NULL) {
        status = mu_node_bool(&stated_by->doc, node, "in_network_reduction",
                              &t->tier->in_network_reduction, r->err);
    }
    t->sort = t->tier->scale_out ? "scale_out" : "scale_up";
    return status;
}

static mu_status read_facts(const reader *r, mu_tier *tier)
{
    char path[NAME_BYTES];
    (void)snprintf(path, sizeof path, "tiers.%s.bandwidth", tier->name);
    mu_status status = read_fact(r, r->system, path, true, &tier->bandwidth);
    if (status == MU_OK) {
        (void)snprintf(path, sizeof path, "tiers.%s.power", tier->name);
        status = read_fact(r, r->system, path, false, &tier->power_w_per_rank);
    }
    if (status != MU_OK) {
        return status;
    }
    if (!(tier->bandwidth > 0.0)) {
        return mu_node_fail(&r->system->doc, r->system->doc.root, r->err,
                            "tier \"%s\": expected a bandwidth above zero", tier->name);
    }
    tier->bandwidth /= r->ranks_per_chip;
    tier->power_w_per_rank /= r->ranks_per_chip;
    return MU_OK;
}

static mu_status read_tier(const reader *r, const mu_entity *system, const mu_node *item,
                           mu_tier *tier)
{
    const char *name = NULL;
    const mu_node *node = mu_node_get(item, "name");
    if (node == NULL) {
        return mu_node_fail(&system->doc, item, r->err, "a tier needs a name:");
    }
    mu_status status = mu_node_text(&system->doc, node, "name", &name, r->err);
    if (status != MU_OK) {
        return status;
    }
    if (strlen(name) >= sizeof tier->name) {
        return mu_node_fail(&system->doc, node, r->err, "tier names have at most %zu letters",
                            sizeof tier->name - 1);
    }
    memcpy(tier->name, name, strlen(name) + 1);
    tier_reader t = {.tier = tier};
    status = read_plain(r, &t);
    if (status == MU_OK) {
        status = read_params(r, &t);
    }
    return status == MU_OK ? read_facts(r, tier) : status;
}

static mu_status read_die_tier(const reader *r, mu_tier *tier)
{
    const tier_reader t = {.tier = tier, .sort = "die"};
    (void)snprintf(tier->name, sizeof tier->name, "die-to-die");
    tier->kind = MU_TIER_MESH;
    tier->span = r->ranks_per_chip;
    mu_status status = read_params(r, &t);
    if (status == MU_OK) {
        status = read_fact(r, r->chip, "links.die.bandwidth", true, &tier->bandwidth);
    }
    return status;
}

static mu_status read_tiers(const reader *r, mu_fabric *out)
{
    const mu_entity *stated_by = r->system;
    const mu_node *list = mu_catalog_node(r->catalog, r->system, "tiers", &stated_by);
    uint32_t extra = r->ranks_per_chip > 1 ? 1 : 0;
    if (list == NULL || list->count == 0 || list->count + extra > MU_TIERS_MAX) {
        return mu_node_fail(&stated_by->doc, list == NULL ? stated_by->doc.root : list, r->err,
                            "system \"%s\": expected 1 to %u tiers:", r->system->id,
                            MU_TIERS_MAX - extra);
    }
    mu_status status = MU_OK;
    if (extra > 0) {
        status = read_die_tier(r, &out->tier[out->tier_count++]);
    }
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        mu_tier *tier = &out->tier[out->tier_count++];
        status = read_tier(r, stated_by, &list->child[i], tier);
        if (status == MU_OK && out->tier_count > 1 && tier->span <= tier[-1].span) {
            status = mu_node_fail(&stated_by->doc, &list->child[i], r->err,
                                  "tier \"%s\": expected a span above that of \"%s\"", tier->name,
                                  tier[-1].name);
        }
    }
    return status;
}

static bool names_field(const char *field)
{
    size_t count = 0;
    const mu_tier_param_spec *specs = mu_tier_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, field) == 0) {
            return true;
        }
    }
    return false;
}

/* "<prefix>_<field>" with a known field. */
static bool fits_prefix(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && name[length] == '_' &&
           names_field(name + length + 1);
}

static bool names_param(const mu_fabric *fabric, const char *name)
{
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        if (fits_prefix(name, fabric->tier[i].name)) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (fits_prefix(name, sorts[i])) {
            return true;
        }
    }
    return false;
}

/* Names that fit no tier or parameter are mistakes of the calibration file. */
static mu_status check_names(const reader *r, const mu_fabric *fabric)
{
    for (uint32_t i = 0; i < r->calibrations.count; i++) {
        const mu_entity *stated_by = r->calibrations.entity[i];
        const mu_node *params =
            mu_catalog_node(r->catalog, r->calibrations.entity[i], "params", &stated_by);
        for (uint32_t k = 0; params != NULL && k < params->count; k++) {
            if (!names_param(fabric, params->child[k].key)) {
                return mu_node_fail(&stated_by->doc, &params->child[k], r->err,
                                    "\"%.60s\" is no <tier>_<parameter> of system \"%s\"",
                                    params->child[k].key, r->system->id);
            }
        }
    }
    return MU_OK;
}

/* Chips that count as one supernode: the chip's own domain, or a node where that is wider. */
static mu_status read_supernode(reader *r)
{
    const mu_entity *stated_by = r->system;
    const mu_node *node = mu_catalog_node(r->catalog, r->system, "chips_per_node", &stated_by);
    uint64_t per_node = 1;
    mu_fact domain;
    mu_status status =
        mu_catalog_fact(r->catalog, r->chip, "links.scale_up.domain", false, &domain, r->err);
    if (status == MU_OK && node != NULL) {
        status = mu_node_count(&stated_by->doc, node, "chips_per_node", 1, 1000000000, &per_node,
                               r->err);
    }
    if (status == MU_OK) {
        r->supernode_chips = (double)per_node;
        if (domain.path != NULL) {
            r->supernode_chips = fmax(r->supernode_chips, domain.range.best);
        }
    }
    return status;
}

static mu_status find_chip(reader *r)
{
    const mu_entity *stated_by = r->system;
    const mu_node *node = mu_catalog_node(r->catalog, r->system, "chip", &stated_by);
    const char *id = NULL;
    if (node == NULL) {
        return mu_node_fail(&stated_by->doc, stated_by->doc.root, r->err,
                            "system \"%s\" does not say its chip:", r->system->id);
    }
    mu_status status = mu_node_text(&stated_by->doc, node, "chip", &id, r->err);
    if (status == MU_OK) {
        status = mu_catalog_find(r->catalog, MU_ENTITY_CHIP, id, &r->chip, r->err);
    }
    return status;
}

mu_status mu_fabric_from_catalog(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                                 uint32_t ranks_per_chip, mu_fabric *out, mu_error *err)
{
    assert(system != NULL && system->kind == MU_ENTITY_SYSTEM);
    assert(out != NULL && ranks_per_chip > 0);
    reader r = {.catalog = catalog,
                .system = system,
                .draw = draw,
                .ranks_per_chip = ranks_per_chip,
                .err = err};
    mu_fabric fabric = {.tier_count = 0};
    mu_status status = find_chip(&r);
    if (status == MU_OK) {
        status = read_supernode(&r);
    }
    if (status == MU_OK) {
        status = mu_catalog_calibrations(catalog, system, &r.calibrations, err);
    }
    if (status == MU_OK) {
        status = read_tiers(&r, &fabric);
    }
    if (status == MU_OK && draw.index == 0) {
        status = check_names(&r, &fabric);
    }
    if (status == MU_OK) {
        *out = fabric;
    }
    return status;
}
