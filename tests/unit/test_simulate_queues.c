/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the simulator as a queue: closed forms, Little's law, conservation, and the same bits
 *         whatever the threads.
 * Method: deployments whose waiting time is known (M/D/1, M/G/1, priorities without preemption),
 *         long runs, tolerances from the spread of batch means; identities on busy deployments.
 */
#include "simulate_stream.h"

enum { BATCHES = 40 };

/* ---- closed forms ---- */

/* Waiting times of each tenant in batches of consecutive requests. */
typedef struct waits {
    uint64_t count; /* requests of the run */
    double sum[2][BATCHES];
    uint64_t n[2][BATCHES];
} waits;

static void see_wait(void *observer, const mu_sim_record *r)
{
    waits *w = observer;
    uint64_t batch = r->number * BATCHES / w->count;
    w->sum[r->tenant][batch] += r->start_s - r->arrival_s;
    w->n[r->tenant][batch]++;
}

/* Mean over batches lies within 4 standard errors of what is known; these are small. */
static void check_wait(const waits *w, uint32_t tenant, double want_s)
{
    double sum = 0.0;
    double squares = 0.0;
    for (uint32_t b = 0; b < BATCHES; b++) {
        double mean = w->sum[tenant][b] / (double)w->n[tenant][b];
        sum += mean;
        squares += mean * mean;
    }
    double mean = sum / BATCHES;
    double error = sqrt((squares / BATCHES - mean * mean) / (BATCHES - 1));
    if (!(fabs(mean - want_s) <= 4.0 * error) || error > 0.03 * want_s) {
        fail_msg("waits %.5f s (error %.5f), want %.5f", mean, error, want_s);
    }
}

/* Steps of 1 s: W = rho / (2 (1 - rho)). */
static void constant_service_waits_as_m_d_1(void **state)
{
    (void)state;
    static const double rho[] = {0.3, 0.7, 0.85};
    for (size_t k = 0; k < sizeof rho / sizeof rho[0]; k++) {
        mu_arena *arena = mu_arena_create(0);
        formula cost = {.base_s = 1.0};
        waits w = {.count = 200000};
        stream s = {.seed = k, .count = w.count, .rate = rho[k], .tenants = 1};
        s.input_low = s.input_high = 100;
        s.output_low = s.output_high = 1;
        mu_sim_config c = {.decode = server(&cost), .observer = &w, .on_request = see_wait};
        mu_sim_answer a = simulate(&c, &s, NULL, arena);
        check_wait(&w, 0, rho[k] / (2.0 * (1.0 - rho[k])));
        assert_true(a.stable);
        assert_int_equal(a.steps, w.count);
        assert_close(a.decode.busy_s, (double)w.count, 1e-9);
        assert_close(a.e2e_s.mean, a.wait_s.mean + 1.0, 1e-9);
        mu_arena_free(arena);
    }
}

/* Time by length, even over 1..199: W = rate E[S^2] / (2 (1 - rho)) (Pollaczek, Khinchine). */
static void service_by_length_waits_as_m_g_1(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    formula cost = {.token_s = 0.01};
    waits w = {.count = 300000};
    stream s = {.seed = 9, .count = w.count, .rate = 0.7, .tenants = 1};
    s.input_low = 1;
    s.input_high = 199;
    s.output_low = s.output_high = 1;
    mu_sim_config c = {.decode = server(&cost), .observer = &w, .on_request = see_wait};
    mu_sim_answer a = simulate(&c, &s, NULL, arena);
    double second = (199.0 * 199.0 - 1.0) / 12.0 * 1e-4 + 1.0; /* of the service time: E[S] is 1 */
    check_wait(&w, 0, 0.7 * second / (2.0 * (1.0 - 0.7)));
    assert_true(a.stable);
    mu_arena_free(arena);
}

/* Two classes in turn, none interrupted (Cobham): W_k = W_0 / ((1 - s_(k-1)) (1 - s_k)). */
static void priorities_wait_as_cobham_says(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    formula cost = {.base_s = 1.0};
    waits w = {.count = 300000};
    stream s = {.seed = 4, .count = w.count, .rate = 0.8, .tenants = 2};
    s.input_low = s.input_high = 100;
    s.output_low = s.output_high = 1;
    mu_sim_config c = {.decode = server(&cost), .observer = &w, .on_request = see_wait};
    c.decode.order = MU_ORDER_PRIORITY;
    mu_sim_answer a = simulate(&c, &s, NULL, arena);
    double residual = 0.8 / 2.0;
    check_wait(&w, 0, residual / (1.0 - 0.4));
    check_wait(&w, 1, residual / ((1.0 - 0.4) * (1.0 - 0.8)));
    assert_int_equal(a.tenants, 2);
    assert_true(a.tenant_ttft_s[0].mean < a.tenant_ttft_s[1].mean);
    mu_arena_free(arena);
}

