/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peaks of systems side by side: what the data sheets say, before any workload.
 */
#ifndef MUSTER_REPORT_PEAKS_H
#define MUSTER_REPORT_PEAKS_H

#include "report/answer_table.h"
#include "report/json.h"

/* A peak with its place in the table and the JSON. */
typedef struct mu_peak {
    const char *key;   /* static */
    const char *label; /* static */
    const char *unit;  /* static; NULL = that of the dimension */
    mu_quantity quantity;
    mu_dimension dimension;
    bool known;
} mu_peak;

enum { MU_PEAKS_MAX = 24 };

/**
 * Peaks of a system (per chip, and of the whole) or of a chip alone; the same rows in the same
 * order for all.
 * @param[in] chips  count in use; 0 = as sold (of a chip: 1)
 * @retval MU_E_INPUT a fact is malformed, or the entity is neither system nor chip
 */
mu_status mu_peaks(const mu_catalog *catalog, const mu_entity *entity, double chips,
                   mu_peak out[MU_PEAKS_MAX], uint32_t *count, mu_error *err) MU_MUST_CHECK;

/** Side by side; peaks[i] are those of names[i]. */
mu_status mu_peaks_print(const mu_page *page, const mu_peak *const peaks[],
                         const char *const names[], uint32_t systems, uint32_t rows,
                         mu_error *err) MU_MUST_CHECK;

/** system,metric,value,low,high,unit */
mu_status mu_peaks_csv(const mu_page *page, const mu_peak *const peaks[], const char *const names[],
                       uint32_t systems, uint32_t rows, mu_error *err) MU_MUST_CHECK;

/** One object a system, owned; unknown ones left out. */
json_t *mu_peaks_json(const mu_peak peaks[], uint32_t rows);

#endif
