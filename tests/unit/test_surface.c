/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a surface says what its knots say; a fit finds one that is there, none that is not, and
 *         no dents; a catalogue refuses what is none; measured chips take no less time for twice
 *         the work.
 * Method: grids by hand; rows made from a known function and seeded noise; documents with one fault
 *         each; all chips of the catalogue at random shapes.
 */
#include "base/random.h"
#include "calibrate/surface_fit.h"
#include "chip/chip_catalog.h"
#include "io/catalog_load.h"
#include "io/doc_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { ROWS = 1500, SHAPES = 400 };

static mu_surface grid(uint8_t axes, const float value[])
{
    mu_surface s = {.axes = axes, .terms = 1, .values = (uint16_t)(1U << axes), .value = value};
    s.term[0].axes = axes;
    for (uint8_t i = 0; i < axes; i++) {
        s.axis[i] = (mu_surface_axis){.coordinate = (uint8_t)(axes - 1 - i), .knots = 2};
        s.axis[i].knot[1] = 10.0F;
        s.term[0].axis[i] = i;
    }
    return s;
}

static void by_hand(void **state)
{
    (void)state;
    static const float value[] = {0.0F, 8.0F, 16.0F, 32.0F, 100.0F, 108.0F, 116.0F, 132.0F};
    mu_surface line = grid(1, value);
    assert_true(mu_surface_at(&line, (double[]){2.5}) == 2.0);
    mu_surface plane = grid(2, value); /* the last axis is the first coordinate */
    assert_true(mu_surface_at(&plane, (double[]){5.0, 0.0}) == 4.0);
    assert_true(mu_surface_at(&plane, (double[]){0.0, 5.0}) == 8.0);
    assert_true(mu_surface_at(&plane, (double[]){5.0, 5.0}) == 14.0);
    mu_surface room = grid(3, value);
    assert_true(mu_surface_at(&room, (double[]){5.0, 5.0, 0.0}) == 14.0);
    assert_true(mu_surface_at(&room, (double[]){5.0, 5.0, 5.0}) == 64.0);
    room.axes = 3;
    room.terms = 2; /* the same again along the first axis alone */
    room.term[1] = (mu_surface_term){.axes = 1, .axis = {0}, .first = 0};
    assert_true(mu_surface_at(&room, (double[]){5.0, 5.0, 5.0}) == 68.0);
    assert_true(mu_surface_at(&mu_surface_none, (double[]){1.0}) == 0.0);
}

static void constant_beyond(void **state)
{
    (void)state;
    static const float value[] = {1.0F, 3.0F};
    mu_surface s = grid(1, value);
    assert_true(mu_surface_at(&s, (double[]){-5.0}) == 1.0);
    assert_true(mu_surface_at(&s, (double[]){-INFINITY}) == 1.0);
    assert_true(mu_surface_at(&s, (double[]){11.0}) == 3.0);
    assert_true(mu_surface_at(&s, (double[]){INFINITY}) == 3.0);
    assert_true(mu_surface_at(&s, (double[]){(double)NAN}) == 1.0);
}

/* Rows over (m, n, k) with a residual of `size` times a bent function, and noise. */
static void make_rows(mu_surface_row row[ROWS], double size, double growth)
{
    memset(row, 0, ROWS * sizeof *row);
    for (uint32_t i = 0; i < ROWS; i++) {
        double m = floor(13.0 * mu_random_uniform(1, 0, i));
        double n = 6.0 + floor(8.0 * mu_random_uniform(1, 1, i));
        double k = 6.0 + floor(8.0 * mu_random_uniform(1, 2, i));
        double bent = fabs(m - 6.0) / 6.0 - 0.5 * fabs(n - 10.0) / 4.0;
        row[i].at[0] = m;
        row[i].at[2] = n; /* at[1], waves, is the same everywhere */
        row[i].at[3] = k;
        row[i].residual = size * bent + 0.04 * (mu_random_uniform(1, 3, i) - 0.5);
        row[i].fold = (uint8_t)(i % MU_FOLDS);
        row[i].moves = 1;
        memcpy(row[i].move[0].at, row[i].at, sizeof row[i].at);
        row[i].move[0].at[0] += 1.0;
        row[i].move[0].growth = growth;
    }
}

