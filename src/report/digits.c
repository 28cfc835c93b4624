/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers into a buffer.
 *
 * Why:   printf takes a microsecond a number, which is what a whole line may take.
 */
#include "report/digits.h"

#include <assert.h>

char *mu_digits_count(char *out, uint64_t value)
{
    char reversed[MU_DIGITS_MAX];
    uint32_t count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) {
        *out++ = reversed[--count];
    }
    return out;
}

char *mu_digits_scaled(char *out, int64_t value, uint32_t decimals)
{
    assert(decimals >= 1 && decimals <= 9);
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t scale = 1;
    for (uint32_t i = 0; i < decimals; i++) {
        scale *= 10;
    }
    if (value < 0) {
        *out++ = '-';
    }
    out = mu_digits_count(out, size / scale);
    *out++ = '.';
    for (uint64_t part = size % scale; scale > 1; part %= scale) {
        scale /= 10;
        *out++ = (char)('0' + part / scale);
    }
    return out;
}

char *mu_digits_text(char *out, const char *text)
{
    while (*text != '\0') {
        *out++ = *text++;
    }
    return out;
}
