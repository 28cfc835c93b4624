/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain simulator: time, arrivals, transfers, begin and end of steps.
 *
 * What:  goes from one moment at which something happens to the next; at each, in this order:
 *        instances fail and come up, steps end, requests arrive, free instances begin steps.
 */
#include "simulate_reference_parts.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

void ref_tell_ended(ref_sim *s, const ref_request *q, double time_s)
{
    if (s->traffic->ended != NULL) {
        s->traffic->ended(s->traffic->context, q->asked.client, time_s);
    }
}

static bool kept_slo(const mu_sim_config *config, const mu_sim_record *r)
{
    double tpot_s = r->output > 1 ? (r->end_s - r->first_token_s) / (double)(r->output - 1) : 0.0;
    return (config->ttft_slo_s <= 0.0 || r->first_token_s - r->arrival_s <= config->ttft_slo_s) &&
           (config->tpot_slo_s <= 0.0 || tpot_s <= config->tpot_slo_s) &&
           (config->e2e_slo_s <= 0.0 || r->end_s - r->arrival_s <= config->e2e_slo_s);
}

/* Its blocks and references are given back already. */
static void end_request(ref_sim *s, ref_request *q, double end_s)
{
    q->place = REF_GONE;
    q->record.instance = q->instance;
    q->record.end_s = fmax(end_s, q->record.first_token_s);
    q->record.good = kept_slo(s->config, &q->record);
    s->out->record[s->out->records++] = q->record;
    ref_tell_ended(s, q, q->record.end_s);
}

/* A request left an instance of the front role. */
static void scale_down(ref_sim *s)
{
    ref_turn_off_empty(s);
    ref_let_one_go(s);
    ref_turn_off_empty(s);
}

static void gap(ref_sim *s, double gap_s)
{
    s->out->itl_n++;
    s->out->itl_sum_s += gap_s;
    s->out->itl_max_s = fmax(s->out->itl_max_s, gap_s);
}

/* Clients see what is given out now so much later. */
static double lag_s(const ref_here *h)
{
    return h->role->lag_steps * h->sim->instance[h->r][h->i].plain_s;
}

void ref_see(const ref_here *h, ref_request *q)
{
    uint64_t wanted =
        h->role->stream_first < q->asked.output ? h->role->stream_first : q->asked.output;
    if (!q->seen && q->emitted >= wanted) {
        q->seen = true;
        q->record.first_token_s = h->sim->now_s + lag_s(h);
    }
}

/* It gives out so many tokens at the end of a step. */
static void emit(const ref_here *h, ref_request *q, uint64_t tokens)
{
    ref_sim *s = h->sim;
    if (q->gave_token) {
        gap(s, s->now_s - q->last_token_s);
    }
    q->gave_token = true;
    for (uint64_t k = 1; k < tokens; k++) {
        gap(s, 0.0);
    }
    q->last_token_s = s->now_s;
    q->emitted += tokens;
    ref_see(h, q);
}

static void end_if_complete(const ref_here *h, ref_request *q)
{
    if (q->emitted == q->asked.output) {
        ref_insert(h, q, (uint64_t)q->asked.input + q->asked.output);
        ref_release(h, q);
        end_request(h->sim, q, h->sim->now_s + lag_s(h));
        if (h->r == h->sim->front) {
            scale_down(h->sim);
        }
    }
}

/* From prefill to decode, over the links of both. */
static void hand_over(const ref_here *h, ref_request *q)
{
    ref_sim *s = h->sim;
    const mu_sim_transfer *transfer = &s->config->transfer;
    uint32_t to = 0;
    for (uint32_t i = 1; i < s->config->decode.instances; i++) {
        if (ref_in_hand(s, REF_DECODE, i) < ref_in_hand(s, REF_DECODE, to)) {
            to = i;
        }
    }
    if (s->config->router == MU_ROUTER_ROUND_ROBIN) {
        to = (uint32_t)(s->handed_over++ % s->config->decode.instances);
    }
    ref_release(h, q);
    double *sender_s = &s->instance[REF_PREFILL][h->i].link_free_s;
    double *receiver_s = &s->instance[REF_DECODE][to].link_free_s;
    double start_s = fmax(s->now_s, fmax(*sender_s, *receiver_s));
    double bytes = transfer->bytes_per_token * q->asked.input + transfer->bytes_per_request;
    double wire_s = bytes / fmin(transfer->send_bytes_per_s, transfer->receive_bytes_per_s);
    *sender_s = *receiver_s = start_s + wire_s;
    q->ready_s = start_s + wire_s + transfer->latency_s;
    if (q->asked.output == 1) { /* nothing is left to do there */
        q->record.first_token_s = q->ready_s + lag_s(h);
        end_request(s, q, q->ready_s);
    } else {
        q->role = REF_DECODE;
        q->instance = to;
        q->place = REF_INBOX;
        q->delivered = true;
    }
    scale_down(s);
}

