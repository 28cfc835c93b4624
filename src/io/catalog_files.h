/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML files below a directory.
 */
#ifndef MUSTER_IO_CATALOG_FILES_H
#define MUSTER_IO_CATALOG_FILES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

enum { MU_CATALOG_FILES_MAX = 4096, MU_CATALOG_DEPTH_MAX = 8 };

/* Paths relative to the directory ("chips/h20.yaml"), sorted bytewise; all belong to the arena. */
typedef struct mu_file_list {
    const char **files; /* [file_count] */
    uint32_t file_count;
    const char **folders; /* [folder_count] visited, "" for the directory itself */
    uint32_t folder_count;
} mu_file_list;

/**
 * Every *.yaml and *.yml below `directory`; names that begin with a dot are passed over.
 *
 * @retval MU_E_INPUT  not a directory, cannot be read, too many files, nested too deep
 */
mu_status mu_catalog_files(mu_arena *arena, const char *directory, mu_file_list *out,
                           mu_error *err) MU_MUST_CHECK;

#endif
