/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the document tree from libfyaml's stream of parse events.
 *
 * Why:   the event stream needs no recursion and lets the bounds be checked before memory is spent;
 *        a tree of our own keeps the core free of the library.
 * Terms: children of open lists and maps wait in one stack (`pending`); closing a container moves
 *        its children into the arena side by side.
 */
#include "io/doc_read.h"

#include "io/utf8.h"

#include <libfyaml.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BRACKETS_MAX = 4096 };

/* A container not yet closed. */
typedef struct frame {
    mu_node node;    /* kind, place and key of the container itself */
    size_t first;    /* of its children in `pending` */
    const char *key; /* read, its value still to come; maps only */
    uint32_t key_line;
    uint32_t key_column;
} frame;

typedef struct builder {
    mu_arena *arena;
    mu_doc doc;
    mu_error *err;
    mu_text_place end; /* of the text */
    mu_node *pending;  /* owned, [pending_capacity] */
    size_t pending_count;
    size_t pending_capacity;
    frame frames[MU_DOC_DEPTH_MAX];
    uint32_t depth;
    uint32_t nodes;
    mu_node *root;
    char *text; /* owned, [text_capacity]: the scalar being read */
    size_t text_capacity;
} builder;

static mu_status no_memory(builder *b)
{
    return mu_fail_at(b->err, MU_E_MEMORY, b->doc.file, 0, 0, "out of memory while reading");
}

/* From 1; 0 = not known. The library puts quoted text and aliases behind their sign. */
static mu_text_place event_place(struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    if (mark == NULL || mark->line < 0 || mark->column < 0) {
        return (mu_text_place){0, 0};
    }
    bool quoted = event->type == FYET_ALIAS;
    if (event->type == FYET_SCALAR && fy_event_get_token(event) != NULL) {
        enum fy_scalar_style style = fy_token_scalar_style(fy_event_get_token(event));
        quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    }
    uint32_t back = quoted && mark->column > 0 ? 1 : 0;
    return (mu_text_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1 - back};
}

static mu_status fail_at_event(builder *b, struct fy_event *event, const char *message)
{
    mu_text_place place = event_place(event);
    return mu_fail_at(b->err, MU_E_INPUT, b->doc.file, place.line, place.column, "%s", message);
}

static mu_status push_pending(builder *b, const mu_node *node)
{
    if (b->pending_count == b->pending_capacity) {
        size_t capacity = b->pending_capacity == 0 ? 256 : b->pending_capacity * 2;
        mu_node *grown = realloc(b->pending, capacity * sizeof *grown);
        if (grown == NULL) {
            return no_memory(b);
        }
        b->pending = grown;
        b->pending_capacity = capacity;
    }
    b->pending[b->pending_count++] = *node;
    return MU_OK;
}

/* A finished node goes to the open container, or becomes the root. */
static mu_status add_node(builder *b, const mu_node *node)
{
    if (b->depth > 0) {
        b->frames[b->depth - 1].key = NULL;
        return push_pending(b, node);
    }
    assert(b->root == NULL);
    b->root = MU_NEW(b->arena, mu_node, 1);
    if (b->root == NULL) {
        return no_memory(b);
    }
    *b->root = *node;
    return MU_OK;
}

static bool wants_key(const builder *b)
{
    return b->depth > 0 && b->frames[b->depth - 1].node.kind == MU_NODE_MAP &&
           b->frames[b->depth - 1].key == NULL;
}

/* Kind and place of the node an event starts; a node under a key takes the key's place. */
static mu_status start_node(builder *b, struct fy_event *event, mu_node_kind kind, mu_node *out)
{
    if (++b->nodes > MU_DOC_NODES_MAX) {
        return fail_at_event(b, event, "too many values in one file (at most 4000000)");
    }
    mu_text_place place = event_place(event);
    *out = (mu_node){.kind = kind, .line = place.line, .column = place.column};
    if (b->depth > 0 && b->frames[b->depth - 1].key != NULL) {
        const frame *top = &b->frames[b->depth - 1];
        out->key = top->key;
        out->line = top->key_line;
        out->column = top->key_column;
    }
    return MU_OK;
}

static mu_status take_key(builder *b, struct fy_event *event, const char *text)
{
    frame *top = &b->frames[b->depth - 1];
    assert(text != NULL);
    mu_text_place place = event_place(event);
    if (text[0] == '\0') {
        return fail_at_event(b, event, "expected a key, found nothing before ':'");
    }
    top->key = text;
    top->key_line = place.line;
    top->key_column = place.column;
    return MU_OK;
}

