/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of a model, tensor by tensor.
 *
 * What:  elements of every weight, bias, norm and sink that a published checkpoint holds.
 * Why:   weights in memory and weights read a step follow from them; equality with the published
 *        totals shows that an architecture was understood.
 * Terms: h = hidden size; a linear layer a -> b has a b weights, and b biases where it has any.
 * Bound: exact up to 2^53 elements. Tables that are looked up and not multiplied (token to expert)
 *        are no parameters.
 */
#include "model/model.h"

#include <assert.h>

enum {
    MTP_NORMS = 3, /* of the embedding, of the hidden state, and the last one */
    HYPER_MAPS = 2 /* beside streams x streams: one weight in and one out a stream */
};

static double grouped_params(double h, const mu_attention *a)
{
    double q = (double)a->heads * a->qk_dim * (a->out_gate ? 2.0 : 1.0);
    double k = (double)a->kv_heads * a->qk_dim;
    double v = (double)a->kv_heads * a->v_dim;
    double out = (double)a->heads * a->v_dim;
    return h * (q + k + v + out) + (a->qkv_bias ? q + k + v : 0.0) + (a->out_bias ? h : 0.0) +
           a->qk_norm_params + (a->sinks ? a->heads : 0.0);
}

/* DeepSeek-V3.2's lightning indexer; its key norm has a bias. */
static double indexer_params(double h, const mu_attention *a)
{
    double heads = a->index_heads;
    double dim = a->index_dim;
    return heads > 0.0 ? a->q_lora * heads * dim + h * dim + 2.0 * dim + h * heads : 0.0;
}

static double latent_params(double h, const mu_attention *a)
{
    double queries = (double)a->heads * a->qk_dim;
    double q = a->q_lora == 0 ? h * queries : h * a->q_lora + a->q_lora + a->q_lora * queries;
    double latent = h * ((double)a->kv_lora + a->rope_dim) + a->kv_lora;
    double expand = (double)a->kv_lora * a->heads * ((double)a->nope_dim + a->v_dim);
    double out = (double)a->heads * a->v_dim * h;
    double bias = a->qkv_bias ? (double)a->q_lora + a->kv_lora + a->rope_dim : 0.0;
    return q + latent + expand + out + bias + (a->out_bias ? h : 0.0) + indexer_params(h, a);
}

/* Folding tokens into entries of `dim`: keys and gates, a bias by position and a norm. An indexed
 * layer folds two overlapping series. */
static double compressor_params(double h, double ratio, double dim, bool overlap)
{
    double series = overlap ? 2.0 : 1.0;
    return series * dim * (2.0 * h + ratio) + dim;
}

static double compressed_params(double h, const mu_attention *a)
{
    double dim = a->qk_dim;
    double queries = (double)a->heads * dim;
    double q = h * a->q_lora + a->q_lora + a->q_lora * queries;
    double out = queries * a->o_lora + (double)a->o_groups * a->o_lora * h;
    double sum = q + h * dim + dim + out + (a->sinks ? a->heads : 0.0);
    bool indexed = a->index_heads > 0;
    if (a->compress > 0) {
        sum += compressor_params(h, a->compress, dim, indexed);
    }
    if (indexed) {
        double heads = a->index_heads;
        sum += compressor_params(h, a->compress, a->index_dim, true);
        sum += a->q_lora * heads * a->index_dim + h * heads;
    }
    return sum;
}

/* Gated delta net: q, k, v and gate in; decay and write strength a value head; a convolution over
 * q, k, v; a norm of one value head. */
static double linear_params(double h, const mu_attention *a)
{
    double keys = (double)a->key_heads * a->key_dim;
    double values = (double)a->value_heads * a->value_dim;
    double in = h * (2.0 * keys + 2.0 * values + 2.0 * a->value_heads);
    double conv = (2.0 * keys + values) * a->conv;
    return in + conv + 2.0 * a->value_heads + a->value_dim + values * h;
}

double mu_attention_params(const mu_model *model, const mu_attention *attention)
{
    double h = model->hidden;
    switch (attention->kind) {
    case MU_ATTENTION_MLA:
    case MU_ATTENTION_MLA_SPARSE:
        return latent_params(h, attention);
    case MU_ATTENTION_COMPRESSED:
        return compressed_params(h, attention);
    case MU_ATTENTION_LINEAR:
        return linear_params(h, attention);
    case MU_ATTENTION_FULL:
    case MU_ATTENTION_WINDOW:
        break;
    }
    return grouped_params(h, attention);
}

