/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program, from argv to the exit code.
 *
 * Bound: the answer alone goes to stdout; what went wrong goes to stderr, one line.
 */
#include "cli/cli.h"

#include "io/catalog_load.h"
#include "io/file_write.h"
#include "io/question_load.h"
#include "muster/muster.h"

#include "base/text.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARNINGS_SHOWN = 20 };

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool refused = no_colour != NULL && no_colour[0] != '\0';
    bool dumb = term != NULL && strcmp(term, "dumb") == 0;
    return !refused && !dumb && isatty(STDOUT_FILENO) == 1;
}

mu_status mu_cli_catalog(mu_cli *cli, mu_catalog **out, mu_error *err)
{
    const char *overlay = cli->catalog;
    if (overlay == NULL) {
        overlay = getenv("MUSTER_CATALOG");
    }
    if (overlay != NULL && overlay[0] == '\0') {
        overlay = NULL;
    }
    return mu_catalog_load(cli->arena, overlay, out, err);
}

static uint32_t thread_count(double asked)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double threads = asked > 0.0 ? asked : (double)cores;
    threads = threads < 1.0 ? 1.0 : threads;
    return (uint32_t)(threads > MU_POOL_THREADS_MAX ? MU_POOL_THREADS_MAX : threads);
}

mu_status mu_cli_work_begin(mu_cli *cli, mu_cli_work *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    out->work.arena = cli->arena;
    out->work.pool = mu_pool_create(thread_count(cli->scenario.threads));
    if (out->work.pool == NULL) {
        return mu_fail(err, MU_E_SYSTEM, "cannot start threads");
    }
    mu_bar_begin(&out->bar, stderr);
    out->work.progress = mu_bar_step;
    out->work.progress_context = &out->bar;
    return MU_OK;
}

mu_status mu_cli_ask(mu_cli *cli, mu_question **question, mu_cli_work *work, mu_error *err)
{
    mu_catalog *catalog = NULL;
    mu_status status = mu_cli_catalog(cli, &catalog, err);
    mu_question *asked = MU_NEW(cli->arena, mu_question, 1);
    if (status == MU_OK && asked == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    if (status == MU_OK) {
        status = mu_question_load(catalog, &cli->scenario, cli->arena, asked, err);
    }
    if (status == MU_OK) {
        status = mu_cli_work_begin(cli, work, err);
    }
    if (status == MU_OK) {
        *question = asked;
    }
    return status;
}

bool mu_cli_explains(const mu_cli *cli)
{
    return cli->explain || cli->explain_of != NULL || cli->explain_rows != NULL;
}

mu_status mu_cli_explain_wish(const mu_cli *cli, mu_explain_wish *out, mu_error *err)
{
    double rows = 0.0;
    if (cli->explain_rows != NULL &&
        (!mu_text_number(cli->explain_rows, &rows) || rows != floor(rows) || rows < 1.0 ||
         rows > MU_TORNADO_ROWS_MAX)) {
        return mu_fail(err, MU_E_USAGE,
                       "--explain-rows: expected a whole number from 1 to %d, found \"%.64s\"",
                       MU_TORNADO_ROWS_MAX, cli->explain_rows);
    }
    *out = (mu_explain_wish){.metric = cli->explain_of, .rows = (uint32_t)rows};
    return MU_OK;
}

mu_status mu_cli_explain(mu_cli *cli, const mu_question *question, const mu_prediction *prediction,
                         mu_work *work, mu_explanation **out, mu_error *err)
{
    *out = NULL;
    if (!mu_cli_explains(cli)) {
        return MU_OK;
    }
    mu_explain_wish wish;
    mu_explanation *explanation = MU_NEW(cli->arena, mu_explanation, 1);
    if (explanation == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_cli_explain_wish(cli, &wish, err);
    if (status == MU_OK) {
        status = mu_explain_prediction(question, prediction, &wish, work, explanation, err);
    }
    if (status == MU_OK) {
        *out = explanation;
    }
    return status;
}

void mu_cli_warnings(const char *const warning[], uint32_t count)
{
    for (uint32_t i = 0; i < count && i < WARNINGS_SHOWN; i++) {
        fprintf(stderr, "muster: warning: %s\n", warning[i]);
    }
    if (count > WARNINGS_SHOWN) {
        fprintf(stderr, "muster: warning: and %u more; --json has them all\n",
                count - WARNINGS_SHOWN);
    }
}

double mu_cli_work_end(mu_cli_work *work)
{
    double seconds = mu_bar_seconds(&work->bar);
    mu_bar_end(&work->bar);
    mu_pool_free(work->work.pool);
    work->work.pool = NULL;
    return seconds;
}

mu_page mu_cli_page(const mu_cli *cli)
{
    mu_page page = {.out = cli->out, .arena = cli->arena, .colour = cli->colour};
    return page;
}

mu_status mu_cli_json(const mu_cli *cli, json_t *json, mu_error *err)
{
    mu_status status = mu_json_print(json, cli->out, err);
    json_decref(json);
    return status;
}

/* `muster`, `muster --help`, `muster --version`: true when that was all. */
static bool without_verb(int argc, char **argv, mu_status *status, mu_error *err)
{
    if (argc < 2) {
        *status = mu_fail(err, MU_E_USAGE, "no verb; `muster help` lists them");
        return true;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("muster %s\n", MUSTER_VERSION);
        *status = mu_stream_check(stdout, err);
        return true;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        *status = mu_help_overview(stdout, err);
        return true;
    }
    return false;
}

/* A question answered with no is an answer, too: programs get it as JSON. */
static mu_status print_no(const mu_cli *cli, const mu_error *reason, mu_error *err)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "answer", mu_json_text("no"));
    mu_json_put(&json, "reason", mu_json_text(reason->text));
    return mu_cli_json(cli, mu_json_done(&json), err);
}