static mu_node_kind scalar_kind(enum fy_scalar_style style, const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (style != FYSS_PLAIN && style != FYSS_ANY) {
        return MU_NODE_STRING;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(text, nulls[i]) == 0) {
            return MU_NODE_NULL;
        }
    }
    return MU_NODE_SCALAR;
}

static mu_status append_text(builder *b, const char *chunk, size_t length, size_t *used)
{
    assert(chunk != NULL);
    if (b->text == NULL || length > b->text_capacity - *used) {
        size_t capacity = 2 * (*used + length) + 64;
        char *grown = realloc(b->text, capacity);
        if (grown == NULL) {
            return no_memory(b);
        }
        b->text = grown;
        b->text_capacity = capacity;
    }
    assert(b->text != NULL);
    memcpy(b->text + *used, chunk, length);
    *used += length;
    return MU_OK;
}

/* By the library's chunk iterator: its fy_token_get_text() leaks where a text has many escapes. */
static mu_status read_token(builder *b, struct fy_event *event, const char **out)
{
    struct fy_token *token = fy_event_get_token(event);
    size_t used = 0;
    int fault = 0;
    mu_status status = append_text(b, "", 0, &used);
    struct fy_token_iter *iter = token == NULL ? NULL : fy_token_iter_create(token);
    const struct fy_iter_chunk *chunk = NULL;
    while (status == MU_OK && iter != NULL &&
           (chunk = fy_token_iter_chunk_next(iter, chunk, &fault)) != NULL) {
        status = append_text(b, chunk->str, chunk->len, &used);
    }
    fy_token_iter_destroy(iter);
    if (status != MU_OK) {
        return status;
    }
    if (fault != 0) {
        return fail_at_event(b, event, "this text cannot be read");
    }
    if (memchr(b->text, '\0', used) != NULL) {
        return fail_at_event(b, event, "text holds a NUL character");
    }
    *out = mu_arena_text(b->arena, b->text, used);
    return *out == NULL ? no_memory(b) : MU_OK;
}

static mu_status on_scalar(builder *b, struct fy_event *event)
{
    const char *text = "";
    mu_status status = read_token(b, event, &text);
    if (status != MU_OK) {
        return status;
    }
    if (wants_key(b)) {
        return take_key(b, event, text);
    }
    struct fy_token *token = fy_event_get_token(event);
    enum fy_scalar_style style = token == NULL ? FYSS_PLAIN : fy_token_scalar_style(token);
    mu_node node = {.kind = MU_NODE_NULL};
    status = start_node(b, event, scalar_kind(style, text), &node);
    if (status != MU_OK) {
        return status;
    }
    node.text = node.kind == MU_NODE_NULL ? NULL : text;
    return add_node(b, &node);
}

static mu_status on_open(builder *b, struct fy_event *event, mu_node_kind kind)
{
    if (wants_key(b)) {
        return fail_at_event(b, event, "expected a key of plain text, found a list or map");
    }
    if (b->depth == MU_DOC_DEPTH_MAX) {
        return fail_at_event(b, event, "nested too deep (at most 64 levels)");
    }
    frame *top = &b->frames[b->depth];
    mu_status status = start_node(b, event, kind, &top->node);
    if (status != MU_OK) {
        return status;
    }
    top->first = b->pending_count;
    top->key = NULL;
    b->depth++;
    return MU_OK;
}

/* A child of a map, for sorting. */
typedef struct keyed {
    const char *key;
    const mu_node *node;
} keyed;

/* By key, then by place: of two equal keys the later one is reported. */
static int compare_keys(const void *left, const void *right)
{
    const keyed *a = left;
    const keyed *b = right;
    int order = strcmp(a->key, b->key);
    if (order == 0) {
        order = a->node < b->node ? -1 : a->node > b->node;
    }
    return order;
}

static mu_status check_keys(builder *b, const mu_node *map)
{
    keyed *sorted = calloc((size_t)map->count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return no_memory(b);
    }
    for (uint32_t i = 0; i < map->count; i++) {
        sorted[i] = (keyed){map->child[i].key, &map->child[i]};
    }
    qsort(sorted, map->count, sizeof *sorted, compare_keys);
    mu_status status = MU_OK;
    for (uint32_t i = 1; i < map->count && status == MU_OK; i++) {
        if (strcmp(sorted[i - 1].key, sorted[i].key) == 0) {
            status = mu_node_fail(&b->doc, sorted[i].node, b->err,
                                  "key \"%.64s\" stands twice (first in line %u)", sorted[i].key,
                                  sorted[i - 1].node->line);
        }
    }
    free(sorted);
    return status;
}

