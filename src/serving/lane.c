/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lane: its lists of requests, and what they hold.
 */
#include "serving/lane.h"

#include <assert.h>
#include <string.h>

enum { ARRAY_FIRST = 64 };

/* Room for one more in an array of the lane; false (and the lane starves) when memory is out. */
static bool make_room(mu_lane *lane, void **array, size_t size, uint32_t count, uint32_t *room)
{
    if (count < *room) {
        return true;
    }
    uint32_t more = *room > 0 ? 2 * *room : ARRAY_FIRST;
    void *grown = mu_arena_alloc(lane->arena, more, size);
    if (grown == NULL) {
        lane->starved = true;
        return false;
    }
    if (count > 0) {
        memcpy(grown, *array, count * size);
    }
    *array = grown;
    *room = more;
    return true;
}

mu_status mu_lane_open(mu_lane *lane, const mu_sim_role *role, mu_arena *arena, mu_error *err)
{
    memset(lane, 0, sizeof *lane);
    lane->role = role;
    lane->arena = arena;
    lane->ratio = MU_RATIO_FIRST;
    lane->first_end = UINT64_MAX;
    mu_block_cache_open(&lane->cache, role->blocks, arena);
    lane->due = MU_NEW(arena, uint32_t, role->block_tokens);
    return lane->due != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a lane");
}

void mu_lane_know_units(mu_lane *lane, uint32_t unit_tokens)
{
    const mu_sim_role *role = lane->role;
    bool whole = role->prefix_cache && unit_tokens % role->block_tokens == 0;
    lane->cache.unit_blocks = whole ? unit_tokens / role->block_tokens : 0;
    lane->unit_tokens = lane->cache.unit_blocks * role->block_tokens;
}

uint64_t mu_role_blocks(const mu_sim_role *role, uint64_t tokens)
{
    return (tokens + role->block_tokens - 1) / role->block_tokens;
}

uint64_t mu_lane_blocks(const mu_lane *lane, uint64_t tokens)
{
    return mu_role_blocks(lane->role, tokens);
}

uint32_t mu_lane_running(const mu_lane *lane)
{
    return lane->decoding_count + lane->prefilling_count;
}

uint32_t mu_lane_hits(const mu_lane *lane, const mu_seq *seq, uint32_t *unused)
{
    *unused = 0;
    if (lane->unit_tokens == 0) {
        return 0;
    }
    uint32_t most = (seq->input + seq->emitted - 1) / lane->unit_tokens;
    return mu_block_cache_hits(&lane->cache, seq->unit,
                               most < seq->unit_count ? most : seq->unit_count, unused);
}

/* The queue: a binary heap. */

static bool goes_before(const mu_seq *a, const mu_seq *b)
{
    return a->key != b->key ? a->key < b->key : a->number < b->number;
}

