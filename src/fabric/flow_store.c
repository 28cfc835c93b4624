/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where flows, their hops and the members of links are kept.
 *
 * What:  recycled flows; hops in rooms of a power of two; riders and a heap of members a link.
 * Why:   millions of flows come and go; memory is what the most at once take.
 * Bound: 2^31 hops.
 */
#include "fabric/flow_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool mu_flow_grow(void **items, uint32_t *room, uint64_t count, size_t size)
{
    if (count <= *room) {
        return true;
    }
    uint64_t wanted = *room < 16 ? 16 : (uint64_t)*room * 2;
    wanted = wanted < count ? count : wanted;
    if (wanted > LINK_MASK || wanted > SIZE_MAX / size) {
        return false;
    }
    void *grown = realloc(*items, (size_t)wanted * size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *room = (uint32_t)wanted;
    return true;
}

/* Room for hops up to `count`. */
static bool grow_hops(mu_flows *flows, uint64_t count)
{
    uint32_t room = flows->hop_room;
    uint32_t same = room;
    if (!mu_flow_grow((void **)&flows->hop_link, &same, count, sizeof *flows->hop_link)) {
        return false;
    }
    same = room;
    if (!mu_flow_grow((void **)&flows->hop_place, &same, count, sizeof *flows->hop_place)) {
        return false;
    }
    if (flows->hop_share != NULL) {
        same = room;
        if (!mu_flow_grow((void **)&flows->hop_share, &same, count, sizeof *flows->hop_share)) {
            return false;
        }
    }
    flows->hop_room = same;
    return true;
}

/* First of 1 << room_class hops. */
static uint32_t take_hops(mu_flows *flows, uint8_t room_class)
{
    uint32_t first = flows->free_hops[room_class];
    if (first != NONE) {
        flows->free_hops[room_class] = flows->hop_place[first];
        return first;
    }
    uint32_t room = 1u << room_class;
    if ((uint64_t)flows->hop_count + room > flows->hop_room &&
        !grow_hops(flows, (uint64_t)flows->hop_count + room)) {
        return NONE;
    }
    first = flows->hop_count;
    flows->hop_count += room;
    return first;
}

bool mu_flow_reserve(mu_flows *flows, uint64_t count)
{
    uint32_t same = flows->flow_room;
    if (!mu_flow_grow((void **)&flows->rest, &same, count, sizeof *flows->rest)) {
        return false;
    }
    same = flows->flow_room;
    if (!mu_flow_grow((void **)&flows->bottleneck, &same, count, sizeof *flows->bottleneck)) {
        return false;
    }
    return mu_flow_grow((void **)&flows->flow, &flows->flow_room, count, sizeof *flows->flow);
}

uint32_t mu_flow_take(mu_flows *flows, uint32_t hops)
{
    uint8_t room_class = 0;
    while (room_class < HOP_CLASSES - 1 && (1u << room_class) < hops) {
        room_class++;
    }
    uint32_t first = take_hops(flows, room_class);
    if (first == NONE) {
        return NONE;
    }
    uint32_t f = flows->free_flow;
    if (f != NONE) {
        flows->free_flow = flows->flow[f].place;
    } else if (flows->flow_count < flows->flow_room ||
               mu_flow_reserve(flows, (uint64_t)flows->flow_count + 1)) {
        f = flows->flow_count++;
    } else {
        flows->hop_place[first] = flows->free_hops[room_class];
        flows->free_hops[room_class] = first;
        return NONE;
    }
    flows->flow[f].first = first;
    flows->flow[f].hops = (uint16_t)hops;
    flows->flow[f].room_class = room_class;
    flows->bottleneck[f] = NONE;
    return f;
}

void mu_flow_give(mu_flows *flows, uint32_t f)
{
    flow_state *flow = &flows->flow[f];
    mu_flow_watch(flows, f, -flow->weight);
    flows->hop_place[flow->first] = flows->free_hops[flow->room_class];
    flows->free_hops[flow->room_class] = flow->first;
    flow->place = flows->free_flow;
    flows->free_flow = f;
}

void mu_flow_watch(mu_flows *flows, uint32_t f, double weight)
{
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; flows->watched != NULL && i < flow->first + flow->hops; i++) {
        flows->watched[flows->hop_link[i] & LINK_MASK] += weight * hop_share_of(flows, i);
    }
}

