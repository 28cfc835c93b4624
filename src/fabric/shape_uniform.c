/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a topology looks the same from every rank.
 *
 * What:  ranks are numbers in a mixed radix fine enough for every network's own coordinates.
 *        Turning one digit of all ranks (adding a constant, modulo the radix) must map each network
 *        on itself, and routes by destination on such routes.
 * Terms: cuts = products of radices, 1 | c1 | c2 ... | ranks. A tree's path is place mod ways; that
 *        goes with turned digits when ways is a product of the lowest digits of a place (the next
 *        of them perhaps in part), and does not depend on where the source is when those digits lie
 *        below the leaf or the subtree that the path leaves.
 */
#include "fabric/shape.h"

#include <assert.h>
#include <string.h>

enum { CUTS_MAX = MU_NETWORKS_MAX * (MU_DIMS_MAX + 4) };

typedef struct cuts {
    uint32_t count;
    uint64_t at[CUTS_MAX]; /* ascending, first 1; each divides the next */
} cuts;

/* False when the new cut does not fit the others. */
static bool cut_at(cuts *c, uint64_t at)
{
    assert(at > 0);
    uint32_t i = 0;
    while (i < c->count && c->at[i] < at) {
        i++;
    }
    if (i < c->count && c->at[i] == at) {
        return true;
    }
    bool fits = (i == 0 || at % c->at[i - 1] == 0) && (i == c->count || c->at[i] % at == 0);
    if (!fits || c->count == CUTS_MAX) {
        return false;
    }
    memmove(&c->at[i + 1], &c->at[i], (c->count - i) * sizeof c->at[0]);
    c->at[i] = at;
    c->count++;
    return true;
}

/* Cuts of a tree, whose places are rails of a row, then rows: rank = rail + rails * row. */
static bool cut_tree(cuts *c, const mu_layout *layout)
{
    uint64_t rails = layout->by_rails.by;
    uint64_t ports = layout->by_leaf.by;
    bool fits = cut_at(c, rails) && cut_at(c, rails * ports);
    for (uint32_t l = 1; l < layout->levels && fits; l++) {
        uint64_t leaves = layout->by_below[l].by / ports;
        assert(leaves > 0);
        fits = cut_at(c, leaves < rails ? leaves : leaves * ports);
        fits = fits && (leaves < rails ? rails % leaves == 0 : leaves % rails == 0);
    }
    return fits;
}

static bool cut_network(cuts *c, const mu_layout *layout)
{
    bool fits = layout->shape != MU_SHAPE_LINKS && layout->ranks % layout->span == 0 &&
                cut_at(c, layout->span);
    if (layout->shape == MU_SHAPE_BUS) {
        return fits;
    }
    if (layout->dims == 0) {
        return fits && cut_tree(c, layout);
    }
    uint64_t product = 1;
    for (uint32_t i = 0; i < layout->dims && fits; i++) {
        product *= layout->dim[i];
        fits = cut_at(c, product);
    }
    return fits;
}

/*
 * Cuts of ranks as cuts of places: rows below a leaf's ranks, then rails, then the rest. Ranks are
 * cut at the rails and at the pods of leaves that share rows.
 */
static void cut_places(const cuts *ranks, const mu_layout *layout, cuts *out)
{
    uint64_t rails = layout->by_rails.by;
    uint64_t ports = layout->by_leaf.by;
    *out = (cuts){.count = 1, .at = {1}};
    for (uint32_t i = 0; i < ranks->count; i++) {
        uint64_t at = ranks->at[i];
        uint64_t place = at < rails ? at * ports : (at < rails * ports ? at / rails : at);
        bool fits = cut_at(out, place);
        assert(fits);
        (void)fits;
    }
    (void)cut_at(out, ports);
}

/* Trees: each level's path number comes of digits below the subtree that is left. */
static bool tree_turns(const cuts *ranks, const mu_layout *layout)
{
    cuts places;
    cut_places(ranks, layout, &places);
    for (uint32_t l = 0; l + 1 < layout->levels; l++) {
        uint64_t ways = (uint64_t)layout->ways[l] * layout->up[l];
        cuts with = places;
        if (layout->by_below[l].by % ways != 0 || !cut_at(&with, ways)) {
            return false;
        }
    }
    return layout->groups < 2 || layout->global_ports == layout->groups - 1;
}

static bool cut_within(const cuts *c, uint64_t low, uint64_t high)
{
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->at[i] > low && c->at[i] < high) {
            return true;
        }
    }
    return false;
}

/*
 * A ring turns as a whole only: no cut may lie inside it. Full meshes and groups of a dragonfly may
 * be cut, but where an inner network's domain ends inside them, some direct cables are left idle.
 */
static bool wholes_turn(const cuts *all, const cuts *inner, const mu_layout *layout)
{
    const cuts *c = layout->shape == MU_SHAPE_TORUS ? all : inner;
    for (uint32_t d = 0; d < layout->dims; d++) {
        uint64_t low = layout->stride[d];
        if (cut_within(c, low, low * layout->dim[d])) {
            return false;
        }
    }
    return layout->groups == 0 || !cut_within(c, layout->by_group.by, layout->span);
}

bool mu_layouts_uniform(const mu_layout *layouts, uint32_t count)
{
    cuts c = {.count = 1, .at = {1}};
    for (uint32_t i = 0; i < count; i++) {
        if (!cut_network(&c, &layouts[i])) {
            return false;
        }
    }
    cuts inner = {.count = 1, .at = {1}};
    for (uint32_t i = 0; i < count; i++) {
        const mu_layout *layout = &layouts[i];
        bool tree = layout->levels > 1;
        if (!wholes_turn(&c, &inner, layout) || (tree && !tree_turns(&c, layout))) {
            return false;
        }
        (void)cut_at(&inner, layout->span); /* fits: it is one of c */
    }
    return true;
}

static bool sprays_fit(const mu_layout *layout)
{
    uint64_t links = 1;
    for (uint32_t l = 0; l + 1 < layout->levels; l++) {
        links += (uint64_t)layout->ways[l] * layout->up[l];
    }
    uint64_t between = 2 + 3 * (uint64_t)layout->pair_cables;
    uint64_t most = 2 * links > between ? 2 * links : between;
    return most <= MU_ROUTE_MAX / layout->planes;
}

bool mu_layouts_spray_whole(const mu_layout *layouts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (layouts[i].levels > 1 && !sprays_fit(&layouts[i])) {
            return false;
        }
    }
    return true;
}
