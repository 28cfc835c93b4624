/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units.
 *
 * What:  text with a unit to SI and back to what people read.
 * Why:   a number without a unit, bits for bytes or GB for GiB is the classic error of this field.
 * Terms: a unit is [prefix]base or [prefix]base/time. Spaces inside a unit do not count.
 * Bound: magnitudes are 0 or 1e-30 .. 1e30, so that products and quotients of a few stay finite.
 *        Case counts (m is milli, M is mega; b is bits, B is bytes).
 */
#include "base/units.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT_MAX = 24, NUMBER_MAX = 64 };

static const double MAGNITUDE_MAX = 1e30;
static const double MAGNITUDE_MIN = 1e-30;

/* Which prefixes a base takes. */
enum prefixes { NO_PREFIX, SMALL = 1, LARGE = 2, BINARY = 4, WORDS = 8 };

struct prefix {
    const char *text;
    unsigned group;
    double scale;
};

static const struct prefix prefixes[] = {
    {"p", SMALL, 1e-12},       {"n", SMALL, 1e-9},        {"u", SMALL, 1e-6},
    {"\xc2\xb5", SMALL, 1e-6}, {"\xce\xbc", SMALL, 1e-6}, {"m", SMALL, 1e-3},
    {"k", LARGE, 1e3},         {"K", LARGE, 1e3},         {"M", LARGE, 1e6},
    {"G", LARGE, 1e9},         {"T", LARGE, 1e12},        {"P", LARGE, 1e15},
    {"E", LARGE, 1e18},        {"Z", LARGE, 1e21},        {"Ki", BINARY, 0x1p10},
    {"Mi", BINARY, 0x1p20},    {"Gi", BINARY, 0x1p30},    {"Ti", BINARY, 0x1p40},
    {"Pi", BINARY, 0x1p50},    {"Ei", BINARY, 0x1p60},    {"k", WORDS, 1e3},
    {"M", WORDS, 1e6},         {"B", WORDS, 1e9},         {"bn", WORDS, 1e9},
    {"million", WORDS, 1e6},   {"billion", WORDS, 1e9},   {"trillion", WORDS, 1e12},
};

struct base {
    const char *text;
    mu_dimension dimension;
    unsigned prefixes;
    double scale;
};

