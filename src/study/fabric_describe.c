/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system's networks are: kinds of links, sums over them, cost, power, availability.
 *
 * What:  a row of numbers a draw; columns become intervals.
 * Terms: a sheet holds the rows, the point first.
 * Bound: shapes are certain, bandwidths and latencies are drawn: links of a network scale with it.
 *        Availability is drawn as often as LINKS_MOST allows.
 */
#include "study/fabric_parts.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NET_RANK,
    NET_ALL,
    NET_BISECTION,
    NET_LATENCY,
    NET_COLUMNS,
    UP_ALL = 0,
    UP_CHIPS,
    UP_BANDWIDTH,
    UP_FAILURES,
    UP_GOODPUT,
    UP_COLUMNS
};

/* Figures of cost and power, by column. */
enum {
    FIG_MODULES,
    FIG_OPTICS_COST,
    FIG_OPTICS_POWER,
    FIG_NETWORK_COST,
    FIG_NETWORK_POWER,
    FIG_COLUMNS
};

enum {
    AT_BANDWIDTH = 0,
    AT_LATENCY = AT_BANDWIDTH + MU_KINDS_MAX,
    AT_NETWORK = AT_LATENCY + MU_KINDS_MAX,
    AT_FIGURE = AT_NETWORK + MU_NETWORKS_MAX * NET_COLUMNS,
    AT_UP = AT_FIGURE + FIG_COLUMNS,
    COLUMNS = AT_UP + UP_COLUMNS
};

static const uint64_t LINKS_MOST = (uint64_t)1 << 26;
static const double CHECKPOINT_S = 1800.0;
static const double RESTART_S = 300.0;
static const double HOURS_PER_DAY = 24.0;

typedef struct sheet {
    mu_net_study *s;
    uint64_t samples;
    uint64_t up_samples; /* draws that have availability */
    bool known[FIG_COLUMNS];
    mu_fact fact[FIG_COLUMNS]; /* what a figure rests on; path NULL = a count of the wires */
    double *row;               /* [samples + 1][COLUMNS] */
    double *column;            /* [samples] */
} sheet;

/* Of a network in a draw over the point. */
static double ratio(double drawn, double point)
{
    return point > 0.0 ? drawn / point : 1.0;
}

/* Level of the lower end of a kind: how many tapers are below it. */
static uint32_t level_of(const mu_net_study *s, const mu_link_kind *kind)
{
    const mu_topology *t = &s->topology;
    uint8_t from = s->survey.level[t->from[kind->first]];
    uint8_t to = s->survey.level[t->to[kind->first]];
    return from < to ? from : to;
}

/* Bandwidth of a kind in a draw over the point. */
static double kind_ratio(const mu_net_study *s, const mu_link_kind *kind,
                         const mu_network_spec *now)
{
    const mu_network_spec *point = &s->spec[kind->network];
    double faster = ratio(now->bandwidth, point->bandwidth);
    uint32_t level = level_of(s, kind);
    for (uint32_t i = 0; i < level && i < point->levels && i < MU_DIMS_MAX; i++) {
        faster *= now->taper[i] > 0.0 ? ratio(point->taper[i], now->taper[i]) : 1.0;
    }
    return faster;
}

void mu_net_kinds(const mu_net_study *s, const mu_network_spec *drawn, double *bandwidth,
                  double *latency_s)
{
    for (uint32_t k = 0; k < s->topology.kind_count; k++) {
        const mu_link_kind *kind = &s->topology.kind[k];
        const mu_network_spec *now = s->spec_count > 0 ? &drawn[kind->network] : NULL;
        const mu_network_spec *point = &s->spec[kind->network];
        bandwidth[k] = kind->bandwidth * (now != NULL ? kind_ratio(s, kind, now) : 1.0);
        if (latency_s != NULL) {
            latency_s[k] =
                kind->latency_s * (now != NULL ? ratio(now->latency_s, point->latency_s) : 1.0);
        }
    }
}

/* A fact of the system in a draw; whether there is one. */
static mu_status read_fact(const mu_net_question *q, mu_draw draw, const char *path, mu_fact *fact,
                           double *out, mu_error *err)
{
    char name[256];
    mu_status status = mu_catalog_fact(q->catalog, q->system, path, false, fact, err);
    if (status == MU_OK && fact->path != NULL) {
        (void)snprintf(name, sizeof name, "system/%s/%s", q->system->id, path);
        *out = mu_draw_value(draw, name, fact->range);
    }
    return status;
}

