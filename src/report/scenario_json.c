/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scenario of an answer as JSON.
 *
 * Terms: what the answer decided (precision, deployment) comes from the prediction, what was asked
 *        (workload, SLO, uncertainty) from the scenario.
 */
#include "report/scenario_json.h"

#include "base/text.h"
#include "study/option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "0.05s": scenario files want a unit on times and rates. */
static json_t *with_unit(double value, const char *unit)
{
    char digits[32];
    char text[64];
    mu_text_exact(value, digits);
    (void)snprintf(text, sizeof text, "%s%s", digits, unit);
    return mu_json_text(text);
}

static json_t *acceptance(const mu_role *role)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint32_t i = 0; i < role->parallel.mtp && i < MU_DRAFTS_MAX; i++) {
        failed |= json_array_append_new(list, mu_json_number(role->acceptance[i]));
    }
    if (failed != 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static void put_count(mu_json *json, const char *key, double value)
{
    mu_json_put(json, key, json_integer((json_int_t)value));
}

/* `chip`: of this role, where it is not the system's; "" otherwise. */
static json_t *role_json(const mu_role *role, const char *chip)
{
    const mu_parallel *cut = &role->parallel;
    mu_json json = mu_json_begin();
    put_count(&json, "instances", role->instances);
    put_count(&json, "tp", cut->tp);
    put_count(&json, "pp", cut->pp);
    put_count(&json, "cp", cut->cp);
    put_count(&json, "dp", cut->dp);
    put_count(&json, "ep", cut->ep);
    put_count(&json, "moe_tp", cut->moe_tp);
    put_count(&json, "redundant_experts", cut->redundant_experts);
    if (cut->imbalance >= 1.0) {
        mu_json_put(&json, "imbalance", mu_json_number(cut->imbalance));
    }
    if (role->batch > 0.0) {
        mu_json_put(&json, "batch", mu_json_number(role->batch));
    }
    if (role->batch_tokens > 0.0) {
        mu_json_put(&json, "batch_tokens", mu_json_number(role->batch_tokens));
    }
    put_count(&json, "microbatches", cut->microbatches);
    put_count(&json, "mtp", cut->mtp);
    if (cut->mtp > 0) {
        mu_json_put(&json, "acceptance", acceptance(role));
    }
    mu_json_put(&json, "chunked_prefill", json_boolean(role->chunked_prefill));
    if (chip[0] != '\0') {
        mu_json_put(&json, "chip", mu_json_text(chip));
    }
    return mu_json_done(&json);
}

static json_t *deployment_json(const mu_deployment *deployment, const mu_scenario *scenario)
{
    mu_json json = mu_json_begin();
    if (deployment->disaggregated) {
        mu_json_put(&json, "mode", mu_json_text("disaggregated"));
        mu_json_put(&json, "prefill", role_json(&deployment->prefill, scenario->prefill.chip));
        mu_json_put(&json, "decode", role_json(&deployment->decode, scenario->decode.chip));
    } else {
        mu_json_put(&json, "mode", mu_json_text("aggregated"));
        mu_json_put(&json, "serve", role_json(&deployment->decode, scenario->serve.chip));
    }
    return mu_json_done(&json);
}

static json_t *precision_json(const mu_precision *precision)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "weights", mu_json_text(mu_dtype_text(precision->weights)));
    if (precision->activations == precision->expert_activations) {
        /* One word sets both: where they differ they follow from the weights. */
        mu_json_put(&json, "activations", mu_json_text(mu_dtype_text(precision->activations)));
    }
    mu_json_put(&json, "kv", mu_json_text(mu_dtype_text(precision->kv)));
    mu_json_put(&json, "experts", mu_json_text(mu_dtype_text(precision->experts)));
    return mu_json_done(&json);
}

static json_t *system_json(const mu_question *question, const mu_prediction *prediction)
{
    mu_json json = mu_json_begin();
    double chips = question->scenario->chips;
    mu_json_put(&json, "id", mu_json_text(prediction->system));
    put_count(&json, "chips", chips > 0.0 ? chips : ceil(prediction->point.chips));
    return mu_json_done(&json);
}

