/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest paths by search.
 *
 * What:  distances to a destination by breadth-first search against the links, paths counted on the
 *        way; the k-th path by walking down the counts.
 * Bound: O(links of the network) a destination, remembered in slots; ranks pass messages on only in
 *        networks without switches and in explicit lists.
 */
#include "fabric/route_search.h"

#include <assert.h>
#include <math.h>

static const uint64_t COUNT_MAX = UINT64_C(1) << 62;
static const uint32_t NOWHERE = UINT32_MAX;
static const size_t SLOTS_BYTES_MAX = (size_t)24 << 20;

/* Distances to one destination. */
typedef struct slot {
    uint32_t to; /* NOWHERE: empty */
    uint32_t network;
    uint32_t plane;
    uint32_t reached;
    uint32_t *reach; /* [vertices] hops + 1; 0 where there is no way */
    uint32_t *order; /* [vertices] those reached, nearest first */
    uint64_t *paths; /* [vertices] */
} slot;

struct mu_search {
    const mu_topology *topology;
    uint32_t *in_first; /* [vertices + 1] into in_link: links that enter a vertex */
    uint32_t *in_link;  /* [links] */
    double *weight;     /* [vertices] 0 between calls: share of the message that is at a vertex */
    double *late_s;     /* [vertices] until the message is all at a vertex; 0 between calls */
    uint32_t *queue;    /* [vertices] */
    uint32_t slot_count;
    slot *slots;
    const slot *aimed;
    const mu_layout *layout;
};

static void sort_by_end(const mu_topology *t, uint32_t *first, uint32_t *by_end)
{
    for (uint32_t i = 0; i < t->links; i++) {
        first[t->to[i] + 1]++;
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        first[v + 1] += first[v];
    }
    for (uint32_t i = 0; i < t->links; i++) {
        by_end[first[t->to[i]]++] = i;
    }
    for (uint32_t v = t->vertices; v > 0; v--) {
        first[v] = first[v - 1];
    }
    first[0] = 0;
}

static uint32_t slots_wanted(const mu_topology *t)
{
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < t->network_count; i++) {
        wanted += (uint64_t)t->ranks * t->network[i].planes;
    }
    assert(t->vertices > 0);
    uint64_t bytes = (uint64_t)t->vertices * (2 * sizeof(uint32_t) + sizeof(uint64_t));
    uint64_t fit = SLOTS_BYTES_MAX / bytes + 1;
    return (uint32_t)(wanted < fit ? wanted : fit);
}

static bool create_slots(mu_arena *arena, mu_search *search)
{
    size_t vertices = search->topology->vertices;
    search->slots = MU_NEW(arena, slot, search->slot_count);
    size_t all = search->slot_count * vertices;
    uint32_t *reach = MU_NEW(arena, uint32_t, all);
    uint32_t *order = MU_NEW(arena, uint32_t, all);
    uint64_t *paths = MU_NEW(arena, uint64_t, all);
    if (search->slots == NULL || reach == NULL || order == NULL || paths == NULL) {
        return false;
    }
    for (size_t i = 0; i < search->slot_count; i++) {
        search->slots[i] = (slot){.to = NOWHERE,
                                  .reach = reach + i * vertices,
                                  .order = order + i * vertices,
                                  .paths = paths + i * vertices};
    }
    return true;
}

mu_status mu_search_create(mu_arena *arena, const mu_topology *topology, mu_search **out,
                           mu_error *err)
{
    size_t vertices = topology->vertices;
    mu_search *search = MU_NEW(arena, mu_search, 1);
    uint32_t *first = MU_NEW(arena, uint32_t, vertices + 1);
    uint32_t *by_end = MU_NEW(arena, uint32_t, topology->links);
    double *weight = MU_NEW(arena, double, vertices);
    double *late_s = MU_NEW(arena, double, vertices);
    uint32_t *queue = MU_NEW(arena, uint32_t, vertices);
    if (search == NULL || first == NULL || by_end == NULL || weight == NULL || late_s == NULL ||
        queue == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for routes");
    }
    sort_by_end(topology, first, by_end);
    *search = (mu_search){.topology = topology,
                          .in_first = first,
                          .in_link = by_end,
                          .weight = weight,
                          .late_s = late_s,
                          .queue = queue,
                          .slot_count = slots_wanted(topology)};
    if (!create_slots(arena, search)) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for routes");
    }
    *out = search;
    return MU_OK;
}

static bool is_open(const mu_topology *t, const mu_layout *layout, uint32_t link)
{
    bool own = layout->shape == MU_SHAPE_LINKS || link - layout->first_link < layout->links;
    return own && t->bandwidth[link] > 0.0;
}

/* Whether a switch belongs to another plane than the one that is asked for. */
static bool in_other_plane(const mu_layout *layout, uint32_t plane, uint32_t vertex)
{
    if (layout->planes == 1 || vertex < layout->ranks) {
        return false;
    }
    uint32_t tree = (vertex - layout->first_switch) / layout->plane_switches;
    return tree % layout->planes != plane;
}

static void empty_slot(slot *s)
{
    for (uint32_t i = 0; i < s->reached; i++) {
        s->reach[s->order[i]] = 0;
    }
    s->reached = 0;
}

