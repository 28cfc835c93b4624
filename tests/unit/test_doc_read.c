/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   YAML and JSON become the tree with right kinds and places; whatever else is fed in
 *         gives one message that names the place.
 * Method: a document by hand, a table of bad texts with the message each must give, then files
 *         that are missing, empty, directories or far too large.
 */
#include "io/doc_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static mu_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static mu_status read_bytes(const char *text, size_t length, mu_doc_syntax syntax, mu_doc *doc,
                            mu_error *err)
{
    *err = (mu_error){.status = MU_OK};
    /* a copy of exact size, so that a sanitizer sees reads beyond it */
    char *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, text, length);
    mu_status status = mu_doc_read_text(arena, copy, length, "case", syntax, doc, err);
    free(copy);
    return status;
}

static const mu_node *read_ok(const char *text, mu_doc_syntax syntax)
{
    mu_doc doc = {0};
    mu_error err;
    mu_status status = read_bytes(text, strlen(text), syntax, &doc, &err);
    if (status != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    assert_string_equal(doc.file, "case");
    return doc.root;
}

static void is_node(const mu_node *node, mu_node_kind kind, uint32_t line, uint32_t column,
                    const char *text)
{
    assert_non_null(node);
    assert_int_equal(node->kind, kind);
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
    if (text == NULL) {
        assert_null(node->text);
    } else {
        assert_string_equal(node->text, text);
    }
}

static void yaml(void **state)
{
    (void)state;
    const mu_node *root = read_ok("# a comment\n"
                                  "a: 1\n"
                                  "b: {c: \"12\", d: [1, two]}\n"
                                  "e:\n"
                                  "  f: caf\xc3\xa9\n"
                                  "  g: ~\n"
                                  "  h:\n"
                                  "list:\n"
                                  "  - x: 1\n"
                                  "    y: 2\n"
                                  "  - []\n",
                                  MU_DOC_YAML);
    is_node(root, MU_NODE_MAP, 2, 1, NULL);
    assert_int_equal(root->count, 4);
    is_node(mu_node_get(root, "a"), MU_NODE_SCALAR, 2, 1, "1");
    is_node(mu_node_path(root, "b.c"), MU_NODE_STRING, 3, 5, "12");
    const mu_node *d = mu_node_path(root, "b.d");
    is_node(d, MU_NODE_LIST, 3, 14, NULL);
    assert_int_equal(d->count, 2);
    is_node(&d->child[1], MU_NODE_SCALAR, 3, 21, "two");
    assert_null(d->child[1].key);
    is_node(mu_node_path(root, "e.f"), MU_NODE_SCALAR, 5, 3, "caf\xc3\xa9");
    is_node(mu_node_path(root, "e.g"), MU_NODE_NULL, 6, 3, NULL);
    is_node(mu_node_path(root, "e.h"), MU_NODE_NULL, 7, 3, NULL);
    const mu_node *list = mu_node_get(root, "list");
    assert_int_equal(list->count, 2);
    is_node(mu_node_get(&list->child[0], "y"), MU_NODE_SCALAR, 10, 5, "2");
    is_node(&list->child[1], MU_NODE_LIST, 11, 5, NULL);
    assert_int_equal(list->child[1].count, 0);
}

static void json(void **state)
{
    (void)state;
    const char *text = "{\"a\": 1.5e3,\n\t\"b\\u0041\": [true, null, \"\\ud83d\\ude00\\/\"]}";
    for (int syntax = MU_DOC_YAML; syntax <= MU_DOC_JSON; syntax++) {
        const mu_node *root = read_ok(text, (mu_doc_syntax)syntax);
        assert_string_equal(mu_node_get(root, "a")->text, "1.5e3");
        const mu_node *list = mu_node_get(root, "bA");
        assert_non_null(list);
        assert_int_equal(list->line, 2);
        assert_int_equal(list->child[0].kind, MU_NODE_SCALAR);
        assert_int_equal(list->child[1].kind, MU_NODE_NULL);
        assert_string_equal(list->child[2].text, "\xf0\x9f\x98\x80/");
    }
    assert_string_equal(read_ok("7", MU_DOC_JSON)->text, "7");
}

/* A text that cannot be read, where, and a part of what must be said. */
typedef struct bad_text {
    const char *text;
    mu_doc_syntax syntax;
    uint32_t line;
    uint32_t column;
    const char *says;
} bad_text;

static const bad_text bad_texts[] = {
    {"", MU_DOC_YAML, 0, 0, "empty"},
    {"# only a comment\n", MU_DOC_YAML, 0, 0, "empty"},
    {"a: 1\nb: 2\na: 3\n", MU_DOC_YAML, 3, 1, "\"a\" stands twice (first in line 1)"},
    {"{\"a\": 1, \"\\u0061\": 2}", MU_DOC_JSON, 1, 10, "\"a\" stands twice"},
    {"a: &x 1\nb: *x\n", MU_DOC_YAML, 1, 7, "anchors"},
    {"b: *x\n", MU_DOC_YAML, 1, 4, "anchors"},
    {"a: !!str 1\n", MU_DOC_YAML, 1, 10, "tags"},
    {"a: 1\n---\nb: 2\n", MU_DOC_YAML, 2, 1, "second"},
    {"? [a]\n: b\n", MU_DOC_YAML, 1, 3, "key of plain text"},
    {"{\"a\": 1,\n \"b\": [1, 2", MU_DOC_JSON, 2, 12, "closing"},
    {"{\"a\": 1,}", MU_DOC_JSON, 1, 8, "comma"},
    {"{\"a\": 1} x", MU_DOC_JSON, 1, 10, "syntax"},
    {"{\"a\": nope}", MU_DOC_JSON, 1, 7, "syntax"},
    {"a: 1\n  b: 2\n", MU_DOC_YAML, 1, 4, "syntax"},
    {"a: \"\\0\"\n", MU_DOC_YAML, 1, 4, "NUL"},
    {"a: \xff\n", MU_DOC_YAML, 1, 4, "not UTF-8"},
    {"\n\xc3\xa9\xed\xa0\x80", MU_DOC_YAML, 2, 2, "not UTF-8"},
    {"a: \xc0\x80", MU_DOC_YAML, 1, 4, "not UTF-8"},
    {"a: \xe2\x82", MU_DOC_YAML, 1, 4, "not UTF-8"},
};

static void bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        const bad_text *c = &bad_texts[i];
        mu_doc doc = {.file = "untouched"};
        mu_error err;
        assert_int_equal(read_bytes(c->text, strlen(c->text), c->syntax, &doc, &err), MU_E_INPUT);
        if (strstr(err.text, c->says) == NULL || err.line != c->line || err.column != c->column) {
            fail_msg("case %zu: got %u:%u: %s", i, err.line, err.column, err.text);
        }
        assert_string_equal(err.file, "case");
        assert_string_equal(doc.file, "untouched");
    }
}

