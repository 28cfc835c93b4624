/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of a bill by name, in a draw, and which inputs they hang on.
 */
#include "base/text.h"
#include "study/cost_parts.h"
#include "study/explain.h"

#include <assert.h>
#include <string.h>

/* What a figure needs beside the system. */
enum need { NEED_NONE, NEED_RENT, NEED_TOKENS, NEED_BOTH };

static const struct figure {
    uint32_t column;
    enum need need;
} figures[MU_FIGURE_COUNT] = {
    [MU_FIGURE_used_chip_hour_usd] = {MU_AT_HOUR_USED, NEED_NONE},
    [MU_FIGURE_chip_hour_usd] = {MU_AT_HOUR_TOTAL, NEED_NONE},
    [MU_FIGURE_capital_usd] = {MU_AT_CAPITAL_TOTAL, NEED_NONE},
    [MU_FIGURE_capital_per_chip_usd] = {MU_AT_CAPITAL_CHIP, NEED_NONE},
    [MU_FIGURE_year_usd] = {MU_AT_YEAR_TOTAL, NEED_NONE},
    [MU_FIGURE_rent_usd] = {MU_AT_RENT, NEED_RENT},
    [MU_FIGURE_margin] = {MU_AT_MARGIN, NEED_RENT},
    [MU_FIGURE_break_even_utilisation] = {MU_AT_USE, NEED_RENT},
    [MU_FIGURE_break_even_months] = {MU_AT_MONTHS, NEED_RENT},
    [MU_FIGURE_million_output_usd] = {MU_AT_OWNED + 1, NEED_TOKENS},
    [MU_FIGURE_million_input_usd] = {MU_AT_OWNED, NEED_TOKENS},
    [MU_FIGURE_request_usd] = {MU_AT_OWNED + 2, NEED_TOKENS},
    [MU_FIGURE_rented_request_usd] = {MU_AT_RENTED + 2, NEED_BOTH},
    [MU_FIGURE_rented_million_output_usd] = {MU_AT_RENTED + 1, NEED_BOTH},
    [MU_FIGURE_rented_million_input_usd] = {MU_AT_RENTED, NEED_BOTH},
};

static const char *const names[MU_FIGURE_COUNT] = {
#define X(name, unit) #name,
    MU_COST_FIGURE_LIST(X)
#undef X
};

const char *mu_cost_figure_name(uint32_t figure)
{
    assert(figure < MU_FIGURE_COUNT);
    return names[figure];
}

const char *mu_cost_figure_unit(uint32_t figure)
{
    static const char *const units[MU_FIGURE_COUNT] = {
#define X(name, unit) unit,
        MU_COST_FIGURE_LIST(X)
#undef X
    };
    assert(figure < MU_FIGURE_COUNT);
    return units[figure];
}

/* What keeps a question from having a figure; NULL = nothing. */
static const char *lacks(const mu_cost_question *q, uint32_t figure)
{
    enum need need = figures[figure].need;
    if ((need == NEED_TOKENS || need == NEED_BOTH) && q->served == NULL) {
        return "a model to serve";
    }
    return (need == NEED_RENT || need == NEED_BOTH) && !q->has_rent ? "a rent" : NULL;
}

mu_status mu_cost_figure_find(const mu_cost_question *question, const char *name, uint32_t *out,
                              mu_error *err)
{
    for (uint32_t i = 0; i < MU_FIGURE_COUNT; i++) {
        if (strcmp(names[i], name) != 0) {
            continue;
        }
        const char *lack = lacks(question, i);
        if (lack != NULL) {
            return mu_fail(err, MU_E_INPUT, "%s: expected %s", name, lack);
        }
        *out = i;
        return MU_OK;
    }
    const char *near = mu_text_nearest(name, names, MU_FIGURE_COUNT);
    return mu_fail(err, MU_E_INPUT, "unknown figure \"%.60s\"; %s \"%s\"%s", name,
                   near != NULL ? "did you mean" : "expected one such as",
                   near != NULL ? near : names[0], near != NULL ? "?" : "");
}

mu_status mu_cost_figure(const mu_cost_question *question, const mu_deployment *deployment,
                         uint32_t figure, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    double row[MU_AT_COUNT] = {0};
    assert(figure < MU_FIGURE_COUNT);
    mu_status status = mu_cost_row(question, deployment, draw, arena, row, err);
    if (status == MU_OK) {
        *out = row[figures[figure].column];
    }
    return status;
}

/* A figure as a function of a draw. */
typedef struct asked {
    const mu_cost_question *question;
    const mu_deployment *deployment;
    uint32_t figure;
} asked;

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    const asked *a = context;
    return mu_cost_figure(a->question, a->deployment, a->figure, draw, arena, out, err);
}

/* The figure that is wanted of those that this question has. */
static mu_status choose(const mu_cost_question *q, const mu_explain_wish *wish, uint32_t *out,
                        mu_error *err)
{
    uint32_t known[MU_FIGURE_COUNT];
    const char *name[MU_FIGURE_COUNT];
    uint32_t count = 0;
    uint32_t usual = 0;
    for (uint32_t i = 0; i < MU_FIGURE_COUNT; i++) {
        bool endless = i == MU_FIGURE_break_even_utilisation || i == MU_FIGURE_break_even_months;
        if (!endless && lacks(q, i) == NULL) {
            usual = i == MU_FIGURE_million_output_usd ? count : usual;
            known[count] = i;
            name[count++] = names[i];
        }
    }
    uint32_t which = 0;
    mu_status status = mu_explain_metric(name, count, wish->metric, usual, &which, err);
    if (status == MU_OK) {
        *out = known[which];
    }
    return status;
}

mu_status mu_cost_explain(const mu_cost_question *question, const mu_cost_answer *answer,
                          const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                          mu_error *err)
{
    const mu_question *served = question->served;
    asked a = {.question = question,
               .deployment = served != NULL ? &answer->prediction.deployment : NULL};
    mu_draw_plan *plan = NULL;
    double point = 0.0;
    mu_status status = choose(question, wish, &a.figure, err);
    if (status == MU_OK) {
        status = mu_explain_check(question->scenario, err);
    }
    mu_arena_mark mark = mu_arena_here(work->arena);
    if (status == MU_OK) {
        status = mu_cost_plan(question, work->arena, &plan, err);
    }
    if (status == MU_OK) {
        mu_draw draw = {.plan = plan}; /* joins the names of prices */
        status = ask(&a, draw, work->arena, &point, err);
    }
    if (status == MU_OK) {
        status =
            mu_explain_inputs(plan, question->scenario->samples, wish, ask, &a, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        mu_explanation_name(names[a.figure], question->catalog,
                            served != NULL ? served->engine : NULL, out);
    }
    return status;
}
