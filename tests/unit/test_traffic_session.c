/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   who waits for answers says the next thing after them: closed loops and sessions.
 * Method: a plain server that answers each request after a time of its own; whatever was asked is
 *         kept and compared with what comes next.
 */
#include "base/random.h"
#include "serving/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { FLIGHT_MAX = 4096 };

/* Requests in hand, in no order. */
struct server {
    mu_arena *arena;
    mu_traffic traffic;
    double now_s;
    uint64_t asked;
    uint64_t seed;
    double mean_s; /* service time, exponential; 0 = answers come at once */
    bool ticks;    /* to whole seconds, so that many end at one moment */
    uint32_t flight, flight_most;
    struct {
        double end_s;
        uint32_t client;
    } hand[FLIGHT_MAX];
};

static struct server server;

static mu_traffic_wish session_wish(mu_arrival arrival)
{
    return (mu_traffic_wish){.arrival = arrival,
                             .rate = 20.0,
                             .burstiness = 1.0,
                             .concurrency = 16.0,
                             .input = {.kind = MU_LENGTH_UNIFORM, .low = 1.0, .high = 100.0},
                             .output = {.kind = MU_LENGTH_UNIFORM, .low = 1.0, .high = 50.0},
                             .turns = 1,
                             .tenants = 1,
                             .tenant_share = {1.0},
                             .seed = 3};
}

static void serve(const mu_traffic_wish *wish, double mean_s)
{
    mu_error err = {0};
    mu_arena_free(server.arena);
    memset(&server, 0, sizeof server);
    server.arena = mu_arena_create(0);
    server.mean_s = mean_s;
    server.seed = wish->seed + 77;
    assert_int_equal(mu_traffic_make(wish, server.arena, &server.traffic, &err), MU_OK);
    assert_non_null(server.traffic.ended);
}

static uint32_t earliest(void)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < server.flight; i++) {
        first = server.hand[i].end_s < server.hand[first].end_s ? i : first;
    }
    return first;
}

static void answer(void)
{
    uint32_t i = earliest();
    assert_true(server.hand[i].end_s >= server.now_s);
    server.now_s = server.hand[i].end_s;
    server.traffic.ended(server.traffic.context, server.hand[i].client, server.now_s);
    server.hand[i] = server.hand[--server.flight];
}

/* The next request that comes, answers until then given; false when there is none left at all. */
static bool ask(mu_request *out)
{
    mu_traffic *t = &server.traffic;
    double arrival_s = 0.0;
    bool due = t->peek(t->context, &arrival_s);
    while (server.flight > 0 && !(due && arrival_s < server.hand[earliest()].end_s)) {
        answer();
        due = t->peek(t->context, &arrival_s);
    }
    if (!due) {
        return false;
    }
    mu_error err = {0};
    assert_int_equal(t->take(t->context, out, &err), MU_OK);
    assert_true(out->arrival_s == arrival_s);
    assert_true(arrival_s >= server.now_s);
    server.now_s = arrival_s;
    for (uint32_t i = 0; i < server.flight; i++) {
        assert_true(server.hand[i].client != out->client);
    }
    assert_true(server.flight < FLIGHT_MAX);
    double u = mu_random_uniform(server.seed, 0, server.asked++);
    double service_s = -server.mean_s * log(u);
    server.hand[server.flight].end_s = server.now_s + (server.ticks ? ceil(service_s) : service_s);
    server.hand[server.flight++].client = out->client;
    server.flight_most = server.flight > server.flight_most ? server.flight : server.flight_most;
    return true;
}

static void closed_loop_is_full(void **state)
{
    (void)state;
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_CLOSED);
    serve(&wish, 1.0);
    for (int i = 0; i < 16; i++) {
        assert_true(ask(&request));
        assert_true(request.arrival_s == 0.0);
    }
    assert_int_equal(server.flight, 16);
    for (int i = 0; i < 20000; i++) { /* each answer is followed by a request at that very time */
        double answer_s = server.hand[earliest()].end_s;
        assert_true(ask(&request));
        assert_true(request.arrival_s == answer_s);
        assert_int_equal(server.flight, 16);
    }
}

