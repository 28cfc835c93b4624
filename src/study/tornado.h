/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which uncertain inputs an answer hangs on, and what knowing each would be worth.
 *
 * Terms: effect = the answer with one input at its 5th or 95th percentile, all others at their
 *        best. Share = part of the variance of the draws that follows this input alone. Worth =
 *        by what part the 90 % interval narrows when all draws are made anew with this input held
 *        at its best: measured, not derived.
 * Bound: what inputs do only together stays in `joint`. Worth is a difference of percentiles of
 *        few draws: of 256, a few per cent are luck.
 */
#ifndef MUSTER_STUDY_TORNADO_H
#define MUSTER_STUDY_TORNADO_H

#include "base/draw.h"
#include "study/answer.h"

enum { MU_TORNADO_ROWS = 12, MU_TORNADO_ROWS_MAX = 32, MU_TORNADO_NAME_MAX = 160 };

typedef struct mu_tornado_row {
    char name[MU_TORNADO_NAME_MAX]; /* as the draws know it: "chip/h100-sxm/memory.bandwidth" */
    mu_range range;                 /* of the input, in its own unit */
    double low;                     /* the answer with the input at range.low */
    double high;                    /* and at range.high */
    double share;                   /* of the variance; may be a little below 0 by chance */
    double worth; /* of the interval's width; below 0 where it widens; NAN = it has none */
} mu_tornado_row;

typedef struct mu_tornado {
    mu_quantity answer;
    uint64_t draws;         /* that have an answer */
    uint64_t lost;          /* draws that have none */
    uint32_t inputs;        /* uncertain in all */
    uint32_t moving;        /* of them, that move the answer, or its short form */
    uint64_t worth_draws;   /* behind each row's worth */
    uint64_t answers;       /* asked in all, short ones not counted */
    uint64_t short_answers; /* 0 = there was no short form */
    uint32_t rows;
    mu_tornado_row row[MU_TORNADO_ROWS_MAX]; /* heaviest first */
    double others;                           /* share of inputs that have no row */
    double joint; /* share that no input explains alone; rows, others and joint sum to 1 */
} mu_tornado;

/* The answer in one draw, finite unless it may lack; called by many threads at once. */
typedef mu_status mu_tornado_ask(const void *context, mu_draw draw, mu_arena *arena, double *out,
                                 mu_error *err);

/* What is asked, and how much of it. */
typedef struct mu_tornado_wish {
    const mu_draw_plan *plan; /* frozen, with every input joined */
    uint64_t draws;           /* 8 or more; the same ones that made the answer's interval */
    const double *drawn;      /* [draws] their answers where they are known; NULL = asked */
    uint64_t worth_draws;     /* the first so many tell what a row is worth; 0 = all */
    uint32_t rows;            /* at most, up to MU_TORNADO_ROWS_MAX; 0 = MU_TORNADO_ROWS */
    mu_tornado_ask *ask;
    bool may_lack; /* an answer may be NAN: such draws are left out, such ends are shown so */
    mu_tornado_ask *screen; /* the same in short, which says whom to look at; NULL = all are */
    const void *context;    /* of both */
} mu_tornado_wish;

/**
 * Shares and worths of an answer's inputs. With a short form only the 32 inputs that move that most
 * are looked at.
 * @retval MU_E_INPUT  an answer that is not finite, fewer than 8 draws that have one
 * Cost: draws + rows * worth_draws + 2 * inputs + 2 * those that move + 1 answers; with a short
 *       form draws + rows * worth_draws + 4 * 32 + 1, and 2 * inputs + 1 short ones.
 */
mu_status mu_tornado_make(const mu_tornado_wish *wish, mu_work *work, mu_tornado *out,
                          mu_error *err) MU_MUST_CHECK;

#endif
