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
static const double wide_rows = 16.0;     /* query rows of a tile on a 16-bit cache */
static const double narrow_rows = 8.0;    /* and on an 8-bit one */
static const double usual_dims = 256.0;   /* key plus value dimensions that decode_item_us is for */
static const double further_rows_cost = 0.4; /* core time of each further tile, over the first */

static double norm4(double a, double b)
{
    double a2 = a * a;
    double b2 = b * b;
    return sqrt(sqrt(a2 * a2 + b2 * b2));
}

static double norm3(double a, double b)
{
    return cbrt(a * a * a + b * b * b);
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

/* Share of `bytes` that is still in L2 from the call before. */
static double warm_share(const mu_chip *chip, double bytes)
{
    double kept = chip->l2_bytes * chip->params.attention_l2_share;
    if (kept <= 0.0) {
        return 0.0;
    }
    double ratio = bytes / kept;
    return 1.0 / (1.0 + ratio * ratio * ratio * ratio);
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
    double wasted = (0.5 * p->prefill_block + (window < reach ? p->prefill_window_block : 0.0)) * fresh;
    wasted *= is_narrow(r.dtype) ? p->attention_fp8_waste : 1.0;
    double item_s = p->prefill_item_us * seconds_per_us;
    double items = heads * ceil(fresh / prefill_rows);
    double slots = chip->cores;
    double waves = 1.0 + p->prefill_wave * (ceil(items / slots) * slots / fmax(items, 1e-9) - 1.0);
    double work_s = heads * (pairs + wasted) * pair_s + items * item_s / chip->cores;
    double longest_s = item_s + prefill_rows * window * pair_s * chip->cores;
    double kv = shape->sequences * (fresh + fmin(shape->cached_tokens, window)) *
                (double)shape->kv_heads * dims * mu_dtype_bytes(shape->kv);
    double passes = shape->mla ? p->mla_prefill_passes : p->prefill_passes;
    bool narrow = is_narrow(shape->kv);

    mu_kernel_cost cost = {.dtype = r.dtype};
    cost.launch_s = fresh > 0.0 ? p->prefill_launch_us * (narrow ? p->prefill_launch_narrow : 1.0) * seconds_per_us : 0.0;
    cost.flop = 2.0 * heads * pairs * dims;
    cost.bytes = heads * fresh * dims * mu_dtype_bytes(MU_DTYPE_BF16) + kv;
    double time_s = fmax(longest_s, work_s * waves + p->prefill_tail * longest_s);
    double warm = shape->warm ? warm_share(chip, cost.bytes) : 0.0;
    double io_s = (passes * (cost.bytes - kv) + p->prefill_kv_passes * kv) / chip->memory_bandwidth;
    io_s *= 1.0 - warm + warm / p->attention_l2_gain;
    cost.time_s = fresh > 0.0 ? cost.launch_s + time_s + io_s : 0.0;
    cost.bytes *= 1.0 - warm;
    cost.time_s = fmax(cost.time_s, fmax(cost.flop / r.peak, cost.bytes / chip->memory_bandwidth));
    cost.bound = bound_of(cost.launch_s, time_s, io_s, cost.time_s);
    return cost;
}

/* The parameters of one family of decode kernels, SI. */
typedef struct decode_family {
    double bandwidth;
    double efficiency;
    double launch_s;
    double item_s;
    double chain_s;
    double combine_s;
    double ramp_s;
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
        .combine_s = p->mla_decode_combine_us * seconds_per_us,
        .ramp_s = p->mla_decode_ramp_us * seconds_per_us,
        .split_tokens = p->mla_decode_split_tokens,
        .items = blocks,
        .rows = mla_rows,
        .reads = 1.0,
    };
}

