/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic: requests in the order in which they arrive.
 *
 * Terms: open = arrivals do not depend on what was served; closed = a client sends its next request
 *        when the last one has ended. A block is a piece of `block_tokens` tokens; its id stands
 *        for these tokens and all before them, so that equal ids mean equal prefixes.
 */
#ifndef MUSTER_SERVING_TRAFFIC_H
#define MUSTER_SERVING_TRAFFIC_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { MU_TENANTS_MAX = 8, MU_REQUEST_TOKENS_MAX = 1 << 24 };

typedef struct mu_request {
    double arrival_s;      /* from the start; no earlier than the request before */
    uint32_t input;        /* prompt tokens, 1 .. MU_REQUEST_TOKENS_MAX */
    uint32_t output;       /* tokens to generate, the same */
    uint32_t tenant;       /* 0 .. MU_TENANTS_MAX - 1; a lower one goes first under priorities */
    uint32_t client;       /* whatever the traffic wants to hear when it has ended */
    uint32_t block_tokens; /* 0 = nothing known of prefixes */
    uint32_t block_count;  /* ids known, of prompt and answer together; whole blocks only */
    const uint64_t *block; /* [block_count] borrowed until the next call of the traffic */
} mu_request;

/* Where requests come from. */
typedef struct mu_traffic {
    void *context;
    /* When the next request arrives; false = none is due (in a closed loop: until one ends). */
    bool (*peek)(void *context, double *arrival_s);
    /* Takes it; only after peek() said true. Fails where a file is at fault. */
    mu_status (*take)(void *context, mu_request *out, mu_error *err);
    /* A request of this client was answered in full, or turned away, at this time. NULL = open
     * traffic. */
    void (*ended)(void *context, uint32_t client, double time_s);
} mu_traffic;

typedef enum mu_arrival {
    MU_ARRIVAL_CLOSED, /* `concurrency` clients, each with one request at a time */
    MU_ARRIVAL_POISSON,
    MU_ARRIVAL_GAMMA, /* gaps of a gamma distribution; `burstiness` = their shape, 1 = Poisson */
    MU_ARRIVAL_CONSTANT,
    MU_ARRIVAL_COUNT
} mu_arrival;

typedef enum mu_length_kind {
    MU_LENGTH_FIXED,     /* always `mean` */
    MU_LENGTH_UNIFORM,   /* whole numbers, evenly from `low` to `high` */
    MU_LENGTH_LOGNORMAL, /* of this mean, `sigma` the deviation of the logarithm */
    MU_LENGTH_EMPIRICAL  /* `value` with chances by `weight` */
} mu_length_kind;

typedef struct mu_length {
    mu_length_kind kind;
    uint32_t count;
    double mean;          /* 1 .. MU_REQUEST_TOKENS_MAX */
    double sigma;         /* 0 .. 5 */
    double low, high;     /* whole, from 1 */
    const double *value;  /* [count] borrowed; rounded, 0 counts as 1 */
    const double *weight; /* [count] borrowed, >= 0, some > 0 */
} mu_length;

/*
 * Made traffic. Sessions: each of `turns` requests of a session repeats all that was said before;
 * input is what a turn adds. Turn k+1 comes `think_s` (exponential mean) after turn k was answered;
 * the arrival process is that of sessions then, and in a closed loop a client is a session after
 * another. Of `requests`, the last session has what is left.
 */
typedef struct mu_traffic_wish {
    mu_arrival arrival;
    double rate;        /* requests (sessions, where turns > 1) per second; open arrivals */
    double burstiness;  /* gamma's shape, 0.01 .. 100 */
    double concurrency; /* closed loop */
    double ramp_s;      /* closed loop: clients start evenly over this time; 0 = all at once */
    double diurnal;     /* swing of the rate around its mean, 0..0.99; 0 = none */
    double diurnal_s;   /* period of the swing, 86400 unless said */
    mu_length input;
    mu_length output;
    uint32_t turns;        /* requests of a session; 1 = every request stands alone */
    double think_s;        /* mean pause of a session between an answer and the next turn */
    double shared_prefix;  /* first tokens that all requests of a tenant have in common */
    uint32_t block_tokens; /* of ids; 0 = no ids are given out */
    uint32_t tenants;      /* 1 .. MU_TENANTS_MAX */
    double tenant_share[MU_TENANTS_MAX]; /* of the requests, sums to 1 */
    uint64_t requests;                   /* in all; 0 = no end */
    uint64_t seed;
} mu_traffic_wish;

/**
 * Made traffic; belongs to the arena. Draws depend on the seed and the number of the request (of
 * the session, the turn) alone: sessions are numbered as they begin, and so are requests that stand
 * alone.
 *
 * Cost: a fraction of a microsecond a request, and a nanosecond a block id. take() grows the arena
 * by clients that wait at once (40 bytes each, twice that at most) and the longest list of ids.
 * @retval MU_E_INPUT  a wish out of its range
 * @retval MU_E_MEMORY
 */
mu_status mu_traffic_make(const mu_traffic_wish *wish, mu_arena *arena, mu_traffic *out,
                          mu_error *err) MU_MUST_CHECK;

#endif
