/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   an uncertain input's name leads back to who says it. Method: names as the readers of the
 *         catalogue make them: facts, calibrations, profiles, tiers, dated facts, priors; and names
 *         that nobody knows.
 */
#include "study/origin.h"
#include "twin_helper.h"

static void facts_are_found(void **state)
{
    (void)state;
    const struct {
        const char *name;
        mu_dimension dimension;
        bool prior;
    } cases[] = {
        {"chip/h100-sxm/memory.bandwidth", MU_DIM_BYTE_RATE, false},
        {"system/hgx-h100/price", MU_DIM_MONEY, false},
        {"calibration/h100-sxm/gemm_bf16_wave", MU_DIM_NONE, false},
        {"calibration/cloudmatrix-384-fabric/scale_up_dispatch_launch_s", MU_DIM_TIME, false},
        {"engine/vllm/host_step", MU_DIM_TIME, false},
        {"foundry/china-hbm/lines.cxmt.monthly", MU_DIM_NONE, false},
        {"prior/gemm_fp4_wave", MU_DIM_NONE, true},
        {"prior/tier_latency_s", MU_DIM_TIME, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_origin o = mu_origin_of(t.catalog, NULL, cases[i].name);
        bool prior = strcmp(o.source, "prior") == 0;
        bool counted = o.dimension == MU_DIM_COUNT || o.dimension == MU_DIM_RATE;
        if (prior != cases[i].prior || (o.dimension != cases[i].dimension &&
                                        !(cases[i].dimension == MU_DIM_NONE && counted))) {
            fail_msg("%s: source %s, dimension %d", cases[i].name, o.source, (int)o.dimension);
        }
        assert_true(o.grade >= 'A' && o.grade <= 'D');
        assert_true(prior || mu_catalog_source(t.catalog, o.source) != NULL);
    }
}

static void a_fact_keeps_its_grade(void **state)
{
    (void)state;
    const mu_entity *chip = NULL;
    mu_fact fact;
    mu_error err = {0};
    assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_CHIP, "ascend-910c", &chip, &err), MU_OK);
    assert_int_equal(mu_catalog_fact(t.catalog, chip, "peak.bf16", true, &fact, &err), MU_OK);
    mu_origin o = mu_origin_of(t.catalog, NULL, "chip/ascend-910c/peak.bf16");
    assert_int_equal(o.grade, fact.grade);
    assert_string_equal(o.source, fact.source);
    assert_string_equal(o.note, fact.note);
}

static void nobody_knows(void **state)
{
    (void)state;
    const char *const names[] = {"",
                                 "/",
                                 "//",
                                 "a",
                                 "chip",
                                 "chip/",
                                 "chip//",
                                 "chip/nobody/peak.bf16",
                                 "chip/h100-sxm/no.such.fact",
                                 "engine/vllm/no_such",
                                 "workload/acceptance",
                                 "system/hgx-h100/_",
                                 "chip/h100-sxm/_s"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mu_origin o = mu_origin_of(t.catalog, NULL, names[i]);
        assert_int_equal(o.grade, 'D');
        assert_string_equal(o.source, "prior");
        assert_non_null(o.title);
        assert_non_null(o.note);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_found),
        cmocka_unit_test(a_fact_keeps_its_grade),
        cmocka_unit_test(nobody_knows),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
