/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rank's silicon, and what an operator costs on it.
 *
 * What:  time, work and traffic of single operators: GEMM, grouped GEMM, attention, streams.
 * Terms: a rank is what software sees as one device (a chip, or one die of it). All numbers SI,
 *        per rank.
 * Bound: never faster than work / peak and bytes / bandwidth; costs grow with every dimension, but
 *        for the dents that a surface makes. All functions are pure, thread-safe, allocate nothing
 *        and take well under a microsecond.
 */
#ifndef MUSTER_CHIP_CHIP_H
#define MUSTER_CHIP_CHIP_H

#include "base/dtype.h"
#include "catalog/surfaces.h"
#include "chip/params.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_chip {
    double peak_flops[MU_DTYPE_COUNT]; /* dense [flop/s]; 0 = not supported natively */
    double vector_flops;               /* outside the matrix units, fp32 [flop/s] */
    double memory_bandwidth;           /* nominal [B/s] */
    double memory_capacity;            /* [B] */
    double l2_bytes;
    double l2_partitions; /* each keeps lines of its own for the cores beside it; 1 or more */
    double cores;         /* SMs, cube cores, ... */
    double clock_hz;
    double tdp_w; /* upper limit of the rank's draw */
    double idle_w;
    mu_chip_params params;
    const mu_surface *surface[MU_SURFACE_KIND_COUNT]; /* borrowed; NULL = none */
} mu_chip;

typedef enum mu_bound {
    MU_BOUND_COMPUTE,
    MU_BOUND_MEMORY,
    MU_BOUND_NETWORK,
    MU_BOUND_LAUNCH,
    MU_BOUND_HOST,
    MU_BOUND_CAPACITY,
    MU_BOUND_COUNT
} mu_bound;

/* What one operator costs on one rank. */
typedef struct mu_kernel_cost {
    double time_s;   /* includes launch_s */
    double launch_s; /* the part that does not shrink with the work */
    double flop;     /* on matrix units, in `dtype` */
    double bytes;    /* to and from device memory */
    mu_dtype dtype;  /* path the matrix work takes on this chip */
    mu_bound bound;
} mu_kernel_cost;

/*
 * C[m,n] = A[m,k] B[k,n], `batch` of them. Weight-only: activations bf16, weights int8, int4, fp8
 * or fp4.
 */
typedef struct mu_gemm {
    double m; /* tokens; expectations may be fractional */
    uint32_t n;
    uint32_t k;
    uint32_t batch; /* 1, or heads for the batched products of absorbed MLA */
    mu_dtype activations;
    mu_dtype weights;
    bool quantised_input; /* activations arrive quantised already (no quantise step inside) */
    double reuse_bytes; /* that a benchmark touches from one use of the weights to the next, theirs
                             included: L2 may hold them till then; 0 = they come from memory */
} mu_gemm;

mu_kernel_cost mu_chip_gemm(const mu_chip *chip, const mu_gemm *shape);

/* One fused mixture-of-experts feed-forward on one rank: gate/up, activation, down. */
typedef struct mu_moe {
    double pairs;          /* (token, expert) pairs that land on this rank, on average */
    double active_experts; /* expected local experts with at least one token */
    uint32_t local_experts;
    uint32_t hidden;
    uint32_t intermediate; /* of one expert on this rank (after moe_tp) */
    double imbalance;      /* pairs on the busiest rank or expert over the mean, >= 1 */
    bool gated;
    mu_dtype activations;
    mu_dtype weights;
    double tokens; /* rows routed, quantised and summed up here; 0 = as many as pairs */
    bool warm;     /* as in mu_gemm */
} mu_moe;

mu_kernel_cost mu_chip_moe(const mu_chip *chip, const mu_moe *shape);

/** Expected number of `local` experts hit by tokens that choose topk of `experts` uniformly. */
double mu_moe_active_experts(double tokens, uint32_t experts, uint32_t topk, double local);

/* What lands on the busiest of the expert-parallel ranks. */
typedef struct mu_moe_load {
    double pairs;
    double active_experts;
} mu_moe_load;

/**
 * Mean load of the busiest rank when experts draw their popularity from a power law x^-alpha, as
 * the `power_law_a` rows of published tables do; with alpha 0 the first rank's load when pairs
 * stride evenly over the experts (`balanced`). `ranks` divides `experts`, 1 .. 4096 of them.
 * Seeded: same arguments, same answer. O(experts * 32): for validation, not for planners.
 */
mu_moe_load mu_moe_power_law(double tokens, uint32_t experts, uint32_t topk, uint32_t ranks,
                             double alpha);

/* Prefill attention, causal: `sequences` of new_tokens each on top of cached_tokens each. */
typedef struct mu_attention_prefill {
    double sequences;
    double new_tokens;
    double cached_tokens;
    uint32_t heads;
    uint32_t kv_heads;
    uint32_t qk_dim;
    uint32_t v_dim;
    uint32_t window; /* 0 = full */
    mu_dtype compute;
    mu_dtype kv;
    bool mla;  /* the un-absorbed MLA shape (qk 192, v 128, kv_heads = heads) */
    bool warm; /* called again and again on the same operands: L2 keeps a share */
} mu_attention_prefill;

