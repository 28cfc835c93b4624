/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a foundry makes, for which chips, and what it changes: the same chips with it and without.
 */
#ifndef MUSTER_STUDY_SUPPLY_FAB_H
#define MUSTER_STUDY_SUPPLY_FAB_H

#include "study/supply.h"

enum { MU_FAB_LINES_MAX = 16, MU_FAB_CHIPS_MAX = 24 };

/* A line by the dates that are known of it. */
typedef struct mu_fab_line {
    const char *name;
    mu_piece makes;
    bool by_wafer; /* what is begun are wafers, of dies or of packaging */
    uint32_t count;
    double month[MU_RAMP_POINTS_MAX];
    mu_quantity monthly[MU_RAMP_POINTS_MAX]; /* wafers, stacks or packages a month */
    bool has_stock;
    double stock_month;
    mu_quantity stock;
} mu_fab_line;

/* A chip on a line, in the last month. */
typedef struct mu_fab_chip {
    const mu_entity *chip;
    const char *line;
    mu_piece part;
    const mu_entity *process; /* of dies from wafers, else NULL */
    bool known;               /* else `why` says what is missing */
    char why[MU_SUPPLY_WARNING_TEXT_MAX];
    mu_quantity units;        /* of the line for this chip, a month */
    mu_quantity parts;        /* good ones from them, a month */
    mu_quantity all;          /* such parts of all foundries, a month */
    mu_quantity year;         /* chips of the last twelve months */
    mu_quantity year_without; /* the same without this foundry */
} mu_fab_chip;

typedef struct mu_fab_answer {
    const mu_entity *foundry;
    double last; /* month looked at */
    uint32_t line_count;
    mu_fab_line line[MU_FAB_LINES_MAX];
    uint32_t chip_count;
    mu_fab_chip chip[MU_FAB_CHIPS_MAX];
    bool makes_dies;
    mu_quantity dies;         /* of its chips, from all foundries, a month */
    mu_quantity dies_without; /* of them, from the others */
    mu_quantity dies_ratio;   /* the one over the other; infinite where nobody else makes them */
    mu_quantity year;         /* chips of the last twelve months, all its chips */
    mu_quantity year_without;
    mu_quantity year_ratio;
} mu_fab_answer;

/**
 * @param[in] question  as mu_supply_question_make() makes it, `chip` of its wish aside
 * @retval MU_NO        the catalogue knows no line of it
 * @retval MU_E_INPUT   facts that make no sense; a chip whose die is not known only leaves a remark
 */
mu_status mu_fab_answer_question(const mu_supply_question *question, const mu_entity *foundry,
                                 mu_arena *arena, mu_fab_answer *out, mu_error *err) MU_MUST_CHECK;

#endif
