/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a system's wiring becomes the networks that its facts describe, at the bandwidths that
 *         its tiers have, and what does not fit together is named with its place.
 * Method: systems of the catalogue against their published counts of switches; a small system by
 *         hand; a table of faulty items with the message each must give.
 */
#include "base/random.h"
#include "fabric/fabric_catalog.h"
#include "fabric/route.h"
#include "fabric/shape_read.h"
#include "fabric/wiring.h"
#include "io/catalog_load.h"
#include "io/doc_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mu_arena *arena;
static mu_catalog *built_in;
static const mu_draw point = {NULL, 0};

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL || mu_catalog_load(arena, NULL, &built_in, NULL) != MU_OK ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static const mu_entity *system_of(const mu_catalog *catalog, const char *id)
{
    const mu_entity *found = NULL;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_SYSTEM, id, &found, NULL), MU_OK);
    return found;
}

static uint32_t wire_draw(const char *id, mu_draw draw, uint32_t ranks_per_chip, uint64_t ranks,
                          mu_network_spec out[MU_NETWORKS_MAX])
{
    uint32_t count = 0;
    mu_error err = {0};
    if (mu_wiring_from_catalog(built_in, system_of(built_in, id), draw, ranks_per_chip, ranks, out,
                               &count, &err) != MU_OK) {
        fail_msg("%s: %s:%u:%u: %s", id, err.file, err.line, err.column, err.text);
    }
    return count;
}

static uint32_t wire(const char *id, uint32_t ranks_per_chip, uint64_t ranks,
                     mu_network_spec out[MU_NETWORKS_MAX])
{
    return wire_draw(id, point, ranks_per_chip, ranks, out);
}

/* Ranks of a chip of the system. */
static uint32_t ranks_of(const char *id)
{
    const mu_entity *chip = NULL;
    const char *name = mu_catalog_text(built_in, system_of(built_in, id), "chip");
    assert_int_equal(mu_catalog_find(built_in, MU_ENTITY_CHIP, name, &chip, NULL), MU_OK);
    const char *ranks = mu_catalog_text(built_in, chip, "ranks_per_chip");
    return ranks == NULL ? 1 : (uint32_t)strtoul(ranks, NULL, 10);
}

/* 48 nodes of 8 chips of 2 dies: 7 planes of 48 leaves and 16 spines (arXiv 2506.12708). */
static void cloudmatrix(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    assert_int_equal(wire("cloudmatrix-384", 2, 768, net), 2);
    assert_string_equal(net[0].name, "die-to-die");
    assert_int_equal(net[0].shape, MU_SHAPE_MESH);
    assert_int_equal(net[0].span, 2);
    assert_int_equal(net[0].dim[0], 2);
    assert_true(net[0].dim_share[0] == 1.0);
    const mu_network_spec *ub = &net[1];
    assert_string_equal(ub->name, "ub");
    assert_int_equal(ub->shape, MU_SHAPE_CLOS);
    assert_int_equal(ub->span, 768);
    assert_int_equal(ub->planes, 7);
    assert_int_equal(ub->levels, 2);
    assert_int_equal(ub->down[0], 16);
    assert_int_equal(ub->up[0], 16);
    assert_int_equal(ub->down[1], 48);
    assert_int_equal(ub->up[1], 0);
    assert_true(ub->bandwidth == 196e9); /* of a die: 7 links of 28 GB/s */
    assert_true(ub->taper[0] == 1.0);    /* 392 GB/s in the node and beyond it */
    assert_true(!ub->optical[0] && ub->optical[1]);
    assert_true(ub->latency_s > 1e-7 && ub->latency_s < 6e-7);
    /* two supernodes: RoCE on 16 rails of dies */
    assert_int_equal(wire("cloudmatrix-384", 2, 2 * 768, net), 3);
    assert_string_equal(net[2].name, "roce");
    assert_int_equal(net[2].rails, 16);
    assert_true(net[2].bandwidth == 25e9);
    /* chips as ranks */
    assert_int_equal(wire("cloudmatrix-384", 1, 384, net), 1);
    assert_int_equal(net[0].down[0], 8);
    assert_int_equal(net[0].span, 384);
    assert_true(net[0].bandwidth == 392e9);
}

