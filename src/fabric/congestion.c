/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loss of congestion control by load of a link, and its parameter out of the catalogue.
 */
#include "fabric/congestion.h"

#include "fabric/shared_param.h"

#include <assert.h>
#include <math.h>

static const char CALIBRATION[] = "congestion";

/* Loads are sums of many shares: a link that is just full stays without loss. */
static const double NOISE = 1e-9;

static const mu_shared_param IDLE_SHARE = {"idle_share", 0.0, 0.9};

double mu_congestion_share(const mu_congestion *congestion, double load)
{
    assert(load >= 0.0);
    if (congestion == NULL) {
        return 1.0;
    }
    assert(congestion->idle_share >= 0.0 && congestion->idle_share < 1.0);
    double over = load - 1.0;
    return over > NOISE ? 1.0 - congestion->idle_share * fmin(over, 1.0) : 1.0;
}

void mu_congestion_apply(const mu_congestion *congestion, uint32_t links, const double *demand,
                         const double *bandwidth, double *capacity)
{
    assert(links == 0 || (demand != NULL && bandwidth != NULL && capacity != NULL));
    for (uint32_t i = 0; congestion != NULL && i < links; i++) {
        if (bandwidth[i] > 0.0) {
            capacity[i] *= mu_congestion_share(congestion, demand[i] / bandwidth[i]);
        }
    }
}

mu_status mu_congestion_from_catalog(const mu_catalog *catalog, mu_draw draw, mu_congestion *out,
                                     mu_error *err)
{
    assert(catalog != NULL && out != NULL);
    mu_congestion read = {0.0};
    mu_status status = mu_shared_param_check(catalog, CALIBRATION, &IDLE_SHARE, 1, err);
    if (status == MU_OK) {
        status = mu_shared_param_read(catalog, NULL, CALIBRATION, &IDLE_SHARE, draw,
                                      &read.idle_share, err);
    }
    if (status == MU_OK) {
        *out = read;
    }
    return status;
}
