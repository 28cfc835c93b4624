/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One role in steady state: prefill steps, decode steps, memory.
 *
 * Terms: pp stages work on pp batches at once; a decode round of a sequence passes all of them, a
 * prefill batch leaves the pipeline every stage time.
 */
#include "schedule/contention.h"
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

/* Tokens of the largest step of this role. */
static double step_tokens(const mu_role_site *at, double batch)
{
    const mu_role *role = at->role;
    double decode = batch * (1.0 + role->parallel.mtp);
    return role->batch_tokens > decode ? role->batch_tokens : decode;
}

double mu_held_tokens(const mu_role_site *at)
{
    const mu_workload *w = &at->site->workload;
    return w->input + w->output * at->machine->engine.output_reserved;
}

static void fill_memory(const mu_role_site *at, double sequences, double tokens_each,
                        double scratch, mu_memory *out)
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
    double taken = out->memory.weights_bytes + out->memory.activations_bytes;
    double room = mu_machine_room(at->machine, taken);
    double missing = taken + out->memory.kv_bytes - room;
    if (missing <= 0.0) {
        out->fit = MU_FIT_OK;
        out->missing_bytes = 0.0;
        return;
    }
    out->missing_bytes = missing;
    bool weights_alone = taken > room;
    out->fit =
        weights_alone ? MU_FIT_WEIGHTS : (mu_batch_limit(at) < 1.0 ? MU_FIT_KV : MU_FIT_BATCH);
}

static void fill_rates(const mu_role_site *at, double tokens, double round_s, mu_role_answer *out)
{
    double groups = (double)at->role->instances * at->role->parallel.dp;
    out->chips = mu_role_ranks(at->role) / at->machine->ranks_per_chip;
    out->tokens_per_s = tokens * groups / round_s;
    out->tokens_per_s_per_chip = out->tokens_per_s / out->chips;
    out->power_w_per_rank = out->step.energy_j / out->step.time_s;
    out->memory_w_per_rank =
        mu_power_memory(at->machine, out->step.bytes, out->step.energy_j, out->step.time_s);
}

/* How prompts are cut: the load of one step with up to `most` prompts, and how many steps one
 * takes. */
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

mu_load mu_prefill_load(const mu_role_site *at)
{
    double chunks = 1.0;
    return prompt_load(at, at->role->batch_tokens, at->machine->engine.max_batch, &chunks);
}

void mu_prefill_answer(const mu_role_site *at, mu_role_answer *out)
{
    memset(out, 0, sizeof *out);
    mu_load load = mu_prefill_load(at);
    mu_compiled_step(at->compiled, &load, &out->step);
    out->step_s = out->step.time_s;
    out->batch = load.prefill_tokens;
    fill_rates(at, load.prefill_tokens, out->step_s, out);
    fill_memory(at, load.prefill_sequences * at->role->parallel.pp, at->site->workload.input,
                load.prefill_tokens, &out->memory);
    judge_fit(at, out);
}

/* All ranks hand over at once, beside what the ranks that decode send each other. */
static mu_crowd handover_crowd(const mu_parallel *p)
{
    return (mu_crowd){.kinds = 1U << (unsigned)MU_RUSH_HANDOVER,
                      .group = {.ranks = p->ep > 1 ? p->ep : p->tp, .stride = 1},
                      .instance = (uint64_t)p->tp * p->pp * p->cp * p->dp};
}

double mu_handover_factor(const mu_machine *machine, const mu_parallel *p)
{
    mu_crowd crowd = handover_crowd(p);
    mu_fabric ignored;
    double largest = 1.0;
    mu_error err = {0};
    bool found = machine->contention != NULL &&
                 mu_contention_fabric(machine->contention, &machine->fabric, &crowd, &ignored,
                                      &largest, &err) == MU_OK;
    return found ? largest : 1.0;
}