static void nvl72(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    assert_int_equal(wire("gb200-nvl72", 1, 72, net), 1);
    assert_int_equal(net[0].shape, MU_SHAPE_SWITCH);
    assert_int_equal(net[0].planes, 18);
    assert_int_equal(net[0].span, 72);
    assert_true(net[0].bandwidth == 900e9);
    assert_true(net[0].in_network_reduction);
    assert_int_equal(wire("gb200-nvl72", 1, 576, net), 2);
}

/* Switches of level l of a clos with one plane. */
static double switches(const mu_network_spec *net, uint32_t l)
{
    double count = 1.0;
    for (uint32_t i = 0; i < net->levels; i++) {
        count *= i < l ? net->up[i] : 1.0;
        count *= i > l ? net->down[i] : 1.0;
    }
    return count;
}

/* Leaves, spines and cores of Nvidia's reference architecture, by scalable units of 256 GPUs. */
static void superpods(void **state)
{
    (void)state;
    static const uint32_t table[][4] = {
        {2, 16, 8, 0},      {4, 32, 16, 0},      {8, 64, 32, 0},
        {16, 128, 128, 64}, {32, 256, 256, 128}, {64, 512, 512, 256},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        mu_network_spec net[MU_NETWORKS_MAX];
        assert_int_equal(wire("hgx-h100", 1, table[i][0] * UINT64_C(256), net), 2);
        assert_int_equal(net[0].planes, 4);
        assert_int_equal(net[1].rails, 8);
        assert_int_equal(net[1].down[0], 32);
        assert_int_equal(net[1].span, table[i][0] * 256);
        assert_int_equal(net[1].levels, table[i][3] == 0 ? 2 : 3);
        for (uint32_t l = 0; l < net[1].levels; l++) {
            assert_true(switches(&net[1], l) == table[i][1 + l]);
        }
        assert_int_equal(net[1].up[net[1].levels - 1], 0);
        /* as many cables between levels as there are GPUs */
        for (uint32_t l = 0; l + 1 < net[1].levels; l++) {
            double cables = switches(&net[1], l) * net[1].up[l] * net[1].bundle[l];
            assert_true(cables == table[i][0] * 256.0);
        }
    }
}

/* The networks can be built, and a way leads from the first rank to the last. */
static void check_built(const char *id, uint32_t ranks, const mu_network_spec *net, uint32_t count)
{
    mu_arena_mark mark = mu_arena_here(arena);
    mu_topology t;
    mu_router *router = NULL;
    mu_route *route = MU_NEW(arena, mu_route, 1);
    mu_error err = {0};
    assert_non_null(route);
    mu_status status = mu_topology_build(arena, ranks, net, count, &t, &err);
    if (status == MU_OK && ranks > 1) {
        status = mu_router_create(arena, &t, MU_ROUTING_SHORTEST, true, NULL, &router, &err);
    }
    if (status == MU_OK && ranks > 1) {
        status = mu_router_find(router, 0, ranks - 1, 0, route, &err);
        assert_true(status != MU_OK || (route->count > 0 && route->latency_s > 0.0));
    }
    if (status != MU_OK) {
        fail_msg("%s of %u: %s", id, ranks, err.text);
    }
    mu_arena_back(arena, mark);
}

/* One network after another covers the ranks, whatever the system and however few they are. */
static void all_systems(void **state)
{
    (void)state;
    static const uint64_t ranks[] = {1, 2, 7, 8, 9, 64, 100, 2048};
    for (uint32_t i = 0; i < mu_catalog_count(built_in, MU_ENTITY_SYSTEM); i++) {
        const char *id = mu_catalog_at(built_in, MU_ENTITY_SYSTEM, i)->id;
        for (size_t k = 0; k < sizeof ranks / sizeof ranks[0]; k++) {
            mu_network_spec net[MU_NETWORKS_MAX];
            uint32_t count = wire(id, ranks_of(id), ranks[k], net);
            assert_in_range(count, 1, MU_NETWORKS_MAX);
            assert_true(net[count - 1].span >= ranks[k]);
            for (uint32_t n = 0; n < count; n++) {
                assert_true(net[n].bandwidth > 0.0 && net[n].latency_s > 0.0);
                assert_true(net[n].planes >= 1 && net[n].name[0] != '\0');
                assert_true(n + 1 == count || net[n].span < ranks[k]);
            }
            check_built(id, (uint32_t)ranks[k], net, count);
        }
    }
}

