/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deployment cases: machines are drawn once for all cases of a system and engine, then each case
 * is answered on every draw.
 *
 * Bound: steady state knows means: a median is answered with the mean, a 99th percentile not at
 *        all.
 */
#include "study/validate_parts.h"

#include "base/interval.h"
#include "study/draws.h"
#include "study/option.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where a measured deployment does not fit by our count, memory is no bound. */
static const double ample_bytes = 1e15;

/* Requests in flight over those that decode, beyond which they would queue for minutes. */
static const double crowded = 1.25;
static const double instances_most = 4096.0;

/* Weights over the memory of a rank, beyond which a row cannot mean the ranks it names. */
static const double too_few = 1.5;

/*
 * Measured over predicted, 5th to 95th percentile, of the disaggregated service cases marked fit
 * whose decode batch, and so the number of workers, is not published.
 */
static const mu_range uncounted_rest = {1.0, 0.45, 2.1};
static const mu_range uncounted_ttft = {1.0, 0.12, 5.0};

static bool is_simulated(const mu_validate_run *run, const mu_case *c)
{
    return run->options.simulate || c->simulate;
}

static mu_status read_scenario(const mu_validate_run *run, const mu_case *c, mu_scenario *out,
                               mu_error *err)
{
    mu_scenario_init(out);
    mu_status status = mu_scenario_read(&c->scenario, out, err);
    if (status == MU_OK) {
        status = mu_scenario_settle(out, err);
    }
    return status == MU_OK && !is_simulated(run, c) ? mu_scenario_check_steady(out, err) : status;
}

static bool same_machines(const mu_scenario *a, const mu_scenario *b)
{
    return strcmp(a->system, b->system) == 0 && strcmp(a->engine, b->engine) == 0 &&
           strcmp(mu_scenario_main_role(a)->chip, mu_scenario_main_role(b)->chip) == 0 &&
           strcmp(a->prefill.chip, b->prefill.chip) == 0;
}

static mu_status load(const mu_validate_run *run, mu_machine_set *set, mu_error *err)
{
    uint32_t samples = run->options.samples;
    set->scenario.seed = (double)run->options.seed;
    set->machine = MU_NEW(run->arena, mu_machine, 2 * ((size_t)samples + 1));
    if (set->machine == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the machines");
    }
    mu_status status = mu_draws_open(&set->question, run->arena, &set->plan, err);
    if (status == MU_OK) {
        mu_draw_plan_freeze(set->plan);
    }
    for (uint32_t i = 0; i <= samples && status == MU_OK; i++) {
        mu_draw draw = {.plan = set->plan, .index = i};
        mu_machine *machine = &set->machine[2 * (size_t)i];
        status = mu_question_machines(&set->question, draw, &machine[0], &machine[1], err);
    }
    return status;
}

/* Loads a set for the first case whose question can be made. */
static mu_status add_set(mu_validate_run *run, const mu_scenario *scenario, mu_error *err)
{
    mu_machine_set *set = MU_NEW(run->arena, mu_machine_set, 1);
    if (set == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the machines");
    }
    set->scenario = *scenario;
    set->scenario.chips = 0.0;
    set->scenario.network = MU_NETWORK_CLOSED; /* each case has a network of its own */
    mu_status status =
        mu_question_make(run->catalog, &set->scenario, NULL, run->arena, &set->question, err);
    if (status == MU_OK) {
        status = load(run, set, err);
    }
    if (status == MU_OK) {
        run->set[run->set_count++] = set;
    }
    return status;
}

mu_status mu_machine_set_find(mu_validate_run *run, uint32_t case_index, mu_error *err)
{
    mu_scenario scenario;
    mu_error local = {0};
    run->source[case_index] = UINT32_MAX;
    if (read_scenario(run, &run->cases[case_index], &scenario, &local) != MU_OK) {
        return MU_OK; /* said again when it is answered */
    }
    for (uint32_t i = 0; i < run->set_count; i++) {
        if (same_machines(&run->set[i]->scenario, &scenario)) {
            run->source[case_index] = i;
            return MU_OK;
        }
    }
    mu_status status = add_set(run, &scenario, &local);
    if (status == MU_E_MEMORY) {
        return mu_fail(err, status, "%s", local.text);
    }
    if (status == MU_OK) {
        run->source[case_index] = run->set_count - 1;
    }
    return MU_OK;
}

