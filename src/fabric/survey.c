/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wires of a network add up to.
 *
 * What:  marks (kind of every link, level and domain of every vertex), then per network the hops of
 *        the longest shortest path and the cuts of its halvings.
 * Terms: the domain looked at is the one with least bandwidth left, the first of several.
 * Bound: chips pass traffic on only where a network has no switches.
 */
#include "fabric/survey.h"

#include "fabric/cut.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FAR = UINT8_MAX, UNSEEN = UINT32_MAX };

static const uint64_t LOOKS_MAX = (uint64_t)1 << 27;

/* A survey under way, with scratch for one network after the other. */
typedef struct work {
    mu_survey *s;
    const mu_topology *t;
    uint32_t network;
    mu_network_survey *net;
    uint32_t *domain; /* [vertices] */
    uint32_t *hops;   /* [vertices] */
    double *latency;  /* [vertices] */
    uint32_t *queue;  /* [vertices] */
} work;

uint32_t mu_topology_kind(const mu_topology *topology, uint32_t link)
{
    uint32_t kind = 0;
    while (kind + 1 < topology->kind_count && topology->kind[kind + 1].first <= link) {
        kind++;
    }
    return kind;
}

static uint32_t switches_end(const mu_topology *t, uint32_t network)
{
    return network + 1 < t->network_count ? t->first_switch[network + 1] : t->vertices;
}

static bool is_dead(const mu_topology *t, uint32_t vertex)
{
    return t->dead != NULL && t->dead[vertex];
}

static bool in_network(const work *w, uint32_t link)
{
    return w->t->kind[w->s->kind[link]].network == w->network;
}

static bool works(const work *w, uint32_t link)
{
    return in_network(w, link) && w->t->bandwidth[link] > 0.0 && !is_dead(w->t, w->t->to[link]);
}

/* Chips pass traffic on only where there are no switches to do it. */
static bool passes_on(const work *w, uint32_t vertex)
{
    mu_shape shape = w->t->network[w->network].shape;
    return vertex >= w->t->ranks || shape == MU_SHAPE_MESH || shape == MU_SHAPE_TORUS ||
           shape == MU_SHAPE_LINKS;
}

/* Levels and domains: from all ranks at once, over broken links, too. */
static void mark_vertices(const work *w)
{
    const mu_topology *t = w->t;
    uint64_t span = t->network[w->network].span;
    uint32_t tail = 0;
    for (uint32_t r = 0; r < t->ranks; r++) {
        w->domain[r] = (uint32_t)(r / span);
        w->queue[tail++] = r;
    }
    for (uint32_t head = 0; head < tail; head++) {
        uint32_t v = w->queue[head];
        for (uint32_t i = t->out_first[v]; i < t->out_first[v + 1]; i++) {
            uint32_t to = t->to[t->out_link[i]];
            if (to < t->ranks || !in_network(w, t->out_link[i]) || w->s->level[to] != FAR) {
                continue;
            }
            w->s->level[to] = w->s->level[v] < FAR - 1 ? (uint8_t)(w->s->level[v] + 1) : FAR - 1;
            w->domain[to] = w->domain[v];
            w->queue[tail++] = to;
        }
    }
}

static void count_switches(const work *w)
{
    mu_network_survey *net = w->net;
    uint32_t end = switches_end(w->t, w->network);
    for (uint32_t v = w->t->first_switch[w->network]; v < end; v++) {
        uint32_t level = w->s->level[v];
        net->switches++;
        if (level == 0 || level > MU_SWITCH_LEVELS_MAX) {
            continue;
        }
        w->s->place[v] = net->level_switches[level - 1]++;
        net->levels = level > net->levels ? level : net->levels;
    }
}

static void add_bandwidth(const work *w)
{
    const mu_topology *t = w->t;
    w->net->rank_bandwidth = HUGE_VAL;
    for (uint32_t r = 0; r < t->ranks; r++) {
        double sum = 0.0;
        for (uint32_t i = t->out_first[r]; i < t->out_first[r + 1]; i++) {
            sum += works(w, t->out_link[i]) ? t->bandwidth[t->out_link[i]] : 0.0;
        }
        w->net->bandwidth += is_dead(t, r) ? 0.0 : sum;
        if (!is_dead(t, r)) {
            w->net->rank_bandwidth = fmin(w->net->rank_bandwidth, sum);
        }
    }
    w->net->rank_bandwidth = isfinite(w->net->rank_bandwidth) ? w->net->rank_bandwidth : 0.0;
}

