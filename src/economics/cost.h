/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What chips cost: an itemised bill of owning them, and owning against renting.
 *
 * What:  prices and shares in, dollars by item out: capital, a year of ownership, a chip-hour, a
 *        million tokens.
 * Terms: the system is what is bought together: chips, hosts, network, optics, racks, storage; the
 *        hall is power distribution and cooling, which outlive it. Load and idle watts are of the
 *        equipment, before PUE. A chip-hour is an hour of a chip that is owned, used or not; an
 *        hour of use is one that somebody pays for. All money is USD of one year: prices stay.
 * Bound: no taxes, no prices that change while the system lives; capital is spent at the start.
 */
#ifndef MUSTER_ECONOMICS_COST_H
#define MUSTER_ECONOMICS_COST_H

#include "base/error.h"

#include <stdbool.h>

/* X(NAME, key, words): what is bought; those before INSTALLATION are the system. */
#define MU_CAPITAL_LIST(X)                                                                         \
    X(CHIPS, "chips", "chips")                                                                     \
    X(HOSTS, "hosts", "hosts: processors, memory, cards, boards")                                  \
    X(NETWORK, "network", "network: switches, cables")                                             \
    X(OPTICS, "optics", "optics")                                                                  \
    X(RACKS, "racks", "racks")                                                                     \
    X(STORAGE, "storage", "storage: disks and their servers")                                      \
    X(INSTALLATION, "installation", "installation")                                                \
    X(POWER, "power_distribution", "power distribution")                                           \
    X(COOLING, "cooling", "cooling")

/* X(NAME, key, words): what a year costs. */
#define MU_YEAR_LIST(X)                                                                            \
    X(DEPRECIATION, "depreciation", "depreciation of the system")                                  \
    X(HALL, "hall_depreciation", "depreciation of power and cooling")                              \
    X(CAPITAL, "cost_of_capital", "cost of capital")                                               \
    X(ELECTRICITY, "electricity", "electricity")                                                   \
    X(STAFF, "staff", "staff")                                                                     \
    X(SPACE, "space", "space")                                                                     \
    X(MAINTENANCE, "maintenance", "maintenance contracts")                                         \
    X(SPARES, "spares", "spares")

enum {
#define X(name, key, words) MU_CAPITAL_##name,
    MU_CAPITAL_LIST(X)
#undef X
        MU_CAPITAL_COUNT,
    MU_SYSTEM_PARTS = MU_CAPITAL_INSTALLATION
};

enum {
#define X(name, key, words) MU_YEAR_##name,
    MU_YEAR_LIST(X)
#undef X
        MU_YEAR_COUNT
};

/* X(field, what, low, high): limits of a cost input; high inclusive. */
#define MU_COST_INPUT_LIST(X)                                                                      \
    X(chips, "chips", 1e-9, 1e12)                                                                  \
    X(system_usd, "price of the system", 0.0, 1e15)                                                \
    X(chips_usd, "price of the chips", 0.0, 1e15)                                                  \
    X(hosts_usd, "price of the hosts", 0.0, 1e15)                                                  \
    X(network_usd, "price of the network", 0.0, 1e15)                                              \
    X(optics_usd, "price of the optics", 0.0, 1e15)                                                \
    X(racks_usd, "price of the racks", 0.0, 1e15)                                                  \
    X(storage_usd, "price of the storage", 0.0, 1e15)                                              \
    X(installation, "installation", 0.0, 10.0)                                                     \
    X(power_usd_per_w, "price of power distribution", 0.0, 1e4)                                    \
    X(cooling_usd_per_w, "price of cooling", 0.0, 1e4)                                             \
    X(planned_w, "planned power", 0.0, 1e15)                                                       \
    X(load_w, "power under load", 0.0, 1e15)                                                       \
    X(idle_w, "power when idle", 0.0, 1e15)                                                        \
    X(pue, "PUE", 1.0, 100.0)                                                                      \
    X(utilisation, "utilisation", 1e-9, 1.0)                                                       \
    X(years, "years", 1e-3, 1e3)                                                                   \
    X(hall_years, "years of the hall", 1e-3, 1e3)                                                  \
    X(residual, "residual value", 0.0, 1.0)                                                        \
    X(cost_of_capital, "cost of capital", 0.0, 10.0)                                               \
    X(electricity_usd_per_kwh, "price of electricity", 0.0, 1e4)                                   \
    X(subsidy, "subsidy of electricity", 0.0, 1.0)                                                 \
    X(staff_usd, "pay of staff", 0.0, 1e12)                                                        \
    X(staff_per_w, "staff for each watt", 0.0, 1e3)                                                \
    X(racks, "racks", 0.0, 1e12)                                                                   \
    X(space_usd, "space of a rack", 0.0, 1e12)                                                     \
    X(maintenance, "maintenance", 0.0, 10.0)                                                       \
    X(spares, "spares", 0.0, 10.0)

