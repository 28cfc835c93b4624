/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which surfaces a calibration may hold: what a measured table says of one operator's kernels
 * beyond what its parameters explain.
 *
 * What:  a factor exp(s) on the time of an operator, s a sum of grids over coordinates of its
 *        shape. `surfaces.<kind>` of a calibration gives `knots` (by coordinate) and `terms`, each
 *        with the axes it is `over` and its `values`, whole thousandths of s in one text.
 * Terms: coordinates are logarithms to the base 2, but for `window`, which is 1 where attention has
 *        one and else 0, and for `reach`, which is -1 where it has none; waves = results over those
 *        of one 128 x 128 tile a core; items = sequences and heads of keys; reach = context that a
 *        window cuts; the last axis named runs fastest.
 */
#ifndef MUSTER_CATALOG_SURFACES_H
#define MUSTER_CATALOG_SURFACES_H

#include "base/surface.h"
#include "catalog/catalog.h"

/* X(KIND, name, family): a family has the same coordinates. Products are in the order of formats.
 */
#define MU_SURFACE_KIND_LIST(X)                                                                    \
    X(GEMM_BF16, "gemm_bf16", gemm)                                                                \
    X(GEMM_FP8, "gemm_fp8", gemm)                                                                  \
    X(GEMM_FP8_BLOCK, "gemm_fp8_block", gemm)                                                      \
    X(GEMM_INT8, "gemm_int8", gemm)                                                                \
    X(GEMM_FP4, "gemm_fp4", gemm)                                                                  \
    X(GEMM_WEIGHT_ONLY, "gemm_weight_only", gemm)                                                  \
    X(BATCHED_BF16, "batched_bf16", batched)                                                       \
    X(BATCHED_FP8, "batched_fp8", batched)                                                         \
    X(BATCHED_FP8_BLOCK, "batched_fp8_block", batched)                                             \
    X(BATCHED_INT8, "batched_int8", batched)                                                       \
    X(BATCHED_FP4, "batched_fp4", batched)                                                         \
    X(BATCHED_WEIGHT_ONLY, "batched_weight_only", batched)                                         \
    X(MOE_BF16, "moe_bf16", moe)                                                                   \
    X(MOE_FP8, "moe_fp8", moe)                                                                     \
    X(MOE_FP8_BLOCK, "moe_fp8_block", moe)                                                         \
    X(MOE_INT8, "moe_int8", moe)                                                                   \
    X(MOE_FP4, "moe_fp4", moe)                                                                     \
    X(MOE_WEIGHT_ONLY, "moe_weight_only", moe)                                                     \
    X(PREFILL, "prefill", prefill)                                                                 \
    X(PREFILL_NARROW_CACHE, "prefill_narrow_cache", prefill)                                       \
    X(PREFILL_NARROW, "prefill_narrow", prefill)                                                   \
    X(DECODE, "decode", decode)                                                                    \
    X(DECODE_NARROW_CACHE, "decode_narrow_cache", decode)                                          \
    X(DECODE_NARROW, "decode_narrow", decode)                                                      \
    X(MLA_PREFILL, "mla_prefill", mla_prefill)                                                     \
    X(MLA_PREFILL_NARROW_CACHE, "mla_prefill_narrow_cache", mla_prefill)                           \
    X(MLA_PREFILL_NARROW, "mla_prefill_narrow", mla_prefill)                                       \
    X(MLA_DECODE, "mla_decode", mla_decode)                                                        \
    X(MLA_DECODE_NARROW_CACHE, "mla_decode_narrow_cache", mla_decode)                              \
    X(MLA_DECODE_NARROW, "mla_decode_narrow", mla_decode)                                          \
    X(LINEAR_PREFILL, "linear_prefill", linear)                                                    \
    X(LINEAR_DECODE, "linear_decode", linear)

typedef enum mu_surface_kind {
#define X(name, text, family) MU_SURFACE_##name,
    MU_SURFACE_KIND_LIST(X)
#undef X
        MU_SURFACE_KIND_COUNT
} mu_surface_kind;

enum { MU_COORDINATES_MAX = 8 };

/* Coordinates of a kind: those of the load first. Static. */
typedef struct mu_coordinates {
    const char *name[MU_COORDINATES_MAX]; /* [count] */
    uint8_t count;
    uint8_t load; /* so many of them are of the load */
    uint8_t triples;
    uint8_t triple[2][MU_SURFACE_OVER_MAX]; /* [triples] coordinates that a fit takes together */
} mu_coordinates;

const mu_coordinates *mu_surface_coordinates(mu_surface_kind kind);

/** "gemm_bf16". Static. */
const char *mu_surface_text(mu_surface_kind kind);

/** False when unknown. */
bool mu_surface_parse(const char *text, mu_surface_kind *out);

/**
 * Surface that a calibration of a catalogue holds; NULL when it holds none. Borrowed. Not
 * inherited: it fits no parameters but those it was fitted beside.
 */
const mu_surface *mu_calibration_surface(const mu_entity *calibration, mu_surface_kind kind);

#endif
