/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator cases: a chip or a system is read once in every draw, then asked as often as there are
 * rows.
 *
 * Terms: margin = how far measurements lie from predictions, see study/op_margin.h.
 */
#include "study/validate_parts.h"

#include "base/text.h"
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double chips_of(const mu_catalog *catalog, const mu_entity *system)
{
    const mu_node *node = mu_catalog_node(catalog, system, "chips", NULL);
    double chips = HUGE_VAL;
    return node != NULL && node->text != NULL && mu_text_number(node->text, &chips) ? chips
                                                                                    : HUGE_VAL;
}

/* The smallest system made of a chip: its server. NULL when there is none. */
static const mu_entity *server_of(const mu_catalog *catalog, const mu_entity *chip)
{
    const mu_entity *best = NULL;
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_SYSTEM); i++) {
        const mu_entity *system = mu_catalog_at(catalog, MU_ENTITY_SYSTEM, i);
        const char *made_of = mu_catalog_text(catalog, system, "chip");
        bool fits = made_of != NULL && strcmp(made_of, chip->id) == 0;
        if (fits && (best == NULL || chips_of(catalog, system) < chips_of(catalog, best))) {
            best = system;
        }
    }
    return best;
}

/* A chip stands for its server, a system for its chip. */
static mu_status find_entities(const mu_catalog *catalog, const mu_op_target *target,
                               const mu_entity **system, const mu_entity **chip, mu_error *err)
{
    mu_error no_system = {0};
    mu_error no_chip = {0};
    *system = NULL;
    bool is_system =
        mu_catalog_find(catalog, MU_ENTITY_SYSTEM, target->name, system, &no_system) == MU_OK;
    bool is_chip = mu_catalog_find(catalog, MU_ENTITY_CHIP, target->name, chip, &no_chip) == MU_OK;
    if (!is_system && !is_chip) {
        *err = target->on_system ? no_system : no_chip;
        return err->status;
    }
    if (is_chip && !(is_system && target->on_system)) {
        *system = target->on_system ? server_of(catalog, *chip) : NULL;
        return !target->on_system || *system != NULL
                   ? MU_OK
                   : mu_fail(err, MU_E_INPUT, "%s: no system of the catalogue is made of it",
                             (*chip)->id);
    }
    const char *name = mu_catalog_text(catalog, *system, "chip");
    return mu_catalog_find(catalog, MU_ENTITY_CHIP, name != NULL ? name : "", chip, err);
}

/* Draw 0 joins the names to the plan, which is then closed. */
static mu_status load(const mu_validate_run *run, mu_op_target *target, mu_error *err)
{
    const mu_entity *system = NULL;
    const mu_entity *chip = NULL;
    mu_status status = find_entities(run->catalog, target, &system, &chip, err);
    mu_draw_plan *plan = mu_draw_plan_create(run->arena, run->options.seed);
    if (status == MU_OK && plan == NULL) {
        status = mu_fail(err, MU_E_MEMORY, "no memory for the draws");
    }
    if (status == MU_OK) {
        status = mu_op_margins_read(run->catalog, target->on_system ? system : chip, run->arena,
                                    &target->margins, err);
    }
    for (uint32_t i = 0; i <= run->options.samples && status == MU_OK; i++) {
        mu_draw draw = {.plan = plan, .index = i};
        uint32_t ranks = 1;
        status = mu_chip_from_catalog(run->catalog, chip, draw, &target->chip[i], &ranks, err);
        if (status == MU_OK && !target->on_system) {
            target->facts[i] = target->chip[i];
            target->facts[i].params = target->chip[0].params;
        }
        if (status == MU_OK && system != NULL) {
            status =
                mu_fabric_from_catalog(run->catalog, system, draw, ranks, &target->fabric[i], err);
        }
        if (i == 0) {
            mu_draw_plan_freeze(plan);
        }
    }
    return status;
}

mu_status mu_op_target_find(mu_validate_run *run, uint32_t case_index, mu_error *err)
{
    const mu_op_question *op = run->cases[case_index].op;
    bool on_system = mu_op_case_on_system(op->kind);
    for (uint32_t i = 0; i < run->target_count; i++) {
        if (run->target[i].on_system == on_system && strcmp(run->target[i].name, op->target) == 0) {
            run->source[case_index] = i;
            return MU_OK;
        }
    }
    mu_op_target *target = &run->target[run->target_count];
    *target = (mu_op_target){.name = op->target, .on_system = on_system};
    target->chip = MU_NEW(run->arena, mu_chip, run->options.samples + 1);
    target->fabric = on_system ? MU_NEW(run->arena, mu_fabric, run->options.samples + 1) : NULL;
    target->facts = on_system ? NULL : MU_NEW(run->arena, mu_chip, run->options.samples + 1);
    if (target->chip == NULL || (target->fabric == NULL && target->facts == NULL)) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %s", op->target);
    }
    mu_error local = {0};
    mu_status status = load(run, target, &local);
    if (status == MU_E_MEMORY) {
        return mu_fail(err, status, "%s", local.text);
    }
    if (status != MU_OK) {
        (void)snprintf(target->why, sizeof target->why, "%.*s", MU_TARGET_WHY_MAX - 1, local.text);
    }
    run->source[case_index] = run->target_count++;
    return MU_OK;
}

