/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a simulation is shown as it is: every number where it belongs, files that other programs
 *         read whatever came before their end.
 * Method: a simulation filled by hand; tables searched for their lines, JSON and timeline read back
 *         with another parser, CSV against JSON number by number, the picture parsed as XML tags.
 */
#include "report/digits.h"
#include "report/simulate_report.h"
#include "report/svg.h"
#include "twin_helper.h"

#include <math.h>
#include <stdlib.h>

static mu_histogram histograms[4];
static mu_sim_bin bins[10];
static mu_simulation simulation;
static mu_scenario scenario;
static mu_question question;

/* `n` values evenly from low to high. */
static mu_sim_latency latency_of(mu_histogram *h, uint64_t n, double low, double high)
{
    for (uint64_t i = 0; i < n; i++) {
        mu_histogram_add(h, low + (high - low) * (double)i / (double)(n - 1), 1);
    }
    return (mu_sim_latency){.n = n,
                            .mean = (low + high) / 2.0,
                            .max = high,
                            .p50 = mu_histogram_quantile(h, 0.5),
                            .p90 = mu_histogram_quantile(h, 0.9),
                            .p95 = mu_histogram_quantile(h, 0.95),
                            .p99 = mu_histogram_quantile(h, 0.99),
                            .histogram = h};
}

static mu_quantity about(double value)
{
    return (mu_quantity){value, 0.9 * value, 1.1 * value};
}

static mu_sim_percentiles percentiles_of(const mu_sim_latency *l)
{
    return (mu_sim_percentiles){about(l->mean), about(l->p50), about(l->p90),
                                about(l->p95),  about(l->p99), about(l->max)};
}

static mu_sim_role_answer role_answer(double scale)
{
    return (mu_sim_role_answer){.steps = (uint64_t)(500 * scale),
                                .busy_s = 45.0 * scale,
                                .available_s = 100.0 * scale,
                                .decode_sequences = 37.5,
                                .decode_sequences_max = 64.0,
                                .prefill_tokens = 2048.0,
                                .waiting = 1.5,
                                .waiting_max = 12.0,
                                .cache_share = 0.4,
                                .cache_share_max = 0.93,
                                .preemptions = 7,
                                .prompt_tokens = 4096000,
                                .cached_tokens = 1024000,
                                .energy_j = 1000.0 * scale};
}

static void fill_answer(mu_sim_answer *a)
{
    a->arrived = 1010;
    a->ended = 1000;
    a->rejected = 10;
    a->good = 909;
    a->input_tokens = 4096000;
    a->output_tokens = 256000;
    a->steps = 1500;
    a->duration_s = 100.0;
    a->in_flight = 42.5;
    a->stable = true;
    a->arrived_per_s = 10.1;
    a->ended_per_s = 10.0;
    a->ttft_s = latency_of(&histograms[0], 1000, 0.1, 0.9);
    a->tpot_s = latency_of(&histograms[1], 1000, 0.02, 0.04);
    a->itl_s = latency_of(&histograms[2], 1000, 0.01, 0.05);
    a->e2e_s = latency_of(&histograms[3], 1000, 2.0, 10.0);
    a->wait_s = (mu_sim_latency){.n = 1000, .mean = 0.01, .max = 0.5};
    a->prefill = role_answer(1.0);
    a->decode = role_answer(2.0);
    a->instances_most = 3;
    a->bin_s = 10.0;
    a->bin_count = 10;
    a->bin = bins;
    for (int i = 0; i < 10; i++) {
        bins[i] = (mu_sim_bin){.arrived = 101,
                               .ended = 100,
                               .output_tokens = 25600,
                               .ttft_n = i == 4 ? 0 : 100,
                               .ttft_sum_s = 10.0 * (i + 1),
                               .ttft_max_s = i == 4 ? 0.0 : 0.2 * (i + 1),
                               .waiting_sum = 50.0 * i,
                               .running_sum = 5000.0,
                               .steps = 100};
    }
}

