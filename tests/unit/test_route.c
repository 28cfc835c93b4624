/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   routes lead where they should, over the links that the policy says.
 * Method: routes of a leaf-and-spine network written out by hand, then properties over every pair
 *         of small networks of every shape.
 */
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static mu_route route;

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

/* Networks drawn at random, inner and outer, in part and in full. */
static void drawn_routes_lead_there(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        mu_arena_mark mark = mu_arena_here(arena);
        mu_network_spec drawn_specs[2] = {drawn_spec(seed), drawn_spec(seed + 5000)};
        uint32_t count = drawn_specs[0].span < drawn_specs[1].span ? 2 : 1;
        uint32_t ranks = drawn(seed, 99, 1, 60);
        mu_topology t = built(arena, ranks, drawn_specs, count);
        mu_routing routing = (mu_routing)(seed % MU_ROUTING_COUNT);
        routes_of(&t, routing, seed % 2 == 0);
        mu_arena_back(arena, mark);
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

static mu_topology leaves(uint32_t spines)
{
    static mu_network_spec spec;
    spec = leaf_spine(4, 4, spines);
    return built(arena, 16, &spec, 1);
}

/* Spine of the route between two leaves. */
static uint32_t spine_of(const mu_topology *t)
{
    assert_int_equal(route.count, 4);
    return t->to[route.link[1]] - t->ranks - 4;
}

static void hashes_spread(void **state)
{
    (void)state;
    mu_topology t = leaves(8);
    mu_router *router = routed(arena, &t, MU_ROUTING_ECMP, true);
    uint32_t hits[8] = {0};
    for (uint64_t salt = 0; salt < 8000; salt++) {
        find(router, 1, 14, salt);
        hits[spine_of(&t)]++;
    }
    uint32_t same = 0;
    for (uint32_t b = 4; b < 16; b++) {
        find(router, 0, b, 3);
        uint32_t first = spine_of(&t);
        find(router, 0, b, 3);
        assert_int_equal(spine_of(&t), first);
        find(router, 0, b, 4);
        same += spine_of(&t) == first;
    }
    assert_true(same < 8);
    for (uint32_t s = 0; s < 8; s++) {
        assert_in_range(hits[s], 1000 - 120, 1000 + 120); /* four standard deviations */
    }
}

/* Rank to leaf once a plane, then all spines of all planes. */
static void sprays_over_planes(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 768, &spec, 1);
    mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, true);
    find(router, 3, 700, 0);
    assert_int_equal(route.count, 7 * (2 + 2 * 16));
    assert_true(fabs(route.latency_s - 4 * 3e-7) < 1e-18);
    check_flow(&t, 3, 700);
    for (uint32_t i = 0; i < route.count; i++) {
        bool chip = t.from[route.link[i]] == 3 || t.to[route.link[i]] == 700;
        assert_true(fabs(route.share[i] - (chip ? 1.0 / 7.0 : 1.0 / 112.0)) < 1e-15);
    }
    find(router, 3, 4, 0);
    assert_int_equal(route.count, 7 * 2);
    assert_int_equal(mu_router_paths(router, 3, 4), 1);
    assert_int_equal(mu_router_paths(router, 3, 700), 16);
    assert_int_equal(mu_router_paths(router, 3, 3), 0);
    router = routed(arena, &t, MU_ROUTING_SPRAY, false);
    find(router, 3, 700, 0);
    assert_int_equal(route.count, 2 + 2 * 16);
}

/* More links than a route holds: fewer ways, still in equal shares. */
static void sprays_over_some(void **state)
{
    (void)state;
    mu_network_spec spec = {.name = "wide",
                            .shape = MU_SHAPE_CLOS,
                            .span = 2048,
                            .bandwidth = 50e9,
                            .planes = 3,
                            .levels = 3,
                            .down = {32, 8, 8},
                            .up = {32, 48, 0}};
    mu_topology t = built(arena, 2048, &spec, 1);
    for (int striped = 0; striped < 2; striped++) {
        mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, striped != 0);
        find(router, 5, 2000, 0);
        assert_in_range(route.count, MU_ROUTE_MAX / 3, MU_ROUTE_MAX);
        check_flow(&t, 5, 2000);
    }
    /* a mesh as a list of cables between 64 ranks and 64 switches: 4,096 ways and more */
    mu_cable *cables = MU_NEW(arena, mu_cable, 2 * 4096);
    for (uint32_t i = 0; i < 4096; i++) {
        uint32_t low = 2 + i / 64;
        uint32_t high = 66 + i % 64;
        cables[2 * i] = (mu_cable){low, high, 1e9, 0.0};
        cables[2 * i + 1] = (mu_cable){i % 2, i % 2 == 0 ? low : high, 1e9, 0.0};
    }
    mu_topology listed;
    assert_int_equal(mu_topology_of_cables(arena, 2, 130, cables, 8192, &listed, NULL), MU_OK);
    mu_router *router = routed(arena, &listed, MU_ROUTING_SPRAY, true);
    find(router, 0, 1, 0);
    assert_in_range(route.count, 1000, MU_ROUTE_MAX);
    check_flow(&listed, 0, 1);
}