/* Watts of a chip's share of all networks: of the whole, else tier by tier. */
static mu_status network_power(const mu_net_question *q, mu_draw draw, mu_fact *fact, double *out,
                               mu_error *err)
{
    mu_status status = read_fact(q, draw, "power.network_per_chip", fact, out, err);
    if (status != MU_OK || fact->path != NULL) {
        return status;
    }
    const mu_node *tiers = mu_catalog_node(q->catalog, q->system, "tiers", NULL);
    double sum = 0.0;
    for (uint32_t i = 0; tiers != NULL && i < tiers->count && status == MU_OK; i++) {
        const mu_node *name = mu_node_get(&tiers->child[i], "name");
        char path[96];
        double watts = 0.0;
        mu_fact tier = {0};
        (void)snprintf(path, sizeof path, "tiers.%.40s.power",
                       name != NULL && name->text != NULL ? name->text : "");
        status = read_fact(q, draw, path, &tier, &watts, err);
        if (status == MU_OK && tier.path != NULL) {
            sum += watts;
            *fact = tier;
        }
    }
    *out = sum;
    return status;
}

static double optical_modules(const mu_topology *t)
{
    double links = 0.0;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        links += t->kind[k].optical ? t->kind[k].count * t->kind[k].cables : 0.0;
    }
    return links; /* two links a cable, two modules a cable */
}

static mu_status measure_figures(sheet *h, mu_draw draw, double *row, mu_error *err)
{
    const mu_net_question *q = h->s->q;
    double modules = optical_modules(&h->s->whole);
    double power_w = 0.0;
    double price = 0.0;
    double cost = 0.0;
    double network_w = 0.0;
    mu_fact *fact = h->fact;
    mu_status status = read_fact(q, draw, "optics.power", &fact[FIG_OPTICS_POWER], &power_w, err);
    if (status == MU_OK) {
        status = read_fact(q, draw, "optics.price", &fact[FIG_OPTICS_COST], &price, err);
    }
    if (status == MU_OK && q->wiring == NULL) {
        double stated = 0.0;
        status = read_fact(q, draw, "optics.modules", &fact[FIG_MODULES], &stated, err);
        modules = fact[FIG_MODULES].path != NULL ? stated * q->chips / q->chips_sold : modules;
    }
    if (status == MU_OK) {
        status = read_fact(q, draw, "network.cost_per_chip", &fact[FIG_NETWORK_COST], &cost, err);
    }
    if (status == MU_OK) {
        status = network_power(q, draw, &fact[FIG_NETWORK_POWER], &network_w, err);
    }
    row[FIG_MODULES] = modules;
    row[FIG_OPTICS_COST] = modules * price;
    row[FIG_OPTICS_POWER] = modules * power_w;
    row[FIG_NETWORK_COST] = cost * q->chips;
    row[FIG_NETWORK_POWER] = network_w * q->chips;
    return status;
}

static mu_status measure_availability(const sheet *h, mu_draw draw, double *row, mu_error *err)
{
    mu_fault_rates rates;
    mu_status status = mu_net_rates(h->s->q, draw, &rates, err);
    if (status != MU_OK) {
        return status;
    }
    mu_availability a =
        mu_topology_availability(&h->s->whole, &rates, h->s->q->ranks, CHECKPOINT_S, RESTART_S);
    row[UP_ALL] = a.all_up;
    row[UP_CHIPS] = a.chips_up;
    row[UP_BANDWIDTH] = a.bandwidth;
    row[UP_FAILURES] = a.job_failures_per_hour * HOURS_PER_DAY;
    row[UP_GOODPUT] = a.job_goodput;
    return MU_OK;
}

static void measure_networks(const sheet *h, const mu_network_spec *drawn, double *row)
{
    const mu_net_study *s = h->s;
    mu_net_kinds(s, drawn, row + AT_BANDWIDTH, row + AT_LATENCY);
    for (uint32_t n = 0; n < s->topology.network_count; n++) {
        const mu_network_survey *net = &s->survey.net[n];
        double *at = row + AT_NETWORK + (size_t)n * NET_COLUMNS;
        bool listed = s->spec_count == 0;
        double faster = listed ? 1.0 : ratio(drawn[n].bandwidth, s->spec[n].bandwidth);
        double slower = listed ? 1.0 : ratio(drawn[n].latency_s, s->spec[n].latency_s);
        at[NET_RANK] = net->rank_bandwidth * faster;
        at[NET_ALL] = net->bandwidth * faster;
        at[NET_BISECTION] = mu_survey_bisection(net, row + AT_BANDWIDTH, s->topology.kind_count);
        at[NET_LATENCY] = net->latency_s * slower;
    }
}

/* Row 0 is the point, whatever the plan. */
static mu_status measure(sheet *h, uint64_t index, mu_error *err)
{
    mu_draw draw = {.plan = h->s->plan, .index = (uint32_t)index};
    double *row = h->row + index * COLUMNS;
    mu_network_spec drawn[MU_NETWORKS_MAX];
    uint32_t count = 0;
    mu_status status = mu_net_specs(h->s->q, draw, drawn, &count, err);
    if (status == MU_OK) {
        measure_networks(h, drawn, row);
        status = measure_figures(h, draw, row + AT_FIGURE, err);
    }
    if (status == MU_OK && index <= h->up_samples) {
        status = measure_availability(h, draw, row + AT_UP, err);
    }
    return status;
}

