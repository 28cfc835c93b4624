/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming reader of tables.
 *
 * What:  bytes come in blocks, unpacked where need be; a line is cut into cells in place.
 */
#include "io/csv_read.h"

#include <zstd.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_BYTES = 131072 };

struct mu_csv {
    FILE *file;
    ZSTD_DStream *unpack; /* NULL = plain text */
    ZSTD_inBuffer packed;
    bool inside; /* a packed frame is open */
    char *in;    /* [BLOCK_BYTES] packed bytes */
    char *block; /* [BLOCK_BYTES] text */
    size_t used;
    size_t filled;
    uint32_t line_number;
    int columns;
    char *heading;                        /* text behind `name` */
    const char *name[MU_CSV_COLUMNS_MAX]; /* [columns] */
    const char *cell[MU_CSV_COLUMNS_MAX]; /* of this row */
    char line[MU_CSV_LINE_MAX + 1];
    char path[MU_ERROR_FILE_MAX];
};

static mu_status fail(const mu_csv *csv, mu_error *err, const char *text)
{
    return mu_fail_at(err, MU_E_INPUT, csv->path, csv->line_number, 0, "%s", text);
}

/* Fills the packed buffer; *at_end when the file has no more. */
static mu_status read_packed(mu_csv *csv, bool *at_end, mu_error *err)
{
    size_t got = fread(csv->in, 1, BLOCK_BYTES, csv->file);
    if (got == 0 && ferror(csv->file)) {
        return mu_fail_at(err, MU_E_INPUT, csv->path, 0, 0, "cannot be read: %s", strerror(errno));
    }
    csv->packed = (ZSTD_inBuffer){csv->in, got, 0};
    *at_end = got == 0;
    return MU_OK;
}

/* The next block of text; filled is 0 at the end. */
static mu_status fill(mu_csv *csv, mu_error *err)
{
    csv->used = 0;
    csv->filled = 0;
    if (csv->unpack == NULL) {
        csv->filled = fread(csv->block, 1, BLOCK_BYTES, csv->file);
        return ferror(csv->file) ? mu_fail_at(err, MU_E_INPUT, csv->path, 0, 0,
                                              "cannot be read: %s", strerror(errno))
                                 : MU_OK;
    }
    ZSTD_outBuffer out = {csv->block, BLOCK_BYTES, 0};
    while (out.pos == 0) {
        bool at_end = false;
        if (csv->packed.pos == csv->packed.size) {
            mu_status status = read_packed(csv, &at_end, err);
            if (status != MU_OK) {
                return status;
            }
        }
        if (at_end) {
            return csv->inside ? fail(csv, err, "the compressed file ends early") : MU_OK;
        }
        size_t left = ZSTD_decompressStream(csv->unpack, &out, &csv->packed);
        if (ZSTD_isError(left)) {
            return mu_fail_at(err, MU_E_INPUT, csv->path, 0, 0, "cannot be unpacked: %s",
                              ZSTD_getErrorName(left));
        }
        csv->inside = left != 0;
    }
    csv->filled = out.pos;
    return MU_OK;
}

/* One line without its end into csv->line; *more is false when there is none. */
static mu_status next_line(mu_csv *csv, bool *more, mu_error *err)
{
    size_t length = 0;
    bool ended = false;
    *more = false;
    while (!ended) {
        if (csv->used == csv->filled) {
            mu_status status = fill(csv, err);
            if (status != MU_OK) {
                return status;
            }
            if (csv->filled == 0) {
                break;
            }
        }
        const char *from = csv->block + csv->used;
        const char *end = memchr(from, '\n', csv->filled - csv->used);
        size_t part = end != NULL ? (size_t)(end - from) : csv->filled - csv->used;
        if (length + part > MU_CSV_LINE_MAX) {
            csv->line_number++;
            return fail(csv, err, "a line longer than 65536 bytes: is this a table?");
        }
        memcpy(csv->line + length, from, part);
        length += part;
        csv->used += part + (end != NULL ? 1 : 0);
        ended = end != NULL;
        *more = true;
    }
    csv->line_number += *more ? 1 : 0;
    csv->line[length] = '\0';
    if (memchr(csv->line, '\0', length) != NULL) {
        return fail(csv, err, "a NUL byte: is this a table?");
    }
    return MU_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Skips lines that say nothing. */
static mu_status next_full_line(mu_csv *csv, bool *more, mu_error *err)
{
    for (;;) {
        mu_status status = next_line(csv, more, err);
        if (status != MU_OK || !*more) {
            return status;
        }
        const char *text = csv->line;
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

/* Cuts csv->line into cells; -1 when it cannot be. */
static int cut(mu_csv *csv, const char *cells[MU_CSV_COLUMNS_MAX])
{
    char *at = csv->line;
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
        return mu_fail_at(err, MU_E_INPUT, csv->path, 0, 0,
                          "is empty: expected a heading and rows");
    }
    csv->heading = malloc(strlen(csv->line) + 1);
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
            return mu_fail_at(err, MU_E_INPUT, csv->path, csv->line_number, 0,
                              "the column \"%.64s\" comes twice", csv->name[i]);
        }
        csv->columns = i + 1;
    }
    return MU_OK;
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static mu_status open_file(mu_csv *csv, const char *path, mu_error *err)
{
    struct stat about;
    (void)snprintf(csv->path, sizeof csv->path, "%s", path);
    csv->file = fopen(path, "rb");
    if (csv->file == NULL || fstat(fileno(csv->file), &about) != 0) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "cannot be opened: %s", strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "is a directory, expected a table");
    }
    csv->block = malloc(BLOCK_BYTES);
    bool ok = csv->block != NULL;
    if (ok && ends_in(path, ".zst")) {
        csv->in = malloc(BLOCK_BYTES);
        csv->unpack = ZSTD_createDStream();
        ok = csv->in != NULL && csv->unpack != NULL;
    }
    return ok ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
}

mu_status mu_csv_open(const char *path, mu_csv **out, mu_error *err)
{
    mu_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = open_file(csv, path, err);
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
    if (csv->file != NULL) {
        (void)fclose(csv->file);
    }
    (void)ZSTD_freeDStream(csv->unpack);
    free(csv->in);
    free(csv->block);
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
        return mu_fail_at(err, MU_E_INPUT, csv->path, csv->line_number, 0,
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
    return csv->line_number;
}
