/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Priors of chip parameters, learned from the catalogue's calibrations.
 *
 * What:  which chip a calibration was measured on, families, robust centres and spreads of donors.
 * Terms: x = logit of a parameter's place between its limits, less what its law says of the traits
 *        of the chip: near the lower limit the logarithm, near the upper one of what is lacking.
 */
#include "chip/prior.h"

#include "chip/chip_catalog.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_BYTES = 96,
    DONORS_MAX = 64,
    LEFT_OUT_MAX = MU_REFERENCES_MAX + 1,
    ROUNDS = 30,
    INHERIT_MAX = 16
};

static const double share_least = 1e-5; /* of the way between the limits: below it is "none" */
static const double share_most = 0.98;  /* above it is "all" */
static const double scatter_least = 0.15;
static const double outlier = 3.0; /* scatters from the centre that a donor counts at most */

typedef struct donor {
    const mu_entity *calibration;
    const mu_entity *chip;   /* the one that was measured */
    const mu_entity *family; /* NULL: teaches nothing */
    mu_chip_traits traits;
    bool left_out;
} donor;

typedef struct knowledge {
    uint32_t families; /* that have the parameter; 0: the .def row stands */
    double centre;     /* x */
    double spread;     /* standard deviation of x */
} knowledge;

struct mu_chip_prior {
    donor *donor; /* [donors] calibrations of chips, in order of id */
    uint32_t donors;
    knowledge *of; /* [parameters] */
};

/* A parameter that hangs on a trait: value ~ trait^power from chip to chip. */
typedef struct law {
    const char *pattern; /* of names; one '*' stands for anything */
    mu_trait trait;
    double power;
} law;

/*
 * Where several fit a name their powers add up. Chosen by what chips left out showed: the error of
 * their operators' times, not of parameters.
 */
static const law laws[] = {
    /* Latencies are so many cycles. */
    {"*_launch_us", MU_TRAIT_CLOCK, -1},
    {"*_item_us", MU_TRAIT_CLOCK, -1},
    /* A die of a 910C launches products in 2.6 times the cycles of an Nvidia part, prefill
     * attention in 4 times, decode attention in 8 times; an 810E products in 1.2 times. */
    {"*_launch_us", MU_TRAIT_MATURITY, -3},
    /* Larger cores take larger blocks of queries, which take longer to start and to end. */
    {"prefill_launch_us", MU_TRAIT_CORE_FLOP, 0.25},
    {"prefill_item_us", MU_TRAIT_CORE_FLOP, 0.25},
    /* L2 feeds the matrix units at a balance of its own, whatever the memory behind it gives. */
    {"gemm_*_l2_share", MU_TRAIT_FLOP_PER_BYTE, -1},
    /* Quantising runs at the cores' pace on what L2 holds. */
    {"*_quantise_bandwidth", MU_TRAIT_CORE_BYTES, -1},
    /* Near the power limit clocks fall. Best rates of large products that others published agree:
     * 0.9 and more of the peak at low density (A100, Gaudi 2, H20), 0.5 to 0.75 at high (MI300X,
     * MI355X, GB200, L40S). */
    {"gemm_*_efficiency", MU_TRAIT_POWER, -1},
    {"gemm_droop", MU_TRAIT_POWER, 2},
};

/*
 * Parameters that stay with their .def rows. Which kernel runs, not how fast: donors differ by
 * kind, and between two kinds lies none. The launch of weight-only products: their one table was
 * taken through an engine that adds about 5 us.
 */
static const char *const typed[] = {
    "decode_group_max",           "decode_narrow_chain_us", "decode_narrow_split_tokens",
    "gemm_weight_only_launch_us", "mla_decode_chain_us",    "mla_decode_rows",
    "mla_decode_split_tokens",
};