/* Tokens of one decode step: one, and the drafts that are accepted. */
static uint64_t tokens_of_step(const ref_here *h, ref_request *q)
{
    uint64_t tokens = 1;
    uint64_t index = q->decode_steps++ * 8;
    while (tokens <= h->role->mtp &&
           mu_random_uniform(h->sim->config->seed, 16 + q->record.number, index + tokens - 1) <
               h->role->acceptance[tokens - 1]) {
        tokens++;
    }
    uint64_t left = q->asked.output - q->emitted;
    return tokens < left ? tokens : left;
}

/* Decodes end in order of number, then prompts are through in order of rank. */
static void finish_step(const ref_here *h)
{
    for (uint32_t k = 0; k < h->sim->requests; k++) {
        ref_request *q = &h->sim->request[k];
        if (ref_is_here(h, q) && q->place == REF_RUNNING && q->decodes) {
            emit(h, q, tokens_of_step(h, q));
            end_if_complete(h, q);
        }
    }
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        ref_request *q = list[k];
        if (q->chunk == 0) {
            continue;
        }
        q->done += q->chunk;
        if (q->done == q->target) {
            ref_insert(h, q, q->done);
            if (h->r == REF_PREFILL) {
                hand_over(h, q);
            } else {
                emit(h, q, 1);
                end_if_complete(h, q);
            }
        }
    }
}

static void finish_steps(ref_sim *s)
{
    for (uint32_t role = s->front; role <= REF_DECODE; role++) {
        for (uint32_t i = 0; i < ref_slots(s, role); i++) {
            ref_instance *x = &s->instance[role][i];
            if (x->stepping && x->step.end_s <= s->now_s) {
                x->stepping = false;
                x->counted += x->step.prefill_tokens > 0.0 ? ref_role(s, role)->poll_steps : 1;
                x->plain_s =
                    x->step.prefill_tokens > 0.0 ? x->plain_s : x->step.end_s - x->step.start_s;
                s->out->step[s->out->steps++] = x->step;
                for (uint32_t l = 0; l < ref_role(s, role)->lanes; l++) {
                    ref_here h = ref_at(s, role, i, l);
                    finish_step(&h);
                }
            }
        }
    }
}

/* ---- arrivals ---- */

static bool can_ever_fit(const ref_sim *s, const mu_request *asked)
{
    const mu_sim_role *prefill = &s->config->prefill;
    const mu_sim_role *decode = &s->config->decode;
    uint64_t whole = (uint64_t)asked->input + asked->output;
    if (s->config->disaggregated &&
        ref_blocks(prefill, asked->input) + prefill->fixed_blocks > prefill->blocks) {
        return false;
    }
    return ref_blocks(decode, whole) + decode->fixed_blocks <= decode->blocks;
}

/* Ids are of whole blocks of the role that takes requests, or each unit is several of them. */
static void read_ids(ref_sim *s, ref_request *q)
{
    uint32_t block = ref_role(s, s->front)->block_tokens;
    uint32_t tokens = q->asked.block_tokens;
    bool used = s->config->decode.prefix_cache ||
                (s->config->disaggregated && s->config->prefill.prefix_cache);
    if (q->asked.block_count == 0 || !used) {
        return;
    }
    if (s->id_tokens == 0) {
        s->id_tokens = tokens;
        s->unit_tokens = tokens % block == 0 ? tokens : block % tokens == 0 ? block : 0;
    }
    if (s->unit_tokens > 0) {
        uint32_t each = s->unit_tokens / tokens; /* the last stands for all before it */
        q->ids = q->asked.block_count / each;
        for (uint64_t k = 0; k < q->ids; k++) {
            q->id[k] = q->asked.block[(k + 1) * each - 1];
        }
    }
}