static int open_all(void **state)
{
    mu_simulation *s = &simulation;
    if (twin_open(state) != 0) {
        return -1;
    }
    scenario = SCENARIO("model", "llama-3.1-70b", "system", "hgx-h100", "engine", "vllm");
    question = question_of(&scenario);
    (void)snprintf(s->system, sizeof s->system, "hgx-h100");
    (void)snprintf(s->model, sizeof s->model, "llama-3.1-70b");
    (void)snprintf(s->traffic, sizeof s->traffic, "1,010 requests at 10/s <&>");
    s->precision = question.precision;
    s->deployment.disaggregated = true;
    s->deployment.prefill.instances = 1;
    s->deployment.prefill.parallel =
        (mu_parallel){.tp = 4, .pp = 1, .cp = 1, .dp = 1, .ep = 1, .moe_tp = 4, .microbatches = 1};
    s->deployment.decode = s->deployment.prefill;
    s->deployment.decode.instances = 2;
    s->config.disaggregated = true;
    s->config.prefill = (mu_sim_role){.instances = 1,
                                      .lanes = 1,
                                      .policy = MU_POLICY_VLLM,
                                      .max_sequences = 256,
                                      .max_tokens = 8192,
                                      .chunked = true,
                                      .block_tokens = 16,
                                      .blocks = 12345,
                                      .ranks = 4.0};
    s->config.decode = s->config.prefill;
    s->config.decode.policy = MU_POLICY_SGLANG;
    s->config.decode.prefix_cache = true;
    s->config.ttft_slo_s = 0.8;
    s->config.tpot_slo_s = 0.05;
    fill_answer(&s->point);
    s->point.prefill.decode_sequences_max = 0.0;
    s->ttft_s = percentiles_of(&s->point.ttft_s);
    s->tpot_s = percentiles_of(&s->point.tpot_s);
    s->itl_s = percentiles_of(&s->point.itl_s);
    s->e2e_s = percentiles_of(&s->point.e2e_s);
    s->requests_per_s = about(10.0);
    s->output_tokens_per_s = about(2560.0);
    s->total_tokens_per_s = about(43520.0);
    s->output_tokens_per_s_per_chip = about(320.0);
    s->goodput_requests_per_s = about(9.09);
    s->power_w = about(6000.0);
    s->energy_per_output_token_j = about(2.34);
    s->prefill_mfu = about(0.5);
    s->decode_mbu = about(0.7);
    s->steady.fits = true;
    s->steady.ttft_s = 0.25;
    s->steady.tpot_s = 0.024;
    s->steady.output_tokens_per_s = 2600.0;
    s->chips = 8.0;
    s->samples = 64;
    s->warning_count = 1;
    (void)snprintf(s->warning[0], sizeof s->warning[0], "a remark");
    return 0;
}

/* A stream into memory, and what was written. */
typedef struct paper {
    FILE *out;
    char *text;
    size_t length;
} paper;

static paper *open_paper(void)
{
    paper *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->out = open_memstream(&p->text, &p->length);
    assert_non_null(p->out);
    return p;
}

static void close_paper(paper *p)
{
    assert_int_equal(fclose(p->out), 0);
}

static void free_paper(paper *p)
{
    free(p->text);
    free(p);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no \"%s\" in:\n%s", part, text);
    }
}