/* At most one '*', anywhere. */
static bool fits(const char *pattern, const char *name)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL) {
        return strcmp(pattern, name) == 0;
    }
    size_t before = (size_t)(star - pattern);
    size_t after = strlen(star + 1);
    size_t length = strlen(name);
    return length >= before + after && strncmp(pattern, name, before) == 0 &&
           strcmp(star + 1, name + length - after) == 0;
}

/* *_time is what the terms leave unexplained on one chip: no other chip can tell of it. */
static bool is_learned(const char *name)
{
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        if (strcmp(typed[i], name) == 0) {
            return false;
        }
    }
    return !fits("*_time", name);
}

/* What the laws of a parameter say of these traits, in x; 0 where it is the same on every chip. */
static double shift_of(const char *name, const mu_chip_traits *traits)
{
    double shift = 0.0;
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        if (fits(laws[i].pattern, name)) {
            shift += laws[i].power * log(traits->value[laws[i].trait]);
        }
    }
    return shift;
}

static double to_x(const mu_param_spec *spec, double value)
{
    double share = (value - spec->min) / (spec->max - spec->min);
    share = fmin(fmax(share, share_least), share_most);
    return log(share / (1.0 - share));
}

static double from_x(const mu_param_spec *spec, double x)
{
    return spec->min + (spec->max - spec->min) / (1.0 + exp(-x));
}

mu_chip_traits mu_chip_traits_of(const mu_chip *chip, double maturity)
{
    double peak = chip->peak_flops[MU_DTYPE_BF16];
    double cycles = chip->cores * chip->clock_hz;
    mu_chip_traits traits;
    traits.value[MU_TRAIT_CLOCK] = chip->clock_hz;
    traits.value[MU_TRAIT_FLOP_PER_BYTE] = peak / chip->memory_bandwidth;
    traits.value[MU_TRAIT_CORE_FLOP] = peak / cycles;
    traits.value[MU_TRAIT_CORE_BYTES] = chip->memory_bandwidth / cycles;
    traits.value[MU_TRAIT_POWER] = peak * pow(chip->clock_hz, 3) / chip->tdp_w;
    traits.value[MU_TRAIT_MATURITY] = maturity;
    return traits;
}

/* The ancestor that inherits from nobody. */
static const mu_entity *top_of(const mu_catalog *catalog, const mu_entity *entity)
{
    for (int i = 0; i < INHERIT_MAX; i++) {
        const char *parent = mu_catalog_text(catalog, entity, "inherits");
        const mu_entity *found = NULL;
        if (parent == NULL ||
            mu_catalog_find(catalog, entity->kind, parent, &found, NULL) != MU_OK) {
            break;
        }
        entity = found;
    }
    return entity;
}

static donor *donor_of(const mu_chip_prior *prior, const char *calibration)
{
    for (uint32_t i = 0; i < prior->donors; i++) {
        if (strcmp(prior->donor[i].calibration->id, calibration) == 0) {
            return &prior->donor[i];
        }
    }
    return NULL;
}

/* The chip that a calibration itself names. */
static const mu_entity *named_chip(const mu_catalog *catalog, const mu_entity *calibration)
{
    const mu_node *node = mu_node_get(calibration->doc.root, "measured");
    const mu_node *list = mu_node_get(calibration->doc.root, "chips");
    if (node == NULL && list != NULL && list->count > 0) {
        node = &list->child[0];
    }
    const mu_entity *chip = NULL;
    bool found = node != NULL && node->text != NULL &&
                 mu_catalog_find(catalog, MU_ENTITY_CHIP, node->text, &chip, NULL) == MU_OK;
    return found ? chip : NULL;
}

