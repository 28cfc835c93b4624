/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Levels of links: weighted max-min fairness, kept up to date.
 *
 * What:  after flows came or went, works out the levels of links that this touches, from the lowest
 *        level up, until every flow has a bottleneck: a full link on which nobody's level is
 *        higher. That makes the rates max-min fair, and there is only one such set of rates.
 * Why:   in large patterns an event moves a few flows to another bottleneck and changes the levels
 *        of some hundred links; a solution from scratch would touch every flow.
 * Bound: after too many steps without an end, all is solved anew by progressive filling.
 * Source: Bertsekas & Gallager, Data Networks, 6.5.2 (the bottleneck condition).
 */
#include "fabric/flow_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* --- links to look at, by level --- */

static void work_put(mu_flows *flows, double key, uint32_t l)
{
    work_item *heap = flows->work;
    uint32_t place = flows->work_count++;
    while (place > 0 && heap[(place - 1) / 2].key > key) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = (work_item){.key = key, .link = l};
    flows->load[l].listed = true;
    flows->load[l].limit = INFINITY;
}

/* Puts `item` in the place of the first. */
static void work_sift(work_item *heap, uint32_t count, work_item item)
{
    uint32_t place = 0;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && heap[child + 1].key < heap[child].key ? 1 : 0;
        if (heap[child].key >= item.key) {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = item;
}

static work_item work_take(mu_flows *flows)
{
    work_item *heap = flows->work;
    work_item first = heap[0];
    uint32_t count = --flows->work_count;
    work_sift(heap, count, heap[count]);
    flows->load[first.link].listed = false;
    set_limit(flows, first.link);
    return first;
}

/* The first waits on, by another key, if others come before that. */
static bool work_later(mu_flows *flows, double key)
{
    work_item *heap = flows->work;
    uint32_t count = flows->work_count;
    if (!(count > 1 && heap[1].key < key) && !(count > 2 && heap[2].key < key)) {
        return false;
    }
    work_sift(heap, count, (work_item){.key = key, .link = heap[0].link});
    return true;
}

static double level_of(const mu_flows *flows, uint32_t l)
{
    const link_level *share = &flows->share[l];
    if (!(share->capacity > 0.0)) {
        return 0.0; /* not what rounding leaves of nothing */
    }
    return (share->capacity - flows->load[l].fixed) / share->weight;
}

static bool overfull(const mu_flows *flows, uint32_t l)
{
    return flows->load[l].fixed > flows->share[l].capacity * (1.0 + LEVEL_SLACK);
}

/* A link whose load changed: its members' level must be worked out, or it has got too full. */
static void look_at(mu_flows *flows, uint32_t l, double level)
{
    const link_load *load = &flows->load[l];
    if (load->fixed > load->limit) {
        work_put(flows, load->members > 0 ? level_of(flows, l) : level, l);
    }
}

/* --- what a flow takes of the links that are not its bottleneck --- */

/* Adds `change` to the level at which a flow loads all links but one. */
static void shift(mu_flows *flows, uint32_t f, uint32_t except, double change)
{
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t l = flows->hop_link[i] & LINK_MASK;
        if (l != except) {
            flows->load[l].fixed += change * flow->weight * hop_share_of(flows, i);
        }
    }
}

static uint32_t hop_on(const mu_flows *flows, uint32_t f, uint32_t l)
{
    const flow_state *flow = &flows->flow[f];
    uint32_t i = flow->first;
    while ((flows->hop_link[i] & LINK_MASK) != l) {
        i++;
        assert(i < flow->first + flow->hops);
    }
    return i;
}

static double pull_of(const mu_flows *flows, uint32_t f, uint32_t hop)
{
    return flows->flow[f].weight * hop_share_of(flows, hop);
}

/* Drops out of the members of its bottleneck; what it loads there is now fixed. Bytes left, by
 * weight. */
static double drop_member(mu_flows *flows, uint32_t f)
{
    uint32_t l = flows->bottleneck[f];
    link_load *load = &flows->load[l];
    double pull = pull_of(flows, f, hop_on(flows, f, l));
    double rest = flows->link[l].heap[flows->flow[f].place].target - clock_now(flows, l);
    mark_retimed(flows, l);
    mu_member_remove(flows, l, flows->flow[f].place);
    link_level *share = &flows->share[l];
    share->weight -= pull;
    load->fixed += pull * share->level;
    load->above = larger(load->above, share->level);
    if (load->members == 0) {
        set_clock(flows, l);
        flows->link[l].clock = 0.0; /* nobody reads it any more, and small numbers are finer */
        share->weight = 0.0;
        share->level = 0.0;
        set_limit(flows, l);
    }
    return rest;
}

