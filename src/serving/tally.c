/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run counts, and its answer.
 */
#include "serving/sim.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Width of the first bins [s]; powers of two, so that merging pairs is exact. */
static const double bin_first_s = 1.0 / 1024.0;

void mu_tally_take(mu_tally *tally, mu_sim_counts *counts, mu_sim_measure what, double value,
                   uint64_t times)
{
    mu_moment *m = &tally->moment[what];
    m->n += times;
    m->sum += value * (double)times;
    m->max = value > m->max ? value : m->max;
    mu_histogram_add(&counts->of[what], value, times);
}

static void add_bin(mu_sim_bin *to, const mu_sim_bin *from)
{
    to->arrived += from->arrived;
    to->ended += from->ended;
    to->output_tokens += from->output_tokens;
    to->ttft_n += from->ttft_n;
    to->ttft_sum_s += from->ttft_sum_s;
    to->ttft_max_s = fmax(to->ttft_max_s, from->ttft_max_s);
    to->waiting_sum += from->waiting_sum;
    to->running_sum += from->running_sum;
    to->steps += from->steps;
}

static void widen(mu_sim_series *series)
{
    for (uint32_t i = 0; i < MU_SIM_BINS; i++) {
        mu_sim_bin bin = series->bin[i];
        series->bin[i] = (mu_sim_bin){0};
        add_bin(&series->bin[i / 2], &bin);
    }
    series->bin_s *= 2.0;
    series->count = (series->count + 1) / 2;
}

mu_sim_bin *mu_tally_bin(mu_tally *tally, double time_s)
{
    mu_sim_series *series = &tally->series;
    if (series->bin_s <= 0.0) {
        series->bin_s = bin_first_s;
    }
    while (time_s >= series->bin_s * MU_SIM_BINS) {
        widen(series);
    }
    uint32_t at = (uint32_t)(time_s / series->bin_s);
    series->count = at >= series->count ? at + 1 : series->count;
    return &series->bin[at];
}

void mu_tally_in_hand(mu_tally *tally, double now_s, int64_t more, double since_s)
{
    tally->in_hand_area += (double)tally->in_hand * (now_s - tally->in_hand_from_s);
    tally->in_hand_area += (double)more * (now_s - since_s);
    tally->in_hand_from_s = now_s;
    tally->in_hand = (uint64_t)((int64_t)tally->in_hand + more);
}

static void merge_series(mu_sim_series *to, mu_sim_series *from)
{
    if (from->bin_s <= 0.0) {
        return;
    }
    if (to->bin_s <= 0.0) {
        *to = *from;
        return;
    }
    while (to->bin_s < from->bin_s) {
        widen(to);
    }
    while (from->bin_s < to->bin_s) {
        widen(from);
    }
    for (uint32_t i = 0; i < from->count; i++) {
        add_bin(&to->bin[i], &from->bin[i]);
    }
    to->count = from->count > to->count ? from->count : to->count;
}

static void add_moment(mu_moment *to, const mu_moment *from)
{
    to->n += from->n;
    to->sum += from->sum;
    to->max = fmax(to->max, from->max);
}

/* What a role's instances counted, all together. */
typedef struct role_sum {
    mu_sim_role_answer answer;
    double decode_steps, prefill_steps, waiting_area, cache_area;
} role_sum;

static void add_role(role_sum *sum, const mu_instance *instance, double duration_s)
{
    mu_sim_role_answer *a = &sum->answer;
    const mu_tally *t = &instance->tally;
    a->steps += t->steps;
    a->busy_s += t->busy_s;
    a->available_s +=
        t->up_s + (mu_instance_works(instance) ? fmax(duration_s - t->up_from_s, 0.0) : 0.0);
    sum->decode_steps += (double)t->decode_steps;
    sum->prefill_steps += (double)t->prefill_steps;
    a->decode_sequences += t->decode_sequences;
    a->decode_sequences_max = fmax(a->decode_sequences_max, t->decode_sequences_max);
    a->prefill_tokens += t->prefill_tokens;
    sum->waiting_area += t->waiting_area;
    sum->cache_area += t->cache_area;
    a->waiting_max = fmax(a->waiting_max, t->waiting_max);
    a->cache_share_max = fmax(a->cache_share_max, t->cache_max);
    a->flop += t->flop;
    a->bytes += t->bytes;
    a->network_s += t->network_s;
    a->energy_j += t->energy_j;
    for (uint32_t l = 0; l < instance->role->lanes; l++) {
        a->preemptions += instance->lane[l].preemptions;
        a->prompt_tokens += instance->lane[l].prompt_tokens;
        a->cached_tokens += instance->lane[l].cached_tokens;
    }
}

static double over(double sum, double n)
{
    return n > 0.0 ? sum / n : 0.0;
}

static mu_sim_role_answer finish_role(role_sum *sum)
{
    mu_sim_role_answer *a = &sum->answer;
    a->decode_sequences = over(a->decode_sequences, sum->decode_steps);
    a->prefill_tokens = over(a->prefill_tokens, sum->prefill_steps);
    a->waiting = over(sum->waiting_area, a->busy_s);
    a->cache_share = over(sum->cache_area, a->busy_s);
    return *a;
}

static mu_sim_latency finish_latency(const mu_moment *moment, const mu_histogram *histogram)
{
    return (mu_sim_latency){.n = moment->n,
                            .mean = over(moment->sum, (double)moment->n),
                            .max = moment->max,
                            .p50 = fmin(mu_histogram_quantile(histogram, 0.5), moment->max),
                            .p90 = fmin(mu_histogram_quantile(histogram, 0.9), moment->max),
                            .p95 = fmin(mu_histogram_quantile(histogram, 0.95), moment->max),
                            .p99 = fmin(mu_histogram_quantile(histogram, 0.99), moment->max),
                            .histogram = histogram};
}