static const mu_fabric *handover_fabric(const mu_machine *machine, const mu_parallel *p,
                                        mu_fabric *own)
{
    mu_crowd crowd = handover_crowd(p);
    double largest = 1.0;
    mu_error ignored = {0};
    bool found = machine->contention != NULL &&
                 mu_contention_fabric(machine->contention, &machine->fabric, &crowd, own, &largest,
                                      &ignored) == MU_OK;
    return found ? own : &machine->fabric;
}

double mu_handover_time(const mu_machine *machine, const mu_parallel *p, double bytes)
{
    mu_group group = {.ranks = 2, .stride = (uint64_t)p->tp * p->pp * p->cp * p->dp};
    mu_fabric shared;
    const mu_fabric *fabric = handover_fabric(machine, p, &shared);
    return mu_fabric_collective(fabric, MU_POINT_TO_POINT, group, bytes / p->cp).time_s;
}

/* One prompt's cache. */
static double prompt_handover(const mu_role_site *at)
{
    double bytes =
        at->footprint.kv_per_sequence + at->footprint.kv_per_token * at->site->workload.input;
    return mu_handover_time(at->machine, &at->role->parallel, bytes);
}

double mu_prefill_prompts(const mu_role_site *at)
{
    return mu_prefill_load(at).prefill_sequences;
}

mu_loop_point mu_prefill_point(const mu_role_site *at)
{
    const mu_engine *engine = &at->machine->engine;
    double chunks = 1.0;
    mu_load load = prompt_load(at, at->role->batch_tokens, engine->max_batch, &chunks);
    mu_load alone = prompt_load(at, at->role->batch_tokens, 1.0, &chunks);
    double step_s = mu_compiled_time(at->compiled, &load);
    double alone_s = mu_compiled_time(at->compiled, &alone);
    double groups = (double)at->role->instances * at->role->parallel.dp;
    double passes = chunks + at->role->parallel.pp - 1.0;
    mu_loop_point p = {.batch = load.prefill_tokens,
                       .requests_per_s = load.prefill_sequences / chunks * groups / step_s};
    p.ttft_s = engine->ttft_factor_apart *
               (engine->request_overhead_apart + prompt_handover(at) + alone_s * passes);
    /* Under full load it waits for half the step under way and shares its own with others. */
    p.crowd_s = engine->ttft_factor_apart * (step_s * (0.5 + passes) - alone_s * passes);
    p.wave_s = engine->ttft_factor_apart * engine->wave_share_apart / p.requests_per_s;
    return p;
}

mu_load mu_decode_load(const mu_role_site *at, double batch)
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
    mu_load load = mu_decode_load(at, batch);
    return mu_compiled_time(at->compiled, &load) * at->role->parallel.pp;
}

void mu_decode_answer(const mu_role_site *at, double batch, mu_role_answer *out)
{
    assert(batch > 0.0);
    memset(out, 0, sizeof *out);
    mu_load load = mu_decode_load(at, batch);
    mu_compiled_step(at->compiled, &load, &out->step);
    out->step_s = out->step.time_s * at->role->parallel.pp;
    out->batch = batch;
    fill_rates(at, batch * mu_role_yield(at->role), out->step_s, out);
    fill_memory(at, batch, mu_held_tokens(at), step_tokens(at, batch), &out->memory);
    judge_fit(at, out);
}

double mu_cache_room(const mu_machine *machine, const mu_footprint *f, double step_tokens)
{
    double taken = f->weights + f->fixed + step_tokens * f->activations_per_token;
    return mu_machine_room(machine, taken) - taken;
}

