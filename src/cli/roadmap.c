/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster roadmap: a vendor's chips and systems in the order of their launch.
 */
#include "cli/cli.h"

#include "io/file_write.h"
#include "report/roadmap_report.h"

#include <stdio.h>
#include <string.h>

static mu_status write_picture(void *context, FILE *out, mu_error *err)
{
    return mu_roadmap_svg(out, context, err);
}

static mu_status print(mu_cli *cli, mu_roadmap *roadmap, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    if (cli->svg != NULL) {
        mu_status status = mu_file_write(cli->svg, write_picture, roadmap, err);
        if (status != MU_OK) {
            return status;
        }
    }
    if (cli->json) {
        return mu_cli_json(cli, mu_roadmap_json(roadmap), err);
    }
    return cli->csv ? mu_roadmap_csv(&page, roadmap, err) : mu_roadmap_print(&page, roadmap, err);
}

/* A workload that is not said is the reference; a word of it that is wrong is refused at once. */
static mu_status choose_workload(mu_cli *cli, const mu_catalog *catalog, mu_error *err)
{
    const mu_entity *model = NULL;
    mu_scenario *s = &cli->scenario;
    if (s->system[0] != '\0' || s->with_count > 0) {
        return mu_fail(err, MU_E_USAGE, "roadmap: expected a vendor alone, not --system or --with");
    }
    if (s->model[0] == '\0') {
        (void)snprintf(s->model, sizeof s->model, "%s", MU_ROADMAP_MODEL);
    }
    if (s->tpot_s <= 0.0 && s->ttft_s <= 0.0 && s->e2e_s <= 0.0) {
        s->tpot_s = MU_ROADMAP_TPOT_S;
    }
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_MODEL, s->model, &model, err);
    return status == MU_OK ? mu_scenario_check_steady(s, err) : status;
}

static mu_status answer(mu_cli *cli, const mu_catalog *catalog, mu_milestone list[], uint32_t count,
                        mu_error *err)
{
    mu_cli_work work;
    mu_status status = mu_cli_work_begin(cli, &work, err);
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        status = mu_roadmap_answer(catalog, &cli->scenario, &work.work, &list[i], err);
    }
    (void)mu_cli_work_end(&work);
    return status;
}

mu_status mu_verb_roadmap(mu_cli *cli, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_milestone *list = NULL;
    mu_roadmap roadmap = {.vendor = cli->argument[0], .scenario = &cli->scenario};
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    if (status == MU_OK) {
        status = choose_workload(cli, catalog, err);
    }
    if (status == MU_OK) {
        status = mu_roadmap_find(catalog, cli->argument[0], cli->arena, &list, &roadmap.count, err);
    }
    if (status == MU_OK) {
        status = answer(cli, catalog, list, roadmap.count, err);
    }
    roadmap.milestone = list;
    return status == MU_OK ? print(cli, &roadmap, err) : status;
}
