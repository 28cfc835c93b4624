/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves on wires: shortcuts equal the plain run, closed form where nothing is shared, bounds,
 * conservation, what is shared or broken, bad input.
 */
#include "fabric/faults.h"
#include "fabric/flow_run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SPECS = 5 };

static const double RATE = 50e9;

/* Networks of 16 to 64 ranks of every shape, with latency. */
static uint32_t make_spec(int which, mu_network_spec *out)
{
    static const mu_network_spec base = {
        .name = "net", .bandwidth = 50e9, .latency_s = 5e-7, .planes = 1, .rails = 1};
    *out = base;
    switch (which) {
    case 0: /* one switch, four planes */
        out->shape = MU_SHAPE_SWITCH;
        out->span = 16;
        out->planes = 4;
        break;
    case 1: /* leaf and spine, two to one */
        out->shape = MU_SHAPE_CLOS;
        out->span = 64;
        out->levels = 2;
        out->down[0] = 8;
        out->down[1] = 8;
        out->up[0] = 4;
        out->taper[0] = 2.0;
        break;
    case 2: /* three levels */
        out->shape = MU_SHAPE_CLOS;
        out->span = 64;
        out->levels = 3;
        for (int i = 0; i < 3; i++) {
            out->down[i] = 4;
            out->up[i] = i < 2 ? 4 : 0;
            out->taper[i] = 1.0;
        }
        break;
    case 3: /* a full mesh of rows and columns */
        out->shape = MU_SHAPE_MESH;
        out->span = 16;
        out->dims = 2;
        out->dim[0] = out->dim[1] = 4;
        out->dim_share[0] = out->dim_share[1] = 0.5;
        break;
    default:
        out->shape = MU_SHAPE_TORUS;
        out->span = 64;
        out->dims = 3;
        for (int i = 0; i < 3; i++) {
            out->dim[i] = 4;
            out->dim_share[i] = 1.0 / 3.0;
        }
        break;
    }
    return (uint32_t)out->span;
}

typedef struct bench_top {
    mu_arena *arena;
    mu_error err;
    mu_topology topology;
    mu_moves moves;
} bench_top;

static void open_top(bench_top *b, int which, uint32_t *ranks)
{
    mu_network_spec spec;
    memset(b, 0, sizeof *b);
    b->arena = mu_arena_create(0);
    assert_non_null(b->arena);
    *ranks = make_spec(which, &spec);
    mu_status status = mu_topology_build(b->arena, *ranks, &spec, 1, &b->topology, &b->err);
    assert_string_equal(b->err.text, "");
    assert_int_equal(status, MU_OK);
}

static void close_top(bench_top *b)
{
    mu_arena_free(b->arena);
}

static mu_flow_result run_moves(bench_top *b, mu_flow_setup setup)
{
    mu_flow_result result = {0};
    setup.topology = &b->topology;
    mu_flow_job job = {.moves = &b->moves, .copies = 1};
    mu_status status = mu_flow_run(b->arena, &setup, &job, &result, &b->err);
    assert_string_equal(b->err.text, "");
    assert_int_equal(status, MU_OK);
    return result;
}

/* --- shortcuts are exact --- */

static void check_equal(const bench_top *b, const mu_flow_result *fast, const mu_flow_result *plain,
                        double tolerance)
{
    if (fabs(fast->time_s - plain->time_s) > tolerance * plain->time_s) {
        fail_msg("%.12g s by method %d, %.12g s message by message", fast->time_s, fast->method,
                 plain->time_s);
    }
    assert_int_equal(fast->messages, plain->messages);
    assert_true(fast->flows <= plain->flows);
    assert_true(plain->time_s >= plain->bound_s * (1.0 - 1e-9));
    for (uint32_t k = 0; k < b->topology.kind_count; k++) {
        assert_true(fabs(fast->kind_carried[k] - plain->kind_carried[k]) <=
                    1e-9 * plain->kind_carried[k]);
        assert_true(fabs(fast->kind_carried_max[k] - plain->kind_carried_max[k]) <=
                    1e-9 * plain->kind_carried_max[k]);
    }
    for (uint32_t l = 0; l < b->topology.links && fast->carried != NULL; l++) {
        assert_true(fabs(fast->carried[l] - plain->carried[l]) <= 1e-9 * plain->carried[l]);
    }
}

