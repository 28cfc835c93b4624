/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   networks have the switches, cables and bandwidth that their description says, and what
 *         cannot be built is refused with its reason.
 * Method: known systems counted by hand, then properties that hold for every shape.
 */
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static const mu_link_kind *kind_named(const mu_topology *t, const char *name)
{
    for (uint32_t i = 0; i < t->kind_count; i++) {
        if (strcmp(t->kind[i].name, name) == 0) {
            return &t->kind[i];
        }
    }
    fail_msg("no kind %s", name);
    return NULL;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

static void cloudmatrix_counts(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 768, &spec, 1);
    assert_int_equal(t.vertices - t.ranks, 336 + 112);
    assert_int_equal(t.links, 2 * (768 * 7 + 336 * 16));
    assert_int_equal(t.kind_count, 4);
    assert_int_equal(kind_named(&t, "ub: chip to leaf")->count, 768 * 7);
    const mu_link_kind *up = kind_named(&t, "ub: leaf to spine");
    assert_int_equal(up->count, 336 * 16);
    near(up->bandwidth, 28e9); /* 16 dies of 28 GB/s over 16 spines */
    assert_true(t.uniform && t.whole);
}

static void simgrid_cables_are_alike(void **state)
{
    (void)state;
    static const uint32_t cases[][3] = {{8, 8, 8}, {8, 8, 4}, {16, 16, 8}, {4, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_network_spec spec = leaf_spine(cases[i][0], cases[i][1], cases[i][2]);
        mu_topology t = built(arena, (uint32_t)spec.span, &spec, 1);
        for (uint32_t l = 0; l < t.links; l++) {
            near(t.bandwidth[l], 50e9);
        }
    }
}

static void three_levels(void **state)
{
    (void)state;
    /* 16 ranks a leaf, 4 leaves and 8 spines a pod, 3 pods, 16 cores; 2:1 and 4:1 */
    mu_network_spec spec = {.name = "ft",
                            .shape = MU_SHAPE_CLOS,
                            .span = 192,
                            .bandwidth = 100e9,
                            .planes = 2,
                            .levels = 3,
                            .down = {16, 4, 3},
                            .up = {8, 2, 0},
                            .taper = {2.0, 4.0, 0.0},
                            .optical = {false, true, true}};
    mu_topology t = built(arena, 192, &spec, 1);
    assert_int_equal(t.vertices - t.ranks, 2 * (12 + 24 + 16));
    near(kind_named(&t, "ft: chip to leaf")->bandwidth, 50e9);
    const mu_link_kind *spine = kind_named(&t, "ft: leaf to spine");
    assert_int_equal(spine->count, 2 * 12 * 8);
    near(spine->bandwidth, 50e9); /* 16 * 50 over 8 * 2 */
    assert_true(spine->optical);
    const mu_link_kind *core = kind_named(&t, "ft: core to spine");
    assert_int_equal(core->count, 2 * 24 * 2);
    near(core->bandwidth, 25e9); /* 4 * 50 over 2 * 4 */
    assert_false(kind_named(&t, "ft: leaf to chip")->optical);
}

static void rails_have_leaves_of_their_own(void **state)
{
    (void)state;
    mu_network_spec spec = {.name = "rail",
                            .shape = MU_SHAPE_CLOS,
                            .span = 64,
                            .bandwidth = 50e9,
                            .planes = 1,
                            .levels = 2,
                            .down = {4, 16},
                            .up = {4, 0},
                            .rails = 8};
    mu_topology t = built(arena, 64, &spec, 1);
    for (uint32_t r = 0; r < 64; r++) {
        /* servers of 8; 4 servers share the 8 leaves of a pod */
        uint32_t leaf = 64 + r / 32 * 8 + r % 8;
        assert_int_equal(t.to[t.out_link[t.out_first[r]]], leaf);
    }
}

static double crossing(const mu_topology *t, uint32_t stride, uint32_t dim)
{
    double sum = 0.0;
    for (uint32_t l = 0; l < t->links; l++) {
        bool low = t->from[l] / stride % dim < dim / 2;
        bool high = t->to[l] / stride % dim >= dim / 2;
        sum += low && high ? t->bandwidth[l] : 0.0;
    }
    return sum;
}

static void grids_by_hand(void **state)
{
    (void)state;
    static const uint32_t eight[] = {8};
    mu_network_spec spec = grid(MU_SHAPE_MESH, 1, eight);
    mu_topology t = built(arena, 8, &spec, 1);
    assert_int_equal(t.links, 8 * 7);
    assert_int_equal(t.vertices, 8);
    near(crossing(&t, 1, 8), 16.0 * 12e9 / 7.0); /* 4 x 4 cables */
    static const uint32_t cube[] = {4, 3, 2};
    spec = grid(MU_SHAPE_MESH, 3, cube);
    t = built(arena, 24, &spec, 1);
    assert_int_equal(t.links, 24 * (3 + 2 + 1));
    near(crossing(&t, 1, 4), 6.0 * 4.0 * 4e9 / 3.0); /* 6 lines of 2 x 2 cables */
    spec = grid(MU_SHAPE_TORUS, 3, cube);
    t = built(arena, 24, &spec, 1);
    assert_int_equal(t.links, 24 * (2 + 2 + 1)); /* a ring of two is one cable */
    near(crossing(&t, 1, 4), 6.0 * 2.0 * 2e9);   /* 6 rings cut twice */
    near(crossing(&t, 12, 2), 12.0 * 4e9);
    static const uint32_t flat[] = {4, 1};
    spec = grid(MU_SHAPE_TORUS, 2, flat);
    spec.dim_share[0] = 1.0;
    spec.dim_share[1] = 0.0;
    t = built(arena, 4, &spec, 1);
    assert_int_equal(t.links, 8);
    near(t.bandwidth[0], 6e9);
}

static void dragonfly_by_hand(void **state)
{
    (void)state;
    /* 5 groups of 3 leaves of 4 ranks, 2 spines with 2 cables out: one cable between two groups */
    mu_network_spec spec = dragonfly(5, 3, 4, 2, 2);
    mu_topology t = built(arena, 60, &spec, 1);
    assert_int_equal(t.vertices - t.ranks, 5 * (3 + 2));
    const mu_link_kind *global = kind_named(&t, "df: group to group");
    assert_int_equal(global->count, 5 * 4);
    near(global->bandwidth, 0.5 * 12.0 * 50e9 / 4.0);
    near(kind_named(&t, "df: leaf to spine")->bandwidth, 4.0 * 50e9 / 2.0);
    bool joined[5][5] = {{false}};
    for (uint32_t l = global->first; l < global->first + global->count; l++) {
        uint32_t a = (t.from[l] - 60 - 15) / 2; /* spines follow the 15 leaves */
        uint32_t b = (t.to[l] - 60 - 15) / 2;
        assert_true(a < 5 && b < 5 && a != b && !joined[a][b]);
        joined[a][b] = true;
    }
}

static void bus_is_shared(void **state)
{
    (void)state;
    mu_network_spec spec = {
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 4, .bandwidth = 10e9, .planes = 1};
    mu_topology t = built(arena, 8, &spec, 1);
    const mu_link_kind *bus = kind_named(&t, "pcie: bus");
    assert_int_equal(bus->count, 2);
    near(bus->bandwidth, 20e9);
    assert_int_equal(t.links, 2 * 8 + 2);
}

/* Kinds cut the links into runs; twins are mutual; links leave in order of their numbers. */
static void check_wiring(const mu_topology *t)
{
    uint32_t next = 0;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        assert_int_equal(t->kind[k].first, next);
        next += t->kind[k].count;
        for (uint32_t l = t->kind[k].first; l < next; l++) {
            assert_true(t->bandwidth[l] == t->kind[k].bandwidth && t->bandwidth[l] > 0.0);
            assert_true(t->latency_s[l] == t->kind[k].latency_s);
        }
    }
    assert_int_equal(next, t->links);
    assert_int_equal(t->out_first[t->vertices], t->links);
    for (uint32_t v = 0; v < t->vertices; v++) {
        for (uint32_t e = t->out_first[v]; e < t->out_first[v + 1]; e++) {
            assert_int_equal(t->from[t->out_link[e]], v);
            assert_true(e == t->out_first[v] || t->out_link[e - 1] < t->out_link[e]);
        }
    }
    for (uint32_t l = 0; l < t->links; l++) {
        uint32_t twin = t->twin[l];
        assert_true(t->from[l] != t->to[l] && t->from[l] < t->vertices);
        assert_true(twin < t->links && t->twin[twin] == l);
        bool bus = strncmp(t->kind[0].name, "pcie", 4) == 0;
        assert_true(bus || (t->from[twin] == t->to[l] && t->to[twin] == t->from[l]));
    }
}

