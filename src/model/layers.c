/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kind each layer of a model is.
 *
 * What:  the lists and intervals by which configs lay out attention kinds and experts.
 * Why:   one question a layer ("what is layer 17?"), whatever way the family writes it down.
 * Terms: a pattern counts from 1: with interval 4 the layers 3, 7, 11, ... see everything.
 */
#include "model/config.h"

#include <assert.h>
#include <string.h>

/* Compressed entries of DeepSeek-V4: only this ratio has an indexer. */
enum { INDEXED_RATIO = 4, HEAVY_RATIO = 128, RATIO_MAX = 65536 };

/* Words of layer_types. */
static const struct {
    const char *word;
    bool base; /* the model's own kind; else `attention` */
    mu_attention_kind attention;
    uint32_t compress;
} attention_words[] = {
    {"full_attention", true, MU_ATTENTION_FULL, 0},
    {"attention", true, MU_ATTENTION_FULL, 0},
    {"sliding_attention", false, MU_ATTENTION_WINDOW, 0},
    {"chunked_attention", false, MU_ATTENTION_WINDOW, 0},
    {"linear_attention", false, MU_ATTENTION_LINEAR, 0},
    {"compressed_sparse_attention", false, MU_ATTENTION_COMPRESSED, INDEXED_RATIO},
    {"heavily_compressed_attention", false, MU_ATTENTION_COMPRESSED, HEAVY_RATIO},
};

/* Words of mlp_layer_types. */
static const struct {
    const char *word;
    bool moe;
    bool hash;
} mlp_words[] = {
    {"dense", false, false},
    {"sparse", true, false},
    {"moe", true, false},
    {"hash_moe", true, true},
};

static mu_attention_kind base_kind(const mu_config *config)
{
    if (mu_config_has(config, MU_TRAIT_COMPRESSED)) {
        return MU_ATTENTION_COMPRESSED;
    }
    if (mu_config_or(config, MU_FIELD_KV_LORA, 0) == 0) {
        return MU_ATTENTION_FULL;
    }
    return config->present[MU_FIELD_INDEX_TOPK] ? MU_ATTENTION_MLA_SPARSE : MU_ATTENTION_MLA;
}

mu_status mu_layer_plan_read(const mu_config *config, mu_layer_plan *plan, mu_error *err)
{
    *plan = (mu_layer_plan){.config = config, .base = base_kind(config)};
    mu_status status = mu_config_need(config, MU_FIELD_LAYERS, &plan->layers, err);
    if (status != MU_OK) {
        return status;
    }
    plan->experts = mu_config_or(config, MU_FIELD_EXPERTS, 0);
    const mu_node *freq = mu_node_get(config->node, "moe_layer_freq");
    struct {
        const char *key;
        uint32_t count;
        const mu_node **list;
    } lists[] = {
        {"layer_types", plan->layers, &plan->types},
        {"mlp_layer_types", plan->layers, &plan->mlp},
        {"compress_ratios", plan->layers, &plan->ratios},
        {"indexer_types", plan->layers, &plan->indexers},
        {"no_rope_layers", 0, &plan->no_rope},
        {"moe_layers", 0, &plan->moe},
        {"mlp_only_layers", 0, &plan->dense},
        {"moe_layer_freq", plan->layers, &plan->freq},
    };
    uint32_t count = sizeof lists / sizeof lists[0];
    bool listed = freq != NULL && freq->kind == MU_NODE_LIST;
    for (uint32_t i = 0; i < (listed ? count : count - 1) && status == MU_OK; i++) {
        status = mu_config_list(config, lists[i].key, lists[i].count, lists[i].list, err);
    }
    if (plan->no_rope != NULL && plan->no_rope->count < plan->layers) {
        plan->no_rope = NULL; /* an empty list stands for the interval, as in transformers */
    }
    return status;
}

static mu_status entry_count(const mu_layer_plan *plan, const mu_node *list, uint32_t index,
                             uint32_t high, uint32_t *out, mu_error *err)
{
    uint64_t value = 0;
    assert(index < list->count);
    mu_status status =
        mu_node_count(plan->config->doc, &list->child[index], list->key, 0, high, &value, err);
    *out = status == MU_OK ? (uint32_t)value : *out;
    return status;
}

