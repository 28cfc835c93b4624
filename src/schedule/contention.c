/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Factors of shared wires, each worked out once.
 *
 * Terms: a slot is free, in work (others who want it wait), or done.
 * Bound: a full table remembers no more; factors are then worked out each time.
 */
#include "schedule/contention.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

enum { SLOTS = 1 << 13 };

/* Factors this near to 1 are rounding of sums over links. */
static const double rounding = 1e-9;

typedef enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_DONE } slot_state;

typedef struct pattern {
    uint64_t kind, tier, ranks, stride, instance;
} pattern;

typedef struct slot {
    pattern key;
    double factor;
    slot_state state;
} slot;

struct mu_contention {
    uint32_t tier_count;
    uint64_t span[MU_TIERS_MAX];
    bool scale_out[MU_TIERS_MAX];
    mu_routing routing;
    mu_congestion congestion;
    uint64_t busy;
    bool plain;
    uint32_t network_count;
    uint32_t ideal_count;
    mu_network_spec network[MU_NETWORKS_MAX];
    mu_network_spec ideal[MU_NETWORKS_MAX];
    mu_topology *built[MU_NETWORKS_MAX]; /* of the first networks up to this; NULL: roomy */
    pthread_mutex_t lock;                /* guards what follows */
    pthread_cond_t done;
    mu_contention_stats stats;
    uint32_t used;
    slot slot[SLOTS];
};

/* Networks up to the one that joins so many ranks: others would carry nothing. */
static uint32_t used_networks(const mu_network_spec *networks, uint32_t count, uint64_t ranks)
{
    uint32_t used = 1;
    while (used < count && networks[used - 1].span < ranks) {
        used++;
    }
    return used;
}

/* Seconds a byte of a rush on some networks, on a topology built before if there is one. */
static mu_status time_on(const mu_network_spec *networks, uint32_t count,
                         mu_topology *const built[MU_NETWORKS_MAX], mu_routing routing,
                         const mu_rush *rush, double *s_per_byte, mu_error *err)
{
    mu_arena *arena = mu_arena_create((size_t)1 << 34);
    if (arena == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a topology");
    }
    uint64_t ranks = mu_rush_ranks(rush);
    uint32_t used = used_networks(networks, count, ranks);
    const mu_topology *topology = built != NULL ? built[used - 1] : NULL;
    mu_topology own;
    mu_status status = MU_OK;
    if (topology == NULL || topology->ranks < ranks) {
        status = mu_topology_build(arena, (uint32_t)ranks, networks, used, &own, err);
        topology = &own;
    }
    if (status == MU_OK) {
        status = mu_rush_time(arena, topology, routing, rush, s_per_byte, err);
    }
    mu_arena_free(arena);
    return status;
}

static mu_rush rush_of(const mu_contention *c, const pattern *key)
{
    return (mu_rush){.kind = (mu_rush_kind)key->kind,
                     .group = {.ranks = key->ranks, .stride = key->stride},
                     .instance = key->instance,
                     .inner = key->tier > 0 ? c->span[key->tier - 1] : 1,
                     .outer = key->tier + 1 < c->tier_count ? c->span[key->tier] : UINT64_MAX};
}

static bool never_full(const mu_network_spec *spec, mu_routing routing)
{
    bool wide = spec->shape == MU_SHAPE_CLOS && routing == MU_ROUTING_SPRAY;
    for (uint32_t i = 0; wide && i < spec->levels; i++) {
        wide = spec->taper[i] <= 1.0;
    }
    return wide || spec->shape == MU_SHAPE_SWITCH;
}

/* The network that carries a tier, where only its ranks can be full; NULL where it may be. */
static const mu_network_spec *roomy(const mu_contention *c, const mu_rush *rush, uint32_t tier)
{
    uint32_t n = 0;
    while (n < c->network_count && c->network[n].span <= rush->inner) {
        n++;
    }
    bool covers =
        n < c->network_count && (tier + 1 == c->tier_count || c->network[n].span >= rush->outer);
    bool known = covers && !c->plain && c->ideal[tier].shape == MU_SHAPE_SWITCH &&
                 never_full(&c->network[n], c->routing);
    return known ? &c->network[n] : NULL;
}

