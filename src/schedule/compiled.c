/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled schedule: each block once, row operators looked up in a cost book.
 *
 * Why:   a search evaluates the same shapes for thousands of deployments, a simulator the same
 *        deployment millions of times; the book remembers cost by (operator content, rows).
 * Bound: keys are 64-bit hashes mixed with the rows; two different operators collide with
 *        probability 2^-64 a pair. A book belongs to one machine in one draw.
 */
#include "schedule/memo.h"
#include "schedule/tally.h"

#include <assert.h>
#include <string.h>

typedef struct entry {
    double rows;
    mu_op_cost cost;
} entry;

typedef struct slot {
    uint64_t key; /* 0 = empty */
    uint32_t entry;
} slot;

/* Entries lie in the order in which they were asked for: what one step asks shares cache lines. */
struct mu_cost_book {
    const mu_machine *machine;
    uint32_t used;
    uint32_t slots; /* a power of two */
    slot *slot;     /* [slots] */
    entry *entry;   /* [used] of three quarters of the slots */
};

struct mu_compiled {
    const mu_program *program;
    const mu_machine *machine;
    mu_cost_book *book;
    const mu_fabric *fabric[MU_OPS_MAX];
    uint64_t hash[MU_OPS_MAX];
    bool row_op[MU_OPS_MAX];
};

mu_cost_book *mu_cost_book_create(mu_arena *arena, uint32_t slots)
{
    assert(slots > 0 && (slots & (slots - 1)) == 0);
    mu_cost_book *book = MU_NEW(arena, mu_cost_book, 1);
    if (book == NULL) {
        return NULL;
    }
    book->slots = slots;
    book->slot = MU_NEW(arena, slot, slots);
    book->entry = MU_NEW(arena, entry, slots / 4 * 3 + 1);
    return book->slot != NULL && book->entry != NULL ? book : NULL;
}

void mu_cost_book_reset(mu_cost_book *book, const mu_machine *machine)
{
    memset(book->slot, 0, book->slots * sizeof(slot));
    book->used = 0;
    book->machine = machine;
}

mu_compiled *mu_compile(const mu_program *program, const mu_machine *machine, mu_cost_book *book,
                        mu_arena *arena)
{
    mu_compiled *compiled = MU_NEW(arena, mu_compiled, 1);
    if (compiled == NULL) {
        return NULL;
    }
    assert(book->machine == machine);
    compiled->program = program;
    compiled->machine = machine;
    compiled->book = book;
    if (!mu_lower_fabrics(program, machine, arena, compiled->fabric)) {
        return NULL;
    }
    for (uint32_t i = 0; i < program->op_count; i++) {
        bool shares = compiled->fabric[i] != &machine->fabric;
        compiled->hash[i] =
            mu_op_hash(&program->op[i]) ^ (shares ? mu_memo_mix(mu_memo_bits(program->ranks)) : 0);
        compiled->row_op[i] = mu_lower_is_row_op(&program->op[i]);
    }
    return compiled;
}

static const mu_op_cost *look_up(mu_compiled *c, uint32_t op, double rows, double imbalance)
{
    mu_cost_book *book = c->book;
    uint64_t key = mu_memo_mix(c->hash[op] ^ mu_memo_mix(mu_memo_bits(rows) ^
                                                         mu_memo_mix(mu_memo_bits(imbalance)))) |
                   1U;
    uint32_t mask = book->slots - 1;
    uint32_t at = (uint32_t)(key >> 40) & mask;
    while (book->slot[at].key != 0) {
        entry *found = &book->entry[book->slot[at].entry];
        if (book->slot[at].key == key && found->rows == rows) {
            return &found->cost;
        }
        at = (at + 1) & mask;
    }
    if (book->used >= book->slots / 4 * 3) {
        mu_cost_book_reset(book, c->machine);
        at = (uint32_t)(key >> 40) & mask;
    }
    book->slot[at] = (slot){.key = key, .entry = book->used};
    entry *made = &book->entry[book->used++];
    made->rows = rows;
    mu_lower_rows(&c->program->op[op], c->machine, c->fabric[op], rows, imbalance, &made->cost);
    return &made->cost;
}

