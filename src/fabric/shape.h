/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the links of a shape lie, as arithmetic.
 *
 * Private to src/fabric. The builder writes links where the layout says, and routes find them there
 * without a look at the topology.
 *
 * Terms: local = number of a rank in its domain; place = local, but by leaf where rails reorder
 *        them; spot = number of a rank among all domains' full spans. A tree's switches of level l
 *        are (t, u): t numbers the subtree below, u the switches that share it. Path k of a tree
 *        goes up through u = k mod ways[l] at every level l, and down likewise.
 * Bound: links and vertices below 2^31 (checked), so that all numbers fit 32 bits.
 */
#ifndef MUSTER_FABRIC_SHAPE_H
#define MUSTER_FABRIC_SHAPE_H

#include "fabric/route.h"
#include "fabric/topology.h"

enum { MU_PLANES_MAX = 256 };

/* What networks may be: anything beyond is a mistake. */
#define MU_LINK_BANDWIDTH_MIN 1e-3
#define MU_LINK_BANDWIDTH_MAX 1e18
#define MU_LINK_LATENCY_MAX_S 3600.0
#define MU_TAPER_MIN 1e-3
#define MU_TAPER_MAX 1e6
#define MU_DIM_SHARE_MIN 1e-6

/* Written so that a NaN fails. */
static inline bool mu_link_bandwidth_fits(double bandwidth)
{
    return bandwidth >= MU_LINK_BANDWIDTH_MIN && bandwidth <= MU_LINK_BANDWIDTH_MAX;
}

static inline bool mu_link_latency_fits(double latency_s)
{
    return latency_s >= 0.0 && latency_s <= MU_LINK_LATENCY_MAX_S;
}

/* Division by a number that stays: two multiplications. */
typedef struct mu_divisor {
    uint64_t magic; /* ceil(2^64 / by); 0 for 1 */
    uint32_t by;
} mu_divisor;

static inline mu_divisor mu_divisor_of(uint32_t by)
{
    return (mu_divisor){.magic = by > 1 ? UINT64_MAX / by + 1 : 0, .by = by};
}

static inline uint32_t mu_divide(mu_divisor divisor, uint32_t number)
{
    if (divisor.magic == 0) {
        return number;
    }
    uint64_t low = (divisor.magic & UINT32_MAX) * number;
    uint64_t high = (divisor.magic >> 32) * number;
    return (uint32_t)((high + (low >> 32)) >> 32);
}

typedef struct mu_layout {
    const mu_network_spec *spec;
    mu_shape shape;
    uint32_t network;
    uint32_t ranks;
    uint32_t span;
    uint32_t domains;
    uint32_t planes;
    uint32_t first_switch;
    uint32_t switches; /* and spare chips */
    uint32_t first_link;
    uint32_t links;
    /* trees (switch, clos, dragonfly+): [0] rank to leaf, [l + 1] level l to level l + 1 */
    uint32_t levels;
    uint32_t up[MU_DIMS_MAX];
    uint32_t ways[MU_DIMS_MAX];        /* product of up below level l */
    uint32_t per_plane[MU_DIMS_MAX];   /* switches of level l in one plane of one domain */
    uint32_t level_first[MU_DIMS_MAX]; /* of them, in the plane */
    uint32_t plane_switches;
    uint32_t up_first[MU_DIMS_MAX + 1]; /* first link of a kind; down: the same cables' other way */
    uint32_t down_first[MU_DIMS_MAX + 1];
    /* dragonfly+: cables between groups */
    uint32_t groups;
    uint32_t spines;
    uint32_t global_ports; /* of a spine */
    uint32_t pair_cables;  /* between two groups */
    uint32_t global_first;
    /* mesh and torus */
    uint32_t dims;
    uint32_t dim[MU_DIMS_MAX];
    uint32_t stride[MU_DIMS_MAX];
    bool through_ranks; /* ranks pass messages on */
    /* by the numbers above */
    mu_divisor by_span;
    mu_divisor by_up[MU_DIMS_MAX];
    mu_divisor by_ways[MU_DIMS_MAX];
    mu_divisor by_below[MU_DIMS_MAX]; /* ranks under one subtree of level l */
    mu_divisor by_rails;
    mu_divisor by_leaf;  /* ranks under a leaf */
    mu_divisor by_group; /* ranks of a group */
    mu_divisor by_ports; /* global_ports */
    mu_divisor by_dim[MU_DIMS_MAX];
} mu_layout;

