/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question of cost: which system, where it stands, who rents such chips.
 */
#include "study/cost.h"

#include "study/option.h"

#include <stdio.h>
#include <string.h>

static const char usual_region[] = "world";
static const double rent_least = 1e-6;
static const double rent_most = 1e6; /* USD/h */

static mu_status plain(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                       double fallback, double *out, mu_error *err)
{
    const mu_node *node = mu_catalog_node(catalog, entity, path, NULL);
    *out = fallback;
    return node == NULL ? MU_OK : mu_node_number(&entity->doc, node, path, 0.0, 1e12, out, err);
}

static mu_status read_system(const mu_catalog *catalog, mu_cost_question *q, mu_error *err)
{
    const mu_node *chip = mu_catalog_node(catalog, q->system, "chip", NULL);
    double nodes = 0.0;
    double most = 0.0;
    if (chip == NULL || chip->text == NULL) {
        return mu_fail_at(err, MU_E_INPUT, q->system->doc.file, 0, 0, "%s: names no chip",
                          q->system->id);
    }
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CHIP, chip->text, &q->chip, err);
    if (status == MU_OK) {
        status = plain(catalog, q->system, "chips", 1.0, &q->chips_sold, err);
    }
    if (status == MU_OK) {
        status = plain(catalog, q->system, "nodes", 0.0, &nodes, err);
    }
    if (status == MU_OK) {
        status = plain(catalog, q->system, "racks", 0.0, &q->racks_sold, err);
    }
    if (status == MU_OK) {
        status = plain(catalog, q->system, "max_chips", 0.0, &most, err);
    }
    if (status != MU_OK) {
        return status;
    }
    q->chips_sold = q->chips_sold >= 1.0 ? q->chips_sold : 1.0;
    q->chips = q->scenario->chips > 0.0 ? q->scenario->chips : q->chips_sold;
    q->server = nodes == 1.0 && q->racks_sold <= 0.0;
    most = most > q->chips_sold ? most : q->chips_sold;
    if (q->chips > most) {
        return mu_fail(err, MU_E_INPUT, "chips %.0f: %s grows to %.0f chips at most", q->chips,
                       q->system->id, most);
    }
    return MU_OK;
}

static mu_status find_region(const mu_catalog *catalog, mu_cost_question *q, mu_error *err)
{
    const char *said = q->scenario->cost.region;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_REGION,
                                       said[0] != '\0' ? said : usual_region, &q->region, err);
    if (status != MU_OK) {
        return status;
    }
    const char *currency = mu_catalog_text(catalog, q->region, "currency");
    if (currency != NULL) {
        status = mu_currency_find(catalog, currency, "currency", &q->local, err);
    }
    const mu_node *vendors =
        mu_catalog_node(catalog, q->region, "electricity.subsidised_vendors", NULL);
    for (uint32_t i = 0; vendors != NULL && i < vendors->count; i++) {
        const char *vendor = vendors->child[i].text;
        q->subsidised |= vendor != NULL && strcmp(vendor, q->chip->vendor) == 0;
    }
    return status;
}

/* What a cloud asks for the chip; not listed: no offer. */
static mu_status add_offer(const mu_catalog *catalog, const mu_entity *cloud, mu_cost_question *q,
                           mu_error *err)
{
    char path[96];
    mu_fact fact;
    for (uint32_t i = 0; i < q->offer_count; i++) {
        if (q->offer[i].cloud == cloud) {
            return MU_OK;
        }
    }
    (void)snprintf(path, sizeof path, "rental.%.64s", q->chip->id);
    mu_status status = mu_catalog_fact(catalog, cloud, path, false, &fact, err);
    if (status != MU_OK || fact.path == NULL || q->offer_count == MU_OFFERS_MAX) {
        return status;
    }
    if (!(fact.range.low > 0.0)) {
        return mu_node_fail(&cloud->doc, mu_catalog_node(catalog, cloud, path, NULL), err,
                            "%s: expected a price above 0, found %g USD/h", path, fact.range.low);
    }
    q->offer[q->offer_count++] =
        (mu_cost_offer){.cloud = cloud,
                        .price = {fact.range.best, fact.range.low, fact.range.high},
                        .grade = fact.grade,
                        .source = fact.source};
    return MU_OK;
}

/* Clouds of the region first, in its order, then all others by id. */
static mu_status find_offers(const mu_catalog *catalog, mu_cost_question *q, mu_error *err)
{
    mu_references local;
    mu_status status = mu_catalog_references(catalog, q->region, "clouds", &local, err);
    for (uint32_t i = 0; status == MU_OK && i < local.count; i++) {
        status = add_offer(catalog, local.entity[i], q, err);
    }
    q->local_offers = q->offer_count;
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_CLOUD);
    for (uint32_t i = 0; status == MU_OK && i < count; i++) {
        status = add_offer(catalog, mu_catalog_at(catalog, MU_ENTITY_CLOUD, i), q, err);
    }
    return status;
}

