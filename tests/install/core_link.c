/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the core (layers 1 to 6) stands on libm and pthreads alone.
 * Method: linked with the whole archive and no other library; runs a little of it.
 */
#include "base/pool.h"
#include "base/units.h"

static mu_status nothing(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    (void)context;
    (void)index;
    (void)worker;
    (void)err;
    return MU_OK;
}

int main(void)
{
    double value = 0.0;
    mu_pool *pool = mu_pool_create(2);
    if (pool == NULL || mu_pool_run(pool, 10, 0, nothing, NULL, NULL, NULL, NULL) != MU_OK) {
        return 1;
    }
    mu_pool_free(pool);
    return mu_unit_parse("50ms", MU_DIM_TIME, "tpot", &value, NULL) != MU_OK || value != 0.05;
}
