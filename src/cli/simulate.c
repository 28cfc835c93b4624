/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster simulate: requests over time.
 *
 * Bound: files that are written while it runs hold the point run alone, not the draws.
 */
#include "cli/cli.h"

#include "io/file_write.h"
#include "io/question_load.h"
#include "report/explain_report.h"
#include "report/simulate_report.h"

#include <string.h>

/* Files that the run writes; those not asked for are not open. */
typedef struct outputs {
    mu_file timeline_file;
    mu_file requests_file;
    mu_timeline timeline;
    mu_sim_files files;
} outputs;

/* What the picture is made of. */
typedef struct picture {
    const mu_question *question;
    const mu_simulation *simulation;
} picture;

static mu_status write_picture(void *context, FILE *out, mu_error *err)
{
    const picture *p = context;
    return mu_simulation_svg(out, p->question, p->simulation, err);
}

/* What is written may be no other file of the run: not one that is read, either. */
static mu_status check_files(const mu_cli *cli, mu_error *err)
{
    const struct {
        const char *name;
        const char *path;
    } files[] = {{"--timeline", cli->timeline},
                 {"--requests-csv", cli->requests_csv},
                 {"--svg", cli->svg},
                 {"the trace", cli->scenario.trace},
                 {"the scenario", cli->scenario.file}};
    enum { WRITTEN = 3, ALL = sizeof files / sizeof files[0] };
    for (int i = 0; i < WRITTEN; i++) {
        for (int j = i + 1; j < ALL; j++) {
            if (mu_file_same(files[i].path, files[j].path)) {
                return mu_fail(err, MU_E_USAGE,
                               "%s: expected another file than %s, found \"%.256s\"", files[i].name,
                               files[j].name, files[i].path);
            }
        }
    }
    return MU_OK;
}

static mu_status begin_outputs(const mu_cli *cli, outputs *o, mu_error *err)
{
    memset(o, 0, sizeof *o);
    if (cli->timeline != NULL) {
        mu_status status = mu_file_begin(cli->timeline, &o->timeline_file, err);
        if (status != MU_OK) {
            return status;
        }
        mu_timeline_begin(&o->timeline, o->timeline_file.out);
        o->files.timeline = &o->timeline;
    }
    if (cli->requests_csv != NULL) {
        mu_status status = mu_file_begin(cli->requests_csv, &o->requests_file, err);
        if (status != MU_OK) {
            return mu_file_end(&o->timeline_file, status, err);
        }
        mu_requests_begin(o->requests_file.out);
        o->files.requests = o->requests_file.out;
    }
    return MU_OK;
}

/* `ran` is how the simulation went: where it failed, no file stays. */
static mu_status end_outputs(outputs *o, mu_status ran, mu_error *err)
{
    mu_status status = ran;
    if (status == MU_OK && o->files.timeline != NULL) {
        status = mu_timeline_end(&o->timeline, err);
    }
    status = mu_file_end(&o->timeline_file, status, err);
    if (status == MU_OK && o->files.requests != NULL) {
        status = mu_requests_end(o->requests_file.out, err);
    }
    return mu_file_end(&o->requests_file, status, err);
}

/* `why`: NULL = not asked for. */
static mu_status print(mu_cli *cli, const mu_question *question, const mu_simulation *simulation,
                       const mu_explanation *why, double seconds, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        json_t *json = mu_simulation_json(question, simulation, seconds);
        return mu_cli_json(cli, why != NULL ? mu_explained_json(json, why) : json, err);
    }
    if (cli->csv) {
        return why != NULL ? mu_explanation_csv(&page, why, err)
                           : mu_simulation_csv(&page, simulation, err);
    }
    mu_status status = mu_simulation_print(&page, question, simulation, err);
    return status == MU_OK && why != NULL ? mu_explanation_print(&page, why, err) : status;
}

static mu_status run(mu_cli *cli, const mu_question *question, mu_work *work, mu_simulation *out,
                     mu_explanation *why, mu_error *err)
{
    outputs o;
    mu_explain_wish wish;
    mu_sim_source trace;
    const mu_sim_source *source = NULL;
    mu_status status = mu_cli_explain_wish(cli, &wish, err);
    if (status == MU_OK) {
        status = mu_question_trace(question, cli->arena, &trace, &source, err);
    }
    if (status == MU_OK) {
        status = begin_outputs(cli, &o, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_sim_watch watch = mu_sim_files_watch(&o.files);
    bool watched = o.files.timeline != NULL || o.files.requests != NULL;
    const mu_sim_watch *watching = watched ? &watch : NULL;
    status = why != NULL
                 ? mu_simulate_explain(question, source, watching, &wish, work, out, why, err)
                 : mu_simulate_question(question, source, watching, work, out, err);
    return end_outputs(&o, status, err);
}

mu_status mu_verb_simulate(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_question *question = NULL;
    mu_simulation *simulation = MU_NEW(cli->arena, mu_simulation, 1);
    mu_explanation *why = mu_cli_explains(cli) ? MU_NEW(cli->arena, mu_explanation, 1) : NULL;
    if (simulation == NULL || (why == NULL && mu_cli_explains(cli))) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    cli->scenario.warning_count = 0; /* they are of what a steady state leaves out */
    mu_status status = check_files(cli, err);
    if (status == MU_OK) {
        status = mu_cli_ask(cli, &question, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = run(cli, question, &work.work, simulation, why, err);
    double seconds = mu_cli_work_end(&work);
    if (status == MU_OK && cli->svg != NULL) {
        picture p = {question, simulation};
        status = mu_file_write(cli->svg, write_picture, &p, err);
    }
    return status == MU_OK ? print(cli, question, simulation, why, seconds, err) : status;
}
