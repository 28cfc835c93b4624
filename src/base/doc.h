/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parsed document (YAML or JSON) as a plain tree with the place of every node.
 *
 * The core reads catalogue entries, scenarios and Hugging Face configs from this tree; src/io makes
 * it from files, the build makes it from data/ as static constants. Plain structs so that a static
 * initialiser can spell them.
 */
#ifndef MUSTER_BASE_DOC_H
#define MUSTER_BASE_DOC_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum mu_node_kind {
    MU_NODE_NULL,   /* null, ~ or empty */
    MU_NODE_SCALAR, /* text as written, unquoted */
    MU_NODE_STRING, /* text that was quoted: never a number or bool */
    MU_NODE_LIST,
    MU_NODE_MAP
} mu_node_kind;

typedef struct mu_node mu_node;

struct mu_node {
    mu_node_kind kind;
    uint32_t line;        /* from 1 */
    uint32_t column;      /* from 1 */
    uint32_t count;       /* children of a list or map */
    const char *key;      /* name under which a map holds this node; NULL elsewhere */
    const char *text;     /* scalar or string; NULL elsewhere */
    const mu_node *child; /* [count] */
};

/* A document and where it came from (file name for messages; "" for none). */
typedef struct mu_doc {
    const char *file;
    const mu_node *root;
} mu_doc;

enum { MU_DOC_DEPTH_MAX = 64, MU_DOC_NODES_MAX = 4000000, MU_DOC_BYTES_MAX = 16777216 };

/** Child of a map by key, or NULL (also when node is NULL or no map). O(count). */
const mu_node *mu_node_get(const mu_node *node, const char *key);

/** Descend by a dotted path ("memory.bandwidth"), or NULL. */
const mu_node *mu_node_path(const mu_node *node, const char *path);

/*
 * Readers of one value. Each returns MU_OK and sets *out, or MU_E_INPUT with the place and
 * `what` ("hidden_size") in the message; *out is untouched on failure. node must not be NULL.
 */
mu_status mu_node_number(const mu_doc *doc, const mu_node *node, const char *what, double low,
                         double high, double *out, mu_error *err) MU_MUST_CHECK;
mu_status mu_node_count(const mu_doc *doc, const mu_node *node, const char *what, uint64_t low,
                        uint64_t high, uint64_t *out, mu_error *err) MU_MUST_CHECK;
mu_status mu_node_bool(const mu_doc *doc, const mu_node *node, const char *what, bool *out,
                       mu_error *err) MU_MUST_CHECK;
/* Borrowed from the tree; a scalar, string. */
mu_status mu_node_text(const mu_doc *doc, const mu_node *node, const char *what, const char **out,
                       mu_error *err) MU_MUST_CHECK;

/**
 * MU_E_INPUT naming the first key of `map` that is not among known[0..count), with the nearest
 * known name; MU_OK when all are known.
 */
mu_status mu_node_known_keys(const mu_doc *doc, const mu_node *map, const char *const known[],
                             uint32_t count, mu_error *err) MU_MUST_CHECK;

/** mu_fail_at() with the place of a node; node may be NULL (then only the file is named). */
mu_status mu_node_fail(const mu_doc *doc, const mu_node *node, mu_error *err, const char *format,
                       ...) MU_PRINTF(4, 5);

#endif
