/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   bills are right and tie out; break-evens are where owning and renting cost the same.
 * Method: a bill worked by hand, with and without interest; random bills whose totals must be their
 *         items' sums to the last bit; dearer inputs; both sides evaluated where they cross.
 */
#include "base/random.h"
#include "economics/cost.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BILLS = 2000 };

static void assert_close(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want))) {
        fail_msg("got %.17g, expected %.17g within %g", got, want, relative);
    }
}

/* Eight chips for 800 thousand, half used, in a hall for 10 kW. */
static mu_cost_input example(void)
{
    return (mu_cost_input){.chips = 8,
                           .system_usd = 800e3,
                           .chips_usd = 600e3,
                           .hosts_usd = 50e3,
                           .network_usd = 80e3,
                           .optics_usd = 20e3,
                           .storage_usd = 10e3,
                           .installation = 0.05,
                           .power_usd_per_w = 5,
                           .cooling_usd_per_w = 2,
                           .planned_w = 10e3,
                           .load_w = 8e3,
                           .idle_w = 2e3,
                           .pue = 1.2,
                           .utilisation = 0.5,
                           .years = 5,
                           .hall_years = 10,
                           .residual = 0.1,
                           .electricity_usd_per_kwh = 0.1,
                           .subsidy = 0.5,
                           .staff_usd = 100e3,
                           .staff_per_w = 1e-6,
                           .racks = 2,
                           .space_usd = 3e3,
                           .maintenance = 0.02,
                           .spares = 0.01};
}

/* By hand: capital 910,000; a year 192,629.80; 2.7468 USD for each of 8 x 8,766 hours. */
static void a_bill_worked_by_hand(void **state)
{
    (void)state;
    mu_cost_input in = example();
    mu_bill bill;
    mu_cost_bill(&in, &bill);
    const double capital[] = {600e3, 90e3, 80e3, 20e3, 0, 10e3, 40e3, 50e3, 20e3};
    const double year[] = {152e3, 7e3, 0, 2629.8, 1e3, 6e3, 16e3, 8e3};
    for (int i = 0; i < MU_CAPITAL_COUNT; i++) {
        assert_close(bill.capital_usd[i], capital[i], 1e-12);
    }
    for (int i = 0; i < MU_YEAR_COUNT; i++) {
        assert_close(bill.year_usd[i], year[i], 1e-12);
    }
    assert_close(bill.capital_total_usd, 910e3, 1e-12);
    assert_close(bill.year_total_usd, 192629.8, 1e-12);
    assert_close(bill.chip_hour_total_usd, 2.746831508099475, 1e-12);
    assert_close(bill.used_chip_hour_usd, 2 * 2.746831508099475, 1e-12);
}

/* At 10 %: capital recovery factors 0.26380 of 5 and 0.16275 of 10 years, sinking fund 0.16380. */
static void interest_worked_by_hand(void **state)
{
    (void)state;
    mu_cost_input in = example();
    in.cost_of_capital = 0.1;
    mu_bill bill;
    mu_cost_bill(&in, &bill);
    double paid = 840e3 * 0.2637974808 - 80e3 * 0.1637974808 + 70e3 * 0.1627453949;
    assert_close(bill.year_usd[MU_YEAR_CAPITAL], paid - 152e3 - 7e3, 1e-8);
    assert_close(bill.year_usd[MU_YEAR_DEPRECIATION], 152e3, 1e-12);
}

/* Where the parts are more than the whole, all give way alike. */
static void parts_never_exceed_the_whole(void **state)
{
    (void)state;
    mu_cost_input in = example();
    in.chips_usd = 1500e3; /* 1.66 million together */
    mu_bill bill;
    mu_cost_bill(&in, &bill);
    assert_close(bill.capital_usd[MU_CAPITAL_CHIPS], 1500e3 * 800 / 1660, 1e-12);
    assert_close(bill.capital_usd[MU_CAPITAL_HOSTS], 50e3 * 800 / 1660, 1e-12);
    assert_close(bill.capital_usd[MU_CAPITAL_OPTICS], 20e3 * 800 / 1660, 1e-12);
    in.system_usd = 0.0; /* no price of the whole: they add up */
    mu_cost_bill(&in, &bill);
    assert_close(bill.capital_usd[MU_CAPITAL_CHIPS], 1500e3, 1e-12);
    assert_close(bill.capital_usd[MU_CAPITAL_INSTALLATION], 0.05 * 1660e3, 1e-12);
}

static double between(uint64_t bill, uint64_t what, double low, double high)
{
    return low * pow(high / low, mu_random_uniform(7, what, bill));
}

