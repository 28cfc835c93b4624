/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates as months, and straight lines between what is known at dates.
 */
#include "economics/ramp.h"

#include "catalog/date.h"

#include <math.h>
#include <stdio.h>

static const double YEAR_MIN = 1990.0;
static const double YEAR_MAX = 2100.0;
/* Twelfths of years are no binary fractions. */
static const double ROUNDING = 1e-6;

mu_ramp mu_ramp_always(double value)
{
    return (mu_ramp){.count = 1, .month = {0.0}, .value = {value}};
}

double mu_ramp_at(const mu_ramp *ramp, double month)
{
    if (ramp->count == 0 || month < ramp->month[0]) {
        return 0.0;
    }
    uint32_t i = 1;
    while (i < ramp->count && ramp->month[i] <= month) {
        i++;
    }
    if (i == ramp->count) {
        return ramp->value[i - 1];
    }
    double share = (month - ramp->month[i - 1]) / (ramp->month[i] - ramp->month[i - 1]);
    return ramp->value[i - 1] + share * (ramp->value[i] - ramp->value[i - 1]);
}

bool mu_months_parse(const char *text, mu_months *out)
{
    mu_range years;
    if (mu_date_parse(text, &years, NULL) != MU_OK) {
        return false;
    }
    double first = floor(12.0 * years.low + ROUNDING);
    double last = fmax(first, ceil(12.0 * years.high - ROUNDING) - 1.0);
    if (first < 12.0 * YEAR_MIN || last >= 12.0 * (YEAR_MAX + 1.0)) {
        return false;
    }
    *out = (mu_months){first, last};
    return true;
}

void mu_month_text(double month, char out[MU_MONTH_TEXT_MAX])
{
    if (!isfinite(month) || month < 0.0 || month > 12.0 * 9999.0) {
        (void)snprintf(out, MU_MONTH_TEXT_MAX, "-");
        return;
    }
    unsigned whole = (unsigned)floor(month);
    (void)snprintf(out, MU_MONTH_TEXT_MAX, "%04u-%02u", whole / 12U % 10000U, whole % 12U + 1U);
}
