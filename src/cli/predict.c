/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster predict: one deployment.
 */
#include "cli/cli.h"

#include "report/answer_json.h"

static mu_status print(mu_cli *cli, const mu_question *question, const mu_prediction *prediction,
                       mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        return mu_cli_json(cli, mu_prediction_json(question, prediction), err);
    }
    if (cli->csv) {
        return mu_prediction_csv(&page, prediction, err);
    }
    return mu_prediction_print(&page, question, prediction, err);
}

mu_status mu_verb_predict(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_question *question = NULL;
    mu_prediction *prediction = MU_NEW(cli->arena, mu_prediction, 1);
    if (prediction == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask(cli, &question, &work, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_predict(question, &work.work, prediction, err);
    (void)mu_cli_work_end(&work);
    return status == MU_OK ? print(cli, question, prediction, err) : status;
}