/* One collective every way; the method that was taken for all that is exact. */
static mu_flow_method check_shortcuts(int which, mu_collective what, mu_pattern pattern,
                                      mu_routing routing)
{
    double tolerance = 1e-8;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, which, &ranks);
    assert_int_equal(mu_moves_make(b.arena, what, pattern, ranks, 4, 1e6, &b.moves, &b.err), MU_OK);
    mu_flow_setup setup = {.routing = routing, .striped = true, .collapse = MU_COLLAPSE_NEVER};
    mu_flow_result plain = run_moves(&b, setup);
    setup.collapse = MU_COLLAPSE_WAVES;
    mu_flow_result waves = run_moves(&b, setup);
    check_equal(&b, &waves, &plain, tolerance);
    setup.collapse = MU_COLLAPSE_AUTO;
    mu_flow_result fast = run_moves(&b, setup);
    check_equal(&b, &fast, &plain, tolerance);
    close_top(&b);
    return fast.method;
}

static void test_shortcuts(void **state)
{
    (void)state;
    static const mu_collective whats[] = {MU_ALL_REDUCE, MU_ALL_TO_ALL, MU_ALL_GATHER};
    uint32_t methods[MU_FLOW_SYMMETRY + 1] = {0};
    for (int which = 0; which < SPECS; which++) {
        for (int pattern = 0; pattern < MU_PATTERN_COUNT; pattern++) {
            for (int w = 0; w < 3; w++) {
                bool can = mu_pattern_can((mu_pattern)pattern, whats[w]);
                for (int routing = 0; can && routing <= MU_ROUTING_SPRAY; routing++) {
                    methods[check_shortcuts(which, whats[w], (mu_pattern)pattern,
                                            (mu_routing)routing)]++;
                }
            }
        }
    }
    for (int i = 0; i <= MU_FLOW_SYMMETRY; i++) {
        assert_true(methods[i] > 0); /* each way was taken somewhere */
    }
}

/* Broken cables, and jobs on some of the ranks: parts that are alike against message by message. */
static mu_flow_method check_broken(int which, uint32_t broken, uint32_t skipped, uint64_t seed)
{
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, which, &ranks);
    uint32_t place[64];
    uint32_t members = 0;
    for (uint32_t r = 0; r < ranks; r++) {
        if (skipped == 0 || r % skipped != 1) {
            place[members++] = r;
        }
    }
    assert_int_equal(mu_topology_break_random(b.arena, &b.topology, "", broken, seed, &b.err),
                     MU_OK);
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, members, 0, 1e6, &b.moves, &b.err),
        MU_OK);
    mu_flow_setup setup = {.topology = &b.topology,
                           .routing = MU_ROUTING_SPRAY,
                           .striped = true,
                           .collapse = MU_COLLAPSE_NEVER};
    mu_flow_job job = {.moves = &b.moves, .place = place, .copies = 1};
    mu_flow_result plain;
    mu_flow_result fast = {.method = MU_FLOW_PLAIN};
    if (mu_flow_run(b.arena, &setup, &job, &plain, &b.err) == MU_OK) {
        setup.collapse = MU_COLLAPSE_AUTO;
        assert_int_equal(mu_flow_run(b.arena, &setup, &job, &fast, &b.err), MU_OK);
        check_equal(&b, &fast, &plain, 1e-8);
    }
    close_top(&b);
    return fast.method;
}

static void test_broken(void **state)
{
    (void)state;
    uint32_t collapsed = 0;
    for (int which = 0; which < SPECS; which++) {
        for (uint32_t seed = 0; seed < 12; seed++) {
            for (uint32_t skipped = 0; skipped < 5; skipped += 4) {
                mu_flow_method method = check_broken(which, seed % 6, skipped, 7 * seed + 1);
                collapsed += method == MU_FLOW_SYMMETRY ? 1 : 0;
            }
        }
    }
    assert_true(collapsed > 60);
}

/* --- worked by hand --- */

