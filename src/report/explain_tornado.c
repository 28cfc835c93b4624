/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tornado tables: text, CSV and JSON.
 *
 * Terms: as in study/tornado.h. Narrower = worth.
 */
#include "report/explain_report.h"

#include "base/text.h"
#include "report/format.h"
#include "study/origin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static mu_origin origin_of(const mu_explanation *e, const mu_tornado_row *row)
{
    return mu_origin_of(e->catalog, e->engine, row->name);
}

static void percent(double share, char out[MU_CELL_MAX])
{
    if (isnan(share)) {
        (void)snprintf(out, MU_CELL_MAX, "-");
        return;
    }
    double p = fabs(share) < 0.0005 ? 0.0 : 100.0 * share;
    (void)snprintf(out, MU_CELL_MAX, "%.*f %%", fabs(p) < 9.95 ? 1 : 0, p);
}

static void add_row(mu_table *table, const mu_explanation *e, const mu_tornado_row *row)
{
    char text[6][MU_CELL_MAX];
    char range[2 * MU_CELL_MAX + 8];
    char from[64];
    mu_origin origin = origin_of(e, row);
    mu_format_value(row->range.low, origin.dimension, text[0]);
    mu_format_value(row->range.high, origin.dimension, text[1]);
    (void)snprintf(range, sizeof range, "%s .. %s", text[0], text[1]);
    mu_format_value(row->low, e->dimension, text[2]);
    mu_format_value(row->high, e->dimension, text[3]);
    percent(row->share, text[4]);
    percent(row->worth, text[5]);
    (void)snprintf(from, sizeof from, "%c %.58s", origin.grade, origin.source);
    const char *const cells[] = {row->name, range, text[2], text[3], text[4], text[5], from};
    mu_table_row(table, cells);
}

/* What it took, and what it left out. */
static void print_cost(const mu_page *page, const mu_tornado *t)
{
    fprintf(page->out, "It took %llu answers", (unsigned long long)t->answers);
    if (t->lost > 0) {
        fprintf(page->out, " (%llu draws have none)", (unsigned long long)t->lost);
    }
    if (t->short_answers > 0) {
        fprintf(page->out, " and %llu short ones, which say whom to look at",
                (unsigned long long)t->short_answers);
    }
    fputs(t->moving > t->rows ? "; --explain-rows N shows more inputs.\n" : ".\n", page->out);
}

mu_status mu_explanation_print(const mu_page *page, const mu_explanation *e, mu_error *err)
{
    static const char *const headings[] = {"input",    "5 % .. 95 %", "answer at 5 %", "at 95 %",
                                           "variance", "narrower",    "grade, source"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT,  MU_ALIGN_LEFT,  MU_ALIGN_RIGHT,
                                      MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_LEFT};
    const mu_tornado *t = &e->tornado;
    char answer[MU_CELL_MAX];
    char others[MU_CELL_MAX];
    char joint[MU_CELL_MAX];
    mu_table *table = mu_table_create(page->arena, 7, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    if (t->rows == 0) {
        fprintf(page->out, "\nWhat %s hangs on: no uncertain input moves it\n", e->metric);
        return mu_stream_check(page->out, err);
    }
    for (uint32_t i = 0; i < t->rows; i++) {
        add_row(table, e, &t->row[i]);
    }
    mu_format_quantity(t->answer, e->dimension, answer);
    fprintf(page->out,
            "\n%sWhat %s hangs on%s: %s; %llu draws of %u uncertain inputs, %u of which "
            "move it\n\n",
            page->colour ? "\x1b[1m" : "", e->metric, page->colour ? "\x1b[0m" : "", answer,
            (unsigned long long)t->draws, t->inputs, t->moving);
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    percent(t->others, others);
    percent(t->joint, joint);
    fprintf(
        page->out,
        "\nvariance: of the draws, what follows this input alone; other inputs %s, several "
        "together %s.\nnarrower: the 90 %% interval, were this input known (%llu draws anew with "
        "it at its best).\n",
        others, joint, (unsigned long long)t->worth_draws);
    print_cost(page, t);
    return status == MU_OK ? mu_stream_check(page->out, err) : status;
}

mu_status mu_explanation_csv(const mu_page *page, const mu_explanation *e, mu_error *err)
{
    static const char *const headings[] = {
        "input",          "low",      "best",  "high",  "unit", "answer_at_low", "answer_at_high",
        "variance_share", "narrower", "grade", "source"};
    static const mu_align aligns[11] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 11, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < e->tornado.rows; i++) {
        const mu_tornado_row *row = &e->tornado.row[i];
        mu_origin origin = origin_of(e, row);
        const double number[] = {row->range.low, row->range.best, row->range.high, row->low,
                                 row->high,      row->share,      row->worth};
        char text[7][32];
        const char grade[2] = {origin.grade, '\0'};
        for (int k = 0; k < 7; k++) {
            mu_text_exact(number[k], text[k]);
            text[k][0] = isnan(number[k]) ? '\0' : text[k][0];
        }
        const char *const cells[] = {
            row->name,    text[0], text[1], text[2], mu_unit_si(origin.dimension),
            text[3],      text[4], text[5], text[6], grade,
            origin.source};
        mu_table_row(table, cells);
    }
    return mu_table_csv(table, page->out, err);
}

