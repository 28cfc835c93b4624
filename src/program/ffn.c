/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder of the feed-forward: dense, or mixture of experts with its exchange.
 *
 * Terms: where attention ranks all hold the same tokens (dp = 1) experts need no exchange: each
 * rank computes its share and one all-reduce sums. With dp > 1 tokens travel: by dispatch and
 * combine where experts are whole (moe_tp = 1) and the engine has such kernels for them, else by
 * all-gather and reduce-scatter over all ranks.
 */
#include "program/build.h"

#include <assert.h>

static bool exchanges(const mu_parallel *p)
{
    return p->moe_tp == 1 && p->ep > 1 && p->dp * p->cp > 1 && !p->gathers;
}

bool mu_build_splits_tokens(const mu_parallel *parallel, const mu_ffn *ffn)
{
    return ffn->moe && exchanges(parallel);
}

/* gate/up, activation, down; `cut` ranks share the width. */
static void build_mlp(mu_builder *b, mu_part part, double width, bool gated)
{
    double hidden = b->model->hidden;
    double up = gated ? 2.0 * width : width;
    mu_build_linear(b, part, MU_SCOPE_TOKENS, "up", up, hidden);
    mu_build_touch(b, MU_TOUCH_ELEMENTWISE, MU_PART_NORM, MU_SCOPE_TOKENS, 2.0 * up, 2.0 * width);
    mu_build_linear(b, part, MU_SCOPE_TOKENS, "down", hidden, width);
}

static void build_exchange(mu_builder *b, const mu_ffn *ffn, double token_bytes, bool combine)
{
    const mu_parallel *p = b->parallel;
    mu_op *op = mu_build_op(b, MU_OP_EXCHANGE, MU_PART_EXPERT_COMM, MU_SCOPE_TOKENS,
                            combine ? "combine" : "dispatch");
    op->row_scale = b->row_scale / p->tp;
    op->u.exchange.ranks = p->ep;
    op->u.exchange.stride = 1;
    op->u.exchange.topk = ffn->topk;
    op->u.exchange.experts_per_rank = (double)(ffn->experts + p->redundant_experts) / p->ep;
    op->u.exchange.token_bytes = token_bytes;
    if (ffn->groups > 1) {
        op->u.exchange.groups = ffn->groups;
        op->u.exchange.groups_topk = ffn->groups_topk;
    }
    op->u.exchange.combine = combine;
}

/* Bytes of a gathered token: engines that gather by choice quantise to four bits beforehand. */
static double gathered_bytes(const mu_builder *b)
{
    bool small = b->parallel->gathers && b->precision->expert_activations == MU_DTYPE_FP4;
    return b->model->hidden * mu_dtype_bytes(small ? MU_DTYPE_FP4 : MU_DTYPE_BF16);
}

/* All ranks get the tokens of all DP groups, and sum what all computed. */
static void build_gather(mu_builder *b, mu_comm what)
{
    const mu_parallel *p = b->parallel;
    if (p->dp * p->cp == 1) {
        return;
    }
    mu_op *op = mu_build_op(b, MU_OP_COLLECTIVE, MU_PART_EXPERT_COMM, MU_SCOPE_TOKENS, "gather");
    op->u.collective.what = what;
    op->u.collective.ranks = (uint64_t)p->dp * p->cp;
    op->u.collective.stride = p->tp;
    double token_bytes = what == MU_COMM_ALL_GATHER ? gathered_bytes(b) : 2.0 * b->model->hidden;
    op->u.collective.row_bytes = token_bytes * p->dp * p->cp;
}

static void build_experts(mu_builder *b, const mu_ffn *ffn)
{
    const mu_parallel *p = b->parallel;
    mu_op *op = mu_build_op(b, MU_OP_MOE, MU_PART_EXPERTS, MU_SCOPE_TOKENS, "experts");
    double groups = (double)p->dp * p->cp;
    op->u.moe.hidden = b->model->hidden;
    op->u.moe.intermediate = mu_ceil_div(ffn->intermediate, p->moe_tp);
    op->u.moe.experts = ffn->experts;
    op->u.moe.topk = ffn->topk;
    op->u.moe.local_experts = (double)(ffn->experts + p->redundant_experts) / p->ep;
    op->u.moe.groups = groups;
    op->u.moe.pairs_per_row = groups * ffn->topk / p->ep;
    op->u.moe.gated = ffn->gated;
    op->u.moe.activations = b->precision->expert_activations;
    op->u.moe.weights = b->precision->experts;
}

static void build_shared(mu_builder *b, const mu_ffn *ffn)
{
    if (ffn->shared_intermediate == 0) {
        return;
    }
    const mu_parallel *p = b->parallel;
    bool whole = exchanges(p);
    uint32_t first = b->out->op_count;
    build_mlp(b, MU_PART_SHARED,
              whole ? (double)ffn->shared_intermediate : (double)ffn->shared_intermediate / p->tp,
              ffn->gated);
    for (uint32_t i = first; i < b->out->op_count; i++) {
        b->out->op[i].overlaps = true;
        if (whole) {
            b->out->op[i].row_scale = b->row_scale / p->tp;
        }
    }
}

static void build_moe(mu_builder *b, const mu_ffn *ffn)
{
    const mu_parallel *p = b->parallel;
    double hidden = b->model->hidden;
    double row_bytes = 2.0 * hidden;
    bool travel = exchanges(p);
    double scale = b->row_scale;
    if (travel) {
        b->row_scale = scale / p->tp;
    }
    mu_build_linear_bf16(b, MU_PART_ROUTER, MU_SCOPE_TOKENS, "router", ffn->experts, hidden);
    mu_build_touch(b, MU_TOUCH_ROUTE, MU_PART_ROUTER, MU_SCOPE_TOKENS, 4.0 * ffn->experts,
                   16.0 * ffn->topk);
    b->row_scale = scale;
    if (travel) {
        build_exchange(b, ffn, hidden * mu_dtype_bytes(b->precision->dispatch), false);
    } else {
        build_gather(b, MU_COMM_ALL_GATHER);
    }
    build_experts(b, ffn);
    build_shared(b, ffn);
    if (travel) {
        build_exchange(b, ffn, row_bytes, true);
        mu_build_tensor_comm(b, MU_COMM_ALL_GATHER, MU_SCOPE_TOKENS, row_bytes);
    } else {
        build_gather(b, MU_COMM_REDUCE_SCATTER);
        mu_build_tensor_comm(b, MU_COMM_ALL_REDUCE, MU_SCOPE_TOKENS, row_bytes);
    }
}

void mu_build_ffn(mu_builder *b, const mu_ffn *ffn)
{
    double hidden = b->model->hidden;
    mu_build_touch(b, MU_TOUCH_NORM, MU_PART_NORM, MU_SCOPE_TOKENS, 4.0 * hidden, 4.0 * hidden);
    if (ffn->moe) {
        build_moe(b, ffn);
        return;
    }
    build_mlp(b, MU_PART_DENSE, (double)ffn->intermediate / b->parallel->tp, ffn->gated);
    mu_build_tensor_comm(b, MU_COMM_ALL_REDUCE, MU_SCOPE_TOKENS, 2.0 * hidden);
}
