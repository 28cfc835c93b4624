/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is reported of a prediction: one list for tables, CSV and comparisons.
 */
#ifndef MUSTER_REPORT_METRIC_H
#define MUSTER_REPORT_METRIC_H

#include "study/answer.h"

typedef struct mu_metric {
    const char *key;        /* dotted path in the JSON; static */
    const char *label;      /* for people; static */
    mu_dimension dimension; /* how people read it */
    const char *unit;       /* of the value, for programs; static */
    mu_quantity quantity;
} mu_metric;

enum { MU_METRICS_MAX = 16 };

/** The metrics of a prediction in the order of reports; returns how many. */
uint32_t mu_metrics(const mu_prediction *prediction, mu_metric out[MU_METRICS_MAX]);

/** "memory bandwidth": what limits the deployment, in words. Static. */
const char *mu_bound_words(mu_bound bound);

#endif
