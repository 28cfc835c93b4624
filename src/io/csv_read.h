/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables as text, a row at a time: .csv, or .csv.zst through libzstd.
 *
 * Terms: the first line that is neither empty nor starts with '#' holds the names of the columns.
 * Bound: lines of at most MU_CSV_LINE_MAX bytes, MU_CSV_COLUMNS_MAX columns; memory does not grow
 *        with the rows. Quoted cells may hold commas and doubled quotes, not line ends.
 */
#ifndef MUSTER_IO_CSV_READ_H
#define MUSTER_IO_CSV_READ_H

#include "base/error.h"

enum { MU_CSV_LINE_MAX = 65536, MU_CSV_COLUMNS_MAX = 64 };

typedef struct mu_csv mu_csv;

/**
 * Opens a table and reads the names of its columns.
 * @param[out] out  owned: mu_csv_close()
 * @retval MU_E_INPUT  cannot be opened, empty, not a table, a column twice
 */
mu_status mu_csv_open(const char *path, mu_csv **out, mu_error *err) MU_MUST_CHECK;

/** NULL is allowed. */
void mu_csv_close(mu_csv *csv);

/** Place of a column by its name, or -1. */
int mu_csv_column(const mu_csv *csv, const char *name);

/**
 * The next row; *more is false at the end.
 * @retval MU_E_INPUT  a line too long or with another number of cells than the heading, broken
 *                     compression
 */
mu_status mu_csv_next(mu_csv *csv, bool *more, mu_error *err) MU_MUST_CHECK;

/** Cell of the row read last; spaces around it are cut. Valid until the next row. */
const char *mu_csv_cell(const mu_csv *csv, int column);

/** Line of the row read last, from 1. */
uint32_t mu_csv_line(const mu_csv *csv);

#endif
