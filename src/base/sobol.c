/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sobol points, one dimension at a time.
 *
 * What:  the Gray-code Sobol sequence, digitally shifted by the seed.
 * Why:   a few hundred quasi-random draws bound a percentile as well as thousands of random ones.
 * Terms: s = degree of the primitive polynomial, a = its inner coefficients, m = first direction
 *        integers; v[k] = m[k] 2^(31-k) is the direction number of bit k.
 * Bound: 32 bits; direction numbers are extended only as far as the index needs.
 * Source: Joe & Kuo, "Constructing Sobol sequences with better two-dimensional projections",
 *        SIAM J. Sci. Comput. 30 (2008), table new-joe-kuo-6.
 */
#include "base/random.h"

enum { BITS = 32, DEGREE_MAX = 9 };

struct direction {
    uint8_t s;
    uint8_t a;
    uint16_t m[DEGREE_MAX];
};

/* Dimensions 2 to 64; the first is the van der Corput sequence. */
static const struct direction directions[MU_SOBOL_DIMENSIONS - 1] = {
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
    {7, 7, {1, 1, 3, 13, 7, 35, 63}},
    {7, 8, {1, 3, 5, 9, 1, 25, 53}},
    {7, 14, {1, 3, 1, 13, 9, 35, 107}},
    {7, 19, {1, 3, 1, 5, 27, 61, 31}},
    {7, 21, {1, 1, 5, 11, 19, 41, 61}},
    {7, 28, {1, 3, 5, 3, 3, 13, 69}},
    {7, 31, {1, 1, 7, 13, 1, 19, 1}},
    {7, 32, {1, 3, 7, 5, 13, 19, 59}},
    {7, 37, {1, 1, 3, 9, 25, 29, 41}},
    {7, 41, {1, 3, 5, 13, 23, 1, 55}},
    {7, 42, {1, 3, 7, 3, 13, 59, 17}},
    {7, 50, {1, 3, 1, 3, 5, 53, 69}},
    {7, 55, {1, 1, 5, 5, 23, 33, 13}},
    {7, 56, {1, 1, 7, 7, 1, 61, 123}},
    {7, 59, {1, 1, 7, 9, 13, 61, 49}},
    {7, 62, {1, 3, 3, 5, 3, 55, 33}},
    {8, 14, {1, 3, 1, 15, 31, 13, 49, 245}},
    {8, 21, {1, 3, 5, 15, 31, 59, 63, 97}},
    {8, 22, {1, 3, 1, 11, 11, 11, 77, 249}},
    {8, 38, {1, 3, 1, 11, 27, 43, 71, 9}},
    {8, 47, {1, 1, 7, 15, 21, 11, 81, 45}},
    {8, 49, {1, 3, 7, 3, 25, 31, 65, 79}},
    {8, 50, {1, 3, 1, 1, 19, 11, 3, 205}},
    {8, 52, {1, 1, 5, 9, 19, 21, 29, 157}},
    {8, 56, {1, 3, 7, 11, 1, 33, 89, 185}},
    {8, 67, {1, 3, 3, 3, 15, 9, 79, 71}},
    {8, 70, {1, 3, 7, 11, 15, 39, 119, 27}},
    {8, 84, {1, 1, 3, 1, 11, 31, 97, 225}},
    {8, 97, {1, 1, 1, 3, 23, 43, 57, 177}},
    {8, 103, {1, 3, 7, 7, 17, 17, 37, 71}},
    {8, 115, {1, 3, 1, 5, 27, 63, 123, 213}},
    {8, 122, {1, 1, 3, 5, 11, 43, 53, 133}},
    {9, 8, {1, 3, 5, 5, 29, 17, 47, 173, 479}},
    {9, 13, {1, 3, 3, 11, 3, 1, 109, 9, 69}},
    {9, 16, {1, 1, 1, 5, 17, 39, 23, 5, 343}},
    {9, 22, {1, 3, 1, 5, 25, 15, 31, 103, 499}},
    {9, 25, {1, 1, 1, 11, 11, 17, 63, 105, 183}},
    {9, 44, {1, 1, 5, 11, 9, 29, 97, 231, 363}},
    {9, 47, {1, 1, 5, 15, 19, 45, 41, 7, 383}},
    {9, 52, {1, 3, 7, 7, 31, 19, 83, 137, 221}},
    {9, 55, {1, 1, 1, 3, 23, 15, 111, 223, 83}},
    {9, 59, {1, 1, 5, 13, 31, 15, 55, 25, 161}},
    {9, 62, {1, 1, 3, 13, 25, 47, 39, 87, 257}},
};

/* XOR of the direction numbers of the set bits of gray. */
static uint32_t point(const struct direction *direction, uint32_t gray)
{
    uint32_t v[BITS] = {0};
    uint32_t x = 0;
    uint32_t s = direction->s;
    for (uint32_t k = 0; gray >> k != 0; k++) {
        if (k < s) {
            v[k] = (uint32_t)direction->m[k] << (BITS - 1 - k);
        } else {
            v[k] = v[k - s] ^ (v[k - s] >> s);
            for (uint32_t i = 1; i < s; i++) {
                v[k] ^= (direction->a >> (s - 1 - i) & 1U) * v[k - i];
            }
        }
        x ^= (gray >> k & 1U) * v[k];
        if (k == BITS - 1) {
            break;
        }
    }
    return x;
}

static uint32_t reverse(uint32_t x)
{
    uint32_t out = 0;
    for (uint32_t k = 0; x != 0; k++, x >>= 1) {
        out |= (x & 1U) << (BITS - 1 - k);
    }
    return out;
}

double mu_sobol(uint64_t seed, uint32_t dimension, uint32_t index)
{
    if (dimension >= MU_SOBOL_DIMENSIONS) {
        return mu_random_uniform(seed, dimension, index);
    }
    uint32_t gray = index ^ (index >> 1);
    uint32_t x = dimension == 0 ? reverse(gray) : point(&directions[dimension - 1], gray);
    /* The streams of the shifts lie apart from those of the random dimensions. */
    uint32_t shift = (uint32_t)(mu_random_bits(seed, UINT64_C(1) << 32, dimension) >> 32);
    return ((double)(x ^ shift) + 0.5) * 0x1p-32;
}
