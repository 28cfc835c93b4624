/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules from files: tells the forms apart, and reads the plain one.
 *
 * The plain form, JSON or YAML, is a list of moves; `after` names moves by their place in it.
 *
 *     {"name": "exchange", "collective": "all-reduce", "ranks": 2, "chunks": 1,
 *      "moves": [{"from": 0, "to": 1, "chunks": 1},
 *                {"from": 1, "to": 0, "bytes": 64, "after": [0]}]}
 */
#include "io/moves_read.h"

#include "base/text.h"
#include "io/doc_read.h"
#include "io/msccl.h"

#include <stdlib.h>
#include <string.h>

static const double BYTES_MAX = 1e18;

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* "reduce-scatter", "reduce_scatter" and "reducescatter" are one. */
static void squeeze(const char *text, char out[32])
{
    size_t length = 0;
    for (; *text != '\0' && length < 31; text++) {
        if (*text != '-' && *text != '_') {
            out[length++] = lower(*text);
        }
    }
    out[length] = '\0';
}

static bool find_collective(const char *text, mu_collective *out)
{
    char wanted[32];
    char name[32];
    squeeze(text, wanted);
    for (int i = 0; i < MU_COLLECTIVE_COUNT; i++) {
        squeeze(mu_collective_text((mu_collective)i), name);
        if (strcmp(name, wanted) == 0) {
            *out = (mu_collective)i;
            return true;
        }
    }
    return false;
}

/* "custom" (or nothing) says that it is none of the named ones. */
static mu_status read_collective(const mu_doc *doc, mu_schedule *out, mu_error *err)
{
    const char *names[MU_COLLECTIVE_COUNT];
    const char *text = "custom";
    const mu_node *node = mu_node_get(doc->root, "collective");
    if (node != NULL) {
        mu_status status = mu_node_text(doc, node, "collective", &text, err);
        if (status != MU_OK) {
            return status;
        }
    }
    out->has_what = find_collective(text, &out->what);
    if (out->has_what || strcmp(text, "custom") == 0) {
        return MU_OK;
    }
    for (int i = 0; i < MU_COLLECTIVE_COUNT; i++) {
        names[i] = mu_collective_text((mu_collective)i);
    }
    const char *nearest = mu_text_nearest(text, names, MU_COLLECTIVE_COUNT);
    return mu_node_fail(doc, node, err,
                        "collective: expected all-reduce, reduce-scatter, all-gather, broadcast, "
                        "all-to-all, point-to-point or custom, found \"%s\"%s%s%s",
                        text, nearest != NULL ? " (did you mean " : "",
                        nearest != NULL ? nearest : "", nearest != NULL ? "?)" : "");
}

static mu_status read_count(const mu_doc *doc, const mu_node *map, const char *key, uint64_t low,
                            uint64_t high, uint32_t *out, mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    uint64_t value = 0;
    if (node == NULL) {
        return mu_node_fail(doc, map, err, "expected a key %s", key);
    }
    mu_status status = mu_node_count(doc, node, key, low, high, &value, err);
    if (status == MU_OK) {
        *out = (uint32_t)value;
    }
    return status;
}

/* A schedule being read from the plain form. */
typedef struct plain {
    mu_arena *arena;
    const mu_doc *doc;
    mu_error *err;
    uint32_t ranks;
    double chunk_bytes;
    mu_move *move;
    uint32_t *needs;
    uint32_t need_count;
    uint32_t move_count;
} plain;

static mu_status read_size(const plain *p, const mu_node *node, mu_move *move)
{
    const mu_node *bytes = mu_node_get(node, "bytes");
    const mu_node *chunks = mu_node_get(node, "chunks");
    uint32_t count = 0;
    if ((bytes != NULL) == (chunks != NULL)) {
        return mu_node_fail(p->doc, node, p->err, "move: expected either chunks or bytes, found %s",
                            bytes != NULL ? "both" : "neither");
    }
    if (bytes != NULL) {
        return mu_node_number(p->doc, bytes, "bytes", 0.0, BYTES_MAX, &move->bytes, p->err);
    }
    mu_status status = read_count(p->doc, node, "chunks", 1, UINT32_MAX, &count, p->err);
    move->bytes = count * p->chunk_bytes;
    return status;
}

