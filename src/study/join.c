/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining offers into deployments: which roles, how many instances of each.
 *
 * What:  for a pair of a prefill offer (chips a, rate p) and a decode offer (chips b, rate d) the
 *        best split of N chips has decode at N / (b + a d / p) instances, rounded either way; for
 *        a wanted rate it is ceil(rate / d) and ceil(rate / p). One prefill offer a size suffices:
 *        the fastest that keeps the SLO.
 * Bound: exact over integers for the pair's best split within one instance of the real optimum.
 */
#include "study/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREFILL_SIZES_MAX = 512, FRONT_MAX = 24 };

/* The fastest prefill offer of each instance size. */
typedef struct feeders {
    uint32_t count;
    int64_t offer[PREFILL_SIZES_MAX];
} feeders;

static mu_shape_use use_of(const mu_space *space, const mu_offer *offer)
{
    return space->shape[offer->shape].use;
}

static feeders find_feeders(const mu_space *space, double most_chips)
{
    feeders f = {0};
    for (uint64_t i = 0; i < space->offer_count; i++) {
        const mu_offer *o = &space->offer[i];
        if (use_of(space, o) != MU_SHAPE_PREFILL || o->chips > most_chips) {
            continue;
        }
        uint32_t at = 0;
        while (at < f.count && space->offer[f.offer[at]].chips != o->chips) {
            at++;
        }
        if (at == f.count) {
            if (f.count == PREFILL_SIZES_MAX) {
                continue;
            }
            f.offer[f.count++] = (int64_t)i;
        } else if (o->requests_per_s > space->offer[f.offer[at]].requests_per_s) {
            f.offer[at] = (int64_t)i;
        }
    }
    return f;
}