/* ---- identities ---- */

enum { KINDS = 5 };

/* Busy deployments of several kinds. */
static mu_sim_config busy(uint32_t kind, formula *cost)
{
    mu_sim_config c = {.decode = server(cost), .router = MU_ROUTER_LEAST_LOADED, .seed = kind};
    mu_sim_role *r = &c.decode;
    static const mu_policy policy[KINDS] = {MU_POLICY_VLLM, MU_POLICY_SGLANG, MU_POLICY_TRTLLM,
                                            MU_POLICY_MINDIE, MU_POLICY_TRTLLM_MAX};
    r->policy = policy[kind];
    r->instances = 1 + kind % 3;
    r->lanes = 1 + kind % 2;
    r->max_sequences = 24;
    r->max_tokens = 512;
    r->blocks = 96;
    r->swap = kind == 4;
    r->swap_s_per_block = 1e-4;
    r->prefix_cache = kind != 2;
    r->mtp = kind % 2;
    r->acceptance[0] = 0.7;
    if (kind == 3) {
        c.disaggregated = true;
        c.prefill = *r;
        c.transfer = (mu_sim_transfer){.latency_s = 0.001,
                                       .bytes_per_token = 1000.0,
                                       .send_bytes_per_s = 1e7,
                                       .receive_bytes_per_s = 1e7};
    }
    return c;
}

static stream busy_stream(uint32_t kind, uint64_t count)
{
    return (stream){.seed = kind,
                    .count = count,
                    .rate = 18.0 * (1 + kind % 3),
                    .input_low = 1,
                    .input_high = 300,
                    .output_low = 1,
                    .output_high = 80,
                    .tenants = 2,
                    .too_long_every = 97};
}

static const formula BUSY_COST = {.base_s = 0.01, .token_s = 1e-4, .context_s = 1e-6};

/* Requests x time, by hand from what the observer saw. */
typedef struct sums {
    double sojourn_s;
    uint64_t ended, input, output, preempted, cached;
} sums;

static void see_sums(void *observer, const mu_sim_record *r)
{
    sums *sum = observer;
    sum->sojourn_s += r->end_s - r->arrival_s;
    sum->ended++;
    sum->input += r->input;
    sum->output += r->output;
    sum->preempted += r->preempted;
    sum->cached += r->cached;
}

/* Mean number in the house x time = time in the house of all that came. */
static void littles_law_holds(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        mu_arena *arena = mu_arena_create(0);
        formula cost = BUSY_COST;
        sums sum = {0};
        stream s = busy_stream(kind, 5000);
        mu_sim_config c = busy(kind, &cost);
        c.observer = &sum;
        c.on_request = see_sums;
        mu_sim_answer a = simulate(&c, &s, NULL, arena);
        assert_true(kind == 2 || sum.cached > 10000);
        assert_close(a.in_flight * a.duration_s, a.sojourn_s, 1e-6);
        assert_close(sum.sojourn_s, a.sojourn_s, 1e-9);
        assert_close(a.ended_per_s * a.duration_s, (double)a.ended, 1e-9);
        mu_arena_free(arena);
    }
}

static void tokens_and_requests_are_conserved(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        mu_arena *arena = mu_arena_create(0);
        formula cost = BUSY_COST;
        sums sum = {0};
        stream s = busy_stream(kind, 5000);
        mu_sim_config c = busy(kind, &cost);
        c.observer = &sum;
        c.on_request = see_sums;
        mu_sim_answer a = simulate(&c, &s, NULL, arena);
        uint64_t input = 0;
        uint64_t output = 0;
        mu_traffic traffic = stream_open(&s);
        for (uint64_t k = 0; k < s.count; k++) {
            mu_request q;
            mu_error err = {0};
            assert_int_equal(traffic.take(traffic.context, &q, &err), MU_OK);
            bool too_long = q.input > 300;
            input += too_long ? 0 : q.input;
            output += too_long ? 0 : q.output;
        }
        assert_int_equal(a.arrived, s.count);
        assert_int_equal(a.rejected, (s.count + 96) / 97);
        assert_int_equal(a.ended + a.rejected, a.arrived);
        assert_int_equal(a.ended, sum.ended);
        assert_int_equal(a.input_tokens, input);
        assert_int_equal(a.output_tokens, output);
        assert_int_equal(sum.input, input);
        assert_int_equal(sum.output, output);
        assert_true(kind % 4 != 0 || sum.preempted > 100);
        assert_int_equal(sum.preempted, a.prefill.preemptions + a.decode.preemptions);
        assert_int_equal(a.itl_s.n + a.ended, output);
        mu_arena_free(arena);
    }
}