static mu_status run_verb(mu_cli *cli, int argc, char **argv, mu_error *err)
{
    const mu_verb *verb = NULL;
    mu_verb explained;
    int used = 2;
    mu_status status = mu_verb_find(argv[1], &verb, err);
    if (status == MU_OK && verb->run == mu_verb_explain && argc > 2 &&
        mu_verb_explained(argv[2], &explained)) {
        verb = &explained;
        cli->explained = explained.name;
        used = 3;
    }
    if (status == MU_OK) {
        status = mu_cli_parse(cli, verb, argc - used, argv + used, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (cli->help) {
        return mu_help_verb(stdout, verb, err);
    }
    status = verb->run(cli, err);
    if (status == MU_NO && cli->json) {
        mu_error failure = {0};
        if (print_no(cli, err, &failure) != MU_OK) {
            *err = failure;
            return failure.status;
        }
    }
    return status;
}

static void complain(const mu_error *err)
{
    char text[MU_ERROR_FILE_MAX + MU_ERROR_TEXT_MAX + 64];
    mu_error_format(err, text, sizeof text);
    fprintf(stderr, "muster: %s\n", text);
}

/* Ends the program as the signal would, without half-written files. */
static void on_signal(int number)
{
    mu_file_drop_all();
    (void)raise(number); /* SA_RESETHAND: the default now */
}

static void watch_signals(void)
{
    static const int number[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction now;
    struct sigaction ours = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        bool ignored = sigaction(number[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN;
        if (!ignored) {
            (void)sigaction(number[i], &ours, NULL);
        }
    }
}

int mu_cli_main(int argc, char **argv)
{
    mu_error err = {0};
    mu_status status = MU_OK;
    watch_signals();
    if (without_verb(argc, argv, &status, &err)) {
        if (status != MU_OK) {
            complain(&err);
        }
        return mu_status_exit_code(status);
    }
    mu_arena *arena = mu_arena_create(0);
    mu_cli *cli = arena != NULL ? MU_NEW(arena, mu_cli, 1) : NULL;
    if (cli == NULL) {
        status = mu_fail(&err, MU_E_MEMORY, "out of memory");
    } else {
        cli->arena = arena;
        cli->out = stdout;
        cli->colour = wants_colour();
        status = run_verb(cli, argc, argv, &err);
    }
    if (status != MU_OK) {
        complain(&err);
    }
    mu_arena_free(arena);
    return mu_status_exit_code(status);
}
