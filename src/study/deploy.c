/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deployment a scenario spells out, with what it leaves unsaid.
 *
 * Terms: unsaid degrees are 1; of ep, moe_tp and dp the one that is missing follows from
 *        ep * moe_tp = tp * cp * dp.
 */
#include "study/search.h"

#include <math.h>
#include <string.h>

/*
 * Chance that a draft is taken over that of the first, by position: of two drafts DeepSeek-V4-Pro
 * accepts 2.27 tokens a step in InferenceX's golden acceptance lengths.
 */
static const double later_drafts[MU_NUMBERS_MAX] = {1.00, 0.93, 0.86, 0.79, 0.71, 0.64, 0.57, 0.50};

/* Says ranks or how they are filled; drafts or overlap alone leave the cut to a search. */
static bool says_cut(const mu_role_wish *w)
{
    return w->given && (w->instances > 0.0 || w->tp > 0.0 || w->pp > 0.0 || w->cp > 0.0 ||
                        w->dp > 0.0 || w->ep > 0.0 || w->moe_tp > 0.0 || w->batch > 0.0 ||
                        w->batch_tokens > 0.0 || w->redundant_experts >= 0.0);
}

bool mu_scenario_is_explicit(const mu_scenario *s)
{
    return says_cut(&s->serve) || says_cut(&s->prefill) || says_cut(&s->decode);
}

double mu_scale_up_ranks(const mu_fabric *fabric)
{
    double ranks = 1.0;
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        ranks = fabric->tier[i].scale_out ? ranks : fabric->tier[i].span;
    }
    return ranks;
}

bool mu_cut_gathers(const mu_question *question, const mu_parallel *parallel)
{
    const mu_machine *machine = &question->machine;
    bool dispatches = parallel->ep > mu_model_experts_picked(&question->model) &&
                      parallel->ep <= mu_scale_up_ranks(&machine->fabric);
    return machine->engine.gathers_tokens && !dispatches;
}

void mu_role_defaults(const mu_question *question, const mu_role_wish *wish, mu_role *role)
{
    const mu_engine *engine = &question->machine.engine;
    for (uint32_t i = 0; i < MU_DRAFTS_MAX; i++) {
        const mu_numbers *said = &wish->acceptance;
        uint32_t last = said->count > i ? i : said->count - 1;
        role->acceptance[i] = said->count > 0
                                  ? said->value[last]
                                  : fmin(engine->draft_acceptance * later_drafts[i], 1.0);
    }
    if (wish->batch_tokens > 0.0) {
        role->batch_tokens = wish->batch_tokens;
    } else if (role->batch_tokens <= 0.0) {
        role->batch_tokens = engine->max_batch_tokens;
    }
    role->chunked_prefill =
        wish->chunked_prefill >= 0 ? wish->chunked_prefill > 0 : engine->chunked_prefill;
}

static uint32_t degree(double wish)
{
    return wish >= 1.0 ? (uint32_t)wish : 1;
}

/* ep, moe_tp and dp from whichever were said; contradictions are left for mu_parallel_check(). */
static void join_degrees(const mu_model *model, const mu_role_wish *wish, mu_parallel *p)
{
    if (mu_model_experts(model) == 0) {
        /* A dense model has no expert ranks; `ep: 1` and `moe_tp` say nothing. */
        p->ep = degree(wish->ep);
        p->moe_tp = 1;
        return;
    }
    uint32_t attention = p->tp * p->cp;
    if (wish->dp < 1.0 && wish->ep >= 1.0) {
        uint32_t experts = degree(wish->ep) * degree(wish->moe_tp);
        p->dp = experts % attention == 0 && experts > attention ? experts / attention : 1;
    }
    uint32_t ranks = attention * p->dp;
    if (wish->ep >= 1.0 && wish->moe_tp >= 1.0) {
        p->ep = degree(wish->ep);
        p->moe_tp = degree(wish->moe_tp);
    } else if (wish->ep >= 1.0) {
        p->ep = degree(wish->ep);
        p->moe_tp = ranks % p->ep == 0 ? ranks / p->ep : 1;
    } else {
        p->moe_tp = wish->moe_tp >= 1.0 ? degree(wish->moe_tp) : ranks;
        p->ep = ranks % p->moe_tp == 0 ? ranks / p->moe_tp : 1;
    }
}

