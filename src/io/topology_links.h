/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a network file that lists cables one by one. Private to topology_read.
 */
#ifndef MUSTER_IO_TOPOLOGY_LINKS_H
#define MUSTER_IO_TOPOLOGY_LINKS_H

#include "base/units.h"
#include "io/topology_read.h"

/** Reads `switches` and `links` of a document whose ranks are in the plan. */
mu_status mu_topology_links_read(mu_arena *arena, const mu_doc *doc, mu_topology_plan *plan,
                                 mu_error *err) MU_MUST_CHECK;

/** A number with its unit; errors have the node's place. */
mu_status mu_quantity_read(const mu_doc *doc, const mu_node *node, const char *what,
                           mu_dimension dimension, double *out, mu_error *err) MU_MUST_CHECK;

#endif
