/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   every option can be set from its flag text and from a scenario file, and nothing wrong
 *         gets in.
 * Method: values by hand, each short form, each refusal with its message and place, then properties
 *         of the registry (unique names, every field reachable, failed calls leave the scenario
 *         alone).
 */
#include "io/doc_read.h"
#include "serving/simulate.h"
#include "study/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static mu_status set(const char *flag, const char *text, mu_scenario *scenario, mu_error *err)
{
    const mu_option *option = mu_option_by_flag(flag);
    assert_non_null(option);
    memset(err, 0, sizeof *err);
    return mu_option_set(option, text, scenario, err);
}

static mu_status read_text(const char *text, mu_scenario *scenario, mu_error *err)
{
    mu_arena *arena = mu_arena_create(0);
    assert_non_null(arena);
    mu_doc doc;
    memset(err, 0, sizeof *err);
    assert_int_equal(
        mu_doc_read_text(arena, text, strlen(text), "case.yaml", MU_DOC_YAML, &doc, err), MU_OK);
    mu_scenario_init(scenario);
    mu_status status = mu_scenario_read(&doc, scenario, err);
    mu_arena_free(arena);
    return status;
}

static void defaults(void **state)
{
    (void)state;
    mu_scenario scenario;
    mu_scenario_init(&scenario);
    assert_true(scenario.samples == 256.0);
    assert_true(scenario.seed == 1.0);
    assert_true(scenario.threads == 0.0);
    assert_true(scenario.decode.mtp == -1.0);
    assert_true(scenario.serve.redundant_experts == -1.0);
    assert_int_equal(scenario.weights, -1);
    assert_int_equal(scenario.prefill.chunked_prefill, -1);
    assert_int_equal(scenario.mode, MU_MODE_AUTO);
    assert_false(scenario.serve.given);
}

static void values(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    mu_scenario_init(&s);
    assert_int_equal(set("tpot", "50ms", &s, &err), MU_OK);
    assert_true(s.tpot_s == 0.05);
    assert_int_equal(set("rate", "100/s", &s, &err), MU_OK);
    assert_true(s.rate == 100.0);
    assert_int_equal(set("rate", "2.5", &s, &err), MU_OK);
    assert_true(s.rate == 2.5);
    assert_int_equal(set("uncertainty", "off", &s, &err), MU_OK);
    assert_true(s.samples == 0.0);
    assert_int_equal(set("concurrency", "128", &s, &err), MU_OK);
    assert_int_equal(set("concurrency", "auto", &s, &err), MU_OK);
    assert_true(s.concurrency == 0.0);
    assert_int_equal(set("weights", "fp8_block", &s, &err), MU_OK);
    assert_int_equal(s.weights, MU_DTYPE_FP8_BLOCK);
    assert_int_equal(set("mode", "disaggregated", &s, &err), MU_OK);
    assert_int_equal(s.mode, MU_MODE_DISAGGREGATED);
    assert_int_equal(set("decode-acceptance", "0.9,0.5", &s, &err), MU_OK);
    assert_int_equal(s.decode.acceptance.count, 2);
    assert_true(s.decode.acceptance.value[1] == 0.5);
    assert_true(s.decode.given && !s.prefill.given && !s.serve.given);
    assert_int_equal(set("chunked-prefill", "no", &s, &err), MU_OK);
    assert_int_equal(s.serve.chunked_prefill, 0);
    assert_int_equal(set("with", "cloudmatrix-384,hgx-h20", &s, &err), MU_OK);
    assert_int_equal(set("with", "dgx-h200", &s, &err), MU_OK);
    assert_int_equal(s.with_count, 3);
    assert_string_equal(s.with[2], "dgx-h200");
    assert_int_equal(set("prefix-hit", "50 %", &s, &err), MU_OK);
    assert_true(s.prefix_hit == 0.5);
}

