/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   parts break by every name people have for them, routes go round what is broken as long as
 *         a way is left, and expected availability is what many histories show.
 * Method: small networks with parts broken by hand; reachability against a search of our own over
 *         random faults; drawn states of parts against the closed form.
 */
#include "base/random.h"
#include "fabric/faults.h"
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static mu_route route;

static void broken(mu_topology *t, const char *part)
{
    mu_error err = {0};
    if (mu_topology_break(arena, t, part, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_false(t->whole || t->uniform);
}

static uint32_t dead_links(const mu_topology *t)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < t->links; l++) {
        count += !(t->bandwidth[l] > 0.0);
    }
    return count;
}

/* 4 leaves of 4 ranks, 2 spines; 16 rank cables, 8 between. Leaves 16 .. 19, spines 20, 21. */
static mu_topology small(void)
{
    static mu_network_spec specs[2];
    specs[0] = leaf_spine(4, 4, 2);
    specs[0].optical[1] = true;
    specs[1] = one_switch(16, 1);
    return built(arena, 16, specs, 2);
}

static void breaks_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        uint32_t from; /* a link that is broken then */
        uint32_t to;
        uint32_t links; /* broken in all */
    } cases[] = {
        {"chip:5", 5, 17, 4},
        {"switch:1", 17, 20, 4 * 2 + 2 * 2},
        {"net/switch:5", 18, 21, 4 * 2},
        {"nvlink/switch:0", 22, 3, 16 * 2},
        {"link:3", 3, 16, 2},
        {"link:17-21", 21, 17, 2},
        {"net: leaf to spine:3", 17, 21, 2},
        {"leaf to spine:3", 17, 21, 2},
        {"spine to leaf:3", 17, 21, 2},
        {"chip to leaf:15", 15, 19, 2},
        {"chip to switch:15", 15, 22, 2},
        {"optics:7", 19, 21, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_topology t = small();
        broken(&t, cases[i].part);
        assert_int_equal(dead_links(&t), cases[i].links);
        bool found = false;
        for (uint32_t l = 0; l < t.links; l++) {
            found = found || (t.from[l] == cases[i].from && t.to[l] == cases[i].to &&
                              t.bandwidth[l] <= 0.0 && t.bandwidth[t.twin[l]] <= 0.0);
        }
        if (!found) {
            fail_msg("%s left %u to %u alone", cases[i].part, cases[i].from, cases[i].to);
        }
        broken(&t, cases[i].part);
        assert_int_equal(dead_links(&t), cases[i].links); /* twice is as once */
    }
}

/* Cables of a mesh's kind are counted once, though both their links are of it. */
static void counts_mesh_cables_once(void **state)
{
    (void)state;
    static const uint32_t line[] = {4};
    mu_network_spec spec = grid(MU_SHAPE_MESH, 1, line);
    mu_error err = {0};
    for (uint32_t i = 0; i < 6; i++) {
        mu_topology t = built(arena, 4, &spec, 1);
        char part[] = "mesh 0:0";
        part[7] = (char)('0' + i);
        broken(&t, part);
        assert_int_equal(dead_links(&t), 2);
    }
    mu_topology t = built(arena, 4, &spec, 1);
    for (uint32_t i = 0; i < 6; i++) {
        char part[] = "mesh 0:0";
        part[7] = (char)('0' + i);
        broken(&t, part);
    }
    assert_int_equal(dead_links(&t), t.links);
    assert_int_equal(mu_topology_break(arena, &t, "mesh 0:6", &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "0 to 5"));
}

/* Of cables side by side "link:0-2" takes one that still works. */
static void breaks_one_of_two(void **state)
{
    (void)state;
    const mu_cable cables[] = {{0, 2, 1e9, 0.0}, {2, 1, 1e9, 0.0}, {0, 2, 1e9, 0.0}};
    mu_topology t;
    assert_int_equal(mu_topology_of_cables(arena, 2, 3, cables, 3, &t, NULL), MU_OK);
    broken(&t, "link:2-0");
    assert_int_equal(dead_links(&t), 2);
    broken(&t, "link:0-2");
    assert_int_equal(dead_links(&t), 4);
}

