/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tables of measured operator times are laid out: which column is which number of a question.
 *
 * Terms: a layout belongs to a table by the name of its file; one table may have several layouts,
 *        for rows that hold several times, or for sources that name their columns differently.
 */
#ifndef MUSTER_IO_OP_LAYOUT_H
#define MUSTER_IO_OP_LAYOUT_H

#include "study/op_case.h"

enum {
    MU_LAYOUT_ELEMENTS = 1,  /* bytes are given in elements of the format */
    MU_LAYOUT_QUANTISED = 2, /* the input arrives quantised */
    MU_LAYOUT_OF_EIGHT = 4,  /* ranks are given in nodes of eight */
    MU_LAYOUT_PER_RANK = 8,  /* bytes of gathered and scattered buffers are of one rank's part */
    MU_LAYOUT_COLLECTED = 16 /* by aiconfigurator's collectors, whose ways follow from "version" */
};

/*
 * Lists are words set apart by spaces. columns: "column" or "column:key"; "+key" adds to it,
 * "*key" multiplies it; a '?' before the column: may be absent. constants: "key=number".
 */
typedef struct mu_op_layout {
    const char *table;         /* file name without .csv; '*' at the end stands for the rest */
    const char *kind_column;   /* column that names the operator; NULL = kind */
    const char *format_column; /* NULL = format */
    const char *format;
    const char *kv_column; /* NULL = bf16 */
    const char *columns;
    const char *constants;
    const char *name_numbers; /* keys of the numbers in the file's name, after the '*' */
    const char *times;        /* columns that add up to the time; NULL = latency, _us, _ms or _s */
    const char *only;         /* "column=value": rows it is for; NULL = all */
    const char *refused;      /* why no row can be answered; NULL = they can */
    double copies; /* as in mu_op_question, unless the row says its "copies" or "version" */
    mu_op_case_kind kind;
    unsigned flags;
} mu_op_layout;

/** All layouts, in the order in which they are tried; static. */
const mu_op_layout *mu_op_layouts(uint32_t *count);

/** Whether a layout is for a table of this name (without .csv). */
bool mu_op_layout_is_for(const mu_op_layout *layout, const char *table);

#endif
