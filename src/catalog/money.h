/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money in any currency of the catalogue: "0.6 CNY/kWh", "2.5EUR/h", "3 M RMB".
 *
 * Why:   every price that is read, of a flag, a scenario or a fact, goes through the same table:
 *        the entities of kind currency, each with what one is worth in USD and the day of that.
 * Bound: rates are taken at their best; what later days bring is in no interval.
 */
#ifndef MUSTER_CATALOG_MONEY_H
#define MUSTER_CATALOG_MONEY_H

#include "catalog/catalog.h"

enum { MU_CURRENCY_CODE_MAX = 16 };

/* What people pay with. */
typedef struct mu_currency {
    const mu_entity *entity;
    char code[MU_CURRENCY_CODE_MAX]; /* its id in capitals: "CNY" */
    double usd;                      /* what one is worth, > 0 */
    const char *day;                 /* of the rate; "" = not said */
} mu_currency;

/** Whether amounts of the dimension are money: sums, by the hour, by energy. */
bool mu_is_money(mu_dimension dimension);

/**
 * A currency by id or alias, in any case of letters.
 * @retval MU_E_INPUT  none of that name: the nearest is named, and all there are; a rate that is
 *                     not above 0
 */
mu_status mu_currency_find(const mu_catalog *catalog, const char *name, const char *what,
                           mu_currency *out, mu_error *err) MU_MUST_CHECK;

/**
 * As mu_unit_scale(), into USD, for a unit in any currency ("kCNY", "EUR/h", "RMB/kWh").
 *
 * @param[in] dimension  MONEY, MONEY_RATE or ENERGY_PRICE; of others it is mu_unit_scale()
 * @retval MU_E_INPUT    as there, or a currency that is not in the catalogue: the nearest is named
 */
mu_status mu_money_scale(const mu_catalog *catalog, const char *unit, mu_dimension dimension,
                         const char *what, double *scale, mu_error *err) MU_MUST_CHECK;

/** As mu_unit_parse(), into USD, for money in any currency. */
mu_status mu_money_parse(const mu_catalog *catalog, const char *text, mu_dimension dimension,
                         const char *what, double *out, mu_error *err) MU_MUST_CHECK;

#endif
