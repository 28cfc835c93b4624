/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the traffic to an instance, and to a lane of it.
 *
 * Terms: in hand of an instance = routed to it, neither ended nor handed on.
 */
#include "serving/sim.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_ROUTER = 1 };

/* A prefix is not worth waiting for where more than this is in hand, of the mean and besides. */
static const double crowded_share = 1.5;
static const double crowded_more = 8.0;

static bool is_crowded(double in_hand, double mean)
{
    return in_hand > crowded_share * mean + crowded_more;
}

static uint32_t count_up(const mu_sim *sim)
{
    uint32_t up = 0;
    for (uint32_t i = 0; i < sim->front; i++) {
        up += sim->instance[i].state == MU_INSTANCE_UP;
    }
    return up;
}

/* The k-th instance that is up. */
static mu_instance *nth_up(mu_sim *sim, uint64_t k, uint32_t up)
{
    if (up == sim->front) {
        return &sim->instance[k];
    }
    uint32_t i = 0;
    for (;; i++) {
        if (sim->instance[i].state == MU_INSTANCE_UP && k-- == 0) {
            return &sim->instance[i];
        }
    }
}

static mu_instance *least_loaded(mu_sim *sim)
{
    mu_instance *best = NULL;
    for (uint32_t i = 0; i < sim->front; i++) {
        mu_instance *it = &sim->instance[i];
        if (it->state == MU_INSTANCE_UP && (best == NULL || it->in_hand < best->in_hand)) {
            best = it;
        }
    }
    return best;
}

static uint32_t hits_of(const mu_instance *instance, const mu_seq *seq)
{
    uint32_t most = 0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        uint32_t unused = 0;
        uint32_t hits = mu_lane_hits(&instance->lane[l], seq, &unused);
        most = hits > most ? hits : most;
    }
    return most;
}

static mu_instance *best_prefix(mu_sim *sim, const mu_seq *seq, uint32_t up)
{
    mu_instance *best = least_loaded(sim);
    uint32_t most = 0;
    double sum = 0.0;
    for (uint32_t i = 0; i < sim->front; i++) {
        mu_instance *it = &sim->instance[i];
        if (it->state != MU_INSTANCE_UP) {
            continue;
        }
        sum += (double)it->in_hand;
        uint32_t hits = hits_of(it, seq);
        if (hits > most || (hits == most && hits > 0 && it->in_hand < best->in_hand)) {
            most = hits;
            best = it;
        }
    }
    return is_crowded((double)best->in_hand, sum / up) ? least_loaded(sim) : best;
}

static mu_instance *pick(mu_sim *sim, const mu_seq *seq)
{
    uint32_t up = count_up(sim);
    if (up == 0) {
        return NULL;
    }
    switch (sim->config->router) {
    case MU_ROUTER_ROUND_ROBIN:
        return nth_up(sim, sim->routed % up, up);
    case MU_ROUTER_PREFIX:
        return best_prefix(sim, seq, up);
    case MU_ROUTER_POWER_OF_TWO: {
        uint64_t seed = sim->config->seed;
        mu_instance *a = nth_up(sim, mu_random_bits(seed, STREAM_ROUTER, 2 * seq->number) % up, up);
        mu_instance *b =
            nth_up(sim, mu_random_bits(seed, STREAM_ROUTER, 2 * seq->number + 1) % up, up);
        return b->in_hand < a->in_hand ? b : a;
    }
    default:
        return least_loaded(sim);
    }
}

static uint32_t in_lane(const mu_lane *lane)
{
    return lane->waiting_count + mu_lane_running(lane);
}

static mu_lane *prefix_lane(const mu_instance *instance, const mu_seq *seq, mu_lane *least)
{
    mu_lane *best = NULL;
    uint32_t most = 0;
    double sum = 0.0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        uint32_t unused = 0;
        uint32_t hits = mu_lane_hits(lane, seq, &unused);
        sum += in_lane(lane);
        if (hits > most || (hits == most && hits > 0 && in_lane(lane) < in_lane(best))) {
            most = hits;
            best = lane;
        }
    }
    bool follow = best != NULL && !is_crowded(in_lane(best), sum / instance->role->lanes);
    return follow ? best : least;
}