typedef struct last_step {
    double cache_share;
    uint64_t running, waiting;
} last_step;

static void see_last(void *observer, const mu_sim_event *step)
{
    *(last_step *)observer = (last_step){
        .cache_share = step->cache_share, .running = step->running, .waiting = step->waiting};
}

/* Long after all others a request of one block comes: nobody else holds any. */
static void all_blocks_come_back(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        mu_arena *arena = mu_arena_create(0);
        formula cost = BUSY_COST;
        last_step last = {0};
        stream s = busy_stream(kind, 1000);
        s.probe_s = 1e6;
        mu_sim_config c = busy(kind, &cost);
        c.decode.fixed_blocks = c.prefill.fixed_blocks = 2;
        c.observer = &last;
        c.on_step = see_last;
        simulate(&c, &s, NULL, arena);
        double lanes = c.decode.lanes;
        assert_int_equal(last.running, 1);
        assert_int_equal(last.waiting, 0);
        assert_true(last.cache_share * 96.0 * lanes >= 3.0 - 1e-9);
        assert_true(last.cache_share * 96.0 * lanes <= (300.0 + 80.0) / 16.0 + 3.0);
        mu_arena_free(arena);
    }
}

/* ---- same bits ---- */

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *byte = data;
    for (size_t k = 0; k < size; k++) {
        hash = (hash ^ byte[k]) * UINT64_C(1099511628211);
    }
    return hash;
}

static uint64_t mix_latency(uint64_t hash, mu_sim_latency l)
{
    hash = mix(hash, l.histogram, l.histogram != NULL ? sizeof *l.histogram : 0);
    l.histogram = NULL;
    return mix(hash, &l, sizeof l);
}

/* Of everything in the answer. */
static uint64_t digest(mu_sim_answer a)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    mu_sim_latency *latency[] = {&a.ttft_s, &a.tpot_s, &a.itl_s, &a.e2e_s, &a.wait_s};
    for (size_t k = 0; k < sizeof latency / sizeof latency[0]; k++) {
        hash = mix_latency(hash, *latency[k]);
    }
    for (uint32_t k = 0; k < a.tenants; k++) {
        hash = mix_latency(hash, a.tenant_ttft_s[k]);
        hash = mix_latency(hash, a.tenant_tpot_s[k]);
    }
    hash = mix(hash, a.bin, a.bin_count * sizeof *a.bin);
    hash = mix(hash, &a.prefill, sizeof a.prefill);
    hash = mix(hash, &a.decode, sizeof a.decode);
    double figure[] = {a.duration_s,
                       a.in_flight,
                       a.sojourn_s,
                       a.arrived_per_s,
                       a.ended_per_s,
                       a.bin_s,
                       a.stable,
                       (double)a.arrived,
                       (double)a.ended,
                       (double)a.rejected,
                       (double)a.steps,
                       (double)a.good,
                       (double)a.input_tokens,
                       (double)a.output_tokens};
    return mix(hash, figure, sizeof figure);
}

static uint64_t digest_of_run(const mu_sim_config *config, stream s, uint32_t threads)
{
    mu_arena *arena = mu_arena_create(0);
    mu_pool *pool = threads > 0 ? mu_pool_create(threads) : NULL;
    mu_sim_answer a = simulate(config, &s, pool, arena);
    uint64_t hash = digest(a);
    mu_pool_free(pool);
    mu_arena_free(arena);
    return hash;
}

static void ignore_step(void *observer, const mu_sim_event *step)
{
    (void)observer;
    (void)step;
}

/* Instances apart on threads, all in one line, and all in one line as observers need it. */
static void same_bits_for_any_threads(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        formula cost = BUSY_COST;
        stream s = busy_stream(kind, 4000);
        mu_sim_config c = busy(kind, &cost);
        c.router = MU_ROUTER_ROUND_ROBIN;
        c.decode.instances = 4;
        uint64_t want = digest_of_run(&c, s, 0);
        assert_true(digest_of_run(&c, s, 0) == want);
        assert_true(digest_of_run(&c, s, 1) == want);
        assert_true(digest_of_run(&c, s, 2) == want);
        assert_true(digest_of_run(&c, s, 8) == want);
        c.on_step = ignore_step;
        assert_true(digest_of_run(&c, s, 2) == want);
        s.seed += 100;
        assert_true(digest_of_run(&c, s, 2) != want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_service_waits_as_m_d_1),
        cmocka_unit_test(service_by_length_waits_as_m_g_1),
        cmocka_unit_test(priorities_wait_as_cobham_says),
        cmocka_unit_test(littles_law_holds),
        cmocka_unit_test(tokens_and_requests_are_conserved),
        cmocka_unit_test(all_blocks_come_back),
        cmocka_unit_test(same_bits_for_any_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
