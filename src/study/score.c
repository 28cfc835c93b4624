/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores by group.
 *
 * What:  every outcome joins one group (an operator row) or several (a deployment: all of a
 *        measure, by system, by engine, ...); memberships are sorted by name, each run of equal
 *        names is a group.
 * Bound: sums in a fixed order, so that the same outcomes give the same bits.
 */
#include "study/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_CHARS = 512, GROUPS_EACH = 7 };

typedef struct membership {
    const char *name;
    uint32_t outcome;
} membership;

typedef struct sorter {
    const mu_case *cases;
    const mu_outcome *outcomes;
    uint32_t count;
    bool intervals;
    mu_arena *arena;
    membership *member;
    uint32_t member_count;
    const char *last; /* name made last: neighbours often share it */
    double *scratch;  /* [count] */
    bool failed;
} sorter;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
    const membership *x = a;
    const membership *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->outcome > y->outcome) - (x->outcome < y->outcome);
}

/* Quantile of sorted values, between neighbours in proportion. */
static double quantile(const double sorted[], uint64_t count, double share)
{
    double place = share * (double)(count - 1);
    uint64_t below = (uint64_t)place;
    uint64_t above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

static const double near_by = 1.1; /* of the logarithm: a factor of three */

int mu_unit_slip(double predicted, double measured)
{
    static const double near = 0.7; /* of log10: a factor of five */
    double tens = log10(predicted / measured);
    for (int power = 3; power <= 6; power += 3) {
        if (fabs(fabs(tens) - power) < near) {
            return tens > 0.0 ? power : -power;
        }
    }
    return 0;
}

/* Score of those among member[0..count) whose case is (not) marked fit. */
static mu_score score_of(const sorter *s, const membership member[], uint32_t count, bool fit)
{
    mu_score score = {0};
    double *size = s->scratch;
    double inside = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        const mu_outcome *o = &s->outcomes[member[i].outcome];
        if (s->cases[o->case_index].fit != fit) {
            continue;
        }
        if (!o->answered) {
            score.unanswered++;
            continue;
        }
        double error = mu_outcome_error(o);
        size[score.n++] = fabs(error);
        score.mape += fabs(error);
        score.bias += error;
        inside += o->measured >= o->predicted.low && o->measured <= o->predicted.high ? 1.0 : 0.0;
        score.width += (o->predicted.high - o->predicted.low) / o->predicted.value;
        score.near += fabs(log(o->predicted.value / o->measured)) < near_by ? 1 : 0;
        if (mu_unit_slip(o->predicted.value, o->measured) != 0 && score.slips++ == 0) {
            score.slip = member[i].outcome;
        }
    }
    double n = score.n > 0 ? (double)score.n : 1.0;
    score.mape /= n;
    score.bias /= n;
    score.coverage90 = s->intervals && score.n > 0 ? inside / n : (double)NAN;
    score.width = s->intervals && score.n > 0 ? score.width / n : (double)NAN;
    if (score.n > 0) {
        qsort(size, score.n, sizeof *size, by_size);
        score.median = quantile(size, score.n, 0.5);
        score.p90 = quantile(size, score.n, 0.9);
    }
    return score;
}

static void join(sorter *s, uint32_t outcome, const char *name)
{
    if (s->last == NULL || strcmp(s->last, name) != 0) {
        s->last = mu_arena_text(s->arena, name, strlen(name));
    }
    if (s->last == NULL) {
        s->failed = true;
        return;
    }
    s->member[s->member_count++] = (membership){.name = s->last, .outcome = outcome};
}

/* Groups are set apart by '/'; an id that holds one would be torn. */
static void append(char name[NAME_MAX_CHARS], const char *word)
{
    size_t used = strlen(name);
    int added = snprintf(name + used, NAME_MAX_CHARS - used, "%s%.96s", used > 0 ? "/" : "", word);
    for (int i = used > 0 ? 1 : 0; i < added && used + (size_t)i < NAME_MAX_CHARS - 1; i++) {
        char *c = &name[used + (size_t)i];
        if (*c == '/') {
            *c = '_';
        }
    }
}

