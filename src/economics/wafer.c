/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gross dies of a round wafer.
 *
 * What:  for an offset of the grid, row by row: how many dies of a row lie between the chords at
 *        its upper and lower edge. Over offsets: a grid can be moved, none of its dies lost, until
 *        the left corner of one die and the right corner of another (or the same) lie on the
 *        circle. The vector between the two is known from their places in the grid; so is then the
 *        chord's place, and with it the offset.
 * Bound: corners within 1e-9 mm of the circle lie in it.
 */
#include "economics/wafer.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

enum { OFFSETS_MAX = 16384 };

static const double TOUCH_MM = 1e-9;
static const double PI = 3.14159265358979323846;

bool mu_die_fits_reticle(const mu_die *die)
{
    double longer = fmax(die->width_mm, die->height_mm);
    double shorter = fmin(die->width_mm, die->height_mm);
    return longer <= MU_RETICLE_HEIGHT_MM && shorter <= MU_RETICLE_WIDTH_MM;
}

mu_die mu_die_of_area(double area_mm2)
{
    assert(area_mm2 > 0.0);
    double width_mm = fmin(sqrt(area_mm2), MU_RETICLE_WIDTH_MM);
    return (mu_die){width_mm, area_mm2 / width_mm};
}

static double usable_radius(const mu_wafer *wafer)
{
    return 0.5 * wafer->diameter_mm - wafer->edge_mm;
}

/* Dies of the row whose lower edge is at y, with a die's left edge at x. */
static uint32_t row_dies(double radius, const mu_die *die, double pitch, double x, double y)
{
    double far = fmax(fabs(y), fabs(y + die->height_mm));
    double half = radius * radius - far * far;
    if (half < -TOUCH_MM * radius) {
        return 0;
    }
    half = sqrt(fmax(half, 0.0)) + TOUCH_MM;
    double first = ceil((-half - x) / pitch);
    double last = floor((half - die->width_mm - x) / pitch);
    return last >= first ? (uint32_t)(last - first) + 1 : 0;
}

uint32_t mu_wafer_dies_at(const mu_wafer *wafer, const mu_die *die, double x_mm, double y_mm)
{
    double radius = usable_radius(wafer);
    double pitch_x = die->width_mm + wafer->scribe_mm;
    double pitch_y = die->height_mm + wafer->scribe_mm;
    double y = y_mm - pitch_y * floor((y_mm + radius) / pitch_y);
    uint32_t dies = 0;
    for (; y < radius; y += pitch_y) {
        dies += row_dies(radius, die, pitch_x, x_mm, y);
    }
    return dies;
}

static void try_offset(const mu_wafer *wafer, const mu_die *die, double x, double y,
                       mu_die_grid *best)
{
    uint32_t dies = mu_wafer_dies_at(wafer, die, x, y);
    if (dies > best->dies) {
        *best = (mu_die_grid){x, y, dies};
    }
}

/*
 * The lower left corner of a die on the circle and a right corner (dx, dy) from it: a chord, below
 * the centre or above.
 */
static void try_chord(const mu_wafer *wafer, const mu_die *die, double dx, double dy, double side,
                      mu_die_grid *best)
{
    double radius = usable_radius(wafer);
    double length = hypot(dx, dy);
    double away = radius * radius - 0.25 * length * length;
    if (away >= 0.0) {
        away = side * sqrt(away) / length;
        try_offset(wafer, die, -0.5 * dx + away * dy, -0.5 * dy - away * dx, best);
    }
}

/*
 * To the lower right corners of other dies, and to the upper ones. Mirrored left to right, upside
 * down or both a grid has as many dies: chords that are mirror images of others are left out.
 */
static void try_chords(const mu_wafer *wafer, const mu_die *die, double dx, double steps,
                       mu_die_grid *best)
{
    double pitch_y = die->height_mm + wafer->scribe_mm;
    double dy = steps * pitch_y;
    if (steps >= 0.0) {
        try_chord(wafer, die, dx, dy, 1.0, best);
        try_chord(wafer, die, dx, dy, -1.0, best);
    }
    try_chord(wafer, die, dx, dy + die->height_mm, 1.0, best);
}

mu_die_grid mu_wafer_dies(const mu_wafer *wafer, const mu_die *die)
{
    assert(die->width_mm > 0.0 && die->height_mm > 0.0 && usable_radius(wafer) > 0.0);
    double across = 2.0 * usable_radius(wafer);
    double pitch_x = die->width_mm + wafer->scribe_mm;
    double pitch_y = die->height_mm + wafer->scribe_mm;
    double columns = floor(across / pitch_x) + 1.0;
    double rows = floor(across / pitch_y) + 1.0;
    double offsets = columns * (2.0 * rows + 1.0);
    uint64_t stride = (uint64_t)(offsets / OFFSETS_MAX) + 1;
    uint64_t seen = 0;
    mu_die_grid best = {0};
    try_offset(wafer, die, 0.0, 0.0, &best);
    try_offset(wafer, die, -0.5 * die->width_mm, -0.5 * die->height_mm, &best);
    try_offset(wafer, die, 0.0, -0.5 * die->height_mm, &best);
    try_offset(wafer, die, -0.5 * die->width_mm, 0.0, &best);
    for (double i = 0.0; i < columns; i++) {
        for (double j = -rows; j <= rows; j++) {
            if (seen++ % stride == 0) {
                try_chords(wafer, die, die->width_mm + i * pitch_x, j, &best);
            }
        }
    }
    best.x_mm -= pitch_x * ceil(best.x_mm / pitch_x);
    best.y_mm -= pitch_y * ceil(best.y_mm / pitch_y);
    return best;
}

static const char *const formula_texts[] = {
#define X(name, key) key,
    MU_DIE_FORMULA_LIST(X)
#undef X
};

const char *mu_die_formula_text(mu_die_formula formula)
{
    assert(formula < MU_DIE_FORMULAS);
    return formula_texts[formula];
}

double mu_wafer_dies_by(const mu_wafer *wafer, const mu_die *die, mu_die_formula formula)
{
    double d = 2.0 * usable_radius(wafer);
    double width = die->width_mm + wafer->scribe_mm;
    double height = die->height_mm + wafer->scribe_mm;
    double area = width * height;
    double all = PI * d * d / (4.0 * area);
    double rim = 1.0 - (width + height) / d;
    switch (formula) {
    case MU_DIES_COMMON:
        return fmax(all - PI * d / sqrt(2.0 * area), 0.0);
    case MU_DIES_DE_VRIES:
        return fmax(all - 0.58 * PI * d / sqrt(area), 0.0);
    case MU_DIES_EXPONENTIAL:
        return all * exp(-2.0 * sqrt(area) / d);
    case MU_DIES_SQUARED:
        return rim > 0.0 ? all * rim * rim : 0.0;
    case MU_DIES_AREA:
    case MU_DIE_FORMULAS:
        break;
    }
    return all;
}