static void fill_slot(const mu_search *search, const mu_layout *layout, slot *s)
{
    const mu_topology *t = search->topology;
    s->reach[s->to] = 1;
    s->paths[s->to] = 1;
    s->order[0] = s->to;
    s->reached = 1;
    for (uint32_t i = 0; i < s->reached; i++) {
        uint32_t v = s->order[i];
        if (v < t->ranks && v != s->to && !layout->through_ranks) {
            continue;
        }
        for (uint32_t e = search->in_first[v]; e < search->in_first[v + 1]; e++) {
            uint32_t link = search->in_link[e];
            uint32_t u = t->from[link];
            if (!is_open(t, layout, link) || in_other_plane(layout, s->plane, u)) {
                continue;
            }
            if (s->reach[u] == 0) {
                s->reach[u] = s->reach[v] + 1;
                s->paths[u] = 0;
                s->order[s->reached++] = u;
            }
            if (s->reach[u] == s->reach[v] + 1) {
                uint64_t sum = s->paths[u] + s->paths[v];
                s->paths[u] = sum < COUNT_MAX ? sum : COUNT_MAX;
            }
        }
    }
}

void mu_search_aim(mu_search *search, const mu_layout *layout, uint32_t plane, uint32_t b)
{
    uint64_t key = ((uint64_t)layout->network * MU_PLANES_MAX + plane) * search->topology->ranks;
    slot *s = &search->slots[(key + b) % search->slot_count];
    search->aimed = s;
    search->layout = layout;
    if (s->to == b && s->network == layout->network && s->plane == plane) {
        return;
    }
    empty_slot(s);
    s->to = b;
    s->network = layout->network;
    s->plane = plane;
    fill_slot(search, layout, s);
}

uint64_t mu_search_paths(const mu_search *search, uint32_t a)
{
    const slot *s = search->aimed;
    return s->reach[a] == 0 ? 0 : s->paths[a];
}

uint32_t mu_search_hops(const mu_search *search, uint32_t a)
{
    return search->aimed->reach[a] - 1;
}

/* Whether a link lies on a shortest path to where we are aimed. */
static bool leads_on(const mu_search *search, uint32_t link)
{
    const mu_topology *t = search->topology;
    const slot *s = search->aimed;
    uint32_t v = t->to[link];
    if (s->reach[v] == 0 || s->reach[v] + 1 != s->reach[t->from[link]]) {
        return false;
    }
    bool passes = v >= t->ranks || v == s->to || search->layout->through_ranks;
    return passes && is_open(t, search->layout, link);
}

void mu_search_path(const mu_search *search, uint32_t a, uint64_t k, uint32_t *link)
{
    const mu_topology *t = search->topology;
    const slot *s = search->aimed;
    uint32_t v = a;
    for (uint32_t n = 0; v != s->to; n++) {
        for (uint32_t e = t->out_first[v];; e++) {
            assert(e < t->out_first[v + 1]);
            uint32_t next = t->out_link[e];
            if (!leads_on(search, next)) {
                continue;
            }
            uint64_t paths = s->paths[t->to[next]];
            if (k < paths) {
                link[n] = next;
                break;
            }
            k -= paths;
        }
        v = t->to[link[n]];
    }
}

/* Shares out what is at v over the first `fan` ways on; returns links, or beyond max. */
static uint32_t spread(mu_search *search, uint32_t v, uint32_t fan, uint32_t max, uint32_t *tail,
                       uint32_t n, uint32_t *link, double *share)
{
    const mu_topology *t = search->topology;
    const slot *s = search->aimed;
    double all = 0.0;
    uint32_t first = n;
    for (uint32_t e = t->out_first[v]; e < t->out_first[v + 1] && n - first < fan; e++) {
        if (leads_on(search, t->out_link[e])) {
            if (n == max) {
                return max + 1;
            }
            link[n] = t->out_link[e];
            share[n] = (double)s->paths[t->to[link[n]]];
            all += share[n++];
        }
    }
    for (uint32_t i = first; i < n; i++) {
        uint32_t u = t->to[link[i]];
        share[i] *= search->weight[v] / all;
        if (!(search->weight[u] > 0.0)) {
            search->queue[(*tail)++] = u;
        }
        search->weight[u] += share[i];
        search->late_s[u] = fmax(search->late_s[u], search->late_s[v] + t->latency_s[link[i]]);
    }
    return n;
}

static uint32_t spray_with(mu_search *search, uint32_t a, uint32_t fan, uint32_t max,
                           uint32_t *link, double *share, double *latency_s)
{
    uint32_t n = 0;
    uint32_t tail = 1;
    search->queue[0] = a;
    search->weight[a] = 1.0;
    for (uint32_t i = 0; i < tail && n <= max; i++) {
        uint32_t v = search->queue[i];
        if (v != search->aimed->to) {
            n = spread(search, v, fan, max, &tail, n, link, share);
        }
    }
    *latency_s = search->late_s[search->aimed->to];
    for (uint32_t i = 0; i < tail; i++) {
        search->weight[search->queue[i]] = 0.0;
        search->late_s[search->queue[i]] = 0.0;
    }
    return n;
}

uint32_t mu_search_spray(mu_search *search, uint32_t a, uint32_t max, uint32_t *link, double *share,
                         double *latency_s)
{
    assert(max >= mu_search_hops(search, a));
    for (uint32_t fan = max; fan > 1; fan /= 2) {
        uint32_t n = spray_with(search, a, fan, max, link, share, latency_s);
        if (n <= max) {
            return n;
        }
    }
    return spray_with(search, a, 1, max, link, share, latency_s);
}
