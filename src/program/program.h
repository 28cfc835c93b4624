/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: what one rank computes and sends in one step of a deployment.
 *
 * What:  blocks of operators; a block runs `repeat` times (its identical layers). Operators know
 *        the model's dimensions after sharding; how many tokens they see comes with the load of a
 *        step, so one program serves prefill, decode and mixed (chunked-prefill) steps.
 * Why:   the waist of the hourglass: the model builder makes it, schedules consume it, neither
 *        knows the other.
 * Terms: load = tokens and sequences of one step in one DP group; rows = what an operator's scope
 *        counts.
 * Bound: every rank of a role runs the same program (pipeline stages: the heaviest one).
 */
#ifndef MUSTER_PROGRAM_PROGRAM_H
#define MUSTER_PROGRAM_PROGRAM_H

#include "base/dtype.h"
#include "base/error.h"
#include "model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* How one instance of a role is cut over ranks: ranks = tp * pp * cp * dp. */
typedef struct mu_parallel {
    uint32_t tp;                /* tensor parallel degree of attention and dense layers */
    uint32_t pp;                /* pipeline stages */
    uint32_t cp;                /* context (sequence) parallel degree of prefill attention */
    uint32_t dp;                /* data-parallel attention groups */
    uint32_t ep;                /* expert parallel degree; ep * moe_tp = tp * cp * dp */
    uint32_t moe_tp;            /* tensor parallel degree inside an expert */
    uint32_t redundant_experts; /* extra copies over the whole EP group */
    double imbalance;           /* busiest expert rank over the mean, >= 1; 0 = the engine's */
    uint32_t microbatches;      /* 1, or 2: two-batch overlap of compute and communication */
    uint32_t mtp;               /* draft tokens a decode step */
    bool gathers; /* tokens of DP groups meet their experts by all-gather, not by dispatch */
} mu_parallel;

typedef struct mu_precision {
    mu_dtype weights;     /* linear layers */
    mu_dtype activations; /* inputs of the linear layers */
    mu_dtype experts;     /* routed experts' weights */
    mu_dtype expert_activations;
    mu_dtype kv;
    mu_dtype dispatch; /* tokens on the wire to the experts */
} mu_precision;

/* What one step carries, in one DP group. Expectations: may be fractional. */
typedef struct mu_load {
    double prefill_sequences;
    double prefill_tokens; /* new tokens, all sequences together */
    double prefill_cached; /* tokens already in the cache, mean over these sequences */
    double decode_sequences;
    double decode_context; /* context tokens, all sequences together */
} mu_load;

/* Which rows of a load drive an operator. */
typedef enum mu_scope {
    MU_SCOPE_TOKENS,  /* prefill tokens + decode tokens (drafts included) */
    MU_SCOPE_PREFILL, /* prefill tokens */
    MU_SCOPE_CONTEXT, /* prefill tokens + their cached context (keys to expand) */
    MU_SCOPE_DECODE,  /* decode tokens, drafts included */
    MU_SCOPE_LOGITS,  /* rows that need logits: last prefill token, every decode token */
    MU_SCOPE_COUNT
} mu_scope;

typedef enum mu_op_kind {
    MU_OP_GEMM,
    MU_OP_MOE,
    MU_OP_ATTENTION_PREFILL,
    MU_OP_ATTENTION_DECODE,
    MU_OP_INDEXER_PREFILL,
    MU_OP_INDEXER_DECODE,
    MU_OP_LINEAR_PREFILL,
    MU_OP_LINEAR_DECODE,
    MU_OP_STREAM,
    MU_OP_COLLECTIVE,
    MU_OP_EXCHANGE
} mu_op_kind;

/* X(NAME, word in breakdowns) */
#define MU_PART_LIST(X)                                                                            \
    X(ATTENTION, "attention")                                                                      \
    X(PROJECTION, "attention_projections")                                                         \
    X(DENSE, "dense_ffn")                                                                          \
    X(EXPERTS, "experts")                                                                          \
    X(SHARED, "shared_experts")                                                                    \
    X(ROUTER, "router")                                                                            \
    X(NORM, "norm_elementwise")                                                                    \
    X(HEAD, "embedding_head_sampling")                                                             \
    X(TENSOR_COMM, "tensor_parallel_comm")                                                         \
    X(EXPERT_COMM, "expert_parallel_comm")                                                         \
    X(PIPELINE_COMM, "pipeline_comm")                                                              \
    X(HOST, "host")

/* The line of a breakdown an operator belongs to. */
typedef enum mu_part {
#define X(name, text) MU_PART_##name,
    MU_PART_LIST(X)
#undef X
        MU_PART_COUNT
} mu_part;

const char *mu_part_text(mu_part part);

/* Collectives a program asks for; the schedule maps them onto a fabric. */
typedef enum mu_comm {
    MU_COMM_ALL_REDUCE,
    MU_COMM_ALL_GATHER,
    MU_COMM_REDUCE_SCATTER,
    MU_COMM_SEND
} mu_comm;

