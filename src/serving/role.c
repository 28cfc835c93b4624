/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One role in steady state: prefill steps, decode steps, memory.
 *
 * Terms: pp stages work on pp batches at once; a decode round of a sequence passes all of them, a prefill
 *        batch leaves the pipeline every stage time.
 */
#include "serving/steady.h"

#include <assert.h>
#include <math.h>
#include <string.h>

double mu_role_yield(const mu_role *role)
{
    double yield = 1.0;
    double reached = 1.0;
    for (uint32_t i = 0; i < role->parallel.mtp && i < MU_DRAFTS_MAX; i++) {
        reached *= role->acceptance[i];
        yield += reached;
    }
    return yield;
}

double mu_role_ranks(const mu_role *role)
{
    const mu_parallel *p = &role->parallel;
    return (double)role->instances * p->tp * p->pp * p->cp * p->dp;
}

static double room_bytes(const mu_role_site *at)
{
    return at->machine->chip.memory_capacity * at->machine->engine.memory_utilisation;
}

/* Tokens of the largest step of this role. */
static double step_tokens(const mu_role_site *at, double batch)
{
    const mu_role *role = at->role;
    double decode = batch * (1.0 + role->parallel.mtp);
    return role->batch_tokens > decode ? role->batch_tokens : decode;
}

static void fill_memory(const mu_role_site *at, double sequences, double tokens_each, double scratch,
                        mu_memory *out)
{
    const mu_footprint *f = &at->footprint;
    out->weights_bytes = f->weights;
    out->kv_bytes = sequences * (f->kv_per_sequence + f->kv_per_token * tokens_each);
    out->activations_bytes = f->fixed + scratch * f->activations_per_token;
    out->capacity_bytes = at->machine->chip.memory_capacity;
}

/* Sets fit and missing_bytes from the memory. */
static void judge_fit(const mu_role_site *at, mu_role_answer *out)
{
    double used = out->memory.weights_bytes + out->memory.kv_bytes + out->memory.activations_bytes;
    double missing = used - room_bytes(at);
    if (missing <= 0.0) {
        out->fit = MU_FIT_OK;
        out->missing_bytes = 0.0;
        return;
    }
    out->missing_bytes = missing;
    bool weights_alone =
        out->memory.weights_bytes + out->memory.activations_bytes > room_bytes(at);
    out->fit = weights_alone ? MU_FIT_WEIGHTS : (mu_batch_limit(at) < 1.0 ? MU_FIT_KV : MU_FIT_BATCH);
}

static void fill_rates(const mu_role_site *at, double tokens, double round_s, mu_role_answer *out)
{
    double groups = (double)at->role->instances * at->role->parallel.dp;
    out->chips = mu_role_ranks(at->role) / at->machine->ranks_per_chip;
    out->tokens_per_s = tokens * groups / round_s;
    out->tokens_per_s_per_chip = out->tokens_per_s / out->chips;
    out->power_w_per_rank = out->step.energy_j / out->step.time_s;
}

/* How prompts are cut: the load of one step with up to `most` prompts, and how many steps one takes. */
static mu_load prompt_load(const mu_role_site *at, double budget, double most, double *chunks)
{
    const mu_workload *w = &at->site->workload;
    double cached = w->input * w->prefix_hit;
    double fresh = w->input - cached;
    fresh = fresh > 1.0 ? fresh : 1.0;
    mu_load load = {0};
    if (budget >= fresh) {
        *chunks = 1.0;
        load.prefill_sequences = fmin(floor(budget / fresh), most);
        load.prefill_tokens = load.prefill_sequences * fresh;
        load.prefill_cached = cached;
        return load;
    }
    *chunks = ceil(fresh / budget);
    load.prefill_sequences = 1.0;
    load.prefill_tokens = fresh / *chunks;
    load.prefill_cached = cached + 0.5 * (fresh - load.prefill_tokens);
    return load;
}

void mu_prefill_answer(const mu_role_site *at, mu_role_answer *out)
{
    memset(out, 0, sizeof *out);
    double chunks = 1.0;
    mu_load load = prompt_load(at, at->role->batch_tokens, HUGE_VAL, &chunks);
    mu_compiled_step(at->compiled, &load, &out->step);
    out->step_s = out->step.time_s;
    out->batch = load.prefill_tokens;
    fill_rates(at, load.prefill_tokens, out->step_s, out);
    fill_memory(at, load.prefill_sequences * at->role->parallel.pp, at->site->workload.input,
                load.prefill_tokens, &out->memory);
    judge_fit(at, out);
}

