/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of measured operator times as cases.
 *
 * What:  DIR holds a folder a chip, named by the chip, with .csv or .csv.zst files; files in DIR
 *        itself are of the chip that DIR is named by. Every row becomes a case (two where it holds
 *        two times).
 * Terms: which rows may be fitted on is decided by mu_case_is_fit().
 * Bound: a row that cannot be read is left out with a warning; a table that lacks columns is an
 *        error.
 */
#ifndef MUSTER_IO_OP_TABLE_H
#define MUSTER_IO_OP_TABLE_H

#include "io/case_read.h"

enum { MU_OP_WARNINGS_MAX = 64, MU_OP_ROWS_MAX = 2000000 };

/* What was odd in the tables, a line each; beyond the bound only counted. */
typedef struct mu_op_warnings {
    const char *text[MU_OP_WARNINGS_MAX];
    uint32_t count; /* all, also those without text */
} mu_op_warnings;

/** Keeps "where: what" as a warning. MU_E_MEMORY. */
mu_status mu_op_warn(mu_arena *arena, mu_op_warnings *warnings, const char *where,
                     const char *what) MU_MUST_CHECK;

/**
 * Adds one measured operator to a list.
 * @param[in] question  copied; what it borrows must live as long as the list
 * @param[in] key       mu_op_key() of it, borrowed
 * @param[in] fault     why it cannot be answered, borrowed; NULL = it can
 * @retval MU_E_MEMORY, or what the list's `take` says
 */
mu_status mu_op_case_add(mu_case_list *list, const mu_op_question *question, const char *key,
                         double time_s, const char *fault, mu_error *err) MU_MUST_CHECK;

/** Whether a measured time can be one: 1 ns to 10000 s. */
bool mu_op_time_is_sane(double time_s);

/**
 * Adds the rows of one table to a list.
 *
 * @param[in] chip  id or alias of the chip that was measured; borrowed by the cases
 * @retval MU_NO       no layout is known for a table of this name
 * @retval MU_E_INPUT  no table, missing columns (named), no row that can be read, more than
 *                     MU_OP_ROWS_MAX rows
 */
mu_status mu_op_table_read(const char *path, const char *chip, mu_case_list *list,
                           mu_op_warnings *warnings, mu_error *err) MU_MUST_CHECK;

/**
 * The same for all tables of a directory, in order of name. Tables of unknown layout are warned of.
 * @retval MU_E_INPUT  not a directory, or no table in it
 */
mu_status mu_op_tables_read(const char *directory, mu_case_list *list, mu_op_warnings *warnings,
                            mu_error *err) MU_MUST_CHECK;

#endif
