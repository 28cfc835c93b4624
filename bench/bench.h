/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by benchmarks: the clock, and the end of one that cannot go on. */
#ifndef MUSTER_BENCH_H
#define MUSTER_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void stop(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

#endif
