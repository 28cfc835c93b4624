/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as YAML and as JSON: a tree within the bounds or one message, no crash, no leak.
 * The first byte picks the syntax; the rest is the text.
 */
#include "io/doc_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A node hangs together: counts, keys and texts where they must be. */
static void check_node(const mu_node *node)
{
    bool text = node->kind == MU_NODE_SCALAR || node->kind == MU_NODE_STRING;
    if (text != (node->text != NULL) || (node->count > 0 && node->child == NULL)) {
        abort();
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if ((node->kind == MU_NODE_MAP) != (node->child[i].key != NULL)) {
            abort();
        }
    }
}

/* Every node once, with a stack as deep as a document may be. */
static void check_tree(const mu_node *root)
{
    const mu_node *node[MU_DOC_DEPTH_MAX + 1] = {root};
    uint32_t next[MU_DOC_DEPTH_MAX + 1] = {0};
    uint32_t depth = 0;
    check_node(root);
    for (;;) {
        if (next[depth] == node[depth]->count) {
            if (depth == 0) {
                return;
            }
            depth--;
            continue;
        }
        const mu_node *child = &node[depth]->child[next[depth]++];
        check_node(child);
        if (++depth > MU_DOC_DEPTH_MAX) {
            abort();
        }
        node[depth] = child;
        next[depth] = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return 0;
    }
    mu_doc doc = {0};
    mu_error err = {0};
    mu_doc_syntax syntax = (data[0] & 1) != 0 ? MU_DOC_JSON : MU_DOC_YAML;
    mu_status status =
        mu_doc_read_text(arena, (const char *)data + 1, size - 1, "fuzz", syntax, &doc, &err);
    if (status == MU_OK) {
        check_tree(doc.root);
    } else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL) {
        abort();
    }
    mu_arena_free(arena);
    return 0;
}