static void arrive(ref_sim *s)
{
    ref_request *q = &s->request[s->requests];
    mu_error err = {0};
    if (s->traffic->take(s->traffic->context, &q->asked, &err) != MU_OK) {
        return;
    }
    q->record = (mu_sim_record){.number = s->requests++,
                                .tenant = q->asked.tenant,
                                .input = q->asked.input,
                                .output = q->asked.output,
                                .arrival_s = q->asked.arrival_s};
    read_ids(s, q);
    s->out->first_arrival_s = s->out->arrived == 0 ? q->asked.arrival_s : s->out->first_arrival_s;
    s->out->arrived++;
    if (!can_ever_fit(s, &q->asked)) {
        q->place = REF_GONE;
        s->out->rejected++;
        ref_tell_ended(s, q, q->asked.arrival_s);
        return;
    }
    ref_route(s, q);
    ref_start_another(s);
}

/* ---- steps begin ---- */

static uint32_t in_lane(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    return ref_list(h, REF_WAITING, list) + ref_list(h, REF_RUNNING, list);
}

static uint32_t pick_lane(ref_sim *s, const ref_request *q, uint32_t role, uint32_t instance)
{
    uint32_t lanes = ref_role(s, role)->lanes;
    uint64_t most = 0;
    uint32_t sum = 0;
    uint32_t least = 0;
    uint32_t longest = 0;
    for (uint32_t l = 0; l < lanes; l++) {
        ref_here h = ref_at(s, role, instance, l);
        ref_here least_here = ref_at(s, role, instance, least);
        ref_here longest_here = ref_at(s, role, instance, longest);
        uint64_t hits = ref_hits(&h, q, q->asked.input);
        if (hits > most || (hits == most && in_lane(&h) < in_lane(&longest_here))) {
            longest = l;
            most = hits;
        }
        least = in_lane(&h) < in_lane(&least_here) ? l : least;
        sum += in_lane(&h);
    }
    ref_here longest_here = ref_at(s, role, instance, longest);
    bool by_prefix = s->config->router == MU_ROUTER_PREFIX && role == s->front;
    bool crowded = (double)in_lane(&longest_here) > 1.5 * (double)sum / (double)lanes + 8.0;
    return by_prefix && !crowded ? longest : least;
}

/* What is ready leaves the inbox, in order of readiness, then of arrival. */
static void pull_inbox(ref_sim *s, uint32_t role, uint32_t instance)
{
    for (;;) {
        ref_request *next = NULL;
        for (uint32_t k = 0; k < s->requests; k++) {
            ref_request *q = &s->request[k];
            bool ready = q->place == REF_INBOX && q->role == role && q->instance == instance &&
                         q->ready_s <= s->now_s;
            if (ready && (next == NULL || q->ready_s < next->ready_s)) {
                next = q;
            }
        }
        if (next == NULL) {
            return;
        }
        next->lane = pick_lane(s, next, role, instance);
        next->place = REF_WAITING;
    }
}

/* What the lane's plan comes to; adds to what all lanes do. */
static void add_up(const ref_here *h, mu_batch *batch, mu_sim_event *event)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        const ref_request *q = list[k];
        if (q->decodes) {
            batch->decode_sequences += 1.0;
            batch->decode_context += (double)(q->asked.input + q->emitted);
        } else if (q->chunk > 0) {
            double chunk = (double)q->chunk;
            double cached = (double)q->done;
            batch->prefill_sequences += 1.0;
            batch->prefill_tokens += chunk;
            batch->prefill_pairs += chunk * (cached + chunk / 2.0);
            batch->prefill_context += cached + chunk;
        }
    }
    event->decode_sequences += batch->decode_sequences;
    event->prefill_sequences += batch->prefill_sequences;
    event->prefill_tokens += batch->prefill_tokens;
    event->running += n;
    event->waiting += ref_list(h, REF_WAITING, list);
    event->cache_share += (double)((int64_t)h->role->blocks - ref_room(h)) /
                          ((double)h->role->blocks * (double)h->role->lanes);
}