/* The domain with least bandwidth left. */
static mu_status choose_domain(work *w, mu_arena *arena, mu_error *err)
{
    const mu_topology *t = w->t;
    uint64_t span = t->network[w->network].span;
    uint32_t worst = 0;
    w->net->domains = (uint32_t)((t->ranks + span - 1) / span);
    if (!t->whole && w->net->domains > 1) {
        double *left = MU_NEW(arena, double, w->net->domains);
        if (left == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for the domains of a network");
        }
        for (uint32_t i = 0; i < t->links; i++) {
            left[w->domain[t->from[i]]] += works(w, i) ? t->bandwidth[i] : 0.0;
        }
        for (uint32_t d = 1; d < t->ranks / span; d++) {
            worst = left[d] < left[worst] * (1.0 - 1e-9) ? d : worst;
        }
    }
    w->net->first_rank = (uint32_t)(worst * span);
    uint32_t rest = t->ranks - w->net->first_rank;
    w->net->domain_ranks = rest < span ? rest : (uint32_t)span;
    return MU_OK;
}

/* Hops and latency from one rank to all others of its domain; returns links looked at. */
static uint64_t walk(const work *w, uint32_t source)
{
    const mu_topology *t = w->t;
    uint64_t looks = 0;
    uint32_t tail = 0;
    memset(w->hops, 0xff, t->vertices * sizeof w->hops[0]);
    w->hops[source] = 0;
    w->latency[source] = 0.0;
    w->queue[tail++] = source;
    for (uint32_t head = 0; head < tail; head++) {
        uint32_t v = w->queue[head];
        if (v != source && !passes_on(w, v)) {
            continue;
        }
        for (uint32_t i = t->out_first[v]; i < t->out_first[v + 1]; i++, looks++) {
            uint32_t link = t->out_link[i];
            uint32_t to = t->to[link];
            double latency = w->latency[v] + t->latency_s[link];
            if (!works(w, link)) {
                continue;
            }
            if (w->hops[to] == UNSEEN) {
                w->hops[to] = w->hops[v] + 1;
                w->latency[to] = latency;
                w->queue[tail++] = to;
            } else if (w->hops[to] == w->hops[v] + 1) {
                w->latency[to] = fmin(w->latency[to], latency);
            }
        }
    }
    return looks;
}

static void take_farthest(const work *w, uint32_t source)
{
    mu_network_survey *net = w->net;
    uint64_t apart = 0;
    for (uint32_t r = w->net->first_rank; r < w->net->first_rank + net->domain_ranks; r++) {
        if (w->hops[r] == UNSEEN) {
            apart += !is_dead(w->t, r) && !is_dead(w->t, source);
        } else if (w->hops[r] > net->hops) {
            net->hops = w->hops[r];
            net->latency_s = w->latency[r];
        } else if (w->hops[r] == net->hops) {
            net->latency_s = fmax(net->latency_s, w->latency[r]);
        }
    }
    net->apart = apart > net->apart ? apart : net->apart;
}

static void find_diameter(const work *w)
{
    mu_network_survey *net = w->net;
    net->all_sources = true;
    uint64_t looks = walk(w, w->net->first_rank);
    take_farthest(w, w->net->first_rank);
    if (w->t->uniform && w->t->whole) {
        return;
    }
    uint64_t most = LOOKS_MAX / (looks + w->t->vertices + 1);
    uint32_t step = (uint32_t)(net->domain_ranks / (most + 1)) + 1;
    net->all_sources = step == 1;
    for (uint32_t r = step; r < net->domain_ranks; r += step) {
        (void)walk(w, w->net->first_rank + r);
        take_farthest(w, w->net->first_rank + r);
    }
}

bool mu_survey_far(const mu_network_survey *net, const mu_cut *cut, uint32_t rank)
{
    return (rank - net->first_rank) % cut->period >= cut->run;
}

