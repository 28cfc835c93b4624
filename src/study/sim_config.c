/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a deployment to the simulator's configuration.
 *
 * What:  memory becomes cache blocks, programs become tables of step costs, the fabric becomes the
 *        transfer from prefill to decode, the engine's profile its scheduling.
 * Terms: block = `block_tokens` tokens of one sequence on every rank of a lane.
 */
#include "base/units.h"
#include "study/sim_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Blocks where caches cost nothing: more than any run takes. */
static const double endless = 1e15;

/* Where only a state of fixed size is kept, a request takes this many blocks for it. */
static const double state_blocks = 1e6;

static const mu_engine *engine_of(const mu_question *q)
{
    return &q->machine.engine;
}

bool mu_sim_prefix_cache(const mu_question *q)
{
    int said = q->scenario->serving.prefix_cache;
    bool needed = engine_of(q)->prefix_cache || q->workload.prefix_hit > 0.0;
    return said >= 0 ? said > 0 : needed;
}

uint32_t mu_sim_block_tokens(const mu_question *q)
{
    double said = q->scenario->serving.block_tokens;
    return (uint32_t)(said > 0.0 ? said : engine_of(q)->block_tokens);
}

static mu_status policy_of(const mu_question *q, mu_policy *out, mu_error *err)
{
    int said = q->scenario->serving.policy;
    if (said > 0) {
        *out = (mu_policy)(said - 1);
        return MU_OK;
    }
    for (int i = 0; i < MU_POLICY_COUNT; i++) {
        if (strcmp(mu_policy_text((mu_policy)i), engine_of(q)->policy) == 0) {
            *out = (mu_policy)i;
            return MU_OK;
        }
    }
    return mu_fail(err, MU_E_INPUT,
                   "engine %s: unknown policy \"%.24s\"; expected one of "
                   "serving.policy",
                   q->engine->id, engine_of(q)->policy);
}

/* Bytes of one block on a rank. */
static double block_bytes(const mu_footprint *f, uint32_t block_tokens)
{
    double bytes = f->kv_per_token * block_tokens;
    return bytes > 0.0 ? bytes : f->kv_per_sequence / state_blocks;
}

static mu_status no_room(const mu_question *q, const mu_machine *machine, double missing_bytes,
                         mu_error *err)
{
    char missing[32];
    char size[32];
    mu_unit_print(missing_bytes, MU_DIM_BYTES, missing, sizeof missing);
    mu_unit_print(machine->chip.memory_capacity, MU_DIM_BYTES, size, sizeof size);
    return mu_fail(err, MU_NO,
                   "%s leaves no room for a cache on %s as deployed: %s a rank (of %s) are missing",
                   q->model.id, q->system->id, missing, size);
}

/* Memory that weights and scratch leave, in blocks. */
static mu_status fill_cache(const mu_question *q, const mu_machine *machine, const mu_footprint *f,
                            double stages, mu_sim_role *out, mu_error *err)
{
    double decoding = (double)out->max_sequences * (1.0 + out->mtp);
    double room = mu_cache_room(machine, f, fmax(out->max_tokens, decoding) / stages);
    double each = block_bytes(f, out->block_tokens);
    if (room <= 0.0) {
        return no_room(q, machine, -room, err);
    }
    out->blocks = (uint64_t)(each > 0.0 ? fmin(floor(room / each), endless) : endless);
    out->fixed_blocks = each > 0.0 ? (uint32_t)fmin(ceil(f->kv_per_sequence / each), 1e9) : 0;
    return MU_OK;
}

/* Swapping: time to move a rank's part of a block over its share of the chip's host link. */
static mu_status fill_swap(const mu_question *q, const mu_machine *machine, double bytes,
                           mu_sim_role *out, mu_error *err)
{
    out->swap = q->scenario->serving.swap > 0;
    if (!out->swap) {
        return MU_OK;
    }
    mu_fact fact;
    mu_status status = mu_catalog_fact(q->catalog, q->chip, "host.bandwidth", false, &fact, err);
    if (status != MU_OK) {
        return status;
    }
    if (fact.path == NULL || !(fact.range.best > 0.0)) {
        return mu_fail(err, MU_E_INPUT, "serving.swap: %s has no host.bandwidth", q->chip->id);
    }
    out->swap_s_per_block = bytes * machine->ranks_per_chip / fact.range.best;
    return MU_OK;
}

