/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a program of someone else's builds against the installed library and gets an answer.
 * Method: predicts Llama 3.1 8B on an HGX H100, prints the time per token, and reads an error
 * message.
 */
#include <muster/muster.h>

#include <stdio.h>
#include <string.h>

static int fail(const muster_context *context)
{
    printf("%s\n", context != NULL ? muster_message(context) : "out of memory");
    return 1;
}

static muster_status set_all(muster_scenario *scenario)
{
    static const char *const settings[][2] = {
        {"model", "llama-3.1-8b"},     {"system.id", "hgx-h100"},
        {"workload.input", "1024"},    {"workload.output", "256"},
        {"deployment.serve.tp", "1"},  {"deployment.serve.batch", "32"},
        {"uncertainty.samples", "64"}, {"threads", "1"},
    };
    size_t i = 0;
    for (i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        muster_status status = muster_scenario_set(scenario, settings[i][0], settings[i][1]);
        if (status != MUSTER_OK) {
            return status;
        }
    }
    return MUSTER_OK;
}

int main(void)
{
    muster_context *context = NULL;
    muster_scenario *scenario = NULL;
    muster_answer *answer = NULL;
    muster_quantity tpot = {0.0, 0.0, 0.0};
    if (muster_context_create(NULL, &context) != MUSTER_OK ||
        muster_scenario_create(context, &scenario) != MUSTER_OK || set_all(scenario) != MUSTER_OK ||
        muster_ask(scenario, "predict", &answer) != MUSTER_OK ||
        muster_answer_number(answer, "decode.tpot_s", &tpot) != MUSTER_OK) {
        return fail(context);
    }
    printf("muster %s: TPOT %.2f ms (90 %% interval %.2f to %.2f)\n", muster_version(),
           1e3 * tpot.value, 1e3 * tpot.low, 1e3 * tpot.high);
    if (!(tpot.low <= tpot.value && tpot.value <= tpot.high && tpot.value > 1e-3 &&
          tpot.value < 0.1)) {
        return 1;
    }
    if (muster_scenario_set(scenario, "slo.tpot", "50") != MUSTER_E_INPUT ||
        strstr(muster_message(context), "slo.tpot") == NULL) {
        return 1;
    }
    muster_answer_free(answer);
    muster_scenario_free(scenario);
    muster_context_free(context);
    return 0;
}
