/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A match as a table: reference, matched, ratio, and the sentence.
 *
 * Terms: a ratio is matched over reference; where the study carries its interval, that is shown.
 */
#include "report/answer_table.h"

#include "base/text.h"
#include "report/metric.h"
#include "report/settings.h"
#include "report/wrap.h"

#include <stdio.h>
#include <string.h>

enum { SIDES = 4 };

static void row(mu_table *table, const char *label, const char *reference, const char *matched,
                const char *ratio)
{
    const char *const cells[SIDES] = {label, reference, matched, ratio};
    mu_table_row(table, cells);
}

static void add_settings(mu_table *table, const mu_match *match)
{
    mu_setting reference[MU_SETTINGS_MAX];
    mu_setting matched[MU_SETTINGS_MAX];
    uint32_t count = mu_settings(&match->reference, reference);
    (void)mu_settings(&match->matched, matched);
    for (uint32_t i = 0; i < count; i++) {
        char chips[MU_CELL_MAX];
        char ratio[MU_CELL_MAX] = "";
        const char *text = matched[i].text;
        if (strcmp(reference[i].label, "chips") == 0) {
            mu_format_ratio(match->ratio, ratio);
            mu_format_quantity(match->chips, MU_DIM_COUNT, chips);
            text = chips;
        }
        row(table, reference[i].label, reference[i].text, text, ratio);
    }
}

/* Power stands beside chips and cost: all three at equal work, as in the sentence. */
static const mu_quantity *ratio_of(const mu_match *match, const mu_metric *ratio)
{
    return strcmp(ratio->key, "power_w") == 0 ? &match->power_ratio : &ratio->quantity;
}

static void add_metrics(mu_table *table, const mu_match *match)
{
    mu_metric reference[MU_METRICS_MAX];
    mu_metric matched[MU_METRICS_MAX];
    mu_metric ratios[MU_METRICS_MAX];
    uint32_t count = mu_metrics(&match->reference, reference);
    (void)mu_metrics(&match->matched, matched);
    (void)mu_metrics(&match->metric_ratios, ratios);
    for (uint32_t i = 0; i < count; i++) {
        char left[MU_CELL_MAX];
        char right[MU_CELL_MAX];
        char ratio[MU_CELL_MAX];
        if (!(reference[i].quantity.value > 0.0) && !(matched[i].quantity.value > 0.0)) {
            continue;
        }
        mu_format_quantity(reference[i].quantity, reference[i].dimension, left);
        mu_format_quantity(matched[i].quantity, matched[i].dimension, right);
        mu_format_ratio(*ratio_of(match, &ratios[i]), ratio);
        row(table, reference[i].label, left, right, ratio);
    }
}

static void add_cost(mu_table *table, const mu_match *match)
{
    char left[MU_CELL_MAX] = "not known";
    char right[MU_CELL_MAX] = "not known";
    char ratio[MU_CELL_MAX];
    if (match->reference.cost_usd > 0.0) {
        mu_format_value(match->reference.cost_usd, MU_DIM_MONEY, left);
    }
    if (match->matched.cost_usd > 0.0) {
        mu_format_value(match->matched.cost_usd, MU_DIM_MONEY, right);
    }
    mu_format_ratio(match->cost_ratio, ratio);
    row(table, "capital cost", left, right, ratio);
}

/* What was read more coarsely than asked; the same for both sides. */
static void print_remarks(const mu_page *page, const mu_question *question)
{
    for (uint32_t i = 0; i < question->scenario->warning_count; i++) {
        fprintf(page->out, "note: %s\n", question->scenario->warning[i]);
    }
    for (uint32_t i = 0; i < question->model.warning_count; i++) {
        fprintf(page->out, "note: %s\n", question->model.warning[i]);
    }
}

static void print_notes(const mu_page *page, const mu_prediction *p)
{
    for (uint32_t i = 0; i < p->warning_count; i++) {
        fprintf(page->out, "note: %s: %s\n", p->system, p->warning[i]);
    }
}

mu_status mu_match_print(const mu_page *page, const mu_question *reference,
                         const mu_question *other, const mu_match *match, mu_error *err)
{
    const char *const headings[SIDES] = {"", reference->system->id, match->matched.system, "ratio"};
    static const mu_align aligns[SIDES] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_LEFT,
                                           MU_ALIGN_LEFT};
    char workload[MU_CELL_MAX];
    mu_table *table = mu_table_create(page->arena, SIDES, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    row(table, "engine", reference->engine != NULL ? reference->engine->id : "-",
        other->engine != NULL ? other->engine->id : "-", "");
    add_settings(table, match);
    add_metrics(table, match);
    add_cost(table, match);
    mu_workload_words(reference->scenario, workload);
    fprintf(page->out, "%s: %s\n\n", reference->model.id, workload);
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    if (status != MU_OK) {
        return status;
    }
    fputc('\n', page->out);
    mu_wrap(page->out, match->sentence, 0, 0);
    print_remarks(page, reference);
    print_notes(page, &match->reference);
    print_notes(page, &match->matched);
    return mu_stream_check(page->out, err);
}

enum { CSV_COLUMNS = 11, CSV_NUMBERS = 9 };

static void csv_row(mu_table *table, const char *key, const mu_quantity side[3], const char *unit)
{
    char text[CSV_NUMBERS][32];
    const char *cells[CSV_COLUMNS];
    uint32_t n = 0;
    cells[n++] = key;
    for (uint32_t i = 0; i < CSV_NUMBERS; i++) {
        const mu_quantity *q = &side[i / 3];
        double value = i % 3 == 0 ? q->value : (i % 3 == 1 ? q->low : q->high);
        mu_text_exact(value, text[i]);
        cells[n++] = text[i];
        if (i == 5) {
            cells[n++] = unit;
        }
    }
    mu_table_row(table, cells);
}

mu_status mu_match_csv(const mu_page *page, const mu_match *match, mu_error *err)
{
    static const char *const headings[CSV_COLUMNS] = {
        "metric",       "reference", "reference_low", "reference_high", "matched",   "matched_low",
        "matched_high", "unit",      "ratio",         "ratio_low",      "ratio_high"};
    static const mu_align aligns[CSV_COLUMNS] = {MU_ALIGN_LEFT};
    mu_metric reference[MU_METRICS_MAX];
    mu_metric matched[MU_METRICS_MAX];
    mu_table *table = mu_table_create(page->arena, CSV_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    const mu_quantity chips[] = {mu_quantity_point(match->reference.point.chips), match->chips,
                                 match->ratio};
    csv_row(table, "chips", chips, "chips");
    mu_metric ratios[MU_METRICS_MAX];
    uint32_t count = mu_metrics(&match->reference, reference);
    (void)mu_metrics(&match->matched, matched);
    (void)mu_metrics(&match->metric_ratios, ratios);
    for (uint32_t i = 0; i < count; i++) {
        const mu_quantity side[] = {reference[i].quantity, matched[i].quantity,
                                    *ratio_of(match, &ratios[i])};
        csv_row(table, reference[i].key, side, reference[i].unit);
    }
    const mu_quantity cost[] = {mu_quantity_point(match->reference.cost_usd),
                                mu_quantity_point(match->matched.cost_usd), match->cost_ratio};
    csv_row(table, "cost_usd", cost, "USD");
    return mu_table_csv(table, page->out, err);
}
