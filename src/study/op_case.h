/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about one operator or collective, as tables of measured times ask them.
 *
 * What:  {"op": "gemm", "chip": "h20", "dtype": "bf16", "m": 64, "n": 6144, "k": 2048} and its
 *        like, as numbers; how long it takes on a chip and a fabric.
 * Terms: chip questions are of one rank; system questions are of `ranks` consecutive ranks.
 *        grouped_gemm: the two products of `experts` experts with `tokens` rows each.
 *        sparse_mla_*: a whole attention module of DeepSeek-V3.2's kind, projections and indexer
 *        included, asked of the very program that steps run.
 * Bound: benchmarks repeat a call on the same operands: caches are warm, input is quantised inside
 *        the call.
 */
#ifndef MUSTER_STUDY_OP_CASE_H
#define MUSTER_STUDY_OP_CASE_H

#include "base/arena.h"
#include "base/doc.h"
#include "chip/chip.h"
#include "fabric/fabric.h"

/* X(NAME, key, more keys): the numbers of a question. */
#define MU_OP_FIELD_LIST(X)                                                                        \
    X(M, "m", "")                                                                                  \
    X(N, "n", "")                                                                                  \
    X(K, "k", "")                                                                                  \
    X(BATCH, "batch", "batch_size")                                                                \
    X(NEW, "input", "isl seq_len new_tokens")                                                      \
    X(CACHED, "cached", "prefix")                                                                  \
    X(CONTEXT, "context", "kv_len context_length")                                                 \
    X(QUERIES, "queries", "next_n query_tokens")                                                   \
    X(HEADS, "heads", "num_heads")                                                                 \
    X(KV_HEADS, "kv_heads", "num_key_value_heads")                                                 \
    X(HEAD_DIM, "head_dim", "qk_dim")                                                              \
    X(V_DIM, "v_dim", "")                                                                          \
    X(WINDOW, "window", "window_size")                                                             \
    X(TOKENS, "tokens", "num_tokens num_token")                                                    \
    X(HIDDEN, "hidden", "hidden_size")                                                             \
    X(INTER, "intermediate", "inter_size intermediate_size")                                       \
    X(EXPERTS, "experts", "num_experts")                                                           \
    X(TOPK, "topk", "num_topk")                                                                    \
    X(MOE_TP, "moe_tp", "moe_tp_size")                                                             \
    X(EP, "ep", "moe_ep_size ep_size")                                                             \
    X(RANKS, "ranks", "num_gpus gpus")                                                             \
    X(STRIDE, "stride", "")                                                                        \
    X(BYTES, "bytes", "message_bytes message_size_bytes")                                          \
    X(CORES, "cores", "sms")                                                                       \
    X(Q_LORA, "q_lora", "q_lora_rank")                                                             \
    X(INDEX_HEADS, "index_heads", "index_n_heads")

typedef enum mu_op_field {
#define X(name, key, more) MU_OP_FIELD_##name,
    MU_OP_FIELD_LIST(X)
#undef X
        MU_OP_FIELD_COUNT
} mu_op_field;

/* X(NAME, word, more words, on a system?, fields that must be said) */
#define MU_OP_CASE_LIST(X)                                                                         \
    X(GEMM, "gemm", "matmul linear", false, "m n k")                                               \
    X(MOE, "moe", "fused_moe", false, "tokens hidden intermediate experts topk")                   \
    X(GROUPED, "grouped_gemm", "moe_products", false, "tokens hidden intermediate experts")        \
    X(PREFILL, "context_attention", "attention_prefill prefill_attention mha_prefill", false,      \
      "batch input heads head_dim")                                                                \
    X(DECODE, "generation_attention", "attention_decode decode_attention mha_decode", false,       \
      "batch context heads head_dim")                                                              \
    X(MLA_PREFILL, "context_mla", "mla_context mla_prefill", false, "batch input heads")           \
    X(MLA_DECODE, "generation_mla", "mla_generation mla_decode", false, "batch context heads")     \
    X(MLA_PRE, "mla_gen_pre", "mla_bmm_pre", false, "tokens heads")                                \
    X(MLA_POST, "mla_gen_post", "mla_bmm_post", false, "tokens heads")                             \
    X(SPARSE_PREFILL, "sparse_mla_prefill", "dsa_context_module", false,                           \
      "batch input heads hidden q_lora head_dim v_dim index_heads topk")                           \
    X(SPARSE_DECODE, "sparse_mla_decode", "dsa_generation_module", false,                          \
      "batch context heads hidden q_lora head_dim v_dim index_heads topk")                         \
    X(INDEXER_PREFILL, "indexer_prefill", "", false, "input context heads head_dim")               \
    X(INDEXER_DECODE, "indexer_decode", "", false, "batch context heads head_dim")                 \
    X(LINEAR_PREFILL, "linear_attention_prefill", "chunk_gated_delta_rule", false,                 \
      "batch tokens heads kv_heads head_dim v_dim")                                                \
    X(LINEAR_DECODE, "linear_attention_decode", "fused_recurrent_gated_delta_rule", false,         \
      "batch heads kv_heads head_dim v_dim")                                                       \
    X(CONVOLUTION, "short_convolution", "causal_conv1d", false, "tokens hidden")                   \
    X(QUANTISE, "quantise", "compute_scale computescale quantize", false, "m k")                   \
    X(STREAM, "stream", "copy elementwise norm", false, "bytes")                                   \
    X(ALL_REDUCE, "all_reduce", "allreduce", true, "ranks bytes")                                  \
    X(CUSTOM_ALL_REDUCE, "custom_all_reduce", "custom_allreduce one_shot_all_reduce", true,        \
      "ranks bytes")                                                                               \
    X(REDUCE_SCATTER, "reduce_scatter", "reducescatter", true, "ranks bytes")                      \
    X(ALL_GATHER, "all_gather", "allgather", true, "ranks bytes")                                  \
    X(BROADCAST, "broadcast", "", true, "ranks bytes")                                             \
    X(ALL_TO_ALL, "all_to_all", "alltoall", true, "ranks bytes")                                   \
    X(SEND, "send", "point_to_point p2p sendrecv", true, "bytes")                                  \
    X(DISPATCH, "dispatch", "dispatch_normal deepep_dispatch", true,                               \
      "ranks tokens topk experts hidden")                                                          \
    X(COMBINE, "combine", "combine_normal deepep_combine", true,                                   \
      "ranks tokens topk experts hidden")                                                          \
    X(DISPATCH_LL, "dispatch_low_latency", "dispatch_ll", true,                                    \
      "ranks tokens topk experts hidden")                                                          \
    X(COMBINE_LL, "combine_low_latency", "combine_ll", true, "ranks tokens topk experts hidden")   \
    X(EXPERT_EXCHANGE, "moe_dispatch_combine", "moe_fused_dispatch", true,                         \
      "ep tokens topk experts hidden intermediate")

