/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instance: its inbox, its steps, and what they yield.
 */
#include "serving/sim.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { INBOX_FIRST = 64, STREAM_DRAFTS = 16, DRAFTS_A_STEP = 8, STREAM_SKEW = 3 };

static void (*const policies[])(mu_lane *, double) = {
#define X(name, word, doc) mu_policy_##name,
    MU_POLICY_LIST(X)
#undef X
};

mu_status mu_instance_open(mu_sim *sim, uint32_t index, mu_instance *out, mu_error *err)
{
    bool front = index < sim->front;
    memset(out, 0, sizeof *out);
    out->sim = sim;
    out->prefills = front && sim->config->disaggregated;
    out->role = out->prefills ? &sim->config->prefill : &sim->config->decode;
    out->index = front ? index : index - sim->front;
    out->heap_at = UINT32_MAX;
    out->fails_s = HUGE_VAL;
    out->up_at_s = HUGE_VAL;
    out->state = MU_INSTANCE_UP;
    out->counts = sim->counts;
    out->arena = mu_arena_create(0);
    if (out->arena == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for an instance");
    }
    out->lane = MU_NEW(out->arena, mu_lane, out->role->lanes);
    out->batch = MU_NEW(out->arena, mu_batch, out->role->lanes);
    if (out->lane == NULL || out->batch == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for an instance");
    }
    mu_status status = MU_OK;
    for (uint32_t l = 0; l < out->role->lanes && status == MU_OK; l++) {
        status = mu_lane_open(&out->lane[l], out->role, 0, out->arena, err);
        out->lane[l].hands_over = out->prefills;
    }
    return status;
}

/* The store of requests. */

static uint32_t class_of(uint32_t units)
{
    uint32_t class = 0;
    while ((UINT32_C(1) << class) < units) {
        class ++;
    }
    return class;
}

/* Spare lists are linked through their first word. */
static uint64_t *take_units(mu_instance *instance, uint32_t units)
{
    uint32_t class = class_of(units);
    uint64_t *list = instance->spare_units[class];
    if (list == NULL) {
        return MU_NEW(instance->arena, uint64_t, (size_t)1 << class);
    }
    memcpy((void *)&instance->spare_units[class], (const void *)list, sizeof(void *));
    return list;
}

mu_seq *mu_instance_seq(mu_instance *instance, uint32_t units)
{
    mu_seq *seq = instance->spare;
    if (seq != NULL) {
        instance->spare = seq->next;
    } else {
        seq = MU_NEW(instance->arena, mu_seq, 1);
    }
    if (seq == NULL) {
        return NULL;
    }
    *seq = (mu_seq){.owner = instance};
    if (units > 0) {
        seq->unit = take_units(instance, units);
        seq->unit_count = units;
        if (seq->unit == NULL) {
            return NULL;
        }
    }
    return seq;
}

void mu_instance_seq_free(mu_instance *instance, mu_seq *seq)
{
    assert(seq->owner == instance);
    if (seq->unit_count > 0) {
        uint32_t class = class_of(seq->unit_count);
        memcpy((void *)seq->unit, (const void *)&instance->spare_units[class], sizeof(void *));
        instance->spare_units[class] = seq->unit;
    }
    seq->next = instance->spare;
    instance->spare = seq;
}

/* The inbox. */

static mu_seq **inbox_at(const mu_instance *instance, uint32_t i)
{
    return &instance->inbox[(instance->inbox_from + i) & (instance->inbox_room - 1)];
}

static bool grow_inbox(mu_instance *instance)
{
    uint32_t room = instance->inbox_room > 0 ? 2 * instance->inbox_room : INBOX_FIRST;
    mu_seq **inbox = MU_NEW(instance->arena, mu_seq *, room);
    if (inbox == NULL) {
        instance->lane[0].starved = true;
        return false;
    }
    for (uint32_t i = 0; i < instance->inbox_count; i++) {
        inbox[i] = *inbox_at(instance, i);
    }
    instance->inbox = inbox;
    instance->inbox_from = 0;
    instance->inbox_room = room;
    return true;
}

static bool ready_before(const mu_seq *a, const mu_seq *b)
{
    return a->ready_s != b->ready_s ? a->ready_s < b->ready_s : a->number < b->number;
}

void mu_instance_receive(mu_instance *instance, mu_seq *seq)
{
    if (instance->inbox_count == instance->inbox_room && !grow_inbox(instance)) {
        return;
    }
    uint32_t at = instance->inbox_count++;
    while (at > 0 && ready_before(seq, *inbox_at(instance, at - 1))) {
        *inbox_at(instance, at) = *inbox_at(instance, at - 1);
        at--;
    }
    *inbox_at(instance, at) = seq;
}

mu_seq *mu_instance_unreceive(mu_instance *instance)
{
    mu_seq *seq = *inbox_at(instance, 0);
    instance->inbox_from = (instance->inbox_from + 1) & (instance->inbox_room - 1);
    instance->inbox_count--;
    return seq;
}

static void pull(mu_instance *instance, double now_s)
{
    while (instance->inbox_count > 0 && (*inbox_at(instance, 0))->ready_s <= now_s) {
        mu_seq *seq = mu_instance_unreceive(instance);
        mu_tally_in_hand(&instance->tally, now_s, 1, seq->since_s);
        mu_lane_wait(mu_sim_lane(instance, seq), seq);
    }
}

