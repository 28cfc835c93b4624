/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the model layer: a Hugging Face config as a table of numbers and switches.
 *
 * What:  every field that matters, under whatever name its family gives it, within its limits.
 * Why:   families differ in names and defaults, not in kind: tables here, no branches elsewhere.
 * Terms: family = a model_type and what its code assumes without saying so in the config.
 */
#ifndef MUSTER_MODEL_CONFIG_H
#define MUSTER_MODEL_CONFIG_H

#include "base/doc.h"
#include "model/model.h"

/* Beyond these a config is a mistake, not a model. */
enum {
    MU_MODEL_LAYERS_MAX = 1000,
    MU_MODEL_HIDDEN_MAX = 262144,
    MU_MODEL_WIDTH_MAX = 4194304,
    MU_MODEL_HEADS_MAX = 16384,
    MU_MODEL_HEAD_DIM_MAX = 16384,
    MU_MODEL_VOCAB_MAX = 10000000,
    MU_MODEL_EXPERTS_MAX = 16384,
    MU_MODEL_TOPK_MAX = 1024,
    MU_MODEL_RANK_MAX = 65536,
    MU_MODEL_MTP_MAX = 16,
    MU_MODEL_POSITION_MAX = 2000000000,
    MU_MODEL_KEYS_MAX = 4096
};

/* X(NAME, low, high, names in order of preference...) */
#define MU_FIELD_LIST(X)                                                                           \
    X(LAYERS, 1, MU_MODEL_LAYERS_MAX, "num_hidden_layers", "n_layer", "num_layers", "n_layers")    \
    X(HIDDEN, 1, MU_MODEL_HIDDEN_MAX, "hidden_size", "n_embd", "d_model")                          \
    X(HEADS, 1, MU_MODEL_HEADS_MAX, "num_attention_heads", "n_head", "n_heads", "num_heads")       \
    X(KV_HEADS, 1, MU_MODEL_HEADS_MAX, "num_key_value_heads", "num_kv_heads", "n_head_kv",         \
      "num_query_groups")                                                                          \
    X(HEAD_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "head_dim", "kv_channels")                               \
    X(WIDTH, 1, MU_MODEL_WIDTH_MAX, "intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim")  \
    X(WIDTH_DENSE, 1, MU_MODEL_WIDTH_MAX, "intermediate_size_mlp")                                 \
    X(VOCAB, 1, MU_MODEL_VOCAB_MAX, "vocab_size", "padded_vocab_size")                             \
    X(POSITIONS, 0, MU_MODEL_POSITION_MAX, "max_position_embeddings", "n_positions", "n_ctx",      \
      "seq_length")                                                                                \
    X(WINDOW, 0, MU_MODEL_POSITION_MAX, "sliding_window")                                          \
    X(WINDOW_PATTERN, 1, MU_MODEL_LAYERS_MAX, "sliding_window_pattern", "_sliding_window_pattern") \
    X(WINDOW_FROM, 0, MU_MODEL_LAYERS_MAX, "max_window_layers")                                    \
    X(CHUNK, 0, MU_MODEL_POSITION_MAX, "attention_chunk_size")                                     \
    X(NO_ROPE_INTERVAL, 1, MU_MODEL_LAYERS_MAX, "no_rope_layer_interval")                          \
    X(FULL_INTERVAL, 1, MU_MODEL_LAYERS_MAX, "full_attention_interval")                            \
    X(Q_LORA, 0, MU_MODEL_RANK_MAX, "q_lora_rank", "attention_q_lora_dim")                         \
    X(KV_LORA, 0, MU_MODEL_RANK_MAX, "kv_lora_rank", "attention_kv_lora_dim")                      \
    X(NOPE_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "qk_nope_head_dim", "attention_qk_dim")                  \
    X(ROPE_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "qk_rope_head_dim", "attention_qk_rope_dim")             \
    X(V_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "v_head_dim", "attention_v_dim")                            \
    X(O_LORA, 0, MU_MODEL_RANK_MAX, "o_lora_rank")                                                 \
    X(O_GROUPS, 1, MU_MODEL_HEADS_MAX, "o_groups")                                                 \
    X(INDEX_HEADS, 1, MU_MODEL_HEADS_MAX, "index_n_heads")                                         \
    X(INDEX_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "index_head_dim")                                       \
    X(INDEX_TOPK, 1, MU_MODEL_POSITION_MAX, "index_topk")                                          \
    X(INDEX_FREQ, 1, MU_MODEL_LAYERS_MAX, "index_topk_freq")                                       \
    X(INDEX_OFFSET, 0, MU_MODEL_LAYERS_MAX, "index_skip_topk_offset")                              \
    X(KEY_HEADS, 1, MU_MODEL_HEADS_MAX, "linear_num_key_heads")                                    \
    X(KEY_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "linear_key_head_dim")                                    \
    X(VALUE_HEADS, 1, MU_MODEL_HEADS_MAX, "linear_num_value_heads")                                \
    X(VALUE_DIM, 1, MU_MODEL_HEAD_DIM_MAX, "linear_value_head_dim")                                \
    X(CONV, 1, 64, "linear_conv_kernel_dim")                                                       \
    X(EXPERTS, 0, MU_MODEL_EXPERTS_MAX, "num_experts", "num_local_experts", "n_routed_experts",    \
      "num_routed_experts")                                                                        \
    X(TOPK, 1, MU_MODEL_TOPK_MAX, "num_experts_per_tok", "experts_per_token", "moe_topk")          \
    X(EXPERT_WIDTH, 0, MU_MODEL_WIDTH_MAX, "moe_intermediate_size")                                \
    X(SHARED, 0, MU_MODEL_EXPERTS_MAX, "n_shared_experts", "num_shared_experts")                   \
    X(SHARED_WIDTH, 0, MU_MODEL_WIDTH_MAX, "shared_expert_intermediate_size")                      \
    X(GROUPS, 0, MU_MODEL_EXPERTS_MAX, "n_group")                                                  \
    X(GROUPS_TOPK, 0, MU_MODEL_EXPERTS_MAX, "topk_group")                                          \
    X(FIRST_DENSE, 0, MU_MODEL_LAYERS_MAX, "first_k_dense_replace", "num_dense_layers")            \
    X(MOE_FREQ, 1, MU_MODEL_LAYERS_MAX, "moe_layer_freq")                                          \
    X(MOE_STEP, 1, MU_MODEL_LAYERS_MAX, "decoder_sparse_step", "interleave_moe_layer_step")        \
    X(HASH_LAYERS, 0, MU_MODEL_LAYERS_MAX, "num_hash_layers")                                      \
    X(HYPER, 0, 64, "hc_mult")                                                                     \
    X(MTP, 0, MU_MODEL_MTP_MAX, "num_nextn_predict_layers", "mtp_num_hidden_layers",               \
      "num_mtp_layers")

