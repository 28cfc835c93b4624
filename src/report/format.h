/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and deployments as people read them.
 */
#ifndef MUSTER_REPORT_FORMAT_H
#define MUSTER_REPORT_FORMAT_H

#include "base/interval.h"
#include "base/units.h"
#include "program/program.h"
#include "serving/steady.h"

enum { MU_CELL_MAX = 192 };

/** "49.4ms [45.1ms, 52.0ms]"; the value alone when the interval is a point. "-" when not finite. */
void mu_format_quantity(mu_quantity quantity, mu_dimension dimension, char out[MU_CELL_MAX]);

/** The same value alone. */
void mu_format_value(double value, mu_dimension dimension, char out[MU_CELL_MAX]);

/** A ratio: "4.21" with interval "4.21 [3.90, 4.60]"; "-" for 0, which stands for unknown. */
void mu_format_ratio(mu_quantity ratio, char out[MU_CELL_MAX]);

/**
 * A count with thousands set apart: "12,288"; below 100 with a decimal when it has one ("37.2").
 */
void mu_format_count(double value, char out[MU_CELL_MAX]);

/** "6 x (TP 1, DP 32, EP 32)"; degrees of 1 left out, "1 rank" when all are. */
void mu_format_cut(const mu_role *role, char out[MU_CELL_MAX]);

/** "fp8 (experts fp4), activations fp8, KV bf16" */
void mu_format_precision(const mu_precision *precision, char out[MU_CELL_MAX]);

#endif
