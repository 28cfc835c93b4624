/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Supply as tables for people, and as CSV.
 *
 * Bound: months before the first chip are left out, and of more than ROWS_MAX only the last of each
 *        quarter is shown; the CSV has all.
 */
#include "report/supply_report.h"

#include "base/text.h"
#include "report/format.h"

#include <math.h>
#include <stdio.h>

enum { ROWS_MAX = 24, DIE_COLUMNS = 6, LINE_COLUMNS = 4, MONTH_COLUMNS = 5 };

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

void mu_supply_whole(mu_quantity q, char out[MU_CELL_MAX])
{
    char value[MU_CELL_MAX];
    char low[MU_CELL_MAX];
    char high[MU_CELL_MAX];
    mu_format_count(q.value, value);
    mu_format_count(q.low, low);
    mu_format_count(q.high, high);
    if (q.low == q.value && q.high == q.value) {
        (void)snprintf(out, MU_CELL_MAX, "%.60s", value);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%.60s [%.60s, %.60s]", value, low, high);
    }
}

static void decimals(mu_quantity q, int digits, double scale, char out[MU_CELL_MAX])
{
    if (q.low == q.value && q.high == q.value) {
        (void)snprintf(out, MU_CELL_MAX, "%.*f", digits, scale * q.value);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%.*f [%.*f, %.*f]", digits, scale * q.value, digits,
                       scale * q.low, digits, scale * q.high);
    }
}

static void print_head(const mu_page *page, const mu_supply_picture *p)
{
    const mu_supply_answer *a = p->answer;
    char from[MU_MONTH_TEXT_MAX];
    char by[MU_MONTH_TEXT_MAX];
    mu_month_text(a->counted, from);
    mu_month_text(a->last, by);
    fprintf(page->out, "%s%s%s: ", page->colour ? "\x1b[1m" : "", p->question->wish.chip->name,
            page->colour ? "\x1b[0m" : "");
    if (a->line_count > 0) {
        fprintf(page->out, "what can be made from %s to %s", from, by);
    } else {
        fputs("nobody is known to make it; what a wafer would give", page->out);
    }
    fprintf(page->out, "%s\n", p->question->samples >= 1.0 ? "; [90 % interval]" : "");
    if (a->die_count == 0) {
        return;
    }
    fprintf(page->out, "die: %.4g x %.4g mm, %.4g mm2, %g a chip", a->die.width_mm,
            a->die.height_mm, a->die.width_mm * a->die.height_mm, a->dies);
    if (a->harvest.spare > 0) {
        fprintf(page->out, "; %u of its %u cores may be broken", a->harvest.spare,
                a->harvest.cores);
    }
    if (a->need[MU_PIECE_STACKS] > 0.0) {
        fprintf(page->out, "; %g memory stacks", a->need[MU_PIECE_STACKS]);
    }
    if (a->package_yield.value < 1.0) {
        char share[MU_CELL_MAX];
        mu_format_quantity(a->package_yield, MU_DIM_FRACTION, share);
        fprintf(page->out, "; packages that work %s", share);
    }
    fputs("\n\n", page->out);
}

static void die_row(mu_table *table, const mu_supply_die *on)
{
    char cell[DIE_COLUMNS][MU_CELL_MAX];
    (void)snprintf(cell[0], MU_CELL_MAX, "%s%s", on->process->id, on->used ? " *" : "");
    (void)snprintf(cell[1], MU_CELL_MAX, "%u", on->gross);
    decimals(on->defects, 3, 1.0, cell[2]);
    decimals(on->yield, 0, 100.0, cell[3]);
    decimals(on->good, 1, 1.0, cell[4]);
    cell[5][0] = '\0';
    if (on->die_usd.value > 0.0) {
        mu_supply_whole((mu_quantity){round(on->die_usd.value), round(on->die_usd.low),
                                      round(on->die_usd.high)},
                        cell[5]);
    }
    const char *const cells[] = {cell[0], cell[1], cell[2], cell[3], cell[4], cell[5]};
    mu_table_row(table, cells);
}

static mu_status print_dies(const mu_page *page, const mu_supply_answer *a, mu_error *err)
{
    static const char *const headings[] = {"process", "gross dies",   "defects/cm2",
                                           "yield %", "good a wafer", "USD a good die"};
    static const mu_align aligns[DIE_COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, DIE_COLUMNS, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < a->die_count; i++) {
        die_row(table, &a->on[i]);
    }
    return a->die_count > 0 ? mu_table_print(table, page->out, page->colour, err) : MU_OK;
}

static mu_status print_lines(const mu_page *page, const mu_supply_answer *a, mu_error *err)
{
    static const char *const headings[] = {"line", "brings", "until then", "of all such %"};
    static const mu_align aligns[LINE_COLUMNS] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, LINE_COLUMNS, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < a->line_count; i++) {
        const mu_supply_share *l = &a->line[i];
        char cell[LINE_COLUMNS][MU_CELL_MAX];
        (void)snprintf(cell[0], MU_CELL_MAX, "%.80s %.80s", l->foundry->id, l->line);
        (void)snprintf(cell[1], MU_CELL_MAX, "%s%s%.60s", mu_piece_words(l->part),
                       l->process != NULL ? ", " : "", l->process != NULL ? l->process->id : "");
        mu_supply_whole(l->parts, cell[2]);
        decimals(l->share, 0, 100.0, cell[3]);
        const char *const cells[] = {cell[0], cell[1], cell[2], cell[3]};
        mu_table_row(table, cells);
    }
    fputc('\n', page->out);
    return mu_table_print(table, page->out, page->colour, err);
}

