/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a roadmap holds what a vendor has, in order, with the figures that plan and the facts
 *         give; a date keeps out what is not there by then.
 * Method: vendors of the built-in catalogue against its own entities; one milestone against a
 *         prediction of the same; dates around the launches of systems.
 */
#include "recipe_helper.h"

#include "study/available.h"
#include "study/roadmap.h"

#include <math.h>

static void test_order(void **state)
{
    (void)state;
    mu_milestone *list = NULL;
    uint32_t count = 0;
    bool chip = false;
    bool system = false;
    assert_int_equal(mu_roadmap_find(t.catalog, "HUAWEI", t.arena, &list, &count, &t.err), MU_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(strncmp(list[i].entity->vendor, "Huawei", 6) == 0);
        chip = chip || strcmp(list[i].entity->id, "ascend-970") == 0;
        system = system || strcmp(list[i].entity->id, "cloudmatrix-384") == 0;
        bool later = i == 0 || list[i].launch.text == NULL ||
                     list[i].launch.years.best >= list[i - 1].launch.years.best;
        assert_true(later);
    }
    assert_true(chip && system);
}

/* The first word of a vendor is enough, a part of a word is not. */
static void test_names(void **state)
{
    (void)state;
    mu_milestone *list = NULL;
    uint32_t all = 0;
    uint32_t some = 0;
    assert_int_equal(mu_roadmap_find(t.catalog, "baidu kunlunxin", t.arena, &list, &all, &t.err),
                     MU_OK);
    assert_int_equal(mu_roadmap_find(t.catalog, "baidu", t.arena, &list, &some, &t.err), MU_OK);
    assert_true(some >= all && all > 0);
    assert_int_equal(mu_roadmap_find(t.catalog, "Kunlunxin", t.arena, &list, &some, &t.err), MU_OK);
    assert_int_equal(some, all);
    static const char *const bad[] = {"bai", "", "lunxin", " ", "Huwaei", "no such vendor at all"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_error err = {0};
        assert_int_equal(mu_roadmap_find(t.catalog, bad[i], t.arena, &list, &all, &err),
                         MU_E_INPUT);
    }
}

static void test_figures(void **state)
{
    (void)state;
    const char *const flags[] = {"model", "llama-3.1-8b", "system", "cloudmatrix-384",
                                 "tpot",  "50ms",         NULL};
    mu_scenario s = scenario_of(flags);
    mu_question q;
    mu_prediction p;
    mu_milestone m = {0};
    mu_milestone gone = {0};
    mu_error err = {0};
    assert_int_equal(
        mu_catalog_find(t.catalog, MU_ENTITY_SYSTEM, "cloudmatrix-384", &m.entity, &err), MU_OK);
    assert_int_equal(mu_roadmap_answer(t.catalog, &s, &t.work, &m, &err), MU_OK);
    assert_int_equal(mu_question_make(t.catalog, &s, NULL, t.arena, &q, &err), MU_OK);
    assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_OK);
    assert_true(m.answered && m.chips == 384.0);
    assert_true(m.tokens_per_s_per_chip.value == p.output_tokens_per_s_per_chip.value);
    mu_quantity kw = p.power.output_tokens_per_s_per_kw;
    assert_true(fabs(m.tokens_per_s_per_w.value * 1e3 / kw.value - 1.0) < 1e-12);
    assert_true(fabs(m.tokens_per_s_per_w.low * 1e3 / kw.low - 1.0) < 1e-12);
    assert_true(fabs(m.memory.value / (384.0 * 128e9) - 1.0) < 1e-12);
    assert_true(m.bits8.value > m.bf16.value && m.bf16.low <= m.bf16.value);
    /* a chip that no system has */
    mu_catalog *own = NULL;
    assert_int_equal(catalog_with("kind: chip\nid: lone\nname: Lone\nvendor: Me\n"
                                  "inherits: h100-sxm\nlaunched: 2026\n",
                                  &own, &err),
                     MU_OK);
    assert_int_equal(mu_catalog_find(own, MU_ENTITY_CHIP, "lone", &gone.entity, &err), MU_OK);
    assert_int_equal(mu_roadmap_answer(own, &s, &t.work, &gone, &err), MU_OK);
    assert_true(!gone.answered && gone.why[0] != '\0' && gone.bf16.value > 0.0);
}

static void test_by(void **state)
{
    (void)state;
    static const struct {
        const char *by;
        bool launched, doubtful;
    } cases[] = {{"2026-06", false, false}, {"2026-06-30", false, false}, {"2026-07", true, true},
                 {"2026H2", true, false},   {"2026", true, false},        {"2027-01", true, false}};
    const char *const flags[] = {"model", "llama-3.1-8b", "system", "tianchi-512", NULL};
    mu_scenario s = scenario_of(flags);
    mu_question q;
    mu_available a;
    mu_error err = {0};
    assert_int_equal(mu_question_make(t.catalog, &s, NULL, t.arena, &q, &err), MU_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mu_error no = {0};
        assert_int_equal(mu_available_by(&q, cases[i].by, t.arena, &a, &err), MU_OK);
        assert_int_equal(a.launched, cases[i].launched);
        assert_int_equal(a.launched && a.doubtful, cases[i].doubtful);
        assert_int_equal(mu_available_check(&a, cases[i].by, &no),
                         cases[i].launched ? MU_OK : MU_NO);
    }
    assert_int_equal(mu_available_by(&q, "soon", t.arena, &a, &err), MU_E_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_by),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
