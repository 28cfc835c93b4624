/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster explain: each term of an answer with its formula, and what moves it.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "report/explain_report.h"

#include <math.h>
#include <string.h>

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

/* A verb's answer, taken apart; the scenario has no draws. */
static mu_status of_prediction(mu_cli *cli, mu_terms *terms, mu_error *err)
{
    mu_cli_work work;
    mu_question *question = NULL;
    bool planned = cli->explained != NULL && strcmp(cli->explained, "plan") == 0;
    mu_prediction *prediction = MU_NEW(cli->arena, mu_prediction, 1);
    mu_plan *plan = planned ? MU_NEW(cli->arena, mu_plan, 1) : NULL;
    if (prediction == NULL || (planned && plan == NULL)) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask(cli, &question, &work, err);
    if (status != MU_OK) {
        return status;
    }
    if (planned) {
        status = mu_plan_search(question, &work.work, plan, err);
        *prediction = plan->best;
    } else {
        status = mu_predict(question, &work.work, prediction, err);
    }
    if (status == MU_OK) {
        status = mu_terms_make(question, prediction, cli->term, &work.work, terms, err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

static mu_status of_match(mu_cli *cli, mu_terms *terms, mu_error *err)
{
    mu_cli_work work;
    mu_question *side = MU_NEW(cli->arena, mu_question, 2);
    mu_match *match = MU_NEW(cli->arena, mu_match, 1);
    if (side == NULL || match == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask_match(cli, &side[0], &side[1], err);
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_match_search(&side[0], &side[1], &work.work, match, err);
    if (status == MU_OK && !match->reached) {
        status = mu_fail(err, MU_NO, "no count of %s reaches %s", match->matched.system,
                         match->reference.system);
    }
    if (status == MU_OK) {
        status = mu_terms_match(&side[0], &side[1], match, cli->term, &work.work, terms, err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

static mu_status of_cost(mu_cli *cli, mu_terms *terms, mu_error *err)
{
    mu_cli_work work;
    mu_cost_question *question = MU_NEW(cli->arena, mu_cost_question, 1);
    mu_cost_answer *answer = MU_NEW(cli->arena, mu_cost_answer, 1);
    if (question == NULL || answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask_cost(cli, question, err);
    if (status == MU_OK && question->shown.usd != 1.0) {
        status = mu_fail(err, MU_E_USAGE, "explain cost: terms are in USD: expected no --currency");
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_cost_answer_question(question, &work.work, answer, err);
    if (status == MU_OK) {
        status = mu_terms_cost(question, answer, cli->term, &work.work, terms, err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

static mu_status of_supply(mu_cli *cli, mu_terms *terms, mu_error *err)
{
    mu_cli_work work;
    mu_catalog *catalog = NULL;
    const mu_entity *chip = NULL;
    mu_supply_question *question = MU_NEW(cli->arena, mu_supply_question, 1);
    mu_supply_answer *answer = MU_NEW(cli->arena, mu_supply_answer, 1);
    if (question == NULL || answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status == MU_OK) {
        status = mu_catalog_find(catalog, MU_ENTITY_CHIP, cli->argument[0], &chip, err);
    }
    if (status == MU_OK) {
        status = mu_supply_question_make(catalog, chip, &cli->supply, cli->scenario.chips,
                                         cli->arena, question, err);
    }
    if (status == MU_OK) {
        question->seed = cli->scenario.seed;
        status = mu_supply_answer_question(question, cli->arena, answer, err);
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_terms_supply(question, answer, cli->term, &work.work, terms, err);
    (void)mu_cli_work_end(&work);
    return status;
}

static mu_status print(mu_cli *cli, const mu_terms *terms, const mu_terms_view *view, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        return mu_cli_json(cli, mu_terms_json(terms, view), err);
    }
    return cli->csv ? mu_terms_csv(&page, terms, view, err)
                    : mu_terms_print(&page, terms, view, err);
}

mu_status mu_verb_explain(mu_cli *cli, mu_error *err)
{
    mu_terms_view view;
    mu_terms *terms = MU_NEW(cli->arena, mu_terms, 1);
    const char *verb = cli->explained != NULL ? cli->explained : "predict";
    if (terms == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    cli->scenario.samples = 0.0; /* the point is explained */
    mu_status status = read_view(cli, &view, err);
    if (status == MU_OK) {
        status = strcmp(verb, "match") == 0    ? of_match(cli, terms, err)
                 : strcmp(verb, "cost") == 0   ? of_cost(cli, terms, err)
                 : strcmp(verb, "supply") == 0 ? of_supply(cli, terms, err)
                                               : of_prediction(cli, terms, err);
    }
    return status == MU_OK ? print(cli, terms, &view, err) : status;
}
