/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is behind the public handles.
 */
#ifndef MUSTER_API_HANDLE_H
#define MUSTER_API_HANDLE_H

#include "muster/muster.h"

#include "catalog/catalog.h"
#include "report/json.h"
#include "study/option.h"

struct muster_context {
    mu_arena *arena;     /* the catalogue's */
    mu_catalog *catalog; /* NULL when the overlay was bad */
    mu_error error;
    char message[MU_ERROR_FILE_MAX + MU_ERROR_TEXT_MAX + 64];
};

struct muster_scenario {
    muster_context *context;
    mu_scenario scenario;
};

struct muster_answer {
    muster_context *context;
    json_t *json; /* owned */
    char *text;   /* owned */
};

/** Forgets the last message; every public function that can fail starts with it. */
mu_error *mu_api_begin(muster_context *context);

/** Status of the library as the public one; keeps the message. */
muster_status mu_api_end(muster_context *context, mu_status status);

/** Makes an answer of an owned tree (NULL: out of memory). */
mu_status mu_api_answer(muster_context *context, json_t *json, muster_answer **out,
                        mu_error *err) MU_MUST_CHECK;

#endif
