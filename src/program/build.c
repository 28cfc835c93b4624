/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder of a program: embedding, layers, head, drafts.
 *
 * What:  model + parallelism -> blocks of operators of one rank.
 * Terms: ranks are numbered tp fastest, then cp, dp, pp; expert tensor parallelism is fastest among
 *        the expert ranks. A block is one kind of layer.
 */
#include "program/build.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const char *mu_part_text(mu_part part)
{
    static const char *const text[] = {
#define X(name, word) word,
        MU_PART_LIST(X)
#undef X
    };
    assert((unsigned)part < MU_PART_COUNT);
    return text[part];
}

mu_op *mu_build_op(mu_builder *b, mu_op_kind kind, mu_part part, mu_scope scope, const char *name)
{
    assert(b->out->op_count < MU_OPS_MAX);
    mu_op *op = &b->out->op[b->out->op_count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->part = part;
    op->scope = scope;
    op->name = name;
    op->row_scale = b->row_scale;
    op->draft = b->draft;
    return op;
}

void mu_build_touch(mu_builder *b, mu_touch touch, mu_part part, mu_scope scope, double read_bytes,
                    double write_bytes)
{
    mu_op *op = mu_build_op(b, MU_OP_STREAM, part, scope, "stream");
    op->u.stream.touch = touch;
    op->u.stream.read_bytes = read_bytes;
    op->u.stream.write_bytes = write_bytes;
    op->u.stream.kernels = 1.0;
}

static void build_gemm(mu_builder *b, mu_part part, mu_scope scope, const char *name,
                       const double nk[2], mu_dtype activations, mu_dtype weights)
{
    mu_op *op = mu_build_op(b, MU_OP_GEMM, part, scope, name);
    op->u.gemm.n = (uint32_t)ceil(nk[0]);
    op->u.gemm.k = (uint32_t)ceil(nk[1]);
    op->u.gemm.batch = 1;
    op->u.gemm.activations = activations;
    op->u.gemm.weights = weights;
}

/*
 * Who quantises a linear layer's input: INT8 kernels themselves, as their tables have it;
 * per-tensor FP8 and FP4 the norm or activation before them; block-scaled FP8 a pass of its own.
 */
static bool needs_quantise(mu_dtype activations)
{
    return activations == MU_DTYPE_FP8_BLOCK;
}

void mu_build_linear(mu_builder *b, mu_part part, mu_scope scope, const char *name, double n,
                     double k)
{
    mu_dtype activations = b->precision->activations;
    if (needs_quantise(activations)) {
        mu_build_touch(b, MU_TOUCH_QUANTISE, MU_PART_NORM, scope, 2.0 * k,
                       mu_dtype_bytes(activations) * k);
    }
    build_gemm(b, part, scope, name, (double[2]){n, k}, activations, b->precision->weights);
}

void mu_build_linear_bf16(mu_builder *b, mu_part part, mu_scope scope, const char *name, double n,
                          double k)
{
    build_gemm(b, part, scope, name, (double[2]){n, k}, MU_DTYPE_BF16, MU_DTYPE_BF16);
}

void mu_build_tensor_comm(mu_builder *b, mu_comm what, mu_scope scope, double row_bytes)
{
    if (b->parallel->tp == 1) {
        return;
    }
    mu_op *op = mu_build_op(b, MU_OP_COLLECTIVE, MU_PART_TENSOR_COMM, scope, "tensor_comm");
    op->u.collective.what = what;
    op->u.collective.ranks = b->parallel->tp;
    op->u.collective.stride = 1;
    op->u.collective.row_bytes = row_bytes;
}

static void begin_block(mu_builder *b, double repeat, bool overlap)
{
    assert(b->out->block_count < MU_BLOCKS_MAX);
    mu_block *block = &b->out->block[b->out->block_count];
    block->first = b->out->op_count;
    block->repeat = repeat;
    block->overlap = overlap;
}

static void end_block(mu_builder *b)
{
    mu_block *block = &b->out->block[b->out->block_count++];
    block->count = b->out->op_count - block->first;
}

/* One layer: attention, its reduction over tp, feed-forward with its own communication. */
static void build_layer(mu_builder *b, const mu_layer_group *group)
{
    mu_build_attention(b, &group->attention);
    double row_bytes = 2.0 * b->model->hidden;
    if (mu_build_splits_tokens(b->parallel, &group->ffn)) {
        mu_build_tensor_comm(b, MU_COMM_REDUCE_SCATTER, MU_SCOPE_TOKENS, row_bytes);
    } else if (!group->parallel) {
        mu_build_tensor_comm(b, MU_COMM_ALL_REDUCE, MU_SCOPE_TOKENS, row_bytes);
    }
    mu_build_ffn(b, &group->ffn);
}

static void build_embedding(mu_builder *b)
{
    double hidden = b->model->hidden;
    begin_block(b, 1.0, false);
    mu_build_touch(b, MU_TOUCH_EMBEDDING, MU_PART_HEAD, MU_SCOPE_TOKENS, 2.0 * hidden,
                   2.0 * hidden);
    mu_build_tensor_comm(b, MU_COMM_ALL_REDUCE, MU_SCOPE_TOKENS, 2.0 * hidden);
    end_block(b);
}

static void build_head(mu_builder *b)
{
    double hidden = b->model->hidden;
    double vocab = b->model->vocab;
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_HEAD, MU_SCOPE_LOGITS, 2.0 * hidden, 2.0 * hidden);
    mu_build_linear_bf16(b, MU_PART_HEAD, MU_SCOPE_LOGITS, "lm_head", vocab / b->parallel->tp,
                         hidden);
    mu_build_tensor_comm(b, MU_COMM_ALL_GATHER, MU_SCOPE_LOGITS, 2.0 * vocab);
    mu_build_touch(b, MU_TOUCH_SAMPLE, MU_PART_HEAD, MU_SCOPE_LOGITS, 4.0 * vocab, 4.0);
}

