/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and answers of the verb fabric: what a system's networks are, and what a collective
 * does on their wires.
 *
 * Terms: a rank is what software sees as one device; a network, a kind of links and a domain as in
 *        fabric/topology.h; wires = nominal bandwidths and latencies, no software; calibrated =
 *        with the launch costs and efficiencies that were measured or estimated of the system.
 */
#ifndef MUSTER_STUDY_FABRIC_H
#define MUSTER_STUDY_FABRIC_H

#include "base/pool.h"
#include "base/units.h"
#include "catalog/catalog.h"
#include "fabric/faults.h"
#include "fabric/flow_run.h"
#include "fabric/survey.h"
#include "study/answer.h"

enum {
    MU_NET_PARTS_MAX = 1024,
    MU_NET_HOT_MAX = 10,
    MU_NET_FIGURES_MAX = 16,
    MU_NET_LOST_MAX = 64,
    MU_NET_WORDS_MAX = 160,
    MU_NET_BASIS_MAX = 192
};

/* What was said on the command line; NULL = not said. */
typedef struct mu_net_wish {
    const char *collective; /* "all-to-all", "dispatch", ... */
    const char *size;       /* "64MB" */
    const char *ranks;      /* "64", "0-63", "0,8,16", "0-511:8" */
    const char *algorithm;
    const char *routing;
    const char *fail;       /* "link:3,switch:2" */
    const char *background; /* "0-8,1-9:2", "all-to-all:64-127" */
    const char *inner;
    const char *copies;
    const char *tokens; /* of dispatch and combine */
    const char *topk;
    const char *experts;
    const char *token_bytes;
    const char *skew;
    const mu_moves *schedule; /* the user's own, checked; NULL = none */
    const char *schedule_name;
    mu_collective schedule_does;
    bool schedule_known; /* it does `schedule_does` */
    bool low_latency;    /* of dispatch and combine */
} mu_net_wish;

typedef enum mu_net_what {
    MU_NET_NOTHING, /* described only */
    MU_NET_COLLECTIVE,
    MU_NET_DISPATCH,
    MU_NET_COMBINE,
    MU_NET_SCHEDULE
} mu_net_what;

/* A mixture of experts, as dispatch and combine see it. */
typedef struct mu_net_experts {
    double tokens; /* per rank */
    uint32_t topk;
    uint32_t experts;
    double token_bytes;
    double skew; /* popularity of experts falls as 1/k^skew; 0 = all alike */
    bool low_latency;
} mu_net_experts;

typedef struct mu_net_job {
    mu_net_what what;
    mu_collective collective;
    double bytes;  /* as mu_fabric_collective() takes them */
    int algorithm; /* mu_pattern; -1 = as the closed form chooses */
    mu_routing routing;
    uint32_t members;
    const uint32_t *place; /* [members] */
    bool in_order;         /* place[i] is i * stride */
    uint32_t stride;
    uint32_t inner; /* 0 = ranks that share the innermost network */
    uint32_t copies;
    mu_net_experts moe;
    const mu_moves *schedule;
    const char *schedule_name;
    bool named; /* `collective` says what is done: always but for some schedules and experts */
    const char **part; /* [parts] to break */
    uint32_t parts;
    const mu_background *background;
    uint32_t background_count;
} mu_net_job;

/* What a file says in place of the catalogue's networks: networks, or cables where it has none. */
typedef struct mu_net_wiring {
    const char *name; /* of the file */
    uint32_t ranks;
    uint32_t network_count;
    const mu_network_spec *network;
    uint32_t vertices;
    uint32_t cable_count;
    const mu_cable *cable;
} mu_net_wiring;

typedef struct mu_net_question {
    const mu_catalog *catalog;
    const mu_entity *system;
    const mu_net_wiring *wiring; /* NULL = as the catalogue has it */
    double chips;
    double chips_sold;
    uint32_t ranks_per_chip;
    uint32_t ranks;
    double samples; /* draws; 0 = points only */
    double seed;
    mu_net_job job;
} mu_net_question;

/* Links of one kind. */
typedef struct mu_net_links {
    char name[MU_LINK_NAME_MAX];
    uint32_t network;
    uint64_t count; /* one way each */
    uint64_t broken;
    mu_quantity bandwidth; /* of one, one direction [B/s] */
    mu_quantity total;     /* of all that work */
    mu_quantity latency_s;
    bool optical;
} mu_net_links;

typedef struct mu_net_network {
    char name[24];
    mu_shape shape;
    char words[MU_NET_WORDS_MAX]; /* the shape in words */
    uint64_t span;                /* ranks of a domain */
    uint32_t domains;
    uint32_t planes;
    uint32_t switches;
    uint32_t levels;
    uint32_t level_switches[MU_SWITCH_LEVELS_MAX];
    mu_quantity rank_bandwidth; /* the least of any rank, one direction [B/s] */
    mu_quantity bandwidth;      /* all ranks together */
    mu_quantity bisection;      /* of one domain, one direction */
    uint32_t cuts;              /* halvings tried */
    uint32_t hops;
    bool all_sources;
    mu_quantity latency_s; /* of the longest shortest path */
} mu_net_network;