static void refuses(const char *part, const char *words)
{
    mu_topology t = small();
    mu_error err = {0};
    assert_int_equal(mu_topology_break(arena, &t, part, &err), MU_E_INPUT);
    if (strstr(err.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
    }
    assert_true(t.whole && t.dead == NULL && dead_links(&t) == 0);
}

static void refuses_what_is_no_part(void **state)
{
    (void)state;
    refuses("", "expected a part and its number");
    refuses("chip", "expected a part and its number");
    refuses("chip:", "expected a part and its number");
    refuses("chip:x", "expected a part and its number");
    refuses("chip:-1", "expected a part and its number");
    refuses("chip:1x", "expected a part and its number");
    refuses("chip:99999999999999999999", "expected a part and its number");
    refuses("link:1-", "expected a part and its number");
    refuses("chip:16", "the numbers are 0 to 15");
    refuses("switch:7", "the numbers are 0 to 6");
    refuses("net/switch:6", "the numbers are 0 to 5");
    refuses("link:80", "the numbers are 0 to 79");
    refuses("link:0-99", "the ends are 0 to 22");
    refuses("link:0-1", "no cable joins 0 and 1");
    refuses("chip:0-1", "only a link");
    refuses("leaf to spine:8", "the numbers are 0 to 7");
    refuses("optics:8", "the numbers are 0 to 7");
    refuses("chop:1", "did you mean \"chip\"");
    refuses("net: leaf to spin:1", "did you mean \"net: leaf to spine\"");
    refuses("new/switch:1", "is no part");
    mu_network_spec copper = leaf_spine(4, 4, 2);
    mu_topology t = built(arena, 16, &copper, 1);
    mu_error err = {0};
    assert_int_equal(mu_topology_break(arena, &t, "optics:0", &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "there is none"));
}

static void breaks_at_random(void **state)
{
    (void)state;
    mu_network_spec spec = leaf_spine(4, 4, 2);
    uint32_t hits[80] = {0};
    for (uint64_t seed = 0; seed < 400; seed++) {
        mu_topology t = built(arena, 16, &spec, 1);
        assert_int_equal(mu_topology_break_random(arena, &t, "", 3, seed, NULL), MU_OK);
        assert_int_equal(dead_links(&t), 6);
        for (uint32_t l = 0; l < t.links; l++) {
            hits[l] += !(t.bandwidth[l] > 0.0);
        }
    }
    for (uint32_t l = 0; l < 48; l++) {
        assert_in_range(hits[l], 50 - 28, 50 + 28); /* 400 * 3 / 24, four standard deviations */
    }
    mu_topology t = built(arena, 16, &spec, 1);
    mu_error err = {0};
    assert_int_equal(mu_topology_break_random(arena, &t, "leaf to spine", 9, 1, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "only 8"));
    assert_true(t.whole);
    assert_int_equal(mu_topology_break_random(arena, &t, "leaf to spine", 6, 1, NULL), MU_OK);
    err = (mu_error){0};
    assert_int_equal(mu_topology_break_random(arena, &t, "leaf to spine", 3, 1, &err), MU_E_INPUT);
    assert_int_equal(mu_topology_break_random(arena, &t, "leaf to spine", 2, 1, NULL), MU_OK);
    assert_int_equal(dead_links(&t), 16);
    err = (mu_error){0};
    assert_int_equal(mu_topology_break_random(arena, &t, "lief", 1, 1, &err), MU_E_INPUT);
}

/* Whether a way leads from a to b in one network and plane by our own flooding. */
static bool reaches(const mu_topology *t, uint32_t network, uint32_t a, uint32_t b)
{
    bool *seen = MU_NEW(arena, bool, t->vertices);
    mu_shape shape = t->network[network].shape;
    bool direct = shape == MU_SHAPE_MESH || shape == MU_SHAPE_TORUS;
    bool more = true;
    seen[a] = true;
    while (more) {
        more = false;
        for (uint32_t k = 0; k < t->kind_count; k++) {
            const mu_link_kind *kind = &t->kind[k];
            for (uint32_t l = kind->first; l < kind->first + kind->count; l++) {
                uint32_t v = t->from[l];
                bool passes = v == a || v >= t->ranks || direct;
                if (kind->network == network && t->bandwidth[l] > 0.0 && seen[v] && passes &&
                    !seen[t->to[l]]) {
                    seen[t->to[l]] = true;
                    more = true;
                }
            }
        }
    }
    return seen[b];
}

static void check_route(const mu_topology *t, uint32_t a, uint32_t b)
{
    double *at = MU_NEW(arena, double, t->vertices);
    for (uint32_t i = 0; i < route.count; i++) {
        assert_true(t->bandwidth[route.link[i]] > 0.0);
        at[t->from[route.link[i]]] -= route.share[i];
        at[t->to[route.link[i]]] += route.share[i];
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        double want = v == a ? -1.0 : (v == b ? 1.0 : 0.0);
        assert_true(fabs(at[v] - want) < 1e-12);
    }
}

/* Every policy finds a way just where there is one, and none over broken links. */
static void routes_of(const mu_topology *t, mu_routing routing, bool striped)
{
    mu_router *router = routed(arena, t, routing, striped);
    for (uint32_t a = 0; a < t->ranks; a += 3) {
        for (uint32_t b = 0; b < t->ranks; b++) {
            if (a == b) {
                continue;
            }
            bool way = false;
            for (uint32_t n = mu_topology_network(t, a, b); n < t->network_count; n++) {
                way = way || reaches(t, n, a, b);
            }
            way = way && (t->dead == NULL || (!t->dead[a] && !t->dead[b]));
            mu_error err = {0};
            mu_status status = mu_router_find(router, a, b, 7, &route, &err);
            assert_int_equal(status, way ? MU_OK : MU_NO);
            if (way) {
                check_route(t, a, b);
                assert_true(mu_router_paths(router, a, b) > 0);
            } else {
                assert_non_null(strstr(err.text, "no way leads from rank"));
            }
        }
    }
}

static void routes_go_round(void **state)
{
    (void)state;
    mu_network_spec specs[SHAPES_MAX];
    uint32_t count = all_shapes(specs);
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t seed = 0; seed < 6; seed++) {
            mu_arena_mark mark = mu_arena_here(arena);
            mu_topology t = built(arena, (uint32_t)specs[i].span, &specs[i], 1);
            uint32_t cables = t.links / 2;
            assert_int_equal(mu_topology_break_random(
                                 arena, &t, "", cables * (uint32_t)(seed + 1) / 12, seed, NULL),
                             MU_OK);
            if (seed % 3 == 1) {
                broken(&t, "chip:1");
            }
            if (seed % 3 == 2 && t.vertices > t.ranks) {
                broken(&t, "switch:0");
            }
            for (int routing = 0; routing < MU_ROUTING_COUNT; routing++) {
                routes_of(&t, (mu_routing)routing, seed % 2 == 0);
            }
            mu_arena_back(arena, mark);
        }
    }
}