/* Then only what ranks send and get counts. */
static mu_status know(const mu_contention *c, const mu_rush *rush, uint32_t tier,
                      const mu_network_spec *network, double *ratio, mu_error *err)
{
    mu_status status = MU_OK;
    double bytes = 1.0;
    if (rush->kind == MU_RUSH_HANDOVER) {
        mu_arena *arena = mu_arena_create(0);
        uint64_t inner = network > c->network ? network[-1].span : 1;
        status = arena == NULL
                     ? mu_fail(err, MU_E_MEMORY, "no memory for the traffic of an instance")
                     : mu_rush_handover(arena, rush, inner, network->span, &bytes, err);
        mu_arena_free(arena);
    }
    *ratio = bytes * c->ideal[tier].bandwidth / network->bandwidth;
    return status;
}

/* Seconds a byte on links of the tier alone: others are not in the way, but on a bus, which is then
 * the first group's. */
static mu_status time_alone(const mu_contention *c, mu_rush rush, uint32_t tier, double *s_per_byte,
                            mu_error *err)
{
    if (c->ideal[tier].shape != MU_SHAPE_SWITCH) {
        rush.alone = rush.kind == MU_RUSH_PAIRS || rush.kind == MU_RUSH_HANDOVER ||
                     c->ideal[tier].shape == MU_SHAPE_BUS;
        return time_on(c->ideal, c->ideal_count, NULL, MU_ROUTING_SHORTEST, &rush, s_per_byte, err);
    }
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the traffic of an instance");
    }
    double bytes = 0.0;
    mu_status status = mu_rush_busiest(arena, &rush, &bytes, err);
    mu_arena_free(arena);
    *s_per_byte = bytes / c->ideal[tier].bandwidth;
    return status;
}

static mu_status run(const mu_contention *c, const mu_rush *rush, uint32_t tier, double *ratio,
                     mu_error *err)
{
    double shared_s = 0.0;
    double alone_s = 0.0;
    mu_status status =
        time_on(c->network, c->network_count, c->built, c->routing, rush, &shared_s, err);
    if (status == MU_OK) {
        status = time_alone(c, *rush, tier, &alone_s, err);
    }
    *ratio = alone_s > 0.0 ? shared_s / alone_s : 1.0;
    return status;
}

static mu_status work_out(const mu_contention *c, const pattern *key, double *factor, mu_error *err)
{
    double ratio = 1.0;
    mu_rush rush = rush_of(c, key);
    uint32_t tier = (uint32_t)key->tier;
    const mu_network_spec *network = roomy(c, &rush, tier);
    mu_status status = network != NULL ? know(c, &rush, tier, network, &ratio, err)
                                       : run(c, &rush, tier, &ratio, err);
    if (status == MU_OK) {
        ratio = ratio > 1.0 + rounding ? ratio : 1.0;
        bool congests = c->scale_out[tier];
        *factor = congests ? ratio / mu_congestion_share(&c->congestion, ratio) : ratio;
    }
    return status;
}