/* Copies that make the experts divide evenly over the ranks, where nothing was said. */
static uint32_t copies_for(const mu_model *model, uint32_t ep)
{
    uint32_t experts = mu_model_experts(model);
    uint32_t each = (experts + ep - 1) / ep;
    return each * ep - experts;
}

/* Said; else what the engine's operators run where decoding is apart and the model brings drafts.
 */
static uint32_t drafts_of(const mu_question *question, const mu_role_wish *wish)
{
    if (wish->mtp >= 0.0) {
        return (uint32_t)wish->mtp;
    }
    bool apart = wish == &question->scenario->decode;
    return apart && question->model.mtp_layers > 0
               ? (uint32_t)question->machine.engine.drafts_disaggregated
               : 0;
}

static mu_status role_from_wish(const mu_question *question, const mu_role_wish *wish, bool decodes,
                                mu_role *out, mu_error *err)
{
    const mu_model *model = &question->model;
    memset(out, 0, sizeof *out);
    mu_parallel *p = &out->parallel;
    out->instances = degree(wish->instances);
    p->tp = degree(wish->tp);
    p->pp = degree(wish->pp);
    p->cp = degree(wish->cp);
    p->dp = degree(wish->dp);
    join_degrees(model, wish, p);
    p->redundant_experts = wish->redundant_experts >= 0.0 ? (uint32_t)wish->redundant_experts
                                                          : copies_for(model, p->ep);
    p->imbalance = wish->imbalance;
    p->microbatches = wish->microbatches >= 1.0 ? (uint32_t)wish->microbatches : 1;
    p->mtp = decodes ? drafts_of(question, wish) : 0;
    p->gathers = mu_cut_gathers(question, p);
    out->batch = wish->batch;
    mu_role_defaults(question, wish, out);
    return mu_parallel_check(model, p, err);
}

mu_status mu_deployment_from_wish(const mu_question *question, mu_deployment *out, mu_error *err)
{
    const mu_scenario *s = question->scenario;
    mu_deployment d = {0};
    if (s->serve.given && (s->prefill.given || s->decode.given)) {
        return mu_fail(err, MU_E_INPUT,
                       "deployment: `serve` is for aggregated, `prefill` and `decode` for "
                       "disaggregated mode; both were given");
    }
    d.disaggregated = !s->serve.given;
    if (d.disaggregated && s->mode == MU_MODE_AGGREGATED) {
        return mu_fail(err, MU_E_INPUT, "deployment: aggregated mode needs `serve`");
    }
    if (!d.disaggregated && s->mode == MU_MODE_DISAGGREGATED) {
        return mu_fail(err, MU_E_INPUT,
                       "deployment: disaggregated mode needs `prefill` and `decode`");
    }
    if (d.disaggregated && !(s->prefill.given && s->decode.given)) {
        return mu_fail(err, MU_E_INPUT,
                       "deployment: disaggregated mode needs both `prefill` and "
                       "`decode`; only one was given");
    }
    const mu_role_wish *decode = d.disaggregated ? &s->decode : &s->serve;
    mu_status status = role_from_wish(question, decode, true, &d.decode, err);
    if (status == MU_OK && d.disaggregated) {
        status = role_from_wish(question, &s->prefill, false, &d.prefill, err);
    }
    if (status == MU_OK) {
        *out = d;
    } else {
        mu_scenario_blame(s, MU_TOPIC_DEPLOYMENT, err);
    }
    return status;
}

mu_site mu_question_site(const mu_question *question)
{
    return (mu_site){.model = &question->model,
                     .prefill_machine = &question->prefill_machine,
                     .decode_machine = &question->machine,
                     .precision = question->precision,
                     .workload = question->workload};
}