/* Seconds in one draw. */
static double time_in(const mu_op_question *op, const mu_moe_load *load, const mu_op_target *target,
                      const mu_chip chips[], uint32_t draw)
{
    const mu_fabric *fabric = target->fabric != NULL ? &target->fabric[draw] : NULL;
    return mu_op_time(op, load, &chips[draw], fabric);
}

/* Two independent doubts of one time, each as factors. */
static double both(double a, double b)
{
    return exp(hypot(log(a), log(b)));
}

/*
 * What rows showed of this chip says how far it may be off. What they showed of another one does
 * not know of doubt about this one's facts; without rows the draws say all there is to say.
 */
static mu_quantity time_of(const mu_validate_run *run, const mu_op_target *target,
                           const mu_op_question *op, const mu_moe_load *load)
{
    double draws[MU_VALIDATE_SAMPLES_MAX];
    uint32_t samples = run->options.samples;
    const mu_op_margin *margin = samples > 0 ? mu_op_margin_find(&target->margins, op) : NULL;
    double value = time_in(op, load, target, target->chip, 0);
    if (margin != NULL && margin->own) {
        mu_margin_step step = mu_op_margin_at(margin, value);
        return (mu_quantity){value, value * step.low, value * step.high};
    }
    const mu_chip *chips = margin != NULL && target->facts != NULL ? target->facts : target->chip;
    for (uint32_t i = 0; i < samples; i++) {
        draws[i] = time_in(op, load, target, chips, i + 1);
    }
    mu_quantity drawn = mu_quantity_of(value, draws, samples);
    if (margin == NULL) {
        const mu_op_margins *all = &target->margins;
        return (mu_quantity){value, value * pow(drawn.low / value, all->widen_low),
                             value * pow(drawn.high / value, all->widen_high)};
    }
    mu_margin_step step = mu_op_margin_at(margin, value);
    return (mu_quantity){value, value / both(value / drawn.low, 1.0 / step.low),
                         value * both(drawn.high / value, step.high)};
}

static void answer_measure(const mu_validate_run *run, const mu_op_target *target,
                           const mu_op_question *op, const mu_moe_load *load, mu_outcome *outcome)
{
    mu_quantity time_s = time_of(run, target, op, load);
    if (outcome->kind == MU_MEASURE_BUS_BANDWIDTH) {
        outcome->predicted = (mu_quantity){mu_op_bus_bandwidth(op, time_s.value),
                                           mu_op_bus_bandwidth(op, time_s.high),
                                           mu_op_bus_bandwidth(op, time_s.low)};
    } else {
        outcome->predicted = time_s;
    }
    outcome->answered = outcome->predicted.value > 0.0 && isfinite(outcome->predicted.value);
    outcome->why = outcome->answered ? NULL : "no such measure of this operator";
}

static mu_moe_load load_of(mu_load_slot *slots, const mu_op_question *op)
{
    const double key[5] = {op->number[MU_OP_FIELD_TOKENS], op->number[MU_OP_FIELD_EXPERTS],
                           op->number[MU_OP_FIELD_TOPK], op->number[MU_OP_FIELD_EP], op->spread};
    if (op->kind != MU_OP_CASE_MOE || op->spread < 0.0) {
        return mu_op_load(op);
    }
    uint64_t hash = 0;
    for (int i = 0; i < 5; i++) {
        hash = (hash ^ (uint64_t)(key[i] * 1024.0)) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    mu_load_slot *slot = &slots[hash % MU_LOAD_SLOTS];
    bool same = true;
    for (int i = 0; i < 5; i++) {
        same = same && slot->key[i] == key[i];
        slot->key[i] = key[i];
    }
    if (!same) {
        slot->load = mu_op_load(op);
    }
    return slot->load;
}

void mu_op_case_answer(const mu_validate_run *run, uint32_t case_index, uint32_t worker)
{
    const mu_case *c = &run->cases[case_index];
    const mu_op_target *target = &run->target[run->source[case_index]];
    if (target->why[0] != '\0') {
        mu_case_refuse(run, case_index, target->why);
        return;
    }
    mu_moe_load load = load_of(run->worker[worker].load, c->op);
    for (uint32_t i = 0; i < c->measure_count; i++) {
        mu_outcome *outcome = &run->outcome[run->first[case_index] + i];
        if (outcome->kind == MU_MEASURE_LATENCY || outcome->kind == MU_MEASURE_BUS_BANDWIDTH) {
            answer_measure(run, target, c->op, &load, outcome);
        } else {
            outcome->why = "not a measure of an operator; expected latency_s or "
                           "bus_bandwidth_bytes_per_s";
        }
    }
}