static void find(mu_router *router, uint32_t a, uint32_t b)
{
    mu_error err = {0};
    if (mu_router_find(router, a, b, 0, &route, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

static double share_of(const mu_topology *t, uint32_t from, uint32_t to)
{
    double share = 0.0;
    for (uint32_t i = 0; i < route.count; i++) {
        bool hit = t->from[route.link[i]] == from && t->to[route.link[i]] == to;
        share += hit ? route.share[i] : 0.0;
    }
    return share;
}

static void spray_uses_what_is_left(void **state)
{
    (void)state;
    mu_network_spec spec = leaf_spine(4, 4, 4);
    mu_topology t = built(arena, 16, &spec, 1);
    broken(&t, "link:16-20"); /* leaf 0 to spine 0 */
    broken(&t, "link:17-21"); /* leaf 1 to spine 1 */
    mu_router *router = routed(arena, &t, MU_ROUTING_SPRAY, true);
    find(router, 0, 4);
    assert_int_equal(mu_router_paths(router, 0, 4), 2);
    assert_true(share_of(&t, 16, 22) == 0.5 && share_of(&t, 23, 17) == 0.5);
    find(router, 0, 8);
    assert_int_equal(mu_router_paths(router, 0, 8), 3);
    find(router, 8, 12);
    assert_int_equal(mu_router_paths(router, 8, 12), 4);
    assert_true(share_of(&t, 18, 20) == 0.25);
}

static void stripes_over_planes_left(void **state)
{
    (void)state;
    mu_network_spec spec = one_switch(8, 4);
    mu_topology t = built(arena, 8, &spec, 1);
    broken(&t, "switch:2");
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    find(router, 0, 1);
    assert_int_equal(route.count, 6);
    assert_true(fabs(route.share[0] - 1.0 / 3.0) < 1e-15 && !route.whole);
    router = routed(arena, &t, MU_ROUTING_SHORTEST, false);
    find(router, 0, 2); /* plane 2 is broken: the next one */
    assert_int_equal(t.to[route.link[0]], 8 + 3);
    assert_true(route.whole);
}

static void falls_back_on_the_outer_network(void **state)
{
    (void)state;
    mu_network_spec specs[2] = {one_switch(8, 1), leaf_spine(2, 8, 8)};
    mu_topology t = built(arena, 16, specs, 2);
    broken(&t, "nvlink: chip to switch:3");
    mu_router *router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    find(router, 3, 4);
    assert_int_equal(t.to[route.link[0]], t.first_switch[1]);
    find(router, 4, 5);
    assert_int_equal(t.to[route.link[0]], t.first_switch[0]);
    broken(&t, "chip:3");
    router = routed(arena, &t, MU_ROUTING_SHORTEST, true);
    mu_error err = {0};
    assert_int_equal(mu_router_find(router, 4, 3, 0, &route, &err), MU_NO);
    assert_string_equal(err.text, "no way leads from rank 4 to rank 3: rank 3 is broken");
}

/* A ring of six with a cut goes the long way. */
static void rings_turn_round(void **state)
{
    (void)state;
    static const uint32_t ring[] = {6};
    mu_network_spec spec = grid(MU_SHAPE_TORUS, 1, ring);
    mu_topology t = built(arena, 6, &spec, 1);
    broken(&t, "link:2-3");
    mu_router *router = routed(arena, &t, MU_ROUTING_ADAPTIVE, true);
    find(router, 2, 3);
    assert_int_equal(route.count, 5);
    assert_true(fabs(route.latency_s - 5e-7) < 1e-18);
    broken(&t, "link:5-0");
    router = routed(arena, &t, MU_ROUTING_VALIANT, true);
    mu_error err = {0};
    assert_int_equal(mu_router_find(router, 2, 3, 0, &route, &err), MU_NO);
    assert_string_equal(err.text, "no way leads from rank 2 to rank 3: all are broken");
    find(router, 0, 2);
}

/* Nobody is left to go over. */
static void valiant_without_a_third(void **state)
{
    (void)state;
    static const uint32_t line[] = {4};
    mu_network_spec spec = grid(MU_SHAPE_MESH, 1, line);
    mu_topology t = built(arena, 4, &spec, 1);
    broken(&t, "chip:2");
    broken(&t, "chip:3");
    mu_router *router = routed(arena, &t, MU_ROUTING_VALIANT, true);
    find(router, 0, 1);
    assert_int_equal(route.count, 1);
}

/* ---- availability ---- */

static const mu_fault_rates often = {
    .chip = {0.01, 5.0}, .link = {0.02, 4.0}, .optics = {0.05, 6.0}, .switches = {0.03, 3.0}};

static double up_share(mu_part_rate rate)
{
    return 1.0 / (1.0 + rate.per_hour * rate.mend_h);
}

/* Parts that are up in one draw; true when all are. */
static bool draw_parts(const mu_topology *t, uint32_t draw, bool *up, bool *works)
{
    bool all = true;
    for (uint32_t v = 0; v < t->vertices; v++) {
        double share = up_share(v < t->ranks ? often.chip : often.switches);
        up[v] = mu_random_uniform(draw, 1, v) < share;
        all = all && up[v];
    }
    for (uint32_t k = 0; k < t->kind_count; k++) {
        double share = up_share(t->kind[k].optical ? often.optics : often.link);
        for (uint32_t l = t->kind[k].first; l < t->kind[k].first + t->kind[k].count; l++) {
            uint32_t cable = l < t->twin[l] ? l : t->twin[l];
            works[l] = mu_random_uniform(draw, 2, cable) < share;
            all = all && works[l];
        }
    }
    return all;
}

/* Bandwidth of a rank's own links that work; *joined: any of them. */
static double rank_left(const mu_topology *t, uint32_t rank, const bool *up, const bool *works,
                        bool *joined)
{
    double sum = 0.0;
    *joined = false;
    for (uint32_t e = t->out_first[rank]; e < t->out_first[rank + 1]; e++) {
        uint32_t link = t->out_link[e];
        if (up[rank] && works[link] && up[t->to[link]]) {
            *joined = true;
            sum += t->bandwidth[link];
        }
    }
    return sum;
}

/* Mean over drawn states in which every part is up with its share of time. */
static mu_availability averaged(const mu_topology *t, uint32_t draws)
{
    mu_availability sum = {0};
    bool *up = MU_NEW(arena, bool, t->vertices);
    bool *works = MU_NEW(arena, bool, t->links);
    double own = 0.0;
    for (uint32_t l = 0; l < t->links; l++) {
        own += t->from[l] < t->ranks ? t->bandwidth[l] : 0.0;
    }
    for (uint32_t i = 0; i < draws; i++) {
        sum.all_up += draw_parts(t, i, up, works) ? 1.0 / draws : 0.0;
        for (uint32_t r = 0; r < t->ranks; r++) {
            bool joined = false;
            sum.bandwidth += rank_left(t, r, up, works, &joined) / own / draws;
            sum.chips_up += joined ? 1.0 / t->ranks / draws : 0.0;
        }
    }
    return sum;
}

static void near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

static void compare(const mu_topology *t)
{
    enum { DRAWS = 20000 };
    mu_availability want = averaged(t, DRAWS);
    mu_availability got = mu_topology_availability(t, &often, t->ranks, 0.0, 0.0);
    double four = 4.0 / sqrt((double)DRAWS); /* standard deviations of a share, at most half each */
    near(got.all_up, want.all_up, four * sqrt(got.all_up) + 1e-3);
    near(got.bandwidth, want.bandwidth, four / 2.0);
    near(got.chips_up, want.chips_up, four / 2.0);
}

static void availability_is_what_is_drawn(void **state)
{
    (void)state;
    mu_network_spec tree = leaf_spine(3, 4, 2);
    tree.planes = 2;
    tree.optical[1] = true;
    mu_topology t = built(arena, 12, &tree, 1);
    compare(&t);
    static const uint32_t square[] = {3, 2};
    mu_network_spec mesh = grid(MU_SHAPE_MESH, 2, square);
    mesh.optical[1] = true;
    t = built(arena, 6, &mesh, 1);
    compare(&t);
    mu_network_spec two[] = {one_switch(4, 1), one_switch(8, 2)};
    t = built(arena, 8, two, 2);
    compare(&t);
    const mu_cable cables[] = {
        {0, 3, 1e9, 0.0}, {0, 3, 2e9, 0.0}, {1, 3, 1e9, 0.0}, {2, 3, 1e9, 0.0}, {0, 1, 5e9, 0.0}};
    assert_int_equal(mu_topology_of_cables(arena, 3, 4, cables, 5, &t, NULL), MU_OK);
    compare(&t);
}

static void jobs_by_hand(void **state)
{
    (void)state;
    mu_network_spec spec = one_switch(8, 1);
    mu_topology t = built(arena, 16, &spec, 1);
    /* four chips with a cable each under one switch */
    mu_availability a = mu_topology_availability(&t, &often, 4, 0.0, 1800.0);
    near(a.job_failures_per_hour, 4 * 0.01 + 4 * 0.02 + 0.03, 1e-15);
    near(a.job_goodput, 1.0 / (1.0 + 0.15 * 0.5), 1e-15);
    a = mu_topology_availability(&t, &often, 1000, 3600.0, 0.0);
    double rate = 16 * 0.03 + 2 * 0.03;
    near(a.job_failures_per_hour, rate, 1e-15);
    near(a.job_goodput, rate / expm1(rate), 1e-15);
    spec.planes = 2; /* no cable and no switch is needed alone */
    t = built(arena, 8, &spec, 1);
    a = mu_topology_availability(&t, &often, 8, 0.0, 0.0);
    near(a.job_failures_per_hour, 0.08, 1e-15);
    near(a.job_goodput, 1.0, 0.0);
    const mu_fault_rates never = {.chip = {0.0, 1.0}};
    a = mu_topology_availability(&t, &never, 8, 600.0, 600.0);
    near(a.all_up, 1.0, 0.0);
    near(a.chips_up, 1.0, 0.0);
    near(a.bandwidth, 1.0, 0.0);
    near(a.job_goodput, 1.0, 0.0);
}

/* Runs of drawn lengths, of which whole intervals count. */
static void goodput_is_what_is_drawn(void **state)
{
    (void)state;
    enum { RUNS = 200000 };
    mu_network_spec spec = one_switch(8, 2);
    mu_topology t = built(arena, 8, &spec, 1);
    double saved_s = 0.0;
    double all_s = 0.0;
    for (uint64_t i = 0; i < RUNS; i++) {
        double run_s = -log(mu_random_uniform(5, 0, i)) / (0.08 / 3600.0);
        saved_s += floor(run_s / 7200.0) * 7200.0;
        all_s += run_s + 900.0;
    }
    mu_availability a = mu_topology_availability(&t, &often, 8, 7200.0, 900.0);
    near(a.job_goodput, saved_s / all_s, 0.004);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(breaks_by_name),
        CASE(counts_mesh_cables_once),
        CASE(breaks_one_of_two),
        CASE(refuses_what_is_no_part),
        CASE(breaks_at_random),
        CASE(routes_go_round),
        CASE(spray_uses_what_is_left),
        CASE(stripes_over_planes_left),
        CASE(falls_back_on_the_outer_network),
        CASE(rings_turn_round),
        CASE(valiant_without_a_third),
        CASE(availability_is_what_is_drawn),
        CASE(jobs_by_hand),
        CASE(goodput_is_what_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
