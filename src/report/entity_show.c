/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entity in full: properties, facts with range, grade and source, and the sources themselves.
 */
#include "report/entity.h"

#include "base/text.h"
#include "report/entity_parts.h"
#include "report/format.h"
#include "report/wrap.h"

#include <stdio.h>
#include <string.h>

enum { FACT_COLUMNS = 6, CSV_COLUMNS = 8, LONG_TEXT = 36 };

static void property_rows(mu_table *table, const mu_catalog *catalog, const mu_entity *entity)
{
    uint32_t count = 0;
    const mu_schema_item *items = mu_schema_items(&count);
    mu_table_section(table, entity->name);
    const char *const head[] = {mu_entity_kind_text(entity->kind), entity->id};
    mu_table_row(table, head);
    for (uint32_t i = 0; i < count; i++) {
        char text[256];
        if (mu_entity_shows(&items[i], entity->kind) &&
            mu_entity_property(catalog, entity, items[i].pattern, text)) {
            const char *const cells[] = {items[i].pattern, text};
            mu_table_row(table, cells);
        }
    }
}

/* What each network tier is: the kind and the span are no facts of their own. */
static void tier_rows(mu_table *table, const mu_catalog *catalog, const mu_entity *entity)
{
    const mu_node *tiers = mu_catalog_node(catalog, entity, "tiers", NULL);
    for (uint32_t i = 0; tiers != NULL && i < tiers->count; i++) {
        const mu_node *name = mu_node_get(&tiers->child[i], "name");
        const mu_node *kind = mu_node_get(&tiers->child[i], "kind");
        const mu_node *span = mu_node_get(&tiers->child[i], "span");
        char label[MU_CELL_MAX];
        char text[MU_CELL_MAX];
        if (name == NULL || name->text == NULL) {
            continue;
        }
        (void)snprintf(label, sizeof label, "tiers.%.160s", name->text);
        (void)snprintf(text, sizeof text, "%.60s over %.60s chips",
                       kind != NULL && kind->text != NULL ? kind->text : "switch",
                       span != NULL && span->text != NULL ? span->text : "?");
        const char *const cells[] = {label, text};
        mu_table_row(table, cells);
    }
}

static void fact_value(const mu_fact *fact, double value, char out[MU_CELL_MAX])
{
    mu_format_value(value, fact->dimension, out);
    if (fact->dimension == MU_DIM_NONE && fact->unit != NULL && fact->unit[0] != '\0') {
        size_t used = strlen(out);
        (void)snprintf(out + used, MU_CELL_MAX - used, " %.40s", fact->unit);
    }
}

/* Text that would widen the column beyond reading. */
static bool is_long(const mu_fact *fact)
{
    return fact->text != NULL && strlen(fact->text) > LONG_TEXT;
}

static void fact_row(mu_table *table, const mu_fact *fact)
{
    char best[MU_CELL_MAX];
    char low[MU_CELL_MAX];
    char high[MU_CELL_MAX];
    char range[2 * MU_CELL_MAX] = "";
    const char grade[2] = {fact->grade, '\0'};
    if (is_long(fact)) {
        (void)snprintf(best, sizeof best, "see the notes");
    } else if (fact->text != NULL) {
        (void)snprintf(best, sizeof best, "%s", fact->text);
    } else {
        fact_value(fact, fact->range.best, best);
        if (fact->range.low != fact->range.best || fact->range.high != fact->range.best) {
            fact_value(fact, fact->range.low, low);
            fact_value(fact, fact->range.high, high);
            (void)snprintf(range, sizeof range, "%.96s .. %.96s", low, high);
        }
    }
    const char *const cells[] = {fact->path, best, range, grade, fact->source, fact->entity};
    mu_table_row(table, cells);
}

static mu_status print_facts(const mu_page *page, const mu_fact facts[], uint32_t count,
                             mu_error *err)
{
    static const char *const headings[] = {"fact", "value", "range", "grade", "source", "said by"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_LEFT,
                                      MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, FACT_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < count; i++) {
        fact_row(table, &facts[i]);
    }
    fputc('\n', page->out);
    return count > 0 ? mu_table_print(table, page->out, page->colour, err) : MU_OK;
}

