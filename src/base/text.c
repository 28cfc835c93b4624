/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text helpers.
 *
 * What:  nearest name, numbers in and out, hash, parts joined.
 * Why:   one place decides what a number looks like; it must not change with the locale of a
 * program that links the library, so the decimal point is never left to strtod and printf alone.
 * Bound: words are compared over their first 128 bytes, numbers may be 127 bytes long.
 */
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 128, NUMBER_MAX = 128 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Lower case, '_' as '-'. ASCII only: ids are ASCII. */
static char fold(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    if (c == '_') {
        return '-';
    }
    return c;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t mu_text_distance(const char *a, const char *b)
{
    uint32_t rows[3][WORD_MAX + 1] = {{0}};
    uint32_t *before = rows[0]; /* two rows up, for swapped neighbours */
    uint32_t *above = rows[1];
    uint32_t *row = rows[2];
    uint32_t width = (uint32_t)strnlen(b, WORD_MAX);
    uint32_t height = (uint32_t)strnlen(a, WORD_MAX);
    for (uint32_t j = 0; j <= width; j++) {
        above[j] = j;
    }
    for (uint32_t i = 1; i <= height; i++) {
        row[0] = i;
        for (uint32_t j = 1; j <= width; j++) {
            uint32_t cost = fold(a[i - 1]) != fold(b[j - 1]);
            uint32_t best = smaller(above[j] + 1, row[j - 1] + 1);
            best = smaller(best, above[j - 1] + cost);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1])) {
                best = smaller(best, before[j - 2] + cost);
            }
            row[j] = best;
        }
        uint32_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[width];
}

const char *mu_text_nearest(const char *word, const char *const names[], size_t count)
{
    const char *nearest = NULL;
    uint32_t nearest_distance = UINT32_MAX;
    uint32_t length = (uint32_t)strnlen(word, WORD_MAX);
    for (size_t i = 0; i < count; i++) {
        uint32_t name_length = (uint32_t)strnlen(names[i], WORD_MAX);
        uint32_t longer = length > name_length ? length : name_length;
        uint32_t allowed = longer / 3 > 2 ? longer / 3 : 2;
        uint32_t distance = mu_text_distance(word, names[i]);
        if (distance <= allowed && distance < longer && distance < nearest_distance) {
            nearest = names[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}

/* A decimal number taken apart: digits x 10^exponent, sign apart. */
struct decimal {
    uint64_t digits;
    int32_t exponent;
    bool negative;
    bool exact; /* all digits fitted */
};

static void decimal_add(struct decimal *decimal, char digit, bool fraction)
{
    if (decimal->digits > (UINT64_MAX - 9) / 10) {
        decimal->exact = false;
        return;
    }
    decimal->digits = decimal->digits * 10 + (uint64_t)(digit - '0');
    decimal->exponent -= fraction ? 1 : 0;
}

/* After the 'e'; returns the end, or NULL when there is no digit. Absurd exponents stop at 99999.
 */
static const char *read_exponent(const char *at, struct decimal *decimal)
{
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    if (!is_digit(*at)) {
        return NULL;
    }
    int32_t exponent = 0;
    for (; is_digit(*at); at++) {
        if (exponent < 9999) {
            exponent = exponent * 10 + (*at - '0');
        }
    }
    decimal->exponent += negative ? -exponent : exponent;
    return at;
}

/* [+-] digits [. digits] [e exponent], at least one digit; false on anything else. */
static bool decimal_read(const char *text, struct decimal *decimal)
{
    *decimal = (struct decimal){.exact = true};
    decimal->negative = *text == '-';
    if (*text == '-' || *text == '+') {
        text++;
    }
    bool any = false;
    for (; is_digit(*text); text++) {
        decimal_add(decimal, *text, false);
        any = true;
    }
    if (*text == '.') {
        for (text++; is_digit(*text); text++) {
            decimal_add(decimal, *text, true);
            any = true;
        }
    }
    if (any && (*text == 'e' || *text == 'E')) {
        text = read_exponent(text + 1, decimal);
    }
    return any && text != NULL && *text == '\0';
}

/* What this process prints between 0 and 5: the locale's decimal point. */
static void decimal_point(char out[16])
{
    char half[32];
    (void)snprintf(half, sizeof half, "%.1f", 0.5);
    size_t length = strlen(half);
    assert(length >= 3 && length < 18);
    (void)snprintf(out, 16, "%.*s", (int)(length - 2), half + 1);
}

/* strtod of a text already known to be a decimal number. */
static double convert_slowly(const char *text)
{
    char local[NUMBER_MAX + 16];
    const char *dot = strchr(text, '.');
    if (dot == NULL) {
        return strtod(text, NULL);
    }
    char point[16];
    decimal_point(point);
    (void)snprintf(local, sizeof local, "%.*s%s%s", (int)(dot - text), text, point, dot + 1);
    return strtod(local, NULL);
}

bool mu_text_number(const char *text, double *out)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct decimal decimal;
    if (strnlen(text, NUMBER_MAX) == NUMBER_MAX || !decimal_read(text, &decimal)) {
        return false;
    }
    double value;
    /* Both factors are exact in a double, so one multiplication or division rounds correctly. */
    if (decimal.exact && decimal.digits <= (UINT64_C(1) << 53) && decimal.exponent >= -22 &&
        decimal.exponent <= 22) {
        value = (double)decimal.digits;
        value =
            decimal.exponent < 0 ? value / tens[-decimal.exponent] : value * tens[decimal.exponent];
        value = decimal.negative ? -value : value;
    } else {
        value = convert_slowly(text);
    }
    if (!isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

/* Puts '.' where the locale has put its own point. */
static void plain_point(char text[32])
{
    size_t start = 0;
    while (is_digit(text[start]) || text[start] == '-') {
        start++;
    }
    size_t end = start;
    while (text[end] != '\0' && text[end] != 'e' && !is_digit(text[end])) {
        end++;
    }
    if (end > start) {
        text[start] = '.';
        memmove(text + start + 1, text + end, strlen(text + end) + 1);
    }
}

void mu_text_exact(double x, char out[32])
{
    if (!isfinite(x)) {
        (void)snprintf(out, 32, "null");
        return;
    }
    bool same = false;
    for (int digits = 15; digits <= 17 && !same; digits++) {
        double back = 0.0;
        (void)snprintf(out, 32, "%.*g", digits, x);
        plain_point(out);
        same = mu_text_number(out, &back) && back == x;
    }
    assert(same); /* 17 digits always read back */
}

uint64_t mu_text_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = text; *at != '\0'; at++) {
        hash ^= (unsigned char)*at;
        hash *= UINT64_C(0x100000001b3);
    }
    return hash;
}

void mu_text_join(char *out, size_t size, const char *const parts[], size_t count)
{
    assert(out != NULL && size > 0);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(parts[i]);
        size_t room = size - 1 - used;
        length = length < room ? length : room;
        memcpy(out + used, parts[i], length);
        used += length;
    }
    out[used] = '\0';
}
