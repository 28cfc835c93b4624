/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which matrix path a product takes, what the chip gives on it, and what energy an operator takes.
 *
 * What:  number formats to paths with their calibration parameters; roofline; energy.
 * Terms: path = matrix units in one number format; weight-only = bf16 compute on narrower weights.
 * Bound: a format without native peak runs as bf16 with weight-only reads (fp8 never as int8).
 */
#include "chip/path.h"

#include <assert.h>
#include <math.h>

/* Rows at which half of the cores' start-up in quantising is paid. */
static const double quantise_rows_half = 150;

static bool is_wide(mu_dtype dtype)
{
    return dtype == MU_DTYPE_FP32 || dtype == MU_DTYPE_TF32 || dtype == MU_DTYPE_BF16 ||
           dtype == MU_DTYPE_FP16;
}

static bool is_integer(mu_dtype dtype)
{
    return dtype == MU_DTYPE_INT8 || dtype == MU_DTYPE_INT4;
}

static bool is_fp8(mu_dtype dtype)
{
    return dtype == MU_DTYPE_FP8 || dtype == MU_DTYPE_FP8_BLOCK;
}

/* Peak of a format: fp8 and fp8_block, bf16 and fp16 share their units. */
static double path_peak(const mu_chip *chip, mu_dtype dtype)
{
    mu_dtype twin = dtype;
    switch (dtype) {
    case MU_DTYPE_FP8:
        twin = MU_DTYPE_FP8_BLOCK;
        break;
    case MU_DTYPE_FP8_BLOCK:
        twin = MU_DTYPE_FP8;
        break;
    case MU_DTYPE_BF16:
        twin = MU_DTYPE_FP16;
        break;
    case MU_DTYPE_FP16:
        twin = MU_DTYPE_BF16;
        break;
    default:
        break;
    }
    double own = chip->peak_flops[dtype];
    return own > 0 ? own : chip->peak_flops[twin];
}

/* The format both operands are brought to before any question of support. */
static mu_dtype common_format(mu_dtype activations, mu_dtype weights)
{
    if (is_wide(activations)) {
        return activations;
    }
    if (is_wide(weights)) {
        return weights;
    }
    if (is_integer(activations) != is_integer(weights) && weights != MU_DTYPE_INT4) {
        return MU_DTYPE_BF16;
    }
    if (is_integer(activations)) {
        return MU_DTYPE_INT8; /* int4 x int4 runs on the int8 units */
    }
    if (is_fp8(activations)) {
        return weights == MU_DTYPE_FP8_BLOCK ? MU_DTYPE_FP8_BLOCK : activations;
    }
    return is_fp8(weights) ? weights : MU_DTYPE_FP4;
}

mu_dtype mu_chip_path(const mu_chip *chip, mu_dtype activations, mu_dtype weights)
{
    assert(activations < MU_DTYPE_COUNT && weights < MU_DTYPE_COUNT);
    mu_dtype wanted = common_format(activations, weights);
    if (path_peak(chip, wanted) > 0) {
        return wanted;
    }
    if (wanted == MU_DTYPE_FP32 && path_peak(chip, MU_DTYPE_TF32) > 0) {
        return MU_DTYPE_TF32;
    }
    return MU_DTYPE_BF16;
}

static void take_parameters(const mu_chip_params *p, mu_path *path)
{
#define TAKE(name)                                                                                 \
    path->launch_s = p->gemm_##name##_launch_us * 1e-6;                                            \
    path->rates.fill = p->gemm_##name##_fill;                                                      \
    path->rates.step_s = 2 * p->gemm_##name##_least_tile / path->rates.core_flops;                 \
    path->rates.core_bytes = path->rates.core_flops / p->gemm_##name##_core_intensity;             \
    path->rates.core_flops *= p->gemm_##name##_efficiency;                                         \
    path->rates.memory_bandwidth *= p->gemm_##name##_bandwidth;                                    \
    path->write = p->gemm_##name##_write;                                                          \
    path->rates.split_s = p->gemm_##name##_split_us * 1e-6;                                        \
    path->rates.ramp_s = p->gemm_##name##_ramp_us * 1e-6;                                          \
    path->rates.softness = p->gemm_##name##_softness;                                              \
    path->rates.wave = p->gemm_##name##_wave;                                                      \
    path->l2_share = p->gemm_##name##_l2_share;                                                    \
    path->time = p->gemm_##name##_time;                                                            \
    path->moe_time = p->moe_##name##_time;                                                         \
    path->moe_efficiency = p->moe_##name##_efficiency;                                             \
    path->moe_launch_s = p->moe_##name##_launch_us * 1e-6;                                         \
    path->moe_pair_bytes = p->moe_##name##_pair_bytes;                                             \
    path->moe_token_bytes = p->moe_##name##_token_bytes;                                           \
    path->moe_token_s = p->moe_##name##_token_us * 1e-6
    switch (path->format) {
    case MU_PATH_WEIGHT_ONLY:
        TAKE(weight_only);
        break;
    case MU_PATH_FP8:
        TAKE(fp8);
        path->quantise_s = p->gemm_fp8_quantise_us * 1e-6;
        path->quantise_share = p->gemm_fp8_quantise_bandwidth;
        break;
    case MU_PATH_FP8_BLOCK:
        TAKE(fp8_block);
        path->quantise_s = p->gemm_fp8_block_quantise_us * 1e-6;
        path->quantise_share = p->gemm_fp8_block_quantise_bandwidth;
        break;
    case MU_PATH_INT8:
        TAKE(int8);
        path->quantise_s = p->gemm_int8_quantise_us * 1e-6;
        path->quantise_share = p->gemm_int8_quantise_bandwidth;
        break;
    case MU_PATH_FP4:
        TAKE(fp4);
        path->quantise_s = p->gemm_fp4_quantise_us * 1e-6;
        path->quantise_share = p->gemm_fp4_quantise_bandwidth;
        break;
    case MU_PATH_BF16:
        TAKE(bf16);
        break;
    }
#undef TAKE
}

