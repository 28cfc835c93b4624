/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tests of the simulator: steps priced by a formula, requests from a list. */
#ifndef MUSTER_TESTS_SIMULATE_HELPER_H
#define MUSTER_TESTS_SIMULATE_HELPER_H

#include "serving/simulate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A step takes the longest of its lanes' base + token * tokens + context * tokens attended to by
 * decodes + pair * pairs of prompts. */
typedef struct formula {
    double base_s, token_s, context_s, pair_s;
} formula;

static inline void formula_price(void *context, uint32_t worker, const mu_batch lane[],
                                 uint32_t lanes, double imbalance, mu_step_cost *out)
{
    (void)worker;
    (void)imbalance;
    const formula *f = context;
    double time_s = 0.0;
    for (uint32_t l = 0; l < lanes; l++) {
        double tokens = lane[l].decode_sequences + lane[l].prefill_tokens;
        time_s =
            fmax(time_s, f->base_s + f->token_s * tokens + f->context_s * lane[l].decode_context +
                             f->pair_s * lane[l].prefill_pairs);
    }
    *out = (mu_step_cost){.time_s = time_s};
}

/* A list of requests; with clients, each sends its next one think_s after its last was answered. */
typedef struct list_traffic {
    const mu_request *request;
    uint32_t count, next;
    uint32_t clients; /* 0 = open: arrivals as listed */
    double think_s;
    double due_s[8]; /* closed: of each client's next; INFINITY while it has one in hand */
} list_traffic;

static inline uint32_t list_client_due(const list_traffic *list)
{
    uint32_t first = 0;
    for (uint32_t c = 1; c < list->clients; c++) {
        first = list->due_s[c] < list->due_s[first] ? c : first;
    }
    return first;
}

static inline bool list_peek(void *context, double *arrival_s)
{
    const list_traffic *list = context;
    if (list->next == list->count) {
        return false;
    }
    *arrival_s = list->clients > 0 ? list->due_s[list_client_due(list)]
                                   : list->request[list->next].arrival_s;
    return isfinite(*arrival_s);
}

static inline mu_status list_take(void *context, mu_request *out, mu_error *err)
{
    (void)err;
    list_traffic *list = context;
    double arrival_s;
    if (!list_peek(context, &arrival_s)) {
        return mu_fail(err, MU_E_INPUT, "nothing is due");
    }
    *out = list->request[list->next++];
    out->arrival_s = arrival_s;
    if (list->clients > 0) {
        out->client = list_client_due(list);
        list->due_s[out->client] = INFINITY;
    }
    return MU_OK;
}

static inline void list_ended(void *context, uint32_t client, double time_s)
{
    list_traffic *list = context;
    if (client < list->clients) {
        list->due_s[client] = time_s + list->think_s;
    }
}

/* The traffic of a list, from its start. */
static inline mu_traffic list_open(list_traffic *list)
{
    list->next = 0;
    for (uint32_t c = 0; c < list->clients; c++) {
        list->due_s[c] = 0.25 * c;
    }
    return (mu_traffic){.context = list,
                        .peek = list_peek,
                        .take = list_take,
                        .ended = list->clients > 0 ? list_ended : NULL};
}

static inline void assert_close(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fmax(fabs(want), 1e-300))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

#endif