typedef struct fitted {
    mu_arena *arena;
    mu_surface_row row[ROWS];
    mu_surface_result result;
} fitted;

static void fit(fitted *f, uint32_t threads)
{
    mu_error err = {0};
    mu_pool *pool = mu_pool_create(threads);
    const mu_surface_rows rows = {.kind = MU_SURFACE_GEMM_BF16, .count = ROWS, .row = f->row};
    assert_non_null(pool);
    assert_int_equal(mu_surface_fit(&rows, pool, f->arena, &f->result, &err), MU_OK);
    mu_pool_free(pool);
}

static void finds_what_is_there(void **state)
{
    (void)state;
    fitted f = {.arena = mu_arena_create(0)};
    make_rows(f.row, 0.4, 1.0);
    fit(&f, 2);
    assert_int_equal(f.result.shapes, 64);
    assert_true(f.result.by_shape && f.result.before > 0.1);
    assert_true(f.result.cross_validated < 0.02); /* of shapes never seen; the noise is 1 % */
    const double high[MU_COORDINATES_MAX] = {0.0, 0.0, 10.0, 9.0};
    const double low[MU_COORDINATES_MAX] = {6.0, 0.0, 13.0, 9.0};
    assert_true(fabs(mu_surface_at(f.result.surface, high) - 0.4) < 0.03);
    assert_true(fabs(mu_surface_at(f.result.surface, low) + 0.15) < 0.03);
    mu_arena_free(f.arena);
}

static void finds_nothing_in_noise(void **state)
{
    (void)state;
    fitted f = {.arena = mu_arena_create(0)};
    make_rows(f.row, 0.0, 1.0);
    fit(&f, 1);
    assert_ptr_equal(f.result.surface, &mu_surface_none);
    assert_true(f.result.cross_validated == f.result.before);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_true(f.result.left_out[i] == 0.0);
    }
    mu_arena_free(f.arena);
}

/* Rows say that time falls by a third while m doubles thrice; the cost itself does not move. */
static void no_dents(void **state)
{
    (void)state;
    fitted f = {.arena = mu_arena_create(0)};
    make_rows(f.row, 0.8, 0.0);
    fit(&f, 2);
    assert_ptr_not_equal(f.result.surface, &mu_surface_none);
    for (uint32_t i = 0; i < ROWS; i++) {
        double here = mu_surface_at(f.result.surface, f.row[i].at);
        double twice = mu_surface_at(f.result.surface, f.row[i].move[0].at);
        assert_true(twice - here > -0.05); /* 0.13 in the rows */
    }
    mu_arena_free(f.arena);
}

static void same_for_any_threads(void **state)
{
    (void)state;
    fitted one = {.arena = mu_arena_create(0)};
    fitted many = {.arena = mu_arena_create(0)};
    make_rows(one.row, 0.4, 0.5);
    make_rows(many.row, 0.4, 0.5);
    fit(&one, 1);
    fit(&many, 8);
    assert_int_equal(one.result.surface->values, many.result.surface->values);
    assert_memory_equal(one.result.surface->value, many.result.surface->value,
                        one.result.surface->values * sizeof(float));
    assert_true(one.result.cross_validated == many.result.cross_validated);
    mu_arena_free(one.arena);
    mu_arena_free(many.arena);
}

