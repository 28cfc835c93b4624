/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run from its configuration to its answer.
 */
#include "serving/sim.h"

#include <assert.h>
#include <string.h>

enum { QUEUE_MOST = 1 << 22 };

static mu_status check_role(const mu_sim_role *role, const char *name, mu_error *err)
{
    assert(role->price != NULL);
    if (role->instances < 1 || role->lanes < 1 || role->max_sequences < 1 || role->max_tokens < 1 ||
        role->block_tokens < 1 || role->block_tokens > 65536 || role->mtp > 8) {
        return mu_fail(err, MU_E_INPUT,
                       "%s: instances, lanes, sequences, tokens and block size "
                       "must be 1 or more, blocks up to 65,536 tokens",
                       name);
    }
    if (role->blocks < 1) {
        return mu_fail(err, MU_NO, "%s: no room for a single cache block beside the weights", name);
    }
    return MU_OK;
}

static mu_status check(const mu_sim_config *config, mu_error *err)
{
    mu_status status = check_role(&config->decode, config->disaggregated ? "decode" : "serve", err);
    return status == MU_OK && config->disaggregated ? check_role(&config->prefill, "prefill", err)
                                                    : status;
}

/* Whether instances never meet: each may then run by itself. */
static bool are_independent(const mu_sim_config *config, const mu_traffic *traffic)
{
    return !config->disaggregated && config->router == MU_ROUTER_ROUND_ROBIN &&
           !mu_fleet_changes(&config->fleet) && traffic->ended == NULL && config->on_step == NULL &&
           config->on_request == NULL;
}

static uint32_t front_of(const mu_sim_config *config)
{
    uint32_t first = config->disaggregated ? config->prefill.instances : config->decode.instances;
    return config->fleet.most > first ? config->fleet.most : first;
}

static mu_status open_sim(mu_sim *sim, uint32_t threads, mu_error *err)
{
    const mu_sim_config *config = sim->config;
    sim->front = front_of(config);
    sim->queue_most = config->queue_most > 0 ? config->queue_most : QUEUE_MOST;
    uint32_t count = sim->front + (config->disaggregated ? config->decode.instances : 0);
    sim->instance = MU_NEW(sim->arena, mu_instance, count);
    sim->heap = MU_NEW(sim->arena, mu_instance *, count);
    sim->touched = MU_NEW(sim->arena, mu_instance *, count);
    sim->due = MU_NEW(sim->arena, mu_instance *, count);
    sim->counts = MU_NEW(sim->arena, mu_sim_counts, threads);
    if (sim->instance == NULL || sim->heap == NULL || sim->touched == NULL || sim->due == NULL ||
        sim->counts == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the instances");
    }
    mu_status status = MU_OK;
    while (sim->count < count && status == MU_OK) {
        status = mu_instance_open(sim, sim->count, &sim->instance[sim->count], err);
        sim->count++;
    }
    if (status == MU_OK) {
        mu_fleet_start(sim);
    }
    return status;
}

static void close_sim(mu_sim *sim)
{
    for (uint32_t i = 0; i < sim->count; i++) {
        mu_arena_free(sim->instance[i].arena);
    }
}

static mu_status run(mu_sim *sim, mu_pool *pool, mu_error *err)
{
    uint32_t threads = pool != NULL ? mu_pool_threads(pool) : 1;
    sim->alone =
        threads > 1 && front_of(sim->config) > 1 && are_independent(sim->config, sim->traffic);
    mu_status status = open_sim(sim, sim->alone ? threads : 1, err);
    if (status == MU_OK) {
        status = sim->alone ? mu_sim_run_alone(sim, pool, err) : mu_sim_run(sim, err);
    }
    for (uint32_t t = 1; sim->alone && status == MU_OK && t < threads; t++) {
        for (int m = 0; m < MU_SIM_MEASURES; m++) {
            mu_histogram_merge(&sim->counts[0].of[m], &sim->counts[t].of[m]);
        }
    }
    if (status == MU_OK && sim->lost.rejected > 0 && sim->lost.rejected == sim->taken) {
        status = mu_fail(err, MU_NO, "%s", sim->reason);
    }
    return status;
}

mu_status mu_simulate(const mu_sim_config *config, const mu_traffic *traffic, mu_pool *pool,
                      mu_arena *arena, mu_sim_answer *out, mu_error *err)
{
    mu_status status = check(config, err);
    mu_sim *sim = status == MU_OK ? MU_NEW(arena, mu_sim, 1) : NULL;
    if (sim == NULL) {
        return status != MU_OK ? status : mu_fail(err, MU_E_MEMORY, "no memory for a run");
    }
    sim->config = config;
    sim->traffic = traffic;
    sim->arena = arena;
    status = run(sim, pool, err);
    if (status == MU_OK) {
        status = mu_sim_sum(sim, out, err);
    }
    close_sim(sim);
    return status;
}