/* Along a ring: hops of the shorter way, both ways when they are as long. */
static void rings(void **state)
{
    (void)state;
    for (uint32_t n = 2; n < 9; n++) {
        mu_network_spec spec = grid(MU_SHAPE_TORUS, 1, &n);
        mu_topology t = built(arena, n, &spec, 1);
        mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, true);
        for (uint32_t b = 1; b < n; b++) {
            find(router, 0, b, 0);
            uint32_t hops = b < n - b ? b : n - b;
            bool both = 2 * b == n && n > 2;
            assert_int_equal(route.count, both ? 2 * hops : hops);
            assert_true(fabs(route.latency_s - 1e-7 * hops) < 1e-18);
            assert_int_equal(mu_router_paths(router, 0, b), both ? 2 : 1);
        }
    }
}

static void meshes(void **state)
{
    (void)state;
    static const uint32_t box[] = {4, 4, 4, 4};
    mu_network_spec spec = grid(MU_SHAPE_MESH, 4, box);
    mu_topology t = built(arena, 256, &spec, 1);
    mu_router *spray = routed(arena, &t, MU_ROUTING_SPRAY, true);
    mu_router *first = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    find(spray, 0, 255, 0); /* a cube of 16 corners */
    assert_int_equal(route.count, 4 * 8);
    assert_int_equal(mu_router_paths(spray, 0, 255), 24);
    check_flow(&t, 0, 255);
    find(first, 0, 255, 0);
    static const uint32_t want[] = {3, 15, 63, 255}; /* innermost dimension first */
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(t.to[route.link[i]], want[i]);
    }
    mu_router *hashed = routed(arena, &t, MU_ROUTING_ECMP, true);
    bool seen[256] = {false};
    uint32_t ways = 0;
    for (uint64_t salt = 0; salt < 200; salt++) {
        find(hashed, 0, 255, salt);
        check_path(&t, 0, 255);
        uint32_t second = t.to[route.link[1]];
        ways += !seen[second];
        seen[second] = true;
    }
    assert_int_equal(ways, 6); /* two of four dimensions set right */
}

/* Round about: at most two shortest paths long, and not always the same. */
static void valiant_goes_round(void **state)
{
    (void)state;
    static const uint32_t square[] = {8, 8};
    mu_network_spec spec = grid(MU_SHAPE_TORUS, 2, square);
    mu_topology t = built(arena, 64, &spec, 1);
    mu_router *router = routed(arena, &t, MU_ROUTING_VALIANT, true);
    uint32_t longer = 0;
    double *load = MU_NEW(arena, double, t.links);
    for (uint64_t salt = 0; salt < 500; salt++) {
        find(router, 0, 1, salt);
        assert_true(route.whole && route.count <= 16);
        check_path(&t, 0, 1);
        check_flow(&t, 0, 1);
        longer += route.count > 1;
        for (uint32_t i = 0; i < route.count; i++) {
            load[route.link[i]] += 1.0;
        }
    }
    assert_in_range(longer, 250, 499);
    uint32_t used = 0;
    for (uint32_t l = 0; l < t.links; l++) {
        used += load[l] > 0.0;
    }
    assert_true(used > t.links / 3);
    mu_network_spec pair = one_switch(2, 1); /* no third rank: straight */
    mu_topology two = built(arena, 2, &pair, 1);
    router = routed(arena, &two, MU_ROUTING_VALIANT, true);
    find(router, 0, 1, 0);
    assert_int_equal(route.count, 2);
}

static uint32_t link_between(const mu_topology *t, uint32_t a, uint32_t b)
{
    for (uint32_t e = t->out_first[a]; e < t->out_first[a + 1]; e++) {
        if (t->to[t->out_link[e]] == b) {
            return t->out_link[e];
        }
    }
    fail_msg("no link from %u to %u", a, b);
    return 0;
}