void mu_lane_wait(mu_lane *lane, mu_seq *seq)
{
    if (!make_room(lane, (void **)&lane->waiting, sizeof(mu_seq *), lane->waiting_count,
                   &lane->waiting_room)) {
        return;
    }
    uint32_t at = lane->waiting_count++;
    while (at > 0 && goes_before(seq, lane->waiting[(at - 1) / 2])) {
        lane->waiting[at] = lane->waiting[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    lane->waiting[at] = seq;
}

void mu_lane_unwait(mu_lane *lane)
{
    assert(lane->waiting_count > 0);
    mu_seq *last = lane->waiting[--lane->waiting_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= lane->waiting_count) {
            break;
        }
        if (child + 1 < lane->waiting_count &&
            goes_before(lane->waiting[child + 1], lane->waiting[child])) {
            child++;
        }
        if (!goes_before(lane->waiting[child], last)) {
            break;
        }
        lane->waiting[at] = lane->waiting[child];
        at = child;
    }
    lane->waiting[at] = last;
}

/* The decoding ones. */

uint32_t mu_lane_emitted(const mu_lane *lane, const mu_seq *seq)
{
    bool counted = seq->decoding && lane->role->mtp == 0;
    return seq->emitted + (counted ? (uint32_t)(lane->round - seq->joined) : 0);
}

/* Round modulo block size at which blocks of this phase fall due is where phase + round is 0. */
static uint32_t phase_of(const mu_lane *lane, uint64_t context)
{
    uint32_t size = lane->role->block_tokens;
    return (uint32_t)((context - 1 + size - lane->round % size) % size);
}

static void put_on_due(mu_lane *lane, mu_seq *seq)
{
    if (!seq->reserved && lane->role->mtp == 0) {
        seq->phase = phase_of(lane, (uint64_t)seq->input + seq->emitted);
        lane->due[seq->phase]++;
    }
}

static bool is_on_due(const mu_lane *lane, const mu_seq *seq)
{
    return !seq->reserved && !seq->late && lane->role->mtp == 0;
}

void mu_lane_join(mu_lane *lane, mu_seq *seq)
{
    uint32_t room = lane->decoding_room;
    if (!make_room(lane, (void **)&lane->who, sizeof(mu_seq *), lane->decoding_count, &room) ||
        !make_room(lane, (void **)&lane->end_round, sizeof(uint64_t), lane->decoding_count,
                   &lane->decoding_room) ||
        !make_room(lane, (void **)&lane->fresh, sizeof(mu_seq *), lane->fresh_count,
                   &lane->fresh_room)) {
        return;
    }
    assert(seq->emitted >= 1 && seq->emitted < seq->output);
    seq->decoding = true;
    seq->joined = lane->round;
    seq->at = lane->decoding_count++;
    lane->who[seq->at] = seq;
    lane->end_round[seq->at] = lane->round + (seq->output - seq->emitted);
    if (lane->end_round[seq->at] < lane->first_end) {
        lane->first_end = lane->end_round[seq->at];
    }
    lane->context += (uint64_t)seq->input + seq->emitted;
    lane->fresh[lane->fresh_count++] = seq;
    if (!seq->late) {
        put_on_due(lane, seq);
    }
}

/* Takes a request out of a list without order; false = it was not in it. */
static bool drop(mu_seq **list, uint32_t *count, const mu_seq *seq)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (list[i] == seq) {
            list[i] = list[--*count];
            return true;
        }
    }
    return false;
}

static void find_first_end(mu_lane *lane)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        first = lane->end_round[i] < first ? lane->end_round[i] : first;
    }
    lane->first_end = first;
}

void mu_lane_unjoin(mu_lane *lane, mu_seq *seq)
{
    uint32_t emitted = mu_lane_emitted(lane, seq);
    if (is_on_due(lane, seq)) {
        seq->tokens_held = seq->input + emitted - (lane->grown ? 0 : 1);
        lane->due[seq->phase]--;
    }
    seq->emitted = emitted;
    lane->context -= (uint64_t)seq->input + emitted;
    if (!drop(lane->fresh, &lane->fresh_count, seq)) {
        seq->last_s = lane->last_decode_s;
    }
    if (seq->first_s < 0.0) {
        (void)drop(lane->unseen, &lane->unseen_count, seq);
    }
    bool first = lane->end_round[seq->at] == lane->first_end;
    uint32_t last = --lane->decoding_count;
    lane->who[seq->at] = lane->who[last];
    lane->end_round[seq->at] = lane->end_round[last];
    lane->who[seq->at]->at = seq->at;
    seq->decoding = false;
    seq->late = false;
    if (first) {
        find_first_end(lane);
    }
}

void mu_lane_end_round(mu_lane *lane, double end_s)
{
    lane->round++;
    if (lane->role->mtp == 0) {
        lane->context += lane->decoding_count;
    }
    for (uint32_t i = 0; i < lane->fresh_count; i++) {
        mu_seq *seq = lane->fresh[i];
        if (seq->late) {
            seq->late = false;
            if (lane->role->mtp == 0) {
                seq->emitted += (uint32_t)(lane->round - seq->joined);
                seq->joined = lane->round;
            }
            put_on_due(lane, seq);
        }
    }
    lane->fresh_count = 0;
    lane->last_decode_s = end_s;
}