void mu_flow_leave(mu_flows *flows, uint32_t f)
{
    uint32_t l = flows->bottleneck[f];
    double level = flows->share[l].level;
    (void)drop_member(flows, f);
    shift(flows, f, NONE, -level);
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        look_at(flows, flows->hop_link[i] & LINK_MASK, level);
    }
}

/* Adds a flow to the members of a link, to run at its level; it loads nothing yet. */
static bool add_member(mu_flows *flows, uint32_t l, uint32_t f, uint32_t hop, double rest)
{
    set_clock(flows, l);
    if (!mu_member_add(flows, l, f, flows->link[l].clock + rest)) {
        return false;
    }
    flows->share[l].weight += pull_of(flows, f, hop);
    set_limit(flows, l);
    mark_retimed(flows, l);
    return true;
}

/* --- one link --- */

static bool pulled_before(const pulled *x, const pulled *y)
{
    return x->level != y->level ? x->level > y->level : x->flow < y->flow;
}

static void pull_down(pulled *heap, uint32_t count, uint32_t place)
{
    pulled item = heap[place];
    for (uint32_t child = 2 * place + 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && pulled_before(&heap[child + 1], &heap[child]) ? 1 : 0;
        if (!pulled_before(&heap[child], &item)) {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = item;
}

/* Puts the highest level first: few of many are pulled, so that they need not be sorted. */
static void order_pulled(pulled *heap, uint32_t count)
{
    for (uint32_t place = count / 2; place-- > 0;) {
        pull_down(heap, count, place);
    }
}

/* Flows that are not members and run above `level`; sums up anew what is fixed. */
static bool find_above(mu_flows *flows, uint32_t l, double level, uint32_t *count)
{
    link_load *load = &flows->load[l];
    double fixed = 0.0;
    double above = 0.0;
    uint32_t found = 0;
    if (!mu_flow_grow((void **)&flows->pull, &flows->pull_room, flows->link[l].riders,
                      sizeof *flows->pull)) {
        return false;
    }
    const rider *riders = flows->link[l].rider;
    uint32_t riding = flows->link[l].riders;
    for (uint32_t r = 0; r < riding; r++) {
        uint32_t f = riders[r].flow;
        uint32_t bottleneck = flows->bottleneck[f];
        if (bottleneck == l || bottleneck == NONE) {
            continue;
        }
        double its = flows->share[bottleneck].level;
        fixed += flows->plain ? its : its * pull_of(flows, f, riders[r].hop);
        if (its > level) {
            flows->pull[found++] = (pulled){.level = its, .flow = f, .hop = riders[r].hop};
        } else {
            above = above < its ? its : above;
        }
    }
    load->fixed = fixed;
    load->above = above;
    *count = found;
    return true;
}

/* Makes members of the flows that run above the level that is left for them here. */
static bool pull_in(mu_flows *flows, uint32_t l)
{
    link_load *load = &flows->load[l];
    uint32_t count = 0;
    double level = load->members > 0 ? level_of(flows, l) : -INFINITY;
    if (!find_above(flows, l, level, &count)) {
        return false;
    }
    order_pulled(flows->pull, count);
    level = load->members > 0 ? level_of(flows, l) : -INFINITY;
    while (count > 0) {
        const pulled *p = &flows->pull[0];
        if (p->level <= level + fabs(level) * LEVEL_SLACK ||
            (load->members == 0 && !overfull(flows, l))) {
            load->above = larger(load->above, p->level);
            break;
        }
        uint32_t from = flows->bottleneck[p->flow];
        double rest = drop_member(flows, p->flow);
        shift(flows, p->flow, NONE, flows->share[l].level - p->level);
        double pull = pull_of(flows, p->flow, p->hop);
        load->fixed -= flows->share[l].level * pull;
        if (!add_member(flows, l, p->flow, p->hop, rest)) {
            return false;
        }
        look_at(flows, from, p->level);
        level = level_of(flows, l);
        flows->pull[0] = flows->pull[--count];
        pull_down(flows->pull, count, 0);
    }
    return true;
}

static inline void add_load(mu_flows *flows, uint32_t l, double rate, double level)
{
    link_load *load = &flows->load[l];
    load->fixed += rate;
    load->above = load->above < level ? level : load->above;
    if (load->fixed > load->limit) {
        look_at(flows, l, level);
    }
}

/* The same on all links of a flow but its bottleneck. */
static void add_loads(mu_flows *flows, uint32_t f, uint32_t bottleneck, double change, double level)
{
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t l = flows->hop_link[i] & LINK_MASK;
        if (l != bottleneck) {
            add_load(flows, l, change * pull_of(flows, f, i), level);
        }
    }
}

/* A level changes, and with it the load of all other links of the members: where the time goes. */
static void set_level(mu_flows *flows, uint32_t l, double level)
{
    double change = level - flows->share[l].level;
    set_clock(flows, l);
    flows->share[l].level = level;
    mark_retimed(flows, l);
    const member *heap = flows->link[l].heap;
    uint32_t count = flows->load[l].members;
    bool plain = flows->plain;
    for (uint32_t i = 0; i < count; i++) {
        const member *m = &heap[i];
        if (plain && m->other[0] != NONE) {
            static_assert(OTHERS == 3, "all, one by one: a loop costs a tenth");
            add_load(flows, m->other[0], change, level);
            add_load(flows, m->other[1], change, level);
            add_load(flows, m->other[2], change, level);
        } else {
            add_loads(flows, m->flow, l, change, level);
        }
    }
}

/* Deals with the first of the work. False: out of memory. */
static bool settle(mu_flows *flows)
{
    work_item item = flows->work[0];
    uint32_t l = item.link;
    const link_load *load = &flows->load[l];
    double level = load->members > 0 ? level_of(flows, l) : 0.0;
    bool pulls = load->members > 0 ? load->above > level * (1.0 + LEVEL_SLACK) || level < 0.0
                                   : overfull(flows, l);
    bool keeps = load->members > 0 && !pulls;
    if (keeps && level > item.key * (1.0 + LEVEL_SLACK) && work_later(flows, level)) {
        return true; /* it rose while it waited */
    }
    (void)work_take(flows);
    if (keeps && fabs(level - flows->share[l].level) <= level * LEVEL_SAME) {
        return true;
    }
    if (pulls && !pull_in(flows, l)) {
        return false;
    }
    if (load->members > 0) {
        flows->stats.solved++;
        set_level(flows, l, larger(level_of(flows, l), 0.0));
    }
    return true;
}

/* --- all anew --- */

/* Takes all flows off their bottlenecks; rest[] holds what they have left. */
static void clear_levels(mu_flows *flows)
{
    for (uint32_t u = 0; u < flows->used_count; u++) {
        uint32_t l = flows->used[u];
        link_load *load = &flows->load[l];
        link_level *share = &flows->share[l];
        const link_state *link = &flows->link[l];
        set_clock(flows, l);
        for (uint32_t i = 0; i < load->members; i++) {
            flows->rest[link->heap[i].flow] = link->heap[i].target - link->clock;
            flows->bottleneck[link->heap[i].flow] = NONE;
        }
        if (load->members > 0) {
            mark_retimed(flows, l);
        }
        load->members = 0;
        load->fixed = 0.0;
        load->above = 0.0;
        share->weight = 0.0;
        share->level = 0.0;
        for (uint32_t r = 0; r < link->riders; r++) {
            share->weight += pull_of(flows, link->rider[r].flow, link->rider[r].hop);
        }
    }
    while (flows->work_count > 0) { /* some may have no flow left */
        uint32_t l = flows->work[--flows->work_count].link;
        flows->load[l].listed = false;
        set_limit(flows, l);
    }
}

/* All flows on l that have no bottleneck yet get it. */
static bool fill(mu_flows *flows, uint32_t l, double level)
{
    link_load *load = &flows->load[l];
    link_state *link = &flows->link[l];
    flows->share[l].level = level;
    load->above = level;
    mark_retimed(flows, l);
    if (!mu_flow_grow((void **)&link->heap, &link->room, link->riders, sizeof(member))) {
        return false;
    }
    for (uint32_t r = 0; r < link->riders; r++) {
        uint32_t f = link->rider[r].flow;
        flow_state *flow = &flows->flow[f];
        if (flows->bottleneck[f] != NONE) {
            continue;
        }
        flows->bottleneck[f] = l;
        flow->place = load->members;
        link->heap[load->members++] = mu_member_of(flows, l, f, link->clock + flows->rest[f]);
        for (uint32_t h = flow->first; h < flow->first + flow->hops; h++) {
            uint32_t k = flows->hop_link[h] & LINK_MASK;
            if (k != l) {
                double pull = flow->weight * hop_share_of(flows, h);
                flows->load[k].fixed += level * pull;
                flows->share[k].weight -= pull;
            }
        }
    }
    mu_member_order(flows, l);
    return true;
}

/* Flows on l without a bottleneck. Weights are sums and differences: rounding may leave a crumb. */
static bool has_open(const mu_flows *flows, uint32_t l)
{
    const link_state *link = &flows->link[l];
    for (uint32_t r = 0; r < link->riders; r++) {
        if (flows->bottleneck[link->rider[r].flow] == NONE) {
            return true;
        }
    }
    return false;
}

/* Progressive filling: the lowest level first. */
static bool solve_all(mu_flows *flows)
{
    clear_levels(flows);
    for (uint32_t u = 0; u < flows->used_count; u++) {
        uint32_t l = flows->used[u];
        if (flows->share[l].weight > 0.0) {
            work_put(flows, level_of(flows, l), l);
        }
    }
    while (flows->work_count > 0) {
        work_item item = flows->work[0];
        double level = flows->share[item.link].weight > 0.0 ? level_of(flows, item.link) : 0.0;
        bool open = flows->share[item.link].weight > 0.0 && has_open(flows, item.link);
        if (open && level > item.key * (1.0 + LEVEL_SLACK) && work_later(flows, level)) {
            continue;
        }
        (void)work_take(flows);
        flows->stats.solved++;
        if (open && !fill(flows, item.link, larger(level, 0.0))) {
            return false;
        }
    }
    for (uint32_t u = 0; u < flows->used_count; u++) {
        uint32_t l = flows->used[u];
        link_load *load = &flows->load[l];
        if (load->members == 0) {
            flows->share[l].weight = 0.0;
            load->above = INFINITY; /* looked for when it gets too full */
        }
        set_limit(flows, l);
    }
    return true;
}

/* --- flows that join --- */

/* The link of its route where a flow would get least. */
static uint32_t tightest(const mu_flows *flows, uint32_t f)
{
    const flow_state *flow = &flows->flow[f];
    uint32_t best = flow->first;
    double least = INFINITY;
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t l = flows->hop_link[i] & LINK_MASK;
        const link_level *share = &flows->share[l];
        double level =
            (share->capacity - flows->load[l].fixed) / (share->weight + pull_of(flows, f, i));
        if (level < least) {
            least = level;
            best = i;
        }
    }
    return best;
}

