/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts and nodes of an entity by path, inheritance resolved.
 */
#include "catalog/internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const mu_entry *entry_of(const mu_catalog *catalog, const mu_entity *entity)
{
    const mu_entry *entry = (const mu_entry *)(const void *)entity;
    assert(entry >= catalog->entries && entry < catalog->entries + catalog->entry_count);
    (void)catalog;
    return entry;
}

enum { NUMBER_BYTES = 16 };

/* What a child is reached by: key, name, or the number of an item without a name; may be NULL. */
static const char *name_of(const mu_node *parent, uint32_t i, char number[NUMBER_BYTES])
{
    const mu_node *node = &parent->child[i];
    if (parent->kind != MU_NODE_LIST) {
        return node->key;
    }
    const mu_node *named = mu_node_get(node, "name");
    if (named != NULL) {
        return named->text;
    }
    (void)snprintf(number, NUMBER_BYTES, "%u", i);
    return number;
}

static const mu_node *step(const mu_node *node, const char *part, size_t length)
{
    for (uint32_t i = 0; i < node->count; i++) {
        char number[NUMBER_BYTES];
        const char *name = name_of(node, i, number);
        if (name != NULL && name[0] == part[0] && strncmp(name, part, length) == 0 &&
            name[length] == '\0') {
            return &node->child[i];
        }
    }
    return NULL;
}

static const mu_node *descend(const mu_node *node, const char *path)
{
    while (node != NULL) {
        size_t length = strcspn(path, ".");
        node = step(node, path, length);
        path += length;
        if (path[0] == '\0') {
            break;
        }
        path++;
    }
    return node;
}

/* What names one entity and no other. */
static bool is_own(const char *path)
{
    static const char *const own[] = {"kind", "id", "name", "aliases", "inherits", "note"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(path, own[i]) == 0) {
            return true;
        }
    }
    return false;
}

const mu_node *mu_catalog_node(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                               const mu_entity **stated_by)
{
    assert(path != NULL);
    for (const mu_entry *entry = entry_of(catalog, entity); entry != NULL; entry = entry->parent) {
        const mu_node *node = descend(entry->entity.doc.root, path);
        if (node == NULL && is_own(path)) {
            return NULL;
        }
        if (node == NULL) {
            continue;
        }
        if (stated_by != NULL) {
            *stated_by = &entry->entity;
        }
        return node->kind == MU_NODE_NULL ? NULL : node;
    }
    return NULL;
}

mu_status mu_catalog_references(const mu_catalog *catalog, const mu_entity *entity,
                                const char *path, mu_references *out, mu_error *err)
{
    assert(out != NULL);
    const mu_schema_item *item = mu_schema_find(entity->kind, path);
    assert(item != NULL && item->type == MU_VALUE_REFS);
    const mu_entity *stated_by = entity;
    const mu_node *list = mu_catalog_node(catalog, entity, path, &stated_by);
    out->count = 0;
    if (list == NULL) {
        return MU_OK;
    }
    if (list->kind != MU_NODE_LIST || list->count > MU_REFERENCES_MAX) {
        return mu_node_fail(&stated_by->doc, list, err, "%s: expected a list of at most %d ids",
                            path, MU_REFERENCES_MAX);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const char *id = "";
        mu_status status = mu_node_text(&stated_by->doc, &list->child[i], path, &id, err);
        if (status != MU_OK) {
            return status;
        }
        const mu_entry *entry = mu_catalog_entry(catalog, item->target, id);
        if (entry != NULL) {
            out->entity[out->count++] = &entry->entity;
        }
    }
    return MU_OK;
}

/* Whether a list of names holds one of this entity's. */
static bool names_entity(const mu_catalog *catalog, const mu_node *list, const mu_entity *entity)
{
    for (uint32_t i = 0; list != NULL && list->kind == MU_NODE_LIST && i < list->count; i++) {
        const char *text = list->child[i].text;
        const mu_entry *entry = text != NULL ? mu_catalog_entry(catalog, entity->kind, text) : NULL;
        if (entry != NULL && &entry->entity == entity) {
            return true;
        }
    }
    return false;
}

