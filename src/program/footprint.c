/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one rank of a deployment holds in memory: weights, cache, scratch.
 *
 * Bound: buffers of libraries and captured graphs are the engine's share (memory_utilisation), not
 * here.
 */
#include "program/build.h"

/* Slots a low-latency exchange keeps for each expert: DeepEP's default of 128 tokens a rank. */
enum { EXCHANGE_SLOTS = 128 };

static double attention_weights(const mu_model *model, const mu_attention *a, uint32_t tp)
{
    double all = mu_attention_params(model, a);
    double copied = 0.0;
    if (a->kind == MU_ATTENTION_MLA || a->kind == MU_ATTENTION_MLA_SPARSE) {
        double index = (double)a->index_heads * a->index_dim * (a->q_lora > 0 ? a->q_lora : 1) +
                       (double)(a->index_dim + a->index_heads) * model->hidden;
        copied = (double)model->hidden * (a->q_lora + a->kv_lora + a->rope_dim) +
                 (a->index_heads > 0 ? index : 0.0);
    } else if (a->kind == MU_ATTENTION_COMPRESSED) {
        copied = (double)model->hidden * (a->q_lora + a->qk_dim);
    } else if (a->kind != MU_ATTENTION_LINEAR && a->kv_heads < tp) {
        /* KV heads are copied tp / kv_heads times. */
        double kv = (double)model->hidden * a->kv_heads * (a->qk_dim + a->v_dim);
        copied = kv * ((double)tp / a->kv_heads - 1.0) / (tp - 1.0);
    }
    copied = copied < all ? copied : all;
    return copied + (all - copied) / tp;
}

static double ffn_weights(const mu_model *model, const mu_ffn *ffn, const mu_parallel *p,
                          const mu_precision *precision)
{
    double linear = mu_dtype_bytes(precision->weights);
    bool whole = mu_build_splits_tokens(p, ffn);
    double dense = mu_ffn_dense_params(model, ffn) / (whole ? 1.0 : p->tp) * linear;
    if (!ffn->moe) {
        return dense;
    }
    double local = (double)(ffn->experts + p->redundant_experts) / p->ep;
    return dense + 2.0 * mu_ffn_router_params(model, ffn) +
           local * mu_ffn_expert_params(model, ffn) / p->moe_tp *
               mu_dtype_bytes(precision->experts);
}

static double layer_weights(const mu_model *model, const mu_layer_group *group,
                            const mu_parallel *p, const mu_precision *precision)
{
    return attention_weights(model, &group->attention, p->tp) * mu_dtype_bytes(precision->weights) +
           ffn_weights(model, &group->ffn, p, precision) + 2.0 * group->norms * model->hidden;
}

static double weights(const mu_model *model, const mu_parallel *p, const mu_precision *precision)
{
    double stage = (double)mu_ceil_div(model->layers, p->pp) / model->layers;
    double sum = 0.0;
    for (uint32_t g = 0; g < model->group_count; g++) {
        sum +=
            layer_weights(model, &model->group[g], p, precision) * model->group[g].layers * stage;
    }
    if (p->mtp > 0) {
        double join = 2.0 * model->hidden * model->hidden * mu_dtype_bytes(precision->weights);
        sum += layer_weights(model, &model->mtp, p, precision) + join;
    }
    /* Input table and head in bf16; on different stages when there are several. */
    double table = 2.0 * (double)model->vocab * model->hidden / p->tp;
    return sum + table * (model->tied_embeddings || p->pp > 1 ? 1.0 : 2.0);
}

/* Share of a sequence's cache on one rank. */
static double kv_share(const mu_attention *a, uint32_t tp)
{
    switch (a->kind) {
    case MU_ATTENTION_FULL:
    case MU_ATTENTION_WINDOW:
        return (double)mu_ceil_div(a->kv_heads, tp) / a->kv_heads;
    case MU_ATTENTION_LINEAR:
        return 1.0 / tp;
    case MU_ATTENTION_MLA:
    case MU_ATTENTION_MLA_SPARSE:
    case MU_ATTENTION_COMPRESSED:
        break;
    }
    return 1.0;
}

/* Slope and constant of the cache around `context`: windows have filled, linear states are
 * constant. */
static void add_cache(const mu_attention *a, double layers, uint32_t tp, mu_dtype kv,
                      double context, mu_footprint *out)
{
    double here = mu_attention_kv_bytes(a, context, kv);
    double slope = (mu_attention_kv_bytes(a, 2.0 * context, kv) - here) / context;
    double share = kv_share(a, tp) * layers;
    out->kv_per_token += slope * share;
    out->kv_per_sequence += (here - slope * context) * share;
}

static void cache(const mu_model *model, const mu_parallel *p, mu_dtype kv, double context,
                  mu_footprint *out)
{
    double stage = (double)mu_ceil_div(model->layers, p->pp) / model->layers;
    for (uint32_t g = 0; g < model->group_count; g++) {
        add_cache(&model->group[g].attention, model->group[g].layers * stage, p->tp, kv, context,
                  out);
    }
    if (p->mtp > 0) {
        add_cache(&model->mtp.attention, 1.0, p->tp, kv, context, out);
    }
}

static double widest_layer(const mu_model *model, const mu_parallel *p)
{
    double widest = 0.0;
    for (uint32_t g = 0; g < model->group_count; g++) {
        const mu_attention *a = &model->group[g].attention;
        const mu_ffn *f = &model->group[g].ffn;
        double q = (double)a->heads * a->qk_dim / p->tp;
        double width = f->moe ? (double)f->intermediate * f->topk / p->moe_tp
                              : (double)f->intermediate / p->tp;
        double both = 2.0 * q + (f->gated ? 3.0 : 2.0) * width;
        widest = both > widest ? both : widest;
    }
    return widest;
}

static double exchange_buffers(const mu_model *model, const mu_parallel *p)
{
    for (uint32_t g = 0; g < model->group_count; g++) {
        const mu_ffn *f = &model->group[g].ffn;
        if (mu_build_splits_tokens(p, f)) {
            /* One buffer to send and one to receive, bf16. */
            return 2.0 * EXCHANGE_SLOTS * (double)(f->experts + p->redundant_experts) * 2.0 *
                   model->hidden;
        }
    }
    return 0.0;
}

mu_footprint mu_program_footprint(const mu_model *model, const mu_parallel *parallel,
                                  const mu_precision *precision, double context)
{
    mu_footprint out = {0};
    out.weights = weights(model, parallel, precision);
    cache(model, parallel, precision->kv, context > 1.0 ? context : 1.0, &out);
    /* Residual stream in and out and the widest layer's intermediates, bf16. */
    out.activations_per_token =
        2.0 * (4.0 * model->hidden + widest_layer(model, parallel)) / parallel->cp;
    out.fixed = exchange_buffers(model, parallel);
    return out;
}