/* Also where more come free at one moment than there are requests left; lower clients go first. */
static void closed_loop_ends(void **state)
{
    (void)state;
    static const uint64_t counts[] = {1, 15, 16, 17, 1000};
    for (size_t i = 0; i < 10; i++) {
        mu_request request = {.arrival_s = -1.0};
        mu_traffic_wish wish = session_wish(MU_ARRIVAL_CLOSED);
        wish.requests = counts[i % 5];
        serve(&wish, 1.0);
        server.ticks = i >= 5;
        for (mu_request last = request; ask(&request); last = request) {
            assert_true(request.arrival_s > last.arrival_s || request.client > last.client);
        }
        assert_int_equal(server.asked, wish.requests);
        assert_int_equal(server.flight_most, wish.requests < 16 ? wish.requests : 16);
        assert_int_equal(server.flight, 0);
    }
}

/* Clients start evenly; those who come when nothing is left to ask stay away. */
static void closed_loop_ramps(void **state)
{
    (void)state;
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_CLOSED);
    wish.ramp_s = 32.0;
    serve(&wish, 1e9);
    for (int i = 0; i < 16; i++) {
        assert_true(ask(&request));
        assert_true(request.arrival_s == 2.0 * i);
    }
    wish.requests = 40;
    serve(&wish, 0.1);
    while (ask(&request)) {
    }
    assert_int_equal(server.asked, 40);
    assert_true(server.now_s < 32.0);
    assert_true(server.flight_most < 16);
}

/* What a client said so far. */
struct talk {
    uint64_t *block;
    uint32_t count, said, turns, tenant;
    double end_s;
};

enum { TALKS = 4096, BLOCK = 16 };
static struct talk talk[TALKS];

static void forget(void)
{
    for (int i = 0; i < TALKS; i++) {
        free(talk[i].block);
        talk[i] = (struct talk){0};
    }
}

/* A turn repeats what was said, and comes after it was answered. */
static void check_turn(const mu_request *request, uint32_t turns, uint32_t shared)
{
    struct talk *t = &talk[request->client];
    if (t->turns == turns) {
        t->turns = 0;
    }
    if (t->turns > 0) {
        assert_true(request->arrival_s >= t->end_s);
        assert_int_equal(request->tenant, t->tenant);
        assert_true(request->block_count >= t->count);
        assert_memory_equal(request->block, t->block, t->count * sizeof *t->block);
    }
    uint32_t before = t->turns > 0 ? t->said : shared;
    assert_in_range(request->input, before + 1, before + 100);
    assert_in_range(request->output, 1, 50);
    t->said = request->input + request->output;
    assert_int_equal(request->block_tokens, BLOCK);
    assert_int_equal(request->block_count, t->said / BLOCK);
    t->turns++;
    t->tenant = request->tenant;
    t->count = request->block_count;
    t->block = realloc(t->block, (t->count + 1) * sizeof *t->block);
    assert_non_null(t->block);
    if (t->count > 0) {
        memcpy(t->block, request->block, t->count * sizeof *t->block);
    }
    for (uint32_t i = 0; i < server.flight; i++) {
        if (server.hand[i].client == request->client) {
            t->end_s = server.hand[i].end_s;
        }
    }
}

static void turns_repeat_what_was_said(void **state)
{
    (void)state;
    for (mu_arrival arrival = 0; arrival < MU_ARRIVAL_COUNT; arrival++) {
        mu_request request;
        mu_traffic_wish wish = session_wish(arrival);
        wish.turns = 7;
        wish.think_s = 0.7;
        wish.shared_prefix = 100.0;
        wish.block_tokens = BLOCK;
        wish.tenants = 3;
        memcpy(wish.tenant_share, (double[3]){0.2, 0.5, 0.3}, 3 * sizeof(double));
        wish.requests = 7 * 1000;
        serve(&wish, 0.4);
        forget();
        uint64_t asked = 0;
        double last_s = 0.0;
        while (ask(&request)) {
            assert_true(request.client < TALKS);
            assert_true(request.arrival_s >= last_s);
            last_s = request.arrival_s;
            check_turn(&request, 7, 100);
            asked++;
        }
        assert_int_equal(asked, 7000);
    }
    forget();
}