/* Whatever is drawn of what is not known, the networks can be built. */
static void all_draws(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < mu_catalog_count(built_in, MU_ENTITY_SYSTEM); i++) {
        const char *id = mu_catalog_at(built_in, MU_ENTITY_SYSTEM, i)->id;
        mu_draw_plan *plan = mu_draw_plan_create(arena, i);
        assert_non_null(plan);
        for (uint32_t d = 0; d < 24; d++) {
            mu_network_spec net[MU_NETWORKS_MAX];
            uint32_t ranks = 40 + d * d * 7;
            uint32_t count = wire_draw(id, (mu_draw){plan, d}, ranks_of(id), ranks, net);
            check_built(id, ranks, net, count);
        }
    }
}

/* A tier and its network have the same bandwidth in every draw. */
static void same_luck(void **state)
{
    (void)state;
    const mu_entity *box = system_of(built_in, "tianchi-256");
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    assert_non_null(plan);
    bool moved = false;
    for (uint32_t i = 0; i < 8; i++) {
        const mu_draw draw = {plan, i};
        mu_fabric fabric;
        mu_network_spec net[MU_NETWORKS_MAX];
        uint32_t count = 0;
        assert_int_equal(mu_fabric_from_catalog(built_in, box, draw, 1, &fabric, NULL), MU_OK);
        assert_int_equal(mu_wiring_from_catalog(built_in, box, draw, 1, 512, net, &count, NULL),
                         MU_OK);
        assert_int_equal(count, 2);
        assert_true(net[0].bandwidth == fabric.tier[0].bandwidth);
        assert_true(net[1].bandwidth == fabric.tier[1].bandwidth);
        moved = moved || net[0].bandwidth != 200e9;
    }
    assert_true(moved);
}

/* A system by hand, with the wiring to be tried. */

#define F(value) "{best: " #value ", grade: A, source: s}"
static const char base_text[] =
    "kind: chip\nid: c\nname: C\n"
    "links: {die: {bandwidth: {best: 300, unit: GB/s, grade: A, source: s}}}\n";
static const char system_head[] =
    "kind: system\nid: box\nname: Box\nchip: c\nchips: 64\nchips_per_node: 8\n"
    "tiers:\n"
    "  - {name: inner, kind: mesh, span: 8,\n"
    "     bandwidth: {best: 200, unit: GB/s, grade: A, source: s}}\n"
    "  - {name: outer, kind: switch, span: 64,\n"
    "     bandwidth: {best: 100, unit: GB/s, grade: A, source: s}}\n"
    "  - {name: far, kind: bus, span: 1024,\n"
    "     bandwidth: {best: 10, unit: GB/s, grade: A, source: s}}\n";

static mu_status try_wiring(const char *wiring, uint32_t ranks_per_chip, uint64_t ranks,
                            mu_network_spec out[MU_NETWORKS_MAX], uint32_t *count, mu_error *err)
{
    mu_doc *docs = MU_NEW(arena, mu_doc, 3);
    char *text = MU_NEW(arena, char, 4096);
    assert_true(docs != NULL && text != NULL);
    (void)snprintf(text, 4096, "%s%s", system_head, wiring);
    const char *const texts[] = {"sources: [{id: s, title: S}]\n", base_text, text};
    static const char *const files[] = {"s.yaml", "c.yaml", "box.yaml"};
    mu_status status = MU_OK;
    for (int i = 0; i < 3 && status == MU_OK; i++) {
        status = mu_doc_read_text(arena, texts[i], strlen(texts[i]), files[i], MU_DOC_YAML,
                                  &docs[i], err);
    }
    mu_catalog *catalog = NULL;
    if (status == MU_OK) {
        status = mu_catalog_create(arena, docs, 3, 0, &catalog, err);
    }
    if (status == MU_OK) {
        status = mu_wiring_from_catalog(catalog, system_of(catalog, "box"), point, ranks_per_chip,
                                        ranks, out, count, err);
    }
    return status;
}

