/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files written whole or not at all.
 *
 * What:  content goes to a temporary file beside the path, which is then renamed over the path.
 * Why:   a reader never sees half an answer, and a full disk never destroys the old one.
 * Bound: the directory of the file must be writable. What is no plain file (device, pipe, link) is
 *        never replaced: it is written in place, and then half an answer can be seen.
 */
#include "io/file_write.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool mu_file_same(const char *one, const char *other)
{
    struct stat a;
    struct stat b;
    if (one == NULL || other == NULL || one[0] == '\0') {
        return false;
    }
    bool there = stat(one, &a) == 0;
    if (!there || stat(other, &b) != 0) {
        return !there && strcmp(one, other) == 0;
    }
    return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Begun and not ended: what a signal finds. */
static char unfinished[MU_FILES_MOST][MU_FILE_PATH_MAX];
static volatile sig_atomic_t listed[MU_FILES_MOST];

static int list_unfinished(const char *path)
{
    for (int i = 0; i < MU_FILES_MOST; i++) {
        if (!listed[i]) {
            memcpy(unfinished[i], path, strlen(path) + 1);
            listed[i] = 1;
            return i;
        }
    }
    return -1;
}

static void strike(const mu_file *file)
{
    if (file->slot >= 0) {
        listed[file->slot] = 0;
    }
}

void mu_file_drop_all(void)
{
    for (int i = 0; i < MU_FILES_MOST; i++) {
        if (listed[i]) {
            unlink(unfinished[i]);
        }
    }
}

static mu_status fail(const char *path, mu_error *err)
{
    return mu_fail(err, MU_E_SYSTEM, "cannot write %s: %s", path, strerror(errno));
}

/* A stream to a new file beside the path; NULL with errno. */
static FILE *open_temporary(mu_file *file)
{
    int descriptor = mkstemp(file->temporary);
    if (descriptor < 0) {
        return NULL;
    }
    FILE *out = fdopen(descriptor, "w");
    if (out == NULL) {
        int reason = errno;
        close(descriptor);
        unlink(file->temporary);
        errno = reason;
    }
    return out;
}

mu_status mu_file_begin(const char *path, mu_file *file, mu_error *err)
{
    struct stat found;
    bool in_place = lstat(path, &found) == 0 && !S_ISREG(found.st_mode);
    *file = (mu_file){.slot = -1};
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof file->temporary) {
        return mu_fail(err, MU_E_SYSTEM, "cannot write: the path is too long");
    }
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    if (in_place) {
        file->temporary[0] = '\0';
    }
    file->out = in_place ? fopen(path, "w") : open_temporary(file);
    if (file->out == NULL) {
        return fail(path, err);
    }
    file->slot = in_place ? -1 : list_unfinished(file->temporary);
    return MU_OK;
}

/* Everything to the disk; nothing to wait for where no file is. */
static mu_status settle(const mu_file *file, mu_error *err)
{
    bool whole = fflush(file->out) == 0;
    if (whole && file->temporary[0] != '\0') {
        whole = fsync(fileno(file->out)) == 0 && fchmod(fileno(file->out), 0644) == 0;
    }
    return whole ? MU_OK : fail(file->path, err);
}

mu_status mu_file_end(mu_file *file, mu_status written, mu_error *err)
{
    bool moves = file->temporary[0] != '\0';
    if (file->out == NULL) {
        return written;
    }
    int reason = errno;
    mu_status status = written == MU_OK ? settle(file, err) : written;
    if (written == MU_E_SYSTEM && ferror(file->out)) {
        if (err != NULL) {
            *err = (mu_error){0}; /* the writer knew no name */
        }
        errno = reason;
        status = fail(file->path, err);
    }
    if (fclose(file->out) != 0 && status == MU_OK) {
        status = fail(file->path, err);
    }
    if (status == MU_OK && moves && rename(file->temporary, file->path) != 0) {
        status = fail(file->path, err);
    }
    if (status != MU_OK && moves) {
        unlink(file->temporary);
    }
    strike(file);
    file->out = NULL;
    return status;
}

mu_status mu_file_write(const char *path, mu_file_writer *writer, void *context, mu_error *err)
{
    mu_file file;
    mu_status status = mu_file_begin(path, &file, err);
    if (status != MU_OK) {
        return status;
    }
    return mu_file_end(&file, writer(context, file.out, err), err);
}
