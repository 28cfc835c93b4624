/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calibration as a table and as JSON.
 */
#include "cli/calibrate.h"

#include "catalog/schema.h"
#include "report/wrap.h"

#include <math.h>
#include <string.h>

enum { ERROR_COLUMNS = 9, TEXT_MAX = 16384 };

void mu_calibrate_group_name(const mu_sample_group *group, char out[64])
{
    bool own_cache = group->kv != MU_DTYPE_BF16;
    (void)snprintf(out, 64, "%s_%s%s%s", mu_op_case_text(group->kind), group->dtype,
                   own_cache ? "_kv_" : "", own_cache ? mu_dtype_text(group->kv) : "");
}

static void percent(double share, char out[32])
{
    (void)snprintf(out, 32, "%.1f %%", 100.0 * share);
}

static void error_row(mu_table *table, const mu_group_result *g)
{
    char cell[ERROR_COLUMNS][32] = {{0}};
    const char *cells[ERROR_COLUMNS];
    char name[64];
    (void)snprintf(name, sizeof name, "%s %s%s%s", mu_op_case_text(g->group->kind), g->group->dtype,
                   g->group->kv != MU_DTYPE_BF16 ? ", cache " : "",
                   g->group->kv != MU_DTYPE_BF16 ? mu_dtype_text(g->group->kv) : "");
    cells[0] = name;
    (void)snprintf(cell[1], 32, "%u", g->group->rows);
    if (g->fitted && g->after.n > 0) {
        (void)snprintf(cell[2], 32, "%u", g->after.n);
        percent(g->before.mape, cell[3]);
        percent(g->after.mape, cell[4]);
        percent(g->after.median, cell[5]);
        percent(g->after.p90, cell[6]);
        (void)snprintf(cell[7], 32, "%+.1f %%", 100.0 * g->after.bias);
    }
    if (g->fitted && g->left_out.n > 0) {
        percent(g->left_out.mape, cell[8]);
    }
    for (int i = 1; i < ERROR_COLUMNS; i++) {
        cells[i] = cell[i][0] != '\0' ? cell[i] : "-";
    }
    mu_table_row(table, cells);
}

