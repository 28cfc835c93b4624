/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money by its currency.
 *
 * What:  the currency ends what stands before the slash; the rest is a unit of USD.
 */
#include "catalog/money.h"

#include "base/text.h"
#include "catalog/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UNIT_MAX = 40, CURRENCIES_MAX = 64 };

static const double amount_most = 1e30;

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Codes of all currencies for a message, and into list[]; their number. */
static size_t name_all(const mu_catalog *catalog, char code[CURRENCIES_MAX][MU_CURRENCY_CODE_MAX],
                       const char *list[CURRENCIES_MAX], char *out, size_t size)
{
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_CURRENCY);
    size_t used = 0;
    count = count < CURRENCIES_MAX ? count : CURRENCIES_MAX;
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const char *id = mu_catalog_at(catalog, MU_ENTITY_CURRENCY, i)->id;
        size_t k = 0;
        for (; id[k] != '\0' && k + 1 < MU_CURRENCY_CODE_MAX; k++) {
            code[i][k] = upper(id[k]);
        }
        code[i][k] = '\0';
        list[i] = code[i];
        used += used < size
                    ? (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", code[i])
                    : 0;
    }
    return count;
}

static mu_status unknown(const mu_catalog *catalog, const char *word, const char *what,
                         mu_error *err)
{
    char code[CURRENCIES_MAX][MU_CURRENCY_CODE_MAX];
    const char *list[CURRENCIES_MAX];
    char capitals[UNIT_MAX];
    char all[160];
    size_t count = name_all(catalog, code, list, all, sizeof all);
    size_t k = 0;
    for (; word[k] != '\0' && k + 1 < sizeof capitals; k++) {
        capitals[k] = upper(word[k]);
    }
    capitals[k] = '\0';
    const char *near = mu_text_nearest(capitals, list, count);
    if (near == NULL) { /* "yaun" */
        uint32_t first = catalog->first_name[MU_ENTITY_CURRENCY];
        near = mu_text_nearest(word, catalog->name_texts + first,
                               catalog->first_name[MU_ENTITY_CURRENCY + 1] - first);
    }
    return mu_fail(err, MU_E_INPUT,
                   "%s: no currency \"%.32s\" in the catalogue, which has %s%s%s%s", what, word,
                   all, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                   near != NULL ? "\"?" : "");
}

static mu_status read_currency(const mu_catalog *catalog, const mu_entity *entity, mu_currency *out,
                               mu_error *err)
{
    mu_fact rate;
    mu_currency c = {.entity = entity};
    mu_status status = mu_catalog_fact(catalog, entity, "rate", true, &rate, err);
    if (status == MU_OK && !(rate.range.best > 0.0)) {
        status = mu_node_fail(&entity->doc, mu_catalog_node(catalog, entity, "rate", NULL), err,
                              "rate: expected more than 0 USD, found %g", rate.range.best);
    }
    if (status != MU_OK) {
        return status;
    }
    const char *day = mu_catalog_text(catalog, entity, "day");
    c.usd = rate.range.best;
    c.day = day != NULL ? day : "";
    for (size_t k = 0; entity->id[k] != '\0' && k + 1 < sizeof c.code; k++) {
        c.code[k] = upper(entity->id[k]);
    }
    *out = c;
    return MU_OK;
}

mu_status mu_currency_find(const mu_catalog *catalog, const char *name, const char *what,
                           mu_currency *out, mu_error *err)
{
    const mu_entry *entry = mu_catalog_entry(catalog, MU_ENTITY_CURRENCY, name);
    return entry != NULL ? read_currency(catalog, &entry->entity, out, err)
                         : unknown(catalog, name, what, err);
}

bool mu_is_money(mu_dimension dimension)
{
    return dimension == MU_DIM_MONEY || dimension == MU_DIM_MONEY_RATE ||
           dimension == MU_DIM_ENERGY_PRICE;
}

/* Copies what stands before the slash without spaces; false when it is too long for money. */
static bool numerator_of(const char *unit, char out[UNIT_MAX])
{
    size_t used = 0;
    for (; *unit != '\0' && *unit != '/'; unit++) {
        if (*unit == ' ') {
            continue;
        }
        if (used + 1 == UNIT_MAX) {
            return false;
        }
        out[used++] = *unit;
    }
    out[used] = '\0';
    return used > 0;
}

/* The currency whose name ends the text, the longest such name, and where it begins. */
static const mu_entry *ending(const mu_catalog *catalog, const char *text, size_t *begin)
{
    const mu_entry *found = NULL;
    size_t length = strlen(text);
    for (*begin = 0; *begin < length && found == NULL; *begin += found == NULL) {
        found = mu_catalog_entry(catalog, MU_ENTITY_CURRENCY, text + *begin);
    }
    return found;
}

mu_status mu_money_scale(const mu_catalog *catalog, const char *unit, mu_dimension dimension,
                         const char *what, double *scale, mu_error *err)
{
    char numerator[UNIT_MAX];
    char in_usd[2 * UNIT_MAX];
    const char *per = strchr(unit, '/');
    mu_error own = {0};
    mu_status status = mu_unit_scale(unit, dimension, what, scale, &own);
    if (status == MU_OK || !mu_is_money(dimension) || !numerator_of(unit, numerator) ||
        !mu_unit_may_be_money(unit, dimension)) {
        return status == MU_OK ? MU_OK : mu_fail(err, status, "%s", own.text);
    }
    size_t begin = 0;
    mu_currency currency;
    const mu_entry *entry = ending(catalog, numerator, &begin);
    if (entry == NULL) {
        return unknown(catalog, numerator, what, err);
    }
    status = read_currency(catalog, &entry->entity, &currency, err);
    if (status != MU_OK) {
        return status;
    }
    (void)snprintf(in_usd, sizeof in_usd, "%.*sUSD%.*s", (int)begin, numerator, UNIT_MAX - 1,
                   per != NULL ? per : "");
    if (mu_unit_scale(in_usd, dimension, what, scale, NULL) != MU_OK) {
        return mu_fail(err, MU_E_INPUT, "%s: expected %s, found the unit \"%.32s\"", what,
                       mu_unit_hint(dimension), unit);
    }
    *scale *= currency.usd;
    return MU_OK;
}

mu_status mu_money_parse(const mu_catalog *catalog, const char *text, mu_dimension dimension,
                         const char *what, double *out, mu_error *err)
{
    mu_error own = {0};
    double scale = 1.0;
    double amount = 0.0;
    char plain[2 * UNIT_MAX];
    size_t length = mu_unit_number_length(text);
    mu_status status = mu_unit_parse(text, dimension, what, out, &own);
    if (status == MU_OK || length == 0 || length >= UNIT_MAX ||
        !mu_unit_may_be_money(text + length, dimension)) {
        return status == MU_OK ? MU_OK : mu_fail(err, status, "%s", own.text);
    }
    status = mu_money_scale(catalog, text + length, dimension, what, &scale, err);
    if (status == MU_OK) {
        (void)snprintf(plain, sizeof plain, "%.*s", (int)length, text);
        status = mu_unit_read(plain, "", MU_DIM_NONE, what, &amount, err);
    }
    if (status == MU_OK && fabs(amount * scale) > amount_most) {
        status = mu_fail(err, MU_E_INPUT, "%s: \"%.40s\" is beyond 1e30 USD", what, text);
    }
    if (status == MU_OK) {
        *out = amount * scale;
    }
    return status;
}
