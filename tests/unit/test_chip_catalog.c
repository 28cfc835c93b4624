/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a chip and a fabric come out of the catalogue per rank, with calibrations over priors,
 *         and a draw moves what is uncertain and nothing else.
 * Method: a small catalogue by hand, worked numbers; then every chip and system that is compiled
 *         in.
 */
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"
#include "io/catalog_load.h"
#include "io/doc_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static mu_arena *arena;
static const mu_draw point = {NULL, 0};

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static const char sources[] = "sources: [{id: s, title: S}]";
static const char chip_text[] =
    "kind: chip\nid: twin\nname: Twin\nranks_per_chip: 2\ncalibration: [first, second]\n"
    "peak:\n"
    "  bf16: {best: 800, unit: TFLOP/s, grade: A, source: s}\n"
    "  fp8: {best: 1600, low: 1500, high: 1600, unit: TFLOP/s, grade: A, source: s}\n"
    "  vector: {best: 20, unit: TFLOP/s, grade: A, source: s}\n"
    "memory:\n"
    "  capacity: {best: 128, unit: GB, grade: A, source: s}\n"
    "  bandwidth: {best: 3.2, low: 3.0, high: 3.4, unit: TB/s, grade: A, source: s}\n"
    "cores: {best: 48, grade: A, source: s}\n"
    "clock: {best: 1.8, unit: GHz, grade: A, source: s}\n"
    "l2: {best: 192, unit: MB, grade: A, source: s}\n"
    "power:\n"
    "  tdp: {best: 700, unit: W, grade: A, source: s}\n"
    "  idle: {best: 100, unit: W, grade: A, source: s}\n"
    "links:\n"
    "  scale_up: {domain: {best: 16, grade: A, source: s}}\n"
    "  die:\n"
    "    bandwidth: {best: 270, unit: GB/s, grade: A, source: s}\n"
    "    latency: {best: 1.5, unit: us, grade: A, source: s}\n";
static const char system_text[] =
    "kind: system\nid: box\nname: Box\nchip: twin\nchips: 16\nchips_per_node: 8\n"
    "calibration: [wires]\n"
    "tiers:\n"
    "  - name: link\n"
    "    kind: mesh\n"
    "    span: 16\n"
    "    bandwidth: {best: 400, unit: GB/s, grade: A, source: s}\n"
    "    efficiency: {best: 0.5, grade: A, source: s}\n"
    "    launch: {best: 9, unit: us, grade: A, source: s}\n"
    "    power: {best: 30, unit: W, grade: A, source: s}\n"
    "  - name: roce\n"
    "    span: 4096\n"
    "    in_network_reduction: true\n"
    "    bandwidth: {best: 400, unit: Gb/s, grade: A, source: s}\n";
/* The first two parameters of the list, whatever they are called. */
static char first_text[512];
static char second_text[512];

static const char wires_text[] = "kind: calibration\nid: wires\nname: Wires\nsource: s\ngrade: A\n"
                                 "params:\n"
                                 "  link_launch_s: {best: 3.0e-6}\n"
                                 "  scale_up_launch_s: {best: 8.0e-6}\n"
                                 "  scale_up_message_s: {best: 4.0e-7}\n"
                                 "  scale_out_half_bytes: {best: 5}\n"
                                 "  die_half_bytes: {best: 7}\n";

/* A value well inside the limits of parameter `index`. */
static double inside(size_t index, double share)
{
    size_t count = 0;
    const mu_param_spec *spec = &mu_chip_param_specs(&count)[index];
    assert_true(index < count);
    return spec->min + share * (spec->max - spec->min);
}

static double param_of(const mu_chip *chip, size_t index)
{
    size_t count = 0;
    const mu_param_spec *spec = &mu_chip_param_specs(&count)[index];
    return *(const double *)(const void *)((const char *)&chip->params + spec->offset);
}

