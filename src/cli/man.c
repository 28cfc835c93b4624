/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The man page muster(1), from the tables.
 */
#include "cli/cli.h"

#include "muster/muster.h"

/* Text with what troff would take for itself escaped. */
static void text(FILE *out, const char *words)
{
    if (*words == '.' || *words == '\'') {
        fputs("\\&", out);
    }
    for (; *words != '\0'; words++) {
        if (*words == '-') {
            fputs("\\-", out);
        } else if (*words == '\\') {
            fputs("\\e", out);
        } else {
            fputc(*words, out);
        }
    }
}

static void flag(FILE *out, const char *name, const char *value, const char *doc)
{
    fputs(".TP\n.B \\-\\-", out);
    text(out, name);
    if (value != NULL) {
        fputs(" \\fI", out);
        text(out, value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    text(out, doc);
    fputc('\n', out);
}

static void verbs_section(FILE *out)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    fputs(".SH VERBS\n", out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, ".TP\n.B %s \\fI", verbs[i].name);
        text(out, verbs[i].arguments);
        fputs("\\fR\n", out);
        text(out, verbs[i].summary);
        fputs(".\n", out);
        text(out, verbs[i].details);
        fputc('\n', out);
    }
    fputs(".SH EXAMPLES\n.nf\n", out);
    for (uint32_t i = 0; i < count; i++) {
        text(out, verbs[i].example);
        fputc('\n', out);
    }
    fputs(".fi\n", out);
}

static void flags_section(FILE *out)
{
    uint32_t flag_count = 0;
    size_t option_count = 0;
    const mu_output_flag *flags = mu_output_flags(&flag_count);
    const mu_option *options = mu_options(&option_count);
    fputs(".SH FLAGS\n", out);
    for (uint32_t i = 0; i < flag_count; i++) {
        flag(out, flags[i].flag, flags[i].value, flags[i].doc);
    }
    fputs(".SH SCENARIO OPTIONS\n", out);
    for (size_t i = 0; i < option_count; i++) {
        if (options[i].flag != NULL) {
            flag(out, options[i].flag, options[i].value, options[i].doc);
            fputs(".br\nKey in a scenario file: ", out);
            text(out, options[i].path);
            fputc('\n', out);
        }
    }
}

mu_status mu_man_page(FILE *out, mu_error *err)
{
    fprintf(out, ".TH MUSTER 1 \"\" \"muster %s\" \"User Commands\"\n", MUSTER_VERSION);
    fputs(".SH NAME\nmuster \\- a digital twin of AI accelerator systems\n"
          ".SH SYNOPSIS\n.B muster\n.I VERB\n[\\fIARGUMENTS\\fR] [\\fIFLAGS\\fR]\n"
          ".SH DESCRIPTION\n"
          "Predicts what a model does on a system of accelerators: step times, throughput, memory "
          "and power, with 90 % intervals; plans deployments under latency targets; and says how "
          "many chips of one kind equal a system of another.\n",
          out);
    verbs_section(out);
    flags_section(out);
    fputs(".SH ENVIRONMENT\n.TP\n.B MUSTER_CATALOG\nDirectory of your own catalogue files.\n"
          ".TP\n.B NO_COLOR\nNo colour when set and not empty.\n"
          ".SH EXIT STATUS\n0 answered; 1 answered no; 2 wrong usage; 3 bad input; 4 the machine "
          "failed.\n",
          out);
    return mu_stream_check(out, err);
}
