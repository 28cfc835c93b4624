/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the systems that a supply fills serve.
 *
 * Bound: systems serve side by side, each by itself; luck of the supply and of the service are
 *        independent, both about log-normal.
 */
#include "study/supply.h"

#include <math.h>

/* Interval of a product: distances of the logarithms add up as squares. */
static mu_quantity times(mu_quantity a, mu_quantity b)
{
    double value = a.value * b.value;
    if (!(a.low > 0.0 && b.low > 0.0)) {
        return (mu_quantity){value, fmin(a.low * b.low, value), fmax(a.high * b.high, value)};
    }
    double down = hypot(log(a.value / a.low), log(b.value / b.low));
    double up = hypot(log(a.high / a.value), log(b.high / b.value));
    return (mu_quantity){value, value * exp(-down), value * exp(up)};
}

mu_status mu_supply_serve(const mu_question *question, const mu_supply_system *system,
                          mu_work *work, mu_supply_service *out, mu_error *err)
{
    mu_plan *plan = MU_NEW(work->arena, mu_plan, 1);
    if (plan == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_plan_search(question, work, plan, err);
    if (status == MU_OK) {
        *out = (mu_supply_service){.system = system, .one = plan->best};
        out->output_tokens_per_s = times(system->count, plan->best.output_tokens_per_s);
        out->requests_per_s = times(system->count, plan->best.requests_per_s);
        out->power_w = times(system->count, plan->best.power_w);
    }
    return status;
}
