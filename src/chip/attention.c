/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of softmax attention on one rank: prefill and decode, grouped heads and MLA.
 *
 * Prefill: scores under the causal mask at matrix rate plus vector work of the softmax, a cost per
 *          query block, waves of blocks over cores, the tail of the longest block, and queries,
 *          keys, values and outputs over the memory bus.
 * Decode:  launch, queries and outputs, combining splits, and the smooth maximum of cache over
 *          bandwidth, head work over matrix rate and items over cores.
 * Terms:   item = one sequence and key head, or a tile of MLA's query heads; a kernel reads the
 *          cache once for all query heads of a key head, up to decode_group_max of them; long
 *          contexts are split over cores; narrow = 8-bit.
 * Bound:   never below flop / peak, nor below bytes / bandwidth for what comes from memory. Costs
 *          grow with tokens, sequences (of a given context each) and, inside one kernel family,
 *          with heads and dimensions; they never grow with peak or bandwidth.
 */
#include "chip/chip.h"
#include "chip/path.h"

#include <assert.h>
#include <math.h>

static const double seconds_per_us = 1e-6;
static const double block_rows = 128.0;      /* query rows of a prefill block */
static const double wide_rows = 16.0;        /* query rows of a decode tile on a 16-bit cache */
static const double narrow_rows = 8.0;       /* and on an 8-bit one */
static const double further_rows_cost = 0.4; /* core time of each further tile, over the first */
static const double usual_dims = 256.0;      /* key plus value dimensions that item_us is for */

static double norm3(double a, double b)
{
    return cbrt(a * a * a + b * b * b);
}

static double norm4(double a, double b)
{
    double a2 = a * a;
    double b2 = b * b;
    return sqrt(sqrt(a2 * a2 + b2 * b2));
}

static bool is_narrow(mu_dtype dtype)
{
    return mu_dtype_bytes(dtype) < 1.5;
}

static bool is_fp8(mu_dtype dtype)
{
    return dtype == MU_DTYPE_FP8 || dtype == MU_DTYPE_FP8_BLOCK;
}

/* Peak of either of two formats that share their units. */
static double twin_peak(const mu_chip *chip, mu_dtype one, mu_dtype other)
{
    return fmax(chip->peak_flops[one], chip->peak_flops[other]);
}

/* What the matrix units give to attention: reported format, its peak, rate before efficiency. */
typedef struct rates {
    mu_dtype dtype;
    double peak;
    double rate;
} rates;

static rates wide_rates(const mu_chip *chip, mu_dtype compute)
{
    double peak = twin_peak(chip, MU_DTYPE_BF16, MU_DTYPE_FP16);
    if (peak <= 0.0) {
        peak = fmax(chip->vector_flops, 1.0);
    }
    return (rates){compute == MU_DTYPE_FP16 ? MU_DTYPE_FP16 : MU_DTYPE_BF16, peak, peak};
}

static rates attention_rates(const mu_chip *chip, mu_dtype compute, mu_dtype kv)
{
    rates r = wide_rates(chip, compute);
    bool integer = compute == MU_DTYPE_INT8;
    double peak = integer ? chip->peak_flops[MU_DTYPE_INT8]
                          : twin_peak(chip, MU_DTYPE_FP8, MU_DTYPE_FP8_BLOCK);
    double share = is_fp8(kv) ? chip->params.attention_fp8_share : 0.0;
    share = is_narrow(compute) ? 1.0 : share;
    double gain = peak * chip->params.attention_fp8_efficiency - r.peak;
    if (share > 0.0 && gain > 0.0) {
        r.dtype = integer ? MU_DTYPE_INT8 : MU_DTYPE_FP8;
        r.rate += share * gain;
        r.peak = peak;
    }
    return r;
}

