/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens draw their experts one by one.
 *
 * What:  each token takes topk different experts, one after another with the chance of their
 *        popularity among those not yet taken.
 * Why:   few tokens a rank (decode) load ranks unevenly even when experts are alike; means would
 *        hide it.
 */
#include "fabric/moves_expert.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

/* Draws that may hit an expert already taken before the rest is gone through one by one. */
enum { TRIES = 8, SAMPLES_A_RANK = 16 };

static const double AMOUNT_MAX = 1e9;
static const double SKEW_MAX = 10.0;

typedef struct draw {
    const mu_expert_traffic *traffic;
    double *upto;        /* [experts] share of popularity up to and with each, in order of place */
    uint32_t *taken;     /* [experts] token that took it last */
    double *own;         /* [experts] share of each */
    uint32_t *rank_seen; /* [ranks] token that went there last */
    uint32_t *relayed;   /* [ranks] token that it handed on last */
    double *load;        /* [ranks] copies for its experts */
    double *copies;      /* [ranks * ranks] */
    uint64_t next;       /* draws of this rank so far */
    uint32_t rank;
} draw;

static mu_status check(const mu_expert_traffic *t, mu_error *err)
{
    uint32_t topk_max = t->experts < MU_EXPERT_TOPK_MAX ? t->experts : MU_EXPERT_TOPK_MAX;
    if (t->ranks == 0) {
        return mu_fail(err, MU_E_INPUT, "experts: expected 1 rank or more, found none");
    }
    if (t->experts == 0 || t->experts > MU_EXPERTS_MAX) {
        return mu_fail(err, MU_E_INPUT, "experts: expected 1 to %d, found %u", MU_EXPERTS_MAX,
                       t->experts);
    }
    if (t->topk == 0 || t->topk > topk_max) {
        return mu_fail(err, MU_E_INPUT, "experts a token goes to: expected 1 to %u, found %u",
                       topk_max, t->topk);
    }
    if (!(t->tokens >= 0.0 && t->tokens <= AMOUNT_MAX)) {
        return mu_fail(err, MU_E_INPUT, "tokens: expected 0 to %g, found %g", AMOUNT_MAX,
                       t->tokens);
    }
    if (!(t->token_bytes >= 0.0 && t->token_bytes <= AMOUNT_MAX)) {
        return mu_fail(err, MU_E_INPUT, "bytes of a token: expected 0 to %g, found %g", AMOUNT_MAX,
                       t->token_bytes);
    }
    if (t->inner > 0 && t->ranks % t->inner != 0) {
        return mu_fail(err, MU_E_INPUT,
                       "experts: expected groups of a size that divides %u ranks, found %u",
                       t->ranks, t->inner);
    }
    if (!(t->skew >= 0.0 && t->skew <= SKEW_MAX)) {
        return mu_fail(err, MU_E_INPUT, "skew: expected 0 to %g, found %g", SKEW_MAX, t->skew);
    }
    return MU_OK;
}

/* Which expert is how popular: a shuffle (Fisher-Yates) of 1, 2, ... */
static void set_popularity(draw *d)
{
    uint32_t n = d->traffic->experts;
    double sum = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        d->own[i] = pow(i + 1.0, -d->traffic->skew);
    }
    for (uint32_t i = n; i > 1; i--) {
        uint32_t other = (uint32_t)(mu_random_bits(d->traffic->seed, 0, i) % i);
        double keep = d->own[i - 1];
        d->own[i - 1] = d->own[other];
        d->own[other] = keep;
    }
    for (uint32_t i = 0; i < n; i++) {
        sum += d->own[i];
        d->upto[i] = sum;
    }
}

/* First expert whose share ends beyond a point of the whole. */
static uint32_t expert_at(const draw *d, double point)
{
    uint32_t low = 0;
    uint32_t high = d->traffic->experts - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (d->upto[middle] > point) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static double uniform(draw *d)
{
    return mu_random_uniform(d->traffic->seed, (uint64_t)d->rank + 1, d->next++);
}

/* Among those that `token` has not taken, one by one. */
static uint32_t take_rest(draw *d, uint32_t token)
{
    uint32_t n = d->traffic->experts;
    double left = 0.0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < n; i++) {
        left += d->taken[i] != token ? d->own[i] : 0.0;
    }
    double point = uniform(d) * left;
    for (uint32_t i = 0; i < n; i++) {
        if (d->taken[i] == token) {
            continue;
        }
        last = i;
        point -= d->own[i];
        if (point < 0.0) {
            break;
        }
    }
    return last;
}

static uint32_t take_expert(draw *d, uint32_t token)
{
    double whole = d->upto[d->traffic->experts - 1];
    for (uint32_t i = 0; i < TRIES; i++) {
        uint32_t found = expert_at(d, uniform(d) * whole);
        if (d->taken[found] != token) {
            return found;
        }
    }
    return take_rest(d, token);
}

