/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the catalogue share among themselves.
 */
#ifndef MUSTER_CATALOG_INTERNAL_H
#define MUSTER_CATALOG_INTERNAL_H

#include "catalog/catalog.h"
#include "catalog/schema.h"
#include "catalog/surfaces.h"

typedef struct mu_entry mu_entry;

struct mu_entry {
    mu_entity entity; /* first: a mu_entity of the catalogue is an entry */
    const mu_entry *parent;
    const mu_surface **surface; /* [MU_SURFACE_KIND_COUNT]; NULL = none of any kind */
    uint32_t doc_index;
};

/* A name an entity is found under: its id or an alias. */
typedef struct mu_entry_name {
    mu_entity_kind kind;
    const char *text;
    const mu_entry *entry;
} mu_entry_name;

struct mu_catalog {
    const mu_doc *docs; /* [doc_count] */
    uint32_t doc_count;
    mu_entry *entries; /* [entry_count] by kind and id */
    uint32_t entry_count;
    uint32_t first[MU_ENTITY_KIND_COUNT + 1]; /* entries of kind k: first[k] .. first[k+1]-1 */
    mu_entry_name *names;                     /* [name_count] by kind and name */
    const char **name_texts;                  /* the same order */
    uint32_t name_count;
    uint32_t first_name[MU_ENTITY_KIND_COUNT + 1];
    mu_source *sources; /* [source_count] by id */
    uint32_t source_count;
    const struct mu_chip_prior *prior;
};

enum { MU_INHERIT_MAX = 16 };

/** strcmp() without regard to the case of ASCII letters. */
int mu_name_compare(const char *a, const char *b);

/** The list of a document that holds sources or claims instead of an entity; NULL: it does not. */
const mu_node *mu_lists_sources(const mu_doc *doc);
const mu_node *mu_lists_claims(const mu_doc *doc);

/** Entry of a kind by id or alias; NULL when there is none. */
const mu_entry *mu_catalog_entry(const mu_catalog *catalog, mu_entity_kind kind, const char *name);

/** Says of a name that no system has what it is: a chip, and the systems it is in. Else false. */
bool mu_chip_for_system(const mu_catalog *catalog, const char *name, mu_error *err);

/* One fact to read: what the schema says and who states it. */
typedef struct mu_fact_place {
    const mu_schema_item *item;
    const char *path;
    const mu_entity *entity;
    const mu_node *node;
    const mu_catalog *catalog; /* whose currencies count */
} mu_fact_place;

/** Reads a fact; sources are not looked up. `path` is borrowed by the fact. */
mu_status mu_fact_read(const mu_fact_place *place, mu_fact *out, mu_error *err) MU_MUST_CHECK;

/** Checks one entity document against the schema and the rest of the catalogue. */
mu_status mu_entry_check(const mu_catalog *catalog, const mu_entry *entry,
                         mu_error *err) MU_MUST_CHECK;

/** Reads the surfaces of a calibration; of other entities does nothing. */
mu_status mu_entry_surfaces(mu_entry *entry, mu_arena *arena, mu_error *err) MU_MUST_CHECK;

/** Checks a list of claims: no other keys beside it, no id twice. Its items are entities. */
mu_status mu_claims_check(const mu_doc *doc, mu_error *err) MU_MUST_CHECK;

/** Checks one list of sources. */
mu_status mu_sources_check(const mu_doc *doc, mu_error *err) MU_MUST_CHECK;

#endif
