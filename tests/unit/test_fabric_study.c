/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   what is asked of a network is understood or refused, and what is answered hangs together.
 * Method: words by hand; answers on systems of the catalogue against the closed form and against
 *         each other: planes merged and not, broken and whole, bounds, seeds.
 */
#include "study/fabric.h"
#include "twin_helper.h"

#include <math.h>

static mu_net_answer answers[2];

/* flags of a wish: collective, size, ranks; NULL = not said. */
static mu_net_question ask(const char *system, const mu_net_wish *wish, double samples)
{
    mu_net_question q;
    mu_error err = {0};
    if (mu_net_question_make(t.catalog, system, 0.0, NULL, wish, t.arena, &q, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    q.samples = samples;
    q.seed = 1.0;
    return q;
}

static const mu_net_traffic *run(const char *system, const mu_net_wish *wish, double samples,
                                 int slot)
{
    mu_error err = {0};
    mu_net_question *q = MU_NEW(t.arena, mu_net_question, 1);
    assert_non_null(q);
    *q = ask(system, wish, samples);
    if (mu_net_answer_question(q, &t.work, &answers[slot], &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return &answers[slot].traffic;
}

static mu_status read_ranks(const char *text, mu_net_job *job)
{
    mu_error err = {0};
    const mu_net_wish wish = {.collective = "all-reduce", .ranks = text};
    return mu_net_job_read(&wish, 64, t.arena, job, &err);
}

static void ranks_as_said(void **state)
{
    mu_net_job job;
    (void)state;
    assert_int_equal(read_ranks(NULL, &job), MU_OK);
    assert_int_equal(job.members, 64);
    assert_int_equal(read_ranks("16", &job), MU_OK);
    assert_int_equal(job.members, 16);
    assert_true(job.in_order && job.stride == 1);
    assert_int_equal(read_ranks("0-56:8", &job), MU_OK);
    assert_int_equal(job.members, 8);
    assert_true(job.in_order && job.stride == 8);
    assert_int_equal(job.place[7], 56);
    assert_int_equal(read_ranks("8, 0-3", &job), MU_OK);
    assert_int_equal(job.members, 5);
    assert_false(job.in_order);
    assert_int_equal(job.place[0], 8);
}

static void ranks_refused(void **state)
{
    static const char *const bad[] = {"0-64", "1,1",   "0-3,2", "9-3",  "a",
                                      "1-",   "-3",    "1,,2",  "65",   "0",
                                      "",     "0-8:0", "1.5",   "0-8:", "99999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_net_job job = {.members = 7};
        if (read_ranks(bad[i], &job) == MU_OK) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        assert_int_equal(job.members, 7); /* untouched */
    }
}

static void words_refused(void **state)
{
    static const mu_net_wish bad[] = {
        {.collective = "all"},
        {.collective = "all-reduce", .algorithm = "rings"},
        {.collective = "all-reduce", .routing = "fast"},
        {.collective = "all-reduce", .size = "64"},
        {.collective = "all-reduce", .size = "-1MB"},
        {.collective = "all-reduce", .size = "2000PB"},
        {.collective = "all-reduce", .background = "3"},
        {.collective = "all-reduce", .background = "3-3"},
        {.collective = "all-reduce", .background = "3-4:0"},
        {.collective = "all-reduce", .background = "3-4:x"},
        {.collective = "all-reduce", .background = "3-99"},
        {.collective = "all-reduce", .background = "all-to-all:9-2"},
        {.collective = "all-reduce", .copies = "0"},
        {.collective = "all-reduce", .inner = "0"},
        {.collective = "all-reduce", .fail = "link:1,,link:2"},
        {.collective = "all-reduce", .topk = "8"},
        {.collective = "dispatch", .size = "64MB"},
        {.collective = "dispatch", .topk = "9", .experts = "8"},
        {.collective = "dispatch", .tokens = "1.5"},
        {.collective = "dispatch", .skew = "11"},
        {.collective = "point-to-point", .ranks = "0-2"},
        {.size = "64MB"},
        {.routing = "ecmp"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_net_job job;
        mu_error err = {0};
        if (mu_net_job_read(&bad[i], 64, t.arena, &job, &err) == MU_OK) {
            fail_msg("wish %zu was taken", i);
        }
        assert_true(err.text[0] != '\0');
    }
}

static void background_as_said(void **state)
{
    mu_net_job job;
    mu_error err = {0};
    const mu_net_wish wish = {.collective = "all-reduce",
                              .background = "0-8,1-9:2.5,all-to-all:4-6"};
    (void)state;
    assert_int_equal(mu_net_job_read(&wish, 64, t.arena, &job, &err), MU_OK);
    assert_int_equal(job.background_count, 2 + 6);
    assert_true(job.background[1].from == 1 && job.background[1].to == 9);
    assert_true(job.background[1].weight == 2.5);
    assert_true(job.background[7].from == 6 && job.background[7].to == 5);
}

static void near(double found, double expected, double share)
{
    if (!(fabs(found - expected) <= share * fabs(expected))) {
        fail_msg("found %.9g, expected %.9g", found, expected);
    }
}

/* Where nothing is shared the calibrated time is the closed form's. */
static void unshared_is_closed(void **state)
{
    static const char *const collectives[] = {"all-reduce", "all-gather", "reduce-scatter",
                                              "all-to-all"};
    static const char *const sizes[] = {"0B", "1B", "64KB", "64MB", "1000PB"};
    (void)state;
    for (size_t c = 0; c < sizeof collectives / sizeof collectives[0]; c++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            const mu_net_wish wish = {.collective = collectives[c], .size = sizes[s]};
            const mu_net_traffic *out = run("hgx-h100", &wish, 0.0, 0);
            assert_true(out->has_closed);
            near(out->contention.value, 1.0, 1e-9);
            near(out->time_s.value, out->closed_s.value, 1e-9);
            assert_true(out->bound_s <= out->wire_s.value * (1.0 + 1e-9));
        }
    }
}

static void bus_bandwidth(void **state)
{
    const mu_net_wish wish = {.collective = "all-reduce", .size = "64MB"};
    const mu_net_traffic *out = run("hgx-h100", &wish, 0.0, 0);
    (void)state;
    near(out->algorithm_bandwidth.value, 64e6 / out->time_s.value, 1e-12);
    near(out->bus_bandwidth.value, 1.75 * out->algorithm_bandwidth.value, 1e-12);
}

/* Seven planes run as one carry what they carry one by one; a broken chip forbids the merging. */
static void planes_alike(void **state)
{
    const mu_net_wish merged = {
        .collective = "dispatch", .ranks = "32", .low_latency = true, .skew = "0.5"};
    mu_net_wish apart = merged;
    (void)state;
    apart.fail = "chip:700";
    const mu_net_traffic *a = run("cloudmatrix-384", &merged, 0.0, 0);
    const mu_net_traffic *b = run("cloudmatrix-384", &apart, 0.0, 1);
    near(a->wire_s.value, b->wire_s.value, 1e-6);
    near(a->contention.value, b->contention.value, 1e-6);
    assert_non_null(a->carried);
    assert_non_null(b->carried);
    for (uint32_t i = 0; i < answers[0].topology->links; i++) {
        if (fabs(a->carried[i] - b->carried[i]) > 1e-6 * (1.0 + b->carried[i])) {
            fail_msg("link %u carries %.9g, one by one %.9g", i, a->carried[i], b->carried[i]);
        }
    }
}

/* One of seven planes gone at one node: its ranks have 6/7 left, and all wait for them. */
static void broken_switch(void **state)
{
    const mu_net_wish whole = {.collective = "all-to-all", .size = "64MB", .ranks = "64"};
    mu_net_wish broken = whole;
    (void)state;
    broken.fail = "ub/switch:0";
    const mu_net_traffic *a = run("cloudmatrix-384", &whole, 0.0, 0);
    const mu_net_traffic *b = run("cloudmatrix-384", &broken, 0.0, 1);
    near(b->wire_s.value / a->wire_s.value, 7.0 / 6.0, 0.02);
    assert_int_equal(answers[1].loss.parts, 1);
    assert_int_equal(answers[1].loss.dead, 0);
    assert_int_equal(answers[1].loss.pairs_apart, 0);
    assert_true(answers[1].loss.pairs_rerouted > 0);
    assert_true(answers[1].loss.bandwidth_share < 1.0);
    assert_true(b->bound_s <= b->wire_s.value * (1.0 + 1e-9));
}

static void lost_member(void **state)
{
    mu_error err = {0};
    const mu_net_wish wish = {.collective = "all-reduce", .fail = "chip:3"};
    (void)state;
    mu_net_question q = ask("hgx-h100", &wish, 0.0);
    assert_int_equal(mu_net_answer_question(&q, &t.work, &answers[0], &err), MU_NO);
    assert_non_null(strstr(err.text, "rank 3"));
    assert_int_equal(answers[0].loss.dead, 1);
    assert_non_null(answers[0].topology); /* what there is can be shown */
}

static void background_slows(void **state)
{
    const mu_net_wish alone = {.collective = "all-to-all", .ranks = "8"};
    mu_net_wish shared = alone;
    (void)state;
    shared.background = "0-1:50";
    double before = run("hgx-h100", &alone, 0.0, 0)->wire_s.value;
    const mu_net_traffic *out = run("hgx-h100", &shared, 0.0, 1);
    assert_true(out->wire_s.value > 1.5 * before);
    assert_true(out->contention.value > 1.5);
    assert_true(out->time_s.value > out->closed_s.value);
}

static void intervals_hold(void **state)
{
    const mu_net_wish wish = {.collective = "all-to-all", .ranks = "128"};
    const mu_net_traffic *out = run("cloudmatrix-384", &wish, 32.0, 0);
    (void)state;
    assert_true(out->time_s.low < out->time_s.value && out->time_s.value < out->time_s.high);
    assert_true(out->bus_bandwidth.low < out->bus_bandwidth.high);
    const mu_net_traffic *again = run("cloudmatrix-384", &wish, 32.0, 1);
    assert_memory_equal(&out->time_s, &again->time_s, sizeof out->time_s);
    assert_memory_equal(answers[0].network, answers[1].network, sizeof answers[0].network);
}

/* Every system of the catalogue can be described. */
static void all_systems(void **state)
{
    const mu_net_wish nothing = {0};
    (void)state;
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM); i++) {
        mu_arena_mark mark = mu_arena_here(t.arena);
        const mu_entity *system = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i);
        (void)run(system->id, &nothing, 4.0, 0);
        const mu_net_answer *a = &answers[0];
        assert_true(a->network_count > 0);
        for (uint32_t n = 0; n < a->network_count; n++) {
            const mu_net_network *net = &a->network[n];
            assert_true(net->rank_bandwidth.value > 0.0 && net->words[0] != '\0');
            assert_true(net->bisection.low <= net->bisection.value);
            assert_true(net->span < 2 || (net->bisection.value > 0.0 && net->hops > 0));
        }
        assert_true(a->availability.all_up.value > 0.0 && a->availability.all_up.value <= 1.0);
        mu_arena_back(t.arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_as_said),      cmocka_unit_test(ranks_refused),
        cmocka_unit_test(words_refused),      cmocka_unit_test(background_as_said),
        cmocka_unit_test(unshared_is_closed), cmocka_unit_test(bus_bandwidth),
        cmocka_unit_test(planes_alike),       cmocka_unit_test(broken_switch),
        cmocka_unit_test(lost_member),        cmocka_unit_test(background_slows),
        cmocka_unit_test(intervals_hold),     cmocka_unit_test(all_systems),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
