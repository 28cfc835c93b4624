/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Margins from the rows of tables.
 *
 * Why:   on the published tables, steps of predicted time made intervals of the same share held a
 *        seventh tighter than one margin an operator did; the draws' own widths told nothing more.
 */
#include "calibrate/margin.h"

#include "calibrate/family.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_STEP = 60, ROWS_LEAST = 20 };

static const double tail = 0.05;
static const double alike = 1.002; /* predictions that share a step */

static int by_predicted(const void *a, const void *b)
{
    const mu_miss *x = a;
    const mu_miss *y = b;
    if (x->predicted_s != y->predicted_s) {
        return x->predicted_s < y->predicted_s ? -1 : 1;
    }
    return (x->ratio > y->ratio) - (x->ratio < y->ratio);
}

static int by_ratio(const void *a, const void *b)
{
    const mu_miss *x = a;
    const mu_miss *y = b;
    return (x->ratio > y->ratio) - (x->ratio < y->ratio);
}

/* Factors of one step; sorts it by ratio. */
static mu_margin_step step_of(mu_miss miss[], uint32_t count, double to_s)
{
    qsort(miss, count, sizeof miss[0], by_ratio);
    double place = ceil((1.0 - tail) * (count + 1.0));
    uint32_t high = place < count ? (uint32_t)place - 1 : count - 1;
    return (mu_margin_step){.to_s = to_s,
                            .low = fmin(miss[count - 1 - high].ratio, 1.0),
                            .high = fmax(miss[high].ratio, 1.0)};
}

void mu_margin_fit(mu_miss miss[], uint32_t count, mu_op_margin *out)
{
    assert(count > 0);
    uint32_t steps = count / ROWS_A_STEP;
    steps = steps < 1 ? 1 : steps > MU_MARGIN_STEPS_MAX ? MU_MARGIN_STEPS_MAX : steps;
    qsort(miss, count, sizeof miss[0], by_predicted);
    out->rows = count;
    out->step_count = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < steps && first < count; i++) {
        uint32_t end = (uint32_t)((uint64_t)count * (i + 1) / steps);
        while (end < count && end > 0 &&
               miss[end].predicted_s <= alike * miss[end - 1].predicted_s) {
            end++;
        }
        if (end <= first) {
            continue;
        }
        out->step[out->step_count++] =
            step_of(&miss[first], end - first, miss[end - 1].predicted_s);
        first = end;
    }
}

static bool says(const mu_samples *s, const double predicted_s[], uint32_t i)
{
    return !s->row[i].held_out && predicted_s[i] > 0.0;
}

static void key_of(const mu_sample_group *group, char out[MU_MARGIN_KEY_MAX])
{
    mu_op_question q = mu_op_question_make(group->kind);
    q.dtype = group->dtype;
    q.kv = group->kv;
    mu_op_margin_key(&q, out);
}

/* Rows of the groups in `groups` into miss. */
static uint32_t collect(const mu_samples *s, const double predicted_s[], uint64_t groups,
                        mu_miss miss[])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if ((groups >> s->row[i].group & 1) != 0 && says(s, predicted_s, i)) {
            miss[count++] = (mu_miss){predicted_s[i], s->row[i].measured_s / predicted_s[i]};
        }
    }
    return count;
}

/* Ever wider circles of rows that may speak for a group. */
typedef enum circle { SAME_KEY, SAME_OPERATOR, SAME_FAMILY, CIRCLES } circle;

static uint8_t family_of(mu_op_case_kind kind)
{
    uint32_t count = 0;
    const mu_family *families = mu_families(&count);
    uint8_t i = 0;
    while (i < count && (families[i].kinds >> kind & 1) == 0) {
        i++;
    }
    return i;
}

static bool speaks_for(const mu_sample_group *a, const mu_sample_group *b, circle wide)
{
    char key_a[MU_MARGIN_KEY_MAX];
    char key_b[MU_MARGIN_KEY_MAX];
    key_of(a, key_a);
    key_of(b, key_b);
    switch (wide) {
    case SAME_KEY:
        return strcmp(key_a, key_b) == 0;
    case SAME_OPERATOR:
        return a->kind == b->kind;
    default:
        return a->kind == b->kind || family_of(a->kind) == family_of(b->kind);
    }
}

static uint64_t circle_of(const mu_samples *s, uint32_t group, circle wide)
{
    uint64_t groups = 0;
    for (uint32_t g = 0; g < s->group_count; g++) {
        groups |= speaks_for(&s->group[g], &s->group[group], wide) ? 1ULL << g : 0;
    }
    return groups;
}

mu_status mu_margins_of(const mu_samples *s, const double predicted_s[], mu_arena *arena,
                        mu_op_margin out[MU_MARGINS_MAX], uint32_t *count, mu_error *err)
{
    mu_miss *miss = MU_NEW(arena, mu_miss, s->count + (size_t)1);
    uint64_t done = 0;
    *count = 0;
    if (miss == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the margins of %u rows", s->count);
    }
    for (uint32_t g = 0; g < s->group_count; g++) {
        uint32_t rows = 0;
        if ((done >> g & 1) != 0) {
            continue;
        }
        done |= circle_of(s, g, SAME_KEY);
        for (int wide = SAME_KEY; wide < CIRCLES && rows < ROWS_LEAST; wide++) {
            rows = collect(s, predicted_s, circle_of(s, g, (circle)wide), miss);
        }
        if (rows >= ROWS_LEAST) {
            mu_op_margin *margin = &out[(*count)++];
            *margin = (mu_op_margin){.own = true};
            key_of(&s->group[g], margin->key);
            mu_margin_fit(miss, rows, margin);
        }
    }
    return MU_OK;
}
