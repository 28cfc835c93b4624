/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of made traffic: requests a second and nanoseconds a request, of each kind, on one thread.
 *
 * Terms: in loops and sessions each request is answered as soon as it has arrived, and the time of
 *        it counts.
 */
#include "bench.h"

#include "serving/traffic.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 3, REQUESTS = 1000000 };

static void check(mu_status status, const mu_error *err)
{
    if (status != MU_OK) {
        stop(err->text);
    }
}

/* Tokens of all requests, so that nothing is left out. */
static double drain(const mu_traffic_wish *wish)
{
    mu_arena *arena = mu_arena_create(0);
    mu_error err = {0};
    mu_traffic traffic;
    mu_request request;
    double arrival_s;
    double tokens = 0.0;
    check(mu_traffic_make(wish, arena, &traffic, &err), &err);
    for (int i = 0; i < REQUESTS && traffic.peek(traffic.context, &arrival_s); i++) {
        check(traffic.take(traffic.context, &request, &err), &err);
        tokens += request.input + request.output;
        if (traffic.ended != NULL) {
            traffic.ended(traffic.context, request.client, arrival_s);
        }
    }
    mu_arena_free(arena);
    return tokens;
}

static void bench(const char *name, const mu_traffic_wish *wish)
{
    double best_s = 1e9;
    double tokens = 0.0;
    for (int i = 0; i < ROUNDS; i++) {
        double start_s = now_s();
        tokens = drain(wish);
        double took_s = now_s() - start_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    (void)printf("traffic %-46s %6.1f ns a request  %6.2f M requests/s  (%.0f tokens each)\n", name,
                 best_s / REQUESTS * 1e9, REQUESTS / best_s / 1e6, tokens / REQUESTS);
}

static mu_traffic_wish plain_wish(mu_arrival arrival)
{
    return (mu_traffic_wish){.arrival = arrival,
                             .rate = 100.0,
                             .burstiness = 0.5,
                             .concurrency = 1024.0,
                             .diurnal_s = 86400.0,
                             .input = {.kind = MU_LENGTH_FIXED, .mean = 1024.0},
                             .output = {.kind = MU_LENGTH_FIXED, .mean = 128.0},
                             .turns = 1,
                             .tenants = 1,
                             .tenant_share = {1.0},
                             .seed = 1};
}

static void bench_arrivals(void)
{
    mu_traffic_wish wish = plain_wish(MU_ARRIVAL_CONSTANT);
    bench("constant, fixed lengths", &wish);
    wish.arrival = MU_ARRIVAL_POISSON;
    bench("Poisson, fixed lengths", &wish);
    wish.arrival = MU_ARRIVAL_GAMMA;
    bench("gamma of shape 0.5, fixed lengths", &wish);
    wish.arrival = MU_ARRIVAL_POISSON;
    wish.diurnal = 0.5;
    bench("Poisson with a swing, fixed lengths", &wish);
    wish = plain_wish(MU_ARRIVAL_CLOSED);
    bench("closed loop of 1,024, fixed lengths", &wish);
}

static void bench_lengths(void)
{
    enum { VALUES = 100000 };
    static double value[VALUES];
    for (int i = 0; i < VALUES; i++) {
        value[i] = 1.0 + i % 4096;
    }
    mu_traffic_wish wish = plain_wish(MU_ARRIVAL_POISSON);
    wish.input = (mu_length){.kind = MU_LENGTH_UNIFORM, .low = 1.0, .high = 2047.0};
    wish.output = (mu_length){.kind = MU_LENGTH_UNIFORM, .low = 1.0, .high = 255.0};
    bench("Poisson, uniform lengths", &wish);
    wish.input = (mu_length){.kind = MU_LENGTH_LOGNORMAL, .mean = 1024.0, .sigma = 1.0};
    wish.output = (mu_length){.kind = MU_LENGTH_LOGNORMAL, .mean = 128.0, .sigma = 1.0};
    bench("Poisson, log-normal lengths", &wish);
    wish.input = wish.output =
        (mu_length){.kind = MU_LENGTH_EMPIRICAL, .value = value, .weight = value, .count = VALUES};
    bench("Poisson, empirical lengths of 100,000 values", &wish);
}

static void bench_sessions(void)
{
    mu_traffic_wish wish = plain_wish(MU_ARRIVAL_POISSON);
    wish.turns = 8;
    wish.think_s = 10.0;
    wish.tenants = 4;
    for (int i = 0; i < 4; i++) {
        wish.tenant_share[i] = 0.25;
    }
    wish.shared_prefix = 512.0;
    bench("sessions of 8 turns, 4 tenants", &wish);
    wish.block_tokens = 16;
    bench("sessions of 8 turns, blocks of 16 tokens", &wish);
}

int main(void)
{
    bench_arrivals();
    bench_lengths();
    bench_sessions();
    return 0;
}
