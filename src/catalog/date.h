/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates as the catalogue writes them, as ranges of years: "2026" may be any day of it.
 */
#ifndef MUSTER_CATALOG_DATE_H
#define MUSTER_CATALOG_DATE_H

#include "catalog/catalog.h"

/**
 * YYYY, YYYYHn, YYYYQn, YYYY-MM or YYYY-MM-DD, 1900 to 2199.
 *
 * @param[out] out  [years] low = its first day, high = the day behind its last, best the middle;
 *                  a day is the point of its beginning
 * @retval MU_E_INPUT  what was expected, what was found
 */
mu_status mu_date_parse(const char *text, mu_range *out, mu_error *err) MU_MUST_CHECK;

/** "2026-07" of 2026.5. */
void mu_date_print(double years, char out[16]);

/* When something was or is to be first sold. */
typedef struct mu_launch {
    mu_range years;
    const char *text;   /* as written; NULL: not said */
    const char *entity; /* id of who states it */
    char grade;         /* '-' where it is plain text */
    const char *source; /* "" where it is plain text */
    const char *note;
} mu_launch;

/** `launched` of an entity, inheritance resolved. MU_E_INPUT: it is no date. */
mu_status mu_catalog_launch(const mu_catalog *catalog, const mu_entity *entity, mu_launch *out,
                            mu_error *err) MU_MUST_CHECK;

#endif