static int rising(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Whole blocks of the shared prefix are the tenant's; all other ids occur once. */
static void ids_are_shared_by_tenants_alone(void **state)
{
    (void)state;
    enum { SHARED = 6, ROOM = 100000 };
    static uint64_t own[ROOM];
    size_t count = 0;
    uint64_t common[2][SHARED];
    bool seen[2] = {false, false};
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_CLOSED);
    wish.shared_prefix = SHARED * BLOCK + 5.0;
    wish.block_tokens = BLOCK;
    wish.tenants = 2;
    wish.tenant_share[0] = wish.tenant_share[1] = 0.5;
    serve(&wish, 0.1);
    for (int i = 0; i < 10000; i++) {
        assert_true(ask(&request));
        assert_true(request.block_count >= SHARED);
        if (!seen[request.tenant]) {
            memcpy(common[request.tenant], request.block, sizeof common[0]);
            seen[request.tenant] = true;
        }
        assert_memory_equal(request.block, common[request.tenant], sizeof common[0]);
        for (uint32_t b = SHARED; b < request.block_count; b++) {
            assert_true(count < ROOM);
            own[count++] = request.block[b];
        }
    }
    assert_true(seen[0] && seen[1]);
    assert_true(count > 10000);
    memcpy(&own[count], common, sizeof common); /* the two tenants' own, once each */
    count += 2 * (size_t)SHARED;
    qsort(own, count, sizeof own[0], rising);
    for (size_t i = 1; i < count; i++) {
        assert_true(own[i] != own[i - 1]);
    }
}

/* The last session has what is left; thinking takes its mean; a session's turns follow in order. */
static void sessions_end_and_think(void **state)
{
    (void)state;
    enum { SESSIONS = 5000, TURNS = 5 };
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_POISSON);
    wish.turns = TURNS;
    wish.think_s = 3.0;
    wish.requests = SESSIONS * TURNS - 2;
    serve(&wish, 0.0);
    double thought_s = 0.0;
    static double end_s[TALKS];
    static double last_pause_s[TALKS];
    static uint32_t turn[TALKS];
    memset(turn, 0, sizeof turn);
    uint64_t pauses = 0;
    while (ask(&request)) {
        uint32_t c = request.client;
        assert_true(c < TALKS);
        if (turn[c] % TURNS > 0) {
            double pause_s = request.arrival_s - end_s[c];
            assert_true(fabs(pause_s - last_pause_s[c]) > 1e-9); /* each is a draw of its own */
            last_pause_s[c] = pause_s;
            thought_s += pause_s;
            pauses++;
        }
        turn[c]++;
        end_s[c] = request.arrival_s;
        assert_true(request.block_tokens == 0 && request.block_count == 0);
    }
    assert_int_equal(server.asked, SESSIONS * TURNS - 2);
    double mean_s = thought_s / (double)pauses;
    assert_true(fabs(mean_s / 3.0 - 1.0) < 5.0 / sqrt((double)pauses));
    /* by Little's law, rate x pauses x mean sessions think at once; slots are used again */
    uint32_t clients = 0;
    while (clients < TALKS && turn[clients] > 0) {
        clients++;
    }
    assert_in_range(clients, 20 * 4 * 3, 2 * 20 * 4 * 3);
}

