/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a scenario becomes the traffic, caches and scheduling it asks for, and what comes out of
 *         a simulation is what the steady state says where that holds.
 * Method: parts by hand (rates, lengths, blocks, transfers); runs against properties (Little's law,
 *         cached shares, saturation within 2 % of predict); 1, 2 and 8 threads bit by bit.
 */
#include "study/sim_parts.h"
#include "twin_helper.h"

#include <math.h>

static mu_simulation simulated(const mu_scenario *scenario)
{
    mu_question q = question_of(scenario);
    mu_simulation s;
    mu_error err = {0};
    if (mu_simulate_question(&q, NULL, NULL, &t.work, &s, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return s;
}

static mu_status refused(const mu_scenario *scenario, mu_error *err)
{
    mu_question q = question_of(scenario);
    mu_simulation s;
    memset(err, 0, sizeof *err);
    return mu_simulate_question(&q, NULL, NULL, &t.work, &s, err);
}

static mu_traffic_wish wish_of(const mu_scenario *scenario, double concurrency)
{
    mu_question q = question_of(scenario);
    mu_traffic_wish wish;
    mu_error err = {0};
    if (mu_sim_wish(&q, concurrency, 16, t.arena, &wish, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return wish;
}

#define HERE "system", "hgx-h100", "model", "llama-3.1-8b"

static void arrivals(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE);
    mu_traffic_wish w = wish_of(&s, 37.0);
    assert_int_equal(w.arrival, MU_ARRIVAL_CLOSED);
    assert_true(w.concurrency == 37.0 && w.requests == 370 && w.tenants == 1);
    assert_true(w.block_tokens == 0); /* nothing in common */
    s = SCENARIO(HERE, "rate", "6/s", "turns", "3", "think", "5s", "tenants", "3,1");
    w = wish_of(&s, 0.0);
    assert_int_equal(w.arrival, MU_ARRIVAL_POISSON);
    assert_true(w.rate == 2.0 && w.turns == 3 && w.think_s == 5.0 && w.requests == 10000);
    assert_true(w.tenants == 2 && w.tenant_share[0] == 0.75 && w.tenant_share[1] == 0.25);
    assert_true(w.block_tokens == 16);
    s = SCENARIO(HERE, "concurrency", "4", "requests", "50", "arrival", "closed", "ramp", "9s");
    w = wish_of(&s, 0.0);
    assert_true(w.concurrency == 4.0 && w.requests == 50 && w.ramp_s == 9.0);
}

static void lengths(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "input", "1000", "length-ratio", "0.8");
    mu_traffic_wish w = wish_of(&s, 1.0);
    assert_int_equal(w.input.kind, MU_LENGTH_UNIFORM);
    assert_true(w.input.low == 800.0 && w.input.high == 1000.0);
    s = SCENARIO(HERE, "output", "300", "output-sigma", "400");
    w = wish_of(&s, 1.0);
    assert_int_equal(w.output.kind, MU_LENGTH_LOGNORMAL);
    /* Deviation of a log-normal of this mean: mean * sqrt(exp(sigma^2) - 1). */
    assert_near(300.0 * sqrt(expm1(w.output.sigma * w.output.sigma)), 400.0, 1e-12);
    s = SCENARIO(HERE, "input", "1000", "prefix-hit", "0.25");
    w = wish_of(&s, 1.0);
    assert_true(w.shared_prefix == 250.0 && w.input.mean == 750.0);
    s = SCENARIO(HERE, "length-ratio", "0.5", "input-sigma", "9");
    mu_question q = question_of(&s);
    mu_error err = {0};
    assert_int_equal(mu_sim_wish(&q, 1.0, 16, t.arena, &w, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "more than one way"));
    s = SCENARIO(HERE, "tenants", "0,0");
    q = question_of(&s);
    assert_int_equal(mu_sim_wish(&q, 1.0, 16, t.arena, &w, &err), MU_E_INPUT);
    s = SCENARIO(HERE, "input-histogram", "lengths.csv");
    q = question_of(&s);
    assert_int_equal(mu_sim_wish(&q, 1.0, 16, t.arena, &w, &err), MU_E_INPUT);
}

/* A histogram, minus what is common, no length below a token. */
static void measured_lengths(void **state)
{
    (void)state;
    static const double value[] = {100, 1000};
    static const double weight[] = {1, 3};
    mu_scenario s = SCENARIO(HERE, "prefix-hit", "0.4");
    mu_question q = question_of(&s);
    q.measured_input = (mu_length){
        .kind = MU_LENGTH_EMPIRICAL, .mean = 775.0, .value = value, .weight = weight, .count = 2};
    q.workload.input = 775.0;
    mu_traffic_wish w;
    mu_error err = {0};
    assert_int_equal(mu_sim_wish(&q, 1.0, 16, t.arena, &w, &err), MU_OK);
    assert_int_equal(w.input.kind, MU_LENGTH_EMPIRICAL);
    assert_true(w.input.value[0] == 1.0 && w.input.value[1] == 690.0);
    assert_true(w.input.weight == weight);
}

static mu_sim_config configured(const mu_scenario *scenario, mu_question *q, mu_deployment *d)
{
    *q = question_of(scenario);
    mu_machine *machines = MU_NEW(t.arena, mu_machine, 2); /* outlive the call: steps are priced */
    machines[0] = q->prefill_machine;
    machines[1] = q->machine;
    mu_sim_home home = {.arena = t.arena, .table = &t.arena, .workers = 1};
    mu_sim_config c = {0};
    mu_error err = {0};
    if (mu_deployment_from_wish(q, d, &err) != MU_OK ||
        mu_sim_configure(q, d, machines, &home, &c, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return c;
}

/* As many blocks as the memory has room for, to the last one. */
static void blocks(void **state)
{
    (void)state;
    static const char *const tps[] = {"2", "4", "8"};
    for (size_t i = 0; i < 3; i++) {
        mu_question q;
        mu_deployment d;
        mu_scenario s = SCENARIO("system", "hgx-h200", "model", "llama-3.1-70b", "tp", tps[i],
                                 "block-tokens", "32", "batch", "100");
        mu_sim_config c = configured(&s, &q, &d);
        mu_footprint f = mu_program_footprint(&q.model, &d.decode.parallel, &q.precision,
                                              q.workload.input + 0.5 * q.workload.output);
        double each = f.kv_per_token * 32.0;
        double held = (double)c.decode.blocks * each;
        double room = mu_machine_room(&q.machine, 0.0) - f.weights - f.fixed -
                      d.decode.batch_tokens * f.activations_per_token;
        assert_true(held <= room && held + each > room);
        assert_true(c.decode.max_sequences == 100 && c.decode.fixed_blocks == 0);
        assert_true(c.decode.max_tokens == 8192 && c.decode.request_s > 0.0);
    }
}

/* A stage has as many tokens as a step of one rank would; the caches are of fewer layers. */
static void pipelines(void **state)
{
    (void)state;
    mu_question q;
    mu_deployment d;
    mu_scenario one = SCENARIO("system", "hgx-h200", "model", "llama-3.1-70b", "tp", "4");
    mu_scenario two =
        SCENARIO("system", "hgx-h200", "model", "llama-3.1-70b", "tp", "4", "pp", "2");
    mu_sim_config a = configured(&one, &q, &d);
    mu_sim_config b = configured(&two, &q, &d);
    assert_int_equal(b.decode.max_tokens, 2 * a.decode.max_tokens);
    assert_true(b.decode.blocks > 2 * a.decode.blocks);
    assert_true(b.decode.ranks == 8.0);
}

/* States of linear attention take room whatever the length. */
static void fixed_blocks(void **state)
{
    (void)state;
    mu_question q;
    mu_deployment d;
    mu_scenario s = SCENARIO("system", "hgx-h200", "model", "qwen3-next-80b-a3b", "tp", "4");
    mu_sim_config c = configured(&s, &q, &d);
    mu_footprint f = mu_program_footprint(&q.model, &d.decode.parallel, &q.precision,
                                          q.workload.input + 0.5 * q.workload.output);
    assert_true(f.kv_per_sequence > 0.0);
    double each = f.kv_per_token * c.decode.block_tokens;
    assert_true((double)c.decode.fixed_blocks * each >= f.kv_per_sequence);
    assert_true((double)(c.decode.fixed_blocks - 1) * each < f.kv_per_sequence);
}

/* Every engine of the catalogue has a policy that the simulator knows, and blocks. */
static void engines(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_ENGINE); i++) {
        mu_question q;
        mu_deployment d;
        const char *engine = mu_catalog_at(t.catalog, MU_ENTITY_ENGINE, i)->id;
        mu_scenario s = SCENARIO(HERE, "tp", "1", "engine", engine);
        mu_sim_config c = configured(&s, &q, &d);
        assert_string_equal(mu_policy_text(c.decode.policy), q.machine.engine.policy);
        assert_true(c.decode.block_tokens == q.machine.engine.block_tokens);
        assert_true(c.decode.watermark == q.machine.engine.watermark);
    }
    mu_question q;
    mu_deployment d;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "policy", "sglang", "watermark", "0.1", "order",
                             "shortest", "router", "power-of-two", "prefix-cache", "no");
    mu_sim_config c = configured(&s, &q, &d);
    assert_int_equal(c.decode.policy, MU_POLICY_SGLANG);
    assert_int_equal(c.decode.order, MU_ORDER_SHORTEST);
    assert_int_equal(c.router, MU_ROUTER_POWER_OF_TWO);
    assert_true(c.decode.watermark == 0.1 && !c.decode.prefix_cache);
}

static mu_step_cost cost_of(const mu_sim_role *role, mu_batch batch)
{
    mu_step_cost cost = {0};
    if (role->price == NULL) {
        fail_msg("no price of a step");
        return cost;
    }
    role->price(role->price_context, 0, &batch, 1, 1.0, &cost);
    return cost;
}

/* A step with prompts lasts as long as its operators take to launch, if not longer. */
static void launches(void **state)
{
    (void)state;
    mu_question q;
    mu_deployment d;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "engine", "trtllm");
    mu_sim_config c = configured(&s, &q, &d);
    mu_program *program = MU_NEW(t.arena, mu_program, 1);
    mu_program_build(&q.model, &d.decode.parallel, &q.precision, program);
    assert_true(mu_program_launches(program) > 32.0 * 6.0); /* layers, their least operators */
    double least_s = q.machine.engine.eager_op * mu_program_launches(program);
    mu_batch few = {.prefill_sequences = 1.0, .prefill_tokens = 16.0, .prefill_context = 128.0};
    mu_batch many = {.prefill_sequences = 1.0, .prefill_tokens = 8192.0, .prefill_context = 3e7};
    mu_batch none = {.decode_sequences = 1.0, .decode_context = 16.0};
    mu_step_cost few_cost = cost_of(&c.decode, few);
    assert_near(few_cost.time_s, least_s, 1e-9);
    assert_true(cost_of(&c.decode, many).time_s > 2.0 * least_s);
    mu_step_cost none_cost = cost_of(&c.decode, none);
    assert_true(none_cost.time_s < least_s);
    assert_true(few_cost.energy_j > none_cost.energy_j);
}

