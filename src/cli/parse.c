/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to a run: output flags, options of the registry, arguments, the scenario file.
 *
 * What:  one pass collects, then the file is read and the collected options are set over it, so
 *        that the order of flags and file does not matter.
 * Bound: MU_CLI_ARGUMENTS_MAX arguments and SETTINGS_MAX options a command line.
 */
#include "cli/cli.h"

#include "base/text.h"
#include "io/doc_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 256, FLAGS_MAX = 256, FLAG_CHARS_MAX = 64 };

/* Options as collected, to be set once the file is read. */
typedef struct parser {
    mu_cli *cli;
    const mu_verb *verb;
    mu_error *err;
    int argc;
    char **argv;
    int next;
    uint32_t count;
    struct {
        const mu_option *option;
        const char *text;
    } setting[SETTINGS_MAX];
} parser;

static const mu_output_flag *output_flag(const mu_verb *verb, const char *name)
{
    uint32_t count = 0;
    const mu_output_flag *flags = mu_output_flags(&count);
    for (uint32_t i = 0; i < count; i++) {
        bool taken = flags[i].takes == 0 || (flags[i].takes & verb->takes) != 0;
        if (taken && strcmp(flags[i].flag, name) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}

static const mu_option *option_of(const mu_verb *verb, const char *name)
{
    const mu_option *option = mu_option_by_flag(name);
    return option != NULL && mu_verb_takes_option(verb, option) ? option : NULL;
}

static mu_status unknown_flag(parser *p, const char *name)
{
    const char *names[FLAGS_MAX];
    size_t found = 0;
    uint32_t flag_count = 0;
    size_t option_count = 0;
    const mu_output_flag *flags = mu_output_flags(&flag_count);
    const mu_option *options = mu_options(&option_count);
    for (uint32_t i = 0; i < flag_count; i++) {
        if (output_flag(p->verb, flags[i].flag) != NULL) {
            names[found++] = flags[i].flag;
        }
    }
    for (size_t i = 0; i < option_count; i++) {
        if (options[i].flag != NULL && option_of(p->verb, options[i].flag) != NULL) {
            assert(found < FLAGS_MAX);
            names[found++] = options[i].flag;
        }
    }
    const char *near = mu_text_nearest(name, names, found);
    if (near != NULL) {
        return mu_fail(p->err, MU_E_USAGE, "%s: unknown flag --%.64s; did you mean --%s?",
                       p->verb->name, name, near);
    }
    return mu_fail(p->err, MU_E_USAGE, "%s: unknown flag --%.64s; `muster help %s` lists them",
                   p->verb->name, name, p->verb->name);
}

/* The text after '=' or the next word. */
static mu_status take_value(parser *p, const char *name, const char *inline_value, const char **out)
{
    if (inline_value != NULL) {
        *out = inline_value;
        return MU_OK;
    }
    if (p->next >= p->argc) {
        return mu_fail(p->err, MU_E_USAGE, "%s: --%s needs a value", p->verb->name, name);
    }
    *out = p->argv[p->next++];
    return MU_OK;
}

static mu_status set_output_flag(parser *p, const mu_output_flag *flag, const char *value)
{
    void *field = (char *)p->cli + flag->offset;
    if (flag->value == NULL) {
        *(bool *)field = true;
        return MU_OK;
    }
    const char **text = field;
    if (flag->adds && *text != NULL) {
        value = mu_arena_printf(p->cli->arena, "%s,%s", *text, value);
    }
    *text = value;
    return value != NULL ? MU_OK : mu_fail(p->err, MU_E_MEMORY, "out of memory");
}

static mu_status parse_output_flag(parser *p, const mu_output_flag *flag, const char *inline_value)
{
    const char *value = NULL;
    if (flag->value == NULL && inline_value != NULL) {
        return mu_fail(p->err, MU_E_USAGE, "%s: --%s takes no value", p->verb->name, flag->flag);
    }
    if (flag->value != NULL) {
        mu_status status = take_value(p, flag->flag, inline_value, &value);
        if (status != MU_OK) {
            return status;
        }
        if (value == NULL || value[0] == '\0') {
            return mu_fail(p->err, MU_E_USAGE, "%s: --%s needs a value", p->verb->name, flag->flag);
        }
    }
    return set_output_flag(p, flag, value);
}

static mu_status parse_option(parser *p, const mu_option *option, const char *inline_value)
{
    const char *value = NULL;
    mu_status status = take_value(p, option->flag, inline_value, &value);
    if (status != MU_OK) {
        return status;
    }
    if (p->count == SETTINGS_MAX) {
        return mu_fail(p->err, MU_E_USAGE, "more than %d options", SETTINGS_MAX);
    }
    p->setting[p->count].option = option;
    p->setting[p->count].text = value;
    p->count++;
    return MU_OK;
}

static mu_status parse_flag(parser *p, const char *word)
{
    char name[FLAG_CHARS_MAX];
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    length = length < sizeof name ? length : sizeof name - 1;
    memcpy(name, word, length);
    name[length] = '\0';
    const char *inline_value = equals != NULL ? equals + 1 : NULL;
    const mu_output_flag *flag = output_flag(p->verb, name);
    if (flag != NULL) {
        return parse_output_flag(p, flag, inline_value);
    }
    const mu_option *option = option_of(p->verb, name);
    if (option != NULL) {
        return parse_option(p, option, inline_value);
    }
    return unknown_flag(p, name);
}

static mu_status add_argument(parser *p, const char *word)
{
    uint32_t most = p->verb->arguments_max;
    most = most < MU_CLI_ARGUMENTS_MAX ? most : MU_CLI_ARGUMENTS_MAX;
    if (p->cli->argument_count == most) {
        return mu_fail(p->err, MU_E_USAGE,
                       "%s: unexpected argument \"%.64s\"; usage: muster %s%s%s", p->verb->name,
                       word, p->verb->name, most > 0 ? " " : "", p->verb->arguments);
    }
    p->cli->argument[p->cli->argument_count++] = word;
    return MU_OK;
}

static mu_status collect(parser *p)
{
    bool flags = true;
    while (p->next < p->argc) {
        const char *word = p->argv[p->next++];
        mu_status status = MU_OK;
        if (flags && strcmp(word, "--") == 0) {
            flags = false;
        } else if (flags && strcmp(word, "-h") == 0) {
            p->cli->help = true;
        } else if (flags && strcmp(word, "-o") == 0 && output_flag(p->verb, "output") != NULL) {
            status = parse_flag(p, "output");
        } else if (flags && strncmp(word, "--", 2) == 0) {
            status = parse_flag(p, word + 2);
        } else if (flags && word[0] == '-' && word[1] != '\0') {
            status = mu_fail(p->err, MU_E_USAGE, "%s: unknown flag %.64s; flags start with --",
                             p->verb->name, word);
        } else {
            status = add_argument(p, word);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

/* Where a verb takes a system as well, the name tells: files end in .yaml, .yml or .json. */
static bool names_file(const parser *p, const char *word)
{
    static const char *const ends[] = {".yaml", ".yml", ".json"};
    size_t length = strlen(word);
    bool file = (p->verb->takes & MU_TAKES_FILE) != 0;
    for (size_t i = 0; i < 3 && (p->verb->takes & MU_TAKES_COST) != 0; i++) {
        size_t end = strlen(ends[i]);
        file |= length > end && strcmp(word + length - end, ends[i]) == 0;
    }
    return file;
}

static mu_status read_file(parser *p)
{
    mu_cli *cli = p->cli;
    if (cli->argument_count > 0 && names_file(p, cli->argument[0])) {
        if (cli->file != NULL) {
            return mu_fail(p->err, MU_E_USAGE, "%s: two scenario files, %.64s and %.64s",
                           p->verb->name, cli->file, cli->argument[0]);
        }
        cli->file = cli->argument[0];
    }
    if (cli->file == NULL) {
        return MU_OK;
    }
    mu_doc doc;
    mu_status status = mu_doc_read_file(cli->arena, cli->file, &doc, p->err);
    return status == MU_OK ? mu_scenario_read(&doc, &cli->scenario, p->err) : status;
}

/* --with on the command line replaces the file's list; several add up. */
static mu_status apply(parser *p)
{
    bool listed = false;
    for (uint32_t i = 0; i < p->count; i++) {
        const mu_option *option = p->setting[i].option;
        mu_error local = {0};
        if (option->type == MU_OPTION_LIST && !listed) {
            p->cli->scenario.with_count = 0;
            listed = true;
        }
        if (mu_option_set(option, p->setting[i].text, &p->cli->scenario, &local) != MU_OK) {
            return mu_fail(p->err, MU_E_USAGE, "--%s: %s", option->flag, local.text);
        }
    }
    return MU_OK;
}

/* What happens over time matters to no search. */
static mu_status check_over_time(parser *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const mu_option *option = p->setting[i].option;
        if (option->over_time && (p->verb->takes & MU_TAKES_TRAFFIC) == 0 && !p->cli->verify) {
            return mu_fail(p->err, MU_E_USAGE,
                           "%s: --%s: steady state knows no requests over time; add --verify",
                           p->verb->name, option->flag);
        }
    }
    return MU_OK;
}

static mu_status check_arguments(parser *p)
{
    if (p->cli->json && p->cli->csv) {
        return mu_fail(p->err, MU_E_USAGE, "%s: --json or --csv, not both", p->verb->name);
    }
    if (p->cli->argument_count < p->verb->arguments_min) {
        return mu_fail(p->err, MU_E_USAGE, "%s: missing argument; usage: muster %s %s",
                       p->verb->name, p->verb->name, p->verb->arguments);
    }
    return check_over_time(p);
}

mu_status mu_cli_parse(mu_cli *cli, const mu_verb *verb, int argc, char **argv, mu_error *err)
{
    parser *p = MU_NEW(cli->arena, parser, 1);
    if (p == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    *p = (parser){.cli = cli, .verb = verb, .err = err, .argc = argc, .argv = argv};
    mu_scenario_init(&cli->scenario);
    mu_status status = collect(p);
    cli->scenario.samples = mu_verb_samples(verb, mu_cli_explains(cli));
    if (status != MU_OK || cli->help) {
        return status;
    }
    status = check_arguments(p);
    if (status == MU_OK) {
        status = read_file(p);
    }
    if (status == MU_OK) {
        status = apply(p);
    }
    if (status == MU_OK) {
        status = mu_scenario_settle(&cli->scenario, err);
    }
    if (status == MU_OK && (verb->takes & MU_TAKES_TRAFFIC) == 0 && !cli->verify) {
        status = mu_scenario_check_steady(&cli->scenario, err);
    }
    return status;
}
