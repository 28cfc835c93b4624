/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   die counts are exact and of the best grid; yields are the textbook's; harvesting counts
 *         the dies it says it counts.
 * Method: dies one by one with all four corners, over a fine raster of offsets; the formulas worked
 *         by hand; yields worked in closed form; harvesting against dies with defects thrown at
 *         them; laws that must hold for any die.
 */
#include "base/random.h"
#include "economics/wafer.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const mu_wafer usual = {300.0, 3.0, 0.1};

static void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

/* Every die of a wide grid, whole when all its corners lie in the usable circle. */
static uint32_t one_by_one(const mu_wafer *wafer, const mu_die *die, double x0, double y0)
{
    double radius = 0.5 * wafer->diameter_mm - wafer->edge_mm;
    double step_x = die->width_mm + wafer->scribe_mm;
    double step_y = die->height_mm + wafer->scribe_mm;
    int columns = (int)(radius / step_x) + 3;
    int rows = (int)(radius / step_y) + 3;
    uint32_t whole = 0;
    for (int i = -columns; i <= columns; i++) {
        for (int j = -rows; j <= rows; j++) {
            double x = x0 + i * step_x;
            double y = y0 + j * step_y;
            double r1 = fmax(hypot(x, y), hypot(x + die->width_mm, y));
            double r2 =
                fmax(hypot(x, y + die->height_mm), hypot(x + die->width_mm, y + die->height_mm));
            whole += fmax(r1, r2) <= radius + 1e-9 ? 1U : 0U;
        }
    }
    return whole;
}

static mu_die some_die(uint64_t k)
{
    return (mu_die){8.0 + 18.0 * mu_random_uniform(3, 0, k),
                    8.0 + 25.0 * mu_random_uniform(3, 1, k)};
}

static void counts_as_one_by_one(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 400; k++) {
        const mu_die die = some_die(k);
        double x = 60.0 * mu_random_uniform(3, 2, k) - 30.0;
        double y = 60.0 * mu_random_uniform(3, 3, k) - 30.0;
        assert_int_equal(mu_wafer_dies_at(&usual, &die, x, y), one_by_one(&usual, &die, x, y));
    }
}

static void no_offset_is_better(void **state)
{
    enum { RASTER = 60 };
    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        const mu_die die = some_die(k);
        const mu_wafer wafer = {k % 3 == 0 ? 200.0 : 300.0, (double)(k % 4),
                                0.05 * (double)(k % 5)};
        mu_die_grid best = mu_wafer_dies(&wafer, &die);
        assert_int_equal(best.dies, one_by_one(&wafer, &die, best.x_mm, best.y_mm));
        for (int i = 0; i < RASTER; i++) {
            for (int j = 0; j < RASTER; j++) {
                double x = (die.width_mm + wafer.scribe_mm) * i / RASTER;
                double y = (die.height_mm + wafer.scribe_mm) * j / RASTER;
                assert_true(mu_wafer_dies_at(&wafer, &die, x, y) <= best.dies);
            }
        }
    }
}

/* Small dies are sampled: no worse than the formulas of those who fitted them to counts. */
static void small_dies_are_close(void **state)
{
    (void)state;
    for (double side = 1.0; side < 8.0; side += 0.7) {
        const mu_die die = {side, 1.2 * side};
        double formula = mu_wafer_dies_by(&usual, &die, MU_DIES_DE_VRIES);
        uint32_t dies = mu_wafer_dies(&usual, &die).dies;
        assert_true(dies >= 0.995 * formula && dies <= 1.02 * formula + 2.0);
    }
}

/* A square of 210 mm has its corners 148.5 mm from its middle; four of 100 mm fit as one of 200. */
static void known_counts(void **state)
{
    (void)state;
    const mu_wafer bare = {300.0, 0.0, 0.0};
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){210.0, 210.0}).dies, 1);
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){213.0, 213.0}).dies, 0);
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){100.0, 100.0}).dies, 4);
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){180.0, 240.0}).dies, 1); /* 3-4-5: just so */
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){180.1, 240.0}).dies, 0);
    assert_int_equal(mu_wafer_dies(&usual, &(mu_die){180.0, 240.0}).dies, 0);
    assert_int_equal(mu_wafer_dies(&bare, &(mu_die){100.0, 74.0}).dies, 6);
}

