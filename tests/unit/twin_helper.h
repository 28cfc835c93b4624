/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tests of the upper layers: the compiled-in catalogue, questions from flags, one arena.
 */
#ifndef MUSTER_TESTS_TWIN_HELPER_H
#define MUSTER_TESTS_TWIN_HELPER_H

#include "catalog/builtin.h"
#include "study/answer.h"
#include "study/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct twin {
    mu_arena *arena;
    mu_catalog *catalog;
    mu_pool *pool;
    mu_work work;
    mu_error err;
} twin;

static twin t;

static inline int twin_open(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.arena = mu_arena_create(0);
    t.pool = mu_pool_create(2);
    if (t.arena == NULL || t.pool == NULL) {
        return -1;
    }
    t.work = (mu_work){.arena = t.arena, .pool = t.pool};
    return mu_catalog_create(t.arena, mu_builtin_docs, mu_builtin_doc_count, mu_builtin_doc_count,
                             &t.catalog, &t.err) == MU_OK
               ? 0
               : -1;
}

static inline int twin_close(void **state)
{
    (void)state;
    mu_pool_free(t.pool);
    mu_arena_free(t.arena);
    return 0;
}

/* flags: "system", "hgx-h100", "tpot", "50ms", NULL. Uncertainty is off unless said. */
static inline mu_scenario scenario_of(const char *const flags[])
{
    mu_scenario s;
    mu_scenario_init(&s);
    s.samples = 0.0;
    for (size_t i = 0; flags[i] != NULL; i += 2) {
        const mu_option *option = mu_option_by_flag(flags[i]);
        if (option == NULL) {
            fail_msg("no flag --%s", flags[i]);
        }
        mu_error err = {0};
        if (mu_option_set(option, flags[i + 1], &s, &err) != MU_OK) {
            fail_msg("--%s %s: %s", flags[i], flags[i + 1], err.text);
        }
    }
    return s;
}

static inline mu_question question_of(const mu_scenario *scenario)
{
    mu_question q;
    mu_error err = {0};
    if (mu_question_make(t.catalog, scenario, NULL, t.arena, &q, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return q;
}

#define SCENARIO(...) scenario_of((const char *const[]){__VA_ARGS__, NULL})

static inline void assert_near(double got, double want, double relative)
{
    double scale = want < 0.0 ? -want : want;
    double off = got > want ? got - want : want - got;
    if (!(off <= relative * scale)) {
        fail_msg("got %.17g, expected %.17g within %g", got, want, relative);
    }
}

#endif