static uint32_t list_halvings(const work *w, mu_cut out[MU_HALVINGS_MAX])
{
    const mu_network_spec *spec = &w->t->network[w->network];
    uint64_t n = w->net->domain_ranks;
    uint32_t count = 0;
    out[count++] = (mu_cut){.run = n - n / 2, .period = n};
    for (uint64_t run = 1;
         2 * run < n && count < MU_HALVINGS_MAX - MU_DIMS_MAX - MU_SWITCH_LEVELS_MAX; run *= 2) {
        if (n % (2 * run) == 0) {
            out[count++] = (mu_cut){.run = run, .period = 2 * run};
        }
    }
    uint64_t stride = 1;
    for (uint32_t d = 0; d < spec->dims && d < MU_DIMS_MAX; d++) {
        uint64_t length = spec->dim[d];
        if (length % 2 == 0 && n % (stride * length) == 0 && stride * length < n) {
            out[count++] = (mu_cut){.run = stride * length / 2, .period = stride * length};
        }
        stride *= length > 0 ? length : 1;
    }
    return count;
}

/* Vertex of the cut's graph: 0 and 1 are the halves of the ranks, switches follow. */
static uint32_t side_of(const work *w, const mu_cut *cut, uint32_t vertex)
{
    if (vertex >= w->t->ranks) {
        return 2 + vertex - w->t->first_switch[w->network];
    }
    return mu_survey_far(w->net, cut, vertex) ? 1 : 0;
}

static bool in_domain(const work *w, uint32_t link)
{
    return works(w, link) && !is_dead(w->t, w->t->from[link]) &&
           w->domain[w->t->from[link]] == w->domain[w->net->first_rank];
}

/* Least narrower where ties are to be broken in favour of a level of links. */
static const double FAVOUR = 1.0 - 1e-4;
static const uint32_t NO_LEVEL = UINT32_MAX;

static uint32_t level_of(const work *w, uint32_t link)
{
    uint32_t from = w->s->level[w->t->from[link]];
    uint32_t to = w->s->level[w->t->to[link]];
    return from < to ? from : to;
}

static mu_status cut_along(const work *w, mu_arena *arena, uint32_t favoured, mu_cut *out,
                           mu_error *err)
{
    const mu_topology *t = w->t;
    uint32_t vertices = 2 + switches_end(t, w->network) - t->first_switch[w->network];
    mu_arena_mark mark = mu_arena_here(arena);
    bool *near = MU_NEW(arena, bool, vertices);
    mu_arc *arcs = MU_NEW(arena, mu_arc, t->links);
    if (near == NULL || arcs == NULL) {
        mu_arena_back(arena, mark);
        return mu_fail(err, MU_E_MEMORY, "no memory for the cut of a network");
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->links; i++) {
        if (in_domain(w, i)) {
            double share = level_of(w, i) == favoured ? FAVOUR : 1.0;
            arcs[count++] = (mu_arc){side_of(w, out, t->from[i]), side_of(w, out, t->to[i]),
                                     share * t->bandwidth[i]};
        }
    }
    mu_status status = mu_cut_least(arena, vertices, arcs, count, near, err);
    for (uint32_t i = 0; status == MU_OK && i < t->links; i++) {
        if (in_domain(w, i) && near[side_of(w, out, t->from[i])] &&
            !near[side_of(w, out, t->to[i])]) {
            const mu_link_kind *kind = &t->kind[w->s->kind[i]];
            out->bandwidth += t->bandwidth[i];
            out->links[w->s->kind[i]] += t->bandwidth[i] / kind->bandwidth;
        }
    }
    mu_arena_back(arena, mark);
    return status;
}

/* The narrowest halving once more, with ties broken level by level: which links a cut crosses
 * decides how it changes when bandwidths do. */
static mu_status add_ties(const work *w, mu_arena *arena, mu_error *err)
{
    mu_network_survey *net = w->net;
    mu_status status = MU_OK;
    for (uint32_t l = 0; l <= net->levels && net->levels > 1 && status == MU_OK; l++) {
        if (net->cut_count < MU_HALVINGS_MAX) {
            mu_cut *cut = &net->cut[net->cut_count++];
            *cut = (mu_cut){.run = net->cut[net->narrowest].run,
                            .period = net->cut[net->narrowest].period};
            status = cut_along(w, arena, l, cut, err);
        }
    }
    return status;
}

static mu_status find_cuts(const work *w, mu_arena *arena, mu_error *err)
{
    mu_network_survey *net = w->net;
    mu_status status = MU_OK;
    if (net->domain_ranks < 2) {
        return MU_OK;
    }
    net->halvings = net->cut_count = list_halvings(w, net->cut);
    for (uint32_t i = 0; i < net->cut_count && status == MU_OK; i++) {
        status = cut_along(w, arena, NO_LEVEL, &net->cut[i], err);
        if (net->cut[i].bandwidth < net->cut[net->narrowest].bandwidth * (1.0 - 1e-9)) {
            net->narrowest = i;
        }
    }
    return status == MU_OK ? add_ties(w, arena, err) : status;
}