static void write_calibrations(void)
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    (void)snprintf(first_text, sizeof first_text,
                   "kind: calibration\nid: first\nname: First\nsource: s\ngrade: A\n"
                   "params: {%s: {best: %.17g}, %s: {best: %.17g}}\n",
                   specs[0].name, inside(0, 0.2), specs[1].name, inside(1, 0.3));
    (void)snprintf(second_text, sizeof second_text,
                   "kind: calibration\nid: second\nname: Second\nsource: s\ngrade: A\n"
                   "params: {%s: {best: %.17g, low: %.17g, high: %.17g}}\n",
                   specs[0].name, inside(0, 0.4), inside(0, 0.3), inside(0, 0.5));
}

static mu_status create(const char *const extra[], uint32_t extra_count, mu_catalog **out,
                        mu_error *err)
{
    static const char *const base[] = {sources,    chip_text,   system_text,
                                       first_text, second_text, wires_text};
    enum { BASE_COUNT = sizeof base / sizeof base[0] };
    write_calibrations();
    mu_doc *docs = MU_NEW(arena, mu_doc, BASE_COUNT + extra_count);
    assert_non_null(docs);
    for (uint32_t i = 0; i < BASE_COUNT + extra_count; i++) {
        const char *text = i < BASE_COUNT ? base[i] : extra[i - BASE_COUNT];
        assert_int_equal(
            mu_doc_read_text(arena, text, strlen(text), "t", MU_DOC_YAML, &docs[i], err), MU_OK);
    }
    return mu_catalog_create(arena, docs, BASE_COUNT + extra_count, 0, out, err);
}

