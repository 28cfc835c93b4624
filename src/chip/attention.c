/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of softmax attention on one rank: prefill and decode, grouped heads and MLA.
 *
 * Prefill: scores under the causal mask at matrix rate plus vector work of the softmax, a cost per
 * query block, the tail of the longest block, and queries, keys, values, outputs over the bus.
 * Decode:  launch, and the smooth maximum of cache over bandwidth, head work over peak, items over
 * cores and the serial walk of one core through its split of the context; plus combining splits.
 * Terms: item = one sequence and key head (MLA: block of 64 query heads); a fused kernel reads the
 * cache once for all query heads of a key head, up to decode_group_max of them.
 * Bound: never below flop / peak, nor below bytes / bandwidth for what comes from memory. For a
 * given context per sequence, costs grow with every dimension.
 */
#include "chip/chip.h"

#include <assert.h>
#include <math.h>

static const double seconds_per_us = 1e-6;
static const double prefill_rows = 128.0; /* query rows of a block; only its count matters */
static const double mla_rows = 64.0;      /* query heads of a block of absorbed MLA */
static const double group_rows = 16.0;    /* rows of a matrix instruction in grouped decode */
static const double group_rows_cost = 0.4; /* of each further instruction, over the first */

static double norm4(double a, double b)
{
    double a2 = a * a;
    double b2 = b * b;
    return sqrt(sqrt(a2 * a2 + b2 * b2));
}

/* Peak of either of two formats that share their units. */
static double twin_peak(const mu_chip *chip, mu_dtype one, mu_dtype other)
{
    return fmax(chip->peak_flops[one], chip->peak_flops[other]);
}

static bool is_narrow(mu_dtype dtype)
{
    return mu_dtype_bytes(dtype) < 1.5;
}

/* What the matrix units give to attention: reported format, its peak, and the rate before efficiency. */
typedef struct rates {
    mu_dtype dtype;
    double peak;
    double rate;
} rates;

static rates attention_rates(const mu_chip *chip, mu_dtype compute, mu_dtype kv)
{
    rates r = {compute, twin_peak(chip, MU_DTYPE_BF16, MU_DTYPE_FP16), 0.0};
    if (compute != MU_DTYPE_FP16) {
        r.dtype = MU_DTYPE_BF16;
    }
    if (r.peak <= 0.0) {
        r.peak = fmax(chip->vector_flops, 1.0);
    }
    r.rate = r.peak;
    mu_dtype narrow = compute == MU_DTYPE_INT8 ? MU_DTYPE_INT8 : MU_DTYPE_FP8;
    double peak = narrow == MU_DTYPE_INT8 ? chip->peak_flops[MU_DTYPE_INT8]
                                          : twin_peak(chip, MU_DTYPE_FP8, MU_DTYPE_FP8_BLOCK);
    bool narrow_kv = kv == MU_DTYPE_FP8 || kv == MU_DTYPE_FP8_BLOCK;
    double share = narrow_kv ? chip->params.attention_fp8_share : 0.0;
    share = is_narrow(compute) ? 1.0 : share;
    double gain = peak * chip->params.attention_fp8_efficiency - r.peak;
    if (share > 0.0 && gain > 0.0) {
        r.dtype = narrow;
        r.rate += share * gain;
        r.peak = peak;
    }
    return r;
}

static mu_bound bound_of(double launch_s, double compute_s, double memory_s, double time_s)
{
    if (2.0 * launch_s > time_s) {
        return MU_BOUND_LAUNCH;
    }
    return compute_s > memory_s ? MU_BOUND_COMPUTE : MU_BOUND_MEMORY;
}

/* (query, key) pairs under the causal mask of one sequence; a window keeps the last `window` keys. */
static double causal_pairs(double fresh, double cached, double window)
{
    double ramp = fmin(fresh, fmax(0.0, window - cached));
    return ramp * (cached + 0.5 * (ramp + 1.0)) + (fresh - ramp) * window;
}

