/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster calibrate --engine: an engine's profile from measured deployments, as a table, JSON and a
 * file of the catalogue that inherits from the engine.
 */
#include "cli/calibrate.h"

#include "calibrate/engine.h"
#include "io/case_read.h"
#include "io/file_write.h"

#include <string.h>

typedef struct answer {
    const mu_cli *cli;
    const mu_entity *entity;
    const mu_engine_found *found;
} answer;

static const char *const measures[MU_ENGINE_MEASURES] = {"TPOT", "TTFT", "1/rate"};

/* What the parameters leave, by the one that carries it. */
enum { RESTS = 3 };
static const char *const rest_name[RESTS] = {"step_factor", "ttft_factor", "ttft_factor_apart"};

static const mu_range *rest_of(const mu_engine_found *found, int i)
{
    const mu_range *const rest[RESTS] = {&found->step_rest, &found->ttft_rest,
                                         &found->ttft_rest_apart};
    return rest[i];
}

/* A parameter that no refit moved has no say in the cases. */
static bool has_say(const mu_engine_found *found, uint32_t knob)
{
    return found->range[knob].low < found->range[knob].high;
}

static mu_status print_errors(const mu_page *page, const mu_engine_found *found, mu_error *err)
{
    static const char *const headings[] = {"measure", "cases",  "",       "before",
                                           "MAPE",    "median", "90th %", "bias"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_LEFT,
                                      MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, 8, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (int m = 0; m < MU_ENGINE_MEASURES; m++) {
        for (int held = 1; held >= 0; held--) {
            const mu_row_errors *before = &found->before_error[m][held];
            const mu_row_errors *after = &found->after_error[m][held];
            char cell[6][32];
            (void)snprintf(cell[0], sizeof cell[0], "%u", after->n);
            (void)snprintf(cell[1], sizeof cell[1], "%.1f %%", 100.0 * before->mape);
            (void)snprintf(cell[2], sizeof cell[2], "%.1f %%", 100.0 * after->mape);
            (void)snprintf(cell[3], sizeof cell[3], "%.1f %%", 100.0 * after->median);
            (void)snprintf(cell[4], sizeof cell[4], "%.1f %%", 100.0 * after->p90);
            (void)snprintf(cell[5], sizeof cell[5], "%+.1f %%", 100.0 * after->bias);
            const char *const cells[] = {measures[m], cell[0], held == 1 ? "held out" : "fitted on",
                                         cell[1],     cell[2], cell[3],
                                         cell[4],     cell[5]};
            if (after->n > 0) {
                mu_table_row(table, cells);
            }
        }
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_parameters(const mu_page *page, const mu_engine_found *found, mu_error *err)
{
    static const char *const headings[] = {"parameter", "before", "best", "low", "high", "unit"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 6, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < found->knob_count; i++) {
        if (!has_say(found, i)) {
            continue;
        }
        bool time = found->knob[i].sort == MU_ENGINE_TIME;
        double scale = time ? 1e6 : 1.0;
        const double values[4] = {found->before[i], found->range[i].best, found->range[i].low,
                                  found->range[i].high};
        char cell[4][32];
        for (int c = 0; c < 4; c++) {
            (void)snprintf(cell[c], sizeof cell[c], "%.3g", scale * values[c]);
        }
        const char *const cells[] = {found->knob[i].name, cell[0], cell[1], cell[2], cell[3],
                                     time ? "us" : ""};
        mu_table_row(table, cells);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print(const mu_page *page, const answer *a, mu_error *err)
{
    fprintf(page->out, "%s, fitted on %u cases.\n\n", a->entity->name, a->found->cases);
    mu_status status = print_errors(page, a->found, err);
    if (status == MU_OK) {
        fputc('\n', page->out);
        status = print_parameters(page, a->found, err);
    }
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t i = 0, told = 0; i < a->found->knob_count; i++) {
        if (!has_say(a->found, i)) {
            fprintf(page->out, "%s%s", told++ == 0 ? "\nWithout a say, left as they were: " : ", ",
                    a->found->knob[i].name);
        }
    }
    static const char *const of[] = {"TPOT", "TTFT", "TTFT with prefill and decode apart"};
    fprintf(page->out, "\nMeasured over predicted, nine in ten cases: ");
    for (int i = 0; i < RESTS; i++) {
        const mu_range *rest = rest_of(a->found, i);
        fprintf(page->out, "%s %.2f to %.2f%s", of[i], rest->low, rest->high,
                i < RESTS - 1 ? ", " : ".\n");
    }
    if (a->cli->output != NULL) {
        fprintf(page->out, "\nWritten to %s: `--catalog` with its directory takes it as engine.\n",
                a->cli->output);
    }
    return mu_stream_check(page->out, err);
}

static void write_parameter(FILE *out, const char *name, mu_range range, const char *unit)
{
    fprintf(out,
            "  %s: {best: %.4g, low: %.4g, high: %.4g%s, grade: A, source: own-measurements}\n",
            name, range.best, range.low, range.high, unit);
}

/* A mu_file_writer: an engine that inherits from the one it was fitted from. */
static mu_status write_engine(void *context, FILE *out, mu_error *err)
{
    const answer *a = context;
    const mu_engine_found *found = a->found;
    fprintf(out,
            "# Written by `muster calibrate --engine`. Ranges are 90 %%: spread of five refits\n"
            "# that each left out a fifth of the cases; *_factor holds measured over\n"
            "# predicted of nine in ten cases fitted on.\n"
            "kind: engine\nid: %s-own\nname: \"%s, own measurements\"\ninherits: %s\nparameters:\n",
            a->entity->id, a->entity->name, a->entity->id);
    for (uint32_t i = 0; i < found->knob_count; i++) {
        if (has_say(found, i)) {
            write_parameter(out, found->knob[i].name, found->range[i],
                            found->knob[i].sort == MU_ENGINE_TIME ? ", unit: s" : "");
        }
    }
    for (int i = 0; i < RESTS && !found->simulated; i++) {
        write_parameter(out, rest_name[i], *rest_of(found, i), "");
    }
    return mu_stream_check(out, err);
}

static json_t *range_json(mu_range range)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "best", mu_json_number(range.best));
    mu_json_put(&json, "low", mu_json_number(range.low));
    mu_json_put(&json, "high", mu_json_number(range.high));
    return mu_json_done(&json);
}

static json_t *answer_json(const answer *a)
{
    static const char *const keys[MU_ENGINE_MEASURES] = {"tpot_mean_s", "ttft_mean_s",
                                                         "output_token_s"};
    const mu_engine_found *found = a->found;
    mu_json errors = mu_json_begin();
    for (int m = 0; m < MU_ENGINE_MEASURES; m++) {
        mu_json one = mu_json_begin();
        mu_json_put(&one, "before", mu_calibrate_errors_json(&found->before_error[m][1]));
        mu_json_put(&one, "held_out", mu_calibrate_errors_json(&found->after_error[m][1]));
        mu_json_put(&one, "fitted_on", mu_calibrate_errors_json(&found->after_error[m][0]));
        mu_json_put(&errors, keys[m], mu_json_done(&one));
    }
    mu_json params = mu_json_begin();
    for (uint32_t i = 0; i < found->knob_count; i++) {
        if (has_say(found, i)) {
            mu_json_put(&params, found->knob[i].name, range_json(found->range[i]));
        }
    }
    for (int i = 0; i < RESTS && !found->simulated; i++) {
        mu_json_put(&params, rest_name[i], range_json(*rest_of(found, i)));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "engine", mu_json_text(a->entity->id));
    mu_json_put(&json, "cases", json_integer(found->cases));
    mu_json_put(&json, "errors", mu_json_done(&errors));
    mu_json_put(&json, "params", mu_json_done(&params));
    if (a->cli->output != NULL) {
        mu_json_put(&json, "file", mu_json_text(a->cli->output));
    }
    return mu_json_done(&json);
}

static mu_status read_cases(const mu_cli *cli, mu_case_list *list, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < cli->argument_count && status == MU_OK; i++) {
        status = mu_cases_read(cli->argument[i], list, err);
    }
    return status;
}

mu_status mu_calibrate_engine(mu_cli *cli, const mu_catalog *catalog, mu_error *err)
{
    mu_engine_found found;
    mu_cli_work work;
    mu_case_list list = {.arena = cli->arena};
    answer a = {.cli = cli, .found = &found};
    if (cli->chip != NULL || cli->network != NULL || cli->as_is) {
        return mu_fail(err, MU_E_USAGE, "calibrate: --engine stands alone, without --%s",
                       cli->chip != NULL ? "chip" : (cli->network != NULL ? "system" : "as-is"));
    }
    mu_status status = mu_cli_check_verb(cli, "calibrate", err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_catalog_find(catalog, MU_ENTITY_ENGINE, cli->engine, &a.entity, err);
    if (status == MU_OK) {
        status = read_cases(cli, &list, err);
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    bool simulate = cli->verb != NULL && strcmp(cli->verb, "simulate") == 0;
    status = mu_engine_calibrate(catalog, list.item, list.count, a.entity->id, simulate, &work.work,
                                 &found, err);
    (void)mu_cli_work_end(&work);
    if (status == MU_OK && cli->output != NULL) {
        status = mu_file_write(cli->output, write_engine, &a, err);
    }
    if (status == MU_OK && cli->json) {
        return mu_cli_json(cli, answer_json(&a), err);
    }
    mu_page page = mu_cli_page(cli);
    return status == MU_OK ? print(&page, &a, err) : status;
}