static bool keeps_slo(const mu_question *q, const mu_offer *prefill, const mu_offer *decode)
{
    double slo_s = q->scenario->e2e_s;
    return slo_s <= 0.0 ||
           prefill->ttft_s + (q->scenario->output - 1.0) * decode->latency_s <= slo_s;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* More requests/s wins; then fewer chips; then the earlier offer (so that threads don't matter). */
static bool is_better(const mu_join *a, const mu_join *b)
{
    if (b->decode < 0) {
        return true;
    }
    if (a->requests_per_s > b->requests_per_s * (1.0 + 1e-12)) {
        return true;
    }
    bool even = a->requests_per_s >= b->requests_per_s * (1.0 - 1e-12);
    return even && a->chips < b->chips;
}

/* `decode_instances` decode instances and as many prefill ones as the chips leave. */
static void try_split(const mu_offer *p, const mu_offer *d, double chips, double decode_instances,
                      mu_join *join)
{
    double prefill_instances = floor((chips - decode_instances * d->chips) / p->chips);
    if (decode_instances < 1.0 || prefill_instances < 1.0) {
        return;
    }
    /* Prefill beyond what decode takes stands idle: leave it out. */
    double enough = ceil(decode_instances * d->requests_per_s / p->requests_per_s - 1e-9);
    prefill_instances = smaller(prefill_instances, enough > 1.0 ? enough : 1.0);
    mu_join try = *join;
    try.prefill_instances = (uint32_t)prefill_instances;
    try.decode_instances = (uint32_t)decode_instances;
    try.chips = prefill_instances * p->chips + decode_instances * d->chips;
    try.requests_per_s =
        smaller(prefill_instances * p->requests_per_s, decode_instances * d->requests_per_s);
    try.tpot_s = d->latency_s;
    if (join->requests_per_s <= 0.0 || is_better(&try, join)) {
        *join = try;
    }
}

static mu_join split_chips(const mu_space *space, int64_t prefill, int64_t decode, double chips)
{
    const mu_offer *p = &space->offer[prefill];
    const mu_offer *d = &space->offer[decode];
    mu_join join = {.prefill = prefill, .decode = decode};
    double at = floor(chips / (d->chips + p->chips * d->requests_per_s / p->requests_per_s));
    try_split(p, d, chips, at, &join);
    try_split(p, d, chips, at + 1.0, &join);
    return join;
}

static mu_join serve_on(const mu_space *space, int64_t index, double chips)
{
    const mu_offer *o = &space->offer[index];
    double instances = floor(chips / o->chips);
    return (mu_join){.prefill = -1,
                     .decode = index,
                     .decode_instances = (uint32_t)instances,
                     .chips = instances * o->chips,
                     .requests_per_s = instances * o->requests_per_s,
                     .tpot_s = o->latency_s};
}

/* Best deployment around one decode or serve offer; requests_per_s 0 when there is none. */
static mu_join best_around(const mu_question *q, const mu_space *space, const feeders *f,
                           int64_t index, double chips, uint64_t *joined)
{
    const mu_offer *o = &space->offer[index];
    mu_join best = {.decode = -1};
    if (o->chips > chips || use_of(space, o) == MU_SHAPE_PREFILL) {
        return best;
    }
    if (use_of(space, o) == MU_SHAPE_SERVE) {
        *joined += 1;
        return serve_on(space, index, chips);
    }
    for (uint32_t i = 0; i < f->count; i++) {
        *joined += 1;
        if (keeps_slo(q, &space->offer[f->offer[i]], o)) {
            mu_join join = split_chips(space, f->offer[i], index, chips);
            if (join.requests_per_s > 0.0 && is_better(&join, &best)) {
                best = join;
            }
        }
    }
    return best;
}

mu_join mu_join_most(const mu_question *question, const mu_space *space, double chips,
                     uint64_t *joined)
{
    feeders f = find_feeders(space, chips);
    mu_join best = {.prefill = -1, .decode = -1};
    *joined = 0;
    for (uint64_t i = 0; i < space->offer_count; i++) {
        mu_join join = best_around(question, space, &f, (int64_t)i, chips, joined);
        if (join.decode >= 0 && is_better(&join, &best)) {
            best = join;
        }
    }
    return best;
}

/* Fewest chips of a pair that reach the rate. */
static mu_join reach_with(const mu_space *space, int64_t prefill, int64_t decode, double rate)
{
    const mu_offer *d = &space->offer[decode];
    double decodes = fmax(ceil(rate / d->requests_per_s - 1e-9), 1.0);
    mu_join join = {.prefill = prefill,
                    .decode = decode,
                    .decode_instances = (uint32_t)smaller(decodes, 4e9),
                    .chips = decodes * d->chips,
                    .requests_per_s = decodes * d->requests_per_s,
                    .tpot_s = d->latency_s};
    if (prefill >= 0) {
        const mu_offer *p = &space->offer[prefill];
        double prefills = fmax(ceil(rate / p->requests_per_s - 1e-9), 1.0);
        join.prefill_instances = (uint32_t)smaller(prefills, 4e9);
        join.chips += prefills * p->chips;
        join.requests_per_s = smaller(join.requests_per_s, prefills * p->requests_per_s);
    }
    return join;
}

static bool is_smaller(const mu_join *a, const mu_join *b)
{
    if (b->decode < 0 || a->chips < b->chips) {
        return true;
    }
    return a->chips == b->chips && a->requests_per_s > b->requests_per_s * (1.0 + 1e-12);
}

mu_join mu_join_fewest(const mu_question *question, const mu_space *space, double requests_per_s,
                       double most_chips, uint64_t *joined)
{
    feeders f = find_feeders(space, most_chips);
    mu_join best = {.prefill = -1, .decode = -1};
    *joined = 0;
    for (uint64_t i = 0; i < space->offer_count; i++) {
        const mu_offer *o = &space->offer[i];
        mu_shape_use use = use_of(space, o);
        if (use == MU_SHAPE_PREFILL) {
            continue;
        }
        uint32_t choices = use == MU_SHAPE_SERVE ? 1 : f.count;
        for (uint32_t c = 0; c < choices; c++) {
            *joined += 1;
            int64_t prefill = use == MU_SHAPE_SERVE ? -1 : f.offer[c];
            if (prefill >= 0 && !keeps_slo(question, &space->offer[prefill], o)) {
                continue;
            }
            mu_join join = reach_with(space, prefill, (int64_t)i, requests_per_s);
            if (join.chips <= most_chips && is_smaller(&join, &best)) {
                best = join;
            }
        }
    }
    return best;
}

mu_join mu_join_around(const mu_question *question, const mu_space *space, int64_t offer,
                       double chips, uint64_t *joined)
{
    feeders f = find_feeders(space, chips);
    return best_around(question, space, &f, offer, chips, joined);
}

static double per_chip(const mu_join *j)
{
    return j->requests_per_s / j->chips;
}

/* Lowest TPOT first; of equal ones the best per chip, then the earlier offer. */
static int by_tpot(const void *left, const void *right)
{
    const mu_join *a = left;
    const mu_join *b = right;
    if (a->tpot_s != b->tpot_s) {
        return a->tpot_s < b->tpot_s ? -1 : 1;
    }
    if (per_chip(a) != per_chip(b)) {
        return per_chip(a) > per_chip(b) ? -1 : 1;
    }
    return a->decode < b->decode ? -1 : (a->decode > b->decode ? 1 : 0);
}

/* Keeps what beats everything faster than it; then thins to FRONT_MAX, both ends kept. */
static uint32_t keep_front(mu_join *joins, uint64_t count)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (kept == 0 || per_chip(&joins[i]) > per_chip(&joins[kept - 1]) * 1.001) {
            joins[kept++] = joins[i];
        }
    }
    if (kept <= FRONT_MAX) {
        return (uint32_t)kept;
    }
    for (uint64_t i = 0; i < FRONT_MAX; i++) {
        joins[i] = joins[i * (kept - 1) / (FRONT_MAX - 1)];
    }
    return FRONT_MAX;
}

