/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of the flow engine and of collectives on it.
 *
 *   bench_flow                                          how cost grows with hosts and with flows
 *   bench_flow burst|rounds LEAVES HOSTS SPINES SIZES   one case of tests/unit/alltoall_case.h
 *   bench_flow all-reduce|all-to-all LEAVES HOSTS SPINES auto|waves|plain
 *                                                       a collective over all hosts of such a tree
 *
 * Terms: burst = all messages start at once; rounds = each host's next message starts when its own
 *        is over. Plain, waves and auto are flow_run.h's ways: message by message; what all ranks
 *        begin and end together once; one rank for all where that is exact. An event is a flow's
 *        start or end. Time is the thread's on the processor, from the building of the tree to the
 *        last end, routes included: others' work beside it does not count.
 * Why:   a case has a process of its own (bench/fabric.sh), so that its peak memory is its own.
 */
#include "bench.h"

#include "alltoall_case.h"
#include "fabric/flow.h"
#include "fabric/flow_run.h"

#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct rig {
    alltoall_case c;
    uint32_t ranks;
    mu_arena *arena;
    mu_topology topology;
    mu_router *router;
    mu_flows *flows;
} rig;

typedef struct outcome {
    double time_s;
    double end_s;
    uint64_t messages;
    uint64_t flows; /* simulated for them */
    uint64_t moments;
    uint64_t solved;
    size_t memory_bytes;
    const char *method;
} outcome;

static void check(mu_status status, const mu_error *err)
{
    if (status != MU_OK) {
        stop(err->text);
    }
}

static void build_tree(const alltoall_case *c, rig *r)
{
    mu_error err = {0};
    *r = (rig){.c = *c, .ranks = alltoall_ranks(c), .arena = mu_arena_create(0)};
    mu_network_spec tree = {
        .name = "tree",
        .shape = MU_SHAPE_CLOS,
        .span = r->ranks,
        .bandwidth = alltoall_bandwidth,
        .planes = 1,
        .levels = 2,
        .down = {c->hosts, c->leaves},
        .up = {c->spines, 0},
        .taper = {(double)c->hosts / c->spines, 1.0},
    };
    check(mu_topology_build(r->arena, r->ranks, &tree, 1, &r->topology, &err), &err);
}

static void send(rig *r, uint32_t i, uint32_t round)
{
    static mu_route route;
    mu_error err = {0};
    uint32_t j = (i + round) % r->ranks;
    check(mu_router_find(r->router, i, j, 0, &route, &err), &err);
    mu_flow flow = {
        .link = route.link,
        .share = route.whole ? NULL : route.share,
        .hops = route.count,
        .bytes = alltoall_bytes(&r->c, i, j),
        .weight = 1.0,
        .tag = (uint64_t)round << 32 | i,
    };
    check(mu_flows_start(r->flows, &flow, &err), &err);
}

/* Starts what comes after messages that ended; tags are the engine's own and don't outlive it. */
static void next_round(rig *r, const uint64_t *tags, uint64_t count, uint64_t *scratch)
{
    memcpy(scratch, tags, count * sizeof *scratch);
    for (uint64_t k = 0; k < count; k++) {
        uint32_t round = (uint32_t)(scratch[k] >> 32) + 1;
        if (round < r->ranks) {
            send(r, (uint32_t)scratch[k], round);
        }
    }
}

static outcome alltoall(const alltoall_case *c, bool rounds)
{
    static rig r;
    mu_error err = {0};
    double start_s = cpu_s();
    build_tree(c, &r);
    check(mu_router_create(r.arena, &r.topology, MU_ROUTING_SHORTEST, false, NULL, &r.router, &err),
          &err);
    uint32_t at_once = rounds ? r.ranks : r.ranks * (r.ranks - 1);
    check(mu_flows_create(r.topology.links, r.topology.bandwidth, 1e-12, at_once, &r.flows, &err),
          &err);
    for (uint32_t round = 1; round < (rounds ? 2 : r.ranks); round++) {
        for (uint32_t i = 0; i < r.ranks; i++) {
            send(&r, i, round);
        }
    }
    uint64_t *scratch = calloc((size_t)r.ranks + 1, sizeof *scratch);
    const uint64_t *tags = NULL;
    uint64_t count = 1;
    while (scratch != NULL && count > 0) {
        check(mu_flows_next(r.flows, &tags, &count, &err), &err);
        if (rounds) {
            next_round(&r, tags, count, scratch);
        }
    }
    mu_flow_stats stats = mu_flows_stats(r.flows);
    outcome out = {
        .time_s = cpu_s() - start_s,
        .end_s = 1e-12 * (double)mu_flows_now(r.flows),
        .messages = stats.finished,
        .flows = stats.finished,
        .moments = stats.batches,
        .solved = stats.solved,
        .memory_bytes = stats.memory_bytes,
        .method = "engine",
    };
    free(scratch);
    mu_flows_free(r.flows);
    mu_arena_free(r.arena);
    return out;
}

