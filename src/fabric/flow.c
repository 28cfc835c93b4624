/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows over time: starts, ends, the next moment at which something happens.
 *
 * What:  a heap of links by their next end, a heap of flows that wait for their delay.
 * Bound: as flow.h.
 */
#include "fabric/flow.h"

#include "fabric/flow_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NEVER = INT64_MAX;

static void set_empty(mu_flows *flows)
{
    flows->now = 0;
    flows->part = 0.0;
    flows->plain = true;
    flows->free_flow = NONE;
    flows->flow_count = 0;
    flows->active = 0;
    flows->hop_count = 0;
    flows->work_count = 0;
    flows->due_count = 0;
    flows->retimed_count = 0;
    flows->used_count = 0;
    flows->wait_count = 0;
    flows->arrived_count = 0;
    flows->ended_count = 0;
    for (int i = 0; i < HOP_CLASSES; i++) {
        flows->free_hops[i] = NONE;
    }
    for (uint32_t l = 0; l < flows->links; l++) {
        flows->load[l] = (link_load){.fixed = 0.0};
        flows->share[l].weight = 0.0;
        flows->share[l].level = 0.0;
        set_limit(flows, l);
        link_state *link = &flows->link[l];
        link->riders = 0;
        link->due_place = NONE;
        link->due = NEVER;
        link->clock_tick = 0;
        link->clock_part = 0.0;
        link->due_part = 0.0;
        link->clock = 0.0;
        flows->carried[l] = 0.0;
        if (flows->watched != NULL) {
            flows->watched[l] = 0.0;
        }
    }
    flows->load[flows->links].limit = INFINITY;
    flows->stats = (mu_flow_stats){0};
}

