/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue: entities (chip, system, engine, model, ...) as documents, and their facts.
 *
 * Build, freeze, query: created from the compiled-in documents and any overlays, read-only after,
 * so any thread may ask. An overlay's entity replaces the one of the same kind and id; with
 * `inherits: id` anything not said is taken from the parent (of the same kind).
 */
#ifndef MUSTER_CATALOG_CATALOG_H
#define MUSTER_CATALOG_CATALOG_H

#include "base/doc.h"
#include "base/interval.h"
#include "base/units.h"

/* X(NAME, text, folder under data/) */
#define MU_ENTITY_KIND_LIST(X)                                                                     \
    X(CHIP, "chip", "chips")                                                                       \
    X(SYSTEM, "system", "systems")                                                                 \
    X(ENGINE, "engine", "engines")                                                                 \
    X(MODEL, "model", "models")                                                                    \
    X(CALIBRATION, "calibration", "calibration")                                                   \
    X(CLOUD, "cloud", "clouds")                                                                    \
    X(FOUNDRY, "foundry", "foundries")                                                             \
    X(PROCESS, "process", "processes")                                                             \
    X(RECIPE, "recipe", "recipes")                                                                 \
    X(REGION, "region", "regions")                                                                 \
    X(CURRENCY, "currency", "currencies")                                                          \
    X(CLAIM, "claim", "claims.yaml")

typedef enum mu_entity_kind {
#define X(name, text, folder) MU_ENTITY_##name,
    MU_ENTITY_KIND_LIST(X)
#undef X
        MU_ENTITY_KIND_COUNT
} mu_entity_kind;

typedef struct mu_entity {
    mu_entity_kind kind;
    const char *id;
    const char *name;   /* as people write it */
    const char *vendor; /* "" when it has none */
    mu_doc doc;         /* borrowed; lives as long as the catalogue */
} mu_entity;

/* Where a number comes from. */
typedef struct mu_source {
    const char *id;
    const char *title;
    const char *date;
    const char *url;
} mu_source;

/* One sourced quantity, inheritance resolved. */
typedef struct mu_fact {
    const char *path; /* "memory.bandwidth" */
    mu_dimension dimension;
    mu_range range;     /* SI */
    char grade;         /* 'A' measured or vendor .. 'D' this project's estimate */
    const char *text;   /* for text facts; else NULL */
    const char *source; /* id in sources */
    const char *note;   /* "" when there is none */
    const char *entity; /* id of the entity that states it (a parent, when inherited) */
    const char *unit;   /* as written; "" when it has none */
} mu_fact;

typedef struct mu_catalog mu_catalog;

/* What was learned from the catalogue of chips that nobody measured: of src/chip, opaque here. */
struct mu_chip_prior;

/**
 * @param[in]  arena     the catalogue belongs to it; documents are borrowed and must live as long
 * @param[in]  docs      [count] entity documents, `sources` lists and `claims` lists, whose items
 *                       are entities of kind claim; later ones replace earlier ones
 * @retval MU_E_INPUT    an entity without kind, id or name; an unknown key (nearest named); a
 *                       fact without source, with low > best or best > high, a unit missing or
 *                       wrong; an unknown source or parent; inheritance in a circle
 * Cost: O(nodes of the documents from `checked_from` on); earlier documents are trusted (the build
 * has checked the compiled-in ones) and only their heads and surfaces are read.
 */
mu_status mu_catalog_create(mu_arena *arena, const mu_doc docs[], uint32_t count,
                            uint32_t checked_from, mu_catalog **out, mu_error *err) MU_MUST_CHECK;

/** Keeps what was learned from it beside the catalogue, which it must outlive. */
void mu_catalog_keep_prior(mu_catalog *catalog, const struct mu_chip_prior *prior);

/** NULL when nothing was kept. */
const struct mu_chip_prior *mu_catalog_prior(const mu_catalog *catalog);

/** By id or alias, without regard to case; MU_E_INPUT names the nearest of that kind. */
mu_status mu_catalog_find(const mu_catalog *catalog, mu_entity_kind kind, const char *id,
                          const mu_entity **out, mu_error *err) MU_MUST_CHECK;

/** Any kind; MU_E_INPUT as above. */
mu_status mu_catalog_find_any(const mu_catalog *catalog, const char *id, const mu_entity **out,
                              mu_error *err) MU_MUST_CHECK;

/** Entities of a kind in order of id: number, and the i-th. */
uint32_t mu_catalog_count(const mu_catalog *catalog, mu_entity_kind kind);
const mu_entity *mu_catalog_at(const mu_catalog *catalog, mu_entity_kind kind, uint32_t index);

/** Schema check of one document given to mu_catalog_create(), whatever `checked_from` was. */
mu_status mu_catalog_check(const mu_catalog *catalog, uint32_t doc_index,
                           mu_error *err) MU_MUST_CHECK;

/** NULL when unknown. */
const mu_source *mu_catalog_source(const mu_catalog *catalog, const char *id);

/**
 * Node at a dotted path of the entity or the nearest ancestor that has it; NULL when none does,
 * or when it says null there (which undoes the inheritance). kind, id, name, aliases, inherits and
 * note are an entity's own and not inherited. Items of a list are reached by their `name`
 * ("tiers.ub.bandwidth"). `entity` must come from this catalogue.
 *
 * @param[out] stated_by  entity that holds the node, for messages; may be NULL
 */
const mu_node *mu_catalog_node(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                               const mu_entity **stated_by);

enum { MU_REFERENCES_MAX = 16 };

/* Entities that a list of ids refers to, in its order; borrowed. */
typedef struct mu_references {
    const mu_entity *entity[MU_REFERENCES_MAX];
    uint32_t count;
} mu_references;

/**
 * Reads the list of ids at a path whose schema is such a list ("calibration"); empty when it is
 * absent. Ids nobody has are passed over: mu_catalog_check() refuses them.
 *
 * @retval MU_E_INPUT  not a list of texts, or more than MU_REFERENCES_MAX of them
 */
mu_status mu_catalog_references(const mu_catalog *catalog, const mu_entity *entity,
                                const char *path, mu_references *out, mu_error *err) MU_MUST_CHECK;

/**
 * Calibrations of a chip or system: those it lists, then those that name it under `chips` or
 * `systems`, by id.
 *
 * @retval MU_E_INPUT  as mu_catalog_references(), or more than MU_REFERENCES_MAX together
 */
mu_status mu_catalog_calibrations(const mu_catalog *catalog, const mu_entity *entity,
                                  mu_references *out, mu_error *err) MU_MUST_CHECK;

/** Plain text at a path, or that of a text fact; NULL when there is none. */
const char *mu_catalog_text(const mu_catalog *catalog, const mu_entity *entity, const char *path);

/**
 * One fact by path; when `required` is false a missing one gives MU_OK and out->path == NULL, as
 * does a path that no entity of its kind may state.
 * @retval MU_E_INPUT missing though required, malformed, or at a path that is no fact's
 */
mu_status mu_catalog_fact(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                          bool required, mu_fact *out, mu_error *err) MU_MUST_CHECK;

/** All facts of an entity with inheritance resolved, in schema order; array belongs to the arena.
 */
mu_status mu_catalog_facts(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                           const mu_fact **out, uint32_t *count, mu_error *err) MU_MUST_CHECK;

#endif
