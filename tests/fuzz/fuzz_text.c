/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as words and numbers: mu_text_number agrees with strtod, what is written reads back, a
 * distance is within its bounds. Two words are split at the first newline; the rest of the first 8
 * bytes is also taken as a double.
 */
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const char *text)
{
    double value = 0.0;
    if (!mu_text_number(text, &value)) {
        return;
    }
    char *end = NULL;
    if (strtod(text, &end) != value || *end != '\0' || !isfinite(value)) {
        abort();
    }
}

static void check_exact(const uint8_t *data)
{
    double x;
    double back = 0.0;
    char text[32];
    memcpy(&x, data, sizeof x);
    mu_text_exact(x, text);
    if (isfinite(x) && (!mu_text_number(text, &back) || back != x)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (size > sizeof text - 1) {
        return 0;
    }
    if (size >= sizeof(double)) {
        check_exact(data);
    }
    memcpy(text, data, size);
    text[size] = '\0';
    check_number(text);
    char *second = strchr(text, '\n');
    if (second == NULL) {
        return 0;
    }
    *second++ = '\0';
    const char *names[] = {second, "hidden_size"};
    const char *nearest = mu_text_nearest(text, names, 2);
    if (nearest != NULL && mu_text_distance(text, nearest) > 42) {
        abort();
    }
    if (mu_text_distance(text, second) != mu_text_distance(second, text)) {
        abort();
    }
    return 0;
}
