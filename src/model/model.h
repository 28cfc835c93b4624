/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's architecture, read from a Hugging Face config.json by its fields.
 *
 * A model is a list of layer groups (layers that cost the same), an embedding, a head and optional
 * multi-token-prediction (MTP) layers. Counts of parameters and KV-cache bytes follow from it.
 */
#ifndef MUSTER_MODEL_MODEL_H
#define MUSTER_MODEL_MODEL_H

#include "base/arena.h"
#include "base/doc.h"
#include "base/dtype.h"

typedef enum mu_attention_kind {
    MU_ATTENTION_FULL,       /* MHA, GQA, MQA over the whole context */
    MU_ATTENTION_WINDOW,     /* the same over the last `window` tokens (sliding or chunked) */
    MU_ATTENTION_MLA,        /* multi-head latent attention */
    MU_ATTENTION_MLA_SPARSE, /* MLA over the `index_topk` tokens an indexer picks (DeepSeek-V3.2,
                                GLM-5) */
    MU_ATTENTION_COMPRESSED, /* MQA over window + compressed context picked by an indexer
                                (DeepSeek-V4) */
    MU_ATTENTION_LINEAR      /* gated delta net: a state instead of a KV cache */
} mu_attention_kind;

typedef struct mu_attention {
    mu_attention_kind kind;
    uint32_t heads;
    uint32_t kv_heads;    /* 1 for MLA latent caches */
    uint32_t qk_dim;      /* head size of queries and keys (MLA: nope + rope) */
    uint32_t v_dim;       /* head size of values */
    uint32_t window;      /* tokens; WINDOW and COMPRESSED */
    uint32_t q_lora;      /* MLA: rank of the query path, 0 = none */
    uint32_t kv_lora;     /* MLA: latent size */
    uint32_t rope_dim;    /* MLA: rope part of a head */
    uint32_t nope_dim;    /* MLA: the other part */
    uint32_t o_lora;      /* COMPRESSED: rank of each output-projection group, 0 = none */
    uint32_t o_groups;    /* COMPRESSED */
    uint32_t compress;    /* COMPRESSED: tokens folded into one cached entry */
    uint32_t index_heads; /* sparse: indexer heads; 0 = uses the picks of an earlier layer */
    uint32_t index_dim;
    uint32_t index_topk; /* sparse: entries a query reads; 0 = all of them */
    uint32_t key_heads;  /* LINEAR */
    uint32_t key_dim;    /* LINEAR: size of one key head */
    uint32_t value_heads;
    uint32_t value_dim;
    uint32_t conv; /* LINEAR: short convolution width */
    bool qkv_bias;
    bool out_bias;
    bool qk_norm;            /* norm of queries and keys */
    uint32_t qk_norm_params; /* its weights a layer (0 when it has none) */
    bool out_gate;           /* sigmoid gate on the output (doubles the query projection) */
    bool sinks;              /* one learned sink a head (gpt-oss) */
} mu_attention;

typedef struct mu_ffn {
    bool moe;
    bool gated; /* SwiGLU-like: gate, up and down; else up and down */
    bool bias;
    uint32_t intermediate; /* dense width, or of one expert */
    uint32_t experts;      /* routed; 0 when dense */
    uint32_t topk;
    uint32_t shared;              /* number of shared experts */
    uint32_t shared_intermediate; /* their width together */
    uint32_t groups;              /* group-limited routing; 1 = none */
    uint32_t groups_topk;
    bool router_bias;
    bool shared_gate; /* a gate on the shared expert (Qwen) */
} mu_ffn;

typedef struct mu_layer_group {
    uint32_t layers;
    mu_attention attention;
    mu_ffn ffn;
    uint32_t norms; /* RMS/layer norms of hidden size a layer */
    bool norm_bias; /* layer norm with a bias */
    bool parallel;  /* attention and FFN side by side (GPT-J, Falcon) */
    uint32_t hyper; /* residual streams of hyper-connections (DeepSeek-V4); 0 = one plain */
} mu_layer_group;

enum {
    MU_LAYER_GROUPS_MAX = 16,
    MU_MODEL_TEXT_MAX = 96,
    MU_MODEL_WARNINGS_MAX = 4,
    MU_MODEL_WARNING_MAX = 160
};

typedef struct mu_model {
    char id[MU_MODEL_TEXT_MAX];
    char type[MU_MODEL_TEXT_MAX]; /* model_type */
    uint32_t layers;
    uint32_t hidden;
    uint32_t vocab;
    uint32_t max_position;      /* 0 = unlimited or unknown */
    uint32_t learned_positions; /* rows of a learned position table that count as parameters */
    bool tied_embeddings;
    bool head_bias;   /* the output head has a bias (GPT-J) */
    mu_dtype weights; /* format the weights are published in */
    mu_dtype experts; /* the same of the routed experts */
    mu_dtype fp8;     /* what its FP8 weights are: FP8, or FP8_BLOCK with scales of 128 x 128 */
    uint32_t mtp_layers;
    mu_layer_group mtp; /* what each is made of (or would be, where there is none), beside three
                           norms and a 2h x h projection */
    uint32_t group_count;
    mu_layer_group group[MU_LAYER_GROUPS_MAX]; /* in order of first appearance; layers alike are
                                                  one group even where others lie between them */
    uint32_t warning_count;
    /* "model_type 'foo' is not known; read by its fields" */
    char warning[MU_MODEL_WARNINGS_MAX][MU_MODEL_WARNING_MAX];
} mu_model;

/* Parameters by where they live; [count of elements]. */
typedef struct mu_model_params {
    double attention;
    double dense_ffn;
    double shared_experts;
    double routed_experts;
    double router;
    double embedding; /* input table, and the head unless tied */
    double norm;
    double mtp; /* not in total (published totals leave it out) */
    double total;
    double active; /* touched by one token, embedding table included as published counts do */
} mu_model_params;

/**
 * Reads a config. Multi-modal wrappers (`text_config`) are entered.
 *
 * @param[in]  doc   document; root a map in Hugging Face field names
 * @param[in]  id    name for reports
 * @retval MU_E_INPUT missing or wrong-typed field, absurd size (each has limits), heads that don't
 *                    divide, more experts chosen than there are, no known field at all
 */
mu_status mu_model_read(const mu_doc *doc, const mu_node *config, const char *id, mu_model *out,
                        mu_error *err) MU_MUST_CHECK;

mu_model_params mu_model_count(const mu_model *model);

/** Routed experts of a layer, by the first that has any; 0 = a dense model. */
uint32_t mu_model_experts(const mu_model *model);

/** Experts that a token picks; 0 for dense models. */
uint32_t mu_model_experts_picked(const mu_model *model);

/* Elements of one layer's parts, for sharding: attention projections, one routed expert, ... */
double mu_attention_params(const mu_model *model, const mu_attention *attention);
double mu_ffn_dense_params(const mu_model *model,
                           const mu_ffn *ffn); /* dense FFN or shared experts */
double mu_ffn_expert_params(const mu_model *model, const mu_ffn *ffn); /* one routed expert */
double mu_ffn_router_params(const mu_model *model, const mu_ffn *ffn);

/**
 * KV-cache bytes of one sequence of `tokens` tokens, whole model (MTP layers excluded), one copy
 * (not sharded). Windows and linear states are bounded as they are in engines.
 */
double mu_model_kv_bytes(const mu_model *model, double tokens, mu_dtype kv);

/** The same of one layer. */
double mu_attention_kv_bytes(const mu_attention *attention, double tokens, mu_dtype kv);

#endif