/* A draft pass: joins embedding and hidden state, runs one layer and the head; prompts pass once.
 */
static void build_drafts(mu_builder *b)
{
    const mu_model *model = b->model;
    double hidden = model->hidden;
    b->draft = true;
    begin_block(b, b->parallel->mtp, false);
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 4.0 * hidden, 4.0 * hidden);
    mu_build_linear(b, MU_PART_DENSE, MU_SCOPE_TOKENS, "draft_join", hidden, 2.0 * hidden);
    build_layer(b, &model->mtp);
    build_head(b);
    end_block(b);
    b->draft = false;
}

static void build_stage_send(mu_builder *b)
{
    const mu_parallel *p = b->parallel;
    if (p->pp == 1) {
        return;
    }
    mu_op *op = mu_build_op(b, MU_OP_COLLECTIVE, MU_PART_PIPELINE_COMM, MU_SCOPE_TOKENS, "send");
    op->u.collective.what = MU_COMM_SEND;
    op->u.collective.ranks = 2;
    op->u.collective.stride = (uint64_t)p->tp * p->cp * p->dp;
    op->u.collective.row_bytes = 2.0 * b->model->hidden / p->tp;
}

void mu_program_build(const mu_model *model, const mu_parallel *parallel,
                      const mu_precision *precision, mu_program *out)
{
    memset(out, 0, sizeof *out);
    out->parallel = *parallel;
    out->precision = *precision;
    out->ranks = (double)parallel->tp * parallel->pp * parallel->cp * parallel->dp;
    mu_builder builder = {.out = out,
                          .model = model,
                          .parallel = parallel,
                          .precision = precision,
                          .row_scale = 1.0 / parallel->cp};
    mu_builder *b = &builder;
    /* The heaviest stage holds ceil(layers / pp) layers, of each kind in proportion. */
    double stage = (double)mu_ceil_div(model->layers, parallel->pp) / model->layers;
    build_embedding(b);
    for (uint32_t g = 0; g < model->group_count; g++) {
        begin_block(b, model->group[g].layers * stage, true);
        build_layer(b, &model->group[g]);
        end_block(b);
    }
    begin_block(b, 1.0, false);
    build_head(b);
    build_stage_send(b);
    end_block(b);
    if (parallel->mtp > 0) {
        build_drafts(b);
    }
}

void mu_program_build_attention(const mu_attention *attention, uint32_t hidden,
                                const mu_precision *precision, mu_program *out)
{
    const mu_parallel whole = {.tp = 1, .pp = 1, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 1};
    const mu_model model = {.hidden = hidden};
    memset(out, 0, sizeof *out);
    out->parallel = whole;
    out->precision = *precision;
    out->ranks = 1.0;
    mu_builder b = {
        .out = out, .model = &model, .parallel = &whole, .precision = precision, .row_scale = 1.0};
    begin_block(&b, 1.0, false);
    mu_build_attention(&b, attention);
    end_block(&b);
}

double mu_program_launches(const mu_program *program)
{
    double launches = 0.0;
    for (uint32_t b = 0; b < program->block_count; b++) {
        launches += program->block[b].repeat * program->block[b].count;
    }
    return launches;
}

double mu_load_rows(const mu_load *load, mu_scope scope, double mtp)
{
    double decode = load->decode_sequences * (1.0 + mtp);
    switch (scope) {
    case MU_SCOPE_TOKENS:
        return load->prefill_tokens + decode;
    case MU_SCOPE_PREFILL:
        return load->prefill_tokens;
    case MU_SCOPE_CONTEXT:
        return load->prefill_tokens + load->prefill_cached * load->prefill_sequences;
    case MU_SCOPE_DECODE:
        return decode;
    case MU_SCOPE_LOGITS:
    case MU_SCOPE_COUNT:
        break;
    }
    assert(scope == MU_SCOPE_LOGITS);
    return load->prefill_sequences + decode;
}

uint64_t mu_op_hash(const mu_op *op)
{
    /* FNV-1a over words, folded as a product only carries upwards; operators are zeroed before they
     * are filled, so padding is zero. The part and the name don't change the cost; scope and
     * row_scale only through the rows. */
    mu_op key;
    memset(&key, 0, sizeof key);
    key.kind = op->kind;
    memcpy(&key.u, &op->u, sizeof key.u);
    const unsigned char *bytes = (const unsigned char *)&key;
    uint64_t hash = UINT64_C(14695981039346656037);
    _Static_assert(sizeof key % sizeof hash == 0, "whole words");
    for (size_t i = 0; i < sizeof key; i += sizeof hash) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(1099511628211);
        hash ^= hash >> 32;
    }
    return hash;
}
