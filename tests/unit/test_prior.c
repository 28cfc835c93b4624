/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   chips without tables take what measured chips teach: one vote a family, in the units of
 *         the laws, estimates and families left out unheard.
 * Method: small catalogues by hand with worked numbers; then the built-in one.
 */
#include "chip/chip_catalog.h"
#include "chip/prior.h"
#include "io/catalog_load.h"
#include "io/doc_read.h"

#include <math.h>
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

enum { DOCS_MAX = 24 };

/* A catalogue under way. */
typedef struct book {
    mu_doc doc[DOCS_MAX];
    uint32_t count;
} book;

static void add(book *b, const char *text)
{
    mu_error err = {0};
    assert_true(b->count < DOCS_MAX);
    mu_status status =
        mu_doc_read_text(arena, text, strlen(text), "t", MU_DOC_YAML, &b->doc[b->count], &err);
    if (status != MU_OK) {
        fail_msg("%u: %s", err.line, err.text);
    }
    b->count++;
}

/* A chip of 100 cores; `more` holds further keys, each on a line. */
static void add_chip(book *b, const char *id, double clock_ghz, const char *more)
{
    const char *text =
        mu_arena_printf(arena,
                        "kind: chip\nid: %s\nname: %s\n%s"
                        "peak:\n  bf16: {best: 400, unit: TFLOP/s, grade: A, source: s}\n"
                        "  vector: {best: 20, unit: TFLOP/s, grade: A, source: s}\n"
                        "memory:\n  capacity: {best: 80, unit: GB, grade: A, source: s}\n"
                        "  bandwidth: {best: 2, unit: TB/s, grade: A, source: s}\n"
                        "cores: {best: 100, grade: A, source: s}\n"
                        "clock: {best: %g, unit: GHz, grade: A, source: s}\n"
                        "l2: {best: 40, unit: MB, grade: A, source: s}\n"
                        "power:\n  tdp: {best: 400, unit: W, grade: A, source: s}\n"
                        "  idle: {best: 60, unit: W, grade: A, source: s}\n",
                        id, id, more, clock_ghz);
    assert_non_null(text);
    add(b, text);
}

static void add_calibration(book *b, const char *id, const char *head, double wave,
                            double launch_us)
{
    const char *text = mu_arena_printf(
        arena,
        "kind: calibration\nid: %s\nname: %s\nsource: s\ngrade: A\n%s"
        "params:\n  gemm_bf16_wave: {best: %g}\n  gemm_bf16_launch_us: {best: %g}\n",
        id, id, head, wave, launch_us);
    assert_non_null(text);
    add(b, text);
}

/* Two families of measured chips, a copy of one, and a chip that nobody measured. */
static void add_all(book *b)
{
    add(b, "sources: [{id: s, title: S}]");
    add_chip(b, "one", 1.0, "calibration: [one-cal]\n");
    add_chip(b, "two", 2.0, "calibration: [two-cal]\n");
    add_chip(b, "new", 4.0, "");
    add(b, "kind: chip\nid: one-copy\nname: Copy\ninherits: one\n"
           "clock: {best: 2, unit: GHz, grade: A, source: s}\n");
    add_calibration(b, "one-cal", "", 0.2, 8);
    add_calibration(b, "two-cal", "", 0.8, 2);
}

static mu_catalog *open(const book *b, const char *left_out)
{
    mu_catalog *catalog = NULL;
    const mu_entity *chip = NULL;
    const mu_chip_prior *prior = NULL;
    mu_error err = {0};
    mu_status status = mu_catalog_create(arena, b->doc, b->count, 0, &catalog, &err);
    if (status == MU_OK && left_out != NULL) {
        status = mu_catalog_find(catalog, MU_ENTITY_CHIP, left_out, &chip, &err);
    }
    if (status == MU_OK) {
        status = mu_chip_prior_learn(catalog, chip, arena, &prior, &err);
    }
    if (status != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    mu_catalog_keep_prior(catalog, prior);
    return catalog;
}

static mu_chip chip_in(const mu_catalog *catalog, const char *id, mu_draw draw)
{
    const mu_entity *entity = NULL;
    uint32_t ranks = 0;
    mu_chip chip = {.vector_flops = 0.0};
    mu_error err = {0};
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CHIP, id, &entity, &err);
    if (status == MU_OK) {
        status = mu_chip_from_catalog(catalog, entity, draw, &chip, &ranks, &err);
    }
    if (status != MU_OK) {
        fail_msg("%u:%u: %s", err.line, err.column, err.text);
    }
    return chip;
}

