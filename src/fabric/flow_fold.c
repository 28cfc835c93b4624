/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of the ranks for all: a job that looks the same after a shift by `fold` ranks, on a
 * network that does, too.
 *
 * What:  ranks 0 .. fold-1 stand for those fold, 2 fold, ... further on; a link stands for the
 *        links that shifts map it to. Rings over a Clos fold to one leaf.
 * Why:   cost falls by the number of leaves.
 * Bound: exact. What a shift makes of a link is not assumed but learnt from every message of every
 *        kind of wave, and every link must have as many images as the shift has turns.
 */
#include "fabric/flow_job.h"

#define NONE UINT32_MAX

/* Messages that are worth trying: a second or so. */
enum { TRIED_MAX = 1 << 23 };

typedef struct folding {
    job_run *run;
    const mu_waves *waves;
    mu_send *sends;
    mu_send *shifted_sends;
    mu_route *shifted;
    uint32_t *origin; /* [links] whose image each is */
    uint32_t fold;
    uint32_t turns;
} folding;

/* A link and what one shift makes of it: the same as far as it was seen before, and no worse. */
static bool learn(const folding *f, uint32_t link, uint32_t to)
{
    uint32_t *image = f->run->image;
    if (image[link] == NONE && f->origin[to] == NONE) {
        image[link] = to;
        f->origin[to] = link;
    }
    return image[link] == to && f->origin[to] == link &&
           f->run->capacity[link] == f->run->capacity[to];
}

static bool same_route(const folding *f, const mu_route *a, const mu_route *b)
{
    bool same = a->count == b->count && a->latency_s == b->latency_s;
    for (uint32_t i = 0; i < a->count && same; i++) {
        same = a->share[i] == b->share[i] && learn(f, a->link[i], b->link[i]);
    }
    return same;
}

/* Makes of images the link that stands for each: the lowest of a round of shifts. False: a round
 * is shorter than the shift has turns. */
static bool close_rounds(const folding *f)
{
    uint32_t *image = f->run->image;
    uint32_t links = f->run->topology->links;
    for (uint32_t l = 0; l < links; l++) {
        if (image[l] == NONE || f->origin[l] == NONE) {
            if (image[l] != f->origin[l]) {
                return false; /* crossed by messages of some ranks only */
            }
            continue;
        }
        uint32_t turns = 0;
        uint32_t at = l;
        do {
            at = image[at];
            turns++;
        } while (at != l && at != NONE && turns <= f->turns);
        if (turns != f->turns) {
            return false;
        }
    }
    for (uint32_t l = 0; l < links; l++) {
        uint32_t next = image[l];
        if (next == NONE || f->origin[l] == NONE) {
            continue; /* unused, or done as part of a round before */
        }
        for (uint32_t at = l; f->origin[at] != NONE; at = next) {
            next = image[at];
            f->origin[at] = NONE;
            image[at] = l;
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
    for (uint32_t l = 0; l < f->run->topology->links; l++) {
        f->run->image[l] = NONE;
        f->origin[l] = NONE;
    }
    mu_status status = MU_OK;
    for (uint64_t kind = 0; kind < mu_waves_kinds(f->waves) && *same; kind++) {
        uint64_t times = 0;
        uint64_t w = mu_waves_of_kind(f->waves, kind, &times);
        for (uint32_t r = 0; r < f->run->ranks && *same && status == MU_OK; r++) {
            status = try_rank(f, w, r, same);
        }
    }
    *same = *same && status == MU_OK && close_rounds(f);
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
    const mu_waves *waves = &run->job->moves->waves;
    return run->setup->collapse == MU_COLLAPSE_AUTO && t->whole && run->members == t->ranks &&
           run->job->copies == 1 && run->job->place == NULL && run->setup->background_count == 0 &&
           run->setup->routing != MU_ROUTING_ADAPTIVE &&
           (uint64_t)run->ranks * waves->sends_max * mu_waves_kinds(waves) <= TRIED_MAX;
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
    f.origin = MU_NEW(run->arena, uint32_t, run->topology->links);
    run->image = MU_NEW(run->arena, uint32_t, run->topology->links);
    if (f.sends == NULL || f.shifted_sends == NULL || f.shifted == NULL || f.origin == NULL ||
        run->image == NULL) {
        return mu_job_memory(run);
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
        uint32_t link = run->image[route->link[i]];
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