static mu_status print_errors(const mu_page *page, const mu_calibration *found, mu_error *err)
{
    static const char *const headings[ERROR_COLUMNS] = {"operator", "rows", "held out",
                                                        "before",   "MAPE", "median",
                                                        "90th %",   "bias", "cross-validated"};
    static const mu_align aligns[ERROR_COLUMNS] = {MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                                   MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                                   MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, ERROR_COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t g = 0; g < found->group_count; g++) {
        error_row(table, &found->group[g]);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_parameters(const mu_page *page, const mu_calibration *found, mu_error *err)
{
    static const char *const headings[] = {"parameter", "before", "best", "low", "high"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_RIGHT};
    mu_table *table = mu_table_create(page->arena, 5, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < found->knob_count; i++) {
        const mu_knob_result *k = &found->knob[i];
        char cell[4][32];
        if (k->fate != MU_KNOB_FITTED && k->fate != MU_KNOB_WIDTH) {
            continue;
        }
        const double values[4] = {k->before, k->range.best, k->range.low, k->range.high};
        for (int c = 0; c < 4; c++) {
            (void)snprintf(cell[c], sizeof cell[c], "%.3g", values[c]);
        }
        const char *const cells[] = {k->knob.name, cell[0], cell[1], cell[2], cell[3]};
        mu_table_row(table, cells);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static mu_status print_surfaces(const mu_page *page, const mu_calibration *found, mu_error *err)
{
    static const char *const headings[] = {"surface", "rows",     "shapes", "numbers",
                                           "without", "left out", "by"};
    static const mu_align aligns[] = {MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
                                      MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 7, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < found->surface_count; i++) {
        const mu_surface_result *s = &found->surface[i];
        char cell[5][32];
        (void)snprintf(cell[0], sizeof cell[0], "%u", s->rows);
        (void)snprintf(cell[1], sizeof cell[1], "%u", s->shapes);
        (void)snprintf(cell[2], sizeof cell[2], "%u", s->surface->values);
        percent(s->before, cell[3]);
        percent(s->cross_validated, cell[4]);
        const char *const cells[] = {
            mu_surface_text(s->kind),     cell[0], cell[1], cell[2], cell[3], cell[4],
            s->by_shape ? "shape" : "row"};
        mu_table_row(table, cells);
    }
    fputs(
        "Surfaces over the shapes of dense tables, and the errors of fitted rows without them and\n"
        "with them fitted to other shapes (other rows, where there are few shapes):\n\n",
        page->out);
    return mu_table_print(table, page->out, page->colour, err);
}

/* FITTED names those that the prior decided. */
static bool is_named(const mu_knob_result *k, mu_knob_fate fate)
{
    return k->fate == fate && (fate != MU_KNOB_FITTED || k->doubt > MU_DOUBT_MAX);
}

/* "Title: a, b, c" of the parameters with a fate, nothing when there are none. */
static mu_status print_names(const mu_page *page, const mu_calibration *found, mu_knob_fate fate,
                             const char *title)
{
    char *text = mu_arena_alloc(page->arena, TEXT_MAX, 1);
    size_t used = 0;
    if (text == NULL) {
        return MU_E_MEMORY;
    }
    for (uint32_t i = 0; i < found->knob_count && used < TEXT_MAX - 128; i++) {
        if (is_named(&found->knob[i], fate)) {
            used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s", used == 0 ? title : ", ",
                                     found->knob[i].knob.name);
        }
    }
    if (used > 0) {
        fputc('\n', page->out);
        mu_wrap(page->out, text, 4, 0);
    }
    return MU_OK;
}

mu_status mu_calibrate_print(const mu_page *page, const mu_calibrate_answer *answer, mu_error *err)
{
    const mu_calibration *found = answer->found;
    fprintf(page->out, "%s, %llu rows. Errors on rows that were not fitted on:\n\n",
            answer->entity->name, (unsigned long long)found->rows);
    mu_status status = print_errors(page, found, err);
    if (status == MU_OK) {
        fputc('\n', page->out);
        status = print_parameters(page, found, err);
    }
    if (status == MU_OK && found->surface_count > 0) {
        fputc('\n', page->out);
        status = print_surfaces(page, found, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (print_names(page, found, MU_KNOB_FITTED,
                    "Hardly determined by these rows, held by the prior: ") != MU_OK ||
        print_names(page, found, MU_KNOB_LITTLE_SAY,
                    "With little say in these rows, left as they were: ") != MU_OK ||
        print_names(page, found, MU_KNOB_NO_SAY,
                    "Without a say in these rows, left as they were: ") != MU_OK) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    if (answer->file != NULL) {
        fprintf(page->out, "\nWritten to %s: `--catalog` with its directory takes it.\n",
                answer->file);
    }
    return mu_stream_check(page->out, err);
}

json_t *mu_calibrate_errors_json(const mu_row_errors *errors)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "n", json_integer(errors->n));
    if (errors->n > 0) {
        mu_json_put(&json, "mape", mu_json_number(errors->mape));
        mu_json_put(&json, "median", mu_json_number(errors->median));
        mu_json_put(&json, "p90", mu_json_number(errors->p90));
        mu_json_put(&json, "bias", mu_json_number(errors->bias));
    }
    return mu_json_done(&json);
}

static json_t *groups_json(const mu_calibration *found)
{
    mu_json json = mu_json_begin();
    for (uint32_t g = 0; g < found->group_count; g++) {
        const mu_group_result *result = &found->group[g];
        char name[64];
        mu_json one = mu_json_begin();
        mu_calibrate_group_name(result->group, name);
        mu_json_put(&one, "rows", json_integer(result->group->rows));
        mu_json_put(&one, "fitted", json_boolean(result->fitted));
        mu_json_put(&one, "before", mu_calibrate_errors_json(&result->before));
        mu_json_put(&one, "after", mu_calibrate_errors_json(&result->after));
        mu_json_put(&one, "cross_validated", mu_calibrate_errors_json(&result->left_out));
        mu_json_put(&json, name, mu_json_done(&one));
    }
    return mu_json_done(&json);
}

static json_t *params_json(const mu_calibration *found)
{
    mu_json json = mu_json_begin();
    for (uint32_t i = 0; i < found->knob_count; i++) {
        const mu_knob_result *k = &found->knob[i];
        if (k->fate != MU_KNOB_FITTED && k->fate != MU_KNOB_WIDTH) {
            continue;
        }
        mu_json one = mu_json_begin();
        mu_json_put(&one, "before", mu_json_number(k->before));
        mu_json_put(&one, "best", mu_json_number(k->range.best));
        mu_json_put(&one, "low", mu_json_number(k->range.low));
        mu_json_put(&one, "high", mu_json_number(k->range.high));
        mu_json_put(&json, k->knob.name, mu_json_done(&one));
    }
    return mu_json_done(&json);
}

static json_t *surfaces_json(const mu_calibration *found)
{
    mu_json json = mu_json_begin();
    for (uint32_t i = 0; i < found->surface_count; i++) {
        const mu_surface_result *s = &found->surface[i];
        mu_json one = mu_json_begin();
        mu_json_put(&one, "rows", json_integer(s->rows));
        mu_json_put(&one, "shapes", json_integer(s->shapes));
        mu_json_put(&one, "left_out", mu_json_text(s->by_shape ? "shapes" : "rows"));
        mu_json_put(&one, "numbers", json_integer(s->surface->values));
        mu_json_put(&one, "without", mu_json_number(s->before));
        mu_json_put(&one, "cross_validated", mu_json_number(s->cross_validated));
        mu_json_put(&json, mu_surface_text(s->kind), mu_json_done(&one));
    }
    return mu_json_done(&json);
}

/* NULL when out of memory. */
static json_t *names_json(const mu_calibration *found, mu_knob_fate fate)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < found->knob_count; i++) {
        if (is_named(&found->knob[i], fate)) {
            failed |= json_array_append_new(list, mu_json_text(found->knob[i].knob.name));
        }
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *texts_json(const char *const text[], uint32_t count)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < count; i++) {
        failed |= json_array_append_new(list, mu_json_text(text[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *mu_calibrate_json(const mu_calibrate_answer *answer)
{
    const mu_calibration *found = answer->found;
    mu_json json = mu_json_begin();
    mu_json_put(&json, mu_entity_kind_text(answer->entity->kind), mu_json_text(answer->entity->id));
    mu_json_put(&json, "tables", texts_json(answer->table, answer->tables));
    mu_json_put(&json, "rows", json_integer((json_int_t)found->rows));
    mu_json_put(&json, "groups", groups_json(found));
    mu_json_put(&json, "params", params_json(found));
    mu_json_put(&json, "surfaces", surfaces_json(found));
    mu_json_put(&json, "held_by_prior", names_json(found, MU_KNOB_FITTED));
    mu_json_put(&json, "little_say", names_json(found, MU_KNOB_LITTLE_SAY));
    mu_json_put(&json, "no_say", names_json(found, MU_KNOB_NO_SAY));
    mu_json_put(&json, "warnings",
                texts_json((const char *const *)answer->warning, answer->warning_count));
    if (answer->file != NULL) {
        mu_json_put(&json, "file", mu_json_text(answer->file));
    }
    return mu_json_done(&json);
}
