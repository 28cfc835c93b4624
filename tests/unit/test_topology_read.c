/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   files of networks become the networks they describe, and what cannot be one is refused
 *         with its place.
 * Method: the documented examples, their links counted by hand; a table of faulty files with the
 *         place and message each must give.
 */
#include "io/doc_read.h"
#include "io/topology_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mu_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static mu_topology example(const char *name)
{
    char path[64];
    mu_topology t = {.ranks = 0};
    mu_error err = {0};
    (void)snprintf(path, sizeof path, "docs/examples/%s.yaml", name);
    if (mu_topology_read(arena, path, &t, &err) != MU_OK) {
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.text);
    }
    return t;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

static void torus(void **state)
{
    (void)state;
    mu_topology t = example("torus");
    assert_int_equal(t.ranks, 1024);
    assert_int_equal(t.vertices, 1024);
    assert_int_equal(t.links, 1024 * 6);
    assert_int_equal(t.network[0].shape, MU_SHAPE_TORUS);
    near(t.network[0].dim_share[2], 1.0 / 3.0);
    near(t.bandwidth[0], 100e9 / 6.0);
    near(t.latency_s[0], 1e-6);
    assert_true(!t.network[0].optical[1] && t.network[0].optical[2]);
}

/* 1,024 ranks on leaves of 42 down and 21 up: 25 rounds of 8 rails, more leaves than ports. */
static void fat_tree(void **state)
{
    (void)state;
    mu_topology t = example("fat-tree");
    assert_int_equal(t.network_count, 2);
    assert_int_equal(t.network[0].span, 8);
    assert_int_equal(t.network[0].planes, 4);
    assert_true(t.network[0].in_network_reduction);
    const mu_network_spec *net = &t.network[1];
    assert_int_equal(net->rails, 8);
    assert_int_equal(net->down[0], 42);
    assert_int_equal(net->down[1], 32); /* leaves: 1,024 / (8 x 42), up, x 8 */
    assert_int_equal(net->up[0], 11);   /* 32 x 21 cables into 64 ports */
    assert_int_equal(net->levels, 2);
    near(net->taper[0], 2.0);
    /* server's two kinds, ranks and leaves two, leaves and spines two */
    assert_int_equal(t.kind_count, 6);
    near(t.kind[2].cables, 1.0);
    near(t.kind[4].cables, 21.0 / 11.0);
    near(t.kind[4].count * t.kind[4].cables, 32 * 21);
    near(t.kind[4].count * t.kind[4].bandwidth, 32 * 21 * 50e9);
    near(net->bandwidth, 50e9);
}

static void dragonfly(void **state)
{
    (void)state;
    mu_topology t = example("dragonfly");
    /* 8 groups of 8 leaves and 8 spines; cables: ranks, leaf to spine, 7 of each spine shared */
    assert_int_equal(t.vertices, 1024 + 8 * 16);
    assert_int_equal(t.links, 2 * 1024 + 2 * 8 * 64 + 8 * 8 * 7);
    double between = 0.0;
    for (uint32_t i = 0; i < t.kind_count; i++) {
        if (t.kind[i].count == 8 * 8 * 7) {
            between = t.kind[i].count * t.kind[i].bandwidth;
        }
    }
    near(between, 0.5 * 1024 * 25e9); /* half of what all ranks can send */
}

static void links(void **state)
{
    (void)state;
    mu_topology t = example("links");
    assert_int_equal(t.ranks, 8);
    assert_int_equal(t.vertices, 10);
    assert_int_equal(t.links, 20);
    assert_int_equal(t.from[0], 0);
    assert_int_equal(t.to[0], 8);
    near(t.bandwidth[0], 50e9);
    near(t.latency_s[0], 5e-7);
    near(t.bandwidth[16], 150e9);
    near(t.latency_s[17], 8e-7);
    near(t.bandwidth[19], 12.5e9);
    near(t.latency_s[19], 5e-7);
}

static mu_status read_text(const char *text, mu_topology_plan *plan, mu_error *err)
{
    mu_doc doc = {0};
    mu_status status =
        mu_doc_read_text(arena, text, strlen(text), "net.yaml", MU_DOC_YAML, &doc, err);
    return status == MU_OK ? mu_topology_plan_from_doc(arena, &doc, plan, err) : status;
}

