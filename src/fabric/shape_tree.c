/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees of switches: single switches, fat trees of any depth, dragonfly+.
 *
 * What:  how many switches and cables there are, which vertices each cable joins.
 * Terms: shape.h. A fat tree is an extended generalised fat tree: a switch of level l has `down`
 *        children and `up` parents. Dragonfly+ is a two-level tree a group; cable q of a group
 *        (spine q / ports) goes to the group 1 + q mod (groups - 1) further on.
 * Source: Ohring et al., On generalized fat trees, IPPS 1995; Shpiner et al., Dragonfly+, HiPINEB
 *        2017.
 */
#include "fabric/shape.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

static const uint64_t NUMBERS_MAX = UINT64_C(1) << 31;

static mu_status too_many(const mu_layout *layout, mu_error *err)
{
    return mu_fail(err, MU_E_INPUT, "network \"%s\": more than 2^31 links or switches",
                   layout->spec->name);
}

/* Products along the levels: ranks below, ways up. */
static mu_status set_levels(mu_layout *layout, const uint32_t *down, mu_error *err)
{
    uint64_t below = 1;
    uint64_t ways = 1;
    for (uint32_t l = 0; l < layout->levels; l++) {
        below *= down[l];
        if (below >= NUMBERS_MAX || ways >= NUMBERS_MAX) {
            return too_many(layout, err);
        }
        layout->by_below[l] = mu_divisor_of((uint32_t)below);
        layout->ways[l] = (uint32_t)ways;
        layout->by_ways[l] = mu_divisor_of((uint32_t)ways);
        layout->by_up[l] = mu_divisor_of(layout->up[l] > 0 ? layout->up[l] : 1);
        ways *= layout->up[l];
    }
    return MU_OK;
}

/* Product of numbers, none above 2^32; stops at 2^31. */
static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t exact = a * b;
    return exact < NUMBERS_MAX ? exact : NUMBERS_MAX;
}

/* Numbers of switches and cables, once the levels stand. Links are counted from 0 on. */
static mu_status set_sizes(mu_layout *layout, mu_error *err)
{
    uint64_t trees = product(layout->domains, layout->planes);
    uint64_t link = product(layout->ranks, layout->planes);
    uint64_t in_plane = 0;
    layout->down_first[0] = (uint32_t)link;
    link *= 2;
    for (uint32_t l = 0; l < layout->levels; l++) {
        uint64_t switches = product(layout->span / layout->by_below[l].by, layout->ways[l]);
        uint64_t cables = product(product(switches, layout->up[l]), trees);
        if (product(switches, trees) == NUMBERS_MAX || 2 * cables + link >= NUMBERS_MAX) {
            return too_many(layout, err);
        }
        layout->per_plane[l] = (uint32_t)switches;
        layout->level_first[l] = (uint32_t)in_plane;
        in_plane += switches;
        layout->up_first[l + 1] = (uint32_t)link;
        layout->down_first[l + 1] = (uint32_t)(link + cables);
        link += 2 * cables;
    }
    uint64_t between =
        product(product(trees, layout->groups), product(layout->spines, layout->global_ports));
    layout->global_first = (uint32_t)link;
    link += between;
    if (link >= NUMBERS_MAX || product(in_plane, trees) == NUMBERS_MAX) {
        return too_many(layout, err);
    }
    layout->plane_switches = (uint32_t)in_plane;
    layout->switches = (uint32_t)(in_plane * trees);
    layout->links = (uint32_t)link;
    return MU_OK;
}

static mu_status check_taper(const mu_network_spec *spec, uint32_t level, mu_error *err)
{
    double taper = spec->taper[level];
    bool unsaid = taper >= 0.0 && taper <= 0.0;
    if (!unsaid && !(taper >= MU_TAPER_MIN && taper <= MU_TAPER_MAX)) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected a taper of %g to %g, got %g",
                       spec->name, MU_TAPER_MIN, MU_TAPER_MAX, taper);
    }
    return MU_OK;
}

/* Leaves are shared out among rails. */
static mu_status check_rails(mu_layout *layout, mu_error *err)
{
    const mu_network_spec *spec = layout->spec;
    uint32_t rails = spec->rails > 1 ? spec->rails : 1;
    uint32_t leaves = layout->span / spec->down[0];
    if (leaves % rails != 0) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": %u rails do not divide the %u leaves of a domain",
                       spec->name, rails, leaves);
    }
    layout->by_rails = mu_divisor_of(rails);
    layout->by_leaf = mu_divisor_of(spec->down[0]);
    return MU_OK;
}

