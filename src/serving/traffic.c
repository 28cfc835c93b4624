/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made traffic: sessions begin by a process of arrivals or, in a closed loop, as clients come and
 * come free; their later turns follow the answers.
 *
 * Terms: a request that stands alone is a session of one turn. A client is what a session runs on:
 *        in open traffic it leaves with its session, in a closed loop it begins another.
 * Bound: requests alone in open traffic need no client; nothing is kept of them.
 */
#include "serving/traffic.h"

#include "base/random.h"
#include "serving/traffic_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct made {
    mu_traffic_wish wish; /* its lengths are read through the draws below */
    mu_length_draw input, output;
    mu_arrival_process process;
    double tenant_below[MU_TENANTS_MAX]; /* chance of this tenant or a lower one */
    uint64_t sessions;                   /* in all */
    uint64_t begun;                      /* of them */
    uint64_t newcomers;                  /* clients (sessions, where open) yet to come */
    double newcomer_s;                   /* when the next one comes */
    double last_s;                       /* arrival of the last request */
    mu_clients clients;
    uint64_t *block; /* [block_capacity] ids of the last request */
    uint32_t block_capacity;
};

static bool closed(const struct made *m)
{
    return m->wish.arrival == MU_ARRIVAL_CLOSED;
}

/* Clients are told apart only where somebody waits for an answer. */
static bool waits(const struct made *m)
{
    return closed(m) || m->wish.turns > 1;
}

static uint64_t bits_of(const struct made *m, uint64_t stream, uint64_t number)
{
    return mu_random_bits(m->wish.seed, MU_TRAFFIC_STREAM + stream, number);
}

static double uniform_of(const struct made *m, uint64_t stream, uint64_t number)
{
    return mu_random_uniform(m->wish.seed, MU_TRAFFIC_STREAM + stream, number);
}

/* The session before it is over: one is begun while there are sessions left. */
static mu_session session_begin(struct made *m)
{
    assert(m->begun < m->sessions);
    const mu_traffic_wish *w = &m->wish;
    mu_session session = {
        .number = m->begun++, .turns = w->turns, .said = (uint32_t)w->shared_prefix};
    if (w->tenants > 1) {
        session.tenant = mu_chance_index(m->tenant_below, w->tenants,
                                         uniform_of(m, MU_STREAM_TENANT, session.number));
    }
    if (w->requests > 0 && m->begun == m->sessions) {
        session.turns = (uint32_t)(w->requests - session.number * w->turns);
    }
    return session;
}

/* Number of a session's turn among all turns. */
static uint64_t turn_number(const struct made *m, const mu_session *session)
{
    return session->number * m->wish.turns + session->turn;
}

static bool newcomer_due(const struct made *m)
{
    return m->newcomers > 0 && m->begun < m->sessions;
}

static void newcomer_next(struct made *m)
{
    m->newcomers--;
    if (closed(m)) {
        double come = m->wish.concurrency - (double)m->newcomers;
        m->newcomer_s = m->wish.ramp_s * come / m->wish.concurrency;
    } else {
        m->newcomer_s = mu_arrival_next(&m->process);
    }
}

/* Clients who would begin a session when there is none left go home. */
static void settle(struct made *m)
{
    mu_clients *c = &m->clients;
    while (m->begun == m->sessions && c->due_count > 0 &&
           c->session[c->due[0].client].turn == c->session[c->due[0].client].turns) {
        mu_clients_give(c, mu_clients_pop(c).client);
    }
}

static bool newcomer_first(const struct made *m)
{
    const mu_clients *c = &m->clients;
    return newcomer_due(m) && (c->due_count == 0 || m->newcomer_s <= c->due[0].time_s);
}

static bool made_peek(void *context, double *arrival_s)
{
    const struct made *m = context;
    if (!newcomer_due(m) && m->clients.due_count == 0) {
        return false;
    }
    double due_s = newcomer_first(m) ? m->newcomer_s : m->clients.due[0].time_s;
    *arrival_s = fmax(due_s, m->last_s);
    return true;
}

/* Room for the ids of one more request. */
static mu_status block_room(struct made *m, uint32_t count, mu_error *err)
{
    if (count <= m->block_capacity) {
        return MU_OK;
    }
    uint32_t capacity = m->block_capacity * 2 > count ? m->block_capacity * 2 : count;
    uint64_t *block = MU_NEW(m->clients.arena, uint64_t, capacity);
    if (block == NULL) {
        return mu_fail(err, MU_E_MEMORY, "traffic: %u block ids don't fit in memory", capacity);
    }
    m->block = block;
    m->block_capacity = capacity;
    return MU_OK;
}

