/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a step: what it yields, who ends, what is counted.
 */
#include "serving/sim.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>

enum { STREAM_DRAFTS = 16, DRAFTS_A_STEP = 8 };

static void count_step(mu_instance *instance)
{
    const mu_sim_event *e = &instance->step;
    mu_tally *t = &instance->tally;
    double time_s = e->end_s - e->start_s;
    t->steps++;
    t->busy_s += time_s;
    instance->plain_s = e->prefill_tokens > 0.0 ? instance->plain_s : time_s;
    t->decode_steps += e->decode_sequences > 0.0;
    t->prefill_steps += e->prefill_tokens > 0.0;
    t->decode_sequences += e->decode_sequences;
    t->decode_sequences_max = fmax(t->decode_sequences_max, e->decode_sequences);
    t->prefill_tokens += e->prefill_tokens;
    t->waiting_area += (double)e->waiting * time_s;
    t->waiting_max = fmax(t->waiting_max, (double)e->waiting);
    t->cache_area += e->cache_share * time_s;
    t->cache_max = fmax(t->cache_max, e->cache_share);
    t->flop += instance->cost.flop;
    t->bytes += instance->cost.bytes;
    t->network_s += instance->cost.network_s;
    t->energy_j += instance->cost.energy_j;
    mu_sim_bin *bin = mu_tally_bin(t, e->start_s);
    bin->waiting_sum += (double)e->waiting;
    bin->running_sum += (double)e->running;
    bin->steps++;
    const mu_sim_config *config = instance->sim->config;
    if (config->on_step != NULL) {
        config->on_step(config->observer, e);
    }
}

static bool holds(double value_s, double slo_s)
{
    return slo_s <= 0.0 || value_s <= slo_s;
}

static void tell(const mu_instance *instance, const mu_seq *seq, double end_s, bool good)
{
    const mu_sim_config *config = instance->sim->config;
    if (config->on_request == NULL) {
        return;
    }
    mu_sim_record record = {.number = seq->number,
                            .instance = instance->index,
                            .tenant = seq->tenant,
                            .input = seq->input,
                            .output = seq->output,
                            .cached = seq->cached,
                            .preempted = seq->preempted,
                            .retried = seq->retried,
                            .arrival_s = seq->arrival_s,
                            .start_s = seq->start_s,
                            .first_token_s = seq->first_s,
                            .end_s = end_s,
                            .good = good};
    config->on_request(config->observer, &record);
}

static void forget(mu_instance *instance, mu_seq *seq, double now_s)
{
    mu_sim *sim = instance->sim;
    uint32_t client = seq->client;
    instance->in_hand--;
    mu_instance_seq_free(instance, seq);
    if (sim->alone) {
        return;
    }
    sim->gone++;
    if (!sim->config->disaggregated) {
        sim->in_hand--;
        mu_fleet_ended(sim, instance, now_s);
    }
    if (sim->traffic->ended != NULL) {
        sim->traffic->ended(sim->traffic->context, client, now_s);
    }
}

void mu_instance_finish(mu_instance *instance, mu_seq *seq, double now_s)
{
    const mu_sim_config *config = instance->sim->config;
    mu_tally *t = &instance->tally;
    double e2e_s = now_s - seq->arrival_s;
    double tpot_s = 0.0;
    if (seq->output > 1) {
        tpot_s = (now_s - seq->first_s) / (double)(seq->output - 1);
        mu_tally_take(t, instance->counts, MU_SIM_TPOT, tpot_s, 1);
        mu_tally_take(t, instance->counts, (mu_sim_measure)(MU_SIM_TENANT_TPOT + seq->tenant),
                      tpot_s, 1);
    }
    mu_tally_take(t, instance->counts, MU_SIM_E2E, e2e_s, 1);
    bool good = holds(seq->first_s - seq->arrival_s, config->ttft_slo_s) &&
                holds(tpot_s, config->tpot_slo_s) && holds(e2e_s, config->e2e_slo_s);
    t->good += good;
    t->ended++;
    t->input_tokens += seq->input;
    t->output_tokens += seq->output;
    t->sojourn_s += e2e_s;
    t->last_end_s = fmax(t->last_end_s, now_s);
    mu_tally_bin(t, now_s)->ended++;
    tell(instance, seq, now_s, good);
    forget(instance, seq, now_s);
}

static void leave(mu_instance *instance, mu_lane *lane, mu_seq *seq, double now_s)
{
    mu_lane_enter(lane, seq, (uint64_t)seq->input + seq->output);
    mu_lane_release(lane, seq);
    double seen_s = fmax(now_s + mu_instance_lag(instance), seq->first_s);
    mu_tally_in_hand(&instance->tally, now_s, -1, seen_s);
    mu_instance_finish(instance, seq, seen_s);
}

/* Every decoding request got its tokens now; how long since its last ones? */
static void count_gaps(mu_instance *instance, const mu_lane *lane, double now_s)
{
    uint64_t old = lane->decoding_count - lane->fresh_count;
    if (old > 0) {
        mu_tally_take(&instance->tally, instance->counts, MU_SIM_ITL, now_s - lane->last_decode_s,
                      old);
    }
    for (uint32_t i = 0; i < lane->fresh_count; i++) {
        mu_tally_take(&instance->tally, instance->counts, MU_SIM_ITL,
                      now_s - lane->fresh[i]->last_s, 1);
    }
}

