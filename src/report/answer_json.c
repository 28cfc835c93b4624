/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as JSON.
 *
 * What:  one small function an object of the contract.
 * Terms: a quantity is {"value", "low", "high", "unit"}; counts and settings are plain numbers.
 */
#include "report/answer_json.h"

#include "report/metric.h"
#include "report/power_report.h"
#include "report/scenario_json.h"

#include <math.h>
#include <string.h>

static json_t *breakdown(const mu_step *step)
{
    mu_json json = mu_json_begin();
    for (int i = 0; i < MU_PART_COUNT; i++) {
        if (step->part_s[i] > 0.0) {
            mu_json_put(&json, mu_part_text((mu_part)i), mu_json_number(step->part_s[i]));
        }
    }
    return mu_json_done(&json);
}

static json_t *limits(const mu_step *step)
{
    mu_json json = mu_json_begin();
    for (int i = 0; i < MU_BOUND_COUNT; i++) {
        if (step->bound_s[i] > 0.0) {
            mu_json_put(&json, mu_bound_words((mu_bound)i), mu_json_number(step->bound_s[i]));
        }
    }
    return mu_json_done(&json);
}

static json_t *sure(double value, const char *unit)
{
    return mu_json_quantity(mu_quantity_point(value), unit);
}

static json_t *memory(const mu_memory *m)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "weights_bytes", sure(m->weights_bytes, "B"));
    mu_json_put(&json, "kv_bytes", sure(m->kv_bytes, "B"));
    mu_json_put(&json, "activations_bytes", sure(m->activations_bytes, "B"));
    mu_json_put(&json, "capacity_bytes", sure(m->capacity_bytes, "B"));
    return mu_json_done(&json);
}

static json_t *prefill(const mu_prediction *p)
{
    const mu_role_answer *role = &p->point.prefill;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "step_s", mu_json_quantity(p->prefill_step_s, "s"));
    mu_json_put(&json, "tokens_per_s", mu_json_quantity(p->prefill_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "tokens_per_s_per_chip",
                mu_json_quantity(p->prefill_tokens_per_s_per_chip, "tokens/s"));
    mu_json_put(&json, "batch_tokens", mu_json_number(role->batch));
    mu_json_put(&json, "chips", mu_json_number(role->chips));
    mu_json_put(&json, "memory", memory(&role->memory));
    mu_json_put(&json, "breakdown", breakdown(&role->step));
    mu_json_put(&json, "limits", limits(&role->step));
    return mu_json_done(&json);
}

static json_t *decode(const mu_prediction *p)
{
    const mu_role_answer *role = &p->point.decode;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "step_s", mu_json_quantity(p->decode_step_s, "s"));
    mu_json_put(&json, "tpot_s", mu_json_quantity(p->tpot_s, "s"));
    mu_json_put(&json, "tokens_per_s", mu_json_quantity(p->decode_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "tokens_per_s_per_chip",
                mu_json_quantity(p->decode_tokens_per_s_per_chip, "tokens/s"));
    mu_json_put(&json, "batch", mu_json_number(role->batch));
    mu_json_put(&json, "chips", mu_json_number(role->chips));
    mu_json_put(&json, "memory", memory(&role->memory));
    mu_json_put(&json, "breakdown", breakdown(&role->step));
    mu_json_put(&json, "limits", limits(&role->step));
    return mu_json_done(&json);
}

static json_t *throughput(const mu_prediction *p)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "output_tokens_per_s", mu_json_quantity(p->output_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "total_tokens_per_s", mu_json_quantity(p->total_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "requests_per_s", mu_json_quantity(p->requests_per_s, "1/s"));
    mu_json_put(&json, "output_tokens_per_s_per_chip",
                mu_json_quantity(p->output_tokens_per_s_per_chip, "tokens/s"));
    return mu_json_done(&json);
}

