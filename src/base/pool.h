/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thread pool over independent indices. Results go to the caller's own slots and are reduced in
 * index order by the caller, so that the answer does not depend on the number of threads.
 */
#ifndef MUSTER_BASE_POOL_H
#define MUSTER_BASE_POOL_H

#include "base/error.h"

#include <stdint.h>

typedef struct mu_pool mu_pool;

/* Called for each index; `worker` is 0 .. threads-1 and may index scratch memory of one's own. */
typedef mu_status mu_pool_job(void *context, uint64_t index, uint32_t worker, mu_error *err);

/* Called on the caller's thread now and then; returning false cancels (MU_E_CANCELLED). */
typedef bool mu_progress(void *context, uint64_t done, uint64_t total);

enum { MU_POOL_THREADS_MAX = 256 };

/** threads 1 .. MU_POOL_THREADS_MAX; 1 is the caller's own. NULL when threads cannot start. */
mu_pool *mu_pool_create(uint32_t threads);
void mu_pool_free(mu_pool *pool);
uint32_t mu_pool_threads(const mu_pool *pool);

/**
 * Runs job for 0 .. count-1 in chunks of `chunk` indices (0 = automatic). Of several failures the
 * one with the lowest index is reported. progress may be NULL.
 */
mu_status mu_pool_run(mu_pool *pool, uint64_t count, uint64_t chunk, mu_pool_job *job,
                      void *context, mu_progress *progress, void *progress_context,
                      mu_error *err) MU_MUST_CHECK;

#endif
