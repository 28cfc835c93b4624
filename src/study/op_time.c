/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator question costs.
 *
 * What:  each kind in the words of chip/chip.h and fabric/fabric.h.
 * Terms: warm = the benchmark repeats the call on the same operands.
 * Bound: library collectives are asked without the engine's one-shot kernel, which is a kind of its
 * own.
 */
#include "study/op_case.h"

#include "schedule/step.h"

#include <assert.h>
#include <math.h>

/* Dimensions of DeepSeek's latent attention, which the published tables are of. */
enum { MLA_LATENT = 512, MLA_ROPE = 64, MLA_NOPE = 128, MLA_VALUE = 128, INDEX_DIM = 128 };

/* Largest magnitude, scale, conversion: a kernel each. */
enum { QUANTISE_KERNELS = 3 };

/* A scale of 4 bytes for each 128 elements of a dispatched fp8 token. */
static const double fp8_token_bytes = 1.0 + 4.0 / 128.0;

static double number(const mu_op_question *q, mu_op_field field)
{
    return q->number[field];
}

static uint32_t count(const mu_op_question *q, mu_op_field field)
{
    return (uint32_t)q->number[field];
}

static mu_gemm gemm_shape(const mu_op_question *q)
{
    return (mu_gemm){.m = number(q, MU_OP_FIELD_M),
                     .n = count(q, MU_OP_FIELD_N),
                     .k = count(q, MU_OP_FIELD_K),
                     .batch = count(q, MU_OP_FIELD_BATCH) > 0 ? count(q, MU_OP_FIELD_BATCH) : 1,
                     .activations = q->activations,
                     .weights = q->weights,
                     .quantised_input = q->quantised};
}

/* The batched products around absorbed MLA: heads x [tokens, k] x [k, n]. */
static mu_gemm mla_product_shape(const mu_op_question *q)
{
    bool pre = q->kind == MU_OP_CASE_MLA_PRE;
    return (mu_gemm){.m = number(q, MU_OP_FIELD_TOKENS),
                     .n = pre ? MLA_LATENT : MLA_VALUE,
                     .k = pre ? MLA_NOPE : MLA_LATENT,
                     .batch = count(q, MU_OP_FIELD_HEADS),
                     .activations = q->activations,
                     .weights = q->weights,
                     .quantised_input = true};
}

/* The most copies that a benchmark keeps to make sure that L2 does not hold them. */
static const double copies_max = 5.0;

/* Bytes from one use of the weights to the next: all copies, what they read and what they write. */
static double reuse_bytes(const mu_op_question *q, const mu_gemm *shape, const mu_chip *chip)
{
    double rows = shape->m * shape->batch;
    double weights = mu_dtype_bytes(shape->weights) * shape->n * (double)shape->k * shape->batch;
    double copies = q->copies;
    if (copies == MU_COPIES_OF_L2) {
        copies = fmin(copies_max, ceil(chip->l2_bytes / weights));
    }
    return copies > 0.0 ? copies * weights + rows * (2.0 * shape->k + 2.0 * shape->n) : 0.0;
}

mu_moe_load mu_op_load(const mu_op_question *q)
{
    double experts = number(q, MU_OP_FIELD_EXPERTS);
    double tokens = number(q, MU_OP_FIELD_TOKENS);
    double topk = number(q, MU_OP_FIELD_TOPK);
    double ep = number(q, MU_OP_FIELD_EP);
    if (q->kind == MU_OP_CASE_EXPERT_EXCHANGE) {
        tokens *= ep; /* of all ranks together */
    } else if (q->kind != MU_OP_CASE_MOE) {
        return (mu_moe_load){0.0, 0.0};
    }
    if (q->spread >= 0.0) {
        return mu_moe_power_law(tokens, (uint32_t)experts, (uint32_t)topk, (uint32_t)ep, q->spread);
    }
    return (mu_moe_load){.pairs = tokens * topk / ep,
                         .active_experts = mu_moe_active_experts(tokens, (uint32_t)experts,
                                                                 (uint32_t)topk, experts / ep)};
}

static mu_moe moe_shape(const mu_op_question *q, const mu_moe_load *load)
{
    return (mu_moe){
        .pairs = load->pairs,
        .active_experts = load->active_experts,
        .local_experts = (uint32_t)(number(q, MU_OP_FIELD_EXPERTS) / number(q, MU_OP_FIELD_EP)),
        .hidden = count(q, MU_OP_FIELD_HIDDEN),
        .intermediate = (uint32_t)(number(q, MU_OP_FIELD_INTER) / number(q, MU_OP_FIELD_MOE_TP)),
        .imbalance = 1.0,
        .gated = q->gated,
        .activations = q->activations,
        .weights = q->weights,
        .tokens = number(q, MU_OP_FIELD_TOKENS),
        .warm = true};
}

