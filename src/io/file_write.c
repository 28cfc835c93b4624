/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written whole or not at all.
 *
 * Why:   a reader never sees half an answer, and a full disk never destroys the old one.
 * Bound: the directory of the file must be writable. What is no plain file (device, pipe, link) is
 * never replaced: it is written in place, and then half an answer can be seen.
 */
#include "io/file_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

static mu_status fail(const char *path, const char *what, mu_error *err)
{
    return mu_fail(err, MU_E_SYSTEM, "cannot %s %s: %s", what, path, strerror(errno));
}

/* Content, then to the disk; the stream is closed in any case. */
static mu_status fill(FILE *out, const char *path, mu_file_writer *writer, void *context,
                      mu_error *err)
{
    mu_status status = writer(context, out, err);
    if (status == MU_OK && (fflush(out) != 0 || fsync(fileno(out)) != 0)) {
        status = fail(path, "write", err);
    }
    if (fclose(out) != 0 && status == MU_OK) {
        status = fail(path, "write", err);
    }
    return status;
}

static mu_status write_in_place(const char *path, mu_file_writer *writer, void *context,
                                mu_error *err)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        return fail(path, "write", err);
    }
    mu_status status = writer(context, out, err);
    if (fclose(out) != 0 && status == MU_OK) {
        status = fail(path, "write", err);
    }
    return status;
}

static mu_status write_and_rename(const char *path, mu_file_writer *writer, void *context,
                                  mu_error *err)
{
    char temporary[PATH_BYTES_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof temporary) {
        return mu_fail(err, MU_E_SYSTEM, "cannot write: the path is too long");
    }
    int descriptor = mkstemp(temporary);
    if (descriptor < 0) {
        return fail(path, "write", err);
    }
    FILE *out = fdopen(descriptor, "w");
    if (out == NULL) {
        mu_status status = fail(path, "write", err);
        close(descriptor);
        unlink(temporary);
        return status;
    }
    mu_status status = fill(out, path, writer, context, err);
    if (status == MU_OK && chmod(temporary, 0644) != 0) {
        status = fail(path, "write", err);
    }
    if (status == MU_OK && rename(temporary, path) != 0) {
        status = fail(path, "write", err);
    }
    if (status != MU_OK) {
        unlink(temporary);
    }
    return status;
}

mu_status mu_file_write(const char *path, mu_file_writer *writer, void *context, mu_error *err)
{
    struct stat found;
    if (lstat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
        return write_in_place(path, writer, context, err);
    }
    return write_and_rename(path, writer, context, err);
}