mu_status mu_flows_create(uint32_t links, const double *capacity, double tick_s, uint32_t expected,
                          mu_flows **out, mu_error *err)
{
    assert(links > 0 && capacity != NULL && tick_s > 0.0 && out != NULL);
    mu_flows *flows = calloc(1, sizeof *flows);
    if (flows == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    size_t n = links;
    flows->links = links;
    flows->tick_s = tick_s;
    flows->load = calloc(n + 1, sizeof *flows->load);
    flows->share = calloc(n, sizeof *flows->share);
    flows->link = calloc(n, sizeof *flows->link);
    flows->carried = calloc(n, sizeof *flows->carried);
    flows->work = calloc(n + 1, sizeof *flows->work);
    flows->due_heap = calloc(n, sizeof *flows->due_heap);
    flows->retimed = calloc(n, sizeof *flows->retimed);
    flows->used = calloc(n, sizeof *flows->used);
    if (flows->load == NULL || flows->share == NULL || flows->link == NULL ||
        flows->carried == NULL || flows->work == NULL || flows->due_heap == NULL ||
        flows->retimed == NULL || flows->used == NULL || !mu_flow_reserve(flows, expected)) {
        mu_flows_free(flows);
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (size_t l = 0; l < n; l++) {
        assert(capacity[l] >= 0.0);
        flows->share[l].capacity = capacity[l];
    }
    set_empty(flows);
    *out = flows;
    return MU_OK;
}

void mu_flows_free(mu_flows *flows)
{
    if (flows == NULL) {
        return;
    }
    for (uint32_t l = 0; flows->link != NULL && l < flows->links; l++) {
        free(flows->link[l].heap);
        free(flows->link[l].rider);
    }
    free(flows->load);
    free(flows->share);
    free(flows->link);
    free(flows->carried);
    free(flows->watched);
    free(flows->flow);
    free(flows->hop_link);
    free(flows->hop_place);
    free(flows->hop_share);
    free(flows->work);
    free(flows->due_heap);
    free(flows->retimed);
    free(flows->used);
    free(flows->pull);
    free(flows->wait);
    free(flows->arrived);
    free(flows->ended);
    free(flows->ended_spare);
    free(flows->told);
    free(flows->rest);
    free(flows->bottleneck);
    free(flows);
}

void mu_flows_reset(mu_flows *flows)
{
    set_empty(flows);
}

/* --- starting --- */

/* From the first share that is not 1 on, shares are kept. */
static bool keep_shares(mu_flows *flows)
{
    if (flows->hop_share != NULL) {
        return true;
    }
    uint32_t room = 0;
    if (!mu_flow_grow((void **)&flows->hop_share, &room, (uint64_t)flows->hop_room + 1,
                      sizeof *flows->hop_share)) {
        return false;
    }
    for (uint32_t i = 0; i < flows->hop_room; i++) {
        flows->hop_share[i] = 1.0;
    }
    return true;
}

static bool add_wait(mu_flows *flows, waiting item)
{
    if (!mu_flow_grow((void **)&flows->wait, &flows->wait_room, (uint64_t)flows->wait_count + 1,
                      sizeof *flows->wait)) {
        return false;
    }
    uint32_t place = flows->wait_count++;
    waiting *heap = flows->wait;
    while (place > 0 && heap[(place - 1) / 2].tick > item.tick) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = item;
    return true;
}

static bool add_ended(mu_flows *flows, uint64_t tag)
{
    if (flows->ended_count == flows->ended_room) {
        uint64_t **lists[] = {&flows->ended_spare, &flows->told, &flows->ended};
        uint32_t room = 0;
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            room = flows->ended_room;
            if (!mu_flow_grow((void **)lists[i], &room, (uint64_t)room + 1, sizeof **lists[i])) {
                return false;
            }
        }
        flows->ended_room = room;
    }
    flows->ended[flows->ended_count++] = tag;
    return true;
}

/* Puts a flow on its links; one with nothing to carry ends at once. */
static bool enter(mu_flows *flows, uint32_t f)
{
    const flow_state *flow = &flows->flow[f];
    if (!(flow->bytes > 0.0) || flow->hops == 0) {
        if (!add_ended(flows, flow->tag)) {
            return false;
        }
        mu_flow_give(flows, f);
        flows->stats.finished++;
        return true;
    }
    if (!mu_flow_grow((void **)&flows->arrived, &flows->arrived_room,
                      (uint64_t)flows->arrived_count + 1, sizeof *flows->arrived)) {
        return false;
    }
    if (!mu_flow_hook(flows, f)) {
        return false;
    }
    flows->arrived[flows->arrived_count++] = f;
    return true;
}

static void copy_route(mu_flows *flows, const mu_flow *flow, uint32_t first)
{
    for (uint32_t i = 0; i < flow->hops; i++) {
        assert(flow->link[i] < flows->links);
        flows->hop_link[first + i] = flow->link[i];
    }
    if (flow->hops > 0) {
        flows->hop_link[first + flow->hops - 1] |= LAST_HOP;
    }
    for (uint32_t i = 0; flows->hop_share != NULL && i < flow->hops; i++) {
        flows->hop_share[first + i] = flow->share == NULL ? 1.0 : flow->share[i];
    }
}

mu_status mu_flows_start(mu_flows *flows, const mu_flow *flow, mu_error *err)
{
    assert(flow->bytes >= 0.0 && flow->weight > 0.0 && flow->delay >= 0);
    assert(flow->hops <= 1u << (HOP_CLASSES - 1));
    if (flow->delay > NEVER - 1 - flows->now) {
        return mu_fail(err, MU_E_INPUT, "a flow starts later than time can be counted");
    }
    if (flow->share != NULL && !keep_shares(flows)) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    uint32_t f = mu_flow_take(flows, flow->hops);
    if (f == NONE) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    copy_route(flows, flow, flows->flow[f].first);
    flows->flow[f].weight = flow->weight;
    flows->flow[f].bytes = flow->bytes;
    flows->flow[f].tag = flow->tag;
    flows->plain = flows->plain && flow->share == NULL && flow->weight == 1.0;
    flows->stats.started++;
    mu_flow_watch(flows, f, flow->weight);
    bool kept = flow->delay == 0 ? enter(flows, f)
                                 : add_wait(flows, (waiting){.tick = flows->now + flow->delay,
                                                             .part = flows->part,
                                                             .tag = flow->tag,
                                                             .flow = f});
    return kept ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
}

/* --- when links have their next end --- */

static bool due_before(const mu_flows *flows, uint32_t a, uint32_t b)
{
    int64_t x = flows->link[a].due;
    int64_t y = flows->link[b].due;
    double p = flows->link[a].due_part;
    double q = flows->link[b].due_part;
    return x < y || (x == y && (p < q || (p == q && a < b)));
}

static void due_put(mu_flows *flows, uint32_t place, uint32_t l)
{
    flows->due_heap[place] = l;
    flows->link[l].due_place = place;
}

static void due_up(mu_flows *flows, uint32_t place, uint32_t l)
{
    while (place > 0 && due_before(flows, l, flows->due_heap[(place - 1) / 2])) {
        due_put(flows, place, flows->due_heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    due_put(flows, place, l);
}

static void due_down(mu_flows *flows, uint32_t place, uint32_t l)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= flows->due_count) {
            break;
        }
        if (child + 1 < flows->due_count &&
            due_before(flows, flows->due_heap[child + 1], flows->due_heap[child])) {
            child++;
        }
        if (!due_before(flows, flows->due_heap[child], l)) {
            break;
        }
        due_put(flows, place, flows->due_heap[child]);
        place = child;
    }
    due_put(flows, place, l);
}