/* A mean prompt alone is handed over in the time that the fabric says. */
static void transfers(void **state)
{
    (void)state;
    mu_question q;
    mu_deployment d;
    mu_scenario s = SCENARIO("system", "cloudmatrix-384", "model", "deepseek-r1", "prefill-dp",
                             "32", "prefill-ep", "32", "decode-dp", "128", "decode-ep", "128",
                             "mode", "disaggregated");
    mu_sim_config c = configured(&s, &q, &d);
    assert_true(c.disaggregated && c.prefill.lanes == 32 && c.decode.lanes == 128);
    const mu_sim_transfer *x = &c.transfer;
    double bytes = x->bytes_per_request + x->bytes_per_token * q.workload.input;
    double slower = fmin(x->send_bytes_per_s, x->receive_bytes_per_s);
    assert_true(x->latency_s > 0.0);
    assert_near(x->latency_s + bytes / slower,
                mu_handover_time(&q.prefill_machine, &d.prefill.parallel, bytes), 1e-9);
    assert_true(c.prefill.request_s == q.prefill_machine.engine.arrival_apart);
    assert_true(c.decode.request_s == 0.0);
}

/* What goes in comes out, and N = X T. */
static void littles_law(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "rate", "4/s", "input", "1500", "output", "150",
                             "output-sigma", "200", "requests", "3000");
    mu_simulation r = simulated(&s);
    const mu_sim_answer *a = &r.point;
    assert_true(a->arrived == 3000 && a->ended == 3000 && a->rejected == 0 && a->stable);
    assert_near(a->in_flight * a->duration_s, a->sojourn_s, 1e-6);
    assert_near(r.output_tokens_per_s.value * a->duration_s, (double)a->output_tokens, 1e-9);
    assert_near(r.power_w.value * a->duration_s,
                r.energy_per_output_token_j.value * (double)a->output_tokens, 1e-9);
    assert_true(r.decode_mfu.value > 0.0 && r.decode_mfu.value < 1.0);
    assert_true(r.decode_mbu.value > 0.0 && r.decode_mbu.value < 1.0);
    assert_true(r.ttft_s.p50.value <= r.ttft_s.p99.value);
    assert_true(r.prefill_mfu.value == 0.0);
}

