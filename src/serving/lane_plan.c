/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Planning a step of a lane: what policies are made of.
 */
#include "serving/lane.h"

#include <assert.h>
#include <math.h>

/* Tokens to come that SGLang's guess counts of a request at most. */
enum { GUESS_TOKENS_MAX = 4096 };

static bool goes_after(const mu_lane *lane, const mu_seq *a, const mu_seq *b)
{
    if (lane->role->order == MU_ORDER_PRIORITY && a->tenant != b->tenant) {
        return a->tenant > b->tenant;
    }
    return a->rank > b->rank;
}

/* The running request that goes first when room is short. */
static mu_seq *find_victim(const mu_lane *lane)
{
    mu_seq *victim = NULL;
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        victim = victim == NULL || goes_after(lane, lane->who[i], victim) ? lane->who[i] : victim;
    }
    for (uint32_t i = 0; i < lane->prefilling_count; i++) {
        mu_seq *seq = lane->prefilling[i];
        victim = victim == NULL || goes_after(lane, seq, victim) ? seq : victim;
    }
    return victim;
}

static void preempt(mu_lane *lane, mu_seq *seq)
{
    if (seq->decoding) {
        mu_lane_unjoin(lane, seq);
    } else {
        mu_lane_unprefill(lane, seq);
    }
    if (lane->role->swap) {
        seq->cached_elsewhere = true;
        seq->swapped_blocks = mu_lane_private(lane, seq);
        lane->plan.swapped_blocks += seq->swapped_blocks;
    }
    mu_lane_release(lane, seq);
    seq->preempted++;
    lane->preemptions++;
    lane->plan.preempted = true;
    mu_lane_wait(lane, seq);
}

/* Tokens that a decoding request must hold before its next step. */
static uint32_t tokens_ahead(const mu_lane *lane, const mu_seq *seq)
{
    uint64_t ahead = (uint64_t)seq->input + mu_lane_emitted(lane, seq) + lane->role->mtp;
    uint64_t all = (uint64_t)seq->input + seq->output;
    return (uint32_t)(ahead < all ? ahead : all);
}

/* Drafts make requests differ: each is looked at. */
static uint64_t need_of_drafts(const mu_lane *lane)
{
    uint64_t need = 0;
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        const mu_seq *seq = lane->who[i];
        uint32_t ahead = tokens_ahead(lane, seq);
        if (ahead > seq->tokens_held) {
            need += mu_lane_blocks(lane, ahead) - mu_lane_blocks(lane, seq->tokens_held);
        }
    }
    return need;
}

static void hold_drafts(mu_lane *lane)
{
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        mu_seq *seq = lane->who[i];
        uint32_t ahead = tokens_ahead(lane, seq);
        seq->tokens_held = ahead > seq->tokens_held ? ahead : seq->tokens_held;
    }
}

static uint64_t need_of_decodes(const mu_lane *lane)
{
    if (lane->role->mtp > 0) {
        return need_of_drafts(lane);
    }
    uint32_t size = lane->role->block_tokens;
    return lane->due[(size - lane->round % size) % size];
}

void mu_lane_grow(mu_lane *lane)
{
    uint64_t need = need_of_decodes(lane);
    while (need > mu_block_cache_room(&lane->cache)) {
        mu_seq *victim = find_victim(lane);
        assert(victim != NULL);
        preempt(lane, victim);
        need = need_of_decodes(lane);
    }
    mu_block_cache_take(&lane->cache, need);
    if (lane->role->mtp > 0) {
        hold_drafts(lane);
    }
    lane->grown = true;
}

/* Blocks for a request under way, others giving way to it; false = it must wait itself. */
static bool find_room(mu_lane *lane, const mu_seq *seq, uint64_t need)
{
    while (need > mu_block_cache_room(&lane->cache)) {
        mu_seq *victim = find_victim(lane);
        if (victim == seq || victim->planned == lane->plans) {
            return false;
        }
        preempt(lane, victim);
    }
    return true;
}

