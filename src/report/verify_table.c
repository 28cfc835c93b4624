/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans beside their simulations as a table, then in words.
 *
 * Terms: front N = the N-th line of the Pareto front as printed above it, from 1.
 */
#include "report/format.h"
#include "report/verify_report.h"
#include "report/wrap.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 11, INDENT = 4 };

static bool has_slo(const mu_scenario *s)
{
    return s->ttft_s > 0.0 || s->tpot_s > 0.0 || s->e2e_s > 0.0;
}

static void name_of(const mu_verified *v, char out[MU_CELL_MAX])
{
    if (v->best) {
        (void)snprintf(out, MU_CELL_MAX, "best");
    } else {
        (void)snprintf(out, MU_CELL_MAX, "front %d", (int)v->front + 1);
    }
}

static void row(mu_table *table, const mu_verified *v, bool slo)
{
    const mu_prediction *p = v->steady;
    const struct {
        double value;
        mu_dimension dimension;
        bool simulated;
    } figures[] = {{p->ttft_s.value, MU_DIM_TIME, false},
                   {v->ttft_s.mean.value, MU_DIM_TIME, true},
                   {v->ttft_s.p99.value, MU_DIM_TIME, true},
                   {p->tpot_s.value, MU_DIM_TIME, false},
                   {v->tpot_s.mean.value, MU_DIM_TIME, true},
                   {v->tpot_s.p99.value, MU_DIM_TIME, true},
                   {p->output_tokens_per_s.value, MU_DIM_NONE, false},
                   {v->output_tokens_per_s, MU_DIM_NONE, true}};
    char cell[COLUMNS][MU_CELL_MAX];
    const char *cells[COLUMNS];
    uint32_t count = 0;
    bool served = v->arrived > 0;
    name_of(v, cell[count++]);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (figures[i].simulated && !served) {
            (void)snprintf(cell[count++], MU_CELL_MAX, "-");
        } else {
            mu_format_value(figures[i].value, figures[i].dimension, cell[count++]);
        }
    }
    (void)snprintf(cell[count++], MU_CELL_MAX, slo && served ? "%.0f %%" : "-",
                   100.0 * v->slo_share);
    (void)snprintf(cell[count++], MU_CELL_MAX, "%s", mu_verdict_text(v->verdict));
    for (uint32_t i = 0; i < COLUMNS; i++) {
        cells[i] = cell[i];
    }
    mu_table_row(table, cells);
}

static mu_status print_table(const mu_page *page, const mu_verification *found, bool slo,
                             mu_error *err)
{
    static const char *const headings[COLUMNS] = {"plan",      "TTFT",      "simulated", "p99",
                                                  "TPOT",      "simulated", "p99",       "tokens/s",
                                                  "simulated", "in SLO",    "verdict"};
    mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT};
    for (uint32_t i = 1; i + 1 < COLUMNS; i++) {
        aligns[i] = MU_ALIGN_RIGHT;
    }
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < found->count; i++) {
        row(table, &found->verified[i], slo);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static void print_reasons(const mu_page *page, const mu_verification *found)
{
    for (uint32_t i = 0; i < found->count; i++) {
        char name[MU_CELL_MAX];
        char text[sizeof found->verified[i].why + MU_CELL_MAX];
        name_of(&found->verified[i], name);
        if (found->verified[i].why[0] != '\0') {
            (void)snprintf(text, sizeof text, "%s: %s", name, found->verified[i].why);
            mu_wrap(page->out, text, INDENT, 0);
        }
    }
}

/* What to do when the best plan does not stand. */
static void print_advice(const mu_page *page, const mu_verification *found)
{
    if (found->verified[0].keeps_slo) {
        return;
    }
    if (found->keeper < 0) {
        fputs("No verified plan keeps the SLO.\n", page->out);
        return;
    }
    const mu_verified *v = &found->verified[found->keeper];
    char name[MU_CELL_MAX];
    char rate[MU_CELL_MAX];
    char chips[MU_CELL_MAX];
    char text[2 * MU_CELL_MAX + 128];
    name_of(v, name);
    mu_format_value(v->requests_per_s, MU_DIM_NONE, rate);
    mu_format_count(v->steady->point.chips, chips);
    (void)snprintf(text, sizeof text,
                   "Of the verified plans that keep the SLO, %s serves most a chip: %.32s "
                   "requests/s on %.32s chips.",
                   name, rate, chips);
    mu_wrap(page->out, text, 0, 0);
}

mu_status mu_verification_print(const mu_page *page, const mu_question *question,
                                const mu_verification *found, mu_error *err)
{
    const mu_scenario *s = question->scenario;
    bool same = s->rate > 0.0 || s->concurrency > 0.0;
    const char *traffic = same ? found->verified[0].traffic : "closed loop of what each holds";
    fprintf(page->out, "\nVerified request by request%s%s\n", traffic[0] != '\0' ? ": " : "",
            traffic);
    mu_status status = print_table(page, found, has_slo(s), err);
    if (status == MU_OK) {
        print_reasons(page, found);
        print_advice(page, found);
        status = mu_stream_check(page->out, err);
    }
    return status;
}
