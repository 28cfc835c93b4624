/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tests of recipes: the built-in catalogue and one file more, and single cases. */
#ifndef MUSTER_TESTS_RECIPE_HELPER_H
#define MUSTER_TESTS_RECIPE_HELPER_H

#include "twin_helper.h"

#include "io/case_read.h"
#include "io/doc_read.h"

enum { DOCS_MAX = 4096 };

static inline mu_status catalog_with(const char *yaml, mu_catalog **out, mu_error *err)
{
    mu_doc *docs = MU_NEW(t.arena, mu_doc, DOCS_MAX);
    uint32_t count = mu_builtin_doc_count;
    assert_non_null(docs);
    assert_true(count < DOCS_MAX);
    memcpy(docs, mu_builtin_docs, count * sizeof *docs);
    mu_status status =
        mu_doc_read_text(t.arena, yaml, strlen(yaml), "r.yaml", MU_DOC_YAML, &docs[count], err);
    return status == MU_OK ? mu_catalog_create(t.arena, docs, count + 1, count, out, err) : status;
}

static inline mu_case case_of(const char *json)
{
    mu_case_list list = {.arena = t.arena};
    mu_doc *doc = MU_NEW(t.arena, mu_doc, 1);
    mu_error err = {0};
    if (mu_doc_read_text(t.arena, json, strlen(json), "c.json", MU_DOC_JSON, doc, &err) != MU_OK ||
        mu_cases_from_doc(doc, &list, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(list.count, 1);
    return list.item != NULL ? list.item[0] : (mu_case){.id = ""};
}

#endif