typedef enum mu_field {
#define X(name, ...) MU_FIELD_##name,
    MU_FIELD_LIST(X)
#undef X
        MU_FIELD_COUNT
} mu_field;

/* Switches. A family sets them; the config's own booleans override. */
typedef enum mu_trait {
    MU_TRAIT_QKV_BIAS = 1 << 0,
    MU_TRAIT_NO_OUT_BIAS = 1 << 1, /* an attention bias leaves the output projection out */
    MU_TRAIT_MLP_BIAS = 1 << 2,
    MU_TRAIT_NORM_BIAS = 1 << 3,
    MU_TRAIT_UNGATED = 1 << 4,
    MU_TRAIT_PARALLEL = 1 << 5,
    MU_TRAIT_ONE_NORM = 1 << 6, /* a parallel block with one norm for both halves */
    MU_TRAIT_SANDWICH = 1 << 7, /* norms before and after each half */
    MU_TRAIT_LEARNED_POSITIONS = 1 << 8,
    MU_TRAIT_TIED = 1 << 9,
    MU_TRAIT_HEAD_BIAS = 1 << 10,
    MU_TRAIT_QK_NORM = 1 << 11,
    MU_TRAIT_QK_NORM_WIDE = 1 << 12, /* over all heads together, not head by head */
    MU_TRAIT_QK_NORM_BARE = 1 << 13, /* without weights */
    MU_TRAIT_SINKS = 1 << 14,
    MU_TRAIT_OUT_GATE = 1 << 15,
    MU_TRAIT_SHARED_GATE = 1 << 16,
    MU_TRAIT_ROUTER_BIAS = 1 << 17,
    MU_TRAIT_MULTI_QUERY = 1 << 18,
    MU_TRAIT_NEW_DECODER = 1 << 19, /* Falcon-40B and 180B: own norms, own number of kv heads */
    MU_TRAIT_WINDOW_ON = 1 << 20,
    MU_TRAIT_COMPRESSED = 1 << 21 /* DeepSeek-V4's attention */
} mu_trait;