static mu_status on_close(builder *b)
{
    assert(b->depth > 0);
    frame *top = &b->frames[b->depth - 1];
    mu_node node = top->node;
    size_t count = b->pending_count - top->first;
    mu_node *children = MU_NEW(b->arena, mu_node, count);
    if (children == NULL) {
        return no_memory(b);
    }
    if (count > 0) {
        memcpy(children, b->pending + top->first, count * sizeof *children);
    }
    node.count = (uint32_t)count;
    node.child = children;
    b->pending_count = top->first;
    b->depth--;
    if (node.kind == MU_NODE_MAP) {
        mu_status status = check_keys(b, &node);
        if (status != MU_OK) {
            return status;
        }
    }
    return add_node(b, &node);
}

static mu_status on_event(builder *b, struct fy_event *event)
{
    if (event->type == FYET_ALIAS || fy_event_get_anchor_token(event) != NULL) {
        return fail_at_event(b, event, "anchors and aliases (&, *) are not read: write it out");
    }
    if (fy_event_get_tag_token(event) != NULL) {
        return fail_at_event(b, event, "tags (!) are not read: leave it out");
    }
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (b->root != NULL) {
            return fail_at_event(b, event, "expected one document, found a second one");
        }
        return MU_OK;
    case FYET_SCALAR:
        return on_scalar(b, event);
    case FYET_MAPPING_START:
        return on_open(b, event, MU_NODE_MAP);
    case FYET_SEQUENCE_START:
        return on_open(b, event, MU_NODE_LIST);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return on_close(b);
    default:
        return MU_OK;
    }
}

/* The library's own messages are collected, never printed. */
static void swallow(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)length;
}

static mu_status syntax_error(builder *b, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iterator);
    if (first == NULL || first->msg == NULL) {
        return mu_fail_at(b->err, MU_E_INPUT, b->doc.file, 0, 0, "not readable as YAML or JSON");
    }
    mu_text_place place = {first->line > 0 ? (uint32_t)first->line : 0,
                           first->column > 0 ? (uint32_t)first->column : 0};
    if (place.line > b->end.line) { /* the library ends the last line itself */
        place = b->end;
    }
    return mu_fail_at(b->err, MU_E_INPUT, b->doc.file, place.line, place.column, "syntax: %.200s",
                      first->msg);
}

static mu_status build(builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
    mu_status status = MU_OK;
    struct fy_event *event;
    while (status == MU_OK && (event = fy_parser_parse(parser)) != NULL) {
        status = on_event(b, event);
        fy_parser_event_free(parser, event);
    }
    if (status == MU_OK && (fy_parser_get_stream_error(parser) || b->depth > 0)) {
        status = syntax_error(b, diag);
    }
    if (status == MU_OK && b->root == NULL) {
        status = mu_fail_at(b->err, MU_E_INPUT, b->doc.file, 0, 0, "the file is empty");
    }
    return status;
}

static bool ends_in_json(const char *file)
{
    size_t length = strlen(file);
    return length >= 5 && strcmp(file + length - 5, ".json") == 0;
}

static mu_status parse(builder *b, const char *text, size_t length, bool json)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    diag_config.output_fn = swallow;
    diag_config.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (diag == NULL) {
        return no_memory(b);
    }
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    mu_status status;
    if (parser == NULL || fy_parser_set_string(parser, text, length) != 0) {
        status = no_memory(b);
    } else {
        status = build(b, parser, diag);
    }
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return status;
}

/*
 * Brackets open at most, quoted and plain text counted too: no text of sense comes near it, and the
 * library reads all of a contrived one before it says anything.
 */
static bool too_many_brackets(const char *text, size_t length)
{
    int64_t open = 0;
    for (size_t i = 0; i < length; i++) {
        open += text[i] == '[' || text[i] == '{' ? 1 : 0;
        open -= text[i] == ']' || text[i] == '}' ? 1 : 0;
        open = open < 0 ? 0 : open;
        if (open > BRACKETS_MAX) {
            return true;
        }
    }
    return false;
}