/* Rows meet the experts as they are: nothing is routed, scattered or summed up. */
static mu_moe grouped_shape(const mu_op_question *q)
{
    double experts = number(q, MU_OP_FIELD_EXPERTS);
    return (mu_moe){.pairs = number(q, MU_OP_FIELD_TOKENS) * experts,
                    .active_experts = experts,
                    .local_experts = (uint32_t)experts,
                    .hidden = count(q, MU_OP_FIELD_HIDDEN),
                    .intermediate = count(q, MU_OP_FIELD_INTER),
                    .imbalance = 1.0,
                    .gated = q->gated,
                    .activations = q->activations,
                    .weights = q->weights,
                    .tokens = 1e-9,
                    .warm = q->copies > 0.0};
}

static mu_attention_prefill prefill_shape(const mu_op_question *q)
{
    bool mla = q->kind == MU_OP_CASE_MLA_PREFILL;
    uint32_t heads = count(q, MU_OP_FIELD_HEADS);
    uint32_t kv_heads = count(q, MU_OP_FIELD_KV_HEADS);
    uint32_t v_dim = count(q, MU_OP_FIELD_V_DIM);
    return (mu_attention_prefill){
        .sequences = number(q, MU_OP_FIELD_BATCH),
        .new_tokens = number(q, MU_OP_FIELD_NEW),
        .cached_tokens = number(q, MU_OP_FIELD_CACHED),
        .heads = heads,
        .kv_heads = mla || kv_heads == 0 ? heads : kv_heads,
        .qk_dim = mla ? MLA_NOPE + MLA_ROPE : count(q, MU_OP_FIELD_HEAD_DIM),
        .v_dim = mla ? MLA_VALUE : (v_dim > 0 ? v_dim : count(q, MU_OP_FIELD_HEAD_DIM)),
        .window = count(q, MU_OP_FIELD_WINDOW),
        .compute = q->activations,
        .kv = q->kv,
        .mla = mla,
        .warm = true};
}

static mu_attention_decode decode_shape(const mu_op_question *q)
{
    bool mla = q->kind == MU_OP_CASE_MLA_DECODE;
    uint32_t heads = count(q, MU_OP_FIELD_HEADS);
    uint32_t kv_heads = count(q, MU_OP_FIELD_KV_HEADS);
    uint32_t v_dim = count(q, MU_OP_FIELD_V_DIM);
    double window = number(q, MU_OP_FIELD_WINDOW);
    double context = number(q, MU_OP_FIELD_CONTEXT);
    context = window > 0.0 ? fmin(context, window) : context;
    return (mu_attention_decode){
        .sequences = number(q, MU_OP_FIELD_BATCH),
        .context_sum = number(q, MU_OP_FIELD_BATCH) * context,
        .query_tokens = number(q, MU_OP_FIELD_QUERIES),
        .heads = heads,
        .kv_heads = mla ? 1 : (kv_heads == 0 ? heads : kv_heads),
        .qk_dim = mla ? MLA_LATENT + MLA_ROPE : count(q, MU_OP_FIELD_HEAD_DIM),
        .v_dim = mla ? MLA_LATENT : (v_dim > 0 ? v_dim : count(q, MU_OP_FIELD_HEAD_DIM)),
        .compute = q->activations,
        .kv = q->kv,
        .reach = window > 0.0 ? number(q, MU_OP_FIELD_CONTEXT) : 0.0,
        .mla = mla,
        .warm = true,
        .aliased = q->aliased};
}

static double indexer_s(const mu_op_question *q, const mu_chip *chip)
{
    double context = number(q, MU_OP_FIELD_CONTEXT);
    double batch = number(q, MU_OP_FIELD_BATCH);
    mu_indexer shape = {.heads = count(q, MU_OP_FIELD_HEADS),
                        .dim = count(q, MU_OP_FIELD_HEAD_DIM),
                        .topk = count(q, MU_OP_FIELD_TOPK),
                        .compute = q->activations,
                        .context_sum = batch * context};
    if (q->kind == MU_OP_CASE_INDEXER_PREFILL) {
        /* The new tokens are the last of the context; each sees what came before it. */
        double fresh = number(q, MU_OP_FIELD_NEW);
        shape.query_tokens = batch * fresh;
        shape.score_pairs = shape.query_tokens * fmax(context - 0.5 * (fresh - 1.0), 1.0);
    } else {
        shape.query_tokens = batch * number(q, MU_OP_FIELD_QUERIES);
        shape.score_pairs = shape.query_tokens * context;
    }
    return mu_chip_indexer(chip, &shape).time_s;
}

