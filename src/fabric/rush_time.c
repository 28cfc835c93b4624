/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rush puts on every link, and how long the busiest of them takes.
 *
 * Terms: a detour = by way of another rank, by shortest paths to it and from it. Networks whose
 *        chips pass messages on (meshes, tori, dragonflies) share a message out between shortest
 *        paths and detours as suits the busiest link, as all-path routing does (UB-Mesh).
 */
#include "fabric/rush.h"

#include <assert.h>
#include <string.h>

/* Ranks over which detours lead: every third one, so that all places along a dimension come. */
enum { DETOURS_MAX = 21, DETOUR_STEP = 3 };
/* Shares of detours that are tried, in eighths. */
enum { SHARES = 8 };

typedef enum way { WAY_SHORTEST, WAY_DETOUR, WAYS } way;

typedef struct meter {
    const mu_topology *topology;
    const mu_rush *rush;
    mu_router *router;
    mu_route *route;
    double *load[WAYS]; /* [links] bytes of each byte that a rank sends, were all sent so */
    bool *seen;         /* [links] by the messages whose time is asked for */
    bool beside;        /* counting what only goes on beside them */
    bool detours;       /* there are any */
} meter;

static mu_status count_way(meter *m, uint32_t from, uint32_t to, double part, way how,
                           mu_error *err)
{
    mu_error ignored = {0};
    mu_status status = mu_router_find(m->router, from, to, 0, m->route, &ignored);
    if (status != MU_OK) {
        return status == MU_NO ? MU_OK : mu_fail(err, status, "%s", ignored.text);
    }
    for (uint32_t i = 0; i < m->route->count; i++) {
        uint32_t link = m->route->link[i];
        m->load[how][link] += part * m->route->share[i];
        m->seen[link] = m->seen[link] || !m->beside;
    }
    return MU_OK;
}

static bool passes_on(const mu_network_spec *spec)
{
    return spec->shape == MU_SHAPE_MESH || spec->shape == MU_SHAPE_TORUS ||
           spec->shape == MU_SHAPE_DRAGONFLY;
}

/* By way of ranks of the domain that both are in; the same shifts from every rank. */
static mu_status count_detours(meter *m, uint32_t from, uint32_t to, double part, mu_error *err)
{
    uint32_t n = mu_topology_network(m->topology, from, to);
    if (n == m->topology->network_count || !passes_on(&m->topology->network[n])) {
        return count_way(m, from, to, part, WAY_DETOUR, err);
    }
    uint64_t span = m->topology->network[n].span;
    uint64_t first = from / span * span;
    uint64_t ranks = mu_rush_ranks(m->rush);
    uint64_t size = ranks - first < span ? ranks - first : span;
    uint64_t count = (size - 1 + DETOUR_STEP - 1) / DETOUR_STEP;
    count = count < DETOURS_MAX ? count : DETOURS_MAX;
    mu_status status = MU_OK;
    for (uint64_t i = 0; i < count && status == MU_OK; i++) {
        uint32_t over = (uint32_t)(first + (from - first + 1 + i * DETOUR_STEP) % size);
        status = count_way(m, from, over, part / (double)count, WAY_DETOUR, err);
        if (status == MU_OK) {
            status = count_way(m, over, to, part / (double)count, WAY_DETOUR, err);
        }
    }
    return status;
}

static mu_status count_message(void *context, uint32_t from, uint32_t to, double part,
                               mu_error *err)
{
    meter *m = context;
    mu_status status = count_way(m, from, to, part, WAY_SHORTEST, err);
    return status == MU_OK && m->detours ? count_detours(m, from, to, part, err) : status;
}

/* Seconds of the busiest link with a share of detours. */
static double busiest(const meter *m, double share)
{
    double most_s = 0.0;
    for (uint32_t i = 0; i < m->topology->links; i++) {
        double load = m->load[WAY_SHORTEST][i];
        load = m->detours ? (1.0 - share) * load + share * m->load[WAY_DETOUR][i] : load;
        double time_s = m->seen[i] ? load / m->topology->bandwidth[i] : 0.0;
        most_s = time_s > most_s ? time_s : most_s;
    }
    return most_s;
}

static mu_status measure(mu_arena *arena, meter *m, const mu_rush *rush, double *s_per_byte,
                         mu_error *err)
{
    uint32_t links = m->topology->links;
    for (int i = 0; i < (m->detours ? WAYS : 1); i++) {
        memset(m->load[i], 0, links * sizeof *m->load[i]);
    }
    memset(m->seen, 0, links * sizeof *m->seen);
    m->rush = rush;
    mu_status status = mu_rush_messages(arena, rush, count_message, m, err);
    if (status == MU_OK && rush->kind == MU_RUSH_HANDOVER && !rush->alone) {
        m->beside = true;
        status = mu_rush_beside(rush, count_message, m, err);
        m->beside = false;
    }
    *s_per_byte = busiest(m, 0.0);
    for (int i = 1; m->detours && i <= SHARES; i++) {
        double time_s = busiest(m, (double)i / SHARES);
        *s_per_byte = time_s < *s_per_byte ? time_s : *s_per_byte;
    }
    return status;
}

/* Chains take the faster of two ways. */
static mu_status measure_best(mu_arena *arena, meter *m, const mu_rush *rush, double *s_per_byte,
                              mu_error *err)
{
    mu_status status = measure(arena, m, rush, s_per_byte, err);
    if (status == MU_OK && rush->kind == MU_RUSH_CHAIN) {
        mu_rush partners = *rush;
        partners.kind = MU_RUSH_PARTNERS;
        double other_s = 0.0;
        status = measure(arena, m, &partners, &other_s, err);
        *s_per_byte = other_s < *s_per_byte ? other_s : *s_per_byte;
    }
    return status;
}

static bool has_detours(const mu_topology *topology, const mu_rush *rush, mu_routing routing)
{
    bool passed_on = false;
    for (uint32_t i = 0; i < topology->network_count; i++) {
        passed_on = passed_on || passes_on(&topology->network[i]);
    }
    return passed_on && routing == MU_ROUTING_SPRAY && !rush->alone;
}

mu_status mu_rush_time(mu_arena *arena, const mu_topology *topology, mu_routing routing,
                       const mu_rush *rush, double *s_per_byte, mu_error *err)
{
    assert(topology->ranks >= mu_rush_ranks(rush));
    mu_arena_mark mark = mu_arena_here(arena);
    meter m = {.topology = topology,
               .route = MU_NEW(arena, mu_route, 1),
               .seen = MU_NEW(arena, bool, topology->links),
               .detours = has_detours(topology, rush, routing)};
    for (int i = 0; i < WAYS; i++) {
        m.load[i] = MU_NEW(arena, double, m.detours || i == 0 ? topology->links : 1);
    }
    if (m.route == NULL || m.seen == NULL || m.load[0] == NULL || m.load[1] == NULL) {
        mu_arena_back(arena, mark);
        return mu_fail(err, MU_E_MEMORY, "no memory for the loads of links");
    }
    double time_s = 0.0;
    mu_status status = mu_router_create(arena, topology, routing, true, m.load[0], &m.router, err);
    if (status == MU_OK) {
        status = measure_best(arena, &m, rush, &time_s, err);
    }
    mu_arena_back(arena, mark);
    if (status == MU_OK) {
        *s_per_byte = time_s;
    }
    return status;
}
