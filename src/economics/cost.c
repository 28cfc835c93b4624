/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bills: capital, years, chip-hours, tokens, and owning against renting.
 *
 * Terms: annuity = equal payments a year that pay a sum back with interest.
 */
#include "economics/cost.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

const double MU_HOURS_PER_YEAR = 8766.0; /* 365.25 days */

static const double MONTHS_PER_YEAR = 12.0;
static const double SECONDS_PER_HOUR = 3600.0;
static const double WATTS_PER_KILOWATT = 1000.0;

static const struct {
    const char *key;
    const char *words;
} capital_texts[] =
    {
#define X(name, key, words) {key, words},
        MU_CAPITAL_LIST(X)
#undef X
},
  year_texts[] = {
#define X(name, key, words) {key, words},
      MU_YEAR_LIST(X)
#undef X
};

const char *mu_capital_key(int item)
{
    assert(item >= 0 && item < MU_CAPITAL_COUNT);
    return capital_texts[item].key;
}

const char *mu_capital_words(int item)
{
    assert(item >= 0 && item < MU_CAPITAL_COUNT);
    return capital_texts[item].words;
}

const char *mu_year_key(int item)
{
    assert(item >= 0 && item < MU_YEAR_COUNT);
    return year_texts[item].key;
}

const char *mu_year_words(int item)
{
    assert(item >= 0 && item < MU_YEAR_COUNT);
    return year_texts[item].words;
}

mu_status mu_cost_check(const mu_cost_input *in, mu_error *err)
{
    static const struct {
        const char *what;
        size_t offset;
        double low, high;
    } rows[] = {
#define X(field, what, low, high) {what, offsetof(mu_cost_input, field), low, high},
        MU_COST_INPUT_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value = *(const double *)((const char *)in + rows[i].offset);
        if (!(value >= rows[i].low && value <= rows[i].high)) {
            return mu_fail(err, MU_E_INPUT, "%s: expected %g to %g, found %g", rows[i].what,
                           rows[i].low, rows[i].high, value);
        }
    }
    return MU_OK;
}

static double sum(const double value[], int count)
{
    double total = 0.0;
    for (int i = 0; i < count; i++) {
        total += value[i];
    }
    return total;
}

/* Parts as shares of the whole where there is a price of the whole. */
static void split_system(const mu_cost_input *in, double part[MU_SYSTEM_PARTS])
{
    part[MU_CAPITAL_CHIPS] = in->chips_usd;
    part[MU_CAPITAL_HOSTS] = in->hosts_usd;
    part[MU_CAPITAL_NETWORK] = in->network_usd;
    part[MU_CAPITAL_OPTICS] = in->optics_usd;
    part[MU_CAPITAL_RACKS] = in->racks_usd;
    part[MU_CAPITAL_STORAGE] = in->storage_usd;
    if (in->system_usd <= 0.0) {
        return;
    }
    double known = sum(part, MU_SYSTEM_PARTS);
    if (known <= in->system_usd) {
        part[MU_CAPITAL_HOSTS] += in->system_usd - known;
        return;
    }
    for (int i = 0; i < MU_SYSTEM_PARTS; i++) {
        part[i] *= in->system_usd / known;
    }
}

/* Interest of a dollar in so many years. */
static double gain_of(double rate, double years)
{
    return expm1(years * log1p(rate));
}

/* Payments a year that leave `residual` of `sum` after so many years. */
static double annuity(double usd, double residual, double rate, double years)
{
    if (rate <= 0.0) {
        return (usd - residual * usd) / years;
    }
    double gain = gain_of(rate, years);
    return (usd + (usd - residual * usd) / gain) * rate;
}

static double system_usd(const double capital[])
{
    return sum(capital, MU_SYSTEM_PARTS);
}

static double hall_usd(const double capital[])
{
    return capital[MU_CAPITAL_POWER] + capital[MU_CAPITAL_COOLING];
}