static uint64_t blocks_more(const mu_lane *lane, const mu_seq *seq, uint64_t tokens)
{
    uint64_t held = mu_lane_blocks(lane, seq->tokens_held);
    uint64_t wanted = mu_lane_blocks(lane, tokens);
    return wanted > held ? wanted - held : 0;
}

uint32_t mu_lane_budget(const mu_lane *lane)
{
    const mu_sim_role *role = lane->role;
    uint64_t decodes = (uint64_t)lane->decoding_count * (1 + role->mtp);
    return decodes < role->max_tokens ? role->max_tokens - (uint32_t)decodes : 0;
}

uint32_t mu_lane_continue(mu_lane *lane, uint32_t budget)
{
    uint32_t i = 0;
    while (i < lane->prefilling_count && budget > 0 && !lane->held) {
        mu_seq *seq = lane->prefilling[i];
        uint32_t left = seq->target - seq->done;
        uint32_t n = left < budget ? left : budget;
        uint64_t tokens = (uint64_t)seq->done + n;
        uint64_t need = blocks_more(lane, seq, tokens);
        bool fits = find_room(lane, seq, need);
        while (lane->prefilling[i] != seq) {
            i--; /* others before it left */
        }
        if (fits) {
            mu_block_cache_take(&lane->cache, need);
            seq->tokens_held = tokens > seq->tokens_held ? (uint32_t)tokens : seq->tokens_held;
            mu_lane_chunk(lane, seq, n);
            budget -= n;
        }
        i++;
    }
    return budget;
}

/* A request at the head of the queue, and what taking it in would mean. */
typedef struct candidate {
    mu_seq *seq;
    uint32_t hits;   /* units it starts from */
    uint32_t unused; /* of them, those that count as room now */
    uint32_t base;   /* tokens whose cache it has then */
    uint32_t tokens; /* of its chunk; 0 = it decodes at once */
    uint64_t hold;   /* tokens whose blocks it takes */
} candidate;

static uint64_t guessed(const mu_lane *lane, const mu_seq *seq)
{
    uint32_t left = lane->hands_over ? 0 : seq->output - mu_lane_emitted(lane, seq);
    return left < GUESS_TOKENS_MAX ? left : GUESS_TOKENS_MAX;
}

/* Whether all answers under way will find room, by the guess of how long they get. */
static bool guess_holds(const mu_lane *lane, const candidate *c, uint64_t room)
{
    uint64_t coming = guessed(lane, c->seq);
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        coming += guessed(lane, lane->who[i]);
    }
    for (uint32_t i = 0; i < lane->prefilling_count; i++) {
        coming += guessed(lane, lane->prefilling[i]);
    }
    uint64_t whole = c->tokens > 0 ? c->seq->target : c->hold;
    uint64_t need = mu_lane_blocks(lane, whole) + lane->role->fixed_blocks -
                    (uint64_t)c->hits * lane->cache.unit_blocks;
    double size = lane->role->block_tokens;
    return (double)need * size + (double)coming * lane->ratio <= (double)room * size;
}

static bool has_room(const mu_lane *lane, const mu_admission *how, const candidate *c)
{
    const mu_sim_role *role = lane->role;
    uint64_t room =
        mu_block_cache_room(&lane->cache) - (uint64_t)c->unused * lane->cache.unit_blocks;
    uint64_t need = mu_lane_blocks(lane, c->hold) + role->fixed_blocks -
                    (uint64_t)c->hits * lane->cache.unit_blocks;
    if (mu_lane_running(lane) == 0) {
        return need <= room;
    }
    uint64_t spare = (uint64_t)floor(role->watermark * (double)role->blocks) + how->spare;
    return need + spare <= room && (!how->guess || guess_holds(lane, c, room));
}

