/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a directory breadth first; the folders found so far are the queue.
 */
#include "io/catalog_files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct walk {
    mu_arena *arena;
    const char *root;
    mu_file_list list;
    mu_error *err;
} walk;

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static uint32_t depth_of(const char *path)
{
    uint32_t depth = 0;
    for (; *path != '\0'; path++) {
        depth += *path == '/' ? 1 : 0;
    }
    return depth;
}

static mu_status add_path(walk *w, const char **list, uint32_t *count, const char *path)
{
    if (*count == MU_CATALOG_FILES_MAX || depth_of(path) >= MU_CATALOG_DEPTH_MAX) {
        return mu_fail_at(w->err, MU_E_INPUT, w->root, 0, 0,
                          "more than %d catalogue files or folders nested deeper than %d",
                          MU_CATALOG_FILES_MAX, MU_CATALOG_DEPTH_MAX);
    }
    list[(*count)++] = path;
    return MU_OK;
}

static mu_status visit(walk *w, const char *folder, const char *name)
{
    const char *path =
        mu_arena_printf(w->arena, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
    const char *full = path == NULL ? NULL : mu_arena_printf(w->arena, "%s/%s", w->root, path);
    struct stat about;
    if (full == NULL) {
        return mu_fail_at(w->err, MU_E_MEMORY, w->root, 0, 0, "out of memory");
    }
    if (stat(full, &about) != 0) {
        return mu_fail_at(w->err, MU_E_INPUT, full, 0, 0, "cannot be read: %s", strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return add_path(w, w->list.folders, &w->list.folder_count, path);
    }
    if (is_yaml(name)) {
        return add_path(w, w->list.files, &w->list.file_count, path);
    }
    return MU_OK;
}

static mu_status read_folder(walk *w, const char *folder)
{
    const char *full = mu_arena_printf(w->arena, "%s/%s", w->root, folder);
    if (full == NULL) {
        return mu_fail_at(w->err, MU_E_MEMORY, w->root, 0, 0, "out of memory");
    }
    DIR *stream = opendir(full);
    if (stream == NULL) {
        return mu_fail_at(w->err, MU_E_INPUT, folder[0] == '\0' ? w->root : full, 0, 0,
                          "cannot be read as a catalogue directory: %s", strerror(errno));
    }
    mu_status status = MU_OK;
    const struct dirent *entry;
    while (status == MU_OK && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.') {
            status = visit(w, folder, entry->d_name);
        }
    }
    (void)closedir(stream);
    return status;
}

mu_status mu_catalog_files(mu_arena *arena, const char *directory, mu_file_list *out, mu_error *err)
{
    assert(arena != NULL && directory != NULL && out != NULL);
    walk w = {.arena = arena, .root = directory, .err = err};
    w.list.files = MU_NEW(arena, const char *, MU_CATALOG_FILES_MAX);
    w.list.folders = MU_NEW(arena, const char *, MU_CATALOG_FILES_MAX);
    if (w.list.files == NULL || w.list.folders == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    w.list.folders[w.list.folder_count++] = "";
    for (uint32_t i = 0; i < w.list.folder_count; i++) {
        mu_status status = read_folder(&w, w.list.folders[i]);
        if (status != MU_OK) {
            return status;
        }
    }
    qsort(w.list.files, w.list.file_count, sizeof *w.list.files, compare_texts);
    qsort(w.list.folders, w.list.folder_count, sizeof *w.list.folders, compare_texts);
    *out = w.list;
    return MU_OK;
}
