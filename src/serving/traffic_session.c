/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients and their sessions: slots, the heap of those due, ids of what was said.
 *
 * Bound: memory by clients alive at once; what growing leaves behind in the arena is less than what
 *        stands.
 */
#include "base/random.h"
#include "serving/traffic_parts.h"

#include <assert.h>
#include <string.h>

enum { CLIENTS_FIRST = 64, INDEX_BITS = 25 };

static mu_status grow(mu_clients *c, mu_error *err)
{
    uint32_t capacity = c->capacity == 0 ? CLIENTS_FIRST : c->capacity * 2;
    mu_session *session = NULL;
    uint32_t *free_slot = NULL;
    mu_due *due = NULL;
    if (capacity > c->capacity) {
        session = MU_NEW(c->arena, mu_session, capacity);
        free_slot = MU_NEW(c->arena, uint32_t, capacity);
        due = MU_NEW(c->arena, mu_due, capacity);
    }
    if (session == NULL || free_slot == NULL || due == NULL) {
        return mu_fail(err, MU_E_MEMORY,
                       "traffic: more than %u clients at once don't fit in memory", c->used);
    }
    if (c->capacity > 0) {
        memcpy(session, c->session, c->used * sizeof *session);
        memcpy(due, c->due, c->due_count * sizeof *due);
    }
    c->session = session;
    c->free_slot = free_slot; /* none is free, else nothing would grow */
    c->due = due;
    c->capacity = capacity;
    return MU_OK;
}

mu_status mu_clients_take(mu_clients *c, uint32_t *client, mu_error *err)
{
    if (c->free_count > 0) {
        *client = c->free_slot[--c->free_count];
    } else {
        mu_status status = c->used < c->capacity ? MU_OK : grow(c, err);
        if (status != MU_OK) {
            return status;
        }
        *client = c->used++;
    }
    c->session[*client] = (mu_session){0};
    return MU_OK;
}

void mu_clients_give(mu_clients *c, uint32_t client)
{
    assert(c->free_count < c->used);
    c->session[client] = (mu_session){0};
    c->free_slot[c->free_count++] = client;
}

static bool before(const mu_due *a, const mu_due *b)
{
    return a->time_s < b->time_s || (a->time_s == b->time_s && a->client < b->client);
}

void mu_clients_push(mu_clients *c, double time_s, uint32_t client)
{
    assert(c->due_count < c->used);
    mu_due due = {.time_s = time_s, .client = client};
    uint32_t at = c->due_count++;
    while (at > 0 && before(&due, &c->due[(at - 1) / 2])) {
        c->due[at] = c->due[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    c->due[at] = due;
}

mu_due mu_clients_pop(mu_clients *c)
{
    assert(c->due_count > 0);
    mu_due first = c->due[0];
    mu_due last = c->due[--c->due_count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < c->due_count; child = 2 * at + 1) {
        child += child + 1 < c->due_count && before(&c->due[child + 1], &c->due[child]);
        if (!before(&c->due[child], &last)) {
            break;
        }
        c->due[at] = c->due[child];
        at = child;
    }
    c->due[at] = last;
    return first;
}

_Static_assert(2 * MU_REQUEST_TOKENS_MAX <= 1 << INDEX_BITS, "a block's index has room");

void mu_session_blocks(const mu_session *session, uint64_t seed, uint32_t block_tokens,
                       uint32_t shared, uint32_t count, uint64_t out[])
{
    uint64_t salt = mu_mix_bits(seed + 1);
    uint64_t tenant = (uint64_t)session->tenant << INDEX_BITS;
    uint64_t own = (session->number + MU_TENANTS_MAX) << INDEX_BITS;
    uint32_t common = shared / block_tokens < count ? shared / block_tokens : count;
    for (uint32_t i = 0; i < common; i++) {
        out[i] = mu_mix_bits((tenant | i) ^ salt);
    }
    for (uint32_t i = common; i < count; i++) {
        out[i] = mu_mix_bits((own | i) ^ salt);
    }
}
