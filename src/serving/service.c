/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole deployment in steady state: roles joined by a closed loop.
 *
 * What:  finds the number of sequences in decode at which work in balances work out.
 *        Aggregated: X = B / (R s(B) + B P), TPOT = s / (yield (1 - X P)), R = decode rounds a request.
 *        Disaggregated: X = min(prefill rate, B / (R s(B))).
 *        The closed loop gives the rest: N = X TTFT + X (output - 1) TPOT.
 * Terms: X requests/s of one DP group (aggregated) or of the deployment; B sequences in decode; s step time;
 *        P prompt cost; N requests in flight.
 */
#include "serving/steady.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { BISECTIONS = 40 };

/* A deployment made ready. */
typedef struct ready {
    const mu_site *site;
    const mu_deployment *deployment;
    mu_program programs[2];
    mu_role_site prefill; /* disaggregated only */
    mu_role_site decode;
} ready;

static mu_status make_role(const mu_site *site, const mu_machine *machine, const mu_role *role,
                           mu_program *program, mu_arena *arena, mu_role_site *out, mu_error *err)
{
    mu_status status = mu_parallel_check(site->model, &role->parallel, err);
    if (status != MU_OK) {
        return status;
    }
    mu_cost_book *book = mu_cost_book_create(arena);
    if (book == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a deployment");
    }
    mu_cost_book_reset(book, machine);
    mu_program_build(site->model, &role->parallel, &site->precision, program);
    out->site = site;
    out->machine = machine;
    out->role = role;
    out->compiled = mu_compile(program, machine, book, arena);
    out->footprint = mu_program_footprint(site->model, &role->parallel, &site->precision,
                                          site->workload.input + 0.5 * site->workload.output);
    return out->compiled != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a deployment");
}

static double decode_groups(const mu_role *role)
{
    return (double)role->instances * role->parallel.dp;
}

/* Decode rounds a request takes; the first token comes with the prefill. */
static double rounds(const mu_role_site *at)
{
    double tokens = at->site->workload.output - 1.0;
    return (tokens > 0.0 ? tokens : 0.0) / mu_role_yield(at->role);
}