/*
 * What a bill is made of. system_usd: all parts together as sold, 0 = not known: they add up.
 * installation, maintenance and spares are shares of the system's price (the latter two a year),
 * residual of the same at the end; planned_w is what power and cooling are built for; staff_usd
 * and space_usd are for a year.
 */
typedef struct mu_cost_input {
#define X(field, what, low, high) double field;
    MU_COST_INPUT_LIST(X)
#undef X
} mu_cost_input;

/* Every total is the sum of its items in their order, to the last bit. */
typedef struct mu_bill {
    double capital_usd[MU_CAPITAL_COUNT];
    double capital_total_usd;
    double year_usd[MU_YEAR_COUNT];
    double year_total_usd;
    double chip_hour_usd[MU_YEAR_COUNT];
    double chip_hour_total_usd;
    double used_chip_hour_usd; /* the same over the utilisation */
} mu_bill;

/* What a deployment does while it is used, and what its chips then cost. */
typedef struct mu_token_cost {
    double request_usd;       /* input and output together */
    double input_usd;         /* of a request */
    double output_usd;        /* of a request */
    double million_input_usd; /* tokens; those found in a cache count */
    double million_output_usd;
} mu_token_cost;

/** Hours of a year, as units count it. */
extern const double MU_HOURS_PER_YEAR;

/** Texts of the items; static. */
const char *mu_capital_key(int item);
const char *mu_capital_words(int item);
const char *mu_year_key(int item);
const char *mu_year_words(int item);

/**
 * Whether every input is a number within its limits.
 * @retval MU_E_INPUT  which is not, what was expected and found
 */
mu_status mu_cost_check(const mu_cost_input *in, mu_error *err) MU_MUST_CHECK;

/**
 * The bill. Parts of a system whose whole price is known are shares of it: hosts take what the
 * others leave over; where together they are more than the whole, all are cut in proportion. A
 * year of capital is the annuity that pays it back with interest: depreciation in a straight line,
 * the rest is cost of capital. Electricity: load watts for the share of hours that are used, idle
 * watts else.
 *
 * @param[in] in  as mu_cost_check() wants it
 */
void mu_cost_bill(const mu_cost_input *in, mu_bill *out);

/** A chip-hour when a share `utilisation` of the hours is used, all else as it is [USD]. */
double mu_cost_chip_hour(const mu_cost_input *in, double utilisation);

/**
 * Share of a deployment's time that its input takes, between 0 and 1.
 *
 * @param[in] prefill  time, or chips, that prefill takes
 * @param[in] decode   the same of decode; both 0: half
 */
double mu_cost_input_share(double prefill, double decode);

/**
 * Splits what an hour of the deployment in use costs over its requests and their tokens.
 *
 * @param[in] hour_usd        of the whole deployment while in use
 * @param[in] requests_per_s  > 0
 * @param[in] input, output   tokens of a request, > 0
 * @param[in] input_share     0 .. 1
 */
mu_token_cost mu_cost_tokens(double hour_usd, double requests_per_s, double input, double output,
                             double input_share);

/**
 * Least utilisation at which owning a chip costs no more than renting it for the hours it is used;
 * INFINITY where even full use does not reach it.
 *
 * @param[in] rent_usd  a chip for an hour of use
 */
double mu_cost_break_even_use(const mu_cost_input *in, double rent_usd);

/**
 * Months after which owning has cost no more than renting, paid monthly and discounted by the cost
 * of capital; INFINITY where the system does not live so long. The system is paid at the start, the
 * hall by its annuity; what the system still fetches is not counted.
 */
double mu_cost_break_even_months(const mu_cost_input *in, double rent_usd);

/** Present value of what owning and renting have cost after so many months [USD]. */
double mu_cost_owned_usd(const mu_cost_input *in, double months);
double mu_cost_rented_usd(const mu_cost_input *in, double rent_usd, double months);

/** Share of a rent that is left to who owns the chips: (rent - cost) / rent; rent > 0. */
double mu_cost_margin(double rent_usd, double used_chip_hour_usd);

#endif