static mu_quantity column_of(const sheet *h, uint32_t at, uint64_t samples)
{
    for (uint64_t i = 0; i < samples; i++) {
        h->column[i] = h->row[(i + 1) * COLUMNS + at];
    }
    return mu_quantity_of(h->row[at], h->column, samples);
}

static mu_quantity scaled(mu_quantity q, double by)
{
    return (mu_quantity){q.value * by, q.low * by, q.high * by};
}

static uint64_t broken_links(const mu_topology *t, const mu_link_kind *kind)
{
    uint64_t broken = 0;
    for (uint32_t i = kind->first; i < kind->first + kind->count; i++) {
        broken += !(t->bandwidth[i] > 0.0);
    }
    return broken;
}

static void fill_kinds(const sheet *h, mu_net_answer *out)
{
    const mu_topology *t = &h->s->topology;
    out->kind_count = t->kind_count;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        mu_net_links *links = &out->kind[k];
        memcpy(links->name, t->kind[k].name, sizeof links->name);
        links->network = t->kind[k].network;
        links->count = t->kind[k].count;
        links->broken = t->whole ? 0 : broken_links(t, &t->kind[k]);
        links->bandwidth = column_of(h, AT_BANDWIDTH + k, h->samples);
        links->total = scaled(links->bandwidth, (double)(links->count - links->broken));
        links->latency_s = column_of(h, AT_LATENCY + k, h->samples);
        links->optical = t->kind[k].optical;
    }
}