static json_t *row_json(const mu_explanation *e, const mu_tornado_row *row)
{
    mu_origin origin = origin_of(e, row);
    const char grade[2] = {origin.grade, '\0'};
    mu_quantity range = {row->range.best, row->range.low, row->range.high};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "input", mu_json_text(row->name));
    mu_json_put(&json, "range", mu_json_quantity(range, mu_unit_si(origin.dimension)));
    mu_json_put(&json, "answer_at_low", mu_json_number(row->low));
    mu_json_put(&json, "answer_at_high", mu_json_number(row->high));
    mu_json_put(&json, "variance_share", mu_json_number(row->share));
    mu_json_put(&json, "narrower", mu_json_number(row->worth));
    mu_json_put(&json, "grade", mu_json_text(grade));
    mu_json_put(&json, "source", mu_json_text(origin.source));
    mu_json_put(&json, "title", mu_json_text(origin.title));
    if (origin.note[0] != '\0') {
        mu_json_put(&json, "note", mu_json_text(origin.note));
    }
    return mu_json_done(&json);
}

static json_t *explanation_json(const mu_explanation *e)
{
    const mu_tornado *t = &e->tornado;
    mu_json json = mu_json_begin();
    json_t *rows = json_array();
    int failed = rows == NULL;
    for (uint32_t i = 0; i < t->rows; i++) {
        failed |= json_array_append_new(rows, row_json(e, &t->row[i]));
    }
    if (failed != 0) {
        json_decref(rows);
        rows = NULL;
    }
    mu_json_put(&json, "metric", mu_json_text(e->metric));
    mu_json_put(&json, "answer", mu_json_quantity(t->answer, mu_unit_si(e->dimension)));
    mu_json_put(&json, "draws", json_integer((json_int_t)t->draws));
    mu_json_put(&json, "lost", json_integer((json_int_t)t->lost));
    mu_json_put(&json, "inputs", json_integer(t->inputs));
    mu_json_put(&json, "moving", json_integer(t->moving));
    mu_json_put(&json, "worth_draws", json_integer((json_int_t)t->worth_draws));
    mu_json_put(&json, "answers", json_integer((json_int_t)t->answers));
    mu_json_put(&json, "short_answers", json_integer((json_int_t)t->short_answers));
    mu_json_put(&json, "rows", rows);
    mu_json_put(&json, "variance_of_others", mu_json_number(t->others));
    mu_json_put(&json, "variance_together", mu_json_number(t->joint));
    return mu_json_done(&json);
}

json_t *mu_explained_json(json_t *answer, const mu_explanation *e)
{
    json_t *explained = explanation_json(e);
    if (answer == NULL || explained == NULL ||
        json_object_set_new(answer, "explain", explained) != 0) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}
