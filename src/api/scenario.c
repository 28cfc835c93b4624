/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios: from text, from a file, option by option.
 */
#include "api/handle.h"

#include "base/text.h"
#include "io/doc_read.h"

#include <stdlib.h>

enum { KEYS_MAX = 256 };

muster_status muster_scenario_create(muster_context *context, muster_scenario **out)
{
    mu_error *err = mu_api_begin(context);
    muster_scenario *scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL) {
        return mu_api_end(context, mu_fail(err, MU_E_MEMORY, "out of memory"));
    }
    scenario->context = context;
    mu_scenario_init(&scenario->scenario);
    *out = scenario;
    return MUSTER_OK;
}

void muster_scenario_free(muster_scenario *scenario)
{
    free(scenario);
}

/* Reads into a copy, so that a failure leaves the scenario alone. */
static mu_status read_doc(muster_scenario *scenario, const mu_doc *doc, mu_error *err)
{
    mu_scenario copy = scenario->scenario;
    mu_status status = mu_scenario_read(doc, &copy, err);
    if (status == MU_OK) {
        scenario->scenario = copy;
    }
    return status;
}

muster_status muster_scenario_parse(muster_scenario *scenario, const char *text, size_t length)
{
    mu_error *err = mu_api_begin(scenario->context);
    mu_arena *arena = mu_arena_create(0);
    mu_doc doc;
    mu_status status = arena != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
    if (status == MU_OK) {
        status = mu_doc_read_text(arena, text, length, "", MU_DOC_YAML, &doc, err);
    }
    if (status == MU_OK) {
        status = read_doc(scenario, &doc, err);
    }
    mu_arena_free(arena);
    return mu_api_end(scenario->context, status);
}

muster_status muster_scenario_read(muster_scenario *scenario, const char *path)
{
    mu_error *err = mu_api_begin(scenario->context);
    mu_arena *arena = mu_arena_create(0);
    mu_doc doc;
    mu_status status = arena != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
    if (status == MU_OK) {
        status = mu_doc_read_file(arena, path, &doc, err);
    }
    if (status == MU_OK) {
        status = read_doc(scenario, &doc, err);
    }
    mu_arena_free(arena);
    return mu_api_end(scenario->context, status);
}

static mu_status unknown_key(const char *key, mu_error *err)
{
    const char *names[KEYS_MAX];
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    count = count < KEYS_MAX ? count : KEYS_MAX;
    for (size_t i = 0; i < count; i++) {
        names[i] = options[i].path;
    }
    const char *near = mu_text_nearest(key, names, count);
    return mu_fail(err, MU_E_USAGE, "unknown option \"%.64s\"%s%s%s", key,
                   near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                   near != NULL ? "\"?" : "");
}

muster_status muster_scenario_set(muster_scenario *scenario, const char *key, const char *value)
{
    mu_error *err = mu_api_begin(scenario->context);
    const mu_option *option = mu_option_by_path(key);
    if (option == NULL) {
        return mu_api_end(scenario->context, unknown_key(key, err));
    }
    mu_scenario copy = scenario->scenario;
    mu_status status = mu_option_set(option, value, &copy, err);
    if (status == MU_OK) {
        scenario->scenario = copy;
    }
    return mu_api_end(scenario->context, status);
}