static json_t *numbers_json(const mu_numbers *list)
{
    json_t *json = json_array();
    int failed = json == NULL;
    for (uint32_t i = 0; i < list->count; i++) {
        failed |= json_array_append_new(json, mu_json_number(list->value[i]));
    }
    if (failed != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static void put_number(mu_json *json, const mu_option *option, const char *key, double value)
{
    if (option->dimension == MU_DIM_TIME) {
        mu_json_put(json, key, with_unit(value, "s"));
    } else if (option->dimension == MU_DIM_MONEY || option->dimension == MU_DIM_ENERGY_PRICE) {
        mu_json_put(json, key, with_unit(value, mu_unit_si(option->dimension)));
    } else if (option->dimension == MU_DIM_COUNT) {
        put_count(json, key, value);
    } else {
        mu_json_put(json, key, mu_json_number(value));
    }
}

/* An option that was said, under `key`. */
static void put_said(mu_json *json, const mu_option *option, const char *key,
                     const mu_scenario *scenario)
{
    const void *field = (const char *)scenario + option->offset;
    if (!mu_option_said(option, scenario)) {
        return;
    }
    if (option->type == MU_OPTION_NUMBER || option->type == MU_OPTION_OFF ||
        option->type == MU_OPTION_AUTO) {
        put_number(json, option, key, *(const double *)field);
    } else if (option->type == MU_OPTION_CHOICE) {
        mu_json_put(json, key, mu_json_text(option->word[*(const int *)field]));
    } else if (option->type == MU_OPTION_SWITCH) {
        mu_json_put(json, key, json_boolean(*(const int *)field > 0));
    } else if (option->type == MU_OPTION_TEXT || option->type == MU_OPTION_MONEY) {
        mu_json_put(json, key, mu_json_text(field));
    } else if (option->type == MU_OPTION_NUMBERS) {
        mu_json_put(json, key, numbers_json(field));
    }
}

/* What was said of requests over time, below `prefix`. */
static void put_over_time(mu_json *json, const char *prefix, const mu_scenario *scenario)
{
    size_t count = 0;
    size_t length = strlen(prefix);
    const mu_option *options = mu_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (options[i].over_time && strncmp(options[i].path, prefix, length) == 0) {
            put_said(json, &options[i], options[i].path + length, scenario);
        }
    }
}

static json_t *workload_json(const mu_scenario *scenario)
{
    mu_json json = mu_json_begin();
    put_count(&json, "input", scenario->input);
    put_count(&json, "output", scenario->output);
    if (scenario->rate > 0.0) {
        mu_json_put(&json, "rate", with_unit(scenario->rate, "/s"));
    }
    if (scenario->requests > 0.0) {
        put_count(&json, "requests", scenario->requests);
    }
    if (scenario->concurrency > 0.0) {
        put_count(&json, "concurrency", scenario->concurrency);
    } else {
        mu_json_put(&json, "concurrency", mu_json_text("auto"));
    }
    mu_json_put(&json, "prefix_hit", mu_json_number(scenario->prefix_hit));
    put_over_time(&json, "workload.", scenario);
    return mu_json_done(&json);
}

static json_t *serving_json(const mu_scenario *scenario)
{
    mu_json json = mu_json_begin();
    put_over_time(&json, "serving.", scenario);
    return mu_json_done(&json);
}

/* What was said of money. */
static json_t *cost_json(const mu_scenario *scenario)
{
    static const char prefix[] = "cost.";
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    mu_json json = mu_json_begin();
    for (size_t i = 0; i < count; i++) {
        if (options[i].of_cost) {
            put_said(&json, &options[i], options[i].path + sizeof prefix - 1, scenario);
        }
    }
    return mu_json_done(&json);
}

static json_t *slo_json(const mu_scenario *scenario)
{
    mu_json json = mu_json_begin();
    if (scenario->ttft_s > 0.0) {
        mu_json_put(&json, "ttft", with_unit(scenario->ttft_s, "s"));
    }
    if (scenario->tpot_s > 0.0) {
        mu_json_put(&json, "tpot", with_unit(scenario->tpot_s, "s"));
    }
    if (scenario->e2e_s > 0.0) {
        mu_json_put(&json, "e2e", with_unit(scenario->e2e_s, "s"));
    }
    return mu_json_done(&json);
}

/* Where nothing is drawn the seed still draws the requests of a simulation. */
static json_t *uncertainty_json(const mu_scenario *scenario)
{
    bool off = !(scenario->samples > 0.0);
    if (off && scenario->seed == mu_option_by_path("uncertainty.seed")->initial) {
        return mu_json_text("off");
    }
    mu_json json = mu_json_begin();
    if (off) {
        mu_json_put(&json, "samples", mu_json_text("off"));
    } else {
        put_count(&json, "samples", scenario->samples);
    }
    put_count(&json, "seed", scenario->seed);
    return mu_json_done(&json);
}

json_t *mu_scenario_json(const mu_question *question, const mu_prediction *prediction)
{
    const mu_scenario *scenario = question->scenario;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "model", mu_json_text(scenario->model));
    mu_json_put(&json, "system", system_json(question, prediction));
    if (question->engine != NULL) {
        mu_json_put(&json, "engine", mu_json_text(question->engine->id));
    }
    if (scenario->network == MU_NETWORK_FLOW) {
        put_said(&json, mu_option_by_path("network"), "network", scenario);
        put_said(&json, mu_option_by_path("network_background"), "network_background", scenario);
    }
    mu_json_put(&json, "precision", precision_json(&prediction->precision));
    mu_json_put(&json, "deployment", deployment_json(&prediction->deployment, scenario));
    mu_json_put(&json, "workload", workload_json(scenario));
    json_t *serving = serving_json(scenario);
    if (json_object_size(serving) > 0) {
        mu_json_put(&json, "serving", json_incref(serving));
    }
    json_decref(serving);
    mu_json_put(&json, "slo", slo_json(scenario));
    json_t *cost = cost_json(scenario);
    if (json_object_size(cost) > 0) {
        mu_json_put(&json, "cost", json_incref(cost));
    }
    json_decref(cost);
    mu_json_put(&json, "uncertainty", uncertainty_json(scenario));
    return mu_json_done(&json);
}