/* Calibrations of chips: those that name one, and those that a chip lists itself. */
static void find_donors(const mu_catalog *catalog, mu_chip_prior *prior)
{
    uint32_t calibrations = mu_catalog_count(catalog, MU_ENTITY_CALIBRATION);
    for (uint32_t i = 0; i < calibrations && prior->donors < DONORS_MAX; i++) {
        const mu_entity *calibration = mu_catalog_at(catalog, MU_ENTITY_CALIBRATION, i);
        prior->donor[prior->donors++] =
            (donor){.calibration = calibration, .chip = named_chip(catalog, calibration)};
    }
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_CHIP); i++) {
        const mu_entity *chip = mu_catalog_at(catalog, MU_ENTITY_CHIP, i);
        mu_references list;
        if (mu_node_get(chip->doc.root, "calibration") == NULL ||
            mu_catalog_references(catalog, chip, "calibration", &list, NULL) != MU_OK) {
            continue;
        }
        for (uint32_t k = 0; k < list.count; k++) {
            donor *d = donor_of(prior, list.entity[k]->id);
            if (d != NULL && d->chip == NULL) {
                d->chip = chip;
            }
        }
    }
}

/* A calibration that inherits belongs to the family of what it inherits from. */
static void find_families(const mu_catalog *catalog, mu_chip_prior *prior)
{
    for (uint32_t i = 0; i < prior->donors; i++) {
        donor *d = &prior->donor[i];
        const donor *top = donor_of(prior, top_of(catalog, d->calibration)->id);
        bool known = d->chip != NULL && top != NULL && top->chip != NULL &&
                     mu_chip_traits_read(catalog, d->chip, &d->traits, NULL) == MU_OK;
        d->family = known ? top_of(catalog, top->chip) : NULL;
    }
}

static void leave_out(const mu_catalog *catalog, const mu_entity *chip, mu_chip_prior *prior)
{
    const mu_entity *family[LEFT_OUT_MAX] = {top_of(catalog, chip)};
    uint32_t count = 1;
    mu_references list = {.count = 0};
    if (mu_catalog_calibrations(catalog, chip, &list, NULL) != MU_OK) {
        list.count = 0;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        const donor *d = donor_of(prior, list.entity[i]->id);
        if (d != NULL) {
            family[count++] = d->family;
        }
    }
    for (uint32_t i = 0; i < prior->donors; i++) {
        for (uint32_t k = 0; k < count; k++) {
            bool same = prior->donor[i].family != NULL && prior->donor[i].family == family[k];
            prior->donor[i].left_out = prior->donor[i].left_out || same;
        }
    }
}

/* What donors say of one parameter, in order of donor. */
typedef struct votes {
    double x[DONORS_MAX];
    double weight[DONORS_MAX]; /* of a family together: 1 */
    const mu_entity *family[DONORS_MAX];
    uint32_t count;
    uint32_t families;
} votes;

static void add_vote(votes *v, const mu_entity *family, double x)
{
    uint32_t alike = 1;
    for (uint32_t i = 0; i < v->count; i++) {
        alike += v->family[i] == family ? 1 : 0;
    }
    v->x[v->count] = x;
    v->family[v->count++] = family;
    v->families += alike == 1 ? 1 : 0;
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->family[i] == family) {
            v->weight[i] = 1.0 / alike;
        }
    }
}

/* What one donor says of a parameter, which another name may stand for; false: nothing. */
static bool heard(const mu_catalog *catalog, const donor *d, const char *name, double *value)
{
    const mu_node *params = mu_node_get(d->calibration->doc.root, "params");
    char path[NAME_BYTES];
    mu_fact fact;
    if (d->family == NULL || d->left_out || params == NULL || mu_node_get(params, name) == NULL) {
        return false;
    }
    (void)snprintf(path, sizeof path, "params.%s", name);
    if (mu_catalog_fact(catalog, d->calibration, path, true, &fact, NULL) != MU_OK ||
        fact.grade == 'D') {
        return false;
    }
    *value = fact.range.best;
    return true;
}

static void gather(const mu_catalog *catalog, const mu_chip_prior *prior, const mu_param_spec *spec,
                   votes *out)
{
    double value = 0.0;
    for (uint32_t i = 0; i < prior->donors; i++) {
        const donor *d = &prior->donor[i];
        if (heard(catalog, d, spec->name, &value)) {
            add_vote(out, d->family, to_x(spec, value) - shift_of(spec->name, &d->traits));
        }
    }
}

