/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables below a directory.
 *
 * Terms: folders are named by chips; where a source is known to name another chip than it
 *        measured, the list of such names says which.
 */
#include "io/op_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 4096 };

/*
 * The tables of aiconfigurator-npu are labelled 910b; their rates (327 TFLOP/s, 1.4 TB/s) and the
 * 16 devices of the host are those of the two dies of a 910C.
 */
static const struct {
    const char *folder;
    const char *chip;
} measured_as[] = {{"910b", "ascend-910c"}};

typedef struct walk {
    mu_arena *arena;
    const char *path[FILES_MAX];
    uint32_t count;
    mu_error *err;
} walk;

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_table(const char *name)
{
    const char *end = strstr(name, ".csv");
    return end != NULL && (strcmp(end, ".csv") == 0 || strcmp(end, ".csv.zst") == 0);
}

static mu_status add(walk *w, const char *path)
{
    if (w->count == FILES_MAX) {
        return mu_fail(w->err, MU_E_INPUT, "%.200s: more than %d tables", path, FILES_MAX);
    }
    w->path[w->count++] = path;
    return MU_OK;
}

/* Tables of one folder; its folders too when `deeper`, into `folders`. */
static mu_status list_folder(walk *w, const char *folder, walk *folders)
{
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        return mu_fail_at(w->err, MU_E_INPUT, folder, 0, 0, "cannot be read as a directory: %s",
                          strerror(errno));
    }
    mu_status status = MU_OK;
    const struct dirent *entry = NULL;
    while (status == MU_OK && (entry = readdir(stream)) != NULL) {
        struct stat about;
        const char *path = mu_arena_printf(w->arena, "%s/%s", folder, entry->d_name);
        if (path == NULL) {
            status = mu_fail(w->err, MU_E_MEMORY, "out of memory");
        } else if (entry->d_name[0] == '.' || stat(path, &about) != 0) {
            continue;
        } else if (S_ISDIR(about.st_mode)) {
            status = folders != NULL ? add(folders, path) : MU_OK;
        } else if (is_table(entry->d_name)) {
            status = add(w, path);
        }
    }
    (void)closedir(stream);
    return status;
}

/* Name of the folder a table lies in, as a chip ("h100_sxm" is h100-sxm). "" when the path does not
 * name it. */
static const char *chip_of(mu_arena *arena, const char *path)
{
    const char *end = strrchr(path, '/');
    while (end != NULL && end > path && end[-1] == '/') {
        end--;
    }
    const char *start = end;
    while (start != NULL && start > path && start[-1] != '/') {
        start--;
    }
    char *chip = mu_arena_text(arena, start, (size_t)(end - start));
    for (char *c = chip; c != NULL && *c != '\0'; c++) {
        if (*c == '_') {
            *c = '-';
        }
    }
    if (chip != NULL && (strcmp(chip, ".") == 0 || strcmp(chip, "..") == 0)) {
        return "";
    }
    for (size_t i = 0; chip != NULL && i < sizeof measured_as / sizeof measured_as[0]; i++) {
        if (strcmp(chip, measured_as[i].folder) == 0) {
            return measured_as[i].chip;
        }
    }
    return chip;
}

static mu_status read_tables(const walk *w, mu_case_list *list, mu_op_warnings *warnings,
                             mu_error *err)
{
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < w->count && status == MU_OK; i++) {
        const char *chip = chip_of(list->arena, w->path[i]);
        mu_error local = {0};
        if (chip == NULL) {
            status = mu_fail(&local, MU_E_MEMORY, "out of memory");
        } else if (chip[0] == '\0') {
            status = mu_fail_at(&local, MU_E_INPUT, w->path[i], 0, 0,
                                "expected tables in a folder named by the chip");
        } else {
            status = mu_op_table_read(w->path[i], chip, list, warnings, &local);
        }
        if (status == MU_NO) {
            status = mu_op_warn(list->arena, warnings, w->path[i], local.text);
        } else if (status != MU_OK) {
            *err = local;
        }
    }
    return status;
}

mu_status mu_op_tables_read(const char *directory, mu_case_list *list, mu_op_warnings *warnings,
                            mu_error *err)
{
    walk *tables = MU_NEW(list->arena, walk, 1);
    walk *folders = MU_NEW(list->arena, walk, 1);
    if (tables == NULL || folders == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    tables->arena = folders->arena = list->arena;
    tables->err = folders->err = err;
    mu_status status = list_folder(tables, directory, folders);
    for (uint32_t i = 0; i < folders->count && status == MU_OK; i++) {
        status = list_folder(tables, folders->path[i], NULL);
    }
    if (status == MU_OK && tables->count == 0) {
        status = mu_fail_at(err, MU_E_INPUT, directory, 0, 0,
                            "holds no tables: expected .csv or .csv.zst in a folder a chip");
    }
    if (status == MU_OK) {
        qsort(tables->path, tables->count, sizeof *tables->path, by_text);
        status = read_tables(tables, list, warnings, err);
    }
    return status;
}
