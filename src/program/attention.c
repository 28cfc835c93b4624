/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder of attention: projections, cache, the attention itself.
 *
 * What:  one function a kind: full and windowed (MHA, GQA, MQA), MLA dense and sparse, compressed
 *        (DeepSeek-V4), linear (gated delta net).
 * Terms: heads are cut over tp; KV heads too, until each rank holds one. MLA caches are not cut:
 * each rank keeps the whole latent. Prefill runs MLA expanded, decode absorbed.
 */
#include "program/build.h"

static double kv_row_bytes(const mu_builder *b, double elements)
{
    return elements * mu_dtype_bytes(b->precision->kv);
}

/* Rotary embedding, per-head norms and the write into the cache, as one pass over q, k and v. */
static void build_rope_and_cache(mu_builder *b, double q_elements, double kv_elements)
{
    mu_build_touch(b, MU_TOUCH_ELEMENTWISE, MU_PART_NORM, MU_SCOPE_TOKENS,
                   2.0 * (q_elements + kv_elements),
                   2.0 * q_elements + kv_row_bytes(b, kv_elements));
}

/* Context-parallel prefill: every rank needs the keys and values of all of them. */
static void build_context_gather(mu_builder *b, double kv_elements)
{
    const mu_parallel *p = b->parallel;
    if (p->cp == 1) {
        return;
    }
    mu_op *op = mu_build_op(b, MU_OP_COLLECTIVE, MU_PART_TENSOR_COMM, MU_SCOPE_PREFILL, "context");
    op->row_scale = b->row_scale * p->cp;
    op->u.collective.what = MU_COMM_ALL_GATHER;
    op->u.collective.ranks = p->cp;
    op->u.collective.stride = p->tp;
    op->u.collective.row_bytes = kv_row_bytes(b, kv_elements);
}

typedef struct attention_shape {
    uint32_t heads;
    uint32_t kv_heads;
    uint32_t qk_dim;
    uint32_t v_dim;
    uint32_t window;
    uint32_t compress;
    uint32_t topk;
    uint32_t latent;
    uint32_t latent_v;
    bool mla;
} attention_shape;

static void build_core(mu_builder *b, mu_op_kind kind, const attention_shape *shape)
{
    mu_scope scope = kind == MU_OP_ATTENTION_PREFILL ? MU_SCOPE_PREFILL : MU_SCOPE_DECODE;
    mu_op *op =
        mu_build_op(b, kind, MU_PART_ATTENTION, scope,
                    kind == MU_OP_ATTENTION_PREFILL ? "attention_prefill" : "attention_decode");
    op->u.attention.heads = shape->heads;
    op->u.attention.kv_heads = shape->kv_heads;
    op->u.attention.qk_dim = shape->qk_dim;
    op->u.attention.v_dim = shape->v_dim;
    op->u.attention.window = shape->window;
    op->u.attention.compress = shape->compress;
    op->u.attention.topk = shape->topk;
    op->u.attention.latent = shape->latent;
    op->u.attention.latent_v = shape->latent_v;
    op->u.attention.mla = shape->mla;
    op->u.attention.compute = MU_DTYPE_BF16;
    op->u.attention.kv = b->precision->kv;
}

static void build_gqa(mu_builder *b, const mu_attention *a)
{
    const uint32_t tp = b->parallel->tp;
    uint32_t heads = mu_ceil_div(a->heads, tp);
    uint32_t kv_heads = mu_ceil_div(a->kv_heads, tp);
    double q = (double)heads * a->qk_dim;
    double kv = (double)kv_heads * (a->qk_dim + a->v_dim);
    double out = (double)heads * a->v_dim;
    double hidden = b->model->hidden;
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "qkv",
                    q * (a->out_gate ? 2.0 : 1.0) + kv, hidden);
    build_rope_and_cache(b, q, kv);
    build_context_gather(b, kv);
    attention_shape shape = {.heads = heads,
                             .kv_heads = kv_heads,
                             .qk_dim = a->qk_dim,
                             .v_dim = a->v_dim,
                             .window = a->kind == MU_ATTENTION_WINDOW ? a->window : 0};
    build_core(b, MU_OP_ATTENTION_PREFILL, &shape);
    build_core(b, MU_OP_ATTENTION_DECODE, &shape);
    if (a->out_gate) {
        mu_build_touch(b, MU_TOUCH_ELEMENTWISE, MU_PART_NORM, MU_SCOPE_TOKENS, 4.0 * out,
                       2.0 * out);
    }
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "attention_out", hidden, out);
}

