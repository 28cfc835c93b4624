/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a plan to simulations of its deployments, and to words on where they disagree.
 */
#include "study/verify.h"

#include "base/units.h"
#include "study/sim_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By how much a figure may be worse than the steady state said. */
static const double tolerance = 1.1;

/* Evictions a request from which on they are worth a word. */
static const double evictions_told = 0.01;

const char *mu_verdict_text(mu_verdict verdict)
{
    static const char *const words[] = {
#define X(name, text) text,
        MU_VERDICT_LIST(X)
#undef X
    };
    return words[verdict];
}

/* ---- which deployments ---- */

static bool same_cut(const mu_role *a, const mu_role *b)
{
    const mu_parallel *p = &a->parallel;
    const mu_parallel *q = &b->parallel;
    bool attention = p->tp == q->tp && p->pp == q->pp && p->cp == q->cp && p->dp == q->dp;
    bool experts =
        p->ep == q->ep && p->moe_tp == q->moe_tp && p->redundant_experts == q->redundant_experts;
    return a->instances == b->instances && attention && experts &&
           p->microbatches == q->microbatches && p->mtp == q->mtp;
}

static bool same_role(const mu_role *a, const mu_role *b)
{
    return same_cut(a, b) && a->batch == b->batch && a->batch_tokens == b->batch_tokens;
}

static bool same_by(bool (*same)(const mu_role *, const mu_role *), const mu_deployment *a,
                    const mu_deployment *b)
{
    return a->disaggregated == b->disaggregated && same(&a->decode, &b->decode) &&
           (!a->disaggregated || same(&a->prefill, &b->prefill));
}

/* Whether the steady state itself says that the queue grows: were there no end of requests. */
static mu_status find_overload(const mu_question *question, const mu_prediction *p, mu_arena *arena,
                               bool *out, mu_error *err)
{
    mu_service endless;
    mu_site site = mu_question_site(question);
    *out = p->point.overloaded;
    if (site.workload.rate <= 0.0 || site.workload.requests <= 0.0) {
        return MU_OK;
    }
    site.workload.requests = 0.0;
    site.precision = p->precision;
    mu_status status = mu_service_answer(&site, &p->deployment, arena, &endless, err);
    *out = status == MU_OK && endless.overloaded;
    return status;
}

/* At a rate that leaves room, limits of a batch alone make no difference. */
static bool copies_last(const mu_question *question, const mu_plan *plan, const uint32_t place[],
                        uint32_t count, const mu_prediction *p)
{
    return question->workload.rate > 0.0 && count > 0 &&
           same_by(same_cut, &plan->pareto[place[count - 1]].deployment, &p->deployment);
}

/* Lines of the front beside the best that are worth a run. */
static mu_status list_front(const mu_question *question, const mu_plan *plan, mu_arena *arena,
                            mu_verified *best, uint32_t place[], uint32_t *count, mu_error *err)
{
    *count = 0;
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        const mu_prediction *p = &plan->pareto[i];
        bool overloaded = false;
        mu_status status = find_overload(question, p, arena, &overloaded, err);
        if (status != MU_OK) {
            return status;
        }
        if (same_by(same_role, &p->deployment, &plan->best.deployment)) {
            best->front = (int32_t)i;
        } else if (!overloaded && !copies_last(question, plan, place, *count, p)) {
            place[(*count)++] = i;
        }
    }
    return MU_OK;
}

/* The best, and what the front has beside it, evenly spread and with both ends. */
static mu_status choose(const mu_question *question, const mu_plan *plan, mu_arena *arena,
                        mu_verification *out, mu_error *err)
{
    const uint32_t most = MU_VERIFIED_MAX - 1;
    uint32_t count = 0;
    uint32_t *place = MU_NEW(arena, uint32_t, plan->pareto_count + 1);
    if (place == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the plans");
    }
    memset(out, 0, sizeof *out);
    out->verified[0] = (mu_verified){.best = true, .front = -1, .steady = &plan->best};
    mu_status status = list_front(question, plan, arena, &out->verified[0], place, &count, err);
    if (status != MU_OK) {
        return status;
    }
    uint32_t taken = count < most ? count : most;
    for (uint32_t k = 0; k < taken; k++) {
        uint32_t i = place[taken > 1 ? k * (count - 1) / (taken - 1) : 0];
        out->verified[k + 1] = (mu_verified){.front = (int32_t)i, .steady = &plan->pareto[i]};
    }
    out->count = taken + 1;
    return MU_OK;
}

/* ---- what was too hopeful, in words ---- */

static void say(mu_verified *v, const char *format, ...) MU_PRINTF(2, 3);

