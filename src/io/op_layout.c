/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layouts that are known: NVIDIA's aiconfigurator, its Ascend counterpart aiconfigurator-npu,
 * Alibaba's InferSim, and muster's own (any table with a column `op` whose columns are the keys of
 * an operator question).
 */
#include "io/op_layout.h"

#include <string.h>

#define ATTENTION "batch_size:batch num_heads:heads head_dim "
#define GROUPED                                                                                    \
    "tokens_per_expert:tokens num_local_experts:experts hidden_size:hidden "                       \
    "intermediate_size:intermediate"
#define DEEPEP                                                                                     \
    "node_num:ranks hidden_size:hidden num_token:tokens num_topk:topk num_experts:experts"
#define DELTA_NET                                                                                  \
    "batch_size:batch num_tokens:tokens num_k_heads:heads head_k_dim:head_dim "                    \
    "num_v_heads:kv_heads "                                                                        \
    "head_v_dim:v_dim d_model:hidden"

/* 4096 tokens a rank would take 7 ms at the die's peak; the table says 1.5 ms, and less than for
   64 tokens. */
#define FUSED_DISPATCH                                                                             \
    "times fall as tokens grow, below what the work takes at peak: not of the work the columns "   \
    "name"

#define SPARSE_PREFILL                                                                             \
    .table = "dsa_context_module", .kind = MU_OP_CASE_SPARSE_PREFILL,                              \
    .format_column = "gemm_type", .kv_column = "kv_cache_dtype",                                   \
    .columns = "batch_size:batch isl:input step:cached num_heads:heads"
#define SPARSE_DECODE                                                                              \
    .table = "dsa_generation_module", .kind = MU_OP_CASE_SPARSE_DECODE,                            \
    .format_column = "gemm_type", .kv_column = "kv_cache_dtype",                                   \
    .columns = "batch_size:batch isl:context step:+context num_heads:heads"
#define DEEPSEEK_V32                                                                               \
    .only = "model=deepseek-ai/DeepSeek-V3.2",                                                     \
    .constants = "hidden=7168 q_lora=1536 head_dim=192 v_dim=128 index_heads=64 topk=2048"
#define GLM_5                                                                                      \
    .only = "model=zai-org/GLM-5",                                                                 \
    .constants = "hidden=6144 q_lora=2048 head_dim=256 v_dim=256 index_heads=32 topk=2048"

