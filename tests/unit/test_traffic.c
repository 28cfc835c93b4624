/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   made traffic arrives, and is as long, as was wished; the same wish gives the same bytes.
 * Method: moments and shares against their closed forms, within five standard errors of the sample;
 *         swings of the rate against its integral; wishes out of range by name.
 */
#include "serving/traffic.h"

#include <math.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 200000 };

static mu_length fixed(double mean)
{
    return (mu_length){.kind = MU_LENGTH_FIXED, .mean = mean};
}

static mu_length uniform(double low, double high)
{
    return (mu_length){.kind = MU_LENGTH_UNIFORM, .low = low, .high = high};
}

static mu_traffic_wish open_wish(mu_arrival arrival)
{
    return (mu_traffic_wish){.arrival = arrival,
                             .rate = 10.0,
                             .burstiness = 1.0,
                             .diurnal_s = 86400.0,
                             .concurrency = 8.0,
                             .input = fixed(100.0),
                             .output = fixed(10.0),
                             .turns = 1,
                             .tenants = 1,
                             .tenant_share = {1.0},
                             .seed = 1};
}

static mu_traffic make(const mu_traffic_wish *wish, mu_arena *arena)
{
    mu_traffic traffic;
    mu_error err = {0};
    assert_int_equal(mu_traffic_make(wish, arena, &traffic, &err), MU_OK);
    assert_string_equal(err.text, "");
    return traffic;
}

static mu_request take(const mu_traffic *traffic)
{
    mu_request request;
    mu_error err = {0};
    double arrival_s = -1.0;
    assert_true(traffic->peek(traffic->context, &arrival_s));
    assert_int_equal(traffic->take(traffic->context, &request, &err), MU_OK);
    assert_true(request.arrival_s == arrival_s);
    return request;
}

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) {
        print_error("found %.17g, expected %.17g within %g\n", found, expected, tolerance);
        fail();
    }
}

/* The first N arrivals of open traffic; they never go backwards. */
static void arrivals(const mu_traffic_wish *wish, double out[N])
{
    mu_arena *arena = mu_arena_create(0);
    mu_traffic traffic = make(wish, arena);
    assert_true(traffic.ended == NULL);
    for (int i = 0; i < N; i++) {
        out[i] = take(&traffic).arrival_s;
        assert_true(out[i] >= (i == 0 ? 0.0 : out[i - 1]));
    }
    mu_arena_free(arena);
}

static double share_below(const double at[N], double gap_s)
{
    double below = at[0] < gap_s;
    for (int i = 1; i < N; i++) {
        below += at[i] - at[i - 1] < gap_s;
    }
    return below / N;
}

/* Mean and squared coefficient of variation of the gaps: 1/rate and 1/shape. */
static void check_gaps(const double at[N], double rate, double shape)
{
    double mean = at[N - 1] / N;
    double square = 0.0;
    for (int i = 0; i < N; i++) {
        double off = (at[i] - (i == 0 ? 0.0 : at[i - 1])) / mean - 1.0;
        square += off * off / N;
    }
    near(mean * rate, 1.0, 5.0 / sqrt(shape * N));
    /* variance of a sample's variance: (2 + excess kurtosis) / n, 6 / shape of a gamma; the mean's
     * error adds 4 / shape / n */
    near(square * shape, 1.0, 5.0 * sqrt((2.0 + 10.0 / shape) / N));
}

static void gaps_have_their_moments(void **state)
{
    (void)state;
    static double at[N];
    static const double shapes[] = {0.01, 0.25, 0.5, 1.0, 1.5, 4.0, 100.0};
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_POISSON);
    arrivals(&wish, at);
    check_gaps(at, 10.0, 1.0);
    near(share_below(at, 0.1), 1.0 - exp(-1.0), 2.5 / sqrt(N));
    wish.arrival = MU_ARRIVAL_GAMMA;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        wish.burstiness = shapes[i];
        arrivals(&wish, at);
        check_gaps(at, 10.0, shapes[i]);
        if (shapes[i] == 0.5) { /* a chi-squared of one degree */
            near(share_below(at, 0.1), erf(sqrt(0.5)), 2.5 / sqrt(N));
        }
        if (shapes[i] == 1.0) {
            near(share_below(at, 0.1), 1.0 - exp(-1.0), 2.5 / sqrt(N));
        }
    }
}

