/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bills as tables for people, and as CSV.
 */
#include "report/cost_report.h"
#include "report/money.h"
#include "report/settings.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 3, CSV_COLUMNS = 7 };

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

static void add(mu_table *table, const char *label, const char *text, const char *more)
{
    const char *const cells[COLUMNS] = {label, text, more};
    mu_table_row(table, cells);
}

static void add_quantity(mu_table *table, const char *label, mu_quantity q, mu_dimension dimension,
                         const char *more)
{
    char text[MU_CELL_MAX];
    mu_format_quantity(q, dimension, text);
    add(table, label, text, more);
}

static void add_money(mu_table *table, const mu_cost_question *q, const char *label,
                      mu_quantity amount, mu_dimension dimension, const char *more)
{
    char text[MU_CELL_MAX];
    mu_format_money(amount, dimension, q->shown.code, text);
    add(table, label, text, more);
}

/* Items, their shares and their total; what is always 0 is left out where it may be. */
static void add_bill(mu_table *table, const mu_cost_question *q, const mu_quantity item[],
                     int count, mu_quantity total, const char *(*words)(int), bool all)
{
    char cell[MU_MONEY_PARTS_MAX][MU_CELL_MAX];
    char share[MU_MONEY_PARTS_MAX][32];
    char whole[MU_CELL_MAX];
    mu_format_bill(item, count, total, q->shown.code, cell, whole);
    mu_format_shares(item, count, total.value, share);
    for (int i = 0; i < count; i++) {
        if (all || item[i].high > 0.0) {
            add(table, words(i), cell[i], share[i]);
        }
    }
    add(table, "total", whole, "");
}

static void add_capital(mu_table *table, const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_table_section(table, "Capital");
    add_bill(table, q, a->capital, MU_CAPITAL_COUNT, a->capital_total, mu_capital_words, false);
    add_money(table, q, "per chip", a->capital_per_chip, MU_DIM_MONEY, "");
}

static void add_year(mu_table *table, const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_table_section(table, "A year");
    add_bill(table, q, a->year, MU_YEAR_COUNT, a->year_total, mu_year_words, true);
    mu_table_section(table, "A chip-hour");
    add_money(table, q, "owned, used or not", a->chip_hour_total, MU_DIM_MONEY_RATE, "");
    add_money(table, q, "of use", a->used_chip_hour, MU_DIM_MONEY_RATE, "");
}

static void add_tokens(mu_table *table, const mu_cost_question *q, const char *title,
                       const mu_token_prices *t)
{
    mu_table_section(table, title);
    add_money(table, q, "million input tokens", t->million_input, MU_DIM_MONEY, "");
    add_money(table, q, "million output tokens", t->million_output, MU_DIM_MONEY, "");
    add_money(table, q, "a request", t->request, MU_DIM_MONEY, "");
}

/* "61.2 % [..]", "never", "never at the point; in 12 % of draws". */
static void crossing(mu_quantity q, double share, mu_dimension dimension, char out[MU_CELL_MAX])
{
    if (isfinite(q.value) && isfinite(q.high)) {
        mu_format_quantity(q, dimension, out);
        return;
    }
    char text[MU_CELL_MAX] = "never";
    if (isfinite(q.value)) {
        mu_format_value(q.value, dimension, text);
    }
    if (share > 0.0 && share < 1.0) {
        (void)snprintf(out, MU_CELL_MAX, "%.32s (at all in %.0f %% of draws)", text, 100.0 * share);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%.32s", text);
    }
}

static void add_rent(mu_table *table, const mu_cost_question *q, const mu_cost_answer *a)
{
    char text[MU_CELL_MAX];
    char from[MU_CELL_MAX];
    const mu_cost_rent *r = &a->rent;
    (void)snprintf(from, sizeof from, "%.96s",
                   q->rent_from >= 0 ? q->offer[q->rent_from].cloud->id : "as said");
    mu_table_section(table, "Owning against renting");
    add_money(table, q, "rent of a chip", r->price, MU_DIM_MONEY_RATE, from);
    crossing(r->use, r->use_share, MU_DIM_FRACTION, text);
    add(table, "owning is cheaper from a utilisation of", text, "");
    crossing(r->months, r->months_share, MU_DIM_NONE, text);
    add(table, "and, as it is used, after months", text, "");
    add_quantity(table, "margin of who rents it out", r->margin, MU_DIM_FRACTION, "");
    for (uint32_t i = 0; i < q->offer_count; i++) {
        if ((int)i != q->rent_from) {
            (void)snprintf(from, sizeof from, "%.96s", q->offer[i].cloud->id);
            add_money(table, q, "another offer", mu_cost_offer_price(q, i), MU_DIM_MONEY_RATE,
                      from);
        }
    }
}

