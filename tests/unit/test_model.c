/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a config is read as its family means it, a nonsensical one is refused with its place.
 * Method: configs written out as on Hugging Face, field by field; every refusal by one change to a
 *         config that is good.
 */
#include "model_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LLAMA                                                                                      \
    "{\"model_type\": \"llama\", \"hidden_size\": 4096, \"num_hidden_layers\": 32,\n"              \
    " \"num_attention_heads\": 32, \"num_key_value_heads\": 8, \"intermediate_size\": 14336,\n"    \
    " \"vocab_size\": 128256, \"max_position_embeddings\": 131072"

#define MOE                                                                                        \
    "{\"model_type\": \"qwen3_moe\", \"hidden_size\": 64, \"num_hidden_layers\": 8,\n"             \
    " \"num_attention_heads\": 8, \"head_dim\": 16, \"intermediate_size\": 256,\n"                 \
    " \"vocab_size\": 1000, \"moe_intermediate_size\": 32, \"num_experts\": 16"

#define LATENT                                                                                     \
    "{\"model_type\": \"deepseek_v3\", \"hidden_size\": 256, \"num_hidden_layers\": 6,\n"          \
    " \"num_attention_heads\": 8, \"num_key_value_heads\": 8, \"intermediate_size\": 512,\n"       \
    " \"vocab_size\": 1000, \"kv_lora_rank\": 64, \"qk_nope_head_dim\": 32,\n"                     \
    " \"qk_rope_head_dim\": 16, \"v_head_dim\": 32"

static mu_model good(const char *json)
{
    mu_error err;
    mu_model model = {0};
    if (model_from_text(json, &model, &err) != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return model;
}

/* Refused, with `text` in the message and the place on `line`; the model stays untouched. */
static void bad(const char *json, uint32_t line, const char *text)
{
    mu_error err;
    mu_model model = {.layers = 77};
    assert_int_equal(model_from_text(json, &model, &err), MU_E_INPUT);
    if (strstr(err.text, text) == NULL || (line != 0 && err.line != line)) {
        fail_msg("expected line %u \"%s\", found line %u \"%s\"", line, text, err.line, err.text);
    }
    assert_string_equal(err.file, "config.json");
    assert_int_equal(model.layers, 77);
}

static void plain_model(void **state)
{
    mu_model model = good(LLAMA "}");
    const mu_layer_group *group = &model.group[0];
    (void)state;
    assert_string_equal(model.id, "test");
    assert_string_equal(model.type, "llama");
    assert_int_equal(model.warning_count, 0);
    assert_int_equal(model.layers, 32);
    assert_int_equal(model.vocab, 128256);
    assert_int_equal(model.max_position, 131072);
    assert_int_equal(model.learned_positions, 0);
    assert_false(model.tied_embeddings);
    assert_int_equal(model.group_count, 1);
    assert_int_equal(group->attention.kind, MU_ATTENTION_FULL);
    assert_int_equal(group->attention.qk_dim, 128);
    assert_int_equal(group->attention.kv_heads, 8);
    assert_int_equal(group->norms, 2);
    assert_true(group->ffn.gated);
    assert_false(group->ffn.moe);
    assert_false(group->attention.qkv_bias);
}

static void family_defaults(void **state)
{
    (void)state;
    mu_model model = good("{\"model_type\": \"gpt2\", \"n_embd\": 64, \"n_layer\": 2, "
                          "\"n_head\": 4, \"vocab_size\": 100, \"n_positions\": 32}");
    assert_true(model.tied_embeddings);
    assert_int_equal(model.learned_positions, 32);
    assert_int_equal(model.group[0].ffn.intermediate, 256);
    assert_false(model.group[0].ffn.gated);
    assert_true(model.group[0].attention.out_bias);
    model = good("{\"model_type\": \"qwen2\", \"hidden_size\": 64, \"num_hidden_layers\": 2, "
                 "\"num_attention_heads\": 4, \"intermediate_size\": 128, \"vocab_size\": 100, "
                 "\"sliding_window\": 32768, \"use_sliding_window\": false}");
    assert_true(model.group[0].attention.qkv_bias);
    assert_false(model.group[0].attention.out_bias);
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_FULL);
    model = good("{\"model_type\": \"falcon\", \"hidden_size\": 128, \"num_hidden_layers\": 2, "
                 "\"num_attention_heads\": 8, \"vocab_size\": 100, \"multi_query\": true}");
    assert_int_equal(model.group[0].attention.kv_heads, 1);
    assert_int_equal(model.group[0].norms, 1);
    assert_true(model.group[0].parallel);
}