/* Tables by worker. No graph was captured of a step with prompts: its operators take eager_s to
 * launch, however short they are. */
typedef struct pricer {
    mu_step_table **table; /* [workers] */
    const mu_chip *chip;
    double eager_s;
} pricer;

static bool any_prompts(const mu_batch lane[], uint32_t lanes)
{
    for (uint32_t i = 0; i < lanes; i++) {
        if (lane[i].prefill_tokens > 0.0) {
            return true;
        }
    }
    return false;
}

static void price(void *context, uint32_t worker, const mu_batch lane[], uint32_t lanes,
                  double imbalance, mu_step_cost *out)
{
    const pricer *p = context;
    mu_step_table_cost(p->table[worker], lane, lanes, imbalance, out);
    double idle_s = p->eager_s - out->time_s;
    if (idle_s > 0.0 && any_prompts(lane, lanes)) {
        out->time_s += idle_s;
        out->energy_j += mu_chip_step_energy(p->chip, idle_s, idle_s, 0.0);
    }
}

static mu_status fill_price(const mu_question *q, const mu_machine *machine, const mu_role *role,
                            const mu_sim_home *home, mu_sim_role *out, mu_error *err)
{
    mu_program *program = MU_NEW(home->arena, mu_program, 1);
    pricer *p = MU_NEW(home->arena, pricer, 1);
    mu_step_table **table = MU_NEW(home->arena, mu_step_table *, home->workers);
    bool good = program != NULL && p != NULL && table != NULL;
    if (good) {
        mu_program_build(&q->model, &role->parallel, &q->precision, program);
        p->table = table;
        p->chip = &machine->chip;
        p->eager_s = machine->engine.eager_op * mu_program_launches(program) * role->parallel.pp;
    }
    for (uint32_t i = 0; good && i < home->workers; i++) {
        table[i] = mu_step_table_create(program, machine, out->max_sequences, out->max_tokens,
                                        home->table[i]);
        good = table[i] != NULL;
    }
    out->price = price;
    out->price_context = p;
    return good ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for the costs of steps");
}

static uint32_t whole(double value)
{
    return (uint32_t)fmin(fmax(ceil(value), 1.0), 1e9);
}

/* A step of a pipeline is a round of all its stages, each with a batch in flight. */
static mu_status fill_scheduling(const mu_question *q, const mu_machine *machine,
                                 const mu_role *role, mu_sim_role *out, mu_error *err)
{
    const mu_serving_wish *s = &q->scenario->serving;
    const mu_parallel *cut = &role->parallel;
    *out = (mu_sim_role){
        .instances = role->instances,
        .lanes = cut->dp,
        .order = (mu_order)s->order,
        .max_sequences = whole(role->batch > 0.0 ? role->batch : machine->engine.max_batch),
        .max_tokens = whole(role->batch_tokens * cut->pp),
        .chunked = role->chunked_prefill,
        .prefix_cache = mu_sim_prefix_cache(q),
        .block_tokens = mu_sim_block_tokens(q),
        .watermark = s->watermark >= 0.0 ? s->watermark : machine->engine.watermark,
        .mtp = cut->mtp,
        .poll_steps = (uint32_t)s->poll_steps,
        .stream_first = (uint32_t)s->stream_first,
        .dp_timeout_steps = (uint32_t)s->dp_timeout_steps,
        .dp_batching_steps = (uint32_t)s->dp_batching_steps,
        .batch_wait_steps = (uint32_t)s->batch_wait_steps,
        .batch_wait_share = s->batch_wait_share,
        .cold_first_s = s->cold_first_s,
        .cold_full_s = s->cold_full_s,
        .lag_steps = s->lag_steps >= 0.0 ? s->lag_steps : machine->engine.lag_steps,
        .front_s = machine->engine.front_request,
        .front_s_per_token = machine->engine.front_token,
        .ranks = (double)cut->tp * cut->pp * cut->cp * cut->dp};
    memcpy(out->acceptance, role->acceptance, sizeof out->acceptance);
    return policy_of(q, &out->policy, err);
}

