/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster plan: the best deployments under the SLO.
 */
#include "cli/cli.h"

#include "io/file_write.h"
#include "io/question_load.h"
#include "report/answer_json.h"
#include "report/explain_report.h"
#include "report/svg_pareto.h"
#include "report/verify_report.h"

/* What the picture is made of. */
typedef struct picture {
    const mu_question *question;
    const mu_plan *plan;
} picture;

static mu_status write_picture(void *context, FILE *out, mu_error *err)
{
    const picture *p = context;
    return mu_svg_pareto(out, p->question, p->plan, err);
}

/* What was found; NULL = not asked for. */
typedef struct findings {
    const mu_plan *plan;
    mu_verification *verified;
    mu_explanation *explanation; /* of the best */
    double seconds;
} findings;

static mu_status print(mu_cli *cli, const mu_question *question, const findings *f, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        json_t *json = mu_verified_plan_json(question, f->plan, f->verified, f->seconds);
        bool explained = f->explanation != NULL;
        return mu_cli_json(cli, explained ? mu_explained_json(json, f->explanation) : json, err);
    }
    if (cli->csv) {
        return f->explanation != NULL ? mu_explanation_csv(&page, f->explanation, err)
                                      : mu_plan_csv(&page, f->plan, f->verified, err);
    }
    mu_status status = mu_plan_print(&page, question, f->plan, err);
    if (status == MU_OK && f->verified != NULL) {
        status = mu_verification_print(&page, question, f->verified, err);
    }
    return status == MU_OK && f->explanation != NULL
               ? mu_explanation_print(&page, f->explanation, err)
               : status;
}

/* A trace, where there is one, says what to plan for. */
static mu_status answer(mu_cli *cli, mu_question *question, mu_work *work, mu_plan *plan,
                        mu_verification **verified, mu_error *err)
{
    mu_sim_source trace;
    const mu_sim_source *source = NULL;
    mu_status status = mu_question_trace(question, cli->arena, &trace, &source, err);
    if (status == MU_OK && source != NULL) {
        status = mu_question_follow(source, cli->arena, &cli->scenario, question, err);
    }
    if (status == MU_OK) {
        status = mu_plan_search(question, work, plan, err);
    }
    if (status != MU_OK || !cli->verify) {
        return status;
    }
    *verified = MU_NEW(cli->arena, mu_verification, 1);
    return *verified != NULL ? mu_plan_verify(question, plan, source, work, *verified, err)
                             : mu_fail(err, MU_E_MEMORY, "out of memory");
}

mu_status mu_verb_plan(mu_cli *cli, mu_error *err)
{
    mu_cli_work work;
    mu_question *question = NULL;
    mu_plan *plan = MU_NEW(cli->arena, mu_plan, 1);
    findings found = {.plan = plan};
    if (plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask(cli, &question, &work, err);
    if (status != MU_OK) {
        return status;
    }
    status = answer(cli, question, &work.work, plan, &found.verified, err);
    if (status == MU_OK) {
        status = mu_cli_explain(cli, question, &plan->best, &work.work, &found.explanation, err);
    }
    found.seconds = mu_cli_work_end(&work);
    if (status == MU_OK && cli->svg != NULL) {
        picture p = {question, plan};
        status = mu_file_write(cli->svg, write_picture, &p, err);
    }
    return status == MU_OK ? print(cli, question, &found, err) : status;
}
