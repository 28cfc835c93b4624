/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From facts to the input of a bill, in one draw.
 *
 * Terms: planned watts are the chips' limits, hosts and network: what the hall is built for.
 * Bound: a draw is named by the entity that states the fact, so regions share what they inherit.
 */
#include "study/cost_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double WATTS_PER_MEGAWATT = 1e6;
static const double SECONDS_PER_YEAR = 31557600.0;
static const double UTILISATION_LEAST = 1e-4;
static const double YEARS_LEAST = 0.1;
static const double PUE_MOST = 100.0;
static const double KWH_USD_MOST = 1e4;
static const double USD_MOST = 1e12;

static const mu_cost_term terms[MU_TERM_COUNT] = {
#define X(field, path, text, dim) {.key = path, .words = text, .dimension = MU_DIM_##dim},
    MU_COST_TERM_LIST(X)
#undef X
};

/* What the scenario says of a term; false where it leaves it to the region. */
static bool said(const mu_cost_question *q, int term, double *out)
{
    const mu_cost_wish *wish = &q->scenario->cost;
    switch (term) {
    case MU_TERM_electricity:
        *out = q->electricity_usd_per_kwh;
        return *out > 0.0;
    case MU_TERM_pue:
        *out = wish->pue;
        return wish->pue > 0.0;
    case MU_TERM_system_s:
        *out = wish->years * SECONDS_PER_YEAR;
        return wish->years > 0.0;
    case MU_TERM_residual:
        *out = wish->residual;
        return wish->residual >= 0.0;
    case MU_TERM_capital:
        *out = wish->capital;
        return wish->capital >= 0.0;
    case MU_TERM_utilisation:
        *out = wish->utilisation;
        return wish->utilisation > 0.0;
    default:
        return false;
    }
}

static mu_status missing(const mu_cost_question *q, int term, mu_error *err)
{
    const char *flag = term == MU_TERM_electricity ? ", or --electricity PRICE" : "";
    return mu_node_fail(&q->region->doc, q->region->doc.root, err,
                        "region %s states no %s: expected %s: with %s%s", q->region->id,
                        term == MU_TERM_electricity ? "price of electricity" : terms[term].words,
                        terms[term].key, mu_unit_hint(terms[term].dimension), flag);
}

/* What a term of that dimension can be; money: of a thing, of energy. */
static void limits(int term, double *low, double *high)
{
    mu_dimension dimension = terms[term].dimension;
    *low = term == MU_TERM_pue ? 1.0 : 0.0;
    *high = term == MU_TERM_pue                ? PUE_MOST
            : dimension == MU_DIM_FRACTION     ? 1.0
            : dimension == MU_DIM_ENERGY_PRICE ? KWH_USD_MOST
            : mu_is_money(dimension)           ? USD_MOST
                                               : 1e30;
}

/* Ends that cannot be are bad input; tails beyond good ones are cut by keep_possible(). */
static mu_status check_term(const mu_cost_question *q, const mu_fact *fact, int term, mu_error *err)
{
    double low = 0.0;
    double high = 0.0;
    const mu_entity *owner = q->region;
    limits(term, &low, &high);
    bool lasts = terms[term].dimension != MU_DIM_TIME || fact->range.best > 0.0;
    if (fact->range.low >= low && fact->range.high <= high && lasts) {
        return MU_OK;
    }
    const mu_node *node = mu_catalog_node(q->catalog, q->region, fact->path, &owner);
    double found = fact->range.low < low ? fact->range.low : fact->range.high;
    return mu_node_fail(&owner->doc, node, err, "%s: expected %s%g to %g%s%s, found %g", fact->path,
                        lasts ? "" : "more than ", low, high,
                        mu_unit_si(terms[term].dimension)[0] != '\0' ? " " : "",
                        mu_unit_si(terms[term].dimension), lasts ? found : fact->range.best);
}

/* The machine draws it: here only where it comes from. */
static mu_status pue_of_system(const mu_cost_question *q, mu_cost_term *out, mu_error *err)
{
    mu_fact fact;
    mu_status status = mu_catalog_fact(q->catalog, q->system, "power.pue", false, &fact, err);
    if (status == MU_OK) {
        bool stated = fact.path != NULL;
        out->entity = stated ? fact.entity : q->system->id;
        out->grade = 'D';
        if (stated) {
            out->grade = fact.grade;
        }
        out->source = stated ? fact.source : "muster-estimate";
    }
    return status;
}