/* One measure of a service in one draw; NaN where there is none. */
static double measure_of(const mu_service *s, mu_measure_kind kind, double output)
{
    switch (kind) {
    case MU_MEASURE_TTFT_MEAN:
    case MU_MEASURE_TTFT_P50:
        return s->ttft_s;
    case MU_MEASURE_TPOT_MEAN:
    case MU_MEASURE_TPOT_P50:
        return s->tpot_s;
    case MU_MEASURE_E2E_MEAN:
        return s->ttft_s + (output - 1.0) * s->tpot_s;
    case MU_MEASURE_OUTPUT_RATE:
        return s->output_tokens_per_s;
    case MU_MEASURE_TOTAL_RATE:
        return s->total_tokens_per_s;
    case MU_MEASURE_REQUEST_RATE:
        return s->requests_per_s;
    case MU_MEASURE_OUTPUT_RATE_CHIP:
        return s->output_tokens_per_s / s->chips;
    case MU_MEASURE_TOTAL_RATE_CHIP:
    case MU_MEASURE_RATE_CHIP:
        return s->total_tokens_per_s / s->chips;
    case MU_MEASURE_PREFILL_RATE_CHIP:
        return s->prefill.tokens_per_s_per_chip;
    case MU_MEASURE_DECODE_RATE_CHIP:
        return s->decode.tokens_per_s_per_chip;
    case MU_MEASURE_STEP:
        return s->decode.step_s;
    case MU_MEASURE_POWER:
        return s->power_w;
    case MU_MEASURE_POWER_LIMIT:
        return s->power.limit_w;
    case MU_MEASURE_POWER_RATED:
        return s->power.rated_w;
    case MU_MEASURE_CHIPS_POWER:
        return mu_power_chips(&s->power);
    case MU_MEASURE_UNIT_POWER:
        return s->power_w - s->power.outside_w;
    case MU_MEASURE_UNIT_LIMIT:
        return s->power.limit_w - s->power.outside_w;
    case MU_MEASURE_UNIT_RATED:
        return s->power.rated_w - s->power.outside_w;
    default:
        return (double)NAN;
    }
}

/* The steady state has one latency for all percentiles. */
static mu_measure_kind mean_of(mu_measure_kind kind)
{
    switch (kind) {
    case MU_MEASURE_TTFT_P99:
        return MU_MEASURE_TTFT_MEAN;
    case MU_MEASURE_TPOT_P99:
        return MU_MEASURE_TPOT_MEAN;
    default:
        return kind;
    }
}

static const char *why_not(mu_measure_kind kind)
{
    switch (kind) {
    case MU_MEASURE_TTFT_P99:
    case MU_MEASURE_TPOT_P99:
        return "steady state knows means; a percentile needs a request-level simulation";
    case MU_MEASURE_MFU:
    case MU_MEASURE_MODEL_FLOPS_CHIP:
        return "a measure of training, which is not predicted";
    default:
        return "not a measure of a deployment";
    }
}

/* One way the deployment may have been set up: a case that leaves that open has several. */
typedef struct variant {
    mu_deployment deployment;
    bool tight;
    const mu_server *server; /* as which its server was launched; NULL = not known */
    mu_service point;
    mu_serving_wish serving;            /* its scheduling */
    double simulated[MU_MEASURE_COUNT]; /* NaN = as in steady state */
} variant;

/* A case being answered by one thread. */
typedef struct answering {
    const mu_validate_run *run;
    const mu_machine_set *set;
    mu_outcome *outcome;
    uint32_t count;
    mu_question *question;
    variant *variant; /* [variant_count] */
    uint32_t variant_count;
    mu_machine *machine; /* [2]: of this draw */
    double *value;       /* [count][samples] */
    const char *note;
    mu_work work;
} answering;

