/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Hugging Face config to a model.
 *
 * What:  layers of one kind are gathered in a group; embedding, head, MTP and number formats
 *        beside.
 * Why:   everything above works on groups, so that 61 layers cost as much as their two kinds.
 * Bound: MU_LAYER_GROUPS_MAX kinds of layers; the order of groups that alternate is not kept.
 */
#include "model/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool same_kind(const mu_layer_kind *a, const mu_layer_kind *b)
{
    return a->attention == b->attention && a->compress == b->compress &&
           a->own_index == b->own_index && a->moe == b->moe && a->hash == b->hash;
}

static uint32_t norms_of(const mu_config *config)
{
    if (mu_config_has(config, MU_TRAIT_SANDWICH)) {
        return 4;
    }
    bool one = mu_config_has(config, MU_TRAIT_ONE_NORM) &&
               mu_config_has(config, MU_TRAIT_PARALLEL) &&
               !mu_config_has(config, MU_TRAIT_NEW_DECODER);
    return one ? 1 : 2;
}

static mu_status read_group(const mu_config *config, const mu_layer_kind *kind, mu_layer_group *out,
                            mu_error *err)
{
    *out = (mu_layer_group){.norms = norms_of(config),
                            .norm_bias = mu_config_has(config, MU_TRAIT_NORM_BIAS),
                            .parallel = mu_config_has(config, MU_TRAIT_PARALLEL),
                            .hyper = mu_config_or(config, MU_FIELD_HYPER, 0)};
    mu_status status = mu_attention_read(config, kind, &out->attention, err);
    if (status == MU_OK) {
        status = mu_ffn_read(config, kind, &out->ffn, err);
    }
    return status;
}

/* Adds one layer to the group of its kind, which is made when it is the first. */
static mu_status add_layer(const mu_config *config, const mu_layer_kind *kind,
                           mu_layer_kind kinds[], mu_model *model, mu_error *err)
{
    uint32_t i = 0;
    while (i < model->group_count && !same_kind(&kinds[i], kind)) {
        i++;
    }
    if (i == MU_LAYER_GROUPS_MAX) {
        return mu_node_fail(config->doc, config->node, err, "over %d kinds of layers",
                            MU_LAYER_GROUPS_MAX);
    }
    if (i == model->group_count) {
        mu_status status = read_group(config, kind, &model->group[i], err);
        if (status != MU_OK) {
            return status;
        }
        kinds[i] = *kind;
        model->group_count++;
    }
    model->group[i].layers++;
    return MU_OK;
}

static mu_status read_layers(const mu_config *config, mu_model *model, mu_error *err)
{
    mu_layer_plan plan;
    mu_layer_kind kinds[MU_LAYER_GROUPS_MAX] = {{0}};
    mu_layer_kind kind = {0};
    mu_status status = mu_layer_plan_read(config, &plan, err);
    if (status != MU_OK) {
        return status;
    }
    model->layers = plan.layers;
    for (uint32_t i = 0; i < plan.layers && status == MU_OK; i++) {
        status = mu_layer_plan_at(&plan, i, &kind, err);
        if (status == MU_OK) {
            status = add_layer(config, &kind, kinds, model, err);
        }
    }
    model->mtp_layers = mu_config_or(config, MU_FIELD_MTP, 0);
    if (status != MU_OK) {
        return status;
    }
    status = mu_layer_plan_mtp(&plan, &kind, err);
    if (status == MU_OK) {
        status = read_group(config, &kind, &model->mtp, err);
    }
    model->mtp.layers = model->mtp_layers;
    return status;
}

static mu_status read_ends(const mu_config *config, mu_model *model, mu_error *err)
{
    mu_status status = mu_config_need(config, MU_FIELD_HIDDEN, &model->hidden, err);
    if (status == MU_OK) {
        status = mu_config_need(config, MU_FIELD_VOCAB, &model->vocab, err);
    }
    model->max_position = mu_config_or(config, MU_FIELD_POSITIONS, 0);
    bool learned = mu_config_has(config, MU_TRAIT_LEARNED_POSITIONS);
    model->learned_positions = learned ? model->max_position : 0;
    model->tied_embeddings = mu_config_has(config, MU_TRAIT_TIED);
    model->head_bias = mu_config_has(config, MU_TRAIT_HEAD_BIAS);
    return status;
}

/* Text of a key of a map, or NULL when it is absent or no text. */
static const char *text_of(const mu_node *map, const char *key)
{
    const mu_node *node = mu_node_get(map, key);
    bool text = node != NULL && (node->kind == MU_NODE_SCALAR || node->kind == MU_NODE_STRING);
    return text ? node->text : NULL;
}

