/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dinic's maximum flow with arcs in the order of their tails.
 *
 * What:  levels by breadth-first search from the source, then paths along rising levels until none
 *        is left, level by level.
 * Bound: what is left of an arc below a billionth of its capacity counts as nothing, so that
 *        rounding makes no endless paths.
 */
#include "fabric/cut.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SOURCE = 0, SINK = 1 };

static const double NOTHING = 1e-9;

/* Arc 2i runs along edge i, arc 2i + 1 against it. */
typedef struct graph {
    uint32_t vertices;
    uint32_t edges;
    uint32_t *first; /* [vertices + 1] into arc */
    uint32_t *arc;   /* [2 edges] by tail */
    uint32_t *head;  /* [2 edges] */
    double *left;    /* [2 edges] */
    double *least;   /* [edges] what counts as nothing */
    uint32_t *level; /* [vertices] 0 = not reached */
    uint32_t *next;  /* [vertices] arc to try, into arc */
    uint32_t *path;  /* [vertices] arcs of the path so far; also the queue of the search */
} graph;

static bool same_ends(const mu_arc *x, const mu_arc *y)
{
    return x->from == y->from && x->to == y->to;
}

/* Arcs into `out` by one end; equal ones keep their order. start: [vertices + 1] scratch. */
static void order(const mu_arc *in, uint32_t count, uint32_t vertices, bool by_head,
                  uint32_t *start, mu_arc *out)
{
    memset(start, 0, ((size_t)vertices + 1) * sizeof *start);
    for (uint32_t i = 0; i < count; i++) {
        start[(by_head ? in[i].to : in[i].from) + 1]++;
    }
    for (uint32_t v = 0; v < vertices; v++) {
        start[v + 1] += start[v];
    }
    for (uint32_t i = 0; i < count; i++) {
        out[start[by_head ? in[i].to : in[i].from]++] = in[i];
    }
}

/* Arcs with the same ends become one, ordered by tail and head; *kept: how many are left. False:
 * out of memory. */
static bool merge(mu_arena *arena, uint32_t vertices, mu_arc *arcs, uint32_t count, uint32_t *kept)
{
    mu_arena_mark mark = mu_arena_here(arena);
    mu_arc *spare = MU_NEW(arena, mu_arc, (size_t)count + 1);
    uint32_t *start = MU_NEW(arena, uint32_t, (size_t)vertices + 1);
    *kept = 0;
    if (spare == NULL || start == NULL) {
        return false;
    }
    order(arcs, count, vertices, true, start, spare);
    order(spare, count, vertices, false, start, arcs);
    for (uint32_t i = 0; i < count; i++) {
        if (arcs[i].from == arcs[i].to || !(arcs[i].capacity > 0.0)) {
            continue;
        }
        if (*kept > 0 && same_ends(&arcs[*kept - 1], &arcs[i])) {
            arcs[*kept - 1].capacity += arcs[i].capacity;
        } else {
            arcs[(*kept)++] = arcs[i];
        }
    }
    mu_arena_back(arena, mark);
    return true;
}

static bool allocate(mu_arena *arena, graph *g)
{
    g->first = MU_NEW(arena, uint32_t, g->vertices + 1);
    g->arc = MU_NEW(arena, uint32_t, 2 * (size_t)g->edges);
    g->head = MU_NEW(arena, uint32_t, 2 * (size_t)g->edges);
    g->left = MU_NEW(arena, double, 2 * (size_t)g->edges);
    g->least = MU_NEW(arena, double, g->edges);
    g->level = MU_NEW(arena, uint32_t, g->vertices);
    g->next = MU_NEW(arena, uint32_t, g->vertices + 1);
    g->path = MU_NEW(arena, uint32_t, g->vertices);
    return g->first != NULL && g->arc != NULL && g->head != NULL && g->left != NULL &&
           g->least != NULL && g->level != NULL && g->next != NULL && g->path != NULL;
}

