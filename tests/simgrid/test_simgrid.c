/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   flows end when SimGrid says so, where both solve plain max-min.
 * Method: seeded random networks and flows in several shapes; each is run by the engine and by
 *         simgrid_flows, a program of its own (MUSTER_SIMGRID_FLOWS; skipped where it could not be
 *         built), and every flow's end compared to 1e-6. Then random graphs of switches with random
 *         cables, whose routes the router finds, for whole exchanges.
 */
#include "base/random.h"
#include "fabric/flow_run.h"
#include "flow_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_case(const flow_case *c, bool latency, FILE *out)
{
    (void)fprintf(out, "%u\n", c->links);
    for (uint32_t l = 0; l < c->links; l++) {
        (void)fprintf(out, "%.17g %.17g\n", c->capacity[l], c->latency_s[l]);
    }
    (void)fprintf(out, "%u\n", c->flows);
    for (uint32_t i = 0; i < c->flows; i++) {
        const case_flow *f = &c->flow[i];
        double wait_s = 1e-12 * (double)f->wait_ps;
        for (uint32_t h = 0; latency && h < f->hops; h++) {
            wait_s -= c->latency_s[f->link[h]];
        }
        (void)fprintf(out, "%d %.17g %.17g %u", f->after, wait_s < 1e-13 ? 0.0 : wait_s, f->bytes,
                      f->hops);
        for (uint32_t h = 0; h < f->hops; h++) {
            (void)fprintf(out, " %u", f->link[h]);
        }
        (void)fprintf(out, "\n");
    }
    (void)fflush(out);
    rewind(out);
}

static void run_program(const char *program, FILE *in, FILE *out)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(fileno(in), STDIN_FILENO) >= 0 && dup2(fileno(out), STDOUT_FILENO) >= 0) {
            (void)execl(program, program, (char *)NULL);
        }
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("%s ended with status %d", program, status);
    }
    rewind(out);
}

static void simgrid_finish(const char *program, const flow_case *c, bool latency, double finish_s[])
{
    FILE *in = tmpfile();
    FILE *out = tmpfile();
    assert_true(in != NULL && out != NULL);
    write_case(c, latency, in);
    run_program(program, in, out);
    for (uint32_t i = 0; i < c->flows; i++) {
        char line[64];
        assert_non_null(fgets(line, sizeof line, out));
        finish_s[i] = strtod(line, NULL);
    }
    (void)fclose(in);
    (void)fclose(out);
}

static const char *program_or_skip(void)
{
    const char *program = getenv("MUSTER_SIMGRID_FLOWS");
    if (program == NULL || access(program, X_OK) != 0) {
        print_message(
            "SKIPPED: no SimGrid here (libsimgrid-dev); flows are not compared with it\n");
        skip();
    }
    return program;
}

/* Worst relative difference of a flow's end; `last_s` is SimGrid's last. */
static double compare(const char *program, const flow_case *c, bool latency, const char *what,
                      double *last_s)
{
    static double ours_s[CASE_FLOWS];
    static double theirs_s[CASE_FLOWS];
    engine_finish(c, ours_s);
    simgrid_finish(program, c, latency, theirs_s);
    double worst = 0.0;
    *last_s = 0.0;
    for (uint32_t i = 0; i < c->flows; i++) {
        double error = fabs(ours_s[i] - theirs_s[i]) / theirs_s[i];
        if (!(error <= 1e-6)) {
            fail_msg("%s: flow %u ends at %.12g s, SimGrid's at %.12g s", what, i, ours_s[i],
                     theirs_s[i]);
        }
        worst = fmax(worst, error);
        *last_s = fmax(*last_s, theirs_s[i]);
    }
    return worst;
}

