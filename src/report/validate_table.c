/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validation for people, and as CSV.
 *
 * Terms: the first word of a group's name is its section (a chip, a measure), the rest its line.
 */
#include "report/validate_report.h"

#include "base/text.h"
#include "report/format.h"
#include "report/wrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 11, REASONS_SHOWN = 12, CASES_SHOWN = 200, CASE_COLUMNS = 6 };

static void percent(double share, char out[32])
{
    if (isfinite(share)) {
        (void)snprintf(out, 32, "%.1f %%", 100.0 * share);
    } else {
        (void)snprintf(out, 32, "-");
    }
}

static void signed_percent(double share, char out[32])
{
    (void)snprintf(out, 32, "%+.1f %%", 100.0 * share);
}

static void whole(uint64_t count, char out[32])
{
    (void)snprintf(out, 32, "%llu", (unsigned long long)count);
}

static void score_row(mu_table *table, const char *label, const mu_score_group *group)
{
    char cell[COLUMNS][32] = {{0}};
    const mu_score *held = &group->held_out;
    const mu_score *fit = &group->fitted;
    whole(held->n, cell[1]);
    if (held->n > 0) {
        percent(held->mape, cell[2]);
        percent(held->median, cell[3]);
        percent(held->p90, cell[4]);
        signed_percent(held->bias, cell[5]);
        percent(held->coverage90, cell[6]);
        percent(held->width, cell[7]);
    }
    whole(held->unanswered + fit->unanswered, cell[8]);
    if (fit->n > 0) {
        whole(fit->n, cell[9]);
        percent(fit->mape, cell[10]);
    }
    const char *cells[COLUMNS];
    for (int i = 1; i < COLUMNS; i++) {
        cells[i] = cell[i];
    }
    cells[0] = label;
    mu_table_row(table, cells);
}

static uint64_t size(const mu_score_group *group)
{
    const mu_score *held = &group->held_out;
    const mu_score *fit = &group->fitted;
    return held->n + held->unanswered + fit->n + fit->unanswered;
}

/* "tpot_mean_s/mode/aggregated" says nothing new where all of the measure are aggregated. */
static bool repeats(const mu_validation *v, uint32_t index)
{
    const char *name = v->group[index].name;
    size_t first = strcspn(name, "/");
    for (uint32_t i = index; i > 0; i--) {
        const char *whole = v->group[i].name;
        if (strncmp(whole, name, first) == 0 && whole[first] == '\0') {
            return i != index && size(&v->group[i]) == size(&v->group[index]);
        }
    }
    return false;
}

/* Whether what a part is of has a row of its own ("tpot_mean_s"); of operators nothing has. */
static bool has_whole(const mu_validation *v, uint32_t index)
{
    const char *name = v->group[index].name;
    size_t first = strcspn(name, "/");
    for (uint32_t i = index; i > 0; i--) {
        if (strncmp(v->group[i].name, name, first) == 0 && v->group[i].name[first] == '\0') {
            return true;
        }
    }
    return false;
}

/* "tpot_mean_s/system/hgx-b200" under "tpot_mean_s"; no parts of a whole where cases are shown. */
static void group_rows(mu_table *table, const mu_validation *v)
{
    char section[256] = "";
    for (uint32_t i = 1; i < v->group_count; i++) {
        const char *name = v->group[i].name;
        size_t first = strcspn(name, "/");
        if (strncmp(section, name, first) != 0 || section[first] != '\0') {
            (void)snprintf(section, sizeof section, "%.*s", (int)first, name);
            mu_table_section(table, section);
        }
        char label[512];
        bool part = name[first] == '/' && v->outcome_count <= CASES_SHOWN && has_whole(v, i);
        if (part || repeats(v, i)) {
            continue;
        }
        (void)snprintf(label, sizeof label, "%s", name[first] == '/' ? name + first + 1 : "all");
        for (char *c = label; *c != '\0'; c++) {
            if (*c == '/') {
                *c = ' ';
            }
        }
        score_row(table, label, &v->group[i]);
    }
}

static uint32_t unanswered(const mu_validation *v)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->outcome_count; i++) {
        count += v->outcome[i].answered ? 0 : 1;
    }
    return count;
}

static uint32_t tight(const mu_validation *v)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->outcome_count; i++) {
        count += v->outcome[i].tight ? 1 : 0;
    }
    return count;
}

static uint32_t reread(const mu_validation *v)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->outcome_count; i++) {
        count += v->outcome[i].note != NULL ? 1 : 0;
    }
    return count;
}

static void print_reasons(const mu_page *page, const mu_validation *v)
{
    uint32_t shown = 0;
    const char *last = NULL;
    for (uint32_t i = 0; i < v->outcome_count && shown < REASONS_SHOWN; i++) {
        const mu_outcome *o = &v->outcome[i];
        if (o->answered || (last != NULL && strcmp(last, o->why) == 0)) {
            continue;
        }
        last = o->why;
        fprintf(page->out, "  %.120s: %s\n", v->cases[o->case_index].id, o->why);
        shown++;
    }
    if (shown == REASONS_SHOWN) {
        fputs("  and others; --json has them all\n", page->out);
    }
}

