/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest paths by search, where no arithmetic gives them: explicit lists, and round broken parts.
 *
 * Private to src/fabric.
 * Terms: aimed = with distances and path counts of one destination at hand, in one network and
 *        plane.
 */
#ifndef MUSTER_FABRIC_ROUTE_SEARCH_H
#define MUSTER_FABRIC_ROUTE_SEARCH_H

#include "fabric/shape.h"

typedef struct mu_search mu_search;

/** Cost: O(links) time; up to 24 MB of remembered distances, or one destination's. */
mu_status mu_search_create(mu_arena *arena, const mu_topology *topology, mu_search **out,
                           mu_error *err) MU_MUST_CHECK;

/** Aims at rank b. Cost: one breadth-first search, unless remembered. */
void mu_search_aim(mu_search *search, const mu_layout *layout, uint32_t plane, uint32_t b);

/** Shortest paths from a to where it is aimed; 0 = none. Stops counting at 2^62. */
uint64_t mu_search_paths(const mu_search *search, uint32_t a);

/** Links of a shortest path from a; paths must not be 0. */
uint32_t mu_search_hops(const mu_search *search, uint32_t a);

/** Path number k (below paths) from a: [hops] links. */
void mu_search_path(const mu_search *search, uint32_t a, uint64_t k, uint32_t *link);

/**
 * All paths with equal shares, each link once; beyond `max` links fewer ways on at each vertex.
 *
 * @param[in]  max        hops or more
 * @param[out] latency_s  of the path that takes longest
 * @return links
 */
uint32_t mu_search_spray(mu_search *search, uint32_t a, uint32_t max, uint32_t *link, double *share,
                         double *latency_s);

#endif