static void formulas_by_hand(void **state)
{
    (void)state;
    const mu_wafer bare = {300.0, 0.0, 0.0};
    const mu_die die = {10.0, 10.0};
    double all = 3.14159265358979 * 9.0e4 / 400.0; /* 706.858 */
    assert_near(mu_wafer_dies_by(&bare, &die, MU_DIES_AREA), 706.858, 1e-3);
    assert_near(mu_wafer_dies_by(&bare, &die, MU_DIES_COMMON), 640.215, 1e-2);
    assert_near(mu_wafer_dies_by(&bare, &die, MU_DIES_DE_VRIES), 652.195, 1e-2);
    assert_near(mu_wafer_dies_by(&bare, &die, MU_DIES_EXPONENTIAL), all * exp(-1.0 / 15.0), 1e-3);
    assert_near(mu_wafer_dies_by(&bare, &die, MU_DIES_SQUARED), all * 14.0 * 14.0 / 225.0, 1e-3);
    /* scribe lines belong to the die, the rim not to the wafer */
    const mu_wafer rim = {306.0, 3.0, 0.5};
    const mu_die smaller = {9.5, 9.5};
    assert_near(mu_wafer_dies_by(&rim, &smaller, MU_DIES_COMMON), 640.215, 1e-2);
}

/* de Vries found his formula to be within a few percent of exact counts. */
static void formula_of_de_vries_is_near(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 60; k++) {
        const mu_die die = some_die(k);
        double ratio =
            mu_wafer_dies(&usual, &die).dies / mu_wafer_dies_by(&usual, &die, MU_DIES_DE_VRIES);
        assert_true(ratio > 0.95 && ratio < 1.13);
    }
}

static void reticle(void **state)
{
    (void)state;
    assert_true(mu_die_fits_reticle(&(mu_die){26.0, 33.0}));
    assert_true(mu_die_fits_reticle(&(mu_die){33.0, 26.0}));
    assert_false(mu_die_fits_reticle(&(mu_die){26.1, 33.0}));
    assert_false(mu_die_fits_reticle(&(mu_die){10.0, 33.1}));
    mu_die square = mu_die_of_area(400.0);
    assert_near(square.width_mm, 20.0, 1e-12);
    mu_die tall = mu_die_of_area(814.0);
    assert_near(tall.width_mm, 26.0, 1e-12);
    assert_near(tall.width_mm * tall.height_mm, 814.0, 1e-9);
}

/* One defect a die on average: 36.8, 40.0, 50 and, at alpha 2, 44.4 %. */
static void textbook_yields(void **state)
{
    (void)state;
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_POISSON, 0}, 1.0), 0.3678794412, 1e-9);
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_MURPHY, 0}, 1.0), 0.3995764009, 1e-9);
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_SEEDS, 0}, 1.0), 0.5, 1e-12);
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_NEGATIVE_BINOMIAL, 2.0}, 1.0), 4.0 / 9.0,
                1e-12);
    /* Hennessy and Patterson: 2.25 cm2 at 0.4 a cm2 and alpha 4 is 44 %, 1 cm2 is 68 % */
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_NEGATIVE_BINOMIAL, 4.0}, 0.9), 0.44, 5e-3);
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_NEGATIVE_BINOMIAL, 4.0}, 0.4), 0.68, 5e-3);
    /* nothing breaks without defects; many clusters are Poisson, alpha 1 is Seeds */
    for (int m = 0; m < MU_YIELD_MODELS; m++) {
        assert_near(mu_yield_clean((mu_yield_law){(mu_yield_model)m, 3.0}, 0.0), 1.0, 0.0);
    }
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_NEGATIVE_BINOMIAL, 1e9}, 2.0), exp(-2.0),
                1e-8);
    assert_near(mu_yield_clean((mu_yield_law){MU_YIELD_NEGATIVE_BINOMIAL, 1.0}, 2.0), 1.0 / 3.0,
                1e-12);
}

/* Poisson: each core is whole with exp(-its defects), the rest must be whole. */
static void harvest_in_closed_form(void **state)
{
    (void)state;
    const mu_yield_law law = {MU_YIELD_POISSON, 0};
    const mu_harvest h = {10, 2, 0.6};
    double defects = 1.7;
    double whole = exp(-0.6 * defects / 10.0);
    double binomial = pow(whole, 10.0) + 10.0 * pow(whole, 9.0) * (1.0 - whole) +
                      45.0 * pow(whole, 8.0) * (1.0 - whole) * (1.0 - whole);
    assert_near(mu_yield_harvested(law, defects, &h), exp(-0.4 * defects) * binomial, 1e-12);
}

/* A gamma-distributed mean by quadrature over the closed form above; a triangle likewise. */
static double mixed(mu_yield_law law, double defects, const mu_harvest *h)
{
    enum { STEPS = 200000 };
    double most = law.model == MU_YIELD_MURPHY ? 2.0 * defects : 60.0 * defects;
    double sum = 0.0;
    double weights = 0.0;
    for (int i = 0; i < STEPS; i++) {
        double mean = most * (i + 0.5) / STEPS;
        double alpha = law.model == MU_YIELD_SEEDS ? 1.0 : law.alpha;
        double weight = law.model == MU_YIELD_MURPHY
                            ? fmin(mean, most - mean)
                            : pow(mean, alpha - 1.0) * exp(-alpha * mean / defects);
        sum += weight * mu_yield_harvested((mu_yield_law){MU_YIELD_POISSON, 0}, mean, h);
        weights += weight;
    }
    return sum / weights;
}

