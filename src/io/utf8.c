/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Well-formed UTF-8 as in table 3-7 of the Unicode standard: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#include "io/utf8.h"

#include <assert.h>
#include <stdbool.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Bytes of the character that starts at s[0] with `left` bytes to go; 0 when malformed. */
static size_t character_length(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xC2 || s[0] > 0xF4) {
        return 0;
    }
    size_t length = s[0] < 0xE0 ? 2 : (s[0] < 0xF0 ? 3 : 4);
    if (length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_tail(s[i])) {
            return 0;
        }
    }
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F);
    return overlong || beyond ? 0 : length;
}

const char *mu_utf8_fault(const char *text, size_t length, mu_text_place *place)
{
    assert(text != NULL && place != NULL);
    const unsigned char *s = (const unsigned char *)text;
    *place = (mu_text_place){1, 1};
    for (size_t i = 0; i < length;) {
        size_t step = character_length(s + i, length - i);
        if (s[i] == 0) {
            return "a NUL byte";
        }
        if (step == 0) {
            return "bytes that are not UTF-8";
        }
        if (s[i] == '\n') {
            place->line++;
            place->column = 0;
        }
        place->column++;
        i += step;
    }
    return NULL;
}
