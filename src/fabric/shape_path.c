/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of a shape, by number.
 *
 * What:  the k-th shortest path between two ranks in one plane, and all of them with equal shares,
 *        by arithmetic on the layout.
 * Terms: shape.h. In a mesh path k takes the differing dimensions in the order of the k-th
 *        permutation, 0 being innermost first; in a torus always innermost first, bits of k
 *        choosing the way where both ways round are as short.
 * Bound: O(hops) a path, O(links given) a spray.
 */
#include "fabric/shape.h"

#include <assert.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Cable of level l in the tree's plane that path k takes from the leaf of `place`. */
static uint32_t tree_cable(const mu_layout *layout, uint32_t tree, uint32_t l, uint32_t place,
                           uint32_t k)
{
    uint32_t rest = mu_divide(layout->by_ways[l], k);
    uint32_t u = k - rest * layout->ways[l];
    uint32_t c = rest - mu_divide(layout->by_up[l], rest) * layout->up[l];
    uint32_t t = mu_divide(layout->by_below[l], place);
    return (tree * layout->per_plane[l] + t * layout->ways[l] + u) * layout->up[l] + c;
}

static uint32_t tree_path(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint32_t k,
                          uint32_t *link)
{
    uint32_t tree = pair->domain * layout->planes + plane;
    uint32_t n = 0;
    link[n++] = layout->up_first[0] + pair->a * layout->planes + plane;
    for (uint32_t l = 0; l < pair->meet; l++) {
        link[n++] = layout->up_first[l + 1] + tree_cable(layout, tree, l, pair->from, k);
    }
    for (uint32_t l = pair->meet; l-- > 0;) {
        link[n++] = layout->down_first[l + 1] + tree_cable(layout, tree, l, pair->to, k);
    }
    link[n++] = layout->down_first[0] + pair->b * layout->planes + plane;
    return n;
}

/* Path number j of the first fan[0] * fan[1] * ..., counted from path `base` on, digit by digit. */
static uint32_t fanned(const mu_layout *layout, const uint32_t *fan, uint32_t levels, uint32_t base,
                       uint32_t j)
{
    uint32_t k = 0;
    for (uint32_t l = 0; l < levels; l++) {
        uint32_t digit = base % layout->up[l] + j % fan[l];
        k += (digit < layout->up[l] ? digit : digit - layout->up[l]) * layout->ways[l];
        base /= layout->up[l];
        j /= fan[l];
    }
    return k;
}

/* Ways up to use at each level so that all links of all paths fit. */
static void tree_fans(const mu_layout *layout, uint32_t meet, uint32_t max,
                      uint32_t fan[MU_DIMS_MAX])
{
    for (uint32_t l = 0; l < meet; l++) {
        fan[l] = layout->up[l];
    }
    for (uint32_t l = meet; l-- > 0;) {
        for (;;) {
            uint64_t links = 2;
            uint64_t ways = 1;
            for (uint32_t i = 0; i < meet; i++) {
                ways *= fan[i];
                links += 2 * ways;
            }
            if (links <= max || fan[l] == 1) {
                break;
            }
            fan[l] = fan[l] > 64 ? fan[l] / 2 : fan[l] - 1;
        }
    }
}

/* Cables of level l that the paths take from the leaf of `place`: all of a run, or those fanned. */
static uint32_t spray_level(const mu_layout *layout, const mu_pair *pair, uint32_t tree, uint32_t l,
                            bool up, const uint32_t *fan, uint32_t *link)
{
    uint32_t first = up ? layout->up_first[l + 1] : layout->down_first[l + 1];
    uint32_t place = up ? pair->from : pair->to;
    uint32_t ways = 1;
    for (uint32_t i = 0; i <= l; i++) {
        ways *= fan[i];
    }
    if (ways == layout->ways[l] * layout->up[l]) {
        uint32_t t = mu_divide(layout->by_below[l], place);
        first += (tree * layout->per_plane[l] + t * layout->ways[l]) * layout->up[l];
        for (uint32_t j = 0; j < ways; j++) {
            link[j] = first + j;
        }
        return ways;
    }
    for (uint32_t j = 0; j < ways; j++) {
        uint32_t k = fanned(layout, fan, l + 1, pair->chosen, j);
        link[j] = first + tree_cable(layout, tree, l, place, k);
    }
    return ways;
}

