/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the engine's shares are max-min, whatever the network and the flows.
 * Method: a plain solver that works everything out from scratch at every event, itself held to
 *         values worked by hand and to SimGrid's; the engine against it on thousands of seeded
 *         random cases, flow by flow; then all-to-alls whose ends are known in closed form or from
 *         SimGrid (../shared/simgrid_alltoall; skipped where absent).
 */
#include "alltoall_case.h"
#include "fabric/flow.h"
#include "flow_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

/* Two links in a row, 100 and 200 MB/s: one flow over both, one that comes to the first after a
 * millisecond, one that follows that on the second. */
static void reference_by_hand(void **state)
{
    (void)state;
    flow_case c = {
        .links = 2,
        .flows = 3,
        .capacity = {1e8, 2e8},
        .flow =
            {
                {{0, 1}, {1.0, 1.0}, 2, CASE_FIRST, 0, 1e6, 1.0},
                {{0}, {1.0}, 1, CASE_FIRST, 1000000000, 1e6, 1.0},
                {{1}, {1.0}, 1, 1, 0, 1e6, 1.0},
            },
    };
    double finish_s[CASE_FLOWS];
    reference_finish(&c, finish_s);
    /* 0.1 MB alone, 0.9 MB at 50 MB/s; the other 0.9 MB beside it, 0.1 MB alone; 1 MB alone */
    near(finish_s[0], 0.019, 1e-14);
    near(finish_s[1], 0.020, 1e-14);
    near(finish_s[2], 0.025, 1e-14);
    c.flow[1].weight = 3.0; /* 75 MB/s of 100, 0.1 MB of the first gone when it comes */
    c.flow[1].wait_ps = 0;
    c.flow[1].share[0] = 0.5; /* 3 x 0.5 + 1 = 2.5 for 100 MB/s: levels of 40 MB/s */
    reference_finish(&c, finish_s);
    near(finish_s[1], 1e6 / 120e6, 1e-14);
    near(finish_s[0], (1e6 - 40e6 / 120.0) / 1e8 + 1e6 / 120e6, 1e-14);
    c.capacity[0] = 0.0;
    reference_finish(&c, finish_s);
    assert_true(isinf(finish_s[0]) && isinf(finish_s[1]) && isinf(finish_s[2]));
}

/* Moments are whole ticks in the engine: every event may move what follows by a part of one, and a
 * light flow by as many of them as others are heavier. */
static void compare(uint64_t seed, case_shape shape, uint32_t traits, uint32_t flows)
{
    static flow_case c;
    static double got_s[CASE_FLOWS];
    static double want_s[CASE_FLOWS];
    case_draw(seed, shape, traits, flows, &c);
    reference_finish(&c, want_s);
    engine_finish(&c, got_s);
    for (uint32_t i = 0; i < flows; i++) {
        double ticks = flows * ((traits & TRAIT_WIDE) != 0 ? exp(8.0) : 1.0);
        double slack_s = 1e-9 * want_s[i] + 1e-12 * ticks;
        bool same = isinf(want_s[i]) ? isinf(got_s[i]) : fabs(got_s[i] - want_s[i]) <= slack_s;
        if (!same) {
            fail_msg("%s, traits %u, seed %llu, %u flows: flow %u ends at %.15g s, should at %.15g",
                     case_shape_text(shape), traits, (unsigned long long)seed, flows, i, got_s[i],
                     want_s[i]);
        }
    }
}

static void compare_all(uint32_t traits, uint32_t count, uint32_t flows_max)
{
    for (uint32_t shape = 0; shape < CASE_SHAPES; shape++) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t flows = 1 + (i * 7 + shape) % flows_max;
            compare(1000 * traits + i, (case_shape)shape, traits, flows);
        }
    }
}

static void each_trait_alone(void **state)
{
    (void)state;
    compare_all(0, 100, 40);
    for (uint32_t trait = 1; trait <= TRAIT_LATENCY; trait *= 2) {
        compare_all(trait, 60, 40);
    }
}

static void traits_together(void **state)
{
    (void)state;
    for (uint32_t traits = 3; traits < 2 * TRAIT_WIDE; traits += 4) {
        compare_all(traits, 8, 40);
        compare_all(traits ^ 3U, 8, 40);
    }
}

/* Equal links and bytes: many flows end in one moment, many links fill at one level. */
static void many_at_once(void **state)
{
    (void)state;
    compare_all(TRAIT_EQUAL_BYTES | TRAIT_EQUAL_LINKS, 60, 240);
    compare_all(TRAIT_EQUAL_BYTES | TRAIT_EQUAL_LINKS | TRAIT_STAGGERED | TRAIT_CHAINED, 40, 240);
}

