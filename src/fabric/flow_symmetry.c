/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rank for all: everyone sends the same to everyone on a network that looks the same from
 * everywhere.
 *
 * What:  the messages of rank 0 in classes that cross the same kinds of links equally often; each
 *        class a flow as heavy as it has messages, each kind of link one link of the kind that
 *        carries 1/count of what all ranks put on it.
 * Why:   n(n-1) flows become a handful: progressive filling gives links of a kind the same level at
 *        every step, and flows of a class the same rate, as long as some translation of ranks maps
 *        any link of a kind onto any other and routes onto routes (topology.h, `uniform`).
 * Bound: exact, or it says that it is not. A test holds it equal to the plain run.
 */
#include "fabric/flow_job.h"

#include <math.h>
#include <string.h>

enum { CLASSES_MAX = 256 };

typedef struct flow_class {
    double crossed[MU_KINDS_MAX]; /* links of a kind that a message crosses, by share */
    int64_t delay;
    double messages;
} flow_class;

typedef struct symmetry {
    job_run *run;
    const mu_waves *waves;
    flow_class *class;
    uint32_t classes;
    double bytes;
    uint8_t *kind_of; /* [links] */
} symmetry;

static bool same_class(const flow_class *a, const flow_class *b, uint32_t kinds)
{
    for (uint32_t k = 0; k < kinds; k++) {
        if (fabs(a->crossed[k] - b->crossed[k]) > 1e-9) {
            return false;
        }
    }
    return a->delay == b->delay;
}

/* Adds a message of rank 0; false: too many classes. */
static bool add_message(symmetry *s, uint32_t *last)
{
    const job_run *run = s->run;
    const mu_topology *t = run->topology;
    const mu_route *route = run->route;
    flow_class found = {.delay = mu_job_delay(run, route->latency_s), .messages = 1.0};
    for (uint32_t i = 0; i < route->count; i++) {
        found.crossed[s->kind_of[route->link[i]]] += route->share[i];
    }
    for (uint32_t tried = 0; tried < s->classes; tried++) {
        uint32_t c = (*last + tried) % s->classes;
        if (same_class(&s->class[c], &found, t -> kind_count)) {
            s->class[c].messages += 1.0;
            *last = c;
            return true;
        }
    }
    if (s->classes == CLASSES_MAX) {
        return false;
    }
    *last = s->classes;
    s->class[s->classes++] = found;
    return true;
}

/* Classes of what rank 0 sends in a wave; *exact false when it is not the same to everyone. */
static mu_status classify(symmetry *s, uint64_t wave, bool *exact)
{
    job_run *run = s->run;
    mu_send *sends = MU_NEW(run->arena, mu_send, s->waves->sends_max);
    if (sends == NULL) {
        return mu_fail(run->err, MU_E_MEMORY, "out of memory");
    }
    uint32_t count = s->waves->sends(s->waves, wave, 0, sends);
    *exact = count == run->ranks - 1;
    s->classes = 0;
    s->bytes = count > 0 ? sends[0].bytes : 0.0;
    uint32_t last = 0;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < count && *exact && status == MU_OK; i++) {
        *exact = sends[i].bytes == s->bytes;
        status =
            mu_router_find(run->router, 0, sends[i].to, run->setup->seed, run->route, run->err);
        if (status == MU_OK && *exact) {
            *exact = add_message(s, &last);
        }
    }
    return status;
}

static mu_status start_classes(const symmetry *s, mu_flows *flows)
{
    const mu_topology *t = s->run->topology;
    mu_status status = MU_OK;
    for (uint32_t c = 0; c < s->classes && status == MU_OK; c++) {
        const flow_class *class = &s->class[c];
        uint32_t link[MU_KINDS_MAX];
        double share[MU_KINDS_MAX];
        uint32_t hops = 0;
        for (uint32_t k = 0; k < t->kind_count; k++) {
            if (class->crossed[k] > 0.0) {
                share[hops] = class->crossed[k] * (double)t->ranks / (double)t->kind[k].count;
                link[hops++] = k;
            }
        }
        mu_flow flow = {.link = link,
                        .share = share,
                        .hops = hops,
                        .bytes = class->messages * s->bytes,
                        .weight = class->messages,
                        .delay = class->delay,
                        .tag = c};
        status = mu_flows_start(flows, &flow, s->run->err);
    }
    return status;
}

