/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random and quasi-random numbers without state: value = f(seed, stream, index).
 *
 * Any thread may ask for any index in any order and gets the same bits.
 */
#ifndef MUSTER_BASE_RANDOM_H
#define MUSTER_BASE_RANDOM_H

#include <stdint.h>

/** Philox-4x32-10 (Salmon et al., SC'11): uniform 64 bits of (seed, stream, index). */
uint64_t mu_random_bits(uint64_t seed, uint64_t stream, uint64_t index);

/** Uniform in (0, 1), never 0 or 1. */
double mu_random_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/** Standard normal by the inverse CDF of mu_random_uniform(). */
double mu_random_normal(uint64_t seed, uint64_t stream, uint64_t index);

enum { MU_SOBOL_DIMENSIONS = 64 };

/**
 * Point `index` of the Sobol sequence (Joe & Kuo 2008 direction numbers) in one dimension,
 * digitally shifted by (seed, dimension); in (0, 1). Dimensions from MU_SOBOL_DIMENSIONS on fall
 * back to mu_random_uniform(). O(log index).
 */
double mu_sobol(uint64_t seed, uint32_t dimension, uint32_t index);

/**
 * For hashes: every bit of x moves every bit of the answer, and no two x give the same.
 * Source: the last step of SplitMix64 (Steele, Lea & Flood, OOPSLA'14).
 */
static inline uint64_t mu_mix_bits(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/** Inverse of the standard normal CDF; u in (0, 1); relative error below 1.2e-9. */
double mu_normal_quantile(double u);

#endif