mu_kernel_cost mu_chip_attention_prefill(const mu_chip *chip, const mu_attention_prefill *shape);

/* Decode attention: each sequence brings query_tokens (1 + drafts) against its context. */
typedef struct mu_attention_decode {
    double sequences;
    double context_sum; /* tokens over all sequences, windows already applied */
    double query_tokens;
    uint32_t heads;
    uint32_t kv_heads;
    uint32_t qk_dim;
    uint32_t v_dim;
    mu_dtype compute;
    mu_dtype kv;
    double reach;    /* mean context before a window cut it; 0 = there is no window */
    uint32_t picked; /* entries that each query may pick of its context (sparse); 0 = all */
    bool mla;  /* absorbed: one KV head, qk = latent + rope, v = latent; values are part of keys */
    bool warm; /* called again and again on the same cache: L2 keeps a share */
    bool aliased; /* values are read from where the keys lie, as in a benchmark whose cache has room
                     for keys alone: half the bytes, read twice */
} mu_attention_decode;

mu_kernel_cost mu_chip_attention_decode(const mu_chip *chip, const mu_attention_decode *shape);

/* Indexer of sparse attention: scores of every query token against its context, then the top-k. */
typedef struct mu_indexer {
    double query_tokens; /* over all sequences */
    double score_pairs;  /* (query token, context token) pairs over all sequences */
    double context_sum;  /* cached index keys read */
    uint32_t heads;
    uint32_t dim;
    uint32_t topk;
    mu_dtype compute;
} mu_indexer;

mu_kernel_cost mu_chip_indexer(const mu_chip *chip, const mu_indexer *shape);

/* Linear attention core (gated delta net): convolution, gates, state update and read-out. */
typedef struct mu_linear_attention {
    double tokens; /* over all sequences */
    double sequences;
    uint32_t key_heads;
    uint32_t key_dim;
    uint32_t value_heads;
    uint32_t value_dim;
    uint32_t conv;
    bool prefill; /* chunked parallel form; else one recurrent step */
} mu_linear_attention;

mu_kernel_cost mu_chip_linear_attention(const mu_chip *chip, const mu_linear_attention *shape);

/* Everything that streams through memory once. */
typedef enum mu_stream_kind {
    MU_STREAM_NORM,
    MU_STREAM_ELEMENTWISE, /* activation functions, residual, rope, gates */
    MU_STREAM_QUANTISE,
    MU_STREAM_EMBEDDING,
    MU_STREAM_SAMPLE, /* softmax / top-p over the vocabulary */
    MU_STREAM_ROUTE,  /* MoE gate softmax, top-k, permutation */
    MU_STREAM_COPY,
    MU_STREAM_KIND_COUNT
} mu_stream_kind;

typedef struct mu_stream {
    mu_stream_kind kind;
    double read_bytes;
    double write_bytes;
    double kernels; /* launches */
} mu_stream;

mu_kernel_cost mu_chip_stream(const mu_chip *chip, const mu_stream *shape);

/* Where an operator lies on the surface of its kind. */
typedef struct mu_shape_place {
    mu_surface_kind kind;          /* MU_SURFACE_KIND_COUNT = on none */
    double at[MU_COORDINATES_MAX]; /* in the order of mu_surface_coordinates() */
} mu_shape_place;

mu_shape_place mu_gemm_place(const mu_chip *chip, const mu_gemm *shape);
mu_shape_place mu_moe_place(const mu_chip *chip, const mu_moe *shape);
mu_shape_place mu_prefill_place(const mu_attention_prefill *shape);
mu_shape_place mu_decode_place(const mu_attention_decode *shape);
mu_shape_place mu_linear_place(const mu_linear_attention *shape);

/** Factor on the time of an operator: 1 where the chip has no surface of the kind. */
double mu_place_factor(const mu_chip *chip, const mu_shape_place *place);

/**
 * Matrix path a product of these formats takes on this chip: native, else the nearest wider one
 * (fp8 -> int8 is not taken; fp8, int8, fp4 without a path run as bf16 with weight-only reads).
 */
mu_dtype mu_chip_path(const mu_chip *chip, mu_dtype activations, mu_dtype weights);

/** Draw of a chip in a kernel that neither computes nor moves memory: clocks up, waiting [W]. */
double mu_chip_working(const mu_chip *chip);

/**
 * Energy of a step, at most what the limit allows [J].
 * @param[in] host_s      of time_s: the chip waits for its host and idles
 * @param[in] activity_j  of matrix units and memory
 */
double mu_chip_step_energy(const mu_chip *chip, double time_s, double host_s, double activity_j);

/**
 * Energy of an operator that takes cost->time_s: that draw plus activity of matrix units and
 * memory, never above tdp_w * time [J].
 */
double mu_chip_energy(const mu_chip *chip, const mu_kernel_cost *cost);

#endif
