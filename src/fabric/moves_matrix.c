/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One wave of whatever each rank sends to each.
 *
 * Terms: what a rank keeps for itself (the diagonal) and pairs of nothing are not sent.
 */
#include "fabric/moves.h"

#include <math.h>
#include <string.h>

typedef struct rows {
    uint64_t *first; /* [ranks + 1] into send */
    mu_send *send;
} rows;

static uint32_t row_sends(const mu_waves *waves, uint64_t wave, uint32_t rank, mu_send *out)
{
    (void)wave;
    const rows *all = waves->own;
    uint64_t count = all->first[rank + 1] - all->first[rank];
    if (count > 0) {
        memcpy(out, all->send + all->first[rank], count * sizeof *out);
    }
    return (uint32_t)count;
}

static mu_status check_bytes(uint32_t ranks, const double *bytes, uint64_t *sends, mu_error *err)
{
    uint64_t count = 0;
    for (uint32_t from = 0; from < ranks; from++) {
        for (uint32_t to = 0; to < ranks; to++) {
            double x = bytes[(size_t)from * ranks + to];
            if (!(x >= 0.0) || isinf(x)) {
                return mu_fail(err, MU_E_INPUT, "rank %u to %u: expected 0 or more bytes, found %g",
                               from, to, x);
            }
            count += from != to && x > 0.0;
        }
    }
    *sends = count;
    return MU_OK;
}

/* Sends of one rank, those to the next ranks first: the order in which shifted rows are alike. */
static uint32_t fill_row(const rows *all, uint32_t ranks, const double *row, uint32_t from)
{
    uint64_t at = all->first[from];
    for (uint32_t i = 1; i < ranks; i++) {
        uint32_t to = (uint32_t)(((uint64_t)from + i) % ranks);
        if (row[to] > 0.0) {
            all->send[at++] = (mu_send){to, row[to]};
        }
    }
    all->first[from + 1] = at;
    return (uint32_t)(at - all->first[from]);
}

/* Whether rank `from` sends as rank 0 does, all shifted. */
static bool row_shifted(const rows *all, uint32_t ranks, uint32_t from)
{
    uint64_t count = all->first[1];
    const mu_send *mine = all->send + all->first[from];
    if (all->first[from + 1] - all->first[from] != count) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t to = ((uint64_t)all->send[i].to + from) % ranks;
        if (mine[i].to != to || mine[i].bytes != all->send[i].bytes) {
            return false;
        }
    }
    return true;
}

mu_status mu_moves_of_matrix(mu_arena *arena, uint32_t ranks, const double *bytes, mu_moves *out,
                             mu_error *err)
{
    uint64_t sends = 0;
    if (ranks == 0) {
        return mu_fail(err, MU_E_INPUT, "expected 1 rank or more, found none");
    }
    mu_status status = check_bytes(ranks, bytes, &sends, err);
    if (status != MU_OK) {
        return status;
    }
    rows *all = MU_NEW(arena, rows, 1);
    uint64_t *first = MU_NEW(arena, uint64_t, (size_t)ranks + 1);
    mu_send *send = MU_NEW(arena, mu_send, sends);
    if (all == NULL || first == NULL || send == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for what %u ranks send", ranks);
    }
    *all = (rows){.first = first, .send = send};
    mu_waves waves = {.ranks = ranks,
                      .count = sends > 0 ? 1 : 0,
                      .period = 1,
                      .waits_receipts = true,
                      .translated = true,
                      .sends = row_sends,
                      .inner = 1,
                      .own = all};
    for (uint32_t from = 0; from < ranks; from++) {
        uint32_t count = fill_row(all, ranks, bytes + (size_t)from * ranks, from);
        waves.sends_max = count > waves.sends_max ? count : waves.sends_max;
        waves.translated = waves.translated && row_shifted(all, ranks, from);
    }
    *out = (mu_moves){.kind = MU_MOVES_WAVES, .waves = waves};
    return MU_OK;
}
