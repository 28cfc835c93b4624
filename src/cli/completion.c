/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for bash, zsh and fish, from the tables.
 *
 * Bound: ids (models, systems, chips) are asked from `muster list` when they are needed, so that a
 *        user's own catalogue is completed as well.
 */
#include "cli/cli.h"

#include <string.h>

/* Flags of a verb, each through `print`. */
typedef void print_flag(FILE *out, const char *verb, const char *flag, const char *value,
                        const char *doc);

static void each_flag(FILE *out, const mu_verb *verb, print_flag *print)
{
    uint32_t flag_count = 0;
    size_t option_count = 0;
    const mu_output_flag *flags = mu_output_flags(&flag_count);
    const mu_option *options = mu_options(&option_count);
    for (uint32_t i = 0; i < flag_count; i++) {
        if (flags[i].takes == 0 || (flags[i].takes & verb->takes) != 0) {
            print(out, verb->name, flags[i].flag, flags[i].value, flags[i].doc);
        }
    }
    for (size_t i = 0; i < option_count; i++) {
        if (options[i].flag != NULL && mu_verb_takes_option(verb, &options[i])) {
            print(out, verb->name, options[i].flag, options[i].value, options[i].doc);
        }
    }
}

static void print_verb_names(FILE *out)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", verbs[i].name);
    }
}

static void bash_flag(FILE *out, const char *verb, const char *flag, const char *value,
                      const char *doc)
{
    (void)verb;
    (void)value;
    (void)doc;
    fprintf(out, " --%s", flag);
}

/* The option of a flag that takes one of some words, or NULL. */
static const mu_option *choice_of(const char *flag)
{
    const mu_option *option = mu_option_by_flag(flag);
    return option != NULL && option->type == MU_OPTION_CHOICE ? option : NULL;
}

static void print_words(FILE *out, const mu_option *choice)
{
    for (size_t i = 0; i < choice->words; i++) {
        fprintf(out, "%s%s", i > 0 ? " " : "", choice->word[i]);
    }
}

/* The words of an output flag, or NULL. */
static const char *words_of(const char *flag)
{
    uint32_t count = 0;
    const mu_output_flag *flags = mu_output_flags(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(flags[i].flag, flag) == 0) {
            return flags[i].words;
        }
    }
    return NULL;
}

static void bash_choices(FILE *out)
{
    size_t count = 0;
    uint32_t flag_count = 0;
    const mu_option *options = mu_options(&count);
    const mu_output_flag *flags = mu_output_flags(&flag_count);
    for (uint32_t i = 0; i < flag_count; i++) {
        if (flags[i].words != NULL) {
            fprintf(out, "        --%s) words=\"%s\" ;;\n", flags[i].flag, flags[i].words);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (options[i].flag != NULL && options[i].type == MU_OPTION_CHOICE) {
            fprintf(out, "        --%s) words=\"", options[i].flag);
            print_words(out, &options[i]);
            fputs("\" ;;\n", out);
        }
    }
}

/* Words that may follow a flag or a verb; the same shell function in bash and zsh. */
static const char ids_of[] =
    "_muster_ids() {\n"
    "    local kind\n"
    "    for kind in \"$@\"; do\n"
    "        muster list \"$kind\" --csv 2>/dev/null | tail -n +2 | cut -d, -f1\n"
    "    done\n"
    "}\n";

static void bash(FILE *out)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    fputs("# bash completion of muster; made by `muster help --completion bash`\n", out);
    fputs(ids_of, out);
    fputs("_muster() {\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
          "    local verb=\"${COMP_WORDS[1]}\" words=\"\"\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        words=\"",
          out);
    print_verb_names(out);
    fputs(" --help --version\"\n"
          "    else\n"
          "        case \"$before\" in\n"
          "        --model) words=\"$(_muster_ids model)\" ;;\n"
          "        --system) words=\"$(_muster_ids system)\" ;;\n"
          "        --with) words=\"$(_muster_ids system chip)\" ;;\n"
          "        --engine) words=\"$(_muster_ids engine)\" ;;\n",
          out);
    bash_choices(out);
    fputs(
        "        --weights|--activations|--kv|--experts)\n"
        "            words=\"fp32 tf32 bf16 fp16 fp8 fp8_block int8 int4 fp4\" ;;\n"
        "        --completion) words=\"bash zsh fish\" ;;\n"
        "        --svg|--html|--scenario|--trace|--timeline|--requests-csv|--schedule|--topology)\n"
        "            COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
        "        --catalog|--ops) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
        "        *) case \"$verb\" in\n",
        out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "            %s) words=\"", verbs[i].name);
        each_flag(out, &verbs[i], bash_flag);
        fputs("\" ;;\n", out);
    }
    fputs("            esac\n"
          "            case \"$verb\" in\n"
          "            compare|match|fabric) words=\"$words $(_muster_ids system)\" ;;\n"
          "            list) words=\"$words chip system engine model calibration cloud foundry "
          "process recipe region currency claim\" ;;\n"
          "            show) words=\"$words $(_muster_ids chip system engine model)\" ;;\n"
          "            help) words=\"$words ",
          out);
    print_verb_names(out);
    fputs("\" ;;\n"
          "            predict|plan|simulate|validate) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
          "            esac ;;\n"
          "        esac\n"
          "    fi\n"
          "    COMPREPLY+=($(compgen -W \"$words\" -- \"$word\"))\n"
          "}\n"
          "complete -F _muster muster\n",
          out);
}