/* Long texts, then what there is to say of a fact. */
static void print_note(const mu_page *page, const mu_fact *fact, const char *text, bool *first)
{
    int column = fprintf(page->out, "%s  %s: ", *first ? "\nNotes\n" : "", fact->path);
    mu_wrap(page->out, text, 6, column > 0 ? (size_t)column : 0);
    *first = false;
}

static void print_notes(const mu_page *page, const mu_fact facts[], uint32_t count)
{
    bool first = true;
    for (uint32_t i = 0; i < count; i++) {
        if (is_long(&facts[i])) {
            print_note(page, &facts[i], facts[i].text, &first);
        }
        if (facts[i].note != NULL && facts[i].note[0] != '\0') {
            print_note(page, &facts[i], facts[i].note, &first);
        }
    }
}

static void print_sources(const mu_page *page, const mu_catalog *catalog, const mu_fact facts[],
                          uint32_t count)
{
    const mu_source *sources[MU_ENTITY_SOURCES_MAX];
    uint32_t found = mu_fact_sources(catalog, facts, count, sources);
    for (uint32_t i = 0; i < found; i++) {
        fprintf(page->out, "%s  %s: %s, %s, %s\n", i == 0 ? "\nSources\n" : "", sources[i]->id,
                sources[i]->title, sources[i]->date, sources[i]->url);
    }
}

mu_status mu_entity_print(const mu_page *page, const mu_catalog *catalog, const mu_entity *entity,
                          mu_error *err)
{
    static const char *const headings[] = {"", ""};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    const mu_fact *facts = NULL;
    uint32_t count = 0;
    mu_table *table = mu_table_create(page->arena, 2, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    property_rows(table, catalog, entity);
    tier_rows(table, catalog, entity);
    mu_status status = mu_catalog_facts(catalog, entity, page->arena, &facts, &count, err);
    if (status == MU_OK && entity->kind == MU_ENTITY_MODEL) {
        mu_model model;
        status = mu_entity_model(catalog, entity, &model, err);
        if (status == MU_OK) {
            mu_model_rows(table, &model);
        }
    }
    if (status == MU_OK) {
        status = mu_table_print(table, page->out, page->colour, err);
    }
    if (status == MU_OK) {
        status = print_facts(page, facts, count, err);
    }
    if (status != MU_OK) {
        return status;
    }
    print_notes(page, facts, count);
    print_sources(page, catalog, facts, count);
    return mu_stream_check(page->out, err);
}

static void csv_row(mu_table *table, const mu_fact *fact)
{
    char best[32] = "";
    char low[32] = "";
    char high[32] = "";
    const char grade[2] = {fact->grade, '\0'};
    if (fact->text == NULL) {
        mu_text_exact(fact->range.best, best);
        mu_text_exact(fact->range.low, low);
        mu_text_exact(fact->range.high, high);
    }
    const char *const cells[] = {fact->path,
                                 fact->text != NULL ? fact->text : best,
                                 low,
                                 high,
                                 mu_fact_unit(fact),
                                 grade,
                                 fact->source,
                                 fact->note};
    mu_table_row(table, cells);
}

mu_status mu_entity_csv(const mu_page *page, const mu_catalog *catalog, const mu_entity *entity,
                        mu_error *err)
{
    static const char *const headings[] = {"path", "value", "low",    "high",
                                           "unit", "grade", "source", "note"};
    static const mu_align aligns[CSV_COLUMNS] = {MU_ALIGN_LEFT};
    const mu_fact *facts = NULL;
    uint32_t count = 0;
    mu_table *table = mu_table_create(page->arena, CSV_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    mu_status status = mu_catalog_facts(catalog, entity, page->arena, &facts, &count, err);
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        csv_row(table, &facts[i]);
    }
    return status == MU_OK ? mu_table_csv(table, page->out, err) : status;
}
