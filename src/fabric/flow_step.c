/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waves that all ranks begin and end together, each worked out once however often it comes.
 *
 * What:  counts messages on links. A wave is even when all its messages are as long, as late, and
 *        cross a link that is as loaded as the worst: then all have the same rate and end at once,
 *        and so do the ranks.
 * Why:   a ring over n ranks is 2(n-1) waves that are all the same; 4,095 rounds of 4,096 messages
 *        need no memory.
 * Bound: exact, or it says that it is not.
 */
#include "fabric/flow_job.h"

#include <math.h>

/* Loads that differ by less are equal. */
static const double SAME = 1e-11;

typedef struct stepper {
    job_run *run;
    const mu_waves *waves;
    mu_send *sends;
    double *load;      /* [links] messages, by share */
    double *kept;      /* [links] bytes carried in all waves so far */
    uint32_t *touched; /* links with a load */
    uint32_t touched_count;
    double bytes; /* of a message of this wave */
    double worst; /* seconds a byte of its most loaded link */
    int64_t delay;
    uint64_t messages;
    uint64_t flows;
} stepper;

/* Calls `visit` for every message of a wave, its route found. */
typedef mu_status visit_message(stepper *s, double bytes, bool *even);

static mu_status each_message(stepper *s, uint64_t wave, visit_message *visit, bool *even)
{
    job_run *run = s->run;
    mu_status status = MU_OK;
    for (uint32_t m = 0; m < run->members && *even && status == MU_OK; m++) {
        uint32_t rank = m % run->ranks;
        uint32_t count = s->waves->sends(s->waves, wave, rank, s->sends);
        *even = count > 0; /* a rank without messages would run ahead */
        for (uint32_t i = 0; i < count && *even && status == MU_OK; i++) {
            status = mu_job_route(run, m, m - rank + s->sends[i].to);
            if (status == MU_OK) {
                status = visit(s, s->sends[i].bytes, even);
            }
        }
    }
    return status;
}

static mu_status count_message(stepper *s, double bytes, bool *even)
{
    const mu_route *route = s->run->route;
    int64_t delay = mu_job_delay(s->run, route->latency_s);
    if (s->messages == 0) {
        s->bytes = bytes;
        s->delay = delay;
    }
    *even = bytes == s->bytes && delay == s->delay;
    s->messages++;
    for (uint32_t i = 0; i < route->count; i++) {
        uint32_t l = route->link[i];
        if (s->load[l] == 0.0) {
            s->touched[s->touched_count++] = l;
        }
        s->load[l] += route->share[i];
    }
    return MU_OK;
}

/* Every message must cross a link that is as loaded as the worst. */
static mu_status check_message(stepper *s, double bytes, bool *even)
{
    (void)bytes;
    const mu_route *route = s->run->route;
    double worst = 0.0;
    for (uint32_t i = 0; i < route->count; i++) {
        uint32_t l = route->link[i];
        worst = fmax(worst, s->load[l] / s->run->capacity[l]);
    }
    *even = worst >= s->worst * (1.0 - SAME);
    return MU_OK;
}

static double find_worst(const stepper *s)
{
    double worst = 0.0;
    for (uint32_t i = 0; i < s->touched_count; i++) {
        uint32_t l = s->touched[i];
        worst = fmax(worst, s->load[l] / s->run->capacity[l]);
    }
    return worst;
}

/* Ticks of an even wave that comes `times` times. */
static mu_status step_wave(stepper *s, uint64_t wave, double times, bool *even, double *ticks)
{
    s->messages = 0;
    s->touched_count = 0;
    mu_status status = each_message(s, wave, count_message, even);
    s->worst = find_worst(s);
    if (status == MU_OK && *even && s->bytes > 0.0) {
        *even = isfinite(s->worst);
        status = each_message(s, wave, check_message, even);
    }
    *ticks = times * ((double)s->delay + rint(s->bytes * s->worst / s->run->tick_s));
    for (uint32_t i = 0; i < s->touched_count; i++) {
        uint32_t l = s->touched[i];
        if (*even) {
            s->kept[l] += times * s->bytes * s->load[l];
        }
        s->load[l] = 0.0;
    }
    s->flows += s->messages;
    return status;
}

static mu_status prepare(stepper *s)
{
    job_run *run = s->run;
    uint32_t links = run->topology->links;
    s->sends = MU_NEW(run->arena, mu_send, s->waves->sends_max);
    s->load = MU_NEW(run->arena, double, links);
    s->kept = MU_NEW(run->arena, double, links);
    s->touched = MU_NEW(run->arena, uint32_t, links);
    if (s->sends == NULL || s->load == NULL || s->kept == NULL || s->touched == NULL) {
        return mu_job_memory(run);
    }
    return MU_OK;
}

static void give_result(const stepper *s, double ticks)
{
    const mu_topology *t = s->run->topology;
    mu_flow_result *result = s->run->result;
    result->method = MU_FLOW_WAVES;
    result->time_s = ticks * s->run->tick_s;
    result->first_s = result->time_s;
    result->flows = s->flows;
    result->batches = s->waves->count;
    result->memory_bytes = (size_t)t->links * (2 * sizeof(double) + sizeof(uint32_t));
    result->carried = s->kept;
    mu_job_add_kinds(s->run);
}

mu_status mu_job_step_waves(job_run *run, bool *exact)
{
    stepper s = {.run = run, .waves = &run->job->moves->waves};
    uint64_t kinds = mu_waves_kinds(s.waves);
    uint64_t repeats = kinds > 0 ? s.waves->count / kinds : 1;
    bool even = run->setup->background_count == 0 && run->setup->routing != MU_ROUTING_ADAPTIVE &&
                mu_job_fits(run, run->result->messages / repeats);
    mu_status status = even ? prepare(&s) : MU_OK;
    double ticks = 0.0;
    for (uint64_t kind = 0; kind < kinds && even && status == MU_OK; kind++) {
        double its = 0.0;
        uint64_t times = 0;
        uint64_t w = mu_waves_of_kind(s.waves, kind, &times);
        status = step_wave(&s, w, (double)times, &even, &its);
        ticks += its;
    }
    if (status == MU_OK && even) {
        give_result(&s, ticks);
    }
    *exact = even;
    return status;
}