static mu_status check_clos(mu_layout *layout, mu_error *err)
{
    const mu_network_spec *spec = layout->spec;
    if (spec->levels == 0 || spec->levels > MU_DIMS_MAX) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected 1 to %d levels, got %u",
                       spec->name, MU_DIMS_MAX, spec->levels);
    }
    uint64_t product = 1;
    layout->levels = spec->levels;
    for (uint32_t l = 0; l < spec->levels; l++) {
        bool top = l + 1 == spec->levels;
        if (spec->down[l] == 0 || top != (spec->up[l] == 0)) {
            return mu_fail(err, MU_E_INPUT,
                           "network \"%s\", level %u: expected 1 or more down and %s up, got %u "
                           "and %u",
                           spec->name, l, top ? "0" : "1 or more", spec->down[l], spec->up[l]);
        }
        mu_status status = top ? MU_OK : check_taper(spec, l, err);
        if (status != MU_OK) {
            return status;
        }
        product = product < NUMBERS_MAX ? product * spec->down[l] : product;
        layout->up[l] = spec->up[l];
    }
    if (product != layout->span) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": its levels hold %llu ranks (product of down), its span is "
                       "%u",
                       spec->name, (unsigned long long)product, layout->span);
    }
    mu_status status = check_rails(layout, err);
    return status == MU_OK ? set_levels(layout, spec->down, err) : status;
}

/* Cables of a spine to other groups, and how many join two groups. */
static mu_status set_global(mu_layout *layout, mu_error *err)
{
    const mu_network_spec *spec = layout->spec;
    uint32_t others = spec->groups - 1;
    uint32_t ports = spec->up[1] > 0 ? spec->up[1] : others;
    uint64_t cables = (uint64_t)ports * spec->up[0];
    if (ports > others || (others > 0 && cables % others != 0)) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": %u spines with %u cables each cannot be spread evenly over "
                       "%u other groups",
                       spec->name, spec->up[0], ports, others);
    }
    double share = spec->global_share;
    if (others > 0 && !(share >= 1.0 / MU_TAPER_MAX && share <= MU_TAPER_MAX)) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": expected a global share of %g to %g, got %g", spec->name,
                       1.0 / MU_TAPER_MAX, MU_TAPER_MAX, share);
    }
    layout->groups = spec->groups;
    layout->spines = spec->up[0];
    layout->global_ports = ports;
    layout->pair_cables = others > 0 ? (uint32_t)(cables / others) : 0;
    layout->by_ports = mu_divisor_of(ports > 0 ? ports : 1);
    return MU_OK;
}

static mu_status check_dragonfly(mu_layout *layout, mu_error *err)
{
    const mu_network_spec *spec = layout->spec;
    if (spec->groups == 0 || spec->down[0] == 0 || spec->up[0] == 0) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": expected groups, ranks under a leaf and spines of 1 or "
                       "more, got %u, %u and %u",
                       spec->name, spec->groups, spec->down[0], spec->up[0]);
    }
    uint64_t unit = (uint64_t)spec->groups * spec->down[0];
    if (layout->span % unit != 0) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": %u groups of leaves with %u ranks do not divide its span "
                       "of %u",
                       spec->name, spec->groups, spec->down[0], layout->span);
    }
    if (spec->rails > 1) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": a dragonfly has no rails", spec->name);
    }
    mu_status status = check_taper(spec, 0, err);
    if (status == MU_OK) {
        status = set_global(layout, err);
    }
    const uint32_t down[] = {spec->down[0], (uint32_t)(layout->span / unit)};
    layout->levels = 2;
    layout->up[0] = spec->up[0];
    layout->by_rails = mu_divisor_of(1);
    layout->by_leaf = mu_divisor_of(spec->down[0]);
    layout->by_group = mu_divisor_of(layout->span / spec->groups);
    return status == MU_OK ? set_levels(layout, down, err) : status;
}

static mu_status check_switch(mu_layout *layout, mu_error *err)
{
    const uint32_t down[] = {layout->span};
    layout->levels = 1;
    layout->by_rails = mu_divisor_of(1);
    layout->by_leaf = mu_divisor_of(layout->span);
    return set_levels(layout, down, err);
}

mu_status mu_tree_check(mu_layout *layout, mu_error *err)
{
    mu_status status = MU_OK;
    switch (layout->shape) {
    case MU_SHAPE_SWITCH:
        status = check_switch(layout, err);
        break;
    case MU_SHAPE_CLOS:
        status = check_clos(layout, err);
        break;
    default:
        status = check_dragonfly(layout, err);
        break;
    }
    return status == MU_OK ? set_sizes(layout, err) : status;
}

static const char *level_name(const mu_layout *layout, uint32_t level)
{
    static const char *const names[] = {"leaf", "spine", "core", "top", "level 5", "level 6"};
    assert(MU_DIMS_MAX == 6);
    return layout->levels == 1 ? "switch" : names[level];
}