/* Adds to the reasons. */
static void say(mu_verified *v, const char *format, ...)
{
    size_t used = strlen(v->why);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(v->why + used, sizeof v->why - used, format, args);
    va_end(args);
}

static void begin_reason(mu_verified *v, mu_verdict verdict)
{
    v->verdict = verdict > v->verdict ? verdict : v->verdict;
    say(v, "%s", v->why[0] != '\0' ? "; " : "");
}

static bool evicts(const mu_verified *v)
{
    return (double)v->preemptions > evictions_told * (double)v->arrived;
}

/* Why first tokens are late, where the run tells. */
static void say_ttft_cause(mu_verified *v)
{
    char wait[32];
    double excess_s = v->ttft_s.mean.value - v->steady->ttft_s.value;
    mu_unit_print(v->wait_s, MU_DIM_TIME, wait, sizeof wait);
    if (v->wait_s >= 0.5 * excess_s) {
        say(v, ": requests queue for %s before their first step", wait);
    } else if (v->steady->deployment.disaggregated) {
        say(v, ": after %s in the queue they wait for hand-over and a place in decode", wait);
    }
}

/* Why tokens come slowly, where the run tells. */
static void say_tpot_cause(mu_verified *v)
{
    double planned = v->steady->point.decode.batch;
    if (evicts(v)) {
        say(v, ": %llu times a cache was evicted", (unsigned long long)v->preemptions);
    } else if (v->batch > tolerance * planned) {
        say(v, ": %.3g sequences decode in a DP group, not %.3g", v->batch, planned);
    } else if (!v->steady->deployment.disaggregated) {
        say(v, ": prompts come between its steps");
    }
}

/* A mean and a tail against the steady state and the SLO (0 = none); true: worse than planned. */
static bool judge_latency(mu_verified *v, const char *name, const mu_sim_percentiles *simulated,
                          double steady_s, double slo_s)
{
    double mean_s = simulated->mean.value;
    bool hopeful = mean_s > tolerance * steady_s;
    bool breaks = slo_s > 0.0 && mean_s > slo_s;
    bool tail = slo_s > 0.0 && !breaks && simulated->p99.value > slo_s;
    char text[32];
    if (!hopeful && !breaks && !tail) {
        return false;
    }
    begin_reason(v, breaks ? MU_VERDICT_BREAKS : MU_VERDICT_HOPEFUL);
    if (hopeful || breaks) {
        mu_unit_print(mean_s, MU_DIM_TIME, text, sizeof text);
        say(v, "%s %s", name, text);
    }
    if (hopeful) {
        say(v, ", %.3g times the steady answer", mean_s / steady_s);
    }
    if (breaks) {
        say(v, ", beyond the SLO");
    }
    if (tail) {
        mu_unit_print(simulated->p99.value, MU_DIM_TIME, text, sizeof text);
        say(v, "%s p99 %s, beyond the SLO", hopeful ? "," : name, text);
    }
    return hopeful;
}

static void judge_rate(mu_verified *v)
{
    const mu_prediction *p = v->steady;
    double planned = p->output_tokens_per_s.value;
    if (v->output_tokens_per_s * tolerance < planned) {
        begin_reason(v, MU_VERDICT_HOPEFUL);
        say(v, "%.0f output tokens/s, %.0f %% less than the steady answer", v->output_tokens_per_s,
            100.0 * (1.0 - v->output_tokens_per_s / planned));
    }
}

static void judge(const mu_scenario *s, const mu_sim_answer *a, mu_verified *v)
{
    if (v->rejected > 0) {
        begin_reason(v, MU_VERDICT_UNFIT);
        say(v, "%llu of %llu requests need more cache than there is",
            (unsigned long long)v->rejected, (unsigned long long)v->arrived);
    }
    if (!v->stable) {
        begin_reason(v, MU_VERDICT_UNSTABLE);
        say(v, "%.4g requests/s arrive, %.4g are served, and the queue keeps growing",
            a->arrived_per_s, a->ended_per_s);
        return;
    }
    if (judge_latency(v, "TTFT", &v->ttft_s, v->steady->ttft_s.value, s->ttft_s)) {
        say_ttft_cause(v);
    }
    if (judge_latency(v, "TPOT", &v->tpot_s, v->steady->tpot_s.value, s->tpot_s)) {
        say_tpot_cause(v);
    }
    if (s->e2e_s > 0.0 && v->e2e_s > s->e2e_s) {
        char text[32];
        mu_unit_print(v->e2e_s, MU_DIM_TIME, text, sizeof text);
        begin_reason(v, MU_VERDICT_BREAKS);
        say(v, "end to end %s, beyond the SLO", text);
    }
    judge_rate(v);
}

