/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain simulator: what a lane runs next.
 *
 * What:  chunks of prompts, decodes, admissions and preemptions, policy by policy.
 * Terms: a running request decodes once its target is done, and prefills before; the victim is the
 *        running request that loses its blocks when there are too few.
 */
#include "simulate_reference_parts.h"

#include <math.h>
#include <stddef.h>

static bool is_decoding(const ref_request *q)
{
    return q->done == q->target;
}

/* Blocks for the whole of it are taken at admission. */
static bool is_reserved(const ref_here *h)
{
    return h->role->policy == MU_POLICY_TRTLLM;
}

/* Tokens it will hold at most in this role. */
static uint64_t whole_of(const ref_here *h, const ref_request *q)
{
    return q->asked.input + (h->r == REF_PREFILL ? 0 : (uint64_t)q->asked.output);
}

/* Tokens it must hold blocks for before a decode step. */
static uint64_t decode_hold(const ref_here *h, const ref_request *q, uint64_t emitted)
{
    uint64_t hold = q->asked.input + emitted + h->role->mtp;
    uint64_t whole = whole_of(h, q);
    return is_reserved(h) || hold > whole ? whole : hold;
}

static ref_request *find_victim(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    ref_request *victim = NULL;
    for (uint32_t k = 0; k < n; k++) {
        bool worse = h->role->order == MU_ORDER_PRIORITY && victim != NULL
                         ? list[k]->asked.tenant >= victim->asked.tenant
                         : true;
        victim = worse ? list[k] : victim;
    }
    return victim;
}

static void preempt(const ref_here *h, ref_request *q)
{
    if (h->role->swap) {
        q->swapped = true;
        q->swap_blocks = (uint64_t)ref_private(h, q, q->hold_tokens);
        h->lane->swap_blocks += q->swap_blocks;
        h->sim->out->swapped++;
    } else {
        q->done = 0;
    }
    ref_release(h, q);
    q->place = REF_WAITING;
    q->chunk = 0;
    q->decodes = false;
    q->record.preempted++;
    h->lane->preempted = true;
    h->sim->out->preemptions[h->r]++;
}

/* Every decoding request gets the blocks of its next step. True when one had to go. */
static bool grow(const ref_here *h)
{
    bool preempted = false;
    for (;;) {
        ref_request *list[REF_REQUESTS];
        uint32_t n = ref_list(h, REF_RUNNING, list);
        int64_t need = 0;
        for (uint32_t k = 0; k < n; k++) {
            if (is_decoding(list[k])) {
                need += ref_private(h, list[k], decode_hold(h, list[k], list[k]->emitted)) -
                        ref_private(h, list[k], list[k]->hold_tokens);
            }
        }
        if (ref_room(h) >= need || n == 0) {
            for (uint32_t k = 0; k < n; k++) {
                if (is_decoding(list[k])) {
                    ref_take(h, list[k], decode_hold(h, list[k], list[k]->emitted));
                }
            }
            return preempted;
        }
        preempt(h, find_victim(h));
        preempted = true;
    }
}

/* The decoding requests join the step. Returns their number. */
static uint64_t join_decodes(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    uint64_t joined = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (is_decoding(list[k])) {
            list[k]->decodes = true;
            joined++;
        }
    }
    return joined;
}

static bool make_room(const ref_here *h, const ref_request *q, int64_t need)
{
    while (need > ref_room(h)) {
        ref_request *victim = find_victim(h);
        if (victim == q || victim->chunk > 0) {
            return false;
        }
        preempt(h, victim);
    }
    return true;
}

/* Prompts that are under way go on. Returns what is left of the budget. */
static uint64_t continue_chunks(const ref_here *h, uint64_t budget)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        ref_request *q = list[k];
        if (q->place != REF_RUNNING || is_decoding(q) || budget == 0 || h->lane->held) {
            continue; /* the first: a victim of this very plan */
        }
        uint64_t left = q->target - q->done;
        uint64_t chunk = left < budget ? left : budget;
        uint64_t hold = q->done + chunk > q->hold_tokens ? q->done + chunk : q->hold_tokens;
        int64_t need = ref_private(h, q, hold) - ref_private(h, q, q->hold_tokens);
        if (make_room(h, q, need)) {
            ref_take(h, q, hold);
            q->chunk = chunk;
            budget -= chunk;
        }
    }
    return budget;
}

static bool has_plan(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        if (list[k]->decodes || list[k]->chunk > 0) {
            return true;
        }
    }
    return false;
}

static uint64_t emitted_at_admission(const ref_request *q)
{
    return q->delivered ? 1 : q->emitted;
}

/* SGLang: tokens still to come that count. */
static uint64_t to_come(const ref_here *h, const ref_request *q)
{
    uint64_t left = whole_of(h, q) - q->asked.input; /* 0 where only prompts are computed */
    left -= left > 0 ? emitted_at_admission(q) : 0;
    return left < 4096 ? left : 4096;
}

/* SGLang: what all will hold, as it guesses, fits. `need` = blocks for the whole target. */
static bool estimate_fits(const ref_here *h, const ref_request *head, int64_t need)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    uint64_t tokens = to_come(h, head);
    for (uint32_t k = 0; k < n; k++) {
        tokens += to_come(h, list[k]);
    }
    double will_hold =
        (double)(need * (int64_t)h->role->block_tokens) + (double)tokens * h->lane->ratio;
    return n == 0 || will_hold <= (double)(ref_room(h) * (int64_t)h->role->block_tokens);
}

/* Sets what it would start with: target, done, units. */
static void prepare(const ref_here *h, ref_request *q)
{
    q->place = REF_TRYING;
    if (q->swapped) {
        return; /* goes on where it was */
    }
    q->target = q->asked.input + q->emitted;
    q->units = q->delivered ? 0 : ref_hits(h, q, q->target);
    q->done = q->delivered ? q->target : q->units * h->sim->unit_tokens;
}

