/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks that users bring, as YAML or JSON: shapes with parameters, or every cable by itself.
 *
 *     ranks: 1024                          ranks: 8
 *     networks:                            switches: 2
 *       - name: torus                      links:
 *         shape: torus                       - {a: 0, b: s0, bandwidth: 400 Gb/s, latency: 500 ns}
 *         dims: [8, 8, 16]                   - {a: 1, b: s0, bandwidth: 400 Gb/s, latency: 500 ns}
 *         bandwidth: 100 GB/s                ...
 *         latency: 1 us
 *
 * Terms: networks stand innermost first; parameters are those of fabric/shape_keys.def and count
 *        ranks. An end of a link is the number of a rank, or s and the number of a switch; a link
 *        is a cable, both ways. `bandwidth` and `latency` beside `links` hold for those that say
 *        none.
 * Bound: as doc_read.h; MU_NETWORKS_MAX networks, 2^31 - 1 ranks and switches.
 */
#ifndef MUSTER_IO_TOPOLOGY_READ_H
#define MUSTER_IO_TOPOLOGY_READ_H

#include "base/doc.h"
#include "fabric/topology.h"

/* What a file says, before it is built. */
typedef struct mu_topology_plan {
    uint32_t ranks;
    uint32_t network_count; /* 0: cables */
    mu_network_spec network[MU_NETWORKS_MAX];
    uint32_t vertices; /* of cables: ranks and switches */
    uint32_t cable_count;
    const mu_cable *cable;
} mu_topology_plan;

/**
 * @retval MU_E_INPUT  with file, line and column: an unknown key (nearest named), something
 *                     missing, a value without unit or out of range, spans that do not grow by
 *                     whole factors, two networks of one name, what mu_shape_read() and
 *                     mu_shape_fit() refuse; an end that is no rank or switch, a loop, a cable
 *                     twice, a rank or switch without a cable
 * Cost: O(nodes + cables log cables).
 */
mu_status mu_topology_plan_from_doc(mu_arena *arena, const mu_doc *doc, mu_topology_plan *out,
                                    mu_error *err) MU_MUST_CHECK;

/** Builds what a plan says. */
mu_status mu_topology_plan_build(mu_arena *arena, const mu_topology_plan *plan, mu_topology *out,
                                 mu_error *err) MU_MUST_CHECK;

/** Reads and builds a file; what the builder refuses is named with the file. */
mu_status mu_topology_read(mu_arena *arena, const char *path, mu_topology *out,
                           mu_error *err) MU_MUST_CHECK;

#endif