/* A number of cost, power or parts with where it comes from. */
typedef struct mu_net_figure {
    const char *key;   /* static */
    const char *label; /* static */
    mu_dimension dimension;
    mu_quantity quantity;
    char basis[MU_NET_BASIS_MAX]; /* "network.cost_per_chip x 384; B, semianalysis" */
} mu_net_figure;

/* How often parts break, and what that leaves. */
typedef struct mu_net_availability {
    mu_quantity all_up;
    mu_quantity chips_up;
    mu_quantity bandwidth;
    mu_quantity job_failures_per_day;
    mu_quantity job_goodput;
    uint32_t job_ranks;
    double checkpoint_s;
    double restart_s;
    uint32_t rate_count;
    mu_net_figure rate[8]; /* failures an hour and hours to mend, by part */
} mu_net_availability;

/* What broken parts took away. */
typedef struct mu_net_loss {
    uint32_t parts;
    uint32_t dead; /* ranks */
    uint32_t dead_rank[MU_NET_LOST_MAX];
    uint64_t links; /* one way each */
    uint64_t pairs; /* of ranks, looked at */
    uint64_t pairs_rerouted;
    uint64_t pairs_apart;   /* that nothing joins any more */
    double bandwidth_share; /* of all ranks' bandwidth that is left, over all networks */
    double bisection_share[MU_NETWORKS_MAX];
} mu_net_loss;

/* Links that carry alike. */
typedef struct mu_net_hot {
    char name[MU_VERTEX_NAME_MAX]; /* of the first */
    uint32_t kind;
    uint64_t alike; /* how many, the first included */
    double bytes;   /* of each */
    double utilisation;
} mu_net_hot;

typedef struct mu_net_traffic {
    char what[MU_NET_WORDS_MAX];
    char algorithm[MU_NET_WORDS_MAX];
    char closed_algorithm[32];
    uint32_t members;
    double bytes;
    mu_quantity time_s; /* calibrated */
    mu_quantity algorithm_bandwidth;
    mu_quantity bus_bandwidth;
    mu_quantity wire_s;     /* flow by flow, wires alone */
    mu_quantity unshared_s; /* the same moves where no link but a rank's own is shared */
    mu_quantity contention; /* wire_s over unshared_s */
    bool has_closed;
    mu_quantity closed_s;
    mu_quantity closed_wire_s;
    double bound_s;        /* no routing is faster */
    char bound_by[64];     /* "injection into ub", "bisection of ub" */
    double first_s;        /* the first rank is done, wires alone */
    mu_flow_method method; /* how it was worked out */
    uint64_t messages;
    uint64_t batches;
    double wire_bytes;
    size_t memory_bytes;
    double *carried; /* [links] bytes; NULL when collapsed */
    double kind_carried_max[MU_KINDS_MAX];
    uint32_t hot_count;
    mu_net_hot hot[MU_NET_HOT_MAX];
    uint64_t draws; /* that made the intervals */
} mu_net_traffic;

typedef struct mu_net_answer {
    const mu_topology *topology; /* with what is broken */
    const mu_survey *survey;
    uint32_t network_count;
    uint32_t kind_count;
    uint32_t figure_count;
    uint32_t warning_count;
    mu_net_network network[MU_NETWORKS_MAX];
    mu_net_links kind[MU_KINDS_MAX];
    mu_net_figure figure[MU_NET_FIGURES_MAX];
    mu_net_availability availability;
    mu_net_loss loss;
    mu_net_traffic traffic;
    char warning[4][192];
} mu_net_answer;

/**
 * Resolves what was said: system, ranks, job.
 *
 * @param[in] chips   0 = as sold
 * @param[in] wiring  borrowed; NULL = the catalogue's networks
 * @retval MU_E_INPUT  unknown system, more chips than it grows to, a fact that is malformed
 * @retval MU_E_USAGE  a word of `wish` that says nothing; names the flag and the nearest word
 */
mu_status mu_net_question_make(const mu_catalog *catalog, const char *system, double chips,
                               const mu_net_wiring *wiring, const mu_net_wish *wish,
                               mu_arena *arena, mu_net_question *out, mu_error *err) MU_MUST_CHECK;

/** What --size says, or the usual 64 MB. MU_E_USAGE: no size up to 1e18 B. */
mu_status mu_net_size_read(const char *text, double *out, mu_error *err) MU_MUST_CHECK;

/** The job of a wish on `ranks` ranks; inside src/study, and for tests. Errors as above. */
mu_status mu_net_job_read(const mu_net_wish *wish, uint32_t ranks, mu_arena *arena, mu_net_job *out,
                          mu_error *err) MU_MUST_CHECK;

/**
 * Describes the networks and, where a job is asked for, runs it.
 *
 * @retval MU_NO       the job lost a member, or a pair of its ranks is joined by nothing; `out` has
 *                     what was found until then
 * @retval MU_E_INPUT  no such part to break, a collective that the algorithm cannot do
 */
mu_status mu_net_answer_question(const mu_net_question *question, mu_work *work, mu_net_answer *out,
                                 mu_error *err) MU_MUST_CHECK;

#endif
