/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims for people: a list of all, or one with its working.
 *
 * Bound: answers are printed with three digits and their unit; --json and --csv have all digits.
 */
#include "report/claims_report.h"

#include "base/text.h"
#include "report/format.h"
#include "report/wrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 40, INDENT = 7 };

/* Units of the catalogue that take a prefix. */
static bool dimension_of(const char *unit, mu_dimension *out)
{
    static const mu_dimension prefixed[] = {MU_DIM_TIME,  MU_DIM_BYTES,     MU_DIM_BYTE_RATE,
                                            MU_DIM_POWER, MU_DIM_ENERGY,    MU_DIM_FLOP_RATE,
                                            MU_DIM_MONEY, MU_DIM_TOKEN_RATE};
    for (size_t i = 0; i < sizeof prefixed / sizeof prefixed[0]; i++) {
        if (strcmp(mu_unit_si(prefixed[i]), unit) == 0) {
            *out = prefixed[i];
            return true;
        }
    }
    return false;
}

static void print_number(double value, const char *unit, char out[NUMBER_MAX])
{
    mu_dimension dimension = MU_DIM_COUNT;
    char whole[MU_CELL_MAX];
    if (dimension_of(unit, &dimension)) {
        mu_unit_print(value, dimension, out, NUMBER_MAX);
    } else if (strcmp(unit, "year") == 0) {
        (void)snprintf(out, NUMBER_MAX, "%.2f", value);
    } else if (fabs(value) >= 1e3 && fabs(value) < 1e7) {
        mu_format_count(value, whole);
        (void)snprintf(out, NUMBER_MAX, "%.*s", NUMBER_MAX - 1, whole);
    } else if (fabs(value) >= 1e7) {
        mu_unit_print(value, MU_DIM_COUNT, out, NUMBER_MAX);
    } else {
        (void)snprintf(out, NUMBER_MAX, "%.3g", value);
    }
}

static void print_answer(mu_quantity q, const char *unit, char out[MU_CELL_MAX])
{
    mu_dimension dimension = MU_DIM_COUNT;
    char value[NUMBER_MAX];
    char low[NUMBER_MAX];
    char high[NUMBER_MAX];
    bool said = unit[0] == '\0' || dimension_of(unit, &dimension);
    if (strcmp(unit, MU_CLAIM_YES) == 0 && q.low == q.high && (q.value == 0.0 || q.value == 1.0)) {
        (void)snprintf(out, MU_CELL_MAX, "%s", q.value == 1.0 ? "yes" : "no");
        return;
    }
    print_number(q.value, unit, value);
    print_number(q.low, unit, low);
    print_number(q.high, unit, high);
    if (q.low < q.high && strcmp(low, high) != 0) {
        (void)snprintf(out, MU_CELL_MAX, "%s [%s, %s]%s%.60s", value, low, high, said ? "" : " ",
                       said ? "" : unit);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%s%s%.60s", value, said ? "" : " ", said ? "" : unit);
    }
}

static void answer_of(const mu_claim_answer *claim, char out[MU_CELL_MAX])
{
    bool word = strcmp(claim->unit, MU_CLAIM_YES) == 0; /* an open yes would be read as one */
    if (claim->answered && !(word && claim->verdict == MU_CLAIM_OPEN)) {
        print_answer(claim->answer, claim->unit, out);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "-");
    }
}

static const char *bold(const mu_page *page, bool on)
{
    return !page->colour ? "" : on ? "\033[1m" : "\033[0m";
}

mu_status mu_claims_print(const mu_page *page, const mu_claim_answer claims[], uint32_t count,
                          mu_error *err)
{
    uint32_t verdicts[3] = {0, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        char answer[MU_CELL_MAX];
        const mu_claim_answer *claim = &claims[i];
        answer_of(claim, answer);
        verdicts[claim->verdict]++;
        fprintf(page->out, "%s%-5s  %s%s: %s\n%*s", bold(page, true),
                mu_claim_verdict_text(claim->verdict), claim->entity->id, bold(page, false), answer,
                INDENT, "");
        mu_wrap(page->out, claim->text, INDENT, INDENT);
        fprintf(page->out, "%*s", INDENT, "");
        mu_wrap(page->out, claim->reason, INDENT, INDENT);
    }
    fprintf(page->out,
            "\n%u claims: %u hold, %u fail, %u are open. `muster claims ID` has the "
            "working.\n",
            count, verdicts[MU_CLAIM_HOLDS], verdicts[MU_CLAIM_FAILS], verdicts[MU_CLAIM_OPEN]);
    return mu_stream_check(page->out, err);
}

static bool is_term(const mu_claim_input *input)
{
    return input->kind == MU_INPUT_TERM || input->kind == MU_INPUT_ENGINE;
}

