/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a machine from the catalogue in one draw: chip, fabric, engine, overheads.
 */
#include "schedule/machine.h"

#include "base/text.h"
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"

#include <stdio.h>
#include <string.h>

typedef struct engine_field {
    const char *name;
    mu_dimension dimension;
    mu_range prior;
    size_t offset;
} engine_field;

static const engine_field engine_fields[] = {
#define X(field, dimension, best, low, high, doc)                                                  \
    {#field, MU_DIM_##dimension, {best, low, high}, offsetof(mu_engine, field)},
    MU_ENGINE_PARAM_LIST(X)
#undef X
};

static const char usual_engine[] = "vllm";

/* A draw is named by what it is about, so that two systems share the luck of one engine. */
static double draw_named(mu_draw draw, const char *kind, const char *id, const char *what,
                         mu_range range)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%s/%s/%s", kind, id, what);
    return mu_draw_value(draw, name, range);
}

/* Plain numbers, fractions and counts have no unit to tell them apart. */
static bool same_dimension(mu_dimension a, mu_dimension b)
{
    return a == b || (mu_unit_si(a)[0] == '\0' && mu_unit_si(b)[0] == '\0');
}

static mu_status load_engine_fields(const mu_catalog *catalog, const mu_entity *engine,
                                    mu_draw draw, mu_engine *out, mu_error *err)
{
    for (size_t i = 0; i < sizeof engine_fields / sizeof *engine_fields; i++) {
        const engine_field *field = &engine_fields[i];
        char path[64];
        (void)snprintf(path, sizeof path, "parameters.%s", field->name);
        mu_fact fact;
        mu_status status = mu_catalog_fact(catalog, engine, path, false, &fact, err);
        if (status != MU_OK) {
            return status;
        }
        if (fact.path != NULL && !same_dimension(fact.dimension, field->dimension)) {
            return mu_fail_at(err, MU_E_INPUT, engine->doc.file, 0, 0, "%s: %s must be %s",
                              engine->id, path, mu_unit_hint(field->dimension));
        }
        mu_range range = fact.path != NULL ? fact.range : field->prior;
        /* Which drafts are taken hangs on the text, whatever engine runs it. */
        bool of_text = field->offset == offsetof(mu_engine, draft_acceptance);
        double value = of_text ? mu_draw_value(draw, "workload/acceptance", range)
                               : draw_named(draw, "engine", engine->id, field->name, range);
        memcpy((char *)out + field->offset, &value, sizeof value);
    }
    return MU_OK;
}

static mu_status load_plain(const mu_catalog *catalog, const mu_entity *engine, const char *path,
                            double low, double high, double *out, mu_error *err)
{
    const mu_node *node = mu_catalog_node(catalog, engine, path, NULL);
    if (node == NULL) {
        return MU_OK;
    }
    return mu_node_number(&engine->doc, node, path, low, high, out, err);
}

static mu_status load_switch(const mu_catalog *catalog, const mu_entity *engine, const char *path,
                             bool *out, mu_error *err)
{
    const mu_node *node = mu_catalog_node(catalog, engine, path, NULL);
    return node == NULL ? MU_OK : mu_node_bool(&engine->doc, node, path, out, err);
}

static mu_status load_word(const mu_catalog *catalog, const mu_entity *engine, const char *path,
                           char out[MU_POLICY_WORD_MAX], mu_error *err)
{
    const mu_node *node = mu_catalog_node(catalog, engine, path, NULL);
    const char *text = NULL;
    mu_status status = node == NULL ? MU_OK : mu_node_text(&engine->doc, node, path, &text, err);
    if (status == MU_OK && text != NULL) {
        if (strlen(text) >= MU_POLICY_WORD_MAX) {
            return mu_node_fail(&engine->doc, node, err, "%s: expected at most %d characters", path,
                                MU_POLICY_WORD_MAX - 1);
        }
        memcpy(out, text, strlen(text) + 1);
    }
    return status;
}