mu_status mu_cost_term_read(const mu_cost_question *q, int term, mu_cost_term *out, mu_range *range,
                            mu_error *err)
{
    double value = 0.0;
    *out = terms[term];
    out->grade = '-';
    out->source = "";
    out->entity = "";
    *range = mu_range_point(0.0);
    if (term == MU_TERM_subsidy && !q->subsidised) {
        return MU_OK;
    }
    if (said(q, term, &value)) {
        *range = mu_range_point(value);
        return MU_OK;
    }
    mu_fact fact;
    mu_status status = mu_catalog_fact(q->catalog, q->region, terms[term].key, false, &fact, err);
    if (status == MU_OK && fact.path == NULL && term == MU_TERM_pue) {
        return pue_of_system(q, out, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (fact.path == NULL) {
        return missing(q, term, err);
    }
    status = check_term(q, &fact, term, err);
    if (status != MU_OK) {
        return status;
    }
    *range = fact.range;
    out->grade = fact.grade;
    out->source = fact.source;
    out->entity = fact.entity;
    return MU_OK;
}

/* Tails of wide ranges may leave what such a figure can be. */
static void keep_possible(double term[MU_TERM_COUNT])
{
    static const int shares[] = {MU_TERM_utilisation, MU_TERM_residual, MU_TERM_subsidy,
                                 MU_TERM_load};
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        term[i] = fmax(term[i], 0.0);
    }
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        term[shares[i]] = fmin(term[shares[i]], 1.0);
    }
    term[MU_TERM_utilisation] = fmax(term[MU_TERM_utilisation], UTILISATION_LEAST);
    term[MU_TERM_system_s] = fmax(term[MU_TERM_system_s], YEARS_LEAST * SECONDS_PER_YEAR);
    term[MU_TERM_hall_s] = fmax(term[MU_TERM_hall_s], YEARS_LEAST * SECONDS_PER_YEAR);
    term[MU_TERM_pue] = fmax(term[MU_TERM_pue], 1.0);
}

static mu_status draw_terms(const mu_cost_question *q, double machine_pue, mu_draw draw,
                            double term[MU_TERM_COUNT], mu_error *err)
{
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        char name[256];
        mu_cost_term found;
        mu_range range;
        mu_status status = mu_cost_term_read(q, i, &found, &range, err);
        if (status != MU_OK) {
            return status;
        }
        bool said_so = found.entity[0] == '\0';
        (void)snprintf(name, sizeof name, "%s%s/%s", said_so ? "said" : "region/", found.entity,
                       found.key);
        term[i] = mu_draw_value(draw, name, range);
    }
    if (!(term[MU_TERM_pue] > 0.0)) {
        term[MU_TERM_pue] = machine_pue;
    }
    keep_possible(term);
    return MU_OK;
}

/* A fact of a chip or system, drawn under the name that the machine's loader gives it. */
static mu_status draw_fact(const mu_cost_question *q, const mu_entity *entity, const char *path,
                           mu_draw draw, double *out, mu_error *err)
{
    char name[256];
    mu_fact fact;
    *out = 0.0;
    mu_status status = mu_catalog_fact(q->catalog, entity, path, false, &fact, err);
    if (status != MU_OK || fact.path == NULL) {
        return status;
    }
    bool of_chip = entity->kind == MU_ENTITY_CHIP;
    (void)snprintf(name, sizeof name, "%s/%s/%s", of_chip ? "chip" : "system",
                   of_chip ? fact.entity : entity->id, path);
    *out = fmax(mu_draw_value(draw, name, fact.range), 0.0);
    return MU_OK;
}

/* What catalogue facts of prices say, each of the chips owned. */
typedef struct prices {
    double system, chips, network, optics;
    double outside; /* networks that join what is sold as one */
} prices;

static mu_status draw_prices(const mu_cost_question *q, double chips, mu_draw draw, prices *out,
                             mu_error *err)
{
    double modules = 0.0;
    double module_usd = 0.0;
    mu_status status = draw_fact(q, q->system, "price", draw, &out->system, err);
    if (status == MU_OK) {
        status = draw_fact(q, q->chip, "price", draw, &out->chips, err);
    }
    if (status == MU_OK) {
        status = draw_fact(q, q->system, "network.cost_per_chip", draw, &out->network, err);
    }
    if (status == MU_OK) {
        status = draw_fact(q, q->system, "network.outside_per_chip", draw, &out->outside, err);
    }
    if (status == MU_OK) {
        status = draw_fact(q, q->system, "optics.modules", draw, &modules, err);
    }
    if (status == MU_OK) {
        status = draw_fact(q, q->system, "optics.price", draw, &module_usd, err);
    }
    if (status != MU_OK) {
        return status;
    }
    out->system = (q->price_usd > 0.0 ? q->price_usd : out->system) * chips / q->chips_sold;
    out->chips *= chips;
    out->network *= chips;
    out->outside *= chips;
    out->optics = fmin(modules * module_usd * chips / q->chips_sold, out->network);
    out->network -= out->optics;
    if (!(out->system > 0.0) && !(out->chips > 0.0)) {
        return mu_fail_at(err, MU_E_INPUT, q->system->doc.file, 0, 0,
                          "%s: neither it nor %s has a price: expected price:, or --price PRICE",
                          q->system->id, q->chip->id);
    }
    return MU_OK;
}