/* Years read better than days. */
static void add_term(mu_table *table, const mu_cost_question *question, const mu_cost_term *t)
{
    char more[MU_CELL_MAX];
    mu_quantity q = t->quantity;
    mu_dimension dimension = t->dimension;
    (void)snprintf(more, sizeof more, "%.64s%s%c%s", t->source, t->source[0] != '\0' ? " (" : "",
                   t->source[0] != '\0' ? t->grade : ' ', t->source[0] != '\0' ? ")" : "");
    if (dimension == MU_DIM_TIME) {
        char text[MU_CELL_MAX];
        char words[MU_CELL_MAX];
        double year = 31557600.0;
        q = (mu_quantity){q.value / year, q.low / year, q.high / year};
        mu_format_quantity(q, MU_DIM_NONE, text);
        (void)snprintf(words, sizeof words, "%.150s years", text);
        add(table, t->words, words, t->source[0] != '\0' ? more : "as said");
        return;
    }
    add_money(table, question, t->words, q, dimension, t->source[0] != '\0' ? more : "as said");
}

static void add_terms(mu_table *table, const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_table_section(table, "Stands on");
    add_quantity(table, "power of the equipment in use", a->load_w, MU_DIM_POWER, "");
    add_quantity(table, "power planned for", a->planned_w, MU_DIM_POWER, "");
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        bool unused = (i == MU_TERM_subsidy && !q->subsidised) ||
                      (i == MU_TERM_load && a->served) ||
                      (i == MU_TERM_rack_w && q->racks_sold > 0.0);
        if (!unused) {
            add_term(table, q, &a->term[i]);
        }
    }
}

static void print_title(const mu_page *page, const mu_cost_question *q, const mu_cost_answer *a)
{
    char chips[MU_CELL_MAX];
    mu_format_count(a->chips, chips);
    fprintf(page->out, "%s%s%s: %s chips in %s", page->colour ? "\x1b[1m" : "", q->system->name,
            page->colour ? "\x1b[0m" : "", chips, q->region->name);
    fprintf(page->out, "; %s of %d%s\n", q->shown.code, MU_MONEY_YEAR,
            q->scenario->samples >= 1.0 ? "; [90 % interval]" : "");
    if (a->served) {
        char words[MU_CELL_MAX];
        char cut[MU_CELL_MAX];
        mu_workload_words(q->scenario, words);
        mu_format_cut(&a->prediction.deployment.decode, cut);
        fprintf(page->out, "%s: %s; %s%s\n", q->served->model.id, words,
                a->prediction.deployment.disaggregated ? "decode " : "", cut);
    }
    fputc('\n', page->out);
}

static void print_rate(const mu_page *page, const mu_currency *c)
{
    fprintf(page->out, "one %s is %.6g USD%s%s\n", c->code, c->usd, c->day[0] != '\0' ? ", " : "",
            c->day);
}

/* What was converted; else the same in the region's own money, where that is not USD. */
static void print_local(const mu_page *page, const mu_cost_question *q, const mu_cost_answer *a)
{
    const mu_currency *c = &q->local;
    if (q->shown.usd != 1.0) {
        print_rate(page, &q->shown);
        return;
    }
    if (c->entity == NULL || c->usd == 1.0) {
        return;
    }
    fprintf(page->out, "in %s: a chip-hour %.3g", c->code, a->chip_hour_total.value / c->usd);
    if (a->served) {
        fprintf(page->out, ", a million tokens in %.3g, out %.3g",
                a->owned_tokens.million_input.value / c->usd,
                a->owned_tokens.million_output.value / c->usd);
    }
    fputs("; ", page->out);
    print_rate(page, c);
}

mu_status mu_cost_print(const mu_page *page, const mu_cost_question *question,
                        const mu_cost_answer *answer, mu_error *err)
{
    static const char *const none[COLUMNS] = {"", "", ""};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, COLUMNS, none, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    print_title(page, question, answer);
    add_capital(table, question, answer);
    add_year(table, question, answer);
    if (answer->served) {
        add_tokens(table, question, "Tokens, owned", &answer->owned_tokens);
        add_quantity(table, "input's share of the time", answer->input_share, MU_DIM_FRACTION, "");
    }
    if (answer->rented) {
        add_rent(table, question, answer);
        if (answer->served) {
            add_tokens(table, question, "Tokens, rented", &answer->rented_tokens);
        }
    }
    add_terms(table, question, answer);
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    if (status == MU_OK) {
        print_local(page, question, answer);
    }
    for (uint32_t i = 0; i < answer->note_count && status == MU_OK; i++) {
        fprintf(page->out, "note: %s\n", answer->note[i]);
    }
    if (status == MU_OK && answer->served) {
        mu_page_notes(page, question->served, answer->prediction.warning,
                      answer->prediction.warning_count);
    }
    return status == MU_OK ? mu_stream_check(page->out, err) : status;
}

