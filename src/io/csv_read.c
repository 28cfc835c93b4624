/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming reader of tables.
 *
 * What:  a line is cut into cells where it lies.
 */
#include "io/csv_read.h"

#include "io/line_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct mu_csv {
    mu_lines *lines;
    mu_line line; /* of this row; cut in place */
    int columns;
    char *heading;                        /* text behind `name` */
    const char *name[MU_CSV_COLUMNS_MAX]; /* [columns] */
    const char *cell[MU_CSV_COLUMNS_MAX]; /* of this row */
};

static mu_status fail(const mu_csv *csv, mu_error *err, const char *text)
{
    return mu_fail_at(err, MU_E_INPUT, mu_lines_path(csv->lines), csv->line.number, 0, "%s", text);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Skips lines that say nothing. */
static mu_status next_full_line(mu_csv *csv, bool *more, mu_error *err)
{
    for (;;) {
        mu_status status = mu_lines_next(csv->lines, &csv->line, more, err);
        if (status != MU_OK || !*more) {
            return status;
        }
        const char *text = csv->line.text;
        while (is_space(*text)) {
            text++;
        }
        if (*text != '\0' && *text != '#') {
            return MU_OK;
        }
    }
}

/* Unquotes a cell in place; returns where the text goes on, NULL after a broken quote. */
static char *quoted_cell(char *from)
{
    char *to = from;
    for (from++; *from != '\0'; from++) {
        if (*from == '"' && from[1] == '"') {
            from++;
        } else if (*from == '"') {
            char *after = from + 1;
            *to = '\0';
            return *after == ',' || *after == '\0' || is_space(*after) ? after : NULL;
        }
        *to++ = *from;
    }
    return NULL;
}

static void trim_end(const char *start, char *end)
{
    while (end > start && is_space(end[-1])) {
        end--;
    }
    *end = '\0';
}

/* Cuts the line into cells; -1 when it cannot be. */
static int cut(mu_csv *csv, const char *cells[MU_CSV_COLUMNS_MAX])
{
    char *at = csv->line.text;
    int count = 0;
    for (;;) {
        if (count == MU_CSV_COLUMNS_MAX) {
            return -1;
        }
        while (is_space(*at)) {
            at++;
        }
        char *start = at;
        bool quoted = *at == '"';
        char *end = quoted ? quoted_cell(at) : at + strcspn(at, ",");
        while (end != NULL && is_space(*end)) {
            end++;
        }
        if (end == NULL || (*end != ',' && *end != '\0')) {
            return -1;
        }
        bool last = *end == '\0';
        cells[count++] = start;
        if (!quoted && end > start) {
            trim_end(start, end);
        }
        *end = '\0';
        if (last) {
            return count;
        }
        at = end + 1;
    }
}

static mu_status read_heading(mu_csv *csv, mu_error *err)
{
    bool more = false;
    mu_status status = next_full_line(csv, &more, err);
    if (status != MU_OK) {
        return status;
    }
    if (!more) {
        return mu_fail_at(err, MU_E_INPUT, mu_lines_path(csv->lines), 0, 0,
                          "is empty: expected a heading and rows");
    }
    csv->heading = malloc(csv->line.length + 1);
    if (csv->heading == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    int count = cut(csv, csv->name);
    if (count < 0) {
        return fail(csv, err, "the heading is no list of at most 64 column names");
    }
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(csv->name[i]) + 1;
        memcpy(csv->heading + used, csv->name[i], length);
        csv->name[i] = csv->heading + used;
        used += length;
        if (mu_csv_column(csv, csv->name[i]) >= 0) {
            return mu_fail_at(err, MU_E_INPUT, mu_lines_path(csv->lines), csv->line.number, 0,
                              "the column \"%.64s\" comes twice", csv->name[i]);
        }
        csv->columns = i + 1;
    }
    return MU_OK;
}

mu_status mu_csv_open(const char *path, mu_csv **out, mu_error *err)
{
    mu_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_lines_open(path, MU_CSV_LINE_MAX, "a table", &csv->lines, err);
    if (status == MU_OK) {
        status = read_heading(csv, err);
    }
    if (status != MU_OK) {
        mu_csv_close(csv);
        return status;
    }
    *out = csv;
    return MU_OK;
}

void mu_csv_close(mu_csv *csv)
{
    if (csv == NULL) {
        return;
    }
    mu_lines_close(csv->lines);
    free(csv->heading);
    free(csv);
}

int mu_csv_column(const mu_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++) {
        if (strcmp(csv->name[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

mu_status mu_csv_next(mu_csv *csv, bool *more, mu_error *err)
{
    mu_status status = next_full_line(csv, more, err);
    if (status != MU_OK || !*more) {
        return status;
    }
    int count = cut(csv, csv->cell);
    if (count != csv->columns) {
        return mu_fail_at(err, MU_E_INPUT, mu_lines_path(csv->lines), csv->line.number, 0,
                          "expected %d cells as in the heading, found %d", csv->columns,
                          count < 0 ? 0 : count);
    }
    return MU_OK;
}

const char *mu_csv_cell(const mu_csv *csv, int column)
{
    assert(column >= 0 && column < csv->columns);
    return csv->cell[column];
}

uint32_t mu_csv_line(const mu_csv *csv)
{
    return csv->line.number;
}
