/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tests of readers of the catalogue: the compiled-in one with one document more. */
#ifndef MUSTER_TESTS_OVERLAY_HELPER_H
#define MUSTER_TESTS_OVERLAY_HELPER_H

#include "base/arena.h"
#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "io/doc_read.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mu_arena *arena;

static inline int overlay_open(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL;
}

static inline int overlay_close(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

/* text: YAML of one entity; NULL = none. */
static inline const mu_catalog *overlaid(const char *text)
{
    mu_doc *docs = MU_NEW(arena, mu_doc, mu_builtin_doc_count + (size_t)1);
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    uint32_t count = mu_builtin_doc_count;
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof docs[0]);
    if (text != NULL && mu_doc_read_text(arena, text, strlen(text), "own.yaml", MU_DOC_YAML,
                                         &docs[count++], &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    if (mu_catalog_create(arena, docs, count, mu_builtin_doc_count, &catalog, &err) != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return catalog;
}

/* The message by which a catalogue refuses it. */
static inline const char *overlay_refused(const char *text)
{
    static mu_error err;
    mu_doc *docs = MU_NEW(arena, mu_doc, mu_builtin_doc_count + (size_t)1);
    mu_catalog *catalog = NULL;
    err = (mu_error){0};
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof docs[0]);
    assert_int_equal(mu_doc_read_text(arena, text, strlen(text), "own.yaml", MU_DOC_YAML,
                                      &docs[mu_builtin_doc_count], &err),
                     MU_OK);
    assert_int_equal(mu_catalog_create(arena, docs, mu_builtin_doc_count + 1, mu_builtin_doc_count,
                                       &catalog, &err),
                     MU_E_INPUT);
    return err.text;
}

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

#endif
