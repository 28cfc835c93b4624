/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rank for all that are alike, where everyone sends the same to everyone.
 *
 * What:  what one rank of each part sends, in classes of messages that cross links of the same
 *        parts by the same shares; each class is a flow as heavy as it has messages, each part of
 *        links one link that carries its share of them.
 * Why:   n(n-1) flows become a handful. Progressive filling gives all links of a part the same
 *        level at every step, and all flows of a class the same rate.
 * Bound: on whole networks of shapes (topology.h, `uniform`) all ranks and the links of a kind are
 *        alike. On others (broken parts, some of the ranks) only spread messages treat like links
 *        alike; small ones are checked message by message, large ones must be trees of switches.
 *        Where neither holds it gives up. Tests hold all equal to the plain run.
 */
#include "base/random.h"
#include "fabric/flow_alike.h"
#include "fabric/flow_job.h"

#include <math.h>
#include <stdlib.h>

enum { TABLE = 1 << 14, CLASSES_MAX = TABLE / 2, ROUTES_MAX = 1 << 22, CROSSINGS_MAX = 1 << 25 };

/* Shares of what a message puts on links are sums of fractions: equal to so many parts. */
static const double SHARE_UNITS = 1e9;
static const double SUMMED_MAX = 3e8; /* links of routes */

typedef struct crossing {
    uint32_t part;
    double share; /* of a message, over all links of the part */
} crossing;

typedef struct flow_class {
    uint64_t hash;
    int64_t delay;
    double messages;
    const crossing *crossed;
    uint32_t count;
} flow_class;

typedef struct symmetry {
    job_run *run;
    const mu_waves *waves;
    alike parts;
    flow_class *class;
    uint32_t classes;
    uint32_t *table; /* [TABLE] class + 1 */
    mu_send *sends;
    crossing *crossed; /* [MU_ROUTE_MAX] scratch */
    double bytes;
    uint32_t crossed_max; /* links of the longest route */
} symmetry;

static int by_part(const void *a, const void *b)
{
    const crossing *x = a;
    const crossing *y = b;
    return x->part < y->part ? -1 : x->part > y->part;
}

/* The route by parts, in their order; how many. */
static uint32_t sum_up(symmetry *s)
{
    const mu_route *route = s->run->route;
    for (uint32_t i = 0; i < route->count; i++) {
        s->crossed[i] = (crossing){s->parts.part_of_link[route->link[i]], route->share[i]};
    }
    qsort(s->crossed, route->count, sizeof *s->crossed, by_part);
    uint32_t count = 0;
    for (uint32_t i = 0; i < route->count; i++) {
        if (count > 0 && s->crossed[count - 1].part == s->crossed[i].part) {
            s->crossed[count - 1].share += s->crossed[i].share;
        } else {
            s->crossed[count++] = s->crossed[i];
        }
    }
    return count;
}

static uint64_t hash_of(const symmetry *s, uint32_t count, int64_t delay)
{
    uint64_t hash = (uint64_t)delay;
    for (uint32_t i = 0; i < count; i++) {
        hash = mu_mix_bits(hash + s->crossed[i].part + 1);
        hash = mu_mix_bits(hash ^ (uint64_t)llround(s->crossed[i].share * SHARE_UNITS));
    }
    return hash;
}

/* The class of the message whose route was found; NULL: memory is out, or there are too many. */
static flow_class *class_of(symmetry *s)
{
    uint32_t count = sum_up(s);
    int64_t delay = mu_job_delay(s->run, s->run->route->latency_s);
    uint64_t hash = hash_of(s, count, delay);
    uint32_t at = (uint32_t)(hash >> 40) % TABLE;
    while (s->table[at] != 0 && s->class[s->table[at] - 1].hash != hash) {
        at = (at + 1) % TABLE;
    }
    if (s->table[at] != 0) {
        return &s->class[s->table[at] - 1];
    }
    crossing *kept = MU_NEW(s->run->arena, crossing, count);
    if (kept == NULL || s->classes == CLASSES_MAX) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        kept[i] = s->crossed[i];
    }
    flow_class *class = &s->class[s->classes++];
    s->table[at] = s->classes;
    *class = (flow_class){.hash = hash, .delay = delay, .crossed = kept, .count = count};
    return class;
}

/* Routes of one rank of each part, sprayed over a large network, may be more than the job is worth:
 * seconds. */
static bool affordable(const symmetry *s)
{
    return (double)s->parts.rank_parts * s->run->ranks * s->run->route->count <= SUMMED_MAX;
}