static void fill_power(const mu_machine *m, const double *term, const mu_service *service,
                       mu_cost_input *in)
{
    in->planned_w = in->chips * mu_power_per_chip(m, m->chip.tdp_w);
    in->idle_w = in->chips * mu_power_per_chip(m, m->chip.idle_w);
    in->load_w = service != NULL ? service->power_w : term[MU_TERM_load] * in->planned_w;
    in->load_w = fmax(in->load_w, in->idle_w);
}

static void fill_input(const mu_cost_question *q, const prices *p, const double *term,
                       mu_cost_input *in)
{
    bool stated = q->racks_sold > 0.0;
    in->racks = stated ? q->racks_sold * in->chips / q->chips_sold
                       : in->planned_w / fmax(term[MU_TERM_rack_w], 1.0);
    in->chips_usd = p->chips;
    in->hosts_usd = term[MU_TERM_host_usd] * in->chips;
    in->network_usd = p->network + p->outside;
    in->optics_usd = p->optics;
    in->racks_usd = term[MU_TERM_rack_usd] * in->racks;
    double parts_usd =
        in->chips_usd + in->hosts_usd + in->network_usd + in->optics_usd + in->racks_usd;
    in->system_usd = p->system;
    if (p->system > 0.0) {
        in->system_usd += p->outside;
        in->system_usd += q->server ? in->racks_usd + p->network + p->optics : 0.0;
    }
    in->storage_usd = term[MU_TERM_storage] * (in->system_usd > 0.0 ? in->system_usd : parts_usd);
    in->system_usd += in->system_usd > 0.0 ? in->storage_usd : 0.0;
    in->installation = term[MU_TERM_installation];
    in->power_usd_per_w = term[MU_TERM_power_usd];
    in->cooling_usd_per_w = term[MU_TERM_cooling_usd];
    in->pue = term[MU_TERM_pue];
    in->utilisation = term[MU_TERM_utilisation];
    in->years = term[MU_TERM_system_s] / SECONDS_PER_YEAR;
    in->hall_years = term[MU_TERM_hall_s] / SECONDS_PER_YEAR;
    in->residual = term[MU_TERM_residual];
    in->cost_of_capital = term[MU_TERM_capital];
    in->electricity_usd_per_kwh = term[MU_TERM_electricity];
    in->subsidy = term[MU_TERM_subsidy];
    in->staff_usd = term[MU_TERM_staff_usd];
    in->staff_per_w = term[MU_TERM_staff_per_mw] / WATTS_PER_MEGAWATT;
    in->space_usd = term[MU_TERM_space_usd];
    in->maintenance = term[MU_TERM_maintenance];
    in->spares = term[MU_TERM_spares];
}

static double draw_rent(const mu_cost_question *q, mu_draw draw)
{
    if (!q->has_rent || q->rent_from < 0) {
        return q->has_rent ? q->rent_usd : 0.0;
    }
    char name[256];
    const mu_cost_offer *offer = &q->offer[q->rent_from];
    (void)snprintf(name, sizeof name, "cloud/%s/rental.%s", offer->cloud->id, q->chip->id);
    mu_range range = {offer->price.value, offer->price.low, offer->price.high};
    return mu_draw_value(draw, name, range);
}

mu_status mu_cost_draw_make(const mu_cost_question *q, const mu_service *service, mu_draw draw,
                            mu_cost_draw *out, mu_error *err)
{
    mu_machine machine;
    prices p = {0};
    memset(out, 0, sizeof *out);
    mu_cost_input *in = &out->input;
    in->chips = service != NULL ? service->chips : q->chips;
    mu_machine_name name = {.system = q->system->id, .chip = q->chip->id};
    mu_status status = mu_machine_load(q->catalog, &name, draw, &machine, err);
    if (status == MU_OK) {
        status = draw_terms(q, machine.power.pue, draw, out->term, err);
    }
    if (status == MU_OK) {
        status = draw_prices(q, in->chips, draw, &p, err);
    }
    if (status != MU_OK) {
        return status;
    }
    fill_power(&machine, out->term, service, in);
    fill_input(q, &p, out->term, in);
    out->whole_price = p.system > 0.0;
    out->rent_usd = draw_rent(q, draw);
    if (service != NULL) {
        out->service = *service;
    }
    return mu_cost_check(in, err);
}