/* Runs the classes of a wave on an engine of kinds; adds its time and what kinds carried. */
static mu_status run_wave(const symmetry *s, mu_flows *flows, double times)
{
    mu_flow_result *result = s->run->result;
    const mu_topology *t = s->run->topology;
    mu_flows_reset(flows);
    mu_status status = start_classes(s, flows);
    uint64_t count = 1;
    while (status == MU_OK && count > 0) {
        const uint64_t *tags = NULL;
        status = mu_flows_next(flows, &tags, &count, s->run->err);
    }
    result->time_s += times * seconds_of(s->run, mu_flows_now(flows));
    result->flows += s->classes;
    result->batches += mu_flows_stats(flows).batches;
    const double *carried = mu_flows_carried(flows);
    for (uint32_t k = 0; k < t->kind_count; k++) {
        result->kind_carried[k] += times * carried[k] * (double)t->kind[k].count;
        result->kind_carried_max[k] += times * carried[k];
    }
    return status;
}

bool mu_job_alike(const job_run *run)
{
    const mu_topology *t = run->topology;
    const mu_waves *waves = &run->job->moves->waves;
    bool routed =
        run->setup->routing == MU_ROUTING_SHORTEST || run->setup->routing == MU_ROUTING_SPRAY;
    return run->setup->collapse == MU_COLLAPSE_AUTO && run->job->moves->kind == MU_MOVES_WAVES &&
           waves->translated && waves->waits_receipts && run->ranks > 1 && routed && t->whole &&
           t->uniform && run->members == t->ranks && run->job->copies == 1 &&
           run->job->place == NULL && run->setup->background_count == 0 &&
           waves->sends_max == run->ranks - 1;
}

static mu_status prepare(symmetry *s, mu_flows **flows)
{
    job_run *run = s->run;
    const mu_topology *t = run->topology;
    double capacity[MU_KINDS_MAX];
    s->class = MU_NEW(run->arena, flow_class, CLASSES_MAX);
    s->kind_of = MU_NEW(run->arena, uint8_t, t->links);
    if (s->class == NULL || s->kind_of == NULL) {
        return mu_fail(run->err, MU_E_MEMORY, "out of memory");
    }
    for (uint32_t k = 0; k < t->kind_count; k++) {
        capacity[k] = run->capacity[t->kind[k].first];
        memset(s->kind_of + t->kind[k].first, (int)k, t->kind[k].count);
    }
    return mu_flows_create(t->kind_count, capacity, run->tick_s, CLASSES_MAX, flows, run->err);
}

mu_status mu_job_symmetry(job_run *run, bool *exact)
{
    *exact = mu_job_alike(run);
    if (!*exact) {
        return MU_OK;
    }
    symmetry s = {.run = run, .waves = &run->job->moves->waves};
    mu_flow_result before = *run->result;
    mu_flows *flows = NULL;
    mu_status status = prepare(&s, &flows);
    for (uint64_t w = 0; w < s.waves->period && w < s.waves->count && *exact && status == MU_OK;
         w++) {
        double times = (double)((s.waves->count - w + s.waves->period - 1) / s.waves->period);
        status = classify(&s, w, exact);
        if (status == MU_OK && *exact) {
            status = run_wave(&s, flows, times);
        }
    }
    run->result->memory_bytes = flows == NULL ? 0 : mu_flows_stats(flows).memory_bytes;
    mu_flows_free(flows);
    run->result->method = MU_FLOW_SYMMETRY;
    run->result->first_s = run->result->time_s;
    if (!*exact) {
        *run->result = before;
    }
    return status;
}
