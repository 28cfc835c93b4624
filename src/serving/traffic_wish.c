/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wished of traffic.
 *
 * Bound: every wish has two ends, so that times stay finite and counts fit their types.
 */
#include "base/text.h"
#include "serving/traffic_parts.h"

#include <math.h>
#include <stddef.h>

static const double SECONDS_MAX = 1e9;
static const double TOKENS_MAX = MU_REQUEST_TOKENS_MAX;

/* A number and where it has to lie. */
struct wish {
    const char *name, *part; /* as users say them: workload.input and .mean */
    double found, low, high;
    const char *unit;
    bool whole;
    bool idle; /* nothing reads it: whatever it is */
};

/* Written so that a NaN fails. */
static mu_status check_one(const struct wish *w, mu_error *err)
{
    bool inside = w->found >= w->low && w->found <= w->high;
    if (w->idle || (inside && !(w->whole && w->found != floor(w->found)))) {
        return MU_OK;
    }
    char low[32];
    char high[32];
    char found[32];
    mu_text_exact(w->low, low);
    mu_text_exact(w->high, high);
    mu_text_exact(w->found, found);
    return mu_fail(err, MU_E_INPUT, "%s%s: expected %s%s to %s%s%s, found %s", w->name, w->part,
                   w->whole ? "a whole number, " : "", low, high, w->unit[0] == '\0' ? "" : " ",
                   w->unit, isfinite(w->found) ? found : "a number that is not finite");
}

static mu_status check_all(const struct wish wish[], size_t count, mu_error *err)
{
    mu_status status = MU_OK;
    for (size_t i = 0; status == MU_OK && i < count; i++) {
        status = check_one(&wish[i], err);
    }
    return status;
}

static mu_status check_open(const mu_traffic_wish *w, mu_error *err)
{
    const struct wish wish[] = {
        {"workload.rate", "", w->rate, 1e-6, 1e9, "1/s", false, false},
        {"workload.burstiness", "", w->burstiness, 0.01, 100.0, "", false,
         w->arrival != MU_ARRIVAL_GAMMA},
        {"workload.diurnal", "", w->diurnal, 0.0, 0.99, "", false, false},
        {"workload.diurnal_period", "", w->diurnal_s, 1e-3, SECONDS_MAX, "s", false,
         w->diurnal == 0.0},
    };
    return check_all(wish, sizeof wish / sizeof wish[0], err);
}

static mu_status check_closed(const mu_traffic_wish *w, mu_error *err)
{
    const struct wish wish[] = {
        {"workload.concurrency", "", w->concurrency, 1.0, 1e8, "", true, false},
        {"workload.ramp", "", w->ramp_s, 0.0, SECONDS_MAX, "s", false, false},
    };
    if (w->diurnal != 0.0) {
        return mu_fail(err, MU_E_INPUT,
                       "workload.diurnal: expected 0 in a closed loop, which has no rate to swing, "
                       "found %g",
                       w->diurnal);
    }
    return check_all(wish, sizeof wish / sizeof wish[0], err);
}

static mu_status check_arrival(const mu_traffic_wish *w, mu_error *err)
{
    if ((unsigned)w->arrival >= MU_ARRIVAL_COUNT) {
        return mu_fail(err, MU_E_INPUT,
                       "workload.arrival: expected closed, poisson, gamma or constant, found "
                       "number %u",
                       (unsigned)w->arrival);
    }
    return w->arrival == MU_ARRIVAL_CLOSED ? check_closed(w, err) : check_open(w, err);
}

static mu_status check_empirical(const mu_length *length, const char *name, mu_error *err)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < length->count; i++) {
        const struct wish wish[] = {
            {name, ".value", length->value[i], 0.0, TOKENS_MAX, "tokens", false, false},
            {name, ".weight", length->weight[i], 0.0, 1e18, "", false, false},
        };
        mu_status status = check_all(wish, 2, err);
        if (status != MU_OK) {
            return status;
        }
        sum += length->weight[i];
    }
    if (!(sum > 0.0)) {
        return mu_fail(err, MU_E_INPUT, "%s: expected a length with a weight above 0, found %s",
                       name, length->count == 0 ? "no lengths" : "weights of 0 alone");
    }
    return MU_OK;
}

static mu_status check_length(const mu_length *length, const char *name, mu_error *err)
{
    if (length->kind == MU_LENGTH_EMPIRICAL) {
        return check_empirical(length, name, err);
    }
    bool uniform = length->kind == MU_LENGTH_UNIFORM;
    const struct wish wish[] = {
        {name, ".low", length->low, 1.0, TOKENS_MAX, "tokens", true, !uniform},
        {name, ".high", length->high, length->low, TOKENS_MAX, "tokens", true, !uniform},
        {name, "", length->mean, 1.0, TOKENS_MAX, "tokens", false, uniform},
        {name, "_sigma", length->sigma, 0.0, 5.0, "", false, length->kind != MU_LENGTH_LOGNORMAL},
    };
    if ((unsigned)length->kind > MU_LENGTH_EMPIRICAL) {
        return mu_fail(err, MU_E_INPUT,
                       "%s: expected fixed, uniform, log-normal or empirical lengths, found number "
                       "%u",
                       name, (unsigned)length->kind);
    }
    return check_all(wish, sizeof wish / sizeof wish[0], err);
}

static mu_status check_sessions(const mu_traffic_wish *w, mu_error *err)
{
    const struct wish wish[] = {
        {"workload.turns", "", w->turns, 1.0, 1 << 20, "", true, false},
        {"workload.think", "", w->think_s, 0.0, SECONDS_MAX, "s", false, false},
        {"workload.shared_prefix", "", w->shared_prefix, 0.0, TOKENS_MAX, "tokens", true, false},
        {"workload.block_tokens", "", w->block_tokens, 0.0, TOKENS_MAX, "", true, false},
    };
    return check_all(wish, sizeof wish / sizeof wish[0], err);
}

static mu_status check_tenants(const mu_traffic_wish *w, mu_error *err)
{
    const struct wish tenants = {"workload.tenants", "", w->tenants, 1.0,
                                 MU_TENANTS_MAX,     "", true,       false};
    mu_status status = check_one(&tenants, err);
    double sum = 0.0;
    for (uint32_t i = 0; status == MU_OK && i < w->tenants; i++) {
        const struct wish share = {
            "workload.tenants", ": share", w->tenant_share[i], 0.0, 1.0, "", false, false};
        status = check_one(&share, err);
        sum += w->tenant_share[i];
    }
    if (status == MU_OK && !(fabs(sum - 1.0) <= 1e-6)) {
        return mu_fail(err, MU_E_INPUT, "workload.tenants: expected shares that sum to 1, found %g",
                       sum);
    }
    return status;
}

mu_status mu_traffic_check(const mu_traffic_wish *wish, mu_error *err)
{
    mu_status status = check_arrival(wish, err);
    if (status == MU_OK) {
        status = check_length(&wish->input, "workload.input", err);
    }
    if (status == MU_OK) {
        status = check_length(&wish->output, "workload.output", err);
    }
    if (status == MU_OK) {
        status = check_sessions(wish, err);
    }
    return status == MU_OK ? check_tenants(wish, err) : status;
}