static mu_status print_terms(const mu_page *page, const mu_claim_answer *claim, mu_error *err)
{
    static const char *const headings[] = {"term", "value", "formula"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 3, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < claim->input_count; i++) {
        const mu_claim_input *input = &claim->input[i];
        char value[MU_CELL_MAX];
        bool last = i + 1 == claim->input_count;
        if (is_term(input)) {
            print_answer(input->value, last ? claim->unit : input->unit, value);
            const char *const cells[] = {input->name, value, input->formula};
            mu_table_row(table, cells);
        }
    }
    return mu_table_print(table, page->out, page->colour, err);
}

/* How to ask a term of the engine oneself, for the working of its own. */
static void print_commands(const mu_page *page, const mu_claim_answer *claim)
{
    const char *gap = "\n";
    for (uint32_t i = 0; i < claim->input_count; i++) {
        const mu_claim_input *input = &claim->input[i];
        if (input->command != NULL) {
            fprintf(page->out, "%s%s%s%s: `%s`\n", gap, bold(page, true), input->name,
                    bold(page, false), input->command);
            gap = "";
        }
    }
}

static void print_inputs(const mu_page *page, const mu_catalog *catalog,
                         const mu_claim_answer *claim)
{
    for (uint32_t i = 0; i < claim->input_count; i++) {
        const mu_claim_input *input = &claim->input[i];
        char value[MU_CELL_MAX];
        if (is_term(input)) {
            continue;
        }
        print_answer(input->value, input->unit, value);
        const mu_source *source = mu_catalog_source(catalog, input->source);
        fprintf(page->out, "%s%s%s: %s%s%s%s", bold(page, true), input->name, bold(page, false),
                value, input->text != NULL ? " (says \"" : "",
                input->text != NULL ? input->text : "", input->text != NULL ? "\")" : "");
        if (input->grade != '-') {
            fprintf(page->out, ", grade %c", input->grade);
        }
        fputc('\n', page->out);
        if (source != NULL) {
            fprintf(page->out, "    %s: %s%s%s\n", source->id, source->title,
                    source->date[0] != '\0' ? ", " : "", source->date);
        }
        if (input->note[0] != '\0') {
            fputs("    ", page->out);
            mu_wrap(page->out, input->note, 4, 4);
        }
    }
}

static void print_sources(const mu_page *page, const mu_catalog *catalog,
                          const mu_claim_answer *claim)
{
    const mu_node *list = mu_catalog_node(catalog, claim->entity, "sources", NULL);
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        const char *id = list->child[i].text;
        const mu_source *source = id == NULL ? NULL : mu_catalog_source(catalog, id);
        if (source != NULL) {
            fprintf(page->out, "source %s: %s%s%s\n", source->id, source->title,
                    source->url[0] != '\0' ? ", " : "", source->url);
        }
    }
}

mu_status mu_claim_print(const mu_page *page, const mu_catalog *catalog,
                         const mu_claim_answer *claim, mu_error *err)
{
    char answer[MU_CELL_MAX];
    char condition[64];
    answer_of(claim, answer);
    fprintf(page->out, "%s%s%s\n", bold(page, true), claim->text, bold(page, false));
    fprintf(page->out, "said by %s%s%s\n", claim->who[0] != '\0' ? claim->who : "-",
            claim->date[0] != '\0' ? ", " : "", claim->date);
    print_sources(page, catalog, claim);
    fprintf(page->out, "\nanswer:  %s\n", answer);
    if (claim->answered && strcmp(claim->unit, MU_CLAIM_YES) != 0) {
        mu_condition_text(&claim->condition, condition);
        fprintf(page->out, "holds:   %s\n", condition);
    }
    fprintf(page->out, "verdict: %s, ", mu_claim_verdict_text(claim->verdict));
    mu_wrap(page->out, claim->reason, 9, 11 + strlen(mu_claim_verdict_text(claim->verdict)));
    if (claim->input_count == 0) {
        return mu_stream_check(page->out, err);
    }
    fputc('\n', page->out);
    mu_status status = print_terms(page, claim, err);
    if (status == MU_OK) {
        print_commands(page, claim);
        fputc('\n', page->out);
        print_inputs(page, catalog, claim);
        status = mu_stream_check(page->out, err);
    }
    return status;
}

mu_status mu_claims_csv(const mu_page *page, const mu_claim_answer claims[], uint32_t count,
                        mu_error *err)
{
    enum { COLUMNS = 10 };
    static const char *const headings[COLUMNS] = {"id",  "text", "who",  "date",    "value",
                                                  "low", "high", "unit", "verdict", "reason"};
    static const mu_align aligns[COLUMNS] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < count; i++) {
        const mu_claim_answer *claim = &claims[i];
        const double number[] = {claim->answer.value, claim->answer.low, claim->answer.high};
        char text[3][32] = {"", "", ""};
        for (int k = 0; k < 3 && claim->answered; k++) {
            mu_text_exact(number[k], text[k]);
        }
        const char *const cells[COLUMNS] = {
            claim->entity->id, claim->text, claim->who,
            claim->date,       text[0],     text[1],
            text[2],           claim->unit, mu_claim_verdict_text(claim->verdict),
            claim->reason};
        mu_table_row(table, cells);
    }
    return mu_table_csv(table, page->out, err);
}
