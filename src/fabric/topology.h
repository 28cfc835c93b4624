/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network link by link: ranks and switches as vertices, every direction of every cable a link.
 *
 * Terms: vertices 0 .. ranks-1 are the ranks, the rest are switches. A link carries bytes one way;
 *        a cable is two links. A kind is a set of links that are alike (all cables from leaves to
 *        spines, upwards). A network is one of the planes of wires that a rank is part of (UB,
 *        RoCE), cut into domains of `span` ranks; two ranks talk over the innermost network whose
 *        domain holds both. A plane is one of several equal copies of a network's switches,
 *        over which a message is striped.
 *        Where ranks end inside a domain of a mesh or torus, the chips beyond stand as switches:
 *        they pass messages on. Elsewhere they and their cables are left out; switches are all
 *        there.
 * Bound: 2^31 links; what is built lives in the caller's arena. Read-only while flows run.
 */
#ifndef MUSTER_FABRIC_TOPOLOGY_H
#define MUSTER_FABRIC_TOPOLOGY_H

#include "base/arena.h"
#include "base/error.h"
#include "fabric/fabric.h"

#include <stdbool.h>
#include <stdint.h>

enum { MU_DIMS_MAX = 6, MU_NETWORKS_MAX = 4, MU_KINDS_MAX = 64, MU_LINK_NAME_MAX = 48 };

typedef enum mu_shape {
    MU_SHAPE_SWITCH,    /* every rank has a cable to each of `planes` switches */
    MU_SHAPE_CLOS,      /* switches in levels: leaf and spine, fat tree, rail-optimised */
    MU_SHAPE_MESH,      /* n-D full mesh: a cable to every rank that differs in one coordinate */
    MU_SHAPE_TORUS,     /* n-D torus: a cable to both neighbours in every dimension */
    MU_SHAPE_DRAGONFLY, /* dragonfly+: groups of leaf and spine, spines of groups joined */
    MU_SHAPE_BUS,       /* all ranks of a domain share one path (PCIe) */
    MU_SHAPE_LINKS,     /* an explicit list */
    MU_SHAPE_COUNT
} mu_shape;

/* One network as described: parameters by shape; bandwidths one direction, nominal [B/s]. */
typedef struct mu_network_spec {
    char name[24];
    mu_shape shape;
    uint32_t planes;  /* >= 1; switch and clos */
    uint64_t span;    /* ranks in one domain */
    double bandwidth; /* of one rank, all its planes and dimensions together */
    double latency_s; /* of one cable and the switch behind it */
    /* clos: level 0 are the leaves. `down`: ranks (level 0) or switches of the level below under
     * one switch; `up`: switches above that each switch of the level has a cable to (0 at the top);
     * `taper`: oversubscription, bandwidth of all down over all up; 0 = 1. Product of down = span.
     */
    uint32_t levels;
    uint32_t rails; /* > 1: rank r has its leaf by r mod rails (rail-optimised), else by r / down */
    uint32_t down[MU_DIMS_MAX];
    uint32_t up[MU_DIMS_MAX];
    double taper[MU_DIMS_MAX];
    double bundle[MU_DIMS_MAX]; /* cables to each switch above, which are one link; 0 = 1 */
    /* dragonfly+: `groups` of: down[0] ranks under a leaf, up[0] spines, each joined to each leaf
     * of the group by taper[0], span / groups / down[0] leaves; up[1] cables of a spine to other
     * groups (0 = one to each), spread evenly: up[1] * up[0] is a multiple of groups - 1, up[1] <
     * groups. */
    uint32_t groups;
    /* mesh and torus: ranks along each dimension, innermost first, and its share of bandwidth. */
    uint32_t dims;
    uint32_t dim[MU_DIMS_MAX];
    double dim_share[MU_DIMS_MAX]; /* sums to 1 */
    double global_share; /* dragonfly+: bandwidth of a group to all others over that of its ranks */
    bool in_network_reduction;
    /* which cables are optical: rank to leaf [0], leaf to spine [1], and so on, between groups [2];
     * mesh and torus: by dimension from [0] */
    bool optical[MU_DIMS_MAX + 1];
} mu_network_spec;