static void case_row(mu_table *table, const mu_case *c, const mu_outcome *o)
{
    char text[4][MU_CELL_MAX] = {{0}};
    (void)snprintf(text[0], sizeof text[0], "%.4g", o->measured);
    if (o->answered) {
        bool interval = o->predicted.high > o->predicted.low;
        (void)snprintf(text[1], sizeof text[1], "%.4g", o->predicted.value);
        if (interval) {
            (void)snprintf(text[2], sizeof text[2], "[%.4g, %.4g]", o->predicted.low,
                           o->predicted.high);
        }
        signed_percent(mu_outcome_error(o), text[3]);
    }
    const char *const cells[CASE_COLUMNS] = {
        c->id, mu_measure_text(o->kind), text[0], text[1], text[2], text[3]};
    mu_table_row(table, cells);
}

/* Few cases are shown one by one. */
static mu_status print_cases(const mu_page *page, const mu_validation *v, mu_error *err)
{
    static const char *const headings[CASE_COLUMNS] = {"case",      "measure", "measured",
                                                       "predicted", "90 %",    "error"};
    static const mu_align aligns[CASE_COLUMNS] = {MU_ALIGN_LEFT,  MU_ALIGN_LEFT, MU_ALIGN_RIGHT,
                                                  MU_ALIGN_RIGHT, MU_ALIGN_LEFT, MU_ALIGN_RIGHT};
    if (v->outcome_count > CASES_SHOWN) {
        return MU_OK;
    }
    mu_table *table = mu_table_create(page->arena, CASE_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (int fit = 0; fit < 2; fit++) {
        bool headed = fit == 0;
        for (uint32_t i = 0; i < v->outcome_count; i++) {
            const mu_case *c = &v->cases[v->outcome[i].case_index];
            if (c->fit != (fit == 1)) {
                continue;
            }
            if (!headed) {
                mu_table_section(table, "fitted on");
                headed = true;
            }
            case_row(table, c, &v->outcome[i]);
        }
    }
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    fputc('\n', page->out);
    return status;
}

mu_status mu_validation_print(const mu_page *page, const mu_validation *v, mu_error *err)
{
    static const char *const headings[COLUMNS] = {"",           "n",        "MAPE",        "median",
                                                  "p90",        "bias",     "inside 90 %", "width",
                                                  "unanswered", "fitted n", "MAPE"};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                             MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                             MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                             MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    score_row(table, "all", &v->group[0]);
    group_rows(table, v);
    if (v->left_out != NULL) {
        mu_wrap(page->out, v->left_out, 0, 0);
        fputc('\n', page->out);
    }
    mu_status status = print_cases(page, v, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_table_print(table, page->out, page->colour, err);
    if (status != MU_OK) {
        return status;
    }
    fputc('\n', page->out);
    mu_wrap(
        page->out,
        "Errors are predicted over measured less one, of cases not fitted on; the last two columns "
        "are of those that were. \"inside 90 %\" is the share of measurements that the 90 % "
        "interval holds, \"width\" the mean width of the interval over the prediction.",
        0, 0);
    if (tight(v) > 0) {
        fprintf(page->out,
                "%u of %u were answered although the deployment does not fit the memory by "
                "our count.\n",
                tight(v), v->outcome_count);
    }
    if (reread(v) > 0) {
        fprintf(page->out,
                "%u of %u are of cuts that no engine runs as labelled, and were read as "
                "docs/validate.md says; --json notes each.\n",
                reread(v), v->outcome_count);
    }
    if (unanswered(v) > 0) {
        fprintf(page->out, "%u of %u could not be answered:\n", unanswered(v), v->outcome_count);
        print_reasons(page, v);
    }
    return mu_stream_check(page->out, err);
}

static void csv_row(mu_table *table, const mu_case *c, const mu_outcome *o)
{
    char text[5][32] = {{0}};
    mu_text_exact(o->measured, text[0]);
    if (o->answered) {
        mu_text_exact(o->predicted.value, text[1]);
        mu_text_exact(o->predicted.low, text[2]);
        mu_text_exact(o->predicted.high, text[3]);
        mu_text_exact(mu_outcome_error(o), text[4]);
    }
    const char *const cells[] = {c->id,
                                 mu_measure_text(o->kind),
                                 text[0],
                                 text[1],
                                 text[2],
                                 text[3],
                                 text[4],
                                 c->fit ? "true" : "false",
                                 o->answered ? "" : o->why};
    mu_table_row(table, cells);
}

mu_status mu_validation_csv(const mu_page *page, const mu_validation *v, mu_error *err)
{
    static const char *const headings[] = {"id",   "metric", "measured", "predicted", "low",
                                           "high", "error",  "fit",      "why"};
    static const mu_align aligns[9] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 9, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < v->outcome_count; i++) {
        csv_row(table, &v->cases[v->outcome[i].case_index], &v->outcome[i]);
    }
    return mu_table_csv(table, page->out, err);
}
