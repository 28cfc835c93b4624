/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of moves on the wires: each starts when those it waits for have arrived.
 */
#include "fabric/flow_job.h"

typedef struct list_run {
    job_run *run;
    const mu_move_list *list;
    uint32_t *open;  /* [copies * moves] needs that have not arrived */
    uint32_t *first; /* [moves + 1] into after */
    uint32_t *after; /* moves that wait for a move */
} list_run;

/* Who waits for each move: the needs, turned round. */
static mu_status turn_round(list_run *l)
{
    const mu_move_list *list = l->list;
    uint64_t needs = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        needs += list->move[i].need_count;
    }
    l->first = MU_NEW(l->run->arena, uint32_t, (uint64_t)list->count + 2);
    l->after = MU_NEW(l->run->arena, uint32_t, needs);
    if (l->first == NULL || l->after == NULL) {
        return mu_job_memory(l->run);
    }
    uint32_t *place = l->first + 1; /* shifted by one: filling moves starts to ends */
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t k = 0; k < list->move[i].need_count; k++) {
            place[list->needs[list->move[i].need_first + k] + 1]++;
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        place[i + 1] += place[i];
    }
    for (uint32_t i = 0; i < list->count; i++) {
        for (uint32_t k = 0; k < list->move[i].need_count; k++) {
            l->after[place[list->needs[list->move[i].need_first + k]]++] = i;
        }
    }
    return MU_OK;
}

static mu_status send(list_run *l, uint32_t copy, uint32_t i)
{
    const mu_move *move = &l->list->move[i];
    uint32_t base = copy * l->run->ranks;
    return mu_job_send(l->run, base + move->from, base + move->to, move->bytes,
                       (uint64_t)copy * l->list->count + i);
}

static mu_status start(list_run *l)
{
    mu_status status = MU_OK;
    uint32_t count = l->list->count;
    l->open = MU_NEW(l->run->arena, uint32_t, (uint64_t)count * l->run->job->copies);
    if (l->open == NULL) {
        return mu_job_memory(l->run);
    }
    for (uint32_t copy = 0; copy < l->run->job->copies; copy++) {
        for (uint32_t i = 0; i < count && status == MU_OK; i++) {
            uint32_t needs = l->list->move[i].need_count;
            l->open[(uint64_t)copy * count + i] = needs;
            status = needs == 0 ? send(l, copy, i) : MU_OK;
        }
    }
    return status;
}

static mu_status release(list_run *l, uint64_t tag)
{
    uint32_t count = l->list->count;
    uint32_t copy = (uint32_t)(tag / count);
    uint32_t done = (uint32_t)(tag % count);
    const mu_move *move = &l->list->move[done];
    mu_job_note(l->run, copy * l->run->ranks + move->from);
    mu_job_note(l->run, copy * l->run->ranks + move->to);
    mu_status status = MU_OK;
    for (uint32_t k = l->first[done]; k < l->first[done + 1] && status == MU_OK; k++) {
        uint32_t next = l->after[k];
        status = --l->open[(uint64_t)copy * count + next] == 0 ? send(l, copy, next) : MU_OK;
    }
    return status;
}

mu_status mu_job_run_list(job_run *run)
{
    list_run l = {.run = run, .list = &run->job->moves->list};
    mu_status status = mu_job_engine(run, l.list->count);
    if (status == MU_OK) {
        status = turn_round(&l);
    }
    uint64_t left = (uint64_t)l.list->count * run->job->copies;
    if (status == MU_OK) {
        status = start(&l);
    }
    while (status == MU_OK && left > 0) {
        const uint64_t *tags = NULL;
        uint64_t count = 0;
        status = mu_flows_next(run->flows, &tags, &count, run->err);
        if (status == MU_OK && count == 0) {
            return mu_fail(run->err, MU_E_INPUT, "%llu moves wait for each other",
                           (unsigned long long)left);
        }
        for (uint64_t i = 0; i < count && status == MU_OK; i++) {
            status = release(&l, tags[i]);
        }
        left -= count;
    }
    return status;
}