static void booleans_override(void **state)
{
    (void)state;
    mu_model model = good(LLAMA ", \"attention_bias\": true, \"tie_word_embeddings\": true}");
    assert_true(model.group[0].attention.qkv_bias);
    assert_true(model.group[0].attention.out_bias);
    assert_true(model.tied_embeddings);
    model = good(LLAMA ", \"attention_bias\": null}");
    assert_false(model.group[0].attention.qkv_bias);
}

static void expert_layouts(void **state)
{
    (void)state;
    mu_model model = good(MOE ", \"num_experts_per_tok\": 4}");
    assert_int_equal(model.group_count, 1);
    assert_int_equal(model.group[0].ffn.experts, 16);
    assert_int_equal(model.group[0].ffn.intermediate, 32);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"decoder_sparse_step\": 2}");
    assert_int_equal(model.group_count, 2);
    assert_false(model.group[0].ffn.moe); /* layers 0, 2, 4, 6 */
    assert_int_equal(model.group[0].layers, 4);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"mlp_only_layers\": [0, 7, 3]}");
    assert_int_equal(model.group[0].layers, 3);
    assert_int_equal(model.group[1].layers, 5);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"moe_layer_freq\": [0,1,1,1,1,1,1,0]}");
    assert_int_equal(model.group[0].layers, 2);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"mlp_layer_types\": [\"dense\", \"sparse\", "
                     "\"sparse\", \"sparse\", \"dense\", \"dense\", \"moe\", \"sparse\"]}");
    assert_int_equal(model.group[0].layers, 3);
    assert_int_equal(model.group[0].ffn.intermediate, 256);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"n_shared_experts\": 2}");
    assert_int_equal(model.group[0].ffn.shared, 2);
    assert_int_equal(model.group[0].ffn.shared_intermediate, 64);
    model = good(LLAMA ", \"num_experts\": 0}");
    assert_false(model.group[0].ffn.moe);
}

static void attention_layouts(void **state)
{
    (void)state;
    mu_model model = good(LLAMA ", \"sliding_window\": 4096}");
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_FULL); /* llama has none */
    model = good("{\"model_type\": \"gemma3_text\", \"hidden_size\": 64, \"num_hidden_layers\": 13,"
                 "\"num_attention_heads\": 4, \"head_dim\": 32, \"intermediate_size\": 128,"
                 "\"vocab_size\": 100, \"sliding_window\": 512, \"sliding_window_pattern\": 6}");
    assert_int_equal(model.group_count, 2);
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_WINDOW);
    assert_int_equal(model.group[0].attention.window, 512);
    assert_int_equal(model.group[0].layers, 11); /* all but layers 5 and 11 */
    assert_int_equal(model.group[0].norms, 4);
    model = good("{\"model_type\": \"qwen2\", \"hidden_size\": 64, \"num_hidden_layers\": 4,"
                 "\"num_attention_heads\": 4, \"intermediate_size\": 128, \"vocab_size\": 100,"
                 "\"use_sliding_window\": true, \"sliding_window\": 64, \"max_window_layers\": 3}");
    assert_int_equal(model.group[0].layers, 3);
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_FULL);
    assert_int_equal(model.group[1].attention.kind, MU_ATTENTION_WINDOW);
    model = good("{\"model_type\": \"gpt_oss\", \"hidden_size\": 64, \"num_hidden_layers\": 3,"
                 "\"num_attention_heads\": 4, \"intermediate_size\": 128, \"vocab_size\": 100,"
                 "\"num_local_experts\": 4, \"experts_per_token\": 2, \"attention_bias\": true}");
    assert_int_equal(model.group[0].layers, 2); /* windows of 128 on layers 0 and 2 */
    assert_int_equal(model.group[0].attention.window, 128);
    assert_true(model.group[0].attention.sinks);
    assert_true(model.group[0].ffn.bias);
    assert_int_equal(model.group[0].ffn.topk, 2);
}

