/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a date: refused, or months within the bounds whose own text reads back to the first
 * of them.
 */
#include "economics/ramp.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64];
    char back[MU_MONTH_TEXT_MAX];
    if (size >= sizeof text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    mu_months months = {-1.0, -1.0};
    mu_months again = {-2.0, -2.0};
    if (!mu_months_parse(text, &months)) {
        if (months.first != -1.0 || months.last != -1.0) {
            abort();
        }
        return 0;
    }
    if (months.first < 12.0 * 1990.0 || months.last > 12.0 * 2100.0 + 11.0 ||
        months.last < months.first || months.last > months.first + 11.0) {
        abort();
    }
    mu_month_text(months.first, back);
    if (!mu_months_parse(back, &again) || again.first != months.first) {
        abort();
    }
    return 0;
}
