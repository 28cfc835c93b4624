/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job on the wires: how long, where it is tight, and how sure that is.
 *
 * What:  the moves flow by flow on the topology as it is, and on one where no link but a rank's own
 *        is shared; the closed form beside both.
 * Terms: contention = wires over unshared wires, both without latency, and over what the closed
 *        form has of it already where that is more: what sharing, broken parts and background cost.
 *        Where the algorithm is the closed form's, its data part times the contention and its fixed
 *        part are the calibrated time, so that both agree where nothing is shared. Any other
 *        algorithm or schedule takes the launch cost and runs flow by flow at the tiers'
 *        efficiencies, with what software adds to a message before each.
 * Bound: draws move bandwidths and parameters. Where MESSAGES_MOST does not allow flows for every
 *        draw, the contention is that of the point, and other algorithms' time goes with the
 *        bandwidth and efficiency of the network that has the hottest link.
 */
#include "study/fabric_parts.h"

#include "fabric/fabric_catalog.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MESSAGES_MOST = 4e6;
static const double BATCH_COST = 100.0; /* of a moment at which flows end, in messages */

enum { TIME, CONTENTION, CLOSED, CLOSED_WIRE, COLUMNS };

/* Wires without latency: as they are, and where nothing but a rank's own links is shared. */
typedef struct sharing {
    double shared_s;
    double unshared_s;
} sharing;

/* A job under way. */
typedef struct run {
    mu_net_study *s;
    mu_moves moves;
    bool as_closed;           /* the algorithm is the closed form's */
    mu_topology bare;         /* as it is, without latency */
    mu_topology lone;         /* nothing shared, without latency */
    mu_congestion congestion; /* of the point, as is sharing */
    sharing sharing;
    const uint32_t *place; /* [copies * members]; NULL = in order from 0 on */
    uint32_t binding;      /* network of the hottest link */
    double calibrated_s;   /* flow by flow with software, of the point; 0 = not run */
    mu_flow_result wires;
} run;

static mu_group group_of(const mu_net_job *job)
{
    return (mu_group){.ranks = job->members, .stride = job->stride};
}

static mu_exchange exchange_of(const mu_net_job *job, double imbalance)
{
    return (mu_exchange){.group = group_of(job),
                         .tokens = job->moe.tokens,
                         .topk = job->moe.topk,
                         .experts_per_rank = (double)job->moe.experts / job->members,
                         .token_bytes = job->moe.token_bytes,
                         .imbalance = imbalance,
                         .low_latency = job->moe.low_latency,
                         .combine = job->what == MU_NET_COMBINE};
}

/* The closed form knows groups of every n-th rank on the system's own tiers. */
static bool has_closed(const mu_net_study *s)
{
    return s->q->job.what != MU_NET_SCHEDULE && s->q->job.in_order && s->q->wiring == NULL;
}

static mu_transfer closed_form(const mu_net_study *s, const mu_fabric *fabric)
{
    const mu_net_job *job = &s->q->job;
    if (job->what == MU_NET_COLLECTIVE) {
        return mu_fabric_collective(fabric, job->collective, group_of(job), job->bytes);
    }
    mu_exchange exchange = exchange_of(job, s->imbalance);
    return mu_fabric_exchange(fabric, &exchange);
}

/* The same tiers without software: all of the nominal bandwidth, at once. */
static mu_fabric without_software(const mu_fabric *fabric)
{
    mu_fabric f = *fabric;
    for (uint32_t i = 0; i < f.tier_count; i++) {
        mu_tier *t = &f.tier[i];
        t->launch_s = t->latency_s = t->message_s = t->half_bytes = t->rendezvous_s = 0.0;
        t->own_share = t->direct_launch_s = t->peer_fill_bytes = 0.0;
        t->short_share = t->middle_share = t->middle_s = t->long_s = 0.0;
        t->efficiency = t->peer_efficiency = t->switch_efficiency = 1.0;
        t->dispatch_efficiency = t->dispatch_direct_efficiency = 1.0;
        t->dispatch_launch_s = t->dispatch_notify_s = t->dispatch_combine_s = 0.0;
        t->dispatch_expert_s = t->dispatch_token_s = t->dispatch_core_share = 0.0;
    }
    return f;
}