/* Largest batch up to `most` whose TPOT keeps the SLO; at least 1. */
static double batch_under_slo(const mu_role_site *at, double most)
{
    double slo_s = at->site->workload.tpot_slo_s * mu_role_yield(at->role);
    if (slo_s <= 0.0 || mu_decode_time(at, most) <= slo_s) {
        return most;
    }
    double low = 1.0;
    double high = most;
    while (high - low > 1.0) {
        double middle = floor(0.5 * (low + high));
        if (mu_decode_time(at, middle) <= slo_s) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The batch a DP group may hold: asked for, else by memory and SLO. */
static double batch_cap(const mu_role_site *at)
{
    double limit = mu_batch_limit(at);
    if (at->role->batch > 0.0) {
        return limit >= 1.0 ? fmin(at->role->batch, limit) : at->role->batch;
    }
    if (at->site->workload.concurrency > 0.0) {
        return fmax(limit, 1.0);
    }
    return limit >= 1.0 ? batch_under_slo(at, limit) : 1.0;
}

/* One operating point of a loop: what `batch` sequences in decode mean. */
typedef struct point {
    double batch;       /* per DP group */
    double requests_per_s;
    double ttft_s;      /* without queueing for a place */
    double tpot_s;
    double in_flight;   /* N of the whole deployment */
} point;

typedef point point_at(const ready *r, double batch);

static double in_flight(const ready *r, const point *p)
{
    return p->requests_per_s * (p->ttft_s + rounds(&r->decode) * mu_role_yield(r->decode.role) *
                                                p->tpot_s);
}

static point aggregated_at(const ready *r, double batch)
{
    const mu_role_site *at = &r->decode;
    double step_s = mu_decode_time(at, batch);
    mu_prompt_cost prompt = mu_prompt_answer(at, batch, step_s);
    double work_s = rounds(at) * step_s + batch * prompt.added_s;
    double each = batch / work_s; /* requests/s of one group */
    double busy = each * prompt.added_s;
    point p = {.batch = batch, .requests_per_s = each * decode_groups(at->role)};
    p.tpot_s = step_s / mu_role_yield(at->role) / fmax(1.0 - busy, 1e-9);
    /* A new prompt waits for the step under way to end, half of it on average. */
    p.ttft_s = at->machine->engine.request_overhead + 0.5 * step_s + prompt.latency_s;
    p.in_flight = in_flight(r, &p);
    return p;
}

/* Time to move one prompt's cache from prefill to decode ranks. */
static double transfer_time(const ready *r)
{
    const mu_role_site *from = &r->prefill;
    double bytes = from->footprint.kv_per_sequence +
                   from->footprint.kv_per_token * r->site->workload.input;
    const mu_parallel *p = &from->role->parallel;
    mu_group group = {.ranks = 2, .stride = (uint64_t)p->tp * p->pp * p->cp * p->dp};
    return mu_fabric_collective(&from->machine->fabric, MU_POINT_TO_POINT, group, bytes / p->cp)
        .time_s;
}

static double prefill_rate(const ready *r, double step_s)
{
    return mu_prefill_prompts(&r->prefill) * decode_groups(r->prefill.role) / step_s;
}

static point disaggregated_at(const ready *r, double batch)
{
    const mu_role_site *at = &r->decode;
    double step_s = mu_decode_time(at, batch);
    mu_role_answer prefill;
    mu_prefill_answer(&r->prefill, &prefill);
    double in = prefill_rate(r, prefill.step_s);
    double round_count = rounds(at);
    double out = round_count > 0.0 ? batch * decode_groups(at->role) / (round_count * step_s) : in;
    point p = {.batch = batch, .requests_per_s = fmin(in, out)};
    p.tpot_s = step_s / mu_role_yield(at->role);
    /* A prompt waits for the batch under way, half of it on average. */
    p.ttft_s = r->prefill.machine->engine.request_overhead + 0.5 * prefill.step_s +
               mu_prefill_latency(&r->prefill, &prefill) + transfer_time(r);
    p.in_flight = in_flight(r, &p);
    return p;
}

/* Smallest batch that keeps `wanted` requests in flight, or the cap. */
static double solve_batch(const ready *r, point_at *at, double wanted, double cap)
{
    double low = 0.0;
    double high = cap;
    if (at(r, cap).in_flight <= wanted) {
        return cap;
    }
    for (int i = 0; i < BISECTIONS && high - low > 1e-6 * high; i++) {
        double middle = 0.5 * (low + high);
        if (at(r, middle).in_flight < wanted) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/* Where decode is as fast as prefill can feed it; the cap when prefill keeps up. */
static double fed_batch(const ready *r, double cap)
{
    mu_role_answer prefill;
    mu_prefill_answer(&r->prefill, &prefill);
    double in = prefill_rate(r, prefill.step_s);
    double need_s = rounds(&r->decode) * in / decode_groups(r->decode.role);
    if (need_s <= 0.0 || cap >= need_s * mu_decode_time(&r->decode, cap) * (1.0 + 1e-12)) {
        double low = 0.0;
        double high = cap;
        for (int i = 0; i < BISECTIONS && high - low > 1e-6 * high; i++) {
            double middle = 0.5 * (low + high);
            if (middle < need_s * mu_decode_time(&r->decode, middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
    return cap;
}

static point solve(const ready *r)
{
    bool apart = r->deployment->disaggregated;
    point_at *at = apart ? disaggregated_at : aggregated_at;
    double cap = batch_cap(&r->decode);
    if (apart) {
        cap = fed_batch(r, cap);
    }
    double wanted = r->site->workload.concurrency;
    if (wanted <= 0.0) {
        return at(r, cap);
    }
    /* Fewer requests than groups leave groups idle; the busy ones hold one each. */
    point p = at(r, solve_batch(r, at, wanted, cap));
    double per_request_s = wanted / p.requests_per_s;
    double decode_s = rounds(&r->decode) * mu_role_yield(r->decode.role) * p.tpot_s;
    if (per_request_s - decode_s > p.ttft_s) {
        /* All places are taken: the rest of the loop waits before its first token. */
        p.ttft_s = per_request_s - decode_s;
    }
    p.in_flight = wanted;
    return p;
}

static double role_power(const mu_role_site *at, double busy_w_per_rank, double busy)
{
    double rank_w = busy * busy_w_per_rank + (1.0 - busy) * at->machine->chip.idle_w;
    double chips = mu_role_ranks(at->role) / at->machine->ranks_per_chip;
    return chips * (rank_w * at->machine->ranks_per_chip + at->machine->host_w_per_chip +
                    at->machine->network_w_per_chip);
}

static double clamp01(double x)
{
    return x < 0.0 ? 0.0 : (x > 1.0 ? 1.0 : x);
}

/* Watts: each role by how much of the time it works. */
static double service_power(const ready *r, const point *p, const mu_service *s)
{
    double decode_groups_count = decode_groups(r->decode.role);
    double decode_busy =
        clamp01(p->requests_per_s * rounds(&r->decode) * s->decode.step_s /
                (p->batch * decode_groups_count));
    if (r->deployment->disaggregated) {
        double prefill_busy = clamp01(p->requests_per_s / prefill_rate(r, s->prefill.step_s));
        return role_power(&r->prefill, s->prefill.power_w_per_rank, prefill_busy) +
               role_power(&r->decode, s->decode.power_w_per_rank, decode_busy);
    }
    double prefill_busy = clamp01(1.0 - decode_busy);
    double mixed_w = decode_busy * s->decode.power_w_per_rank +
                     prefill_busy * s->prefill.power_w_per_rank;
    return role_power(&r->decode, mixed_w, 1.0);
}

static mu_bound heaviest(const mu_step *step)
{
    unsigned best = 0;
    for (unsigned b = 1; b < MU_BOUND_COUNT; b++) {
        best = step->bound_s[b] > step->bound_s[best] ? b : best;
    }
    return (mu_bound)best;
}

static mu_bound binding(const ready *r, const point *p, const mu_service *s)
{
    if (!r->deployment->disaggregated) {
        double decode_s = rounds(&r->decode) * s->decode.step_s;
        double total_s = p->batch * decode_groups(r->decode.role) / p->requests_per_s;
        return heaviest(decode_s >= 0.5 * total_s ? &s->decode.step : &s->prefill.step);
    }
    bool prefill_binds = p->requests_per_s >= 0.98 * prefill_rate(r, s->prefill.step_s);
    return heaviest(prefill_binds ? &s->prefill.step : &s->decode.step);
}

static void fill(const ready *r, const point *p, mu_service *out)
{
    memset(out, 0, sizeof *out);
    const mu_workload *w = &r->site->workload;
    mu_decode_answer(&r->decode, p->batch, &out->decode);
    /* Aggregated: the rate at which the same ranks prefill when they do nothing else. */
    mu_prefill_answer(r->deployment->disaggregated ? &r->prefill : &r->decode, &out->prefill);
    out->fits = out->decode.fit == MU_FIT_OK &&
                (!r->deployment->disaggregated || out->prefill.fit == MU_FIT_OK);
    out->ttft_s = p->ttft_s;
    out->tpot_s = p->tpot_s;
    out->requests_per_s = p->requests_per_s;
    out->output_tokens_per_s = p->requests_per_s * w->output;
    out->total_tokens_per_s = p->requests_per_s * (w->output + w->input);
    out->concurrency = p->in_flight;
    out->chips = out->decode.chips + (r->deployment->disaggregated ? out->prefill.chips : 0.0);
    out->power_w = service_power(r, p, out);
    out->energy_per_output_token_j = out->power_w / out->output_tokens_per_s;
    out->bound = binding(r, p, out);
    assert(out->requests_per_s >= 0.0);
}

mu_status mu_service_answer(const mu_site *site, const mu_deployment *deployment, mu_arena *arena,
                            mu_service *out, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(arena);
    ready *r = MU_NEW(arena, ready, 1);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a deployment");
    }
    r->site = site;
    r->deployment = deployment;
    mu_status status = make_role(site, site->decode_machine, &deployment->decode, &r->programs[0],
                                 arena, &r->decode, err);
    if (status == MU_OK && deployment->disaggregated) {
        status = make_role(site, site->prefill_machine, &deployment->prefill, &r->programs[1], arena,
                           &r->prefill, err);
    }
    if (status == MU_OK) {
        point p = solve(r);
        fill(r, &p, out);
    }
    mu_arena_back(arena, mark);
    return status;
}
