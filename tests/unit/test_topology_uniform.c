/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a topology that says it is uniform looks the same from every rank; one that does not look
 *         so never says it.
 * Method: by force. For each digit of the ranks' mixed radix, turning it by one must give a map of
 *         links: routes between turned ranks are the routes with their links replaced, kind by
 *         kind, one to one. And all-to-all must load all links of a kind alike.
 */
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static mu_route here;
static mu_route there;

static const uint32_t NONE = UINT32_MAX;

static uint32_t kind_of(const mu_topology *t, uint32_t link)
{
    uint32_t k = 0;
    while (link >= t->kind[k].first + t->kind[k].count) {
        k++;
    }
    return k;
}

static void find(mu_router *router, uint32_t a, uint32_t b, mu_route *out)
{
    mu_error err = {0};
    if (mu_router_find(router, a, b, 0, out, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

/* All-to-all loads every link of a kind alike. */
static bool evenly_loaded(const mu_topology *t, mu_routing routing)
{
    mu_router *router = routed(arena, t, routing, true);
    double *load = MU_NEW(arena, double, t->links);
    for (uint32_t a = 0; a < t->ranks; a++) {
        for (uint32_t b = 0; b < t->ranks; b++) {
            find(router, a, b, &here);
            for (uint32_t i = 0; i < here.count; i++) {
                load[here.link[i]] += here.share[i];
            }
        }
    }
    for (uint32_t l = 0; l < t->links; l++) {
        if (fabs(load[l] - load[t->kind[kind_of(t, l)].first]) > 1e-9) {
            return false;
        }
    }
    return true;
}

static uint32_t turned(uint32_t rank, uint32_t stride, uint32_t radix)
{
    uint32_t digit = rank / stride % radix;
    return rank + ((digit + 1) % radix - digit) * stride;
}

/* Links in the order of the path: turned, they are the links of the turned pair's path. */
static bool map_paths(const mu_topology *t, uint32_t stride, uint32_t radix, uint32_t *map)
{
    mu_router *router = routed(arena, t, MU_ROUTING_SHORTEST, true);
    uint32_t *from = MU_NEW(arena, uint32_t, t->links);
    memset(map, 0xff, t->links * sizeof *map);
    memset(from, 0xff, t->links * sizeof *from);
    for (uint32_t a = 0; a < t->ranks; a++) {
        for (uint32_t b = 0; b < t->ranks; b++) {
            find(router, a, b, &here);
            find(router, turned(a, stride, radix), turned(b, stride, radix), &there);
            if (here.count != there.count) {
                return false;
            }
            for (uint32_t i = 0; i < here.count; i++) {
                uint32_t x = here.link[i];
                uint32_t y = there.link[i];
                bool known = map[x] != NONE || from[y] != NONE;
                if (kind_of(t, x) != kind_of(t, y) || (known && (map[x] != y || from[y] != x))) {
                    return false;
                }
                map[x] = y;
                from[y] = x;
            }
        }
    }
    return true;
}

/* Sprayed routes go along with the map. */
static bool maps_sprays(const mu_topology *t, uint32_t stride, uint32_t radix, const uint32_t *map)
{
    mu_router *router = routed(arena, t, MU_ROUTING_SPRAY, true);
    double *share = MU_NEW(arena, double, t->links);
    for (uint32_t a = 0; a < t->ranks; a++) {
        for (uint32_t b = 0; b < t->ranks; b++) {
            find(router, a, b, &here);
            find(router, turned(a, stride, radix), turned(b, stride, radix), &there);
            if (here.count != there.count) {
                return false;
            }
            for (uint32_t i = 0; i < there.count; i++) {
                share[there.link[i]] = there.share[i];
            }
            bool same = true;
            for (uint32_t i = 0; i < here.count; i++) {
                uint32_t to = map[here.link[i]];
                same = same && (to == NONE || fabs(share[to] - here.share[i]) < 1e-12);
            }
            for (uint32_t i = 0; i < there.count; i++) {
                share[there.link[i]] = 0.0;
            }
            if (!same) {
                return false;
            }
        }
    }
    return true;
}

static bool looks_uniform(const mu_topology *t, const uint32_t *radix)
{
    uint32_t *map = MU_NEW(arena, uint32_t, t->links);
    bool same = evenly_loaded(t, MU_ROUTING_SHORTEST) &&
                (!t->sprays_whole || evenly_loaded(t, MU_ROUTING_SPRAY));
    uint32_t stride = 1;
    for (uint32_t i = 0; radix[i] != 0; i++) {
        same = same && map_paths(t, stride, radix[i], map);
        same = same && (!t->sprays_whole || maps_sprays(t, stride, radix[i], map));
        stride *= radix[i];
    }
    assert_int_equal(stride, t->ranks);
    return same;
}

/* `radix` ends with 0. What is uniform must look so; `says`: what is to be said. */
static void check(const mu_network_spec *specs, uint32_t count, uint32_t ranks,
                  const uint32_t *radix, bool says)
{
    mu_topology t = built(arena, ranks, specs, count);
    if (t.uniform != says) {
        fail_msg("%s over %u ranks: says %d, should say %d", specs[count - 1].name, ranks,
                 t.uniform, says);
    }
    if (looks_uniform(&t, radix) != says) {
        fail_msg("%s over %u ranks: does not look as it says", specs[count - 1].name, ranks);
    }
}

#define RADIX(...) ((const uint32_t[]){__VA_ARGS__, 0})

static void one(mu_network_spec spec, uint32_t ranks, const uint32_t *radix, bool says)
{
    check(&spec, 1, ranks, radix, says);
}

static void single_networks(void **state)
{
    (void)state;
    one(one_switch(8, 1), 8, RADIX(8), true);
    one(one_switch(9, 4), 9, RADIX(9), true);
    mu_network_spec bus = {
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 4, .bandwidth = 10e9, .planes = 1};
    one(bus, 4, RADIX(4), true);
    one(grid(MU_SHAPE_MESH, 1, RADIX(8)), 8, RADIX(8), true);
    one(grid(MU_SHAPE_MESH, 3, RADIX(4, 3, 2)), 24, RADIX(4, 3, 2), true);
    one(grid(MU_SHAPE_TORUS, 1, RADIX(8)), 8, RADIX(8), true);
    one(grid(MU_SHAPE_TORUS, 2, RADIX(6, 5)), 30, RADIX(6, 5), true);
    one(grid(MU_SHAPE_TORUS, 3, RADIX(4, 3, 2)), 24, RADIX(4, 3, 2), true);
    one(dragonfly(3, 2, 2, 2, 0), 12, RADIX(2, 2, 3), true);
    one(dragonfly(4, 2, 6, 3, 0), 48, RADIX(6, 2, 4), true);
}

static void fat_trees(void **state)
{
    (void)state;
    one(leaf_spine(4, 4, 2), 16, RADIX(4, 4), true);
    one(leaf_spine(4, 4, 4), 16, RADIX(4, 4), true);
    one(leaf_spine(3, 6, 4), 18, RADIX(6, 3), false); /* 4 spines do not go into 6 ranks */
    one(leaf_spine(4, 2, 4), 8, RADIX(2, 4), false); /* path and leaf of the source hang together */
    one(leaf_spine(3, 4, 6), 12, RADIX(4, 3), false);
    mu_network_spec tree = {.name = "tree",
                            .shape = MU_SHAPE_CLOS,
                            .span = 24,
                            .bandwidth = 10e9,
                            .planes = 2,
                            .levels = 3,
                            .down = {2, 3, 4},
                            .up = {2, 3, 0}};
    one(tree, 24, RADIX(2, 3, 4), true);
    tree.up[1] = 2; /* 4 paths, 6 ranks in a pod */
    one(tree, 24, RADIX(2, 3, 4), false);
    mu_network_spec deep = deep_tree();
    one(deep, 48, RADIX(4, 2, 3, 2), true);
    mu_network_spec rails = rail_tree();
    one(rails, 32, RADIX(4, 4, 2), true);
    rails.up[0] = 3;
    one(rails, 32, RADIX(4, 4, 2), false);
}

/* Leaves of rails under further levels: paths by ports, then rails, then pods. */
static void railed_trees(void **state)
{
    (void)state;
    mu_network_spec rails = {.name = "rail",
                             .shape = MU_SHAPE_CLOS,
                             .span = 48,
                             .bandwidth = 10e9,
                             .planes = 1,
                             .levels = 3,
                             .down = {2, 12, 2},
                             .up = {2, 3, 0},
                             .rails = 3};
    one(rails, 48, RADIX(3, 2, 4, 2), true);
    rails.up[1] = 12;
    one(rails, 48, RADIX(3, 2, 4, 2), true);
    rails.up[1] = 4; /* rails of 3 do not go into 4 */
    one(rails, 48, RADIX(3, 2, 4, 2), false);
    rails.up[1] = 6;
    one(rails, 48, RADIX(3, 2, 2, 2, 2), true);
    mu_network_spec nested[] = {grid(MU_SHAPE_MESH, 1, RADIX(3)), rails};
    check(nested, 2, 48, RADIX(3, 2, 2, 2, 2), true);
}

/* A mesh line of 8 over leaves of 4 may be cut; a ring may not, nor a line that is idle in part. */
static void cut_grids(void **state)
{
    (void)state;
    mu_network_spec mesh[] = {grid(MU_SHAPE_MESH, 1, RADIX(8)), leaf_spine(4, 4, 4)};
    check(mesh, 2, 16, RADIX(4, 2, 2), true);
    mu_network_spec ring[] = {grid(MU_SHAPE_TORUS, 1, RADIX(8)), leaf_spine(4, 4, 4)};
    check(ring, 2, 16, RADIX(4, 2, 2), false);
    mu_network_spec idle[] = {one_switch(4, 1), grid(MU_SHAPE_MESH, 1, RADIX(8))};
    check(idle, 2, 8, RADIX(4, 2), false);
}

/* Where a route has no room for all paths, which are left out is not the same from everywhere;
 * single paths are. */
static void too_wide_to_spray(void **state)
{
    (void)state;
    mu_network_spec spec = leaf_spine(2, 2048, 2048);
    mu_topology t = built(arena, 4096, &spec, 1);
    assert_true(t.uniform && !t.sprays_whole);
    spec = leaf_spine(2, 1024, 1024);
    t = built(arena, 2048, &spec, 1);
    assert_true(t.uniform && t.sprays_whole);
    spec = leaf_spine(2, 32, 32);
    spec.planes = 64;
    t = built(arena, 64, &spec, 1);
    assert_false(t.sprays_whole);
    check(&spec, 1, 64, RADIX(32, 2), true);
}

static void nested_networks(void **state)
{
    (void)state;
    mu_network_spec specs[] = {one_switch(4, 2), leaf_spine(3, 8, 8)};
    check(specs, 2, 24, RADIX(4, 2, 3), true);
    specs[0].span = 6; /* servers of 6, leaves of 8 */
    mu_topology t = built(arena, 24, specs, 2);
    assert_false(t.uniform);
    mu_network_spec mesh[] = {grid(MU_SHAPE_MESH, 2, RADIX(2, 2)), leaf_spine(4, 2, 2)};
    mesh[1].rails = 4;
    mesh[1].down[1] = 8;
    mesh[1].span = 16;
    check(mesh, 2, 16, RADIX(2, 2, 2, 2), true);
}

static void several_domains(void **state)
{
    (void)state;
    mu_network_spec specs[] = {leaf_spine(2, 4, 4), one_switch(24, 1)};
    check(specs, 2, 24, RADIX(4, 2, 3), true);
    /* part of a domain: the chips beyond are missing, or stand as switches */
    mu_topology t = built(arena, 22, specs, 1);
    assert_false(t.uniform);
    const mu_network_spec torus = grid(MU_SHAPE_TORUS, 1, RADIX(8));
    t = built(arena, 12, &torus, 1);
    assert_false(t.uniform);
}

/* Whatever says that it is uniform is evenly loaded; a good part of what is drawn says so. */
static void drawn_networks(void **state)
{
    (void)state;
    uint32_t uniform = 0;
    uint32_t nested = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        mu_arena_mark mark = mu_arena_here(arena);
        mu_network_spec specs[2] = {drawn_spec(seed), drawn_spec(seed + 100000)};
        uint32_t count = specs[0].span < specs[1].span ? 2 : 1;
        uint32_t ranks = (uint32_t)specs[count - 1].span;
        mu_topology t = built(arena, ranks, specs, count);
        if (t.uniform && ranks <= 144) {
            uniform++;
            nested += count == 2 && specs[0].span > 1;
            bool even =
                evenly_loaded(&t, MU_ROUTING_SHORTEST) && evenly_loaded(&t, MU_ROUTING_SPRAY);
            if (!even) {
                fail_msg("seed %llu: uniform, but not evenly loaded", (unsigned long long)seed);
            }
        }
        mu_arena_back(arena, mark);
    }
    assert_in_range(uniform, 500, 2500);
    assert_in_range(nested, 50, 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(single_networks),   CASE(fat_trees),       CASE(railed_trees),    CASE(cut_grids),
        CASE(too_wide_to_spray), CASE(nested_networks), CASE(several_domains), CASE(drawn_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