static uint32_t tree_spray(const mu_layout *layout, const mu_pair *pair, uint32_t plane,
                           uint32_t max, uint32_t *link, double *share)
{
    uint32_t fan[MU_DIMS_MAX];
    tree_fans(layout, pair->meet, max, fan);
    uint32_t tree = pair->domain * layout->planes + plane;
    uint32_t n = 0;
    link[n] = layout->up_first[0] + pair->a * layout->planes + plane;
    share[n++] = 1.0;
    for (uint32_t step = 0; step < 2 * pair->meet; step++) {
        bool up = step < pair->meet;
        uint32_t l = up ? step : 2 * pair->meet - 1 - step;
        uint32_t end = n + spray_level(layout, pair, tree, l, up, fan, link + n);
        double each = 1.0 / (end - n);
        while (n < end) {
            share[n++] = each;
        }
    }
    link[n] = layout->down_first[0] + pair->b * layout->planes + plane;
    share[n++] = 1.0;
    return n;
}

/* The three links between leaves of different groups over cable k of those between the groups. */
static void group_hop(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint32_t k,
                      uint32_t link[3])
{
    uint32_t tree = pair->domain * layout->planes + plane;
    uint32_t groups = layout->groups;
    uint32_t from = mu_divide(layout->by_group, pair->from);
    uint32_t to = mu_divide(layout->by_group, pair->to);
    uint32_t step = to > from ? to - from : to + groups - from;
    uint32_t q = step - 1 + k * (groups - 1);
    uint32_t back = groups - step - 1 + k * (groups - 1);
    uint32_t cables = layout->spines * layout->global_ports;
    link[0] = layout->up_first[1] +
              tree_cable(layout, tree, 0, pair->from, mu_divide(layout->by_ports, q));
    link[1] = layout->global_first + (tree * groups + from) * cables + q;
    link[2] = layout->down_first[1] +
              tree_cable(layout, tree, 0, pair->to, mu_divide(layout->by_ports, back));
}

static uint32_t group_path(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint32_t k,
                           uint32_t *link)
{
    link[0] = layout->up_first[0] + pair->a * layout->planes + plane;
    group_hop(layout, pair, plane, k, link + 1);
    link[4] = layout->down_first[0] + pair->b * layout->planes + plane;
    return 5;
}

static uint32_t group_spray(const mu_layout *layout, const mu_pair *pair, uint32_t plane,
                            uint32_t max, uint32_t *link, double *share)
{
    uint32_t used = least(layout->pair_cables, (max - 2) / 3);
    uint32_t n = 0;
    link[n] = layout->up_first[0] + pair->a * layout->planes + plane;
    share[n++] = 1.0;
    for (uint32_t i = 0; i < used; i++) {
        group_hop(layout, pair, plane, (pair->chosen + i) % layout->pair_cables, link + n);
        for (uint32_t h = 0; h < 3; h++) {
            share[n++] = 1.0 / used;
        }
    }
    link[n] = layout->down_first[0] + pair->b * layout->planes + plane;
    share[n++] = 1.0;
    return n;
}

/* Coordinates in which two spots differ. */
typedef struct way {
    uint32_t count;
    uint32_t dim[MU_DIMS_MAX];
    uint32_t x[MU_DIMS_MAX]; /* [count] there */
    uint32_t y[MU_DIMS_MAX]; /* [count] to be */
} way;

static void find_way(const mu_layout *layout, const mu_pair *pair, way *out)
{
    uint32_t a = pair->from - pair->domain * layout->span;
    uint32_t b = pair->to - pair->domain * layout->span;
    out->count = 0;
    for (uint32_t i = 0; i < layout->dims; i++) {
        uint32_t a_next = mu_divide(layout->by_dim[i], a);
        uint32_t b_next = mu_divide(layout->by_dim[i], b);
        uint32_t x = a - a_next * layout->dim[i];
        uint32_t y = b - b_next * layout->dim[i];
        if (x != y) {
            out->dim[out->count] = i;
            out->x[out->count] = x;
            out->y[out->count] = y;
            out->count++;
        }
        a = a_next;
        b = b_next;
    }
}

static uint32_t mesh_link(const mu_layout *layout, const way *w, uint32_t i, uint32_t spot)
{
    uint32_t d = w->dim[i];
    uint32_t slot = w->y[i] < w->x[i] ? w->y[i] : w->y[i] - 1;
    return layout->up_first[d] + spot * (layout->dim[d] - 1) + slot;
}