static uint32_t good(const char *wiring, uint32_t ranks_per_chip, uint64_t ranks,
                     mu_network_spec out[MU_NETWORKS_MAX])
{
    uint32_t count = 0;
    mu_error err = {0};
    if (try_wiring(wiring, ranks_per_chip, ranks, out, &count, &err) != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return count;
}

/* Wiring comes with the tiers it was written for. */
static void inherited(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    mu_doc docs[6] = {{0}};
    static const char *const texts[] = {
        "sources: [{id: s, title: S}]\n",
        base_text,
        "kind: system\nid: heir\nname: H\ninherits: box\n",
        "kind: system\nid: rebel\nname: R\ninherits: box\n"
        "tiers: [{name: own, span: 4, bandwidth: {best: 1, unit: GB/s, grade: A, source: s}}]\n",
        "kind: system\nid: other\nname: O\ninherits: box\n"
        "wiring: [{name: inner, shape: torus}]\n",
        NULL,
    };
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "%swiring: [{name: inner, shape: switch, planes: " F(3) "}]\n", system_head);
    mu_error err = {0};
    for (int i = 0; i < 6; i++) {
        const char *source = texts[i] != NULL ? texts[i] : text;
        assert_int_equal(
            mu_doc_read_text(arena, source, strlen(source), "t", MU_DOC_YAML, &docs[i], &err),
            MU_OK);
    }
    mu_catalog *catalog = NULL;
    assert_int_equal(mu_catalog_create(arena, docs, 6, 0, &catalog, &err), MU_OK);
    static const char *const ids[] = {"heir", "rebel", "other"};
    static const mu_shape shape_of[] = {MU_SHAPE_SWITCH, MU_SHAPE_SWITCH, MU_SHAPE_TORUS};
    static const uint32_t planes[] = {3, 1, 1};
    for (int i = 0; i < 3; i++) {
        uint32_t count = 0;
        assert_int_equal(mu_wiring_from_catalog(catalog, system_of(catalog, ids[i]), point, 1, 4,
                                                net, &count, &err),
                         MU_OK);
        assert_int_equal(net[0].shape, shape_of[i]);
        assert_int_equal(net[0].planes, planes[i]);
    }
}

/* Without wiring a tier is what its kind says. */
static void by_kind(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    assert_int_equal(good("", 2, 2048, net), 4);
    static const mu_shape shapes[] = {MU_SHAPE_MESH, MU_SHAPE_MESH, MU_SHAPE_SWITCH, MU_SHAPE_BUS};
    static const uint32_t spans[] = {2, 16, 128, 2048};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(net[i].shape, shapes[i]);
        assert_int_equal(net[i].span, spans[i]);
        assert_int_equal(net[i].planes, 1);
    }
    assert_true(net[0].bandwidth == 300e9 && net[1].bandwidth == 100e9);
    assert_int_equal(net[1].dim[0], 16);
    assert_true(net[3].latency_s > net[1].latency_s); /* between nodes */
    assert_int_equal(good("", 1, 64, net), 2);        /* no pair needs the third */
    assert_int_equal(good("", 1, 1, net), 1);
}

static void shapes(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    /* dimensions count chips, shares follow cables: 7 and 3 and 1 of 11 */
    assert_int_equal(good("wiring:\n  - {name: m, tiers: [inner, outer], shape: mesh,\n"
                          "     dims: [" F(8) ", " F(4) ", " F(
                              2) "],\n"
                                 "     cables: [{text: copper, grade: A, source: s},\n"
                                 "              {text: optical, grade: A, source: s}],\n"
                                 "     latency: {best: 150, unit: ns, grade: A, source: s}}\n",
                          1, 64, net),
                     1);
    assert_int_equal(net[0].dims, 3);
    assert_true(fabs(net[0].dim_share[0] - 7.0 / 11.0) < 1e-15);
    assert_true(fabs(net[0].dim_share[2] - 1.0 / 11.0) < 1e-15);
    assert_true(!net[0].optical[0] && net[0].optical[1] && net[0].optical[2]);
    assert_true(fabs(net[0].latency_s - 150e-9) < 1e-15 && net[0].bandwidth == 200e9);
    /* what the outer tier has less is the taper of the leaves */
    assert_int_equal(good("wiring:\n  - {name: k, tiers: [inner, outer], shape: clos,\n"
                          "     down: [" F(8) ", " F(8) "], up: [" F(4) "]}\n",
                          2, 128, net),
                     2);
    assert_int_equal(net[1].down[0], 16);
    assert_true(net[1].taper[0] == 2.0 && net[1].taper[1] == 1.0);
    assert_int_equal(good("wiring:\n  - {name: outer, shape: torus, dims: [" F(4) ", " F(
                              16) "],\n"
                                  "     shares: [" F(0.25) ", " F(0.75) "]}\n",
                          1, 64, net),
                     2);
    assert_true(net[1].dim_share[1] == 0.75);
    assert_int_equal(good("wiring:\n  - {name: outer, shape: dragonfly, groups: " F(
                              4) ",\n"
                                 "     down: [" F(4) "], up: [" F(4) "]}\n",
                          1, 64, net),
                     2);
    assert_true(net[1].groups == 4 && net[1].global_share == 1.0);
}

