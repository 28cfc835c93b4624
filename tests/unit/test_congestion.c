/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   an uncongested link loses nothing, an oversubscribed one what was measured, never more;
 *         the shipped parameter holds the published measurements; bad parameters are named.
 * Method: values by hand, properties over a sweep of loads, overlays of the compiled-in catalogue.
 */
#include "overlay_helper.h"

#include "fabric/congestion.h"
#include "fabric/flow_run.h"

#include <math.h>

static void by_hand(void **state)
{
    (void)state;
    const mu_congestion five = {0.05};
    assert_near(mu_congestion_share(&five, 0.0), 1.0, 0.0);
    assert_near(mu_congestion_share(&five, 1.0), 1.0, 0.0);
    assert_near(mu_congestion_share(&five, 1.5), 0.975, 1e-15);
    assert_near(mu_congestion_share(&five, 2.0), 0.95, 1e-15);
    assert_near(mu_congestion_share(&five, 19.0), 0.95, 1e-15);
    assert_near(mu_congestion_share(&five, (double)INFINITY), 0.95, 1e-15);
    assert_near(mu_congestion_share(NULL, 19.0), 1.0, 0.0);
}

/* More load never carries more, and never loses more than the idle share. */
static void falls_with_load(void **state)
{
    (void)state;
    for (int i = 0; i <= 10; i++) {
        const mu_congestion congestion = {0.09 * i};
        double before = 1.0;
        for (double load = 0.0; load < 4.0; load += 0.01) {
            double share = mu_congestion_share(&congestion, load);
            assert_true(share <= before && share >= 1.0 - congestion.idle_share);
            before = share;
        }
    }
}

static void takes_it_off_each_link(void **state)
{
    (void)state;
    const mu_congestion tenth = {0.1};
    const double bandwidth[] = {50e9, 50e9, 50e9, 0.0};
    const double demand[] = {50e9, 75e9, 400e9, 50e9};
    double capacity[] = {40e9, 40e9, 40e9, 0.0};
    mu_congestion_apply(&tenth, 4, demand, bandwidth, capacity);
    assert_near(capacity[0], 40e9, 1.0);
    assert_near(capacity[1], 38e9, 1.0);
    assert_near(capacity[2], 36e9, 1.0);
    assert_near(capacity[3], 0.0, 0.0);
    mu_congestion_apply(NULL, 4, demand, bandwidth, capacity);
    assert_near(capacity[2], 36e9, 1.0);
    mu_congestion_apply(&tenth, 0, NULL, NULL, NULL);
}

/* HPCC aims at 95 %; static routes got 38 where the flow level has 40 to 41. */
static void holds_the_measurements(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    mu_congestion got;
    mu_error err = {0};
    assert_int_equal(mu_congestion_from_catalog(catalog, (mu_draw){NULL, 0}, &got, &err), MU_OK);
    assert_near(mu_congestion_share(&got, 8.0), 0.95, 0.01);

    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    double least = 1.0;
    double most = 0.0;
    for (uint32_t i = 1; i <= 256; i++) {
        assert_int_equal(mu_congestion_from_catalog(catalog, (mu_draw){plan, i}, &got, &err),
                         MU_OK);
        least = fmin(least, mu_congestion_share(&got, 8.0));
        most = fmax(most, mu_congestion_share(&got, 8.0));
    }
    assert_true(most > 0.96 && most < 1.0);
    assert_true(least < 0.38 / 0.405 && least > 0.9);
}

enum { INCAST = 9 };

static mu_topology one_switch(void)
{
    const mu_network_spec spec = {
        .name = "roce", .shape = MU_SHAPE_SWITCH, .span = INCAST, .bandwidth = 50e9, .planes = 1};
    mu_topology topology;
    mu_error err = {0};
    if (mu_topology_build(arena, INCAST, &spec, 1, &topology, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return topology;
}

static double time_of(const mu_moves *moves, const mu_congestion *congestion)
{
    const mu_topology topology = one_switch();
    const mu_flow_setup setup = {
        .topology = &topology, .efficiency = {1.0}, .congestion = {congestion}};
    const mu_flow_job job = {.moves = moves, .copies = 1};
    mu_flow_result result;
    mu_error err = {0};
    if (mu_flow_run(arena, &setup, &job, &result, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return result.time_s;
}

/* Eight to one at 50 GB/s: 1 GB each takes 160 ms, and a twentieth of the link stays idle. */
static void incast_pays(void **state)
{
    (void)state;
    const mu_congestion five = {0.05};
    mu_move move[INCAST - 1];
    for (uint32_t i = 0; i < INCAST - 1; i++) {
        move[i] = (mu_move){.from = i + 1, .to = 0, .bytes = 1e9};
    }
    const mu_moves moves = {.kind = MU_MOVES_LIST,
                            .list = {.ranks = INCAST, .count = INCAST - 1, .move = move}};
    assert_near(time_of(&moves, NULL), 0.16, 1e-9);
    assert_near(time_of(&moves, &five), 0.16 / 0.95, 1e-9);
}

/* Everyone to everyone fills all links and overloads none. */
static void all_to_all_does_not(void **state)
{
    (void)state;
    const mu_congestion five = {0.05};
    mu_moves moves;
    mu_error err = {0};
    assert_int_equal(
        mu_moves_make(arena, MU_ALL_TO_ALL, MU_PATTERN_DIRECT, INCAST, 1, 9e9, &moves, &err),
        MU_OK);
    assert_near(time_of(&moves, NULL), 0.16, 1e-9);
    assert_near(time_of(&moves, &five), 0.16, 1e-9);
}

#define HEAD "kind: calibration\nid: congestion\nname: Own\nsource: hpcc-draft\ngrade: B\nparams:\n"

static void bad_parameters_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        const char *said;
    } bad[] = {
        {HEAD "  idle_share: {best: 1.5, low: 0, high: 2}\n", "idle_share: expected"},
        {HEAD "  idle_share: {best: 0.1, low: -0.1, high: 0.2}\n", "from 0 to 0.9"},
        {HEAD "  idel_share: {best: 0.1}\n", "did you mean idle_share"},
        {HEAD "  zzz: {best: 0.1}\n  idle_share: {best: 0.1}\n", "no use for \"zzz\""},
        {"kind: calibration\nid: congestion\nname: Own\nsource: hpcc-draft\ngrade: B\n",
         "no parameter idle_share"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_congestion got = {0.123};
        mu_error err = {0};
        assert_int_equal(
            mu_congestion_from_catalog(overlaid(bad[i].params), (mu_draw){NULL, 0}, &got, &err),
            MU_E_INPUT);
        if (strstr(err.text, bad[i].said) == NULL) {
            fail_msg("case %zu says: %s", i, err.text);
        }
        assert_near(got.idle_share, 0.123, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(falls_with_load),
        cmocka_unit_test(takes_it_off_each_link),
        cmocka_unit_test(incast_pays),
        cmocka_unit_test(all_to_all_does_not),
        cmocka_unit_test(holds_the_measurements),
        cmocka_unit_test(bad_parameters_are_named),
    };
    return cmocka_run_group_tests_name("congestion", tests, overlay_open, overlay_close);
}
