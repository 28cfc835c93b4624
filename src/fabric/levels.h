/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a group of ranks lies over the nested tiers, and adding up what the tiers take.
 *
 * Private to src/fabric.
 * Terms: a level is a tier that the group crosses; fan = sub-domains of the next inner level that
 *        meet in it; below = ranks of the group in one such sub-domain.
 */
#ifndef MUSTER_FABRIC_LEVELS_H
#define MUSTER_FABRIC_LEVELS_H

#include "fabric/fabric.h"

typedef struct mu_level {
    const mu_tier *tier;
    uint32_t index; /* of the tier */
    double fan;     /* > 1 */
    double below;   /* >= 1 */
    double rate;    /* nominal injection bandwidth this group can use [B/s] */
} mu_level;

typedef struct mu_levels {
    uint32_t count; /* 0 when the group is one rank */
    double ranks;
    mu_level level[MU_TIERS_MAX]; /* innermost first */
} mu_levels;

/* Running sum over the tiers. */
typedef struct mu_tally {
    double fixed_s;
    double hidden_s; /* data that moves within fixed_s */
    double squares;  /* of data times [s2] */
    double longest_s;
    double wire_bytes;
    double best_rate; /* fastest achieved rate that carried anything [B/s] */
    uint32_t tier;
} mu_tally;

/* fmin and fmax without a call; neither argument is NaN here. */
static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

static inline double greater(double a, double b)
{
    return a > b ? a : b;
}

mu_levels mu_levels_of(const mu_fabric *fabric, mu_group group);

/** Adds data of one tier: `bytes` on the wire that take bytes_time bytes' time at `rate` [B/s]. */
void mu_tally_add(mu_tally *tally, const mu_level *level, double bytes, double bytes_time,
                  double rate);

/** Closes the sum. */
mu_transfer mu_tally_transfer(const mu_tally *tally, mu_algorithm algorithm);

#endif
