/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a scenario to traffic.
 *
 * Terms: own = the part of an input that a request shares with no other.
 */
#include "base/text.h"
#include "study/sim_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Requests simulated where nothing is said: as benchmarks do in a closed loop. */
static const double waves = 10.0;
static const double closed_least = 200.0;
static const double open_usual = 10000.0;

/* Cache blocks of fewer tokens are named in pieces of so many: names cost time. */
enum { NAMED_TOKENS = 16 };

/* Requests of a source that are looked at beforehand. */
enum { SEEN_MOST = 65536 };

/* Tokens that all requests of a tenant begin with. */
static double common_tokens(const mu_question *q)
{
    const mu_workload *w = &q->workload;
    return q->scenario->shared_prefix + floor(w->input * w->prefix_hit);
}

bool mu_sim_shares_prefixes(const mu_question *q)
{
    return common_tokens(q) > 0.0 || q->scenario->turns > 1.0;
}

mu_sim_means mu_sim_means_said(const mu_question *q)
{
    const mu_scenario *s = q->scenario;
    double even = 0.5 * (1.0 + s->length_ratio);
    double input = q->workload.input * (q->measured_input.count > 0 ? 1.0 : even);
    double output = q->workload.output * (q->measured_output.count > 0 ? 1.0 : even);
    double before = 0.5 * (s->turns - 1.0) * (input + output);
    double common = s->shared_prefix + floor(input * q->workload.prefix_hit);
    mu_sim_means means = {
        .input = s->shared_prefix + before + input, .output = output, .rate = q->workload.rate};
    means.prefix_hit = mu_sim_prefix_cache(q) ? fmin((common + before) / means.input, 0.999) : 0.0;
    return means;
}

static mu_status look(const mu_traffic *traffic, mu_sim_means *out, mu_error *err)
{
    double input = 0.0;
    double output = 0.0;
    double last_s = 0.0;
    double count = 0.0;
    double at_s = 0.0;
    while (count < SEEN_MOST && traffic->peek(traffic->context, &at_s)) {
        mu_request request;
        mu_status status = traffic->take(traffic->context, &request, err);
        if (status != MU_OK) {
            return status;
        }
        input += request.input;
        output += request.output;
        last_s = request.arrival_s;
        count += 1.0;
    }
    if (count == 0.0) {
        return mu_fail(err, MU_E_INPUT, "workload: no request arrives");
    }
    *out = (mu_sim_means){.input = input / count,
                          .output = output / count,
                          .rate = last_s > 0.0 ? (count - 1.0) / last_s : 0.0};
    return MU_OK;
}

mu_status mu_sim_means_seen(const mu_sim_source *source, mu_arena *arena, mu_sim_means *out,
                            mu_error *err)
{
    mu_traffic traffic = {0};
    mu_arena_mark mark = mu_arena_here(arena);
    mu_status status = source->open(source->context, arena, &traffic, err);
    if (status == MU_OK) {
        status = look(&traffic, out, err);
        if (source->close != NULL) {
            source->close(source->context, &traffic);
        }
    }
    mu_arena_back(arena, mark);
    return status;
}

/* Measured lengths without the part that is common. */
static mu_status own_measured(const mu_length *measured, double common, mu_arena *arena,
                              mu_length *out, mu_error *err)
{
    *out = *measured;
    if (common <= 0.0) {
        return MU_OK;
    }
    double *value = MU_NEW(arena, double, measured->count);
    if (value == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for lengths");
    }
    for (uint32_t i = 0; i < measured->count; i++) {
        value[i] = fmax(measured->value[i] - common, 1.0);
    }
    out->value = value;
    return MU_OK;
}

/* `common`: of `mean`, what other requests have as well. */
static mu_status length_of(const mu_length *measured, const mu_length_wish *wish, double mean,
                           double ratio, double common, mu_arena *arena, mu_length *out,
                           mu_error *err)
{
    bool even = ratio < 1.0;
    double own = fmax(mean - common, 1.0);
    if ((measured->count > 0) + (wish->sigma > 0.0) + even > 1) {
        return mu_fail(err, MU_E_INPUT,
                       "workload: lengths said in more than one way; expected one of sigma, "
                       "histogram and length_ratio");
    }
    if (wish->histogram[0] != '\0' && measured->count == 0) {
        return mu_fail(err, MU_E_INPUT, "workload: the histogram %.128s was not read",
                       wish->histogram);
    }
    if (measured->count > 0) {
        return own_measured(measured, common, arena, out, err);
    }
    *out = (mu_length){.kind = MU_LENGTH_FIXED, .mean = own};
    if (wish->sigma > 0.0) {
        double spread = wish->sigma / own;
        out->kind = MU_LENGTH_LOGNORMAL;
        out->sigma = sqrt(log1p(spread * spread));
    } else if (even) {
        out->kind = MU_LENGTH_UNIFORM;
        out->low = fmax(floor(mean * ratio - common), 1.0);
        out->high = own;
    }
    return MU_OK;
}

static mu_status share_tenants(const mu_numbers *said, mu_traffic_wish *out, mu_error *err)
{
    double sum = 0.0;
    out->tenants = said->count > 0 ? said->count : 1;
    out->tenant_share[0] = 1.0;
    for (uint32_t i = 0; i < said->count; i++) {
        sum += said->value[i];
    }
    if (said->count > 0 && !(sum > 0.0)) {
        return mu_fail(err, MU_E_INPUT, "workload.tenants: expected a share above 0");
    }
    for (uint32_t i = 0; i < said->count; i++) {
        out->tenant_share[i] = said->value[i] / sum;
    }
    return MU_OK;
}

