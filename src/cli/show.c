/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster show ID: one entity in full.
 */
#include "cli/cli.h"

#include "report/entity.h"

mu_status mu_verb_show(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    const mu_entity *entity = NULL;
    json_t *json = NULL;
    mu_page page = mu_cli_page(cli);
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status == MU_OK) {
        status = mu_catalog_find_any(catalog, cli->argument[0], &entity, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (cli->csv) {
        return mu_entity_csv(&page, catalog, entity, err);
    }
    if (!cli->json) {
        return mu_entity_print(&page, catalog, entity, err);
    }
    status = mu_entity_json(catalog, entity, cli->arena, &json, err);
    return status == MU_OK ? mu_cli_json(cli, json, err) : status;
}
