/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From prefill to decode: a cache goes over the wire of the instance that made it and of the one
 * that takes it, one at a time over each.
 */
#include "serving/sim.h"

#include <math.h>

/* By the router's rule; caches of prefixes are where prompts are, not here. */
static mu_instance *receiver(mu_sim *sim)
{
    mu_instance *decode = &sim->instance[sim->front];
    uint32_t count = sim->count - sim->front;
    if (sim->config->router == MU_ROUTER_ROUND_ROBIN) {
        return &decode[sim->handed_over++ % count];
    }
    mu_instance *best = decode;
    for (uint32_t i = 1; i < count; i++) {
        best = decode[i].in_hand < best->in_hand ? &decode[i] : best;
    }
    return best;
}

/* When all of a cache that starts on its way now will be there. */
static double send(mu_instance *from, mu_instance *to, const mu_seq *seq, double now_s)
{
    const mu_sim_transfer *wire = &from->sim->config->transfer;
    double bytes = wire->bytes_per_token * seq->input + wire->bytes_per_request;
    double rate = fmin(wire->send_bytes_per_s, wire->receive_bytes_per_s);
    double start_s = fmax(now_s, fmax(from->wire_free_s, to->wire_free_s));
    double free_s = start_s + (rate > 0.0 ? bytes / rate : 0.0);
    from->wire_free_s = free_s;
    to->wire_free_s = free_s;
    return free_s + wire->latency_s;
}

void mu_sim_hand_over(mu_instance *from, mu_seq *seq, double now_s)
{
    mu_sim *sim = from->sim;
    mu_instance *to = receiver(sim);
    double there_s = send(from, to, seq, now_s);
    sim->in_hand--;
    sim->lost.in_hand_area += there_s - now_s;
    seq->ready_s = there_s;
    seq->since_s = there_s;
    seq->done = seq->target = seq->input;
    seq->emitted = 1;
    seq->cached_elsewhere = true;
    seq->key = mu_sim_key(&sim->config->decode, seq);
    mu_fleet_ended(sim, from, now_s);
    if (seq->output == 1) {
        from->in_hand++;
        mu_instance_only_token(from, seq, there_s);
        mu_instance_finish(from, seq, fmax(there_s, seq->first_s));
        return;
    }
    mu_sim_bring(sim, to, seq);
}