static void table(void **state)
{
    (void)state;
    paper *p = open_paper();
    const mu_page page = {.out = p->out, .arena = t.arena};
    mu_error err = {0};
    assert_int_equal(mu_simulation_print(&page, &question, &simulation, &err), MU_OK);
    close_paper(p);
    assert_has(p->text, "llama-3.1-70b on hgx-h100, vllm: 1,010 requests at 10/s");
    assert_has(p->text, "prefill scheduling              vllm, fcfs; at most 256 sequences and "
                        "8,192 tokens a step, prompts in chunks\n");
    assert_has(p->text, "decode cache                    12,345 blocks of 16 tokens a DP group, "
                        "prefixes kept\n");
    assert_has(p->text, "requests                        1,010 arrived, 1,000 answered\n");
    assert_has(p->text, "turned away                     10\n");
    assert_has(p->text, "requests that keep the SLO      90 %\n");
    assert_has(p->text, "keeps up: 10.1 requests/s arrive, 10 are answered");
    assert_has(p->text, "  90 % interval, low");
    assert_has(p->text, "sequences decoding (most)                 -    37.5 (64)\n");
    assert_has(p->text, "prompt tokens cached                      -         25 %\n");
    assert_has(p->text, "40 % (93 %)");
    assert_has(p->text, "+100 %"); /* mean TTFT of 0.5 s against 0.25 s */
    assert_has(p->text, "note: a remark\n");
    assert_null(strstr(p->text, " \n"));
    free_paper(p);
}

static double number_at(const json_t *json, const char *a, const char *b, const char *c)
{
    const json_t *at = json_object_get(json, a);
    at = b != NULL ? json_object_get(at, b) : at;
    at = c != NULL ? json_object_get(at, c) : at;
    if (!json_is_number(at)) {
        fail_msg("no number at %s.%s.%s", a, b != NULL ? b : "", c != NULL ? c : "");
    }
    return json_number_value(at);
}

static void json(void **state)
{
    (void)state;
    json_t *tree = mu_simulation_json(&question, &simulation, 1.25);
    assert_non_null(tree);
    char *text = NULL;
    mu_error err = {0};
    assert_int_equal(mu_json_dump(tree, &text, &err), MU_OK);
    json_decref(tree);
    tree = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(tree);
    assert_true(number_at(tree, "requests", NULL, NULL) == 1000.0);
    assert_true(number_at(tree, "arrived", NULL, NULL) == 1010.0);
    assert_true(number_at(tree, "duration_s", NULL, NULL) == 100.0);
    assert_true(number_at(tree, "steps", NULL, NULL) == 1500.0);
    assert_true(number_at(tree, "wall_s", NULL, NULL) == 1.25);
    assert_true(number_at(tree, "ttft_s", "mean", "value") == 0.5);
    assert_true(number_at(tree, "ttft_s", "p99", "high") == simulation.ttft_s.p99.high);
    assert_true(number_at(tree, "e2e_s", "max", "value") == 10.0);
    assert_true(number_at(tree, "goodput", "low", NULL) == 0.9 * 9.09);
    assert_near(number_at(tree, "goodput_share", NULL, NULL), 0.9, 1e-12);
    assert_true(number_at(json_object_get(tree, "engines"), "decode", "prefix_hit", NULL) == 0.25);
    assert_true(number_at(json_object_get(tree, "engines"), "decode", "step_energy_j", NULL) ==
                8000.0);
    assert_true(number_at(json_object_get(tree, "engines"), "prefill", "mfu", "value") == 0.5);
    const json_t *mean = json_object_get(json_object_get(tree, "course"), "ttft_mean_s");
    assert_int_equal(json_array_size(mean), 10);
    assert_true(json_number_value(json_array_get(mean, 1)) == 0.2);
    assert_true(json_is_null(json_array_get(mean, 4)));
    assert_string_equal(json_string_value(json_array_get(json_object_get(tree, "warnings"), 0)),
                        "a remark");
    assert_string_equal(
        json_string_value(json_object_get(
            json_object_get(json_object_get(tree, "scenario"), "deployment"), "mode")),
        "disaggregated");
    assert_null(json_object_get(tree, "tenants"));
    json_decref(tree);
    free(text);
}

