/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lowering: an operator of the program in the words of the chip or the fabric.
 *
 * Terms: rows are what the operator sees on this rank. Contexts come as means: attention is linear
 * in their sum, caps (window, top-k) are applied to the mean.
 */
#include "schedule/lower.h"
#include "chip/path.h"
#include "schedule/detail.h"
#include "schedule/tally.h"

#include <assert.h>
#include <math.h>
#include <string.h>

bool mu_lower_is_row_op(const mu_op *op)
{
    switch (op->kind) {
    case MU_OP_GEMM:
    case MU_OP_MOE:
    case MU_OP_STREAM:
    case MU_OP_COLLECTIVE:
    case MU_OP_EXCHANGE:
        return true;
    case MU_OP_ATTENTION_PREFILL:
    case MU_OP_ATTENTION_DECODE:
    case MU_OP_INDEXER_PREFILL:
    case MU_OP_INDEXER_DECODE:
    case MU_OP_LINEAR_PREFILL:
    case MU_OP_LINEAR_DECODE:
        break;
    }
    return false;
}

/* What an engine makes of a kernel: time over that of a benchmark, and a fixed time besides. */
typedef struct use {
    double work;
    double fixed_s;
} use;

static use use_plain(const mu_engine *engine)
{
    return (use){.work = engine->kernel_slack, .fixed_s = 0.0};
}

static use use_product(const mu_engine *engine, mu_dtype activations)
{
    use u = use_plain(engine);
    if (activations == MU_DTYPE_FP4) {
        u.work *= engine->work_4bit;
        u.fixed_s += engine->fixed_4bit;
    } else if (activations == MU_DTYPE_FP8_BLOCK) {
        u.work *= engine->work_block;
        u.fixed_s += engine->fixed_block;
    } else if (activations == MU_DTYPE_FP8 || activations == MU_DTYPE_INT8) {
        u.work *= engine->work_8bit;
        u.fixed_s += engine->fixed_8bit;
    }
    return u;
}

static use use_experts(const mu_engine *engine, mu_dtype activations)
{
    use u = use_product(engine, activations);
    u.work *= engine->work_experts;
    u.fixed_s += engine->fixed_experts;
    return u;
}

static void take_kernel(const mu_machine *machine, const mu_kernel_cost *cost, use how,
                        mu_op_cost *out)
{
    const mu_engine *engine = &machine->engine;
    double work_s = cost->time_s > cost->launch_s ? cost->time_s - cost->launch_s : 0.0;
    out->launch_s = cost->launch_s * engine->launch_share + engine->launch_gap + how.fixed_s;
    out->time_s = out->launch_s + work_s * how.work;
    out->flop = cost->flop;
    out->bytes = cost->bytes;
    double active =
        mu_chip_energy(&machine->chip, cost) - mu_chip_working(&machine->chip) * cost->time_s;
    out->activity_j = active > 0.0 ? active : 0.0;
    out->bound = cost->bound;
}

/* One factor over all of a transfer: the fabric chose its algorithm by the time of all of it. */
static void take_transfer(const mu_machine *machine, const mu_transfer *transfer, mu_op_cost *out)
{
    const mu_engine *engine = &machine->engine;
    out->launch_s = transfer->launch_s * engine->network_slack + engine->launch_gap;
    out->time_s = transfer->time_s * engine->network_slack + engine->launch_gap;
    out->flop = 0.0;
    out->bytes = 0.0;
    out->activity_j = 0.0;
    out->bound = MU_BOUND_NETWORK;
}

static mu_gemm gemm_shape(const mu_op *op, double rows)
{
    return (mu_gemm){.m = rows,
                     .n = op->u.gemm.n,
                     .k = op->u.gemm.k,
                     .batch = op->u.gemm.batch,
                     .activations = op->u.gemm.activations,
                     .weights = op->u.gemm.weights,
                     .quantised_input = true};
}

mu_tile_time mu_op_tiles(const mu_op *op, const mu_machine *machine, double rows)
{
    assert(op->kind == MU_OP_GEMM);
    mu_gemm shape = gemm_shape(op, rows);
    return mu_gemm_tiles(&machine->chip, &shape);
}

