/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a network link by link.
 *
 * What:  lays the networks' links one after another, lets each shape write its own, then sorts them
 *        by the vertex they leave.
 * Bound: O(links) time and memory, 36 bytes a link.
 */
#include "fabric/topology.h"

#include "fabric/shape.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const uint64_t NUMBERS_MAX = UINT64_C(1) << 31;

static const char *const shape_texts[] = {
    [MU_SHAPE_SWITCH] = "switch", [MU_SHAPE_CLOS] = "clos",           [MU_SHAPE_MESH] = "mesh",
    [MU_SHAPE_TORUS] = "torus",   [MU_SHAPE_DRAGONFLY] = "dragonfly", [MU_SHAPE_BUS] = "bus",
    [MU_SHAPE_LINKS] = "links",
};

const char *mu_shape_text(mu_shape shape)
{
    assert((uint32_t)shape < MU_SHAPE_COUNT);
    return shape_texts[shape];
}

static mu_status check_common(const mu_network_spec *spec, mu_error *err)
{
    if (!mu_link_bandwidth_fits(spec->bandwidth)) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": expected a bandwidth above zero, up to %g B/s, got %g",
                       spec->name, MU_LINK_BANDWIDTH_MAX, spec->bandwidth);
    }
    if (!mu_link_latency_fits(spec->latency_s)) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": expected a latency of 0 to 3600 s, got %g s", spec->name,
                       spec->latency_s);
    }
    if (spec->span == 0) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected a span of 1 rank or more",
                       spec->name);
    }
    if (spec->planes == 0 || spec->planes > MU_PLANES_MAX) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected 1 to %d planes, got %u",
                       spec->name, MU_PLANES_MAX, spec->planes);
    }
    bool tree = spec->shape == MU_SHAPE_SWITCH || spec->shape == MU_SHAPE_CLOS ||
                spec->shape == MU_SHAPE_DRAGONFLY;
    if (!tree && spec->planes != 1) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": a %s has one plane, got %u", spec->name,
                       mu_shape_text(spec->shape), spec->planes);
    }
    return MU_OK;
}

static mu_status bus_check(mu_layout *layout, mu_error *err)
{
    if (2 * (uint64_t)layout->ranks + layout->domains >= NUMBERS_MAX) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": more than 2^31 links", layout->spec->name);
    }
    layout->levels = 1;
    layout->switches = 2 * layout->domains;
    layout->links = 2 * layout->ranks + layout->domains;
    return MU_OK;
}

static mu_status check_shape(mu_layout *layout, mu_error *err)
{
    switch (layout->shape) {
    case MU_SHAPE_SWITCH:
    case MU_SHAPE_CLOS:
    case MU_SHAPE_DRAGONFLY:
        return mu_tree_check(layout, err);
    case MU_SHAPE_MESH:
    case MU_SHAPE_TORUS:
        return mu_grid_check(layout, err);
    default:
        assert(layout->shape == MU_SHAPE_BUS);
        return bus_check(layout, err);
    }
}

/* Checks a network's parameters and works out all but the places of its links and switches. */
static mu_status layout_of(const mu_network_spec *spec, uint32_t ranks, mu_layout *out,
                           mu_error *err)
{
    if ((uint32_t)spec->shape >= MU_SHAPE_COUNT) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": no such shape", spec->name);
    }
    mu_status status = check_common(spec, err);
    if (status != MU_OK) {
        return status;
    }
    bool open = spec->shape == MU_SHAPE_SWITCH || spec->shape == MU_SHAPE_BUS;
    uint64_t span = open && spec->span > ranks ? ranks : spec->span;
    if (span >= NUMBERS_MAX) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected a span below 2^31 ranks",
                       spec->name);
    }
    out->spec = spec;
    out->shape = spec->shape;
    out->ranks = ranks;
    out->span = (uint32_t)span;
    out->domains = (ranks + out->span - 1) / out->span;
    out->planes = spec->planes;
    out->by_span = mu_divisor_of(out->span);
    return check_shape(out, err);
}

/* An explicit list: all of it is one network. */
static void layout_list(const mu_network_spec *spec, uint32_t ranks, mu_layout *out)
{
    out->spec = spec;
    out->shape = MU_SHAPE_LINKS;
    out->ranks = ranks;
    out->span = ranks;
    out->domains = 1;
    out->planes = 1;
    out->by_span = mu_divisor_of(ranks);
    out->first_switch = ranks;
    out->through_ranks = true;
}

