/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes over months: values at dates, straight lines between them.
 *
 * Terms: a month is a number, years * 12 + (1 .. 12) - 1 at its beginning; 2025-07 = 24306. A month
 *        is a twelfth of a year.
 */
#ifndef MUSTER_ECONOMICS_RAMP_H
#define MUSTER_ECONOMICS_RAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { MU_RAMP_POINTS_MAX = 16, MU_MONTH_TEXT_MAX = 12 };

/* Values at months in rising order. */
typedef struct mu_ramp {
    uint32_t count;
    double month[MU_RAMP_POINTS_MAX];
    double value[MU_RAMP_POINTS_MAX];
} mu_ramp;

/* A date as people say it: the months it covers, both included. */
typedef struct mu_months {
    double first;
    double last;
} mu_months;

/** The same at all times. */
mu_ramp mu_ramp_always(double value);

/** 0 before the first point, the last value after the last; O(points). */
double mu_ramp_at(const mu_ramp *ramp, double month);

/** Reads YYYY, YYYY-MM, YYYYQn, YYYYHn or YYYY-MM-DD (its month); years 1990 to 2100. */
bool mu_months_parse(const char *text, mu_months *out);

/** "2025-07" of the month that `month` lies in; "-" when not finite. */
void mu_month_text(double month, char out[MU_MONTH_TEXT_MAX]);

#endif