static mu_cost_input random_bill(uint64_t i)
{
    mu_cost_input in = {.chips = floor(between(i, 0, 1, 1e5)),
                        .pue = between(i, 1, 1, 2),
                        .utilisation = between(i, 2, 0.05, 1),
                        .years = between(i, 3, 1, 10),
                        .hall_years = between(i, 4, 5, 30),
                        .residual = between(i, 5, 0.01, 0.5),
                        .cost_of_capital = i % 5 == 0 ? 0.0 : between(i, 6, 1e-6, 0.4),
                        .installation = between(i, 7, 0.001, 0.1),
                        .power_usd_per_w = between(i, 8, 1, 10),
                        .cooling_usd_per_w = between(i, 9, 1, 10),
                        .electricity_usd_per_kwh = between(i, 10, 0.01, 0.5),
                        .subsidy = i % 3 == 0 ? 0.5 : 0.0,
                        .staff_usd = between(i, 11, 1e4, 1e6),
                        .staff_per_w = between(i, 12, 1e-7, 1e-5),
                        .space_usd = between(i, 13, 100, 1e4),
                        .maintenance = between(i, 14, 0.001, 0.1),
                        .spares = between(i, 15, 0.001, 0.1)};
    double chip_usd = between(i, 16, 1e3, 1e5);
    in.planned_w = in.chips * between(i, 17, 300, 3000);
    in.load_w = in.planned_w * between(i, 18, 0.4, 1);
    in.idle_w = in.load_w * between(i, 19, 0.1, 1);
    in.chips_usd = in.chips * chip_usd;
    in.hosts_usd = in.chips_usd * between(i, 20, 0.01, 0.5);
    in.network_usd = in.chips_usd * between(i, 21, 0.01, 0.5);
    in.optics_usd = in.chips_usd * between(i, 22, 0.001, 0.2);
    in.racks = in.planned_w / 40e3;
    in.racks_usd = in.racks * 3e3;
    in.system_usd = i % 4 == 0 ? 0.0 : in.chips_usd * between(i, 23, 0.3, 3);
    return in;
}

static double sum(const double value[], int count)
{
    double total = 0.0;
    for (int i = 0; i < count; i++) {
        total += value[i];
    }
    return total;
}

static void totals_are_sums_to_the_last_bit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < BILLS; i++) {
        mu_cost_input in = random_bill(i);
        mu_bill bill;
        mu_error err = {0};
        assert_int_equal(mu_cost_check(&in, &err), MU_OK);
        mu_cost_bill(&in, &bill);
        assert_true(bill.capital_total_usd == sum(bill.capital_usd, MU_CAPITAL_COUNT));
        assert_true(bill.year_total_usd == sum(bill.year_usd, MU_YEAR_COUNT));
        assert_true(bill.chip_hour_total_usd == sum(bill.chip_hour_usd, MU_YEAR_COUNT));
        for (int k = 0; k < MU_YEAR_COUNT; k++) {
            assert_true(bill.year_usd[k] >= 0.0);
        }
        double parts = sum(bill.capital_usd, MU_SYSTEM_PARTS);
        if (in.system_usd > 0.0) {
            assert_close(parts, in.system_usd, 1e-12);
        }
        for (int k = 0; k < MU_CAPITAL_COUNT; k++) {
            assert_true(bill.capital_usd[k] >= 0.0);
        }
        double years = bill.year_total_usd / MU_HOURS_PER_YEAR / in.chips;
        assert_close(bill.chip_hour_total_usd, years, 1e-12);
    }
}

static void dearer_is_never_cheaper(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < BILLS; i++) {
        mu_cost_input in = random_bill(i);
        double *const raised[] = {&in.electricity_usd_per_kwh,
                                  &in.pue,
                                  &in.load_w,
                                  &in.cost_of_capital,
                                  &in.staff_usd,
                                  &in.space_usd,
                                  &in.spares,
                                  &in.maintenance,
                                  &in.power_usd_per_w,
                                  &in.installation,
                                  &in.chips_usd,
                                  &in.system_usd};
        for (size_t k = 0; k < sizeof raised / sizeof *raised; k++) {
            mu_bill before;
            mu_bill after;
            mu_cost_bill(&in, &before);
            double was = *raised[k];
            *raised[k] = was * 1.1;
            mu_cost_bill(&in, &after);
            *raised[k] = was;
            assert_true(after.chip_hour_total_usd >= before.chip_hour_total_usd * (1.0 - 1e-12));
            mu_token_cost a = mu_cost_tokens(before.used_chip_hour_usd, 2.0, 1000, 100, 0.4);
            mu_token_cost b = mu_cost_tokens(after.used_chip_hour_usd, 2.0, 1000, 100, 0.4);
            assert_true(b.million_input_usd >= a.million_input_usd * (1.0 - 1e-12));
            assert_true(b.million_output_usd >= a.million_output_usd * (1.0 - 1e-12));
        }
    }
}

