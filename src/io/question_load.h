/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a scenario to a question, model files included.
 */
#ifndef MUSTER_IO_QUESTION_LOAD_H
#define MUSTER_IO_QUESTION_LOAD_H

#include "study/simulate.h"

/**
 * mu_question_make(), with the model's config.json read when the scenario names a file: a name that
 * ends in .json or starts with '.' or '/', or one with a '/' that the catalogue does not know; and
 * with the histograms of lengths that it names.
 *
 * @param[in] arena     the config's document lives in it
 * @param[in] scenario  borrowed by the question
 * @retval MU_E_USAGE   no model or no system named (MU_E_INPUT when the scenario is a file)
 * @retval others       of mu_doc_read_file() and mu_question_make()
 */
mu_status mu_question_load(const mu_catalog *catalog, const mu_scenario *scenario, mu_arena *arena,
                           mu_question *out, mu_error *err) MU_MUST_CHECK;

/**
 * The trace that the scenario names, as a source of requests.
 *
 * @param[out] trace   filled where one is named; a reader of its files belongs to each open()
 * @param[out] source  trace, or NULL where none is named: requests are made
 * @retval MU_E_INPUT, MU_E_MEMORY  of mu_trace_source()
 */
mu_status mu_question_trace(const mu_question *question, mu_arena *arena, mu_sim_source *trace,
                            const mu_sim_source **source, mu_error *err) MU_MUST_CHECK;

#endif