static mu_status make_role(const mu_question *q, const mu_machine *machine, const mu_role *role,
                           const mu_sim_home *home, mu_footprint *footprint, mu_sim_role *out,
                           mu_error *err)
{
    const mu_workload *w = &q->workload;
    mu_status status = mu_parallel_check(&q->model, &role->parallel, err);
    if (status != MU_OK) {
        return status;
    }
    *footprint =
        mu_program_footprint(&q->model, &role->parallel, &q->precision, w->input + 0.5 * w->output);
    status = fill_scheduling(q, machine, role, out, err);
    if (status == MU_OK) {
        status = fill_cache(q, machine, footprint, role->parallel.pp, out, err);
    }
    if (status == MU_OK) {
        status = fill_swap(q, machine, block_bytes(footprint, out->block_tokens), out, err);
    }
    return status == MU_OK ? fill_price(q, machine, role, home, out, err) : status;
}

/*
 * Two sizes of a hand-over say what a byte takes and what is there before the first one. A lane
 * sends by itself, an instance as fast as all its lanes: what a mean prompt takes on one lane
 * beyond that counts as latency.
 */
static mu_sim_transfer transfer_of(const mu_question *q, const mu_deployment *d,
                                   const mu_machine machines[2], const mu_footprint *prefill)
{
    const mu_parallel *cut = &d->prefill.parallel;
    double bytes = prefill->kv_per_sequence + prefill->kv_per_token * q->workload.input;
    double one_s = mu_handover_time(&machines[0], cut, bytes);
    double more_s = mu_handover_time(&machines[0], cut, 2.0 * bytes) - one_s;
    double lane_rate = more_s > 0.0 ? bytes / more_s : HUGE_VAL;
    mu_sim_transfer t = {.bytes_per_token = prefill->kv_per_token,
                         .bytes_per_request = prefill->kv_per_sequence,
                         .send_bytes_per_s = fmin(lane_rate * cut->dp, 1e18),
                         .receive_bytes_per_s = fmin(lane_rate * d->decode.parallel.dp, 1e18)};
    double wire_s = bytes / fmin(t.send_bytes_per_s, t.receive_bytes_per_s);
    t.latency_s = fmax(one_s - wire_s, 0.0);
    return t;
}

static mu_sim_fleet fleet_of(const mu_serving_wish *s)
{
    return (mu_sim_fleet){.most = (uint32_t)s->autoscale_most,
                          .high = s->autoscale_high,
                          .low = s->autoscale_low,
                          .start_s = s->startup_s,
                          .mtbf_s = s->mtbf_s,
                          .repair_s = s->repair_s};
}

/* A spread alone is one around what the engine's profile has. */
static mu_sim_skew skew_of(const mu_question *q, const mu_deployment *d,
                           const mu_machine machines[2])
{
    const mu_serving_wish *s = &q->scenario->serving;
    double said = d->decode.parallel.imbalance;
    double usual = said >= 1.0 ? said : machines[1].engine.imbalance_decode;
    return (mu_sim_skew){.imbalance = s->expert_skew > 0.0     ? s->expert_skew
                                      : s->expert_spread > 0.0 ? usual
                                                               : 0.0,
                         .spread = s->expert_spread,
                         .period_s = s->expert_period_s};
}

mu_status mu_sim_configure(const mu_question *q, const mu_deployment *d,
                           const mu_machine machines[2], const mu_sim_home *home,
                           mu_sim_config *out, mu_error *err)
{
    const mu_scenario *s = q->scenario;
    mu_sim_config config = {.disaggregated = d->disaggregated,
                            .router = (mu_router_rule)s->serving.router,
                            .fleet = fleet_of(&s->serving),
                            .skew = skew_of(q, d, machines),
                            .ttft_slo_s = s->ttft_s,
                            .tpot_slo_s = s->tpot_s,
                            .e2e_slo_s = s->e2e_s,
                            .queue_most = (uint64_t)s->serving.queue_most,
                            .seed = (uint64_t)s->seed};
    mu_footprint footprint;
    mu_status status =
        make_role(q, &machines[1], &d->decode, home, &footprint, &config.decode, err);
    if (status == MU_OK && d->disaggregated) {
        status = make_role(q, &machines[0], &d->prefill, home, &footprint, &config.prefill, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (d->disaggregated) {
        config.prefill.request_s = machines[0].engine.arrival_apart;
        config.transfer = transfer_of(q, d, machines, &footprint);
    } else {
        config.decode.request_s = machines[1].engine.arrival;
    }
    *out = config;
    return MU_OK;
}
