/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the catalogue from documents, and finds entities and sources in it.
 *
 * What:  heads of all entities sorted by kind and id, one table of names (ids and aliases), one of
 *        sources; look-up by binary search.
 * Why:   the compiled-in documents were checked by the build, so that starting up reads heads
 *        only.
 */
#include "catalog/internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 64, ALIASES_MAX = 32 };

const mu_node *mu_lists_sources(const mu_doc *doc)
{
    return mu_node_get(doc->root, "kind") == NULL ? mu_node_get(doc->root, "sources") : NULL;
}

const mu_node *mu_lists_claims(const mu_doc *doc)
{
    return mu_node_get(doc->root, "kind") == NULL ? mu_node_get(doc->root, "claims") : NULL;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int mu_name_compare(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    int x = lower(*a);
    int y = lower(*b);
    return (x > y) - (x < y);
}

static int compare_entries(const void *left, const void *right)
{
    const mu_entry *a = left;
    const mu_entry *b = right;
    if (a->entity.kind != b->entity.kind) {
        return a->entity.kind < b->entity.kind ? -1 : 1;
    }
    int order = mu_name_compare(a->entity.id, b->entity.id);
    if (order == 0) {
        order = a->doc_index < b->doc_index ? -1 : a->doc_index > b->doc_index;
    }
    return order;
}

static int compare_names(const void *left, const void *right)
{
    const mu_entry_name *a = left;
    const mu_entry_name *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return mu_name_compare(a->text, b->text);
}

static int compare_sources(const void *left, const void *right)
{
    return strcmp(((const mu_source *)left)->id, ((const mu_source *)right)->id);
}

static bool is_id(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length < ID_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == length;
}

/* Text under a key of the head; "" when absent. */
static mu_status head_text(const mu_doc *doc, const char *key, const char **out, mu_error *err)
{
    *out = "";
    const mu_node *node = mu_node_get(doc->root, key);
    return node == NULL ? MU_OK : mu_node_text(doc, node, key, out, err);
}

/* `out` holds the kind of one that says none; MU_ENTITY_KIND_COUNT: it has to. */
static mu_status read_kind(const mu_doc *doc, mu_entity_kind *out, mu_error *err)
{
    static const char *const kinds[] = {
#define X(name, text, folder) text,
        MU_ENTITY_KIND_LIST(X)
#undef X
    };
    const char *text = "";
    mu_status status = head_text(doc, "kind", &text, err);
    if (status != MU_OK || mu_entity_kind_parse(text, out)) {
        return status;
    }
    if (text[0] == '\0' && *out != MU_ENTITY_KIND_COUNT) {
        return MU_OK;
    }
    if (text[0] == '\0') {
        return mu_node_fail(
            doc, doc->root, err,
            "expected kind: (chip, system, engine, model, calibration, cloud, "
            "foundry, process, recipe, region, currency, claim) or a list of sources: or claims:");
    }
    const char *nearest = mu_text_nearest(text, kinds, MU_ENTITY_KIND_COUNT);
    return mu_node_fail(doc, mu_node_get(doc->root, "kind"), err, "unknown kind \"%.40s\"%s%s%s",
                        text, nearest == NULL ? "" : "; did you mean \"",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

static mu_status read_head(const mu_doc *doc, mu_entity_kind kind, mu_entry *out, mu_error *err)
{
    mu_entity *entity = &out->entity;
    entity->doc = *doc;
    entity->kind = kind;
    mu_status status = read_kind(doc, &entity->kind, err);
    if (status == MU_OK) {
        status = head_text(doc, "id", &entity->id, err);
    }
    if (status == MU_OK) {
        status = head_text(doc, "name", &entity->name, err);
    }
    if (status == MU_OK) {
        status = head_text(doc, "vendor", &entity->vendor, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (!is_id(entity->id)) {
        const mu_node *node = mu_node_get(doc->root, "id");
        return mu_node_fail(doc, node != NULL ? node : doc->root, err,
                            "expected id: of small letters, digits, '-', '_', '.' (at most 63), "
                            "found \"%.70s\"",
                            entity->id);
    }
    if (entity->name[0] == '\0') {
        return mu_node_fail(doc, doc->root, err, "expected name: (as people write it)");
    }
    return MU_OK;
}

/* A list of sources adds to the table; ids and titles must be there. */
static mu_status add_sources(mu_catalog *catalog, const mu_doc *doc, mu_error *err)
{
    const mu_node *list = mu_node_get(doc->root, "sources");
    for (uint32_t i = 0; i < list->count; i++) {
        mu_source *source = &catalog->sources[catalog->source_count];
        const mu_doc item = {.file = doc->file, .root = &list->child[i]};
        mu_status status = head_text(&item, "id", &source->id, err);
        if (status == MU_OK) {
            status = head_text(&item, "title", &source->title, err);
        }
        if (status == MU_OK) {
            status = head_text(&item, "date", &source->date, err);
        }
        if (status == MU_OK) {
            status = head_text(&item, "url", &source->url, err);
        }
        if (status != MU_OK) {
            return status;
        }
        if (source->id[0] == '\0' || source->title[0] == '\0') {
            return mu_node_fail(doc, item.root, err, "a source needs id: and title:");
        }
        catalog->source_count++;
    }
    return MU_OK;
}

/* Every item of a list of claims is an entity. */
static mu_status add_claims(mu_catalog *catalog, uint32_t doc_index, mu_error *err)
{
    const mu_doc *doc = &catalog->docs[doc_index];
    const mu_node *list = mu_node_get(doc->root, "claims");
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        const mu_doc item = {.file = doc->file, .root = &list->child[i]};
        mu_entry *entry = &catalog->entries[catalog->entry_count++];
        entry->doc_index = doc_index;
        if (item.root->kind != MU_NODE_MAP) {
            return mu_node_fail(doc, item.root, err, "expected a claim {id, name, question, ...}");
        }
        status = read_head(&item, MU_ENTITY_CLAIM, entry, err);
    }
    return status;
}

/* Equal neighbours: only the last stays. */
static void drop_replaced_entries(mu_catalog *catalog)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < catalog->entry_count; i++) {
        const mu_entity *entity = &catalog->entries[i].entity;
        bool same = kept > 0 && catalog->entries[kept - 1].entity.kind == entity->kind &&
                    mu_name_compare(catalog->entries[kept - 1].entity.id, entity->id) == 0;
        kept -= same ? 1 : 0;
        catalog->entries[kept++] = catalog->entries[i];
    }
    catalog->entry_count = kept;
}

/* Sources keep their order of arrival among equals by an insertion sort: the later one wins. */
static mu_status sort_sources(mu_catalog *catalog, mu_arena *arena)
{
    uint32_t count = catalog->source_count;
    mu_source *sorted = MU_NEW(arena, mu_source, count);
    if (sorted == NULL) {
        return MU_E_MEMORY;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const mu_source *source = &catalog->sources[i];
        uint32_t low = 0;
        uint32_t high = kept;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (compare_sources(&sorted[middle], source) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == kept || compare_sources(&sorted[low], source) != 0) {
            memmove(&sorted[low + 1], &sorted[low], (kept - low) * sizeof *sorted);
            kept++;
        }
        sorted[low] = *source;
    }
    catalog->sources = sorted;
    catalog->source_count = kept;
    return MU_OK;
}

static mu_status read_docs(mu_catalog *catalog, mu_error *err)
{
    for (uint32_t i = 0; i < catalog->doc_count; i++) {
        const mu_doc *doc = &catalog->docs[i];
        const mu_node *sources = mu_lists_sources(doc);
        const mu_node *claims = mu_lists_claims(doc);
        mu_status status;
        if (doc->root == NULL || doc->root->kind != MU_NODE_MAP) {
            return mu_node_fail(doc, doc->root, err, "expected a map with kind:, id:, name:, ...");
        }
        if (sources != NULL && sources->kind != MU_NODE_LIST) {
            return mu_node_fail(doc, sources, err, "expected a list of sources");
        }
        if (claims != NULL && claims->kind != MU_NODE_LIST) {
            return mu_node_fail(doc, claims, err, "expected a list of claims");
        }
        if (sources != NULL) {
            status = add_sources(catalog, doc, err);
        } else if (claims != NULL) {
            status = add_claims(catalog, i, err);
        } else {
            mu_entry *entry = &catalog->entries[catalog->entry_count++];
            entry->doc_index = i;
            status = read_head(doc, MU_ENTITY_KIND_COUNT, entry, err);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

/* Names an entity may have: its id and its aliases. */
static uint32_t names_of(const mu_node *root)
{
    const mu_node *aliases = mu_node_get(root, "aliases");
    return 1 + (aliases == NULL ? 0 : aliases->count);
}

/* Sizes of the tables, before anything of the documents is trusted. */
static mu_status allocate(mu_catalog *catalog, mu_arena *arena)
{
    uint32_t sources = 0;
    uint32_t entries = 0;
    uint32_t names = 0;
    for (uint32_t i = 0; i < catalog->doc_count; i++) {
        const mu_doc *doc = &catalog->docs[i];
        const mu_node *list = mu_lists_sources(doc);
        const mu_node *claims = mu_lists_claims(doc);
        sources += list == NULL ? 0 : list->count;
        entries += claims == NULL ? 1 : claims->count;
        names += claims == NULL ? names_of(doc->root) : 0;
        for (uint32_t k = 0; claims != NULL && k < claims->count; k++) {
            names += names_of(&claims->child[k]);
        }
    }
    catalog->entries = MU_NEW(arena, mu_entry, entries);
    catalog->names = MU_NEW(arena, mu_entry_name, names);
    catalog->name_texts = MU_NEW(arena, const char *, names);
    catalog->sources = MU_NEW(arena, mu_source, sources);
    bool ok = catalog->entries != NULL && catalog->names != NULL && catalog->name_texts != NULL &&
              catalog->sources != NULL;
    return ok ? MU_OK : MU_E_MEMORY;
}

static mu_status add_names(mu_catalog *catalog, const mu_entry *entry, mu_error *err)
{
    const mu_doc *doc = &entry->entity.doc;
    const mu_node *aliases = mu_node_get(doc->root, "aliases");
    catalog->names[catalog->name_count++] =
        (mu_entry_name){entry->entity.kind, entry->entity.id, entry};
    if (aliases == NULL) {
        return MU_OK;
    }
    if (aliases->kind != MU_NODE_LIST || aliases->count > ALIASES_MAX) {
        return mu_node_fail(doc, aliases, err, "aliases: expected a list of at most %d names",
                            ALIASES_MAX);
    }
    for (uint32_t i = 0; i < aliases->count; i++) {
        const char *text = "";
        mu_status status = mu_node_text(doc, &aliases->child[i], "aliases", &text, err);
        if (status != MU_OK) {
            return status;
        }
        catalog->names[catalog->name_count++] = (mu_entry_name){entry->entity.kind, text, entry};
    }
    return MU_OK;
}

/* Sorts the names; one that two entities of a kind claim is refused. */
static mu_status index_names(mu_catalog *catalog, mu_error *err)
{
    for (uint32_t i = 0; i < catalog->entry_count; i++) {
        mu_status status = add_names(catalog, &catalog->entries[i], err);
        if (status != MU_OK) {
            return status;
        }
    }
    qsort(catalog->names, catalog->name_count, sizeof *catalog->names, compare_names);
    for (uint32_t i = 0; i < catalog->name_count; i++) {
        const mu_entry_name *name = &catalog->names[i];
        const mu_entry_name *before = i == 0 ? NULL : &catalog->names[i - 1];
        if (before != NULL && compare_names(before, name) == 0 && before->entry != name->entry) {
            bool later = before->entry->doc_index > name->entry->doc_index;
            const mu_entry *second = later ? before->entry : name->entry;
            const mu_entry *owner = later ? name->entry : before->entry;
            return mu_node_fail(&second->entity.doc, mu_node_get(second->entity.doc.root, "id"),
                                err, "\"%.60s\" already names the %s \"%s\"", name->text,
                                mu_entity_kind_text(name->kind), owner->entity.id);
        }
        catalog->name_texts[i] = name->text;
    }
    return MU_OK;
}

static void index_kinds(mu_catalog *catalog)
{
    uint32_t entry = 0;
    uint32_t name = 0;
    for (uint32_t kind = 0; kind <= MU_ENTITY_KIND_COUNT; kind++) {
        while (entry < catalog->entry_count && catalog->entries[entry].entity.kind < kind) {
            entry++;
        }
        while (name < catalog->name_count && catalog->names[name].kind < kind) {
            name++;
        }
        catalog->first[kind] = entry;
        catalog->first_name[kind] = name;
    }
}

const mu_entry *mu_catalog_entry(const mu_catalog *catalog, mu_entity_kind kind, const char *name)
{
    uint32_t low = catalog->first_name[kind];
    uint32_t high = catalog->first_name[kind + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = mu_name_compare(catalog->names[middle].text, name);
        if (order == 0) {
            return catalog->names[middle].entry;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

enum { LIST_BYTES = 160 }; /* of names in a message */

/* "; expected one of a, b" where that is no more than a line. */
static void list_few(const char *const names[], uint32_t count, char out[LIST_BYTES])
{
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(out);
        if (used + strlen(names[i]) + sizeof "; expected one of " > LIST_BYTES) {
            out[0] = '\0';
            return;
        }
        const char *parts[] = {i == 0 ? "; expected one of " : ", ", names[i]};
        mu_text_join(out + used, LIST_BYTES - used, parts, 2);
    }
}

/* Failure of a look-up among names[first .. first + count). */
static mu_status not_found(const char *what, const char *name, const char *const names[],
                           uint32_t count, mu_error *err)
{
    const char *nearest = mu_text_nearest(name, names, count);
    if (nearest == NULL) {
        char few[LIST_BYTES];
        list_few(names, count, few);
        return mu_fail(err, MU_E_INPUT, "unknown %s \"%.80s\"%s", what, name, few);
    }
    return mu_fail(err, MU_E_INPUT, "unknown %s \"%.80s\"; did you mean \"%s\"?", what, name,
                   nearest);
}

static mu_status unknown_of_kind(const mu_catalog *catalog, mu_entity_kind kind, const char *name,
                                 mu_error *err)
{
    uint32_t first = catalog->first_name[kind];
    return not_found(mu_entity_kind_text(kind), name, catalog->name_texts + first,
                     catalog->first_name[kind + 1] - first, err);
}

static mu_status link_parent(mu_catalog *catalog, mu_entry *entry, mu_error *err)
{
    const mu_doc *doc = &entry->entity.doc;
    const mu_node *node = mu_node_get(doc->root, "inherits");
    const char *name = "";
    if (node == NULL) {
        return MU_OK;
    }
    mu_status status = mu_node_text(doc, node, "inherits", &name, err);
    if (status != MU_OK) {
        return status;
    }
    entry->parent = mu_catalog_entry(catalog, entry->entity.kind, name);
    if (entry->parent == NULL) {
        mu_error inner = {0};
        (void)unknown_of_kind(catalog, entry->entity.kind, name, &inner);
        return mu_node_fail(doc, node, err, "inherits: %s", inner.text);
    }
    return MU_OK;
}

static mu_status link_parents(mu_catalog *catalog, mu_error *err)
{
    for (uint32_t i = 0; i < catalog->entry_count; i++) {
        mu_status status = link_parent(catalog, &catalog->entries[i], err);
        if (status != MU_OK) {
            return status;
        }
    }
    for (uint32_t i = 0; i < catalog->entry_count; i++) {
        const mu_entry *entry = &catalog->entries[i];
        uint32_t depth = 0;
        for (const mu_entry *up = entry->parent; up != NULL; up = up->parent) {
            if (up == entry || ++depth > MU_INHERIT_MAX) {
                return mu_node_fail(&entry->entity.doc,
                                    mu_node_get(entry->entity.doc.root, "inherits"), err,
                                    "\"%s\" inherits %s", entry->entity.id,
                                    up == entry ? "from itself in a circle"
                                                : "through more than 16 levels or in a circle");
            }
        }
    }
    return MU_OK;
}

/* Who inherits without naming a vendor has that of the nearest ancestor that does. */
static void fill_vendors(mu_catalog *catalog)
{
    for (uint32_t i = 0; i < catalog->entry_count; i++) {
        mu_entity *entity = &catalog->entries[i].entity;
        const mu_entry *up = catalog->entries[i].parent;
        for (; entity->vendor[0] == '\0' && up != NULL; up = up->parent) {
            entity->vendor = up->entity.vendor;
        }
    }
}

static mu_status index_all(mu_catalog *catalog, mu_arena *arena, mu_error *err)
{
    mu_status status = read_docs(catalog, err);
    if (status != MU_OK) {
        return status;
    }
    qsort(catalog->entries, catalog->entry_count, sizeof *catalog->entries, compare_entries);
    drop_replaced_entries(catalog);
    status = index_names(catalog, err);
    if (status != MU_OK) {
        return status;
    }
    index_kinds(catalog);
    status = sort_sources(catalog, arena);
    if (status != MU_OK) {
        return mu_fail(err, status, "out of memory for the catalogue");
    }
    status = link_parents(catalog, err);
    if (status == MU_OK) {
        fill_vendors(catalog);
    }
    return status;
}

mu_status mu_catalog_create(mu_arena *arena, const mu_doc docs[], uint32_t count,
                            uint32_t checked_from, mu_catalog **out, mu_error *err)
{
    assert(arena != NULL && out != NULL);
    mu_catalog *catalog = MU_NEW(arena, mu_catalog, 1);
    if (catalog == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
    }
    catalog->docs = docs;
    catalog->doc_count = count;
    if (allocate(catalog, arena) != MU_OK) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
    }
    mu_status status = index_all(catalog, arena, err);
    for (uint32_t i = checked_from; i < count && status == MU_OK; i++) {
        status = mu_catalog_check(catalog, i, err);
    }
    for (uint32_t i = 0; i < catalog->entry_count && status == MU_OK; i++) {
        status = mu_entry_surfaces(&catalog->entries[i], arena, err);
    }
    if (status == MU_OK) {
        *out = catalog;
    }
    return status;
}

void mu_catalog_keep_prior(mu_catalog *catalog, const struct mu_chip_prior *prior)
{
    catalog->prior = prior;
}

const struct mu_chip_prior *mu_catalog_prior(const mu_catalog *catalog)
{
    return catalog->prior;
}

mu_status mu_catalog_check(const mu_catalog *catalog, uint32_t doc_index, mu_error *err)
{
    assert(doc_index < catalog->doc_count);
    const mu_doc *doc = &catalog->docs[doc_index];
    if (mu_lists_sources(doc) != NULL) {
        return mu_sources_check(doc, err);
    }
    mu_status status = mu_lists_claims(doc) != NULL ? mu_claims_check(doc, err) : MU_OK;
    for (uint32_t i = 0; i < catalog->entry_count && status == MU_OK; i++) {
        if (catalog->entries[i].doc_index == doc_index) {
            status = mu_entry_check(catalog, &catalog->entries[i], err);
        }
    }
    return status; /* none where a later document replaces them */
}

mu_status mu_catalog_find(const mu_catalog *catalog, mu_entity_kind kind, const char *id,
                          const mu_entity **out, mu_error *err)
{
    assert(kind < MU_ENTITY_KIND_COUNT && id != NULL);
    const mu_entry *entry = mu_catalog_entry(catalog, kind, id);
    if (entry == NULL && kind == MU_ENTITY_SYSTEM && mu_chip_for_system(catalog, id, err)) {
        return MU_E_INPUT;
    }
    if (entry == NULL) {
        return unknown_of_kind(catalog, kind, id, err);
    }
    *out = &entry->entity;
    return MU_OK;
}

mu_status mu_catalog_find_any(const mu_catalog *catalog, const char *id, const mu_entity **out,
                              mu_error *err)
{
    assert(id != NULL);
    for (int kind = 0; kind < MU_ENTITY_KIND_COUNT; kind++) {
        const mu_entry *entry = mu_catalog_entry(catalog, (mu_entity_kind)kind, id);
        if (entry != NULL) {
            *out = &entry->entity;
            return MU_OK;
        }
    }
    return not_found("name", id, catalog->name_texts, catalog->name_count, err);
}

uint32_t mu_catalog_count(const mu_catalog *catalog, mu_entity_kind kind)
{
    assert(kind < MU_ENTITY_KIND_COUNT);
    return catalog->first[kind + 1] - catalog->first[kind];
}

const mu_entity *mu_catalog_at(const mu_catalog *catalog, mu_entity_kind kind, uint32_t index)
{
    assert(index < mu_catalog_count(catalog, kind));
    return &catalog->entries[catalog->first[kind] + index].entity;
}

const mu_source *mu_catalog_source(const mu_catalog *catalog, const char *id)
{
    const mu_source key = {.id = id};
    return bsearch(&key, catalog->sources, catalog->source_count, sizeof key, compare_sources);
}