/* "int8" and "wave" of "gemm_int8_wave", where formats may stand for each other; else false. */
static bool split_format(const char *name, char format[NAME_BYTES], const char **rest)
{
    static const char *const shared[] = {"_core_intensity", "_l2_share", "_ramp_us", "_wave",
                                         "_write"};
    static const char products[] = "gemm_";
    size_t length = strlen(name);
    if (strncmp(name, products, sizeof products - 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        size_t end = strlen(shared[i]);
        if (length >= sizeof products + end && strcmp(name + length - end, shared[i]) == 0) {
            size_t from = sizeof products - 1;
            (void)snprintf(format, NAME_BYTES, "%.*s", (int)(length - end - from), name + from);
            *rest = name + length - end;
            return true;
        }
    }
    return false;
}

static bool has_voted(const votes *v, uint32_t count, const mu_entity *family)
{
    for (uint32_t i = 0; i < count; i++) {
        if (v->family[i] == family) {
            return true;
        }
    }
    return false;
}

/* Families that never ran a format say what they found in others: few chips have all of them. */
static void gather_kin(const mu_catalog *catalog, const mu_chip_prior *prior,
                       const mu_param_spec *spec, votes *out)
{
    static const char *const formats[] = {"bf16", "fp8", "fp8_block", "int8", "fp4", "weight_only"};
    char own[NAME_BYTES];
    char name[NAME_BYTES];
    const char *rest = "";
    uint32_t first = out->count;
    if (!split_format(spec->name, own, &rest)) {
        return;
    }
    for (uint32_t i = 0; i < prior->donors; i++) {
        const donor *d = &prior->donor[i];
        for (size_t k = 0; k < sizeof formats / sizeof formats[0]; k++) {
            double value = 0.0;
            (void)snprintf(name, sizeof name, "gemm_%s%s", formats[k], rest);
            if (!has_voted(out, first, d->family) && heard(catalog, d, name, &value)) {
                add_vote(out, d->family, to_x(spec, value) - shift_of(spec->name, &d->traits));
            }
        }
    }
}

/* Median by weight; between two where they share it evenly. */
static double median_of(const votes *v, const double x[])
{
    double low = -HUGE_VAL;
    double high = HUGE_VAL;
    for (uint32_t i = 0; i < v->count; i++) {
        double below = 0.0;
        double total = 0.0;
        for (uint32_t k = 0; k < v->count; k++) {
            below += x[k] < x[i] || (x[k] == x[i] && k < i) ? v->weight[k] : 0.0;
            total += v->weight[k];
        }
        double half = 0.5 * total;
        low = below <= half + 1e-9 ? fmax(low, x[i]) : low;
        high = below + v->weight[i] >= half - 1e-9 ? fmin(high, x[i]) : high;
    }
    return 0.5 * (low + high);
}

/* Huber's centre: donors further off than the scatter pull no harder than one at it. */
static void learn_one(const votes *v, double typed_spread, knowledge *out)
{
    double off[DONORS_MAX];
    double centre = median_of(v, v->x);
    for (uint32_t i = 0; i < v->count; i++) {
        off[i] = fabs(v->x[i] - centre);
    }
    double scatter = fmax(1.4826 * median_of(v, off), scatter_least);
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0.0;
        double weights = 0.0;
        for (uint32_t i = 0; i < v->count; i++) {
            double weight = v->weight[i] / fmax(1.0, fabs(v->x[i] - centre) / scatter);
            sum += weight * v->x[i];
            weights += weight;
        }
        centre = sum / weights;
    }
    double squares = 0.0;
    double weights = 0.0;
    for (uint32_t i = 0; i < v->count; i++) {
        double distance = fmin(fabs(v->x[i] - centre), outlier * scatter);
        squares += v->weight[i] * distance * distance;
        weights += v->weight[i];
    }
    /* The .def row's spread counts as one donor; a new chip is one more draw. */
    double n = v->families;
    double variance = (squares / weights * n + typed_spread * typed_spread) / (n + 1.0);
    *out = (knowledge){
        .families = v->families, .centre = centre, .spread = sqrt(variance * (1.0 + 1.0 / n))};
}

