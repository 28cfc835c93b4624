/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator questions: their words, reading them from a document, and their canonical text.
 *
 * Why:   JSON cases and operator tables ask the same questions; both fill one array of numbers by
 *        name.
 * Bound: every number 0 to 1e15; what divides what is checked before anything is computed.
 */
#include "study/op_case.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 64, KEYS_MAX = 96, NAMES_MAX = 128 };

static const double number_max = 1e15;
static const double copies_max = 1e6;

static const struct {
    const char *word;
    const char *more;
    bool on_system;
    const char *needs;
} kinds[MU_OP_CASE_COUNT] = {
#define X(name, word, more, system, needs) {word, more, system, needs},
    MU_OP_CASE_LIST(X)
#undef X
};

static const struct {
    const char *key;
    const char *more;
} fields[MU_OP_FIELD_COUNT] = {
#define X(name, key, more) {key, more},
    MU_OP_FIELD_LIST(X)
#undef X
};

const char *mu_op_case_text(mu_op_case_kind kind)
{
    assert((unsigned)kind < MU_OP_CASE_COUNT);
    return kinds[kind].word;
}

bool mu_op_case_on_system(mu_op_case_kind kind)
{
    assert((unsigned)kind < MU_OP_CASE_COUNT);
    return kinds[kind].on_system;
}

/* Lower case, '-' and ' ' as '_'. */
static char plain_char(char c)
{
    if (c == '-' || c == ' ') {
        return '_';
    }
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *at = c == '\0' ? NULL : strchr(upper, c);
    if (at == NULL) {
        return c;
    }
    return "abcdefghijklmnopqrstuvwxyz"[at - upper];
}

/* The word in plain characters. False when it is too long to be any word of ours. */
static bool plain_word(const char *word, char out[WORD_MAX])
{
    size_t length = strlen(word);
    if (length >= WORD_MAX) {
        return false;
    }
    for (size_t i = 0; i <= length; i++) {
        out[i] = plain_char(word[i]);
    }
    return true;
}

/* Whether `word` is one of the words in a list set apart by spaces. */
static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list != '\0') {
        size_t here = strcspn(list, " ");
        if (here == length && memcmp(list, word, length) == 0) {
            return true;
        }
        list += here;
        list += strspn(list, " ");
    }
    return false;
}

bool mu_op_case_parse(const char *word, mu_op_case_kind *out)
{
    char plain[WORD_MAX];
    if (!plain_word(word, plain)) {
        return false;
    }
    for (int i = 0; i < MU_OP_CASE_COUNT; i++) {
        if (strcmp(kinds[i].word, plain) == 0 || listed(kinds[i].more, plain)) {
            *out = (mu_op_case_kind)i;
            return true;
        }
    }
    return false;
}

mu_op_question mu_op_question_make(mu_op_case_kind kind)
{
    mu_op_question q = {.kind = kind,
                        .target = "",
                        .dtype = "bf16",
                        .activations = MU_DTYPE_BF16,
                        .weights = MU_DTYPE_BF16,
                        .kv = MU_DTYPE_BF16,
                        .gated = true,
                        .spread = MU_SPREAD_RANDOM,
                        .copies = 1.0};
    static const mu_op_field ones[] = {MU_OP_FIELD_QUERIES, MU_OP_FIELD_MOE_TP, MU_OP_FIELD_EP,
                                       MU_OP_FIELD_STRIDE};
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++) {
        q.number[ones[i]] = 1.0;
    }
    q.number[MU_OP_FIELD_RANKS] = kind == MU_OP_CASE_SEND ? 2.0 : 0.0;
    bool exchange = kind == MU_OP_CASE_DISPATCH || kind == MU_OP_CASE_COMBINE;
    q.number[MU_OP_FIELD_CORES] = exchange ? MU_EXCHANGE_CORES : 0.0;
    if (kind == MU_OP_CASE_GEMM || kind == MU_OP_CASE_INDEXER_PREFILL) {
        q.number[MU_OP_FIELD_BATCH] = 1.0;
    }
    return q;
}