/* The two kinds of the cables between two levels. */
static void put_kinds(mu_builder *builder, uint32_t step, double bandwidth)
{
    const mu_layout *layout = builder->layout;
    const char *low = step == 0 ? "chip" : level_name(layout, step - 1);
    const char *high = level_name(layout, step);
    uint32_t count = layout->down_first[step] - layout->up_first[step];
    double latency_s = layout->spec->latency_s;
    bool optical = layout->spec->optical[step];
    char name[MU_LINK_NAME_MAX];
    (void)snprintf(name, sizeof name, "%s to %s", low, high);
    mu_builder_kind(builder, name, layout->up_first[step], count, bandwidth, latency_s, optical);
    (void)snprintf(name, sizeof name, "%s to %s", high, low);
    mu_builder_kind(builder, name, layout->down_first[step], count, bandwidth, latency_s, optical);
    double bundle = step > 0 ? layout->spec->bundle[step - 1] : 1.0;
    if (bundle > 0.0) {
        mu_link_kind *kind = &builder->topology->kind[builder->topology->kind_count - 2];
        kind[0].cables = bundle;
        kind[1].cables = bundle;
    }
}

/* First switch of a tree: one plane of one domain. */
static uint32_t tree_first(const mu_layout *layout, uint32_t tree)
{
    return layout->first_switch + tree * layout->plane_switches;
}

static void put_rank_cables(mu_builder *builder)
{
    const mu_layout *layout = builder->layout;
    for (uint32_t r = 0; r < layout->ranks; r++) {
        uint32_t domain = mu_divide(layout->by_span, r);
        uint32_t place = mu_layout_place(layout, r - domain * layout->span);
        uint32_t leaf = mu_divide(layout->by_below[0], place);
        for (uint32_t p = 0; p < layout->planes; p++) {
            uint32_t cable = r * layout->planes + p;
            uint32_t vertex = tree_first(layout, domain * layout->planes + p) + leaf;
            mu_builder_cable(builder, layout->up_first[0] + cable, layout->down_first[0] + cable, r,
                             vertex);
        }
    }
}

/* Cables of level l to the next one, in one tree. */
static void put_level_cables(mu_builder *builder, uint32_t l, uint32_t tree)
{
    const mu_layout *layout = builder->layout;
    uint32_t low = tree_first(layout, tree) + layout->level_first[l];
    uint32_t high = tree_first(layout, tree) + layout->level_first[l + 1];
    uint32_t fan = layout->by_below[l + 1].by / layout->by_below[l].by;
    uint32_t cable = tree * layout->per_plane[l] * layout->up[l];
    for (uint32_t s = 0; s < layout->per_plane[l]; s++) {
        uint32_t t = s / layout->ways[l];
        uint32_t u = s - t * layout->ways[l];
        uint32_t parent = high + t / fan * layout->ways[l + 1] + u;
        for (uint32_t c = 0; c < layout->up[l]; c++) {
            mu_builder_cable(builder, layout->up_first[l + 1] + cable,
                             layout->down_first[l + 1] + cable, low + s,
                             parent + c * layout->ways[l]);
            cable++;
        }
    }
}

static void put_global_cables(mu_builder *builder, uint32_t tree)
{
    const mu_layout *layout = builder->layout;
    uint32_t others = layout->groups - 1;
    uint32_t cables = layout->spines * layout->global_ports;
    uint32_t spines = tree_first(layout, tree) + layout->level_first[1];
    uint32_t first = layout->global_first + tree * layout->groups * cables;
    for (uint32_t g = 0; g < layout->groups; g++) {
        for (uint32_t q = 0; q < cables; q++) {
            uint32_t step = 1 + q % others;
            uint32_t peer = (g + step) % layout->groups;
            uint32_t back = layout->groups - step - 1 + q / others * others;
            mu_builder_cable(builder, first + g * cables + q, first + peer * cables + back,
                             spines + g * layout->spines + q / layout->global_ports,
                             spines + peer * layout->spines + back / layout->global_ports);
        }
    }
}

void mu_tree_build(mu_builder *builder)
{
    const mu_layout *layout = builder->layout;
    const mu_network_spec *spec = layout->spec;
    uint32_t trees = layout->domains * layout->planes;
    double cable = spec->bandwidth / layout->planes;
    double rank_cable = cable;
    put_kinds(builder, 0, cable);
    put_rank_cables(builder);
    for (uint32_t l = 0; l + 1 < layout->levels; l++) {
        double fan = (double)layout->by_below[l].by / (l > 0 ? layout->by_below[l - 1].by : 1);
        double taper = spec->taper[l] > 0.0 ? spec->taper[l] : 1.0;
        cable = fan * cable / (layout->up[l] * taper);
        put_kinds(builder, l + 1, cable);
        for (uint32_t tree = 0; tree < trees; tree++) {
            put_level_cables(builder, l, tree);
        }
    }
    if (layout->pair_cables > 0) {
        uint32_t cables = layout->spines * layout->global_ports;
        cable = spec->global_share * rank_cable * layout->by_group.by / cables;
        mu_builder_kind(builder, "group to group", layout->global_first,
                        trees * layout->groups * cables, cable, spec->latency_s, spec->optical[2]);
        for (uint32_t tree = 0; tree < trees; tree++) {
            put_global_cables(builder, tree);
        }
    }
}
