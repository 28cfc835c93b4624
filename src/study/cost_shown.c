/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill in another currency.
 *
 * Bound: totals of the point are added up anew, so that they stay sums of their items to the last
 *        bit; ends of intervals, which are no sums, are divided by the rate.
 */
#include "study/cost_parts.h"

static mu_quantity in(mu_quantity usd, double rate)
{
    return (mu_quantity){usd.value / rate, usd.low / rate, usd.high / rate};
}

/* Items and their total. */
static void show_sum(mu_quantity item[], int count, mu_quantity *total, double rate)
{
    double sum = 0.0;
    for (int i = 0; i < count; i++) {
        item[i] = in(item[i], rate);
        sum += item[i].value;
    }
    *total = in(*total, rate);
    total->value = sum;
}

static void show_tokens(mu_token_prices *t, double rate)
{
    t->million_input = in(t->million_input, rate);
    t->million_output = in(t->million_output, rate);
    t->request = in(t->request, rate);
}

void mu_cost_show(double usd, mu_cost_answer *out)
{
    if (usd == 1.0) {
        return;
    }
    show_sum(out->capital, MU_CAPITAL_COUNT, &out->capital_total, usd);
    show_sum(out->year, MU_YEAR_COUNT, &out->year_total, usd);
    show_sum(out->chip_hour, MU_YEAR_COUNT, &out->chip_hour_total, usd);
    out->capital_per_chip = in(out->capital_per_chip, usd);
    out->used_chip_hour = in(out->used_chip_hour, usd);
    out->rent.price = in(out->rent.price, usd);
    show_tokens(&out->owned_tokens, usd);
    show_tokens(&out->rented_tokens, usd);
    for (int i = 0; i < MU_TERM_COUNT; i++) {
        if (mu_is_money(out->term[i].dimension)) {
            out->term[i].quantity = in(out->term[i].quantity, usd);
        }
    }
}

mu_quantity mu_cost_offer_price(const mu_cost_question *question, uint32_t offer)
{
    return in(question->offer[offer].price, question->shown.usd);
}
