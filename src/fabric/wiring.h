/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalogue system's networks as shapes of cables and switches.
 *
 * Terms: a wiring item of a system names the tier or nested tiers that it realises and their shape
 *        (catalog/schema.c, `wiring.<network>`); facts of it count chips, a spec counts ranks.
 */
#ifndef MUSTER_FABRIC_WIRING_H
#define MUSTER_FABRIC_WIRING_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "fabric/topology.h"

/**
 * The networks over which `ranks` ranks of a system talk, in one draw, innermost first, ready for
 * mu_topology_build(). Networks that no pair would use, because an inner one joins all, are left
 * out; a domain may have more ranks than there are.
 *
 * A rank's bandwidth is that of its tier, with the same draws as mu_fabric_from_catalog(); where
 * one network realises several tiers, that of the innermost, and what the outer ones have less is
 * the taper of its levels unless it states its own. With more than one rank in a chip a die-to-die
 * mesh comes first. A tier that no item realises is what its kind says: a switch, a mesh of one
 * dimension, a bus; a system that states tiers of its own inherits no wiring. Latency is of the
 * wire alone (a fact of the item, or a prior inside or between supernodes): what software adds to a
 * message is not in it.
 *
 * @param[in] system  an entity of kind system of this catalogue
 * @param[in] ranks_per_chip  1 or more
 * @param[in] ranks           1 .. ranks of the outermost tier
 * @retval MU_E_INPUT  as mu_fabric_from_catalog(); an item that names no tier (nearest named), one
 *                     that another realises, or tiers that do not follow one another; parameters
 *                     that are not of its shape or do not join the span: all with their place;
 *                     more ranks than the outermost tier spans
 * Cost: O(facts of tiers and wiring); 40 to 70 us, nearly all of it the tiers.
 */
mu_status mu_wiring_from_catalog(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                                 uint32_t ranks_per_chip, uint64_t ranks,
                                 mu_network_spec out[MU_NETWORKS_MAX], uint32_t *count,
                                 mu_error *err) MU_MUST_CHECK;

#endif
