/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/schedule only: a program folded to its distinct operators.
 *
 * What:  operators that cost the same in every block are priced once, with a weight for each sum
 *        that a step's cost is made of.
 * Terms: expert operators = experts and their exchange: all lanes of an instance share them;
 *        own = the others. A pair = compute and communication of one block that hide each other:
 *        the smaller of the two is hidden. cut = of a micro-batch.
 */
#ifndef MUSTER_SCHEDULE_FOLD_H
#define MUSTER_SCHEDULE_FOLD_H

#include "base/arena.h"
#include "schedule/lower.h"

/* Sums over one pass of a pipeline stage, micro-batches and layers together; pairs come after. */
enum {
    MU_SUM_FLOP,
    MU_SUM_BYTES,
    MU_SUM_ACTIVITY,
    MU_SUM_TIME, /* nothing hidden */
    MU_SUM_COMM, /* part of MU_SUM_TIME */
    MU_SUM_PAIRS,
    MU_SUM_MAX = MU_SUM_PAIRS + 2 * MU_BLOCKS_MAX
};

/* Which operators. */
typedef enum mu_fold_class {
    MU_FOLD_OWN,    /* row operators but expert ones */
    MU_FOLD_EXPERT, /* row operators */
    MU_FOLD_PREFILL,
    MU_FOLD_DECODE
} mu_fold_class;

/* One distinct operator. */
typedef struct mu_fold_item {
    const mu_op *op;
    const mu_fabric *fabric; /* as it finds it */
    uint64_t hash;
    mu_fold_class class;
    bool cut;
    double times; /* passes of a step, over all blocks */
    const double
        *scale; /* [width] of sums: what a second of it adds; 0 for flop, bytes, activity */
} mu_fold_item;

typedef struct mu_fold {
    const mu_program *program;
    const mu_machine *machine;
    uint32_t count;
    uint32_t width; /* sums: MU_SUM_PAIRS + 2 * pairs */
    mu_fold_item item[];
} mu_fold;

/* A number of a batch that rows of operators follow from, without other numbers of it. */
typedef enum mu_seen {
    MU_SEEN_DECODE_ALONE, /* decoding sequences: rows of all scopes where there are no prompts */
    MU_SEEN_TOKENS,
    MU_SEEN_TOKENS_DRAFT, /* rows of draft passes, all of them together */
    MU_SEEN_LOGITS,
    MU_SEEN_LOGITS_DRAFT, /* the same */
    MU_SEEN_PREFILL,
    MU_SEEN_CONTEXT,
    MU_SEEN_DECODE, /* decoding sequences: rows of MU_SCOPE_DECODE */
    MU_SEEN_COUNT
} mu_seen;

/** Belongs to the arena, borrows the rest; NULL when out of memory. */
mu_fold *mu_fold_create(const mu_program *program, const mu_machine *machine, mu_arena *arena);

/** Whether rows of any operator of a class follow from what is seen. */
bool mu_fold_sees(const mu_fold *fold, mu_fold_class class, mu_seen what);

/**
 * Writes the sums [width] of row operators of a class, of those rows that follow from what is seen.
 * Cost: about 0.1 us an operator.
 * @param[in] number     of what is seen, in a step: all micro-batches and stages together; > 0
 * @param[in] imbalance  of experts, >= 1
 */
void mu_fold_price_rows(const mu_fold *fold, mu_fold_class class, mu_seen what, double number,
                        double imbalance, double sum[]);

/** Writes the sums [width] of attention-like operators, of prefill or decode. The same cost. */
void mu_fold_price_attention(const mu_fold *fold, mu_fold_class class, const mu_load *load,
                             double sum[]);

#endif