static void shift(uint32_t firsts[], uint32_t count, uint32_t by)
{
    for (uint32_t i = 0; i < count; i++) {
        firsts[i] += by;
    }
}

mu_status mu_layouts_of(const mu_network_spec *networks, uint32_t count, uint32_t ranks,
                        mu_layout layouts[MU_NETWORKS_MAX], uint32_t *vertices, uint32_t *links,
                        mu_error *err)
{
    uint64_t vertex = ranks;
    uint64_t link = 0;
    for (uint32_t i = 0; i < count; i++) {
        mu_layout *layout = &layouts[i];
        memset(layout, 0, sizeof *layout);
        if (count == 1 && networks[i].shape == MU_SHAPE_LINKS) {
            layout_list(&networks[i], ranks, layout);
            continue;
        }
        mu_status status = layout_of(&networks[i], ranks, layout, err);
        if (status != MU_OK) {
            return status;
        }
        layout->network = i;
        layout->first_switch = (uint32_t)vertex;
        layout->first_link = (uint32_t)link;
        shift(layout->up_first, MU_DIMS_MAX + 1, layout->first_link);
        shift(layout->down_first, MU_DIMS_MAX + 1, layout->first_link);
        layout->global_first += layout->first_link;
        vertex += layout->switches;
        link += layout->links;
        if (vertex >= NUMBERS_MAX || link >= NUMBERS_MAX) {
            return mu_fail(err, MU_E_INPUT, "network \"%s\": more than 2^31 links or switches",
                           networks[i].name);
        }
    }
    *vertices = (uint32_t)vertex;
    *links = (uint32_t)link;
    return MU_OK;
}

void mu_builder_kind(mu_builder *builder, const char *name, uint32_t first, uint32_t count,
                     double bandwidth, double latency_s, bool optical)
{
    mu_topology *t = builder->topology;
    assert(t->kind_count < MU_KINDS_MAX);
    mu_link_kind *kind = &t->kind[t->kind_count++];
    const char *network = builder->layout->spec->name;
    (void)snprintf(kind->name, sizeof kind->name, "%.23s%s%s", network,
                   network[0] != '\0' ? ": " : "", name);
    kind->network = builder->layout->network;
    kind->first = first;
    kind->count = count;
    kind->bandwidth = bandwidth;
    kind->latency_s = latency_s;
    kind->cables = 1.0;
    kind->optical = optical;
    for (uint32_t i = first; i < first + count; i++) {
        t->bandwidth[i] = bandwidth;
        t->latency_s[i] = latency_s;
    }
}

/*
 * A bus: from every rank into it, the shared path, and out to every rank. The shared path carries
 * both ways at once: twice the bandwidth of a rank, as the closed form has it.
 */
void mu_bus_build(mu_builder *builder)
{
    mu_topology *t = builder->topology;
    mu_layout *layout = builder->layout;
    double bandwidth = layout->spec->bandwidth;
    uint32_t in = layout->first_link;
    uint32_t shared = in + layout->ranks;
    uint32_t out = shared + layout->domains;
    bool optical = layout->spec->optical[0];
    mu_builder_kind(builder, "chip to bus", in, layout->ranks, bandwidth, 0.0, optical);
    mu_builder_kind(builder, "bus", shared, layout->domains, 2.0 * bandwidth,
                    layout->spec->latency_s, false);
    mu_builder_kind(builder, "bus to chip", out, layout->ranks, bandwidth, 0.0, optical);
    for (uint32_t r = 0; r < layout->ranks; r++) {
        uint32_t entry = layout->first_switch + 2 * mu_divide(layout->by_span, r);
        mu_builder_cable(builder, in + r, out + r, r, entry);
        t->from[out + r] = entry + 1;
    }
    for (uint32_t d = 0; d < layout->domains; d++) {
        uint32_t entry = layout->first_switch + 2 * d;
        t->from[shared + d] = entry;
        t->to[shared + d] = entry + 1;
        t->twin[shared + d] = shared + d;
    }
}