mu_status mu_catalog_calibrations(const mu_catalog *catalog, const mu_entity *entity,
                                  mu_references *out, mu_error *err)
{
    assert(entity->kind == MU_ENTITY_CHIP || entity->kind == MU_ENTITY_SYSTEM);
    const char *key = entity->kind == MU_ENTITY_CHIP ? "chips" : "systems";
    mu_status status = mu_catalog_references(catalog, entity, "calibration", out, err);
    uint32_t from = catalog->first[MU_ENTITY_CALIBRATION];
    uint32_t end = catalog->first[MU_ENTITY_CALIBRATION + 1];
    for (uint32_t i = from; i < end && status == MU_OK; i++) {
        const mu_entity *calibration = &catalog->entries[i].entity;
        const mu_node *list = mu_node_get(calibration->doc.root, key);
        if (!names_entity(catalog, list, entity)) {
            continue;
        }
        if (out->count == MU_REFERENCES_MAX) {
            return mu_node_fail(&calibration->doc, list, err, "more than %d calibrations of \"%s\"",
                                MU_REFERENCES_MAX, entity->id);
        }
        out->entity[out->count++] = calibration;
    }
    return status;
}

const char *mu_catalog_text(const mu_catalog *catalog, const mu_entity *entity, const char *path)
{
    const mu_node *node = mu_catalog_node(catalog, entity, path, NULL);
    if (node != NULL && node->kind == MU_NODE_MAP) {
        node = mu_node_get(node, "text");
    }
    return node == NULL ? NULL : node->text;
}

bool mu_chip_for_system(const mu_catalog *catalog, const char *name, mu_error *err)
{
    const mu_entry *chip = mu_catalog_entry(catalog, MU_ENTITY_CHIP, name);
    if (chip == NULL) {
        return false;
    }
    char systems[MU_ERROR_TEXT_MAX / 2] = "";
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_SYSTEM);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *system = mu_catalog_at(catalog, MU_ENTITY_SYSTEM, i);
        const char *has = mu_catalog_text(catalog, system, "chip");
        size_t used = strlen(systems);
        bool room = used + strlen(system->id) + sizeof ", " <= sizeof systems;
        if (has != NULL && room && mu_catalog_entry(catalog, MU_ENTITY_CHIP, has) == chip) {
            mu_text_join(systems + used, sizeof systems - used,
                         (const char *const[]){used > 0 ? ", " : "", system->id}, 2);
        }
    }
    if (systems[0] == '\0') {
        (void)mu_fail(err, MU_E_INPUT, "%s is a chip, and no system of the catalogue has it",
                      chip->entity.id);
    } else {
        (void)mu_fail(err, MU_E_INPUT, "%s is a chip, not a system; it is in %s", chip->entity.id,
                      systems);
    }
    return true;
}

/* DATE items are facts only where they are written as one. */
static bool reads_as_fact(const mu_schema_item *item, const mu_node *node)
{
    return mu_schema_is_fact(item) ||
           (item->type == MU_VALUE_DATE && node != NULL && node->kind == MU_NODE_MAP);
}

mu_status mu_catalog_fact(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                          bool required, mu_fact *out, mu_error *err)
{
    assert(out != NULL);
    mu_fact_place place = {.path = path, .catalog = catalog};
    place.node = mu_catalog_node(catalog, entity, path, &place.entity);
    if (place.node == NULL && !required) {
        *out = (mu_fact){.path = NULL};
        return MU_OK;
    }
    place.item = mu_schema_find(entity->kind, path);
    if (place.item == NULL || (place.node != NULL && !reads_as_fact(place.item, place.node))) {
        return mu_fail(err, MU_E_INPUT, "a %s has no fact \"%.80s\"",
                       mu_entity_kind_text(entity->kind), path);
    }
    if (place.node != NULL) {
        return mu_fact_read(&place, out, err);
    }
    return mu_node_fail(&entity->doc, entity->doc.root, err, "%s \"%s\" does not say its %s",
                        mu_entity_kind_text(entity->kind), entity->id, path);
}

enum { NAMES_MAX = 3 }; /* `<...>` of a pattern of the schema */

/* Facts under way. */
typedef struct collector {
    const mu_catalog *catalog;
    const mu_entity *entity;
    mu_arena *arena;
    mu_fact *facts; /* [capacity] */
    uint32_t count;
    uint32_t capacity;
} collector;