/* The tier that a network's outermost domain is of. */
static const mu_tier *tier_of(const mu_fabric *fabric, const mu_network_spec *network)
{
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        if (fabric->tier[i].span >= (double)network->span) {
            return &fabric->tier[i];
        }
    }
    return &fabric->tier[fabric->tier_count - 1];
}

static double efficiency_of(const mu_net_job *job, const mu_tier *tier)
{
    if (job->what == MU_NET_DISPATCH || job->what == MU_NET_COMBINE) {
        return job->moe.low_latency ? tier->dispatch_direct_efficiency : tier->dispatch_efficiency;
    }
    bool peers = job->algorithm == MU_PATTERN_DIRECT || job->algorithm == MU_PATTERN_PAIRWISE ||
                 (job->what == MU_NET_COLLECTIVE && job->collective == MU_ALL_TO_ALL);
    if (job->algorithm == MU_PATTERN_SWITCH) {
        return tier->switch_efficiency;
    }
    return peers ? tier->peer_efficiency : tier->efficiency;
}

/* What runs on which wires. */
typedef struct trial {
    const mu_topology *topology; /* NULL: not run, the point's time and `slower` stand for it */
    double slower;
    bool alone;                      /* one copy, the shortest ways, no background */
    const mu_fabric *software;       /* tiers whose efficiencies count; NULL = wires alone */
    const mu_congestion *congestion; /* between supernodes; NULL = none */
} trial;

static mu_status flow(const run *r, const trial *of, mu_flow_result *out, mu_error *err)
{
    const mu_net_job *job = &r->s->q->job;
    mu_flow_setup setup = {.topology = of->topology,
                           .routing = of->alone ? MU_ROUTING_SHORTEST : job->routing,
                           .striped = true,
                           .seed = (uint64_t)r->s->q->seed,
                           .background = of->alone ? NULL : job->background,
                           .background_count = of->alone ? 0 : job->background_count};
    mu_flow_job flows = {
        .moves = &r->moves, .place = r->place, .copies = of->alone ? 1 : job->copies};
    for (uint32_t n = 0; n < of->topology->network_count; n++) {
        const mu_network_spec *network = &of->topology->network[n];
        const mu_tier *tier = tier_of(&r->s->fabric, network);
        setup.efficiency[n] = 1.0;
        setup.congestion[n] = tier->scale_out ? of->congestion : NULL;
        if (of->software != NULL) {
            tier = tier_of(of->software, network);
            setup.efficiency[n] = fmin(efficiency_of(job, tier), 1.0);
            setup.message_s = fmax(setup.message_s, tier->latency_s - network->latency_s);
        }
    }
    return mu_flow_run(r->s->work->arena, &setup, &flows, out, err);
}

static double over(double a, double b)
{
    return b > 0.0 ? a / b : 1.0;
}

static mu_status measure_sharing(const run *r, const mu_topology *bare, const mu_topology *lone,
                                 const mu_congestion *congestion, sharing *out, mu_error *err)
{
    mu_flow_result shared;
    mu_flow_result unshared;
    const trial as_is = {.topology = bare, .congestion = congestion};
    const trial by_itself = {.topology = lone, .alone = true};
    mu_arena_mark mark = mu_arena_here(r->s->work->arena);
    mu_status status = flow(r, &as_is, &shared, err);
    if (status == MU_OK) {
        status = flow(r, &by_itself, &unshared, err);
    }
    mu_arena_back(r->s->work->arena, mark);
    if (status == MU_OK) {
        *out = (sharing){shared.time_s, unshared.time_s};
    }
    return status;
}

/* The closed form has some sharing of its own: tiers one after another. Only what is beyond it. */
static double contention_of(const run *r, sharing of, double closed_wire_s)
{
    double unshared_s = r->as_closed ? fmax(of.unshared_s, closed_wire_s) : of.unshared_s;
    return fmax(over(of.shared_s, unshared_s), 1.0);
}

