/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster compare: systems side by side, their peaks and the workload on each at its best.
 *
 * Bound: a system that cannot do the workload is a column without numbers and a line that says why;
 *        only when none can is the answer no.
 */
#include "cli/cli.h"

#include "io/question_load.h"
#include "report/answer_json.h"
#include "report/peaks.h"
#include "report/settings.h"

#include <stdio.h>
#include <string.h>

/* One column. */
typedef struct column {
    const mu_entity *entity;
    mu_scenario scenario;
    mu_question question;
    mu_plan plan;
    bool answered;
    mu_error why; /* when not answered */
    uint32_t peak_count;
    mu_peak peaks[MU_PEAKS_MAX];
} column;

typedef struct comparison {
    mu_cli *cli;
    mu_catalog *catalog;
    uint32_t count;
    column *columns[MU_WITH_MAX];
    const char *names[MU_WITH_MAX];
} comparison;

static mu_status add_column(comparison *c, const char *id, mu_error *err)
{
    column *col = MU_NEW(c->cli->arena, column, 1);
    if (col == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    if (strlen(id) >= sizeof col->scenario.system) {
        return mu_fail(err, MU_E_USAGE, "compare: the id is too long");
    }
    mu_status status = mu_catalog_find_any(c->catalog, id, &col->entity, err);
    if (status != MU_OK) {
        return status;
    }
    col->scenario = c->cli->scenario;
    (void)snprintf(col->scenario.system, sizeof col->scenario.system, "%s", col->entity->id);
    c->columns[c->count] = col;
    c->names[c->count] = col->entity->id;
    c->count++;
    return mu_peaks(c->catalog, col->entity, col->scenario.chips, col->peaks, &col->peak_count,
                    err);
}

static mu_status collect(comparison *c, mu_error *err)
{
    const mu_scenario *scenario = &c->cli->scenario;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < c->cli->argument_count && status == MU_OK; i++) {
        status = add_column(c, c->cli->argument[i], err);
    }
    for (uint32_t i = 0; i < scenario->with_count && status == MU_OK; i++) {
        if (c->count == MU_WITH_MAX) {
            return mu_fail(err, MU_E_USAGE, "compare: at most %d systems", MU_WITH_MAX);
        }
        status = add_column(c, scenario->with[i], err);
    }
    if (status == MU_OK && c->count < 2) {
        return mu_fail(err, MU_E_USAGE, "compare: expected two systems or more, found %u",
                       c->count);
    }
    return status;
}

/* Bad input stops everything; a system that cannot is part of the answer. */
static mu_status answer(comparison *c, column *col, mu_work *work, mu_error *err)
{
    mu_status status =
        mu_question_load(c->catalog, &col->scenario, c->cli->arena, &col->question, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_plan_search(&col->question, work, &col->plan, &col->why);
    if (status == MU_OK) {
        col->answered = true;
        return MU_OK;
    }
    if (status == MU_NO) {
        return MU_OK;
    }
    *err = col->why;
    return status;
}

static mu_status answer_all(comparison *c, mu_error *err)
{
    mu_cli_work work;
    mu_status status = mu_cli_work_begin(c->cli, &work, err);
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t i = 0; i < c->count && status == MU_OK; i++) {
        status = answer(c, c->columns[i], &work.work, err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

static json_t *column_json(const column *col, bool asked)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(col->entity->id));
    mu_json_put(&json, "name", mu_json_text(col->entity->name));
    mu_json_put(&json, "peaks", mu_peaks_json(col->peaks, col->peak_count));
    if (asked) {
        mu_json_put(&json, "best",
                    col->answered ? mu_prediction_json(&col->question, &col->plan.best)
                                  : json_null());
    }
    if (asked && !col->answered) {
        mu_json_put(&json, "why", mu_json_text(col->why.text));
    }
    return mu_json_done(&json);
}

static mu_status print_json(const comparison *c, bool asked, mu_error *err)
{
    mu_json json = mu_json_begin();
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < c->count; i++) {
        failed |= json_array_append_new(list, column_json(c->columns[i], asked));
    }
    if (failed != 0) {
        json_decref(list);
        list = NULL;
    }
    mu_json_put(&json, "systems", list);
    return mu_cli_json(c->cli, mu_json_done(&json), err);
}

static mu_status print_tables(const comparison *c, bool asked, mu_error *err)
{
    char workload[MU_CELL_MAX];
    mu_page page = mu_cli_page(c->cli);
    const mu_peak *peaks[MU_WITH_MAX];
    const mu_prediction *answers[MU_WITH_MAX];
    const char *systems[MU_WITH_MAX]; /* a chip is answered on the system that has it */
    for (uint32_t i = 0; i < c->count; i++) {
        peaks[i] = c->columns[i]->peaks;
        answers[i] = c->columns[i]->answered ? &c->columns[i]->plan.best : NULL;
        systems[i] = asked ? c->columns[i]->question.system->id : c->names[i];
    }
    if (c->cli->csv) {
        return asked
                   ? mu_compare_csv(&page, answers, systems, c->count, err)
                   : mu_peaks_csv(&page, peaks, c->names, c->count, c->columns[0]->peak_count, err);
    }
    mu_status status =
        mu_peaks_print(&page, peaks, c->names, c->count, c->columns[0]->peak_count, err);
    if (status != MU_OK || !asked) {
        return status;
    }
    mu_workload_words(&c->cli->scenario, workload);
    fprintf(page.out, "\n%s: %s\n\n", c->cli->scenario.model, workload);
    status = mu_compare_print(&page, answers, systems, c->count, err);
    for (uint32_t i = 0; i < c->count && status == MU_OK; i++) {
        if (!c->columns[i]->answered) {
            fprintf(page.out, "%s: %s\n", c->names[i], c->columns[i]->why.text);
        }
    }
    for (uint32_t i = 0; i < c->cli->scenario.warning_count && status == MU_OK; i++) {
        fprintf(page.out, "note: %s\n", c->cli->scenario.warning[i]);
    }
    return status;
}

mu_status mu_verb_compare(mu_cli *cli, mu_error *err)
{
    comparison c = {.cli = cli};
    bool asked = cli->scenario.model[0] != '\0';
    uint32_t answered = 0;
    mu_status status = mu_cli_catalog(cli, &c.catalog, err);
    if (status == MU_OK) {
        status = collect(&c, err);
    }
    if (status == MU_OK && asked) {
        status = answer_all(&c, err);
    }
    if (status == MU_OK) {
        status = cli->json ? print_json(&c, asked, err) : print_tables(&c, asked, err);
    }
    for (uint32_t i = 0; i < c.count; i++) {
        answered += c.columns[i]->answered ? 1 : 0;
    }
    if (status == MU_OK && asked && answered == 0) {
        cli->json = false; /* the answer is printed already */
        return mu_fail(err, MU_NO, "none of the systems can: %s", c.columns[0]->why.text);
    }
    return status;
}
