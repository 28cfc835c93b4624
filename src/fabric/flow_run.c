/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collective on a topology: checks, the choice of a way to work it out, what came of it.
 *
 * Bound: see flow_run.h.
 */
#include "fabric/flow_run.h"

#include "fabric/flow_job.h"

#include <assert.h>
#include <math.h>

/* Simulated time is counted in picoseconds where so many seconds are enough, else more coarsely. */
static const double TIME_MAX_S = 1e6;
/* Flows under way take some 200 bytes each. */
static const uint64_t AT_ONCE_MAX = UINT64_C(1) << 24;
static const uint64_t FLOWS_MAX = UINT64_C(1) << 30;

/* --- checks --- */

static mu_status check_places(const job_run *run)
{
    const mu_topology *t = run->topology;
    if (run->members > t->ranks) {
        return mu_fail(run->err, MU_E_INPUT, "%u ranks do not fit on a network of %u", run->members,
                       t->ranks);
    }
    bool *taken = MU_NEW(run->arena, bool, t->ranks);
    if (taken == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t m = 0; m < run->members; m++) {
        uint32_t place = place_of(run, m);
        if (place >= t->ranks) {
            return mu_fail(run->err, MU_E_INPUT, "rank %u is placed on %u, beyond the last of %u",
                           m, place, t->ranks - 1);
        }
        if (taken[place]) {
            return mu_fail(run->err, MU_E_INPUT, "two ranks are placed on %u", place);
        }
        taken[place] = true;
        if (t->dead != NULL && t->dead[place]) {
            return mu_fail(run->err, MU_NO, "rank %u sits on chip %u, which is broken", m, place);
        }
    }
    return MU_OK;
}

static mu_status check_background(const job_run *run)
{
    const mu_flow_setup *setup = run->setup;
    for (uint32_t i = 0; i < setup->background_count; i++) {
        const mu_background *b = &setup->background[i];
        if (b->from >= run->topology->ranks || b->to >= run->topology->ranks || b->from == b->to) {
            return mu_fail(run->err, MU_E_INPUT,
                           "background traffic from %u to %u: expected two ranks below %u", b->from,
                           b->to, run->topology->ranks);
        }
    }
    return MU_OK;
}

/* --- what is the same for all ways --- */

static double network_share(const job_run *run, uint32_t network)
{
    double share = run->setup->efficiency[network];
    assert(share >= 0.0 && share <= 1.0);
    return share > 0.0 ? share : 1.0;
}

static mu_status set_capacities(job_run *run)
{
    const mu_topology *t = run->topology;
    run->capacity = MU_NEW(run->arena, double, t->links);
    if (run->capacity == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t k = 0; k < t->kind_count; k++) {
        double share = network_share(run, t->kind[k].network);
        for (uint32_t l = t->kind[k].first; l < t->kind[k].first + t->kind[k].count; l++) {
            run->capacity[l] = t->bandwidth[l] * share;
        }
    }
    return MU_OK;
}

/* Bytes of one rank over all waves, what it sends and what it gets; and messages of all. */
typedef struct volume {
    double *out;
    double *in;
    uint64_t messages;
    double bytes;
} volume;

/* Where all ranks do alike, rank 0 says it. */
static mu_status add_waves(const job_run *run, volume *v)
{
    const mu_waves *waves = &run->job->moves->waves;
    uint32_t asked = waves->translated ? 1 : run->ranks;
    mu_send *sends = MU_NEW(run->arena, mu_send, waves->sends_max);
    if (sends == NULL) {
        return mu_job_memory(run);
    }
    for (uint64_t kind = 0; kind < mu_waves_kinds(waves); kind++) {
        uint64_t times = 0;
        uint64_t w = mu_waves_of_kind(waves, kind, &times);
        for (uint32_t r = 0; r < asked; r++) {
            uint32_t count = waves->sends(waves, w, r, sends);
            v->messages += times * count * (run->ranks / asked);
            for (uint32_t i = 0; i < count; i++) {
                v->out[r] += (double)times * sends[i].bytes;
                v->in[sends[i].to] += (double)times * sends[i].bytes;
            }
        }
    }
    for (uint32_t r = 0; waves->translated && r < run->ranks; r++) {
        v->out[r] = v->out[0];
        v->in[r] = v->out[0];
    }
    return MU_OK;
}

static void add_list(const job_run *run, volume *v)
{
    const mu_move_list *list = &run->job->moves->list;
    v->messages = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        v->out[list->move[i].from] += list->move[i].bytes;
        v->in[list->move[i].to] += list->move[i].bytes;
    }
}

