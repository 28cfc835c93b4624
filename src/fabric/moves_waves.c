/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives in waves, as phases: runs of waves in which everyone does the same within its group.
 *
 * What:  ring, halving, direct, pairwise, hierarchical and in-switch collectives are all lists of
 *        phases; one function makes the sends of any of them.
 * Why:   a wave is worked out when it is asked for, so that no number of ranks takes memory.
 * Terms: group of a phase = `members` ranks, every stride-th; position = place in the group.
 * Bound: shifts map a phase to itself when its group is all ranks; halving is the same from every
 *        rank only under xor of rank numbers, so that it is not `translated`.
 * Source: Thakur, Rabenseifner & Gropp, IJHPCA 19 (2005) for the order of halving and doubling (an
 *        all-reduce halves with the nearest first, reduce-scatter alone with the farthest, so that
 *        each rank keeps its own part).
 */
#include "fabric/moves_make.h"

#include <assert.h>

typedef enum shape {
    TO_NEXT,  /* to the next position, round the ring */
    TO_ALL,   /* to every other position */
    TO_SHIFT, /* in wave w to position + w + 1 */
    TO_XOR    /* to position xor `distance` */
} shape;

typedef struct phase {
    shape shape;
    bool root; /* only rank 0 sends */
    uint64_t waves;
    uint32_t members;
    uint32_t stride;
    uint32_t distance;
    double bytes; /* of one message */
} phase;

/* Halving and doubling over 2^31 ranks. */
enum { PHASES_MAX = 64 };

typedef struct phases {
    uint32_t count;
    phase phase[PHASES_MAX];
    mu_wave_run run[PHASES_MAX]; /* each phase is one; not where waves of a phase differ */
} phases;

static uint32_t send_all(const phase *p, uint32_t base, uint32_t position, mu_send *out)
{
    uint32_t count = 0;
    /* from the next on, so that messages of all ranks are listed alike */
    for (uint32_t i = 1; i < p->members; i++) {
        uint32_t to = (uint32_t)(((uint64_t)position + i) % p->members);
        out[count++] = (mu_send){base + to * p->stride, p->bytes};
    }
    return count;
}

/* Position that gets a message of `position` in wave `wave` of a phase. */
static uint32_t partner(const phase *p, uint64_t wave, uint32_t position)
{
    if (p->shape == TO_XOR) {
        return position ^ p->distance;
    }
    uint64_t shift = p->shape == TO_SHIFT ? wave % (p->members - 1) + 1 : 1;
    return (uint32_t)((position + shift) % p->members);
}

static uint32_t phase_sends(const mu_waves *waves, uint64_t wave, uint32_t rank, mu_send *out)
{
    const phases *all = waves->own;
    uint32_t at = 0;
    wave %= waves->count;
    while (wave >= all->phase[at].waves) {
        wave -= all->phase[at++].waves;
        assert(at < all->count);
    }
    const phase *p = &all->phase[at];
    if (p->root && rank != 0) {
        return 0;
    }
    uint32_t position = rank / p->stride % p->members;
    uint32_t base = rank - position * p->stride;
    if (p->shape == TO_ALL) {
        return send_all(p, base, position, out);
    }
    out[0] = (mu_send){base + partner(p, wave, position) * p->stride, p->bytes};
    return 1;
}

/* Phases of no wave, and of groups of one, are left out. */
static void add(phases *all, phase p)
{
    if (p.waves > 0 && p.members > 1) {
        assert(all->count < PHASES_MAX);
        all->phase[all->count++] = p;
    }
}

static bool halves_first(mu_collective what)
{
    return what == MU_ALL_REDUCE || what == MU_REDUCE_SCATTER;
}

static bool gathers_last(mu_collective what)
{
    return what == MU_ALL_REDUCE || what == MU_ALL_GATHER;
}

/* How often a reduce-scatter or an all-gather is gone through: an all-reduce is both. */
static uint64_t passes(mu_collective what)
{
    return what == MU_ALL_REDUCE ? 2 : 1;
}

static void add_ring(phases *all, const mu_moves_ask *ask)
{
    add(all, (phase){.shape = TO_NEXT,
                     .waves = passes(ask->what) * (ask->ranks - 1),
                     .members = ask->ranks,
                     .stride = 1,
                     .bytes = ask->bytes / ask->ranks});
}

static void add_exchange(phases *all, uint32_t ranks, uint32_t distance, double bytes)
{
    add(all, (phase){.shape = TO_XOR,
                     .waves = 1,
                     .members = ranks,
                     .stride = 1,
                     .distance = distance,
                     .bytes = bytes});
}

static void add_halving(phases *all, const mu_moves_ask *ask)
{
    uint32_t n = ask->ranks;
    bool near_first = ask->what == MU_ALL_REDUCE;
    if (halves_first(ask->what)) {
        for (uint32_t d = 1; d < n; d *= 2) {
            add_exchange(all, n, near_first ? d : n / 2 / d, ask->bytes / 2.0 / d);
        }
    }
    if (gathers_last(ask->what)) {
        for (uint32_t d = 1; d < n; d *= 2) {
            add_exchange(all, n, near_first ? n / 2 / d : d, ask->bytes / n * d);
        }
    }
}

static void add_direct(phases *all, const mu_moves_ask *ask)
{
    phase p = {.shape = TO_ALL,
               .waves = passes(ask->what),
               .members = ask->ranks,
               .stride = 1,
               .bytes = ask->bytes / ask->ranks};
    if (ask->what == MU_BROADCAST || ask->what == MU_POINT_TO_POINT) {
        p.root = true;
        p.bytes = ask->bytes;
        p.shape = ask->what == MU_BROADCAST ? TO_ALL : TO_NEXT;
    }
    add(all, p);
}

