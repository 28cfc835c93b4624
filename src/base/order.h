/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that wait for one another, put in an order in which none waits for a later one.
 */
#ifndef MUSTER_BASE_ORDER_H
#define MUSTER_BASE_ORDER_H

#include "base/error.h"

#include <stdint.h>

/* The k-th item (from 0) that `item` waits for, or MU_WAITS_END after the last. */
typedef uint32_t mu_waits_for(const void *context, uint32_t item, uint32_t k);

#define MU_WAITS_END UINT32_MAX

enum { MU_CIRCLE_TOLD_MAX = 6 };

/* Items of which each waits for the next, and the last for the first. */
typedef struct mu_circle {
    uint32_t length; /* 0: none */
    uint32_t item[MU_CIRCLE_TOLD_MAX];
} mu_circle;

/**
 * @param[out] order   [count] items, each after all it waits for; NULL when not wanted
 * @param[out] circle  set when there is one
 * @retval MU_NO        some wait in a circle; there is no message, the caller knows the words
 * @retval MU_E_MEMORY  out of memory
 * Cost: O(items + waits), 9 bytes an item while it runs; depth first, without recursion, and what
 *       an item waits for last comes right before it where nobody else wanted it earlier.
 */
mu_status mu_order_find(uint32_t count, mu_waits_for *waits, const void *context, uint32_t *order,
                        mu_circle *circle, mu_error *err) MU_MUST_CHECK;

#endif