/* Whole units, and the numerators of rates. RATE numerators have the dimension NONE. */
static const struct base bases[] = {
    {"s", MU_DIM_TIME, SMALL, 1.0},
    {"sec", MU_DIM_TIME, NO_PREFIX, 1.0},
    {"min", MU_DIM_TIME, NO_PREFIX, 60.0},
    {"h", MU_DIM_TIME, NO_PREFIX, 3600.0},
    {"hour", MU_DIM_TIME, NO_PREFIX, 3600.0},
    {"hours", MU_DIM_TIME, NO_PREFIX, 3600.0},
    {"d", MU_DIM_TIME, NO_PREFIX, 86400.0},
    {"day", MU_DIM_TIME, NO_PREFIX, 86400.0},
    {"days", MU_DIM_TIME, NO_PREFIX, 86400.0},
    {"year", MU_DIM_TIME, NO_PREFIX, 31557600.0},
    {"years", MU_DIM_TIME, NO_PREFIX, 31557600.0},
    {"B", MU_DIM_BYTES, LARGE | BINARY, 1.0},
    {"byte", MU_DIM_BYTES, NO_PREFIX, 1.0},
    {"bytes", MU_DIM_BYTES, NO_PREFIX, 1.0},
    {"b", MU_DIM_BYTES, LARGE | BINARY, 0.125},
    {"bit", MU_DIM_BYTES, LARGE | BINARY, 0.125},
    {"bps", MU_DIM_BYTE_RATE, LARGE, 0.125},
    {"flop", MU_DIM_FLOP, LARGE, 1.0},
    {"FLOP", MU_DIM_FLOP, LARGE, 1.0},
    {"FLOPs", MU_DIM_FLOP, LARGE, 1.0},
    {"OP", MU_DIM_FLOP, LARGE, 1.0},
    {"op", MU_DIM_FLOP, LARGE, 1.0},
    {"FLOPS", MU_DIM_FLOP_RATE, LARGE, 1.0},
    {"flops", MU_DIM_FLOP_RATE, LARGE, 1.0},
    {"OPS", MU_DIM_FLOP_RATE, LARGE, 1.0},
    {"W", MU_DIM_POWER, SMALL | LARGE, 1.0},
    {"J", MU_DIM_ENERGY, SMALL | LARGE, 1.0},
    {"Wh", MU_DIM_ENERGY, LARGE, 3600.0},
    {"Hz", MU_DIM_FREQUENCY, LARGE, 1.0},
    {"mm2", MU_DIM_AREA, NO_PREFIX, 1.0},
    {"mm^2", MU_DIM_AREA, NO_PREFIX, 1.0},
    {"mm\xc2\xb2", MU_DIM_AREA, NO_PREFIX, 1.0},
    {"cm2", MU_DIM_AREA, NO_PREFIX, 100.0},
    {"um2", MU_DIM_AREA, NO_PREFIX, 1e-6},
    {"m2", MU_DIM_AREA, NO_PREFIX, 1e6},
    {"USD", MU_DIM_MONEY, WORDS, 1.0},
    {"$", MU_DIM_MONEY, WORDS, 1.0},
    {"token", MU_DIM_TOKEN_RATE, LARGE, 1.0},
    {"tokens", MU_DIM_TOKEN_RATE, LARGE, 1.0},
    {"tok", MU_DIM_TOKEN_RATE, LARGE, 1.0},
    {"", MU_DIM_RATE, LARGE, 1.0},
    {"1", MU_DIM_RATE, NO_PREFIX, 1.0},
    {"req", MU_DIM_RATE, LARGE, 1.0},
    {"request", MU_DIM_RATE, NO_PREFIX, 1.0},
    {"requests", MU_DIM_RATE, LARGE, 1.0},
};

/* Times of a denominator and how many seconds they are. */
static const struct base times[] = {
    {"s", MU_DIM_TIME, NO_PREFIX, 1.0},     {"sec", MU_DIM_TIME, NO_PREFIX, 1.0},
    {"ms", MU_DIM_TIME, NO_PREFIX, 1e-3},   {"us", MU_DIM_TIME, NO_PREFIX, 1e-6},
    {"ns", MU_DIM_TIME, NO_PREFIX, 1e-9},   {"min", MU_DIM_TIME, NO_PREFIX, 60.0},
    {"h", MU_DIM_TIME, NO_PREFIX, 3600.0},  {"hour", MU_DIM_TIME, NO_PREFIX, 3600.0},
    {"hr", MU_DIM_TIME, NO_PREFIX, 3600.0}, {"day", MU_DIM_TIME, NO_PREFIX, 86400.0},
    {"d", MU_DIM_TIME, NO_PREFIX, 86400.0}, {"year", MU_DIM_TIME, NO_PREFIX, 31557600.0},
};

/* What messages suggest. */
static const char *const common[] = {
    "ns",   "us",    "ms",    "s",     "min",     "h",        "B",       "kB",      "MB",
    "GB",   "TB",    "KiB",   "MiB",   "GiB",     "TiB",      "MB/s",    "GB/s",    "TB/s",
    "Gb/s", "GiB/s", "GFLOP", "TFLOP", "GFLOP/s", "TFLOP/s",  "PFLOP/s", "TOP/s",   "W",
    "kW",   "MW",    "J",     "kJ",    "kWh",     "Hz",       "MHz",     "GHz",     "mm2",
    "USD",  "kUSD",  "MUSD",  "1/s",   "req/s",   "tokens/s", "USD/h",   "USD/kWh",
};

struct found {
    mu_dimension dimension;
    double scale;
};