/* Words of published tables for pairs of formats. */
static const struct {
    const char *word;
    mu_dtype activations;
    mu_dtype weights;
} pairs[] = {
    {"int8_wo", MU_DTYPE_BF16, MU_DTYPE_INT8},
    {"int4_wo", MU_DTYPE_BF16, MU_DTYPE_INT4},
    {"fp8_wo", MU_DTYPE_BF16, MU_DTYPE_FP8},
    {"sq", MU_DTYPE_INT8, MU_DTYPE_INT8},
    {"w8a8_dynamic", MU_DTYPE_INT8, MU_DTYPE_INT8},
    {"w8a8", MU_DTYPE_INT8, MU_DTYPE_INT8},
    {"w8a16", MU_DTYPE_BF16, MU_DTYPE_INT8},
    {"w4a16", MU_DTYPE_BF16, MU_DTYPE_INT4},
    {"w4a16_mxfp4", MU_DTYPE_BF16, MU_DTYPE_FP4},
    {"w4a8_mxfp4_mxfp8", MU_DTYPE_FP8, MU_DTYPE_FP4},
    {"w4afp8", MU_DTYPE_FP8, MU_DTYPE_INT4},
};

bool mu_op_question_format(mu_op_question *question, const char *dtype)
{
    char plain[WORD_MAX];
    mu_dtype one = MU_DTYPE_BF16;
    if (mu_dtype_parse(dtype, &one)) {
        question->dtype = mu_dtype_text(one);
        question->activations = one;
        question->weights = one;
        return true;
    }
    for (size_t i = 0; plain_word(dtype, plain) && i < sizeof pairs / sizeof pairs[0]; i++) {
        if (strcmp(pairs[i].word, plain) == 0) {
            question->dtype = pairs[i].word;
            question->activations = pairs[i].activations;
            question->weights = pairs[i].weights;
            return true;
        }
    }
    return false;
}

double mu_op_element_bytes(const char *dtype)
{
    mu_dtype one = MU_DTYPE_BF16;
    return mu_dtype_parse(dtype, &one) ? mu_dtype_bytes(one) : 0.0;
}

/* Fields of a list that hold no number above zero: the first, or MU_OP_FIELD_COUNT. */
static mu_op_field first_missing(const mu_op_question *q)
{
    for (int f = 0; f < MU_OP_FIELD_COUNT; f++) {
        if (listed(kinds[q->kind].needs, fields[f].key) && !(q->number[f] > 0.0)) {
            return (mu_op_field)f;
        }
    }
    return MU_OP_FIELD_COUNT;
}

static bool divides(double part, double whole)
{
    return part >= 1.0 && whole >= part && fmod(whole, part) == 0.0;
}

static const char *expert_fault(const mu_op_question *q, mu_arena *arena)
{
    const double *x = q->number;
    bool exchange = mu_op_case_on_system(q->kind) && q->kind != MU_OP_CASE_EXPERT_EXCHANGE;
    double ranks = exchange ? x[MU_OP_FIELD_RANKS] : x[MU_OP_FIELD_EP];
    if (x[MU_OP_FIELD_TOPK] > x[MU_OP_FIELD_EXPERTS]) {
        return mu_arena_printf(arena, "topk %.0f of %.0f experts", x[MU_OP_FIELD_TOPK],
                               x[MU_OP_FIELD_EXPERTS]);
    }
    if (q->spread >= 0.0 && x[MU_OP_FIELD_EXPERTS] > 4096.0) {
        return "more than 4096 experts";
    }
    if (!exchange && !divides(ranks, x[MU_OP_FIELD_EXPERTS])) {
        return mu_arena_printf(arena, "%.0f experts do not divide over %.0f ranks",
                               x[MU_OP_FIELD_EXPERTS], ranks);
    }
    return NULL;
}