static void bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *flag, *text;
    } bad[] = {
        {"tpot", "50"},
        {"tpot", "50 GB"},
        {"tpot", "-1ms"},
        {"tpot", ""},
        {"input", "-5"},
        {"input", "0"},
        {"input", "1e12"},
        {"input", "1.5"},
        {"input", "many"},
        {"input", "nan"},
        {"chips", "0"},
        {"chips", "1e30"},
        {"weights", "fp9"},
        {"weights", ""},
        {"mode", "fast"},
        {"model", ""},
        {"model", "a\nb"},
        {"prefix-hit", "1.5"},
        {"tp", "-1"},
        {"tp", "2.5"},
        {"microbatches", "3"},
        {"acceptance", "2"},
        {"acceptance", ""},
        {"mtp", "9"},
        {"threads", "1000"},
        {"uncertainty", "-1"},
        {"rate", "0"},
        {"seed", "-1"},
        {"chunked-prefill", "maybe"},
        {"with", "a,,b"},
        {"imbalance", "0.5"},
        {"acceptance", ".1,.1,.1,.1,.1,.1,.1,.1,.1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_scenario s;
        mu_scenario before;
        mu_error err;
        mu_scenario_init(&s);
        before = s;
        assert_int_equal(set(bad[i].flag, bad[i].text, &s, &err), MU_E_INPUT);
        assert_true(err.text[0] != '\0');
        before.with[0][0] = s.with[0][0]; /* slots past with_count hold nothing */
        s.with_count = before.with_count;
        assert_true(s.serve.given == before.serve.given);
        assert_memory_equal(&s.chips, &before.chips, sizeof s - offsetof(mu_scenario, chips));
    }
}

static void too_long(void **state)
{
    (void)state;
    char text[MU_ID_MAX + 1];
    mu_scenario s;
    mu_error err;
    mu_scenario_init(&s);
    memset(text, 'a', sizeof text);
    text[MU_ID_MAX] = '\0';
    assert_int_equal(set("model", text, &s, &err), MU_E_INPUT);
    text[MU_ID_MAX - 1] = '\0';
    assert_int_equal(set("model", text, &s, &err), MU_OK);
}

static void suggestion(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    mu_scenario_init(&s);
    assert_int_equal(set("kv", "fp8_blok", &s, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "did you mean \"fp8_block\""));
}

static void whole_file(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    static const char text[] = "model: deepseek-r1\n"
                               "system: {id: cloudmatrix-384, chips: 256}\n"
                               "precision: {weights: int8, activations: int8, kv: bf16}\n"
                               "engine: mindie\n"
                               "deployment:\n"
                               "  mode: disaggregated\n"
                               "  prefill: {instances: 6, dp: 32, ep: 32, batch_tokens: 8192,\n"
                               "            microbatches: 2}\n"
                               "  decode:  {instances: 1, dp: 320, ep: 320, batch: 48, mtp: 1,\n"
                               "            acceptance: [0.7, 0.4]}\n"
                               "workload: {input: 4096, output: 1024, concurrency: auto}\n"
                               "slo: {ttft: 2s, tpot: 50ms}\n"
                               "uncertainty: {samples: 64, seed: 7}\n";
    assert_int_equal(read_text(text, &s, &err), MU_OK);
    assert_string_equal(s.file, "case.yaml");
    assert_string_equal(s.system, "cloudmatrix-384");
    assert_true(s.chips == 256.0 && s.input == 4096.0 && s.output == 1024.0);
    assert_int_equal(s.mode, MU_MODE_DISAGGREGATED);
    assert_true(s.prefill.given && s.decode.given && !s.serve.given);
    assert_true(s.prefill.instances == 6.0 && s.decode.ep == 320.0 && s.decode.mtp == 1.0);
    assert_int_equal(s.decode.acceptance.count, 2);
    assert_true(s.ttft_s == 2.0 && s.tpot_s == 0.05);
    assert_true(s.samples == 64.0 && s.seed == 7.0);
    assert_int_equal(s.warning_count, 0);
}

