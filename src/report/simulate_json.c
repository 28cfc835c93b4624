/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation as JSON.
 *
 * What:  one small function an object of the contract (docs/json.md).
 * Terms: figures = everything that is a number of the answer itself.
 */
#include "report/answer_json.h"
#include "report/power_report.h"
#include "report/scenario_json.h"
#include "report/simulate_report.h"

#include <math.h>

static json_t *sure(double value, const char *unit)
{
    return mu_json_quantity(mu_quantity_point(value), unit);
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static double share(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

static json_t *latency(const mu_sim_percentiles *p, const mu_sim_latency *point)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "n", count(point->n));
    mu_json_put(&json, "mean", mu_json_quantity(p->mean, "s"));
    mu_json_put(&json, "p50", mu_json_quantity(p->p50, "s"));
    mu_json_put(&json, "p90", mu_json_quantity(p->p90, "s"));
    mu_json_put(&json, "p95", mu_json_quantity(p->p95, "s"));
    mu_json_put(&json, "p99", mu_json_quantity(p->p99, "s"));
    mu_json_put(&json, "max", mu_json_quantity(p->max, "s"));
    return mu_json_done(&json);
}

mu_sim_percentiles mu_point_percentiles(const mu_sim_latency *point)
{
    return (mu_sim_percentiles){.mean = mu_quantity_point(point->mean),
                                .p50 = mu_quantity_point(point->p50),
                                .p90 = mu_quantity_point(point->p90),
                                .p95 = mu_quantity_point(point->p95),
                                .p99 = mu_quantity_point(point->p99),
                                .max = mu_quantity_point(point->max)};
}

/* One that only the point run knows. */
static json_t *point_latency(const mu_sim_latency *point)
{
    mu_sim_percentiles p = mu_point_percentiles(point);
    return latency(&p, point);
}

static void put_requests(mu_json *json, const mu_simulation *s)
{
    const mu_sim_answer *a = &s->point;
    mu_json_put(json, "requests", count(a->ended));
    mu_json_put(json, "arrived", count(a->arrived));
    mu_json_put(json, "rejected", count(a->rejected));
    mu_json_put(json, "retried", count(a->retried));
    mu_json_put(json, "input_tokens", count(a->input_tokens));
    mu_json_put(json, "output_tokens", count(a->output_tokens));
    mu_json_put(json, "duration_s", mu_json_number(a->duration_s));
}

static void put_latencies(mu_json *json, const mu_simulation *s)
{
    const mu_sim_answer *a = &s->point;
    mu_json_put(json, "ttft_s", latency(&s->ttft_s, &a->ttft_s));
    mu_json_put(json, "tpot_s", latency(&s->tpot_s, &a->tpot_s));
    mu_json_put(json, "itl_s", latency(&s->itl_s, &a->itl_s));
    mu_json_put(json, "e2e_s", latency(&s->e2e_s, &a->e2e_s));
    mu_json_put(json, "wait_s", point_latency(&a->wait_s));
}

static void put_service(mu_json *json, const mu_simulation *s)
{
    const mu_sim_answer *a = &s->point;
    mu_json_put(json, "goodput", mu_json_quantity(s->goodput_requests_per_s, "1/s"));
    mu_json_put(json, "goodput_share", mu_json_number(mu_simulation_good_share(s)));
    mu_json_put(json, "requests_per_s", mu_json_quantity(s->requests_per_s, "1/s"));
    mu_json_put(json, "output_tokens_per_s", mu_json_quantity(s->output_tokens_per_s, "tokens/s"));
    mu_json_put(json, "total_tokens_per_s", mu_json_quantity(s->total_tokens_per_s, "tokens/s"));
    mu_json_put(json, "output_tokens_per_s_per_chip",
                mu_json_quantity(s->output_tokens_per_s_per_chip, "tokens/s"));
    mu_json_put(json, "stable", json_boolean(a->stable));
    mu_json_put(json, "arrived_per_s", mu_json_number(a->arrived_per_s));
    mu_json_put(json, "ended_per_s", mu_json_number(a->ended_per_s));
    mu_json_put(json, "in_flight", mu_json_number(a->in_flight));
    mu_json_put(json, "power_w", mu_json_quantity(s->power_w, "W"));
    mu_json_put(json, "energy_per_output_token_j",
                mu_json_quantity(s->energy_per_output_token_j, "J"));
    mu_json_put(json, "power", mu_power_json(&s->power));
    mu_json_put(json, "chips", mu_json_number(s->chips));
    mu_json_put(json, "steps", count(a->steps));
}

