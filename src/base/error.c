/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and error records.
 *
 * What:  writes the one message of a failure, with its place.
 * Why:   the record is the caller's, so that threads, Python and HTTP can share one mechanism.
 * Bound: a message is one line; control characters in it (they come from user input) become '?'.
 */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void make_one_line(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f) {
            *at = '?';
        }
    }
}

/* The first failure stays: a later one is most often its consequence. */
MU_PRINTF(6, 0)
static void write_failure(mu_error *err, mu_status status, const char *file, uint32_t line,
                          uint32_t column, const char *format, va_list args)
{
    if (err == NULL || err->status != MU_OK) {
        return;
    }
    err->status = status;
    err->line = line;
    err->column = column;
    (void)snprintf(err->file, sizeof err->file, "%s", file == NULL ? "" : file);
    make_one_line(err->file);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    make_one_line(err->text);
}

mu_status mu_fail(mu_error *err, mu_status status, const char *format, ...)
{
    assert(status != MU_OK);
    va_list args;
    va_start(args, format);
    write_failure(err, status, NULL, 0, 0, format, args);
    va_end(args);
    return status;
}

mu_status mu_fail_at(mu_error *err, mu_status status, const char *file, uint32_t line,
                     uint32_t column, const char *format, ...)
{
    assert(status != MU_OK);
    va_list args;
    va_start(args, format);
    write_failure(err, status, file, line, column, format, args);
    va_end(args);
    return status;
}

int mu_error_format(const mu_error *err, char *out, uint32_t out_size)
{
    const char *file = err->file;
    const char *after = file[0] != '\0' ? ": " : "";
    if (err->line == 0) {
        return snprintf(out, out_size, "%s%s%s", file, after, err->text);
    }
    if (file[0] == '\0') {
        file = "line ";
    }
    const char *colon = err->file[0] != '\0' ? ":" : "";
    if (err->column == 0) {
        return snprintf(out, out_size, "%s%s%u: %s", file, colon, err->line, err->text);
    }
    return snprintf(out, out_size, "%s%s%u:%u: %s", file, colon, err->line, err->column, err->text);
}

struct status_row {
    mu_status status;
    int exit_code;
    const char *text;
};

static const struct status_row rows[] = {
#define X(name, number, exit_code, text) {name, exit_code, text},
    MU_STATUS_LIST(X)
#undef X
};

static const struct status_row *row_of(mu_status status)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *mu_status_text(mu_status status)
{
    const struct status_row *row = row_of(status);
    return row == NULL ? "unknown status" : row->text;
}

int mu_status_exit_code(mu_status status)
{
    const struct status_row *row = row_of(status);
    return row == NULL ? 4 : row->exit_code;
}