static double launch_of(const mu_fabric *fabric, const mu_topology *t)
{
    double launch = 0.0;
    for (uint32_t n = 0; n < t->network_count; n++) {
        launch = fmax(launch, tier_of(fabric, &t->network[n])->launch_s);
    }
    return launch;
}

/* One row of answers with this software on these wires. */
static mu_status fill_row(const run *r, const trial *with_software, sharing of, double row[COLUMNS],
                          mu_error *err)
{
    const mu_fabric *fabric = with_software->software;
    bool known = has_closed(r->s);
    mu_fabric bare = without_software(fabric);
    mu_transfer closed = known ? closed_form(r->s, fabric) : (mu_transfer){0};
    row[CLOSED] = closed.time_s;
    row[CLOSED_WIRE] = known ? closed_form(r->s, &bare).time_s : 0.0;
    row[CONTENTION] = contention_of(r, of, row[CLOSED_WIRE]);
    if (r->as_closed) {
        row[TIME] = closed.launch_s + (closed.time_s - closed.launch_s) * row[CONTENTION];
        return MU_OK;
    }
    if (with_software->topology == NULL) {
        row[TIME] = launch_of(fabric, &r->s->topology) + r->calibrated_s * with_software->slower;
        return MU_OK;
    }
    mu_flow_result calibrated;
    mu_arena_mark mark = mu_arena_here(r->s->work->arena);
    mu_status status = flow(r, with_software, &calibrated, err);
    mu_arena_back(r->s->work->arena, mark);
    row[TIME] = status == MU_OK ? launch_of(fabric, &r->s->topology) + calibrated.time_s : 0.0;
    return status;
}

/* Whether every draw may run flows of its own. */
static bool may_draw_flows(const run *r, uint64_t samples)
{
    double each = (double)r->wires.flows + BATCH_COST * (double)r->wires.batches;
    return 2.0 * each * (double)samples <= MESSAGES_MOST;
}

/* Time of the tightest network in a draw over the point: bandwidth and what software leaves. */
static double slower_in(const run *r, const mu_fabric *fabric, const mu_network_spec *drawn)
{
    const mu_net_study *s = r->s;
    const mu_network_spec *network = &s->topology.network[r->binding];
    double point = efficiency_of(&s->q->job, tier_of(&s->fabric, network));
    double now = efficiency_of(&s->q->job, tier_of(fabric, network));
    double slower = over(point, now);
    return s->spec_count > 0
               ? slower * over(s->spec[r->binding].bandwidth, drawn[r->binding].bandwidth)
               : slower;
}

/* Wires of a draw, and what sharing costs on them. */
static mu_status draw_flows(const run *r, const mu_fabric *fabric, const mu_network_spec *specs,
                            const mu_congestion *congestion, mu_topology *drawn, sharing *of,
                            mu_error *err)
{
    const mu_net_study *s = r->s;
    double faster[MU_KINDS_MAX];
    mu_topology lone;
    mu_net_kinds(s, specs, faster, NULL);
    for (uint32_t k = 0; k < s->topology.kind_count; k++) {
        faster[k] /= s->topology.kind[k].bandwidth;
    }
    mu_status status =
        mu_net_faster(r->as_closed ? &r->bare : &s->wires, s->work->arena, faster, drawn, err);
    if (status == MU_OK && r->as_closed) {
        status = mu_net_lone(s, fabric, &lone, err);
        if (status == MU_OK) {
            status = measure_sharing(r, drawn, &lone, congestion, of, err);
        }
    }
    return status;
}

