/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation of a search space: every shape compiled once, evaluated at every batch, on all cores.
 *
 * Terms: each shape owns a run of slots; a slot is one batch. Slots that fit memory and SLO become
 *        offers, in slot order, so that the answer does not depend on the threads.
 */
#include "study/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double decode_batches[] = {1,   2,   3,   4,   6,   8,   10,  12,  14,  16,  20,
                                        24,  28,  32,  40,  48,  56,  64,  72,  80,  88,  96,
                                        104, 112, 120, 128, 144, 160, 176, 192, 224, 256, 288,
                                        320, 384, 448, 512, 640, 768, 896, 1024};
static const double prefill_budgets[] = {1024, 2048, 4096, 6144, 8192, 12288, 16384, 24576, 32768};
static const double serve_budgets[] = {2048, 8192};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

enum { SLOTS = LENGTH(decode_batches) * LENGTH(serve_budgets) };

/* What one shape came to, besides its slots. */
typedef struct outcome {
    double missing_bytes; /* per rank, at the smallest batch; 0 = fits */
    double tpot_s;        /* fastest; HUGE_VAL = none */
    double ttft_s;
    double chips; /* HUGE_VAL = does not fit */
    uint32_t evaluations;
    uint32_t offers;
} outcome;

/* Scratch of one thread. */
typedef struct bench {
    mu_arena *arena;
    mu_program *program;
    mu_cost_book *book[2]; /* decode machine, prefill machine */
} bench;

typedef struct evaluation {
    const mu_question *question;
    const mu_space *space;
    mu_site site;
    mu_offer *slot;   /* [shape_count][SLOTS] */
    outcome *outcome; /* [shape_count] */
    bench *bench;     /* [threads] */
} evaluation;

static const mu_role_wish *wish_of(const mu_scenario *s, mu_shape_use use)
{
    if (use == MU_SHAPE_PREFILL) {
        return &s->prefill;
    }
    return use == MU_SHAPE_DECODE ? &s->decode : &s->serve;
}

static bool within(double slo_s, double value_s)
{
    return slo_s <= 0.0 || value_s <= slo_s;
}

