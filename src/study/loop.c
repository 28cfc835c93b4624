/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best deployment for a closed loop of a given size.
 *
 * What:  a loop smaller than a system can hold leaves instances half empty, so that the deployment
 *        that does most at full load is not the one that does most here. Each shape is joined at
 * the batch that this loop would fill, and the whole is answered at the loop's concurrency. Bound:
 * one candidate a shape: its own batch with the feeder that suits it.
 */
#include "study/search.h"

#include "study/draws.h"

#include <math.h>

typedef struct candidate {
    mu_join join;
    double requests_per_s; /* in the loop; 0 = breaks the SLO */
} candidate;

typedef struct loop {
    const mu_question *question;
    const mu_space *space;
    mu_site site;
    candidate *candidate;
    mu_arena **arena; /* [threads] */
} loop;

/* DP groups that decode in a join. */
static double groups_of(const mu_space *space, const mu_join *join)
{
    const mu_offer *o = &space->offer[join->decode];
    return (double)join->decode_instances * space->shape[o->shape].parallel.dp;
}

/* Of the offers [first, last) of one shape, in order of batch, the first that holds the loop; else
 * the last. */
static mu_join join_shape(const loop *l, uint64_t first, uint64_t last, double chips,
                          uint64_t *joined)
{
    double wanted = l->question->workload.concurrency;
    mu_join join = {.decode = -1};
    for (uint64_t i = first; i < last; i++) {
        mu_join next = mu_join_around(l->question, l->space, (int64_t)i, chips, joined);
        if (next.decode >= 0) {
            join = next;
            if (groups_of(l->space, &next) * l->space->offer[i].batch >= wanted) {
                return join;
            }
        }
    }
    return join;
}

static uint64_t gather(const loop *l, double chips, uint64_t *joined)
{
    uint64_t count = 0;
    for (uint64_t first = 0; first < l->space->offer_count;) {
        uint64_t last = first;
        while (last < l->space->offer_count &&
               l->space->offer[last].shape == l->space->offer[first].shape &&
               l->space->offer[last].batch_tokens == l->space->offer[first].batch_tokens) {
            last++;
        }
        if (l->space->shape[l->space->offer[first].shape].use != MU_SHAPE_PREFILL) {
            mu_join join = join_shape(l, first, last, chips, joined);
            if (join.decode >= 0) {
                l->candidate[count++].join = join;
            }
        }
        first = last;
    }
    return count;
}

static mu_status answer_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const loop *l = context;
    candidate *c = &l->candidate[index];
    mu_deployment deployment = mu_join_deployment(l->question, l->space, &c->join);
    mu_service service = {0};
    mu_status status = mu_service_answer(&l->site, &deployment, l->arena[worker], &service, err);
    bool holds = status == MU_OK && service.fits &&
                 mu_scenario_holds(l->question->scenario, service.ttft_s, service.tpot_s);
    c->requests_per_s = holds ? service.requests_per_s : 0.0;
    return status;
}

mu_status mu_join_loop(const mu_question *question, mu_work *work, const mu_space *space,
                       double chips, mu_join *best, uint64_t *joined, mu_error *err)
{
    loop l = {.question = question, .space = space, .site = mu_question_site(question)};
    *best = (mu_join){.prefill = -1, .decode = -1};
    *joined = 0;
    l.candidate = MU_NEW(work->arena, candidate, space->offer_count + 1);
    if (l.candidate == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the candidates");
    }
    uint64_t count = gather(&l, chips, joined);
    mu_status status = mu_work_arenas(work, &l.arena, err);
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, count, 0, answer_one, &l, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, l.arena);
    }
    double most = 0.0;
    for (uint64_t i = 0; status == MU_OK && i < count; i++) {
        if (l.candidate[i].requests_per_s > most * (1.0 + 1e-9)) {
            most = l.candidate[i].requests_per_s;
            *best = l.candidate[i].join;
        }
    }
    return status;
}
