/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many of a chip can be made: the point answer and all draws of it.
 *
 * What:  each draw reads the chip's lines anew, runs the months and leaves a row; columns become
 *        intervals.
 * Bound: draws run on one thread; 256 of ten years take some tens of milliseconds.
 */
#include "study/supply.h"

#include "study/supply_parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { YEARS_MORE = 5, MONTHS_A_YEAR = 12 };

/* Where nothing is made there is no last month: processes are looked at as they are known last. */
static const double NO_END = 12.0 * 2100.0;

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the draws");
}

void mu_supply_warn(mu_supply_answer *a, const char *text)
{
    if (a->warning_count < MU_SUPPLY_WARNINGS_MAX) {
        (void)snprintf(a->warning[a->warning_count++], MU_SUPPLY_WARNING_TEXT_MAX, "%s", text);
    }
}

/* The months to run: from the first dated fact, however late chips are counted from. */
static mu_status set_months(const mu_supply_question *q, const mu_supply_plan *plan,
                            mu_supply_answer *a, mu_error *err)
{
    double more = q->wanted > 0.0 ? YEARS_MORE * MONTHS_A_YEAR : 0.0;
    a->last = q->by > 0.0 ? q->by : plan->to + more;
    a->last = plan->chain.count == 0 && q->by <= 0.0 ? NO_END : a->last;
    a->first = plan->from > 0.0 ? plan->from : a->last;
    a->last = fmax(a->last, a->first);
    a->counted = q->from > 0.0 ? fmax(q->from, a->first) : a->first;
    a->counted = fmin(a->counted, a->last);
    if (a->last - a->first >= MU_SUPPLY_MONTHS_MAX) {
        return mu_fail(err, MU_E_INPUT, "--by: more than %d years after the first known capacity",
                       MU_SUPPLY_MONTHS_MAX / MONTHS_A_YEAR);
    }
    a->month_count = (uint32_t)(a->last - a->counted) + 1;
    return MU_OK;
}

static mu_status make_sheet(const mu_supply_question *q, mu_supply_answer *a, mu_arena *arena,
                            mu_supply_sheet *s, mu_error *err)
{
    s->months = (uint32_t)(a->last - a->first) + 1;
    s->skip = s->months - a->month_count;
    s->samples = q->samples >= 1.0 ? (uint64_t)q->samples : 0;
    size_t cells = (size_t)a->month_count * (s->samples + 1);
    s->chips = MU_NEW(arena, double, cells);
    s->total = MU_NEW(arena, double, cells);
    s->binds = MU_NEW(arena, unsigned char, cells);
    s->when = MU_NEW(arena, double, s->samples + 1);
    s->package_yield = MU_NEW(arena, double, s->samples + 1);
    s->brought = MU_NEW(arena, double, (s->samples + 1) * MU_SUPPLY_SOURCES_MAX);
    s->column = MU_NEW(arena, double, s->samples + 1);
    s->month = MU_NEW(arena, mu_supply_month, s->months);
    a->month = MU_NEW(arena, mu_supply_point, a->month_count);
    bool made = s->chips != NULL && s->total != NULL && s->binds != NULL && s->when != NULL &&
                s->package_yield != NULL && s->brought != NULL && s->column != NULL &&
                s->month != NULL && a->month != NULL;
    return made ? MU_OK : no_memory(err);
}

/* Runs the months of a draw into row `i`; totals count from `counted` on. */
static void run_row(const mu_supply_question *q, const mu_supply_answer *a,
                    const mu_supply_plan *plan, uint64_t i, mu_supply_sheet *s)
{
    mu_supply_run(&plan->chain, a->first, s->months, s->month,
                  &s->brought[i * MU_SUPPLY_SOURCES_MAX]);
    double before = s->skip > 0 ? s->month[s->skip - 1].total : 0.0;
    for (uint32_t m = 0; m < a->month_count; m++) {
        mu_supply_month *month = &s->month[s->skip + m];
        size_t cell = (size_t)m * (s->samples + 1) + i;
        month->total -= before;
        s->chips[cell] = month->chips;
        s->total[cell] = month->total;
        s->binds[cell] = (unsigned char)month->binds;
    }
    s->package_yield[i] = plan->chain.package_yield;
    s->when[i] = q->wanted > 0.0
                     ? mu_supply_when(&s->month[s->skip], a->month_count, a->counted, q->wanted)
                     : 0.0;
}

static void keep_point(const mu_supply_sheet *s, mu_supply_answer *a)
{
    for (uint32_t m = 0; m < a->month_count; m++) {
        const mu_supply_month *month = &s->month[s->skip + m];
        mu_supply_point *point = &a->month[m];
        point->month = a->counted + m;
        point->binds = month->binds;
        memcpy(point->came, month->came, sizeof point->came);
        memcpy(point->left, month->left, sizeof point->left);
    }
}

