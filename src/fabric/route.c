/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: which of the shortest paths a message takes, over which planes.
 *
 * What:  picks the network, cuts the message over planes, picks paths by the policy, and goes round
 *        what is broken: the shape's own paths first, else those a search finds; another plane, else
 *        a network further out.
 * Terms: cut = the part of a message in one plane.
 */
#include "fabric/route.h"

#include "fabric/route_search.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct mu_router {
    const mu_topology *topology;
    mu_routing routing;
    bool striped;
    const double *load;
    mu_layout layout[MU_NETWORKS_MAX];
    mu_search *search; /* NULL where arithmetic does */
};

const char *mu_routing_text(mu_routing routing)
{
    static const char *const texts[] = {
        [MU_ROUTING_SHORTEST] = "shortest", [MU_ROUTING_ECMP] = "ecmp",
        [MU_ROUTING_SPRAY] = "spray",       [MU_ROUTING_VALIANT] = "valiant",
        [MU_ROUTING_ADAPTIVE] = "adaptive",
    };
    assert((uint32_t)routing < MU_ROUTING_COUNT);
    return texts[routing];
}

mu_status mu_router_create(mu_arena *arena, const mu_topology *topology, mu_routing routing,
                           bool striped, const double *load, mu_router **out, mu_error *err)
{
    mu_router *router = MU_NEW(arena, mu_router, 1);
    if (router == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a router");
    }
    router->topology = topology;
    router->routing = routing;
    router->striped = striped;
    router->load = load;
    uint32_t vertices = 0;
    uint32_t links = 0;
    mu_status status = mu_layouts_of(topology->network, topology->network_count, topology->ranks,
                                     router->layout, &vertices, &links, err);
    bool listed = topology->network[0].shape == MU_SHAPE_LINKS;
    if (status == MU_OK && (listed || !topology->whole)) {
        status = mu_search_create(arena, topology, &router->search, err);
    }
    if (status == MU_OK) {
        *out = router;
    }
    return status;
}

/* A message on its way into a route. */
typedef struct message {
    mu_router *router;
    const mu_layout *layout;
    mu_pair pair;
    uint64_t hash;
    uint64_t number; /* of the destination, for paths by it */
} message;

/* Finaliser of SplitMix64: every bit of x moves every bit of the answer. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t hash_of(uint32_t a, uint32_t b, uint64_t salt)
{
    uint64_t pair = (uint64_t)a << 32 | b;
    return mixed(pair + mixed(salt + UINT64_C(0x9e3779b97f4a7c15)));
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Which of `paths` paths: by the policy and plane. */
static uint64_t pick(const message *m, uint32_t plane, uint64_t paths)
{
    if (paths == 1) {
        return 0;
    }
    if (m->router->routing == MU_ROUTING_ECMP) {
        uint64_t few = least(paths, UINT32_MAX);
        return (mixed(m->hash + plane) >> 32) * few >> 32;
    }
    return m->number < paths ? m->number : m->number % paths;
}

static bool is_unbroken(const mu_topology *t, const uint32_t *link, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!(t->bandwidth[link[i]] > 0.0)) {
            return false;
        }
    }
    return true;
}

/* Seconds over a path of one network. */
static double latency_of(const message *m, const uint32_t *link, uint32_t hops)
{
    if (m->layout->shape != MU_SHAPE_LINKS) {
        return m->layout->shape == MU_SHAPE_BUS ? m->layout->spec->latency_s
                                                : m->layout->spec->latency_s * hops;
    }
    double sum_s = 0.0;
    for (uint32_t i = 0; i < hops; i++) {
        sum_s += m->router->topology->latency_s[link[i]];
    }
    return sum_s;
}

/* What one plane may add to the route. */
typedef struct room {
    uint32_t *link;
    double *share;
    uint32_t max;
    uint32_t count;
    double latency_s;
    bool whole; /* one path */
} room;

static mu_status too_long(const message *m, uint32_t hops, mu_error *err)
{
    return mu_fail(err, MU_E_INPUT,
                   "the way from rank %u to rank %u is %u links long, at most %d "
                   "fit a route",
                   m->pair.a, m->pair.b, hops, MU_ROUTE_MAX);
}

static void set_whole(room *out, uint32_t hops)
{
    for (uint32_t i = 0; i < hops; i++) {
        out->share[i] = 1.0;
    }
    out->count = hops;
    out->whole = true;
}

/* One path or all of them by search; MU_NO when the plane does not join the pair. */
static mu_status search_cut(const message *m, uint32_t plane, room *out, mu_error *err)
{
    mu_search *search = m->router->search;
    mu_search_aim(search, m->layout, plane, m->pair.b);
    uint64_t paths = mu_search_paths(search, m->pair.a);
    if (paths == 0) {
        return MU_NO;
    }
    uint32_t hops = mu_search_hops(search, m->pair.a);
    if (hops > out->max) {
        return too_long(m, hops, err);
    }
    mu_search_path(search, m->pair.a, pick(m, plane, paths), out->link);
    out->latency_s = latency_of(m, out->link, hops);
    set_whole(out, hops);
    if (m->router->routing == MU_ROUTING_SPRAY && paths > 1) {
        out->count = mu_search_spray(search, m->pair.a, out->max, out->link, out->share);
        out->whole = false;
    }
    return MU_OK;
}

/* The part of a message in one plane; MU_NO when the plane does not join the pair. */
static mu_status find_cut(const message *m, uint32_t plane, room *out, mu_error *err)
{
    if (m->pair.paths > 0) {
        uint32_t hops = 0;
        if (m->router->routing == MU_ROUTING_SPRAY && m->pair.paths > 1) {
            out->count =
                mu_shape_spray(m->layout, &m->pair, plane, out->max, out->link, out->share, &hops);
            out->whole = false;
        } else {
            hops =
                mu_shape_path(m->layout, &m->pair, plane, pick(m, plane, m->pair.paths), out->link);
            set_whole(out, hops);
        }
        out->latency_s = latency_of(m, out->link, hops);
        if (m->router->topology->whole || is_unbroken(m->router->topology, out->link, out->count)) {
            return MU_OK;
        }
    }
    return search_cut(m, plane, out, err);
}