/* ---- running them ---- */

static void take(const mu_scenario *scenario, const mu_simulation *s, mu_verified *v)
{
    const mu_sim_answer *a = &s->point;
    v->ttft_s = s->ttft_s;
    v->tpot_s = s->tpot_s;
    v->e2e_s = a->e2e_s.mean;
    v->wait_s = a->wait_s.mean;
    v->output_tokens_per_s = s->output_tokens_per_s.value;
    v->requests_per_s = s->requests_per_s.value;
    v->requests_per_s_per_chip = v->requests_per_s / s->chips;
    v->batch = a->decode.decode_sequences / s->config.decode.lanes;
    v->arrived = a->arrived;
    v->rejected = a->rejected;
    v->preemptions = a->prefill.preemptions + a->decode.preemptions;
    v->stable = a->stable;
    v->slo_share = mu_simulation_good_share(s);
    memcpy(v->traffic, s->traffic, sizeof v->traffic);
    judge(scenario, a, v);
    v->keeps_slo = v->verdict < MU_VERDICT_BREAKS;
}

/* Plans under way. */
typedef struct verifying {
    const mu_question *question;
    const mu_sim_source *source;
    mu_verification *out;
    mu_arena **arena; /* [threads] */
} verifying;

static mu_status simulate_one(const verifying *all, mu_verified *v, mu_work *work, mu_error *err)
{
    mu_question *question = MU_NEW(work->arena, mu_question, 1);
    mu_simulation *found = MU_NEW(work->arena, mu_simulation, 1);
    if (question == NULL || found == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a simulation");
    }
    *question = *all->question;
    question->precision = v->steady->precision; /* which the search may have chosen */
    mu_error why = {0};
    mu_status status = mu_simulate_deployment(question, &v->steady->deployment, NULL, all->source,
                                              NULL, work, found, &why);
    if (status == MU_OK) {
        take(question->scenario, found, v);
    } else if (status == MU_NO) {
        begin_reason(v, MU_VERDICT_UNFIT);
        say(v, "%s", why.text);
        status = MU_OK;
    } else {
        *err = why;
    }
    return status;
}

static mu_status verify_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const verifying *all = context;
    mu_work work = {.arena = all->arena[worker], .pool = mu_pool_create(1)};
    mu_arena_mark mark = mu_arena_here(work.arena);
    mu_status status = work.pool != NULL ? simulate_one(all, &all->out->verified[index], &work, err)
                                         : mu_fail(err, MU_E_MEMORY, "no memory for a simulation");
    mu_arena_back(work.arena, mark);
    mu_pool_free(work.pool);
    return status;
}

static int32_t find_keeper(const mu_verification *found)
{
    int32_t keeper = -1;
    double most = 0.0;
    for (uint32_t i = 0; i < found->count; i++) {
        const mu_verified *v = &found->verified[i];
        if (v->keeps_slo && v->requests_per_s_per_chip > most) {
            most = v->requests_per_s_per_chip;
            keeper = (int32_t)i;
        }
    }
    return keeper;
}

mu_status mu_question_follow(const mu_sim_source *source, mu_arena *arena, mu_scenario *scenario,
                             mu_question *question, mu_error *err)
{
    mu_sim_means means;
    mu_status status = mu_sim_means_seen(source, arena, &means, err);
    if (status != MU_OK) {
        return status;
    }
    scenario->input = fmax(round(means.input), 1.0);
    scenario->output = fmax(round(means.output), 1.0);
    scenario->rate = means.rate;
    question->workload.input = scenario->input;
    question->workload.output = scenario->output;
    question->workload.rate = scenario->rate;
    question->workload.requests = 0.0;
    return mu_question_check_length(question, err);
}

mu_status mu_plan_verify(const mu_question *question, const mu_plan *plan,
                         const mu_sim_source *source, mu_work *work, mu_verification *out,
                         mu_error *err)
{
    verifying all = {.question = question, .source = source, .out = out};
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_status status = choose(question, plan, work->arena, out, err);
    if (status == MU_OK) {
        status = mu_work_arenas(work, &all.arena, err);
    }
    if (status == MU_OK) {
        status = mu_pool_run(work->pool, out->count, 1, verify_one, &all, work->progress,
                             work->progress_context, err);
        mu_work_arenas_free(work, all.arena);
    }
    mu_arena_back(work->arena, mark);
    out->keeper = status == MU_OK ? find_keeper(out) : -1;
    return status;
}
