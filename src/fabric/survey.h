/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wires of a network add up to: levels of switches, hops, and the narrowest halving.
 *
 * Terms: a domain is what one network joins; the one with least bandwidth left stands for all. A
 *        switch of level k has k links between it and the nearest rank. A halving puts half of a
 *        domain's ranks on either side; its cut is the least bandwidth of links from one side to
 *        the other, wherever the switches are put (a maximum flow finds it).
 * Bound: halvings that are tried are by rank number and by every power of two and dimension; the
 *        narrowest of all may be narrower: the best known cut is an upper bound.
 */
#ifndef MUSTER_FABRIC_SURVEY_H
#define MUSTER_FABRIC_SURVEY_H

#include "fabric/topology.h"

enum { MU_SWITCH_LEVELS_MAX = 8, MU_HALVINGS_MAX = 48, MU_VERTEX_NAME_MAX = 96 };

/* Links of each kind that one cut crosses, in whole links: a broken one counts 0. */
typedef struct mu_cut {
    uint64_t run; /* runs of so many ranks alternate between the sides */
    uint64_t period;
    double bandwidth; /* one direction [B/s] */
    double links[MU_KINDS_MAX];
} mu_cut;

typedef struct mu_network_survey {
    uint32_t first_rank; /* of the domain that stands for all */
    uint32_t domain_ranks;
    uint32_t domains;
    uint32_t switches; /* of all domains */
    uint32_t levels;
    uint32_t level_switches[MU_SWITCH_LEVELS_MAX]; /* [levels] */
    double rank_bandwidth;                         /* least that a rank can send [B/s] */
    double bandwidth;                              /* all ranks together, all domains [B/s] */
    uint32_t hops;                                 /* links of the longest shortest path */
    double latency_s;                              /* of that path */
    uint64_t apart;                                /* ranks of the domain that nothing reaches */
    bool all_sources;   /* every rank was a start; else evenly many (hops may be more) */
    uint32_t halvings;  /* tried */
    uint32_t cut_count; /* at least one each */
    uint32_t narrowest; /* of cut[] */
    mu_cut cut[MU_HALVINGS_MAX];
} mu_network_survey;

/* What a survey knows of single vertices and links. */
typedef struct mu_survey {
    const mu_topology *topology;
    uint8_t *kind;   /* [links] */
    uint8_t *level;  /* [vertices] 0 = a rank */
    uint32_t *place; /* [vertices] of a switch among those of its network and level */
    mu_network_survey net[MU_NETWORKS_MAX];
} mu_survey;

/**
 * Surveys every network of a topology that outlives the survey.
 *
 * Cost: O(links) a halving, and a breadth-first search a source: 1 where the topology is uniform
 *       and whole, else as many as there are ranks in the domain, up to 2^27 links looked at.
 */
mu_status mu_survey_make(mu_arena *arena, const mu_topology *topology, mu_survey *out,
                         mu_error *err) MU_MUST_CHECK;

/** Narrowest cut of a network with these bandwidths of kinds instead of its own. [B/s] */
double mu_survey_bisection(const mu_network_survey *net, const double *kind_bandwidth,
                           uint32_t kind_count);

/** Whether a rank of the domain is on the far side of a cut. */
bool mu_survey_far(const mu_network_survey *net, const mu_cut *cut, uint32_t rank);

/** "ub: leaf 3 to spine 7" */
void mu_survey_link_name(const mu_survey *survey, uint32_t link, char out[MU_VERTEX_NAME_MAX]);

/** Index of the kind of a link. */
uint32_t mu_topology_kind(const mu_topology *topology, uint32_t link);

#endif
