/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation as a table for programs.
 *
 * What:  the figures of the JSON, flattened: "engines.decode.steps". A list's items are numbered.
 * Bound: paths of MU_CELL_MAX characters, DEPTH_MAX levels.
 */
#include "report/simulate_report.h"

#include "base/text.h"
#include "report/format.h"

#include <assert.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

/* Rows being added: all of one system. */
typedef struct sheet {
    mu_table *table;
    const char *system;
} sheet;

static void row(const sheet *s, const char *path, const json_t *value, const json_t *low,
                const json_t *high, const char *unit)
{
    char text[3][32];
    mu_text_exact(json_number_value(value), text[0]);
    mu_text_exact(json_number_value(low), text[1]);
    mu_text_exact(json_number_value(high), text[2]);
    const char *const cells[] = {s->system, path, text[0], text[1], text[2], unit};
    mu_table_row(s->table, cells);
}

/* A number, a boolean or a quantity is a row; false = a container of those. */
static bool leaf(const sheet *s, const char *path, const json_t *json)
{
    const json_t *unit = json_object_get(json, "unit");
    if (json_is_number(json)) {
        row(s, path, json, json, json, "");
        return true;
    }
    if (unit != NULL) {
        row(s, path, json_object_get(json, "value"), json_object_get(json, "low"),
            json_object_get(json, "high"), json_string_value(unit));
        return true;
    }
    if (json_is_boolean(json)) {
        const char *text = json_is_true(json) ? "1" : "0";
        const char *const cells[] = {s->system, path, text, text, text, ""};
        mu_table_row(s->table, cells);
        return true;
    }
    return !json_is_object(json) && !json_is_array(json);
}

/* A container that is open, and which of its children comes next. */
typedef struct level {
    json_t *json;
    void *member;
    size_t index;
    size_t path_length;
} level;

static level open_level(json_t *json, size_t path_length)
{
    return (level){json, json_object_iter(json), 0, path_length};
}

/* The next child, its name put at the end of the level's path; NULL when there is none. */
static json_t *next_child(level *at, char path[MU_CELL_MAX])
{
    json_t *value = NULL;
    const char *dot = at->path_length > 0 ? "." : "";
    char *end = path + at->path_length;
    size_t room = MU_CELL_MAX - at->path_length;
    if (json_is_array(at->json)) {
        value = json_array_get(at->json, at->index);
        (void)snprintf(end, room, "%s%zu", dot, at->index++);
    } else if (at->member != NULL) {
        value = json_object_iter_value(at->member);
        (void)snprintf(end, room, "%s%s", dot, json_object_iter_key(at->member));
        at->member = json_object_iter_next(at->json, at->member);
    }
    return value;
}

static void add_rows(const sheet *s, json_t *figures)
{
    level levels[DEPTH_MAX];
    char path[MU_CELL_MAX];
    uint32_t depth = 0;
    levels[depth++] = open_level(figures, 0);
    while (depth > 0) {
        json_t *child = next_child(&levels[depth - 1], path);
        if (child == NULL) {
            depth--;
        } else if (!leaf(s, path, child)) {
            assert(depth < DEPTH_MAX);
            levels[depth++] = open_level(child, strlen(path));
        }
    }
}

mu_status mu_simulation_csv(const mu_page *page, const mu_simulation *simulation, mu_error *err)
{
    static const char *const headings[] = {"system", "metric", "value", "low", "high", "unit"};
    static const mu_align aligns[6] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 6, headings, aligns);
    json_t *figures = mu_simulation_figures(simulation);
    if (table == NULL || figures == NULL) {
        json_decref(figures);
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    add_rows(&(sheet){table, simulation->system}, figures);
    json_decref(figures);
    return mu_table_csv(table, page->out, err);
}