static void constant_gaps_are_constant(void **state)
{
    (void)state;
    static double at[N];
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_CONSTANT);
    arrivals(&wish, at);
    for (int i = 0; i < N; i++) {
        assert_true(at[i] == (i + 1) / 10.0);
    }
}

/* Arrivals in (0, t] of a rate that swings. */
static double integral(const mu_traffic_wish *w, double t)
{
    double turn = 2.0 * 3.14159265358979323846 / w->diurnal_s;
    return w->rate * (t + w->diurnal * (1.0 - cos(turn * fmod(t, w->diurnal_s))) / turn);
}

static void constant_gaps_swing_exactly(void **state)
{
    (void)state;
    static double at[N];
    static const double swings[] = {0.01, 0.5, 0.99};
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_CONSTANT);
    wish.diurnal_s = 1000.0;
    for (size_t s = 0; s < 3; s++) {
        wish.diurnal = swings[s];
        arrivals(&wish, at);
        for (int i = 0; i < N; i++) {
            near(integral(&wish, at[i]), i + 1.0, 1e-9 * (i + 1.0) + 1e-9);
        }
    }
}

/* Counts by quarter of the period, all periods together, against the integral over the quarter. */
static void chance_swings_with_the_rate(void **state)
{
    (void)state;
    static double at[N];
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_POISSON);
    wish.diurnal = 0.9;
    wish.diurnal_s = 500.0;
    for (int kind = 0; kind < 2; kind++) {
        wish.arrival = kind == 0 ? MU_ARRIVAL_POISSON : MU_ARRIVAL_GAMMA;
        wish.burstiness = 0.5; /* counts vary twice as much as Poisson's */
        arrivals(&wish, at);
        double periods = floor(at[N - 1] / 500.0);
        assert_true(periods > 35.0);
        double count[4] = {0.0};
        for (int i = 0; i < N && at[i] < periods * 500.0; i++) {
            count[(int)(fmod(at[i], 500.0) / 125.0)]++;
        }
        for (int q = 0; q < 4; q++) {
            double expected = periods * (integral(&wish, 125.0 * (q + 1) * (1.0 - 1e-12)) -
                                         integral(&wish, 125.0 * q));
            near(count[q], expected, 5.0 * sqrt(2.0 * expected));
        }
    }
}

/* Sums over a sample of lengths. */
struct sample {
    double mean, square, least, most; /* of the inputs */
    double product;                   /* mean of input x output */
    double mean_output;
    uint32_t input[N];
};

static void draw_lengths(mu_length input, mu_length output, struct sample *out)
{
    mu_arena *arena = mu_arena_create(0);
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_POISSON);
    wish.input = input;
    wish.output = output;
    mu_traffic traffic = make(&wish, arena);
    memset(out, 0, sizeof *out);
    out->least = INFINITY;
    for (int i = 0; i < N; i++) {
        mu_request request = take(&traffic);
        double length = request.input;
        assert_true(request.input >= 1 && request.input <= MU_REQUEST_TOKENS_MAX);
        assert_true(request.output >= 1 && request.output <= MU_REQUEST_TOKENS_MAX);
        out->input[i] = request.input;
        out->mean += length / N;
        out->square += length * length / N;
        out->product += length * request.output / N;
        out->mean_output += (double)request.output / N;
        out->least = fmin(out->least, length);
        out->most = fmax(out->most, length);
    }
    mu_arena_free(arena);
}

static struct sample sample;

static double count_of(uint32_t low, uint32_t high)
{
    double count = 0.0;
    for (int i = 0; i < N; i++) {
        count += sample.input[i] >= low && sample.input[i] <= high;
    }
    return count;
}