static mu_chip_params params_of(const book *b, const char *id, const char *left_out)
{
    return chip_in(open(b, left_out), id, point).params;
}

/* Logits of 0.2 and 0.8 are opposite: half way is 0.5. Launches of 8 us at 1 GHz and 2 us at 2 GHz
 * lie at 0.08 and 0.02 of their limits: logits -2.442 and -3.892 + log 2, on average -2.821; less
 * log 4 at 4 GHz it is the place 0.014675. */
static void centre_in_units(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    mu_chip_params new = params_of(&b, "new", NULL);
    assert_float_equal(new.gemm_bf16_wave, 0.5, 1e-6);
    assert_float_equal(new.gemm_bf16_launch_us, 1.4675, 1e-3);
    mu_chip_params typed;
    mu_chip_params_default(&typed);
    assert_true(new.gemm_bf16_ramp_us == typed.gemm_bf16_ramp_us); /* nobody has it */
}

/* Nobody ran INT8: how waves and the like behave is taken from BF16, how fast it is is not. */
static void formats_stand_in(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    mu_chip_params new = params_of(&b, "new", NULL);
    mu_chip_params typed;
    mu_chip_params_default(&typed);
    assert_true(new.gemm_int8_wave == new.gemm_bf16_wave);
    assert_true(new.gemm_int8_wave != typed.gemm_int8_wave);
    assert_true(new.gemm_int8_launch_us == typed.gemm_int8_launch_us);
    add(&b, "kind: calibration\nid: int8\nname: I\nsource: s\ngrade: A\nmeasured: one\n"
            "params: {gemm_int8_wave: {best: 0.3}}\n");
    /* Of two families, one's own word for INT8 and the other's for BF16. */
    double wave = params_of(&b, "new", NULL).gemm_int8_wave;
    assert_true(wave > 0.3 && wave < 0.8);
    assert_float_equal(params_of(&b, "new", "two").gemm_int8_wave, 0.3, 1e-6);
}

/* What a chip measured itself stands; its copy takes it in cycles. */
static void copies(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    assert_true(params_of(&b, "one", NULL).gemm_bf16_launch_us == 8.0);
    mu_chip_params copy = params_of(&b, "one-copy", NULL);
    assert_float_equal(copy.gemm_bf16_launch_us, 4.1667, 1e-3); /* logit of 0.08 less log 2 */
    assert_true(copy.gemm_bf16_wave == 0.2);
}

/* A second calibration of a family halves the first one's say instead of adding to it. */
static void one_vote_a_family(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    add_calibration(&b, "more-cal", "inherits: one-cal\nmeasured: one-copy\n", 0.2, 4);
    assert_float_equal(params_of(&b, "new", NULL).gemm_bf16_wave, 0.5, 1e-6);
    book other = {.count = 0};
    add_all(&other);
    add_calibration(&other, "more-cal", "measured: new\n", 0.2, 4);
    double wave = params_of(&other, "new", "two").gemm_bf16_wave;
    assert_float_equal(wave, 0.2, 1e-6);
    assert_float_equal(params_of(&other, "two", "two").gemm_bf16_wave, 0.2, 1e-6);
    assert_float_equal(params_of(&other, "one-copy", "one").gemm_bf16_wave, 0.5, 1e-6);
}

static void estimates_teach_nothing(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    add(&b, "kind: calibration\nid: guess\nname: Guess\nsource: s\ngrade: D\nmeasured: new\n"
            "params: {gemm_bf16_wave: {best: 0.01, note: n}, gemm_bf16_split_us: {best: 7, note: "
            "n}}\n");
    mu_chip_params new = params_of(&b, "new", NULL);
    mu_chip_params typed;
    mu_chip_params_default(&typed);
    assert_float_equal(new.gemm_bf16_wave, 0.5, 1e-6);
    assert_true(new.gemm_bf16_split_us == typed.gemm_bf16_split_us);
}