/* How a quantization_config says what the weights are: the first row that fits. */
static const struct {
    const char *method;
    const char *path; /* must be there; NULL = nothing more */
    const char *word; /* its text; NULL = any */
    bool experts;     /* of a model with experts only these */
    mu_dtype dtype;
} formats[] = {
    {"fp8", "weight_block_size", NULL, false, MU_DTYPE_FP8_BLOCK},
    {"fp8", NULL, NULL, false, MU_DTYPE_FP8},
    {"mxfp4", NULL, NULL, true, MU_DTYPE_FP4},
    {"modelopt", "quant_algo", "NVFP4", false, MU_DTYPE_FP4},
    {"modelopt", "quant_algo", "FP8", false, MU_DTYPE_FP8},
    {"compressed-tensors", "config_groups.group_0.weights.num_bits", "4", true, MU_DTYPE_INT4},
    {"gptq", "bits", "4", false, MU_DTYPE_INT4},
    {"awq", "bits", "4", false, MU_DTYPE_INT4},
};

static bool says(const mu_node *map, const char *path, const char *word)
{
    const mu_node *node = mu_node_path(map, path);
    bool text = node != NULL && (node->kind == MU_NODE_SCALAR || node->kind == MU_NODE_STRING);
    return node != NULL && (word == NULL || (text && strcmp(node->text, word) == 0));
}

static void read_quantisation(const mu_node *map, bool moe, mu_model *model)
{
    const char *method = text_of(map, "quant_method");
    for (size_t i = 0; method != NULL && i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].method, method) != 0 ||
            (formats[i].path != NULL && !says(map, formats[i].path, formats[i].word))) {
            continue;
        }
        model->experts = formats[i].dtype;
        model->weights = formats[i].experts && moe ? model->weights : formats[i].dtype;
        return;
    }
    if (method != NULL) {
        mu_model_warn(model, "quant_method '%.64s' is not understood: weights taken as %s", method,
                      mu_dtype_text(model->weights));
    }
}

/* Formats the weights are published in. */
static void read_formats(const mu_config *config, mu_model *model)
{
    model->weights = MU_DTYPE_BF16;
    const char *dtype = text_of(config->node, "torch_dtype");
    dtype = dtype != NULL ? dtype : text_of(config->node, "dtype");
    if (dtype != NULL && !mu_dtype_parse(dtype, &model->weights)) {
        mu_model_warn(model, "dtype '%.64s' is not understood: weights taken as %s", dtype,
                      mu_dtype_text(model->weights));
    }
    model->experts = model->weights;
    const mu_node *map = mu_node_get(config->node, "quantization_config");
    map = map != NULL ? map : mu_node_get(config->outer, "quantization_config");
    read_quantisation(map, mu_config_or(config, MU_FIELD_EXPERTS, 0) > 0, model);
    const char *experts = text_of(config->node, "expert_dtype");
    if (experts != NULL) {
        (void)mu_dtype_parse(experts, &model->experts);
    }
    bool block = model->weights == MU_DTYPE_FP8_BLOCK || model->experts == MU_DTYPE_FP8_BLOCK;
    model->fp8 = block ? MU_DTYPE_FP8_BLOCK : MU_DTYPE_FP8;
}

/* Experts that no layer has are most often a slip in the fields that place them. */
static void warn_of_idle_experts(const mu_config *config, mu_model *model)
{
    uint32_t experts = mu_config_or(config, MU_FIELD_EXPERTS, 0);
    bool used = experts < 2;
    for (uint32_t i = 0; i < model->group_count && !used; i++) {
        used = model->group[i].ffn.experts > 0;
    }
    if (!used) {
        mu_model_warn(model, "%u experts, but no layer has them: every layer is read as dense",
                      experts);
    }
}

mu_status mu_model_read(const mu_doc *doc, const mu_node *config, const char *id, mu_model *out,
                        mu_error *err)
{
    mu_config fields;
    mu_model model = {0};
    assert(doc != NULL && id != NULL && out != NULL);
    mu_status status = mu_config_open(doc, config, &fields, &model, err);
    if (status == MU_OK) {
        status = read_ends(&fields, &model, err);
    }
    if (status == MU_OK) {
        status = read_layers(&fields, &model, err);
    }
    if (status != MU_OK) {
        return status;
    }
    warn_of_idle_experts(&fields, &model);
    read_formats(&fields, &model);
    (void)snprintf(model.id, sizeof model.id, "%s", id);
    *out = model;
    return MU_OK;
}
