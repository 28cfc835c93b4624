/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster match: how many of one it takes to equal another.
 */
#include "cli/cli.h"

#include "io/question_load.h"
#include "report/answer_json.h"
#include "report/explain_report.h"

#include <stdio.h>
#include <string.h>

/* The two sides. */
typedef struct sides {
    mu_scenario other_scenario;
    mu_question reference;
    mu_question other;
    mu_match match;
    mu_explanation explanation; /* where it is asked for */
} sides;

/* SYSTEM of the command line goes before that of the file; exactly one --with. */
static mu_status name_sides(mu_cli *cli, mu_scenario *other, mu_error *err)
{
    mu_scenario *reference = &cli->scenario;
    if (cli->argument_count > 0) {
        const mu_option *system = mu_option_by_path("system.id");
        mu_error local = {0};
        if (mu_option_set(system, cli->argument[0], reference, &local) != MU_OK) {
            return mu_fail(err, MU_E_USAGE, "match: %s", local.text);
        }
    }
    if (reference->with_count != 1) {
        return mu_fail(err, MU_E_USAGE,
                       "match: expected one --with CHIP or SYSTEM, found %u; usage: muster match "
                       "SYSTEM --with CHIP|SYSTEM",
                       reference->with_count);
    }
    *other = *reference;
    (void)snprintf(other->system, sizeof other->system, "%s", reference->with[0]);
    other->chips = 0.0;
    return MU_OK;
}

static mu_status print(mu_cli *cli, const sides *s, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    bool explains = mu_cli_explains(cli);
    if (cli->json) {
        json_t *json = mu_match_json(&s->reference, &s->other, &s->match);
        return mu_cli_json(
            cli, explains ? mu_explained_json(json, &s->other, &s->explanation) : json, err);
    }
    if (cli->csv) {
        return explains ? mu_explanation_csv(&page, &s->other, &s->explanation, err)
                        : mu_match_csv(&page, &s->match, err);
    }
    mu_status status = mu_match_print(&page, &s->reference, &s->other, &s->match, err);
    return status == MU_OK && explains
               ? mu_explanation_print(&page, &s->other, &s->explanation, err)
               : status;
}

static mu_status search(mu_cli *cli, sides *s, mu_error *err)
{
    mu_cli_work work;
    mu_status status = mu_cli_work_begin(cli, &work, err);
    if (status != MU_OK) {
        return status;
    }
    mu_explain_wish wish = {.metric = cli->explain_of};
    status = mu_cli_explains(cli)
                 ? mu_match_explain(&s->reference, &s->other, &wish, &work.work, &s->match,
                                    &s->explanation, err)
                 : mu_match_search(&s->reference, &s->other, &work.work, &s->match, err);
    (void)mu_cli_work_end(&work);
    return status;
}

mu_status mu_verb_match(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    sides *s = MU_NEW(cli->arena, sides, 1);
    if (s == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = name_sides(cli, &s->other_scenario, err);
    if (status == MU_OK) {
        status = mu_cli_catalog(cli, &catalog, err);
    }
    if (status == MU_OK) {
        status = mu_question_load(catalog, &cli->scenario, cli->arena, &s->reference, err);
    }
    if (status == MU_OK) {
        status = mu_question_load(catalog, &s->other_scenario, cli->arena, &s->other, err);
    }
    if (status == MU_OK) {
        status = search(cli, s, err);
    }
    if (status == MU_OK) {
        status = print(cli, s, err);
    }
    if (status == MU_OK && !s->match.reached) {
        cli->json = false; /* the answer is printed already */
        return mu_fail(err, MU_NO, "no count of %s reaches %s", s->match.matched.system,
                       s->match.reference.system);
    }
    return status;
}
