/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as tables: the best deployment, and the Pareto front a line each.
 */
#include "report/answer_table.h"

#include "base/text.h"
#include "report/format.h"

#include <stdio.h>

/* CSV: of a plan, and with what was simulated of it. */
enum { FRONT_COLUMNS = 9, CSV_PLAN_COLUMNS = 26, CSV_COLUMNS = 35 };

static void front_row(mu_table *table, const mu_prediction *p)
{
    char cell[FRONT_COLUMNS][MU_CELL_MAX];
    const char *cells[FRONT_COLUMNS];
    mu_format_value(p->tpot_s.value, MU_DIM_TIME, cell[0]);
    mu_format_value(p->output_tokens_per_s_per_chip.value, MU_DIM_NONE, cell[1]);
    mu_format_value(p->ttft_s.value, MU_DIM_TIME, cell[2]);
    mu_format_value(p->output_tokens_per_s.value, MU_DIM_NONE, cell[3]);
    mu_format_count(p->point.chips, cell[4]);
    (void)snprintf(cell[5], MU_CELL_MAX, "-");
    if (p->deployment.disaggregated) {
        mu_format_cut(&p->deployment.prefill, cell[5]);
    }
    mu_format_cut(&p->deployment.decode, cell[6]);
    mu_format_count(p->point.decode.batch, cell[7]);
    mu_format_count(p->deployment.decode.parallel.mtp, cell[8]);
    for (int i = 0; i < FRONT_COLUMNS; i++) {
        cells[i] = cell[i];
    }
    mu_table_row(table, cells);
}

static mu_status print_front(const mu_page *page, const mu_plan *plan, mu_error *err)
{
    static const char *const headings[FRONT_COLUMNS] = {
        "TPOT",    "tokens/s per chip", "TTFT",  "tokens/s", "chips",
        "prefill", "decode or serve",   "batch", "MTP"};
    static const mu_align aligns[FRONT_COLUMNS] = {MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                                   MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT,
                                                   MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, FRONT_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        front_row(table, &plan->pareto[i]);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

mu_status mu_plan_print(const mu_page *page, const mu_question *question, const mu_plan *plan,
                        mu_error *err)
{
    char candidates[MU_CELL_MAX];
    char evaluated[MU_CELL_MAX];
    mu_status status = mu_prediction_print(page, question, &plan->best, err);
    if (status != MU_OK) {
        return status;
    }
    mu_format_count((double)plan->candidates, candidates);
    mu_format_count((double)plan->evaluated, evaluated);
    fprintf(
        page->out,
        "\nPareto front: output tokens/s per chip against TPOT (%s deployments, %s evaluated)\n",
        candidates, evaluated);
    return print_front(page, plan, err);
}

/* Cells of a CSV line being filled. */
typedef struct line {
    char text[CSV_COLUMNS][48];
    uint32_t count;
} line;

static void put(line *l, double value)
{
    char digits[32];
    mu_text_exact(value, digits);
    (void)snprintf(l->text[l->count++], sizeof l->text[0], "%s", digits);
}

static void put_quantity(line *l, mu_quantity quantity)
{
    put(l, quantity.value);
    put(l, quantity.low);
    put(l, quantity.high);
}

static void put_role(line *l, const mu_role *role)
{
    put(l, role->instances);
    put(l, role->parallel.tp);
    put(l, role->parallel.pp);
    put(l, role->parallel.dp);
    put(l, role->parallel.ep);
}

static void put_verified(line *l, const mu_verified *v)
{
    if (v == NULL || v->arrived == 0) {
        l->count = CSV_COLUMNS - 1;
    } else {
        put(l, v->ttft_s.mean.value);
        put(l, v->ttft_s.p99.value);
        put(l, v->tpot_s.mean.value);
        put(l, v->tpot_s.p99.value);
        put(l, v->output_tokens_per_s);
        put(l, v->requests_per_s);
        put(l, v->slo_share);
        put(l, (double)v->preemptions);
    }
    (void)snprintf(l->text[l->count++], sizeof l->text[0], "%s",
                   v != NULL ? mu_verdict_text(v->verdict) : "");
}

/* `v`: NULL = not simulated; the table may do without its columns. */
static void csv_row(mu_table *table, const mu_prediction *p, const mu_verified *v,
                    const char *place)
{
    static const mu_role absent;
    line l = {.count = 0};
    const char *cells[CSV_COLUMNS];
    (void)snprintf(l.text[l.count++], sizeof l.text[0], "%s", place);
    (void)snprintf(l.text[l.count++], sizeof l.text[0], "%s",
                   p->deployment.disaggregated ? "disaggregated" : "aggregated");
    put(&l, p->point.chips);
    put_role(&l, p->deployment.disaggregated ? &p->deployment.prefill : &absent);
    put_role(&l, &p->deployment.decode);
    put(&l, p->point.decode.batch);
    put(&l, p->deployment.decode.parallel.mtp);
    put_quantity(&l, p->ttft_s);
    put_quantity(&l, p->tpot_s);
    put_quantity(&l, p->output_tokens_per_s_per_chip);
    put(&l, p->output_tokens_per_s.value);
    put(&l, p->power_w.value);
    put_verified(&l, v);
    for (uint32_t i = 0; i < CSV_COLUMNS; i++) {
        cells[i] = l.text[i];
    }
    mu_table_row(table, cells);
}

static const mu_verified *verified_at(const mu_verification *found, int32_t front)
{
    for (uint32_t i = 0; found != NULL && i < found->count; i++) {
        if (found->verified[i].front == front) {
            return &found->verified[i];
        }
    }
    return NULL;
}

mu_status mu_plan_csv(const mu_page *page, const mu_plan *plan, const mu_verification *found,
                      mu_error *err)
{
    static const char *const headings[CSV_COLUMNS] = {"place",
                                                      "mode",
                                                      "chips",
                                                      "prefill_instances",
                                                      "prefill_tp",
                                                      "prefill_pp",
                                                      "prefill_dp",
                                                      "prefill_ep",
                                                      "decode_instances",
                                                      "decode_tp",
                                                      "decode_pp",
                                                      "decode_dp",
                                                      "decode_ep",
                                                      "batch",
                                                      "mtp",
                                                      "ttft_s",
                                                      "ttft_s_low",
                                                      "ttft_s_high",
                                                      "tpot_s",
                                                      "tpot_s_low",
                                                      "tpot_s_high",
                                                      "output_tokens_per_s_per_chip",
                                                      "output_tokens_per_s_per_chip_low",
                                                      "output_tokens_per_s_per_chip_high",
                                                      "output_tokens_per_s",
                                                      "power_w",
                                                      "simulated_ttft_s",
                                                      "simulated_ttft_s_p99",
                                                      "simulated_tpot_s",
                                                      "simulated_tpot_s_p99",
                                                      "simulated_output_tokens_per_s",
                                                      "simulated_requests_per_s",
                                                      "slo_share",
                                                      "preemptions",
                                                      "verdict"};
    static const mu_align aligns[CSV_COLUMNS] = {MU_ALIGN_LEFT};
    uint32_t columns = found != NULL ? CSV_COLUMNS : CSV_PLAN_COLUMNS;
    mu_table *table = mu_table_create(page->arena, columns, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    csv_row(table, &plan->best, found != NULL ? &found->verified[0] : NULL, "best");
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        csv_row(table, &plan->pareto[i], verified_at(found, (int32_t)i), "pareto");
    }
    return mu_table_csv(table, page->out, err);
}