typedef enum mu_op_case_kind {
#define X(name, word, more, system, needs) MU_OP_CASE_##name,
    MU_OP_CASE_LIST(X)
#undef X
        MU_OP_CASE_COUNT
} mu_op_case_kind;

/* How tokens spread over experts: evenly, each for itself, or by a power law of popularity (> 0).
 */
enum { MU_SPREAD_EVEN = 0, MU_SPREAD_RANDOM = -1 };

/* As many copies as weigh more than L2 together, five at most. */
enum { MU_COPIES_OF_L2 = -1 };

typedef struct mu_op_question {
    mu_op_case_kind kind;
    const char *target; /* chip or system as the user named it; borrowed */
    const char *dtype;  /* as written, for names; borrowed */
    mu_dtype activations;
    mu_dtype weights;
    mu_dtype kv;
    bool gated;
    bool quantised; /* input arrives quantised: the time of quantising it is not in the measurement
                     */
    bool aliased;   /* values of the cache are read from where its keys lie; not part of the key */
    double spread;  /* MU_SPREAD_* or the exponent of the power law */
    double copies;  /* of the weights that take turns between calls of the benchmark: 1 = always the
                       same, 0 = caches are flushed, or MU_COPIES_OF_L2; not part of the key */
    double number[MU_OP_FIELD_COUNT];
} mu_op_question;

/** "gemm". Static. */
const char *mu_op_case_text(mu_op_case_kind kind);

/** Whether the target is a system (else a chip). */
bool mu_op_case_on_system(mu_op_case_kind kind);

/** Kind of a word; case, '-' and '_' count the same. False when unknown. */
bool mu_op_case_parse(const char *word, mu_op_case_kind *out);

/** An empty question of a kind: bf16, one of everything optional. */
mu_op_question mu_op_question_make(mu_op_case_kind kind);

/**
 * Formats of a dtype word as published tables write them: "bf16", "fp8_block", "int8_wo" (weight
 * only), "w8a8_dynamic", "w4a16_mxfp4", ... Sets dtype, activations and weights. False when
 * unknown.
 */
bool mu_op_question_format(mu_op_question *question, const char *dtype);

/** Bytes of one element of a dtype word; 0 when unknown. */
double mu_op_element_bytes(const char *dtype);

/** "balanced", "random" or "power_law_1.2" into question->spread; false when it is none of them. */
bool mu_op_question_spread(mu_op_question *question, const char *text);

/** Number of a key or of its other names; -1 when unknown. */
int mu_op_field_of(const char *key);

/** NULL when the question can be asked, else what is wrong with it; text belongs to the arena. */
const char *mu_op_question_fault(const mu_op_question *question, mu_arena *arena);

/**
 * Reads {"op":, "chip" or "system":, "dtype":, ...}.
 * @retval MU_E_INPUT  unknown op or key (nearest named), a number or dtype that is none, no target
 */
mu_status mu_op_question_read(const mu_doc *doc, const mu_node *root, mu_op_question *out,
                              mu_error *err) MU_MUST_CHECK;

/** Canonical text: "h100 gemm bf16 m=64 n=6144 k=2048". Equal questions have equal keys. NULL: no
 * memory. */
const char *mu_op_key(const mu_op_question *question, mu_arena *arena);

/** What of an answer does not depend on the machine, computed once: the load of the busiest expert
 * rank. */
mu_moe_load mu_op_load(const mu_op_question *question);

/** Time [s]. `chip` is used by chip questions, `fabric` by system questions, both by fused ones. */
double mu_op_time(const mu_op_question *question, const mu_moe_load *load, const mu_chip *chip,
                  const mu_fabric *fabric);

/** Where the question lies on the surface of its kind; false for kinds that have none. */
bool mu_op_place(const mu_op_question *question, const mu_moe_load *load, const mu_chip *chip,
                 mu_shape_place *out);

/** Bus bandwidth as NCCL counts it, of a collective that takes time_s [B/s]; 0 for other kinds. */
double mu_op_bus_bandwidth(const mu_op_question *question, double time_s);

#endif
