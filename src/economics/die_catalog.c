/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip's die on the wafers of a process, out of the catalogue.
 *
 * What:  sides, what may break, gross dies; defects by date, as stated or as a quoted yield of a
 *        known die implies them under the same law; from them the yield of this die.
 * Why:   foundries do not publish defects; the press quotes yields of dies that are sold. On that
 *        very die the law then does not matter, on others it says how far the quote carries.
 */
#include "economics/ramp_catalog.h"
#include "economics/supply_catalog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MM2_PER_CM2 = 100.0;
static const double DEFECTS_MAX = 20.0; /* per cm2 */
static const double SIDE_MIN_MM = 1.0;  /* smaller is no compute die, and slow to count */
static const double SIDE_MAX_MM = 1000.0;
static const double AREA_AGREES = 0.05; /* of width x height */

static mu_status value(mu_ramp_from from, const char *path, double missing, double high,
                       double *out, mu_error *err)
{
    from.path = path;
    return mu_value_from_catalog(&from, missing, high, out, err);
}

/* Where the size of a die stands. */
static mu_status refuse_size(mu_ramp_from from, const char *path, const mu_die *die,
                             const char *what, mu_error *err)
{
    from.path = path;
    return mu_ramp_refuse(&from, err, "%s: a die of %.4g x %.4g mm %s", from.entity->id,
                          die->width_mm, die->height_mm, what);
}

/* By the point: tails of ranges are limited, not refused. */
static mu_status check_size(mu_ramp_from from, double area, const mu_die *die, mu_error *err)
{
    const char *path = area > 0.0 ? "die.area" : "die.width_mm";
    char what[64];
    if (die->width_mm < SIDE_MIN_MM || die->height_mm < SIDE_MIN_MM) {
        return refuse_size(from, path, die, "is smaller than 1 x 1 mm", err);
    }
    if (area > 0.0 && fabs(die->width_mm * die->height_mm / area - 1.0) > AREA_AGREES) {
        (void)snprintf(what, sizeof what, "has not the area of %.4g mm2", area);
        return refuse_size(from, path, die, what, err);
    }
    if (!mu_die_fits_reticle(die)) {
        (void)snprintf(what, sizeof what, "is larger than the reticle (%g x %g mm)",
                       MU_RETICLE_WIDTH_MM, MU_RETICLE_HEIGHT_MM);
        return refuse_size(from, path, die, what, err);
    }
    return MU_OK;
}

/* Into what can be exposed, and what is a die. */
static void limit_size(mu_die *die)
{
    double *longer = die->width_mm > die->height_mm ? &die->width_mm : &die->height_mm;
    double *shorter = die->width_mm > die->height_mm ? &die->height_mm : &die->width_mm;
    *longer = fmin(fmax(*longer, SIDE_MIN_MM), MU_RETICLE_HEIGHT_MM);
    *shorter = fmin(fmax(*shorter, SIDE_MIN_MM), MU_RETICLE_WIDTH_MM);
}

static bool states(mu_ramp_from from, const char *path)
{
    const mu_entity *by = NULL;
    return mu_catalog_node(from.catalog, from.entity, path, &by) != NULL && by == from.entity;
}

/* Of an area and of sides one may be inherited: what the chip itself states takes its place. */
static void drop_inherited(mu_ramp_from from, double *area, mu_die *die)
{
    bool own_area = states(from, "die.area");
    bool own_sides = states(from, "die.width_mm") || states(from, "die.height_mm");
    if (own_area && !own_sides) {
        *die = (mu_die){0};
    } else if (own_sides && !own_area) {
        *area = 0.0;
    }
}

/* Sides, of the area where they are not known; area 0 = not stated beside them. */
static mu_status read_size(mu_ramp_from from, double *area, mu_die *out, mu_error *err)
{
    mu_die die = {0};
    mu_status status = value(from, "die.width_mm", 0.0, SIDE_MAX_MM, &die.width_mm, err);
    if (status == MU_OK) {
        status = value(from, "die.height_mm", 0.0, SIDE_MAX_MM, &die.height_mm, err);
    }
    if (status == MU_OK) {
        status = value(from, "die.area", 0.0, 1e6, area, err);
    }
    if (status != MU_OK) {
        return status;
    }
    drop_inherited(from, area, &die);
    if (die.width_mm <= 0.0 || die.height_mm <= 0.0) {
        if (*area <= 0.0 && from.draw.plan == NULL) {
            return mu_fail(err, MU_E_INPUT,
                           "%s: the size of its die (die.area) is not in the catalogue",
                           from.entity->id);
        }
        double least = from.draw.plan != NULL ? SIDE_MIN_MM * SIDE_MIN_MM : 0.0;
        die = mu_die_of_area(fmax(*area, least));
    }
    *out = die;
    return MU_OK;
}