static void take_machines(const answering *a, const variant *v, uint32_t draw)
{
    const mu_engine *engine = a->run->options.engine;
    memcpy(a->machine, &a->set->machine[2 * (size_t)draw], 2 * sizeof *a->machine);
    for (int i = 0; i < 2; i++) {
        a->machine[i].engine = engine != NULL ? *engine : a->machine[i].engine;
        a->machine[i].chips = a->question->machine.chips;
        a->machine[i].contention = a->question->contention[i];
        if (v->server != NULL && v->server->memory_utilisation > 0.0) {
            a->machine[i].engine.memory_utilisation = v->server->memory_utilisation;
        }
        if (v->tight) {
            a->machine[i].chip.memory_capacity = ample_bytes;
        }
    }
}

static mu_status serve(const answering *a, const variant *v, uint32_t draw, mu_service *out,
                       mu_error *err)
{
    if (a->set == NULL) {
        return mu_fail(err, MU_E_INPUT, "its machines cannot be drawn");
    }
    take_machines(a, v, draw);
    return mu_draws_answer_on(a->question, &v->deployment, a->machine, a->work.arena, out, err);
}

/* The point of a variant; what ran, did fit: where it does not by our count, as if it did. */
static mu_status serve_point(const answering *a, variant *v, mu_error *err)
{
    mu_status status = serve(a, v, 0, &v->point, err);
    if (status == MU_OK && !v->point.fits) {
        v->tight = true;
        status = serve(a, v, 0, &v->point, err);
    }
    return status;
}

static double point_measure(const answering *a, const variant *v, mu_measure_kind kind)
{
    return isfinite(v->simulated[kind]) ? v->simulated[kind]
                                        : measure_of(&v->point, kind, a->question->workload.output);
}

/* A draw of the steady state, moved by what simulating changed at the point. */
static double draw_measure(const answering *a, const variant *v, const mu_service *drawn,
                           mu_measure_kind kind)
{
    double output = a->question->workload.output;
    if (!isfinite(v->simulated[kind])) {
        return measure_of(drawn, kind, output);
    }
    mu_measure_kind steady = mean_of(kind);
    return measure_of(drawn, steady, output) / measure_of(&v->point, steady, output) *
           v->simulated[kind];
}

static mu_status simulate(const answering *a, const mu_case *c, variant *v, mu_error *err)
{
    mu_case_run run = {.question = a->question,
                       .traffic =
                           mu_recipe_traffic_of(&a->run->recipes, a->run->catalog, c, a->question),
                       .serving = &v->serving,
                       .deployment = &v->deployment,
                       .steady = &v->point,
                       .machines = a->machine};
    mu_work work = a->work;
    take_machines(a, v, 0);
    return mu_case_simulate(&run, &work, v->simulated, err);
}

/* Roles as engines run them; the chips follow from the deployment. */
static void reread(answering *a, mu_scenario *scenario)
{
    mu_role_wish *const roles[] = {&scenario->serve, &scenario->prefill, &scenario->decode};
    for (int i = 0; i < 3; i++) {
        const char *note = roles[i]->given ? mu_case_reread_cut(a->question, roles[i]) : NULL;
        a->note = note != NULL ? note : a->note;
    }
    if (scenario->serve.given && a->note == NULL) {
        a->note = mu_case_reread_batch(a->question, &scenario->serve);
    }
    if (mu_scenario_is_explicit(scenario)) {
        scenario->chips = 0.0;
    }
    /* Published disaggregated rows without a decode batch don't count their workers either. */
    a->question->workload.ample_prefill = scenario->decode.given && !(scenario->decode.batch > 0.0);
}

/* What its server was told, where that is published. */
static void launch(const answering *a, const mu_case *c, variant *v, mu_scenario *scenario)
{
    const mu_validate_run *run = a->run;
    v->server = mu_server_find(&run->servers, run->catalog, c, a->question, scenario);
    if (v->server != NULL) {
        mu_server_apply(v->server, a->question, scenario);
        if (v->server->kv_fp8 > 0.0 && scenario->kv < 0) {
            a->question->precision.kv = MU_DTYPE_FP8;
        }
    }
}