/* Kernels as benchmarks time them: no engine adds anything. The modules are TensorRT-LLM's. */
static mu_machine bare_machine(const mu_chip *chip)
{
    mu_machine machine = {.chip = *chip};
    mu_engine *engine = &machine.engine;
    engine->kernel_slack = 1.0;
    engine->work_8bit = engine->work_block = engine->work_4bit = engine->work_experts = 1.0;
    engine->launch_share = 1.0;
    engine->step_factor = 1.0;
    engine->gathers_always = true;
    return machine;
}

static double sparse_module_s(const mu_op_question *q, const mu_chip *chip)
{
    const mu_attention attention = {.kind = MU_ATTENTION_MLA_SPARSE,
                                    .heads = count(q, MU_OP_FIELD_HEADS),
                                    .kv_heads = 1,
                                    .qk_dim = count(q, MU_OP_FIELD_HEAD_DIM),
                                    .v_dim = count(q, MU_OP_FIELD_V_DIM),
                                    .q_lora = count(q, MU_OP_FIELD_Q_LORA),
                                    .kv_lora = MLA_LATENT,
                                    .rope_dim = MLA_ROPE,
                                    .nope_dim = count(q, MU_OP_FIELD_HEAD_DIM) - MLA_ROPE,
                                    .index_heads = count(q, MU_OP_FIELD_INDEX_HEADS),
                                    .index_dim = INDEX_DIM,
                                    .index_topk = count(q, MU_OP_FIELD_TOPK)};
    const mu_precision precision = {
        .weights = q->weights, .activations = q->activations, .kv = q->kv};
    double sequences = number(q, MU_OP_FIELD_BATCH);
    mu_load load = {.decode_sequences = sequences,
                    .decode_context = sequences * number(q, MU_OP_FIELD_CONTEXT)};
    if (q->kind == MU_OP_CASE_SPARSE_PREFILL) {
        load = (mu_load){.prefill_sequences = sequences,
                         .prefill_tokens = sequences * number(q, MU_OP_FIELD_NEW),
                         .prefill_cached = number(q, MU_OP_FIELD_CACHED)};
    }
    mu_program program;
    mu_step step;
    mu_machine machine = bare_machine(chip);
    mu_program_build_attention(&attention, count(q, MU_OP_FIELD_HIDDEN), &precision, &program);
    mu_step_plain(&program, &machine, &load, &step);
    return step.time_s;
}

static mu_linear_attention linear_shape(const mu_op_question *q)
{
    bool prefill = q->kind == MU_OP_CASE_LINEAR_PREFILL;
    double sequences = number(q, MU_OP_FIELD_BATCH);
    return (mu_linear_attention){.tokens = prefill ? number(q, MU_OP_FIELD_TOKENS) : sequences,
                                 .sequences = sequences,
                                 .key_heads = count(q, MU_OP_FIELD_HEADS),
                                 .key_dim = count(q, MU_OP_FIELD_HEAD_DIM),
                                 .value_heads = count(q, MU_OP_FIELD_KV_HEADS),
                                 .value_dim = count(q, MU_OP_FIELD_V_DIM),
                                 .conv = 4,
                                 .prefill = prefill};
}

static double quantise_s(const mu_op_question *q, const mu_chip *chip)
{
    double elements = number(q, MU_OP_FIELD_M) * number(q, MU_OP_FIELD_K);
    mu_stream shape = {.kind = MU_STREAM_QUANTISE,
                       .read_bytes = 2.0 * elements,
                       .write_bytes = elements * mu_dtype_bytes(q->activations),
                       .kernels = QUANTISE_KERNELS};
    return mu_chip_stream(chip, &shape).time_s;
}

/* Reads and writes every channel of every token once. */
static double convolution_s(const mu_op_question *q, const mu_chip *chip)
{
    double bytes = 2.0 * number(q, MU_OP_FIELD_TOKENS) * number(q, MU_OP_FIELD_HIDDEN);
    mu_stream shape = {
        .kind = MU_STREAM_ELEMENTWISE, .read_bytes = bytes, .write_bytes = bytes, .kernels = 1.0};
    return mu_chip_stream(chip, &shape).time_s;
}

