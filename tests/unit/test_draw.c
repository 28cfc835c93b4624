/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a name has one luck in a draw, whoever asks, in whatever order, and also when memory is
 * out. Method: two plans filled in different order, frozen plans, limits, the stated quantiles.
 */
#include "base/draw.h"

#include <math.h>
#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const mu_range range = {.best = 10.0, .low = 5.0, .high = 20.0};

static void point_answer(void **state)
{
    (void)state;
    mu_draw nothing = {.plan = NULL, .index = 5};
    assert_true(mu_draw_value(nothing, "a", range) == 10.0);
    mu_arena *arena = mu_arena_create(0);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    assert_true(mu_draw_value((mu_draw){plan, 0}, "a", range) == 10.0);
    assert_int_equal(mu_draw_plan_count(plan), 1);
    assert_true(mu_draw_value((mu_draw){plan, 3}, "p", mu_range_point(7.0)) == 7.0);
    assert_int_equal(mu_draw_plan_count(plan), 1);
    mu_arena_free(arena);
}

static void same_name_same_luck(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    char name[16] = "chip/x";
    double first = mu_draw_value((mu_draw){plan, 4}, name, range);
    (void)snprintf(name, sizeof name, "other");
    double other = mu_draw_value((mu_draw){plan, 4}, name, range);
    assert_true(first == mu_draw_value((mu_draw){plan, 4}, "chip/x", range));
    assert_true(first != other);
    assert_true(first != mu_draw_value((mu_draw){plan, 5}, "chip/x", range));
    assert_string_equal(mu_draw_plan_name(plan, 0), "chip/x");
    assert_string_equal(mu_draw_plan_name(plan, 1), "other");
    mu_arena_free(arena);
}

static void many_names(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 9);
    double values[1000];
    char name[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        values[i] = mu_draw_value((mu_draw){plan, 2}, name, range);
        assert_true(values[i] > 0.0 && isfinite(values[i]));
    }
    mu_draw_plan_freeze(plan);
    assert_int_equal(mu_draw_plan_count(plan), 1000);
    for (int i = 999; i >= 0; i--) {
        (void)snprintf(name, sizeof name, "n%d", i);
        assert_true(mu_draw_value((mu_draw){plan, 2}, name, range) == values[i]);
        assert_string_equal(mu_draw_plan_name(plan, (uint32_t)i), name);
    }
    mu_arena_free(arena);
}

static void frozen_plan_takes_no_names(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    mu_draw_plan_freeze(plan);
    double value = mu_draw_value((mu_draw){plan, 4}, "late", range);
    assert_true(value == mu_draw_value((mu_draw){plan, 4}, "late", range));
    assert_true(value != mu_draw_value((mu_draw){plan, 4}, "later", range));
    assert_true(mu_draw_value((mu_draw){plan, 0}, "late", range) == 10.0);
    assert_int_equal(mu_draw_plan_count(plan), 0);
    mu_arena_free(arena);
}

/* 256 Sobol draws put the median and the bounds where the range says. */
static void draws_follow_the_range(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    double draws[256];
    for (uint32_t i = 0; i < 256; i++) {
        draws[i] = mu_draw_value((mu_draw){plan, i + 1}, "x", range);
    }
    mu_quantity quantity = mu_quantity_of(10.0, draws, 256);
    assert_true(fabs(quantity.low / 5.0 - 1.0) < 0.03);
    assert_true(fabs(quantity.high / 20.0 - 1.0) < 0.03);
    assert_true(fabs(0.5 * (draws[127] + draws[128]) / 10.0 - 1.0) < 0.02);
    mu_arena_free(arena);
}

static void memory_out(void **state)
{
    (void)state;
    mu_arena *small = mu_arena_create(64);
    assert_null(mu_draw_plan_create(small, 1));
    mu_arena_free(small);
    mu_arena *arena = mu_arena_create(8192);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    assert_non_null(plan);
    char name[16];
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        double value = mu_draw_value((mu_draw){plan, 1}, name, range);
        assert_true(value == mu_draw_value((mu_draw){plan, 1}, name, range));
    }
    assert_true(mu_draw_plan_count(plan) < 2000);
    mu_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(point_answer),
        cmocka_unit_test(same_name_same_luck),
        cmocka_unit_test(many_names),
        cmocka_unit_test(frozen_plan_takes_no_names),
        cmocka_unit_test(draws_follow_the_range),
        cmocka_unit_test(memory_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