static mu_status read_needs(plain *p, const mu_node *node, mu_move *move)
{
    const mu_node *after = mu_node_get(node, "after");
    move->need_first = p->need_count;
    if (after == NULL) {
        return MU_OK;
    }
    if (after->kind != MU_NODE_LIST) {
        return mu_node_fail(p->doc, after, p->err, "after: expected a list of moves");
    }
    for (uint32_t i = 0; i < after->count; i++) {
        uint64_t needed = 0;
        mu_status status = mu_node_count(p->doc, &after->child[i], "after", 0,
                                         (uint64_t)p->move_count - 1, &needed, p->err);
        if (status != MU_OK) {
            return status;
        }
        p->needs[p->need_count++] = (uint32_t)needed;
    }
    move->need_count = after->count;
    return MU_OK;
}

static mu_status read_move(plain *p, const mu_node *node, mu_move *move)
{
    static const char *const known[] = {"from", "to", "chunks", "bytes", "after"};
    if (node->kind != MU_NODE_MAP) {
        return mu_node_fail(p->doc, node, p->err, "move: expected a map (from, to, chunks, after)");
    }
    mu_status status = mu_node_known_keys(p->doc, node, known, 5, p->err);
    if (status == MU_OK) {
        status = read_count(p->doc, node, "from", 0, p->ranks - 1, &move->from, p->err);
    }
    if (status == MU_OK) {
        status = read_count(p->doc, node, "to", 0, p->ranks - 1, &move->to, p->err);
    }
    if (status == MU_OK && move->from == move->to) {
        status = mu_node_fail(p->doc, node, p->err, "move: rank %u sends to itself", move->from);
    }
    if (status == MU_OK) {
        status = read_size(p, node, move);
    }
    return status == MU_OK ? read_needs(p, node, move) : status;
}

static uint64_t count_needs(const mu_node *moves)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < moves->count; i++) {
        const mu_node *after = mu_node_get(&moves->child[i], "after");
        count += after != NULL ? after->count : 0;
    }
    return count;
}

static mu_status read_moves(plain *p, const mu_node *moves, mu_moves *out)
{
    if (moves == NULL || moves->kind != MU_NODE_LIST) {
        return mu_node_fail(p->doc, moves != NULL ? moves : p->doc->root, p->err,
                            "expected a list of moves under \"moves\"");
    }
    p->move_count = moves->count;
    p->move = MU_NEW(p->arena, mu_move, moves->count);
    p->needs = MU_NEW(p->arena, uint32_t, count_needs(moves));
    if (p->move == NULL || p->needs == NULL) {
        return mu_fail(p->err, MU_E_MEMORY, "out of memory for %u moves", moves->count);
    }
    for (uint32_t i = 0; i < moves->count; i++) {
        mu_status status = read_move(p, &moves->child[i], &p->move[i]);
        if (status != MU_OK) {
            return status;
        }
    }
    *out = (mu_moves){
        .kind = MU_MOVES_LIST,
        .list = {.ranks = p->ranks, .count = moves->count, .move = p->move, .needs = p->needs}};
    uint32_t culprit = 0;
    mu_error found = {0};
    mu_status status = mu_moves_check_at(&out->list, &culprit, &found);
    if (status == MU_E_INPUT) {
        return mu_node_fail(p->doc, &moves->child[culprit], p->err, "%s", found.text);
    }
    return status == MU_OK ? status : mu_fail(p->err, status, "%s", found.text);
}