static uint64_t hash_of(const pattern *key)
{
    const uint64_t words[] = {key->kind, key->tier, key->ranks, key->stride, key->instance};
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

static bool same(const pattern *a, const pattern *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The slot of a pattern, or a free one for it; NULL when the table is full. Locked. */
static slot *find_slot(mu_contention *c, const pattern *key)
{
    uint32_t at = (uint32_t)(hash_of(key) >> 32) % SLOTS;
    while (c->slot[at].state != SLOT_FREE && !same(&c->slot[at].key, key)) {
        at = (at + 1) % SLOTS;
    }
    return c->slot[at].state != SLOT_FREE || c->used < SLOTS / 4 * 3 ? &c->slot[at] : NULL;
}

/* Works a pattern out, unlocked meanwhile, and keeps it. Locked. */
static mu_status fill(mu_contention *c, const pattern *key, slot *own, double *factor,
                      mu_error *err)
{
    c->used += own != NULL;
    c->stats.patterns++;
    if (own != NULL) {
        *own = (slot){.key = *key, .state = SLOT_BUSY};
    }
    pthread_mutex_unlock(&c->lock);
    mu_status status = work_out(c, key, factor, err);
    pthread_mutex_lock(&c->lock);
    if (status == MU_OK) {
        c->stats.largest = fmax(c->stats.largest, *factor);
    }
    if (own != NULL) {
        /* What failed (memory) may be tried again: the slot keeps its place in the chain. */
        own->factor = status == MU_OK ? *factor : 0.0;
        own->state = SLOT_DONE;
        pthread_cond_broadcast(&c->done);
    }
    return status;
}

static mu_status look_up(mu_contention *c, const pattern *key, double *factor, mu_error *err)
{
    mu_status status = MU_OK;
    pthread_mutex_lock(&c->lock);
    c->stats.asked++;
    slot *own = find_slot(c, key);
    while (own != NULL && own->state == SLOT_BUSY) {
        pthread_cond_wait(&c->done, &c->lock);
    }
    if (own == NULL || own->state == SLOT_FREE) {
        status = fill(c, key, own, factor, err);
    } else if (own->factor > 0.0) {
        *factor = own->factor;
    } else {
        status = mu_fail(err, MU_E_MEMORY, "no memory for a topology");
    }
    pthread_mutex_unlock(&c->lock);
    return status;
}

/* Ranks of a group that a domain of `span` holds. */
static uint64_t held(uint64_t span, mu_group group)
{
    uint64_t ranks = span / group.stride;
    ranks = ranks > 1 ? ranks : 1;
    return ranks < group.ranks ? ranks : group.ranks;
}

/*
 * What crosses a tier stays in its domains, and all of them look alike: one domain is enough, full
 * of instances, and of a group that lies over several its part in one.
 */
static void one_domain(uint64_t span, uint64_t busy, mu_group *group, uint64_t *instance)
{
    uint64_t block = group->ranks * group->stride;
    if (block > span && span % group->stride == 0) {
        group->ranks = span / group->stride;
        block = span;
    }
    uint64_t room = span < busy ? span : busy;
    if (*instance <= room) {
        *instance = room / *instance * *instance;
    } else {
        *instance = span < *instance ? span : *instance;
    }
    *instance = *instance > block ? *instance / block * block : block;
}

mu_status mu_contention_factor(mu_contention *c, mu_rush_kind kind, uint32_t tier, mu_group group,
                               uint64_t instance, double *factor, mu_error *err)
{
    assert(tier < c->tier_count && group.ranks >= 1 && group.stride >= 1 && instance >= 1);
    bool pairs = kind == MU_RUSH_PAIRS || kind == MU_RUSH_HANDOVER;
    mu_group levels = pairs ? (mu_group){.ranks = 2, .stride = group.stride} : group;
    levels.stride = kind == MU_RUSH_HANDOVER ? instance : levels.stride;
    uint64_t inner = tier > 0 ? c->span[tier - 1] : 1;
    bool last = tier + 1 == c->tier_count;
    *factor = 1.0;
    if ((last ? levels.ranks : held(c->span[tier], levels)) <= held(inner, levels)) {
        return MU_OK;
    }
    if (!pairs) {
        one_domain(last ? UINT64_MAX : c->span[tier], last ? 0 : c->busy, &group, &instance);
    }
    pattern key = {.kind = (uint64_t)kind,
                   .tier = tier,
                   .ranks = group.ranks,
                   .stride = group.stride,
                   .instance = instance};
    return look_up(c, &key, factor, err);
}

static void slow_down(mu_tier *tier, mu_rush_kind kind, double factor)
{
    switch (kind) {
    case MU_RUSH_PARTNERS:
        tier->dispatch_efficiency /= factor;
        return;
    case MU_RUSH_PEERS:
        tier->peer_efficiency /= factor;
        tier->dispatch_direct_efficiency /= factor;
        return;
    default:
        tier->efficiency /= factor;
        tier->switch_efficiency /= factor;
        return;
    }
}

mu_status mu_contention_fabric(mu_contention *c, const mu_fabric *fabric, const mu_crowd *crowd,
                               mu_fabric *out, double *largest, mu_error *err)
{
    assert(fabric->tier_count == c->tier_count);
    mu_fabric found = *fabric;
    double most = 1.0;
    for (unsigned kind = 0; kind < MU_RUSH_COUNT; kind++) {
        for (uint32_t tier = 0; tier < c->tier_count && (crowd->kinds >> kind & 1U) != 0; tier++) {
            double factor = 1.0;
            mu_status status = mu_contention_factor(c, (mu_rush_kind)kind, tier, crowd->group,
                                                    crowd->instance, &factor, err);
            if (status != MU_OK) {
                return status;
            }
            slow_down(&found.tier[tier], (mu_rush_kind)kind, factor);
            most = fmax(most, factor);
        }
    }
    *out = found;
    *largest = most;
    return MU_OK;
}

mu_contention_stats mu_contention_seen(mu_contention *c)
{
    pthread_mutex_lock(&c->lock);
    mu_contention_stats stats = c->stats;
    pthread_mutex_unlock(&c->lock);
    return stats;
}

/* Topologies in which some network may be full: they are asked for again and again. */
static mu_status build_narrow(mu_contention *c, mu_arena *arena, uint64_t ranks, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < c->network_count && status == MU_OK; i++) {
        uint64_t span = c->network[i].span;
        bool last = i + 1 == c->network_count;
        uint64_t size = last || ranks < span ? ranks : span;
        if (size == 0 || (!c->plain && never_full(&c->network[i], c->routing))) {
            continue;
        }
        c->built[i] = MU_NEW(arena, mu_topology, 1);
        status = c->built[i] == NULL ? mu_fail(err, MU_E_MEMORY, "no memory for a topology")
                                     : mu_topology_build(arena, (uint32_t)size, c->network, i + 1,
                                                         c->built[i], err);
    }
    return status;
}

mu_status mu_contention_create(mu_arena *arena, const mu_contention_setup *setup,
                               mu_contention **out, mu_error *err)
{
    const mu_fabric *fabric = setup->fabric;
    assert(setup->background >= 0.0 && setup->background < 1.0);
    assert(setup->network_count <= MU_NETWORKS_MAX);
    mu_contention *c = MU_NEW(arena, mu_contention, 1);
    if (c == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for factors of networks");
    }
    c->tier_count = fabric->tier_count;
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        c->span[i] = (uint64_t)fabric->tier[i].span;
        c->scale_out[i] = fabric->tier[i].scale_out;
    }
    c->routing = setup->routing;
    c->busy = setup->busy;
    c->plain = setup->plain;
    if (setup->congestion != NULL) {
        c->congestion = *setup->congestion;
    }
    c->stats.largest = 1.0;
    c->network_count = setup->network_count;
    memcpy(c->network, setup->network, setup->network_count * sizeof *setup->network);
    for (uint32_t i = 0; i < c->network_count; i++) {
        bool wide = (double)c->network[i].span > setup->scale_up_ranks;
        c->network[i].bandwidth *= wide ? 1.0 - setup->background : 1.0;
    }
    mu_networks_of_tiers(fabric, c->ideal, &c->ideal_count);
    mu_status status = build_narrow(c, arena, setup->ranks, err);
    if (status != MU_OK) {
        return status;
    }
    if (pthread_mutex_init(&c->lock, NULL) != 0 || pthread_cond_init(&c->done, NULL) != 0) {
        return mu_fail(err, MU_E_SYSTEM, "cannot make a lock");
    }
    *out = c;
    return MU_OK;
}
