/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What broken parts take away: chips, links, ways, bandwidth.
 *
 * Bound: ways are compared pair by pair up to PAIRS_MOST pairs, beyond that from evenly many ranks.
 */
#include "study/fabric_parts.h"

#include <string.h>

static const uint64_t PAIRS_MOST = 262144;

/* Routers before and after. */
typedef struct compare {
    mu_router *before;
    mu_router *after;
    mu_route *was;
    mu_route *is;
} compare;

static bool is_dead(const mu_topology *t, uint32_t rank)
{
    return t->dead != NULL && t->dead[rank];
}

static void count_dead(const mu_topology *t, mu_net_loss *loss)
{
    for (uint32_t r = 0; r < t->ranks; r++) {
        if (is_dead(t, r)) {
            if (loss->dead < MU_NET_LOST_MAX) {
                loss->dead_rank[loss->dead] = r;
            }
            loss->dead++;
        }
    }
    for (uint32_t i = 0; i < t->links; i++) {
        loss->links += !(t->bandwidth[i] > 0.0);
    }
}

static bool same_way(const mu_route *a, const mu_route *b)
{
    return a->count == b->count && memcmp(a->link, b->link, a->count * sizeof a->link[0]) == 0;
}

static mu_status compare_pair(const compare *c, uint32_t a, uint32_t b, mu_net_loss *loss)
{
    mu_error ignored = {0};
    if (mu_router_find(c->before, a, b, 0, c->was, &ignored) != MU_OK) {
        return MU_OK; /* was not joined before, either */
    }
    loss->pairs++;
    mu_status status = mu_router_find(c->after, a, b, 0, c->is, &ignored);
    if (status == MU_NO) {
        loss->pairs_apart++;
    } else if (status == MU_OK && !same_way(c->was, c->is)) {
        loss->pairs_rerouted++;
    }
    return status == MU_NO ? MU_OK : status;
}

static mu_status compare_ways(mu_net_study *s, mu_net_loss *loss, mu_error *err)
{
    mu_arena *arena = s->work->arena;
    const mu_net_job *job = &s->q->job;
    mu_arena_mark mark = mu_arena_here(arena);
    compare c = {.was = MU_NEW(arena, mu_route, 1), .is = MU_NEW(arena, mu_route, 1)};
    if (c.was == NULL || c.is == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for routes");
    }
    mu_status status = mu_router_create(arena, &s->whole, job->routing, true, NULL, &c.before, err);
    if (status == MU_OK) {
        status = mu_router_create(arena, &s->topology, job->routing, true, NULL, &c.after, err);
    }
    uint64_t ranks = s->whole.ranks;
    uint64_t sources = PAIRS_MOST / ranks > 0 ? PAIRS_MOST / ranks : 1;
    uint32_t step = (uint32_t)(ranks / sources) + (ranks % sources > 0);
    for (uint32_t a = 0; a < ranks && status == MU_OK; a += step) {
        for (uint32_t b = 0; b < ranks && status == MU_OK; b++) {
            if (a != b && !is_dead(&s->topology, a) && !is_dead(&s->topology, b)) {
                status = compare_pair(&c, a, b, loss);
            }
        }
    }
    mu_arena_back(arena, mark);
    return status;
}

mu_status mu_net_losses(mu_net_study *s, mu_net_answer *out, mu_error *err)
{
    mu_net_loss *loss = &out->loss;
    double before = 0.0;
    double after = 0.0;
    loss->parts = s->q->job.parts;
    count_dead(&s->topology, loss);
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        const mu_network_survey *was = &s->whole_survey.net[n];
        const mu_network_survey *is = &s->survey.net[n];
        before += was->bandwidth;
        after += is->bandwidth;
        double cut = was->cut_count > 0 ? was->cut[was->narrowest].bandwidth : 0.0;
        double left = is->cut_count > 0 ? is->cut[is->narrowest].bandwidth : 0.0;
        loss->bisection_share[n] = cut > 0.0 ? left / cut : 1.0;
    }
    loss->bandwidth_share = before > 0.0 ? after / before : 1.0;
    return compare_ways(s, loss, err);
}