/* clang-format off */
static const mu_op_layout layouts[] = {
    {SPARSE_PREFILL, DEEPSEEK_V32},
    {SPARSE_PREFILL, GLM_5},
    {SPARSE_DECODE, DEEPSEEK_V32},
    {SPARSE_DECODE, GLM_5},
    {.table = "gemm", .kind = MU_OP_CASE_GEMM, .format_column = "gemm_dtype", .columns = "m n k",
     .flags = MU_LAYOUT_COLLECTED},
    {.table = "gemm-data", .kind = MU_OP_CASE_GEMM, .format = "fp8_block", .columns = "m n k",
     .flags = MU_LAYOUT_QUANTISED},
    {.table = "context_attention", .kind = MU_OP_CASE_PREFILL, .format_column = "attn_dtype",
     .kv_column = "kv_cache_dtype",
     .columns = ATTENTION "isl:input step:cached num_key_value_heads:kv_heads window_size:window"},
    {.table = "context_attention", .kind = MU_OP_CASE_PREFILL, .format = "bf16",
     .columns = ATTENTION "seq_len:input num_key_value_heads_raw:kv_heads"},
    {.table = "generation_attention", .kind = MU_OP_CASE_DECODE, .format_column = "attn_dtype",
     .kv_column = "kv_cache_dtype",
     .columns = ATTENTION "isl:context step:+context num_key_value_heads:kv_heads "
                          "window_size:window",
     .flags = MU_LAYOUT_COLLECTED},
    {.table = "generation_attention", .kind = MU_OP_CASE_DECODE, .format = "bf16",
     .columns = ATTENTION "seq_len:context num_key_value_heads_raw:kv_heads"},
    {.table = "context_mla", .kind = MU_OP_CASE_MLA_PREFILL, .format_column = "mla_dtype",
     .kv_column = "kv_cache_dtype",
     .columns = "batch_size:batch isl:input step:cached num_heads:heads"},
    {.table = "generation_mla", .kind = MU_OP_CASE_MLA_DECODE, .format_column = "mla_dtype",
     .kv_column = "kv_cache_dtype",
     .columns = "batch_size:batch isl:context step:+context num_heads:heads"},
    {.table = "mla_bmm", .copies = 1.0, .kind_column = "op_name", .format_column = "bmm_dtype",
     .columns = "num_tokens:tokens num_heads:heads"},
    {.table = "moe", .kind = MU_OP_CASE_MOE, .format_column = "moe_dtype",
     .columns = "num_tokens:tokens hidden_size:hidden inter_size:intermediate topk "
                "num_experts:experts moe_tp_size:moe_tp moe_ep_size:ep"},
    {.table = "moe", .kind = MU_OP_CASE_MOE, .format_column = "dtype",
     .columns = "num_tokens:tokens hidden_size:hidden inter_size:intermediate topk "
                "num_experts:experts ep_size:ep"},
    {.table = "nccl", .kind_column = "op_name", .format_column = "nccl_dtype",
     .columns = "num_gpus:ranks message_size:bytes", .flags = MU_LAYOUT_ELEMENTS},
    {.table = "custom_allreduce", .kind = MU_OP_CASE_CUSTOM_ALL_REDUCE,
     .format_column = "allreduce_dtype", .columns = "num_gpus:ranks message_size:bytes",
     .flags = MU_LAYOUT_ELEMENTS},
    {.table = "hccl", .kind_column = "op", .format = "bf16",
     .columns = "ranks message_size_bytes:bytes", .flags = MU_LAYOUT_PER_RANK},
    {.table = "wideep_deepep_ll", .kind = MU_OP_CASE_DISPATCH_LL, .format = "fp8",
     .columns = DEEPEP, .times = "dispatch_avg_t_us", .flags = MU_LAYOUT_OF_EIGHT},
    {.table = "wideep_deepep_ll", .kind = MU_OP_CASE_COMBINE_LL, .format = "bf16",
     .columns = DEEPEP, .times = "combine_avg_t_us", .flags = MU_LAYOUT_OF_EIGHT},
    {.table = "wideep_deepep_normal", .kind = MU_OP_CASE_DISPATCH, .format = "fp8",
     .columns = DEEPEP " dispatch_sms:cores", .times = "dispatch_transmit_us dispatch_notify_us",
     .flags = MU_LAYOUT_OF_EIGHT},
    {.table = "wideep_deepep_normal", .kind = MU_OP_CASE_COMBINE, .format = "bf16",
     .columns = DEEPEP " combine_sms:cores", .times = "combine_transmit_us combine_notify_us",
     .flags = MU_LAYOUT_OF_EIGHT},
    {.table = "computescale", .kind = MU_OP_CASE_QUANTISE, .format_column = "quant_dtype",
     .columns = "m k"},
    {.table = "gdn", .kind_column = "kernel_source", .format = "bf16", .columns = DELTA_NET},
    {.table = "moe_fused_dispatch", .kind = MU_OP_CASE_EXPERT_EXCHANGE, .format = "bf16",
     .columns = "ep tokens", .times = "bf16_us", .refused = FUSED_DISPATCH,
     .constants = "hidden=6144 intermediate=2048 experts=256 topk=8"},
    {.table = "moe_fused_dispatch", .kind = MU_OP_CASE_EXPERT_EXCHANGE, .format = "int8",
     .columns = "ep tokens", .times = "w8a8_us", .refused = FUSED_DISPATCH,
     .constants = "hidden=6144 intermediate=2048 experts=256 topk=8"},
    {.table = "grouped_gemm-*", .kind = MU_OP_CASE_GROUPED, .format = "fp8_block",
     .columns = GROUPED, .times = "up_proj_us down_proj_us"},
    {.table = "mha-decode-*", .kind = MU_OP_CASE_DECODE, .format_column = "dtype",
     .kv_column = "kv_dtype", .columns = "batch_size:batch kv_len:context",
     .name_numbers = "heads kv_heads head_dim"},
    {.table = "mla-decode-*", .kind = MU_OP_CASE_MLA_DECODE, .format_column = "dtype",
     .kv_column = "kv_dtype", .columns = "batch_size:batch kv_len:context",
     .name_numbers = "heads"},
    {.table = "mla-prefill-*", .kind = MU_OP_CASE_MLA_PREFILL, .format_column = "dtype",
     .columns = "seq_len:input", .constants = "batch=1", .name_numbers = "heads"},
    /* Sparse: every query reads 2048 entries of its own, whatever the context. */
    {.table = "dsa-decode-attn-*", .kind = MU_OP_CASE_MLA_DECODE, .format_column = "dtype",
     .kv_column = "kv_dtype", .columns = "batch_size:batch", .constants = "context=2048",
     .name_numbers = "heads"},
    {.table = "dsa-prefill-attn-*", .kind = MU_OP_CASE_MLA_DECODE, .format_column = "dtype",
     .columns = "s_q:batch", .constants = "context=2048", .name_numbers = "heads"},
    {.table = "dsa-decode-logits-*", .kind = MU_OP_CASE_INDEXER_DECODE, .format = "fp8",
     .columns = "batchsize:batch next_n:queries s_kv:context", .constants = "topk=2048",
     .name_numbers = "heads head_dim"},
    {.table = "dsa-prefill-logits-*", .kind = MU_OP_CASE_INDEXER_PREFILL, .format = "fp8",
     .columns = "s_q:input s_kv:context", .constants = "topk=2048",
     .name_numbers = "heads head_dim"},
    {.table = "*", .copies = 1.0, .kind_column = "op", .format_column = "dtype", .kv_column = "?kv",
     .columns = "?m ?n ?k ?batch ?input ?cached ?context ?queries ?heads ?kv_heads ?head_dim "
                "?v_dim ?window ?tokens ?hidden ?intermediate ?experts ?topk ?moe_tp ?ep ?ranks "
                "?stride ?bytes ?cores ?q_lora ?index_heads"},
};
/* clang-format on */

const mu_op_layout *mu_op_layouts(uint32_t *count)
{
    *count = (uint32_t)(sizeof layouts / sizeof layouts[0]);
    return layouts;
}

bool mu_op_layout_is_for(const mu_op_layout *layout, const char *table)
{
    size_t length = strlen(layout->table);
    if (layout->table[length - 1] == '*') {
        return strncmp(layout->table, table, length - 1) == 0;
    }
    return strcmp(layout->table, table) == 0;
}