/* A price as it was said, within `low` to `high` USD; 0 where it was not. */
static mu_status read_price(const mu_cost_question *q, const char *text, const char *path,
                            double *out, mu_error *err)
{
    const mu_option *option = mu_option_by_path(path);
    bool rent = option->type == MU_OPTION_TEXT;
    mu_dimension dimension = rent ? MU_DIM_MONEY_RATE : option->dimension;
    double low = rent ? rent_least : option->low;
    double high = rent ? rent_most : option->high;
    *out = 0.0;
    if (text[0] == '\0') {
        return MU_OK;
    }
    mu_status status = mu_money_parse(q->catalog, text, dimension, path, out, err);
    if (status == MU_OK && !(*out >= low && *out <= high)) {
        status = mu_fail(err, MU_E_INPUT, "%s: expected %g to %g %s, found \"%.64s\"", path, low,
                         high, mu_unit_si(dimension), text);
    }
    return status;
}

static mu_status read_prices(mu_cost_question *q, mu_error *err)
{
    const mu_scenario *s = q->scenario;
    mu_scenario_topic topic = MU_TOPIC_ELECTRICITY;
    mu_status status =
        read_price(q, s->cost.electricity, "cost.electricity", &q->electricity_usd_per_kwh, err);
    if (status == MU_OK) {
        topic = MU_TOPIC_PRICE;
        status = read_price(q, s->cost.price, "cost.price", &q->price_usd, err);
    }
    if (status == MU_OK) {
        topic = MU_TOPIC_CURRENCY;
        status =
            mu_currency_find(q->catalog, s->cost.currency[0] != '\0' ? s->cost.currency : "usd",
                             "cost.currency", &q->shown, err);
    }
    if (status != MU_OK) {
        mu_scenario_blame(s, topic, err);
    }
    return status;
}

static mu_status find_rent(const mu_catalog *catalog, mu_cost_question *q, mu_error *err)
{
    const char *said = q->scenario->cost.rent;
    q->rent_from = -1;
    bool word = said[0] == '\0' || strcmp(said, "auto") == 0;
    if (word && q->offer_count > 0) {
        q->rent_from = 0;
        q->has_rent = true;
        return MU_OK;
    }
    if (word) {
        return said[0] == '\0' ? MU_OK
                               : mu_fail(err, MU_E_INPUT,
                                         "cost.rent: no cloud of the catalogue rents %s; expected "
                                         "a price such as 2.3 USD/h",
                                         q->chip->id);
    }
    if (strchr("+-.0123456789", said[0]) != NULL) {
        mu_status read = read_price(q, said, "cost.rent", &q->rent_usd, err);
        q->has_rent = read == MU_OK;
        return read;
    }
    const mu_entity *cloud = NULL;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CLOUD, said, &cloud, err);
    for (uint32_t i = 0; status == MU_OK && i < q->offer_count; i++) {
        if (q->offer[i].cloud == cloud) {
            q->rent_from = (int)i;
            q->has_rent = true;
            return MU_OK;
        }
    }
    return status != MU_OK
               ? status
               : mu_fail(err, MU_E_INPUT, "cost.rent: %s rents no %s", cloud->id, q->chip->id);
}

mu_status mu_cost_question_make(const mu_catalog *catalog, const mu_scenario *scenario,
                                const mu_question *served, mu_cost_question *out, mu_error *err)
{
    mu_cost_question q = {.catalog = catalog, .scenario = scenario, .served = served};
    mu_status status = MU_OK;
    if (served != NULL) {
        q.system = served->system;
    } else {
        status = mu_catalog_find(catalog, MU_ENTITY_SYSTEM, scenario->system, &q.system, err);
    }
    if (status == MU_OK) {
        status = read_system(catalog, &q, err);
    }
    if (status == MU_OK && served != NULL) {
        q.chip = served->chip;
    }
    if (status == MU_OK) {
        status = find_region(catalog, &q, err);
        if (status != MU_OK) {
            mu_scenario_blame(scenario, MU_TOPIC_REGION, err);
        }
    }
    if (status == MU_OK) {
        status = find_offers(catalog, &q, err);
    }
    if (status == MU_OK) {
        status = find_rent(catalog, &q, err);
        if (status != MU_OK) {
            mu_scenario_blame(scenario, MU_TOPIC_RENT, err);
        }
    }
    if (status == MU_OK) {
        status = read_prices(&q, err);
    }
    if (status == MU_OK) {
        *out = q;
    }
    return status;
}