/* The prefilling ones. */

void mu_lane_prefill(mu_lane *lane, mu_seq *seq)
{
    if (make_room(lane, (void **)&lane->prefilling, sizeof(mu_seq *), lane->prefilling_count,
                  &lane->prefilling_room)) {
        lane->prefilling[lane->prefilling_count++] = seq;
    }
}

void mu_lane_unprefill(mu_lane *lane, const mu_seq *seq)
{
    uint32_t at = 0;
    while (lane->prefilling[at] != seq) {
        at++;
    }
    lane->prefilling_count--;
    memmove(&lane->prefilling[at], &lane->prefilling[at + 1],
            (lane->prefilling_count - at) * sizeof(mu_seq *));
}

void mu_lane_chunk(mu_lane *lane, mu_seq *seq, uint32_t tokens)
{
    mu_lane_plan *plan = &lane->plan;
    if (make_room(lane, (void **)&plan->chunk, sizeof(mu_chunk), plan->chunk_count,
                  &plan->chunk_room)) {
        plan->chunk[plan->chunk_count++] = (mu_chunk){.seq = seq, .tokens = tokens};
        seq->planned = lane->plans;
    }
}

void mu_lane_give(mu_lane *lane, mu_seq *seq)
{
    if (make_room(lane, (void **)&lane->given, sizeof(mu_seq *), lane->given_count,
                  &lane->given_room)) {
        lane->given[lane->given_count++] = seq;
    }
}

void mu_lane_hide(mu_lane *lane, mu_seq *seq)
{
    if (make_room(lane, (void **)&lane->unseen, sizeof(mu_seq *), lane->unseen_count,
                  &lane->unseen_room)) {
        lane->unseen[lane->unseen_count++] = seq;
    }
}

/* What a request holds. */

void mu_lane_enter(mu_lane *lane, mu_seq *seq, uint64_t tokens)
{
    if (lane->unit_tokens == 0) {
        return;
    }
    /* The last token of an answer has no cache yet: what is not held can't be remembered. */
    uint64_t held = mu_lane_blocks(lane, seq->tokens_held) / lane->cache.unit_blocks;
    uint64_t whole = tokens / lane->unit_tokens;
    whole = whole < held ? whole : held;
    uint32_t last = whole < seq->unit_count ? (uint32_t)whole : seq->unit_count;
    if (seq->units_held < last) {
        seq->units_held = mu_block_cache_enter(&lane->cache, seq->unit, seq->units_held, last);
    }
}

uint64_t mu_lane_private(const mu_lane *lane, const mu_seq *seq)
{
    return mu_lane_blocks(lane, seq->tokens_held) + lane->role->fixed_blocks -
           (uint64_t)seq->units_held * lane->cache.unit_blocks;
}

void mu_lane_release(mu_lane *lane, mu_seq *seq)
{
    mu_block_cache_give(&lane->cache, mu_lane_private(lane, seq));
    mu_block_cache_drop(&lane->cache, seq->unit, seq->units_held);
    seq->units_held = 0;
    seq->tokens_held = 0;
    seq->reserved = false;
}

mu_seq *mu_lane_pop(mu_lane *lane)
{
    mu_seq *seq = NULL;
    if (lane->decoding_count > 0) {
        seq = lane->who[lane->decoding_count - 1];
        mu_lane_unjoin(lane, seq);
    } else if (lane->prefilling_count > 0) {
        seq = lane->prefilling[--lane->prefilling_count];
    } else if (lane->waiting_count > 0) {
        seq = lane->waiting[--lane->waiting_count];
        return seq;
    }
    if (seq != NULL) {
        mu_lane_release(lane, seq);
    }
    return seq;
}