static void lengths_fixed_and_uniform(void **state)
{
    (void)state;
    draw_lengths(fixed(99.5), fixed(MU_REQUEST_TOKENS_MAX), &sample);
    assert_true(sample.least == 100.0 && sample.most == 100.0);
    draw_lengths(uniform(7.0, 16.0), uniform(1.0, MU_REQUEST_TOKENS_MAX), &sample);
    assert_true(sample.least == 7.0 && sample.most == 16.0);
    for (uint32_t x = 7; x <= 16; x++) {
        near(count_of(x, x), N / 10.0, 5.0 * sqrt(N * 0.09));
    }
    /* a prompt and its answer share a draw, and nothing else */
    double sigma = sqrt((99.0 / 12.0) / N) * MU_REQUEST_TOKENS_MAX / sqrt(12.0);
    near(sample.product, sample.mean * sample.mean_output, 5.0 * sigma);
    near(sample.mean_output, 0.5 * MU_REQUEST_TOKENS_MAX,
         5.0 * MU_REQUEST_TOKENS_MAX / sqrt(12.0 * N));
}

static void lengths_lognormal(void **state)
{
    (void)state;
    mu_length length = {.kind = MU_LENGTH_LOGNORMAL, .mean = 2000.0, .sigma = 0.8};
    draw_lengths(length, fixed(1.0), &sample);
    double ratio = exp(0.64); /* of the mean square to the squared mean */
    near(sample.mean / 2000.0, 1.0, 5.0 * sqrt((ratio - 1.0) / N));
    /* the mean square's variance, by the fourth moment: mean^4 exp(6 sigma^2) */
    near(sample.square / 4e6, ratio, 5.0 * sqrt((exp(6.0 * 0.64) - ratio * ratio) / N));
    double median = 2000.0 * exp(-0.32);
    near(count_of(1, (uint32_t)median), 0.5 * N, 2.5 * sqrt(N) + 0.001 * N);
    length.sigma = 0.0;
    draw_lengths(length, fixed(1.0), &sample);
    assert_true(sample.least == 2000.0 && sample.most == 2000.0);
    length.sigma = 5.0; /* most of this is cut off */
    draw_lengths(length, length, &sample);
    assert_true(sample.least == 1.0 && sample.most == MU_REQUEST_TOKENS_MAX);
}

static void lengths_empirical(void **state)
{
    (void)state;
    static const double value[] = {5.0, 0.0, 17.4, 4096.0, 3.0, 60.0};
    static const double weight[] = {0.0, 1.0, 2.0, 4.0, 0.0, 0.0};
    static const uint32_t tokens[] = {5, 1, 17, 4096, 3, 60};
    mu_length length = {.kind = MU_LENGTH_EMPIRICAL, .value = value, .weight = weight, .count = 6};
    draw_lengths(length, fixed(1.0), &sample);
    for (int i = 0; i < 6; i++) {
        double chance = weight[i] / 7.0;
        near(count_of(tokens[i], tokens[i]), N * chance, 5.0 * sqrt(N * chance * (1.0 - chance)));
    }
    double one = 9.0;
    length = (mu_length){.kind = MU_LENGTH_EMPIRICAL, .value = &one, .weight = &one, .count = 1};
    draw_lengths(length, fixed(1.0), &sample);
    assert_true(sample.least == 9.0 && sample.most == 9.0);
}

static void tenants_have_their_shares(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_POISSON);
    wish.tenants = 4;
    memcpy(wish.tenant_share, (double[4]){0.5, 0.0, 0.125, 0.375}, 4 * sizeof(double));
    mu_traffic traffic = make(&wish, arena);
    double count[4] = {0.0};
    for (int i = 0; i < N; i++) {
        mu_request request = take(&traffic);
        assert_true(request.tenant < 4);
        count[request.tenant]++;
    }
    for (int i = 0; i < 4; i++) {
        double chance = wish.tenant_share[i];
        near(count[i], N * chance, 5.0 * sqrt(N * chance * (1.0 - chance)));
    }
    mu_arena_free(arena);
}

/* A hash of the first requests; bytes of pointers are none of it. */
static uint64_t print_of(const mu_traffic_wish *wish)
{
    mu_arena *arena = mu_arena_create(0);
    mu_traffic traffic = make(wish, arena);
    uint64_t print = 0;
    for (int i = 0; i < 1000; i++) {
        mu_request request = take(&traffic);
        uint64_t bits;
        memcpy(&bits, &request.arrival_s, sizeof bits);
        print = print * 31 + bits;
        print = print * 31 + request.input;
        print = print * 31 + request.output;
        print = print * 31 + request.tenant;
        for (uint32_t b = 0; b < request.block_count; b++) {
            print = print * 31 + request.block[b];
        }
    }
    mu_arena_free(arena);
    return print;
}