/* Spans that the parameters imply, and a domain that is not full. */
static void spans(void **state)
{
    (void)state;
    mu_topology_plan plan = {.ranks = 0};
    mu_error err = {0};
    assert_int_equal(read_text("ranks: 60\n"
                               "networks:\n"
                               "  - {name: a, shape: mesh, dims: [4, 4], shares: [0.75, 0.25],\n"
                               "     bandwidth: 1 TB/s, latency: 0 s}\n"
                               "  - {name: b, shape: clos, down: [16, 4], up: [2], taper: [1.5],\n"
                               "     bandwidth: 10 GB/s, latency: 2us}\n",
                               &plan, &err),
                     MU_OK);
    assert_int_equal(plan.network[0].span, 16);
    assert_true(plan.network[0].dim_share[0] == 0.75);
    assert_int_equal(plan.network[1].span, 64);
    assert_true(plan.network[1].taper[0] == 1.5 && plan.network[1].taper[1] == 1.0);
    mu_topology t;
    assert_int_equal(mu_topology_plan_build(arena, &plan, &t, &err), MU_OK);
    assert_int_equal(t.ranks, 60);
    assert_int_equal(read_text("{\"ranks\": 5, \"networks\": [{\"name\": \"x\", \"shape\": "
                               "\"switch\", \"bandwidth\": \"1 GB/s\", \"latency\": \"1 us\"}]}",
                               &plan, &err),
                     MU_OK);
    assert_int_equal(plan.network[0].span, 5);
}

#define NET(rest) "ranks: 8\nnetworks:\n  - {name: n, " rest "}\n"
#define RATES "bandwidth: 1 GB/s, latency: 1 us"
#define LINKS(list) "ranks: 2\nswitches: 1\nbandwidth: 1 GB/s\nlatency: 1 us\nlinks:\n" list
#define GOOD_LINKS "  - {a: 0, b: s0}\n  - {a: s0, b: 1}\n"