/* One role is called serve; several tenants are listed. */
static void json_of_one_role(void **state)
{
    (void)state;
    mu_simulation one = simulation;
    one.deployment.disaggregated = false;
    one.point.tenants = 2;
    one.point.tenant_ttft_s[1].p90 = 3.5;
    json_t *tree = mu_simulation_figures(&one);
    const json_t *engines = json_object_get(tree, "engines");
    assert_null(json_object_get(engines, "prefill"));
    assert_null(json_object_get(engines, "decode"));
    assert_true(number_at(engines, "serve", "steps", NULL) == 1000.0);
    assert_int_equal(json_array_size(json_object_get(tree, "tenants")), 2);
    assert_true(number_at(json_array_get(json_object_get(tree, "tenants"), 1), "ttft_s", "p90",
                          "value") == 3.5);
    json_decref(tree);
}

/* The number or boolean at a dotted path of the JSON. */
static const json_t *at_path(const json_t *tree, const char *path)
{
    char copy[MU_ID_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *key = copy; key != NULL;) {
        char *dot = strchr(key, '.');
        if (dot != NULL) {
            *dot = '\0';
        }
        tree = json_is_array(tree) ? json_array_get(tree, strtoul(key, NULL, 10))
                                   : json_object_get(tree, key);
        key = dot != NULL ? dot + 1 : NULL;
    }
    return tree;
}

/* Every line of the CSV says what the JSON says at its path. */
static void csv(void **state)
{
    (void)state;
    mu_simulation many = simulation;
    many.point.tenants = 3;
    many.point.tenant_tpot_s[2].mean = 0.125;
    paper *p = open_paper();
    const mu_page page = {.out = p->out, .arena = t.arena};
    mu_error err = {0};
    json_t *tree = mu_simulation_figures(&many);
    assert_int_equal(mu_simulation_csv(&page, &many, &err), MU_OK);
    close_paper(p);
    assert_int_equal(strncmp(p->text, "system,metric,value,low,high,unit\n", 34), 0);
    assert_has(p->text, "\nhgx-h100,tenants.2.tpot_s.mean,0.125,0.125,0.125,s\n");
    assert_has(p->text, "\nhgx-h100,stable,1,1,1,\n");
    uint32_t lines = 0;
    for (char *line = strchr(p->text, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        char path[128];
        double value = 0.0;
        double low = 0.0;
        double high = 0.0;
        assert_int_equal(sscanf(line, "hgx-h100,%127[^,],%lf,%lf,%lf", path, &value, &low, &high),
                         4);
        const json_t *found = at_path(tree, path);
        assert_non_null(found);
        if (json_is_object(found)) {
            assert_true(low == json_number_value(json_object_get(found, "low")));
            assert_true(high == json_number_value(json_object_get(found, "high")));
            found = json_object_get(found, "value");
        }
        assert_true(json_is_boolean(found) ? value == (json_is_true(found) ? 1.0 : 0.0)
                                           : value == json_number_value(found));
        lines++;
    }
    assert_true(lines > 100);
    json_decref(tree);
    free_paper(p);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        uint32_t decimals;
        const char *text;
    } cases[] = {{0, 3, "0.000"},
                 {7, 6, "0.000007"},
                 {1234567, 6, "1.234567"},
                 {-1500, 3, "-1.500"},
                 {100000, 2, "1000.00"},
                 {INT64_MAX, 9, "9223372036.854775807"},
                 {INT64_MIN, 1, "-922337203685477580.8"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MU_DIGITS_MAX + 1];
        *mu_digits_scaled(text, cases[i].value, cases[i].decimals) = '\0';
        assert_string_equal(text, cases[i].text);
    }
    char most[MU_DIGITS_MAX + 1];
    *mu_digits_count(most, UINT64_MAX) = '\0';
    assert_string_equal(most, "18446744073709551615");
}

static mu_sim_record sample_record(void)
{
    return (mu_sim_record){.number = 17,
                           .instance = 3,
                           .tenant = 1,
                           .input = 4096,
                           .output = 101,
                           .cached = 512,
                           .preempted = 2,
                           .retried = 1,
                           .arrival_s = 1.25,
                           .start_s = 1.5,
                           .first_token_s = 2.0000004,
                           .end_s = 4.5,
                           .good = true};
}

