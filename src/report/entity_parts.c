/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the faces of one entity share.
 */
#include "report/entity_parts.h"

#include <string.h>

bool mu_entity_shows(const mu_schema_item *item, mu_entity_kind kind)
{
    bool of_kind = item->kind == kind || item->kind == MU_ENTITY_KIND_COUNT;
    bool head = strcmp(item->pattern, "kind") == 0 || strcmp(item->pattern, "id") == 0 ||
                strcmp(item->pattern, "name") == 0;
    return of_kind && !head && !mu_schema_is_fact(item) && item->type != MU_VALUE_FREE &&
           strchr(item->pattern, '<') == NULL;
}

const char *mu_fact_unit(const mu_fact *fact)
{
    bool own = fact->dimension == MU_DIM_NONE && fact->unit != NULL;
    return own ? fact->unit : mu_unit_si(fact->dimension);
}

uint32_t mu_fact_sources(const mu_catalog *catalog, const mu_fact facts[], uint32_t count,
                         const mu_source *out[MU_ENTITY_SOURCES_MAX])
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count && found < MU_ENTITY_SOURCES_MAX; i++) {
        const mu_source *source = mu_catalog_source(catalog, facts[i].source);
        bool seen = source == NULL;
        for (uint32_t j = 0; j < found && !seen; j++) {
            seen = out[j] == source;
        }
        if (!seen) {
            out[found++] = source;
        }
    }
    return found;
}
