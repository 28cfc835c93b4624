/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step-cost table: what the compiled step says, remembered so that a simulator may ask for it
 * millions of times a second.
 *
 * Terms: a lane is a DP group of an instance; all lanes of an instance step together. A batch is
 *        what one lane runs in one step, as exact sums over its sequences.
 * What:  operators that see rows alone are remembered by the number of rows (whole numbers to 8,192
 *        exactly, beyond that to 1 part in 4,096), decode attention by sequences on nodes of mean
 *        context (16 an octave), linear between them. Attention of prompts is remembered to the bit
 *        and else asked of the chip. Filled when first asked for; what is rare is forgotten again.
 * Bound: within 0.5 % of mu_compiled_time() (tested over the catalogue); contexts come as sums, so
 *        caps (windows, top-k) see their mean. Cost: warm, 20 to 35 ns a lane that only decodes, 50
 *        to 250 ns with prompts, 100 to 200 ns more with a prompt unlike those before
 *        (bench/bench_step_table.c).
 */
#ifndef MUSTER_SCHEDULE_STEP_TABLE_H
#define MUSTER_SCHEDULE_STEP_TABLE_H

#include "schedule/step.h"

/* What one lane runs in one step. */
typedef struct mu_batch {
    double decode_sequences;
    double decode_context;    /* tokens these sequences attend to, all together */
    double prefill_sequences; /* prompts with a chunk in this step */
    double prefill_tokens;    /* new tokens of those chunks, all together */
    double prefill_pairs;     /* sum over chunks of new * (cached + new / 2) */
    double prefill_context;   /* sum over chunks of cached + new */
} mu_batch;

typedef struct mu_step_cost {
    double time_s;
    double network_s; /* of time_s: communication that nothing hides */
    double flop;      /* of one rank, matrix units, mean over lanes */
    double bytes;     /* device memory traffic of one rank, mean over lanes */
    double energy_j;  /* of one rank, idle draw included, mean over lanes */
} mu_step_cost;

typedef struct mu_step_table mu_step_table;

/**
 * A table of a program on a machine; belongs to the arena and borrows both. Fills itself when asked
 * and so serves one thread at a time; tables of the same program and machine say the same bits.
 * NULL when out of memory.
 * Memory: 1 to 12 MB, touched as it fills.
 * @param[in] max_sequences  largest decode_sequences that will be asked for (beyond: slower)
 * @param[in] max_tokens     largest rows of a step that will be asked for (the same)
 */
mu_step_table *mu_step_table_create(const mu_program *program, const mu_machine *machine,
                                    double max_sequences, double max_tokens, mu_arena *arena);

/**
 * Cost of one step of an instance.
 *
 * Lanes wait for each other: what each computes by itself takes as long as in the slowest of them,
 * experts and their exchange take what the lanes' mean load takes. With pipeline stages the batch
 * is cut evenly over as many batches in flight, and the step is a round of all stages.
 *
 * @param[in] lane   [lanes] at least one of them not empty
 * @param[in] experts_imbalance  busiest expert rank over the mean in this step; 0 = the program's
 *                   or the engine's
 */
void mu_step_table_cost(mu_step_table *table, const mu_batch lane[], uint32_t lanes,
                        double experts_imbalance, mu_step_cost *out);

#endif