static void requests(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_error err = {0};
    mu_sim_record r = sample_record();
    mu_requests_begin(p->out);
    mu_requests_row(p->out, &r);
    r.output = 1;
    r.good = false;
    r.end_s = r.first_token_s = 86400.000001;
    mu_requests_row(p->out, &r);
    assert_int_equal(mu_requests_end(p->out, &err), MU_OK);
    close_paper(p);
    assert_string_equal(
        p->text, "number,tenant,instance,input,output,cached,arrival_s,start_s,first_token_s,end_s,"
                 "ttft_s,tpot_s,preempted,retried,good\n"
                 "17,1,3,4096,101,512,1.250000,1.500000,2.000000,4.500000,0.750000,0.025000,2,1,1\n"
                 "17,1,3,4096,1,512,1.250000,1.500000,86400.000001,86400.000001,86398.750001,,2,1,"
                 "0\n");
    free_paper(p);
}

/* Numbers of any size stay inside the row. */
static void requests_extremes(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_sim_record r;
    memset(&r, 0xff, sizeof r);
    r.arrival_s = -1e300;
    r.start_s = r.first_token_s = r.end_s = 1e300;
    r.good = true;
    mu_requests_row(p->out, &r);
    close_paper(p);
    uint32_t commas = 0;
    for (size_t i = 0; i < p->length; i++) {
        commas += p->text[i] == ',' ? 1 : 0;
    }
    assert_int_equal(commas, 14);
    assert_int_equal(p->text[p->length - 1], '\n');
    free_paper(p);
}

static mu_sim_event sample_step(uint32_t instance, double start_s, double end_s)
{
    return (mu_sim_event){.instance = instance,
                          .start_s = start_s,
                          .end_s = end_s,
                          .decode_sequences = 64.0,
                          .waiting = 5,
                          .running = 64,
                          .cache_share = 0.5};
}

/* The timeline read back; frees the paper. */
static json_t *read_timeline(mu_timeline *timeline, paper *p)
{
    mu_error err = {0};
    json_error_t at;
    assert_int_equal(mu_timeline_end(timeline, &err), MU_OK);
    close_paper(p);
    json_t *tree = json_loads(p->text, JSON_REJECT_DUPLICATES, &at);
    if (tree == NULL) {
        fail_msg("%d:%d: %s in\n%s", at.line, at.column, at.text, p->text);
    }
    assert_true(json_is_array(json_object_get(tree, "traceEvents")));
    free_paper(p);
    return tree;
}

static const char *word_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));
    return text != NULL ? text : "";
}

static uint32_t count_phase(const json_t *tree, const char *phase)
{
    const json_t *events = json_object_get(tree, "traceEvents");
    uint32_t count = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        count += strcmp(word_of(json_array_get(events, i), "ph"), phase) == 0 ? 1 : 0;
    }
    return count;
}

/* The n-th event of a phase. */
static const json_t *event_of(const json_t *tree, const char *phase, uint32_t n)
{
    const json_t *events = json_object_get(tree, "traceEvents");
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (strcmp(word_of(event, "ph"), phase) == 0 && n-- == 0) {
            return event;
        }
    }
    fail_msg("no event of phase %s", phase);
    return NULL;
}

static void timeline_of_nothing(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_timeline timeline;
    mu_timeline_begin(&timeline, p->out);
    json_t *tree = read_timeline(&timeline, p);
    assert_int_equal(json_array_size(json_object_get(tree, "traceEvents")), 0);
    json_decref(tree);
}

