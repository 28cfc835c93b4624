/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster chips, systems, models, list KIND: a kind of the catalogue, a line each.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "catalog/schema.h"
#include "report/entity.h"

#include <stdio.h>
#include <string.h>

static mu_status print_json(mu_cli *cli, const mu_catalog *catalog, mu_entity_kind kind,
                            mu_error *err)
{
    char key[32];
    json_t *list = NULL;
    mu_status status = mu_entity_list_json(catalog, kind, &list, err);
    if (status != MU_OK) {
        return status;
    }
    bool plural = kind == MU_ENTITY_FOUNDRY || kind == MU_ENTITY_PROCESS;
    (void)snprintf(key, sizeof key, "%s%s", mu_entity_kind_text(kind), plural ? "" : "s");
    if (plural) {
        (void)snprintf(key, sizeof key, "%s",
                       kind == MU_ENTITY_FOUNDRY ? "foundries" : "processes");
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, key, list);
    return mu_cli_json(cli, mu_json_done(&json), err);
}

static mu_status print_list(mu_cli *cli, mu_entity_kind kind, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_table *table = NULL;
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status != MU_OK) {
        return status;
    }
    if (cli->json) {
        return print_json(cli, catalog, kind, err);
    }
    status = mu_entity_list(catalog, kind, cli->csv ? MU_CELL_EXACT : MU_CELL_PEOPLE, cli->arena,
                            &table, err);
    if (status != MU_OK) {
        return status;
    }
    return cli->csv ? mu_table_csv(table, cli->out, err)
                    : mu_table_print(table, cli->out, cli->colour, err);
}

mu_status mu_verb_chips(mu_cli *cli, mu_error *err)
{
    return print_list(cli, MU_ENTITY_CHIP, err);
}

mu_status mu_verb_systems(mu_cli *cli, mu_error *err)
{
    return print_list(cli, MU_ENTITY_SYSTEM, err);
}

mu_status mu_verb_models(mu_cli *cli, mu_error *err)
{
    return print_list(cli, MU_ENTITY_MODEL, err);
}

mu_status mu_verb_list(mu_cli *cli, mu_error *err)
{
    mu_entity_kind kind = MU_ENTITY_CHIP;
    const char *names[MU_ENTITY_KIND_COUNT];
    if (mu_entity_kind_parse(cli->argument[0], &kind)) {
        return print_list(cli, kind, err);
    }
    for (int i = 0; i < MU_ENTITY_KIND_COUNT; i++) {
        names[i] = mu_entity_kind_text((mu_entity_kind)i);
    }
    const char *near = mu_text_nearest(cli->argument[0], names, MU_ENTITY_KIND_COUNT);
    return mu_fail(err, MU_E_USAGE,
                   "list: expected chip, system, engine, model, calibration, cloud, foundry, "
                   "process, recipe, region, currency or claim, found \"%.64s\"%s%s%s",
                   cli->argument[0], near != NULL ? "; did you mean \"" : "",
                   near != NULL ? near : "", near != NULL ? "\"?" : "");
}