static double electricity_usd(const mu_cost_input *in, double utilisation)
{
    double mean_w = utilisation * in->load_w + (1.0 - utilisation) * in->idle_w;
    double kwh = mean_w * in->pue / WATTS_PER_KILOWATT * MU_HOURS_PER_YEAR;
    return kwh * in->electricity_usd_per_kwh * (1.0 - in->subsidy);
}

static void fill_capital(const mu_cost_input *in, mu_bill *out)
{
    double *capital = out->capital_usd;
    split_system(in, capital);
    capital[MU_CAPITAL_INSTALLATION] = in->installation * system_usd(capital);
    capital[MU_CAPITAL_POWER] = in->power_usd_per_w * in->planned_w;
    capital[MU_CAPITAL_COOLING] = in->cooling_usd_per_w * in->planned_w;
    out->capital_total_usd = sum(capital, MU_CAPITAL_COUNT);
}

/* Installation is spent with the system and worth nothing after it. */
static double system_annuity(const mu_cost_input *in, const double capital[])
{
    return annuity(system_usd(capital), in->residual, in->cost_of_capital, in->years) +
           annuity(capital[MU_CAPITAL_INSTALLATION], 0.0, in->cost_of_capital, in->years);
}

static double hall_annuity(const mu_cost_input *in, const double capital[])
{
    return annuity(hall_usd(capital), 0.0, in->cost_of_capital, in->hall_years);
}

static void fill_year(const mu_cost_input *in, double utilisation, mu_bill *out)
{
    const double *capital = out->capital_usd;
    double *year = out->year_usd;
    double whole_usd = system_usd(capital);
    double lost_usd = whole_usd * (1.0 - in->residual) + capital[MU_CAPITAL_INSTALLATION];
    year[MU_YEAR_DEPRECIATION] = lost_usd / in->years;
    year[MU_YEAR_HALL] = hall_usd(capital) / in->hall_years;
    double paid = system_annuity(in, capital) + hall_annuity(in, capital);
    double interest = paid - year[MU_YEAR_DEPRECIATION] - year[MU_YEAR_HALL];
    /* Rounding may leave a trifle where capital is free. */
    year[MU_YEAR_CAPITAL] = in->cost_of_capital > 0.0 ? fmax(interest, 0.0) : 0.0;
    year[MU_YEAR_ELECTRICITY] = electricity_usd(in, utilisation);
    year[MU_YEAR_STAFF] = in->staff_usd * in->staff_per_w * in->planned_w;
    year[MU_YEAR_SPACE] = in->space_usd * in->racks;
    year[MU_YEAR_MAINTENANCE] = in->maintenance * whole_usd;
    year[MU_YEAR_SPARES] = in->spares * whole_usd;
    out->year_total_usd = sum(year, MU_YEAR_COUNT);
}

static void fill(const mu_cost_input *in, double utilisation, mu_bill *out)
{
    fill_capital(in, out);
    fill_year(in, utilisation, out);
    for (int i = 0; i < MU_YEAR_COUNT; i++) {
        out->chip_hour_usd[i] = out->year_usd[i] / (in->chips * MU_HOURS_PER_YEAR);
    }
    out->chip_hour_total_usd = sum(out->chip_hour_usd, MU_YEAR_COUNT);
}

void mu_cost_bill(const mu_cost_input *in, mu_bill *out)
{
    fill(in, in->utilisation, out);
    out->used_chip_hour_usd = out->chip_hour_total_usd / in->utilisation;
}

double mu_cost_chip_hour(const mu_cost_input *in, double utilisation)
{
    mu_bill bill;
    fill(in, utilisation, &bill);
    return bill.chip_hour_total_usd;
}

double mu_cost_input_share(double prefill, double decode)
{
    assert(prefill >= 0.0 && decode >= 0.0);
    return prefill + decode > 0.0 ? prefill / (prefill + decode) : 0.5;
}