static mu_status read_plain(mu_arena *arena, const mu_doc *doc, double bytes, mu_schedule *out,
                            mu_error *err)
{
    static const char *const known[] = {"name", "collective", "ranks", "chunks", "moves"};
    plain p = {.arena = arena, .doc = doc, .err = err};
    uint32_t chunks = 1;
    const mu_node *name = mu_node_get(doc->root, "name");
    if (doc->root->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, doc->root, err, "expected a map with ranks and moves");
    }
    if (mu_node_get(doc->root, "gpus") != NULL && mu_node_get(doc->root, "moves") == NULL) {
        return mu_node_fail(doc, mu_node_get(doc->root, "gpus"), err,
                            "this looks like an MSCCL++ plan; MSCCL's XML and lists of moves are "
                            "read");
    }
    mu_status status = mu_node_known_keys(doc, doc->root, known, 5, err);
    if (status == MU_OK && name != NULL) {
        status = mu_node_text(doc, name, "name", &out->name, err);
    }
    if (status == MU_OK) {
        status = read_collective(doc, out, err);
    }
    if (status == MU_OK) {
        status = read_count(doc, doc->root, "ranks", 1, MU_SCHEDULE_RANKS_MAX, &p.ranks, err);
    }
    if (status == MU_OK && mu_node_get(doc->root, "chunks") != NULL) {
        status = read_count(doc, doc->root, "chunks", 1, UINT32_MAX, &chunks, err);
    }
    p.chunk_bytes = bytes / chunks;
    out->ranks = p.ranks;
    return status == MU_OK ? read_moves(&p, mu_node_get(doc->root, "moves"), &out->moves) : status;
}

static mu_status read_xml(mu_arena *arena, const char *text, size_t length, const char *file,
                          double bytes, mu_schedule *out, mu_error *err)
{
    mu_msccl algo;
    mu_status status = mu_msccl_parse(text, length, file, &algo, err);
    if (status == MU_OK) {
        out->moves.kind = MU_MOVES_LIST;
        status = mu_msccl_moves(arena, &algo, bytes, &out->moves.list, err);
    }
    if (status == MU_OK) {
        out->ranks = algo.gpus;
        out->has_what = find_collective(algo.what, &out->what);
        out->name = mu_arena_text(arena, algo.name, strlen(algo.name));
        if (out->name == NULL) {
            status = mu_fail(err, MU_E_MEMORY, "out of memory for a schedule");
        }
    }
    mu_msccl_free(&algo);
    return status;
}

/* Whether the first thing in a text, after blanks and a byte-order mark, is '<'. */
static bool is_xml(const char *text, size_t length)
{
    size_t at = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < length && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
        at++;
    }
    return at < length && text[at] == '<';
}

mu_status mu_schedule_read_text(mu_arena *arena, const char *text, size_t length, const char *file,
                                double bytes, mu_schedule *out, mu_error *err)
{
    mu_schedule found = {.name = ""};
    mu_doc doc = {0};
    mu_status status;
    if (!(bytes >= 0.0 && bytes <= BYTES_MAX)) {
        return mu_fail(err, MU_E_INPUT, "expected a buffer of 0 to %g bytes, found %g", BYTES_MAX,
                       bytes);
    }
    if (is_xml(text, length)) {
        status = read_xml(arena, text, length, file, bytes, &found, err);
    } else {
        status = mu_doc_read_text(arena, text, length, file, MU_DOC_AUTO, &doc, err);
        if (status == MU_OK) {
            status = read_plain(arena, &doc, bytes, &found, err);
        }
    }
    if (status == MU_OK) {
        *out = found;
    }
    return status;
}

mu_status mu_schedule_read(mu_arena *arena, const char *path, double bytes, mu_schedule *out,
                           mu_error *err)
{
    char *text = NULL;
    size_t length = 0;
    mu_status status = mu_file_read(path, MU_SCHEDULE_BYTES_MAX, &text, &length, err);
    if (status == MU_OK) {
        status = mu_schedule_read_text(arena, text, length, path, bytes, out, err);
    }
    free(text);
    return status;
}