static void add_pairwise(phases *all, const mu_moves_ask *ask)
{
    add(all, (phase){.shape = TO_SHIFT,
                     .waves = ask->ranks - 1,
                     .members = ask->ranks,
                     .stride = 1,
                     .bytes = ask->bytes / ask->ranks});
}

/* Inside to the rank whose place there is the destination's, with all that goes to that place;
 * then across among those of one place. */
static void add_two_step(phases *all, const mu_moves_ask *ask)
{
    uint32_t outer = ask->ranks / ask->inner;
    phase inside = {.shape = TO_ALL,
                    .waves = 1,
                    .members = ask->inner,
                    .stride = 1,
                    .bytes = ask->bytes / ask->inner};
    phase across = {.shape = TO_ALL,
                    .waves = 1,
                    .members = outer,
                    .stride = ask->inner,
                    .bytes = ask->bytes / outer};
    add(all, inside);
    add(all, across);
}

/* Inside at once, not round a ring: meshes (HCCL) have a link to every peer to use, and switches do
 * not mind. */
static void add_hierarchical(phases *all, const mu_moves_ask *ask)
{
    if (ask->what == MU_ALL_TO_ALL) {
        add_two_step(all, ask);
        return;
    }
    uint32_t outer = ask->ranks / ask->inner;
    phase inside = {.shape = TO_ALL,
                    .waves = 1,
                    .members = ask->inner,
                    .stride = 1,
                    .bytes = ask->bytes / ask->inner};
    phase across = {.shape = TO_NEXT,
                    .waves = passes(ask->what) * (outer - 1),
                    .members = outer,
                    .stride = ask->inner,
                    .bytes = ask->bytes / ask->ranks};
    if (halves_first(ask->what)) {
        add(all, inside);
    }
    add(all, across);
    if (gathers_last(ask->what)) {
        add(all, inside);
    }
}

/* In the switch: a rank's buffer goes up and its part of the sum comes down, then the part goes up
 * and all parts come down. Each of the two waves carries half of the whole, both ways. */
static void add_switch(phases *all, const mu_moves_ask *ask)
{
    uint32_t outer = ask->ranks / ask->inner;
    double whole = ask->bytes * (1.0 + 1.0 / ask->inner);
    phase inside = {.shape = TO_ALL,
                    .waves = 1,
                    .members = ask->inner,
                    .stride = 1,
                    .bytes = ask->inner > 1 ? whole / 2.0 / (ask->inner - 1) : 0.0};
    add(all, inside);
    add(all, (phase){.shape = TO_NEXT,
                     .waves = 2 * ((uint64_t)outer - 1),
                     .members = outer,
                     .stride = ask->inner,
                     .bytes = ask->bytes / ask->ranks});
    add(all, inside);
}

static void add_phases(phases *all, const mu_moves_ask *ask)
{
    switch (ask->pattern) {
    case MU_PATTERN_RING:
        add_ring(all, ask);
        break;
    case MU_PATTERN_HALVING:
        add_halving(all, ask);
        break;
    case MU_PATTERN_DIRECT:
        add_direct(all, ask);
        break;
    case MU_PATTERN_PAIRWISE:
        add_pairwise(all, ask);
        break;
    case MU_PATTERN_HIERARCHICAL:
        add_hierarchical(all, ask);
        break;
    case MU_PATTERN_SWITCH:
        add_switch(all, ask);
        break;
    case MU_PATTERN_TREE:
    case MU_PATTERN_RAILS:
    case MU_PATTERN_COUNT:
        assert(all->count > 0); /* made elsewhere */
        break;
    }
}

/* Whether all waves of two phases are alike. */
static bool alike(const phase *a, const phase *b)
{
    return a->shape == b->shape && a->root == b->root && a->members == b->members &&
           a->stride == b->stride && a->distance == b->distance && a->bytes == b->bytes;
}

/* The kind of an earlier phase that a phase is like, or the next one. */
static uint32_t kind_of(const phases *all, uint32_t which, uint32_t next)
{
    for (uint32_t i = 0; i < which; i++) {
        if (alike(&all->phase[i], &all->phase[which])) {
            return all->run[i].kind;
        }
    }
    return next;
}

static mu_waves waves_of(phases *all, const mu_moves_ask *ask)
{
    mu_waves waves = {.ranks = ask->ranks,
                      .period = 1,
                      .sends_max = 1,
                      .waits_receipts = ask->pattern != MU_PATTERN_PAIRWISE,
                      .translated = true,
                      .sends = phase_sends,
                      .bytes = ask->bytes,
                      .inner = ask->inner,
                      .own = all};
    bool runs = true;
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        const phase *p = &all->phase[i];
        uint32_t sends = p->shape == TO_ALL ? p->members - 1 : 1;
        waves.sends_max = sends > waves.sends_max ? sends : waves.sends_max;
        waves.count += p->waves;
        waves.translated =
            waves.translated && !p->root && p->shape != TO_XOR && p->members == ask->ranks;
        runs = runs && p->shape != TO_SHIFT;
        all->run[i] = (mu_wave_run){.end = waves.count, .kind = kind_of(all, i, kinds)};
        kinds = all->run[i].kind == kinds ? kinds + 1 : kinds;
    }
    waves.period = kinds <= 1 && runs ? 1 : waves.count;
    if (runs && kinds > 1) {
        waves.run = all->run;
        waves.run_count = all->count;
    }
    return waves;
}

mu_status mu_moves_phases(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out, mu_error *err)
{
    phases *all = MU_NEW(arena, phases, 1);
    if (all == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a collective");
    }
    add_phases(all, ask);
    *out = (mu_moves){.kind = MU_MOVES_WAVES, .waves = waves_of(all, ask)};
    return MU_OK;
}