typedef struct csv {
    mu_table *table;
    const mu_cost_question *q;
} csv;

static void line(const csv *c, const char *section, const char *item, mu_quantity q,
                 const char *unit)
{
    char text[3][32];
    const double values[] = {q.value, q.low, q.high};
    for (int i = 0; i < 3; i++) {
        if (isfinite(values[i])) {
            mu_text_exact(values[i], text[i]);
        } else {
            (void)snprintf(text[i], sizeof text[i], "never");
        }
    }
    const char *const cells[CSV_COLUMNS] = {c->q->system->id, section, item, text[0],
                                            text[1],          text[2], unit};
    mu_table_row(c->table, cells);
}

/* An amount: sections named after what they hold carry the money, too. */
static void money_line(const csv *c, const char *section, const char *item, mu_quantity q,
                       mu_dimension dimension)
{
    char full[64];
    char unit[MU_CELL_MAX];
    (void)snprintf(full, sizeof full, "%s_%.24s", section, c->q->shown.entity->id);
    mu_money_unit(dimension, c->q->shown.code, unit);
    line(c, strcmp(section, "rent") == 0 ? section : full, item, q, unit);
}

static void token_lines(const csv *c, const char *section, const mu_token_prices *t)
{
    money_line(c, section, "million_input", t->million_input, MU_DIM_MONEY);
    money_line(c, section, "million_output", t->million_output, MU_DIM_MONEY);
    money_line(c, section, "request", t->request, MU_DIM_MONEY);
}

static void bill_lines(const csv *c, const mu_cost_answer *a)
{
    for (int i = 0; i < MU_CAPITAL_COUNT; i++) {
        money_line(c, "capital", mu_capital_key(i), a->capital[i], MU_DIM_MONEY);
    }
    money_line(c, "capital", "total", a->capital_total, MU_DIM_MONEY);
    money_line(c, "capital", "per_chip", a->capital_per_chip, MU_DIM_MONEY);
    for (int i = 0; i < MU_YEAR_COUNT; i++) {
        money_line(c, "year", mu_year_key(i), a->year[i], MU_DIM_MONEY);
    }
    money_line(c, "year", "total", a->year_total, MU_DIM_MONEY);
    for (int i = 0; i < MU_YEAR_COUNT; i++) {
        money_line(c, "chip_hour", mu_year_key(i), a->chip_hour[i], MU_DIM_MONEY_RATE);
    }
    money_line(c, "chip_hour", "total", a->chip_hour_total, MU_DIM_MONEY_RATE);
    money_line(c, "chip_hour", "used", a->used_chip_hour, MU_DIM_MONEY_RATE);
}

static void rent_lines(const csv *c, const mu_cost_answer *a)
{
    money_line(c, "rent", "price", a->rent.price, MU_DIM_MONEY_RATE);
    line(c, "rent", "break_even_utilisation", a->rent.use, "");
    line(c, "rent", "break_even_months", a->rent.months, "");
    line(c, "rent", "margin", a->rent.margin, "");
}

mu_status mu_cost_csv(const mu_page *page, const mu_cost_question *question,
                      const mu_cost_answer *answer, mu_error *err)
{
    static const char *const headings[CSV_COLUMNS] = {"system", "section", "item", "value",
                                                      "low",    "high",    "unit"};
    static const mu_align aligns[CSV_COLUMNS] = {MU_ALIGN_LEFT};
    csv c = {mu_table_create(page->arena, CSV_COLUMNS, headings, aligns), question};
    if (c.table == NULL) {
        return no_memory(err);
    }
    bill_lines(&c, answer);
    if (answer->served) {
        token_lines(&c, "tokens", &answer->owned_tokens);
        line(&c, "tokens", "input_share", answer->input_share, "");
    }
    if (answer->rented) {
        rent_lines(&c, answer);
        if (answer->served) {
            token_lines(&c, "rented_tokens", &answer->rented_tokens);
        }
    }
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        const mu_cost_term *t = &answer->term[i];
        char unit[MU_CELL_MAX];
        mu_money_unit(t->dimension, question->shown.code, unit);
        line(&c, "terms", t->key, t->quantity, unit);
    }
    return mu_table_csv(c.table, page->out, err);
}