static bool is_idle(ref_sim *s, uint32_t role, uint32_t instance)
{
    for (uint32_t l = 0; l < ref_role(s, role)->lanes; l++) {
        ref_here h = ref_at(s, role, instance, l);
        if (in_lane(&h) > 0) {
            return false;
        }
    }
    return true;
}

/* What is running in a lane, or waits there. */
typedef struct lane_count {
    uint32_t waiting, prefilling, decoding;
} lane_count;

static lane_count count_lane(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    lane_count c = {.waiting = ref_list(h, REF_WAITING, list)};
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        c.decoding += list[k]->done == list[k]->target;
    }
    c.prefilling = n - c.decoding;
    return c;
}

/* Do prompts wait until all lanes have some? */
static bool holds_prompts(ref_sim *s, uint32_t role, uint32_t instance)
{
    const mu_sim_role *r = ref_role(s, role);
    ref_instance *x = &s->instance[role][instance];
    if (r->lanes == 1 || r->dp_timeout_steps == 0) {
        return false;
    }
    bool room = true;
    bool prompts = true;
    bool decodes = true;
    for (uint32_t l = 0; l < r->lanes; l++) {
        ref_here h = ref_at(s, role, instance, l);
        lane_count c = count_lane(&h);
        room = room && c.decoding < r->max_sequences;
        prompts = prompts && c.prefilling + c.waiting > 0;
        decodes = decodes && c.decoding > 0;
    }
    bool hold;
    if (room && prompts) {
        x->waited = 0;
        hold = decodes && x->batched < r->dp_batching_steps;
        x->batched = hold ? x->batched + 1 : 0;
    } else {
        x->waited++;
        hold = x->waited < r->dp_timeout_steps && decodes;
        x->waited = hold ? x->waited : 0;
    }
    return hold;
}

/* Does a single lane wait for more prompts? */
static bool gathers_prompts(ref_sim *s, uint32_t role, uint32_t instance)
{
    const mu_sim_role *r = ref_role(s, role);
    ref_instance *x = &s->instance[role][instance];
    if (r->lanes > 1 || r->batch_wait_steps == 0) {
        return false;
    }
    ref_here h = ref_at(s, role, instance, 0);
    lane_count c = count_lane(&h);
    if (c.decoding == 0 || c.prefilling + c.waiting == 0 ||
        c.decoding + c.prefilling >= r->max_sequences) {
        return false;
    }
    ref_request *list[REF_REQUESTS];
    double tokens = (double)c.decoding * (1.0 + r->mtp);
    for (uint32_t k = 0, n = ref_list(&h, REF_RUNNING, list); k < n; k++) {
        tokens += (double)(list[k]->target - list[k]->done);
    }
    for (uint32_t k = 0, n = ref_list(&h, REF_WAITING, list); k < n; k++) {
        tokens += list[k]->asked.input;
    }
    bool hold = x->gathered < r->batch_wait_steps && tokens < r->batch_wait_share * r->max_tokens;
    x->gathered = hold ? x->gathered + 1 : 0;
    return hold;
}

/* What kernels compiled on first use add to this step. */
static double cold_s(ref_instance *x, const mu_sim_role *r, const mu_batch batch[])
{
    double cold = 0.0;
    for (uint32_t l = 0; l < r->lanes; l++) {
        if (batch[l].prefill_tokens > 0.0 && !x->prompts) {
            x->prompts = true;
            cold += r->cold_first_s;
        }
        double tokens = batch[l].prefill_tokens + batch[l].decode_sequences * (1.0 + r->mtp);
        if (tokens >= r->max_tokens && !x->full) {
            x->full = true;
            cold += r->cold_full_s;
        }
    }
    return cold;
}

