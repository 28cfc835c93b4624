/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain simulator: which instance takes a request; instances that fail, start and stop.
 *
 * Terms: front = the role that takes requests; up = takes them; draining = goes on with what it
 *        has, takes nothing new.
 */
#include "simulate_reference_parts.h"

#include "base/random.h"

#include <math.h>

const mu_sim_role *ref_role(const ref_sim *s, uint32_t role)
{
    return role == REF_PREFILL ? &s->config->prefill : &s->config->decode;
}

/* Instances that a role may ever have. */
uint32_t ref_slots(const ref_sim *s, uint32_t role)
{
    uint32_t n = ref_role(s, role)->instances;
    return role == s->front && s->config->fleet.most > n ? s->config->fleet.most : n;
}

/* Requests routed to an instance that it still has. */
uint32_t ref_in_hand(const ref_sim *s, uint32_t role, uint32_t instance)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < s->requests; k++) {
        const ref_request *q = &s->request[k];
        n += q->place != REF_GONE && q->place != REF_ROUTER && q->role == role &&
             q->instance == instance;
    }
    return n;
}

static uint32_t count_state(const ref_sim *s, ref_state state)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        n += s->instance[s->front][i].state == state;
    }
    return n;
}

/* Longest prefix of its prompt that any lane of the instance has cached, in units. */
static uint64_t instance_hits(ref_sim *s, const ref_request *q, uint32_t role, uint32_t instance)
{
    uint64_t most = 0;
    for (uint32_t l = 0; l < ref_role(s, role)->lanes; l++) {
        ref_here h = ref_at(s, role, instance, l);
        uint64_t hits = ref_hits(&h, q, q->asked.input);
        most = hits > most ? hits : most;
    }
    return most;
}

static uint32_t least_loaded(const ref_sim *s, const uint32_t up[], uint32_t n)
{
    uint32_t best = up[0];
    for (uint32_t k = 1; k < n; k++) {
        if (ref_in_hand(s, s->front, up[k]) < ref_in_hand(s, s->front, best)) {
            best = up[k];
        }
    }
    return best;
}

static uint32_t route_by_prefix(ref_sim *s, const ref_request *q, const uint32_t up[], uint32_t n)
{
    uint64_t most = 0;
    double sum = 0.0;
    for (uint32_t k = 0; k < n; k++) {
        uint64_t hits = instance_hits(s, q, s->front, up[k]);
        most = hits > most ? hits : most;
        sum += ref_in_hand(s, s->front, up[k]);
    }
    uint32_t longest[REF_INSTANCES];
    uint32_t ties = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (instance_hits(s, q, s->front, up[k]) == most) {
            longest[ties++] = up[k];
        }
    }
    uint32_t best = least_loaded(s, longest, ties);
    bool crowded = (double)ref_in_hand(s, s->front, best) > 1.5 * sum / (double)n + 8.0;
    return crowded ? least_loaded(s, up, n) : best;
}

static uint32_t pick(ref_sim *s, const ref_request *q, const uint32_t up[], uint32_t n)
{
    uint64_t number = q->record.number;
    uint32_t two[2];
    switch (s->config->router) {
    case MU_ROUTER_ROUND_ROBIN:
        return up[s->routed % n];
    case MU_ROUTER_PREFIX:
        return route_by_prefix(s, q, up, n);
    case MU_ROUTER_POWER_OF_TWO:
        for (uint32_t k = 0; k < 2; k++) {
            two[k] = up[mu_random_bits(s->config->seed, 1, 2 * number + k) % n];
        }
        return ref_in_hand(s, s->front, two[1]) < ref_in_hand(s, s->front, two[0]) ? two[1]
                                                                                   : two[0];
    default:
        return least_loaded(s, up, n);
    }
}

/* The front end of the instance takes one request after the other, each of them once. */
static void pass_front(ref_sim *s, ref_request *q)
{
    const mu_sim_role *role = ref_role(s, s->front);
    ref_instance *x = &s->instance[s->front][q->instance];
    if (q->passed) {
        return;
    }
    q->passed = true;
    x->front_free_s =
        fmax(x->front_free_s, s->now_s) + role->front_s + role->front_s_per_token * q->asked.input;
    q->ready_s = x->front_free_s + role->request_s;
}

/* To an instance's inbox; it stays in the router while no instance is up. */
void ref_route(ref_sim *s, ref_request *q)
{
    uint32_t up[REF_INSTANCES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        if (s->instance[s->front][i].state == REF_UP) {
            up[n++] = i;
        }
    }
    q->place = REF_ROUTER;
    if (n > 0) {
        q->instance = pick(s, q, up, n);
        q->role = s->front;
        q->place = REF_INBOX;
        pass_front(s, q);
        s->routed++;
    }
}