static mu_kernel_cost moe_cost(const mu_op *op, const mu_machine *machine, double rows,
                               double imbalance)
{
    const mu_chip *chip = &machine->chip;
    double spread = machine->engine.expert_spread; /* real routing favours some experts */
    double tokens = rows * op->u.moe.groups;
    double missed =
        pow(1.0 - fmin(op->u.moe.local_experts / op->u.moe.experts, 1.0), op->u.moe.topk);
    mu_moe shape = {.pairs = rows * op->u.moe.pairs_per_row,
                    .tokens = tokens * (1.0 - missed),
                    .active_experts =
                        mu_moe_active_experts(tokens * spread, op->u.moe.experts, op->u.moe.topk,
                                              op->u.moe.local_experts),
                    .local_experts = (uint32_t)ceil(op->u.moe.local_experts),
                    .hidden = op->u.moe.hidden,
                    .intermediate = op->u.moe.intermediate,
                    .imbalance = imbalance,
                    .gated = op->u.moe.gated,
                    .activations = op->u.moe.activations,
                    .weights = op->u.moe.weights};
    return mu_chip_moe(chip, &shape);
}

static mu_kernel_cost stream_cost(const mu_op *op, const mu_chip *chip, double rows)
{
    static const mu_stream_kind kind[] = {
        [MU_TOUCH_NORM] = MU_STREAM_NORM,         [MU_TOUCH_ELEMENTWISE] = MU_STREAM_ELEMENTWISE,
        [MU_TOUCH_QUANTISE] = MU_STREAM_QUANTISE, [MU_TOUCH_EMBEDDING] = MU_STREAM_EMBEDDING,
        [MU_TOUCH_SAMPLE] = MU_STREAM_SAMPLE,     [MU_TOUCH_ROUTE] = MU_STREAM_ROUTE,
        [MU_TOUCH_COPY] = MU_STREAM_COPY,
    };
    mu_stream shape = {.kind = kind[op->u.stream.touch],
                       .read_bytes = rows * op->u.stream.read_bytes + op->u.stream.fixed_bytes,
                       .write_bytes = rows * op->u.stream.write_bytes,
                       .kernels = op->u.stream.kernels};
    return mu_chip_stream(chip, &shape);
}

static mu_transfer collective_cost(const mu_op *op, const mu_fabric *fabric, double rows)
{
    static const mu_collective what[] = {
        [MU_COMM_ALL_REDUCE] = MU_ALL_REDUCE,
        [MU_COMM_ALL_GATHER] = MU_ALL_GATHER,
        [MU_COMM_REDUCE_SCATTER] = MU_REDUCE_SCATTER,
        [MU_COMM_SEND] = MU_POINT_TO_POINT,
    };
    mu_group group = {.ranks = op->u.collective.ranks, .stride = op->u.collective.stride};
    return mu_fabric_collective(fabric, what[op->u.collective.what], group,
                                rows * op->u.collective.row_bytes);
}

/*
 * Group-limited routing in domains of the outermost tier that the exchange crosses: each group of
 * experts lies on ranks / groups consecutive ranks. 0 = no limit.
 */
static double domains_allowed(const mu_op *op, const mu_fabric *fabric)
{
    if (op->u.exchange.groups_topk <= 0.0) {
        return 0.0;
    }
    double ranks = (double)(op->u.exchange.ranks * op->u.exchange.stride);
    double inner = 1.0;
    for (uint32_t i = 0; i < fabric->tier_count && fabric->tier[i].span < ranks; i++) {
        inner = fabric->tier[i].span;
    }
    double domains_a_group = ranks / inner / op->u.exchange.groups;
    return op->u.exchange.groups_topk * (domains_a_group > 1.0 ? domains_a_group : 1.0);
}

/* Engines take whichever kernel is faster here: direct for decode, forwarding for prefill. */
static mu_transfer exchange_cost(const mu_op *op, const mu_machine *machine,
                                 const mu_fabric *fabric, double rows, double imbalance)
{
    mu_exchange exchange = {
        .group = {.ranks = op->u.exchange.ranks, .stride = op->u.exchange.stride},
        .tokens = rows,
        .topk = op->u.exchange.topk,
        .experts_per_rank = op->u.exchange.experts_per_rank,
        .token_bytes = op->u.exchange.token_bytes,
        .groups_topk = domains_allowed(op, fabric),
        .imbalance = imbalance,
        .combine = op->u.exchange.combine};
    double slack = machine->engine.network_slack;
    double gap_s = machine->engine.launch_gap;
    exchange.low_latency = true;
    mu_transfer direct = mu_fabric_exchange(fabric, &exchange);
    exchange.low_latency = false;
    mu_transfer forwarded = mu_fabric_exchange(fabric, &exchange);
    return forwarded.time_s * slack + gap_s < direct.time_s * slack + gap_s ? forwarded : direct;
}