mu_lane *mu_sim_lane(const mu_instance *instance, const mu_seq *seq)
{
    mu_lane *least = &instance->lane[0];
    for (uint32_t l = 1; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        least = in_lane(lane) < in_lane(least) ? lane : least;
    }
    bool by_prefix = instance->sim->config->router == MU_ROUTER_PREFIX &&
                     instance->role->lanes > 1 && seq->unit_count > 0 && !seq->cached_elsewhere;
    return by_prefix ? prefix_lane(instance, seq, least) : least;
}

/* A copy in the store of another instance; the first goes back to its own. */
static mu_seq *move(mu_instance *to, mu_seq *seq)
{
    if (seq->owner == to) {
        return seq;
    }
    mu_seq *copy = mu_instance_seq(to, seq->unit_count);
    if (copy == NULL) {
        to->lane[0].starved = true;
        return NULL;
    }
    uint64_t *unit = copy->unit;
    if (seq->unit_count > 0) {
        memcpy(unit, seq->unit, seq->unit_count * sizeof *unit);
    }
    mu_instance *from = seq->owner;
    *copy = *seq;
    copy->unit = unit;
    copy->owner = to;
    if (from != NULL) {
        mu_instance_seq_free(from, seq);
    }
    return copy;
}

void mu_sim_bring(mu_sim *sim, mu_instance *to, mu_seq *seq)
{
    mu_seq *copy = move(to, seq);
    if (copy != NULL) {
        to->in_hand++;
        mu_instance_receive(to, copy);
        mu_sim_touch(sim, to);
    }
}

static void wait_for_instances(mu_sim *sim, mu_seq *seq)
{
    mu_seq *kept = move(&sim->instance[0], seq);
    if (kept == NULL) {
        return;
    }
    mu_seq **at = &sim->backlog;
    if (sim->backlog != NULL && sim->backlog_last->number < kept->number) {
        at = &sim->backlog_last->next;
    }
    while (*at != NULL && (*at)->number < kept->number) {
        at = &(*at)->next;
    }
    kept->next = *at;
    *at = kept;
    sim->backlog_last = kept->next == NULL ? kept : sim->backlog_last;
}

/* The front end of an instance takes one request after the other. */
static double pass_front(mu_instance *to, const mu_seq *seq, double now_s)
{
    const mu_sim_role *role = to->role;
    double start_s = fmax(now_s, to->front_free_s);
    to->front_free_s = start_s + role->front_s + role->front_s_per_token * seq->input;
    return to->front_free_s + role->request_s;
}

void mu_sim_route(mu_sim *sim, mu_seq *seq, double now_s)
{
    mu_instance *to = pick(sim, seq);
    if (to == NULL) {
        wait_for_instances(sim, seq);
        return;
    }
    if (seq->ready_s < 0.0) {
        seq->ready_s = pass_front(to, seq, now_s);
    }
    sim->routed++;
    sim->in_hand++;
    mu_sim_bring(sim, to, seq);
}

void mu_sim_route_backlog(mu_sim *sim, double now_s)
{
    while (sim->backlog != NULL && count_up(sim) > 0) {
        mu_seq *seq = sim->backlog;
        sim->backlog = seq->next;
        mu_sim_route(sim, seq, now_s);
    }
}

/* Ids of the traffic's blocks as ids of units, whole blocks of the cache. */
static void learn_units(mu_sim *sim, const mu_request *r)
{
    uint32_t size = sim->config->disaggregated ? sim->config->prefill.block_tokens
                                               : sim->config->decode.block_tokens;
    sim->id_tokens = r->block_tokens;
    if (r->block_tokens % size == 0) {
        sim->id_stride = 1;
        sim->unit_tokens = r->block_tokens;
    } else if (size % r->block_tokens == 0) {
        sim->id_stride = size / r->block_tokens;
        sim->unit_tokens = size;
    }
    for (uint32_t i = 0; i < sim->count && sim->unit_tokens > 0; i++) {
        for (uint32_t l = 0; l < sim->instance[i].role->lanes; l++) {
            mu_lane_know_units(&sim->instance[i].lane[l], sim->unit_tokens);
        }
    }
}

static bool remembers(const mu_sim *sim)
{
    return sim->config->decode.prefix_cache ||
           (sim->config->disaggregated && sim->config->prefill.prefix_cache);
}

