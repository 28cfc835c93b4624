/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives as lists of moves: double binary trees, and a broadcast down a chain.
 *
 * What:  the buffer is cut into chunks that follow one another, so that all edges work at once.
 *        With groups, trees are of groups; inside, a chain leads to the rank that its tree passes
 *        through, and there are trees through every place, each with its part of the buffer.
 * Terms: node = place of a group in a tree, 0 its root, which has one child; node v hangs below the
 *        node that an in-order walk would put there. The second tree has groups turned round, so
 *        that who has children in one is a leaf in the other (but for at most one group), and each
 *        carries half. Rail = place in its group that a tree passes through.
 * Bound: chunks of CHUNK_BYTES, fewer and larger ones where they would be more than CHUNKS_A_LEVEL
 *        for each level of the tree or more than MOVES_AIM moves in all.
 * Source: Sanders, Speck & Traeff, Parallel Computing 35 (2009); NCCL numbers its trees this way,
 *        and has its chains inside a node and a tree through every network card.
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

enum { CHILDREN_MAX = 3 };

#define NOBODY UINT32_MAX

/* One tree, by rank. */
typedef struct tree {
    uint32_t root;
    uint32_t *parent; /* [ranks] NOBODY for the root */
    uint32_t (*child)[CHILDREN_MAX];
    uint32_t *children; /* [ranks] how many */
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

/* Group at a node. Of an all-reduce the second tree is turned as a whole; of a broadcast all but
 * the root, from which both come. */
static uint32_t group_at(const mu_moves_ask *ask, uint32_t which, uint32_t node)
{
    uint32_t n = ask->ranks / ask->inner;
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

static mu_status new_tree(mu_arena *arena, uint32_t ranks, tree *out, mu_error *err)
{
    out->parent = MU_NEW(arena, uint32_t, ranks);
    out->children = MU_NEW(arena, uint32_t, ranks);
    out->child = mu_arena_alloc(arena, ranks, sizeof *out->child);
    if (out->parent == NULL || out->children == NULL || out->child == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a tree of %u ranks", ranks);
    }
    return MU_OK;
}

/* The chain of a group and where it hangs. What is broadcast starts at rank 0, so that all chains
 * of its group do. */
static void hang_group(const mu_moves_ask *ask, uint32_t group, uint32_t above, uint32_t rail,
                       tree *t)
{
    bool source = ask->what == MU_BROADCAST && group == 0;
    uint32_t head = source ? 0 : rail;
    for (uint32_t i = 0; i < ask->inner; i++) {
        uint32_t rank = group * ask->inner + (head + i) % ask->inner;
        uint32_t before = group * ask->inner + (head + i + ask->inner - 1) % ask->inner;
        t->parent[rank] = i > 0 ? before : above;
    }
}

static void fill_tree(const mu_moves_ask *ask, uint32_t which, uint32_t rail, tree *t)
{
    uint32_t groups = ask->ranks / ask->inner;
    for (uint32_t v = 0; v < groups; v++) {
        uint32_t above = NOBODY;
        if (v > 0) {
            above = group_at(ask, which, parent_of(v, groups)) * ask->inner + rail;
        }
        hang_group(ask, group_at(ask, which, v), above, rail, t);
    }
    for (uint32_t r = 0; r < ask->ranks; r++) {
        t->children[r] = 0;
    }
    for (uint32_t r = 0; r < ask->ranks; r++) {
        uint32_t p = t->parent[r];
        if (p == NOBODY) {
            t->root = r;
            continue;
        }
        assert(t->children[p] < CHILDREN_MAX);
        t->child[p][t->children[p]++] = r;
    }
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

/* Place of a rank's move among those of one way of one chunk: all ranks but the root have one. */
static uint32_t slot(const tree *t, uint32_t rank)
{
    return rank < t->root ? rank : rank - 1;
}

/* One way of one chunk over a tree: first its first move, `before` how far back the same move of
 * the chunk before is (0: there is none). */
static void add_up(draft *d, uint32_t ranks, const tree *t, double bytes, uint32_t before)
{
    uint32_t first = d->count;
    for (uint32_t r = 0; r < ranks; r++) {
        if (r == t->root) {
            continue;
        }
        begin_move(d, r, t->parent[r], bytes);
        for (uint32_t i = 0; i < t->children[r]; i++) {
            need(d, first + slot(t, t->child[r][i]));
        }
        if (before > 0) {
            need(d, d->count - before);
        }
        d->count++;
    }
}

/* `up` is the first move of the way up, or NOBODY: the root has it all to begin with. */
static void add_down(draft *d, uint32_t ranks, const tree *t, double bytes, uint32_t before,
                     uint32_t up)
{
    uint32_t first = d->count;
    for (uint32_t r = 0; r < ranks; r++) {
        uint32_t p = t->parent[r];
        if (r == t->root) {
            continue;
        }
        begin_move(d, p, r, bytes);
        if (p != t->root) {
            need(d, first + slot(t, p));
        } else if (up != NOBODY) {
            for (uint32_t i = 0; i < t->children[p]; i++) {
                need(d, up + slot(t, t->child[p][i]));
            }
        }
        if (before > 0) {
            need(d, d->count - before);
        }
        d->count++;
    }
}

static void add_tree(draft *d, const mu_moves_ask *ask, const tree *t, double bytes,
                     uint32_t chunks)
{
    bool both_ways = ask->what == MU_ALL_REDUCE;
    uint32_t moves = (ask->ranks - 1) * (both_ways ? 2 : 1);
    for (uint32_t c = 0; c < chunks; c++) {
        uint32_t before = c > 0 ? moves : 0;
        uint32_t up = NOBODY;
        if (both_ways) {
            up = d->count;
            add_up(d, ask->ranks, t, bytes, before);
        }
        add_down(d, ask->ranks, t, bytes, before, up);
    }
}

mu_status mu_moves_tree(mu_arena *arena, const mu_moves_ask *ask, mu_moves *out, mu_error *err)
{
    enum { NEEDS_A_MOVE = CHILDREN_MAX + 1 };
    tree t = {0};
    draft d = {0};
    uint32_t groups = ask->ranks / ask->inner;
    uint32_t doubles = groups > 1 ? 2 : 1;
    double trees = (double)doubles * ask->inner;
    double moves = trees * (ask->ranks - 1.0) * (ask->what == MU_ALL_REDUCE ? 2.0 : 1.0);
    double levels = ceil(log2(groups)) + ask->inner;
    uint32_t chunks = chunks_of(ask->bytes / trees, levels, moves);
    mu_status status = begin_list(arena, moves * chunks, NEEDS_A_MOVE, &d, err);
    if (status == MU_OK) {
        status = new_tree(arena, ask->ranks, &t, err);
    }
    if (status != MU_OK) {
        return status;
    }
    assert(d.move != NULL && d.needs != NULL);
    for (uint32_t which = 0; which < doubles; which++) {
        for (uint32_t rail = 0; rail < ask->inner; rail++) {
            fill_tree(ask, which, rail, &t);
            add_tree(&d, ask, &t, ask->bytes / trees / chunks, chunks);
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
