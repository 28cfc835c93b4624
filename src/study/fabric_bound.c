/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least time that wires leave any routing.
 *
 * Terms: a message belongs to the innermost network that joins its ends; no other can carry it.
 * Bound: every rank's messages up to MESSAGES_MOST in all; beyond that of the first ranks only,
 *        which is a bound still, and without what crosses the cuts.
 */
#include "study/fabric_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MESSAGES_MOST = 33554432.0;

/* What goes over a network. */
typedef struct load {
    double *sent; /* [ranks] */
    double *got;  /* [ranks] */
    double there; /* over the narrowest cut, near to far */
    double back;
} load;

typedef struct counting {
    const mu_net_study *s;
    const uint32_t *place;
    load net[MU_NETWORKS_MAX];
} counting;

static const mu_cut *narrowest(const mu_network_survey *net)
{
    return net->cut_count > 0 ? &net->cut[net->narrowest] : NULL;
}

static void count_message(counting *c, uint32_t from, uint32_t to, double bytes)
{
    const mu_topology *t = &c->s->topology;
    uint32_t a = c->place != NULL ? c->place[from] : from;
    uint32_t b = c->place != NULL ? c->place[to] : to;
    uint32_t n = mu_topology_network(t, a, b);
    if (n >= t->network_count) {
        return;
    }
    load *l = &c->net[n];
    const mu_network_survey *net = &c->s->survey.net[n];
    l->sent[a] += bytes;
    l->got[b] += bytes;
    if (a < net->first_rank || a - net->first_rank >= net->domain_ranks || narrowest(net) == NULL) {
        return;
    }
    bool a_far = mu_survey_far(net, narrowest(net), a);
    bool b_far = mu_survey_far(net, narrowest(net), b);
    l->there += !a_far && b_far ? bytes : 0.0;
    l->back += a_far && !b_far ? bytes : 0.0;
}

/* Returns whether every rank was counted. */
static bool count_waves(counting *c, const mu_waves *waves, mu_send *sends)
{
    uint64_t kinds = mu_waves_kinds(waves);
    double each = (double)kinds * waves->sends_max;
    double most = MESSAGES_MOST / fmax(each, 1.0);
    uint32_t ranks = most < waves->ranks ? (uint32_t)fmax(most, 1.0) : waves->ranks;
    for (uint64_t kind = 0; kind < kinds; kind++) {
        uint64_t times = 0;
        uint64_t w = mu_waves_of_kind(waves, kind, &times);
        for (uint32_t r = 0; r < ranks; r++) {
            uint32_t count = waves->sends(waves, w, r, sends);
            for (uint32_t i = 0; i < count; i++) {
                count_message(c, r, sends[i].to, sends[i].bytes * (double)times);
            }
        }
    }
    return ranks == waves->ranks;
}

static void count_list(counting *c, const mu_move_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        count_message(c, list->move[i].from, list->move[i].to, list->move[i].bytes);
    }
}

static void take_longer(double seconds, const char *what, const char *network, double *bound_s,
                        char by[64])
{
    if (isfinite(seconds) && seconds > *bound_s * (1.0 + 1e-9)) {
        *bound_s = seconds;
        (void)snprintf(by, 64, "%s %s", what, network);
    }
}

/* What is left of a rank's own links of a network [B/s]. */
static double own_bandwidth(const mu_topology *t, const mu_survey *survey, uint32_t network,
                            uint32_t rank)
{
    double sum = 0.0;
    for (uint32_t i = t->out_first[rank]; i < t->out_first[rank + 1]; i++) {
        uint32_t link = t->out_link[i];
        bool lost = t->dead != NULL && t->dead[t->to[link]];
        if (t->kind[survey->kind[link]].network == network && !lost) {
            sum += t->bandwidth[link];
        }
    }
    return sum;
}

/* Longest that any rank needs for its own bytes. */
static double longest(const counting *c, uint32_t network, const double *bytes)
{
    double most = 0.0;
    for (uint32_t r = 0; r < c->s->topology.ranks; r++) {
        if (bytes[r] > 0.0) {
            double own = own_bandwidth(&c->s->topology, &c->s->survey, network, r);
            most = own > 0.0 ? fmax(most, bytes[r] / own) : most;
        }
    }
    return most;
}

static void find_bound(const counting *c, bool all, uint32_t copies, double *bound_s, char by[64])
{
    const mu_topology *t = &c->s->topology;
    for (uint32_t n = 0; n < t->network_count; n++) {
        const load *l = &c->net[n];
        const char *name = t->network[n].name;
        const mu_network_survey *net = &c->s->survey.net[n];
        take_longer(longest(c, n, l->sent), "injection into", name, bound_s, by);
        take_longer(longest(c, n, l->got), "what a rank gets from", name, bound_s, by);
        if (all && narrowest(net) != NULL && narrowest(net)->bandwidth > 0.0 && copies == 1) {
            double crossing = fmax(l->there, l->back);
            take_longer(crossing / narrowest(net)->bandwidth, "bisection of", name, bound_s, by);
        }
    }
}

mu_status mu_net_bound(const mu_net_study *s, const mu_moves *moves, const uint32_t *place,
                       uint32_t copies, double *bound_s, char by[64], mu_error *err)
{
    mu_arena *arena = s->work->arena;
    mu_arena_mark mark = mu_arena_here(arena);
    counting c = {.s = s, .place = place};
    uint32_t sends_max = moves->kind == MU_MOVES_WAVES ? moves->waves.sends_max : 1;
    mu_send *sends = MU_NEW(arena, mu_send, sends_max);
    bool fits = sends != NULL;
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        c.net[n].sent = MU_NEW(arena, double, s->topology.ranks);
        c.net[n].got = MU_NEW(arena, double, s->topology.ranks);
        fits = fits && c.net[n].sent != NULL && c.net[n].got != NULL;
    }
    if (!fits) {
        mu_arena_back(arena, mark);
        return mu_fail(err, MU_E_MEMORY, "no memory for the bound of a job");
    }
    bool all = true;
    if (moves->kind == MU_MOVES_WAVES) {
        all = count_waves(&c, &moves->waves, sends);
    } else {
        count_list(&c, &moves->list);
    }
    *bound_s = 0.0;
    (void)snprintf(by, 64, "nothing is sent");
    find_bound(&c, all, copies, bound_s, by);
    mu_arena_back(arena, mark);
    return MU_OK;
}
