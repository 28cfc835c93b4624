/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families: what each model_type takes for granted.
 *
 * What:  switches and default values that the code of a family assumes without the config's word.
 * Why:   one line a family instead of branches in the reader.
 * Source: the configuration and modelling classes of Hugging Face transformers (2026-08).
 */
#include "model/config.h"

#include <string.h>

#define BIASED (MU_TRAIT_QKV_BIAS | MU_TRAIT_MLP_BIAS | MU_TRAIT_NORM_BIAS | MU_TRAIT_UNGATED)
#define QWEN_HYBRID (MU_TRAIT_QK_NORM | MU_TRAIT_OUT_GATE | MU_TRAIT_SHARED_GATE)
#define GEMMA (MU_TRAIT_TIED | MU_TRAIT_SANDWICH | MU_TRAIT_WINDOW_ON)
#define CONV_4                                                                                     \
    {MU_FIELD_FULL_INTERVAL, 4},                                                                   \
    {                                                                                              \
        MU_FIELD_CONV, 4                                                                           \
    }

static const mu_family families[] = {
    {"llama", 0, {{0}}},
    {"mistral", MU_TRAIT_WINDOW_ON, {{0}}},
    {"mixtral",
     MU_TRAIT_WINDOW_ON,
     {{MU_FIELD_EXPERTS, 8}, {MU_FIELD_TOPK, 2}, {MU_FIELD_KV_HEADS, 8}}},
    {"qwen2", MU_TRAIT_QKV_BIAS | MU_TRAIT_NO_OUT_BIAS, {{0}}},
    {"qwen2_moe", MU_TRAIT_QKV_BIAS | MU_TRAIT_NO_OUT_BIAS | MU_TRAIT_SHARED_GATE, {{0}}},
    {"qwen3", MU_TRAIT_QK_NORM, {{0}}},
    {"qwen3_moe", MU_TRAIT_QK_NORM, {{0}}},
    {"qwen3_next", QWEN_HYBRID, {CONV_4}},
    {"qwen3_5_text", QWEN_HYBRID, {CONV_4}},
    {"qwen3_5", QWEN_HYBRID, {CONV_4}},
    {"qwen3_5_moe_text", QWEN_HYBRID, {CONV_4}},
    {"qwen3_5_moe", QWEN_HYBRID, {CONV_4}},
    {"deepseek_v2", 0, {{0}}},
    {"deepseek_v3", MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"deepseek_v32", MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"deepseek_v4",
     MU_TRAIT_ROUTER_BIAS | MU_TRAIT_COMPRESSED | MU_TRAIT_SINKS | MU_TRAIT_WINDOW_ON,
     {{MU_FIELD_WINDOW, 128}, {MU_FIELD_HASH_LAYERS, 3}, {MU_FIELD_HYPER, 4}}},
    {"kimi_k2", MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"kimi_k25", MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"glm4_moe", MU_TRAIT_ROUTER_BIAS | MU_TRAIT_NO_OUT_BIAS, {{0}}},
    {"glm4_moe_lite", MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"glm_moe_dsa", MU_TRAIT_ROUTER_BIAS, {{MU_FIELD_FIRST_DENSE, 3}}},
    {"minimax_m2", MU_TRAIT_QK_NORM | MU_TRAIT_QK_NORM_WIDE | MU_TRAIT_ROUTER_BIAS, {{0}}},
    {"gpt_oss",
     MU_TRAIT_QKV_BIAS | MU_TRAIT_MLP_BIAS | MU_TRAIT_ROUTER_BIAS | MU_TRAIT_SINKS |
         MU_TRAIT_WINDOW_ON,
     {{MU_FIELD_WINDOW, 128}, {MU_FIELD_WINDOW_PATTERN, 2}}},
    {"llama4_text",
     MU_TRAIT_QK_NORM | MU_TRAIT_QK_NORM_BARE,
     {{MU_FIELD_NO_ROPE_INTERVAL, 4},
      {MU_FIELD_CHUNK, 8192},
      {MU_FIELD_SHARED, 1},
      {MU_FIELD_WIDTH_DENSE, 16384}}},
    {"llama4",
     MU_TRAIT_QK_NORM | MU_TRAIT_QK_NORM_BARE,
     {{MU_FIELD_NO_ROPE_INTERVAL, 4},
      {MU_FIELD_CHUNK, 8192},
      {MU_FIELD_SHARED, 1},
      {MU_FIELD_WIDTH_DENSE, 16384}}},
    {"pangu", MU_TRAIT_SANDWICH, {{0}}},
    {"pangu_ultra_moe", MU_TRAIT_SANDWICH, {{0}}},
    {"PanguProMoE", MU_TRAIT_QKV_BIAS, {{0}}},
    {"gpt2", BIASED | MU_TRAIT_LEARNED_POSITIONS | MU_TRAIT_TIED, {{0}}},
    {"bloom", BIASED | MU_TRAIT_TIED, {{0}}},
    {"gptj",
     MU_TRAIT_MLP_BIAS | MU_TRAIT_NORM_BIAS | MU_TRAIT_UNGATED | MU_TRAIT_PARALLEL |
         MU_TRAIT_ONE_NORM | MU_TRAIT_HEAD_BIAS,
     {{0}}},
    {"gpt_neox", BIASED | MU_TRAIT_PARALLEL, {{0}}},
    {"falcon",
     MU_TRAIT_NORM_BIAS | MU_TRAIT_UNGATED | MU_TRAIT_PARALLEL | MU_TRAIT_ONE_NORM |
         MU_TRAIT_MULTI_QUERY | MU_TRAIT_TIED,
     {{0}}},
    {"gemma", MU_TRAIT_TIED, {{0}}},
    {"gemma2", GEMMA, {{MU_FIELD_WINDOW, 4096}, {MU_FIELD_WINDOW_PATTERN, 2}}},
    {"gemma3_text",
     GEMMA | MU_TRAIT_QK_NORM,
     {{MU_FIELD_WINDOW, 4096}, {MU_FIELD_WINDOW_PATTERN, 6}}},
    {"phi3", MU_TRAIT_WINDOW_ON, {{0}}},
    {"olmo2", MU_TRAIT_QK_NORM | MU_TRAIT_QK_NORM_WIDE, {{0}}},
    {"olmoe", MU_TRAIT_QK_NORM | MU_TRAIT_QK_NORM_WIDE, {{0}}},
    {"starcoder2", BIASED | MU_TRAIT_TIED, {{0}}},
};

static const mu_family any_family = {"", MU_TRAIT_WINDOW_ON, {{0}}};

const mu_family *mu_family_find(const char *type)
{
    for (size_t i = 0; type != NULL && i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(families[i].type, type) == 0) {
            return &families[i];
        }
    }
    return &any_family;
}