/* Spot after dimension i is set right; wraps as unsigned numbers do. */
static uint32_t step_to(const mu_layout *layout, const way *w, uint32_t i, uint32_t spot)
{
    return spot + (w->y[i] - w->x[i]) * layout->stride[w->dim[i]];
}

static const uint32_t factorial[MU_DIMS_MAX + 1] = {1, 1, 2, 6, 24, 120, 720};

static uint32_t mesh_path(const mu_layout *layout, const mu_pair *pair, uint64_t k, uint32_t *link)
{
    way w;
    find_way(layout, pair, &w);
    uint32_t left[MU_DIMS_MAX];
    for (uint32_t i = 0; i < w.count; i++) {
        left[i] = i;
    }
    uint32_t spot = pair->from;
    for (uint32_t n = 0; n < w.count; n++) {
        uint32_t pick = 0;
        if (k > 0) {
            uint32_t orders = factorial[w.count - n - 1];
            pick = (uint32_t)(k / orders);
            k %= orders;
        }
        uint32_t i = left[pick];
        link[n] = mesh_link(layout, &w, i, spot);
        spot = step_to(layout, &w, i, spot);
        for (; pick + 1 < w.count - n; pick++) {
            left[pick] = left[pick + 1];
        }
    }
    return w.count;
}

/* Orders are alike: a link is crossed by those in which what is set right by then comes first. */
static uint32_t mesh_spray(const mu_layout *layout, const mu_pair *pair, uint32_t *link,
                           double *share, uint32_t *hops)
{
    way w;
    find_way(layout, pair, &w);
    uint32_t n = 0;
    double orders = (double)factorial[w.count];
    for (uint32_t done = 0; done + 1 < (1U << w.count); done++) {
        uint32_t spot = pair->from;
        uint32_t before = 0;
        for (uint32_t i = 0; i < w.count; i++) {
            if ((done >> i & 1U) != 0) {
                spot = step_to(layout, &w, i, spot);
                before++;
            }
        }
        double through = (double)factorial[before] * factorial[w.count - before - 1] / orders;
        for (uint32_t i = 0; i < w.count; i++) {
            if ((done >> i & 1U) == 0) {
                link[n] = mesh_link(layout, &w, i, spot);
                share[n++] = through;
            }
        }
    }
    *hops = w.count;
    return n;
}

/* Steps up round the ring; `tie`: as many down. */
static uint32_t ring_steps(const mu_layout *layout, const way *w, uint32_t i, bool *tie)
{
    uint32_t dim = layout->dim[w->dim[i]];
    uint32_t up = w->y[i] > w->x[i] ? w->y[i] - w->x[i] : w->y[i] + dim - w->x[i];
    *tie = dim > 2 && 2 * up == dim;
    return up;
}

/* Links round a ring from `spot`, `steps` of them up or down. */
static uint32_t ring_run(const mu_layout *layout, const way *w, uint32_t i, bool up, uint32_t steps,
                         uint32_t spot, uint32_t *link)
{
    uint32_t d = w->dim[i];
    uint32_t dim = layout->dim[d];
    uint32_t stride = layout->stride[d];
    uint32_t first = up ? layout->up_first[d] : layout->down_first[d];
    uint32_t x = w->x[i];
    for (uint32_t n = 0; n < steps; n++) {
        link[n] = first + spot;
        uint32_t next = up ? (x + 1 < dim ? x + 1 : 0) : (x > 0 ? x - 1 : dim - 1);
        spot += (next - x) * stride;
        x = next;
    }
    return steps;
}

static uint32_t torus_path(const mu_layout *layout, const mu_pair *pair, uint64_t k, uint32_t *link)
{
    way w;
    find_way(layout, pair, &w);
    uint32_t spot = pair->from;
    uint32_t n = 0;
    for (uint32_t i = 0; i < w.count; i++) {
        bool tie = false;
        uint32_t dim = layout->dim[w.dim[i]];
        uint32_t steps = ring_steps(layout, &w, i, &tie);
        bool up = 2 * steps <= dim;
        if (tie) {
            up = (k & 1U) == 0;
            k >>= 1;
        }
        n += ring_run(layout, &w, i, up, up ? steps : dim - steps, spot, link + n);
        spot = step_to(layout, &w, i, spot);
    }
    return n;
}