static mu_status find_striped(message *m, mu_route *out, mu_error *err)
{
    uint32_t planes = m->layout->planes;
    uint32_t joined = 0;
    m->number = m->pair.chosen;
    for (uint32_t p = 0; p < planes; p++) {
        room cut = {.link = out->link + out->count,
                    .share = out->share + out->count,
                    .max = (MU_ROUTE_MAX - out->count) / (planes - p)};
        mu_status status = find_cut(m, p, &cut, err);
        if (status == MU_OK) {
            out->count += cut.count;
            out->latency_s = fmax(out->latency_s, cut.latency_s);
            out->whole = cut.whole;
            joined++;
        } else if (status != MU_NO) {
            return status;
        }
    }
    if (joined > 1) {
        double part = 1.0 / joined;
        out->whole = false;
        for (uint32_t i = 0; i < out->count; i++) {
            out->share[i] *= part;
        }
    }
    return joined > 0 ? MU_OK : MU_NO;
}

static mu_status find_unstriped(message *m, mu_route *out, mu_error *err)
{
    uint32_t planes = m->layout->planes;
    uint32_t first = 0;
    m->number = m->pair.chosen;
    if (planes > 1) {
        bool hashed = m->router->routing != MU_ROUTING_SHORTEST;
        first = (uint32_t)((hashed ? m->hash : m->number) % planes);
        m->number /= planes;
    }
    for (uint32_t i = 0; i < planes; i++) {
        room cut = {.link = out->link, .share = out->share, .max = MU_ROUTE_MAX};
        mu_status status = find_cut(m, (first + i) % planes, &cut, err);
        if (status == MU_OK) {
            out->count = cut.count;
            out->latency_s = cut.latency_s;
            out->whole = cut.whole;
        }
        if (status != MU_NO) {
            return status;
        }
    }
    return MU_NO;
}

static mu_status no_way(const mu_router *router, uint32_t a, uint32_t b, mu_error *err)
{
    const mu_topology *t = router->topology;
    if (t->dead != NULL && (t->dead[a] || t->dead[b])) {
        return mu_fail(err, MU_NO, "no way leads from rank %u to rank %u: rank %u is broken", a, b,
                       t->dead[a] ? a : b);
    }
    if (mu_topology_network(t, a, b) == t->network_count) {
        const mu_network_spec *outer = &t->network[t->network_count - 1];
        return mu_fail(err, MU_NO,
                       "no way leads from rank %u to rank %u: they lie in different domains of the "
                       "outermost network \"%s\" (%llu ranks each)",
                       a, b, outer->name, (unsigned long long)outer->span);
    }
    return mu_fail(err, MU_NO, "no way leads from rank %u to rank %u%s", a, b,
                   t->whole ? "" : ": all are broken");
}

static mu_status find_in(mu_router *router, const mu_layout *layout, message *m, mu_route *out,
                         mu_error *err)
{
    m->layout = layout;
    out->count = 0;
    out->latency_s = 0.0;
    return router->striped && layout->planes > 1 ? find_striped(m, out, err)
                                                 : find_unstriped(m, out, err);
}

mu_status mu_router_find(mu_router *router, uint32_t a, uint32_t b, uint64_t salt, mu_route *out,
                         mu_error *err)
{
    const mu_topology *t = router->topology;
    if (a >= t->ranks || b >= t->ranks) {
        return mu_fail(err, MU_E_INPUT, "expected ranks 0 to %u, got %u and %u", t->ranks - 1, a,
                       b);
    }
    bool dead = t->dead != NULL && (t->dead[a] || t->dead[b]);
    if (a == b && !dead) {
        out->count = 0;
        out->latency_s = 0.0;
        out->whole = true;
        return MU_OK;
    }
    message m = {.router = router, .hash = hash_of(a, b, salt)};
    for (uint32_t n = 0; n < t->network_count && !dead; n++) {
        const mu_layout *layout = &router->layout[n];
        uint32_t domain = mu_divide(layout->by_span, a);
        if (domain != mu_divide(layout->by_span, b)) {
            continue;
        }
        m.pair = mu_pair_of(layout, a, b, domain);
        mu_status status = find_in(router, layout, &m, out, err);
        if (status != MU_NO) {
            return status;
        }
    }
    return no_way(router, a, b, err);
}

/* Unbroken paths in a plane. */
static uint64_t paths_in(mu_router *router, const mu_layout *layout, const mu_pair *pair,
                         uint32_t plane)
{
    if (router->search == NULL) {
        return pair->paths;
    }
    mu_search_aim(router->search, layout, plane, pair->b);
    return mu_search_paths(router->search, pair->a);
}

uint64_t mu_router_paths(mu_router *router, uint32_t a, uint32_t b)
{
    assert(a < router->topology->ranks && b < router->topology->ranks);
    for (uint32_t n = 0; n < router->topology->network_count && a != b; n++) {
        const mu_layout *layout = &router->layout[n];
        uint32_t domain = mu_divide(layout->by_span, a);
        if (domain != mu_divide(layout->by_span, b)) {
            continue;
        }
        mu_pair pair = mu_pair_of(layout, a, b, domain);
        for (uint32_t p = 0; p < layout->planes; p++) {
            uint64_t paths = paths_in(router, layout, &pair, p);
            if (paths > 0) {
                return paths;
            }
        }
    }
    return 0;
}