bool mu_scenario_holds(const mu_scenario *s, double ttft_s, double tpot_s)
{
    double e2e_s = ttft_s + (s->output - 1.0) * tpot_s;
    return within(s->ttft_s, ttft_s) && within(s->tpot_s, tpot_s) && within(s->e2e_s, e2e_s);
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void offer(const evaluation *e, uint32_t shape, const mu_role_site *at, mu_loop_point p)
{
    outcome *o = &e->outcome[shape];
    assert(o->offers < SLOTS);
    e->slot[(uint64_t)shape * SLOTS + o->offers++] =
        (mu_offer){.shape = shape,
                   .chunked = at->role->chunked_prefill,
                   .batch = at->role->batch,
                   .batch_tokens = at->role->batch_tokens,
                   .chips = o->chips,
                   .requests_per_s = p.requests_per_s,
                   .latency_s = p.tpot_s,
                   .ttft_s = p.ttft_s};
}

static void try_prefill(const evaluation *e, uint32_t shape, mu_role_site *at, mu_role *role)
{
    outcome *o = &e->outcome[shape];
    const mu_role_wish *wish = wish_of(e->question->scenario, MU_SHAPE_PREFILL);
    for (size_t i = 0; i < LENGTH(prefill_budgets); i++) {
        role->batch_tokens = wish->batch_tokens > 0.0 ? wish->batch_tokens : prefill_budgets[i];
        double room = mu_batch_limit(at);
        if (room >= mu_prefill_prompts(at) * role->parallel.pp) {
            mu_loop_point p = mu_prefill_point(at);
            p.ttft_s += p.crowd_s; /* offers are judged at full load */
            o->evaluations++;
            o->ttft_s = smaller(o->ttft_s, p.ttft_s);
            if (mu_scenario_holds(e->question->scenario, p.ttft_s, 0.0)) {
                offer(e, shape, at, p);
            }
        }
        if (wish->batch_tokens > 0.0) {
            return;
        }
    }
}

/* Decode or serve at every batch the memory holds, until the latency is past the SLO. */
static void try_batches(const evaluation *e, uint32_t shape, mu_role_site *at, mu_role *role)
{
    outcome *o = &e->outcome[shape];
    const mu_scenario *s = e->question->scenario;
    bool serve = e->space->shape[shape].use == MU_SHAPE_SERVE;
    const mu_role_wish *wish = wish_of(s, e->space->shape[shape].use);
    double limit = mu_batch_limit(at);
    for (size_t i = 0; i < LENGTH(decode_batches); i++) {
        double batch = wish->batch >= 1.0 ? wish->batch : decode_batches[i];
        if (batch > limit) {
            return;
        }
        role->batch = batch;
        mu_loop_point p = serve ? mu_aggregated_point(at, batch) : mu_decode_point(at, batch);
        o->evaluations++;
        o->tpot_s = smaller(o->tpot_s, p.tpot_s);
        if (serve) {
            o->ttft_s = smaller(o->ttft_s, p.ttft_s);
        }
        if (mu_scenario_holds(s, p.ttft_s, p.tpot_s)) {
            offer(e, shape, at, p);
        }
        if (wish->batch >= 1.0 || !within(s->tpot_s, p.tpot_s)) {
            return;
        }
    }
}

static void try_serve(const evaluation *e, uint32_t shape, mu_role_site *at, mu_role *role)
{
    const mu_role_wish *wish = wish_of(e->question->scenario, MU_SHAPE_SERVE);
    for (size_t i = 0; i < LENGTH(serve_budgets); i++) {
        role->batch_tokens = wish->batch_tokens > 0.0 ? wish->batch_tokens : serve_budgets[i];
        try_batches(e, shape, at, role);
        if (wish->batch_tokens > 0.0) {
            return;
        }
    }
}

static double missing_bytes(const mu_role_site *at)
{
    const mu_footprint *f = &at->footprint;
    double taken = f->weights + f->fixed + at->role->batch_tokens * f->activations_per_token;
    return taken + f->kv_per_sequence + f->kv_per_token * mu_held_tokens(at) -
           mu_machine_room(at->machine, taken);
}

static mu_status evaluate_shape(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const evaluation *e = context;
    const mu_cut_shape *shape = &e->space->shape[index];
    bench *b = &e->bench[worker];
    bool prefill = shape->use == MU_SHAPE_PREFILL;
    outcome *o = &e->outcome[index];
    *o = (outcome){.tpot_s = HUGE_VAL, .ttft_s = HUGE_VAL};
    mu_role role = {.instances = 1, .parallel = shape->parallel};
    role.batch_tokens = prefill ? prefill_budgets[0] : serve_budgets[0];
    mu_role_defaults(e->question, wish_of(e->question->scenario, shape->use), &role);
    mu_role_site at = {.site = &e->site,
                       .machine = prefill ? e->site.prefill_machine : e->site.decode_machine,
                       .role = &role,
                       .footprint = mu_program_footprint(
                           &e->question->model, &shape->parallel, &e->question->precision,
                           e->site.workload.input + 0.5 * e->site.workload.output)};
    o->chips = mu_role_ranks(&role) / at.machine->ranks_per_chip;
    o->missing_bytes = fmax(missing_bytes(&at), 0.0);
    if (o->missing_bytes > 0.0) {
        return MU_OK;
    }
    mu_arena_mark mark = mu_arena_here(b->arena);
    mu_program_build(&e->question->model, &shape->parallel, &e->question->precision, b->program);
    at.compiled = mu_compile(b->program, at.machine, b->book[prefill ? 1 : 0], b->arena);
    if (at.compiled == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory to evaluate a deployment");
    }
    if (prefill) {
        try_prefill(e, (uint32_t)index, &at, &role);
    } else if (shape->use == MU_SHAPE_DECODE) {
        try_batches(e, (uint32_t)index, &at, &role);
    } else {
        try_serve(e, (uint32_t)index, &at, &role);
    }
    mu_arena_back(b->arena, mark);
    return MU_OK;
}

double mu_space_least_chips(const mu_question *question, const mu_space *space)
{
    mu_site site = mu_question_site(question);
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < space->shape_count; i++) {
        const mu_cut_shape *shape = &space->shape[i];
        mu_role role = {
            .instances = 1, .parallel = shape->parallel, .batch_tokens = serve_budgets[0]};
        mu_role_site at = {.site = &site,
                           .machine = site.decode_machine,
                           .role = &role,
                           .footprint = mu_program_footprint(
                               &question->model, &shape->parallel, &question->precision,
                               site.workload.input + 0.5 * site.workload.output)};
        if (missing_bytes(&at) <= 0.0) {
            least = smaller(least, mu_role_ranks(&role) / at.machine->ranks_per_chip);
        }
    }
    return least;
}