static mu_status draw_row(const run *r, uint64_t index, bool flows, double row[COLUMNS],
                          mu_error *err)
{
    const mu_net_study *s = r->s;
    mu_draw draw = {.plan = s->plan, .index = (uint32_t)index};
    mu_fabric fabric;
    mu_network_spec specs[MU_NETWORKS_MAX];
    uint32_t count = 0;
    mu_topology drawn;
    mu_congestion congestion = {0};
    sharing of = r->sharing;
    trial with_software = {
        .topology = flows ? &drawn : NULL, .software = &fabric, .congestion = &congestion};
    mu_status status = mu_net_specs(s->q, draw, specs, &count, err);
    if (status == MU_OK) {
        status = mu_fabric_from_catalog(s->q->catalog, s->q->system, draw, s->q->ranks_per_chip,
                                        &fabric, err);
    }
    if (status == MU_OK) {
        status = mu_congestion_from_catalog(s->q->catalog, draw, &congestion, err);
    }
    if (status == MU_OK && flows) {
        status = draw_flows(r, &fabric, specs, &congestion, &drawn, &of, err);
    }
    if (status != MU_OK) {
        return status;
    }
    with_software.slower = slower_in(r, &fabric, specs);
    return fill_row(r, &with_software, of, row, err);
}

/* Rows of the draws under the point's. */
static mu_status run_draws(run *r, double *rows, uint64_t samples, mu_error *err)
{
    mu_status status = MU_OK;
    bool flows = may_draw_flows(r, samples);
    r->calibrated_s = rows[TIME] - launch_of(&r->s->fabric, &r->s->topology);
    for (uint64_t i = 1; i <= samples && status == MU_OK; i++) {
        mu_arena_mark mark = mu_arena_here(r->s->work->arena);
        status = draw_row(r, i, flows, rows + i * COLUMNS, err);
        mu_arena_back(r->s->work->arena, mark);
    }
    return status;
}

static mu_quantity column_of(const double *rows, uint32_t at, double *column, uint64_t samples)
{
    for (uint64_t i = 0; i < samples; i++) {
        column[i] = rows[(i + 1) * COLUMNS + at];
    }
    return mu_quantity_of(rows[at], column, samples);
}

/* Bytes that NCCL's bus bandwidth counts of one rank. */
static double bus_bytes(const mu_net_job *job, double bytes)
{
    double n = job->members;
    if (!job->named) {
        return bytes;
    }
    switch (job->collective) {
    case MU_ALL_REDUCE:
        return bytes * 2.0 * (n - 1.0) / n;
    case MU_REDUCE_SCATTER:
    case MU_ALL_GATHER:
    case MU_ALL_TO_ALL:
        return bytes * (n - 1.0) / n;
    default:
        return bytes;
    }
}

static mu_quantity rate_of(double bytes, mu_quantity time_s)
{
    return (mu_quantity){bytes / time_s.value, bytes / time_s.high, bytes / time_s.low};
}

static void fill_quantities(const run *r, const double *rows, double *column, uint64_t samples,
                            mu_net_traffic *out)
{
    const mu_net_job *job = &r->s->q->job;
    out->time_s = column_of(rows, TIME, column, samples);
    out->contention = column_of(rows, CONTENTION, column, samples);
    out->closed_s = column_of(rows, CLOSED, column, samples);
    out->closed_wire_s = column_of(rows, CLOSED_WIRE, column, samples);
    out->has_closed = has_closed(r->s);
    out->draws = samples;
    out->bytes = job->what == MU_NET_DISPATCH || job->what == MU_NET_COMBINE
                     ? job->moe.tokens * job->moe.topk * job->moe.token_bytes
                     : job->bytes;
    if (out->time_s.low > 0.0 && (job->named || job->what != MU_NET_SCHEDULE)) {
        out->algorithm_bandwidth = rate_of(out->bytes, out->time_s);
        out->bus_bandwidth = rate_of(bus_bytes(job, out->bytes), out->time_s);
    }
}