/* zsh reads '[', ']' and ':' in descriptions; none of ours has a quote mark of its kind
   unescaped. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("[]:\\", *text) != NULL) {
            fputc('\\', out);
        }
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            fputc(*text, out);
        }
    }
}

static void zsh_action(FILE *out, const char *flag, const char *value)
{
    static const struct {
        const char *flag, *action;
    } actions[] = {
        {"model", "($(_muster_ids model))"},
        {"system", "($(_muster_ids system))"},
        {"with", "($(_muster_ids system chip))"},
        {"engine", "($(_muster_ids engine))"},
        {"completion", "(bash zsh fish)"},
        {"catalog", "_files -/"},
        {"ops", "_files -/"},
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].flag, flag) == 0) {
            fputs(actions[i].action, out);
            return;
        }
    }
    const mu_option *choice = choice_of(flag);
    if (words_of(flag) != NULL) {
        fprintf(out, "(%s)", words_of(flag));
    } else if (choice != NULL) {
        fputc('(', out);
        print_words(out, choice);
        fputc(')', out);
    } else if (strcmp(value, "FILE") == 0) {
        fputs("_files", out);
    }
}

static void zsh_flag(FILE *out, const char *verb, const char *flag, const char *value,
                     const char *doc)
{
    (void)verb;
    fprintf(out, "            '--%s[", flag);
    zsh_text(out, doc);
    fputc(']', out);
    if (value != NULL) {
        fputc(':', out);
        zsh_text(out, value);
        fputc(':', out);
        zsh_action(out, flag, value);
    }
    fputs("' \\\n", out);
}

static void zsh(FILE *out)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    fputs("#compdef muster\n# zsh completion of muster; made by `muster help --completion zsh`\n",
          out);
    fputs(ids_of, out);
    fputs("_muster() {\n"
          "    local -a verbs\n"
          "    verbs=(\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "        '%s:", verbs[i].name);
        zsh_text(out, verbs[i].summary);
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe verb verbs\n"
          "        return\n"
          "    fi\n"
          "    local verb=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $verb in\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "    %s)\n        _arguments \\\n", verbs[i].name);
        each_flag(out, &verbs[i], zsh_flag);
        fputs("            '*:argument:_files' ;;\n", out);
    }
    fputs("    esac\n}\n_muster \"$@\"\n", out);
}

static void fish_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static void fish_flag(FILE *out, const char *verb, const char *flag, const char *value,
                      const char *doc)
{
    fprintf(out, "complete -c muster -n '__fish_seen_subcommand_from %s' -l %s%s -d '", verb, flag,
            value != NULL ? " -r" : "");
    fish_text(out, doc);
    fputc('\'', out);
    static const char *const kinds[] = {"model", "system", "engine"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(flag, kinds[i]) == 0) {
            fprintf(out, " -a '(__muster_ids %s)'", flag);
        }
    }
    if (words_of(flag) != NULL) {
        fprintf(out, " -a '%s'", words_of(flag));
    }
    if (choice_of(flag) != NULL) {
        fputs(" -a '", out);
        print_words(out, choice_of(flag));
        fputc('\'', out);
    }
    if (strcmp(flag, "with") == 0) {
        fputs(" -a '(__muster_ids system chip)'", out);
    }
    fputc('\n', out);
}

static void fish(FILE *out)
{
    uint32_t count = 0;
    const mu_verb *verbs = mu_verbs(&count);
    fputs("# fish completion of muster; made by `muster help --completion fish`\n"
          "function __muster_ids\n"
          "    for kind in $argv\n"
          "        muster list $kind --csv 2>/dev/null | tail -n +2 | cut -d, -f1\n"
          "    end\n"
          "end\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "complete -c muster -n __fish_use_subcommand -f -a %s -d '", verbs[i].name);
        fish_text(out, verbs[i].summary);
        fputs("'\n", out);
        each_flag(out, &verbs[i], fish_flag);
    }
    fputs("complete -c muster -n '__fish_seen_subcommand_from compare match fabric' -f "
          "-a '(__muster_ids system)'\n"
          "complete -c muster -n '__fish_seen_subcommand_from show' -f "
          "-a '(__muster_ids chip system engine model)'\n",
          out);
}

mu_status mu_completion(FILE *out, const char *shell, mu_error *err)
{
    if (strcmp(shell, "bash") == 0) {
        bash(out);
    } else if (strcmp(shell, "zsh") == 0) {
        zsh(out);
    } else if (strcmp(shell, "fish") == 0) {
        fish(out);
    } else {
        return mu_fail(err, MU_E_USAGE,
                       "help: expected --completion bash, zsh or fish, found "
                       "\"%.64s\"",
                       shell);
    }
    return mu_stream_check(out, err);
}