/* A flow of weight n and n times the bytes is n flows. */
static void multiplicity(void **state)
{
    (void)state;
    static flow_case one;
    static flow_case many;
    static double one_s[CASE_FLOWS];
    static double many_s[CASE_FLOWS];
    for (uint64_t seed = 0; seed < 100; seed++) {
        case_draw(seed, (case_shape)(seed % CASE_SHAPES), TRAIT_STAGGERED, 24, &one);
        many = one;
        many.flows = 0;
        for (uint32_t i = 0; i < one.flows; i++) {
            uint32_t copies = 1 + i % 7;
            for (uint32_t k = 0; k < copies; k++) {
                many.flow[many.flows++] = one.flow[i];
            }
            one.flow[i].bytes *= copies;
            one.flow[i].weight *= copies;
        }
        engine_finish(&one, one_s);
        engine_finish(&many, many_s);
        for (uint32_t i = 0, at = 0; i < one.flows; at += 1 + i % 7, i++) {
            near(many_s[at], one_s[i], 1e-9);
        }
    }
}

/* One flow over one link: from 1 byte to 1 EB, or a line that says what is wrong. */
static void extremes(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        double capacity;
        double tick_s;
        mu_status status;
        int64_t end; /* ticks */
    } row[] = {
        {1.0, 50e9, 1e-12, MU_OK, 20},
        {1e18, 900e9, 1e-12, MU_OK, 1111111111111111111},
        {1e18, 50e9, 1e-12, MU_E_INPUT, 0}, /* 20,000,000 s, in picoseconds */
        {1e18, 50e9, 1e-9, MU_OK, 20000000000000000},
        {1.0, 0.0, 1e-12, MU_NO, 0},
        {1e-30, 1e15, 1e-12, MU_OK, 0},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mu_flows *flows = NULL;
        mu_error err = {0};
        const uint64_t *tags = NULL;
        uint64_t count = 0;
        mu_flow flow = {.link = &(uint32_t){0}, .hops = 1, .bytes = row[i].bytes, .weight = 1.0};
        assert_int_equal(mu_flows_create(1, &row[i].capacity, row[i].tick_s, 1, &flows, &err),
                         MU_OK);
        assert_int_equal(mu_flows_start(flows, &flow, &err), MU_OK);
        assert_int_equal(mu_flows_next(flows, &tags, &count, &err), row[i].status);
        if (row[i].status == MU_OK) {
            assert_int_equal(count, 1);
            near((double)mu_flows_now(flows), (double)row[i].end, 1e-15);
        } else {
            assert_true(err.text[0] != '\0');
        }
        mu_flows_free(flows);
    }
}

typedef struct outcome {
    double end_s;
    double sum_s; /* of all flows' ends */
} outcome;

