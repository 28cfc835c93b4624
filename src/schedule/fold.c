/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding a program: which operators differ, how often each runs, and what its time adds to.
 *
 * Bound: two different operators are taken for one with probability 2^-64 a pair (hashes).
 */
#include "schedule/fold.h"

#include "schedule/tally.h"

#include <string.h>

/* A block of a program as the sums see it. */
typedef struct place {
    double times;  /* passes of a step */
    double hides;  /* share of the smaller side of its pair that is hidden, times the passes */
    uint32_t pair; /* its first sum; 0 = nothing hides */
    bool cut;
} place;

static bool hides_shared(const mu_program *program, const mu_block *block)
{
    bool shared = false;
    bool exchange = false;
    for (uint32_t i = block->first; i < block->first + block->count; i++) {
        shared = shared || program->op[i].overlaps;
        exchange = exchange || program->op[i].kind == MU_OP_EXCHANGE;
    }
    return shared && exchange;
}

static void place_block(mu_fold *fold, const mu_block *block, place *out)
{
    double micro = fold->program->parallel.microbatches;
    out->cut = block->overlap && micro > 1.0;
    out->times = block->repeat * (out->cut ? micro : 1.0);
    out->hides = out->times * fold->machine->engine.overlap_efficiency;
    out->pair = 0;
    if (out->cut || hides_shared(fold->program, block)) {
        out->pair = fold->width;
        fold->width += 2;
    }
}

static mu_fold_class class_of(const mu_op *op)
{
    switch (op->kind) {
    case MU_OP_ATTENTION_PREFILL:
    case MU_OP_INDEXER_PREFILL:
    case MU_OP_LINEAR_PREFILL:
        return MU_FOLD_PREFILL;
    case MU_OP_ATTENTION_DECODE:
    case MU_OP_INDEXER_DECODE:
    case MU_OP_LINEAR_DECODE:
        return MU_FOLD_DECODE;
    case MU_OP_MOE:
    case MU_OP_EXCHANGE:
        return MU_FOLD_EXPERT;
    case MU_OP_GEMM:
    case MU_OP_STREAM:
    case MU_OP_COLLECTIVE:
        break;
    }
    return op->part == MU_PART_EXPERT_COMM ? MU_FOLD_EXPERT : MU_FOLD_OWN;
}

/* Whether two operators see the same work: with one draft pass its prompts are the step's. */
static bool same_work(const mu_fold *fold, const mu_op *a, const mu_op *b)
{
    bool one_pass = fold->program->parallel.mtp <= 1 && class_of(a) == MU_FOLD_PREFILL;
    return a->scope == b->scope && a->row_scale == b->row_scale &&
           (a->draft == b->draft || one_pass);
}

/* The item that prices an operator: an earlier one like it, or a new one. */
static uint32_t item_of(mu_fold *fold, const mu_op *op, const mu_fabric *fabric, bool cut)
{
    uint64_t hash = mu_op_hash(op);
    mu_fold_class class = class_of(op);
    for (uint32_t i = 0; i < fold->count; i++) {
        const mu_fold_item *known = &fold->item[i];
        if (known->hash == hash && known->class == class && known->cut == cut &&
            same_work(fold, known->op, op)) {
            return i;
        }
    }
    fold->item[fold->count] =
        (mu_fold_item){.op = op, .fabric = fabric, .hash = hash, .class = class, .cut = cut};
    return fold->count++;
}

/* What a second of an operator adds, in a block. */
static void add_scale(const mu_op *op, const place *at, double scale[])
{
    bool comm = mu_op_is_comm(op);
    scale[MU_SUM_TIME] += at->times;
    scale[MU_SUM_COMM] += comm ? at->times : 0.0;
    if (at->pair == 0) {
        return;
    }
    /* One batch hides its shared experts behind the exchange, two hide whatever they can. */
    bool computes = at->cut ? !comm : op->overlaps;
    bool sends = at->cut ? comm : op->kind == MU_OP_EXCHANGE;
    scale[at->pair] += computes ? at->hides : 0.0;
    scale[at->pair + 1] += sends ? at->hides : 0.0;
}

mu_fold *mu_fold_create(const mu_program *program, const mu_machine *machine, mu_arena *arena)
{
    mu_fold *fold =
        mu_arena_alloc(arena, 1, sizeof *fold + program->op_count * sizeof(mu_fold_item));
    if (fold == NULL) {
        return NULL;
    }
    fold->program = program;
    fold->machine = machine;
    fold->width = MU_SUM_PAIRS;
    place at[MU_BLOCKS_MAX];
    for (uint32_t b = 0; b < program->block_count; b++) {
        place_block(fold, &program->block[b], &at[b]);
    }
    double *scale = MU_NEW(arena, double, (size_t)program->op_count * fold->width);
    const mu_fabric *fabric[MU_OPS_MAX];
    if (scale == NULL || !mu_lower_fabrics(program, machine, arena, fabric)) {
        return NULL;
    }
    for (uint32_t b = 0; b < program->block_count; b++) {
        const mu_block *block = &program->block[b];
        for (uint32_t i = block->first; i < block->first + block->count; i++) {
            uint32_t item = item_of(fold, &program->op[i], fabric[i], at[b].cut);
            double *own = scale + (size_t)item * fold->width;
            fold->item[item].scale = own;
            fold->item[item].times += at[b].times;
            add_scale(&program->op[i], &at[b], own);
        }
    }
    return fold;
}

