/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small networks of every shape, for tests of topologies, routes and faults.
 */
#ifndef MUSTER_TESTS_TOPOLOGY_HELPER_H
#define MUSTER_TESTS_TOPOLOGY_HELPER_H

#include "base/arena.h"
#include "base/random.h"
#include "fabric/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of one test: made before it, freed after. */
static mu_arena *arena;

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

/* CloudMatrix 384: 768 dies, 48 nodes of 16; 7 planes of 48 leaves and 16 spines. */
static inline mu_network_spec cloudmatrix(void)
{
    return (mu_network_spec){.name = "ub",
                             .shape = MU_SHAPE_CLOS,
                             .span = 768,
                             .bandwidth = 196e9,
                             .latency_s = 3e-7,
                             .planes = 7,
                             .levels = 2,
                             .down = {16, 48},
                             .up = {16, 0},
                             .taper = {1.0}};
}

/* Leaf and spine as in SimGrid's d-mod-k example, all cables of 50 GB/s. */
static inline mu_network_spec leaf_spine(uint32_t leaves, uint32_t hosts, uint32_t spines)
{
    return (mu_network_spec){.name = "net",
                             .shape = MU_SHAPE_CLOS,
                             .span = (uint64_t)leaves * hosts,
                             .bandwidth = 50e9,
                             .planes = 1,
                             .levels = 2,
                             .down = {hosts, leaves},
                             .up = {spines, 0},
                             .taper = {(double)hosts / spines}};
}

static inline mu_network_spec grid(mu_shape shape, uint32_t dims, const uint32_t *dim)
{
    mu_network_spec spec = {.name = "grid",
                            .shape = shape,
                            .span = 1,
                            .bandwidth = 12e9,
                            .latency_s = 1e-7,
                            .planes = 1,
                            .dims = dims};
    for (uint32_t i = 0; i < dims; i++) {
        spec.dim[i] = dim[i];
        spec.dim_share[i] = 1.0 / dims;
        spec.span *= dim[i];
    }
    return spec;
}

static inline mu_network_spec one_switch(uint32_t ranks, uint32_t planes)
{
    return (mu_network_spec){.name = "nvlink",
                             .shape = MU_SHAPE_SWITCH,
                             .span = ranks,
                             .bandwidth = 450e9,
                             .latency_s = 2e-7,
                             .planes = planes};
}

static inline mu_network_spec dragonfly(uint32_t groups, uint32_t leaves, uint32_t hosts,
                                        uint32_t spines, uint32_t ports)
{
    return (mu_network_spec){.name = "df",
                             .shape = MU_SHAPE_DRAGONFLY,
                             .span = (uint64_t)groups * leaves * hosts,
                             .bandwidth = 50e9,
                             .latency_s = 2e-7,
                             .planes = 1,
                             .down = {hosts},
                             .up = {spines, ports},
                             .taper = {1.0},
                             .groups = groups,
                             .global_share = 0.5};
}

enum { SHAPES_MAX = 24 };

/* Four levels of switches. */
static inline mu_network_spec deep_tree(void)
{
    return (mu_network_spec){.name = "deep",
                             .shape = MU_SHAPE_CLOS,
                             .span = 48,
                             .bandwidth = 10e9,
                             .planes = 1,
                             .levels = 4,
                             .down = {4, 2, 3, 2},
                             .up = {2, 2, 2, 0}};
}

/* Leaves by rail: rank r of a server is under leaf r mod 4. */
static inline mu_network_spec rail_tree(void)
{
    return (mu_network_spec){.name = "rail",
                             .shape = MU_SHAPE_CLOS,
                             .span = 32,
                             .bandwidth = 10e9,
                             .planes = 1,
                             .levels = 2,
                             .down = {4, 8},
                             .up = {4, 0},
                             .rails = 4};
}