static void every_shape_is_wired(void **state)
{
    (void)state;
    mu_network_spec specs[SHAPES_MAX];
    uint32_t count = all_shapes(specs);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t ranks = 1; ranks < 3 * specs[i].span; ranks++) {
            mu_arena_mark mark = mu_arena_here(arena);
            mu_topology t = built(arena, ranks, &specs[i], 1);
            check_wiring(&t);
            assert_true(t.uniform == false || ranks % specs[i].span == 0 ||
                        specs[i].shape == MU_SHAPE_SWITCH || specs[i].shape == MU_SHAPE_BUS);
            mu_arena_back(arena, mark);
        }
    }
}

/* What is not whole: switches are all there, chips beyond the last are not, or pass on. */
static void part_of_a_domain(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 300, &spec, 1);
    assert_int_equal(t.vertices - t.ranks, 448);
    assert_int_equal(kind_named(&t, "ub: chip to leaf")->count, 300 * 7);
    assert_false(t.uniform);
    static const uint32_t cube[] = {4, 3, 2};
    spec = grid(MU_SHAPE_TORUS, 3, cube);
    t = built(arena, 30, &spec, 1);
    assert_int_equal(t.vertices, 48);
    assert_int_equal(t.links, 2 * 24 * 5);
}

static void networks_nest(void **state)
{
    (void)state;
    mu_network_spec specs[2] = {one_switch(8, 1), leaf_spine(4, 16, 16)};
    mu_topology t = built(arena, 64, specs, 2);
    assert_int_equal(mu_topology_network(&t, 0, 7), 0);
    assert_int_equal(mu_topology_network(&t, 7, 8), 1);
    assert_int_equal(t.first_switch[0], 64);
    assert_int_equal(t.first_switch[1], 64 + 8);
    t = built(arena, 130, specs, 2);
    assert_int_equal(mu_topology_network(&t, 63, 64), 2);
}

