/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a program outside the project builds against the installed library, as C17 and as C++17,
 *         and gets answers and clear refusals from it.
 * Method: the whole public interface once, rightly and wrongly; prints the first check that fails.
 */
#include <muster/muster.h>

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void check(int holds, const char *what, const muster_context *context)
{
    if (!holds) {
        failures++;
        (void)printf("not so: %s; last message: %s\n", what, muster_message(context));
    }
}

static void check_entities(muster_context *context)
{
    uint32_t count = 0;
    const char *id = NULL;
    check(muster_entity_count(context, "chip", &count) == MUSTER_OK, "chips are counted", context);
    check(count > 10, "there are chips", context);
    check(muster_entity_id(context, "chip", 0, &id) == MUSTER_OK && id != NULL, "an id", context);
    check(muster_entity_id(context, "chip", count, &id) != MUSTER_OK, "no id past the end",
          context);
    muster_answer *shown = NULL;
    check(muster_show(context, "ascend-910c", &shown) == MUSTER_OK, "an entity is shown", context);
    check(strstr(muster_answer_json(shown), "910C") != NULL, "by its name", context);
    muster_answer_free(shown);
    shown = NULL;
    check(muster_show(context, "ascend-911", &shown) == MUSTER_E_INPUT, "an unknown id", context);
    check(shown == NULL && muster_message(context)[0] != '\0', "says so", context);
}

static void check_answer(muster_context *context, const muster_answer *answer)
{
    muster_quantity rate = {0.0, 0.0, 0.0};
    const char *text = NULL;
    const char *path = "throughput.output_tokens_per_s";
    check(muster_answer_json(answer)[0] == '{', "the answer is JSON", context);
    check(muster_answer_number(answer, path, &rate) == MUSTER_OK, "it has a rate", context);
    check(rate.value > 0.0 && rate.low <= rate.value && rate.value <= rate.high, "in its interval",
          context);
    check(muster_answer_number(answer, "no.such", &rate) == MUSTER_E_USAGE, "no such path",
          context);
    check(muster_answer_text(answer, "scenario.model", &text) == MUSTER_OK, "the model", context);
    check(text != NULL && strcmp(text, "llama-3.1-8b") == 0, "is named", context);
}

static void check_scenario(muster_context *context)
{
    static const char yaml[] = "{system: hgx-h20, workload: {input: 1024, output: 128}}";
    muster_scenario *scenario = NULL;
    muster_answer *answer = NULL;
    check(muster_scenario_create(context, &scenario) == MUSTER_OK, "a scenario", context);
    check(muster_scenario_parse(scenario, yaml, strlen(yaml)) == MUSTER_OK, "is read", context);
    check(muster_scenario_set(scenario, "model", "llama-3.1-8b") == MUSTER_OK, "and set", context);
    check(muster_scenario_set(scenario, "modle", "x") == MUSTER_E_USAGE, "unknown key", context);
    check(muster_scenario_set(scenario, "slo.tpot", "50") == MUSTER_E_INPUT, "no unit", context);
    check(muster_scenario_parse(scenario, "{", 1) == MUSTER_E_INPUT, "half a file", context);
    check(muster_scenario_read(scenario, "/no/such/file.yaml") != MUSTER_OK, "no file", context);
    check(muster_ask(scenario, "wonder", &answer) == MUSTER_E_USAGE, "unknown verb", context);
    check(muster_ask(scenario, "predict", &answer) == MUSTER_OK, "an answer", context);
    muster_scenario_free(scenario);
    if (answer != NULL) {
        check_answer(context, answer);
    }
    muster_answer_free(answer);
}

int main(void)
{
    muster_context *context = NULL;
    if (muster_context_create(NULL, &context) != MUSTER_OK) {
        (void)printf("no context: %s\n", context == NULL ? "no memory" : muster_message(context));
        return 1;
    }
    check(strcmp(muster_version(), MUSTER_VERSION) == 0, "header and library agree", context);
    check(strcmp(muster_status_text(MUSTER_E_INPUT), "bad input") == 0, "status text", context);
    check_entities(context);
    check_scenario(context);
    muster_context_free(context);
    muster_context_free(NULL);
    muster_scenario_free(NULL);
    muster_answer_free(NULL);
    return failures != 0;
}
