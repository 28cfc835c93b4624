/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster cost: what chips and tokens cost.
 *
 * Bound: without a model the system alone is priced; a model makes it a deployment.
 */
#include "cli/cli.h"

#include "io/doc_read.h"
#include "io/question_load.h"
#include "report/cost_report.h"
#include "report/explain_report.h"

#include <string.h>

/* A flag that sets the system goes before its argument. */
static mu_status name_system(mu_cli *cli, mu_error *err)
{
    mu_scenario *scenario = &cli->scenario;
    if (cli->argument_count > 0 && cli->file != cli->argument[0]) {
        mu_error local = {0};
        if (mu_option_set(mu_option_by_path("system.id"), cli->argument[0], scenario, &local) !=
            MU_OK) {
            return mu_fail(err, MU_E_USAGE, "cost: %s", local.text);
        }
    }
    if (scenario->system[0] == '\0') {
        return mu_fail_at(err, scenario->file[0] != '\0' ? MU_E_INPUT : MU_E_USAGE, scenario->file,
                          0, 0, "no system: expected SYSTEM, --system ID or system: in a scenario");
    }
    return MU_OK;
}

mu_status mu_cli_ask_cost(mu_cli *cli, mu_cost_question *question, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_question *served = NULL;
    mu_status status = name_system(cli, err);
    if (status == MU_OK) {
        status = mu_cli_catalog(cli, &catalog, err);
    }
    if (status == MU_OK && cli->scenario.model[0] != '\0') {
        served = MU_NEW(cli->arena, mu_question, 1);
        status = served == NULL
                     ? mu_fail(err, MU_E_MEMORY, "out of memory")
                     : mu_question_load(catalog, &cli->scenario, cli->arena, served, err);
    }
    return status == MU_OK ? mu_cost_question_make(catalog, &cli->scenario, served, question, err)
                           : status;
}

/* `explanation`: NULL = not asked for. */
static mu_status print(mu_cli *cli, const mu_cost_question *question, const mu_cost_answer *answer,
                       const mu_explanation *explanation, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        json_t *json = mu_cost_json(question, answer);
        return mu_cli_json(cli, explanation != NULL ? mu_explained_json(json, explanation) : json,
                           err);
    }
    if (cli->csv) {
        return explanation != NULL ? mu_explanation_csv(&page, explanation, err)
                                   : mu_cost_csv(&page, question, answer, err);
    }
    mu_status status = mu_cost_print(&page, question, answer, err);
    return status == MU_OK && explanation != NULL ? mu_explanation_print(&page, explanation, err)
                                                  : status;
}

mu_status mu_verb_cost(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_cost_question *question = MU_NEW(cli->arena, mu_cost_question, 1);
    mu_cost_answer *answer = MU_NEW(cli->arena, mu_cost_answer, 1);
    mu_explanation *explanation = MU_NEW(cli->arena, mu_explanation, 1);
    bool explains = mu_cli_explains(cli);
    if (question == NULL || answer == NULL || explanation == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask_cost(cli, question, err);
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_cost_answer_question(question, &work.work, answer, err);
    if (status == MU_OK && explains) {
        mu_explain_wish wish;
        status = mu_cli_explain_wish(cli, &wish, err);
        status = status == MU_OK
                     ? mu_cost_explain(question, answer, &wish, &work.work, explanation, err)
                     : status;
    }
    (void)mu_cli_work_end(&work);
    return status == MU_OK ? print(cli, question, answer, explains ? explanation : NULL, err)
                           : status;
}