bool mu_flow_hook(mu_flows *flows, uint32_t f)
{
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        link_state *link = &flows->link[flows->hop_link[i] & LINK_MASK];
        if (link->riders == link->rider_room &&
            !mu_flow_grow((void **)&link->rider, &link->rider_room, (uint64_t)link->riders + 1,
                          sizeof *link->rider)) {
            return false;
        }
        if (link->riders == 0) {
            link->used_place = flows->used_count;
            flows->used[flows->used_count++] = flows->hop_link[i] & LINK_MASK;
        }
        flows->hop_place[i] = link->riders;
        link->rider[link->riders++] = (rider){.flow = f, .hop = i};
    }
    flows->active++;
    return true;
}

void mu_flow_unhook(mu_flows *flows, uint32_t f)
{
    const flow_state *flow = &flows->flow[f];
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t l = flows->hop_link[i] & LINK_MASK;
        link_state *link = &flows->link[l];
        uint32_t place = flows->hop_place[i];
        rider last = link->rider[--link->riders];
        link->rider[place] = last;
        flows->hop_place[last.hop] = place;
        flows->carried[l] += flow->bytes * hop_share_of(flows, i);
        if (link->riders == 0) {
            uint32_t moved = flows->used[--flows->used_count];
            flows->used[link->used_place] = moved;
            flows->link[moved].used_place = link->used_place;
            flows->load[l].fixed = 0.0; /* what rounding left */
            flows->load[l].above = 0.0;
            flows->share[l].weight = 0.0;
        }
    }
    flows->active--;
}

static bool sooner(const member *a, const member *b)
{
    return a->target < b->target || (a->target == b->target && a->flow < b->flow);
}

static void put(mu_flows *flows, member *heap, uint32_t place, member item)
{
    heap[place] = item;
    flows->flow[item.flow].place = place;
}

static void sift_up(mu_flows *flows, member *heap, uint32_t place, member item)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (!sooner(&item, &heap[parent])) {
            break;
        }
        put(flows, heap, place, heap[parent]);
        place = parent;
    }
    put(flows, heap, place, item);
}

static void sift_down(mu_flows *flows, member *heap, uint32_t count, uint32_t place, member item)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && sooner(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!sooner(&heap[child], &item)) {
            break;
        }
        put(flows, heap, place, heap[child]);
        place = child;
    }
    put(flows, heap, place, item);
}

member mu_member_of(const mu_flows *flows, uint32_t l, uint32_t f, double target)
{
    const flow_state *flow = &flows->flow[f];
    member made = {.target = target, .flow = f};
    if (flow->hops > OTHERS + 1) {
        made.other[0] = NONE;
        return made;
    }
    uint32_t count = 0;
    for (uint32_t i = flow->first; i < flow->first + flow->hops; i++) {
        uint32_t k = flows->hop_link[i] & LINK_MASK;
        if (k != l) {
            made.other[count++] = k;
        }
    }
    while (count < OTHERS) {
        made.other[count++] = flows->links;
    }
    return made;
}

bool mu_member_add(mu_flows *flows, uint32_t l, uint32_t f, double target)
{
    link_state *link = &flows->link[l];
    uint32_t count = flows->load[l].members;
    if (count == link->room &&
        !mu_flow_grow((void **)&link->heap, &link->room, (uint64_t)count + 1, sizeof(member))) {
        return false;
    }
    flows->load[l].members = count + 1;
    flows->bottleneck[f] = l;
    sift_up(flows, link->heap, count, mu_member_of(flows, l, f, target));
    return true;
}

void mu_member_remove(mu_flows *flows, uint32_t l, uint32_t place)
{
    member *heap = flows->link[l].heap;
    uint32_t count = --flows->load[l].members;
    assert(place <= count);
    flows->bottleneck[heap[place].flow] = NONE;
    if (place == count) {
        return;
    }
    member last = heap[count];
    if (place > 0 && sooner(&last, &heap[(place - 1) / 2])) {
        sift_up(flows, heap, place, last);
    } else {
        sift_down(flows, heap, count, place, last);
    }
}

void mu_member_order(mu_flows *flows, uint32_t l)
{
    member *heap = flows->link[l].heap;
    uint32_t count = flows->load[l].members;
    for (uint32_t place = count / 2; place-- > 0;) {
        sift_down(flows, heap, count, place, heap[place]);
    }
}
