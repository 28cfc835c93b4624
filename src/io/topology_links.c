/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cables from documents.
 *
 * What:  one pass over the list, then a sort to find what stands twice.
 * Bound: every rank and switch needs a cable, so that memory goes with the bytes of the file.
 */
#include "io/topology_links.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t number_max = INT32_MAX;

/* What links take that do not say. */
typedef struct link_defaults {
    double bandwidth; /* 0 = none stated */
    double latency_s; /* < 0 = none stated */
} link_defaults;

typedef struct link_reader {
    const mu_doc *doc;
    uint32_t ranks;
    uint32_t switches;
    link_defaults defaults;
    mu_error *err;
} link_reader;

/* A cable's ends in order, to find it again. */
typedef struct end_pair {
    uint32_t low;
    uint32_t high;
    uint32_t index;
} end_pair;

static void write_end(const link_reader *r, uint32_t vertex, char out[16])
{
    bool rank = vertex < r->ranks;
    (void)snprintf(out, 16, "%s%u", rank ? "" : "s", rank ? vertex : vertex - r->ranks);
}

static mu_status fail_end(const link_reader *r, const mu_node *node)
{
    char switches[48] = "";
    if (r->switches > 0) {
        (void)snprintf(switches, sizeof switches, " or switch s0 to s%u", r->switches - 1);
    }
    return mu_node_fail(r->doc, node, r->err, "%s: expected rank 0 to %u%s, found \"%.24s\"",
                        node->key, r->ranks - 1, switches, node->text != NULL ? node->text : "");
}

/* "17" or "s3" to a vertex. */
static mu_status read_end(const link_reader *r, const mu_node *link, const char *key, uint32_t *out)
{
    const mu_node *node = mu_node_get(link, key);
    if (node == NULL) {
        return mu_node_fail(r->doc, link, r->err, "a link needs its ends a: and b:");
    }
    const char *text = node->text != NULL ? node->text : "";
    bool to_switch = text[0] == 's';
    const char *digits = text + (to_switch ? 1 : 0);
    size_t length = strlen(digits);
    if (length == 0 || length > 10 || strspn(digits, "0123456789") != length) {
        return fail_end(r, node);
    }
    uint64_t number = strtoull(digits, NULL, 10);
    if (number >= (to_switch ? r->switches : r->ranks)) {
        return fail_end(r, node);
    }
    *out = (uint32_t)number + (to_switch ? r->ranks : 0);
    return MU_OK;
}

/* Bandwidth and latency stated in a map; those that are not are left alone. */
static mu_status read_rates(const mu_doc *doc, const mu_node *map, link_defaults *out,
                            mu_error *err)
{
    const mu_node *bandwidth = mu_node_get(map, "bandwidth");
    const mu_node *latency = mu_node_get(map, "latency");
    mu_status status = MU_OK;
    if (bandwidth != NULL) {
        status =
            mu_quantity_read(doc, bandwidth, "bandwidth", MU_DIM_BYTE_RATE, &out->bandwidth, err);
        if (status == MU_OK && !(out->bandwidth > 0.0)) {
            status = mu_node_fail(doc, bandwidth, err, "bandwidth: expected more than zero");
        }
    }
    if (status == MU_OK && latency != NULL) {
        status = mu_quantity_read(doc, latency, "latency", MU_DIM_TIME, &out->latency_s, err);
        if (status == MU_OK && !(out->latency_s >= 0.0)) {
            status = mu_node_fail(doc, latency, err, "latency: expected zero or more");
        }
    }
    return status;
}

static mu_status read_link(const link_reader *r, const mu_node *link, mu_cable *out)
{
    static const char *const known[] = {"a", "b", "bandwidth", "latency"};
    if (link->kind != MU_NODE_MAP) {
        return mu_node_fail(r->doc, link, r->err,
                            "expected a link {a: 0, b: s0, bandwidth: 400 Gb/s, latency: 500 ns}");
    }
    link_defaults rates = r->defaults;
    mu_status status = mu_node_known_keys(r->doc, link, known, 4, r->err);
    if (status == MU_OK) {
        status = read_end(r, link, "a", &out->a);
    }
    if (status == MU_OK) {
        status = read_end(r, link, "b", &out->b);
    }
    if (status == MU_OK && out->a == out->b) {
        status = mu_node_fail(r->doc, link, r->err, "a loop: both ends are %s",
                              mu_node_get(link, "a")->text);
    }
    if (status == MU_OK) {
        status = read_rates(r->doc, link, &rates, r->err);
    }
    if (status == MU_OK && (!(rates.bandwidth > 0.0) || !(rates.latency_s >= 0.0))) {
        bool bandwidth = !(rates.bandwidth > 0.0);
        status =
            mu_node_fail(r->doc, link, r->err, "a link needs a %s, such as %s",
                         bandwidth ? "bandwidth:" : "latency:", bandwidth ? "400 Gb/s" : "500 ns");
    }
    out->bandwidth = rates.bandwidth;
    out->latency_s = rates.latency_s;
    return status;
}