static mu_status allocate(mu_arena *arena, mu_topology *t, mu_error *err)
{
    t->from = MU_NEW(arena, uint32_t, t->links);
    t->to = MU_NEW(arena, uint32_t, t->links);
    t->twin = MU_NEW(arena, uint32_t, t->links);
    t->bandwidth = MU_NEW(arena, double, t->links);
    t->latency_s = MU_NEW(arena, double, t->links);
    t->out_first = MU_NEW(arena, uint32_t, (size_t)t->vertices + 1);
    t->out_link = MU_NEW(arena, uint32_t, t->links);
    if (t->from == NULL || t->to == NULL || t->twin == NULL || t->bandwidth == NULL ||
        t->latency_s == NULL || t->out_first == NULL || t->out_link == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for %u links", t->links);
    }
    return MU_OK;
}

/* Links by the vertex they leave, in ascending order. */
static void sort_by_origin(mu_topology *t)
{
    uint32_t *first = t->out_first;
    for (uint32_t i = 0; i < t->links; i++) {
        first[t->from[i] + 1]++;
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        first[v + 1] += first[v];
    }
    for (uint32_t i = 0; i < t->links; i++) {
        t->out_link[first[t->from[i]]++] = i;
    }
    for (uint32_t v = t->vertices; v > 0; v--) {
        first[v] = first[v - 1];
    }
    first[0] = 0;
}

static void build_network(mu_topology *t, mu_layout *layout)
{
    mu_builder builder = {.topology = t, .layout = layout};
    switch (layout->shape) {
    case MU_SHAPE_SWITCH:
    case MU_SHAPE_CLOS:
    case MU_SHAPE_DRAGONFLY:
        mu_tree_build(&builder);
        break;
    case MU_SHAPE_MESH:
    case MU_SHAPE_TORUS:
        mu_grid_build(&builder);
        break;
    default:
        mu_bus_build(&builder);
        break;
    }
}

mu_status mu_topology_build(mu_arena *arena, uint32_t ranks, const mu_network_spec *networks,
                            uint32_t network_count, mu_topology *out, mu_error *err)
{
    if (ranks == 0 || ranks >= NUMBERS_MAX) {
        return mu_fail(err, MU_E_INPUT, "expected 1 to 2^31 - 1 ranks, got %u", ranks);
    }
    if (network_count == 0 || network_count > MU_NETWORKS_MAX) {
        return mu_fail(err, MU_E_INPUT, "expected 1 to %d networks, got %u", MU_NETWORKS_MAX,
                       network_count);
    }
    for (uint32_t i = 0; i < network_count; i++) {
        if (networks[i].shape == MU_SHAPE_LINKS) {
            return mu_fail(err, MU_E_INPUT,
                           "network \"%s\": a list of links is no shape with parameters",
                           networks[i].name);
        }
    }
    mu_topology t;
    memset(&t, 0, sizeof t);
    mu_layout layouts[MU_NETWORKS_MAX];
    t.ranks = ranks;
    t.network_count = network_count;
    memcpy(t.network, networks, network_count * sizeof *networks);
    mu_status status =
        mu_layouts_of(networks, network_count, ranks, layouts, &t.vertices, &t.links, err);
    if (status == MU_OK) {
        status = allocate(arena, &t, err);
    }
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t i = 0; i < network_count; i++) {
        t.first_switch[i] = layouts[i].first_switch;
        build_network(&t, &layouts[i]);
    }
    sort_by_origin(&t);
    t.whole = true;
    t.uniform = mu_layouts_uniform(layouts, network_count);
    t.sprays_whole = mu_layouts_spray_whole(layouts, network_count);
    *out = t;
    return MU_OK;
}

static mu_status check_cable(const mu_cable *cable, uint32_t index, uint32_t vertices,
                             mu_error *err)
{
    if (cable->a >= vertices || cable->b >= vertices) {
        return mu_fail(err, MU_E_INPUT, "cable %u: expected ends 0 to %u, got %u and %u", index,
                       vertices - 1, cable->a, cable->b);
    }
    if (cable->a == cable->b) {
        return mu_fail(err, MU_E_INPUT, "cable %u: both ends are %u", index, cable->a);
    }
    if (!mu_link_bandwidth_fits(cable->bandwidth)) {
        return mu_fail(err, MU_E_INPUT,
                       "cable %u (%u to %u): expected a bandwidth above zero, up to %g B/s, "
                       "got %g",
                       index, cable->a, cable->b, MU_LINK_BANDWIDTH_MAX, cable->bandwidth);
    }
    if (!mu_link_latency_fits(cable->latency_s)) {
        return mu_fail(err, MU_E_INPUT,
                       "cable %u (%u to %u): expected a latency of 0 to 3600 s, "
                       "got %g s",
                       index, cable->a, cable->b, cable->latency_s);
    }
    return MU_OK;
}

