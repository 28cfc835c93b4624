/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a list of moves sound? Nothing out of range, and nobody waits for himself.
 *
 * Bound: O(moves + needs), 9 bytes a move while it runs.
 */
#include "fabric/moves.h"

#include "base/order.h"

#include <math.h>
#include <stdio.h>

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
static mu_status tell_circle(const mu_move_list *list, const mu_circle *circle, mu_error *err)
{
    char text[MU_ERROR_TEXT_MAX] = "";
    uint32_t told = circle->length < MU_CIRCLE_TOLD_MAX ? circle->length : MU_CIRCLE_TOLD_MAX;
    const mu_move *first = &list->move[circle->item[0]];
    int used = 0;
    if (circle->length == 1) {
        return mu_fail(err, MU_E_INPUT, "deadlock: rank %u sends to %u (move %u) only after itself",
                       first->from, first->to, circle->item[0]);
    }
    for (uint32_t i = 1; i < told; i++) {
        const mu_move *m = &list->move[circle->item[i]];
        used +=
            snprintf(text + used, sizeof text - (size_t)used,
                     "move %u (rank %u to %u), which waits for ", circle->item[i], m->from, m->to);
    }
    if (circle->length > told) {
        snprintf(text + used, sizeof text - (size_t)used,
                 "%u more moves, the last of which waits for ", circle->length - told);
    }
    return mu_fail(err, MU_E_INPUT, "deadlock: rank %u sends to %u (move %u) only after %smove %u",
                   first->from, first->to, circle->item[0], text, circle->item[0]);
}

static uint32_t needs_of(const void *context, uint32_t item, uint32_t k)
{
    const mu_move_list *list = context;
    const mu_move *m = &list->move[item];
    return k < m->need_count ? list->needs[m->need_first + k] : MU_WAITS_END;
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
    mu_circle circle = {0};
    mu_status status = mu_order_find(list->count, needs_of, list, NULL, &circle, err);
    if (status == MU_NO) {
        *culprit = circle.item[0];
        return tell_circle(list, &circle, err);
    }
    return status;
}

mu_status mu_moves_check(const mu_move_list *list, mu_error *err)
{
    uint32_t culprit = 0;
    return mu_moves_check_at(list, &culprit, err);
}