static mu_flows *make_engine(const alltoall_case *c)
{
    mu_flows *flows = NULL;
    mu_error err = {0};
    uint32_t links = alltoall_links(c);
    uint32_t ranks = alltoall_ranks(c);
    double *capacity = calloc(links, sizeof *capacity);
    assert_non_null(capacity);
    for (uint32_t l = 0; l < links; l++) {
        capacity[l] = alltoall_bandwidth;
    }
    if (mu_flows_create(links, capacity, 1e-12, ranks * ranks, &flows, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    free(capacity);
    return flows;
}

static void send(mu_flows *flows, const alltoall_case *c, uint32_t i, uint32_t round)
{
    uint32_t ranks = alltoall_ranks(c);
    uint32_t j = (i + round) % ranks;
    uint32_t link[ALLTOALL_HOPS];
    mu_flow flow = {
        .link = link,
        .hops = alltoall_route(c, i, j, link),
        .bytes = alltoall_bytes(c, i, j),
        .weight = 1.0,
        .tag = (uint64_t)round * ranks + i,
    };
    flow.delay = (int64_t)flow.hops * c->latency_ns * 1000;
    flow.weight = c->latency_ns > 0 ? 4.0 / flow.hops : 1.0;
    mu_error err = {0};
    if (mu_flows_start(flows, &flow, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

/* Everyone to everyone: all at once, or in rounds. finish_s: [tags], may be NULL. */
static outcome alltoall(const alltoall_case *c, bool rounds, double *finish_s)
{
    uint32_t ranks = alltoall_ranks(c);
    mu_flows *flows = make_engine(c);
    for (uint32_t round = 1; round < (rounds ? 2 : ranks); round++) {
        for (uint32_t i = 0; i < ranks; i++) {
            send(flows, c, i, round);
        }
    }
    outcome out = {0.0, 0.0};
    uint64_t ended = 0;
    const uint64_t *tags = NULL;
    uint64_t count = 0;
    mu_error err = {0};
    uint64_t *batch = calloc((size_t)ranks * ranks, sizeof *batch);
    assert_non_null(batch);
    while (mu_flows_next(flows, &tags, &count, &err) == MU_OK && count > 0) {
        out.end_s = 1e-12 * (double)mu_flows_now(flows);
        out.sum_s += out.end_s * (double)count;
        ended += count;
        for (uint64_t k = 0; k < count; k++) {
            batch[k] = tags[k];
            if (finish_s != NULL) {
                finish_s[tags[k]] = out.end_s;
            }
        }
        for (uint64_t k = 0; rounds && k < count; k++) {
            uint32_t round = (uint32_t)(batch[k] / ranks) + 1;
            if (round < ranks) {
                send(flows, c, (uint32_t)(batch[k] % ranks), round);
            }
        }
    }
    assert_int_equal(ended, (uint64_t)ranks * (ranks - 1));
    free(batch);
    mu_flows_free(flows);
    return out;
}

/* Ends that are known: SimGrid's and an independent solver's, or so many messages over a link. */
static void alltoall_ends(void **state)
{
    (void)state;
    const double message_s = ALLTOALL_BYTES / 50e9;
    const struct {
        alltoall_case c;
        bool rounds;
        double end_s;
        double sum_s; /* 0: not known */
        double relative;
    } row[] = {
        {{4, 4, 4, 16, 0}, false, 0.0005111808, 0.102164470812, 1e-9},
        {{4, 4, 2, 16, 0}, false, 0.00082444288, 0.139130153496, 1e-9},
        {{4, 4, 4, 1024, 500}, false, 0.00052902782918, 0.0978846529761, 1e-9},
        {{4, 4, 2, 16, 500}, false, 0.00082644288, 0.139514153496, 1e-9},
        {{8, 8, 8, 1, 0}, false, 63.0 * message_s, 0.0, 1e-9},
        {{8, 8, 4, 1, 0}, false, 2.0 * 56.0 * message_s, 0.0, 1e-9},
        {{8, 8, 4, 1, 0}, true, 0.00415210679975, 0.0, 1e-9},
        {{16, 16, 8, 1, 0}, true, 0.0229548903526, 0.0, 1e-6},
        {{8, 8, 8, 16, 0}, false, 0.00208011264, 6.988105804, 1e-9},
        {{8, 8, 4, 16, 0}, false, 0.00361627648, 11.195777234, 1e-9},
        {{8, 8, 8, 1024, 0}, false, 0.00211697664, 7.12812562584, 1e-9},
        {{8, 8, 4, 1024, 0}, false, 0.00365820074621, 11.4182472129, 1e-9},
        {{8, 8, 4, 1024, 500}, false, 0.00366020074621, 11.4254152129, 1e-9},
        {{16, 16, 16, 1, 0}, false, 255.0 * message_s, 0.0, 1e-9},
        {{8, 8, 8, 1, 0}, true, 63.0 * message_s, 0.0, 1e-9},
        {{16, 16, 16, 1, 0}, true, 255.0 * message_s, 0.0, 1e-9},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        outcome got = alltoall(&row[i].c, row[i].rounds, NULL);
        near(got.end_s, row[i].end_s, row[i].relative);
        if (row[i].sum_s > 0.0) {
            near(got.sum_s, row[i].sum_s, row[i].relative);
        }
    }
}

static FILE *open_or_skip(const char *name)
{
    const char *tables = getenv("MUSTER_TABLES");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/../simgrid_alltoall/%s",
                   tables ? tables : "../shared/data", name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        print_message("SKIPPED: no reference %s (set MUSTER_TABLES)\n", path);
        skip();
    }
    return file;
}

/* Every one of 240 flows, to 1e-6 of SimGrid's finish time. */
static void alltoall_flows(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        alltoall_case c;
    } row[] = {
        {"n16_s4_k16_lat0.txt", {4, 4, 4, 16, 0}},
        {"n16_s2_k16_lat0.txt", {4, 4, 2, 16, 0}},
        {"n16_s4_k1024_lat500.txt", {4, 4, 4, 1024, 500}},
        {"n16_s2_k16_lat500_full.txt", {4, 4, 2, 16, 500}},
    };
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        FILE *file = open_or_skip(row[r].name);
        const alltoall_case *c = &row[r].c;
        double finish_s[16 * 16] = {0.0};
        (void)alltoall(c, false, finish_s);
        uint32_t flows = 0;
        char line[128];
        while (fgets(line, sizeof line, file) != NULL) {
            char *rest = line;
            uint32_t i = (uint32_t)strtoul(rest, &rest, 10);
            uint32_t j = (uint32_t)strtoul(rest, &rest, 10);
            assert_true(i < 16 && j < 16);
            near(strtod(rest, &rest), alltoall_bytes(c, i, j), 0.0);
            near(finish_s[(j + 16 - i) % 16 * 16 + i], strtod(rest, &rest), 1e-6);
            flows++;
        }
        assert_int_equal(flows, 240);
        (void)fclose(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_by_hand), cmocka_unit_test(each_trait_alone),
        cmocka_unit_test(traits_together),   cmocka_unit_test(many_at_once),
        cmocka_unit_test(multiplicity),      cmocka_unit_test(extremes),
        cmocka_unit_test(alltoall_ends),     cmocka_unit_test(alltoall_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
