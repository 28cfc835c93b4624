/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of the catalogue: one table of columns a kind.
 *
 * Terms: a column shows a plain property, a fact, or something counted from a model's
 *        configuration.
 */
#include "report/entity.h"

#include "base/text.h"
#include "report/format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 10 };

typedef enum column_type {
    COLUMN_END,
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_VENDOR,
    COLUMN_PROPERTY,
    COLUMN_FACT,
    COLUMN_PARAMETERS,
    COLUMN_ACTIVE,
    COLUMN_LAYERS,
    COLUMN_ATTENTION,
    COLUMN_KV
} column_type;

typedef struct column {
    column_type type;
    const char *heading;
    const char *key;  /* in JSON and CSV */
    const char *path; /* of properties and facts */
} column;

#define COMMON                                                                                     \
    {COLUMN_ID, "id", "id", NULL},                                                                 \
    {                                                                                              \
        COLUMN_NAME, "name", "name", NULL                                                          \
    }

static const column chip_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_PROPERTY, "launched", "launched", "launched"},
    {COLUMN_FACT, "BF16", "bf16", "peak.bf16"},
    {COLUMN_FACT, "FP8", "fp8", "peak.fp8"},
    {COLUMN_FACT, "INT8", "int8", "peak.int8"},
    {COLUMN_FACT, "memory", "memory", "memory.capacity"},
    {COLUMN_FACT, "bandwidth", "bandwidth", "memory.bandwidth"},
    {COLUMN_FACT, "scale-up", "scale_up", "links.scale_up.bandwidth"},
    {COLUMN_FACT, "TDP", "tdp", "power.tdp"},
};

static const column system_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_PROPERTY, "launched", "launched", "launched"},
    {COLUMN_PROPERTY, "chip", "chip", "chip"},
    {COLUMN_PROPERTY, "chips", "chips", "chips"},
    {COLUMN_PROPERTY, "grows to", "max_chips", "max_chips"},
    {COLUMN_PROPERTY, "network", "tiers", "tiers"},
    {COLUMN_FACT, "power", "power", "power.total"},
    {COLUMN_FACT, "price", "price", "price"},
};

static const column model_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_PARAMETERS, "parameters", "parameters", NULL},
    {COLUMN_ACTIVE, "active", "active", NULL},
    {COLUMN_LAYERS, "layers", "layers", NULL},
    {COLUMN_ATTENTION, "attention", "attention", NULL},
    {COLUMN_KV, "KV at 8k tokens", "kv_bytes_8k", NULL},
};

static const column engine_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_PROPERTY, "version", "version", "version"},
    {COLUMN_PROPERTY, "batch tokens", "max_batch_tokens", "max_batch_tokens"},
    {COLUMN_PROPERTY, "sequences", "max_batch", "max_batch"},
    {COLUMN_PROPERTY, "chunked prefill", "chunked_prefill", "chunked_prefill"},
};

static const column region_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_FACT, "electricity", "electricity", "electricity.price"},
    {COLUMN_FACT, "subsidy", "subsidy", "electricity.subsidy"},
    {COLUMN_FACT, "PUE", "pue", "electricity.pue"},
    {COLUMN_FACT, "pay, a year", "pay", "staff.pay"},
    {COLUMN_FACT, "cost of capital", "cost_of_capital", "cost_of_capital"},
    {COLUMN_PROPERTY, "currency", "currency", "currency"},
};

static const column currency_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_FACT, "one is", "rate", "rate"},
    {COLUMN_PROPERTY, "on", "day", "day"},
};

static const column other_columns[COLUMNS_MAX] = {
    COMMON,
    {COLUMN_VENDOR, "vendor", "vendor", NULL},
};

static const column *columns_of(mu_entity_kind kind)
{
    switch (kind) {
    case MU_ENTITY_CHIP:
        return chip_columns;
    case MU_ENTITY_SYSTEM:
        return system_columns;
    case MU_ENTITY_MODEL:
        return model_columns;
    case MU_ENTITY_ENGINE:
        return engine_columns;
    case MU_ENTITY_REGION:
        return region_columns;
    case MU_ENTITY_CURRENCY:
        return currency_columns;
    default:
        return other_columns;
    }
}

static uint32_t column_count(const column *columns)
{
    uint32_t count = 0;
    while (count < COLUMNS_MAX && columns[count].type != COLUMN_END) {
        count++;
    }
    return count;
}