static void learn_all(const mu_catalog *catalog, mu_chip_prior *prior)
{
    size_t count = 0;
    const mu_param_spec *specs = mu_chip_param_specs(&count);
    for (size_t i = 0; i < count; i++) {
        votes v;
        v.count = 0;
        v.families = 0;
        if (is_learned(specs[i].name)) {
            gather(catalog, prior, &specs[i], &v);
            gather_kin(catalog, prior, &specs[i], &v);
        }
        if (v.count > 0) {
            const mu_range *row = &specs[i].prior;
            double spread =
                (to_x(&specs[i], row->high) - to_x(&specs[i], row->low)) / (2.0 * MU_Z95);
            learn_one(&v, spread, &prior->of[i]);
        }
    }
}

mu_status mu_chip_prior_learn(const mu_catalog *catalog, const mu_entity *left_out, mu_arena *arena,
                              const mu_chip_prior **out, mu_error *err)
{
    assert(left_out == NULL || left_out->kind == MU_ENTITY_CHIP);
    size_t count = 0;
    (void)mu_chip_param_specs(&count);
    mu_chip_prior *prior = MU_NEW(arena, mu_chip_prior, 1);
    donor *donors = MU_NEW(arena, donor, DONORS_MAX);
    knowledge *of = MU_NEW(arena, knowledge, count);
    if (prior == NULL || donors == NULL || of == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for priors");
    }
    prior->donor = donors;
    prior->of = of;
    find_donors(catalog, prior);
    find_families(catalog, prior);
    if (left_out != NULL) {
        leave_out(catalog, left_out, prior);
    }
    learn_all(catalog, prior);
    *out = prior;
    return MU_OK;
}

mu_range mu_chip_prior_range(const mu_chip_prior *prior, size_t index, const mu_chip_traits *traits)
{
    size_t count = 0;
    const mu_param_spec *spec = &mu_chip_param_specs(&count)[index];
    assert(index < count);
    const knowledge *k = &prior->of[index];
    if (k->families == 0) {
        return spec->prior;
    }
    double x = k->centre + shift_of(spec->name, traits);
    /* Young software is less even: of the rows of a 910C die left out 87 % lie inside with this,
     * 75 % without. */
    double wide = MU_Z95 * k->spread / traits->value[MU_TRAIT_MATURITY];
    return (mu_range){from_x(spec, x), from_x(spec, x - wide), from_x(spec, x + wide)};
}

static double carried(const mu_param_spec *spec, double value, double shift)
{
    double share = (value - spec->min) / (spec->max - spec->min);
    if (!(share > 0.0) || share >= 1.0) {
        return value;
    }
    return from_x(spec, log(share / (1.0 - share)) + shift);
}

mu_range mu_chip_prior_carry(const mu_chip_prior *prior, size_t index, const char *calibration,
                             mu_range range, const mu_entity *chip, const mu_chip_traits *traits)
{
    size_t count = 0;
    const mu_param_spec *spec = &mu_chip_param_specs(&count)[index];
    assert(index < count);
    const donor *d = donor_of(prior, calibration);
    if (d == NULL || d->family == NULL || d->chip == chip) {
        return range;
    }
    double shift = shift_of(spec->name, traits) - shift_of(spec->name, &d->traits);
    if (shift == 0.0) {
        return range;
    }
    return (mu_range){carried(spec, range.best, shift), carried(spec, range.low, shift),
                      carried(spec, range.high, shift)};
}

bool mu_chip_prior_leaves_out(const mu_chip_prior *prior, const mu_entity *calibration)
{
    const donor *d = donor_of(prior, calibration->id);
    return d != NULL && d->left_out;
}
