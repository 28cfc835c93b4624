/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a parallelisation possible for a model? One list of rules, with and without a message.
 */
#include "program/program.h"

#include <stdio.h>

enum { DEGREE_MAX = 1048576, DRAFTS_MAX = 8, REDUNDANT_MAX = 65536 };

/* Heads must be cut evenly; KV heads evenly, or copied when there are fewer of them than ranks. */
static bool heads_cut(const mu_attention *a, uint32_t tp)
{
    if (a->kind == MU_ATTENTION_LINEAR) {
        return a->value_heads % tp == 0 && (a->key_heads % tp == 0 || tp % a->key_heads == 0);
    }
    if (a->heads % tp != 0) {
        return false;
    }
    return a->kv_heads % tp == 0 || tp % a->kv_heads == 0;
}

static const mu_attention *uncut_attention(const mu_model *model, uint32_t tp)
{
    for (uint32_t g = 0; g < model->group_count; g++) {
        if (!heads_cut(&model->group[g].attention, tp)) {
            return &model->group[g].attention;
        }
    }
    return NULL;
}

static bool in_degree(uint32_t degree)
{
    return degree >= 1 && degree <= DEGREE_MAX;
}

static bool degrees_sane(const mu_parallel *p)
{
    return in_degree(p->tp) && in_degree(p->pp) && in_degree(p->cp) && in_degree(p->dp) &&
           in_degree(p->ep) && in_degree(p->moe_tp) &&
           (uint64_t)p->tp * p->cp * p->dp <= DEGREE_MAX;
}

static bool experts_fit(const mu_model *model, const mu_parallel *p)
{
    uint32_t experts = mu_model_experts(model);
    if (experts == 0) {
        return p->ep == 1 && p->redundant_experts == 0;
    }
    return (uint64_t)p->ep * p->moe_tp == (uint64_t)p->tp * p->cp * p->dp &&
           p->redundant_experts <= REDUNDANT_MAX && p->ep <= experts + p->redundant_experts;
}

bool mu_parallel_fits(const mu_model *model, const mu_parallel *p)
{
    return degrees_sane(p) && p->pp <= model->layers && experts_fit(model, p) &&
           p->mtp <= DRAFTS_MAX && (p->microbatches == 1 || p->microbatches == 2) &&
           (p->imbalance == 0.0 || (p->imbalance >= 1.0 && p->imbalance <= 1000.0)) &&
           uncut_attention(model, p->tp) == NULL;
}

static mu_status explain_experts(const mu_model *model, const mu_parallel *p, mu_error *err)
{
    uint32_t experts = mu_model_experts(model);
    if (experts == 0) {
        return mu_fail(err, MU_E_INPUT, "ep %u: %s has no experts, so ep must be 1", p->ep,
                       model->id);
    }
    if (p->ep > experts + p->redundant_experts) {
        return mu_fail(err, MU_E_INPUT,
                       "ep %u: more ranks than the %u expert copies of %s (add redundant_experts)",
                       p->ep, experts + p->redundant_experts, model->id);
    }
    if (p->redundant_experts > REDUNDANT_MAX) {
        return mu_fail(err, MU_E_INPUT, "redundant_experts %u: expected 0 to %d",
                       p->redundant_experts, REDUNDANT_MAX);
    }
    return mu_fail(err, MU_E_INPUT,
                   "ep %u x moe_tp %u must equal tp %u x cp %u x dp %u (ranks of one stage)", p->ep,
                   p->moe_tp, p->tp, p->cp, p->dp);
}

static mu_status explain_heads(const mu_model *model, const mu_parallel *p, mu_error *err)
{
    const mu_attention *a = uncut_attention(model, p->tp);
    if (a->kind == MU_ATTENTION_LINEAR) {
        return mu_fail(err, MU_E_INPUT, "tp %u does not divide the %u linear-attention heads of %s",
                       p->tp, a->value_heads, model->id);
    }
    return mu_fail(err, MU_E_INPUT, "tp %u does not divide the %u heads (%u KV heads) of %s", p->tp,
                   a->heads, a->kv_heads, model->id);
}

mu_status mu_parallel_check(const mu_model *model, const mu_parallel *p, mu_error *err)
{
    if (mu_parallel_fits(model, p)) {
        return MU_OK;
    }
    if (!degrees_sane(p)) {
        return mu_fail(
            err, MU_E_INPUT,
            "parallel degrees must be 1 to %d, together too: tp %u pp %u cp %u dp %u ep %u",
            DEGREE_MAX, p->tp, p->pp, p->cp, p->dp, p->ep);
    }
    if (uncut_attention(model, p->tp) != NULL) {
        return explain_heads(model, p, err);
    }
    if (p->pp > model->layers) {
        return mu_fail(err, MU_E_INPUT, "pp %u: more stages than the %u layers of %s", p->pp,
                       model->layers, model->id);
    }
    if (!experts_fit(model, p)) {
        return explain_experts(model, p, err);
    }
    if (p->mtp > DRAFTS_MAX) {
        return mu_fail(err, MU_E_INPUT, "mtp %u: at most %d drafts", p->mtp, DRAFTS_MAX);
    }
    if (p->microbatches != 1 && p->microbatches != 2) {
        return mu_fail(err, MU_E_INPUT, "microbatches %u: expected 1 or 2", p->microbatches);
    }
    return mu_fail(err, MU_E_INPUT, "imbalance %g: expected 1 to 1000", p->imbalance);
}
