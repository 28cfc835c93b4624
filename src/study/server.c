/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading how servers were launched, and finding the one of a measured case.
 */
#include "study/server.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Budgets that are computed are rounded up to this many tokens. */
static const double budget_step = 64.0;

typedef struct key {
    const char *name;
    size_t offset;
    double low, high;
} key;

#define KEY(name, low, high)                                                                       \
    {                                                                                              \
#name, offsetof(mu_server, name), low, high                                                \
    }
static const key numbers[] = {
    KEY(input, 1, 1e7),
    KEY(output, 1, 1e7),
    KEY(concurrency_least, 1, 1e8),
    KEY(concurrency_most, 1, 1e8),
    KEY(drafts, 0, 8),
    KEY(ranks, 1, 1e6),
    KEY(workers, 1, 1e6),
    KEY(max_running, 1, 1e7),
    KEY(prefill_max_running, 1, 1e7),
    KEY(prefill_batch_tokens, 1, 1e8),
    KEY(running_over_concurrency, 0.01, 100),
    KEY(running_short, 0, 1e6),
    KEY(batch_tokens, 1, 1e8),
    KEY(batch_tokens_plus, 0, 1e6),
    KEY(memory_utilisation, 0.05, 1),
    KEY(poll_steps, 1, 1e6),
    KEY(stream_interval, 1, 1e6),
    KEY(lag_steps, 0, 100),
    KEY(dp_timeout_steps, 0, 1e6),
    KEY(dp_batching_steps, 0, 1e6),
    KEY(batch_wait_steps, 0, 1e6),
    KEY(batch_wait_share, 0, 1),
    KEY(cold_first_s, 0, 1e6),
    KEY(cold_full_s, 0, 1e6),
};
static const key switches[] = {
    KEY(apart, 0, 1),        KEY(dp_attention, 0, 1), KEY(chunked_prefill, 0, 1),
    KEY(prefix_cache, 0, 1), KEY(kv_fp8, 0, 1),
};
#undef KEY

enum {
    NUMBERS = sizeof numbers / sizeof numbers[0],
    SWITCHES = sizeof switches / sizeof switches[0]
};

static double *field(mu_server *server, const key *k)
{
    return (double *)(void *)((char *)server + k->offset);
}

static mu_status check_keys(const mu_doc *doc, const mu_node *map, mu_error *err)
{
    const char *known[NUMBERS + SWITCHES + 2] = {"from", "until"};
    uint32_t count = 2;
    for (int i = 0; i < NUMBERS; i++) {
        known[count++] = numbers[i].name;
    }
    for (int i = 0; i < SWITCHES; i++) {
        known[count++] = switches[i].name;
    }
    return mu_node_known_keys(doc, map, known, count, err);
}

static mu_status read_number(const mu_doc *doc, const mu_node *map, const key *k, mu_server *out,
                             mu_error *err)
{
    const mu_node *node = mu_node_get(map, k->name);
    *field(out, k) = -1.0;
    return node != NULL ? mu_node_number(doc, node, k->name, k->low, k->high, field(out, k), err)
                        : MU_OK;
}

static mu_status read_switch(const mu_doc *doc, const mu_node *map, const key *k, mu_server *out,
                             mu_error *err)
{
    const mu_node *node = mu_node_get(map, k->name);
    bool on = false;
    mu_status status = node != NULL ? mu_node_bool(doc, node, k->name, &on, err) : MU_OK;
    *field(out, k) = node == NULL ? -1.0 : (on ? 1.0 : 0.0);
    return status;
}

static mu_status read_server(const mu_entity *recipe, const mu_node *map, mu_server *out,
                             mu_error *err)
{
    const mu_doc *doc = &recipe->doc;
    if (map->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, map, err, "servers: expected a map");
    }
    *out = (mu_server){.recipe = recipe};
    mu_status status = check_keys(doc, map, err);
    if (status == MU_OK) {
        status = mu_recipe_days_read(doc, map, &out->days, err);
    }
    for (int i = 0; i < NUMBERS && status == MU_OK; i++) {
        status = read_number(doc, map, &numbers[i], out, err);
    }
    for (int i = 0; i < SWITCHES && status == MU_OK; i++) {
        status = read_switch(doc, map, &switches[i], out, err);
    }
    return status;
}

static const mu_node *servers_of(const mu_catalog *catalog, uint32_t i)
{
    const mu_entity *recipe = mu_catalog_at(catalog, MU_ENTITY_RECIPE, i);
    const mu_node *list = mu_catalog_node(catalog, recipe, "servers", NULL);
    return list != NULL && list->kind == MU_NODE_LIST ? list : NULL;
}

