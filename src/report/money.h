/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money as people read it: in its currency, and in lists that add up as printed.
 */
#ifndef MUSTER_REPORT_MONEY_H
#define MUSTER_REPORT_MONEY_H

#include "report/format.h"

enum { MU_MONEY_PARTS_MAX = 16 };

/** As mu_format_quantity(), with `code` ("CNY") where that has USD. */
void mu_format_money(mu_quantity amount, mu_dimension dimension, const char *code,
                     char out[MU_CELL_MAX]);

/** Unit of a dimension ("USD/h"), with `code` where it is money. */
void mu_money_unit(mu_dimension dimension, const char *code, char out[MU_CELL_MAX]);

/**
 * Parts of a whole as multiples of one step that add up to the whole's: each is rounded down, what
 * is then missing goes to those that lost most.
 *
 * @param[in]  part   [count], >= 0; count <= MU_MONEY_PARTS_MAX
 * @param[in]  whole  their sum
 * @param[out] steps  [count]
 * @return     the whole in steps, rounded
 */
double mu_money_apportion(const double part[], int count, double whole, double step,
                          double steps[]);

/**
 * Amounts of one unit and as many decimals, five digits of the total, that add up to it as printed;
 * intervals as mu_format_quantity() has them.
 */
void mu_format_bill(const mu_quantity part[], int count, mu_quantity total, const char *code,
                    char cell[][MU_CELL_MAX], char total_cell[MU_CELL_MAX]);

/** Shares of the total, "60.7 %", that add up to 100.0 %; "" each where the total is 0. */
void mu_format_shares(const mu_quantity part[], int count, double total, char cell[][32]);

#endif
