/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole deployment in steady state: roles joined by a closed loop.
 *
 * What:  finds the number of sequences in decode at which work in balances work out: by
 *        mu_aggregated_point(), or the lesser of what prefill sends and decode takes. The closed
 *        loop gives the rest: N = X (TTFT + (output - 1) TPOT).
 * Terms: X requests/s; B sequences in decode per DP group; N requests in flight.
 */
#include "serving/steady.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { BISECTIONS = 40 };

/*
 * Where prefill is sized to decode, the share of a request's time in the loop that it waits for a
 * prompt's turn: median of the published disaggregated runs marked for fitting.
 */
static const double ample_wave = 0.06;

/* A deployment made ready. */
typedef struct ready {
    const mu_site *site;
    const mu_deployment *deployment;
    mu_program programs[2];
    mu_role_site prefill; /* disaggregated only, and what it feeds */
    mu_loop_point feed;
    mu_role_site decode; /* the one role when aggregated */
} ready;

static mu_status make_role(const mu_site *site, const mu_machine *machine, const mu_role *role,
                           mu_program *program, mu_arena *arena, mu_role_site *out, mu_error *err)
{
    mu_status status = mu_parallel_check(site->model, &role->parallel, err);
    if (status != MU_OK) {
        return status;
    }
    mu_cost_book *book = mu_cost_book_create(arena, MU_BOOK_SMALL);
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

/* The deployment with `batch` sequences in decode per group: roles joined, slower one sets the
 * pace. */
static mu_loop_point point_at(const ready *r, double batch)
{
    if (!r->deployment->disaggregated) {
        return mu_aggregated_point(&r->decode, batch);
    }
    mu_loop_point p = mu_decode_point(&r->decode, batch);
    if (r->site->workload.ample_prefill) {
        p.ttft_s = r->feed.ttft_s + 0.5 * r->feed.crowd_s;
        p.wave_s = ample_wave / p.requests_per_s;
        return p;
    }
    p.requests_per_s = fmin(p.requests_per_s, r->feed.requests_per_s);
    double busy = p.requests_per_s / r->feed.requests_per_s;
    p.ttft_s = r->feed.ttft_s + busy * r->feed.crowd_s;
    p.wave_s = r->feed.wave_s;
    return p;
}

/* Largest whole batch up to `most` whose TPOT keeps the SLO; at least 1. */
static double batch_under_slo(const ready *r, double most)
{
    double slo_s = r->site->workload.tpot_slo_s;
    if (slo_s <= 0.0 || point_at(r, most).tpot_s <= slo_s) {
        return most;
    }
    double low = 1.0;
    double high = most;
    while (high - low > 1.0) {
        double middle = floor(0.5 * (low + high));
        if (point_at(r, middle).tpot_s <= slo_s) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The batch a DP group may hold: asked for, else by memory and SLO. */
static double batch_cap(const ready *r)
{
    const mu_role_site *at = &r->decode;
    double limit = mu_batch_limit(at);
    if (at->role->batch > 0.0) {
        return limit >= 1.0 ? fmin(at->role->batch, limit) : at->role->batch;
    }
    if (at->site->workload.concurrency > 0.0) {
        /* What doesn't fit is answered as if it did, for whoever wants to know all the same. */
        return limit >= 1.0 ? limit : at->site->workload.concurrency;
    }
    return limit >= 1.0 ? batch_under_slo(r, limit) : 1.0;
}

/* Time a request spends decoding at a point. */
static double decoding_s(const ready *r, const mu_loop_point *p)
{
    return mu_decode_rounds(&r->decode) * mu_role_yield(r->decode.role) * p->tpot_s;
}

/* Without waiting for others: what an open loop holds. */
static double in_flight(const ready *r, const mu_loop_point *p)
{
    return p->requests_per_s * (p->ttft_s + decoding_s(r, p));
}

/* Closed loop, waves included: N = X (TTFT + N wave + decoding). */
static double in_closed_loop(const ready *r, const mu_loop_point *p)
{
    double waves = fmin(p->requests_per_s * p->wave_s, 0.99);
    return in_flight(r, p) / (1.0 - waves);
}

typedef bool batch_test(const ready *r, double batch, double limit);

static bool holds_more(const ready *r, double batch, double wanted)
{
    mu_loop_point p = point_at(r, batch);
    return in_closed_loop(r, &p) >= wanted;
}

/* Decode would take more requests than prefill sends. */
static bool starves(const ready *r, double batch, double sent)
{
    return !r->site->workload.ample_prefill &&
           mu_decode_point(&r->decode, batch).requests_per_s >= sent;
}

/* Smallest batch up to `cap` that passes a test that larger batches pass too; the cap when none
 * does. */
static double first_batch(const ready *r, batch_test *test, double limit, double cap)
{
    if (!test(r, cap, limit)) {
        return cap;
    }
    double low = 0.0;
    double high = cap;
    for (int i = 0; i < BISECTIONS && high - low > 1e-6 * high; i++) {
        double middle = 0.5 * (low + high);
        if (test(r, middle, limit)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

static bool keeps_up(const ready *r, double batch, double rate)
{
    return point_at(r, batch).requests_per_s >= rate;
}

/*
 * Open loop: the batch at which as many leave as arrive. A prompt waits as long as at one server
 * as fast as all together (M/D/1).
 */
static mu_loop_point solve_rate(const ready *r, double cap, double *flight)
{
    double rate = r->site->workload.rate;
    mu_loop_point most = point_at(r, cap);
    mu_loop_point p = point_at(r, first_batch(r, keeps_up, rate, cap));
    double busy = fmin(rate / most.requests_per_s, 1.0);
    if (busy < 1.0) {
        p.requests_per_s = rate;
        p.ttft_s += 0.5 * busy / (1.0 - busy) / most.requests_per_s;
    }
    *flight = in_flight(r, &p);
    return p;
}

/*
 * A number of requests of one length, all there at the start, come in waves: those that start
 * together end together. Full waves, then what is left over in a smaller one that runs at its own
 * pace: the rate is that of the whole.
 */
static void end_in_waves(const ready *r, mu_loop_point *p)
{
    double all = r->site->workload.requests;
    double groups = decode_groups(r->decode.role);
    double wave = p->batch * groups;
    double full = floor(all / wave * (1.0 + 1e-9));
    double rest = all - full * wave;
    if (full < 1.0 || rest < 1.0) {
        return;
    }
    double rest_s = rest / point_at(r, rest / groups).requests_per_s;
    p->requests_per_s = all / (full * wave / p->requests_per_s + rest_s);
}

/* The point the loop settles at; *flight = requests in flight there. */
static mu_loop_point solve_loop(const ready *r, double *flight)
{
    double cap = batch_cap(r);
    if (r->site->workload.requests > 0.0) {
        cap = fmin(cap, r->site->workload.requests / decode_groups(r->decode.role));
    }
    double wanted = r->site->workload.concurrency;
    /* A batch that was asked for is kept full, whether or not this prefill could. */
    if (r->deployment->disaggregated && (wanted > 0.0 || r->decode.role->batch <= 0.0)) {
        cap = first_batch(r, starves, r->feed.requests_per_s, cap);
    }
    if (r->site->workload.rate > 0.0) {
        return solve_rate(r, cap, flight);
    }
    if (wanted <= 0.0) {
        mu_loop_point p = point_at(r, cap);
        *flight = in_flight(r, &p);
        return p;
    }
    mu_loop_point p = point_at(r, first_batch(r, holds_more, wanted, cap));
    p.full = in_closed_loop(r, &p) < wanted * (1.0 - 1e-3);
    double waiting_s = wanted / p.requests_per_s - decoding_s(r, &p);
    if (waiting_s > p.ttft_s) {
        /* All places are taken: the rest of the loop waits before its first token. */
        p.ttft_s = waiting_s;
    }
    *flight = wanted;
    return p;
}

/*
 * A number of requests that arrive at a rate: the last has still to be served, among ever fewer
 * others (half on average) and without prompts between its tokens. Too many for their rate, they
 * are as good as all there at the start.
 */
static void end_after_last(const ready *r, mu_loop_point *p)
{
    double all = r->site->workload.requests;
    double rate = r->site->workload.rate;
    double last_s =
        mu_decode_rounds(&r->decode) * mu_decode_time(&r->decode, fmax(0.5 * p->batch, 1.0));
    double ends_s = all / rate + p->ttft_s + last_s;
    if (p->requests_per_s < rate * (1.0 - 1e-9)) {
        end_in_waves(r, p);
        ends_s = all / rate + last_s;
    }
    p->requests_per_s = fmin(p->requests_per_s, all / ends_s);
}

static mu_loop_point solve(const ready *r, double *flight)
{
    mu_loop_point p = solve_loop(r, flight);
    if (r->site->workload.requests > 0.0 && r->site->workload.rate > 0.0) {
        end_after_last(r, &p);
    } else if (r->site->workload.requests > 0.0) {
        end_in_waves(r, &p);
    }
    return p;
}

double mu_service_balanced(const mu_service *s)
{
    if (s->prefill_capacity == s->decode_capacity || s->prefill.chips <= 0.0) {
        return s->requests_per_s;
    }
    return s->chips /
           (s->prefill.chips / s->prefill_capacity + s->decode.chips / s->decode_capacity);
}

/* A role that works a share of the time. */
static void add_role_power(const mu_role_site *at, const mu_role_answer *did, double busy,
                           mu_power *power)
{
    double rank_w = busy * did->power_w_per_rank + (1.0 - busy) * at->machine->chip.idle_w;
    double chips = mu_role_ranks(at->role) / at->machine->ranks_per_chip;
    mu_power_add(power, at->machine, chips, rank_w, busy * did->memory_w_per_rank);
}

static double clamp01(double x)
{
    return x < 0.0 ? 0.0 : (x > 1.0 ? 1.0 : x);
}

/* Watts: each role by how much of the time it works. */
static mu_power service_power(const ready *r, const mu_loop_point *p, const mu_service *s)
{
    mu_power power = {0};
    double decode_busy = clamp01(p->requests_per_s * mu_decode_rounds(&r->decode) *
                                 s->decode.step_s / (p->batch * decode_groups(r->decode.role)));
    if (r->deployment->disaggregated) {
        double prefill_busy = clamp01(p->requests_per_s / r->feed.requests_per_s);
        add_role_power(&r->prefill, &s->prefill, prefill_busy, &power);
        add_role_power(&r->decode, &s->decode, decode_busy, &power);
        return power;
    }
    double prefill_busy = clamp01(1.0 - decode_busy);
    mu_role_answer mixed = {.power_w_per_rank = decode_busy * s->decode.power_w_per_rank +
                                                prefill_busy * s->prefill.power_w_per_rank,
                            .memory_w_per_rank = decode_busy * s->decode.memory_w_per_rank +
                                                 prefill_busy * s->prefill.memory_w_per_rank};
    add_role_power(&r->decode, &mixed, 1.0, &power);
    return power;
}

static mu_bound heaviest(const mu_step *step)
{
    unsigned best = 0;
    for (unsigned b = 1; b < MU_BOUND_COUNT; b++) {
        best = step->bound_s[b] > step->bound_s[best] ? b : best;
    }
    return (mu_bound)best;
}

static mu_bound binding(const ready *r, const mu_loop_point *p, const mu_service *s)
{
    if (!r->deployment->disaggregated) {
        double decode_s = mu_decode_rounds(&r->decode) * s->decode.step_s;
        double total_s = p->batch * decode_groups(r->decode.role) / p->requests_per_s;
        return heaviest(decode_s >= 0.5 * total_s ? &s->decode.step : &s->prefill.step);
    }
    bool prefill_binds = p->requests_per_s >= 0.98 * r->feed.requests_per_s;
    return heaviest(prefill_binds ? &s->prefill.step : &s->decode.step);
}

static void fill(const ready *r, const mu_loop_point *p, double flight, mu_service *out)
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
    out->waiting = p->full;
    out->overloaded = w->requests <= 0.0 && w->rate > p->requests_per_s * (1.0 + 1e-9);
    out->concurrency = flight;
    out->decode_capacity = r->deployment->disaggregated
                               ? mu_decode_point(&r->decode, batch_cap(r)).requests_per_s
                               : p->requests_per_s;
    out->prefill_capacity =
        r->deployment->disaggregated ? r->feed.requests_per_s : p->requests_per_s;
    out->chips = out->decode.chips + (r->deployment->disaggregated ? out->prefill.chips : 0.0);
    out->power = service_power(r, p, out);
    out->power_w = mu_power_inside(&out->power);
    out->price_usd =
        out->decode.chips * r->decode.machine->price_usd_per_chip +
        (r->deployment->disaggregated ? out->prefill.chips * r->prefill.machine->price_usd_per_chip
                                      : 0.0);
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
        status = make_role(site, site->prefill_machine, &deployment->prefill, &r->programs[1],
                           arena, &r->prefill, err);
    }
    if (status == MU_OK) {
        if (deployment->disaggregated) {
            r->feed = mu_prefill_point(&r->prefill);
        }
        double flight = 0.0;
        mu_loop_point p = solve(r, &flight);
        fill(r, &p, flight, out);
    }
    mu_arena_back(arena, mark);
    return status;
}