static bool collected(const collector *c, const char *path)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (strcmp(c->facts[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Room for one more fact. */
static mu_status make_room(collector *c, mu_error *err)
{
    if (c->count < c->capacity) {
        return MU_OK;
    }
    uint32_t capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
    mu_fact *grown = MU_NEW(c->arena, mu_fact, capacity);
    if (grown == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
    }
    if (c->count > 0) {
        memcpy(grown, c->facts, c->count * sizeof *grown);
    }
    c->facts = grown;
    c->capacity = capacity;
    return MU_OK;
}

static mu_status collect_path(collector *c, const mu_schema_item *item, const char *path,
                              mu_error *err)
{
    const mu_node *node = mu_catalog_node(c->catalog, c->entity, path, NULL);
    if (node == NULL || !reads_as_fact(item, node) || collected(c, path) ||
        mu_schema_find(c->entity->kind, path) != item) {
        return MU_OK;
    }
    mu_status status = make_room(c, err);
    if (status != MU_OK) {
        return status;
    }
    const char *copy = mu_arena_text(c->arena, path, strlen(path));
    if (copy == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
    }
    status = mu_catalog_fact(c->catalog, c->entity, copy, true, &c->facts[c->count], err);
    c->count += status == MU_OK ? 1 : 0;
    return status;
}

/* Paths made of a pattern by naming its first `<...>`, own names first, then the parents'. */
typedef struct namer {
    const char *pattern;
    const mu_entry *entry; /* whose names come next; NULL = no more */
    uint32_t next;
} namer;

/* The next path; false when there are no more. */
static bool next_path(namer *n, char path[MU_PATH_MAX])
{
    const char *open = strchr(n->pattern, '<');
    const char *close = strchr(open, '>');
    assert(open > n->pattern && close != NULL);
    int prefix = (int)(open - n->pattern);
    for (; n->entry != NULL; n->entry = n->entry->parent, n->next = 0) {
        (void)snprintf(path, MU_PATH_MAX, "%.*s", prefix - 1, n->pattern);
        const mu_node *group = descend(n->entry->entity.doc.root, path);
        while (group != NULL && n->next < group->count) {
            char number[NUMBER_BYTES];
            const char *name = name_of(group, n->next++, number);
            int length = name == NULL ? 0
                                      : snprintf(path, MU_PATH_MAX, "%.*s%s%s", prefix, n->pattern,
                                                 name, close + 1);
            if (length > 0 && length < MU_PATH_MAX) {
                return true;
            }
        }
    }
    return false;
}

/* Every path that fits the item's pattern, whose `<...>` are named one after the other. */
static mu_status collect_names(collector *c, const mu_schema_item *item, mu_error *err)
{
    char path[NAMES_MAX][MU_PATH_MAX];
    namer n[NAMES_MAX] = {{.pattern = item->pattern, .entry = entry_of(c->catalog, c->entity)}};
    uint32_t deep = 0;
    mu_status status = MU_OK;
    while (status == MU_OK) {
        if (!next_path(&n[deep], path[deep])) {
            if (deep == 0) {
                break;
            }
            deep--;
        } else if (strchr(path[deep], '<') == NULL) {
            bool fits = mu_schema_find(c->entity->kind, path[deep]) == item;
            status = fits ? collect_path(c, item, path[deep], err) : MU_OK;
        } else {
            assert(deep + 1 < NAMES_MAX);
            n[deep + 1] = (namer){.pattern = path[deep], .entry = entry_of(c->catalog, c->entity)};
            deep++;
        }
    }
    return status;
}

mu_status mu_catalog_facts(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                           const mu_fact **out, uint32_t *count, mu_error *err)
{
    assert(entity != NULL && out != NULL && count != NULL);
    collector c = {.catalog = catalog, .entity = entity, .arena = arena};
    uint32_t item_count = 0;
    const mu_schema_item *items = mu_schema_items(&item_count);
    for (uint32_t i = 0; i < item_count; i++) {
        const mu_schema_item *item = &items[i];
        bool fits = item->kind == entity->kind || item->kind == MU_ENTITY_KIND_COUNT;
        if (!fits || (!mu_schema_is_fact(item) && item->type != MU_VALUE_DATE)) {
            continue;
        }
        mu_status status = strchr(item->pattern, '<') == NULL
                               ? collect_path(&c, item, item->pattern, err)
                               : collect_names(&c, item, err);
        if (status != MU_OK) {
            return status;
        }
    }
    *out = c.facts;
    *count = c.count;
    return MU_OK;
}