/* Left out: the family, copies included, is predicted from what is left. */
static void left_out(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    const char *const family[] = {"one", "one-copy"};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            mu_chip_params p = params_of(&b, family[i], family[k]);
            assert_float_equal(p.gemm_bf16_wave, 0.8, 1e-6);
        }
    }
    assert_float_equal(params_of(&b, "one", "one").gemm_bf16_launch_us, 4.0, 0.1);
    assert_true(params_of(&b, "two", "one").gemm_bf16_wave == 0.8);
    assert_float_equal(params_of(&b, "new", "one").gemm_bf16_wave, 0.8, 1e-6);
    assert_float_equal(params_of(&b, "new", "two").gemm_bf16_wave, 0.2, 1e-6);
}

static double logit(double share)
{
    return log(share / (1.0 - share));
}

/* Half the maturity, twice the doubt (gemm_bf16_wave lies between 0 and 1), and longer launches. */
static void young_software(void **state)
{
    (void)state;
    book b = {.count = 0};
    add_all(&b);
    const mu_chip_prior *prior = mu_catalog_prior(open(&b, NULL));
    mu_chip_traits traits = {{2e9, 200, 2000, 10, 1e40, 1.0}};
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        traits.value[MU_TRAIT_MATURITY] = 1.0;
        mu_range old = mu_chip_prior_range(prior, i, &traits);
        traits.value[MU_TRAIT_MATURITY] = 0.5;
        mu_range young = mu_chip_prior_range(prior, i, &traits);
        if (strcmp(specs[i].name, "gemm_bf16_wave") == 0) {
            assert_true(old.best == young.best && old.low > young.low && old.high < young.high);
            double wide = logit(old.high) - logit(old.best);
            double wider = logit(young.high) - logit(young.best);
            assert_true(fabs(wider - 2.0 * wide) < 1e-6);
        }
        if (strcmp(specs[i].name, "gemm_bf16_launch_us") == 0) {
            assert_true(young.best > 4.0 * old.best);
        }
    }
}

/* Everything left out: the .def rows stand. */
static void nothing_left(void **state)
{
    (void)state;
    book b = {.count = 0};
    add(&b, "sources: [{id: s, title: S}]");
    add_chip(&b, "one", 1.0, "calibration: [one-cal]\n");
    add_calibration(&b, "one-cal", "", 0.2, 8);
    mu_chip_params p = params_of(&b, "one", "one");
    mu_chip_params typed;
    mu_chip_params_default(&typed);
    assert_memory_equal(&p, &typed, sizeof p);
}

/* Of the built-in chips: priors are inside the limits, wide, and never a chip's own. */
static void built_in(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    assert_int_equal(mu_catalog_load(arena, NULL, &catalog, &err), MU_OK);
    const mu_chip_prior *prior = mu_catalog_prior(catalog);
    assert_non_null(prior);
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (uint32_t c = 0; c < mu_catalog_count(catalog, MU_ENTITY_CHIP); c++) {
        const mu_entity *entity = mu_catalog_at(catalog, MU_ENTITY_CHIP, c);
        mu_chip_traits traits;
        assert_int_equal(mu_chip_traits_read(catalog, entity, &traits, &err), MU_OK);
        for (size_t i = 0; i < count; i++) {
            mu_range r = mu_chip_prior_range(prior, i, &traits);
            bool sane = r.low >= specs[i].min && r.low <= r.best && r.best <= r.high &&
                        r.high <= specs[i].max;
            if (!sane) {
                fail_msg("%s: %s: %g %g %g", entity->id, specs[i].name, r.low, r.best, r.high);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(centre_in_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(formats_stand_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_vote_a_family, set_up, tear_down),
        cmocka_unit_test_setup_teardown(estimates_teach_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(young_software, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(built_in, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
