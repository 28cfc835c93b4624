/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MoE dispatch and combine over nested tiers in closed form.
 *
 * What:  normal mode (a token once to every domain that needs it, forwarded inside) and low-latency
 *        mode (every copy sent straight to its expert's rank).
 * Why:   expert-parallel serving spends a good part of its step here.
 * Terms: domains of a level = sub-domains of the group that meet in it, or in levels within it.
 * Bound: tokens choose experts uniformly; the busiest rank is `imbalance` over the mean.
 */
#include "fabric/levels.h"

#include <assert.h>
#include <math.h>

/* One warp adds up the first token before anything flows: seconds a byte of it (DeepEP on H100 and
 * B200). */
static const double COMBINE_FIRST_S_PER_BYTE = 1.7e-9;

/* Probability that `topk` different experts of `experts` all miss one domain of `held` experts. */
static double miss(double experts, double held, double topk)
{
    enum { STEPS_MAX = 64 };
    double left = lesser(topk, experts);
    double missed = 1.0;
    for (int i = 0; i < STEPS_MAX && left > 0.0; i++) {
        double hit = held / greater(experts - (double)i, held);
        missed *= 1.0 - lesser(left, 1.0) * hit;
        left -= 1.0;
    }
    return left > 0.0 ? missed * pow(1.0 - held / experts, left) : missed;
}

double mu_exchange_domains(double domains, double experts, double topk)
{
    if (domains <= 1.0) {
        return lesser(topk, 1.0);
    }
    if (topk <= 0.0 || experts <= 0.0) {
        return 0.0;
    }
    double hit = domains * (1.0 - miss(experts, experts / domains, topk));
    return lesser(hit, topk);
}

/* Bytes that a rank sends over each level when every copy goes straight to its rank. */
static double straight_bytes(const mu_exchange *exchange, const mu_levels *levels,
                             const mu_level *level)
{
    double peers = level->below * (level->fan - 1.0);
    return exchange->tokens * exchange->topk * exchange->token_bytes * peers / levels->ranks;
}

/* Sub-domains of the group that a token may have experts in, at the level's own grain. */
static double open_domains(const mu_exchange *exchange, const mu_levels *levels,
                           const mu_level *level)
{
    const mu_level *outer = &levels->level[levels->count - 1];
    double domains = levels->ranks / level->below;
    if (levels->count > 1 && exchange->groups_topk > 0.0) {
        domains *= lesser(exchange->groups_topk / outer->fan, 1.0);
    }
    return domains;
}

/* The same when a token crosses a level once for every sub-domain that needs it. */
static double forwarded_bytes(const mu_exchange *exchange, const mu_levels *levels,
                              const mu_level *level)
{
    double domains = open_domains(exchange, levels, level);
    double experts = exchange->experts_per_rank * level->below * domains;
    double hit = mu_exchange_domains(domains, experts, exchange->topk);
    return exchange->tokens * exchange->token_bytes * hit * (1.0 - 1.0 / level->fan);
}

/* Time over that with the usual cores: each of them copies at a rate of its own, links do not. */
static double slowdown(const mu_exchange *exchange, const mu_tier *tier)
{
    if (exchange->low_latency || !(exchange->cores > 0.0)) {
        return 1.0;
    }
    double share = tier->dispatch_core_share;
    return share * MU_EXCHANGE_CORES / exchange->cores + 1.0 - share;
}

/* In normal mode every token is taken up and placed, whatever its size. */
static double handling_s(const mu_exchange *exchange, const mu_tier *tier)
{
    return exchange->low_latency
               ? 0.0
               : exchange->tokens * tier->dispatch_token_s * slowdown(exchange, tier);
}

/* In low-latency mode every expert has a counter to be raised. */
static double launch_s(const mu_exchange *exchange, const mu_tier *tier)
{
    double back_s = exchange->combine ? tier->dispatch_combine_s : 0.0;
    if (exchange->low_latency) {
        double experts = exchange->experts_per_rank * (double)exchange->group.ranks;
        return tier->dispatch_launch_s + back_s + experts * tier->dispatch_expert_s;
    }
    double first_s = exchange->combine ? exchange->token_bytes * COMBINE_FIRST_S_PER_BYTE : 0.0;
    return tier->dispatch_launch_s + tier->dispatch_notify_s + back_s + first_s;
}

mu_transfer mu_fabric_exchange(const mu_fabric *fabric, const mu_exchange *exchange)
{
    assert(exchange->tokens >= 0.0 && exchange->topk >= 0.0 && exchange->token_bytes >= 0.0);
    if (exchange->group.ranks <= 1) {
        return (mu_transfer){.algorithm = MU_ALGORITHM_NONE};
    }
    mu_levels levels = mu_levels_of(fabric, exchange->group);
    mu_tally tally = {0};
    double longest_launch_s = 0.0;
    double longest_handling_s = 0.0;
    for (uint32_t i = 0; i < levels.count; i++) {
        const mu_level *level = &levels.level[i];
        const mu_tier *tier = level->tier;
        bool straight = exchange->low_latency;
        double bytes = straight ? straight_bytes(exchange, &levels, level)
                                : forwarded_bytes(exchange, &levels, level);
        double share = straight ? tier->dispatch_direct_efficiency : tier->dispatch_efficiency;
        bytes *= greater(exchange->imbalance, 1.0);
        longest_launch_s = greater(longest_launch_s, launch_s(exchange, tier));
        longest_handling_s = greater(longest_handling_s, handling_s(exchange, tier));
        tally.fixed_s += tier->latency_s * log2(level->fan);
        mu_tally_add(&tally, level, bytes, bytes, level->rate * share / slowdown(exchange, tier));
    }
    tally.fixed_s += longest_launch_s;
    mu_algorithm name = levels.count > 1 && !exchange->low_latency ? MU_ALGORITHM_HIERARCHICAL
                                                                   : MU_ALGORITHM_DIRECT;
    mu_transfer transfer = mu_tally_transfer(&tally, name);
    transfer.time_s += longest_handling_s;
    return transfer;
}