/* Draws are the session's and the turn's: a slow server hears the same as a fast one. */
static void sessions_do_not_depend_on_the_server(void **state)
{
    (void)state;
    static uint64_t sum[2][4000];
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_POISSON);
    wish.turns = 4;
    wish.block_tokens = 1;
    wish.requests = 4000;
    for (int run = 0; run < 2; run++) {
        serve(&wish, run == 0 ? 0.01 : 3.0);
        for (int i = 0; i < 4000; i++) {
            assert_true(ask(&request));
            sum[run][i] = (request.block[0] * 31 + request.input) * 31 + request.output;
        }
        assert_false(ask(&request));
        qsort(sum[run], 4000, sizeof sum[run][0], rising);
    }
    assert_memory_equal(sum[0], sum[1], sizeof sum[0]);
}

/* Prompts stop growing at the limit, and still begin alike. */
static void long_sessions_are_cut(void **state)
{
    (void)state;
    mu_request request;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_CLOSED);
    wish.concurrency = 1.0;
    wish.input = (mu_length){.kind = MU_LENGTH_FIXED, .mean = 5e6};
    wish.output = wish.input;
    wish.turns = 6;
    wish.block_tokens = 65536;
    serve(&wish, 1.0);
    uint64_t first = 0;
    static const uint32_t expected[] = {5000000, 15000000, MU_REQUEST_TOKENS_MAX};
    for (int i = 0; i < 6; i++) {
        assert_true(ask(&request));
        assert_int_equal(request.input, expected[i < 2 ? i : 2]);
        assert_int_equal(request.output, 5000000);
        first = i == 0 ? request.block[0] : first;
        assert_int_equal(request.block[0], first);
    }
    assert_true(ask(&request));
    assert_int_equal(request.input, 5000000);
    assert_true(request.block[0] != first);
}

/* By clients alive, not by requests ever made. */
static void memory_stays(void **state)
{
    (void)state;
    mu_request request;
    for (mu_arrival arrival = 0; arrival < MU_ARRIVAL_COUNT; arrival++) {
        mu_traffic_wish wish = session_wish(arrival);
        wish.turns = 3;
        wish.block_tokens = BLOCK;
        serve(&wish, 0.2);
        for (int i = 0; i < 20000; i++) {
            assert_true(ask(&request));
        }
        size_t used = mu_arena_used(server.arena);
        assert_true(used < 65536);
        for (int i = 0; i < 1000000; i++) {
            assert_true(ask(&request));
        }
        assert_int_equal(mu_arena_used(server.arena), used);
    }
}

/* Whatever allocation fails, it is told. */
static void memory_ends(void **state)
{
    (void)state;
    mu_traffic_wish wish = session_wish(MU_ARRIVAL_POISSON);
    double one[] = {1.0, 2.0};
    wish.input = (mu_length){.kind = MU_LENGTH_EMPIRICAL, .value = one, .weight = one, .count = 2};
    wish.turns = 2;
    wish.block_tokens = 1;
    int made = 0;
    int refused = 0;
    for (size_t limit = 16; limit < 20000; limit += 16) {
        mu_arena *arena = mu_arena_create(limit);
        mu_traffic traffic = {0};
        mu_error err = {0};
        mu_status status = mu_traffic_make(&wish, arena, &traffic, &err);
        for (int i = 0; status == MU_OK && i < 200; i++) {
            mu_request request;
            double arrival_s;
            assert_true(traffic.peek(traffic.context, &arrival_s));
            status = traffic.take(traffic.context, &request, &err);
        }
        assert_true(status == MU_OK || (status == MU_E_MEMORY && err.text[0] != '\0'));
        made += traffic.context != NULL;
        refused += status == MU_E_MEMORY;
        mu_arena_free(arena);
    }
    assert_true(refused > 20 && made > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_loop_is_full),
        cmocka_unit_test(closed_loop_ends),
        cmocka_unit_test(closed_loop_ramps),
        cmocka_unit_test(turns_repeat_what_was_said),
        cmocka_unit_test(ids_are_shared_by_tenants_alone),
        cmocka_unit_test(sessions_end_and_think),
        cmocka_unit_test(sessions_do_not_depend_on_the_server),
        cmocka_unit_test(long_sessions_are_cut),
        cmocka_unit_test(memory_stays),
        cmocka_unit_test(memory_ends),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mu_arena_free(server.arena);
    return failed;
}