static mu_status find_deployment(answering *a, mu_deployment *out, mu_error *err)
{
    if (mu_scenario_is_explicit(a->question->scenario)) {
        return mu_deployment_from_wish(a->question, out, err);
    }
    mu_plan plan;
    mu_status status = mu_plan_best(a->question, &a->work, &plan, NULL, err);
    if (status == MU_OK) {
        *out = plan.best.deployment;
        if (!out->disaggregated) {
            out->decode.batch = 0.0; /* a search tries some; a server takes what it has room for */
        }
    }
    return status;
}

/* The ranks named hold far less than the weights. */
static bool names_too_few(const mu_role_answer *role)
{
    return role->memory.weights_bytes > too_few * role->memory.capacity_bytes;
}

/* Where too few ranks are named, roles share the supernode; what cannot be cut so stays as it was.
   */
static mu_status spread(answering *a, variant *v, mu_scenario *scenario, mu_error *err)
{
    mu_scenario *said = MU_NEW(a->work.arena, mu_scenario, 1);
    if (said == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    *said = *scenario;
    mu_deployment before = v->deployment;
    mu_role_wish *const roles[] = {&scenario->serve, &scenario->prefill, &scenario->decode};
    const char *note = NULL;
    for (int i = 0; i < 3; i++) {
        if (roles[i]->given) {
            note = mu_case_spread_cut(a->question, !scenario->serve.given, roles[i]);
        }
    }
    mu_error ignored = {0};
    if (mu_deployment_from_wish(a->question, &v->deployment, &ignored) != MU_OK) {
        *scenario = *said;
        v->deployment = before;
        return MU_OK;
    }
    a->note = note;
    return serve(a, v, 0, &v->point, err);
}

/*
 * Decode instances that hold all requests in flight, of a row that does not count its workers: 1
 * where those named do.
 */
static double instances_needed(const answering *a, const variant *v)
{
    const mu_role *role = &v->deployment.decode;
    double held = v->point.decode.batch * role->instances * role->parallel.dp;
    double wanted = a->question->workload.concurrency;
    bool uncounted = a->question->workload.ample_prefill && wanted > 0.0;
    return uncounted && held * crowded < wanted ? ceil(wanted / held) : 1.0;
}

/* As the case says it, read as engines run it. */
static mu_status answer_as_said(answering *a, const mu_case *c, mu_scenario *scenario,
                                mu_error *err)
{
    variant *v = &a->variant[0];
    a->variant_count = 1;
    reread(a, scenario);
    launch(a, c, v, scenario);
    v->serving = scenario->serving;
    mu_status status = find_deployment(a, &v->deployment, err);
    if (status == MU_OK) {
        status = serve(a, v, 0, &v->point, err);
    }
    if (status == MU_OK && mu_scenario_is_explicit(scenario) && !v->point.fits &&
        (names_too_few(&v->point.decode) || names_too_few(&v->point.prefill))) {
        status = spread(a, v, scenario, err);
    }
    if (status == MU_OK && !v->point.fits) {
        v->tight = true;
        status = serve(a, v, 0, &v->point, err);
    }
    double times = status == MU_OK ? instances_needed(a, v) : 1.0;
    if (times > 1.0 && times <= instances_most) {
        v->deployment.decode.instances *= (uint32_t)times;
        a->note = "more requests in flight than its decode ranks hold: read as several instances";
        status = serve(a, v, 0, &v->point, err);
    }
    return status;
}

/* As the recipes say that it may be a row of; those that cannot be cut so are left out. */
static mu_status answer_by_recipe(answering *a, const mu_case *c,
                                  const mu_recipe_run *const match[], uint32_t count,
                                  const mu_scenario *said, mu_scenario *scenario, mu_error *err)
{
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        variant *v = &a->variant[a->variant_count];
        mu_error ignored = {0};
        *scenario = *said;
        scenario->chips = 0.0;
        mu_recipe_apply(match[i], scenario);
        launch(a, c, v, scenario);
        if (mu_deployment_from_wish(a->question, &v->deployment, &ignored) != MU_OK) {
            continue;
        }
        v->tight = false;
        v->serving = scenario->serving;
        status = serve_point(a, v, err);
        a->variant_count++;
    }
    a->note = a->variant_count > 1 ? "set up as one of several published recipes says"
                                   : "set up as its published recipe says";
    return status;
}

