/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run: what happens next, and next after that.
 *
 * Why:   instances lie in a heap by the next moment at which something happens to them. At a moment
 *        those whose turn it is leave the heap, and return when all that happens then has happened.
 */
#include "serving/sim.h"

#include <assert.h>
#include <math.h>

static bool heap_before(const mu_instance *a, const mu_instance *b)
{
    return a->next_s != b->next_s ? a->next_s < b->next_s : a < b;
}

static void heap_put(mu_sim *sim, uint32_t at, mu_instance *instance)
{
    sim->heap[at] = instance;
    instance->heap_at = at;
}

static void sift_up(mu_sim *sim, uint32_t at, mu_instance *instance)
{
    while (at > 0 && heap_before(instance, sim->heap[(at - 1) / 2])) {
        heap_put(sim, at, sim->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(sim, at, instance);
}

static void sift_down(mu_sim *sim, uint32_t at, mu_instance *instance)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= sim->heap_count) {
            break;
        }
        if (child + 1 < sim->heap_count && heap_before(sim->heap[child + 1], sim->heap[child])) {
            child++;
        }
        if (!heap_before(sim->heap[child], instance)) {
            break;
        }
        heap_put(sim, at, sim->heap[child]);
        at = child;
    }
    heap_put(sim, at, instance);
}

static void heap_remove(mu_sim *sim, mu_instance *instance)
{
    uint32_t at = instance->heap_at;
    mu_instance *last = sim->heap[--sim->heap_count];
    instance->heap_at = UINT32_MAX;
    if (last != instance) {
        sift_down(sim, at, last);
        sift_up(sim, last->heap_at, last);
    }
}

/* In order of the instances; few at a time. */
void mu_sim_touch(mu_sim *sim, mu_instance *instance)
{
    if (sim->alone || instance->touched) {
        return;
    }
    if (instance->heap_at != UINT32_MAX) {
        heap_remove(sim, instance);
    }
    instance->touched = true;
    uint32_t at = sim->touched_count++;
    while (at > 0 && sim->touched[at - 1] > instance) {
        sim->touched[at] = sim->touched[at - 1];
        at--;
    }
    sim->touched[at] = instance;
}

static void put_back(mu_sim *sim)
{
    for (uint32_t i = 0; i < sim->touched_count; i++) {
        mu_instance *instance = sim->touched[i];
        instance->touched = false;
        instance->next_s = mu_instance_next(instance);
        if (instance->next_s < HUGE_VAL) {
            sift_up(sim, sim->heap_count++, instance);
        }
    }
    sim->touched_count = 0;
}

/* Whose moment it is; handed-over caches may touch more while this goes on. */
static void end_steps(mu_sim *sim, double now_s)
{
    while (sim->heap_count > 0 && sim->heap[0]->next_s <= now_s) {
        mu_sim_touch(sim, sim->heap[0]);
    }
    bool changes = mu_fleet_changes(&sim->config->fleet);
    for (uint32_t i = 0; i < sim->count && changes; i++) {
        if (sim->instance[i].touched) {
            mu_fleet_due(&sim->instance[i], now_s);
        }
    }
    uint32_t due = sim->touched_count;
    for (uint32_t i = 0; i < due; i++) {
        sim->due[i] = sim->touched[i];
    }
    for (uint32_t i = 0; i < due; i++) {
        if (sim->due[i]->stepping && sim->due[i]->step.end_s <= now_s) {
            mu_instance_end(sim->due[i]);
        }
    }
}

static mu_status take_arrivals(mu_sim *sim, double now_s, mu_error *err)
{
    double arrival_s = 0.0;
    mu_status status = MU_OK;
    while (status == MU_OK && sim->traffic->peek(sim->traffic->context, &arrival_s) &&
           arrival_s <= now_s) {
        status = mu_sim_arrive(sim, err);
    }
    return status;
}

static void begin_steps(mu_sim *sim, double now_s)
{
    for (uint32_t i = 0; i < sim->touched_count; i++) {
        mu_instance *instance = sim->touched[i];
        if (!instance->stepping && mu_instance_works(instance)) {
            mu_instance_begin(instance, now_s);
        }
    }
}

