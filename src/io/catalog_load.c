/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the overlay's documents behind the compiled-in ones, so that they win.
 */
#include "io/catalog_load.h"

#include "catalog/builtin.h"
#include "chip/prior.h"
#include "io/catalog_files.h"
#include "io/doc_read.h"

#include <assert.h>
#include <string.h>

static mu_status read_overlay(mu_arena *arena, const char *overlay, const mu_file_list *list,
                              mu_doc docs[], mu_error *err)
{
    for (uint32_t i = 0; i < list->file_count; i++) {
        const char *path = mu_arena_printf(arena, "%s/%s", overlay, list->files[i]);
        if (path == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
        }
        mu_status status = mu_doc_read_file(arena, path, &docs[i], err);
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static bool is_same(const mu_doc *a, const mu_doc *b, const char *key)
{
    const mu_node *left = mu_node_get(a->root, key);
    const mu_node *right = mu_node_get(b->root, key);
    return left != NULL && right != NULL && left->text != NULL && right->text != NULL &&
           strcmp(left->text, right->text) == 0;
}

/* An overlay replaces what is compiled in, but two of its files must not claim one id. O(files^2).
 */
static mu_status refuse_twins(const mu_doc docs[], uint32_t count, mu_error *err)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (is_same(&docs[i], &docs[j], "kind") && is_same(&docs[i], &docs[j], "id")) {
                return mu_node_fail(&docs[i], mu_node_get(docs[i].root, "id"), err,
                                    "id: %s is taken by %s too",
                                    mu_node_get(docs[i].root, "id")->text, docs[j].file);
            }
        }
    }
    return MU_OK;
}

static mu_status create(mu_arena *arena, const char *overlay, mu_catalog **out, mu_error *err)
{
    if (overlay == NULL) {
        return mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                                 out, err);
    }
    mu_file_list list = {0};
    mu_status status = mu_catalog_files(arena, overlay, &list, err);
    if (status != MU_OK) {
        return status;
    }
    uint32_t count = mu_builtin_doc_count + list.file_count;
    mu_doc *docs = MU_NEW(arena, mu_doc, count);
    if (docs == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the catalogue");
    }
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof *docs);
    status = read_overlay(arena, overlay, &list, docs + mu_builtin_doc_count, err);
    if (status == MU_OK) {
        status = refuse_twins(docs + mu_builtin_doc_count, list.file_count, err);
    }
    if (status != MU_OK) {
        return status;
    }
    return mu_catalog_create(arena, docs, count, mu_builtin_doc_count, out, err);
}

mu_status mu_catalog_load(mu_arena *arena, const char *overlay, mu_catalog **out, mu_error *err)
{
    assert(arena != NULL && out != NULL);
    mu_catalog *catalog = NULL;
    const mu_chip_prior *prior = NULL;
    mu_status status = create(arena, overlay, &catalog, err);
    if (status == MU_OK) {
        status = mu_chip_prior_learn(catalog, NULL, arena, &prior, err);
    }
    if (status == MU_OK) {
        mu_catalog_keep_prior(catalog, prior);
        *out = catalog;
    }
    return status;
}
