/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search over number formats, where the scenario allows it.
 *
 * What:  the model's own formats, then every narrower one the chip multiplies, each with the cache
 *        format that goes with it; the one that serves most wins.
 * Bound: speed only: what a narrower format does to the model's answers is for its user to judge,
 *        which is why this is off unless asked for.
 */
#include "study/search.h"

#include <string.h>

static const mu_dtype narrower[] = {MU_DTYPE_FP8, MU_DTYPE_INT8, MU_DTYPE_FP4};

enum { FORMATS_MAX = 1 + sizeof narrower / sizeof narrower[0] };

static bool said(const mu_scenario *s)
{
    return s->weights >= 0 || s->experts >= 0 || s->activations >= 0;
}

static uint32_t list_formats(const mu_question *question, mu_precision out[FORMATS_MAX])
{
    uint32_t count = 0;
    out[count++] = question->precision;
    if (said(question->scenario)) {
        return count;
    }
    double native = mu_dtype_bytes(question->precision.experts);
    for (size_t i = 0; i < sizeof narrower / sizeof narrower[0]; i++) {
        mu_dtype format = narrower[i];
        if (question->machine.chip.peak_flops[format] <= 0.0 || mu_dtype_bytes(format) >= native) {
            continue;
        }
        mu_scenario wish = *question->scenario;
        wish.weights = (int)format;
        wish.experts = (int)format;
        out[count++] = mu_precision_choose(&wish, &question->model, &question->machine);
    }
    return count;
}

mu_status mu_formats_best(const mu_question *question, mu_work *work, const mu_question **out,
                          mu_error *err)
{
    mu_precision format[FORMATS_MAX];
    *out = question;
    if (question->scenario->search_precision <= 0 || mu_scenario_is_explicit(question->scenario)) {
        return MU_OK;
    }
    uint32_t count = list_formats(question, format);
    mu_question *copy = MU_NEW(work->arena, mu_question, FORMATS_MAX);
    if (copy == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the formats");
    }
    double most = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = *question;
        copy[i].precision = format[i];
        double requests_per_s = 0.0;
        mu_status status = mu_plan_rate(&copy[i], work, &requests_per_s, err);
        if (status != MU_OK) {
            return status;
        }
        if (requests_per_s > most) {
            most = requests_per_s;
            *out = &copy[i];
        }
    }
    return MU_OK;
}