double mu_instance_next(const mu_instance *instance)
{
    double next_s = HUGE_VAL;
    if (instance->stepping) {
        next_s = instance->step.end_s;
    } else if (instance->inbox_count > 0) {
        next_s = (*inbox_at(instance, 0))->ready_s;
    }
    if (instance->state == MU_INSTANCE_UP || instance->state == MU_INSTANCE_DRAINING) {
        return fmin(next_s, instance->fails_s);
    }
    return instance->up_at_s;
}

/* Beginning a step. */

static double imbalance_at(const mu_sim *sim, double now_s)
{
    const mu_sim_skew *skew = &sim->config->skew;
    if (!(skew->imbalance > 0.0)) {
        return 0.0;
    }
    double period = skew->period_s > 0.0 ? floor(now_s / skew->period_s) : 0.0;
    double z = mu_random_normal(sim->config->seed, STREAM_SKEW, (uint64_t)period);
    double drifted = skew->imbalance * exp(skew->spread * z - 0.5 * skew->spread * skew->spread);
    return fmax(drifted, 1.0);
}

static bool plan_lane(mu_lane *lane, double now_s)
{
    mu_lane_plan *plan = &lane->plan;
    plan->decode = false;
    plan->preempted = false;
    plan->chunk_count = 0;
    plan->swapped_blocks = 0;
    lane->given_count = 0;
    lane->grown = false;
    lane->plans++;
    if (mu_lane_running(lane) + lane->waiting_count > 0) {
        policies[lane->role->policy](lane, now_s);
    }
    mu_lane_batch(lane);
    return plan->decode || plan->chunk_count > 0;
}

/* What the step about to begin carries, over all lanes. */
static void describe(mu_instance *instance, double now_s, double time_s)
{
    mu_sim_event *e = &instance->step;
    *e = (mu_sim_event){.prefill_role = instance->prefills,
                        .instance = instance->index,
                        .start_s = now_s,
                        .end_s = now_s + time_s};
    double free_share = 0.0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        const mu_lane *lane = &instance->lane[l];
        e->decode_sequences += lane->plan.batch.decode_sequences;
        e->prefill_sequences += lane->plan.batch.prefill_sequences;
        e->prefill_tokens += lane->plan.batch.prefill_tokens;
        e->waiting += lane->waiting_count;
        e->running += mu_lane_running(lane);
        free_share += (double)mu_block_cache_room(&lane->cache) / (double)lane->cache.blocks;
    }
    e->cache_share = 1.0 - free_share / instance->role->lanes;
}

void mu_instance_begin(mu_instance *instance, double now_s)
{
    pull(instance, now_s);
    bool any = false;
    uint64_t swapped = 0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        any |= plan_lane(lane, now_s);
        for (uint32_t i = 0; i < lane->given_count; i++) {
            mu_instance_first_token(instance, lane->given[i], now_s);
        }
        instance->batch[l] = lane->plan.batch;
        swapped = lane->plan.swapped_blocks > swapped ? lane->plan.swapped_blocks : swapped;
    }
    if (!any) {
        return;
    }
    const mu_sim_role *role = instance->role;
    role->price(role->price_context, instance->worker, instance->batch, role->lanes,
                imbalance_at(instance->sim, now_s), &instance->cost);
    describe(instance, now_s, instance->cost.time_s + (double)swapped * role->swap_s_per_block);
    instance->stepping = true;
}

/* Ending a step. */

static void count_step(mu_instance *instance)
{
    const mu_sim_event *e = &instance->step;
    mu_tally *t = &instance->tally;
    double time_s = e->end_s - e->start_s;
    t->steps++;
    t->busy_s += time_s;
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

static void emit(mu_instance *instance, double now_s, uint64_t tokens)
{
    instance->tally.output_tokens += tokens;
    mu_tally_bin(&instance->tally, now_s)->output_tokens += tokens;
}

void mu_instance_first_token(mu_instance *instance, mu_seq *seq, double now_s)
{
    mu_tally *t = &instance->tally;
    double ttft_s = now_s - seq->arrival_s;
    seq->first_s = now_s;
    seq->last_s = now_s;
    emit(instance, now_s, 1);
    mu_tally_take(t, instance->counts, MU_SIM_TTFT, ttft_s, 1);
    mu_tally_take(t, instance->counts, (mu_sim_measure)(MU_SIM_TENANT_TTFT + seq->tenant), ttft_s,
                  1);
    mu_tally_take(t, instance->counts, MU_SIM_WAIT, seq->start_s - seq->arrival_s, 1);
    mu_sim_bin *bin = mu_tally_bin(t, seq->arrival_s);
    bin->ttft_n++;
    bin->ttft_sum_s += ttft_s;
    bin->ttft_max_s = fmax(bin->ttft_max_s, ttft_s);
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
    mu_tally_in_hand(&instance->tally, now_s, -1, now_s);
    mu_instance_finish(instance, seq, now_s);
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
    emit(instance, now_s, tokens);
    return ending;
}

static uint32_t advance_plain(mu_instance *instance, const mu_lane *lane, double now_s)
{
    uint32_t ending = 0;
    emit(instance, now_s, lane->decoding_count);
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
    if (seq->first_s < 0.0) {
        mu_instance_first_token(instance, seq, now_s);
    } else {
        mu_tally_take(&instance->tally, instance->counts, MU_SIM_ITL, now_s - seq->last_s, 1);
        emit(instance, now_s, 1);
        seq->last_s = now_s;
    }
    if (seq->emitted == seq->output) {
        leave(instance, lane, seq, now_s);
    } else {
        mu_lane_join(lane, seq);
    }
}

void mu_instance_end(mu_instance *instance)
{
    double now_s = instance->step.end_s;
    instance->stepping = false;
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
