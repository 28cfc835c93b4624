/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the model layer: a model from JSON text, or from the catalogue's own files.
 */
#ifndef MUSTER_TESTS_MODEL_HELPER_H
#define MUSTER_TESTS_MODEL_HELPER_H

#include "io/doc_read.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Reads a config from JSON; the status and, on failure, the message. */
static inline mu_status model_from_text(const char *json, mu_model *out, mu_error *err)
{
    mu_doc doc = {0};
    mu_arena *arena = mu_arena_create(0);
    *err = (mu_error){0};
    mu_status status = arena == NULL ? MU_E_MEMORY : MU_OK;
    if (status == MU_OK) {
        status = mu_doc_read_text(arena, json, strlen(json), "config.json", MU_DOC_JSON, &doc, err);
    }
    if (status == MU_OK) {
        status = mu_model_read(&doc, doc.root, "test", out, err);
    }
    mu_arena_free(arena);
    return status;
}

/** Reads data/models/<id>.yaml of the source tree. */
static inline mu_status model_from_catalogue(const char *id, mu_model *out, mu_error *err)
{
    const char *root = getenv("MUSTER_SOURCE");
    char path[512];
    mu_doc doc = {0};
    mu_arena *arena = mu_arena_create(0);
    *err = (mu_error){0};
    (void)snprintf(path, sizeof path, "%s/data/models/%s.yaml", root != NULL ? root : ".", id);
    mu_status status = arena == NULL ? MU_E_MEMORY : MU_OK;
    if (status == MU_OK) {
        status = mu_doc_read_file(arena, path, &doc, err);
    }
    if (status == MU_OK) {
        status = mu_model_read(&doc, mu_node_get(doc.root, "config"), id, out, err);
    }
    mu_arena_free(arena);
    return status;
}

#endif
