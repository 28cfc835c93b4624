/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster validate: predicted against measured.
 */
#include "cli/cli.h"

#include "catalog/builtin.h"
#include "chip/prior.h"
#include "io/op_figures.h"
#include "report/validate_report.h"

#include <string.h>

/* A file of cases, or a table of published figures. */
static mu_status read_argument(const char *path, const mu_catalog *catalog, mu_case_list *list,
                               mu_op_warnings *warnings, mu_error *err)
{
    if (strstr(path, ".csv") == NULL) {
        return mu_cases_read(path, list, err);
    }
    mu_error local = {0};
    mu_status status = mu_op_figures_read(path, catalog, list, warnings, &local);
    if (status == MU_NO) {
        return mu_fail_at(err, MU_E_INPUT, path, 1, 0,
                          "neither cases nor a table of published figures (it would need columns "
                          "task, chip, parallelism, metric, value, unit and dtype_weights); tables "
                          "of one chip lie in a folder named by it: --ops DIR");
    }
    if (status != MU_OK) {
        *err = local;
    }
    return status;
}

static mu_status read_cases(mu_cli *cli, const mu_catalog *catalog, mu_case_list *list,
                            mu_op_warnings *warnings, mu_error *err)
{
    mu_status status = cli->ops != NULL ? mu_op_tables_read(cli->ops, list, warnings, err) : MU_OK;
    for (uint32_t i = 0; i < cli->argument_count && status == MU_OK; i++) {
        status = read_argument(cli->argument[i], catalog, list, warnings, err);
    }
    bool published = cli->argument_count == 0 && cli->ops == NULL;
    for (uint32_t i = 0; published && i < mu_builtin_case_doc_count && status == MU_OK; i++) {
        status = mu_cases_from_doc(&mu_builtin_case_docs[i], list, err);
    }
    return status;
}

/* Rows of a chip's operators, none of them fitted on: what it measured taught nothing. */
static mu_status keep_rows(mu_case_list *list, const mu_catalog *catalog, const mu_entity *chip,
                           mu_error *err)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const mu_case *c = &list->item[i];
        const mu_entity *asked = NULL;
        bool of_chip =
            c->verb == MU_CASE_OP && c->op != NULL && !mu_op_case_on_system(c->op->kind) &&
            mu_catalog_find(catalog, MU_ENTITY_CHIP, c->op->target, &asked, NULL) == MU_OK &&
            asked == chip;
        if (of_chip) {
            list->item[kept] = *c;
            list->item[kept++].fit = false;
        }
    }
    list->count = kept;
    return kept > 0 ? MU_OK
                    : mu_fail(err, MU_E_INPUT,
                              "--leave-out %s: no operator of this chip among the cases", chip->id);
}

/* Ids of a kind, separated by commas, with a property. NULL: no memory. */
static const char *list_ids(mu_arena *arena, const char *before, const char *id)
{
    return before[0] == '\0' ? id : mu_arena_printf(arena, "%s, %s", before, id);
}

static bool takes_any(const mu_catalog *catalog, const mu_entity *chip, const mu_chip_prior *prior)
{
    mu_references list = {.count = 0};
    bool takes = false;
    if (mu_catalog_calibrations(catalog, chip, &list, NULL) == MU_OK) {
        for (uint32_t i = 0; i < list.count; i++) {
            takes = takes || mu_chip_prior_leaves_out(prior, list.entity[i]);
        }
    }
    return takes;
}

/* Says which calibrations taught nothing, and which chips rest on them. */
static mu_status describe(mu_cli *cli, const mu_catalog *catalog, const mu_entity *chip,
                          const mu_chip_prior *prior, mu_validation *v, mu_error *err)
{
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_CALIBRATION);
    const char **ids = MU_NEW(cli->arena, const char *, count);
    const char *calibrations = "";
    const char *chips = "";
    bool ok = ids != NULL;
    for (uint32_t i = 0; i < count && ok; i++) {
        const mu_entity *calibration = mu_catalog_at(catalog, MU_ENTITY_CALIBRATION, i);
        if (mu_chip_prior_leaves_out(prior, calibration)) {
            ids[v->left_out_count++] = calibration->id;
            calibrations = list_ids(cli->arena, calibrations, calibration->id);
            ok = calibrations != NULL;
        }
    }
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_CHIP) && ok; i++) {
        const mu_entity *other = mu_catalog_at(catalog, MU_ENTITY_CHIP, i);
        if (other != chip && takes_any(catalog, other, prior)) {
            chips = list_ids(cli->arena, chips, other->id);
            ok = chips != NULL;
        }
    }
    v->left_out_id = ids;
    v->left_out = !ok ? NULL
                      : mu_arena_printf(cli->arena,
                                        "Rows of %s, predicted from what other chips teach. Left "
                                        "out: calibrations %s; of the same family: %s.",
                                        chip->id, calibrations[0] != '\0' ? calibrations : "none",
                                        chips[0] != '\0' ? chips : "no other chip");
    return v->left_out != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
}

