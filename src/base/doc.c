/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading values out of a parsed document.
 *
 * What:  look-up by key and path, typed readers, refusal of unknown keys.
 * Why:   every reader of YAML or JSON in the core reports place, expectation and finding alike.
 * Bound: maps are short (look-up is linear); whole numbers are exact up to 2^64 - 1.
 */
#include "base/doc.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { FOUND_MAX = 64 };

/* Child whose key is key[0..length). */
static const mu_node *get_span(const mu_node *node, const char *key, size_t length)
{
    if (node == NULL || node->kind != MU_NODE_MAP) {
        return NULL;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const char *name = node->child[i].key;
        if (name[0] == key[0] && strncmp(name, key, length) == 0 && name[length] == '\0') {
            return &node->child[i];
        }
    }
    return NULL;
}

const mu_node *mu_node_get(const mu_node *node, const char *key)
{
    return get_span(node, key, strlen(key));
}

const mu_node *mu_node_path(const mu_node *node, const char *path)
{
    while (node != NULL) {
        size_t length = strcspn(path, ".");
        node = get_span(node, path, length);
        path += length;
        if (*path == '\0') {
            return node;
        }
        path++;
    }
    return NULL;
}

/* What a node is, for "found ...": its text in quotes, cut short, or its kind. */
static void describe(const mu_node *node, char out[FOUND_MAX])
{
    switch (node->kind) {
    case MU_NODE_NULL:
        (void)snprintf(out, FOUND_MAX, "nothing");
        return;
    case MU_NODE_LIST:
        (void)snprintf(out, FOUND_MAX, "a list");
        return;
    case MU_NODE_MAP:
        (void)snprintf(out, FOUND_MAX, "a map");
        return;
    case MU_NODE_SCALAR:
    case MU_NODE_STRING:
        break;
    }
    const char *more = strlen(node->text) > 40 ? "..." : "";
    const char *quoted = node->kind == MU_NODE_STRING ? "the text " : "";
    (void)snprintf(out, FOUND_MAX, "%s\"%.40s%s\"", quoted, node->text, more);
}

static mu_status refuse(const mu_doc *doc, const mu_node *node, const char *what,
                        const char *expected, mu_error *err)
{
    char found[FOUND_MAX];
    describe(node, found);
    return mu_node_fail(doc, node, err, "%s: expected %s, found %s", what, expected, found);
}

mu_status mu_node_number(const mu_doc *doc, const mu_node *node, const char *what, double low,
                         double high, double *out, mu_error *err)
{
    assert(node != NULL);
    double value = 0.0;
    if (node->kind != MU_NODE_SCALAR || !mu_text_number(node->text, &value)) {
        return refuse(doc, node, what, "a number", err);
    }
    if (!(value >= low && value <= high)) {
        char expected[96];
        (void)snprintf(expected, sizeof expected, "a number from %g to %g", low, high);
        return refuse(doc, node, what, expected, err);
    }
    *out = value;
    return MU_OK;
}

/* Digits alone, exactly; false when not so or over 2^64 - 1. */
static bool read_digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* A whole number as people write it: 4096, 1e6, 4096.0. */
static bool read_whole(const char *text, uint64_t *out)
{
    double value = 0.0;
    if (read_digits(text, out)) {
        return true;
    }
    if (!mu_text_number(text, &value) || !(value >= 0.0 && value <= 0x1p53) ||
        value != floor(value)) {
        return false;
    }
    *out = (uint64_t)value;
    return true;
}

mu_status mu_node_count(const mu_doc *doc, const mu_node *node, const char *what, uint64_t low,
                        uint64_t high, uint64_t *out, mu_error *err)
{
    assert(node != NULL);
    uint64_t value = 0;
    if (node->kind != MU_NODE_SCALAR || !read_whole(node->text, &value) || value < low ||
        value > high) {
        char expected[96];
        (void)snprintf(expected, sizeof expected, "a whole number from %llu to %llu",
                       (unsigned long long)low, (unsigned long long)high);
        return refuse(doc, node, what, expected, err);
    }
    *out = value;
    return MU_OK;
}

mu_status mu_node_bool(const mu_doc *doc, const mu_node *node, const char *what, bool *out,
                       mu_error *err)
{
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};
    assert(node != NULL);
    for (size_t i = 0; node->kind == MU_NODE_SCALAR && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *out = i % 2 == 1;
            return MU_OK;
        }
    }
    return refuse(doc, node, what, "true or false", err);
}

mu_status mu_node_text(const mu_doc *doc, const mu_node *node, const char *what, const char **out,
                       mu_error *err)
{
    assert(node != NULL);
    if (node->kind != MU_NODE_SCALAR && node->kind != MU_NODE_STRING) {
        return refuse(doc, node, what, "text", err);
    }
    *out = node->text;
    return MU_OK;
}

static bool is_known(const char *key, const char *const known[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (key[0] == known[i][0] && strcmp(key, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

mu_status mu_node_known_keys(const mu_doc *doc, const mu_node *map, const char *const known[],
                             uint32_t count, mu_error *err)
{
    assert(map != NULL && map->kind == MU_NODE_MAP);
    for (uint32_t i = 0; i < map->count; i++) {
        const mu_node *node = &map->child[i];
        if (is_known(node->key, known, count)) {
            continue;
        }
        const char *nearest = mu_text_nearest(node->key, known, count);
        if (nearest != NULL) {
            return mu_node_fail(doc, node, err, "unknown key \"%.64s\"; did you mean \"%s\"?",
                                node->key, nearest);
        }
        return mu_node_fail(doc, node, err, "unknown key \"%.64s\"", node->key);
    }
    return MU_OK;
}

mu_status mu_node_fail(const mu_doc *doc, const mu_node *node, mu_error *err, const char *format,
                       ...)
{
    char text[MU_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    uint32_t line = node == NULL ? 0 : node->line;
    uint32_t column = node == NULL ? 0 : node->column;
    return mu_fail_at(err, MU_E_INPUT, doc == NULL ? NULL : doc->file, line, column, "%s", text);
}
