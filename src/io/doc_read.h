/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML and JSON files read into the document tree of base/doc.h.
 *
 * Bound: MU_DOC_BYTES_MAX of JSON, MU_YAML_BYTES_MAX of YAML, MU_DOC_NODES_MAX nodes,
 * MU_DOC_DEPTH_MAX levels; UTF-8; one document a file; no anchors, aliases, tags, or keys that are
 * not plain text. The place of a node under a key is that of the key.
 */
#ifndef MUSTER_IO_DOC_READ_H
#define MUSTER_IO_DOC_READ_H

#include "base/doc.h"

#include <stddef.h>

/* The library takes up to 120 bytes of memory for a byte of contrived YAML. */
enum { MU_YAML_BYTES_MAX = 4194304 };

typedef enum mu_doc_syntax {
    MU_DOC_AUTO, /* JSON when the file's name ends in .json, else YAML (which holds JSON) */
    MU_DOC_YAML,
    MU_DOC_JSON
} mu_doc_syntax;

/**
 * @param[in]  arena  the tree and the file name belong to it
 * @param[out] out    set only on success; the root is any node (a map, a list, a scalar)
 * @retval MU_E_INPUT    cannot be opened or read (with the reason), a directory, empty, too large,
 *                       not text, wrong syntax (with the place), a key twice, beyond the bounds
 * @retval MU_E_MEMORY   out of memory
 */
mu_status mu_doc_read_file(mu_arena *arena, const char *path, mu_doc *out,
                           mu_error *err) MU_MUST_CHECK;

/**
 * The same from memory.
 *
 * @param[in] text  [length] need not end in NUL; borrowed during the call only
 * @param[in] file  name for messages; copied; "" for none
 */
mu_status mu_doc_read_text(mu_arena *arena, const char *text, size_t length, const char *file,
                           mu_doc_syntax syntax, mu_doc *out, mu_error *err) MU_MUST_CHECK;

/**
 * All bytes of a file, for readers of other formats.
 *
 * @param[out] text    owned by the caller (free()); has a NUL after its last byte
 * @param[out] length  bytes without that NUL; at most limit
 * @retval MU_E_INPUT  as above
 */
mu_status mu_file_read(const char *path, size_t limit, char **text, size_t *length,
                       mu_error *err) MU_MUST_CHECK;

#endif
