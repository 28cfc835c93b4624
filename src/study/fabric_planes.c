/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Equal planes of a network as one, for flows, and back.
 *
 * Why:   a message over seven planes crosses seven times as many links, which all do the same.
 * Terms: a tree is one plane of one domain. Links of a kind lie tree by tree, those of ranks rank
 *        by rank and in it plane by plane (fabric/shape_tree.c); a test holds the answers equal.
 */
#include "study/fabric_parts.h"

static bool may_merge(const mu_net_study *s)
{
    mu_routing routing = s->q->job.routing;
    bool planes = false;
    for (uint32_t n = 0; n < s->spec_count; n++) {
        planes = planes || s->spec[n].planes > 1;
    }
    return planes && s->q->job.parts == 0 &&
           (routing == MU_ROUTING_SHORTEST || routing == MU_ROUTING_SPRAY);
}

mu_status mu_net_merge_planes(mu_net_study *s, mu_error *err)
{
    mu_network_spec merged[MU_NETWORKS_MAX];
    s->wires = s->topology;
    if (!may_merge(s)) {
        return MU_OK;
    }
    for (uint32_t n = 0; n < s->spec_count; n++) {
        merged[n] = s->spec[n];
        merged[n].planes = 1;
    }
    s->merged = true;
    return mu_topology_build(s->work->arena, s->topology.ranks, merged, s->spec_count, &s->wires,
                             err);
}

uint32_t mu_net_planes(const mu_net_study *s, uint32_t kind)
{
    return s->topology.kind[kind].count / s->wires.kind[kind].count;
}

/* Of a link of a kind, the one that stands for it. */
static uint32_t merged_link(const mu_net_study *s, const mu_link_kind *kind, uint32_t planes,
                            uint32_t link)
{
    const mu_topology *t = &s->topology;
    uint32_t i = link - kind->first;
    if (t->from[kind->first] < t->ranks || t->to[kind->first] < t->ranks) {
        return i / planes;
    }
    uint32_t trees = s->survey.net[kind->network].domains * planes;
    uint32_t of_tree = kind->count / trees;
    return i / of_tree / planes * of_tree + i % of_tree;
}

void mu_net_spread_planes(const mu_net_study *s, const double *merged, double *out)
{
    for (uint32_t k = 0; k < s->topology.kind_count; k++) {
        const mu_link_kind *kind = &s->topology.kind[k];
        uint32_t planes = mu_net_planes(s, k);
        for (uint32_t i = kind->first; i < kind->first + kind->count; i++) {
            uint32_t from = planes > 1 ? merged_link(s, kind, planes, i) : i - kind->first;
            out[i] = merged[s->wires.kind[k].first + from] / planes;
        }
    }
}