static void short_forms(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    assert_int_equal(read_text("system: dgx-h100\ndeployment: auto\nuncertainty: off\n", &s, &err),
                     MU_OK);
    assert_string_equal(s.system, "dgx-h100");
    assert_true(s.samples == 0.0);
    assert_int_equal(read_text("{\"workload\": {\"rate\": \"100/s\", \"input\": 8}}", &s, &err),
                     MU_OK);
    assert_true(s.rate == 100.0 && s.input == 8.0);
    assert_int_equal(read_text("slo: {tpot: {p99: 50ms}}\n", &s, &err), MU_OK);
    assert_true(s.tpot_s == 0.05);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(read_text("workload: {input: {mean: 900, sigma: 100}}\n", &s, &err), MU_OK);
    assert_true(s.input == 900.0);
    assert_int_equal(s.warning_count, 1);
    assert_int_equal(read_text("with: [dgx-h200, hgx-h20]\n", &s, &err), MU_OK);
    assert_int_equal(s.with_count, 2);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        uint32_t line;
    } bad[] = {
        {"a\n", "expected a scenario", 1},
        {"- model\n", "expected a scenario", 1},
        {"model: x\nsytem: y\n", "did you mean \"system\"", 2},
        {"workload:\n  inptu: 5\n", "did you mean \"input\"", 2},
        {"deployment: {decode: {batsh: 5}}\n", "did you mean \"batch\"", 1},
        {"deployment: 5\n", "expected auto, aggregated", 1},
        {"workload: 5\n", "expected a map", 1},
        {"workload: [1]\n", "expected a map", 1},
        {"workload: {input: many}\n", "workload.input", 1},
        {"workload: {input: \"4096\"}\n", "expected a number", 1},
        {"workload: {input: [1, 2]}\n", "found a list", 1},
        {"workload: {input: }\n", "found nothing", 1},
        {"workload: {input: {sigma: 2}}\n", "expected a mean", 1},
        {"workload: {input: {mean: 5, histogram: a.csv}}\n", "or a histogram", 1},
        {"workload: {input: {mean: 5, sigma: -1}}\n", "input_sigma", 1},
        {"workload: {arrival: often}\n", "expected auto, closed, poisson, gamma, constant or", 1},
        {"workload: {tenants: [1, x]}\n", "workload.tenants", 1},
        {"serving: {polciy: vllm}\n", "did you mean \"policy\"", 1},
        {"serving: vllm\n", "expected a map", 1},
        {"slo:\n  tpot: 50\n", "slo.tpot", 2},
        {"slo: {tpot: {p99: 1s, p50: 1s}}\n", "one percentile", 1},
        {"slo: {tpot: {p98: 1s}}\n", "unknown key", 1},
        {"model: {a: b}\n", "model: expected", 1},
        {"with: [[a]]\n", "plain value", 1},
        {"with: ['a,b']\n", "plain value", 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_scenario s;
        mu_error err;
        assert_int_equal(read_text(bad[i].text, &s, &err), MU_E_INPUT);
        assert_non_null(strstr(err.text, bad[i].message));
        assert_int_equal(err.line, bad[i].line);
        assert_string_equal(err.file, "case.yaml");
    }
}

static void settled(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    assert_int_equal(read_text("deployment: {serve: {tp: 8}}\n", &s, &err), MU_OK);
    assert_int_equal(mu_scenario_settle(&s, &err), MU_OK);
    assert_int_equal(s.mode, MU_MODE_AGGREGATED);
    assert_int_equal(read_text("deployment: {decode: {tp: 8}}\n", &s, &err), MU_OK);
    assert_int_equal(mu_scenario_settle(&s, &err), MU_OK);
    assert_int_equal(s.mode, MU_MODE_DISAGGREGATED);
    static const char *const bad[] = {"deployment: {decode: {tp: 8}, serve: {tp: 8}}\n",
                                      "deployment: {mode: aggregated, prefill: {tp: 8}}\n",
                                      "deployment: {mode: disaggregated, serve: {tp: 8}}\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(bad[i], &s, &err), MU_OK);
        assert_int_equal(mu_scenario_settle(&s, &err), MU_E_INPUT);
    }
}