/* What taking in the head of the queue would mean; false = its prompt must wait for a step. */
static bool look_at(const mu_lane *lane, const mu_admission *how, uint32_t budget, candidate *c)
{
    mu_seq *seq = c->seq = lane->waiting[0];
    bool resumes = seq->cached_elsewhere;
    if (!resumes) {
        seq->target = seq->input + seq->emitted;
        seq->done = 0;
        c->hits = mu_lane_hits(lane, seq, &c->unused);
    }
    c->base = resumes ? seq->done : c->hits * lane->unit_tokens;
    uint32_t left = seq->target - c->base;
    bool whole = how->whole || !lane->role->chunked;
    bool alone = lane->plan.chunk_count == 0 && (how->apart || lane->decoding_count == 0);
    if (whole && left > budget && !alone) {
        return false;
    }
    c->tokens = whole || left < budget ? left : budget;
    c->hold = left > 0 ? (uint64_t)c->base + c->tokens : tokens_ahead(lane, seq);
    if (how->reserve) {
        c->hold = (uint64_t)seq->input + (lane->hands_over ? 0 : seq->output);
    }
    return true;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Takes in the head of the queue; returns the tokens of the budget it uses. */
static uint32_t take_in(mu_lane *lane, const mu_admission *how, const candidate *c, double now_s)
{
    mu_seq *seq = c->seq;
    mu_lane_unwait(lane);
    seq->units_held = mu_block_cache_hold(&lane->cache, seq->unit, c->hits);
    lane->starved = lane->starved || seq->units_held < c->hits;
    seq->tokens_held = (uint32_t)c->hold;
    mu_block_cache_take(&lane->cache, mu_lane_private(lane, seq));
    seq->reserved = how->reserve;
    seq->rank = lane->admitted++;
    seq->done = c->base;
    if (!seq->cached_elsewhere) {
        lane->prompt_tokens += seq->target;
        lane->cached_tokens += c->base;
    }
    if (seq->start_s < 0.0) {
        seq->start_s = now_s;
        seq->cached = c->hits * lane->unit_tokens;
    }
    lane->plan.swapped_blocks += seq->swapped_blocks;
    seq->swapped_blocks = 0;
    seq->cached_elsewhere = false;
    if (c->tokens == 0) {
        seq->late = true;
        mu_lane_join(lane, seq);
        if (seq->last_s < 0.0) {
            mu_lane_give(lane, seq);
            seq->last_s = now_s;
        } else if (seq->first_s < 0.0) {
            mu_lane_hide(lane, seq);
        }
        return 1 + lane->role->mtp;
    }
    mu_lane_prefill(lane, seq);
    mu_lane_chunk(lane, seq, c->tokens);
    return c->tokens;
}

uint32_t mu_lane_admit(mu_lane *lane, const mu_admission *how, uint32_t budget, double now_s)
{
    while (budget > 0 && lane->waiting_count > 0 && !lane->starved && !lane->held &&
           mu_lane_running(lane) < lane->role->max_sequences) {
        candidate c = {0};
        if (!look_at(lane, how, budget, &c) || !has_room(lane, how, &c)) {
            break;
        }
        budget -= smaller(take_in(lane, how, &c, now_s), budget);
    }
    return budget;
}

void mu_lane_batch(mu_lane *lane)
{
    mu_lane_plan *plan = &lane->plan;
    mu_batch batch = {0};
    if (plan->decode) {
        batch.decode_sequences = lane->decoding_count;
        batch.decode_context = (double)lane->context;
    }
    batch.prefill_sequences = plan->chunk_count;
    for (uint32_t i = 0; i < plan->chunk_count; i++) {
        double tokens = plan->chunk[i].tokens;
        double cached = plan->chunk[i].seq->done;
        batch.prefill_tokens += tokens;
        batch.prefill_pairs += tokens * (cached + 0.5 * tokens);
        batch.prefill_context += cached + tokens;
    }
    plan->batch = batch;
}
