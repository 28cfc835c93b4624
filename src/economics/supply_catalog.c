/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the lines of foundries that have a share for a chip.
 *
 * What:  lines.<line> of every foundry whose `chips` name the chip, as sources of a chain.
 * Bound: MU_SUPPLY_SOURCES_MAX lines a chip.
 */
#include "economics/supply_catalog.h"

#include "economics/ramp_catalog.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    const mu_supply_wish *wish;
    const mu_entity *foundry;
    const char *line;
    mu_draw draw;
    mu_gross_memo *memo;
    mu_supply_plan *out;
    double packing; /* months from parts to chip */
    double packed;  /* of packages, chips that work */
    mu_error *err;
} reader;

/* "lines.<line>.<key>", or that of the chip in it. */
static void path_of(const reader *r, const char *key, char out[MU_RAMP_PATH_MAX])
{
    (void)snprintf(out, MU_RAMP_PATH_MAX, "lines.%.60s.%.80s", r->line, key);
}

static void chip_path_of(const reader *r, const char *key, char out[MU_RAMP_PATH_MAX])
{
    (void)snprintf(out, MU_RAMP_PATH_MAX, "lines.%.60s.chips.%.60s.%.40s", r->line,
                   r->wish->chip->id, key);
}

static mu_ramp_from place(const reader *r, const char *path)
{
    return (mu_ramp_from){r->wish->catalog, r->foundry, path, r->draw};
}

static mu_status read_value(const reader *r, const char *key, double missing, double high,
                            double *out)
{
    char path[MU_RAMP_PATH_MAX];
    path_of(r, key, path);
    const mu_ramp_from from = place(r, path);
    return mu_value_from_catalog(&from, missing, high, out, r->err);
}

/* The process that the chip and the foundry have in common; one whose yield is known goes first. */
static const mu_entity *common_process(const reader *r, mu_status *status)
{
    mu_references of_chip = {.count = 0};
    mu_references of_foundry = {.count = 0};
    const mu_catalog *catalog = r->wish->catalog;
    *status = mu_catalog_references(catalog, r->wish->chip, "processes", &of_chip, r->err);
    if (*status == MU_OK) {
        *status = mu_catalog_references(catalog, r->foundry, "processes", &of_foundry, r->err);
    }
    const mu_entity *found = NULL;
    for (uint32_t i = 0; i < of_chip.count && *status == MU_OK; i++) {
        for (uint32_t k = 0; k < of_foundry.count; k++) {
            bool better = found == NULL || (!mu_process_has_yield(catalog, found) &&
                                            mu_process_has_yield(catalog, of_chip.entity[i]));
            if (of_chip.entity[i] == of_foundry.entity[k] && better) {
                found = of_chip.entity[i];
            }
        }
    }
    if (*status == MU_OK && found == NULL) {
        *status = mu_fail(r->err, MU_E_INPUT,
                          "%s: lines.%s makes wafers for %s, but no process of the one is among "
                          "those of the other",
                          r->foundry->id, r->line, r->wish->chip->id);
    }
    return found;
}

/* Good dies a wafer, of a line of wafers. */
static mu_status read_dies(const reader *r, mu_supply_source *source, mu_supply_line *line)
{
    mu_status status = MU_OK;
    mu_die_on_process die;
    line->process = common_process(r, &status);
    if (status == MU_OK) {
        status = mu_die_on_process_read(r->wish, line->process, r->draw, r->memo, &die, r->err);
    }
    if (status == MU_OK) {
        source->per_unit = die.good;
        source->delay = die.cycle;
    }
    return status;
}

/* Packages or stacks from one wafer of a line that counts wafers. */
static mu_status read_per_wafer(const reader *r, mu_supply_source *source)
{
    double per_wafer = 1.0;
    char path[MU_RAMP_PATH_MAX];
    chip_path_of(r, "per_wafer", path);
    const mu_ramp_from from = place(r, path);
    mu_status status = mu_value_from_catalog(&from, 1.0, 1e6, &per_wafer, r->err);
    if (status == MU_OK) {
        source->per_unit = mu_ramp_always(per_wafer);
    }
    return status;
}

