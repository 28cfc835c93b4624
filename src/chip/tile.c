/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of a matrix product cut into tiles.
 *
 * What:  best over tile shapes and splits of K of a smooth maximum of the cores' time (waves of
 *        tiles, each a K loop with its filling) and memory's (bytes once, plus what waves read
 *        again).
 * Why:   planners ask millions of times, so the loop is short, calls no libm but one square root
 *        and skips shapes that cannot win.
 * Terms: tile = tm x tn block of C on one core; wave = as many tiles as there are cores; split = s
 *        cores share the K loop of one tile and sum up.
 * Bound: every candidate grows with the work and falls with the rates, hence so does the best of
 *        them.
 */
#include "chip/tile.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

typedef struct shape {
    double m;
    double n;
    double per_m; /* 1 / m */
    double per_n;
    double side; /* sqrt(m * n) */
} shape;

/* More shapes than these four were tried: no measured chip's error moved by a tenth. */
static const shape shapes[] = {
    {128, 256, 1.0 / 128, 1.0 / 256, 181.01933598375618},
    {128, 128, 1.0 / 128, 1.0 / 128, 128},
    {64, 64, 1.0 / 64, 1.0 / 64, 64},
    {16, 64, 1.0 / 16, 1.0 / 64, 32},
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]), SPLIT_MAX = 16 };

double mu_soft_max(double a, double b, double softness)
{
    double high = a > b ? a : b;
    double low = a > b ? b : a;
    return high > 0 ? high + softness * low * low / high : 0;
}

/* ceil() of 0 .. 2^62 without a call into libm. */
static double round_up(double x)
{
    double whole = (double)(int64_t)x;
    return whole < x ? whole + 1 : whole;
}

/* Rows of tiles: whole ones, or with uneven products the mean of ceil() over a spread of sizes. */
static double tile_rows(double tiles, bool uneven)
{
    if (!uneven) {
        return round_up(tiles);
    }
    return tiles < 0.5 ? 1 : tiles + 0.5;
}

/* Traffic that waves of tiles cause by reading a panel again that L2 does not hold. */
static double read_again(double bytes, double extent, double side, double l2_bytes)
{
    double times = extent / side - 1;
    return times > 0 ? bytes * times * bytes / (bytes + l2_bytes) : 0;
}

static void try_splits(const mu_tile_rates *rates, const mu_tile_work *work, double tiles,
                       double step_s, double memory_s, mu_tile_time *best)
{
    double per_core = 1 / rates->cores;
    double partial_s = work->m * work->n * work->batch * 2 * sizeof(float) /
                       (4 * rates->memory_bandwidth); /* of one of the cores that share */
    for (double split = 1; split <= SPLIT_MAX; split *= 2) {
        double waves = tiles * split * per_core;
        double count = 1;
        if (waves > 1) {
            count = waves + rates->wave * (round_up(waves) - waves);
        }
        double compute_s = count * (work->k / split + rates->fill) * step_s;
        double sum_s = 0;
        if (split > 1) {
            sum_s = rates->split_s + split * partial_s;
        }
        double floor_s = compute_s > memory_s ? compute_s : memory_s;
        if (floor_s + sum_s < best->time_s) {
            double time_s = mu_soft_max(compute_s, memory_s, rates->softness) + sum_s;
            if (time_s < best->time_s) {
                *best = (mu_tile_time){.time_s = time_s,
                                       .compute_s = compute_s,
                                       .memory_s = memory_s,
                                       .waves = waves,
                                       .split = (int)split};
            }
        }
        if (waves >= 2) {
            return;
        }
    }
}

mu_tile_time mu_tile_cost(const mu_tile_rates *rates, const mu_tile_work *work)
{
    assert(rates->cores >= 1 && rates->core_flops > 0 && rates->memory_bandwidth > 0);
    mu_tile_time best = {.time_s = INFINITY};
    double a_bytes = work->m * work->k * work->a_bytes;
    double b_bytes = work->n * work->k * work->b_bytes;
    double once_s = work->memory_bytes / rates->memory_bandwidth;
    double root_cores = sqrt(rates->cores);
    for (int i = 0; i < SHAPES; i++) {
        double tm = shapes[i].m;
        double tn = shapes[i].n;
        double rows = tile_rows(work->m * shapes[i].per_m, work->uneven);
        double tiles = rows * round_up(work->n * shapes[i].per_n) * work->batch;
        double step_s = mu_soft_max(2 * tm * tn / rates->core_flops,
                                    (tm * work->a_bytes + tn * work->b_bytes) / rates->core_bytes,
                                    rates->softness);
        step_s = mu_soft_max(step_s, rates->step_s, rates->softness);
        if (tiles * work->k * step_s > best.time_s * rates->cores) {
            continue;
        }
        double side = root_cores * shapes[i].side;
        double again = read_again(a_bytes, work->n, side, rates->l2_bytes) +
                       read_again(b_bytes, work->m, side, rates->l2_bytes);
        double stream_s = once_s + rates->miss * again * work->batch / rates->memory_bandwidth;
        double memory_s = stream_s;
        if (stream_s > 0) {
            memory_s += rates->ramp_s * stream_s / (stream_s + rates->ramp_s);
        }
        double before_s = best.time_s;
        try_splits(rates, work, tiles, step_s, memory_s, &best);
        if (best.time_s < before_s) {
            best.tile_m = (int)tm;
            best.tile_n = (int)tn;
        }
    }
    return best;
}
