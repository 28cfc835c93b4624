/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of threadblocks as moves between ranks.
 *
 * What:  pairs sends with receives, orders all steps, and gives every send the moves that must have
 *        arrived before it.
 * Terms: front of a step = moves that must have arrived when it is over. A send's front is its own
 *        move, whose needs are the front before it.
 * Bound: a receiver always has room; MSCCL's few slots a channel are not modelled. FRONTS_MAX
 *        needs in all.
 */
#include "io/msccl.h"

#include "base/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRONTS_MAX = 1 << 27 };
/* Needs gone through in all, against files made to be slow. */
static const uint64_t WORK_MAX = 1ULL << 31;

/* One end of a channel from gpu to gpu. */
typedef struct end {
    uint32_t from;
    uint32_t to;
    uint32_t channel;
    uint32_t block;
} end;

typedef struct graph {
    const mu_msccl *algo;
    mu_error *err;
    uint32_t *met; /* [steps] of a receive the send it meets */
} graph;

static int by_channel(const void *a, const void *b)
{
    const end *x = a;
    const end *y = b;
    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to < y->to ? -1 : 1;
    }
    if (x->channel != y->channel) {
        return x->channel < y->channel ? -1 : 1;
    }
    return x->block < y->block ? -1 : x->block > y->block;
}

static bool same_channel(const end *a, const end *b)
{
    return a->from == b->from && a->to == b->to && a->channel == b->channel;
}

/* Ends of all threadblocks that send (or receive) at all, sorted; how many. */
static uint32_t list_ends(const mu_msccl *algo, bool sending, end *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < algo->block_count; i++) {
        const mu_msccl_block *b = &algo->block[i];
        if (sending && b->sends > 0) {
            out[count++] = (end){b->gpu, b->send_to, b->channel, i};
        } else if (!sending && b->receives > 0) {
            out[count++] = (end){b->receive_from, b->gpu, b->channel, i};
        }
    }
    qsort(out, count, sizeof *out, by_channel);
    return count;
}

static mu_status fail_block(const graph *g, uint32_t block, const char *what, const end *e)
{
    const mu_msccl_block *b = &g->algo->block[block];
    char text[256];
    (void)snprintf(text, sizeof text, "gpu %u to gpu %u on channel %d", e->from, e->to,
                   (int)e->channel);
    return mu_fail_at(g->err, MU_E_INPUT, g->algo->file, b->line, b->column, "%s %s", what, text);
}

static mu_status check_single(const graph *g, const end *list, uint32_t count, bool sending)
{
    for (uint32_t i = 1; i < count; i++) {
        if (same_channel(&list[i - 1], &list[i])) {
            return fail_block(
                g, list[i].block,
                sending ? "two threadblocks send from" : "two threadblocks receive from", &list[i]);
        }
    }
    return MU_OK;
}

/* Next step of a threadblock, from `at` on, that sends (or receives); its end when none is left. */
static uint32_t next_step(const mu_msccl *algo, uint32_t block, uint32_t at, bool sending)
{
    uint32_t last = algo->block[block].first_step + algo->block[block].step_count;
    while (at < last && !(sending ? algo->step[at].sends : algo->step[at].receives)) {
        at++;
    }
    return at;
}

static mu_status fail_unmet(const graph *g, uint32_t step, uint32_t other_block, bool sending)
{
    const mu_msccl_step *s = &g->algo->step[step];
    const mu_msccl_block *b = &g->algo->block[s->block];
    const mu_msccl_block *o = &g->algo->block[other_block];
    return mu_fail_at(g->err, MU_E_INPUT, g->algo->file, s->line, s->column,
                      "step: %s: gpu %u has %u, threadblock %u of gpu %u only %u",
                      sending ? "a send without its receive" : "a receive without its send", b->gpu,
                      sending ? b->sends : b->receives, o->id, o->gpu,
                      sending ? o->receives : o->sends);
}