static mu_status entry_text(const mu_layer_plan *plan, const mu_node *list, uint32_t index,
                            const char **out, mu_error *err)
{
    assert(index < list->count);
    return mu_node_text(plan->config->doc, &list->child[index], list->key, out, err);
}

/* Is `index` among the numbers of a list? */
static mu_status lists_index(const mu_layer_plan *plan, const mu_node *list, uint32_t index,
                             bool *out, mu_error *err)
{
    *out = false;
    for (uint32_t i = 0; i < list->count && !*out; i++) {
        uint32_t value = 0;
        mu_status status = entry_count(plan, list, i, MU_MODEL_LAYERS_MAX, &value, err);
        if (status != MU_OK) {
            return status;
        }
        *out = value == index;
    }
    return MU_OK;
}

static mu_status attention_by_word(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                                   mu_error *err)
{
    const char *word = NULL;
    mu_status status = entry_text(plan, plan->types, index, &word, err);
    if (status != MU_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof attention_words / sizeof attention_words[0]; i++) {
        if (strcmp(attention_words[i].word, word) == 0) {
            out->attention = attention_words[i].base ? plan->base : attention_words[i].attention;
            out->compress = attention_words[i].compress;
            if (plan->base == MU_ATTENTION_COMPRESSED) {
                out->attention = MU_ATTENTION_COMPRESSED;
            }
            return MU_OK;
        }
    }
    return mu_node_fail(plan->config->doc, &plan->types->child[index], err,
                        "layer_types: \"%.64s\" is no kind of layer that is known", word);
}

/* Every interval-th layer sees everything, the others are `other`. */
static void attention_by_interval(uint32_t index, uint32_t interval, mu_attention_kind other,
                                  mu_layer_kind *out)
{
    if ((index + 1) % interval != 0) {
        out->attention = other;
    }
}

static mu_status attention_by_rope(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                                   mu_error *err)
{
    uint32_t interval = plan->config->value[MU_FIELD_NO_ROPE_INTERVAL];
    if (plan->no_rope == NULL) {
        attention_by_interval(index, interval, MU_ATTENTION_WINDOW, out);
        return MU_OK;
    }
    uint32_t rope = 0;
    mu_status status = entry_count(plan, plan->no_rope, index, 1, &rope, err);
    out->attention = rope == 1 ? MU_ATTENTION_WINDOW : out->attention;
    return status;
}

/* Windows as `sliding_window`, its pattern or its first layer lay them out. */
static void attention_by_window(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out)
{
    const mu_config *config = plan->config;
    uint32_t window = mu_config_or(config, MU_FIELD_WINDOW, 0);
    if (window == 0 || !mu_config_has(config, MU_TRAIT_WINDOW_ON) ||
        plan->base != MU_ATTENTION_FULL) {
        return;
    }
    if (config->present[MU_FIELD_WINDOW_PATTERN]) {
        attention_by_interval(index, config->value[MU_FIELD_WINDOW_PATTERN], MU_ATTENTION_WINDOW,
                              out);
    } else if (index >= mu_config_or(config, MU_FIELD_WINDOW_FROM, 0)) {
        out->attention = MU_ATTENTION_WINDOW;
    }
}

static mu_status attention_at(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                              mu_error *err)
{
    const mu_config *config = plan->config;
    out->attention = plan->base;
    if (plan->ratios != NULL && plan->base == MU_ATTENTION_COMPRESSED) {
        return entry_count(plan, plan->ratios, index, RATIO_MAX, &out->compress, err);
    }
    if (plan->types != NULL) {
        return attention_by_word(plan, index, out, err);
    }
    if (plan->base == MU_ATTENTION_COMPRESSED) {
        out->compress = index < 2 || index % 2 == 0 ? HEAVY_RATIO : INDEXED_RATIO;
    } else if (config->present[MU_FIELD_FULL_INTERVAL] && config->present[MU_FIELD_KEY_HEADS]) {
        attention_by_interval(index, config->value[MU_FIELD_FULL_INTERVAL], MU_ATTENTION_LINEAR,
                              out);
    } else if (config->present[MU_FIELD_NO_ROPE_INTERVAL] &&
               mu_config_or(config, MU_FIELD_CHUNK, 0) > 0) {
        return attention_by_rope(plan, index, out, err);
    } else {
        attention_by_window(plan, index, out);
    }
    return MU_OK;
}

