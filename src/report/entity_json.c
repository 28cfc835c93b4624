/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entity as JSON: properties, facts with range, grade and source, and the sources themselves.
 */
#include "report/entity.h"

#include "base/text.h"
#include "report/entity_parts.h"

static json_t *fact_json(const mu_fact *fact)
{
    const char grade[2] = {fact->grade, '\0'};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "path", mu_json_text(fact->path));
    if (fact->text != NULL) {
        mu_json_put(&json, "value", mu_json_text(fact->text));
    } else {
        mu_json_put(&json, "value", mu_json_number(fact->range.best));
        mu_json_put(&json, "low", mu_json_number(fact->range.low));
        mu_json_put(&json, "high", mu_json_number(fact->range.high));
        mu_json_put(&json, "unit", mu_json_text(mu_fact_unit(fact)));
    }
    mu_json_put(&json, "grade", mu_json_text(grade));
    mu_json_put(&json, "source", mu_json_text(fact->source));
    mu_json_put(&json, "note", mu_json_text(fact->note != NULL ? fact->note : ""));
    mu_json_put(&json, "said_by", mu_json_text(fact->entity));
    return mu_json_done(&json);
}

static json_t *facts_json(const mu_fact facts[], uint32_t count)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < count; i++) {
        failed |= json_array_append_new(list, fact_json(&facts[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *source_json(const mu_source *source)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(source->id));
    mu_json_put(&json, "title", mu_json_text(source->title));
    mu_json_put(&json, "date", mu_json_text(source->date));
    mu_json_put(&json, "url", mu_json_text(source->url));
    return mu_json_done(&json);
}

static json_t *sources_json(const mu_catalog *catalog, const mu_fact facts[], uint32_t count)
{
    const mu_source *sources[MU_ENTITY_SOURCES_MAX];
    uint32_t found = mu_fact_sources(catalog, facts, count, sources);
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < found; i++) {
        failed |= json_array_append_new(list, source_json(sources[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *properties_json(const mu_catalog *catalog, const mu_entity *entity)
{
    uint32_t count = 0;
    const mu_schema_item *items = mu_schema_items(&count);
    mu_json json = mu_json_begin();
    for (uint32_t i = 0; i < count; i++) {
        char text[256];
        double number = 0.0;
        if (!mu_entity_shows(&items[i], entity->kind) ||
            !mu_entity_property(catalog, entity, items[i].pattern, text)) {
            continue;
        }
        bool count_like = items[i].type == MU_VALUE_COUNT && mu_text_number(text, &number);
        mu_json_put(&json, items[i].pattern,
                    count_like ? mu_json_number(number) : mu_json_text(text));
    }
    return mu_json_done(&json);
}

mu_status mu_entity_json(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                         json_t **out, mu_error *err)
{
    const mu_fact *facts = NULL;
    uint32_t count = 0;
    mu_model model;
    mu_status status = mu_catalog_facts(catalog, entity, arena, &facts, &count, err);
    if (status == MU_OK && entity->kind == MU_ENTITY_MODEL) {
        status = mu_entity_model(catalog, entity, &model, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "kind", mu_json_text(mu_entity_kind_text(entity->kind)));
    mu_json_put(&json, "id", mu_json_text(entity->id));
    mu_json_put(&json, "name", mu_json_text(entity->name));
    mu_json_put(&json, "vendor", mu_json_text(entity->vendor));
    mu_json_put(&json, "properties", properties_json(catalog, entity));
    if (entity->kind == MU_ENTITY_MODEL) {
        mu_json_put(&json, "model", mu_model_json(&model));
    }
    mu_json_put(&json, "facts", facts_json(facts, count));
    mu_json_put(&json, "sources", sources_json(catalog, facts, count));
    *out = mu_json_done(&json);
    return *out != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory for the JSON answer");
}
