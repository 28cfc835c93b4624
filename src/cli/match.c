/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster match: how many of one it takes to equal another.
 */
#include "cli/cli.h"

#include "io/question_load.h"
#include "report/answer_json.h"
#include "report/explain_report.h"
#include "report/roadmap_report.h"
#include "report/wrap.h"

#include <stdio.h>
#include <string.h>

/* The two sides. */
typedef struct sides {
    mu_question reference;
    mu_question other;
    mu_match match;
    mu_available by[2];         /* with --by: of the reference, of the other */
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

static mu_status check_dates(mu_cli *cli, sides *s, mu_error *err)
{
    const mu_question *const side[] = {&s->reference, &s->other};
    mu_status status = MU_OK;
    for (int i = 0; i < 2 && status == MU_OK && cli->supply.by != NULL; i++) {
        status = mu_available_by(side[i], cli->supply.by, cli->arena, &s->by[i], err);
        if (status == MU_OK) {
            status = mu_available_check(&s->by[i], cli->supply.by, err);
        }
    }
    return status;
}

static double needed(const sides *s, int side)
{
    return side == 0 ? s->match.reference.point.chips : s->match.chips.value;
}

static json_t *with_dates(const mu_cli *cli, const sides *s, json_t *answer)
{
    static const char *const keys[] = {"reference", "matched"};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "date", mu_json_text(cli->supply.by));
    for (int i = 0; i < 2; i++) {
        mu_json_put(&json, keys[i], mu_available_json(&s->by[i]));
    }
    json_t *dates = mu_json_done(&json);
    if (answer == NULL || dates == NULL || json_object_set_new(answer, "by", dates) != 0) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

static void print_dates(const mu_cli *cli, const sides *s)
{
    char text[400];
    for (int i = 0; i < 2 && cli->supply.by != NULL; i++) {
        mu_available_words(&s->by[i], cli->supply.by, needed(s, i), text);
        mu_wrap(cli->out, text, 0, 0);
    }
}

/* More than can be made is as good as none. */
static mu_status check_made(const mu_cli *cli, const sides *s, mu_error *err)
{
    for (int i = 0; i < 2 && cli->supply.by != NULL; i++) {
        if (s->by[i].makers && s->by[i].made.value < needed(s, i)) {
            return mu_fail(err, MU_NO, "%.6g of %s can be made by %s, %.6g are needed",
                           s->by[i].made.value, s->by[i].chip->id, cli->supply.by, needed(s, i));
        }
    }
    return MU_OK;
}

static mu_status print(mu_cli *cli, const sides *s, mu_error *err)
{
    mu_page page = mu_cli_page(cli);
    bool explains = mu_cli_explains(cli);
    if (cli->json) {
        json_t *json = mu_match_json(&s->reference, &s->other, &s->match);
        json = cli->supply.by != NULL ? with_dates(cli, s, json) : json;
        return mu_cli_json(cli, explains ? mu_explained_json(json, &s->explanation) : json, err);
    }
    if (cli->csv) {
        return explains ? mu_explanation_csv(&page, &s->explanation, err)
                        : mu_match_csv(&page, &s->match, err);
    }
    mu_status status = mu_match_print(&page, &s->reference, &s->other, &s->match, err);
    print_dates(cli, s);
    return status == MU_OK && explains ? mu_explanation_print(&page, &s->explanation, err) : status;
}

static mu_status search(mu_cli *cli, sides *s, mu_error *err)
{
    mu_cli_work work;
    mu_explain_wish wish;
    mu_status status = mu_cli_explain_wish(cli, &wish, err);
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, &work, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_cli_explains(cli)
                 ? mu_match_explain(&s->reference, &s->other, &wish, &work.work, &s->match,
                                    &s->explanation, err)
                 : mu_match_search(&s->reference, &s->other, &work.work, &s->match, err);
    (void)mu_cli_work_end(&work);
    return status;
}

mu_status mu_cli_ask_match(mu_cli *cli, mu_question *reference, mu_question *other, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_scenario *scenario = MU_NEW(cli->arena, mu_scenario, 1); /* the question borrows it */
    if (scenario == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = name_sides(cli, scenario, err);
    if (status == MU_OK) {
        status = mu_cli_catalog(cli, &catalog, err);
    }
    if (status == MU_OK) {
        status = mu_question_load(catalog, &cli->scenario, cli->arena, reference, err);
    }
    return status == MU_OK ? mu_question_load(catalog, scenario, cli->arena, other, err) : status;
}

mu_status mu_verb_match(mu_cli *cli, mu_error *err)
{
    sides *s = MU_NEW(cli->arena, sides, 1);
    if (s == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_ask_match(cli, &s->reference, &s->other, err);
    if (status == MU_OK) {
        status = check_dates(cli, s, err);
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
    if (status == MU_OK) {
        status = check_made(cli, s, err);
        cli->json = status == MU_OK && cli->json;
    }
    return status;
}