/* What operators of one block see: rows by scope, for the step proper and for draft passes. */
typedef struct view {
    mu_load load[2];
    double rows[2][MU_SCOPE_COUNT];
    double mtp[2];
    double imbalance;
} view;

static void make_view(const mu_compiled *c, const mu_load *load, double batches, view *out)
{
    double mtp = c->program->parallel.mtp;
    out->load[0] = mu_load_split(load, batches);
    out->load[1] = mu_load_draft(&out->load[0], mtp);
    out->mtp[0] = mtp;
    out->mtp[1] = 0.0;
    for (int draft = 0; draft < 2; draft++) {
        for (unsigned s = 0; s < MU_SCOPE_COUNT; s++) {
            out->rows[draft][s] = mu_load_rows(&out->load[draft], (mu_scope)s, out->mtp[draft]);
        }
    }
    out->imbalance = mu_load_imbalance(c->program, c->machine, &out->load[0]);
}

/* Cost of operator i; NULL when it has nothing to do. `scratch` holds costs that are not in the
 * book. */
static const mu_op_cost *cost_of(mu_compiled *c, uint32_t i, const view *v, mu_op_cost *scratch)
{
    const mu_op *op = &c->program->op[i];
    if (c->row_op[i]) {
        double rows = v->rows[op->draft][op->scope] * op->row_scale;
        bool experts = op->kind == MU_OP_MOE || op->kind == MU_OP_EXCHANGE;
        return rows > 0.0 ? look_up(c, i, rows, experts ? v->imbalance : 1.0) : NULL;
    }
    mu_lower_attention(op, c->machine, &v->load[op->draft], v->mtp[op->draft], scratch);
    return scratch;
}

double mu_compiled_time(mu_compiled *c, const mu_load *load)
{
    const mu_engine *engine = &c->machine->engine;
    double time_s = engine->host_step +
                    engine->host_per_sequence * (load->decode_sequences + load->prefill_sequences);
    view whole = {0};
    view split = {0};
    double micro = c->program->parallel.microbatches;
    make_view(c, load, 1.0, &whole);
    if (micro > 1.0) {
        make_view(c, load, micro, &split);
    }
    for (uint32_t b = 0; b < c->program->block_count; b++) {
        const mu_block *block = &c->program->block[b];
        bool cut = block->overlap && micro > 1.0;
        mu_block_tally tally;
        tally.compute_s = tally.comm_s = tally.exchange_s = tally.shared_s = 0.0;
        for (uint32_t i = block->first; i < block->first + block->count; i++) {
            mu_op_cost scratch;
            const mu_op_cost *cost = cost_of(c, i, cut ? &split : &whole, &scratch);
            if (cost != NULL) {
                mu_block_tally_time(&tally, &c->program->op[i], cost);
            }
        }
        double hidden_s;
        time_s += block->repeat * mu_block_tally_elapsed(&tally, cut ? micro : 1.0, block->overlap,
                                                         engine->overlap_efficiency, &hidden_s);
    }
    return time_s * engine->step_factor;
}

void mu_compiled_step(mu_compiled *c, const mu_load *load, mu_step *out)
{
    memset(out, 0, sizeof *out);
    double activity_j = 0.0;
    double micro = c->program->parallel.microbatches;
    for (uint32_t b = 0; b < c->program->block_count; b++) {
        const mu_block *block = &c->program->block[b];
        double batches = block->overlap ? micro : 1.0;
        view v = {0};
        make_view(c, load, batches, &v);
        mu_block_tally tally = {0};
        for (uint32_t i = block->first; i < block->first + block->count; i++) {
            mu_op_cost scratch;
            const mu_op_cost *cost = cost_of(c, i, &v, &scratch);
            if (cost != NULL) {
                mu_block_tally_time(&tally, &c->program->op[i], cost);
                mu_block_tally_detail(&tally, &c->program->op[i], cost);
            }
        }
        mu_block_tally_add(&tally, batches, block->overlap, block->repeat,
                           c->machine->engine.overlap_efficiency, out);
        activity_j += tally.activity_j * batches * block->repeat;
    }
    mu_block_tally_finish(c->machine, load, activity_j, out);
}
