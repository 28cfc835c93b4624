/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster predict: one deployment.
 */
#include "cli/cli.h"

#include "report/answer_json.h"
#include "report/explain_report.h"

/* `explanation`: NULL = not asked for. CSV is one table: where it is asked for, that one. */
static mu_status print(mu_cli *cli, const mu_question *question, const mu_prediction *prediction,
                       const mu_explanation *explanation, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        json_t *json = mu_prediction_json(question, prediction);
        return mu_cli_json(cli, explanation != NULL ? mu_explained_json(json, explanation) : json,
                           err);
    }
    if (cli->csv) {
        return explanation != NULL ? mu_explanation_csv(&page, explanation, err)
                                   : mu_prediction_csv(&page, prediction, err);
    }
    mu_status status = mu_prediction_print(&page, question, prediction, err);
    return status == MU_OK && explanation != NULL ? mu_explanation_print(&page, explanation, err)
                                                  : status;
}

mu_status mu_verb_predict(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_question *question = NULL;
    mu_prediction *prediction = MU_NEW(cli->arena, mu_prediction, 1);
    mu_explanation *explanation = NULL;
    if (prediction == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask(cli, &question, &work, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_predict(question, &work.work, prediction, err);
    if (status == MU_OK) {
        status = mu_cli_explain(cli, question, prediction, &work.work, &explanation, err);
    }
    (void)mu_cli_work_end(&work);
    return status == MU_OK ? print(cli, question, prediction, explanation, err) : status;
}
