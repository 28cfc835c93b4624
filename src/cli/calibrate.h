/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `muster calibrate` found, as a table, JSON and a calibration file. Inside src/cli only.
 */
#ifndef MUSTER_CLI_CALIBRATE_H
#define MUSTER_CLI_CALIBRATE_H

#include "calibrate/calibrate.h"
#include "cli/cli.h"

/* A finished calibration and what it was asked of. */
typedef struct mu_calibrate_answer {
    const mu_calibration *found;
    const mu_entity *entity;  /* chip or system */
    const char *const *table; /* [tables] as given */
    uint32_t tables;
    const char *file; /* written to; NULL = none */
    uint32_t warning_count;
    const char **warning;
} mu_calibrate_answer;

/** "gemm_bf16": the name of a group in files. */
void mu_calibrate_group_name(const mu_sample_group *group, char out[64]);

/** Errors before and after by operator and format, then what could not be determined. */
mu_status mu_calibrate_print(const mu_page *page, const mu_calibrate_answer *answer,
                             mu_error *err) MU_MUST_CHECK;

/** n, mape, median, p90 and bias, the latter where n > 0; owned, NULL when out of memory. */
json_t *mu_calibrate_errors_json(const mu_row_errors *errors);

/** One object; owned, NULL when out of memory. */
json_t *mu_calibrate_json(const mu_calibrate_answer *answer);

/** calibrate --engine: reads the cases, fits, prints, writes. */
mu_status mu_calibrate_engine(mu_cli *cli, const mu_catalog *catalog, mu_error *err) MU_MUST_CHECK;

/** A mu_file_writer; context is the answer. */
mu_status mu_calibrate_write(void *context, FILE *out, mu_error *err);

#endif
