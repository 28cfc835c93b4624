/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paged cache of a lane: a hash table of units, and a list of those nobody uses.
 */
#include "serving/block_cache.h"

#include <assert.h>
#include <string.h>

enum { UNITS_FIRST = 256 };

struct mu_unit {
    uint64_t id;
    uint32_t users;
    uint32_t before, after; /* in the list of evictable ones; `after` also links vacant slots */
};

void mu_block_cache_open(mu_block_cache *c, uint64_t blocks, mu_arena *arena)
{
    memset(c, 0, sizeof *c);
    c->blocks = blocks;
    c->free = blocks;
    c->arena = arena;
}

/* Slots from `first` on become vacant. */
static void vacate(mu_block_cache *c, uint32_t first)
{
    for (uint32_t i = c->unit_room; i > first; i--) {
        c->unit[i - 1].after = c->vacant;
        c->vacant = i - 1;
    }
}

void mu_block_cache_clear(mu_block_cache *c)
{
    c->free = c->blocks;
    c->evictable = 0;
    c->units = 0;
    if (c->unit_room > 0) {
        memset(c->slot_of, 0, c->table * sizeof *c->slot_of);
        memset(c->unit, 0, c->unit_room * sizeof *c->unit);
        c->vacant = 0;
        vacate(c, 1);
    }
}

uint64_t mu_block_cache_room(const mu_block_cache *c)
{
    return c->free + c->evictable * c->unit_blocks;
}

static uint32_t home(const mu_block_cache *c, uint64_t id)
{
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(x >> 32) & (c->table - 1);
}

/* Place in the table of an id, or of the hole where it would go. */
static uint32_t place(const mu_block_cache *c, uint64_t id)
{
    uint32_t at = home(c, id);
    while (c->slot_of[at] != 0 && c->unit[c->slot_of[at]].id != id) {
        at = (at + 1) & (c->table - 1);
    }
    return at;
}

static uint32_t find(const mu_block_cache *c, uint64_t id)
{
    return c->units > 0 ? c->slot_of[place(c, id)] : 0;
}

static void list_remove(mu_block_cache *c, uint32_t slot)
{
    mu_unit *u = &c->unit[slot];
    c->unit[u->before].after = u->after;
    c->unit[u->after].before = u->before;
    c->evictable--;
}

static void list_append(mu_block_cache *c, uint32_t slot)
{
    mu_unit *u = &c->unit[slot];
    u->before = c->unit[0].before;
    u->after = 0;
    c->unit[u->before].after = slot;
    c->unit[0].before = slot;
    c->evictable++;
}

/* Closes the hole in the table: entries after it that belong before it move up. */
static void table_remove(mu_block_cache *c, uint64_t id)
{
    uint32_t mask = c->table - 1;
    uint32_t hole = place(c, id);
    c->slot_of[hole] = 0;
    for (uint32_t at = (hole + 1) & mask; c->slot_of[at] != 0; at = (at + 1) & mask) {
        uint32_t wanted = home(c, c->unit[c->slot_of[at]].id);
        if (((at - wanted) & mask) >= ((at - hole) & mask)) {
            c->slot_of[hole] = c->slot_of[at];
            c->slot_of[at] = 0;
            hole = at;
        }
    }
}

static void evict_oldest(mu_block_cache *c)
{
    uint32_t slot = c->unit[0].after;
    assert(slot != 0 && c->unit[slot].users == 0);
    list_remove(c, slot);
    table_remove(c, c->unit[slot].id);
    c->unit[slot].after = c->vacant;
    c->vacant = slot;
    c->units--;
    c->free += c->unit_blocks;
}

void mu_block_cache_take(mu_block_cache *c, uint64_t n)
{
    assert(n <= mu_block_cache_room(c));
    while (c->free < n) {
        evict_oldest(c);
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
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = find(c, id[i]);
        if (slot == 0) {
            return i;
        }
        *unused += c->unit[slot].users == 0;
    }
    return count;
}

void mu_block_cache_hold(mu_block_cache *c, const uint64_t *id, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = find(c, id[i]);
        assert(slot != 0);
        if (c->unit[slot].users++ == 0) {
            list_remove(c, slot);
        }
    }
}

/* The deepest go first, so that they are evicted before what they stand on. */
void mu_block_cache_drop(mu_block_cache *c, const uint64_t *id, uint32_t count)
{
    for (uint32_t i = count; i > 0; i--) {
        uint32_t slot = find(c, id[i - 1]);
        assert(slot != 0 && c->unit[slot].users > 0);
        if (--c->unit[slot].users == 0) {
            list_append(c, slot);
        }
    }
}

/* More slots and a table at most half full; false = no memory, all stays as it was. */
static bool grow(mu_block_cache *c)
{
    uint32_t room = c->unit_room > 0 ? 2 * c->unit_room : UNITS_FIRST;
    mu_unit *unit = MU_NEW(c->arena, mu_unit, room);
    uint32_t *slot_of = MU_NEW(c->arena, uint32_t, 4 * (size_t)room);
    if (unit == NULL || slot_of == NULL || room > UINT32_MAX / 8) {
        return false;
    }
    uint32_t old = c->unit_room;
    if (old > 0) {
        memcpy(unit, c->unit, old * sizeof *unit);
    }
    c->unit = unit;
    c->slot_of = slot_of;
    c->unit_room = room;
    c->table = 4 * room;
    for (uint32_t i = 1; i < old; i++) {
        c->slot_of[place(c, unit[i].id)] = i;
    }
    vacate(c, old > 0 ? old : 1);
    return true;
}

static bool enter_one(mu_block_cache *c, uint64_t id)
{
    if (find(c, id) != 0 || (c->vacant == 0 && !grow(c))) {
        return false;
    }
    uint32_t slot = c->vacant;
    c->vacant = c->unit[slot].after;
    c->unit[slot] = (mu_unit){.id = id, .users = 1};
    c->slot_of[place(c, id)] = slot;
    c->units++;
    return true;
}

uint32_t mu_block_cache_enter(mu_block_cache *c, const uint64_t *id, uint32_t first, uint32_t last)
{
    uint32_t at = first;
    while (at < last && enter_one(c, id[at])) {
        at++;
    }
    return at;
}
