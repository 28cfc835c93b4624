/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supply of a chip out of the catalogue: its die on the wafers of a process, and the lines of
 * foundries that have a share for it.
 *
 * Terms: a line is what a foundry makes month by month (wafers of dies, memory stacks, packages) or
 *        has in store. All dates of a line or a process share their luck: a draw that is high at
 *        one is high at all.
 */
#ifndef MUSTER_ECONOMICS_SUPPLY_CATALOG_H
#define MUSTER_ECONOMICS_SUPPLY_CATALOG_H

#include "base/draw.h"
#include "catalog/catalog.h"
#include "economics/supply.h"
#include "economics/wafer.h"

enum { MU_SUPPLY_WITHOUT_MAX = 8 };

/* Gross dies that were counted last: the same die is asked for in every draw. */
typedef struct mu_gross_memo {
    mu_wafer wafer;
    mu_die die;
    uint32_t gross;
} mu_gross_memo;

/* What is asked for; zeroed = as the catalogue has it. */
typedef struct mu_supply_wish {
    const mu_catalog *catalog;
    const mu_entity *chip;
    uint32_t without_count;
    const char *without[MU_SUPPLY_WITHOUT_MAX]; /* foundries left out, by id */
    bool has_model;
    mu_yield_model model; /* else negative binomial */
    double alpha;         /* 0 = the process's */
    bool has_defects;
    double defects_per_cm2; /* of every process, at all times */
} mu_supply_wish;

/* A chip's die on the wafers of a process, in one draw. */
typedef struct mu_die_on_process {
    const mu_entity *process;
    mu_wafer wafer;
    mu_die die;
    double critical_cm2; /* area of the die in which a defect kills */
    mu_harvest harvest;
    mu_yield_law law;
    uint32_t gross;
    mu_ramp defects; /* per cm2 */
    mu_ramp yield;   /* saleable dies over all */
    mu_ramp good;    /* saleable dies a wafer */
    double cycle;    /* months from wafer start to tested die */
} mu_die_on_process;

/* Where a source of the chain comes from. */
typedef struct mu_supply_line {
    const mu_entity *foundry;
    const mu_entity *process; /* of dies made from wafers, else NULL */
    const char *name;
    double to; /* month of the last dated fact */
} mu_supply_line;

typedef struct mu_supply_plan {
    mu_supply_chain chain;
    mu_supply_line line[MU_SUPPLY_SOURCES_MAX];
    double from; /* first dated month of any line; 0 when there is no line */
    double to;   /* last */
    double dies; /* of a chip */
    bool dies_assumed;
    bool unbounded[MU_PIECES]; /* no line brings such parts, so they are no limit */
} mu_supply_plan;

/**
 * The die of a chip: sides as stated, else as square as the reticle lets it be.
 *
 * @retval MU_E_INPUT  no area, or a die larger than the reticle
 */
mu_status mu_die_from_catalog(const mu_catalog *catalog, const mu_entity *chip, mu_draw draw,
                              mu_die *out, mu_error *err) MU_MUST_CHECK;

/** Whether anything is known of a process's defects. */
bool mu_process_has_yield(const mu_catalog *catalog, const mu_entity *process);

/**
 * Gross dies, defects and yield of the wish's chip in a process.
 *
 * @param[in,out] memo  zeroed at first
 * @retval MU_E_INPUT   facts that are missing or make no sense: a die larger than the wafer, a
 *                      yield beyond 0 .. 1, dates that do not rise
 */
mu_status mu_die_on_process_read(const mu_supply_wish *wish, const mu_entity *process, mu_draw draw,
                                 mu_gross_memo *memo, mu_die_on_process *out,
                                 mu_error *err) MU_MUST_CHECK;

/**
 * All lines that have a share for the chip. No line at all is no error: the chain is empty.
 *
 * @retval MU_E_INPUT  as above; a line that makes no known part; a share over 1
 */
mu_status mu_supply_from_catalog(const mu_supply_wish *wish, mu_draw draw, mu_gross_memo *memo,
                                 mu_supply_plan *out, mu_error *err) MU_MUST_CHECK;

#endif