static void harvest_of_mixtures(void **state)
{
    (void)state;
    const mu_harvest h = {24, 4, 0.55};
    const mu_yield_law laws[] = {
        {MU_YIELD_MURPHY, 0}, {MU_YIELD_SEEDS, 0}, {MU_YIELD_NEGATIVE_BINOMIAL, 3.0}};
    for (size_t i = 0; i < 3; i++) {
        assert_near(mu_yield_harvested(laws[i], 1.3, &h), mixed(laws[i], 1.3, &h), 1e-6);
    }
}

/* Dies with defects thrown at them. */
static void harvest_of_thrown_defects(void **state)
{
    enum { DIES = 40000, CORES = 12, SPARE = 3 };
    (void)state;
    const mu_harvest h = {CORES, SPARE, 0.7};
    uint32_t good = 0;
    uint64_t used = 0;
    for (uint32_t die = 0; die < DIES; die++) {
        bool broken[CORES] = {false};
        uint32_t count = 0;
        bool dead = false;
        /* arrivals at rate one until the mean is used up: a Poisson number of defects */
        for (double t = -log(mu_random_uniform(9, 0, used++)); t < 2.0;
             t -= log(mu_random_uniform(9, 0, used++))) {
            double place = mu_random_uniform(9, 1, used++);
            uint32_t core = (uint32_t)(place / 0.7 * CORES);
            dead = dead || place >= 0.7;
            if (place < 0.7 && !broken[core]) {
                broken[core] = true;
                count++;
            }
        }
        good += !dead && count <= SPARE ? 1U : 0U;
    }
    double yield = mu_yield_harvested((mu_yield_law){MU_YIELD_POISSON, 0}, 2.0, &h);
    assert_near(good / (double)DIES, yield, 4.0 * sqrt(0.25 / DIES));
}

static void yields_behave(void **state)
{
    (void)state;
    for (int m = 0; m < MU_YIELD_MODELS; m++) {
        const mu_yield_law law = {(mu_yield_model)m, 2.5};
        double before = 1.0;
        for (double defects = 0.0; defects < 40.0; defects += 0.37) {
            double more = 0.0;
            for (uint32_t spare = 0; spare < 144; spare += 13) {
                const mu_harvest h = {144, spare, 0.5};
                double yield = mu_yield_harvested(law, defects, &h);
                assert_true(yield > 0.0 && yield <= 1.0 && yield >= more - 1e-12);
                more = yield;
            }
            double clean = mu_yield_clean(law, defects);
            assert_true(clean <= before);
            before = clean;
        }
        /* all cores but one may break and all area is cores: nearly nothing kills */
        const mu_harvest all = {200, 199, 1.0};
        assert_true(mu_yield_harvested(law, 3.0, &all) > 0.999);
    }
}

static void yields_back_to_defects(void **state)
{
    (void)state;
    const mu_harvest none = {0};
    const mu_harvest some = {25, 1, 0.55};
    for (int m = 0; m < MU_YIELD_MODELS; m++) {
        const mu_yield_law law = {(mu_yield_model)m, 3.0};
        for (double yield = 0.05; yield < 1.0; yield += 0.09) {
            double defects = mu_yield_defects(law, yield, &some);
            assert_near(mu_yield_harvested(law, defects, &some), yield, 1e-9);
            assert_true(mu_yield_defects(law, yield, &none) <= defects);
        }
        assert_near(mu_yield_defects(law, 1.0, &none), 0.0, 0.0);
    }
    /* 40 % of 6.6561 cm2 by Poisson: 0.138 a cm2 */
    assert_near(mu_yield_defects((mu_yield_law){MU_YIELD_POISSON, 0}, 0.4, &none) / 6.6561, 0.1377,
                1e-4);
}

static void words(void **state)
{
    (void)state;
    mu_yield_model model = MU_YIELD_POISSON;
    for (int m = 0; m < MU_YIELD_MODELS; m++) {
        assert_true(mu_yield_model_parse(mu_yield_model_text((mu_yield_model)m), &model));
        assert_int_equal(model, m);
    }
    assert_true(mu_yield_model_parse("nb", &model));
    assert_false(mu_yield_model_parse("Poisson", &model));
    assert_false(mu_yield_model_parse("", &model));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_as_one_by_one),
        cmocka_unit_test(no_offset_is_better),
        cmocka_unit_test(small_dies_are_close),
        cmocka_unit_test(known_counts),
        cmocka_unit_test(formulas_by_hand),
        cmocka_unit_test(formula_of_de_vries_is_near),
        cmocka_unit_test(reticle),
        cmocka_unit_test(textbook_yields),
        cmocka_unit_test(harvest_in_closed_form),
        cmocka_unit_test(harvest_of_mixtures),
        cmocka_unit_test(harvest_of_thrown_defects),
        cmocka_unit_test(yields_behave),
        cmocka_unit_test(yields_back_to_defects),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
