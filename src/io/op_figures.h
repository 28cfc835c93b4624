/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of published figures: one measured number a row, of any chip, its shape in words.
 *
 * What:  columns task, chip, chips, parallelism ("m=64;n=4096;k=7168"), dtype_weights,
 *        metric, value, unit and, where they apply, nodes, engine, batch_per_chip, notes. Rows
 *        whose task is an operator (op_*) or a collective (comm_*) become cases; all others are
 *        passed over.
 * Terms: figure = such a row. What a figure leaves unsaid is not guessed: it is left out, and
 *        counted by the reason.
 * Bound: products are of operands that arrive in their format. Attention is left out: published
 *        figures are of the kernel alone, the twin's of a step with its cache. Of dispatch and
 *        combine latencies only, of 256 experts as DeepSeek-V3 has.
 */
#ifndef MUSTER_IO_OP_FIGURES_H
#define MUSTER_IO_OP_FIGURES_H

#include "catalog/catalog.h"
#include "io/op_table.h"

/**
 * Adds the operators and collectives of a table of figures to a list. The target of a question is
 * the id of its chip in the catalogue.
 *
 * @retval MU_NO       no table of figures: a column is missing (named)
 * @retval MU_E_INPUT  no table, or no row of it can be asked
 */
mu_status mu_op_figures_read(const char *path, const mu_catalog *catalog, mu_case_list *list,
                             mu_op_warnings *warnings, mu_error *err) MU_MUST_CHECK;

#endif
