/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written whole or not at all.
 */
#ifndef MUSTER_IO_FILE_WRITE_H
#define MUSTER_IO_FILE_WRITE_H

#include "base/error.h"

#include <stdio.h>

/* Writes the content; a failure it returns is passed on and leaves no file. */
typedef mu_status mu_file_writer(void *context, FILE *out, mu_error *err);

/**
 * Writes to a temporary file beside `path`, then renames it over `path`; in place where `path` is a
 * device, pipe or link.
 * @retval MU_E_SYSTEM  cannot create, write, sync or rename, with the reason; `path` is as it was
 */
mu_status mu_file_write(const char *path, mu_file_writer *writer, void *context,
                        mu_error *err) MU_MUST_CHECK;

#endif
