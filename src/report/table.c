/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables.
 *
 * What:  cells kept in the arena as a list of rows; widths are measured when printing.
 * Bound: see the header.
 */
#include "report/table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct row {
    struct row *next;
    bool section; /* only the first cell counts */
    const char *cell[MU_TABLE_COLUMNS_MAX];
};

struct mu_table {
    mu_arena *arena;
    uint32_t columns;
    uint32_t count;
    bool failed;
    const char *heading[MU_TABLE_COLUMNS_MAX];
    mu_align align[MU_TABLE_COLUMNS_MAX];
    struct row *first;
    struct row **end;
};

mu_table *mu_table_create(mu_arena *arena, uint32_t columns, const char *const headings[],
                          const mu_align aligns[])
{
    assert(columns >= 1 && columns <= MU_TABLE_COLUMNS_MAX);
    mu_table *table = MU_NEW(arena, mu_table, 1);
    if (table == NULL) {
        return NULL;
    }
    table->arena = arena;
    table->columns = columns;
    table->end = &table->first;
    for (uint32_t i = 0; i < columns; i++) {
        table->heading[i] = mu_arena_text(arena, headings[i], strlen(headings[i]));
        table->align[i] = aligns[i];
        if (table->heading[i] == NULL) {
            return NULL;
        }
    }
    return table;
}

static struct row *add(mu_table *table)
{
    struct row *row = table->failed ? NULL : MU_NEW(table->arena, struct row, 1);
    if (row == NULL) {
        table->failed = true;
        return NULL;
    }
    *table->end = row;
    table->end = &row->next;
    return row;
}

static const char *keep(mu_table *table, const char *text)
{
    const char *copy = text == NULL ? "" : mu_arena_text(table->arena, text, strlen(text));
    if (copy == NULL) {
        table->failed = true;
        return "";
    }
    return copy;
}

void mu_table_row(mu_table *table, const char *const cells[])
{
    struct row *row = add(table);
    if (row == NULL) {
        return;
    }
    for (uint32_t i = 0; i < table->columns; i++) {
        row->cell[i] = keep(table, cells[i]);
    }
    table->count++;
}

void mu_table_section(mu_table *table, const char *text)
{
    struct row *row = add(table);
    if (row != NULL) {
        row->section = true;
        row->cell[0] = keep(table, text);
    }
}

uint32_t mu_table_rows(const mu_table *table)
{
    return table->count;
}

/* Next code point of valid UTF-8; a broken byte stands for itself. Moves *text past it. */
static uint32_t next_point(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    uint32_t lead = p[0];
    uint32_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    uint32_t point = extra == 0 ? lead : lead & (0x3fU >> extra);
    for (uint32_t i = 1; i <= extra; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *text += 1;
            return lead;
        }
        point = point << 6 | (p[i] & 0x3fU);
    }
    *text += extra + 1;
    return point;
}

/* Combining marks and joiners take no place, East Asian wide ranges (UAX 11) two. */
static size_t point_width(uint32_t point)
{
    static const struct {
        uint32_t first, last;
        size_t width;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0}, {0xfe00, 0xfe0f, 0},
        {0x1100, 0x115f, 2},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2}, {0xac00, 0xd7a3, 2},
        {0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return ranges[i].width;
        }
    }
    return 1;
}

size_t mu_text_width(const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        width += point_width(next_point(&text));
    }
    return width;
}

static void measure(const mu_table *table, size_t widths[MU_TABLE_COLUMNS_MAX])
{
    for (uint32_t i = 0; i < table->columns; i++) {
        widths[i] = mu_text_width(table->heading[i]);
    }
    for (const struct row *row = table->first; row != NULL; row = row->next) {
        for (uint32_t i = 0; i < table->columns && !row->section; i++) {
            size_t width = mu_text_width(row->cell[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
}

static void spaces(FILE *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputc(' ', out);
    }
}

/* Spaces are owed until something follows them, so that no line ends in one. */
static void print_cells(const mu_table *table, const char *const cells[], const size_t widths[],
                        FILE *out)
{
    size_t owed = 0;
    for (uint32_t i = 0; i < table->columns; i++) {
        size_t width = mu_text_width(cells[i]);
        size_t pad = widths[i] - width;
        owed += table->align[i] == MU_ALIGN_RIGHT ? pad : 0;
        if (width > 0) {
            spaces(out, owed);
            fputs(cells[i], out);
            owed = 0;
        }
        owed += (table->align[i] == MU_ALIGN_LEFT ? pad : 0) + 2;
    }
    fputc('\n', out);
}

static bool has_headings(const mu_table *table)
{
    for (uint32_t i = 0; i < table->columns; i++) {
        if (table->heading[i][0] != '\0') {
            return true;
        }
    }
    return false;
}

mu_status mu_stream_check(FILE *out, mu_error *err)
{
    if (fflush(out) != 0 || ferror(out)) {
        return mu_fail(err, MU_E_SYSTEM, "cannot write the output: %s",
                       errno != 0 ? strerror(errno) : "unknown reason");
    }
    return MU_OK;
}

static mu_status check(const mu_table *table, mu_error *err)
{
    return table->failed ? mu_fail(err, MU_E_MEMORY, "out of memory for the table") : MU_OK;
}

mu_status mu_table_print(const mu_table *table, FILE *out, bool colour, mu_error *err)
{
    size_t widths[MU_TABLE_COLUMNS_MAX];
    const char *bold = colour ? "\x1b[1m" : "";
    const char *plain = colour ? "\x1b[0m" : "";
    mu_status status = check(table, err);
    if (status != MU_OK) {
        return status;
    }
    measure(table, widths);
    if (has_headings(table)) {
        fputs(bold, out);
        print_cells(table, table->heading, widths, out);
        fputs(plain, out);
    }
    for (const struct row *row = table->first; row != NULL; row = row->next) {
        if (row->section) {
            fprintf(out, "%s%s%s%s\n", row == table->first ? "" : "\n", bold, row->cell[0], plain);
        } else {
            print_cells(table, row->cell, widths, out);
        }
    }
    return mu_stream_check(out, err);
}

static void csv_cell(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void csv_line(const mu_table *table, const char *const cells[], FILE *out)
{
    for (uint32_t i = 0; i < table->columns; i++) {
        if (i > 0) {
            fputc(',', out);
        }
        csv_cell(out, cells[i]);
    }
    fputc('\n', out);
}

mu_status mu_table_csv(const mu_table *table, FILE *out, mu_error *err)
{
    mu_status status = check(table, err);
    if (status != MU_OK) {
        return status;
    }
    csv_line(table, table->heading, out);
    for (const struct row *row = table->first; row != NULL; row = row->next) {
        if (!row->section) {
            csv_line(table, row->cell, out);
        }
    }
    return mu_stream_check(out, err);
}