static void networks_of_tiers(void **state)
{
    (void)state;
    mu_fabric fabric = {.tier_count = 3};
    static const mu_tier_kind kinds[] = {MU_TIER_MESH, MU_TIER_SWITCH, MU_TIER_BUS};
    for (uint32_t i = 0; i < 3; i++) {
        fabric.tier[i].kind = kinds[i];
        fabric.tier[i].span = i == 0 ? 2.0 : (i == 1 ? 16.0 : 1e15);
        fabric.tier[i].bandwidth = 100e9;
        fabric.tier[i].latency_s = 1e-6;
    }
    mu_network_spec specs[MU_NETWORKS_MAX];
    uint32_t count = 0;
    mu_networks_of_tiers(&fabric, specs, &count);
    assert_int_equal(count, 3);
    mu_topology t = built(arena, 64, specs, count);
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    static mu_route route;
    static const uint32_t to[] = {1, 2, 16};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(mu_router_find(router, 0, to[i], 0, &route, NULL), MU_OK);
        assert_int_equal(route.count, i + 1);
        near(route.latency_s, 1e-6);
    }
}

/* Each changes one thing of a sound network, which must then be refused with these words. */
static void refused(mu_network_spec spec, uint32_t ranks, const char *words)
{
    mu_topology t = {.ranks = 77};
    mu_error err = {0};
    assert_int_equal(mu_topology_build(arena, ranks, &spec, 1, &t, &err), MU_E_INPUT);
    if (strstr(err.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    }
    assert_int_equal(t.ranks, 77);
}

#define REFUSED(make, change, words)                                                               \
    do {                                                                                           \
        mu_network_spec spec = (make);                                                             \
        change;                                                                                    \
        refused(spec, 16, words);                                                                  \
    } while (0)

static void bad_in_common(void **state)
{
    (void)state;
    const double infinite = (double)INFINITY;
    REFUSED(cloudmatrix(), spec.bandwidth = 0.0, "a bandwidth above zero");
    REFUSED(cloudmatrix(), spec.bandwidth = (double)NAN, "a bandwidth above zero");
    REFUSED(cloudmatrix(), spec.bandwidth = infinite, "a bandwidth above zero");
    REFUSED(cloudmatrix(), spec.bandwidth = -1.0, "a bandwidth above zero");
    REFUSED(cloudmatrix(), spec.latency_s = -1e-9, "a latency of 0 to 3600 s");
    REFUSED(cloudmatrix(), spec.latency_s = (double)NAN, "a latency of 0 to 3600 s");
    REFUSED(cloudmatrix(), spec.span = 0, "a span of 1");
    REFUSED(cloudmatrix(), spec.span = UINT64_C(1) << 40, "below 2^31");
    REFUSED(cloudmatrix(), spec.span = 767, "its levels hold 768 ranks");
    REFUSED(cloudmatrix(), spec.planes = 0, "1 to 256 planes");
    REFUSED(cloudmatrix(), spec.planes = 257, "1 to 256 planes");
    REFUSED(cloudmatrix(), spec.shape = (mu_shape)99, "no such shape");
    REFUSED(cloudmatrix(), spec.shape = MU_SHAPE_LINKS, "a list of links");
    mu_network_spec sound = cloudmatrix();
    refused(sound, 0, "1 to 2^31 - 1 ranks");
    mu_topology t;
    mu_error err = {0};
    assert_int_equal(mu_topology_build(arena, 8, &sound, 0, &t, &err), MU_E_INPUT);
}

static void bad_trees(void **state)
{
    (void)state;
    const double infinite = (double)INFINITY;
    REFUSED(cloudmatrix(), spec.levels = 0, "1 to 6 levels");
    REFUSED(cloudmatrix(), spec.levels = 7, "1 to 6 levels");
    REFUSED(cloudmatrix(), spec.up[1] = 1, "level 1");
    REFUSED(cloudmatrix(), spec.up[0] = 0, "level 0");
    REFUSED(cloudmatrix(), spec.down[0] = 0, "level 0");
    REFUSED(cloudmatrix(), spec.taper[0] = -1.0, "a taper of 0.001 to 1e+06");
    REFUSED(cloudmatrix(), spec.taper[0] = infinite, "a taper of 0.001 to 1e+06");
    REFUSED(cloudmatrix(), spec.rails = 5, "5 rails do not divide the 48 leaves");
    REFUSED(cloudmatrix(), spec.up[0] = 2000000000, "more than 2^31");
    REFUSED(cloudmatrix(), (spec.up[0] = 200000, spec.taper[0] = 0.0, spec.planes = 256),
            "more than 2^31");
    mu_network_spec wide = {.name = "wide",
                            .shape = MU_SHAPE_CLOS,
                            .span = 16,
                            .bandwidth = 1e9,
                            .planes = 1,
                            .levels = 3,
                            .down = {4, 2, 2},
                            .up = {65536, 65536, 0}};
    refused(wide, 16, "more than 2^31");
    REFUSED(dragonfly(3, 2, 2, 2, 0), spec.groups = 0, "expected groups");
    REFUSED(dragonfly(3, 2, 2, 2, 0), spec.groups = 5, "do not divide its span");
    REFUSED(dragonfly(5, 2, 2, 3, 3), spec.groups = 5, "cannot be spread evenly");
    REFUSED(dragonfly(3, 2, 2, 2, 0), spec.up[1] = 3, "cannot be spread evenly");
    REFUSED(dragonfly(3, 2, 2, 2, 0), spec.global_share = 0.0, "a global share of 1e-06 to 1e+06");
    REFUSED(dragonfly(3, 2, 2, 2, 0), spec.rails = 2, "no rails");
}

static void bad_grids(void **state)
{
    (void)state;
    static const uint32_t square[] = {4, 4};
    REFUSED(grid(MU_SHAPE_MESH, 2, square), spec.dims = 0, "1 to 6 dimensions");
    REFUSED(grid(MU_SHAPE_MESH, 2, square), spec.dims = 7, "1 to 6 dimensions");
    REFUSED(grid(MU_SHAPE_MESH, 2, square), spec.span = 15, "dimensions hold 16 ranks");
    REFUSED(grid(MU_SHAPE_MESH, 2, square), spec.dim[1] = 0, "dimension 1 has no ranks");
    REFUSED(grid(MU_SHAPE_MESH, 2, square), spec.dim_share[1] = 0.0, "dimension 1");
    REFUSED(grid(MU_SHAPE_TORUS, 2, square), spec.dim_share[1] = 0.4, "add up to 0.9");
    REFUSED(grid(MU_SHAPE_TORUS, 2, square), spec.dim_share[1] = (double)NAN, "dimension 1");
    REFUSED(grid(MU_SHAPE_TORUS, 2, square), spec.planes = 2, "a torus has one plane");
    REFUSED(grid(MU_SHAPE_MESH, 2, square), (spec.dim[0] = 1U << 20, spec.span = 4U << 20),
            "more than 2^31");
    REFUSED(grid(MU_SHAPE_TORUS, 2, square), (spec.dim[0] = 5000, spec.span = 20000), "rings of");
}

/* Each of them fits, both do not. */
static void too_many_links(void **state)
{
    (void)state;
    mu_network_spec specs[2] = {one_switch(2000, 2), one_switch(300000000, 2)};
    mu_topology t;
    mu_error err = {0};
    assert_int_equal(mu_topology_build(arena, 300000000, specs, 2, &t, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "more than 2^31 links"));
    mu_network_spec bus = {
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 4, .bandwidth = 10e9, .planes = 1};
    refused(bus, 1100000000, "more than 2^31 links");
}

static void shapes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < MU_SHAPE_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(mu_shape_text((mu_shape)i), mu_shape_text((mu_shape)k));
        }
    }
    for (int i = 0; i < MU_ROUTING_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(mu_routing_text((mu_routing)i), mu_routing_text((mu_routing)k));
        }
    }
}

