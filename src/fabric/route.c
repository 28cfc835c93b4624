/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: which of the shortest paths a message takes, over which planes.
 *
 * What:  picks the network, cuts the message over planes, picks paths by the policy, and goes round
 *        what is broken: the shape's own paths first, else those a search finds; another plane,
 *        else a network further out.
 * Terms: route_parts.h.
 */
#include "fabric/route.h"

#include "fabric/route_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

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
    if (status == MU_OK && routing >= MU_ROUTING_VALIANT) {
        router->detour = MU_NEW(arena, uint32_t, 3 * MU_ROUTE_MAX);
        if (router->detour == NULL) {
            status = mu_fail(err, MU_E_MEMORY, "out of memory for a router");
        }
    }
    if (status == MU_OK) {
        *out = router;
    }
    return status;
}

static uint64_t hash_of(uint32_t a, uint32_t b, uint64_t salt)
{
    uint64_t pair = (uint64_t)a << 32 | b;
    return mu_mix_bits(pair + mu_mix_bits(salt + UINT64_C(0x9e3779b97f4a7c15)));
}

/* Which of `paths` paths, by hash or destination. */
static uint64_t pick(const mu_message *m, uint32_t plane, uint64_t paths)
{
    if (paths == 1) {
        return 0;
    }
    if (m->router->routing == MU_ROUTING_ECMP) {
        return mu_route_reduce(mu_mix_bits(m->hash + plane), paths);
    }
    return m->number < paths ? m->number : m->number % paths;
}

bool mu_route_unbroken(const mu_topology *t, const uint32_t *link, uint32_t count)
{
    for (uint32_t i = 0; i < count && !t->whole; i++) {
        if (!(t->bandwidth[link[i]] > 0.0)) {
            return false;
        }
    }
    return true;
}

static double latency_of(const mu_message *m, const uint32_t *link, uint32_t hops)
{
    if (m->layout->shape == MU_SHAPE_BUS) {
        return m->layout->spec->latency_s;
    }
    if (m->layout->shape != MU_SHAPE_LINKS) {
        return m->layout->spec->latency_s * hops;
    }
    double sum_s = 0.0;
    for (uint32_t i = 0; i < hops; i++) {
        sum_s += m->router->topology->latency_s[link[i]];
    }
    return sum_s;
}

/* Aims the search; MU_NO when the plane does not join the pair. */
static mu_status aim(const mu_message *m, uint32_t plane, const mu_cut *cut, mu_error *err)
{
    mu_search *search = m->router->search;
    assert(search != NULL); /* where nothing is broken, the shape's own paths do */
    mu_search_aim(search, m->layout, plane, m->pair.b);
    if (mu_search_paths(search, m->pair.a) == 0) {
        return MU_NO;
    }
    uint32_t hops = mu_search_hops(search, m->pair.a);
    if (hops > cut->max) {
        return mu_fail(err, MU_E_INPUT,
                       "the way from rank %u to rank %u is %u links long, at most %u fit a route",
                       m->pair.a, m->pair.b, hops, cut->max);
    }
    return MU_OK;
}

mu_status mu_route_shortest(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    cut->searched = false;
    if (m->pair.paths > 0) {
        uint64_t k = pick(m, plane, m->pair.paths);
        cut->count = mu_shape_path(m->layout, &m->pair, plane, k, cut->link);
        if (mu_route_unbroken(m->router->topology, cut->link, cut->count)) {
            return MU_OK;
        }
    }
    mu_status status = aim(m, plane, cut, err);
    if (status == MU_OK) {
        mu_search *search = m->router->search;
        cut->searched = true;
        cut->count = mu_search_hops(search, m->pair.a);
        mu_search_path(search, m->pair.a, pick(m, plane, mu_search_paths(search, m->pair.a)),
                       cut->link);
    }
    return status;
}

/* All shortest paths: the shape's; where one of them is broken, what a search finds. */
static mu_status find_spray(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    uint32_t hops = 0;
    if (m->pair.paths > 0) {
        cut->count =
            mu_shape_spray(m->layout, &m->pair, plane, cut->max, cut->link, cut->share, &hops);
        cut->latency_s = latency_of(m, cut->link, hops);
        cut->whole = m->pair.paths == 1;
        if (mu_route_unbroken(m->router->topology, cut->link, cut->count)) {
            return MU_OK;
        }
    }
    mu_status status = aim(m, plane, cut, err);
    if (status == MU_OK) {
        cut->count = mu_search_spray(m->router->search, m->pair.a, cut->max, cut->link, cut->share,
                                     &cut->latency_s);
        cut->whole = mu_search_paths(m->router->search, m->pair.a) == 1;
    }
    return status;
}

static mu_status find_path(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    mu_status status = MU_OK;
    if (m->router->routing == MU_ROUTING_VALIANT) {
        status = mu_route_valiant(m, plane, cut, err);
    } else if (m->router->routing == MU_ROUTING_ADAPTIVE) {
        status = mu_route_adaptive(m, plane, cut, err);
    } else {
        status = mu_route_shortest(m, plane, cut, err);
    }
    if (status == MU_OK) {
        cut->latency_s = latency_of(m, cut->link, cut->count);
        cut->whole = true;
        for (uint32_t i = 0; i < cut->count; i++) {
            cut->share[i] = 1.0;
        }
    }
    return status;
}

/* The part of a message in one plane; MU_NO when the plane does not join the pair. */
static mu_status find_cut(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    return m->router->routing == MU_ROUTING_SPRAY ? find_spray(m, plane, cut, err)
                                                  : find_path(m, plane, cut, err);
}

static mu_status find_striped(mu_message *m, mu_route *out, mu_error *err)
{
    uint32_t planes = m->layout->planes;
    uint32_t joined = 0;
    m->number = m->pair.chosen;
    for (uint32_t p = 0; p < planes; p++) {
        mu_cut cut = {.link = out->link + out->count,
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

static mu_status find_unstriped(mu_message *m, mu_route *out, mu_error *err)
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
        mu_cut cut = {.link = out->link, .share = out->share, .max = MU_ROUTE_MAX};
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

static mu_status find_in(mu_router *router, const mu_layout *layout, mu_message *m, mu_route *out,
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
    mu_message m;
    m.router = router;
    m.hash = router->routing == MU_ROUTING_SHORTEST ? 0 : hash_of(a, b, salt);
    for (uint32_t n = 0; n < t->network_count && !dead; n++) {
        const mu_layout *layout = &router->layout[n];
        uint32_t domain = mu_divide(layout->by_span, a);
        if (domain != mu_divide(layout->by_span, b)) {
            continue;
        }
        mu_pair_set(layout, a, b, domain, &m.pair);
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
        mu_pair pair;
        mu_pair_set(layout, a, b, domain, &pair);
        for (uint32_t p = 0; p < layout->planes; p++) {
            uint64_t paths = paths_in(router, layout, &pair, p);
            if (paths > 0) {
                return paths;
            }
        }
    }
    return 0;
}