mu_status mu_die_from_catalog(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                              mu_die *out, mu_error *err)
{
    double area = 0.0;
    mu_die die = {0};
    const mu_ramp_from point = {catalog, chip, NULL, {NULL, 0}};
    const mu_ramp_from drawn = {catalog, chip, NULL, draw};
    mu_status status = MU_OK;
    if (draw.index == 0) {
        status = read_size(point, &area, &die, err);
        status = status == MU_OK ? check_size(point, area, &die, err) : status;
    }
    if (status == MU_OK && draw.plan != NULL) {
        status = read_size(drawn, &area, &die, err);
        limit_size(&die);
    }
    if (status == MU_OK) {
        *out = die;
    }
    return status;
}

/* Cores on the die against cores sold of it. */
static mu_status read_harvest(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                              mu_harvest *out, mu_error *err)
{
    double on_die = 0.0;
    double dies = 1.0;
    double share = 0.0;
    mu_fact sold = {0};
    mu_ramp_from from = {catalog, chip, "dies", draw};
    *out = (mu_harvest){0};
    mu_status status = mu_count_from_catalog(&from, &dies, err);
    if (status == MU_OK) {
        status = value(from, "die.cores", 0.0, 1e6, &on_die, err);
    }
    if (status == MU_OK) {
        status = value(from, "die.core_share", 0.0, 1.0, &share, err);
    }
    if (status == MU_OK) {
        status = mu_catalog_fact(catalog, chip, "cores", false, &sold, err);
    }
    if (status != MU_OK || on_die < 1.0 || sold.path == NULL) {
        return status;
    }
    double spare = floor(on_die + 0.5) - ceil(sold.range.best / fmax(dies, 1.0) - 1e-9);
    if (spare < 0.0 || spare >= on_die || spare > MU_HARVEST_SPARE_MAX) {
        from.path = "die.cores";
        return mu_ramp_refuse(&from, err, "%s: %g cores are sold of a die that has %g", chip->id,
                              sold.range.best / fmax(dies, 1.0), on_die);
    }
    *out = (mu_harvest){(uint32_t)floor(on_die + 0.5), (uint32_t)spare, share};
    return MU_OK;
}

/* Die, critical area and harvesting of any chip. */
static mu_status read_die(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                          mu_die_on_process *out, mu_error *err)
{
    double critical = 1.0;
    const mu_ramp_from from = {catalog, chip, NULL, draw};
    mu_status status = mu_die_from_catalog(catalog, chip, draw, &out->die, err);
    if (status == MU_OK) {
        status = value(from, "die.critical", 1.0, 1.0, &critical, err);
    }
    if (status == MU_OK) {
        status = read_harvest(catalog, chip, draw, &out->harvest, err);
    }
    out->critical_cm2 = critical * out->die.width_mm * out->die.height_mm / MM2_PER_CM2;
    return status;
}

static mu_status read_process(const mu_supply_wish *wish, const mu_entity *process, mu_draw draw,
                              mu_die_on_process *out, mu_error *err)
{
    const mu_ramp_from from = {wish->catalog, process, NULL, draw};
    double cycle_s = 0.0;
    mu_status status =
        value(from, "wafer.diameter_mm", 300.0, 1000.0, &out->wafer.diameter_mm, err);
    if (status == MU_OK) {
        status = value(from, "wafer.edge_mm", 3.0, 100.0, &out->wafer.edge_mm, err);
    }
    if (status == MU_OK) {
        status = value(from, "wafer.scribe_mm", 0.1, 10.0, &out->wafer.scribe_mm, err);
    }
    if (status == MU_OK) {
        status = value(from, "cluster", 3.0, 1e6, &out->law.alpha, err);
    }
    if (status == MU_OK) {
        status = value(from, "cycle", 0.0, 1e9, &cycle_s, err);
    }
    out->law.alpha = wish->alpha > 0.0 ? wish->alpha : fmax(out->law.alpha, 1e-3);
    out->law.model = wish->has_model ? wish->model : MU_YIELD_NEGATIVE_BINOMIAL;
    out->cycle = cycle_s / MU_MONTH_S;
    if (status == MU_OK && 2.0 * out->wafer.edge_mm >= out->wafer.diameter_mm) {
        const mu_ramp_from at = {wish->catalog, process, "wafer.diameter_mm", draw};
        status = mu_ramp_refuse(&at, err, "%s: a rim of %g mm leaves nothing of a wafer of %g mm",
                                process->id, out->wafer.edge_mm, out->wafer.diameter_mm);
    }
    return status;
}

