/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives over nested tiers in closed form.
 *
 * What:  all-reduce, reduce-scatter, all-gather, broadcast, all-to-all, point to point; the
 *        cheapest of the algorithms that libraries have is taken.
 * Why:   called for every transfer of every candidate deployment.
 * Terms: chain = ring inside a server, tree or halving-doubling beyond it;
 *        fan and below as in levels.h; protocol = how a library hands data over: short messages
 *        without hand-shakes at a low rate, long ones with them, some links with one between
 *        (NCCL's LL, LL128, Simple).
 * Bound: equal links, no other traffic. Fitted to NCCL 2.27 and 2.29 and to HCCL.
 */
#include "fabric/levels.h"

#include <assert.h>
#include <math.h>

/* Inside a server, which has no more ranks than this, libraries run plain rings; elsewhere they
 * have trees and halving-doubling. */
static const double SERVER_RANKS = 16.0;
/* Where protocols are not told apart a chain starts at 0.45/1.45 = 31 % of its large-message rate
 * (fitted; three NVLink generations agree). */
static const double SHORT_SHARE = 0.45;
/* In-switch reduction costs barriers worth this many steps, and fills its pipeline this many times
 * as slowly as a chain (both from H100 and B200 all-reduce over 8 ranks, 4 MB to 512 MB). */
static const double SWITCH_STEPS = 16.0;
static const double SWITCH_FILL = 4.0;
/* Peer messages are sent without hand-shake up to about this size. */
static const double EAGER_BYTES = 32768.0;
/* Engines keep buffers for their one-shot kernels up to this size, and call the library beyond. */
static const double ONE_SHOT_BYTES = 8388608.0;

/* Bytes of time that are lost until messages fill their pipe: `start` at most, 0 at 0 bytes. */
static double fill_bytes(double start, double bytes)
{
    double scale = bytes + SHORT_SHARE * start;
    return scale > 0.0 ? start * (bytes / scale) : 0.0;
}

/* What one level of a chain takes. */
typedef struct way {
    double fixed_s;
    double bytes_time; /* data beyond what latency hides, in bytes at the level's rate */
    double hidden_s;   /* data that moves while messages are waited for */
} way;

/* With hand-shakes, `fills` times over. sent: bytes on the wire, bytes_time: with local ones. */
static way by_hand_shakes(const mu_tier *tier, double latency_s, double sent, double bytes_time,
                          double fills)
{
    if (tier->short_share > 0.0) {
        return (way){.fixed_s = latency_s + fills * tier->long_s, .bytes_time = bytes_time};
    }
    double start = tier->half_bytes / (1.0 - SHORT_SHARE);
    return (way){.fixed_s = latency_s, .bytes_time = bytes_time + fills * fill_bytes(start, sent)};
}

/* Without them, at a share of the rate: latency and data hide each other. */
static way faster_without(way best, double rate, double share, double fixed_s, double latency_s,
                          double sent)
{
    if (!(share > 0.0)) {
        return best;
    }
    double data_s = sent / (share * rate);
    double both_s = sqrt(latency_s * latency_s + data_s * data_s);
    bool faster = fixed_s + both_s < best.fixed_s + best.bytes_time / rate;
    return faster ? (way){.fixed_s = fixed_s + latency_s,
                          .bytes_time = (both_s - latency_s) * rate,
                          .hidden_s = latency_s + data_s - both_s}
                  : best;
}

static double rendezvous_s(const mu_tier *tier, double peer_bytes)
{
    double ratio = EAGER_BYTES / greater(peer_bytes, 1.0);
    return tier->rendezvous_s / (1.0 + ratio * ratio);
}

static double largest_launch_s(const mu_levels *levels)
{
    double launch_s = 0.0;
    for (uint32_t i = 0; i < levels->count; i++) {
        launch_s = greater(launch_s, levels->level[i].tier->launch_s);
    }
    return launch_s;
}

/* What a chain does on one level: how often the buffer goes round, and what share of it. */
typedef struct pass {
    double times;   /* 2 for all-reduce, 1 for reduce-scatter, all-gather, broadcast */
    bool whole;     /* every rank passes on the whole buffer (broadcast) */
    bool in_switch; /* let switches add where they can */
} pass;

static bool logarithmic(const mu_level *level)
{
    return level->tier->span > SERVER_RANKS;
}

static double chain_steps(const mu_level *level)
{
    return logarithmic(level) ? lesser(log2(level->fan), level->fan - 1.0) : level->fan - 1.0;
}

/* Adds one level of a chain over `bytes` of one rank; own_bytes are moved locally at that level. */
static void add_chain(mu_tally *tally, const mu_level *level, pass how, double bytes,
                      double own_bytes)
{
    const mu_tier *tier = level->tier;
    double part = bytes / level->below;
    double rate = level->rate * tier->efficiency;
    double sent = how.whole ? part : how.times * part * (level->fan - 1.0) / level->fan;
    double steps = how.times * chain_steps(level);
    bool in_switch = how.in_switch && tier->in_network_reduction;
    if (in_switch) {
        sent = part * (1.0 + 1.0 / level->fan);
        rate = level->rate * tier->switch_efficiency;
        steps = SWITCH_STEPS;
        own_bytes = 0.0;
    }
    double latency_s = steps * tier->latency_s;
    way best = by_hand_shakes(tier, latency_s, sent, sent + tier->own_share * own_bytes,
                              in_switch ? SWITCH_FILL : 1.0);
    if (!in_switch) {
        best = faster_without(best, rate, tier->short_share, 0.0, latency_s, sent);
        best = faster_without(best, rate, tier->middle_share, tier->middle_s, latency_s, sent);
    }
    tally->fixed_s += best.fixed_s;
    tally->hidden_s += best.hidden_s;
    mu_tally_add(tally, level, sent, best.bytes_time, rate);
}

static mu_algorithm chain_name(const mu_levels *levels, pass how)
{
    if (levels->count > 1) {
        return MU_ALGORITHM_HIERARCHICAL;
    }
    if (how.in_switch) {
        return MU_ALGORITHM_SWITCH;
    }
    if (!logarithmic(&levels->level[0])) {
        return MU_ALGORITHM_RING;
    }
    return how.times > 1.0 || how.whole ? MU_ALGORITHM_TREE : MU_ALGORITHM_HALVING;
}

/* Reduce-scatter inside, across, all-gather inside, or the half of it that is wanted. */
static mu_transfer chain(const mu_levels *levels, pass how, double bytes)
{
    mu_tally tally = {.fixed_s = largest_launch_s(levels)};
    for (uint32_t i = 0; i < levels->count; i++) {
        const mu_level *level = &levels->level[i];
        mu_level whole = *level;
        if (how.whole) {
            whole.below = 1.0;
        }
        double own_bytes = i == 0 && !how.whole ? bytes / levels->ranks : 0.0;
        add_chain(&tally, &whole, how, bytes, own_bytes);
    }
    return mu_tally_transfer(&tally, chain_name(levels, how));
}

/* Everyone writes to everyone at once: peer_bytes to each, over every level. A library's messages
 * fill pipes first. */
static void add_peers(mu_tally *tally, const mu_levels *levels, double peer_bytes, double own_bytes,
                      bool library)
{
    for (uint32_t i = 0; i < levels->count; i++) {
        const mu_level *level = &levels->level[i];
        const mu_tier *tier = level->tier;
        double peers = level->below * (level->fan - 1.0);
        double sent = peers * peer_bytes;
        double own = i == 0 ? tier->own_share * own_bytes : 0.0;
        double fill = library ? fill_bytes(tier->peer_fill_bytes, sent) : 0.0;
        mu_tally_add(tally, level, sent, sent + own + fill, level->rate * tier->peer_efficiency);
    }
}

/* The engine's own one-shot kernel: every rank reads every other's buffer and adds. Blocks of the
 * kernel talk to all peers at once, so that posting costs nothing more. */
static mu_transfer one_shot(const mu_levels *levels, double bytes)
{
    const mu_level *outer = &levels->level[levels->count - 1];
    mu_tally tally = {.fixed_s = outer->tier->direct_launch_s};
    add_peers(&tally, levels, bytes, 0.0, false);
    return mu_tally_transfer(&tally, MU_ALGORITHM_DIRECT);
}

static mu_transfer cheaper(mu_transfer a, mu_transfer b)
{
    return b.time_s < a.time_s ? b : a;
}

static mu_transfer all_reduce(const mu_levels *levels, double bytes)
{
    mu_transfer best = chain(levels, (pass){.times = 2.0}, bytes);
    bool in_switch = false;
    bool direct = bytes <= ONE_SHOT_BYTES;
    for (uint32_t i = 0; i < levels->count; i++) {
        in_switch = in_switch || levels->level[i].tier->in_network_reduction;
        direct = direct && levels->level[i].tier->direct_launch_s > 0.0;
    }
    if (in_switch) {
        best = cheaper(best, chain(levels, (pass){.times = 2.0, .in_switch = true}, bytes));
    }
    if (direct) {
        best = cheaper(best, one_shot(levels, bytes));
    }
    return best;
}

static mu_transfer all_to_all(const mu_levels *levels, double bytes)
{
    const mu_tier *outer = levels->level[levels->count - 1].tier;
    double peer_bytes = bytes / levels->ranks;
    mu_tally tally = {.fixed_s = largest_launch_s(levels) + 2.0 * outer->latency_s};
    for (uint32_t i = 0; i < levels->count; i++) {
        const mu_level *level = &levels->level[i];
        tally.fixed_s += level->below * (level->fan - 1.0) * level->tier->message_s;
    }
    add_peers(&tally, levels, peer_bytes, peer_bytes, true);
    mu_transfer transfer = mu_tally_transfer(&tally, MU_ALGORITHM_DIRECT);
    transfer.time_s += rendezvous_s(outer, peer_bytes);
    return transfer;
}

static mu_transfer point_to_point(const mu_levels *levels, double bytes)
{
    const mu_level *level = &levels->level[levels->count - 1];
    const mu_tier *tier = level->tier;
    mu_tally tally = {.fixed_s = tier->launch_s + 2.0 * tier->latency_s + tier->message_s};
    mu_tally_add(&tally, level, bytes, bytes, level->rate * tier->efficiency);
    mu_transfer transfer = mu_tally_transfer(&tally, MU_ALGORITHM_DIRECT);
    transfer.time_s += rendezvous_s(tier, bytes);
    return transfer;
}

mu_transfer mu_fabric_collective(const mu_fabric *fabric, mu_collective what, mu_group group,
                                 double bytes)
{
    assert(bytes >= 0.0);
    mu_transfer nothing = {.algorithm = MU_ALGORITHM_NONE};
    if (group.ranks <= 1) {
        return nothing;
    }
    if (what == MU_POINT_TO_POINT) {
        group.ranks = 2;
    }
    mu_levels levels = mu_levels_of(fabric, group);
    switch (what) {
    case MU_ALL_REDUCE:
        return all_reduce(&levels, bytes);
    case MU_REDUCE_SCATTER:
    case MU_ALL_GATHER:
        return chain(&levels, (pass){.times = 1.0}, bytes);
    case MU_BROADCAST:
        return chain(&levels, (pass){.times = 1.0, .whole = true}, bytes);
    case MU_ALL_TO_ALL:
        return all_to_all(&levels, bytes);
    case MU_POINT_TO_POINT:
        return point_to_point(&levels, bytes);
    case MU_COLLECTIVE_COUNT:
        break;
    }
    assert(what < MU_COLLECTIVE_COUNT);
    return nothing;
}
