/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of catalogue entities: the one table of which keys exist and what may stand there.
 *
 * Terms: a path is the dotted way of keys from the entity's root ("memory.bandwidth"). In a
 *        pattern a part in angle brackets stands for any key: `<dtype>` a number format, `<chip>`
 *        the id of a chip, others free. Items of a named list are reached by their `name`
 *        ("tiers.ub.bandwidth"), those of a plain one by their number ("wiring.ub.down.0").
 */
#ifndef MUSTER_CATALOG_SCHEMA_H
#define MUSTER_CATALOG_SCHEMA_H

#include "base/units.h"
#include "catalog/catalog.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum mu_value_type {
    MU_VALUE_FACT,      /* sourced quantity of `dimension` (MU_DIM_TEXT: sourced text) */
    MU_VALUE_FREE_FACT, /* sourced number in whatever unit it names; kept as written if unknown */
    MU_VALUE_PARAM,     /* sourced plain number whose name carries its unit; grade, source and note
                           default to those of the entity */
    MU_VALUE_DATE,      /* plain text ("2025-01") or a sourced text */
    MU_VALUE_TEXT,
    MU_VALUE_SOURCE, /* id of a source */
    MU_VALUE_COUNT,  /* plain whole number, at least 1 */
    MU_VALUE_BOOL,
    MU_VALUE_TEXTS,   /* list of texts */
    MU_VALUE_SOURCES, /* list of ids of sources */
    MU_VALUE_NAMED,   /* list of maps with a `name` of their own */
    MU_VALUE_ITEMS,   /* list whose items are reached by their number, from 0 */
    MU_VALUE_REF,     /* id of an entity of kind `target` */
    MU_VALUE_REFS,    /* list of such */
    MU_VALUE_FREE     /* anything: read by others */
} mu_value_type;

typedef struct mu_schema_item {
    mu_entity_kind kind; /* MU_ENTITY_KIND_COUNT: every kind */
    mu_value_type type;
    mu_dimension dimension; /* FACT only */
    mu_entity_kind target;  /* REF and REFS only */
    const char *pattern;    /* "peak.<dtype>" */
    const char *doc;        /* one line: meaning, unit convention */
} mu_schema_item;

enum { MU_PATH_MAX = 192 };

/** The table; static. Order is the order in which facts are shown. */
const mu_schema_item *mu_schema_items(uint32_t *count);

/** True for items that are read as facts (FACT, FREE_FACT, PARAM). */
bool mu_schema_is_fact(const mu_schema_item *item);

/** The item of a kind whose pattern a path fits; the first row that does. NULL when none. */
const mu_schema_item *mu_schema_find(mu_entity_kind kind, const char *path);

/**
 * The part of a path that stands where the item's pattern has `part` ("<chip>"), written to out;
 * false when the pattern has none.
 */
bool mu_schema_part(const mu_schema_item *item, const char *path, const char *part,
                    char out[MU_PATH_MAX]);

/** True when longer paths that start with `path` exist ("memory"). */
bool mu_schema_is_prefix(mu_entity_kind kind, const char *path);

/**
 * Key nearest to the last part of `path` among those that may stand there, written to out; false
 * when none is near.
 */
bool mu_schema_nearest(mu_entity_kind kind, const char *path, char out[MU_PATH_MAX]);

/** "chip" -> MU_ENTITY_CHIP; false when unknown. */
bool mu_entity_kind_parse(const char *text, mu_entity_kind *out);

/** MU_ENTITY_CHIP -> "chip". Static. */
const char *mu_entity_kind_text(mu_entity_kind kind);

#endif
