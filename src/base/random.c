/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counter-based random numbers.
 *
 * What:  Philox-4x32-10 and the inverse normal CDF.
 * Why:   no state means any thread gets the same bits for the same question in any order.
 * Terms: counter words 0-1 hold the index, 2-3 the stream; the key is the seed.
 * Bound: the stream is part of the promise of the version: a test holds the published vectors.
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11; P. J. Acklam's
 *        rational approximation of the inverse normal CDF (2003).
 */
#include "base/random.h"

#include <assert.h>
#include <math.h>

static const double SQRT_HALF = 0.70710678118654752440;

uint64_t mu_random_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t c0 = (uint32_t)index;
    uint32_t c1 = (uint32_t)(index >> 32);
    uint32_t c2 = (uint32_t)stream;
    uint32_t c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed;
    uint32_t k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = UINT64_C(0xD2511F53) * c0;
        uint64_t product1 = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
    return (uint64_t)c1 << 32 | c0;
}

double mu_random_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    /* 52 bits and a half: 53 bits and a half would round up to 1. */
    return ((double)(mu_random_bits(seed, stream, index) >> 12) + 0.5) * 0x1p-52;
}

double mu_random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    return mu_normal_quantile(mu_random_uniform(seed, stream, index));
}

/* Acklam's approximation in the tail; q = sqrt(-2 log u), gives the negative quantile. */
static double tail_quantile(double q)
{
    double above =
        ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
          2.549732539343734e+00) *
             q +
         4.374664141464968e+00) *
            q +
        2.938163982698783e+00;
    double below =
        (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
         3.754408661907416e+00) *
            q +
        1.0;
    return above / below;
}

static double middle_quantile(double q)
{
    double r = q * q;
    double above =
        (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
           1.383577518672690e+02) *
              r -
          3.066479806614716e+01) *
             r +
         2.506628277459239e+00) *
        q;
    double below =
        ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
          6.680131188771972e+01) *
             r -
         1.328068155288572e+01) *
            r +
        1.0;
    return above / below;
}

double mu_normal_quantile(double u)
{
    assert(u > 0.0 && u < 1.0);
    static const double tail = 0.02425;
    double x;
    if (u < tail) {
        x = tail_quantile(sqrt(-2.0 * log(u)));
    } else if (u > 1.0 - tail) {
        x = -tail_quantile(sqrt(-2.0 * log1p(-u)));
    } else {
        x = middle_quantile(u - 0.5);
    }
    /* One Halley step on the CDF, taken on the small side so that nothing cancels. */
    double error =
        x <= 0.0 ? 0.5 * erfc(-x * SQRT_HALF) - u : (1.0 - u) - 0.5 * erfc(x * SQRT_HALF);
    double step = error * 2.5066282746310002 * exp(0.5 * x * x);
    return x - step / (1.0 + 0.5 * x * step);
}