/* Can the prepared request run `chunk` tokens of its target now (0 = it decodes)? */
static bool fits(const ref_here *h, const ref_request *q, uint64_t chunk, uint64_t hold)
{
    ref_request *list[REF_REQUESTS];
    bool alone = ref_list(h, REF_RUNNING, list) == 0;
    int64_t need = ref_private(h, q, hold);
    int64_t room = ref_room(h);
    if (!alone) {
        room -= (int64_t)floor(h->role->watermark * (double)h->role->blocks);
        room -= h->role->policy == MU_POLICY_MINDIE ? 1 : 0;
    }
    if (need > room) {
        return false;
    }
    return h->role->policy != MU_POLICY_SGLANG ||
           estimate_fits(h, q, chunk > 0 ? ref_private(h, q, q->target) : need);
}

static void start_running(const ref_here *h, ref_request *q, uint64_t chunk, uint64_t hold)
{
    ref_sim *s = h->sim;
    if (!q->admitted_before) {
        q->admitted_before = true;
        q->record.cached = (uint32_t)q->done;
        q->record.start_s = s->now_s;
    }
    if (q->delivered) {
        q->emitted = 1;
        q->gave_token = true;
        q->last_token_s = s->now_s;
        ref_see(h, q);
    } else if (q->swapped) {
        h->lane->swap_blocks += q->swap_blocks;
    } else {
        s->out->prompt_tokens[h->r] += q->target;
        s->out->cached_tokens[h->r] += q->done;
    }
    q->delivered = false;
    q->swapped = false;
    q->place = REF_RUNNING;
    q->rank = h->lane->admissions++;
    q->chunk = chunk;
    ref_take(h, q, hold);
}

/* Admits the head of the queue if it can run now. Returns what it takes of the budget, 0 = no. */
static uint64_t admit_head(const ref_here *h, ref_request *q, uint64_t budget)
{
    bool cut = h->role->chunked && h->role->policy != MU_POLICY_MINDIE;
    bool planned = has_plan(h);
    prepare(h, q);
    uint64_t left = q->target - q->done;
    uint64_t chunk = cut && left > budget ? budget : left;
    uint64_t hold = chunk > 0 ? q->done + chunk : decode_hold(h, q, emitted_at_admission(q));
    if (is_reserved(h)) {
        hold = whole_of(h, q);
    }
    if ((!cut && left > budget && planned) || !fits(h, q, chunk, hold)) {
        q->place = REF_WAITING;
        q->units = 0;
        return 0;
    }
    start_running(h, q, chunk, hold);
    if (chunk > 0) {
        return chunk < budget ? chunk : budget;
    }
    return 1 + h->role->mtp < budget ? 1 + h->role->mtp : budget;
}

/* Admits from the queue while there is budget; with_decodes: who has its cache decodes at once. */
static void admit(const ref_here *h, uint64_t budget, bool with_decodes)
{
    for (;;) {
        ref_request *waiting[REF_REQUESTS];
        ref_request *running[REF_REQUESTS];
        if (budget == 0 || h->lane->held || ref_list(h, REF_WAITING, waiting) == 0 ||
            ref_list(h, REF_RUNNING, running) >= h->role->max_sequences) {
            return;
        }
        uint64_t took = admit_head(h, waiting[0], budget);
        if (took == 0) {
            return;
        }
        waiting[0]->decodes = with_decodes && waiting[0]->chunk == 0;
        budget -= took;
    }
}

/* vLLM and both of TensorRT-LLM: decodes and prompts in one step. */
static void plan_together(const ref_here *h)
{
    grow(h);
    uint64_t decodes = join_decodes(h) * (1 + h->role->mtp);
    uint64_t budget = decodes < h->role->max_tokens ? h->role->max_tokens - decodes : 0;
    budget = continue_chunks(h, budget);
    if (!h->lane->preempted) {
        admit(h, budget, true);
    }
}

/* SGLang's guess after a preemption: what those that are left have given out, and a little. */
static double ratio_of_left(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    double emitted = 0.0;
    double output = 0.0;
    for (uint32_t k = 0; k < n; k++) {
        if (is_decoding(list[k])) {
            emitted += (double)list[k]->emitted + 20.0;
            output += (double)list[k]->asked.output;
        }
    }
    return output > 0.0 && emitted < output ? emitted / output : 1.0;
}

/* SGLang and MindIE: prompts in a step of their own, decodes when there are none. */
static void plan_apart(const ref_here *h)
{
    uint64_t budget = continue_chunks(h, h->role->max_tokens);
    if (!h->lane->preempted) {
        admit(h, budget, false);
    }
    if (has_plan(h)) {
        return;
    }
    bool preempted = grow(h);
    uint64_t decodes = join_decodes(h);
    if (preempted) {
        h->lane->ratio = ratio_of_left(h);
    } else if (decodes > 0) {
        h->lane->ratio = fmax(h->lane->ratio - (0.7 - 0.098) / 600.0, 0.098);
    }
}

void ref_plan(const ref_here *h)
{
    ref_request *list[REF_REQUESTS];
    uint32_t n = ref_list(h, REF_RUNNING, list);
    for (uint32_t k = 0; k < n; k++) {
        list[k]->chunk = 0;
        list[k]->decodes = false;
    }
    h->lane->preempted = false;
    h->lane->swap_blocks = 0;
    if (h->role->policy == MU_POLICY_SGLANG || h->role->policy == MU_POLICY_MINDIE) {
        plan_apart(h);
    } else {
        plan_together(h);
    }
}