static void timeline_of_steps(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_timeline timeline;
    mu_sim_event step = sample_step(2, 1.0, 1.0250004);
    mu_timeline_begin(&timeline, p->out);
    mu_timeline_step(&timeline, &step);
    step = sample_step(2, step.end_s, step.end_s + 0.05);
    step.prefill_tokens = 8192.0;
    step.prefill_sequences = 2.0;
    mu_timeline_step(&timeline, &step);
    step.prefill_role = true;
    step.instance = 0;
    step.decode_sequences = 0.0;
    mu_timeline_step(&timeline, &step);
    json_t *tree = read_timeline(&timeline, p);
    assert_int_equal(count_phase(tree, "X"), 3);
    assert_int_equal(count_phase(tree, "C"), 6);
    assert_int_equal(count_phase(tree, "M"), 2 + 1 + 3); /* two roles, one and three instances */
    const json_t *first = event_of(tree, "X", 0);
    const json_t *second = event_of(tree, "X", 1);
    assert_string_equal(word_of(first, "name"), "decode 64");
    assert_string_equal(word_of(second, "name"), "prefill 8192 + decode 64");
    assert_string_equal(word_of(event_of(tree, "X", 2), "name"), "prefill 8192");
    assert_near(number_at(first, "ts", NULL, NULL), 1e6, 1e-15);
    assert_near(number_at(first, "dur", NULL, NULL), 25000.4, 1e-12);
    assert_true(number_at(second, "args", "prefill_sequences", NULL) == 2.0);
    assert_true(number_at(event_of(tree, "C", 1), "args", "percent", NULL) == 50.0);
    const json_t *other = event_of(tree, "X", 2);
    assert_true(number_at(first, "pid", NULL, NULL) != number_at(other, "pid", NULL, NULL));
    assert_true(number_at(first, "tid", NULL, NULL) != number_at(other, "tid", NULL, NULL));
    json_decref(tree);
}

/* Steps that follow each other touch: no nanosecond of overlap, whatever rounding does. */
static void timeline_steps_touch(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_timeline timeline;
    double now_s = 1234.5;
    mu_timeline_begin(&timeline, p->out);
    for (int i = 0; i < 1000; i++) {
        double end_s = now_s + 1e-3 / (3.0 + i);
        mu_sim_event step = sample_step(0, now_s, end_s);
        mu_timeline_step(&timeline, &step);
        now_s = end_s;
    }
    json_t *tree = read_timeline(&timeline, p);
    int64_t end_ns = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        const json_t *event = event_of(tree, "X", i);
        int64_t start_ns = llround(1e3 * number_at(event, "ts", NULL, NULL));
        assert_true(i == 0 || start_ns == end_ns);
        end_ns = start_ns + llround(1e3 * number_at(event, "dur", NULL, NULL));
    }
    json_decref(tree);
}

static void timeline_is_bounded(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_timeline timeline;
    mu_sim_record r = sample_record();
    mu_timeline_begin(&timeline, p->out);
    timeline.steps_most = 10;
    timeline.requests_most = 2;
    for (int i = 0; i < 25; i++) {
        mu_sim_event step = sample_step(0, i, i + 1.0);
        mu_timeline_step(&timeline, &step);
        mu_timeline_request(&timeline, &r);
    }
    json_t *tree = read_timeline(&timeline, p);
    assert_int_equal(count_phase(tree, "X"), 10);
    assert_int_equal(count_phase(tree, "b"), 2 * 4);
    assert_int_equal(count_phase(tree, "e"), 2 * 4);
    const json_t *other = json_object_get(tree, "otherData");
    assert_true(number_at(other, "steps_left_out", NULL, NULL) == 15.0);
    assert_true(number_at(other, "requests_left_out", NULL, NULL) == 23.0);
    json_decref(tree);
}

/* A request that lost its instance has its first token before its last start. */
static void timeline_of_requests(void **state)
{
    (void)state;
    paper *p = open_paper();
    mu_timeline timeline;
    mu_sim_record r = sample_record();
    double last = 0.0;
    r.start_s = 3.0;
    mu_sim_files files = {.timeline = &timeline};
    mu_timeline_begin(&timeline, p->out);
    mu_sim_watch watch = mu_sim_files_watch(&files);
    watch.on_request(watch.context, &r);
    json_t *tree = read_timeline(&timeline, p);
    const json_t *events = json_object_get(tree, "traceEvents");
    for (size_t i = 0; i < 8; i++) {
        double at = number_at(json_array_get(events, i), "ts", NULL, NULL);
        assert_true(at >= last);
        last = at;
    }
    assert_true(number_at(event_of(tree, "b", 0), "args", "input", NULL) == 4096.0);
    json_decref(tree);
}

