/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option registry: one row a field of the scenario. Flags, scenario keys, help, the JSON
 * Schema, the man page and shell completion are all made from it.
 */
#ifndef MUSTER_STUDY_OPTION_H
#define MUSTER_STUDY_OPTION_H

#include "base/doc.h"
#include "base/units.h"
#include "study/scenario.h"

#include <stddef.h>

typedef enum mu_option_type {
    MU_OPTION_NUMBER,  /* double with a dimension and limits; whole when it is a COUNT */
    MU_OPTION_AUTO,    /* the same, or the word `auto` (0) */
    MU_OPTION_OFF,     /* the same, or the word `off` (0) */
    MU_OPTION_SWITCH,  /* bool into an int: -1 unsaid, 0, 1 */
    MU_OPTION_TEXT,    /* char[MU_ID_MAX] */
    MU_OPTION_MONEY,   /* the same: money in any currency, limits in USD; or `auto` ("") */
    MU_OPTION_DTYPE,   /* int, -1 unsaid */
    MU_OPTION_CHOICE,  /* int or enum: which of `word` */
    MU_OPTION_NUMBERS, /* mu_numbers: a number or a list of them, comma-separated as text */
    MU_OPTION_LIST     /* ids into `with`, comma-separated as text; adds to what is there */
} mu_option_type;

typedef struct mu_option {
    const char *path; /* scenario key, dotted: "slo.tpot", "deployment.decode.batch" */
    const char *flag; /* "tpot" for --tpot; NULL = scenario only */
    mu_option_type type;
    mu_dimension dimension;
    size_t offset; /* in mu_scenario */
    double low;
    double high;
    double initial;          /* of numbers: the value when nothing is said */
    const char *value;       /* metavariable in help ("TIME") */
    const char *doc;         /* one line */
    const char *const *word; /* [words] of a choice; the first when nothing is said */
    size_t words;
    bool over_time; /* only what lets requests arrive over time looks at it */
    bool of_cost;   /* only what counts money looks at it */
} mu_option;

/** All rows in the order of help; static. */
const mu_option *mu_options(size_t *count);

/** Row of a flag name without dashes, or NULL. */
const mu_option *mu_option_by_flag(const char *flag);

/** Row of a dotted scenario key, or NULL. */
const mu_option *mu_option_by_path(const char *path);

/** Whether the scenario says it: a number that is its own default is not said. */
bool mu_option_said(const mu_option *option, const mu_scenario *scenario);

/** Words of deployment.mode, in the order of mu_mode; static. */
const char *mu_mode_text(mu_mode mode);

/**
 * Sets one option from text ("50ms", "auto", "fp8"). Setting a field of a role marks the role as
 * given.
 * @retval MU_E_INPUT  with what was expected and what was found; the scenario is untouched
 */
mu_status mu_option_set(const mu_option *option, const char *text, mu_scenario *scenario,
                        mu_error *err) MU_MUST_CHECK;

/**
 * Fills a scenario from a document: unknown keys refused with the nearest known one and the place,
 * `system: id` as well as `system: {id:, chips:}`, `deployment: auto` as well as a map,
 * `uncertainty: off` as well as a map, `input: {mean, sigma}` and `input: {histogram}` for the keys
 * of that end. What steady state answers more coarsely (distributions, percentiles, what only a
 * simulation looks at) leaves a warning in the scenario.
 * Fields not mentioned keep their value, so flags may be applied after.
 */
mu_status mu_scenario_read(const mu_doc *doc, mu_scenario *scenario, mu_error *err) MU_MUST_CHECK;

#endif
