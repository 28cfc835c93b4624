/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written whole or not at all.
 */
#ifndef MUSTER_IO_FILE_WRITE_H
#define MUSTER_IO_FILE_WRITE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

enum { MU_FILE_PATH_MAX = 4096, MU_FILES_MOST = 4 };

/** Whether both paths name one plain file, or one that is not there yet. NULL and "" name none. */
bool mu_file_same(const char *one, const char *other);

/* A file being written. */
typedef struct mu_file {
    FILE *out;                        /* NULL: not open */
    char path[MU_FILE_PATH_MAX];      /* where it will be */
    char temporary[MU_FILE_PATH_MAX]; /* where it is; "" = in place */
    int slot;                         /* among those begun and not ended; < 0 = not listed */
} mu_file;

/**
 * Opens a temporary file beside `path`; `path` itself where that is a device, pipe or link.
 * @retval MU_E_SYSTEM  cannot create, with the reason; nothing is open
 */
mu_status mu_file_begin(const char *path, mu_file *file, mu_error *err) MU_MUST_CHECK;

/**
 * Closes the file and, when `written` is MU_OK, puts it where it belongs; else nothing of it stays.
 * A file that is not open is fine.
 * @param[in] written  how writing it went
 * @retval MU_E_SYSTEM  cannot write, sync or rename, with the reason; `path` is as it was
 * @return  `written` where that was a failure
 */
mu_status mu_file_end(mu_file *file, mu_status written, mu_error *err) MU_MUST_CHECK;

/**
 * Removes what was begun and not ended: for a signal that ends the program. Files are begun and
 * ended on one thread; the first MU_FILES_MOST at a time are listed.
 */
void mu_file_drop_all(void);

/* Writes the content; a failure it returns is passed on and leaves no file. */
typedef mu_status mu_file_writer(void *context, FILE *out, mu_error *err);

/** Begin, content, end. Errors as above. */
mu_status mu_file_write(const char *path, mu_file_writer *writer, void *context,
                        mu_error *err) MU_MUST_CHECK;

#endif
