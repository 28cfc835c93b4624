/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KV-cache bytes of one sequence.
 *
 * What:  what a layer keeps of the tokens it has seen, as engines store it.
 * Why:   memory fit, cache transfer and the bytes decode attention reads follow from it.
 * Terms: entry = what one token (or one group of folded tokens) leaves behind.
 * Bound: no page padding; fractions of an entry count as fractions.
 */
#include "model/model.h"

#include <assert.h>
#include <math.h>

/* Keys of DeepSeek-V3.2's indexer are FP8 with an FP32 scale a 128 values in every engine (DeepGEMM
 * logits kernels, SGLang, vLLM), whatever the rest of the cache is. */
static const double INDEX_KEY_BYTES = 1.0 + 4.0 / 128.0;

/* Engines keep the state of a gated delta net in FP32 (vLLM and SGLang default for Qwen3-Next), the
 * inputs of its convolution in 16 bits. */
static const double STATE_BYTES = 4.0;
static const double CONV_BYTES = 2.0;

static double grouped_entry(const mu_attention *a)
{
    return (double)a->kv_heads * ((double)a->qk_dim + a->v_dim);
}

static double linear_bytes(const mu_attention *a)
{
    double state = (double)a->value_heads * a->key_dim * a->value_dim;
    double channels = 2.0 * a->key_heads * a->key_dim + (double)a->value_heads * a->value_dim;
    return state * STATE_BYTES + channels * (a->conv - 1.0) * CONV_BYTES;
}

/* A window of plain entries (key and value are one), and folded ones with their index keys. */
static double compressed_bytes(const mu_attention *a, double tokens, double element_bytes)
{
    double elements = fmin(tokens, a->window) * a->qk_dim;
    if (a->compress > 0) {
        elements += tokens / a->compress * ((double)a->qk_dim + a->index_dim);
    }
    return elements * element_bytes;
}

double mu_attention_kv_bytes(const mu_attention *attention, double tokens, mu_dtype kv)
{
    const mu_attention *a = attention;
    double bytes = mu_dtype_bytes(kv);
    assert(tokens >= 0.0);
    switch (a->kind) {
    case MU_ATTENTION_FULL:
        return tokens * grouped_entry(a) * bytes;
    case MU_ATTENTION_WINDOW:
        return fmin(tokens, a->window) * grouped_entry(a) * bytes;
    case MU_ATTENTION_MLA:
    case MU_ATTENTION_MLA_SPARSE:
        return tokens *
               (((double)a->kv_lora + a->rope_dim) * bytes + a->index_dim * INDEX_KEY_BYTES);
    case MU_ATTENTION_COMPRESSED:
        return compressed_bytes(a, tokens, bytes);
    case MU_ATTENTION_LINEAR:
        return linear_bytes(a);
    }
    return 0.0;
}

double mu_model_kv_bytes(const mu_model *model, double tokens, mu_dtype kv)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < model->group_count; i++) {
        const mu_layer_group *group = &model->group[i];
        sum += group->layers * mu_attention_kv_bytes(&group->attention, tokens, kv);
    }
    return sum;
}