/* A long closed loop does what predict says of it, prompts as they come. */
static void saturation(void **state)
{
    (void)state;
    static const struct {
        const char *model, *tp, *engine, *clients, *input, *output;
    } loops[] = {
        {"llama-3.1-8b", "1", "vllm", "64", "1024", "256"},
        {"llama-3.1-8b", "1", "vllm", "256", "256", "512"},
        {"llama-3.1-8b", "1", "trtllm", "256", "256", "512"},
        {"llama-3.1-70b", "8", "vllm", "64", "512", "512"},
        {"qwen3-30b-a3b", "2", "vllm", "128", "512", "512"},
    };
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        mu_scenario s =
            SCENARIO("system", "hgx-h100", "model", loops[i].model, "tp", loops[i].tp, "engine",
                     loops[i].engine, "concurrency", loops[i].clients, "input", loops[i].input,
                     "output", loops[i].output, "length-ratio", "0.5", "requests", "20000");
        mu_simulation r = simulated(&s);
        print_message("%s on %s: %.4g requests/s, steady %.4g; TPOT %.4g ms, steady %.4g ms\n",
                      loops[i].model, loops[i].engine, r.requests_per_s.value,
                      r.steady.requests_per_s, 1e3 * r.tpot_s.mean.value, 1e3 * r.steady.tpot_s);
        assert_near(r.requests_per_s.value, r.steady.requests_per_s, 0.02);
        assert_near(r.point.in_flight, s.concurrency, 0.02);
    }
}

