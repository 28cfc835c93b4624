/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thread pool.
 *
 * What:  threads - 1 workers and the caller share out chunks of indices in ascending order.
 * Why:   candidates, draws and sweep points are independent; the pool is an object of the caller,
 *        never a process-wide one.
 * Terms: next = first index nobody has taken; stop = no index from here on needs to run (the lowest
 *        failure so far, or 0 when cancelled).
 * Bound: one run at a time. The lowest failure is found whatever the timing: chunks are taken in
 *        order, so all below a failure have been taken and are finished before the run returns.
 */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is being run; written by the caller before the workers are woken. */
struct run {
    mu_pool_job *job;
    void *context;
    uint64_t count;
    uint64_t chunk;
};

struct worker {
    mu_pool *pool;
    uint32_t number;
    pthread_t thread;
};

struct mu_pool {
    uint32_t threads;
    struct worker *workers; /* [threads]; 0 is the caller */

    pthread_mutex_t lock; /* guards what follows, up to the atomics */
    pthread_cond_t wake;
    pthread_cond_t idle;
    uint64_t generation; /* counts runs */
    uint32_t busy;
    bool closing;
    struct run run;
    mu_status status;
    mu_error failure;
    uint64_t failure_index;

    atomic_uint_fast64_t next;
    atomic_uint_fast64_t stop;
    atomic_uint_fast64_t done;
};

static void note_failure(mu_pool *pool, uint64_t index, mu_status status, const mu_error *failure)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->status == MU_OK || index < pool->failure_index) {
        pool->status = status;
        pool->failure = *failure;
        pool->failure_index = index;
    }
    if (index < atomic_load(&pool->stop)) {
        atomic_store(&pool->stop, index);
    }
    pthread_mutex_unlock(&pool->lock);
}

/* Takes the next chunk and runs it; false when none is left. */
static bool run_chunk(mu_pool *pool, const struct run *run, uint32_t worker)
{
    uint64_t from = atomic_fetch_add(&pool->next, run->chunk);
    if (from >= run->count || from >= atomic_load(&pool->stop)) {
        return false;
    }
    uint64_t to = run->count - from > run->chunk ? from + run->chunk : run->count;
    for (uint64_t i = from; i < to && i < atomic_load_explicit(&pool->stop, memory_order_relaxed);
         i++) {
        mu_error failure;
        failure.status = MU_OK;
        failure.line = 0;
        failure.column = 0;
        failure.file[0] = '\0';
        failure.text[0] = '\0';
        mu_status status = run->job(run->context, i, worker, &failure);
        if (status != MU_OK) {
            note_failure(pool, i, status, &failure);
            return false;
        }
    }
    atomic_fetch_add(&pool->done, to - from);
    return true;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    mu_pool *pool = worker->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->closing && pool->generation == seen) {
            pthread_cond_wait(&pool->wake, &pool->lock);
        }
        if (pool->closing) {
            break;
        }
        seen = pool->generation;
        struct run run = pool->run;
        pthread_mutex_unlock(&pool->lock);
        while (run_chunk(pool, &run, worker->number)) {
        }
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0) {
            pthread_cond_signal(&pool->idle);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Ends the workers 1 .. started-1 and frees everything. */
static void pool_close(mu_pool *pool, uint32_t started)
{
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

mu_pool *mu_pool_create(uint32_t threads)
{
    assert(threads >= 1 && threads <= MU_POOL_THREADS_MAX);
    mu_pool *pool = calloc(1, sizeof *pool);
    struct worker *workers = calloc(threads, sizeof *workers);
    if (pool == NULL || workers == NULL) {
        free(workers);
        free(pool);
        return NULL;
    }
    pool->threads = threads;
    pool->workers = workers;
    /* With default attributes none of these can fail on Linux. */
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    (void)pthread_cond_init(&pool->idle, NULL);
    for (uint32_t i = 1; i < threads; i++) {
        workers[i].pool = pool;
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            pool_close(pool, i);
            return NULL;
        }
    }
    return pool;
}

void mu_pool_free(mu_pool *pool)
{
    if (pool != NULL) {
        pool_close(pool, pool->threads);
    }
}

uint32_t mu_pool_threads(const mu_pool *pool)
{
    return pool->threads;
}

/* Enough chunks for a fair share, few enough that taking one costs nothing. */
static uint64_t chunk_for(const mu_pool *pool, uint64_t count)
{
    uint64_t chunk = count / ((uint64_t)pool->threads * 32);
    chunk = chunk < 1 ? 1 : chunk;
    return chunk > 1024 ? 1024 : chunk;
}

static void start(mu_pool *pool, const struct run *run)
{
    pthread_mutex_lock(&pool->lock);
    assert(pool->busy == 0);
    pool->run = *run;
    pool->status = MU_OK;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->stop, UINT64_MAX);
    atomic_store(&pool->done, 0);
    pool->busy = pool->threads - 1;
    pool->generation++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_idle(mu_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->busy != 0) {
        pthread_cond_wait(&pool->idle, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

/* The caller's share of the work; false when progress asked to cancel. */
static bool run_here(mu_pool *pool, const struct run *run, mu_progress *progress,
                     void *progress_context)
{
    while (run_chunk(pool, run, 0)) {
        if (progress != NULL && !progress(progress_context, atomic_load(&pool->done), run->count)) {
            atomic_store(&pool->stop, 0);
            return false;
        }
    }
    return true;
}

mu_status mu_pool_run(mu_pool *pool, uint64_t count, uint64_t chunk, mu_pool_job *job,
                      void *context, mu_progress *progress, void *progress_context, mu_error *err)
{
    assert(count < UINT64_MAX / 2 && chunk < UINT64_MAX / 4 / MU_POOL_THREADS_MAX);
    struct run run = {.job = job, .context = context, .count = count, .chunk = chunk};
    if (run.chunk == 0) {
        run.chunk = chunk_for(pool, count);
    }
    start(pool, &run);
    bool wanted = run_here(pool, &run, progress, progress_context);
    wait_idle(pool);
    if (pool->status != MU_OK) {
        if (err != NULL && err->status == MU_OK) {
            *err = pool->failure;
            err->status = pool->status;
        }
        return pool->status;
    }
    if (!wanted) {
        return mu_fail(err, MU_E_CANCELLED, "cancelled");
    }
    return MU_OK;
}
