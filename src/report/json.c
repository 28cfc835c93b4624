/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON out.
 *
 * Why:   jansson 2.14 prints reals with a fixed number of digits; here they come out shortest. Its
 *        own writer still does the escaping of text.
 * Bound: JSON_DEPTH_MAX levels, more than any report of ours has.
 */
#include "report/json.h"

#include "base/text.h"
#include "report/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_DEPTH_MAX = 64, JSON_INDENT = 2 };

mu_json mu_json_begin(void)
{
    mu_json json = {json_object(), false};
    json.failed = json.object == NULL;
    return json;
}

void mu_json_put(mu_json *json, const char *key, json_t *value)
{
    if (json->failed || value == NULL || json_object_set_new(json->object, key, value) != 0) {
        if (json->failed) {
            json_decref(value);
        }
        json->failed = true;
    }
}

json_t *mu_json_done(mu_json *json)
{
    json_t *object = json->object;
    json->object = NULL;
    if (json->failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *mu_json_number(double value)
{
    if (!isfinite(value)) {
        return json_null();
    }
    return json_real(value);
}

json_t *mu_json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json != NULL) {
        return json;
    }
    char *ascii = malloc(strlen(text) + 1);
    if (ascii == NULL) {
        return NULL;
    }
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        ascii[i] = (char)((unsigned char)text[i] < 0x80 ? text[i] : '?');
    }
    ascii[i] = '\0';
    json = json_string(ascii);
    free(ascii);
    return json;
}

json_t *mu_json_quantity(mu_quantity quantity, const char *unit)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "value", mu_json_number(quantity.value));
    mu_json_put(&json, "low", mu_json_number(quantity.low));
    mu_json_put(&json, "high", mu_json_number(quantity.high));
    mu_json_put(&json, "unit", mu_json_text(unit));
    return mu_json_done(&json);
}

/* How far a printing has come. */
typedef struct printer {
    FILE *out;
    bool failed;
} printer;

static void print_text(printer *p, const json_t *text)
{
    if (json_dumpf(text, p->out, JSON_ENCODE_ANY) != 0) {
        p->failed = true;
    }
}

/* Keys come as bare text; jansson escapes them as it does any text. */
static void print_key(printer *p, const char *key)
{
    json_t *text = json_string(key);
    if (text == NULL) {
        p->failed = true;
        return;
    }
    print_text(p, text);
    json_decref(text);
    fputs(": ", p->out);
}

static void print_plain(printer *p, const json_t *json)
{
    if (json_is_real(json)) {
        char digits[32];
        mu_text_exact(json_real_value(json), digits);
        fputs(digits, p->out);
        return;
    }
    print_text(p, json);
}

static bool is_plain(const json_t *json)
{
    return !json_is_object(json) && !json_is_array(json);
}

/* A container whose children are all plain stands on one line. */
static bool is_short(const json_t *json)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t index = 0;
    json_object_foreach((json_t *)json, key, value)
    {
        if (!is_plain(value)) {
            return false;
        }
    }
    json_array_foreach(json, index, value)
    {
        if (!is_plain(value)) {
            return false;
        }
    }
    return true;
}

/* A container that is open: what of it is printed. */
typedef struct level {
    const json_t *json;
    void *member; /* of an object: where jansson's iteration is */
    size_t index; /* of a list: the next item */
    bool one_line;
    bool first;
} level;

/* What stands before a child: a comma after the first, then a new line or a space. */
static void print_gap(printer *p, level *at, int depth)
{
    if (!at->first) {
        fputc(',', p->out);
    }
    if (!at->one_line) {
        fprintf(p->out, "\n%*s", JSON_INDENT * depth, "");
    } else if (!at->first) {
        fputc(' ', p->out);
    }
    at->first = false;
}

static level open_level(printer *p, const json_t *json)
{
    level at = {.json = json, .one_line = is_short(json), .first = true};
    at.member = json_object_iter((json_t *)json);
    fputc(json_is_object(json) ? '{' : '[', p->out);
    return at;
}

static void close_level(printer *p, const level *at, int depth)
{
    if (!at->one_line) {
        fprintf(p->out, "\n%*s", JSON_INDENT * depth, "");
    }
    fputc(json_is_object(at->json) ? '}' : ']', p->out);
}

/* Prints what stands before the next child and returns it; NULL at the end. */
static const json_t *next_child(printer *p, level *at, int depth)
{
    const json_t *value = NULL;
    if (json_is_array(at->json)) {
        value = json_array_get(at->json, at->index++);
        if (value != NULL) {
            print_gap(p, at, depth);
        }
    } else if (at->member != NULL) {
        value = json_object_iter_value(at->member);
        print_gap(p, at, depth);
        print_key(p, json_object_iter_key(at->member));
        at->member = json_object_iter_next((json_t *)at->json, at->member);
    }
    return value;
}

static void print_any(printer *p, const json_t *json)
{
    level levels[JSON_DEPTH_MAX];
    int depth = 0;
    if (is_plain(json)) {
        print_plain(p, json);
        return;
    }
    levels[depth++] = open_level(p, json);
    while (depth > 0) {
        level *at = &levels[depth - 1];
        const json_t *child = next_child(p, at, depth);
        if (child == NULL) {
            depth--;
            close_level(p, at, depth);
        } else if (is_plain(child)) {
            print_plain(p, child);
        } else {
            assert(depth < JSON_DEPTH_MAX);
            levels[depth++] = open_level(p, child);
        }
    }
}

mu_status mu_json_print(const json_t *json, FILE *out, mu_error *err)
{
    printer p = {out, false};
    if (json == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the JSON answer");
    }
    print_any(&p, json);
    fputc('\n', out);
    if (p.failed) {
        return mu_fail(err, MU_E_SYSTEM, "cannot write the JSON answer");
    }
    return mu_stream_check(out, err);
}

mu_status mu_json_dump(const json_t *json, char **out, mu_error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the JSON answer");
    }
    mu_status status = mu_json_print(json, stream, err);
    if (fclose(stream) != 0 && status == MU_OK) {
        status = mu_fail(err, MU_E_MEMORY, "out of memory for the JSON answer");
    }
    if (status != MU_OK) {
        free(text);
        return status;
    }
    *out = text;
    return MU_OK;
}
