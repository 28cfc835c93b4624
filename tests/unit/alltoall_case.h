/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All-to-all over leaves and spines, exactly as SimGrid was given it: for tests and benchmarks.
 *
 * Terms: host i hangs under leaf i / hosts; a message to j goes over spine j mod spines. Links:
 *        hosts up, hosts down, leaves up to each spine, spines down to each leaf; 50 GB/s one way.
 *        Message i to j: 1 MiB and h(i, j) mod sizes parts of it, h mixing 32 bits.
 */
#ifndef MUSTER_TESTS_ALLTOALL_CASE_H
#define MUSTER_TESTS_ALLTOALL_CASE_H

#include <stdint.h>

enum { ALLTOALL_BYTES = 1048576, ALLTOALL_HOPS = 4 };

static const double alltoall_bandwidth = 50e9;

typedef struct alltoall_case {
    uint32_t leaves;
    uint32_t hosts; /* under a leaf */
    uint32_t spines;
    uint32_t sizes; /* different ones; 1: all equal */
    uint32_t latency_ns;
} alltoall_case;

static inline uint32_t alltoall_ranks(const alltoall_case *c)
{
    return c->leaves * c->hosts;
}

static inline uint32_t alltoall_links(const alltoall_case *c)
{
    return 2 * alltoall_ranks(c) + 2 * c->leaves * c->spines;
}

static inline double alltoall_bytes(const alltoall_case *c, uint32_t i, uint32_t j)
{
    uint32_t x = i * 0x9E3779B1U ^ (j + 0x7F4A7C15U) * 0x85EBCA77U;
    x ^= x >> 15;
    x *= 0x2C1B3C6DU;
    x ^= x >> 12;
    x *= 0x297A2D39U;
    x ^= x >> 15;
    uint32_t part = ALLTOALL_BYTES / c->sizes;
    return (double)(ALLTOALL_BYTES + x % c->sizes * part);
}

/* Links of a message; returns how many. */
static inline uint32_t alltoall_route(const alltoall_case *c, uint32_t i, uint32_t j,
                                      uint32_t link[ALLTOALL_HOPS])
{
    uint32_t ranks = alltoall_ranks(c);
    uint32_t a = i / c->hosts;
    uint32_t b = j / c->hosts;
    uint32_t count = 0;
    link[count++] = i;
    if (a != b) {
        uint32_t spine = j % c->spines;
        link[count++] = 2 * ranks + a * c->spines + spine;
        link[count++] = 2 * ranks + (c->leaves + b) * c->spines + spine;
    }
    link[count++] = ranks + j;
    return count;
}

#endif
