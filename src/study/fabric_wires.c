/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topologies like another: faster, without latency, without anything shared.
 */
#include "study/fabric_parts.h"

#include <math.h>

mu_status mu_net_faster(const mu_topology *t, mu_arena *arena, const double *faster,
                        mu_topology *out, mu_error *err)
{
    *out = *t;
    out->bandwidth = MU_NEW(arena, double, t->links);
    if (out->bandwidth == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a topology");
    }
    for (uint32_t k = 0; k < t->kind_count; k++) {
        out->kind[k].bandwidth *= faster[k];
        for (uint32_t i = t->kind[k].first; i < t->kind[k].first + t->kind[k].count; i++) {
            out->bandwidth[i] = t->bandwidth[i] * faster[k];
        }
    }
    return MU_OK;
}

mu_status mu_net_without_latency(const mu_topology *t, mu_arena *arena, mu_topology *out,
                                 mu_error *err)
{
    *out = *t;
    out->latency_s = MU_NEW(arena, double, t->links);
    for (uint32_t k = 0; k < t->kind_count; k++) {
        out->kind[k].latency_s = 0.0;
    }
    for (uint32_t n = 0; n < t->network_count; n++) {
        out->network[n].latency_s = 0.0;
    }
    return out->latency_s != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a topology");
}

/* The most that a rank of any network sends. */
static double fastest_rank(const mu_net_study *s)
{
    double most = 0.0;
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        most = fmax(most, s->survey.net[n].bandwidth / s->topology.ranks);
    }
    return most;
}

mu_status mu_net_lone(const mu_net_study *s, const mu_fabric *fabric, mu_topology *out,
                      mu_error *err)
{
    mu_network_spec specs[MU_NETWORKS_MAX];
    uint32_t count = 1;
    if (s->q->wiring != NULL) {
        specs[0] = (mu_network_spec){.name = "unshared",
                                     .shape = MU_SHAPE_SWITCH,
                                     .span = s->topology.ranks,
                                     .bandwidth = fastest_rank(s),
                                     .planes = 1};
    } else {
        mu_networks_of_tiers(fabric, specs, &count);
    }
    for (uint32_t n = 0; n < count; n++) {
        specs[n].latency_s = 0.0;
    }
    return mu_topology_build(s->work->arena, s->topology.ranks, specs, count, out, err);
}