/* Fills sim->id with the units of a request; how many. */
static mu_status read_units(mu_sim *sim, const mu_request *r, uint32_t *count, mu_error *err)
{
    *count = 0;
    if (r->block_count == 0 || r->block_tokens == 0 || !remembers(sim)) {
        return MU_OK;
    }
    if (sim->id_tokens == 0) {
        learn_units(sim, r);
    }
    if (sim->unit_tokens == 0 || r->block_tokens != sim->id_tokens) {
        return MU_OK;
    }
    uint64_t whole = ((uint64_t)r->input + r->output) / sim->unit_tokens;
    uint32_t known = r->block_count / sim->id_stride;
    uint32_t units = whole < known ? (uint32_t)whole : known;
    if (units > sim->id_room) {
        sim->id_room = 2 * units;
        sim->id = MU_NEW(sim->arena, uint64_t, sim->id_room);
        if (sim->id == NULL) {
            sim->id_room = 0;
            return mu_fail(err, MU_E_MEMORY, "no memory for a request");
        }
    }
    for (uint32_t i = 0; i < units; i++) {
        sim->id[i] = r->block[(size_t)(i + 1) * sim->id_stride - 1];
    }
    *count = units;
    return MU_OK;
}

static bool fits(mu_sim *sim, const mu_sim_role *role, uint64_t tokens)
{
    uint64_t need = mu_role_blocks(role, tokens) + role->fixed_blocks;
    if (need <= role->blocks) {
        return true;
    }
    (void)snprintf(sim->reason, sizeof sim->reason,
                   "a request of %llu tokens needs %llu cache blocks of %u tokens, a DP group has "
                   "%llu",
                   (unsigned long long)tokens, (unsigned long long)need, role->block_tokens,
                   (unsigned long long)role->blocks);
    return false;
}

static bool can_ever_run(mu_sim *sim, const mu_request *r)
{
    const mu_sim_config *c = sim->config;
    return fits(sim, &c->decode, (uint64_t)r->input + r->output) &&
           (!c->disaggregated || fits(sim, &c->prefill, r->input));
}

void mu_sim_turn_away(mu_sim *sim, uint32_t client, double now_s)
{
    sim->lost.rejected++;
    sim->gone++;
    if (sim->traffic->ended != NULL) {
        sim->traffic->ended(sim->traffic->context, client, now_s);
    }
}

uint64_t mu_sim_key(const mu_sim_role *role, const mu_seq *seq)
{
    switch (role->order) {
    case MU_ORDER_PRIORITY:
        return seq->tenant;
    case MU_ORDER_SHORTEST:
        return seq->input;
    default:
        return 0;
    }
}

mu_status mu_sim_arrive(mu_sim *sim, mu_error *err)
{
    mu_request r = {0};
    uint32_t units = 0;
    mu_status status = sim->traffic->take(sim->traffic->context, &r, err);
    if (status == MU_OK) {
        status = read_units(sim, &r, &units, err);
    }
    if (status != MU_OK) {
        return status;
    }
    assert(r.input >= 1 && r.output >= 1 && r.tenant < MU_TENANTS_MAX);
    sim->first_arrival_s = sim->taken == 0 ? r.arrival_s : sim->first_arrival_s;
    sim->last_arrival_s = r.arrival_s;
    mu_tally_bin(&sim->lost, r.arrival_s)->arrived++;
    uint64_t number = sim->taken++;
    if (!can_ever_run(sim, &r)) {
        mu_sim_turn_away(sim, r.client, r.arrival_s);
        return MU_OK;
    }
    const mu_sim_role *first =
        sim->config->disaggregated ? &sim->config->prefill : &sim->config->decode;
    mu_seq seq = {.number = number,
                  .arrival_s = r.arrival_s,
                  .ready_s = -1.0,
                  .since_s = r.arrival_s,
                  .start_s = -1.0,
                  .first_s = -1.0,
                  .last_s = -1.0,
                  .input = r.input,
                  .output = r.output,
                  .tenant = r.tenant,
                  .client = r.client,
                  .unit = sim->id,
                  .unit_count = units};
    seq.key = mu_sim_key(first, &seq);
    mu_sim_route(sim, &seq, r.arrival_s);
    mu_fleet_arrived(sim, r.arrival_s);
    return MU_OK;
}
