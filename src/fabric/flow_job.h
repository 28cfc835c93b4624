/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job under way. Private to flow_run.c, flow_waves.c, flow_list.c and flow_symmetry.c.
 *
 * Terms: a member is a rank of one copy: copy * ranks + rank.
 */
#ifndef MUSTER_FABRIC_FLOW_JOB_H
#define MUSTER_FABRIC_FLOW_JOB_H

#include "fabric/flow.h"
#include "fabric/flow_run.h"

typedef struct job_run {
    const mu_flow_setup *setup;
    const mu_flow_job *job;
    const mu_topology *topology;
    mu_arena *arena;
    uint32_t ranks;   /* of one copy */
    uint32_t members; /* of all copies */
    uint32_t fold;    /* members that stand for all: the first; all where nothing is folded */
    uint32_t *image;  /* [links] folded: the link that stands for each; UINT32_MAX: unused */
    double tick_s;
    double *capacity; /* [links] after efficiency */
    mu_router *router;
    mu_flows *flows;
    mu_route *route; /* scratch */
    int64_t *last;   /* [members] tick of the last that a member sent or got */
    mu_flow_result *result;
    mu_error *err;
} job_run;

static inline uint32_t place_of(const job_run *run, uint32_t member)
{
    return run->job->place == NULL ? member : run->job->place[member];
}

static inline double seconds_of(const job_run *run, int64_t ticks)
{
    return (double)ticks * run->tick_s;
}

/* Something of a member's ended now. */
static inline void mu_job_note(job_run *run, uint32_t member)
{
    run->last[member] = mu_flows_now(run->flows);
}

/** An engine over these capacities, with the background's flows on it. */
mu_status mu_job_engine(job_run *run, uint32_t expected);

static inline mu_status mu_job_memory(const job_run *run)
{
    return mu_fail(run->err, MU_E_MEMORY, "out of memory");
}

/** The route of a message between two members, into run->route. */
static inline mu_status mu_job_route(const job_run *run, uint32_t from, uint32_t to)
{
    return mu_router_find(run->router, place_of(run, from), place_of(run, to), run->setup->seed,
                          run->route, run->err);
}

/** Finds the route of a message and puts it on the wires, or on those that stand for them. */
mu_status mu_job_send(job_run *run, uint32_t from, uint32_t to, double bytes, uint64_t tag);

/** Ticks before a message of this route is on the wires. */
int64_t mu_job_delay(const job_run *run, double latency_s);

/** Whether so many messages may be looked at one by one. */
bool mu_job_fits(const job_run *run, uint64_t messages);

/** Takes off the capacities what congestion costs where the first messages load links beyond
 * their rate. Needs a router. */
mu_status mu_job_congest(job_run *run);

/** Sets run->fold: as few members as may stand for all. Needs a router. */
mu_status mu_job_fold(job_run *run);
void mu_job_fold_route(const job_run *run, mu_route *route);

mu_status mu_job_run_list(job_run *run);
mu_status mu_job_run_waves(job_run *run);

/** Wave by wave, each on its own. *exact false: ranks do not end waves together; nothing is set. */
mu_status mu_job_step_waves(job_run *run, bool *exact);

/** Whether everyone sends the same to everyone, wave by wave, and nobody else does anything. */
bool mu_job_even(const job_run *run);
/** The same on all ranks of a network that looks the same from each: one stands for all. */
bool mu_job_alike(const job_run *run);
/** Sums of result->carried by kind. */
void mu_job_add_kinds(const job_run *run);

/** One rank for all that are alike. *exact false: too few are; nothing is set. */
mu_status mu_job_symmetry(job_run *run, bool *exact);

#endif
