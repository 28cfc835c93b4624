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

/* "Q3" or "H2" behind a year. */
static bool part_of_year(const char *text, double first, mu_months *out)
{
    int letter = toupper((unsigned char)text[0]);
    double months = letter == 'Q' ? 3.0 : 6.0;
    int part = 0;
    if ((letter != 'Q' && letter != 'H') || !number(text + 1, 1, 1, (int)(12.0 / months), &part)) {
        return false;
    }
    *out = (mu_months){first + months * (part - 1), first + months * part - 1.0};
    return true;
}

/* "-07" or "-07-31" behind a year. */
static bool month_of_year(const char *text, size_t length, double first, mu_months *out)
{
    int month = 0;
    int day = 0;
    bool whole = length == 3 || (length == 6 && text[3] == '-' && number(text + 4, 2, 1, 31, &day));
    if (!whole || text[0] != '-' || !number(text + 1, 2, 1, 12, &month)) {
        return false;
    }
    *out = (mu_months){first + month - 1.0, first + month - 1.0};
    return true;
}

bool mu_months_parse(const char *text, mu_months *out)
{
    int year = 0;
    size_t length = strlen(text);
    if (length < 4 || !number(text, 4, 1990, 2100, &year)) {
        return false;
    }
    double first = 12.0 * year;
    if (length == 4) {
        *out = (mu_months){first, first + 11.0};
        return true;
    }
    return length == 6 ? part_of_year(text + 4, first, out)
                       : month_of_year(text + 4, length - 4, first, out);
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
