/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The space of deployments: every way to cut one instance of each role.
 *
 * Terms: group = attention ranks that share experts (tp * dp) of one stage. Degrees that the
 *        scenario names are kept; the others run over the lists below.
 * Bound: an instance is enumerated whatever the number of chips asked for, as long as it fits in
 *        it, so that more chips only ever add choices.
 */
#include "study/search.h"

#include <assert.h>
#include <math.h>

static const uint32_t tensor_degrees[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 64};
static const uint32_t stage_degrees[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16};
static const uint32_t group_sizes[] = {1,   2,   4,   8,   12,  16,  24,  32,  36,  40,
                                       48,  56,  64,  72,  80,  96,  112, 128, 144, 160,
                                       192, 224, 256, 288, 320, 384, 448, 512};
/* Odd stage counts help where few ranks must hold much: up to a server's worth a stage. */
enum { SHAPES_MAX = 4096, DRAFTS_SEARCHED = 3, ODD_STAGE_GROUP_MAX = 8 };

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

typedef struct walk {
    const mu_question *question;
    const mu_role_wish *wish;
    mu_space *space;
    mu_shape_use use;
    double max_ranks;
    uint32_t experts; /* 0 = dense */
} walk;

static bool wished(double wish, uint32_t value)
{
    return wish < 1.0 || (uint32_t)wish == value;
}

static void add_shape(walk *w, mu_parallel parallel)
{
    if (w->space->shape_count < SHAPES_MAX && mu_parallel_fits(&w->question->model, &parallel)) {
        parallel.gathers = mu_cut_gathers(w->question, &parallel);
        w->space->shape[w->space->shape_count++] =
            (mu_cut_shape){.use = w->use, .parallel = parallel};
    }
}

/* Drafts and micro-batches of one cut. Overlap needs communication to hide. */
static void add_variants(walk *w, mu_parallel p)
{
    const mu_model *model = &w->question->model;
    bool decodes = w->use != MU_SHAPE_PREFILL;
    bool said = decodes && w->wish->mtp >= 0.0;
    bool searched = decodes && !said && model->mtp_layers > 0;
    uint32_t least = said ? (uint32_t)w->wish->mtp : 0;
    uint32_t most = searched ? DRAFTS_SEARCHED : least;
    bool communicates = p.tp * p.dp > 1;
    for (uint32_t mtp = least; mtp <= most; mtp++) {
        for (uint32_t micro = 1; micro <= (communicates ? 2U : 1U); micro++) {
            if (wished(w->wish->microbatches, micro)) {
                p.mtp = mtp;
                p.microbatches = micro;
                add_shape(w, p);
            }
        }
    }
}

/* Expert copies that fill `ep` ranks evenly; false when that takes over half as many copies again.
 */
static bool copies_for(const walk *w, uint32_t ep, uint32_t *copies)
{
    if (w->wish->redundant_experts >= 0.0) {
        *copies = (uint32_t)w->wish->redundant_experts;
        return true;
    }
    uint32_t each = (w->experts + ep - 1) / ep;
    *copies = each * ep - w->experts;
    return *copies * 2 <= w->experts;
}

static void walk_dense(walk *w, mu_parallel p)
{
    p.dp = 1;
    p.ep = 1;
    p.moe_tp = 1;
    if (wished(w->wish->dp, 1)) {
        add_variants(w, p);
    }
}

/* Groups of one tp: experts whole over all ranks (ep), or cut (moe_tp) where one group holds them.
 */
static void walk_experts(walk *w, mu_parallel p)
{
    for (size_t i = 0; i < LENGTH(group_sizes); i++) {
        uint32_t group = group_sizes[i];
        bool odd_stages = (p.pp & (p.pp - 1)) != 0;
        if (group % p.tp != 0 || (odd_stages && group > ODD_STAGE_GROUP_MAX) ||
            (double)group * p.pp > w->max_ranks || !wished(w->wish->dp, group / p.tp)) {
            continue;
        }
        p.dp = group / p.tp;
        p.ep = group;
        p.moe_tp = 1;
        if (wished(w->wish->ep, p.ep) && copies_for(w, p.ep, &p.redundant_experts)) {
            add_variants(w, p);
        }
        if (p.dp == 1 && group > 1) {
            p.ep = 1;
            p.moe_tp = group;
            p.redundant_experts = 0;
            if (wished(w->wish->ep, 1) && wished(w->wish->moe_tp, group)) {
                add_variants(w, p);
            }
        }
    }
}

static void walk_role(walk *w)
{
    for (size_t t = 0; t < LENGTH(tensor_degrees); t++) {
        for (size_t s = 0; s < LENGTH(stage_degrees); s++) {
            mu_parallel p = {.tp = tensor_degrees[t],
                             .pp = stage_degrees[s],
                             .cp = 1,
                             .imbalance = w->wish->imbalance};
            if (!wished(w->wish->tp, p.tp) || !wished(w->wish->pp, p.pp) ||
                (double)p.tp * p.pp > w->max_ranks) {
                continue;
            }
            if (w->experts == 0) {
                walk_dense(w, p);
            } else {
                walk_experts(w, p);
            }
        }
    }
}

static const mu_role_wish *wish_of(const mu_scenario *s, mu_shape_use use)
{
    if (use == MU_SHAPE_PREFILL) {
        return &s->prefill;
    }
    return use == MU_SHAPE_DECODE ? &s->decode : &s->serve;
}

/* A role that was given says the mode. */
static mu_mode searched_mode(const mu_scenario *s)
{
    if (s->mode != MU_MODE_AUTO || !mu_scenario_is_explicit(s)) {
        return s->mode;
    }
    return s->serve.given ? MU_MODE_AGGREGATED : MU_MODE_DISAGGREGATED;
}

mu_status mu_space_enumerate(const mu_question *question, double max_ranks, mu_arena *arena,
                             mu_space *out, mu_error *err)
{
    const mu_scenario *s = question->scenario;
    *out = (mu_space){.shape = MU_NEW(arena, mu_cut_shape, SHAPES_MAX)};
    if (out->shape == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the search space");
    }
    assert(max_ranks >= 1.0);
    mu_mode mode = searched_mode(s);
    for (mu_shape_use use = MU_SHAPE_PREFILL; use <= MU_SHAPE_SERVE; use++) {
        bool apart = use != MU_SHAPE_SERVE;
        if (apart ? mode == MU_MODE_AGGREGATED : mode == MU_MODE_DISAGGREGATED) {
            continue;
        }
        walk w = {.question = question,
                  .wish = wish_of(s, use),
                  .space = out,
                  .use = use,
                  .max_ranks = max_ranks,
                  .experts = mu_model_experts(&question->model)};
        walk_role(&w);
    }
    return MU_OK;
}
