/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster supply: how many of a chip can be made, and what they build.
 *
 * Bound: an answer of no (so many chips never exist) still shows what there is.
 */
#include "cli/cli.h"

#include "io/file_write.h"
#include "io/question_load.h"
#include "report/explain_report.h"
#include "report/supply_report.h"

#include <stdio.h>
#include <string.h>

/* A chip's question on its way to an answer. */
typedef struct asked {
    mu_supply_question question;
    mu_supply_answer answer;
    mu_supply_service service;
    const mu_supply_system *chosen; /* that serves */
    mu_scenario scenario;           /* of one system */
    mu_question serving;
    mu_supply_picture picture;
    bool explained;
    mu_explanation explanation;
} asked;

static mu_status write_picture(void *context, FILE *out, mu_error *err)
{
    return mu_supply_svg(context, out, err);
}

static mu_status print(mu_cli *cli, asked *s, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->svg != NULL && s->answer.line_count > 0) {
        mu_status status = mu_file_write(cli->svg, write_picture, &s->picture, err);
        if (status != MU_OK) {
            return status;
        }
    }
    if (cli->json) {
        json_t *json = mu_supply_json(&s->picture);
        return mu_cli_json(cli, s->explained ? mu_explained_json(json, &s->explanation) : json,
                           err);
    }
    if (cli->csv) {
        return s->explained ? mu_explanation_csv(&page, &s->explanation, err)
                            : mu_supply_csv(&page, &s->picture, err);
    }
    mu_status status = mu_supply_print(&page, &s->picture, err);
    return status == MU_OK && s->explained ? mu_explanation_print(&page, &s->explanation, err)
                                           : status;
}

static mu_status explain(mu_cli *cli, asked *s, mu_error *err)
{
    mu_cli_work work;
    mu_explain_wish wish;
    mu_status status = mu_cli_explain_wish(cli, &wish, err);
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_supply_explain(&s->question, &s->answer, &wish, &work.work, &s->explanation, err);
    (void)mu_cli_work_end(&work);
    s->explained = status == MU_OK;
    return status;
}

/* The system whose service is asked for: the largest of the chip unless one is named. */
static mu_status choose_system(const mu_cli *cli, asked *s, mu_error *err)
{
    const mu_supply_answer *a = &s->answer;
    const char *id = cli->scenario.system;
    const char *chip = s->question.wish.chip->id;
    const mu_entity *named = NULL;
    if (a->system_count == 0) {
        return mu_fail(err, MU_E_INPUT, "no system of the catalogue is built of %s", chip);
    }
    s->chosen = &a->system[0];
    if (id[0] == '\0') {
        return MU_OK;
    }
    mu_status status = mu_catalog_find(s->question.wish.catalog, MU_ENTITY_SYSTEM, id, &named, err);
    for (uint32_t i = 0; i < a->system_count && status == MU_OK; i++) {
        if (a->system[i].system == named) {
            s->chosen = &a->system[i];
            return MU_OK;
        }
    }
    return status == MU_OK
               ? mu_fail(err, MU_E_INPUT,
                         "--system %s is not among the largest that are built of %s", id, chip)
               : status;
}