mu_kernel_cost mu_chip_attention_prefill(const mu_chip *chip, const mu_attention_prefill *shape)
{
    assert(chip->memory_bandwidth > 0.0 && chip->cores > 0.0);
    const mu_chip_params *p = &chip->params;
    rates r = attention_rates(chip, shape->compute, shape->kv);
    double fresh = shape->new_tokens;
    double reach = fresh + shape->cached_tokens;
    double window = shape->window > 0 ? fmin(shape->window, reach) : reach;
    double pairs = causal_pairs(fresh, shape->cached_tokens, window);
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double heads = shape->sequences * (double)shape->heads;
    double efficiency = shape->mla ? p->mla_prefill_efficiency : p->prefill_efficiency;
    double pair_s = 2.0 * dims / (r.rate * efficiency);
    if (chip->vector_flops > 0.0) {
        pair_s += p->prefill_softmax_flop / chip->vector_flops;
    }
    double edges = window < reach ? 2.0 : 1.0;
    double wasted = 0.5 * p->prefill_block * edges * fresh;
    double item_s = p->prefill_item_us * seconds_per_us;
    double items = heads * ceil(fresh / prefill_rows);
    double work_s = heads * (pairs + wasted) * pair_s + items * item_s / chip->cores;
    double longest_s = item_s + prefill_rows * window * pair_s * chip->cores;
    double kv = shape->sequences * (fresh + fmin(shape->cached_tokens, window)) *
                (double)shape->kv_heads * dims * mu_dtype_bytes(shape->kv);
    double passes = shape->mla ? p->mla_prefill_passes : p->prefill_passes;

    mu_kernel_cost cost = {.dtype = r.dtype};
    cost.launch_s = fresh > 0.0 ? p->prefill_launch_us * seconds_per_us : 0.0;
    cost.flop = 2.0 * heads * pairs * dims;
    cost.bytes = heads * fresh * dims * mu_dtype_bytes(MU_DTYPE_BF16) + kv;
    double memory_s = cost.bytes / chip->memory_bandwidth;
    double time_s = fmax(longest_s, work_s + p->prefill_tail * longest_s);
    cost.time_s = fresh > 0.0 ? cost.launch_s + time_s + passes * memory_s : 0.0;
    cost.time_s = fmax(cost.time_s, fmax(cost.flop / r.peak, memory_s));
    cost.bound = bound_of(cost.launch_s, time_s, passes * memory_s, cost.time_s);
    return cost;
}

/* The parameters of one family of decode kernels, SI. */
typedef struct decode_family {
    double bandwidth;
    double efficiency;
    double launch_s;
    double item_s;
    double chain_s;
    double split_s;
    double split_tokens;
    double items; /* per sequence */
    double rows;  /* query rows of one item, padded to what the matrix units take */
    double reads; /* times the cache is read */
} decode_family;

static decode_family mla_family(const mu_chip *chip, double rows)
{
    const mu_chip_params *p = &chip->params;
    double blocks = ceil(rows / mla_rows);
    return (decode_family){
        .bandwidth = chip->memory_bandwidth * p->mla_decode_bandwidth_efficiency,
        .efficiency = p->mla_decode_efficiency,
        .launch_s = p->mla_decode_launch_us * seconds_per_us,
        .item_s = p->mla_decode_item_us * seconds_per_us,
        .chain_s = p->mla_decode_chain_us * seconds_per_us,
        .split_s = p->mla_decode_split_us * seconds_per_us,
        .split_tokens = p->mla_decode_split_tokens,
        .items = blocks,
        .rows = mla_rows,
        .reads = 1.0,
    };
}

