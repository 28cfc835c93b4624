/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small text helpers: the nearest known name, and numbers as people and programs read them.
 */
#ifndef MUSTER_BASE_TEXT_H
#define MUSTER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Damerau-Levenshtein distance; case does not count, '-' equals '_'; both cut at 128. */
uint32_t mu_text_distance(const char *a, const char *b);

/**
 * The nearest of names[0..count) to `word`, or NULL when none is near enough to be a likely typo
 * (distance over a third of the longer length, at least 2).
 */
const char *mu_text_nearest(const char *word, const char *const names[], size_t count);

/** strtod that takes the whole text and refuses NaN, infinity, hex and surrounding space. */
bool mu_text_number(const char *text, double *out);

/** Fewest of 15, 16 or 17 digits that read back as x; "null" when not finite. Locale-free. */
void mu_text_exact(double x, char out[32]);

/** FNV-1a, for tables and random streams. */
uint64_t mu_text_hash(const char *text);

/**
 * The `count` parts one after the other into out[size], size > 0: cut where there is no more room,
 * as snprintf would, at a tenth of its cost.
 */
void mu_text_join(char *out, size_t size, const char *const parts[], size_t count);

#endif