static void add_tally(mu_tally *to, mu_tally *from)
{
    to->ended += from->ended;
    to->rejected += from->rejected;
    to->retried += from->retried;
    to->good += from->good;
    to->input_tokens += from->input_tokens;
    to->output_tokens += from->output_tokens;
    to->steps += from->steps;
    to->sojourn_s += from->sojourn_s;
    to->in_hand_area += from->in_hand_area;
    to->last_end_s = fmax(to->last_end_s, from->last_end_s);
    for (int m = 0; m < MU_SIM_MEASURES; m++) {
        add_moment(&to->moment[m], &from->moment[m]);
    }
    merge_series(&to->series, &from->series);
}

/* Mean TTFT of what arrived in a stretch of the time in which requests arrived. */
static double ttft_between(const mu_sim_series *series, double from_s, double to_s)
{
    double sum = 0.0;
    double n = 0.0;
    for (uint32_t i = 0; i < series->count; i++) {
        double middle_s = (i + 0.5) * series->bin_s;
        if (middle_s >= from_s && middle_s < to_s) {
            sum += series->bin[i].ttft_sum_s;
            n += (double)series->bin[i].ttft_n;
        }
    }
    return over(sum, n);
}

/* A queue that kept growing: later arrivals waited much longer, and many at once. */
static bool kept_growing(const mu_sim *sim, const mu_sim_series *series, double arrived_per_s)
{
    double span_s = sim->last_arrival_s - sim->first_arrival_s;
    if (sim->traffic->ended != NULL || span_s <= 0.0) {
        return false;
    }
    double from_s = sim->first_arrival_s;
    double second = ttft_between(series, from_s + 0.25 * span_s, from_s + 0.5 * span_s);
    double last = ttft_between(series, from_s + 0.75 * span_s, from_s + span_s);
    return last > 1.4 * second && last * arrived_per_s > fmax(64.0, 0.05 * (double)sim->taken);
}

static void fill(const mu_sim *sim, const mu_tally *all, mu_sim_answer *out)
{
    const mu_histogram *of = sim->counts[0].of;
    out->arrived = sim->taken;
    out->ended = all->ended;
    out->rejected = all->rejected;
    out->retried = all->retried;
    out->input_tokens = all->input_tokens;
    out->output_tokens = all->output_tokens;
    out->steps = all->steps;
    out->duration_s = fmax(all->last_end_s - sim->first_arrival_s, 0.0);
    out->ttft_s = finish_latency(&all->moment[MU_SIM_TTFT], &of[MU_SIM_TTFT]);
    out->tpot_s = finish_latency(&all->moment[MU_SIM_TPOT], &of[MU_SIM_TPOT]);
    out->itl_s = finish_latency(&all->moment[MU_SIM_ITL], &of[MU_SIM_ITL]);
    out->e2e_s = finish_latency(&all->moment[MU_SIM_E2E], &of[MU_SIM_E2E]);
    out->wait_s = finish_latency(&all->moment[MU_SIM_WAIT], &of[MU_SIM_WAIT]);
    for (uint32_t t = 0; t < MU_TENANTS_MAX; t++) {
        int ttft = MU_SIM_TENANT_TTFT + (int)t;
        int tpot = MU_SIM_TENANT_TPOT + (int)t;
        out->tenant_ttft_s[t] = finish_latency(&all->moment[ttft], &of[ttft]);
        out->tenant_tpot_s[t] = finish_latency(&all->moment[tpot], &of[tpot]);
        out->tenants = out->tenant_ttft_s[t].n > 0 ? t + 1 : out->tenants;
    }
    out->good = all->good;
    out->in_flight = over(all->in_hand_area, out->duration_s);
    out->sojourn_s = all->sojourn_s;
    double gaps = sim->taken > 0 ? (double)(sim->taken - 1) : 0.0;
    out->arrived_per_s = over(gaps, sim->last_arrival_s - sim->first_arrival_s);
    out->ended_per_s = over((double)all->ended, out->duration_s);
    out->stable = !sim->overloaded && !kept_growing(sim, &all->series, out->arrived_per_s);
    out->instances_most = sim->instances_most;
}

mu_status mu_sim_sum(mu_sim *sim, mu_sim_answer *out, mu_error *err)
{
    mu_tally *all = MU_NEW(sim->arena, mu_tally, 1);
    mu_sim_bin *bin = MU_NEW(sim->arena, mu_sim_bin, MU_SIM_BINS);
    if (all == NULL || bin == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the answer");
    }
    role_sum front = {0};
    role_sum back = {0};
    add_tally(all, &sim->lost);
    for (uint32_t i = 0; i < sim->count; i++) {
        add_tally(all, &sim->instance[i].tally);
    }
    double end_s = fmax(all->last_end_s, sim->last_arrival_s);
    for (uint32_t i = 0; i < sim->count; i++) {
        add_role(i < sim->front ? &front : &back, &sim->instance[i], end_s);
    }
    memset(out, 0, sizeof *out);
    fill(sim, all, out);
    out->decode = finish_role(sim->config->disaggregated ? &back : &front);
    if (sim->config->disaggregated) {
        out->prefill = finish_role(&front);
    }
    memcpy(bin, all->series.bin, sizeof all->series.bin);
    out->bin = bin;
    out->bin_count = all->series.count;
    out->bin_s = all->series.bin_s;
    return MU_OK;
}