/* The k-th send of one threadblock meets the k-th receive of the other. */
static mu_status meet(const graph *g, uint32_t sender, uint32_t receiver)
{
    const mu_msccl *algo = g->algo;
    const mu_msccl_block *a = &algo->block[sender];
    const mu_msccl_block *b = &algo->block[receiver];
    uint32_t send = a->first_step;
    uint32_t receive = b->first_step;
    for (;; send++, receive++) {
        send = next_step(algo, sender, send, true);
        receive = next_step(algo, receiver, receive, false);
        bool sends = send < a->first_step + a->step_count;
        bool receives = receive < b->first_step + b->step_count;
        if (!sends && !receives) {
            return MU_OK;
        }
        if (!sends || !receives) {
            return fail_unmet(g, sends ? send : receive, sends ? receiver : sender, sends);
        }
        if (algo->step[send].chunks != algo->step[receive].chunks) {
            return mu_fail_at(g->err, MU_E_INPUT, algo->file, algo->step[receive].line,
                              algo->step[receive].column,
                              "step: receives %u chunks, but gpu %u sends %u (line %u)",
                              algo->step[receive].chunks, a->gpu, algo->step[send].chunks,
                              algo->step[send].line);
        }
        g->met[receive] = send;
    }
}

static mu_status meet_all(const graph *g, end *sending, end *receiving)
{
    uint32_t senders = list_ends(g->algo, true, sending);
    uint32_t receivers = list_ends(g->algo, false, receiving);
    mu_status status = check_single(g, sending, senders, true);
    if (status == MU_OK) {
        status = check_single(g, receiving, receivers, false);
    }
    uint32_t r = 0;
    for (uint32_t s = 0; s < senders && status == MU_OK; s++) {
        if (r == receivers || !same_channel(&sending[s], &receiving[r])) {
            bool send_first = r == receivers || by_channel(&sending[s], &receiving[r]) < 0;
            return send_first ? fail_block(g, sending[s].block, "sends that nobody receives, from",
                                           &sending[s])
                              : fail_block(g, receiving[r].block,
                                           "receives that nobody sends, from", &receiving[r]);
        }
        status = meet(g, sending[s].block, receiving[r++].block);
    }
    if (status == MU_OK && r < receivers) {
        return fail_block(g, receiving[r].block, "receives that nobody sends, from", &receiving[r]);
    }
    return status;
}

/* A step waits for the one it names, for what it receives, and for the one before it. */
static uint32_t waits_of(const void *context, uint32_t item, uint32_t k)
{
    const graph *g = context;
    const mu_msccl_step *step = &g->algo->step[item];
    if (step->after != MU_MSCCL_NONE && k-- == 0) {
        return step->after;
    }
    if (step->receives && k-- == 0) {
        return g->met[item];
    }
    if (item > g->algo->block[step->block].first_step && k == 0) {
        return item - 1;
    }
    return MU_WAITS_END;
}

/* "gpu 0 (threadblock 1, step 2)" */
static int put_step(const mu_msccl *algo, uint32_t i, char *out, size_t size)
{
    const mu_msccl_block *b = &algo->block[algo->step[i].block];
    return snprintf(out, size, "gpu %u (threadblock %u, step %u)", b->gpu, b->id,
                    i - b->first_step);
}

static mu_status fail_circle(const graph *g, const mu_circle *circle)
{
    char text[MU_ERROR_TEXT_MAX] = "";
    const mu_msccl_step *first = &g->algo->step[circle->item[0]];
    uint32_t told = circle->length < MU_CIRCLE_TOLD_MAX ? circle->length : MU_CIRCLE_TOLD_MAX;
    size_t used = 0;
    for (uint32_t i = 0; i < told; i++) {
        used += (size_t)put_step(g->algo, circle->item[i], text + used, sizeof text - used);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s",
                                 i == 0 ? " waits for " : ", which waits for ");
    }
    if (circle->length > told) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "%u more steps, the last of which waits for ", circle->length - told);
    }
    (void)put_step(g->algo, circle->item[0], text + used, sizeof text - used);
    return mu_fail_at(g->err, MU_E_INPUT, g->algo->file, first->line, first->column, "deadlock: %s",
                      text);
}