static void latent_attention(void **state)
{
    (void)state;
    mu_model model = good(LATENT ", \"q_lora_rank\": null}");
    const mu_attention *attention = &model.group[0].attention;
    assert_int_equal(attention->kind, MU_ATTENTION_MLA);
    assert_int_equal(attention->qk_dim, 48);
    assert_int_equal(attention->kv_heads, 1);
    assert_int_equal(attention->q_lora, 0);
    model = good("{\"model_type\": \"pangu_ultra_moe\", \"hidden_size\": 256, \"vocab_size\": 1000,"
                 "\"num_hidden_layers\": 6, \"num_attention_heads\": 8, \"intermediate_size\": 512,"
                 "\"attention_kv_lora_dim\": 64, \"attention_q_lora_dim\": 96,"
                 "\"attention_qk_rope_dim\": 16, \"attention_v_dim\": 32, \"attention_qk_dim\": 32,"
                 "\"num_routed_experts\": 8, \"num_experts_per_tok\": 2, \"num_shared_experts\": 1,"
                 "\"moe_intermediate_size\": 64, \"num_dense_layers\": 2, \"num_mtp_layers\": 1}");
    assert_int_equal(model.group[0].layers, 2);
    assert_int_equal(model.group[1].ffn.shared_intermediate, 64);
    assert_int_equal(model.group[1].attention.q_lora, 96);
    assert_int_equal(model.group[1].norms, 4);
    assert_int_equal(model.mtp_layers, 1);
    assert_true(model.mtp.ffn.moe);
}

static void sparse_attention(void **state)
{
    (void)state;
    mu_model model = good(LATENT ", \"q_lora_rank\": 32, \"index_topk\": 64, "
                                 "\"index_n_heads\": 4, \"index_head_dim\": 16, "
                                 "\"indexer_types\": [\"full\", \"shared\", \"full\", \"shared\", "
                                 "\"shared\", \"full\"]}");
    assert_int_equal(model.group_count, 2);
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_MLA_SPARSE);
    assert_int_equal(model.group[0].attention.index_heads, 4);
    assert_int_equal(model.group[1].layers, 3);
    assert_int_equal(model.group[1].attention.index_heads, 0);
    assert_int_equal(model.group[1].attention.index_topk, 64);
}

static void wrapped_model(void **state)
{
    (void)state;
    mu_model model = good(
        "{\"model_type\": \"llama4\", \"vision_config\": {\"hidden_size\": 1408}, \"text_config\": "
        "{\"model_type\": \"llama4_text\", \"hidden_size\": 80, \"num_hidden_layers\": 8, "
        "\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"head_dim\": 16, "
        "\"intermediate_size\": 32, \"intermediate_size_mlp\": 64, \"num_local_experts\": 4, "
        "\"num_experts_per_tok\": 1, \"interleave_moe_layer_step\": 2, \"vocab_size\": 100, "
        "\"attention_chunk_size\": 128}, \"tie_word_embeddings\": true}");
    assert_string_equal(model.type, "llama4_text");
    assert_true(model.tied_embeddings);
    /* dense with chunks (0, 2, 4, 6), experts with chunks (1, 5), experts without (3, 7) */
    assert_int_equal(model.group_count, 3);
    assert_int_equal(model.group[0].layers, 4);
    assert_int_equal(model.group[0].ffn.intermediate, 64);
    assert_int_equal(model.group[1].layers, 2);
    assert_int_equal(model.group[1].attention.window, 128);
    assert_int_equal(model.group[2].attention.kind, MU_ATTENTION_FULL);
    assert_int_equal(model.group[2].ffn.shared_intermediate, 32);
    assert_true(model.group[0].attention.qk_norm);
    assert_int_equal(model.group[0].attention.qk_norm_params, 0);
}

static void hybrid_model(void **state)
{
    mu_error err;
    mu_model model = {0};
    (void)state;
    assert_int_equal(model_from_catalogue("qwen3.5-397b-a17b", &model, &err), MU_OK);
    assert_int_equal(model.group_count, 2);
    assert_int_equal(model.group[0].attention.kind, MU_ATTENTION_LINEAR);
    assert_int_equal(model.group[0].layers, 45);
    assert_int_equal(model.group[1].layers, 15);
    assert_true(model.group[1].attention.out_gate);
    assert_true(model.group[1].ffn.shared_gate);
    assert_int_equal(model.mtp.attention.kind, MU_ATTENTION_FULL);
    assert_int_equal(model_from_catalogue("deepseek-v4-flash", &model, &err), MU_OK);
    assert_int_equal(model.mtp.attention.kind, MU_ATTENTION_COMPRESSED);
    assert_int_equal(model.mtp.attention.compress, 0);
    assert_int_equal(model.group[0].hyper, 4);
}

