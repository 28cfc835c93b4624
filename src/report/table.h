/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables: rows of text cells, printed aligned for people or as CSV for programs.
 *
 * Terms: a section is a heading inside a table; CSV leaves it out.
 * Bound: MU_TABLE_COLUMNS_MAX columns; width counts a character of UTF-8 as one place, combining
 *        marks as none and East Asian wide characters as two.
 */
#ifndef MUSTER_REPORT_TABLE_H
#define MUSTER_REPORT_TABLE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MU_TABLE_COLUMNS_MAX = 40 };

typedef enum mu_align { MU_ALIGN_LEFT, MU_ALIGN_RIGHT } mu_align;

typedef struct mu_table mu_table;

/** Columns with their headings; belongs to the arena, as do all cells. NULL when out of memory. */
mu_table *mu_table_create(mu_arena *arena, uint32_t columns, const char *const headings[],
                          const mu_align aligns[]);

/**
 * Adds a row; cells are copied, NULL is an empty cell. A table that once ran out of memory ignores
 * all further rows and says so when printed.
 *
 * @param[in] cells  [columns of the table]
 */
void mu_table_row(mu_table *table, const char *const cells[]);

/** Adds a heading over the rows that follow. */
void mu_table_section(mu_table *table, const char *text);

/** Rows so far, sections not counted. */
uint32_t mu_table_rows(const mu_table *table);

/**
 * Aligned, two spaces between columns, no trailing spaces; headings and sections bold in colour.
 * A table whose headings are all empty has no heading line.
 * @retval MU_E_MEMORY rows are missing; nothing is printed
 * @retval MU_E_SYSTEM the stream failed
 */
mu_status mu_table_print(const mu_table *table, FILE *out, bool colour,
                         mu_error *err) MU_MUST_CHECK;

/** RFC 4180: heading line first, LF line ends. Errors as above. */
mu_status mu_table_csv(const mu_table *table, FILE *out, mu_error *err) MU_MUST_CHECK;

/** Places a text takes on a terminal. */
size_t mu_text_width(const char *text);

/** MU_E_SYSTEM with the reason when writing to a stream has failed. */
mu_status mu_stream_check(FILE *out, mu_error *err) MU_MUST_CHECK;

#endif