/* Launch, item, chain and split of one of the three kernels of grouped attention. */
static void grouped_kernel(const mu_chip_params *p, bool single, bool narrow, decode_family *f)
{
    if (single) {
        double ratio = narrow ? p->decode_single_narrow : 1.0;
        f->launch_s = p->decode_single_launch_us * seconds_per_us;
        f->item_s = p->decode_single_item_us * ratio * seconds_per_us;
        f->chain_s = p->decode_single_chain_us * ratio * seconds_per_us;
        f->split_tokens = p->decode_single_split_tokens;
    } else if (narrow) {
        f->launch_s = p->decode_narrow_launch_us * seconds_per_us;
        f->item_s = p->decode_narrow_item_us * seconds_per_us;
        f->chain_s = p->decode_narrow_chain_us * seconds_per_us;
        f->split_tokens = p->decode_narrow_split_tokens;
    } else {
        f->launch_s = p->decode_launch_us * seconds_per_us;
        f->item_s = p->decode_item_us * seconds_per_us;
        f->chain_s = p->decode_chain_us * seconds_per_us;
        f->split_tokens = p->decode_split_tokens;
    }
}

static decode_family grouped_family(const mu_chip *chip, const mu_attention_decode *shape,
                                    double rows)
{
    const mu_chip_params *p = &chip->params;
    double reads = (double)shape->heads / (double)shape->kv_heads;
    bool alone = reads > p->decode_group_max;
    bool narrow = is_narrow(shape->kv);
    double tile = narrow ? narrow_rows : wide_rows;
    double blocks = ceil((alone ? shape->query_tokens : rows) / tile);
    double width = ((double)shape->qk_dim + (double)shape->v_dim) / usual_dims - 1.0;
    decode_family f = {
        .bandwidth = chip->memory_bandwidth * p->decode_bandwidth_efficiency,
        .efficiency = p->decode_efficiency,
        .combine_s = p->decode_combine_us * seconds_per_us,
        .ramp_s = p->decode_ramp_us * seconds_per_us,
        .items = alone ? shape->heads : shape->kv_heads,
        .rows = blocks * tile,
        .reads = alone ? reads : 1.0,
    };
    grouped_kernel(p, alone || reads <= 1.0, narrow, &f);
    f.item_s *= fmax(0.1, 1.0 + p->decode_item_width * width) * (1.0 + further_rows_cost * (blocks - 1.0));
    return f;
}

/* Reads of the cache: a warm part and repeated reads come from L2, the rest from memory. */
static double cache_s(const mu_chip *chip, const decode_family *f, double bytes, double warm)
{
    double l2_bandwidth = f->bandwidth * chip->params.attention_l2_gain;
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

    double units = shape->sequences * f.items;
    double full = p->decode_split_fill * chip->cores;
    double splits = shape->context_sum * f.items / f.split_tokens;
    double items = fmax(units, fmin(splits, full));
    double ratio = shape->context_sum / shape->sequences / f.split_tokens;
    double walk = fmin(1.0, ratio);
    double step = 1.0 - 1.0 / (1.0 + ratio * ratio * ratio * ratio);
    double memory_s = cache_s(chip, &f, bytes, warm);
    double compute_s = 2.0 * shape->context_sum * f.items * f.rows * dims / (r.rate * f.efficiency);
    double core_s = fmax(f.item_s + f.chain_s * walk, items * f.item_s / chip->cores);
    double split_s = f.combine_s * step + f.ramp_s * fmin(1.0, splits / full);

    cost.dtype = r.dtype;
    cost.launch_s = f.launch_s;
    cost.flop = 2.0 * shape->context_sum * shape->query_tokens * heads_dims;
    cost.bytes = bytes * (1.0 - warm);
    double work_s = norm3(norm4(memory_s, compute_s), core_s);
    cost.time_s = f.launch_s + work_s + split_s;
    cost.time_s = fmax(cost.time_s, fmax(cost.flop / r.peak, cost.bytes / chip->memory_bandwidth));
    cost.bound = bound_of(f.launch_s + split_s, compute_s, memory_s, cost.time_s);
    return cost;
}