static void gather(const evaluation *e, mu_space *space)
{
    space->least_missing_bytes = HUGE_VAL;
    space->least_tpot_s = HUGE_VAL;
    space->least_ttft_s = HUGE_VAL;
    space->least_chips = HUGE_VAL;
    for (uint32_t i = 0; i < space->shape_count; i++) {
        const outcome *o = &e->outcome[i];
        space->least_missing_bytes = smaller(space->least_missing_bytes, o->missing_bytes);
        space->least_tpot_s = smaller(space->least_tpot_s, o->tpot_s);
        space->least_ttft_s = smaller(space->least_ttft_s, o->ttft_s);
        if (o->missing_bytes <= 0.0) {
            space->least_chips = smaller(space->least_chips, o->chips);
        }
        space->role_evaluations += o->evaluations;
        memmove(&space->offer[space->offer_count], &e->slot[(uint64_t)i * SLOTS],
                o->offers * sizeof(mu_offer));
        space->offer_count += o->offers;
    }
}

static mu_status make_bench(const evaluation *e, bench *b)
{
    b->arena = mu_arena_create(0);
    if (b->arena == NULL) {
        return MU_E_MEMORY;
    }
    b->program = MU_NEW(b->arena, mu_program, 1);
    b->book[0] = mu_cost_book_create(b->arena, MU_BOOK_LARGE);
    b->book[1] = mu_cost_book_create(b->arena, MU_BOOK_LARGE);
    if (b->program == NULL || b->book[0] == NULL || b->book[1] == NULL) {
        return MU_E_MEMORY;
    }
    mu_cost_book_reset(b->book[0], e->site.decode_machine);
    mu_cost_book_reset(b->book[1], e->site.prefill_machine);
    return MU_OK;
}

mu_status mu_space_evaluate(const mu_question *question, mu_work *work, mu_space *space,
                            mu_error *err)
{
    uint32_t threads = mu_pool_threads(work->pool);
    evaluation e = {.question = question, .space = space, .site = mu_question_site(question)};
    e.slot = MU_NEW(work->arena, mu_offer, (uint64_t)space->shape_count * SLOTS + 1);
    e.outcome = MU_NEW(work->arena, outcome, space->shape_count + 1);
    e.bench = MU_NEW(work->arena, bench, threads);
    if (e.slot == NULL || e.outcome == NULL || e.bench == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the search space");
    }
    mu_status status = MU_OK;
    for (uint32_t t = 0; t < threads && status == MU_OK; t++) {
        status = make_bench(&e, &e.bench[t]);
    }
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, space->shape_count, 0, evaluate_shape, &e, work->progress,
                             work->progress_context, err);
    } else {
        (void)mu_fail(err, status, "no memory for the search");
    }
    for (uint32_t t = 0; t < threads; t++) {
        mu_arena_free(e.bench[t].arena);
    }
    if (status == MU_OK) {
        space->offer = e.slot; /* gathered in place: a shape's run never moves right */
        gather(&e, space);
    }
    return status;
}
