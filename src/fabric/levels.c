/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tiers a group crosses, and the sum of what they take.
 *
 * What:  fan-out and usable bandwidth by tier; root-of-squares sum of data times.
 * Why:   every collective and the MoE exchange share it; its cost does not grow with the ranks.
 * Terms: see levels.h. A group that does not fill whole domains counts as evenly spread.
 * Bound: pipelined chunks overlap between tiers; a rank injects no faster than its fastest tier.
 */
#include "fabric/levels.h"

#include <assert.h>
#include <math.h>

/* Nominal bandwidth a rank can inject when `fan` of `fan_full` sub-domains take part. */
static double usable_rate(const mu_tier *tier, double fan, double fan_full)
{
    double rate = tier->bandwidth;
    if (tier->kind == MU_TIER_MESH && fan_full > 1.0) {
        rate *= lesser((fan - 1.0) / (fan_full - 1.0), 1.0);
    } else if (tier->kind == MU_TIER_BUS && fan > 2.0) {
        rate *= pow(2.0 / fan, tier->contention);
    }
    return greater(rate, 1.0);
}

/* Ranks of the group that one domain of `tier` can hold. */
static double ranks_in(const mu_tier *tier, double stride)
{
    double ranks = tier->span / stride;
    return ranks < 1e15 ? greater((double)(int64_t)ranks, 1.0) : ranks;
}

/* ceil() of 1 .. 2^63 without a call. */
static double whole_up(double x)
{
    double below = (double)(int64_t)x;
    return below < x ? below + 1.0 : below;
}

mu_levels mu_levels_of(const mu_fabric *fabric, mu_group group)
{
    assert(fabric->tier_count >= 1 && fabric->tier_count <= MU_TIERS_MAX);
    assert(group.ranks >= 1 && group.stride >= 1);
    double stride = (double)group.stride;
    double left = (double)group.ranks;
    double fans[MU_TIERS_MAX];
    for (uint32_t i = fabric->tier_count; i-- > 0;) {
        fans[i] = left;
        if (i > 0) {
            double inner = ranks_in(&fabric->tier[i - 1], stride);
            fans[i] = left > inner ? whole_up(left / inner) : 1.0;
        }
        left /= fans[i];
    }
    mu_levels levels;
    levels.count = 0;
    levels.ranks = (double)group.ranks;
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        if (fans[i] > 1.0) {
            const mu_tier *tier = &fabric->tier[i];
            double inner_span = i > 0 ? greater(fabric->tier[i - 1].span, stride) : stride;
            mu_level *level = &levels.level[levels.count];
            level->tier = tier;
            level->index = i;
            level->fan = fans[i];
            level->below = left;
            level->rate = usable_rate(tier, fans[i], greater(tier->span / inner_span, fans[i]));
            levels.count++;
        }
        left *= fans[i];
    }
    return levels;
}

void mu_tally_add(mu_tally *tally, const mu_level *level, double bytes, double bytes_time,
                  double rate)
{
    double time_s = bytes_time / rate;
    tally->squares += time_s * time_s;
    tally->wire_bytes += bytes;
    if (rate > tally->best_rate) {
        tally->best_rate = rate;
    }
    if (time_s >= tally->longest_s) {
        tally->longest_s = time_s;
        tally->tier = level->index;
    }
}

mu_transfer mu_tally_transfer(const mu_tally *tally, mu_algorithm algorithm)
{
    double data_s = sqrt(tally->squares);
    if (tally->best_rate > 0.0) {
        data_s = greater(data_s, tally->wire_bytes / tally->best_rate - tally->hidden_s);
    }
    mu_transfer transfer = {
        .time_s = tally->fixed_s + data_s,
        .launch_s = tally->fixed_s,
        .wire_bytes = tally->wire_bytes,
        .algorithm = algorithm,
        .tier = tally->tier,
    };
    return transfer;
}