/* Bytes of the busiest rank over its own cables. */
static mu_status set_bound(const job_run *run, const volume *v)
{
    const mu_topology *t = run->topology;
    double *out = MU_NEW(run->arena, double, t->vertices);
    double *in = MU_NEW(run->arena, double, t->vertices);
    if (out == NULL || in == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t l = 0; l < t->links; l++) {
        out[t->from[l]] += run->capacity[l];
        in[t->to[l]] += run->capacity[l];
    }
    double longest = 0.0;
    for (uint32_t m = 0; m < run->members; m++) {
        uint32_t place = place_of(run, m);
        uint32_t r = m % run->ranks;
        if (out[place] > 0.0 && in[place] > 0.0) { /* else routing says so */
            longest = fmax(longest, fmax(v->out[r] / out[place], v->in[r] / in[place]));
        }
    }
    run->result->bound_s = longest;
    return MU_OK;
}

static mu_status measure(job_run *run)
{
    volume v = {.out = MU_NEW(run->arena, double, run->ranks),
                .in = MU_NEW(run->arena, double, run->ranks)};
    if (v.out == NULL || v.in == NULL) {
        return mu_job_memory(run);
    }
    mu_status status = MU_OK;
    if (run->job->moves->kind == MU_MOVES_LIST) {
        add_list(run, &v);
    } else {
        status = add_waves(run, &v);
    }
    for (uint32_t r = 0; r < run->ranks; r++) {
        v.bytes += v.out[r];
    }
    double slowest = INFINITY;
    for (uint32_t l = 0; l < run->topology->links; l++) {
        slowest = run->capacity[l] > 0.0 ? fmin(slowest, run->capacity[l]) : slowest;
    }
    double longest_s = v.bytes * run->job->copies / slowest;
    run->tick_s = longest_s > TIME_MAX_S ? 1e-12 * ceil(longest_s / TIME_MAX_S) : 1e-12;
    run->result->messages = v.messages * run->job->copies;
    return status == MU_OK ? set_bound(run, &v) : status;
}

mu_status mu_job_engine(job_run *run, uint32_t expected)
{
    mu_status status = mu_flows_create(run->topology->links, run->capacity, run->tick_s, expected,
                                       &run->flows, run->err);
    const double *load = NULL; /* of flows under way, for routers that look */
    if (status == MU_OK && run->setup->routing == MU_ROUTING_ADAPTIVE) {
        load = mu_flows_watch(run->flows, run->err);
        status = load == NULL ? MU_E_MEMORY : MU_OK;
    }
    if (status == MU_OK && load != NULL) {
        status = mu_router_create(run->arena, run->topology, run->setup->routing,
                                  run->setup->striped, load, &run->router, run->err);
    }
    for (uint32_t i = 0; i < run->setup->background_count && status == MU_OK; i++) {
        const mu_background *b = &run->setup->background[i];
        mu_route *route = run->route;
        status = mu_router_find(run->router, b->from, b->to, run->setup->seed, route, run->err);
        mu_flow flow = {.link = route->link,
                        .share = route->whole ? NULL : route->share,
                        .hops = route->count,
                        .bytes = INFINITY,
                        .weight = b->weight,
                        .tag = UINT64_MAX};
        status = status == MU_OK ? mu_flows_start(run->flows, &flow, run->err) : status;
    }
    return status;
}

int64_t mu_job_delay(const job_run *run, double latency_s)
{
    return (int64_t)rint((latency_s + run->setup->message_s) / run->tick_s);
}

mu_status mu_job_send(job_run *run, uint32_t from, uint32_t to, double bytes, uint64_t tag)
{
    mu_route *route = run->route;
    mu_status status = mu_job_route(run, from, to);
    if (status != MU_OK) {
        return status;
    }
    if (run->fold < run->members) {
        mu_job_fold_route(run, route);
    }
    mu_flow flow = {.link = route->link,
                    .share = route->whole ? NULL : route->share,
                    .hops = route->count,
                    .bytes = bytes,
                    .weight = 1.0,
                    .delay = mu_job_delay(run, route->latency_s),
                    .tag = tag};
    return mu_flows_start(run->flows, &flow, run->err);
}

void mu_job_add_kinds(const job_run *run)
{
    const mu_topology *t = run->topology;
    mu_flow_result *result = run->result;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        for (uint32_t l = t->kind[k].first; l < t->kind[k].first + t->kind[k].count; l++) {
            result->kind_carried[k] += result->carried[l];
            result->kind_carried_max[k] = fmax(result->kind_carried_max[k], result->carried[l]);
        }
    }
}

