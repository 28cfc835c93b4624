/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of ids, used again by their size.
 */
#include "serving/id_store.h"

#include <string.h>

uint32_t mu_id_size(uint32_t count)
{
    uint32_t size = 0;
    while ((UINT64_C(1) << size) < count) {
        size++;
    }
    return size;
}

uint64_t *mu_id_take(mu_id_store *store, uint32_t size)
{
    uint64_t *list = store->spare[size];
    if (list == NULL) {
        return MU_NEW(store->arena, uint64_t, (size_t)1 << size);
    }
    memcpy((void *)&store->spare[size], (const void *)list, sizeof(void *));
    return list;
}

void mu_id_give(mu_id_store *store, uint64_t *list, uint32_t size)
{
    memcpy((void *)list, (const void *)&store->spare[size], sizeof(void *));
    store->spare[size] = list;
}