/* Moves of needs[first .. first + count). */
typedef struct front {
    uint32_t first;
    uint32_t count;
} front;

typedef struct maker {
    const graph *g;
    front *front;   /* [steps] */
    uint32_t *sent; /* [steps] move of a send */
    uint32_t *seen; /* [moves] step in whose front it was found last, from 1 */
    mu_move *move;  /* [sends] */
    uint32_t move_count;
    uint32_t *needs;
    uint32_t need_count;
    uint32_t need_room;
    uint64_t work;
    double chunk_bytes;
} maker;

static bool room_for(maker *m, uint64_t more)
{
    uint64_t wanted = m->need_count + more;
    if (wanted <= m->need_room) {
        return true;
    }
    uint64_t room = m->need_room < 1024 ? 1024 : 2 * (uint64_t)m->need_room;
    room = room < wanted ? wanted : room;
    uint32_t *moved = wanted <= FRONTS_MAX ? realloc(m->needs, room * sizeof *moved) : NULL;
    if (moved != NULL) {
        m->needs = moved;
        m->need_room = (uint32_t)room;
    }
    return moved != NULL;
}

/* Makes `at` the last of the needs, so that it can be added to. */
static void to_the_end(maker *m, front *at)
{
    if (at->first + at->count != m->need_count) {
        memcpy(m->needs + m->need_count, m->needs + at->first, at->count * sizeof *m->needs);
        at->first = m->need_count;
        m->need_count += at->count;
        m->work += at->count;
    }
}

static void add_need(maker *m, front *at, uint32_t move)
{
    m->needs[m->need_count++] = move;
    at->count++;
}

/* Adds what is in `other` and not yet in `at`. `stamp` is new for every call. */
static void join(maker *m, front *at, front other, uint32_t stamp)
{
    for (uint32_t i = 0; i < at->count; i++) {
        m->seen[m->needs[at->first + i]] = stamp;
    }
    for (uint32_t i = 0; i < other.count; i++) {
        uint32_t move = m->needs[other.first + i];
        if (m->seen[move] != stamp) {
            add_need(m, at, move);
        }
    }
    m->work += (uint64_t)at->count + other.count;
}

/* The front with which a step sends: of the step before it, of the one it names, what comes. */
static bool begin_step(maker *m, uint32_t i, front *out)
{
    const mu_msccl *algo = m->g->algo;
    const mu_msccl_step *step = &algo->step[i];
    bool follows = i > algo->block[step->block].first_step;
    front at = {0};
    front named = {0};
    if (follows) {
        at = m->front[i - 1];
    }
    if (step->after != MU_MSCCL_NONE) {
        named = m->front[step->after];
    }
    if (at.count == 0) {
        at = named;
        named.count = 0;
    }
    if (!room_for(m, (uint64_t)at.count + named.count + 2)) {
        return false;
    }
    if (named.count > 0) {
        to_the_end(m, &at);
        join(m, &at, named, i + 1);
    }
    if (step->receives) {
        to_the_end(m, &at);
        add_need(m, &at, m->sent[m->g->met[i]]);
    }
    *out = at;
    return true;
}

static bool make_step(maker *m, uint32_t i)
{
    const mu_msccl *algo = m->g->algo;
    const mu_msccl_step *step = &algo->step[i];
    const mu_msccl_block *block = &algo->block[step->block];
    front at;
    if (!begin_step(m, i, &at)) {
        return false;
    }
    if (step->sends) {
        m->move[m->move_count] = (mu_move){.from = block->gpu,
                                           .to = block->send_to,
                                           .bytes = step->chunks * m->chunk_bytes,
                                           .need_first = at.first,
                                           .need_count = at.count};
        at = (front){.first = m->need_count};
        add_need(m, &at, m->move_count);
        m->sent[i] = m->move_count++;
    }
    m->front[i] = at;
    return true;
}