/* What only a simulation looks at: kept as said, one remark for steady state each. */
static void over_time(void **state)
{
    (void)state;
    mu_scenario s;
    mu_error err;
    static const char text[] =
        "workload:\n"
        "  input: {mean: 900, sigma: 100}\n"
        "  output: {histogram: out.csv}\n"
        "  tenants: [3, 1]\n"
        "serving: {policy: trtllm-max, router: prefix, prefix_cache: no, watermark: 0.05}\n";
    assert_int_equal(read_text(text, &s, &err), MU_OK);
    assert_true(s.input == 900.0 && s.input_length.sigma == 100.0);
    assert_string_equal(s.output_length.histogram, "out.csv");
    assert_int_equal(s.tenants.count, 2);
    assert_true(s.tenants.value[0] == 3.0);
    assert_int_equal(s.serving.policy, 1 + MU_POLICY_TRTLLM_MAX);
    assert_int_equal(s.serving.router, MU_ROUTER_PREFIX);
    assert_int_equal(s.serving.prefix_cache, 0);
    assert_true(s.serving.watermark == 0.05);
    assert_int_equal(s.warning_count, 4);
    assert_non_null(strstr(s.warning[3], "serving: "));
    assert_int_equal(set("output", "512", &s, &err), MU_OK);
    assert_string_equal(s.output_length.histogram, "");
}

static void arrivals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mu_arrival_wish arrival;
    } good[] = {
        {"model: a\n", MU_ARRIVE_CLOSED},
        {"workload: {rate: 5/s}\n", MU_ARRIVE_POISSON},
        {"workload: {rate: 5/s, arrival: constant}\n", MU_ARRIVE_CONSTANT},
        {"workload: {trace: a.csv}\n", MU_ARRIVE_TRACE},
    };
    static const char *const bad[] = {
        "workload: {rate: 5/s, concurrency: 5}\n",
        "workload: {rate: 5/s, arrival: closed}\n",
        "workload: {arrival: gamma}\n",
        "workload: {arrival: trace}\n",
        "workload: {trace: a.csv, rate: 5/s}\n",
        "workload: {trace: a.csv, arrival: poisson}\n",
    };
    mu_scenario s;
    mu_error err;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(read_text(good[i].text, &s, &err), MU_OK);
        assert_int_equal(mu_scenario_settle(&s, &err), MU_OK);
        assert_int_equal(mu_scenario_arrival(&s), good[i].arrival);
    }
    assert_int_equal(mu_scenario_check_steady(&s, &err), MU_E_INPUT);
    assert_string_equal(err.file, "case.yaml");
    assert_int_equal(err.line, 1);
    assert_non_null(strstr(err.text, "request-level"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(bad[i], &s, &err), MU_OK);
        assert_int_equal(mu_scenario_settle(&s, &err), MU_E_INPUT);
    }
}

/* Rows have names of their own, and each answers to them. */
static void registry(void **state)
{
    (void)state;
    size_t count = 0;
    const mu_option *rows = mu_options(&count);
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(mu_option_by_path(rows[i].path), &rows[i]);
        assert_true(rows[i].flag == NULL || mu_option_by_flag(rows[i].flag) == &rows[i]);
        assert_true(rows[i].doc[0] != '\0' && rows[i].value[0] != '\0');
        assert_true(rows[i].offset < sizeof(mu_scenario));
        for (size_t j = i + 1; j < count; j++) {
            assert_true(rows[i].offset != rows[j].offset);
        }
    }
    assert_null(mu_option_by_flag("nonsense"));
    assert_null(mu_option_by_path("deployment"));
}

static void warnings_are_bounded(void **state)
{
    (void)state;
    mu_scenario s;
    mu_scenario_init(&s);
    for (int i = 0; i < 2 * MU_SCENARIO_WARNINGS_MAX; i++) {
        mu_scenario_warn(&s, "remark %d", i);
    }
    assert_int_equal(s.warning_count, MU_SCENARIO_WARNINGS_MAX);
    assert_string_equal(s.warning[3], "remark 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(too_long),
        cmocka_unit_test(suggestion),
        cmocka_unit_test(whole_file),
        cmocka_unit_test(short_forms),
        cmocka_unit_test(refused),
        cmocka_unit_test(settled),
        cmocka_unit_test(over_time),
        cmocka_unit_test(arrivals),
        cmocka_unit_test(registry),
        cmocka_unit_test(warnings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