/* An entity with what its columns need. */
typedef struct subject {
    const mu_catalog *catalog;
    const mu_entity *entity;
    mu_model model; /* models only */
} subject;

static mu_status subject_make(const mu_catalog *catalog, const mu_entity *entity, subject *out,
                              mu_error *err)
{
    memset(out, 0, sizeof *out);
    out->catalog = catalog;
    out->entity = entity;
    return entity->kind == MU_ENTITY_MODEL ? mu_entity_model(catalog, entity, &out->model, err)
                                           : MU_OK;
}

/* Numbers counted from a configuration. */
static double counted(const subject *s, column_type type, mu_dimension *dimension)
{
    mu_model_params params = mu_model_count(&s->model);
    *dimension = MU_DIM_COUNT;
    switch (type) {
    case COLUMN_PARAMETERS:
        return params.total;
    case COLUMN_ACTIVE:
        return params.active;
    case COLUMN_LAYERS:
        return s->model.layers;
    default:
        assert(type == COLUMN_KV);
        *dimension = MU_DIM_BYTES;
        return mu_model_kv_bytes(&s->model, 8192.0, MU_DTYPE_BF16);
    }
}

static void attention_text(const mu_model *model, char out[MU_CELL_MAX])
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < model->group_count; i++) {
        char words[64];
        mu_attention_words(&model->group[i].attention, words);
        if (strstr(out, words) == NULL && used + strlen(words) + 4 < MU_CELL_MAX) {
            used += (size_t)snprintf(out + used, MU_CELL_MAX - used, "%s%s", used > 0 ? " + " : "",
                                     words);
        }
    }
}

static mu_status fact_text(const subject *s, const column *c, mu_cell_style style,
                           char out[MU_CELL_MAX], mu_error *err)
{
    mu_fact fact;
    mu_status status = mu_catalog_fact(s->catalog, s->entity, c->path, false, &fact, err);
    (void)snprintf(out, MU_CELL_MAX, "%s", style == MU_CELL_PEOPLE ? "-" : "");
    if (status != MU_OK || fact.path == NULL) {
        return status;
    }
    if (fact.text != NULL) {
        (void)snprintf(out, MU_CELL_MAX, "%s", fact.text);
    } else if (style == MU_CELL_PEOPLE && fact.range.best == 0.0) {
        (void)snprintf(out, MU_CELL_MAX, "none");
    } else if (style == MU_CELL_PEOPLE) {
        mu_format_value(fact.range.best, fact.dimension, out);
    } else {
        mu_text_exact(fact.range.best, out);
    }
    return MU_OK;
}

static mu_status cell_text(const subject *s, const column *c, mu_cell_style style,
                           char out[MU_CELL_MAX], mu_error *err)
{
    char property[256];
    mu_dimension dimension = MU_DIM_NONE;
    switch (c->type) {
    case COLUMN_ID:
        (void)snprintf(out, MU_CELL_MAX, "%s", s->entity->id);
        return MU_OK;
    case COLUMN_NAME:
        (void)snprintf(out, MU_CELL_MAX, "%s", s->entity->name);
        return MU_OK;
    case COLUMN_VENDOR:
        (void)snprintf(out, MU_CELL_MAX, "%s", s->entity->vendor);
        return MU_OK;
    case COLUMN_PROPERTY:
        (void)snprintf(out, MU_CELL_MAX, "%s", style == MU_CELL_PEOPLE ? "-" : "");
        if (mu_entity_property(s->catalog, s->entity, c->path, property)) {
            (void)snprintf(out, MU_CELL_MAX, "%.190s", property);
        }
        return MU_OK;
    case COLUMN_FACT:
        return fact_text(s, c, style, out, err);
    case COLUMN_ATTENTION:
        attention_text(&s->model, out);
        return MU_OK;
    default:
        break;
    }
    double value = counted(s, c->type, &dimension);
    if (style == MU_CELL_EXACT) {
        mu_text_exact(value, out);
    } else if (c->type == COLUMN_PARAMETERS || c->type == COLUMN_ACTIVE) {
        (void)snprintf(out, MU_CELL_MAX, "%.*f B",
                       value < 1e10   ? 2
                       : value < 1e11 ? 1
                                      : 0,
                       value / 1e9);
    } else {
        mu_format_value(value, dimension, out);
    }
    return MU_OK;
}

