/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One draw of everything uncertain: which quantile each named fact or parameter takes.
 *
 * A name ("chip/ascend-910c/memory.bandwidth") gets a Sobol dimension when it is first seen while
 * the plan is open; the same name means the same draw wherever it is asked for, so that two systems
 * with a fact in common share its luck. Frozen, a plan may be read by any number of threads.
 */
#ifndef MUSTER_BASE_DRAW_H
#define MUSTER_BASE_DRAW_H

#include "base/arena.h"
#include "base/interval.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_draw_plan mu_draw_plan;

/* Draw number `index` of a plan. index 0 is the point answer: every quantile is 0.5. */
typedef struct mu_draw {
    mu_draw_plan *plan; /* borrowed; NULL = the point answer */
    uint32_t index;
} mu_draw;

/** Belongs to the arena; NULL when out of memory. */
mu_draw_plan *mu_draw_plan_create(mu_arena *arena, uint64_t seed);

/** No names join after this: unknown names then draw from a random stream of their own hash. */
void mu_draw_plan_freeze(mu_draw_plan *plan);

/** Ranges that are points join, too, from now on: for who asks what an answer is made of. */
void mu_draw_plan_take_points(mu_draw_plan *plan);

/** Names with a dimension so far. */
uint32_t mu_draw_plan_count(const mu_draw_plan *plan);
const char *mu_draw_plan_name(const mu_draw_plan *plan, uint32_t dimension);

/** Its range as it joined: where ranges hang on other draws, that of the point. */
mu_range mu_draw_plan_range(const mu_draw_plan *plan, uint32_t dimension);

/** Quantile that a name takes in draw `index` of its plan; 0.5 in the point answer. */
double mu_draw_plan_quantile(const mu_draw_plan *plan, uint32_t dimension, uint32_t index);

/**
 * A view of a frozen plan in which one name takes this quantile in every draw, the point answer
 * too; all others as before. Belongs to the arena, borrows the plan; NULL when out of memory.
 *
 * @param[in] quantile  0 .. 1
 */
mu_draw_plan *mu_draw_plan_hold(const mu_draw_plan *plan, uint32_t dimension, double quantile,
                                mu_arena *arena);

/** The dimension that a view holds; UINT32_MAX of a plan that holds none. */
uint32_t mu_draw_plan_held(const mu_draw_plan *plan);

/** Whether a name has a dimension. */
bool mu_draw_plan_knows(const mu_draw_plan *plan, const char *name);

/** The same with the name's value times `factor`, of whatever the draw says of it. */
mu_draw_plan *mu_draw_plan_scale(const mu_draw_plan *plan, uint32_t dimension, double factor,
                                 mu_arena *arena);

/** Value of a range in this draw; joins `name` to an open plan unless the range is a point. */
double mu_draw_value(mu_draw draw, const char *name, mu_range range);

#endif
