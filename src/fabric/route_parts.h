/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message on its way into a route.
 *
 * Private to the router.
 * Terms: cut = the part of a message in one plane.
 */
#ifndef MUSTER_FABRIC_ROUTE_PARTS_H
#define MUSTER_FABRIC_ROUTE_PARTS_H

#include "base/random.h"
#include "fabric/route_search.h"
#include "fabric/shape.h"

struct mu_router {
    const mu_topology *topology;
    mu_routing routing;
    bool striped;
    const double *load;
    mu_layout layout[MU_NETWORKS_MAX];
    mu_search *search; /* NULL where arithmetic does */
    uint32_t *detour;  /* [3 * MU_ROUTE_MAX] for valiant and adaptive routing, else NULL */
};

typedef struct mu_message {
    mu_router *router;
    const mu_layout *layout;
    mu_pair pair;
    uint64_t hash;   /* of the pair and its salt */
    uint64_t number; /* of the destination, for paths by it */
} mu_message;

/* Where a cut goes. */
typedef struct mu_cut {
    uint32_t *link; /* [max] */
    double *share;  /* [max] */
    uint32_t max;
    uint32_t count;
    bool whole;    /* one path; its shares are not written */
    bool searched; /* found by search */
    double latency_s;
} mu_cut;

/** Which of 0 .. below - 1 a hash stands for. */
static inline uint64_t mu_route_reduce(uint64_t hash, uint64_t below)
{
    uint64_t few = below < UINT32_MAX ? below : UINT32_MAX;
    return (hash >> 32) * few >> 32;
}

/** Whether no link of a path is broken. */
bool mu_route_unbroken(const mu_topology *topology, const uint32_t *link, uint32_t count);

/*
 * Each finds one path in a plane: links, count, searched.
 *
 * MU_NO: the plane does not join the pair (err untouched). MU_E_INPUT: longer than a route may be.
 */

/** The shape's own path, by destination or hash; where that is broken one that a search finds. */
mu_status mu_route_shortest(const mu_message *message, uint32_t plane, mu_cut *cut,
                            mu_error *err) MU_MUST_CHECK;

/** Over a third rank, loops cut out; the shortest where there is no third. */
mu_status mu_route_valiant(const mu_message *message, uint32_t plane, mu_cut *cut,
                           mu_error *err) MU_MUST_CHECK;

/** The shortest path with most room, or Valiant's where that has more than twice as much. */
mu_status mu_route_adaptive(const mu_message *message, uint32_t plane, mu_cut *cut,
                            mu_error *err) MU_MUST_CHECK;

#endif
