/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSCCL's XML: what is in it, and the moves it stands for.
 *
 * Terms: a gpu has threadblocks, each with one peer to send to and one to receive from on a
 *        channel; its steps are done in order. A step may wait for a step of another threadblock
 *        (depid, deps) of its gpu. The k-th send of a threadblock meets the k-th receive of the
 *        peer's.
 */
#ifndef MUSTER_IO_MSCCL_H
#define MUSTER_IO_MSCCL_H

#include "fabric/moves.h"

#include <stddef.h>

#define MU_MSCCL_NONE UINT32_MAX

typedef struct mu_msccl_step {
    uint32_t line;
    uint32_t column;
    uint32_t block;
    uint32_t chunks;
    uint32_t after_block; /* id, in its gpu, of the threadblock it waits for; MU_MSCCL_NONE */
    uint32_t after;       /* step it waits for besides the one before it, or MU_MSCCL_NONE */
    bool sends;
    bool receives;
} mu_msccl_step;

typedef struct mu_msccl_block {
    uint32_t line;
    uint32_t column;
    uint32_t gpu;
    uint32_t id;      /* within its gpu, from 0 */
    uint32_t send_to; /* MU_MSCCL_NONE: nobody */
    uint32_t receive_from;
    uint32_t channel;
    uint32_t first_step;
    uint32_t step_count;
    uint32_t sends; /* steps that do */
    uint32_t receives;
} mu_msccl_block;

typedef struct mu_msccl {
    const char *file; /* borrowed */
    char name[128];   /* cut; "" for none */
    char what[32];
    uint32_t gpus;
    uint32_t chunks; /* of the buffer */
    mu_msccl_block *block;
    uint32_t block_count;
    mu_msccl_step *step;
    uint32_t step_count;
} mu_msccl;

/** Reads the text; mu_msccl_free() whatever it returns. `file` must outlive it. */
mu_status mu_msccl_parse(const char *text, size_t length, const char *file, mu_msccl *out,
                         mu_error *err) MU_MUST_CHECK;
void mu_msccl_free(mu_msccl *algo);

/** Sends become moves, in the arena. */
mu_status mu_msccl_moves(mu_arena *arena, const mu_msccl *algo, double bytes, mu_move_list *out,
                         mu_error *err) MU_MUST_CHECK;

#endif
