/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster explain: each term of an answer with its formula, and what moves it.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "report/explain_report.h"

#include <math.h>

enum { DEPTH_USUAL = 3, DEPTH_MOST = 16 };

/* --depth N; programs get all there is unless they say. */
static mu_status read_view(const mu_cli *cli, mu_terms_view *out, mu_error *err)
{
    double depth = cli->json || cli->csv ? DEPTH_MOST : DEPTH_USUAL;
    bool said = cli->depth != NULL;
    if (said && (!mu_text_number(cli->depth, &depth) || depth != floor(depth) || depth < 1.0 ||
                 depth > DEPTH_MOST)) {
        return mu_fail(err, MU_E_USAGE,
                       "--depth: expected a whole number from 1 to %d, found \"%.64s\"", DEPTH_MOST,
                       cli->depth);
    }
    *out = (mu_terms_view){.one = cli->term != NULL, .depth = (uint32_t)depth};
    return MU_OK;
}

static mu_status answer(mu_cli *cli, mu_question *question, mu_work *work, mu_terms *terms,
                        mu_error *err)
{
    mu_prediction *prediction = MU_NEW(cli->arena, mu_prediction, 1);
    if (prediction == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_predict(question, work, prediction, err);
    return status == MU_OK ? mu_terms_make(question, prediction, cli->term, work, terms, err)
                           : status;
}

static mu_status print(mu_cli *cli, const mu_question *question, const mu_terms *terms,
                       const mu_terms_view *view, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        return mu_cli_json(cli, mu_terms_json(question, terms, view), err);
    }
    return cli->csv ? mu_terms_csv(&page, terms, view, err)
                    : mu_terms_print(&page, question, terms, view, err);
}

mu_status mu_verb_explain(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_terms_view view;
    mu_question *question = NULL;
    mu_terms *terms = MU_NEW(cli->arena, mu_terms, 1);
    if (terms == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    cli->scenario.samples = 0.0; /* the point is explained */
    mu_status status = read_view(cli, &view, err);
    if (status == MU_OK) {
        status = mu_cli_ask(cli, &question, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = answer(cli, question, &work.work, terms, err);
    (void)mu_cli_work_end(&work);
    return status == MU_OK ? print(cli, question, terms, &view, err) : status;
}