/* Adds what one member sends, `times` times. */
static mu_status add_member(symmetry *s, uint64_t wave, uint32_t member, double times, bool *exact)
{
    job_run *run = s->run;
    uint32_t count = s->waves->sends(s->waves, wave, member, s->sends);
    *exact = *exact && count == run->ranks - 1;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < count && *exact && status == MU_OK; i++) {
        s->bytes = s->sends[i].bytes;
        *exact = s->sends[i].bytes == s->sends[0].bytes;
        status = mu_job_route(run, member, s->sends[i].to);
        flow_class *class = status == MU_OK ? class_of(s) : NULL;
        *exact = *exact && class != NULL && affordable(s);
        if (*exact) {
            class->messages += times;
            s->crossed_max =
                run->route->count > s->crossed_max ? run->route->count : s->crossed_max;
        }
    }
    return status;
}

/* Weights that tell classes apart in a sum. */
static double weight_of(const flow_class *class)
{
    return 1.0 + (double)(class->hash >> 44) / (double)(1 << 20);
}

/* Puts every message of a wave on its links, and looks whether links of a part bear the same. */
static mu_status try_all(symmetry *s, uint64_t wave, bool *exact)
{
    job_run *run = s->run;
    uint32_t links = run->topology->links;
    double *load = MU_NEW(run->arena, double, links);
    double *wanted = MU_NEW(run->arena, double, s->parts.link_parts);
    if (load == NULL || wanted == NULL) {
        return mu_job_memory(run);
    }
    uint32_t classes = s->classes;
    for (uint32_t c = 0; c < classes; c++) {
        const flow_class *class = &s->class[c];
        for (uint32_t i = 0; i < class->count; i++) {
            uint32_t p = class->crossed[i].part;
            wanted[p] += weight_of(class) * class->messages * class->crossed[i].share /
                         (double)s->parts.links_of[p];
        }
    }
    mu_status status = MU_OK;
    for (uint32_t m = 0; m < run->members && status == MU_OK && *exact; m++) {
        uint32_t count = s->waves->sends(s->waves, wave, m, s->sends);
        for (uint32_t i = 0; i < count && status == MU_OK && *exact; i++) {
            status = mu_job_route(run, m, s->sends[i].to);
            const flow_class *class = status == MU_OK ? class_of(s) : NULL;
            *exact = class != NULL && s->classes == classes;
            for (uint32_t h = 0; h < run->route->count && *exact; h++) {
                load[run->route->link[h]] += weight_of(class) * run->route->share[h];
            }
        }
    }
    for (uint32_t l = 0; l < links && *exact; l++) {
        double want = wanted[s->parts.part_of_link[l]];
        *exact = fabs(load[l] - want) <= want * 1e-9;
    }
    return status;
}

/* Trees of switches have no more to tell apart than sight does; grids and free networks may. */
static bool is_tree(const mu_topology *t)
{
    for (uint32_t n = 0; n < t->network_count; n++) {
        const mu_network_spec *spec = &t->network[n];
        bool pair = spec->shape == MU_SHAPE_MESH && spec->span == 2;
        if (spec->shape != MU_SHAPE_SWITCH && spec->shape != MU_SHAPE_CLOS &&
            spec->shape != MU_SHAPE_BUS && !pair) {
            return false;
        }
    }
    return true;
}

static mu_status classify(symmetry *s, uint64_t wave, bool *exact)
{
    mu_status status = MU_OK;
    s->classes = 0;
    for (uint32_t i = 0; i < TABLE; i++) {
        s->table[i] = 0;
    }
    for (uint32_t p = 0; p < s->parts.rank_parts && *exact && status == MU_OK; p++) {
        double times = s->parts.members_of[p];
        status = add_member(s, wave, s->parts.first_of[p], times, exact);
    }
    if (status == MU_OK && *exact && !mu_job_alike(s->run)) {
        uint64_t messages = (uint64_t)s->run->members * (s->run->members - 1);
        bool few = messages * s->crossed_max <= CROSSINGS_MAX;
        *exact = few || is_tree(s->run->topology);
        status = few ? try_all(s, wave, exact) : MU_OK;
    }
    return status;
}

static mu_status start_classes(const symmetry *s, mu_flows *flows, uint32_t *link, double *share)
{
    mu_status status = MU_OK;
    for (uint32_t c = 0; c < s->classes && status == MU_OK; c++) {
        const flow_class *class = &s->class[c];
        if (!(class->messages > 0.0)) {
            continue;
        }
        for (uint32_t i = 0; i < class->count; i++) {
            link[i] = class->crossed[i].part;
            share[i] = class->crossed[i].share / (double)s->parts.links_of[link[i]];
        }
        mu_flow flow = {.link = link,
                        .share = share,
                        .hops = class->count,
                        .bytes = class->messages * s->bytes,
                        .weight = class->messages,
                        .delay = class->delay,
                        .tag = c};
        status = mu_flows_start(flows, &flow, s->run->err);
    }
    return status;
}