mu_status mu_server_book_read(const mu_catalog *catalog, mu_arena *arena, mu_server_book *out,
                              mu_error *err)
{
    uint32_t recipes = mu_catalog_count(catalog, MU_ENTITY_RECIPE);
    uint32_t count = 0;
    for (uint32_t i = 0; i < recipes; i++) {
        const mu_node *list = servers_of(catalog, i);
        count += list != NULL ? list->count : 0;
    }
    mu_server *server = MU_NEW(arena, mu_server, (size_t)count + 1);
    if (server == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the servers");
    }
    mu_status status = MU_OK;
    count = 0;
    for (uint32_t i = 0; i < recipes; i++) {
        const mu_node *list = servers_of(catalog, i);
        const mu_entity *recipe = mu_catalog_at(catalog, MU_ENTITY_RECIPE, i);
        for (uint32_t k = 0; list != NULL && k < list->count && status == MU_OK; k++) {
            status = read_server(recipe, &list->child[k], &server[count++], err);
        }
    }
    *out = (mu_server_book){.server = server, .count = count};
    return status;
}

static bool agrees(double said, double is)
{
    return said < 0.0 || said == is;
}

/* A case without a date is of servers without days alone. */
static bool was_then(const mu_server *server, const mu_case *c)
{
    if (c->date[0] == '\0') {
        return server->days.from[0] == '\0' && server->days.until[0] == '\0';
    }
    return mu_recipe_days_hold(&server->days, c->date);
}

static bool matches(const mu_server *server, const mu_case *c, const mu_scenario *s)
{
    const mu_role_wish *role = mu_scenario_main_role(s);
    double drafts = role->mtp > 0.0 ? role->mtp : 0.0;
    double ranks = fmax(role->tp, 1.0) * fmax(role->dp, 1.0);
    return was_then(server, c) && (server->apart > 0.0) == !s->serve.given &&
           agrees(server->ranks, ranks) && agrees(server->workers, fmax(role->instances, 1.0)) &&
           agrees(server->input, s->input) && agrees(server->output, s->output) &&
           agrees(server->drafts, drafts) &&
           agrees(server->dp_attention, role->dp > 1.0 ? 1.0 : 0.0) &&
           (server->concurrency_least < 0.0 || s->concurrency >= server->concurrency_least) &&
           (server->concurrency_most < 0.0 || s->concurrency <= server->concurrency_most);
}

const mu_server *mu_server_find(const mu_server_book *book, const mu_catalog *catalog,
                                const mu_case *c, const mu_question *question,
                                const mu_scenario *scenario)
{
    for (uint32_t i = 0; i < book->count; i++) {
        const mu_server *server = &book->server[i];
        if (matches(server, c, scenario) &&
            mu_recipe_is_of(catalog, server->recipe, c, question, scenario)) {
            return server;
        }
    }
    return NULL;
}

/* Sequences at once in a DP group; 0 = not said. */
static double running_of(const mu_server *server, const mu_scenario *s, const mu_role_wish *role)
{
    double groups = fmax(role->dp, 1.0) * fmax(role->instances, 1.0);
    if (server->running_over_concurrency > 0.0) {
        double slots = ceil(server->running_over_concurrency * s->concurrency / groups);
        return fmax(slots - fmax(server->running_short, 0.0), 1.0);
    }
    return server->max_running > 0.0 ? server->max_running : 0.0;
}

static void apply_role(const mu_server *server, const mu_scenario *s, mu_role_wish *role)
{
    double running = running_of(server, s, role);
    if (running > 0.0) {
        role->batch = role->batch > 0.0 ? fmin(role->batch, running) : running;
    }
    if (server->batch_tokens > 0.0) {
        role->batch_tokens = server->batch_tokens;
    } else if (server->batch_tokens_plus >= 0.0 && running > 0.0) {
        double tokens = running + s->input + server->batch_tokens_plus;
        role->batch_tokens = ceil(tokens / budget_step) * budget_step;
    }
    if (server->chunked_prefill >= 0.0) {
        role->chunked_prefill = server->chunked_prefill > 0.0;
    }
}

static void apply_prefill(const mu_server *server, mu_role_wish *prefill)
{
    if (prefill->given && server->prefill_max_running > 0.0) {
        prefill->batch = server->prefill_max_running;
    }
    if (prefill->given && server->prefill_batch_tokens > 0.0) {
        prefill->batch_tokens = server->prefill_batch_tokens;
    }
}

static void take(double said, double *out)
{
    *out = said >= 0.0 ? said : *out;
}

void mu_server_apply(const mu_server *server, const mu_question *question, mu_scenario *scenario)
{
    mu_role_wish *role = scenario->serve.given ? &scenario->serve : &scenario->decode;
    mu_serving_wish *serving = &scenario->serving;
    apply_role(server, scenario, role);
    apply_prefill(server, &scenario->prefill);
    take(server->poll_steps, &serving->poll_steps);
    if (question->machine.engine.first_chunk_full) {
        take(server->stream_interval, &serving->stream_first);
    }
    take(server->lag_steps, &serving->lag_steps);
    take(server->dp_timeout_steps, &serving->dp_timeout_steps);
    take(server->dp_batching_steps, &serving->dp_batching_steps);
    take(server->batch_wait_steps, &serving->batch_wait_steps);
    take(server->batch_wait_share, &serving->batch_wait_share);
    take(server->cold_first_s, &serving->cold_first_s);
    take(server->cold_full_s, &serving->cold_full_s);
    if (server->prefix_cache >= 0.0) {
        serving->prefix_cache = server->prefix_cache > 0.0;
    }
}