static mu_status serve(mu_cli *cli, asked *s, mu_error *err)
{
    mu_cli_work work;
    mu_status status = choose_system(cli, s, err);
    if (status == MU_OK) {
        s->scenario = cli->scenario;
        s->scenario.chips = 0.0;
        (void)snprintf(s->scenario.system, sizeof s->scenario.system, "%s", s->chosen->system->id);
        status =
            mu_question_load(s->question.wish.catalog, &s->scenario, cli->arena, &s->serving, err);
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_supply_serve(&s->serving, s->chosen, &work.work, &s->service, err);
    (void)mu_cli_work_end(&work);
    s->picture.service = status == MU_OK ? &s->service : NULL;
    return status;
}

static mu_status supply_of_chip(mu_cli *cli, const mu_catalog *catalog, const mu_entity *chip,
                                mu_error *err)
{
    asked *s = MU_NEW(cli->arena, asked, 1);
    if (s == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    s->picture = (mu_supply_picture){.question = &s->question, .answer = &s->answer};
    mu_status status = mu_supply_question_make(catalog, chip, &cli->supply, cli->scenario.chips,
                                               cli->arena, &s->question, err);
    if (status != MU_OK) {
        return status;
    }
    s->question.samples = cli->scenario.samples;
    s->question.seed = cli->scenario.seed;
    mu_status answered = mu_supply_answer_question(&s->question, cli->arena, &s->answer, err);
    if (answered == MU_OK && cli->scenario.model[0] != '\0') {
        answered = serve(cli, s, err);
    }
    if (answered == MU_OK && mu_cli_explains(cli)) {
        answered = explain(cli, s, err);
    }
    if (answered != MU_OK && answered != MU_NO) {
        return answered;
    }
    mu_error failure = {0};
    status = print(cli, s, &failure);
    if (status != MU_OK) {
        *err = failure;
        return status;
    }
    if (answered == MU_NO) {
        cli->json = false; /* the answer is printed already */
    }
    return answered;
}

/* What belongs to a chip says nothing of a foundry. */
static mu_status check_fab_flags(const mu_cli *cli, mu_error *err)
{
    const char *extra = NULL;
    extra = cli->scenario.chips > 0.0 ? "--chips" : extra;
    extra = cli->scenario.model[0] != '\0' ? "--model" : extra;
    extra = cli->svg != NULL ? "--svg" : extra;
    extra = mu_cli_explains(cli) ? "--explain" : extra;
    extra = cli->supply.without != NULL ? "--without" : extra;
    extra = cli->supply.from != NULL ? "--from" : extra;
    return extra == NULL ? MU_OK
                         : mu_fail(err, MU_E_USAGE, "supply: %s is for chips, %s is a foundry",
                                   extra, cli->argument[0]);
}

static mu_status supply_of_fab(mu_cli *cli, const mu_catalog *catalog, const mu_entity *foundry,
                               mu_error *err)
{
    mu_supply_question question;
    mu_page page = mu_cli_page(cli);
    mu_fab_answer *answer = MU_NEW(cli->arena, mu_fab_answer, 1);
    if (answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = check_fab_flags(cli, err);
    if (status == MU_OK) {
        status =
            mu_supply_question_make(catalog, NULL, &cli->supply, 0.0, cli->arena, &question, err);
    }
    if (status == MU_OK) {
        question.samples = cli->scenario.samples;
        question.seed = cli->scenario.seed;
        status = mu_fab_answer_question(&question, foundry, cli->arena, answer, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (cli->json) {
        return mu_cli_json(cli, mu_fab_json(answer), err);
    }
    return cli->csv ? mu_fab_csv(&page, answer, err)
                    : mu_fab_print(&page, answer, question.samples >= 1.0, err);
}

/* What is neither a chip nor a foundry: a system has a chip, anything else perhaps a neighbour. */
static mu_status refuse_name(const mu_catalog *catalog, const char *id, const mu_error *of_chip,
                             const mu_error *of_foundry, mu_error *err)
{
    static const char hint[] = "; did you mean";
    const mu_entity *system = NULL;
    mu_error ignored = {0};
    if (mu_catalog_find(catalog, MU_ENTITY_SYSTEM, id, &system, &ignored) == MU_OK) {
        const char *chip = mu_catalog_text(catalog, system, "chip");
        return mu_fail(err, MU_E_INPUT, "%s is a system; `muster supply %s` asks of its chip",
                       system->id, chip != NULL ? chip : "CHIP");
    }
    const char *near = strstr(of_chip->text, hint);
    near = near != NULL ? near : strstr(of_foundry->text, hint);
    return mu_fail(err, MU_E_INPUT, "unknown chip or foundry \"%.60s\"%s", id,
                   near != NULL ? near : "");
}

mu_status mu_verb_supply(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    const mu_entity *chip = NULL;
    const mu_entity *foundry = NULL;
    mu_error of_chip = {0};
    mu_error of_foundry = {0};
    const char *id = cli->argument[0];
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status != MU_OK) {
        return status;
    }
    if (mu_catalog_find(catalog, MU_ENTITY_FOUNDRY, id, &foundry, &of_foundry) == MU_OK) {
        return supply_of_fab(cli, catalog, foundry, err);
    }
    return mu_catalog_find(catalog, MU_ENTITY_CHIP, id, &chip, &of_chip) == MU_OK
               ? supply_of_chip(cli, catalog, chip, err)
               : refuse_name(catalog, id, &of_chip, &of_foundry, err);
}