static mu_catalog *good(void)
{
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    if (create(NULL, 0, &catalog, &err) != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return catalog;
}

static const mu_entity *entity(const mu_catalog *catalog, mu_entity_kind kind, const char *id)
{
    const mu_entity *found = NULL;
    assert_int_equal(mu_catalog_find(catalog, kind, id, &found, NULL), MU_OK);
    return found;
}

static mu_chip chip_in(const mu_catalog *catalog, mu_draw draw)
{
    mu_chip chip;
    uint32_t ranks = 0;
    mu_error err = {0};
    const mu_entity *twin = entity(catalog, MU_ENTITY_CHIP, "twin");
    if (mu_chip_from_catalog(catalog, twin, draw, &chip, &ranks, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(ranks, 2);
    return chip;
}

static void per_rank(void **state)
{
    (void)state;
    mu_chip chip = chip_in(good(), point);
    assert_true(chip.peak_flops[MU_DTYPE_BF16] == 400e12);
    assert_true(chip.peak_flops[MU_DTYPE_FP16] == 400e12); /* stands in */
    assert_true(chip.peak_flops[MU_DTYPE_FP8_BLOCK] == 800e12);
    assert_true(chip.peak_flops[MU_DTYPE_INT8] == 0.0);
    assert_true(chip.peak_flops[MU_DTYPE_TF32] == 0.0);
    assert_true(chip.vector_flops == 10e12);
    assert_true(chip.memory_bandwidth == 1.6e12);
    assert_true(chip.memory_capacity == 64e9);
    assert_true(chip.l2_bytes == 96e6);
    assert_true(chip.cores == 24.0);
    assert_true(chip.clock_hz == 1.8e9);
    assert_true(chip.tdp_w == 350.0 && chip.idle_w == 50.0);
}

static void calibrations(void **state)
{
    (void)state;
    mu_chip chip = chip_in(good(), point);
    assert_true(param_of(&chip, 0) == inside(0, 0.4)); /* the later one */
    assert_true(param_of(&chip, 1) == inside(1, 0.3)); /* only in the first */
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(param_of(&chip, i) >= specs[i].min && param_of(&chip, i) <= specs[i].max);
        assert_true(i < 2 || param_of(&chip, i) == specs[i].prior.best);
    }
}

static void draws(void **state)
{
    (void)state;
    mu_catalog *catalog = good();
    mu_draw_plan *plan = mu_draw_plan_create(arena, 1);
    assert_non_null(plan);
    mu_draw zero = {plan, 0};
    mu_draw one = {plan, 1};
    mu_chip best = chip_in(catalog, zero);
    bool named = false;
    bool capacity = false;
    for (uint32_t i = 0; i < mu_draw_plan_count(plan); i++) {
        named = named || strcmp(mu_draw_plan_name(plan, i), "chip/twin/memory.bandwidth") == 0;
        capacity = capacity || strcmp(mu_draw_plan_name(plan, i), "chip/twin/memory.capacity") == 0;
    }
    assert_true(named);
    assert_false(capacity); /* a point has no dimension */
    mu_chip drawn = chip_in(catalog, one);
    assert_true(best.memory_bandwidth == 1.6e12);
    assert_true(drawn.memory_bandwidth != best.memory_bandwidth);
    assert_true(drawn.memory_capacity == best.memory_capacity);
    assert_true(param_of(&drawn, 0) != param_of(&best, 0));
    mu_chip again = chip_in(catalog, one);
    assert_memory_equal(&again, &drawn, sizeof drawn);
}

static void fabric(void **state)
{
    (void)state;
    mu_catalog *catalog = good();
    const mu_entity *box = entity(catalog, MU_ENTITY_SYSTEM, "box");
    mu_fabric f;
    mu_error err = {0};
    if (mu_fabric_from_catalog(catalog, box, point, 2, &f, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(f.tier_count, 3);
    assert_string_equal(f.tier[0].name, "die-to-die");
    assert_true(f.tier[0].span == 2.0 && f.tier[0].bandwidth == 270e9);
    assert_true(f.tier[0].latency_s == 1.5e-6 && f.tier[0].half_bytes == 7.0);
    assert_string_equal(f.tier[1].name, "link");
    assert_int_equal(f.tier[1].kind, MU_TIER_MESH);
    assert_true(f.tier[1].span == 32.0 && f.tier[1].bandwidth == 200e9);
    assert_true(f.tier[1].power_w_per_rank == 15.0);
    assert_true(f.tier[1].launch_s == 3e-6);  /* own calibration before that of the sort, */
    assert_true(f.tier[1].message_s == 4e-7); /* that of the sort, */
    assert_true(f.tier[1].efficiency == 0.5); /* else what the tier states */
    assert_false(f.tier[1].in_network_reduction);
    assert_string_equal(f.tier[2].name, "roce");
    assert_int_equal(f.tier[2].kind, MU_TIER_SWITCH);
    assert_true(f.tier[2].span == 8192.0 && f.tier[2].bandwidth == 25e9);
    assert_true(f.tier[2].half_bytes == 5.0 && f.tier[2].in_network_reduction);
    mu_tier prior = {.span = 0.0};
    mu_tier_set_priors(&prior, true); /* wider than the domain of 16: between servers */
    assert_true(f.tier[2].launch_s == prior.launch_s);

    assert_int_equal(mu_fabric_from_catalog(catalog, box, point, 1, &f, NULL), MU_OK);
    assert_int_equal(f.tier_count, 2);
    assert_true(f.tier[0].bandwidth == 400e9);
}

static void refused(void **state)
{
    (void)state;
    static const char *const chips[] = {
        "kind: chip\nid: x\nname: X\ninherits: twin\ncores: ~\n",
        "kind: chip\nid: x\nname: X\ninherits: twin\npeak: {bf16: ~}\n",
        "kind: chip\nid: x\nname: X\ninherits: twin\nl2: {best: 0, unit: B, source: s, grade: A}",
        "kind: chip\nid: x\nname: X\ninherits: twin\ncalibration: [odd]\n",
    };
    static const char *const says[] = {"does not say its cores", "peak.bf16", "l2 above zero",
                                       "unknown parameter"};
    static const char odd[] = "kind: calibration\nid: odd\nname: O\nsource: s\ngrade: A\n"
                              "params: {no_such_parameter: {best: 3}}\n";
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        const char *const extra[] = {chips[i], odd};
        mu_catalog *catalog = NULL;
        mu_error err = {0};
        assert_int_equal(create(extra, 2, &catalog, &err), MU_OK);
        mu_chip chip;
        uint32_t ranks = 0;
        const mu_entity *x = entity(catalog, MU_ENTITY_CHIP, "x");
        assert_int_equal(mu_chip_from_catalog(catalog, x, point, &chip, &ranks, &err), MU_E_INPUT);
        if (strstr(err.text, says[i]) == NULL) {
            fail_msg("%s", err.text);
        }
    }
}

static void refused_systems(void **state)
{
    (void)state;
    static const char *const systems[] = {
        "kind: system\nid: x\nname: X\n",
        "kind: system\nid: x\nname: X\nchip: twin\n",
        "kind: system\nid: x\nname: X\nchip: twin\ntiers: [{name: a}]\n",
        "kind: system\nid: x\nname: X\nchip: twin\ntiers: [{name: a, span: 4}]\n",
        "kind: system\nid: x\nname: X\nchip: twin\ntiers: [{name: a, kind: star, span: 4}]\n",
        "kind: system\nid: x\nname: X\ninherits: box\ntiers: [{name: roce}, {name: link}]\n",
        "kind: system\nid: x\nname: X\ninherits: box\ncalibration: [odd]\n",
    };
    static const char *const says[] = {"chip:",
                                       "tiers:",
                                       "needs span",
                                       "bandwidth",
                                       "switch",
                                       "a span above",
                                       "is no <tier>_<parameter>"};
    static const char odd[] = "kind: calibration\nid: odd\nname: O\nsource: s\ngrade: A\n"
                              "params: {air_launch_s: {best: 3}}\n";
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        const char *const extra[] = {systems[i], odd};
        mu_catalog *catalog = NULL;
        mu_error err = {0};
        assert_int_equal(create(extra, 2, &catalog, &err), MU_OK);
        mu_fabric f;
        const mu_entity *x = entity(catalog, MU_ENTITY_SYSTEM, "x");
        assert_int_equal(mu_fabric_from_catalog(catalog, x, point, 2, &f, &err), MU_E_INPUT);
        if (strstr(err.text, says[i]) == NULL) {
            fail_msg("%s", err.text);
        }
    }
}

static void chip_is_usable(const mu_catalog *catalog, const mu_entity *e, mu_draw draw)
{
    mu_chip chip;
    uint32_t ranks = 0;
    mu_error err = {0};
    if (mu_chip_from_catalog(catalog, e, draw, &chip, &ranks, &err) != MU_OK) {
        fail_msg("%s: %s:%u: %s", e->id, err.file, err.line, err.text);
    }
    assert_true(chip.peak_flops[MU_DTYPE_BF16] > 1e12 && chip.memory_bandwidth > 1e11);
    assert_true(chip.idle_w <= chip.tdp_w && chip.tdp_w < 1e4);
}

static void system_is_usable(const mu_catalog *catalog, const mu_entity *e)
{
    const mu_entity *chip = entity(catalog, MU_ENTITY_CHIP, mu_catalog_text(catalog, e, "chip"));
    uint32_t ranks = 0;
    mu_fabric f;
    mu_error err = {0};
    assert_int_equal(mu_chip_ranks(catalog, chip, &ranks, &err), MU_OK);
    if (mu_fabric_from_catalog(catalog, e, point, ranks, &f, &err) != MU_OK) {
        fail_msg("%s: %s:%u: %s", e->id, err.file, err.line, err.text);
    }
}

/* Every chip and system that is compiled in can be used, at the point and in draws. */
static void builtin(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    assert_int_equal(mu_catalog_load(arena, NULL, &catalog, &err), MU_OK);
    mu_draw_plan *plan = mu_draw_plan_create(arena, 7);
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_CHIP); i++) {
        const mu_entity *e = mu_catalog_at(catalog, MU_ENTITY_CHIP, i);
        chip_is_usable(catalog, e, point);
        chip_is_usable(catalog, e, (mu_draw){plan, 1});
        chip_is_usable(catalog, e, (mu_draw){plan, 2});
    }
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_SYSTEM); i++) {
        system_is_usable(catalog, mu_catalog_at(catalog, MU_ENTITY_SYSTEM, i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(per_rank), cmocka_unit_test(calibrations),
        cmocka_unit_test(draws),    cmocka_unit_test(fabric),
        cmocka_unit_test(refused),  cmocka_unit_test(refused_systems),
        cmocka_unit_test(builtin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