double mu_batch_limit(const mu_role_site *at)
{
    const mu_footprint *f = &at->footprint;
    double queries = 1.0 + at->role->parallel.mtp;
    double each = f->kv_per_sequence + f->kv_per_token * mu_held_tokens(at);
    double room = mu_cache_room(at->machine, f, at->role->batch_tokens);
    double batch = each > 0.0 ? floor(room / each) : at->machine->engine.max_batch;
    if (batch * queries > at->role->batch_tokens) {
        /* Past the token budget each sequence also takes scratch. */
        batch = floor((room + at->role->batch_tokens * f->activations_per_token) /
                      (each + queries * f->activations_per_token));
    }
    batch = batch < at->machine->engine.max_batch ? batch : at->machine->engine.max_batch;
    return batch > 0.0 ? batch : 0.0;
}

double mu_decode_rounds(const mu_role_site *at)
{
    double tokens = at->site->workload.output - 1.0;
    return (tokens > 0.0 ? tokens : 0.0) / mu_role_yield(at->role);
}

mu_loop_point mu_decode_point(const mu_role_site *at, double batch)
{
    double step_s = mu_decode_time(at, fmax(batch, 1.0)); /* below one, some groups stand idle */
    double rounds = mu_decode_rounds(at);
    double groups = (double)at->role->instances * at->role->parallel.dp;
    return (mu_loop_point){.batch = batch,
                           .requests_per_s =
                               rounds > 0.0 ? batch * groups / (rounds * step_s) : HUGE_VAL,
                           .tpot_s = step_s / mu_role_yield(at->role)};
}

/* What one request's prompt costs a DP group that decodes beside it. */
typedef struct prompt_cost {
    double added_s;   /* engine time it takes from decoding */
    double latency_s; /* from its first chunk to its last */
} prompt_cost;

static prompt_cost price_prompt(const mu_role_site *at, double batch, double decode_s)
{
    const mu_role *role = at->role;
    double stages = role->parallel.pp;
    mu_load decode = mu_decode_load(at, batch);
    double riding = decode.decode_sequences * (1.0 + role->parallel.mtp);
    bool mixed = role->chunked_prefill && role->batch_tokens > riding;
    double chunks = 1.0;
    /* A finished request is replaced at once: prompts come one by one, or as many to a step as
     * requests end in it. */
    double rounds = mu_decode_rounds(at);
    double together = rounds > 0.0 ? fmax(decode.decode_sequences / rounds, 1.0) : 1.0;
    mu_load load = prompt_load(at, mixed ? role->batch_tokens - riding : role->batch_tokens,
                               together, &chunks);
    double idle_s = 0.0;
    if (mixed) {
        load.decode_sequences = decode.decode_sequences;
        load.decode_context = decode.decode_context;
        idle_s = decode_s / stages;
    }
    double step_s = mu_compiled_time(at->compiled, &load);
    return (prompt_cost){.added_s = fmax(step_s - idle_s, 0.0) * chunks / load.prefill_sequences,
                         .latency_s = step_s * (chunks + stages - 1.0)};
}

mu_loop_point mu_aggregated_point(const mu_role_site *at, double batch)
{
    const mu_engine *engine = &at->machine->engine;
    double step_s = mu_decode_time(at, fmax(batch, 1.0)); /* below one, some groups stand idle */
    prompt_cost prompt = price_prompt(at, fmax(batch, 1.0), step_s);
    double rounds = mu_decode_rounds(at);
    double each = batch / (rounds * step_s + batch * prompt.added_s);
    /* Answers of one token leave nobody who waits for prompts between tokens. */
    double busy = rounds > 0.0 ? fmin(each * prompt.added_s, 1.0 - 1e-9) : 0.0;
    double groups = (double)at->role->instances * at->role->parallel.dp;
    double steps = at->role->parallel.dp > 1 ? engine->ttft_steps_dp : engine->ttft_steps;
    return (mu_loop_point){.batch = batch,
                           .requests_per_s = each * groups,
                           .ttft_s = engine->ttft_factor *
                                     (engine->request_overhead + steps * step_s + prompt.latency_s),
                           .wave_s =
                               engine->ttft_factor * engine->wave_share * prompt.added_s / groups,
                           .tpot_s = step_s / mu_role_yield(at->role) / (1.0 - busy)};
}