const char *mu_op_question_fault(const mu_op_question *q, mu_arena *arena)
{
    mu_op_field missing = first_missing(q);
    if (missing != MU_OP_FIELD_COUNT) {
        return mu_arena_printf(arena, "%s: needs %s above 0", kinds[q->kind].word,
                               fields[missing].key);
    }
    for (int f = 0; f < MU_OP_FIELD_COUNT; f++) {
        if (!(q->number[f] >= 0.0 && q->number[f] <= number_max)) {
            return mu_arena_printf(arena, "%s: %s must be 0 to 1e15", kinds[q->kind].word,
                                   fields[f].key);
        }
        bool dimension = f != MU_OP_FIELD_BYTES && f != MU_OP_FIELD_TOKENS && f != MU_OP_FIELD_M;
        if (dimension && q->number[f] > 4e9) {
            return mu_arena_printf(arena, "%s: %s is beyond 4e9", kinds[q->kind].word,
                                   fields[f].key);
        }
    }
    const double *x = q->number;
    bool attention = q->kind == MU_OP_CASE_PREFILL || q->kind == MU_OP_CASE_DECODE;
    if (attention && x[MU_OP_FIELD_KV_HEADS] > 0.0 &&
        !divides(x[MU_OP_FIELD_KV_HEADS], x[MU_OP_FIELD_HEADS])) {
        return mu_arena_printf(arena, "%.0f KV heads do not divide %.0f heads",
                               x[MU_OP_FIELD_KV_HEADS], x[MU_OP_FIELD_HEADS]);
    }
    bool sparse = q->kind == MU_OP_CASE_SPARSE_PREFILL || q->kind == MU_OP_CASE_SPARSE_DECODE;
    if (sparse && !(x[MU_OP_FIELD_HEAD_DIM] > 64.0)) {
        return "head_dim must be above its rope part of 64";
    }
    return x[MU_OP_FIELD_EXPERTS] > 0.0 ? expert_fault(q, arena) : NULL;
}

int mu_op_field_of(const char *key)
{
    for (int f = 0; f < MU_OP_FIELD_COUNT; f++) {
        if (strcmp(fields[f].key, key) == 0 || listed(fields[f].more, key)) {
            return f;
        }
    }
    return -1;
}

static mu_status unknown_key(const mu_doc *doc, const mu_node *node, mu_error *err)
{
    const char *names[MU_OP_FIELD_COUNT];
    for (int f = 0; f < MU_OP_FIELD_COUNT; f++) {
        names[f] = fields[f].key;
    }
    const char *near = mu_text_nearest(node->key, names, MU_OP_FIELD_COUNT);
    return mu_node_fail(doc, node, err, "op: unknown key \"%.64s\"%s%s%s", node->key,
                        near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
}

/* "balanced", "random", "power_law_1.2" */
bool mu_op_question_spread(mu_op_question *question, const char *text)
{
    double *out = &question->spread;
    static const char law[] = "power_law_";
    if (strcmp(text, "balanced") == 0 || strcmp(text, "even") == 0) {
        *out = MU_SPREAD_EVEN;
        return true;
    }
    if (strcmp(text, "random") == 0 || strcmp(text, "uniform") == 0) {
        *out = MU_SPREAD_RANDOM;
        return true;
    }
    double alpha = 0.0;
    if (strncmp(text, law, sizeof law - 1) == 0 && mu_text_number(text + sizeof law - 1, &alpha) &&
        alpha > 0.0 && alpha <= 10.0) {
        *out = alpha;
        return true;
    }
    return false;
}

static mu_status read_format(const mu_doc *doc, const mu_node *node, mu_op_question *q,
                             mu_error *err)
{
    const char *text = NULL;
    mu_dtype one = MU_DTYPE_BF16;
    mu_status status = mu_node_text(doc, node, node->key, &text, err);
    if (status != MU_OK) {
        return status;
    }
    if (strcmp(node->key, "dtype") == 0) {
        if (mu_op_question_format(q, text)) {
            return MU_OK;
        }
    } else if (mu_dtype_parse(text, &one)) {
        mu_dtype *place = strcmp(node->key, "weights") == 0 ? &q->weights
                          : strcmp(node->key, "kv") == 0    ? &q->kv
                                                            : &q->activations;
        *place = one;
        return MU_OK;
    }
    return mu_node_fail(doc, node, err,
                        "%s: expected a number format such as bf16, found \"%.64s\"", node->key,
                        text);
}

static mu_status read_other(const mu_doc *doc, const mu_node *node, mu_op_question *q,
                            mu_error *err)
{
    static const char *const formats[] = {"dtype", "activations", "weights", "kv"};
    const char *text = NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(node->key, formats[i]) == 0) {
            return read_format(doc, node, q, err);
        }
    }
    if (strcmp(node->key, "gated") == 0) {
        return mu_node_bool(doc, node, "gated", &q->gated, err);
    }
    if (strcmp(node->key, "quantised_input") == 0) {
        return mu_node_bool(doc, node, "quantised_input", &q->quantised, err);
    }
    if (strcmp(node->key, "copies") == 0) {
        return mu_node_number(doc, node, "copies", 0.0, copies_max, &q->copies, err);
    }
    if (strcmp(node->key, "distribution") != 0) {
        return unknown_key(doc, node, err);
    }
    mu_status status = mu_node_text(doc, node, "distribution", &text, err);
    if (status == MU_OK && !mu_op_question_spread(q, text)) {
        status = mu_node_fail(doc, node, err,
                              "distribution: expected balanced, random or power_law_1.2, found "
                              "\"%.64s\"",
                              text);
    }
    return status;
}

