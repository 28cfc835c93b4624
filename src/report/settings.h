/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a deployment as rows of text: what the tables say above the numbers.
 */
#ifndef MUSTER_REPORT_SETTINGS_H
#define MUSTER_REPORT_SETTINGS_H

#include "report/format.h"
#include "study/answer.h"

typedef struct mu_setting {
    const char *label; /* static */
    char text[MU_CELL_MAX];
} mu_setting;

enum { MU_SETTINGS_MAX = 16 };

/**
 * Chips, mode, cuts, batch, micro-batches, drafts, precision, headroom, what binds: the same labels
 * in the same order for every deployment ("-" where a role is not there), so that two stand side by
 * side.
 */
uint32_t mu_settings(const mu_prediction *prediction, mu_setting out[MU_SETTINGS_MAX]);

/** "input 4,096, output 1,024 tokens; TTFT <= 2.00 s, TPOT <= 50.0 ms; [90 % interval]" */
void mu_workload_words(const mu_scenario *scenario, char out[MU_CELL_MAX]);

#endif
