/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic of an instance, message by message, and what it puts on every link.
 *
 * Terms: a run = the members of a group that lie in one domain of `inner` ranks; runs of one domain
 *        of `outer` ranks are a segment; partners = members at the same position of their runs (a
 *        shorter run serves several).
 */
#include "fabric/rush.h"

#include <assert.h>
#include <string.h>

/* Shifts that stand for "to all others" in what goes on beside a hand-over. */
enum { SHIFTS_MAX = 8 };

/* Members [first, first + count) of a group. */
typedef struct run {
    uint32_t first;
    uint32_t count;
    uint32_t segment_first; /* run */
    uint32_t segment_end;
} run;

typedef struct walker {
    const mu_rush *rush;
    mu_rush_visit *visit;
    void *context;
    uint32_t *member; /* [group ranks], ascending */
    run *runs;        /* [group ranks] */
    uint32_t run_count;
    double part; /* of one message; 0 = not known yet */
} walker;

uint64_t mu_rush_ranks(const mu_rush *rush)
{
    if (rush->kind == MU_RUSH_HANDOVER) {
        return 2 * rush->instance;
    }
    bool first_group = rush->alone && rush->kind != MU_RUSH_PAIRS;
    return first_group ? rush->group.ranks * rush->group.stride : rush->instance;
}

static bool crosses(const mu_rush *t, uint64_t a, uint64_t b)
{
    return a / t->inner != b / t->inner && a / t->outer == b / t->outer;
}

static void find_runs(walker *w)
{
    const mu_rush *t = w->rush;
    uint32_t segment = 0;
    w->run_count = 0;
    for (uint32_t i = 0; i < t->group.ranks; i++) {
        if (i > 0 && w->member[i] / t->inner == w->member[i - 1] / t->inner) {
            w->runs[w->run_count - 1].count++;
            continue;
        }
        if (i == 0 || w->member[i] / t->outer != w->member[i - 1] / t->outer) {
            segment = w->run_count;
        }
        w->runs[w->run_count++] = (run){.first = i, .count = 1, .segment_first = segment};
    }
    uint32_t end = w->run_count;
    for (uint32_t i = w->run_count; i-- > 0;) {
        w->runs[i].segment_end = end;
        end = w->runs[i].segment_first == i ? i : end;
    }
}

/* Messages that a member of a run sends. */
static uint32_t targets(const walker *w, const run *own)
{
    uint32_t others = own->segment_end - own->segment_first - 1;
    if (w->rush->kind != MU_RUSH_PEERS) {
        return others > 0 && w->rush->kind == MU_RUSH_CHAIN ? 1 : others;
    }
    const run *first = &w->runs[own->segment_first];
    const run *last = &w->runs[own->segment_end - 1];
    return last->first + last->count - first->first - own->count;
}

static void size_messages(walker *w)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < w->run_count; i++) {
        uint32_t own = targets(w, &w->runs[i]);
        most = own > most ? own : most;
    }
    w->part = 1.0 / most;
}

static mu_status send_to_run(const walker *w, const run *own, uint32_t position, const run *other,
                             mu_error *err)
{
    uint32_t from = w->member[own->first + position];
    bool all = w->rush->kind == MU_RUSH_PEERS;
    uint32_t first = all ? 0 : position % other->count;
    uint32_t end = all ? other->count : first + 1;
    mu_status status = MU_OK;
    for (uint32_t p = first; p < end && status == MU_OK; p++) {
        status = w->visit(w->context, from, w->member[other->first + p], w->part, err);
    }
    return status;
}

/* All messages of one member. */
static mu_status send(const walker *w, uint32_t own_run, uint32_t position, mu_error *err)
{
    const run *own = &w->runs[own_run];
    mu_status status = MU_OK;
    if (w->rush->kind == MU_RUSH_CHAIN) {
        uint32_t next = own_run + 1 < own->segment_end ? own_run + 1 : own->segment_first;
        return next == own_run ? MU_OK : send_to_run(w, own, position, &w->runs[next], err);
    }
    for (uint32_t i = own->segment_first; i < own->segment_end && status == MU_OK; i++) {
        status = i == own_run ? MU_OK : send_to_run(w, own, position, &w->runs[i], err);
    }
    return status;
}

static mu_status walk_group(walker *w, uint64_t first, mu_error *err)
{
    for (uint32_t i = 0; i < w->rush->group.ranks; i++) {
        w->member[i] = (uint32_t)(first + i * w->rush->group.stride);
    }
    find_runs(w);
    if (!(w->part > 0.0)) {
        size_messages(w);
    }
    mu_status status = MU_OK;
    for (uint32_t r = 0; r < w->run_count && status == MU_OK; r++) {
        for (uint32_t p = 0; p < w->runs[r].count && status == MU_OK; p++) {
            status = send(w, r, p, err);
        }
    }
    return status;
}

static mu_status walk_groups(walker *w, mu_error *err)
{
    const mu_rush *t = w->rush;
    uint64_t block = t->group.ranks * t->group.stride;
    mu_status status = MU_OK;
    for (uint64_t first = 0; first + block <= t->instance && status == MU_OK; first += block) {
        for (uint64_t i = 0; i < t->group.stride && status == MU_OK; i++) {
            status = walk_group(w, first + i, err);
            if (t->alone) {
                return status;
            }
        }
    }
    return status;
}

/* Rank r to r + distance, for r below `senders`. */
static mu_status walk_pairs(const walker *w, uint64_t senders, uint64_t distance, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint64_t r = 0; r < senders && status == MU_OK; r++) {
        if (crosses(w->rush, r, r + distance)) {
            status = w->visit(w->context, (uint32_t)r, (uint32_t)(r + distance), 1.0, err);
            if (w->rush->alone) {
                break;
            }
        }
    }
    return status;
}

