/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prose on a terminal: lines broken at spaces.
 */
#ifndef MUSTER_REPORT_WRAP_H
#define MUSTER_REPORT_WRAP_H

#include <stddef.h>
#include <stdio.h>

enum { MU_WRAP_WIDTH = 100 };

/**
 * Prints text from `column` on and a final newline; lines are broken at spaces before MU_WRAP_WIDTH
 * and go on at `indent`. A longer word stands alone. Runs of spaces become one.
 */
void mu_wrap(FILE *out, const char *text, size_t indent, size_t column);

#endif
