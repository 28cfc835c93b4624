/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a foundry makes, and what its chips would be without it.
 *
 * What:  for each chip with a share of a line, in every draw: parts of the last month, and the
 *        chain of the chip run twice, with all lines and with those of the others.
 * Bound: a chip on two lines of one kind of a foundry is two rows; its chips count once.
 */
#include "study/supply_fab.h"

#include "economics/ramp_catalog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { UNITS, PARTS, ALL, YEAR, WITHOUT, COLUMNS, MONTHS_A_YEAR = 12 };

typedef struct fab {
    mu_supply_question q; /* `chip` changes */
    mu_draw_plan *draws;
    uint64_t samples;
    double *value;   /* [COLUMNS][samples + 1] of a row */
    double *sum[4];  /* dies, dies without, chips of the year, without; [samples + 1] */
    double *scratch; /* [samples + 1] */
    mu_supply_month *month;
    mu_fab_answer *out;
} fab;

static mu_quantity range_of(const mu_fact *fact)
{
    return (mu_quantity){fact->range.best, fact->range.low, fact->range.high};
}

static mu_status read_dates(const fab *f, const char *path, mu_fab_line *line, bool stock,
                            mu_error *err)
{
    const mu_catalog *catalog = f->q.wish.catalog;
    const mu_node *map = mu_catalog_node(catalog, f->out->foundry, path, NULL);
    for (uint32_t i = 0; map != NULL && i < map->count && i < MU_RAMP_POINTS_MAX; i++) {
        char full[192];
        mu_fact fact;
        mu_months date;
        const char *key = map->child[i].key;
        (void)snprintf(full, sizeof full, "%.120s.%.40s", path, key != NULL ? key : "");
        if (key == NULL || !mu_months_parse(key, &date)) {
            return mu_node_fail(&f->out->foundry->doc, &map->child[i], err,
                                "%s: expected a date such as 2026-06, found %.40s", path,
                                key != NULL ? key : "none");
        }
        mu_status status = mu_catalog_fact(catalog, f->out->foundry, full, true, &fact, err);
        if (status != MU_OK) {
            return status;
        }
        if (stock) {
            line->has_stock = true;
            line->stock_month = date.first;
            line->stock = range_of(&fact);
        } else {
            line->month[line->count] = date.first;
            line->monthly[line->count++] = range_of(&fact);
        }
    }
    return MU_OK;
}

static mu_status add_line(fab *f, const char *name, mu_error *err)
{
    char path[128];
    mu_fab_line *line = &f->out->line[f->out->line_count];
    *line = (mu_fab_line){.name = name};
    (void)snprintf(path, sizeof path, "lines.%.60s.makes", name);
    const char *makes = mu_catalog_text(f->q.wish.catalog, f->out->foundry, path);
    if (makes == NULL || !mu_piece_parse(makes, &line->makes)) {
        const mu_ramp_from at = {f->q.wish.catalog, f->out->foundry, path, {NULL, 0}};
        return mu_ramp_refuse(&at, err,
                              "%s: %s: expected dies, stacks or packages, found \"%.40s\"",
                              f->out->foundry->id, path, makes != NULL ? makes : "nothing");
    }
    (void)snprintf(path, sizeof path, "lines.%.60s.monthly", name);
    line->by_wafer = line->makes == MU_PIECE_DIES;
    mu_status status = read_dates(f, path, line, false, err);
    if (status == MU_OK) {
        (void)snprintf(path, sizeof path, "lines.%.60s.stock", name);
        status = read_dates(f, path, line, true, err);
    }
    f->out->line_count += status == MU_OK ? 1U : 0U;
    return status;
}

static mu_status add_chips(fab *f, const mu_node *chips, mu_fab_line *line, mu_error *err)
{
    for (uint32_t i = 0; chips != NULL && i < chips->count; i++) {
        const mu_entity *chip = NULL;
        if (f->out->chip_count == MU_FAB_CHIPS_MAX || chips->child[i].key == NULL) {
            return mu_fail(err, MU_E_INPUT, "%s: more than %d chips on its lines",
                           f->out->foundry->id, MU_FAB_CHIPS_MAX);
        }
        mu_status status =
            mu_catalog_find(f->q.wish.catalog, MU_ENTITY_CHIP, chips->child[i].key, &chip, err);
        if (status != MU_OK) {
            return status;
        }
        line->by_wafer = line->by_wafer || mu_node_get(&chips->child[i], "per_wafer") != NULL;
        f->out->chip[f->out->chip_count++] =
            (mu_fab_chip){.chip = chip, .line = line->name, .part = line->makes};
    }
    return MU_OK;
}