/* 36 USD an hour at 2 requests/s: half a cent each, two fifths of it for a thousand of input. */
static void tokens_worked_by_hand(void **state)
{
    (void)state;
    mu_token_cost cost = mu_cost_tokens(36.0, 2.0, 1000, 100, 0.4);
    assert_close(cost.request_usd, 0.005, 1e-12);
    assert_close(cost.million_input_usd, 2.0, 1e-12);
    assert_close(cost.million_output_usd, 30.0, 1e-12);
    assert_true(cost.request_usd == cost.input_usd + cost.output_usd);
    assert_close(mu_cost_input_share(1.0, 3.0), 0.25, 1e-15);
    assert_close(mu_cost_input_share(0.0, 0.0), 0.5, 1e-15);
    assert_close(mu_cost_margin(2.0, 1.5), 0.25, 1e-15);
}

static void use_breaks_even_where_both_cost_the_same(void **state)
{
    (void)state;
    int crossed = 0;
    int never = 0;
    for (uint64_t i = 0; i < BILLS; i++) {
        mu_cost_input in = random_bill(i);
        double rent = mu_cost_chip_hour(&in, 1.0) * between(i, 30, 0.5, 5);
        double use = mu_cost_break_even_use(&in, rent);
        if (isfinite(use)) {
            crossed++;
            assert_close(mu_cost_chip_hour(&in, use), rent * use, 1e-9);
            double more = fmin(use * 1.01, 1.0);
            assert_true(mu_cost_chip_hour(&in, more) <= rent * more * (1.0 + 1e-9));
            assert_true(mu_cost_chip_hour(&in, use * 0.99) > rent * use * 0.99);
        } else {
            never++;
            assert_true(mu_cost_chip_hour(&in, 1.0) > rent);
        }
    }
    assert_true(crossed > BILLS / 5 && never > BILLS / 5);
}

static void months_break_even_where_both_cost_the_same(void **state)
{
    (void)state;
    int crossed = 0;
    int never = 0;
    for (uint64_t i = 0; i < BILLS; i++) {
        mu_cost_input in = random_bill(i);
        double rent = mu_cost_chip_hour(&in, in.utilisation) / in.utilisation;
        rent *= between(i, 31, 0.5, 5);
        double months = mu_cost_break_even_months(&in, rent);
        double life = 12.0 * in.years;
        if (isfinite(months)) {
            crossed++;
            double owned = mu_cost_owned_usd(&in, months);
            assert_close(mu_cost_rented_usd(&in, rent, months), owned, 1e-9);
            assert_true(mu_cost_rented_usd(&in, rent, months * 0.98) <
                        mu_cost_owned_usd(&in, months * 0.98));
            assert_true(mu_cost_rented_usd(&in, rent, months * 1.02) >
                        mu_cost_owned_usd(&in, months * 1.02));
            assert_true(months <= life);
        } else {
            never++;
            assert_true(mu_cost_rented_usd(&in, rent, life) <
                        mu_cost_owned_usd(&in, life) * (1.0 + 1e-9));
        }
    }
    assert_true(crossed > BILLS / 5 && never > BILLS / 5);
}

static void bad_inputs_are_named(void **state)
{
    (void)state;
    mu_cost_input in = example();
    const struct {
        double *field;
        double value;
        const char *message;
    } rows[] = {
        {&in.system_usd, -1.0, "price of the system: expected 0 to 1e+15, found -1"},
        {&in.utilisation, 0.0, "utilisation: expected 1e-09 to 1, found 0"},
        {&in.utilisation, 1.01, "utilisation: expected 1e-09 to 1, found 1.01"},
        {&in.years, 0.0, "years: expected 0.001 to 1000, found 0"},
        {&in.pue, 0.9, "PUE: expected 1 to 100, found 0.9"},
        {&in.electricity_usd_per_kwh, NAN, "price of electricity: expected 0 to 10000, found nan"},
        {&in.chips, 0.0, "chips: expected 1e-09 to 1e+12, found 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mu_error err = {0};
        double was = *rows[i].field;
        *rows[i].field = rows[i].value;
        assert_int_equal(mu_cost_check(&in, &err), MU_E_INPUT);
        assert_string_equal(err.text, rows[i].message);
        *rows[i].field = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bill_worked_by_hand),
        cmocka_unit_test(interest_worked_by_hand),
        cmocka_unit_test(parts_never_exceed_the_whole),
        cmocka_unit_test(totals_are_sums_to_the_last_bit),
        cmocka_unit_test(dearer_is_never_cheaper),
        cmocka_unit_test(tokens_worked_by_hand),
        cmocka_unit_test(use_breaks_even_where_both_cost_the_same),
        cmocka_unit_test(months_break_even_where_both_cost_the_same),
        cmocka_unit_test(bad_inputs_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