static void due_remove(mu_flows *flows, uint32_t l)
{
    uint32_t place = flows->link[l].due_place;
    uint32_t last = flows->due_heap[--flows->due_count];
    flows->link[l].due_place = NONE;
    if (place == flows->due_count) {
        return;
    }
    if (place > 0 && due_before(flows, last, flows->due_heap[(place - 1) / 2])) {
        due_up(flows, place, last);
    } else {
        due_down(flows, place, last);
    }
}

/* Ticks until the first member of a link ends; may be beyond counting. */
static double ticks_left(const mu_flows *flows, uint32_t l)
{
    const link_state *link = &flows->link[l];
    double rest = link->heap[0].target - clock_now(flows, l);
    return rest / flows->share[l].level / flows->tick_s;
}

/* Tick of a link's next end, and what the exact moment has more. */
static int64_t due_tick(const mu_flows *flows, uint32_t l, double *part)
{
    *part = 0.0;
    if (flows->load[l].members == 0 || !(flows->share[l].level > 0.0)) {
        return NEVER;
    }
    double exact = larger(0.0, ticks_left(flows, l)) + flows->part;
    double ticks = larger(0.0, rint(exact));
    if (!(ticks < (double)(NEVER - 1 - flows->now))) {
        return NEVER - 1;
    }
    *part = exact - ticks;
    return flows->now + (int64_t)ticks;
}

/* A link's next end changed: one step of a heap, or just noted where all is ordered anew after. */
static void move_due(mu_flows *flows, uint32_t l, bool sooner, bool ordered)
{
    link_state *link = &flows->link[l];
    if (link->due == NEVER) {
        if (ordered) {
            due_remove(flows, l);
        } else {
            uint32_t place = link->due_place;
            due_put(flows, place, flows->due_heap[--flows->due_count]);
            link->due_place = NONE;
        }
    } else if (link->due_place == NONE) {
        uint32_t place = flows->due_count++;
        due_put(flows, place, l);
        if (ordered) {
            due_up(flows, place, l);
        }
    } else if (ordered && sooner) {
        due_up(flows, link->due_place, l);
    } else if (ordered) {
        due_down(flows, link->due_place, l);
    }
}

static void retime(mu_flows *flows)
{
    bool ordered = flows->retimed_count < flows->due_count / 4;
    for (uint32_t i = 0; i < flows->retimed_count; i++) {
        uint32_t l = flows->retimed[i];
        link_state *link = &flows->link[l];
        flows->load[l].retimed = false;
        int64_t before = link->due;
        double before_part = link->due_part;
        link->due = due_tick(flows, l, &link->due_part);
        if (link->due != before || link->due_part != before_part) {
            bool sooner =
                link->due < before || (link->due == before && link->due_part < before_part);
            move_due(flows, l, sooner, ordered);
        }
    }
    flows->retimed_count = 0;
    for (uint32_t place = ordered ? 0 : flows->due_count / 2; place-- > 0;) {
        due_down(flows, place, flows->due_heap[place]);
    }
}

/* --- the next moment --- */

static mu_status out_of_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory");
}

/* Members of a link that end by now; the first one does, whatever rounding says. */
static bool end_members(mu_flows *flows, uint32_t l)
{
    bool first = true;
    set_clock(flows, l);
    while (flows->load[l].members > 0 && (first || ticks_left(flows, l) + flows->part <= 0.5)) {
        uint32_t f = flows->link[l].heap[0].flow;
        if (!add_ended(flows, flows->flow[f].tag)) {
            return false;
        }
        mu_flow_leave(flows, f);
        mu_flow_unhook(flows, f);
        mu_flow_give(flows, f);
        flows->stats.finished++;
        first = false;
    }
    return true;
}

static bool end_due(mu_flows *flows)
{
    while (flows->due_count > 0 && flows->link[flows->due_heap[0]].due <= flows->now) {
        uint32_t l = flows->due_heap[0];
        due_remove(flows, l);
        flows->link[l].due = NEVER;
        flows->link[l].due_part = 0.0;
        if (!end_members(flows, l)) {
            return false;
        }
    }
    return true;
}

static uint32_t take_wait(mu_flows *flows)
{
    waiting *heap = flows->wait;
    uint32_t f = heap[0].flow;
    waiting item = heap[--flows->wait_count];
    uint32_t count = flows->wait_count;
    uint32_t place = 0;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= count) {
            break;
        }
        child += child + 1 < count && heap[child + 1].tick < heap[child].tick ? 1 : 0;
        if (heap[child].tick >= item.tick) {
            break;
        }
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = item;
    return f;
}

static bool enter_due(mu_flows *flows)
{
    while (flows->wait_count > 0 && flows->wait[0].tick <= flows->now) {
        if (!enter(flows, take_wait(flows))) {
            return false;
        }
    }
    return true;
}