static void put_cable(mu_topology *t, uint32_t index, const mu_cable *cable)
{
    mu_builder builder = {.topology = t};
    mu_builder_cable(&builder, 2 * index, 2 * index + 1, cable->a, cable->b);
    for (uint32_t i = 2 * index; i < 2 * index + 2; i++) {
        t->bandwidth[i] = cable->bandwidth;
        t->latency_s[i] = cable->latency_s;
    }
    t->kind[0].bandwidth = fmax(t->kind[0].bandwidth, cable->bandwidth);
    t->kind[0].latency_s = fmax(t->kind[0].latency_s, cable->latency_s);
}

mu_status mu_topology_of_cables(mu_arena *arena, uint32_t ranks, uint32_t vertices,
                                const mu_cable *cables, uint32_t cable_count, mu_topology *out,
                                mu_error *err)
{
    if (ranks == 0 || vertices < ranks || vertices >= NUMBERS_MAX) {
        return mu_fail(err, MU_E_INPUT,
                       "expected 1 rank or more and as many vertices or more, got "
                       "%u and %u",
                       ranks, vertices);
    }
    if (cable_count == 0 || cable_count >= NUMBERS_MAX / 2) {
        return mu_fail(err, MU_E_INPUT, "expected 1 to 2^30 - 1 cables, got %u", cable_count);
    }
    for (uint32_t i = 0; i < cable_count; i++) {
        mu_status status = check_cable(&cables[i], i, vertices, err);
        if (status != MU_OK) {
            return status;
        }
    }
    mu_topology t;
    memset(&t, 0, sizeof t);
    t.ranks = ranks;
    t.vertices = vertices;
    t.links = 2 * cable_count;
    t.network_count = 1;
    mu_network_spec *spec = &t.network[0];
    (void)snprintf(spec->name, sizeof spec->name, "links");
    spec->shape = MU_SHAPE_LINKS;
    spec->span = ranks;
    spec->planes = 1;
    mu_status status = allocate(arena, &t, err);
    if (status != MU_OK) {
        return status;
    }
    t.kind_count = 1;
    t.kind[0] = (mu_link_kind){.name = "links: cable", .count = t.links, .cables = 1.0};
    for (uint32_t i = 0; i < cable_count; i++) {
        put_cable(&t, i, &cables[i]);
    }
    spec->bandwidth = t.kind[0].bandwidth;
    spec->latency_s = t.kind[0].latency_s;
    t.first_switch[0] = ranks;
    sort_by_origin(&t);
    t.whole = true;
    *out = t;
    return MU_OK;
}

uint32_t mu_topology_network(const mu_topology *topology, uint32_t a, uint32_t b)
{
    assert(a < topology->ranks && b < topology->ranks);
    uint32_t n = 0;
    while (n < topology->network_count &&
           a / topology->network[n].span != b / topology->network[n].span) {
        n++;
    }
    return n;
}

void mu_networks_of_tiers(const mu_fabric *fabric, mu_network_spec out[MU_NETWORKS_MAX],
                          uint32_t *count)
{
    static const mu_shape shapes[] = {[MU_TIER_SWITCH] = MU_SHAPE_SWITCH,
                                      [MU_TIER_MESH] = MU_SHAPE_MESH,
                                      [MU_TIER_BUS] = MU_SHAPE_BUS};
    assert(MU_TIERS_MAX <= (int)MU_NETWORKS_MAX);
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        const mu_tier *tier = &fabric->tier[i];
        mu_network_spec *spec = &out[i];
        memset(spec, 0, sizeof *spec);
        (void)snprintf(spec->name, sizeof spec->name, "%s", tier->name);
        spec->shape = shapes[tier->kind];
        spec->span = tier->span < 1e9 ? (uint64_t)tier->span : 1000000000;
        spec->bandwidth = tier->bandwidth;
        spec->latency_s = spec->shape == MU_SHAPE_SWITCH ? tier->latency_s / 2 : tier->latency_s;
        spec->planes = 1;
        spec->in_network_reduction = tier->in_network_reduction;
        if (spec->shape == MU_SHAPE_MESH) {
            spec->dims = 1;
            spec->dim[0] = (uint32_t)spec->span;
            spec->dim_share[0] = 1.0;
        }
    }
    *count = fabric->tier_count;
}