static double prefix_scale(const char *text, size_t length, unsigned groups)
{
    if (length == 0) {
        return 1.0;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct prefix *prefix = &prefixes[i];
        if ((prefix->group & groups) != 0 && strlen(prefix->text) == length &&
            memcmp(prefix->text, text, length) == 0) {
            return prefix->scale;
        }
    }
    return 0.0;
}

/* The base whose text ends unit[0..length) with a prefix it takes. An exact text goes first. */
static const struct base *base_find(const char *unit, size_t length, bool rate, double *scale)
{
    const struct base *found = NULL;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        const struct base *base = &bases[i];
        size_t base_length = strlen(base->text);
        bool counts_in_rates =
            base->dimension == MU_DIM_RATE || base->dimension == MU_DIM_TOKEN_RATE;
        if (base_length > length || (counts_in_rates && !rate) ||
            memcmp(base->text, unit + length - base_length, base_length) != 0) {
            continue;
        }
        double prefix = prefix_scale(unit, length - base_length, base->prefixes);
        if (prefix != 0.0 && (found == NULL || base_length == length)) {
            found = base;
            *scale = prefix * base->scale;
        }
    }
    return found;
}

/* Dimension of a numerator per time; MU_DIM_COUNT_OF when there is none. */
static mu_dimension per_time(mu_dimension numerator)
{
    switch (numerator) {
    case MU_DIM_BYTES:
        return MU_DIM_BYTE_RATE;
    case MU_DIM_FLOP:
        return MU_DIM_FLOP_RATE;
    case MU_DIM_MONEY:
        return MU_DIM_MONEY_RATE;
    case MU_DIM_RATE:
    case MU_DIM_TOKEN_RATE:
        return numerator;
    default:
        return MU_DIM_COUNT_OF;
    }
}

/* Money per energy. */
static bool find_energy_price(const struct base *money, double scale, const char *energy,
                              struct found *out)
{
    double joules = 0.0;
    const struct base *base = base_find(energy, strlen(energy), false, &joules);
    if (money == NULL || money->dimension != MU_DIM_MONEY || base == NULL ||
        base->dimension != MU_DIM_ENERGY) {
        return false;
    }
    *out = (struct found){MU_DIM_ENERGY_PRICE, scale * (3.6e6 / joules)};
    return true;
}

static bool find_rate(const char *unit, size_t slash, struct found *out)
{
    double scale = 0.0;
    const struct base *base = base_find(unit, slash, true, &scale);
    if (find_energy_price(base, scale, unit + slash + 1, out)) {
        return true;
    }
    mu_dimension dimension = base == NULL ? MU_DIM_COUNT_OF : per_time(base->dimension);
    if (dimension == MU_DIM_COUNT_OF) {
        return false;
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (strcmp(unit + slash + 1, times[i].text) == 0) {
            double second = dimension == MU_DIM_MONEY_RATE ? 3600.0 : 1.0;
            *out = (struct found){dimension, scale * (second / times[i].scale)};
            return true;
        }
    }
    return false;
}

/* Rates that are written without a slash. */
static bool find_word_rate(const char *unit, struct found *out)
{
    static const struct base words[] = {
        {"rps", MU_DIM_RATE, NO_PREFIX, 1.0},
        {"qps", MU_DIM_RATE, NO_PREFIX, 1.0},
        {"tps", MU_DIM_TOKEN_RATE, NO_PREFIX, 1.0},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(unit, words[i].text) == 0) {
            *out = (struct found){words[i].dimension, words[i].scale};
            return true;
        }
    }
    return false;
}

static bool find_unit(const char *unit, struct found *out)
{
    if (strcmp(unit, "%") == 0) {
        *out = (struct found){MU_DIM_FRACTION, 0.01};
        return true;
    }
    const char *slash = strchr(unit, '/');
    if (slash != NULL) {
        return find_rate(unit, (size_t)(slash - unit), out);
    }
    double scale = 0.0;
    const struct base *base = base_find(unit, strlen(unit), false, &scale);
    if (base != NULL) {
        *out = (struct found){base->dimension, scale};
        return true;
    }
    return find_word_rate(unit, out);
}

