/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What flows and links are made of. Private to flow*.c.
 *
 * Terms: hop = a flow's place on one link; members of a link = flows whose bottleneck it is. All
 *        members have the link's level, so that they share one clock: the bytes that a flow of
 *        weight 1 has got since the start. A member ends when the clock reaches its target.
 *        `fixed` of a link is the rate of flows whose bottleneck is elsewhere.
 */
#ifndef MUSTER_FABRIC_FLOW_STATE_H
#define MUSTER_FABRIC_FLOW_STATE_H

#include "fabric/flow.h"

#include <math.h>

#define NONE UINT32_MAX
#define LAST_HOP 0x80000000u /* of a route's last link */
#define LINK_MASK 0x7fffffffu

/* Levels that differ by less are equal. */
#define LEVEL_SLACK 1e-11
/* A level that changes by less does not change. */
#define LEVEL_SAME 1e-12

/* Links besides its bottleneck that a member carries along; longer routes are looked up. */
enum { OTHERS = 3 };

typedef struct member {
    double target; /* of the link's clock */
    uint32_t flow;
    uint32_t other[OTHERS]; /* unused: the spare link; other[0] NONE: look at the flow's hops */
} member;

/* What solving touches: 32 bytes a link for the innermost loop, the rest apart. */
typedef struct link_load {
    double fixed;
    double above; /* no flow that is not a member has a higher level */
    double limit; /* of `fixed`, beyond which the link has to be looked at; see set_limit() */
    uint32_t members;
    bool listed;  /* in the work heap */
    bool retimed; /* its next end has to be worked out anew */
} link_load;

typedef struct link_level {
    double capacity;
    double weight; /* of members, times share */
    double level;  /* 0 without members */
} link_level;

/* A flow on a link. */
typedef struct rider {
    uint32_t flow;
    uint32_t hop;
} rider;

typedef struct link_state {
    member *heap; /* by target, then flow; [members] of `room` */
    uint32_t room;
    rider *rider; /* [riders] of `rider_room`: all flows on it, in any order */
    uint32_t riders;
    uint32_t used_place; /* in `used`, while it has riders */
    uint32_t rider_room;
    uint32_t due_place; /* in due_heap; NONE */
    int64_t due;        /* tick of the next end */
    int64_t clock_tick; /* when `clock` was right */
    double clock_part;
    double due_part;
    double clock;
} link_state;

typedef struct flow_state {
    double weight;
    double bytes;
    uint64_t tag;
    uint32_t first; /* hop */
    uint32_t place; /* in the bottleneck's heap; of a free flow: the next free one */
    uint16_t hops;
    uint8_t room_class; /* hops reserved = 1 << room_class */
} flow_state;

typedef struct work_item {
    double key; /* level expected */
    uint32_t link;
} work_item;

typedef struct waiting {
    int64_t tick;
    double part;
    uint64_t tag;
    uint32_t flow;
} waiting;

typedef struct pulled {
    double level;
    uint32_t flow;
    uint32_t hop;
} pulled;

enum { HOP_CLASSES = 14 };

struct mu_flows {
    uint32_t links;
    double tick_s;
    int64_t now;
    double part; /* of a tick by which this moment lies after `now`, -0.5 .. 0.5: ends that are
                    equal stay equal, however moments are rounded */
    bool plain;  /* all weights and shares so far are 1 */

    link_load *load;   /* [links + 1]: the last takes what unused places add */
    link_level *share; /* [links] */
    link_state *link;  /* [links] */
    double *carried;   /* [links] */
    double *watched;   /* [links] weight of flows under way; NULL while nobody asks */

    flow_state *flow;
    uint32_t *bottleneck; /* [flow_room] link; NONE: waits, or not solved yet */
    uint32_t flow_room;
    uint32_t flow_count; /* ever used */
    uint32_t free_flow;
    uint32_t active; /* on their links */

    uint32_t *hop_link;  /* link | LAST_HOP */
    uint32_t *hop_place; /* among its link's riders; of free hops: the next free ones */
    double *hop_share;   /* NULL while all are 1 */
    uint32_t hop_room;
    uint32_t hop_count;
    uint32_t free_hops[HOP_CLASSES];

