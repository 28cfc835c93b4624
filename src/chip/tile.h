/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time of a matrix product cut into tiles over the cores of a chip; shared by dense and grouped
 * products.
 */
#ifndef MUSTER_CHIP_TILE_H
#define MUSTER_CHIP_TILE_H

#include <stdbool.h>

/* What the chip gives on one path. */
typedef struct mu_tile_rates {
    double cores;            /* >= 1 */
    double core_flops;       /* [flop/s] of one core inside the K loop */
    double core_bytes;       /* operand bytes one core takes in [B/s] */
    double memory_bandwidth; /* achieved [B/s] */
    double l2_bytes;
    double fill;    /* [elements of K] */
    double step_s;  /* least time of one element of K in a tile */
    double split_s; /* fixed time of summing up after splitting K */
    double ramp_s;
    double softness; /* 0 .. 1 */
    double wave;     /* 0 .. 1 */
    double miss;
} mu_tile_rates;

/* `batch` products C[m,n] = A[m,k] B[k,n]. */
typedef struct mu_tile_work {
    double m; /* of one product; mean over the batch when `uneven` */
    double n;
    double k;
    double batch;
    double a_bytes; /* an element of A as the cores read it */
    double b_bytes;
    double memory_bytes; /* that must move between memory and chip once, all products */
    bool uneven; /* m differs between the products: partly filled tiles are counted on average */
} mu_tile_work;

typedef struct mu_tile_time {
    double time_s;
    double compute_s; /* cores' part before it is joined with memory's */
    double memory_s;
    double waves; /* of tiles over all cores, splits included */
    int tile_m;   /* elements of C that one core makes at a time */
    int tile_n;
    int split; /* cores that share the K loop of a tile */
} mu_tile_time;

/**
 * Best over tile shapes and splits of K. Never falls when m, n, k, batch or memory_bytes grow,
 * never rises when a rate or L2 grows. About 0.1 us.
 */
mu_tile_time mu_tile_cost(const mu_tile_rates *rates, const mu_tile_work *work);

/** Smooth maximum: the larger plus softness * smaller^2 / larger; grows in both for softness <= 1.
 */
double mu_soft_max(double a, double b, double softness);

#endif
