/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain simulator: the cache of a lane, counted anew at every question.
 *
 * Terms: a unit is a piece of a prompt that has an id; it takes unit_blocks() of the lane's blocks
 *        in the cache, whoever refers to it. What a request holds beyond its units is private.
 * What:  free = blocks - private ones of all running - those of all cached units;
 *        room = free + those of cached units to which no request refers.
 */
#include "simulate_reference_parts.h"

#include <stddef.h>

ref_here ref_at(ref_sim *s, uint32_t role, uint32_t instance, uint32_t lane)
{
    return (ref_here){.sim = s,
                      .role = role == REF_PREFILL ? &s->config->prefill : &s->config->decode,
                      .lane = &s->instance[role][instance].lane[lane],
                      .r = role,
                      .i = instance,
                      .l = lane};
}

bool ref_is_here(const ref_here *h, const ref_request *q)
{
    return q->role == h->r && q->instance == h->i && q->lane == h->l;
}

static uint64_t queue_key(const mu_sim_role *role, const ref_request *q)
{
    return role->order == MU_ORDER_PRIORITY   ? q->asked.tenant
           : role->order == MU_ORDER_SHORTEST ? q->asked.input
                                              : 0;
}

static bool goes_before(const ref_here *h, ref_place place, const ref_request *a,
                        const ref_request *b)
{
    if (place == REF_RUNNING) {
        return a->rank < b->rank;
    }
    uint64_t key_a = queue_key(h->role, a);
    uint64_t key_b = queue_key(h->role, b);
    return key_a != key_b ? key_a < key_b : a->record.number < b->record.number;
}

uint32_t ref_list(const ref_here *h, ref_place place, ref_request *list[REF_REQUESTS])
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < h->sim->requests; k++) {
        ref_request *q = &h->sim->request[k];
        if (q->place != place || !ref_is_here(h, q)) {
            continue;
        }
        uint32_t to = n++;
        for (; to > 0 && goes_before(h, place, q, list[to - 1]); to--) {
            list[to] = list[to - 1];
        }
        list[to] = q;
    }
    return n;
}

uint64_t ref_blocks(const mu_sim_role *role, uint64_t tokens)
{
    return (tokens + role->block_tokens - 1) / role->block_tokens;
}

/* Blocks of one unit; a role whose blocks don't divide units keeps none. */
static int64_t unit_blocks(const ref_here *h)
{
    return (int64_t)(h->sim->unit_tokens / h->role->block_tokens);
}

int64_t ref_private(const ref_here *h, const ref_request *q, uint64_t tokens)
{
    int64_t own = (int64_t)ref_blocks(h->role, tokens) - (int64_t)q->units * unit_blocks(h);
    return (own > 0 ? own : 0) + (int64_t)h->role->fixed_blocks;
}

static bool is_referenced(const ref_here *h, uint64_t id)
{
    for (uint32_t k = 0; k < h->sim->requests; k++) {
        const ref_request *q = &h->sim->request[k];
        if ((q->place != REF_RUNNING && q->place != REF_TRYING) || !ref_is_here(h, q)) {
            continue;
        }
        for (uint64_t u = 0; u < q->units; u++) {
            if (q->id[u] == id) {
                return true;
            }
        }
    }
    return false;
}

static int64_t private_of_all(const ref_here *h)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < h->sim->requests; k++) {
        const ref_request *q = &h->sim->request[k];
        if (q->place == REF_RUNNING && ref_is_here(h, q)) {
            sum += ref_private(h, q, q->hold_tokens);
        }
    }
    return sum;
}

static int64_t free_blocks(const ref_here *h)
{
    return (int64_t)h->role->blocks - private_of_all(h) - (int64_t)h->lane->units * unit_blocks(h);
}

int64_t ref_room(const ref_here *h)
{
    int64_t unused = 0;
    for (uint32_t u = 0; u < h->lane->units; u++) {
        unused += is_referenced(h, h->lane->unit[u].id) ? 0 : 1;
    }
    return free_blocks(h) + unused * unit_blocks(h);
}

static ref_unit *find_unit(const ref_here *h, uint64_t id)
{
    for (uint32_t u = 0; u < h->lane->units; u++) {
        if (h->lane->unit[u].id == id) {
            return &h->lane->unit[u];
        }
    }
    return NULL;
}

/* Ids that count: of whole units inside prompt and answer. */
static uint64_t ids_of(const ref_here *h, const ref_request *q)
{
    uint32_t unit = h->sim->unit_tokens;
    if (!h->role->prefix_cache || unit == 0 || unit % h->role->block_tokens != 0) {
        return 0;
    }
    uint64_t whole = (q->asked.input + q->asked.output) / unit;
    return q->ids < whole ? q->ids : whole;
}

uint64_t ref_hits(const ref_here *h, const ref_request *q, uint64_t target)
{
    uint64_t most = ids_of(h, q);
    if (most > 0 && most > (target - 1) / h->sim->unit_tokens) {
        most = (target - 1) / h->sim->unit_tokens; /* the last token is always computed */
    }
    uint64_t hits = 0;
    while (hits < most && find_unit(h, q->id[hits]) != NULL) {
        hits++;
    }
    return hits;
}

void ref_insert(const ref_here *h, ref_request *q, uint64_t tokens)
{
    uint64_t most = ids_of(h, q);
    while (q->units < most && (q->units + 1) * h->sim->unit_tokens <= tokens &&
           find_unit(h, q->id[q->units]) == NULL && h->lane->units < REF_UNITS) {
        /* Its blocks change hands: there must be so many. */
        if ((int64_t)(q->units + 1) * unit_blocks(h) >
            (int64_t)ref_blocks(h->role, q->hold_tokens)) {
            return;
        }
        h->lane->unit[h->lane->units++] = (ref_unit){.id = q->id[q->units]};
        q->units++;
    }
}

void ref_release(const ref_here *h, ref_request *q)
{
    for (uint64_t u = q->units; u-- > 0;) {
        find_unit(h, q->id[u])->released = ++h->lane->releases;
    }
    q->units = 0;
    q->hold_tokens = 0;
}

/* Least recently released of the units to which nobody refers; NULL when there is none. */
static ref_unit *oldest_unused(const ref_here *h)
{
    ref_unit *oldest = NULL;
    for (uint32_t u = 0; u < h->lane->units; u++) {
        ref_unit *unit = &h->lane->unit[u];
        if (!is_referenced(h, unit->id) && (oldest == NULL || unit->released < oldest->released)) {
            oldest = unit;
        }
    }
    return oldest;
}

void ref_take(const ref_here *h, ref_request *q, uint64_t tokens)
{
    if (tokens > q->hold_tokens) {
        q->hold_tokens = tokens;
    }
    while (free_blocks(h) < 0) {
        ref_unit *unit = oldest_unused(h);
        if (unit == NULL) {
            return; /* a caller took more than the room: the test's own books will tell */
        }
        *unit = h->lane->unit[--h->lane->units];
        h->sim->out->evicted++;
    }
}
