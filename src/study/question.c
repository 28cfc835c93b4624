/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a scenario to a question: ids resolved, formats chosen, workload taken over.
 *
 * Terms: native format = the one a model's weights are published in.
 */
#include "study/answer.h"

#include "base/text.h"
#include "fabric/wiring.h"
#include "schedule/contention.h"
#include "study/search.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const usual_model = "deepseek-r1";

static bool runs(const mu_chip *chip, mu_dtype dtype)
{
    return chip->peak_flops[dtype] > 0.0;
}

/* Weights as published where the chip multiplies that format; fp8 models go to int8 on chips
 * without. */
static mu_dtype native_or_nearest(mu_dtype native, const mu_chip *chip)
{
    if (native == MU_DTYPE_FP8 || native == MU_DTYPE_FP8_BLOCK) {
        if (runs(chip, MU_DTYPE_FP8)) {
            return native;
        }
        return runs(chip, MU_DTYPE_INT8) ? MU_DTYPE_INT8 : MU_DTYPE_BF16;
    }
    return native;
}

/* Inputs are quantised like the weights where the chip multiplies that format, and faster than BF16
 * (some keep INT8 at a crawl); else weight-only. */
static mu_dtype activations_for(mu_dtype weights, const mu_chip *chip)
{
    switch (weights) {
    case MU_DTYPE_FP8:
    case MU_DTYPE_FP8_BLOCK:
        return runs(chip, MU_DTYPE_FP8) ? weights : MU_DTYPE_BF16;
    case MU_DTYPE_INT8:
    case MU_DTYPE_FP4:
        return chip->peak_flops[weights] > chip->peak_flops[MU_DTYPE_BF16] ? weights
                                                                           : MU_DTYPE_BF16;
    case MU_DTYPE_INT4:
        return MU_DTYPE_BF16;
    default:
        return weights;
    }
}

static mu_dtype dispatch_for(mu_dtype activations)
{
    switch (activations) {
    case MU_DTYPE_FP8:
    case MU_DTYPE_FP8_BLOCK:
    case MU_DTYPE_FP4:
        return MU_DTYPE_FP8;
    case MU_DTYPE_INT8:
        return MU_DTYPE_INT8;
    default:
        return MU_DTYPE_BF16;
    }
}

static mu_dtype cache_for(mu_dtype weights, const mu_machine *machine)
{
    bool narrow =
        weights == MU_DTYPE_FP8 || weights == MU_DTYPE_FP8_BLOCK || weights == MU_DTYPE_FP4;
    return narrow && machine->engine.kv_follows_weights && runs(&machine->chip, MU_DTYPE_FP8)
               ? MU_DTYPE_FP8
               : MU_DTYPE_BF16;
}

/*
 * Format of the linear layers when one is named for the weights. Four-bit checkpoints of models
 * with experts keep attention wider: as published (gpt-oss), or BF16 (Nvidia's NVFP4 of DeepSeek-R1
 * and others, whose first edition quantises nothing of attention, the second its output
 * projection). FP8 ones of models published in FP8 with block scales have those.
 */
static mu_dtype linear_format(const mu_model *model, mu_dtype said, const mu_chip *chip)
{
    if (said == model->experts && model->experts != model->weights) {
        return native_or_nearest(model->weights, chip);
    }
    if (said == MU_DTYPE_FP4 && mu_model_experts(model) > 0) {
        return MU_DTYPE_BF16;
    }
    return said == MU_DTYPE_FP8 && model->fp8 == MU_DTYPE_FP8_BLOCK ? MU_DTYPE_FP8_BLOCK : said;
}

static mu_dtype expert_format(const mu_model *model, mu_dtype said)
{
    return said == MU_DTYPE_FP8 && model->fp8 == MU_DTYPE_FP8_BLOCK ? MU_DTYPE_FP8_BLOCK : said;
}

