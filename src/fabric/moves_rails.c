/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings over all rails at once.
 *
 * What:  as many rings as a group has ranks, each with its share of the buffer. Ring k walks
 *        through the even groups from place k upwards and leaves at k - 1, through the odd ones
 *        from k - 1 downwards and leaves at k, so that it crosses between equal places.
 * Why:   a ring of one rail would leave the other rails idle (NCCL makes its rings the same way).
 * Terms: place = position in the group of `inner` ranks; rail = the wires of one place.
 * Bound: over an odd number of groups the rings close from one rail to the next.
 */
#include "fabric/moves_make.h"

static uint32_t rail_sends(const mu_waves *waves, uint64_t wave, uint32_t rank, mu_send *out)
{
    (void)wave;
    uint32_t inner = waves->inner;
    uint32_t groups = waves->ranks / inner;
    uint32_t group = rank / inner;
    uint32_t place = rank % inner;
    bool up = group % 2 == 0;
    double part = waves->bytes / waves->ranks / inner;
    uint32_t count = 0;
    uint32_t next = (place + (up ? 1 : inner - 1)) % inner;
    uint32_t inside = groups == 1 ? inner : inner - 1; /* rings that go on in the group */
    if (inner > 1) {
        out[count++] = (mu_send){group * inner + next, part * inside};
    }
    if (groups > 1) {
        uint32_t to_group = (group + 1) % groups;
        uint32_t to_place = up && to_group == 0 && groups % 2 == 1 ? next : place;
        out[count++] = (mu_send){to_group * inner + to_place, part};
    }
    return count;
}

void mu_moves_rails(const mu_moves_ask *ask, mu_moves *out)
{
    uint64_t passes = ask->what == MU_ALL_REDUCE ? 2 : 1;
    bool plain = ask->inner == 1 || ask->inner == ask->ranks;
    *out = (mu_moves){.kind = MU_MOVES_WAVES,
                      .waves = {.ranks = ask->ranks,
                                .count = passes * (ask->ranks - 1),
                                .period = 1,
                                .sends_max = plain ? 1 : 2,
                                .waits_receipts = true,
                                .translated = plain,
                                .sends = rail_sends,
                                .bytes = ask->bytes,
                                .inner = ask->inner}};
}