static bool alike(const mu_gross_memo *memo, const mu_die_on_process *die)
{
    return memo->wafer.diameter_mm == die->wafer.diameter_mm &&
           memo->wafer.edge_mm == die->wafer.edge_mm &&
           memo->wafer.scribe_mm == die->wafer.scribe_mm &&
           memo->die.width_mm == die->die.width_mm && memo->die.height_mm == die->die.height_mm;
}

static mu_status count_gross(const mu_supply_wish *wish, mu_gross_memo *memo,
                             mu_die_on_process *out, mu_error *err)
{
    if (!alike(memo, out)) {
        *memo = (mu_gross_memo){out->wafer, out->die, mu_wafer_dies(&out->wafer, &out->die).dies};
    }
    out->gross = memo->gross;
    if (out->gross == 0) {
        const mu_ramp_from at = {wish->catalog, out->process, "wafer.diameter_mm", {NULL, 0}};
        return mu_ramp_refuse(
            &at, err, "%s: a die of %.4g x %.4g mm is larger than a wafer of %g mm", wish->chip->id,
            out->die.width_mm, out->die.height_mm, out->wafer.diameter_mm);
    }
    return MU_OK;
}

/* Defects by date that quoted yields of the reference chip's die imply. */
static mu_status defects_of_yields(const mu_supply_wish *wish, const mu_entity *process,
                                   mu_draw draw, mu_die_on_process *out, mu_error *err)
{
    const mu_entity *reference = NULL;
    mu_die_on_process quoted = {.law = out->law};
    mu_ramp_from from = {wish->catalog, process, "yield", draw};
    mu_status status = mu_ramp_from_catalog(&from, 1.0, &out->defects, err);
    if (status != MU_OK || out->defects.count == 0) {
        return status;
    }
    const char *id = mu_catalog_text(wish->catalog, process, "reference");
    if (id == NULL) {
        return mu_ramp_refuse(&from, err, "%s: yield needs reference: the chip whose die it is of",
                              process->id);
    }
    status = mu_catalog_find(wish->catalog, MU_ENTITY_CHIP, id, &reference, err);
    if (status == MU_OK) {
        status = read_die(wish->catalog, reference, draw, &quoted, err);
    }
    for (uint32_t i = 0; i < out->defects.count && status == MU_OK; i++) {
        double yield = fmax(out->defects.value[i], 1e-6);
        double defects = mu_yield_defects(out->law, yield, &quoted.harvest);
        out->defects.value[i] = fmin(defects / quoted.critical_cm2, DEFECTS_MAX);
    }
    return status;
}

bool mu_process_has_yield(const mu_catalog *catalog, const mu_entity *process)
{
    return mu_catalog_node(catalog, process, "defects", NULL) != NULL ||
           mu_catalog_node(catalog, process, "yield", NULL) != NULL;
}

static mu_status read_defects(const mu_supply_wish *wish, const mu_entity *process, mu_draw draw,
                              mu_die_on_process *out, mu_error *err)
{
    mu_ramp_from from = {wish->catalog, process, "defects", draw};
    if (wish->has_defects) {
        out->defects = mu_ramp_always(wish->defects_per_cm2);
        return MU_OK;
    }
    mu_status status = mu_ramp_from_catalog(&from, DEFECTS_MAX, &out->defects, err);
    if (status == MU_OK && out->defects.count == 0) {
        status = defects_of_yields(wish, process, draw, out, err);
    }
    if (status == MU_OK && out->defects.count == 0) {
        status = mu_fail(err, MU_E_INPUT,
                         "%s: neither defects nor yield of it are in the catalogue; say "
                         "--defect-density",
                         process->id);
    }
    return status;
}

mu_status mu_die_on_process_read(const mu_supply_wish *wish, const mu_entity *process, mu_draw draw,
                                 mu_gross_memo *memo, mu_die_on_process *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    out->process = process;
    mu_status status = read_process(wish, process, draw, out, err);
    if (status == MU_OK) {
        status = read_die(wish->catalog, wish->chip, draw, out, err);
    }
    if (status == MU_OK) {
        status = count_gross(wish, memo, out, err);
    }
    if (status == MU_OK) {
        status = read_defects(wish, process, draw, out, err);
    }
    if (status != MU_OK) {
        return status;
    }
    out->yield = out->defects;
    out->good = out->defects;
    for (uint32_t i = 0; i < out->defects.count; i++) {
        double defects = out->critical_cm2 * out->defects.value[i];
        out->yield.value[i] = mu_yield_harvested(out->law, defects, &out->harvest);
        out->good.value[i] = out->gross * out->yield.value[i];
    }
    return MU_OK;
}
