/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where operators lie on the surfaces of their kinds.
 */
#include "chip/path.h"

#include <math.h>

/* Coordinates are in the order of mu_surface_coordinates(). */

double mu_place_factor(const mu_chip *chip, const mu_shape_place *place)
{
    const mu_surface *surface =
        place->kind < MU_SURFACE_KIND_COUNT ? chip->surface[place->kind] : NULL;
    return surface != NULL ? exp(mu_surface_at(surface, place->at)) : 1.0;
}

static bool is_narrow(mu_dtype dtype)
{
    return mu_dtype_bytes(dtype) < 1.5;
}

/* The kind of its formats, of three in a row. */
static mu_surface_kind by_formats(mu_surface_kind wide, mu_dtype compute, mu_dtype kv)
{
    int narrow = is_narrow(compute) ? 2 : is_narrow(kv) ? 1 : 0;
    return (mu_surface_kind)((int)wide + narrow);
}

/* Results in the tiles that waves of a product are counted in, and how far they are told apart. */
static const double tile_elements = 128.0 * 128.0;
static const double waves_least = -4.0;
static const double waves_most = 3.0;

mu_shape_place mu_gemm_place(const mu_chip *chip, const mu_gemm *shape)
{
    mu_path_format format = mu_path_format_of(chip, shape->activations, shape->weights);
    bool batched = shape->batch > 1;
    int first = batched ? MU_SURFACE_BATCHED_BF16 : MU_SURFACE_GEMM_BF16;
    double m = log2(shape->m);
    double n = log2(shape->n);
    double k = log2(shape->k);
    if (batched) {
        return (mu_shape_place){(mu_surface_kind)(first + (int)format),
                                {m, n, k, log2(shape->batch)}};
    }
    double waves = m + n - log2(tile_elements * chip->cores);
    return (mu_shape_place){(mu_surface_kind)(first + (int)format),
                            {m, fmax(waves_least, fmin(waves, waves_most)), n, k,
                             log2(mu_dtype_bytes(shape->weights))}};
}

mu_shape_place mu_moe_place(const mu_chip *chip, const mu_moe *shape)
{
    mu_path_format format = mu_path_format_of(chip, shape->activations, shape->weights);
    double pairs = shape->pairs * shape->imbalance;
    double tokens = shape->tokens > 0 ? shape->tokens : pairs;
    return (mu_shape_place){(mu_surface_kind)(MU_SURFACE_MOE_BF16 + (int)format),
                            {log2(tokens), log2(pairs / fmax(shape->active_experts, 1e-6)),
                             log2(shape->hidden), log2(shape->intermediate),
                             log2(shape->local_experts), log2(pairs / tokens),
                             log2(mu_dtype_bytes(shape->weights))}};
}

mu_shape_place mu_prefill_place(const mu_attention_prefill *shape)
{
    double heads = log2(shape->heads);
    double cached = log2(1.0 + shape->cached_tokens);
    if (shape->mla && shape->kv_heads != shape->heads) {
        return (mu_shape_place){MU_SURFACE_KIND_COUNT, {0.0}}; /* absorbed: no table of it */
    }
    if (shape->mla) {
        return (mu_shape_place){by_formats(MU_SURFACE_MLA_PREFILL, shape->compute, shape->kv),
                                {log2(shape->sequences), log2(shape->new_tokens), heads, cached}};
    }
    return (mu_shape_place){by_formats(MU_SURFACE_PREFILL, shape->compute, shape->kv),
                            {log2(shape->sequences), log2(shape->new_tokens), heads,
                             heads - log2(shape->kv_heads), log2(shape->qk_dim),
                             shape->window > 0 ? 1.0 : 0.0, cached}};
}

mu_shape_place mu_decode_place(const mu_attention_decode *shape)
{
    double heads = log2(shape->heads);
    double context = log2(shape->context_sum / shape->sequences);
    if (shape->mla) {
        return (mu_shape_place){by_formats(MU_SURFACE_MLA_DECODE, shape->compute, shape->kv),
                                {log2(shape->sequences), context, heads}};
    }
    double items = log2(shape->sequences) + log2(shape->kv_heads);
    double reach = shape->reach > 0.0 ? log2(shape->reach) : -1.0;
    return (mu_shape_place){
        by_formats(MU_SURFACE_DECODE, shape->compute, shape->kv),
        {items, context, reach, heads - log2(shape->kv_heads), log2(shape->qk_dim)}};
}

mu_shape_place mu_linear_place(const mu_linear_attention *shape)
{
    return (mu_shape_place){shape->prefill ? MU_SURFACE_LINEAR_PREFILL : MU_SURFACE_LINEAR_DECODE,
                            {log2(shape->sequences), log2(shape->tokens), log2(shape->value_heads),
                             log2(shape->key_heads)}};
}
