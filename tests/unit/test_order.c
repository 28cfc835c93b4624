/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   an order in which nothing comes before what it waits for, or a circle that is one.
 * Method: seeded random graphs, some made free of circles; each answer is checked against its
 *         graph.
 */
#include "base/order.h"
#include "base/random.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ITEMS_MAX = 40, WAITS_MAX = 3 };

typedef struct graph {
    uint32_t count[ITEMS_MAX];
    uint32_t waits[ITEMS_MAX][WAITS_MAX];
} graph;

static uint32_t waits_of(const void *context, uint32_t item, uint32_t k)
{
    const graph *g = context;
    return k < g->count[item] ? g->waits[item][k] : MU_WAITS_END;
}

static bool waits_for(const graph *g, uint32_t item, uint32_t other)
{
    for (uint32_t k = 0; k < g->count[item]; k++) {
        if (g->waits[item][k] == other) {
            return true;
        }
    }
    return false;
}

/* Without circles, items wait for those before them in a shuffled row only. */
static graph random_graph(uint64_t seed, uint32_t items, bool circles)
{
    graph g = {0};
    uint32_t row[ITEMS_MAX] = {0};
    for (uint32_t i = 0; i < items; i++) {
        uint32_t at = (uint32_t)(mu_random_bits(seed, 1, i) % (i + 1));
        row[i] = row[at];
        row[at] = i;
    }
    for (uint32_t i = 0; i < items; i++) {
        uint32_t open = circles ? items : i;
        g.count[row[i]] = open > 0 ? (uint32_t)(mu_random_bits(seed, 2, i) % (WAITS_MAX + 1)) : 0;
        for (uint32_t k = 0; k < g.count[row[i]]; k++) {
            g.waits[row[i]][k] = row[mu_random_bits(seed, 3 + k, i) % open];
        }
    }
    return g;
}

static void expect_order(const graph *g, uint32_t items, const uint32_t *order)
{
    uint32_t place[ITEMS_MAX];
    memset(place, 0xFF, sizeof place);
    for (uint32_t i = 0; i < items; i++) {
        assert_true(order[i] < items && place[order[i]] == UINT32_MAX);
        place[order[i]] = i;
    }
    for (uint32_t i = 0; i < items; i++) {
        for (uint32_t k = 0; k < g->count[i]; k++) {
            assert_true(place[g->waits[i][k]] < place[i]);
        }
    }
}

static void expect_circle(const graph *g, const mu_circle *circle)
{
    uint32_t told = circle->length < MU_CIRCLE_TOLD_MAX ? circle->length : MU_CIRCLE_TOLD_MAX;
    assert_true(circle->length >= 1);
    for (uint32_t i = 0; i + 1 < told; i++) {
        assert_true(waits_for(g, circle->item[i], circle->item[i + 1]));
    }
    if (told == circle->length) {
        assert_true(waits_for(g, circle->item[told - 1], circle->item[0]));
    }
}

static void orders_and_circles_hold(void **state)
{
    (void)state;
    uint32_t found[2] = {0};
    for (uint64_t seed = 0; seed < 2000; seed++) {
        uint32_t items = 1 + (uint32_t)(seed % ITEMS_MAX);
        bool circles = seed / ITEMS_MAX % 2 == 0;
        graph g = random_graph(seed, items, circles);
        uint32_t order[ITEMS_MAX];
        mu_circle circle = {0};
        mu_error err = {0};
        mu_status status = mu_order_find(items, waits_of, &g, order, &circle, &err);
        if (status == MU_OK) {
            expect_order(&g, items, order);
        } else {
            assert_int_equal(status, MU_NO);
            assert_true(circles);
            expect_circle(&g, &circle);
        }
        found[status == MU_OK]++;
    }
    assert_true(found[0] > 100 && found[1] > 1000);
}

static void nothing_is_in_order(void **state)
{
    (void)state;
    graph g = {0};
    mu_circle circle = {0};
    mu_error err = {0};
    assert_int_equal(mu_order_find(0, waits_of, &g, NULL, &circle, &err), MU_OK);
    assert_int_equal(circle.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_and_circles_hold),
        cmocka_unit_test(nothing_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