static mu_status survey_network(work *w, mu_arena *arena, mu_error *err)
{
    mark_vertices(w);
    count_switches(w);
    add_bandwidth(w);
    mu_status status = choose_domain(w, arena, err);
    if (status == MU_OK) {
        find_diameter(w);
        status = find_cuts(w, arena, err);
    }
    return status;
}

static bool allocate(mu_arena *arena, const mu_topology *t, mu_survey *out)
{
    out->kind = MU_NEW(arena, uint8_t, t->links);
    out->level = MU_NEW(arena, uint8_t, t->vertices);
    out->place = MU_NEW(arena, uint32_t, t->vertices);
    return out->kind != NULL && out->level != NULL && out->place != NULL;
}

static bool allocate_scratch(mu_arena *arena, work *w)
{
    w->domain = MU_NEW(arena, uint32_t, w->t->vertices);
    w->hops = MU_NEW(arena, uint32_t, w->t->vertices);
    w->latency = MU_NEW(arena, double, w->t->vertices);
    w->queue = MU_NEW(arena, uint32_t, w->t->vertices);
    return w->domain != NULL && w->hops != NULL && w->latency != NULL && w->queue != NULL;
}

static void mark_links(const mu_topology *t, uint8_t *kind)
{
    for (uint32_t k = 0; k < t->kind_count; k++) {
        memset(kind + t->kind[k].first, (int)k, t->kind[k].count);
    }
}

mu_status mu_survey_make(mu_arena *arena, const mu_topology *topology, mu_survey *out,
                         mu_error *err)
{
    *out = (mu_survey){.topology = topology};
    if (!allocate(arena, topology, out)) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the survey of a network");
    }
    mu_arena_mark mark = mu_arena_here(arena);
    work w = {.s = out, .t = topology};
    mu_status status = allocate_scratch(arena, &w)
                           ? MU_OK
                           : mu_fail(err, MU_E_MEMORY, "no memory for the survey of a network");
    mark_links(topology, out->kind);
    memset(out->level + topology->ranks, FAR, topology->vertices - topology->ranks);
    for (uint32_t n = 0; n < topology->network_count && status == MU_OK; n++) {
        w.network = n;
        w.net = &out->net[n];
        status = survey_network(&w, arena, err);
    }
    mu_arena_back(arena, mark);
    return status;
}

double mu_survey_bisection(const mu_network_survey *net, const double *kind_bandwidth,
                           uint32_t kind_count)
{
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < net->cut_count; i++) {
        double sum = 0.0;
        for (uint32_t k = 0; k < kind_count; k++) {
            sum += net->cut[i].links[k] * kind_bandwidth[k];
        }
        least = fmin(least, sum);
    }
    return isfinite(least) ? least : 0.0;
}

/* "leaf 3": the word a kind has for this end, and which of them. */
static void name_end(const mu_survey *s, uint32_t vertex, const char *word, size_t length,
                     char *out, size_t size)
{
    const mu_topology *t = s->topology;
    uint32_t number = vertex < t->ranks ? vertex : s->place[vertex];
    (void)snprintf(out, size, "%.*s %u", (int)length, word, number);
}

void mu_survey_link_name(const mu_survey *survey, uint32_t link, char out[MU_VERTEX_NAME_MAX])
{
    const mu_topology *t = survey->topology;
    const char *name = t->kind[survey->kind[link]].name;
    const char *colon = strstr(name, ": ");
    const char *words = colon != NULL ? colon + 2 : name;
    const char *to = strstr(words, " to ");
    char from_text[40];
    char to_text[40];
    if (to == NULL) {
        (void)snprintf(out, MU_VERTEX_NAME_MAX, "%s (%u to %u)", name, t->from[link], t->to[link]);
        return;
    }
    name_end(survey, t->from[link], words, (size_t)(to - words), from_text, sizeof from_text);
    name_end(survey, t->to[link], to + 4, strlen(to + 4), to_text, sizeof to_text);
    (void)snprintf(out, MU_VERTEX_NAME_MAX, "%.*s%s to %s", (int)(words - name), name, from_text,
                   to_text);
}
