/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of supply: ten years by month of a chain, the lines of a chip read for one draw, gross dies
 * of a wafer, and a whole question with 256 draws.
 *
 * What: the best of several rounds, on one thread.
 */
#include "bench.h"

#include "catalog/builtin.h"
#include "study/supply.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 5, RUNS = 2000, READS = 200, MONTHS = 120, DRAWS = 256 };

static double sink; /* so that nothing is optimised away */

static void run_months(const mu_supply_plan *plan)
{
    static mu_supply_month month[MONTHS];
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        for (int i = 0; i < RUNS; i++) {
            mu_supply_run(&plan->chain, plan->from, MONTHS, month, NULL);
            sink += month[MONTHS - 1].total;
        }
        best = fmin(best, (now_s() - start) / RUNS);
    }
    (void)printf("supply: ten years by month of %u lines %35.1f us\n", plan->chain.count,
                 1e6 * best);
}

static void run_reading(const mu_supply_wish *wish)
{
    mu_error err = {0};
    mu_supply_plan plan;
    mu_gross_memo memo = {0};
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        for (int i = 0; i < READS; i++) {
            if (mu_supply_from_catalog(wish, (mu_draw){NULL, 0}, &memo, &plan, &err) != MU_OK) {
                stop(err.text);
            }
            sink += plan.from;
        }
        best = fmin(best, (now_s() - start) / READS);
    }
    (void)printf("supply: lines of a chip read for one draw %33.1f us\n", 1e6 * best);
}

static void run_wafers(void)
{
    const mu_wafer wafer = {300.0, 3.0, 0.1};
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        for (int i = 0; i < 100; i++) {
            const mu_die die = {21.32 + 0.01 * i, 31.22};
            sink += mu_wafer_dies(&wafer, &die).dies;
        }
        best = fmin(best, (now_s() - start) / 100.0);
    }
    (void)printf("supply: best grid of dies of 666 mm2 %38.1f us\n", 1e6 * best);
}

static void run_question(const mu_catalog *catalog, const mu_entity *chip)
{
    static mu_supply_answer answer;
    const mu_supply_words words = {.by = "2034-01"};
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        mu_error err = {0};
        mu_supply_question q;
        mu_arena *arena = mu_arena_create(0);
        double start = now_s();
        if (mu_supply_question_make(catalog, chip, &words, 0.0, arena, &q, &err) != MU_OK) {
            stop(err.text);
        }
        q.samples = DRAWS;
        if (mu_supply_answer_question(&q, arena, &answer, &err) != MU_OK) {
            stop(err.text);
        }
        best = fmin(best, now_s() - start);
        mu_arena_free(arena);
    }
    (void)printf("supply: a chip's answer with %d draws %36.1f ms\n", DRAWS, 1e3 * best);
}

int main(void)
{
    mu_error err = {0};
    mu_catalog *catalog = NULL;
    const mu_entity *chip = NULL;
    mu_supply_plan plan;
    mu_gross_memo memo = {0};
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL ||
        mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                          &catalog, &err) != MU_OK ||
        mu_catalog_find(catalog, MU_ENTITY_CHIP, "ascend-910c", &chip, &err) != MU_OK) {
        stop(err.text);
    }
    const mu_supply_wish wish = {.catalog = catalog, .chip = chip};
    if (mu_supply_from_catalog(&wish, (mu_draw){NULL, 0}, &memo, &plan, &err) != MU_OK) {
        stop(err.text);
    }
    run_months(&plan);
    run_reading(&wish);
    run_wafers();
    run_question(catalog, chip);
    mu_arena_free(arena);
    return sink > 0.0 ? 0 : 1;
}