static void test_by_hand(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 0, &ranks);
    mu_flow_setup setup = {.routing = MU_ROUTING_SHORTEST, .striped = true};
    double hops_s = 2.0 * 5e-7;
    /* one switch: every rank sends 15/16 of its buffer through its own cables */
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, ranks, 0, 16e6, &b.moves, &b.err),
        MU_OK);
    mu_flow_result r = run_moves(&b, setup);
    double delay_s = r.time_s - 15e6 / RATE;
    assert_true(delay_s > 0.0 && delay_s < hops_s + 1e-9);
    assert_true(fabs(r.bound_s - 15e6 / RATE) < 1e-12);
    /* a ring: 2 * 15 waves of a sixteenth, each late by its way */
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_REDUCE, MU_PATTERN_RING, ranks, 0, 16e6, &b.moves, &b.err),
        MU_OK);
    r = run_moves(&b, setup);
    assert_true(fabs(r.time_s - 30.0 * (1e6 / RATE + delay_s)) < 1e-10);
    /* half the wires, twice the time of what crosses them */
    setup.efficiency[0] = 0.5;
    double slow_s = run_moves(&b, setup).time_s;
    assert_true(fabs(slow_s - 30.0 * (2e6 / RATE + delay_s)) < 1e-10);
    close_top(&b);

    /* leaf and spine, two to one: 56 of 64 parts leave a leaf over half the cables */
    open_top(&b, 1, &ranks);
    setup = (mu_flow_setup){.routing = MU_ROUTING_SHORTEST};
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, ranks, 0, 64e6, &b.moves, &b.err),
        MU_OK);
    r = run_moves(&b, setup);
    double wires_s = 2.0 * 56e6 / RATE;
    assert_true(r.time_s > wires_s && r.time_s < wires_s + 4.0 * 5e-7 + 1e-9);
    close_top(&b);
}

/* Where nothing is shared the wires of the closed form are those of the flow level. */
static void test_closed_form(void **state)
{
    (void)state;
    mu_fabric fabric = {.tier_count = 1};
    mu_tier *tier = &fabric.tier[0];
    mu_tier_set_priors(tier, false);
    tier->kind = MU_TIER_SWITCH;
    tier->span = 16.0;
    tier->bandwidth = RATE;
    tier->launch_s = tier->latency_s = tier->message_s = tier->half_bytes = tier->own_share = 0.0;
    tier->rendezvous_s = tier->direct_launch_s = 0.0;
    tier->efficiency = tier->peer_efficiency = 1.0;
    static const struct {
        mu_collective what;
        mu_pattern pattern;
    } pairs[] = {{MU_ALL_REDUCE, MU_PATTERN_RING},      {MU_ALL_GATHER, MU_PATTERN_RING},
                 {MU_REDUCE_SCATTER, MU_PATTERN_RING},  {MU_ALL_TO_ALL, MU_PATTERN_DIRECT},
                 {MU_ALL_TO_ALL, MU_PATTERN_PAIRWISE},  {MU_ALL_REDUCE, MU_PATTERN_HALVING},
                 {MU_POINT_TO_POINT, MU_PATTERN_DIRECT}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bench_top b;
        uint32_t ranks = 0;
        open_top(&b, 0, &ranks);
        for (uint32_t l = 0; l < b.topology.links; l++) {
            b.topology.latency_s[l] = 0.0;
        }
        b.topology.network[0].latency_s = 0.0;
        ranks = pairs[i].what == MU_POINT_TO_POINT ? 2 : ranks;
        assert_int_equal(mu_moves_make(b.arena, pairs[i].what, pairs[i].pattern, ranks, 0, 1e8,
                                       &b.moves, &b.err),
                         MU_OK);
        mu_flow_setup setup = {.striped = true, .collapse = MU_COLLAPSE_NEVER};
        double flow_s = run_moves(&b, setup).time_s;
        mu_group group = {.ranks = ranks, .stride = 1};
        double closed_s = mu_fabric_collective(&fabric, pairs[i].what, group, 1e8).time_s;
        if (fabs(flow_s / closed_s - 1.0) > 1e-6) {
            fail_msg("%s %s: flow %g closed %g", mu_collective_text(pairs[i].what),
                     mu_pattern_text(pairs[i].pattern), flow_s, closed_s);
        }
        close_top(&b);
    }
}

/* --- what else is on the wires --- */

static void test_background(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 0, &ranks);
    assert_int_equal(
        mu_moves_make(b.arena, MU_POINT_TO_POINT, MU_PATTERN_DIRECT, 2, 0, 1e9, &b.moves, &b.err),
        MU_OK);
    mu_flow_setup setup = {.striped = true};
    double alone_s = run_moves(&b, setup).time_s;
    mu_background background[] = {{.from = 0, .to = 5, .weight = 1.0},
                                  {.from = 7, .to = 1, .weight = 2.0}};
    setup.background = background;
    setup.background_count = 1;
    double halved_s = run_moves(&b, setup).time_s;
    assert_true(fabs(halved_s / alone_s - 2.0) < 1e-3);
    setup.background_count = 2; /* into rank 1 come three shares, of which two are not ours */
    double third_s = run_moves(&b, setup).time_s;
    assert_true(fabs(third_s / alone_s - 3.0) < 1e-3);
    background[0].to = 99;
    mu_flow_result result;
    setup.topology = &b.topology;
    mu_flow_job job = {.moves = &b.moves, .copies = 1};
    assert_int_equal(mu_flow_run(b.arena, &setup, &job, &result, &b.err), MU_E_INPUT);
    assert_non_null(strstr(b.err.text, "background traffic from 0 to 99"));
    close_top(&b);
}

