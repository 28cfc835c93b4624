/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the faces of one entity share: which properties are shown, units, sources.
 */
#ifndef MUSTER_REPORT_ENTITY_PARTS_H
#define MUSTER_REPORT_ENTITY_PARTS_H

#include "catalog/catalog.h"
#include "catalog/schema.h"

enum { MU_ENTITY_SOURCES_MAX = 64 };

/** Plain values at a fixed path that are shown as properties: neither head nor read by others. */
bool mu_entity_shows(const mu_schema_item *item, mu_entity_kind kind);

/** SI unit of a fact, or its own where that has no known dimension. */
const char *mu_fact_unit(const mu_fact *fact);

/** Sources that facts[0..count) name, each once, in order of first use; returns how many. */
uint32_t mu_fact_sources(const mu_catalog *catalog, const mu_fact facts[], uint32_t count,
                         const mu_source *out[MU_ENTITY_SOURCES_MAX]);

#endif