static double mlp_params(double h, double width, const mu_ffn *ffn)
{
    double in = ffn->gated ? 2.0 * width : width;
    return width > 0.0 ? h * (in + width) + (ffn->bias ? in + h : 0.0) : 0.0;
}

double mu_ffn_dense_params(const mu_model *model, const mu_ffn *ffn)
{
    double h = model->hidden;
    double width = ffn->moe ? ffn->shared_intermediate : ffn->intermediate;
    return mlp_params(h, width, ffn) + (ffn->shared_gate ? h : 0.0);
}

static const mu_ffn *first_moe(const mu_model *model)
{
    for (uint32_t g = 0; g < model->group_count; g++) {
        if (model->group[g].ffn.moe) {
            return &model->group[g].ffn;
        }
    }
    return NULL;
}

uint32_t mu_model_experts(const mu_model *model)
{
    const mu_ffn *ffn = first_moe(model);
    return ffn != NULL ? ffn->experts : 0;
}

uint32_t mu_model_experts_picked(const mu_model *model)
{
    const mu_ffn *ffn = first_moe(model);
    return ffn != NULL ? ffn->topk : 0;
}

double mu_ffn_expert_params(const mu_model *model, const mu_ffn *ffn)
{
    return ffn->moe ? mlp_params(model->hidden, ffn->intermediate, ffn) : 0.0;
}

double mu_ffn_router_params(const mu_model *model, const mu_ffn *ffn)
{
    double experts = ffn->moe ? ffn->experts : 0.0;
    return experts * ((double)model->hidden + (ffn->router_bias ? 1.0 : 0.0));
}

/* Mixing of `n` residual streams before and after one half of a layer. */
static double hyper_params(double h, double n)
{
    double maps = (HYPER_MAPS + n) * n;
    return n > 0.0 ? maps * (n * h + 1.0) + HYPER_MAPS + 1.0 : 0.0;
}

/* Their end: the streams joined into one. */
static double hyper_end_params(double h, double n)
{
    return n > 0.0 ? n * (n * h + 1.0) + 1.0 : 0.0;
}

static double norm_params(const mu_model *model, const mu_layer_group *group)
{
    double h = model->hidden;
    return group->norms * h * (group->norm_bias ? 2.0 : 1.0) + 2.0 * hyper_params(h, group->hyper);
}

/* One layer of a group added `times` times. */
static void add_group(const mu_model *model, const mu_layer_group *group, double times,
                      mu_model_params *out)
{
    const mu_ffn *ffn = &group->ffn;
    double plain = mu_ffn_dense_params(model, ffn);
    out->attention += times * mu_attention_params(model, &group->attention);
    out->norm += times * norm_params(model, group);
    out->router += times * mu_ffn_router_params(model, ffn);
    out->routed_experts += times * ffn->experts * mu_ffn_expert_params(model, ffn);
    if (ffn->moe) {
        out->shared_experts += times * plain;
    } else {
        out->dense_ffn += times * plain;
    }
}

static double sum_of(const mu_model_params *p)
{
    return p->attention + p->dense_ffn + p->shared_experts + p->routed_experts + p->router +
           p->embedding + p->norm;
}

static double mtp_params(const mu_model *model)
{
    double h = model->hidden;
    mu_model_params one = {0};
    if (model->mtp_layers == 0) {
        return 0.0;
    }
    add_group(model, &model->mtp, 1.0, &one);
    return model->mtp_layers *
           (sum_of(&one) + 2.0 * h * h + MTP_NORMS * h + hyper_end_params(h, model->mtp.hyper));
}

mu_model_params mu_model_count(const mu_model *model)
{
    assert(model->group_count > 0);
    mu_model_params out = {0};
    double h = model->hidden;
    double idle = 0.0;
    for (uint32_t i = 0; i < model->group_count; i++) {
        const mu_layer_group *group = &model->group[i];
        const mu_ffn *ffn = &group->ffn;
        add_group(model, group, group->layers, &out);
        idle +=
            (double)group->layers * (ffn->experts - ffn->topk) * mu_ffn_expert_params(model, ffn);
    }
    double table = (double)model->vocab * h;
    out.embedding = model->tied_embeddings ? table : 2.0 * table;
    out.embedding += (model->head_bias ? model->vocab : 0.0) + model->learned_positions * h;
    out.norm += h * (model->group[0].norm_bias ? 2.0 : 1.0);
    out.norm += hyper_end_params(h, model->group[0].hyper);
    out.mtp = mtp_params(model);
    out.total = sum_of(&out);
    out.active = out.total - idle;
    return out;
}
