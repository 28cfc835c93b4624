/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paged cache of a lane: runs of units in a hash table by their first id.
 *
 * Why:  an id stands for all tokens before it, so that units of a run come and go together: what a
 *       request shares, enters or gives back is a few runs, however long its prompt is. A request
 *       that uses a part of a run cuts it in two.
 * Bound: a unit is there only if all before it are; the deepest are given back, and evicted, first.
 */
#include "serving/block_cache.h"

#include <assert.h>
#include <string.h>

enum { RUNS_FIRST = 64 };

struct mu_run {
    uint64_t *id;
    uint32_t count; /* units; 0 = vacant */
    uint32_t size;  /* id has room for 2^size */
    uint32_t users;
    uint32_t before, after; /* in the list of those nobody uses; `after` also links vacant ones */
    uint32_t next_out;      /* nearer the root, while a request gives back its path */
};

void mu_block_cache_open(mu_block_cache *c, uint64_t blocks, mu_arena *arena)
{
    memset(c, 0, sizeof *c);
    c->blocks = blocks;
    c->free = blocks;
    c->ids.arena = arena;
}

uint64_t mu_block_cache_room(const mu_block_cache *c)
{
    return c->free + c->evictable * c->unit_blocks;
}

/* The table of runs by their first id. */

static uint32_t home(const mu_block_cache *c, uint64_t id)
{
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(x >> 32) & (c->table - 1);
}

/* Place of an id, or of the hole where it would go. */
static uint32_t place(const mu_block_cache *c, uint64_t id)
{
    uint32_t at = home(c, id);
    while (c->slot_of[at] != 0 && c->run[c->slot_of[at]].id[0] != id) {
        at = (at + 1) & (c->table - 1);
    }
    return at;
}

static uint32_t find(const mu_block_cache *c, uint64_t id)
{
    return c->units > 0 ? c->slot_of[place(c, id)] : 0;
}

/* Closes the hole: entries after it that belong before it move up. */
static void table_remove(mu_block_cache *c, uint64_t id)
{
    uint32_t mask = c->table - 1;
    uint32_t hole = place(c, id);
    c->slot_of[hole] = 0;
    for (uint32_t at = (hole + 1) & mask; c->slot_of[at] != 0; at = (at + 1) & mask) {
        uint32_t wanted = home(c, c->run[c->slot_of[at]].id[0]);
        if (((at - wanted) & mask) >= ((at - hole) & mask)) {
            c->slot_of[hole] = c->slot_of[at];
            c->slot_of[at] = 0;
            hole = at;
        }
    }
}

/* Slots from `first` on become vacant. */
static void vacate(mu_block_cache *c, uint32_t first)
{
    for (uint32_t i = c->run_room; i > first; i--) {
        c->run[i - 1].after = c->vacant;
        c->vacant = i - 1;
    }
}

/* More slots and a table at most half full; false = no memory, all stays as it was. */
static bool grow(mu_block_cache *c)
{
    uint32_t room = c->run_room > 0 ? 2 * c->run_room : RUNS_FIRST;
    if (room > UINT32_MAX / 8) {
        return false;
    }
    mu_run *run = MU_NEW(c->ids.arena, mu_run, room);
    uint32_t *slot_of = MU_NEW(c->ids.arena, uint32_t, 4 * (size_t)room);
    if (run == NULL || slot_of == NULL) {
        return false;
    }
    uint32_t old = c->run_room;
    if (old > 0) {
        memcpy(run, c->run, old * sizeof *run);
    }
    c->run = run;
    c->slot_of = slot_of;
    c->run_room = room;
    c->table = 4 * room;
    for (uint32_t i = 1; i < old; i++) {
        c->slot_of[place(c, run[i].id[0])] = i;
    }
    vacate(c, old > 0 ? old : 1);
    return true;
}

/* A run of these ids in a slot of its own; 0 when memory is out. */
static uint32_t add_run(mu_block_cache *c, const uint64_t *id, uint32_t count)
{
    if (c->vacant == 0 && !grow(c)) {
        return 0;
    }
    uint32_t size = mu_id_size(count);
    uint64_t *kept = mu_id_take(&c->ids, size);
    if (kept == NULL) {
        return 0;
    }
    memcpy(kept, id, count * sizeof *kept);
    uint32_t slot = c->vacant;
    c->vacant = c->run[slot].after;
    c->run[slot] = (mu_run){.id = kept, .count = count, .size = size};
    c->slot_of[place(c, kept[0])] = slot;
    return slot;
}

static void drop_run(mu_block_cache *c, uint32_t slot)
{
    mu_run *run = &c->run[slot];
    table_remove(c, run->id[0]);
    mu_id_give(&c->ids, run->id, run->size);
    run->count = 0;
    run->after = c->vacant;
    c->vacant = slot;
}

/* The list of runs that nobody uses, the longest unused first; slot 0 is its ends. */

