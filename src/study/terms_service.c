/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of predictions and of matches: rates, latencies, steps, power, memory.
 */
#include "study/draws.h"
#include "study/search.h"
#include "study/terms_tree.h"

#include <math.h>
#include <string.h>

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

mu_status mu_grove_service(mu_grove *g, const mu_question *question,
                           const mu_deployment *deployment, const mu_machine machines[2],
                           mu_service *service, mu_error *err)
{
    answered *a = MU_NEW(g->arena, answered, 1);
    mu_program *program = MU_NEW(g->arena, mu_program, 1);
    if (a == NULL || program == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    *a = (answered){.question = question,
                    .deployment = mu_draws_deployment(question, deployment, machines),
                    .machines = machines};
    mu_status status =
        mu_draws_answer_on(question, deployment, machines, g->arena, &a->service, err);
    if (status != MU_OK) {
        return status;
    }
    mu_site site = mu_question_site(question);
    site.prefill_machine = &machines[0];
    site.decode_machine = &machines[1];
    add_rates(g, a);
    add_latencies(g, a);
    add_steps(g, a, &site, program);
    add_power(g, a);
    if (deployment->disaggregated) {
        add_memory(g, "prefill_memory", &a->service.prefill.memory);
    }
    add_memory(g, "decode_memory", &a->service.decode.memory);
    *service = a->service;
    return MU_OK;
}

/* A deployment of a question, in its formats. */
typedef struct served {
    mu_question question;
    mu_deployment deployment;
} served;

static void serve(const mu_question *question, const mu_prediction *prediction, served *out)
{
    out->question = *question;
    out->question.precision = prediction->precision;
    out->deployment = prediction->deployment;
}

/* The terms of one side on machines of the draw, below what is open. */
static mu_status grow_side(mu_grove *g, const served *side, mu_draw draw, mu_service *service,
                           mu_error *err)
{
    mu_machine *machines = MU_NEW(g->arena, mu_machine, 2);
    mu_status status = machines != NULL ? mu_question_machines(&side->question, draw, &machines[0],
                                                               &machines[1], err)
                                        : mu_fail(err, MU_E_MEMORY, "no memory for terms");
    return status == MU_OK
               ? mu_grove_service(g, &side->question, &side->deployment, machines, service, err)
               : status;
}

static mu_status grow_prediction(const void *context, mu_draw draw, mu_arena *arena, mu_terms *out,
                                 mu_error *err)
{
    const served *s = context;
    mu_service service = {0};
    mu_grove g = mu_grove_begin(arena, MU_GROVE_SERVICE);
    mu_status status = grow_side(&g, s, draw, &service, err);
    return status == MU_OK ? mu_grove_done(&g, out, err) : status;
}

static mu_draw_plan *plan_of_points(mu_arena *arena)
{
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    if (plan != NULL) {
        mu_draw_plan_take_points(plan);
    }
    return plan;
}

mu_status mu_terms_make(const mu_question *question, const mu_prediction *prediction,
                        const char *wanted, mu_work *work, mu_terms *out, mu_error *err)
{
    served *s = MU_NEW(work->arena, served, 1);
    mu_draw_plan *plan = plan_of_points(work->arena);
    if (s == NULL || plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    serve(question, prediction, s);
    *out = (mu_terms){.catalog = question->catalog, .engine = question->engine};
    return mu_terms_find(grow_prediction, s, plan, wanted, work, out, err);
}

/* Matched over reference, at equal work. */
static void add_ratio(mu_grove *g, const char *name, double matched, double reference, double rate,
                      mu_dimension dimension)
{
    if (!(matched > 0.0 && reference > 0.0)) {
        return; /* a price that nobody knows */
    }
    mu_grove_open(g, name, MU_DIM_NONE, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false, "matched / reference / requests_ratio");
    mu_grove_leaf(g, "matched", dimension, matched);
    mu_grove_leaf(g, "reference", dimension, reference);
    mu_grove_leaf(g, "requests_ratio", MU_DIM_NONE, rate);
    mu_grove_words(g, true, "requests/s of the matched over the reference's, as deployed");
    mu_grove_close(g, matched / reference / rate);
}

static mu_status grow_match(const void *context, mu_draw draw, mu_arena *arena, mu_terms *out,
                            mu_error *err)
{
    static const char *const names[2] = {"reference", "matched"};
    const served *side = context;
    mu_service service[2] = {{0}, {0}};
    mu_grove sides = mu_grove_begin(arena, 2 * MU_GROVE_SERVICE + 64);
    mu_grove all = mu_grove_begin(arena, 64);
    mu_status status = MU_OK;
    for (int i = 0; i < 2 && status == MU_OK; i++) {
        mu_grove_open(&sides, names[i], MU_DIM_NONE, MU_RULE_FORMULA, 1.0);
        mu_grove_words(&sides, false, "requests/s of %.64s; its terms follow",
                       side[i].question.system->id);
        status = grow_side(&sides, &side[i], draw, &service[i], err);
        mu_grove_close(&sides, service[i].requests_per_s);
    }
    if (status != MU_OK) {
        return status;
    }
    const mu_service *a = &service[0];
    const mu_service *b = &service[1];
    double rate = b->requests_per_s / a->requests_per_s;
    add_ratio(&all, "chips_ratio", b->chips, a->chips, rate, MU_DIM_NONE);
    add_ratio(&all, "power_ratio", b->power_w, a->power_w, rate, MU_DIM_POWER);
    add_ratio(&all, "cost_ratio", b->price_usd, a->price_usd, rate, MU_DIM_MONEY);
    mu_grove_join(&all, &sides);
    return mu_grove_done(&all, out, err);
}

mu_status mu_terms_match(const mu_question *reference, const mu_question *other,
                         const mu_match *match, const char *wanted, mu_work *work, mu_terms *out,
                         mu_error *err)
{
    served *side = MU_NEW(work->arena, served, 2);
    mu_draw_plan *plan = plan_of_points(work->arena);
    if (side == NULL || plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    serve(reference, &match->reference, &side[0]);
    serve(other, &match->matched, &side[1]);
    *out = (mu_terms){.catalog = other->catalog, .engine = other->engine};
    return mu_terms_find(grow_match, side, plan, wanted, work, out, err);
}