static mu_status make_all(maker *m, const uint32_t *order)
{
    const graph *g = m->g;
    for (uint32_t i = 0; i < g->algo->step_count; i++) {
        const mu_msccl_step *step = &g->algo->step[order[i]];
        if (!make_step(m, order[i]) || m->work > WORK_MAX) {
            return mu_fail_at(g->err, MU_E_INPUT, g->algo->file, step->line, step->column,
                              "step: too many steps wait for too many others");
        }
    }
    return MU_OK;
}

static mu_status keep(mu_arena *arena, const maker *m, mu_move_list *out)
{
    mu_move *move = MU_NEW(arena, mu_move, m->move_count);
    uint32_t *needs = MU_NEW(arena, uint32_t, m->need_count);
    if (move == NULL || needs == NULL) {
        return mu_fail(m->g->err, MU_E_MEMORY, "out of memory for %u moves", m->move_count);
    }
    if (m->move_count > 0) {
        memcpy(move, m->move, m->move_count * sizeof *move);
        memcpy(needs, m->needs, m->need_count * sizeof *needs);
    }
    *out = (mu_move_list){
        .ranks = m->g->algo->gpus, .count = m->move_count, .move = move, .needs = needs};
    return MU_OK;
}

static uint32_t count_sends(const mu_msccl *algo)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < algo->block_count; i++) {
        count += algo->block[i].sends;
    }
    return count;
}

static mu_status make_moves(mu_arena *arena, const graph *g, double bytes, uint32_t *order,
                            mu_move_list *out)
{
    size_t steps = (size_t)g->algo->step_count + 1;
    size_t sends = (size_t)count_sends(g->algo) + 1;
    maker m = {.g = g,
               .front = calloc(steps, sizeof *m.front),
               .sent = malloc(steps * sizeof *m.sent),
               .seen = calloc(sends, sizeof *m.seen),
               .move = malloc(sends * sizeof *m.move),
               .chunk_bytes = bytes / g->algo->chunks};
    mu_status status = MU_E_MEMORY;
    if (m.front != NULL && m.sent != NULL && m.seen != NULL && m.move != NULL) {
        status = make_all(&m, order);
    } else {
        mu_fail(g->err, status, "out of memory for %u steps", g->algo->step_count);
    }
    if (status == MU_OK) {
        status = keep(arena, &m, out);
    }
    free(m.front);
    free(m.sent);
    free(m.seen);
    free(m.move);
    free(m.needs);
    return status;
}

static mu_status order_steps(const graph *g, uint32_t *order)
{
    mu_circle circle = {0};
    mu_status status = mu_order_find(g->algo->step_count, waits_of, g, order, &circle, g->err);
    return status == MU_NO ? fail_circle(g, &circle) : status;
}

mu_status mu_msccl_moves(mu_arena *arena, const mu_msccl *algo, double bytes, mu_move_list *out,
                         mu_error *err)
{
    size_t steps = (size_t)algo->step_count + 1;
    size_t blocks = (size_t)algo->block_count + 1;
    graph g = {.algo = algo, .err = err, .met = calloc(steps, sizeof *g.met)};
    uint32_t *order = malloc(steps * sizeof *order);
    end *sending = malloc(blocks * sizeof *sending);
    end *receiving = malloc(blocks * sizeof *receiving);
    mu_status status = MU_E_MEMORY;
    if (g.met != NULL && order != NULL && sending != NULL && receiving != NULL) {
        status = meet_all(&g, sending, receiving);
    } else {
        mu_fail(err, status, "out of memory for %u steps", algo->step_count);
    }
    if (status == MU_OK) {
        status = order_steps(&g, order);
    }
    if (status == MU_OK) {
        status = make_moves(arena, &g, bytes, order, out);
    }
    free(g.met);
    free(order);
    free(sending);
    free(receiving);
    return status;
}