/* A row operator that runs on the chip, and what the engine makes of it. */
static mu_kernel_cost row_kernel(const mu_op *op, const mu_machine *machine, double rows,
                                 double imbalance, use *how)
{
    mu_gemm gemm;
    switch (op->kind) {
    case MU_OP_GEMM:
        *how = use_product(&machine->engine, op->u.gemm.activations);
        gemm = gemm_shape(op, rows);
        return mu_chip_gemm(&machine->chip, &gemm);
    case MU_OP_MOE:
        *how = use_experts(&machine->engine, op->u.moe.activations);
        return moe_cost(op, machine, rows, imbalance);
    default:
        assert(op->kind == MU_OP_STREAM);
        *how = use_plain(&machine->engine);
        return stream_cost(op, &machine->chip, rows);
    }
}

void mu_lower_rows(const mu_op *op, const mu_machine *machine, const mu_fabric *fabric, double rows,
                   double imbalance, mu_op_cost *out)
{
    assert(rows > 0.0 && imbalance >= 1.0);
    mu_kernel_cost kernel;
    mu_transfer transfer;
    use how;
    switch (op->kind) {
    case MU_OP_COLLECTIVE:
        transfer = collective_cost(op, fabric, rows);
        take_transfer(machine, &transfer, out);
        return;
    case MU_OP_EXCHANGE:
        transfer = exchange_cost(op, machine, fabric, rows, imbalance);
        take_transfer(machine, &transfer, out);
        return;
    default:
        kernel = row_kernel(op, machine, rows, imbalance, &how);
        take_kernel(machine, &kernel, how, out);
        return;
    }
}

/* Mean of min(x, cap) for x spread evenly over [low, high]; cap 0 = none. */
static double mean_capped(double low, double high, double cap)
{
    double mean = 0.5 * (low + high);
    if (cap <= 0.0 || high <= cap) {
        return mean;
    }
    if (low >= cap) {
        return cap;
    }
    return (0.5 * (low + cap) * (cap - low) + cap * (high - cap)) / (high - low);
}

/* Cached entries a query reads, its context spread over [low, high]. */
static double entries_read(const mu_op *op, double low, double high)
{
    double compress = op->u.attention.compress;
    double topk = op->u.attention.topk;
    if (compress > 0.0) {
        return mean_capped(low, high, op->u.attention.window) +
               mean_capped(low / compress, high / compress, topk);
    }
    return mean_capped(low, high, topk > 0.0 ? topk : op->u.attention.window);
}

static mu_kernel_cost decode_cost(const mu_op *op, const mu_chip *chip, double sequences,
                                  double context_sum, double queries, double reach)
{
    mu_attention_decode shape = {.sequences = sequences,
                                 .context_sum = context_sum,
                                 .query_tokens = queries,
                                 .heads = op->u.attention.heads,
                                 .kv_heads = op->u.attention.kv_heads,
                                 .qk_dim = op->u.attention.qk_dim,
                                 .v_dim = op->u.attention.v_dim,
                                 .compute = op->u.attention.compute,
                                 .kv = op->u.attention.kv,
                                 .picked = op->u.attention.compress == 0 ? op->u.attention.topk : 0,
                                 .reach = reach,
                                 .mla = op->u.attention.mla};
    return mu_chip_attention_decode(chip, &shape);
}

static mu_kernel_cost attention_decode(const mu_op *op, const mu_chip *chip, const mu_load *load,
                                       double mtp)
{
    double sequences = load->decode_sequences * op->row_scale;
    double mean = load->decode_context / load->decode_sequences;
    double entries = entries_read(op, mean, mean);
    double queries = 1.0 + mtp;
    if (op->u.attention.topk > 0) {
        /* Every query gathers entries of its own. */
        return decode_cost(op, chip, sequences * queries, sequences * queries * entries, 1.0, 0.0);
    }
    bool cut = op->u.attention.window > 0 && !(op->u.attention.compress > 0);
    return decode_cost(op, chip, sequences, sequences * entries, queries, cut ? mean : 0.0);
}

/* Rows a matrix unit takes: heads of one query are padded to it, as only they share what it picked.
 */
static const double sparse_rows = 64.0;

