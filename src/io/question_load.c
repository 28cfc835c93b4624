/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a scenario to a question.
 */
#include "io/question_load.h"

#include "io/doc_read.h"
#include "io/length_read.h"
#include "io/trace_read.h"

#include <string.h>

static bool is_path(const mu_catalog *catalog, const char *model)
{
    static const char suffix[] = ".json";
    size_t length = strlen(model);
    size_t suffix_length = sizeof suffix - 1;
    if (model[0] == '.' || model[0] == '/') {
        return true;
    }
    if (length > suffix_length && strcmp(model + length - suffix_length, suffix) == 0) {
        return true;
    }
    const mu_entity *entity = NULL;
    mu_error ignored = {0};
    return strchr(model, '/') != NULL &&
           mu_catalog_find(catalog, MU_ENTITY_MODEL, model, &entity, &ignored) != MU_OK;
}

/* A histogram says the mean, too. */
static mu_status read_lengths(const char *path, mu_arena *arena, mu_length *lengths, double *mean,
                              mu_error *err)
{
    if (path[0] == '\0') {
        return MU_OK;
    }
    mu_status status = mu_length_read(path, arena, lengths, err);
    if (status == MU_OK) {
        *mean = lengths->mean;
    }
    return status;
}

mu_status mu_question_load(const mu_catalog *catalog, const mu_scenario *scenario, mu_arena *arena,
                           mu_question *out, mu_error *err)
{
    /* A file that leaves it out is bad input, a command line wrong usage. */
    mu_status missing = scenario->file[0] != '\0' ? MU_E_INPUT : MU_E_USAGE;
    if (scenario->model[0] == '\0') {
        return mu_fail_at(err, missing, scenario->file, 0, 0,
                          "no model: expected --model ID, --model config.json or model: in a "
                          "scenario");
    }
    if (scenario->system[0] == '\0') {
        return mu_fail_at(err, missing, scenario->file, 0, 0,
                          "no system: expected --system ID or system: in a scenario");
    }
    mu_doc config;
    bool named = !is_path(catalog, scenario->model);
    mu_status status = named ? MU_OK : mu_doc_read_file(arena, scenario->model, &config, err);
    if (status == MU_OK) {
        status = mu_question_make(catalog, scenario, named ? NULL : &config, arena, out, err);
    }
    if (status == MU_OK) {
        status = read_lengths(scenario->input_length.histogram, arena, &out->measured_input,
                              &out->workload.input, err);
    }
    if (status == MU_OK) {
        status = read_lengths(scenario->output_length.histogram, arena, &out->measured_output,
                              &out->workload.output, err);
    }
    return status == MU_OK ? mu_question_check_length(out, err) : status;
}

mu_status mu_question_trace(const mu_question *question, mu_arena *arena, mu_sim_source *trace,
                            const mu_sim_source **source, mu_error *err)
{
    const mu_scenario *s = question->scenario;
    mu_trace_options options = {
        .path = s->trace, .speed = s->trace_speed, .limit = (uint64_t)s->requests};
    *source = NULL;
    if (s->trace[0] == '\0') {
        return MU_OK;
    }
    mu_status status = mu_trace_source(&options, arena, trace, err);
    if (status == MU_OK) {
        *source = trace;
    }
    return status;
}