/* Tokens of one request in one step with drafts. */
static uint32_t draw_yield(const mu_instance *instance, mu_seq *seq)
{
    const mu_sim_role *role = instance->role;
    uint32_t left = seq->output - seq->emitted;
    uint64_t index = (uint64_t)seq->draws++ * DRAFTS_A_STEP;
    uint32_t accepted = 0;
    while (accepted < role->mtp && accepted + 1 < left &&
           mu_random_uniform(instance->sim->config->seed, STREAM_DRAFTS + seq->number,
                             index + accepted) < role->acceptance[accepted]) {
        accepted++;
    }
    return 1 + accepted;
}

static bool has_room_to_end(mu_instance *instance, uint32_t most)
{
    if (most <= instance->ending_room) {
        return true;
    }
    instance->ending = MU_NEW(instance->arena, mu_seq *, 2 * (size_t)most);
    instance->ending_room = instance->ending != NULL ? 2 * most : 0;
    return instance->ending != NULL;
}

static void keep_sorted(mu_seq **list, uint32_t count, mu_seq *seq)
{
    uint32_t at = count;
    while (at > 0 && list[at - 1]->number > seq->number) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = seq;
}

/* With drafts each draws its own yield; returns how many end. */
static uint32_t advance_drafts(mu_instance *instance, mu_lane *lane, double now_s)
{
    uint32_t ending = 0;
    uint64_t tokens = 0;
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        mu_seq *seq = lane->who[i];
        uint32_t yield = draw_yield(instance, seq);
        seq->emitted += yield;
        lane->context += yield;
        tokens += yield;
        if (seq->emitted == seq->output) {
            keep_sorted(instance->ending, ending++, seq);
        }
    }
    uint64_t accepted = tokens - lane->decoding_count;
    if (accepted > 0) {
        mu_tally_take(&instance->tally, instance->counts, MU_SIM_ITL, 0.0, accepted);
    }
    mu_instance_emit(instance, now_s, tokens);
    return ending;
}

static uint32_t advance_plain(mu_instance *instance, const mu_lane *lane, double now_s)
{
    uint32_t ending = 0;
    mu_instance_emit(instance, now_s, lane->decoding_count);
    if (lane->round + 1 == lane->first_end) {
        for (uint32_t i = 0; i < lane->decoding_count; i++) {
            if (lane->end_round[i] == lane->round + 1) {
                keep_sorted(instance->ending, ending++, lane->who[i]);
            }
        }
    }
    return ending;
}

static void end_decode(mu_instance *instance, mu_lane *lane, double now_s)
{
    if (!has_room_to_end(instance, lane->decoding_count)) {
        lane->starved = true;
        return;
    }
    count_gaps(instance, lane, now_s);
    uint32_t ending = lane->role->mtp > 0 ? advance_drafts(instance, lane, now_s)
                                          : advance_plain(instance, lane, now_s);
    mu_lane_end_round(lane, now_s);
    lane->grown = false;
    mu_instance_see_hidden(instance, lane, now_s);
    for (uint32_t i = 0; i < ending; i++) {
        mu_seq *seq = instance->ending[i];
        mu_lane_unjoin(lane, seq);
        leave(instance, lane, seq, now_s);
    }
}

/* A prompt is through: its next token comes out, here or where it decodes. */
static void end_prompt(mu_instance *instance, mu_lane *lane, mu_seq *seq, double now_s)
{
    mu_lane_unprefill(lane, seq);
    mu_lane_enter(lane, seq, seq->done);
    if (instance->prefills) {
        mu_lane_release(lane, seq);
        mu_tally_in_hand(&instance->tally, now_s, -1, now_s);
        instance->in_hand--;
        mu_sim_hand_over(instance, seq, now_s);
        return;
    }
    seq->emitted++;
    if (seq->last_s < 0.0) {
        mu_instance_emit_first(instance, seq, now_s);
    } else {
        mu_tally_take(&instance->tally, instance->counts, MU_SIM_ITL, now_s - seq->last_s, 1);
        mu_instance_emit(instance, now_s, 1);
        seq->last_s = now_s;
    }
    if (seq->emitted == seq->output) {
        mu_instance_see(instance, lane, seq, now_s);
        leave(instance, lane, seq, now_s);
    } else {
        mu_lane_join(lane, seq);
        mu_instance_see(instance, lane, seq, now_s);
    }
}

void mu_instance_end(mu_instance *instance)
{
    double now_s = instance->step.end_s;
    instance->stepping = false;
    instance->polled += instance->step.prefill_tokens > 0.0 ? instance->role->poll_steps : 1;
    count_step(instance);
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        lane->grown = false;
        if (lane->plan.decode) {
            end_decode(instance, lane, now_s);
        }
        for (uint32_t i = 0; i < lane->plan.chunk_count; i++) {
            mu_chunk *chunk = &lane->plan.chunk[i];
            chunk->seq->done += chunk->tokens;
            if (chunk->seq->done == chunk->seq->target) {
                end_prompt(instance, lane, chunk->seq, now_s);
            }
        }
    }
}
