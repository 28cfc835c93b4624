/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   factors of shared wires are those of flows, 1 where nothing is shared, never below, and
 *         steps and answers take them alike however they are worked out.
 * Method: factors worked by hand; every message as a flow in the max-min engine; the catalogue's
 *         systems; compiled steps against plain ones; the closed network's bits.
 */
#include "base/random.h"
#include "fabric/flow.h"
#include "fabric/flow_run.h"
#include "fabric/wiring.h"
#include "schedule/contention.h"
#include "schedule/step.h"
#include "serving/steady.h"
#include "twin_helper.h"

#include <math.h>

/* One tier of `ranks` ranks in domains of 8, and one of all: 8 a leaf below spines that are
 * oversubscribed `taper` times. */
typedef struct rig {
    mu_fabric fabric;
    mu_network_spec network[2];
    mu_contention *contention;
} rig;

static mu_network_spec clos(uint64_t span, uint32_t leaf, double taper)
{
    return (mu_network_spec){.name = "net",
                             .shape = MU_SHAPE_CLOS,
                             .span = span,
                             .bandwidth = 50e9,
                             .planes = 1,
                             .levels = 2,
                             .down = {leaf, (uint32_t)(span / leaf)},
                             .up = {4, 0},
                             .taper = {taper, 0.0}};
}