/* Sums of a step's costs are those of one rank of an instance. */
static json_t *role(const mu_simulation *s, bool prefill)
{
    const mu_sim_role_answer *r = prefill ? &s->point.prefill : &s->point.decode;
    const mu_sim_role *set = prefill ? &s->config.prefill : &s->config.decode;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "policy", mu_json_text(mu_policy_text(set->policy)));
    mu_json_put(&json, "max_sequences", count(set->max_sequences));
    mu_json_put(&json, "max_tokens", count(set->max_tokens));
    mu_json_put(&json, "block_tokens", count(set->block_tokens));
    mu_json_put(&json, "blocks", count(set->blocks));
    mu_json_put(&json, "steps", count(r->steps));
    mu_json_put(&json, "busy_share", mu_json_number(share(r->busy_s, r->available_s)));
    mu_json_put(&json, "decode_sequences", mu_json_number(r->decode_sequences));
    mu_json_put(&json, "decode_sequences_max", mu_json_number(r->decode_sequences_max));
    mu_json_put(&json, "prefill_tokens", mu_json_number(r->prefill_tokens));
    mu_json_put(&json, "waiting", mu_json_number(r->waiting));
    mu_json_put(&json, "waiting_max", mu_json_number(r->waiting_max));
    mu_json_put(&json, "kv_share", mu_json_number(r->cache_share));
    mu_json_put(&json, "kv_share_max", mu_json_number(r->cache_share_max));
    mu_json_put(&json, "preemptions", count(r->preemptions));
    mu_json_put(&json, "prompt_tokens", count(r->prompt_tokens));
    mu_json_put(&json, "cached_tokens", count(r->cached_tokens));
    mu_json_put(&json, "prefix_hit",
                mu_json_number(share((double)r->cached_tokens, (double)r->prompt_tokens)));
    mu_json_put(&json, "mfu", mu_json_quantity(prefill ? s->prefill_mfu : s->decode_mfu, ""));
    mu_json_put(&json, "mbu", mu_json_quantity(prefill ? s->prefill_mbu : s->decode_mbu, ""));
    mu_json_put(&json, "network_share",
                mu_json_number(prefill ? s->prefill_network_share : s->decode_network_share));
    mu_json_put(&json, "step_energy_j", mu_json_number(set->ranks * r->energy_j));
    return mu_json_done(&json);
}

static json_t *engines(const mu_simulation *s)
{
    bool apart = s->deployment.disaggregated;
    mu_json json = mu_json_begin();
    if (apart) {
        mu_json_put(&json, "prefill", role(s, true));
    }
    mu_json_put(&json, apart ? "decode" : "serve", role(s, false));
    mu_json_put(&json, "instances_most", count(s->point.instances_most));
    return mu_json_done(&json);
}

static json_t *steady(const mu_service *service)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "ttft_s", sure(service->ttft_s, "s"));
    mu_json_put(&json, "tpot_s", sure(service->tpot_s, "s"));
    mu_json_put(&json, "requests_per_s", sure(service->requests_per_s, "1/s"));
    mu_json_put(&json, "output_tokens_per_s", sure(service->output_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "concurrency", mu_json_number(service->concurrency));
    mu_json_put(&json, "overloaded", json_boolean(service->overloaded));
    return mu_json_done(&json);
}

/* Takes over the item; false when memory is out. */
static bool append(json_t *list, json_t *item)
{
    return json_array_append_new(list, item) == 0;
}

