/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reported metrics of a service as an array, so that draws and ratios treat them alike.
 */
#include "study/metrics.h"

#include <assert.h>

void mu_service_metrics(const mu_service *s, double out[MU_SERVICE_METRICS])
{
    uint32_t i = 0;
#define X(field, expression) out[i++] = (expression);
    MU_SERVICE_METRIC_LIST(X)
#undef X
    assert(i == MU_SERVICE_METRICS);
}

mu_quantity *mu_prediction_metric(mu_prediction *prediction, uint32_t i)
{
    static const size_t offset[MU_SERVICE_METRICS] = {
#define X(field, expression) offsetof(mu_prediction, field),
        MU_SERVICE_METRIC_LIST(X)
#undef X
    };
    assert(i < MU_SERVICE_METRICS);
    return (mu_quantity *)(void *)((char *)prediction + offset[i]);
}