/* "8 x 8 x 128" */
static void lengths_words(const mu_network_spec *spec, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t d = 0; d < spec->dims && d < MU_DIMS_MAX && used < size; d++) {
        int wrote = snprintf(out + used, size - used, "%s%u", d > 0 ? " x " : "", spec->dim[d]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

static double most_taper(const mu_network_spec *spec)
{
    double most = 1.0;
    for (uint32_t i = 0; i < spec->levels && i < MU_DIMS_MAX; i++) {
        most = fmax(most, spec->taper[i]);
    }
    return most;
}

static void clos_words(const mu_network_spec *spec, char *out, size_t size)
{
    char rails[48] = "";
    char taper[48] = "non-blocking";
    if (spec->rails > 1) {
        (void)snprintf(rails, sizeof rails, ", %u rails", spec->rails);
    }
    if (most_taper(spec) > 1.0) {
        (void)snprintf(taper, sizeof taper, "%.3g:1 oversubscribed", most_taper(spec));
    }
    (void)snprintf(out, size, "Clos of %u level%s in %u plane%s%s, %u ranks a leaf, %s",
                   spec->levels, spec->levels == 1 ? "" : "s", spec->planes,
                   spec->planes == 1 ? "" : "s", rails, spec->down[0], taper);
}

static void shape_words(const mu_network_spec *spec, char *out, size_t size)
{
    char lengths[96];
    lengths_words(spec, lengths, sizeof lengths);
    switch (spec->shape) {
    case MU_SHAPE_SWITCH:
        if (spec->planes > 1) {
            (void)snprintf(out, size, "%u switches a domain, each joins all its ranks",
                           spec->planes);
        } else {
            (void)snprintf(out, size, "one switch joins all ranks of a domain");
        }
        break;
    case MU_SHAPE_CLOS:
        clos_words(spec, out, size);
        break;
    case MU_SHAPE_MESH:
        (void)snprintf(out, size, "full mesh%s%s",
                       spec->dims > 1 ? ", every dimension by itself: " : " of ", lengths);
        break;
    case MU_SHAPE_TORUS:
        (void)snprintf(out, size, "torus %s", lengths);
        break;
    case MU_SHAPE_DRAGONFLY:
        (void)snprintf(out, size, "dragonfly+ of %u groups", spec->groups);
        break;
    case MU_SHAPE_BUS:
        (void)snprintf(out, size, "one path that all ranks of a domain share");
        break;
    case MU_SHAPE_LINKS:
    case MU_SHAPE_COUNT:
        (void)snprintf(out, size, "cables as listed");
        break;
    }
}

static void fill_network(const sheet *h, uint32_t n, mu_net_network *out)
{
    const mu_network_spec *spec = &h->s->topology.network[n];
    const mu_network_survey *net = &h->s->survey.net[n];
    uint32_t at = AT_NETWORK + n * NET_COLUMNS;
    memcpy(out->name, spec->name, sizeof out->name);
    out->shape = spec->shape;
    shape_words(spec, out->words, sizeof out->words);
    out->span = net->domain_ranks;
    out->domains = net->domains;
    out->planes = spec->planes > 1 ? spec->planes : 1;
    out->switches = net->switches;
    out->levels = net->levels;
    memcpy(out->level_switches, net->level_switches, sizeof out->level_switches);
    out->rank_bandwidth = column_of(h, at + NET_RANK, h->samples);
    out->bandwidth = column_of(h, at + NET_ALL, h->samples);
    out->bisection = column_of(h, at + NET_BISECTION, h->samples);
    out->cuts = net->halvings;
    out->hops = net->hops;
    out->all_sources = net->all_sources;
    out->latency_s = column_of(h, at + NET_LATENCY, h->samples);
}

static void add_figure(const sheet *h, uint32_t which, const char *key, const char *label,
                       mu_dimension dimension, const char *of, mu_net_answer *out)
{
    const mu_fact *fact = &h->fact[which];
    if (!(h->row[AT_FIGURE + which] > 0.0)) {
        return;
    }
    assert(out->figure_count < MU_NET_FIGURES_MAX);
    mu_net_figure *figure = &out->figure[out->figure_count++];
    *figure = (mu_net_figure){.key = key, .label = label, .dimension = dimension};
    figure->quantity = column_of(h, AT_FIGURE + which, h->samples);
    if (fact->path == NULL) {
        (void)snprintf(figure->basis, sizeof figure->basis, "two a cable, counted");
    } else {
        (void)snprintf(figure->basis, sizeof figure->basis, "%s%s; grade %c, %s", fact->path, of,
                       fact->grade, fact->source);
    }
}

static void fill_figures(const sheet *h, mu_net_answer *out)
{
    bool sold = h->s->q->chips == h->s->q->chips_sold;
    add_figure(h, FIG_MODULES, "optical_modules", "optical modules", MU_DIM_COUNT,
               sold ? "" : ", by chips", out);
    add_figure(h, FIG_OPTICS_COST, "optics_cost_usd", "cost of optics", MU_DIM_MONEY, " x modules",
               out);
    add_figure(h, FIG_OPTICS_POWER, "optics_power_w", "power of optics", MU_DIM_POWER, " x modules",
               out);
    add_figure(h, FIG_NETWORK_COST, "network_cost_usd", "cost of networks", MU_DIM_MONEY,
               " x chips", out);
    add_figure(h, FIG_NETWORK_POWER, "network_power_w", "power of networks", MU_DIM_POWER,
               " x chips", out);
}

static void fill_availability(const sheet *h, mu_net_answer *out)
{
    mu_net_availability *a = &out->availability;
    a->all_up = column_of(h, AT_UP + UP_ALL, h->up_samples);
    a->chips_up = column_of(h, AT_UP + UP_CHIPS, h->up_samples);
    a->bandwidth = column_of(h, AT_UP + UP_BANDWIDTH, h->up_samples);
    a->job_failures_per_day = column_of(h, AT_UP + UP_FAILURES, h->up_samples);
    a->job_goodput = column_of(h, AT_UP + UP_GOODPUT, h->up_samples);
    a->job_ranks = h->s->q->ranks;
    a->checkpoint_s = CHECKPOINT_S;
    a->restart_s = RESTART_S;
    a->rate_count = mu_net_rate_rows(h->s->q, a->rate);
}

static mu_status measure_all(sheet *h, mu_error *err)
{
    mu_status status = measure(h, 0, err);
    if (h->s->plan != NULL) {
        mu_draw_plan_freeze(h->s->plan);
    }
    for (uint64_t i = 1; i <= h->samples && status == MU_OK; i++) {
        status = measure(h, i, err);
    }
    return status;
}

mu_status mu_net_describe(mu_net_study *s, mu_net_answer *out, mu_error *err)
{
    sheet h = {.s = s, .samples = s->plan != NULL ? (uint64_t)s->q->samples : 0};
    uint64_t affordable = LINKS_MOST / (s->whole.links + 1);
    mu_arena_mark mark = mu_arena_here(s->work->arena);
    h.up_samples = h.samples < affordable ? h.samples : affordable;
    h.row = MU_NEW(s->work->arena, double, (h.samples + 1) * COLUMNS);
    h.column = MU_NEW(s->work->arena, double, h.samples + 1);
    if (h.row == NULL || h.column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    mu_status status = measure_all(&h, err);
    if (status == MU_OK) {
        fill_kinds(&h, out);
        out->network_count = s->topology.network_count;
        for (uint32_t n = 0; n < out->network_count; n++) {
            fill_network(&h, n, &out->network[n]);
        }
        fill_figures(&h, out);
        fill_availability(&h, out);
    }
    mu_arena_back(s->work->arena, mark);
    return status;
}