double mu_prefill_prompts(const mu_role_site *at)
{
    double chunks = 1.0;
    mu_load load = prompt_load(at, at->role->batch_tokens, HUGE_VAL, &chunks);
    return load.prefill_sequences / chunks;
}

double mu_prefill_latency(const mu_role_site *at, const mu_role_answer *answer)
{
    double chunks = 1.0;
    (void)prompt_load(at, at->role->batch_tokens, HUGE_VAL, &chunks);
    return answer->step_s * (chunks + at->role->parallel.pp - 1.0);
}

static mu_load decode_load(const mu_role_site *at, double batch)
{
    const mu_workload *w = &at->site->workload;
    double sequences = batch / at->role->parallel.pp;
    mu_load load = {.decode_sequences = sequences,
                    .decode_context = sequences * (w->input + 0.5 * w->output)};
    return load;
}

double mu_decode_time(const mu_role_site *at, double batch)
{
    assert(batch > 0.0);
    mu_load load = decode_load(at, batch);
    return mu_compiled_time(at->compiled, &load) * at->role->parallel.pp;
}

void mu_decode_answer(const mu_role_site *at, double batch, mu_role_answer *out)
{
    assert(batch > 0.0);
    memset(out, 0, sizeof *out);
    const mu_workload *w = &at->site->workload;
    mu_load load = decode_load(at, batch);
    mu_compiled_step(at->compiled, &load, &out->step);
    out->step_s = out->step.time_s * at->role->parallel.pp;
    out->batch = batch;
    fill_rates(at, batch * mu_role_yield(at->role), out->step_s, out);
    fill_memory(at, batch, w->input + w->output, step_tokens(at, batch), &out->memory);
    judge_fit(at, out);
}

double mu_batch_limit(const mu_role_site *at)
{
    const mu_workload *w = &at->site->workload;
    const mu_footprint *f = &at->footprint;
    double queries = 1.0 + at->role->parallel.mtp;
    double each = f->kv_per_sequence + f->kv_per_token * (w->input + w->output);
    double room = room_bytes(at) - f->weights - f->fixed -
                  at->role->batch_tokens * f->activations_per_token;
    double batch = each > 0.0 ? floor(room / each) : at->machine->engine.max_batch;
    if (batch * queries > at->role->batch_tokens) {
        /* Past the token budget each sequence also takes scratch. */
        batch = floor((room + at->role->batch_tokens * f->activations_per_token) /
                      (each + queries * f->activations_per_token));
    }
    batch = batch < at->machine->engine.max_batch ? batch : at->machine->engine.max_batch;
    return batch > 0.0 ? batch : 0.0;
}

mu_prompt_cost mu_prompt_answer(const mu_role_site *at, double batch, double decode_s)
{
    const mu_role *role = at->role;
    double drafts = batch * (1.0 + role->parallel.mtp);
    double budget = role->batch_tokens;
    double beside = role->chunked_prefill && budget > drafts ? drafts / role->parallel.pp : 0.0;
    double chunks = 1.0;
    /* In a closed loop a finished request is replaced at once: prompts come one by one. */
    mu_load load = prompt_load(at, fmax(budget - beside, 1.0), 1.0, &chunks);
    mu_prompt_cost cost;
    if (beside > 0.0) {
        mu_load mixed = load;
        mu_load decode = decode_load(at, batch);
        mixed.decode_sequences = decode.decode_sequences;
        mixed.decode_context = decode.decode_context;
        double mixed_s = mu_compiled_time(at->compiled, &mixed);
        double stage_s = decode_s / role->parallel.pp;
        cost.added_s = (mixed_s > stage_s ? mixed_s - stage_s : 0.0) * chunks;
        cost.latency_s = mixed_s * (chunks + role->parallel.pp - 1.0);
    } else {
        double alone_s = mu_compiled_time(at->compiled, &load);
        cost.added_s = alone_s * chunks;
        cost.latency_s = alone_s * (chunks + role->parallel.pp - 1.0);
    }
    return cost;
}
