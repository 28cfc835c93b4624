/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which links a message takes.
 *
 * Terms: a path is one of the shortest ways between two ranks in one plane; a route is one path, or
 *        several with shares that sum to 1.
 * Bound: deterministic: the same topology, policy, pair and salt give the same route. Broken links
 *        are gone around; where the shape's own paths are all broken, by breadth-first search.
 */
#ifndef MUSTER_FABRIC_ROUTE_H
#define MUSTER_FABRIC_ROUTE_H

#include "fabric/topology.h"

typedef enum mu_routing {
    MU_ROUTING_SHORTEST, /* one path, chosen by destination (d-mod-k) */
    MU_ROUTING_ECMP,     /* one path, by a hash of pair and salt */
    MU_ROUTING_SPRAY,    /* all paths, in equal shares (packet spraying) */
    MU_ROUTING_VALIANT,  /* over a random third rank, by the hash */
    MU_ROUTING_ADAPTIVE, /* the path, or Valiant's, whose busiest link has most room left */
    MU_ROUTING_COUNT
} mu_routing;

enum { MU_ROUTE_MAX = 4096 };

/* Links of a route, in order of paths. share[i] is of the message that crosses link[i]. */
typedef struct mu_route {
    uint32_t count;
    double latency_s; /* of the longest path */
    uint32_t link[MU_ROUTE_MAX];
    double share[MU_ROUTE_MAX];
    bool whole; /* all shares are 1: one path */
} mu_route;

typedef struct mu_router mu_router;

/**
 * A router over a topology that outlives it and stays as it is. Not thread-safe: it remembers
 * distances.
 * striped: a message is cut evenly over the planes of a network that still join the pair, each
 * cut routed by itself; else it takes one plane, by destination or hash.
 * load: [links], weights of flows now on each link, for adaptive routing; may be NULL. Borrowed.
 */
mu_status mu_router_create(mu_arena *arena, const mu_topology *topology, mu_routing routing,
                           bool striped, const double *load, mu_router **out,
                           mu_error *err) MU_MUST_CHECK;

/**
 * Route of one message. Links that all paths share appear once, with their shares added up.
 *
 * @retval MU_NO  no way leads from a to b (err names both); a dead rank has none
 * Cost: O(paths * hops); with broken parts a breadth-first search a destination besides.
 */
mu_status mu_router_find(mu_router *router, uint32_t a, uint32_t b, uint64_t salt, mu_route *out,
                         mu_error *err) MU_MUST_CHECK;

/** Shortest paths between two ranks in one plane, unbroken; 0 = none. */
uint64_t mu_router_paths(mu_router *router, uint32_t a, uint32_t b);

const char *mu_routing_text(mu_routing routing);

#endif
