/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer is made of: a tree of terms as text, CSV and JSON, and what moves one of them.
 */
#include "report/explain_report.h"

#include "base/text.h"
#include "report/format.h"
#include "study/origin.h"

#include <stdio.h>
#include <string.h>

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

/* "sum", "58 x sum", "formula": how the children make it. */
static void say_rule(const mu_term *t, char out[MU_CELL_MAX])
{
    if (t->rule == MU_RULE_GIVEN) {
        out[0] = '\0';
    } else if (t->factor != 1.0) {
        (void)snprintf(out, MU_CELL_MAX, "%.4g x %s", t->factor, mu_rule_text(t->rule));
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%s", mu_rule_text(t->rule));
    }
}

/* "chip/h100-sxm/memory.bandwidth -0.85, A lockwood-h100": what moves it most. */
static void say_input(const mu_terms *terms, const mu_term *t, char out[MU_CELL_MAX])
{
    out[0] = '\0';
    if (t->inputs > 0) {
        const mu_pull *p = &t->input[0];
        mu_origin origin = mu_origin_of(terms->catalog, terms->engine, p->input);
        (void)snprintf(out, MU_CELL_MAX, "%.100s %+.2f, %c %.58s", p->input, p->elasticity,
                       origin.grade, origin.source);
    }
}

static void add_term(mu_table *table, const mu_terms *terms, const mu_term *t, uint32_t above)
{
    char input[MU_CELL_MAX];
    char name[MU_CELL_MAX];
    char value[MU_CELL_MAX];
    char rule[MU_CELL_MAX];
    (void)snprintf(name, sizeof name, "%*s%.120s", (int)(2 * (t->depth - above)), "", t->name);
    mu_format_value(t->value, t->dimension, value);
    say_rule(t, rule);
    say_input(terms, t, input);
    const char *const cells[] = {name, value, rule, input, t->words};
    mu_table_row(table, cells);
}

/* Terms shown: the subtree of the chosen one, or all of the forest. */
typedef struct part {
    uint32_t from;
    uint32_t to;
    uint32_t above; /* depth of the first */
} part;

static part part_of(const mu_terms *terms, const mu_terms_view *view)
{
    if (!view->one) {
        return (part){0, terms->count, 0};
    }
    const mu_term *t = &terms->term[terms->chosen];
    return (part){terms->chosen, t->end, t->depth};
}

static mu_status print_pulls(const mu_page *page, const mu_terms *terms, mu_error *err)
{
    static const char *const headings[] = {"input", "best", "5 % .. 95 %", "pull", "grade, source"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 5, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < terms->pulls; i++) {
        const mu_pull *p = &terms->pull[i];
        mu_origin origin = mu_origin_of(terms->catalog, terms->engine, p->input);
        char text[3][MU_CELL_MAX];
        char range[2 * MU_CELL_MAX + 8] = "";
        char pull[32];
        char from[64];
        mu_format_value(p->range.best, origin.dimension, text[0]);
        mu_format_value(p->range.low, origin.dimension, text[1]);
        mu_format_value(p->range.high, origin.dimension, text[2]);
        if (p->range.low < p->range.high) {
            (void)snprintf(range, sizeof range, "%s .. %s", text[1], text[2]);
        }
        (void)snprintf(pull, sizeof pull, "%+.3f", p->elasticity);
        (void)snprintf(from, sizeof from, "%c %.58s", origin.grade, origin.source);
        const char *const cells[] = {p->input, text[0], range, pull, from};
        mu_table_row(table, cells);
    }
    fprintf(page->out,
            "\n%sWhat moves %s%s: %% for each %% of an input alone; %u facts and "
            "parameters tried\n\n",
            page->colour ? "\x1b[1m" : "", terms->term[terms->chosen].path,
            page->colour ? "\x1b[0m" : "", terms->inputs);
    return mu_table_print(table, page->out, page->colour, err);
}