static mu_status list_row(mu_table *table, const subject *s, const column *columns,
                          mu_cell_style style, mu_error *err)
{
    char text[COLUMNS_MAX][MU_CELL_MAX];
    const char *cells[COLUMNS_MAX] = {NULL};
    uint32_t count = column_count(columns);
    for (uint32_t i = 0; i < count; i++) {
        mu_status status = cell_text(s, &columns[i], style, text[i], err);
        if (status != MU_OK) {
            return status;
        }
        cells[i] = text[i];
    }
    mu_table_row(table, cells);
    return MU_OK;
}

static bool is_number(column_type type)
{
    return type == COLUMN_FACT || type == COLUMN_PARAMETERS || type == COLUMN_ACTIVE ||
           type == COLUMN_LAYERS || type == COLUMN_KV;
}

mu_status mu_entity_list(const mu_catalog *catalog, mu_entity_kind kind, mu_cell_style style,
                         mu_arena *arena, mu_table **out, mu_error *err)
{
    const column *columns = columns_of(kind);
    const char *headings[COLUMNS_MAX] = {NULL};
    mu_align aligns[COLUMNS_MAX] = {MU_ALIGN_LEFT};
    uint32_t count = column_count(columns);
    for (uint32_t i = 0; i < count; i++) {
        headings[i] = style == MU_CELL_PEOPLE ? columns[i].heading : columns[i].key;
        aligns[i] = is_number(columns[i].type) ? MU_ALIGN_RIGHT : MU_ALIGN_LEFT;
    }
    mu_table *table = mu_table_create(arena, count, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    uint32_t entities = mu_catalog_count(catalog, kind);
    for (uint32_t i = 0; i < entities; i++) {
        subject s;
        mu_status status = subject_make(catalog, mu_catalog_at(catalog, kind, i), &s, err);
        if (status == MU_OK) {
            status = list_row(table, &s, columns, style, err);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    *out = table;
    return MU_OK;
}

/* NULL with MU_OK: the entity does not say. */
static mu_status cell_json(const subject *s, const column *c, json_t **out, mu_error *err)
{
    *out = NULL;
    if (c->type == COLUMN_FACT) {
        mu_fact fact;
        mu_status status = mu_catalog_fact(s->catalog, s->entity, c->path, false, &fact, err);
        if (status == MU_OK && fact.path != NULL && fact.text == NULL) {
            mu_quantity quantity = {fact.range.best, fact.range.low, fact.range.high};
            *out = mu_json_quantity(quantity, mu_unit_si(fact.dimension));
        }
        return status;
    }
    if (is_number(c->type)) {
        mu_dimension dimension = MU_DIM_NONE;
        *out = mu_json_number(counted(s, c->type, &dimension));
        return MU_OK;
    }
    char text[MU_CELL_MAX];
    mu_status status = cell_text(s, c, MU_CELL_EXACT, text, err);
    if (status == MU_OK && text[0] != '\0') {
        double number = 0.0;
        bool count = c->type == COLUMN_PROPERTY && strcmp(c->path, "launched") != 0 &&
                     strcmp(c->path, "version") != 0 && mu_text_number(text, &number);
        *out = count ? mu_json_number(number) : mu_json_text(text);
    }
    return status;
}

static mu_status row_json(const subject *s, const column *columns, json_t *list, mu_error *err)
{
    mu_json json = mu_json_begin();
    mu_status status = MU_OK;
    uint32_t count = column_count(columns);
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        json_t *value = NULL;
        status = cell_json(s, &columns[i], &value, err);
        if (value != NULL) {
            mu_json_put(&json, columns[i].key, value);
        }
    }
    json_t *row = mu_json_done(&json);
    if (status != MU_OK) {
        json_decref(row);
        return status;
    }
    return json_array_append_new(list, row) == 0
               ? MU_OK
               : mu_fail(err, MU_E_MEMORY, "out of memory for the JSON answer");
}

mu_status mu_entity_list_json(const mu_catalog *catalog, mu_entity_kind kind, json_t **out,
                              mu_error *err)
{
    json_t *list = json_array();
    mu_status status = list != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
    uint32_t entities = mu_catalog_count(catalog, kind);
    for (uint32_t i = 0; i < entities && status == MU_OK; i++) {
        subject s;
        status = subject_make(catalog, mu_catalog_at(catalog, kind, i), &s, err);
        if (status == MU_OK) {
            status = row_json(&s, columns_of(kind), list, err);
        }
    }
    if (status != MU_OK) {
        json_decref(list);
        return status;
    }
    *out = list;
    return MU_OK;
}