static void published_formats(void **state)
{
    (void)state;
    mu_model model = good(LLAMA ", \"torch_dtype\": \"float16\"}");
    assert_int_equal(model.weights, MU_DTYPE_FP16);
    model = good(LLAMA ", \"quantization_config\": {\"quant_method\": \"fp8\", "
                       "\"weight_block_size\": [128, 128]}}");
    assert_int_equal(model.weights, MU_DTYPE_FP8_BLOCK);
    model = good(MOE ", \"num_experts_per_tok\": 4, \"quantization_config\": "
                     "{\"quant_method\": \"mxfp4\"}}");
    assert_int_equal(model.weights, MU_DTYPE_BF16);
    assert_int_equal(model.experts, MU_DTYPE_FP4);
    model = good(LLAMA ", \"quantization_config\": {\"quant_method\": \"bitnet\"}}");
    assert_int_equal(model.weights, MU_DTYPE_BF16);
    assert_non_null(strstr(model.warning[0], "bitnet"));
}

static void warnings(void **state)
{
    (void)state;
    mu_model model = good("{\"model_type\": \"llama9\", \"hidden_size\": 64, \"vocab_size\": 10, "
                          "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
                          "\"num_key_value_head\": 2, \"intermediate_size\": 128}");
    assert_int_equal(model.warning_count, 2);
    assert_string_equal(model.warning[0], "model_type 'llama9' is not known; read by its fields");
    assert_non_null(strstr(model.warning[1], "num_key_value_heads"));
    model = good("{\"hidden_size\": 64, \"vocab_size\": 10, \"num_hidden_layers\": 2, "
                 "\"num_attention_heads\": 4, \"intermediate_size\": 128, \"mamba_d_state\": 16}");
    assert_non_null(strstr(model.warning[0], "model_type is missing"));
    assert_non_null(strstr(model.warning[1], "mamba_d_state"));
    model =
        good("{\"model_type\": \"deepseek_v3\", \"hidden_size\": 64, \"vocab_size\": 10, "
             "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 128, "
             "\"kv_lora_rank\": 16, \"qk_nope_head_dim\": 16, \"qk_rope_head_dim\": 8, "
             "\"v_head_dim\": 16, \"n_routed_experts\": 8, \"num_experts_per_tok\": 2, "
             "\"moe_intermediate_size\": 32, \"first_k_dense_replace\": 99, "
             "\"torch_dtype\": \"float64\"}");
    assert_int_equal(model.warning_count, 2);
    assert_string_equal(model.warning[0],
                        "8 experts, but no layer has them: every layer is read as dense");
    assert_string_equal(model.warning[1],
                        "dtype 'float64' is not understood: weights taken as bf16");
}

static void missing_fields(void **state)
{
    (void)state;
    bad("{}", 0, "not a model config");
    bad("[1, 2]", 0, "expected a model config");
    bad("{\"name\": \"left-pad\", \"version\": \"1.0.0\"}", 0, "not a model config");
    bad("{\"model_type\": \"llama\",\n\n \"hiden_size\": 64, \"num_hidden_layers\": 2}", 3,
        "hidden_size is missing; is \"hiden_size\" meant for it?");
    bad("{\"hidden_size\": 64, \"num_hidden_layers\": 2, \"vocab_size\": 10,\n"
        " \"intermediate_size\": 128}",
        0, "num_attention_heads is missing");
    bad(MOE "}", 0, "num_experts_per_tok is missing");
    bad(LATENT ", \"index_topk\": 64}", 0, "index_n_heads is missing");
    bad("{\"model_type\": \"mistral\", \"hidden_size\": 64, \"num_hidden_layers\": 1, "
        "\"num_attention_heads\": 4, \"vocab_size\": 10, \"intermediate_size\": 128, "
        "\"layer_types\": [\"sliding_attention\"]}",
        0, "sliding_window");
}

