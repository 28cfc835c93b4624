/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster help: from the tables of verbs, output flags and options.
 *
 * Bound: lines of at most 100 columns; the role options are told once for the three roles.
 */
#include "cli/cli.h"

#include "report/wrap.h"

#include <string.h>

enum { LEFT_WIDTH = 26 };

static void entry(FILE *out, const char *left, const char *right)
{
    size_t length = strlen(left);
    fprintf(out, "  %s", left);
    if (length + 2 >= LEFT_WIDTH) {
        fprintf(out, "\n%*s", LEFT_WIDTH, "");
    } else {
        fprintf(out, "%*s", (int)(LEFT_WIDTH - 2 - length), "");
    }
    mu_wrap(out, right, LEFT_WIDTH, LEFT_WIDTH);
}

static bool is_role(const mu_option *option, const char *role)
{
    static const char prefix[] = "deployment.";
    size_t length = strlen(role);
    return strncmp(option->path, prefix, sizeof prefix - 1) == 0 &&
           strncmp(option->path + sizeof prefix - 1, role, length) == 0 &&
           option->path[sizeof prefix - 1 + length] == '.';
}

static bool is_any_role(const mu_option *option)
{
    return is_role(option, "serve") || is_role(option, "prefill") || is_role(option, "decode");
}

/* What a number is when nothing is said. */
static double usual(const mu_verb *verb, const mu_option *option)
{
    bool draws = strcmp(option->path, "uncertainty.samples") == 0;
    return draws ? mu_verb_samples(verb, false) : option->initial;
}

static void option_entry(FILE *out, const mu_verb *verb, const mu_option *option)
{
    char left[96];
    char right[256];
    (void)snprintf(left, sizeof left, "--%s %s", option->flag, option->value);
    bool number = option->type == MU_OPTION_NUMBER || option->type == MU_OPTION_OFF;
    if (number && option->initial > 0.0) {
        const char *unit = mu_unit_si(option->dimension);
        (void)snprintf(right, sizeof right, "%s (default %g%s%s)", option->doc, usual(verb, option),
                       unit[0] != '\0' ? " " : "", unit);
    } else {
        (void)snprintf(right, sizeof right, "%s", option->doc);
    }
    entry(out, left, right);
}

static void role_entries(FILE *out, const mu_verb *verb)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    fputs("\nDeployment of one role (aggregated); with prefill- or decode- before the name, as in\n"
          "--decode-tp, of one of two roles (disaggregated). Degrees count ranks.\n",
          out);
    for (size_t i = 0; i < count; i++) {
        if (options[i].flag != NULL && is_role(&options[i], "serve")) {
            option_entry(out, verb, &options[i]);
        }
    }
}

static void option_entries(FILE *out, const mu_verb *verb)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    bool scenario = (verb->takes & MU_TAKES_SCENARIO) != 0;
    fputs(scenario ? "\nScenario:\n" : "\nRun:\n", out);
    for (size_t i = 0; i < count; i++) {
        if (options[i].flag != NULL && !is_any_role(&options[i]) &&
            mu_verb_takes_option(verb, &options[i])) {
            option_entry(out, verb, &options[i]);
        }
    }
    if (scenario) {
        role_entries(out, verb);
    }
}

static void output_entries(FILE *out, const mu_verb *verb)
{
    uint32_t count = 0;
    const mu_output_flag *flags = mu_output_flags(&count);
    fputs("\nFlags:\n", out);
    for (uint32_t i = 0; i < count; i++) {
        char left[64];
        if (flags[i].takes != 0 && (flags[i].takes & verb->takes) == 0) {
            continue;
        }
        (void)snprintf(left, sizeof left, "--%s%s%s", flags[i].flag,
                       flags[i].value != NULL ? " " : "",
                       flags[i].value != NULL ? flags[i].value : "");
        entry(out, left, flags[i].doc);
    }
}

mu_status mu_help_overview(FILE *out, mu_error *err)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    fputs("muster: a digital twin of AI accelerator systems\n\nUsage: muster VERB [ARGUMENTS] "
          "[FLAGS]\n\nVerbs:\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        char left[96];
        (void)snprintf(left, sizeof left, "%s%s%s", verbs[i].name,
                       verbs[i].arguments[0] != '\0' ? " " : "", verbs[i].arguments);
        entry(out, left, verbs[i].summary);
    }
    fputs("\n`muster help VERB` has the flags and an example; `muster --version` the version.\n"
          "Exit codes: 0 answered, 1 answered no, 2 wrong usage, 3 bad input, 4 the machine "
          "failed.\n",
          out);
    return mu_stream_check(out, err);
}

mu_status mu_help_verb(FILE *out, const mu_verb *verb, mu_error *err)
{
    fprintf(out, "muster %s: %s\n\nUsage: muster %s%s%s [FLAGS]\n\n", verb->name, verb->summary,
            verb->name, verb->arguments[0] != '\0' ? " " : "", verb->arguments);
    mu_wrap(out, verb->details, 0, 0);
    fprintf(out, "\nExample:\n  %s\n", verb->example);
    output_entries(out, verb);
    if ((verb->takes & (MU_TAKES_SCENARIO | MU_TAKES_CASES | MU_TAKES_WIRES)) != 0) {
        option_entries(out, verb);
    }
    return mu_stream_check(out, err);
}

mu_status mu_verb_help(mu_cli *cli, mu_error *err)
{
    const mu_verb *verb = NULL;
    if (cli->man) {
        return mu_man_page(cli->out, err);
    }
    if (cli->schema) {
        return mu_schema_json(cli->out, err);
    }
    if (cli->completion != NULL) {
        return mu_completion(cli->out, cli->completion, err);
    }
    if (cli->argument_count == 0) {
        return mu_help_overview(cli->out, err);
    }
    mu_status status = mu_verb_find(cli->argument[0], &verb, err);
    return status == MU_OK ? mu_help_verb(cli->out, verb, err) : status;
}
