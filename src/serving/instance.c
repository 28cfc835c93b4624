/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instance: what arrived is pulled in, a step is planned, priced and begun.
 */
#include "serving/sim.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { STREAM_SKEW = 3 };

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
    out->polled = out->role->poll_steps;
    out->arena = mu_arena_create(0);
    if (out->arena == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for an instance");
    }
    out->ids.arena = out->arena;
    out->lane = MU_NEW(out->arena, mu_lane, out->role->lanes);
    out->batch = MU_NEW(out->arena, mu_batch, out->role->lanes);
    if (out->lane == NULL || out->batch == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for an instance");
    }
    mu_status status = MU_OK;
    for (uint32_t l = 0; l < out->role->lanes && status == MU_OK; l++) {
        status = mu_lane_open(&out->lane[l], out->role, out->arena, err);
        out->lane[l].hands_over = out->prefills;
    }
    return status;
}

bool mu_instance_works(const mu_instance *instance)
{
    return instance->state == MU_INSTANCE_UP || instance->state == MU_INSTANCE_DRAINING;
}

double mu_instance_next(const mu_instance *instance)
{
    double next_s = HUGE_VAL;
    if (instance->stepping) {
        next_s = instance->step.end_s;
    } else {
        next_s = mu_instance_ready(instance);
    }
    if (mu_instance_works(instance)) {
        return fmin(next_s, instance->fails_s);
    }
    return instance->up_at_s;
}

/* Beginning a step. */

static void pull(mu_instance *instance, double now_s)
{
    while (mu_instance_ready(instance) <= now_s) {
        mu_seq *seq = mu_instance_unreceive(instance);
        mu_tally_in_hand(&instance->tally, now_s, 1, seq->since_s);
        mu_lane_wait(mu_sim_lane(instance, seq), seq);
    }
}

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

static bool is_idle(const mu_instance *instance)
{
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        const mu_lane *lane = &instance->lane[l];
        if (lane->waiting_count + mu_lane_running(lane) > 0) {
            return false;
        }
    }
    return true;
}

/* Some schedulers look at what arrived only every so many steps. */
static void poll(mu_instance *instance, double now_s)
{
    if (instance->polled >= instance->role->poll_steps || is_idle(instance)) {
        pull(instance, now_s);
        instance->polled = 0;
    }
}

/*
 * Lanes that step together may hold their prompts back until all have some, so that none idles
 * through the prompts of another: for so many steps at most, and some more to gather several.
 */
static bool holds_prompts(mu_instance *instance)
{
    const mu_sim_role *role = instance->role;
    if (role->dp_timeout_steps == 0 || role->lanes < 2) {
        return false;
    }
    bool free = true;
    bool prompts = true;
    bool decodes = true;
    for (uint32_t l = 0; l < role->lanes; l++) {
        const mu_lane *lane = &instance->lane[l];
        free = free && lane->decoding_count < role->max_sequences;
        prompts = prompts && lane->prefilling_count + lane->waiting_count > 0;
        decodes = decodes && lane->decoding_count > 0;
    }
    if (free && prompts) {
        instance->dp_waited = 0;
        bool more = decodes && instance->dp_batched < role->dp_batching_steps;
        instance->dp_batched = more ? instance->dp_batched + 1 : 0;
        return more;
    }
    bool enough = ++instance->dp_waited >= role->dp_timeout_steps || !decodes;
    instance->dp_waited = enough ? 0 : instance->dp_waited;
    return !enough;
}

/* Whether the next step would carry as many tokens as prompts are held back for. */
static bool is_worth_a_step(const mu_lane *lane)
{
    const mu_sim_role *role = lane->role;
    double wanted = role->batch_wait_share * role->max_tokens;
    double tokens = (double)lane->decoding_count * (1.0 + role->mtp);
    for (uint32_t i = 0; i < lane->prefilling_count && tokens < wanted; i++) {
        tokens += lane->prefilling[i]->target - lane->prefilling[i]->done;
    }
    for (uint32_t i = 0; i < lane->waiting_count && tokens < wanted; i++) {
        tokens += lane->waiting[i]->input;
    }
    return tokens >= wanted;
}

/* A step with prompts slows all decodes down: a lane may hold them back to gather more. */
static bool gathers_prompts(mu_instance *instance)
{
    const mu_sim_role *role = instance->role;
    const mu_lane *lane = &instance->lane[0];
    if (role->batch_wait_steps == 0 || role->lanes > 1 || lane->decoding_count == 0 ||
        lane->prefilling_count + lane->waiting_count == 0 ||
        mu_lane_running(lane) >= role->max_sequences) {
        return false;
    }
    bool waits = instance->batch_waited < role->batch_wait_steps && !is_worth_a_step(lane);
    instance->batch_waited = waits ? instance->batch_waited + 1 : 0;
    return waits;
}

/* What compiling takes that the first prompts and the first full step ask for. */
static double cold_s(mu_instance *instance)
{
    const mu_sim_role *role = instance->role;
    if (instance->full_before || role->cold_first_s + role->cold_full_s <= 0.0) {
        return 0.0;
    }
    bool prompts = false;
    bool full = false;
    for (uint32_t l = 0; l < role->lanes; l++) {
        const mu_batch *batch = &instance->batch[l];
        double tokens = batch->prefill_tokens + batch->decode_sequences * (1.0 + role->mtp);
        prompts = prompts || batch->prefill_tokens > 0.0;
        full = full || tokens >= role->max_tokens;
    }
    double cold = prompts && !instance->prompts_before ? role->cold_first_s : 0.0;
    cold += full ? role->cold_full_s : 0.0;
    instance->prompts_before = instance->prompts_before || prompts;
    instance->full_before = instance->full_before || full;
    return cold;
}

void mu_instance_begin(mu_instance *instance, double now_s)
{
    poll(instance, now_s);
    if (is_idle(instance)) {
        return;
    }
    bool held = holds_prompts(instance) || gathers_prompts(instance);
    bool any = false;
    uint64_t swapped = 0;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        mu_lane *lane = &instance->lane[l];
        lane->held = held;
        any |= plan_lane(lane, now_s);
        for (uint32_t i = 0; i < lane->given_count; i++) {
            mu_instance_emit_first(instance, lane->given[i], now_s);
            mu_instance_see(instance, lane, lane->given[i], now_s);
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
    double swap_s = (double)swapped * role->swap_s_per_block;
    describe(instance, now_s, instance->cost.time_s + swap_s + cold_s(instance));
    instance->stepping = true;
}