static int by_ends(const void *left, const void *right)
{
    const end_pair *a = left;
    const end_pair *b = right;
    if (a->low != b->low) {
        return a->low < b->low ? -1 : 1;
    }
    if (a->high != b->high) {
        return a->high < b->high ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static mu_status check_twice(const link_reader *r, const mu_node *list, end_pair *pairs)
{
    qsort(pairs, list->count, sizeof *pairs, by_ends);
    for (uint32_t i = 1; i < list->count; i++) {
        if (pairs[i].low == pairs[i - 1].low && pairs[i].high == pairs[i - 1].high) {
            return mu_node_fail(r->doc, &list->child[pairs[i].index], r->err,
                                "this link stands twice, the first time in line %u: give them as "
                                "one, with the bandwidth of both",
                                list->child[pairs[i - 1].index].line);
        }
    }
    return MU_OK;
}

static mu_status check_all_joined(const link_reader *r, const mu_node *list, const bool *joined)
{
    for (uint32_t v = 0; v < r->ranks + r->switches; v++) {
        if (!joined[v]) {
            char end[16];
            write_end(r, v, end);
            return mu_node_fail(r->doc, list, r->err, "%s %s has no link",
                                v < r->ranks ? "rank" : "switch", end);
        }
    }
    return MU_OK;
}

static mu_status read_list(const link_reader *r, const mu_node *list, mu_arena *arena,
                           mu_topology_plan *plan)
{
    uint64_t vertices = (uint64_t)r->ranks + r->switches;
    if (list->kind != MU_NODE_LIST || vertices > 2 * (uint64_t)list->count) {
        return mu_node_fail(r->doc, list, r->err,
                            "links: expected a list with a link for each of %u ranks and %u "
                            "switches, found %u",
                            r->ranks, r->switches, list->kind == MU_NODE_LIST ? list->count : 0);
    }
    mu_cable *cables = MU_NEW(arena, mu_cable, list->count);
    end_pair *pairs = MU_NEW(arena, end_pair, list->count);
    bool *joined = MU_NEW(arena, bool, vertices);
    if (cables == NULL || pairs == NULL || joined == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "no memory for %u links", list->count);
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        mu_cable *c = &cables[i];
        status = read_link(r, &list->child[i], c);
        if (status == MU_OK) {
            bool ordered = c->a < c->b;
            pairs[i] = (end_pair){ordered ? c->a : c->b, ordered ? c->b : c->a, i};
            joined[c->a] = true;
            joined[c->b] = true;
        }
    }
    if (status == MU_OK) {
        status = check_twice(r, list, pairs);
    }
    if (status == MU_OK) {
        status = check_all_joined(r, list, joined);
    }
    plan->vertices = (uint32_t)vertices;
    plan->cable = cables;
    plan->cable_count = list->count;
    return status;
}

mu_status mu_topology_links_read(mu_arena *arena, const mu_doc *doc, mu_topology_plan *plan,
                                 mu_error *err)
{
    link_reader r = {.doc = doc,
                     .ranks = plan->ranks,
                     .defaults = {.bandwidth = 0.0, .latency_s = -1.0},
                     .err = err};
    const mu_node *switches = mu_node_get(doc->root, "switches");
    uint64_t count = 0;
    mu_status status = read_rates(doc, doc->root, &r.defaults, err);
    if (status == MU_OK && switches != NULL) {
        status = mu_node_count(doc, switches, "switches", 0, number_max, &count, err);
    }
    r.switches = (uint32_t)count;
    const mu_node *list = mu_node_get(doc->root, "links");
    assert(list != NULL);
    return status == MU_OK ? read_list(&r, list, arena, plan) : status;
}
