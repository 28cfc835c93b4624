/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws of everything uncertain.
 *
 * What:  a table name -> Sobol dimension, and the value of a range in a draw.
 * Why:   names, not call order, decide the luck: two systems that share a fact share its draw.
 * Bound: the first MU_SOBOL_DIMENSIONS names are quasi-random, later ones pseudo-random; a name
 * that finds no place (frozen plan, arena full) draws from a stream of its own hash.
 */
#include "base/draw.h"

#include "base/random.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { SLOTS_FIRST = 256 };

static const uint32_t NO_DIMENSION = UINT32_MAX;

struct name {
    const char *text;
    uint64_t hash;
    mu_range range;
};

struct mu_draw_plan {
    mu_arena *arena;
    uint64_t seed;
    bool frozen;
    bool points;   /* join, too */
    uint32_t held; /* dimension that always takes held_at, or NO_DIMENSION */
    double held_at;
    uint32_t scaled; /* dimension whose value is multiplied, or NO_DIMENSION */
    double factor;
    uint32_t count;
    uint32_t slots;     /* a power of two, at least twice count */
    struct name *names; /* [slots / 2] by dimension */
    uint32_t *table;    /* [slots] dimension + 1, 0 = free; open addressing */
};

mu_draw_plan *mu_draw_plan_create(mu_arena *arena, uint64_t seed)
{
    mu_draw_plan *plan = MU_NEW(arena, mu_draw_plan, 1);
    struct name *names = MU_NEW(arena, struct name, SLOTS_FIRST / 2);
    uint32_t *table = MU_NEW(arena, uint32_t, SLOTS_FIRST);
    if (plan == NULL || names == NULL || table == NULL) {
        return NULL;
    }
    plan->arena = arena;
    plan->seed = seed;
    plan->held = NO_DIMENSION;
    plan->scaled = NO_DIMENSION;
    plan->slots = SLOTS_FIRST;
    plan->names = names;
    plan->table = table;
    return plan;
}

void mu_draw_plan_freeze(mu_draw_plan *plan)
{
    plan->frozen = true;
}

void mu_draw_plan_take_points(mu_draw_plan *plan)
{
    plan->points = true;
}

uint32_t mu_draw_plan_count(const mu_draw_plan *plan)
{
    return plan->count;
}

const char *mu_draw_plan_name(const mu_draw_plan *plan, uint32_t dimension)
{
    assert(dimension < plan->count);
    return plan->names[dimension].text;
}

mu_range mu_draw_plan_range(const mu_draw_plan *plan, uint32_t dimension)
{
    assert(dimension < plan->count);
    return plan->names[dimension].range;
}

double mu_draw_plan_quantile(const mu_draw_plan *plan, uint32_t dimension, uint32_t index)
{
    assert(dimension < plan->count);
    if (dimension == plan->held) {
        return plan->held_at;
    }
    return index == 0 ? 0.5 : mu_sobol(plan->seed, dimension, index);
}

mu_draw_plan *mu_draw_plan_hold(const mu_draw_plan *plan, uint32_t dimension, double quantile,
                                mu_arena *arena)
{
    assert(plan->frozen && dimension < plan->count);
    mu_draw_plan *view = MU_NEW(arena, mu_draw_plan, 1);
    if (view != NULL) {
        *view = *plan;
        view->held = dimension;
        view->held_at = quantile;
    }
    return view;
}

mu_draw_plan *mu_draw_plan_scale(const mu_draw_plan *plan, uint32_t dimension, double factor,
                                 mu_arena *arena)
{
    assert(plan->frozen && dimension < plan->count);
    mu_draw_plan *view = MU_NEW(arena, mu_draw_plan, 1);
    if (view != NULL) {
        *view = *plan;
        view->scaled = dimension;
        view->factor = factor;
    }
    return view;
}

/* Slot that holds the name, or the free one where it would go. The table is never full. */
static uint32_t *slot_of(const mu_draw_plan *plan, const char *text, uint64_t hash)
{
    uint32_t mask = plan->slots - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        uint32_t held = plan->table[i];
        if (held == 0) {
            return &plan->table[i];
        }
        const struct name *name = &plan->names[held - 1];
        if (name->hash == hash && strcmp(name->text, text) == 0) {
            return &plan->table[i];
        }
    }
}

uint32_t mu_draw_plan_held(const mu_draw_plan *plan)
{
    return plan->held;
}

bool mu_draw_plan_knows(const mu_draw_plan *plan, const char *name)
{
    return *slot_of(plan, name, mu_text_hash(name)) != 0;
}

/* Twice the room; the old tables stay in the arena until it goes. */
static bool grow(mu_draw_plan *plan)
{
    uint32_t slots = plan->slots * 2;
    struct name *names = MU_NEW(plan->arena, struct name, slots / 2);
    uint32_t *table = MU_NEW(plan->arena, uint32_t, slots);
    if (names == NULL || table == NULL) {
        return false;
    }
    memcpy(names, plan->names, plan->count * sizeof names[0]);
    plan->names = names;
    plan->table = table;
    plan->slots = slots;
    for (uint32_t i = 0; i < plan->count; i++) {
        *slot_of(plan, names[i].text, names[i].hash) = i + 1;
    }
    return true;
}

/* A dimension for a new name, or NO_DIMENSION when memory is out. */
static uint32_t join(mu_draw_plan *plan, const char *text, uint64_t hash, mu_range range)
{
    if (plan->count == plan->slots / 2 && !grow(plan)) {
        return NO_DIMENSION;
    }
    char *copy = mu_arena_text(plan->arena, text, strlen(text));
    if (copy == NULL) {
        return NO_DIMENSION;
    }
    uint32_t dimension = plan->count++;
    plan->names[dimension] = (struct name){.text = copy, .hash = hash, .range = range};
    *slot_of(plan, copy, hash) = dimension + 1;
    return dimension;
}

/* Frozen plans say the point at once, unless one name stands out. */
static bool is_plain_point(mu_draw draw)
{
    const mu_draw_plan *plan = draw.plan;
    return draw.index == 0 && plan->frozen && plan->held == NO_DIMENSION &&
           plan->scaled == NO_DIMENSION;
}

static double value_at(mu_draw draw, uint32_t dimension, mu_range range)
{
    double u = mu_draw_plan_quantile(draw.plan, dimension, draw.index);
    double value = mu_range_at(range, u);
    return dimension == draw.plan->scaled ? value * draw.plan->factor : value;
}

double mu_draw_value(mu_draw draw, const char *name, mu_range range)
{
    mu_draw_plan *plan = draw.plan;
    if (plan == NULL || (range.low == range.high && !plan->points) || is_plain_point(draw)) {
        return range.best;
    }
    uint64_t hash = mu_text_hash(name);
    uint32_t slot = *slot_of(plan, name, hash);
    uint32_t dimension = slot != 0 ? slot - 1 : NO_DIMENSION;
    if (slot == 0 && !plan->frozen) {
        dimension = join(plan, name, hash, range);
    }
    if (dimension != NO_DIMENSION) {
        return value_at(draw, dimension, range);
    }
    return draw.index == 0 ? range.best
                           : mu_range_at(range, mu_random_uniform(plan->seed, hash, draw.index));
}