static mu_arrival arrival_of(const mu_scenario *s)
{
    switch (mu_scenario_arrival(s)) {
    case MU_ARRIVE_POISSON:
        return MU_ARRIVAL_POISSON;
    case MU_ARRIVE_GAMMA:
        return MU_ARRIVAL_GAMMA;
    case MU_ARRIVE_CONSTANT:
        return MU_ARRIVAL_CONSTANT;
    default:
        return MU_ARRIVAL_CLOSED;
    }
}

/* Whole cache blocks that are named together. */
static uint32_t named_tokens(uint32_t block_tokens)
{
    uint32_t blocks = (NAMED_TOKENS + block_tokens - 1) / block_tokens;
    return blocks * block_tokens;
}

mu_status mu_sim_wish(const mu_question *q, double concurrency, uint32_t block_tokens,
                      mu_arena *arena, mu_traffic_wish *out, mu_error *err)
{
    const mu_scenario *s = q->scenario;
    const mu_workload *w = &q->workload;
    mu_traffic_wish wish = {.arrival = arrival_of(s),
                            .rate = w->rate / s->turns,
                            .burstiness = s->burstiness,
                            .concurrency = w->concurrency > 0.0 ? w->concurrency : concurrency,
                            .ramp_s = s->ramp_s,
                            .diurnal = s->diurnal,
                            .diurnal_s = s->diurnal_s,
                            .turns = (uint32_t)s->turns,
                            .think_s = s->think_s,
                            .shared_prefix = common_tokens(q),
                            .seed = (uint64_t)s->seed};
    bool closed = wish.arrival == MU_ARRIVAL_CLOSED;
    double usual = closed ? fmax(waves * wish.concurrency, closed_least) : open_usual;
    wish.requests = (uint64_t)(w->requests > 0.0 ? w->requests : usual);
    if (block_tokens > 0 && mu_sim_shares_prefixes(q)) {
        wish.block_tokens = named_tokens(block_tokens);
    }
    mu_status status = share_tenants(&s->tenants, &wish, err);
    if (status == MU_OK) {
        status = length_of(&q->measured_input, &s->input_length, w->input, s->length_ratio,
                           floor(w->input * w->prefix_hit), arena, &wish.input, err);
    }
    if (status == MU_OK) {
        status = length_of(&q->measured_output, &s->output_length, w->output, s->length_ratio, 0.0,
                           arena, &wish.output, err);
    }
    if (status == MU_OK) {
        *out = wish;
    }
    return status;
}

/* "input 4096", "input log-normal around 4096" */
static void length_words(const char *what, double mean, const mu_length *measured,
                         const mu_length_wish *wish, double ratio, char *out, size_t size)
{
    if (measured->count > 0) {
        (void)snprintf(out, size, "%s as measured, mean %.4g", what, mean);
    } else if (wish->sigma > 0.0) {
        (void)snprintf(out, size, "%s log-normal, %.6g +- %.4g", what, mean, wish->sigma);
    } else if (ratio < 1.0) {
        (void)snprintf(out, size, "%s %.6g to %.6g", what, fmax(floor(ratio * mean), 1.0), mean);
    } else {
        (void)snprintf(out, size, "%s %.6g", what, mean);
    }
}

static void arrival_words(const mu_question *q, double concurrency, char *out, size_t size)
{
    const mu_scenario *s = q->scenario;
    mu_arrival_wish arrival = mu_scenario_arrival(s);
    double clients = s->concurrency > 0.0 ? s->concurrency : concurrency;
    if (arrival == MU_ARRIVE_CLOSED) {
        (void)snprintf(out, size, "closed loop of %.0f", clients);
    } else if (arrival == MU_ARRIVE_GAMMA) {
        (void)snprintf(out, size, "gamma %.4g/s of shape %.3g", s->rate, s->burstiness);
    } else {
        (void)snprintf(out, size, "%s %.4g/s",
                       arrival == MU_ARRIVE_CONSTANT ? "constant" : "Poisson", s->rate);
    }
}

void mu_sim_traffic_words(const mu_question *q, const mu_sim_answer *answer, double concurrency,
                          char *out, size_t size)
{
    const mu_scenario *s = q->scenario;
    double arrived = (double)answer->arrived;
    if (s->trace[0] != '\0') {
        (void)snprintf(out, size, "trace %.128s, %.9g requests, %.4g/s", s->trace, arrived,
                       answer->arrived_per_s);
        return;
    }
    char arrivals[64];
    char input[64];
    char output[64];
    char sessions[64] = "";
    arrival_words(q, concurrency, arrivals, sizeof arrivals);
    length_words("input", q->workload.input, &q->measured_input, &s->input_length, s->length_ratio,
                 input, sizeof input);
    length_words("output", q->workload.output, &q->measured_output, &s->output_length,
                 s->length_ratio, output, sizeof output);
    if (s->turns > 1.0) {
        (void)snprintf(sessions, sizeof sessions, ", sessions of %.0f", s->turns);
    }
    (void)snprintf(out, size, "%s, %.9g requests%s, %s, %s", arrivals, arrived, sessions, input,
                   output);
}