/* Months before the first chip of any draw say nothing. */
static bool is_shown(const mu_supply_answer *a, uint32_t m)
{
    bool last = m + 1 == a->month_count;
    bool quarter = fmod(a->month[m].month, 3.0) == 2.0;
    bool any = a->month[m].total.value > 0.0 || a->month[m].total.high > 0.0;
    return last || (any && (a->month_count <= ROWS_MAX || quarter));
}

static mu_status print_months(const mu_page *page, const mu_supply_answer *a, mu_error *err)
{
    static const char *const headings[] = {"month", "chips", "in all", "bound by", "of draws %"};
    static const mu_align aligns[MONTH_COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, MONTH_COLUMNS, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t m = 0; m < a->month_count; m++) {
        const mu_supply_point *point = &a->month[m];
        char cell[MONTH_COLUMNS][MU_CELL_MAX];
        mu_month_text(point->month, cell[0]);
        mu_supply_whole(point->chips, cell[1]);
        mu_supply_whole(point->total, cell[2]);
        (void)snprintf(cell[3], MU_CELL_MAX, "%s", mu_piece_words(point->binds));
        (void)snprintf(cell[4], MU_CELL_MAX, "%.0f", 100.0 * point->binds_share);
        const char *const cells[] = {cell[0], cell[1], cell[2], cell[3], cell[4]};
        if (is_shown(a, m)) {
            mu_table_row(table, cells);
        }
    }
    fputc('\n', page->out);
    return mu_table_print(table, page->out, page->colour, err);
}

static void print_target(const mu_page *page, const mu_supply_picture *p)
{
    const mu_supply_answer *a = p->answer;
    char wanted[MU_CELL_MAX];
    char date[3][MU_MONTH_TEXT_MAX];
    mu_format_count(p->question->wanted, wanted);
    mu_month_text(a->when.value, date[0]);
    mu_month_text(a->when.low, date[1]);
    mu_month_text(a->when.high, date[2]);
    if (a->reached) {
        fprintf(page->out, "%s chips exist in %s", wanted, date[0]);
        if (p->question->samples >= 1.0) {
            fprintf(page->out, " [%s, %s]", date[1],
                    isfinite(a->when.high) ? date[2] : "never by then");
        }
        mu_month_text(a->counted, date[0]);
        fprintf(page->out, ", %.1f months from the beginning of %s", a->when.value - a->counted,
                date[0]);
        if (p->question->samples >= 1.0) {
            fprintf(page->out, "; %.0f %% of draws get there", 100.0 * a->reached_share);
        }
        fputc('\n', page->out);
    }
}

static void print_systems(const mu_page *page, const mu_supply_picture *p)
{
    const mu_supply_answer *a = p->answer;
    char cell[MU_CELL_MAX];
    for (uint32_t i = 0; i < a->system_count; i++) {
        mu_supply_whole(a->system[i].count, cell);
        fprintf(page->out, "%s %s of %g chips\n", cell, a->system[i].system->name,
                a->system[i].chips);
    }
    if (p->service != NULL) {
        const mu_supply_service *s = p->service;
        mu_format_quantity(s->output_tokens_per_s, MU_DIM_TOKEN_RATE, cell);
        fprintf(page->out, "all %s together serve %s with %s of output", s->system->system->id,
                s->one.model, cell);
        mu_format_quantity(s->one.tpot_s, MU_DIM_TIME, cell);
        fprintf(page->out, " at a TPOT of %s", cell);
        mu_format_quantity(s->power_w, MU_DIM_POWER, cell);
        fprintf(page->out, ", for %s\n", cell);
    }
}

mu_status mu_supply_print(const mu_page *page, const mu_supply_picture *p, mu_error *err)
{
    const mu_supply_answer *a = p->answer;
    print_head(page, p);
    mu_status status = print_dies(page, a, err);
    if (status == MU_OK && a->line_count > 0) {
        status = print_lines(page, a, err);
    }
    if (status == MU_OK && a->line_count > 0) {
        status = print_months(page, a, err);
    }
    if (status != MU_OK) {
        return status;
    }
    fputc('\n', page->out);
    if (a->line_count > 0) {
        print_target(page, p);
        print_systems(page, p);
    }
    for (uint32_t i = 0; i < a->warning_count; i++) {
        fprintf(page->out, "note: %s\n", a->warning[i]);
    }
    return mu_stream_check(page->out, err);
}

mu_status mu_supply_csv(const mu_page *page, const mu_supply_picture *p, mu_error *err)
{
    enum { COLUMNS = 12 };
    static const char *const headings[] = {"month",       "chips",     "chips_low",  "chips_high",
                                           "total",       "total_low", "total_high", "bound_by",
                                           "bound_share", "dies",      "stacks",     "packages"};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT};
    const mu_supply_answer *a = p->answer;
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t m = 0; m < a->month_count; m++) {
        const mu_supply_point *t = &a->month[m];
        const double number[] = {t->chips.value, t->chips.low,  t->chips.high,  t->total.value,
                                 t->total.low,   t->total.high, t->binds_share, t->came[0],
                                 t->came[1],     t->came[2]};
        char text[10][32];
        char month[MU_MONTH_TEXT_MAX];
        for (int i = 0; i < 10; i++) {
            mu_text_exact(number[i], text[i]);
        }
        mu_month_text(t->month, month);
        const char *const cells[] = {month,   text[0], text[1], text[2],
                                     text[3], text[4], text[5], mu_piece_key(t->binds),
                                     text[6], text[7], text[8], text[9]};
        mu_table_row(table, cells);
    }
    return mu_table_csv(table, page->out, err);
}