/* The session's next turn. */
static mu_status turn_take(struct made *m, mu_session *session, mu_request *out, mu_error *err)
{
    const mu_traffic_wish *w = &m->wish;
    uint64_t bits = bits_of(m, MU_STREAM_LENGTHS, turn_number(m, session));
    uint32_t input = session->said + mu_length_tokens(&m->input, (uint32_t)bits);
    out->input = input < MU_REQUEST_TOKENS_MAX ? input : MU_REQUEST_TOKENS_MAX;
    out->output = mu_length_tokens(&m->output, (uint32_t)(bits >> 32));
    out->tenant = session->tenant;
    session->said = out->input + out->output;
    session->turn++;
    if (w->block_tokens == 0) {
        return MU_OK;
    }
    out->block_tokens = w->block_tokens;
    out->block_count = session->said / w->block_tokens;
    mu_status status = block_room(m, out->block_count, err);
    if (status == MU_OK) {
        mu_session_blocks(session, w->seed, w->block_tokens, (uint32_t)w->shared_prefix,
                          out->block_count, m->block);
        out->block = m->block;
    }
    return status;
}

/* The client whose turn it is, its session begun. */
static mu_status client_take(struct made *m, bool newcomer, uint32_t *client, mu_error *err)
{
    mu_clients *c = &m->clients;
    if (newcomer) {
        mu_status status = mu_clients_take(c, client, err);
        if (status != MU_OK) {
            return status;
        }
    } else {
        *client = mu_clients_pop(c).client;
    }
    mu_session *session = &c->session[*client];
    if (session->turn == session->turns) {
        *session = session_begin(m);
    }
    return MU_OK;
}

static mu_status made_take(void *context, mu_request *out, mu_error *err)
{
    struct made *m = context;
    mu_request request = {0};
    bool due = made_peek(m, &request.arrival_s);
    assert(due);
    (void)due;
    bool newcomer = newcomer_first(m);
    mu_status status = MU_OK;
    if (waits(m)) {
        status = client_take(m, newcomer, &request.client, err);
        if (status == MU_OK) {
            status = turn_take(m, &m->clients.session[request.client], &request, err);
        }
    } else {
        mu_session session = session_begin(m);
        status = turn_take(m, &session, &request, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (newcomer) {
        newcomer_next(m);
    }
    settle(m);
    m->last_s = request.arrival_s;
    *out = request;
    return MU_OK;
}

static void made_ended(void *context, uint32_t client, double time_s)
{
    struct made *m = context;
    mu_clients *c = &m->clients;
    assert(client < c->used && c->session[client].turn > 0);
    const mu_session *session = &c->session[client];
    if (session->turn < session->turns) {
        /* the pause belongs to the turn it follows */
        double u = uniform_of(m, MU_STREAM_THINK, turn_number(m, session) - 1);
        mu_clients_push(c, time_s - m->wish.think_s * log(u), client);
    } else if (closed(m) && m->begun < m->sessions) {
        mu_clients_push(c, time_s, client);
    } else {
        mu_clients_give(c, client);
    }
}

static void tenants_prepare(struct made *m)
{
    const mu_traffic_wish *w = &m->wish;
    double sum = 0.0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < w->tenants; i++) {
        sum += w->tenant_share[i];
        m->tenant_below[i] = sum;
        last = w->tenant_share[i] > 0.0 ? i : last;
    }
    for (uint32_t i = last; i < w->tenants; i++) {
        m->tenant_below[i] = 1.0;
    }
}

static struct made *made_create(const mu_traffic_wish *wish, mu_arena *arena)
{
    struct made *m = MU_NEW(arena, struct made, 1);
    if (m == NULL) {
        return NULL;
    }
    m->wish = *wish;
    m->clients.arena = arena;
    m->sessions = wish->requests == 0 ? UINT64_MAX : (wish->requests - 1) / wish->turns + 1;
    m->process = (mu_arrival_process){.kind = wish->arrival,
                                      .rate = wish->rate,
                                      .shape = wish->burstiness,
                                      .swing = wish->diurnal,
                                      .period_s = wish->diurnal_s,
                                      .seed = wish->seed};
    m->newcomers = closed(m) ? (uint64_t)wish->concurrency : UINT64_MAX;
    m->newcomer_s = closed(m) ? 0.0 : mu_arrival_next(&m->process);
    tenants_prepare(m);
    return m;
}

mu_status mu_traffic_make(const mu_traffic_wish *wish, mu_arena *arena, mu_traffic *out,
                          mu_error *err)
{
    mu_status status = mu_traffic_check(wish, err);
    if (status != MU_OK) {
        return status;
    }
    struct made *m = made_create(wish, arena);
    if (m == NULL) {
        return mu_fail(err, MU_E_MEMORY, "traffic: doesn't fit in memory");
    }
    status = mu_length_prepare(&wish->input, arena, &m->input, err);
    if (status == MU_OK) {
        status = mu_length_prepare(&wish->output, arena, &m->output, err);
    }
    if (status != MU_OK) {
        return status;
    }
    *out = (mu_traffic){
        .context = m, .peek = made_peek, .take = made_take, .ended = waits(m) ? made_ended : NULL};
    return MU_OK;
}
