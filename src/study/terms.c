/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a prediction is made of, and what moves each term.
 *
 * What:  the tree at the point; then, for each fact and parameter, the same tree with that one a
 *        per cent larger.
 */
#include "study/terms.h"

#include "base/text.h"
#include "study/draws.h"
#include "study/search.h"
#include "study/terms_tree.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Terms of an operator, and of all that are not operators, at most. */
enum { TERMS_AN_OPERATOR = 12, TERMS_ELSE = 512 };

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

/* A deployment on machines, answered. */
typedef struct answered {
    const mu_question *question;
    mu_deployment deployment;
    const mu_machine *machines; /* [0] prefills, [1] decodes or serves */
    mu_service service;
} answered;

static double groups_of(const mu_role *role)
{
    return (double)role->instances * role->parallel.dp;
}

static void add_rates(mu_grove *g, const answered *a)
{
    const mu_service *s = &a->service;
    const mu_role *role = &a->deployment.decode;
    const mu_workload *w = &a->question->workload;
    double rounds = fmax(w->output - 1.0, 0.0) / mu_role_yield(role);
    bool apart = a->deployment.disaggregated;
    mu_grove_open(g, "output_tokens_per_s", MU_DIM_NONE, MU_RULE_PRODUCT, 1.0);
    mu_grove_leaf(g, "output_tokens", MU_DIM_NONE, w->output);
    mu_grove_words(g, true, "of a request");
    mu_grove_open(g, "requests_per_s", MU_DIM_NONE, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false, "%s",
                   apart ? "the slower of what prefill sends and decode takes, B G / (R s), at the "
                           "batch where the loop settles"
                         : "B G / (R s + B P): P = time that a prompt takes from decoding");
    mu_grove_leaf(g, "B", MU_DIM_NONE, s->decode.batch);
    mu_grove_words(g, true, "sequences in decode of a DP group");
    mu_grove_leaf(g, "G", MU_DIM_NONE, groups_of(role));
    mu_grove_words(g, true, "DP groups");
    mu_grove_leaf(g, "R", MU_DIM_NONE, rounds);
    mu_grove_words(g, true, "decode steps of a request: (output - 1) / %.4g tokens a step",
                   mu_role_yield(role));
    mu_grove_leaf(g, "s", MU_DIM_TIME, s->decode.step_s);
    mu_grove_words(g, true, "decode_step");
    if (apart) {
        mu_grove_leaf(g, "prefill_capacity", MU_DIM_NONE, s->prefill_capacity);
        mu_grove_leaf(g, "decode_capacity", MU_DIM_NONE, s->decode_capacity);
        mu_grove_words(g, true, "at the largest batch that memory and SLO allow");
    }
    mu_grove_close(g, s->requests_per_s);
    mu_grove_close(g, s->output_tokens_per_s);
}

static void add_latencies(mu_grove *g, const answered *a)
{
    const mu_service *s = &a->service;
    double yield = mu_role_yield(&a->deployment.decode);
    mu_grove_open(g, "tpot_s", MU_DIM_TIME, MU_RULE_SUM, s->tpot_s / s->decode.step_s);
    mu_grove_words(g, false,
                   "decode step / %.4g tokens a step, %.4g times as long by prompts between", yield,
                   s->tpot_s * yield / s->decode.step_s);
    mu_grove_leaf(g, "decode_step", MU_DIM_TIME, s->decode.step_s);
    mu_grove_close(g, s->tpot_s);
    mu_grove_open(g, "ttft_s", MU_DIM_TIME, MU_RULE_FORMULA, 1.0);
    mu_grove_words(
        g, false, "%s",
        a->deployment.disaggregated
            ? "ttft_factor_apart (request_overhead_apart + hand-over of the cache + "
              "prefill steps), with its wait in the loop"
            : "ttft_factor (request_overhead + ttft_steps decode steps + prefill steps), "
              "with its wait in the loop");
    mu_grove_leaf(g, "prefill_step", MU_DIM_TIME, s->prefill.step_s);
    mu_grove_close(g, s->ttft_s);
}

static void add_power(mu_grove *g, const answered *a)
{
    static const char *const names[MU_POWER_PARTS] = {
#define X(name, field, words) #field,
        MU_POWER_PART_LIST(X)
#undef X
    };
    mu_grove_open(g, "power_w", MU_DIM_POWER, MU_RULE_SUM, 1.0);
    for (int p = 0; p < MU_POWER_FACILITY; p++) {
        mu_grove_leaf(g, names[p], MU_DIM_POWER, a->service.power.part_w[p]);
        mu_grove_words(g, true, "%s", mu_power_words((mu_power_part)p));
    }
    mu_grove_close(g, a->service.power_w);
}

static void add_memory(mu_grove *g, const char *name, const mu_memory *m)
{
    mu_grove_open(g, name, MU_DIM_BYTES, MU_RULE_SUM, 1.0);
    mu_grove_words(g, false, "of a rank of %.4g GB", m->capacity_bytes * 1e-9);
    mu_grove_leaf(g, "weights", MU_DIM_BYTES, m->weights_bytes);
    mu_grove_leaf(g, "kv_cache", MU_DIM_BYTES, m->kv_bytes);
    mu_grove_leaf(g, "activations", MU_DIM_BYTES, m->activations_bytes);
    mu_grove_close(g, m->weights_bytes + m->kv_bytes + m->activations_bytes);
}

