/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verb simulate shows: tables, JSON, CSV, a picture, and files written while it runs.
 *
 * Terms: requests file = CSV of one row a request; timeline = trace events of the engines' steps,
 *        as Perfetto and Chrome read them. Both are fed by the simulator's observers.
 */
#ifndef MUSTER_REPORT_SIMULATE_REPORT_H
#define MUSTER_REPORT_SIMULATE_REPORT_H

#include "report/answer_table.h"
#include "report/json.h"
#include "study/simulate.h"

enum {
    MU_TIMELINE_STEPS = 500000,  /* steps a timeline holds unless told otherwise */
    MU_TIMELINE_REQUESTS = 10000 /* requests the same */
};

/** Latencies, service, engines, beside the steady state; tenants where there are several. */
mu_status mu_simulation_print(const mu_page *page, const mu_question *question,
                              const mu_simulation *simulation, mu_error *err) MU_MUST_CHECK;

/**
 * The contract of docs/json.md, owned; NULL when memory is out.
 * @param[in] wall_s  how long the simulation took; the one number that differs between runs
 */
json_t *mu_simulation_json(const mu_question *question, const mu_simulation *simulation,
                           double wall_s);

/** The same without scenario, wall clock, course of time and warnings; owned. */
json_t *mu_simulation_figures(const mu_simulation *simulation);

/** Percentiles without intervals, of what only the point run knows. */
mu_sim_percentiles mu_point_percentiles(const mu_sim_latency *point);

/** system,metric,value,low,high,unit: a line each number of mu_simulation_figures(), its path
 * dotted. */
mu_status mu_simulation_csv(const mu_page *page, const mu_simulation *simulation,
                            mu_error *err) MU_MUST_CHECK;

/**
 * Latency and queue over time, and below it how latencies are distributed; limits are dashed. One
 * self-contained SVG, readable on light and dark pages.
 * @retval MU_E_SYSTEM the stream failed
 */
mu_status mu_simulation_svg(FILE *out, const mu_question *question, const mu_simulation *simulation,
                            mu_error *err) MU_MUST_CHECK;

/** Heading of a requests file. */
void mu_requests_begin(FILE *out);

/**
 * An observer of requests (context is the FILE): number, tenant, instance, input, output, cached,
 * arrival_s, start_s, first_token_s, end_s, ttft_s, tpot_s, preempted, retried, good (1 or 0), in
 * the order in which they end. Times are to a microsecond; no tpot_s where there is but one token.
 */
void mu_requests_row(void *out, const mu_sim_record *request);

/** Whether all of it was written. */
mu_status mu_requests_end(FILE *out, mu_error *err) MU_MUST_CHECK;

/* A timeline being written. */
typedef struct mu_timeline {
    FILE *out;
    uint64_t steps_most, requests_most;
    uint64_t steps, requests; /* seen, written or not */
    uint64_t requests_left_out;
    uint32_t instances[2]; /* seen: of the prefill role, of the other */
    bool first;            /* no event has been written yet */
} mu_timeline;

/** Begins a timeline of MU_TIMELINE_STEPS and MU_TIMELINE_REQUESTS. */
void mu_timeline_begin(mu_timeline *timeline, FILE *out);

/** An observer of steps (context is the mu_timeline). */
void mu_timeline_step(void *timeline, const mu_sim_event *step);

/** An observer of requests (the same). Requests that end after the last step written are left
 *  out. */
void mu_timeline_request(void *timeline, const mu_sim_record *request);

/** Names roles and instances and closes the JSON: valid at any moment, even before a step. */
mu_status mu_timeline_end(mu_timeline *timeline, mu_error *err) MU_MUST_CHECK;

/* Both files as one observer; a NULL part is not written. */
typedef struct mu_sim_files {
    mu_timeline *timeline;
    FILE *requests;
} mu_sim_files;

/** A watch over the files, which must outlive it; nothing to call where both are NULL. */
mu_sim_watch mu_sim_files_watch(mu_sim_files *files);

#endif
