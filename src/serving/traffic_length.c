/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths of requests by chance.
 *
 * Terms: a length comes from 32 random bits, so that one draw of the generator serves a prompt and
 *        its answer.
 * Bound: chances are multiples of 2^-32; log-normal lengths are cut at the limits of a request,
 *        which moves their mean where much lies beyond.
 */
#include "base/random.h"
#include "serving/traffic_parts.h"

#include <assert.h>
#include <math.h>

static uint32_t whole_tokens(double tokens)
{
    double rounded = floor(tokens + 0.5);
    return (uint32_t)fmin(fmax(rounded, 1.0), (double)MU_REQUEST_TOKENS_MAX);
}

/* Chances cumulated. From the last value that can be drawn on they are 1, whatever was rounded. */
static mu_status prepare_empirical(const mu_length *wish, mu_arena *arena, mu_length_draw *out,
                                   mu_error *err)
{
    uint32_t *value = MU_NEW(arena, uint32_t, wish->count);
    double *below = MU_NEW(arena, double, wish->count);
    if (value == NULL || below == NULL) {
        return mu_fail(err, MU_E_MEMORY, "traffic: %u lengths don't fit in memory", wish->count);
    }
    double sum = 0.0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < wish->count; i++) {
        sum += wish->weight[i];
        below[i] = sum;
        value[i] = whole_tokens(wish->value[i]);
        last = wish->weight[i] > 0.0 ? i : last;
    }
    for (uint32_t i = 0; i < wish->count; i++) {
        below[i] = i < last ? below[i] / sum : 1.0;
    }
    *out =
        (mu_length_draw){.kind = wish->kind, .count = wish->count, .value = value, .below = below};
    return MU_OK;
}

mu_status mu_length_prepare(const mu_length *wish, mu_arena *arena, mu_length_draw *out,
                            mu_error *err)
{
    *out = (mu_length_draw){.kind = wish->kind};
    switch (wish->kind) {
    case MU_LENGTH_FIXED:
        *out = (mu_length_draw){
            .kind = MU_LENGTH_UNIFORM, .low = whole_tokens(wish->mean), .values = 1};
        break;
    case MU_LENGTH_UNIFORM:
        out->low = whole_tokens(wish->low);
        out->values = whole_tokens(wish->high) - out->low + 1;
        break;
    case MU_LENGTH_LOGNORMAL:
        out->log_mean = log(wish->mean) - 0.5 * wish->sigma * wish->sigma;
        out->sigma = wish->sigma;
        break;
    case MU_LENGTH_EMPIRICAL:
        return prepare_empirical(wish, arena, out, err);
    }
    return MU_OK;
}

uint32_t mu_chance_index(const double below[], uint32_t count, double u)
{
    uint32_t first = 0;
    while (count > 1) {
        uint32_t half = count / 2;
        first += below[first + half - 1] <= u ? half : 0;
        count -= half;
    }
    assert(below[first] > u);
    return first;
}

uint32_t mu_length_tokens(const mu_length_draw *draw, uint32_t bits)
{
    if (draw->kind == MU_LENGTH_UNIFORM) {
        return draw->low + (uint32_t)((uint64_t)bits * draw->values >> 32);
    }
    double u = ((double)bits + 0.5) * 0x1p-32;
    if (draw->kind == MU_LENGTH_EMPIRICAL) {
        return draw->value[mu_chance_index(draw->below, draw->count, u)];
    }
    return whole_tokens(exp(draw->log_mean + draw->sigma * mu_normal_quantile(u)));
}
