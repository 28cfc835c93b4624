/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers into a buffer, for files of millions of lines. Locale-free, no terminating zero.
 */
#ifndef MUSTER_REPORT_DIGITS_H
#define MUSTER_REPORT_DIGITS_H

#include <stdint.h>

enum { MU_DIGITS_MAX = 24 }; /* characters either function writes at most */

/** Decimal; returns the end. */
char *mu_digits_count(char *out, uint64_t value);

/** value / 10^decimals with all its decimals (1 .. 9); returns the end. */
char *mu_digits_scaled(char *out, int64_t value, uint32_t decimals);

/** A text, its terminating zero left out; returns the end. The caller knows that there is room. */
char *mu_digits_text(char *out, const char *text);

#endif