static void nul_byte(void **state)
{
    (void)state;
    mu_doc doc;
    mu_error err;
    assert_int_equal(read_bytes("a: 1\nb\0c", 8, MU_DOC_YAML, &doc, &err), MU_E_INPUT);
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 2);
    assert_non_null(strstr(err.text, "NUL"));
}

static void nesting(void **state)
{
    (void)state;
    enum { DEEP = 200000 };
    char *text = malloc(DEEP);
    assert_non_null(text);
    memset(text, '[', DEEP);
    mu_doc doc;
    mu_error err;
    assert_int_equal(read_bytes(text, DEEP, MU_DOC_JSON, &doc, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "too deep"));
    memset(text + MU_DOC_DEPTH_MAX, ']', MU_DOC_DEPTH_MAX);
    assert_int_equal(read_bytes(text, (size_t)2 * MU_DOC_DEPTH_MAX, MU_DOC_JSON, &doc, &err),
                     MU_OK);
    free(text);
}

static void many_escapes(void **state)
{
    (void)state;
    /* a text of many pieces: the library's own way to fetch it leaks (seen by the leak checker) */
    const mu_node *root = read_ok("a: 'x''y''z''x''y''z''x''y''z''x''y''z'\n", MU_DOC_YAML);
    assert_string_equal(mu_node_get(root, "a")->text, "x'y'z'x'y'z'x'y'z'x'y'z");
}

/* Every truncation of a good text reads or fails with a message; none crashes. */
static void truncated(void **state)
{
    (void)state;
    const char *text = "a: {b: [1, \"x\\n\", 'y'], c: >\n  d\n}\n\"e\": [{f: 1}, ~]\n";
    for (size_t length = 0; length < strlen(text); length++) {
        mu_doc doc;
        mu_error err;
        if (read_bytes(text, length, MU_DOC_YAML, &doc, &err) != MU_OK) {
            assert_true(err.text[0] != '\0');
            assert_null(strchr(err.text, '\n'));
        }
    }
}

static void small_arena(void **state)
{
    (void)state;
    const char *text = "{a: [1, 2, 3], b: {c: d}}";
    mu_error err = {0};
    mu_status status = MU_E_MEMORY;
    for (size_t limit = 1; limit < 65536 && status != MU_OK; limit *= 2) {
        mu_arena *small = mu_arena_create(limit);
        assert_non_null(small);
        mu_doc doc;
        err = (mu_error){.status = MU_OK};
        status = mu_doc_read_text(small, text, strlen(text), "", MU_DOC_YAML, &doc, &err);
        assert_true(status == MU_OK || status == MU_E_MEMORY);
        mu_arena_free(small);
    }
    assert_int_equal(status, MU_OK);
}

static void files(void **state)
{
    (void)state;
    const char *folder = getenv("TMPDIR");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/muster-doc-XXXXXX", folder == NULL ? "." : folder);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    mu_doc doc;
    mu_error err = {0};
    assert_int_equal(mu_doc_read_file(arena, path, &doc, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "empty"));
    assert_string_equal(err.file, path);

    assert_int_equal(write(fd, "a: 1\n", 5), 5);
    assert_int_equal(mu_doc_read_file(arena, path, &doc, NULL), MU_OK);
    assert_string_equal(mu_node_get(doc.root, "a")->text, "1");

    assert_int_equal(ftruncate(fd, 100000000), 0);
    err = (mu_error){.status = MU_OK};
    assert_int_equal(mu_doc_read_file(arena, path, &doc, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "too large"));
    (void)close(fd);
    assert_int_equal(unlink(path), 0);

    err = (mu_error){.status = MU_OK};
    assert_int_equal(mu_doc_read_file(arena, path, &doc, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "No such file"));

    err = (mu_error){.status = MU_OK};
    assert_int_equal(mu_doc_read_file(arena, ".", &doc, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml),      cmocka_unit_test(json),        cmocka_unit_test(bad),
        cmocka_unit_test(nul_byte),  cmocka_unit_test(nesting),     cmocka_unit_test(many_escapes),
        cmocka_unit_test(truncated), cmocka_unit_test(small_arena), cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
