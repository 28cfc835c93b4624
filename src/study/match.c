/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: how many of one system it takes to do the work of another.
 *
 * What:  the reference at its best under the SLO sets the requests/s; the fewest chips of the other
 * that reach them at the same SLO answer. Ratios are at equal work, draw by draw: chips scale with
 * the rate that both deployments have in that draw, so that what the two share cancels.
 */
#include "study/draws.h"
#include "study/explain.h"
#include "study/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is drawn of a pair: every reported metric, then chips and capital at equal work. */
enum { RATIO_CHIPS = MU_SERVICE_METRICS, RATIO_POWER, RATIO_COST, RATIO_COUNT };

typedef struct pairing {
    const mu_question *reference;
    const mu_question *other;
    const mu_alternatives *alternatives; /* [2]: of the reference, of the other */
    mu_draw_plan *plan;
    double *value; /* [samples][RATIO_COUNT] */
    uint64_t samples;
    mu_arena **arena;
    mu_service *plain[2]; /* [samples + 1] of each side, the point first */
    bool *part[2];        /* [inputs] whether it enters the side; NULL = not yet known */
} pairing;

/* Matched over reference; 0 where the reference has none (a price that nobody knows). */
static double over(double matched, double reference)
{
    return reference > 0.0 ? matched / reference : 0.0;
}

/* The same chips with their roles split evenly: what the service does then. */
static mu_service rebalanced(const mu_service *service)
{
    mu_service s = *service;
    double gain = mu_service_balanced(service) / service->requests_per_s;
    s.requests_per_s *= gain;
    s.output_tokens_per_s *= gain;
    s.total_tokens_per_s *= gain;
    s.energy_per_output_token_j /= gain;
    return s;
}

static void ratios(const mu_service *reference, const mu_service *other, double out[RATIO_COUNT])
{
    mu_service a = rebalanced(reference);
    mu_service b = rebalanced(other);
    double left[MU_SERVICE_METRICS];
    double right[MU_SERVICE_METRICS];
    mu_service_metrics(&a, left);
    mu_service_metrics(&b, right);
    for (int m = 0; m < MU_SERVICE_METRICS; m++) {
        out[m] = over(right[m], left[m]);
    }
    double rate = over(b.requests_per_s, a.requests_per_s);
    out[RATIO_CHIPS] = over(b.chips, a.chips) / rate;
    out[RATIO_POWER] = over(b.power_w, a.power_w) / rate;
    out[RATIO_COST] = over(b.price_usd, a.price_usd) / rate;
}

/* One deployment on machines drawn, its batch set anew to what memory and SLO allow. */
static mu_status retuned(const mu_question *question, const mu_deployment *found,
                         const mu_machine machines[2], mu_arena *arena, mu_service *out,
                         mu_error *err)
{
    mu_deployment deployment = *found;
    if (question->workload.tpot_slo_s > 0.0) {
        deployment.decode.batch = 0.0;
    }
    return mu_draws_answer_on(question, &deployment, machines, arena, out, err);
}

/* Better for an operator: keeps the SLO, then more requests/s a chip. */
static bool is_better(const mu_scenario *scenario, const mu_service *a, const mu_service *b)
{
    bool a_holds = a->fits && mu_scenario_holds(scenario, a->ttft_s, a->tpot_s);
    bool b_holds = b->fits && mu_scenario_holds(scenario, b->ttft_s, b->tpot_s);
    if (a_holds != b_holds) {
        return a_holds;
    }
    return mu_service_balanced(a) / a->chips > mu_service_balanced(b) / b->chips;
}

/*
 * One side in one draw, as its operator would run it there: the best of the alternatives, retuned,
 * the roles split anew (mu_service_balanced()). Memory stays at its best: who is short of it cuts
 * the model otherwise, which costs little, where a fixed cut would lose all.
 */
