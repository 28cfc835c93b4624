/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanners of the values that traces hold: numbers, times, JSON. Private to the readers of traces.
 *
 * Terms: a scan is a place in one line. A scanner that says true has moved on behind what it read;
 *        one that says false has set `expected` and left `at` where the fault is.
 * Why:   strtod and a JSON library cost more than all the rest of reading together.
 */
#ifndef MUSTER_IO_TRACE_SCAN_H
#define MUSTER_IO_TRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MU_JSON_DEPTH_MAX = 64 };

typedef struct mu_scan {
    const char *line; /* its start */
    const char *at;
    const char *end;      /* *end is NUL */
    bool json;            /* numbers as JSON writes them: no leading zeros */
    const char *expected; /* static */
} mu_scan;

/* A moment on the clock of a file: ticks + part in the file's unit, part from 0 to 1. */
typedef struct mu_moment {
    int64_t ticks;
    double part;
    bool dated; /* it was a date; ticks are nanoseconds since 1970 then */
} mu_moment;

typedef struct mu_piece {
    const char *text; /* borrowed from the line */
    size_t length;
} mu_piece;

static inline bool mu_scan_fail(mu_scan *scan, const char *at, const char *expected)
{
    scan->at = at;
    scan->expected = expected;
    return false;
}

static inline void mu_scan_space(mu_scan *scan)
{
    while (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r') {
        scan->at++;
    }
}

/** One character after any space; false (`expected` as given) when there is another. */
static inline bool mu_scan_mark(mu_scan *scan, char mark, const char *expected)
{
    mu_scan_space(scan);
    if (*scan->at != mark) {
        return mu_scan_fail(scan, scan->at, expected);
    }
    scan->at++;
    return true;
}

/** A decimal number, [-]digits[.digits][e[+-]digits]; rounded as strtod does. */
bool mu_scan_number(mu_scan *scan, double *out);

/** The slow half of mu_scan_whole(): from the start of the number, which may be in any form. */
bool mu_scan_whole_slow(mu_scan *scan, const char *expected, uint64_t *out);

/** A whole number from 0 to 2^64 - 1; "12.0" and "1e3" are whole, too, up to 2^53. */
static inline bool mu_scan_whole(mu_scan *scan, const char *expected, uint64_t *out)
{
    const char *start = scan->at;
    const char *p = start;
    uint64_t value = 0;
    for (unsigned digit = (unsigned)(*p - '0'); digit <= 9; digit = (unsigned)(*p - '0')) {
        value = 10 * value + digit;
        p++;
    }
    bool odd = p == start || p - start > 19 || *p == '.' || (*p | 0x20) == 'e' ||
               (*start == '0' && p - start > 1);
    if (odd) {
        return mu_scan_whole_slow(scan, expected, out);
    }
    *out = value;
    scan->at = p;
    return true;
}

/**
 * A time: a number of 0 or more, or a date "2023-11-16 18:15:46.6805900" with 0 to 9 digits of
 * fraction, ' ' or 'T' before the time, and perhaps a zone (Z, +hh, +hhmm, +hh:mm; none = UTC).
 */
bool mu_scan_moment(mu_scan *scan, mu_moment *out);

/** A JSON string at `at`: what stands between the quotes, escapes checked but not decoded. */
bool mu_scan_json_string(mu_scan *scan, mu_piece *out);

/** Skips one JSON value of any kind, nested at most MU_JSON_DEPTH_MAX deep. */
bool mu_scan_json_skip(mu_scan *scan);

/** The next key of an object and its colon; *more is false behind the closing brace. */
bool mu_scan_json_key(mu_scan *scan, bool first, mu_piece *key, bool *more);

#endif
