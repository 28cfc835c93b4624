/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bills as JSON: one small function an object of the contract (docs/json.md).
 */
#include "report/answer_json.h"
#include "report/cost_report.h"
#include "report/money.h"

#include <stdio.h>

/* An amount in the money that is shown; `per` is "" or "/h". */
static json_t *money(const mu_cost_question *q, mu_quantity amount, const char *per)
{
    char unit[MU_CURRENCY_CODE_MAX + 8];
    (void)snprintf(unit, sizeof unit, "%s%s", q->shown.code, per);
    return mu_json_quantity(amount, unit);
}

/* "capital_usd": keys carry the money, too. */
static void put(mu_json *json, const mu_cost_question *q, const char *key, json_t *value)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s_%.24s", key, q->shown.entity->id);
    mu_json_put(json, full, value);
}

static json_t *capital(const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_json json = mu_json_begin();
    for (int i = 0; i < MU_CAPITAL_COUNT; i++) {
        mu_json_put(&json, mu_capital_key(i), money(q, a->capital[i], ""));
    }
    mu_json_put(&json, "total", money(q, a->capital_total, ""));
    mu_json_put(&json, "per_chip", money(q, a->capital_per_chip, ""));
    return mu_json_done(&json);
}

static json_t *year_items(const mu_cost_question *q, const mu_quantity items[], mu_quantity total,
                          const char *per)
{
    mu_json json = mu_json_begin();
    for (int i = 0; i < MU_YEAR_COUNT; i++) {
        mu_json_put(&json, mu_year_key(i), money(q, items[i], per));
    }
    mu_json_put(&json, "total", money(q, total, per));
    return mu_json_done(&json);
}

static json_t *chip_hour(const mu_cost_question *q, const mu_cost_answer *a)
{
    json_t *json = year_items(q, a->chip_hour, a->chip_hour_total, "/h");
    if (json != NULL && json_object_set_new(json, "used", money(q, a->used_chip_hour, "/h")) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *term(const mu_cost_question *q, const mu_cost_term *t)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "value", mu_json_number(t->quantity.value));
    mu_json_put(&json, "low", mu_json_number(t->quantity.low));
    mu_json_put(&json, "high", mu_json_number(t->quantity.high));
    char unit[MU_CELL_MAX];
    mu_money_unit(t->dimension, q->shown.code, unit);
    mu_json_put(&json, "unit", mu_json_text(unit));
    if (t->source[0] != '\0') {
        const char grade[] = {t->grade, '\0'};
        mu_json_put(&json, "grade", mu_json_text(grade));
        mu_json_put(&json, "source", mu_json_text(t->source));
        mu_json_put(&json, "stated_by", mu_json_text(t->entity));
    }
    return mu_json_done(&json);
}

static json_t *terms(const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_json json = mu_json_begin();
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        mu_json_put(&json, a->term[i].key, term(q, &a->term[i]));
    }
    return mu_json_done(&json);
}

static json_t *offers(const mu_cost_question *q)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < q->offer_count && list != NULL; i++) {
        const mu_cost_offer *o = &q->offer[i];
        const char grade[] = {o->grade, '\0'};
        mu_json json = mu_json_begin();
        mu_json_put(&json, "cloud", mu_json_text(o->cloud->id));
        mu_json_put(&json, "price", money(q, mu_cost_offer_price(q, i), "/h"));
        mu_json_put(&json, "grade", mu_json_text(grade));
        mu_json_put(&json, "source", mu_json_text(o->source));
        if (json_array_append_new(list, mu_json_done(&json)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* What one of it is worth. */
static json_t *currency(const mu_currency *c)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(c->entity->id));
    mu_json_put(&json, "usd", mu_json_number(c->usd));
    mu_json_put(&json, "day", mu_json_text(c->day));
    return mu_json_done(&json);
}

static json_t *tokens(const mu_cost_question *q, const mu_token_prices *t)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "million_input", money(q, t->million_input, ""));
    mu_json_put(&json, "million_output", money(q, t->million_output, ""));
    mu_json_put(&json, "request", money(q, t->request, ""));
    return mu_json_done(&json);
}

static json_t *rent(const mu_cost_question *q, const mu_cost_answer *a)
{
    const mu_cost_rent *r = &a->rent;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "cloud",
                q->rent_from >= 0 ? mu_json_text(q->offer[q->rent_from].cloud->id) : json_null());
    mu_json_put(&json, "price", money(q, r->price, "/h"));
    mu_json_put(&json, "break_even_utilisation", mu_json_quantity(r->use, ""));
    mu_json_put(&json, "break_even_utilisation_share", mu_json_number(r->use_share));
    mu_json_put(&json, "break_even_months", mu_json_quantity(r->months, ""));
    mu_json_put(&json, "break_even_months_share", mu_json_number(r->months_share));
    mu_json_put(&json, "margin", mu_json_quantity(r->margin, ""));
    if (a->served) {
        mu_json_put(&json, "tokens", tokens(q, &a->rented_tokens));
    }
    return mu_json_done(&json);
}

static json_t *notes(const mu_cost_answer *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->note_count && list != NULL; i++) {
        if (json_array_append_new(list, mu_json_text(a->note[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

json_t *mu_cost_json(const mu_cost_question *q, const mu_cost_answer *a)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "system", mu_json_text(q->system->id));
    mu_json_put(&json, "chip", mu_json_text(q->chip->id));
    mu_json_put(&json, "region", mu_json_text(q->region->id));
    mu_json_put(&json, "currency", q->local.entity != NULL ? currency(&q->local) : json_null());
    mu_json_put(&json, "chips", mu_json_number(a->chips));
    mu_json_put(&json, "money", currency(&q->shown));
    mu_json_put(&json, "money_year", mu_json_number(MU_MONEY_YEAR));
    put(&json, q, "capital", capital(q, a));
    put(&json, q, "year", year_items(q, a->year, a->year_total, ""));
    put(&json, q, "chip_hour", chip_hour(q, a));
    mu_json_put(&json, "load_w", mu_json_quantity(a->load_w, "W"));
    mu_json_put(&json, "planned_w", mu_json_quantity(a->planned_w, "W"));
    if (a->served) {
        put(&json, q, "tokens", tokens(q, &a->owned_tokens));
        mu_json_put(&json, "input_share", mu_json_quantity(a->input_share, ""));
    }
    mu_json_put(&json, "rent", a->rented ? rent(q, a) : json_null());
    mu_json_put(&json, "offers", offers(q));
    mu_json_put(&json, "terms", terms(q, a));
    if (a->served) {
        mu_json_put(&json, "prediction", mu_prediction_json(q->served, &a->prediction));
    }
    mu_json_put(&json, "notes", notes(a));
    return mu_json_done(&json);
}