static void shared_prefixes(void **state)
{
    (void)state;
    mu_scenario plain = SCENARIO(HERE, "tp", "1", "rate", "2/s", "requests", "2000");
    mu_scenario half =
        SCENARIO(HERE, "tp", "1", "rate", "2/s", "requests", "2000", "prefix-hit", "0.5");
    mu_scenario off = SCENARIO(HERE, "tp", "1", "rate", "2/s", "requests", "2000", "prefix-hit",
                               "0.5", "prefix-cache", "no");
    mu_simulation a = simulated(&plain);
    mu_simulation b = simulated(&half);
    mu_simulation c = simulated(&off);
    const mu_sim_role_answer *did = &b.point.decode;
    assert_true(a.point.decode.cached_tokens == 0 && c.point.decode.cached_tokens == 0);
    assert_near((double)did->cached_tokens / (double)did->prompt_tokens, 0.5, 0.01);
    assert_true(b.ttft_s.mean.value < 0.8 * a.ttft_s.mean.value);
    assert_true(b.point.input_tokens == a.point.input_tokens);
    assert_near(c.ttft_s.mean.value, a.ttft_s.mean.value, 1e-9);
}

/* Quantities alone: the rest of a simulation points into the arena. */
static void assert_same(const mu_simulation *a, const mu_simulation *b)
{
    size_t from = offsetof(mu_simulation, ttft_s);
    size_t to = offsetof(mu_simulation, traffic);
    assert_memory_equal((const char *)a + from, (const char *)b + from, to - from);
    assert_int_equal(a->point.steps, b->point.steps);
}