/* One kernel that reads and writes `bytes` in all. */
static double stream_s(const mu_op_question *q, const mu_chip *chip)
{
    mu_stream shape = {
        .kind = MU_STREAM_ELEMENTWISE, .read_bytes = number(q, MU_OP_FIELD_BYTES), .kernels = 1.0};
    return mu_chip_stream(chip, &shape).time_s;
}

static mu_collective collective_of(mu_op_case_kind kind)
{
    switch (kind) {
    case MU_OP_CASE_REDUCE_SCATTER:
        return MU_REDUCE_SCATTER;
    case MU_OP_CASE_ALL_GATHER:
        return MU_ALL_GATHER;
    case MU_OP_CASE_BROADCAST:
        return MU_BROADCAST;
    case MU_OP_CASE_ALL_TO_ALL:
        return MU_ALL_TO_ALL;
    case MU_OP_CASE_SEND:
        return MU_POINT_TO_POINT;
    default:
        return MU_ALL_REDUCE;
    }
}

static double collective_s(const mu_op_question *q, const mu_fabric *fabric)
{
    mu_group group = {.ranks = count(q, MU_OP_FIELD_RANKS), .stride = count(q, MU_OP_FIELD_STRIDE)};
    mu_fabric library = *fabric;
    for (uint32_t i = 0; i < library.tier_count && q->kind != MU_OP_CASE_CUSTOM_ALL_REDUCE; i++) {
        library.tier[i].direct_launch_s = 0.0;
        /* Switches add floating-point numbers. */
        library.tier[i].in_network_reduction &= q->activations != MU_DTYPE_INT8;
    }
    return mu_fabric_collective(&library, collective_of(q->kind), group,
                                number(q, MU_OP_FIELD_BYTES))
        .time_s;
}

static double exchange_s(const mu_op_question *q, const mu_fabric *fabric, bool combine,
                         bool direct)
{
    double ranks = q->kind == MU_OP_CASE_EXPERT_EXCHANGE ? number(q, MU_OP_FIELD_EP)
                                                         : number(q, MU_OP_FIELD_RANKS);
    double element = q->activations == MU_DTYPE_FP8 || q->activations == MU_DTYPE_FP8_BLOCK
                         ? fp8_token_bytes
                         : mu_dtype_bytes(q->activations);
    mu_exchange exchange = {.group = {.ranks = (uint64_t)ranks, .stride = 1},
                            .tokens = number(q, MU_OP_FIELD_TOKENS),
                            .topk = number(q, MU_OP_FIELD_TOPK),
                            .experts_per_rank = number(q, MU_OP_FIELD_EXPERTS) / ranks,
                            .token_bytes =
                                number(q, MU_OP_FIELD_HIDDEN) * (combine ? 2.0 : element),
                            .imbalance = 1.0,
                            .cores = number(q, MU_OP_FIELD_CORES),
                            .low_latency = direct,
                            .combine = combine};
    return mu_fabric_exchange(fabric, &exchange).time_s;
}

/* Engines take whichever way is faster. */
static double either_exchange_s(const mu_op_question *q, const mu_fabric *fabric, bool combine)
{
    return fmin(exchange_s(q, fabric, combine, true), exchange_s(q, fabric, combine, false));
}

static mu_gemm product_shape(const mu_op_question *q, const mu_chip *chip)
{
    mu_gemm shape = q->kind == MU_OP_CASE_GEMM ? gemm_shape(q) : mla_product_shape(q);
    shape.reuse_bytes = reuse_bytes(q, &shape, chip);
    return shape;
}

static mu_moe experts_shape(const mu_op_question *q, const mu_moe_load *load)
{
    return q->kind == MU_OP_CASE_GROUPED ? grouped_shape(q) : moe_shape(q, load);
}