mu_precision mu_precision_choose(const mu_scenario *scenario, const mu_model *model,
                                 const mu_machine *machine)
{
    const mu_chip *chip = &machine->chip;
    mu_precision p;
    p.weights = scenario->weights >= 0 ? linear_format(model, (mu_dtype)scenario->weights, chip)
                                       : native_or_nearest(model->weights, chip);
    if (scenario->experts >= 0) {
        p.experts = expert_format(model, (mu_dtype)scenario->experts);
    } else if (scenario->weights >= 0) {
        p.experts = expert_format(model, (mu_dtype)scenario->weights);
    } else {
        p.experts = native_or_nearest(model->experts, chip);
    }
    p.activations = scenario->activations >= 0 ? (mu_dtype)scenario->activations
                                               : activations_for(p.weights, chip);
    p.expert_activations = scenario->activations >= 0 ? (mu_dtype)scenario->activations
                                                      : activations_for(p.experts, chip);
    p.kv = scenario->kv >= 0 ? (mu_dtype)scenario->kv : cache_for(p.experts, machine);
    p.dispatch = dispatch_for(p.expert_activations);
    return p;
}

static mu_status read_model(const mu_catalog *catalog, const mu_scenario *scenario,
                            const mu_doc *config, mu_model *out, mu_error *err)
{
    if (config != NULL) {
        return mu_model_read(config, config->root, scenario->model, out, err);
    }
    const char *id = scenario->model[0] != '\0' ? scenario->model : usual_model;
    const mu_entity *entity;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_MODEL, id, &entity, err);
    if (status != MU_OK) {
        return status;
    }
    const mu_node *node = mu_catalog_node(catalog, entity, "config", NULL);
    if (node == NULL) {
        return mu_fail_at(err, MU_E_INPUT, entity->doc.file, 0, 0, "%s: has no config", entity->id);
    }
    status = mu_model_read(&entity->doc, node, entity->id, out, err);
    const char *fp8 = mu_catalog_text(catalog, entity, "fp8");
    if (status == MU_OK && fp8 != NULL && !mu_dtype_parse(fp8, &out->fp8)) {
        return mu_fail_at(err, MU_E_INPUT, entity->doc.file, 0, 0,
                          "%s: fp8: expected fp8 or fp8_block, found \"%.32s\"", entity->id, fp8);
    }
    return status;
}

static mu_workload workload_of(const mu_scenario *s)
{
    return (mu_workload){.input = s->input,
                         .output = s->output,
                         .prefix_hit = s->prefix_hit,
                         .concurrency = s->concurrency,
                         .rate = s->rate,
                         .requests = s->requests,
                         .tpot_slo_s = s->tpot_s};
}

static mu_machine_name machine_name(const mu_scenario *scenario, const char *system,
                                    const char *chip)
{
    return (mu_machine_name){.system = system,
                             .chip = chip,
                             .engine = scenario->engine,
                             .chips = (uint64_t)scenario->chips};
}

static bool same_chips(const mu_scenario *scenario)
{
    return strcmp(scenario->prefill.chip, mu_scenario_main_role(scenario)->chip) == 0;
}

/* Prefill may run on chips of its own; the rest of the system stays. */
mu_status mu_question_machines(const mu_question *question, mu_draw draw, mu_machine *prefill,
                               mu_machine *decode, mu_error *err)
{
    const mu_catalog *catalog = question->catalog;
    const mu_scenario *scenario = question->scenario;
    const char *system = question->system->id;
    const mu_role_wish *main = mu_scenario_main_role(scenario);
    mu_machine_name name = machine_name(scenario, system, main->chip);
    mu_status status = mu_machine_load(catalog, &name, draw, decode, err);
    if (status != MU_OK) {
        return status;
    }
    if (same_chips(scenario)) {
        *prefill = *decode;
    } else {
        name = machine_name(scenario, system, scenario->prefill.chip);
        status = mu_machine_load(catalog, &name, draw, prefill, err);
    }
    prefill->contention = question->contention[0];
    decode->contention = question->contention[1];
    return status;
}

static double at_least_one(double x)
{
    return x > 1.0 ? x : 1.0;
}

