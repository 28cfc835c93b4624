/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files a line at a time, .zst ones unpacked on the way.
 *
 * What:  bytes come into one buffer in large blocks; a line is handed out where it lies.
 * Terms: a line ends in LF, CR LF or with the file; its end and a byte-order mark in front of the
 *        first line are no part of it.
 * Bound: memory does not grow with the file: the buffer holds 256 KiB or one line of at most
 *        `longest` bytes, and zstd its window (8 MiB and less at levels up to 19).
 */
#ifndef MUSTER_IO_LINE_READ_H
#define MUSTER_IO_LINE_READ_H

#include "base/error.h"

#include <stddef.h>

typedef struct mu_lines mu_lines;

/* Borrowed until the next line; the text may be changed in place. */
typedef struct mu_line {
    char *text;      /* [length], then a NUL */
    size_t length;   /* holds no NUL */
    uint32_t number; /* from 1 */
} mu_line;

/**
 * Opens a file.
 * @param[in]  longest  bytes of a line beyond which it is refused
 * @param[in]  what     for messages: "a table"; borrowed
 * @param[out] out      owned: mu_lines_close()
 * @retval MU_E_INPUT   cannot be opened, is a directory
 */
mu_status mu_lines_open(const char *path, size_t longest, const char *what, mu_lines **out,
                        mu_error *err) MU_MUST_CHECK;

/** NULL is allowed. */
void mu_lines_close(mu_lines *lines);

/**
 * The next line; *more is false at the end. Cost: about as reading the file.
 * @retval MU_E_INPUT  cannot be read or unpacked, a line too long, a NUL byte
 */
mu_status mu_lines_next(mu_lines *lines, mu_line *out, bool *more, mu_error *err) MU_MUST_CHECK;

/** The path that was opened. */
const char *mu_lines_path(const mu_lines *lines);

/** Whether a name says that the file is packed: ends in .zst. */
bool mu_lines_packed(const char *path);

#endif