static void any_number_of_threads(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "instances", "4", "rate", "12/s", "requests", "1500",
                             "output", "200", "input-sigma", "2000", "uncertainty", "6");
    mu_question q = question_of(&s);
    mu_error err = {0};
    mu_simulation one;
    assert_int_equal(mu_simulate_question(&q, NULL, NULL, &t.work, &one, &err), MU_OK);
    static const uint32_t threads[] = {1, 2, 8};
    for (size_t i = 0; i < 3; i++) {
        mu_pool *pool = mu_pool_create(threads[i]);
        mu_work work = {.arena = t.arena, .pool = pool};
        mu_simulation many;
        assert_int_equal(mu_simulate_question(&q, NULL, NULL, &work, &many, &err), MU_OK);
        assert_same(&one, &many);
        mu_pool_free(pool);
    }
    assert_int_equal(one.samples, 6);
    assert_true(one.ttft_s.p90.low <= one.ttft_s.p90.value);
    assert_true(one.ttft_s.p90.value <= one.ttft_s.p90.high);
    assert_true(one.tpot_s.mean.low < one.tpot_s.mean.high);
}

typedef struct seen {
    uint64_t steps, requests;
} seen;

static void see_step(void *observer, const mu_sim_event *step)
{
    (void)step;
    ((seen *)observer)->steps++;
}

static void see_request(void *observer, const mu_sim_record *request)
{
    (void)request;
    ((seen *)observer)->requests++;
}

/* Observers see the point run, not the draws. */
static void watched_once(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "concurrency", "8", "uncertainty", "3");
    mu_question q = question_of(&s);
    seen counts = {0};
    mu_sim_watch watch = {.context = &counts, .on_step = see_step, .on_request = see_request};
    mu_simulation r;
    mu_error err = {0};
    assert_int_equal(mu_simulate_question(&q, NULL, &watch, &t.work, &r, &err), MU_OK);
    assert_true(counts.requests == 200 && counts.steps == r.point.steps);
    assert_int_equal(r.samples, 3);
    assert_null(r.config.observer);
}

static void answers_no(void **state)
{
    (void)state;
    mu_error err;
    mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "1");
    assert_int_equal(refused(&s, &err), MU_NO);
    assert_non_null(strstr(err.text, "does not fit"));
    s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-70b", "tp", "2", "input", "100000",
                 "output", "20000");
    assert_int_equal(refused(&s, &err), MU_NO);
    assert_non_null(strstr(err.text, "120000 tokens"));
    s = SCENARIO(HERE, "trace", "requests.csv");
    assert_int_equal(refused(&s, &err), MU_E_INPUT);
    s = SCENARIO(HERE, "tp", "1", "chips", "1", "instances", "2");
    assert_int_equal(refused(&s, &err), MU_E_INPUT);
}

/* Decoding nothing still takes an instance to do it on. */
static void single_tokens(void **state)
{
    (void)state;
    mu_scenario s =
        SCENARIO("system", "hgx-b200", "model", "llama-3.1-70b", "mode", "disaggregated", "rate",
                 "50/s", "input", "500", "output", "1", "requests", "200");
    mu_simulation r = simulated(&s);
    assert_true(r.deployment.decode.instances >= 1 && r.deployment.prefill.instances >= 1);
    assert_true(r.point.ended == 200 && r.point.output_tokens == 200);
}

/* More than it can serve: said so, in bounded time, without intervals of nothing. */
static void overload(void **state)
{
    (void)state;
    mu_scenario s = SCENARIO(HERE, "tp", "1", "rate", "500/s", "requests", "1000000000",
                             "queue-most", "5000", "uncertainty", "4");
    mu_simulation r = simulated(&s);
    assert_false(r.point.stable);
    assert_int_equal(r.samples, 0);
    assert_non_null(strstr(r.warning[0], "overloaded"));
    assert_true(r.steady.overloaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals),         cmocka_unit_test(lengths),
        cmocka_unit_test(measured_lengths), cmocka_unit_test(blocks),
        cmocka_unit_test(pipelines),        cmocka_unit_test(fixed_blocks),
        cmocka_unit_test(engines),          cmocka_unit_test(transfers),
        cmocka_unit_test(littles_law),      cmocka_unit_test(saturation),
        cmocka_unit_test(shared_prefixes),  cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(watched_once),     cmocka_unit_test(answers_no),
        cmocka_unit_test(single_tokens),    cmocka_unit_test(overload),
        cmocka_unit_test(launches),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
