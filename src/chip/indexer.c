/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of the indexer of sparse attention: scores of every query token against its context, top-k.
 *
 * What:  smooth maximum of score products over peak and index keys over bandwidth; then the fp32
 *        scores go out and are searched.
 * Terms: pair = one query token and one context token; every index head works on each pair.
 * Bound: never below flop / peak and bytes / bandwidth; grows with every dimension.
 */
#include "chip/chip.h"

#include <assert.h>
#include <math.h>

static const double seconds_per_us = 1e-6;
static const double score_bytes = 4.0;
static const double scale_bytes = 4.0; /* one fp32 scale a cached index key */
static const double tile_rows = 128.0; /* rows of a score tile: index heads times query tokens */

static double indexer_peak(const mu_chip *chip, mu_dtype compute, mu_dtype *path)
{
    double wide = fmax(chip->peak_flops[MU_DTYPE_BF16], chip->peak_flops[MU_DTYPE_FP16]);
    double fp8 = fmax(chip->peak_flops[MU_DTYPE_FP8], chip->peak_flops[MU_DTYPE_FP8_BLOCK]);
    double narrow = compute == MU_DTYPE_INT8 ? chip->peak_flops[MU_DTYPE_INT8] : fp8;
    *path = compute;
    if (mu_dtype_bytes(compute) < 1.5 && narrow > 0.0) {
        return narrow;
    }
    *path = MU_DTYPE_BF16;
    return wide > 0.0 ? wide : fmax(chip->vector_flops, 1.0);
}

mu_kernel_cost mu_chip_indexer(const mu_chip *chip, const mu_indexer *shape)
{
    assert(chip->memory_bandwidth > 0.0);
    const mu_chip_params *p = &chip->params;
    mu_kernel_cost cost = {0};
    if (shape->query_tokens <= 0.0) {
        return cost;
    }
    double peak = indexer_peak(chip, shape->compute, &cost.dtype);
    double key = (double)shape->dim * mu_dtype_bytes(shape->compute) + scale_bytes;
    double product = 2.0 * (double)shape->heads * (double)shape->dim;
    /* In decode few query tokens share a context token: the tile is not full. */
    double sharing = fmax(1.0, shape->score_pairs / fmax(shape->context_sum, 1.0));
    double padding = fmax(1.0, tile_rows / ((double)shape->heads * sharing));
    double query = shape->query_tokens * (double)shape->heads * (double)shape->dim *
                   mu_dtype_bytes(shape->compute);
    double scores = shape->score_pairs * score_bytes;
    cost.launch_s = p->indexer_launch_us * seconds_per_us;
    cost.flop = shape->score_pairs * product;
    cost.bytes = shape->context_sum * key + query + scores;
    double compute_s = cost.flop * padding / (peak * p->indexer_efficiency);
    double bandwidth = chip->memory_bandwidth * p->decode_bandwidth_efficiency;
    double memory_s = (shape->context_sum * key + query) / bandwidth;
    double score_s = p->indexer_topk_passes * scores / bandwidth;
    double work_s = sqrt(compute_s * compute_s + memory_s * memory_s) + score_s;
    double roof_s = fmax(cost.flop / peak, cost.bytes / chip->memory_bandwidth);
    cost.time_s = fmax(cost.launch_s + work_s, roof_s);
    cost.bound = compute_s > memory_s + score_s ? MU_BOUND_COMPUTE : MU_BOUND_MEMORY;
    if (2.0 * cost.launch_s > cost.time_s) {
        cost.bound = MU_BOUND_LAUNCH;
    }
    return cost;
}
