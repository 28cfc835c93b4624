/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money in tables.
 */
#include "report/money.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 5 };

/* All "USD" of a cell become the code. */
static void put_code(const char *text, const char *code, char out[MU_CELL_MAX])
{
    size_t used = 0;
    out[0] = '\0';
    while (*text != '\0' && used + 1 < MU_CELL_MAX) {
        if (strncmp(text, "USD", 3) == 0) {
            int length = snprintf(out + used, MU_CELL_MAX - used, "%.15s", code);
            used += length > 0 ? (size_t)length : 0;
            text += 3;
        } else {
            out[used++] = *text++;
            out[used] = '\0';
        }
    }
}

void mu_money_unit(mu_dimension dimension, const char *code, char out[MU_CELL_MAX])
{
    put_code(mu_unit_si(dimension), code, out);
}

void mu_format_money(mu_quantity amount, mu_dimension dimension, const char *code,
                     char out[MU_CELL_MAX])
{
    char text[MU_CELL_MAX];
    mu_format_quantity(amount, dimension, text);
    put_code(text, code, out);
}

double mu_money_apportion(const double part[], int count, double whole, double step, double steps[])
{
    double lost[MU_MONEY_PARTS_MAX];
    double left = round(whole / step);
    double total = left;
    assert(count <= MU_MONEY_PARTS_MAX && step > 0.0);
    for (int i = 0; i < count; i++) {
        steps[i] = floor(part[i] / step);
        lost[i] = part[i] / step - steps[i];
        left -= steps[i];
    }
    for (; left >= 1.0 && count > 0; left -= 1.0) {
        int most = 0;
        for (int i = 1; i < count; i++) {
            most = lost[i] > lost[most] ? i : most;
        }
        steps[most] += 1.0;
        lost[most] -= 1.0;
    }
    return total;
}

/* The power of 1000 an amount is read in, and the decimals that leave it five digits. */
static double unit_of(double total, const char **prefix, int *decimals)
{
    static const char *const prefixes[] = {"", "k ", "M ", "B "};
    int tens = total > 0.0 ? (int)floor(log10(total)) : 0;
    int thousands = tens >= 0 ? tens / 3 : 0;
    thousands = thousands > 3 ? 3 : thousands;
    int decimal = DIGITS - 1 - (tens - 3 * thousands);
    *prefix = prefixes[thousands];
    *decimals = decimal < 0 ? 0 : decimal > 12 ? 12 : decimal;
    return pow(1000.0, thousands);
}

static void put_amount(double steps, double in_unit, mu_quantity q, int decimals,
                       const char *prefix, const char *code, char out[MU_CELL_MAX])
{
    char low[48];
    char high[48];
    char text[MU_CELL_MAX];
    int used = snprintf(text, sizeof text, "%.*f %sUSD", decimals, steps * in_unit, prefix);
    if (used > 0 && (q.low != q.value || q.high != q.value)) {
        mu_unit_print(q.low, MU_DIM_MONEY, low, sizeof low);
        mu_unit_print(q.high, MU_DIM_MONEY, high, sizeof high);
        (void)snprintf(text + used, sizeof text - (size_t)used, " [%s, %s]", low, high);
    }
    put_code(text, code, out);
}

void mu_format_bill(const mu_quantity part[], int count, mu_quantity total, const char *code,
                    char cell[][MU_CELL_MAX], char total_cell[MU_CELL_MAX])
{
    double value[MU_MONEY_PARTS_MAX] = {0};
    double steps[MU_MONEY_PARTS_MAX];
    const char *prefix = "";
    int decimals = 0;
    double unit = unit_of(total.value, &prefix, &decimals);
    double in_unit = pow(10.0, -decimals);
    assert(count <= MU_MONEY_PARTS_MAX);
    for (int i = 0; i < count; i++) {
        value[i] = part[i].value;
    }
    double whole = mu_money_apportion(value, count, total.value, unit * in_unit, steps);
    for (int i = 0; i < count; i++) {
        put_amount(steps[i], in_unit, part[i], decimals, prefix, code, cell[i]);
    }
    put_amount(whole, in_unit, total, decimals, prefix, code, total_cell);
}

void mu_format_shares(const mu_quantity part[], int count, double total, char cell[][32])
{
    double share[MU_MONEY_PARTS_MAX] = {0};
    double steps[MU_MONEY_PARTS_MAX];
    assert(count <= MU_MONEY_PARTS_MAX);
    for (int i = 0; i < count; i++) {
        share[i] = total > 0.0 ? 100.0 * part[i].value / total : 0.0;
        cell[i][0] = '\0';
    }
    if (total > 0.0) {
        (void)mu_money_apportion(share, count, 100.0, 0.1, steps);
        for (int i = 0; i < count; i++) {
            (void)snprintf(cell[i], 32, "%.1f %%", steps[i] / 10.0);
        }
    }
}