/* What a simulator asks of an engine: caches and steps. */
static mu_status load_scheduling(const mu_catalog *catalog, const mu_entity *engine, mu_engine *out,
                                 mu_error *err)
{
    out->block_tokens = 16.0;
    out->prefix_cache = true;
    memcpy(out->policy, usual_engine, sizeof usual_engine);
    mu_status status =
        load_plain(catalog, engine, "block_size", 1.0, 65536.0, &out->block_tokens, err);
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "prefix_cache", &out->prefix_cache, err);
    }
    return status == MU_OK ? load_word(catalog, engine, "policy", out->policy, err) : status;
}

mu_status mu_engine_load(const mu_catalog *catalog, const char *id, mu_draw draw, mu_engine *out,
                         mu_error *err)
{
    const mu_entity *engine;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_ENGINE, id, &engine, err);
    if (status != MU_OK) {
        return status;
    }
    out->max_batch_tokens = 8192.0;
    out->max_batch = 1024.0;
    out->chunked_prefill = true;
    status = load_engine_fields(catalog, engine, draw, out, err);
    if (status == MU_OK) {
        status =
            load_plain(catalog, engine, "max_batch_tokens", 1.0, 1e9, &out->max_batch_tokens, err);
    }
    if (status == MU_OK) {
        status = load_plain(catalog, engine, "max_batch", 1.0, 1e6, &out->max_batch, err);
    }
    if (status == MU_OK) {
        status = load_plain(catalog, engine, "drafts_disaggregated", 0.0, 8.0,
                            &out->drafts_disaggregated, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "gathers_always", &out->gathers_always, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "gathers_tokens", &out->gathers_tokens, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "kv_follows_weights", &out->kv_follows_weights, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "first_chunk_full", &out->first_chunk_full, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "memory_of_rest", &out->memory_of_rest, err);
    }
    if (status == MU_OK) {
        status = load_switch(catalog, engine, "chunked_prefill", &out->chunked_prefill, err);
    }
    return status == MU_OK ? load_scheduling(catalog, engine, out, err) : status;
}

double mu_machine_room(const mu_machine *machine, double taken_bytes)
{
    double capacity = machine->chip.memory_capacity;
    double share = machine->engine.memory_utilisation;
    if (!machine->engine.memory_of_rest) {
        return share * capacity;
    }
    return taken_bytes < capacity ? taken_bytes + share * (capacity - taken_bytes) : capacity;
}

const char *mu_machine_usual_engine(const mu_catalog *catalog, const mu_entity *system)
{
    const mu_node *node = mu_catalog_node(catalog, system, "engine", NULL);
    return node != NULL && node->text != NULL ? node->text : usual_engine;
}

/* A fact that may be missing, drawn; `fallback` then. */
static mu_status optional(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                          mu_draw draw, double fallback, double *out, mu_error *err)
{
    mu_fact fact;
    mu_status status = mu_catalog_fact(catalog, entity, path, false, &fact, err);
    if (status == MU_OK) {
        *out =
            fact.path != NULL ? draw_named(draw, "system", entity->id, path, fact.range) : fallback;
    }
    return status;
}

/* Watts that the tiers state, per chip. */
static double tiers_power(const mu_machine *machine)
{
    double sum_w = 0.0;
    for (uint32_t i = 0; i < machine->fabric.tier_count; i++) {
        sum_w += machine->fabric.tier[i].power_w_per_rank * machine->ranks_per_chip;
    }
    return sum_w;
}

/* Hosts, fans and conversion: as stated, else what the system's total leaves over chips and
 * network. */