static mu_status read(mu_arena *arena, const char *surfaces, mu_catalog **out, mu_error *err)
{
    static const char sources[] = "sources:\n  - {id: s, title: S, date: 2026-01, url: u}\n";
    const char *text = mu_arena_printf(
        arena, "kind: calibration\nid: c\nname: C\nsource: s\ngrade: A\nsurfaces:\n%s", surfaces);
    mu_doc *docs = MU_NEW(arena, mu_doc, 2);
    assert_true(text != NULL && docs != NULL);
    assert_int_equal(
        mu_doc_read_text(arena, sources, strlen(sources), "s", MU_DOC_YAML, &docs[0], err), MU_OK);
    assert_int_equal(mu_doc_read_text(arena, text, strlen(text), "t", MU_DOC_YAML, &docs[1], err),
                     MU_OK);
    return mu_catalog_create(arena, docs, 2, 0, out, err);
}

static void is_read(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_catalog *catalog = NULL;
    const mu_entity *c = NULL;
    mu_error err = {0};
    static const char text[] = "  gemm_bf16:\n    knots: {n: [4, 8], m: [0, 2.5, 5]}\n    terms:\n"
                               "      - over: [m, n]\n        values: \"10 -20 30\n"
                               "          40 50 -600\"\n"
                               "  decode: none\n";
    if (read(arena, text, &catalog, &err) != MU_OK) {
        fail_msg("%u: %s", err.line, err.text);
    }
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CALIBRATION, "c", &c, &err), MU_OK);
    const mu_surface *s = mu_calibration_surface(c, MU_SURFACE_GEMM_BF16);
    assert_non_null(s);
    assert_true(fabs(mu_surface_at(s, (double[]){0.0, 0.0, 8.0}) + 0.02) < 1e-7);
    assert_true(fabs(mu_surface_at(s, (double[]){5.0, 0.0, 6.0}) + 0.275) < 1e-7);
    assert_ptr_equal(mu_calibration_surface(c, MU_SURFACE_DECODE), &mu_surface_none);
    assert_null(mu_calibration_surface(c, MU_SURFACE_MOE_BF16));
    mu_arena_free(arena);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"  gem_bf16: none\n", "did you mean \"gemm_bf16\""},
        {"  gemm_bf16: some\n", "expected {knots:, terms:} or none"},
        {"  - gemm_bf16\n", "expected a map of surfaces"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, term: []}\n", "term"},
        {"  gemm_bf16: {knots: {mm: [1, 2]}, terms: []}\n", "unknown coordinate \"mm\""},
        {"  gemm_bf16: {knots: {m: [1]}, terms: []}\n", "a list of 2 to 12"},
        {"  gemm_bf16: {knots: {m: [2, 2]}, terms: []}\n", "ascending"},
        {"  gemm_bf16: {knots: {m: [1, x]}, terms: []}\n", "knots"},
        {"  gemm_bf16: {knots: {}, terms: []}\n", "expected knots"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: []}\n", "expected terms"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [m]}\n", "expected {over:, values:}"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [n], values: \"1 2\"}]}\n",
         "\"n\" has no knots"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [m]}]}\n", "expected values"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{values: \"1 2\"}]}\n", "expected over"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [m], values: \"1\"}]}\n", "found 1"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [m], values: \"1 2 3\"}]}\n",
         "found more"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [m], values: \"1 2.5\"}]}\n",
         "whole numbers"},
        {"  gemm_bf16: {knots: {m: [1, 2]}, terms: [{over: [m], values: \"1 10001\"}]}\n",
         "whole numbers"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_catalog *catalog = NULL;
        mu_error err = {0};
        assert_int_equal(read(arena, bad[i][0], &catalog, &err), MU_E_INPUT);
        if (strstr(err.text, bad[i][1]) == NULL || err.line < 6) {
            fail_msg("%s: line %u: %s", bad[i][0], err.line, err.text);
        }
        mu_arena_free(arena);
    }
}

static double power_of_two(uint64_t stream, uint64_t index, double low, double high)
{
    return exp2(low + (high - low) * mu_random_uniform(9, stream, index));
}