/* Copies of a job beside each other: apart on one switch, in each other's way over thin spines. */
static void test_copies(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 1, &ranks);
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, 8, 0, 8e6, &b.moves, &b.err),
        MU_OK);
    uint32_t apart[64];
    uint32_t across[64];
    for (uint32_t m = 0; m < 64; m++) {
        apart[m] = m;                  /* a copy a leaf */
        across[m] = m % 8 * 8 + m / 8; /* every copy over all leaves */
    }
    mu_flow_setup setup = {.topology = &b.topology, .routing = MU_ROUTING_SPRAY};
    mu_flow_job job = {.moves = &b.moves, .place = apart, .copies = 8};
    mu_flow_result within;
    mu_flow_result over;
    assert_int_equal(mu_flow_run(b.arena, &setup, &job, &within, &b.err), MU_OK);
    job.place = across;
    assert_int_equal(mu_flow_run(b.arena, &setup, &job, &over, &b.err), MU_OK);
    assert_true(fabs(within.time_s - 7e6 / RATE) < 3e-6);
    assert_true(fabs(over.time_s - 2.0 * 7e6 / RATE) < 3e-6);
    assert_int_equal(within.messages, 8 * 56);
    close_top(&b);
}

static void test_congestion(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 1, &ranks);
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, ranks, 0, 64e6, &b.moves, &b.err),
        MU_OK);
    mu_congestion congestion = {.idle_share = 0.1};
    mu_flow_setup setup = {.collapse = MU_COLLAPSE_NEVER};
    double free_s = run_moves(&b, setup).time_s;
    setup.congestion[0] = &congestion;
    double plain_s = run_moves(&b, setup).time_s;
    setup.collapse = MU_COLLAPSE_AUTO;
    double fast_s = run_moves(&b, setup).time_s;
    assert_true(plain_s > free_s * 1.05 && plain_s < free_s / 0.9 * 1.001);
    assert_true(fabs(fast_s - plain_s) < 1e-8 * plain_s);
    close_top(&b);
}

/* --- nothing is lost --- */

/* What goes into a switch comes out of it, and ranks send and get what the moves say. */
static void check_conserved(const bench_top *b, const mu_flow_result *r, double sent_bytes)
{
    const mu_topology *t = &b->topology;
    double balance[512] = {0.0};
    double out_bytes = 0.0;
    assert_true(t->vertices <= 512);
    for (uint32_t l = 0; l < t->links; l++) {
        assert_true(r->carried[l] >= 0.0);
        balance[t->from[l]] -= r->carried[l];
        balance[t->to[l]] += r->carried[l];
        out_bytes += r->carried[l];
    }
    for (uint32_t v = 0; v < t->vertices; v++) { /* all ranks send as much as they get, too */
        assert_true(fabs(balance[v]) <= 1e-9 * out_bytes);
    }
    assert_true(out_bytes >= sent_bytes * (1.0 - 1e-9)); /* every byte crosses a link or more */
}

static void test_conservation(void **state)
{
    (void)state;
    for (int which = 0; which < SPECS; which++) {
        for (int routing = 0; routing < MU_ROUTING_COUNT; routing++) {
            for (uint32_t broken = 0; broken < 2; broken++) {
                bench_top b;
                uint32_t ranks = 0;
                open_top(&b, which, &ranks);
                assert_int_equal(
                    mu_topology_break_random(b.arena, &b.topology, "", broken, 3, &b.err), MU_OK);
                assert_int_equal(mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_PAIRWISE, ranks,
                                               0, 1e6, &b.moves, &b.err),
                                 MU_OK);
                mu_flow_setup setup = {.routing = (mu_routing)routing, .striped = true, .seed = 5};
                mu_flow_result r = run_moves(&b, setup);
                check_conserved(&b, &r, 1e6 * (ranks - 1));
                assert_true(r.time_s >= r.bound_s * (1.0 - 1e-9));
                close_top(&b);
            }
        }
    }
}

