/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   what paths chosen by a hash lose to collisions comes out of the flow level as it was
 *         measured, with no factor for it.
 * Method: random pairs of a full Clos exchange large messages without end, as the benchmark of
 *         "Adaptive Routing Strategies for Modern High Performance Networks" (Hot Interconnects
 *         2008) has them: 512 nodes, crossbars of 32 ports, one path a pair. Measured: 38 % of what
 *         a pair alone gets; 77 % where paths avoid busy links. "Multistage Switches Are Not
 *         Crossbars" (Cluster 2008): 55 to 60 % of messages one way.
 */
#include "fabric/congestion.h"
#include "fabric/flow.h"
#include "topology_helper.h"

#include <math.h>
#include <string.h>

enum { RANKS_MAX = 512, LINKS_MAX = 2048, PATTERNS = 12 };

static mu_route route; /* too large for a stack */

/* Leaves of 16 ranks under as many spines. */
static mu_topology clos_of(uint32_t ranks)
{
    enum { DOWN = 16 };
    mu_network_spec spec = leaf_spine(ranks / DOWN, DOWN, DOWN);
    spec.bandwidth = 1.25e9;
    spec.latency_s = 1e-6;
    return built(arena, ranks, &spec, 1);
}

/* partner[i] of each rank: pairs at random. */
static void pair_up(uint64_t pattern, uint32_t ranks, uint32_t partner[RANKS_MAX])
{
    uint32_t order[RANKS_MAX];
    for (uint32_t i = 0; i < ranks; i++) {
        order[i] = i;
    }
    for (uint32_t i = ranks - 1; i > 0; i--) {
        uint32_t k = (uint32_t)(mu_random_bits(5, pattern, i) % (i + 1));
        uint32_t swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
    for (uint32_t i = 0; i < ranks; i += 2) {
        partner[order[i]] = order[i + 1];
        partner[order[i + 1]] = order[i];
    }
}

typedef struct exchange {
    const mu_topology *topology;
    mu_routing routing;
    const mu_congestion *congestion;
    uint32_t flows; /* a message */
    uint64_t salt;
    double *load;               /* [links] flows on each */
    uint32_t inject[RANKS_MAX]; /* first link of each rank's message */
    mu_flow flow[RANKS_MAX];
} exchange;

/* One message, cut evenly into flows that are hashed apart: what of it crosses each link. */
static void cut(const exchange *x, mu_router *router, uint32_t r, uint32_t partner, double *part)
{
    mu_error err = {0};
    for (uint32_t k = 0; k < x->flows; k++) {
        uint64_t salt = x->salt + r + (uint64_t)k * 1000003;
        assert_int_equal(mu_router_find(router, r, partner, salt, &route, &err), MU_OK);
        for (uint32_t i = 0; i < route.count; i++) {
            part[route.link[i]] += route.share[i] / x->flows;
        }
    }
}

/* Routes one message from every rank to its partner. */
static void route_all(exchange *x, const uint32_t partner[])
{
    mu_router *router = NULL;
    mu_error err = {0};
    uint32_t links = x->topology->links;
    assert_true(links <= LINKS_MAX);
    x->load = MU_NEW(arena, double, links);
    assert_int_equal(
        mu_router_create(arena, x->topology, x->routing, false, x->load, &router, &err), MU_OK);
    for (uint32_t r = 0; r < x->topology->ranks; r++) {
        static double part[LINKS_MAX];
        memset(part, 0, sizeof part);
        cut(x, router, r, partner[r], part);
        uint32_t hops = 0;
        for (uint32_t l = 0; l < links; l++) {
            hops += part[l] > 0.0;
        }
        uint32_t *link = MU_NEW(arena, uint32_t, hops);
        double *share = MU_NEW(arena, double, hops);
        uint32_t at = 0;
        for (uint32_t l = 0; l < links; l++) {
            if (part[l] > 0.0) {
                link[at] = l;
                share[at++] = part[l];
                x->load[l] += part[l];
                x->inject[r] = x->topology->from[l] == r ? l : x->inject[r];
            }
        }
        x->flow[r] = (mu_flow){link, share, hops, 1e15, 1.0, 0, r};
    }
}

/* Rate at which each rank sends while all do, over that of one alone. */
static void rates_of(const exchange *x, double rate[RANKS_MAX])
{
    const mu_topology *t = x->topology;
    mu_flows *flows = NULL;
    mu_error err = {0};
    double *demand = MU_NEW(arena, double, t->links);
    double *capacity = MU_NEW(arena, double, t->links);
    for (uint32_t i = 0; i < t->links; i++) {
        demand[i] = x->load[i] * 1.25e9;
        capacity[i] = t->bandwidth[i];
    }
    mu_congestion_apply(x->congestion, t->links, demand, t->bandwidth, capacity);
    assert_int_equal(mu_flows_create(t->links, capacity, 1e-9, t->ranks, &flows, &err), MU_OK);
    for (uint32_t r = 0; r < t->ranks; r++) {
        assert_int_equal(mu_flows_start(flows, &x->flow[r], &err), MU_OK);
    }
    const mu_flow bell = {.hops = 0, .weight = 1.0, .delay = 1, .tag = UINT64_MAX};
    const uint64_t *tags = NULL;
    uint64_t ended = 0;
    assert_int_equal(mu_flows_start(flows, &bell, &err), MU_OK);
    assert_int_equal(mu_flows_next(flows, &tags, &ended, &err), MU_OK); /* rates are worked out */
    assert_true(ended == 1 && tags[0] == UINT64_MAX);
    for (uint32_t r = 0; r < t->ranks; r++) {
        rate[r] = mu_flows_used(flows, x->inject[r]) / 1.25e9;
    }
    mu_flows_free(flows);
}

typedef struct bisection {
    double one_way; /* mean over messages */
    double both;    /* mean over pairs, each as slow as the slower of its two messages */
} bisection;

static bisection bisection_of(uint32_t ranks, mu_routing routing, uint32_t flows,
                              const mu_congestion *congestion)
{
    const mu_topology topology = clos_of(ranks);
    bisection sum = {0.0, 0.0};
    static exchange x;
    for (uint64_t pattern = 0; pattern < PATTERNS; pattern++) {
        uint32_t partner[RANKS_MAX] = {0};
        double rate[RANKS_MAX] = {0.0};
        x = (exchange){.topology = &topology,
                       .routing = routing,
                       .congestion = congestion,
                       .flows = flows,
                       .salt = pattern * ranks};
        pair_up(pattern, ranks, partner);
        route_all(&x, partner);
        rates_of(&x, rate);
        for (uint32_t r = 0; r < ranks; r++) {
            sum.one_way += rate[r] / (ranks * PATTERNS);
            sum.both += fmin(rate[r], rate[partner[r]]) / (ranks * PATTERNS);
        }
    }
    return sum;
}

static void static_paths_lose_what_was_measured(void **state)
{
    (void)state;
    const bisection got = bisection_of(512, MU_ROUTING_ECMP, 1, NULL);
    print_message("512 nodes, hashed: %.3f both ways, %.3f one way\n", got.both, got.one_way);
    assert_true(got.both > 0.38 && got.both < 0.38 * 1.10);
    /* the rest is what the link itself loses when too much wants to cross */
    const mu_congestion shipped = {0.05};
    const bisection with = bisection_of(512, MU_ROUTING_ECMP, 1, &shipped);
    print_message("with 5 %% idle: %.3f\n", with.both);
    assert_true(fabs(with.both / 0.38 - 1.0) < 0.04);
}

static void bisection_falls_with_size(void **state)
{
    (void)state;
    const bisection small = bisection_of(128, MU_ROUTING_ECMP, 1, NULL);
    const bisection large = bisection_of(512, MU_ROUTING_ECMP, 1, NULL);
    const bisection fixed = bisection_of(128, MU_ROUTING_SHORTEST, 1, NULL);
    print_message("128 nodes, one way: hashed %.3f, by destination %.3f\n", small.one_way,
                  fixed.one_way);
    /* 55 to 60 % of clusters between (Cluster 2008), 60 % as is said of Ethernet */
    assert_true(large.one_way > 0.50 && large.one_way < 0.60);
    assert_true(small.one_way > 0.55 && small.one_way < 0.65);
    assert_true(large.one_way < small.one_way);
    assert_true(fixed.one_way > small.one_way && fixed.one_way < 1.0);
}

/* Measured: 0.77, by probes of what was busy a moment ago; here flows know it at once. */
static void avoiding_busy_links_wins_most_of_it_back(void **state)
{
    (void)state;
    const bisection got = bisection_of(512, MU_ROUTING_ADAPTIVE, 1, NULL);
    print_message("512 nodes, adaptive: %.3f both ways, %.3f one way\n", got.both, got.one_way);
    assert_true(got.both > 0.77 && got.both < 0.95);
}

/* Meta: 16 flows a pair, hashed apart, gave up to 40 % more all-reduce than one (SIGCOMM 2024). */
static void more_flows_collide_less(void **state)
{
    (void)state;
    const bisection one = bisection_of(512, MU_ROUTING_ECMP, 1, NULL);
    const bisection four = bisection_of(512, MU_ROUTING_ECMP, 4, NULL);
    const bisection many = bisection_of(512, MU_ROUTING_ECMP, 16, NULL);
    print_message("512 nodes, one way, 1, 4, 16 flows: %.3f %.3f %.3f\n", one.one_way, four.one_way,
                  many.one_way);
    assert_true(one.one_way < four.one_way && four.one_way < many.one_way);
    assert_true(fabs(many.one_way / one.one_way / 1.4 - 1.0) < 0.1);
}

static void spraying_loses_nothing(void **state)
{
    (void)state;
    const bisection got = bisection_of(512, MU_ROUTING_SPRAY, 1, NULL);
    print_message("512 nodes, sprayed: %.3f both ways, %.3f one way\n", got.both, got.one_way);
    assert_true(got.both > 0.999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_paths_lose_what_was_measured),
        cmocka_unit_test(bisection_falls_with_size),
        cmocka_unit_test(avoiding_busy_links_wins_most_of_it_back),
        cmocka_unit_test(more_flows_collide_less),
        cmocka_unit_test(spraying_loses_nothing),
    };
    return cmocka_run_group_tests_name("collisions", tests, set_up, tear_down);
}