/* Times of a shape and of twice its rows or sequences, of one operator after another. */
static void twice(const mu_chip *chip, uint64_t i, double time_s[2][4])
{
    mu_gemm gemm = {.m = power_of_two(0, i, 0, 14),
                    .n = (uint32_t)power_of_two(1, i, 7, 15),
                    .k = (uint32_t)power_of_two(2, i, 7, 15),
                    .activations = i % 2 == 0 ? MU_DTYPE_BF16 : MU_DTYPE_FP8,
                    .weights = i % 2 == 0 ? MU_DTYPE_BF16 : MU_DTYPE_FP8};
    uint32_t kv = 1U << i % 4;
    mu_attention_decode decode = {.sequences = power_of_two(3, i, 0, 9),
                                  .query_tokens = 1.0,
                                  .heads = kv * 8,
                                  .kv_heads = kv,
                                  .qk_dim = 128,
                                  .v_dim = 128,
                                  .kv = i % 2 == 0 ? MU_DTYPE_BF16 : MU_DTYPE_FP8};
    mu_attention_prefill prefill = {.sequences = power_of_two(4, i, 0, 6),
                                    .new_tokens = power_of_two(5, i, 0, 14),
                                    .heads = kv * 8,
                                    .kv_heads = kv,
                                    .qk_dim = 128,
                                    .v_dim = 128,
                                    .kv = decode.kv};
    mu_moe moe = {.local_experts = 64,
                  .hidden = (uint32_t)power_of_two(6, i, 10, 13),
                  .intermediate = (uint32_t)power_of_two(7, i, 8, 13),
                  .imbalance = 1.0,
                  .gated = true,
                  .activations = gemm.activations,
                  .weights = gemm.weights};
    double context = power_of_two(8, i, 4, 16);
    double tokens = power_of_two(10, i, 3, 13);
    for (int side = 0; side < 2; side++) {
        decode.context_sum = decode.sequences * context;
        moe.tokens = tokens * (1 + side);
        moe.pairs = 8.0 * moe.tokens / 4.0;
        moe.active_experts = mu_moe_active_experts(moe.tokens, 256, 8, 64);
        time_s[side][0] = mu_chip_gemm(chip, &gemm).time_s;
        time_s[side][1] = mu_chip_attention_decode(chip, &decode).time_s;
        time_s[side][2] = mu_chip_attention_prefill(chip, &prefill).time_s;
        time_s[side][3] = mu_chip_moe(chip, &moe).time_s;
        gemm.m *= 2.0;
        decode.sequences *= 2.0;
        prefill.new_tokens *= 2.0;
    }
}

static void twice_the_work_takes_longer(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    assert_int_equal(mu_catalog_load(arena, NULL, &catalog, &err), MU_OK);
    uint32_t with_surface = 0;
    for (uint32_t c = 0; c < mu_catalog_count(catalog, MU_ENTITY_CHIP); c++) {
        const mu_entity *e = mu_catalog_at(catalog, MU_ENTITY_CHIP, c);
        mu_draw point = {.plan = NULL, .index = 0};
        mu_chip chip;
        uint32_t ranks = 0;
        assert_int_equal(mu_chip_from_catalog(catalog, e, point, &chip, &ranks, &err), MU_OK);
        with_surface += chip.surface[MU_SURFACE_GEMM_BF16] != NULL ? 1 : 0;
        for (uint64_t i = 0; i < SHAPES; i++) {
            double time_s[2][4];
            twice(&chip, i, time_s);
            for (int op = 0; op < 4; op++) {
                if (!(time_s[1][op] >= 0.95 * time_s[0][op])) {
                    fail_msg("%s: operator %d of shape %d: %g s, twice the work %g s", e->id, op,
                             (int)i, time_s[0][op], time_s[1][op]);
                }
            }
        }
    }
    assert_true(with_surface >= 5);
    mu_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(constant_beyond),
        cmocka_unit_test(finds_what_is_there),
        cmocka_unit_test(finds_nothing_in_noise),
        cmocka_unit_test(no_dents),
        cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(is_read),
        cmocka_unit_test(refused),
        cmocka_unit_test(twice_the_work_takes_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
