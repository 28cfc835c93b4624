/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   effects, shares of variance and worth are what a toy's own sums say, whatever the number
 *         of threads. Method: y = 100 + 3 a + b + 0 c of normal inputs, whose shares are 9/10 and
 *         1/10 and whose interval narrows by 1 - sqrt(1/10); products, whose variance no input
 *         explains alone; a step, which nothing at the low and high shows.
 */
#include "study/tornado.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Normal of deviation 1, but for tails that stop at 1 % and 99 %. */
static const mu_range normal = {.best = 0.0, .low = -MU_Z95, .high = MU_Z95};

/* What is asked: coefficients of a, b and a b; c moves nothing. */
typedef struct toy {
    double a;
    double b;
    double product;
    double bad; /* added where a is above its high */
} toy;

static void near(double found, double wanted, double off)
{
    if (!(fabs(found - wanted) <= off)) {
        fail_msg("expected %g, found %g", wanted, found);
    }
}

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    (void)arena;
    (void)err;
    const toy *t = context;
    double a = mu_draw_value(draw, "toy/a", normal);
    double b = mu_draw_value(draw, "toy/b", normal);
    (void)mu_draw_value(draw, "toy/c", normal);
    *out = 100.0 + t->a * a + t->b * b + t->product * a * b + (a > MU_Z95 * 1.0001 ? t->bad : 0.0);
    return MU_OK;
}

/* `as`: what differs from the usual wish. */
static mu_status make_as(const toy *t, uint64_t draws, uint32_t threads, const mu_tornado_wish *as,
                         mu_tornado *out, mu_error *err)
{
    mu_arena *arena = mu_arena_create(0);
    mu_work work = {.arena = arena, .pool = mu_pool_create(threads)};
    mu_draw_plan *plan = mu_draw_plan_create(arena, 7);
    double point = 0.0;
    mu_draw draw = {.plan = plan};
    assert_int_equal(ask(t, draw, arena, &point, err), MU_OK);
    mu_draw_plan_freeze(plan);
    memset(out, 0, sizeof *out);
    mu_tornado_wish wish = *as;
    wish.plan = plan;
    wish.draws = draws;
    wish.ask = ask;
    wish.context = t;
    mu_status status = mu_tornado_make(&wish, &work, out, err);
    mu_pool_free(work.pool);
    mu_arena_free(arena);
    return status;
}

static mu_status make(const toy *t, uint64_t draws, uint32_t threads, mu_tornado *out,
                      mu_error *err)
{
    return make_as(t, draws, threads, &(mu_tornado_wish){0}, out, err);
}

static void sums_add_up(void **state)
{
    (void)state;
    const toy t = {.a = 3.0, .b = 1.0};
    mu_tornado found;
    mu_error err = {0};
    assert_int_equal(make(&t, 1024, 1, &found, &err), MU_OK);
    assert_int_equal(found.inputs, 3);
    assert_int_equal(found.moving, 2);
    assert_int_equal(found.rows, 2);
    assert_string_equal(found.row[0].name, "toy/a");
    assert_string_equal(found.row[1].name, "toy/b");
    near(found.answer.value, 100.0, 1e-12);
    near(found.row[0].low, 100.0 - 3.0 * MU_Z95, 1e-9);
    near(found.row[0].high, 100.0 + 3.0 * MU_Z95, 1e-9);
    near(found.row[1].high, 100.0 + MU_Z95, 1e-9);
    assert_true(found.row[0].range.low == normal.low && found.row[0].range.high == normal.high);
    near(found.row[0].share, 0.9, 0.01);
    near(found.row[1].share, 0.1, 0.01);
    near(found.others, 0.0, 1e-9);
    near(found.joint, 0.0, 1e-9);
    near(found.row[0].worth, 1.0 - sqrt(0.1), 0.02);
    near(found.row[1].worth, 1.0 - sqrt(0.9), 0.02);
}