mu_status mu_join_front(const mu_question *question, const mu_space *space, double chips,
                        mu_arena *arena, mu_join **out, uint32_t *count, mu_error *err)
{
    feeders f = find_feeders(space, chips);
    mu_join *joins = MU_NEW(arena, mu_join, space->offer_count + 1);
    if (joins == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the Pareto front");
    }
    uint64_t found = 0;
    uint64_t joined = 0;
    for (uint64_t i = 0; i < space->offer_count; i++) {
        mu_join join = best_around(question, space, &f, (int64_t)i, chips, &joined);
        if (join.decode >= 0) {
            joins[found++] = join;
        }
    }
    qsort(joins, found, sizeof *joins, by_tpot);
    *count = keep_front(joins, found);
    *out = joins;
    return MU_OK;
}

static mu_role role_of(const mu_question *question, const mu_space *space, int64_t offer,
                       uint32_t instances)
{
    const mu_offer *o = &space->offer[offer];
    mu_shape_use use = use_of(space, o);
    const mu_scenario *s = question->scenario;
    const mu_role_wish *wish = use == MU_SHAPE_PREFILL  ? &s->prefill
                               : use == MU_SHAPE_DECODE ? &s->decode
                                                        : &s->serve;
    mu_role role = {.instances = instances,
                    .parallel = space->shape[o->shape].parallel,
                    .batch = o->batch,
                    .batch_tokens = o->batch_tokens};
    mu_role_defaults(question, wish, &role);
    role.batch_tokens = o->batch_tokens;
    return role;
}

mu_deployment mu_join_deployment(const mu_question *question, const mu_space *space,
                                 const mu_join *join)
{
    assert(join->decode >= 0);
    mu_deployment d = {.disaggregated = join->prefill >= 0};
    d.decode = role_of(question, space, join->decode, join->decode_instances);
    if (d.disaggregated) {
        d.prefill = role_of(question, space, join->prefill, join->prefill_instances);
    }
    return d;
}