static mu_status run_draws(const mu_supply_question *q, mu_draw_plan *draws, mu_gross_memo *memo,
                           mu_supply_answer *a, mu_supply_sheet *s, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint64_t i = 0; i <= s->samples && status == MU_OK; i++) {
        mu_supply_plan plan;
        const mu_draw draw = {draws, (uint32_t)i};
        status = mu_supply_from_catalog(&q->wish, draw, &memo[i], &plan, err);
        if (status == MU_OK) {
            run_row(q, a, &plan, i, s);
        }
        if (status == MU_OK && i == 0) {
            keep_point(s, a);
        }
    }
    return status;
}

/* Row [samples + 1] of values, the point first. */
static mu_quantity of_row(mu_supply_sheet *s, const double row[])
{
    memcpy(s->column, row + 1, s->samples * sizeof row[0]);
    return mu_quantity_of(row[0], s->column, s->samples);
}

static void sum_months(mu_supply_sheet *s, mu_supply_answer *a)
{
    size_t row = s->samples + 1;
    for (uint32_t m = 0; m < a->month_count; m++) {
        mu_supply_point *point = &a->month[m];
        point->chips = of_row(s, &s->chips[m * row]);
        point->total = of_row(s, &s->total[m * row]);
        uint64_t alike = 0;
        for (uint64_t i = 1; i < row; i++) {
            alike += s->binds[m * row + i] == (unsigned char)point->binds;
        }
        point->binds_share = s->samples > 0 ? (double)alike / (double)s->samples : 1.0;
    }
    a->total = a->month[a->month_count - 1].total;
    a->rate = a->month[a->month_count - 1].chips;
    a->package_yield = of_row(s, s->package_yield);
}

static void sum_target(const mu_supply_question *q, mu_supply_sheet *s, mu_supply_answer *a)
{
    uint64_t reached = 0;
    if (q->wanted <= 0.0) {
        return;
    }
    a->reached = isfinite(s->when[0]);
    for (uint64_t i = 1; i <= s->samples; i++) {
        reached += isfinite(s->when[i]) ? 1U : 0U;
    }
    a->reached_share =
        s->samples > 0 ? (double)reached / (double)s->samples : (a->reached ? 1.0 : 0.0);
    a->when = of_row(s, s->when);
}

/* Parts by line, and each line's share of all parts like them. */
static void sum_lines(const mu_supply_plan *plan, mu_supply_sheet *s, mu_supply_answer *a)
{
    double *row = s->when; /* summed already */
    a->line_count = plan->chain.count;
    for (uint32_t l = 0; l < a->line_count; l++) {
        mu_supply_share *line = &a->line[l];
        line->foundry = plan->line[l].foundry;
        line->process = plan->line[l].process;
        line->line = plan->line[l].name;
        line->part = plan->chain.source[l].part;
        for (uint64_t i = 0; i <= s->samples; i++) {
            row[i] = s->brought[i * MU_SUPPLY_SOURCES_MAX + l];
        }
        line->parts = of_row(s, row);
        for (uint64_t i = 0; i <= s->samples; i++) {
            const double *brought = &s->brought[i * MU_SUPPLY_SOURCES_MAX];
            double all = 0.0;
            for (uint32_t k = 0; k < a->line_count; k++) {
                all += plan->chain.source[k].part == line->part ? brought[k] : 0.0;
            }
            row[i] = all > 0.0 ? brought[l] / all : 0.0;
        }
        line->share = of_row(s, row);
    }
}

static void warn_of_plan(const mu_supply_question *q, const mu_supply_plan *plan,
                         mu_supply_answer *a)
{
    char text[MU_SUPPLY_WARNING_TEXT_MAX];
    char date[MU_MONTH_TEXT_MAX];
    if (plan->dies_assumed) {
        mu_supply_warn(a, "how many compute dies the chip has is not known: one is assumed");
    }
    if (plan->chain.count > 0 && plan->unbounded[MU_PIECE_STACKS]) {
        mu_supply_warn(a, "memory stacks are no limit here: no line or no number of them is known");
    }
    if (plan->chain.count > 0 && plan->unbounded[MU_PIECE_PACKAGES]) {
        mu_supply_warn(a, "packaging is no limit here: no line of it is known");
    }
    if (plan->chain.count > 0 && a->last > plan->to) {
        mu_month_text(plan->to, date);
        (void)snprintf(text, sizeof text, "nothing is dated after %s: lines stay as they are then",
                       date);
        mu_supply_warn(a, text);
    }
    if (q->wish.without_count > 0 && plan->chain.count == 0) {
        mu_supply_warn(a, "nothing is left of its lines");
    }
}