/* The list, or nothing when not all of it could be had. */
static json_t *whole_list(json_t *list, bool good)
{
    if (!good) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *tenants(const mu_sim_answer *a)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (uint32_t i = 0; i < a->tenants; i++) {
        mu_json json = mu_json_begin();
        mu_json_put(&json, "ttft_s", point_latency(&a->tenant_ttft_s[i]));
        mu_json_put(&json, "tpot_s", point_latency(&a->tenant_tpot_s[i]));
        good = append(list, mu_json_done(&json)) && good;
    }
    return whole_list(list, good);
}

json_t *mu_simulation_figures(const mu_simulation *s)
{
    mu_json json = mu_json_begin();
    put_requests(&json, s);
    put_latencies(&json, s);
    put_service(&json, s);
    mu_json_put(&json, "engines", engines(s));
    mu_json_put(&json, "steady", steady(&s->steady));
    if (s->point.tenants > 1) {
        mu_json_put(&json, "tenants", tenants(&s->point));
    }
    return mu_json_done(&json);
}

/* What is listed of a bin. */
typedef double bin_value(const mu_sim_bin *bin);

static double bin_arrived(const mu_sim_bin *bin)
{
    return (double)bin->arrived;
}

static double bin_ended(const mu_sim_bin *bin)
{
    return (double)bin->ended;
}

static double bin_tokens(const mu_sim_bin *bin)
{
    return (double)bin->output_tokens;
}

/* Means over nothing are NaN, which JSON shows as null. */
static double bin_ttft(const mu_sim_bin *bin)
{
    return bin->ttft_n > 0 ? bin->ttft_sum_s / (double)bin->ttft_n : (double)NAN;
}

static double bin_ttft_max(const mu_sim_bin *bin)
{
    return bin->ttft_n > 0 ? bin->ttft_max_s : (double)NAN;
}

static double bin_waiting(const mu_sim_bin *bin)
{
    return bin->steps > 0 ? bin->waiting_sum / (double)bin->steps : (double)NAN;
}

static double bin_running(const mu_sim_bin *bin)
{
    return bin->steps > 0 ? bin->running_sum / (double)bin->steps : (double)NAN;
}

static json_t *course_list(const mu_sim_answer *a, bin_value *value)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (uint32_t i = 0; i < a->bin_count; i++) {
        good = append(list, mu_json_number(value(&a->bin[i]))) && good;
    }
    return whole_list(list, good);
}

static json_t *course(const mu_sim_answer *a)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "bin_s", mu_json_number(a->bin_s));
    mu_json_put(&json, "arrived", course_list(a, bin_arrived));
    mu_json_put(&json, "ended", course_list(a, bin_ended));
    mu_json_put(&json, "output_tokens", course_list(a, bin_tokens));
    mu_json_put(&json, "ttft_mean_s", course_list(a, bin_ttft));
    mu_json_put(&json, "ttft_max_s", course_list(a, bin_ttft_max));
    mu_json_put(&json, "waiting", course_list(a, bin_waiting));
    mu_json_put(&json, "running", course_list(a, bin_running));
    return mu_json_done(&json);
}

/* What a scenario says of an answer is the same for a prediction of the deployment. */
static json_t *scenario(const mu_question *question, const mu_simulation *s)
{
    mu_prediction asked = {.precision = s->precision, .deployment = s->deployment};
    (void)snprintf(asked.system, sizeof asked.system, "%s", s->system);
    asked.point.chips = s->chips;
    return mu_scenario_json(question, &asked);
}

json_t *mu_simulation_json(const mu_question *question, const mu_simulation *s, double wall_s)
{
    json_t *figures = mu_simulation_figures(s);
    mu_json json = mu_json_begin();
    mu_json_put(&json, "scenario", scenario(question, s));
    mu_json_put(&json, "traffic", mu_json_text(s->traffic));
    json.failed = figures == NULL || json.failed || json_object_update(json.object, figures) != 0;
    json_decref(figures);
    mu_json_put(&json, "course", course(&s->point));
    mu_json_put(&json, "wall_s", mu_json_number(wall_s));
    mu_json_put(&json, "warnings", mu_json_warnings(question, s->warning, s->warning_count));
    return mu_json_done(&json);
}