static void adaptive_takes_the_emptiest(void **state)
{
    (void)state;
    mu_topology t = leaves(4);
    double *load = MU_NEW(arena, double, t.links);
    mu_router *router = NULL;
    assert_int_equal(mu_router_create(arena, &t, MU_ROUTING_ADAPTIVE, true, load, &router, NULL),
                     MU_OK);
    find(router, 0, 5, 0);
    assert_int_equal(spine_of(&t), 1); /* nothing flows: by destination */
    for (uint32_t s = 0; s < 4; s++) {
        load[link_between(&t, 16, 20 + s)] = 4.0 - s; /* up from leaf 0 */
    }
    find(router, 0, 5, 0);
    assert_int_equal(spine_of(&t), 3);
    load[link_between(&t, 23, 17)] = 3.0; /* down to leaf 1 */
    find(router, 0, 5, 0);
    assert_int_equal(spine_of(&t), 2);
}

/* The direct cable of a mesh, until a way round is less than half as crowded. */
static void adaptive_goes_round_when_it_pays(void **state)
{
    (void)state;
    static const uint32_t line[] = {3};
    mu_network_spec spec = grid(MU_SHAPE_MESH, 1, line);
    mu_topology t = built(arena, 3, &spec, 1);
    double *load = MU_NEW(arena, double, t.links);
    mu_router *router = NULL;
    assert_int_equal(mu_router_create(arena, &t, MU_ROUTING_ADAPTIVE, true, load, &router, NULL),
                     MU_OK);
    load[link_between(&t, 0, 2)] = 1.0;
    load[link_between(&t, 0, 1)] = 2.0;
    find(router, 0, 1, 0);
    assert_int_equal(route.count, 1);
    load[link_between(&t, 0, 1)] = 2.1;
    find(router, 0, 1, 0);
    assert_int_equal(route.count, 2);
    load[link_between(&t, 2, 1)] = 1.1;
    find(router, 0, 1, 0);
    assert_int_equal(route.count, 1);
}

static void unstriped_takes_one_plane(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 768, &spec, 1);
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, false);
    uint32_t planes[7] = {0};
    for (uint32_t b = 16; b < 768; b++) {
        find(router, 0, b, 0);
        assert_true(route.whole && route.count == 4);
        check_path(&t, 0, b);
        planes[(t.to[route.link[0]] - 768) / 64]++;
    }
    for (uint32_t p = 0; p < 7; p++) {
        assert_in_range(planes[p], 752 / 7, 752 / 7 + 1);
    }
}

static void no_way(mu_router *router, uint32_t a, uint32_t b, mu_status want, const char *words)
{
    mu_error err = {0};
    assert_int_equal(mu_router_find(router, a, b, 0, &route, &err), want);
    if (strstr(err.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    }
}

static void says_when_there_is_no_way(void **state)
{
    (void)state;
    mu_network_spec spec = one_switch(4, 1);
    mu_topology t = built(arena, 16, &spec, 1);
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    no_way(router, 3, 4, MU_NO,
           "no way leads from rank 3 to rank 4: they lie in different domains of the outermost "
           "network \"nvlink\" (4 ranks each)");
    no_way(router, 3, 16, MU_E_INPUT, "expected ranks 0 to 15, got 3 and 16");
    assert_int_equal(mu_router_paths(router, 3, 4), 0);
    find(router, 3, 3, 0);
    assert_int_equal(route.count, 0);
    assert_true(route.whole);
    const mu_cable cables[] = {{0, 1, 1e9, 0.0}, {2, 3, 1e9, 0.0}};
    assert_int_equal(mu_topology_of_cables(arena, 4, 4, cables, 2, &t, NULL), MU_OK);
    router = routed(arena, &t, MU_ROUTING_SPRAY, true);
    no_way(router, 0, 3, MU_NO, "no way leads from rank 0 to rank 3");
    assert_int_equal(mu_router_paths(router, 0, 1), 1);
}

/* A line of ranks too long for a route is an error, not a crash. */
static void says_when_the_way_is_too_long(void **state)
{
    (void)state;
    enum { LONG = MU_ROUTE_MAX + 10 };
    mu_cable *cables = MU_NEW(arena, mu_cable, LONG);
    for (uint32_t i = 0; i + 1 < LONG; i++) {
        cables[i] = (mu_cable){i, i + 1, 1e9, 1e-9};
    }
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, LONG, LONG, cables, LONG - 1, &t, NULL), MU_OK);
    for (int routing = 0; routing < MU_ROUTING_COUNT; routing++) {
        mu_router *router = routed(arena, &t, (mu_routing)routing, true);
        no_way(router, 0, LONG - 1, MU_E_INPUT, "4105 links long, at most 4096 fit a route");
        find(router, 0, MU_ROUTE_MAX, 0);
        assert_int_equal(route.count, MU_ROUTE_MAX);
        assert_true(fabs(route.latency_s - 1e-9 * MU_ROUTE_MAX) < 1e-15);
    }
}

