/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a supply: chips by year, the last month's parts line by line, the yields behind them.
 *
 * Bound: the months run are those of the answer.
 */
#include "study/terms_tree.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum { TERMS_MAX = 512, NAME_MAX_BYTES = 96, MONTHS_A_YEAR = 12 };

typedef struct made {
    const mu_supply_question *question;
    const mu_supply_answer *answer;
} made;

/* One draw of a supply. */
typedef struct drawn {
    mu_supply_plan plan;
    mu_gross_memo memo;
    mu_supply_month month[MU_SUPPLY_MONTHS_MAX];
    uint32_t months; /* run */
    uint32_t skip;   /* of them, before chips are counted */
    double first;
} drawn;

/* Years sum up to what was made until the end. */
static void add_years(mu_grove *g, const drawn *d)
{
    double before = d->skip > 0 ? d->month[d->skip - 1].total : 0.0;
    mu_grove_open(g, "chips", MU_DIM_NONE, MU_RULE_SUM, 1.0);
    mu_grove_words(g, false, "until the end, year by year");
    for (uint32_t m = d->skip; m < d->months;) {
        double year = floor((d->first + m) / MONTHS_A_YEAR);
        double sum = 0.0;
        char name[NAME_MAX_BYTES];
        for (; m < d->months && floor((d->first + m) / MONTHS_A_YEAR) == year; m++) {
            sum += d->month[m].chips;
        }
        (void)snprintf(name, sizeof name, "%.0f", year);
        mu_grove_leaf(g, name, MU_DIM_NONE, sum);
    }
    mu_grove_close(g, d->month[d->months - 1].total - before);
}

/* What a line brings in the last month. */
static void add_line(mu_grove *g, const drawn *d, uint32_t index)
{
    const mu_supply_source *s = &d->plan.chain.source[index];
    const mu_supply_line *line = &d->plan.line[index];
    double month = d->first + d->months - 1.0;
    double begun = month + 0.5 - s->delay;
    char name[NAME_MAX_BYTES];
    (void)snprintf(name, sizeof name, "%.40s/%.40s", line->foundry->id, line->name);
    mu_grove_open(g, name, MU_DIM_NONE, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false,
                   "monthly x share x per_unit, begun delay months before, over the month%s",
                   s->stock > 0.0 ? "; and its stock" : "");
    mu_grove_leaf(g, "monthly", MU_DIM_NONE, mu_ramp_at(&s->monthly, begun));
    mu_grove_words(g, true, "wafers, stacks or packages in mid-month");
    mu_grove_leaf(g, "share", MU_DIM_FRACTION, mu_ramp_at(&s->share, begun));
    mu_grove_words(g, true, "of them for this chip");
    mu_grove_leaf(g, "per_unit", MU_DIM_NONE, mu_ramp_at(&s->per_unit, begun));
    mu_grove_words(g, true, "parts from one");
    mu_grove_leaf(g, "delay", MU_DIM_NONE, s->delay);
    if (s->stock > 0.0) {
        mu_grove_leaf(g, "stock", MU_DIM_NONE, s->stock);
    }
    mu_grove_close(g, mu_supply_parts(s, month));
}

static void add_month(mu_grove *g, const drawn *d)
{
    const mu_supply_chain *chain = &d->plan.chain;
    const mu_supply_month *last = &d->month[d->months - 1];
    mu_grove_open(g, "chips_a_month", MU_DIM_NONE, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false,
                   "in the last month: package_yield x the least of (came + in store) / need%s%s",
                   last->binds < MU_PIECES ? "; there is too little of " : "",
                   last->binds < MU_PIECES ? mu_piece_words(last->binds) : "");
    for (int p = 0; p < MU_PIECES; p++) {
        if (chain->need[p] <= 0.0) {
            continue;
        }
        mu_grove_open(g, mu_piece_key((mu_piece)p), MU_DIM_NONE, MU_RULE_SUM, 1.0);
        mu_grove_words(g, false, "that come in it; a chip needs %.6g, %.6g are left over",
                       chain->need[p], last->left[p]);
        for (uint32_t i = 0; i < chain->count; i++) {
            if (chain->source[i].part == (mu_piece)p) {
                add_line(g, d, i);
            }
        }
        mu_grove_close(g, last->came[p]);
    }
    mu_grove_leaf(g, "package_yield", MU_DIM_FRACTION, chain->package_yield);
    mu_grove_close(g, last->chips);
}