static mu_status add_lines(fab *f, mu_error *err)
{
    mu_status status = MU_OK;
    const mu_node *lines = mu_catalog_node(f->q.wish.catalog, f->out->foundry, "lines", NULL);
    for (uint32_t i = 0; lines != NULL && i < lines->count && status == MU_OK; i++) {
        const mu_node *name = mu_node_get(&lines->child[i], "name");
        if (name == NULL || name->text == NULL || f->out->line_count == MU_FAB_LINES_MAX) {
            continue;
        }
        status = add_line(f, name->text, err);
        if (status == MU_OK) {
            status = add_chips(f, mu_node_get(&lines->child[i], "chips"),
                               &f->out->line[f->out->line_count - 1], err);
        }
    }
    return status;
}

/* Chips of the last twelve months of a chain. */
static double year_of(const fab *f, const mu_supply_chain *chain, double first)
{
    double months = f->out->last - first + 1.0;
    if (first <= 0.0 || months < 1.0 || months > MU_SUPPLY_MONTHS_MAX) {
        return 0.0;
    }
    uint32_t count = (uint32_t)months;
    mu_supply_run(chain, first, count, f->month, NULL);
    double before = count > MONTHS_A_YEAR ? f->month[count - MONTHS_A_YEAR - 1].total : 0.0;
    return f->month[count - 1].total - before;
}

/* The sources of this foundry bring nothing. */
static void silence(const fab *f, mu_supply_plan *plan)
{
    for (uint32_t i = 0; i < plan->chain.count; i++) {
        if (plan->line[i].foundry == f->out->foundry) {
            plan->chain.source[i].monthly.count = 0;
            plan->chain.source[i].stock = 0.0;
        }
    }
}

/* One draw of a row; `first_row` of its chip counts into the sums. */
static void take_row(fab *f, mu_fab_chip *chip, mu_supply_plan *plan, bool first_row, uint64_t i)
{
    double row[COLUMNS] = {0.0};
    double own_dies = 0.0;
    double all_dies = 0.0;
    for (uint32_t s = 0; s < plan->chain.count; s++) {
        const mu_supply_source *source = &plan->chain.source[s];
        double parts = mu_supply_parts(source, f->out->last);
        bool own = plan->line[s].foundry == f->out->foundry;
        row[ALL] += source->part == chip->part ? parts : 0.0;
        all_dies += source->part == MU_PIECE_DIES ? parts : 0.0;
        own_dies += own && source->part == MU_PIECE_DIES ? parts : 0.0;
        if (own && strcmp(plan->line[s].name, chip->line) == 0) {
            double begun = f->out->last + 0.5 - source->delay;
            row[UNITS] = mu_ramp_at(&source->monthly, begun) * mu_ramp_at(&source->share, begun);
            row[PARTS] = parts;
            chip->process = plan->line[s].process;
        }
    }
    row[YEAR] = year_of(f, &plan->chain, plan->from);
    silence(f, plan);
    row[WITHOUT] = year_of(f, &plan->chain, plan->from);
    for (int c = 0; c < COLUMNS; c++) {
        f->value[(uint64_t)c * (f->samples + 1) + i] = row[c];
    }
    f->sum[0][i] += first_row ? all_dies : 0.0;
    f->sum[1][i] += first_row ? all_dies - own_dies : 0.0;
    f->sum[2][i] += first_row ? row[YEAR] : 0.0;
    f->sum[3][i] += first_row ? row[WITHOUT] : 0.0;
}

static mu_quantity of_row(const fab *f, const double row[])
{
    memcpy(f->scratch, row + 1, f->samples * sizeof row[0]);
    return mu_quantity_of(row[0], f->scratch, f->samples);
}

static mu_status run_chip(fab *f, uint32_t k, mu_error *err)
{
    mu_fab_chip *chip = &f->out->chip[k];
    mu_gross_memo memo = {0};
    mu_status status = MU_OK;
    bool first_row = true;
    f->q.wish.chip = chip->chip;
    for (uint32_t i = 0; i < k; i++) {
        first_row = first_row && f->out->chip[i].chip != chip->chip;
    }
    for (uint64_t i = 0; i <= f->samples && status == MU_OK; i++) {
        mu_supply_plan plan;
        mu_error local = {0};
        const mu_draw draw = {f->draws, (uint32_t)i};
        status = mu_supply_from_catalog(&f->q.wish, draw, &memo, &plan, &local);
        /* of a chip that is not known enough the others go on; what stands there wrong does not */
        if (status == MU_E_INPUT && i == 0 && local.line == 0) {
            (void)snprintf(chip->why, sizeof chip->why, "%.240s", local.text);
            return MU_OK;
        }
        if (status != MU_OK) {
            *err = local;
            return status;
        }
        take_row(f, chip, &plan, first_row, i);
    }
    chip->known = true;
    chip->units = of_row(f, &f->value[UNITS * (f->samples + 1)]);
    chip->parts = of_row(f, &f->value[PARTS * (f->samples + 1)]);
    chip->all = of_row(f, &f->value[ALL * (f->samples + 1)]);
    chip->year = of_row(f, &f->value[YEAR * (f->samples + 1)]);
    chip->year_without = of_row(f, &f->value[WITHOUT * (f->samples + 1)]);
    return MU_OK;
}