/* More destinations than are remembered, and back again. */
static void forgets_and_finds_again(void **state)
{
    (void)state;
    enum { RING = 2000 };
    mu_cable *cables = MU_NEW(arena, mu_cable, RING);
    for (uint32_t i = 0; i < RING; i++) {
        cables[i] = (mu_cable){i, (i + 1) % RING, 1e9, 0.0};
    }
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, RING, RING, cables, RING, &t, NULL), MU_OK);
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    for (uint32_t i = 0; i < 2 * RING; i++) {
        uint32_t b = i * 7 % RING;
        uint32_t a = i % 10;
        find(router, a, b, 0);
        uint32_t up = (b + RING - a) % RING;
        assert_int_equal(route.count, up < RING - up ? up : RING - up);
        check_path(&t, a, b);
    }
}

/* A chain of double cables does not fit whole: one path does. */
static void sprays_over_one(void **state)
{
    (void)state;
    enum { LONG = 3000 };
    mu_cable *cables = MU_NEW(arena, mu_cable, 2 * LONG);
    for (uint32_t i = 0; i < 2 * LONG; i++) {
        cables[i] = (mu_cable){i / 2, i / 2 + 1, 1e9, 0.0};
    }
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, LONG + 1, LONG + 1, cables, 2 * LONG, &t, NULL),
                     MU_OK);
    mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, true);
    find(router, 0, LONG, 0);
    assert_int_equal(route.count, LONG);
    check_path(&t, 0, LONG);
    assert_true(mu_router_paths(router, 0, LONG) == UINT64_C(1) << 62);
    find(router, 0, 1000, 0);
    assert_int_equal(route.count, 2000);
    check_flow(&t, 0, 1000);
}

/* The same choice over an explicit list as over a shape. */
static void adaptive_on_a_list(void **state)
{
    (void)state;
    const mu_cable cables[] = {{0, 2, 1e9, 0.0}, {2, 1, 1e9, 0.0}, {0, 3, 1e9, 0.0},
                               {3, 1, 1e9, 0.0}, {0, 4, 1e9, 0.0}, {4, 1, 1e9, 0.0}};
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, 2, 5, cables, 6, &t, NULL), MU_OK);
    double load[12] = {3.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0};
    mu_router *router = NULL;
    assert_int_equal(mu_router_create(arena, &t, MU_ROUTING_ADAPTIVE, true, load, &router, NULL),
                     MU_OK);
    find(router, 0, 1, 0);
    assert_int_equal(t.to[route.link[0]], 3);
    load[6] = 9.0;
    find(router, 0, 1, 0);
    assert_int_equal(t.to[route.link[0]], 4);
}

static void little_memory(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 768, &spec, 1);
    t.whole = false; /* so that a search is set up */
    uint32_t made = 0;
    for (size_t limit = 1024; limit < 40000000; limit = limit * 5 / 4) {
        mu_arena *few = mu_arena_create(limit);
        mu_router *router = NULL;
        mu_error err = {0};
        mu_status status =
            mu_router_create(few, &t, MU_ROUTING_ADAPTIVE, true, NULL, &router, &err);
        assert_true(status == MU_OK || (status == MU_E_MEMORY && router == NULL));
        made += status == MU_OK;
        mu_arena_free(few);
    }
    assert_in_range(made, 1, 5);
}

/* Cables side by side are paths of their own; the slowest counts for latency. */
static void parallel_cables(void **state)
{
    (void)state;
    const mu_cable cables[] = {
        {0, 2, 1e9, 1e-6}, {0, 2, 1e9, 3e-6}, {2, 1, 1e9, 1e-6}, {2, 1, 1e9, 2e-6}};
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, 2, 3, cables, 4, &t, NULL), MU_OK);
    mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, true);
    find(router, 0, 1, 0);
    assert_int_equal(mu_router_paths(router, 0, 1), 4);
    assert_int_equal(route.count, 4);
    assert_true(fabs(route.latency_s - 5e-6) < 1e-18);
    check_flow(&t, 0, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(simgrid_routes),
        CASE(routes_lead_there),
        CASE(drawn_routes_lead_there),
        CASE(search_agrees),
        CASE(hashes_spread),
        CASE(sprays_over_planes),
        CASE(sprays_over_some),
        CASE(rings),
        CASE(meshes),
        CASE(valiant_goes_round),
        CASE(adaptive_takes_the_emptiest),
        CASE(adaptive_goes_round_when_it_pays),
        CASE(unstriped_takes_one_plane),
        CASE(says_when_there_is_no_way),
        CASE(says_when_the_way_is_too_long),
        CASE(forgets_and_finds_again),
        CASE(sprays_over_one),
        CASE(adaptive_on_a_list),
        CASE(little_memory),
        CASE(parallel_cables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
