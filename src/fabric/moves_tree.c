/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives as lists of moves: double binary trees, and a broadcast down a chain.
 *
 * What:  the buffer is cut into chunks that follow one another, so that all edges work at once.
 * Terms: node = place in a tree, 0 its root, which has one child; node v hangs below the node that
 *        an in-order walk would put there. The second tree has ranks turned round, so that who has
 *        children in one is a leaf in the other (but for at most one rank), and each carries half.
 * Bound: chunks of CHUNK_BYTES, fewer and larger ones where they would be more than CHUNKS_A_LEVEL
 *        for each level of the tree or more than MOVES_AIM moves in all.
 * Source: Sanders, Speck & Traeff, Parallel Computing 35 (2009); NCCL numbers its trees this way.
 */
#include "fabric/moves_make.h"

#include <assert.h>
#include <math.h>

/* NCCL cuts no finer for its trees while there are enough chunks. */
static const double CHUNK_BYTES = 131072.0;
/* Filling and draining a pipeline of this many chunks a level costs 3 % each. */
static const double CHUNKS_A_LEVEL = 32.0;
static const double MOVES_AIM = 2097152.0;
static const double MOVES_MAX = 67108864.0;

enum { CHILDREN_MAX = 2, NODE_NONE = 0 };

typedef struct tree {
    uint32_t *parent; /* [ranks] by node; of node 0 nothing */
    uint32_t (*child)[CHILDREN_MAX];
} tree;

/* A list being filled. */
typedef struct draft {
    mu_move *move;
    uint32_t *needs;
    uint32_t count;
    uint32_t need_count;
} draft;

static uint32_t lowest_bit(uint32_t x)
{
    return x & (~x + 1);
}

/* Parent of node v >= 1 of n: the in-order tree over 1 .. n-1, below 0. */
static uint32_t parent_of(uint32_t v, uint32_t n)
{
    uint32_t bit = lowest_bit(v);
    uint64_t up = (v ^ bit) | (uint64_t)bit << 1;
    return up >= n ? v ^ bit : (uint32_t)up;
}

static mu_status make_tree(mu_arena *arena, uint32_t n, tree *out, mu_error *err)
{
    out->parent = MU_NEW(arena, uint32_t, n);
    out->child = mu_arena_alloc(arena, n, sizeof *out->child);
    if (out->parent == NULL || out->child == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a tree of %u ranks", n);
    }
    for (uint32_t v = 1; v < n; v++) {
        uint32_t p = parent_of(v, n);
        uint32_t *child = out->child[p];
        out->parent[v] = p;
        assert(child[CHILDREN_MAX - 1] == NODE_NONE);
        child[child[0] == NODE_NONE ? 0 : 1] = v;
    }
    return MU_OK;
}

/* Rank at a node. Of an all-reduce the second tree is turned as a whole; of a broadcast all but the
 * root, from which both come. */
static uint32_t rank_of(const mu_moves_ask *ask, uint32_t which, uint32_t node)
{
    uint32_t n = ask->ranks;
    if (which == 0) {
        return node;
    }
    if (ask->what == MU_BROADCAST) {
        if (node == 0) {
            return 0;
        }
        return n % 2 == 1 ? n - node : node % (n - 1) + 1;
    }
    return n % 2 == 0 ? n - 1 - node : (node + 1) % n;
}

static void begin_move(draft *d, uint32_t from, uint32_t to, double bytes)
{
    d->move[d->count] =
        (mu_move){.from = from, .to = to, .bytes = bytes, .need_first = d->need_count};
}

static void need(draft *d, uint32_t move)
{
    d->needs[d->need_count++] = move;
    d->move[d->count].need_count++;
}

/* Chunks of `bytes` when one takes `moves` moves and passes `levels` levels. */
static uint32_t chunks_of(double bytes, double levels, double moves)
{
    double chunks = ceil(bytes / CHUNK_BYTES);
    chunks = fmin(chunks, CHUNKS_A_LEVEL * levels);
    chunks = fmin(chunks, floor(MOVES_AIM / moves));
    return (uint32_t)fmax(chunks, 1.0);
}

static mu_status begin_list(mu_arena *arena, double moves, double needs_a_move, draft *out,
                            mu_error *err)
{
    if (moves > MOVES_MAX) {
        return mu_fail(err, MU_E_INPUT, "expected a collective of at most %.0f moves, found %.0f",
                       MOVES_MAX, moves);
    }
    out->move = MU_NEW(arena, mu_move, moves);
    out->needs = MU_NEW(arena, uint32_t, moves * needs_a_move);
    if (out->move == NULL || out->needs == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a collective of %.0f moves", moves);
    }
    return MU_OK;
}