static mu_status load_overheads(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                                mu_machine *out, mu_error *err)
{
    double sold = 0.0;
    double total_w = 0.0;
    double price_usd = 0.0;
    double host_w = -1.0;
    mu_status status = load_plain(catalog, system, "chips", 1.0, 1e7, &sold, err);
    if (status == MU_OK) {
        status = optional(catalog, system, "power.total", draw, 0.0, &total_w, err);
    }
    if (status == MU_OK) {
        status = optional(catalog, system, "power.network_per_chip", draw, tiers_power(out),
                          &out->network_w_per_chip, err);
    }
    if (status == MU_OK) {
        status = optional(catalog, system, "power.host_per_chip", draw, -1.0, &host_w, err);
    }
    if (status == MU_OK) {
        status = optional(catalog, system, "price", draw, 0.0, &price_usd, err);
    }
    if (status != MU_OK) {
        return status;
    }
    sold = sold >= 1.0 ? sold : 1.0;
    double tdp_w = out->chip.tdp_w * out->ranks_per_chip;
    double rest_w = total_w / sold - tdp_w - out->network_w_per_chip;
    out->host_w_per_chip = host_w >= 0.0 ? host_w : (rest_w > 0.0 ? rest_w : 0.0);
    out->price_usd_per_chip = price_usd / sold;
    return mu_power_split_load(catalog, system, draw, out, &out->power, err);
}

static mu_status load_count(const mu_catalog *catalog, const mu_entity *system, uint64_t chips,
                            mu_machine *out, mu_error *err)
{
    double sold = 1.0;
    double most = 0.0;
    mu_status status = load_plain(catalog, system, "chips", 1.0, 1e7, &sold, err);
    if (status == MU_OK) {
        status = load_plain(catalog, system, "max_chips", 1.0, 1e7, &most, err);
    }
    if (status != MU_OK) {
        return status;
    }
    most = most > sold ? most : sold;
    out->chips = chips > 0 ? (double)chips : sold;
    out->chips_max = most;
    if (out->chips > most) {
        return mu_fail(err, MU_E_INPUT, "chips %.0f: %s grows to %.0f chips at most", out->chips,
                       system->id, most);
    }
    return MU_OK;
}

static mu_status find_chip(const mu_catalog *catalog, const mu_entity *system, const char *chip_id,
                           const mu_entity **out, mu_error *err)
{
    if (chip_id != NULL && chip_id[0] != '\0') {
        return mu_catalog_find(catalog, MU_ENTITY_CHIP, chip_id, out, err);
    }
    const mu_node *node = mu_catalog_node(catalog, system, "chip", NULL);
    if (node == NULL || node->text == NULL) {
        return mu_fail_at(err, MU_E_INPUT, system->doc.file, 0, 0, "%s: names no chip", system->id);
    }
    return mu_catalog_find(catalog, MU_ENTITY_CHIP, node->text, out, err);
}

mu_status mu_machine_load(const mu_catalog *catalog, const mu_machine_name *name, mu_draw draw,
                          mu_machine *out, mu_error *err)
{
    const mu_entity *system = NULL;
    const mu_entity *chip = NULL;
    mu_machine machine = {0};
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_SYSTEM, name->system, &system, err);
    if (status == MU_OK) {
        status = find_chip(catalog, system, name->chip, &chip, err);
    }
    if (status == MU_OK) {
        status =
            mu_chip_from_catalog(catalog, chip, draw, &machine.chip, &machine.ranks_per_chip, err);
    }
    if (status == MU_OK) {
        status = mu_fabric_from_catalog(catalog, system, draw, machine.ranks_per_chip,
                                        &machine.fabric, err);
    }
    if (status == MU_OK) {
        bool said = name->engine != NULL && name->engine[0] != '\0';
        status =
            mu_engine_load(catalog, said ? name->engine : mu_machine_usual_engine(catalog, system),
                           draw, &machine.engine, err);
    }
    if (status == MU_OK) {
        status = load_overheads(catalog, system, draw, &machine, err);
    }
    if (status == MU_OK) {
        status = load_count(catalog, system, name->chips, &machine, err);
    }
    if (status == MU_OK) {
        *out = machine;
    }
    return status;
}