static mu_status answer_points(answering *a, const mu_case *c, mu_scenario *scenario, mu_error *err)
{
    const mu_recipe_run *match[MU_RECIPE_MATCHES_MAX];
    uint32_t count =
        mu_recipe_match(&a->run->recipes, a->run->catalog, c, a->question, scenario, match);
    mu_scenario *said = MU_NEW(a->work.arena, mu_scenario, 1);
    if (said == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    *said = *scenario;
    mu_status status = answer_by_recipe(a, c, match, count, said, scenario, err);
    if (status == MU_OK && a->variant_count == 0) {
        a->note = NULL;
        *scenario = *said;
        status = answer_as_said(a, c, scenario, err);
    }
    for (uint32_t i = 0; i < a->variant_count && status == MU_OK; i++) {
        for (int k = 0; k < MU_MEASURE_COUNT; k++) {
            a->variant[i].simulated[k] = (double)NAN;
        }
        if (is_simulated(a->run, c)) {
            status = simulate(a, c, &a->variant[i], err);
        }
    }
    return status;
}

/* What a row that leaves its workers uncounted leaves open besides all else. */
static double uncounted_factor(const answering *a, uint32_t draw, mu_measure_kind kind)
{
    mu_draw at = {.plan = a->set->plan, .index = draw};
    bool first = kind == MU_MEASURE_TTFT_MEAN || kind == MU_MEASURE_TTFT_P50;
    return a->question->workload.ample_prefill
               ? mu_draw_value(at, "case/uncounted-workers",
                               first ? uncounted_ttft : uncounted_rest)
               : 1.0;
}

/* So many requests at a rate are one draw of arrivals: they are over sooner or later by chance. */
static double arrivals_factor(const answering *a, uint32_t draw, mu_measure_kind kind)
{
    const mu_workload *w = &a->question->workload;
    bool rate = kind == MU_MEASURE_OUTPUT_RATE || kind == MU_MEASURE_OUTPUT_RATE_CHIP ||
                kind == MU_MEASURE_TOTAL_RATE || kind == MU_MEASURE_TOTAL_RATE_CHIP ||
                kind == MU_MEASURE_REQUEST_RATE;
    if (!rate || w->rate <= 0.0 || w->requests <= 0.0) {
        return 1.0;
    }
    mu_draw at = {.plan = a->set->plan, .index = draw};
    double high = exp(MU_Z95 / sqrt(w->requests)); /* Poisson: deviation of a sum over its mean */
    return mu_draw_value(at, "case/arrivals", (mu_range){1.0, 1.0 / high, high});
}

static mu_status answer_draws(const answering *a, mu_error *err)
{
    assert(a->set != NULL && a->variant_count > 0);
    uint32_t samples = a->run->options.samples;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < samples && status == MU_OK; i++) {
        mu_service service = {0};
        const variant *v = &a->variant[i % a->variant_count];
        status = serve(a, v, i + 1, &service, err);
        for (uint32_t k = 0; k < a->count && status == MU_OK; k++) {
            double value = draw_measure(a, v, &service, a->outcome[k].kind);
            a->value[(size_t)k * samples + i] = value *
                                                uncounted_factor(a, i + 1, a->outcome[k].kind) *
                                                arrivals_factor(a, i + 1, a->outcome[k].kind);
        }
    }
    return status;
}

/*
 * The point answer: of the ways it may have been set up, the one with the least relative error on
 * average over all of them.
 */
