/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that come out, and the first that a client sees of them.
 */
#include "serving/sim.h"

#include <math.h>

void mu_instance_emit(mu_instance *instance, double now_s, uint64_t tokens)
{
    mu_tally_bin(&instance->tally, now_s)->output_tokens += tokens;
}

double mu_instance_lag(const mu_instance *instance)
{
    return instance->role->lag_steps * instance->plain_s;
}

/* The client sees a token of the request for the first time. */
static void see(mu_instance *instance, mu_seq *seq, double now_s)
{
    mu_tally *t = &instance->tally;
    seq->first_s = now_s + mu_instance_lag(instance);
    double ttft_s = seq->first_s - seq->arrival_s;
    mu_tally_take(t, instance->counts, MU_SIM_TTFT, ttft_s, 1);
    mu_tally_take(t, instance->counts, (mu_sim_measure)(MU_SIM_TENANT_TTFT + seq->tenant), ttft_s,
                  1);
    mu_sim_bin *bin = mu_tally_bin(t, seq->arrival_s);
    bin->ttft_n++;
    bin->ttft_sum_s += ttft_s;
    bin->ttft_max_s = fmax(bin->ttft_max_s, ttft_s);
}

/* Nothing is seen before the first chunk of a stream is full. */
static bool shows(const mu_instance *instance, const mu_lane *lane, const mu_seq *seq)
{
    uint32_t wanted = instance->role->stream_first;
    uint32_t emitted = mu_lane_emitted(lane, seq);
    return emitted >= wanted || emitted >= seq->output;
}

void mu_instance_see(mu_instance *instance, mu_lane *lane, mu_seq *seq, double now_s)
{
    if (seq->first_s >= 0.0) {
        return;
    }
    if (shows(instance, lane, seq)) {
        see(instance, seq, now_s);
    } else if (seq->decoding) {
        mu_lane_hide(lane, seq);
    }
}

void mu_instance_see_hidden(mu_instance *instance, mu_lane *lane, double now_s)
{
    for (uint32_t i = lane->unseen_count; i > 0; i--) {
        mu_seq *seq = lane->unseen[i - 1];
        if (shows(instance, lane, seq)) {
            lane->unseen[i - 1] = lane->unseen[--lane->unseen_count];
            see(instance, seq, now_s);
        }
    }
}

/* Its first token is out. */
void mu_instance_emit_first(mu_instance *instance, mu_seq *seq, double now_s)
{
    seq->last_s = now_s;
    mu_instance_emit(instance, now_s, 1);
    mu_tally_take(&instance->tally, instance->counts, MU_SIM_WAIT, seq->start_s - seq->arrival_s,
                  1);
}

void mu_instance_only_token(mu_instance *instance, mu_seq *seq, double now_s)
{
    mu_instance_emit_first(instance, seq, now_s);
    if (seq->first_s < 0.0) {
        see(instance, seq, now_s);
    }
}
