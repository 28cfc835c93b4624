/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a list of moves sound? Nothing out of range, and nobody waits for himself.
 *
 * What:  a walk along the needs, depth first; a move met again while it is being walked is in a
 *        circle of waiting, which is then told from the walk itself.
 * Bound: O(moves + needs), 9 bytes a move while it runs.
 */
#include "fabric/moves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum state { FRESH, OPEN, DONE } state;

typedef struct walk {
    unsigned char *state; /* [count] */
    uint32_t *path;       /* [count] moves being walked, each waiting for the next */
    uint32_t *next;       /* [count] which of its needs comes next, by place in the path */
    uint32_t depth;
} walk;

/* Members of a circle that are named one by one. */
enum { NAMED_MAX = 4 };

static mu_status check_move(const mu_move_list *list, uint32_t i, mu_error *err)
{
    const mu_move *m = &list->move[i];
    uint32_t rank = m->from >= list->ranks ? m->from : m->to;
    if (rank >= list->ranks) {
        return mu_fail(err, MU_E_INPUT, "move %u: expected ranks 0 to %u, found %u", i,
                       list->ranks - 1, rank);
    }
    if (m->from == m->to) {
        return mu_fail(err, MU_E_INPUT, "move %u: rank %u sends to itself", i, m->from);
    }
    if (!(m->bytes >= 0.0) || isinf(m->bytes)) {
        return mu_fail(err, MU_E_INPUT, "move %u: expected 0 or more bytes, found %g", i, m->bytes);
    }
    for (uint32_t k = 0; k < m->need_count; k++) {
        uint32_t needed = list->needs[m->need_first + k];
        if (needed >= list->count) {
            return mu_fail(err, MU_E_INPUT,
                           "move %u: waits for move %u, but there are only %u (from 0)", i, needed,
                           list->count);
        }
    }
    return MU_OK;
}

/* "rank 3 sends to 4 (move 17) only after move 12 (rank 4 to 3), which waits for move 17" */
static mu_status tell_circle(const mu_move_list *list, const uint32_t *circle, uint32_t length,
                             mu_error *err)
{
    char text[MU_ERROR_TEXT_MAX];
    const mu_move *m = &list->move[circle[0]];
    if (length == 1) {
        return mu_fail(err, MU_E_INPUT, "deadlock: rank %u sends to %u (move %u) only after itself",
                       m->from, m->to, circle[0]);
    }
    int used = snprintf(text, sizeof text, "rank %u sends to %u (move %u) only after ", m->from,
                        m->to, circle[0]);
    for (uint32_t i = 1; i < length && i <= NAMED_MAX; i++) {
        m = &list->move[circle[i]];
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "move %u (rank %u to %u), which waits for ", circle[i], m->from, m->to);
    }
    if (length > NAMED_MAX + 1) {
        snprintf(text + used, sizeof text - (size_t)used,
                 "%u more moves, the last of which waits for ", length - NAMED_MAX - 1);
    }
    return mu_fail(err, MU_E_INPUT, "deadlock: %smove %u", text, circle[0]);
}

/* Follows the needs of one move to their ends. Gives the start of a circle in the path, or the
 * path's depth when there is none. */
static uint32_t follow(const mu_move_list *list, uint32_t start, walk *w)
{
    w->path[0] = start;
    w->next[0] = 0;
    w->depth = 1;
    w->state[start] = OPEN;
    while (w->depth > 0) {
        uint32_t at = w->path[w->depth - 1];
        const mu_move *m = &list->move[at];
        if (w->next[w->depth - 1] == m->need_count) {
            w->state[at] = DONE;
            w->depth--;
            continue;
        }
        uint32_t needed = list->needs[m->need_first + w->next[w->depth - 1]++];
        if (w->state[needed] == OPEN) {
            uint32_t from = 0;
            while (from + 1 < w->depth && w->path[from] != needed) {
                from++;
            }
            return from;
        }
        if (w->state[needed] == FRESH) {
            w->state[needed] = OPEN;
            w->next[w->depth] = 0;
            w->path[w->depth++] = needed;
        }
    }
    return 0;
}

static mu_status check_circles(const mu_move_list *list, walk *w, uint32_t *culprit, mu_error *err)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (w->state[i] != FRESH) {
            continue;
        }
        uint32_t from = follow(list, i, w);
        if (w->depth > 0) {
            *culprit = w->path[from];
            return tell_circle(list, w->path + from, w->depth - from, err);
        }
    }
    return MU_OK;
}

mu_status mu_moves_check_at(const mu_move_list *list, uint32_t *culprit, mu_error *err)
{
    if (list->ranks == 0) {
        return mu_fail(err, MU_E_INPUT, "expected 1 rank or more, found none");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        mu_status status = check_move(list, i, err);
        if (status != MU_OK) {
            *culprit = i;
            return status;
        }
    }
    size_t count = list->count > 0 ? list->count : 1;
    walk w = {.state = calloc(count, sizeof *w.state),
              .path = malloc(count * sizeof *w.path),
              .next = malloc(count * sizeof *w.next)};
    mu_status status = MU_E_MEMORY;
    if (w.state != NULL && w.path != NULL && w.next != NULL) {
        status = check_circles(list, &w, culprit, err);
    } else {
        mu_fail(err, status, "out of memory to check %u moves", list->count);
    }
    free(w.state);
    free(w.path);
    free(w.next);
    return status;
}

mu_status mu_moves_check(const mu_move_list *list, mu_error *err)
{
    uint32_t culprit = 0;
    return mu_moves_check_at(list, &culprit, err);
}