static mu_status add_intervals(run *r, mu_net_traffic *out, mu_error *err)
{
    mu_net_study *s = r->s;
    uint64_t samples = s->plan != NULL ? (uint64_t)s->q->samples : 0;
    mu_arena_mark mark = mu_arena_here(s->work->arena);
    double *rows = MU_NEW(s->work->arena, double, (samples + 1) * COLUMNS);
    double *column = MU_NEW(s->work->arena, double, samples + 1);
    if (rows == NULL || column == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    const trial with_software = {
        .topology = &s->wires, .software = &s->fabric, .congestion = &r->congestion};
    mu_status status = fill_row(r, &with_software, r->sharing, rows, err);
    if (status == MU_OK) {
        status = run_draws(r, rows, samples, err);
    }
    if (status == MU_OK) {
        fill_quantities(r, rows, column, samples, out);
    }
    mu_arena_back(s->work->arena, mark);
    return status;
}

static void say_what(const mu_net_job *job, char out[MU_NET_WORDS_MAX])
{
    char size[64];
    mu_unit_print(job->bytes, MU_DIM_BYTES, size, sizeof size);
    switch (job->what) {
    case MU_NET_COLLECTIVE:
        (void)snprintf(out, MU_NET_WORDS_MAX, "%s of %s over %u ranks",
                       mu_collective_text(job->collective), size, job->members);
        break;
    case MU_NET_DISPATCH:
    case MU_NET_COMBINE:
        mu_unit_print(job->moe.token_bytes, MU_DIM_BYTES, size, sizeof size);
        (void)snprintf(out, MU_NET_WORDS_MAX,
                       "%s of %.0f tokens of %s a rank, %u of %u experts each, over %u ranks",
                       job->what == MU_NET_DISPATCH ? "dispatch" : "combine", job->moe.tokens, size,
                       job->moe.topk, job->moe.experts, job->members);
        break;
    case MU_NET_SCHEDULE:
        (void)snprintf(out, MU_NET_WORDS_MAX, "%s of %s by schedule, over %u ranks",
                       job->named ? mu_collective_text(job->collective) : "moves", size,
                       job->members);
        break;
    case MU_NET_NOTHING:
        out[0] = '\0';
        break;
    }
}

static mu_status fill_wires(const run *r, mu_net_traffic *out, mu_error *err)
{
    const mu_flow_result *w = &r->wires;
    out->members = r->s->q->job.members;
    out->wire_s = mu_quantity_point(w->time_s);
    out->first_s = w->first_s;
    out->method = w->method;
    out->messages = w->messages;
    out->batches = w->batches;
    for (uint32_t k = 0; k < r->s->topology.kind_count; k++) {
        out->wire_bytes += w->kind_carried[k];
    }
    out->memory_bytes = w->memory_bytes;
    out->carried = w->carried;
    for (uint32_t k = 0; k < r->s->topology.kind_count; k++) {
        out->kind_carried_max[k] = w->kind_carried_max[k] / mu_net_planes(r->s, k);
    }
    if (r->s->merged && w->carried != NULL) {
        out->carried = MU_NEW(r->s->work->arena, double, r->s->topology.links);
        if (out->carried == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for what links carry");
        }
        mu_net_spread_planes(r->s, w->carried, out->carried);
    }
    return MU_OK;
}

/* A job that loses a member is over. */
static mu_status check_members(const mu_net_study *s, mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    uint32_t lost = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < job->members && s->topology.dead != NULL; i++) {
        if (s->topology.dead[job->place[i]]) {
            first = lost == 0 ? job->place[i] : first;
            lost++;
        }
    }
    if (lost == 0) {
        return MU_OK;
    }
    return mu_fail(err, MU_NO, "the job lost rank %u%s: a collective needs all its %u members",
                   first, lost > 1 ? " and others" : "", job->members);
}

/* Copies fill the gaps of the first one, then follow it. */
static mu_status place_copies(run *r, mu_error *err)
{
    const mu_net_job *job = &r->s->q->job;
    uint32_t *place = MU_NEW(r->s->work->arena, uint32_t, (size_t)job->copies * job->members);
    if (place == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the places of %u copies", job->copies);
    }
    uint64_t block = (uint64_t)job->members * job->stride;
    for (uint64_t i = 0; i < job->copies; i++) {
        uint64_t shift = i % job->stride + i / job->stride * block;
        for (uint32_t m = 0; m < job->members; m++) {
            uint64_t rank = job->place[m] + shift;
            if (rank >= r->s->topology.ranks) {
                return mu_fail(err, MU_E_INPUT,
                               "--copies: copy %llu of %u ranks would end at rank %llu; the last "
                               "one is %u",
                               (unsigned long long)i + 1, job->members, (unsigned long long)rank,
                               r->s->topology.ranks - 1);
            }
            place[i * job->members + m] = (uint32_t)rank;
        }
    }
    bool plain = job->in_order && job->stride == 1 && job->place[0] == 0;
    r->place = plain ? NULL : place;
    return MU_OK;
}

