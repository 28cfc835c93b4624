/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Origins of uncertain inputs, found by the names that the readers of the catalogue gave them.
 *
 * Terms: a name is KIND/ENTITY/PATH, or prior/PARAMETER where no entity states a range.
 */
#include "study/origin.h"

#include "catalog/schema.h"
#include "chip/params.h"
#include "schedule/machine.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 192 };

/* Parameters of an engine's profile. */
typedef struct engine_row {
    const char *name;
    mu_dimension dimension;
    const char *doc;
} engine_row;

static const engine_row engine_rows[] = {
#define X(field, dimension, best, low, high, doc) {#field, MU_DIM_##dimension, doc},
    MU_ENGINE_PARAM_LIST(X)
#undef X
};

static const engine_row *engine_row_of(const char *name)
{
    for (size_t i = 0; i < sizeof engine_rows / sizeof engine_rows[0]; i++) {
        if (strcmp(engine_rows[i].name, name) == 0) {
            return &engine_rows[i];
        }
    }
    return NULL;
}

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t e = strlen(end);
    return n >= e && strcmp(name + n - e, end) == 0;
}

/* Parameters of chips and tiers carry their unit in their name. */
static mu_dimension dimension_by_name(const char *name)
{
    return ends(name, "_s") ? MU_DIM_TIME : ends(name, "_bytes") ? MU_DIM_BYTES : MU_DIM_NONE;
}

static const char *doc_of_chip_param(const char *name)
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return specs[i].doc;
        }
    }
    return "";
}

static mu_origin prior_of(const char *what)
{
    const char *doc = doc_of_chip_param(what);
    return (mu_origin){.dimension = dimension_by_name(what),
                       .grade = 'D',
                       .source = "prior",
                       .title = doc,
                       .note = ""};
}

static bool by_path(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                    mu_origin *out)
{
    mu_fact fact;
    mu_error ignored = {0};
    if (mu_catalog_fact(catalog, entity, path, false, &fact, &ignored) != MU_OK ||
        fact.path == NULL) {
        return false;
    }
    const mu_source *source = mu_catalog_source(catalog, fact.source);
    *out = (mu_origin){.dimension = fact.dimension,
                       .grade = fact.grade,
                       .source = fact.source,
                       .title = source != NULL ? source->title : "",
                       .note = fact.note};
    return true;
}

/* Ramps are drawn under one name: the first of their dated facts that is in doubt speaks. */
static bool by_date(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                    mu_origin *out)
{
    const mu_node *node = mu_catalog_node(catalog, entity, path, NULL);
    for (uint32_t i = 0; node != NULL && i < node->count; i++) {
        char dated[2 * PATH_MAX_BYTES];
        mu_fact fact;
        mu_error ignored = {0};
        const char *key = node->child[i].key;
        (void)snprintf(dated, sizeof dated, "%s.%s", path, key != NULL ? key : "");
        if (key != NULL &&
            mu_catalog_fact(catalog, entity, dated, false, &fact, &ignored) == MU_OK &&
            fact.path != NULL && fact.range.low < fact.range.high) {
            return by_path(catalog, entity, dated, out);
        }
    }
    return false;
}

/* "TIER_FIELD" of a system or chip, which the entity keeps as tiers.TIER.FIELD without unit. */
static bool by_tier(const mu_catalog *catalog, const mu_entity *entity, const char *what,
                    mu_origin *out)
{
    for (const char *at = strchr(what, '_'); at != NULL; at = strchr(at + 1, '_')) {
        char path[PATH_MAX_BYTES];
        const char *field = at + 1;
        int length = (int)strlen(field);
        length -= ends(field, "_s") ? 2 : 0;
        const char *folder = entity->kind == MU_ENTITY_CHIP ? "links" : "tiers";
        (void)snprintf(path, sizeof path, "%s.%.*s.%.*s", folder, (int)(at - what), what, length,
                       field);
        if (by_path(catalog, entity, path, out)) {
            return true;
        }
    }
    return false;
}

static bool by_entity(const mu_catalog *catalog, const mu_entity *entity, const char *what,
                      mu_origin *out)
{
    static const char *const folders[] = {"", "params.", "parameters."};
    mu_dimension named = dimension_by_name(what);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[PATH_MAX_BYTES];
        (void)snprintf(path, sizeof path, "%s%s", folders[i], what);
        if (by_path(catalog, entity, path, out) || by_date(catalog, entity, path, out)) {
            out->dimension = out->dimension == MU_DIM_NONE ? named : out->dimension;
            return true;
        }
    }
    return (entity->kind == MU_ENTITY_CHIP || entity->kind == MU_ENTITY_SYSTEM) &&
           by_tier(catalog, entity, what, out);
}

/* An engine that says nothing of a parameter takes the range of its row. */
static mu_origin of_engine(const mu_catalog *catalog, const mu_entity *engine, const char *what)
{
    mu_origin found = prior_of(what);
    const engine_row *row = engine_row_of(what);
    if (engine != NULL) {
        (void)by_entity(catalog, engine, what, &found);
    }
    if (row != NULL) {
        found.dimension = row->dimension;
        found.title = found.title[0] == '\0' ? row->doc : found.title;
    }
    return found;
}

mu_origin mu_origin_of(const mu_catalog *catalog, const mu_entity *engine, const char *name)
{
    if (strcmp(name, "workload/acceptance") == 0) {
        return of_engine(catalog, engine, "draft_acceptance");
    }
    const char *first = strchr(name, '/');
    const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
    char kind_text[32];
    char id[PATH_MAX_BYTES];
    mu_entity_kind kind;
    const mu_entity *entity = NULL;
    mu_error ignored = {0};
    if (strncmp(name, "said/", 5) == 0) { /* in place of a region's */
        const mu_schema_item *item = mu_schema_find(MU_ENTITY_REGION, first + 1);
        return (mu_origin){.dimension = item != NULL ? item->dimension : MU_DIM_NONE,
                           .grade = '-',
                           .source = "as said",
                           .title = "",
                           .note = ""};
    }
    if (second == NULL) {
        return prior_of(first != NULL ? first + 1 : name);
    }
    (void)snprintf(kind_text, sizeof kind_text, "%.*s", (int)(first - name), name);
    (void)snprintf(id, sizeof id, "%.*s", (int)(second - first - 1), first + 1);
    mu_origin found = prior_of(second + 1);
    if (mu_entity_kind_parse(kind_text, &kind) &&
        mu_catalog_find(catalog, kind, id, &entity, &ignored) == MU_OK) {
        if (kind == MU_ENTITY_ENGINE) {
            return of_engine(catalog, entity, second + 1);
        }
        if (!by_entity(catalog, entity, second + 1, &found) && kind == MU_ENTITY_CLAIM) {
            found = (mu_origin){.grade = '-', .source = "engine", .title = "", .note = ""};
        }
    }
    return found;
}
