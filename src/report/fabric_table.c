/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as tables for people, and as CSV.
 */
#include "report/fabric_report.h"
#include "report/format.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

static mu_status print_rows(const mu_page *page, const mu_net_question *q, const mu_net_answer *a,
                            mu_error *err)
{
    static const char *const none[] = {"", ""};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 2, none, aligns);
    mu_net_row *rows = MU_NEW(page->arena, mu_net_row, MU_NET_ROWS_MAX);
    if (table == NULL || rows == NULL) {
        return no_memory(err);
    }
    uint32_t count = mu_net_rows(q, a, false, rows);
    for (uint32_t i = 0; i < count; i++) {
        const char *const cells[] = {rows[i].label, rows[i].text};
        if (rows[i].section != NULL) {
            mu_table_section(table, rows[i].section);
        }
        mu_table_row(table, cells);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_links(const mu_page *page, const mu_net_answer *a, mu_error *err)
{
    static const mu_align aligns[MU_NET_LINK_COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT};
    mu_table *table =
        mu_table_create(page->arena, MU_NET_LINK_COLUMNS, mu_net_link_headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t k = 0; k < a->kind_count; k++) {
        char text[MU_NET_LINK_COLUMNS][MU_CELL_MAX];
        const char *cells[MU_NET_LINK_COLUMNS];
        mu_net_link_cells(&a->kind[k], text);
        for (uint32_t i = 0; i < MU_NET_LINK_COLUMNS; i++) {
            cells[i] = text[i];
        }
        mu_table_row(table, cells);
    }
    fputc('\n', page->out);
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_hot(const mu_page *page, const mu_net_traffic *t, mu_error *err)
{
    static const mu_align aligns[MU_NET_HOT_COLUMNS] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT,
                                                        MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, MU_NET_HOT_COLUMNS, mu_net_hot_headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < t->hot_count; i++) {
        char text[MU_NET_HOT_COLUMNS][MU_CELL_MAX];
        const char *cells[MU_NET_HOT_COLUMNS];
        mu_net_hot_cells(&t->hot[i], text);
        for (uint32_t c = 0; c < MU_NET_HOT_COLUMNS; c++) {
            cells[c] = text[c];
        }
        mu_table_row(table, cells);
    }
    fputc('\n', page->out);
    return mu_table_print(table, page->out, page->colour, err);
}

static void print_title(const mu_page *page, const mu_net_question *q)
{
    char chips[MU_CELL_MAX];
    char ranks[MU_CELL_MAX];
    mu_format_count(q->chips, chips);
    mu_format_count(q->ranks, ranks);
    fprintf(page->out, "%s%s%s: %s chips", page->colour ? "\x1b[1m" : "", q->system->name,
            page->colour ? "\x1b[0m" : "", chips);
    if (q->ranks_per_chip > 1) {
        fprintf(page->out, ", %s ranks (%u a chip)", ranks, q->ranks_per_chip);
    }
    if (q->wiring != NULL) {
        fprintf(page->out, "; wired as %s", q->wiring->name);
    }
    fprintf(page->out, "%s\n\n", q->samples >= 1.0 ? "; [90 % interval]" : "");
}

mu_status mu_net_print(const mu_page *page, const mu_net_question *question,
                       const mu_net_answer *answer, mu_error *err)
{
    print_title(page, question);
    mu_status status = print_rows(page, question, answer, err);
    if (status == MU_OK && question->job.what == MU_NET_NOTHING) {
        status = print_links(page, answer, err);
    }
    if (status == MU_OK && answer->traffic.hot_count > 0) {
        status = print_hot(page, &answer->traffic, err);
    }
    for (uint32_t i = 0; i < answer->warning_count && status == MU_OK; i++) {
        fprintf(page->out, "note: %s\n", answer->warning[i]);
    }
    return status == MU_OK ? mu_stream_check(page->out, err) : status;
}

/* A table of metrics by their paths in the JSON. */
typedef struct csv {
    mu_table *table;
    const char *system;
} csv;

static bool is_quantity(const json_t *json)
{
    return json_object_get(json, "value") != NULL && json_object_get(json, "low") != NULL;
}

static void csv_row(csv *c, const char *path, const json_t *low, const json_t *value,
                    const json_t *high, const char *unit)
{
    char text[3][32];
    const json_t *const numbers[] = {value, low, high};
    for (int i = 0; i < 3; i++) {
        mu_text_exact(json_number_value(numbers[i]), text[i]);
    }
    const char *const cells[] = {c->system, path, text[0], text[1], text[2], unit};
    mu_table_row(c->table, cells);
}

enum { CSV_PATH_MAX = 192, CSV_DEPTH_MAX = 12 };

/* Objects and lists that are being walked, the innermost last. */
typedef struct walk {
    json_t *json;
    void *iterator; /* of an object */
    size_t next;    /* of a list */
    char path[CSV_PATH_MAX];
} walk;

/* The next item with its path; NULL when there is none. Items of lists go by their name, else by
 * their number. */
static json_t *next_item(walk *w, char path[CSV_PATH_MAX])
{
    const char *dot = w->path[0] != '\0' ? "." : "";
    if (json_is_object(w->json)) {
        void *at = w->iterator == NULL && w->next++ == 0
                       ? json_object_iter(w->json)
                       : json_object_iter_next(w->json, w->iterator);
        w->iterator = at;
        if (at == NULL) {
            return NULL;
        }
        (void)snprintf(path, CSV_PATH_MAX, "%s%s%s", w->path, dot, json_object_iter_key(at));
        return json_object_iter_value(at);
    }
    json_t *item = json_array_get(w->json, w->next);
    const char *name = json_string_value(json_object_get(item, "name"));
    if (name != NULL) {
        (void)snprintf(path, CSV_PATH_MAX, "%s%s%s", w->path, dot, name);
    } else {
        (void)snprintf(path, CSV_PATH_MAX, "%s%s%zu", w->path, dot, w->next);
    }
    w->next++;
    return item;
}

static void csv_value(csv *c, const char *path, const json_t *json)
{
    if (is_quantity(json)) {
        csv_row(c, path, json_object_get(json, "low"), json_object_get(json, "value"),
                json_object_get(json, "high"), json_string_value(json_object_get(json, "unit")));
    } else if (json_is_number(json)) {
        csv_row(c, path, json, json, json, "");
    }
}

/* Every number below an object. */
static void csv_walk(csv *c, json_t *root)
{
    walk stack[CSV_DEPTH_MAX] = {{.json = root}};
    uint32_t depth = 1;
    while (depth > 0) {
        char path[CSV_PATH_MAX];
        json_t *item = next_item(&stack[depth - 1], path);
        bool holds = (json_is_object(item) && !is_quantity(item)) || json_is_array(item);
        if (item == NULL) {
            depth--;
        } else if (holds && depth < CSV_DEPTH_MAX) {
            stack[depth] = (walk){.json = item};
            memcpy(stack[depth].path, path, sizeof path);
            depth++;
        } else {
            csv_value(c, path, item);
        }
    }
}

mu_status mu_net_csv(const mu_page *page, const mu_net_question *question,
                     const mu_net_answer *answer, mu_error *err)
{
    static const char *const headings[] = {"system", "metric", "value", "low", "high", "unit"};
    static const mu_align aligns[6] = {MU_ALIGN_LEFT};
    csv c = {.table = mu_table_create(page->arena, 6, headings, aligns),
             .system = question->system->id};
    json_t *json = mu_net_json(question, answer);
    if (c.table == NULL || json == NULL) {
        json_decref(json);
        return no_memory(err);
    }
    csv_walk(&c, json);
    json_decref(json);
    return mu_table_csv(c.table, page->out, err);
}
