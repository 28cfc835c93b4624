/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks from documents: the whole, and networks by shape.
 */
#include "io/topology_read.h"

#include "base/units.h"
#include "fabric/shape_read.h"
#include "io/doc_read.h"
#include "io/topology_links.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const uint64_t ranks_max = INT32_MAX;

mu_status mu_quantity_read(const mu_doc *doc, const mu_node *node, const char *what,
                           mu_dimension dimension, double *out, mu_error *err)
{
    const char *text = "";
    mu_status status = mu_node_text(doc, node, what, &text, err);
    if (status != MU_OK) {
        return status;
    }
    mu_error inner = {.status = MU_OK};
    return mu_unit_parse(text, dimension, what, out, &inner) == MU_OK
               ? MU_OK
               : mu_node_fail(doc, node, err, "%s", inner.text);
}

/* Values of a shape are plain. */

static mu_status plain_number(const void *context, const mu_node *node, const char *path,
                              mu_dimension dimension, bool whole, double *out, mu_error *err)
{
    const mu_doc *doc = context;
    if (!whole) {
        return mu_quantity_read(doc, node, path, dimension, out, err);
    }
    uint64_t count = 0;
    mu_status status = mu_node_count(doc, node, path, 0, ranks_max, &count, err);
    if (status == MU_OK) {
        *out = (double)count;
    }
    return status;
}

static mu_status plain_word(const void *context, const mu_node *node, const char *path,
                            const char **out, mu_error *err)
{
    return mu_node_text(context, node, path, out, err);
}

/* One network of the list. */
typedef struct net_reader {
    const mu_doc *doc;
    const mu_node *item;
    uint64_t ranks;
    bool outermost;
    mu_shape_params params;
    mu_error *err;
} net_reader;

static mu_status check_keys(const net_reader *r)
{
    static const char *const known[] = {
        "name", "shape", "span", "bandwidth", "in_network_reduction",
#define X(NAME, key, field, type, most, shapes, dimension, low, high) #key,
#include "fabric/shape_keys.def"
#undef X
    };
    if (r->item->kind != MU_NODE_MAP) {
        return mu_node_fail(r->doc, r->item, r->err,
                            "expected a network {name: .., shape: .., bandwidth: .., latency: ..}");
    }
    return mu_node_known_keys(r->doc, r->item, known, sizeof known / sizeof known[0], r->err);
}

static mu_status read_name(net_reader *r)
{
    mu_network_spec *spec = &r->params.spec;
    const mu_node *node = mu_node_get(r->item, "name");
    const char *name = "";
    mu_status status = node != NULL
                           ? mu_node_text(r->doc, node, "name", &name, r->err)
                           : mu_node_fail(r->doc, r->item, r->err, "a network needs a name:");
    if (status == MU_OK && (name[0] == '\0' || strlen(name) >= sizeof spec->name)) {
        status = mu_node_fail(r->doc, node, r->err, "name: expected 1 to %zu letters",
                              sizeof spec->name - 1);
    }
    if (status == MU_OK) {
        memcpy(spec->name, name, strlen(name) + 1);
    }
    return status;
}

/* Bandwidth of a rank, and latency, which has to be stated. */
static mu_status read_rates(net_reader *r)
{
    mu_network_spec *spec = &r->params.spec;
    const mu_node *node = mu_node_get(r->item, "bandwidth");
    if (node == NULL || r->params.given[MU_SHAPE_KEY_LATENCY] == 0) {
        return mu_node_fail(r->doc, r->item, r->err, "network \"%s\" needs a %s, such as %s",
                            spec->name,
                            node == NULL ? "bandwidth: of one rank" : "latency: of one cable",
                            node == NULL ? "100 GB/s" : "500 ns");
    }
    mu_status status =
        mu_quantity_read(r->doc, node, "bandwidth", MU_DIM_BYTE_RATE, &spec->bandwidth, r->err);
    if (status == MU_OK && !(spec->bandwidth > 0.0)) {
        status = mu_node_fail(r->doc, node, r->err, "bandwidth: expected more than zero");
    }
    node = mu_node_get(r->item, "in_network_reduction");
    if (status == MU_OK && node != NULL) {
        status =
            mu_node_bool(r->doc, node, "in_network_reduction", &spec->in_network_reduction, r->err);
    }
    return status;
}

/* Ranks that the parameters join by themselves; 0 when they do not say. */
static uint64_t joined(const mu_shape_params *p)
{
    bool grid = p->given[MU_SHAPE_KEY_DIMS] > 0;
    bool tree = p->given[MU_SHAPE_KEY_DOWN] > 0 && p->radix == 0 && p->spec.shape == MU_SHAPE_CLOS;
    const uint32_t *counts = grid ? p->spec.dim : p->spec.down;
    uint32_t count = grid ? p->given[MU_SHAPE_KEY_DIMS] : p->given[MU_SHAPE_KEY_DOWN];
    uint64_t total = grid || tree ? 1 : 0;
    for (uint32_t i = 0; (grid || tree) && i < count; i++) {
        total = total > ranks_max ? total : total * counts[i];
    }
    return total;
}

static mu_status read_span(net_reader *r)
{
    mu_network_spec *spec = &r->params.spec;
    const mu_node *node = mu_node_get(r->item, "span");
    spec->span = joined(&r->params);
    if (node != NULL) {
        return mu_node_count(r->doc, node, "span", 1, ranks_max, &spec->span, r->err);
    }
    if (spec->span == 0 && r->outermost) {
        spec->span = r->ranks;
    }
    if (spec->span == 0 || spec->span > ranks_max) {
        return mu_node_fail(
            r->doc, r->item, r->err,
            "network \"%s\": expected span: (ranks in one domain), at most 2^31 - 1", spec->name);
    }
    return MU_OK;
}

