/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From wafers, memory stacks and packaging to chips, month by month.
 *
 * Terms: a part is what a chip is put together from: good compute dies, memory stacks, a place in
 *        packaging. A source brings parts of one kind: a line's monthly units, the chip's share of
 *        them, parts from a unit; or a stock that is there at once.
 * Bound: as many chips as the scarcest part allows are made at once: demand has no limit, nothing
 *        is kept back. Dies and stacks wait for each other; a place in packaging that is not used
 *        is lost. Where a ramp bends inside a month, the month is taken by Simpson's rule.
 */
#ifndef MUSTER_ECONOMICS_SUPPLY_H
#define MUSTER_ECONOMICS_SUPPLY_H

#include "economics/ramp.h"

/* X(NAME, key, what people call many of them) */
#define MU_PIECE_LIST(X)                                                                           \
    X(DIES, "dies", "compute dies")                                                                \
    X(STACKS, "stacks", "memory stacks")                                                           \
    X(PACKAGES, "packages", "packaging")

typedef enum mu_piece {
#define X(name, key, words) MU_PIECE_##name,
    MU_PIECE_LIST(X)
#undef X
        MU_PIECES
} mu_piece;

enum { MU_SUPPLY_SOURCES_MAX = 24, MU_SUPPLY_MONTHS_MAX = 600 };

typedef struct mu_supply_source {
    mu_piece part;
    mu_ramp monthly;    /* wafers, stacks or packages that are begun in a month */
    mu_ramp share;      /* of them for this chip, 0 .. 1 */
    mu_ramp per_unit;   /* parts from one of them: good dies a wafer */
    double delay;       /* months from begun to there */
    double stock;       /* parts for this chip besides, all there at once */
    double stock_month; /* when */
} mu_supply_source;

typedef struct mu_supply_chain {
    uint32_t count;
    mu_supply_source source[MU_SUPPLY_SOURCES_MAX];
    double need[MU_PIECES]; /* of each part in a chip; 0 = no limit */
    double package_yield;   /* chips that work of those packaged; the others' parts are lost */
} mu_supply_chain;

typedef struct mu_supply_month {
    double came[MU_PIECES]; /* in this month */
    double used[MU_PIECES];
    double left[MU_PIECES]; /* at its end; places in packaging are not kept */
    double chips;           /* that work, made in this month */
    double total;           /* since the first month */
    mu_piece binds; /* what there would have to be more of; MU_PIECES = nothing is limited */
} mu_supply_month;

const char *mu_piece_key(mu_piece part);
const char *mu_piece_words(mu_piece part);
bool mu_piece_parse(const char *key, mu_piece *out);

/** Parts that a source brings in [month, month + 1). */
double mu_supply_parts(const mu_supply_source *source, double month);

/**
 * Runs the months first, first + 1, ... Nothing was made before. Deterministic, allocates nothing.
 *
 * @param[out] out      [months]
 * @param[out] brought  [count of the chain] parts of each source over all months; NULL: not wanted
 * Cost: some 50 ns a source and month: ten years of three sources in 20 us.
 */
void mu_supply_run(const mu_supply_chain *chain, double first, uint32_t months,
                   mu_supply_month out[], double brought[]);

/**
 * When `chips` have been made: first .. first + months, evenly within a month; infinity when they
 * are not by the end.
 */
double mu_supply_when(const mu_supply_month out[], uint32_t months, double first, double chips);

#endif