static mu_status prepare(run *r, mu_error *err)
{
    mu_net_study *s = r->s;
    const mu_net_job *job = &s->q->job;
    r->as_closed = has_closed(r->s) && job->algorithm < 0;
    mu_draw point = {0};
    mu_status status = mu_congestion_from_catalog(s->q->catalog, point, &r->congestion, err);
    if (status == MU_OK) {
        status = mu_net_without_latency(&s->wires, s->work->arena, &r->bare, err);
    }
    if (status == MU_OK) {
        status = place_copies(r, err);
    }
    return status == MU_OK ? mu_net_lone(s, &s->fabric, &r->lone, err) : status;
}

/* Moves and wires, everything prepared. */
static mu_status run_wires(run *r, const mu_transfer *closed, mu_net_traffic *out, mu_error *err)
{
    const trial wires = {.topology = &r->s->wires};
    mu_status status = mu_net_moves(r->s, closed, &r->moves, out->algorithm, err);
    return status == MU_OK ? flow(r, &wires, &r->wires, err) : status;
}

/* Some patterns are too many messages, or too uneven on broken wires, to be followed; where none
 * was asked for, everyone sends to everyone then. */
static mu_status run_somehow(run *r, const mu_transfer *closed, mu_net_traffic *out, mu_error *err)
{
    mu_error first = {0};
    mu_status status = run_wires(r, closed, out, &first);
    bool again = status == MU_E_INPUT && r->as_closed && r->s->q->job.what == MU_NET_COLLECTIVE &&
                 mu_pattern_can(MU_PATTERN_DIRECT, r->s->q->job.collective);
    if (again) {
        r->s->plainly = true;
        return run_wires(r, closed, out, err);
    }
    if (status != MU_OK && err != NULL) {
        *err = first;
    }
    return status;
}

mu_status mu_net_run(mu_net_study *s, mu_net_answer *out, mu_error *err)
{
    const mu_net_job *job = &s->q->job;
    mu_net_traffic *traffic = &out->traffic;
    run *r = MU_NEW(s->work->arena, run, 1);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    r->s = s;
    say_what(job, traffic->what);
    mu_transfer closed =
        job->what == MU_NET_SCHEDULE ? (mu_transfer){0} : closed_form(s, &s->fabric);
    (void)snprintf(traffic->closed_algorithm, sizeof traffic->closed_algorithm, "%s",
                   mu_algorithm_text(closed.algorithm));
    mu_status status = check_members(s, err);
    if (status == MU_OK) {
        status = prepare(r, err);
    }
    if (status == MU_OK) {
        status = run_somehow(r, &closed, traffic, err);
    }
    if (status == MU_OK) {
        status = fill_wires(r, traffic, err);
    }
    if (status == MU_OK) {
        mu_net_find_hot(s, r->wires.kind_carried, traffic);
        r->binding = traffic->hot_count > 0 ? s->topology.kind[traffic->hot[0].kind].network : 0;
        status = mu_net_bound(s, &r->moves, r->place, job->copies, &traffic->bound_s,
                              traffic->bound_by, err);
    }
    if (status == MU_OK) {
        status = measure_sharing(r, &r->bare, &r->lone, &r->congestion, &r->sharing, err);
    }
    if (status == MU_OK) {
        status = add_intervals(r, traffic, err);
    }
    if (status == MU_OK) {
        traffic->unshared_s = mu_quantity_point(traffic->wire_s.value / traffic->contention.value);
    }
    return status;
}
