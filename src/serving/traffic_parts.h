/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of made traffic: when requests arrive, how long they are, what their sessions have said.
 *
 * Every draw is a function of (seed, stream, number), so that none depends on those before it.
 */
#ifndef MUSTER_SERVING_TRAFFIC_PARTS_H
#define MUSTER_SERVING_TRAFFIC_PARTS_H

#include "serving/traffic.h"

/* Streams of draws: far from those of anyone else who shares the seed. Gaps of a gamma distribution
 * take as many as they need, from the last one on. */
#define MU_TRAFFIC_STREAM UINT64_C(0x7472616666696300)
enum mu_traffic_stream {
    MU_STREAM_LENGTHS,
    MU_STREAM_TENANT,
    MU_STREAM_THINK,
    MU_STREAM_BOOST,
    MU_STREAM_GAP
};

/** First wish out of its range: MU_E_INPUT. O(count of empirical lengths). */
mu_status mu_traffic_check(const mu_traffic_wish *wish, mu_error *err) MU_MUST_CHECK;

/* A length made ready to be drawn. */
typedef struct mu_length_draw {
    mu_length_kind kind;   /* fixed lengths are uniform ones of one value */
    uint32_t low;          /* uniform */
    uint32_t values;       /* how many from `low` on */
    double log_mean;       /* mean of the logarithm */
    double sigma;          /* deviation of it */
    uint32_t count;        /* empirical */
    const uint32_t *value; /* [count] arena */
    const double *below;   /* [count] chance of this value or one before it; ends at 1; arena */
} mu_length_draw;

/** @param[in] wish  checked; MU_E_MEMORY is the only failure. */
mu_status mu_length_prepare(const mu_length *wish, mu_arena *arena, mu_length_draw *out,
                            mu_error *err) MU_MUST_CHECK;

/** Length of 32 random bits, 1 .. MU_REQUEST_TOKENS_MAX. */
uint32_t mu_length_tokens(const mu_length_draw *draw, uint32_t bits);

/** Index of the first of below[0..count) that exceeds u; below[count - 1] does. O(log count). */
uint32_t mu_chance_index(const double below[], uint32_t count, double u);

/* A process of arrivals. */
typedef struct mu_arrival_process {
    mu_arrival kind; /* open */
    double rate;
    double shape;    /* of gamma gaps */
    double swing;    /* of the rate around its mean, 0..0.99 */
    double period_s; /* of the swing */
    uint64_t seed;
    uint64_t number; /* arrivals so far */
    double position; /* of the last one, in mean gaps: the sum of what was drawn */
    double time_s;   /* of the last one */
} mu_arrival_process;

/** Time of the next arrival, no earlier than the last one [s]. */
double mu_arrival_next(mu_arrival_process *process);

/* A session: what one client says and hears. */
typedef struct mu_session {
    uint64_t number; /* in order of first turns, from 0 */
    uint32_t turn;   /* turns taken */
    uint32_t turns;  /* it has; 0 = the client has no session */
    uint32_t said;   /* tokens of all that was said, answers included */
    uint32_t tenant;
} mu_session;

/* A client whose next request is due. */
typedef struct mu_due {
    double time_s;
    uint32_t client;
} mu_due;

/*
 * Clients alive, and which of them is due when: slots that are used again, a heap by time, then
 * client.
 */
typedef struct mu_clients {
    mu_arena *arena;
    uint32_t capacity;
    uint32_t used;       /* slots ever taken */
    uint32_t free_count; /* of them, given back */
    uint32_t due_count;
    mu_session *session; /* [capacity] */
    uint32_t *free_slot; /* [capacity] */
    mu_due *due;         /* [capacity] heap: least first */
} mu_clients;

/** A slot, its session zero; MU_E_MEMORY is the only failure. O(1) amortised. */
mu_status mu_clients_take(mu_clients *clients, uint32_t *client, mu_error *err) MU_MUST_CHECK;

/** Gives a slot back that is not due. */
void mu_clients_give(mu_clients *clients, uint32_t client);

/** Makes a client due, once at a time. O(log due). */
void mu_clients_push(mu_clients *clients, double time_s, uint32_t client);

/** Takes the first one off; there is one. O(log due). */
mu_due mu_clients_pop(mu_clients *clients);

/**
 * Ids of the first `count` blocks of a session's text. Those within `shared` tokens are the
 * tenant's, the others nobody else's: no two of one seed are equal in the first 2^38 sessions.
 */
void mu_session_blocks(const mu_session *session, uint64_t seed, uint32_t block_tokens,
                       uint32_t shared, uint32_t count, uint64_t out[]);

#endif
