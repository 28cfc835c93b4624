/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a claim hangs on: its answer, or one of its terms, as a function of a draw.
 *
 * Bound: what has an interval of its own, a match or a supply, is one input here; `--explain` of
 *        those verbs takes it apart.
 */
#include "study/claim_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A term of a claim. */
typedef struct term {
    const mu_claim *claim;
    uint32_t index;
} term;

static mu_status ask(const void *context, mu_draw draw, mu_arena *arena, double *out, mu_error *err)
{
    const term *t = context;
    double *value = MU_NEW(arena, double, t->claim->count);
    if (value == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a draw");
    }
    mu_status status = mu_claim_evaluate(t->claim, draw, true, arena, value, err);
    *out = status == MU_OK ? value[t->index] : 0.0;
    return status;
}

/* The dimension whose SI unit it is; none for words of the claim's own. */
static mu_dimension dimension_of(const char *unit)
{
    for (int d = 0; d < MU_DIM_COUNT && unit[0] != '\0'; d++) {
        if (strcmp(mu_unit_si((mu_dimension)d), unit) == 0) {
            return (mu_dimension)d;
        }
    }
    return MU_DIM_NONE;
}

mu_status mu_claim_explain_term(const mu_claim *claim, const mu_draw_plan *plan, mu_work *work,
                                mu_explanation *out, mu_error *err)
{
    const char *names[MU_CLAIM_INPUTS_MAX];
    term t = {.claim = claim};
    assert(claim->count >= 1);
    for (uint32_t i = 0; i < claim->count; i++) {
        names[i] = claim->input[i].name;
    }
    mu_status status = mu_explain_metric(names, claim->count, claim->explain.metric,
                                         claim->count - 1, &t.index, err);
    if (status == MU_OK) {
        status = mu_explain_check_draws(claim->samples, err);
    }
    if (status == MU_OK) {
        mu_tornado_wish wish = {.plan = plan,
                                .draws = (uint64_t)claim->samples,
                                .rows = claim->explain.rows,
                                .ask = ask,
                                .context = &t};
        status = mu_tornado_make(&wish, work, &out->tornado, err);
    }
    if (status == MU_OK) {
        bool answer = t.index + 1 == claim->count;
        const char *unit = answer ? mu_catalog_text(claim->catalog, claim->entity, "unit")
                                  : claim->input[t.index].unit;
        mu_explanation_name(names[t.index], claim->catalog, NULL, out);
        out->dimension = dimension_of(unit != NULL ? unit : "");
    }
    return status;
}