mu_status mu_rush_messages(mu_arena *arena, const mu_rush *rush, mu_rush_visit *visit,
                           void *context, mu_error *err)
{
    assert(rush->inner >= 1 && rush->outer > rush->inner && rush->group.ranks >= 1 &&
           rush->group.stride >= 1);
    assert(mu_rush_ranks(rush) <= UINT32_MAX / 2);
    walker w = {.rush = rush, .visit = visit, .context = context};
    if (rush->kind == MU_RUSH_HANDOVER) {
        return walk_pairs(&w, rush->instance, rush->instance, err);
    }
    if (rush->kind == MU_RUSH_PAIRS) {
        uint64_t distance = rush->group.stride;
        return walk_pairs(&w, rush->instance > distance ? rush->instance - distance : 0, distance,
                          err);
    }
    mu_arena_mark mark = mu_arena_here(arena);
    w.member = MU_NEW(arena, uint32_t, rush->group.ranks);
    w.runs = MU_NEW(arena, run, rush->group.ranks);
    mu_status status = w.member != NULL && w.runs != NULL
                           ? walk_groups(&w, err)
                           : mu_fail(err, MU_E_MEMORY, "no memory for the rush of an instance");
    mu_arena_back(arena, mark);
    return status;
}

mu_status mu_rush_beside(const mu_rush *rush, mu_rush_visit *visit, void *context, mu_error *err)
{
    uint64_t ranks = rush->group.ranks;
    uint64_t shifts = ranks - 1 < SHIFTS_MAX ? ranks - 1 : SHIFTS_MAX;
    mu_status status = MU_OK;
    for (uint64_t r = 0; r < rush->instance / ranks * ranks && status == MU_OK; r++) {
        uint64_t first = rush->instance + r / ranks * ranks;
        for (uint64_t i = 0; i < shifts && status == MU_OK; i++) {
            uint64_t shift = 1 + i * (ranks - 1) / shifts;
            status =
                visit(context, (uint32_t)(rush->instance + r),
                      (uint32_t)(first + (r % ranks + shift) % ranks), 1.0 / (double)shifts, err);
        }
    }
    return status;
}

/* What every rank sends and gets. */
typedef struct books {
    double *sent; /* [ranks] */
    double *got;  /* [ranks] */
} books;

static mu_status book(void *context, uint32_t from, uint32_t to, double part, mu_error *err)
{
    const books *b = context;
    (void)err;
    b->sent[from] += part;
    b->got[to] += part;
    return MU_OK;
}

static mu_status busiest_rank(mu_arena *arena, const mu_rush *rush, double *bytes, mu_error *err)
{
    uint64_t ranks = mu_rush_ranks(rush);
    books b = {.sent = MU_NEW(arena, double, ranks), .got = MU_NEW(arena, double, ranks)};
    if (b.sent == NULL || b.got == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the traffic of an instance");
    }
    mu_status status = mu_rush_messages(arena, rush, book, &b, err);
    double most = 0.0;
    for (uint64_t r = 0; r < ranks; r++) {
        double own = b.sent[r] > b.got[r] ? b.sent[r] : b.got[r];
        most = own > most ? own : most;
    }
    *bytes = most;
    return status;
}

mu_status mu_rush_busiest(mu_arena *arena, const mu_rush *rush, double *bytes, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(arena);
    double most = 0.0;
    mu_status status = busiest_rank(arena, rush, &most, err);
    if (status == MU_OK && rush->kind == MU_RUSH_CHAIN) {
        mu_rush partners = *rush;
        partners.kind = MU_RUSH_PARTNERS;
        double other = 0.0;
        status = busiest_rank(arena, &partners, &other, err);
        most = other < most ? other : most;
    }
    mu_arena_back(arena, mark);
    if (status == MU_OK) {
        *bytes = most;
    }
    return status;
}

/* What ranks of the next instance along get. */
typedef struct inbox {
    const mu_rush *rush;
    uint64_t inner; /* messages between domains of so many ranks count, */
    uint64_t outer; /* inside domains of so many */
    double *got;    /* [instance] */
} inbox;

static mu_status count_in(void *context, uint32_t from, uint32_t to, double part, mu_error *err)
{
    const inbox *in = context;
    (void)err;
    if (from / in->inner != to / in->inner && from / in->outer == to / in->outer) {
        in->got[to - in->rush->instance] += part;
    }
    return MU_OK;
}

mu_status mu_rush_handover(mu_arena *arena, const mu_rush *rush, uint64_t inner, uint64_t outer,
                           double *bytes, mu_error *err)
{
    assert(rush->kind == MU_RUSH_HANDOVER);
    mu_arena_mark mark = mu_arena_here(arena);
    inbox in = {
        .rush = rush, .inner = inner, .outer = outer, .got = MU_NEW(arena, double, rush->instance)};
    if (in.got == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the traffic of an instance");
    }
    mu_status status = rush->alone ? MU_OK : mu_rush_beside(rush, count_in, &in, err);
    double most = 0.0;
    for (uint64_t r = 0; r < rush->instance; r++) {
        double all = crosses(rush, r, r + rush->instance) ? 1.0 + in.got[r] : 0.0;
        most = all > most ? all : most;
    }
    mu_arena_back(arena, mark);
    if (status == MU_OK) {
        *bytes = most;
    }
    return status;
}

const char *mu_rush_text(mu_rush_kind kind)
{
    static const char *const text[MU_RUSH_COUNT] = {"chain", "partners", "peers", "pairs",
                                                    "hand-over"};
    assert(kind < MU_RUSH_COUNT);
    return text[kind];
}
