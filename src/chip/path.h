/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a chip gives on the path that a matrix product takes; shared by dense and grouped products.
 */
#ifndef MUSTER_CHIP_PATH_H
#define MUSTER_CHIP_PATH_H

#include "chip/chip.h"
#include "chip/tile.h"

/* Formats that have parameters of their own. */
typedef enum mu_path_format {
    MU_PATH_BF16, /* and the other wide ones */
    MU_PATH_FP8,
    MU_PATH_FP8_BLOCK,
    MU_PATH_INT8,
    MU_PATH_FP4,
    MU_PATH_WEIGHT_ONLY
} mu_path_format;

typedef struct mu_path {
    mu_dtype dtype; /* of the matrix units */
    mu_path_format format;
    bool weight_only; /* weights are narrower and widened on the fly */
    bool quantises;   /* activations are narrowed for this path */
    double peak_flops;
    double a_bytes; /* of one activation element as the cores read it */
    double b_bytes; /* of one weight element in memory */
    double launch_s;
    double write;          /* share of results' memory time that is not hidden */
    double l2_share;       /* time of a byte from L2 over one from memory */
    double quantise_s;     /* fixed part; 0 unless `quantises` */
    double quantise_share; /* of the memory bandwidth, while quantising */
    double time;           /* measured over predicted, dense */
    double moe_time;       /* the same, grouped */
    double moe_efficiency; /* grouped over dense core rate */
    double moe_launch_s;
    double moe_pair_bytes;  /* an element of hidden, for each pair */
    double moe_token_bytes; /* the same, for each token */
    double moe_token_s;
    mu_tile_rates rates;
} mu_path;

/** Path, rates and fixed times; a chip without any matrix peak computes on its vector units. */
mu_path mu_path_of(const mu_chip *chip, mu_dtype activations, mu_dtype weights);

/** Only the format of mu_path_of(). */
mu_path_format mu_path_format_of(const mu_chip *chip, mu_dtype activations, mu_dtype weights);

/** Time to read bf16 activations and write them narrowed, fixed part included [s]. */
double mu_path_quantise_s(const mu_chip *chip, const mu_path *path, double rows,
                          double row_elements);

/**
 * Part of `bytes` that comes from memory when the same operands were touched just before and a
 * share of L2 holds them: 0 for small ones, all of them for large ones; grows with bytes.
 */
double mu_path_cold_bytes(double bytes, double share, double l2_bytes);

/**
 * Share of what was read before that is no longer in L2 when it is read again, `reuse_bytes` later,
 * its own included: none while all of that fits a share of L2, soon all of it when it does not
 * (lines that are read in turn push each other out). 1 where reuse_bytes is 0. Grows with it. In a
 * cache of p partitions a line is kept where it is at home and where it is read, 2 - 1/p times.
 */
double mu_path_missed(const mu_chip *chip, double reuse_bytes, double share);

/**
 * Time never below the roofline: work over peak; and bytes over nominal bandwidth where operands
 * exceed L2.
 */
double mu_path_roofline_s(const mu_chip *chip, const mu_path *path, double flop, double bytes);

/** How mu_chip_gemm() cuts a product, and what its cores and memory take before they are joined. */
mu_tile_time mu_gemm_tiles(const mu_chip *chip, const mu_gemm *shape);

#endif