static mu_status read_network(net_reader *r, mu_network_spec *out)
{
    const mu_value_reader values = {.number = plain_number, .word = plain_word, .context = r->doc};
    mu_status status = check_keys(r);
    if (status == MU_OK) {
        status = mu_shape_read(r->doc, r->item, &values, &r->params, r->err);
    }
    if (status == MU_OK) {
        status = read_name(r);
    }
    if (status == MU_OK) {
        status = read_rates(r);
    }
    if (status == MU_OK) {
        status = read_span(r);
    }
    if (status == MU_OK) {
        uint64_t span = r->params.spec.span;
        status = mu_shape_fit(&r->params, span < r->ranks ? span : r->ranks, r->err);
    }
    if (status == MU_OK) {
        *out = r->params.spec;
    }
    return status;
}

/* A network against those inside it. */
static mu_status check_order(const net_reader *r, const mu_topology_plan *plan)
{
    const mu_network_spec *spec = &plan->network[plan->network_count - 1];
    for (uint32_t i = 0; i + 1 < plan->network_count; i++) {
        if (strcmp(spec->name, plan->network[i].name) == 0) {
            return mu_node_fail(r->doc, mu_node_get(r->item, "name"), r->err,
                                "two networks have the name \"%s\"", spec->name);
        }
    }
    uint64_t inner = plan->network_count > 1 ? spec[-1].span : 1;
    bool nested = r->outermost || spec->span % inner == 0; /* one domain holds all in any case */
    if (plan->network_count > 1 && (!nested || spec->span <= inner)) {
        return mu_node_fail(r->doc, r->item, r->err,
                            "network \"%s\": expected domains of several of the %.0f ranks of "
                            "\"%s\", found %.0f",
                            spec->name, (double)inner, spec[-1].name, (double)spec->span);
    }
    return MU_OK;
}

static mu_status read_networks(const mu_doc *doc, const mu_node *list, mu_topology_plan *plan,
                               mu_error *err)
{
    if (list->kind != MU_NODE_LIST || list->count == 0 || list->count > MU_NETWORKS_MAX) {
        return mu_node_fail(doc, list, err, "networks: expected a list of 1 to %d",
                            MU_NETWORKS_MAX);
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        net_reader r = {.doc = doc,
                        .item = &list->child[i],
                        .ranks = plan->ranks,
                        .outermost = i + 1 == list->count,
                        .err = err};
        status = read_network(&r, &plan->network[plan->network_count++]);
        if (status == MU_OK) {
            status = check_order(&r, plan);
        }
    }
    uint64_t most = status == MU_OK ? plan->network[plan->network_count - 1].span : 0;
    if (status == MU_OK && most < plan->ranks) {
        return mu_node_fail(doc, list, err,
                            "the outermost network joins %.0f ranks of the %u there are",
                            (double)most, plan->ranks);
    }
    return status;
}

mu_status mu_topology_plan_from_doc(mu_arena *arena, const mu_doc *doc, mu_topology_plan *out,
                                    mu_error *err)
{
    static const char *const known[] = {"ranks", "networks",  "switches",
                                        "links", "bandwidth", "latency"};
    static const char *const of_shapes[] = {"ranks", "networks"};
    assert(arena != NULL && doc != NULL && out != NULL);
    const mu_node *root = doc->root;
    const mu_node *ranks = mu_node_get(root, "ranks");
    const mu_node *networks = mu_node_get(root, "networks");
    const mu_node *links = mu_node_get(root, "links");
    if (root->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, root, err, "expected a map with ranks: and networks: or links:");
    }
    mu_status status = mu_node_known_keys(doc, root, known, sizeof known / sizeof known[0], err);
    if (status == MU_OK && (ranks == NULL || (networks == NULL) == (links == NULL))) {
        status = mu_node_fail(doc, root, err, "expected ranks: and either networks: or links:");
    }
    if (status == MU_OK && networks != NULL) {
        status = mu_node_known_keys(doc, root, of_shapes, 2, err);
    }
    uint64_t count = 0;
    if (status == MU_OK) {
        status = mu_node_count(doc, ranks, "ranks", 1, ranks_max, &count, err);
    }
    mu_topology_plan plan = {.ranks = (uint32_t)count};
    if (status == MU_OK) {
        status = networks != NULL ? read_networks(doc, networks, &plan, err)
                                  : mu_topology_links_read(arena, doc, &plan, err);
    }
    if (status == MU_OK) {
        *out = plan;
    }
    return status;
}

mu_status mu_topology_plan_build(mu_arena *arena, const mu_topology_plan *plan, mu_topology *out,
                                 mu_error *err)
{
    assert(plan != NULL && plan->ranks > 0);
    return plan->network_count > 0
               ? mu_topology_build(arena, plan->ranks, plan->network, plan->network_count, out, err)
               : mu_topology_of_cables(arena, plan->ranks, plan->vertices, plan->cable,
                                       plan->cable_count, out, err);
}

mu_status mu_topology_read(mu_arena *arena, const char *path, mu_topology *out, mu_error *err)
{
    mu_doc doc = {.file = ""};
    mu_topology_plan plan = {.ranks = 0};
    mu_status status = mu_doc_read_file(arena, path, &doc, err);
    if (status == MU_OK) {
        status = mu_topology_plan_from_doc(arena, &doc, &plan, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_error inner = {.status = MU_OK};
    status = mu_topology_plan_build(arena, &plan, out, &inner);
    return status == MU_OK ? MU_OK : mu_fail_at(err, status, doc.file, 0, 0, "%s", inner.text);
}
