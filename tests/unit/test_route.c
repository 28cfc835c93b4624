/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   routes lead where they should, over the links that the policy says.
 * Method: routes of a leaf-and-spine network written out by hand, then properties over every pair
 *         of small networks of every shape.
 */
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static mu_arena *arena;
static mu_route route;

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static void find(mu_router *router, uint32_t a, uint32_t b, uint64_t salt)
{
    mu_error err = {0};
    if (mu_router_find(router, a, b, salt, &route, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

/* s = j mod spines: host, leaf, spine, leaf, host. */
static void simgrid_routes(void **state)
{
    (void)state;
    static const uint32_t cases[][3] = {{8, 8, 8}, {8, 8, 4}, {16, 16, 8}, {4, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t leaves = cases[i][0];
        uint32_t hosts = cases[i][1];
        uint32_t spines = cases[i][2];
        mu_network_spec spec = leaf_spine(leaves, hosts, spines);
        mu_topology t = built(arena, leaves * hosts, &spec, 1);
        mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
        for (uint32_t a = 0; a < t.ranks; a++) {
            for (uint32_t b = 0; b < t.ranks; b++) {
                find(router, a, b, 0);
                uint32_t leaf_a = t.ranks + a / hosts;
                uint32_t leaf_b = t.ranks + b / hosts;
                uint32_t spine = t.ranks + leaves + b % spines;
                const uint32_t far[] = {a, leaf_a, spine, leaf_b, b};
                const uint32_t close[] = {a, leaf_a, b};
                const uint32_t *want = leaf_a == leaf_b ? close : far;
                uint32_t hops = a == b ? 0 : (leaf_a == leaf_b ? 2 : 4);
                assert_int_equal(route.count, hops);
                assert_true(route.whole);
                for (uint32_t h = 0; h < hops; h++) {
                    assert_int_equal(t.from[route.link[h]], want[h]);
                    assert_int_equal(t.to[route.link[h]], want[h + 1]);
                    assert_true(route.share[h] == 1.0);
                }
            }
        }
    }
}

static mu_network_spec specs[SHAPES_MAX];

/* What enters a vertex leaves it: 1 leaves a, 1 enters b; no link twice. */
static void check_flow(const mu_topology *t, uint32_t a, uint32_t b)
{
    double *at = MU_NEW(arena, double, t->vertices);
    bool *seen = MU_NEW(arena, bool, t->links);
    for (uint32_t i = 0; i < route.count; i++) {
        uint32_t link = route.link[i];
        assert_true(link < t->links && !seen[link]);
        assert_true(route.share[i] > 0.0 && route.share[i] <= 1.0);
        seen[link] = true;
        at[t->from[link]] -= route.share[i];
        at[t->to[link]] += route.share[i];
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        double want = a == b ? 0.0 : (v == a ? -1.0 : (v == b ? 1.0 : 0.0));
        assert_true(fabs(at[v] - want) < 1e-12);
    }
}

static void check_path(const mu_topology *t, uint32_t a, uint32_t b)
{
    uint32_t v = a;
    for (uint32_t i = 0; i < route.count; i++) {
        assert_int_equal(t->from[route.link[i]], v);
        v = t->to[route.link[i]];
    }
    assert_int_equal(v, b);
}

static void routes_of(const mu_topology *t, mu_routing routing, bool striped)
{
    mu_router *router = routed(arena, t, routing, striped);
    for (uint32_t a = 0; a < t->ranks; a++) {
        for (uint32_t b = 0; b < t->ranks; b++) {
            if (mu_topology_network(t, a, b) == t->network_count) {
                continue;
            }
            mu_arena_mark mark = mu_arena_here(arena);
            find(router, a, b, a ^ b);
            check_flow(t, a, b);
            if (route.whole) {
                check_path(t, a, b);
            }
            mu_arena_back(arena, mark);
        }
    }
}

static void routes_lead_there(void **state)
{
    (void)state;
    uint32_t count = all_shapes(specs);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t ranks = (uint32_t)specs[i].span - 3; ranks < 2 * specs[i].span; ranks += 4) {
            mu_topology t = built(arena, ranks, &specs[i], 1);
            for (int routing = 0; routing < MU_ROUTING_COUNT; routing++) {
                routes_of(&t, (mu_routing)routing, false);
                routes_of(&t, (mu_routing)routing, true);
            }
        }
    }
}

/* The same wires as an explicit list: as many paths, as long, as many links sprayed over. */
static void search_agrees(void **state)
{
    (void)state;
    static mu_route other;
    uint32_t count = all_shapes(specs);
    for (uint32_t i = 0; i < count; i++) {
        if (specs[i].shape == MU_SHAPE_BUS || specs[i].planes > 1) {
            continue; /* a path there is no pair of cables, or one of a plane's */
        }
        mu_topology t = built(arena, (uint32_t)specs[i].span, &specs[i], 1);
        mu_cable *cables = MU_NEW(arena, mu_cable, t.links);
        uint32_t n = 0;
        for (uint32_t l = 0; l < t.links; l++) {
            if (l < t.twin[l]) {
                cables[n++] = (mu_cable){t.from[l], t.to[l], t.bandwidth[l], t.latency_s[l]};
            }
        }
        assert_int_equal(2 * n, t.links);
        mu_topology listed;
        assert_int_equal(
            mu_topology_of_cables(arena, t.ranks, t.vertices, cables, n, &listed, NULL), MU_OK);
        mu_router *by_shape = routed(arena, &t, MU_ROUTING_SPRAY, true);
        mu_router *by_search = routed(arena, &listed, MU_ROUTING_SPRAY, true);
        for (uint32_t a = 0; a < t.ranks; a++) {
            for (uint32_t b = 0; b < t.ranks; b++) {
                find(by_shape, a, b, 0);
                assert_int_equal(mu_router_find(by_search, a, b, 0, &other, NULL), MU_OK);
                assert_true(fabs(other.latency_s - route.latency_s) < 1e-15);
                if (specs[i].shape != MU_SHAPE_TORUS) { /* a torus's take dimensions in order */
                    assert_int_equal(mu_router_paths(by_shape, a, b),
                                     mu_router_paths(by_search, a, b));
                    assert_int_equal(other.count, route.count);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(simgrid_routes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(routes_lead_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(search_agrees, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