static void nobody_alone(void **state)
{
    (void)state;
    const toy t = {.a = 1.0, .product = 1.0};
    mu_tornado found;
    mu_error err = {0};
    assert_int_equal(make(&t, 1024, 1, &found, &err), MU_OK);
    assert_int_equal(found.moving, 1); /* b does nothing where a is at its best */
    near(found.row[0].share, 0.5, 0.05);
    near(found.joint, 0.5, 0.05);
    double all = found.joint + found.others;
    for (uint32_t i = 0; i < found.rows; i++) {
        all += found.row[i].share;
    }
    near(all, 1.0, 1e-12);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    const toy t = {.a = 2.0, .b = -1.0, .product = 0.5};
    mu_tornado one;
    mu_tornado more;
    mu_error err = {0};
    assert_int_equal(make(&t, 200, 1, &one, &err), MU_OK);
    for (uint32_t threads = 2; threads <= 8; threads *= 4) {
        assert_int_equal(make(&t, 200, threads, &more, &err), MU_OK);
        assert_memory_equal(&one, &more, sizeof one);
    }
}

static void nothing_moves(void **state)
{
    (void)state;
    const toy t = {.a = 0.0};
    mu_tornado found;
    mu_error err = {0};
    assert_int_equal(make(&t, 64, 1, &found, &err), MU_OK);
    assert_int_equal(found.inputs, 3);
    assert_int_equal(found.rows, 0);
    assert_true(found.answer.low == 100.0 && found.answer.high == 100.0);
}

static void not_finite(void **state)
{
    (void)state;
    const toy t = {.a = 1.0, .bad = INFINITY};
    mu_tornado found;
    mu_error err = {0};
    assert_int_equal(make(&t, 64, 1, &found, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "finite"));
}

/* No answer above its high: such draws are left out, and the end is shown as none. */
static void lacking(void **state)
{
    (void)state;
    const toy t = {.a = 3.0, .b = 1.0, .bad = (double)NAN};
    mu_tornado found;
    mu_error err = {0};
    assert_int_equal(make_as(&t, 1024, 1, &(mu_tornado_wish){.may_lack = true}, &found, &err),
                     MU_OK);
    assert_true(found.lost > 30 && found.lost < 70); /* 5 % of 1024 */
    assert_int_equal(found.draws + found.lost, 1024);
    assert_string_equal(found.row[0].name, "toy/a");
    near(found.row[0].low, 100.0 - 3.0 * MU_Z95, 1e-9);
    near(found.row[0].worth, 1.0 - 2.0 * MU_Z95 / (found.answer.high - found.answer.low), 0.03);
    double all = found.joint + found.others + found.row[0].share + found.row[1].share;
    near(all, 1.0, 1e-12);
}

static mu_status ask_shortly(const void *context, mu_draw draw, mu_arena *arena, double *out,
                             mu_error *err)
{
    mu_status status = ask(context, draw, arena, out, err);
    *out = 7.0 + 0.01 * *out;
    return status;
}

/* The short form says whom to look at; what is found of them is the same. */
static void looked_at_shortly(void **state)
{
    (void)state;
    const toy t = {.a = 3.0, .b = 1.0};
    mu_tornado all;
    mu_tornado few;
    mu_error err = {0};
    assert_int_equal(make(&t, 256, 1, &all, &err), MU_OK);
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        mu_tornado_wish wish = {.screen = ask_shortly, .worth_draws = 64, .rows = 1};
        assert_int_equal(make_as(&t, 256, threads, &wish, &few, &err), MU_OK);
        assert_int_equal(few.short_answers, 1 + 2 * 3);
        assert_int_equal(few.answers, 1 + 256 + 2 * 2 + 2 * 2 + 64);
        assert_int_equal(few.moving, 2);
        assert_int_equal(few.rows, 1);
        assert_int_equal(few.worth_draws, 64);
        assert_true(few.row[0].share == all.row[0].share && few.row[0].low == all.row[0].low);
        near(few.row[0].worth, all.row[0].worth, 0.05);
        near(few.others, all.row[1].share, 1e-12);
    }
    assert_int_equal(all.answers, 1 + 256 + 2 * 3 + 2 * 2 + 2 * 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_add_up),       cmocka_unit_test(nobody_alone),
        cmocka_unit_test(not_finite),        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(nothing_moves),     cmocka_unit_test(lacking),
        cmocka_unit_test(looked_at_shortly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