/* Buffers of 256 MiB a host to reduce; 1 MiB to each other host. */
static outcome collective(const alltoall_case *c, mu_collective what, mu_collapse collapse)
{
    static const char *const methods[] = {
        [MU_FLOW_PLAIN] = "plain",
        [MU_FLOW_FOLDED] = "folded",
        [MU_FLOW_WAVES] = "waves",
        [MU_FLOW_SYMMETRY] = "symmetry",
    };
    static rig r;
    mu_error err = {0};
    double start_s = cpu_s();
    build_tree(c, &r);
    bool reduces = what == MU_ALL_REDUCE;
    double bytes = reduces ? 268435456.0 : (double)ALLTOALL_BYTES * r.ranks;
    mu_moves moves;
    check(mu_moves_make(r.arena, what, reduces ? MU_PATTERN_RING : MU_PATTERN_DIRECT, r.ranks, 1,
                        bytes, &moves, &err),
          &err);
    mu_flow_setup setup = {
        .topology = &r.topology,
        .routing = MU_ROUTING_SHORTEST,
        .collapse = collapse,
        .efficiency = {1.0},
    };
    mu_flow_job job = {.moves = &moves, .copies = 1};
    mu_flow_result result;
    check(mu_flow_run(r.arena, &setup, &job, &result, &err), &err);
    outcome out = {
        .time_s = cpu_s() - start_s,
        .end_s = result.time_s,
        .messages = result.messages,
        .flows = result.flows,
        .moments = result.batches,
        .memory_bytes = result.memory_bytes,
        .method = methods[result.method],
    };
    mu_arena_free(r.arena);
    return out;
}

static void print_line(const outcome *o)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    (void)printf(
        "time_s=%.6f end_s=%.12g peak_mib=%.1f messages=%llu flows=%llu moments=%llu method=%s\n",
        o->time_s, o->end_s, (double)used.ru_maxrss / 1024.0, (unsigned long long)o->messages,
        (unsigned long long)o->flows, (unsigned long long)o->moments, o->method);
}

static void print_growth(const char *what, const alltoall_case *c, const outcome *o)
{
    (void)printf("%-6s %5u hosts, %2u spines, %4u sizes: %9llu flows, %8llu moments, %9llu levels: "
                 "%8.1f ms, "
                 "%6.2f M events/s, %6.1f MiB\n",
                 what, alltoall_ranks(c), c->spines, c->sizes, (unsigned long long)o->flows,
                 (unsigned long long)o->moments, (unsigned long long)o->solved, o->time_s * 1e3,
                 2e-6 * (double)o->flows / o->time_s, (double)o->memory_bytes / 1048576.0);
}

static void grow(void)
{
    static const struct {
        const char *what;
        uint32_t sizes;
        uint32_t side_max; /* side x side hosts */
    } row[] = {{"burst", 1, 32},  {"burst", 2, 16},     {"burst", 1024, 11},
               {"rounds", 1, 32}, {"rounds", 1024, 32}, {"rounds", 1024, 32}};
    static const uint32_t side[] = {8, 11, 16, 23, 32};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        for (size_t k = 0; k < sizeof side / sizeof side[0] && side[k] <= row[i].side_max; k++) {
            uint32_t spines = i == 5 ? side[k] / 2 : side[k]; /* the last row oversubscribed */
            alltoall_case c = {side[k], side[k], spines, row[i].sizes, 0};
            outcome o = alltoall(&c, strcmp(row[i].what, "rounds") == 0);
            print_growth(row[i].what, &c, &o);
        }
    }
}

/* Collectives over trees of ever more chips, in whatever way is exact. */
static void grow_collectives(void)
{
    static const alltoall_case tree[] = {
        {16, 16, 16, 1, 0},    {32, 32, 32, 1, 0},    {64, 64, 64, 1, 0},
        {128, 128, 128, 1, 0}, {256, 256, 256, 1, 0}, {512, 256, 256, 1, 0},
    };
    for (size_t i = 0; i < 2 * (sizeof tree / sizeof tree[0]); i++) {
        const alltoall_case *c = &tree[i / 2];
        bool reduces = i % 2 == 0;
        outcome o = collective(c, reduces ? MU_ALL_REDUCE : MU_ALL_TO_ALL, MU_COLLAPSE_AUTO);
        (void)printf("%-17s %6u chips: %14llu messages, %9llu flows simulated (%s): %8.2f ms\n",
                     reduces ? "ring all-reduce" : "direct all-to-all", alltoall_ranks(c),
                     (unsigned long long)o.messages, (unsigned long long)o.flows, o.method,
                     o.time_s * 1e3);
    }
}

static uint32_t number(const char *text)
{
    char *end = NULL;
    unsigned long x = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || x == 0 || x > UINT16_MAX) {
        stop("expected a number from 1 to 65535");
    }
    return (uint32_t)x;
}

static mu_collapse how(const char *text)
{
    static const char *const texts[] = {"auto", "waves", "plain"};
    static const mu_collapse values[] = {MU_COLLAPSE_AUTO, MU_COLLAPSE_WAVES, MU_COLLAPSE_NEVER};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return values[i];
        }
    }
    stop("expected auto, waves or plain");
    return MU_COLLAPSE_AUTO;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        grow();
        grow_collectives();
        return 0;
    }
    if (argc != 6) {
        stop("expected WHAT LEAVES HOSTS SPINES and SIZES or auto, waves, plain");
    }
    const char *what = argv[1];
    alltoall_case c = {number(argv[2]), number(argv[3]), number(argv[4]), 1, 0};
    outcome o;
    if (strcmp(what, "burst") == 0 || strcmp(what, "rounds") == 0) {
        c.sizes = number(argv[5]);
        o = alltoall(&c, strcmp(what, "rounds") == 0);
    } else {
        bool reduces = strcmp(what, "all-reduce") == 0;
        o = collective(&c, reduces ? MU_ALL_REDUCE : MU_ALL_TO_ALL, how(argv[5]));
    }
    print_line(&o);
    return 0;
}
