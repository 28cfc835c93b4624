/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster: a digital twin of AI accelerator systems. The public library.
 *
 * What:  a context holds a catalogue of chips, systems and models; a scenario says what is asked;
 *        an answer holds the numbers with their 90 % intervals.
 * Use:   create a context, make a scenario, set options by their keys (`muster help predict` lists
 *        the flags, `muster help --man` the keys), ask, read numbers by path.
 * Rules: every function returns a muster_status; on failure the context's message says why and
 *        outputs are untouched. Nothing is printed, nothing is global, nothing aborts on bad input.
 *        "owned" results are freed by the caller with the function of their name, "borrowed" ones
 *        belong to the handle they came from and live as long.
 * Threads: a context and all that came from it belong to one thread at a time; contexts are
 *          independent.
 */
#ifndef MUSTER_MUSTER_H
#define MUSTER_MUSTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_VERSION "0.1.0"

#if defined(__GNUC__)
#define MUSTER_API __attribute__((visibility("default")))
#define MUSTER_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MUSTER_API
#define MUSTER_MUST_CHECK
#endif

/* Numbers are never reused. */
typedef enum muster_status {
    MUSTER_OK = 0,
    MUSTER_NO = 1,      /* answered: no; the message says what is in the way */
    MUSTER_E_USAGE = 2, /* the library was called wrongly */
    MUSTER_E_INPUT = 3, /* bad input; the message has file, line and column where known */
    MUSTER_E_MEMORY = 4,
    MUSTER_E_SYSTEM = 5, /* a file or a thread failed */
    MUSTER_E_CANCELLED = 6
} muster_status;

typedef struct muster_context muster_context;
typedef struct muster_scenario muster_scenario;
typedef struct muster_answer muster_answer;

/* A value and its 90 % interval, low <= value <= high; equal when uncertainty is off. SI units. */
typedef struct muster_quantity {
    double value;
    double low;
    double high;
} muster_quantity;

/** Version of the library that is linked ("0.1.0"). Static. */
MUSTER_API const char *muster_version(void);

/** Text of a status ("bad input"). Static. */
MUSTER_API const char *muster_status_text(muster_status status);

/**
 * A context with the built-in catalogue.
 *
 * @param[in]  overlay  directory of catalogue files that add to or replace the built-in ones; NULL:
 *                      none
 * @param[out] out      owned; set even when the overlay is bad, so that muster_message() can be
 *                      read; NULL only when memory is out
 * @retval MUSTER_E_INPUT   a file of the overlay is bad; only muster_message() and
 *                          muster_context_free() may be called on such a context
 * @retval MUSTER_E_MEMORY  out of memory
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_context_create(const char *overlay,
                                                                 muster_context **out);

/** Frees the context; its scenarios and answers must have been freed before. NULL is allowed. */
MUSTER_API void muster_context_free(muster_context *context);

/** What went wrong last on this context ("" when nothing did). Borrowed until the next call. */
MUSTER_API const char *muster_message(const muster_context *context);

/** An empty scenario with default values. @param[out] out owned */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_scenario_create(muster_context *context,
                                                                  muster_scenario **out);

/** Frees a scenario. NULL is allowed. */
MUSTER_API void muster_scenario_free(muster_scenario *scenario);

/**
 * Reads a scenario, YAML or JSON, over what is set already; on failure the scenario is as it was.
 * @param[in] text    borrowed during the call
 * @param[in] length  bytes of text
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_scenario_parse(muster_scenario *scenario,
                                                                 const char *text, size_t length);

/** The same from a file. */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_scenario_read(muster_scenario *scenario,
                                                                const char *path);

/**
 * Sets one option by its key.
 * @param[in] key    scenario key, dotted: "model", "system.id", "workload.input", "slo.tpot",
 *                   "deployment.serve.tp"
 * @param[in] value  as in a file: "llama-3.1-8b", "4096", "50ms", "off"
 * @retval MUSTER_E_USAGE  unknown key (the nearest is named)
 * @retval MUSTER_E_INPUT  bad value
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_scenario_set(muster_scenario *scenario,
                                                               const char *key, const char *value);

/**
 * Asks a question.
 *
 * @param[in]  verb  "predict", "plan", "simulate" or "match" (the other system is option "with")
 * @param[out] out   owned; holds the answer alone, the scenario may be changed or freed after
 * @retval MUSTER_NO  nothing fits, or no plan meets the SLO; no answer is made
 * Cost: microseconds for predict with uncertainty off, up to seconds for match with it on.
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_ask(const muster_scenario *scenario,
                                                      const char *verb, muster_answer **out);

/** Frees an answer. NULL is allowed. */
MUSTER_API void muster_answer_free(muster_answer *answer);

/** The whole answer as one JSON object (the contract of docs/json.md). Borrowed from the answer. */
MUSTER_API const char *muster_answer_json(const muster_answer *answer);

/**
 * One number of the answer.
 * @param[in]  path  dotted path in the JSON: "decode.tpot_s", "matched.power_w", "pareto.0.chips"
 * @param[out] out   plain numbers have low = high = value
 * @retval MUSTER_E_USAGE  no such path, or no number there
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_answer_number(const muster_answer *answer,
                                                                const char *path,
                                                                muster_quantity *out);

/** Text of the answer ("matched.bound", "sentence"), borrowed. Errors as muster_answer_number(). */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_answer_text(const muster_answer *answer,
                                                              const char *path, const char **out);

/**
 * Number of entities of a kind ("chip", "system", "engine", "model", "calibration", "cloud",
 * "foundry", "process").
 */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_entity_count(muster_context *context,
                                                               const char *kind, uint32_t *out);

/** Id of the i-th entity of a kind, in order of id. Borrowed from the context. */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_entity_id(muster_context *context,
                                                            const char *kind, uint32_t index,
                                                            const char **out);

/** Everything known of an entity, as an answer to read JSON, numbers and text from. Owned. */
MUSTER_API MUSTER_MUST_CHECK muster_status muster_show(muster_context *context, const char *id,
                                                       muster_answer **out);

#ifdef __cplusplus
}
#endif

#endif