static void widen(mu_supply_plan *out, mu_supply_line *line, const mu_ramp *ramp)
{
    if (ramp->count > 0) {
        double first = ramp->month[0];
        double last = ramp->month[ramp->count - 1];
        out->from = out->from == 0.0 || first < out->from ? first : out->from;
        out->to = last > out->to ? last : out->to;
        line->to = last > line->to ? last : line->to;
    }
}

/* What is in store, and the chip's share of it at that date. */
static mu_status read_stock(const reader *r, mu_supply_source *source, mu_supply_line *line)
{
    mu_ramp stock = {0};
    char path[MU_RAMP_PATH_MAX];
    path_of(r, "stock", path);
    const mu_ramp_from from = place(r, path);
    mu_status status = mu_ramp_from_catalog(&from, 1e15, &stock, r->err);
    if (status == MU_OK && stock.count > 1) {
        return mu_ramp_refuse(&from, r->err, "%s: %s: expected one date, found %u", r->foundry->id,
                              path, stock.count);
    }
    if (status == MU_OK && stock.count == 1) {
        source->stock_month = stock.month[0];
        source->stock = stock.value[0] * mu_ramp_at(&source->share, stock.month[0]);
        widen(r->out, line, &stock);
    }
    return status;
}

static mu_status read_part(const reader *r, mu_piece *out)
{
    char path[MU_RAMP_PATH_MAX];
    path_of(r, "makes", path);
    const char *makes = mu_catalog_text(r->wish->catalog, r->foundry, path);
    if (makes == NULL || !mu_piece_parse(makes, out)) {
        const mu_ramp_from from = place(r, path);
        return mu_ramp_refuse(&from, r->err,
                              "%s: %s: expected dies, stacks or packages, found \"%.40s\"",
                              r->foundry->id, path, makes != NULL ? makes : "nothing");
    }
    return MU_OK;
}

static mu_status read_ramps(const reader *r, mu_supply_source *source, mu_supply_line *line)
{
    char path[MU_RAMP_PATH_MAX];
    path_of(r, "monthly", path);
    mu_ramp_from from = place(r, path);
    mu_status status = mu_ramp_from_catalog(&from, 1e12, &source->monthly, r->err);
    if (status == MU_OK) {
        chip_path_of(r, "share", path);
        status = mu_ramp_from_catalog(&from, 1.0, &source->share, r->err);
    }
    if (status == MU_OK && source->share.count == 0) {
        status = mu_ramp_refuse(&from, r->err, "%s: %s: expected a share by date, found none",
                                r->foundry->id, path);
    }
    if (status == MU_OK) {
        widen(r->out, line, &source->monthly);
        status = read_stock(r, source, line);
    }
    if (status == MU_OK && source->monthly.count == 0 && source->stock_month <= 0.0) {
        path_of(r, "monthly", path);
        status = mu_ramp_refuse(&from, r->err,
                                "%s: lines.%s: expected monthly: or stock: by date, found neither",
                                r->foundry->id, r->line);
    }
    return status;
}

/* Losses of the line itself: of dies and stacks fewer come; of packages their parts are lost. */
static mu_status read_losses(reader *r, mu_supply_source *source)
{
    double yield = 1.0;
    double time_s = 0.0;
    mu_status status = read_value(r, "yield", 1.0, 1.0, &yield);
    if (status == MU_OK) {
        status = read_value(r, "time", 0.0, 1e9, &time_s);
    }
    if (status != MU_OK) {
        return status;
    }
    double months = time_s / MU_MONTH_S;
    if (source->part == MU_PIECE_PACKAGES) {
        r->packing = months > r->packing ? months : r->packing;
        r->packed = yield < r->packed ? yield : r->packed;
        return MU_OK;
    }
    source->delay += months;
    source->stock *= yield;
    for (uint32_t i = 0; i < source->per_unit.count; i++) {
        source->per_unit.value[i] *= yield;
    }
    return MU_OK;
}