static mu_status read_kind(const mu_doc *doc, const mu_node *root, mu_op_case_kind *out,
                           mu_error *err)
{
    const mu_node *node = mu_node_get(root, "op");
    const char *text = NULL;
    if (node == NULL) {
        return mu_node_fail(doc, root, err, "expected an operator under `op`");
    }
    mu_status status = mu_node_text(doc, node, "op", &text, err);
    if (status != MU_OK || mu_op_case_parse(text, out)) {
        return status;
    }
    const char *names[MU_OP_CASE_COUNT];
    for (int i = 0; i < MU_OP_CASE_COUNT; i++) {
        names[i] = kinds[i].word;
    }
    const char *near = mu_text_nearest(text, names, MU_OP_CASE_COUNT);
    return mu_node_fail(doc, node, err, "op: unknown operator \"%.64s\"%s%s%s", text,
                        near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
}

/* A system question may name its chip alone, and a chip question a system. */
static mu_status read_target(const mu_doc *doc, const mu_node *root, mu_op_question *q,
                             mu_error *err)
{
    const char *wanted = kinds[q->kind].on_system ? "system" : "chip";
    const mu_node *node = mu_node_get(root, wanted);
    if (node == NULL) {
        node = mu_node_get(root, kinds[q->kind].on_system ? "chip" : "system");
    }
    return node != NULL
               ? mu_node_text(doc, node, wanted, &q->target, err)
               : mu_node_fail(doc, root, err, "%s: needs a %s", kinds[q->kind].word, wanted);
}

mu_status mu_op_question_read(const mu_doc *doc, const mu_node *root, mu_op_question *out,
                              mu_error *err)
{
    if (root == NULL || root->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, root, err, "expected an operator question (a map)");
    }
    mu_op_case_kind kind = MU_OP_CASE_GEMM;
    mu_status status = read_kind(doc, root, &kind, err);
    mu_op_question q = mu_op_question_make(kind);
    if (status == MU_OK) {
        status = read_target(doc, root, &q, err);
    }
    for (uint32_t i = 0; i < root->count && status == MU_OK; i++) {
        const mu_node *node = &root->child[i];
        int field = mu_op_field_of(node->key);
        if (field >= 0) {
            status = mu_node_number(doc, node, node->key, 0.0, number_max, &q.number[field], err);
        } else if (strcmp(node->key, "op") != 0 && strcmp(node->key, "chip") != 0 &&
                   strcmp(node->key, "system") != 0) {
            status = read_other(doc, node, &q, err);
        }
    }
    if (status == MU_OK) {
        *out = q;
    }
    return status;
}

const char *mu_op_key(const mu_op_question *q, mu_arena *arena)
{
    char text[512];
    int used = snprintf(text, sizeof text, "%.64s %s %s", q->target, kinds[q->kind].word, q->dtype);
    if (q->kv != MU_DTYPE_BF16) {
        used += snprintf(text + used, sizeof text - (size_t)used, " kv=%s", mu_dtype_text(q->kv));
    }
    if (q->kind == MU_OP_CASE_MOE) {
        used += snprintf(text + used, sizeof text - (size_t)used, " spread=%g%s", q->spread,
                         q->gated ? "" : " plain");
    }
    if (q->quantised) {
        used += snprintf(text + used, sizeof text - (size_t)used, " quantised");
    }
    mu_op_question plain = mu_op_question_make(q->kind);
    for (int f = 0; f < MU_OP_FIELD_COUNT && used < (int)sizeof text - 40; f++) {
        if (q->number[f] != plain.number[f]) {
            used += snprintf(text + used, sizeof text - (size_t)used, " %s=%.15g", fields[f].key,
                             q->number[f]);
        }
    }
    return mu_arena_text(arena, text, (size_t)used);
}
