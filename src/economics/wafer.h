/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A round wafer cut into dies: how many whole dies fit, and how many of them work.
 *
 * Terms: gross dies = whole dies inside the usable circle; clean = without a killing defect;
 *        harvested = sold with some broken cores switched off; defects = mean number of killing
 *        defects on a die: critical area times density.
 * Bound: one grid of equal dies; notch, laser marks and test sites are not taken out.
 * Source: die counts as D. K. de Vries, IEEE Trans. Semicond. Manuf. 18 (2005) 136 compares them;
 *         yields: Poisson; Murphy, Proc. IEEE 52 (1964) 1537; Seeds (exponential), IEDM 1967;
 *         negative binomial, Stapper, IBM J. Res. Dev. 20 (1976) 228.
 */
#ifndef MUSTER_ECONOMICS_WAFER_H
#define MUSTER_ECONOMICS_WAFER_H

#include <stdbool.h>
#include <stdint.h>

/* The largest field that a scanner exposes at once [mm]; no die is larger. */
#define MU_RETICLE_WIDTH_MM 26.0
#define MU_RETICLE_HEIGHT_MM 33.0

typedef struct mu_wafer {
    double diameter_mm;
    double edge_mm;   /* rim without usable dies */
    double scribe_mm; /* between dies, both ways */
} mu_wafer;

typedef struct mu_die {
    double width_mm;
    double height_mm;
} mu_die;

/* Where the lower left corner of a die lies, at most a pitch left of and below the wafer's centre,
 * and what that yields. */
typedef struct mu_die_grid {
    double x_mm;
    double y_mm;
    uint32_t dies;
} mu_die_grid;

/** Whether a die fits into one exposure, either way round. */
bool mu_die_fits_reticle(const mu_die *die);

/** A die of an area that is as square as the reticle lets it be; area_mm2 in (0, 858]. */
mu_die mu_die_of_area(double area_mm2);

/** Gross dies of a grid with a corner of a die at (x, y) from the centre. O(rows). */
uint32_t mu_wafer_dies_at(const mu_wafer *wafer, const mu_die *die, double x_mm, double y_mm);

/**
 * The offset of the grid with most gross dies. The best of all offsets: at one of them the left
 * corner of a die and the right corner of a die touch the circle, and all such are tried; where
 * there are more than 16,384 (dies below some 40 mm2 on 300 mm) an even sample of them.
 * Cost: 0.1 ms for a die of 700 mm2, at most some 10 ms.
 */
mu_die_grid mu_wafer_dies(const mu_wafer *wafer, const mu_die *die);

/* X(NAME, key): estimates of gross dies from areas alone, of the usable diameter d, die area S */
#define MU_DIE_FORMULA_LIST(X)                                                                     \
    X(AREA, "area")               /* pi d^2 / 4S: no more than this */                             \
    X(COMMON, "common")           /* pi d^2 / 4S - pi d / sqrt(2S) */                              \
    X(DE_VRIES, "de-vries")       /* pi d^2 / 4S - 0.58 pi d / sqrt(S) */                          \
    X(EXPONENTIAL, "exponential") /* pi d^2 / 4S exp(-2 sqrt(S) / d) */                            \
    X(SQUARED, "squared")         /* pi d^2 / 4S (1 - 2 sqrt(S) / d)^2, sides' mean for sqrt(S) */

typedef enum mu_die_formula {
#define X(name, key) MU_DIES_##name,
    MU_DIE_FORMULA_LIST(X)
#undef X
        MU_DIE_FORMULAS
} mu_die_formula;

/** Dies by a formula, scribe lines in the die's area; never below 0. */
double mu_wafer_dies_by(const mu_wafer *wafer, const mu_die *die, mu_die_formula formula);
const char *mu_die_formula_text(mu_die_formula formula);

/* X(NAME, word, other word): how defects spread over dies */
#define MU_YIELD_MODEL_LIST(X)                                                                     \
    X(POISSON, "poisson", "poisson")                                                               \
    X(MURPHY, "murphy", "murphy")                                                                  \
    X(SEEDS, "seeds", "exponential")                                                               \
    X(NEGATIVE_BINOMIAL, "negative-binomial", "nb")

typedef enum mu_yield_model {
#define X(name, word, other) MU_YIELD_##name,
    MU_YIELD_MODEL_LIST(X)
#undef X
        MU_YIELD_MODELS
} mu_yield_model;

typedef struct mu_yield_law {
    mu_yield_model model;
    double alpha; /* of the negative binomial: small = defects in clusters; above 0 */
} mu_yield_law;

/* What a die may lose: `spare` of `cores` equal cores, which take `share` of its critical area. */
typedef struct mu_harvest {
    uint32_t cores; /* 0 = nothing may break */
    uint32_t spare; /* below cores */
    double share;   /* 0 .. 1 */
} mu_harvest;

enum { MU_HARVEST_SPARE_MAX = 255 };

bool mu_yield_model_parse(const char *word, mu_yield_model *out);
const char *mu_yield_model_text(mu_yield_model model);

/** Share of dies without a killing defect, of mean `defects` >= 0. In (0, 1], falls in defects. */
double mu_yield_clean(mu_yield_law law, double defects);

/**
 * Share of dies with at most `spare` broken cores and no defect elsewhere: what the law says of n
 * defects on a die, times the chance that n defects that fall evenly leave it so. Never below
 * mu_yield_clean(). Cost: O(defects seen x spare), a microsecond where nothing may break.
 */
double mu_yield_harvested(mu_yield_law law, double defects, const mu_harvest *harvest);

/** Mean defects at which the harvested yield is `yield` in (0, 1]; to 1e-12. */
double mu_yield_defects(mu_yield_law law, double yield, const mu_harvest *harvest);

#endif