static mu_status operate(const mu_question *question, const mu_alternatives *alternatives,
                         mu_draw draw, mu_arena *arena, mu_service *out, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(arena);
    mu_machine *machines = MU_NEW(arena, mu_machine, 2);
    if (machines == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    }
    mu_status status = mu_question_machines(question, draw, &machines[0], &machines[1], err);
    const mu_machine *best[2] = {&question->prefill_machine, &question->machine};
    for (int i = 0; status == MU_OK && i < 2; i++) {
        machines[i].chip.memory_capacity = best[i]->chip.memory_capacity;
        machines[i].engine.memory_utilisation = best[i]->engine.memory_utilisation;
        machines[i].engine.output_reserved = best[i]->engine.output_reserved;
    }
    for (uint32_t i = 0; status == MU_OK && i < alternatives->count; i++) {
        mu_service service = {0};
        status = retuned(question, &alternatives->deployment[i], machines, arena, &service, err);
        if (status == MU_OK && (i == 0 || is_better(question->scenario, &service, out))) {
            *out = service;
        }
    }
    mu_arena_back(arena, mark);
    return status;
}

/* A side as in the plain draw, where what is held is no part of it. */
static mu_status operate_side(const pairing *p, int side, mu_draw draw, mu_arena *arena,
                              mu_service *out, mu_error *err)
{
    uint32_t held = draw.plan != NULL ? mu_draw_plan_held(draw.plan) : UINT32_MAX;
    if (held != UINT32_MAX && p->part[side] != NULL && !p->part[side][held]) {
        *out = p->plain[side][draw.index];
        return MU_OK;
    }
    return operate(side == 0 ? p->reference : p->other, &p->alternatives[side], draw, arena, out,
                   err);
}

static mu_status answer_pair(const pairing *p, mu_draw draw, mu_arena *arena, mu_service service[2],
                             double out[RATIO_COUNT], mu_error *err)
{
    mu_status status = operate_side(p, 0, draw, arena, &service[0], err);
    if (status == MU_OK) {
        status = operate_side(p, 1, draw, arena, &service[1], err);
    }
    if (status == MU_OK) {
        ratios(&service[0], &service[1], out);
    }
    return status;
}

static mu_status draw_pair(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const pairing *p = context;
    mu_draw draw = {.plan = p->plan, .index = (uint32_t)index + 1};
    mu_service service[2] = {{0}, {0}};
    mu_status status =
        answer_pair(p, draw, p->arena[worker], service, p->value + index * RATIO_COUNT, err);
    p->plain[0][index + 1] = service[0];
    p->plain[1][index + 1] = service[1];
    return status;
}