static mu_path_format format_of(mu_dtype path, mu_dtype weights)
{
    switch (path) {
    case MU_DTYPE_FP8:
        return MU_PATH_FP8;
    case MU_DTYPE_FP8_BLOCK:
        return MU_PATH_FP8_BLOCK;
    case MU_DTYPE_INT8:
    case MU_DTYPE_INT4:
        return MU_PATH_INT8;
    case MU_DTYPE_FP4:
        return MU_PATH_FP4;
    default:
        return mu_dtype_bytes(weights) < mu_dtype_bytes(path) ? MU_PATH_WEIGHT_ONLY : MU_PATH_BF16;
    }
}

mu_path_format mu_path_format_of(const mu_chip *chip, mu_dtype activations, mu_dtype weights)
{
    return format_of(mu_chip_path(chip, activations, weights), weights);
}

mu_path mu_path_of(const mu_chip *chip, mu_dtype activations, mu_dtype weights)
{
    const mu_chip_params *p = &chip->params;
    mu_path path = {.dtype = mu_chip_path(chip, activations, weights)};
    path.format = format_of(path.dtype, weights);
    path.a_bytes = mu_dtype_bytes(path.dtype);
    path.b_bytes = mu_dtype_bytes(weights);
    path.weight_only = path.format == MU_PATH_WEIGHT_ONLY;
    path.quantises = !is_wide(path.dtype);
    double peak = path_peak(chip, path.dtype);
    peak = peak > 0 ? peak : chip->vector_flops;
    double cores = chip->cores >= 1 ? chip->cores : 1;
    path.peak_flops = peak;
    path.rates = (mu_tile_rates){.cores = cores,
                                 .core_flops = peak / cores,
                                 .memory_bandwidth = chip->memory_bandwidth,
                                 .l2_bytes = chip->l2_bytes > 1 ? chip->l2_bytes : 1,
                                 .miss = p->gemm_miss};
    take_parameters(p, &path);
    return path;
}

double mu_path_quantise_s(const mu_chip *chip, const mu_path *path, double rows,
                          double row_elements)
{
    double bytes = rows * row_elements * (2 + path->a_bytes);
    double spread = rows / (rows + quantise_rows_half);
    return path->quantise_s + spread * chip->params.gemm_quantise_spread_us * 1e-6 +
           rows * chip->params.gemm_quantise_row_ns * 1e-9 +
           bytes / (chip->memory_bandwidth * path->quantise_share);
}

double mu_path_cold_bytes(double bytes, double share, double l2_bytes)
{
    double room = share * l2_bytes;
    if (room <= 0) {
        return bytes;
    }
    double x = bytes / room;
    double x4 = x * x * x * x;
    return x4 < 1e12 ? bytes * x4 / (1 + x4) : bytes;
}

double mu_path_missed(const mu_chip *chip, double reuse_bytes, double share)
{
    double partitions = chip->l2_partitions > 1 ? chip->l2_partitions : 1;
    double room = share * chip->l2_bytes / (2 - 1 / partitions);
    if (!(reuse_bytes > 0) || !(room > 0)) {
        return 1;
    }
    double x = reuse_bytes / room;
    if (x > 2) {
        return 1;
    }
    for (int doubling = 0; doubling < 5; doubling++) { /* to the power of 32 */
        x *= x;
    }
    return x / (1 + x);
}

double mu_path_roofline_s(const mu_chip *chip, const mu_path *path, double flop, double bytes)
{
    double compute_s = flop / path->peak_flops;
    double memory_s = bytes > chip->l2_bytes ? bytes / chip->memory_bandwidth : 0;
    return compute_s > memory_s ? compute_s : memory_s;
}

static double room(const mu_chip *chip)
{
    return chip->tdp_w > chip->idle_w ? chip->tdp_w - chip->idle_w : 0;
}

double mu_chip_working(const mu_chip *chip)
{
    return chip->idle_w + room(chip) * chip->params.energy_active_share;
}

double mu_chip_step_energy(const mu_chip *chip, double time_s, double host_s, double activity_j)
{
    double joule = chip->idle_w * host_s + mu_chip_working(chip) * (time_s - host_s) + activity_j;
    return fmin(joule, chip->tdp_w * time_s);
}

double mu_chip_energy(const mu_chip *chip, const mu_kernel_cost *cost)
{
    const mu_chip_params *p = &chip->params;
    double room_w = room(chip);
    double peak = path_peak(chip, cost->dtype);
    double matrix_s = peak > 0 ? cost->flop / peak : 0;
    double memory_s = cost->bytes / chip->memory_bandwidth;
    double active_j =
        room_w * (p->energy_matrix_share * matrix_s + p->energy_memory_share * memory_s);
    double joule = mu_chip_working(chip) * cost->time_s + active_j;
    double most = chip->tdp_w * cost->time_s;
    return joule < most ? joule : most;
}