/* Ascending; eight bits at a time, only those that differ. */
static void sort_tags(mu_flows *flows)
{
    uint64_t *from = flows->ended;
    uint64_t *to = flows->ended_spare;
    uint32_t count = flows->ended_count;
    uint64_t differ = 0;
    bool sorted = true;
    for (uint32_t i = 1; i < count; i++) {
        differ |= from[i] ^ from[0];
        sorted = sorted && from[i - 1] <= from[i];
    }
    for (unsigned shift = 0; !sorted && shift < 64 && differ >> shift != 0; shift += 8) {
        if ((differ >> shift & 255) == 0) {
            continue;
        }
        uint32_t start[257] = {0};
        for (uint32_t i = 0; i < count; i++) {
            start[(from[i] >> shift & 255) + 1]++;
        }
        for (int i = 1; i < 257; i++) {
            start[i] += start[i - 1];
        }
        for (uint32_t i = 0; i < count; i++) {
            to[start[from[i] >> shift & 255]++] = from[i];
        }
        uint64_t *spare = from;
        from = to;
        to = spare;
    }
    flows->ended = from;
    flows->ended_spare = to;
}

/* Links whose rates changed get their next ends; then time goes on to the first of them. */
static mu_status go_on(mu_flows *flows, bool *stays, mu_error *err)
{
    if (!mu_flow_solve(flows)) {
        return out_of_memory(err);
    }
    retime(flows);
    int64_t next = flows->due_count > 0 ? flows->link[flows->due_heap[0]].due : NEVER;
    double part = flows->due_count > 0 ? flows->link[flows->due_heap[0]].due_part : 0.0;
    if (flows->wait_count > 0 && (flows->wait[0].tick < next ||
                                  (flows->wait[0].tick == next && flows->wait[0].part < part))) {
        next = flows->wait[0].tick;
        part = flows->wait[0].part;
    }
    *stays = next == NEVER;
    if (*stays) {
        return flows->active == 0
                   ? MU_OK
                   : mu_fail(err, MU_NO, "%u flows never end: they cross a link without bandwidth",
                             flows->active);
    }
    if (next == NEVER - 1) {
        return mu_fail(err, MU_E_INPUT, "a flow ends later than time can be counted (%.3g s)",
                       (double)NEVER * flows->tick_s);
    }
    flows->part = next > flows->now || part > flows->part ? part : flows->part;
    flows->now = next;
    flows->stats.batches++;
    return end_due(flows) && enter_due(flows) ? MU_OK : out_of_memory(err);
}

mu_status mu_flows_next(mu_flows *flows, const uint64_t **tags, uint64_t *count, mu_error *err)
{
    bool stays = false;
    mu_status status = MU_OK;
    while (status == MU_OK && flows->ended_count == 0 && !stays) {
        status = go_on(flows, &stays, err);
    }
    if (status == MU_OK) {
        sort_tags(flows);
        uint64_t *told = flows->ended; /* starts may end at once, and be told next */
        flows->ended = flows->told;
        flows->told = told;
        *tags = told;
        *count = flows->ended_count;
        flows->ended_count = 0;
    }
    return status;
}

/* --- what is asked --- */

int64_t mu_flows_now(const mu_flows *flows)
{
    return flows->now;
}

const double *mu_flows_carried(const mu_flows *flows)
{
    return flows->carried;
}

double mu_flows_used(const mu_flows *flows, uint32_t link)
{
    const link_level *share = &flows->share[link];
    return fmax(flows->load[link].fixed + share->weight * share->level, 0.0);
}

const double *mu_flows_watch(mu_flows *flows, mu_error *err)
{
    assert(flows->stats.started == 0);
    if (flows->watched == NULL) {
        flows->watched = calloc(flows->links, sizeof *flows->watched);
    }
    if (flows->watched == NULL) {
        (void)out_of_memory(err);
    }
    return flows->watched;
}

mu_flow_stats mu_flows_stats(const mu_flows *flows)
{
    mu_flow_stats stats = flows->stats;
    stats.active = flows->active;
    size_t bytes =
        (size_t)flows->links * (sizeof(link_load) + sizeof(link_level) + sizeof(link_state) +
                                sizeof(work_item) + sizeof(double) + 12);
    for (uint32_t l = 0; l < flows->links; l++) {
        bytes += (size_t)flows->link[l].room * sizeof(member) +
                 (size_t)flows->link[l].rider_room * sizeof(rider);
    }
    bytes += (size_t)flows->flow_room * (sizeof(flow_state) + sizeof(double) + 4);
    bytes += (size_t)flows->hop_room * (8 + (flows->hop_share == NULL ? 0 : sizeof(double)));
    bytes += (size_t)flows->wait_room * sizeof(waiting) + (size_t)flows->ended_room * 24 +
             (size_t)flows->arrived_room * 4 + (size_t)flows->pull_room * sizeof(pulled);
    stats.memory_bytes = bytes;
    return stats;
}