static uint32_t torus_spray(const mu_layout *layout, const mu_pair *pair, uint32_t *link,
                            double *share, uint32_t *hops)
{
    way w;
    find_way(layout, pair, &w);
    uint32_t spot = pair->from;
    uint32_t n = 0;
    *hops = 0;
    for (uint32_t i = 0; i < w.count; i++) {
        bool tie = false;
        uint32_t dim = layout->dim[w.dim[i]];
        uint32_t steps = ring_steps(layout, &w, i, &tie);
        bool up = 2 * steps <= dim;
        uint32_t run = up ? steps : dim - steps;
        uint32_t end = n + ring_run(layout, &w, i, up, run, spot, link + n);
        if (tie) {
            end += ring_run(layout, &w, i, false, run, spot, link + end);
        }
        for (; n < end; n++) {
            share[n] = tie ? 0.5 : 1.0;
        }
        *hops += run;
        spot = step_to(layout, &w, i, spot);
    }
    return n;
}

static uint32_t bus_path(const mu_layout *layout, const mu_pair *pair, uint32_t *link)
{
    link[0] = layout->first_link + pair->a;
    link[1] = layout->first_link + layout->ranks + pair->domain;
    link[2] = layout->first_link + layout->ranks + layout->domains + pair->b;
    return 3;
}

static void pair_of_tree(const mu_layout *layout, mu_pair *pair)
{
    uint32_t origin = pair->domain * layout->span;
    pair->from = mu_layout_place(layout, pair->a - origin);
    pair->to = mu_layout_place(layout, pair->b - origin);
    uint32_t level = 0;
    while (level < layout->levels && mu_divide(layout->by_below[level], pair->from) !=
                                         mu_divide(layout->by_below[level], pair->to)) {
        level++;
    }
    pair->meet = level;
    pair->chosen = pair->to;
    pair->paths = level < layout->levels ? layout->ways[level] : layout->pair_cables;
}

static void pair_of_grid(const mu_layout *layout, mu_pair *pair)
{
    way w;
    find_way(layout, pair, &w);
    pair->paths = 1;
    if (layout->shape == MU_SHAPE_MESH) {
        pair->paths = factorial[w.count];
        return;
    }
    for (uint32_t i = 0; i < w.count; i++) {
        bool tie = false;
        (void)ring_steps(layout, &w, i, &tie);
        pair->paths <<= tie ? 1 : 0;
    }
}

/* Field by field: a copy of the whole would wait for its parts. */
void mu_pair_set(const mu_layout *layout, uint32_t a, uint32_t b, uint32_t domain, mu_pair *out)
{
    out->a = a;
    out->b = b;
    out->domain = domain;
    out->from = a;
    out->to = b;
    out->meet = 0;
    out->chosen = 0;
    switch (layout->shape) {
    case MU_SHAPE_SWITCH:
    case MU_SHAPE_CLOS:
    case MU_SHAPE_DRAGONFLY:
        pair_of_tree(layout, out);
        break;
    case MU_SHAPE_MESH:
    case MU_SHAPE_TORUS:
        pair_of_grid(layout, out);
        break;
    case MU_SHAPE_BUS:
        out->paths = 1;
        break;
    default:
        out->paths = 0;
        break;
    }
}

uint32_t mu_shape_path(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint64_t k,
                       uint32_t *link)
{
    assert(k < pair->paths);
    switch (layout->shape) {
    case MU_SHAPE_MESH:
        return mesh_path(layout, pair, k, link);
    case MU_SHAPE_TORUS:
        return torus_path(layout, pair, k, link);
    case MU_SHAPE_BUS:
        return bus_path(layout, pair, link);
    default:
        return pair->meet < layout->levels ? tree_path(layout, pair, plane, (uint32_t)k, link)
                                           : group_path(layout, pair, plane, (uint32_t)k, link);
    }
}

uint32_t mu_shape_spray(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint32_t max,
                        uint32_t *link, double *share, uint32_t *hops)
{
    assert(max >= MU_ROUTE_MAX / MU_PLANES_MAX);
    switch (layout->shape) {
    case MU_SHAPE_MESH:
        return mesh_spray(layout, pair, link, share, hops);
    case MU_SHAPE_TORUS:
        return torus_spray(layout, pair, link, share, hops);
    case MU_SHAPE_BUS:
        *hops = bus_path(layout, pair, link);
        share[0] = share[1] = share[2] = 1.0;
        return *hops;
    default:
        break;
    }
    if (pair->meet < layout->levels) {
        *hops = 2 + 2 * pair->meet;
        return tree_spray(layout, pair, plane, max, link, share);
    }
    *hops = 5;
    return group_spray(layout, pair, plane, max, link, share);
}
