/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broken parts of a network, and how often parts break.
 */
#ifndef MUSTER_FABRIC_FAULTS_H
#define MUSTER_FABRIC_FAULTS_H

#include "fabric/topology.h"

/**
 * Breaks one part, named as people write it: "chip:17" (a rank and its cables), "switch:3" (the
 * fourth switch vertex), "link:4" (the cable of link 4, both ways), "link:5-388" (a cable between
 * two vertices that still works), "NETWORK/switch:3" (of one network), "KIND:12" (the 13th cable of
 * a kind, whose network may be left out: "leaf to spine:12"), or "optics:7" (the eighth optical
 * cable). Copies nothing: mutates the topology. Routers are made afterwards.
 *
 * @retval MU_E_INPUT  no such part; err names the nearest kind or the range
 */
mu_status mu_topology_break(mu_arena *arena, mu_topology *topology, const char *part,
                            mu_error *err) MU_MUST_CHECK;

/**
 * Breaks `count` random working cables of a kind ("" = any), by seed; for what-if over many draws.
 *
 * @retval MU_E_INPUT  no such kind, or fewer cables that work
 */
mu_status mu_topology_break_random(mu_arena *arena, mu_topology *topology, const char *kind,
                                   uint32_t count, uint64_t seed, mu_error *err) MU_MUST_CHECK;

/* Failures an hour of one part, and hours to mend it. */
typedef struct mu_part_rate {
    double per_hour;
    double mend_h;
} mu_part_rate;

typedef struct mu_fault_rates {
    mu_part_rate chip;   /* what one rank stands for */
    mu_part_rate link;   /* an electrical cable */
    mu_part_rate optics; /* an optical cable with its two modules */
    mu_part_rate switches;
} mu_fault_rates;

typedef struct mu_availability {
    double all_up;    /* share of time in which no part at all is broken */
    double chips_up;  /* expected share of chips that work and have a working cable to a working
                        switch or chip */
    double bandwidth; /* expected share of the ranks' own bandwidth that is left */
    double job_failures_per_hour; /* of a job on ranks 0 .. job_ranks - 1 that dies with any member:
                                     its chips, and cables and switches that a member hangs on
                                     alone */
    double job_goodput; /* share of a job's time that counts: a failure loses `restart_s` and what
                           came after the last checkpoint (about half of `checkpoint_s`) */
} mu_availability;

/**
 * Expected availability from failure rates of parts that fail apart from each other. O(links).
 *
 * @param[in] rates         each 0 or more
 * @param[in] job_ranks     beyond the topology's ranks: all
 * @param[in] checkpoint_s  between two checkpoints; 0: nothing but the restart is lost
 */
mu_availability mu_topology_availability(const mu_topology *topology, const mu_fault_rates *rates,
                                         uint32_t job_ranks, double checkpoint_s, double restart_s);

#endif