static void begin_step(ref_sim *s, uint32_t role, uint32_t instance)
{
    const mu_sim_role *r = ref_role(s, role);
    ref_instance *x = &s->instance[role][instance];
    if (x->counted >= r->poll_steps || is_idle(s, role, instance)) {
        pull_inbox(s, role, instance);
        x->counted = 0;
    }
    bool held = !is_idle(s, role, instance) &&
                (holds_prompts(s, role, instance) || gathers_prompts(s, role, instance));
    mu_batch batch[REF_LANES] = {{0}};
    mu_sim_event event = {
        .prefill_role = role == REF_PREFILL, .instance = instance, .start_s = s->now_s};
    double swap_s = 0.0;
    for (uint32_t l = 0; l < r->lanes; l++) {
        ref_here h = ref_at(s, role, instance, l);
        h.lane->held = held;
        ref_plan(&h);
        add_up(&h, &batch[l], &event);
        swap_s = fmax(swap_s, (double)h.lane->swap_blocks * r->swap_s_per_block);
    }
    if (event.decode_sequences + event.prefill_sequences > 0.0) {
        mu_step_cost cost;
        r->price(r->price_context, 0, batch, r->lanes, 0.0, &cost);
        event.end_s = s->now_s + cost.time_s + swap_s + cold_s(x, r, batch);
        x->stepping = true;
        x->step = event;
    }
}

static void begin_steps(ref_sim *s)
{
    for (uint32_t role = s->front; role <= REF_DECODE; role++) {
        for (uint32_t i = 0; i < ref_slots(s, role); i++) {
            const ref_instance *x = &s->instance[role][i];
            if ((x->state == REF_UP || x->state == REF_DRAINING) && !x->stepping) {
                begin_step(s, role, i);
            }
        }
    }
}

/* ---- time ---- */

static double next_moment(const ref_sim *s)
{
    double next_s = INFINITY;
    double arrival_s;
    if (s->traffic->peek(s->traffic->context, &arrival_s)) {
        next_s = fmax(arrival_s, s->now_s);
    }
    for (uint32_t k = 0; k < s->requests; k++) {
        const ref_request *q = &s->request[k];
        if (q->place == REF_INBOX && q->ready_s > s->now_s) {
            next_s = fmin(next_s, q->ready_s);
        }
    }
    for (uint32_t role = s->front; role <= REF_DECODE; role++) {
        for (uint32_t i = 0; i < ref_slots(s, role); i++) {
            const ref_instance *x = &s->instance[role][i];
            if (x->stepping) {
                next_s = fmin(next_s, x->step.end_s);
            }
            if (x->state == REF_UP || x->state == REF_DRAINING) {
                next_s = fmin(next_s, x->fail_s);
            } else if (x->state != REF_OFF) {
                next_s = fmin(next_s, x->up_s);
            }
        }
    }
    return next_s;
}

static bool has_work(const ref_sim *s)
{
    double arrival_s;
    for (uint32_t k = 0; k < s->requests; k++) {
        if (s->request[k].place != REF_GONE) {
            return true;
        }
    }
    return s->traffic->peek(s->traffic->context, &arrival_s);
}

static void take_arrivals(ref_sim *s)
{
    double arrival_s;
    while (s->traffic->peek(s->traffic->context, &arrival_s) && arrival_s <= s->now_s &&
           s->requests < REF_REQUESTS) {
        arrive(s);
    }
}

static void open_instances(ref_sim *s)
{
    for (uint32_t role = s->front; role <= REF_DECODE; role++) {
        for (uint32_t i = 0; i < ref_role(s, role)->instances; i++) {
            ref_instance *x = &s->instance[role][i];
            x->state = REF_UP;
            x->fail_s = INFINITY;
            x->counted = ref_role(s, role)->poll_steps;
            for (uint32_t l = 0; l < REF_LANES; l++) {
                x->lane[l].ratio = 0.7;
            }
            if (role == s->front) {
                ref_come_up(s, i);
            }
        }
    }
}

void reference_run(const mu_sim_config *config, const mu_traffic *traffic, mu_arena *arena,
                   ref_run *out)
{
    ref_sim *s = MU_NEW(arena, ref_sim, 1);
    *out = (ref_run){.step = MU_NEW(arena, mu_sim_event, REF_STEPS),
                     .record = MU_NEW(arena, mu_sim_record, REF_REQUESTS)};
    s->config = config;
    s->traffic = traffic;
    s->out = out;
    s->front = config->disaggregated ? REF_PREFILL : REF_DECODE;
    open_instances(s);
    while (has_work(s) && !out->ran_away) {
        s->now_s = next_moment(s);
        ref_fleet_events(s);
        finish_steps(s);
        ref_route_waiting(s);
        take_arrivals(s);
        begin_steps(s);
        out->ran_away = !isfinite(s->now_s) || out->steps + 2 * REF_INSTANCES > REF_STEPS;
    }
}