static mu_contention *contention_of(const mu_fabric *fabric, const mu_network_spec *networks,
                                    uint32_t count, double background)
{
    mu_contention_setup setup = {.fabric = fabric,
                                 .network = networks,
                                 .network_count = count,
                                 .scale_up_ranks = 8.0,
                                 .background = background,
                                 .routing = MU_ROUTING_SPRAY,
                                 .plain = true};
    mu_contention *contention = NULL;
    mu_error err = {0};
    if (mu_contention_create(t.arena, &setup, &contention, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return contention;
}

/* Ranks on one network, one tier of the closed form. */
static void flat(rig *r, mu_network_spec spec, mu_tier_kind kind, double background)
{
    memset(r, 0, sizeof *r);
    r->fabric.tier_count = 1;
    r->fabric.tier[0] = (mu_tier){
        .name = "net", .kind = kind, .span = (double)spec.span, .bandwidth = spec.bandwidth};
    r->network[0] = spec;
    r->contention = contention_of(&r->fabric, r->network, 1, background);
}

static double factor_of(const rig *r, mu_rush_kind kind, uint64_t ranks, uint64_t stride,
                        uint64_t instance)
{
    double factor = 0.0;
    mu_error err = {0};
    mu_group group = {.ranks = ranks, .stride = stride};
    if (mu_contention_factor(r->contention, kind, 0, group, instance, &factor, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return factor;
}

/* 64 ranks, 16 a leaf, half the bandwidth up. */
static void by_hand(void **state)
{
    (void)state;
    rig r;
    flat(&r, clos(64, 16, 2.0), MU_TIER_SWITCH, 0.0);
    /* 16 groups of 4, one rank a leaf: all that is sent goes up. */
    assert_near(factor_of(&r, MU_RUSH_CHAIN, 4, 16, 64), 2.0, 1e-12);
    assert_near(factor_of(&r, MU_RUSH_PARTNERS, 4, 16, 64), 2.0, 1e-12);
    /* A ring over neighbours leaves each leaf once. */
    assert_true(factor_of(&r, MU_RUSH_CHAIN, 64, 1, 64) == 1.0);
    assert_true(factor_of(&r, MU_RUSH_PEERS, 16, 1, 64) == 1.0);
    /* 48 of the 63 peers of a rank are in other leaves, which get 8 ranks' worth of 16. */
    assert_near(factor_of(&r, MU_RUSH_PEERS, 64, 1, 64), 2.0 * 48.0 / 63.0, 1e-12);
    /* Stages of 16: all ranks of a leaf send to the next leaf; of 4: a quarter of them. */
    assert_near(factor_of(&r, MU_RUSH_PAIRS, 2, 16, 64), 2.0, 1e-12);
    assert_true(factor_of(&r, MU_RUSH_PAIRS, 2, 4, 64) == 1.0);
    /* Half of what is left. */
    flat(&r, clos(64, 16, 2.0), MU_TIER_SWITCH, 0.5);
    assert_near(factor_of(&r, MU_RUSH_CHAIN, 4, 16, 64), 4.0, 1e-12);
}

/* A hand-over to ranks that send as much to each other gets half of their links. */
static void handover(void **state)
{
    (void)state;
    rig r;
    flat(&r, clos(64, 16, 1.0), MU_TIER_SWITCH, 0.0);
    assert_true(factor_of(&r, MU_RUSH_HANDOVER, 1, 1, 16) == 1.0);
    assert_near(factor_of(&r, MU_RUSH_HANDOVER, 16, 1, 16), 2.0, 1e-12);
    flat(&r, clos(64, 16, 2.0), MU_TIER_SWITCH, 0.0);
    assert_near(factor_of(&r, MU_RUSH_HANDOVER, 1, 1, 16), 2.0, 1e-12);
}

/* One path for all: what a group has to itself it shares with the next group. */
static void bus(void **state)
{
    (void)state;
    rig r;
    mu_network_spec spec = {
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 8, .bandwidth = 25e9, .planes = 1};
    flat(&r, spec, MU_TIER_BUS, 0.0);
    assert_true(factor_of(&r, MU_RUSH_CHAIN, 8, 1, 8) == 1.0);
    assert_true(factor_of(&r, MU_RUSH_PEERS, 8, 1, 8) == 1.0);
    assert_near(factor_of(&r, MU_RUSH_CHAIN, 4, 1, 8), 2.0, 1e-12);
    assert_near(factor_of(&r, MU_RUSH_CHAIN, 2, 1, 8), 4.0, 1e-12);
}

/* Chips pass on for others, where that is faster than a pair's own cable alone. */
static void detours(void **state)
{
    (void)state;
    rig r;
    mu_network_spec spec = {.name = "mesh",
                            .shape = MU_SHAPE_MESH,
                            .span = 8,
                            .bandwidth = 70e9,
                            .planes = 1,
                            .dims = 1,
                            .dim = {8},
                            .dim_share = {1.0}};
    flat(&r, spec, MU_TIER_SWITCH, 0.0);
    assert_true(factor_of(&r, MU_RUSH_PEERS, 8, 1, 8) == 1.0);
    /* Seven cables of a rank: one of its own way, and two for each detour of the four pairs. */
    double pairs = factor_of(&r, MU_RUSH_PARTNERS, 2, 1, 8);
    assert_true(pairs >= 13.0 / 7.0 && pairs < 4.0);
    /* Two ranks by themselves have nobody who could. */
    assert_near(factor_of(&r, MU_RUSH_PARTNERS, 2, 1, 2), 7.0, 1e-12);
}

/* Instances alike fill the ranks in use. */
static void neighbours(void **state)
{
    (void)state;
    mu_network_spec spec = {
        .name = "pcie", .shape = MU_SHAPE_BUS, .span = 8, .bandwidth = 25e9, .planes = 1};
    mu_fabric fabric = {.tier_count = 2};
    fabric.tier[0] = (mu_tier){.name = "pcie", .kind = MU_TIER_BUS, .span = 8.0, .bandwidth = 25e9};
    fabric.tier[1] =
        (mu_tier){.name = "net", .kind = MU_TIER_SWITCH, .span = 64.0, .bandwidth = 50e9};
    const mu_network_spec networks[] = {spec, clos(64, 16, 1.0)};
    static const double wanted[] = {1.0, 2.0, 4.0, 4.0};
    for (uint32_t i = 0; i < 4; i++) {
        mu_contention_setup setup = {.fabric = &fabric,
                                     .network = networks,
                                     .network_count = 2,
                                     .busy = 2U << i,
                                     .scale_up_ranks = 8.0,
                                     .routing = MU_ROUTING_SPRAY};
        mu_contention *contention = NULL;
        mu_error err = {0};
        double factor = 0.0;
        mu_group pair = {.ranks = 2, .stride = 1};
        assert_int_equal(mu_contention_create(t.arena, &setup, &contention, &err), MU_OK);
        assert_int_equal(mu_contention_factor(contention, MU_RUSH_CHAIN, 0, pair, 2, &factor, &err),
                         MU_OK);
        assert_near(factor, wanted[i], 1e-12);
    }
}

typedef struct engine {
    mu_flows *flows;
    const mu_topology *topology;
    mu_router *router;
    mu_route route;
    double bytes;
    uint64_t sent;
} engine;

static mu_status start_flow(void *context, uint32_t from, uint32_t to, double part, mu_error *err)
{
    engine *e = context;
    mu_status status = mu_router_find(e->router, from, to, 0, &e->route, err);
    mu_flow flow = {.link = e->route.link,
                    .share = e->route.share,
                    .hops = e->route.count,
                    .bytes = e->bytes * part,
                    .weight = 1.0,
                    .tag = e->sent++};
    return status == MU_OK ? mu_flows_start(e->flows, &flow, err) : status;
}

/* Every message as a flow, to the last one's end. */
static double simulated_s(const mu_topology *topology, mu_routing routing, const mu_rush *rush,
                          double bytes)
{
    static engine e;
    mu_error err = {0};
    e = (engine){.topology = topology, .bytes = bytes};
    mu_status status =
        mu_flows_create(topology->links, topology->bandwidth, 1e-12, 64, &e.flows, &err);
    if (status == MU_OK) {
        status = mu_router_create(t.arena, topology, routing, true, NULL, &e.router, &err);
    }
    if (status == MU_OK) {
        status = mu_rush_messages(t.arena, rush, start_flow, &e, &err);
    }
    const uint64_t *tags = NULL;
    uint64_t count = 1;
    while (status == MU_OK && count > 0) {
        status = mu_flows_next(e.flows, &tags, &count, &err);
    }
    if (status != MU_OK) {
        fail_msg("%s", err.text);
    }
    double time_s = (double)mu_flows_now(e.flows) * 1e-12;
    mu_flows_free(e.flows);
    return time_s;
}

/* The busiest link is when the last flow ends; twice the bytes take twice the time. */
static void as_flows(void **state)
{
    (void)state;
    static const mu_rush rushes[] = {
        {.kind = MU_RUSH_PARTNERS, .group = {4, 16}, .instance = 64, .inner = 1, .outer = 64},
        {.kind = MU_RUSH_PEERS, .group = {64, 1}, .instance = 64, .inner = 1, .outer = 64},
        {.kind = MU_RUSH_PEERS, .group = {32, 2}, .instance = 64, .inner = 8, .outer = 64},
        {.kind = MU_RUSH_PEERS, .group = {16, 1}, .instance = 48, .inner = 8, .outer = 64},
        {.kind = MU_RUSH_PAIRS, .group = {2, 8}, .instance = 64, .inner = 1, .outer = 64},
    };
    mu_network_spec mesh = {.name = "mesh",
                            .shape = MU_SHAPE_MESH,
                            .span = 64,
                            .bandwidth = 70e9,
                            .planes = 1,
                            .dims = 2,
                            .dim = {8, 8},
                            .dim_share = {0.7, 0.3}};
    const mu_network_spec specs[] = {clos(64, 16, 2.0), clos(64, 8, 1.0), mesh};
    for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++) {
        /* Sprayed messages would take detours in a mesh. */
        mu_routing routing =
            specs[s].shape == MU_SHAPE_MESH ? MU_ROUTING_SHORTEST : MU_ROUTING_SPRAY;
        mu_topology topology;
        mu_error err = {0};
        assert_int_equal(mu_topology_build(t.arena, 64, &specs[s], 1, &topology, &err), MU_OK);
        for (size_t i = 0; i < sizeof rushes / sizeof rushes[0]; i++) {
            double each_s = 0.0;
            assert_int_equal(mu_rush_time(t.arena, &topology, routing, &rushes[i], &each_s, &err),
                             MU_OK);
            assert_near(simulated_s(&topology, routing, &rushes[i], 1e6), each_s * 1e6, 1e-6);
            assert_near(simulated_s(&topology, routing, &rushes[i], 2e9), each_s * 2e9, 1e-6);
        }
    }
}

/* A collective of all groups, whole. */
static double collective_s(const mu_network_spec *spec, mu_collective what, mu_pattern pattern,
                           mu_group group, uint32_t copies)
{
    mu_error err = {0};
    mu_topology topology;
    mu_moves moves;
    mu_flow_result result;
    uint32_t ranks = (uint32_t)group.ranks;
    uint32_t *place = MU_NEW(t.arena, uint32_t, (size_t)copies * ranks);
    for (uint32_t c = 0; c < copies; c++) {
        for (uint32_t r = 0; r < ranks; r++) {
            place[c * ranks + r] = c / (uint32_t)group.stride * ranks * (uint32_t)group.stride +
                                   c % (uint32_t)group.stride + r * (uint32_t)group.stride;
        }
    }
    mu_flow_setup setup = {.topology = &topology,
                           .routing = MU_ROUTING_SPRAY,
                           .striped = true,
                           .efficiency = {1.0, 1.0, 1.0, 1.0}};
    mu_flow_job job = {.moves = &moves, .place = place, .copies = copies};
    if (mu_topology_build(t.arena, 64, spec, 1, &topology, &err) != MU_OK ||
        mu_moves_make(t.arena, what, pattern, ranks, 1, 256e6, &moves, &err) != MU_OK ||
        mu_flow_run(t.arena, &setup, &job, &result, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return result.time_s;
}

/* Whole collectives, all their waves, are stretched as the one message of each rank is. */
static void as_collectives(void **state)
{
    (void)state;
    static const struct {
        mu_collective what;
        mu_pattern pattern;
        mu_group group;
        uint32_t copies;
        mu_rush_kind kind;
    } cases[] = {
        {MU_ALL_REDUCE, MU_PATTERN_RING, {4, 16}, 16, MU_RUSH_CHAIN},
        {MU_ALL_REDUCE, MU_PATTERN_HALVING, {4, 16}, 16, MU_RUSH_CHAIN},
        {MU_ALL_GATHER, MU_PATTERN_RING, {64, 1}, 1, MU_RUSH_CHAIN},
        {MU_ALL_TO_ALL, MU_PATTERN_DIRECT, {64, 1}, 1, MU_RUSH_PEERS},
        {MU_ALL_TO_ALL, MU_PATTERN_DIRECT, {32, 2}, 2, MU_RUSH_PEERS},
        {MU_ALL_TO_ALL, MU_PATTERN_DIRECT, {4, 16}, 16, MU_RUSH_PARTNERS},
    };
    mu_network_spec wide = {
        .name = "switch", .shape = MU_SHAPE_SWITCH, .span = 64, .bandwidth = 50e9, .planes = 1};
    mu_network_spec narrow = clos(64, 16, 2.0);
    rig r;
    flat(&r, narrow, MU_TIER_SWITCH, 0.0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_group group = cases[i].group;
        double shared_s =
            collective_s(&narrow, cases[i].what, cases[i].pattern, group, cases[i].copies);
        double alone_s = collective_s(&wide, cases[i].what, cases[i].pattern, group, 1);
        double factor = factor_of(&r, cases[i].kind, group.ranks, group.stride, 64);
        assert_near(shared_s / alone_s, factor, 1e-6);
    }
}

/* Kinds, groups and instances over and over: each pattern is worked out once. */
static void remembers(void **state)
{
    (void)state;
    rig r;
    flat(&r, clos(64, 16, 2.0), MU_TIER_SWITCH, 0.0);
    for (int i = 0; i < 10; i++) {
        (void)factor_of(&r, MU_RUSH_CHAIN, 4, 16, 64);
        (void)factor_of(&r, MU_RUSH_PEERS, 64, 1, 64);
    }
    mu_contention_stats stats = mu_contention_seen(r.contention);
    assert_int_equal(stats.asked, 20);
    assert_int_equal(stats.patterns, 2);
    assert_near(stats.largest, 2.0, 1e-12);
}

static void monotone_in_background(void **state)
{
    (void)state;
    double before = 0.0;
    for (int i = 0; i <= 9; i++) {
        rig r;
        flat(&r, clos(64, 16, 1.5), MU_TIER_SWITCH, 0.1 * i);
        double factor = factor_of(&r, MU_RUSH_PEERS, 64, 1, 64);
        assert_true(factor > before);
        before = factor;
    }
}

typedef struct asker {
    mu_contention *contention;
    double factor[64];
} asker;

static mu_status ask_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    (void)worker;
    asker *a = context;
    mu_group group = {.ranks = 8, .stride = 1 + index % 8};
    return mu_contention_factor(a->contention, MU_RUSH_PEERS, 0, group, 64, &a->factor[index], err);
}

/* Threads that want the same at once get the same bits, worked out once. */
static void any_threads(void **state)
{
    (void)state;
    asker asked[2];
    for (uint32_t threads = 1; threads <= 8; threads += 7) {
        rig r;
        flat(&r, clos(64, 16, 3.0), MU_TIER_SWITCH, 0.25);
        asker *a = &asked[threads > 1];
        a->contention = r.contention;
        mu_pool *pool = mu_pool_create(threads);
        mu_error err = {0};
        assert_int_equal(mu_pool_run(pool, 64, 1, ask_one, a, NULL, NULL, &err), MU_OK);
        mu_pool_free(pool);
        assert_int_equal(mu_contention_seen(r.contention).patterns, 8);
    }
    assert_memory_equal(asked[0].factor, asked[1].factor, sizeof asked[0].factor);
}

static mu_contention *of_system(const mu_entity *system, const mu_machine *machine, bool plain)
{
    mu_network_spec networks[MU_NETWORKS_MAX];
    mu_contention_setup setup = {.fabric = &machine->fabric,
                                 .network = networks,
                                 .scale_up_ranks = 1.0,
                                 .routing = MU_ROUTING_SPRAY,
                                 .plain = plain};
    mu_contention *contention = NULL;
    mu_error err = {0};
    mu_draw point = {0};
    uint64_t ranks = (uint64_t)fmin(1024.0, machine->chips_max * machine->ranks_per_chip);
    if (mu_wiring_from_catalog(t.catalog, system, point, machine->ranks_per_chip, ranks, networks,
                               &setup.network_count, &err) != MU_OK ||
        mu_contention_create(t.arena, &setup, &contention, &err) != MU_OK) {
        fail_msg("%s: %s", system->id, err.text);
    }
    return contention;
}

static mu_machine machine_of(const mu_entity *system)
{
    mu_machine_name name = {.system = system->id};
    mu_machine machine;
    mu_error err = {0};
    mu_draw point = {0};
    assert_int_equal(mu_machine_load(t.catalog, &name, point, &machine, &err), MU_OK);
    return machine;
}

/* Where a network is never full but at its ranks, what is known is what comes out. */
static void compare_ways(const mu_entity *system, uint64_t ranks)
{
    static const mu_group groups[] = {{2, 1}, {8, 1}, {4, 4}, {16, 1}, {8, 8}, {64, 1}};
    mu_machine machine = machine_of(system);
    mu_contention *run = of_system(system, &machine, true);
    mu_contention *known = of_system(system, &machine, false);
    for (uint32_t i = 0; i < machine.fabric.tier_count * MU_RUSH_COUNT * 6U; i++) {
        uint32_t tier = i / (MU_RUSH_COUNT * 6U);
        mu_rush_kind kind = (mu_rush_kind)(i / 6U % MU_RUSH_COUNT);
        mu_group group = groups[i % 6U];
        double a = 0.0;
        double b = 0.0;
        mu_error err = {0};
        assert_int_equal(mu_contention_factor(run, kind, tier, group, ranks, &a, &err), MU_OK);
        assert_int_equal(mu_contention_factor(known, kind, tier, group, ranks, &b, &err), MU_OK);
        assert_true(a >= 1.0);
        if (fabs(a - b) > 1e-9 * a) {
            fail_msg("%s, %s: %s of %u x %u: %g, known %g", system->id,
                     machine.fabric.tier[tier].name, mu_rush_text(kind), (unsigned)group.ranks,
                     (unsigned)group.stride, a, b);
        }
    }
}

static void known_is_run(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM); i++) {
        const mu_entity *system = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i);
        mu_machine machine = machine_of(system);
        if (machine.chips_max * machine.ranks_per_chip >= 64.0) {
            compare_ways(system, 64);
        }
    }
}

/* Any group in any instance, crooked ones, too: a finite factor, the same either way. */
static void any_group(void **state)
{
    (void)state;
    static const char *const systems[] = {"cloudmatrix-384", "atlas-950-superpod", "panjiu-al128",
                                          "hgx-h100"};
    for (size_t s = 0; s < sizeof systems / sizeof systems[0]; s++) {
        const mu_entity *system = NULL;
        mu_error err = {0};
        assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_SYSTEM, systems[s], &system, &err),
                         MU_OK);
        mu_machine machine = machine_of(system);
        mu_contention *run = of_system(system, &machine, true);
        mu_contention *known = of_system(system, &machine, false);
        for (uint64_t i = 0; i < 60; i++) {
            mu_group group = {.ranks = 1 + (uint64_t)(24.0 * mu_random_uniform(2, 1, i)),
                              .stride = 1 + (uint64_t)(10.0 * mu_random_uniform(2, 2, i))};
            uint64_t blocks = 1 + (uint64_t)(4.0 * mu_random_uniform(2, 3, i));
            mu_rush_kind kind = (mu_rush_kind)(i % MU_RUSH_COUNT);
            for (uint32_t tier = 0; tier < machine.fabric.tier_count; tier++) {
                double factor[2] = {0.0, 0.0};
                uint64_t instance = blocks * group.ranks * group.stride;
                assert_int_equal(
                    mu_contention_factor(run, kind, tier, group, instance, &factor[0], &err),
                    MU_OK);
                assert_int_equal(
                    mu_contention_factor(known, kind, tier, group, instance, &factor[1], &err),
                    MU_OK);
                assert_true(factor[0] >= 1.0 && isfinite(factor[0]));
                assert_near(factor[1], factor[0], 1e-9);
            }
        }
    }
}

