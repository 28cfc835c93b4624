/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip's die in one process after the other: what a wafer of each would give.
 */
#include "study/supply_parts.h"

#include "economics/ramp_catalog.h"

#include <math.h>
#include <string.h>

static const double DAYS_A_MONTH = 365.25 / 12.0;

enum { DEFECTS, CLEAN, YIELD, GOOD, WAFER, DIE, CYCLE, COLUMNS };

/* One process: a row of COLUMNS values a draw. */
typedef struct dies {
    const mu_supply_question *q;
    mu_draw_plan *draws;
    mu_gross_memo *memo; /* [samples + 1]: wafers are alike in a draw, whatever the process */
    uint64_t samples;
    double *value; /* [COLUMNS][samples + 1] */
    double at;     /* month that is looked at */
} dies;

/* A ramp has no value before its first date: what is known first stands for all before. */
static double at(const mu_ramp *ramp, double month)
{
    return ramp->count > 0 ? mu_ramp_at(ramp, fmax(month, ramp->month[0])) : 0.0;
}

static mu_status read_row(const dies *d, const mu_entity *process, uint64_t i,
                          mu_die_on_process *die, mu_error *err)
{
    const mu_draw draw = {d->draws, (uint32_t)i};
    const mu_ramp_from price = {d->q->wish.catalog, process, "facts.wafer_price", draw};
    double usd = 0.0;
    mu_status status = mu_die_on_process_read(&d->q->wish, process, draw, &d->memo[i], die, err);
    if (status == MU_OK) {
        status = mu_value_from_catalog(&price, 0.0, 1e9, &usd, err);
    }
    if (status != MU_OK) {
        return status;
    }
    double defects = at(&die->defects, d->at);
    double good = at(&die->good, d->at);
    double row[COLUMNS] = {defects,
                           mu_yield_clean(die->law, defects * die->critical_cm2),
                           at(&die->yield, d->at),
                           good,
                           usd,
                           good > 0.0 ? usd / good : 0.0,
                           die->cycle * DAYS_A_MONTH};
    for (int c = 0; c < COLUMNS; c++) {
        d->value[(uint64_t)c * (d->samples + 1) + i] = row[c];
    }
    return MU_OK;
}

static mu_quantity column(const dies *d, int c)
{
    double *row = &d->value[(uint64_t)c * (d->samples + 1)];
    return mu_quantity_of(row[0], row + 1, d->samples);
}

static mu_status add_process(const dies *d, const mu_entity *process, mu_supply_answer *out,
                             mu_error *err)
{
    mu_die_on_process point = {0};
    mu_die_on_process die;
    mu_status status = read_row(d, process, 0, &point, err);
    for (uint64_t i = 1; i <= d->samples && status == MU_OK; i++) {
        status = read_row(d, process, i, &die, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_supply_die *row = &out->on[out->die_count++];
    *row = (mu_supply_die){.process = process,
                           .wafer = point.wafer,
                           .law = point.law,
                           .gross = point.gross,
                           .defects = column(d, DEFECTS),
                           .clean = column(d, CLEAN),
                           .yield = column(d, YIELD),
                           .good = column(d, GOOD),
                           .wafer_usd = column(d, WAFER),
                           .die_usd = column(d, DIE),
                           .cycle_days = column(d, CYCLE)};
    for (uint32_t i = 0; i < out->line_count; i++) {
        row->used = row->used || out->line[i].process == process;
    }
    out->die = point.die;
    out->harvest = point.harvest;
    out->critical_share = 100.0 * point.critical_cm2 / (point.die.width_mm * point.die.height_mm);
    return MU_OK;
}

static bool is_there(const mu_supply_answer *a, const mu_entity *process)
{
    for (uint32_t i = 0; i < a->die_count; i++) {
        if (a->on[i].process == process) {
            return true;
        }
    }
    return false;
}

static bool is_named(const mu_references *list, const mu_entity *process)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->entity[i] == process) {
            return true;
        }
    }
    return false;
}

/* Whether it belongs into this round: those the lines use, then the chip's own, then the others. */
static bool in_round(const mu_supply_answer *a, const mu_references *own, const mu_entity *process,
                     int round)
{
    bool used = false;
    for (uint32_t i = 0; i < a->line_count; i++) {
        used = used || a->line[i].process == process;
    }
    return round == 0 ? used : (round == 1 ? is_named(own, process) : true);
}

mu_status mu_supply_dies(const mu_supply_question *question, mu_draw_plan *draws,
                         mu_gross_memo *memo, mu_arena *arena, mu_supply_answer *out, mu_error *err)
{
    const mu_catalog *catalog = question->wish.catalog;
    mu_references own = {.count = 0};
    dies d = {.q = question, .draws = draws, .memo = memo, .at = out->last};
    d.samples = question->samples >= 1.0 ? (uint64_t)question->samples : 0;
    d.value = MU_NEW(arena, double, COLUMNS *(d.samples + 1));
    if (d.value == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the draws");
    }
    mu_status status = mu_catalog_references(catalog, question->wish.chip, "processes", &own, err);
    uint32_t count = mu_catalog_count(catalog, MU_ENTITY_PROCESS);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < count && status == MU_OK; i++) {
            const mu_entity *process = mu_catalog_at(catalog, MU_ENTITY_PROCESS, i);
            bool known = mu_process_has_yield(catalog, process);
            if (known && out->die_count < MU_SUPPLY_DIES_MAX && !is_there(out, process) &&
                in_round(out, &own, process, round)) {
                status = add_process(&d, process, out, err);
            }
        }
    }
    return status;
}
