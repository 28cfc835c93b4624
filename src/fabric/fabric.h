/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wires in closed form: nested tiers and what a collective over them costs.
 *
 * Terms: tier 0 is the innermost (die to die, or the scale-up domain). A tier spans `span` ranks;
 *        ranks are numbered so that a domain of a tier is a run of consecutive ranks. A group is
 *        every stride-th rank.
 * Bound: never faster than bytes through the fastest injection link; equal links, no other traffic.
 *        Fitted to NCCL, HCCL, one-shot kernels and DeepEP (data/calibration says how well).
 * Pure, thread-safe, no allocation.
 */
#ifndef MUSTER_FABRIC_FABRIC_H
#define MUSTER_FABRIC_FABRIC_H

#include "base/interval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MU_TIERS_MAX = 4 };

typedef enum mu_tier_kind {
    MU_TIER_SWITCH, /* any pair at full injection bandwidth */
    MU_TIER_MESH,   /* direct links: the injection bandwidth is split over span-1 peers */
    MU_TIER_BUS     /* shared host path (PCIe): bandwidth shared by all */
} mu_tier_kind;

/* Facts of a tier, and its calibration parameters (the doubles of tier_params.def). */
typedef struct mu_tier {
    char name[24]; /* "die-to-die", "nvlink", "ub", "roce" */
    mu_tier_kind kind;
    double span;               /* ranks in one domain of this tier, cumulative */
    double bandwidth;          /* nominal, one direction, per rank [B/s] */
    bool in_network_reduction; /* switch adds (NVLink SHARP) */
    bool scale_out;            /* between nodes or supernodes, not inside one */
    double power_w_per_rank;   /* links, switches and optics, drawn whether used or not */
#define X(field, best, low, high, out_best, out_low, out_high, min, max, doc) double field;
#include "fabric/tier_params.def"
#undef X
} mu_tier;

/* One calibration parameter of a tier. */
typedef struct mu_tier_param_spec {
    const char *name;
    size_t offset;            /* of the double in mu_tier */
    mu_range prior;           /* inside a supernode: what a system nobody measured takes */
    mu_range prior_scale_out; /* between servers and supernodes */
    double min;
    double max;
    const char *doc; /* meaning and unit */
} mu_tier_param_spec;

/** All parameters in a fixed order; static. */
const mu_tier_param_spec *mu_tier_param_specs(size_t *count);

/** Sets every calibration parameter of a tier to the best of its prior; facts are left alone. */
void mu_tier_set_priors(mu_tier *tier, bool scale_out);

typedef struct mu_fabric {
    uint32_t tier_count;
    mu_tier tier[MU_TIERS_MAX];
} mu_fabric;

/* ranks r, r + stride, ... (ranks of them). ranks 1 costs nothing. */
typedef struct mu_group {
    uint64_t ranks;
    uint64_t stride;
} mu_group;

typedef enum mu_collective {
    MU_ALL_REDUCE,
    MU_REDUCE_SCATTER,
    MU_ALL_GATHER,
    MU_BROADCAST,
    MU_ALL_TO_ALL,
    MU_POINT_TO_POINT,
    MU_COLLECTIVE_COUNT
} mu_collective;

typedef enum mu_algorithm {
    MU_ALGORITHM_NONE,
    MU_ALGORITHM_DIRECT, /* one-shot: everyone to everyone */
    MU_ALGORITHM_RING,
    MU_ALGORITHM_TREE,
    MU_ALGORITHM_HALVING, /* recursive halving-doubling */
    MU_ALGORITHM_SWITCH,  /* in-network reduction */
    MU_ALGORITHM_HIERARCHICAL,
    MU_ALGORITHM_COUNT
} mu_algorithm;

typedef struct mu_transfer {
    double time_s;
    double launch_s;   /* the part that does not shrink with the bytes */
    double wire_bytes; /* sent per rank over all tiers */
    mu_algorithm algorithm;
    uint32_t tier; /* the tier that takes longest */
} mu_transfer;

/**
 * Cost of a collective with the best algorithm.
 *
 *     T = launch + steps * latency + messages + |data over tier t|_2 over t
 *
 * Tiers work on chunks one after another, so that their times add as a root of squares; never less
 * than all bytes through the fastest tier.
 *
 * @param[in] group  ranks >= 1, stride >= 1; beyond the outermost span the outermost tier goes on
 * @param[in] bytes  0 .. 1e18: all-reduce and broadcast: the buffer of one rank; all-gather: the
 *                   gathered result; reduce-scatter: the input of one rank; all-to-all: what one
 *                   rank sends in total, own share included; point to point: the message. (NCCL's
 *                   own convention.)
 *
 * Cost: O(tiers), whatever the number of ranks; about 50 ns a tier crossed.
 * Source: Patarasuk & Yuan, J. Parallel Distrib. Comput. 69 (2009) for rings; NCCL's NVLS for
 *         in-switch reduction (a rank sends its buffer once and 1/n of the sum).
 */
mu_transfer mu_fabric_collective(const mu_fabric *fabric, mu_collective what, mu_group group,
                                 double bytes);

/* Cores that engines give to normal dispatch and combine, and that its parameters are of. */
#define MU_EXCHANGE_CORES 20.0

/* MoE dispatch or combine on expert parallel ranks. */
typedef struct mu_exchange {
    mu_group group;
    double tokens;           /* per rank */
    double topk;             /* experts a token goes to */
    double experts_per_rank; /* hosted per rank, redundant copies included (for de-duplication) */
    double token_bytes; /* of one token on the wire (dispatch: quantised + scales; combine: bf16) */
    double groups_topk; /* nodes a token may go to when routing is group-limited; 0 = any */
    double imbalance;   /* busiest rank over mean, >= 1 */
    double cores;       /* normal mode: cores that copy; 0 = MU_EXCHANGE_CORES */
    bool low_latency;   /* every copy sent straight (decode), no forwarding inside the node */
    bool combine;       /* the way back */
} mu_exchange;

/**
 * Cost of a dispatch or combine of tokens that choose topk experts uniformly.
 *
 * Normal mode sends a token once to every other domain it has experts in and forwards it there, so
 * that a tier carries tokens * E[domains hit] * (1 - 1/fan-out); low-latency mode sends every copy
 * straight. What stays on the rank is not sent. Both modes end with the busiest rank (imbalance).
 *
 * Cost: O(tiers); about 50 ns a tier crossed.
 * Source: DeepEP (normal and low-latency kernels).
 */
mu_transfer mu_fabric_exchange(const mu_fabric *fabric, const mu_exchange *exchange);

/** Expected number of `domains` equal domains with at least one of topk of `experts` experts. */
double mu_exchange_domains(double domains, double experts, double topk);

/** Name for reports ("ring"). Static. */
const char *mu_algorithm_text(mu_algorithm algorithm);
const char *mu_collective_text(mu_collective collective);

#endif