static mu_status add_up(job_run *run)
{
    const mu_topology *t = run->topology;
    mu_flow_result *result = run->result;
    mu_flow_stats stats = mu_flows_stats(run->flows);
    const double *carried = mu_flows_carried(run->flows);
    result->flows = stats.started;
    result->batches = stats.batches;
    result->memory_bytes = stats.memory_bytes;
    result->carried = MU_NEW(run->arena, double, t->links);
    if (result->carried == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t l = 0; l < t->links; l++) {
        uint32_t from = run->fold < run->members ? run->image[l] : l;
        result->carried[l] = from == UINT32_MAX ? 0.0 : carried[from];
    }
    mu_job_add_kinds(run);
    return MU_OK;
}

static uint64_t flows_max(const job_run *run)
{
    return run->setup->flows_max > 0 ? run->setup->flows_max : FLOWS_MAX;
}

bool mu_job_fits(const job_run *run, uint64_t messages)
{
    return messages <= flows_max(run);
}

static mu_status run_plain(job_run *run)
{
    bool list = run->job->moves->kind == MU_MOVES_LIST;
    mu_status status = list ? MU_OK : mu_job_fold(run);
    if (status != MU_OK) {
        return status;
    }
    uint32_t turns = run->members / run->fold;
    if (!mu_job_fits(run, run->result->messages / turns)) {
        return mu_fail(
            run->err, MU_E_INPUT,
            "%llu messages are too many to follow one by one (at most %llu); where every "
            "domain is full, one rank answers for all",
            (unsigned long long)(run->result->messages / turns),
            (unsigned long long)flows_max(run));
    }
    if (!list && (uint64_t)run->fold * run->job->moves->waves.sends_max > AT_ONCE_MAX) {
        return mu_fail(run->err, MU_E_INPUT,
                       "%llu messages at once are too many to follow one by one (at most %llu); "
                       "rounds, as of pairwise, have fewer under way",
                       (unsigned long long)run->fold * run->job->moves->waves.sends_max,
                       (unsigned long long)AT_ONCE_MAX);
    }
    run->result->method = turns > 1 ? MU_FLOW_FOLDED : MU_FLOW_PLAIN;
    status = list ? mu_job_run_list(run) : mu_job_run_waves(run);
    if (status != MU_OK) {
        return status;
    }
    int64_t first = INT64_MAX;
    int64_t last = 0;
    for (uint32_t m = 0; m < run->fold; m++) {
        first = run->last[m] < first ? run->last[m] : first;
        last = run->last[m] > last ? run->last[m] : last;
    }
    run->result->first_s = seconds_of(run, first);
    run->result->time_s = seconds_of(run, last);
    return add_up(run);
}

static mu_status run_best(job_run *run)
{
    mu_collapse collapse = run->setup->collapse;
    bool waves = run->job->moves->kind == MU_MOVES_WAVES;
    bool exact = false;
    mu_status status = MU_OK;
    if (waves) {
        status = mu_job_symmetry(run, &exact);
    }
    if (waves && !exact && collapse != MU_COLLAPSE_NEVER && status == MU_OK) {
        status = mu_job_step_waves(run, &exact);
    }
    return exact || status != MU_OK ? status : run_plain(run);
}

mu_status mu_flow_run(mu_arena *arena, const mu_flow_setup *setup, const mu_flow_job *job,
                      mu_flow_result *out, mu_error *err)
{
    assert(job->copies > 0 && job->moves != NULL);
    bool waves = job->moves->kind == MU_MOVES_WAVES;
    mu_flow_result result = {0};
    job_run run = {.setup = setup,
                   .job = job,
                   .topology = setup->topology,
                   .arena = arena,
                   .ranks = waves ? job->moves->waves.ranks : job->moves->list.ranks,
                   .result = &result,
                   .err = err};
    run.members = run.ranks * job->copies;
    run.fold = run.members;
    run.route = MU_NEW(arena, mu_route, 1);
    run.last = MU_NEW(arena, int64_t, run.members);
    mu_status status =
        run.route == NULL || run.last == NULL ? mu_job_memory(&run) : check_places(&run);
    if (status == MU_OK) {
        status = check_background(&run);
    }
    if (status == MU_OK) {
        status = set_capacities(&run);
    }
    if (status == MU_OK) {
        status = measure(&run);
    }
    if (status == MU_OK) {
        status = mu_router_create(arena, run.topology, setup->routing, setup->striped, NULL,
                                  &run.router, err);
    }
    if (status == MU_OK) {
        status = mu_job_congest(&run);
    }
    if (status == MU_OK) {
        status = run_best(&run);
    }
    mu_flows_free(run.flows);
    if (status == MU_OK) {
        *out = result;
    }
    return status;
}
