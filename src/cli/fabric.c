/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster fabric: a system's networks, and what runs on them.
 *
 * Bound: an answer of no (a job that lost a member) still shows the networks as they are.
 */
#include "cli/cli.h"

#include "io/doc_read.h"
#include "io/file_write.h"
#include "io/moves_read.h"
#include "io/topology_read.h"
#include "report/fabric_report.h"

/* What picture and page are made of. */
typedef struct picture {
    const mu_net_question *question;
    const mu_net_answer *answer;
    mu_arena *arena;
} picture;

static mu_status write_svg(void *context, FILE *out, mu_error *err)
{
    const picture *p = context;
    return mu_net_svg(out, p->arena, p->question, p->answer, err);
}

static mu_status write_html(void *context, FILE *out, mu_error *err)
{
    const picture *p = context;
    return mu_net_html(out, p->arena, p->question, p->answer, err);
}

static mu_status check_files(const mu_cli *cli, mu_error *err)
{
    const char *const read[] = {cli->schedule, cli->topology};
    const char *const written[] = {cli->svg, cli->html};
    if (mu_file_same(cli->svg, cli->html)) {
        return mu_fail(err, MU_E_USAGE,
                       "--svg: expected another file than --html, found \"%.256s\"", cli->svg);
    }
    for (int i = 0; i < 4; i++) {
        if (mu_file_same(written[i / 2], read[i % 2])) {
            return mu_fail(
                err, MU_E_USAGE, "--%s: expected another file than --%s, found \"%.256s\"",
                i < 2 ? "svg" : "html", i % 2 == 0 ? "schedule" : "topology", written[i / 2]);
        }
    }
    return MU_OK;
}

static mu_status write_files(const mu_cli *cli, picture *p, mu_error *err)
{
    mu_status status = MU_OK;
    if (cli->svg != NULL) {
        status = mu_file_write(cli->svg, write_svg, p, err);
    }
    if (status == MU_OK && cli->html != NULL) {
        status = mu_file_write(cli->html, write_html, p, err);
    }
    return status;
}

static mu_status print(mu_cli *cli, const picture *p, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        return mu_cli_json(cli, mu_net_json(p->question, p->answer), err);
    }
    if (cli->csv) {
        return mu_net_csv(&page, p->question, p->answer, err);
    }
    return mu_net_print(&page, p->question, p->answer, err);
}

static mu_status read_topology(mu_cli *cli, mu_net_wiring *out, mu_error *err)
{
    mu_doc doc;
    mu_topology_plan *plan = MU_NEW(cli->arena, mu_topology_plan, 1);
    if (plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_doc_read_file(cli->arena, cli->topology, &doc, err);
    if (status == MU_OK) {
        status = mu_topology_plan_from_doc(cli->arena, &doc, plan, err);
    }
    if (status == MU_OK && cli->scenario.chips > 0.0) {
        status = mu_fail(err, MU_E_USAGE,
                         "fabric: --chips or --topology, not both: the file says "
                         "how many ranks there are");
    }
    if (status == MU_OK) {
        *out = (mu_net_wiring){.name = cli->topology,
                               .ranks = plan->ranks,
                               .network_count = plan->network_count,
                               .network = plan->network,
                               .vertices = plan->vertices,
                               .cable_count = plan->cable_count,
                               .cable = plan->cable};
    }
    return status;
}

static mu_status read_schedule(mu_cli *cli, mu_error *err)
{
    double bytes = 0.0;
    if (cli->net.collective != NULL) {
        return mu_fail(err, MU_E_USAGE, "fabric: --collective or --schedule, not both");
    }
    mu_schedule *schedule = MU_NEW(cli->arena, mu_schedule, 1);
    if (schedule == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_net_size_read(cli->net.size, &bytes, err);
    if (status == MU_OK) {
        status = mu_schedule_read(cli->arena, cli->schedule, bytes, schedule, err);
    }
    if (status == MU_OK) {
        bool unnamed = schedule->name == NULL || schedule->name[0] == '\0';
        cli->net.schedule = &schedule->moves;
        cli->net.schedule_name = unnamed ? cli->schedule : schedule->name;
        cli->net.schedule_known = schedule->has_what;
        cli->net.schedule_does = schedule->what;
    }
    return status;
}

static mu_status ask(mu_cli *cli, mu_net_question *question, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_status status = check_files(cli, err);
    if (status == MU_OK) {
        status = mu_cli_catalog(cli, &catalog, err);
    }
    mu_net_wiring *wiring = MU_NEW(cli->arena, mu_net_wiring, 1);
    if (status == MU_OK && wiring == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    if (status == MU_OK && cli->topology != NULL) {
        status = read_topology(cli, wiring, err);
    }
    if (status == MU_OK && cli->schedule != NULL) {
        status = read_schedule(cli, err);
    }
    if (status == MU_OK) {
        status = mu_net_question_make(catalog, cli->argument[0], cli->scenario.chips,
                                      cli->topology != NULL ? wiring : NULL, &cli->net, cli->arena,
                                      question, err);
    }
    question->samples = cli->scenario.samples;
    question->seed = cli->scenario.seed;
    return status;
}

static mu_status answer(mu_cli *cli, const mu_net_question *question, mu_net_answer *out,
                        mu_error *err)
{
    mu_cli_work work;
    mu_status status = mu_cli_work_begin(cli, &work, err);
    if (status == MU_OK) {
        status = mu_net_answer_question(question, &work.work, out, err);
        (void)mu_cli_work_end(&work);
    }
    return status;
}

mu_status mu_verb_fabric(mu_cli *cli, mu_error *err)
{
    mu_net_question *question = MU_NEW(cli->arena, mu_net_question, 1);
    mu_net_answer *found = MU_NEW(cli->arena, mu_net_answer, 1);
    if (question == NULL || found == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = ask(cli, question, err);
    if (status != MU_OK) {
        return status;
    }
    picture p = {question, found, cli->arena};
    status = answer(cli, question, found, err);
    bool shown = status == MU_OK || (status == MU_NO && found->topology != NULL);
    if (!shown) {
        return status;
    }
    mu_error failure = {0};
    mu_status written = write_files(cli, &p, &failure);
    if (written == MU_OK) {
        written = print(cli, &p, &failure);
    }
    if (written != MU_OK) {
        *err = failure;
        return written;
    }
    if (status == MU_NO) {
        cli->json = false; /* the answer is printed already */
    }
    return status;
}
