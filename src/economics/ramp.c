/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates as months, and straight lines between what is known at dates.
 */
#include "economics/ramp.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

/* `digits` digits at text as a number in low .. high. */
static bool number(const char *text, size_t digits, int low, int high, int *out)
{
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
        value = 10 * value + (text[i] - '0');
    }
    *out = value;
    return value >= low && value <= high;
}

bool mu_months_parse(const char *text, mu_months *out)
{
    int year = 0;
    int part = 0;
    int day = 0;
    size_t length = strlen(text);
    if (length < 4 || !number(text, 4, 1990, 2100, &year)) {
        return false;
    }
    double first = 12.0 * year;
    if (length == 4) {
        *out = (mu_months){first, first + 11.0};
        return true;
    }
    if (length == 6 && toupper((unsigned char)text[4]) == 'Q' && number(text + 5, 1, 1, 4, &part)) {
        *out = (mu_months){first + 3.0 * (part - 1), first + 3.0 * part - 1.0};
        return true;
    }
    if (length == 6 && toupper((unsigned char)text[4]) == 'H' && number(text + 5, 1, 1, 2, &part)) {
        *out = (mu_months){first + 6.0 * (part - 1), first + 6.0 * part - 1.0};
        return true;
    }
    bool whole = length == 7;
    bool with_day = length == 10 && text[7] == '-' && number(text + 8, 2, 1, 31, &day);
    if ((whole || with_day) && text[4] == '-' && number(text + 5, 2, 1, 12, &part)) {
        *out = (mu_months){first + part - 1.0, first + part - 1.0};
        return true;
    }
    return false;
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
