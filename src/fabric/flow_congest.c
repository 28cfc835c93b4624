/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What congestion control costs a job: loads of links by what is sent first.
 *
 * Terms: demand of a message = its sender's bandwidth on that network over the messages it sends
 *        there at once; of a link = the sum over messages that cross it.
 */
#include "fabric/flow_job.h"

typedef struct first_sends {
    job_run *run;
    double *demand;  /* [links] */
    uint32_t *first; /* [ranks + 1] into to, list only */
    uint32_t *to;
    mu_send *sends;
} first_sends;

/* Moves of a list that wait for nothing, by sender. */
static mu_status sort_list(first_sends *f)
{
    const mu_move_list *list = &f->run->job->moves->list;
    uint32_t ranks = list->ranks;
    f->first = MU_NEW(f->run->arena, uint32_t, (uint64_t)ranks + 2);
    f->to = MU_NEW(f->run->arena, uint32_t, list->count);
    if (f->first == NULL || f->to == NULL) {
        return mu_job_memory(f->run);
    }
    uint32_t *place = f->first + 1;
    for (uint32_t i = 0; i < list->count; i++) {
        place[list->move[i].from + 1] += list->move[i].need_count == 0 ? 1 : 0;
    }
    for (uint32_t r = 0; r < ranks; r++) {
        place[r + 1] += place[r];
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->move[i].need_count == 0) {
            f->to[place[list->move[i].from]++] = list->move[i].to;
        }
    }
    return MU_OK;
}

/* Destinations that a rank sends to first, into f->sends. */
static uint32_t first_of(first_sends *f, uint32_t rank)
{
    const mu_moves *moves = f->run->job->moves;
    if (moves->kind == MU_MOVES_WAVES) {
        return moves->waves.count == 0 ? 0 : moves->waves.sends(&moves->waves, 0, rank, f->sends);
    }
    uint32_t count = f->first[rank + 1] - f->first[rank];
    for (uint32_t i = 0; i < count; i++) {
        f->sends[i].to = f->to[f->first[rank] + i];
    }
    return count;
}

static mu_status add_member(first_sends *f, uint32_t member)
{
    job_run *run = f->run;
    const mu_topology *t = run->topology;
    uint32_t rank = member % run->ranks;
    uint32_t count = first_of(f, rank);
    uint32_t at_once[MU_NETWORKS_MAX + 1] = {0};
    uint32_t from = place_of(run, member);
    for (uint32_t i = 0; i < count; i++) {
        at_once[mu_topology_network(t, from, place_of(run, member - rank + f->sends[i].to))]++;
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        uint32_t to = place_of(run, member - rank + f->sends[i].to);
        uint32_t network = mu_topology_network(t, from, to);
        if (network >= t->network_count || run->setup->congestion[network] == NULL) {
            continue;
        }
        status = mu_router_find(run->router, from, to, run->setup->seed, run->route, run->err);
        double rate = t->network[network].bandwidth / (double)at_once[network];
        for (uint32_t h = 0; h < run->route->count && status == MU_OK; h++) {
            f->demand[run->route->link[h]] += rate * run->route->share[h];
        }
    }
    return status;
}

/* What rank 0 put on links of a kind, all ranks put on all of its links. */
static void spread(first_sends *f)
{
    const mu_topology *t = f->run->topology;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        double *demand = f->demand + t->kind[k].first;
        double sum = 0.0;
        for (uint32_t i = 0; i < t->kind[k].count; i++) {
            sum += demand[i];
        }
        for (uint32_t i = 0; i < t->kind[k].count; i++) {
            demand[i] = sum * (double)t->ranks / (double)t->kind[k].count;
        }
    }
}

static void apply(const first_sends *f)
{
    const job_run *run = f->run;
    const mu_topology *t = run->topology;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        const mu_link_kind *kind = &t->kind[k];
        const mu_congestion *congestion = run->setup->congestion[kind->network];
        if (congestion != NULL) {
            mu_congestion_apply(congestion, kind->count, f->demand + kind->first,
                                t->bandwidth + kind->first, run->capacity + kind->first);
        }
    }
}

mu_status mu_job_congest(job_run *run)
{
    bool any = false;
    for (uint32_t n = 0; n < run->topology->network_count; n++) {
        any = any || run->setup->congestion[n] != NULL;
    }
    if (!any) {
        return MU_OK;
    }
    const mu_moves *moves = run->job->moves;
    bool waves = moves->kind == MU_MOVES_WAVES;
    first_sends f = {.run = run};
    f.demand = MU_NEW(run->arena, double, run->topology->links);
    f.sends = MU_NEW(run->arena, mu_send, waves ? moves->waves.sends_max : moves->list.count);
    if (f.demand == NULL || f.sends == NULL) {
        return mu_job_memory(run);
    }
    mu_status status = waves ? MU_OK : sort_list(&f);
    bool alike = mu_job_alike(run);
    for (uint32_t m = 0; m < (alike ? 1 : run->members) && status == MU_OK; m++) {
        status = add_member(&f, m);
    }
    if (alike) {
        spread(&f);
    }
    if (status == MU_OK) {
        apply(&f);
    }
    return status;
}