/* Twice as much down as up: 16-port leaves have 10 down and 5 up. */
static void tapered_radix(void **state)
{
    (void)state;
    mu_network_spec net[MU_NETWORKS_MAX];
    assert_int_equal(
        good("wiring:\n  - {name: outer, shape: clos, radix: " F(16) ",\n"
                                                                     "     taper: [" F(2) "]}\n",
             1, 64, net),
        2);
    assert_int_equal(net[1].levels, 2);
    assert_int_equal(net[1].down[0], 10);
    assert_int_equal(net[1].down[1], 7); /* 64 ranks on leaves of 10 */
    assert_int_equal(net[1].up[0], 3);   /* 7 x 5 cables into switches of 16 ports */
    assert_int_equal(net[1].span, 70);
}

/* Ports of the switches of a level: down, and up in bundles. */
static double ports_of(const mu_network_spec *net, uint32_t level, bool top)
{
    double down = level == 0 ? net->down[0] : net->down[level] * net->bundle[level - 1];
    return down + (top ? 0.0 : net->up[level] * net->bundle[level]);
}

static uint32_t below(uint32_t end, uint32_t stream, uint32_t index)
{
    return (uint32_t)(mu_random_bits(5, stream, index) % end);
}

/* Whatever the ports, rails and tapers: all ranks are joined, by switches that have the ports. */
static void any_radix(void **state)
{
    (void)state;
    const mu_doc doc = {.file = ""};
    uint32_t fitted = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        mu_shape_params p = {.doc = &doc};
        p.radix = 2 + below(200, 0, i);
        p.spec.shape = MU_SHAPE_CLOS;
        p.spec.rails = below(20, 1, i);
        for (uint32_t l = 0; l < 3; l++) {
            p.spec.taper[l] = 1.0 + below(30, 2 + l, i) / 10.0;
        }
        uint64_t ranks = 1 + below(1 + (1U << (i % 21)), 5, i);
        p.spec.span = ranks;
        mu_error err = {0};
        if (mu_shape_fit(&p, ranks, &err) != MU_OK) {
            bool small = p.radix < 20 || p.spec.rails > p.radix / 2;
            assert_true(small && strstr(err.text, "too few ports") != NULL);
            continue;
        }
        fitted++;
        const mu_network_spec *net = &p.spec;
        double leaves = (double)net->span / net->down[0];
        assert_true(net->span >= ranks && net->levels <= MU_DIMS_MAX);
        assert_true(net->rails <= 1 || fmod(leaves, net->rails) == 0.0);
        for (uint32_t l = 0; l < net->levels; l++) {
            double ports = ports_of(net, l, l + 1 == net->levels);
            if (!(ports <= p.radix + 1e-9)) {
                fail_msg("%.0f ranks, %u ports, %u rails: level %u uses %g", (double)ranks, p.radix,
                         net->rails, l, ports);
            }
        }
    }
    assert_true(fitted > 15000);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *wiring;
        const char *says;
    } cases[] = {
        {"wiring: {name: inner}\n", "expected a list"},
        {"wiring: [{shape: mesh}]\n", "a name:"},
        {"wiring: [{name: inner}]\n", "needs a shape"},
        {"wiring: [{name: inner, shape: closs}]\n", "did you mean \"clos\"?"},
        {"wiring: [{name: inner, shape: hypercube}]\n", "expected switch, clos"},
        {"wiring: [{name: iner, shape: mesh}]\n", "did you mean \"inner\"?"},
        {"wiring: [{name: inner, shape: mesh, planse: " F(2) "}]\n", "did you mean \"planes\"?"},
        {"wiring: [{name: inner, shape: mesh, planes: " F(2) "}]\n", "a mesh has no \"planes\""},
        {"wiring: [{name: inner, shape: switch, planes: 2}]\n", "expected a fact"},
        {"wiring: [{name: inner, shape: switch, planes: " F(0) "}]\n", "expected 1 to 256"},
        {"wiring: [{name: inner, shape: mesh, dims: " F(8) "}]\n", "expected a list"},
        {"wiring: [{name: inner, shape: mesh, dims: [" F(8) ", 2]}]\n", "expected a fact"},
        {"wiring: [{name: inner, shape: mesh, dims: [" F(3) "]}]\n",
         "these join 3 ranks, but a domain has 8"},
        {"wiring: [{name: inner, shape: mesh, dims: [" F(8) "], shares: [" F(0.5) "]}]\n",
         "sum of 1"},
        {"wiring: [{name: inner, shape: mesh, dims: [" F(8) "], shares: [" F(0.5) ", " F(
             0.5) "]}]\n",
         "as many as there are dims"},
        {"wiring: [{name: inner, shape: mesh, cables: [{text: wood, grade: A, source: s}]}]\n",
         "expected \"copper\" or \"optical\", found \"wood\""},
        {"wiring: [{name: inner, shape: clos}]\n", "needs down: and up:"},
        {"wiring: [{name: inner, shape: clos, down: [" F(2) ", " F(4) "]}]\n", "one fewer"},
        {"wiring: [{name: inner, shape: clos, down: [" F(2) ", " F(2) "], up: [" F(1) "]}]\n",
         "these join 4 ranks"},
        {"wiring: [{name: outer, shape: clos, radix: " F(4) ", up: [" F(1) "]}]\n",
         "it sets the levels"},
        {"wiring: [{name: outer, shape: clos, radix: " F(4) ", down: [" F(3) "]}]\n",
         "too few ports"},
        {"wiring: [{name: outer, shape: clos, radix: " F(2) "}]\n", "too few ports to join"},
        {"wiring: [{name: outer, shape: clos, radix: " F(24) "}]\n", "its radix joins 72 ranks"},
        {"wiring: [{name: outer, shape: dragonfly, groups: " F(4) "}]\n", "a dragonfly needs"},
        {"wiring: [{name: outer, shape: dragonfly, groups: " F(3) ", down: [" F(4) "], up: [" F(
             1) "]}]\n",
         "do not divide"},
        {"wiring: [{name: x, tiers: [], shape: mesh}]\n", "names of tiers"},
        {"wiring: [{name: x, tiers: [inner, far], shape: switch}]\n", "next out from \"inner\""},
        {"wiring: [{name: inner, shape: mesh}, {name: x, tiers: [inner], shape: mesh}]\n",
         "wired twice"},
        {"wiring: [{name: a-name-of-twenty-four-let, tiers: [inner], shape: mesh}]\n",
         "at most 23 letters"},
        {"wiring: [{name: inner, shape: mesh, latency: {best: 2, unit: s, grade: A, source: s}}]\n",
         "expected 0 to 1 s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_network_spec net[MU_NETWORKS_MAX];
        uint32_t count = 0;
        mu_error err = {0};
        assert_int_equal(try_wiring(cases[i].wiring, 1, 1024, net, &count, &err), MU_E_INPUT);
        if (strstr(err.text, cases[i].says) == NULL || strcmp(err.file, "box.yaml") != 0 ||
            err.line < 14) {
            fail_msg("case %zu: %s:%u:%u: %s", i, err.file, err.line, err.column, err.text);
        }
    }
    mu_network_spec net[MU_NETWORKS_MAX];
    uint32_t count = 0;
    mu_error err = {0};
    assert_int_equal(try_wiring("", 1, 1025, net, &count, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "at most 1024 ranks, found 1025"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cloudmatrix), cmocka_unit_test(nvl72),     cmocka_unit_test(superpods),
        cmocka_unit_test(all_systems), cmocka_unit_test(all_draws), cmocka_unit_test(same_luck),
        cmocka_unit_test(by_kind),     cmocka_unit_test(shapes),    cmocka_unit_test(tapered_radix),
        cmocka_unit_test(inherited),   cmocka_unit_test(any_radix), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
