/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue as people and programs read it: lists of a kind, one entity in full.
 */
#ifndef MUSTER_REPORT_ENTITY_H
#define MUSTER_REPORT_ENTITY_H

#include "catalog/catalog.h"
#include "model/model.h"
#include "report/answer_table.h"
#include "report/json.h"

/* How the cells of a list are written. */
typedef enum mu_cell_style {
    MU_CELL_PEOPLE, /* "3.20 TB/s" */
    MU_CELL_EXACT   /* "3.2e12" */
} mu_cell_style;

/**
 * One line an entity of a kind with its key facts; headings differ by kind.
 * @param[out] out  in the arena
 * @retval MU_E_INPUT  a fact or configuration is malformed
 */
mu_status mu_entity_list(const mu_catalog *catalog, mu_entity_kind kind, mu_cell_style style,
                         mu_arena *arena, mu_table **out, mu_error *err) MU_MUST_CHECK;

/** The same as a list of objects, owned; quantities with range. */
mu_status mu_entity_list_json(const mu_catalog *catalog, mu_entity_kind kind, json_t **out,
                              mu_error *err) MU_MUST_CHECK;

/** Every property and fact with range, grade and source; of models the architecture as well. */
mu_status mu_entity_print(const mu_page *page, const mu_catalog *catalog, const mu_entity *entity,
                          mu_error *err) MU_MUST_CHECK;

/** path,value,low,high,unit,grade,source,note */
mu_status mu_entity_csv(const mu_page *page, const mu_catalog *catalog, const mu_entity *entity,
                        mu_error *err) MU_MUST_CHECK;

/** The same as an owned object. */
mu_status mu_entity_json(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena,
                         json_t **out, mu_error *err) MU_MUST_CHECK;

/** Reads the architecture of a catalogue model. */
mu_status mu_entity_model(const mu_catalog *catalog, const mu_entity *entity, mu_model *out,
                          mu_error *err) MU_MUST_CHECK;

/** "MLA", "GQA 64/8": the attention of a layer group in a word. */
void mu_attention_words(const mu_attention *attention, char out[64]);

/** Architecture, parameter counts and KV-cache bytes, owned; NULL when memory is out. */
json_t *mu_model_json(const mu_model *model);

/** The same as table sections. */
void mu_model_rows(mu_table *table, const mu_model *model);

/**
 * A plain property (not a fact) as text: counts, words, references, lists joined with commas.
 * @return false when the entity does not have it
 */
bool mu_entity_property(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                        char out[256]);

#endif
