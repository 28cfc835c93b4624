/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ranks and which links of a network are alike. Private to flow_*.c.
 *
 * Terms: a part is a set of links, or of ranks, that nothing tells apart but their numbers.
 */
#ifndef MUSTER_FABRIC_FLOW_ALIKE_H
#define MUSTER_FABRIC_FLOW_ALIKE_H

#include "fabric/flow_job.h"

typedef struct alike {
    uint32_t link_parts;
    uint32_t *part_of_link; /* [links] */
    uint32_t *links_of;     /* [link_parts] how many */
    double *capacity;       /* [link_parts] of one link [B/s] */
    uint32_t rank_parts;
    uint32_t *members_of; /* [rank_parts] how many */
    uint32_t *first_of;   /* [rank_parts] the first member of each */
} alike;

/** Kinds are parts, all members are one: for whole networks of shapes alone. */
mu_status mu_alike_by_kind(const job_run *run, alike *out);

/**
 * Parts by what vertices and links see of each other, further out with every round, until nothing
 * tells more of them apart (colour refinement): for networks with broken parts, jobs on some of the
 * ranks. O((vertices log vertices + links) * rounds).
 */
mu_status mu_alike_by_sight(const job_run *run, alike *out);

#endif