static void bad_cable(mu_cable cable, const char *words)
{
    const mu_cable cables[] = {{0, 2, 1e9, 0.0}, {1, 2, 1e9, 1e-6}, cable};
    mu_topology t;
    mu_error err = {0};
    assert_int_equal(mu_topology_of_cables(arena, 2, 3, cables, 3, &t, &err), MU_E_INPUT);
    if (strstr(err.text, words) == NULL || strstr(err.text, "cable 2") == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    }
}

static void cables_by_hand(void **state)
{
    (void)state;
    const mu_cable cables[] = {{0, 2, 1e9, 1e-6}, {2, 1, 3e9, 2e-6}, {0, 2, 1e9, 1e-6}};
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, 2, 3, cables, 3, &t, NULL), MU_OK);
    assert_int_equal(t.links, 6);
    assert_int_equal(t.from[2], 2);
    assert_int_equal(t.to[3], 2);
    assert_int_equal(t.twin[2], 3);
    near(t.kind[0].bandwidth, 3e9);
    assert_false(t.uniform);
    bad_cable((mu_cable){0, 3, 1e9, 0.0}, "ends 0 to 2");
    bad_cable((mu_cable){7, 1, 1e9, 0.0}, "ends 0 to 2");
    bad_cable((mu_cable){1, 1, 1e9, 0.0}, "both ends are 1");
    bad_cable((mu_cable){0, 1, 0.0, 0.0}, "a bandwidth above zero");
    bad_cable((mu_cable){0, 1, (double)NAN, 0.0}, "a bandwidth above zero");
    bad_cable((mu_cable){0, 1, 1e9, -1.0}, "a latency of 0 to 3600 s");
    bad_cable((mu_cable){0, 1, 1e9, (double)INFINITY}, "a latency of 0 to 3600 s");
    mu_error err = {0};
    assert_int_equal(mu_topology_of_cables(arena, 2, 1, cables, 3, &t, &err), MU_E_INPUT);
    err = (mu_error){0};
    assert_int_equal(mu_topology_of_cables(arena, 2, 3, cables, 0, &t, &err), MU_E_INPUT);
}

/* Running out of memory is an error like others. */
static void little_memory(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    for (size_t limit = 1024; limit < 1000000; limit = limit * 5 / 4) {
        mu_arena *small = mu_arena_create(limit);
        mu_topology t;
        mu_error err = {0};
        mu_status status = mu_topology_build(small, 768, &spec, 1, &t, &err);
        assert_true(status == MU_OK || status == MU_E_MEMORY);
        mu_arena_free(small);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cloudmatrix_counts), CASE(simgrid_cables_are_alike),
        CASE(three_levels),       CASE(rails_have_leaves_of_their_own),
        CASE(grids_by_hand),      CASE(dragonfly_by_hand),
        CASE(bus_is_shared),      CASE(every_shape_is_wired),
        CASE(part_of_a_domain),   CASE(networks_nest),
        CASE(networks_of_tiers),  CASE(bad_in_common),
        CASE(bad_trees),          CASE(bad_grids),
        CASE(cables_by_hand),     CASE(little_memory),
        CASE(too_many_links),     CASE(shapes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