/* More bandwidth is never slower; all of it twice, and no latency, takes half the time. */
static void test_bandwidth(void **state)
{
    (void)state;
    for (int which = 0; which < SPECS; which++) {
        bench_top b;
        uint32_t ranks = 0;
        open_top(&b, which, &ranks);
        b.topology.network[0].latency_s = 0.0;
        assert_int_equal(mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, ranks, 0, 1e8,
                                       &b.moves, &b.err),
                         MU_OK);
        mu_flow_setup setup = {.routing = MU_ROUTING_SPRAY, .striped = true};
        setup.collapse = MU_COLLAPSE_NEVER;
        double before_s = run_moves(&b, setup).time_s;
        for (uint32_t l = 0; l < b.topology.links; l++) {
            b.topology.bandwidth[l] *= 2.0;
        }
        assert_true(fabs(run_moves(&b, setup).time_s - before_s / 2.0) < 1e-8 * before_s);
        close_top(&b);
    }
}

/* --- bad input --- */

static void expect_failure(bench_top *b, const mu_flow_job *job, mu_status status, const char *text)
{
    mu_flow_setup setup = {.topology = &b->topology, .striped = true};
    mu_flow_result result;
    memset(&b->err, 0, sizeof b->err);
    assert_int_equal(mu_flow_run(b->arena, &setup, job, &result, &b->err), status);
    if (strstr(b->err.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", b->err.text, text);
    }
}

static void test_bad_places(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 0, &ranks);
    assert_int_equal(
        mu_moves_make(b.arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, 3, 0, 1e6, &b.moves, &b.err),
        MU_OK);
    uint32_t twice[] = {1, 2, 1};
    uint32_t beyond[] = {1, 2, 16};
    mu_flow_job job = {.moves = &b.moves, .place = twice, .copies = 1};
    expect_failure(&b, &job, MU_E_INPUT, "two ranks are placed on 1");
    job.place = beyond;
    expect_failure(&b, &job, MU_E_INPUT, "rank 2 is placed on 16, beyond the last of 15");
    job.place = NULL;
    job.copies = 6;
    expect_failure(&b, &job, MU_E_INPUT, "18 ranks do not fit on a network of 16");
    close_top(&b);
}

static void test_sizes(void **state)
{
    (void)state;
    static const double sizes[] = {0.0, 1.0, 1e18};
    double before = -1.0;
    for (int i = 0; i < 3; i++) {
        for (int pattern = 0; pattern < MU_PATTERN_COUNT; pattern++) {
            if (!mu_pattern_can((mu_pattern)pattern, MU_ALL_REDUCE)) {
                continue;
            }
            bench_top b;
            uint32_t ranks = 0;
            open_top(&b, 1, &ranks);
            assert_int_equal(mu_moves_make(b.arena, MU_ALL_REDUCE, (mu_pattern)pattern, ranks, 4,
                                           sizes[i], &b.moves, &b.err),
                             MU_OK);
            mu_flow_setup setup = {.routing = MU_ROUTING_ECMP};
            mu_flow_result r = run_moves(&b, setup);
            assert_true(isfinite(r.time_s) && r.time_s >= 0.0);
            assert_true(r.time_s >= r.bound_s * (1.0 - 1e-6));
            if (pattern == MU_PATTERN_RING) {
                assert_true(r.time_s >= before);
                before = r.time_s;
            }
            close_top(&b);
        }
    }
}

/* Moves that wait for each other end in an answer, not in a hang. */
static void test_deadlock(void **state)
{
    (void)state;
    bench_top b;
    uint32_t ranks = 0;
    open_top(&b, 0, &ranks);
    static const mu_move moves[] = {{0, 1, 1e6, 0, 1}, {1, 0, 1e6, 1, 1}};
    static const uint32_t needs[] = {1, 0};
    b.moves = (mu_moves){.kind = MU_MOVES_LIST,
                         .list = {.ranks = 2, .count = 2, .move = moves, .needs = needs}};
    mu_flow_job job = {.moves = &b.moves, .copies = 1};
    expect_failure(&b, &job, MU_E_INPUT, "wait for each other");
    close_top(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortcuts),  cmocka_unit_test(test_broken),
        cmocka_unit_test(test_by_hand),    cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_background), cmocka_unit_test(test_copies),
        cmocka_unit_test(test_congestion), cmocka_unit_test(test_conservation),
        cmocka_unit_test(test_bandwidth),  cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_deadlock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