static bool takes_no_unit(mu_dimension dimension)
{
    return dimension == MU_DIM_NONE || dimension == MU_DIM_COUNT || dimension == MU_DIM_FRACTION;
}

/* Copies without spaces; false when it is too long for any unit. */
static bool squeeze(const char *unit, char out[UNIT_MAX])
{
    size_t used = 0;
    for (; *unit != '\0'; unit++) {
        if (*unit == ' ') {
            continue;
        }
        if (used == UNIT_MAX - 1) {
            return false;
        }
        out[used++] = *unit;
    }
    out[used] = '\0';
    return true;
}

/* The nearest common unit of the dimension, or NULL. */
static const char *suggest(const char *unit, mu_dimension dimension)
{
    const char *fitting[sizeof common / sizeof common[0]];
    size_t count = 0;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        struct found found;
        if (find_unit(common[i], &found) && found.dimension == dimension) {
            fitting[count++] = common[i];
        }
    }
    return mu_text_nearest(unit, fitting, count);
}

static mu_status refuse_unit(const char *unit, mu_dimension dimension, const char *what,
                             mu_error *err)
{
    unit += strspn(unit, " ");
    const char *nearest = suggest(unit, dimension);
    return mu_fail(err, MU_E_INPUT, "%s: expected %s, found the unknown unit \"%.32s\"%s%s%s", what,
                   mu_unit_hint(dimension), unit, nearest == NULL ? "" : "; did you mean \"",
                   nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

mu_status mu_unit_scale(const char *unit, mu_dimension dimension, const char *what, double *scale,
                        mu_error *err)
{
    char plain[UNIT_MAX];
    struct found found = {MU_DIM_NONE, 1.0};
    if (dimension == MU_DIM_TEXT) {
        return mu_fail(err, MU_E_INPUT, "%s: text has no unit", what);
    }
    if (!squeeze(unit, plain)) {
        return refuse_unit(unit, dimension, what, err);
    }
    if (plain[0] == '\0') {
        if (!takes_no_unit(dimension)) {
            return mu_fail(err, MU_E_INPUT, "%s: expected %s, found a number without a unit", what,
                           mu_unit_hint(dimension));
        }
        *scale = 1.0;
        return MU_OK;
    }
    if (!find_unit(plain, &found)) {
        return refuse_unit(unit, dimension, what, err);
    }
    if (found.dimension != dimension) {
        return mu_fail(err, MU_E_INPUT, "%s: expected %s, found the unit \"%s\" of %s", what,
                       mu_unit_hint(dimension), plain, mu_unit_hint(found.dimension));
    }
    *scale = found.scale;
    return MU_OK;
}

bool mu_unit_may_be_money(const char *unit, mu_dimension dimension)
{
    char plain[UNIT_MAX];
    char in_usd[UNIT_MAX + 4];
    struct found found;
    if (!squeeze(unit, plain) || plain[0] == '\0' || plain[0] == '/' || find_unit(plain, &found)) {
        return false;
    }
    const char *per = strchr(plain, '/');
    (void)snprintf(in_usd, sizeof in_usd, "USD%s", per != NULL ? per : "");
    return find_unit(in_usd, &found) && found.dimension == dimension;
}

size_t mu_unit_number_length(const char *text)
{
    size_t length = strspn(text, "+-");
    length += strspn(text + length, "0123456789.");
    if (text[length] == 'e' || text[length] == 'E') {
        size_t sign = text[length + 1] == '-' || text[length + 1] == '+' ? 1 : 0;
        size_t digits = strspn(text + length + 1 + sign, "0123456789");
        length += digits == 0 ? 0 : 1 + sign + digits;
    }
    return length;
}

/* The k of scale == 10^k, or false. */
static bool power_of_ten(double scale, int *power)
{
    static const double powers[] = {1e-12, 1e-9, 1e-6, 1e-3, 1e-2, 1e3, 1e6,
                                    1e9,   1e12, 1e15, 1e18, 1e21, 1e24};
    static const int exponents[] = {-12, -9, -6, -3, -2, 3, 6, 9, 12, 15, 18, 21, 24};
    for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        if (scale == powers[i]) {
            *power = exponents[i];
            return true;
        }
    }
    return false;
}

/*
 * number x scale. A power of ten moves the decimal point of the text, so that "8.2 M" is the double
 * nearest to 8200000 and not a neighbour of it.
 */
static double scaled(const char *number, double value, double scale)
{
    char text[NUMBER_MAX + 16];
    int power = 0;
    double shifted = 0.0;
    size_t mantissa = strcspn(number, "eE");
    long exponent = number[mantissa] == '\0' ? 0 : strtol(number + mantissa + 1, NULL, 10);
    if (labs(exponent) > 1000 || !power_of_ten(scale, &power)) {
        return value * scale;
    }
    (void)snprintf(text, sizeof text, "%.*se%ld", (int)mantissa, number, exponent + power);
    return mu_text_number(text, &shifted) ? shifted : value * scale;
}

mu_status mu_unit_read(const char *number, const char *unit, mu_dimension dimension,
                       const char *what, double *out, mu_error *err)
{
    double value = 0.0;
    double scale = 0.0;
    if (strlen(number) >= NUMBER_MAX || !mu_text_number(number, &value)) {
        return mu_fail(err, MU_E_INPUT, "%s: expected %s, found \"%.40s\"", what,
                       mu_unit_hint(dimension), number);
    }
    mu_status status = mu_unit_scale(unit, dimension, what, &scale, err);
    if (status != MU_OK) {
        return status;
    }
    value = scaled(number, value, scale);
    double size = fabs(value);
    if (!(size <= MAGNITUDE_MAX) || (size != 0.0 && size < MAGNITUDE_MIN)) {
        return mu_fail(err, MU_E_INPUT, "%s: \"%.40s\" is beyond 1e30 or below 1e-30", what,
                       number);
    }
    *out = value;
    return MU_OK;
}

mu_status mu_unit_parse(const char *text, mu_dimension dimension, const char *what, double *out,
                        mu_error *err)
{
    char number[NUMBER_MAX];
    size_t length = mu_unit_number_length(text);
    if (length == 0 || length >= sizeof number) {
        return mu_fail(err, MU_E_INPUT, "%s: expected %s, found \"%.40s\"", what,
                       mu_unit_hint(dimension), text);
    }
    memcpy(number, text, length);
    number[length] = '\0';
    return mu_unit_read(number, text + length, dimension, what, out, err);
}

const char *mu_unit_si(mu_dimension dimension)
{
    static const char *const units[MU_DIM_COUNT_OF] = {
#define X(name, unit, hint) unit,
        MU_DIMENSION_LIST(X)
#undef X
    };
    assert((unsigned)dimension < MU_DIM_COUNT_OF);
    return units[dimension];
}

const char *mu_unit_hint(mu_dimension dimension)
{
    static const char *const hints[MU_DIM_COUNT_OF] = {
#define X(name, unit, hint) hint,
        MU_DIMENSION_LIST(X)
#undef X
    };
    assert((unsigned)dimension < MU_DIM_COUNT_OF);
    return hints[dimension];
}

/* x as three significant digits and a power of 1000 from low_power to high_power. */
static void three_digits(double x, int low_power, int high_power, char digits[24], int *power)
{
    char rounded[24];
    (void)snprintf(rounded, sizeof rounded, "%.2e", x);
    const char *e = strchr(rounded, 'e');
    assert(e != NULL);
    int exponent = (int)strtol(e + 1, NULL, 10);
    int thousands = exponent >= 0 ? exponent / 3 : -((2 - exponent) / 3);
    thousands = thousands < low_power ? low_power : thousands;
    thousands = thousands > high_power ? high_power : thousands;
    int left = exponent - 3 * thousands;
    double shown = x / pow(1000.0, thousands);
    if (x == 0.0) {
        (void)snprintf(digits, 24, "0");
    } else if (left < -4 || left > 9) {
        (void)snprintf(digits, 24, "%.2e", shown);
    } else {
        (void)snprintf(digits, 24, "%.*f", left > 2 ? 0 : 2 - left, shown);
    }
    *power = thousands;
}

/* How people read a dimension: smallest and largest power of 1000, and the unit's text. */
struct style {
    int low_power;
    int high_power;
    const char *unit; /* follows the prefix */
    bool spaced;      /* a space between prefix and unit ("8.20 M USD") */
};

static struct style style_of(mu_dimension dimension)
{
    switch (dimension) {
    case MU_DIM_TIME:
        return (struct style){-4, 0, "s", false};
    case MU_DIM_FLOP:
        return (struct style){0, 7, "FLOP", false};
    case MU_DIM_FLOP_RATE:
        return (struct style){0, 7, "FLOP/s", false};
    case MU_DIM_POWER:
    case MU_DIM_ENERGY:
        return (struct style){-4, 6, mu_unit_si(dimension), false};
    case MU_DIM_AREA:
    case MU_DIM_MONEY_RATE:
    case MU_DIM_ENERGY_PRICE:
        return (struct style){0, 0, mu_unit_si(dimension), false};
    case MU_DIM_RATE:
        return (struct style){0, 3, "/s", true};
    case MU_DIM_MONEY:
    case MU_DIM_TOKEN_RATE:
        return (struct style){0, 3, mu_unit_si(dimension), true};
    case MU_DIM_BYTES:
    case MU_DIM_BYTE_RATE:
    case MU_DIM_FREQUENCY:
        return (struct style){0, 6, mu_unit_si(dimension), false};
    default:
        return (struct style){0, 3, "", false};
    }
}

static void print_scaled(double value, mu_dimension dimension, char *out, size_t out_size)
{
    static const char *const letters[] = {"p", "n", "u", "m", "",  "k",
                                          "M", "G", "T", "P", "E", "Z"};
    char digits[24];
    int power = 0;
    struct style style = style_of(dimension);
    three_digits(value, style.low_power, style.high_power, digits, &power);
    const char *prefix = letters[power + 4];
    if (dimension == MU_DIM_MONEY && power == 3) {
        prefix = "B";
    }
    const char *between = style.spaced && power != 0 ? " " : "";
    const char *first = prefix[0] == '\0' && style.unit[0] == '\0' ? "" : " ";
    (void)snprintf(out, out_size, "%s%s%s%s%s", digits, first, prefix, between, style.unit);
}

/* Over two minutes people count minutes, hours, days. */
static void print_long_time(double seconds, char *out, size_t out_size)
{
    static const struct base steps[] = {
        {"d", MU_DIM_TIME, NO_PREFIX, 86400.0},
        {"h", MU_DIM_TIME, NO_PREFIX, 3600.0},
        {"min", MU_DIM_TIME, NO_PREFIX, 60.0},
    };
    size_t i = 0;
    while (i < 2 && fabs(seconds) < 2.0 * steps[i].scale) {
        i++;
    }
    char digits[24];
    int power = 0;
    three_digits(seconds / steps[i].scale, 0, 0, digits, &power);
    (void)snprintf(out, out_size, "%s %s", digits, steps[i].text);
}

void mu_unit_print(double value, mu_dimension dimension, char *out, size_t out_size)
{
    if (!isfinite(value)) {
        (void)snprintf(out, out_size, "-");
        return;
    }
    bool whole = value == floor(value) && fabs(value) < 1000.0;
    if (dimension == MU_DIM_FRACTION) {
        char digits[24];
        int power = 0;
        three_digits(100.0 * value, 0, 0, digits, &power);
        (void)snprintf(out, out_size, "%s %%", digits);
    } else if (whole && (dimension == MU_DIM_COUNT || dimension == MU_DIM_NONE)) {
        (void)snprintf(out, out_size, "%.0f", value);
    } else if (dimension == MU_DIM_TIME && fabs(value) >= 120.0) {
        print_long_time(value, out, out_size);
    } else {
        print_scaled(value, dimension, out, out_size);
    }
}