/* Small ones of every shape; a count. */
static inline uint32_t all_shapes(mu_network_spec specs[SHAPES_MAX])
{
    static const uint32_t cube[] = {4, 3, 2};
    static const uint32_t line[] = {8};
    static const uint32_t square[] = {6, 5};
    uint32_t n = 0;
    specs[n++] = one_switch(8, 1);
    specs[n++] = one_switch(9, 4);
    specs[n++] = leaf_spine(4, 4, 2);
    specs[n++] = leaf_spine(3, 4, 6);
    specs[n++] = leaf_spine(3, 6, 4);
    specs[n++] = grid(MU_SHAPE_MESH, 1, line);
    specs[n++] = grid(MU_SHAPE_MESH, 3, cube);
    specs[n++] = grid(MU_SHAPE_TORUS, 1, line);
    specs[n++] = grid(MU_SHAPE_TORUS, 2, square);
    specs[n++] = grid(MU_SHAPE_TORUS, 3, cube);
    specs[n++] = dragonfly(3, 2, 2, 2, 0);
    specs[n++] = dragonfly(5, 2, 2, 2, 2);
    specs[n++] = (mu_network_spec){.name = "tree",
                                   .shape = MU_SHAPE_CLOS,
                                   .span = 24,
                                   .bandwidth = 10e9,
                                   .planes = 2,
                                   .levels = 3,
                                   .down = {2, 3, 4},
                                   .up = {2, 3, 0},
                                   .taper = {1.0, 2.0}};
    specs[n++] = deep_tree();
    specs[n++] = rail_tree();
    specs[n++] = (mu_network_spec){
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 4, .bandwidth = 10e9, .planes = 1};
    return n;
}

static inline uint32_t drawn(uint64_t seed, uint64_t index, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(mu_random_bits(seed, 0, index) % (high - low + 1));
}

static inline mu_network_spec drawn_clos(uint64_t seed)
{
    mu_network_spec spec = {.name = "clos",
                            .shape = MU_SHAPE_CLOS,
                            .span = 1,
                            .bandwidth = 50e9,
                            .latency_s = 1e-7,
                            .planes = drawn(seed, 1, 1, 3),
                            .levels = drawn(seed, 2, 1, 4)};
    for (uint32_t l = 0; l < spec.levels; l++) {
        spec.down[l] = drawn(seed, 10 + l, l == 0 ? 1 : 2, l == 0 ? 6 : 3);
        spec.up[l] = l + 1 < spec.levels ? drawn(seed, 20 + l, 1, 4) : 0;
        spec.taper[l] = 0.5 * drawn(seed, 30 + l, 0, 4);
        spec.span *= spec.down[l];
    }
    uint32_t leaves = (uint32_t)spec.span / spec.down[0];
    uint32_t rails = drawn(seed, 3, 1, 4);
    spec.rails = leaves % rails == 0 ? rails : 0;
    return spec;
}

static inline mu_network_spec drawn_grid(uint64_t seed)
{
    uint32_t dim[4];
    uint32_t dims = drawn(seed, 1, 1, 4);
    uint32_t most = dims < 3 ? 7 : (dims == 3 ? 4 : 3);
    for (uint32_t i = 0; i < dims; i++) {
        dim[i] = drawn(seed, 10 + i, 1, most);
    }
    bool mesh = drawn(seed, 2, 0, 1) == 0;
    return grid(mesh ? MU_SHAPE_MESH : MU_SHAPE_TORUS, dims, dim);
}

static inline mu_network_spec drawn_dragonfly(uint64_t seed)
{
    uint32_t groups = drawn(seed, 1, 1, 5);
    uint32_t spines = drawn(seed, 2, 1, 4);
    uint32_t ports = drawn(seed, 3, 0, groups - 1);
    if (groups > 1 && spines * ports % (groups - 1) != 0) {
        ports = 0;
    }
    mu_network_spec spec =
        dragonfly(groups, drawn(seed, 4, 1, 3), drawn(seed, 5, 1, 4), spines, ports);
    spec.planes = drawn(seed, 6, 1, 2);
    return spec;
}

/* A network of any shape with parameters. */
static inline mu_network_spec drawn_spec(uint64_t seed)
{
    switch (drawn(seed, 0, 0, 4)) {
    case 0:
    case 1:
        return drawn_clos(seed);
    case 2:
        return drawn_dragonfly(seed);
    case 3:
        return one_switch(drawn(seed, 1, 1, 9), drawn(seed, 2, 1, 3));
    default:
        return drawn_grid(seed);
    }
}

static inline mu_topology built(mu_arena *memory, uint32_t ranks, const mu_network_spec *specs,
                                uint32_t count)
{
    mu_topology t;
    mu_error err = {0};
    if (mu_topology_build(memory, ranks, specs, count, &t, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return t;
}

static inline mu_router *routed(mu_arena *memory, const mu_topology *t, mu_routing routing,
                                bool striped)
{
    mu_router *router = NULL;
    mu_error err = {0};
    if (mu_router_create(memory, t, routing, striped, NULL, &router, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return router;
}

#endif