static double *copies_of(const draw *d, uint32_t from, uint32_t to)
{
    return &d->copies[(size_t)from * d->traffic->ranks + to];
}

/* One copy to a rank: straight, or over the rank of its group that has the sender's place. */
static void send_copy(draw *d, uint32_t token, uint32_t to)
{
    uint32_t inner = d->traffic->once ? d->traffic->inner : 0;
    uint32_t from = d->rank;
    d->load[to] += 1.0;
    if (inner <= 1 || to / inner == from / inner) {
        *copies_of(d, from, to) += 1.0;
        return;
    }
    uint32_t relay = to / inner * inner + from % inner;
    if (d->relayed[relay] != token) {
        d->relayed[relay] = token;
        *copies_of(d, from, relay) += 1.0;
    }
    if (relay != to) {
        *copies_of(d, relay, to) += 1.0;
    }
}

/* Tokens are numbered from 1. */
static void send_token(draw *d, uint32_t token)
{
    const mu_expert_traffic *t = d->traffic;
    for (uint32_t k = 0; k < t->topk; k++) {
        uint32_t expert = take_expert(d, token);
        uint32_t rank = (uint32_t)((uint64_t)expert * t->ranks / t->experts);
        d->taken[expert] = token;
        if (!t->once || d->rank_seen[rank] != token) {
            send_copy(d, token, rank);
        }
        d->rank_seen[rank] = token;
    }
}

static uint32_t samples_of(const mu_expert_traffic *t)
{
    double most = fmax((double)MU_EXPERT_SAMPLES / t->ranks, SAMPLES_A_RANK);
    return (uint32_t)fmax(ceil(fmin(t->tokens, most)), 1.0);
}

static void draw_rank(draw *d, uint32_t rank, uint32_t samples)
{
    size_t ranks = d->traffic->ranks;
    d->rank = rank;
    d->next = 0;
    memset(d->taken, 0, d->traffic->experts * sizeof *d->taken);
    memset(d->rank_seen, 0, ranks * sizeof *d->rank_seen);
    memset(d->relayed, 0, ranks * sizeof *d->relayed);
    for (uint32_t token = 1; token <= samples; token++) {
        send_token(d, token);
    }
}

static double imbalance_of(const draw *d)
{
    double sum = 0.0;
    double most = 0.0;
    for (uint32_t rank = 0; rank < d->traffic->ranks; rank++) {
        sum += d->load[rank];
        most = fmax(most, d->load[rank]);
    }
    return sum > 0.0 ? most * d->traffic->ranks / sum : 1.0;
}

/* Copies become bytes, and change ends on the way back. */
static void finish(const mu_expert_traffic *t, uint32_t samples, double *copies)
{
    double bytes = t->token_bytes * (t->tokens / samples);
    for (uint32_t from = 0; from < t->ranks; from++) {
        for (uint32_t to = from; to < t->ranks; to++) {
            double *there = &copies[(size_t)from * t->ranks + to];
            double *back = &copies[(size_t)to * t->ranks + from];
            double one = *there * bytes;
            double other = *back * bytes;
            *there = t->combine ? other : one;
            *back = t->combine ? one : other;
        }
    }
}

mu_status mu_expert_traffic_bytes(mu_arena *arena, const mu_expert_traffic *traffic,
                                  mu_expert_bytes *out, mu_error *err)
{
    mu_status status = check(traffic, err);
    if (status != MU_OK) {
        return status;
    }
    size_t ranks = traffic->ranks;
    draw d = {.traffic = traffic,
              .upto = MU_NEW(arena, double, traffic->experts),
              .taken = MU_NEW(arena, uint32_t, traffic->experts),
              .own = MU_NEW(arena, double, traffic->experts),
              .rank_seen = MU_NEW(arena, uint32_t, ranks),
              .relayed = MU_NEW(arena, uint32_t, ranks),
              .load = MU_NEW(arena, double, ranks),
              .copies = MU_NEW(arena, double, ranks *ranks)};
    if (d.upto == NULL || d.taken == NULL || d.own == NULL || d.rank_seen == NULL ||
        d.relayed == NULL || d.load == NULL || d.copies == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for what %u ranks send", traffic->ranks);
    }
    uint32_t samples = samples_of(traffic);
    set_popularity(&d);
    for (uint32_t rank = 0; rank < traffic->ranks; rank++) {
        draw_rank(&d, rank, samples);
    }
    finish(traffic, samples, d.copies);
    *out = (mu_expert_bytes){
        .ranks = traffic->ranks, .bytes = d.copies, .imbalance = imbalance_of(&d)};
    return MU_OK;
}