static const struct {
    const char *text;
    uint32_t line;
    const char *says;
} faulty[] = {
    {"[1, 2]\n", 1, "expected a map"},
    {"ranks: 4\n", 1, "either networks: or links:"},
    {"networks: []\n", 1, "expected ranks:"},
    {"ranks: 4\nnetworks: []\nlinks: []\n", 1, "either"},
    {"ranks: 4\nnetwork: []\n", 2, "did you mean \"networks\"?"},
    {"ranks: 0\nlinks: []\n", 1, "ranks"},
    {"ranks: 4\nnetworks: []\n", 2, "list of 1 to 4"},
    {"ranks: 4\nnetworks: []\nswitches: 1\n", 3, "unknown key \"switches\""},
    {"ranks: 4\nnetworks: [7]\n", 2, "expected a network"},
    {NET("shape: bus"), 3, "needs a bandwidth:"},
    {NET("shape: bus, bandwidth: 1 GB/s"), 3, "needs a latency:"},
    {NET("shape: bus, bandwidth: 1 GB, latency: 1 us"), 3, "bandwidth"},
    {NET("shape: bus, bandwidth: 1, latency: 1 us"), 3, "bandwidth"},
    {NET("shape: bus, bandwidth: 0 GB/s, latency: 1 us"), 3, "more than zero"},
    {NET("shape: bus, bandwidth: 1 GB/s, latency: -1 us"), 3, "latency: expected 0 to 1 s"},
    {NET("shape: bus, bandwith: 1 GB/s"), 3, "did you mean \"bandwidth\"?"},
    {NET("shape: hub, " RATES), 3, "did you mean \"bus\"?"},
    {NET("shape: tours, " RATES), 3, "did you mean \"torus\"?"},
    {NET("shape: mesh, dims: [2.5], " RATES), 3, "dims.0"},
    {NET("shape: mesh, dims: [2, 2], " RATES), 2, "joins 4 ranks of the 8"},
    {NET("shape: mesh, dims: [2, 2, 2, 1, 1, 1, 1], " RATES), 3, "1 to 6 values"},
    {NET("shape: mesh, span: 9, dims: [2, 4], " RATES), 3, "these join 8 ranks"},
    {NET("shape: torus, dims: [999999999, 999999999], " RATES), 3, "at most 2^31 - 1"},
    {NET("shape: torus, dims: [8], cables: [glass], " RATES), 3, "found \"glass\""},
    {NET("shape: clos, radix: 4, taper: [0.5], " RATES), 3, "expected 1 to 1000"},
    {NET("shape: clos, " RATES), 3, "needs down:"},
    {NET("shape: dragonfly, groups: 4, down: [2], up: [2, 4], " RATES), 3, "at most one to each"},
    {NET("shape: dragonfly, groups: 4, down: [2], up: [2, 1], " RATES), 3, "a multiple of"},
    {NET("shape: dragonfly, groups: 3, down: [2], up: [2, 1], " RATES), 3, "do not divide"},
    {NET("shape: bus, " RATES) "  - {name: n, shape: bus, span: 16, " RATES "}\n", 3, "span"},
    {NET("shape: bus, span: 4, " RATES) "  - {name: n, shape: bus, " RATES "}\n", 4,
     "two networks have the name"},
    {NET("shape: bus, span: 3, " RATES) "  - {name: m, shape: bus, span: 4, " RATES "}\n"
                                        "  - {name: o, shape: bus, " RATES "}\n",
     4, "several of the 3 ranks of \"n\", found 4"},
    {NET("shape: bus, span: 8, " RATES) "  - {name: m, shape: bus, " RATES "}\n", 4, "several"},
    {"ranks: 8\nnetworks:\n  - {shape: bus, " RATES "}\n", 3, "needs a name"},
    {"ranks: 8\nnetworks:\n  - {name: a-name-of-more-than-twenty-three, shape: bus, " RATES "}\n",
     3, "1 to 23 letters"},
    {LINKS("  - 3\n  - 4\n"), 6, "expected a link"},
    {LINKS("  - {a: 0, b: s0}\n"), 5, "a link for each of 2 ranks and 1 switches, found 1"},
    {LINKS("  - {a: 0}\n  - {a: 1, b: s0}\n"), 6, "needs its ends"},
    {LINKS("  - {a: 0, b: s1}\n" GOOD_LINKS), 6, "rank 0 to 1 or switch s0 to s0, found \"s1\""},
    {LINKS("  - {a: 2, b: s0}\n" GOOD_LINKS), 6, "a: expected rank 0 to 1"},
    {LINKS("  - {a: -1, b: s0}\n" GOOD_LINKS), 6, "found \"-1\""},
    {LINKS("  - {a: [0], b: s0}\n" GOOD_LINKS), 6, "a: expected rank"},
    {LINKS("  - {a: s, b: s0}\n" GOOD_LINKS), 6, "found \"s\""},
    {LINKS(GOOD_LINKS "  - {a: s0, b: s0}\n"), 8, "a loop: both ends are s0"},
    {LINKS(GOOD_LINKS "  - {a: 1, b: s0}\n"), 8, "stands twice, the first time in line 7"},
    {LINKS(GOOD_LINKS "  - {a: 0, b: 1, bandwidth: 0 GB/s}\n"), 8, "more than zero"},
    {LINKS(GOOD_LINKS "  - {a: 0, b: 1, latency: -1 ns}\n"), 8, "zero or more"},
    {LINKS(GOOD_LINKS "  - {a: 0, b: 1, latencey: 1 ns}\n"), 8, "did you mean \"latency\"?"},
    {LINKS("  - {a: 0, b: 1}\n  - {a: 0, b: s0, bandwidth: 3 W}\n"), 7, "bandwidth"},
    {"ranks: 3\nbandwidth: 1 GB/s\nlatency: 0 s\nlinks:\n"
     "  - {a: 0, b: 1}\n  - {a: 1, b: 0, latency: 2 ns}\n",
     6, "twice"},
    {"ranks: 4\nswitches: 1\nbandwidth: 1 GB/s\nlatency: 0 s\nlinks:\n"
     "  - {a: 0, b: 1}\n  - {a: 1, b: 2}\n  - {a: 2, b: s0}\n",
     5, "rank 3 has no link"},
    {"ranks: 2\nlatency: 0 s\nlinks:\n  - {a: 0, b: 1}\n", 4, "a link needs a bandwidth:"},
    {"ranks: 2\nbandwidth: 1 GB/s\nlinks:\n  - {a: 0, b: 1}\n", 4, "a link needs a latency:"},
    {"ranks: 2000000000\nlinks:\n  - {a: 0, b: 1, bandwidth: 1 GB/s, latency: 0 s}\n", 2,
     "a link for each of 2000000000 ranks"},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        mu_topology_plan plan = {.ranks = 0};
        mu_error err = {0};
        mu_status status = read_text(faulty[i].text, &plan, &err);
        if (status != MU_E_INPUT || strstr(err.text, faulty[i].says) == NULL ||
            err.line != faulty[i].line || strcmp(err.file, "net.yaml") != 0) {
            fail_msg("case %zu: %s:%u:%u: %s", i, err.file, err.line, err.column, err.text);
        }
    }
    mu_topology t;
    mu_error err = {0};
    assert_int_equal(mu_topology_read(arena, "docs/examples/none.yaml", &t, &err), MU_E_INPUT);
}

/* However little memory there is, an error says so. */
static void little_memory(void **state)
{
    (void)state;
    bool failed = false;
    bool done = false;
    for (size_t limit = 1024; !done && limit < (64U << 20); limit += limit / 4) {
        mu_arena *small = mu_arena_create(limit);
        if (small == NULL) {
            continue;
        }
        mu_topology t;
        mu_error err = {0};
        mu_status status = mu_topology_read(small, "docs/examples/links.yaml", &t, &err);
        assert_true(status == MU_OK || (status == MU_E_MEMORY && err.text[0] != '\0'));
        failed = failed || status == MU_E_MEMORY;
        done = status == MU_OK;
        mu_arena_free(small);
    }
    assert_true(failed && done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torus),         cmocka_unit_test(fat_tree), cmocka_unit_test(dragonfly),
        cmocka_unit_test(links),         cmocka_unit_test(spans),    cmocka_unit_test(refused),
        cmocka_unit_test(little_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