/* Every query reads entries of its own picking, of a context that stays in the chip's cache. */
static mu_kernel_cost sparse_prefill(const mu_op *op, const mu_chip *chip, const mu_load *load)
{
    double fresh = load->prefill_tokens / load->prefill_sequences;
    double cached = load->prefill_cached;
    bool latent = op->u.attention.latent > 0;
    double most = latent ? op->u.attention.topk : ceil(entries_read(op, cached, cached + fresh));
    mu_attention_prefill shape = {
        .sequences = load->prefill_sequences * op->row_scale,
        .new_tokens = fresh,
        .cached_tokens = cached,
        .heads = (uint32_t)fmax(op->u.attention.heads, sparse_rows),
        .kv_heads = 1,
        .qk_dim = latent ? op->u.attention.latent : op->u.attention.qk_dim,
        .v_dim = latent ? op->u.attention.latent_v : op->u.attention.v_dim,
        .window = (uint32_t)fmax(most, 1.0),
        .compute = op->u.attention.compute,
        .kv = op->u.attention.kv,
        .mla = op->u.attention.mla};
    return mu_chip_attention_prefill(chip, &shape);
}

/* The same of engines that send every query of a prompt through the kernel of decode. */
static mu_kernel_cost gathered_prefill(const mu_op *op, const mu_chip *chip, const mu_load *load)
{
    double fresh = load->prefill_tokens / load->prefill_sequences;
    double cached = load->prefill_cached;
    double queries = load->prefill_sequences * op->row_scale * fresh;
    mu_attention_decode shape = {.sequences = queries,
                                 .context_sum = queries * entries_read(op, cached, cached + fresh),
                                 .query_tokens = 1.0,
                                 .heads = op->u.attention.heads,
                                 .kv_heads = 1,
                                 .qk_dim = op->u.attention.latent,
                                 .v_dim = op->u.attention.latent_v,
                                 .compute = op->u.attention.compute,
                                 .kv = op->u.attention.kv,
                                 .picked = op->u.attention.topk,
                                 .mla = true};
    return mu_chip_attention_decode(chip, &shape);
}

/* Nothing is left out of a context that is no longer than what a query may read. */
static bool reads_all(double topk, double compress, const mu_load *load)
{
    double fresh = load->prefill_tokens / load->prefill_sequences;
    return compress <= 1.0 && load->prefill_cached + fresh <= topk;
}

static mu_kernel_cost attention_prefill(const mu_op *op, const mu_machine *machine,
                                        const mu_load *load)
{
    const mu_chip *chip = &machine->chip;
    if (op->u.attention.latent > 0 && machine->engine.gathers_always) {
        return gathered_prefill(op, chip, load);
    }
    double sequences = load->prefill_sequences * op->row_scale;
    double fresh = load->prefill_tokens / load->prefill_sequences;
    double cached = load->prefill_cached;
    bool picks = op->u.attention.topk > 0 || op->u.attention.compress > 0;
    if (picks && !(op->u.attention.latent > 0 && reads_all(op->u.attention.topk, 0.0, load))) {
        return sparse_prefill(op, chip, load);
    }
    mu_attention_prefill shape = {.sequences = sequences,
                                  .new_tokens = fresh,
                                  .cached_tokens = cached,
                                  .heads = op->u.attention.heads,
                                  .kv_heads = op->u.attention.kv_heads,
                                  .qk_dim = op->u.attention.qk_dim,
                                  .v_dim = op->u.attention.v_dim,
                                  .window = op->u.attention.window,
                                  .compute = op->u.attention.compute,
                                  .kv = op->u.attention.kv,
                                  .mla = op->u.attention.mla};
    return mu_chip_attention_prefill(chip, &shape);
}

static mu_kernel_cost indexer(const mu_op *op, const mu_chip *chip, const mu_load *load, double mtp)
{
    double compress = op->u.indexer.compress;
    mu_indexer shape = {.heads = op->u.indexer.heads,
                        .dim = op->u.indexer.dim,
                        .topk = op->u.indexer.topk,
                        .compute = op->u.indexer.compute};
    if (op->kind == MU_OP_INDEXER_PREFILL) {
        double fresh = load->prefill_tokens / load->prefill_sequences;
        shape.query_tokens = load->prefill_tokens * op->row_scale;
        shape.score_pairs = shape.query_tokens * (load->prefill_cached + 0.5 * fresh) / compress;
        shape.context_sum = load->prefill_sequences * (load->prefill_cached + fresh) / compress;
    } else {
        shape.query_tokens = load->decode_sequences * (1.0 + mtp) * op->row_scale;
        shape.context_sum = load->decode_context * op->row_scale / compress;
        shape.score_pairs = shape.context_sum * (1.0 + mtp);
    }
    return mu_chip_indexer(chip, &shape);
}

