/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A foundry: what it makes and for whom, as tables, JSON and CSV.
 */
#include "report/supply_report.h"

#include "base/text.h"
#include "report/format.h"

#include <math.h>
#include <stdio.h>

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

static const char *unit_of(const mu_fab_line *line)
{
    return line->by_wafer ? "wafers" : mu_piece_key(line->makes);
}

static mu_status print_lines(const mu_page *page, const mu_fab_answer *a, mu_error *err)
{
    static const char *const headings[] = {"line", "month", "begun a month"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, 3, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < a->line_count; i++) {
        const mu_fab_line *line = &a->line[i];
        char text[MU_CELL_MAX];
        char cell[MU_CELL_MAX + 32];
        char month[MU_MONTH_TEXT_MAX];
        for (uint32_t k = 0; k < line->count; k++) {
            mu_month_text(line->month[k], month);
            mu_supply_whole(line->monthly[k], text);
            (void)snprintf(cell, sizeof cell, "%s %s", text, unit_of(line));
            const char *const cells[] = {k == 0 ? line->name : "", month, cell};
            mu_table_row(table, cells);
        }
        if (line->has_stock) {
            mu_month_text(line->stock_month, month);
            mu_supply_whole(line->stock, text);
            (void)snprintf(cell, sizeof cell, "%s %s in store", text, mu_piece_key(line->makes));
            const char *const cells[] = {line->count == 0 ? line->name : "", month, cell};
            mu_table_row(table, cells);
        }
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_chips(const mu_page *page, const mu_fab_answer *a, mu_error *err)
{
    enum { COLUMNS = 7 };
    static const char *const headings[] = {"chip",   "line",  "begun",     "parts",
                                           "of all", "chips", "without it"};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_RIGHT,
                                             MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    char by[MU_MONTH_TEXT_MAX];
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < a->chip_count; i++) {
        const mu_fab_chip *c = &a->chip[i];
        char cell[COLUMNS][MU_CELL_MAX];
        if (!c->known) {
            continue;
        }
        (void)snprintf(cell[1], MU_CELL_MAX, "%.60s%s%.60s", c->line,
                       c->process != NULL ? ", " : "", c->process != NULL ? c->process->id : "");
        mu_supply_whole(c->units, cell[2]);
        mu_supply_whole(c->parts, cell[3]);
        mu_supply_whole(c->all, cell[4]);
        mu_supply_whole(c->year, cell[5]);
        mu_supply_whole(c->year_without, cell[6]);
        const char *const cells[] = {c->chip->id, cell[1], cell[2], cell[3],
                                     cell[4],     cell[5], cell[6]};
        mu_table_row(table, cells);
    }
    mu_month_text(a->last, by);
    fprintf(page->out,
            "\nIn %s a month: begun for the chip, good parts of them, such parts of all foundries; "
            "chips of\nthe twelve months until then, and what they were without this foundry\n",
            by);
    return mu_table_rows(table) > 0 ? mu_table_print(table, page->out, page->colour, err) : MU_OK;
}

static void print_with_and_without(const mu_page *page, const char *what, mu_quantity with,
                                   mu_quantity without, mu_quantity ratio)
{
    char all[MU_CELL_MAX];
    char others[MU_CELL_MAX];
    char times[MU_CELL_MAX];
    mu_supply_whole(with, all);
    mu_supply_whole(without, others);
    mu_format_ratio(ratio, times);
    if (without.value > 0.0 || without.high > 0.0) {
        fprintf(page->out, "%s: %s, without it %s: %s times\n", what, all, others, times);
    } else {
        fprintf(page->out, "%s: %s, without it none\n", what, all);
    }
}

static void print_sum(const mu_page *page, const mu_fab_answer *a)
{
    if (a->makes_dies && a->dies.value > 0.0) {
        print_with_and_without(page, "compute dies of these chips a month", a->dies,
                               a->dies_without, a->dies_ratio);
    }
    if (a->year.value > 0.0) {
        print_with_and_without(page, "chips in the twelve months", a->year, a->year_without,
                               a->year_ratio);
    }
}

mu_status mu_fab_print(const mu_page *page, const mu_fab_answer *a, bool draws, mu_error *err)
{
    fprintf(page->out, "%s%s%s%s\n\n", page->colour ? "\x1b[1m" : "", a->foundry->name,
            page->colour ? "\x1b[0m" : "", draws ? "; [90 % interval]" : "");
    mu_status status = print_lines(page, a, err);
    if (status == MU_OK) {
        status = print_chips(page, a, err);
    }
    if (status != MU_OK) {
        return status;
    }
    fputc('\n', page->out);
    print_sum(page, a);
    for (uint32_t i = 0; i < a->chip_count; i++) {
        if (!a->chip[i].known) {
            fprintf(page->out, "note: %s\n", a->chip[i].why);
        }
    }
    return mu_stream_check(page->out, err);
}

static void append(json_t **list, json_t *item)
{
    if (*list == NULL || json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *month_json(double month)
{
    char text[MU_MONTH_TEXT_MAX];
    mu_month_text(month, text);
    return mu_json_text(text);
}

static json_t *line_json(const mu_fab_line *line)
{
    json_t *months = json_array();
    for (uint32_t k = 0; k < line->count; k++) {
        mu_json at = mu_json_begin();
        mu_json_put(&at, "month", month_json(line->month[k]));
        mu_json_put(&at, "monthly", mu_json_quantity(line->monthly[k], "1/month"));
        append(&months, mu_json_done(&at));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "line", mu_json_text(line->name));
    mu_json_put(&json, "makes", mu_json_text(mu_piece_key(line->makes)));
    mu_json_put(&json, "months", months);
    if (line->has_stock) {
        mu_json_put(&json, "stock", mu_json_quantity(line->stock, ""));
        mu_json_put(&json, "stock_month", month_json(line->stock_month));
    }
    return mu_json_done(&json);
}

static json_t *chip_json(const mu_fab_chip *c)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "chip", mu_json_text(c->chip->id));
    mu_json_put(&json, "line", mu_json_text(c->line));
    mu_json_put(&json, "part", mu_json_text(mu_piece_key(c->part)));
    mu_json_put(&json, "process", c->process != NULL ? mu_json_text(c->process->id) : json_null());
    mu_json_put(&json, "missing", c->known ? json_null() : mu_json_text(c->why));
    if (c->known) {
        mu_json_put(&json, "begun", mu_json_quantity(c->units, "1/month"));
        mu_json_put(&json, "parts", mu_json_quantity(c->parts, "1/month"));
        mu_json_put(&json, "parts_of_all", mu_json_quantity(c->all, "1/month"));
        mu_json_put(&json, "chips_in_year", mu_json_quantity(c->year, ""));
        mu_json_put(&json, "chips_in_year_without", mu_json_quantity(c->year_without, ""));
    }
    return mu_json_done(&json);
}

json_t *mu_fab_json(const mu_fab_answer *a)
{
    json_t *lines = json_array();
    json_t *chips = json_array();
    for (uint32_t i = 0; i < a->line_count; i++) {
        append(&lines, line_json(&a->line[i]));
    }
    for (uint32_t i = 0; i < a->chip_count; i++) {
        append(&chips, chip_json(&a->chip[i]));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "foundry", mu_json_text(a->foundry->id));
    mu_json_put(&json, "name", mu_json_text(a->foundry->name));
    mu_json_put(&json, "by", month_json(a->last));
    mu_json_put(&json, "lines", lines);
    mu_json_put(&json, "chips", chips);
    mu_json_put(&json, "dies", mu_json_quantity(a->dies, "1/month"));
    mu_json_put(&json, "dies_without", mu_json_quantity(a->dies_without, "1/month"));
    mu_json_put(&json, "dies_ratio", mu_json_quantity(a->dies_ratio, ""));
    mu_json_put(&json, "chips_in_year", mu_json_quantity(a->year, ""));
    mu_json_put(&json, "chips_in_year_without", mu_json_quantity(a->year_without, ""));
    mu_json_put(&json, "chips_in_year_ratio", mu_json_quantity(a->year_ratio, ""));
    return mu_json_done(&json);
}

mu_status mu_fab_csv(const mu_page *page, const mu_fab_answer *a, mu_error *err)
{
    enum { COLUMNS = 6 };
    static const char *const headings[] = {"line", "makes", "month", "monthly", "low", "high"};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < a->line_count; i++) {
        const mu_fab_line *line = &a->line[i];
        for (uint32_t k = 0; k < line->count; k++) {
            char text[3][32];
            char month[MU_MONTH_TEXT_MAX];
            mu_month_text(line->month[k], month);
            mu_text_exact(line->monthly[k].value, text[0]);
            mu_text_exact(line->monthly[k].low, text[1]);
            mu_text_exact(line->monthly[k].high, text[2]);
            const char *const cells[] = {
                line->name, mu_piece_key(line->makes), month, text[0], text[1], text[2]};
            mu_table_row(table, cells);
        }
    }
    return mu_table_csv(table, page->out, err);
}
