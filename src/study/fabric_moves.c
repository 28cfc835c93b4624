/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job's ranks send to each other: patterns, experts, the user's own schedule.
 *
 * Terms: an inner group is the members that sit in one domain of the innermost network that holds
 *        more than one of them.
 * Bound: in normal mode (no --low-latency) a token goes once to every inner group that it has
 *        experts in, to the member that has the sender's place there, and on from it; both at once,
 *        as kernels pipeline them. How much crossing once saves is that of even choice.
 */
#include "study/fabric_parts.h"

#include "fabric/moves_expert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MATRIX_RANKS_MAX = 4096 };

/* Members that sit in one domain of the innermost network; 1 where they do not divide evenly. */
static uint32_t inner_members(const mu_net_study *s)
{
    const mu_net_job *job = &s->q->job;
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        uint64_t inner = s->topology.network[n].span / job->stride;
        if (inner > 1 && inner < job->members) {
            bool even = job->in_order && job->place[0] % s->topology.network[n].span == 0 &&
                        s->topology.network[n].span % job->stride == 0 && job->members % inner == 0;
            return even ? (uint32_t)inner : 1;
        }
    }
    return 1;
}

/* The pattern that comes nearest to what the closed form takes for cheapest. */
static mu_pattern pattern_of(mu_algorithm algorithm, uint32_t members)
{
    bool power_of_two = (members & (members - 1)) == 0;
    switch (algorithm) {
    case MU_ALGORITHM_DIRECT:
        return MU_PATTERN_DIRECT;
    case MU_ALGORITHM_TREE:
        return MU_PATTERN_TREE;
    case MU_ALGORITHM_HALVING:
        return power_of_two ? MU_PATTERN_HALVING : MU_PATTERN_RING;
    case MU_ALGORITHM_SWITCH:
        return MU_PATTERN_SWITCH;
    case MU_ALGORITHM_HIERARCHICAL:
        return MU_PATTERN_HIERARCHICAL;
    default:
        return MU_PATTERN_RING;
    }
}

static mu_status pattern_moves(mu_net_study *s, const mu_transfer *closed, mu_moves *out,
                               char words[MU_NET_WORDS_MAX], mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    bool chosen = job->algorithm >= 0;
    mu_pattern pattern =
        chosen ? (mu_pattern)job->algorithm : pattern_of(closed->algorithm, job->members);
    uint32_t inner = job->inner > 0 ? job->inner : inner_members(s);
    if (!chosen && pattern == MU_PATTERN_HIERARCHICAL && inner <= 1) {
        pattern = MU_PATTERN_RING;
    }
    if (!chosen && !mu_pattern_can(pattern, job->collective)) {
        pattern =
            mu_pattern_can(MU_PATTERN_RING, job->collective) ? MU_PATTERN_RING : MU_PATTERN_DIRECT;
    }
    bool grouped = pattern == MU_PATTERN_HIERARCHICAL || pattern == MU_PATTERN_RAILS ||
                   (pattern == MU_PATTERN_SWITCH && inner > 1);
    if (grouped) {
        (void)snprintf(words, MU_NET_WORDS_MAX, "%s, inner groups of %u", mu_pattern_text(pattern),
                       inner);
    } else {
        (void)snprintf(words, MU_NET_WORDS_MAX, "%s", mu_pattern_text(pattern));
    }
    return mu_moves_make(s->work->arena, job->collective, pattern, job->members,
                         grouped ? inner : 0, job->bytes, out, err);
}

/* Bytes of a rank's tokens to another group over the sum of what its ranks need of them. */
static double once_a_group(const mu_net_experts *moe, uint32_t members, uint32_t inner)
{
    double ranks = mu_exchange_domains(members, moe->experts, moe->topk);
    double groups = mu_exchange_domains((double)members / inner, moe->experts, moe->topk);
    return ranks > 0.0 ? fmin(groups / ranks, 1.0) : 1.0;
}

/*
 * Tokens that go to other groups cross once, to the member at the sender's place, and go on from
 * it: [members * members] in `straight`, what results in `out`.
 */
static void forward(const double *straight, uint32_t members, uint32_t inner, double share,
                    double *out)
{
    for (uint32_t from = 0; from < members; from++) {
        for (uint32_t to = 0; to < members; to++) {
            double bytes = straight[(size_t)from * members + to];
            uint32_t relay = to / inner * inner + from % inner;
            if (from / inner == to / inner) {
                relay = from;
            } else {
                out[(size_t)from * members + relay] += bytes * share;
            }
            out[(size_t)relay * members + to] += bytes;
        }
    }
}

/* What came goes back the way it came. */
static void turn_round(double *bytes, uint32_t members)
{
    for (uint32_t a = 0; a < members; a++) {
        for (uint32_t b = a + 1; b < members; b++) {
            double there = bytes[(size_t)a * members + b];
            bytes[(size_t)a * members + b] = bytes[(size_t)b * members + a];
            bytes[(size_t)b * members + a] = there;
        }
    }
}

static mu_status expert_moves(mu_net_study *s, mu_moves *out, char words[MU_NET_WORDS_MAX],
                              mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    const mu_net_experts *moe = &job->moe;
    mu_arena *arena = s->work->arena;
    uint32_t n = job->members;
    if (n > MATRIX_RANKS_MAX) {
        return mu_fail(err, MU_E_INPUT, "dispatch and combine: expected at most %d ranks, found %u",
                       MATRIX_RANKS_MAX, n);
    }
    mu_expert_traffic traffic = {.ranks = n,
                                 .experts = moe->experts,
                                 .topk = moe->topk,
                                 .tokens = moe->tokens,
                                 .token_bytes = moe->token_bytes,
                                 .skew = moe->skew,
                                 .seed = (uint64_t)s->q->seed,
                                 .once = !moe->low_latency};
    mu_expert_bytes drawn;
    mu_status status = mu_expert_traffic_bytes(arena, &traffic, &drawn, err);
    if (status != MU_OK) {
        return status;
    }
    double *bytes = drawn.bytes;
    uint32_t inner = job->inner > 0 && n % job->inner == 0 ? job->inner : inner_members(s);
    bool grouped = !moe->low_latency && inner > 1 && inner < n;
    if (grouped) {
        bytes = MU_NEW(arena, double, (size_t)n *n);
        if (bytes == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for what %u ranks send to each other", n);
        }
        forward(drawn.bytes, n, inner, once_a_group(moe, n, inner), bytes);
        (void)snprintf(words, MU_NET_WORDS_MAX, "a token once to each group of %u, then on", inner);
    } else {
        (void)snprintf(words, MU_NET_WORDS_MAX, "direct, a token once %s",
                       moe->low_latency ? "an expert" : "a rank");
    }
    if (job->what == MU_NET_COMBINE) {
        turn_round(bytes, n);
    }
    s->imbalance = drawn.imbalance;
    return mu_moves_of_matrix(arena, n, bytes, out, err);
}

mu_status mu_net_moves(mu_net_study *s, const mu_transfer *closed, mu_moves *out,
                       char words[MU_NET_WORDS_MAX], mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    switch (job->what) {
    case MU_NET_COLLECTIVE:
        return pattern_moves(s, closed, out, words, err);
    case MU_NET_DISPATCH:
    case MU_NET_COMBINE:
        return expert_moves(s, out, words, err);
    case MU_NET_SCHEDULE:
        *out = *job->schedule;
        (void)snprintf(words, MU_NET_WORDS_MAX, "%.140s", job->schedule_name);
        return MU_OK;
    case MU_NET_NOTHING:
        break;
    }
    return mu_fail(err, MU_E_USAGE, "nothing to run");
}
