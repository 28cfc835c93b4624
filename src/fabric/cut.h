/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least cut between two sets of vertices: a maximum flow.
 *
 * Private to src/fabric.
 * Terms: arcs carry flow one way up to their capacity; vertex 0 is the source, vertex 1 the sink.
 * Source: E. A. Dinic, Soviet Math. Doklady 11 (1970).
 */
#ifndef MUSTER_FABRIC_CUT_H
#define MUSTER_FABRIC_CUT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_arc {
    uint32_t from;
    uint32_t to;
    double capacity; /* >= 0 */
} mu_arc;

/**
 * Finds the least cut. Arcs between the same two vertices may repeat; they are sorted in place.
 *
 * @param[in]  vertices  2 or more
 * @param[out] near      [vertices] whether a vertex is on the source's side of the cut
 * @return MU_E_MEMORY or MU_OK
 *
 * Cost: O(vertices^2 * arcs) at worst; as many passes over the arcs as there are lengths of paths
 *       where the graph is regular. Scratch is given back.
 */
mu_status mu_cut_least(mu_arena *arena, uint32_t vertices, mu_arc *arcs, uint32_t arc_count,
                       bool *near, mu_error *err) MU_MUST_CHECK;

#endif