/* Ranks of an instance as far as they were said. */
static double ranks_said(const mu_role_wish *r)
{
    return at_least_one(r->tp) * at_least_one(r->pp) * at_least_one(r->cp) * at_least_one(r->dp);
}

/* Ranks that instances can take and others beside them, and those in use. */
static void count_ranks(const mu_question *q, const mu_machine *machine, mu_contention_setup *setup)
{
    static const double searched = 8192.0; /* by mu_space_enumerate() */
    const mu_scenario *s = q->scenario;
    const mu_role_wish *roles[] = {&s->serve, &s->prefill, &s->decode};
    double most = searched;
    double said = 0.0;
    for (int i = 0; i < 3; i++) {
        most = fmax(most, ranks_said(roles[i]));
        said = fmax(said, ranks_said(roles[i]) * at_least_one(roles[i]->instances));
    }
    double busy = mu_scenario_is_explicit(s) ? said : machine->chips * machine->ranks_per_chip;
    setup->ranks = (uint64_t)fmin(2.0 * most, machine->chips_max * machine->ranks_per_chip);
    setup->busy = (uint64_t)fmin(busy, machine->chips_max * machine->ranks_per_chip);
}

/* The wires of a machine with as many chips as the question can use. */
static mu_status share_wires(const mu_question *q, const mu_machine *machine, mu_arena *arena,
                             mu_contention **out, mu_error *err)
{
    mu_network_spec networks[MU_NETWORKS_MAX];
    mu_congestion congestion;
    mu_contention_setup setup = {.fabric = &machine->fabric,
                                 .network = networks,
                                 .scale_up_ranks = mu_scale_up_ranks(&machine->fabric),
                                 .background = q->scenario->network_background,
                                 .routing = MU_ROUTING_SPRAY,
                                 .congestion = &congestion};
    count_ranks(q, machine, &setup);
    mu_draw point = {0};
    mu_status status = mu_congestion_from_catalog(q->catalog, point, &congestion, err);
    if (status == MU_OK) {
        status = mu_wiring_from_catalog(q->catalog, q->system, point, machine->ranks_per_chip,
                                        setup.ranks, networks, &setup.network_count, err);
    }
    if (status == MU_OK) {
        status = mu_contention_create(arena, &setup, out, err);
    }
    return status;
}

/* Where wires are shared: factors of both machines, made at the point. */
static mu_status share_network(mu_question *q, mu_arena *arena, mu_error *err)
{
    if (q->scenario->network != MU_NETWORK_FLOW) {
        return MU_OK;
    }
    assert(arena != NULL);
    mu_status status = share_wires(q, &q->machine, arena, &q->contention[1], err);
    q->contention[0] = q->contention[1];
    if (status == MU_OK && !same_chips(q->scenario)) {
        status = share_wires(q, &q->prefill_machine, arena, &q->contention[0], err);
    }
    q->prefill_machine.contention = q->contention[0];
    q->machine.contention = q->contention[1];
    return status;
}

static uint64_t chips_of(const mu_catalog *catalog, const mu_entity *system)
{
    const mu_node *node = mu_catalog_node(catalog, system, "chips", NULL);
    double chips = 0.0;
    return node != NULL && node->text != NULL && mu_text_number(node->text, &chips) && chips > 0.0
               ? (uint64_t)chips
               : 0;
}

/* A system by id; by the id of a chip, the largest system made of it. */
static mu_status find_system(const mu_catalog *catalog, const char *id, const mu_entity **out,
                             mu_error *err)
{
    mu_error ignored = {0};
    if (mu_catalog_find(catalog, MU_ENTITY_SYSTEM, id, out, &ignored) == MU_OK) {
        return MU_OK;
    }
    const mu_entity *chip = NULL;
    mu_error no_chip = {0};
    if (mu_catalog_find(catalog, MU_ENTITY_CHIP, id, &chip, &no_chip) != MU_OK) {
        return mu_catalog_find(catalog, MU_ENTITY_SYSTEM, id, out, err);
    }
    *out = NULL;
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_SYSTEM); i++) {
        const mu_entity *system = mu_catalog_at(catalog, MU_ENTITY_SYSTEM, i);
        const char *made_of = mu_catalog_text(catalog, system, "chip");
        if (made_of != NULL && strcmp(made_of, chip->id) == 0 &&
            (*out == NULL || chips_of(catalog, system) > chips_of(catalog, *out))) {
            *out = system;
        }
    }
    return *out != NULL
               ? MU_OK
               : mu_fail(err, MU_E_INPUT, "%s: no system of the catalogue is made of it", chip->id);
}