/* Batched product of absorbed MLA: heads times [rows, k] x [k, n]. */
static void build_absorb(mu_builder *b, uint32_t heads, uint32_t n, uint32_t k, const char *name)
{
    mu_op *op = mu_build_op(b, MU_OP_GEMM, MU_PART_PROJECTION, MU_SCOPE_DECODE, name);
    op->u.gemm.n = n;
    op->u.gemm.k = k;
    op->u.gemm.batch = heads;
    op->u.gemm.activations = MU_DTYPE_BF16;
    op->u.gemm.weights = MU_DTYPE_BF16;
}

/* Low-rank query and latent key-value projections; the first halves are on every tp rank. */
static void build_mla_projections(mu_builder *b, const mu_attention *a, uint32_t heads)
{
    double hidden = b->model->hidden;
    double latent = (double)a->kv_lora + a->rope_dim;
    double q = (double)heads * a->qk_dim;
    double first = (a->q_lora > 0 ? a->q_lora : q) + latent;
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "qkv_a", first, hidden);
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 2.0 * first, 2.0 * first);
    if (a->q_lora > 0) {
        mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "q_b", q, a->q_lora);
    }
    build_rope_and_cache(b, (double)heads * a->rope_dim, latent);
}

/* Layers without index heads of their own use the picks of an earlier layer (GLM-5.2). */
static void build_indexer(mu_builder *b, const mu_attention *a)
{
    if (a->index_heads == 0) {
        return;
    }
    double width = (double)a->index_heads * a->index_dim;
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "index_q", width,
                    a->q_lora > 0 ? a->q_lora : b->model->hidden);
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "index_k",
                    (double)a->index_dim + a->index_heads, b->model->hidden);
    for (int decode = 0; decode < 2; decode++) {
        mu_op *op =
            mu_build_op(b, decode ? MU_OP_INDEXER_DECODE : MU_OP_INDEXER_PREFILL, MU_PART_ATTENTION,
                        decode ? MU_SCOPE_DECODE : MU_SCOPE_PREFILL, "indexer");
        op->u.indexer.heads = a->index_heads;
        op->u.indexer.dim = a->index_dim;
        op->u.indexer.topk = a->index_topk;
        op->u.indexer.compress = a->compress > 0 ? a->compress : 1;
        op->u.indexer.compute = MU_DTYPE_FP8;
    }
}

static void build_mla(mu_builder *b, const mu_attention *a)
{
    uint32_t heads = mu_ceil_div(a->heads, b->parallel->tp);
    bool sparse = a->kind == MU_ATTENTION_MLA_SPARSE;
    build_mla_projections(b, a, heads);
    if (sparse) {
        build_indexer(b, a);
    }
    build_context_gather(b, (double)a->kv_lora + a->rope_dim);
    attention_shape absorbed = {.heads = heads,
                                .kv_heads = 1,
                                .qk_dim = a->kv_lora + a->rope_dim,
                                .v_dim = a->kv_lora,
                                .topk = sparse ? a->index_topk : 0,
                                .mla = true};
    attention_shape expanded = {
        .heads = heads, .kv_heads = heads, .qk_dim = a->qk_dim, .v_dim = a->v_dim, .mla = true};
    if (sparse) {
        /* Dense up to topk; beyond, every query gathers latents: the absorbed shape. */
        expanded.topk = a->index_topk;
        expanded.latent = absorbed.qk_dim;
        expanded.latent_v = absorbed.v_dim;
    } else {
        mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_CONTEXT, "kv_b",
                        (double)heads * (a->nope_dim + a->v_dim), a->kv_lora);
    }
    build_core(b, MU_OP_ATTENTION_PREFILL, &expanded);
    build_absorb(b, heads, a->kv_lora, a->nope_dim, "absorb_q");
    build_core(b, MU_OP_ATTENTION_DECODE, &absorbed);
    build_absorb(b, heads, a->v_dim, a->kv_lora, "absorb_v");
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "attention_out", b->model->hidden,
                    (double)heads * a->v_dim);
}