/* Greatest factor of one group that has the system to itself. */
static double largest_alone(const mu_entity *system)
{
    static const mu_rush_kind kinds[] = {MU_RUSH_CHAIN, MU_RUSH_PARTNERS, MU_RUSH_PEERS};
    mu_machine machine = machine_of(system);
    mu_contention *contention = of_system(system, &machine, true);
    double most = 1.0;
    for (uint64_t ranks = 2; ranks <= 256; ranks *= 2) {
        for (uint32_t i = 0; i < 3 * machine.fabric.tier_count; i++) {
            double factor = 1.0;
            mu_error err = {0};
            mu_group group = {.ranks = ranks, .stride = 1};
            if ((double)ranks <= machine.chips_max * machine.ranks_per_chip) {
                assert_int_equal(mu_contention_factor(contention, kinds[i % 3], i / 3, group, ranks,
                                                      &factor, &err),
                                 MU_OK);
            }
            most = fmax(most, factor);
        }
    }
    return most;
}

/* Where nothing is shared the closed form is what comes of the wires, but where its tier is not
 * what they are. */
static void closed_form_holds(void **state)
{
    (void)state;
    static const struct {
        const char *system;
        const char *why;
    } others[] = {
        {"atlas-950-superpod", "a cabinet is a mesh whose chips pass on, its tier a switch"},
        {"atlas-960-superpod", "the same"},
        {"tpu-v5e-256", "a torus whose chips pass on, its tier a switch"},
        {"tpu-v6e-256", "the same"},
        {"tpu7x-9216", "the same"},
    };
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM); i++) {
        const mu_entity *system = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i);
        const char *why = NULL;
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
            why = strcmp(others[k].system, system->id) == 0 ? others[k].why : why;
        }
        double most = largest_alone(system);
        if ((most > 1.0) != (why != NULL)) {
            fail_msg("%s: a group alone takes %g times as long as in closed form: %s", system->id,
                     most, why != NULL ? why : "nobody knows why");
        }
    }
}

