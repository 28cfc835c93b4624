/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: how many of one system it takes to do the work of another.
 *
 * What:  the reference at its best under the SLO sets the requests/s; the fewest chips of the other
 * that reach them at the same SLO answer. Ratios are at equal work, draw by draw: chips scale with
 * the rate that both deployments have in that draw, so that what the two share cancels.
 */
#include "study/draws.h"
#include "study/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is drawn of a pair: every reported metric, then chips and capital at equal work. */
enum { RATIO_CHIPS = MU_SERVICE_METRICS, RATIO_POWER, RATIO_COST, RATIO_COUNT };

typedef struct pairing {
    const mu_question *reference;
    const mu_question *other;
    const mu_match *match;
    mu_draw_plan *plan;
    double *value; /* [samples][RATIO_COUNT] */
    uint64_t samples;
    mu_arena **arena;
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

/*
 * One side in one draw, as its operator would run it there: the batch set anew to what memory and
 * SLO allow, the roles split anew (mu_service_balanced()).
 */
static mu_status retuned(const mu_question *question, const mu_deployment *found, mu_draw draw,
                         mu_arena *arena, mu_service *out, mu_error *err)
{
    mu_deployment deployment = *found;
    if (question->workload.tpot_slo_s > 0.0) {
        deployment.decode.batch = 0.0;
    }
    return mu_draws_answer(question, &deployment, draw, arena, out, err);
}

static mu_status answer_pair(const pairing *p, mu_draw draw, mu_arena *arena,
                             double out[RATIO_COUNT], mu_error *err)
{
    mu_service reference;
    mu_service other;
    mu_status status =
        retuned(p->reference, &p->match->reference.deployment, draw, arena, &reference, err);
    if (status == MU_OK) {
        status = retuned(p->other, &p->match->matched.deployment, draw, arena, &other, err);
    }
    if (status == MU_OK) {
        ratios(&reference, &other, out);
    }
    return status;
}

static mu_status draw_pair(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const pairing *p = context;
    mu_draw draw = {.plan = p->plan, .index = (uint32_t)index + 1};
    return answer_pair(p, draw, p->arena[worker], p->value + index * RATIO_COUNT, err);
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
                               .low = floor(out->ratio.low * reference->chips),
                               .high = ceil(out->ratio.high * reference->chips)};
}

static mu_status compare_draws(const mu_question *reference, const mu_question *other,
                               mu_work *work, mu_match *out, mu_error *err)
{
    pairing p = {.reference = reference,
                 .other = other,
                 .match = out,
                 .samples = (uint64_t)reference->scenario->samples};
    mu_arena_mark mark = mu_arena_here(work->arena);
    double point[RATIO_COUNT];
    mu_draw no_draw = {0};
    mu_status status = answer_pair(&p, no_draw, work->arena, point, err);
    p.value = MU_NEW(work->arena, double, RATIO_COUNT *p.samples + 1);
    double *column = MU_NEW(work->arena, double, p.samples + 1);
    if (status == MU_OK && (p.value == NULL || column == NULL)) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    if (status == MU_OK && p.samples > 0) {
        status = run_draws(&p, work, err);
    }
    if (status == MU_OK) {
        fill_ratios(&p, point, column, out);
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

static void say_ratio(const mu_quantity *q, bool sure, const char *what, char *out, size_t size)
{
    if (q->value <= 0.0) {
        out[0] = '\0';
    } else if (sure) {
        (void)snprintf(out, size, ", %.2g times the %s", q->value, what);
    } else {
        (void)snprintf(out, size, ", %.2g (%.2g to %.2g) times the %s", q->value, q->low, q->high,
                       what);
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
                             mu_prediction *out, mu_error *err)
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
    mu_deployment deployment = mu_join_deployment(other, &space, &join);
    return mu_prediction_make(other, &deployment, work, out, err);
}

mu_status mu_match_search(const mu_question *reference, const mu_question *other, mu_work *work,
                          mu_match *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_status status = mu_predict(reference, work, &out->reference, err);
    if (status == MU_OK) {
        status = find_fewest(other, out->reference.point.requests_per_s, work, &out->matched, err);
    }
    out->reached = status == MU_OK;
    if (status == MU_OK) {
        status = compare_draws(reference, other, work, out, err);
    }
    mu_arena_back(work->arena, mark);
    if (status == MU_OK) {
        write_sentence(reference, other, out);
    }
    return status;
}