/* Learns the priors anew without a chip; the catalogue keeps them. */
static mu_status leave_out(mu_cli *cli, mu_catalog *catalog, mu_case_list *list, mu_validation *v,
                           mu_error *err)
{
    const mu_entity *chip = NULL;
    const mu_chip_prior *prior = NULL;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CHIP, cli->leave_out, &chip, err);
    if (status == MU_OK) {
        status = keep_rows(list, catalog, chip, err);
    }
    if (status == MU_OK) {
        status = mu_chip_prior_learn(catalog, chip, cli->arena, &prior, err);
    }
    if (status == MU_OK) {
        mu_catalog_keep_prior(catalog, prior);
        status = describe(cli, catalog, chip, prior, v, err);
    }
    return status;
}

mu_status mu_cli_check_verb(const mu_cli *cli, const char *verb, mu_error *err)
{
    if (cli->verb == NULL || strcmp(cli->verb, "predict") == 0 ||
        strcmp(cli->verb, "simulate") == 0) {
        return MU_OK;
    }
    return mu_fail(err, MU_E_USAGE, "%s: --verb: expected predict or simulate, found \"%.64s\"",
                   verb, cli->verb);
}

/* The reader's remarks before those of the validation. */
static mu_status join_warnings(mu_cli *cli, const mu_op_warnings *read, mu_validation *v,
                               mu_error *err)
{
    uint32_t kept = read->count < MU_OP_WARNINGS_MAX ? read->count : MU_OP_WARNINGS_MAX;
    bool more = read->count > kept;
    uint32_t total = kept + (more ? 1 : 0) + v->warning_count;
    const char **text = MU_NEW(cli->arena, const char *, total);
    const char *rest =
        more ? mu_arena_printf(cli->arena, "%u more remarks on the tables", read->count - kept)
             : "";
    if (text == NULL || rest == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    uint32_t next = 0;
    for (uint32_t i = 0; i < kept; i++) {
        text[next++] = read->text[i];
    }
    if (more) {
        text[next++] = rest;
    }
    for (uint32_t i = 0; i < v->warning_count; i++) {
        text[next++] = v->warning[i];
    }
    v->warning = text;
    v->warning_count = total;
    return MU_OK;
}

static mu_status print(mu_cli *cli, const mu_validation *validation, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->json) {
        return mu_validation_json(cli->out, validation, err);
    }
    mu_cli_warnings(validation->warning, validation->warning_count);
    if (cli->csv) {
        return mu_validation_csv(&page, validation, err);
    }
    return mu_validation_print(&page, validation, err);
}

mu_status mu_verb_validate(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_validation validation;
    mu_validation left_out = {.left_out = NULL};
    mu_cli_work work;
    mu_op_warnings warnings = {.count = 0};
    mu_case_list list = {.arena = cli->arena};
    mu_validate_options options = {.samples = (uint32_t)cli->scenario.samples,
                                   .seed = (uint64_t)cli->scenario.seed,
                                   .simulate =
                                       cli->verb != NULL && strcmp(cli->verb, "simulate") == 0};
    mu_status status = mu_cli_check_verb(cli, "validate", err);
    if (status == MU_OK && cli->scenario.samples > MU_VALIDATE_SAMPLES_MAX) {
        status = mu_fail(err, MU_E_USAGE, "validate: --uncertainty: at most %d draws",
                         MU_VALIDATE_SAMPLES_MAX);
    }
    if (status == MU_OK) {
        status = mu_cli_catalog(cli, &catalog, err);
    }
    if (status == MU_OK) {
        status = read_cases(cli, catalog, &list, &warnings, err);
    }
    if (status == MU_OK && cli->leave_out != NULL) {
        status = leave_out(cli, catalog, &list, &left_out, err);
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_validate(catalog, list.item, list.count, &options, &work.work, &validation, err);
    (void)mu_cli_work_end(&work);
    validation.left_out = left_out.left_out;
    validation.left_out_id = left_out.left_out_id;
    validation.left_out_count = left_out.left_out_count;
    if (status == MU_OK) {
        status = join_warnings(cli, &warnings, &validation, err);
    }
    return status == MU_OK ? print(cli, &validation, err) : status;
}