static mu_program program;

/* Steps on shared wires: compiled as plain, never faster than on wires of one's own. */
static void compare_steps(const mu_question *shared, const mu_question *alone,
                          const mu_parallel *cut)
{
    mu_program_build(&shared->model, cut, &shared->precision, &program);
    mu_cost_book *book = mu_cost_book_create(t.arena, MU_BOOK_SMALL);
    assert_non_null(book);
    mu_cost_book_reset(book, &shared->machine);
    mu_compiled *compiled = mu_compile(&program, &shared->machine, book, t.arena);
    assert_non_null(compiled);
    for (uint64_t i = 0; i < 50; i++) {
        mu_load load = {.prefill_sequences = 1.0,
                        .prefill_tokens = 1.0 + floor(4096.0 * mu_random_uniform(1, 1, i)),
                        .decode_sequences = floor(64.0 * mu_random_uniform(1, 2, i))};
        load.decode_context = 1000.0 * load.decode_sequences;
        mu_step plain;
        mu_step quick;
        mu_step own;
        mu_step_plain(&program, &shared->machine, &load, &plain);
        mu_compiled_step(compiled, &load, &quick);
        mu_step_plain(&program, &alone->machine, &load, &own);
        assert_near(quick.time_s, plain.time_s, 1e-9);
        assert_near(mu_compiled_time(compiled, &load), plain.time_s, 1e-9);
        assert_true(plain.time_s > own.time_s);
    }
    mu_shared_wire wires[MU_SHARED_WIRES_MAX];
    assert_true(mu_step_shared(&program, &shared->machine, wires) > 0);
    assert_true(wires[0].factor > 1.0);
    assert_int_equal(mu_step_shared(&program, &alone->machine, wires), 0);
}