/* Parts that one pass of an item sees of a step. */
static double parts_of(const mu_fold *fold, const mu_fold_item *item)
{
    const mu_parallel *p = &fold->program->parallel;
    return (double)p->pp * (item->cut ? (double)p->microbatches : 1.0);
}

/* Rows that a step counts in each scope: of the step proper and of draft passes. */
typedef struct counts {
    double rows[2][MU_SCOPE_COUNT];
} counts;

static counts count_decodes(const mu_fold *fold, double sequences, bool alone)
{
    counts c = {0};
    double queries = sequences * (1.0 + fold->program->parallel.mtp);
    c.rows[0][MU_SCOPE_DECODE] = queries;
    c.rows[1][MU_SCOPE_DECODE] = sequences;
    if (alone) {
        c.rows[0][MU_SCOPE_TOKENS] = c.rows[0][MU_SCOPE_LOGITS] = queries;
        c.rows[1][MU_SCOPE_TOKENS] = c.rows[1][MU_SCOPE_LOGITS] = sequences;
    }
    return c;
}

static counts count_rows(const mu_fold *fold, mu_seen what, double x)
{
    counts c = {0};
    double mtp = fold->program->parallel.mtp;
    double draft = mtp > 0.0 ? x / mtp : 0.0;
    switch (what) {
    case MU_SEEN_TOKENS:
        c.rows[0][MU_SCOPE_TOKENS] = x;
        break;
    case MU_SEEN_TOKENS_DRAFT:
        c.rows[1][MU_SCOPE_TOKENS] = draft;
        break;
    case MU_SEEN_LOGITS:
        c.rows[0][MU_SCOPE_LOGITS] = x;
        break;
    case MU_SEEN_LOGITS_DRAFT:
        c.rows[1][MU_SCOPE_LOGITS] = draft;
        break;
    case MU_SEEN_PREFILL:
        c.rows[0][MU_SCOPE_PREFILL] = x;
        c.rows[1][MU_SCOPE_PREFILL] = draft;
        break;
    case MU_SEEN_CONTEXT:
        c.rows[0][MU_SCOPE_CONTEXT] = x;
        c.rows[1][MU_SCOPE_CONTEXT] = draft;
        break;
    case MU_SEEN_DECODE_ALONE:
    case MU_SEEN_DECODE:
    case MU_SEEN_COUNT:
        return count_decodes(fold, x, what == MU_SEEN_DECODE_ALONE);
    }
    return c;
}

static double rows_of(const mu_fold *fold, const mu_fold_item *item, const counts *c)
{
    const mu_op *op = item->op;
    return c->rows[op->draft][op->scope] / parts_of(fold, item) * op->row_scale;
}

bool mu_fold_sees(const mu_fold *fold, mu_fold_class class, mu_seen what)
{
    counts c = count_rows(fold, what, 1.0);
    for (uint32_t i = 0; i < fold->count; i++) {
        if (fold->item[i].class == class && rows_of(fold, &fold->item[i], &c) > 0.0) {
            return true;
        }
    }
    return false;
}

static void add_cost(const mu_fold *fold, const mu_fold_item *item, const mu_op_cost *cost,
                     double sum[])
{
    sum[MU_SUM_FLOP] += item->times * cost->flop;
    sum[MU_SUM_BYTES] += item->times * cost->bytes;
    sum[MU_SUM_ACTIVITY] += item->times * cost->activity_j;
    for (uint32_t i = MU_SUM_TIME; i < fold->width; i++) {
        sum[i] += item->scale[i] * cost->time_s;
    }
}

void mu_fold_price_rows(const mu_fold *fold, mu_fold_class class, mu_seen what, double number,
                        double imbalance, double sum[])
{
    counts c = count_rows(fold, what, number);
    memset(sum, 0, fold->width * sizeof *sum);
    for (uint32_t i = 0; i < fold->count; i++) {
        const mu_fold_item *item = &fold->item[i];
        double seen = item->class == class ? rows_of(fold, item, &c) : 0.0;
        if (seen > 0.0) {
            mu_op_cost cost;
            mu_lower_rows(item->op, fold->machine, item->fabric, seen, imbalance, &cost);
            add_cost(fold, item, &cost, sum);
        }
    }
}

void mu_fold_price_attention(const mu_fold *fold, mu_fold_class class, const mu_load *load,
                             double sum[])
{
    memset(sum, 0, fold->width * sizeof *sum);
    double mtp = fold->program->parallel.mtp;
    for (uint32_t i = 0; i < fold->count; i++) {
        const mu_fold_item *item = &fold->item[i];
        if (item->class == class) {
            mu_load part = mu_load_split(load, parts_of(fold, item));
            bool draft = item->op->draft;
            part = draft ? mu_load_draft(&part, mtp) : part;
            mu_op_cost cost;
            mu_lower_attention(item->op, fold->machine, &part, draft ? 0.0 : mtp, &cost);
            add_cost(fold, item, &cost, sum);
        }
    }
}
