/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities with units: "50ms", "3.2 TB/s", "752 TFLOP/s", "8.2 M USD".
 *
 * A quantity without a unit, or of another dimension, is an error. Values are SI inside: s, B, B/s,
 * flop, flop/s, W, J, Hz, m2, USD. GB is 1e9 bytes, GiB 2^30; Gb/s counts bits. TOPS = TOP/s count
 * as flop/s.
 */
#ifndef MUSTER_BASE_UNITS_H
#define MUSTER_BASE_UNITS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* X(NAME, canonical unit as printed, what a user reads in a message) */
#define MU_DIMENSION_LIST(X)                                                                       \
    X(NONE, "", "a plain number")                                                                  \
    X(TIME, "s", "a time such as 50ms")                                                            \
    X(BYTES, "B", "a size such as 128 GB")                                                         \
    X(BYTE_RATE, "B/s", "a bandwidth such as 3.2 TB/s")                                            \
    X(FLOP, "flop", "an amount of work such as 2 TFLOP")                                           \
    X(FLOP_RATE, "flop/s", "a compute rate such as 752 TFLOP/s")                                   \
    X(POWER, "W", "a power such as 700 W")                                                         \
    X(ENERGY, "J", "an energy such as 3 kWh")                                                      \
    X(FREQUENCY, "Hz", "a frequency such as 1.8 GHz")                                              \
    X(AREA, "mm2", "an area such as 814 mm2")                                                      \
    X(MONEY, "USD", "an amount of money such as 25 kUSD")                                          \
    X(RATE, "1/s", "a rate such as 100/s")                                                         \
    X(TOKEN_RATE, "tokens/s", "a token rate such as 1943 tokens/s")                                \
    X(FRACTION, "", "a fraction such as 0.7 or 70 %")                                              \
    X(COUNT, "", "a count such as 384")                                                            \
    X(MONEY_RATE, "USD/h", "a price such as 2.3 USD/h")                                            \
    X(ENERGY_PRICE, "USD/kWh", "a price such as 0.08 USD/kWh")                                     \
    X(TEXT, "", "text")

typedef enum mu_dimension {
#define X(name, unit, hint) MU_DIM_##name,
    MU_DIMENSION_LIST(X)
#undef X
        MU_DIM_COUNT_OF
} mu_dimension;

/**
 * Reads a number and its unit ("50ms", "1.5 GB/s") into SI of the wanted dimension. AREA stays
 * mm2, MONEY_RATE USD/h and ENERGY_PRICE USD/kWh (the field's own units). NONE, COUNT and FRACTION
 * take no unit, FRACTION also "%".
 *
 * @param[in]  text       the whole text; spaces between number and unit allowed
 * @param[in]  dimension  wanted
 * @param[in]  what       name of the quantity, for the message
 * @param[out] out        [SI]; finite; untouched on failure
 * @retval MU_E_INPUT     not a number, no unit, unknown unit (nearest named), wrong dimension,
 *                        beyond 1e30 or, not zero, below 1e-30
 */
mu_status mu_unit_parse(const char *text, mu_dimension dimension, const char *what, double *out,
                        mu_error *err) MU_MUST_CHECK;

/** As mu_unit_parse() with number ("3.2") and unit ("TB/s", "" for none) apart. */
mu_status mu_unit_read(const char *number, const char *unit, mu_dimension dimension,
                       const char *what, double *out, mu_error *err) MU_MUST_CHECK;

/** Scale of a bare unit ("TB/s" -> 1e12) of the dimension; MU_E_INPUT as above. */
mu_status mu_unit_scale(const char *unit, mu_dimension dimension, const char *what, double *scale,
                        mu_error *err) MU_MUST_CHECK;

/** Length of the number at the start of a text: what mu_unit_read() may take. */
size_t mu_unit_number_length(const char *text);

/**
 * Whether a unit that nobody knows is one of money in another currency than USD: of no other
 * dimension, and with USD in place of all that stands before its slash one of this.
 */
bool mu_unit_may_be_money(const char *unit, mu_dimension dimension);

/** SI unit of a dimension as the JSON prints it ("B/s"). */
const char *mu_unit_si(mu_dimension dimension);

/** "a bandwidth such as 3.2 TB/s" */
const char *mu_unit_hint(mu_dimension dimension);

/**
 * For people: three significant digits and a fitting prefix ("3.20 TB/s", "49.4 ms", "1.94 k"); "-"
 * when not finite. Cut at out_size.
 */
void mu_unit_print(double value, mu_dimension dimension, char *out, size_t out_size);

#endif