static void same_seed_same_bytes(void **state)
{
    (void)state;
    for (mu_arrival arrival = MU_ARRIVAL_POISSON; arrival < MU_ARRIVAL_COUNT; arrival++) {
        mu_traffic_wish wish = open_wish(arrival);
        wish.input = uniform(1.0, 1000.0);
        wish.block_tokens = 64;
        wish.diurnal = 0.5;
        uint64_t print = print_of(&wish);
        assert_true(print_of(&wish) == print);
        wish.seed = 2;
        assert_true(print_of(&wish) != print);
    }
}

/* Lengths are the request's own: when it arrives and who is served in between doesn't matter. */
static void lengths_do_not_depend_on_arrivals(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_traffic traffic[MU_ARRIVAL_COUNT];
    for (mu_arrival arrival = 0; arrival < MU_ARRIVAL_COUNT; arrival++) {
        mu_traffic_wish wish = open_wish(arrival);
        wish.input = uniform(1.0, 1000.0);
        wish.output = (mu_length){.kind = MU_LENGTH_LOGNORMAL, .mean = 300.0, .sigma = 1.0};
        traffic[arrival] = make(&wish, arena);
    }
    for (int i = 0; i < 1000; i++) {
        mu_request first = take(&traffic[0]);
        traffic[0].ended(traffic[0].context, first.client, i * 0.01);
        for (mu_arrival arrival = 1; arrival < MU_ARRIVAL_COUNT; arrival++) {
            mu_request other = take(&traffic[arrival]);
            assert_int_equal(other.input, first.input);
            assert_int_equal(other.output, first.output);
        }
    }
    mu_arena_free(arena);
}

static void requests_end(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_CONSTANT);
    wish.requests = 17;
    mu_traffic traffic = make(&wish, arena);
    for (int i = 0; i < 17; i++) {
        (void)take(&traffic);
    }
    double arrival_s = 5.0;
    assert_false(traffic.peek(traffic.context, &arrival_s));
    assert_true(arrival_s == 5.0);
    mu_arena_free(arena);
}

/* The wish is refused by a line that opens with the name and says what was expected and found. */
static void refused(const mu_traffic_wish *wish, const char *name)
{
    mu_arena *arena = mu_arena_create(0);
    mu_traffic traffic = {0};
    mu_error err = {0};
    assert_int_equal(mu_traffic_make(wish, arena, &traffic, &err), MU_E_INPUT);
    if (strncmp(err.text, name, strlen(name)) != 0) {
        print_error("%s: %s\n", name, err.text);
        fail();
    }
    assert_non_null(strstr(err.text, ": expected "));
    assert_non_null(strstr(err.text, ", found "));
    assert_null(strchr(err.text, '\n'));
    assert_null(traffic.context);
    mu_arena_free(arena);
}

#define REFUSED(name, arrival, field, value)                                                       \
    do {                                                                                           \
        mu_traffic_wish wish = open_wish(arrival);                                                 \
        wish.field = (value);                                                                      \
        refused(&wish, name);                                                                      \
    } while (0)

static void bad_arrivals_are_refused(void **state)
{
    (void)state;
    static const double bad[] = {0.0, -1.0, 1e300, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED("workload.rate:", MU_ARRIVAL_POISSON, rate, bad[i]);
        REFUSED("workload.burstiness:", MU_ARRIVAL_GAMMA, burstiness, bad[i]);
        REFUSED("workload.concurrency:", MU_ARRIVAL_CLOSED, concurrency, bad[i]);
        double bad_or_negative = bad[i] == 0.0 ? -1e-9 : bad[i];
        REFUSED("workload.ramp:", MU_ARRIVAL_CLOSED, ramp_s, bad_or_negative);
        REFUSED("workload.diurnal:", MU_ARRIVAL_CONSTANT, diurnal, bad_or_negative);
        REFUSED("workload.think:", MU_ARRIVAL_CONSTANT, think_s, bad_or_negative);
        mu_traffic_wish wish = open_wish(MU_ARRIVAL_GAMMA);
        wish.diurnal = 0.5;
        wish.diurnal_s = bad[i];
        refused(&wish, "workload.diurnal_period:");
    }
    REFUSED("workload.concurrency:", MU_ARRIVAL_CLOSED, concurrency, 1.5);
    REFUSED("workload.diurnal:", MU_ARRIVAL_CLOSED, diurnal, 0.5);
    REFUSED("workload.diurnal:", MU_ARRIVAL_POISSON, diurnal, 1.0);
    REFUSED("workload.arrival:", MU_ARRIVAL_POISSON, arrival, MU_ARRIVAL_COUNT);
}