void ref_come_up(ref_sim *s, uint32_t i)
{
    ref_instance *x = &s->instance[s->front][i];
    double mtbf_s = s->config->fleet.mtbf_s;
    uint64_t stream = (UINT64_C(1) << 32) + i;
    double u = mu_random_uniform(s->config->seed, stream, x->came_up++);
    x->state = REF_UP;
    x->front_free_s = 0.0;
    x->plain_s = 0.0;
    x->counted = ref_role(s, s->front)->poll_steps;
    x->waited = 0;
    x->batched = 0;
    x->gathered = 0;
    x->prompts = false;
    x->full = false;
    x->fail_s = mtbf_s > 0.0 ? s->now_s - mtbf_s * log(u) : INFINITY;
    for (uint32_t l = 0; l < REF_LANES; l++) {
        x->lane[l] = (ref_lane){.ratio = 0.7};
    }
}

void ref_route_waiting(ref_sim *s)
{
    for (uint32_t k = 0; k < s->requests; k++) {
        if (s->request[k].place == REF_ROUTER) {
            ref_route(s, &s->request[k]);
        }
    }
}

static void retry(ref_request *q, double now_s)
{
    q->ready_s = now_s;
    q->emitted = 0;
    q->done = 0;
    q->target = 0;
    q->units = 0;
    q->hold_tokens = 0;
    q->chunk = 0;
    q->decodes = false;
    q->swapped = false;
    q->record.retried++;
}

static void fail(ref_sim *s, uint32_t i)
{
    ref_instance *x = &s->instance[s->front][i];
    x->stepping = false; /* what it was about is lost */
    x->up_s = s->now_s + s->config->fleet.repair_s;
    x->state = x->state == REF_DRAINING ? REF_OFF : REF_FAILED;
    for (uint32_t k = 0; k < s->requests; k++) {
        ref_request *q = &s->request[k];
        bool mine = q->place == REF_INBOX || q->place == REF_WAITING || q->place == REF_RUNNING;
        if (mine && q->role == s->front && q->instance == i) {
            retry(q, s->now_s);
            s->out->retried++;
            if (q->record.retried > 16) {
                q->place = REF_GONE;
                s->out->rejected++;
                s->out->given_up++;
                ref_tell_ended(s, q, s->now_s);
            } else {
                ref_route(s, q);
            }
        }
    }
}

void ref_fleet_events(ref_sim *s)
{
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        ref_instance *x = &s->instance[s->front][i];
        if ((x->state == REF_UP || x->state == REF_DRAINING) && x->fail_s <= s->now_s) {
            fail(s, i);
        }
        if ((x->state == REF_STARTING || x->state == REF_FAILED) && x->up_s <= s->now_s) {
            ref_come_up(s, i);
        }
    }
}

static double in_hand_of_all(const ref_sim *s)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        all += ref_in_hand(s, s->front, i);
    }
    return (double)all;
}

/* After an arrival was routed. */
void ref_start_another(ref_sim *s)
{
    const mu_sim_fleet *fleet = &s->config->fleet;
    uint32_t up = count_state(s, REF_UP);
    uint32_t coming = count_state(s, REF_STARTING) + count_state(s, REF_FAILED);
    if (fleet->most == 0 || up + coming >= fleet->most || in_hand_of_all(s) <= fleet->high * up) {
        return;
    }
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        ref_instance *x = &s->instance[s->front][i];
        if (x->state == REF_OFF) {
            x->state = REF_STARTING;
            x->up_s = s->now_s + fleet->start_s;
            s->out->started++;
            return;
        }
    }
}

/* After a request left an instance of the front role for good. */
void ref_let_one_go(ref_sim *s)
{
    const mu_sim_fleet *fleet = &s->config->fleet;
    uint32_t up = count_state(s, REF_UP);
    if (fleet->most == 0 || up <= 1 || in_hand_of_all(s) >= fleet->low * up) {
        return;
    }
    for (uint32_t i = ref_slots(s, s->front); i-- > 0;) {
        if (s->instance[s->front][i].state == REF_UP) {
            s->instance[s->front][i].state = REF_DRAINING;
            return;
        }
    }
}

void ref_turn_off_empty(ref_sim *s)
{
    for (uint32_t i = 0; i < ref_slots(s, s->front); i++) {
        ref_instance *x = &s->instance[s->front][i];
        if (x->state == REF_DRAINING && ref_in_hand(s, s->front, i) == 0) {
            x->state = REF_OFF;
            s->out->off++;
        }
    }
}
