/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer is made of, and what moves each term.
 *
 * What:  the tree at the point; then, for each fact and parameter, the same tree with that one a
 *        per cent larger.
 */
#include "study/terms.h"

#include "base/text.h"
#include "study/draws.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double step_up = 1.01;
static const double pull_least = 1e-3;

const char *mu_rule_text(mu_rule rule)
{
    static const char *const text[] = {
        [MU_RULE_GIVEN] = "given",
        [MU_RULE_SUM] = "sum",
        [MU_RULE_PRODUCT] = "product",
        [MU_RULE_FORMULA] = "formula",
    };
    return text[rule];
}

double mu_term_made(const mu_terms *terms, uint32_t index)
{
    const mu_term *t = &terms->term[index];
    bool sums = t->rule == MU_RULE_SUM;
    if (!sums && t->rule != MU_RULE_PRODUCT) {
        return t->value;
    }
    double made = sums ? 0.0 : 1.0;
    for (uint32_t i = index + 1; i < t->end; i = terms->term[i].end) {
        double value = terms->term[i].value;
        made = sums ? made + value : made * value;
    }
    return t->factor * made;
}

/* Index of a term by path, else by name; the count when there is none. */
static uint32_t find_term(const mu_terms *t, const char *wanted)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (strcmp(t->term[i].path, wanted) == 0) {
            return i;
        }
    }
    uint32_t i = 0;
    while (i < t->count && strcmp(t->term[i].name, wanted) != 0) {
        i++;
    }
    return i;
}

static mu_status choose_term(const mu_terms *t, const char *wanted, mu_arena *arena, uint32_t *out,
                             mu_error *err)
{
    *out = wanted != NULL ? find_term(t, wanted) : 0;
    if (*out < t->count) {
        return MU_OK;
    }
    const char **names = MU_NEW(arena, const char *, 2 * (size_t)t->count);
    if (names == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    for (size_t i = 0; i < t->count; i++) {
        names[2 * i] = t->term[i].name;
        names[2 * i + 1] = t->term[i].path;
    }
    const char *near = mu_text_nearest(wanted, names, 2 * (size_t)t->count);
    return mu_fail(err, MU_E_USAGE, "--term: no term \"%.128s\"; %s%s%s", wanted,
                   near != NULL ? "did you mean \"" : "without --term all are listed",
                   near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* Trees with one input a step up. */
typedef struct pulling {
    mu_terms_grow *grow;
    const void *context;
    const mu_draw_plan *plan;
    const mu_terms *point;
    double *elasticity; /* [inputs][terms] */
    mu_arena **arena;
} pulling;

/* Trees of neighbouring draws mostly have the same terms in the same places. */
static uint32_t same_term(const mu_terms *found, uint32_t index, const char *path)
{
    bool here = index < found->count && strcmp(found->term[index].path, path) == 0;
    return here ? index : find_term(found, path);
}

static mu_status pull_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const pulling *p = context;
    mu_arena *arena = p->arena[worker];
    mu_arena_mark mark = mu_arena_here(arena);
    mu_draw draw = {.plan = mu_draw_plan_scale(p->plan, (uint32_t)index, step_up, arena)};
    mu_terms found = {.count = 0};
    mu_error refused = {0};
    double *elasticity = p->elasticity + index * p->point->count;
    if (draw.plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    /* What may not grow by a per cent (a fact at its limit) is said to pull nothing. */
    mu_status status = p->grow(p->context, draw, arena, &found, &refused);
    for (uint32_t i = 0; status == MU_OK && i < p->point->count; i++) {
        double value = p->point->term[i].value;
        uint32_t at = same_term(&found, i, p->point->term[i].path);
        if (at < found.count && value != 0.0 && isfinite(value)) {
            double pull = (found.term[at].value / value - 1.0) / (step_up - 1.0);
            elasticity[i] = isfinite(pull) ? pull : 0.0;
        }
    }
    mu_arena_back(arena, mark);
    if (status == MU_E_MEMORY) {
        *err = refused;
        return status;
    }
    return MU_OK;
}

/* Strongest first; ties by name. */
static int stronger(const void *a, const void *b)
{
    const mu_pull *x = a;
    const mu_pull *y = b;
    double dx = fabs(x->elasticity);
    double dy = fabs(y->elasticity);
    return dx != dy ? (dx > dy ? -1 : 1) : strcmp(x->input, y->input);
}

/* All that move a term, strongest first, into all[inputs]; their number. */
static uint32_t pulls_on(const pulling *p, uint32_t term, mu_pull all[])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mu_draw_plan_count(p->plan); i++) {
        double elasticity = p->elasticity[(size_t)i * p->point->count + term];
        if (fabs(elasticity) >= pull_least) {
            all[count++] = (mu_pull){.input = mu_draw_plan_name(p->plan, i),
                                     .range = mu_draw_plan_range(p->plan, i),
                                     .elasticity = elasticity};
        }
    }
    qsort(all, count, sizeof all[0], stronger);
    return count;
}

static mu_status keep_pulls(const pulling *p, mu_arena *arena, mu_terms *out, mu_error *err)
{
    mu_pull *all = MU_NEW(arena, mu_pull, mu_draw_plan_count(p->plan) + 1);
    mu_term *term = MU_NEW(arena, mu_term, out->count + 1);
    if (all == NULL || term == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    memcpy(term, out->term, out->count * sizeof *term);
    for (uint32_t i = 0; i < out->count; i++) {
        term[i].inputs = pulls_on(p, i, all);
        uint32_t kept = term[i].inputs < MU_TERM_INPUTS_MAX ? term[i].inputs : MU_TERM_INPUTS_MAX;
        mu_pull *input = MU_NEW(arena, mu_pull, kept + 1);
        if (input == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for terms");
        }
        memcpy(input, all, kept * sizeof *input);
        term[i].input = input;
    }
    out->term = term;
    out->inputs = mu_draw_plan_count(p->plan);
    uint32_t count = pulls_on(p, out->chosen, all);
    out->pulls = count < MU_PULLS_MAX ? count : MU_PULLS_MAX;
    memcpy(out->pull, all, out->pulls * sizeof all[0]);
    return MU_OK;
}

static mu_status pull_all(pulling *p, mu_work *work, mu_terms *out, mu_error *err)
{
    uint64_t inputs = mu_draw_plan_count(p->plan);
    p->elasticity = MU_NEW(work->arena, double, inputs * out->count + 1);
    if (p->elasticity == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    mu_status status = mu_work_arenas(work, &p->arena, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, inputs, 0, pull_one, p, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, p->arena);
    }
    return status == MU_OK ? keep_pulls(p, work->arena, out, err) : status;
}

mu_status mu_terms_find(mu_terms_grow *grow, const void *context, mu_draw_plan *plan,
                        const char *wanted, mu_work *work, mu_terms *out, mu_error *err)
{
    mu_terms found = {.catalog = out->catalog, .engine = out->engine};
    mu_draw point = {.plan = plan};
    mu_status status = grow(context, point, work->arena, &found, err);
    mu_draw_plan_freeze(plan);
    if (status == MU_OK) {
        status = choose_term(&found, wanted, work->arena, &found.chosen, err);
    }
    if (status == MU_OK) {
        assert(found.term != NULL);
        const mu_terms whole = found;
        pulling p = {.grow = grow, .context = context, .plan = plan, .point = &whole};
        status = pull_all(&p, work, &found, err);
    }
    if (status == MU_OK) {
        *out = found;
    }
    return status;
}
