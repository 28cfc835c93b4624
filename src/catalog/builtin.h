/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents under data/, compiled in by tools/catalog_gen.c after it has checked them, and the
 * measured cases.
 */
#ifndef MUSTER_CATALOG_BUILTIN_H
#define MUSTER_CATALOG_BUILTIN_H

#include "base/doc.h"

/* [mu_builtin_doc_count]; static. */
extern const mu_doc mu_builtin_docs[];
extern const uint32_t mu_builtin_doc_count;

/* Measured cases under data/measured, a document a file; [mu_builtin_case_doc_count]; static. */
extern const mu_doc mu_builtin_case_docs[];
extern const uint32_t mu_builtin_case_doc_count;

#endif
