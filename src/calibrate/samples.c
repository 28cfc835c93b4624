/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of measured tables, ready to be fitted.
 *
 * What:  bottom-k sampling by hash, duplicates to their median, folds and groups.
 * Why:   a hash of the question decides everything, so that the same rows give the same fit
 *        however they are spread over files.
 */
#include "calibrate/samples.h"

#include "base/random.h"
#include "base/text.h"
#include "study/case.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 1024, SEED = 5 };

void mu_samples_begin(mu_arena *arena, mu_samples *out)
{
    *out = (mu_samples){.arena = arena, .hash_limit = UINT64_MAX};
}

/* Keeps the half of the rows with the smaller hashes. */
static void thin(mu_samples *s)
{
    s->hash_limit /= 2;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->row[i].hash <= s->hash_limit) {
            s->row[kept++] = s->row[i];
        }
    }
    s->count = kept;
}

static mu_status make_room(mu_samples *s, mu_error *err)
{
    while (s->count >= MU_SAMPLES_MAX) {
        thin(s);
    }
    if (s->count < s->capacity) {
        return MU_OK;
    }
    uint32_t capacity = s->capacity == 0 ? ROWS_FIRST : 2 * s->capacity;
    mu_sample *grown = MU_NEW(s->arena, mu_sample, capacity);
    if (grown == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %u rows", capacity);
    }
    if (s->count > 0) {
        memcpy(grown, s->row, s->count * sizeof *grown);
    }
    s->row = grown;
    s->capacity = capacity;
    return MU_OK;
}

mu_status mu_samples_add(mu_samples *s, const mu_op_question *question, double measured_s,
                         mu_error *err)
{
    assert(measured_s > 0.0);
    s->seen++;
    mu_arena_mark mark = mu_arena_here(s->arena);
    const char *key = mu_op_key(question, s->arena);
    if (key == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a row");
    }
    mu_sample sample = {
        .question = *question, .measured_s = measured_s, .held_out = !mu_case_is_fit(key)};
    sample.hash = mu_random_bits(SEED, mu_text_hash(key), 0);
    mu_arena_back(s->arena, mark);
    if (sample.hash > s->hash_limit) {
        return MU_OK;
    }
    mu_status status = make_room(s, err);
    if (status == MU_OK && sample.hash <= s->hash_limit) {
        sample.fold = (uint8_t)(mu_random_bits(SEED, sample.hash, 1) % MU_FOLDS);
        s->row[s->count++] = sample;
    }
    return status;
}

static int by_hash(const void *a, const void *b)
{
    const mu_sample *x = a;
    const mu_sample *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return (x->measured_s > y->measured_s) - (x->measured_s < y->measured_s);
}

/* Runs of equal hashes are sorted by time: the middle one stays. */
static void merge(mu_samples *s)
{
    uint32_t kept = 0;
    for (uint32_t first = 0; first < s->count;) {
        uint32_t end = first + 1;
        while (end < s->count && s->row[end].hash == s->row[first].hash) {
            end++;
        }
        if (end - first > 1) {
            s->duplicates += end - first - 1;
            s->duplicate = s->row[first].question;
        }
        s->row[kept++] = s->row[first + (end - first - 1) / 2];
        first = end;
    }
    s->count = kept;
}

static bool in_group(const mu_sample_group *group, const mu_op_question *q)
{
    return group->kind == q->kind && group->kv == q->kv && strcmp(group->dtype, q->dtype) == 0;
}

static int by_name(const void *a, const void *b)
{
    const mu_sample_group *x = a;
    const mu_sample_group *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    int order = strcmp(x->dtype, y->dtype);
    return order != 0 ? order : (int)x->kv - (int)y->kv;
}

static uint32_t group_of(const mu_samples *s, const mu_op_question *q)
{
    uint32_t i = 0;
    while (i < s->group_count && !in_group(&s->group[i], q)) {
        i++;
    }
    return i;
}

