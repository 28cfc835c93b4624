/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances that come and go: failures and repairs, and a scaler that starts and drains them.
 */
#include "serving/sim.h"

#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Times that a request is tried again before it is given up. */
enum { RETRIES_MAX = 16 };

/* Streams of draws from here on, one an instance. */
static const uint64_t stream_failures = UINT64_C(1) << 32;

bool mu_fleet_changes(const mu_sim_fleet *fleet)
{
    return fleet->most > 0 || fleet->mtbf_s > 0.0;
}

static void come_up(mu_instance *instance, double now_s)
{
    const mu_sim_config *config = instance->sim->config;
    instance->state = MU_INSTANCE_UP;
    instance->up_at_s = HUGE_VAL;
    instance->tally.up_from_s = now_s;
    instance->front_free_s = 0.0;
    instance->plain_s = 0.0;
    instance->polled = instance->role->poll_steps;
    instance->dp_waited = 0;
    instance->dp_batched = 0;
    instance->batch_waited = 0;
    instance->prompts_before = false;
    instance->full_before = false;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_block_cache_clear(&instance->lane[l].cache);
        instance->lane[l].ratio = MU_RATIO_FIRST;
    }
    if (config->fleet.mtbf_s > 0.0) {
        double u = mu_random_uniform(config->seed, stream_failures + instance->index,
                                     instance->failures++);
        instance->fails_s = now_s - config->fleet.mtbf_s * log(u);
    }
}

static void go_down(mu_instance *instance, mu_instance_state state, double now_s)
{
    instance->state = state;
    instance->fails_s = HUGE_VAL;
    instance->tally.up_s += now_s - instance->tally.up_from_s;
}

static uint32_t count_in(const mu_sim *sim, mu_instance_state state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < sim->front; i++) {
        n += sim->instance[i].state == state;
    }
    return n;
}

void mu_fleet_start(mu_sim *sim)
{
    const mu_sim_config *config = sim->config;
    uint32_t first = config->disaggregated ? config->prefill.instances : config->decode.instances;
    for (uint32_t i = 0; i < sim->front; i++) {
        if (i < first) {
            come_up(&sim->instance[i], 0.0);
        } else {
            sim->instance[i].state = MU_INSTANCE_OFF;
        }
    }
    sim->instances_most = first;
}

static int by_number(const void *a, const void *b)
{
    const mu_seq *x = *(mu_seq *const *)a;
    const mu_seq *y = *(mu_seq *const *)b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Begins anew elsewhere: what was computed is lost, what was told is not. */
static void start_over(mu_seq *seq, double now_s)
{
    seq->ready_s = now_s;
    seq->since_s = now_s;
    seq->emitted = 0;
    seq->target = 0;
    seq->done = 0;
    seq->cached_elsewhere = false;
    seq->swapped_blocks = 0;
    seq->retried++;
}

/* All requests in hand, off all lists. */
static uint64_t empty(mu_instance *instance, mu_seq **out, double now_s)
{
    uint64_t n = 0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        for (mu_seq *seq = mu_lane_pop(lane); seq != NULL; seq = mu_lane_pop(lane)) {
            mu_tally_in_hand(&instance->tally, now_s, -1, now_s);
            start_over(seq, now_s);
            out[n++] = seq;
        }
    }
    while (instance->inbox_count > 0) {
        mu_seq *seq = mu_instance_unreceive(instance);
        double since_s = seq->since_s;
        start_over(seq, now_s);
        seq->since_s = since_s;
        out[n++] = seq;
    }
    return n;
}

/* What never gets through between two failures is turned away. */
static void give_up(mu_sim *sim, mu_seq *seq, double now_s)
{
    uint32_t client = seq->client;
    sim->lost.in_hand_area += now_s - seq->since_s;
    (void)snprintf(sim->reason, sizeof sim->reason,
                   "instances fail before a request is through, after %d tries", RETRIES_MAX);
    mu_instance_seq_free(seq->owner, seq);
    mu_sim_turn_away(sim, client, now_s);
}

static void fail(mu_instance *instance, double now_s)
{
    mu_sim *sim = instance->sim;
    mu_arena_mark mark = mu_arena_here(sim->arena);
    uint64_t in_hand = instance->in_hand;
    mu_seq **lost = MU_NEW(sim->arena, mu_seq *, in_hand + 1);
    if (lost == NULL) {
        instance->lane[0].starved = true;
        return;
    }
    uint64_t n = empty(instance, lost, now_s);
    qsort((void *)lost, n, sizeof(void *), by_number);
    instance->stepping = false;
    instance->in_hand = 0;
    sim->in_hand -= in_hand;
    bool drained = instance->state == MU_INSTANCE_DRAINING;
    go_down(instance, drained ? MU_INSTANCE_OFF : MU_INSTANCE_STARTING, now_s);
    instance->up_at_s = drained ? HUGE_VAL : now_s + sim->config->fleet.repair_s;
    sim->lost.retried += n;
    for (uint64_t i = 0; i < n; i++) {
        if (lost[i]->retried > RETRIES_MAX) {
            give_up(sim, lost[i], now_s);
        } else {
            mu_sim_route(sim, lost[i], now_s);
        }
    }
    mu_arena_back(sim->arena, mark);
}

void mu_fleet_due(mu_instance *instance, double now_s)
{
    if (instance->fails_s <= now_s) {
        fail(instance, now_s);
    }
    if (instance->state == MU_INSTANCE_STARTING && instance->up_at_s <= now_s) {
        come_up(instance, now_s);
        uint32_t up = count_in(instance->sim, MU_INSTANCE_UP);
        mu_sim *sim = instance->sim;
        sim->instances_most = up > sim->instances_most ? up : sim->instances_most;
    }
}

void mu_fleet_arrived(mu_sim *sim, double now_s)
{
    const mu_sim_fleet *fleet = &sim->config->fleet;
    if (fleet->most == 0) {
        return;
    }
    uint32_t up = count_in(sim, MU_INSTANCE_UP);
    uint32_t coming = count_in(sim, MU_INSTANCE_STARTING);
    if (up + coming >= fleet->most || !((double)sim->in_hand > fleet->high * up)) {
        return;
    }
    for (uint32_t i = 0; i < sim->front; i++) {
        mu_instance *it = &sim->instance[i];
        if (it->state == MU_INSTANCE_OFF) {
            it->state = MU_INSTANCE_STARTING;
            it->up_at_s = now_s + fleet->start_s;
            mu_sim_touch(sim, it);
            return;
        }
    }
}

void mu_fleet_ended(mu_sim *sim, mu_instance *instance, double now_s)
{
    const mu_sim_fleet *fleet = &sim->config->fleet;
    if (instance->state == MU_INSTANCE_DRAINING && instance->in_hand == 0) {
        go_down(instance, MU_INSTANCE_OFF, now_s);
    }
    uint32_t up = fleet->most > 0 ? count_in(sim, MU_INSTANCE_UP) : 0;
    if (up <= 1 || !((double)sim->in_hand < fleet->low * up)) {
        return;
    }
    uint32_t last = sim->front;
    do {
        last--;
    } while (sim->instance[last].state != MU_INSTANCE_UP);
    sim->instance[last].state = MU_INSTANCE_DRAINING;
    if (sim->instance[last].in_hand == 0) {
        go_down(&sim->instance[last], MU_INSTANCE_OFF, now_s);
    }
}