    uint32_t *used; /* [links] those with riders, in any order */
    uint32_t used_count;
    work_item *work; /* [links + 1] heap */
    uint32_t work_count;
    uint32_t *due_heap; /* [links] */
    uint32_t due_count;
    uint32_t *retimed; /* [links] */
    uint32_t retimed_count;
    pulled *pull; /* scratch */
    uint32_t pull_room;

    waiting *wait; /* heap by tick */
    uint32_t wait_count;
    uint32_t wait_room;
    uint32_t *arrived; /* flows that join now */
    uint32_t arrived_count;
    uint32_t arrived_room;
    uint64_t *ended; /* tags */
    uint64_t *ended_spare;
    uint32_t ended_count;
    uint32_t ended_room;
    uint64_t *told; /* the last that were */
    double *rest;   /* [flow_room] bytes left by weight; scratch of solving all anew */

    mu_flow_stats stats;
};

/* fmax is a call, for the sake of NaN. */
static inline double larger(double a, double b)
{
    return a < b ? b : a;
}

/* flow_store.c */

/** Grows *items to hold count of `size` bytes each; doubles. False: out of memory. */
bool mu_flow_grow(void **items, uint32_t *room, uint64_t count, size_t size);
/** Room for `count` flows ever used. False: out of memory. */
bool mu_flow_reserve(mu_flows *flows, uint64_t count);
/** Its entry among the members of a link. */
member mu_member_of(const mu_flows *flows, uint32_t l, uint32_t f, double target);
/** A flow with room for `hops` hops, or NONE when memory is out. */
uint32_t mu_flow_take(mu_flows *flows, uint32_t hops);
void mu_flow_give(mu_flows *flows, uint32_t f);
/** Books a weight more or less on the links that are watched. */
void mu_flow_watch(mu_flows *flows, uint32_t f, double weight);
/** Puts a flow on its links. False: out of memory. */
bool mu_flow_hook(mu_flows *flows, uint32_t f);
/** Takes it off its links and books what it carried. */
void mu_flow_unhook(mu_flows *flows, uint32_t f);
bool mu_member_add(mu_flows *flows, uint32_t l, uint32_t f, double target);
void mu_member_remove(mu_flows *flows, uint32_t l, uint32_t place);
/** Puts members in heap order after they were appended in any. */
void mu_member_order(mu_flows *flows, uint32_t l);

/* flow_solve.c */

/** Brings levels up to date after flows came and went. False: out of memory. */
bool mu_flow_solve(mu_flows *flows);
/** Leaves a flow's bottleneck and its rate on other links. */
void mu_flow_leave(mu_flows *flows, uint32_t f);

static inline double hop_share_of(const mu_flows *flows, uint32_t hop)
{
    return flows->hop_share == NULL ? 1.0 : flows->hop_share[hop];
}

/* The link's clock at this tick. */
static inline double clock_now(const mu_flows *flows, uint32_t l)
{
    const link_state *link = &flows->link[l];
    return link->clock + flows->share[l].level * (((double)(flows->now - link->clock_tick) +
                                                   (flows->part - link->clock_part)) *
                                                  flows->tick_s);
}

static inline void set_clock(mu_flows *flows, uint32_t l)
{
    link_state *link = &flows->link[l];
    if (link->clock_tick != flows->now || link->clock_part != flows->part) {
        link->clock = clock_now(flows, l);
        link->clock_tick = flows->now;
        link->clock_part = flows->part;
    }
}

/* With members every change matters; without, only more than the link can carry. */
static inline void set_limit(mu_flows *flows, uint32_t l)
{
    link_load *load = &flows->load[l];
    load->limit = load->listed        ? INFINITY
                  : load->members > 0 ? -INFINITY
                                      : flows->share[l].capacity * (1.0 + LEVEL_SLACK);
}

static inline void mark_retimed(mu_flows *flows, uint32_t l)
{
    if (!flows->load[l].retimed) {
        flows->load[l].retimed = true;
        flows->retimed[flows->retimed_count++] = l;
    }
}

#endif