/**
 * Layouts of all networks, one after another. A layout borrows its spec.
 *
 * @param[out] vertices, links  totals
 */
mu_status mu_layouts_of(const mu_network_spec *networks, uint32_t count, uint32_t ranks,
                        mu_layout layouts[MU_NETWORKS_MAX], uint32_t *vertices, uint32_t *links,
                        mu_error *err) MU_MUST_CHECK;

/* By shape: check and sizes; first links of kinds (from *next on). */
mu_status mu_tree_check(mu_layout *layout, mu_error *err) MU_MUST_CHECK;
mu_status mu_grid_check(mu_layout *layout, mu_error *err) MU_MUST_CHECK;

/* What the shapes write into. */
typedef struct mu_builder {
    mu_topology *topology;
    mu_layout *layout;
} mu_builder;

/** Declares a kind of count links from `first` on. */
void mu_builder_kind(mu_builder *builder, const char *name, uint32_t first, uint32_t count,
                     double bandwidth, double latency_s, bool optical);

/** Writes the two links of a cable; bandwidth and latency come from their kinds. */
static inline void mu_builder_cable(mu_builder *builder, uint32_t link, uint32_t twin, uint32_t a,
                                    uint32_t b)
{
    mu_topology *t = builder->topology;
    t->from[link] = a;
    t->to[link] = b;
    t->twin[link] = twin;
    t->from[twin] = b;
    t->to[twin] = a;
    t->twin[twin] = link;
}

void mu_tree_build(mu_builder *builder);
void mu_bus_build(mu_builder *builder);
void mu_grid_build(mu_builder *builder);

/** Vertex of a spot: the rank, or a spare chip of the last domain. */
static inline uint32_t mu_layout_vertex(const mu_layout *layout, uint32_t spot)
{
    return spot < layout->ranks ? spot : layout->first_switch + (spot - layout->ranks);
}

/** Place of a rank in its domain, by leaf. */
static inline uint32_t mu_layout_place(const mu_layout *layout, uint32_t local)
{
    uint32_t rails = layout->by_rails.by;
    if (rails <= 1) {
        return local;
    }
    uint32_t row = mu_divide(layout->by_rails, local);
    uint32_t rail = local - row * rails;
    uint32_t ports = layout->by_leaf.by;
    uint32_t pod = mu_divide(layout->by_leaf, row);
    return (pod * rails + rail) * ports + (row - pod * ports);
}

/** True when the links' arithmetic is the same from every rank (see mu_topology.uniform). */
bool mu_layouts_uniform(const mu_layout *layouts, uint32_t count);

/** True when a route has room for all links of all its paths, so that sprays leave none out. */
bool mu_layouts_spray_whole(const mu_layout *layouts, uint32_t count);

/* Two ranks of one domain, and how many paths of the shape join them in one plane. */
typedef struct mu_pair {
    uint32_t a;
    uint32_t b;
    uint32_t domain;
    uint32_t from; /* place (trees) or spot (others) of a */
    uint32_t to;
    uint32_t meet;   /* trees: level at which they meet */
    uint32_t chosen; /* path that the destination's number picks */
    uint64_t paths;
} mu_pair;

/** a and b differ and lie in domain `domain`. Of explicit lists paths is 0. */
void mu_pair_set(const mu_layout *layout, uint32_t a, uint32_t b, uint32_t domain, mu_pair *out);

/**
 * Path number k (below pair->paths) in a plane, as links [MU_ROUTE_MAX]; returns how many.
 */
uint32_t mu_shape_path(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint64_t k,
                       uint32_t *link);

/**
 * All paths in a plane with equal shares, each link once; beyond `max` links fewer paths.
 *
 * @param[out] hops  links of the longest path
 */
uint32_t mu_shape_spray(const mu_layout *layout, const mu_pair *pair, uint32_t plane, uint32_t max,
                        uint32_t *link, double *share, uint32_t *hops);

#endif