static void watch_nothing(void **state)
{
    (void)state;
    mu_sim_files none = {0};
    mu_sim_watch watch = mu_sim_files_watch(&none);
    assert_null(watch.on_step);
    assert_null(watch.on_request);
}

static void full_disk(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        skip();
    }
    mu_error err = {0};
    mu_timeline timeline;
    mu_timeline_begin(&timeline, full);
    assert_int_equal(mu_timeline_end(&timeline, &err), MU_E_SYSTEM);
    assert_int_equal(mu_requests_end(full, &err), MU_E_SYSTEM);
    assert_int_equal(mu_simulation_svg(full, &question, &simulation, &err), MU_E_SYSTEM);
    fclose(full);
}

/* Every tag that opens closes, in order; text holds no bare '<' or '&'. */
static void assert_xml(const char *text)
{
    const char *open[32] = {NULL};
    size_t depth = 0;
    for (const char *at = text; (at = strpbrk(at, "<&")) != NULL; at++) {
        if (*at == '&') {
            assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
                        strncmp(at, "&gt;", 4) == 0 || strncmp(at, "&quot;", 6) == 0);
            continue;
        }
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/') {
            assert_true(depth > 0);
            size_t length = strcspn(at + 2, ">");
            assert_int_equal(strncmp(open[--depth], at + 2, length), 0);
        } else if (end[-1] != '/') {
            assert_true(depth < 32);
            open[depth++] = at + 1;
        }
    }
    assert_int_equal(depth, 0);
}

static void draw(const mu_simulation *s, paper *p)
{
    mu_error err = {0};
    assert_int_equal(mu_simulation_svg(p->out, &question, s, &err), MU_OK);
    close_paper(p);
    assert_xml(p->text);
    assert_null(strstr(p->text, "nan"));
    assert_null(strstr(p->text, "inf"));
}

static void picture(void **state)
{
    (void)state;
    paper *p = open_paper();
    draw(&simulation, p);
    assert_has(p->text, "&lt;&amp;&gt;");
    assert_has(p->text, "TTFT SLO 800 ms");
    assert_has(p->text, "<title>TPOT SLO 50.0 ms</title>");
    assert_has(p->text, "time (s)");
    free_paper(p);
}

/* Nothing ended: empty axes, no number that is none. */
static void picture_of_nothing(void **state)
{
    (void)state;
    static mu_simulation nothing;
    paper *p = open_paper();
    draw(&nothing, p);
    free_paper(p);
}

static void svg_steps(void **state)
{
    (void)state;
    assert_near(mu_svg_step(10.0, 5), 2.0, 1e-12);
    assert_near(mu_svg_step(11.0, 5), 5.0, 1e-12);
    assert_near(mu_svg_step(0.06, 6), 0.01, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(json),
        cmocka_unit_test(json_of_one_role),
        cmocka_unit_test(csv),
        cmocka_unit_test(numbers),
        cmocka_unit_test(requests),
        cmocka_unit_test(requests_extremes),
        cmocka_unit_test(timeline_of_nothing),
        cmocka_unit_test(timeline_of_steps),
        cmocka_unit_test(timeline_steps_touch),
        cmocka_unit_test(timeline_is_bounded),
        cmocka_unit_test(timeline_of_requests),
        cmocka_unit_test(watch_nothing),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(picture),
        cmocka_unit_test(picture_of_nothing),
        cmocka_unit_test(svg_steps),
    };
    return cmocka_run_group_tests(tests, open_all, twin_close);
}