static decode_family grouped_family(const mu_chip *chip, const mu_attention_decode *shape,
                                    double rows)
{
    const mu_chip_params *p = &chip->params;
    bool single = shape->heads == shape->kv_heads;
    bool alone = rows > p->decode_group_max * fmax(shape->query_tokens, 1.0);
    bool narrow = is_narrow(shape->kv);
    double width = 0.5 + ((double)shape->qk_dim + (double)shape->v_dim) / 512.0;
    double blocks = alone ? 1.0 : ceil(rows / group_rows);
    double item = p->decode_item_us * width * (1.0 + group_rows_cost * (blocks - 1.0));
    item *= single || alone ? p->decode_item_single : 1.0;
    return (decode_family){
        .bandwidth = chip->memory_bandwidth * p->decode_bandwidth_efficiency,
        .efficiency = p->prefill_efficiency,
        .launch_s = p->decode_launch_us * (narrow ? p->decode_launch_narrow : 1.0) * seconds_per_us,
        .item_s = item * (narrow ? p->decode_item_narrow : 1.0) * seconds_per_us,
        .chain_s = p->decode_chain_us * seconds_per_us,
        .split_s = p->decode_split_us * seconds_per_us,
        .split_tokens = p->decode_split_tokens,
        .items = alone ? shape->heads : shape->kv_heads,
        .rows = alone ? rows / (double)shape->heads : blocks * group_rows,
        .reads = alone ? (double)shape->heads / (double)shape->kv_heads : 1.0,
    };
}

/* Share of `bytes` that is still in L2 from the call before. */
static double warm_share(const mu_chip *chip, double bytes)
{
    double kept = chip->l2_bytes * chip->params.decode_l2_share;
    if (kept <= 0.0) {
        return 0.0;
    }
    double ratio = bytes / kept;
    return 1.0 / (1.0 + ratio * ratio * ratio * ratio);
}

/* Reads of the cache: a warm part and repeated reads come from L2, the rest from memory. */
static double cache_s(const mu_chip *chip, const decode_family *f, double bytes, double warm)
{
    double l2_bandwidth = f->bandwidth * chip->params.decode_l2_gain;
    double cold = bytes * (1.0 - warm);
    return cold / f->bandwidth + (bytes * f->reads - cold) / l2_bandwidth;
}

mu_kernel_cost mu_chip_attention_decode(const mu_chip *chip, const mu_attention_decode *shape)
{
    assert(chip->memory_bandwidth > 0.0 && chip->cores > 0.0 && shape->kv_heads > 0);
    const mu_chip_params *p = &chip->params;
    mu_kernel_cost cost = {0};
    if (shape->sequences <= 0.0) {
        return cost;
    }
    rates r = attention_rates(chip, shape->compute, shape->kv);
    double rows = shape->query_tokens * (double)shape->heads / (double)shape->kv_heads;
    decode_family f = shape->mla ? mla_family(chip, rows) : grouped_family(chip, shape, rows);
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double width = shape->mla ? (double)shape->qk_dim : dims;
    double heads_dims = (double)shape->heads * dims;
    double io = shape->sequences * shape->query_tokens * heads_dims * mu_dtype_bytes(MU_DTYPE_BF16);
    double bytes = io + shape->context_sum * (double)shape->kv_heads * width * mu_dtype_bytes(shape->kv);
    double warm = shape->warm ? warm_share(chip, bytes) : 0.0;

    double items = shape->sequences * f.items;
    double splits = fmax(1.0, shape->context_sum * f.items / f.split_tokens);
    double walk = fmin(1.0, shape->context_sum / shape->sequences / f.split_tokens);
    double memory_s = cache_s(chip, &f, bytes, warm);
    double compute_s = 2.0 * shape->context_sum * f.items * f.rows * dims / (r.rate * f.efficiency);
    double core_s = norm4(items * f.item_s / chip->cores, f.chain_s * walk);
    double fill = fmin(1.0, splits / (p->decode_split_fill * chip->cores));

    cost.dtype = r.dtype;
    cost.launch_s = f.launch_s;
    cost.flop = 2.0 * shape->context_sum * shape->query_tokens * heads_dims;
    cost.bytes = bytes * (1.0 - warm);
    double work_s = norm4(norm4(memory_s, compute_s), core_s);
    cost.time_s = f.launch_s + work_s + f.split_s * fill;
    cost.time_s = fmax(cost.time_s, fmax(cost.flop / r.peak, cost.bytes / chip->memory_bandwidth));
    cost.bound = bound_of(f.launch_s + f.split_s * fill, compute_s, memory_s, cost.time_s);
    return cost;
}