static double chip_s(const mu_op_question *q, const mu_moe_load *load, const mu_chip *chip)
{
    switch (q->kind) {
    case MU_OP_CASE_GEMM:
    case MU_OP_CASE_MLA_PRE:
    case MU_OP_CASE_MLA_POST: {
        mu_gemm shape = product_shape(q, chip);
        return mu_chip_gemm(chip, &shape).time_s;
    }
    case MU_OP_CASE_MOE:
    case MU_OP_CASE_GROUPED: {
        mu_moe shape = experts_shape(q, load);
        return mu_chip_moe(chip, &shape).time_s;
    }
    case MU_OP_CASE_CONVOLUTION:
        return convolution_s(q, chip);
    case MU_OP_CASE_PREFILL:
    case MU_OP_CASE_MLA_PREFILL: {
        mu_attention_prefill shape = prefill_shape(q);
        return mu_chip_attention_prefill(chip, &shape).time_s;
    }
    case MU_OP_CASE_DECODE:
    case MU_OP_CASE_MLA_DECODE: {
        mu_attention_decode shape = decode_shape(q);
        return mu_chip_attention_decode(chip, &shape).time_s;
    }
    case MU_OP_CASE_INDEXER_PREFILL:
    case MU_OP_CASE_INDEXER_DECODE:
        return indexer_s(q, chip);
    case MU_OP_CASE_SPARSE_PREFILL:
    case MU_OP_CASE_SPARSE_DECODE:
        return sparse_module_s(q, chip);
    case MU_OP_CASE_LINEAR_PREFILL:
    case MU_OP_CASE_LINEAR_DECODE: {
        mu_linear_attention shape = linear_shape(q);
        return mu_chip_linear_attention(chip, &shape).time_s;
    }
    case MU_OP_CASE_STREAM:
        return stream_s(q, chip);
    default:
        return quantise_s(q, chip);
    }
}

bool mu_op_place(const mu_op_question *q, const mu_moe_load *load, const mu_chip *chip,
                 mu_shape_place *out)
{
    switch (q->kind) {
    case MU_OP_CASE_GEMM:
    case MU_OP_CASE_MLA_PRE:
    case MU_OP_CASE_MLA_POST: {
        mu_gemm shape = product_shape(q, chip);
        *out = mu_gemm_place(chip, &shape);
        return true;
    }
    case MU_OP_CASE_MOE:
    case MU_OP_CASE_GROUPED: {
        mu_moe shape = experts_shape(q, load);
        *out = mu_moe_place(chip, &shape);
        return true;
    }
    case MU_OP_CASE_PREFILL:
    case MU_OP_CASE_MLA_PREFILL: {
        mu_attention_prefill shape = prefill_shape(q);
        *out = mu_prefill_place(&shape);
        return true;
    }
    case MU_OP_CASE_DECODE:
    case MU_OP_CASE_MLA_DECODE: {
        mu_attention_decode shape = decode_shape(q);
        *out = mu_decode_place(&shape);
        return true;
    }
    case MU_OP_CASE_LINEAR_PREFILL:
    case MU_OP_CASE_LINEAR_DECODE: {
        mu_linear_attention shape = linear_shape(q);
        *out = mu_linear_place(&shape);
        return true;
    }
    default:
        return false;
    }
}

static double fused_exchange_s(const mu_op_question *q, const mu_moe_load *load,
                               const mu_chip *chip, const mu_fabric *fabric)
{
    mu_moe shape = moe_shape(q, load);
    return either_exchange_s(q, fabric, false) + mu_chip_moe(chip, &shape).time_s +
           either_exchange_s(q, fabric, true);
}

double mu_op_time(const mu_op_question *q, const mu_moe_load *load, const mu_chip *chip,
                  const mu_fabric *fabric)
{
    if (!mu_op_case_on_system(q->kind)) {
        assert(chip != NULL);
        return chip_s(q, load, chip);
    }
    assert(fabric != NULL);
    switch (q->kind) {
    case MU_OP_CASE_DISPATCH:
    case MU_OP_CASE_COMBINE:
        return exchange_s(q, fabric, q->kind == MU_OP_CASE_COMBINE, false);
    case MU_OP_CASE_DISPATCH_LL:
    case MU_OP_CASE_COMBINE_LL:
        return exchange_s(q, fabric, q->kind == MU_OP_CASE_COMBINE_LL, true);
    case MU_OP_CASE_EXPERT_EXCHANGE:
        return fused_exchange_s(q, load, chip, fabric);
    default:
        return collective_s(q, fabric);
    }
}

double mu_op_bus_bandwidth(const mu_op_question *q, double time_s)
{
    double ranks = number(q, MU_OP_FIELD_RANKS);
    double share = (ranks - 1.0) / ranks;
    switch (q->kind) {
    case MU_OP_CASE_ALL_REDUCE:
    case MU_OP_CASE_CUSTOM_ALL_REDUCE:
        share *= 2.0;
        break;
    case MU_OP_CASE_REDUCE_SCATTER:
    case MU_OP_CASE_ALL_GATHER:
    case MU_OP_CASE_ALL_TO_ALL:
        break;
    case MU_OP_CASE_BROADCAST:
    case MU_OP_CASE_SEND:
        share = 1.0;
        break;
    default:
        return 0.0;
    }
    return share * number(q, MU_OP_FIELD_BYTES) / time_s;
}