static mu_quantity ratio(const fab *f, const double above[], const double below[])
{
    double *row = f->value; /* read already */
    for (uint64_t i = 0; i <= f->samples; i++) {
        row[i] = below[i] > 0.0 ? above[i] / below[i] : (above[i] > 0.0 ? INFINITY : 1.0);
    }
    return of_row(f, row);
}

static void sum_up(fab *f)
{
    mu_fab_answer *a = f->out;
    for (uint32_t i = 0; i < a->line_count; i++) {
        a->makes_dies = a->makes_dies || a->line[i].makes == MU_PIECE_DIES;
    }
    a->dies = of_row(f, f->sum[0]);
    a->dies_without = of_row(f, f->sum[1]);
    a->year = of_row(f, f->sum[2]);
    a->year_without = of_row(f, f->sum[3]);
    a->dies_ratio = ratio(f, f->sum[0], f->sum[1]);
    a->year_ratio = ratio(f, f->sum[2], f->sum[3]);
}

/* The last month of all that is dated of it, unless one is named. */
static void set_last(fab *f)
{
    f->out->last = f->q.by;
    for (uint32_t i = 0; i < f->out->line_count && f->q.by <= 0.0; i++) {
        const mu_fab_line *line = &f->out->line[i];
        double last = line->count > 0 ? line->month[line->count - 1] : line->stock_month;
        f->out->last = fmax(f->out->last, last);
    }
}

/* Nobody counts what lines bring before there are any. */
static mu_status check_by(const fab *f, mu_error *err)
{
    double first = INFINITY;
    for (uint32_t i = 0; i < f->out->line_count; i++) {
        const mu_fab_line *line = &f->out->line[i];
        first = fmin(first, line->count > 0 ? line->month[0] : line->stock_month);
    }
    if (f->q.by <= 0.0 || f->q.by >= first) {
        return MU_OK;
    }
    char by[MU_MONTH_TEXT_MAX];
    char begin[MU_MONTH_TEXT_MAX];
    mu_month_text(f->q.by, by);
    mu_month_text(first, begin);
    return mu_fail(err, MU_E_INPUT, "--by %s is before the first line of %s (%s)", by,
                   f->out->foundry->id, begin);
}

static mu_status make_room(fab *f, mu_arena *arena, mu_error *err)
{
    uint64_t row = f->samples + 1;
    f->value = MU_NEW(arena, double, COLUMNS *row);
    f->scratch = MU_NEW(arena, double, row);
    f->month = MU_NEW(arena, mu_supply_month, MU_SUPPLY_MONTHS_MAX);
    bool made = f->value != NULL && f->scratch != NULL && f->month != NULL;
    for (int i = 0; i < 4; i++) {
        f->sum[i] = MU_NEW(arena, double, row);
        made = made && f->sum[i] != NULL;
    }
    if (f->samples > 0) {
        f->draws = mu_draw_plan_create(arena, (uint64_t)f->q.seed);
        made = made && f->draws != NULL;
    }
    return made ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory for the draws");
}

mu_status mu_fab_answer_question(const mu_supply_question *question, const mu_entity *foundry,
                                 mu_arena *arena, mu_fab_answer *out, mu_error *err)
{
    memset(out, 0, sizeof *out);
    out->foundry = foundry;
    fab f = {.q = *question, .out = out};
    f.samples = question->samples >= 1.0 ? (uint64_t)question->samples : 0;
    mu_status status = make_room(&f, arena, err);
    if (status == MU_OK) {
        status = add_lines(&f, err);
    }
    if (status == MU_OK && out->line_count == 0) {
        return mu_fail(err, MU_NO, "%s: the catalogue knows no line of it", foundry->id);
    }
    if (status == MU_OK) {
        status = check_by(&f, err);
    }
    set_last(&f);
    for (uint32_t k = 0; k < out->chip_count && status == MU_OK; k++) {
        status = run_chip(&f, k, err);
    }
    if (status == MU_OK) {
        sum_up(&f);
    }
    return status;
}