static double point_of(const answering *a, mu_measure_kind kind)
{
    double best = 0.0;
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < a->variant_count; i++) {
        double error = 0.0;
        double value = point_measure(a, &a->variant[i], kind);
        for (uint32_t k = 0; k < a->variant_count; k++) {
            double other = point_measure(a, &a->variant[k], kind);
            error += fabs(value - other) / other;
        }
        if (!(error >= least)) {
            least = error;
            best = value;
        }
    }
    return best;
}

static void take_answers(const answering *a)
{
    uint32_t samples = a->run->options.samples;
    const mu_server *server = a->variant[0].server;
    for (uint32_t k = 0; k < a->count; k++) {
        mu_outcome *outcome = &a->outcome[k];
        double value = point_of(a, outcome->kind);
        if (!isfinite(value) || !(value > 0.0)) {
            outcome->why = why_not(outcome->kind);
            continue;
        }
        outcome->predicted = mu_quantity_of(value, a->value + (size_t)k * samples, samples);
        outcome->answered = true;
        outcome->tight = a->variant[0].tight;
        outcome->note = a->note;
        outcome->server = server != NULL ? server->recipe->id : NULL;
    }
}

/* Rows name the longest of what a suite's client draws; a steady state sees the mean. */
static void take_mean_lengths(answering *a, const mu_case *c)
{
    const mu_recipe_traffic *traffic =
        mu_recipe_traffic_of(&a->run->recipes, a->run->catalog, c, a->question);
    double mean = traffic != NULL ? 0.5 * (1.0 + traffic->length_ratio) : 1.0;
    a->question->workload.input *= mean;
    a->question->workload.output *= mean;
}

static mu_status answer(answering *a, const mu_case *c, mu_error *err)
{
    mu_scenario *scenario = MU_NEW(a->work.arena, mu_scenario, 1);
    a->question = MU_NEW(a->work.arena, mu_question, 1);
    a->machine = MU_NEW(a->work.arena, mu_machine, 2);
    a->variant = MU_NEW(a->work.arena, variant, MU_RECIPE_MATCHES_MAX);
    a->value = MU_NEW(a->work.arena, double, (size_t)a->count * a->run->options.samples + 1);
    if (scenario == NULL || a->question == NULL || a->machine == NULL || a->value == NULL ||
        a->variant == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    mu_status status = read_scenario(a->run, c, scenario, err);
    scenario->samples = 0.0;
    if (status == MU_OK) {
        const mu_machine *loaded = a->set != NULL ? a->set->machine : NULL;
        status = mu_question_make_on(a->run->catalog, scenario, NULL, loaded, a->work.arena,
                                     a->question, err);
    }
    if (status == MU_OK && a->run->options.engine != NULL) {
        a->question->machine.engine = *a->run->options.engine;
        a->question->prefill_machine.engine = *a->run->options.engine;
    }
    if (status == MU_OK) {
        take_mean_lengths(a, c);
        status = answer_points(a, c, scenario, err);
    }
    if (status == MU_OK) {
        status = answer_draws(a, err);
    }
    if (status == MU_OK) {
        take_answers(a);
    }
    return status;
}

mu_status mu_service_case_answer(const mu_validate_run *run, uint32_t case_index, uint32_t worker,
                                 mu_error *err)
{
    mu_validate_worker *mine = &run->worker[worker];
    const mu_case *c = &run->cases[case_index];
    uint32_t source = run->source[case_index];
    answering a = {.run = run,
                   .set = source != UINT32_MAX ? run->set[source] : NULL,
                   .outcome = &run->outcome[run->first[case_index]],
                   .count = c->measure_count,
                   .work = {.arena = mine->scratch, .pool = mine->pool}};
    mu_arena_mark mark = mu_arena_here(mine->scratch);
    mu_error local = {0};
    mu_status status = answer(&a, c, &local);
    mu_arena_back(mine->scratch, mark);
    if (status == MU_OK) {
        return MU_OK;
    }
    if (status == MU_E_MEMORY) {
        return mu_fail(err, status, "%s", local.text);
    }
    const char *why = mu_arena_text(mine->texts, local.text, strlen(local.text));
    if (why == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a reason");
    }
    mu_case_refuse(run, case_index, why);
    return MU_OK;
}