static void compiled_is_plain(void **state)
{
    (void)state;
    static const mu_parallel pairs = {
        .tp = 2, .pp = 2, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 1, .microbatches = 2};
    static const mu_parallel experts = {
        .tp = 1, .pp = 1, .cp = 1, .dp = 32, .ep = 32, .moe_tp = 1, .microbatches = 1, .mtp = 1};
    mu_scenario one = SCENARIO("system", "l40s-host-8", "model", "llama-3.1-8b", "network", "flow");
    mu_scenario two = SCENARIO("system", "hgx-h800", "model", "deepseek-v3", "network", "flow",
                               "network-background", "0.3");
    mu_scenario closed_one = SCENARIO("system", "l40s-host-8", "model", "llama-3.1-8b");
    mu_scenario closed_two = SCENARIO("system", "hgx-h800", "model", "deepseek-v3");
    mu_question shared = question_of(&one);
    mu_question alone = question_of(&closed_one);
    compare_steps(&shared, &alone, &pairs);
    shared = question_of(&two);
    alone = question_of(&closed_two);
    compare_steps(&shared, &alone, &experts);
}

/* One server: nothing is shared, and the answer is that of the closed network to the bit. */
static void nothing_shared(void **state)
{
    (void)state;
    static const char *const systems[] = {"hgx-h100", "gb200-nvl72", "cloudmatrix-384"};
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        mu_prediction answers[2];
        for (int flow = 0; flow < 2; flow++) {
            mu_scenario s =
                SCENARIO("system", systems[i], "model", "qwen3-30b-a3b", "tp", "2", "dp", "4", "ep",
                         "8", "batch", "16", "network", flow == 1 ? "flow" : "closed");
            mu_question q = question_of(&s);
            mu_error err = {0};
            if (mu_predict(&q, &t.work, &answers[flow], &err) != MU_OK) {
                fail_msg("%s: %s", systems[i], err.text);
            }
        }
        const mu_service *closed = &answers[0].point;
        const mu_service *flow = &answers[1].point;
        assert_true(closed->ttft_s == flow->ttft_s && closed->tpot_s == flow->tpot_s);
        assert_true(closed->requests_per_s == flow->requests_per_s);
        assert_true(closed->prefill.step_s == flow->prefill.step_s);
        assert_true(closed->power_w == flow->power_w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(handover),
        cmocka_unit_test(bus),
        cmocka_unit_test(detours),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(as_flows),
        cmocka_unit_test(as_collectives),
        cmocka_unit_test(remembers),
        cmocka_unit_test(monotone_in_background),
        cmocka_unit_test(any_threads),
        cmocka_unit_test(known_is_run),
        cmocka_unit_test(any_group),
        cmocka_unit_test(closed_form_holds),
        cmocka_unit_test(compiled_is_plain),
        cmocka_unit_test(nothing_shared),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