/* `program` is scratch. */
static void add_steps(mu_grove *g, const answered *a, const mu_site *site, mu_program *program)
{
    const mu_question *q = a->question;
    const mu_deployment *d = &a->deployment;
    mu_role_site decode = {.site = site, .machine = &a->machines[1], .role = &d->decode};
    mu_load load = mu_decode_load(&decode, a->service.decode.batch);
    mu_program_build(&q->model, &d->decode.parallel, &site->precision, program);
    mu_grove_step(g, "decode_step", program, decode.machine, &load, d->decode.parallel.pp);
    mu_role_site prefill = decode;
    if (d->disaggregated) {
        prefill.machine = &a->machines[0];
        prefill.role = &d->prefill;
        mu_program_build(&q->model, &d->prefill.parallel, &site->precision, program);
    }
    load = mu_prefill_load(&prefill);
    mu_grove_step(g, "prefill_step", program, prefill.machine, &load, 1.0);
}

/* The whole tree of a deployment on machines; texts and terms lie in the arena. */
static mu_status grow(const mu_question *question, const mu_deployment *deployment,
                      const mu_machine machines[2], mu_arena *arena, mu_terms *out, mu_error *err)
{
    answered *a = MU_NEW(arena, answered, 1);
    mu_program *program = MU_NEW(arena, mu_program, 1);
    if (a == NULL || program == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    *a = (answered){.question = question,
                    .deployment = mu_draws_deployment(question, deployment, machines),
                    .machines = machines};
    mu_status status = mu_draws_answer_on(question, deployment, machines, arena, &a->service, err);
    if (status != MU_OK) {
        return status;
    }
    mu_site site = mu_question_site(question);
    site.prefill_machine = &machines[0];
    site.decode_machine = &machines[1];
    mu_grove g = mu_grove_begin(arena, 2 * MU_OPS_MAX * TERMS_AN_OPERATOR + TERMS_ELSE);
    add_rates(&g, a);
    add_latencies(&g, a);
    add_steps(&g, a, &site, program);
    add_power(&g, a);
    if (deployment->disaggregated) {
        add_memory(&g, "prefill_memory", &a->service.prefill.memory);
    }
    add_memory(&g, "decode_memory", &a->service.decode.memory);
    if (g.failed) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    out->term = g.term;
    out->count = g.count;
    return MU_OK;
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
    const mu_question *question;
    const mu_deployment *deployment;
    const mu_draw_plan *plan;
    const char *path;
    double value;
    double *elasticity; /* [inputs] */
    mu_arena **arena;
} pulling;

static mu_status pull_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const pulling *p = context;
    mu_arena *arena = p->arena[worker];
    mu_arena_mark mark = mu_arena_here(arena);
    mu_machine *machines = MU_NEW(arena, mu_machine, 2);
    mu_draw draw = {.plan = mu_draw_plan_scale(p->plan, (uint32_t)index, step_up, arena)};
    mu_terms found = {.count = 0};
    mu_error refused = {0};
    if (machines == NULL || draw.plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    /* What may not grow by a per cent (a fact at its limit) is said to pull nothing. */
    mu_status status =
        mu_question_machines(p->question, draw, &machines[0], &machines[1], &refused);
    if (status == MU_OK) {
        status = grow(p->question, p->deployment, machines, arena, &found, &refused);
    }
    uint32_t at = status == MU_OK ? find_term(&found, p->path) : 0;
    if (status == MU_OK && at < found.count && p->value != 0.0) {
        p->elasticity[index] = (found.term[at].value / p->value - 1.0) / (step_up - 1.0);
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

static mu_status keep_pulls(const pulling *p, mu_arena *arena, mu_terms *out, mu_error *err)
{
    uint32_t inputs = mu_draw_plan_count(p->plan);
    mu_pull *all = MU_NEW(arena, mu_pull, inputs + 1);
    if (all == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        if (fabs(p->elasticity[i]) >= pull_least) {
            all[count++] = (mu_pull){.input = mu_draw_plan_name(p->plan, i),
                                     .range = mu_draw_plan_range(p->plan, i),
                                     .elasticity = p->elasticity[i]};
        }
    }
    qsort(all, count, sizeof all[0], stronger);
    out->inputs = inputs;
    out->pulls = count < MU_PULLS_MAX ? count : MU_PULLS_MAX;
    memcpy(out->pull, all, out->pulls * sizeof all[0]);
    return MU_OK;
}

static mu_status pull_all(pulling *p, mu_work *work, mu_terms *out, mu_error *err)
{
    uint32_t inputs = mu_draw_plan_count(p->plan);
    p->elasticity = MU_NEW(work->arena, double, inputs + 1);
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

mu_status mu_terms_make(const mu_question *question, const mu_prediction *prediction,
                        const char *wanted, mu_work *work, mu_terms *out, mu_error *err)
{
    mu_question *asked = MU_NEW(work->arena, mu_question, 1);
    mu_machine *machines = MU_NEW(work->arena, mu_machine, 2);
    mu_draw_plan *plan = mu_draw_plan_create(work->arena, 1);
    if (asked == NULL || machines == NULL || plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    *asked = *question;
    asked->precision = prediction->precision;
    mu_draw_plan_take_points(plan);
    mu_status status = mu_draws_join(asked, plan, err);
    mu_draw_plan_freeze(plan);
    mu_draw point = {.plan = plan};
    if (status == MU_OK) {
        status = mu_question_machines(asked, point, &machines[0], &machines[1], err);
    }
    mu_terms found = {.count = 0};
    if (status == MU_OK) {
        status = grow(asked, &prediction->deployment, machines, work->arena, &found, err);
    }
    if (status == MU_OK) {
        status = choose_term(&found, wanted, work->arena, &found.chosen, err);
    }
    if (status == MU_OK) {
        assert(found.term != NULL);
        pulling p = {.question = asked,
                     .deployment = &prediction->deployment,
                     .plan = plan,
                     .path = found.term[found.chosen].path,
                     .value = found.term[found.chosen].value};
        status = pull_all(&p, work, &found, err);
    }
    if (status == MU_OK) {
        *out = found;
    }
    return status;
}