/* Stream kinds a program asks for, as the chip layer has them. */
typedef enum mu_touch {
    MU_TOUCH_NORM,
    MU_TOUCH_ELEMENTWISE,
    MU_TOUCH_QUANTISE,
    MU_TOUCH_EMBEDDING,
    MU_TOUCH_SAMPLE,
    MU_TOUCH_ROUTE,
    MU_TOUCH_COPY
} mu_touch;

typedef struct mu_op {
    mu_op_kind kind;
    mu_part part;
    mu_scope scope;
    const char *name; /* static */
    double row_scale; /* rows on this rank = rows of the scope * row_scale */
    bool overlaps;    /* may run beside expert communication (shared experts) */
    bool draft;       /* in a draft pass: one decode token a sequence whatever the MTP depth */
    union {
        struct {
            uint32_t n, k, batch;
            mu_dtype activations, weights;
        } gemm;
        struct {
            uint32_t hidden, intermediate, experts, topk;
            double local_experts; /* hosted here, copies included */
            double groups;        /* tokens that meet the experts = rows here * groups */
            double pairs_per_row; /* (token, expert) pairs on this rank for each row here */
            bool gated;
            mu_dtype activations, weights;
        } moe;
        struct {
            uint32_t heads, kv_heads, qk_dim, v_dim, window, compress;
            uint32_t topk; /* sparse: context a query reads at most; 0 = all */
            uint32_t latent,
                latent_v; /* sparse MLA prefill: widths of the shared row beyond topk */
            mu_dtype compute, kv;
            bool mla;
        } attention;
        struct {
            uint32_t heads, dim, topk, compress;
            mu_dtype compute;
        } indexer;
        struct {
            uint32_t key_heads, key_dim, value_heads, value_dim, conv;
        } linear;
        struct {
            mu_touch touch;
            double read_bytes, write_bytes; /* per row */
            double fixed_bytes;             /* read whatever the rows */
            double kernels;
        } stream;
        struct {
            mu_comm what;
            uint64_t ranks, stride;
            double row_bytes; /* buffer as mu_fabric_collective() counts it, per row */
        } collective;
        struct {
            uint64_t ranks, stride;
            double topk, experts_per_rank, token_bytes;
            double groups, groups_topk; /* group-limited routing: of how many, how many; 0 = any */
            bool combine;
        } exchange;
    } u;
} mu_op;

enum { MU_OPS_MAX = 512, MU_BLOCKS_MAX = 24 };

/* ops[first .. first + count) run `repeat` times. */
typedef struct mu_block {
    uint32_t first;
    uint32_t count;
    double repeat; /* layers of this kind on the heaviest pipeline stage */
    bool overlap;  /* two-batch overlap applies (layers, not prologue and head) */
} mu_block;

typedef struct mu_program {
    uint32_t op_count;
    uint32_t block_count;
    mu_op op[MU_OPS_MAX];
    mu_block block[MU_BLOCKS_MAX];
    mu_parallel parallel;
    mu_precision precision;
    double ranks; /* of one instance */
} mu_program;

/**
 * Is this cut possible for this model? MU_OK, or MU_E_INPUT naming the degree that contradicts:
 * tp that divides neither heads nor fits KV heads, ep * moe_tp != tp * cp * dp, more expert ranks
 * than expert copies, more stages than layers, more than 8 drafts (each a repeat of the MTP layer,
 * or of a layer of the model's kind where it brings none), zero or absurd degrees.
 */
mu_status mu_parallel_check(const mu_model *model, const mu_parallel *parallel,
                            mu_error *err) MU_MUST_CHECK;

/** mu_parallel_check() without a message, for searches. */
bool mu_parallel_fits(const mu_model *model, const mu_parallel *parallel);

/**
 * Writes the program of one rank. The pair must have passed mu_parallel_check().
 * Cost: O(operators), no allocation.
 */
void mu_program_build(const mu_model *model, const mu_parallel *parallel,
                      const mu_precision *precision, mu_program *out);

/**
 * Writes the program of one attention alone, norm and projections included, uncut: what tables of
 * whole attention modules time.
 * @param[in] hidden  width of the model, 1 or more
 */
void mu_program_build_attention(const mu_attention *attention, uint32_t hidden,
                                const mu_precision *precision, mu_program *out);

/** Operators that a step of the heaviest pipeline stage launches, drafts' included. */
double mu_program_launches(const mu_program *program);

/** Rows a scope counts in a load, before any sharding; mtp = drafts that ride with each decode
 * token. */
double mu_load_rows(const mu_load *load, mu_scope scope, double mtp);

/** Content hash of what an operator costs apart from its rows (equal operators have equal hashes).
 */
uint64_t mu_op_hash(const mu_op *op);

/* Bytes one rank holds. */
typedef struct mu_footprint {
    double weights;
    double kv_per_token; /* per token of context of one sequence of this DP group (linear part) */
    double kv_per_sequence;       /* constant part: windows, linear states */
    double activations_per_token; /* scratch of a step, per token */
    double fixed;                 /* communication buffers and logits scratch */
} mu_footprint;

/** `context` sets where windows saturate (kv bytes are exact at that length). */
mu_footprint mu_program_footprint(const mu_model *model, const mu_parallel *parallel,
                                  const mu_precision *precision, double context);

#endif
