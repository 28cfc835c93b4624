/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long links are busy when all groups of an instance do the same at once.
 *
 * Why:   the closed form prices one group on links of its own; on real wires its neighbours, their
 *        rush and narrow places between switches count, too.
 * Terms: a rush = what all groups of an instance send at once. An instance is ranks 0 ..
 *        instance-1; groups alike fill it. Only messages between two
 *        domains of `inner` ranks inside one domain of `outer` ranks are sent: what one tier of the
 *        closed form carries.
 * Bound: bandwidth alone: messages start together and are of one size, so that twice the bytes take
 *        twice the time. Under max-min fairness the link that takes longest for its bytes then
 *        fills first, no message on it is held up elsewhere, and its messages end last: the time is
 *        that of this link (a test holds it equal to the flow engine).
 */
#ifndef MUSTER_FABRIC_RUSH_H
#define MUSTER_FABRIC_RUSH_H

#include "fabric/route.h"

typedef enum mu_rush_kind {
    MU_RUSH_CHAIN,    /* to the partner in the next domain; or as partners, where that is faster
                            (libraries take the way that suits the wires) */
    MU_RUSH_PARTNERS, /* to the partner in every other domain, in equal parts */
    MU_RUSH_PEERS,    /* to every rank of other domains, in equal parts */
    MU_RUSH_PAIRS,    /* rank r to r + stride, all over the instance: pipeline stages */
    MU_RUSH_HANDOVER, /* all ranks to those of the next instance along, whose groups keep
                            sending to each other meanwhile, each rank as much as it gets */
    MU_RUSH_COUNT
} mu_rush_kind;

typedef struct mu_rush {
    mu_group group;    /* one of the groups; pairs: the stride between two */
    uint64_t instance; /* ranks */
    uint64_t inner;    /* >= 1 */
    uint64_t outer;    /* > inner */
    mu_rush_kind kind;
    bool alone; /* the first group, pair or message of them has all wires to itself */
} mu_rush;

/** Ranks that a topology needs for this rush. */
uint64_t mu_rush_ranks(const mu_rush *rush);

/**
 * Seconds that the busiest link takes for each byte that a rank sends; 0 when nothing is sent.
 * Pairs that no network joins send nothing. Sprayed messages take detours, too, where chips pass
 * messages on and that is faster; not so a rush that is alone.
 *
 * @retval MU_E_MEMORY
 *
 * Cost: O(messages * links of a route). Scratch comes from the arena and is given back.
 */
mu_status mu_rush_time(mu_arena *arena, const mu_topology *topology, mu_routing routing,
                       const mu_rush *rush, double *s_per_byte, mu_error *err) MU_MUST_CHECK;

/* Called for each message: `part` of the bytes that a rank sends. */
typedef mu_status mu_rush_visit(void *context, uint32_t from, uint32_t to, double part,
                                mu_error *err);

/**
 * Names the messages of a rush one by one: chains as rings, of a hand-over its own.
 * @retval others  what `visit` returns, if not MU_OK
 */
mu_status mu_rush_messages(mu_arena *arena, const mu_rush *rush, mu_rush_visit *visit,
                           void *context, mu_error *err) MU_MUST_CHECK;

/**
 * Names what goes on beside a hand-over: groups of the next instance along send to all others of
 * theirs, by evenly spread shifts of them.
 * @retval others  what `visit` returns, if not MU_OK
 */
mu_status mu_rush_beside(const mu_rush *rush, mu_rush_visit *visit, void *context,
                         mu_error *err) MU_MUST_CHECK;

/**
 * Bytes that the busiest rank sends or gets for each byte that a rank sends: the time of a rush on
 * links of the ranks' own. Of a hand-over without what goes on beside it; 0 when nothing is sent.
 *
 * @retval MU_E_MEMORY
 * Cost: O(messages).
 */
mu_status mu_rush_busiest(mu_arena *arena, const mu_rush *rush, double *bytes,
                          mu_error *err) MU_MUST_CHECK;

/**
 * Bytes that the busiest rank gets of a hand-over and what goes on beside it, for each byte handed
 * over, where both are sent between domains of `inner` ranks inside one of `outer`: the time of a
 * hand-over on a network that is never full but at its ranks. 0 when nothing is handed over.
 *
 * @retval MU_E_MEMORY
 * Cost: O(instance).
 */
mu_status mu_rush_handover(mu_arena *arena, const mu_rush *rush, uint64_t inner, uint64_t outer,
                           double *bytes, mu_error *err) MU_MUST_CHECK;

const char *mu_rush_text(mu_rush_kind kind);

#endif