json_t *mu_json_warnings(const mu_question *question, const char own[][192], uint32_t count)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < question->scenario->warning_count; i++) {
        failed |= json_array_append_new(list, mu_json_text(question->scenario->warning[i]));
    }
    for (uint32_t i = 0; i < question->model.warning_count; i++) {
        failed |= json_array_append_new(list, mu_json_text(question->model.warning[i]));
    }
    for (uint32_t i = 0; i < count; i++) {
        failed |= json_array_append_new(list, mu_json_text(own[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static int put_wires(json_t *list, const mu_question *question, const mu_prediction *p, int role)
{
    static const char *const names[] = {"prefill", "decode"};
    const mu_machine *machine = role == 0 ? &question->prefill_machine : &question->machine;
    bool one = role == 1 && !p->deployment.disaggregated;
    int failed = 0;
    for (uint32_t i = 0; i < p->sharing.count[role]; i++) {
        const mu_shared_wire *wire = &p->sharing.wire[role][i];
        mu_json json = mu_json_begin();
        mu_json_put(&json, "role", mu_json_text(one ? "serve" : names[role]));
        mu_json_put(&json, "transfer", mu_json_text(wire->transfer));
        mu_json_put(&json, "traffic", mu_json_text(wire->traffic));
        mu_json_put(&json, "tier", mu_json_text(machine->fabric.tier[wire->tier].name));
        mu_json_put(&json, "ranks", mu_json_number((double)wire->group.ranks));
        mu_json_put(&json, "stride", mu_json_number((double)wire->group.stride));
        mu_json_put(&json, "factor", mu_json_number(wire->factor));
        failed |= json_array_append_new(list, mu_json_done(&json));
    }
    return failed;
}

/* Transfers that others slow down. */
static json_t *sharing(const mu_question *question, const mu_prediction *p)
{
    json_t *list = json_array();
    if (list == NULL || (put_wires(list, question, p, 0) | put_wires(list, question, p, 1)) != 0) {
        json_decref(list);
        return NULL;
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "model", mu_json_text("flow"));
    mu_json_put(&json, "background", mu_json_number(question->scenario->network_background));
    mu_json_put(&json, "shared", list);
    mu_json_put(&json, "handover_factor", mu_json_number(fmax(p->sharing.handover, 1.0)));
    return mu_json_done(&json);
}

json_t *mu_prediction_json(const mu_question *question, const mu_prediction *p)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "scenario", mu_scenario_json(question, p));
    mu_json_put(&json, "prefill", prefill(p));
    mu_json_put(&json, "decode", decode(p));
    mu_json_put(&json, "ttft_s", mu_json_quantity(p->ttft_s, "s"));
    mu_json_put(&json, "throughput", throughput(p));
    mu_json_put(&json, "memory", memory(&p->point.decode.memory));
    mu_json_put(&json, "headroom_bytes", sure(p->headroom_bytes, "B"));
    mu_json_put(&json, "power_w", mu_json_quantity(p->power_w, "W"));
    mu_json_put(&json, "energy_per_output_token_j",
                mu_json_quantity(p->energy_per_output_token_j, "J"));
    mu_json_put(&json, "power", mu_power_json(&p->power));
    mu_json_put(&json, "chips", mu_json_number(p->point.chips));
    mu_json_put(&json, "concurrency", mu_json_number(p->point.concurrency));
    mu_json_put(&json, "bound", mu_json_text(mu_bound_words(p->point.bound)));
    if (p->cost_usd > 0.0) {
        mu_json_put(&json, "cost_usd", sure(p->cost_usd, "USD"));
    }
    if (question->contention[1] != NULL) {
        mu_json_put(&json, "network", sharing(question, p));
    }
    mu_json_put(&json, "warnings", mu_json_warnings(question, p->warning, p->warning_count));
    return mu_json_done(&json);
}

json_t *mu_plan_json(const mu_question *question, const mu_plan *plan, double seconds)
{
    mu_json json = mu_json_begin();
    json_t *pareto = json_array();
    int failed = pareto == NULL;
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        failed |= json_array_append_new(pareto, mu_prediction_json(question, &plan->pareto[i]));
    }
    if (failed != 0) {
        json_decref(pareto);
        pareto = NULL;
    }
    mu_json_put(&json, "best", mu_prediction_json(question, &plan->best));
    mu_json_put(&json, "candidates", json_integer((json_int_t)plan->candidates));
    mu_json_put(&json, "evaluated", json_integer((json_int_t)plan->evaluated));
    mu_json_put(&json, "pareto", pareto);
    mu_json_put(&json, "seconds", mu_json_number(seconds));
    return mu_json_done(&json);
}

/* 0 stands for not known. */
static json_t *ratio(mu_quantity quantity)
{
    return quantity.value > 0.0 ? mu_json_quantity(quantity, "") : json_null();
}

json_t *mu_match_json(const mu_question *reference, const mu_question *other, const mu_match *match)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "reference", mu_prediction_json(reference, &match->reference));
    mu_json_put(&json, "matched", mu_prediction_json(other, &match->matched));
    mu_json_put(&json, "reached", json_boolean(match->reached));
    mu_json_put(&json, "chips", mu_json_quantity(match->chips, "chips"));
    mu_json_put(&json, "ratio", ratio(match->ratio));
    mu_json_put(&json, "power_ratio", ratio(match->power_ratio));
    mu_json_put(&json, "cost_ratio", ratio(match->cost_ratio));
    mu_json_put(&json, "throughput_ratio", ratio(match->throughput_ratio));
    mu_json_put(&json, "bottleneck", mu_json_text(match->bottleneck));
    mu_json_put(&json, "sentence", mu_json_text(match->sentence));
    return mu_json_done(&json);
}