/* What the library need not see: not text at all, or of a size that nobody means. */
static mu_status check_text(builder *b, const char *text, size_t length, bool json)
{
    const char *file = b->doc.file;
    int max = json ? MU_DOC_BYTES_MAX : MU_YAML_BYTES_MAX;
    if (length > (size_t)max) {
        return mu_fail_at(b->err, MU_E_INPUT, file, 0, 0, "too large: at most %d bytes of %s", max,
                          json ? "JSON" : "YAML");
    }
    const char *fault = mu_utf8_fault(text, length, &b->end);
    if (fault != NULL) {
        return mu_fail_at(b->err, MU_E_INPUT, file, b->end.line, b->end.column,
                          "not a text file: found %s", fault);
    }
    if (length == 0) {
        return mu_fail_at(b->err, MU_E_INPUT, file, 0, 0, "the file is empty");
    }
    if (too_many_brackets(text, length)) {
        return mu_fail_at(b->err, MU_E_INPUT, file, 0, 0, "nested too deep (at most 64 levels)");
    }
    return MU_OK;
}

mu_status mu_doc_read_text(mu_arena *arena, const char *text, size_t length, const char *file,
                           mu_doc_syntax syntax, mu_doc *out, mu_error *err)
{
    assert(arena != NULL && text != NULL && file != NULL && out != NULL);
    builder *b = calloc(1, sizeof *b);
    char *name = mu_arena_text(arena, file, strlen(file));
    if (b == NULL || name == NULL) {
        free(b);
        return mu_fail_at(err, MU_E_MEMORY, file, 0, 0, "out of memory while reading");
    }
    b->arena = arena;
    b->doc.file = name;
    b->err = err;
    bool json = syntax == MU_DOC_JSON || (syntax == MU_DOC_AUTO && ends_in_json(file));
    mu_status status = check_text(b, text, length, json);
    if (status == MU_OK) {
        status = parse(b, text, length, json);
    }
    if (status == MU_OK) {
        *out = (mu_doc){.file = name, .root = b->root};
    }
    free(b->pending);
    free(b->text);
    free(b);
    return status;
}

/* Reads until the end or one byte over the limit; regular files and pipes alike. */
static mu_status read_stream(FILE *stream, const char *path, size_t limit, char **text,
                             size_t *length, mu_error *err)
{
    size_t capacity = 65536;
    size_t used = 0;
    char *buffer = malloc(capacity + 1);
    while (buffer != NULL) {
        used += fread(buffer + used, 1, capacity - used, stream);
        if (used < capacity || used > limit) {
            break;
        }
        capacity *= 2;
        char *grown = realloc(buffer, capacity + 1);
        if (grown == NULL) {
            free(buffer);
        }
        buffer = grown;
    }
    if (buffer == NULL) {
        return mu_fail_at(err, MU_E_MEMORY, path, 0, 0, "out of memory while reading");
    }
    mu_status status = MU_OK;
    if (ferror(stream)) {
        status = mu_fail_at(err, MU_E_INPUT, path, 0, 0, "cannot be read: %s", strerror(errno));
    } else if (used > limit) {
        status =
            mu_fail_at(err, MU_E_INPUT, path, 0, 0, "too large: at most %zu bytes are read", limit);
    }
    if (status != MU_OK) {
        free(buffer);
        return status;
    }
    buffer[used] = '\0';
    *text = buffer;
    *length = used;
    return MU_OK;
}

mu_status mu_file_read(const char *path, size_t limit, char **text, size_t *length, mu_error *err)
{
    assert(path != NULL && text != NULL && length != NULL);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "cannot be opened: %s", strerror(errno));
    }
    struct stat about;
    mu_status status;
    if (fstat(fileno(stream), &about) == 0 && S_ISDIR(about.st_mode)) {
        status = mu_fail_at(err, MU_E_INPUT, path, 0, 0, "is a directory, expected a file");
    } else {
        status = read_stream(stream, path, limit, text, length, err);
    }
    (void)fclose(stream);
    return status;
}

mu_status mu_doc_read_file(mu_arena *arena, const char *path, mu_doc *out, mu_error *err)
{
    char *text = NULL;
    size_t length = 0;
    mu_status status = mu_file_read(path, MU_DOC_BYTES_MAX, &text, &length, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_doc_read_text(arena, text, length, path, MU_DOC_AUTO, out, err);
    free(text);
    return status;
}
