/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense matrix product on one rank.
 *
 * What:  bytes that must move, the tiled product, quantising of activations, launch; roofline as
 *        floor.
 * Terms: A = activations (m x k), B = weights (k x n), C = results in bf16 (m x n).
 * Bound: never faster than flop / peak, nor than bytes / bandwidth where the operands exceed L2;
 *        grows with m, n, k.
 */
#include "chip/path.h"

#include <assert.h>

/* Sustained load lowers the clock: grows with the ideal duration, half of it at this one. */
static const double droop_half_s = 1e-3;

static const double result_bytes = 2.0;

static mu_bound bound_of(const mu_tile_time *tile, double fixed_s)
{
    if (fixed_s > tile->time_s) {
        return MU_BOUND_LAUNCH;
    }
    return tile->compute_s > tile->memory_s ? MU_BOUND_COMPUTE : MU_BOUND_MEMORY;
}

/* A product ready to be cut into tiles. */
typedef struct product {
    mu_path path;
    mu_tile_work work;
    double flop;
    double bytes;
} product;

static product product_of(const mu_chip *chip, const mu_gemm *shape)
{
    assert(chip->memory_bandwidth > 0 && shape->m >= 0);
    const mu_chip_params *p = &chip->params;
    mu_path path = mu_path_of(chip, shape->activations, shape->weights);
    double batch = shape->batch > 0 ? shape->batch : 1;
    double n = shape->n;
    double k = shape->k;
    double rows = shape->m * batch;
    double flop = 2 * rows * n * k;
    double weights = n * k * path.b_bytes * batch;
    double activations = rows * k * path.a_bytes;
    double results = rows * n * result_bytes;
    double missed = mu_path_missed(chip, shape->reuse_bytes, p->gemm_warm);
    double cold = weights * missed +
                  mu_path_cold_bytes(activations + results, p->gemm_resident, chip->l2_bytes);
    double hot = weights + activations + results - cold;
    double moved = cold + path.l2_share * hot + path.write * results;
    double ideal_s = flop / path.peak_flops;
    path.rates.core_flops /= 1 + p->gemm_droop * ideal_s / (ideal_s + droop_half_s);
    return (product){
        .path = path,
        .work = {shape->m, n, k, batch, path.a_bytes, path.b_bytes, moved, false},
        .flop = flop,
        .bytes = weights + activations + results,
    };
}

mu_tile_time mu_gemm_tiles(const mu_chip *chip, const mu_gemm *shape)
{
    product p = product_of(chip, shape);
    return mu_tile_cost(&p.path.rates, &p.work);
}

mu_kernel_cost mu_chip_gemm(const mu_chip *chip, const mu_gemm *shape)
{
    product p = product_of(chip, shape);
    const mu_path *path = &p.path;
    double rows = shape->m * p.work.batch;
    mu_tile_time tile = mu_tile_cost(&path->rates, &p.work);
    mu_kernel_cost cost = {
        .launch_s = path->launch_s, .flop = p.flop, .bytes = p.bytes, .dtype = path->dtype};
    double quantise_s = 0;
    if (path->quantises && !shape->quantised_input) {
        quantise_s = mu_path_quantise_s(chip, path, rows, p.work.k);
        cost.launch_s += path->quantise_s;
        cost.bytes += rows * p.work.k * (2 + path->a_bytes);
    }
    const mu_shape_place place = mu_gemm_place(chip, shape);
    double factor = path->time * mu_place_factor(chip, &place);
    double time_s = factor * (path->launch_s + tile.time_s + quantise_s);
    double floor_s = mu_path_roofline_s(chip, path, p.flop, cost.bytes);
    cost.launch_s *= factor;
    cost.time_s = time_s > floor_s ? time_s : floor_s;
    cost.bound = bound_of(&tile, cost.launch_s);
    return cost;
}
