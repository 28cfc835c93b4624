/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of the ranks for all: a job that looks the same after a shift by `fold` ranks, on a network
 * that does, too.
 *
 * What:  ranks 0 .. fold-1 stand for those fold, 2 fold, ... further on; a link stands for the links
 *        that shifts map it to, which are every count/turns-th of its kind. Rings over a Clos fold
 *        to one leaf.
 * Why:   cost falls by the number of leaves.
 * Bound: exact. Whether a shift maps routes onto routes is not assumed but tried on every message
 *        of the period, and every link must have as many images as the shift has turns.
 */
#include "fabric/flow_job.h"

#include <math.h>

typedef struct folding {
    job_run *run;
    const mu_waves *waves;
    mu_send *sends;
    mu_send *shifted_sends;
    mu_route *shifted;
    uint32_t fold;
    uint32_t turns;
} folding;

/* The link that stands for one. Links of kinds that shifts leave alone have no such link. */
static uint32_t kind_of(const mu_topology *t, uint32_t link)
{
    uint32_t k = 0;
    while (link >= t->kind[k].first + t->kind[k].count) {
        k++;
    }
    return k;
}

uint32_t mu_job_folded_link(const job_run *run, uint32_t link)
{
    const mu_link_kind *kind = &run->topology->kind[kind_of(run->topology, link)];
    uint32_t turns = run->topology->ranks / run->fold;
    return kind->first + (link - kind->first) % (kind->count / turns);
}

/* Where one shift maps a link; UINT32_MAX: it has fewer images than the shift has turns. */
static uint32_t image(const folding *f, uint32_t link)
{
    const mu_link_kind *kind = &f->run->topology->kind[kind_of(f->run->topology, link)];
    if (kind->count % f->turns != 0) {
        return UINT32_MAX;
    }
    return kind->first + (link - kind->first + kind->count / f->turns) % kind->count;
}

static bool same_route(const folding *f, const mu_route *a, const mu_route *b)
{
    if (a->count != b->count || a->latency_s != b->latency_s) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t to = image(f, a->link[i]);
        if (to != b->link[i] || a->share[i] != b->share[i] ||
            f->run->capacity[a->link[i]] != f->run->capacity[b->link[i]]) {
            return false;
        }
    }
    return true;
}

/* Tries one shift on what a rank sends in a wave. */
static mu_status try_rank(folding *f, uint64_t wave, uint32_t rank, bool *same)
{
    job_run *run = f->run;
    uint32_t moved = (rank + f->fold) % run->ranks;
    uint32_t count = f->waves->sends(f->waves, wave, rank, f->sends);
    *same = count == f->waves->sends(f->waves, wave, moved, f->shifted_sends);
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < count && *same && status == MU_OK; i++) {
        uint32_t to = (f->sends[i].to + f->fold) % run->ranks;
        *same = to == f->shifted_sends[i].to && f->sends[i].bytes == f->shifted_sends[i].bytes;
        status = mu_router_find(run->router, rank, f->sends[i].to, run->setup->seed, run->route,
                                run->err);
        if (status == MU_OK && *same) {
            status = mu_router_find(run->router, moved, to, run->setup->seed, f->shifted, run->err);
            *same = status == MU_OK && same_route(f, run->route, f->shifted);
        }
    }
    return status;
}

static mu_status try_fold(folding *f, uint32_t fold, bool *same)
{
    f->fold = fold;
    f->turns = f->run->ranks / fold;
    *same = true;
    mu_status status = MU_OK;
    for (uint64_t w = 0; w < f->waves->period && w < f->waves->count && *same; w++) {
        for (uint32_t r = 0; r < f->run->ranks && *same && status == MU_OK; r++) {
            status = try_rank(f, w, r, same);
        }
    }
    return status;
}

/* Ranks under one switch, one row of a mesh and the like: where the network repeats itself. */
static uint32_t next_part(const mu_topology *t, uint32_t above)
{
    uint64_t best = t->ranks;
    for (uint32_t n = 0; n < t->network_count; n++) {
        const mu_network_spec *s = &t->network[n];
        bool clos = s->shape == MU_SHAPE_CLOS;
        uint32_t steps = clos ? s->levels : s->dims;
        uint64_t part = 1;
        for (uint32_t i = 0; i < steps; i++) {
            part *= clos ? s->down[i] : s->dim[i];
            best = part > above && part < best && t->ranks % part == 0 ? part : best;
        }
        best = s->span > above && s->span < best && t->ranks % s->span == 0 ? s->span : best;
    }
    return (uint32_t)best;
}

static bool suits(const job_run *run)
{
    const mu_topology *t = run->topology;
    return run->setup->collapse == MU_COLLAPSE_AUTO && t->whole && run->members == t->ranks &&
           run->job->copies == 1 && run->job->place == NULL && run->setup->background_count == 0 &&
           run->setup->routing != MU_ROUTING_ADAPTIVE;
}

mu_status mu_job_fold(job_run *run)
{
    run->fold = run->members;
    if (!suits(run)) {
        return MU_OK;
    }
    folding f = {.run = run, .waves = &run->job->moves->waves};
    f.sends = MU_NEW(run->arena, mu_send, f.waves->sends_max);
    f.shifted_sends = MU_NEW(run->arena, mu_send, f.waves->sends_max);
    f.shifted = MU_NEW(run->arena, mu_route, 1);
    if (f.sends == NULL || f.shifted_sends == NULL || f.shifted == NULL) {
        return mu_fail(run->err, MU_E_MEMORY, "out of memory");
    }
    bool same = false;
    mu_status status = MU_OK;
    for (uint32_t part = next_part(run->topology, 0); part < run->ranks && status == MU_OK && !same;
         part = next_part(run->topology, part)) {
        status = try_fold(&f, part, &same);
        run->fold = same ? part : run->fold;
    }
    return status;
}

/* A route over the links that stand for its own. */
void mu_job_fold_route(const job_run *run, mu_route *route)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < route->count; i++) {
        uint32_t link = mu_job_folded_link(run, route->link[i]);
        uint32_t at = 0;
        while (at < count && route->link[at] != link) {
            at++;
        }
        if (at == count) {
            route->link[count] = link;
            route->share[count++] = route->share[i];
        } else {
            route->share[at] += route->share[i];
            route->whole = false;
        }
    }
    route->count = count;
}
