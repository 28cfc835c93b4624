/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk along what items wait for, depth first.
 *
 * Terms: path = items being walked, each waiting for the next; an item met again while it is on
 *        the path closes a circle.
 */
#include "base/order.h"

#include <stdlib.h>

typedef enum state { FRESH, OPEN, DONE } state;

typedef struct walk {
    mu_waits_for *waits;
    const void *context;
    unsigned char *state; /* [count] */
    uint32_t *path;       /* [count] */
    uint32_t *next;       /* [count] which of its waits comes next, by place in the path */
    uint32_t depth;
    uint32_t *order;
    uint32_t ordered;
} walk;

static void enter(walk *w, uint32_t item)
{
    w->state[item] = OPEN;
    w->next[w->depth] = 0;
    w->path[w->depth++] = item;
}

static void leave(walk *w)
{
    uint32_t item = w->path[--w->depth];
    w->state[item] = DONE;
    if (w->order != NULL) {
        w->order[w->ordered] = item;
    }
    w->ordered++;
}

static void tell_circle(const walk *w, uint32_t item, mu_circle *out)
{
    uint32_t from = 0;
    while (from + 1 < w->depth && w->path[from] != item) {
        from++;
    }
    out->length = w->depth - from;
    for (uint32_t i = 0; i < out->length && i < MU_CIRCLE_TOLD_MAX; i++) {
        out->item[i] = w->path[from + i];
    }
}

/* Everything that one item waits for, then itself. */
static mu_status follow(walk *w, uint32_t start, mu_circle *circle)
{
    enter(w, start);
    while (w->depth > 0) {
        uint32_t at = w->depth - 1;
        uint32_t other = w->waits(w->context, w->path[at], w->next[at]);
        if (other == MU_WAITS_END) {
            leave(w);
            continue;
        }
        w->next[at]++;
        if (w->state[other] == OPEN) {
            tell_circle(w, other, circle);
            return MU_NO;
        }
        if (w->state[other] == FRESH) {
            enter(w, other);
        }
    }
    return MU_OK;
}

static mu_status walk_all(walk *w, uint32_t count, mu_circle *circle)
{
    for (uint32_t i = 0; i < count; i++) {
        if (w->state[i] == FRESH) {
            mu_status status = follow(w, i, circle);
            if (status != MU_OK) {
                return status;
            }
        }
    }
    return MU_OK;
}

mu_status mu_order_find(uint32_t count, mu_waits_for *waits, const void *context, uint32_t *order,
                        mu_circle *circle, mu_error *err)
{
    size_t room = (size_t)count + 1;
    walk w = {.waits = waits,
              .context = context,
              .state = calloc(room, sizeof *w.state),
              .path = malloc(room * sizeof *w.path),
              .next = malloc(room * sizeof *w.next)};
    w.order = order;
    mu_status status = MU_E_MEMORY;
    if (w.state != NULL && w.path != NULL && w.next != NULL) {
        status = walk_all(&w, count, circle);
    } else {
        mu_fail(err, status, "out of memory to order %u items", count);
    }
    free(w.state);
    free(w.path);
    free(w.next);
    return status;
}
