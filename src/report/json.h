/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON out: jansson builds the tree, this prints it.
 *
 * Why:   numbers are printed as the shortest text that reads back equal and keys in the order they
 *        were put, so that the same answer is the same bytes.
 * Terms: a builder function returns an owned json_t or NULL when memory is out; putting NULL marks
 *        the object as failed, so that only mu_json_done() needs to be checked.
 */
#ifndef MUSTER_REPORT_JSON_H
#define MUSTER_REPORT_JSON_H

#include "base/error.h"
#include "base/interval.h"

#include <jansson.h>
#include <stdio.h>

/* An object being filled. */
typedef struct mu_json {
    json_t *object;
    bool failed;
} mu_json;

mu_json mu_json_begin(void);

/** Takes over `value` (an owned node, or NULL: the object has failed). */
void mu_json_put(mu_json *json, const char *key, json_t *value);

/** The finished object, owned; NULL when anything in it failed. */
json_t *mu_json_done(mu_json *json);

/** A number; null when it is not finite (JSON has no such numbers). */
json_t *mu_json_number(double value);

/** Text; bytes that are not UTF-8 become '?'. */
json_t *mu_json_text(const char *text);

/** {"value", "low", "high", "unit"} */
json_t *mu_json_quantity(mu_quantity quantity, const char *unit);

/**
 * Prints with two spaces of indent; objects of plain members and lists of plain items on one line.
 */
mu_status mu_json_print(const json_t *json, FILE *out, mu_error *err) MU_MUST_CHECK;

/** The same into text, owned by the caller (free()). */
mu_status mu_json_dump(const json_t *json, char **out, mu_error *err) MU_MUST_CHECK;

#endif