typedef struct mu_link_kind {
    char name[MU_LINK_NAME_MAX]; /* "ub: chip to leaf" */
    uint32_t network;
    uint32_t first; /* links of a kind are a run: first .. first + count - 1 */
    uint32_t count;
    double bandwidth; /* of one, unbroken; of an explicit list the greatest [B/s] */
    double latency_s; /* likewise */
    double cables;    /* that one link and its twin are made of: 1, or a bundle */
    bool optical;
} mu_link_kind;

typedef struct mu_topology {
    uint32_t ranks;
    uint32_t vertices;
    uint32_t links;
    uint32_t network_count;
    mu_network_spec network[MU_NETWORKS_MAX]; /* innermost first */
    uint32_t kind_count;
    mu_link_kind kind[MU_KINDS_MAX];
    uint32_t *from;      /* [links] */
    uint32_t *to;        /* [links] */
    uint32_t *twin;      /* [links] the other way of the cable; a bus's shared path is its own */
    double *bandwidth;   /* [links] now; 0 = broken [B/s] */
    double *latency_s;   /* [links] */
    uint32_t *out_first; /* [vertices + 1] into out_link: links that leave a vertex */
    uint32_t *out_link;  /* [links] */
    bool *dead;          /* [vertices] broken chips and switches; NULL while all work */
    uint32_t first_switch[MU_NETWORKS_MAX]; /* vertex; networks' switches follow one another */
    bool whole;                             /* nothing is broken */
    bool uniform;      /* built from shapes alone, all domains full; turning any digit of all ranks'
                     mixed-radix coordinates maps links of a kind to links of it and shortest and
                     sprayed routes (striped where there are planes) to such routes; all-to-all
                     loads links of a kind alike. False where this is not known. */
    bool sprays_whole; /* a route has room for all links that a spray crosses */
} mu_topology;

/* A cable of an explicit list. Switches are numbered from `ranks` on. */
typedef struct mu_cable {
    uint32_t a;
    uint32_t b;
    double bandwidth; /* each direction [B/s], > 0 */
    double latency_s; /* >= 0 */
} mu_cable;

/**
 * Builds networks over `ranks` ranks.
 *
 * @retval MU_E_INPUT   shapes that do not cover the span, zero bandwidth, negative latency, too
 *                      many links
 * @retval MU_E_MEMORY
 *
 * Cost: O(links).
 */
mu_status mu_topology_build(mu_arena *arena, uint32_t ranks, const mu_network_spec *networks,
                            uint32_t network_count, mu_topology *out, mu_error *err) MU_MUST_CHECK;

/**
 * The same of an explicit list of cables among `vertices` vertices; the first `ranks` are ranks.
 *
 * @retval MU_E_INPUT  an end out of range, both ends the same, bandwidth <= 0, latency < 0; errors
 *                     name the cable by its index
 */
mu_status mu_topology_of_cables(mu_arena *arena, uint32_t ranks, uint32_t vertices,
                                const mu_cable *cables, uint32_t cable_count, mu_topology *out,
                                mu_error *err) MU_MUST_CHECK;

/**
 * What networks look like when only the tiers are known: a switch, mesh or bus a tier. A step's
 * latency is that of all its cables.
 */
void mu_networks_of_tiers(const mu_fabric *fabric, mu_network_spec out[MU_NETWORKS_MAX],
                          uint32_t *count);

/** Index of the innermost network whose domain holds both ranks; network_count when none does. */
uint32_t mu_topology_network(const mu_topology *topology, uint32_t a, uint32_t b);

const char *mu_shape_text(mu_shape shape);

#endif
