/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of traces, checked as it is passed over.
 *
 * What:  RFC 8259 in one line of text: strings are UTF-8 without control characters, escapes are
 *        whole, numbers have no leading zeros.
 * Bound: no recursion: the kinds of the open levels are bits of a word. Escapes in strings are
 *        checked, not decoded: a key written with escapes is a name of its own.
 */
#include "io/trace_scan.h"
#include "io/utf8.h"

#include <string.h>

_Static_assert(MU_JSON_DEPTH_MAX <= 64, "a bit a level");

/* Value of four hex digits, or -1. */
static int hex4(const char *p)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p[i] >= '0' && p[i] <= '9'   ? p[i] - '0'
                    : p[i] >= 'a' && p[i] <= 'f' ? p[i] - 'a' + 10
                    : p[i] >= 'A' && p[i] <= 'F' ? p[i] - 'A' + 10
                                                 : -1;
        if (digit < 0) {
            return -1;
        }
        value = 16 * value + digit;
    }
    return value;
}

/* Behind an escape that starts at a backslash; NULL when it is none. */
static const char *pass_escape(const char *p)
{
    if (p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL) {
        return p + 2;
    }
    int unit = p[1] == 'u' ? hex4(p + 2) : -1;
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return NULL;
    }
    p += 6;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        int low = p[0] == '\\' && p[1] == 'u' ? hex4(p + 2) : -1;
        return low >= 0xDC00 && low <= 0xDFFF ? p + 6 : NULL;
    }
    return p;
}

bool mu_scan_json_string(mu_scan *scan, mu_piece *out)
{
    const char *start = scan->at;
    if (*start != '"') {
        return mu_scan_fail(scan, start, "a text in quotes");
    }
    const char *p = start + 1;
    unsigned char high = 0;
    while (*p != '"') {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20) {
            return mu_scan_fail(scan, p, "a text that ends with a quote, without control codes");
        }
        const char *next = c == '\\' ? pass_escape(p) : p + 1;
        if (next == NULL) {
            return mu_scan_fail(scan, p, "an escape of JSON");
        }
        high |= c;
        p = next;
    }
    mu_text_place place;
    *out = (mu_piece){.text = start + 1, .length = (size_t)(p - start - 1)};
    if (high >= 0x80 && mu_utf8_fault(out->text, out->length, &place) != NULL) {
        return mu_scan_fail(scan, start, "a text in UTF-8");
    }
    scan->at = p + 1;
    return true;
}

static bool skip_word(mu_scan *scan, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(scan->at, word, length) != 0) {
        return mu_scan_fail(scan, scan->at, "a JSON value");
    }
    scan->at += length;
    return true;
}

static bool skip_scalar(mu_scan *scan)
{
    mu_piece text;
    double number = 0.0;
    switch (*scan->at) {
    case '"':
        return mu_scan_json_string(scan, &text);
    case 't':
        return skip_word(scan, "true");
    case 'f':
        return skip_word(scan, "false");
    case 'n':
        return skip_word(scan, "null");
    default:
        break;
    }
    if (*scan->at != '-' && (*scan->at < '0' || *scan->at > '9')) {
        return mu_scan_fail(scan, scan->at, "a JSON value");
    }
    return mu_scan_number(scan, &number);
}

static bool key_and_colon(mu_scan *scan, mu_piece *key)
{
    mu_scan_space(scan);
    if (*scan->at != '"') {
        return mu_scan_fail(scan, scan->at, "a key in quotes");
    }
    return mu_scan_json_string(scan, key) && mu_scan_mark(scan, ':', "a colon after the key");
}

bool mu_scan_json_key(mu_scan *scan, bool first, mu_piece *key, bool *more)
{
    mu_scan_space(scan);
    *more = *scan->at != '}';
    if (!*more) {
        scan->at++;
        return true;
    }
    if (!first && !mu_scan_mark(scan, ',', "a comma or the end of the object")) {
        return false;
    }
    if (!key_and_colon(scan, key)) {
        return false;
    }
    mu_scan_space(scan);
    return true;
}

/* Open levels; bit 0 of `objects` is the innermost. */
typedef struct levels {
    uint64_t objects;
    unsigned depth;
} levels;

/* Behind a value: closes levels, up to the comma before the next value of one that stays open. */
static bool close_levels(mu_scan *scan, levels *open)
{
    mu_piece key;
    while (open->depth > 0) {
        bool object = (open->objects & 1) != 0;
        mu_scan_space(scan);
        if (*scan->at == ',') {
            scan->at++;
            return !object || key_and_colon(scan, &key);
        }
        if (*scan->at != (object ? '}' : ']')) {
            return mu_scan_fail(scan, scan->at,
                                object ? "a comma or the end of the object"
                                       : "a comma or the end of the list");
        }
        scan->at++;
        open->objects >>= 1;
        open->depth--;
    }
    return true;
}

/* At a bracket: one level more, up to its first value; *empty when it has none. */
static bool open_level(mu_scan *scan, levels *open, bool *empty)
{
    mu_piece key;
    bool object = *scan->at == '{';
    if (open->depth == MU_JSON_DEPTH_MAX) {
        return mu_scan_fail(scan, scan->at, "at most 64 levels of brackets");
    }
    scan->at++;
    open->objects = open->objects << 1 | (object ? 1 : 0);
    open->depth++;
    mu_scan_space(scan);
    *empty = *scan->at == (object ? '}' : ']');
    return *empty || !object || key_and_colon(scan, &key);
}

bool mu_scan_json_skip(mu_scan *scan)
{
    levels open = {0};
    do {
        bool empty = true;
        mu_scan_space(scan);
        if (*scan->at == '{' || *scan->at == '[') {
            if (!open_level(scan, &open, &empty)) {
                return false;
            }
        } else if (!skip_scalar(scan)) {
            return false;
        }
        if (empty && !close_levels(scan, &open)) {
            return false;
        }
    } while (open.depth > 0);
    return true;
}