enum { MU_FAMILY_DEFAULTS_MAX = 4 };

typedef struct mu_family {
    const char *type; /* model_type; "" for any other */
    uint32_t traits;
    struct {
        mu_field field;
        uint32_t value; /* 0 = no default */
    } defaults[MU_FAMILY_DEFAULTS_MAX];
} mu_family;

typedef struct mu_config {
    const mu_doc *doc;
    const mu_node *node;  /* the map that holds the language model's fields */
    const mu_node *outer; /* the whole config, when that is a multi-modal wrapper; else node */
    const mu_family *family;
    uint32_t traits;
    uint32_t value[MU_FIELD_COUNT];
    bool present[MU_FIELD_COUNT]; /* said by the config or a default of the family */
} mu_config;

/** The family of a model_type (which may be NULL); never NULL. */
const mu_family *mu_family_find(const char *type);

/** Reads all fields and switches; fills the model's type and warnings. */
mu_status mu_config_open(const mu_doc *doc, const mu_node *root, mu_config *config, mu_model *model,
                         mu_error *err) MU_MUST_CHECK;

static inline bool mu_config_has(const mu_config *config, mu_trait trait)
{
    return (config->traits & (uint32_t)trait) != 0;
}

/** Value of a field, or `fallback` where the config is silent. */
uint32_t mu_config_or(const mu_config *config, mu_field field, uint32_t fallback);

/** Value of a field that must be there; MU_E_INPUT names it, and the key that looks like it. */
mu_status mu_config_need(const mu_config *config, mu_field field, uint32_t *out,
                         mu_error *err) MU_MUST_CHECK;

/** Name under which the config says a field, or its usual name. */
const char *mu_config_name(const mu_config *config, mu_field field);

/** MU_E_INPUT at the place where the config says a field. */
mu_status mu_config_fail(const mu_config *config, mu_field field, mu_error *err, const char *format,
                         ...) MU_PRINTF(4, 5);

/** A list under `key` with at least `count` entries, or *out NULL when there is none. */
mu_status mu_config_list(const mu_config *config, const char *key, uint32_t count,
                         const mu_node **out, mu_error *err) MU_MUST_CHECK;

/** Adds a warning; those beyond MU_MODEL_WARNINGS_MAX are dropped. */
void mu_model_warn(mu_model *model, const char *format, ...) MU_PRINTF(2, 3);

/* What the layers of a config look like, one after the other. */
typedef struct mu_layer_kind {
    mu_attention_kind attention;
    uint32_t compress; /* COMPRESSED */
    bool own_index;    /* sparse: has an indexer of its own */
    bool moe;
    bool hash; /* experts by token id: no bias in the router */
} mu_layer_kind;

/* Where a config says what its layers are; made once, asked for each layer. */
typedef struct mu_layer_plan {
    const mu_config *config;
    const mu_node *types;    /* layer_types */
    const mu_node *mlp;      /* mlp_layer_types */
    const mu_node *ratios;   /* compress_ratios */
    const mu_node *indexers; /* indexer_types */
    const mu_node *no_rope;  /* no_rope_layers: 0 = sees everything */
    const mu_node *freq;     /* moe_layer_freq as a list of 0 and 1 */
    const mu_node *moe;      /* moe_layers: indices */
    const mu_node *dense;    /* mlp_only_layers: indices */
    mu_attention_kind base;  /* of a layer that sees everything */
    uint32_t layers;
    uint32_t experts;
} mu_layer_plan;

mu_status mu_layer_plan_read(const mu_config *config, mu_layer_plan *plan,
                             mu_error *err) MU_MUST_CHECK;

/** Kind of layer `index` (0 .. layers - 1). */
mu_status mu_layer_plan_at(const mu_layer_plan *plan, uint32_t index, mu_layer_kind *out,
                           mu_error *err) MU_MUST_CHECK;

/** Kind of an MTP layer. */
mu_status mu_layer_plan_mtp(const mu_layer_plan *plan, mu_layer_kind *out,
                            mu_error *err) MU_MUST_CHECK;

/* Attention and FFN of one kind of layer. */
mu_status mu_attention_read(const mu_config *config, const mu_layer_kind *kind, mu_attention *out,
                            mu_error *err) MU_MUST_CHECK;
mu_status mu_ffn_read(const mu_config *config, const mu_layer_kind *kind, mu_ffn *out,
                      mu_error *err) MU_MUST_CHECK;

#endif
