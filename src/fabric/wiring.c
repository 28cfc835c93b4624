/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring items of the catalogue, put onto the tiers of a fabric.
 */
#include "fabric/wiring.h"

#include "base/text.h"
#include "fabric/fabric_catalog.h"
#include "fabric/shape_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 192, SPAN_MAX = 1000000000 };

/*
 * One cable and the switch behind it, where nobody says: switch ASICs forward in 0.1 us (NVSwitch,
 * InfiniBand) to 0.8 us (Ethernet), 20 m of fibre take 0.1 us, optics with FEC 0.1 to 0.2 us.
 */
static const mu_range latency_inside = {.best = 3e-7, .low = 1e-7, .high = 6e-7};
static const mu_range latency_outside = {.best = 6e-7, .low = 2e-7, .high = 1.2e-6};

/* An item of `wiring`, and the tiers it realises. */
typedef struct claim {
    const mu_node *item; /* NULL: nobody claims the tier */
    uint32_t tiers;      /* from this one on */
} claim;

typedef struct wirer {
    const mu_catalog *catalog;
    const mu_entity *system;
    const mu_entity *stated_by; /* of the list of items */
    mu_draw draw;
    uint32_t ranks_per_chip;
    uint64_t ranks;
    mu_fabric fabric;
    mu_network_spec plain[MU_NETWORKS_MAX]; /* tiers as their kinds say */
    claim claim[MU_TIERS_MAX];              /* at the first tier of each */
    bool claimed[MU_TIERS_MAX];
    mu_error *err;
} wirer;

/* Values of an item are facts. */

typedef struct item_values {
    const wirer *wirer;
    const char *name;
} item_values;

static void write_path(const item_values *v, const char *path, char out[PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "wiring.%s.%s", v->name, path);
}

static mu_status fact_number(const void *context, const mu_node *node, const char *path,
                             mu_dimension dimension, bool whole, double *out, mu_error *err)
{
    (void)node;
    (void)dimension;
    (void)whole;
    const item_values *v = context;
    char full[PATH_BYTES];
    write_path(v, path, full);
    return mu_fabric_fact(v->wirer->catalog, v->wirer->stated_by, full, true, v->wirer->draw, out,
                          err);
}

static mu_status fact_word(const void *context, const mu_node *node, const char *path,
                           const char **out, mu_error *err)
{
    (void)node;
    const item_values *v = context;
    char full[PATH_BYTES];
    write_path(v, path, full);
    mu_fact fact;
    mu_status status =
        mu_catalog_fact(v->wirer->catalog, v->wirer->stated_by, full, true, &fact, err);
    if (status == MU_OK) {
        *out = fact.text;
    }
    return status;
}

/* Claims */

static mu_status find_tier(const wirer *w, const mu_node *node, uint32_t *out)
{
    const char *names[MU_TIERS_MAX];
    const char *name = "";
    mu_status status = mu_node_text(&w->stated_by->doc, node, "tier", &name, w->err);
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t i = 0; i < w->fabric.tier_count; i++) {
        names[i] = w->fabric.tier[i].name;
        if (strcmp(name, names[i]) == 0) {
            *out = i;
            return MU_OK;
        }
    }
    const char *nearest = mu_text_nearest(name, names, w->fabric.tier_count);
    return mu_node_fail(&w->stated_by->doc, node, w->err,
                        "\"%.40s\" is no tier of system \"%s\"%s%s%s", name, w->system->id,
                        nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "\"?" : "");
}

/* Adds the tier named at `node` to a claim that so far has `count` from `first` on. */
static mu_status claim_tier(wirer *w, const mu_node *node, uint32_t *first, uint32_t count)
{
    uint32_t tier = 0;
    mu_status status = find_tier(w, node, &tier);
    if (status != MU_OK) {
        return status;
    }
    if (w->claimed[tier]) {
        return mu_node_fail(&w->stated_by->doc, node, w->err, "tier \"%s\" is wired twice",
                            w->fabric.tier[tier].name);
    }
    if (count > 0 && tier != *first + count) {
        return mu_node_fail(&w->stated_by->doc, node, w->err,
                            "expected the tier next out from \"%s\", found \"%s\"",
                            w->fabric.tier[*first + count - 1].name, w->fabric.tier[tier].name);
    }
    w->claimed[tier] = true;
    *first = count == 0 ? tier : *first;
    return MU_OK;
}