/* Systems of the catalogue that are built of the chip, the largest first. */
static void find_systems(const mu_supply_question *q, mu_supply_answer *a)
{
    const mu_catalog *catalog = q->wish.catalog;
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_SYSTEM);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *system = mu_catalog_at(catalog, MU_ENTITY_SYSTEM, i);
        const char *chip = mu_catalog_text(catalog, system, "chip");
        const mu_node *node = mu_catalog_node(catalog, system, "chips", NULL);
        uint64_t chips = 0;
        mu_error ignored = {0};
        if (chip == NULL || strcmp(chip, q->wish.chip->id) != 0 || node == NULL ||
            mu_node_count(&system->doc, node, "chips", 1, 1000000000, &chips, &ignored) != MU_OK) {
            continue;
        }
        a->system_count += a->system_count < MU_SUPPLY_SYSTEMS_MAX ? 1U : 0U;
        uint32_t at = a->system_count - 1;
        if (a->system[at].system != NULL && a->system[at].chips >= (double)chips) {
            continue;
        }
        for (; at > 0 && a->system[at - 1].chips < (double)chips; at--) {
            a->system[at] = a->system[at - 1];
        }
        a->system[at] = (mu_supply_system){.system = system, .chips = (double)chips};
    }
    for (uint32_t i = 0; i < a->system_count; i++) {
        double chips = a->system[i].chips;
        a->system[i].count =
            (mu_quantity){a->total.value / chips, a->total.low / chips, a->total.high / chips};
    }
}

/* Why the answer is no: of what there is too little for most of the time, and at the end. */
static mu_status refuse(const mu_supply_question *q, const mu_supply_answer *a, mu_error *err)
{
    uint32_t months[MU_PIECES + 1] = {0};
    char date[MU_MONTH_TEXT_MAX];
    int most = 0;
    for (uint32_t m = 0; m < a->month_count; m++) {
        months[a->month[m].binds]++;
    }
    for (int p = 1; p < MU_PIECES; p++) {
        most = months[p] > months[most] ? p : most;
    }
    mu_month_text(a->last, date);
    return mu_fail(
        err, MU_NO,
        "%s: by %s not %.0f chips exist but %.0f (90 %%: %.0f to %.0f); in the way stand "
        "%s in %u of %u months, at the end %s",
        q->wish.chip->id, date, q->wanted, a->total.value, a->total.low, a->total.high,
        mu_piece_words((mu_piece)most), months[most], a->month_count,
        mu_piece_words(a->month[a->month_count - 1].binds));
}

static mu_status run(const mu_supply_question *q, mu_draw_plan *draws, mu_gross_memo *memo,
                     mu_arena *arena, mu_supply_answer *a, mu_error *err)
{
    mu_supply_plan plan;
    mu_supply_sheet sheet = {0};
    mu_status status = mu_supply_from_catalog(&q->wish, (mu_draw){draws, 0}, &memo[0], &plan, err);
    if (status == MU_OK) {
        status = set_months(q, &plan, a, err);
    }
    if (status == MU_OK) {
        a->dies = plan.dies;
        memcpy(a->need, plan.chain.need, sizeof a->need);
        status = make_sheet(q, a, arena, &sheet, err);
    }
    if (status == MU_OK) {
        status = run_draws(q, draws, memo, a, &sheet, err);
    }
    if (status != MU_OK) {
        return status;
    }
    sum_months(&sheet, a);
    sum_target(q, &sheet, a);
    sum_lines(&plan, &sheet, a);
    warn_of_plan(q, &plan, a);
    find_systems(q, a);
    return MU_OK;
}

mu_status mu_supply_answer_question(const mu_supply_question *question, mu_arena *arena,
                                    mu_supply_answer *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    mu_draw_plan *draws = NULL;
    uint64_t samples = question->samples >= 1.0 ? (uint64_t)question->samples : 0;
    mu_gross_memo *memo = MU_NEW(arena, mu_gross_memo, samples + 1);
    if (memo == NULL) {
        return no_memory(err);
    }
    if (samples > 0) {
        draws = mu_draw_plan_create(arena, (uint64_t)question->seed);
        if (draws == NULL) {
            return no_memory(err);
        }
    }
    mu_status status = run(question, draws, memo, arena, out, err);
    if (status == MU_OK && !question->chips_alone) {
        status = mu_supply_dies(question, draws, memo, arena, out, err);
    }
    if (status == MU_OK && out->line_count == 0) {
        return mu_fail(err, MU_NO, "%s: no line of a foundry in the catalogue makes it",
                       question->wish.chip->id);
    }
    if (status == MU_OK && question->wanted > 0.0 && !out->reached) {
        status = refuse(question, out, err);
    }
    return status;
}