/* Runs the classes of a wave; adds its time and what links carried. */
static mu_status run_wave(const symmetry *s, mu_flows *flows, double times, double *carried)
{
    mu_flow_result *result = s->run->result;
    uint32_t *link = MU_NEW(s->run->arena, uint32_t, MU_ROUTE_MAX);
    double *share = MU_NEW(s->run->arena, double, MU_ROUTE_MAX);
    if (link == NULL || share == NULL) {
        return mu_job_memory(s->run);
    }
    mu_flows_reset(flows);
    mu_status status = start_classes(s, flows, link, share);
    uint64_t count = 1;
    while (status == MU_OK && count > 0) {
        const uint64_t *tags = NULL;
        status = mu_flows_next(flows, &tags, &count, s->run->err);
    }
    mu_flow_stats stats = mu_flows_stats(flows);
    result->time_s += times * seconds_of(s->run, mu_flows_now(flows));
    result->flows += stats.started;
    result->batches += stats.batches;
    for (uint32_t p = 0; p < s->parts.link_parts; p++) {
        carried[p] += times * mu_flows_carried(flows)[p];
    }
    return status;
}

bool mu_job_alike(const job_run *run)
{
    return run->topology->whole && run->topology->uniform && run->job->place == NULL &&
           run->members == run->topology->ranks && mu_job_even(run) &&
           (run->setup->routing == MU_ROUTING_SHORTEST ||
            (run->setup->routing == MU_ROUTING_SPRAY && run->topology->sprays_whole));
}

bool mu_job_even(const job_run *run)
{
    if (run->setup->collapse != MU_COLLAPSE_AUTO || run->job->moves->kind != MU_MOVES_WAVES ||
        run->job->copies > 1 || run->ranks < 2 || run->setup->background_count > 0) {
        return false;
    }
    const mu_waves *waves = &run->job->moves->waves;
    return waves->translated && waves->waits_receipts && waves->sends_max == run->ranks - 1;
}

static mu_status prepare(symmetry *s, mu_flows **flows, bool *exact)
{
    job_run *run = s->run;
    bool by_kind = mu_job_alike(run);
    mu_status status =
        by_kind ? mu_alike_by_kind(run, &s->parts) : mu_alike_by_sight(run, &s->parts);
    if (status != MU_OK) {
        return status;
    }
    *exact = (uint64_t)s->parts.rank_parts * run->ranks <= ROUTES_MAX;
    s->class = MU_NEW(run->arena, flow_class, CLASSES_MAX);
    s->table = MU_NEW(run->arena, uint32_t, TABLE);
    s->sends = MU_NEW(run->arena, mu_send, s->waves->sends_max);
    s->crossed = MU_NEW(run->arena, crossing, MU_ROUTE_MAX);
    if (s->class == NULL || s->table == NULL || s->sends == NULL || s->crossed == NULL) {
        return mu_job_memory(run);
    }
    return mu_flows_create(s->parts.link_parts, s->parts.capacity, run->tick_s, 64, flows,
                           run->err);
}

static mu_status give_result(const symmetry *s, const double *carried)
{
    const mu_topology *t = s->run->topology;
    mu_flow_result *result = s->run->result;
    result->method = MU_FLOW_SYMMETRY;
    result->first_s = result->time_s;
    result->carried = MU_NEW(s->run->arena, double, t->links);
    if (result->carried == NULL) {
        return mu_job_memory(s->run);
    }
    for (uint32_t l = 0; l < t->links; l++) {
        result->carried[l] = carried[s->parts.part_of_link[l]];
    }
    mu_job_add_kinds(s->run);
    return MU_OK;
}

mu_status mu_job_symmetry(job_run *run, bool *exact)
{
    bool spread = run->setup->routing == MU_ROUTING_SPRAY && run->setup->striped;
    *exact = mu_job_alike(run) || (mu_job_even(run) && spread);
    if (!*exact) {
        return MU_OK;
    }
    symmetry s = {.run = run, .waves = &run->job->moves->waves};
    mu_flow_result before = *run->result;
    mu_flows *flows = NULL;
    mu_status status = prepare(&s, &flows, exact);
    double *carried = status == MU_OK ? MU_NEW(run->arena, double, s.parts.link_parts) : NULL;
    if (status == MU_OK && carried == NULL) {
        status = mu_job_memory(run);
    }
    uint64_t kinds = mu_waves_kinds(s.waves);
    for (uint64_t kind = 0; status == MU_OK && kind < kinds && *exact; kind++) {
        uint64_t times = 0;
        uint64_t w = mu_waves_of_kind(s.waves, kind, &times);
        status = classify(&s, w, exact);
        if (status == MU_OK && *exact) {
            status = run_wave(&s, flows, (double)times, carried);
        }
    }
    if (status == MU_OK && *exact) {
        run->result->memory_bytes = mu_flows_stats(flows).memory_bytes;
        status = give_result(&s, carried);
    }
    mu_flows_free(flows);
    if (!*exact) {
        *run->result = before;
    }
    return status;
}
