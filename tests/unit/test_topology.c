/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   networks have the switches, cables and bandwidth that their description says, and what
 *         cannot be built is refused with its reason.
 * Method: known systems counted by hand, then properties that hold for every shape.
 */
#include "topology_helper.h"

#include <math.h>
#include <string.h>

static mu_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static const mu_link_kind *kind_named(const mu_topology *t, const char *name)
{
    for (uint32_t i = 0; i < t->kind_count; i++) {
        if (strcmp(t->kind[i].name, name) == 0) {
            return &t->kind[i];
        }
    }
    fail_msg("no kind %s", name);
    return NULL;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

static void cloudmatrix_counts(void **state)
{
    (void)state;
    mu_network_spec spec = cloudmatrix();
    mu_topology t = built(arena, 768, &spec, 1);
    assert_int_equal(t.vertices - t.ranks, 336 + 112);
    assert_int_equal(t.links, 2 * (768 * 7 + 336 * 16));
    assert_int_equal(t.kind_count, 4);
    assert_int_equal(kind_named(&t, "ub: chip to leaf")->count, 768 * 7);
    const mu_link_kind *up = kind_named(&t, "ub: leaf to spine");
    assert_int_equal(up->count, 336 * 16);
    near(up->bandwidth, 28e9); /* 16 dies of 28 GB/s over 16 spines */
    assert_true(t.uniform && t.whole);
}

static void simgrid_cables_are_alike(void **state)
{
    (void)state;
    static const uint32_t cases[][3] = {{8, 8, 8}, {8, 8, 4}, {16, 16, 8}, {4, 4, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_network_spec spec = leaf_spine(cases[i][0], cases[i][1], cases[i][2]);
        mu_topology t = built(arena, (uint32_t)spec.span, &spec, 1);
        for (uint32_t l = 0; l < t.links; l++) {
            near(t.bandwidth[l], 50e9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cloudmatrix_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(simgrid_cables_are_alike, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