static void wrong_values(void **state)
{
    (void)state;
    bad("{\"model_type\": \"llama\",\n \"hidden_size\": \"big\", \"num_hidden_layers\": 2}", 2,
        "hidden_size: expected a whole number");
    bad("{\"hidden_size\": -5}", 1, "hidden_size");
    bad("{\"hidden_size\": 1e12}", 1, "hidden_size");
    bad("{\"hidden_size\": 64.5}", 1, "hidden_size");
    bad("{\"hidden_size\": true}", 1, "hidden_size");
    bad("{\"num_hidden_layers\": 0}", 1, "num_hidden_layers");
    bad("{\"num_hidden_layers\": 1001}", 1, "num_hidden_layers");
    bad("{\"hidden_size\": 64, \"num_experts\": 1000000000000}", 1, "num_experts");
    bad("{\"hidden_size\": 64, \"vocab_size\": [1]}", 1, "vocab_size");
    bad("{\"hidden_size\": 64, \"model_type\": {}}", 1, "model_type");
    bad(LLAMA ", \"attention_bias\": \"yes\"}", 3, "attention_bias");
    bad(LLAMA ", \"layer_types\": 5}", 3, "layer_types: expected a list");
}

static void contradictions(void **state)
{
    (void)state;
    bad("{\"hidden_size\": 64, \"num_hidden_layers\": 1, \"vocab_size\": 10, "
        "\"intermediate_size\": 128, \"num_attention_heads\": 6, \"num_key_value_heads\": 4, "
        "\"head_dim\": 16}",
        1, "num_key_value_heads: 4 does not divide num_attention_heads, 6");
    bad("{\"hidden_size\": 65, \"num_hidden_layers\": 1, \"vocab_size\": 10, "
        "\"intermediate_size\": 128, \"num_attention_heads\": 6}",
        1, "num_attention_heads: 6 does not divide hidden_size, 65");
    bad(MOE ",\n \"num_experts_per_tok\": 17}", 4, "17 chosen of 16 experts");
    bad(MOE ", \"num_experts_per_tok\": 2,\n \"n_group\": 3}", 4,
        "n_group: 3 does not divide num_experts, 16");
    bad(MOE ", \"num_experts_per_tok\": 2, \"n_group\": 4,\n \"topk_group\": 5}", 4,
        "5 chosen of 4 groups");
    bad(MOE ", \"num_experts_per_tok\": 2,\n \"layer_types\": [\"full_attention\"]}", 4,
        "an entry for each of 8 layers");
    bad(MOE ", \"num_experts_per_tok\": 2, \"mlp_layer_types\": [\"dense\", \"dense\", \"dense\","
            "\"dense\", \"dense\", \"dense\", \"dense\",\n \"wet\"]}",
        4, "\"wet\"");
    bad("{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 1, "
        "\"num_attention_heads\": 4, \"vocab_size\": 10, \"intermediate_size\": 128, "
        "\"layer_types\": [\"magic\"]}",
        1, "\"magic\" is no kind of layer");
    bad(MOE ", \"num_experts_per_tok\": 2, \"mlp_only_layers\": [\"x\"]}", 3, "mlp_only_layers");
}

static void too_wide(void **state)
{
    (void)state;
    bad("{\"hidden_size\": 64, \"num_hidden_layers\": 1, \"vocab_size\": 10, "
        "\"num_attention_heads\": 4, \"num_experts\": 4, \"num_experts_per_tok\": 2, "
        "\"moe_intermediate_size\": 4194304,\n \"n_shared_experts\": 2}",
        2, "2 experts of width 4194304 are too many");
}

static void many_keys(void **state)
{
    enum { KEYS = 5000, EACH = 16 };
    (void)state;
    size_t size = (size_t)KEYS * EACH + 64;
    char *json = malloc(size);
    assert_non_null(json);
    size_t used = (size_t)snprintf(json, size, "{\"hidden_size\": 64");
    for (int i = 0; i < KEYS; i++) {
        used += (size_t)snprintf(json + used, EACH, ", \"k%d\": 1", i);
    }
    (void)snprintf(json + used, EACH, "}");
    bad(json, 0, "over 4096 keys");
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_model),       cmocka_unit_test(family_defaults),
        cmocka_unit_test(booleans_override), cmocka_unit_test(expert_layouts),
        cmocka_unit_test(attention_layouts), cmocka_unit_test(latent_attention),
        cmocka_unit_test(sparse_attention),  cmocka_unit_test(wrapped_model),
        cmocka_unit_test(hybrid_model),      cmocka_unit_test(published_formats),
        cmocka_unit_test(warnings),          cmocka_unit_test(missing_fields),
        cmocka_unit_test(wrong_values),      cmocka_unit_test(contradictions),
        cmocka_unit_test(too_wide),          cmocka_unit_test(many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