mu_status mu_terms_print(const mu_page *page, const mu_terms *terms, const mu_terms_view *view,
                         mu_error *err)
{
    static const char *const headings[] = {"term", "value", "of what follows", "moved most by",
                                           "how"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT, MU_ALIGN_LEFT,
                                      MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 5, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    part shown = part_of(terms, view);
    for (uint32_t i = shown.from; i < shown.to; i++) {
        if (terms->term[i].depth - shown.above < view->depth) {
            add_term(table, terms, &terms->term[i], shown.above);
        }
    }
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    return status == MU_OK ? print_pulls(page, terms, err) : status;
}

mu_status mu_terms_csv(const mu_page *page, const mu_terms *terms, const mu_terms_view *view,
                       mu_error *err)
{
    static const char *const headings[] = {"term",  "value", "unit", "rule",  "factor",
                                           "words", "input", "pull", "grade", "source"};
    static const mu_align aligns[10] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 10, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    part shown = part_of(terms, view);
    for (uint32_t i = shown.from; i < shown.to; i++) {
        const mu_term *t = &terms->term[i];
        char value[32];
        char factor[32];
        mu_text_exact(t->value, value);
        mu_text_exact(t->factor, factor);
        char pull[32] = "";
        mu_origin origin = {.source = "", .grade = ' '};
        if (t->inputs > 0) {
            origin = mu_origin_of(terms->catalog, terms->engine, t->input[0].input);
            mu_text_exact(t->input[0].elasticity, pull);
        }
        const char grade[2] = {origin.grade, '\0'};
        const char *const cells[] = {t->path,
                                     value,
                                     mu_unit_si(t->dimension),
                                     mu_rule_text(t->rule),
                                     factor,
                                     t->words,
                                     t->inputs > 0 ? t->input[0].input : "",
                                     pull,
                                     t->inputs > 0 ? grade : "",
                                     origin.source};
        if (t->depth - shown.above < view->depth) {
            mu_table_row(table, cells);
        }
    }
    return mu_table_csv(table, page->out, err);
}

static json_t *pull_json(const mu_terms *terms, const mu_pull *p)
{
    mu_origin origin = mu_origin_of(terms->catalog, terms->engine, p->input);
    const char grade[2] = {origin.grade, '\0'};
    mu_quantity range = {p->range.best, p->range.low, p->range.high};
    mu_json json = mu_json_begin();
    mu_json_put(&json, "input", mu_json_text(p->input));
    mu_json_put(&json, "range", mu_json_quantity(range, mu_unit_si(origin.dimension)));
    mu_json_put(&json, "elasticity", mu_json_number(p->elasticity));
    mu_json_put(&json, "grade", mu_json_text(grade));
    mu_json_put(&json, "source", mu_json_text(origin.source));
    mu_json_put(&json, "title", mu_json_text(origin.title));
    return mu_json_done(&json);
}

static json_t *inputs_json(const mu_terms *terms, const mu_term *t)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < t->inputs && i < MU_TERM_INPUTS_MAX && list != NULL; i++) {
        if (json_array_append_new(list, pull_json(terms, &t->input[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* A term without its children. */
static mu_json begin_term(const mu_terms *terms, const mu_term *t)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "name", mu_json_text(t->name));
    mu_json_put(&json, "value", mu_json_number(t->value));
    mu_json_put(&json, "unit", mu_json_text(mu_unit_si(t->dimension)));
    mu_json_put(&json, "rule", mu_json_text(mu_rule_text(t->rule)));
    mu_json_put(&json, "factor", mu_json_number(t->factor));
    mu_json_put(&json, "words", mu_json_text(t->words));
    mu_json_put(&json, "moved_by", inputs_json(terms, t));
    return json;
}

enum { DEPTH_MAX = 16 };

/* Children lists are filled from the stack: preorder says when a term's children are over. */
static json_t *tree(const mu_terms *terms, const mu_terms_view *view)
{
    part shown = part_of(terms, view);
    json_t *list[DEPTH_MAX + 1] = {json_array()};
    bool failed = list[0] == NULL;
    for (uint32_t i = shown.from; i < shown.to && !failed; i++) {
        const mu_term *t = &terms->term[i];
        uint32_t depth = t->depth - shown.above;
        if (depth >= view->depth || depth >= DEPTH_MAX) {
            continue;
        }
        mu_json json = begin_term(terms, t);
        if (t->end > i + 1 && depth + 1 < view->depth) {
            list[depth + 1] = json_array();
            mu_json_put(&json, "terms", list[depth + 1]);
        }
        failed = json_array_append_new(list[depth], mu_json_done(&json)) != 0;
    }
    if (failed) {
        json_decref(list[0]);
        return NULL;
    }
    return list[0];
}

json_t *mu_terms_json(const mu_terms *terms, const mu_terms_view *view)
{
    mu_json json = mu_json_begin();
    json_t *pulls = json_array();
    int failed = pulls == NULL;
    for (uint32_t i = 0; i < terms->pulls; i++) {
        failed |= json_array_append_new(pulls, pull_json(terms, &terms->pull[i]));
    }
    if (failed != 0) {
        json_decref(pulls);
        pulls = NULL;
    }
    mu_json_put(&json, "terms", tree(terms, view));
    mu_json_put(&json, "term", mu_json_text(terms->term[terms->chosen].path));
    mu_json_put(&json, "inputs", json_integer(terms->inputs));
    mu_json_put(&json, "pulls", pulls);
    return mu_json_done(&json);
}
