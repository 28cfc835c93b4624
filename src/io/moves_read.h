/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules of collectives that users bring: MSCCL's XML, or a JSON (or YAML) of our own.
 *
 * Terms: a schedule says who sends which chunks to whom after what; how large a chunk is follows
 *        from the buffer it is asked for. docs/schedules.md shows both forms.
 * Bound: files of MU_SCHEDULE_BYTES_MAX (JSON: as doc_read.h has it), MU_SCHEDULE_STEPS_MAX steps,
 *        MU_SCHEDULE_RANKS_MAX ranks. Whether the schedule does what its collective promises is not
 *        checked; that all of it can run to its end is.
 */
#ifndef MUSTER_IO_MOVES_READ_H
#define MUSTER_IO_MOVES_READ_H

#include "fabric/moves.h"

#include <stddef.h>

enum {
    MU_SCHEDULE_BYTES_MAX = 1 << 30,
    MU_SCHEDULE_STEPS_MAX = 10000000,
    MU_SCHEDULE_RANKS_MAX = 1 << 20
};

typedef struct mu_schedule {
    const char *name; /* "" where the file gives none */
    bool has_what;    /* the file says which collective it is, and it is one of ours */
    mu_collective what;
    uint32_t ranks;
    mu_moves moves; /* a list, checked */
} mu_schedule;

/**
 * Reads a schedule: XML when its first character is '<', else JSON or YAML by its name.
 *
 * @param[in]  arena  all of the schedule belongs to it
 * @param[in]  bytes  of the buffer, by the convention of mu_fabric_collective(); 0 .. 1e18
 * @param[out] out    set only on success
 * @retval MU_E_INPUT   with file, line and column: wrong syntax, a step of unknown type, a count
 *                      that is not above 0, a send without its receive, a deadlock (who waits for
 *                      what)
 * @retval MU_E_MEMORY
 */
mu_status mu_schedule_read(mu_arena *arena, const char *path, double bytes, mu_schedule *out,
                           mu_error *err) MU_MUST_CHECK;

/** The same from memory; `file` names it in messages. text[0 .. length) is borrowed. */
mu_status mu_schedule_read_text(mu_arena *arena, const char *text, size_t length, const char *file,
                                double bytes, mu_schedule *out, mu_error *err) MU_MUST_CHECK;

#endif