/* Absorbed MLA has kernels of its own: what an FP8 cache gains or costs is a factor. */
static rates mla_rates(const mu_chip *chip, mu_dtype compute, mu_dtype kv)
{
    rates r = attention_rates(chip, compute, compute);
    if (is_narrow(r.dtype) || !is_fp8(kv)) {
        return r;
    }
    double gain = chip->params.mla_decode_narrow_gain;
    double peak = twin_peak(chip, MU_DTYPE_FP8, MU_DTYPE_FP8_BLOCK);
    if (gain > 1.0 && peak > r.peak) {
        r.dtype = MU_DTYPE_FP8;
        r.peak = peak;
    }
    r.rate = fmin(r.peak, r.rate * gain);
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

/* Time of bytes over the bus against the nominal bandwidth when a share of them is warm. */
static double warm_factor(const mu_chip *chip, double warm)
{
    return 1.0 - warm + warm / chip->params.attention_l2_gain;
}

/* (query, key) pairs under the causal mask of one sequence; a window keeps the last keys only. */
static double causal_pairs(double fresh, double cached, double window)
{
    double ramp = fmin(fresh, fmax(0.0, window - cached));
    return ramp * (cached + 0.5 * (ramp + 1.0)) + (fresh - ramp) * window;
}

/* Matrix and vector time of all query blocks on the cores. */
static double prefill_core_s(const mu_chip *chip, const mu_attention_prefill *shape, const rates *r,
                             double pairs, double window)
{
    const mu_chip_params *p = &chip->params;
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double efficiency = shape->mla ? p->mla_prefill_efficiency : p->prefill_efficiency;
    double pair_s = 2.0 * dims / (r->rate * efficiency);
    if (chip->vector_flops > 0.0) {
        pair_s += p->prefill_softmax_flop / chip->vector_flops;
    }
    bool windowed = window < shape->new_tokens + shape->cached_tokens;
    double wasted = 0.5 * p->prefill_block + (windowed ? p->prefill_window_block : 0.0);
    wasted *= shape->new_tokens * (is_narrow(r->dtype) ? p->attention_fp8_waste : 1.0);
    double heads = shape->sequences * (double)shape->heads;
    double item_s = p->prefill_item_us * seconds_per_us;
    double items = heads * fmax(1.0, shape->new_tokens / block_rows);
    double rounds = ceil(items / chip->cores) * chip->cores / items;
    double waves = 1.0 + p->prefill_wave * (rounds - 1.0);
    double work_s = heads * (pairs + wasted) * pair_s + items * item_s / chip->cores;
    double longest_s = item_s + block_rows * window * pair_s * chip->cores;
    return fmax(longest_s, work_s * waves + p->prefill_tail * longest_s);
}

mu_kernel_cost mu_chip_attention_prefill(const mu_chip *chip, const mu_attention_prefill *shape)
{
    assert(chip->memory_bandwidth > 0.0 && chip->cores > 0.0);
    const mu_chip_params *p = &chip->params;
    double fresh = shape->new_tokens;
    rates r = attention_rates(chip, shape->compute, shape->mla ? shape->compute : shape->kv);
    mu_kernel_cost cost = {.dtype = r.dtype};
    if (shape->sequences <= 0.0 || fresh <= 0.0 || shape->heads == 0) {
        return cost;
    }
    double reach = fresh + shape->cached_tokens;
    double window = shape->window > 0 ? fmin(shape->window, reach) : reach;
    double pairs = causal_pairs(fresh, shape->cached_tokens, window);
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double heads = shape->sequences * (double)shape->heads;
    bool narrow = is_narrow(shape->kv);
    double element = mu_dtype_bytes(MU_DTYPE_BF16);
    double queries = heads * fresh * dims * element;
    double keys = shape->sequences * (fresh + fmin(shape->cached_tokens, window));
    keys *= (double)shape->kv_heads * dims * (shape->mla ? element : mu_dtype_bytes(shape->kv));
    double warm = shape->warm ? warm_share(chip, queries + keys) : 0.0;
    double mla_passes = p->mla_prefill_passes + (narrow ? p->mla_prefill_narrow_passes : 0.0);
    double moved = shape->mla ? mla_passes * (queries + keys)
                              : p->prefill_passes * queries + p->prefill_kv_passes * keys;
    double io_s = moved * warm_factor(chip, warm) / chip->memory_bandwidth;
    double core_s = prefill_core_s(chip, shape, &r, pairs, window);

    cost.launch_s = p->prefill_launch_us * seconds_per_us;
    cost.launch_s *= narrow ? p->prefill_launch_narrow : 1.0;
    cost.flop = 2.0 * heads * pairs * dims;
    cost.bytes = (queries + keys) * (1.0 - warm);
    double roof_s = fmax(cost.flop / r.peak, cost.bytes / chip->memory_bandwidth);
    const mu_shape_place place = mu_prefill_place(shape);
    double factor = mu_place_factor(chip, &place);
    cost.time_s = fmax(factor * (cost.launch_s + core_s + io_s), roof_s);
    cost.launch_s *= factor;
    cost.bound = bound_of(cost.launch_s, core_s, io_s, cost.time_s);
    return cost;
}

/* One family of decode kernels on one shape, SI. */
typedef struct decode_family {
    double bandwidth; /* of the cache */
    double token_s;   /* head work of one item on one token of context, all cores at it */
    double launch_s;
    double item_s;  /* core time of one item */
    double chain_s; /* and of walking through one split */
    double combine_s;
    double ramp_s;
    double split_tokens;
    double items;  /* per sequence */
    double reads;  /* times the cache is read */
    double passes; /* times queries and outputs cross the memory bus */
} decode_family;

static decode_family mla_family(const mu_chip *chip, const mu_attention_decode *shape,
                                const rates *r)
{
    const mu_chip_params *p = &chip->params;
    bool narrow = is_narrow(shape->kv);
    double rows = shape->query_tokens * (double)shape->heads / (double)shape->kv_heads;
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    return (decode_family){
        .bandwidth = chip->memory_bandwidth * p->mla_decode_bandwidth_efficiency,
        .token_s = 2.0 * p->mla_decode_rows * dims / (r->rate * p->mla_decode_efficiency),
        .launch_s = p->mla_decode_launch_us * seconds_per_us,
        .item_s = p->mla_decode_item_us * seconds_per_us,
        .chain_s = p->mla_decode_chain_us * seconds_per_us,
        .combine_s = p->mla_decode_combine_us * seconds_per_us,
        .ramp_s = p->mla_decode_ramp_us * seconds_per_us,
        .split_tokens = p->mla_decode_split_tokens,
        .items = (double)shape->kv_heads * ceil(rows / p->mla_decode_rows),
        .reads = 1.0,
        .passes = p->mla_decode_passes + (narrow ? p->mla_decode_narrow_passes : 0.0),
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
                                    const rates *r)
{
    const mu_chip_params *p = &chip->params;
    double group = (double)shape->heads / (double)shape->kv_heads;
    bool alone = group > p->decode_group_max; /* query heads go one by one */
    bool narrow = is_narrow(shape->kv);
    double tile = narrow ? narrow_rows : wide_rows;
    double rows = shape->query_tokens * (alone ? 1.0 : group);
    double tiles = ceil(rows / tile);
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double read_s = dims * mu_dtype_bytes(shape->kv) / chip->memory_bandwidth;
    double matrix_s = 2.0 * rows * dims / (r->rate * p->prefill_efficiency);
    decode_family f = {
        .bandwidth = chip->memory_bandwidth * p->decode_bandwidth_efficiency,
        .token_s = fmax(tiles * p->decode_tile_share * read_s, matrix_s),
        .combine_s = p->decode_combine_us * seconds_per_us,
        .ramp_s = p->decode_ramp_us * seconds_per_us,
        .items = alone ? shape->heads : shape->kv_heads,
        .reads = alone ? group : 1.0,
        .passes = 1.0,
    };
    grouped_kernel(p, alone || group <= 1.0, narrow, &f);
    double share = narrow ? p->decode_narrow_width : p->decode_item_width;
    double wider = dims / usual_dims - 1.0;
    f.item_s *= fmax(0.1, 1.0 + share * wider) * (1.0 + further_rows_cost * (tiles - 1.0));
    return f;
}

/* Share of the second reads of an aliased cache that find the first in L2: kernels of one query
 * head read all keys of an item before its values. */
static double found_again(const mu_chip *chip, const mu_attention_decode *shape,
                          const decode_family *f, double key_bytes)
{
    if (!shape->aliased) {
        return 0.0;
    }
    double under_way = fmin(1.0, chip->cores / (shape->sequences * f->items));
    return shape->heads > shape->kv_heads ? 1.0 : warm_share(chip, key_bytes * under_way);
}

/* Reads of the cache: a warm part and repeated reads come from L2, the rest from memory. */
static double cache_s(const mu_chip *chip, const decode_family *f, double bytes, double warm)
{
    double cold = bytes * (1.0 - warm);
    double near = bytes * f->reads - cold;
    return (cold + near / chip->params.attention_l2_gain) / f->bandwidth;
}

/* Time of items on the cores, and of splitting contexts over them. */
static void decode_cores(const mu_chip *chip, const decode_family *f, double sequences,
                         double context_sum, double *core_s, double *split_s)
{
    double full = chip->params.decode_split_fill * chip->cores;
    double splits = context_sum * f->items / f->split_tokens;
    double items = fmax(sequences * f->items, fmin(splits, full));
    double ratio = context_sum / sequences / f->split_tokens;
    double walk_s = f->item_s + f->chain_s * fmin(1.0, ratio);
    double ratio4 = ratio * ratio * ratio * ratio;
    *core_s = fmax(walk_s, items * f->item_s / chip->cores);
    *split_s = f->combine_s * ratio4 / (1.0 + ratio4) + f->ramp_s * fmin(1.0, splits / full);
}

/* Entries that a kernel walks through: sparse ones take some of the empty picks for entries. */
static double walked(const mu_chip *chip, const mu_attention_decode *shape)
{
    double picks = shape->sequences * shape->query_tokens * (double)shape->picked;
    double empty = fmax(picks - shape->context_sum, 0.0);
    return shape->context_sum + chip->params.sparse_padding * empty;
}

mu_kernel_cost mu_chip_attention_decode(const mu_chip *chip, const mu_attention_decode *shape)
{
    assert(chip->memory_bandwidth > 0.0 && chip->cores > 0.0);
    const mu_chip_params *p = &chip->params;
    rates r = shape->mla ? mla_rates(chip, shape->compute, shape->kv)
                         : attention_rates(chip, shape->compute, shape->kv);
    mu_kernel_cost cost = {.dtype = r.dtype};
    if (shape->sequences <= 0.0 || shape->kv_heads == 0) {
        return cost;
    }
    decode_family f = shape->mla ? mla_family(chip, shape, &r) : grouped_family(chip, shape, &r);
    double dims = (double)shape->qk_dim + (double)shape->v_dim;
    double width = shape->mla ? (double)shape->qk_dim : dims;
    double queries = shape->query_tokens * (double)shape->heads * dims;
    double io = shape->sequences * queries * mu_dtype_bytes(MU_DTYPE_BF16);
    double token_bytes = (double)shape->kv_heads * width * mu_dtype_bytes(shape->kv);
    double cache = shape->context_sum * token_bytes;
    double entries = walked(chip, shape);
    double keys = cache * (double)shape->qk_dim / dims; /* all that an aliased cache holds */
    double held = shape->aliased ? keys : cache;
    double missed = mu_path_missed(chip, held + io, p->attention_l2_share);
    double warm = shape->warm ? 1.0 - missed : 0.0;
    double near = warm + (1.0 - warm) * found_again(chip, shape, &f, keys) * (1.0 - keys / cache);

    double core_s = 0.0;
    double split_s = 0.0;
    decode_cores(chip, &f, shape->sequences, entries, &core_s, &split_s);
    double memory_s = cache_s(chip, &f, entries * token_bytes, near);
    double compute_s = entries * f.items * f.token_s;
    compute_s /= shape->picked > 0 ? p->sparse_rate : 1.0;
    double io_s = io * f.passes * warm_factor(chip, warm) / chip->memory_bandwidth;
    double work_s = norm3(norm4(memory_s, compute_s), core_s);

    cost.launch_s = f.launch_s;
    cost.flop = 2.0 * shape->context_sum * queries;
    cost.bytes = (held + io) * (1.0 - warm);
    double roof_s = fmax(cost.flop / r.peak, cost.bytes / chip->memory_bandwidth);
    const mu_shape_place place = mu_decode_place(shape);
    double factor = mu_place_factor(chip, &place);
    cost.time_s = fmax(factor * (cost.launch_s + io_s + work_s + split_s), roof_s);
    cost.launch_s *= factor;
    cost.bound =
        bound_of(cost.launch_s + factor * split_s, compute_s, memory_s + io_s, cost.time_s);
    return cost;
}