static mu_kernel_cost linear(const mu_op *op, const mu_chip *chip, const mu_load *load, double mtp)
{
    bool prefill = op->kind == MU_OP_LINEAR_PREFILL;
    double sequences = prefill ? load->prefill_sequences : load->decode_sequences;
    double tokens = prefill ? load->prefill_tokens : load->decode_sequences * (1.0 + mtp);
    mu_linear_attention shape = {.tokens = tokens * op->row_scale,
                                 .sequences = sequences * op->row_scale,
                                 .key_heads = op->u.linear.key_heads,
                                 .key_dim = op->u.linear.key_dim,
                                 .value_heads = op->u.linear.value_heads,
                                 .value_dim = op->u.linear.value_dim,
                                 .conv = op->u.linear.conv,
                                 .prefill = prefill};
    return mu_chip_linear_attention(chip, &shape);
}

static bool is_prefill(mu_op_kind kind)
{
    return kind == MU_OP_ATTENTION_PREFILL || kind == MU_OP_INDEXER_PREFILL ||
           kind == MU_OP_LINEAR_PREFILL;
}

static bool is_idle(const mu_op *op, const mu_machine *machine, const mu_load *load)
{
    double tokens = is_prefill(op->kind) ? load->prefill_tokens : load->decode_sequences;
    return tokens <= 0.0 || (op->kind == MU_OP_INDEXER_PREFILL && !machine->engine.gathers_always &&
                             reads_all(op->u.indexer.topk, op->u.indexer.compress, load));
}

static mu_kernel_cost attention_kernel(const mu_op *op, const mu_machine *machine,
                                       const mu_load *load, double mtp)
{
    const mu_chip *chip = &machine->chip;
    switch (op->kind) {
    case MU_OP_ATTENTION_PREFILL:
        return attention_prefill(op, machine, load);
    case MU_OP_ATTENTION_DECODE:
        return attention_decode(op, chip, load, mtp);
    case MU_OP_INDEXER_PREFILL:
    case MU_OP_INDEXER_DECODE:
        return indexer(op, chip, load, mtp);
    default:
        return linear(op, chip, load, mtp);
    }
}

void mu_lower_attention(const mu_op *op, const mu_machine *machine, const mu_load *load, double mtp,
                        mu_op_cost *out)
{
    if (is_idle(op, machine, load)) {
        memset(out, 0, sizeof *out);
        return;
    }
    mu_kernel_cost cost = attention_kernel(op, machine, load, mtp);
    take_kernel(machine, &cost, use_plain(&machine->engine), out);
}

/* As op_cost() of plain.c finds rows, load and fabric. */
void mu_lower_detail(const mu_program *program, const mu_op *op, const mu_machine *machine,
                     const mu_load *load, double imbalance, mu_op_detail *out)
{
    memset(out, 0, sizeof *out);
    out->op = op;
    double mtp = op->draft ? 0.0 : program->parallel.mtp;
    mu_load own = op->draft ? mu_load_draft(load, program->parallel.mtp) : *load;
    use how = use_plain(&machine->engine);
    mu_fabric shared;
    if (!mu_lower_is_row_op(op)) {
        out->idle = is_idle(op, machine, &own);
        if (!out->idle) {
            out->kernel = attention_kernel(op, machine, &own, mtp);
            take_kernel(machine, &out->kernel, how, &out->cost);
        }
    } else {
        out->rows = mu_load_rows(&own, op->scope, mtp) * op->row_scale;
        out->idle = !(out->rows > 0.0);
        out->transfers = op->kind == MU_OP_COLLECTIVE || op->kind == MU_OP_EXCHANGE;
        if (!out->idle && out->transfers) {
            const mu_fabric *fabric = mu_lower_fabric(program, machine, op, &shared);
            out->shared = fabric != &machine->fabric;
            out->transfer = op->kind == MU_OP_COLLECTIVE
                                ? collective_cost(op, fabric, out->rows)
                                : exchange_cost(op, machine, fabric, out->rows, imbalance);
            take_transfer(machine, &out->transfer, &out->cost);
        } else if (!out->idle) {
            out->kernel = row_kernel(op, machine, out->rows, imbalance, &how);
            take_kernel(machine, &out->kernel, how, &out->cost);
        }
    }
    out->work = how.work;
    out->fixed_s = how.fixed_s;
}