/* Requests in queues, inboxes and the backlog. */
static uint64_t count_waiting(const mu_sim *sim)
{
    uint64_t running = 0;
    for (uint32_t i = 0; i < sim->count; i++) {
        for (uint32_t l = 0; l < sim->instance[i].role->lanes; l++) {
            running += mu_lane_running(&sim->instance[i].lane[l]);
        }
    }
    uint64_t inside = sim->taken - sim->gone;
    return inside > running ? inside - running : 0;
}

static bool is_overloaded(const mu_sim *sim)
{
    return sim->taken - sim->gone > sim->queue_most && count_waiting(sim) > sim->queue_most;
}

static bool is_starved(const mu_instance *instance)
{
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        if (instance->lane[l].starved) {
            return true;
        }
    }
    return false;
}

static mu_status check_memory(const mu_sim *sim, mu_error *err)
{
    for (uint32_t i = 0; i < sim->count; i++) {
        if (is_starved(&sim->instance[i])) {
            return mu_fail(err, MU_E_MEMORY, "no memory for the requests in hand");
        }
    }
    return MU_OK;
}

enum { CHECK_EVERY = 4096 };

mu_status mu_sim_run(mu_sim *sim, mu_error *err)
{
    for (uint32_t i = 0; i < sim->count; i++) {
        mu_sim_touch(sim, &sim->instance[i]);
    }
    put_back(sim);
    for (uint64_t moment = 0;; moment++) {
        double now_s = 0.0;
        bool more = sim->traffic->peek(sim->traffic->context, &now_s);
        if (!more && sim->taken == sim->gone) {
            return check_memory(sim, err);
        }
        double next_s = sim->heap_count > 0 ? sim->heap[0]->next_s : HUGE_VAL;
        now_s = more && now_s < next_s ? now_s : next_s;
        if (now_s >= HUGE_VAL) {
            return mu_fail(err, MU_E_MEMORY, "requests wait that nobody serves");
        }
        end_steps(sim, now_s);
        mu_sim_route_backlog(sim, now_s);
        mu_status status = take_arrivals(sim, now_s, err);
        if (status != MU_OK) {
            return status;
        }
        begin_steps(sim, now_s);
        put_back(sim);
        if (is_overloaded(sim)) {
            sim->overloaded = true;
            sim->lost.last_end_s = now_s;
            return check_memory(sim, err);
        }
        if (moment % CHECK_EVERY == 0 && (status = check_memory(sim, err)) != MU_OK) {
            return status;
        }
    }
}

/* Instances that do not meet: each runs by itself up to the next request that is not routed yet. */

enum { ROUTED_AT_ONCE = 1 << 16 };

typedef struct stretch {
    mu_sim *sim;
    double until_s;
} stretch;

static mu_status run_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const stretch *s = context;
    mu_instance *instance = &s->sim->instance[index];
    instance->worker = worker;
    instance->counts = &s->sim->counts[worker];
    for (double now_s = mu_instance_next(instance); now_s < s->until_s;
         now_s = mu_instance_next(instance)) {
        if (instance->stepping) {
            mu_instance_end(instance);
        }
        mu_instance_begin(instance, now_s);
    }
    return is_starved(instance) ? mu_fail(err, MU_E_MEMORY, "no memory for the requests in hand")
                                : MU_OK;
}

mu_status mu_sim_run_alone(mu_sim *sim, mu_pool *pool, mu_error *err)
{
    for (;;) {
        double arrival_s = 0.0;
        bool more = sim->traffic->peek(sim->traffic->context, &arrival_s);
        for (int i = 0; more && i < ROUTED_AT_ONCE; i++) {
            mu_status status = mu_sim_arrive(sim, err);
            if (status != MU_OK) {
                return status;
            }
            more = sim->traffic->peek(sim->traffic->context, &arrival_s);
        }
        stretch s = {.sim = sim,
                     .until_s = more ? arrival_s + sim->config->decode.request_s : HUGE_VAL};
        mu_status status = mu_pool_run(pool, sim->count, 1, run_one, &s, NULL, NULL, err);
        if (status != MU_OK || !more) {
            return status;
        }
        uint64_t ended = 0;
        for (uint32_t i = 0; i < sim->count; i++) {
            ended += sim->instance[i].tally.ended;
        }
        sim->gone = sim->lost.rejected + ended;
        if (is_overloaded(sim)) {
            sim->overloaded = true;
            return MU_OK;
        }
    }
}