static mu_status read_line(reader *r)
{
    mu_supply_plan *out = r->out;
    if (out->chain.count == MU_SUPPLY_SOURCES_MAX) {
        return mu_fail(r->err, MU_E_INPUT, "%s has more than %d lines", r->wish->chip->id,
                       MU_SUPPLY_SOURCES_MAX);
    }
    mu_supply_source *source = &out->chain.source[out->chain.count];
    mu_supply_line *line = &out->line[out->chain.count];
    *source = (mu_supply_source){.per_unit = mu_ramp_always(1.0)};
    *line = (mu_supply_line){.foundry = r->foundry, .name = r->line};
    mu_status status = read_part(r, &source->part);
    if (status == MU_OK) {
        status = read_ramps(r, source, line);
    }
    if (status == MU_OK && source->part == MU_PIECE_DIES && source->monthly.count > 0) {
        status = read_dies(r, source, line);
    }
    if (status == MU_OK && source->part != MU_PIECE_DIES) {
        status = read_per_wafer(r, source);
    }
    if (status == MU_OK) {
        status = read_losses(r, source);
    }
    out->chain.count += status == MU_OK ? 1U : 0U;
    return status;
}

static bool left_out(const mu_supply_wish *wish, const mu_entity *foundry)
{
    for (uint32_t i = 0; i < wish->without_count; i++) {
        if (strcmp(wish->without[i], foundry->id) == 0) {
            return true;
        }
    }
    return false;
}

static mu_status read_foundry(reader *r)
{
    mu_status status = MU_OK;
    const mu_node *lines = mu_catalog_node(r->wish->catalog, r->foundry, "lines", NULL);
    for (uint32_t i = 0; lines != NULL && i < lines->count && status == MU_OK; i++) {
        const mu_node *name = mu_node_get(&lines->child[i], "name");
        const mu_node *chips = mu_node_get(&lines->child[i], "chips");
        if (name != NULL && name->text != NULL && mu_node_get(chips, r->wish->chip->id) != NULL) {
            r->line = name->text;
            status = read_line(r);
        }
    }
    return status;
}

/* Of dies as many as the chip has; of stacks, too; one place in packaging. No line: no limit. */
static mu_status read_needs(const reader *r)
{
    mu_supply_plan *out = r->out;
    const mu_supply_wish *wish = r->wish;
    bool fed[MU_PIECES] = {false};
    double need[MU_PIECES] = {1.0, 0.0, 1.0};
    double dies = 0.0;
    mu_ramp_from from = {wish->catalog, wish->chip, "dies", r->draw};
    mu_status status = mu_count_from_catalog(&from, &dies, r->err);
    if (status == MU_OK) {
        out->dies_assumed = dies == 0.0;
        out->dies = dies > 0.0 ? dies : 1.0;
        need[MU_PIECE_DIES] = out->dies;
        from.path = "memory.stacks";
        status = mu_value_from_catalog(&from, 0.0, 1e6, &need[MU_PIECE_STACKS], r->err);
    }
    for (uint32_t i = 0; i < out->chain.count; i++) {
        fed[out->chain.source[i].part] = true;
    }
    for (int p = 0; p < MU_PIECES; p++) {
        out->unbounded[p] = !fed[p] || need[p] <= 0.0;
        /* nobody makes chips without dies */
        bool counts = p == MU_PIECE_DIES || !out->unbounded[p];
        out->chain.need[p] = counts ? need[p] : 0.0;
    }
    return status;
}

mu_status mu_supply_from_catalog(const mu_supply_wish *wish, mu_draw draw, mu_gross_memo *memo,
                                 mu_supply_plan *out, mu_error *err)
{
    assert(wish->chip->kind == MU_ENTITY_CHIP);
    mu_status status = MU_OK;
    memset(out, 0, sizeof *out);
    reader r = {.wish = wish, .draw = draw, .memo = memo, .out = out, .packed = 1.0, .err = err};
    uint32_t foundries = mu_catalog_count(wish->catalog, MU_ENTITY_FOUNDRY);
    for (uint32_t i = 0; i < foundries && status == MU_OK; i++) {
        r.foundry = mu_catalog_at(wish->catalog, MU_ENTITY_FOUNDRY, i);
        status = left_out(wish, r.foundry) ? MU_OK : read_foundry(&r);
    }
    if (status == MU_OK) {
        status = read_needs(&r);
    }
    out->chain.package_yield = r.packed;
    for (uint32_t i = 0; i < out->chain.count; i++) {
        out->chain.source[i].delay += r.packing;
    }
    return status;
}
