/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways chosen by load, and ways round about.
 *
 * What:  Valiant's routing (shortest to a rank drawn by the hash, shortest from there) and adaptive
 *        routing (of up to 16 shortest paths the one whose busiest link has most room, or Valiant's
 *        where that is more than twice as good).
 * Terms: crowding of a path = greatest load over bandwidth of its links.
 * Source: Valiant & Brebner, STOC 1981; UGAL: Singh, Load-balanced routing in interconnection
 *         networks, Stanford 2005.
 */
#include "fabric/route_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SAMPLES = 16, DRAWS = 8 };

/* The draw-th rank of the domain that is neither end; false when there is none that works. */
static bool third_rank(const mu_message *m, uint32_t plane, uint32_t *out)
{
    const mu_topology *t = m->router->topology;
    uint32_t first = m->pair.domain * m->layout->span;
    uint32_t ranks = t->ranks - first < m->layout->span ? t->ranks - first : m->layout->span;
    if (ranks < 3) {
        return false;
    }
    uint32_t low = m->pair.a < m->pair.b ? m->pair.a : m->pair.b;
    uint32_t high = m->pair.a < m->pair.b ? m->pair.b : m->pair.a;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        uint64_t hash = mu_mix_bits(m->hash ^ ((uint64_t)plane << 8 | (draw + 1)));
        uint32_t rank = first + (uint32_t)mu_route_reduce(hash, ranks - 2);
        rank += rank >= low;
        rank += rank >= high;
        if (t->dead == NULL || !t->dead[rank]) {
            *out = rank;
            return true;
        }
    }
    return false;
}

/* Cuts out loops, so that no vertex and no link is passed twice; returns what is left. */
static uint32_t without_loops(const mu_topology *t, uint32_t *link, uint32_t hops)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < hops; i++) {
        uint32_t v = t->from[link[i]];
        uint32_t back = 0;
        while (back < n && t->from[link[back]] != v) {
            back++;
        }
        n = back;
        link[n++] = link[i];
    }
    return n;
}

/* Shortest path from one of the ranks to another; `into` has room for MU_ROUTE_MAX links. */
static mu_status leg(const mu_message *m, uint32_t a, uint32_t b, uint32_t plane, mu_cut *into,
                     mu_error *err)
{
    mu_message part = *m;
    mu_pair_set(m->layout, a, b, m->pair.domain, &part.pair);
    part.number = mu_mix_bits(m->hash + a) >> 32;
    into->max = MU_ROUTE_MAX;
    return mu_route_shortest(&part, plane, into, err);
}

/* Both legs into the first two thirds of the detour's room; MU_NO when one is broken. */
static mu_status both_legs(const mu_message *m, uint32_t plane, uint32_t third, uint32_t *hops,
                           mu_error *err)
{
    mu_cut out = {.link = m->router->detour};
    mu_status status = leg(m, m->pair.a, third, plane, &out, err);
    if (status != MU_OK) {
        return status;
    }
    mu_cut back = {.link = out.link + out.count};
    status = leg(m, third, m->pair.b, plane, &back, err);
    if (status == MU_OK) {
        *hops = without_loops(m->router->topology, out.link, out.count + back.count);
    }
    return status;
}

mu_status mu_route_valiant(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    uint32_t third = 0;
    if (!third_rank(m, plane, &third)) {
        return mu_route_shortest(m, plane, cut, err);
    }
    uint32_t hops = 0;
    mu_status status = both_legs(m, plane, third, &hops, err);
    if (status == MU_NO || (status == MU_OK && hops > cut->max)) {
        return mu_route_shortest(m, plane, cut, err);
    }
    if (status == MU_OK) {
        memcpy(cut->link, m->router->detour, hops * sizeof *cut->link);
        cut->count = hops;
    }
    return status;
}

static double crowding(const mu_router *router, const mu_cut *cut)
{
    double most = 0.0;
    for (uint32_t i = 0; i < cut->count; i++) {
        double bandwidth = router->topology->bandwidth[cut->link[i]];
        double own = bandwidth > 0.0 ? router->load[cut->link[i]] / bandwidth : (double)INFINITY;
        most = own > most ? own : most;
    }
    return most;
}

static void take(mu_cut *cut, const mu_cut *other)
{
    memcpy(cut->link, other->link, other->count * sizeof *cut->link);
    cut->count = other->count;
}

/* Turns the cut's path into the least crowded of up to SAMPLES, itself the first. */
static double least_crowded(const mu_message *m, uint32_t plane, mu_cut *cut)
{
    mu_router *router = m->router;
    double best = crowding(router, cut);
    uint64_t paths = cut->searched ? mu_search_paths(router->search, m->pair.a) : m->pair.paths;
    uint64_t samples = paths < SAMPLES ? paths : SAMPLES;
    mu_cut other = {.link = router->detour};
    for (uint64_t i = 1; i < samples && best > 0.0; i++) {
        uint64_t k = (m->number % paths + i * (paths / samples)) % paths;
        if (cut->searched) {
            mu_search_path(router->search, m->pair.a, k, other.link);
            other.count = cut->count;
        } else {
            other.count = mu_shape_path(m->layout, &m->pair, plane, k, other.link);
        }
        double now = crowding(router, &other);
        if (now < best) {
            best = now;
            take(cut, &other);
        }
    }
    return best;
}

mu_status mu_route_adaptive(const mu_message *m, uint32_t plane, mu_cut *cut, mu_error *err)
{
    mu_status status = mu_route_shortest(m, plane, cut, err);
    if (status != MU_OK || m->router->load == NULL) {
        return status;
    }
    double best = least_crowded(m, plane, cut);
    if (!(best > 0.0)) {
        return MU_OK;
    }
    mu_cut other = {.link = m->router->detour + (size_t)2 * MU_ROUTE_MAX, .max = cut->max};
    status = mu_route_valiant(m, plane, &other, err);
    if (status == MU_OK && 2.0 * crowding(m->router, &other) < best) {
        take(cut, &other);
    }
    return status;
}