static void build_compressed(mu_builder *b, const mu_attention *a)
{
    uint32_t tp = b->parallel->tp;
    uint32_t heads = mu_ceil_div(a->heads, tp);
    double hidden = b->model->hidden;
    double first = (double)a->q_lora + a->qk_dim;
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "qkv_a", first, hidden);
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 2.0 * first, 2.0 * first);
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "q_b", (double)heads * a->qk_dim,
                    a->q_lora);
    build_rope_and_cache(b, (double)heads * a->rope_dim, a->qk_dim);
    if (a->compress > 0) {
        /* Keys and gates of the compressor; the overlapping form of indexed layers has two of each.
         */
        mu_build_linear_bf16(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "compressor",
                             (a->index_heads > 0 ? 4.0 : 2.0) * a->qk_dim, hidden);
    }
    build_indexer(b, a);
    build_context_gather(b, a->qk_dim);
    attention_shape shape = {.heads = heads,
                             .kv_heads = 1,
                             .qk_dim = a->qk_dim,
                             .v_dim = a->v_dim,
                             .window = a->window,
                             .compress = a->compress,
                             .topk = a->index_topk,
                             .mla = true};
    build_core(b, MU_OP_ATTENTION_PREFILL, &shape);
    build_core(b, MU_OP_ATTENTION_DECODE, &shape);
    double out = (double)heads * a->v_dim;
    if (a->o_lora > 0) {
        double groups = a->o_groups > tp ? (double)a->o_groups / tp : 1.0;
        mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "out_a", groups * a->o_lora,
                        out / groups);
        out = groups * a->o_lora;
    }
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "attention_out", hidden, out);
}

static void build_linear_attention(mu_builder *b, const mu_attention *a)
{
    double tp = b->parallel->tp;
    double hidden = b->model->hidden;
    double keys = (double)a->key_heads * a->key_dim / tp;
    double values = (double)a->value_heads * a->value_dim / tp;
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "linear_in",
                    2.0 * keys + 2.0 * values + 2.0 * a->value_heads / tp, hidden);
    for (int decode = 0; decode < 2; decode++) {
        mu_op *op =
            mu_build_op(b, decode ? MU_OP_LINEAR_DECODE : MU_OP_LINEAR_PREFILL, MU_PART_ATTENTION,
                        decode ? MU_SCOPE_DECODE : MU_SCOPE_PREFILL, "linear_attention");
        op->u.linear.key_heads = mu_ceil_div(a->key_heads, b->parallel->tp);
        op->u.linear.key_dim = a->key_dim;
        op->u.linear.value_heads = mu_ceil_div(a->value_heads, b->parallel->tp);
        op->u.linear.value_dim = a->value_dim;
        op->u.linear.conv = a->conv;
    }
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 4.0 * values, 2.0 * values);
    mu_build_linear(b, MU_PART_PROJECTION, MU_SCOPE_TOKENS, "attention_out", hidden, values);
}

void mu_build_attention(mu_builder *b, const mu_attention *attention)
{
    double hidden = b->model->hidden;
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 4.0 * hidden, 4.0 * hidden);
    switch (attention->kind) {
    case MU_ATTENTION_FULL:
    case MU_ATTENTION_WINDOW:
        build_gqa(b, attention);
        return;
    case MU_ATTENTION_MLA:
    case MU_ATTENTION_MLA_SPARSE:
        build_mla(b, attention);
        return;
    case MU_ATTENTION_COMPRESSED:
        build_compressed(b, attention);
        return;
    case MU_ATTENTION_LINEAR:
        build_linear_attention(b, attention);
        return;
    }
}
