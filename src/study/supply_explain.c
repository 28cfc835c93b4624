/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a supply of chips hangs on: its months as a function of a draw.
 *
 * Bound: the months run are those of the answer.
 */
#include "study/explain.h"
#include "study/supply.h"

#include <assert.h>

/* A figure of a supply. */
typedef struct figure {
    const mu_supply_question *question;
    const mu_supply_answer *answer;
    uint32_t which; /* of names[] */
} figure;

static const char *const names[] = {"chips", "chips_a_month"};

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    const figure *f = context;
    const mu_supply_answer *a = f->answer;
    uint32_t months = (uint32_t)(a->last - a->first) + 1;
    assert(a->month_count >= 1 && a->month_count <= months);
    mu_supply_plan *plan = MU_NEW(arena, mu_supply_plan, 1);
    mu_gross_memo *memo = MU_NEW(arena, mu_gross_memo, 1);
    mu_supply_month *month = MU_NEW(arena, mu_supply_month, months);
    if (plan == NULL || memo == NULL || month == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    }
    mu_status status = mu_supply_from_catalog(&f->question->wish, draw, memo, plan, err);
    if (status != MU_OK) {
        return status;
    }
    mu_supply_run(&plan->chain, a->first, months, month, NULL);
    uint32_t skip = months - a->month_count;
    double before = skip > 0 ? month[skip - 1].total : 0.0;
    *out = f->which == 0 ? month[months - 1].total - before : month[months - 1].chips;
    return MU_OK;
}

mu_status mu_supply_explain(const mu_supply_question *question, const mu_supply_answer *answer,
                            const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                            mu_error *err)
{
    figure f = {.question = question, .answer = answer};
    double point = 0.0;
    mu_status status =
        mu_explain_metric(names, sizeof names / sizeof names[0], wish->metric, 0, &f.which, err);
    if (status == MU_OK) {
        status = mu_explain_check_draws(question->samples, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_draw_plan *plan = mu_draw_plan_create(work->arena, (uint64_t)question->seed);
    mu_draw draw = {.plan = plan};
    status = plan != NULL ? ask(&f, draw, work->arena, &point, err)
                          : mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    if (status == MU_OK) {
        status = mu_explain_inputs(plan, question->samples, wish, ask, &f, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        mu_explanation_name(names[f.which], question->wish.catalog, NULL, out);
    }
    return status;
}
