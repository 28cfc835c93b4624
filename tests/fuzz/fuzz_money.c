/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as money in a currency of the catalogue: a finite amount, or one message and nothing
 * set. The first byte picks the dimension; the rest is the text.
 */
#include "catalog/builtin.h"
#include "catalog/money.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static mu_arena *arena;

static void end(void)
{
    mu_arena_free(arena);
}

/* Made once: it is the same for all inputs. */
static const mu_catalog *shipped(void)
{
    static mu_catalog *catalog;
    mu_error err = {0};
    if (catalog == NULL) {
        arena = mu_arena_create(0);
        demand(arena != NULL && atexit(end) == 0);
        demand(mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                                 &catalog, &err) == MU_OK);
    }
    return catalog;
}

static void check_message(const mu_error *err)
{
    demand(err->text[0] != '\0' && strchr(err->text, '\n') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mu_dimension of[] = {MU_DIM_MONEY, MU_DIM_MONEY_RATE, MU_DIM_ENERGY_PRICE,
                                      MU_DIM_TIME};
    char text[256];
    if (size < 1 || size > sizeof text - 1) {
        return 0;
    }
    mu_dimension dimension = of[data[0] % 4];
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    double value = 42.0;
    mu_error err = {0};
    if (mu_money_parse(shipped(), text, dimension, "x", &value, &err) == MU_OK) {
        demand(isfinite(value) && fabs(value) <= 1e30);
    } else {
        check_message(&err);
        demand(value == 42.0);
    }
    double scale = 0.0;
    mu_error scaled = {0};
    if (mu_money_scale(shipped(), text, dimension, "x", &scale, &scaled) == MU_OK) {
        demand(isfinite(scale) && scale > 0.0);
    } else {
        check_message(&scaled);
    }
    mu_currency currency;
    mu_error named = {0};
    if (mu_currency_find(shipped(), text, "x", &currency, &named) == MU_OK) {
        demand(currency.usd > 0.0 && currency.code[0] != '\0');
    } else {
        check_message(&named);
    }
    return 0;
}
