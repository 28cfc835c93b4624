/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   families that the catalogue has no model of are read as transformers reads them.
 * Method: the fields of their public configs, and exact equality with the published checkpoints.
 */
#include "model_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *name;
    double total;
    const char *config;
} published[] = {
    {"gpt2", 124439808,
     "{\"model_type\": \"gpt2\", \"n_embd\": 768, \"n_layer\": 12, \"n_head\": 12, \"vocab_size\": "
     "50257, \"n_positions\": 1024, \"n_ctx\": 1024}"},
    {"falcon-7b", 6921720704,
     "{\"model_type\": \"falcon\", \"hidden_size\": 4544, \"num_hidden_layers\": 32, "
     "\"num_attention_heads\": 71, \"vocab_size\": 65024, \"multi_query\": true, "
     "\"parallel_attn\": true, \"new_decoder_architecture\": false, \"bias\": false, "
     "\"alibi\": false}"},
    {"falcon-40b", 41303293952,
     "{\"model_type\": \"falcon\", \"hidden_size\": 8192, \"num_hidden_layers\": 60, "
     "\"num_attention_heads\": 128, \"num_kv_heads\": 8, \"vocab_size\": 65024, "
     "\"parallel_attn\": true, \"new_decoder_architecture\": true, \"bias\": false}"},
    {"gpt-neox-20b", 20554567680,
     "{\"model_type\": \"gpt_neox\", \"hidden_size\": 6144, \"num_hidden_layers\": 44, "
     "\"num_attention_heads\": 64, \"intermediate_size\": 24576, \"vocab_size\": 50432, "
     "\"max_position_embeddings\": 2048, \"tie_word_embeddings\": false, "
     "\"use_parallel_residual\": true}"},
    {"gemma-7b", 8537680896,
     "{\"model_type\": \"gemma\", \"hidden_size\": 3072, \"num_hidden_layers\": 28, "
     "\"num_attention_heads\": 16, \"num_key_value_heads\": 16, \"head_dim\": 256, "
     "\"intermediate_size\": 24576, \"vocab_size\": 256000}"},
    {"gemma-2-9b", 9241705984,
     "{\"model_type\": \"gemma2\", \"hidden_size\": 3584, \"num_hidden_layers\": 42, "
     "\"num_attention_heads\": 16, \"num_key_value_heads\": 8, \"head_dim\": 256, "
     "\"intermediate_size\": 14336, \"vocab_size\": 256000, \"sliding_window\": 4096}"},
    {"gemma-2-27b", 27227128320,
     "{\"model_type\": \"gemma2\", \"hidden_size\": 4608, \"num_hidden_layers\": 46, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 16, \"head_dim\": 128, "
     "\"intermediate_size\": 36864, \"vocab_size\": 256000, \"sliding_window\": 4096}"},
    {"gemma-3-1b", 999885952,
     "{\"model_type\": \"gemma3_text\", \"hidden_size\": 1152, \"num_hidden_layers\": 26, "
     "\"num_attention_heads\": 4, \"num_key_value_heads\": 1, \"head_dim\": 256, "
     "\"intermediate_size\": 6912, \"vocab_size\": 262144, \"sliding_window\": 512, "
     "\"sliding_window_pattern\": 6}"},
    {"phi-3-mini", 3821079552,
     "{\"model_type\": \"phi3\", \"hidden_size\": 3072, \"num_hidden_layers\": 32, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 32, \"intermediate_size\": 8192, "
     "\"vocab_size\": 32064, \"sliding_window\": 2047, \"tie_word_embeddings\": false, "
     "\"attention_bias\": false}"},
    {"mistral-nemo", 12247782400,
     "{\"model_type\": \"mistral\", \"hidden_size\": 5120, \"num_hidden_layers\": 40, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"head_dim\": 128, "
     "\"intermediate_size\": 14336, \"vocab_size\": 131072, \"sliding_window\": null}"},
    {"mistral-large-2407", 122610069504,
     "{\"model_type\": \"mistral\", \"hidden_size\": 12288, \"num_hidden_layers\": 88, "
     "\"num_attention_heads\": 96, \"num_key_value_heads\": 8, \"head_dim\": 128, "
     "\"intermediate_size\": 28672, \"vocab_size\": 32768, \"sliding_window\": null}"},
    {"olmo2-7b", 7298617344,
     "{\"model_type\": \"olmo2\", \"hidden_size\": 4096, \"num_hidden_layers\": 32, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 32, \"intermediate_size\": "
     "11008, \"vocab_size\": 100352, \"attention_bias\": false}"},
    {"olmoe", 6919161856,
     "{\"model_type\": \"olmoe\", \"hidden_size\": 2048, \"num_hidden_layers\": 16, "
     "\"num_attention_heads\": 16, \"num_key_value_heads\": 16, \"intermediate_size\": 1024, "
     "\"vocab_size\": 50304, \"num_experts\": 64, \"num_experts_per_tok\": 8}"},
    {"starcoder2-7b", 7173923840,
     "{\"model_type\": \"starcoder2\", \"hidden_size\": 4608, \"num_hidden_layers\": 32, "
     "\"num_attention_heads\": 36, \"num_key_value_heads\": 4, \"intermediate_size\": 18432, "
     "\"vocab_size\": 49152, \"use_bias\": true}"},
    {"qwen1.5-moe", 14315784192,
     "{\"model_type\": \"qwen2_moe\", \"hidden_size\": 2048, \"num_hidden_layers\": 24, "
     "\"num_attention_heads\": 16, \"num_key_value_heads\": 16, \"intermediate_size\": 5632, "
     "\"vocab_size\": 151936, \"num_experts\": 60, \"num_experts_per_tok\": 4, "
     "\"moe_intermediate_size\": 1408, \"shared_expert_intermediate_size\": 5632, "
     "\"decoder_sparse_step\": 1}"},
    {"qwen2-0.5b", 494032768,
     "{\"model_type\": \"qwen2\", \"hidden_size\": 896, \"num_hidden_layers\": 24, "
     "\"num_attention_heads\": 14, \"num_key_value_heads\": 2, \"intermediate_size\": 4864, "
     "\"vocab_size\": 151936, \"tie_word_embeddings\": true}"},
    {"deepseek-v2", 235741434880,
     "{\"model_type\": \"deepseek_v2\", \"hidden_size\": 5120, \"num_hidden_layers\": 60, "
     "\"num_attention_heads\": 128, \"num_key_value_heads\": 128, \"intermediate_size\": "
     "12288, \"vocab_size\": 102400, \"kv_lora_rank\": 512, \"q_lora_rank\": 1536, "
     "\"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"v_head_dim\": 128, "
     "\"n_routed_experts\": 160, \"n_shared_experts\": 2, \"num_experts_per_tok\": 6, "
     "\"moe_intermediate_size\": 1536, \"first_k_dense_replace\": 1, \"moe_layer_freq\": 1, "
     "\"n_group\": 8, \"topk_group\": 3}"},
    {"llama-3.2-1b", 1235814400,
     "{\"model_type\": \"llama\", \"hidden_size\": 2048, \"num_hidden_layers\": 16, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"head_dim\": 64, "
     "\"intermediate_size\": 8192, \"vocab_size\": 128256, \"tie_word_embeddings\": true}"},
    {"llama-3.2-3b", 3212749824,
     "{\"model_type\": \"llama\", \"hidden_size\": 3072, \"num_hidden_layers\": 28, "
     "\"num_attention_heads\": 24, \"num_key_value_heads\": 8, \"head_dim\": 128, "
     "\"intermediate_size\": 8192, \"vocab_size\": 128256, \"tie_word_embeddings\": true}"},
    {"qwen3-4b", 4022468096,
     "{\"model_type\": \"qwen3\", \"hidden_size\": 2560, \"num_hidden_layers\": 36, "
     "\"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"head_dim\": 128, "
     "\"intermediate_size\": 9728, \"vocab_size\": 151936, \"tie_word_embeddings\": true}"},
};

static void published_totals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        mu_error err;
        mu_model model = {0};
        if (model_from_text(published[i].config, &model, &err) != MU_OK) {
            fail_msg("%s: %s", published[i].name, err.text);
        }
        assert_int_equal(model.warning_count, 0);
        double total = mu_model_count(&model).total;
        if (total != published[i].total) {
            fail_msg("%s: %.0f parameters, published %.0f", published[i].name, total,
                     published[i].total);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_totals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
