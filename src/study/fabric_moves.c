/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job's ranks send to each other: patterns, experts, the user's own schedule.
 *
 * Terms: an inner group is the members that sit in one domain of the innermost network that holds
 *        more than one of them.
 * Bound: in normal mode (no --low-latency) a token goes once to every inner group that it has
 *        experts in, to the member that has the sender's place there, and on from it; both at once,
 *        as kernels pipeline them.
 */
#include "study/fabric_parts.h"

#include "fabric/moves_expert.h"

#include <stdio.h>

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

/* Whether some members are joined by a mesh, on which a ring would use one cable of many. */
static bool on_mesh(const mu_net_study *s)
{
    bool mesh = false;
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        const mu_network_spec *network = &s->topology.network[n];
        mesh = mesh || (network->shape == MU_SHAPE_MESH && network->span > 2);
    }
    return mesh && s->q->job.stride == 1;
}

/* What is run where no algorithm was chosen. */
static mu_pattern usual_pattern(const mu_net_study *s, mu_algorithm closed, uint32_t inner)
{
    const mu_net_job *job = &s->q->job;
    mu_pattern pattern = pattern_of(closed, job->members);
    bool rings = pattern == MU_PATTERN_RING || pattern == MU_PATTERN_HIERARCHICAL;
    if (pattern == MU_PATTERN_HIERARCHICAL && inner <= 1) {
        pattern = MU_PATTERN_RING;
    }
    if (s->plainly || (rings && on_mesh(s))) {
        pattern = MU_PATTERN_DIRECT;
    }
    if (!mu_pattern_can(pattern, job->collective)) {
        pattern =
            mu_pattern_can(MU_PATTERN_RING, job->collective) ? MU_PATTERN_RING : MU_PATTERN_DIRECT;
    }
    return pattern;
}

static mu_status pattern_moves(mu_net_study *s, const mu_transfer *closed, mu_moves *out,
                               char words[MU_NET_WORDS_MAX], mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    uint32_t inner = job->inner > 0 ? job->inner : inner_members(s);
    mu_pattern pattern = job->algorithm >= 0 ? (mu_pattern)job->algorithm
                                             : usual_pattern(s, closed->algorithm, inner);
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
    uint32_t inner = job->inner > 0 && n % job->inner == 0 ? job->inner : inner_members(s);
    bool grouped = !moe->low_latency && inner > 1 && inner < n;
    mu_expert_traffic traffic = {.ranks = n,
                                 .experts = moe->experts,
                                 .topk = moe->topk,
                                 .tokens = moe->tokens,
                                 .token_bytes = moe->token_bytes,
                                 .skew = moe->skew,
                                 .seed = (uint64_t)s->q->seed,
                                 .once = !moe->low_latency,
                                 .inner = grouped ? inner : 0,
                                 .combine = job->what == MU_NET_COMBINE};
    mu_expert_bytes drawn;
    mu_status status = mu_expert_traffic_bytes(arena, &traffic, &drawn, err);
    if (status != MU_OK) {
        return status;
    }
    if (grouped) {
        (void)snprintf(words, MU_NET_WORDS_MAX, "a token once to each group of %u, then on", inner);
    } else {
        (void)snprintf(words, MU_NET_WORDS_MAX, "direct, a token once %s",
                       moe->low_latency ? "an expert" : "a rank");
    }
    s->imbalance = drawn.imbalance;
    return mu_moves_of_matrix(arena, n, drawn.bytes, out, err);
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
