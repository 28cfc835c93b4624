/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's architecture, parameter counts and KV-cache sizes.
 */
#include "report/entity.h"

#include "report/format.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Context lengths at which a KV cache is shown. */
static const double contexts[] = {1024.0, 8192.0, 131072.0};

mu_status mu_entity_model(const mu_catalog *catalog, const mu_entity *entity, mu_model *out,
                          mu_error *err)
{
    const mu_entity *stated_by = entity;
    const mu_node *config = mu_catalog_node(catalog, entity, "config", &stated_by);
    if (config == NULL) {
        return mu_node_fail(&entity->doc, entity->doc.root, err, "model %s has no config",
                            entity->id);
    }
    return mu_model_read(&stated_by->doc, config, entity->id, out, err);
}

void mu_attention_words(const mu_attention *a, char out[64])
{
    switch (a->kind) {
    case MU_ATTENTION_MLA:
        (void)snprintf(out, 64, "MLA");
        return;
    case MU_ATTENTION_MLA_SPARSE:
        (void)snprintf(out, 64, "sparse MLA, top %u", a->index_topk);
        return;
    case MU_ATTENTION_COMPRESSED:
        if (a->compress > 0) {
            (void)snprintf(out, 64, "compressed 1:%u", a->compress);
        } else {
            (void)snprintf(out, 64, "window %u", a->window);
        }
        return;
    case MU_ATTENTION_LINEAR:
        (void)snprintf(out, 64, "linear");
        return;
    case MU_ATTENTION_WINDOW:
        (void)snprintf(out, 64, "window %u", a->window);
        return;
    case MU_ATTENTION_FULL:
        break;
    }
    const char *name = a->kv_heads == a->heads ? "MHA" : a->kv_heads == 1 ? "MQA" : "GQA";
    (void)snprintf(out, 64, "%s %u/%u", name, a->heads, a->kv_heads);
}

static void row(mu_table *table, const char *label, const char *text)
{
    const char *const cells[] = {label, text};
    mu_table_row(table, cells);
}

static void count_row(mu_table *table, const char *label, double value)
{
    char text[MU_CELL_MAX];
    if (value > 0.0) {
        mu_format_count(value, text);
        row(table, label, text);
    }
}

static void group_row(mu_table *table, const mu_layer_group *group)
{
    char label[48];
    char attention[64];
    char text[MU_CELL_MAX];
    const mu_ffn *f = &group->ffn;
    mu_attention_words(&group->attention, attention);
    (void)snprintf(label, sizeof label, "%u layers", group->layers);
    if (f->moe) {
        (void)snprintf(text, sizeof text, "%s; %u experts of %u, %u chosen, %u shared", attention,
                       f->experts, f->intermediate, f->topk, f->shared);
    } else {
        (void)snprintf(text, sizeof text, "%s; dense FFN of %u%s", attention, f->intermediate,
                       f->gated ? ", gated" : "");
    }
    row(table, label, text);
}

void mu_model_rows(mu_table *table, const mu_model *model)
{
    mu_model_params params = mu_model_count(model);
    mu_table_section(table, "Architecture");
    row(table, "model_type", model->type);
    count_row(table, "layers", model->layers);
    count_row(table, "hidden size", model->hidden);
    count_row(table, "vocabulary", model->vocab);
    count_row(table, "longest context", model->max_position);
    count_row(table, "MTP layers", model->mtp_layers);
    row(table, "weights published in", mu_dtype_text(model->weights));
    for (uint32_t i = 0; i < model->group_count; i++) {
        group_row(table, &model->group[i]);
    }
    mu_table_section(table, "Parameters");
    count_row(table, "total", params.total);
    count_row(table, "active per token", params.active);
    count_row(table, "attention", params.attention);
    count_row(table, "dense FFN", params.dense_ffn);
    count_row(table, "routed experts", params.routed_experts);
    count_row(table, "shared experts", params.shared_experts);
    count_row(table, "router", params.router);
    count_row(table, "embedding and head", params.embedding);
    count_row(table, "norms", params.norm);
    count_row(table, "MTP (not in total)", params.mtp);
    mu_table_section(table, "KV cache of one sequence, bf16");
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        char label[MU_CELL_MAX];
        char text[MU_CELL_MAX];
        mu_format_count(contexts[i], label);
        (void)snprintf(label + strlen(label), sizeof label - strlen(label), " tokens");
        mu_format_value(mu_model_kv_bytes(model, contexts[i], MU_DTYPE_BF16), MU_DIM_BYTES, text);
        row(table, label, text);
    }
}

static json_t *params_json(const mu_model_params *p)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "total", mu_json_number(p->total));
    mu_json_put(&json, "active", mu_json_number(p->active));
    mu_json_put(&json, "attention", mu_json_number(p->attention));
    mu_json_put(&json, "dense_ffn", mu_json_number(p->dense_ffn));
    mu_json_put(&json, "routed_experts", mu_json_number(p->routed_experts));
    mu_json_put(&json, "shared_experts", mu_json_number(p->shared_experts));
    mu_json_put(&json, "router", mu_json_number(p->router));
    mu_json_put(&json, "embedding", mu_json_number(p->embedding));
    mu_json_put(&json, "norm", mu_json_number(p->norm));
    mu_json_put(&json, "mtp", mu_json_number(p->mtp));
    return mu_json_done(&json);
}

static json_t *group_json(const mu_layer_group *group)
{
    char attention[64];
    mu_json json = mu_json_begin();
    mu_attention_words(&group->attention, attention);
    mu_json_put(&json, "layers", json_integer(group->layers));
    mu_json_put(&json, "attention", mu_json_text(attention));
    mu_json_put(&json, "heads", json_integer(group->attention.heads));
    mu_json_put(&json, "kv_heads", json_integer(group->attention.kv_heads));
    mu_json_put(&json, "intermediate", json_integer(group->ffn.intermediate));
    mu_json_put(&json, "experts", json_integer(group->ffn.experts));
    mu_json_put(&json, "topk", json_integer(group->ffn.topk));
    mu_json_put(&json, "shared_experts", json_integer(group->ffn.shared));
    return mu_json_done(&json);
}

static json_t *groups_json(const mu_model *model)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < model->group_count; i++) {
        failed |= json_array_append_new(list, group_json(&model->group[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *kv_json(const mu_model *model)
{
    mu_json json = mu_json_begin();
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%.0f", contexts[i]);
        mu_json_put(&json, key,
                    mu_json_number(mu_model_kv_bytes(model, contexts[i], MU_DTYPE_BF16)));
    }
    return mu_json_done(&json);
}

json_t *mu_model_json(const mu_model *model)
{
    mu_model_params params = mu_model_count(model);
    mu_json json = mu_json_begin();
    mu_json_put(&json, "model_type", mu_json_text(model->type));
    mu_json_put(&json, "layers", json_integer(model->layers));
    mu_json_put(&json, "hidden", json_integer(model->hidden));
    mu_json_put(&json, "vocab", json_integer(model->vocab));
    mu_json_put(&json, "max_position", json_integer(model->max_position));
    mu_json_put(&json, "mtp_layers", json_integer(model->mtp_layers));
    mu_json_put(&json, "weights", mu_json_text(mu_dtype_text(model->weights)));
    mu_json_put(&json, "groups", groups_json(model));
    mu_json_put(&json, "parameters", params_json(&params));
    mu_json_put(&json, "kv_bytes_by_tokens", kv_json(model));
    return mu_json_done(&json);
}