static void bad_lengths_are_refused(void **state)
{
    (void)state;
    static const double none[] = {0.0, 0.0};
    static const double some[] = {1.0, 2.0};
    static const double odd[] = {1.0, NAN};
    static const double minus[] = {-1.0, 2.0};
    static const double huge[] = {1.0, 1e8};
#define EMPIRICAL(values, weights, n)                                                              \
    ((mu_length){.kind = MU_LENGTH_EMPIRICAL, .value = (values), .weight = (weights), .count = (n)})
    mu_length bad[] = {fixed(0.0),
                       fixed(NAN),
                       fixed(2.0 * MU_REQUEST_TOKENS_MAX),
                       uniform(0.0, 5.0),
                       uniform(1.5, 5.0),
                       uniform(6.0, 5.0),
                       uniform(1.0, 1e9),
                       {.kind = MU_LENGTH_LOGNORMAL, .mean = 10.0, .sigma = -0.1},
                       {.kind = MU_LENGTH_LOGNORMAL, .mean = 10.0, .sigma = 50.0},
                       {.kind = MU_LENGTH_LOGNORMAL, .mean = -10.0, .sigma = 0.1},
                       EMPIRICAL(some, none, 2),
                       EMPIRICAL(some, some, 0),
                       EMPIRICAL(odd, some, 2),
                       EMPIRICAL(some, odd, 2),
                       EMPIRICAL(minus, some, 2),
                       EMPIRICAL(some, minus, 2),
                       EMPIRICAL(huge, some, 2)};
#undef EMPIRICAL
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED("workload.input", MU_ARRIVAL_POISSON, input, bad[i]);
        REFUSED("workload.output", MU_ARRIVAL_CLOSED, output, bad[i]);
    }
}

static void bad_sessions_are_refused(void **state)
{
    (void)state;
    REFUSED("workload.turns:", MU_ARRIVAL_POISSON, turns, 0);
    REFUSED("workload.turns:", MU_ARRIVAL_POISSON, turns, UINT32_MAX);
    REFUSED("workload.shared_prefix:", MU_ARRIVAL_POISSON, shared_prefix, -1.0);
    REFUSED("workload.shared_prefix:", MU_ARRIVAL_POISSON, shared_prefix, 0.5);
    REFUSED("workload.block_tokens:", MU_ARRIVAL_POISSON, block_tokens, UINT32_MAX);
    REFUSED("workload.tenants:", MU_ARRIVAL_POISSON, tenants, 0);
    REFUSED("workload.tenants:", MU_ARRIVAL_POISSON, tenants, MU_TENANTS_MAX + 1);
    REFUSED("workload.tenants:", MU_ARRIVAL_POISSON, tenant_share[0], 0.9);
    REFUSED("workload.tenants:", MU_ARRIVAL_POISSON, tenant_share[0], NAN);
    mu_traffic_wish wish = open_wish(MU_ARRIVAL_POISSON);
    wish.tenants = 2;
    wish.tenant_share[0] = 1.5;
    wish.tenant_share[1] = -0.5;
    refused(&wish, "workload.tenants: share:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_have_their_moments),
        cmocka_unit_test(constant_gaps_are_constant),
        cmocka_unit_test(constant_gaps_swing_exactly),
        cmocka_unit_test(chance_swings_with_the_rate),
        cmocka_unit_test(lengths_fixed_and_uniform),
        cmocka_unit_test(lengths_lognormal),
        cmocka_unit_test(lengths_empirical),
        cmocka_unit_test(tenants_have_their_shares),
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(lengths_do_not_depend_on_arrivals),
        cmocka_unit_test(requests_end),
        cmocka_unit_test(bad_arrivals_are_refused),
        cmocka_unit_test(bad_lengths_are_refused),
        cmocka_unit_test(bad_sessions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