/* A ramp's first value stands for what was before. */
static double value_at(const mu_ramp *ramp, double month)
{
    return ramp->count > 0 ? mu_ramp_at(ramp, fmax(month, ramp->month[0])) : 0.0;
}

/* Good dies of a wafer of one process, at the end. */
static void add_process(mu_grove *g, const drawn *d, const mu_die_on_process *die)
{
    double month = d->first + d->months - 1.0;
    double defects = value_at(&die->defects, month);
    char name[NAME_MAX_BYTES];
    (void)snprintf(name, sizeof name, "good_dies/%.60s", die->process->id);
    mu_grove_open(g, name, MU_DIM_NONE, MU_RULE_PRODUCT, 1.0);
    mu_grove_words(g, false, "of a wafer at the end");
    mu_grove_leaf(g, "gross_dies", MU_DIM_NONE, die->gross);
    mu_grove_words(g, true, "%.4g x %.4g mm on a wafer of %.4g mm", die->die.width_mm,
                   die->die.height_mm, die->wafer.diameter_mm);
    mu_grove_open(g, "yield", MU_DIM_FRACTION, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false, "%s of defects x critical_cm2, alpha %.3g; %u of %u cores may break",
                   mu_yield_model_text(die->law.model), die->law.alpha, die->harvest.spare,
                   die->harvest.cores);
    mu_grove_leaf(g, "defects", MU_DIM_NONE, defects);
    mu_grove_words(g, true, "per cm2");
    mu_grove_leaf(g, "critical_cm2", MU_DIM_NONE, die->critical_cm2);
    mu_grove_leaf(g, "clean", MU_DIM_FRACTION,
                  mu_yield_clean(die->law, defects * die->critical_cm2));
    mu_grove_words(g, true, "dies without any defect");
    mu_grove_close(g, value_at(&die->yield, month));
    mu_grove_close(g, value_at(&die->good, month));
}

static mu_status add_processes(mu_grove *g, const made *s, drawn *d, mu_draw draw, mu_error *err)
{
    mu_die_on_process *die = MU_NEW(g->arena, mu_die_on_process, 1);
    if (die == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    for (uint32_t i = 0; i < s->answer->die_count; i++) {
        if (!s->answer->on[i].used) {
            continue;
        }
        mu_status status = mu_die_on_process_read(&s->question->wish, s->answer->on[i].process,
                                                  draw, &d->memo, die, err);
        if (status != MU_OK) {
            return status;
        }
        add_process(g, d, die);
    }
    return MU_OK;
}

static mu_status grow(const void *context, mu_draw draw, mu_arena *arena, mu_terms *out,
                      mu_error *err)
{
    const made *s = context;
    const mu_supply_answer *a = s->answer;
    mu_grove g = mu_grove_begin(arena, TERMS_MAX);
    drawn *d = MU_NEW(arena, drawn, 1);
    if (d == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    d->first = a->first;
    d->months = (uint32_t)(a->last - a->first) + 1;
    d->skip = d->months - a->month_count;
    assert(d->months <= MU_SUPPLY_MONTHS_MAX && a->month_count >= 1);
    mu_status status = mu_supply_from_catalog(&s->question->wish, draw, &d->memo, &d->plan, err);
    if (status != MU_OK) {
        return status;
    }
    mu_supply_run(&d->plan.chain, d->first, d->months, d->month, NULL);
    add_years(&g, d);
    add_month(&g, d);
    status = add_processes(&g, s, d, draw, err);
    return status == MU_OK ? mu_grove_done(&g, out, err) : status;
}

mu_status mu_terms_supply(const mu_supply_question *question, const mu_supply_answer *answer,
                          const char *wanted, mu_work *work, mu_terms *out, mu_error *err)
{
    made s = {.question = question, .answer = answer};
    mu_draw_plan *plan = mu_draw_plan_create(work->arena, 1);
    if (plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    mu_draw_plan_take_points(plan);
    *out = (mu_terms){.catalog = question->wish.catalog};
    return mu_terms_find(grow, &s, plan, wanted, work, out, err);
}