static mu_status run_draws(pairing *p, mu_work *work, mu_error *err)
{
    mu_status status = mu_draws_open(p->reference, work->arena, &p->plan, err);
    if (status == MU_OK) {
        status = mu_draws_join(p->other, p->plan, err);
    }
    if (status == MU_OK) {
        mu_draw_plan_freeze(p->plan);
        status = mu_work_arenas(work, &p->arena, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = mu_pool_run(work->pool, p->samples, 0, draw_pair, p, work->progress,
                         work->progress_context, err);
    mu_work_arenas_free(work, p->arena);
    return status;
}

/*
 * A ratio of what was found, with the draws as factors on the retuned point: how far off it may be.
 * `column` is scratch of [samples].
 */
static mu_quantity quantity(const pairing *p, int which, double found, double point, double *column)
{
    double scale = point > 0.0 ? found / point : 0.0;
    for (uint64_t d = 0; d < p->samples; d++) {
        column[d] = p->value[d * RATIO_COUNT + (uint64_t)which] * scale;
    }
    return mu_quantity_of(found, column, p->samples);
}

static void fill_ratios(const pairing *p, const double point[RATIO_COUNT], double *column,
                        mu_match *out)
{
    const mu_service *reference = &out->reference.point;
    const mu_service *other = &out->matched.point;
    double left[MU_SERVICE_METRICS];
    double right[MU_SERVICE_METRICS];
    mu_service_metrics(reference, left);
    mu_service_metrics(other, right);
    for (int m = 0; m < MU_SERVICE_METRICS; m++) {
        *mu_prediction_metric(&out->metric_ratios, (uint32_t)m) =
            quantity(p, m, over(right[m], left[m]), point[m], column);
    }
    out->throughput_ratio = out->metric_ratios.output_tokens_per_s;
    out->ratio =
        quantity(p, RATIO_CHIPS, over(other->chips, reference->chips), point[RATIO_CHIPS], column);
    out->power_ratio = quantity(p, RATIO_POWER, over(other->power_w, reference->power_w),
                                point[RATIO_POWER], column);
    out->cost_ratio = quantity(p, RATIO_COST, over(other->price_usd, reference->price_usd),
                               point[RATIO_COST], column);
    out->chips = (mu_quantity){.value = other->chips,
                               .low = fmax(floor(out->ratio.low * reference->chips), 1.0),
                               .high = ceil(out->ratio.high * reference->chips)};
}

/* What of a match is explained: a ratio as it was drawn, scaled to what was found. */
typedef struct explained {
    const pairing *pairing;
    uint32_t ratio;
    double scale;
} explained;

static mu_status ask_ratio(const void *context, mu_draw draw, mu_arena *arena, double *out,
                           mu_error *err)
{
    const explained *e = context;
    double value[RATIO_COUNT];
    mu_service service[2] = {{0}, {0}};
    mu_status status = answer_pair(e->pairing, draw, arena, service, value, err);
    if (status == MU_OK) {
        *out = value[e->ratio] * e->scale;
    }
    return status;
}

/* Names a wish may have: chips, ratios of power and cost, and those of what is reported. */
static mu_status choose_ratio(const mu_explain_wish *wish, const char **name, uint32_t *ratio,
                              mu_error *err)
{
    const char *names[RATIO_COUNT];
    uint32_t count = 0;
    const char *const *metrics = mu_explain_metrics(&count);
    memcpy(names, metrics, count * sizeof names[0]);
    names[RATIO_CHIPS] = "chips";
    names[RATIO_POWER] = "power_ratio";
    names[RATIO_COST] = "cost_ratio";
    mu_status status = mu_explain_metric(names, RATIO_COUNT, wish->metric, RATIO_CHIPS, ratio, err);
    *name = names[*ratio];
    return status;
}

/* Which inputs enter which side: those that its machines draw. */
static mu_status find_parts(pairing *p, mu_work *work, mu_error *err)
{
    const mu_question *const asked[2] = {p->reference, p->other};
    uint32_t count = mu_draw_plan_count(p->plan);
    for (int side = 0; side < 2; side++) {
        mu_draw_plan *own = NULL;
        bool *part = MU_NEW(work->arena, bool, count + 1);
        if (part == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
        }
        mu_status status = mu_draws_open(asked[side], work->arena, &own, err);
        if (status != MU_OK) {
            return status;
        }
        for (uint32_t d = 0; d < count; d++) {
            part[d] = mu_draw_plan_knows(own, mu_draw_plan_name(p->plan, d));
        }
        p->part[side] = part;
    }
    return MU_OK;
}

/* `point` as the draws have it: chips of the matched side, or matched over reference. */
static mu_status explain_draws(pairing *p, const double point[RATIO_COUNT], const mu_match *found,
                               const mu_explain_wish *wish, mu_work *work, mu_explanation *out,
                               mu_error *err)
{
    const char *name = NULL;
    explained e = {.pairing = p, .scale = 1.0};
    mu_status status = choose_ratio(wish, &name, &e.ratio, err);
    if (status == MU_OK && e.ratio == RATIO_CHIPS && point[RATIO_CHIPS] > 0.0) {
        e.scale = found->matched.point.chips / point[RATIO_CHIPS];
    }
    if (status == MU_OK) {
        status = find_parts(p, work, err);
    }
    if (status == MU_OK) {
        status =
            mu_explain_inputs(p->plan, (double)p->samples, wish, ask_ratio, &e, work, out, err);
    }
    if (status == MU_OK) {
        mu_explanation_name(name, p->other->catalog, p->other->engine, out);
        out->dimension = MU_DIM_NONE; /* a ratio, or chips */
    }
    return status;
}

/* Why a pair's answers are what they are, where that is asked. */
typedef struct why {
    const mu_explain_wish *wish; /* NULL = not asked */
    mu_explanation *out;
} why;

static mu_status compare_draws(const mu_question *reference, const mu_question *other,
                               const mu_alternatives alternatives[2], const why *asked,
                               mu_work *work, mu_match *out, mu_error *err)
{
    pairing p = {.reference = reference,
                 .other = other,
                 .alternatives = alternatives,
                 .samples = (uint64_t)reference->scenario->samples};
    mu_arena_mark mark = mu_arena_here(work->arena);
    double point[RATIO_COUNT];
    mu_draw no_draw = {0};
    mu_service service[2] = {{0}, {0}};
    mu_status status = answer_pair(&p, no_draw, work->arena, service, point, err);
    p.value = MU_NEW(work->arena, double, RATIO_COUNT *p.samples + 1);
    double *column = MU_NEW(work->arena, double, p.samples + 1);
    for (int side = 0; side < 2; side++) {
        p.plain[side] = MU_NEW(work->arena, mu_service, p.samples + 1);
    }
    if (status == MU_OK &&
        (p.value == NULL || column == NULL || p.plain[0] == NULL || p.plain[1] == NULL)) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    if (status == MU_OK && p.samples > 0) {
        p.plain[0][0] = service[0];
        p.plain[1][0] = service[1];
        status = run_draws(&p, work, err);
    }
    if (status == MU_OK) {
        fill_ratios(&p, point, column, out);
    }
    if (status == MU_OK && asked->wish != NULL) {
        status = explain_draws(&p, point, out, asked->wish, work, asked->out, err);
    }
    mu_arena_back(work->arena, mark);
    return status;
}

static const char *bound_text(mu_bound bound)
{
    static const char *const text[MU_BOUND_COUNT] = {
        [MU_BOUND_COMPUTE] = "compute",    [MU_BOUND_MEMORY] = "memory bandwidth",
        [MU_BOUND_NETWORK] = "network",    [MU_BOUND_LAUNCH] = "launch overhead",
        [MU_BOUND_HOST] = "host overhead", [MU_BOUND_CAPACITY] = "memory capacity",
    };
    return text[bound];
}

static void say_count(const mu_match *m, bool sure, char *out, size_t size)
{
    if (sure) {
        (void)snprintf(out, size, "%.6g chips", m->chips.value);
    } else {
        (void)snprintf(out, size, "%.6g chips (90 %% interval %.6g to %.6g)", m->chips.value,
                       m->chips.low, m->chips.high);
    }
}

/* Two digits, never an exponent. */
static const char *two_digits(double x, char out[24])
{
    (void)snprintf(out, 24, x >= 99.5 ? "%.0f" : "%.2g", x);
    return out;
}

static void say_ratio(const mu_quantity *q, bool sure, const char *what, char *out, size_t size)
{
    char text[3][24];
    if (q->value <= 0.0) {
        out[0] = '\0';
    } else if (sure) {
        (void)snprintf(out, size, ", %s times the %s", two_digits(q->value, text[0]), what);
    } else {
        (void)snprintf(out, size, ", %s (%s to %s) times the %s", two_digits(q->value, text[0]),
                       two_digits(q->low, text[1]), two_digits(q->high, text[2]), what);
    }
}

static void write_sentence(const mu_question *reference, const mu_question *other, mu_match *m)
{
    bool sure = reference->scenario->samples < 1.0;
    char count[96];
    char power[96];
    char cost[96];
    char slo[64] = "";
    say_count(m, sure, count, sizeof count);
    say_ratio(&m->power_ratio, sure, "power", power, sizeof power);
    say_ratio(&m->cost_ratio, sure, "capital", cost, sizeof cost);
    if (reference->scenario->tpot_s > 0.0) {
        (void)snprintf(slo, sizeof slo, " within %.4g ms a token",
                       reference->scenario->tpot_s * 1e3);
    }
    (void)snprintf(m->bottleneck, sizeof m->bottleneck, "%s", bound_text(m->matched.point.bound));
    (void)snprintf(m->sentence, sizeof m->sentence,
                   "%s of %s do the work of %.6g chips of %s on %s (%.6g tokens in, %.6g out%s): "
                   "%.3g chips for one%s%s; what binds them is %s.",
                   count, other->system->name, m->reference.point.chips, reference->system->name,
                   reference->model.id, reference->workload.input, reference->workload.output, slo,
                   m->chips.value / m->reference.point.chips, power, cost, m->bottleneck);
}

/* The other side can't: why not, in one line. */
static mu_status refuse(const mu_question *other, const mu_space *space, double wanted,
                        mu_error *err)
{
    uint64_t joined = 0;
    mu_join most = mu_join_most(other, space, other->machine.chips_max, &joined);
    if (most.decode < 0) {
        return mu_fail(err, MU_NO, "no count of %s up to %.0f chips keeps the SLO on %s",
                       other->system->id, other->machine.chips_max, other->model.id);
    }
    return mu_fail(
        err, MU_NO,
        "%s does not reach it: %.0f chips, all it grows to, do %.4g of the %.4g requests/s",
        other->system->id, other->machine.chips_max, most.requests_per_s, wanted);
}

static mu_status find_fewest(const mu_question *other, double wanted, mu_work *work,
                             mu_prediction *out, mu_alternatives *alternatives, mu_error *err)
{
    mu_space space;
    double most = other->machine.chips_max;
    mu_status status =
        mu_space_enumerate(other, most * other->machine.ranks_per_chip, work->arena, &space, err);
    if (status == MU_OK) {
        status = mu_space_evaluate(other, work, &space, err);
    }
    if (status != MU_OK) {
        return status;
    }
    uint64_t joined = 0;
    mu_join join = mu_join_fewest(other, &space, wanted, most, &joined);
    if (join.decode < 0) {
        return refuse(other, &space, wanted, err);
    }
    status = mu_alternatives_find(other, &space, &join, work->arena, alternatives, err);
    if (status != MU_OK) {
        return status;
    }
    return mu_prediction_make(other, &alternatives->deployment[0], work, out, err);
}

/* The reference at its best under the SLO, or as it was spelt out. */
static mu_status find_reference(const mu_question *reference, mu_work *work, mu_prediction *out,
                                mu_alternatives *alternatives, mu_error *err)
{
    if (mu_scenario_is_explicit(reference->scenario)) {
        mu_status status = mu_predict(reference, work, out, err);
        alternatives->count = 1;
        alternatives->deployment[0] = out->deployment;
        return status;
    }
    mu_plan plan;
    mu_status status = mu_plan_best(reference, work, &plan, alternatives, err);
    if (status == MU_OK) {
        *out = plan.best;
    }
    return status;
}

static mu_status find_match(const mu_question *left, const mu_question *right, const why *asked,
                            mu_work *work, mu_match *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_alternatives *alternatives = MU_NEW(work->arena, mu_alternatives, 2);
    if (alternatives == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a match");
    }
    const mu_question *reference = left;
    const mu_question *other = right;
    mu_status status = mu_formats_best(left, work, &reference, err);
    if (status == MU_OK) {
        status = mu_formats_best(right, work, &other, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = find_reference(reference, work, &out->reference, &alternatives[0], err);
    if (status == MU_OK) {
        status = find_fewest(other, out->reference.point.requests_per_s, work, &out->matched,
                             &alternatives[1], err);
    }
    out->reached = status == MU_OK;
    if (status == MU_OK) {
        status = compare_draws(reference, other, alternatives, asked, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        write_sentence(reference, other, out);
    }
    return status;
}

mu_status mu_match_search(const mu_question *left, const mu_question *right, mu_work *work,
                          mu_match *out, mu_error *err)
{
    const why nothing = {.wish = NULL};
    return find_match(left, right, &nothing, work, out, err);
}

mu_status mu_match_explain(const mu_question *left, const mu_question *right,
                           const mu_explain_wish *wish, mu_work *work, mu_match *out,
                           mu_explanation *explanation, mu_error *err)
{
    const why asked = {wish, explanation};
    const char *name = NULL;
    uint32_t ratio = 0;
    mu_status status = choose_ratio(wish, &name, &ratio, err);
    if (status == MU_OK) {
        status = mu_explain_check(left->scenario, err);
    }
    return status == MU_OK ? find_match(left, right, &asked, work, out, err) : status;
}
