/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and times of traces.
 *
 * What:  digits are gathered in an integer; where it and a power of ten are exact in a double, one
 *        multiplication rounds as strtod would, else strtod is asked (Clinger's fast path).
 * Bound: years 1970 to 2199, so that nanoseconds fit 63 bits.
 */
#include "io/trace_scan.h"

#include <math.h>
#include <stdlib.h>

enum { YEAR_FIRST = 1970, YEAR_LAST = 2199, POWERS = 23 };

static const char date_form[] = "a date such as 2023-11-16 18:15:46.68";

static const double power_of_ten[POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits gathered so far, without the point. */
typedef struct digits {
    uint64_t value;
    int kept;     /* significant ones in value, at most 19 */
    int dropped;  /* before the point, beyond those */
    int fraction; /* of the kept ones, behind the point */
    bool inexact; /* others than zeros were dropped */
} digits;

/* Returns where the run of digits ends. */
static const char *gather(const char *p, bool behind_point, digits *d)
{
    for (; is_digit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (d->kept < 19) {
            d->value = 10 * d->value + digit;
            d->kept += d->value > 0 ? 1 : 0;
            d->fraction += behind_point ? 1 : 0;
        } else {
            d->dropped += behind_point ? 0 : 1;
            d->inexact = d->inexact || digit != 0;
        }
    }
    return p;
}

/* The exponent behind e or E, at most some thousands; NULL when there is none. */
static const char *read_exponent(const char *p, int *out)
{
    bool negative = *p == '-';
    p += *p == '-' || *p == '+' ? 1 : 0;
    if (!is_digit(*p)) {
        return NULL;
    }
    int value = 0;
    for (; is_digit(*p); p++) {
        value = value < 1000 ? 10 * value + (*p - '0') : value;
    }
    *out = negative ? -value : value;
    return p;
}

bool mu_scan_number(mu_scan *scan, double *out)
{
    const char *start = scan->at;
    const char *first = start + (*start == '-' ? 1 : 0);
    digits d = {0};
    int exponent = 0;
    const char *p = gather(first, false, &d);
    if (p == first || (scan->json && *first == '0' && p - first > 1)) {
        return mu_scan_fail(scan, start, "a number");
    }
    if (*p == '.') {
        const char *point = p;
        p = gather(p + 1, true, &d);
        if (p == point + 1) {
            return mu_scan_fail(scan, start, "a number");
        }
    }
    if (*p == 'e' || *p == 'E') {
        p = read_exponent(p + 1, &exponent);
        if (p == NULL) {
            return mu_scan_fail(scan, start, "a number");
        }
    }
    exponent += d.dropped - d.fraction;
    double value = (double)d.value;
    if (d.value == 0) {
        value = 0.0;
    } else if (d.inexact || d.value > (UINT64_C(1) << 53) || abs(exponent) >= POWERS) {
        value = fabs(strtod(start, NULL));
    } else {
        value = exponent < 0 ? value / power_of_ten[-exponent] : value * power_of_ten[exponent];
    }
    *out = *start == '-' ? -value : value;
    scan->at = p;
    return true;
}

bool mu_scan_whole_slow(mu_scan *scan, const char *expected, uint64_t *out)
{
    const char *start = scan->at;
    const char *p = start;
    uint64_t value = 0;
    bool fits = true;
    for (; is_digit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = 10 * value + digit;
    }
    bool padded = scan->json && *start == '0' && p - start > 1;
    if (p > start && fits && !padded && *p != '.' && *p != 'e' && *p != 'E') {
        *out = value;
        scan->at = p;
        return true;
    }
    double number = -1.0;
    if (!mu_scan_number(scan, &number) || !(number >= 0.0 && number <= 0x1p53) ||
        number != floor(number)) {
        return mu_scan_fail(scan, start, expected);
    }
    *out = (uint64_t)number;
    return true;
}

/* Two digits as a number, or -1. */
static int two(const char *p)
{
    return is_digit(p[0]) && is_digit(p[1]) ? 10 * (p[0] - '0') + (p[1] - '0') : -1;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01; -1 when there is no such day. */
static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12 || day < 1) {
        return -1;
    }
    int leap = is_leap(year) ? 1 : 0;
    if (day > before[month] - before[month - 1] + (month == 2 ? leap : 0)) {
        return -1;
    }
    int past = year - 1;
    int leaps = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return (int64_t)365 * (year - YEAR_FIRST) + leaps + before[month - 1] + (month > 2 ? leap : 0) +
           day - 1;
}

/* ".6805900" as nanoseconds; NULL when malformed. */
static const char *read_fraction(const char *p, int64_t *nanoseconds)
{
    *nanoseconds = 0;
    if (*p != '.') {
        return p;
    }
    int64_t unit = 100000000;
    for (p++; is_digit(*p); p++) {
        if (unit == 0) {
            return NULL;
        }
        *nanoseconds += (*p - '0') * unit;
        unit /= 10;
    }
    return p;
}

/* "+05:30" as seconds east of Greenwich; NULL when malformed. */
static const char *read_zone(const char *p, int64_t *east_s)
{
    *east_s = 0;
    if (*p == 'Z' || *p == 'z') {
        return p + 1;
    }
    if (*p != '+' && *p != '-') {
        return p;
    }
    int sign = *p == '-' ? -1 : 1;
    int hours = two(p + 1);
    int minutes = 0;
    if (hours < 0 || hours > 23) {
        return NULL;
    }
    p += 3;
    if (*p == ':' || is_digit(*p)) {
        p += *p == ':' ? 1 : 0;
        minutes = two(p);
        if (minutes < 0 || minutes > 59) {
            return NULL;
        }
        p += 2;
    }
    *east_s = sign * (INT64_C(3600) * hours + INT64_C(60) * minutes);
    return p;
}

/* "18:15:46" as seconds; NULL when malformed. A leap second counts as the next one. */
static const char *read_clock(const char *p, int64_t *seconds)
{
    int hours = two(p);
    if (hours < 0 || hours > 23 || p[2] != ':') {
        return NULL;
    }
    int minutes = two(p + 3);
    if (minutes < 0 || minutes > 59 || p[5] != ':') {
        return NULL;
    }
    int last = two(p + 6);
    if (last < 0 || last > 60) {
        return NULL;
    }
    *seconds = INT64_C(3600) * hours + INT64_C(60) * minutes + last;
    return p + 8;
}

/* At four digits and a '-'. */
static bool read_date(mu_scan *scan, mu_moment *out)
{
    const char *start = scan->at;
    int month = two(start + 5);
    if (month < 0 || start[7] != '-') {
        return mu_scan_fail(scan, start, date_form);
    }
    int day = two(start + 8);
    if (day < 0 || (start[10] != ' ' && start[10] != 'T')) {
        return mu_scan_fail(scan, start, date_form);
    }
    int64_t days = days_of(100 * two(start) + two(start + 2), month, day);
    if (days < 0) {
        return mu_scan_fail(scan, start, "a day from 1970 to 2199");
    }
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    int64_t east_s = 0;
    const char *p = read_clock(start + 11, &seconds);
    p = p != NULL ? read_fraction(p, &nanoseconds) : NULL;
    p = p != NULL ? read_zone(p, &east_s) : NULL;
    if (p == NULL) {
        return mu_scan_fail(scan, start, date_form);
    }
    out->ticks = (86400 * days + seconds - east_s) * INT64_C(1000000000) + nanoseconds;
    out->part = 0.0;
    out->dated = true;
    scan->at = p;
    return true;
}

bool mu_scan_moment(mu_scan *scan, mu_moment *out)
{
    static const char form[] = "a time: a number of 0 or more, or a date such as "
                               "2023-11-16 18:15:46.68";
    const char *start = scan->at;
    if (two(start) >= 0 && two(start + 2) >= 0 && start[4] == '-') {
        return read_date(scan, out);
    }
    double number = 0.0;
    digits d = {0};
    const char *p = gather(start, false, &d);
    const char *point = p;
    bool plain = p > start && p - start <= 19 && d.value <= INT64_MAX / 2 &&
                 !(scan->json && *start == '0' && p - start > 1);
    digits f = {0};
    if (plain && *p == '.') {
        p = gather(p + 1, true, &f);
        plain = p > point + 1 && !f.inexact && f.fraction < POWERS;
    }
    if (plain && *p != 'e' && *p != 'E') {
        *out = (mu_moment){.ticks = (int64_t)d.value,
                           .part = (double)f.value / power_of_ten[f.fraction]};
        scan->at = p;
        return true;
    }
    if (!mu_scan_number(scan, &number) || !(number >= 0.0 && number <= 1e18)) {
        return mu_scan_fail(scan, start, form);
    }
    *out = (mu_moment){.ticks = (int64_t)number, .part = number - floor(number)};
    return true;
}