static void list_remove(mu_block_cache *c, uint32_t slot)
{
    mu_run *run = &c->run[slot];
    c->run[run->before].after = run->after;
    c->run[run->after].before = run->before;
}

/* Before another in the list; before slot 0 = last. */
static void list_insert(mu_block_cache *c, uint32_t added, uint32_t other)
{
    mu_run *run = &c->run[added];
    run->after = other;
    run->before = c->run[other].before;
    c->run[run->before].after = added;
    c->run[other].before = added;
}

/* Cuts a run after `count` units; the deeper part keeps its users and goes first when unused. */
static bool cut(mu_block_cache *c, uint32_t slot, uint32_t count)
{
    uint32_t rest = c->run[slot].count - count;
    uint32_t deeper = add_run(c, c->run[slot].id + count, rest);
    if (deeper == 0) {
        return false;
    }
    c->run[slot].count = count;
    c->run[deeper].users = c->run[slot].users;
    if (c->run[slot].users == 0) {
        list_insert(c, deeper, slot);
    }
    return true;
}

void mu_block_cache_clear(mu_block_cache *c)
{
    for (uint32_t i = 1; i < c->run_room; i++) {
        if (c->run[i].count > 0) {
            drop_run(c, i);
        }
    }
    if (c->run_room > 0) {
        c->run[0] = (mu_run){0};
    }
    c->free = c->blocks;
    c->evictable = 0;
    c->units = 0;
}

static void evict(mu_block_cache *c, uint64_t wanted)
{
    uint32_t slot = c->run[0].after;
    assert(slot != 0 && c->run[slot].users == 0);
    mu_run *run = &c->run[slot];
    uint32_t units = wanted < run->count ? (uint32_t)wanted : run->count;
    c->evictable -= units;
    c->units -= units;
    c->free += (uint64_t)units * c->unit_blocks;
    if (units < run->count) {
        run->count -= units;
    } else {
        list_remove(c, slot);
        drop_run(c, slot);
    }
}

void mu_block_cache_take(mu_block_cache *c, uint64_t n)
{
    assert(n <= mu_block_cache_room(c));
    while (c->free < n) {
        evict(c, (n - c->free + c->unit_blocks - 1) / c->unit_blocks);
    }
    c->free -= n;
}

void mu_block_cache_give(mu_block_cache *c, uint64_t n)
{
    c->free += n;
    assert(c->free + c->units * c->unit_blocks <= c->blocks);
}

uint32_t mu_block_cache_hits(const mu_block_cache *c, const uint64_t *id, uint32_t count,
                             uint32_t *unused)
{
    *unused = 0;
    uint32_t at = 0;
    while (at < count) {
        uint32_t slot = find(c, id[at]);
        if (slot == 0) {
            break;
        }
        const mu_run *run = &c->run[slot];
        uint32_t most = run->count < count - at ? run->count : count - at;
        uint32_t same = 1;
        while (same < most && run->id[same] == id[at + same]) {
            same++;
        }
        *unused += run->users == 0 ? same : 0;
        at += same;
        if (same < run->count) {
            break;
        }
    }
    return at;
}

uint32_t mu_block_cache_hold(mu_block_cache *c, const uint64_t *id, uint32_t count)
{
    uint32_t at = 0;
    while (at < count) {
        uint32_t slot = find(c, id[at]);
        assert(slot != 0);
        if (c->run[slot].count > count - at && !cut(c, slot, count - at)) {
            break;
        }
        mu_run *run = &c->run[slot];
        if (run->users++ == 0) {
            list_remove(c, slot);
            c->evictable -= run->count;
        }
        at += run->count;
    }
    return at;
}

/* Walks to the deepest first, so that they are evicted before what they stand on. */
void mu_block_cache_drop(mu_block_cache *c, const uint64_t *id, uint32_t count)
{
    uint32_t first = 0;
    uint32_t at = 0;
    while (at < count) {
        uint32_t slot = find(c, id[at]);
        assert(slot != 0 && c->run[slot].users > 0 && c->run[slot].count <= count - at);
        at += c->run[slot].count;
        c->run[slot].next_out = first;
        first = slot;
    }
    for (uint32_t slot = first; slot != 0;) {
        mu_run *run = &c->run[slot];
        uint32_t next = run->next_out;
        if (--run->users == 0) {
            list_insert(c, slot, 0);
            c->evictable += run->count;
        }
        slot = next;
    }
}

uint32_t mu_block_cache_enter(mu_block_cache *c, const uint64_t *id, uint32_t first, uint32_t last)
{
    if (first >= last || find(c, id[first]) != 0) {
        return first;
    }
    uint32_t slot = add_run(c, id + first, last - first);
    if (slot == 0) {
        return first;
    }
    c->run[slot].users = 1;
    c->units += last - first;
    return last;
}