/* Every shape with these traits, from two flows to many. */
static void compare_all(uint32_t traits)
{
    static const uint32_t flows[] = {2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
    const char *program = program_or_skip();
    double worst = 0.0;
    for (int shape = 0; shape < CASE_SHAPES; shape++) {
        for (uint64_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
            static flow_case c;
            char what[96];
            double last_s = 0.0;
            uint64_t seed = 100 * traits + i;
            case_draw(seed, (case_shape)shape, traits, flows[i], &c);
            (void)snprintf(what, sizeof what, "%s, traits %u, seed %u",
                           case_shape_text((case_shape)shape), traits, (unsigned)seed);
            worst = fmax(worst, compare(program, &c, (traits & TRAIT_LATENCY) != 0, what, &last_s));
        }
    }
    print_message("traits %u: worst difference %.3g\n", traits, worst);
}

static void all_at_once(void **state)
{
    (void)state;
    compare_all(0);
}

static void equal_bytes(void **state)
{
    (void)state;
    compare_all(TRAIT_EQUAL_BYTES);
}

static void equal_bytes_and_links(void **state)
{
    (void)state;
    compare_all(TRAIT_EQUAL_BYTES | TRAIT_EQUAL_LINKS);
}

static void staggered(void **state)
{
    (void)state;
    compare_all(TRAIT_STAGGERED);
}

static void one_after_the_other(void **state)
{
    (void)state;
    compare_all(TRAIT_CHAINED | TRAIT_STAGGERED);
}

static void latency_and_weights(void **state)
{
    (void)state;
    compare_all(TRAIT_LATENCY);
}

static void all_together(void **state)
{
    (void)state;
    compare_all(TRAIT_LATENCY | TRAIT_CHAINED | TRAIT_STAGGERED | TRAIT_EQUAL_LINKS);
}

/* --- random graphs --- */

enum { GRAPH_RANKS = 10, GRAPH_SWITCHES = 5, GRAPH_CABLES = 24 };

/* Switches in a random tree and a few cables more; every rank on one switch or two. */
static uint32_t draw_cables(uint64_t seed, mu_cable out[GRAPH_CABLES])
{
    uint32_t count = 0;
    for (uint32_t s = 1; s < GRAPH_SWITCHES; s++) {
        uint32_t other = (uint32_t)(mu_random_bits(seed, 1, s) % s);
        out[count++] = (mu_cable){.a = GRAPH_RANKS + s, .b = GRAPH_RANKS + other};
    }
    for (uint32_t r = 0; r < GRAPH_RANKS; r++) {
        uint32_t s = (uint32_t)(mu_random_bits(seed, 2, r) % GRAPH_SWITCHES);
        out[count++] = (mu_cable){.a = r, .b = GRAPH_RANKS + s};
        if (mu_random_bits(seed, 3, r) % 3 == 0) {
            out[count++] = (mu_cable){.a = r, .b = GRAPH_RANKS + (s + 1) % GRAPH_SWITCHES};
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i].bandwidth = 1e9 * exp(3.0 * mu_random_uniform(seed, 4, i));
    }
    return count;
}

/* What each rank sends to each: much, little or nothing. */
static void draw_bytes(uint64_t seed, double bytes[GRAPH_RANKS * GRAPH_RANKS])
{
    for (uint32_t i = 0; i < GRAPH_RANKS * GRAPH_RANKS; i++) {
        double some = floor(1e6 * exp(4.0 * mu_random_uniform(seed, 5, i)));
        bytes[i] = i % (GRAPH_RANKS + 1) == 0 || mu_random_bits(seed, 6, i) % 4 == 0 ? 0.0 : some;
    }
}

/* The exchange as flows over the links that the router finds; `carried` by each link. */
static void exchange_case(const mu_topology *topology, mu_router *router, const double *bytes,
                          flow_case *c, double *carried)
{
    static mu_route route;
    mu_error err = {0};
    *c = (flow_case){.links = topology->links};
    assert_true(topology->links <= CASE_LINKS);
    memcpy(c->capacity, topology->bandwidth, topology->links * sizeof *c->capacity);
    for (uint32_t i = 0; i < GRAPH_RANKS * GRAPH_RANKS; i++) {
        if (bytes[i] > 0.0) {
            case_flow *f = &c->flow[c->flows++];
            assert_int_equal(
                mu_router_find(router, i / GRAPH_RANKS, i % GRAPH_RANKS, 0, &route, &err), MU_OK);
            assert_true(route.whole && route.count <= CASE_HOPS);
            *f = (case_flow){.after = CASE_FIRST, .bytes = bytes[i], .weight = 1.0};
            for (f->hops = 0; f->hops < route.count; f->hops++) {
                f->link[f->hops] = route.link[f->hops];
                f->share[f->hops] = 1.0;
                carried[route.link[f->hops]] += bytes[i];
            }
        }
    }
}

static void compare_graph(const char *program, uint64_t seed, mu_arena *arena)
{
    static flow_case c;
    mu_cable cable[GRAPH_CABLES];
    double bytes[GRAPH_RANKS * GRAPH_RANKS];
    double carried[CASE_LINKS] = {0.0};
    mu_topology topology;
    mu_router *router = NULL;
    mu_error err = {0};
    uint32_t cables = draw_cables(seed, cable);
    draw_bytes(seed, bytes);
    if (mu_topology_of_cables(arena, GRAPH_RANKS, GRAPH_RANKS + GRAPH_SWITCHES, cable, cables,
                              &topology, &err) != MU_OK ||
        mu_router_create(arena, &topology, MU_ROUTING_SHORTEST, false, NULL, &router, &err) !=
            MU_OK) {
        fail_msg("%s", err.text);
    }
    exchange_case(&topology, router, bytes, &c, carried);
    char what[32];
    double last_s = 0.0;
    (void)snprintf(what, sizeof what, "graph %u", (unsigned)seed);
    (void)compare(program, &c, false, what, &last_s);

    mu_moves moves;
    mu_flow_setup setup = {
        .topology = &topology, .collapse = MU_COLLAPSE_NEVER, .efficiency = {1.0}};
    mu_flow_job job = {.moves = &moves, .copies = 1};
    mu_flow_result result = {0};
    if (mu_moves_of_matrix(arena, GRAPH_RANKS, bytes, &moves, &err) != MU_OK ||
        mu_flow_run(arena, &setup, &job, &result, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    if (!(fabs(result.time_s - last_s) <= 1e-6 * last_s)) {
        fail_msg("%s: all is over at %.12g s, SimGrid's at %.12g s", what, result.time_s, last_s);
    }
    assert_non_null(result.carried);
    for (uint32_t l = 0; result.carried != NULL && l < topology.links; l++) {
        assert_true(fabs(result.carried[l] - carried[l]) <= 1e-9 * carried[l]);
    }
}

static void random_graphs(void **state)
{
    (void)state;
    const char *program = program_or_skip();
    for (uint64_t seed = 0; seed < 40; seed++) {
        mu_arena *arena = mu_arena_create(0);
        assert_non_null(arena);
        compare_graph(program, seed, arena);
        mu_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),           cmocka_unit_test(equal_bytes),
        cmocka_unit_test(equal_bytes_and_links), cmocka_unit_test(staggered),
        cmocka_unit_test(one_after_the_other),   cmocka_unit_test(latency_and_weights),
        cmocka_unit_test(all_together),          cmocka_unit_test(random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
