/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the simulator's choices.
 */
#include "serving/simulate.h"

#include <assert.h>

#define X(name, word, doc) word,
static const char *const policies[] = {MU_POLICY_LIST(X)};
static const char *const orders[] = {MU_ORDER_LIST(X)};
static const char *const routers[] = {MU_ROUTER_LIST(X)};
#undef X

const char *mu_policy_text(mu_policy policy)
{
    assert((unsigned)policy < MU_POLICY_COUNT);
    return policies[policy];
}

const char *mu_order_text(mu_order order)
{
    assert((unsigned)order < MU_ORDER_COUNT);
    return orders[order];
}

const char *mu_router_text(mu_router_rule router)
{
    assert((unsigned)router < MU_ROUTER_COUNT);
    return routers[router];
}