static void join_operator(sorter *s, uint32_t index, const mu_op_question *op)
{
    char name[NAME_MAX_CHARS] = "";
    char format[96];
    bool kv = op->kv != MU_DTYPE_BF16;
    (void)snprintf(format, sizeof format, "%.48s%s%s", op->dtype, kv ? "_kv_" : "",
                   kv ? mu_dtype_text(op->kv) : "");
    append(name, op->target);
    append(name, mu_op_case_text(op->kind));
    append(name, format);
    join(s, index, name);
}

static const char *word_at(const mu_node *root, const char *path)
{
    const mu_node *node = mu_node_path(root, path);
    return node != NULL && node->text != NULL ? node->text : "";
}

static void join_deployment(sorter *s, uint32_t index, const mu_case *c, const char *measure)
{
    const mu_node *root = c->scenario.root;
    const char *system = word_at(root, "system.id");
    const char *mode = word_at(root, "deployment.mode");
    bool apart = mu_node_path(root, "deployment.decode") != NULL;
    const struct {
        const char *by;
        const char *word;
    } groups[] = {
        {"system", system[0] != '\0' ? system : word_at(root, "system")},
        {"engine", word_at(root, "engine")},
        {"model", word_at(root, "model")},
        {"mode", mode[0] != '\0' ? mode : (apart ? "disaggregated" : "aggregated")},
        {"source", c->source},
    };
    join(s, index, measure);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        char name[NAME_MAX_CHARS] = "";
        if (groups[i].word[0] != '\0') {
            append(name, measure);
            append(name, groups[i].by);
            append(name, groups[i].word);
            join(s, index, name);
        }
    }
}

static void join_all(sorter *s)
{
    for (uint32_t i = 0; i < s->count && !s->failed; i++) {
        const mu_outcome *o = &s->outcomes[i];
        const mu_case *c = &s->cases[o->case_index];
        join(s, i, "");
        if (c->verb == MU_CASE_OP && c->op != NULL) {
            join_operator(s, i, c->op);
        } else if (c->verb == MU_CASE_PREDICT) {
            join_deployment(s, i, c, mu_measure_text(o->kind));
        }
    }
}

static mu_status make_groups(sorter *s, mu_score_group **out, uint32_t *out_count, mu_error *err)
{
    uint32_t groups = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        groups += i == 0 || strcmp(s->member[i].name, s->member[i - 1].name) != 0 ? 1 : 0;
    }
    mu_score_group *group = MU_NEW(s->arena, mu_score_group, groups > 0 ? groups : 1);
    if (group == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the scores");
    }
    uint32_t made = 0;
    for (uint32_t first = 0; first < s->member_count;) {
        const char *name = s->member[first].name;
        uint32_t end = first;
        while (end < s->member_count && strcmp(s->member[end].name, name) == 0) {
            end++;
        }
        group[made].name = name;
        group[made].held_out = score_of(s, &s->member[first], end - first, false);
        group[made].fitted = score_of(s, &s->member[first], end - first, true);
        made++;
        first = end;
    }
    if (groups == 0) {
        group[0].name = "";
        group[0].held_out = score_of(s, s->member, 0, false);
        group[0].fitted = score_of(s, s->member, 0, true);
        groups = 1;
    }
    *out = group;
    *out_count = groups;
    return MU_OK;
}

mu_status mu_score_groups(const mu_case cases[], const mu_outcome outcomes[], uint32_t count,
                          bool intervals, mu_arena *arena, mu_score_group **out,
                          uint32_t *out_count, mu_error *err)
{
    sorter s = {.cases = cases,
                .outcomes = outcomes,
                .count = count,
                .intervals = intervals,
                .arena = arena};
    s.member = malloc(((size_t)count * GROUPS_EACH + 1) * sizeof *s.member);
    s.scratch = malloc(((size_t)count + 1) * sizeof *s.scratch);
    if (s.member == NULL || s.scratch == NULL) {
        free(s.member);
        free(s.scratch);
        return mu_fail(err, MU_E_MEMORY, "no memory for the scores");
    }
    join_all(&s);
    mu_status status = MU_OK;
    if (s.failed) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the scores");
    } else {
        qsort(s.member, s.member_count, sizeof *s.member, by_name);
        status = make_groups(&s, out, out_count, err);
    }
    free(s.member);
    free(s.scratch);
    return status;
}