static mu_status make_groups(mu_samples *s, mu_error *err)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const mu_op_question *q = &s->row[i].question;
        if (group_of(s, q) < s->group_count) {
            continue;
        }
        if (s->group_count == MU_SAMPLE_GROUPS_MAX) {
            return mu_fail(err, MU_E_INPUT, "more than %d kinds of operator and number format",
                           MU_SAMPLE_GROUPS_MAX);
        }
        s->group[s->group_count++] =
            (mu_sample_group){.kind = q->kind, .dtype = q->dtype, .kv = q->kv};
    }
    qsort(s->group, s->group_count, sizeof s->group[0], by_name);
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t group = group_of(s, &s->row[i].question);
        s->row[i].group = (uint8_t)group;
        s->group[group].rows++;
        s->group[group].held_out += s->row[i].held_out ? 1 : 0;
    }
    return MU_OK;
}

/* Loads of experts: rows that differ only in what the load does not depend on share one. */
typedef struct loads {
    mu_samples *samples;
    uint32_t *order; /* [count] rows with experts, alike ones side by side */
    uint32_t count;
    uint32_t *first; /* [distinct] places in order */
    uint32_t distinct;
} loads;

static int compare_loads(const mu_op_question *a, const mu_op_question *b)
{
    static const mu_op_field fields[] = {MU_OP_FIELD_TOKENS, MU_OP_FIELD_EXPERTS, MU_OP_FIELD_TOPK,
                                         MU_OP_FIELD_EP};
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        double x = a->number[fields[i]];
        double y = b->number[fields[i]];
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return (a->spread > b->spread) - (a->spread < b->spread);
}

/* A place in the order, with the question beside it for sorting. */
typedef struct load_place {
    const mu_op_question *question;
    uint32_t row;
} load_place;

static int by_load(const void *a, const void *b)
{
    const load_place *x = a;
    const load_place *y = b;
    int order = compare_loads(x->question, y->question);
    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

static mu_status find_load(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const loads *l = context;
    (void)worker;
    (void)err;
    uint32_t from = l->first[index];
    uint32_t end = index + 1 < l->distinct ? l->first[index + 1] : l->count;
    mu_moe_load load = mu_op_load(&l->samples->row[l->order[from]].question);
    for (uint32_t i = from; i < end; i++) {
        l->samples->row[l->order[i]].load = load;
    }
    return MU_OK;
}

static bool has_load(const mu_sample *row)
{
    return row->question.kind == MU_OP_CASE_MOE || row->question.kind == MU_OP_CASE_EXPERT_EXCHANGE;
}

static mu_status find_loads(mu_samples *s, mu_pool *pool, mu_error *err)
{
    loads l = {.samples = s};
    load_place *place = MU_NEW(s->arena, load_place, s->count);
    l.order = MU_NEW(s->arena, uint32_t, s->count);
    l.first = MU_NEW(s->arena, uint32_t, s->count);
    if (place == NULL || l.order == NULL || l.first == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %u rows", s->count);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        if (has_load(&s->row[i])) {
            place[l.count++] = (load_place){&s->row[i].question, i};
        }
    }
    if (l.count == 0) {
        return MU_OK;
    }
    qsort(place, l.count, sizeof place[0], by_load);
    for (uint32_t i = 0; i < l.count; i++) {
        l.order[i] = place[i].row;
        if (i == 0 || compare_loads(place[i - 1].question, place[i].question) != 0) {
            l.first[l.distinct++] = i;
        }
    }
    return mu_pool_run(pool, l.distinct, 0, find_load, &l, NULL, NULL, err);
}

mu_status mu_samples_finish(mu_samples *s, mu_pool *pool, mu_error *err)
{
    if (s->count > 0) {
        qsort(s->row, s->count, sizeof s->row[0], by_hash);
    }
    merge(s);
    mu_status status = make_groups(s, err);
    return status == MU_OK ? find_loads(s, pool, err) : status;
}