/* GLM-5.2 and later: some layers use the picks of the layer before. */
static mu_status indexer_at(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                            mu_error *err)
{
    const mu_config *config = plan->config;
    out->own_index = out->attention == MU_ATTENTION_MLA_SPARSE ||
                     (out->attention == MU_ATTENTION_COMPRESSED && out->compress == INDEXED_RATIO);
    if (out->attention != MU_ATTENTION_MLA_SPARSE) {
        return MU_OK;
    }
    if (plan->indexers != NULL) {
        const char *word = "";
        mu_status status = entry_text(plan, plan->indexers, index, &word, err);
        out->own_index = strcmp(word, "shared") != 0;
        return status;
    }
    uint32_t every = mu_config_or(config, MU_FIELD_INDEX_FREQ, 1);
    uint32_t offset = mu_config_or(config, MU_FIELD_INDEX_OFFSET, 0);
    uint32_t past = index + 1 > offset ? index + 1 - offset : 0;
    out->own_index = past % every == 0;
    return MU_OK;
}

static mu_status mlp_by_word(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                             mu_error *err)
{
    const char *word = NULL;
    mu_status status = entry_text(plan, plan->mlp, index, &word, err);
    if (status != MU_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof mlp_words / sizeof mlp_words[0]; i++) {
        if (strcmp(mlp_words[i].word, word) == 0) {
            out->moe = mlp_words[i].moe;
            out->hash = mlp_words[i].hash;
            return MU_OK;
        }
    }
    return mu_node_fail(plan->config->doc, &plan->mlp->child[index], err,
                        "mlp_layer_types: expected dense, sparse, moe or hash_moe, found "
                        "\"%.64s\"",
                        word);
}

static mu_status moe_at(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                        mu_error *err)
{
    const mu_config *config = plan->config;
    if (plan->mlp != NULL) {
        return mlp_by_word(plan, index, out, err);
    }
    out->hash = index < mu_config_or(config, MU_FIELD_HASH_LAYERS, 0);
    if (plan->moe != NULL && plan->moe->count > 0) {
        return lists_index(plan, plan->moe, index, &out->moe, err);
    }
    if (plan->freq != NULL) {
        uint32_t on = 0;
        mu_status status = entry_count(plan, plan->freq, index, 1, &on, err);
        out->moe = on == 1;
        return status;
    }
    out->moe = index >= mu_config_or(config, MU_FIELD_FIRST_DENSE, 0) &&
               index % mu_config_or(config, MU_FIELD_MOE_FREQ, 1) == 0 &&
               (index + 1) % mu_config_or(config, MU_FIELD_MOE_STEP, 1) == 0;
    if (out->moe && plan->dense != NULL) {
        bool dense = false;
        mu_status status = lists_index(plan, plan->dense, index, &dense, err);
        out->moe = !dense;
        return status;
    }
    return MU_OK;
}

mu_status mu_layer_plan_at(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                           mu_error *err)
{
    assert(index < plan->layers);
    *out = (mu_layer_kind){0};
    mu_status status = attention_at(plan, index, out, err);
    if (status == MU_OK) {
        status = indexer_at(plan, index, out, err);
    }
    if (status == MU_OK && plan->experts > 0) {
        status = moe_at(plan, index, out, err);
    }
    return status;
}

/* MTP layers see everything, have their own indexer and the experts of the last layer; DeepSeek-V4
 * lists theirs after the others. */
mu_status mu_layer_plan_mtp(const mu_layer_plan *plan, mu_layer_kind *out, mu_error *err)
{
    mu_status status = mu_layer_plan_at(plan, plan->layers - 1, out, err);
    if (status != MU_OK) {
        return status;
    }
    out->attention = plan->base;
    out->compress = 0;
    out->hash = false;
    if (plan->base == MU_ATTENTION_COMPRESSED && plan->ratios != NULL &&
        plan->ratios->count > plan->layers) {
        status = entry_count(plan, plan->ratios, plan->layers, RATIO_MAX, &out->compress, err);
    }
    out->own_index = plan->base == MU_ATTENTION_MLA_SPARSE ||
                     (plan->base == MU_ATTENTION_COMPRESSED && out->compress == INDEXED_RATIO);
    return status;
}
