/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and answers of the verb supply: how many of a chip can be made, month by month, of
 * what there is too little, when so many exist, and what clusters they build.
 *
 * Terms: dates are months (economics/ramp.h), both ends included; quantities are the point answer
 *        with the 90 % interval of the draws.
 */
#ifndef MUSTER_STUDY_SUPPLY_H
#define MUSTER_STUDY_SUPPLY_H

#include "economics/supply_catalog.h"
#include "study/answer.h"

enum {
    MU_SUPPLY_DIES_MAX = 8,
    MU_SUPPLY_SYSTEMS_MAX = 4,
    MU_SUPPLY_WARNINGS_MAX = 8,
    MU_SUPPLY_WARNING_TEXT_MAX = 256
};

/* What was said on the command line; NULL = not said. */
typedef struct mu_supply_words {
    const char *by;   /* "2027-06" */
    const char *from; /* count chips from here */
    const char *defect_density;
    const char *yield_model;
    const char *alpha;
    const char *without; /* foundries, comma-separated */
} mu_supply_words;

typedef struct mu_supply_question {
    mu_supply_wish wish;
    double launched;  /* month; 0 = not known */
    double from;      /* 0 = the first dated month of its lines */
    double by;        /* 0 = the last dated month; where chips are wanted some years more */
    bool chips_alone; /* not what the die would yield on every process */
    double wanted;    /* chips; 0 = none in particular */
    double samples;
    double seed;
} mu_supply_question;

/* The chip's die in one process, at the end of the time asked for. */
typedef struct mu_supply_die {
    const mu_entity *process;
    bool used; /* a line of a foundry makes the chip in it */
    mu_wafer wafer;
    mu_yield_law law; /* point */
    uint32_t gross;
    mu_quantity defects; /* per cm2 */
    mu_quantity clean;   /* yield without harvesting */
    mu_quantity yield;
    mu_quantity good;      /* dies a wafer */
    mu_quantity wafer_usd; /* 0 = not known */
    mu_quantity die_usd;   /* wafer over good dies */
    mu_quantity cycle_days;
} mu_supply_die;

/* What a line brought for the chip. */
typedef struct mu_supply_share {
    const mu_entity *foundry;
    const mu_entity *process; /* or NULL */
    const char *line;
    mu_piece part;
    mu_quantity parts; /* until the end */
    mu_quantity share; /* of all such parts */
} mu_supply_share;

typedef struct mu_supply_point {
    double month;
    mu_quantity chips;
    mu_quantity total;
    mu_piece binds;         /* of the point answer */
    double binds_share;     /* of the draws that say so, too */
    double came[MU_PIECES]; /* parts, point answer */
    double left[MU_PIECES];
} mu_supply_point;

/* A system of the catalogue that the chips fill. */
typedef struct mu_supply_system {
    const mu_entity *system;
    double chips; /* in one, as sold */
    mu_quantity count;
} mu_supply_system;

typedef struct mu_supply_answer {
    mu_die die; /* point */
    double critical_share;
    mu_harvest harvest;
    double dies; /* of a chip */
    double need[MU_PIECES];
    mu_quantity package_yield;
    uint32_t die_count;
    mu_supply_die on[MU_SUPPLY_DIES_MAX];
    uint32_t line_count;
    mu_supply_share line[MU_SUPPLY_SOURCES_MAX];
    double first, last;   /* months run */
    double counted;       /* chips count from here */
    uint32_t month_count; /* from `counted` on */
    mu_supply_point *month;
    mu_quantity total;
    mu_quantity rate; /* chips in the last month */
    bool reached;     /* `wanted` by the end, point answer */
    double reached_share;
    mu_quantity when; /* month; infinite where it is never */
    uint32_t system_count;
    mu_supply_system system[MU_SUPPLY_SYSTEMS_MAX];
    uint32_t warning_count;
    char warning[MU_SUPPLY_WARNINGS_MAX][MU_SUPPLY_WARNING_TEXT_MAX];
} mu_supply_answer;

/* What the systems serve together. */
typedef struct mu_supply_service {
    const mu_supply_system *system;
    mu_prediction one; /* the best deployment on one system */
    mu_quantity output_tokens_per_s;
    mu_quantity requests_per_s;
    mu_quantity power_w;
} mu_supply_service;

/**
 * Resolves what was said.
 *
 * @param[in] chip    NULL = of a foundry: no launch to keep
 * @param[in] words   borrowed
 * @param[in] chips   wanted; 0 = none in particular
 * @retval MU_E_INPUT no such chip, words that say nothing, a date before the launch, an end before
 *                    the beginning
 */
mu_status mu_supply_question_make(const mu_catalog *catalog, const mu_entity *chip,
                                  const mu_supply_words *words, double chips, mu_arena *arena,
                                  mu_supply_question *out, mu_error *err) MU_MUST_CHECK;

/**
 * Runs all draws.
 *
 * @retval MU_NO       the chips wanted do not exist by then, or nobody makes the chip; the message
 *                     says what stands in the way; `out` is filled all the same
 * @retval MU_E_INPUT  facts of the catalogue that are missing or make no sense
 */
mu_status mu_supply_answer_question(const mu_supply_question *question, mu_arena *arena,
                                    mu_supply_answer *out, mu_error *err) MU_MUST_CHECK;

/**
 * What the systems built by then serve: the best deployment on one of them, times their number.
 *
 * @param[in] question  of `system`, one as sold
 */
mu_status mu_supply_serve(const mu_question *question, const mu_supply_system *system,
                          mu_work *work, mu_supply_service *out, mu_error *err) MU_MUST_CHECK;

/** Month of a catalogue entity's `launched`; false when it says none. */
bool mu_launch_month(const mu_catalog *catalog, const mu_entity *entity, double *out);

#endif
