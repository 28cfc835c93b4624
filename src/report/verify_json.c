/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans beside their simulations as JSON.
 *
 * Terms: as in study/verify.h.
 */
#include "report/answer_json.h"
#include "report/verify_report.h"

static json_t *sure(double value, const char *unit)
{
    return mu_json_quantity(mu_quantity_point(value), unit);
}

static json_t *latency(const mu_sim_percentiles *p)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "mean", mu_json_quantity(p->mean, "s"));
    mu_json_put(&json, "p50", mu_json_quantity(p->p50, "s"));
    mu_json_put(&json, "p90", mu_json_quantity(p->p90, "s"));
    mu_json_put(&json, "p95", mu_json_quantity(p->p95, "s"));
    mu_json_put(&json, "p99", mu_json_quantity(p->p99, "s"));
    return mu_json_done(&json);
}

static json_t *steady(const mu_prediction *p)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "ttft_s", sure(p->ttft_s.value, "s"));
    mu_json_put(&json, "tpot_s", sure(p->tpot_s.value, "s"));
    mu_json_put(&json, "output_tokens_per_s", sure(p->output_tokens_per_s.value, "tokens/s"));
    mu_json_put(&json, "requests_per_s", sure(p->requests_per_s.value, "1/s"));
    return mu_json_done(&json);
}

static json_t *simulated(const mu_verified *v)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "requests", json_integer((json_int_t)v->arrived));
    mu_json_put(&json, "rejected", json_integer((json_int_t)v->rejected));
    mu_json_put(&json, "ttft_s", latency(&v->ttft_s));
    mu_json_put(&json, "tpot_s", latency(&v->tpot_s));
    mu_json_put(&json, "e2e_mean_s", sure(v->e2e_s, "s"));
    mu_json_put(&json, "wait_mean_s", sure(v->wait_s, "s"));
    mu_json_put(&json, "output_tokens_per_s", sure(v->output_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "requests_per_s", sure(v->requests_per_s, "1/s"));
    mu_json_put(&json, "requests_per_s_per_chip", sure(v->requests_per_s_per_chip, "1/s"));
    mu_json_put(&json, "preemptions", json_integer((json_int_t)v->preemptions));
    mu_json_put(&json, "stable", json_boolean(v->stable));
    mu_json_put(&json, "slo_share", mu_json_number(v->slo_share));
    return mu_json_done(&json);
}

static json_t *verified(const mu_verified *v)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "best", json_boolean(v->best));
    mu_json_put(&json, "pareto", v->front >= 0 ? json_integer(v->front) : json_null());
    mu_json_put(&json, "traffic", mu_json_text(v->traffic));
    mu_json_put(&json, "steady", steady(v->steady));
    mu_json_put(&json, "simulated", v->arrived > 0 ? simulated(v) : json_null());
    mu_json_put(&json, "keeps_slo", json_boolean(v->keeps_slo));
    mu_json_put(&json, "verdict", mu_json_text(mu_verdict_text(v->verdict)));
    mu_json_put(&json, "why", mu_json_text(v->why));
    return mu_json_done(&json);
}

static json_t *verified_list(const mu_verification *found)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < found->count; i++) {
        failed |= json_array_append_new(list, verified(&found->verified[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *mu_verified_plan_json(const mu_question *question, const mu_plan *plan,
                              const mu_verification *found, double seconds)
{
    json_t *object = mu_plan_json(question, plan, seconds);
    if (object == NULL || found == NULL) {
        return object;
    }
    mu_json json = {.object = object};
    mu_json_put(&json, "verified", verified_list(found));
    mu_json_put(&json, "verified_best",
                found->keeper >= 0 ? json_integer(found->keeper) : json_null());
    return mu_json_done(&json);
}
