/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention and feed-forward part of one kind of layer.
 *
 * What:  fields to mu_attention and mu_ffn, with what must divide what.
 * Why:   called once a layer group; the list of layers is layers.c.
 */
#include "model/config.h"

#include <assert.h>

/* A field wanted into a slot. */
typedef struct want {
    mu_field field;
    uint32_t *slot;
} want;

static mu_status need_all(const mu_config *config, const want wants[], uint32_t count,
                          mu_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        mu_status status = mu_config_need(config, wants[i].field, wants[i].slot, err);
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static mu_status must_divide(const mu_config *config, mu_field part, uint32_t divisor,
                             mu_field whole, uint32_t number, mu_error *err)
{
    assert(divisor > 0);
    if (number % divisor != 0) {
        return mu_config_fail(config, part, err, "%u does not divide %s, %u", divisor,
                              mu_config_name(config, whole), number);
    }
    return MU_OK;
}

static mu_status head_dim(const mu_config *config, uint32_t *out, mu_error *err)
{
    uint32_t hidden = 0;
    uint32_t heads = 0;
    if (config->present[MU_FIELD_HEAD_DIM]) {
        *out = config->value[MU_FIELD_HEAD_DIM];
        return MU_OK;
    }
    const want wants[] = {{MU_FIELD_HIDDEN, &hidden}, {MU_FIELD_HEADS, &heads}};
    mu_status status = need_all(config, wants, 2, err);
    if (status == MU_OK) {
        status = must_divide(config, MU_FIELD_HEADS, heads, MU_FIELD_HIDDEN, hidden, err);
    }
    *out = status == MU_OK ? hidden / heads : 0;
    return status;
}

static uint32_t kv_heads(const mu_config *config, uint32_t heads)
{
    bool single =
        mu_config_has(config, MU_TRAIT_MULTI_QUERY) && !mu_config_has(config, MU_TRAIT_NEW_DECODER);
    return single ? 1 : mu_config_or(config, MU_FIELD_KV_HEADS, heads);
}

static uint32_t qk_norm_params(const mu_config *config, const mu_attention *attention)
{
    if (!attention->qk_norm || mu_config_has(config, MU_TRAIT_QK_NORM_BARE)) {
        return 0;
    }
    bool wide = mu_config_has(config, MU_TRAIT_QK_NORM_WIDE);
    return (wide ? attention->heads + attention->kv_heads : 2) * attention->qk_dim;
}

static mu_status read_grouped(const mu_config *config, const mu_layer_kind *kind, mu_attention *out,
                              mu_error *err)
{
    mu_status status = head_dim(config, &out->qk_dim, err);
    if (status != MU_OK) {
        return status;
    }
    out->v_dim = out->qk_dim;
    out->kv_heads = kv_heads(config, out->heads);
    out->qk_norm = mu_config_has(config, MU_TRAIT_QK_NORM);
    out->qk_norm_params = qk_norm_params(config, out);
    out->out_gate = mu_config_has(config, MU_TRAIT_OUT_GATE);
    if (kind->attention == MU_ATTENTION_WINDOW) {
        out->window = mu_config_or(config, MU_FIELD_WINDOW, 0);
        if (out->window == 0) {
            out->window = mu_config_or(config, MU_FIELD_CHUNK, 0);
        }
        if (out->window == 0) {
            return mu_config_fail(config, MU_FIELD_WINDOW, err,
                                  "missing, and some layers have a window");
        }
    }
    return must_divide(config, MU_FIELD_KV_HEADS, out->kv_heads, MU_FIELD_HEADS, out->heads, err);
}

static mu_status read_indexer(const mu_config *config, const mu_layer_kind *kind, mu_attention *out,
                              mu_error *err)
{
    const want wants[] = {{MU_FIELD_INDEX_HEADS, &out->index_heads},
                          {MU_FIELD_INDEX_DIM, &out->index_dim},
                          {MU_FIELD_INDEX_TOPK, &out->index_topk}};
    mu_status status = need_all(config, wants, sizeof wants / sizeof wants[0], err);
    if (status == MU_OK && out->q_lora == 0) {
        return mu_config_fail(config, MU_FIELD_Q_LORA, err, "missing, and the indexer reads it");
    }
    if (!kind->own_index) {
        out->index_heads = 0;
        out->index_dim = 0;
    }
    return status;
}

static mu_status read_latent(const mu_config *config, const mu_layer_kind *kind, mu_attention *out,
                             mu_error *err)
{
    const want wants[] = {{MU_FIELD_KV_LORA, &out->kv_lora},
                          {MU_FIELD_NOPE_DIM, &out->nope_dim},
                          {MU_FIELD_ROPE_DIM, &out->rope_dim},
                          {MU_FIELD_V_DIM, &out->v_dim}};
    mu_status status = need_all(config, wants, sizeof wants / sizeof wants[0], err);
    if (status != MU_OK) {
        return status;
    }
    out->q_lora = mu_config_or(config, MU_FIELD_Q_LORA, 0);
    out->kv_heads = 1;
    out->qk_dim = out->nope_dim + out->rope_dim;
    if (kind->attention == MU_ATTENTION_MLA_SPARSE) {
        return read_indexer(config, kind, out, err);
    }
    return MU_OK;
}

static mu_status read_compressed(const mu_config *config, const mu_layer_kind *kind,
                                 mu_attention *out, mu_error *err)
{
    const want wants[] = {{MU_FIELD_HEAD_DIM, &out->qk_dim}, {MU_FIELD_WINDOW, &out->window},
                          {MU_FIELD_Q_LORA, &out->q_lora},   {MU_FIELD_ROPE_DIM, &out->rope_dim},
                          {MU_FIELD_O_LORA, &out->o_lora},   {MU_FIELD_O_GROUPS, &out->o_groups}};
    mu_status status = need_all(config, wants, sizeof wants / sizeof wants[0], err);
    if (status != MU_OK) {
        return status;
    }
    if (out->rope_dim > out->qk_dim) {
        return mu_config_fail(config, MU_FIELD_ROPE_DIM, err, "%u is over head_dim, %u",
                              out->rope_dim, out->qk_dim);
    }
    out->nope_dim = out->qk_dim - out->rope_dim;
    out->v_dim = out->qk_dim;
    out->kv_heads = 1;
    out->compress = kind->compress;
    status = must_divide(config, MU_FIELD_O_GROUPS, out->o_groups, MU_FIELD_HEADS, out->heads, err);
    if (status == MU_OK && kind->own_index) {
        status = read_indexer(config, kind, out, err);
    }
    return status;
}

static mu_status read_linear(const mu_config *config, mu_attention *out, mu_error *err)
{
    const want wants[] = {{MU_FIELD_KEY_HEADS, &out->key_heads},
                          {MU_FIELD_KEY_DIM, &out->key_dim},
                          {MU_FIELD_VALUE_HEADS, &out->value_heads},
                          {MU_FIELD_VALUE_DIM, &out->value_dim},
                          {MU_FIELD_CONV, &out->conv}};
    mu_status status = need_all(config, wants, sizeof wants / sizeof wants[0], err);
    if (status != MU_OK) {
        return status;
    }
    out->kv_heads = out->key_heads;
    out->qk_dim = out->key_dim;
    out->v_dim = out->value_dim;
    out->heads = out->value_heads;
    return must_divide(config, MU_FIELD_KEY_HEADS, out->key_heads, MU_FIELD_VALUE_HEADS,
                       out->value_heads, err);
}

mu_status mu_attention_read(const mu_config *config, const mu_layer_kind *kind, mu_attention *out,
                            mu_error *err)
{
    *out = (mu_attention){.kind = kind->attention};
    if (kind->attention == MU_ATTENTION_LINEAR) {
        return read_linear(config, out, err);
    }
    mu_status status = mu_config_need(config, MU_FIELD_HEADS, &out->heads, err);
    if (status != MU_OK) {
        return status;
    }
    out->qkv_bias = mu_config_has(config, MU_TRAIT_QKV_BIAS);
    out->out_bias = out->qkv_bias && !mu_config_has(config, MU_TRAIT_NO_OUT_BIAS);
    out->sinks = mu_config_has(config, MU_TRAIT_SINKS);
    switch (kind->attention) {
    case MU_ATTENTION_MLA:
    case MU_ATTENTION_MLA_SPARSE:
        return read_latent(config, kind, out, err);
    case MU_ATTENTION_COMPRESSED:
        return read_compressed(config, kind, out, err);
    case MU_ATTENTION_FULL:
    case MU_ATTENTION_WINDOW:
    case MU_ATTENTION_LINEAR:
        break;
    }
    return read_grouped(config, kind, out, err);
}

static mu_status read_dense(const mu_config *config, mu_ffn *out, mu_error *err)
{
    if (config->present[MU_FIELD_WIDTH_DENSE]) {
        out->intermediate = config->value[MU_FIELD_WIDTH_DENSE];
        return MU_OK;
    }
    uint32_t hidden = mu_config_or(config, MU_FIELD_HIDDEN, 0);
    if (!out->gated && !config->present[MU_FIELD_WIDTH] && hidden > 0) {
        out->intermediate = 4 * hidden; /* GPT-2, GPT-J, Falcon without a word */
        return MU_OK;
    }
    return mu_config_need(config, MU_FIELD_WIDTH, &out->intermediate, err);
}

/* Width of the shared experts together: said as a whole, or as a number of routed widths. */
static mu_status read_shared(const mu_config *config, mu_ffn *out, mu_error *err)
{
    uint32_t whole = mu_config_or(config, MU_FIELD_SHARED_WIDTH, 0);
    uint32_t number = mu_config_or(config, MU_FIELD_SHARED, whole > 0 ? 1 : 0);
    if (number > MU_MODEL_WIDTH_MAX / out->intermediate) {
        return mu_config_fail(config, MU_FIELD_SHARED, err, "%u experts of width %u are too many",
                              number, out->intermediate);
    }
    out->shared = number;
    out->shared_intermediate = whole > 0 ? whole : number * out->intermediate;
    out->shared_gate = out->shared > 0 && mu_config_has(config, MU_TRAIT_SHARED_GATE);
    return MU_OK;
}

static mu_status read_routing(const mu_config *config, mu_ffn *out, mu_error *err)
{
    const want wants[] = {{MU_FIELD_EXPERTS, &out->experts}, {MU_FIELD_TOPK, &out->topk}};
    mu_status status = need_all(config, wants, 2, err);
    if (status != MU_OK) {
        return status;
    }
    if (out->topk > out->experts) {
        return mu_config_fail(config, MU_FIELD_TOPK, err, "%u chosen of %u experts", out->topk,
                              out->experts);
    }
    uint32_t groups = mu_config_or(config, MU_FIELD_GROUPS, 1);
    out->groups = groups > 0 ? groups : 1;
    out->groups_topk = mu_config_or(config, MU_FIELD_GROUPS_TOPK, out->groups);
    if (out->groups_topk == 0 || out->groups_topk > out->groups) {
        return mu_config_fail(config, MU_FIELD_GROUPS_TOPK, err, "%u chosen of %u groups",
                              out->groups_topk, out->groups);
    }
    return must_divide(config, MU_FIELD_GROUPS, out->groups, MU_FIELD_EXPERTS, out->experts, err);
}

static mu_status read_experts(const mu_config *config, const mu_layer_kind *kind, mu_ffn *out,
                              mu_error *err)
{
    mu_status status = read_routing(config, out, err);
    if (status != MU_OK) {
        return status;
    }
    out->intermediate = mu_config_or(config, MU_FIELD_EXPERT_WIDTH, 0);
    if (out->intermediate == 0) {
        status = mu_config_need(config, MU_FIELD_WIDTH, &out->intermediate, err);
    }
    if (status == MU_OK) {
        status = read_shared(config, out, err);
    }
    out->router_bias = mu_config_has(config, MU_TRAIT_ROUTER_BIAS) && !kind->hash;
    return status;
}

mu_status mu_ffn_read(const mu_config *config, const mu_layer_kind *kind, mu_ffn *out,
                      mu_error *err)
{
    *out = (mu_ffn){.moe = kind->moe,
                    .gated = !mu_config_has(config, MU_TRAIT_UNGATED),
                    .bias = mu_config_has(config, MU_TRAIT_MLP_BIAS),
                    .groups = 1,
                    .groups_topk = 1};
    return kind->moe ? read_experts(config, kind, out, err) : read_dense(config, out, err);
}
