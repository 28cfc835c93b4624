/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   failure rates are those of the catalogue, a system's own go before the common ones, and
 *         the shipped ones say what was counted in the field.
 * Method: rates worked out from the published counts; overlays of the compiled-in catalogue.
 */
#include "overlay_helper.h"

#include "fabric/reliability.h"

#include <math.h>

static const mu_entity *system_of(const mu_catalog *catalog, const char *id)
{
    const mu_entity *system = NULL;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_SYSTEM, id, &system, NULL), MU_OK);
    return system;
}

static mu_fault_rates rates_of(const mu_catalog *catalog, const mu_entity *system, mu_draw draw)
{
    mu_fault_rates rates = {.chip = {-1.0, -1.0}};
    mu_error err = {0};
    if (mu_reliability_from_catalog(catalog, system, draw, &rates, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return rates;
}

/* Interruptions of a Llama 3 run that were neither software nor network: 323 in 54 days. */
static void says_what_was_counted(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    const mu_fault_rates rates = rates_of(catalog, NULL, (mu_draw){NULL, 0});
    double run_h = 54.0 * 24.0;
    assert_near(rates.chip.per_hour * 16384.0 * run_h, 323.0, 2.0);
    /* 0.057 % of links a month, 730 h; some three optical links a GPU: 35 or more in the run */
    assert_true(rates.optics.per_hour >= 0.00057 / 730.0);
    assert_near(rates.optics.per_hour * 16384.0 * 3.0 * run_h, 50.0, 20.0);
    assert_true(rates.link.per_hour < rates.optics.per_hour);
    assert_true(rates.switches.per_hour > 0.00051 / 730.0);
    assert_true(rates.switches.per_hour < 0.02 / (0.25 * 8760.0));
    assert_true(rates.chip.mend_h > 0.0 && rates.switches.mend_h > 0.0);
}

static void all_positive_in_every_draw(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    const mu_entity *system = system_of(catalog, "cloudmatrix-384");
    mu_draw_plan *plan = mu_draw_plan_create(arena, 7);
    double most = 0.0;
    double least = INFINITY;
    for (uint32_t i = 0; i < 128; i++) {
        const mu_fault_rates rates = rates_of(catalog, system, (mu_draw){plan, i});
        const mu_part_rate part[] = {rates.chip, rates.link, rates.optics, rates.switches};
        for (size_t k = 0; k < sizeof part / sizeof part[0]; k++) {
            assert_true(part[k].per_hour > 0.0 && part[k].per_hour < 1e-3);
            assert_true(part[k].mend_h > 0.0 && part[k].mend_h < 1000.0);
        }
        most = fmax(most, rates.chip.per_hour);
        least = fmin(least, rates.chip.per_hour);
    }
    assert_true(most > 3e-5 && least < 1.3e-5);
    assert_int_equal(mu_draw_plan_count(plan), 8);
}

#define HEAD(id) "kind: calibration\nid: " id "\nname: Own\nsource: hpcc-draft\ngrade: B\nparams:\n"

static void a_systems_own_go_first(void **state)
{
    (void)state;
    const mu_catalog *catalog =
        overlaid(HEAD("cloudmatrix-384-faults") "  optics_per_hour: {best: 5.0e-06}\n");
    const mu_draw point = {NULL, 0};
    const mu_fault_rates common = rates_of(catalog, system_of(catalog, "hgx-h100"), point);
    const mu_fault_rates own = rates_of(catalog, system_of(catalog, "cloudmatrix-384"), point);
    assert_near(own.optics.per_hour, 5e-6, 0.0);
    assert_true(common.optics.per_hour < 5e-6);
    assert_near(own.chip.per_hour, common.chip.per_hour, 0.0);
    assert_near(own.optics.mend_h, common.optics.mend_h, 0.0);
}

static void bad_parameters_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } bad[] = {
        {HEAD("hgx-h100-faults") "  chip_per_hour: {best: 2}\n", "chip_per_hour: expected"},
        {HEAD("hgx-h100-faults") "  link_mend_h: {best: -1}\n", "link_mend_h: expected"},
        {HEAD("hgx-h100-faults") "  chip_per_hours: {best: 1.0e-05}\n",
         "did you mean chip_per_hour"},
        {HEAD("fault-rates") "  chip_per_hour: {best: 1.0e-05}\n", "no parameter chip_mend_h"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const mu_catalog *catalog = overlaid(bad[i].text);
        mu_fault_rates rates = {.chip = {-1.0, -1.0}};
        mu_error err = {0};
        assert_int_equal(mu_reliability_from_catalog(catalog, system_of(catalog, "hgx-h100"),
                                                     (mu_draw){NULL, 0}, &rates, &err),
                         MU_E_INPUT);
        if (strstr(err.text, bad[i].said) == NULL) {
            fail_msg("case %zu says: %s", i, err.text);
        }
        assert_near(rates.chip.per_hour, -1.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_counted),
        cmocka_unit_test(all_positive_in_every_draw),
        cmocka_unit_test(a_systems_own_go_first),
        cmocka_unit_test(bad_parameters_are_named),
    };
    return cmocka_run_group_tests_name("reliability", tests, overlay_open, overlay_close);
}