static mu_status read_claim(wirer *w, const mu_node *item)
{
    const mu_node *name = mu_node_get(item, "name");
    if (item->kind != MU_NODE_MAP || name == NULL || name->text == NULL) {
        return mu_node_fail(&w->stated_by->doc, item, w->err,
                            "expected a network {name: .., shape: ..}");
    }
    if (strlen(name->text) >= sizeof((mu_network_spec *)0)->name) {
        return mu_node_fail(&w->stated_by->doc, name, w->err,
                            "names of networks have at most %zu letters",
                            sizeof((mu_network_spec *)0)->name - 1);
    }
    const mu_node *tiers = mu_node_get(item, "tiers");
    bool listed = tiers != NULL && tiers->kind == MU_NODE_LIST;
    if (tiers != NULL && (!listed || tiers->count == 0)) {
        return mu_node_fail(&w->stated_by->doc, tiers, w->err,
                            "tiers: expected a list [..] of names of tiers");
    }
    claim c = {.item = item, .tiers = listed ? tiers->count : 1};
    uint32_t first = 0;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < c.tiers && status == MU_OK; i++) {
        status = claim_tier(w, listed ? &tiers->child[i] : name, &first, i);
    }
    if (status == MU_OK) {
        w->claim[first] = c;
    }
    return status;
}

/* The list of items; NULL where there is none, or nearer tiers replaced those it was meant for. */
static const mu_node *find_items(wirer *w)
{
    const mu_entity *tiers_by = w->system;
    const mu_entity *again = NULL;
    (void)mu_catalog_node(w->catalog, w->system, "tiers", &tiers_by);
    const mu_node *list = mu_catalog_node(w->catalog, w->system, "wiring", &w->stated_by);
    const mu_node *above = mu_catalog_node(w->catalog, tiers_by, "wiring", &again);
    return w->stated_by != tiers_by && above == list ? NULL : list;
}

static mu_status read_claims(wirer *w)
{
    const mu_node *list = find_items(w);
    mu_status status = MU_OK;
    if (list != NULL && list->kind != MU_NODE_LIST) {
        return mu_node_fail(&w->stated_by->doc, list, w->err, "wiring: expected a list");
    }
    for (uint32_t i = 0; list != NULL && i < list->count && status == MU_OK; i++) {
        status = read_claim(w, &list->child[i]);
    }
    return status;
}

/* Specs */

/* Facts count chips; ranks of a chip sit side by side, and on rails each has one of its own. */
static void count_ranks(mu_shape_params *p, uint32_t ranks_per_chip)
{
    if (p->spec.rails > 1) {
        p->spec.rails *= ranks_per_chip;
    } else if (p->given[MU_SHAPE_KEY_DOWN] > 0) {
        p->spec.down[0] *= ranks_per_chip;
    }
    if (p->given[MU_SHAPE_KEY_DIMS] > 0) {
        p->spec.dim[0] *= ranks_per_chip;
    }
}

/* What outer tiers have less than inner ones, as oversubscription of the levels between. */
static void taper_of_tiers(const mu_tier *tier, uint32_t tiers, mu_shape_params *p)
{
    for (uint32_t i = 0; i + 1 < tiers && i < MU_DIMS_MAX; i++) {
        if (p->given[MU_SHAPE_KEY_TAPER] == 0 && tier[i].bandwidth > tier[i + 1].bandwidth) {
            p->spec.taper[i] = tier[i].bandwidth / tier[i + 1].bandwidth;
        }
    }
}

