/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster claims: statements of the press held against the twin.
 */
#include "cli/cli.h"

#include "report/claims_report.h"
#include "report/explain_report.h"

#include <string.h>

/* All, or `only` one with what it hangs on where that is wanted. */
static mu_status check_all(mu_cli *cli, const mu_catalog *catalog, const mu_entity *only,
                           mu_claim_answer answers[], uint32_t count, mu_explanation *explanation,
                           mu_error *err)
{
    mu_cli_work work;
    mu_claim_wish wish = {
        .samples = cli->scenario.samples, .seed = cli->scenario.seed, .explanation = explanation};
    mu_status status = mu_cli_explain_wish(cli, &wish.explain, err);
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_claim_book *book = mu_claim_book_create(cli->arena);
    if (book == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        const mu_entity *claim = only != NULL ? only : mu_catalog_at(catalog, MU_ENTITY_CLAIM, i);
        status = mu_claim_explain(catalog, claim, &wish, book, &work.work, &answers[i], err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

static mu_status print(mu_cli *cli, const mu_catalog *catalog, const mu_claim_answer answers[],
                       uint32_t count, const mu_explanation *explanation, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    bool one = cli->argument_count > 0;
    if (cli->json) {
        json_t *json = mu_claims_json(catalog, answers, count, one);
        return mu_cli_json(cli, explanation != NULL ? mu_explained_json(json, explanation) : json,
                           err);
    }
    if (cli->csv) {
        return explanation != NULL ? mu_explanation_csv(&page, explanation, err)
                                   : mu_claims_csv(&page, answers, count, err);
    }
    if (!one) {
        return mu_claims_print(&page, answers, count, err);
    }
    mu_status status = mu_claim_print(&page, catalog, answers, err);
    return status == MU_OK && explanation != NULL ? mu_explanation_print(&page, explanation, err)
                                                  : status;
}

/* By id, or by the place in the list of statements of the articles ("14"). */
static mu_status find_claim(const mu_catalog *catalog, const char *name, const mu_entity **out,
                            mu_error *err)
{
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_CLAIM);
    for (uint32_t i = 0; i < count; i++) {
        const mu_entity *claim = mu_catalog_at(catalog, MU_ENTITY_CLAIM, i);
        const char *number = mu_catalog_text(catalog, claim, "number");
        if (number != NULL && strcmp(number, name) == 0) {
            *out = claim;
            return MU_OK;
        }
    }
    return mu_catalog_find(catalog, MU_ENTITY_CLAIM, name, out, err);
}

mu_status mu_verb_claims(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    const mu_entity *only = NULL;
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status == MU_OK && cli->argument_count > 0) {
        status = find_claim(catalog, cli->argument[0], &only, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_explanation *explanation = NULL;
    if (mu_cli_explains(cli)) {
        explanation = MU_NEW(cli->arena, mu_explanation, 1);
        if (only == NULL) {
            return mu_fail(err, MU_E_USAGE, "claims: --explain is for one claim: expected an ID");
        }
        if (explanation == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory");
        }
    }
    uint32_t count = only != NULL ? 1 : mu_catalog_count(catalog, MU_ENTITY_CLAIM);
    mu_claim_answer *answers = MU_NEW(cli->arena, mu_claim_answer, count + 1);
    if (answers == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    status = check_all(cli, catalog, only, answers, count, explanation, err);
    return status == MU_OK ? print(cli, catalog, answers, count, explanation, err) : status;
}