static void fill(graph *g, const mu_arc *arcs)
{
    for (uint32_t i = 0; i < g->edges; i++) {
        g->first[arcs[i].from + 1]++;
        g->first[arcs[i].to + 1]++;
        g->head[2 * (size_t)i] = arcs[i].to;
        g->head[2 * (size_t)i + 1] = arcs[i].from;
        g->left[2 * (size_t)i] = arcs[i].capacity;
        g->least[i] = NOTHING * arcs[i].capacity;
    }
    for (uint32_t v = 0; v < g->vertices; v++) {
        g->first[v + 1] += g->first[v];
        g->next[v] = g->first[v];
    }
    for (uint32_t i = 0; i < g->edges; i++) {
        g->arc[g->next[arcs[i].from]++] = 2 * i;
        g->arc[g->next[arcs[i].to]++] = 2 * i + 1;
    }
}

static bool has_room(const graph *g, uint32_t arc)
{
    return g->left[arc] > g->least[arc / 2];
}

/* Levels from the source on; whether the sink has one. */
static bool search(graph *g)
{
    uint32_t *queue = g->path;
    uint32_t head = 0;
    uint32_t tail = 0;
    for (uint32_t v = 0; v < g->vertices; v++) {
        g->level[v] = 0;
        g->next[v] = g->first[v];
    }
    g->level[SOURCE] = 1;
    queue[tail++] = SOURCE;
    while (head < tail) {
        uint32_t v = queue[head++];
        for (uint32_t i = g->first[v]; i < g->first[v + 1]; i++) {
            uint32_t to = g->head[g->arc[i]];
            if (g->level[to] == 0 && has_room(g, g->arc[i])) {
                g->level[to] = g->level[v] + 1;
                queue[tail++] = to;
            }
        }
    }
    return g->level[SINK] != 0;
}

/* Sends what the path has room for; returns how many arcs stand before the first full one. */
static uint32_t send(graph *g, uint32_t length)
{
    double room = HUGE_VAL;
    for (uint32_t i = 0; i < length; i++) {
        room = fmin(room, g->left[g->path[i]]);
    }
    uint32_t keep = length;
    for (uint32_t i = length; i > 0; i--) {
        uint32_t arc = g->path[i - 1];
        g->left[arc] -= room;
        g->left[arc ^ 1U] += room;
        keep = has_room(g, arc) ? keep : i - 1;
    }
    return keep;
}

/* All paths along rising levels. */
static void block(graph *g)
{
    uint32_t length = 0;
    uint32_t at = SOURCE;
    for (;;) {
        if (at == SINK) {
            length = send(g, length);
            at = length == 0 ? SOURCE : g->head[g->path[length - 1]];
        }
        uint32_t i = g->next[at];
        while (i < g->first[at + 1] &&
               (g->level[g->head[g->arc[i]]] != g->level[at] + 1 || !has_room(g, g->arc[i]))) {
            i++;
        }
        g->next[at] = i;
        if (i < g->first[at + 1]) {
            g->path[length++] = g->arc[i];
            at = g->head[g->arc[i]];
        } else if (length == 0) {
            return;
        } else {
            length--;
            at = g->head[g->path[length] ^ 1U];
            g->next[at]++;
        }
    }
}

mu_status mu_cut_least(mu_arena *arena, uint32_t vertices, mu_arc *arcs, uint32_t arc_count,
                       bool *near, mu_error *err)
{
    assert(vertices >= 2);
    mu_arena_mark mark = mu_arena_here(arena);
    graph g = {.vertices = vertices};
    if (!merge(arena, vertices, arcs, arc_count, &g.edges) || !allocate(arena, &g)) {
        mu_arena_back(arena, mark);
        return mu_fail(err, MU_E_MEMORY, "no memory for the cut of a network");
    }
    fill(&g, arcs);
    while (search(&g)) {
        block(&g);
    }
    for (uint32_t v = 0; v < vertices; v++) {
        near[v] = g.level[v] != 0;
    }
    mu_arena_back(arena, mark);
    return MU_OK;
}
