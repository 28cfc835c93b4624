/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: how many of one system it takes to do the work of another.
 *
 * What:  the reference at its best under the SLO sets the requests/s; the fewest chips of the other
 * that reach them at the same SLO answer. Ratios are at equal work, draw by draw: chips scale with
 * the rate that both deployments have in that draw, so that what the two share cancels.
 */
#include "study/draws.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RATIO_CHIPS, RATIO_POWER, RATIO_COST, RATIO_RATE, RATIO_COUNT };

typedef struct pairing {
    const mu_question *reference;
    const mu_question *other;
    const mu_match *match;
    mu_draw_plan *plan;
    double *value; /* [RATIO_COUNT][samples] */
    uint64_t samples;
    mu_arena **arena;
} pairing;

/* Ratios of other over reference at equal work; cost 0 when a price is unknown. */
static void ratios(const mu_service *reference, const mu_service *other, double out[RATIO_COUNT])
{
    double rate = mu_service_balanced(other) / mu_service_balanced(reference);
    out[RATIO_RATE] = rate;
    out[RATIO_CHIPS] = other->chips / reference->chips / rate;
    out[RATIO_POWER] = other->power_w / reference->power_w / rate;
    out[RATIO_COST] =
        reference->price_usd > 0.0 ? other->price_usd / reference->price_usd / rate : 0.0;
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
    double out[RATIO_COUNT];
    mu_status status = answer_pair(p, draw, p->arena[worker], out, err);
    for (int i = 0; status == MU_OK && i < RATIO_COUNT; i++) {
        p->value[(uint64_t)i * p->samples + index] = out[i];
    }
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
 * Values are those of the counts found, whole instances and all; the draws give how far off they
 * may be, as factors on the retuned point.
 */
static void fill_ratios(const pairing *p, const double point[RATIO_COUNT], mu_match *out)
{
    const mu_service *reference = &out->reference.point;
    const mu_service *other = &out->matched.point;
    const double found[RATIO_COUNT] = {
        [RATIO_CHIPS] = other->chips / reference->chips,
        [RATIO_POWER] = other->power_w / reference->power_w,
        [RATIO_COST] = reference->price_usd > 0.0 ? other->price_usd / reference->price_usd : 0.0,
        [RATIO_RATE] = other->requests_per_s / reference->requests_per_s};
    mu_quantity *target[RATIO_COUNT] = {[RATIO_CHIPS] = &out->ratio,
                                        [RATIO_POWER] = &out->power_ratio,
                                        [RATIO_COST] = &out->cost_ratio,
                                        [RATIO_RATE] = &out->throughput_ratio};
    for (int i = 0; i < RATIO_COUNT; i++) {
        double *draws = p->value + (uint64_t)i * p->samples;
        double scale = point[i] > 0.0 ? found[i] / point[i] : 0.0;
        for (uint64_t d = 0; d < p->samples; d++) {
            draws[d] *= scale;
        }
        *target[i] = mu_quantity_of(found[i], draws, p->samples);
    }
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
    if (status == MU_OK && p.value == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    if (status == MU_OK && p.samples > 0) {
        status = run_draws(&p, work, err);
    }
    if (status == MU_OK) {
        fill_ratios(&p, point, out);
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