static void end_list(const draft *d, uint32_t ranks, mu_moves *out)
{
    *out =
        (mu_moves){.kind = MU_MOVES_LIST,
                   .list = {.ranks = ranks, .count = d->count, .move = d->move, .needs = d->needs}};
}

/* One tree's way up of one chunk: node v's move is first + v - 1. */
static void add_up(draft *d, const mu_moves_ask *ask, const tree *t, uint32_t which, double bytes,
                   uint32_t chunk_stride)
{
    uint32_t first = d->count;
    for (uint32_t v = 1; v < ask->ranks; v++) {
        begin_move(d, rank_of(ask, which, v), rank_of(ask, which, t->parent[v]), bytes);
        for (uint32_t i = 0; i < CHILDREN_MAX && t->child[v][i] != NODE_NONE; i++) {
            need(d, first + t->child[v][i] - 1);
        }
        if (chunk_stride > 0) {
            need(d, d->count - chunk_stride);
        }
        d->count++;
    }
}

/* And the way down; `up` is the first move of the way up, or UINT32_MAX. */
static void add_down(draft *d, const mu_moves_ask *ask, const tree *t, uint32_t which, double bytes,
                     uint32_t chunk_stride, uint32_t up)
{
    uint32_t first = d->count;
    for (uint32_t v = 1; v < ask->ranks; v++) {
        uint32_t p = t->parent[v];
        begin_move(d, rank_of(ask, which, p), rank_of(ask, which, v), bytes);
        if (p > 0) {
            need(d, first + p - 1);
        } else if (up != UINT32_MAX) {
            need(d, up + t->child[0][0] - 1);
        }
        if (chunk_stride > 0) {
            need(d, d->count - chunk_stride);
        }
        d->count++;
    }
}

mu_status mu_moves_tree(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out, mu_error *err)
{
    enum { TREES = 2, NEEDS_A_MOVE = 3 };
    tree t = {0};
    draft d = {0};
    bool both_ways = ask->what == MU_ALL_REDUCE;
    double edges = ask->ranks - 1.0;
    double moves_a_chunk = TREES * edges * (both_ways ? 2.0 : 1.0);
    double levels = ceil(log2(ask->ranks)) + 1.0;
    uint32_t chunks = chunks_of(ask->bytes / TREES, levels, moves_a_chunk);
    double bytes = ask->bytes / TREES / chunks;
    mu_status status = begin_list(arena, moves_a_chunk * chunks, NEEDS_A_MOVE, &d, err);
    if (status == MU_OK) {
        status = make_tree(arena, ask->ranks, &t, err);
    }
    if (status != MU_OK) {
        return status;
    }
    assert(d.move != NULL && d.needs != NULL);
    for (uint32_t c = 0; c < chunks; c++) {
        uint32_t stride = c > 0 ? (uint32_t)moves_a_chunk : 0;
        for (uint32_t which = 0; which < TREES; which++) {
            uint32_t up = UINT32_MAX;
            if (both_ways) {
                up = d.count;
                add_up(&d, ask, &t, which, bytes, stride);
            }
            add_down(&d, ask, &t, which, bytes, stride, up);
        }
    }
    end_list(&d, ask->ranks, out);
    return MU_OK;
}

mu_status mu_moves_chain(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out, mu_error *err)
{
    enum { NEEDS_A_MOVE = 2 };
    draft d = {0};
    uint32_t edges = ask->ranks - 1;
    uint32_t chunks = chunks_of(ask->bytes, edges, edges);
    mu_status status = begin_list(arena, (double)edges * chunks, NEEDS_A_MOVE, &d, err);
    if (status != MU_OK) {
        return status;
    }
    assert(d.move != NULL && d.needs != NULL);
    for (uint32_t c = 0; c < chunks; c++) {
        for (uint32_t r = 0; r < edges; r++) {
            begin_move(&d, r, r + 1, ask->bytes / chunks);
            if (r > 0) {
                need(&d, d.count - 1);
            }
            if (c > 0) {
                need(&d, d.count - edges);
            }
            d.count++;
        }
    }
    end_list(&d, ask->ranks, out);
    return MU_OK;
}