static bool join(mu_flows *flows, uint32_t f)
{
    const flow_state *flow = &flows->flow[f];
    uint32_t hop = tightest(flows, f);
    uint32_t l = flows->hop_link[hop] & LINK_MASK;
    if (!add_member(flows, l, f, hop, flow->bytes / flow->weight)) {
        return false;
    }
    double level = flows->share[l].level;
    shift(flows, f, l, level);
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t k = flows->hop_link[i] & LINK_MASK;
        if (k != l) {
            flows->load[k].above = larger(flows->load[k].above, level);
        }
        look_at(flows, k, level);
    }
    return true;
}

bool mu_flow_solve(mu_flows *flows)
{
    uint32_t count = flows->arrived_count;
    flows->arrived_count = 0;
    bool anew = (uint64_t)count * 2 > flows->active && count > 8;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t f = flows->arrived[i];
        if (anew) {
            flows->rest[f] = flows->flow[f].bytes / flows->flow[f].weight;
        } else if (!join(flows, f)) {
            return false;
        }
    }
    uint64_t guard = 64 + 32 * (uint64_t)flows->used_count;
    while (!anew && flows->work_count > 0) {
        if (!settle(flows)) {
            return false;
        }
        anew = --guard == 0;
    }
    return !anew || solve_all(flows);
}
