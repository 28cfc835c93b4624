/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   every index runs once, the answer and the reported failure do not depend on threads.
 * Method: the same work with 1, 2 and 8 threads, failures at several places, cancellation, reuse.
 */
#include "base/pool.h"
#include "base/random.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT = 5000 };

struct work {
    double slots[COUNT];
    atomic_uint runs[COUNT];
    uint64_t fail_from; /* indices from here on that are multiples of 7 fail */
    uint32_t threads;
    atomic_bool bad_worker;
    atomic_bool caller_ran;
};

static struct work work;

static mu_status job(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    struct work *mine = context;
    if (worker >= mine->threads) {
        atomic_store(&mine->bad_worker, true);
    }
    atomic_fetch_add(&mine->runs[index], 1);
    mine->slots[index] = mu_random_normal(1, 0, index);
    if (index >= mine->fail_from && index % 7 == 0) {
        return mu_fail(err, MU_E_INPUT, "index %llu", (unsigned long long)index);
    }
    return MU_OK;
}

static void reset(uint32_t threads)
{
    memset(work.slots, 0, sizeof work.slots);
    for (size_t i = 0; i < COUNT; i++) {
        atomic_store(&work.runs[i], 0);
    }
    work.fail_from = UINT64_MAX;
    work.threads = threads;
    atomic_store(&work.bad_worker, false);
    atomic_store(&work.caller_ran, false);
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 8};
    static const uint64_t chunks[] = {0, 1, 3, 10000};
    double expected[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        expected[i] = mu_random_normal(1, 0, i);
    }
    for (size_t t = 0; t < 3; t++) {
        mu_pool *pool = mu_pool_create(threads[t]);
        assert_non_null(pool);
        assert_int_equal(mu_pool_threads(pool), threads[t]);
        for (size_t c = 0; c < 4; c++) {
            mu_error err = {0};
            reset(threads[t]);
            assert_int_equal(mu_pool_run(pool, COUNT, chunks[c], job, &work, NULL, NULL, &err),
                             MU_OK);
            assert_memory_equal(work.slots, expected, sizeof expected);
            for (size_t i = 0; i < COUNT; i++) {
                assert_int_equal(atomic_load(&work.runs[i]), 1);
            }
            assert_false(atomic_load(&work.bad_worker));
        }
        mu_pool_free(pool);
    }
}

static void lowest_failure_is_reported(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 8};
    for (size_t t = 0; t < 3; t++) {
        mu_pool *pool = mu_pool_create(threads[t]);
        for (uint64_t from = 0; from < 400; from += 13) {
            mu_error err = {0};
            reset(threads[t]);
            work.fail_from = from;
            assert_int_equal(mu_pool_run(pool, COUNT, from % 5, job, &work, NULL, NULL, &err),
                             MU_E_INPUT);
            char expected[32];
            uint64_t lowest = (from + 6) / 7 * 7;
            mu_error by_hand = {0};
            (void)mu_fail(&by_hand, MU_E_INPUT, "index %llu", (unsigned long long)lowest);
            memcpy(expected, by_hand.text, sizeof expected);
            assert_string_equal(err.text, expected);
            for (size_t i = 0; i <= lowest; i++) {
                assert_int_equal(atomic_load(&work.runs[i]), 1);
            }
        }
        mu_pool_free(pool);
    }
}

static mu_status silent_failure(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    (void)context;
    (void)worker;
    (void)err;
    return index == 3 ? MU_NO : MU_OK;
}

static void failure_without_message(void **state)
{
    (void)state;
    mu_pool *pool = mu_pool_create(2);
    mu_error err = {0};
    assert_int_equal(mu_pool_run(pool, 10, 0, silent_failure, NULL, NULL, NULL, &err), MU_NO);
    assert_int_equal(err.status, MU_NO);
    assert_int_equal(mu_pool_run(pool, 10, 0, silent_failure, NULL, NULL, NULL, NULL), MU_NO);
    mu_pool_free(pool);
}

struct watch {
    uint64_t calls;
    uint64_t last;
    uint64_t stop_at;
};

static bool progress(void *context, uint64_t done, uint64_t total)
{
    struct watch *watch = context;
    watch->calls++;
    assert_true(done >= watch->last && done <= total);
    watch->last = done;
    return watch->calls < watch->stop_at;
}

static void progress_is_told(void **state)
{
    (void)state;
    mu_pool *pool = mu_pool_create(2);
    struct watch watch = {.stop_at = UINT64_MAX};
    reset(2);
    assert_int_equal(mu_pool_run(pool, COUNT, 10, job, &work, progress, &watch, NULL), MU_OK);
    assert_true(watch.calls <= COUNT / 10);
    mu_pool_free(pool);
}

/* The workers hold what they took until the caller has had an index, so that it always gets one. */
static mu_status job_after_caller(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    struct work *mine = context;
    if (worker == 0) {
        atomic_store(&mine->caller_ran, true);
    }
    while (!atomic_load(&mine->caller_ran)) {
        sched_yield();
    }
    return job(context, index, worker, err);
}

static void cancelled(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 8};
    for (size_t t = 0; t < 3; t++) {
        mu_pool *pool = mu_pool_create(threads[t]);
        mu_error err = {0};
        struct watch watch = {.stop_at = 1};
        reset(threads[t]);
        assert_int_equal(
            mu_pool_run(pool, COUNT, 1, job_after_caller, &work, progress, &watch, &err),
            MU_E_CANCELLED);
        assert_int_equal(watch.calls, 1);
        assert_int_equal(err.status, MU_E_CANCELLED);
        reset(threads[t]);
        assert_int_equal(mu_pool_run(pool, COUNT, 0, job, &work, NULL, NULL, NULL), MU_OK);
        mu_pool_free(pool);
    }
}

static void nothing_to_do(void **state)
{
    (void)state;
    mu_pool *pool = mu_pool_create(8);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(mu_pool_run(pool, 0, 0, job, &work, NULL, NULL, NULL), MU_OK);
    }
    mu_pool_free(pool);
    mu_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(lowest_failure_is_reported),
        cmocka_unit_test(failure_without_message),
        cmocka_unit_test(progress_is_told),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