static mu_status find_entities(const mu_catalog *catalog, mu_question *q, mu_error *err)
{
    mu_status status = find_system(catalog, q->scenario->system, &q->system, err);
    if (status != MU_OK) {
        mu_scenario_blame(q->scenario, MU_TOPIC_SYSTEM, err);
        return status;
    }
    const char *chip = mu_catalog_text(catalog, q->system, "chip");
    status = mu_catalog_find(catalog, MU_ENTITY_CHIP, chip != NULL ? chip : "", &q->chip, err);
    if (status != MU_OK) {
        return status;
    }
    const char *engine = q->scenario->engine[0] != '\0'
                             ? q->scenario->engine
                             : mu_machine_usual_engine(catalog, q->system);
    status = mu_catalog_find(catalog, MU_ENTITY_ENGINE, engine, &q->engine, err);
    if (status != MU_OK) {
        mu_scenario_blame(q->scenario, MU_TOPIC_ENGINE, err);
    }
    return status;
}

/* Machines loaded earlier, of as many chips as this scenario asks for. */
static mu_status take_machines(mu_question *q, const mu_machine machines[2], mu_error *err)
{
    double chips = q->scenario->chips;
    if (chips > machines[1].chips_max) {
        return mu_fail(err, MU_E_INPUT, "chips %.0f: %s grows to %.0f chips at most", chips,
                       q->system->id, machines[1].chips_max);
    }
    q->prefill_machine = machines[0];
    q->machine = machines[1];
    q->prefill_machine.chips = chips > 0.0 ? chips : machines[0].chips;
    q->machine.chips = chips > 0.0 ? chips : machines[1].chips;
    return MU_OK;
}

mu_status mu_question_make(const mu_catalog *catalog, const mu_scenario *scenario,
                           const mu_doc *model_config, mu_arena *arena, mu_question *out,
                           mu_error *err)
{
    return mu_question_make_on(catalog, scenario, model_config, NULL, arena, out, err);
}

mu_status mu_question_make_on(const mu_catalog *catalog, const mu_scenario *scenario,
                              const mu_doc *model_config, const mu_machine machines[2],
                              mu_arena *arena, mu_question *out, mu_error *err)
{
    mu_question q = {.catalog = catalog, .scenario = scenario};
    if (scenario->system[0] == '\0') {
        return mu_fail(err, MU_E_INPUT, "no system: say which with `system:` or --system");
    }
    mu_status status = read_model(catalog, scenario, model_config, &q.model, err);
    if (status != MU_OK) {
        mu_scenario_blame(scenario, MU_TOPIC_MODEL, err);
        return status;
    }
    status = find_entities(catalog, &q, err);
    mu_draw point = {0};
    if (status == MU_OK) {
        status = machines != NULL
                     ? take_machines(&q, machines, err)
                     : mu_question_machines(&q, point, &q.prefill_machine, &q.machine, err);
    }
    if (status == MU_OK) {
        status = share_network(&q, arena, err);
    }
    if (status != MU_OK) {
        return status;
    }
    q.precision = mu_precision_choose(scenario, &q.model, &q.machine);
    q.workload = workload_of(scenario);
    *out = q;
    return MU_OK;
}

mu_status mu_question_check_length(const mu_question *question, mu_error *err)
{
    const mu_workload *w = &question->workload;
    const mu_model *model = &question->model;
    if (model->max_position > 0 && w->input + w->output > model->max_position) {
        return mu_fail(err, MU_E_INPUT, "input %.0f + output %.0f exceed the %u tokens of %s",
                       w->input, w->output, model->max_position, model->id);
    }
    return MU_OK;
}