mu_token_cost mu_cost_tokens(double hour_usd, double requests_per_s, double input, double output,
                             double input_share)
{
    assert(requests_per_s > 0.0 && input > 0.0 && output > 0.0);
    double request_usd = hour_usd / SECONDS_PER_HOUR / requests_per_s;
    mu_token_cost cost = {.input_usd = request_usd * input_share,
                          .output_usd = request_usd * (1.0 - input_share)};
    cost.request_usd = cost.input_usd + cost.output_usd;
    cost.million_input_usd = cost.input_usd / input * 1e6;
    cost.million_output_usd = cost.output_usd / output * 1e6;
    return cost;
}

double mu_cost_break_even_use(const mu_cost_input *in, double rent_usd)
{
    /* An hour of owning grows with its use by a straight line: electricity. */
    double idle_usd = mu_cost_chip_hour(in, 0.0);
    double slope_usd = mu_cost_chip_hour(in, 1.0) - idle_usd;
    if (idle_usd <= 0.0) {
        return rent_usd >= slope_usd ? 0.0 : INFINITY;
    }
    double use = idle_usd / (rent_usd - slope_usd);
    return rent_usd > slope_usd && use <= 1.0 ? use : INFINITY;
}

static double month_rate(const mu_cost_input *in)
{
    return expm1(log1p(in->cost_of_capital) / MONTHS_PER_YEAR);
}

/* Present value of a dollar at the end of each of so many months. */
static double month_dollars(const mu_cost_input *in, double months)
{
    double rate = month_rate(in);
    return rate > 0.0 ? -expm1(-months * log1p(rate)) / rate : months;
}

/* What owning costs a month once the system is paid. */
static double owned_month_usd(const mu_cost_input *in, const mu_bill *bill)
{
    const double *year = bill->year_usd;
    double running_usd = sum(year + MU_YEAR_ELECTRICITY, MU_YEAR_COUNT - MU_YEAR_ELECTRICITY);
    return (running_usd + hall_annuity(in, bill->capital_usd)) / MONTHS_PER_YEAR;
}

static double rented_month_usd(const mu_cost_input *in, double rent_usd)
{
    return rent_usd * in->chips * in->utilisation * MU_HOURS_PER_YEAR / MONTHS_PER_YEAR;
}

static double paid_at_start(const mu_bill *bill)
{
    return system_usd(bill->capital_usd) + bill->capital_usd[MU_CAPITAL_INSTALLATION];
}

double mu_cost_owned_usd(const mu_cost_input *in, double months)
{
    mu_bill bill;
    mu_cost_bill(in, &bill);
    return paid_at_start(&bill) + month_dollars(in, months) * owned_month_usd(in, &bill);
}

double mu_cost_rented_usd(const mu_cost_input *in, double rent_usd, double months)
{
    return month_dollars(in, months) * rented_month_usd(in, rent_usd);
}

double mu_cost_break_even_months(const mu_cost_input *in, double rent_usd)
{
    mu_bill bill;
    mu_cost_bill(in, &bill);
    double saved_usd = rented_month_usd(in, rent_usd) - owned_month_usd(in, &bill);
    double paid_usd = paid_at_start(&bill);
    if (paid_usd <= 0.0) {
        return saved_usd >= 0.0 ? 0.0 : INFINITY;
    }
    if (saved_usd <= 0.0) {
        return INFINITY;
    }
    double rate = month_rate(in);
    double left = 1.0 - paid_usd / saved_usd * rate;
    double months = rate > 0.0 ? -log(left) / log1p(rate) : paid_usd / saved_usd;
    return left > 0.0 && months <= in->years * MONTHS_PER_YEAR ? months : INFINITY;
}

double mu_cost_margin(double rent_usd, double used_chip_hour_usd)
{
    assert(rent_usd > 0.0);
    return (rent_usd - used_chip_hour_usd) / rent_usd;
}