static mu_status wire_claim(const wirer *w, uint32_t first, mu_network_spec *out)
{
    const claim *c = &w->claim[first];
    const mu_tier *inner = &w->fabric.tier[first];
    const mu_tier *outer = &w->fabric.tier[first + c->tiers - 1];
    const item_values v = {.wirer = w, .name = mu_node_get(c->item, "name")->text};
    const mu_value_reader values = {.number = fact_number, .word = fact_word, .context = &v};
    mu_shape_params params;
    mu_status status = mu_shape_read(&w->stated_by->doc, c->item, &values, &params, w->err);
    if (status != MU_OK) {
        return status;
    }
    mu_network_spec *spec = &params.spec;
    (void)snprintf(spec->name, sizeof spec->name, "%s", v.name);
    spec->span = (uint64_t)outer->span;
    spec->bandwidth = inner->bandwidth;
    for (uint32_t i = 0; i < c->tiers; i++) {
        spec->in_network_reduction |= inner[i].in_network_reduction;
    }
    count_ranks(&params, w->ranks_per_chip);
    taper_of_tiers(inner, c->tiers, &params);
    if (params.given[MU_SHAPE_KEY_LATENCY] == 0) {
        spec->latency_s = -1.0;
    }
    uint64_t joined = w->ranks < spec->span ? w->ranks : spec->span;
    status = mu_shape_fit(&params, joined, w->err);
    if (status == MU_OK && w->ranks > (uint64_t)outer->span &&
        spec->span != (uint64_t)outer->span) {
        status = mu_node_fail(&w->stated_by->doc, c->item, w->err,
                              "network \"%s\": its radix joins %.0f ranks, but domains have %.0f; "
                              "inside another network it needs down: and up:",
                              spec->name, (double)spec->span, outer->span);
    }
    if (status == MU_OK) {
        *out = *spec;
    }
    return status;
}

static mu_status wire_tier(const wirer *w, uint32_t first, mu_network_spec *out)
{
    const claim *c = &w->claim[first];
    const mu_tier *tier = &w->fabric.tier[first];
    const mu_tier *outer = c->item != NULL ? tier + c->tiers - 1 : tier;
    if (outer->span > SPAN_MAX) {
        return mu_fail(w->err, MU_E_INPUT, "system \"%s\", tier \"%s\": more than %d ranks",
                       w->system->id, outer->name, SPAN_MAX);
    }
    if (c->item != NULL) {
        mu_status status = wire_claim(w, first, out);
        if (status != MU_OK) {
            return status;
        }
    } else {
        *out = w->plain[first];
        out->latency_s = -1.0;
    }
    if (out->latency_s < 0.0) {
        out->latency_s = mu_draw_value(
            w->draw, tier->scale_out ? "prior/wire_out_latency" : "prior/wire_latency",
            tier->scale_out ? latency_outside : latency_inside);
    }
    return MU_OK;
}

static mu_status check_ranks(const wirer *w)
{
    double most = w->fabric.tier[w->fabric.tier_count - 1].span;
    return (double)w->ranks <= most
               ? MU_OK
               : mu_fail(w->err, MU_E_INPUT,
                         "system \"%s\": expected at most %.0f ranks, found %.0f", w->system->id,
                         most, (double)w->ranks);
}

mu_status mu_wiring_from_catalog(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                                 uint32_t ranks_per_chip, uint64_t ranks,
                                 mu_network_spec out[MU_NETWORKS_MAX], uint32_t *count,
                                 mu_error *err)
{
    static_assert((int)MU_NETWORKS_MAX >= (int)MU_TIERS_MAX, "a network a tier at most");
    assert(system != NULL && system->kind == MU_ENTITY_SYSTEM);
    assert(out != NULL && count != NULL && ranks_per_chip > 0 && ranks > 0);
    wirer w = {.catalog = catalog,
               .system = system,
               .stated_by = system,
               .draw = draw,
               .ranks_per_chip = ranks_per_chip,
               .ranks = ranks,
               .err = err};
    mu_status status =
        mu_fabric_from_catalog(catalog, system, draw, ranks_per_chip, &w.fabric, err);
    if (status == MU_OK) {
        uint32_t plain = 0;
        mu_networks_of_tiers(&w.fabric, w.plain, &plain);
        status = read_claims(&w);
    }
    if (status == MU_OK) {
        status = check_ranks(&w);
    }
    mu_network_spec specs[MU_NETWORKS_MAX] = {{.planes = 0}};
    uint32_t found = 0;
    bool joined = false;
    for (uint32_t i = 0; status == MU_OK && !joined && i < w.fabric.tier_count; found++) {
        status = wire_tier(&w, i, &specs[found]);
        joined = status == MU_OK && specs[found].span >= ranks;
        i += w.claim[i].item != NULL ? w.claim[i].tiers : 1;
    }
    if (status == MU_OK) {
        memcpy(out, specs, found * sizeof *specs);
        *count = found;
    }
    return status;
}
