/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   levels, hops and cuts of a network are those of its wires.
 * Method: networks whose figures are known by hand; least cuts of random graphs against all cuts;
 *         what breaking a switch takes away.
 */
#include "fabric/cut.h"
#include "fabric/faults.h"
#include "fabric/survey.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mu_arena *arena;
static mu_topology topology;
static mu_survey survey;

static int open_all(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena != NULL ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static const mu_network_survey *survey_of(uint32_t ranks, mu_network_spec spec)
{
    mu_error err = {0};
    (void)snprintf(spec.name, sizeof spec.name, "net");
    if (mu_topology_build(arena, ranks, &spec, 1, &topology, &err) != MU_OK ||
        mu_survey_make(arena, &topology, &survey, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return &survey.net[0];
}

static void near(double found, double expected)
{
    assert_true(fabs(found - expected) <= 1e-9 * fabs(expected));
}

static double narrowest(const mu_network_survey *net)
{
    return net->cut[net->narrowest].bandwidth;
}

static void one_switch(void **state)
{
    (void)state;
    const mu_network_survey *net = survey_of(
        8,
        (mu_network_spec){
            .shape = MU_SHAPE_SWITCH, .span = 8, .bandwidth = 4e9, .latency_s = 1e-6, .planes = 4});
    assert_int_equal(net->switches, 4);
    assert_int_equal(net->levels, 1);
    assert_int_equal(net->hops, 2);
    near(net->latency_s, 2e-6);
    near(net->rank_bandwidth, 4e9);
    near(net->bandwidth, 32e9);
    near(narrowest(net), 16e9);
    assert_true(net->all_sources);
}

/* 4 leaves of 4 ranks, 2 spines; what goes up is a third of what comes in. */
static void oversubscribed(void **state)
{
    (void)state;
    const mu_network_survey *net = survey_of(16, (mu_network_spec){.shape = MU_SHAPE_CLOS,
                                                                   .span = 16,
                                                                   .bandwidth = 3e9,
                                                                   .latency_s = 1e-6,
                                                                   .planes = 1,
                                                                   .levels = 2,
                                                                   .down = {4, 4},
                                                                   .up = {2, 0},
                                                                   .taper = {3.0}});
    assert_int_equal(net->levels, 2);
    assert_int_equal(net->level_switches[0], 4);
    assert_int_equal(net->level_switches[1], 2);
    assert_int_equal(net->hops, 4);
    near(narrowest(net), 2.0 * 4.0 * 3e9 / 3.0); /* what two leaves have upwards */
    double kinds[MU_KINDS_MAX] = {0.0};
    for (uint32_t k = 0; k < topology.kind_count; k++) {
        kinds[k] = topology.kind[k].bandwidth;
    }
    near(mu_survey_bisection(net, kinds, topology.kind_count), narrowest(net));
    for (uint32_t k = 0; k < topology.kind_count; k++) {
        bool up = strstr(topology.kind[k].name, "chip") == NULL;
        kinds[k] *= up ? 10.0 : 1.0;
    }
    near(mu_survey_bisection(net, kinds, topology.kind_count), 24e9); /* the ranks' own links */
}

static void full_mesh(void **state)
{
    (void)state;
    const mu_network_survey *net = survey_of(8, (mu_network_spec){.shape = MU_SHAPE_MESH,
                                                                  .span = 8,
                                                                  .bandwidth = 7e9,
                                                                  .planes = 1,
                                                                  .dims = 1,
                                                                  .dim = {8},
                                                                  .dim_share = {1.0}});
    assert_int_equal(net->switches, 0);
    assert_int_equal(net->hops, 1);
    near(narrowest(net), 16e9); /* 4 x 4 cables of 1 GB/s */
}

static void torus(void **state)
{
    (void)state;
    const mu_network_survey *net = survey_of(32, (mu_network_spec){.shape = MU_SHAPE_TORUS,
                                                                   .span = 32,
                                                                   .bandwidth = 4e9,
                                                                   .planes = 1,
                                                                   .dims = 2,
                                                                   .dim = {4, 8},
                                                                   .dim_share = {0.5, 0.5}});
    assert_int_equal(net->hops, 2 + 4);
    near(narrowest(net), 2.0 * 4.0 * 1e9); /* two rings' places, four columns */
}

static void several_domains(void **state)
{
    (void)state;
    const mu_network_survey *net = survey_of(
        20, (mu_network_spec){.shape = MU_SHAPE_SWITCH, .span = 8, .bandwidth = 1e9, .planes = 1});
    assert_int_equal(net->domains, 3);
    assert_int_equal(net->domain_ranks, 8);
    near(narrowest(net), 4e9);
}

/* The domain that lost a switch is the one that is told of. */
static void broken(void **state)
{
    (void)state;
    mu_error err = {0};
    (void)survey_of(
        16, (mu_network_spec){.shape = MU_SHAPE_SWITCH, .span = 8, .bandwidth = 4e9, .planes = 4});
    assert_int_equal(mu_topology_break(arena, &topology, "switch:5", &err), MU_OK);
    assert_int_equal(mu_survey_make(arena, &topology, &survey, &err), MU_OK);
    const mu_network_survey *net = &survey.net[0];
    assert_int_equal(net->first_rank, 8);
    near(net->rank_bandwidth, 3e9);
    near(narrowest(net), 12e9);
    assert_int_equal(mu_topology_break(arena, &topology, "chip:9", &err), MU_OK);
    assert_int_equal(mu_survey_make(arena, &topology, &survey, &err), MU_OK);
    near(survey.net[0].bandwidth, 8 * 4e9 + 7 * 3e9);
    assert_int_equal(survey.net[0].apart, 0);
}

static void names(void **state)
{
    char name[MU_VERTEX_NAME_MAX];
    (void)state;
    (void)survey_of(
        8, (mu_network_spec){.shape = MU_SHAPE_SWITCH, .span = 8, .bandwidth = 4e9, .planes = 2});
    mu_survey_link_name(&survey, topology.kind[0].first + 7, name);
    assert_string_equal(name, "net: chip 3 to switch 1");
    mu_survey_link_name(&survey, topology.kind[1].first, name);
    assert_string_equal(name, "net: switch 0 to chip 0");
}

enum { VERTICES = 9, ARCS = 22, GRAPHS = 400 };

static double cut_of(const mu_arc *arcs, uint32_t count, uint32_t side)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        bool from = (side >> arcs[i].from & 1U) != 0;
        bool to = (side >> arcs[i].to & 1U) != 0;
        sum += from && !to ? arcs[i].capacity : 0.0;
    }
    return sum;
}

/* Vertex 0 is the source and always near, vertex 1 the sink and never. */
static double least_of_all(const mu_arc *arcs, uint32_t count)
{
    double least = HUGE_VAL;
    for (uint32_t side = 1; side < 1U << VERTICES; side += 2) {
        if ((side & 2U) == 0) {
            least = fmin(least, cut_of(arcs, count, side));
        }
    }
    return least;
}

static void random_cuts(void **state)
{
    (void)state;
    for (uint64_t g = 0; g < GRAPHS; g++) {
        mu_arc arcs[ARCS];
        mu_arc kept[ARCS];
        bool near_side[VERTICES];
        mu_error err = {0};
        for (uint64_t i = 0; i < ARCS; i++) {
            arcs[i].from = (uint32_t)(VERTICES * mu_random_uniform(g, i, 1));
            arcs[i].to = (uint32_t)(VERTICES * mu_random_uniform(g, i, 2));
            double capacity = mu_random_uniform(g, i, 3);
            arcs[i].capacity = capacity < 0.1 ? 0.0 : floor(capacity * 7.0) * 1e9;
        }
        memcpy(kept, arcs, sizeof kept);
        assert_int_equal(mu_cut_least(arena, VERTICES, arcs, ARCS, near_side, &err), MU_OK);
        uint32_t side = 0;
        for (uint32_t v = 0; v < VERTICES; v++) {
            side |= near_side[v] ? 1U << v : 0U;
        }
        assert_true((side & 3U) == 1U);
        near(cut_of(kept, ARCS, side), least_of_all(kept, ARCS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_switch),      cmocka_unit_test(oversubscribed),
        cmocka_unit_test(full_mesh),       cmocka_unit_test(torus),
        cmocka_unit_test(several_domains), cmocka_unit_test(broken),
        cmocka_unit_test(names),           cmocka_unit_test(random_cuts),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
