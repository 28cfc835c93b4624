/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of measured cases: a JSON (or YAML) list of
 *
 *     {"id": "...", "source": "...", "fit": false, "verb": "predict", "scenario": {...},
 *      "measured": {"tpot_mean_s": 0.0494}}
 *
 * Terms: a scenario in a case says nothing with null, nor with `chips: 0`.
 * Bound: other keys of a case (note, date, ...) are passed over.
 */
#ifndef MUSTER_IO_CASE_READ_H
#define MUSTER_IO_CASE_READ_H

#include "study/case.h"

/* A growing list of cases; belongs to the arena. With `take` it keeps none but hands each on. */
typedef struct mu_case_list {
    mu_arena *arena;
    mu_case *item;  /* [count], NULL with `take` */
    uint32_t count; /* added so far */
    uint32_t capacity;
    mu_status (*take)(void *context, const mu_case *item, mu_error *err);
    void *context; /* of take; the case and all it points to are gone when it returns */
} mu_case_list;

/** Adds one case; MU_E_MEMORY, or what `take` says. */
mu_status mu_case_list_add(mu_case_list *list, const mu_case *item, mu_error *err) MU_MUST_CHECK;

/**
 * Adds the cases of a document, which must live as long as the list.
 *
 * A scenario that cannot be asked is no failure: validation says why it was not answered.
 *
 * @retval MU_E_INPUT  no list of maps, a case without id, scenario or measure, a measure with an
 *                     unknown word (nearest named) or a value that is not above 0: named with
 *                     file, line and column
 */
mu_status mu_cases_from_doc(const mu_doc *doc, mu_case_list *list, mu_error *err) MU_MUST_CHECK;

/** The same from a file. */
mu_status mu_cases_read(const char *path, mu_case_list *list, mu_error *err) MU_MUST_CHECK;

#endif
